"""Writes a document in its canonical form: what it says stays, and how it is laid out has one way.

1. Sections, and the keys of a parameter, stand in the order of the published schema. Names stand in the
   order of their author, as inputs, conditions and weights do.
2. Expressions are printed from their trees: single spaces, only the brackets that the meaning needs. The
   signatures of functions are printed likewise.
3. Two spaces indent a level, and each member has a line of its own. A list of numbers is one line. What
   a screen cannot show is written as an escape.

Numbers of the JSON text keep their spelling, and so does an expression whose printed form would be longer
than an expression may be. Of an envelope the other keys stay as they are, and the strategy in it becomes one
line. The hash of a strategy does not change.

Worked: of {"score": {"up": 10.0}, "inputs": {"a": "ema( close,9.0 )"}, …} the input becomes
"a": "ema(close, 9)" and stands before the score, in which the weight is still 10.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
import json
from pathlib import Path
from typing import Any

from .compiler.front import check
from .files import read_document
from .grammar import catalogue as say
from .grammar.diagnostics import Finding
from .grammar.document import ENVELOPE_KEY, Document, load
from .grammar.locating import locate
from .grammar.parser import parse
from .grammar.printer import to_text
from .grammar.words import LIMITS, number_text
from .schemas.schema import schema
from .schemas.signatures import signature
from .strategy import Source, StrategyError

_STEP = "  "


def format_document(source: Source) -> str:
    """The canonical form of a document, as JSON text with a line end behind it.

    Takes what `compile` takes. Its strategy is the same, with the same hash, and the canonical form of
    the result is the result itself. Raises StrategyError with all diagnostics where the document is
    invalid, or where its canonical form would be larger than a document may be; OSError for a file that
    cannot be read.

    >>> text = '{"decision":{"entry":"up"},"configuration":{"timeframe":"1D"},"inputs":{},'
    >>> print(format_document(text + '"conditions":{"up":"(close>open)"},"score":{"up":10.0}}'))
    {
      "configuration": {
        "timeframe": "1D"
      },
      "inputs": {},
      "conditions": {
        "up": "close > open"
      },
      "score": {
        "up": 10.0
      },
      "decision": {
        "entry": "up"
      }
    }
    <BLANKLINE>
    """
    label = "<text>"
    if isinstance(source, Path):
        label, source = str(source), read_document(source)
    return formatted(source, load(source, label))


def formatted(source: str | bytes | dict[str, Any], document: Document) -> str:
    """The canonical form of a source that was loaded as this document; raises what `format_document` does."""
    checked, diagnostics = check(document)
    if checked is None:
        raise StrategyError(diagnostics, document.label)
    text = _laid_out(_spelled(source)) + "\n"
    size = len(text.encode("utf-8"))
    if size > LIMITS.document_bytes:
        finding = Finding(say.document_too_large(size, LIMITS.document_bytes), part="text")
        raise StrategyError(locate([finding], document), document.label)
    return text


class _Digits(str):
    """A number of a JSON text, as it is spelled there."""

    __slots__ = ()


def _spelled(source: Any) -> Any:
    """The data of a source, with its numbers as they are spelled."""
    if isinstance(source, dict):
        return source
    text = source if isinstance(source, str) else bytes(source).decode("utf-8")
    return json.loads(text, parse_int=_Digits, parse_float=_Digits)


def _laid_out(data: dict[str, Any]) -> str:
    if ENVELOPE_KEY not in data:
        return _indented(_arranged(data), "\n")
    inner = _spelled(data[ENVELOPE_KEY])
    return _indented({**data, ENVELOPE_KEY: _on_one_line(_arranged(inner))}, "\n")


# --- order and expressions ----------------------------------------------------------------------


@cache
def _orders() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys of a document and those of a parameter, as the schema has them."""
    published = schema()
    return tuple(published["properties"]), tuple(published["$defs"]["parameter"]["properties"])


def _arranged(data: dict[str, Any]) -> dict[str, Any]:
    """A valid document with its keys in order and its expressions printed."""
    sections, keys = _orders()
    changes: dict[str, Callable[[Any], Any]] = {
        "parameters": lambda value: {name: _ordered(one, keys) for name, one in value.items()},
        "constraints": lambda value: [_printed(one) for one in value],
        "functions": lambda value: {str(signature(key)): _printed(text) for key, text in value.items()},
        "inputs": _all_printed,
        "conditions": _all_printed,
        "decision": _all_printed,
    }
    return {
        name: changes[name](value) if name in changes else value
        for name, value in _ordered(data, sections).items()
    }


def _ordered(data: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: data[key] for key in keys if key in data}


def _all_printed(entries: dict[str, str]) -> dict[str, str]:
    return {name: _printed(text) for name, text in entries.items()}


def _printed(text: str) -> str:
    tree = parse(text).tree
    assert tree is not None, text
    printed = to_text(tree)
    return printed if len(printed) <= LIMITS.expression_characters else text


# --- JSON text --------------------------------------------------------------------------------------


def _indented(value: Any, line: str) -> str:
    """A value as text; `line` is a line end with the indent of where it begins."""
    inner = line + _STEP
    if isinstance(value, dict) and value:
        members = [f"{_quoted(key)}: {_indented(item, inner)}" for key, item in value.items()]
        return "{" + inner + f",{inner}".join(members) + line + "}"
    if isinstance(value, list) and not all(_is_number(item) for item in value):
        return "[" + inner + f",{inner}".join(_indented(item, inner) for item in value) + line + "]"
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    return "{}" if isinstance(value, dict) else _scalar(value)


def _on_one_line(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{_quoted(key)}:{_on_one_line(item)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(_on_one_line, value))}]"
    return _scalar(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, _Digits) or (isinstance(value, int | float) and not isinstance(value, bool))


def _scalar(value: Any) -> str:
    if isinstance(value, _Digits):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if _is_number(value):
        return number_text(int(value) if isinstance(value, int) else float(value))
    return json.dumps(value)


def _quoted(text: str) -> str:
    """A JSON string in which every character can be seen."""
    quoted = json.dumps(text, ensure_ascii=False)
    if quoted.isprintable():
        return quoted
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in quoted)
