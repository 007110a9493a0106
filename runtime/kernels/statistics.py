"""Moments and ranks over a window.

Moments are taken in two rounds of the distances to the first value of the window: distances are small where
values are large, and of a flat window they are exactly 0.

1. The mean distance. It is rounded, so the distances from it add up to a `rest` that is not quite 0.
2. The sum of the powers or products of the distances from the mean. The variance and the covariance take
   from it what the rest has added: `rest * rest / n`, or the product of both rests over n.

The variance and its root are right to the last digits: `spread` also carries what rounding loses of both sums
and of every square. The others are plain sums.

A rank is found by halving, without sorting: between two values of the window that enclose the rank,
a middle is taken, the values at or below it are counted, and the nearest values around it enclose
the rank more closely. What is found is a value of the window, so it does not matter where the search began.

Worked, the second smallest of 1 9 3: between 1 and 9, the middle 5 has two values at or below it, so it lies
between 1 and 3; the middle 2 has one, so it lies between 3 and 3.
"""

from __future__ import annotations

import math
from typing import Any

from ..registry import NAN, rolling
from .exact import fma, shared

_SMALL, _LARGE = 2.0**-600, 2.0**600
_TINY = 2.0**-900


@shared
def spread(x: Any, start: int, n: int, scale: float) -> float:
    """The population variance of a window whose values are multiplied by `scale`."""
    total = 0.0
    lost = 0.0
    for j in range(n):
        distance = x[start + j] * scale - x[start] * scale
        reached = total + distance
        part = reached - total
        lost += (total - (reached - part)) + (distance - part)
        total = reached
    mean = (total + lost) / n
    squares = 0.0
    lost = 0.0
    rest = 0.0
    for j in range(n):
        distance = (x[start + j] * scale - x[start] * scale) - mean
        square = distance * distance
        reached = squares + square
        part = reached - squares
        lost += (squares - (reached - part)) + (square - part) + fma(distance, distance, -square)
        squares = reached
        rest += distance
    found = (squares + (lost - rest * rest / n)) / n
    return max(found, 0.0) if found == found else found


@rolling(operands=("number",), params=2, cost=4.0, cost_of_each=4.2)
def variance(count: int, x: Any, out: Any, params: Any) -> None:
    """The mean of the squared distances from the mean, or its root, where `params` are (n, 1).

    The root is right also where squares would be too large or too small for a float64.
    """
    n = int(params[0])
    for i in range(count):
        found = spread(x, i, n, 1.0)
        if params[1] == 0.0:
            out[i] = found if found - found == 0.0 else NAN
        elif found == found and _TINY < found < math.inf:
            out[i] = math.sqrt(found)
        else:
            scale = _LARGE if found < 1.0 else _SMALL
            again = spread(x, i, n, scale)
            none = 0.0 if found == 0.0 else NAN
            out[i] = math.sqrt(again) / scale if again - again == 0.0 else none


@rolling(operands=("number", "number"), cost=4.0, cost_of_each=2.9)
def covariance(count: int, x: Any, y: Any, out: Any, params: Any) -> None:
    """The mean of the products of the distances from both means."""
    n = int(params[0])
    for i in range(count):
        total_x = 0.0
        total_y = 0.0
        for j in range(n):
            total_x += x[i + j] - x[i]
            total_y += y[i + j] - y[i]
        mean_x = total_x / n
        mean_y = total_y / n
        products = 0.0
        rest_x = 0.0
        rest_y = 0.0
        for j in range(n):
            distance_x = (x[i + j] - x[i]) - mean_x
            distance_y = (y[i + j] - y[i]) - mean_y
            products += distance_x * distance_y
            rest_x += distance_x
            rest_y += distance_y
        found = (products - rest_x * rest_y / n) / n
        out[i] = found if found - found == 0.0 else NAN


@rolling(operands=("number", "number"), cost=8.0, cost_of_each=3.0)
def correlation(count: int, x: Any, y: Any, out: Any, params: Any) -> None:
    """The products of the distances from both means, over the roots of both sums of squares."""
    n = int(params[0])
    for i in range(count):
        total_x = 0.0
        total_y = 0.0
        for j in range(n):
            total_x += x[i + j] - x[i]
            total_y += y[i + j] - y[i]
        mean_x = total_x / n
        mean_y = total_y / n
        products = 0.0
        squares_x = 0.0
        squares_y = 0.0
        for j in range(n):
            distance_x = (x[i + j] - x[i]) - mean_x
            distance_y = (y[i + j] - y[i]) - mean_y
            products += distance_x * distance_y
            squares_x += distance_x * distance_x
            squares_y += distance_y * distance_y
        both = math.sqrt(squares_x) * math.sqrt(squares_y)
        found = products / both if both > 0.0 else NAN
        found = 1.0 if found > 1.0 else -1.0 if found < -1.0 else found
        out[i] = found if both - both == 0.0 else NAN


@rolling(operands=("number",), cost=2.0, cost_of_each=1.25)
def slope(count: int, x: Any, out: Any, params: Any) -> None:
    """The slope of the line of least squares."""
    n = int(params[0])
    middle = 0.5 * (n - 1.0)
    share = n * (n * n - 1.0) / 12.0
    for i in range(count):
        start = x[i]
        total = 0.0
        for j in range(n):
            total += (x[i + j] - start) * (j - middle)
        found = total / share if share > 0.0 else NAN
        out[i] = found if found - found == 0.0 else NAN


@rolling(operands=("number",), params=2, cost=24.0, cost_of_each=4.0)
def shape(count: int, x: Any, out: Any, params: Any) -> None:
    """The mean cube of the distances from the mean in standard deviations, where `params` are (n, 3).

    Where they are (n, 4), the mean fourth power, less the 3 of a normal distribution.
    """
    n = int(params[0])
    cubed = params[1] == 3.0
    for i in range(count):
        start = x[i]
        total = 0.0
        for j in range(n):
            total += x[i + j] - start
        mean = total / n
        squares = 0.0
        for j in range(n):
            distance = (x[i + j] - start) - mean
            squares += distance * distance
        deviation = math.sqrt(squares / n) if squares > 0.0 else 0.0
        powers = 0.0
        for j in range(n):
            distance = ((x[i + j] - start) - mean) / deviation if deviation > 0.0 else NAN
            cube = distance * distance * distance
            powers += cube if cubed else cube * distance
        found = powers / n if cubed else powers / n - 3.0
        found = -2.0 if found < -2.0 and not cubed else found
        out[i] = found if squares - squares == 0.0 and found - found == 0.0 else NAN


@rolling(operands=("number",), params=2, cost=40.0, cost_of_each=13.0)
def percentile(count: int, x: Any, out: Any, params: Any) -> None:
    """The value at a share of the sorted window: `params` are (n, the share from 0 to 1)."""
    n = int(params[0])
    place = params[1] * (n - 1.0)
    rank = int(place)
    share = place - rank
    for i in range(count):
        total = 0.0
        low = x[i]
        high = x[i]
        for j in range(n):
            value = x[i + j]
            total += 0.0 * value
            low = value if value < low else low
            high = value if value > high else high
        if total != 0.0:
            out[i] = NAN
            continue
        most = high
        while low < high:
            middle = low + 0.5 * (high - low)
            middle = middle if middle < high else low
            under = low
            over = high
            held = 0
            for j in range(n):
                value = x[i + j]
                below = value if value <= middle else low
                beyond = value if value > middle else high
                under = below if below > under else under
                over = beyond if beyond < over else over
                held += 1 if value <= middle else 0
            if held > rank:
                high = under
            else:
                low = over
        if share > 0.0:
            above = 0
            next_one = most
            for j in range(n):
                value = x[i + j]
                if value <= low:
                    above += 1
                else:
                    next_one = value if value < next_one else next_one
            next_one = low if above > rank + 1 else next_one
            low = low + (next_one - low) * share
        out[i] = low if low - low == 0.0 else NAN


@rolling(operands=("number",), cost=2.0, cost_of_each=1.25)
def percent_rank(count: int, x: Any, out: Any, params: Any) -> None:
    """How many percent of the window, its last value aside, are at or below that."""
    n = int(params[0]) - 1
    for i in range(count):
        last = x[i + n]
        total = 0.0 * last
        held = 0.0
        for j in range(n):
            total += 0.0 * x[i + j]
            held += 1.0 if x[i + j] <= last else 0.0
        out[i] = 100.0 * (held / n) if total == 0.0 else NAN
