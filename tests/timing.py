"""How tests bound what something takes: the best of several runs, on a machine that may be slower than usual.

Where a run is too slow, a loop of known duration says how much slower than usual the machine is just then,
and the bound grows by that. So a bound may stand close to what is promised, and holds beside other work.
"""

from __future__ import annotations

from collections.abc import Callable
import gc
from time import perf_counter
from typing import TypeVar

REFERENCE = 0.034  # seconds that `_busy` takes
_RUNS = 6
T = TypeVar("T")


def quickly(work: Callable[[], T], bound: float) -> T:
    """What the work gives; one of some runs must be within the bound, in seconds, scaled to the machine.

    Work that remembers what it was asked has to forget it first, or the later runs measure nothing.
    """
    times = []
    gc.freeze()  # the objects of the other tests are none of the garbage collector's business here
    try:
        for _ in range(_RUNS):
            start = perf_counter()
            found = work()
            took = perf_counter() - start
            if took <= bound or took <= bound * slowness():
                return found
            times.append(f"{took * 1e3:.0f}")
    finally:
        gc.unfreeze()
    raise AssertionError(f"{', '.join(times)} ms, the bound is {bound * 1e3:.0f} ms")


def slowness() -> float:
    """How many times slower than usual the machine is right now; 1 at least."""
    start = perf_counter()
    _busy()
    return max(1.0, (perf_counter() - start) / REFERENCE)


def _busy() -> int:
    found = {}
    for n in range(100_000):
        found[n, str(n)] = (n,)
    return len(found)
