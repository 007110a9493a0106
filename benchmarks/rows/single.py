"""One strategy on one long history, against the same strategy written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dslc

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import EXAMPLE, Market, Scale, random_walk
from ..measure import Run, Timing, interleave
from ..peers import PEERS, Disagreement, Implementation, differences
from ..report import Table
from . import row

PREPARED, UNPREPARED = "dslc, Bars", "dslc, dict of arrays"
GOALS = {
    "TA-Lib + NumPy": Goal(">=", 3.5),
    "pandas": Goal(">=", 10.0),
    "vectorbt": Goal(">=", 15.0),
    "hand-fused loop": Goal(">=", 1 / 1.1),
}
"""How many times as long as dslc a peer is to take, score and entry only."""


@row("single")
def single(scale: Scale) -> Iterator[Table]:
    """The published example on a long history, against TA-Lib + NumPy, pandas, vectorbt, a loop."""
    market = random_walk(scale.bars)
    strategy = dslc.compile(EXAMPLE)
    bars = dslc.Bars(market.columns())
    peers, absent = _implementations(market, everything=True)
    yield _agreement(strategy.evaluate(bars), peers, absent)

    contenders: dict[str, Run] = {
        PREPARED: lambda: strategy.evaluate(bars, outputs="signals"),
        UNPREPARED: lambda: strategy.evaluate(market.columns(), outputs="signals"),
        **_implementations(market, everything=False)[0],
    }
    title = f"single: {EXAMPLE.name} on {scale.bars:,} bars"
    yield _signals_table(f"{title}, score and entry", interleave(contenders, scale.rounds), scale.bars)

    contenders = {PREPARED: lambda: strategy.evaluate(bars), **peers}
    yield _table(f"{title}, with all inputs and conditions", interleave(contenders, scale.rounds), scale.bars)


def _implementations(market: Market, *, everything: bool) -> tuple[dict[str, Implementation], list[str]]:
    """What can be timed here, and the names of the peers that are not installed."""
    found: dict[str, Implementation] = {}
    absent: list[str] = []
    for name, peer in PEERS.items():
        try:
            found[name] = peer.make(market, everything)
        except ImportError as error:
            absent.append(f"{name}: skipped, {error}; `pip install 'dslc[bench]'` brings it")
    return found, absent


def _agreement(mine: Any, peers: dict[str, Implementation], absent: list[str]) -> Table:
    """How far the peers agree with dslc. Raises Disagreement unless they all do."""
    lines = []
    for name, run in peers.items():
        answer, first = run(), PEERS[name].agrees_from
        found = {column: count for column, count in differences(mine, answer, first).items() if count}
        if found:
            counts = ", ".join(f"{column} on {count:,} candles" for column, count in found.items())
            raise Disagreement(f"{name} differs from dslc, from candle {first:,} on: {counts}")
        lines.append((name, first, len(mine) - first, int(answer.entry[first:].sum())))
    return Table(
        "agreement: every score, entry, condition and input is that of dslc",
        ("peer", "from candle", "candles compared", "entries"),
        tuple(lines),
        tuple(absent),
    )


def _signals_table(title: str, timings: dict[str, Timing], bars: int) -> Table:
    """Times beside both calls of dslc; what is demanded is demanded of the prepared one."""
    plain = _table(title, timings, bars)
    figures = {
        name: Figure(f"{name}, time / dslc's", timing.ratio(timings[PREPARED]), "x", GOALS.get(name))
        for name, timing in timings.items()
    }
    mine = (
        Figure("evaluate", 1e3 * timings[PREPARED].median, "ms"),
        Figure("evaluate, unprepared", 1e3 * timings[UNPREPARED].median, "ms"),
    )
    return Table(
        title,
        (*plain.columns, *GOAL_COLUMNS, "time / unprepared dslc's"),
        tuple(
            (*line, *figures[name].cells, timing.ratio(timings[UNPREPARED]))
            for line, (name, timing) in zip(plain.lines, timings.items(), strict=True)
        ),
        figures=(*mine, *(figure for figure in figures.values() if figure.goal is not None)),
    )


def _table(title: str, timings: dict[str, Timing], bars: int) -> Table:
    base = timings[PREPARED]
    return Table(
        title,
        ("implementation", "median ms", "quickest ms", "ns a bar", "time / dslc's"),
        tuple(
            (
                name,
                1e3 * timing.median,
                1e3 * timing.quickest,
                1e9 * timing.median / bars,
                timing.ratio(base),
            )
            for name, timing in timings.items()
        ),
    )
