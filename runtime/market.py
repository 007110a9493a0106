"""Owns what a plan can read: the rows of bars and of what is beside them, on the candles of the bars.

Further columns are rows as they are. Of another instrument a candle is seen where it closes: on the candle of
the bars that opens at the same time, or, where the two have other grids, on the one within which it closes.
Nothing is carried on: where no candle of the instrument closes, its rows are undefined.

Worked: bars of 09:00, 10:00 and 11:00, and an instrument with candles of 09:00 and 11:00: its close is
defined on the first and the third.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bars import Bars, BarsError
from .clock import DAY, TIMEFRAMES
from .column_names import quoted
from .plan import FIELDS, PIECE, Plan, Row
from .resample import Opening, ends_of_bars
from .watch import Watch

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Market:
    """Rows of market data by what they are, all (n,), and when the candles open; None without times."""

    rows: Mapping[Row, Numbers]
    candles: int
    opening: Opening | None

    def part(self, start: int, stop: int) -> Market:
        """Some of the candles."""
        opening = self.opening
        if opening is not None:
            opening = replace(opening, times=opening.times[start:stop])
        rows = {row: values[start:stop] for row, values in self.rows.items()}
        return Market(rows, stop - start, opening)

    def beside(self, at: int) -> dict[str, Any]:
        """What a stream is told of a candle besides its own fields: `series` and `symbols`."""
        series = {str(row[0]): float(self.rows[row][at]) for row in self.rows if row[1:] == ("series",)}
        names = dict.fromkeys(str(row[2]) for row in self.rows if row[1:2] == ("symbol",))
        candles = {name: [float(self.rows[field, "symbol", name][at]) for field in FIELDS] for name in names}
        return {
            "series": series,
            "symbols": {name: candle for name, candle in candles.items() if candle[3] == candle[3]},
        }


def market_of(
    bars: Bars, timeframe: str, reads: Collection[Row] | None = None, watch: Watch | None = None
) -> Market:
    """What the bars bring, which are candles of the timeframe: of other instruments only what is read."""
    rows: dict[Row, Numbers] = {
        (field,): row for field, row in zip(FIELDS, bars.matrix, strict=True) if field in bars.present
    }
    rows |= {(name, "series"): values for name, values in bars.series.items()}
    for name, other in bars.symbols.items():
        own: list[Row] = [(field, "symbol", name) for field in FIELDS]
        wanted = [row for row in own if reads is None or row in reads]
        if wanted:
            seen = _seen(bars, other, timeframe, [str(row[0]) for row in wanted], watch)
            rows |= zip(wanted, seen, strict=True)
    return Market(rows, len(bars), _opening(bars, timeframe))


def _opening(bars: Bars, timeframe: str) -> Opening | None:
    if bars.times is None:
        return None
    return Opening(bars.times, TIMEFRAMES[timeframe], bars.zone, bars.has_offsets)


def _seen(
    bars: Bars, other: Bars, timeframe: str, fields: Sequence[str], watch: Watch | None
) -> list[Numbers]:
    """Fields of another instrument's candles on those of the bars, each (n,), NaN where none closes."""
    mine, theirs = _opening(bars, timeframe), _opening(other, timeframe)
    found = [np.full(len(bars), np.nan) for _ in fields]
    if mine is None or theirs is None or not len(other) or not len(bars):
        return found
    # Of days, which are few, the closings are needed; of others where they open, and how much later that is.
    closing, later = (theirs.times, theirs.length) if theirs.length < DAY else (ends_of_bars(theirs), 0)
    for start in range(0, len(bars), PIECE):
        if watch is not None:
            watch.look()
        rows = slice(start, start + PIECE)
        last = np.searchsorted(closing, ends_of_bars(mine, rows) - later, side="right") - 1  # closed by then
        there = (last >= 0) & (closing[np.maximum(last, 0)] + later > mine.times[rows])
        for values, field in zip(found, fields, strict=True):
            np.copyto(values[rows], other.matrix[FIELDS.index(field)][last], where=there)
    return found


def closed_by(bars: Bars, stop: int, other: Bars, timeframe: str) -> int:
    """How many candles of another instrument have closed when the candle before `stop` has."""
    mine, theirs = _opening(bars, timeframe), _opening(other, timeframe)
    if mine is None or theirs is None or not stop or not len(other):
        return 0
    return int(np.searchsorted(ends_of_bars(theirs), ends_of_bars(mine)[stop - 1], side="right"))


def require(bars: Bars, plan: Plan) -> None:
    """Raise BarsError unless the bars bring all that a plan reads: B301, B305, or B311 for an instrument."""
    bars.require({str(row[0]) for row in plan.reads if len(row) == 1})
    bars.require_series(sorted(str(row[0]) for row in plan.reads if row[1:] == ("series",)))
    for symbol in sorted({str(row[2]) for row in plan.reads if row[1:2] == ("symbol",)}):
        if symbol not in bars.symbols:
            raise BarsError(
                "B311",
                f"the strategy reads {quoted(symbol)}, whose bars are missing",
                help=f"bring them: symbols={{{symbol!r}: …}}, or --symbol {symbol}=FILE",
            )
        found = bars.symbols[symbol]
        found.require({str(row[0]) for row in plan.reads if row[1:] == ("symbol", symbol)})
        _require_times(found, f"the bars of {quoted(symbol)} have no times")
        _require_times(bars, "bars without times cannot be put beside those of another instrument")
    if needs_times(plan):
        _require_times(bars, "the strategy reads the clock or other timeframes, and the bars have no times")


def needs_times(plan: Plan) -> bool:
    """Whether a plan can run only where it is known when candles open."""
    return bool(plan.frames) or any(map(is_of_clock, plan.reads))


def is_of_clock(row: Row) -> bool:
    """Whether a row tells the time of its candles."""
    return row[1:2] == ("clock",)


def _require_times(bars: Bars, what: str) -> None:
    if bars.times is None:
        raise BarsError("B305", what, help="add a time column")
