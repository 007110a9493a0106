"""Candles of a higher timeframe: what `ema(close, 50) @ 4H` costs, and what pandas takes for the same.

pandas resamples to candles of four hours, smooths them, and carries each value to the bars from the one that
ends with the candle on. Both must agree before anything is timed; only the first value of the average differs
(pandas begins with the first candle), so they are compared where that is forgotten.
"""

from __future__ import annotations

from typing import Any

import dslc
import numpy as np
import pandas as pd

from ..figures import Figure
from ..market import Scale, random_walk
from ..measure import Run, interleave
from ..peers import Disagreement
from ..report import Table
from . import row

PERIOD, STEP = 50, "15min"
_FORGOTTEN = 0.9  # of the bars, after which the beginning of an average is

_TEXTS = {
    "on its own candles": f"ema(close, {PERIOD})",
    "@ 1H": f"ema(close, {PERIOD}) @ 1H",
    "@ 4H": f"ema(close, {PERIOD}) @ 4H",
    "@ 1D": f"ema(close, {PERIOD}) @ 1D",
    "hour()": "hour()",
}


@row("higher")
def higher(scale: Scale) -> list[Table]:
    """An average on candles of a higher timeframe, against pandas."""
    columns = random_walk(scale.bars, since="1995-01-01", minutes=15).columns()
    bars = dslc.Bars(columns, timeframe="15M")
    frame = pd.DataFrame(columns).set_index("time")
    _agree(bars, frame)
    contenders: dict[str, Run] = {name: _evaluating(text, bars) for name, text in _TEXTS.items()}
    contenders["pandas @ 4H"] = lambda: _with_pandas(frame)
    timings = interleave(contenders, scale.rounds)
    found = timings["@ 4H"]
    figure = Figure("pandas", timings["pandas @ 4H"].ratio(found), "x")
    lines = tuple(
        (name, 1e3 * timing.median, 1e9 * timing.median / scale.bars, timing.ratio(found))
        for name, timing in timings.items()
    )
    title = f"higher: ema(close, {PERIOD}) on {scale.bars:,} bars of 15M"
    return [Table(title, ("contender", "ms", "ns a bar", "time / @ 4H"), lines, (), (figure,))]


def _evaluating(text: str, bars: dslc.Bars) -> Run:
    strategy = _strategy(text)
    return lambda: strategy.evaluate(bars, outputs="signals")


def _strategy(text: str) -> dslc.Strategy:
    document: dict[str, Any] = {
        "configuration": {"timeframe": "15M"},
        "inputs": {"line": text},
        "conditions": {"above": "close > line"},
        "score": {"above": 1},
        "decision": {"entry": "score >= 1"},
    }
    return dslc.compile(document)


def _with_pandas(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Whether the close is above the average of the candles of four hours that have closed."""
    candles = frame["close"].resample("4h", label="right").last()
    line = candles.ewm(span=PERIOD, adjust=False).mean()
    line.index -= pd.Timedelta(STEP)  # the bar that ends with the candle sees it first
    held = line.reindex(frame.index, method="ffill")
    above: np.ndarray[Any, Any] = (frame["close"] > held).to_numpy()
    return above


def _agree(bars: dslc.Bars, frame: pd.DataFrame) -> None:
    mine = _strategy(_TEXTS["@ 4H"]).evaluate(bars).entry
    theirs = _with_pandas(frame)
    late = slice(int(_FORGOTTEN * len(bars)), None)
    if not np.array_equal(mine[late], theirs[late]):
        raise Disagreement(f"{int((mine[late] != theirs[late]).sum())} bars differ from those of pandas")
