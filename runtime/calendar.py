"""Owns the figures of a calendar: the hour, the day of the week and their like, of a time in a zone.

All are read from the wall clock of the zone, in whole numbers:

| figure | values |
|---|---|
| hour, minute | 0 to 23, 0 to 59 |
| second | of the day, 0 to 86,399 |
| dayOfWeek | 1 (Monday) to 7 (Sunday), as ISO 8601 counts |
| dayOfMonth, month | 1 to 31, 1 to 12 |
| day | of all days, from 1970-01-01 on |

Worked: 2024-03-10T06:30Z is a Sunday, 01:30 in New York: hour 1, minute 30, dayOfWeek 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clock import DAY, HOUR, MINUTE, SECOND, Times, day_number, wall_clock

FIGURES: dict[str, Callable[[Times], NDArray[Any]]] = {
    "hour": lambda wall: wall % DAY // HOUR,
    "minute": lambda wall: wall % HOUR // MINUTE,
    "second": lambda wall: wall % DAY // SECOND,
    "dayOfWeek": lambda wall: (day_number(wall) + 3) % 7 + 1,
    "dayOfMonth": lambda wall: _by_day(
        wall, lambda days: days - _months(days).astype("M8[D]").view(np.int64) + 1
    ),
    "month": lambda wall: _by_day(wall, lambda days: _months(days).view(np.int64) % 12 + 1),
    "day": day_number,
}
"""How each figure is read from the wall clock."""


def figures(name: str, zone: str | None, times: Times) -> NDArray[np.float64]:
    """A figure of the calendar of a zone at increasing times.

    >>> half_past_six = np.array(["2024-03-10T06:30"], "M8[ns]").view(np.int64)
    >>> names = "hour", "dayOfWeek", "month"
    >>> [figures(name, "America/New_York", half_past_six)[0].item() for name in names]
    [1.0, 7.0, 3.0]
    """
    return FIGURES[name](wall_clock(times, own_zone(zone))).astype(np.float64)


def own_zone(zone: str | None) -> str | None:
    """A zone as this package names it: none for UTC."""
    return None if zone == "UTC" else zone


def _by_day(wall: Times, figure: Callable[[Times], Times]) -> NDArray[Any]:
    """A figure that is one for a whole day, asked once a day."""
    days = day_number(wall)
    if len(days) == 0:
        return days
    first, behind = int(days.min()), int(days.max()) + 1
    if behind - first > len(days):
        return figure(days)
    return figure(np.arange(first, behind))[days - first]


def _months(days: Times) -> NDArray[Any]:
    """The months of days, which are counted from 1970-01-01."""
    return days.astype("M8[D]").astype("M8[M]")
