"""Checks names, types and arguments of every expression, and builds the graph in the same walk.

What must be known to check an expression (is this period constant? is that operand a truth?) is
what the graph knows, so an expression is walked once: each node leaves a `Value`, the node of
the graph that computes it or, after a mistake, no node but the kind it would have had, so that
one mistake is said once. The document's own functions come first (own.py), then constraints, inputs,
conditions and the decision, each in the order of the document; a name is known from its definition on.

An expression is read in layers, each a file: operators (operating.py), calls (calling.py), names (naming.py),
and below them what is known and reported (reading.py). Here are the sections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..grammar import catalogue as say
from ..grammar.diagnostics import Finding, Mend, Message, Pointer, Rename, has_errors
from ..grammar.dialects import plain
from ..grammar.document import Document, load
from ..grammar.nodes import (
    Call,
    Name,
    Node,
    inside,
    on_own_candles,
    postorder,
)
from ..grammar.parser import Parsed, parse
from ..grammar.printer import to_text
from ..grammar.rewording import reworded
from ..grammar.spelling import Speller
from ..grammar.words import LIMITS, quoted
from ..runtime.registry import (
    Function,
    function,
)
from ..schemas.parameters import Parameter as Declared
from ..schemas.parameters import Value as Bound
from ..schemas.structure import Declaration, Market, Outline
from . import remedies
from .ahead import Ahead
from .facts import right_ends
from .graph import Graph, GraphTooLarge
from .operating import Operating
from .order import order_findings
from .own import Calls, Own, TooMuchWrittenOut, define, with_values
from .parameters import Values, assignments, bound, names_in, written_out
from .reading import brief
from .repeats import repeated
from .values import UNKNOWN, Section, Value


@dataclass(frozen=True)
class Checked:
    """A document whose every expression was read: the shared graph and where its results are.

    `inputs`, `conditions`, `score` and `entry` are nodes of the graph; they are complete only
    if nothing that was found is an error. `trees` are the expressions, for printing, with the `values`
    of the parameters written out; where there are parameters, `originals` are those with their names.
    `truths` are the comparisons, calls and joints in them, from the inside out, with their nodes; `implied`
    are the nodes of numbers that stand for truths; `used` are the names that some expression uses, `score`
    among them. `own` are the functions of the document by their names, each below those that it calls.
    """

    timeframe: str
    market: Market
    graph: Graph
    inputs: dict[str, int]
    conditions: dict[str, int]
    weights: dict[str, int]
    score: int
    entry: int
    trees: dict[tuple[str, str], Node]
    name: str | None = None
    description: str | None = None
    parameters: Mapping[str, Declared] = field(default_factory=dict)
    values: Mapping[str, Bound] = field(default_factory=dict)
    originals: Mapping[tuple[str, str], Node] = field(default_factory=dict)
    constraints: tuple[Node, ...] = ()
    truths: Sequence[tuple[Pointer, Node, int]] = ()
    implied: Sequence[int] = ()
    used: frozenset[str] = frozenset()
    own: Mapping[str, Own] = field(default_factory=dict)

    def called(self, name: str) -> Function | None:
        """The function that a call by this name means in the document."""
        return self.own[name].function if name in self.own else function(name)

    def allows(self, values: Values) -> bool:
        """Whether all constraints hold with these values of all parameters."""
        outline = Outline(timeframe=self.timeframe, parameters=dict(self.parameters))
        own = with_values(self.own, values, self.constraints)
        analyzer = _Analyzer(outline, load({}), Speller(), constants=values, section="decision", own=own)
        try:
            return all(analyzer.holds(tree) for tree in self.constraints)
        except GraphTooLarge:
            return False


def analyze(
    outline: Outline,
    document: Document,
    speller: Speller,
    binding: Mapping[str, Any] | None = None,
    graph: Graph | None = None,
) -> tuple[Checked | None, list[Finding]]:
    """Everything that is wrong in the expressions of an outline, and the graph where nothing is.

    `binding` are values for parameters of the document; the others have their defaults. `graph` is where
    the nodes go; without one the strategy has a graph of its own.
    """
    values, findings = bound(outline, binding or {}, speller)
    graph = Graph(LIMITS.nodes) if graph is None else graph
    graph.zone = outline.market.timezone
    analyzer = _Analyzer(outline, document, speller, graph, findings, constants=values)
    try:
        analyzer.run()
    except TooMuchWrittenOut:
        analyzer.report(say.too_much_written_out(LIMITS.written_out), 0, analyzer.length)
    except GraphTooLarge:
        analyzer.report(say.too_many_nodes(LIMITS.nodes), 0, analyzer.length)
    return analyzer.checked(), analyzer.findings


class Reader:
    """Finds the nodes of trees that are parts of a checked document.

    The graph has them all, so nothing is added to it, except by a tree that the document does not hold.
    """

    def __init__(self, checked: Checked) -> None:
        outline = Outline(timeframe=checked.timeframe, market=checked.market)
        self._analyzer = _Analyzer(
            outline,
            load({}),
            Speller(),
            graph=checked.graph,
            section="decision",
            own=dict(checked.own),
            calls=Calls(most=4 * LIMITS.written_out),  # parts of expressions, and all of them once more
        )
        self._analyzer.trees = dict(checked.trees)
        checked.graph.zone = checked.market.timezone
        self._analyzer.score = Value("number", checked.score)
        for name, node in checked.inputs.items():
            self._analyzer.values[name] = Value("number", node)
        for name, node in checked.conditions.items():
            self._analyzer.values[name] = Value("truth", node)

    def number(self, tree: Node) -> int:
        """The node of a number."""
        node = self._analyzer.walk(tree).node
        assert node is not None, tree
        return node

    def every(self, tree: Node) -> dict[Node, int]:
        """The nodes of all numbers and truths in a tree, in one walk; of those on its own candles."""
        values: list[Value] = []
        self._analyzer.walk(tree, values)
        pairs = zip(on_own_candles(tree), values, strict=True)
        return {part: value.node for part, value in pairs if value.node is not None}

    def truth(self, tree: Node) -> int:
        """The node of a truth; a number x stands for `x != 0`."""
        node = self._analyzer.truth_operand(tree, self._analyzer.walk(tree)).node
        assert node is not None, tree
        return node


class _Analyzer(Operating):
    """Reads the sections of a document."""

    # --- sections --------------------------------------------------------------------------

    def run(self) -> None:
        for declared in self.outline.functions.values():
            define(self, declared)
        for at, text in self.outline.constraints.items():
            self.constraint(at, text)
        for name, text in self.outline.inputs.items():
            value = self.entry("inputs", name, text)
            self.values[name] = self.as_input(name, value)
        for name, text in self.outline.conditions.items():
            value = self.entry("conditions", name, text)
            value = self.as_truth(f"the condition {quoted(name)}", value)
            if name not in self.outline.inputs:
                self.values[name] = value
        self.check_weights()
        self.score = self.weighted_sum()
        if self.outline.entry is not None:
            value = self.entry("decision", "entry", self.outline.entry)
            self.decision = self.as_truth("the decision", value)
        self.findings += order_findings(self.forward, {**self.formulas, **self.trees}, self.document)
        self.unused_functions()
        if self.constants:
            self.look_ahead()

    # --- functions of the document ---------------------------------------------------------

    def of_function(self, graph: Graph, declared: Declaration) -> _Analyzer:
        """The analyzer of a function's formula, which reports what it finds as this one does."""
        return _Analyzer(
            self.outline,
            self.document,
            self.speller,
            graph,
            self.findings,
            forward=self.forward,
            messages=self.messages,
            nearest=self.nearest,
            left_out=self.left_out,
            constants=self.constants,
            own=self.own,
            broken=self.broken,
            local=declared.signature.parameters,
            section="function",
        )

    def of_call(self, own: Own) -> _Analyzer:
        """The analyzer of what a call stands for, in the same graph; what it finds is wrong for this call."""
        return _Analyzer(
            self.outline,
            self.document,
            self.speller,
            self.graph,
            numbers=self.numbers,
            expanded=self.expanded,
            implied=self.implied,
            own=self.own,
            calls=self.calls,
            section="function",
            text=own.function.formula or "",
            expanding=own,
            timeframes=self.timeframes,
            frames_open=self.frames_open,
            home=self.graph.frame,
        )

    def judged(self, tree: Node, nodes: Sequence[Node]) -> Value:
        """The value of a function's formula, which must be a number or a truth."""
        value = self.walk(tree, nodes=nodes)
        if value.kind in ("timeframe", "label"):
            self.report(say.timeframe_misused("this"), 0, self.length)
        return value

    def unused_functions(self) -> None:
        """Functions that nothing calls, once nothing is wrong."""
        if not self.own or has_errors(self.findings):
            return
        trees = (*self.formulas.values(), *self.trees.values(), *self.constraint_trees.values())
        called = {node.name for tree in trees for node in postorder(tree) if isinstance(node, Call)}
        for name, own in self.own.items():
            if name not in called:
                message = say.unused_function(own.signature)
                self.findings.append(Finding(message, ("functions", own.key), "key"))

    # --- parameters ------------------------------------------------------------------------

    def constraint(self, at: str, text: str) -> None:
        """Check one constraint, and whether it holds for the values that are bound."""
        parsed = self.parsed("constraints", at, text)
        tree = parsed.tree
        if tree is None or parsed.mistakes:
            return
        strange = names_in(tree) - set(self.outline.parameters)
        for node in postorder(tree):
            if isinstance(node, Name) and node.name in strange - self.outline.unusable:
                message = self.not_a_parameter(node.name)
                nearest = self.nearest.get(("constraints", node.name))
                mend = self.propose(remedies.of_name, node, nearest, self.outline.parameters)
                self.report(message, *inside(node), mend)
        if strange:
            return
        self.constraint_trees[at] = tree
        before = len(self.findings)
        found = self.holds(tree)
        if found is None and len(self.findings) == before:
            self.report(say.constraint_not_truth(text), 0, len(text))
        if found is False:
            values = assignments(self.constants, names_in(tree))
            self.report(say.constraint_broken(to_text(tree), values), 0, len(text))

    def not_a_parameter(self, name: str) -> Message:
        known = ", ".join(self.outline.parameters)
        otherwise = f"the parameters are {known}" if known else "declare it among parameters"
        return self.unknown("constraints", name, say.not_a_parameter, self.outline.parameters, otherwise)

    def holds(self, tree: Node) -> bool | None:
        """Whether a truth about parameters holds for their values; None where it is none."""
        value = self.walk(written_out(tree, self.constants))
        if value.kind != "truth" or value.node is None:
            return None
        return self.graph.known_truth(value.node)

    def look_ahead(self) -> None:
        """What would be wrong for other values of the parameters, once nothing is for these."""
        if has_errors(self.findings):
            return
        trees = (*self.formulas.values(), *self.originals.values())
        used = {name for tree in trees for name in names_in(tree)}
        for name in self.outline.parameters:
            if name not in used:
                self.findings.append(Finding(say.unused_parameter(name), ("parameters", name), "key"))
        self.findings += Ahead(self).findings()

    def apart(self, values: Values, tree: Node) -> _Analyzer:
        """An analyzer of an expression about parameters with other values."""
        return _Analyzer(
            self.outline,
            self.document,
            self.speller,
            constants=values,
            section="decision",
            own=with_values(self.own, values, [tree]),
        )

    def refusal(self, tree: Node, use: tuple[str, ...], called: Function | None) -> Message | None:
        """Why a constant is no offset, or no argument of the function that is called, if it is none."""
        value = self.walk(tree)
        if called is None:
            self.offset_count(tree, value)
        else:
            parameter = next(parameter for parameter in called.parameters if parameter.name == use[1])
            self.argument(called, parameter, tree, value)
        errors = [found.message for found in self.findings if found.message.severity == "error"]
        return errors[0] if errors else None

    # --- entries ---------------------------------------------------------------------------

    def entry(self, section: Section, name: str, text: str) -> Value:
        """The value of one entry, all its mistakes reported."""
        parsed = self.parsed(section, name, text)
        tree = parsed.tree
        if tree is None:
            return UNKNOWN
        if self.constants:
            self.originals[section, name] = tree
            tree = self.trees[section, name] = written_out(tree, self.constants)
            return self.walk(tree)
        self.trees[section, name] = tree
        known = None if self.own else repeated(self, text)  # a name may be a function of this document
        return known or self.walk(tree, nodes=parsed.nodes)

    def parsed(self, section: Section, name: str, text: str, pointer: Pointer | None = None) -> Parsed:
        """The expression of one place, where reports belong from now on; its own mistakes reported."""
        self.section, self.entry_name, self.length = section, name, len(text)
        self.pointer, self.text, self.other_words = pointer or (section, name), text, None
        parsed = parse(text)
        if parsed.mistakes and self.few:
            self.other_words = reworded(text, self.defined, name, section == "decision" and self.of_hundred)
        for mistake in parsed.mistakes:
            mend = remedies.of_mistake(self.pointer, mistake, self.other_words) if self.few else None
            self.report(mistake.message, mistake.start, mistake.end, mend)
        return parsed

    def as_input(self, name: str, value: Value) -> Value:
        if value.kind == "truth":
            mend = self.propose(remedies.of_truth_among_inputs, name, self.document.data or {})
            self.report(say.input_is_boolean(name), 0, self.length, mend)
        if value.kind in ("timeframe", "label"):
            self.report(say.timeframe_misused("this"), 0, self.length)
        return value if value.kind == "number" else UNKNOWN

    def as_truth(self, what: str, value: Value) -> Value:
        if value.kind == "number":
            shown = brief(self.trees[self.section, self.entry_name])
            mend = remedies.rewrite(self.pointer, self.length, self.length, " != 0", False)
            self.report(say.condition_is_number(what, shown), 0, self.length, mend)
        if value.kind in ("timeframe", "label"):
            self.report(say.timeframe_misused("this"), 0, self.length)
        return value if value.kind == "truth" else Value("truth")

    def check_weights(self) -> None:
        outline = self.outline
        for name in outline.weights:
            if name in outline.conditions or name in outline.unusable:
                continue
            if name in outline.inputs:
                message = say.score_of_unknown(name, "it is an input; write a condition about it")
            else:
                otherwise = "add it to conditions, or remove the weight"
                message = self.unknown("score", name, say.score_of_unknown, outline.conditions, otherwise)
            self.findings.append(Finding(message, ("score", name), "key", mend=self.weight_mend(name)))

    def weight_mend(self, name: str) -> Mend | None:
        """Another name for a weight: safe where a condition is so called but for case and underscores."""
        nearest = self.nearest.get(("score", name))
        if nearest is None or nearest in self.outline.weights:
            return None
        alike = [one for one in self.outline.conditions if plain(one) == plain(name)]
        return Mend(f"write {quoted(nearest)}", (Rename(("score", name), nearest),), alike == [nearest])

    def weighted_sum(self) -> Value:
        """The node of the score, once all conditions are known."""
        pairs: list[tuple[int, int]] = []
        for name, weight in self.outline.weights.items():
            node = self.values.get(name, UNKNOWN).node
            if weight and node is None:
                return Value("number")
            if weight and node is not None:
                pairs.append((node, weight))
        pairs.sort()
        return Value("number", self.graph.score(tuple(n for n, _ in pairs), tuple(w for _, w in pairs)))

    def checked(self) -> Checked | None:
        outline = self.outline
        if has_errors(self.findings) or outline.timeframe is None or self.decision.node is None:
            return None
        score = self.score.node
        inputs = {name: self.values[name].node for name in outline.inputs}
        conditions = {name: self.values[name].node for name in outline.conditions}
        if score is None or None in inputs.values() or None in conditions.values():
            return None
        checked = Checked(
            outline.timeframe,
            outline.market,
            self.graph,
            inputs,  # type: ignore[arg-type]
            conditions,  # type: ignore[arg-type]
            {name: outline.weights.get(name, 0) for name in outline.conditions},
            score,
            self.decision.node,
            self.trees,
            outline.name,
            outline.description,
            outline.parameters,
            self.constants,
            self.originals,
            tuple(self.constraint_trees.values()),
            self.truths,
            self.implied,
            frozenset(self.used),
            self.own,
        )
        self.certify(checked)
        return None if has_errors(self.findings) else checked

    def certify(self, checked: Checked) -> None:
        """The proof of causality: no expression's extent ends after its own candle."""
        ends = right_ends(checked.graph)
        roots = [(("inputs", name), node) for name, node in checked.inputs.items()]
        roots += [(("conditions", name), node) for name, node in checked.conditions.items()]
        for pointer, node in (*roots, (("decision", "entry"), checked.entry)):
            if ends[node] > 0:
                self.findings.append(Finding(say.reads_the_future(ends[node]), pointer))

    # --- one expression --------------------------------------------------------------------

    # --- names -----------------------------------------------------------------------------

    # --- calls -----------------------------------------------------------------------------

    # --- operands and reports --------------------------------------------------------------
