"""Exponential smoothing: the one recurrence behind `ema` and Wilder's means.

1. The first `count` defined values are averaged one by one (`mean += (x - mean) / seen`), which
   keeps a constant exactly; that mean is the value of the last of them.
2. From then on `mean += alpha * (x - mean)`.
3. An undefined value gives undefined and leaves the memory alone; so does a step that overflows.

Worked: count 2, alpha 2/3, values 1 3 NaN 6 → NaN, 2, NaN, 2 + 2/3 * 4.

The loop is bound by the latency of step 2, so the checks of step 3 are left out where a look
ahead over the chunk shows that nothing in it can need them. The bits are the same either way.
"""

from __future__ import annotations

import math
from typing import Any

from ..registry import NAN, recurrence

_TAME = 1e300  # below this, x - mean cannot overflow


def _settle(alpha: float, count: float) -> int:
    """Candles after which a wrong start weighs less than half a unit in the last place."""
    return int(count) if alpha >= 1.0 else int(count) + math.ceil(-54.0 * math.log(2.0) / math.log1p(-alpha))


@recurrence(operands=1, params=2, state=2, cost=2.6, first=lambda alpha, count: int(count) - 1, settle=_settle)
def smooth(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    """Smoothing with `params` (alpha, values in the seed); `state` is (values seen, mean)."""
    alpha = params[0]
    needed = params[1]
    seen = state[0]
    mean = state[1]
    i = 0
    while i < count and seen < needed:
        step = mean + (x[i] - mean) / (seen + 1.0)
        if step - step == 0.0:
            seen += 1.0
            mean = step
            out[i] = mean if seen == needed else NAN
        else:
            out[i] = NAN
        i += 1
    wild = 0 if abs(mean) < _TAME else 1
    for j in range(i, count):
        wild += 0 if abs(x[j]) < _TAME else 1
    if wild == 0:
        for j in range(i, count):
            mean = mean + alpha * (x[j] - mean)
            out[j] = mean
    else:
        for j in range(i, count):
            step = mean + alpha * (x[j] - mean)
            if step - step == 0.0:
                mean = step
                out[j] = mean
            else:
                out[j] = NAN
    state[0] = seen
    state[1] = mean
