"""Prints nodes back to text: single spaces, and only the brackets that the meaning needs.

`parse(to_text(tree))` gives the same tree again, and printing that gives the same text: the
canonical form of an expression, which the hash of a strategy is made of.

1. A node is put on a stack; popping it pushes its parts in reverse, texts among them.
2. An operand is bracketed when it binds more loosely than its place asks:
   in `(a + b) * c` the sum binds at 5 and the place asks for 6.
"""

from __future__ import annotations

from .nodes import COMPARISONS, At, Binary, Call, Name, Node, Number, Offset, Timeframe, Unary
from .words import number_text

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POSTFIX, _ATOM = range(1, 10)
_BINDING = {"OR": _OR, "AND": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_BINDING.update(dict.fromkeys(COMPARISONS, _COMPARE))


def to_text(root: Node) -> str:
    """The canonical text of an expression.

    >>> from .parser import parse
    >>> to_text(parse("((a+b))*2.0 > -(c)[ 1 ]").tree)
    '(a + b) * 2 > -c[1]'
    """
    out: list[str] = []
    stack: list[Node | str] = [root]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            out.append(part)
        else:
            stack.extend(reversed(_parts(part)))
    return "".join(out)


def _parts(node: Node) -> list[Node | str]:
    match node:
        case Number(value=value):
            return [number_text(value)]
        case Name(name=text) | Timeframe(label=text):
            return [text]
        case Call(name=name, arguments=arguments):
            parts: list[Node | str] = [name, "("]
            for i, argument in enumerate(arguments):
                parts += [", ", argument] if i else [argument]
            return [*parts, ")"]
        case Offset(operand=operand, count=count):
            return [*_operand(operand, _POSTFIX), "[", count, "]"]
        case At(operand=operand, timeframe=label):
            return [*_operand(operand, _POSTFIX), f" @ {label}"]
        case Unary(operator="NOT", operand=operand):
            return ["NOT ", *_operand(operand, _NOT)]
        case Unary(operator=operator, operand=operand):
            return [operator, *_operand(operand, _SIGN)]
        case Binary(operator=operator, left=left, right=right):
            binding = _BINDING.get(operator, _PRODUCT)
            loosest_left = binding + 1 if binding == _COMPARE else binding
            return [*_operand(left, loosest_left), f" {operator} ", *_operand(right, binding + 1)]
    raise TypeError(type(node))


def _operand(node: Node, loosest: int) -> list[Node | str]:
    return [node] if _binding(node) >= loosest else ["(", node, ")"]


def _binding(node: Node) -> int:
    match node:
        case Binary(operator=operator):
            return _BINDING.get(operator, _PRODUCT)
        case Unary(operator="NOT"):
            return _NOT
        case Unary():
            return _SIGN
        case Offset() | At():
            return _POSTFIX
        case _:
            return _ATOM
