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

from collections.abc import Mapping
from dataclasses import dataclass
import re
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from . import clock
from .bars_error import BarsError
from .clock import DAY, WEEK, Times

_MOST_EMPTY = 4  # candles a bar that are looked at
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Candles:
    """Finished candles: `matrix` (5, n) as in Bars, `times` their openings, `notes` what was dropped.

    `series` are further columns, each the last value in the candle that is not missing.
    """

    matrix: NDArray[np.float64]
    times: Times
    notes: tuple[str, ...]
    series: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Opening:
    """When at least one bar opens, and how long bars are.

    `times` (n,) are increasing; `length` is in nanoseconds, where DAY means one day of the calendar of
    `zone` and WEEK seven. With `mixed` the bars' offsets come and go and no calendar is known.
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
    # Unsigned, two times may be more than 292 years apart.
    if int(np.gcd.reduce(np.diff(wall.astype(np.uint64)))) % DAY == 0:
        return DAY
    return int(np.gcd.reduce(np.diff(times.astype(np.uint64))))


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
    matrix: NDArray[np.float64],
    bars: Opening,
    timeframe: str,
    zone: str | None,
    shown_in: str | None,
    series: Mapping[str, NDArray[np.float64]] = MappingProxyType({}),
) -> Candles:
    """Candles of `timeframe` in the calendar of `zone`; the bars' length must divide it.

    `matrix` is (5, n) in the order open high low close volume, a row of NaN for an absent column;
    messages write times in the zone `shown_in`. Raises BarsError where a sum of volumes leaves float64.
    """
    starts, ends = candle_spans(bars.times, timeframe, zone)
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
    begun = before_first(bars) < openings[0]
    finished = ends_of_bars(bars, slice(-1, None))[0] >= ends[-1]
    kept = slice(0 if begun else 1, len(openings) if finished else len(openings) - 1)
    notes = [f"{len(starts):,} bars made into {len(openings[kept]):,} candles of {timeframe}"]
    if not begun:
        notes.append(f"first candle, {clock.iso(openings[0], shown_in)}, dropped: the data begin inside it")
    if not finished:
        notes.append(f"last candle, {clock.iso(openings[-1], shown_in)}, dropped: no bar reaches its end")
    if bars.length < DAY and ((bars.times - starts) % bars.length).any():
        notes.append("bars do not open on the candles' boundaries; a candle holds the bars that open in it")
    _check_volume(made[4, kept], openings[kept], shown_in)
    lasting = {name: last_defined(values, first_bars)[kept] for name, values in series.items()}
    return Candles(made[:, kept], openings[kept], tuple(notes), lasting)


def last_defined(values: NDArray[np.float64], firsts: NDArray[np.intp]) -> NDArray[np.float64]:
    """The last value that is not missing of each group of rows, which begin at `firsts`.

    >>> last_defined(np.array([1.0, 2.0, np.nan, np.nan]), np.array([0, 3]))
    array([ 2., nan])
    """
    places = np.where(np.isnan(values), -1, np.arange(len(values)))
    found = np.maximum.reduceat(places, firsts)
    return np.append(values, np.nan)[np.where(found < firsts, len(values), found)]


def candles_of(times: Times, timeframe: str, zone: str | None) -> tuple[NDArray[np.intp], Times, Times]:
    """(row of the first bar, start, end) of every candle of the timeframe that has a bar.

    The same as `candle_spans` says of every bar, but found candle by candle, of which there are fewer.

    >>> firsts, starts, ends = candles_of(np.array([1, 2, 5]) * clock.HOUR, "4H", None)
    >>> firsts, starts // clock.HOUR
    (array([0, 2]), array([0, 4]))
    """
    edges = _edges(times, clock.TIMEFRAMES[timeframe], zone)
    if edges is None:
        starts, ends = candle_spans(times, timeframe, zone)
        firsts = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
        return firsts, starts[firsts], ends[firsts]
    rows = np.searchsorted(times, edges)
    filled = np.flatnonzero(np.diff(rows))
    return rows[filled], edges[filled], edges[filled + 1]


def _edges(times: Times, length: int, zone: str | None) -> Times | None:
    """Where candles begin and end from the first bar to the last; None where most would be empty."""
    first, last = int(times[0]), int(times[-1])
    dates, days = _day_starts(zone, first, last)
    if length == WEEK:
        days = days[(dates + 3) % 7 == 0]
    begin, end = np.searchsorted(days, [first, last], side="right").tolist()
    days = days[begin - 1 : end + 1]
    if length >= DAY:
        return days
    counts = -(-np.diff(days) // length)
    if counts.sum() > _MOST_EMPTY * len(times) + 1000:
        return None
    of_day = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.append(np.repeat(days[:-1], counts) + length * of_day, days[-1])


def candle_spans(times: Times, timeframe: str, zone: str | None) -> tuple[Times, Times]:
    """(start, end) of the candle of the timeframe that every opening time lies in.

    >>> starts, ends = candle_spans(np.array([5]) * clock.HOUR, "4H", None)
    >>> starts // clock.HOUR, ends // clock.HOUR
    (array([4]), array([8]))
    """
    length = clock.TIMEFRAMES[timeframe]
    dates, edges = _day_starts(zone, int(times[0]), int(times[-1]))
    if length == WEEK:
        edges = edges[(dates + 3) % 7 == 0]
    place = np.searchsorted(edges, times, side="right") - 1
    starts, ends = edges[place], edges[place + 1]
    if length >= DAY:
        return starts, ends
    starts = times - (times - starts) % length
    return starts, np.minimum(starts + length, ends)


def ends_of_bars(bars: Opening, rows: slice = slice(None)) -> Times:
    """The earliest that the bar after each of these may open: where it ends, as far as that is known.

    >>> ends_of_bars(Opening(np.array([0]), clock.HOUR, None)) // clock.HOUR
    array([1])
    """
    times = bars.times[rows]
    if bars.length < DAY:
        return times + bars.length
    if bars.mixed:
        return times + 1
    # The next daily bar opens on another date, at no known time of day; a weekly one six dates later.
    days = _day_starts(bars.zone, int(times[0]), int(times[-1]))[1]
    return days[np.searchsorted(days, times, side="right") + bars.length // DAY - 1]


def before_first(bars: Opening) -> int:
    """The latest that a bar before the first one may open."""
    first = int(bars.times[0])
    if bars.length < DAY:
        return first - bars.length
    if bars.mixed:
        return first - 1
    days = _day_starts(bars.zone, first, first)[1]
    return int(days[np.searchsorted(days, first, side="right") - 1]) - 1


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
