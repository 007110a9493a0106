"""Extremes of a series over a window."""

from __future__ import annotations

from ..registry import Period, Series, Term, native, term


@native(
    first="n - 1",
    unit="as series",
    reference="TA-Lib MAX",
    degree=(1, 0),
)
def highest(series: Series, n: Period) -> Term:
    """The highest value of the last n candles, this one included.

    A close can never be above `highest(high, n)`; for a breakout compare it with
    `highest(high, n)[1]`, the highest of the n candles before.

    Example:
        close:             3 1 2 5
        highest(close, 2): - 3 2 5
    """
    return term("highest", series, params=(n,))


@native(
    first="n - 1",
    unit="as series",
    reference="TA-Lib MIN",
    degree=(1, 0),
)
def lowest(series: Series, n: Period) -> Term:
    """The lowest value of the last n candles, this one included.

    Example:
        close:            3 1 2 5
        lowest(close, 2): - 1 1 2
    """
    return term("lowest", series, params=(n,))
