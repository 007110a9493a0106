"""Times contenders side by side, so that a busy machine falls on all of them alike.

1. Every contender runs a few times: compiled, imported, memory mapped.
2. In each round every contender runs once, each round beginning with the next one.
3. The time of a contender is the median of its rounds. The ratio of two is the median of the
   ratios within the rounds, which a slow minute of the machine moves less than either time.

Worked: rounds of (2, 4), (3, 6) and (9, 6) seconds → medians 3 and 6, ratio median(2, 2, 0.67) = 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
import gc
from statistics import median
from time import perf_counter

Run = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """The seconds of one contender, round by round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return median(self.seconds)

    @property
    def quickest(self) -> float:
        """The shortest round, in seconds: the nearest to what an idle machine would show."""
        return min(self.seconds)

    def ratio(self, other: Timing) -> float:
        """How many times as long this takes as `other`, round by round.

        >>> Timing((4.0, 6.0, 6.0)).ratio(Timing((2.0, 3.0, 9.0)))
        2.0
        """
        return median(mine / theirs for mine, theirs in zip(self.seconds, other.seconds, strict=True))


def interleave(contenders: Mapping[str, Run], rounds: int, warmups: int = 2) -> dict[str, Timing]:
    """The timings of all contenders by name, measured in turns."""
    names = list(contenders)
    for name in names:
        for _ in range(warmups):
            contenders[name]()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with _settled_heap():
        for turn in range(rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                seconds[name].append(_seconds(contenders[name]))
    return {name: Timing(tuple(seconds[name])) for name in names}


def _seconds(run: Run) -> float:
    start = perf_counter()
    found = run()
    end = perf_counter()
    del found  # after the clock has stopped: a caller keeps what it asked for
    return end - start


@contextmanager
def _settled_heap() -> Iterator[None]:
    """Hide what the imports left from the garbage collector, which stays on, as for a user."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
