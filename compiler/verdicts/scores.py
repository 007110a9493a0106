"""Owns which scores conditions can add up to, when some carry or exclude others.

1. Conditions that have to do with each other form a family; families are independent.
2. The sums of a family are found by trying all its subsets that break nothing. A family of more than
   `_LARGEST` is taken apart, which only adds sums. Where one of two always holds (wherever they are
   defined), what is undefined counts: each state of true, false and undefined conditions stands for the
   subset of the true ones, with the first of two undefined ones of which one holds. What is decided stays so.
3. The scores are all sums of one sum of each family. Where they become too many, only the ends are kept.

Worked: weights 20, 40 and 15, where the second carries the first: 0, 15, 20, 35, 60 and 75, not 40.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .truths import CARRIED, CARRIES, COVERS, EXCLUDES

_LARGEST = 7
_MOST_SUMS = 512

Pairs = Mapping[tuple[int, int], int]
"""What is known of two conditions, by their numbers, the lower one first."""
_Known = tuple[tuple[tuple[int, int], int], ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores that can be reached: all of them, or None where only the ends are known."""

    low: int
    high: int
    all: frozenset[int] | None

    def within(self, low: float, high: float) -> bool:
        """Whether some score is from low to high.

        >>> Scores(0, 70, frozenset((0, 30, 40, 70))).within(50, 60)
        False
        """
        if self.all is None:
            return self.low <= high and self.high >= low and low <= high
        return any(low <= score <= high for score in self.all)


def scores(
    weights: list[int], pairs: Pairs, held: Iterable[int] = (), failed: Iterable[int] = ()
) -> Scores | None:
    """The scores of conditions of which some surely hold and some surely fail; None if there are none.

    >>> found = scores([20, 40, 15], {(0, 1): CARRIED})
    >>> sorted(found.all)
    [0, 15, 20, 35, 60, 75]
    """
    if not (pairs or held or failed):
        return _of_free(weights)
    low = high = 0
    every: set[int] | None = {0}
    held, failed = set(held), set(failed)
    known = tuple(pairs.items())
    if failed:
        known = tuple([(pair, what & ~COVERS if failed.intersection(pair) else what) for pair, what in known])
    for family, subsets in _subsets(len(weights), known):
        must, never = _mask(family, held), _mask(family, failed)
        found = {
            sum([weights[at] for at in members])
            for chosen, members in subsets
            if chosen & must == must and not chosen & never
        }
        if not found:
            return None
        low, high = low + min(found), high + max(found)
        if every is not None:
            too_many = len(every) * len(found) > _MOST_SUMS
            every = None if too_many else {one + more for one in every for more in found}
    return Scores(low, high, None if every is None else frozenset(every))


def _of_free(weights: list[int]) -> Scores:
    """The scores of conditions that have nothing to do with each other."""
    every = {0}
    for weight in weights:
        if 2 * len(every) > _MOST_SUMS:
            ends = sum([w for w in weights if w < 0]), sum([w for w in weights if w > 0])
            return Scores(*ends, None)
        every.update([score + weight for score in every])
    return Scores(min(every), max(every), frozenset(every))


_Subsets = list[tuple[int, list[int]]]


@lru_cache(maxsize=256)
def _subsets(count: int, pairs: _Known) -> list[tuple[list[int], _Subsets]]:
    """The families, and of each the subsets that break nothing: a bit for each member, and their numbers."""
    found = []
    for family in _families(count, pairs):
        rules = [(family.index(a), family.index(b), what) for (a, b), what in pairs if {a, b} <= set(family)]
        covered = any(what & COVERS for _, _, what in rules)
        every = _states(len(family), rules) if covered else range(1 << len(family))
        subsets = [
            (chosen, [at for k, at in enumerate(family) if chosen >> k & 1])
            for chosen in every
            if covered or _allowed(chosen, rules)
        ]
        found.append((family, subsets))
    return found


def _states(count: int, rules: list[tuple[int, int, int]]) -> list[int]:
    """The subsets that states of true, false and undefined conditions stand for."""
    found: set[int] = set()
    for true in range(1 << count):
        if not _allowed(true, rules):
            continue
        rest = ((1 << count) - 1) & ~true
        false = rest
        while True:
            chosen = _standing_for(true, false, rules)
            if chosen is not None:
                found.add(chosen)
            if not false:
                break
            false = (false - 1) & rest
    return sorted(found)


def _standing_for(true: int, false: int, rules: list[tuple[int, int, int]]) -> int | None:
    """The subset that stands for a state; None where a false condition needs the other one to be true."""
    chosen = true
    for a, b, what in rules:
        if what & COVERS:
            if (false >> a & 1 and not true >> b & 1) or (false >> b & 1 and not true >> a & 1):
                return None
            if not (true >> a | true >> b | false >> a | false >> b) & 1:
                chosen |= 1 << a
    return chosen


def _families(count: int, pairs: _Known) -> list[list[int]]:
    """The conditions by what they have to do with each other."""
    head = list(range(count))
    for (a, b), _ in pairs:
        one, other = head[a], head[b]
        if one != other:
            head = [one if at == other else at for at in head]
    found: dict[int, list[int]] = {}
    for at in range(count):
        found.setdefault(head[at], []).append(at)
    return [part for family in found.values() for part in _of_a_size(family)]


def _of_a_size(family: list[int]) -> list[list[int]]:
    return [family] if len(family) <= _LARGEST else [[at] for at in family]


def _mask(family: list[int], members: set[int]) -> int:
    return sum([1 << k for k, at in enumerate(family) if at in members]) if members else 0


def _allowed(chosen: int, rules: list[tuple[int, int, int]]) -> bool:
    for a, b, what in rules:
        one, other = chosen >> a & 1, chosen >> b & 1
        if what & EXCLUDES and one and other:
            return False
        if (what & CARRIES and one and not other) or (what & CARRIED and other and not one):
            return False
    return True
