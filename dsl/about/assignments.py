"""Tries every assignment of a question: of n members, arrays of 2**n elements whose bits say what holds.

The place of an element is the assignment: its bit number k says whether member k holds. Scores are made by
doubling, and what holds a smaller firing set by carrying along each bit in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .question import FALSE, TRUE, Leaf, OfScore, Question, Use, firing, firing_set, in_order, is_possible
from .sets import LISTED, Firing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def every_assignment(question: Question) -> Firing:
    import numpy as np

    count = len(question.members)
    scores = np.zeros(1, np.int64)
    for weight in question.weights:
        scores = np.concatenate([scores, scores + weight])
    holds = [np.arange(1 << count) >> place & 1 == 1 for place in range(count)]
    reachable = _reachable(question, holds)
    fires = reachable & (_decisions(question, holds, scores) == TRUE)
    minimal = np.flatnonzero(fires & ~_has_smaller(fires, count))
    first = in_order(question, _smallest(minimal))[:LISTED]
    passes = fires | ~reachable
    return firing(
        question,
        [firing_set(question, held, lambda one: bool(passes[one])) for held in first],
        count=len(minimal),
        complete=True,
        searched=count,
        least=int(scores[reachable].min()) if reachable.any() else None,
        most=int(scores[reachable].max()) if reachable.any() else None,
    )


def _smallest(sets: NDArray[np.int64]) -> list[int]:
    """At least the `LISTED` smallest of some sets, all of a size or none of it."""
    sizes = [held.bit_count() for held in sets.tolist()]
    if len(sizes) <= LISTED:
        return list(sets.tolist())
    limit = sorted(sizes)[LISTED - 1]
    return [held for held, size in zip(sets.tolist(), sizes, strict=True) if size <= limit]


def _reachable(question: Question, holds: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    import numpy as np

    known = question.relations
    found = np.ones(1 << len(holds), np.bool_)
    for a, b in known.implications:
        found &= ~holds[a] | holds[b]
    for a, b in known.exclusions:
        found &= ~(holds[a] & holds[b])
    for a in known.never:
        found &= ~holds[a]
    for a in known.always:
        found &= holds[a]
    return found


def _decisions(
    question: Question, holds: list[NDArray[np.bool_]], scores: NDArray[np.int64]
) -> NDArray[np.int8]:
    """The truth of the decision for every assignment."""
    import numpy as np

    stack: list[NDArray[np.int8]] = []
    for step in question.steps:
        if step == "not":
            stack.append(-stack.pop())
        elif isinstance(step, str):
            join = np.minimum if step == "and" else np.maximum
            right = stack.pop()
            stack.append(join(stack.pop(), right))
        else:
            stack.append(_truths(question.leaves[step], holds, scores))
    return stack[0]


def _truths(leaf: Leaf, holds: list[NDArray[np.bool_]], scores: NDArray[np.int64]) -> NDArray[np.int8]:
    import numpy as np

    if isinstance(leaf, int):
        return np.full(len(scores), leaf, np.int8)
    if isinstance(leaf, Use) and leaf.operator is None:
        return np.where(holds[leaf.member], TRUE, FALSE).astype(np.int8)
    distinct, places = np.unique(scores, return_inverse=True)
    if isinstance(leaf, OfScore):
        return np.array([leaf.truth(score) for score in distinct.tolist()], np.int8)[places]
    possible = [is_possible(leaf.operator, score, score, leaf.range) for score in distinct.tolist()]
    return np.where(holds[leaf.member] & np.array(possible)[places], TRUE, FALSE).astype(np.int8)


def _has_smaller(fires: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Of each assignment, whether one that holds a proper subset of it fires."""
    import numpy as np

    within = fires.copy()
    for place in range(count):
        halves = within.reshape(-1, 2, 1 << place)
        halves[:, 1] |= halves[:, 0]
    smaller = np.zeros_like(fires)
    for place in range(count):
        smaller.reshape(-1, 2, 1 << place)[:, 1] |= within.reshape(-1, 2, 1 << place)[:, 0]
    return smaller
