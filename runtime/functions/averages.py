"""Averages over time."""

from __future__ import annotations

from math import isqrt

from ..registry import Fraction, Period, Positive, Series, Term, derived, native, term


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
    reference="TA-Lib RMA, TradingView ta.rma",
    memory="recurrence",
    degree=(1, 0),
)
def rma(series: Series, n: Period) -> Term:
    """Wilder's moving average: exponential, with alpha = 1 / n.

    Each candle moves it by an nth of its distance: `rma + (x - rma) / n` (J. Welles Wilder, New Concepts
    in Technical Trading Systems, 1978). It starts as the mean of the first n defined values, as TA-Lib and
    TradingView start it. An undefined value gives undefined and is otherwise passed over. `rma(x, n)`
    forgets as fast as `ema(x, 2 * n - 1)`.

    Example:
        close:         1 3 4 6
        rma(close, 2): - 2 3 4.5
    """
    return _smoothed(series, 1.0 / n, n)


@native(
    first="n - 1",
    unit="as series",
    reference="TA-Lib WMA",
    degree=(1, 0),
)
def wma(series: Series, n: Period) -> Term:
    """Weighted moving average: the newest of the last n values counts n times, the oldest once.

    The sum of `value * weight` with weights 1 to n, over `n * (n + 1) / 2`. A constant stays that constant
    exactly. Undefined while an undefined value is in the window. TA-Lib keeps running sums, which drift
    over long series; here the value depends on its window only.

    Example:
        close:         1 4 7 1
        wma(close, 2): - 3 6 3
    """
    return term("weighted", series, params=(n,))


@native(
    first="n + floor(sqrt(n)) - 2",
    unit="as series",
    reference="TradingView ta.hma; TA-Lib HMA",
    degree=(1, 0),
)
def hma(series: Series, n: Period) -> Term:
    """Hull moving average: a weighted average that is quick and smooth, and overshoots at turns.

    `wma(2 * wma(x, n / 2) - wma(x, n), sqrt(n))` (Alan Hull, 2005), with n / 2 and the root rounded down,
    as Hull and TradingView do; of n = 1 the half is 1. Undefined while an undefined value is in its windows.

    Example:
        close:         1 2 3 4 5 9
        hma(close, 4): - - - - 5 7.86667
    """
    quick = term("scale", term("weighted", series, params=(max(n // 2, 1),)), params=(2.0,))
    ahead = term("subtract", quick, term("weighted", series, params=(n,)))
    return term("weighted", ahead, params=(isqrt(n),))


@derived(
    "ema(series, n) + (ema(series, n) - ema(ema(series, n), n))",
    first="2 * (n - 1)",
    unit="as series",
    reference="TA-Lib DEMA",
    memory="recurrence",
    degree=(1, 0),
)
def dema(series: Series, n: Period) -> Series:
    """Double exponential moving average: an average, and what its own average lags behind it on top.

    `2 * e1 - e2` with e1 = `ema(x, n)` and e2 = `ema(e1, n)` (Patrick Mulloy, Technical Analysis of Stocks
    & Commodities, January and February 1994). Each average starts as the mean of the first n values
    that it sees, as in TA-Lib.

    Example:
        close:          1 3 5 7
        dema(close, 2): - - 5 7
    """


@derived(
    "ema(ema(ema(series, n), n), n) + 3 * (ema(series, n) - ema(ema(series, n), n))",
    first="3 * (n - 1)",
    unit="as series",
    reference="TA-Lib TEMA",
    memory="recurrence",
    degree=(1, 0),
)
def tema(series: Series, n: Period) -> Series:
    """Triple exponential moving average, which follows a straight line without lag.

    `3 * e1 - 3 * e2 + e3` with e1 = `ema(x, n)`, e2 = `ema(e1, n)` and e3 = `ema(e2, n)` (Patrick Mulloy,
    1994). Each average starts as the mean of the first n values that it sees, as in TA-Lib.

    Example:
        close:          1 3 5 7 9
        tema(close, 2): - - - 7 9
    """


@native(
    first="n - 1",
    unit="as series",
    internal=True,
    degree=(1, 0),
)
def weightedBy(series: Series, weight: Series, n: Period) -> Term:
    """The mean of the last n values with weights of their own."""
    return term("weighted_by", series, weight, params=(n,))


@derived(
    "weightedBy(series, volume, n)",
    first="n - 1",
    unit="as series",
    reference="TradingView ta.vwma; TA-Lib VWMA",
    degree=(1, 0),
)
def vwma(series: Series, n: Period) -> Series:
    """Volume-weighted moving average: the mean of the last n values, each counted by its volume.

    `sum(x * volume, n) / sum(volume, n)`. A constant stays that constant exactly. Undefined where nothing
    was traded in the whole window.

    Example:
        close:          2 4 8 8
        volume:         1 3 1 0
        vwma(close, 2): - 3.5 5 8
    """


@native(
    first="0",
    unit="as series",
    internal=True,
    memory="recurrence",
    degree=(1, 0),
)
def adapt(series: Series, before: Series, far: Series, path: Series, fast: Period, slow: Period) -> Term:
    """A mean that moves by how far a series got on a path."""
    return term("adapt", series, before, far, path, params=(fast, slow))


@derived(
    "adapt(series, series[1], abs(series - series[n]), n * sma(abs(change(series)), n), fast, slow)",
    first="n",
    unit="as series",
    reference="TA-Lib KAMA, whose fast and slow periods are always 2 and 30",
    memory="recurrence",
    degree=(1, 0),
)
def kama(series: Series, n: Period = 10, fast: Period = 2, slow: Period = 30) -> Series:
    """Kaufman's adaptive moving average: quick where prices go straight, slow where they go nowhere.

    How straight the last n candles went is the efficiency ratio `abs(x - x[n]) / sum(abs(change(x)), n)`,
    1 where nothing moved. It chooses a weight between `2 / (slow + 1)` and `2 / (fast + 1)`, and
    the square of that is alpha (Perry Kaufman, Smarter Trading, 1995). The average starts on candle n, from
    the value one candle before, as in TA-Lib. An undefined value gives undefined for as long as it is in
    the efficiency ratio and is otherwise passed over.

    Example:
        close:                1 2 4 4
        kama(close, 1, 1, 3): - 2 4 4
    """


_STAGES = ["series"]
for _ in range(6):
    _STAGES.append(f"ema({_STAGES[-1]}, n)")
_THIRD, _FOURTH, _FIFTH, _SIXTH = _STAGES[3:]


@derived(
    f"{_THIRD} + factor * (3 * ({_THIRD} - {_FOURTH}) "
    f"+ factor * (3 * (({_THIRD} - {_FOURTH}) - ({_FOURTH} - {_FIFTH})) "
    f"+ factor * (({_THIRD} - {_SIXTH}) - 3 * ({_FOURTH} - {_FIFTH}))))",
    first="6 * (n - 1)",
    unit="as series",
    reference="TA-Lib T3",
    memory="recurrence",
    degree=(1, 0),
)
def t3(series: Series, n: Period = 5, factor: Positive = 0.7) -> Series:
    """Tillson's T3: a double average with less overshoot, taken three times.

    With e3 to e6 the third to sixth average of averages (`ema(ema(ema(x, n), n), n)` and on) and v the
    factor: `-v^3 * e6 + 3 * (v^2 + v^3) * e5 - (6 * v^2 + 3 * v + 3 * v^3) * e4
    + (1 + 3 * v + v^3 + 3 * v^2) * e3` (Tim Tillson, Technical Analysis of Stocks & Commodities, January
    1998), here written in differences, so that a constant stays that constant. Each average starts as the
    mean of the first n values that it sees, as in TA-Lib.

    Example:
        close:        1 3 5 7 9 11 13 15
        t3(close, 2): - - - - - - 12.1 14.1
    """


@native(
    first="n - 1",
    unit="as series",
    reference="TradingView ta.alma, with floor = false",
    degree=(1, 0),
)
def alma(series: Series, n: Period = 9, offset: Fraction = 0.85, sigma: Positive = 6.0) -> Term:
    """Arnaud Legoux's moving average: weights like a bell curve, most near the newest candles.

    The weight of the value j candles from the oldest is `exp(-(j - m)^2 / (2 * s^2))` with
    m = `offset * (n - 1)` and s = `n / sigma` (Arnaud Legoux and Dimitrios Kouzis-Loukas, 2009). An offset
    of 1 puts the middle of the bell on the newest candle; a larger sigma makes it narrower. m is not
    rounded down, which TradingView does with floor = true. A constant stays that constant exactly.

    Example:
        close:                  1 3 5 9
        alma(close, 3, 0.5, 6): - - 3 5.21301
    """
    if n == 1:
        return term("mean", series, params=(1,))
    return term("bell", series, params=(n, offset, sigma))


_SHORT = 1.0 / 4  # above this weight, values are taken one by one,
_FINE = 1.0 / 512  # and below this one, what a step loses is carried on


def _smoothed(series: Series, alpha: float, n: Period) -> Term:
    if n == 1:
        return term("mean", series, params=(1,))
    kernel = "smooth_shortly" if alpha > _SHORT else "smooth" if alpha > _FINE else "smooth_finely"
    return term(kernel, series, params=(alpha, n))
