"""Puts the brackets of an expression in order, and says whether there was only one way.

1. Square brackets and braces that group or call become round ones, and a comma in a number a point.
2. Brackets are closed where a call or group ends most naturally, exchanged, or removed at the end.
3. Every other place for one that is missing, and every other one that may be too many, is tried. What then
   reads, with arguments that fit and truths where truths belong, is another way. Where those that are left
   differ in meaning, the choice was a guess.

Worked: `rsi(close, 14 > 70` reads in one way only. `change(high + low > 2` may be `change(high + low) > 2` or
`change(high) + low > 2`, so it is a guess. `(a > 1 AND b > 2` reads in three ways that mean the same.

At most `_MOST` ways are tried; of a text with more nothing is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, combinations_with_replacement
import re
from typing import Any

from .dialects import SHAPES
from .nodes import COMPARISONS, At, Binary, Call, Name, Node, Number, Offset, Timeframe, Unary, postorder
from .words import MARKET_DATA

_MOST = 80
_DEEPEST = 8
_CLOSES = {"(": ")", "[": "]"}
_KEYWORDS = frozenset(("and", "or", "not", "if", "when"))
_ONE_COMMA = re.compile(r"(?<![\w.,])[1-9]\d{0,2},\d{3}(?![\w,.])")
_NEXT = re.compile(r"\s*(?:>=|<=|==|!=|<|>|&&|\|\||\b(?:AND|OR|and|or)\b)")
_VALUE_ENDS = re.compile(r"[\w.]*\w(?![\w.]|\s*\()|[)\]]")
_VALUE_BEGINS = re.compile(r"(?<![\w.])[\w.]+|[(!-]")

Read = Callable[[str], Node | None]
"""Gives the tree of a text in the words of this language, or None."""


def bracketed(text: str, read: Read, reads: Callable[[str], bool]) -> tuple[str, bool]:
    """The text with its brackets in order, and whether there was only one way.

    `reads` says whether a text is an expression, `read` what it is in this language.

    >>> from .parser import parse
    >>> tree = lambda text: parse(text).tree
    >>> bracketed("ema(close, 9 > 3", tree, tree)
    ('ema(close, 9) > 3', True)
    >>> bracketed("abs(close - open > 3", tree, tree)
    ('abs(close - open) > 3', False)
    """
    if reads(text):
        return text, True
    text = re.sub(r"\b([A-Za-z_]\w*)\[([^\[\]]*,[^\[\]]*)\]", r"\1(\2)", text)
    text = text.replace("{", "(").replace("}", ")")
    text = re.sub(r"(?<![\w)\]])(\s*)\[([^\[\]]*)\]", r"\1(\2)", text)
    decimal = re.sub(r"(?<![\w.,])(\d+),(\d+)(?![\w,.])", r"\1.\2", text)
    if decimal != text and not re.search(r"\w\([^()]*,", text) and reads(decimal):
        return decimal, not _ONE_COMMA.search(text)
    text, sure = _matched(text, read)
    if reads(text):
        return text, sure
    separated = re.sub(r"([A-Za-z_)\]]\w*)\s+(\d+)\s*\)", r"\1, \2)", text)
    return separated, sure


def is_balanced(text: str) -> bool:
    """Whether every bracket is closed by one of its kind.

    >>> is_balanced("abs(close[1])"), is_balanced("abs(close"), is_balanced("(close]")
    (True, False, False)
    """
    opened: list[str] = []
    for character in text:
        if character in _CLOSES:
            opened.append(_CLOSES[character])
        elif character in ")]" and (not opened or opened.pop() != character):
            return False
    return not opened


def _matched(text: str, read: Read) -> tuple[str, bool]:
    """The text with closing brackets that match: exchanged, removed at the end, or added."""
    out: list[str] = []
    opened: list[int] = []
    surplus = exchanged = 0
    for at, character in enumerate(text):
        if character in "([":
            opened.append(len(out))
            out.append(character)
        elif character in ")]":
            if not opened:
                if text[at + 1 :].strip(") "):
                    return text, False
                surplus += 1
                continue
            fitting = _CLOSES[out[opened.pop()]]
            exchanged += fitting != character
            out.append(fitting)
        else:
            out.append(character)
    if len(opened) > _DEEPEST:
        return text, False
    closing = [_CLOSES[out[start]] for start in opened]
    first = opened[0] if opened else 0
    while opened:
        start = opened.pop()
        made = "".join(out)
        end = _end_of(made, start)
        out = [*made[:end], _CLOSES[made[start]], *made[end:]]
    made = "".join(out)
    if not surplus and not closing:
        return made, True
    if exchanged or (surplus and closing) or surplus > 1 or len(closing) > 2 or len(set(closing)) > 1:
        return made, False
    ways = _closed(text, first, closing) if closing else _opened(text)
    return _only_one(made, ways, read)


def _end_of(text: str, start: int) -> int:
    """Where the bracket at `start` should most naturally have been closed."""
    word = re.search(r"\w+$", text[:start])
    called = word is not None and word[0].lower() not in _KEYWORDS
    depth = 0
    for at in range(start + 1, len(text)):
        depth += (text[at] in "([") - (text[at] in ")]")
        if called and depth == 0 and _NEXT.match(text, at) and not text[at - 1].isspace():
            return at
    return len(text.rstrip())


# --- all ways ---------------------------------------------------------------------------------


def _closed(text: str, first: int, closing: list[str]) -> Iterator[str]:
    """The text with closing brackets wherever a value ends behind the first that is open."""
    ends = [
        match.end() for match in _VALUE_ENDS.finditer(text, first + 1) if match[0].lower() not in _KEYWORDS
    ]
    for places in combinations_with_replacement(ends, len(closing)):
        made = text
        for place in reversed(places):
            made = made[:place] + closing[0] + made[place:]
        yield made


def _opened(text: str) -> Iterator[str]:
    """The text without one of its closing brackets, and with one more opening bracket."""
    for match in re.finditer(r"\)", text):
        yield text[: match.start()] + text[match.end() :]
    for match in _VALUE_BEGINS.finditer(text):
        yield f"{text[: match.start()]}({text[match.start() :]}"


def _only_one(made: str, ways: Iterator[str], read: Read) -> tuple[str, bool]:
    """The only way to read a text and True, or the proposed one and False."""
    found: dict[Any, str] = {}
    for count, way in enumerate(chain((made,), ways)):
        if count == _MOST:
            return made, False
        tree = read(way)
        if tree is not None and _fits(tree):
            found.setdefault(_meaning(tree), way)
        if len(found) > 1:
            return made, False
    return (next(iter(found.values())), True) if found else (made, False)


def _meaning(tree: Node) -> Any:
    """What trees have in common that mean the same: AND and OR have no order of brackets."""
    found: dict[int, tuple[Any, ...]] = {}
    for node in postorder(tree):
        match node:
            case Binary(operator=("AND" | "OR") as operator, left=left, right=right):
                parts: list[Any] = []
                for side in (left, right):
                    below = found[id(side)]
                    parts += below[1:] if below[0] == operator else [below]
                found[id(node)] = (operator, *parts)
            case Binary(operator=operator, left=left, right=right):
                found[id(node)] = (operator, found[id(left)], found[id(right)])
            case Unary(operator=operator, operand=operand):
                found[id(node)] = (f"unary {operator}", found[id(operand)])
            case Offset(operand=operand, count=count):
                found[id(node)] = ("[]", found[id(operand)], found[id(count)])
            case At(operand=operand, timeframe=label):
                found[id(node)] = ("@", found[id(operand)], label)
            case Call(name=name, arguments=arguments):
                found[id(node)] = ("()", name, *(found[id(one)] for one in arguments))
            case Number(value=value):
                found[id(node)] = ("number", value)
            case Name(name=text) | Timeframe(label=text):
                found[id(node)] = ("name", text)
    return found[id(tree)]


# --- what fits --------------------------------------------------------------------------------

_TRUTH, _SERIES, _CONSTANT, _ANY, _NONE = "truth", "series", "constant", "any", "none"
_NUMBERS = (_SERIES, _CONSTANT)


def _fits(tree: Node) -> bool:
    """Whether arguments fit their functions, and truths and numbers stand where they belong."""
    kinds: dict[int, str] = {}
    for node in postorder(tree):
        kind = _kind(node, kinds)
        if kind == _NONE:
            return False
        kinds[id(node)] = kind
    return True


def _kind(node: Node, kinds: dict[int, str]) -> str:
    match node:
        case Number() | Timeframe():
            return _CONSTANT
        case Name(name=name):
            if name.lower() in ("true", "false"):
                return _TRUTH
            return _SERIES if name in MARKET_DATA else _ANY
        case Offset(operand=operand, count=count):
            misplaced = kinds[id(operand)] == _CONSTANT or kinds[id(count)] in (_SERIES, _TRUTH)
            return _NONE if misplaced else kinds[id(operand)]
        case At(operand=operand):
            return _SERIES if kinds[id(operand)] == _CONSTANT else kinds[id(operand)]
        case Unary(operator="NOT", operand=operand):
            return _NONE if kinds[id(operand)] in _NUMBERS else _TRUTH
        case Unary(operand=operand):
            return _NONE if kinds[id(operand)] == _TRUTH else kinds[id(operand)]
        case Binary():
            return _kind_of_two(node, kinds[id(node.left)], kinds[id(node.right)])
        case Call(name=name, arguments=arguments):
            return _kind_of_call(name, [kinds[id(one)] for one in arguments])
    return _ANY


def _kind_of_two(node: Binary, left: str, right: str) -> str:
    if node.operator in ("AND", "OR"):
        return _NONE if left in _NUMBERS or right in _NUMBERS else _TRUTH
    if node.operator in COMPARISONS:
        chained = (
            isinstance(node.left, Binary) and node.left.operator in COMPARISONS and not node.left.brackets
        )
        equated = node.operator in ("==", "!=")
        misplaced = not equated and (right == _TRUTH or (left == _TRUTH and not chained))
        return _NONE if misplaced else _TRUTH
    if _TRUTH in (left, right):
        return _NONE
    if _SERIES in (left, right):
        return _SERIES
    return _CONSTANT if left == right == _CONSTANT else _ANY


def _kind_of_call(name: str, arguments: list[str]) -> str:
    shape = SHAPES.get(name)
    if shape is None or len(shape) != len(arguments) or _TRUTH in arguments:
        return _NONE
    swapped = shape == ("x", "n") and arguments[1] == _SERIES
    periods = (
        arguments[:1] if swapped else [kind for kind, one in zip(arguments, shape, strict=True) if one != "x"]
    )
    if _SERIES in periods:
        return _NONE
    return _TRUTH if name in ("crossUp", "crossDown") else _SERIES
