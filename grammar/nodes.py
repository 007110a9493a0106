"""The nodes of a parsed expression.

`start` and `end` are characters of the expression, brackets around a node included; `brackets`
counts those, and `inner` is the place within them. Nodes compare by identity: two trees have the
same meaning when they print alike. A chain of 2,000 operators is a tree 2,000 deep, so nothing
may recurse over one: walk with `postorder`. Nobody changes a node; they are not frozen because
making a frozen one takes three times as long, and that is a good part of the time of parsing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

COMPARISONS = (">", "<", ">=", "<=", "==", "!=")


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Node:
    """What all nodes have: their place."""

    start: int
    end: int
    brackets: int = 0
    inner: tuple[int, int] | None = None

    def __repr__(self) -> str:
        from .printer import to_text

        return f"<{type(self).__name__} {to_text(self)}>"


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Number(Node):
    """A number literal."""

    value: float


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Timeframe(Node):
    """A timeframe literal, as it is written: `1H`."""

    label: str


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Name(Node):
    """Market data, `score`, `timeframe`, an input or a condition; or a field of a symbol, `spy.close`."""

    name: str


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Call(Node):
    """A function and its arguments; `name_end` is where the name stops."""

    name: str
    arguments: tuple[Node, ...]
    name_end: int


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Offset(Node):
    """`operand[count]`, the value `count` candles ago."""

    operand: Node
    count: Node


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class At(Node):
    """`operand @ timeframe`, the value on candles of a higher timeframe; `label_at` is where that starts."""

    operand: Node
    timeframe: str
    label_at: int


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Unary(Node):
    """`-operand` or `NOT operand` (or, refused by the parser, `+operand`)."""

    operator: str
    operand: Node


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Binary(Node):
    """Two operands and what stands between them; `at` is where the operator starts."""

    operator: str
    left: Node
    right: Node
    at: int


def inside(node: Node) -> tuple[int, int]:
    """The place of a node without the brackets around it."""
    return node.inner or (node.start, node.end)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, from left to right."""
    if isinstance(node, Binary):
        return node.left, node.right
    if isinstance(node, Unary | At):
        return (node.operand,)
    if isinstance(node, Offset):
        return node.operand, node.count
    return node.arguments if isinstance(node, Call) else ()


def with_children(node: Node, below: Sequence[Node]) -> Node:
    """The node with others in the places of its `children`; itself where they are the same."""
    if all(new is old for new, old in zip(below, children(node), strict=True)):
        return node
    if isinstance(node, Binary):
        return replace(node, left=below[0], right=below[1])
    if isinstance(node, Unary | At):
        return replace(node, operand=below[0])
    if isinstance(node, Offset):
        return replace(node, operand=below[0], count=below[1])
    assert isinstance(node, Call)
    return replace(node, arguments=tuple(below))


_LEAVES = (Name, Number)
_NOT_FOLLOWED = (*_LEAVES, At)


def postorder(root: Node) -> Iterator[Node]:
    """Every node, operands before operators, from left to right, without recursion."""
    return _ordered(root, _LEAVES)


def on_own_candles(root: Node) -> Iterator[Node]:
    """The same but for what stands on candles of a higher timeframe: `x @ 4H` comes without its x."""
    return _ordered(root, _NOT_FOLLOWED)


def _ordered(root: Node, ends: tuple[type[Node], ...]) -> Iterator[Node]:
    order: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        if not isinstance(node, ends):
            stack.extend(children(node))
    return reversed(order)
