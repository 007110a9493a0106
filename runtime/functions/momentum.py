"""How fast prices move."""

from __future__ import annotations

from ..registry import Period, Series, Term, derived, native, term


@derived(
    "series - series[1]",
    first="1",
    unit="as series",
    reference="TA-Lib MOM with period 1",
    degree=(1, 0),
)
def change(series: Series) -> Series:
    """This candle minus the one before.

    Example:
        close:         5 7 6
        change(close): - 2 -1
    """


@native(
    first="0",
    unit="as now",
    low=0.0,
    internal=True,
    degree=(1, 0),
)
def rise(now: Series, before: Series) -> Term:
    """How much a number has risen, 0 where it has fallen."""
    return term("rise", now, before)


@native(
    first="0",
    unit="as now",
    low=0.0,
    internal=True,
    degree=(1, 0),
)
def fall(now: Series, before: Series) -> Term:
    """How much a number has fallen, 0 where it has risen."""
    return term("fall", now, before)


@native(
    first="0",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    internal=True,
    memory="recurrence",
    degree=(0, 0),
)
def strength(gain: Series, loss: Series, now: Series, before: Series) -> Term:
    """The share of gains in gains and losses, in percent; kept where nothing moved."""
    return term("strength", gain, loss, now, before)


@derived(
    "strength(wilder(rise(series, series[1]), n), wilder(fall(series, series[1]), n), series, series[1])",
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib RSI, except that a market that never moved is 50 (there 0)",
    memory="recurrence",
    degree=(0, 0),
)
def rsi(series: Series, n: Period) -> Series:
    """Wilder's relative strength index, from 0 (only losses) to 100 (only gains).

    Gains and losses are smoothed with alpha = 1 / n, each starting as the mean of the first n
    changes. Exactly 100 when there are no losses, 0 when there are no gains, 50 when there are
    neither. After moves, a flat stretch keeps the last ratio.

    Example:
        close:         4 5 4 5 8
        rsi(close, 2): - - 50 75 93.75
    """
