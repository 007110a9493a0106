"""Owns resampling: candles of a longer timeframe made of the bars that open in them.

1. `_day_starts` lists the first instant of every day of the alignment's zone; weeks begin on Mondays.
2. A bar belongs to the candle that its opening time lies in. Within a day candles are counted from
   the day's first instant, so none is longer than the timeframe, a day of 23 hours ends with a
   shorter one and a day of 25 hours with one more.
3. open is the first, high the greatest, low the least, close the last, volume the sum in bar order.
4. The last candle is dropped unless a bar ends at or after its end, the first one if a bar before
   the first could have opened in it. What is kept can therefore not change when bars are appended.

Example, 1H bars to 4H in UTC, bars opening at 02:00, 03:00, ..., 14:00: the candle 00:00 is dropped
(a bar may have opened at 01:00), 04:00 and 08:00 stand, and 12:00 is dropped (no bar ends at 16:00).

How long a bar is comes from its declaration, else from `bar_length`. The inferred length can only
shrink when bars are appended, and what stands stays for as long as it does not: two bars four hours
apart look like 4H bars until one arrives between them. Declare it where bars may be missing.
"""

from dataclasses import dataclass
import re

import numpy as np
from numpy.typing import NDArray

from . import clock
from .bars_error import BarsError
from .clock import DAY, WEEK, Times

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Candles:
    """Finished candles: `matrix` (5, n) as in Bars, `times` their openings, `notes` what was dropped."""

    matrix: NDArray[np.float64]
    times: Times
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Opening:
    """When at least one bar opens, and how long bars are.

    `times` (n,) are increasing; `length` is in nanoseconds, where DAY means one day of the calendar of
    `zone`. With `mixed` the bars' offsets come and go and no calendar is known.
    """

    times: Times
    length: int
    zone: str | None
    mixed: bool = False


def bar_length(times: Times, wall: Times) -> int | None:
    """The length of bars as far as their gaps tell: the greatest common divisor, None below two bars.

    Any number of whole days on the wall clock is one day: shares do not trade on weekends.

    >>> bar_length(np.array([0, 4, 6]), np.array([0, 4, 6])), bar_length(np.array([0]), np.array([0]))
    (2, None)
    """
    if len(times) < 2:
        return None
    if int(np.gcd.reduce(np.diff(wall))) % DAY == 0:
        return DAY
    return int(np.gcd.reduce(np.diff(times)))


def alignment_zone(align: str | None) -> str | None:
    """The zone whose midnights and Mondays the candles are aligned to.

    None is UTC, "22:00" starts days at 22:00 UTC and weeks on Monday at 22:00 UTC; an IANA name or an
    offset with a sign ("+02:00") is a zone, as in `Bars.zone`. Raises BarsError for anything else.

    >>> alignment_zone("22:00"), alignment_zone("Europe/Berlin")
    ('-22:00', 'Europe/Berlin')
    """
    if align is None:
        return None
    later = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", align)
    if later is not None:
        return f"-{later[1]:0>2}:{later[2]}"
    try:
        clock.zone_rule(align)
    except ValueError as error:
        raise BarsError(
            "B309", str(error), help='write a zone such as "Europe/Berlin", or a time of day such as "22:00"'
        ) from None
    return align


def resample(
    matrix: NDArray[np.float64], bars: Opening, timeframe: str, zone: str | None, shown_in: str | None
) -> Candles:
    """Candles of `timeframe` in the calendar of `zone`; the bars' length must divide it.

    `matrix` is (5, n) in the order open high low close volume, a row of NaN for an absent column;
    messages write times in the zone `shown_in`. Raises BarsError where a sum of volumes leaves float64.
    """
    starts, last_end = _candle_starts(bars.times, clock.TIMEFRAMES[timeframe], zone)
    first_bars = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    last_bars = np.append(first_bars[1:], len(starts)) - 1
    candle_of_bar = np.zeros(len(starts), dtype=np.intp)
    candle_of_bar[first_bars[1:]] = 1
    opened, high, low, close, volume = matrix
    made = np.array(
        [
            opened[first_bars],
            np.maximum.reduceat(high, first_bars),
            np.minimum.reduceat(low, first_bars),
            close[last_bars],
            # `add.reduceat` sums pairwise; `bincount` adds one bar after the other, from the first.
            np.bincount(np.cumsum(candle_of_bar), weights=volume),
        ]
    )
    openings = starts[first_bars]
    before, after = _neighbours(bars)
    begun, finished = before < openings[0], after >= last_end
    kept = slice(0 if begun else 1, len(openings) if finished else len(openings) - 1)
    notes = [f"{len(starts):,} bars made into {len(openings[kept]):,} candles of {timeframe}"]
    if not begun:
        notes.append(f"first candle, {clock.iso(openings[0], shown_in)}, dropped: the data begin inside it")
    if not finished:
        notes.append(f"last candle, {clock.iso(openings[-1], shown_in)}, dropped: no bar reaches its end")
    if bars.length < DAY and ((bars.times - starts) % bars.length).any():
        notes.append("bars do not open on the candles' boundaries; a candle holds the bars that open in it")
    _check_volume(made[4, kept], openings[kept], shown_in)
    return Candles(made[:, kept], openings[kept], tuple(notes))


def _candle_starts(times: Times, length: int, zone: str | None) -> tuple[Times, int]:
    """(start of the candle of every bar, end of the last bar's candle)."""
    dates, edges = _day_starts(zone, int(times[0]), int(times[-1]))
    if length == WEEK:
        edges = edges[(dates + 3) % 7 == 0]
    place = np.searchsorted(edges, times, side="right") - 1
    starts, end = edges[place], int(edges[place[-1] + 1])
    if length >= DAY:
        return starts, end
    starts = times - (times - starts) % length
    return starts, min(int(starts[-1]) + length, end)


def _day_starts(zone: str | None, first: int, last: int) -> tuple[Times, Times]:
    """(day numbers, first instant of each), from a week before `first` to a week after `last`.

    A day that the clocks jump into begins with the jump, one that they return to is not begun twice,
    and one that they skip begins, and ends, with the next.
    """
    changes, offsets = clock.regimes(zone, first, last)
    dates = np.arange(first // DAY - 8, last // DAY + 10)
    starts = np.full(len(dates), _NEVER)
    for begin, end, offset in zip(changes, [*changes[1:], _NEVER], offsets, strict=True):
        here = np.maximum(dates * DAY - offset, begin)
        starts = np.where(here < end, np.minimum(starts, here), starts)
    return dates, starts


def _neighbours(bars: Opening) -> tuple[int, int]:
    """(latest opening of a bar before the first, earliest opening of one after the last)."""
    first, last = int(bars.times[0]), int(bars.times[-1])
    if bars.length < DAY:
        return first - bars.length, last + bars.length
    if bars.mixed:
        return first - 1, last + 1
    # The next daily bar opens on another date, at no known time of day.
    days = _day_starts(bars.zone, first, last)[1]
    place = np.searchsorted(days, np.array([first, last]), side="right")
    return int(days[place[0] - 1]) - 1, int(days[place[1]])


def _check_volume(volume: NDArray[np.float64], openings: Times, zone: str | None) -> None:
    beyond = np.isinf(volume)
    if not beyond.any():
        return
    row = int(np.argmax(beyond))
    raise BarsError(
        "B310",
        "the volumes of this candle add up to more than a number can hold",
        row,
        clock.iso(int(openings[row]), zone),
        "give volume in a larger unit",
    )
