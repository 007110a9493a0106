"""The fixed vocabulary of the language, its limits, and how messages quote what a user wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import re

MARKET_DATA = ("open", "high", "low", "close", "volume")

MINUTES = {
    "1M": 1,
    "3M": 3,
    "5M": 5,
    "15M": 15,
    "30M": 30,
    "1H": 60,
    "2H": 120,
    "4H": 240,
    "6H": 360,
    "8H": 480,
    "12H": 720,
    "1D": 1440,
    "1W": 10080,
}
TIMEFRAMES = tuple(MINUTES)

UTC = "UTC"
"""The time zone of a document that names none."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

RESERVED = (*MARKET_DATA, "score", "timeframe", "true", "false")
KEYWORDS = ("and", "or", "not")


@dataclass(frozen=True)
class Limits:
    """What a document may ask for at most; each has a diagnostic of its own."""

    document_bytes: int = 256 * 1024
    nesting: int = 64
    expression_characters: int = 4096
    entries: int = 512
    nodes: int = 4096
    calls_deep: int = 64
    written_out: int = 32_768
    window: int = 10_000
    weight: int = 1_000_000_000
    number_characters: int = 32
    suggestions: int = 20


LIMITS = Limits()


def is_reserved(name: str) -> bool:
    """Whether `name` can name no input or condition.

    >>> is_reserved("close"), is_reserved("And"), is_reserved("ema")
    (True, True, False)
    """
    return name in RESERVED or name.lower() in KEYWORDS


def quoted(text: str, limit: int = 80) -> str:
    """What a user wrote, in backticks: clipped, and with nothing that could move a cursor.

    >>> quoted("a\\x1b[2J")
    '`a\\\\x1b[2J`'
    """
    shown = clipped(text, limit)
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return f"`{shown}`"


def clipped(text: str, limit: int = 80) -> str:
    """A text of at most `limit` characters; dots stand for what is cut off.

    >>> clipped("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listing(names: Iterable[str]) -> str:
    """Names as a sentence lists them.

    >>> listing(["a", "b", "c"])
    '`a`, `b` and `c`'
    """
    shown = [f"`{name}`" for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]


def some(count: int, noun: str) -> str:
    """A count and its noun.

    >>> some(1, "argument"), some(2, "argument")
    ('1 argument', '2 arguments')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def amount(size: int) -> str:
    """A number of bytes.

    >>> amount(3 * 2**20), amount(1000)
    ('3 MiB', '1,000 bytes')
    """
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size:,} bytes"


def number_text(value: float) -> str:
    """The one way a number is written: the shortest digits that read back as the same float64.

    >>> number_text(14.0), number_text(0.001), number_text(1e22)
    ('14', '0.001', '1e+22')
    """
    if abs(value) < 1e16 and value == int(value):
        return str(int(value))
    return repr(value)
