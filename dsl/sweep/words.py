"""Owns what a report calls things: an objective with its unit, and what is in a cell of a map."""

from __future__ import annotations

import math

from .markup import figure
from .scale import Scale
from .surface import Cell

UNNAMED = "a strategy without a name"


def meaning_of(objective: str) -> str:
    """What an objective counts, with its unit.

    >>> meaning_of("mean_5")
    'mean return 5 candles after an entry, as a fraction of the price'
    """
    figure, _, horizon = objective.rpartition("_")
    if figure in _FIGURES and horizon.isdecimal():
        return _FIGURES[figure].format("1 candle" if horizon == "1" else f"{horizon} candles")
    return _PLAIN.get(objective, "")


_PLAIN = {
    "entries": "entries",
    "entry_rate": "share of the candles that enter",
    "entries_per_month": "entries a calendar month",
    "score_min": "least score, in points",
    "score_max": "largest score, in points",
    "score_mean": "mean score, in points",
}
_FIGURES = {
    "count": "entries whose return after {} is known",
    "mean": "mean return {} after an entry, as a fraction of the price",
    "spread": "standard deviation of the return {} after an entry, as a fraction of the price",
    "hit_rate": "share of entries with a return above 0 after {}",
    "t_value": "t-value of the mean return {} after an entry, without a unit",
}


def in_cell(value: float, scale: Scale, digits: int) -> str:
    """A value as its cell shows it: all with as many decimals as give the largest one so many digits.

    >>> scale = Scale(-2.0, 2.0, diverging=True)
    >>> in_cell(1.8765, scale, 3), in_cell(-0.001, scale, 3), in_cell(-0.456, scale, 2)
    ('1.88', '0.00', '-0.5')
    """
    largest = max(abs(scale.low), abs(scale.high))
    if not 1e-3 <= largest < 1e6:
        return figure(value, digits)
    decimals = max(0, digits - 1 - math.floor(math.log10(largest)))
    return format(value, f"z,.{decimals}f")


def told(cell: Cell | None) -> str:
    """What a cell has, as words.

    >>> told(Cell(0.5, 0.75, 2, 1, 0))
    'mean 0.5, best 0.75, of 2 trials; 1 undefined'
    >>> told(None)
    'no trial'
    """
    if cell is None:
        return "no trial"
    parts: list[str] = []
    if cell.known == 1:
        parts.append(figure(cell.mean, 6))
    elif cell.known:
        parts.append(f"mean {figure(cell.mean, 6)}, best {figure(cell.best, 6)}, of {cell.known:,} trials")
    parts += [f"{cell.undefined:,} undefined"] if cell.undefined else []
    parts += [f"{cell.failed:,} failed"] if cell.failed else []
    return "; ".join(parts)
