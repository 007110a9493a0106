"""A strategy with every window and every offset cut to a length: what would a shorter one cost?

1. Each expression that has a longer window or offset is rewritten; literals are cut, and so are the
   names of constant inputs, where they stand for a number of candles.
2. The document with these expressions is checked again.

Worked: cut to 20, `sma(close, n)[30] > n` with `n` = 50 becomes `sma(close, 20)[20] > n`.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
import math
from typing import TYPE_CHECKING

from ..compiler.analyze import Checked
from ..compiler.front import check
from ..compiler.graph import Graph
from ..grammar.document import load
from ..grammar.nodes import Call, Name, Node, Number, Offset, children, postorder, with_children
from ..grammar.printer import to_text
from ..runtime.registry import PERIODS

if TYPE_CHECKING:
    from ..strategy import Strategy


def shortened(strategy: Strategy, longest: int) -> Checked | None:
    """The strategy with every longer window and offset cut; None if that is no strategy."""
    checked, document = strategy._checked, strategy._document
    if not isinstance(document.data, dict):
        return None
    data = deepcopy(document.data)
    for (section, name), tree in expressions(checked).items():
        known = (
            replace(checked, inputs={}) if section == "functions" else checked
        )  # names are parameters there
        if any(length > longest for length in lengths(tree, known)):
            data[section][name] = to_text(_cut(tree, known, longest))
    return check(load(data), strategy._override, strategy.values)[0]


def expressions(checked: Checked) -> dict[tuple[str, str], Node]:
    """All expressions of a document, the formulas of its functions among them."""
    return {("functions", own.key): own.tree for own in checked.own.values()} | dict(checked.trees)


def lengths(tree: Node, checked: Checked) -> Iterator[int]:
    """The windows and offsets in a tree."""
    for node in postorder(tree):
        for length in _counts(node, checked):
            value = _constant(length, checked)
            if value is not None:
                yield value


def _counts(node: Node, checked: Checked) -> list[Node]:
    """The nodes directly below that are numbers of candles."""
    if isinstance(node, Offset):
        return [node.count]
    called = checked.called(node.name) if isinstance(node, Call) else None
    if called is None or not isinstance(node, Call):
        return []
    pairs = zip(called.parameters, node.arguments, strict=False)
    return [argument for parameter, argument in pairs if parameter.kind in PERIODS]


def _constant(node: Node, checked: Checked) -> int | None:
    """The value of a literal or of an input that is constant."""
    if isinstance(node, Number):
        return int(node.value)
    if isinstance(node, Name) and node.name in checked.inputs:
        value = _of_graph(checked.graph, checked.inputs[node.name])
        return None if value is None else int(value)
    return None


def _of_graph(graph: Graph, node: int) -> float | None:
    value = graph.constant(node)
    return value if value is not None and math.isfinite(value) else None


def _cut(tree: Node, checked: Checked, longest: int) -> Node:
    """The tree with longer windows and offsets cut."""
    made: dict[int, Node] = {}
    for node in postorder(tree):
        below = [made[id(child)] for child in children(node)]
        counts = {id(count) for count in _counts(node, checked)}
        for at, child in enumerate(children(node)):
            value = _constant(child, checked) if id(child) in counts else None
            if value is not None and value > longest:
                below[at] = Number(start=child.start, end=child.end, value=float(longest))
        made[id(node)] = with_children(node, below)
    return made[id(tree)]
