"""Owns what a time zone of a document may be: a name of the IANA database, or an offset such as +02:00.

Which names there are is asked of this machine's database.
"""

from __future__ import annotations

from functools import cache, lru_cache
import re
from zoneinfo import ZoneInfo, available_timezones

from ..grammar.spelling import Speller
from ..grammar.words import UTC

_OFFSET = re.compile(r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_LONGEST = 80


@lru_cache(maxsize=64)
def is_zone(name: str) -> bool:
    """Whether a document may name this zone.

    >>> is_zone("Europe/Berlin"), is_zone("-05:30"), is_zone("Berlin"), is_zone("../etc/passwd")
    (True, True, False, False)
    """
    if name == UTC or _OFFSET.fullmatch(name):
        return True
    if len(name) > _LONGEST or not name.isascii() or not name.isprintable():
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def nearest_zone(name: str, speller: Speller) -> str | None:
    """The zone that may be meant: one of this city, or one that is spelled alike.

    >>> nearest_zone("New York", Speller()), nearest_zone("Europe/Berlín", Speller())
    ('America/New_York', 'Europe/Berlin')
    """
    city = _folded(name)
    found = [zone for zone in _zones() if zone.casefold().endswith(f"/{city}") or zone.casefold() == city]
    if len(found) == 1 or (found and len(name) <= _LONGEST):
        return found[0]
    return speller.nearest(name, _zones())


def is_spelling(name: str, zone: str) -> bool:
    """Whether a name is that of a zone, in other letters or with spaces.

    >>> is_spelling("america/new york", "America/New_York"), is_spelling("New York", "America/New_York")
    (True, False)
    """
    return _folded(name) == zone.casefold()


def _folded(name: str) -> str:
    return name.strip().replace(" ", "_").casefold()


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
