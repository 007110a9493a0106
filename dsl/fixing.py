"""Mends a document: applies what the checks propose, until nothing more can be mended.

1. The document is checked. All mends that may be applied and touch different characters are tried together.
2. Where together they are not good, each is tried alone, and those that are good are tried together, or the
   first is applied alone.
3. The changed data are written into the text, which keeps its layout. Then it starts over, because a mistake
   may have hidden others. Rounds and the checks in them are bounded.

Worked: `EMA(9, close) && volume` loses `EMA` and `&&` in the first round, and the order of the arguments in
the second, because only a known function has an order of arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from .compiler.front import diagnose, examine
from .compiler.mends import Trial
from .files import read_document
from .grammar.diagnostics import MAX_DIAGNOSTICS, Change, Diagnostic, Finding, Fix, Mend, Pointer, Rewrite
from .grammar.document import ENVELOPE_KEY, Document, load
from .grammar.editing import edited
from .grammar.lenient import repaired
from .grammar.locating import locate
from .grammar.words import LIMITS

_ROUNDS = 30
_BUDGET = 1_500_000  # characters of all documents that are checked on the way: a few seconds


@dataclass(frozen=True)
class Fixed:
    """What `fix` made of a document.

    `text` is the mended text, None for a dict or bytes that are no text; `data` the mended data, None where
    the text is no JSON object. `applied` are the diagnostics whose mends were applied, `diagnostics` those
    that are left.
    """

    text: str | None
    data: dict[str, Any] | None
    applied: tuple[Diagnostic, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def valid(self) -> bool:
        """Whether no error is left."""
        return all(diagnostic.severity != "error" for diagnostic in self.diagnostics)


def fix(source: str | bytes | Path | dict[str, Any], *, unsafe: bool = False) -> Fixed:
    """The document without the mistakes that can be mended, as `dslc fix` would write it.

    Takes what `validate` takes; a file is read and not written. Only mends that can be nothing but what the
    author meant are applied, with `unsafe` also the guesses. An envelope is mended inside. The places of
    `applied` are those of the text in which each was found: the original one for all of the first round.
    Never raises on content; a file that cannot be read is an OSError.

    >>> fixed = fix('{"timeframe": "1h", "inputs": {}, "conditions": {"up": "close > EMA(close, 9)"}, '
    ...     '"score": {"up": "1"}, "decision": {"entry": "up && score = 1"},}')
    >>> fixed.valid, [diagnostic.code for diagnostic in fixed.applied][:3]
    (True, ['E103', 'E110', 'E301'])
    >>> fixed.data["decision"], fixed.data["configuration"]
    ({'entry': 'up AND score == 1'}, {'timeframe': '1H'})
    """
    current, applied = _read(source, unsafe)
    seen, spent = 0, 0
    while seen < _ROUNDS and spent < _BUDGET:
        document = load(current)
        step, cost = _step(document, unsafe)
        seen, spent = seen + 1, spent + cost
        if step is None:
            break
        try:
            after = _written(current, document, step)
        except TypeError:  # a number that is none would have to be written elsewhere
            break
        if after is None or after == current:
            break
        current = after
        applied += step.diagnostics
    document = load(current)
    text = current if isinstance(current, str) else None
    return Fixed(text, _data(current, document), tuple(applied), tuple(diagnose(document)))


def _read(
    source: str | bytes | Path | dict[str, Any], unsafe: bool
) -> tuple[str | bytes | dict[str, Any], list[Diagnostic]]:
    """The text of a source, its bytes where they are none, or its data; and what was mended in reading it."""
    if isinstance(source, Path):
        source = read_document(source)
    if isinstance(source, bytes | bytearray | memoryview):
        try:
            return bytes(source).decode("utf-8"), []
        except UnicodeDecodeError:
            return _decoded(bytes(source), unsafe)
    return source, []


def _decoded(raw: bytes, unsafe: bool) -> tuple[str | bytes, list[Diagnostic]]:
    """The text of bytes that are no UTF-8: of UTF-16 by its mark, and as a guess of Windows-1252."""
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    title = f"read it as {'UTF-16' if marked else 'Windows-1252'}"
    if len(raw) <= LIMITS.document_bytes and (marked or unsafe):
        with contextlib.suppress(UnicodeDecodeError):
            text = raw.decode("utf-16" if marked else "cp1252")
            document = load(raw)
            found = {one: Fix(title, marked, ()) for one in document.findings}
            return text, locate(document.findings, document, found)
    return raw, []


def _data(current: str | bytes | dict[str, Any], document: Document) -> dict[str, Any] | None:
    """The data of a whole document, the envelope around it included."""
    if isinstance(current, dict):
        return current
    if document.data is None and document.text != current:
        return None
    if isinstance(current, str) and document.text != current:
        outer: dict[str, Any] = json.loads(current)
        return outer
    return document.data


@dataclass(frozen=True)
class _Step:
    """The data after one round, and what was mended in it."""

    data: dict[str, Any]
    diagnostics: list[Diagnostic]


def _step(document: Document, unsafe: bool) -> tuple[_Step | None, int]:
    """One round, None where nothing can be mended; and what it cost, in characters checked."""
    findings = examine(document)
    trial = Trial(findings, document, lambda data: examine(load(data)))
    step = _tried(trial, _eligible(findings, safe=True), document)
    if step is None and unsafe:
        step = _tried(trial, _eligible(findings, safe=False), document)
    return step, trial.spent + trial.size


def _tried(trial: Trial, findings: Sequence[Finding], document: Document) -> _Step | None:
    """What becomes of the mends of some findings, as many together as can be."""
    apart: list[Finding] = []
    for finding in findings:
        if not any(_conflict(finding.mend, other.mend) for other in apart):
            apart.append(finding)
    data = trial.result(_joined(apart), apart) if apart else None
    if data is not None:
        return _Step(data, _located(apart, document))
    good: list[Finding] = []
    first: dict[str, Any] | None = None
    for finding in findings[:MAX_DIAGNOSTICS]:
        assert finding.mend is not None
        if trial.spent > _BUDGET // 4:
            break
        if any(_conflict(finding.mend, other.mend) for other in good):
            continue
        data = trial.result(finding.mend, [finding])
        if data is not None:
            first = data if first is None else first
            good.append(finding)
    if first is None:
        return None
    joined = _joined(good)
    data = first if len(good) == 1 else trial.result(joined, good)
    if data is None:
        data, good = first, good[:1]
    return _Step(data, _located(good, document))


def _located(findings: Iterable[Finding], document: Document) -> list[Diagnostic]:
    """The diagnostics of mended findings; their fixes say what was done, without a patch."""
    fixes = {one: Fix(one.mend.title, one.mend.safe, ()) for one in findings if one.mend is not None}
    return locate(findings, document, fixes)


def _eligible(findings: Sequence[Finding], safe: bool) -> list[Finding]:
    """The findings that have a mend of the kind, errors first."""
    found = [one for one in dict.fromkeys(findings) if one.mend is not None and one.mend.safe == safe]
    found.sort(key=lambda one: one.message.severity != "error")
    return found[: 6 * MAX_DIAGNOSTICS]


def _joined(findings: Iterable[Finding]) -> Mend:
    """One mend of several: rewrites first, because they count characters of strings as they were."""
    changes: list[Change] = []
    safe = True
    for finding in findings:
        assert finding.mend is not None
        changes += finding.mend.changes
        safe = safe and finding.mend.safe
    rewrites = sorted((c for c in dict.fromkeys(map(_frozen, changes)) if c is not None), key=_place)
    others = [change for change in changes if not isinstance(change, Rewrite)]
    return Mend("", (*rewrites, *others), safe)


def _frozen(change: Change) -> Rewrite | None:
    return change if isinstance(change, Rewrite) else None


def _place(change: Rewrite) -> tuple[str, int]:
    return str(change.pointer), change.start


def _conflict(one: Mend | None, other: Mend | None) -> bool:
    """Whether two mends touch the same characters or values."""
    if one is None or other is None:
        return False
    return any(_meet(a, b) for a in one.changes for b in other.changes)


def _meet(a: Change, b: Change) -> bool:
    if isinstance(a, Rewrite) and isinstance(b, Rewrite):
        if a == b or a.pointer != b.pointer:
            return False
        return a.start <= b.end and b.start <= a.end
    return _within(a.pointer, b.pointer) or _within(b.pointer, a.pointer)


def _within(inner: Pointer, outer: Pointer) -> bool:
    return inner[: len(outer)] == outer


def _written(
    current: str | bytes | dict[str, Any], document: Document, step: _Step
) -> str | bytes | dict[str, Any] | None:
    """The document with the data of a step, in the layout that it had."""
    if document.text is None:
        return step.data
    if document.data is None:
        found = repaired(document.text)
        inner = None if found is None else found.text
    else:
        inner = edited(document.text, step.data)
    if inner is None or document.text == current:
        return inner
    if isinstance(current, dict):
        return {**current, ENVELOPE_KEY: inner}
    return edited(current, {**json.loads(current), ENVELOPE_KEY: inner}) if isinstance(current, str) else None
