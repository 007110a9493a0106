"""Plans of a strategy: which results are kept, under which names, and what market data they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .compiler.analyze import Checked
from .compiler.graph import Graph
from .compiler.looks import Look, idle
from .compiler.passes import Wanted, lower
from .compiler.schedule import schedule
from .runtime.plan import FIELDS, Plan, StoreForm

SCORE, ENTRY = "#score", "#entry"
"""Names of results that no input or condition can have."""

Wish = Literal["score", "entry", "conditions", "all"]

_STORED: dict[str, StoreForm] = {
    "number": "number",
    "holds": "mask",
    "fails": "mask",
    "sum": "integer",
    "low": "integer",
    "high": "integer",
}
_PACKED: dict[str, StoreForm] = _STORED | {"holds": "bits", "fails": "bits"}


@dataclass(frozen=True)
class Prepared:
    """A plan, and the name and form of each result that it keeps, in order."""

    plan: Plan
    names: tuple[tuple[str, StoreForm], ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the bars that it reads."""
        return tuple(field for field in FIELDS if (field,) in self.plan.reads)


def prepare(checked: Checked, names: tuple[str, ...], look: Look = idle) -> Prepared:
    """The plan that keeps the named inputs and conditions besides score and entry."""
    return _planned(checked.graph, wanted_of(checked, names), look=look)


def wanted_of(checked: Checked, names: tuple[str, ...]) -> list[tuple[str, Wanted]]:
    """The results that such a plan keeps, each under its name."""
    wanted: list[tuple[str, Wanted]] = [(SCORE, ("sum", checked.score)), (ENTRY, ("holds", checked.entry))]
    for name in names:
        if name in checked.inputs:
            wanted.append((name, ("number", checked.inputs[name])))
        else:
            wanted.append((name, ("holds", checked.conditions[name])))
    return wanted


def stored(wanted: Iterable[tuple[str, Wanted]], *, packed: bool = False) -> list[tuple[StoreForm, Wanted]]:
    """The results with the forms in which they are kept; `packed` is as for a batch."""
    forms = _PACKED if packed else _STORED
    return [(forms[item[0]], item) for _, item in wanted]


def wanted_of_batch(checked: Checked, kinds: Sequence[Wish]) -> list[tuple[str, Wanted]]:
    """The results that a plan for many keeps of one of them."""
    return list(_wanted(checked, kinds))


def prepare_interval(checked: Checked) -> Prepared:
    """The plan that keeps the two ends of the score."""
    return _prepared(checked, [("low", ("low", checked.score)), ("high", ("high", checked.score))])


def prepare_forms(checked: Checked, wanted: Iterable[Wanted]) -> Prepared:
    """The plan that keeps any forms of any nodes, each under the name that `form_name` gives it."""
    return _prepared(checked, [(form_name(item), item) for item in wanted])


def form_name(wanted: Wanted) -> str:
    """The name of a result of `prepare_forms`."""
    form, node = wanted
    return f"{form} {node}"


def by_name(prepared: Prepared, kept: Any) -> dict[str, Any]:
    """The arrays that a run of the plan has kept (an `engine.Kept`), by the names of the results."""
    rows = {"number": iter(kept.numbers), "mask": iter(kept.masks), "integer": iter(kept.integers)}
    return {name: next(rows[form]) for name, form in prepared.names}


def prepare_batch(
    batch: Sequence[Checked], kinds: Sequence[Wish], *, packed: bool = False, look: Look = idle
) -> Prepared:
    """One plan for all: of each strategy in order, what `kinds` say.

    "score", "entry", "conditions", and "all": these and the inputs, in front of the conditions. With
    `packed`, truths are kept as a bit a candle.
    """
    graph = Graph()
    wanted: list[tuple[str, Wanted]] = []
    for checked in batch:
        look()
        places = graph.absorb(checked.graph)
        for name, (form, node) in _wanted(checked, kinds):
            wanted.append((name, (form, places[node])))
    return _planned(graph, wanted, _PACKED if packed else _STORED, look)


def _wanted(checked: Checked, kinds: Sequence[Wish]) -> Iterator[tuple[str, Wanted]]:
    if "score" in kinds or "all" in kinds:
        yield SCORE, ("sum", checked.score)
    if "entry" in kinds or "all" in kinds:
        yield ENTRY, ("holds", checked.entry)
    if "all" in kinds:
        yield from ((name, ("number", node)) for name, node in checked.inputs.items())
    if "conditions" in kinds or "all" in kinds:
        yield from ((name, ("holds", node)) for name, node in checked.conditions.items())


def _prepared(checked: Checked, wanted: list[tuple[str, Wanted]]) -> Prepared:
    return _planned(checked.graph, wanted)


def _planned(
    source: Graph,
    wanted: list[tuple[str, Wanted]],
    forms_kept: dict[str, StoreForm] = _STORED,
    look: Look = idle,
) -> Prepared:
    graph, roots = lower(source, tuple(form for _, form in wanted), look)
    forms = [forms_kept[form] for _, (form, _) in wanted]
    plan = schedule(graph, tuple(zip(forms, roots, strict=True)), look)
    names = tuple(zip((name for name, _ in wanted), forms, strict=True))
    return Prepared(plan, names)
