"""How values are spread over a window."""

from __future__ import annotations

from ..registry import Percent, Period, Sample, Series, Term, derived, native, term


@native(first="n - 1", unit="as series squared", low=0.0, reference="TA-Lib VAR", degree=(2, 0))
def variance(series: Series, n: Period) -> Term:
    """The population variance of the last n values: the mean of the squared distances from their mean.

    It divides by n, as TradingView and TA-Lib do, not by n - 1 as pandas does. Exactly 0 for a flat window.
    Squares that are too small for a float64 are 0, and where they are too large it is undefined.

    Example:
        close:              1 3 3 9
        variance(close, 2): - 1 0 9
    """
    return term("variance", series, params=(n, 0))


@native(
    first="n - 1",
    unit="as a change of series",
    low=0.0,
    reference="TA-Lib STDDEV",
    degree=(1, 0),
)
def stdev(series: Series, n: Period) -> Term:
    """The population standard deviation of the last n values, the root of their variance.

    It divides by n, as TradingView and TA-Lib do, not by n - 1 as pandas does. Exactly 0 for a flat window.

    Example:
        close:           1 3 3 9
        stdev(close, 2): - 1 0 3
    """
    return term("variance", series, params=(n, 1))


@derived(
    "(series - sma(series, n)) / stdev(series, n)",
    first="n - 1",
    unit="ratio",
    degree=(0, 0),
)
def zscore(series: Series, n: Sample) -> Series:
    """How many standard deviations a value is above the mean of the last n values, itself included.

    `(x - sma(x, n)) / stdev(x, n)`, with the population's standard deviation; pandas-ta divides by n - 1
    in it, which gives a little less. Undefined in a flat window.

    Example:
        close:            1 3 3 9
        zscore(close, 2): - 1 - 1
    """


@native(first="n - 1", unit="as a times b", degree=(2, 0))
def covariance(a: Series, b: Series, n: Period) -> Term:
    """The population covariance of the last n pairs: the mean product of their distances from their means.

    It divides by n; pandas divides by n - 1. Exactly 0 where a or b is flat.

    Example:
        close:                     1 3 3
        open:                      2 6 2
        high:                       3 6 3
        covariance(close, open, 2): - 2 0
    """
    return term("covariance", a, b, params=(n,))


@native(
    first="n - 1",
    unit="ratio",
    low=-1.0,
    high=1.0,
    reference="TA-Lib CORREL, which is 0 where a or b is flat",
    degree=(0, 0),
)
def correlation(a: Series, b: Series, n: Sample) -> Term:
    """Pearson's correlation of the last n pairs, from -1 (opposite) to 1 (in step).

    The covariance over both standard deviations; never outside its range. Undefined where a or b is
    flat, as in TradingView; TA-Lib says 0 there. Squares of distances that are too small or too large for a
    float64 (below about 1e-160, above 1e150) leave it undefined as well.

    Example:
        close:                       1 3 3
        open:                        2 6 2
        high:                        3 6 3
        correlation(close, open, 2): - 1 -
    """
    return term("correlation", a, b, params=(n,))


@derived(
    "covariance(series, market, n) / variance(market, n)",
    first="n - 1",
    unit="ratio",
    reference="TA-Lib BETA, which makes returns of both itself and takes the market first",
    degree=(0, 0),
)
def beta(series: Series, market: Series, n: Sample) -> Series:
    """How much a series moves for each unit that a market moves: the slope of a line through n pairs.

    `covariance(series, market, n) / variance(market, n)`. It takes the values as they are; of returns it is
    the beta of finance: `beta(close / close[1], open / open[1], 5)`. Undefined where the market is flat, or
    squares of its distances from the mean are too small or too large for a float64.

    Example:
        close:               3 7 7
        open:                2 4 4
        high:                3 7 7
        beta(close, open, 2): - 2 -
    """


@native(
    first="n - 1",
    unit="as a change of series",
    reference="TA-Lib LINEARREG_SLOPE",
    degree=(1, 0),
)
def linregSlope(series: Series, n: Sample) -> Term:
    """The slope of the straight line that fits the last n values best: by how much it rises a candle.

    Least squares over the candles 0 to n - 1: `sum((j - mean of j) * x) * 12 / (n^3 - n)`. Exactly 0 in a
    flat window.

    Example:
        close:                 1 3 5 1
        linregSlope(close, 3): - - 2 -1
    """
    return term("slope", series, params=(n,))


@derived(
    "wma(series, n) + 2 * (wma(series, n) - sma(series, n))",
    first="n - 1",
    unit="as series",
    reference="TA-Lib LINEARREG, TradingView ta.linreg with offset 0",
    degree=(1, 0),
)
def linreg(series: Series, n: Period) -> Series:
    """The last point of the straight line that fits the last n values best (least squares).

    The line ends at `3 * wma(x, n) - 2 * sma(x, n)`. A constant stays that constant exactly; the line of
    one value is that value. TradingView's offset k is `linreg(x, n) - k * linregSlope(x, n)`.

    Example:
        close:            1 3 5 1
        linreg(close, 3): - - 5 2
    """


@native(first="n - 1", unit="ratio", degree=(0, 0))
def skew(series: Series, n: Sample) -> Term:
    """How lopsided the last n values are: above 0 with a long tail upwards, below 0 with one downwards.

    The population's skewness, the mean cubed distance from the mean over the cubed standard deviation, as
    scipy has it (Fisher and Pearson's g1); pandas multiplies by `sqrt(n * (n - 1)) / (n - 2)`. Undefined in a
    flat window, and where squares of distances are too small or too large for a float64.

    Example:
        close:          1 1 4 4 4
        skew(close, 3): - - 0.707107 -0.707107 -
    """
    return term("shape", series, params=(n, 3))


@native(first="n - 1", unit="ratio", low=-2.0, degree=(0, 0))
def kurtosis(series: Series, n: Sample) -> Term:
    """How heavy the tails of the last n values are: 0 as of a normal distribution, above with outliers.

    The population's excess kurtosis, the mean fourth power of the distance from the mean over the squared
    variance, minus 3, as scipy has it (Fisher's g2); pandas corrects it for small samples. Never below -2.
    Undefined in a flat window, and where squares of distances are too small or too large for a float64.

    Example:
        close:              1 1 4 4 4
        kurtosis(close, 3): - - -1.5 -1.5 -
    """
    return term("shape", series, params=(n, 4))


@native(
    first="n - 1",
    unit="as series",
    reference="numpy.percentile; TA-Lib PERCENTILE takes the nearest rank",
    degree=(1, 0),
)
def percentile(series: Series, n: Period, p: Percent) -> Term:
    """The value below which p percent of the last n values lie, between two of them in proportion.

    Of the sorted values 0 to n - 1 it is the one at `p / 100 * (n - 1)`, and between two of them where that
    is no whole number, as numpy and pandas have it. TradingView's `percentile_linear_interpolation` takes the
    one at `p / 100 * n + 0.5`, counted from 1; TA-Lib, and TradingView's `percentile_nearest_rank`, that at
    `p / 100 * n`, rounded up.

    Example:
        close:                   1 3 2 9
        percentile(close, 3, 50): - - 2 3
        percentile(close, 3, 75): - - 2.5 6
    """
    return term("percentile", series, params=(n, p / 100.0))


@derived(
    "percentile(series, n, 50)",
    first="n - 1",
    unit="as series",
    reference="pandas rolling median",
    degree=(1, 0),
)
def median(series: Series, n: Period) -> Series:
    """The middle one of the last n values; of an even number, half way between the two in the middle.

    Example:
        close:            1 3 2 9
        median(close, 3): - - 2 3
        median(close, 2): - 2 2.5 5.5
    """


@native(
    first="n",
    unit="0 to 100",
    low=0.0,
    high=100.0,
    reference="TA-Lib PERCENTRANK, TradingView ta.percentrank",
    degree=(0, 0),
)
def percentRank(series: Series, n: Period) -> Term:
    """How many percent of the n values before are at or below this one.

    A value that equals this one counts, as in TradingView. 100 in a flat window.

    Example:
        close:                 1 3 2 9
        percentRank(close, 2): - - 50 100
    """
    return term("percent_rank", series, params=(n + 1,))
