"""Replaces windows by levels of doubling, shared by all windows on the same series.

1. Level k of a series covers 2**k candles: the merge of level k-1 now and 2**(k-1) candles ago.
2. Where windows may overlap (a maximum), any length is the merge of two of its largest level.
3. Where they must not (a mean), the length is cut into powers of two, the newest the longest,
   and joined one by one, weighted by the share of the older part.

Worked: mean of 20 = blend(level 4, level 2 sixteen candles ago, share 4/20).
"""

from __future__ import annotations

from ...runtime.registry import Window, find_window
from ..graph import Graph


def expand_windows(graph: Graph, roots: tuple[int, ...]) -> tuple[Graph, tuple[int, ...]]:
    """The graph without windows, and where its roots are now."""
    target = Graph()
    made: dict[int, int] = {}
    for number in graph.reachable(roots):
        node = graph[number]
        args = tuple(made[arg] for arg in node.args)
        window = find_window(node.op)
        if window is not None:
            made[number] = _window(target, window, args[0], int(node.params[0]))
        elif node.op == "shift":
            made[number] = target.shift(args[0], int(node.params[0]))
        else:
            made[number] = target.op(node.op, *args, params=node.params)
    return target, tuple(made[root] for root in roots)


def _window(graph: Graph, window: Window, series: int, period: int) -> int:
    levels = [series]
    while 2 << (len(levels) - 1) <= period:
        half = 1 << (len(levels) - 1)
        levels.append(graph.op(window.double, levels[-1], graph.shift(levels[-1], half)))
    longest = 1 << (len(levels) - 1)
    if window.overlapping:
        older = graph.shift(levels[-1], period - longest)
        return levels[-1] if period == longest else graph.op(window.join, levels[-1], older)
    value, covered = levels[-1], longest
    for level in range(len(levels) - 2, -1, -1):
        length = 1 << level
        if (period >> level) & 1:
            older = graph.shift(levels[level], covered)
            covered += length
            value = graph.op(window.join, value, older, params=(length / covered,))
    return value
