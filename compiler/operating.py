"""What operators give, and the walk over an expression: operands are on a stack when their operator comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..grammar import catalogue as say
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
    on_own_candles,
)
from ..grammar.parser import is_chained
from ..grammar.words import LIMITS, TIMEFRAMES, number_text
from . import remedies
from .calling import Calling
from .higher import on_higher_candles
from .reading import shown
from .values import UNKNOWN, Value

_COMPARE = {
    ">": ("greater", False),
    "<": ("greater", True),
    ">=": ("greater_or_equal", False),
    "<=": ("greater_or_equal", True),
    "==": ("equal", False),
    "!=": ("unequal", False),
}
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


class Operating(Calling):
    """Reads whole expressions."""

    def walk(self, tree: Node, every: list[Value] | None = None, nodes: Sequence[Node] = ()) -> Value:
        """The value of a tree; operands are on a stack when their operator comes.

        `every` gets the value of each node, in the order of `postorder`; `nodes` are those, if known.
        """
        stack: list[Value] = []
        pop, push = stack.pop, stack.append
        if every is not None:
            push = _pushing(stack, every)
        for node in nodes or on_own_candles(tree):
            if isinstance(node, Name):
                push(self.name(node))
            elif isinstance(node, Number):
                push(self.number(node.value))
            elif isinstance(node, Binary):
                right, left = pop(), pop()
                push(self.noted(node, self.binary(node, left, right)))
            elif isinstance(node, Call):
                count = len(node.arguments)
                arguments = stack[len(stack) - count :]
                del stack[len(stack) - count :]
                push(self.noted(node, self.call(node, arguments)))
            elif isinstance(node, Offset):
                offset, operand = pop(), pop()
                push(self.noted(node, self.offset(node, operand, offset)))
            elif isinstance(node, Unary):
                push(self.noted(node, self.unary(node, pop())))
            elif isinstance(node, At):
                push(self.noted(node, on_higher_candles(self, node)))
            else:
                known = isinstance(node, Timeframe) and node.label in TIMEFRAMES
                push(Value("label") if known else UNKNOWN)
        return stack[0]

    def noted(self, node: Node, value: Value) -> Value:
        """The value of a part of an expression, remembered where it is a truth."""
        own = self.section not in ("formula", "function") and not self.timeframes
        if own and value.kind == "truth" and value.node is not None:
            self.truths.append((self.pointer, node, value.node))
        return value

    def binary(self, node: Binary, left: Value, right: Value) -> Value:
        operator = node.operator
        if operator in ("AND", "OR"):
            a = self.truth_operand(node.left, left)
            b = self.truth_operand(node.right, right)
            if a.node is None or b.node is None:
                return Value("truth")
            return Value("truth", self.graph.op(operator.lower(), a.node, b.node))
        if operator in COMPARISONS:
            return self.comparison(node, left, right)
        return self.arithmetic(node, left, right)

    def comparison(self, node: Binary, left: Value, right: Value) -> Value:
        if is_chained(node):
            self.number_operand(node.right, right, "a comparison")
            return Value("truth")
        if node.operator == "==" and isinstance(node.left, Name) and self.names_argument(node.left.end):
            return UNKNOWN
        if left.kind != "number" or right.kind != "number":
            return self.odd_comparison(node, left, right)
        if left.node is None or right.node is None:
            return Value("truth")
        op, swapped = _COMPARE[node.operator]
        pair = (right.node, left.node) if swapped else (left.node, right.node)
        return Value("truth", self.graph.op(op, *pair))

    def odd_comparison(self, node: Binary, left: Value, right: Value) -> Value:
        """A comparison of something that is no number: with the timeframe, or a mistake."""
        kinds = {left.kind, right.kind}
        if "unknown" in kinds and kinds & {"timeframe", "label"}:
            return Value("truth")
        if kinds == {"timeframe", "label"}:
            return self.timeframe_test(node)
        hint = "combine truths with AND, OR and NOT"
        truths = left.kind == right.kind == "truth"
        mend = self.propose(remedies.of_truth_compared, node, truths) if left.kind == "truth" else None
        self.number_operand(node.left, left, "a comparison", hint, mend)
        self.number_operand(node.right, right, "a comparison", hint)
        return Value("truth")

    def timeframe_test(self, node: Binary) -> Value:
        if node.operator not in ("==", "!="):
            self.report(say.timeframe_misused("a timeframe"), node.start, node.end)
            return Value("truth")
        label = node.left.label if isinstance(node.left, Timeframe) else node.right.label  # type: ignore[attr-defined]
        if self.outline.timeframe is None:
            return Value("truth")
        same = label == self.outline.timeframe
        return Value("truth", self.graph.truth(same == (node.operator == "==")))

    def arithmetic(self, node: Binary, left: Value, right: Value) -> Value:
        ok = left.kind == "number" or self.number_operand(node.left, left, f"`{node.operator}`")
        ok = (right.kind == "number" or self.number_operand(node.right, right, f"`{node.operator}`")) and ok
        op = _ARITHMETIC.get(node.operator)
        if not ok or op is None or left.node is None or right.node is None:
            return Value("number")
        if op == "divide" and self.graph.constant(right.node) == 0.0:
            self.report(say.division_by_zero(), node.right.start, node.right.end)
        return Value("number", self.graph.op(op, left.node, right.node))

    def unary(self, node: Unary, operand: Value) -> Value:
        if node.operator == "NOT":
            value = self.truth_operand(node.operand, operand)
            return Value("truth", None if value.node is None else self.graph.op("not", value.node))
        ok = self.number_operand(node.operand, operand, f"unary `{node.operator}`")
        if not ok or operand.node is None or node.operator != "-":
            return Value("number")
        return Value("number", self.graph.op("negate", operand.node))

    def offset(self, node: Offset, operand: Value, count: Value) -> Value:
        candles = self.offset_count(node.count, count)
        if operand.kind in ("timeframe", "label"):
            self.number_operand(node.operand, operand, "an offset")
            return UNKNOWN
        if candles is None or operand.node is None:
            return Value(operand.kind)
        return Value(operand.kind, self.graph.shift(operand.node, candles))

    def offset_count(self, node: Node, count: Value) -> int | None:
        if not self.number_operand(node, count, "an offset") or count.node is None:
            return None
        number = self.graph.constant(count.node)
        if number is None:
            return self.refuse(say.offset_not_constant(), node)
        if number < 0:
            mend = remedies.of_negative(self.pointer, node)
            return self.refuse(say.lookahead_offset(number_text(number)), node, mend)
        if number != number or number != int(number):
            return self.refuse(say.offset_not_whole(shown(number)), node)
        if number >= LIMITS.window:
            return self.refuse(say.offset_too_long(number_text(number), LIMITS.window), node)
        return int(number)


def _pushing(stack: list[Value], every: list[Value]) -> Callable[[Value], None]:
    """A push that keeps what it pushes."""

    def push(value: Value) -> None:
        stack.append(value)
        every.append(value)

    return push
