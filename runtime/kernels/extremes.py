"""Where in a window its extremes are, and where in a range a value stands.

How long ago is counted back from this candle, which is 0. Of equal values the newest counts, as it does
in TA-Lib's AROON: in a flat window the extreme is this candle. The lowest value is the highest of the
negated ones.

1. The highest values of all windows are found together, one place of the windows after the other.
2. Each is then looked for from its candle backwards. An undefined value stays the highest, so that nothing
   is looked for.

Worked: over the windows of three of 5 4 5 3 the highest value is 0 candles ago and then 1.
"""

from __future__ import annotations

from typing import Any

from ..registry import NAN, pointwise, rolling


@rolling(operands=("number",), cost=2.0, cost_of_each=0.45)
def since_highest(count: int, x: Any, out: Any, params: Any) -> None:
    """How many candles ago the highest value of the window was; of equal ones the newest."""
    n = int(params[0])
    for i in range(count):
        out[i] = x[i]
    for j in range(1, n):
        for i in range(count):
            value = x[i + j]
            out[i] = value if value > out[i] or value != value else out[i]
    for i in range(count):
        highest = out[i]
        last = i + n - 1
        at = last
        while x[at] < highest:
            at -= 1
        out[i] = float(last - at) if highest == highest else NAN


@pointwise(params=1, cost=0.8)
def recency(since: float, n: float) -> float:
    """How new something is, in percent: 100 for this candle, 0 for n candles ago."""
    return 100.0 * ((n - since) / n)


@pointwise(cost=1.0)
def position(x: float, low: float, high: float) -> float:
    """Where a value stands between two others, in percent; 50 where they are equal.

    A quotient of differences of which one is not above the other is not above 1: rounding keeps the order.
    """
    whole = high - low
    found = 100.0 * ((x - low) / whole) if whole != 0.0 else 50.0 + 0.0 * x
    found = 0.0 if found < 0.0 else found
    found = 100.0 if found > 100.0 else found
    return found if whole - whole == 0.0 else NAN
