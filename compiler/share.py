"""Divides the nodes of a graph among threads, in phases between which the threads wait.

In a phase no thread needs what another one computes in it:

1. The nodes that nobody in the pool reads are dealt out, each to the thread that has the least to
   do so far, with everything that it needs.
2. What several threads got is taken out again and becomes the pool of the phase before.
3. When the pool is small or no longer shrinks, the first thread does the rest alone, first.

Worked, two threads: entries a and b that share an average c. The last phase is [a, b]; c is left
over and is done before, by the first thread.
"""

from __future__ import annotations

from collections.abc import Mapping
import heapq

_MOST_PHASES = 6
_SMALL = 0.02  # of the whole work: not worth another phase

Phase = list[list[int]]
"""The nodes of each thread, in ascending order."""


def divide(
    work: list[int], needs: Mapping[int, set[int]], costs: Mapping[int, float], threads: int
) -> list[Phase]:
    """The phases in the order in which they run.

    >>> divide([1, 2, 3], {1: set(), 2: {1}, 3: {1}}, {1: 1.0, 2: 1.0, 3: 1.0}, 2)
    [[[1], []], [[2], [3]]]
    """
    whole = sum(costs[number] for number in work)
    phases: list[Phase] = []
    pool = work
    while (
        threads > 1 and len(phases) < _MOST_PHASES - 1 and sum(map(costs.__getitem__, pool)) > _SMALL * whole
    ):
        phase, shared = _deal(pool, needs, costs, threads)
        if not any(phase[1:]):
            break
        phases.append(phase)
        pool = shared
    if pool or not phases:
        phases.append([pool, *([] for _ in range(threads - 1))])
    return phases[::-1]


def _deal(
    pool: list[int], needs: Mapping[int, set[int]], costs: Mapping[int, float], threads: int
) -> tuple[Phase, list[int]]:
    inside = set(pool)
    read = {need for number in pool for need in needs[number] if need in inside}
    owners: dict[int, int] = dict.fromkeys(pool, 0)  # a bit a thread
    loads = [(0.0, thread) for thread in range(threads)]
    for root in pool:
        if root in read:
            continue
        load, thread = heapq.heappop(loads)
        stack = [root]
        while stack:
            number = stack.pop()
            if owners[number] >> thread & 1:
                continue
            if owners[number] == 0:  # what is shared is taken out again
                load += costs[number]
            owners[number] |= 1 << thread
            stack.extend(need for need in needs[number] if need in inside)
        heapq.heappush(loads, (load, thread))
    phase = [[number for number in pool if owners[number] == 1 << thread] for thread in range(threads)]
    return phase, [number for number in pool if owners[number] & (owners[number] - 1)]
