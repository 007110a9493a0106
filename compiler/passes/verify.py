"""Checks that a graph can run: operands before users, right kinds and counts, candles of one frame.

A failure here is a mistake of the compiler, never of a strategy.
"""

from __future__ import annotations

from ...runtime.registry import Kind, find_window, kernels
from ..facts import right_ends
from ..graph import Graph, Node
from ..looks import Look, idle, watched

_LEAVES = {"bar": 1, "frame": 1, "const": 0, "truth": 0, "points": 0}
"""Operations that read nothing; the one operand that some have is the frame that they are of."""


_Frame = int | None
_OWN, _MIXED = -1, -2
"""The candles of the strategy, and those of more than one frame."""


def verify(graph: Graph, look: Look = idle) -> None:
    """Raise AssertionError at the first node that is not well formed."""
    kinds: list[Kind] = []
    frames: list[_Frame] = []
    for node in watched(graph, look):
        problem = _problem(kinds, node)
        if not problem:
            frames.append(_frame(graph, frames, node))
            problem = "its operands are of different candles" if frames[-1] == _MIXED else None
        if problem:
            raise AssertionError(f"node {len(kinds)} ({node.op}): {problem}")
        kinds.append(graph.kind(len(kinds)))
    if max(right_ends(graph), default=0) > 0:
        raise AssertionError("the graph reads the future")


def _frame(graph: Graph, frames: list[_Frame], node: Node) -> _Frame:
    """The frame whose candles a value is of, or `_OWN`; None for a constant, which is of any."""
    if node.op == "frame":
        return None
    if node.op == "bar":
        return node.args[0] if node.args else _OWN
    if node.op == "held":
        inner, frame = node.args
        outer = graph[frame].args
        return (outer[0] if outer else _OWN) if frames[inner] in (frame, None) else _MIXED
    found = {frames[arg] for arg in node.args} - {None}
    if len(found) > 1:
        return _MIXED
    return next(iter(found), None)


def _problem(kinds: list[Kind], node: Node) -> str | None:
    """What is wrong with a node, whose number is that of the kinds before it."""
    if max(node.args, default=-1) >= len(kinds):
        return "uses a later node"
    if node.op in _LEAVES:
        return None if len(node.args) <= _LEAVES[node.op] else "a leaf has operands"
    if node.op == "held":
        return None if [kinds[arg] for arg in node.args] == ["number", "number"] else "holds no number"
    if node.op == "shift":
        return None if int(node.params[0]) > 0 else "shifts into the future"
    if find_window(node.op) is not None:
        return None if int(node.params[0]) >= 1 else "empty window"
    kernel = kernels().get(node.op)
    if kernel is None:
        return "no such kernel"
    operands = tuple([kinds[arg] for arg in node.args])
    if operands != kernel.operands:
        return f"operands {list(operands)}, wanted {kernel.operands}"
    return None if len(node.params) == len(kernel.params) else "wrong number of parameters"
