"""Parses the text of an expression into nodes, and says what is wrong with it.

Lark's LALR parser runs from tables in `_tables.py` (built from expression.lark by
`python -m dslc.grammar.build_tables`), because building them takes ten times as long as
everything else that `dslc validate` does. It is fed with tokens of the grammar's terminals, found
by one regular expression: Lark's own lexer counts lines and takes twice as long. Its callbacks
build the nodes directly. Spellings of
other languages (`&&`, `=`, `and`) parse to what they mean and leave a message, so that the rest
of the expression is still checked; a text that does not parse at all gives no node and one
message. Results are kept by text: strategies of one author repeat their expressions. Long ones
are not, so that what is kept has a bound: 4,096 trees of 200 characters are about 50 MiB at worst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
import re
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_analysis import Shift

from . import catalogue as say
from .diagnostics import MAX_DIAGNOSTICS, Edit, Message
from .dialects import timeframe_of
from .nodes import (
    COMPARISONS,
    Binary,
    Call,
    Name,
    Node,
    Number,
    Offset,
    Timeframe,
    Unary,
    children,
    inside,
    postorder,
)
from .printer import to_text
from .words import LIMITS, TIMEFRAMES, number_text, quoted

_INSTEAD = {
    "&&": "AND",
    "&": "AND",
    "||": "OR",
    "|": "OR",
    "!": "NOT",
    "=": "==",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "≠": "!=",
    "≥": ">=",
    "≤": "<=",
    "=>": ">=",
    "=<": "<=",
}
_ARITHMETIC_HELP = {
    "**": "there is no power; multiply: x * x",
    "^": "there is no power; multiply: x * x",
    "%": "there is no remainder; write 2 percent as 0.02",
    "//": "there is no whole-number division; write `/`",
}
_CHARACTER_HELP = {
    **dict.fromkeys("'\"‘’“”`", "names stand without quotes"),
    "\u00a0": "this is a non-breaking space; write an ordinary one",
    "?": "there is no `? :`; write a condition for each case",
    ":": "there is no `? :`; write a condition for each case",
    "{": "use ( and )",
    "}": "use ( and )",
    "×": "write `*`",
    "÷": "write `/`",
    "−": "write `-`",
    "–": "write `-`",
    "@": "there are no other timeframes inside an expression",
    "$": "names are letters, digits and _",
    ".": "names are letters, digits and _",
    ";": "an entry holds one expression",
}
_OPERATORS = re.compile(
    r"===|!==|<>|=>|=<|>=|<=|==|!=|[≥≤≠]|&&?|\|\|?|!|=|\*\*|//|\^|%"
    r"|(?<![A-Za-z0-9_])(?:[aA][nN][dD]|[oO][rR]|[nN][oO][tT])(?![A-Za-z0-9_])"
)
_BASE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\([^()]*\))?)\s*$")
_EXPONENT = re.compile(r"\s*([23])(?![0-9.])")
_CLOSING = {"(": ")", "[": "]"}
_OPENING = {")": "(", "]": "["}
_SHORT = 200
_SPACES, _OTHER = "__IGNORE_0", "OTHER"
_VALUE = "a value"
_OPERATOR = "an operator"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A message about the characters `start` to `end` of an expression, and the `edits` that mend it.

    They are `safe` where they are another spelling of the same thing.
    """

    message: Message
    start: int
    end: int
    edits: tuple[Edit, ...] = ()
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of an expression (None where there is none) and what is wrong with its spelling."""

    tree: Node | None
    mistakes: tuple[Mistake, ...]


def parse(text: str) -> Parsed:
    """The nodes of an expression and the mistakes in its spelling.

    >>> parse("close > ema(close, 9)").tree
    <Binary close > ema(close, 9)>
    >>> [mistake.message.code for mistake in parse("close > > 2").mistakes]
    ['E201']
    """
    return _parse_short(text) if len(text) <= _SHORT else _parse(text)


@lru_cache(maxsize=4096)
def _parse_short(text: str) -> Parsed:
    return _parse(text)


def _parse(text: str) -> Parsed:
    if len(text) > LIMITS.expression_characters:
        message = say.expression_too_long(len(text), LIMITS.expression_characters)
        return Parsed(None, (Mistake(message, 0, len(text)),))
    if not text.strip():
        return Parsed(None, (Mistake(say.empty_expression(), 0, len(text)),))
    foreign = tuple(_foreign_operators(text))
    try:
        tree = _tree(text)
    except _NoToken as error:
        return Parsed(None, (*foreign, *_character_mistake(text, error.at)))
    except UnexpectedToken as error:
        mistake = _token_mistake(text, error)
        others = [one for one in foreign if one.end <= mistake.start or mistake.end <= one.start]
        return Parsed(None, (*others, mistake))
    deep = _too_deep(text, tree)
    if deep is not None:
        return Parsed(None, (*foreign, deep))
    nodes = list(postorder(tree))
    return Parsed(tree, (*foreign, *_unreadable(nodes), *_chains(text, nodes)))


class _NoToken(Exception):
    """A character that no token begins with."""

    def __init__(self, at: int) -> None:
        self.at = at


def _tree(text: str) -> Node:
    """The node of the whole text. Raises UnexpectedToken or _NoToken where there is none."""
    start, shifts, reductions, passed = _steps()
    states: list[int] = [start]
    values: list[Any] = []
    for token in _tokens(text):
        kind = token.type
        while (following := shifts.get((states[-1], kind))) is None:
            found = reductions.get((states[-1], kind))
            if found is None:
                return _refused(text)
            size, origin, make = found
            if make is None:
                way = states[-2], states[-1], kind
                if way not in passed:
                    passed[way] = _passed_on(*way)
                states[-1] = passed[way]
            else:
                values[-size:] = [make(values[-size:])]
                del states[-size:]
                states.append(shifts[states[-1], origin])
        states.append(following)
        values.append(token)
    tree: Node = values[0]
    return tree


def _tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, and one for its end. Raises _NoToken where there is none."""
    for match in _lexer().finditer(text):
        kind = match.lastgroup
        if kind == _SPACES:
            continue
        if kind == _OTHER:
            raise _NoToken(match.start())
        yield _token(kind, match[0], match.start())
    yield _token("$END", "", len(text))


def _refused(text: str) -> Node:
    """Raises Lark's UnexpectedToken, which knows what it expected, for a text that is no expression."""
    feed = _lark().parse_interactive().feed_token
    tree: Node | None = None
    for token in _tokens(text):
        tree = feed(token)
    assert tree is not None
    return tree


_Reduction = tuple[int, str, Callable[[list[Any]], Any] | None]


_Steps = tuple[
    int, dict[tuple[int, str], int], dict[tuple[int, str], _Reduction], dict[tuple[int, int, str], int]
]


def _passed_on(before: int, state: int, kind: str) -> int:
    """Where the reductions lead that only pass on a value, from a state behind another one."""
    _, shifts, reductions, _ = _steps()
    while (found := reductions.get((state, kind))) is not None and found[2] is None:
        state = shifts[before, found[1]]
    return state


@cache
def _steps() -> _Steps:
    """The first state of Lark's tables, their shifts, and their reductions: size, symbol, callback.

    Most reductions only pass on their one value; those have no callback, and where a row of them leads is
    remembered. Driven from here the tables take less than half the time.
    """
    parser = _lark().parser.parser.parser
    table, callbacks = parser.parse_table, parser.callbacks
    shifts: dict[tuple[int, str], int] = {}
    reductions: dict[tuple[int, str], _Reduction] = {}
    for state, actions in table.states.items():
        for symbol, (action, found) in actions.items():
            if action is Shift:
                shifts[state, symbol] = found
            else:
                size, make = len(found.expansion), callbacks[found]
                reductions[state, symbol] = size, found.origin.name, None if _passes_on(size, make) else make
    end = table.end_states["start"]
    shifts[end, "$END"] = end
    return table.start_states["start"], shifts, reductions, {}


def _passes_on(size: int, make: Callable[[list[Any]], Any]) -> bool:
    value = object()
    try:
        return size == 1 and make([value]) is value
    except (TypeError, AttributeError):
        return False


def _token(kind: str | None, text: str, start: int) -> Token:
    token = str.__new__(Token, text)
    token.type = kind or _OTHER
    token.start_pos, token.end_pos = start, start + len(text)
    return token


@cache
def _lexer() -> re.Pattern[str]:
    terminals = sorted(_lark().terminals, key=lambda terminal: -terminal.priority)
    named = [f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})" for terminal in terminals]
    return re.compile("|".join([*named, f"(?P<{_OTHER}>.)"]), re.DOTALL)


@cache
def _lark() -> Lark:
    from ._tables import DATA, MEMO

    return Lark.__new__(Lark)._load({"data": DATA, "memo": MEMO}, transformer=_Build())


class _Build:
    """The callbacks of the grammar: each makes the node of one rule out of its parts."""

    def start(self, parts: list[Any]) -> Node:
        (node,) = parts
        return node

    def binary(self, parts: list[Any]) -> Node:
        left, sign, right = parts
        return Binary(
            operator=_INSTEAD.get(sign, sign.upper()),
            left=left,
            right=right,
            at=sign.start_pos,
            start=left.start,
            end=right.end,
        )

    def unary(self, parts: list[Any]) -> Node:
        sign, operand = parts
        operator = str(sign) if sign in "+-" else "NOT"
        return Unary(operator=operator, operand=operand, start=sign.start_pos, end=operand.end)

    def offset(self, parts: list[Any]) -> Node:
        operand, _, count, closing = parts
        return Offset(operand=operand, count=count, start=operand.start, end=closing.end_pos)

    def number(self, parts: list[Any]) -> Node:
        (token,) = parts
        return Number(value=float(token), start=token.start_pos, end=token.end_pos)

    def unit(self, parts: list[Any]) -> Node:
        (token,) = parts
        return Timeframe(label=str(token), start=token.start_pos, end=token.end_pos)

    def name(self, parts: list[Any]) -> Node:
        (token,) = parts
        return Name(name=str(token), start=token.start_pos, end=token.end_pos)

    def call(self, parts: list[Any]) -> Node:
        name, _, *arguments, closing = parts
        return Call(
            name=str(name),
            arguments=tuple(arguments[0]) if arguments else (),
            name_end=name.end_pos,
            start=name.start_pos,
            end=closing.end_pos,
        )

    def arguments(self, parts: list[Any]) -> list[Any]:
        return parts

    def bracketed(self, parts: list[Any]) -> Node:
        opening, node, closing = parts
        return replace(
            node,
            start=opening.start_pos,
            end=closing.end_pos,
            brackets=node.brackets + 1,
            inner=inside(node),
        )


def _foreign_operators(text: str) -> Iterator[Mistake]:
    found = 0
    for match in _OPERATORS.finditer(text):
        message = _foreign_operator(match[0])
        if message is not None:
            found += 1
            edits, safe = _operator_edits(text, match) if found <= MAX_DIAGNOSTICS else ((), False)
            yield Mistake(message, *match.span(), edits, safe)


@cache
def _foreign_operator(found: str) -> Message | None:
    instead = _INSTEAD.get(found, found.upper() if found.isalpha() else None)
    if instead is not None and instead != found:
        return say.foreign_operator(found, instead)
    return say.foreign_operator(found, None, _ARITHMETIC_HELP[found]) if found in _ARITHMETIC_HELP else None


def _operator_edits(text: str, match: re.Match[str]) -> tuple[tuple[Edit, ...], bool]:
    """What puts the operator of this language in the place of another, and whether that is the same."""
    found, (start, end) = match[0], match.span()
    if found in ("**", "^"):
        return _power_edits(text, match), True
    if found == "//":
        return (Edit(start, end, "/"),), False
    instead = _INSTEAD.get(found, found.upper() if found.isalpha() else None)
    if instead is None:
        return (), False
    if instead.isalpha():
        before, after = text[start - 1 : start], text[end : end + 1]
        lead = " " if before.strip() and (instead != "NOT" or before.isalnum()) and before != "(" else ""
        instead = f"{lead}{instead}{' ' if after.strip() else ''}"
    return (Edit(start, end, instead),), True


def _power_edits(text: str, match: re.Match[str]) -> tuple[Edit, ...]:
    """A square or a cube as a product."""
    base = _BASE.search(text, max(0, match.start() - 100), match.start())
    exponent = _EXPONENT.match(text, match.end())
    if base is None or exponent is None:
        return ()
    product = " * ".join([base[1]] * int(exponent[1]))
    divides = text[: base.start(1)].rstrip().endswith("/")
    return (Edit(base.start(1), exponent.end(), f"({product})" if divides else product),)


def _unreadable(nodes: list[Node]) -> Iterator[Mistake]:
    """Tokens that the grammar lets through so that the rest is still checked."""
    tested = any(isinstance(node, Name) and node.name == "timeframe" for node in nodes)
    for node in nodes:
        if isinstance(node, Number):
            if node.value - node.value != 0:
                yield Mistake(say.literal_out_of_range(), *inside(node))
        elif isinstance(node, Timeframe):
            if node.label not in TIMEFRAMES:
                start, end = inside(node)
                found, safe = _unit_instead(node.label, tested)
                edits = () if found is None else (Edit(start, end, found),)
                yield Mistake(_unit_message(node.label), start, end, edits, safe)
        elif isinstance(node, Unary) and node.operator == "+":
            sign, _ = inside(node)
            yield Mistake(say.unary_plus(), sign, sign + 1, (Edit(sign, sign + 1, ""),))


def _unit_message(label: str) -> Message:
    if label.upper() in TIMEFRAMES:
        return say.unknown_timeframe_literal(label, label.upper())
    if re.fullmatch(r"[0-9]+[A-Za-z]{1,6}", label):
        return say.unknown_timeframe_literal(label, None)
    bare = label.replace("_", "")
    if label != bare and re.fullmatch(r"[0-9.]+", bare):
        return say.malformed_number(label, f"write {quoted(bare)}")
    return say.malformed_number(label, f"write {quoted(label + '0')}" if label[-1] == "." else None)


def _unit_instead(label: str, tested: bool) -> tuple[str | None, bool]:
    """What to write instead of digits and letters, and whether it is the same.

    `tested` says that the expression asks for the timeframe.
    """
    if tested and label[-1].isalpha() and timeframe_of(label):
        return timeframe_of(label), True
    bare = label.replace("_", "")
    if label != bare and re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", bare):
        return bare, True
    if re.fullmatch(r"[0-9]+\.", label):
        return f"{label}0", True
    short = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kKfF])", label)
    if short is None:
        return None, False
    return (short[1] if short[2] in "fF" else number_text(float(short[1]) * 1000)), True


def _chains(text: str, nodes: list[Node]) -> Iterator[Mistake]:
    if sum(map(text.count, "<>=≥≤≠")) < 2:
        return
    inner: set[int] = set()
    for node in reversed(nodes):
        if id(node) in inner or not is_chained(node):
            continue
        assert isinstance(node, Binary)
        steps: list[Binary] = [node]
        while is_chained(steps[-1]):
            steps.append(steps[-1].left)  # type: ignore[arg-type]
            inner.add(id(steps[-1]))
        proposal = _conjunction(steps)
        start, end = inside(node)
        negated = re.search(r"(?:[nN][oO][tT]|!)\s*$", text[:start]) is not None
        edits = () if proposal is None else (Edit(start, end, f"({proposal})" if negated else proposal),)
        ordered = all(step.operator != "!=" for step in steps)
        yield Mistake(say.chained_comparison(proposal), start, end, edits, ordered)


def is_chained(node: Node) -> bool:
    """Whether a comparison has another one, unbracketed, on its left."""
    if not isinstance(node, Binary) or node.operator not in COMPARISONS:
        return False
    left = node.left
    return isinstance(left, Binary) and left.operator in COMPARISONS and not left.brackets


def _conjunction(steps: list[Binary]) -> str | None:
    """`a < b < c` as `a < b AND b < c`; None where that would be unreadably long."""
    if steps[0].end - steps[0].start > 100:
        return None
    pairs = []
    for step in reversed(steps):
        left = step.left.right if is_chained(step) else step.left  # type: ignore[attr-defined]
        pairs.append(f"{to_text(left)} {step.operator} {to_text(step.right)}")
    proposal = " AND ".join(pairs)
    return proposal if len(proposal) <= 100 else None


def _too_deep(text: str, tree: Node) -> Mistake | None:
    """The first node, in the order of the text, that opens one level too many."""
    if sum(map(text.count, "([-!")) + text.upper().count("NOT") <= LIMITS.nesting:
        return None
    deep: list[int] = []
    stack = [(tree, 0)]
    while stack:
        node, above = stack.pop()
        depth = above + node.brackets + isinstance(node, Call | Unary)
        if depth > LIMITS.nesting:
            deep.append(_opening(text, node, LIMITS.nesting - above))
            continue
        for child in children(node):
            if isinstance(node, Offset) and child is node.count:
                if depth == LIMITS.nesting:
                    deep.append(text.index("[", node.operand.end))
                    continue
                stack.append((child, depth + 1))
            else:
                stack.append((child, depth))
    if not deep:
        return None
    return Mistake(say.expression_too_deep(LIMITS.nesting), min(deep), min(deep) + 1)


def _opening(text: str, node: Node, outer: int) -> int:
    """Where a node opens the level that follows `outer` of its brackets."""
    if outer >= node.brackets:
        return inside(node)[0]
    brackets = [match.start() for match in re.finditer(r"\(", text[node.start : node.end])]
    return node.start + brackets[outer]


def _character_mistake(text: str, at: int) -> Iterator[Mistake]:
    character = text[at]
    if "\ud800" <= character <= "\udfff":
        return  # half of a surrogate pair is a mistake of the document and was reported there
    help_ = _CHARACTER_HELP.get(character)
    if help_ is None and not character.isascii() and character.isalpha():
        help_ = "names are ASCII letters, digits and _"
    yield Mistake(say.unexpected_character(character, help_), at, at + 1)


def _token_mistake(text: str, error: UnexpectedToken) -> Mistake:
    token: Token = error.token
    expected = _VALUE if "NAME" in error.expected else _OPERATOR
    if token.type == "$END":
        return _end_mistake(text, expected)
    start, end = token.start_pos, token.end_pos
    assert start is not None and end is not None
    if re.match(r"\.[A-Za-z_]", token):
        return Mistake(say.unexpected_character(".", "functions and names have no prefix"), start, start + 1)
    if token.type in ("RIGHT", "RIGHT_SQUARE"):
        opened = _open_brackets(text[:start])
        if not opened:
            return Mistake(say.unmatched_bracket(token, None), start, end)
        if text[opened[-1]] != _OPENING[token]:
            return Mistake(say.unmatched_bracket(token, text[opened[-1]]), start, end)
    apart = re.search(r"[<>=!](?=[ \t\r\n\f]+$)", text[:start])
    if apart and apart[0] + token in COMPARISONS:
        found = f"{apart[0]} {token}"
        return Mistake(say.foreign_operator(found, apart[0] + token), apart.start(), end)
    return Mistake(say.unexpected(quoted(token), expected, _token_help(text, token, expected)), start, end)


def _end_mistake(text: str, expected: str) -> Mistake:
    opened = _open_brackets(text)
    if opened:
        bracket = text[opened[-1]]
        message = say.unclosed_bracket(bracket, _CLOSING[bracket])
        return Mistake(message, opened[-1], opened[-1] + 1)
    end = len(text.rstrip())
    return Mistake(say.ends_too_early(expected), max(end - 1, 0), end)


def _token_help(text: str, token: Token, expected: str) -> str | None:
    if expected == _VALUE:
        return None
    start = token.start_pos or 0
    if token.type == "_COMMA":
        return "a comma only separates the arguments of a call"
    if token.type in ("NAME", "NUMBER", "UNIT", "LEFT", "NOT"):
        opened = _open_brackets(text[:start])
        if opened and re.search(r"[A-Za-z0-9_]\s*$", text[: opened[-1]]):
            return "separate arguments with a comma, or put an operator between the two"
        return "put an operator between the two"
    return None


def _open_brackets(text: str) -> list[int]:
    """Where the brackets stand that are still open at the end of `text`."""
    opened: list[int] = []
    for match in re.finditer(r"[()\[\]]", text):
        if match[0] in "([":
            opened.append(match.start())
        elif opened and text[opened[-1]] == _OPENING[match[0]]:
            opened.pop()
    return opened
