"""Exponential smoothing: the one recurrence behind `ema` and Wilder's means.

1. The first `needed` defined values are added up, together with what rounding loses; their mean
   is the value of the last of them. Rounded once, it is exact for a constant and for cancelling
   values.
2. From then on `mean += alpha * (x - mean)`.
3. An undefined value gives undefined and leaves the memory alone; so does a step that overflows.

Worked: needed 2, alpha 2/3, values 1 3 NaN 6 → NaN, 2, NaN, 2 + 2/3 * 4.

Step 2 is bound by its latency. So the checks of step 3 are left out where a look ahead over the
chunk shows that nothing in it can need them, and what is left, `follow`, can run for several
averages at once. The bits are the same either way.
"""

from __future__ import annotations

import math
from typing import Any

from ..registry import NAN, recurrence

_SPLIT = 134217729.0  # 2**27 + 1, cuts a float64 into two halves of 26 bits
_LARGE = 1e290  # above this, cutting could overflow,
_SHRINK = 2.0**-28  # so it is done on a smaller scale
_TAME = 1e300  # below this, x - mean cannot overflow


def _settle(alpha: float, needed: float) -> int:
    """Candles after which a wrong start weighs less than half a unit in the last place."""
    return (
        int(needed) if alpha >= 1.0 else int(needed) + math.ceil(-54.0 * math.log(2.0) / math.log1p(-alpha))
    )


def follow(mean: float, x: float, alpha: float) -> float:
    """The next mean."""
    return mean + alpha * (x - mean)


@recurrence(
    operands=1,
    params=2,
    state=3,
    cost=2.6,
    first=lambda alpha, needed: int(needed) - 1,
    settle=_settle,
    step=follow,
)
def smooth(count: int, x: Any, out: Any, params: Any, state: Any) -> int:
    """Smoothing with `params` (alpha, values in the seed), up to where `follow` is all there is.

    `state` is (sum, values seen, what the sum has lost) until the seed is complete, and
    (mean, values seen, 0) from then on.
    """
    alpha = params[0]
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
                shrink = _SHRINK if abs(quotient) > _LARGE else 1.0
                part = quotient * shrink
                scaled = part * _SPLIT
                high = (scaled - (scaled - part)) / shrink
                remainder = ((mean - high * needed) - (quotient - high) * needed) + lost
                mean = quotient + remainder / needed
                mean = mean if mean - mean == 0.0 else quotient
                lost = 0.0
                out[i] = mean
        i += 1
    wild = 0 if abs(mean) < _TAME else 1
    for j in range(i, count):
        wild += 0 if abs(x[j]) < _TAME else 1
    if wild > 0:
        for j in range(i, count):
            step = mean + alpha * (x[j] - mean)
            if step - step == 0.0:
                mean = step
                out[j] = mean
            else:
                out[j] = NAN
        i = count
    state[0] = mean
    state[1] = seen
    state[2] = lost
    return i
