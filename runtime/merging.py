"""How rows of several candles become those of one: first, greatest, least, last, or sum, by what a row is.

Each rule says it twice, for a candle that comes alone and for all of a history, and both give the same bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .plan import Row
from .resample import last_defined

Numbers = NDArray[np.float64]

_NAN = float("nan")


class Rule:
    """How the values of several candles become that of one; what is undefined is passed over."""

    def one(self, known: float, value: float) -> float:
        """The value so far and one more."""
        raise NotImplementedError

    def many(self, values: Numbers, firsts: NDArray[np.intp], behind: NDArray[np.intp]) -> Numbers:
        """The values of all candles, which begin at `firsts` and end before `behind`."""
        raise NotImplementedError


class _First(Rule):
    def one(self, known: float, value: float) -> float:
        return value if known != known else known

    def many(self, values: Numbers, firsts: NDArray[np.intp], behind: NDArray[np.intp]) -> Numbers:
        found = values[firsts]
        if np.isnan(found).any():
            places = np.where(np.isnan(values), len(values), np.arange(len(values)))
            first = np.minimum.reduceat(places, firsts)
            found = np.append(values, _NAN)[np.where(first < behind, first, len(values))]
        return found


class _Last(Rule):
    def one(self, known: float, value: float) -> float:
        return known if value != value else value

    def many(self, values: Numbers, firsts: NDArray[np.intp], behind: NDArray[np.intp]) -> Numbers:
        found = values[behind - 1]
        return last_defined(values, firsts) if np.isnan(found).any() else found


class _Greatest(Rule):
    def one(self, known: float, value: float) -> float:
        return value if known != known or value > known else known

    def many(self, values: Numbers, firsts: NDArray[np.intp], behind: NDArray[np.intp]) -> Numbers:
        return np.fmax.reduceat(values, firsts)


class _Least(Rule):
    def one(self, known: float, value: float) -> float:
        return value if known != known or value < known else known

    def many(self, values: Numbers, firsts: NDArray[np.intp], behind: NDArray[np.intp]) -> Numbers:
        return np.fmin.reduceat(values, firsts)


class _Sum(Rule):
    """From the first to the last, one after the other; what leaves float64 is undefined."""

    def one(self, known: float, value: float) -> float:
        if value != value:
            return known
        return value if known != known else known + value

    def many(self, values: Numbers, firsts: NDArray[np.intp], behind: NDArray[np.intp]) -> Numbers:
        there = ~np.isnan(values)
        candle = np.repeat(np.arange(len(firsts)), behind - firsts)
        totals = np.bincount(candle, weights=values if there.all() else np.where(there, values, 0.0))
        return np.where(np.logical_or.reduceat(there, firsts) & (totals < np.inf), totals, _NAN)


_RULES: dict[str, Rule] = {
    "open": _First(),
    "high": _Greatest(),
    "low": _Least(),
    "close": _Last(),
    "volume": _Sum(),
    "series": _Last(),
}


def rule_of(row: Row) -> Rule:
    """How the values of a row become that of one candle.

    >>> close, funding = rule_of(("close",)), rule_of(("funding", "series"))
    >>> close.one(1.0, 2.0), funding.one(1.0, float("nan"))
    (2.0, 1.0)
    """
    return _RULES["series" if row[1:2] == ("series",) else str(row[0])]
