"""Owns the functions of a document: what they take, what is wrong in them, and what calls stand for.

1. A function is defined once, from top to bottom. What its parameters are is read off the formula
   (`kinds_of`): n in `x[n]` is a number of candles, x in `x > 5` a number, c in `c AND d` a truth.
2. The formula is walked over operands that stand for the parameters, in a graph that is thrown away. A
   parameter that must be a constant stands for a number of which nothing is known, so what depends on it is
   not judged here. All that is found is wrong whatever the arguments are, and is reported in the formula.
3. What is left is a `Function` like those of the registry, so calls are checked by the same code.
4. A call is the formula, walked over the nodes of the arguments (`written_out`). What is wrong now, and was
   not in step 2, is wrong for these arguments alone, and is reported at the call.

Worked: `slope(x, n)` = `(x - x[n]) / n` takes a number and a constant number of candles. `slope(close, 0)`
divides by zero, which nobody could know before.

Functions call only those above them, at most `LIMITS.calls_deep` levels of them, and all calls together may
stand for `LIMITS.written_out` nodes of formulas. So nothing here recurses deeper or works longer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..grammar import catalogue as say
from ..grammar.diagnostics import Finding, Message
from ..grammar.nodes import At, Binary, Call, Name, Node, Offset, Unary, on_own_candles, postorder
from ..grammar.words import LIMITS, clipped
from ..runtime.registry import Function, Parameter, ParameterKind
from ..schemas.structure import Declaration
from .graph import Graph, GraphTooLarge
from .parameters import Values, names_in
from .parameters import written_out as numbers_in
from .values import Value

if TYPE_CHECKING:
    from .analyze import _Analyzer
    from .reading import Reading

_Use = Literal["number", "truth"] | ParameterKind

_STRICTNESS: dict[ParameterKind, int] = {
    "Series": 0,
    "Constant": 1,
    "Positive": 2,
    "Percent": 3,
    "Fraction": 4,
    "Offset": 5,
    "Period": 6,
    "Sample": 7,
}
_CALL = 8  # what a call costs besides the nodes of its formula


class TooMuchWrittenOut(GraphTooLarge):
    """The calls of a document stand for more than the limit."""


class Wrong(NamedTuple):
    """What one call makes wrong in the formula of a function: the message, the function, the part."""

    message: Message
    function: str
    part: str


@dataclass(frozen=True)
class Own:
    """A function of a document.

    `original` is its formula, `tree` the same with the values of the document's parameters written out, and
    `nodes` those in the order of `on_own_candles`. `calls` are the functions of the document in it, `depth`
    how many levels of those there are. `said` is what was reported in the formula: code, start and end.
    """

    function: Function
    key: str
    original: Node
    tree: Node
    nodes: tuple[Node, ...]
    calls: frozenset[str]
    depth: int
    said: frozenset[tuple[str, int, int]]

    @property
    def signature(self) -> str:
        """The name with the parameters, as the canonical document has it."""
        return self.function.signature


@dataclass
class Calls:
    """What the calls of a document stand for in one graph: values, or what is wrong, by their arguments."""

    values: dict[tuple[str, tuple[int, ...], tuple[int, ...]], tuple[Value, tuple[Wrong, ...]]] = field(
        default_factory=dict
    )
    spent: int = 0
    most: int = LIMITS.written_out

    def spend(self, nodes: int) -> None:
        """Count nodes that are about to be walked."""
        self.spent += nodes + _CALL
        if self.spent > self.most:
            raise TooMuchWrittenOut


# --- definitions ------------------------------------------------------------------------------


def define(analyzer: _Analyzer, declared: Declaration) -> None:
    """Check one function and make it known, or known as broken."""
    name, parameters = declared.signature.name, declared.signature.parameters
    apart = analyzer.of_function(Graph(LIMITS.nodes), declared)
    before = len(analyzer.findings)
    forward = len(analyzer.forward)
    parsed = apart.parsed("function", name, declared.formula, ("functions", declared.key))
    original = parsed.tree
    if original is None:
        analyzer.broken.add(name)
        return
    analyzer.formulas["functions", declared.key] = original
    tree = numbers_in(original, analyzer.constants) if analyzer.constants else original
    nodes = tuple(postorder(tree))
    kinds, both = kinds_of(nodes, parameters, apart.callee)
    apart.parameters = _stand_ins(apart, parameters, kinds)
    for node in both:
        apart.report(say.used_both_ways(node.name, name), node.start, node.end)
        apart.parameters[node.name] = Value("unknown")
    try:
        value = apart.judged(tree, tuple(on_own_candles(tree)))
    except GraphTooLarge:
        apart.report(say.too_many_nodes(LIMITS.nodes), 0, apart.length)
        value = Value("unknown")
    calls = frozenset(node.name for node in nodes if isinstance(node, Call) and node.name in analyzer.own)
    depth = 1 + max((analyzer.own[call].depth for call in calls), default=0)
    if depth > LIMITS.calls_deep:
        deepest = (node for node in nodes if isinstance(node, Call) and node.name in calls)
        at = max(deepest, key=lambda node: analyzer.own[node.name].depth)
        apart.report(say.functions_too_deep(name, LIMITS.calls_deep), at.start, at.name_end)
    found = analyzer.findings[before:]
    wrong = parsed.mistakes or any(one.message.severity == "error" for one in found)
    if wrong or value.kind not in ("number", "truth") or len(analyzer.forward) > forward:
        analyzer.broken.add(name)
        return
    used = {node.name for node in nodes if isinstance(node, Name)}
    for parameter in parameters:
        if parameter not in used:
            message = say.unused_argument(parameter, name)
            analyzer.findings.append(Finding(message, ("functions", declared.key), "key"))
    said = frozenset((one.message.code, one.start or 0, one.end or 0) for one in found)
    function = _function(declared, kinds, value.kind)
    walked = tuple(on_own_candles(tree))
    analyzer.own[name] = Own(function, declared.key, original, tree, walked, calls, depth, said)


def _function(
    declared: Declaration, kinds: Mapping[str, ParameterKind], result: Literal["number", "truth"]
) -> Function:
    """A function as the registry would have it; what is known of its values is known of its nodes."""
    parameters = tuple([Parameter(name, kinds[name]) for name in declared.signature.parameters])
    return Function(
        name=declared.signature.name,
        parameters=parameters,
        result=result,
        formula=declared.formula,
        build=None,
        documentation="",
        first="",
        unit="",
        low=float("-inf"),
        high=float("inf"),
        reference=None,
        internal=False,
        memory="window",
        degree=None,
    )


def _stand_ins(
    apart: _Analyzer, parameters: Sequence[str], kinds: Mapping[str, ParameterKind]
) -> dict[str, Value]:
    """A value for each parameter: an operand, or a number of which nothing is known."""
    made = {}
    for at, name in enumerate(parameters):
        operand = apart.graph.op("operand", params=(at,))
        if kinds[name] == "Truth":
            made[name] = Value("truth", operand)
        else:
            made[name] = Value("number", operand if kinds[name] == "Series" else None)
    return made


# --- kinds ------------------------------------------------------------------------------------


def kinds_of(
    nodes: Sequence[Node], parameters: Sequence[str], callee: Callable[[str], Function | None]
) -> tuple[dict[str, ParameterKind], list[Name]]:
    """What each parameter of a formula must be, and the first use of each that contradicts one before it.

    >>> from ..grammar.parser import parse
    >>> from ..runtime.registry import function
    >>> nodes = tuple(postorder(parse("sma(x, n) > x[k] AND c").tree))
    >>> kinds_of(nodes, ("x", "n", "k", "c"), function)[0]
    {'x': 'Series', 'n': 'Period', 'k': 'Offset', 'c': 'Truth'}
    """
    uses: dict[str, list[tuple[_Use, Name]]] = {name: [] for name in parameters}
    for node in nodes:
        for operand, demanded in _demands(node, callee):
            for name, use in _reached(operand, demanded):
                if name.name in uses:
                    uses[name.name].append((use, name))
    kinds: dict[str, ParameterKind] = {}
    both = []
    for parameter, found in uses.items():
        truths = [use == "truth" for use, _ in found]
        kinds[parameter] = "Truth" if truths and truths[0] else _strictest([use for use, _ in found])
        if True in truths and False in truths:
            both.append(found[truths.index(not truths[0])][1])
    return kinds, both


def _demands(node: Node, callee: Callable[[str], Function | None]) -> list[tuple[Node, _Use]]:
    """What a node asks of the operands directly below it."""
    if isinstance(node, Binary):
        use: _Use = "truth" if node.operator in ("AND", "OR") else "number"
        return [(node.left, use), (node.right, use)]
    if isinstance(node, Unary):
        return [(node.operand, "truth" if node.operator == "NOT" else "number")]
    if isinstance(node, Offset):
        return [(node.count, "Offset")]
    called = callee(node.name) if isinstance(node, Call) else None
    if called is None or not isinstance(node, Call):
        return []
    pairs = zip(called.parameters, node.arguments, strict=False)
    shown: dict[ParameterKind, _Use] = {"Series": "number", "Truth": "truth"}
    return [(argument, shown.get(parameter.kind, parameter.kind)) for parameter, argument in pairs]


def _reached(operand: Node, use: _Use) -> list[tuple[Name, _Use]]:
    """The names that a demand reaches: of a constant all that it is made of."""
    if isinstance(operand, Name):
        return [(operand, use)]
    if use not in ("number", "truth"):
        return [(node, "Constant") for node in postorder(operand) if isinstance(node, Name)]
    while isinstance(operand, Offset | At):
        operand = operand.operand
    return [(operand, use)] if isinstance(operand, Name) else []


def _strictest(uses: Sequence[_Use]) -> ParameterKind:
    kinds: list[ParameterKind] = ["Series"]
    kinds += [use for use in uses if use != "number" and use != "truth"]
    if "Positive" in kinds and "Offset" in kinds:
        kinds.append("Period")
    return max(kinds, key=_STRICTNESS.__getitem__)


def with_values(own: Mapping[str, Own], values: Values, trees: Sequence[Node]) -> dict[str, Own]:
    """The functions that some expressions call, with other values of the document's parameters."""
    called = reached(trees, own) if own else ()
    return {name: _with_values(own[name], values) for name in called}


def _with_values(own: Own, values: Values) -> Own:
    if names_in(own.original).isdisjoint(values):
        return own
    tree = numbers_in(own.original, values)
    return replace(own, tree=tree, nodes=tuple(on_own_candles(tree)))


# --- calls ------------------------------------------------------------------------------------


def written_out(analyzer: Reading, own: Own, values: Sequence[Value]) -> tuple[Value, tuple[Wrong, ...]]:
    """What a call stands for, and what its arguments make wrong; known for the same arguments."""
    name = own.function.name
    key = name, tuple([value.node for value in values]), analyzer.graph.frame
    known = analyzer.calls.values.get(key)  # type: ignore[arg-type]
    if known is None:
        analyzer.calls.spend(len(own.nodes))
        apart = analyzer.of_call(own)
        for parameter, value in zip(own.function.parameters, values, strict=True):
            apart.parameters[parameter.name] = value
        value = apart.walk(own.tree, nodes=own.nodes)
        known = value, tuple(dict.fromkeys(apart.wrong))
        analyzer.calls.values[key] = known  # type: ignore[index]
    return known


def message_of(wrong: Wrong) -> Message:
    """What is said at a call of something that its arguments make wrong."""
    sentence = say.unfit_call if wrong.message.severity == "error" else say.odd_call
    return sentence(wrong.function, wrong.part, wrong.message.text)


def part_of(text: str, start: int, end: int) -> str:
    """The part of a formula that a message is about."""
    return clipped(text[start:end], 60)


# --- documents --------------------------------------------------------------------------------


def with_names(own: Mapping[str, Own], names: Collection[str]) -> set[str]:
    """The functions of a document whose formulas use one of these names, directly or through others."""
    found: set[str] = set()
    for name, one in own.items():
        if not found.isdisjoint(one.calls) or not names_in(one.original).isdisjoint(names):
            found.add(name)
    return found


def reached(trees: Sequence[Node], own: Mapping[str, Own]) -> set[str]:
    """The functions of a document that some expressions call, directly or through others."""
    stack = [node.name for tree in trees for node in postorder(tree) if isinstance(node, Call)]
    found: set[str] = set()
    while stack:
        name = stack.pop()
        if name in own and name not in found:
            found.add(name)
            stack.extend(own[name].calls)
    return found
