"""The pictures of all functions on a stretch of the example bars, from one run of one strategy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..runtime.bars import Bars
from ..runtime.registry import Function, functions, public_names
from ..sweep.markup import plain
from .calls import typical_call, typical_values
from .function_pictures import Candles, Curve, picture_of

BARS = "IBM.csv"
"""The file of the example bars that pictures show; the whole history before the stretch warms values up."""

FIRST, LAST = "2002-09-19", "2003-05-08"
"""The stretch: a fall, a night that jumps, months without a direction, and a rise."""

CAPTION = f"daily bars of IBM, {FIRST} to {LAST}"


def drawn_functions(folder: Path) -> dict[str, str]:
    """The picture of every public function, by its name, on the bars in a folder."""
    bars = Bars(folder / BARS)
    values = typical_values(bars)
    days = np.datetime_as_string(bars.time.astype("datetime64[s]"), unit="D")
    shown = slice(int(np.argmax(days >= FIRST)), int(np.argmax(days > LAST)))
    price = {
        field: bars.matrix[row][shown].tolist() for row, field in enumerate(("open", "high", "low", "close"))
    }
    candles = Candles(days[shown].tolist(), **price)
    found = {}
    for name in public_names():
        call = typical_call(functions()[name])
        curve = _curve(functions()[name], call, values[name][shown].tolist())
        found[name] = picture_of(candles, curve, plain(f"{call} on {CAPTION}"))
    return found


def _curve(function: Function, call: str, values: list[float]) -> Curve:
    return Curve(
        label=call,
        values=values,
        truth=function.result == "truth",
        price=function.degree == (1, 0),
        low=function.low,
        high=function.high,
    )
