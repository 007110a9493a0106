"""Averages that follow faster where a market goes straight, and slower where it goes back and forth.

1. How straight the way of the last candles was is a share from 0 to 1: how far they got over how far they
   went. Where nothing moved it is 1; rounding never makes it more.
2. The share chooses a weight between that of a slow average and that of a fast one, and the square of it is
   how much of its distance to x the mean moves.
3. The mean starts as the value one candle before the first move. An undefined operand gives undefined and
   leaves the memory alone; so does a step that overflows.

Worked: fast 2, slow 30, before 10, x 12, a straight way → share 1, weight 2/3, so 10 + 4/9 * 2.
"""

from __future__ import annotations

import math
from typing import Any

from ..registry import NAN, recurrence


def _settle(fast: float, slow: float) -> int:
    """Candles after which a wrong start weighs less than half a unit, if the market never goes straight."""
    least = (2.0 / (max(fast, slow) + 1.0)) ** 2
    return 1 if least >= 1.0 else math.ceil(-54.0 * math.log(2.0) / math.log1p(-least))


@recurrence(operands=4, params=2, state=2, cost=13.5, first=lambda *_: 0, settle=_settle)
def adapt(count: int, x: Any, before: Any, far: Any, path: Any, out: Any, params: Any, state: Any) -> None:
    """The mean of x that moves by how `far` x got on a `path`; `params` are the fast and the slow period.

    `state` is (mean, whether there is one).
    """
    fast = 2.0 / (params[0] + 1.0)
    slow = 2.0 / (params[1] + 1.0)
    mean = state[0]
    known = state[1]
    for i in range(count):
        share = far[i] / path[i] if path[i] > far[i] else 1.0
        weight = share * (fast - slow) + slow
        last = mean if known == 1.0 else before[i]
        reached = last + weight * weight * (x[i] - last)
        whole = reached + 0.0 * (far[i] + path[i])
        if whole - whole == 0.0:
            mean = reached
            known = 1.0
            out[i] = reached
        else:
            out[i] = NAN
    state[0] = mean
    state[1] = known
