"""How the work of a batch grows with snapshots and symbols, and what a large job would need.

Every cell compiles its snapshots once, and evaluates them on each symbol for the times of their entries.
The rate counts what somebody asks for, snapshots times symbols times candles; sharing is why it rises with
the number of snapshots. The last table is arithmetic on the rates that this run has measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import dslc

from ..figures import Cell, Figure
from ..market import Scale, random_walk
from ..report import Table
from ..strategies import strategies
from . import row

LARGE_SNAPSHOTS, LARGE_SYMBOLS, LARGE_CANDLES = 100_000, 5_000, 5_000
_AT_ONCE = 10_000
"""Snapshots of one batch in the large job, as many as the largest cell has measured."""
_FEW, _FEW_CALLS = 10, 30  # snapshots, and distinct indicator calls among them
_MEBI, _GIBI = 2**20, 2**30
_SYMBOLS = (1, 16)


@dataclass(frozen=True)
class Growth:
    """What one number of snapshots has taken on one number of symbols."""

    snapshots: int
    symbols: int
    compiled: float
    planned: float
    evaluated: float
    sharing: float
    bytes: int
    rate: float


@row("scale")
def scale(scale: Scale) -> Iterator[Table]:
    """Snapshots times symbols times candles a second, and what a hundred thousand snapshots would need."""
    walks = [random_walk(scale.scale_bars, ticks=64, seed=k) for k in range(max(_SYMBOLS))]
    histories = [dslc.Bars(walk.columns()) for walk in walks]
    found = [
        growth
        for snapshots in (_FEW, scale.strategies, 10 * scale.strategies)
        for growth in _grown(snapshots, _FEW_CALLS if snapshots == _FEW else scale.calls, histories)
    ]
    yield _growth_table(found, scale.scale_bars)
    yield _planning_table(found[-1], scale.scale_bars)


def _grown(snapshots: int, calls: int, histories: list[dslc.Bars]) -> Iterator[Growth]:
    documents = [spec.document() for spec in strategies(snapshots, calls)]
    start = perf_counter()
    batch = dslc.compile_batch(documents)
    compiled = perf_counter() - start
    start = perf_counter()
    batch.evaluate(histories[0], reduce="entries")
    planned = perf_counter() - start
    size = batch.estimate(len(histories[0]), reduce="entries").bytes
    for symbols in _SYMBOLS:
        start = perf_counter()
        for bars in histories[:symbols]:
            batch.evaluate(bars, reduce="entries")
        evaluated = perf_counter() - start
        yield Growth(
            snapshots,
            symbols,
            compiled,
            planned - evaluated / symbols,
            evaluated,
            batch.sharing.factor,
            size,
            snapshots * symbols * len(histories[0]) / evaluated,
        )


def _growth_table(found: list[Growth], candles: int) -> Table:
    def line(growth: Growth) -> tuple[Cell, ...]:
        return (
            growth.snapshots,
            growth.symbols,
            growth.compiled,
            max(growth.planned, 0.0),
            growth.evaluated,
            growth.rate / 1e9,
            growth.sharing,
            growth.bytes / _MEBI,
        )

    largest = found[-1]
    return Table(
        f"scale: entries of snapshots on symbols of {candles:,} candles, one thread",
        (
            "snapshots",
            "symbols",
            "s to compile",
            "s to plan",
            "s to evaluate",
            "1e9 snapshot candles a s",
            "sharing",
            "MiB a symbol",
        ),
        tuple(map(line, found)),
        (
            "Compiling and planning happen once, however many symbols there are. Sharing is nodes before "
            "over nodes after; memory is what the batch says before it runs, without the times of entries.",
        ),
        (
            Figure(
                f"{largest.snapshots:,} snapshots, {largest.symbols} symbols", largest.rate / 1e9, "1e9/s"
            ),
            Figure(f"sharing among {largest.snapshots:,} snapshots", largest.sharing, "x"),
        ),
    )


def _planning_table(largest: Growth, candles: int) -> Table:
    """A planning note: the large job from the rates of the largest cell."""
    parts = -(-LARGE_SNAPSHOTS // _AT_ONCE)
    each = LARGE_SNAPSHOTS / largest.snapshots
    compiling = (largest.compiled + max(largest.planned, 0.0)) * each
    evaluating = LARGE_SNAPSHOTS * LARGE_SYMBOLS * LARGE_CANDLES / largest.rate
    space = largest.bytes * (_AT_ONCE / largest.snapshots) * (LARGE_CANDLES / candles)
    lines: tuple[tuple[Cell, ...], ...] = (
        ("compile and plan, once a worker", compiling / 3600, "core hours"),
        ("evaluate", evaluating / 3600, "core hours"),
        ("the same on 32 workers", (compiling + evaluating / 32) / 3600, "hours"),
        (f"memory of a worker, {_AT_ONCE:,} snapshots at a time, at most", space / _GIBI, "GiB"),
        ("bars, float64, five columns and times", LARGE_SYMBOLS * LARGE_CANDLES * 48 / _GIBI, "GiB"),
        ("results, 200 bytes a snapshot and symbol", LARGE_SNAPSHOTS * LARGE_SYMBOLS * 200 / _GIBI, "GiB"),
    )
    return Table(
        f"scale: what {LARGE_SNAPSHOTS:,} snapshots on {LARGE_SYMBOLS:,} symbols of {LARGE_CANDLES:,} "
        "candles need",
        ("part", "amount", "unit"),
        lines,
        (
            f"Computed from the line of {largest.snapshots:,} snapshots and {largest.symbols} symbols above, "
            f"in {parts} parts. A worker takes a chunk of symbols and all strategies, part by part.",
        ),
    )
