"""Owns the fast reading of many ISO texts that are all of one shape: a table of digits, worked by columns.

1. The first text gives the shape: where it has a digit all must have one, everything else (separators,
   "Z", the offset) they must have in common with it.
2. The texts are joined, each with a line feed at its end, into a table of bytes with a row for each. No
   shape holds a line feed, so the table fits only if every text has the length of the first.
3. From every column the least byte that the shape allows is taken away. What is left is a digit, or 0.
4. Years, months and so on are sums of columns; a day is looked up as the first of its month and the rest.

Example: "2024-01-31" less "0000-00-00" leaves 2 0 2 4 0 0 1 0 3 1, of which 2024, 1 and 31 are made.

Whatever is not plainly right (another shape, 30 February, the year 1600) is left to a slower reader, which
alone says what is wrong. That makes it safe to read less here than `datetime.fromisoformat` does.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
import re

import numpy as np
from numpy.typing import NDArray

from .clock import DAY, EARLIEST, HOUR, MINUTE, SECOND, Times

_SHAPE = re.compile(
    r"\d{4}([-./])\d\d\1\d\d"
    r"(?P<time>[T ]\d\d:\d\d(?P<second>:\d\d(?P<fraction>\.\d{1,9})?)?(?P<offset>Z|[+-]\d\d:\d\d)?)?",
    re.ASCII,
)
_MONTHS = np.arange("1678-01", "2262-02", dtype="M8[M]").astype("M8[D]").astype(np.int64)  # their first days
_FIRST_MONTH = 1678 * 12


def read_uniform(texts: Sequence[str]) -> tuple[Times, timedelta | None] | None:
    """(times, offset) of texts of one shape, None if they are not; times are UTC if there is an offset.

    >>> times, offset = read_uniform(["1970-01-01T01:00:00.5+01:00", "1970-01-01T01:00:00.7+01:00"])
    >>> times.tolist(), str(offset)
    ([500000000, 700000000], '1:00:00')
    >>> read_uniform(["2024-02-28", "2024-02-30"]) is None
    True
    """
    shape = None if not texts else _SHAPE.fullmatch(texts[0])
    if shape is None:
        return None
    try:
        digits = _digits(texts, shape)
        times = _days(digits) * DAY
        if shape["time"]:
            times += _clocks(digits, shape)
        offset = _offset(shape["offset"])
    except _NotPlain:
        return None
    if offset is not None:
        times -= offset // timedelta(minutes=1) * MINUTE
    # An offset can lead out of the years at their beginning; at their end there are months left.
    return (times, offset) if times.min() >= EARLIEST else None


class _NotPlain(Exception):
    """The texts are for the slower reader."""


def _digits(texts: Sequence[str], shape: re.Match[str]) -> NDArray[np.uint8]:
    """The digits of every text (length of a text + 1, n); 0 where the shape has none."""
    joined = "\n".join(texts) + "\n"
    text = shape[0]
    if not joined.isascii() or len(joined) != (len(text) + 1) * len(texts):
        raise _NotPlain
    variable = np.array([char.isdigit() for char in text] + [False])
    variable[shape.start("offset") if shape["offset"] else len(text) :] = False
    least = np.where(variable, ord("0"), np.frombuffer(f"{text}\n".encode(), dtype=np.uint8))
    table = np.frombuffer(joined.encode(), dtype=np.uint8).reshape(len(texts), len(text) + 1)
    # Bytes have no sign: one that is too small becomes a large one.
    digits = table.T - least.astype(np.uint8)[:, np.newaxis]
    if (digits > np.where(variable, 9, 0).astype(np.uint8)[:, np.newaxis]).any():
        raise _NotPlain
    return digits


def _number(digits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The number that some columns of digits write, most significant first."""
    number = digits[0].astype(np.int64)
    for column in digits[1:]:
        number *= 10
        number += column
    return number


def _days(digits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Days from 1970-01-01 to the dates, which must exist and lie in the years of `_MONTHS`."""
    year, month, day = _number(digits[0:4]), _number(digits[5:7]), _number(digits[8:10])
    place = year * 12 + (month - 1) - _FIRST_MONTH
    if month.min() < 1 or month.max() > 12 or place.min() < 0 or place.max() >= len(_MONTHS) - 1:
        raise _NotPlain
    first = _MONTHS[place]
    if day.min() < 1 or (first + day > _MONTHS[place + 1]).any():
        raise _NotPlain
    return first + day - 1


def _clocks(digits: NDArray[np.uint8], shape: re.Match[str]) -> Times:
    """Nanoseconds after midnight of times of day, which must exist."""
    hour, minute = _number(digits[11:13]), _number(digits[14:16])
    if hour.max() > 23 or minute.max() > 59:
        raise _NotPlain
    clocks: Times = hour * HOUR + minute * MINUTE
    if shape["second"]:
        second = _number(digits[17:19])
        if second.max() > 59:
            raise _NotPlain
        clocks += second * SECOND
    if shape["fraction"]:
        places = len(shape["fraction"]) - 1
        clocks += _number(digits[20 : 20 + places]) * 10 ** (9 - places)
    return clocks


def _offset(written: str | None) -> timedelta | None:
    if written is None:
        return None
    try:
        return datetime.fromisoformat(f"1970-01-01T00:00{written}").utcoffset()
    except ValueError:
        raise _NotPlain from None
