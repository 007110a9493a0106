"""Events between two series."""

from __future__ import annotations

from ..registry import Series, Truth, derived


@derived(
    "a > b AND a[1] <= b[1]",
    first="1",
    unit="truth",
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
    degree=(0, 0),
)
def crossDown(a: Series, b: Series) -> Truth:
    """True on the candle on which a falls below b: it is below now and was not one candle ago.

    Certainly false as soon as `a >= b`, also where the candle before is undefined.

    Example:
        close:               6 4 5 4
        crossDown(close, 5): 0 1 0 1
    """
