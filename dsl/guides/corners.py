"""What functions are in markets that are hardly any: prices that never move, candles without volume.

Measured with the typical call of every function on made-up bars, and said on its page.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..runtime.bars import Bars
from ..runtime.registry import functions
from .calls import typical_values

_CANDLES = 2_000  # more than any typical call needs to be defined and settled
_PRICE, _VOLUME = 12.0, 100.0


def corners(name: str) -> dict[str, str]:
    """How a public function comes out on a flat market, and without volume where that matters.

    >>> corners("rsi")
    {'Flat market': '50, where every price is 12 and every volume 100'}
    >>> corners("vwap")["Without volume"]
    'undefined, where every volume is 0'
    """
    flat, wave, silent = _measured()
    found = {"Flat market": f"{_said(name, flat[name])}, where every price is 12 and every volume 100"}
    if wave[name] != silent[name]:
        found["Without volume"] = f"{_said(name, silent[name])}, where every volume is 0"
    return found


@cache
def _measured() -> tuple[dict[str, float | None], ...]:
    """The last values on a flat market, on a wave, and on the same wave without volume; None is undefined."""
    count = np.arange(_CANDLES)
    wave = _PRICE + 2 * np.sin(count / 5) + np.cos(count * count)
    level, traded = np.full(_CANDLES, _PRICE), np.full(_CANDLES, _VOLUME)
    busy = traded + 10 * (count % 7)
    markets = [(level, level, traded), (wave, wave - 0.25, busy), (wave, wave - 0.25, 0 * busy)]
    return tuple(_last(close, opened, volume) for close, opened, volume in markets)


def _last(close: np.ndarray, opened: np.ndarray, volume: np.ndarray) -> dict[str, float | None]:
    days = np.arange(_CANDLES) * 86_400
    columns = {"time": days, "open": opened, "high": close, "low": opened, "close": close, "volume": volume}
    values = typical_values(Bars(columns))
    return {name: None if np.isnan(found[-1]) else float(found[-1]) for name, found in values.items()}


def _said(name: str, value: float | None) -> str:
    if value is None:
        return "undefined"
    if functions()[name].result == "truth":
        return "true" if value else "false"
    return f"{value + 0.0:.6g}"
