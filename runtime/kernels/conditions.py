"""What conditions choose on one candle, and what they were on the candles before.

A condition comes as two masks, where it certainly holds and where it certainly fails; where both are 0 it
is undefined. What a kernel remembers is the answer that all completions share: undefined conditions might
each be true or false, and as soon as that could make two different answers there is none, until something
certain makes them one again.

Worked: candles since a condition held, of true, false, undefined, false, true → 0, 1, none, none, 0.
"""

from __future__ import annotations

from typing import Any

from ..registry import NAN, pointwise, recurrence


@pointwise(cost=0.15)
def defined(a: float) -> bool:
    """Whether there is a value."""
    return a == a


@pointwise(cost=0.15)
def missing(a: float) -> bool:
    """Whether there is none: where `defined` fails."""
    return a != a


@pointwise(cost=0.23, closed=True)
def or_else(a: float, b: float) -> float:
    """The first number, or where it is undefined the second."""
    return a if a == a else b


@pointwise(cost=0.42, closed=True)
def choose(holds: bool, fails: bool, a: float, b: float) -> float:
    """One of two numbers; where the condition is undefined, only what both of them are."""
    chosen = a if holds else b
    return chosen if holds or fails or a == b else NAN


@pointwise(cost=0.18, closed=True)
def only(holds: bool, fails: bool, a: float) -> float:
    """The number where the condition certainly holds, else undefined."""
    return a if holds else NAN


@recurrence(operands=("truth", "truth"), params=0, state=1, cost=1.8, first=lambda: 0, settle=lambda: 0)
def bars_since(count: int, holds: Any, fails: Any, out: Any, params: Any, state: Any) -> None:
    """How many candles ago the condition held last; `state` is one more than that, 0 where nobody knows."""
    passed = state[0]
    for i in range(count):
        passed = passed + 1.0 if fails[i] and passed > 0.0 else 0.0
        passed = 1.0 if holds[i] else passed
        out[i] = passed - 1.0 if passed > 0.0 else NAN
    state[0] = passed


@recurrence(operands=("truth", "truth"), params=0, state=2, cost=1.8, first=lambda: 0, settle=lambda: 0)
def streak(count: int, holds: Any, fails: Any, out: Any, params: Any, state: Any) -> None:
    """How many candles in a row the condition has held; `state` is (that number, 1 where nobody knows it)."""
    length = state[0]
    unknown = state[1]
    for i in range(count):
        length = length + 1.0 if holds[i] else 0.0
        unknown = 0.0 if fails[i] else unknown if holds[i] else 1.0
        out[i] = length if unknown == 0.0 else NAN
    state[0] = length
    state[1] = unknown


@recurrence(
    operands=("truth", "truth", "number"), params=0, state=2, cost=3.0, first=lambda: 0, settle=lambda: 0
)
def value_when(count: int, holds: Any, fails: Any, x: Any, out: Any, params: Any, state: Any) -> None:
    """The number when the condition held last; `state` is (whether it is known, that number).

    An undefined condition changes nothing where the number is the known one anyway.
    """
    known = state[0]
    value = state[1]
    for i in range(count):
        if holds[i]:
            known = 1.0
            value = x[i]
        elif not fails[i] and value != x[i]:
            known = 0.0
        out[i] = value if known == 1.0 else NAN
    state[0] = known
    state[1] = value


@recurrence(
    operands=("truth", "truth", "number"), params=0, state=3, cost=4.6, first=lambda: 0, settle=lambda: 0
)
def since(count: int, holds: Any, fails: Any, x: Any, out: Any, params: Any, state: Any) -> None:
    """The sum from the candle on which the condition held last; `state` is (known, sum, what it has lost).

    An undefined condition changes nothing where the sum so far is 0: a sum that begins here is the same. An
    undefined number gives undefined and is passed over; so does a sum that overflows.
    """
    known = state[0]
    total = state[1]
    lost = state[2]
    for i in range(count):
        if holds[i]:
            known = 1.0
            total = 0.0
            lost = 0.0
        elif not fails[i] and total + lost != 0.0:
            known = 0.0
        reached = total + x[i]
        out[i] = NAN
        if known == 1.0 and reached - reached == 0.0:
            part = reached - total
            lost += (total - (reached - part)) + (x[i] - part)
            total = reached
            out[i] = total + lost
    state[0] = known
    state[1] = total
    state[2] = lost
