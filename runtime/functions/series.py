"""Extremes and sums of a series."""

from __future__ import annotations

from ..registry import Period, Series, Term, Truth, derived, native, term


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


@native(first="n - 1", unit="as series", reference="TA-Lib SUM", degree=(1, 0))
def sum_(series: Series, n: Period) -> Term:
    """The sum of the last n candles, this one included.

    What rounding loses is carried along, so what cancels leaves the rest as it was, and nothing runs on from
    window to window, so nothing drifts. Undefined while an undefined value is in the window.

    Example:
        close:         1 2 3 4
        sum(close, 2): - 3 5 7
    """
    return term("sum", series, params=(n,))


@native(first="0", unit="as series", reference="Pine's ta.cum", memory="cumulative", degree=(1, 0))
def cumulative(series: Series) -> Term:
    """The sum of all candles so far.

    What rounding loses is carried along. An undefined value gives undefined and is otherwise passed over.

    Example:
        close:                     1 2 3
        cumulative(close):         1 3 6
        cumulative(change(close)): - 1 2
    """
    return term("cumulative", series)


@native(first="n - 1", unit="candles", low=0.0, internal=True, degree=(0, 0))
def sinceHighest(series: Series, n: Period) -> Term:
    """How many candles ago the highest of the last n was."""
    return term("since_highest", series, params=(n,))


@derived(
    "0 - sinceHighest(series, n)",
    first="n - 1",
    unit="candles",
    high=0.0,
    reference="Pine's ta.highestbars and TA-Lib MAXINDEX less the candle, which take the oldest of equals",
    degree=(0, 0),
)
def highestBars(series: Series, n: Period) -> Series:
    """Where the highest of the last n candles is: 0 for this candle, -3 for three candles ago.

    Never above 0, as in Pine. Of equal values it is the newest, so it is 0 in a flat window.

    Example:
        close:                 5 1 2 6
        highestBars(close, 3): - - -2 0
    """


@derived(
    "highestBars(-series, n)",
    first="n - 1",
    unit="candles",
    high=0.0,
    reference="Pine's ta.lowestbars and TA-Lib MININDEX less the candle, which take the oldest of equals",
    degree=(0, 0),
)
def lowestBars(series: Series, n: Period) -> Series:
    """Where the lowest of the last n candles is: 0 for this candle, -3 for three candles ago.

    Never above 0, as in Pine. Of equal values it is the newest, so it is 0 in a flat window.

    Example:
        close:                2 5 3 1
        lowestBars(close, 3): - - -2 0
    """


@derived(
    "series > highest(series, n)[1]",
    first="n",
    unit="truth",
    reference="Pine's ta.rising as its manual words it, without its tolerance of 1e-10",
    degree=(0, 0),
)
def rising(series: Series, n: Period) -> Truth:
    """Whether a series is above each of its n values before.

    That is less than n rises in a row, which `streak(series > series[1]) >= n` asks for, and which PyneCore,
    tested against TradingView, takes `ta.rising` to count.

    Example:
        close:            3 1 2 5
        rising(close, 2): 0 0 0 1
    """


@derived(
    "series < lowest(series, n)[1]",
    first="n",
    unit="truth",
    reference="Pine's ta.falling as its manual words it, without its tolerance of 1e-10",
    degree=(0, 0),
)
def falling(series: Series, n: Period) -> Truth:
    """Whether a series is below each of its n values before.

    That is less than n falls in a row, which `streak(series < series[1]) >= n` asks for, and which PyneCore,
    tested against TradingView, takes `ta.falling` to count.

    Example:
        close:             3 4 2 1
        falling(close, 2): 0 0 1 1
    """


@derived(
    "if(highest(series, n) > lowest(series, n),"
    " (series - lowest(series, n)) / (highest(series, n) - lowest(series, n)), 0.5)",
    first="n - 1",
    unit="ratio",
    low=0.0,
    high=1.0,
    reference="a hundredth of TA-Lib STOCHF of one series, except that a flat window is 0.5 (there 0)",
    degree=(0, 0),
)
def normalize(series: Series, n: Period) -> Series:
    """Where a value stands in the range of its last n: 0 is the lowest, 1 the highest.

    In the middle, 0.5, where the window is flat.

    Example:
        close:               1 3 2 2
        normalize(close, 2): - 1 0 0.5
    """
