"""Puts together what is known of a strategy before any candle is seen.

Warm-up, settle length and extent are facts of the graph (`compiler.facts`), ranges and units those of the
verdicts, cost and bytes the estimate of a million candles, and the firing sets come from `firing`. Here each
gets the name, the text and the place of what an author has written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
import math
from typing import TYPE_CHECKING, Any

from ..compiler.analyze import Checked, Reader
from ..compiler.facts import Fact
from ..compiler.own import Own, reached
from ..grammar.nodes import postorder
from ..grammar.printer import to_text
from ..limits.estimates import Estimate
from .firing import Firing, minimal_sets
from .known import Known

if TYPE_CHECKING:
    from ..compiler.graph import Param
    from ..strategy import Strategy

CANDLES = 1_000_000
"""The cost of a report is that of so many candles."""

_SHOWN = 200  # characters of an expression that is printed for a node


@dataclass(frozen=True, slots=True)
class Entry:
    """An input, a condition, or the decision.

    `text` is its canonical expression, with parameters by their names. `first` is the first candle on which
    it is defined when the bars have no gaps, counted from 0; from `first + settle` on a recurrence in it has
    forgotten where it started. It reads the candles from `left` to `right` relative to its own, and `left`
    is -inf where it reads all before. A number is never outside `low` to `high`; both are None of a truth,
    and of a number that is defined on no candle. `unit` is None where nothing is known of it, `weight` None
    of an input and of the decision. `line` and `column` count from 1, None where the document is no text.
    """

    section: str
    name: str
    text: str
    line: int | None
    column: int | None
    weight: int | None
    first: int
    settle: int
    left: float
    right: int
    low: float | None
    high: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One computation of the graph: what it does with which others, and the certificate of its extent.

    `operands` are numbers of nodes before it; `text` is what an author has written for it, None for what only
    the formula of a function asks for, and `names` the inputs and conditions that it is. The rest is as for
    an entry.
    """

    number: int
    operation: str
    operands: tuple[int, ...]
    constants: tuple[Param, ...]
    names: tuple[str, ...]
    text: str | None
    first: int
    settle: int
    left: float
    right: int
    low: float | None
    high: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a strategy before any candle is seen.

    `functions` are the document's own, signature and formula, as far as they are called. From candle
    `warmup` on, counted from 0, every condition is defined where the bars have no gaps, and from `settled`
    on every recurrence has forgotten its start. `entries` are the inputs, the conditions and the decision,
    in the order of the document; `nodes` all computations that they need. Scores lie between `lowest_score`
    and `highest_score`, the sums of the negative and of the positive weights. `firing` has the minimal sets
    that fire the decision, `estimate` what a million candles cost and which parts cost it.

    `str` of it is the text that `dslc inspect` prints.
    """

    name: str | None
    timeframe: str
    hash: str
    values: Mapping[str, float | bool]
    functions: Mapping[str, str]
    warmup: int
    settled: int
    lowest_score: int
    highest_score: int
    entries: tuple[Entry, ...]
    nodes: tuple[NodeReport, ...]
    firing: Firing
    estimate: Estimate

    def __str__(self) -> str:
        from .reported import as_text

        return as_text(self)

    def as_dict(self) -> dict[str, Any]:
        """The report as data that JSON can hold: an end of an interval that is not finite is None."""
        found: dict[str, Any] = _plain(asdict(self))
        return found


def report(strategy: Strategy) -> Report:
    """The report of a strategy; see `Strategy.report`."""
    checked = strategy._checked
    known = Known(checked.graph)
    estimate = strategy.estimate(CANDLES)
    conditions = checked.conditions.values()
    known_facts = strategy._facts
    return Report(
        name=strategy.name,
        timeframe=strategy.timeframe,
        hash=strategy.hash,
        values=strategy.values,
        functions={own.signature: to_text(own.original) for own in _called(checked)},
        warmup=strategy.warmup,
        settled=max((known_facts[node].first + known_facts[node].settle for node in conditions), default=0),
        lowest_score=sum(weight for weight in checked.weights.values() if weight < 0),
        highest_score=strategy.max_score,
        entries=tuple(_entries(strategy, known, estimate)),
        nodes=tuple(_nodes(checked, known, known_facts)),
        firing=minimal_sets(checked, known.relations, known.range),
        estimate=estimate,
    )


def _called(checked: Checked) -> list[Own]:
    """The document's own functions that some entry calls."""
    called = reached(list(checked.trees.values()), checked.own)
    return [own for name, own in checked.own.items() if name in called]


def _entries(strategy: Strategy, known: Known, estimate: Estimate) -> list[Entry]:
    checked = strategy._checked
    found = []
    for part in estimate.parts:
        node = _root(checked, part.section, part.name)
        fact = strategy._facts[node]
        text = written(checked, part.section, part.name)
        weight = checked.weights[part.name] if part.section == "conditions" else None
        found.append(
            Entry(
                part.section,
                part.name,
                text,
                part.line,
                part.column,
                weight,
                *(fact.first, fact.settle, fact.left, fact.right),
                *_measure(checked, known, node),
            )
        )
    return found


def written(checked: Checked, section: str, name: str) -> str:
    """The canonical text of an expression, with the parameters by their names."""
    return to_text(checked.originals.get((section, name), checked.trees[section, name]))


def _root(checked: Checked, section: str, name: str) -> int:
    if section == "decision":
        return checked.entry
    return (checked.inputs if section == "inputs" else checked.conditions)[name]


def _measure(checked: Checked, known: Known, node: int) -> tuple[float | None, float | None, str | None]:
    """Range and unit of a number."""
    if checked.graph.kind(node) != "number":
        return None, None, None
    low, high = known.range(node)
    return (low, high, known.unit(node)) if low <= high else (None, None, known.unit(node))


def _nodes(checked: Checked, known: Known, known_facts: list[Fact]) -> list[NodeReport]:
    """The computations that the results need, numbered without gaps."""
    roots = (*checked.inputs.values(), *checked.conditions.values(), checked.score, checked.entry)
    needed = checked.graph.reachable(roots)
    numbers = {node: number for number, node in enumerate(needed)}
    names, texts = _names(checked), _texts(checked)
    found = []
    for node in needed:
        made, fact, constant = checked.graph[node], known_facts[node], checked.graph.constant(node)
        found.append(
            NodeReport(
                numbers[node],
                made.op,
                tuple(numbers[arg] for arg in made.args),
                made.params if constant is None else (constant,),
                tuple(names.get(node, ())),
                texts.get(node),
                *(fact.first, fact.settle, fact.left, fact.right),
                *_measure(checked, known, node),
            )
        )
    return found


def _names(checked: Checked) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name, node in (*checked.inputs.items(), *checked.conditions.items()):
        found.setdefault(node, []).append(name)
    return found


def _texts(checked: Checked) -> dict[int, str]:
    """What authors have written for nodes, the first way of each; long expressions are left out."""
    reader = Reader(checked)
    found: dict[int, str] = {}
    for tree in checked.trees.values():
        places = reader.every(tree)
        for part in postorder(tree):
            if part in places and places[part] not in found and part.end - part.start <= _SHOWN:
                found[places[part]] = to_text(part)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
