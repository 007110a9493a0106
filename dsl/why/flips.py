"""Finds the smallest sets of conditions whose flip changes whether a candle enters.

A flip makes a true condition false, a false one true, and an undefined one either. Each condition is
flipped by itself: one that uses another keeps its truth unless it is in the set, too. A flip counts
where the condition has a weight, and where the decision uses it by name.

1. Sizes are tried from one up; the first with a set that works is the least, so each of its sets is
   minimal: none of its subsets works.
2. Sets of one size are built condition by condition, those that move the score most first. Before
   each step the decision is asked whether it could still change, with the ends of the score between
   the least and the largest sums of the flips that are left. For `score >= 60` this drops a size that
   is too small after one question.
3. The steps are counted. When they are used up the search stops and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .decision import FALSE, TRUE, UNDEFINED, Decision, truth_set

LISTED = 10
"""How many sets are kept; of all others only the number is said."""

_STEPS = 200_000


@dataclass(frozen=True)
class Flip:
    """A condition, its truth (None where undefined), and what it would be."""

    name: str
    before: bool | None
    after: bool


@dataclass(frozen=True)
class Flips:
    """The smallest sets of conditions whose flip would change whether the candle enters.

    `size` is the number of conditions in each, None where there is no such set or none was found. `sets`
    are the first of `count`. `complete` says that nothing was left out: `size` is the least, or there
    is no set at all, and `count` is exact. Otherwise the search stopped, and `refuted` is the largest size
    of which no set works.
    """

    size: int | None
    sets: tuple[tuple[Flip, ...], ...]
    count: int
    complete: bool
    refuted: int


@dataclass(frozen=True)
class Vote:
    """A condition's truth on a candle, and its weight."""

    name: str
    truth: bool | None
    weight: int


def smallest_flips(
    decision: Decision, votes: Iterable[Vote], low: int, high: int, *, steps: int = _STEPS
) -> Flips:
    """The smallest flips on a candle whose score lies in [low, high]."""
    search = _Search(decision, list(votes), low, high, steps)
    if not search.can_change(search.start(len(search.items))):
        return Flips(None, (), 0, True, len(search.items))
    for size in range(1, len(search.items) + 1):
        found = search.sets(size)
        sets = [search.flips(chosen) for chosen in islice(found, LISTED)]
        count = len(sets) + sum(1 for _ in found)
        if sets or search.exhausted:
            sets.sort(key=search.place)
            return Flips(size if sets else None, tuple(sets), count, not search.exhausted, size - 1)
    return Flips(None, (), 0, True, len(search.items))


@dataclass(frozen=True)
class _Option:
    """One way to flip a condition, and what it adds to the ends of the score."""

    flip: Flip
    low: int
    high: int


_Item: TypeAlias = tuple[_Option, ...]
_Chosen: TypeAlias = "tuple[_Chosen, Flip] | None"


@dataclass(frozen=True)
class _State:
    """Items before `at` are settled, `left` of the others are still to be flipped."""

    at: int
    left: int
    low: int
    high: int
    truths: Mapping[str, int]
    chosen: _Chosen


class _Search:
    def __init__(self, decision: Decision, votes: list[Vote], low: int, high: int, steps: int) -> None:
        self.decision = decision
        self.low, self.high = low, high
        self.limit = decision.cost + steps
        self.exhausted = False
        self.order = {vote.name: number for number, vote in enumerate(votes)}
        used = [vote for vote in votes if vote.weight or vote.name in decision.uses]
        used.sort(key=lambda vote: -abs(vote.weight))
        self.items: list[_Item] = [_options(vote) for vote in used]
        self.truths = {vote.name: truth_set(vote.truth) for vote in used if vote.name in decision.uses}
        entered = decision.possible(self.truths, (low, low), (high, high)) == TRUE
        self.target = FALSE | UNDEFINED if entered else TRUE
        ends = [[(option.low, option.high) for option in item] for item in self.items]
        self.least_low = _sums([min(low for low, _ in end) for end in ends], np.minimum)
        self.most_low = _sums([max(low for low, _ in end) for end in ends], np.maximum)
        self.least_high = _sums([min(high for _, high in end) for end in ends], np.minimum)
        self.most_high = _sums([max(high for _, high in end) for end in ends], np.maximum)

    def start(self, size: int) -> _State:
        return _State(0, size, self.low, self.high, self.truths, None)

    def can_change(self, state: _State) -> bool:
        """Whether the target may be reached from a state; exact where nothing is left to flip."""
        at, left = state.at, state.left
        low = state.low + self.least_low[at][left], state.low + self.most_low[at][left]
        high = state.high + self.least_high[at][left], state.high + self.most_high[at][left]
        truths = dict(state.truths)
        if left:
            for item in self.items[at:] if truths else ():
                name = item[0].flip.name
                if name in truths:
                    for option in item:
                        truths[name] |= truth_set(option.flip.after)
                    self.decision.cost += 1
        return bool(self.decision.possible(truths, low, high) & self.target)

    def sets(self, size: int) -> Iterator[_Chosen]:
        """The sets of one size that change the outcome, until the steps are used up."""
        stack = [self.start(size)]
        while stack:
            if self.decision.cost > self.limit:
                self.exhausted = True
                return
            state = stack.pop()
            self.decision.cost += 2
            if len(self.items) - state.at < state.left or not self.can_change(state):
                continue
            if state.left == 0:
                yield state.chosen
                continue
            stack += self.following(state)

    def following(self, state: _State) -> list[_State]:
        """The next item not flipped, and flipped in each way; the last is taken first."""
        at, left = state.at + 1, state.left
        found = [_State(at, left, state.low, state.high, state.truths, state.chosen)]
        for option in reversed(self.items[state.at]):
            name = option.flip.name
            truths = state.truths
            if name in truths:
                truths = {**truths, name: truth_set(option.flip.after)}
            low, high = state.low + option.low, state.high + option.high
            found.append(_State(at, left - 1, low, high, truths, (state.chosen, option.flip)))
        return found

    def flips(self, chosen: _Chosen) -> tuple[Flip, ...]:
        """A set in the order of the document."""
        found: list[Flip] = []
        while chosen is not None:
            chosen, flip = chosen
            found.append(flip)
        return tuple(sorted(found, key=lambda flip: self.order[flip.name]))

    def place(self, flips: tuple[Flip, ...]) -> list[tuple[int, bool]]:
        """What sets are sorted by."""
        return [(self.order[flip.name], not flip.after) for flip in flips]


def _options(vote: Vote) -> _Item:
    weight = vote.weight
    if vote.truth is None:
        gain, loss = max(weight, 0), min(weight, 0)
        return (
            _Option(Flip(vote.name, None, True), gain, loss),
            _Option(Flip(vote.name, None, False), -loss, -gain),
        )
    change = -weight if vote.truth else weight
    return (_Option(Flip(vote.name, vote.truth, not vote.truth), change, change),)


def _sums(changes: list[int], best: np.ufunc) -> list[list[int]]:
    """[at][left]: the best sum of at most `left` of the changes from `at` on."""
    values: NDArray[np.int64] = best(np.array(changes, np.int64), 0)
    count = len(values)
    sums = np.zeros((count + 1, count + 1), np.int64)
    for at in range(count):
        ordered = np.sort(values[at:])
        ordered = ordered[::-1] if best is np.maximum else ordered
        sums[at, 1 : count - at + 1] = np.cumsum(ordered)
        sums[at, count - at + 1 :] = sums[at, count - at]
    return sums.tolist()
