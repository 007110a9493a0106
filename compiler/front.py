"""The front end in one call: document → structure → expressions → checked strategy, or what is said of it.

Who wants to evaluate a strategy asks for `check`, which gives it a graph of its own and computes no verdicts.
Who wants to be told about a document asks for `diagnose`: its expressions are analyzed right into the graph
that the verdicts remember (verdicts/memory.py), where those of earlier documents are, too. A long document,
or one that asks for too many nodes, gets a graph of its own; what is said is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..grammar.diagnostics import Diagnostic, Finding, has_errors
from ..grammar.document import Document, load
from ..grammar.locating import locate
from ..grammar.spelling import Speller
from ..schemas.structure import Outline, check_structure
from .analyze import Checked, analyze
from .mends import offered
from .verdicts.judge import judge
from .verdicts.memory import MOST_ASKED, Memory
from .verdicts.truths import truths

_LONG = 2_000  # characters of expressions, which make more nodes than are worth remembering

Binding = Mapping[str, Any] | None


def check(
    document: Document, timeframe: str | None = None, binding: Binding = None
) -> tuple[Checked | None, list[Diagnostic]]:
    """A checked strategy (None if anything is an error) and what was found, but for verdicts.

    `timeframe` replaces the one of the document, `binding` the defaults of some parameters.
    """
    checked, findings = _analyzed(document, timeframe, binding)
    return checked, _located(findings, document, lambda data: _analyzed(load(data), timeframe, binding)[1])


def diagnose(document: Document, timeframe: str | None = None, binding: Binding = None) -> list[Diagnostic]:
    """All diagnostics of a document, verdicts among them, in order of place."""
    findings = examine(document, timeframe, binding)
    return _located(findings, document, lambda data: examine(load(data), timeframe, binding))


def examine(document: Document, timeframe: str | None = None, binding: Binding = None) -> list[Finding]:
    """The same before places are known and before mends are tried."""
    known = truths()
    remembered = partial(_remembered, known.memory)
    checked, findings = _analyzed(document, timeframe, binding, remembered)
    return findings if checked is None else findings + judge(checked, known)


_Analysis = tuple[Checked | None, list[Finding]]


def _analyzed(
    document: Document,
    timeframe: str | None,
    binding: Binding,
    analyze: Callable[[Outline, Document, Speller, Binding], _Analysis] = analyze,
) -> _Analysis:
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
    return (None if has_errors(findings) else checked), findings


def _remembered(
    memory: Memory, outline: Outline, document: Document, speller: Speller, binding: Binding
) -> _Analysis:
    """The analysis in the graph that verdicts remember, or in one of its own."""
    formulas = (declared.formula for declared in outline.functions.values())
    texts = (*formulas, *outline.inputs.values(), *outline.conditions.values())
    if sum(map(len, texts)) > _LONG:
        return analyze(outline, document, speller, binding)
    memory.begin()
    found = analyze(outline, document, speller.again(), binding, memory)
    return found if memory.asked <= MOST_ASKED else analyze(outline, document, speller, binding)


def _located(
    findings: list[Finding], document: Document, examine: Callable[[dict[str, Any]], list[Finding]]
) -> list[Diagnostic]:
    mended = any(finding.mend is not None for finding in findings)
    return locate(findings, document, offered(findings, document, examine) if mended else None)
