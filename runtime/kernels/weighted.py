"""Averages whose values weigh differently: by age, by volume, by a bell curve.

`weighted` adds up products and what rounding loses of them. The others are the oldest value of the window
plus the weighted mean of the distances to it: distances are small where values are large, so little is lost,
and of a flat window they are exactly 0. Either way a constant stays that constant.

Worked, of 2 4 8 with weights 1 2 3: distances 0 2 6, so 2 + (0 + 4 + 18) / 6.
"""

from __future__ import annotations

import math
from typing import Any

from ..registry import NAN, rolling
from .exact import fma, shared

_SMALL = 2.0**-64


@shared
def weighted_mean(x: Any, start: int, n: int, scale: float) -> float:
    """The mean of a window with weights 1 to n, of values that are multiplied by `scale` on the way."""
    weights = 0.5 * n * (n + 1.0)
    total = 0.0
    lost = 0.0
    for j in range(n):
        value = x[start + j] * scale
        product = value * (j + 1.0)
        reached = total + product
        part = reached - total
        lost += (total - (reached - part)) + (product - part) + fma(value, j + 1.0, -product)
        total = reached
    near = total + lost
    quotient = near / weights
    found = quotient + (fma(-quotient, weights, near) + ((total - near) + lost)) / weights
    return (found if found - found == 0.0 else quotient) / scale


@rolling(operands=("number",), cost=2.0, cost_of_each=2.9)
def weighted(count: int, x: Any, out: Any, params: Any) -> None:
    """The mean with weights 1 to n, the newest value n times the oldest, rounded about once."""
    n = int(params[0])
    for i in range(count):
        found = weighted_mean(x, i, n, 1.0)
        if found - found != 0.0:
            found = weighted_mean(x, i, n, _SMALL)
        out[i] = found if found - found == 0.0 else NAN


@rolling(operands=("number", "number"), cost=1.0, cost_of_each=0.9)
def weighted_by(count: int, x: Any, weight: Any, out: Any, params: Any) -> None:
    """The mean with weights of its own; undefined where they add up to 0."""
    n = int(params[0])
    for i in range(count):
        start = x[i]
        total = 0.0
        weights = 0.0
        for j in range(n):
            total += (x[i + j] - start) * weight[i + j]
            weights += weight[i + j]
        found = start + total / weights if weights != 0.0 else NAN
        out[i] = found if found - found == 0.0 else NAN


@rolling(operands=("number",), params=3, cost=1.0, cost_of_each=0.5)
def bell(count: int, x: Any, out: Any, params: Any) -> None:
    """The mean with the weights of a bell curve: `params` are (n, where its middle is, n over its width).

    The weights are the same on every candle, so the candles are gone through once for each weight.
    """
    n = int(params[0])
    middle = params[1] * (n - 1.0)
    weights = 0.0
    for i in range(count):
        out[i] = 0.0
    for j in range(n):
        distance = (j - middle) * params[2] / n
        weight = math.exp(-0.5 * distance * distance)
        weights += weight
        for i in range(count):
            out[i] += (x[i + j] - x[i]) * weight
    for i in range(count):
        found = x[i] + out[i] / weights if weights != 0.0 else NAN
        out[i] = found if found - found == 0.0 else NAN
