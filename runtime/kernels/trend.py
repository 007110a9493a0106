"""Which way prices go: shares of directed moves, the distance from the mean, and lines that trail prices.

What of a candle belongs to a direction is chosen by `where_above`, smoothed or averaged, and put in
relation by `part_of`. `channel_index` measures the distance of a window's last value from its mean.

`supertrend` and `sar` are lines on the far side of the trend that only ever come nearer, until the price
crosses them and they change sides. Their states are stops, so a wrong start is forgotten when two stops
agree, which a few changes of trend bring about but no number of candles warrants.

An undefined operand gives undefined, and a recurrence passes it over.
"""

from __future__ import annotations

from typing import Any

from ..registry import NAN, pointwise, recurrence, rolling

_USUAL = 300  # candles after which two stops with different starts usually agree


@pointwise(cost=0.6)
def where_above(a: float, b: float, x: float) -> float:
    """x where a is above b, 0 elsewhere; undefined where one of them is."""
    return x if a > b else (0.0 * x if a <= b else NAN)


@pointwise(cost=0.8)
def part_of(part: float, whole: float) -> float:
    """A part in percent of the whole that bounds it, between -100 and 100; 0 where the whole is 0."""
    found = 100.0 * (part / whole) if whole != 0.0 else 0.0 * part
    found = -100.0 if found < -100.0 else found
    return 100.0 if found > 100.0 else found


@pointwise(cost=0.3, closed=True)
def side(line: float) -> float:
    """1 for a line that is 0 or above, -1 for one below."""
    return 1.0 if line >= 0.0 else (-1.0 if line < 0.0 else NAN)


@rolling(operands=("number",), cost=4.0, cost_of_each=1.2)
def channel_index(count: int, x: Any, out: Any, params: Any) -> None:
    """How many times 0.015 mean deviations the last value is from the mean; 0 where none deviates.

    All values are taken as distances from the first, so that a flat window gives exactly 0.
    """
    n = int(params[0])
    for i in range(count):
        start = x[i]
        total = 0.0
        for j in range(n):
            total += x[i + j] - start
        mean = total / n
        deviation = 0.0
        for j in range(n):
            deviation += abs((x[i + j] - start) - mean)
        deviation = 0.015 * (deviation / n)
        distance = (x[i + n - 1] - start) - mean
        found = distance / deviation if deviation != 0.0 else 0.0 * distance
        out[i] = found if found - found == 0.0 else NAN


@recurrence(operands=3, params=1, state=5, cost=4.3, first=lambda *_: 0, settle=lambda *_: _USUAL)
def supertrend(count: int, middle: Any, reach: Any, close: Any, out: Any, params: Any, state: Any) -> None:
    """The line of the trend, with a minus sign while it is down and the line above the price.

    `state` is (whether there is a candle before, its upper and its lower line, 1 while the trend is up, its
    close). A lower line below 0 is 0: no price is below it either way, and so the sign is free.
    """
    factor = params[0]
    begun = state[0]
    upper = state[1]
    lower = state[2]
    up = state[3]
    before = state[4]
    for i in range(count):
        distance = factor * reach[i]
        above = middle[i] + distance
        below = middle[i] - distance
        if above - above != 0.0 or below - below != 0.0 or close[i] != close[i]:
            out[i] = NAN
            continue
        below = below if below > 0.0 else 0.0
        if begun == 0.0:
            begun = 1.0
            up = 0.0
            upper = above
            lower = below
        else:
            upper = above if above < upper or before > upper else upper
            lower = below if below > lower or before < lower else lower
            if up == 0.0:
                up = 1.0 if close[i] > upper else 0.0
            else:
                up = 0.0 if close[i] < lower else 1.0
        before = close[i]
        out[i] = lower if up == 1.0 else -upper
    state[0] = begun
    state[1] = upper
    state[2] = lower
    state[3] = up
    state[4] = before


@recurrence(operands=2, params=3, state=7, cost=7.5, first=lambda *_: 1, settle=lambda *_: _USUAL)
def sar(count: int, high: Any, low: Any, out: Any, params: Any, state: Any) -> None:
    """Wilder's stop and reverse, with `params` (first factor, what a new extreme adds, the largest factor).

    `state` is (0, 1 or 2 candles seen, 1 while the trend is up, the stop of the next candle, the extreme of
    the trend, the factor, high and low of the candle before).
    """
    most = params[2]
    first = params[0] if params[0] < most else most
    seen = state[0]
    up = state[1]
    stop = state[2]
    extreme = state[3]
    factor = state[4]
    high_before = state[5]
    low_before = state[6]
    for i in range(count):
        top = high[i]
        bottom = low[i]
        if top - top != 0.0 or bottom - bottom != 0.0:
            out[i] = NAN
            continue
        if seen == 0.0:
            seen = 1.0
            high_before = top
            low_before = bottom
            out[i] = NAN
            continue
        if seen == 1.0:
            seen = 2.0
            fallen = low_before - bottom
            up = 0.0 if fallen > 0.0 and fallen > top - high_before else 1.0
            stop = low_before if up == 1.0 else high_before
            extreme = top if up == 1.0 else bottom
            factor = first
            high_before = top
            low_before = bottom
        turned = bottom <= stop if up == 1.0 else top >= stop
        if turned:
            up = 1.0 - up
            stop = extreme
            extreme = top if up == 1.0 else bottom
            factor = first
            if up == 1.0:
                stop = min(stop, low_before, bottom)
            else:
                stop = max(stop, high_before, top)
            out[i] = stop
        else:
            out[i] = stop
            further = top > extreme if up == 1.0 else bottom < extreme
            if further:
                extreme = top if up == 1.0 else bottom
                factor = min(factor + params[1], most)
        stop = stop + factor * (extreme - stop)
        if up == 1.0:
            stop = min(stop, low_before, bottom)
        else:
            stop = max(stop, high_before, top)
        high_before = top
        low_before = bottom
    state[0] = seen
    state[1] = up
    state[2] = stop
    state[3] = extreme
    state[4] = factor
    state[5] = high_before
    state[6] = low_before
