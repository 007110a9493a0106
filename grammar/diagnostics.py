"""What a check found, before and after its place in the text is known.

A check makes a `Finding`: a message of the catalogue and an address inside the document
(which key, and which characters of its string). `locating.py` turns findings into the public
`Diagnostic`s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

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
class Finding:
    """A message and its address in the document.

    `pointer` names a value; `part` says whether the key or the value is meant; `start` and
    `end` are characters of the decoded string, or, with an empty pointer and `part="text"`,
    of the whole document text.
    """

    message: Message
    pointer: Pointer = ()
    part: Literal["key", "value", "text"] = "value"
    start: int | None = None
    end: int | None = None


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

    def as_dict(self) -> dict[str, str | int | None]:
        """The same as a plain dict, ready for `json.dumps`."""
        return asdict(self)


def json_pointer(pointer: Pointer) -> str:
    """RFC 6901 text of a pointer.

    >>> json_pointer(("inputs", "a/b"))
    '/inputs/a~1b'
    """
    text = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)
    return text.encode("utf-8", "backslashreplace").decode()


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings makes the document invalid."""
    return any(finding.message.severity == "error" for finding in findings)
