"""Averages over time."""

from __future__ import annotations

from ..registry import Period, Series, Term, native, term


@native(
    first="n - 1",
    unit="as series",
    reference="TA-Lib SMA",
    degree=(1, 0),
)
def sma(series: Series, n: Period) -> Term:
    """Simple moving average: the mean of the last n candles.

    Undefined while an undefined value is in the window. A constant stays that constant exactly,
    and nothing drifts: the value depends on its window only, to the last bit.

    Example:
        close:         1 2 3 4 5
        sma(close, 2): - 1.5 2.5 3.5 4.5
    """
    return term("mean", series, params=(n,))


@native(
    first="n - 1",
    unit="as series",
    reference="TA-Lib EMA",
    memory="recurrence",
    degree=(1, 0),
)
def ema(series: Series, n: Period) -> Term:
    """Exponential moving average with alpha = 2 / (n + 1).

    Each candle moves the average by alpha times its distance: `ema + alpha * (x - ema)`. It
    starts as the mean of the first n defined values. An undefined value gives undefined and is
    otherwise passed over.

    Example:
        close:         1 2 3 4 8
        ema(close, 3): - - 2 3 5.5
    """
    return _smoothed(series, 2.0 / (n + 1.0), n)


@native(
    first="n - 1",
    unit="as series",
    internal=True,
    memory="recurrence",
    degree=(1, 0),
)
def wilder(series: Series, n: Period) -> Term:
    """Wilder's moving average: exponential, with alpha = 1 / n."""
    return _smoothed(series, 1.0 / n, n)


_SHORT = 1.0 / 4  # above this weight, values are taken one by one,
_FINE = 1.0 / 512  # and below this one, what a step loses is carried on


def _smoothed(series: Series, alpha: float, n: Period) -> Term:
    if n == 1:
        return term("mean", series, params=(1,))
    kernel = "smooth_shortly" if alpha > _SHORT else "smooth" if alpha > _FINE else "smooth_finely"
    return term(kernel, series, params=(alpha, n))
