"""Kernels that see one candle: arithmetic, comparisons, logic, and the score.

A number is finite or NaN (undefined). NaN must come out where NaN goes in, which the plain
operators of IEEE 754 do by themselves; the two exceptions (`larger`, `smaller`) ask for it.
Comparisons are false on NaN: they are masks of what is *certain*. Results that overflow are
made undefined by the adapter unless the kernel is `closed`.
"""

from __future__ import annotations

import math

from ..registry import NAN, pointwise


@pointwise()
def add(a: float, b: float) -> float:
    """The sum."""
    return a + b


@pointwise()
def subtract(a: float, b: float) -> float:
    """The difference."""
    return a - b


@pointwise()
def multiply(a: float, b: float) -> float:
    """The product."""
    return a * b


@pointwise(params=1, cost=0.2)
def scale(a: float, factor: float) -> float:
    """The product with a constant."""
    return a * factor


@pointwise(cost=0.7)
def divide(a: float, b: float) -> float:
    """The quotient; by zero it is not finite, so undefined."""
    return a / b


@pointwise(cost=0.18, closed=True)
def negate(a: float) -> float:
    """The number with the other sign."""
    return -a


@pointwise(cost=0.18, closed=True)
def magnitude(a: float) -> float:
    """The absolute value."""
    return abs(a)


@pointwise(closed=True)
def larger(a: float, b: float) -> float:
    """The larger of two numbers; undefined if one is. Of equal ones the first (0 and -0)."""
    return a if a >= b or a != a else b


@pointwise(closed=True)
def smaller(a: float, b: float) -> float:
    """The smaller of two numbers; undefined if one is. Of equal ones the first (0 and -0)."""
    return a if a <= b or a != a else b


@pointwise(cost=0.3)
def rise(now: float, before: float) -> float:
    """How much the number has risen: `now - before`, or 0 where that is negative."""
    change = now - before
    return change if change > 0.0 or change != change else 0.0


@pointwise(cost=0.3)
def fall(now: float, before: float) -> float:
    """How much the number has fallen: `before - now`, or 0 where that is negative."""
    change = before - now
    return change if change > 0.0 or change != change else 0.0


@pointwise(cost=0.15)
def greater(a: float, b: float) -> bool:
    """Certainly `a > b`."""
    return a > b


@pointwise(cost=0.15)
def greater_or_equal(a: float, b: float) -> bool:
    """Certainly `a >= b`."""
    return a >= b


@pointwise(cost=0.15)
def equal(a: float, b: float) -> bool:
    """Certainly `a == b`."""
    return a == b


@pointwise(cost=0.15)
def unequal(a: float, b: float) -> bool:
    """Certainly `a != b`; unlike IEEE's, false where one is undefined."""
    return a < b or a > b


@pointwise(params=1, cost=0.15)
def above(a: float, limit: float) -> bool:
    """Certainly `a > limit`."""
    return a > limit


@pointwise(params=1, cost=0.15)
def at_or_above(a: float, limit: float) -> bool:
    """Certainly `a >= limit`."""
    return a >= limit


@pointwise(params=1, cost=0.15)
def below(a: float, limit: float) -> bool:
    """Certainly `a < limit`."""
    return a < limit


@pointwise(params=1, cost=0.15)
def at_or_below(a: float, limit: float) -> bool:
    """Certainly `a <= limit`."""
    return a <= limit


@pointwise(cost=0.04)
def both(a: bool, b: bool) -> bool:
    """Both masks."""
    return a & b


@pointwise(cost=0.04)
def either(a: bool, b: bool) -> bool:
    """One mask or the other."""
    return a | b


@pointwise(params=1, closed=True)
def weigh(total: float, mask: bool, weight: float) -> float:
    """A total, plus the weight where the mask holds. Exact: weights are integers below 2**53."""
    return total + weight * mask


@pointwise(params=1, cost=0.03)
def tally(points: int, mask: bool, weight: int) -> int:
    """Points, and more where the mask holds: minus one has all bits, minus nothing none.

    Not `weight if mask else 0`, which numba makes a float64 of with Python 3.13.
    """
    return points + (-mask & weight)


@pointwise(params=4, cost=0.04)
def tally_four(
    points: int,
    a: bool,
    b: bool,
    c: bool,
    d: bool,
    weight_a: int,
    weight_b: int,
    weight_c: int,
    weight_d: int,
) -> int:
    """Points, and more where the masks hold: `tally` four times."""
    return points + (-a & weight_a) + (-b & weight_b) + (-c & weight_c) + (-d & weight_d)


@pointwise(params=1, cost=0.02)
def at_least(points: int, least: int) -> bool:
    """Whether there are so many points or more."""
    return points >= least


@pointwise(params=1, cost=0.02)
def at_most(points: int, most: int) -> bool:
    """Whether there are so many points or fewer."""
    return points <= most


@pointwise(params=1, cost=0.15, closed=True)
def widen(points: int, start: float) -> float:
    """The number that the points stand for when they count from `start`."""
    return start + points


@pointwise(closed=True)
def settled(low: float, high: float) -> float:
    """The one value of an interval, undefined where it is wider than a point."""
    return low if low == high else NAN


@pointwise(cost=0.9)
def root(a: float) -> float:
    """The square root; undefined below 0."""
    return math.sqrt(a) if a >= 0.0 else NAN
