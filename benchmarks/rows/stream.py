"""Candles that come one at a time, for one strategy and for many.

Every stream is warmed with a history; then each round pushes the next candles, one by one. Before
anything is timed, the first candle behind the history is pushed, and must enter where `evaluate`
says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import dslc
import numpy as np

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import EXAMPLE, Market, Scale, random_walk
from ..measure import Run, Timing, interleave
from ..peers import Disagreement
from ..report import Table
from ..strategies import strategies
from . import row

GOAL_ONE, GOAL_MANY = Goal("<=", 15.0), Goal("<=", 1_500.0)
"""Microseconds that a candle is to take at most."""
_WARMUPS = 2
_FEWER = 4  # many strategies get one candle for so many of one strategy

Candle = tuple[Any, float, float, float, float, float]


@dataclass(frozen=True)
class Case:
    """A stream to be pushed: of what, how many candles a round, with times as text or as integers."""

    name: str
    source: dslc.Strategy | dslc.Batch
    candles: int
    text: bool = False
    goal: Goal | None = None


@dataclass(frozen=True)
class Warmed:
    """The stream of a case behind a history, and the seconds that the history took."""

    case: Case
    stream: Any
    seconds: float


@row("stream")
def stream(scale: Scale) -> list[Table]:
    """One candle pushed from Python, to one strategy and to many; a warm-up and a snapshot."""
    history, rounds = scale.batch_bars, scale.rounds + _WARMUPS
    market = random_walk(history + 1 + rounds * scale.pushes, since="2000-01-01")
    before = _head(market, history)
    warmed = [_warmed(case, before) for case in _cases(scale)]
    for found in warmed:
        _agree(found, market, history)
    contenders = {
        found.case.name: _pushing(found, _candles(found.case, market, history + 1, rounds))
        for found in warmed
    }
    timings = interleave(contenders, scale.rounds, _WARMUPS)
    return [_pushed(warmed, timings), _kept(warmed, history)]


def _cases(scale: Scale) -> tuple[Case, ...]:
    one = dslc.compile(EXAMPLE)
    many = dslc.compile_batch([spec.document() for spec in strategies(scale.strategies, scale.calls)])
    few = max(scale.pushes // _FEWER, 1)
    return (
        Case("one strategy", one, scale.pushes, goal=GOAL_ONE),
        Case("one strategy, times as ISO text", one, scale.pushes, text=True),
        Case(f"{len(many):,} strategies", many, few, goal=GOAL_MANY),
    )


def _head(market: Market, candles: int) -> dslc.Bars:
    return dslc.Bars({name: values[:candles] for name, values in market.columns().items()})


def _warmed(case: Case, bars: dslc.Bars) -> Warmed:
    made = case.source.stream()
    start = perf_counter()
    made.warm(bars)
    return Warmed(case, made, perf_counter() - start)


def _agree(found: Warmed, market: Market, history: int) -> None:
    """Push the candle behind the history; raise Disagreement unless it enters as `evaluate` says."""
    (candle,) = _candles(found.case, market, history, 1, each=1)
    tick, source, bars = found.stream.push(*candle), found.case.source, _head(market, history + 1)
    if isinstance(source, dslc.Strategy):
        same = tick.entry == source.evaluate(bars, outputs="signals").entry[-1]
    else:
        last = bars.time[-1]
        entered = [times[-1:] == last for times in source.evaluate(bars, reduce="entries")]
        same = [bool(at.any()) for at in entered] == tick.entry.tolist()
    if not same:
        raise Disagreement(f"the stream of {found.case.name} differs from evaluate")


def _candles(case: Case, market: Market, first: int, rounds: int, each: int | None = None) -> list[Candle]:
    """The candles from `first` on as a feed hands them over: plain Python numbers."""
    rows = slice(first, first + rounds * (each or case.candles))
    columns = [values[rows] for values in market.columns().values()]
    times = np.datetime_as_string(columns[0], timezone="UTC") if case.text else columns[0].view(np.int64)
    return list(zip(times.tolist(), *(values.tolist() for values in columns[1:]), strict=True))


def _pushing(found: Warmed, candles: list[Candle]) -> Run:
    """Pushes the next candles of a round."""
    left, push, count = iter(candles), found.stream.push, found.case.candles

    def run() -> None:
        for _ in range(count):
            push(*next(left))

    return run


def _pushed(warmed: list[Warmed], timings: dict[str, Timing]) -> Table:
    figures = [
        Figure(case.name, 1e6 * timings[case.name].median / case.candles, "µs", case.goal)
        for case in (found.case for found in warmed)
    ]
    return Table(
        "stream: one candle, pushed from Python",
        ("stream", "median µs", "quickest µs", *GOAL_COLUMNS),
        tuple(
            (
                figure.name,
                figure.value,
                1e6 * timings[figure.name].quickest / found.case.candles,
                *figure.cells,
            )
            for figure, found in zip(figures, warmed, strict=True)
        ),
        ("With integer times, unless it says otherwise; the answer is a Tick with everything in it.",),
        tuple(figures),
    )


def _kept(warmed: list[Warmed], history: int) -> Table:
    """What a history and a snapshot cost, once each."""
    lines = []
    for found in (found for found in warmed if not found.case.text):
        start = perf_counter()
        snapshot = found.stream.snapshot()
        taken = perf_counter()
        found.case.source.stream(snapshot)
        end = perf_counter()
        name = found.case.name
        lines.append(
            (name, 1e3 * found.seconds, len(snapshot) / 1024, 1e3 * (taken - start), 1e3 * (end - taken))
        )
    return Table(
        f"stream: warm on {history:,} bars, and snapshots, each measured once",
        ("stream", "warm ms", "snapshot KiB", "taking it ms", "stream(snapshot) ms"),
        tuple(lines),
        ("`warm` of the first line loads the kernels, and that of the last line those it has besides.",),
        tuple(
            figure
            for name, warm, size, _, _ in lines
            for figure in (
                Figure(f"warm, {name}", warm, "ms"),
                Figure(f"snapshot, {name}", size, "KiB"),
            )
        ),
    )
