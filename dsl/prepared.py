"""Plans of a strategy: which results are kept, under which names, and what market data they need."""

from __future__ import annotations

from dataclasses import dataclass

from .compiler.analyze import Checked
from .compiler.passes import Wanted, lower
from .compiler.schedule import StoreForm, schedule
from .runtime.plan import FIELDS, Plan

SCORE, ENTRY = "#score", "#entry"
"""Names of results that no input or condition can have."""

_STORED: dict[str, StoreForm] = {
    "number": "number",
    "holds": "mask",
    "sum": "integer",
    "low": "integer",
    "high": "integer",
}


@dataclass(frozen=True)
class Prepared:
    """A plan, the name and form of each result that it keeps, in order, and the fields that it reads."""

    plan: Plan
    names: tuple[tuple[str, StoreForm], ...]
    fields: tuple[str, ...]


def prepare(checked: Checked, names: tuple[str, ...]) -> Prepared:
    """The plan that keeps the named inputs and conditions besides score and entry."""
    wanted: list[tuple[str, Wanted]] = [(SCORE, ("sum", checked.score)), (ENTRY, ("holds", checked.entry))]
    for name in names:
        if name in checked.inputs:
            wanted.append((name, ("number", checked.inputs[name])))
        else:
            wanted.append((name, ("holds", checked.conditions[name])))
    return _prepared(checked, wanted)


def prepare_interval(checked: Checked) -> Prepared:
    """The plan that keeps the two ends of the score."""
    return _prepared(checked, [("low", ("low", checked.score)), ("high", ("high", checked.score))])


def _prepared(checked: Checked, wanted: list[tuple[str, Wanted]]) -> Prepared:
    graph, roots = lower(checked.graph, tuple(form for _, form in wanted))
    forms = [_STORED[form] for _, (form, _) in wanted]
    plan = schedule(graph, tuple(zip(forms, roots, strict=True)))
    names = tuple(zip((name for name, _ in wanted), forms, strict=True))
    return Prepared(plan, names, tuple(FIELDS[field] for field, _ in plan.loads))
