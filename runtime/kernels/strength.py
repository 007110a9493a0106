"""Wilder's index of smoothed gains and losses, which a flat stretch leaves as it is.

1. Where something moved, the index is `100 * gain / (gain + loss)`: 100 without losses, 0
   without gains, 50 where both means are exactly 0.
2. Where nothing moved, both means shrink by the same factor, so the index is the one before. It
   is kept rather than computed: after some thousand flat candles the means themselves would have
   run out of digits.

Worked: gain 1 2 1, loss 1 0 0, moved yes yes no → 50, 100, 100.
"""

from __future__ import annotations

from typing import Any

from ..registry import NAN, recurrence

_FLAT = -1.0  # no index, but the mark of a candle that takes the one before


@recurrence(operands=4, params=0, state=2, cost=1.4, first=lambda: 0, settle=lambda: 0)
def strength(
    count: int, gain: Any, loss: Any, now: Any, before: Any, out: Any, params: Any, state: Any
) -> None:
    """The index in [0, 100] of smoothed gains and losses of a series, here `now` and `before`.

    `state` is (whether there is an index before, that index).
    """
    for i in range(count):
        both = gain[i] + loss[i]
        index = 100.0 * (gain[i] / both) if both != 0.0 else 50.0
        index = _FLAT if now[i] == before[i] else index
        out[i] = index if both - both == 0.0 else NAN
    known = state[0]
    last = state[1]
    start = 0
    while start < count and known == 0.0:
        if out[start] == out[start]:
            both = gain[start] + loss[start]
            last = 100.0 * (gain[start] / both) if both != 0.0 else 50.0
            out[start] = last
            known = 1.0
        start += 1
    for i in range(start, count):
        index = out[i]
        last = index if index >= 0.0 else last
        out[i] = last if index == index else NAN
    state[0] = known
    state[1] = last
