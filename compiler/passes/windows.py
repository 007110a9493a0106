"""Replaces windows by levels of doubling, shared by all windows on the same series.

1. Level k of a series covers 2**k candles: the merge of level k-1 now and 2**(k-1) candles ago.
2. Where windows may overlap (a maximum), any length is the merge of two of its largest level.
3. Where they must not (a sum), the length is cut into powers of two, the newest the shortest, so
   that long sums are not kept for long, and added up. A sum travels as two numbers: the rounded
   sum and what rounding has lost so far.

Worked: the sum of 20 is that of the last 4 and of the 16 before them; the sum of 16 is that of
the last 8 and of the 8 before them.
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
    if period == 1:
        return series
    if window.merge is not None:
        return _merged(graph, window.merge, series, period)
    assert window.finish is not None
    high, low = _sum(graph, series, period)
    return graph.op(window.finish, high, low, params=(period,))


def _merged(graph: Graph, merge: str, series: int, period: int) -> int:
    value, length = series, 1
    while 2 * length <= period:
        value = graph.op(merge, value, graph.shift(value, length))
        length *= 2
    return value if length == period else graph.op(merge, value, graph.shift(value, period - length))


def _sum(graph: Graph, series: int, period: int) -> tuple[int, int]:
    """The sum of the window and what rounding has lost of it."""
    level: tuple[int, int | None] = (series, None)
    total: tuple[int, int | None] | None = None
    covered, length = 0, 1
    while True:
        if period & length:
            older = _ago(graph, level, covered)
            total = older if total is None else _add(graph, total, older)
            covered += length
        length *= 2
        if length > period:
            break
        level = _add(graph, level, _ago(graph, level, length // 2))
    assert total is not None
    assert total[1] is not None
    return total[0], total[1]


def _ago(graph: Graph, level: tuple[int, int | None], candles: int) -> tuple[int, int | None]:
    """A sum some candles ago."""
    high, low = level
    return graph.shift(high, candles), None if low is None else graph.shift(low, candles)


def _add(graph: Graph, a: tuple[int, int | None], b: tuple[int, int | None]) -> tuple[int, int]:
    high = graph.op("total", a[0], b[0])
    if a[1] is None and b[1] is None:
        return high, graph.op("rounding", a[0], b[0])
    zero = graph.number(0.0)
    return high, graph.op("carry", a[0], b[0], zero if a[1] is None else a[1], zero if b[1] is None else b[1])
