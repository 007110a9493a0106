"""The page of every code: what it says, why it matters, and a wrong and a right example.

The pages are the docstrings of `grammar/catalogue/`, which all have one shape:

    What the code says, in a sentence or two.

    Why: what would happen otherwise, or why the language asks for it.

    Wrong:
        "conditions": {"up": "close > open && volume > 0"}
    Right:
        "conditions": {"up": "close > open AND volume > 0"}

1. `page` reads one docstring; `find_code` is forgiving about how a code is written.
2. `expanded` makes a whole document of an example. One that begins with a quote has the members that matter
   and gets the other sections of `PLAIN`; any other is the document itself. `‹…›×N` stands for N copies,
   in which `{n}` counts from 0. What needs Python (a budget, a value that JSON cannot hold) is Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
import inspect
import re
from typing import Any

from ..grammar.catalogue import CATALOGUE
from ..grammar.places import members
from ..grammar.spelling import distance
from ..grammar.words import listing, quoted

FAMILIES = {
    "E1": "The document and its keys",
    "E2": "The syntax of expressions",
    "E3": "Names and their order",
    "E4": "Kinds of values and arguments",
    "E5": "Causality and determinism",
    "E6": "Limits and budgets",
    "W7": "Warnings",
}

PLAIN = {
    "configuration": '{"timeframe": "1H"}',
    "inputs": "{}",
    "conditions": '{"up": "close > open"}',
    "score": '{"up": 10}',
    "decision": '{"entry": "score >= 10"}',
}
"""The sections, as JSON texts, of the strategy that an example stands in."""

FRAGMENTS = "An example without outer braces stands in a strategy whose other sections are right."
COPIES = "‹…›×N stands for N copies, in which {n} counts them."
PYTHON = "In Python, `source`, `text`, `strategy`, `tunable` and `bars` are a right one of each."

_PARTS = re.compile(r"\n\nWhy: (.*?)(?:\n\nWrong:\n(.*?)\nRight:\n(.*))?\Z", re.DOTALL)
_COPIED = re.compile(r"‹([^›]*)›×([0-9]+)")
_PYTHON = ("dslc.", "strategy.")
_NEAREST, _FAR = 3, 2


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to know about a code.

    `name` is what was found, in two or three words. `wrong` and `right` are None where no document causes it.
    """

    code: str
    name: str
    severity: str
    means: str
    why: str
    wrong: str | None
    right: str | None

    def __str__(self) -> str:
        return as_text(self)

    def as_dict(self) -> dict[str, Any]:
        """The same as a plain dict, ready for `json.dumps`."""
        return {name: getattr(self, name) for name in self.__slots__}


def explain_code(code: str) -> Page:
    """The page of a code, such as E205 or e205, or of its name.

    Raises ValueError, which names the nearest codes, where there is none.

    >>> page = explain_code("e205")
    >>> page.name, page.right
    ('foreign operator', '"conditions": {"up": "close > open AND volume > 0"}')
    """
    found = find_code(code)
    if found is None:
        raise ValueError(unknown_code(code))
    return page(found)


def find_code(text: str) -> str | None:
    """The code that a text names, in any case, or by the name of what was found; None if it names none.

    >>> find_code(" e301 "), find_code("unknown_function"), find_code("E399")
    ('E301', 'E301', None)
    """
    plain = text.strip().strip("[]").upper()
    if plain in CATALOGUE:
        return plain
    named = re.sub(r"[ -]", "_", text.strip().lower())
    return next((code for code, say in CATALOGUE.items() if say.__name__ == named), None)


def unknown_code(text: str) -> str:
    """What to say about a text that names no code.

    >>> unknown_code("E207x")
    '`E207x` is not a code; the nearest are `E207`, `E107` and `E201`'
    >>> unknown_code("XYZ")
    '`XYZ` is not a code; `dslc explain` lists them all'
    """
    near = nearest_codes(text)
    hint = f"the nearest are {listing(near)}" if near else "`dslc explain` lists them all"
    return f"{quoted(text)} is not a code; {hint}"


def nearest_codes(text: str) -> list[str]:
    """The codes that are spelt most like a text, if any is: the same number first, then the first codes.

    >>> nearest_codes("E31O")
    ['E310', 'E311', 'E312']
    """
    wrong = text.strip().upper()[:16]
    near = [(distance(wrong, code, 16), code[1:] != wrong[1:], code) for code in codes()]
    found = sorted(near)[:_NEAREST]
    return [code for _, _, code in found] if found[0][0] <= _FAR else []


@cache
def codes() -> tuple[str, ...]:
    """Every code, errors before warnings, in order."""
    return tuple(sorted(CATALOGUE))


@cache
def page(code: str) -> Page:
    """The page of a known code. Where Python runs without docstrings, only its name is known."""
    say = CATALOGUE[code]
    name = say.__name__.replace("_", " ")
    severity = "warning" if code.startswith("W") else "error"
    text = inspect.cleandoc(say.__doc__ or name)
    parts = _PARTS.search(text)
    if parts is None:
        return Page(code, name, severity, _joined(text), "", None, None)
    why, wrong, right = parts.groups()
    return Page(
        code, name, severity, _joined(text[: parts.start()]), _joined(why), _block(wrong), _block(right)
    )


def _joined(text: str) -> str:
    """A paragraph in one line."""
    return " ".join(text.split())


def _block(text: str | None) -> str | None:
    return None if text is None else inspect.cleandoc("\n" + text)


# --- examples ---------------------------------------------------------------------------------


def is_python(example: str) -> bool:
    """Whether an example is a call from Python and no document."""
    return example.startswith(_PYTHON)


def expanded(example: str) -> str:
    """The text of the whole document that an example stands for.

    >>> print(expanded('"score": {"up": 5}'))
    {
      "configuration": {"timeframe": "1H"},
      "inputs": {},
      "conditions": {"up": "close > open"},
      "score": {"up": 5},
      "decision": {"entry": "score >= 10"}
    }
    >>> expanded("[‹{n},›×3 3]")
    '[0,1,2, 3]'
    """
    text = _COPIED.sub(lambda found: _copies(found[1], int(found[2])), example)
    if not text.startswith('"'):
        return text
    fragment = "{" + text + "}"
    said = {key: (start, end) for key, (start, _), (_, end) in members(fragment, 0)}
    strange = [fragment[slice(*span)] for key, span in said.items() if key not in PLAIN]
    known = [
        fragment[slice(*said[key])] if key in said else f'"{key}": {value}' for key, value in PLAIN.items()
    ]
    return "{\n  " + ",\n  ".join([*strange, *known]) + "\n}"


def _copies(text: str, count: int) -> str:
    return "".join(text.replace("{n}", str(number)) for number in range(count))


# --- how a page is shown ----------------------------------------------------------------------


def as_text(page: Page) -> str:
    """A page for a terminal."""
    lines = [f"{page.code}: {page.name} ({page.severity})", "", *_wrapped(page.means)]
    if page.why:
        lines += ["", *_wrapped(f"Why: {page.why}")]
    for title, example in (("Wrong:", page.wrong), ("Right:", page.right)):
        if example is not None:
            lines += ["", title, *(f"  {line}" for line in example.splitlines())]
    notes = _notes(page)
    return "\n".join([*lines, "", *notes] if notes else lines)


def as_markdown(page: Page, level: int = 1) -> str:
    """A page as Markdown, whose heading is of the given level."""
    parts = [f"{'#' * level} {page.code}: {page.name}", escaped(page.means)]
    if page.why:
        parts.append(escaped(page.why))
    for title, example in (("Wrong:", page.wrong), ("Right:", page.right)):
        if example is not None:
            parts.append(f"{title}\n\n```{'python' if is_python(example) else 'json'}\n{example}\n```")
    return "\n\n".join(parts)


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 96, break_long_words=False, break_on_hyphens=False)


def escaped(text: str) -> str:
    """Prose whose signs Markdown would take for its own; what stands in backticks stays."""
    parts = text.split("`")
    return "`".join(
        re.sub(r"([*_<>\[\]|])", r"\\\1", part) if i % 2 == 0 else part for i, part in enumerate(parts)
    )


def _notes(page: Page) -> list[str]:
    if page.wrong is None:
        return []
    if is_python(page.wrong):
        return [PYTHON]
    notes = [FRAGMENTS] if page.wrong.startswith('"') or (page.right or "").startswith('"') else []
    return [*notes, COPIES] if "›×" in page.wrong else notes
