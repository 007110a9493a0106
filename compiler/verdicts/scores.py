"""Owns which scores conditions can add up to, when some carry or exclude others.

1. Conditions that have to do with each other form a family; families are independent.
2. The sums of a family are found by trying all its subsets that break nothing. A family of more than
   `_LARGEST` is taken apart, which only adds sums.
3. The scores are all sums of one sum of each family. Where they become too many, only the ends are kept.

Worked: weights 20, 40 and 15, where the second carries the first: 0, 15, 20, 35, 60 and 75, not 40.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .truths import CARRIED, CARRIES, EXCLUDES

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
    return _scores(tuple(weights), tuple(pairs.items()), frozenset(held), frozenset(failed))


@lru_cache(maxsize=4096)
def _scores(
    weights: tuple[int, ...], pairs: _Known, held: frozenset[int], failed: frozenset[int]
) -> Scores | None:
    low = high = 0
    every: frozenset[int] | None = frozenset((0,))
    for family, sums in _tables(weights, pairs):
        if held or failed:
            must, free = _mask(family, held), ~_mask(family, failed)
            found = {total for chosen, total in sums if chosen & must == must and chosen & free == chosen}
        else:
            found = {total for _, total in sums}
        if not found:
            return None
        low, high = low + min(found), high + max(found)
        if every is not None:
            too_many = len(every) * len(found) > _MOST_SUMS
            every = None if too_many else frozenset([one + more for one in every for more in found])
    return Scores(low, high, every)


@lru_cache(maxsize=1024)
def _tables(weights: tuple[int, ...], pairs: _Known) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """The families, and of each its subsets that break nothing (a bit for each member), with their sums."""
    found = []
    for family in _families(len(weights), pairs):
        rules = [(family.index(a), family.index(b), what) for (a, b), what in pairs if {a, b} <= set(family)]
        sums = [
            (chosen, sum([weights[at] for k, at in enumerate(family) if chosen >> k & 1]))
            for chosen in range(1 << len(family))
            if _allowed(chosen, rules)
        ]
        found.append((family, sums))
    return found


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


def _mask(family: list[int], members: frozenset[int]) -> int:
    return sum([1 << k for k, at in enumerate(family) if at in members])


def _allowed(chosen: int, rules: list[tuple[int, int, int]]) -> bool:
    for a, b, what in rules:
        one, other = chosen >> a & 1, chosen >> b & 1
        if what & EXCLUDES and one and other:
            return False
        if (what & CARRIES and one and not other) or (what & CARRIED and other and not one):
            return False
    return True
