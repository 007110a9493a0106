"""The front end in one call: document → structure → expressions → checked strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..grammar.diagnostics import Diagnostic, Finding, has_errors
from ..grammar.document import Document
from ..grammar.locating import locate
from ..grammar.spelling import Speller
from ..schemas.structure import check_structure
from .analyze import Checked, analyze


def check(
    document: Document, timeframe: str | None = None, binding: Mapping[str, Any] | None = None
) -> tuple[Checked | None, list[Diagnostic]]:
    """A checked strategy (None if anything is an error) and all diagnostics, in order of place.

    `timeframe` replaces the one of the document, `binding` the defaults of some parameters.
    """
    findings: list[Finding] = list(document.findings)
    if document.data is None or document.unplaced:
        return None, locate(findings, document)
    speller = Speller()
    outline, found = check_structure(document, speller)
    findings += found
    if timeframe is not None:
        outline = replace(outline, timeframe=timeframe)
    checked, found = analyze(outline, document, speller, binding)
    findings += found
    return None if has_errors(findings) else checked, locate(findings, document)
