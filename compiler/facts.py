"""What is known of a node before any candle is seen, one rule an operation.

`Extent` is the candles that a value reads, relative to its own: `[-20, 0]` for the mean of 21,
`[-∞, 0]` for a smoothing. Its right end is the certificate of causality: above 0 it would read
the future. `first` is the first candle on which the value is defined when the bars have no
gaps; `settle` is how many candles before that a recurrence needs to forget its start.
The three are different things, so they are kept apart.

Worked: `crossUp(ema(close, 9), ema(close, 21))` reads [-∞, 0], is first defined on candle 21
(one more than the slow average), and has forgotten its start 414 candles later.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..grammar.words import MINUTES, UTC
from ..runtime.registry import find_window, kernels
from .graph import Graph, Param, reach

EVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Fact:
    """Extent, first defined candle and settle length of one node."""

    left: float
    right: int
    first: int
    settle: int


def facts(graph: Graph) -> list[Fact]:
    """The facts of every node, by its number.

    >>> graph = Graph()
    >>> node = graph.op("mean", graph.shift(graph.bar("close"), 1), params=(21,))
    >>> facts(graph)[node]
    Fact(left=-21, right=-1, first=21, settle=0)
    """
    known: list[Fact] = []
    for node, right in zip(graph, right_ends(graph), strict=True):
        if node.op == "held":
            known.append(_held(known[node.args[0]], candles_in(graph[node.args[1]].params), right))
            continue
        args = [known[arg] for arg in node.args]
        back = reach(node)
        known.append(
            Fact(
                left=EVER if back is None else min((arg.left for arg in args), default=0) - back,
                right=right,
                first=max((arg.first for arg in args), default=0) + own_first(node.op, node.params),
                settle=max((arg.settle for arg in args), default=0) + _own_settle(node.op, node.params),
            )
        )
    return known


def candles_in(params: tuple[Param, ...]) -> int:
    """The most candles that a candle of a frame is made of; a day may have 25 hours.

    >>> candles_in(("4H", "1H", "UTC")), candles_in(("1D", "4H", "UTC")), candles_in(("1D", "4H", "+02:00"))
    (4, 6, 7)
    """
    minutes, below = MINUTES[str(params[0])], MINUTES[str(params[1])]
    longer = 60 if minutes >= MINUTES["1D"] > below and params[2] != UTC else 0
    return -(-(minutes + longer) // below)


def _held(inner: Fact, count: int, right: int) -> Fact:
    """What a frame whose candles are made of so many makes of the facts of a value on them.

    The history may begin inside a candle, which then does not count; and the last candle that has closed
    is seen until the next has.
    """
    return Fact(
        left=count * (inner.left - 2) + 2,
        right=right,
        first=count * (inner.first + 2) - 2,
        settle=count * inner.settle,
    )


def right_ends(graph: Graph) -> list[int]:
    """The right end of every node's extent: the whole certificate of causality, and quickly made.

    >>> graph = Graph()
    >>> node = graph.shift(graph.bar("close"), 2)
    >>> right_ends(graph)[node]
    -2
    """
    ends = graph.ends
    for node in graph.nodes[len(ends) :]:
        latest = max([ends[arg] for arg in node.args]) if node.args else 0
        ends.append(latest - int(node.params[0]) if node.op == "shift" else latest)
    return ends


def own_first(op: str, params: tuple[Param, ...]) -> int:
    """How many candles later than its operands an operation is first defined.

    >>> own_first("mean", (21,)), own_first("shift", (3,)), own_first("add", ())
    (20, 3, 0)
    """
    if op == "shift":
        return int(params[0])
    if find_window(op) is not None:
        return int(params[0]) - 1
    kernel = kernels().get(op)
    return kernel.first(*params) if kernel is not None else 0


def _own_settle(op: str, params: tuple[Param, ...]) -> int:
    kernel = kernels().get(op)
    return kernel.settle(*params) if kernel is not None else 0
