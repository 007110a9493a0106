"""What kernels may call by name: a fused multiply-add, and functions that are declared as shared."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
import math
from typing import Any

SHARED: list[Callable[..., Any]] = []
"""Functions that are compiled into every kernel that calls them."""


def shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare a function that several kernels call."""
    SHARED.append(function)
    return function


def fma(a: float, b: float, c: float) -> float:
    """`a * b + c`, rounded once; compiled, it is one instruction.

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
