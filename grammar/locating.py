"""Turns findings into diagnostics: their places in the text, their order, and how many are shown.

Places are only computed here, because finding them costs a second walk over the JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .catalogue import more_problems, more_warnings
from .diagnostics import MAX_DIAGNOSTICS, Diagnostic, Finding, Fix, Message, has_errors, json_pointer
from .document import Document


def locate(
    findings: Iterable[Finding], document: Document, fixes: Mapping[Finding, Fix] | None = None
) -> list[Diagnostic]:
    """Public diagnostics in the order of the text, each once, `MAX_DIAGNOSTICS` at most, with their fixes.

    Errors displace warnings when there are too many; a last diagnostic counts the rest.
    """
    fixes = dict(fixes or {})
    if document.text is None:
        fixes = {replace(finding, start=None, end=None): fix for finding, fix in fixes.items()}
        findings = [replace(finding, start=None, end=None) for finding in findings]
    unique = list(dict.fromkeys(findings))
    unique.sort(key=lambda finding: finding.message.severity != "error")
    kept, rest = unique[:MAX_DIAGNOSTICS], unique[MAX_DIAGNOSTICS:]
    placed = [_place(finding, document, fixes.get(finding)) for finding in kept]
    placed.sort(key=lambda pair: pair[0])
    diagnostics = [diagnostic for _, diagnostic in placed]
    more = len(rest) + document.unplaced
    if more:
        message = more_problems(more) if has_errors(kept) else more_warnings(more)
        diagnostics.append(_diagnostic(message, "", (None, None, None, None)))
    return diagnostics


def _place(finding: Finding, document: Document, fix: Fix | None) -> tuple[tuple[int, int, str], Diagnostic]:
    path = json_pointer(finding.pointer)
    span = document.span(finding)
    if span is None:
        order = document.order(finding.pointer)
        key = (order, finding.start or 0, finding.message.code)
        return key, _diagnostic(finding.message, path, (None, None, None, None), fix)
    start, end = span
    line, column = document.source.position(start)
    end_line, end_column = document.source.position(end)
    key = (start, end, finding.message.code)
    return key, _diagnostic(finding.message, path, (line, column, end_line, end_column), fix)


def _diagnostic(
    message: Message,
    path: str,
    place: tuple[int | None, int | None, int | None, int | None],
    fix: Fix | None = None,
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
        fix=fix,
    )
