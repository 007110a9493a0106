"""Arithmetic without rounding errors: a fused multiply-add, and what follows from it.

Kernels call these by name; `fma` is one machine instruction when they are compiled.
"""

from __future__ import annotations

from fractions import Fraction
import math


def fma(a: float, b: float, c: float) -> float:
    """`a * b + c`, rounded once.

    >>> fma(0.1, 10.0, -1.0), 0.1 * 10.0 - 1.0
    (5.551115123125783e-17, 0.0)
    """
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return a * b + c if a == 0.0 or b == 0.0 else 0.0
    try:
        return float(exact)
    except OverflowError:
        return math.copysign(math.inf, exact)
