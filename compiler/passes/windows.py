"""Replaces windows by levels of doubling, shared by all windows on the same series.

1. Level k of a series covers 2**k candles: the merge of level k-1 now and 2**(k-1) candles ago.
2. Where windows may overlap (a maximum), any length is the merge of two of its largest level.
3. Where they must not (a sum), the length is cut into powers of two, the newest the shortest, so
   that long sums are not kept for long, and added up.
4. A sum of values of both signs travels as two numbers: the rounded sum and what rounding has lost
   so far. Values that are never negative cannot cancel: for a mean their sums are plain, and levels are
   made four at a time.

Worked: the sum of 20 is that of the last 4 and of the 16 before them; the sum of 16 is that of
the last 8 and of the 8 before them.
"""

from __future__ import annotations

from ...runtime.registry import Window, find_window
from ..graph import Graph
from ..looks import Look, idle, watched

_NEVER_NEGATIVE = frozenset(("magnitude", "rise", "fall"))
_KEEP_SIGN = frozenset(("shift", "add", "multiply", "divide", "larger", "smaller"))


def expand_windows(graph: Graph, roots: tuple[int, ...], look: Look = idle) -> tuple[Graph, tuple[int, ...]]:
    """The graph without windows, and where its roots are now."""
    target = Graph()
    made: dict[int, int] = {}
    never_negative = _never_negative(graph)
    for number in watched(graph.reachable(roots), look):
        node = graph[number]
        args = tuple(made[arg] for arg in node.args)
        window = find_window(node.op)
        if window is not None:
            plain = never_negative[node.args[0]]
            made[number] = _window(target, window, args[0], int(node.params[0]), plain=plain)
        elif node.op == "shift":
            made[number] = target.shift(args[0], int(node.params[0]))
        else:
            made[number] = target.op(node.op, *args, params=node.params)
    return target, tuple(made[root] for root in roots)


def _never_negative(graph: Graph) -> list[bool]:
    """Whether a node is known to be 0, above, or undefined, on bars that are valid."""
    known: list[bool] = []
    for node in graph:
        if node.op == "const":
            known.append(float.fromhex(str(node.params[0])) >= 0.0)
        elif node.op == "bar":
            known.append("series" not in node.params[1:2])
        elif node.op == "held":
            known.append(known[node.args[0]])
        elif node.op in _KEEP_SIGN or find_window(node.op) is not None:
            known.append(all(known[arg] for arg in node.args))
        else:
            known.append(node.op in _NEVER_NEGATIVE)
    return known


def _window(graph: Graph, window: Window, series: int, period: int, *, plain: bool) -> int:
    if period == 1:
        return series
    if window.merge is not None:
        return _merged(graph, window.merge, series, period)
    mean = window.finish == "mean_of"
    if plain and mean:
        return _plain_mean(graph, series, period)
    assert window.finish is not None
    high, low = _sum(graph, series, period)
    return graph.op(window.finish, high, low, params=(period,) if mean else ())


def _merged(graph: Graph, merge: str, series: int, period: int) -> int:
    value, length = series, 1
    while 2 * length <= period:
        value = graph.op(merge, value, graph.shift(value, length))
        length *= 2
    return value if length == period else graph.op(merge, value, graph.shift(value, period - length))


# --- sums of what is never negative -----------------------------------------------------------


def _plain_mean(graph: Graph, series: int, period: int) -> int:
    parts = _parts(graph, series, period)
    if len(parts) == 1:
        return graph.op("share_of", parts[0], params=(period,))
    total = parts[0]
    for part in parts[1:-1]:
        total = graph.op("total", total, part)
    return graph.op("mean_of_parts", total, parts[-1], params=(period,))


def _parts(graph: Graph, series: int, period: int) -> list[int]:
    """Sums over powers of two that follow each other, the newest and shortest first."""
    parts: list[int] = []
    covered = 0
    while covered < period:
        length = (period - covered) & (covered - period)  # the lowest bit
        parts.append(graph.shift(_level(graph, series, length), covered))
        covered += length
    return parts


def _level(graph: Graph, series: int, length: int) -> int:
    """The sum of a power of two, by fours while it goes."""
    value, reached = series, 1
    while 4 * reached <= length:
        value = graph.op("total_of_four", *(graph.shift(value, back * reached) for back in range(4)))
        reached *= 4
    return value if reached == length else graph.op("total", value, graph.shift(value, reached))


# --- sums of values of both signs ---------------------------------------------------------------


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
