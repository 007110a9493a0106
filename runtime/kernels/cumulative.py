"""What goes on from the first candle: a sum of everything so far, and the open of averaged candles."""

from __future__ import annotations

from typing import Any

from ..registry import NAN, recurrence


@recurrence(operands=1, params=0, state=2, cost=2.1, first=lambda: 0, settle=lambda: 0)
def cumulative(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    """The sum of all numbers so far; `state` is (sum, what rounding has lost of it).

    An undefined number gives undefined and is passed over; so does a sum that overflows.
    """
    total = state[0]
    lost = state[1]
    for i in range(count):
        reached = total + x[i]
        out[i] = NAN
        if reached - reached == 0.0:
            part = reached - total
            lost += (total - (reached - part)) + (x[i] - part)
            total = reached
            out[i] = total + lost
    state[0] = total
    state[1] = lost


@recurrence(operands=2, params=0, state=3, cost=2.7, first=lambda: 0, settle=lambda: 54)
def halfway(count: int, start: Any, x: Any, out: Any, params: Any, state: Any) -> None:
    """Half of the last value and the last x, from `start` on; `state` is (begun, last value, last x).

    A candle on which something is undefined, or the half overflows, gives undefined and is passed over.
    """
    begun = state[0]
    value = state[1]
    last = state[2]
    for i in range(count):
        reached = (value + last) / 2.0 if begun == 1.0 else start[i]
        out[i] = NAN
        if reached - reached == 0.0 and x[i] - x[i] == 0.0 and start[i] - start[i] == 0.0:
            begun = 1.0
            value = reached
            last = x[i]
            out[i] = value
    state[0] = begun
    state[1] = value
    state[2] = last
