"""What a check found, before and after its place in the text is known.

A check makes a `Finding`: a message of the catalogue and an address inside the document
(which key, and which characters of its string). `locating.py` turns findings into the public
`Diagnostic`s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]
Pointer = tuple[str | int, ...]

MAX_DIAGNOSTICS = 100


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence of the catalogue, filled in."""

    code: str
    severity: Severity
    text: str
    help: str | None


@dataclass(frozen=True, slots=True)
class Edit:
    """Other characters in the place of `start` to `end` of one expression."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Other characters in a string of the document; `start` and `end` count those of the decoded string."""

    pointer: Pointer
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Put:
    """A value at a pointer, in the place of what is there or as a new key of an object."""

    pointer: Pointer
    value: Any


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing at a pointer any more."""

    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Rename:
    """Another key for the value at a pointer, in the same object and at the same place."""

    pointer: Pointer
    key: str


Change = Rewrite | Put | Drop | Rename


@dataclass(frozen=True, slots=True)
class Mend:
    """What a check proposes: changes of the document, applied in their order.

    It is `safe` where the author can only have meant that: another spelling of the same thing.
    """

    title: str
    changes: tuple[Change, ...]
    safe: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A message and its address in the document, and the mend of a check that knows one.

    `pointer` names a value; `part` says whether the key or the value is meant; `start` and
    `end` are characters of the decoded string, or, with an empty pointer and `part="text"`,
    of the whole document text.
    """

    message: Message
    pointer: Pointer = ()
    part: Literal["key", "value", "text"] = "value"
    start: int | None = None
    end: int | None = None
    mend: Mend | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that was tried: its `patch` (RFC 6902) removes the diagnostic and adds no error.

    A safe one can only be what the author meant. Of a text that is no JSON the patch replaces the whole
    document.
    """

    title: str
    safe: bool
    patch: tuple[Mapping[str, Any], ...] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong (or risky) in a strategy document.

    `path` is the JSON pointer of the value ("" for the whole document or a text that is no
    JSON). Lines and columns are 1-based and count code points; `end_column` is the first
    column after the marked characters. All four are None where there is no text (a dict).
    """

    code: str
    severity: Severity
    message: str
    path: str
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    help: str | None
    fix: Fix | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as a plain dict, ready for `json.dumps`."""
        found = asdict(self)
        if self.fix is not None:
            found["fix"]["patch"] = [dict(operation) for operation in self.fix.patch]
        return found


def json_pointer(pointer: Pointer) -> str:
    """RFC 6901 text of a pointer.

    >>> json_pointer(("inputs", "a/b"))
    '/inputs/a~1b'
    """
    text = "".join(["/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer])
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings makes the document invalid."""
    return any(finding.message.severity == "error" for finding in findings)
