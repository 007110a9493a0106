"""Owns moments: reads times from texts, numbers and datetimes, as they come in data and on command lines.

Texts are tried in three ways, the fastest first; where one gives up, the next decides.

1. `read_uniform` takes texts that are all of one shape for a table of digits.
2. `_quickly` leaves each text to `datetime.fromisoformat`.
3. `_one_by_one` tidies each text first, keeps nanoseconds, and says which row is at fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clock import EARLIEST, LATEST, SECOND, Times, offset_name, zone_rule
from .iso_texts import read_uniform

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_MISSING = frozenset({"NaT", "nan", "NaN", "None", "<NA>"})
_NUMBER = re.compile(r"\s*-?\d+(\.\d*)?\s*", re.ASCII)
_FINER = re.compile(r"[.,]\d{6}(\d{1,3})", re.ASCII)
_TIME_OF_DAY = re.compile(r"\d{1,6}|\d{1,2}:\d\d(:\d\d([.,]\d+)?)?", re.ASCII)


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


def parse_time(text: str, zone: str | None) -> int:
    """Nanoseconds UTC of a date or an ISO date-time; one without an offset is read in `zone`.

    A wall-clock time that occurs twice is the first of the two. Raises ValueError in plain words.

    >>> parse_time("1970-01-02", None), parse_time("1970-01-01T02:00", "+02:00")
    (86400000000000, 0)
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
    uniform = read_uniform(texts)
    if uniform is not None:
        times, offset = uniform
        return Moments(times, None if offset is None else offset_name(offset))
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

    >>> from_numbers(np.array([1704067200000])).unit, from_numbers(np.array([19700102])).times.tolist()
    ('milliseconds since 1970', [86400000000000])
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

    >>> from_datetime64(np.array(["1970-01-02"], dtype="M8[D]")).times.tolist()
    [86400000000000]
    """
    missing = np.isnat(values)
    if missing.any():
        raise MomentError("missing", int(np.argmax(missing)), "NaT")
    unit = np.datetime_data(values.dtype)[0]
    if unit in ("generic", "ns", "ps", "fs", "as"):
        return Moments(_in_range(values.astype("M8[ns]").view(np.int64)))
    coarse = values.astype(f"M8[{unit}]", copy=False)
    # Compared in the coarse unit: numpy's own conversion to nanoseconds wraps round without a word.
    low, high = (np.datetime64(limit, "ns").astype(f"M8[{unit}]") for limit in (EARLIEST, LATEST))
    outside = (coarse < low) | (coarse >= high)
    if outside.any():
        row = int(np.argmax(outside))
        raise MomentError("range", row, str(coarse[row]))
    return Moments(coarse.astype("M8[ns]").view(np.int64))


def _in_range(times: NDArray[Any]) -> Times:
    """These times as int64, which are the array itself where it is int64 already."""
    outside = (times < EARLIEST) | (times >= LATEST)
    if outside.any():
        row = int(np.argmax(outside))
        # Python refuses to write an integer of thousands of digits.
        raise MomentError("range", row, str(times[row]) if abs(int(times[row])) < 10**30 else "a huge number")
    return times.astype(np.int64, copy=False)


def from_clocks(texts: Sequence[str]) -> Times:
    """Nanoseconds after midnight of times of day: 09:30, 09:30:00, and digits as 930 or 093000.

    >>> (from_clocks(["00:01", "09:30"]) // SECOND).tolist()
    [60, 34200]
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
