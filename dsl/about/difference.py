"""Says what changed in meaning between two strategies, and on which candles their entries differ.

1. Both graphs are brought into one list of meanings, so what is the same computation has the same number.
2. Inputs and conditions are matched by their names. Of the names that only one side has, those with the same
   meaning are one that was renamed; the others were added or removed.
3. A pair with different meanings that says the same of the names in it follows something that it reads; any
   other has changed. A pair with the same meaning and different texts is only written differently.
4. Weights, the decision, the timeframe, parameters and constraints are compared likewise. Functions are
   compared by their texts, and only those count that change an entry. So do a time zone and instruments.

Worked: where `fast` goes from ema(close, 9) to ema(close, 12), it changed, and `trendUp` = `fast > slow`
follows `fast`.

What reads a parameter is compared as it is written, too: two texts may agree on the default alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from ..compiler.analyze import Checked, Reader
from ..compiler.graph import Graph, GraphTooLarge
from ..compiler.own import reached, with_names
from ..compiler.parameters import names_in, replaced
from ..grammar.nodes import Binary, Call, Name, Node, Timeframe, postorder
from ..grammar.printer import to_text
from ..grammar.words import MARKET_DATA
from ..schemas.parameters import Parameter, shown
from ..strategy import Source, Strategy, _compiled, _known_timeframe, _read
from .entries import Entries, compared_entries
from .meaning import Meanings
from .report import written

Kind: TypeAlias = Literal["added", "removed", "changed", "renamed", "follows"]
Section: TypeAlias = Literal[
    "timeframe",
    "timezone",
    "symbols",
    "parameters",
    "constraints",
    "functions",
    "inputs",
    "conditions",
    "score",
    "decision",
]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as it was: where, under which name, and the canonical texts before and after.

    Of what was renamed, `before` and `after` are the names, and `name` is the new one. What `follows` is
    written as it was, and means something else because of what it reads: `through` has the names of that.
    """

    section: Section
    name: str
    kind: Kind
    before: str | None
    after: str | None
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in meaning from one strategy to another.

    `hashes` are those of both. `changes` come in the order of the sections. `respelled` has the sections and
    names of what is only written differently, and `reordered` the sections whose order alone differs.
    `entries` says where the entries differ, None without bars.
    """

    hashes: tuple[str, str]
    changes: tuple[Change, ...]
    respelled: tuple[tuple[Section, str], ...]
    reordered: tuple[Section, ...]
    entries: Entries | None

    @property
    def same(self) -> bool:
        """Whether both mean the same: on any bars, everything has the same values, under whichever name."""
        return all(change.kind == "renamed" for change in self.changes)

    def __str__(self) -> str:
        from .told import as_text

        return as_text(self)

    def as_dict(self) -> dict[str, Any]:
        """The difference as data that JSON can hold."""
        return {"same": self.same, **asdict(self)}


def diff(
    before: Source | Strategy,
    after: Source | Strategy,
    bars: Any = None,
    *,
    timeframe: str | None = None,
    resample: bool = False,
    align: str | None = None,
    symbols: Mapping[str, Any] | None = None,
) -> Difference:
    """What changed in meaning from one strategy to another and, with bars, on which candles entries differ.

    Takes strategies or what `compile` takes. Texts and order do not matter, and neither do names,
    descriptions and brackets: computations are compared. `timeframe`, `resample`, `align` and `symbols` are
    for the bars, as for `compile` and `evaluate`. Raises StrategyError for what does not compile, and what
    `evaluate` raises.

    >>> def document(up, weight):
    ...     return {
    ...         "configuration": {"timeframe": "1D"},
    ...         "inputs": {},
    ...         "conditions": {"up": up},
    ...         "score": {"up": weight},
    ...         "decision": {"entry": "score >= 10"},
    ...     }
    >>> diff(document("close > open", 10), document("open < close", 10)).same
    True
    >>> found = diff(document("close > open", 10), document("close > open", 5))
    >>> [(change.section, change.kind, change.before, change.after) for change in found.changes]
    [('score', 'changed', '10', '5'), ('decision', 'follows', 'score >= 10', 'score >= 10')]
    """
    pair = _strategy(before), _strategy(after)
    entries = None
    if bars is not None:
        override = _known_timeframe(timeframe)
        evaluated = _with(pair[0], override), _with(pair[1], override)
        entries = compared_entries(evaluated, bars, resample, align, symbols)
    return _Comparison(*pair).difference(entries)


def _strategy(source: Source | Strategy) -> Strategy:
    return source if isinstance(source, Strategy) else _compiled(_read(source), None, {})


def _with(strategy: Strategy, timeframe: str | None) -> Strategy:
    return strategy if timeframe is None else _compiled(strategy._document, timeframe, strategy.values)


class _Side:
    """One of the two strategies: its expressions as trees and texts, and what they mean."""

    def __init__(self, strategy: Strategy, meanings: Meanings) -> None:
        self.strategy = strategy
        self.checked: Checked = strategy._checked
        checked = self.checked
        numbers = meanings.take(checked.graph)
        self.meanings: dict[str, dict[str, int]] = {
            "inputs": {name: numbers[node] for name, node in checked.inputs.items()},
            "conditions": {name: numbers[node] for name, node in checked.conditions.items()},
            "decision": {"entry": numbers[checked.entry]},
        }
        self.score = numbers[checked.score]

    def tree(self, section: str, name: str) -> Node:
        """An expression, with parameters by their names."""
        key = section, name
        return self.checked.originals.get(key, self.checked.trees[key])

    def text(self, section: str, name: str) -> str:
        return written(self.checked, section, name)

    def saying(self, section: str, name: str, graph: Graph, names: Mapping[str, str]) -> int:
        """The node of an expression whose inputs, conditions and score are nothing but names.

        `names` has other names for some. A constant input is its number, as it may be a period.
        """
        checked = self.checked
        opaque = {one: graph.bar(f"#{names.get(one, one)}") for one in (*checked.inputs, *checked.conditions)}
        for one, node in checked.inputs.items():
            constant = checked.graph.constant(node)
            opaque[one] = opaque[one] if constant is None else graph.number(constant)
        inputs = {one: opaque[one] for one in checked.inputs}
        conditions = {one: opaque[one] for one in checked.conditions}
        score = graph.bar("#score")
        reader = Reader(replace(checked, graph=graph, inputs=inputs, conditions=conditions, score=score))
        tree = checked.trees[section, name]
        return reader.number(tree) if section == "inputs" else reader.truth(tree)

    def reads_parameter(self, section: str, name: str) -> bool:
        tree, parameters = self.tree(section, name), self.checked.parameters
        return not (
            names_in(tree).isdisjoint(parameters)
            and _calls(tree).isdisjoint(with_names(self.checked.own, parameters))
        )

    def functions(self) -> dict[str, str]:
        """The document's own functions: signature and formula, with parameters by their names."""
        own = self.checked.own
        return {name: f"{found.signature} = {to_text(found.original)}" for name, found in own.items()}

    def reached(self, entries: Collection[str]) -> set[str]:
        """The functions that some entries call, directly or through others."""
        trees = [tree for (_, name), tree in self.checked.trees.items() if name in entries]
        return reached(trees, self.checked.own)


class _Comparison:
    def __init__(self, before: Strategy, after: Strategy) -> None:
        meanings = Meanings()
        self.before, self.after = _Side(before, meanings), _Side(after, meanings)
        self.renamed: dict[str, str] = {}  # the new names by the old ones
        self.different: set[str] = set()  # new names of what does not mean what it meant
        self.respelled: list[tuple[Section, str]] = []

    def difference(self, entries: Entries | None) -> Difference:
        changes = list(self.timeframe())
        market = list(self.market())
        others = [*self.parameters(), *self.constraints()]
        functions = list(self.functions())
        of_entries = [*self.named("inputs"), *self.named("conditions"), *self.weights(), *self.decision()]
        of_entries = [*self.effective(functions, of_entries), *of_entries]
        through = {_owner(name) for change in of_entries for name in change.through}
        changes += [*(change for change in market if change.name in through), *others, *of_entries]
        return Difference(
            (self.before.strategy.hash, self.after.strategy.hash),
            tuple(changes),
            tuple(self.respelled),
            tuple(self.reordered()),
            entries,
        )

    def timeframe(self) -> Iterator[Change]:
        before, after = self.before.checked.timeframe, self.after.checked.timeframe
        if before != after:
            self.different.add("timeframe")
            yield Change("timeframe", "timeframe", "changed", before, after)

    def market(self) -> Iterator[Change]:
        """Another time zone, and names that stand for other instruments; only what is read counts."""
        before, after = self.before.checked.market, self.after.checked.market
        if before.timezone != after.timezone:
            self.different.add("timezone")
            yield Change("timezone", "timezone", "changed", before.timezone, after.timezone)
        for name, symbol in after.symbols.items():
            if before.symbols.get(name, symbol) != symbol:
                self.different.update(f"{name}.{data}" for data in MARKET_DATA)
                yield Change("symbols", name, "changed", before.symbols[name], symbol)

    def parameters(self) -> Iterator[Change]:
        before, after = (_declarations(side.checked.parameters) for side in (self.before, self.after))
        for change in _by_name("parameters", before, after):
            self.different.add(change.name)
            yield change
        values = self.before.checked.values, self.after.checked.values
        for name in values[0].keys() & values[1].keys() - self.different:
            if values[0][name] != values[1][name]:
                self.different.add(name)
                yield Change("parameters", name, "changed", shown(values[0][name]), shown(values[1][name]))

    def constraints(self) -> Iterator[Change]:
        before, after = (list(map(to_text, side.checked.constraints)) for side in (self.before, self.after))
        yield from (Change("constraints", "", "removed", text, None) for text in before if text not in after)
        yield from (Change("constraints", "", "added", None, text) for text in after if text not in before)

    def functions(self) -> Iterator[Change]:
        """The functions whose texts differ, or those of what they call or read."""
        before, after = self.before.functions(), self.after.functions()
        for name in _names(before, after):
            old, new = before.get(name), after.get(name)
            if old == new:
                own = self.after.checked.own[name]
                through = [_call(one) for one in sorted(own.calls) if _call(one) in self.different]
                through += sorted(names_in(own.original) & self.different)
                if through:
                    self.different.add(_call(name))
                    yield Change("functions", name, "follows", old, new, tuple(through))
                continue
            self.different.add(_call(name))
            kind: Kind = "added" if old is None else "removed" if new is None else "changed"
            yield Change("functions", name, kind, old, new)

    def effective(self, functions: list[Change], entries: list[Change]) -> Iterator[Change]:
        """Those changes of functions that change an entry; the others are other ways to write the same."""
        changed = {change.name for change in entries if change.kind != "renamed"}
        changed |= {old for old, new in self.renamed.items() if new in changed}
        reached = self.before.reached(changed) | self.after.reached(changed)
        for change in functions:
            if change.name in reached:
                yield change
            elif change.kind == "changed":
                self.respelled.append(("functions", change.name))

    def named(self, section: Literal["inputs", "conditions"]) -> Iterator[Change]:
        """The changes of inputs, or of conditions, in the order of the new document; then what is gone."""
        before, after = self.before.meanings[section], self.after.meanings[section]
        gone = [name for name in before if name not in after]
        for name, meaning in after.items():
            if name in before:
                yield from self.pair(section, name, name)
                continue
            old = next((old for old in gone if before[old] == meaning), None)
            if old is None:
                self.different.add(name)
                yield Change(section, name, "added", None, self.after.text(section, name))
            else:
                gone.remove(old)
                self.renamed[old] = name
                yield Change(section, name, "renamed", old, name)
                yield from self.pair(section, old, name)
        for name in gone:
            self.different.add(name)
            yield Change(section, name, "removed", self.before.text(section, name), None)

    def pair(self, section: Section, old: str, new: str) -> Iterator[Change]:
        """What became of one expression."""
        before, after = self.before.text(section, old), self.after.text(section, new)
        same_text = self.renamed_text(section, old) == after
        other_calls = {_call(name) for name in _calls(self.after.tree(section, new))} & self.different
        open_ = self.before.reads_parameter(section, old) or self.after.reads_parameter(section, new)
        same_meaning = self.before.meanings[section][old] == self.after.meanings[section][new]
        if same_meaning and ((same_text and not other_calls) or not open_):
            self.respelled += [] if same_text else [(section, new)]
            return
        self.different.add(new)
        if same_text or (not open_ and self.says_the_same(section, old, new)):
            yield Change(section, new, "follows", before, after, tuple(self.through(section, new)))
        else:
            yield Change(section, new, "changed", before, after)

    def says_the_same(self, section: Section, old: str, new: str) -> bool:
        """Whether two expressions mean the same if all names in them do."""
        graph = Graph()
        try:
            before = self.before.saying(section, old, graph, self.renamed)
            after = self.after.saying(section, new, graph, {})
        except GraphTooLarge:  # with names for inputs, calls may be many more than they were
            return False
        numbers = Meanings().take(graph)
        return numbers[before] == numbers[after]

    def renamed_text(self, section: str, old: str) -> str:
        """The old text with new names for what was renamed."""

        def instead(name: Name) -> Node | None:
            if name.name not in self.renamed:
                return None
            return Name(name=self.renamed[name.name], start=name.start, end=name.end)

        return to_text(replaced(self.before.tree(section, old), instead))

    def through(self, section: str, new: str) -> Iterator[str]:
        """The names in an expression that do not mean what they meant."""
        tree = self.after.tree(section, new)
        reads = dict.fromkeys(node.name for node in postorder(tree) if isinstance(node, Name))
        if any(isinstance(node, Binary) and isinstance(node.right, Timeframe) for node in postorder(tree)):
            reads["timeframe"] = None
        reads |= dict.fromkeys(_call(node.name) for node in postorder(tree) if isinstance(node, Call))
        found = [name for name in reads if name in self.different]
        yield from found or {"timezone"} & self.different  # nothing else changes what has the same text

    def weights(self) -> Iterator[Change]:
        old, new = self.before.checked.weights, self.after.checked.weights
        before = {self.renamed.get(name, name): f"{weight:,}" for name, weight in old.items() if weight}
        after = {name: f"{weight:,}" for name, weight in new.items() if weight}
        yield from _by_name("score", before, after)
        if self.before.score != self.after.score:
            self.different.add("score")

    def decision(self) -> Iterator[Change]:
        yield from self.pair("decision", "entry", "entry")

    def reordered(self) -> Iterator[Section]:
        """The sections that have the same names in another order."""
        sections: tuple[Section, ...] = ("inputs", "conditions")
        for section in sections:
            before = [self.renamed.get(name, name) for name in self.before.meanings[section]]
            after = list(self.after.meanings[section])
            if before != after and sorted(before) == sorted(after):
                yield section


def _calls(tree: Node) -> set[str]:
    return {node.name for node in postorder(tree) if isinstance(node, Call)}


def _call(name: str) -> str:
    """A function as it is told apart from an input or condition of its name."""
    return f"{name}()"


def _owner(name: str) -> str:
    """Of `spy.close` the name of the instrument; any other name itself."""
    return name.partition(".")[0]


def _by_name(section: Section, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """What changed among texts that go by names."""
    for name in _names(before, after):
        old, new = before.get(name), after.get(name)
        if old != new:
            kind: Kind = "added" if old is None else "removed" if new is None else "changed"
            yield Change(section, name, kind, old, new)


def _names(before: Iterable[str], after: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys((*after, *before))


def _declarations(parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """What parameters may be; their units and descriptions are for people."""
    return {name: f"{found.demand}, by default {shown(found.default)}" for name, found in parameters.items()}
