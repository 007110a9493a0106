"""Searches for minimal firing sets among more members than can be tried in every combination.

1. Sizes are tried from none up. A set of a size is built member by member, those with large weights first.
2. Before each step the decision is asked between its least and its largest truth, with the score between the
   sums of the smallest and of the largest weights that are left; a branch that cannot become true is left.
   So is one that has a smaller set in it, or two members that exclude each other.
3. The steps are counted. When they are used up, or enough sets are found, the search stops and says which
   sizes it has finished.

Worked: of sixty weights of 5, `score >= 15` is refused for sizes 0 to 2 after one question each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

from .question import (
    FALSE,
    TRUE,
    UNDEFINED,
    Leaf,
    OfScore,
    Question,
    firing,
    firing_set,
    in_order,
    is_possible,
)
from .sets import Firing, Pair

STEPS = 100_000
"""How many steps a search takes at most."""

_FOUND = 100  # sets that end it
_TRIED = 50  # scores between two ends, where a comparison is no simple one
_NEGATED = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class _State:
    """Members before `at` are settled, `held` has the bits of those that hold, `left` more will."""

    at: int
    left: int
    held: int
    score: int


class Search:
    """Sets of one size after the other, those with the largest weights first."""

    def __init__(self, question: Question, steps: int) -> None:
        self.question = question
        self.left = steps
        self.order = sorted(range(len(question.members)), key=lambda place: -abs(question.weights[place]))
        self.rank = {place: rank for rank, place in enumerate(self.order)}
        self.found: list[int] = []
        self.implied, self.excluded = self._masks()
        self.must = sum({1 << place for place in question.relations.always})
        self.sums = [self._sums(at) for at in range(len(self.order) + 1)]

    def firing(self) -> Firing:
        count = len(self.order)
        searched = -1
        for size in range(count + 1):
            for held in self.sets(size):
                self.found.append(held)
            if self.left <= 0 or len(self.found) > _FOUND:
                break
            searched = size
        question = self.question
        return firing(
            question,
            [firing_set(question, held, self.passes) for held in in_order(question, self.found)],
            count=len(self.found),
            complete=searched == count,
            searched=max(searched, 0),
            least=None,
            most=None,
        )

    def sets(self, size: int) -> Iterator[int]:
        """The sets of one size that fire, are reachable, and have no smaller one in them."""
        smaller = list(self.found)
        stack = [_State(0, size, 0, 0)]
        while stack and self.left > 0 and len(self.found) <= _FOUND:
            state = stack.pop()
            self.left -= 1
            if self.hopeless(state, smaller):
                continue
            if state.left == 0:
                if self.is_reachable(state.held):
                    yield state.held
                continue
            place = self.order[state.at]
            weight = self.question.weights[place]
            stack.append(_State(state.at + 1, state.left, state.held, state.score))
            stack.append(_State(state.at + 1, state.left - 1, state.held | 1 << place, state.score + weight))

    def hopeless(self, state: _State, smaller: list[int]) -> bool:
        """Whether nothing that a state can become is one of the sets."""
        held = state.held
        if len(self.order) - state.at < state.left:
            return True
        if any(held >> place & 1 and held & mask for place, mask in self.excluded.items()):
            return True
        if any(held & one == one for one in smaller):
            return True
        return self.truth(state)[1] != TRUE

    def is_reachable(self, held: int) -> bool:
        known = self.question.relations
        if any(held >> place & 1 for place in known.never) or held & self.must != self.must:
            return False
        if any(held >> place & 1 and held & mask for place, mask in self.excluded.items()):
            return False
        return not any(held >> place & 1 and mask & ~held for place, mask in self.implied.items())

    def passes(self, held: int) -> bool:
        """Whether an assignment fires or is not reachable."""
        state = _State(len(self.order), 0, held, self.score(held))
        return not self.is_reachable(held) or self.truth(state)[0] == TRUE

    def score(self, held: int) -> int:
        return sum(weight for place, weight in enumerate(self.question.weights) if held >> place & 1)

    def truth(self, state: _State) -> Pair:
        """The least and the largest truth that the decision can have in what a state can become."""
        low, high = (state.score + total[state.left] for total in self.sums[state.at])
        stack: list[Pair] = []
        for step in self.question.steps:
            if step == "not":
                least, most = stack.pop()
                stack.append((-most, -least))
            elif isinstance(step, str):
                join: Callable[[int, int], int] = min if step == "and" else max
                right, left = stack.pop(), stack.pop()
                stack.append((join(left[0], right[0]), join(left[1], right[1])))
            else:
                stack.append(self._truth(self.question.leaves[step], state, low, high))
        return stack[0]

    def _truth(self, leaf: Leaf, state: _State, low: int, high: int) -> Pair:
        if isinstance(leaf, int):
            return leaf, leaf
        if isinstance(leaf, OfScore):
            return _between(leaf, low, high)
        open_ = state.left > 0 and self.rank[leaf.member] >= state.at
        if not (open_ or state.held >> leaf.member & 1) or not is_possible(
            leaf.operator, low, high, leaf.range
        ):
            return FALSE, FALSE
        certain = not open_ and (leaf.operator is None or low == high)
        return (TRUE if certain else FALSE), TRUE

    def _masks(self) -> tuple[dict[int, int], dict[int, int]]:
        """By a member: the bits of those that it implies, and of those that it excludes."""
        known = self.question.relations
        implied: dict[int, int] = {}
        excluded: dict[int, int] = {}
        for a, b in known.implications:
            implied[a] = implied.get(a, 0) | 1 << b
        for a, b in known.exclusions:
            excluded[a] = excluded.get(a, 0) | 1 << b
            excluded[b] = excluded.get(b, 0) | 1 << a
        return implied, excluded

    def _sums(self, at: int) -> tuple[list[int], list[int]]:
        """The least and the largest sum of so many weights of the members from `at` on."""
        rest = sorted(self.question.weights[place] for place in self.order[at:])
        return _running(rest), _running(rest[::-1])


def _between(leaf: OfScore, low: int, high: int) -> Pair:
    """The least and the largest truth of a comparison of any score between two."""
    if low == high or leaf.limit is None:
        truths = {leaf.truth(score) for score in range(low, high + 1)} if high - low < _TRIED else {-1, 1}
        return min(truths), max(truths)
    if leaf.limit != leaf.limit:
        return UNDEFINED, UNDEFINED
    limits = leaf.limit, leaf.limit
    least = FALSE if is_possible(_NEGATED[leaf.operator], low, high, limits) else TRUE
    return least, TRUE if is_possible(leaf.operator, low, high, limits) else FALSE


def _running(values: list[int]) -> list[int]:
    """The sums of the first none, one, two … of some values."""
    return reduce(lambda sums, value: [*sums, sums[-1] + value], values, [0])
