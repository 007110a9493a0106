"""Events between two series."""

from __future__ import annotations

from ..registry import Period, Series, Truth, derived


@derived(
    "a > b AND a[1] <= b[1]",
    first="1",
    unit="truth",
    reference="Pine's ta.crossover, which passes over candles on which one side is undefined",
    degree=(0, 0),
)
def crossUp(a: Series, b: Series) -> Truth:
    """True on the candle on which a rises above b: it is above now and was not one candle ago.

    Certainly false as soon as `a <= b`, also where the candle before is undefined.

    Example:
        close:             4 6 7 5
        crossUp(close, 5): 0 1 0 0
    """


@derived(
    "a < b AND a[1] >= b[1]",
    first="1",
    unit="truth",
    reference="Pine's ta.crossunder, which passes over candles on which one side is undefined",
    degree=(0, 0),
)
def crossDown(a: Series, b: Series) -> Truth:
    """True on the candle on which a falls below b: it is below now and was not one candle ago.

    Certainly false as soon as `a >= b`, also where the candle before is undefined.

    Example:
        close:               6 4 5 4
        crossDown(close, 5): 0 1 0 1
    """


@derived(
    "crossUp(a, b) OR crossDown(a, b)",
    first="1",
    unit="truth",
    reference="Pine's ta.crossover or ta.crossunder, with their difference",
    degree=(0, 0),
)
def cross(a: Series, b: Series) -> Truth:
    """True on the candle on which a crosses b, up or down: `crossUp(a, b) OR crossDown(a, b)`.

    Certainly false where a equals b, also where the candle before is undefined. To touch b and to leave it to
    the side from which a came is a cross, too; Pine's `ta.cross` waits for the other side, and takes what
    differs by less than 1e-10 for equal.

    Example:
        close:           4 6 7 5
        cross(close, 6): 0 0 1 1
    """


@derived(
    "only(series[right] > highest(series, right) AND series[right] >= highest(series, left)[right + 1],"
    " series[right])",
    first="left + right",
    unit="as series",
    reference="Pine's ta.pivothigh",
    degree=(1, 0),
)
def pivotHigh(left: Period = 5, right: Period = 5, series: Series = "high") -> Series:
    """The value of a peak, on the candle that confirms it: `right` candles after the peak.

    A peak is above the `right` candles after it and not below the `left` ones before it: of equal tops it is
    the last one, and a flat market has none. Undefined on all other candles; the last peak that is known is
    `valueWhen(isDefined(pivotHigh()), pivotHigh())`. The arguments of Pine stand in another order:
    `ta.pivothigh(source, left, right)` is `pivotHigh(left, right, source)`.

    Example:
        close:                  3 5 4 2 6
        pivotHigh(1, 2, close): - - - 5 -
    """


@derived(
    "only(series[right] < lowest(series, right) AND series[right] <= lowest(series, left)[right + 1],"
    " series[right])",
    first="left + right",
    unit="as series",
    reference="Pine's ta.pivotlow",
    degree=(1, 0),
)
def pivotLow(left: Period = 5, right: Period = 5, series: Series = "low") -> Series:
    """The value of a trough, on the candle that confirms it: `right` candles after the trough.

    A trough is below the `right` candles after it and not above the `left` ones before it: of equal bottoms
    it is the last one, and a flat market has none. Undefined on all other candles; the last trough that is
    known is `valueWhen(isDefined(pivotLow()), pivotLow())`. The arguments of Pine stand in another order:
    `ta.pivotlow(source, left, right)` is `pivotLow(left, right, source)`.

    Example:
        close:                 5 2 3 4 1
        pivotLow(1, 2, close): - - - 2 -
    """
