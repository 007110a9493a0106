"""How far prices range."""

from __future__ import annotations

from ..registry import Period, Positive, Sample, Series, derived


@derived(
    "max(high, close[1]) - min(low, close[1])",
    first="1",
    unit="price",
    low=0.0,
    reference="TA-Lib TRANGE",
    degree=(1, 0),
)
def trueRange() -> Series:
    """The range of a candle and the gap before it: from low to high, and to the close before.

    `max(high, close[1]) - min(low, close[1])`, which is the largest of `high - low`, `high - close[1]` and
    `close[1] - low` (J. Welles Wilder, 1978). Undefined on the first candle, which has no close before it,
    as in TA-Lib and TradingView's `ta.tr`; `ta.tr(true)` takes `high - low` there.

    Example:
        high:        2 4 5
        low:         1 3 4
        close:       2 3 5
        trueRange(): - 2 2
    """


@derived(
    "rma(trueRange(), n)",
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
    outside. It does not exist on the first candle, so the mean starts with candles 1 to n, as in TA-Lib.
    TradingView's `ta.atr` takes the range of the first candle for it and begins a candle earlier.

    Example:
        high:   2 4 5 6
        low:    1 2 3 5
        close:  2 3 4 5
        atr(2): - - 2 2
    """


@derived(
    "100 * atr(n) / close",
    first="n",
    unit="percent",
    low=0.0,
    reference="TA-Lib NATR",
    memory="recurrence",
    degree=(0, 0),
)
def natr(n: Period = 14) -> Series:
    """The average true range in percent of the close: comparable between markets.

    `100 * atr(n) / close` (John Forman, Technical Analysis of Stocks & Commodities, May 2006).

    Example:
        high:    2 4 5 5
        low:     1 2 3 4
        close:   2 3 4 5
        natr(2): - - 50 30
    """


@derived(
    "sma(series, n)",
    first="n - 1",
    unit="as series",
    reference="TA-Lib BBANDS, middle band",
    degree=(1, 0),
)
def bbMiddle(series: Series = "close", n: Period = 20) -> Series:
    """The middle Bollinger band: the mean of the last n values.

    Example:
        close:              1 3 3 9
        bbMiddle(close, 2): - 2 3 6
    """


@derived(
    "bbMiddle(series, n) + m * stdev(series, n)",
    first="n - 1",
    unit="as series",
    reference="TA-Lib BBANDS, upper band, whose period is 5 if none is given",
    degree=(1, 0),
)
def bbUpper(series: Series = "close", n: Period = 20, m: Positive = 2) -> Series:
    """The upper Bollinger band: the mean of the last n values plus m standard deviations.

    The standard deviation is the population's, so it divides by n, as TradingView, TA-Lib and Bollinger do
    (John Bollinger, Bollinger on Bollinger Bands, 2001); pandas divides by n - 1. In a flat window the
    bands are the value itself, exactly.

    Example:
        close:             1 3 3 9
        bbUpper(close, 2): - 4 3 12
    """


@derived(
    "bbMiddle(series, n) - m * stdev(series, n)",
    first="n - 1",
    unit="as series",
    reference="TA-Lib BBANDS, lower band, whose period is 5 if none is given",
    degree=(1, 0),
)
def bbLower(series: Series = "close", n: Period = 20, m: Positive = 2) -> Series:
    """The lower Bollinger band: the mean of the last n values minus m standard deviations.

    The standard deviation is the population's, as of `bbUpper`.

    Example:
        close:             1 3 3 9
        bbLower(close, 2): - 0 3 0
    """


@derived(
    "2 * m * stdev(series, n) / bbMiddle(series, n)",
    first="n - 1",
    unit="ratio",
    degree=(0, 0),
)
def bbWidth(series: Series = "close", n: Period = 20, m: Positive = 2) -> Series:
    """How wide the Bollinger bands are, as a share of the middle one.

    `(upper - lower) / middle` (John Bollinger's BandWidth); some platforms show 100 times that. Exactly 0 in
    a flat window; undefined where the middle band is 0.

    Example:
        close:             1 3 3 9
        bbWidth(close, 2): - 2 0 2
    """


@derived(
    "(series - bbLower(series, n, m)) / (bbUpper(series, n, m) - bbLower(series, n, m))",
    first="n - 1",
    unit="ratio",
    degree=(0, 0),
)
def bbPercent(series: Series = "close", n: Sample = 20, m: Positive = 2) -> Series:
    """Where a value is between the Bollinger bands: 0 on the lower one, 1 on the upper one.

    `(x - lower) / (upper - lower)`, John Bollinger's %b: below 0 and above 1 outside the bands. Undefined in
    a flat window, where the bands are one.

    Example:
        close:               1 3 3 9
        bbPercent(close, 2): - 0.75 - 0.75
    """


@derived(
    "ema(series, n)",
    first="n - 1",
    unit="as series",
    reference="TradingView ta.kc, middle line",
    memory="recurrence",
    degree=(1, 0),
)
def keltnerMiddle(series: Series = "close", n: Period = 20) -> Series:
    """The middle line of the Keltner channel: the exponential average of n.

    Example:
        close:                   1 2 3 4 8
        keltnerMiddle(close, 3): - - 2 3 5.5
    """


@derived(
    "keltnerMiddle(series, n) + m * ema(trueRange(), n)",
    first="n",
    unit="as series",
    reference="TradingView ta.kc; TA-Lib KC has a period of its own for the range, and Wilder's mean of it",
    memory="recurrence",
    degree=(1, 0),
)
def keltnerUpper(series: Series = "close", n: Period = 20, m: Positive = 2) -> Series:
    """The upper line of the Keltner channel: an average plus m average true ranges.

    `ema(x, n) + m * ema(trueRange(), n)`, as TradingView's `ta.kc` has it (after Linda Raschke's version of
    Chester Keltner's channel of 1960). With Wilder's mean of the range, as some charts have it, write
    `ema(close, 20) + 2 * atr(10)`, and as TA-Lib has it, `ema((high + low + close) / 3, 20) + 2 * atr(10)`.

    Example:
        high:                   2 4 5 6
        low:                    1 2 3 5
        close:                  2 3 4 5
        keltnerUpper(close, 2): - - 7.5 8.5
    """


@derived(
    "keltnerMiddle(series, n) - m * ema(trueRange(), n)",
    first="n",
    unit="as series",
    reference="TradingView ta.kc; TA-Lib KC has a period of its own for the range, and Wilder's mean of it",
    memory="recurrence",
    degree=(1, 0),
)
def keltnerLower(series: Series = "close", n: Period = 20, m: Positive = 2) -> Series:
    """The lower line of the Keltner channel: an average minus m average true ranges, as `keltnerUpper`.

    Example:
        high:                   2 4 5 6
        low:                    1 2 3 5
        close:                  2 3 4 5
        keltnerLower(close, 2): - - -0.5 0.5
    """


@derived(
    "highest(high, n)",
    first="n - 1",
    unit="price",
    low=0.0,
    reference="TA-Lib DONCHIAN, upper band",
    degree=(1, 0),
)
def donchianUpper(n: Period = 20) -> Series:
    """The upper line of the Donchian channel: the highest high of the last n candles, this one included.

    A close can never be above it; for a breakout compare it with `donchianUpper(n)[1]`.

    Example:
        high:             3 2 5
        low:              1 1 2
        close:            2 2 4
        donchianUpper(2): - 3 5
    """


@derived(
    "lowest(low, n)",
    first="n - 1",
    unit="price",
    low=0.0,
    reference="TA-Lib DONCHIAN, lower band",
    degree=(1, 0),
)
def donchianLower(n: Period = 20) -> Series:
    """The lower line of the Donchian channel: the lowest low of the last n candles, this one included.

    A close can never be below it; for a breakdown compare it with `donchianLower(n)[1]`.

    Example:
        high:             3 2 5
        low:              1 1 2
        close:            2 2 4
        donchianLower(2): - 1 1
    """


@derived(
    "(donchianUpper(n) + donchianLower(n)) / 2",
    first="n - 1",
    unit="price",
    low=0.0,
    reference="TA-Lib DONCHIAN, middle band",
    degree=(1, 0),
)
def donchianMiddle(n: Period = 20) -> Series:
    """The middle of the Donchian channel: half way between its lines.

    Example:
        high:              3 2 5
        low:               1 1 2
        close:             2 2 4
        donchianMiddle(2): - 2 3
    """


@derived(
    "100 * log(max(n * sma(trueRange(), n) / (highest(high, n) - lowest(low, n)), 1)) / log(n)",
    first="n",
    unit="oscillator",
    low=0.0,
    reference="TradingView's Choppiness Index",
    degree=(0, 0),
)
def choppiness(n: Sample = 14) -> Series:
    """The choppiness index: near 0 where prices go straight, near 100 where they go back and forth.

    `100 * log10(sum(trueRange(), n) / (highest(high, n) - lowest(low, n))) / log10(n)` (E. W. Dreiss; the
    base of the logarithm cancels). Levels of 38.2 and 61.8 are usual. A gap before the window may lift it
    above 100; it is never below 0. Undefined where the highest high is the lowest low. TradingView begins a
    candle earlier, with the range of the first candle for its true range.

    Example:
        high:          2 4 3 4
        low:           1 2 1 1
        close:         2 3 2 3
        choppiness(2): - - 41.5037 73.6966
    """
