"""Owns the words of verdicts on truths: what is shown of an expression, why it never or always holds, and
which offset its author meant.

Worked: `rsi(close, 14) > 120` is never true: `rsi(close, 14)` is at most 100. `close > highest(high, 20)` is
never true: `close` is never above `highest(high, 20)`; `highest(high, 20)[1]` is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...grammar.diagnostics import Mend, Pointer, Rewrite
from ...grammar.nodes import COMPARISONS, Binary, Call, Name, Node, Number, Unary, postorder
from ...grammar.printer import to_text
from ...grammar.words import clipped, number_text
from .memory import SCALE, TINY

if TYPE_CHECKING:
    from .judge import Judge

_NOT_ABOVE = {
    ">": "is never above",
    ">=": "is always below",
    "<": "is never below",
    "<=": "is always above",
    "==": "is never equal to",
    "!=": "is always equal to",
}
_ALWAYS = {
    ">": "is always above",
    ">=": "is never below",
    "<": "is always below",
    "<=": "is never above",
    "==": "is always equal to",
    "!=": "is never equal to",
}
_CROSSES = {"crossUp": ">", "crossDown": "<"}
_MOST_PARTS = 12
_LONG = 600  # characters; longer expressions take their time to be printed


def shown(tree: Node) -> str:
    """An expression as it is printed, clipped where it is long."""
    return clipped(to_text(tree), 72) if tree.end - tree.start <= _LONG else "…"


def _quoted(tree: Node) -> str:
    return f"`{clipped(to_text(tree), 60)}`" if tree.end - tree.start <= _LONG else "the rest"


def why_never(judge: Judge, tree: Node, truth: int) -> str:
    """Why a truth never holds."""
    if isinstance(tree, Binary) and tree.operator in COMPARISONS:
        return _bound(judge, tree, truth) or _compared(tree.left, _NOT_ABOVE[tree.operator], tree.right)
    if judge.is_own(tree):
        return "with these arguments its formula never holds"
    if isinstance(tree, Call) and tree.name in _CROSSES and len(tree.arguments) == 2:
        return _no_cross(judge, tree, truth)
    pair = _pair(judge, tree, holds=True)
    if pair is not None:
        return f"{_quoted(pair[0])} and {_quoted(pair[1])} are never true together"
    if isinstance(tree, Unary):
        return f"{_quoted(tree.operand)} is always true"
    return "its parts are never true together"


def why_always(judge: Judge, tree: Node, truth: int) -> str:
    """Why a truth always holds."""
    if isinstance(tree, Binary) and tree.operator in COMPARISONS:
        return _bound(judge, tree, truth) or _compared(tree.left, _ALWAYS[tree.operator], tree.right)
    if judge.is_own(tree):
        return "with these arguments its formula always holds"
    pair = _pair(judge, tree, holds=False)
    if pair is not None:
        return f"one of {_quoted(pair[0])} and {_quoted(pair[1])} is true wherever both are defined"
    if isinstance(tree, Unary):
        return f"{_quoted(tree.operand)} is never true"
    return "some part of it is true wherever all are defined"


def _compared(left: Node, relation: str, right: Node) -> str:
    return f"{_quoted(left)} {relation} {_quoted(right)}"


def _bound(judge: Judge, tree: Binary, truth: int) -> str | None:
    """The end of a range that decides a comparison with a constant."""
    memory = judge.known.memory
    x, y = memory.args[truth]
    if tree.operator in ("<", "<="):
        x, y = y, x
    for side, node, other in ((x, tree.left, y), (y, tree.right, x)):
        if memory.low[other] != memory.high[other] or isinstance(node, Number):
            continue
        if memory.low[side] >= memory.low[other]:
            low = memory.low[side]
            return f"{_quoted(node)} is " + (
                "above 0" if low == TINY else f"at least {number_text(low + 0.0)}"
            )
        if memory.high[side] <= memory.low[other]:
            return f"{_quoted(node)} is at most {number_text(memory.high[side] + 0.0)}"
    return None


def _no_cross(judge: Judge, tree: Call, truth: int) -> str:
    operator = _CROSSES[tree.name]
    cases = judge.known.cases(truth)
    first = cases is not None and not judge.known.possible(cases[0][:1])
    relation = (_NOT_ABOVE if first else _ALWAYS)[operator]
    if not first and (cases is None or judge.known.possible(cases[0][1:2])):
        return "what it asks of this candle and of the one before never comes together"
    return _compared(tree.arguments[0], relation, tree.arguments[1])


def _pair(judge: Judge, tree: Node, *, holds: bool) -> tuple[Node, Node] | None:
    """Two parts of a truth that can not both hold, or not both fail."""
    parts: list[tuple[Node, int]] = []
    below = {id(node) for node in postorder(tree)} - {id(tree)}
    joints = {
        id(node) for node in postorder(tree) if isinstance(node, Binary) and node.operator in ("AND", "OR")
    }
    for _, node, number in judge.checked.truths:
        if id(node) in below and id(node) not in joints:
            parts.append((node, judge.places[number]))
    known = judge.known
    parts = list({number: (node, number) for node, number in parts}.values())
    for at, (node, number) in enumerate(parts[:_MOST_PARTS]):
        for other, another in parts[:at]:
            one, two = known.cases(number, holds), known.cases(another, holds)
            if one and two and known.excludes(one, two):
                return other, node
    return None


# --- the offset that was meant ----------------------------------------------------------------


def offset_mend(judge: Judge, pointer: Pointer, tree: Node, truth: int) -> tuple[Mend | None, str | None]:
    """`highest(high, 20)[1]` for a maximum that includes the candle itself, and the help that says so."""
    cases, memory = judge.known.cases(truth), judge.known.memory
    operator, sides = _two_sides(tree) if not judge.is_own(tree) else ("", ())
    if sides and cases and len(cases) == 1 and not judge.known.possible(cases[0][:1]):
        _, x, y = cases[0][0]
        low, high = sides if operator in (">", ">=") else sides[::-1]
        by_order = memory.high[x % SCALE] > memory.low[y % SCALE]  # not because of the ranges alone
        for side, value, op in ((low, x, "lowest"), (high, y, "highest")):
            is_extreme = memory.ops[value % SCALE] == op and value // SCALE == 0
            if by_order and is_extreme and isinstance(side, Call | Name):
                text = clipped(f"{to_text(side)}[1]", 60)
                changes = (Rewrite(pointer, side.end, side.end, "[1]"),)
                mend = Mend(f"compare with `{text}`", changes, False)
                return mend, f"to leave out the candle itself, write `{text}`"
    return None, "remove it, or compare with something else"


def _two_sides(tree: Node) -> tuple[str, tuple[Node, ...]]:
    """How a comparison or a cross compares, and what."""
    if isinstance(tree, Binary) and tree.operator in (">", ">=", "<", "<="):
        return tree.operator, (tree.left, tree.right)
    if isinstance(tree, Call) and tree.name in _CROSSES:
        return _CROSSES[tree.name], tree.arguments
    return "", ()
