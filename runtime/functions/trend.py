"""Which way prices go, and how surely."""

from __future__ import annotations

from ..registry import Period, Positive, Series, Term, derived, native, term


@native(first="n", unit="0 to 100", low=0.0, high=100.0, internal=True, degree=(0, 0))
def recencyOfHighest(series: Series, n: Period) -> Term:
    """How new the highest value of n + 1 candles is, in percent."""
    return term("recency", term("since_highest", series, params=(n + 1,)), params=(n,))


@native(first="0", unit="price", internal=True, memory="recurrence", degree=(1, 0))
def supertrendLine(middle: Series, reach: Series, close: Series, factor: Positive) -> Term:
    """The line of the trend, with a minus sign while it is down."""
    return term("supertrend", middle, reach, close, params=(factor,))


@native(first="0", unit="oscillator", low=-1.0, high=1.0, internal=True, degree=(0, 0))
def side(line: Series) -> Term:
    """1 for a line that is 0 or above, -1 for one below."""
    return term("side", line)


@native(first="1", unit="price", low=0.0, internal=True, memory="recurrence", degree=(1, 0))
def stopAndReverse(
    high: Series, low: Series, start: Positive, increment: Positive, maximum: Positive
) -> Term:
    """Wilder's stop and reverse."""
    return term("sar", high, low, params=(start, increment, maximum))


@derived(
    "partOf(rma(whereAbove(high - high[1], low[1] - low, max(high - high[1], 0)), n), atr(n))",
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TradingView ta.dmi; TA-Lib PLUS_DI starts its sums one candle shorter",
    memory="recurrence",
    degree=(0, 0),
)
def plusDi(n: Period = 14) -> Series:
    """Positive directional indicator: how much of the true range is movement upwards, from 0 to 100.

    `100 * m / atr(n)`, where m is Wilder's average of `high - high[1]` on the candles on which that is above
    0 and above `low[1] - low`, and of 0 on the others (Welles Wilder). Both averages start as the mean of the
    first n values, as on TradingView; TA-Lib starts with n - 1 of them, which is forgotten with time. A
    market that never moved is 0, as in TA-Lib; TradingView has no value there.

    Example:
        high:      4 6 7
        low:       2 3 4
        close:     3 5 6
        plusDi(2): - - 50
    """


@derived(
    "partOf(rma(whereAbove(low[1] - low, high - high[1], max(low[1] - low, 0)), n), atr(n))",
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TradingView ta.dmi; TA-Lib MINUS_DI starts its sums one candle shorter",
    memory="recurrence",
    degree=(0, 0),
)
def minusDi(n: Period = 14) -> Series:
    """Negative directional indicator: how much of the true range is movement downwards, from 0 to 100.

    `100 * m / atr(n)`, where m is Wilder's average of `low[1] - low` on the candles on which that is above 0
    and above `high - high[1]`, and of 0 on the others (Welles Wilder). It starts as `plusDi` does.

    Example:
        high:       7 6 4
        low:        4 3 2
        close:      6 5 3
        minusDi(2): - - 33.3333
    """


@derived(
    "rma(partOf(abs(plusDi(n) - minusDi(n)), plusDi(n) + minusDi(n)), n)",
    first="2 * n - 1",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TradingView ta.dmi; TA-Lib ADX starts its sums one candle shorter",
    memory="recurrence",
    degree=(0, 0),
)
def adx(n: Period = 14) -> Series:
    """Average directional index: how much one direction outweighs the other, from 0 to 100.

    Wilder's average of `100 * abs(plusDi(n) - minusDi(n)) / (plusDi(n) + minusDi(n))`, which is 0 where
    neither moves (Welles Wilder). It says how strong a trend is, not which way it goes. TradingView has the
    same start; TA-Lib sums n - 1 first values where these are means of n, and takes no part of a candle
    without movement, which is forgotten with time.

    Example:
        high:   4 6 7 6
        low:    2 3 4 2
        close:  3 5 6 4
        adx(2): - - - 57.1429
    """


@derived(
    "recencyOfHighest(high, n)",
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib AROON",
    degree=(0, 0),
)
def aroonUp(n: Period = 14) -> Series:
    """How new the highest high of the last n + 1 candles is: 100 for this candle, 0 for n candles ago.

    `100 * (n - d) / n`, where d is how many candles ago the highest high was (Tushar Chande). Of equal highs
    the newest counts, as in TA-Lib, so a flat market is 100; TradingView counts the oldest.

    Example:
        high:       5 7 6 6
        close:      4 4 4 4
        aroonUp(2): - - 50 0
    """


@derived(
    "recencyOfHighest(-low, n)",
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib AROON",
    degree=(0, 0),
)
def aroonDown(n: Period = 14) -> Series:
    """How new the lowest low of the last n + 1 candles is: 100 for this candle, 0 for n candles ago.

    `100 * (n - d) / n`, where d is how many candles ago the lowest low was (Tushar Chande). Of equal lows the
    newest counts, as in TA-Lib, so a flat market is 100; TradingView counts the oldest.

    Example:
        low:          2 1 3 3
        close:        4 4 4 4
        aroonDown(2): - - 50 0
    """


@derived(
    "abs(supertrendLine(hl2(), atr(n), close, factor))",
    first="n",
    unit="price",
    low=0.0,
    reference="TradingView ta.supertrend, except that a line below 0 is 0; TA-Lib's starts upwards",
    memory="recurrence",
    degree=(1, 0),
)
def supertrend(factor: Positive = 3, n: Period = 10) -> Series:
    """A line that trails the price: below it while the trend is up, above it while the trend is down.

    There are two lines, `hl2() - factor * atr(n)` and the same with a plus (Olivier Seban). The lower one
    only rises unless the close before was below it, the upper one only falls unless the close before was
    above it. The trend turns up when the close is above the upper line, and down when it is below the lower
    one. The arguments stand as on TradingView, the factor first, and as there the first trend is down, where
    TA-Lib begins upwards. TradingView begins a candle earlier, as its `ta.atr` does, which is forgotten with
    time; a lower line that would be below 0 is 0 here.

    Example:
        high:             5 7 10 10
        low:              3 5 7 4
        close:            4 6 10 4
        supertrend(1, 1): - 9 4.5 13
    """


@derived(
    "side(supertrendLine(hl2(), atr(n), close, factor))",
    first="n",
    unit="-1 to 1",
    low=-1.0,
    high=1.0,
    reference="TA-Lib SUPERTREND's trend but for the start; TradingView ta.supertrend with the other sign",
    memory="recurrence",
    degree=(0, 0),
)
def supertrendDirection(factor: Positive = 3, n: Period = 10) -> Series:
    """Which way the trend of `supertrend` goes: 1 up, -1 down.

    TradingView says -1 for up and 1 for down. The first trend is down, until the close is above the line; in
    TA-Lib it is up.

    Example:
        high:                      5 7 10 10
        low:                       3 5 7 4
        close:                     4 6 10 4
        supertrendDirection(1, 1): - -1 1 -1
    """


@derived(
    "stopAndReverse(high, low, start, increment, maximum)",
    first="1",
    unit="price",
    low=0.0,
    reference="TA-Lib SAR; TradingView ta.sar finds its first trend by closes",
    memory="recurrence",
    degree=(1, 0),
)
def sar(start: Positive = 0.02, increment: Positive = 0.02, maximum: Positive = 0.2) -> Series:
    """Parabolic stop and reverse: a stop that comes nearer the longer a trend lasts, and changes sides.

    The stop of the next candle is `sar + f * (extreme - sar)`, never inside the last two candles; f is
    `start` and grows by `increment` with every new extreme of the trend, up to `maximum`. A candle that
    touches the stop turns the trend, and the stop is then the extreme (Welles Wilder). The first trend is
    down if the second low is further below the first than the second high is above, as in TA-Lib; TradingView
    compares closes. `start` above `maximum` is `maximum`.

    Example:
        high:  5 6 7 7
        low:   3 4 6 2
        close: 4 5 7 3
        sar(): - 3 3.06 7
    """


@derived(
    "sma(abs(high - low[1]), n) / sma(trueRange(), n)",
    first="n",
    unit="ratio",
    low=0.0,
    reference="TA-Lib VORTEX, TradingView's Vortex Indicator",
    degree=(0, 0),
)
def vortexPlus(n: Period = 14) -> Series:
    """Positive vortex line: movement upwards in relation to the true range.

    The sum of `abs(high - low[1])` over the last n candles divided by that of the true range (Botes and
    Siepman). Undefined while the true range of all of them is 0.

    Example:
        high:          4 6 7
        low:           2 3 5
        close:         3 5 6
        vortexPlus(2): - - 1.6
    """


@derived(
    "sma(abs(low - high[1]), n) / sma(trueRange(), n)",
    first="n",
    unit="ratio",
    low=0.0,
    reference="TA-Lib VORTEX, TradingView's Vortex Indicator",
    degree=(0, 0),
)
def vortexMinus(n: Period = 14) -> Series:
    """Negative vortex line: movement downwards in relation to the true range.

    The sum of `abs(low - high[1])` over the last n candles divided by that of the true range (Botes and
    Siepman). Undefined while the true range of all of them is 0.

    Example:
        high:           4 6 7
        low:            2 3 5
        close:          3 5 6
        vortexMinus(2): - - 0.4
    """


@derived(
    "donchianMiddle(n)",
    first="n - 1",
    unit="price",
    low=0.0,
    reference="TradingView's Ichimoku Cloud",
    degree=(1, 0),
)
def ichimokuConversion(n: Period = 9) -> Series:
    """The conversion line (tenkan-sen): the middle of the range of the last n candles.

    `(highest(high, n) + lowest(low, n)) / 2` (Goichi Hosoda).

    Example:
        high:                  4 6 5
        low:                   2 3 4
        close:                 3 5 4
        ichimokuConversion(2): - 4 4.5
    """


@derived(
    "donchianMiddle(n)",
    first="n - 1",
    unit="price",
    low=0.0,
    reference="TradingView's Ichimoku Cloud",
    degree=(1, 0),
)
def ichimokuBase(n: Period = 26) -> Series:
    """The base line (kijun-sen): the middle of the range of the last n candles, more of them.

    `(highest(high, n) + lowest(low, n)) / 2` (Goichi Hosoda).

    Example:
        high:            4 6 5 7
        low:             2 3 4 5
        close:           3 5 4 6
        ichimokuBase(3): - - 4 5
    """


@derived(
    "((ichimokuConversion(conversion) + ichimokuBase(base)) / 2)[displacement - 1][1]",
    first="max(conversion, base) - 1 + displacement",
    unit="price",
    low=0.0,
    reference="TradingView's Ichimoku Cloud with a displacement that is one more",
    degree=(1, 0),
)
def ichimokuSpanA(conversion: Period = 9, base: Period = 26, displacement: Period = 26) -> Series:
    """The first edge of the cloud (senkou span A) as it is drawn on this candle.

    The middle between the conversion and the base line of `displacement` candles ago (Goichi Hosoda). Charts
    draw that value ahead; what stands over this candle was known that long ago, and what is drawn over
    candles to come is never used. TradingView's displacement counts this candle, so its 26 is 25 here.

    Example:
        close:                  2 4 8 6
        ichimokuSpanA(1, 2, 1): - - 3.5 7
    """


@derived(
    "donchianMiddle(n)[displacement - 1][1]",
    first="n - 1 + displacement",
    unit="price",
    low=0.0,
    reference="TradingView's Ichimoku Cloud with a displacement that is one more",
    degree=(1, 0),
)
def ichimokuSpanB(n: Period = 52, displacement: Period = 26) -> Series:
    """The second edge of the cloud (senkou span B) as it is drawn on this candle.

    The middle of the range of n candles, `displacement` candles ago (Goichi Hosoda). Charts draw that value
    ahead; what stands over this candle was known that long ago, and what is drawn over candles to come is
    never used. TradingView's displacement counts this candle, so its 26 is 25 here.

    Example:
        close:               2 4 8 6
        ichimokuSpanB(2, 1): - - 3 6
    """
