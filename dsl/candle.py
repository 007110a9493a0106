"""Finds the candle that a time or a row number names, and says when a candle opened."""

from __future__ import annotations

from datetime import date, datetime
import operator
from typing import Any, TypeAlias

import numpy as np

from .runtime.bars import Bars
from .runtime.clock import iso
from .runtime.moments import MomentError, from_datetime64, parse_time

Time: TypeAlias = "np.datetime64 | datetime | date | str | int"
"""What names a candle; a pandas Timestamp is a datetime."""


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


def moment(bars: Bars, row: int) -> str:
    """When a candle opened, in the zone of the bars; without the time of day if that is midnight."""
    return f"row {row:,}" if bars.times is None else _shown(int(bars.times[row]), bars.zone)


def _shown(time: int, zone: str | None) -> str:
    text = iso(time, zone).replace("T", " ")
    return text.removesuffix(" 00:00:00Z") if zone is None else text


def _numbered_row(bars: Bars, number: Any) -> int:
    if isinstance(number, bool | np.bool_):
        raise TypeError("a candle is named by a time or a row number, not by a truth")
    try:
        row = operator.index(number)
    except TypeError:
        kind = type(number).__name__
        raise TypeError(f"a candle is named by a time or a row number, not by a {kind}") from None
    if not -len(bars) <= row < len(bars):
        raise ValueError(f"there is no row {row}; the last candle is row {len(bars) - 1}")
    return row % len(bars)


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
