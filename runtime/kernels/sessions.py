"""What depends on the time of day: whether a candle opens in a session, and means that begin anew."""

from __future__ import annotations

import math
from typing import Any

from ..registry import NAN, pointwise, recurrence

_LONGEST_DAY = 1_500  # candles of one minute


@pointwise(params=2, cost=0.3, closed=True)
def in_session(second: float, start: float, end: float) -> float:
    """1 where the second of the day lies from `start` hours to before `end` hours, 0 elsewhere.

    An end before the start is on the next day; one that is the start makes the whole day.
    """
    opens = math.floor(3600.0 * start + 0.5)
    closes = math.floor(3600.0 * end + 0.5)
    if second - second != 0.0:
        return NAN
    if opens < closes:
        return 1.0 if opens <= second < closes else 0.0
    return 1.0 if second >= opens or second < closes else 0.0


@recurrence(operands=3, params=0, state=4, cost=3.2, first=lambda: 0, settle=lambda: _LONGEST_DAY)
def mean_since_change(count: int, x: Any, weight: Any, key: Any, out: Any, params: Any, state: Any) -> None:
    """The weighted mean of x since the key has changed; `state` is (begun, key, sum of weights, mean).

    Each step moves the mean towards x by the weight's share of all, so a constant stays itself. An undefined
    operand gives undefined and is passed over; so is everything as long as all weights are 0.
    """
    begun = state[0]
    last = state[1]
    total = state[2]
    mean = state[3]
    for i in range(count):
        if begun == 0.0 or key[i] != last:
            begun = 1.0
            last = key[i]
            total = 0.0
            mean = 0.0
        out[i] = NAN
        reached = total + weight[i]
        if reached > 0.0 and reached - reached == 0.0:
            moved = x[i] if total == 0.0 else mean + (x[i] - mean) * (weight[i] / reached)
            if moved - moved == 0.0:
                total = reached
                mean = moved
                out[i] = mean
    state[0] = begun
    state[1] = last
    state[2] = total
    state[3] = mean
