"""Finds the candle that a time or a row number names, or those between two; says when a candle opened."""

from __future__ import annotations

from datetime import date, datetime, timedelta
import operator
from typing import Any, TypeAlias

import numpy as np

from .runtime.bars import Bars
from .runtime.clock import iso
from .runtime.moments import MomentError, from_datetime64, parse_time

Time: TypeAlias = "np.datetime64 | datetime | date | str | int"
"""What names a candle; a pandas Timestamp is a datetime."""

_LAST_YEAR = 2261  # no bar opens after it


def find_row(bars: Bars, time: Time) -> int:
    """The row of the candle that opens at a time, or that a number names; ValueError if there is none.

    A text or datetime without an offset is read in the zone of the bars, a numpy time in UTC. Rows
    count from 0, negative ones from the end.

    >>> bars = Bars({"time": ["2024-01-05", "2024-01-08"], "close": [1.0, 2.0]})
    >>> find_row(bars, "2024-01-08"), find_row(bars, -2)
    (1, 0)
    >>> find_row(bars, "2024-01-06")
    Traceback (most recent call last):
        ...
    ValueError: no candle opens at 2024-01-06; the one before opens at 2024-01-05 (row 0), the one after at 2024-01-08 (row 1)
    """  # noqa: E501 - the message is one line
    if len(bars) == 0:
        raise ValueError("there are no candles")
    if not isinstance(time, np.datetime64 | date | str):
        return _numbered_row(bars, time)
    if bars.times is None:
        raise ValueError(f"the bars have no times; name a row from 0 to {len(bars) - 1}")
    wanted = nanoseconds(time, bars.zone)
    row = int(np.searchsorted(bars.times, wanted))
    if row < len(bars) and bars.times[row] == wanted:
        return row
    raise ValueError(f"no candle opens at {_shown(wanted, bars.zone)}; {_neighbours(bars, row)}")


def rows_between(
    bars: Bars, first: Time | None, last: Time | None, names: tuple[str, str] = ("first", "last")
) -> slice:
    """The rows of the candles from `first` to `last`, at which none need open; None is where the bars end.

    Times are read as `find_row` reads them, and both ends belong to the range; a date as the last one is
    its whole day. Row numbers are those of a slice: `last` is the first row behind the range, negative
    ones count from the end. Raises ValueError where `first` is later than `last`; `names` are what the
    user calls the two.

    >>> times = ["2024-01-05T15:00", "2024-01-05T16:00", "2024-01-08"]
    >>> bars = Bars({"time": times, "close": [1.0, 2.0, 3.0]})
    >>> rows_between(bars, None, "2024-01-05"), rows_between(bars, 1, -1)
    (slice(0, 2, None), slice(1, 2, None))
    """
    start = 0 if first is None else _border(bars, first, False, names)
    stop = len(bars) if last is None else _border(bars, last, True, names)
    if _later(bars, first, last) or (first is not None and last is not None and start > stop):
        raise ValueError(f"{names[0]} is later than {names[1]}")
    return slice(start, max(start, stop))


def _later(bars: Bars, first: Time | None, last: Time | None) -> bool:
    """Whether both are times and the wrong way round, which rows do not show where no candle is between."""
    if not isinstance(first, np.datetime64 | date | str) or not isinstance(last, np.datetime64 | date | str):
        return False
    return nanoseconds(first, bars.zone) >= _end(last, bars.zone)


def _border(bars: Bars, time: Time, behind: bool, names: tuple[str, str]) -> int:
    """The row at which a range begins, or which is behind it."""
    if not isinstance(time, np.datetime64 | date | str):
        return slice(_integer(time), None).indices(len(bars))[0]
    if bars.times is None:
        raise ValueError(f"the bars have no times; as {names[0]} and {names[1]}, name row numbers")
    wanted = _end(time, bars.zone) if behind else nanoseconds(time, bars.zone)
    return int(np.searchsorted(bars.times, wanted))


def _end(time: np.datetime64 | date | str, zone: str | None) -> int:
    """The first nanosecond after what `time` names."""
    day = _day(time)
    if day is None:
        return nanoseconds(time, zone) + 1
    if day.year >= _LAST_YEAR:
        return 1 << 62
    return parse_time((day + timedelta(days=1)).isoformat(), zone)


def _day(time: np.datetime64 | date | str) -> date | None:
    """The date, if it is no more than one."""
    if isinstance(time, str):
        try:
            return date.fromisoformat(time.strip())
        except ValueError:
            return None
    return time if isinstance(time, date) and not isinstance(time, datetime) else None


def moment(bars: Bars, row: int) -> str:
    """When a candle opened, in the zone of the bars; without the time of day if that is midnight."""
    return f"row {row:,}" if bars.times is None else _shown(int(bars.times[row]), bars.zone)


def _shown(time: int, zone: str | None) -> str:
    text = iso(time, zone).replace("T", " ")
    return text.removesuffix(" 00:00:00Z") if zone is None else text


def _numbered_row(bars: Bars, number: Any) -> int:
    row = _integer(number)
    if not -len(bars) <= row < len(bars):
        raise ValueError(f"there is no row {row}; the last candle is row {len(bars) - 1}")
    return row % len(bars)


def _integer(number: Any) -> int:
    if isinstance(number, bool | np.bool_):
        raise TypeError("a candle is named by a time or a row number, not by a truth")
    try:
        return operator.index(number)
    except TypeError:
        kind = type(number).__name__
        raise TypeError(f"a candle is named by a time or a row number, not by a {kind}") from None


def nanoseconds(time: np.datetime64 | date | str, zone: str | None) -> int:
    if isinstance(time, str):
        return parse_time(time, zone)
    if isinstance(time, date):
        return parse_time(time.isoformat(), zone)
    try:
        return int(from_datetime64(np.array([time])).times[0])
    except MomentError:
        raise ValueError(f"{time} is not a time of the years 1678 to 2261") from None


def _neighbours(bars: Bars, row: int) -> str:
    """The candles around a place between rows, in words."""

    def at(row: int) -> str:
        return f"opens at {moment(bars, row)} (row {row:,})"

    if row == 0:
        return f"the first {at(0)}"
    if row == len(bars):
        return f"the last {at(row - 1)}"
    return f"the one before {at(row - 1)}, the one after {at(row).removeprefix('opens ')}"
