"""Checks names, types and arguments of every expression, and builds the graph in the same walk.

What must be known to check an expression (is this period constant? is that operand a truth?) is
what the graph knows, so an expression is walked once: each node leaves a `Value`, the node of
the graph that computes it or, after a mistake, no node but the kind it would have had, so that
one mistake is said once. The document's own functions come first (own.py), then constraints, inputs,
conditions and the decision, each in the order of the document; a name is known from its definition on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
import math
from typing import Any, Literal, NamedTuple

from ..grammar import catalogue as say
from ..grammar.diagnostics import MAX_DIAGNOSTICS, Finding, Mend, Message, Pointer, Rename, has_errors
from ..grammar.dialects import FRAMES, absent, function_of, named, plain, written
from ..grammar.document import Document, load
from ..grammar.nodes import (
    COMPARISONS,
    At,
    Binary,
    Call,
    Name,
    Node,
    Number,
    Offset,
    Timeframe,
    Unary,
    inside,
    on_own_candles,
    postorder,
)
from ..grammar.parser import Parsed, is_chained, names_argument, parse
from ..grammar.printer import to_text
from ..grammar.rewording import Reworded, reworded
from ..grammar.spelling import Speller
from ..grammar.words import LIMITS, MARKET_DATA, TIMEFRAMES, number_text, quoted
from ..runtime.registry import (
    PERIODS,
    RANGES,
    Function,
    Parameter,
    Term,
    depends_on_functions,
    function,
    functions,
    public_names,
)
from ..schemas.parameters import Parameter as Declared
from ..schemas.parameters import Value as Bound
from ..schemas.structure import Declaration, Market, Outline
from . import remedies
from .ahead import Ahead
from .facts import right_ends
from .graph import Graph, GraphTooLarge, Recipe
from .higher import on_higher_candles, on_these_candles
from .order import ForwardUse, order_findings
from .own import Calls, Own, TooMuchWrittenOut, Wrong, define, message_of, part_of, with_values
from .own import written_out as called_with
from .parameters import Values, assignments, bound, names_in, written_out
from .repeats import repeated

Kind = Literal["number", "truth", "timeframe", "label", "unknown"]
Section = Literal["function", "constraints", "inputs", "conditions", "decision", "formula"]

_COMPARE = {
    ">": ("greater", False),
    "<": ("greater", True),
    ">=": ("greater_or_equal", False),
    "<=": ("greater_or_equal", True),
    "==": ("equal", False),
    "!=": ("unequal", False),
}
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_FUTURE = frozenset(("future", "lead", "next", "peek", "lookahead", "forward"))
_RANDOM = frozenset(
    ("random", "rand", "randint", "randn", "noise", "now", "today", "clock", "timenow", "uuid", "shuffle")
)
_OWN_CANDLES = (*FRAMES, "self", "bar", "candle")
_SHIFTS = frozenset(("shift", "offset", "ref", "lag", "delay", "prev", "previous"))


class Value(NamedTuple):
    """What an expression gives: its kind, and its node unless something in it is wrong."""

    kind: Kind
    node: int | None = None


UNKNOWN = Value("unknown")
UNSCORED = Value("number")


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


@dataclass
class _Analyzer:
    outline: Outline
    document: Document
    speller: Speller
    graph: Graph = field(default_factory=lambda: Graph(LIMITS.nodes))
    findings: list[Finding] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    score: Value = UNSCORED
    decision: Value = UNKNOWN
    trees: dict[tuple[str, str], Node] = field(default_factory=dict)
    forward: list[ForwardUse] = field(default_factory=list)
    numbers: dict[float, Value] = field(default_factory=dict)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    section: Section = "inputs"
    entry_name: str = ""
    pointer: Pointer = ()
    length: int = 0
    text: str = ""
    other_words: Reworded | None = None
    nearest: dict[tuple[str, str], str | None] = field(default_factory=dict)
    left_out: dict[tuple[str, str], str] = field(default_factory=dict)
    parameters: dict[str, Value] = field(default_factory=dict)
    expanded: dict[tuple[str, tuple[int, ...], tuple[int, ...]], Value] = field(default_factory=dict)
    framed: dict[tuple[tuple[int, ...], str], Value] = field(default_factory=dict)
    timeframes: list[str] = field(default_factory=list)
    home: tuple[int, ...] = ()
    constants: Values = field(default_factory=dict)
    originals: dict[tuple[str, str], Node] = field(default_factory=dict)
    constraint_trees: dict[str, Node] = field(default_factory=dict)
    truths: list[tuple[Pointer, Node, int]] = field(default_factory=list)
    implied: list[int] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    own: dict[str, Own] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    formulas: dict[tuple[str, str], Node] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)
    local: tuple[str, ...] = ()
    expanding: Own | None = None
    wrong: list[Wrong] = field(default_factory=list)

    value = Value

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

    def callee(self, name: str) -> Function | None:
        """The function that a call by this name means; one of the document hides one of the registry."""
        if name in self.own:
            return self.own[name].function
        hidden = name in self.outline.functions or name in self.outline.unusable_functions
        return None if hidden else function(name)

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

    def noted(self, node: Node, value: Value) -> Value:
        """The value of a part of an expression, remembered where it is a truth."""
        own = self.section not in ("formula", "function") and not self.timeframes
        if own and value.kind == "truth" and value.node is not None:
            self.truths.append((self.pointer, node, value.node))
        return value

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

    @property
    def few(self) -> bool:
        """Whether so little was found that mends are worth their time; more would not be shown."""
        return len(self.findings) < 2 * MAX_DIAGNOSTICS

    def propose(self, remedy: Callable[..., Mend | None], *what: Any) -> Mend | None:
        """The mend of a remedy for something in the expression that is being checked."""
        return remedy(self.pointer, self.text, *what) if self.few and not self.expanding else None

    @cached_property
    def of_hundred(self) -> bool:
        """Whether a percent is a point of the score."""
        weights = self.outline.weights.values()
        return sum(weights) == 100 and min(weights) >= 0

    @cached_property
    def defined(self) -> frozenset[str]:
        """All names that the document gives a meaning."""
        outline = self.outline
        names = (self.local, outline.parameters, outline.inputs, outline.conditions, outline.unusable)
        return frozenset(name for group in names for name in group)

    def as_input(self, name: str, value: Value) -> Value:
        if value.kind == "truth":
            mend = self.propose(remedies.of_truth_among_inputs, name, self.document.data or {})
            self.report(say.input_is_boolean(name), 0, self.length, mend)
        if value.kind in ("timeframe", "label"):
            self.report(say.timeframe_misused("this"), 0, self.length)
        return value if value.kind == "number" else UNKNOWN

    def as_truth(self, what: str, value: Value) -> Value:
        if value.kind == "number":
            shown = _brief(self.trees[self.section, self.entry_name])
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

    def walk(self, tree: Node, every: list[Value] | None = None, nodes: Sequence[Node] = ()) -> Value:
        """The value of a tree; operands are on a stack when their operator comes.

        `every` gets the value of each node, in the order of `postorder`; `nodes` are those, if known.
        """
        stack: list[Value] = []
        pop, push = stack.pop, stack.append
        if every is not None:
            push = _pushing(stack, every)
        for node in nodes or on_own_candles(tree):
            if isinstance(node, Name):
                push(self.name(node))
            elif isinstance(node, Number):
                push(self.number(node.value))
            elif isinstance(node, Binary):
                right, left = pop(), pop()
                push(self.noted(node, self.binary(node, left, right)))
            elif isinstance(node, Call):
                count = len(node.arguments)
                arguments = stack[len(stack) - count :]
                del stack[len(stack) - count :]
                push(self.noted(node, self.call(node, arguments)))
            elif isinstance(node, Offset):
                offset, operand = pop(), pop()
                push(self.noted(node, self.offset(node, operand, offset)))
            elif isinstance(node, Unary):
                push(self.noted(node, self.unary(node, pop())))
            elif isinstance(node, At):
                push(self.noted(node, on_higher_candles(self, node)))
            else:
                known = isinstance(node, Timeframe) and node.label in TIMEFRAMES
                push(Value("label") if known else UNKNOWN)
        return stack[0]

    def number(self, value: float) -> Value:
        known = self.numbers.get(value)
        if known is None:
            known = self.numbers[value] = Value("number", self.graph.number(value))
        return known

    def binary(self, node: Binary, left: Value, right: Value) -> Value:
        operator = node.operator
        if operator in ("AND", "OR"):
            a = self.truth_operand(node.left, left)
            b = self.truth_operand(node.right, right)
            if a.node is None or b.node is None:
                return Value("truth")
            return Value("truth", self.graph.op(operator.lower(), a.node, b.node))
        if operator in COMPARISONS:
            return self.comparison(node, left, right)
        return self.arithmetic(node, left, right)

    def comparison(self, node: Binary, left: Value, right: Value) -> Value:
        if is_chained(node):
            self.number_operand(node.right, right, "a comparison")
            return Value("truth")
        if node.operator == "==" and isinstance(node.left, Name) and self.names_argument(node.left.end):
            return UNKNOWN
        if left.kind != "number" or right.kind != "number":
            return self.odd_comparison(node, left, right)
        if left.node is None or right.node is None:
            return Value("truth")
        op, swapped = _COMPARE[node.operator]
        pair = (right.node, left.node) if swapped else (left.node, right.node)
        return Value("truth", self.graph.op(op, *pair))

    def odd_comparison(self, node: Binary, left: Value, right: Value) -> Value:
        """A comparison of something that is no number: with the timeframe, or a mistake."""
        kinds = {left.kind, right.kind}
        if "unknown" in kinds and kinds & {"timeframe", "label"}:
            return Value("truth")
        if kinds == {"timeframe", "label"}:
            return self.timeframe_test(node)
        hint = "combine truths with AND, OR and NOT"
        truths = left.kind == right.kind == "truth"
        mend = self.propose(remedies.of_truth_compared, node, truths) if left.kind == "truth" else None
        self.number_operand(node.left, left, "a comparison", hint, mend)
        self.number_operand(node.right, right, "a comparison", hint)
        return Value("truth")

    def timeframe_test(self, node: Binary) -> Value:
        if node.operator not in ("==", "!="):
            self.report(say.timeframe_misused("a timeframe"), node.start, node.end)
            return Value("truth")
        label = node.left.label if isinstance(node.left, Timeframe) else node.right.label  # type: ignore[attr-defined]
        if self.outline.timeframe is None:
            return Value("truth")
        same = label == self.outline.timeframe
        return Value("truth", self.graph.truth(same == (node.operator == "==")))

    def arithmetic(self, node: Binary, left: Value, right: Value) -> Value:
        ok = left.kind == "number" or self.number_operand(node.left, left, f"`{node.operator}`")
        ok = (right.kind == "number" or self.number_operand(node.right, right, f"`{node.operator}`")) and ok
        op = _ARITHMETIC.get(node.operator)
        if not ok or op is None or left.node is None or right.node is None:
            return Value("number")
        if op == "divide" and self.graph.constant(right.node) == 0.0:
            self.report(say.division_by_zero(), node.right.start, node.right.end)
        return Value("number", self.graph.op(op, left.node, right.node))

    def unary(self, node: Unary, operand: Value) -> Value:
        if node.operator == "NOT":
            value = self.truth_operand(node.operand, operand)
            return Value("truth", None if value.node is None else self.graph.op("not", value.node))
        ok = self.number_operand(node.operand, operand, f"unary `{node.operator}`")
        if not ok or operand.node is None or node.operator != "-":
            return Value("number")
        return Value("number", self.graph.op("negate", operand.node))

    def offset(self, node: Offset, operand: Value, count: Value) -> Value:
        candles = self.offset_count(node.count, count)
        if operand.kind in ("timeframe", "label"):
            self.number_operand(node.operand, operand, "an offset")
            return UNKNOWN
        if candles is None or operand.node is None:
            return Value(operand.kind)
        return Value(operand.kind, self.graph.shift(operand.node, candles))

    def offset_count(self, node: Node, count: Value) -> int | None:
        if not self.number_operand(node, count, "an offset") or count.node is None:
            return None
        number = self.graph.constant(count.node)
        if number is None:
            return self.refuse(say.offset_not_constant(), node)
        if number < 0:
            mend = remedies.of_negative(self.pointer, node)
            return self.refuse(say.lookahead_offset(number_text(number)), node, mend)
        if number != number or number != int(number):
            return self.refuse(say.offset_not_whole(_shown(number)), node)
        if number >= LIMITS.window:
            return self.refuse(say.offset_too_long(number_text(number), LIMITS.window), node)
        return int(number)

    # --- names -----------------------------------------------------------------------------

    def name(self, node: Name) -> Value:
        name = node.name
        if name in self.parameters:
            return self.given(node)
        if name in MARKET_DATA:
            return Value("number", self.graph.bar(name))
        if name == "timeframe":
            return Value("timeframe")
        if name in self.outline.market.series:
            return Value("number", self.graph.row(name, "series"))
        if "." in name:
            return self.member(node)
        if name == "score":
            if self.timeframes:
                return self.refuse_name(say.score_on_other_candles(), node, "number")
            if self.section == "decision":
                self.used.add(name)
                return self.score
            return self.refuse_name(say.score_outside_decision(), node, "number")
        known = self.values.get(name)
        if known is None:
            return self.undefined_name(node)
        self.used.add(name)
        return on_these_candles(self, node, known) if self.timeframes and known.node is not None else known

    def given(self, node: Name) -> Value:
        """An argument of the function whose formula this is: a value of the candles on which it is called."""
        value = self.parameters[node.name]
        if self.graph.frame == self.home or value.node is None or self.graph.constant(value.node) is not None:
            return value
        message = say.argument_there(node.name, self.entry_name or "", self.timeframes[-1])
        return self.refuse_name(message, node, value.kind)

    def member(self, node: Name) -> Value:
        """A field of another instrument."""
        name, _, data = node.name.partition(".")
        symbols = self.outline.market.symbols
        if name in symbols:
            return Value("number", self.graph.row(data, "symbol", symbols[name]))
        start, end = inside(node)
        nearest = self.speller.nearest(name, symbols)
        own = not symbols and plain(name) in _OWN_CANDLES
        help_, mend = None, None
        if nearest is not None:
            help_ = f"did you mean {quoted(nearest)}?"
            mend = self.propose(remedies.of_text, start, start + len(name), nearest, False)
        elif own:
            help_ = f"for the strategy's own candles write `{data}`"
            mend = self.propose(remedies.of_text, start, end, data, True)
        return self.refuse_name(say.unknown_symbol(name, data, help_), node, "number", mend)

    def undefined_name(self, node: Name) -> Value:
        name, outline = node.name, self.outline
        if self.names_argument(inside(node)[1]):
            return UNKNOWN
        key = self.section, name
        if key in self.messages and key not in self.left_out and self.nearest[key] != self.entry_name:
            return self.refuse_name(self.messages[key], node)
        if name in outline.unusable:
            return UNKNOWN
        if self.section == "function" and (name in outline.inputs or name in outline.conditions):
            return self.entry_in_function(node)
        if self.section == "inputs" and name in outline.conditions and name not in outline.inputs:
            return self.refuse_name(say.condition_in_input(name), node)
        if name in outline.inputs or name in outline.conditions:
            self.forward.append(ForwardUse(self.section, self.entry_name, name, *inside(node)))
            return UNKNOWN
        if name.lower() in ("true", "false"):
            return self.refuse_name(say.truth_literal(name), node)
        called, declared = self.callee(name), outline.functions.get(name)
        if called is not None or declared is not None:
            end = inside(node)[1]
            signature = str(declared.signature) if declared is not None else called.signature  # type: ignore[union-attr]
            without = signature.endswith("()")
            mend = remedies.rewrite(self.pointer, end, end, "()", True) if without else None
            return self.refuse_name(say.missing_parentheses(name, signature), node, mend=mend)
        otherwise = self.meant_elsewhere(name)
        message = self.unknown(self.section, name, say.unknown_name, self.known_names(), otherwise)
        return self.refuse_name(message, node, mend=self.name_mend(node))

    def entry_in_function(self, node: Name) -> Value:
        """The mistake of a formula that uses an input or a condition, with the signature that would do."""
        signature = f"{self.entry_name}({', '.join((*self.local, node.name))})"
        what = "an input" if node.name in self.outline.inputs else "a condition"
        return self.refuse_name(say.entry_in_function(node.name, what, signature), node)

    def names_argument(self, end: int) -> bool:
        """Whether what ends at a place is the name of an argument, which was reported with its `=`."""
        if not self.few:
            return False
        after = self.text[end : end + 20]
        return names_argument(self.text, end + len(after) - len(after.lstrip()))

    def meant_elsewhere(self, name: str) -> str | None:
        """What to write for a name that has a meaning on other platforms."""
        words, known = named(name), function_of(name)
        if words is not None:
            return f"write `{words.text}`"
        called = None if known is None or not known.safe else function(known.text)
        return absent(name) if called is None else f"write `{called.signature}`"

    def name_mend(self, node: Name) -> Mend | None:
        nearest = self.nearest.get((self.section, node.name))
        return self.propose(remedies.of_name, node, nearest, self.known_names())

    def unknown(
        self,
        among: str,
        name: str,
        sentence: Callable[[str, str | None], Message],
        known: Iterable[str],
        otherwise: str | None = None,
    ) -> Message:
        """The message about a wrong name; made once, however often the name is used.

        Only in the entry that has the nearest name it is another one: nothing is defined by itself.
        """
        own = self.entry_name if among == self.section else ""
        known_for = self.left_out.get((among, name), own)
        if (among, name) not in self.messages or self.nearest[among, name] == own or known_for != own:
            names = tuple(known)
            nearest = self.speller.nearest(name, names)
            if nearest is not None and nearest == own:
                self.left_out[among, name] = own
                nearest = self.speller.nearest(name, (one for one in names if one != own))
            other = otherwise is not None and nearest is not None and plain(nearest) != plain(name)
            dialect = other and among in ("inputs", "conditions", "decision")
            self.nearest[among, name] = None if dialect and named(name) is None else nearest
            help_ = f"did you mean {quoted(nearest)}?" if nearest and not dialect else otherwise
            self.messages[among, name] = sentence(name, help_)
        return self.messages[among, name]

    def known_names(self) -> Iterator[str]:
        yield from (*MARKET_DATA, "timeframe")
        yield from self.outline.market.series
        yield from self.local
        yield from self.outline.parameters
        if self.section == "function":
            return
        yield from self.outline.inputs
        if self.section != "inputs":
            yield from self.outline.conditions
        if self.section == "decision":
            yield "score"

    # --- calls -----------------------------------------------------------------------------

    def call(self, node: Call, arguments: list[Value]) -> Value:
        called = functions().get(node.name) if self.section == "formula" else self.callee(node.name)
        if called is None:
            return self.unknown_call(node, arguments)
        least, most = called.least_arguments, len(called.parameters)
        if not least <= len(arguments) <= most:
            message = say.wrong_argument_count(called.signature, least, most, len(arguments))
            self.report(message, *inside(node), self.propose(remedies.of_call, node, None))
            return Value(called.result)
        if len(arguments) < most and self.lacks_series(called, node, arguments):
            return Value(called.result)
        swapped = partial(self.swapped, called, node, arguments)
        checked = [
            self.argument(called, parameter, argument, value, swapped)
            for parameter, argument, value in zip(called.parameters, node.arguments, arguments, strict=False)
        ]
        if None in checked:
            return Value(called.result)
        if called.name in self.own and self.own[called.name].function is called:
            return self.own_call(node, self.own[called.name], checked)  # type: ignore[arg-type]
        left_out = [self.standard(parameter) for parameter in called.parameters[len(arguments) :]]
        return self.expand(called, [*checked, *left_out])  # type: ignore[list-item]

    def own_call(self, node: Call, own: Own, values: list[Value]) -> Value:
        """What a call of a document's own function stands for; in a definition only its kind is known."""
        if self.section == "function" and self.expanding is None:
            return Value(own.function.result)
        value, wrong = called_with(self, own, values)
        if self.expanding is not None:
            self.wrong += wrong
            return value
        for one in wrong:
            self.report(message_of(one), *inside(node))
        return value

    def standard(self, parameter: Parameter) -> Value:
        """The value of an argument that is left out."""
        if not isinstance(parameter.default, str):
            return self.number(float(parameter.default or 0))
        tree = parse(parameter.default).tree
        assert tree is not None, parameter
        section, self.section = self.section, "formula"
        value = self.walk(tree)
        self.section = section
        return value

    def lacks_series(self, called: Function, node: Call, arguments: list[Value]) -> bool:
        """Whether a call that is not whole has constants alone, so that it lacks its series; says so."""
        series, *others = called.parameters
        if self.section == "formula" or series.kind != "Series" or not arguments:
            return False
        constants = [None if value.node is None else self.graph.constant(value.node) for value in arguments]
        if None in constants:
            return False
        source = str(series.default or "close")
        written = ", ".join([source, *(self.text[one.start : one.end] for one in node.arguments)])
        fitting = all(map(_fits, others, constants)) and len(written) <= 60
        shown = f"{called.name}({written})" if fitting else called.signature
        whole = len(constants) == len(others)
        mend = self.propose(remedies.of_missing_series, node, source, whole) if fitting else None
        self.report(say.series_left_out(called.name, _brief(node.arguments[0]), shown), *inside(node), mend)
        return True

    def swapped(self, called: Function, node: Call, arguments: list[Value]) -> Mend | None:
        """The mend of a call whose series and period stand the wrong way round."""
        if [parameter.kind for parameter in called.parameters] != ["Series", "Period"]:
            return None
        first, second = (None if v.node is None else self.graph.constant(v.node) for v in arguments)
        if first is None or second is not None or arguments[1].kind != "number":
            return None
        return remedies.of_swapped(self.pointer, self.text, node)

    def unknown_call(self, node: Call, arguments: list[Value]) -> Value:
        name = node.name
        place = inside(node)[0], node.name_end
        taken = (*MARKET_DATA, *self.local, "score", "timeframe")
        outline = self.outline
        if name in self.broken or name in outline.unusable_functions:
            return UNKNOWN
        if name in outline.functions:
            defined = "functions", outline.functions[name].key
            use = ForwardUse("functions", self.entry_name, name, *place, self.pointer, defined)
            self.forward.append(use)
            return UNKNOWN
        if name in taken or any(
            name in names for names in (outline.parameters, outline.inputs, outline.conditions)
        ):
            what = "market data" if name in MARKET_DATA else "a value"
            mend = self.propose(remedies.of_call, node, None) or self.propose(remedies.of_value_called, node)
            self.report(say.not_callable(name, what), *place, mend)
        elif name.lower() in _FUTURE or (name.lower() in _SHIFTS and self.is_negative(arguments)):
            self.report(say.lookahead_function(name), *place)
        elif name.lower() in _RANDOM:
            self.report(say.nondeterministic_function(name), *place)
        elif name.lower() in _SHIFTS:
            mend = self.propose(remedies.of_call, node, None)
            self.report(say.unknown_function(name, "write x[1] for the value one candle ago"), *place, mend)
        else:
            message = self.foreign_function(node)
            nearest = self.nearest.get(("functions", name))
            self.report(message, *place, self.propose(remedies.of_call, node, nearest))
        return UNKNOWN

    def foreign_function(self, node: Call) -> Message:
        """The message about a function that does not exist; made once for a name."""
        name = node.name
        known = function_of(name)
        missing = absent(name)
        words = written(name, [self.text[one.start : one.end] for one in node.arguments])
        other = known is not None and words is not None and not words.text.startswith(f"{known.text}(")
        if (known is not None and not other) or missing is not None:
            help_ = missing if known is None else f"did you mean `{known.text}`?"
            return say.unknown_function(name, help_)
        if words is not None and len(words.text) <= 80:
            return say.unknown_function(name, f"write `{words.text}`")
        otherwise = "`dslc functions` lists them"
        known_names = [*self.own, *(one for one in public_names() if one not in self.own)]
        return self.unknown("functions", name, say.unknown_function, known_names, otherwise)

    def is_negative(self, arguments: list[Value]) -> bool:
        constants = [self.graph.constant(value.node) for value in arguments if value.node is not None]
        return any(number is not None and number < 0 for number in constants)

    def argument(
        self,
        called: Function,
        parameter: Parameter,
        node: Node,
        value: Value,
        swapped: Callable[[], Mend | None] = lambda: None,
    ) -> Value | None:
        """The value if it fits its parameter, None after a report; `swapped` mends what stands elsewhere."""
        if parameter.kind == "Truth":
            truth = self.truth_operand(node, value)
            return None if truth.node is None else truth
        if value.kind != "number" and not self.number_operand(node, value, f"`{called.name}`"):
            return None
        if value.node is None:
            return None
        if parameter.kind == "Series":
            return value
        number = self.graph.constant(value.node)
        if parameter.kind in PERIODS:
            return None if self.period(called, parameter, node, number, swapped) is None else value
        if number is None:
            return self.refuse(say.argument_not_constant(called.name, parameter.name), node)
        if parameter.kind == "Constant":
            return value
        least, most = RANGES.get(parameter.kind, (0.0, math.inf))
        if not (least <= number <= most if parameter.kind in RANGES else number > 0):
            demand = f"from {least:g} to {most:g}" if parameter.kind in RANGES else "above 0"
            hours = parameter.kind == "Hours"
            help_ = "count in hours: 9.5 is 09:30" if hours else None
            message = say.argument_out_of_range(called.name, parameter.name, demand, _shown(number), help_)
            return self.refuse(
                message, node, self.propose(remedies.of_clock, node, number) if hours else None
            )
        return value

    def period(
        self,
        called: Function,
        parameter: Parameter,
        node: Node,
        number: float | None,
        swapped: Callable[[], Mend | None],
    ) -> int | None:
        names = called.name, parameter.name
        if number is None:
            return self.refuse(say.period_not_constant(*names), node, swapped())
        if number < 0:
            mend = remedies.of_negative(self.pointer, node)
            return self.refuse(say.lookahead_window(*names, number_text(number)), node, mend)
        least = PERIODS[parameter.kind]
        if number != number or number < min(1, least) or number != int(number):
            demand = "a whole number of at least 0"
            out_of_range = say.argument_out_of_range(*names, demand, _shown(number))
            return self.refuse(say.period_not_whole(*names, _shown(number)) if least else out_of_range, node)
        if number < least:
            message = say.argument_out_of_range(*names, f"at least {least}", _shown(number))
            return self.refuse(message, node)
        most = LIMITS.window if least else LIMITS.window - 1
        if number > most:
            return self.refuse(say.window_too_long(*names, number_text(number), most), node)
        return int(number)

    def expand(self, called: Function, values: list[Value]) -> Value:
        """The nodes of a call, made once for the same arguments."""
        key = called.name, tuple(value.node for value in values), self.graph.frame
        known = self.expanded.get(key)  # type: ignore[arg-type]
        if known is None:
            known = self.native(called, values) if called.build else self.formula(called, values)
            self.expanded[key] = known  # type: ignore[index]
        return known

    def native(self, called: Function, values: list[Value]) -> Value:
        assert called.build is not None
        operands: list[int | float] = []
        for parameter, value in zip(called.parameters, values, strict=True):
            assert value.node is not None
            number = self.graph.constant(value.node)
            if parameter.kind in PERIODS:
                operands.append(int(number))  # type: ignore[arg-type]
            else:
                operands.append(value.node if parameter.kind in ("Series", "Truth") else number)  # type: ignore[arg-type]
        made = called.build(*operands)
        assert isinstance(made, Term)
        return Value(called.result, self.graph.term(made))

    def formula(self, called: Function, values: list[Value]) -> Value:
        constants = tuple([self.graph.constant(value.node) for value in values])  # type: ignore[arg-type]
        recipe = _free_recipe(called.name, _with_free(called, constants)) or _recipe(called.name, constants)
        (result,) = self.graph.follow(recipe, [value.node for value in values])  # type: ignore[misc]
        return Value(called.result, result)

    # --- operands and reports --------------------------------------------------------------

    def number_operand(
        self, node: Node, value: Value, what: str, help_: str | None = None, mend: Mend | None = None
    ) -> bool:
        """Whether an operand is a number; says so if it is something else."""
        if value.kind == "truth":
            self.report(say.boolean_operand(what, help_), node.start, node.end, mend)
        elif value.kind in ("timeframe", "label"):
            shown = "`timeframe`" if value.kind == "timeframe" else "a timeframe"
            self.report(say.timeframe_misused(shown), node.start, node.end)
        return value.kind == "number"

    def truth_operand(self, node: Node, value: Value) -> Value:
        """An operand of AND, OR or NOT; a number means that it is not 0."""
        if value.kind == "truth":
            return value
        if value.kind != "number":
            self.number_operand(node, value, "")
            return Value("truth")
        mend = self.propose(remedies.of_number_as_truth, node)
        self.report(say.number_as_truth(_brief(node)), node.start, node.end, mend)
        if value.node is None:
            return Value("truth")
        self.implied.append(self.graph.op("unequal", value.node, self.graph.number(0.0)))
        return Value("truth", self.implied[-1])

    def report(self, message: Message, start: int, end: int, mend: Mend | None = None) -> None:
        if self.section == "formula":
            raise _WrongFormula(f"a formula of the registry is wrong: {message.text}")
        if self.expanding is not None:
            if (message.code, start, end) not in self.expanding.said:
                own = self.expanding.function
                self.wrong.append(Wrong(message, own.name, part_of(self.text, start, end)))
            return
        if self.other_words is not None and self.other_words.touches(start, end):
            all_of_it = start == 0 and end == self.length
            mend = mend if all_of_it and mend else remedies.whole(self.pointer, self.other_words)
        self.findings.append(Finding(message, self.pointer, "value", start, end, mend))

    def refuse(self, message: Message, node: Node, mend: Mend | None = None) -> Any:
        """Report a message about a whole node, and give the None that stands for its value."""
        self.report(message, node.start, node.end, mend)

    def refuse_name(
        self, message: Message, node: Name, kind: Kind = "unknown", mend: Mend | None = None
    ) -> Value:
        self.report(message, *inside(node), mend)
        return Value(kind)


def _pushing(stack: list[Value], every: list[Value]) -> Callable[[Value], None]:
    """A push that keeps what it pushes."""

    def push(value: Value) -> None:
        stack.append(value)
        every.append(value)

    return push


class _WrongFormula(AssertionError):
    """A formula of the registry is no expression over its arguments."""


def _with_free(called: Function, constants: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """The constants among arguments, without those that are only reckoned with on every candle."""
    pairs = zip(called.parameters, constants, strict=True)
    return tuple([None if parameter.kind == "Positive" else value for parameter, value in pairs])


@lru_cache(maxsize=512)
def _free_recipe(name: str, constants: tuple[float | None, ...]) -> Recipe | None:
    """One recipe for all values of the constants that are left out; None where something is made of them."""
    parameters = functions()[name].parameters
    known = {
        at
        for at, (parameter, value) in enumerate(zip(parameters, constants, strict=True))
        if value is not None or parameter.kind == "Positive"
    }
    try:
        recipe = _recipe(name, constants)
    except _WrongFormula:
        return None
    for at, step in enumerate(recipe.steps, len(parameters)):
        if step.op == "const" or (step.args and known.issuperset(step.args)):
            known.add(at)
            if step.op != "const":
                return None
    return recipe


@lru_cache(maxsize=512)
def _recipe(name: str, constants: tuple[float | None, ...]) -> Recipe:
    """The nodes of a function's formula over its arguments; of constant ones the values are given."""
    called = functions()[name]
    assert called.formula is not None
    tree = parse(called.formula).tree
    assert tree is not None, name
    analyzer = _Analyzer(Outline(), load({}), Speller(), section="formula")
    operands: list[int] = []
    for at, (parameter, constant) in enumerate(zip(called.parameters, constants, strict=True)):
        unknown = constant is None
        operands.append(
            analyzer.graph.op("operand", params=(at,)) if unknown else analyzer.graph.number(constant or 0.0)
        )
        kind: Kind = "truth" if parameter.kind == "Truth" else "number"
        analyzer.parameters[parameter.name] = Value(kind, operands[-1])
    result = analyzer.walk(tree).node
    assert result is not None, name
    return analyzer.graph.recipe(operands, result)


depends_on_functions(_recipe.cache_clear)
depends_on_functions(_free_recipe.cache_clear)


def _brief(node: Node) -> str:
    """A short expression as it is printed; dots for a long one."""
    text = to_text(node) if node.end - node.start <= 60 else "…"
    return text if len(text) <= 60 else "…"


def _fits(parameter: Parameter, number: float | None) -> bool:
    """Whether a constant may stand for a parameter."""
    if number is None or parameter.kind in ("Series", "Truth"):
        return parameter.kind == "Series"
    if parameter.kind in PERIODS:
        return PERIODS[parameter.kind] <= number <= LIMITS.window and number == int(number)
    least, most = RANGES.get(parameter.kind, (math.nextafter(0.0, 1.0), math.inf))
    return least <= number <= most


def _shown(number: float) -> str:
    return "undefined" if number != number else number_text(number)
