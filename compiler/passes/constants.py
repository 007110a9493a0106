"""Gives kernels their constants as parameters, so that nobody reads them candle by candle.

`rsi > 70` compares with a constant, as a third of all comparisons in strategies do. As an operand a
constant takes a slot, a value for every candle of a chunk; as a parameter it takes a register.

Worked: greater(x, 70) → above(x; 70), greater(70, x) → below(x; 70), multiply(2, x) → scale(x; 2).
"""

from __future__ import annotations

from ..graph import Graph, Node
from ..looks import Look, idle, watched

_WITH_PARAMETER = {
    ("greater", 1): "above",
    ("greater", 0): "below",
    ("greater_or_equal", 1): "at_or_above",
    ("greater_or_equal", 0): "at_or_below",
    ("multiply", 1): "scale",
    ("multiply", 0): "scale",
}
"""By the operation and which of its two operands is the constant."""


def take_constants(graph: Graph, roots: tuple[int, ...], look: Look = idle) -> tuple[Graph, tuple[int, ...]]:
    """The graph with constants as parameters where a kernel has them, and where its roots are now."""
    target = Graph()
    made: dict[int, int] = {}
    for number in watched(graph.reachable(roots), look):
        node = graph[number]
        if node.op == "shift":
            made[number] = target.shift(made[node.args[0]], int(node.params[0]))
            continue
        node = _with_parameter(graph, node)
        made[number] = target.op(node.op, *(made[arg] for arg in node.args), params=node.params)
    return target, tuple(made[root] for root in roots)


def _with_parameter(graph: Graph, node: Node) -> Node:
    for place, arg in enumerate(node.args):
        value, op = graph.constant(arg), _WITH_PARAMETER.get((node.op, place))
        if value is not None and op is not None:
            return Node(op, node.args[:place] + node.args[place + 1 :], (value,))
    return node
