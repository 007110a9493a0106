"""Owns the names of columns: which of them is which field, and how a message writes them.

1. `_key` leaves of a name its letters, in lower case: `<CLOSE>`, "4. close" and "Close" have the key "close".
2. A field takes the column whose key is one of its strong names; two such columns are an error, except
   for a date and a time of day, which make one time together.
3. Where no name is strong the best of the weak ones is taken, and a note says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import re
from typing import NoReturn

from .bars_error import BarsError


@dataclass(frozen=True)
class Match:
    """Which of the names is which field; `clock` is a time of day that completes the date in "time"."""

    places: dict[str, int]
    clock: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Names:
    """The usual names of a field. The weak ones, best first, count only where no strong one is there."""

    strong: frozenset[str]
    weak: tuple[str, ...] = ()


def _names(strong: str, weak: str = "") -> _Names:
    return _Names(frozenset(strong.split()), tuple(weak.split()))


_FIELDS = {
    "open": _names("open o openprice priceopen"),
    "high": _names("high h highprice pricehigh"),
    "low": _names("low l lowprice pricelow"),
    "close": _names(
        "close c closeprice priceclose last lastprice closelast",
        "adjclose adjustedclose closeadj closeadjusted adjcloseprice adjustedcloseprice price",
    ),
    "volume": _names("volume vol v volumetraded", "tickvolume tickvol realvolume basevolume"),
    "time": _names(
        "time date datetime timestamp opentime ts t dt dateandtime utc timeutc dateutc datetimeutc gmttime "
        "unix unixtime unixtimestamp epoch starttime timeopen timeperiodstart bartime dtyyyymmdd",
        "index indexlevel0",
    ),
}


def match_names(names: Sequence[str], with_time: bool = True) -> Match:
    """The place of each field among the columns' names; raises BarsError where two names claim one.

    >>> match_names(["<DATE>", "<TIME>", "<CLOSE>", "4. close price (USD)"])
    Match(places={'close': 2, 'time': 0}, clock=1, notes=())
    """
    keys = [_key(name) for name in names]
    places: dict[str, int] = {}
    time_of_day = None
    notes: list[str] = []
    for field, usual in _FIELDS.items():
        if field == "time" and not with_time:
            continue
        claims = [place for place, key in enumerate(keys) if key in usual.strong]
        if field == "time" and sorted(keys[place] for place in claims) == ["date", "time"]:
            claims.sort(key=lambda place: keys[place])
            time_of_day = claims.pop()
        weak = [place for best in usual.weak for place, key in enumerate(keys) if key == best]
        ranked = claims or weak
        if not ranked:
            continue
        rivals = claims if claims else [place for place in weak if keys[place] == keys[weak[0]]]
        if len(rivals) > 1:
            two_columns(field, *(names[place] for place in rivals[:2]))
        places[field] = ranked[0]
        if field == "time":
            continue
        if not claims:
            notes.append(f"{quoted(names[ranked[0]])} is read as {field}")
        for place in weak:
            if place != ranked[0]:
                notes.append(f"{quoted(names[place])} ignored because {quoted(names[ranked[0]])} is there")
    return Match(places, time_of_day, tuple(notes))


def is_time(name: str) -> bool:
    """Whether a column of this name can only be the time."""
    return _key(name) in _FIELDS["time"].strong


def is_index(name: str) -> bool:
    """Whether a column of this name is a saved or unnamed index: times, or mere row numbers."""
    return _key(name) in _FIELDS["time"].weak


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower().lstrip("0123456789")


def quoted(name: str) -> str:
    """A column's name for a message: one line, in backticks, at most 40 characters of it."""
    return f"`{shortened(name, 40)}`"


def listed(names: Iterable[str]) -> str:
    """Some names for a message, the first dozen of them."""
    written = [quoted(name) for name in names]
    if len(written) > 12:
        written[12:] = [f"{len(written) - 12} more"]
    return ", ".join(written) or "no columns"


def shortened(text: str, width: int = 80) -> str:
    """Some text of the data for a message: printable, and at most `width` characters of it."""
    printable = text[:width].encode("unicode_escape").decode() if not text.isprintable() else text
    return printable if len(printable) <= width else printable[: width - 1] + "…"


def two_columns(field: str, first: str, second: str) -> NoReturn:
    """Raise BarsError B105."""
    raise BarsError(
        "B105",
        f"{quoted(first)} and {quoted(second)} both claim to be {field}",
        help="keep one of them, and one symbol only",
    )
