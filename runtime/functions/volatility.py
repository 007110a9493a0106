"""How far prices range."""

from __future__ import annotations

from ..registry import Period, Series, derived


@derived(
    "wilder(max(high, close[1]) - min(low, close[1]), n)",
    first="n",
    unit="price",
    low=0.0,
    reference="TA-Lib ATR",
    memory="recurrence",
    degree=(1, 0),
)
def atr(n: Period) -> Series:
    """Average true range: Wilder's mean of the true range.

    The true range reaches from the low to the high, and to the close before where that lies
    outside. It does not exist on the first candle, so the mean starts with candles 1 to n.

    Example:
        high:   2 4 5 6
        low:    1 2 3 5
        close:  2 3 4 5
        atr(2): - - 2 2
    """
