"""Takes a truth apart into what AND, OR and NOT join: comparisons, and conditions by their name.

1. AND, OR and NOT are followed down. `(a > b)[2]` is followed as `a > b` of two candles ago.
2. The call of a truth that has a formula is followed as its formula, the arguments put in place. Of the
   document's own functions one level is followed, and of long ones none: what is left stays readable.
3. What is left is a part, with its place in the graph; the order of joining is kept beside it.

Worked: `up AND NOT crossUp(fast, slow)` has the parts `up`, `fast > slow` and `fast[1] <= slow[1]`,
and they are joined in the steps 0 1 2 and not and.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ..grammar.nodes import (
    COMPARISONS,
    At,
    Binary,
    Call,
    Name,
    Node,
    Number,
    Offset,
    Timeframe,
    Unary,
    postorder,
)
from ..grammar.parser import parse
from ..grammar.printer import to_text
from ..runtime.registry import function
from .analyze import Checked, Reader
from .own import Own
from .parameters import replaced

Join: TypeAlias = Literal["and", "or", "not"]

_LONGEST = 100  # nodes of a formula with its arguments that is followed
_JOINS: dict[str, Join] = {"AND": "and", "OR": "or"}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: its canonical text and its node."""

    text: str
    node: int


@dataclass(frozen=True, slots=True)
class Part:
    """A truth that is not taken apart further: its canonical text, its node, and how many candles ago.

    A comparison has an `operator` and two `sides`; a number that stands for a truth is compared with 0.
    The use of a condition has the name of that `condition`. `within` is the call that it came out of.
    """

    text: str
    truth: int
    ago: int = 0
    within: str | None = None
    condition: str | None = None
    operator: str | None = None
    sides: tuple[Side, Side] | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """The parts of a truth from left to right, and the steps that join them: operands, then operator.

    A number among the steps is that of a part.
    """

    parts: tuple[Part, ...]
    steps: tuple[int | Join, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A tree on its way down: how many candles ago it is asked for, and the call that it came out of."""

    tree: Node
    ago: int = 0
    within: str | None = None


def take_apart(tree: Node, checked: Checked, reader: Reader) -> Joined:
    """The parts of a truth in a checked document.

    >>> from ..grammar.document import load
    >>> from .front import check
    >>> checked, _ = check(load({
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {},
    ...     "conditions": {"c": "NOT crossUp(close, 5)[2]"},
    ...     "score": {},
    ...     "decision": {"entry": "c"},
    ... }))
    >>> joined = take_apart(checked.trees["conditions", "c"], checked, Reader(checked))
    >>> [(part.text, part.ago, part.within) for part in joined.parts]
    [('close > 5', 2, 'crossUp(close, 5)'), ('close[1] <= 5', 2, 'crossUp(close, 5)')]
    >>> joined.steps
    (0, 1, 'and', 'not')
    """
    found: list[Part | Join] = []
    stack = [_Place(tree)]
    while stack:
        place = stack.pop()
        join, below = _followed(place, checked, reader)
        stack.extend(below)
        if join is not None:
            found.append(join)
        elif not below:
            found.append(_part(place, checked, reader))
    return _numbered(reversed(found))


def _numbered(found: Iterator[Part | Join]) -> Joined:
    parts: list[Part] = []
    steps: list[int | Join] = []
    for item in found:
        if isinstance(item, Part):
            steps.append(len(parts))
            parts.append(item)
        else:
            steps.append(item)
    return Joined(tuple(parts), tuple(steps))


def _followed(place: _Place, checked: Checked, reader: Reader) -> tuple[Join | None, list[_Place]]:
    """The operator at a place and the places below it; neither where the place is a part."""
    tree = place.tree
    if isinstance(tree, Binary) and tree.operator in _JOINS:
        below = [replace(place, tree=tree.left), replace(place, tree=tree.right)]
        return _JOINS[tree.operator], below
    if isinstance(tree, Unary) and tree.operator == "NOT":
        return "not", [replace(place, tree=tree.operand)]
    if isinstance(tree, Offset):
        base, candles = _unshifted(tree, checked, reader)
        if _is_truth(base, checked):
            return None, [replace(place, tree=base, ago=place.ago + candles)]
    if isinstance(tree, Call):
        formula = _formula(tree, checked, place.within is None)
        if formula is not None:
            return None, [_Place(formula, place.ago, place.within or to_text(tree))]
    return None, []


def _unshifted(tree: Node, checked: Checked, reader: Reader) -> tuple[Node, int]:
    """What stands before the offsets of a tree, and their sum."""
    candles = 0
    while isinstance(tree, Offset):
        candles += int(checked.graph.constant(reader.number(tree.count)) or 0)
        tree = tree.operand
    return tree, candles


def _is_truth(tree: Node, checked: Checked) -> bool:
    while isinstance(tree, At):
        tree = tree.operand
    if isinstance(tree, Name):
        return tree.name in checked.conditions
    if isinstance(tree, Call):
        called = checked.called(tree.name)
        return called is not None and called.result == "truth"
    if isinstance(tree, Unary):
        return tree.operator == "NOT"
    return isinstance(tree, Binary) and (tree.operator in _JOINS or tree.operator in COMPARISONS)


def _formula(call: Call, checked: Checked, outermost: bool) -> Node | None:
    """The formula of a truth that is called, with the arguments in the places of its parameters."""
    if call.name in checked.own:
        return _own_formula(call, checked.own[call.name]) if outermost else None
    called = function(call.name)
    if called is None or called.result != "truth" or called.formula is None:
        return None
    tree = parse(called.formula).tree
    assert tree is not None, called.name
    calls = [node.name for node in postorder(tree) if isinstance(node, Call)]
    if any(name in checked.own or function(name) is None for name in calls):
        return None  # a function that no author can write, or that means something else in this document
    names = (parameter.name for parameter in called.parameters)
    arguments = dict(zip(names, call.arguments, strict=True))
    return replaced(tree, lambda name: arguments.get(name.name))


def _own_formula(call: Call, own: Own) -> Node | None:
    """The formula of one of the document's own functions, if it is a truth and not long."""
    sizes = {name: sum(1 for _ in postorder(tree)) for name, tree in _arguments(call, own).items()}
    size = sum(sizes.get(node.name, 1) if isinstance(node, Name) else 1 for node in own.nodes)
    if own.function.result != "truth" or size > _LONGEST:
        return None
    arguments = _arguments(call, own)
    return replaced(own.tree, lambda name: arguments.get(name.name))


def _arguments(call: Call, own: Own) -> dict[str, Node]:
    names = (parameter.name for parameter in own.function.parameters)
    return dict(zip(names, call.arguments, strict=True))


def _part(place: _Place, checked: Checked, reader: Reader) -> Part:
    tree = place.tree
    part = Part(to_text(tree), reader.truth(tree), place.ago, place.within)
    if isinstance(tree, Name) and tree.name in checked.conditions:
        return replace(part, condition=tree.name)
    if isinstance(tree, Binary) and tree.operator in COMPARISONS:
        if isinstance(tree.left, Timeframe) or isinstance(tree.right, Timeframe):
            return part
        left, right = _side(tree.left, reader), _side(tree.right, reader)
        text = f"{left.text} {tree.operator} {right.text}"
        return replace(part, text=text, operator=tree.operator, sides=(left, right))
    if _is_truth(tree, checked):
        return part
    zero = Side("0", checked.graph.number(0.0))
    return replace(part, operator="!=", sides=(_side(tree, reader), zero))


def _side(tree: Node, reader: Reader) -> Side:
    """A side of a comparison. A literal that a formula reads one candle ago is shown as it stands."""
    literal = isinstance(tree, Offset) and isinstance(tree.operand, Number)
    return Side(to_text(tree.operand if literal else tree), reader.number(tree))  # type: ignore[attr-defined]
