"""What a check found, before and after its place in the text is known.

A check makes a `Finding`: a message of the catalogue and an address inside the document
(which key, and which characters of its string). `locate` turns findings into the public
`Diagnostic`s: sorted by place, each once, at most `MAX_DIAGNOSTICS` and a count of the rest.
Places are only computed here, because finding them costs a second walk over the JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .document import Document

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


def locate(findings: Iterable[Finding], document: Document) -> list[Diagnostic]:
    """Public diagnostics in the order of the text, each once, `MAX_DIAGNOSTICS` at most.

    Errors displace warnings when there are too many; a last diagnostic counts the rest.
    """
    from .catalogue import more_problems, more_warnings

    if document.text is None:
        findings = [replace(finding, start=None, end=None) for finding in findings]
    unique = list(dict.fromkeys(findings))
    unique.sort(key=lambda finding: finding.message.severity != "error")
    kept, rest = unique[:MAX_DIAGNOSTICS], unique[MAX_DIAGNOSTICS:]
    placed = [_place(finding, document) for finding in kept]
    placed.sort(key=lambda pair: pair[0])
    diagnostics = [diagnostic for _, diagnostic in placed]
    more = len(rest) + document.unplaced
    if more:
        message = more_problems(more) if has_errors(kept) else more_warnings(more)
        diagnostics.append(_diagnostic(message, "", (None, None, None, None)))
    return diagnostics


def _place(finding: Finding, document: Document) -> tuple[tuple[int, int, str], Diagnostic]:
    path = json_pointer(finding.pointer)
    span = document.span(finding)
    if span is None:
        order = document.order(finding.pointer)
        key = (order, finding.start or 0, finding.message.code)
        return key, _diagnostic(finding.message, path, (None, None, None, None))
    start, end = span
    line, column = document.source.position(start)
    end_line, end_column = document.source.position(end)
    key = (start, end, finding.message.code)
    return key, _diagnostic(finding.message, path, (line, column, end_line, end_column))


def _diagnostic(
    message: Message, path: str, place: tuple[int | None, int | None, int | None, int | None]
) -> Diagnostic:
    line, column, end_line, end_column = place
    return Diagnostic(
        code=message.code,
        severity=message.severity,
        message=message.text,
        path=path,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        help=message.help,
    )
