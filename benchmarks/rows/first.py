"""A strategy that was never seen: from its text to the first result.

Every round takes the next document. All are made beforehand, and none comes twice, because dslc
remembers expressions and plans.
"""

from __future__ import annotations

from collections.abc import Callable
import random
from typing import Any

import dslc

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import EXAMPLE, Scale, random_walk
from ..measure import Run, interleave
from ..report import Table
from . import row
from .documents import random_document

WHOLE = "JSON text to result"
GOAL = Goal("<=", 3.0)
_WARMUPS = 20
_TIMEFRAME = "1H"  # that of the bars, whatever a document says


@row("new")
def new(scale: Scale) -> list[Table]:
    """The first evaluation of a strategy that was never seen, on a short history."""
    bars = dslc.Bars(random_walk(scale.new_bars).columns())
    example = EXAMPLE.read_text(encoding="utf-8")
    _load_kernels(bars)
    count = scale.new_rounds + _WARMUPS
    contenders: dict[str, Run] = {
        WHOLE: _each(_documents(count, seed=11), lambda text: _compiled(text).evaluate(bars)),
        "JSON text to strategy, the first part of it": _each(_documents(count, seed=12), _compiled),
        "a strategy seen before, JSON text to result": lambda: _compiled(example).evaluate(bars),
    }
    timings = interleave(contenders, scale.new_rounds, _WARMUPS)
    figures = {
        name: Figure(name, 1e3 * timing.median, "ms", GOAL if name == WHOLE else None)
        for name, timing in timings.items()
    }
    table = Table(
        f"new: {scale.new_rounds:,} distinct documents on {scale.new_bars:,} bars, kernels loaded",
        ("work", "median ms", "quickest ms", "slowest ms", *GOAL_COLUMNS),
        tuple(
            (
                name,
                figure.value,
                1e3 * timings[name].quickest,
                1e3 * max(timings[name].seconds),
                *figure.cells,
            )
            for name, figure in figures.items()
        ),
        ("All inputs and conditions are kept. A second evaluation of a strategy has its plan already.",),
        tuple(figures.values()),
    )
    return [table]


def _load_kernels(bars: dslc.Bars) -> None:
    for text in (EXAMPLE, *_documents(50, seed=10)):
        dslc.compile(text, timeframe=_TIMEFRAME).evaluate(bars)


def _compiled(text: str) -> dslc.Strategy:
    return dslc.compile(text, timeframe=_TIMEFRAME)


def _each(texts: list[str], work: Callable[[str], Any]) -> Run:
    """Does the work on the next text."""
    left = iter(texts)
    return lambda: work(next(left))


def _documents(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [random_document(rng) for _ in range(count)]
