"""The graph of a strategy: every distinct computation once, whoever asks for it.

Nodes are interned: asking twice for `ema(close, 9)` gives the same number, so sharing between
inputs, conditions and (in a batch) strategies happens by construction. Operands have lower
numbers than what uses them, so the order of numbers is an order of evaluation. Operations on
constants fold while the graph is built, with the very functions that the kernels run.

Two kinds of value: numbers (finite or undefined) and truths (true, false or undefined); a lowered
graph also has points, small scores in a byte. The operations besides the kernels and windows of the registry:

| operation | operands | parameters | value |
|---|---|---|---|
| bar | a frame, if not the own candles | what, and of what kind | a row of market data, see `row` |
| frame | a frame, if not the own candles | timeframe, that below, zone | no value: other candles |
| held | a number on the candles of a frame, and that frame | | that of the last one that has closed |
| const | | hex digits of a float64 | the same number on every candle |
| truth | | 1 or 0 | the same truth on every candle |
| points | | 0 to 255 | the same points on every candle (a lowered graph only) |
| shift | any | candles | the operand that many candles ago |
| and, or, not | truths | | Kleene's |
| score | truths | weights | the sum of the weights of the true ones |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
import operator
from typing import Any, NamedTuple

from ..grammar.words import UTC
from ..runtime.registry import NAN, Kind, Term, find_window, kernel, kernels

Param = int | float | str

_TRUTHS: dict[str, Callable[..., bool]] = {
    "greater": operator.gt,
    "greater_or_equal": operator.ge,
    "equal": operator.eq,
    "unequal": lambda a, b: a < b or a > b,
    "defined": lambda a: a == a,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "not": operator.not_,
}

CLOCK = "clock"

_LOGIC = frozenset(("truth", "and", "or", "not"))


class GraphTooLarge(Exception):
    """More distinct nodes than the limit; the caller knows which expression asked for them."""


class Node(NamedTuple):
    """An operation on earlier nodes; a tuple, because it is made and looked up more often than anything."""

    op: str
    args: tuple[int, ...] = ()
    params: tuple[Param, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """Nodes over operands: their arguments are numbers of the operands, then of the steps before.

    Recipes compare by identity, so that what came of one can be remembered.
    """

    steps: tuple[Node, ...]
    results: tuple[int, ...]


class Graph:
    """Interned nodes, numbered in an order of evaluation.

    >>> graph = Graph()
    >>> close = graph.bar("close")
    >>> graph.op("add", close, graph.number(1.0)) == graph.op("add", close, graph.number(1.0))
    True
    >>> graph.constant(graph.op("add", graph.number(1.0), graph.number(2.0)))
    3.0
    """

    def __init__(self, limit: int = 1 << 30) -> None:
        self.nodes: list[Node] = []
        self.ends: list[int] = []
        """Kept by `facts.right_ends` for the nodes that it has seen."""
        self.frame: tuple[int, ...] = ()
        """The candles that market data is of, from now on: none for the strategy's own, or a frame."""
        self.zone = UTC
        """The time zone of calendars, from now on."""
        self._ids: dict[Node, int] = {}
        self._limit = limit

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, node: int) -> Node:
        return self.nodes[node]

    def kind(self, node: int) -> Kind:
        """Whether a node is a number, a truth, or points."""
        found = self.nodes[node]
        if found.op == "shift":
            return self.kind(found.args[0])
        if found.op in _LOGIC:
            return "truth"
        if found.op == "points":
            return "points"
        known = kernels().get(found.op)
        return known.result if known is not None else "number"

    def bar(self, field: str) -> int:
        """A field of the market data."""
        return self._intern(Node("bar", self.frame, (field,)))

    def row(self, *what: Param) -> int:
        """Any row of market data: a field, or "hour" "clock", "funding" "series", "close" "symbol" "SPY".

        >>> graph = Graph()
        >>> graph.zone = "Europe/Berlin"
        >>> graph[graph.row("hour", "clock")].params
        ('hour', 'clock', 'Europe/Berlin')
        """
        if what[1:2] == (CLOCK,):
            what = (*what[:2], self.zone)
        return self._intern(Node("bar", self.frame, what))

    def enter(self, timeframe: str, below: str) -> int:
        """The candles of a higher timeframe, made of those of the one below; market data is theirs now.

        >>> graph = Graph()
        >>> hours = graph.enter("4H", "1H")
        >>> graph[graph.bar("close")]
        Node(op='bar', args=(0,), params=('close',))
        """
        frame = self._intern(Node("frame", self.frame, (timeframe, below, self.zone)))
        self.frame = (frame,)
        return frame

    def held(self, node: int, frame: int) -> int:
        """The value of a number on the last candle of a frame that has closed; constants are themselves."""
        return node if self.nodes[node].op == "const" else self._intern(Node("held", (node, frame)))

    def number(self, value: float) -> int:
        """A constant; what is not finite is undefined."""
        value = float(value)
        return self._intern(Node("const", (), ((value if value - value == 0.0 else NAN).hex(),)))

    def truth(self, value: bool) -> int:
        """A constant truth."""
        return self._intern(Node("truth", (), (int(value),)))

    def points(self, value: int) -> int:
        """Constant points."""
        return self._intern(Node("points", (), (value,)))

    def constant(self, node: int) -> float | None:
        """The value of a constant number (NaN where it is undefined), None for all others."""
        found = self.nodes[node]
        return float.fromhex(str(found.params[0])) if found.op == "const" else None

    def known_truth(self, node: int) -> bool | None:
        """A truth that is made of constants, None for one that is not; one of undefined ones is false.

        >>> graph = Graph()
        >>> less = graph.op("greater", graph.number(2.0), graph.number(1.0))
        >>> graph.known_truth(graph.op("and", less, graph.truth(True)))
        True
        """
        known: dict[int, Any] = {}
        for number in self.reachable((node,)):
            found = self.nodes[number]
            rule = _TRUTHS.get(found.op)
            if found.op == "const":
                known[number] = self.constant(number)
            elif found.op == "truth":
                known[number] = bool(found.params[0])
            elif rule is not None:
                known[number] = rule(*(known[arg] for arg in found.args))
            else:
                return None
        return bool(known[node])

    def shift(self, node: int, candles: int) -> int:
        """The value of a node some candles ago."""
        if candles == 0:
            return node
        found = self.nodes[node]
        if found.op == "shift":
            return self._intern(Node("shift", found.args, (int(found.params[0]) + candles,)))
        return self._intern(Node("shift", (node,), (candles,)))

    def op(self, op: str, *args: int, params: tuple[Param, ...] = ()) -> int:
        """A kernel, window or logical operation; pointwise ones on constants fold to a constant."""
        known = kernels().get(op)
        if known is not None and known.form == "pointwise" and known.result == "number":
            values = [self.constant(arg) for arg in args]
            if None not in values:
                return self.number(_fold(op, values, params))  # type: ignore[arg-type]
        return self._intern(Node(op, args, params))

    def score(self, conditions: tuple[int, ...], weights: tuple[int, ...]) -> int:
        """The weighted sum of the true conditions."""
        return self._intern(Node("score", conditions, weights))

    def term(self, term: Term | int) -> int:
        """The node of a term whose leaves are nodes."""
        if isinstance(term, int):
            return term
        if term.op == "bar":
            return self.row(*term.params)
        return self.op(term.op, *(self.term(operand) for operand in term.operands), params=term.params)

    def _intern(self, node: Node) -> int:
        known = self._ids.get(node)
        if known is not None:
            return known
        if len(self.nodes) >= self._limit:
            raise GraphTooLarge
        self.nodes.append(node)
        self._ids[node] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def absorb(self, other: Graph) -> list[int]:
        """Take in all nodes of another graph; where they are now, by their numbers there.

        >>> graph, other = Graph(), Graph()
        >>> mine, theirs = graph.bar("close"), other.shift(other.bar("close"), 2)
        >>> graph[graph.absorb(other)[theirs]]
        Node(op='shift', args=(0,), params=(2,))
        """
        places: list[int] = []
        for node in other:
            places.append(self._intern(Node(node.op, tuple(places[arg] for arg in node.args), node.params)))
        return places

    def recipe(self, operands: Sequence[int], *results: int) -> Recipe:
        """All nodes but the operands, to be followed in another graph over other operands."""
        places = {number: at for at, number in reversed(list(enumerate(operands)))}
        steps: list[Node] = []
        for number, node in enumerate(self.nodes):
            if number not in places:
                places[number] = len(operands) + len(steps)
                steps.append(Node(node.op, tuple([places[arg] for arg in node.args]), node.params))
        return Recipe(tuple(steps), tuple([places[result] for result in results]))

    def follow(self, recipe: Recipe, operands: Sequence[int]) -> tuple[int, ...]:
        """The results of a recipe over operands of this graph; a constant one must be one of the recipe's.

        >>> graph, other = Graph(), Graph()
        >>> x = other.op("operand")
        >>> doubled = other.recipe([x], other.op("add", x, x))
        >>> graph[graph.follow(doubled, [graph.bar("close")])[0]]
        Node(op='add', args=(0, 0), params=())
        """
        places = list(operands)
        ids = self._ids
        for op, args, params in recipe.steps:
            if op == "shift":
                places.append(self.shift(places[args[0]], int(params[0])))
                continue
            if op == "bar" and not args:
                places.append(self.row(*params))
                continue
            node = Node(op, tuple([places[arg] for arg in args]), params)
            known = ids.get(node)
            places.append(self._intern(node) if known is None else known)
        return tuple([places[result] for result in recipe.results])

    def reachable(self, roots: tuple[int, ...]) -> list[int]:
        """The nodes that the roots need, in an order of evaluation."""
        needed: set[int] = set()
        stack = list(roots)
        while stack:
            node = stack.pop()
            if node not in needed:
                needed.add(node)
                stack.extend(self.nodes[node].args)
        return sorted(needed)

    def on_one_frame(self, roots: tuple[int, ...]) -> list[int]:
        """The nodes that the roots need on their own candles, in an order of evaluation.

        What is held is among them, what it comes from on other candles is not.
        """
        needed: set[int] = set()
        stack = list(roots)
        while stack:
            node = stack.pop()
            if node not in needed and self.nodes[node].op != "frame":
                needed.add(node)
                if self.nodes[node].op != "held":
                    stack.extend(self.nodes[node].args)
        return sorted(needed)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)


def _fold(op: str, values: list[float], params: tuple[float, ...]) -> float:
    try:
        return float(kernel(op).function(*values, *params))
    except (ZeroDivisionError, OverflowError):
        return NAN


def reach(node: Node) -> int | None:
    """How many candles before its own an operation reads of its operands; None for all of them."""
    if node.op == "shift":
        return int(node.params[0])
    if find_window(node.op) is not None:
        return int(node.params[0]) - 1
    if node.op == "held":
        return None
    known = kernels().get(node.op)
    if known is None:
        return 0
    return None if known.form == "recurrence" else known.reach(node.params)


def reads(graph: Graph, number: int) -> list[tuple[int, int]]:
    """The computed nodes that a node of a lowered graph reads, and how many candles back at most."""
    node = graph[number]
    known = kernels().get(node.op)
    reach = known.reach(node.params) if known is not None else 0
    return [(read, back + reach) for read, back in (base(graph, arg) for arg in node.args)]


def base(graph: Graph, number: int) -> tuple[int, int]:
    """The computed node behind a possible shift, and how many candles back."""
    node = graph[number]
    return (node.args[0], int(node.params[0])) if node.op == "shift" else (number, 0)
