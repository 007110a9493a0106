"""Exponential smoothing: the one recurrence behind `ema` and Wilder's means.

1. The first `needed` defined values are added up, together with what rounding loses; their mean
   is the value of the last of them. Rounded once, it is exact for a constant and for cancelling
   values.
2. From then on `mean += alpha * (x - mean)`, the product and the sum rounded once, or for two values
   at once, x and y: `mean += alpha * (2 - alpha) * (x - mean) + alpha * (y - x)`. Both leave a mean
   as it is where the values equal it.
3. An undefined value gives undefined and leaves the memory alone; so does a step that overflows.

Worked: needed 2, alpha 2/3, values 1 3 NaN 6 → NaN, 2, NaN, 2 + 2/3 * 4.

`smooth` does step 1; step 2 is `follow` and `follow_two`, step 3 what every recurrence with a step
has in common (adapters.py).

Where alpha is large, a pair keeps little of the mean, and what `alpha * (2 - alpha)` loses to
rounding is much of that: `smooth_shortly` takes two single steps.

Where alpha is small, steps below half a unit of the mean would be lost: after n flat candles an
average of 5,000 would stop 1,250 units short of them. `smooth_finely` carries what each step loses on
to the next one; in the distance to x it would weigh less than a thousandth of a unit. That waits twice
as long for its last result, so only long averages use it.
"""

from __future__ import annotations

from functools import partial
import math
from typing import Any

from ..registry import NAN, recurrence
from .exact import fma, shared


def _settle(alpha: float, needed: float) -> int:
    """Candles after which a wrong start weighs less than half a unit in the last place."""
    return (
        int(needed) if alpha >= 1.0 else int(needed) + math.ceil(-54.0 * math.log(2.0) / math.log1p(-alpha))
    )


@shared
def follow(mean: float, x: float, alpha: float) -> float:
    """The next mean."""
    return fma(alpha, x - mean, mean)


def follow_two(mean: float, x: float, y: float, alpha: float) -> float:
    """The mean after the next."""
    return fma(alpha * (2.0 - alpha), x - mean, fma(alpha, y - x, mean))


def follow_twice(mean: float, x: float, y: float, alpha: float) -> float:
    """The mean after the next, by two steps."""
    return follow(follow(mean, x, alpha), y, alpha)


@shared
def seed(count: int, x: Any, out: Any, params: Any, state: Any) -> int:
    """The start of a smoothing with `params` (alpha, values in the seed); the candle behind it.

    `state` is (sum, values seen, what the sum has lost) until the seed is complete, and
    (mean, values seen, 0) then.
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
                near = mean + lost
                near = near if near - near == 0.0 else mean
                quotient = near / needed
                rest = fma(-quotient, needed, near) + ((mean - near) + lost)
                mean = quotient + rest / needed
                mean = mean if mean - mean == 0.0 else quotient
                lost = 0.0
                out[i] = mean
        i += 1
    state[0] = mean
    state[1] = seen
    state[2] = lost
    return i


_smoothing = partial(
    recurrence,
    operands=1,
    params=2,
    state=3,
    first=lambda alpha, needed: int(needed) - 1,
    settle=_settle,
)


@_smoothing(cost=1.7, step=follow, two_steps=follow_two)
def smooth(count: int, x: Any, out: Any, params: Any, state: Any) -> int:
    """The seed, and from where on to `follow`."""
    return seed(count, x, out, params, state)


@_smoothing(cost=3.9, step=follow, two_steps=follow_twice)
def smooth_shortly(count: int, x: Any, out: Any, params: Any, state: Any) -> int:
    """The seed, and from where on to `follow`; for short averages."""
    return seed(count, x, out, params, state)


@_smoothing(cost=7.0)
def smooth_finely(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    """The seed, and then a mean in two parts: `state` is (mean, values seen, what it has lost)."""
    start = seed(count, x, out, params, state)
    alpha = params[0]
    mean = state[0]
    lost = state[2]
    for i in range(start, count):
        move = fma(alpha, x[i] - mean, lost)
        reached = mean + move
        if reached - reached == 0.0:
            lost = move - (reached - mean)
            mean = reached
            out[i] = mean
        else:
            out[i] = NAN
    state[0] = mean
    state[2] = lost
