"""Traded volume: against its average, and with the moves of the price."""

from __future__ import annotations

from ..registry import Period, Positive, Series, derived


@derived(
    "sma(volume, n)",
    first="n - 1",
    unit="volume",
    low=0.0,
    reference="TA-Lib SMA of the volume",
    degree=(0, 1),
)
def volumeSma(n: Period) -> Series:
    """The mean volume of the last n candles, this one included.

    Example:
        volume:       10 20 60
        volumeSma(2): - 15 40
    """


@derived(
    "volume / (m * volumeSma(20))",
    first="19",
    unit="ratio",
    low=0.0,
    degree=(0, 0),
)
def volumeSpike(m: Positive) -> Series:
    """The volume against m times its 20-candle average: above 1 means a spike.

    `volumeSpike(1)` is the plain ratio of the volume to its average. Undefined where the
    average is zero.

    Example:
        volume:         1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 21
        volumeSpike(1): - - - - - - - - - - - - - - - - - - - 10.5
    """


@derived(
    "vwma(hlc3(), n)",
    first="n - 1",
    unit="price",
    low=0.0,
    reference="qtpylib's rolling_vwap of the typical price; TradingView's ta.vwap begins anew every session",
    degree=(1, 0),
)
def vwap(n: Period = 20) -> Series:
    """The average price of the last n candles, each typical price counted by its volume.

    `sum(hlc3() * volume, n) / sum(volume, n)`: it rolls and knows no sessions. From an event on, it is
    `since(condition, hlc3() * volume) / since(condition, volume)`. Undefined where nothing was traded in the
    whole window; what is constant stays itself.

    Example:
        close:   2 4 8 8
        volume:  1 3 1 0
        vwap(2): - 3.5 5 8
    """


@derived(
    "cumulative(sign(change(close)) * volume)",
    first="1",
    unit="volume",
    reference="TA-Lib OBV less the volume of the first candle, with which that begins",
    memory="cumulative",
    degree=(0, 1),
)
def obv() -> Series:
    """On-balance volume: the volumes of rising candles less those of falling ones, from the start.

    A candle rises when it closes above the one before; what closes equal counts nothing (Joseph Granville,
    1963). The first candle has none before it, so it begins on the second, as Pine's `ta.obv` does; TA-Lib
    begins with the volume of the first. Only differences mean something.

    Example:
        close:  5 6 6 4
        volume: 9 2 3 4
        obv():  - 2 2 -2
    """


_FLOW = "if(high > low, ((close - low) - (high - close)) / (high - low) * volume, 0)"


@derived(
    f"cumulative({_FLOW})",
    first="0",
    unit="volume",
    reference="TA-Lib AD",
    memory="cumulative",
    degree=(0, 1),
)
def ad() -> Series:
    """Accumulation and distribution: volumes by where the candle closes in its range, from the start.

    A close at the high counts the whole volume, one at the low counts it against, one in the middle nothing
    (Marc Chaikin). A candle without a range counts nothing, as in TA-Lib and TradingView.

    Example:
        high:   4 4 5
        low:    2 2 5
        close:  4 2.5 5
        volume: 6 4 9
        ad():   6 4 4
    """


@derived(
    "ema(ad(), fast) - ema(ad(), slow)",
    first="max(fast, slow) - 1",
    unit="volume",
    reference="TradingView's Chaikin oscillator; TA-Lib ADOSC starts both averages with the first value",
    memory="recurrence",
    degree=(0, 1),
)
def adOsc(fast: Period = 3, slow: Period = 10) -> Series:
    """The Chaikin oscillator: a fast average of accumulation and distribution less a slow one.

    The averages are this language's `ema`, seeded with a mean; TA-Lib seeds them with the first value, which
    both forget.

    Example:
        high:        4 4 4
        low:         2 2 2
        close:       4 3 4
        volume:      6 4 8
        adOsc(1, 2): - 0 2.66667
    """


@derived(
    f"clamp(sum({_FLOW}, n) / sum(volume, n), -1, 1)",
    first="n - 1",
    unit="ratio",
    low=-1.0,
    high=1.0,
    reference="TradingView's Chaikin money flow",
    degree=(0, 0),
)
def cmf(n: Period = 20) -> Series:
    """Chaikin money flow: volumes by where the candles close in their ranges, over all volumes.

    1 where all of the last n candles closed at their highs, -1 at their lows. A candle without a range
    counts nothing above and its volume below. Undefined where there was no volume.

    Example:
        high:   4 4 5
        low:    2 2 5
        close:  4 2 5
        volume: 6 2 6
        cmf(2): - 0.5 -0.25
    """


@derived(
    "ema(change(close) * volume, n)",
    first="n",
    unit="price times volume",
    reference="TradingView's Elder force index",
    memory="recurrence",
    degree=(1, 1),
)
def forceIndex(n: Period = 13) -> Series:
    """Elder's force index: the exponential average of moves times volumes.

    Alexander Elder (1993) takes 13 candles for the trend and 2 for entries; `forceIndex(1)` is not averaged.

    Example:
        close:         5 6 8
        volume:        9 2 3
        forceIndex(1): - 2 6
        forceIndex(2): - - 4
    """
