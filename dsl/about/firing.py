"""Finds the minimal sets of conditions that fire the decision.

An assignment says of every condition whether it holds (is certainly true) or does not. The decision's parts
are taken one by one:

1. The use of a condition is as true as the assignment says.
2. A comparison of the score with constants is decided by the score, the sum of the weights of what holds.
3. Every other comparison reads values of the market. It is free to hold or not, as a condition is, except
   where the range of what the score is compared with rules it out.

An assignment is reachable if it goes against nothing that is known of its conditions: that one holds
wherever another does, that two never hold together. Of the reachable ones that fire, those are minimal of
which no proper subset is reachable and fires, too.

Worked: weights of 40, 30 and 30 for a, b and c, and `score >= 70`, fire with {a, b} and {a, c}. If b holds
wherever a does, {a, b} is the only one: {a, c} cannot happen.

Up to `EXACTLY` conditions and free comparisons, every assignment is tried, as arrays of 2**n elements whose
bits say what holds. Beyond that, sets are built by size, and a branch is left as soon as it can fire no more;
the search counts its steps and says where it stopped.

On any candle that fires, what holds has one of these sets in it. For a condition that is undefined counts as
one that does not hold, and a decision that is certainly true stays true when what is undefined becomes false.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..compiler.analyze import Checked
from .assignments import every_assignment
from .question import Question
from .search import STEPS, Search
from .sets import LISTED, Firing, FiringSet, Pair, Range, Relations

__all__ = ["EXACTLY", "LISTED", "Firing", "FiringSet", "Pair", "Range", "Relations", "minimal_sets"]

EXACTLY = 20
"""Up to so many conditions and free comparisons, every assignment is tried."""


def minimal_sets(
    checked: Checked,
    relations: Callable[[Sequence[int]], Relations] = lambda nodes: Relations(),
    ranges: Callable[[int], Range] = lambda node: (float("-inf"), float("inf")),
    *,
    exactly: int = EXACTLY,
    steps: int = STEPS,
) -> Firing:
    """The minimal sets of a checked document.

    `relations` says what is known of truths, given their nodes; `ranges` in which range a number stays.

    >>> import dslc
    >>> strategy = dslc.compile({
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {},
    ...     "conditions": {"a": "close > 5", "b": "volume > 5", "c": "close > open"},
    ...     "score": {"a": 40, "b": 30, "c": 30},
    ...     "decision": {"entry": "score >= 70"},
    ... })
    >>> [(found.conditions, found.score) for found in minimal_sets(strategy._checked).sets]
    [(('a', 'b'), 70), (('a', 'c'), 70)]
    """
    question = Question(checked, relations, ranges)
    if len(question.members) <= exactly:
        return every_assignment(question)
    return Search(question, steps).firing()
