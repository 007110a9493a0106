"""Windows by doubling: a value over 2k candles from two over k, each level shared by all that need it.

Nothing runs on from window to window, so nothing drifts, a bad value is gone as soon as it has
left, and the bits do not depend on where the series starts. A sum carries its rounding errors
along (Knuth's two-sum), so the mean of changes that cancel is exactly 0, and the mean of a
constant exactly that constant.
"""

from __future__ import annotations

from ..registry import pointwise, window

_SPLIT = 134217729.0  # 2**27 + 1, cuts a float64 into two halves of 26 bits
_LARGE = 1e290  # above this, cutting could overflow,
_SHRINK = 2.0**-28  # so it is done on a smaller scale


@pointwise()
def rounding(a: float, b: float) -> float:
    """What `a + b` loses to rounding, exactly."""
    total = a + b
    part = total - a
    return (a - (total - part)) + (b - part)


@pointwise(cost=0.4)
def carry(a: float, b: float, lost_by_a: float, lost_by_b: float) -> float:
    """What the sum `a + b` and the sums behind `a` and `b` have lost to rounding."""
    total = a + b
    part = total - a
    return ((a - (total - part)) + (b - part)) + (lost_by_a + lost_by_b)


@pointwise(params=1, cost=0.8)
def mean_of(total: float, lost: float, count: float) -> float:
    """`(total + lost) / count`, rounded once: a quotient and the exact remainder's share."""
    quotient = total / count
    shrink = _SHRINK if abs(quotient) > _LARGE else 1.0
    part = quotient * shrink
    scaled = part * _SPLIT
    high = (scaled - (scaled - part)) / shrink
    remainder = ((total - high * count) - (quotient - high) * count) + lost
    mean = quotient + remainder / count
    return mean if mean - mean == 0.0 else quotient


window("mean", finish="mean_of")
window("highest", merge="larger")
window("lowest", merge="smaller")
