"""A thousand strategies on one history, against TA-Lib + NumPy, and on two threads.

The contenders are made of the same descriptions (strategies.py), and before anything is timed the
entry times of every strategy are compared with those of dslc from its warm-up on; none may differ.
Prices are in sixty-fourths for that: in cents some closes are exactly their mean of a few, and
there TA-Lib's running sum, which carries rounding errors along, falls on either side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
import os
from time import perf_counter
from typing import Any

import dslc
import numpy as np
from numpy.typing import NDArray

from ..batch_peers import MEMOISED, ONE_BY_ONE, batch_peers
from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import Market, Scale, random_walk
from ..measure import Run, Timing, interleave
from ..peers import Disagreement
from ..report import Table
from ..strategies import Spec, strategies
from . import row

Times = NDArray[Any]

MINE = "dslc, compile_batch"
GOALS = {ONE_BY_ONE: Goal(">=", 10.0), MEMOISED: Goal(">=", 5.0)}
"""How many times as long as dslc a peer is to take."""
THREADS_GOAL = Goal(">=", 1.8)
_TICKS = 64


@dataclass(frozen=True, eq=False)
class Work:
    """The strategies, the history, and what was measured while they were made."""

    specs: list[Spec]
    market: Market
    bars: dslc.Bars
    batch: dslc.Batch
    entries: list[Times]
    compile_seconds: float
    first_seconds: float


@row("batch")
def batch(scale: Scale) -> Iterator[Table]:
    """Entry times of many strategies as one batch, against TA-Lib + NumPy, one by one and memoised."""
    work = _work(scale)
    peers: dict[str, Run] = {}
    absent = []
    try:
        found = batch_peers(work.market, work.specs)
        for name, run in found.items():
            _agree(name, work, run())
        peers.update(found)
    except ImportError as error:
        absent.append(f"TA-Lib + NumPy: skipped, {error}; `pip install 'dslc[bench]'` brings it")
    timings = interleave({MINE: lambda: _entries(work), **peers}, scale.batch_rounds, warmups=1)
    yield _table(work, timings, tuple(absent))
    yield _costs(work, timings[MINE])


@row("threads")
def threads(scale: Scale) -> list[Table]:
    """The same batch on two threads against one."""
    work = _work(scale)
    _agree("threads=2", work, _entries(work, threads=2))
    contenders = {"1 thread": lambda: _entries(work), "2 threads": lambda: _entries(work, threads=2)}
    timings = interleave(contenders, 2 * scale.batch_rounds, warmups=1)
    one, two = timings.values()
    share = work.batch._prepare(work.batch[0].timeframe, "entries").plan.recurrent_share
    gain = Figure("1 thread's time / 2 threads'", one.ratio(two), "x", THREADS_GOAL)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    table = Table(
        f"threads: entry times of {_size(work)}, on {cores} cores",
        ("run", "median s", "quickest s", gain.name, *GOAL_COLUMNS),
        (
            ("1 thread", one.median, one.quickest, None, None, None),
            ("2 threads", two.median, two.quickest, gain.value, *gain.cells),
        ),
        (
            f"Of the quickest rounds: {one.quickest / two.quickest:.2f}. A busy machine shows here most.",
            f"{share:.0%} of the work are recurrences, which the second thread runs over the candles of the "
            f"first, too: at most {2 - share:.2f} times as quick, if nothing else were done once.",
        ),
        (gain,),
    )
    return [table]


@cache
def _work(scale: Scale) -> Work:
    specs = strategies(scale.strategies, scale.calls)
    documents = [spec.document() for spec in specs]
    market = random_walk(scale.batch_bars, ticks=_TICKS)
    bars = dslc.Bars(market.columns())
    start = perf_counter()
    made = dslc.compile_batch(documents)
    compiled = perf_counter()
    entries = made.evaluate(bars, reduce="entries")
    end = perf_counter()
    return Work(specs, market, bars, made, entries, compiled - start, end - compiled)


def _entries(work: Work, threads: int = 1) -> list[Times]:
    return work.batch.evaluate(work.bars, reduce="entries", threads=threads)


def _agree(name: str, work: Work, theirs: Sequence[Times]) -> None:
    """Raise Disagreement unless all entry times are those of dslc, from each strategy's warm-up on."""
    wrong = [
        at
        for at, (mine, other) in enumerate(zip(work.entries, theirs, strict=True))
        if not np.array_equal(_known(work, at, mine), _known(work, at, other))
    ]
    if wrong:
        conditions = "; ".join(map(str, work.specs[wrong[0]].conditions))
        raise Disagreement(f"{name} differs from dslc in {len(wrong)} strategies, the first: {conditions}")


def _known(work: Work, at: int, times: Times) -> Times:
    """The times from the warm-up of a strategy on."""
    strategy = work.batch[at]
    assert strategy is not None
    first = min(strategy.warmup, len(work.bars) - 1)
    return times[times >= work.market.time[first]]


def _size(work: Work) -> str:
    calls = len({call for spec in work.specs for call in spec.calls})
    return f"{len(work.specs):,} strategies with {calls:,} distinct indicator calls, {len(work.bars):,} bars"


def _table(work: Work, timings: dict[str, Timing], absent: tuple[str, ...]) -> Table:
    figures = {
        name: Figure(f"{name}, time / dslc's", timing.ratio(timings[MINE]), "x", GOALS.get(name))
        for name, timing in timings.items()
    }
    shares = np.array([len(times) for times in work.entries]) / len(work.bars)
    usual = np.count_nonzero((shares >= 0.01) & (shares <= 0.1))
    mine = Figure("evaluate", timings[MINE].median, "s")
    return Table(
        f"batch: entry times of {_size(work)}",
        ("implementation", "median s", "quickest s", "time / dslc's", *GOAL_COLUMNS),
        tuple(
            (name, timing.median, timing.quickest, figures[name].value, *figures[name].cells)
            for name, timing in timings.items()
        ),
        (
            *absent,
            "All entry times are those of dslc, from the warm-up of each strategy on.",
            f"Entries: {shares.mean():.1%} of the candles; {usual:,} strategies enter on 1 to 10 %, "
            f"half of them on at least {np.median(shares):.1%}.",
        ),
        (mine, *(figure for name, figure in figures.items() if name != MINE)),
    )


def _costs(work: Work, timing: Timing) -> Table:
    """What comes before the calls that were timed, once a batch."""
    steps = len(work.batch._prepare(work.batch[0].timeframe, "entries").plan.steps)
    once = (
        Figure("compile_batch", work.compile_seconds, "s"),
        Figure("first evaluate", work.first_seconds, "s"),
    )
    return Table(
        "batch: what it costs to begin, measured once",
        ("call", "s"),
        (*((figure.name, figure.value) for figure in once), ("later evaluate", timing.median)),
        (f"The first evaluate makes the plan, {steps:,} steps, and loads the kernels that it needs.",),
        once,
    )
