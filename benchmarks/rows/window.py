"""Whether a long window costs more than a short one, function by function.

Each is a strategy of one comparison, evaluated for score and entry; the same with a comparison of
two columns is what all of them have in common, and `alone` leaves that out.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import dslc
from dslc.runtime.registry import public_names

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import Scale, random_walk
from ..measure import Run, Timing, interleave
from ..report import Cell, Table
from . import row

SHORT, LONG = 10, 5_000
FUNCTIONS = ("sma", "highest", "lowest", "ema", "sum", "stdev")
GOAL = Goal("<=", 3.0)
"""How many times the short window's time the long one is to take at most."""
_NEITHER = "no window"


@row("window")
def window(scale: Scale) -> list[Table]:
    """A window of 5,000 against one of 10, for every function that has one."""
    bars = dslc.Bars(random_walk(scale.window_bars).columns())
    known = [name for name in FUNCTIONS if name in public_names()]
    contenders: dict[str, Run] = {_NEITHER: _evaluating("open", bars)}
    for name in known:
        for n in (SHORT, LONG):
            contenders[f"{name} {n}"] = _evaluating(f"{name}(close, {n})", bars)
    timings = interleave(contenders, scale.rounds)
    figures = {
        name: Figure(name, timings[f"{name} {LONG}"].ratio(timings[f"{name} {SHORT}"]), "x", GOAL)
        for name in known
    }
    table = Table(
        f"window: close > f(close, n) on {scale.window_bars:,} bars, n {LONG:,} against {SHORT}",
        ("function", f"ns a bar at {SHORT}", f"at {LONG:,}", "time / short's", *GOAL_COLUMNS, "alone"),
        tuple(_line(figures[name], timings, len(bars)) for name in known),
        tuple(f"{name}: skipped, it is not a function of dslc" for name in FUNCTIONS if name not in known),
        tuple(figures.values()),
    )
    return [table]


def _line(figure: Figure, timings: dict[str, Timing], bars: int) -> tuple[Cell, ...]:
    short, long = (timings[f"{figure.name} {n}"] for n in (SHORT, LONG))
    less, more = (_above(timing, timings[_NEITHER]) for timing in (short, long))
    alone = more / less if less > 0.0 else None
    times = (1e9 * timing.median / bars for timing in (short, long))
    return figure.name, *times, figure.value, *figure.cells, alone


def _above(timing: Timing, base: Timing) -> float:
    """Seconds above what all have in common."""
    return median(mine - common for mine, common in zip(timing.seconds, base.seconds, strict=True))


def _evaluating(expression: str, bars: dslc.Bars) -> Run:
    strategy = dslc.compile(_document(expression))
    return lambda: strategy.evaluate(bars, outputs="signals")


def _document(expression: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {"line": expression},
        "conditions": {"above": "close > line"},
        "score": {"above": 1},
        "decision": {"entry": "score >= 1"},
    }
