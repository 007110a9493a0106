"""The front end in one call: document → structure → expressions → checked strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..grammar.diagnostics import Diagnostic, Finding, has_errors
from ..grammar.document import Document, load
from ..grammar.locating import locate
from ..grammar.spelling import Speller
from ..schemas.structure import check_structure
from .analyze import Checked, analyze
from .mends import offered
from .verdicts.judge import judge


def check(
    document: Document,
    timeframe: str | None = None,
    binding: Mapping[str, Any] | None = None,
    *,
    verdicts: bool = True,
) -> tuple[Checked | None, list[Diagnostic]]:
    """A checked strategy (None if anything is an error) and all diagnostics, in order of place.

    `timeframe` replaces the one of the document, `binding` the defaults of some parameters. Who only wants
    to evaluate a strategy asks for no `verdicts` on it.
    """
    checked, findings = examine(document, timeframe, binding, verdicts=verdicts)
    if not any(finding.mend is not None for finding in findings):
        return checked, locate(findings, document)

    def found(data: dict[str, Any]) -> list[Finding]:
        return examine(load(data), timeframe, binding, verdicts=verdicts)[1]

    return checked, locate(findings, document, offered(findings, document, found))


def examine(
    document: Document,
    timeframe: str | None = None,
    binding: Mapping[str, Any] | None = None,
    *,
    verdicts: bool = True,
) -> tuple[Checked | None, list[Finding]]:
    """The same before places are known and before mends are tried."""
    findings: list[Finding] = list(document.findings)
    if document.data is None or document.unplaced:
        return None, findings
    speller = Speller()
    outline, found = check_structure(document, speller)
    findings += found
    if timeframe is not None:
        outline = replace(outline, timeframe=timeframe)
    checked, found = analyze(outline, document, speller, binding)
    findings += found
    if has_errors(findings):
        checked = None
    if checked is not None and verdicts:
        findings += judge(checked)
    return checked, findings
