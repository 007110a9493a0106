"""Arithmetic on one candle."""

from __future__ import annotations

from ..registry import Series, Term, derived, native, term


@native(
    first="0",
    unit="as x",
    low=0.0,
    degree=(1, 0),
)
def abs_(x: Series) -> Term:
    """The absolute value.

    Example:
        close:          3 7
        abs(close - 5): 2 2
    """
    return term("magnitude", x)


@native(
    first="0",
    unit="as a and b",
    degree=(1, 0),
)
def min_(a: Series, b: Series) -> Term:
    """The smaller of two numbers on each candle; undefined where one is.

    Example:
        close:         3 7
        min(close, 5): 3 5
    """
    return term("smaller", a, b)


@native(
    first="0",
    unit="as a and b",
    degree=(1, 0),
)
def max_(a: Series, b: Series) -> Term:
    """The larger of two numbers on each candle; undefined where one is.

    Example:
        close:         3 7
        max(close, 5): 5 7
    """
    return term("larger", a, b)


@native(first="0", unit="as x", low=0.0, reference="TA-Lib SQRT")
def sqrt(x: Series) -> Term:
    """The square root; undefined below 0.

    Example:
        close:       4 9
        sqrt(close): 2 3
    """
    return term("root", x)


@native(first="0", unit="sign", low=-1.0, high=1.0, reference="numpy.sign", degree=(0, 0))
def sign(x: Series) -> Term:
    """1 where a number is above 0, -1 where it is below, 0 where it is 0.

    Example:
        close:           3 5 7
        sign(close - 5): -1 0 1
    """
    return term("sign", x)


@native(first="0", unit="number", reference="TA-Lib LN")
def log(x: Series) -> Term:
    """The natural logarithm; undefined at 0 and below.

    Example:
        close:      1 2
        log(close): 0 0.693147
    """
    return term("logarithm", x)


@native(first="0", unit="number", low=0.0, reference="TA-Lib EXP")
def exp(x: Series) -> Term:
    """e to the power of x; undefined where that is larger than any float64, above x = 709.78.

    Example:
        close:          5 6
        exp(close - 5): 1 2.71828
    """
    return term("exponential", x)


@native(first="0", unit="number", reference="math.pow of C")
def pow_(x: Series, y: Series) -> Term:
    """x to the power of y.

    Undefined where there is no such number (a negative x with a y that is not whole, 0 with a negative y),
    and where it would be above 1.6e308. `pow(x, 0)` is 1.

    Example:
        close:         3 4
        pow(close, 2): 9 16
    """
    return term("power", x, y)


@native(first="0", unit="as x", reference="Pine's math.round")
def round_(x: Series) -> Term:
    """The nearest whole number; of two that are as near, the upper one: 2.5 gives 3, -2.5 gives -2.

    Python and NumPy take the even one there.

    Example:
        close:        2.4 2.5 3.5
        round(close): 2 3 4
    """
    return term("nearest_whole", x)


@native(first="0", unit="as x", reference="TA-Lib FLOOR")
def floor(x: Series) -> Term:
    """The largest whole number that is not above x.

    Example:
        close:             2.4 3
        floor(close):      2 3
        floor(0 - close):  -3 -3
    """
    return term("whole_below", x)


@native(first="0", unit="as x", reference="TA-Lib CEIL")
def ceil(x: Series) -> Term:
    """The smallest whole number that is not below x.

    Example:
        close:           2.4 3
        ceil(close):     3 3
        ceil(0 - close): -2 -3
    """
    return term("whole_above", x)


@derived("min(max(x, low), high)", first="0", unit="as x", reference="numpy.clip", degree=(1, 0))
def clamp(x: Series, low: Series, high: Series) -> Series:
    """x, but at least `low` and at most `high`; where `low` is above `high`, it is `high`.

    Example:
        close:              3 5 9
        clamp(close, 4, 8): 4 5 8
    """
