"""Prices made of the four of a candle, and averaged candles."""

from __future__ import annotations

from ..registry import Series, Term, derived, native, term


@derived("(high + low) / 2", first="0", unit="price", low=0.0, reference="TA-Lib MEDPRICE", degree=(1, 0))
def hl2() -> Series:
    """The middle of a candle: the mean of high and low.

    Example:
        high:  4 6
        low:   2 3
        close: 3 5
        hl2(): 3 4.5
    """


@derived(
    "(high + low + close) / 3", first="0", unit="price", low=0.0, reference="TA-Lib TYPPRICE", degree=(1, 0)
)
def hlc3() -> Series:
    """The typical price: the mean of high, low and close, added up in this order.

    Example:
        high:   4 6
        low:    2 3
        close:  3 6
        hlc3(): 3 5
    """


@derived(
    "(open + high + low + close) / 4",
    first="0",
    unit="price",
    low=0.0,
    reference="TA-Lib AVGPRICE, which adds in another order",
    degree=(1, 0),
)
def ohlc4() -> Series:
    """The mean of the four prices of a candle.

    Example:
        open:    2 6
        high:    4 6
        low:     2 3
        close:   4 5
        ohlc4(): 3 5
    """


@derived("open - close[1]", first="1", unit="price difference", degree=(1, 0))
def gap() -> Series:
    """How far a candle opens above the close before it, below 0 where it opens lower.

    Undefined on the first candle. As a share of the price it is `gap() / close[1]`.

    Example:
        open:  2 5 5
        close: 4 6 5
        gap(): - 1 -1
    """


@derived(
    "ohlc4()",
    first="0",
    unit="price",
    low=0.0,
    reference="TradingView's Heikin Ashi close",
    degree=(1, 0),
)
def haClose() -> Series:
    """The close of the Heikin Ashi candle: the mean of the four prices.

    Example:
        open:      2 6
        high:      4 6
        low:       2 3
        close:     4 5
        haClose(): 3 5
    """


@native(first="0", unit="price", internal=True, memory="recurrence", degree=(1, 0))
def halfway(start: Series, x: Series) -> Term:
    """The mean of the value before and the x before, from `start` on."""
    return term("halfway", start, x)


@derived(
    "halfway((open + close) / 2, haClose())",
    first="0",
    unit="price",
    low=0.0,
    reference="TradingView's Heikin Ashi open",
    memory="recurrence",
    degree=(1, 0),
)
def haOpen() -> Series:
    """The open of the Heikin Ashi candle: the middle of the Heikin Ashi body before.

    The first is the middle of the first body, `(open + close) / 2`, as TradingView's is; freqtrade's
    qtpylib takes the open of the first candle instead, which 54 candles later is forgotten.

    Example:
        open:     2 6 5
        high:     4 6 5
        low:      2 3 5
        close:    4 5 5
        haOpen(): 3 3 4
    """


@derived(
    "max(high, max(haOpen(), haClose()))",
    first="0",
    unit="price",
    low=0.0,
    reference="TradingView's Heikin Ashi high",
    memory="recurrence",
    degree=(1, 0),
)
def haHigh() -> Series:
    """The high of the Heikin Ashi candle: the highest of the high and its own open and close.

    Example:
        open:     9 2
        high:     9 3
        low:      7 1
        close:    7 2
        haHigh(): 9 8
    """


@derived(
    "min(low, min(haOpen(), haClose()))",
    first="0",
    unit="price",
    low=0.0,
    reference="TradingView's Heikin Ashi low",
    memory="recurrence",
    degree=(1, 0),
)
def haLow() -> Series:
    """The low of the Heikin Ashi candle: the lowest of the low and its own open and close.

    Example:
        open:    1 8
        high:    3 9
        low:     1 7
        close:   3 8
        haLow(): 1 2
    """
