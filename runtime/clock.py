"""Owns the clock: lengths of timeframes, wall clocks of zones, gaps between bars, moments in any writing.

A time is an int64 count of nanoseconds since 1970-01-01T00:00Z. A zone is None (UTC), an IANA name
("America/New_York") or a fixed offset ("+02:00"). The wall clock of a million bars:

1. `_regimes` asks the zone for its offset at every UTC midnight of the years in question and halves
   each day on which it changed, until it has the second: a short list of regimes.
2. `wall_clock` adds to each time the offset of the regime it falls in.
3. Days and weeks are counted on that wall clock, so a day of 23 or 25 hours is one day.

Example: in New York 2024-03-10 begins at 05:00Z and 2024-03-11 at 04:00Z. The two daily bars are 23
hours and one day apart, and one day is what `gaps` says for the timeframe 1D.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_MISSING = frozenset({"NaT", "nan", "NaN", "None", "<NA>"})
_NUMBER = re.compile(r"\s*-?\d+(\.\d*)?\s*", re.ASCII)
_FINER = re.compile(r"[.,]\d{6}(\d{1,3})", re.ASCII)
_TIME_OF_DAY = re.compile(r"\d{1,6}|\d{1,2}:\d\d(:\d\d([.,]\d+)?)?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})(?::(\d{2}))?", re.ASCII)


class MomentError(ValueError):
    """A time that cannot be used. `kind`: "missing", "unreadable", "mixed", "range"; `row` counts from 0."""

    def __init__(self, kind: str, row: int, text: str) -> None:
        super().__init__(kind, row, text)
        self.kind = kind
        self.row = row
        self.text = text


@dataclass(frozen=True, eq=False)
class Moments:
    """Times read from some writing.

    `times` are int64 nanoseconds UTC, shape (n,). `zone` is None where the writing had no offset.
    `wall` (int64, n) is the wall clock of each row, present only where the offsets differ from row
    to row and no zone explains them. `unit` names the unit that bare numbers were taken for.
    """

    times: Times
    zone: str | None = None
    wall: Times | None = None
    unit: str | None = None


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
        return np.diff(day_number(wall)) * DAY
    if timeframe == "1W":
        return np.diff(week_number(wall)) * WEEK
    return np.diff(times)


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


def parse_time(text: str, zone: str | None) -> int:
    """Nanoseconds UTC of a date or an ISO date-time; one without an offset is read in `zone`.

    A wall-clock time that occurs twice is the first of the two. Raises ValueError in plain words.

    >>> parse_time("1970-01-02", None) == DAY, parse_time("1970-01-01T02:00", "+02:00")
    (True, 0)
    """
    try:
        time, offset = _moment(_tidy(text))
        if offset is None:
            naive = _EPOCH + timedelta(microseconds=time // 1000)
            ahead = naive.replace(tzinfo=zone_rule(zone)).utcoffset() or timedelta(0)
            time -= ahead // _MICROSECOND * 1000
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:80]!r} is not a date (2024-01-31) or a time (2024-01-31T09:30)") from None
    if not EARLIEST <= time < LATEST:
        raise ValueError(f"{text[:80]!r} lies outside the years 1678 to 2261")
    return time


def from_texts(texts: Sequence[str]) -> Moments:
    """Times from ISO texts: dates or date-times, with or without an offset, or numbers as text.

    Also read: a year first with dots or slashes (2024.01.31), and " UTC" at the end. Nothing
    ambiguous is: 01/02/2024 is a MomentError.

    >>> from_texts(["1970-01-01T01:00+01:00"]).zone
    '+01:00'
    """
    if texts and _NUMBER.fullmatch(texts[0]) is not None:
        return _from_number_texts(texts)
    times, offsets = _quickly(texts) or _one_by_one(texts)
    if not offsets or offsets[0] is None:
        return Moments(times)
    if len(set(offsets)) == 1:
        return Moments(times, offset_name(offsets[0]))
    ahead = [offset // _MICROSECOND for offset in offsets if offset is not None]
    return Moments(times, "UTC", times + np.array(ahead) * 1000)


def _quickly(texts: Sequence[str]) -> tuple[Times, list[timedelta | None]] | None:
    """(times, offsets) of texts that are all plain ISO to the microsecond, else None."""
    if any(len(text) > 26 and _FINER.search(text) for text in texts):
        return None
    try:
        moments = [datetime.fromisoformat(text) for text in texts]
    except ValueError:
        return None
    offsets = [moment.utcoffset() for moment in moments]
    if len({offset is None for offset in offsets}) > 1:
        return None
    zero = _EPOCH if not offsets or offsets[0] is None else _EPOCH.replace(tzinfo=UTC)
    since = np.array([(moment - zero) // _MICROSECOND for moment in moments], dtype=np.int64)
    return from_datetime64(since.view("M8[us]")).times, offsets


def _one_by_one(texts: Sequence[str]) -> tuple[Times, list[timedelta | None]]:
    times = np.empty(len(texts), dtype=object)  # Python's integers: the year 9999 must not wrap round
    offsets: list[timedelta | None] = []
    for row, text in enumerate(texts):
        if not text.strip() or text in _MISSING:
            raise MomentError("missing", row, text)
        try:
            times[row], offset = _moment(_tidy(text))
        except ValueError:
            raise MomentError("unreadable", row, text) from None
        offsets.append(offset)
        if (offset is None) != (offsets[0] is None):
            raise MomentError("mixed", row, text)
    return _in_range(times), offsets


def _tidy(text: str) -> str:
    text = re.sub(r"^(\d{4})[./](\d{2})[./](\d{2})", r"\1-\2-\3", text.strip())
    return re.sub(r"\s*UTC$", "Z", text)


def _moment(text: str) -> tuple[int, timedelta | None]:
    """(nanoseconds, offset) of one ISO text: nanoseconds UTC, on the wall clock where the offset is None."""
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset()
    time = (moment - (_EPOCH if offset is None else _EPOCH.replace(tzinfo=UTC))) // _MICROSECOND * 1000
    finer = _FINER.search(text)  # `fromisoformat` cuts fractions off at the microsecond
    if finer is not None:
        time += int(finer[1].ljust(3, "0"))
    return time, offset


def _from_number_texts(texts: Sequence[str]) -> Moments:
    numbers = np.empty(len(texts), dtype=object)
    for row, text in enumerate(texts):
        if not text.strip() or text in _MISSING:
            raise MomentError("missing", row, text)
        try:
            numbers[row] = float(text) if "." in text else int(text)
        except ValueError:
            raise MomentError("unreadable", row, text) from None
    return from_numbers(numbers)


def from_numbers(values: NDArray[Any]) -> Moments:
    """Times from numbers: dates written 20240131, else seconds, milli-, micro- or nanoseconds since 1970.

    The unit is the coarsest in which every value lies in the years that nanoseconds can hold.

    >>> from_numbers(np.array([1704067200000])).unit, iso(from_numbers(np.array([20240131])).times[0], None)
    ('milliseconds since 1970', '2024-01-31T00:00:00Z')
    """
    if len(values) == 0:
        return Moments(np.empty(0, dtype=np.int64))
    if values.dtype.kind in "iu" and values.max() <= np.iinfo(np.int64).max:
        values = values.astype(np.int64)  # a product of narrower integers would wrap round
    else:
        values = _integers_if_whole(values)
    dates = _from_written_dates(values)
    if dates is not None:
        return Moments(dates, unit="dates written YYYYMMDD")
    largest = max(abs(int(values.min())), abs(int(values.max())))
    scale, unit = 1, "nanoseconds"
    for coarser, name in ((SECOND, "seconds"), (10**6, "milliseconds"), (10**3, "microseconds")):
        if largest * coarser < LATEST:
            scale, unit = coarser, name
            break
    return Moments(_in_range(_scaled(values, scale)), unit=f"{unit} since 1970")


def _integers_if_whole(values: NDArray[Any]) -> NDArray[Any]:
    """The values as Python's numbers, whole ones as integers, so that no product is rounded or wraps."""
    numbers = np.empty(len(values), dtype=object)
    for row, value in enumerate(values.tolist()):
        if value != value or value in (float("inf"), float("-inf")):
            raise MomentError("missing", row, str(value))
        numbers[row] = int(value) if value == int(value) else value
    return numbers


def _from_written_dates(values: NDArray[Any]) -> Times | None:
    if values.min() < 1678_01_01 or values.max() > 2262_03_31:
        return None
    try:
        return np.array([_moment(str(value))[0] for value in values.tolist()], dtype=np.int64)
    except ValueError:
        return None


def _scaled(values: NDArray[Any], scale: int) -> NDArray[Any]:
    if values.dtype.kind != "O":
        return values * scale if scale > 1 else values
    # Whole and fraction apart: 1704067200.5 seconds would lose digits to the rounding of the product.
    return np.array([int(v) * scale + round((v - int(v)) * scale) for v in values], dtype=object)


def from_datetime64(values: NDArray[Any]) -> Moments:
    """Times from numpy datetimes of any unit; NaT is "missing", a year outside 1678-2261 "range".

    >>> from_datetime64(np.array(["1970-01-02"], dtype="M8[D]")).times.tolist() == [DAY]
    True
    """
    missing = np.isnat(values)
    if missing.any():
        raise MomentError("missing", int(np.argmax(missing)), "NaT")
    unit = np.datetime_data(values.dtype)[0]
    if unit in ("generic", "ns", "ps", "fs", "as"):
        return Moments(_in_range(values.astype("M8[ns]").view(np.int64)))
    coarse = values.astype(f"M8[{unit}]")
    # Compared in the coarse unit: numpy's own conversion to nanoseconds wraps round without a word.
    low, high = (np.datetime64(limit, "ns").astype(f"M8[{unit}]") for limit in (EARLIEST, LATEST))
    outside = (coarse < low) | (coarse >= high)
    if outside.any():
        row = int(np.argmax(outside))
        raise MomentError("range", row, str(coarse[row]))
    return Moments(coarse.astype("M8[ns]").view(np.int64))


def _in_range(times: NDArray[Any]) -> Times:
    outside = (times < EARLIEST) | (times >= LATEST)
    if outside.any():
        row = int(np.argmax(outside))
        # Python refuses to write an integer of thousands of digits.
        raise MomentError("range", row, str(times[row]) if abs(int(times[row])) < 10**30 else "a huge number")
    return times.astype(np.int64)


def from_clocks(texts: Sequence[str]) -> Times:
    """Nanoseconds after midnight of times of day: 09:30, 09:30:00, and digits as 930 or 093000.

    >>> (from_clocks(["09:30", "10:00"]) // MINUTE).tolist()
    [570, 600]
    """
    digits = 4 if all(len(text) <= 4 for text in texts) else 6  # 930 is 09:30 unless 120000 is there
    known: dict[str, int] = {}
    for row, text in enumerate(texts):
        if text in known:
            continue
        if not text.strip() or text in _MISSING:
            raise MomentError("missing", row, text)
        if _TIME_OF_DAY.fullmatch(text) is None:
            raise MomentError("unreadable", row, text)
        written = text.zfill(digits) if ":" not in text else "0" * (text[1] == ":") + text
        try:
            moment = datetime.fromisoformat(f"1970-01-01T{written}")
        except ValueError:
            raise MomentError("unreadable", row, text) from None
        known[text] = (moment - _EPOCH) // _MICROSECOND * 1000
    return np.array([known[text] for text in texts], dtype=np.int64)


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
