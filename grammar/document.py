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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, islice
import json
import re
from typing import Any

from . import catalogue as say
from .diagnostics import MAX_DIAGNOSTICS, Finding, Mend, Message, Pointer, Put
from .places import STRING, Places, unescape_offset, within_quotes
from .source import Source
from .words import LIMITS

ENVELOPE_KEY = "strategySnapshotJson"

_STRING = re.compile(STRING, re.DOTALL)
_STRING_OR_BRACKET = re.compile(rf"{STRING}|[\[\]{{}}]", re.DOTALL)
_SPACE = " \t\n\r"
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)")
_WHOLE = re.compile(r"(-?[0-9]{1,15})\.0+")
_FILE_NAME = re.compile(r"[^\n{}\"]{1,255}\.[A-Za-z0-9]{1,8}\s*")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands in the data for a JSON number that is none (NaN, 1e999, a thousand digits)."""

    text: str


@dataclass(frozen=True)
class Document:
    """The data of a strategy document, its text (None for a dict), and what surrounded it.

    `data` is None where the text is no JSON object, and still has the key of the envelope where
    that could not be opened. `metadata` holds the other keys of an envelope. `findings` are about
    the text; later stages add their own. `unplaced` counts
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
            return within_quotes(*entry.key)
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
        value: Any = self.data
        order = 0
        for depth, part in enumerate(pointer[:2]):
            if not isinstance(value, dict):
                break
            position = next((i for i, key in enumerate(value) if key == part), len(value))
            order += (position + 1) * (10_000 if depth == 0 else 1)
            value = value.get(str(part))
        return order


def read_json(text: str, pairs: Pairs) -> Any:
    """The data of a JSON text, with `Unreadable` for what is no number and objects as `pairs` makes them."""
    return _Reader().read(text, pairs)


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
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or 0 in raw[:2]:
        return _refused("", label, Finding(say.not_utf8("it looks like UTF-16 or UTF-32"), part="text"))
    try:
        return _load_text(raw.decode("utf-8"), label)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        found = say.not_utf8(f"byte 0x{raw[error.start]:02x} after {len(before):,} characters")
        return _refused(before, label, Finding(found, part="text", start=len(before), end=len(before)))


def _load_text(text: str, label: str) -> Document:
    document = _read_text(text, label)
    return _open_envelope(document) if ENVELOPE_KEY in (document.data or ()) else document


def _read_text(text: str, label: str) -> Document:
    refusal = _refuse_before_parsing(text)
    if refusal is not None:
        return _refused(text, label, refusal)
    reader = _Reader()
    try:
        data = reader.read(text)
    except json.JSONDecodeError as error:
        return _refused(text, label, replace(_syntax_finding(text, error), mend=_as_json(text)))
    if not isinstance(data, dict):
        start, end = _trimmed(text)
        message = say.not_an_object(kind_of(data))
        found = Finding(message, part="text", start=start, end=end, mend=_as_json(text))
        return _refused(text, label, found)
    document = Document(data, text, label)
    halves = [match.start() for match in _ESCAPE.finditer(text) if match[1]]
    findings = (*reader.findings(document), *_lone_surrogates(document, halves[:MAX_DIAGNOSTICS]))
    unplaced = reader.unplaced() + max(0, len(halves) - MAX_DIAGNOSTICS)
    return Document(data, text, label, findings=findings, unplaced=unplaced)


def _as_json(text: str) -> Mend | None:
    """The mend of a text that is almost JSON."""
    from .lenient import repaired

    found = repaired(text)
    if found is None:
        return None
    reader = _Reader()
    data = reader.read(found.text)
    odd = reader.duplicates or reader.bad_numbers or not isinstance(data, dict)
    title = "remove the mark" if text == f"\ufeff{found.text}" else "write it as JSON"
    return None if odd else Mend(title, (Put((), data),), True)


def _refuse_before_parsing(text: str) -> Finding | None:
    if text.startswith("\ufeff"):
        return Finding(say.byte_order_mark(), part="text", start=0, end=1, mend=_as_json(text))
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
    """Whether brackets nest beyond the limit, with C-speed operations only.

    Strings go first; of the rest, each opening bracket is a step of 1 and each closing one of -1.
    """
    if text.count("[") + text.count("{") <= LIMITS.nesting:
        return False
    steps = _STRING.sub("", text).encode("ascii", "ignore").translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > LIMITS.nesting


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


Pairs = Callable[[list[tuple[str, Any]]], dict[str, Any]]


class _Reader:
    """The hooks of `json.loads`: they keep the first of duplicate keys and note what is wrong."""

    def __init__(self) -> None:
        self.duplicates = 0
        self.contradictions = 0
        self.bad_numbers = 0

    def read(self, text: str, pairs: Pairs | None = None) -> Any:
        """The data of a JSON text; `pairs` makes objects otherwise."""
        return json.loads(
            text,
            object_pairs_hook=pairs or self.pairs,
            parse_constant=self.constant,
            parse_int=self.integer,
            parse_float=self.decimal,
        )

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        self.duplicates += len(pairs) - len(found)
        first: dict[str, Any] = {}
        for key, value in pairs:
            kept = first.setdefault(key, value)
            self.contradictions += repr(kept) != repr(value)
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
            once = None
            if not self.contradictions and not self.bad_numbers and document.data is not None:
                once = Mend("keep one of the two", (Put((), document.data),), True)
            for key, pointer, (start, end) in islice(document.places.duplicate_keys(), MAX_DIAGNOSTICS):
                found.append(Finding(say.duplicate_key(key), pointer, "text", start, end, once))
        if self.bad_numbers:
            odd = document.places.odd_numbers()
            bad = ((text, span) for text, span in odd if _number_message(text))
            for text, (start, end) in islice(bad, MAX_DIAGNOSTICS):
                message = _number_message(text)
                assert message is not None
                pointer = document.places.pointer_at(start)
                whole = (
                    _WHOLE.fullmatch(text)
                    if document.span(Finding(message, pointer)) == (start, end)
                    else None
                )
                mend = Mend(f"write {whole[1]}", (Put(pointer, int(whole[1])),), True) if whole else None
                found.append(Finding(message, pointer, "text", start, end, mend))
        return found

    def unplaced(self) -> int:
        """How many mistakes `findings` left out."""
        return max(0, self.duplicates - MAX_DIAGNOSTICS) + max(0, self.bad_numbers - MAX_DIAGNOSTICS)


def _number_message(text: str) -> Message | None:
    if text.lstrip("-") in ("NaN", "Infinity"):
        return say.not_a_json_number(text)
    if len(text) > LIMITS.number_characters or not abs(float(text)) < float("inf"):
        return say.number_out_of_range(text)
    return None


def _lone_surrogates(document: Document, starts: list[int]) -> Iterator[Finding]:
    """Halves of surrogate pairs, which only an escape can bring into a decoded text."""
    for start in starts:
        pointer = document.places.pointer_at(start)
        yield Finding(say.lone_surrogate(), pointer, "text", start, start + 6)


def _syntax_finding(text: str, error: json.JSONDecodeError) -> Finding:
    at = error.pos
    rest = text[at:]
    before = text[:at].rstrip(_SPACE)
    first, last = _trimmed(text)
    if first == last:
        return Finding(say.not_json("it is empty", None), part="text")
    if _FILE_NAME.fullmatch(text):
        message = say.not_json(
            "it looks like a file name",
            "to read a file, pass pathlib.Path(…); a str is always the text itself",
        )
        return Finding(message, part="text", start=first, end=last)
    problem, help_, start, end = _syntax_problem(error.msg, text, at, before, rest)
    return Finding(say.not_json(problem, help_), part="text", start=start, end=end)


def _trimmed(text: str) -> tuple[int, int]:
    """Where a text begins and ends without the spaces around it."""
    end = len(text.rstrip(_SPACE))
    return end and len(text) - len(text.lstrip(_SPACE)), end


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
        problem = "a string contains a line end or another control character"
        end = at + (2 if rest.startswith("\r\n") else 1)
        return problem, "write \\n, or join the lines", at, end
    if reason.startswith("Invalid \\"):
        at = text.rindex("\\", 0, at + 1)
        return "this escape does not exist", "write \\\\ for a backslash", at, at + 1
    if not rest.strip(_SPACE):
        return "it ends too early", "close every string, bracket and brace", comma, comma + 1
    at += len(rest) - len(rest.lstrip(_SPACE))
    rest = rest.lstrip(_SPACE)
    if before.endswith(",") and rest[0] in "]}":
        return "there is a comma before the closing bracket", "remove the comma", comma, comma + 1
    if "trailing comma" in reason:
        comma = text.rindex(",", 0, at + 1)
        return "there is a comma before the closing bracket", "remove the comma", comma, comma + 1
    if rest.startswith("```"):
        return "it stands in a code fence", "remove the lines that begin with ```", at, at + 3
    if rest[0].isspace() or not rest[0].isprintable():
        return "this character stands outside a string", "remove it, or write an ordinary space", at, at + 1
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
        as_text = None
        if isinstance(inner, dict) and not document.findings:
            written = json.dumps(inner, ensure_ascii=False)
            as_text = Mend("write it as a string", (Put((ENVELOPE_KEY,), written),), True)
        found = Finding(message, (ENVELOPE_KEY,), mend=as_text)
        refusal = () if isinstance(inner, Unreadable) else (found,)
        return replace(document, metadata=metadata, findings=(*document.findings, *refusal))
    if document.findings:
        return replace(document, metadata=metadata)
    label = f"{document.label}#{ENVELOPE_KEY}"
    opened = _read_text(inner, label)
    if opened.data is not None and ENVELOPE_KEY in opened.data:
        nested = Finding(say.not_an_object("an envelope in an envelope"), (ENVELOPE_KEY,), "key")
        return Document(opened.data, opened.text, label, metadata, (nested,))
    return Document(opened.data, opened.text, label, metadata, opened.findings, opened.unplaced)


def _refused(text: str, label: str, finding: Finding) -> Document:
    return Document(None, text, label, findings=(finding,))


def _load_data(data: Any, label: str) -> Document:
    if not isinstance(data, dict):
        message = say.not_an_object(kind_of(data))
        return Document(None, None, label, findings=(Finding(message),))
    copier = _Copier()
    try:
        copied = copier.copy(data, (), 0)
    except _Refused as refusal:
        return Document(None, None, label, findings=(refusal.finding,))
    document = Document(copied, None, label, findings=tuple(copier.findings), unplaced=copier.unplaced)
    return _open_envelope(document) if ENVELOPE_KEY in copied else document


class _Refused(Exception):
    """Plain data that is too large or too deep to be read; the finding says which."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


class _Copier:
    """Copies plain data and notes what JSON cannot hold; bounds depth and size before the work.

    The copy is made of dict, list, str, int, float, bool and None themselves: no subclass gets
    further, and a caller who changes the data later does not change the strategy. The size is
    what the data has as JSON at least: its characters, and two for each value.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.unplaced = 0
        self.size = 0

    def copy(self, value: Any, pointer: Pointer, depth: int) -> Any:
        self.grow(2)
        match value:
            case None | bool():
                return value
            case str():
                return self.text(value, pointer)
            case int() | float():
                return self.number(value, pointer)
            case dict() | list() if depth >= LIMITS.nesting:
                raise _Refused(Finding(say.document_too_deep(LIMITS.nesting), pointer))
            case dict():
                return {
                    self.text(key, (*pointer, key)[:2]): self.copy(item, (*pointer, key)[:2], depth + 1)
                    for key, item in value.items()
                    if self.is_key(key, pointer)
                }
            case list():
                return [self.copy(item, pointer, depth + 1) for item in value]
            case _:
                return self.unreadable(pointer, say.not_plain_data, "the value", kind_of(value))

    def grow(self, size: int) -> None:
        self.size += size
        if self.size > LIMITS.document_bytes:
            raise _Refused(Finding(say.document_too_large(self.size, LIMITS.document_bytes)))

    def text(self, value: str, pointer: Pointer) -> str:
        text = str.__str__(value)
        self.grow(len(text))
        if _SURROGATE.search(text):
            self.note(pointer, say.lone_surrogate)
        return text

    def number(self, value: float, pointer: Pointer) -> float | Unreadable:
        if isinstance(value, float):
            number = float(value)
            if number - number == 0:
                return number
            return self.unreadable(pointer, say.not_a_json_number, str(number))
        whole = int(value)
        if abs(whole) < 10**LIMITS.number_characters:
            return whole
        return self.unreadable(pointer, say.number_out_of_range, f"1e{whole.bit_length() * 3 // 10}")

    def is_key(self, key: Any, pointer: Pointer) -> bool:
        if not isinstance(key, str):
            self.note(pointer, say.not_plain_data, "a key", kind_of(key))
        return isinstance(key, str)

    def unreadable(self, pointer: Pointer, sentence: Callable[..., Message], *what: str) -> Unreadable:
        self.note(pointer, sentence, *what)
        return Unreadable("")

    def note(self, pointer: Pointer, sentence: Callable[..., Message], *what: str) -> None:
        if len(self.findings) < MAX_DIAGNOSTICS:
            self.findings.append(Finding(sentence(*what), pointer))
        else:
            self.unplaced += 1


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
