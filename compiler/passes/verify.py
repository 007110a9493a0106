"""Checks that a graph is one that can run: operands before users, right kinds, right counts.

A failure here is a mistake of the compiler, never of a strategy.
"""

from __future__ import annotations

from ...runtime.registry import find_window, kernels
from ..facts import right_ends
from ..graph import Graph, Node
from ..looks import Look, idle, watched

_LEAVES = frozenset(("bar", "const", "truth", "points"))


def verify(graph: Graph, look: Look = idle) -> None:
    """Raise AssertionError at the first node that is not well formed."""
    for number, node in enumerate(watched(graph, look)):
        problem = _problem(graph, number, node)
        if problem:
            raise AssertionError(f"node {number} ({node.op}): {problem}")
    if max(right_ends(graph), default=0) > 0:
        raise AssertionError("the graph reads the future")


def _problem(graph: Graph, number: int, node: Node) -> str | None:
    if any(arg >= number for arg in node.args):
        return "uses a later node"
    if node.op in _LEAVES:
        return "a leaf has operands" if node.args else None
    if node.op == "shift":
        return None if int(node.params[0]) > 0 else "shifts into the future"
    if find_window(node.op) is not None:
        return None if int(node.params[0]) >= 1 else "empty window"
    kernel = kernels().get(node.op)
    if kernel is None:
        return "no such kernel"
    if tuple(graph.kind(arg) for arg in node.args) != kernel.operands:
        return f"operands {[graph.kind(arg) for arg in node.args]}, wanted {kernel.operands}"
    return None if len(node.params) == len(kernel.params) else "wrong number of parameters"
