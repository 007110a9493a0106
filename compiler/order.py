"""Says what is wrong with the order of definitions: uses before definition, and circles.

1. The analyzer notes every use of a name that is defined further down (or is the entry itself).
2. A note whose target leads back to its user closes a circle: that is one mistake, told at its
   first forward use with the whole path; the other forward uses on the path are part of it.
3. Every other note is a mere matter of order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..grammar import catalogue as say
from ..grammar.diagnostics import MAX_DIAGNOSTICS, Finding, Mend, Pointer
from ..grammar.document import Document
from ..grammar.nodes import Call, Name, Node, postorder
from ..grammar.words import clipped
from .remedies import of_order


@dataclass(frozen=True, slots=True)
class ForwardUse:
    """`user`, in a section, names `target` at `start`..`end`, before `target` is defined.

    Of functions, whose keys are more than their names, `pointer` and `defined` say where the two stand.
    """

    section: str
    user: str
    target: str
    start: int
    end: int
    pointer: Pointer | None = None
    defined: Pointer | None = None


def order_findings(
    uses: list[ForwardUse], trees: Mapping[tuple[str, str], Node], document: Document
) -> list[Finding]:
    """A finding for each circle and for each other forward use."""
    if not uses:
        return []
    references = _references(trees)
    findings: list[Finding] = []
    told: set[tuple[str, str]] = set()
    mends: dict[str, Mend | None] = {}
    for use in uses:
        if (use.user, use.target) in told:
            continue
        path = (
            _path(references[use.section == "functions"], use.target, use.user)
            if len(findings) <= MAX_DIAGNOSTICS
            else None
        )
        if path is None:
            message = say.used_before_definition(use.target, use.section, _line(document, use))
            if use.section not in mends:
                mends[use.section] = of_order(use.section, trees, document.data)
        else:
            circle = [use.user, *path]
            told.update(pairwise(circle))
            shown = [f"{name}()" for name in circle] if use.section == "functions" else circle
            message = say.circular_definition(map(clipped, _shortened(shown)))
        mend = mends.get(use.section) if path is None else None
        pointer = use.pointer or (use.section, use.user)
        findings.append(Finding(message, pointer, "value", use.start, use.end, mend))
    return findings


def _references(trees: Mapping[tuple[str, str], Node]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Which inputs and conditions each of them uses, and which functions each of those calls."""
    functions = {called(key) for section, key in trees if section == "functions"}
    entries = {key for section, key in trees if section != "functions"}
    references: tuple[dict[str, list[str]], dict[str, list[str]]] = {}, {}
    for (section, key), tree in trees.items():
        if section == "decision":
            continue
        kind, names = (Call, functions) if section == "functions" else (Name, entries)
        used = dict.fromkeys(node.name for node in postorder(tree) if isinstance(node, kind))
        references[section == "functions"][called(key)] = [name for name in used if name in names]
    return references


def called(key: str) -> str:
    """The name of a function by its key; other names stay as they are.

    >>> called("slope(x, n)"), called("fast")
    ('slope', 'fast')
    """
    return key.partition("(")[0].strip()


def _path(references: Mapping[str, list[str]], start: str, goal: str) -> list[str] | None:
    """The shortest chain of uses from one definition to another, both ends included."""
    before: dict[str, str | None] = {start: None}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        if name == goal:
            path = [name]
            while (last := before[path[-1]]) is not None:
                path.append(last)
            return path[::-1]
        for used in references.get(name, ()):
            if used not in before:
                before[used] = name
                queue.append(used)
    return None


def _shortened(circle: list[str]) -> list[str]:
    return circle if len(circle) <= 12 else [*circle[:6], "…", *circle[-5:]]


def _line(document: Document, use: ForwardUse) -> int | None:
    if document.text is None:
        return None
    section = "conditions" if use.section == "conditions" else "inputs"
    entry = document.places.entry(use.defined or (section, use.target))
    return document.source.position(entry.key[0])[0] if entry is not None and entry.key else None
