"""Arithmetic on one candle besides that of the operators: signs, whole numbers, logarithms and powers.

Where mathematics has no finite answer the value is undefined. Plain Python would raise there, so every
kernel asks before it calls.
"""

from __future__ import annotations

import math

from ..registry import NAN, pointwise

_WHOLE = 4503599627370496.0  # 2**52: from here on every float64 is a whole number
_LARGEST = 709.782712893384  # the logarithm of the largest float64
_NEAR_LARGEST = 709.7  # a product with a logarithm is not as exact


@pointwise(cost=0.25, closed=True)
def sign(a: float) -> float:
    """1 above 0, -1 below, 0 at 0."""
    return 1.0 if a > 0.0 else -1.0 if a < 0.0 else a - a


@pointwise(cost=0.3, closed=True)
def whole_below(a: float) -> float:
    """The largest whole number that is not above."""
    return float(math.floor(a)) if abs(a) < _WHOLE else a


@pointwise(cost=0.3, closed=True)
def whole_above(a: float) -> float:
    """The smallest whole number that is not below."""
    return float(math.ceil(a)) if abs(a) < _WHOLE else a


@pointwise(cost=0.37, closed=True)
def nearest_whole(a: float) -> float:
    """The nearest whole number, of two that are as near the upper one. The distance to the lower is exact."""
    if not abs(a) < _WHOLE:
        return a
    below = float(math.floor(a))
    return below + 1.0 if a - below >= 0.5 else below


@pointwise(cost=5.0, closed=True)
def logarithm(a: float) -> float:
    """The natural logarithm; undefined at 0 and below."""
    return math.log(a) if a > 0.0 else NAN


@pointwise(cost=6.6, closed=True)
def exponential(a: float) -> float:
    """e to the power of a number; undefined where that is above the largest float64."""
    return math.exp(a) if a <= _LARGEST else NAN


@pointwise(cost=20.0)
def power(a: float, b: float) -> float:
    """A number to the power of another, undefined where there is no real one or it is too large.

    Of a negative number there are whole powers only, of 0 none below 0.
    """
    if a != a or b != b or (a == 0.0 and b < 0.0):
        return NAN
    if a < 0.0 and abs(b) < _WHOLE and float(math.floor(b)) != b:
        return NAN
    if a != 0.0 and b * math.log(abs(a)) > _NEAR_LARGEST:
        return NAN
    return math.pow(a, b)
