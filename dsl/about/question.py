"""What a decision asks of its conditions and of its own comparisons, part by part.

1. The use of a condition is as true as it is supposed to be.
2. A comparison of the score with constants is decided by the score, the sum of the weights of what holds.
3. Every other comparison reads values of the market. It is a member like a condition, free to hold or not,
   except where the range of what the score is compared with rules it out.

Worked: `score >= 60 AND close > open` has the conditions with weights as its members, and `close > open`.
Its first part is decided by their weights, the second is the last member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from ..compiler.analyze import Checked, Reader
from ..compiler.graph import Graph
from ..compiler.parts import Joined, Part, take_apart
from ..runtime.registry import NAN, kernel, kernels
from .sets import Firing, FiringSet, Pair, Range, Relations

TRUE, UNDEFINED, FALSE = 1, 0, -1
"""Truths: AND is the least, OR the largest, and NOT the other sign."""

_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Member:
    """A condition, or a free comparison of the decision, and what it adds to the score."""

    name: str
    weight: int
    is_condition: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A part of the decision that a member decides.

    Where the part compares the score, it is false if the comparison with every one of `range` fails.
    """

    member: int
    operator: str | None = None
    range: Range = (float("-inf"), float("inf"))


@dataclass(frozen=True, slots=True)
class OfScore:
    """A part of the decision that the score decides; both sides are functions of it.

    `limit` is the constant that the bare score on the left is compared with, None in all other comparisons.
    """

    operator: str
    sides: tuple[Callable[[float], float], Callable[[float], float]]
    limit: float | None
    known: dict[int, int] = field(default_factory=dict)

    def truth(self, score: int) -> int:
        if score not in self.known:
            left, right = self.sides
            self.known[score] = compared(self.operator, left(score), right(score))
        return self.known[score]


Leaf: TypeAlias = "Use | OfScore | int"  # an int is a constant truth


class Question:
    """Who takes part, what the decision asks of them, and what is known of them."""

    def __init__(
        self,
        checked: Checked,
        relations: Callable[[Sequence[int]], Relations],
        ranges: Callable[[int], Range],
    ) -> None:
        self.graph = checked.graph
        self.score = checked.score
        self.ranges = ranges
        reader = Reader(checked)
        joined = take_apart(checked.trees["decision", "entry"], checked, reader)
        used = _uses(joined, checked)
        names = [name for name in checked.conditions if checked.weights[name] or name in used.values()]
        self.members = [Member(name, checked.weights[name], True) for name in names]
        self._nodes: list[int | None] = [checked.conditions[name] for name in names]
        self._conditions = {name: place for place, name in enumerate(names)}
        self._free: dict[Pair, int] = {}
        self.leaves = [self._leaf(part, used) for part in joined.parts]
        self.steps = joined.steps
        self.relations = self._known(relations)

    @cached_property
    def weights(self) -> list[int]:
        return [member.weight for member in self.members]

    def _leaf(self, part: Part, used: Mapping[Pair, str]) -> Leaf:
        key = part.truth, part.ago
        if key in used:
            return Use(self._conditions[used[key]])
        constant = constant_truth(self.graph, part.truth)
        if constant is not None:
            return constant
        if part.sides is None or part.ago or part.operator is None:
            return self._use(part)
        left, right = (side.node for side in part.sides)
        if right == self.score:
            return self._compares(part, right, _MIRRORED[part.operator], left)
        return self._compares(part, left, part.operator, right)

    def _compares(self, part: Part, left: int, operator: str, right: int) -> Leaf:
        """A comparison that has the score on its left, if it stands alone on a side."""
        if self._is_of_score(left) and self._is_of_score(right):
            limit = self.graph.constant(right) if left == self.score else None
            return OfScore(operator, (self._function(left), self._function(right)), limit)
        if left == self.score:
            return self._use(part, operator, right)
        return self._use(part)

    def _use(self, part: Part, operator: str | None = None, other: int | None = None) -> Use:
        """A free comparison; the same one is the same member wherever it stands."""
        key = part.truth, part.ago
        if key not in self._free:
            self._free[key] = len(self.members)
            self.members.append(Member(_text(part), 0, False))
            self._nodes.append(None if part.ago else part.truth)
        if operator is None or other is None or self._reads_score(other):
            return Use(self._free[key])
        return Use(self._free[key], operator, self.ranges(other))

    def _known(self, relations: Callable[[Sequence[int]], Relations]) -> Relations:
        """What is known of the members, by their places."""
        places = [place for place, node in enumerate(self._nodes) if node is not None]
        found = relations([node for node in self._nodes if node is not None])
        constants = [(place, constant_truth(self.graph, self._nodes[place] or 0)) for place in places]
        same = [(a, b) for a in places for b in places if a != b and self._nodes[a] == self._nodes[b]]
        return Relations(
            (*((places[a], places[b]) for a, b in found.implications), *same),
            tuple((places[a], places[b]) for a, b in found.exclusions),
            (*(places[a] for a in found.never), *(a for a, truth in constants if truth in (-1, 0))),
            (*(places[a] for a in found.always), *(a for a, truth in constants if truth == TRUE)),
        )

    # Numbers that are computed from the score.

    @cached_property
    def _dependent(self) -> dict[int, bool]:
        """The nodes that read the score of their own candle; True for those that read nothing else."""
        found = {self.score: True}
        for number in range(self.score + 1, len(self.graph)):
            node = self.graph[number]
            known = kernels().get(node.op)
            if found.keys().isdisjoint(node.args):
                continue
            alone = known is not None and known.form == "pointwise" and known.result == "number"
            found[number] = alone and all(
                found.get(arg, self.graph.constant(arg) is not None) for arg in node.args
            )
        return found

    def _is_of_score(self, node: int) -> bool:
        return self._dependent.get(node, self.graph.constant(node) is not None)

    def _reads_score(self, node: int) -> bool:
        return not self._dependent.keys().isdisjoint(self.graph.reachable((node,)))

    def _function(self, root: int) -> Callable[[float], float]:
        """A number as a function of the score; NaN is undefined."""
        order: list[int] = []
        stack = [root]
        while stack:
            number = stack.pop()
            order.append(number)
            stack.extend(self.graph[number].args if number != self.score else ())
        needed = sorted(set(order) - {self.score})

        def value(score: float) -> float:
            made = {self.score: float(score)}
            for number in needed:
                node, constant = self.graph[number], self.graph.constant(number)
                if constant is not None:
                    made[number] = constant
                else:
                    made[number] = _applied(node.op, [made[arg] for arg in node.args], node.params)
            return made[root]

        return value


def _applied(op: str, values: list[float], params: tuple[Any, ...]) -> float:
    """A pointwise kernel on one candle's values, undefined where it is not finite."""
    try:
        value = float(kernel(op).function(*values, *params))
    except (ZeroDivisionError, OverflowError):
        return NAN
    return value if value - value == 0.0 else NAN


def _uses(joined: Joined, checked: Checked) -> dict[Pair, str]:
    """The parts of the decision that are conditions, by name or because they are the same computation."""
    names = {node: name for name, node in reversed(checked.conditions.items())}
    found: dict[Pair, str] = {}
    for part in joined.parts:
        if part.ago == 0 and part.truth in names:
            found[part.truth, 0] = names[part.truth]
    return found


def _text(part: Part) -> str:
    """A free comparison as it is shown; one of an earlier candle says so."""
    return part.text if not part.ago else f"({part.text})[{part.ago}]"


def constant_truth(graph: Graph, node: int) -> int | None:
    """1, 0 or -1 for a truth of constants that is true, undefined or false; None for any other.

    >>> graph = Graph()
    >>> one, undefined = graph.number(1.0), graph.number(float("nan"))
    >>> constant_truth(graph, graph.op("greater", one, one)), constant_truth(graph, graph.op("equal", one, undefined))
    (-1, 0)
    """  # noqa: E501 - the example is one line
    known: dict[int, Any] = {}
    for number in graph.reachable((node,)):
        found = graph[number]
        if found.op == "const":
            known[number] = graph.constant(number)
        elif found.op == "truth":
            known[number] = TRUE if found.params[0] else FALSE
        elif found.op in _OPERATORS:
            known[number] = compared(_OPERATORS[found.op], *(known[arg] for arg in found.args))
        elif found.op in _JOINS:
            known[number] = _JOINS[found.op](*(known[arg] for arg in found.args))
        else:
            return None
    return known[node]


_OPERATORS = {"greater": ">", "greater_or_equal": ">=", "equal": "==", "unequal": "!="}
_JOINS: dict[str, Callable[..., int]] = {"and": min, "or": max, "not": lambda truth: -truth}


def compared(operator: str, left: float, right: float) -> int:
    if left != left or right != right:
        return UNDEFINED
    held = {
        ">": left > right,
        ">=": left >= right,
        "<": left < right,
        "<=": left <= right,
        "==": left == right,
        "!=": left != right,
    }
    return TRUE if held[operator] else FALSE


def is_possible(operator: str | None, least: float, most: float, values: Range) -> bool:
    """Whether a score from `least` to `most` can compare so with a value of a range."""
    low, high = values
    if operator in (">", ">="):
        return most > low or (operator == ">=" and most == low)
    if operator in ("<", "<="):
        return least < high or (operator == "<=" and least == high)
    if operator == "==":
        return least <= high and most >= low
    return operator is None or not least == most == low == high


def in_order(question: Question, sets: Sequence[int]) -> list[int]:
    """Sets as bits: the smaller first, and of the same size in the order of the members."""
    count = len(question.members)
    return sorted(sets, key=lambda held: (held.bit_count(), [-(held >> place & 1) for place in range(count)]))


def firing(question: Question, sets: Sequence[FiringSet], **rest: Any) -> Firing:
    members = question.members
    return Firing(
        tuple(member.name for member in members if member.is_condition),
        tuple(member.name for member in members if not member.is_condition),
        tuple(sets),
        **rest,
    )


def firing_set(question: Question, held: int, fires: Callable[[int], bool]) -> FiringSet:
    """The set of some bits; `fires` says whether an assignment fires, or is not reachable."""
    chosen = [member for place, member in enumerate(question.members) if held >> place & 1]
    others = [(place, member) for place, member in enumerate(question.members) if not held >> place & 1]
    return FiringSet(
        tuple(member.name for member in chosen if member.is_condition),
        tuple(member.name for member in chosen if not member.is_condition),
        sum(member.weight for member in chosen),
        tuple(member.name for place, member in others if not fires(held | 1 << place)),
    )
