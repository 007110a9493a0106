"""Windows by doubling: a value over 2k candles from two over k, each level shared by all that need it.

Nothing runs on from window to window, so nothing drifts, a bad value is gone as soon as it has
left, and the bits do not depend on where the series starts. A sum of values of both signs carries
its rounding errors along (Knuth's two-sum), so the mean of changes that cancel is exactly 0. Where
no value is negative nothing cancels: a sum of 2**k loses at most k halves of a unit, of a constant
nothing. Only what is lost where the powers of two come together could move a constant, and all of it
but the last error is less than half a unit of the mean (at most 0.5 - 1.5 / n), so only the last one
counts. Either way the mean of a constant is exactly that constant.
"""

from __future__ import annotations

from ..registry import pointwise, window
from .exact import fma


@pointwise(cost=0.2, closed=True)
def total(a: float, b: float) -> float:
    """The sum of two sums; where it overflows it stays infinite, until `mean_of` makes it undefined."""
    return a + b


@pointwise(cost=0.3, closed=True)
def rounding(a: float, b: float) -> float:
    """What `a + b` loses to rounding, exactly."""
    total = a + b
    part = total - a
    return (a - (total - part)) + (b - part)


@pointwise(cost=0.55, closed=True)
def carry(a: float, b: float, lost_by_a: float, lost_by_b: float) -> float:
    """What the sum `a + b` and the sums behind `a` and `b` have lost to rounding."""
    total = a + b
    part = total - a
    return ((a - (total - part)) + (b - part)) + (lost_by_a + lost_by_b)


@pointwise(params=1, cost=0.45)
def mean_of(total: float, lost: float, count: float) -> float:
    """`(total + lost) / count`, rounded once: a near quotient, and the exact remainder's share.

    The remainder is a whole number of units below 2 * count, so `fma` gives it exactly. Where the
    total has cancelled to less than was lost, the two change places.
    """
    share = 1.0 / count
    near = total + lost
    quotient = near * share
    mean = quotient + (fma(-quotient, count, near) + ((total - near) + lost)) * share
    return mean if mean - mean == 0.0 else quotient


@pointwise(cost=0.26)
def sum_of(total: float, lost: float) -> float:
    """The sum of a window, rounded once."""
    return total + lost


@pointwise(cost=0.5, closed=True)
def total_of_four(a: float, b: float, c: float, d: float) -> float:
    """The sum of four sums that follow each other: `total` of `total`s."""
    return (a + b) + (c + d)


@pointwise(params=1, cost=0.2)
def share_of(total: float, count: float) -> float:
    """`total / count`, where `count` is a power of two, so nothing is lost."""
    return total * (1.0 / count)


@pointwise(params=1, cost=0.5)
def mean_of_parts(a: float, b: float, count: float) -> float:
    """`(a + b) / count` of two sums that are never negative, rounded once."""
    share = 1.0 / count
    total = a + b
    part = total - a
    lost = (a - (total - part)) + (b - part)
    quotient = total * share
    return quotient + (fma(-quotient, count, total) + lost) * share


window("mean", finish="mean_of")
window("sum", finish="sum_of")
window("highest", merge="larger")
window("lowest", merge="smaller")
