"""The words in which minimal firing sets are asked for and told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

LISTED = 1000
"""How many sets are kept; of all others only the number is said."""

Range: TypeAlias = tuple[float, float]
Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Relations:
    """What is known of some truths, by their places in a list, before any candle is seen.

    The second of `implications` holds wherever the first does; `exclusions` never hold together; `never` hold
    on no candle, and `always` on every one, the first candles included.
    """

    implications: tuple[Pair, ...] = ()
    exclusions: tuple[Pair, ...] = ()
    never: tuple[int, ...] = ()
    always: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FiringSet:
    """Conditions that fire the decision when they hold and no others do, and the score that they make.

    `comparisons` are those of the decision's own that have to hold, too, as canonical texts. Each one of
    `unless` would stop it if it held as well.
    """

    conditions: tuple[str, ...]
    comparisons: tuple[str, ...]
    score: int
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Firing:
    """The minimal sets that fire the decision, the smallest first, and the reachable scores.

    `conditions` are those that have a weight or are used by the decision, `comparisons` the decision's own
    that are free to hold or not. `sets` are the first of `count`. If `complete`, these are all minimal sets.
    Otherwise there are too many conditions for that: the search stopped, all minimal sets of at most
    `searched` members are among the ones that were counted, and there may be larger ones. `least` and
    `most` are the smallest and the largest reachable score, None where not every assignment was tried.
    """

    conditions: tuple[str, ...]
    comparisons: tuple[str, ...]
    sets: tuple[FiringSet, ...]
    count: int
    complete: bool
    searched: int
    least: int | None
    most: int | None
