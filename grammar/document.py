"""Reads a JSON text strictly and knows where everything in it stands.

`load` takes what a user handed over (text, bytes, or a dict) and gives a `Document`: plain data
plus the findings about the text itself. RFC 8259 to the letter, and a little more: UTF-8 without
a mark, no duplicate key at any level, no NaN, no number beyond float64, no lone surrogate,
nesting and size bounded *before* the parser (which recurses) sees the text.

1. `json.loads` does the parsing, in C; its hooks only note that something is wrong.
2. Where something is wrong, `places` walks the text a second time to say where.

The envelope of the API (`{"strategySnapshotJson": "<text>", …}`) is opened here, so every later
stage sees the inner document and every place is one of the inner text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
import json
import re
from typing import Any

from . import catalogue as say
from .diagnostics import MAX_DIAGNOSTICS, Finding, Message, Pointer
from .places import STRING, Places, unescape_offset
from .source import Source
from .words import LIMITS

ENVELOPE_KEY = "strategySnapshotJson"

_STRING = re.compile(STRING, re.DOTALL)
_STRING_OR_BRACKET = re.compile(rf"{STRING}|[\[\]{{}}]", re.DOTALL)
_BRACKETS = {ord(c): None for c in map(chr, range(128)) if c not in "[]{}"}
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_FILE_NAME = re.compile(r"[^\n{}\"]{1,255}\.[A-Za-z0-9]{1,8}\s*")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands in the data for a JSON number that is none (NaN, 1e999, a thousand digits)."""

    text: str


@dataclass(frozen=True)
class Document:
    """The data of a strategy document, its text (None for a dict), and what surrounded it.

    `data` is None where the text is no JSON object. `metadata` holds the other keys of an
    envelope. `findings` are about the text; later stages add their own. `unplaced` counts
    mistakes of the text beyond those, which were not worth a search for their places.
    """

    data: dict[str, Any] | None
    text: str | None
    label: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    unplaced: int = 0

    @cached_property
    def source(self) -> Source:
        """The text with its lines."""
        return Source(self.text or "", self.label)

    @cached_property
    def places(self) -> Places:
        """Where the keys and values stand; computed when a diagnostic first asks."""
        return Places(self.text or "") if self.data is not None else Places("")

    def span(self, finding: Finding) -> tuple[int, int] | None:
        """The characters of the text that a finding is about; None for a dict."""
        if self.text is None:
            return None
        if finding.part == "text":
            return finding.start or 0, finding.end or 0
        entry = self.places.entry(finding.pointer)
        if entry is None:
            return 0, min(1, len(self.text))
        if finding.part == "key" and entry.key:
            return _within_quotes(*entry.key)
        start, end = entry.value
        if self.text[start] in "{[":
            return start, start + 1
        if finding.start is None or self.text[start] != '"':
            return start, end
        stop = finding.start if finding.end is None else finding.end
        first = unescape_offset(self.text, start + 1, finding.start)
        return first, unescape_offset(self.text, first, stop - finding.start)

    def order(self, pointer: Pointer) -> int:
        """A number that sorts pointers as the data has them; for documents without a text."""
        value, order = self.data, 0
        for depth, part in enumerate(pointer[:2]):
            if not isinstance(value, dict):
                break
            position = next((i for i, key in enumerate(value) if key == part), len(value))
            order += (position + 1) * (10_000 if depth == 0 else 1)
            value = value.get(part)  # type: ignore[call-overload]
        return order


def _within_quotes(start: int, end: int) -> tuple[int, int]:
    return (start + 1, end - 1) if end - start > 2 else (start, end)


def load(source: str | bytes | dict[str, Any], label: str = "<text>") -> Document:
    """A document of a text, of bytes, or of plain data. Never raises on content."""
    if isinstance(source, bytes | bytearray | memoryview):
        return _load_bytes(bytes(source), label)
    if isinstance(source, str):
        return _load_text(source, label)
    return _load_data(source, label)


def _load_bytes(raw: bytes, label: str) -> Document:
    if len(raw) > LIMITS.document_bytes:
        return _refused(
            "", label, Finding(say.document_too_large(len(raw), LIMITS.document_bytes), part="text")
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[:2].count(0) == 1:
        return _refused("", label, Finding(say.not_utf8("it looks like UTF-16 or UTF-32"), part="text"))
    try:
        return _load_text(raw.decode("utf-8"), label)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        found = say.not_utf8(f"byte 0x{raw[error.start]:02x} after {len(before):,} characters")
        return _refused(before, label, Finding(found, part="text", start=len(before), end=len(before)))


def _load_text(text: str, label: str) -> Document:
    refusal = _refuse_before_parsing(text)
    if refusal is not None:
        return _refused(text, label, refusal)
    reader = _Reader()
    try:
        data = json.loads(
            text,
            object_pairs_hook=reader.pairs,
            parse_constant=reader.constant,
            parse_int=reader.integer,
            parse_float=reader.decimal,
        )
    except json.JSONDecodeError as error:
        return _refused(text, label, _syntax_finding(text, error))
    if not isinstance(data, dict):
        return _refused(
            text, label, Finding(say.not_an_object(kind_of(data)), part="text", end=len(text.rstrip()))
        )
    document = Document(data, text, label)
    findings = (*reader.findings(document), *islice(_lone_surrogates(document), MAX_DIAGNOSTICS))
    document = Document(data, text, label, findings=findings, unplaced=reader.unplaced())
    return _open_envelope(document) if ENVELOPE_KEY in data else document


def _refuse_before_parsing(text: str) -> Finding | None:
    if text.startswith("\ufeff"):
        return Finding(say.byte_order_mark(), part="text", start=0, end=1)
    try:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        return Finding(say.lone_surrogate(), part="text", start=error.start, end=error.start + 1)
    if size > LIMITS.document_bytes:
        return Finding(say.document_too_large(size, LIMITS.document_bytes), part="text")
    if _too_deep(text):
        at = _first_too_deep(text)
        return Finding(say.document_too_deep(LIMITS.nesting), part="text", start=at, end=at + 1)
    return None


def _too_deep(text: str) -> bool:
    """Whether brackets nest beyond the limit, with C-speed string operations only.

    Strings go first; then one `replace` removes the innermost pairs, level by level.
    """
    if text.count("[") + text.count("{") <= LIMITS.nesting:
        return False
    bare = _STRING.sub("", text).encode("ascii", "ignore").decode().translate(_BRACKETS)
    bare = bare.replace("{", "[").replace("}", "]")
    for _ in range(LIMITS.nesting):
        shorter = bare.replace("[]", "")
        if len(shorter) == len(bare):
            break
        bare = shorter
    return "[]" in bare or bare.count("[") > LIMITS.nesting


def _first_too_deep(text: str) -> int:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > LIMITS.nesting:
                return match.start()
        elif match[0] in "]}":
            depth -= 1
    return 0


class _Reader:
    """The hooks of `json.loads`: they keep the first of duplicate keys and note what is wrong."""

    def __init__(self) -> None:
        self.objects = 0
        self.duplicates: list[tuple[int, str]] = []
        self.bad_numbers = 0

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.objects += 1
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        first: dict[str, Any] = {}
        for key, value in pairs:
            if key in first:
                self.duplicates.append((self.objects, key))
            else:
                first[key] = value
        return first

    def constant(self, text: str) -> Unreadable:
        self.bad_numbers += 1
        return Unreadable(text)

    def integer(self, text: str) -> int | Unreadable:
        if len(text) <= LIMITS.number_characters:
            return int(text)
        self.bad_numbers += 1
        return Unreadable(text)

    def decimal(self, text: str) -> float | Unreadable:
        if len(text) <= LIMITS.number_characters:
            value = float(text)
            if value - value == 0:
                return value
        self.bad_numbers += 1
        return Unreadable(text)

    def findings(self, document: Document) -> list[Finding]:
        """The first `MAX_DIAGNOSTICS` duplicate keys and unreadable numbers, with their places."""
        found = []
        if self.duplicates:
            for key, pointer, (start, end) in islice(
                document.places.duplicate_keys(self.duplicates), MAX_DIAGNOSTICS
            ):
                found.append(Finding(say.duplicate_key(key), pointer, "text", start, end))
        if self.bad_numbers:
            bad = ((text, span) for text, span in document.places.numbers() if _number_message(text))
            for text, (start, end) in islice(bad, MAX_DIAGNOSTICS):
                message = _number_message(text)
                assert message is not None
                found.append(Finding(message, document.places.pointer_at(start), "text", start, end))
        return found

    def unplaced(self) -> int:
        """How many mistakes `findings` left out."""
        return max(0, len(self.duplicates) - MAX_DIAGNOSTICS) + max(0, self.bad_numbers - MAX_DIAGNOSTICS)


def _number_message(text: str) -> Message | None:
    if text.lstrip("-") in ("NaN", "Infinity"):
        return say.not_a_json_number(text)
    if len(text) > LIMITS.number_characters or not abs(float(text)) < float("inf"):
        return say.number_out_of_range(text)
    return None


def _lone_surrogates(document: Document) -> Iterator[Finding]:
    """Halves of surrogate pairs, which only an escape can bring into a decoded text."""
    text = document.text or ""
    if not _SURROGATE_ESCAPE.search(text):
        return
    for match in _STRING.finditer(text):
        if not _SURROGATE_ESCAPE.search(match[0]):
            continue
        decoded = json.loads(match[0], strict=False)
        at = next((i for i, c in enumerate(decoded) if 0xD800 <= ord(c) <= 0xDFFF), None)
        if at is not None:
            start = unescape_offset(text, match.start() + 1, at)
            pointer = document.places.pointer_at(match.start())
            yield Finding(say.lone_surrogate(), pointer, "text", start, start + 6)


def _syntax_finding(text: str, error: json.JSONDecodeError) -> Finding:
    at = error.pos
    rest = text[at:]
    before = text[:at].rstrip()
    if not text.strip():
        return Finding(say.not_json("it is empty", None), part="text")
    if _FILE_NAME.fullmatch(text):
        help_ = "to read a file, pass pathlib.Path(…); a str is always the text itself"
        return Finding(say.not_json("it looks like a file name", help_), part="text", end=len(text))
    problem, help_, start, end = _syntax_problem(error.msg, text, at, before, rest)
    return Finding(say.not_json(problem, help_), part="text", start=start, end=end)


def _syntax_problem(
    reason: str, text: str, at: int, before: str, rest: str
) -> tuple[str, str | None, int, int]:
    """Problem, help and place of a JSON mistake, for the ways in which people get it wrong."""
    comma = len(before) - 1
    if reason.startswith("Extra data"):
        return "something follows the document", "remove what follows the closing bracket", at, at + 1
    if reason.startswith("Unterminated string"):
        return "this string is never closed", 'add `"`', at, at + 1
    if reason.startswith("Invalid control character"):
        return (
            "a string contains a line end or another control character",
            "write \\n, or join the lines",
            at,
            at + 1,
        )
    if reason.startswith("Invalid \\"):
        return "this escape does not exist", "write \\\\ for a backslash", at, at + 1
    if not rest.strip():
        return "it ends too early", "close every string, bracket and brace", max(at - 1, 0), at
    at += len(rest) - len(rest.lstrip())
    rest = rest.lstrip()
    if before.endswith(",") and rest[0] in "]}":
        return "there is a comma before the closing bracket", "remove the comma", comma, comma + 1
    if "trailing comma" in reason:
        comma = text.rindex(",", 0, at + 1)
        return "there is a comma before the closing bracket", "remove the comma", comma, comma + 1
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments", "remove the comment, or use `description`", at, at + 1
    if rest[0] in "'‘’“”`":
        return f"strings are written in double quotes, not {rest[0]}", 'write `"`', at, at + 1
    if "Expecting ',' delimiter" in reason:
        return "a comma or a closing bracket is missing here", None, at, at + 1
    if "Expecting ':' delimiter" in reason:
        return "a colon is missing after the key", "write `:`", at, at + 1
    word = re.match(r"[A-Za-z_$][A-Za-z0-9_$]*", rest)
    end = at + (word.end() if word else 1)
    if "property name" in reason:
        return "a key in double quotes is expected here", "write the key in double quotes", at, end
    if word and word[0] in ("True", "False", "None", "undefined"):
        return f"`{word[0]}` is no JSON", "write true, false or null", at, end
    if word:
        return "a value is expected here", "write text in double quotes", at, end
    return "a value is expected here", None, at, end


def _open_envelope(document: Document) -> Document:
    assert document.data is not None
    inner = document.data[ENVELOPE_KEY]
    metadata = {key: value for key, value in document.data.items() if key != ENVELOPE_KEY}
    if not isinstance(inner, str):
        message = say.wrong_json_type(
            f"`{ENVELOPE_KEY}`", "a string that holds the strategy as JSON text", kind_of(inner)
        )
        refusal = Finding(message, (ENVELOPE_KEY,))
        return Document(document.data, document.text, document.label, metadata, (*document.findings, refusal))
    if document.findings:
        return Document(document.data, document.text, document.label, metadata, document.findings)
    label = f"{document.label}#{ENVELOPE_KEY}"
    opened = _load_text(inner, label)
    if opened.data is not None and ENVELOPE_KEY in opened.data:
        refusal = Finding(say.not_an_object("an envelope in an envelope"), (ENVELOPE_KEY,), "key")
        return Document(opened.data, opened.text, label, metadata, (refusal,))
    return Document(opened.data, opened.text, label, metadata, opened.findings, opened.unplaced)


def _refused(text: str, label: str, finding: Finding) -> Document:
    return Document(None, text, label, findings=(finding,))


def _load_data(data: Any, label: str) -> Document:
    if not isinstance(data, dict):
        message = say.not_an_object(kind_of(data))
        return Document(None, None, label, findings=(Finding(message),))
    finding = _first_foreign_value(data)
    if finding is not None:
        return Document(None, None, label, findings=(finding,))
    document = Document(data, None, label)
    return _open_envelope(document) if ENVELOPE_KEY in data else document


def _first_foreign_value(data: dict[Any, Any]) -> Finding | None:
    """The first thing in plain data that JSON cannot hold; also bounds depth and size."""
    stack: list[tuple[Any, Pointer]] = [(data, ())]
    seen = 0
    while stack:
        value, pointer = stack.pop()
        seen += 1
        where = "the value" if pointer else "the document"
        if len(pointer) > LIMITS.nesting:
            return Finding(say.document_too_deep(LIMITS.nesting), pointer[:2])
        if seen > LIMITS.document_bytes:
            return Finding(say.document_too_large(seen, LIMITS.document_bytes))
        match value:
            case dict():
                keys = [key for key in value if not isinstance(key, str)]
                if keys:
                    return Finding(say.not_plain_data("a key", kind_of(keys[0])), pointer[:2])
                stack += [(item, (*pointer, key)) for key, item in reversed(value.items())]
                stack += [(key, pointer) for key in value]
            case list():
                stack += [(item, (*pointer, i)) for i, item in enumerate(value)]
            case str() if len(value) > LIMITS.document_bytes:
                return Finding(say.document_too_large(len(value), LIMITS.document_bytes), pointer[:2])
            case str() if any(0xD800 <= ord(c) <= 0xDFFF for c in value if c > "\ud7ff"):
                return Finding(say.lone_surrogate(), pointer[:2])
            case float() if value - value != 0:
                return Finding(say.not_a_json_number(str(value)), pointer[:2])
            case int() if not isinstance(value, bool) and abs(value) >= 10**LIMITS.number_characters:
                return Finding(say.number_out_of_range("an integer with too many digits"), pointer[:2])
            case None | str() | bool() | int() | float():
                continue
            case _:
                return Finding(say.not_plain_data(where, kind_of(value)), pointer[:2])
    return None


def kind_of(value: Any) -> str:
    """What a JSON value is, as a sentence says it.

    >>> kind_of([]), kind_of(True), kind_of(None)
    ('an array', 'true', 'null')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "an array"
        case dict():
            return "an object"
        case Unreadable():
            return "an unreadable number"
        case _:
            return f"a Python {type(value).__name__}"
