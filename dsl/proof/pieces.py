"""Bars that are cut off, or whose future is another one: what results on candles before must not depend on.

All that bars bring is cut and changed alike: their fields, further columns, and the candles of other
instruments, of which those have come that have closed by then.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..runtime.bars import Bars
from ..runtime.market import closed_by


def cut(bars: Bars, stop: int, timeframe: str) -> Bars:
    """The first bars, declared to be candles of the timeframe.

    >>> bars = cut(Bars({"time": [0, 3600, 7200], "close": [1.0, 2.0, 3.0]}), 2, "1H")
    >>> bars.close.tolist(), bars.times.tolist(), bars.timeframe
    ([1.0, 2.0], [0, 3600000000000], '1H')
    """
    return _changed(
        bars,
        matrix=np.ascontiguousarray(bars.matrix[:, :stop]),
        times=None if bars.times is None else bars.times[:stop],
        series={name: values[:stop] for name, values in bars.series.items()},
        symbols={
            name: cut(other, closed_by(bars, stop, other, timeframe), timeframe)
            for name, other in bars.symbols.items()
        },
        _wall=None if bars._wall is None else bars._wall[:stop],
        timeframe=timeframe,
    )


def with_future(bars: Bars, start: int, future: NDArray[np.float64] | float, timeframe: str) -> Bars:
    """The bars with other candles from `start` on: market data of shape (5, candles left), or one value.

    Nothing is checked. Further columns and other instruments get the value, or noise made of the candles.
    """
    value = future if isinstance(future, float) else float(future[3, 0]) if future.size else 0.0
    matrix = bars.matrix.copy()
    matrix[:, start:] = future
    series = {name: values.copy() for name, values in bars.series.items()}
    for values in series.values():
        values[start:] = value
    symbols = {}
    for name, other in bars.symbols.items():
        closed = closed_by(bars, start, other, timeframe)
        symbols[name] = with_future(other, closed, value, timeframe)
    return _changed(bars, matrix=matrix, series=series, symbols=symbols)


def _changed(bars: Bars, **changes: Any) -> Bars:
    made = copy.copy(bars)
    made._set(**changes, _digest=None)
    return made
