"""Owns the clock: lengths of timeframes, zones and their wall clocks, gaps between bars, times in words.

A time is an int64 count of nanoseconds since 1970-01-01T00:00Z. A zone is None (UTC), an IANA name
("America/New_York") or a fixed offset ("+02:00"). The wall clock of a million bars:

1. `_regimes` asks the zone for its offset at every UTC midnight of the years in question and halves
   each day on which it changed, until it has the second: a short list of regimes.
2. `wall_clock` adds to each time the offset of the regime it falls in.
3. Days and weeks are counted on that wall clock, so a day of 23 or 25 hours is one day.

Example: in New York 2024-03-10 begins at 05:00Z and 2024-03-11 at 04:00Z. The two daily bars are 23
hours and one day apart, and one day is what `gaps` says for the timeframe 1D.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
import re
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

TIMEFRAMES = MappingProxyType(
    {
        "1M": MINUTE,
        "3M": 3 * MINUTE,
        "5M": 5 * MINUTE,
        "15M": 15 * MINUTE,
        "30M": 30 * MINUTE,
        "1H": HOUR,
        "2H": 2 * HOUR,
        "4H": 4 * HOUR,
        "6H": 6 * HOUR,
        "8H": 8 * HOUR,
        "12H": 12 * HOUR,
        "1D": DAY,
        "1W": WEEK,
    }
)
"""Name of every timeframe -> its length in nanoseconds (M is always minutes)."""

# Int64 nanoseconds end on 2262-04-11; the margin leaves room for an offset and a week's candle.
EARLIEST = int(np.datetime64("1678-01-01", "ns").view(np.int64))
LATEST = int(np.datetime64("2262-04-01", "ns").view(np.int64))

_LONGEST = np.iinfo(np.int64).max
_PIECE = 1 << 18  # gaps looked at at a time
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def zone_rule(zone: str | None) -> tzinfo:
    """The rule of a zone: None is UTC, "+02:00" a fixed offset, anything else an IANA name.

    Raises ValueError for a name that this machine's time zone data do not have.

    >>> zone_rule("+02:00").utcoffset(None)
    datetime.timedelta(seconds=7200)
    """
    if zone is None:
        return UTC
    fixed = _OFFSET.fullmatch(zone)
    if fixed is not None:
        sign, hours, minutes, seconds = fixed.groups(default="0")
        offset = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
        if offset < timedelta(days=1):
            return timezone(-offset if sign == "-" else offset)
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        # A folder's name is an OSError and a path that leaves the database a ValueError.
        raise ValueError(f"the time zone {zone[:80]!r} is not known") from error


def wall_clock(times: Times, zone: str | None) -> Times:
    """What the clock on the wall showed at each of the increasing `times`, as if it were UTC.

    >>> wall_clock(np.array([0]), "+02:00").tolist()
    [7200000000000]
    """
    if len(times) == 0:
        return times
    starts, offsets = regimes(zone, int(times[0]), int(times[-1]))
    if len(offsets) > 1:
        offsets = offsets[np.searchsorted(starts, times, side="right") - 1]
    return times + offsets


def regimes(zone: str | None, first: int, last: int) -> tuple[Times, Times]:
    """(starts, offsets): from starts[i] to starts[i+1] the zone is offsets[i] nanoseconds ahead of UTC.

    They cover at least the years of `first` and `last`; starts[0] lies before every time.
    """
    years = np.array([first, last]).astype("M8[ns]").astype("M8[Y]").astype(int) + 1970
    return _regimes(zone, int(years[0]), int(years[1]))


@lru_cache(maxsize=64)
def _regimes(zone: str | None, first_year: int, last_year: int) -> tuple[Times, Times]:
    rule = zone_rule(zone)

    @lru_cache(maxsize=4)
    def offset(second: int) -> int:
        ahead = datetime.fromtimestamp(second, rule).utcoffset()
        return 0 if ahead is None else ahead // timedelta(seconds=1)

    # A year more on both sides, for a wall clock that is already, or still, in another year.
    low = max(int(datetime(first_year - 1, 1, 1, tzinfo=UTC).timestamp()), EARLIEST // SECOND)
    high = min(int(datetime(last_year + 2, 1, 1, tzinfo=UTC).timestamp()), LATEST // SECOND)
    changes = []
    if not isinstance(rule, timezone):
        for second in range(low, high, DAY // SECOND):
            changes += _changes(offset, second, second + DAY // SECOND)
    starts = np.array([np.iinfo(np.int64).min, *(second * SECOND for second in changes)], dtype=np.int64)
    offsets = np.array([offset(second) * SECOND for second in (low, *changes)], dtype=np.int64)
    starts.flags.writeable = offsets.flags.writeable = False  # the cache hands them to every caller
    return starts, offsets


def _changes(offset: Any, low: int, high: int) -> list[int]:
    """The seconds in (low, high] at which the offset becomes another one."""
    if offset(low) == offset(high):
        return []
    if high - low == 1:
        return [high]
    middle = (low + high) // 2
    return _changes(offset, low, middle) + _changes(offset, middle, high)


def day_number(wall: Times) -> Times:
    """The calendar day of each wall-clock time, counted from 1970-01-01."""
    return wall // DAY


def week_number(wall: Times) -> Times:
    """The week of each wall-clock time, counted from the one that began on Monday 1969-12-29."""
    return (wall // DAY + 3) // 7


def gaps(times: Times, wall: Times, timeframe: str) -> Times:
    """Nanoseconds from each bar to the next, shape (n-1,): what `timeframe` compares itself with.

    For 1D and 1W they are whole days or weeks of the calendar that `wall` shows, else exact.

    >>> saturday_and_sunday = np.array([2 * DAY, 3 * DAY])
    >>> gaps(saturday_and_sunday, saturday_and_sunday, "1W").tolist()
    [0]
    """
    if timeframe == "1D":
        return np.minimum(np.diff(day_number(wall)), _LONGEST // DAY) * DAY
    if timeframe == "1W":
        return np.minimum(np.diff(week_number(wall)), _LONGEST // WEEK) * WEEK
    return steps(times)


def steps(times: Times) -> Times:
    """From each of increasing times to the next; of more than 292 years, which int64 cannot tell, those.

    >>> (steps(np.array([EARLIEST, 0, LATEST - 1])) // DAY).tolist()
    [106650, 106740]
    """
    found = np.diff(times)
    return np.where(found < 0, _LONGEST, found)


def distinct_gaps(times: Times, wall: Callable[[slice], Times], timeframe: str) -> tuple[Times, Times]:
    """The gaps that there are, ascending, and how many of each; needs little memory where few differ.

    `wall` gives the wall clock of a slice of the rows.

    >>> times = np.array([0, 2, 3, 5]) * HOUR
    >>> found, counts = distinct_gaps(times, lambda rows: times[rows], "1H")
    >>> (found // HOUR).tolist(), counts.tolist()
    ([1, 2], [1, 2])
    """
    found = counts = np.empty(0, np.int64)
    for start in range(0, len(times) - 1, _PIECE):
        rows = slice(start, start + _PIECE + 1)
        more, of_each = np.unique(gaps(times[rows], wall(rows), timeframe), return_counts=True)
        found, place = np.unique(np.concatenate([found, more]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([counts, of_each])).astype(np.int64)
    return found, counts


def first_gap(times: Times, wall: Callable[[slice], Times], timeframe: str, gap: int) -> int:
    """The row before the first gap of this length, which is there; otherwise as `distinct_gaps`."""
    for start in range(0, len(times) - 1, _PIECE):
        rows = slice(start, start + _PIECE + 1)
        places = np.flatnonzero(gaps(times[rows], wall(rows), timeframe) == gap)
        if len(places):
            return start + int(places[0])
    raise ValueError(f"no gap is {gap}")


def most_common(values: Times) -> int:
    """The most common of some values, the smallest of those that tie; at least one is needed."""
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)])


def iso(time: int, zone: str | None) -> str:
    """A time as ISO 8601 on the wall clock of its zone, "Z" for UTC.

    >>> iso(0, None), iso(1, "+02:00")
    ('1970-01-01T00:00:00Z', '1970-01-01T02:00:00.000000001+02:00')
    """
    second, fraction = divmod(int(time), SECOND)
    written = datetime.fromtimestamp(second, zone_rule(zone)).isoformat()
    if fraction:
        written = written[:19] + f".{fraction:09d}".rstrip("0") + written[19:]
    return written.removesuffix("+00:00") + "Z" if zone in (None, "UTC") else written


def duration(nanoseconds: int) -> str:
    """A length of time in words, in its two largest units.

    >>> duration(90 * MINUTE), duration(DAY), duration(0)
    ('1 hour 30 minutes', '1 day', '0 seconds')
    """
    words = []
    rest = int(nanoseconds)
    for name, unit in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        count, rest = divmod(rest, unit)
        if count:
            words.append(f"{count:,} {name}{'s' if count != 1 else ''}")
    if rest or not words:
        words.append(f"{rest / SECOND:.9g} second{'s' if rest != SECOND else ''}")
    return " ".join(words[:2])


def offset_name(offset: timedelta) -> str:
    """How a fixed offset is written as a zone.

    >>> offset_name(timedelta(hours=-5)), offset_name(timedelta(0))
    ('-05:00', 'UTC')
    """
    seconds = offset // timedelta(seconds=1)
    if seconds == 0:
        return "UTC"
    hours, rest = divmod(abs(seconds), 3600)
    minutes, seconds_left = divmod(rest, 60)
    name = f"{'-' if seconds < 0 else '+'}{hours:02d}:{minutes:02d}"
    return name + (f":{seconds_left:02d}" if seconds_left else "")
