"""Tables that a page written by hand takes from the code, between two marks.

    <!-- made: limits -->
    …
    <!-- /made -->

`refreshed` writes what is between the marks anew. A mark that nothing makes is a mistake of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
import re

from ..grammar.words import KEYWORDS, LIMITS, MARKET_DATA, MINUTES, NAME, RESERVED, amount
from ..runtime.registry import functions, public_names
from ..schemas.parameters import KINDS as PARAMETER_KINDS
from .families import KINDS, MEMORIES
from .function_pages import comparisons, index

_MARKED = re.compile(r"(<!-- made: ([a-z -]+) -->\n).*?(<!-- /made -->)", re.DOTALL)

_EXAMPLES = 6
_UNITS = ((1440, "day"), (60, "hour"), (1, "minute"))
_PUBLISHED = ("15M", "30M", "1H", "2H", "4H", "1D")


def refreshed(text: str) -> str:
    """The page with everything between marks made anew.

    >>> refreshed("<!-- made: market data -->\\nold\\n<!-- /made -->").splitlines()[2]
    '`open` `high` `low` `close` `volume`'
    """
    return _MARKED.sub(lambda found: f"{found[1]}\n{MAKERS[found[2]]()}\n\n{found[3]}", text)


def _market_data() -> str:
    return _in_backticks(MARKET_DATA)


def _timeframes() -> str:
    rows = [
        f"| `{name}` | {_duration(minutes)} | {'published' if name in _PUBLISHED else 'beyond'} |"
        for name, minutes in MINUTES.items()
    ]
    return _table("| timeframe | candle | format |", rows)


def _duration(minutes: int) -> str:
    """
    >>> _duration(240), _duration(1), _duration(10080)
    ('4 hours', '1 minute', '7 days')
    """
    size, noun = next(unit for unit in _UNITS if minutes % unit[0] == 0)
    count = minutes // size
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _reserved() -> str:
    return f"{_in_backticks(RESERVED)}, and in any case {_in_backticks(KEYWORDS)}"


def _names() -> str:
    return f"`{NAME.pattern}`"


def _limits() -> str:
    rows = {
        "a document": amount_in_kibibytes(LIMITS.document_bytes),
        "brackets, calls, `NOT`, signs and `@` at once; objects and arrays in each other": LIMITS.nesting,
        "characters of an expression": LIMITS.expression_characters,
        "entries of a section; further series, other instruments": LIMITS.entries,
        "functions of a document that call each other, one below another": LIMITS.calls_deep,
        "parts of formulas that all calls of those stand for": LIMITS.written_out,
        "distinct computations": LIMITS.nodes,
        "a period or window, in candles": LIMITS.window,
        "an offset, in candles": LIMITS.window - 1,
        "a weight, either way": LIMITS.weight,
        "characters of a number": LIMITS.number_characters,
    }
    shown = [f"| {what} | {most if isinstance(most, str) else f'{most:,}'} |" for what, most in rows.items()]
    return _table("| what | at most |", shown)


def amount_in_kibibytes(size: int) -> str:
    """A number of bytes as people say it.

    >>> amount_in_kibibytes(262144), amount_in_kibibytes(1000)
    ('256 KiB', '1,000 bytes')
    """
    return f"{size // 1024:,} KiB" if size % 1024 == 0 else amount(size)


def _constants() -> str:
    """What constant arguments may be, each with the functions that ask for it, or the first of many."""
    rows = []
    for kind, said in KINDS.items():
        asking = [
            name for name in public_names() if kind in {one.kind for one in functions()[name].parameters}
        ]
        if said.startswith("a constant") and asking:
            some = ", ".join(f"[`{name}`](functions/{name}.md)" for name in asking[:_EXAMPLES])
            rows.append(f"| {said} | {some}{' …' if len(asking) > _EXAMPLES else ''} |")
    return _table("| argument | of |", rows)


def _memories() -> str:
    return "\n".join(f"- {said}" for said in MEMORIES.values())


def _parameter_kinds() -> str:
    return _in_backticks(PARAMETER_KINDS)


def _in_backticks(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _table(head: str, rows: list[str]) -> str:
    return "\n".join([head, "|" + "---|" * (head.count("|") - 1), *rows])


MAKERS: dict[str, Callable[[], str]] = {
    "comparisons": comparisons,
    "constants": _constants,
    "functions": index,
    "limits": _limits,
    "market data": _market_data,
    "memories": _memories,
    "names": _names,
    "parameter kinds": _parameter_kinds,
    "reserved": _reserved,
    "timeframes": _timeframes,
}
