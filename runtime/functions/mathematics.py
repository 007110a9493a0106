"""Arithmetic on one candle."""

from __future__ import annotations

from ..registry import Series, Term, native, term


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
