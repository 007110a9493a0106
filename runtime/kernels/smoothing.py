"""Exponential smoothing: the one recurrence behind `ema` and Wilder's means.

1. The first `needed` defined values are added up, together with what rounding loses; their mean
   is the value of the last of them. Rounded once, it is exact for a constant and for cancelling
   values.
2. From then on `mean += alpha * (x - mean)`, the product and the sum rounded once.
3. An undefined value gives undefined and leaves the memory alone; so does a step that overflows.

Worked: needed 2, alpha 2/3, values 1 3 NaN 6 → NaN, 2, NaN, 2 + 2/3 * 4.

The kernel does step 1; steps 2 and 3 are `follow` and what every recurrence with a step has in
common (adapters.py).
"""

from __future__ import annotations

import math
from typing import Any

from ..registry import NAN, recurrence
from .exact import fma


def _settle(alpha: float, needed: float) -> int:
    """Candles after which a wrong start weighs less than half a unit in the last place."""
    return (
        int(needed) if alpha >= 1.0 else int(needed) + math.ceil(-54.0 * math.log(2.0) / math.log1p(-alpha))
    )


def follow(mean: float, x: float, alpha: float) -> float:
    """The next mean."""
    return fma(alpha, x - mean, mean)


@recurrence(
    operands=1,
    params=2,
    state=3,
    cost=1.8,
    first=lambda alpha, needed: int(needed) - 1,
    settle=_settle,
    step=follow,
)
def smooth(count: int, x: Any, out: Any, params: Any, state: Any) -> int:
    """The seed of a smoothing with `params` (alpha, values in the seed); from where on to `follow`.

    `state` is (sum, values seen, what the sum has lost) until the seed is complete, and
    (mean, values seen, 0) from then on.
    """
    needed = params[1]
    mean = state[0]
    seen = state[1]
    lost = state[2]
    i = 0
    while i < count and seen < needed:
        out[i] = NAN
        total = mean + x[i]
        if total - total == 0.0:
            part = total - mean
            lost += (mean - (total - part)) + (x[i] - part)
            mean = total
            seen += 1.0
            if seen == needed:
                quotient = mean / needed
                mean = quotient + (fma(-quotient, needed, mean) + lost) / needed
                mean = mean if mean - mean == 0.0 else quotient
                lost = 0.0
                out[i] = mean
        i += 1
    state[0] = mean
    state[1] = seen
    state[2] = lost
    return i
