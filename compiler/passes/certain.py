"""Splits three-valued truths into masks: where a truth certainly holds, where it certainly fails.

Both are false on an undefined value, so a mask needs no third state. Which of the two is needed
is decided from the results downwards, and negation is pushed to the leaves on the way:
`NOT (a > b)` holds where `b >= a` does. A monotone strategy never needs a failing mask.

1. Mark, from the wanted results down, which `Form` of which node is needed.
2. Build the needed forms in the order of the node numbers, operands first; of a score, the ends
   of the interval before the number that they make.

The score is an interval: `low` counts positive weights where their condition holds and negative
ones unless it fails; `high` the other way round. A comparison with the score alone on one side
holds when it holds at the unfavourable end: `score >= 60` where `low >= 60`. Everywhere else the
score is a number only where the interval is a point. `sum` is what is reported: the weights of
the conditions that hold.

Where the largest score is at most 255 above the smallest, scores are counted in bytes, as points
above the smallest one, which is 20 times as quick; constants that they are compared with become
points, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import math
from typing import Literal

from ..graph import Graph, Node
from ..looks import Look, idle, watched

Form = Literal["number", "holds", "fails", "low", "high", "sum"]
Wanted = tuple[Form, int]

_OPPOSITE: dict[Form, Form] = {"holds": "fails", "fails": "holds"}
_COMPARISONS = frozenset(("greater", "greater_or_equal", "equal", "unequal"))
_NEGATED = {
    "greater": ("greater_or_equal", True),
    "greater_or_equal": ("greater", True),
    "equal": ("unequal", False),
    "unequal": ("equal", False),
}

_FAILING = {"defined": "missing"}
"""Kernels that give truths, by where they certainly hold: the kernels of where they certainly fail."""


def certain(graph: Graph, wanted: tuple[Wanted, ...], look: Look = idle) -> tuple[Graph, tuple[int, ...]]:
    """The graph of masks and numbers that gives the wanted forms, and their nodes."""
    builder = _Builder(graph)
    needed = sorted(_needed(graph, wanted), key=lambda item: (item[0], item[1] == "number"))
    for number, form in watched(needed, look):
        builder.build(number, form)
    return builder.target, tuple(builder.made[node, form] for form, node in wanted)


def _needed(graph: Graph, wanted: tuple[Wanted, ...]) -> set[tuple[int, Form]]:
    needed: set[tuple[int, Form]] = set()
    stack = [(node, form) for form, node in wanted]
    while stack:
        item = stack.pop()
        if item not in needed:
            needed.add(item)
            stack.extend(_operands(graph, *item))
    return needed


def _operands(graph: Graph, number: int, form: Form) -> Iterator[tuple[int, Form]]:
    node = graph[number]
    if node.op == "score":
        yield from _score_operands(node, number, form)
    elif node.op in _COMPARISONS:
        for arg in node.args:
            if arg == _alone(graph, node):
                yield arg, "low"
                yield arg, "high"
            else:
                yield arg, "number"
        if node.args[0] == node.args[1]:
            yield node.args[0], "number"
    elif node.op == "not":
        yield node.args[0], _OPPOSITE[form]
    elif node.op in ("shift", "and", "or"):
        for arg in node.args:
            yield arg, form
    else:
        for arg in node.args:
            yield from [(arg, kind) for kind in _forms(graph, arg)]


def _forms(graph: Graph, arg: int) -> tuple[Form, ...]:
    """What a kernel reads of an operand: of a truth, where it certainly holds and certainly fails."""
    return ("number",) if graph.kind(arg) == "number" else ("holds", "fails")


def _score_operands(node: Node, number: int, form: Form) -> Iterator[tuple[int, Form]]:
    if form == "number":
        yield number, "low"
        yield number, "high"
        return
    for arg, weight in zip(node.args, node.params, strict=True):
        favourable = form == "sum" or (form == "low") == (int(weight) > 0)
        yield arg, "holds" if favourable else "fails"


def _alone(graph: Graph, node: Node) -> int | None:
    """The operand of a comparison that is the bare score, the left one if both are."""
    return next((arg for arg in node.args if graph[arg].op == "score"), None)


_MOST_POINTS = 255


@dataclass(frozen=True, slots=True)
class _Points:
    """A node that counts points in a byte, and the score that 0 points are."""

    node: int
    start: int


class _Builder:
    """Makes one form of one node, whose operands are made already."""

    def __init__(self, source: Graph) -> None:
        self.source = source
        self.target = Graph()
        self.made: dict[tuple[int, Form], int] = {}
        self.points: dict[tuple[int, Form], _Points] = {}

    def build(self, number: int, form: Form) -> None:
        node = self.source[number]
        self.made[number, form] = (
            self._score(node, number, form) if node.op == "score" else self._node(node, form)
        )

    def _node(self, node: Node, form: Form) -> int:
        target = self.target
        match node.op:
            case "const":
                return target.number(float.fromhex(str(node.params[0])))
            case "truth":
                return target.truth(bool(node.params[0]) == (form == "holds"))
            case "shift":
                return target.shift(self.made[node.args[0], form], int(node.params[0]))
            case "not":
                return self.made[node.args[0], _OPPOSITE[form]]
            case "and" | "or":
                op = "both" if (node.op == "and") == (form == "holds") else "either"
                return target.op(op, *(self.made[arg, form] for arg in node.args))
        if node.op in _COMPARISONS:
            return self._comparison(node, form)
        operands = [self.made[arg, kind] for arg in node.args for kind in _forms(self.source, arg)]
        op = _FAILING[node.op] if form == "fails" else node.op
        return target.op(op, *operands, params=node.params)

    def _comparison(self, node: Node, form: Form) -> int:
        score = _alone(self.source, node)
        op, swapped = (node.op, False) if form == "holds" else _NEGATED[node.op]
        left, right = node.args
        if score is not None:
            return self._interval_comparison(op, swapped, score, left, right)
        a, b = self.made[left, "number"], self.made[right, "number"]
        return self.target.op(op, *((b, a) if swapped else (a, b)))

    def _interval_comparison(self, op: str, swapped: bool, score: int, left: int, right: int) -> int:
        """`op` between the score's interval and a number, where it holds over the whole interval."""
        other_node = right if left == score else left
        score_is_left = (left == score) != swapped
        constant = self.source.constant(other_node)
        if constant is not None and constant == constant and (score, "low") in self.points:
            return self._points_comparison(op, score, score_is_left, constant)
        target = self.target
        low, high = self.made[score, "low"], self.made[score, "high"]
        other = self.made[other_node, "number"]
        if op == "equal":
            at_least = target.op("greater_or_equal", low, other)
            return target.op("both", at_least, target.op("greater_or_equal", other, high))
        if op == "unequal":
            return target.op("either", target.op("greater", low, other), target.op("greater", other, high))
        return target.op(op, low, other) if score_is_left else target.op(op, other, high)

    def _points_comparison(self, op: str, score: int, score_is_left: bool, constant: float) -> int:
        low, high = self.points[score, "low"], self.points[score, "high"]
        at_least, at_most = math.ceil(constant), math.floor(constant)
        above, below = at_most + 1, at_least - 1
        if op == "equal":
            return self.target.op("both", self._at_least(low, at_least), self._at_most(high, at_most))
        if op == "unequal":
            return self.target.op("either", self._at_least(low, above), self._at_most(high, below))
        if score_is_left:
            return self._at_least(low, at_least if op == "greater_or_equal" else above)
        return self._at_most(high, at_most if op == "greater_or_equal" else below)

    def _at_least(self, points: _Points, score: int) -> int:
        least = score - points.start
        if not 0 < least <= _MOST_POINTS:
            return self.target.truth(least <= 0)
        return self.target.op("at_least", points.node, params=(least,))

    def _at_most(self, points: _Points, score: int) -> int:
        most = score - points.start
        if not 0 <= most < _MOST_POINTS:
            return self.target.truth(most >= 0)
        return self.target.op("at_most", points.node, params=(most,))

    def _score(self, node: Node, number: int, form: Form) -> int:
        target = self.target
        if form == "number":
            return target.op("settled", self.made[number, "low"], self.made[number, "high"])
        weights = [int(weight) for weight in node.params]
        smallest = sum(weight for weight in weights if weight < 0)
        largest = sum(weight for weight in weights if weight > 0)
        start = {"low": smallest, "high": largest}.get(form, 0)
        masks: list[tuple[int, int]] = []
        for arg, weight in zip(node.args, weights, strict=True):
            if form == "sum" or (form == "low") == (weight > 0):
                masks.append((self.made[arg, "holds"], weight))
            else:
                masks.append((self.made[arg, "fails"], -weight))
        if largest - smallest > _MOST_POINTS:
            total = target.number(start)
            for mask, weight in masks:
                total = target.op("weigh", total, mask, params=(weight,))
            return total
        counted = target.points(start - smallest)
        while masks:
            count = 4 if len(masks) >= 4 else 1
            taken, masks = masks[:count], masks[count:]
            op = "tally_four" if count == 4 else "tally"
            params = tuple(weight % 256 for _, weight in taken)
            counted = target.op(op, counted, *(mask for mask, _ in taken), params=params)
        self.points[number, form] = _Points(counted, smallest)
        return target.op("widen", counted, params=(smallest,))
