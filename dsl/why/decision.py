"""The decision of one candle as a function of its conditions: what it would be if some were otherwise.

The decision's parts are joined by the tables of the language. Of a part of now,

1. the use of a condition is as true as it is supposed to be;
2. the score alone on one side of a comparison is an interval, and the comparison is decided where it
   comes out the same over all of it;
3. a number that is computed from the score is computed again, by the function that its kernel is or,
   where it needs the candles before, by the engine on their values;
4. everything else, and everything of earlier candles, is what it is.

What is supposed need not be complete: a truth may be any of several, and the ends of the score may
lie in ranges. Then the answer is every truth that the decision could have, and perhaps more; with one
truth for each condition and single points it is exact. A search can drop what cannot succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..compiler.graph import Graph, reach
from ..compiler.parts import Joined, Part
from ..compiler.passes import lower
from ..compiler.schedule import schedule
from ..runtime import engine
from ..runtime.plan import FIELDS, Plan
from ..runtime.registry import kernels
from .evidence import Question, history

if TYPE_CHECKING:
    from ..result import Evaluation

TRUE, FALSE, UNDEFINED = 1, 2, 4
ANY = TRUE | FALSE | UNDEFINED

Ends: TypeAlias = tuple[int, int]
"""The least and the largest value that one end of the score may have."""

_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_CANDLES_A_STEP = 100  # a run of the engine over so many candles costs about as much as a step here


def truth_set(truth: bool | None) -> int:
    """The set that holds one truth only."""
    return UNDEFINED if truth is None else TRUE if truth else FALSE


class Decision:
    """The decision on one candle. `cost` counts the steps that were taken so far."""

    def __init__(
        self, evaluation: Evaluation, row: int, joined: Joined, answers: Mapping[Question, Any]
    ) -> None:
        self.cost = 0
        self._score = evaluation.strategy._checked.score
        self._numbers = _Numbers(evaluation, row, answers)
        self._answers = answers
        self._steps = [
            step if isinstance(step, str) else self._compiled(joined.parts[step]) for step in joined.steps
        ]
        self.uses = {part.condition for part in joined.parts if part.condition and not part.ago}

    def possible(self, truths: Mapping[str, int], low: Ends, high: Ends) -> int:
        """The set of truths that the decision may have; `truths` has a set for every name in `uses`."""
        self.cost += len(self._steps)
        stack: list[int] = []
        for step in self._steps:
            if not isinstance(step, str):
                stack.append(step(truths, low, high))
            elif step == "not":
                stack.append(_NOT[stack.pop()])
            else:
                right = stack.pop()
                stack.append((_AND if step == "and" else _OR)[stack.pop()][right])
        self.cost += self._numbers.candles // _CANDLES_A_STEP
        self._numbers.candles = 0
        return stack[0]

    def _compiled(self, part: Part) -> _Step:
        if part.condition is not None and not part.ago:
            name = part.condition
            return lambda truths, low, high: truths[name]
        if not part.ago and self._numbers.asks_truths(part.truth):
            return lambda truths, low, high: ANY
        if part.sides is None or part.ago:
            return self._fixed(part)
        left, right = (side.node for side in part.sides)
        assert part.operator is not None
        if left == self._score:
            return self._of_score(part.operator, right)
        if right == self._score:
            return self._of_score(_MIRRORED[part.operator], left)
        if self._numbers.depends(left) or self._numbers.depends(right):
            return self._of_numbers(part.operator, left, right)
        return self._fixed(part)

    def _fixed(self, part: Part) -> _Step:
        found = truth_set(truth_of(part, self._answers))
        return lambda truths, low, high: found

    def _of_score(self, operator: str, other: int) -> _Step:
        """The bare score on the left of a comparison."""
        numbers = self._numbers
        if not numbers.depends(other):
            known = numbers.value(other, None)
            return lambda truths, low, high: _compare_ends(operator, low, high, known)

        def step(truths: Mapping[str, int], low: Ends, high: Ends) -> int:
            if not _is_point(low, high):
                return ANY
            return _compare_ends(operator, low, high, numbers.value(other, _settled(low, high)))

        return step

    def _of_numbers(self, operator: str, left: int, right: int) -> _Step:
        numbers = self._numbers

        def step(truths: Mapping[str, int], low: Ends, high: Ends) -> int:
            if not _is_point(low, high):
                return ANY
            score = _settled(low, high)
            return _compare(operator, numbers.value(left, score), numbers.value(right, score))

        return step


_Step: TypeAlias = Callable[[Mapping[str, int], Ends, Ends], int]


def truth_of(part: Part, answers: Mapping[Question, Any]) -> bool | None:
    """The truth of a part as the engine has it."""
    if answers[("holds", part.truth), part.ago]:
        return True
    return False if answers[("fails", part.truth), part.ago] else None


def _is_point(low: Ends, high: Ends) -> bool:
    return low[0] == low[1] and high[0] == high[1]


def _settled(low: Ends, high: Ends) -> float | None:
    """The score as a number: undefined where the interval is wider than a point."""
    return float(low[0]) if low[0] == high[0] else None


def _compare(operator: str, left: float | None, right: float | None) -> int:
    if left is None or right is None:
        return UNDEFINED
    match operator:
        case ">":
            held = left > right
        case ">=":
            held = left >= right
        case "<":
            held = left < right
        case "<=":
            held = left <= right
        case "==":
            held = left == right
        case _:
            held = left != right
    return TRUE if held else FALSE


def _compare_ends(operator: str, low: Ends, high: Ends, other: float | None) -> int:
    """`score operator other`: true or false where it is so at the unfavourable end."""
    if other is None:
        return UNDEFINED
    if operator in ("==", "!="):
        found = _equal_ends(low, high, other)
        return _NOT[found] if operator == "!=" else found
    if operator in (">", ">="):
        sure, chance = low, high
    else:
        sure, chance = high, low
    # Each end is most favourable at one of its own two ends; a comparison with both tells what can be.
    held = {_compare(operator, float(end), other) for end in sure}
    failed = {_compare(operator, float(end), other) for end in chance}
    found = (TRUE if TRUE in held else 0) | (FALSE if FALSE in failed else 0)
    return found | (UNDEFINED if FALSE in held and TRUE in failed else 0)


def _equal_ends(low: Ends, high: Ends, other: float) -> int:
    if _is_point(low, high):
        if low[0] == high[0] == other:
            return TRUE
        return FALSE if low[0] > other or high[0] < other else UNDEFINED
    found = FALSE if low[1] > other or high[0] < other else 0
    if low[0] <= other <= high[1]:
        found |= UNDEFINED
        if other <= low[1] and high[0] <= other:
            found |= TRUE
    return found


class _Numbers:
    """Numbers of one candle, those that depend on its score for any score. `candles` counts what is run."""

    def __init__(self, evaluation: Evaluation, row: int, answers: Mapping[Question, Any]) -> None:
        checked = evaluation.strategy._checked
        self.candles = 0
        self._evaluation = evaluation
        self._row = row
        self._answers = answers
        self._score = checked.score
        self._graph = checked.graph
        self._dependent = _dependent(checked.graph, checked.score)
        self._history: dict[int, Any] = {}
        self._plans: dict[int, Plan] = {}
        self._orders: dict[int, list[int]] = {}
        self._known: dict[tuple[int, float | None], float | None] = {}

    def depends(self, node: int) -> bool:
        """Whether a number depends on the score of this very candle."""
        return node in self._dependent

    def asks_truths(self, truth: int) -> bool:
        """Whether a truth depends on the score by truths, or asks whether something is defined.

        Then what the score might be does not tell it.
        """
        return truth in self._dependent and any(
            self._graph[at].op == "defined"
            or any(self._graph.kind(arg) == "truth" for arg in self._graph[at].args)
            for at in self._order(truth)
            if at == truth or self._graph.kind(at) == "number" or self._graph[at].op == "defined"
        )

    def value(self, node: int, score: float | None) -> float | None:
        """A number, if the score were this one."""
        if node not in self._dependent:
            return self._fixed(node)
        if (node, score) not in self._known:
            self._known[node, score] = self._computed(node, score)
        return self._known[node, score]

    def _fixed(self, node: int) -> float | None:
        constant = self._graph.constant(node)
        if constant is not None:
            return _defined(constant)
        question: Question = ("number", node), 0
        return self._answers[question] if question in self._answers else _defined(self._past(node)[-1])

    def _computed(self, root: int, score: float | None) -> float | None:
        made: dict[int, float | None] = {self._score: score}
        for node in self._order(root):
            found = self._graph[node]
            values = [made[arg] if arg in self._dependent else self.value(arg, None) for arg in found.args]
            known = kernels().get(found.op)
            if known is not None and known.form == "pointwise":
                made[node] = _applied(found.op, values, found.params)
            else:
                made[node] = self._run(node, values)
        return made[root]

    def _order(self, root: int) -> list[int]:
        """The nodes on the way from the score to the root, the score itself left out."""
        if root not in self._orders:
            needed: set[int] = set()
            stack = [root]
            while stack:
                node = stack.pop()
                if node in self._dependent and node != self._score and node not in needed:
                    needed.add(node)
                    stack.extend(self._graph[node].args)
            self._orders[root] = sorted(needed)
        return self._orders[root]

    def _run(self, node: int, values: list[float | None]) -> float | None:
        """An operation that remembers, on the candles before as they are and on these values now.

        The engine runs it, with the operands in the places of the market data; a window on no more
        candles than it has.
        """
        found = self._graph[node]
        if node not in self._plans:
            graph = Graph()
            root = graph.op(found.op, *map(graph.bar, FIELDS[: len(values)]), params=found.params)
            lowered, (root,) = lower(graph, (("number", root),))
            self._plans[node] = schedule(lowered, (("number", root),))
        back = reach(found)
        candles = self._row + 1 if back is None else min(self._row, back) + 1
        matrix = np.full((len(FIELDS), candles), np.nan)
        for line, arg, value in zip(matrix, found.args, values, strict=False):
            line[:] = self._past(arg)[-candles:]
            line[-1] = np.nan if value is None else value
        self.candles += candles
        return _defined(engine.run(self._plans[node], matrix).numbers[0, -1])

    def _past(self, node: int) -> Any:
        if node not in self._history:
            self._history[node] = history(self._evaluation, node, self._row)
        return self._history[node]


def _dependent(graph: Graph, score: int) -> set[int]:
    """The nodes that read the score of their own candle, the score itself among them."""
    found = {score}
    for number in range(score + 1, len(graph)):
        node = graph[number]
        if node.op != "shift" and not found.isdisjoint(node.args):
            found.add(number)
    return found


def _applied(op: str, values: list[float | None], params: tuple[Any, ...]) -> float | None:
    """A pointwise kernel on one candle's values, folded as the graph folds constants."""
    graph = Graph()
    numbers = [graph.number(np.nan if value is None else value) for value in values]
    value = graph.constant(graph.op(op, *numbers, params=params))
    assert value is not None
    return _defined(value)


def _defined(value: float) -> float | None:
    return None if value != value else float(value)


def _and(left: int, right: int) -> int:
    if FALSE in (left, right):
        return FALSE
    return TRUE if left == right == TRUE else UNDEFINED


def _table(joined: Callable[[int, int], int]) -> list[list[int]]:
    """A binary operator on sets of truths: every truth that members of the two sets give."""
    singles = (TRUE, FALSE, UNDEFINED)
    return [
        [
            sum({joined(a, b) for a in singles if a & left for b in singles if b & right})
            for right in range(ANY + 1)
        ]
        for left in range(ANY + 1)
    ]


_NOT = [found & UNDEFINED | (found & TRUE) << 1 | (found & FALSE) >> 1 for found in range(ANY + 1)]
_AND = _table(_and)
_OR = _table(lambda left, right: _NOT[_and(_NOT[left], _NOT[right])])
