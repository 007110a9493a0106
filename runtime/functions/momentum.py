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
    "strength(rma(rise(series, series[1]), n), rma(fall(series, series[1]), n), series, series[1])",
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib RSI, except that a market that never moved is 50 (there 0, on TradingView 100)",
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


@native(first="0", unit="0 to 100", low=0.0, high=100.0, internal=True, degree=(0, 0))
def position(x: Series, low: Series, high: Series) -> Term:
    """Where x stands between two others, in percent; 50 where they are equal."""
    return term("position", x, low, high)


@native(first="0", unit="oscillator", low=-100.0, high=100.0, internal=True, degree=(0, 0))
def partOf(part: Series, whole: Series) -> Term:
    """A part in percent of the whole that bounds it; 0 where the whole is 0."""
    return term("part_of", part, whole)


@native(first="0", unit="as x", internal=True)
def whereAbove(a: Series, b: Series, x: Series) -> Term:
    """x where a is above b, 0 elsewhere."""
    return term("where_above", a, b, x)


@native(first="n - 1", unit="oscillator", internal=True, degree=(0, 0))
def channelIndex(series: Series, n: Period) -> Term:
    """How many times 0.015 mean deviations the value is from its mean; 0 where none deviates."""
    return term("channel_index", series, params=(n,))


@derived(
    "ema(series, fast) - ema(series, slow)",
    first="max(fast, slow) - 1",
    unit="as series",
    reference="TradingView ta.macd; TA-Lib MACD starts its fast average later",
    memory="recurrence",
    degree=(1, 0),
)
def macd(series: Series = "close", fast: Period = 12, slow: Period = 26) -> Series:
    """The line of the MACD: a fast exponential average minus a slow one.

    `ema(series, fast) - ema(series, slow)` (Gerald Appel). Each average starts as the mean of its own first
    values, as on TradingView. TA-Lib starts the fast one with the values just before the slow one is there,
    so it differs at first and agrees when both have forgotten their start. A flat market gives 0. Undefined
    before the slower average is there.

    Example:
        close:             1 2 3 4 8
        macd(close, 2, 3): - - 0.5 0.5 1
    """


@derived(
    "ema(macd(series, fast, slow), smooth)",
    first="max(fast, slow) + smooth - 2",
    unit="as series",
    reference="TradingView ta.macd; TA-Lib MACD starts its fast average later",
    memory="recurrence",
    degree=(1, 0),
)
def macdSignal(series: Series = "close", fast: Period = 12, slow: Period = 26, smooth: Period = 9) -> Series:
    """The signal line of the MACD: an exponential average of its line.

    `ema(macd(series, fast, slow), smooth)` (Gerald Appel), which starts as the mean of the first `smooth`
    values of the line. TA-Lib differs as it does in `macd`, until the start is forgotten.

    Example:
        close:                      1 2 3 4 5
        macdSignal(close, 1, 2, 2): - - 0.5 0.5 0.5
    """


@derived(
    "macd(series, fast, slow) - macdSignal(series, fast, slow, smooth)",
    first="max(fast, slow) + smooth - 2",
    unit="as series",
    reference="TradingView ta.macd; TA-Lib MACD starts its fast average later",
    memory="recurrence",
    degree=(1, 0),
)
def macdHist(series: Series = "close", fast: Period = 12, slow: Period = 26, smooth: Period = 9) -> Series:
    """The histogram of the MACD: its line minus its signal line.

    `macd(series, fast, slow) - macdSignal(series, fast, slow, smooth)`. It is above 0 while the line is
    above its signal. TA-Lib differs as it does in `macd`, until the start is forgotten.

    Example:
        close:                    1 2 3 4 5
        macdHist(close, 1, 2, 2): - - 0 0 0
    """


@derived(
    "sma(position(close, lowest(low, n), highest(high, n)), smooth)",
    first="n + smooth - 2",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib STOCHF, STOCH and TradingView ta.stoch, except that a flat range is 50",
    degree=(0, 0),
)
def stochK(n: Period = 14, smooth: Period = 1) -> Series:
    """Where the close stands in the range of the last n candles, from 0 (their low) to 100 (their high).

    `100 * (close - lowest(low, n)) / (highest(high, n) - lowest(low, n))`, and of that the mean of `smooth`
    values (George Lane). Without smoothing it is the fast %K, `stochK(14, 3)` the slow one. Where the range
    is flat the close is in its middle: 50, as `rsi` has it; TA-Lib says 0, TradingView undefined.

    Example:
        high:      4 6 5
        low:       2 3 4
        close:     3 6 4
        stochK(2): - 100 33.3333
    """


@derived(
    "sma(stochK(n, smooth), signal)",
    first="n + smooth + signal - 3",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib STOCHF and STOCH, except that a flat range is 50 (there 0)",
    degree=(0, 0),
)
def stochD(n: Period = 14, smooth: Period = 1, signal: Period = 3) -> Series:
    """The signal line of the stochastic oscillator: the mean of the last `signal` values of %K.

    `sma(stochK(n, smooth), signal)` (George Lane); TA-Lib's STOCH with 14, 3, 3 is `stochD(14, 3, 3)`.

    Example:
        high:            4 6 5 5
        low:             2 3 4 4
        close:           3 6 5 4.5
        stochD(1, 1, 2): - 75 100 75
    """


@derived(
    "sma(position(rsi(series, n), lowest(rsi(series, n), k), highest(rsi(series, n), k)), smooth)",
    first="n + k + smooth - 2",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TradingView's Stochastic RSI, TA-Lib STOCHRSI with smooth 1, except that a flat range is 50",
    memory="recurrence",
    degree=(0, 0),
)
def stochRsi(series: Series = "close", n: Period = 14, k: Period = 14, smooth: Period = 3) -> Series:
    """Where the relative strength index stands in its own range of the last k candles, from 0 to 100.

    `100 * (r - lowest(r, k)) / (highest(r, k) - lowest(r, k))` of `r = rsi(series, n)`, and of that the mean
    of `smooth` values (Chande and Kroll). TA-Lib's fast %K is the one with `smooth` 1. Where the index has
    not moved it is in the middle: 50; TA-Lib says 0, TradingView undefined.

    Example:
        close:                    4 5 4 5 8 6
        stochRsi(close, 2, 2, 1): - - - 100 100 0
    """


@derived(
    "channelIndex(hlc3(), n)",
    first="n - 1",
    unit="oscillator",
    reference="TA-Lib CCI; TradingView ta.cci of hlc3, where a flat window is undefined",
    degree=(0, 0),
)
def cci(n: Period = 20) -> Series:
    """Commodity channel index: how far the typical price is from its mean, in mean deviations.

    `(t - sma(t, n)) / (0.015 * d)` of the typical price `t = (high + low + close) / 3`, where d is the mean
    of the distances of the last n typical prices from their mean (Donald Lambert). Most values are between
    -100 and 100. In a flat window it is 0, as in TA-Lib; TradingView has no value there.

    Example:
        close:  3 6 9 9
        cci(3): - - 100 50
    """


@derived(
    "position(sma(whereAbove(hlc3(), hlc3()[1], hlc3() * volume), n), 0,"
    " sma(whereAbove(hlc3(), hlc3()[1], hlc3() * volume), n)"
    " + sma(whereAbove(hlc3()[1], hlc3(), hlc3() * volume), n))",
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib MFI, except that a market that has not moved is 50 (there 0, on TradingView 100)",
    degree=(0, 0),
)
def mfi(n: Period = 14) -> Series:
    """Money flow index: the share of traded money on candles that rose, from 0 to 100.

    `100 * u / (u + d)`, where u adds up `t * volume` of the last n candles on which the typical price
    `t = (high + low + close) / 3` rose, and d where it fell (Quong and Soudack). Where it did neither, or
    nothing was traded, it is 50, as `rsi` is; TA-Lib says 0, also where less than 1 was traded in all, and
    TradingView 100.

    Example:
        close:  4 6 5 5
        volume: 1 2 4 1
        mfi(2): - - 37.5 0
    """


@derived(
    "position(close, lowest(low, n), highest(high, n)) - 100",
    first="n - 1",
    unit="-100 to 0",
    low=-100.0,
    high=0.0,
    reference="TA-Lib WILLR and TradingView ta.wpr, except that a flat range is -50 (there 0, undefined)",
    degree=(0, 0),
)
def williamsR(n: Period = 14) -> Series:
    """Williams' %R: where the close stands in the range of the last n candles, from -100 to 0.

    `-100 * (highest(high, n) - close) / (highest(high, n) - lowest(low, n))` (Larry Williams), which is
    `stochK(n) - 100`. Where the range is flat it is -50; TA-Lib says 0, TradingView undefined.

    Example:
        high:         4 6 5
        low:          2 2 3
        close:        3 6 5
        williamsR(2): - 0 -25
    """


@derived(
    "100 * (momentum(series, n) / series[n - 1][1])",
    first="n",
    unit="percent",
    reference="TA-Lib ROC, TradingView ta.roc",
    degree=(0, 0),
)
def roc(series: Series = "close", n: Period = 10) -> Series:
    """Rate of change: how many percent the value is above that of n candles ago.

    `100 * (x - x[n]) / x[n]`. Undefined where the earlier value is 0, which TA-Lib calls 0.

    Example:
        close:         4 5 6 4
        roc(close, 2): - - 50 -20
    """


@derived(
    "series - series[n - 1][1]",
    first="n",
    unit="as series",
    reference="TA-Lib MOM, TradingView ta.mom",
    degree=(1, 0),
)
def momentum(series: Series = "close", n: Period = 10) -> Series:
    """How much the value has changed in n candles: `x - x[n]`.

    `momentum(close, 1)` is `change(close)`.

    Example:
        close:              4 5 6 4
        momentum(close, 2): - - 2 -1
    """


@derived(
    "100 * (macd(series, fast, slow) / ema(series, slow))",
    first="max(fast, slow) - 1",
    unit="percent",
    reference="TA-Lib PPO with exponential averages; its default are plain ones",
    memory="recurrence",
    degree=(0, 0),
)
def ppo(series: Series = "close", fast: Period = 12, slow: Period = 26) -> Series:
    """Percentage price oscillator: the line of the MACD in percent of the slow average.

    `100 * (ema(series, fast) - ema(series, slow)) / ema(series, slow)` (Gerald Appel). Each average starts as
    the mean of its own first values. TA-Lib's PPO has plain averages unless it is told otherwise. Undefined
    where the slow average is 0.

    Example:
        close:            1 2 3 4 8
        ppo(close, 2, 3): - - 25 16.6667 18.1818
    """


@derived(
    "roc(ema(ema(ema(series, n), n), n), 1)",
    first="3 * n - 2",
    unit="percent",
    reference="TA-Lib TRIX; TradingView's TRIX takes 10,000 times the change of a smoothed logarithm",
    memory="recurrence",
    degree=(0, 0),
)
def trix(series: Series = "close", n: Period = 18) -> Series:
    """How many percent a triply smoothed average rises from one candle to the next.

    `100 * change(e) / e[1]` of `e = ema(ema(ema(series, n), n), n)` (Jack Hutson). 18 is TradingView's
    default, TA-Lib's is 30. TradingView smooths the logarithm and multiplies its change by 10,000, which is
    nearly 100 times as much. Undefined where the average before is 0.

    Example:
        close:          4 5 6 3
        trix(close, 1): - 25 20 -50
    """


@derived(
    "partOf(ema(ema(change(series), slow), fast), ema(ema(abs(change(series)), slow), fast))",
    first="fast + slow - 1",
    unit="-100 to 100",
    low=-100.0,
    high=100.0,
    reference="TA-Lib TSI, where the slow period is the first; TradingView ta.tsi, times 100",
    memory="recurrence",
    degree=(0, 0),
)
def tsi(series: Series = "close", fast: Period = 13, slow: Period = 25) -> Series:
    """True strength index: smoothed changes in percent of smoothed sizes of changes, from -100 to 100.

    `100 * ema(ema(c, slow), fast) / ema(ema(abs(c), slow), fast)` of `c = change(series)` (William Blau).
    TradingView's function gives the same as a fraction of 1. A market that never moved is 0, as in TA-Lib;
    TradingView has no value there.

    Example:
        close:            4 5 7 6 6
        tsi(close, 1, 2): - - 100 -14.2857 -14.2857
    """


@derived(
    "partOf(sma(rise(series, series[1]), n) - sma(fall(series, series[1]), n),"
    " sma(rise(series, series[1]), n) + sma(fall(series, series[1]), n))",
    first="n",
    unit="-100 to 100",
    low=-100.0,
    high=100.0,
    reference="TA-Lib CMOU, TradingView ta.cmo; TA-Lib CMO smooths as RSI does and is 2 * rsi - 100",
    degree=(0, 0),
)
def cmo(series: Series = "close", n: Period = 9) -> Series:
    """Chande's momentum oscillator: gains minus losses in percent of both, from -100 to 100.

    `100 * (u - d) / (u + d)` with the sums u of the gains and d of the losses of the last n changes (Tushar
    Chande), as on TradingView and in TA-Lib's CMOU. TA-Lib's CMO smooths gains and losses as Wilder does
    instead of adding them up: it is `2 * rsi(series, n) - 100`. Where nothing has moved it is 0, as in
    TA-Lib; TradingView has no value there.

    Example:
        close:         4 5 4 7 7
        cmo(close, 2): - - 0 50 100
    """


@derived(
    "100 * min((4 * (sma(close - min(low, close[1]), fast) / sma(trueRange(), fast))"
    " + 2 * (sma(close - min(low, close[1]), middle) / sma(trueRange(), middle))"
    " + sma(close - min(low, close[1]), slow) / sma(trueRange(), slow)) / 7, 1)",
    first="max(fast, max(middle, slow))",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib ULTOSC, which takes 0 for the part of a window that is flat",
    degree=(0, 0),
)
def ultimate(fast: Period = 7, middle: Period = 14, slow: Period = 28) -> Series:
    """Ultimate oscillator: buying pressure in percent of the true range over three windows, from 0 to 100.

    `100 * (4 * p(fast) + 2 * p(middle) + p(slow)) / 7`, where p(n) is the sum of `close - min(low, close[1])`
    over the last n candles in relation to that of the true range (Larry Williams). Undefined while the
    true range of a whole window is 0; TA-Lib counts such a window as 0. TA-Lib also sorts the three periods.

    Example:
        high:              4 6 6
        low:               2 4 4
        close:             3 5 6
        ultimate(1, 1, 1): - 66.6667 100
    """


@derived(
    "sma(hl2(), fast) - sma(hl2(), slow)",
    first="max(fast, slow) - 1",
    unit="price difference",
    reference="TA-Lib AO, TradingView's Awesome Oscillator",
    degree=(1, 0),
)
def awesome(fast: Period = 5, slow: Period = 34) -> Series:
    """Awesome oscillator: a fast mean of the middle of the candles minus a slow one.

    `sma((high + low) / 2, fast) - sma((high + low) / 2, slow)` (Bill Williams). A flat market gives
    exactly 0.

    Example:
        close:         1 2 4 8
        awesome(1, 2): - 0.5 1 2
    """
