"""Parses the text of an expression into nodes, and says what is wrong with it.

1. One regular expression finds the tokens of the grammar's terminals: Lark's own lexer counts lines and
   takes twice as long.
2. Lark's LALR tables say which reductions tokens of these kinds lead to, and when; that is remembered, as
   `ema(close, 9)` and `sma(open, 20)` are read alike. The tables come from `_tables.py` (built from
   expression.lark by `python -m dslc.grammar.build_tables`), because building them takes ten times as long
   as everything else that `dslc validate` does.
3. The reductions build the nodes directly.

Spellings of other languages (`&&`, `=`, `and`) parse to what they mean and leave a message, so that the rest
of the expression is still checked; a text that does not parse at all gives no node and one message. Results
are kept by text from the second time on: strategies of one author repeat their expressions, and what is seen
once is not worth its place. Long ones are not kept, so that there is a bound: 4,096 trees of 200 characters
are about 50 MiB at worst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
import re
from typing import Any, NamedTuple

from lark import Lark
from lark.parsers.lalr_analysis import Shift

from . import catalogue as say
from .diagnostics import MAX_DIAGNOSTICS, Edit, Message
from .dialects import absent, plain, timeframe_of
from .nodes import (
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
    children,
    inside,
    postorder,
)
from .printer import to_text
from .words import LIMITS, MARKET_DATA, TIMEFRAMES, number_text, quoted

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
    "$": "names are letters, digits and _",
    ".": "names are letters, digits and _",
    ";": "an entry holds one expression",
}
_SPELLED = frozenset(("OR", "AND", "NOT", "COMPARE", "TIMES"))
_OWN = frozenset((*COMPARISONS, "OR", "AND", "NOT", "*", "/"))
_OPERATORS = re.compile(
    r"===|!==|<>|=>|=<|>=|<=|==|!=|[≥≤≠]|&&?|\|\|?|!|=|\*\*|//|\^|%"
    r"|(?<![A-Za-z0-9_])(?:[aA][nN][dD]|[oO][rR]|[nN][oO][tT])(?![A-Za-z0-9_])"
)
_BASE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\([^()]*\))?)\s*$")
_EXPONENT = re.compile(r"\s*([23])(?![\w.]|\s*(?:\*\*|\^|\[|\())")
_GLUED = re.compile(r"[a-z0-9](?:AND|OR)[A-Za-z_]")
_ARGUMENT = re.compile(r"[(,]\s*[A-Za-z_][A-Za-z0-9_]*\s*$")
_CALLED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*$")
_NAMED_HELP = "arguments have no names; write them in their order"
_CLOSING = {"(": ")", "[": "]"}
_OPENING = {")": "(", "]": "["}
_SHORT = 200
_KEPT = 4096
_SPACES, _OTHER = "__IGNORE_0", "OTHER"
_BLANK = " \t\r\n\f"
_VALUE = "a value"
_OPERATOR = "an operator"
_TIMEFRAME = "a timeframe such as `4H`"


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
    """The tree of an expression (None where there is none) and what is wrong with its spelling.

    `nodes` are those of the tree, in the order of `postorder`; none where a part of it is on candles of a
    higher timeframe.
    """

    tree: Node | None
    mistakes: tuple[Mistake, ...]
    nodes: Sequence[Node] = ()


def parse(text: str) -> Parsed:
    """The nodes of an expression and the mistakes in its spelling.

    >>> parse("close > ema(close, 9)").tree
    <Binary close > ema(close, 9)>
    >>> [mistake.message.code for mistake in parse("close > > 2").mistakes]
    ['E201']
    """
    if len(text) > _SHORT:
        return _parse(text)
    times = _times.get(text, 0)
    if not times and len(_times) >= _KEPT:
        _times.clear()
    _times[text] = times + 1
    return _parse_short(text) if times else _parse(text)


def times_parsed(text: str) -> int:
    """How often an expression has been parsed; 0 for a long one, and again after many others."""
    return _times.get(text, 0)


_times: dict[str, int] = {}


@lru_cache(maxsize=_KEPT)
def _parse_short(text: str) -> Parsed:
    return _parse(text)


def _parse(text: str) -> Parsed:
    if len(text) > LIMITS.expression_characters:
        message = say.expression_too_long(len(text), LIMITS.expression_characters)
        return Parsed(None, (Mistake(message, 0, len(text)),))
    if not text.strip():
        return Parsed(None, (Mistake(say.empty_expression(), 0, len(text)),))
    kinds, tokens = _tokens(text)
    plan = (_plan if len(text) <= _SHORT else _plan.__wrapped__)(tuple(kinds))
    if isinstance(plan, _Stop):
        return _refused(text, kinds, tokens, plan)
    tree = _tree(plan, tokens)
    signs = {token[0] for kind, token in zip(kinds, tokens, strict=True) if kind in _SPELLED}
    foreign = () if signs <= _OWN else tuple(_foreign_operators(text))
    deep = _too_deep(text, tree)
    if deep is not None:
        return Parsed(None, (*foreign, deep))
    nodes = tuple(postorder(tree))
    chains = tuple(_chains(text, nodes))
    if chains and foreign:
        foreign = tuple(_outside(chains, text, one) for one in foreign)
    mistakes = (*foreign, *_unreadable(nodes), *chains)
    return Parsed(tree, mistakes, () if "AT" in kinds else nodes)


_Token = tuple[str, int, int]
"""The text of a token, its start and its end."""
_Make = Callable[[list[Any]], Any]
_Plan = tuple[tuple[int, _Make] | None, ...]
"""What to do with the tokens of an expression: None takes the next, a reduction makes one of the last few."""


class _Stop(NamedTuple):
    """The number of the token that can not be read, and whether a value would have to be there."""

    at: int
    wants_value: bool


def _tokens(text: str) -> tuple[list[str], list[_Token]]:
    """The kinds of the tokens of a text, and the tokens; a character that begins none ends them."""
    kinds: list[str] = []
    tokens: list[_Token] = []
    for match in _lexer().finditer(text.rstrip(_BLANK)):
        kind = match.lastgroup
        assert kind is not None
        start, end = match.span(kind)
        kinds.append(kind)
        tokens.append((text[start:end], start, end))
        if kind == _OTHER:
            break
    return kinds, tokens


def _tree(plan: _Plan, tokens: list[_Token]) -> Node:
    """The node of the whole text."""
    values: list[Any] = []
    following = iter(tokens).__next__
    for step in plan:
        if step is None:
            values.append(following())
        else:
            size, make = step
            parts = values[-size:]
            del values[-size:]
            values.append(make(parts))
    tree: Node = values[0]
    return tree


@lru_cache(maxsize=1024)
def _plan(kinds: tuple[str, ...]) -> _Plan | _Stop:
    """How tokens of these kinds are read, or where they can not be read on."""
    start, shifts, reductions, passed = _steps()
    states: list[int] = [start]
    plan: list[tuple[int, _Make] | None] = []
    for at, kind in enumerate((*kinds, "$END")):
        while (following := shifts.get((states[-1], kind))) is None:
            found = reductions.get((states[-1], kind))
            if found is None:
                return _Stop(at, (states[-1], "NAME") in shifts)
            origin, step = found
            if step is None:
                way = states[-2], states[-1], kind
                if way not in passed:
                    passed[way] = _passed_on(*way)
                states[-1] = passed[way]
            else:
                plan.append(step)
                del states[-step[0] :]
                states.append(shifts[states[-1], origin])
        plan.append(None)
        states.append(following)
    return tuple(plan[:-1])


def _refused(text: str, kinds: list[str], tokens: list[_Token], stop: _Stop) -> Parsed:
    """What is wrong with a text that is no expression."""
    foreign = tuple(_foreign_operators(text))
    expected = _VALUE if stop.wants_value else _OPERATOR
    if stop.at and kinds[stop.at - 1] == "AT":
        expected = _TIMEFRAME
    if stop.at == len(tokens):
        mistake = _end_mistake(text, expected)
    elif kinds[stop.at] == _OTHER:
        return Parsed(None, (*foreign, *_character_mistake(text, tokens[stop.at][1])))
    else:
        mistake = _token_mistake(text, kinds[stop.at], tokens[stop.at], expected)
    others = [one for one in foreign if one.end <= mistake.start or mistake.end <= one.start]
    return Parsed(None, (*others, mistake))


_Reduction = tuple[str, tuple[int, _Make] | None]


_Steps = tuple[
    int, dict[tuple[int, str], int], dict[tuple[int, str], _Reduction], dict[tuple[int, int, str], int]
]


def _passed_on(before: int, state: int, kind: str) -> int:
    """Where the reductions lead that only pass on a value, from a state behind another one."""
    _, shifts, reductions, _ = _steps()
    while (found := reductions.get((state, kind))) is not None and found[1] is None:
        state = shifts[before, found[0]]
    return state


@cache
def _steps() -> _Steps:
    """The first state of Lark's tables, their shifts, and their reductions: symbol, step of a plan.

    Most reductions only pass on their one value; those are no steps, and where a row of them leads is
    remembered.
    """
    parser = _lark().parser.parser.parser
    table, callbacks = parser.parse_table, parser.callbacks
    shifts: dict[tuple[int, str], int] = {}
    reductions: dict[tuple[int, str], _Reduction] = {}
    steps: dict[Any, tuple[int, _Make]] = {}
    for state, actions in table.states.items():
        for symbol, (action, found) in actions.items():
            if action is Shift:
                shifts[state, symbol] = found
            else:
                size, make = len(found.expansion), callbacks[found]
                step = None if _passes_on(size, make) else steps.setdefault(found, (size, make))
                reductions[state, symbol] = found.origin.name, step
    end = table.end_states["start"]
    shifts[end, "$END"] = end
    return table.start_states["start"], shifts, reductions, {}


def _passes_on(size: int, make: _Make) -> bool:
    value = object()
    try:
        return size == 1 and make([value]) is value
    except (TypeError, AttributeError):
        return False


@cache
def _lexer() -> re.Pattern[str]:
    terminals = sorted(_lark().terminals, key=lambda terminal: -terminal.priority)
    named = [
        f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})"
        for terminal in terminals
        if terminal.name != _SPACES
    ]
    return re.compile(f"[{_BLANK}]*+(?:{'|'.join([*named, f'(?P<{_OTHER}>.)'])})", re.DOTALL)


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
        left, (sign, at, _), right = parts
        return Binary(
            operator=_INSTEAD.get(sign, sign.upper()),
            left=left,
            right=right,
            at=at,
            start=left.start,
            end=right.end,
        )

    def unary(self, parts: list[Any]) -> Node:
        (sign, start, _), operand = parts
        return Unary(operator=sign if sign in "+-" else "NOT", operand=operand, start=start, end=operand.end)

    def offset(self, parts: list[Any]) -> Node:
        operand, _, count, (_, _, end) = parts
        return Offset(operand=operand, count=count, start=operand.start, end=end)

    def number(self, parts: list[Any]) -> Node:
        ((text, start, end),) = parts
        return Number(value=float(text), start=start, end=end)

    def unit(self, parts: list[Any]) -> Node:
        ((text, start, end),) = parts
        return Timeframe(label=text, start=start, end=end)

    def name(self, parts: list[Any]) -> Node:
        ((text, start, end),) = parts
        return Name(name=text, start=start, end=end)

    def member(self, parts: list[Any]) -> Node:
        (name, start, _), (field, _, end) = parts
        return Name(name=f"{name}{field}", start=start, end=end)

    def at(self, parts: list[Any]) -> Node:
        operand, _, (label, start, end) = parts
        return At(operand=operand, timeframe=label, label_at=start, start=operand.start, end=end)

    def call(self, parts: list[Any]) -> Node:
        (name, start, name_end), _, *arguments, (_, _, end) = parts
        listed = tuple(arguments[0]) if arguments else ()
        return Call(name=name, arguments=listed, name_end=name_end, start=start, end=end)

    def arguments(self, parts: list[Any]) -> list[Any]:
        return parts

    def bracketed(self, parts: list[Any]) -> Node:
        (_, start, _), node, (_, _, end) = parts
        node.inner = inside(node)
        node.start, node.end, node.brackets = start, end, node.brackets + 1
        return node


def _foreign_operators(text: str) -> Iterator[Mistake]:
    found = 0
    for match in _OPERATORS.finditer(text):
        message = _foreign_operator(match[0])
        if message is not None:
            found += 1
            if match[0] == "=" and found <= MAX_DIAGNOSTICS and names_argument(text, match.start()):
                yield Mistake(say.foreign_operator("=", None, _NAMED_HELP), *match.span())
                continue
            edits, safe = _operator_edits(text, match) if found <= MAX_DIAGNOSTICS else ((), False)
            yield Mistake(message, *match.span(), edits, safe)


def names_argument(text: str, at: int) -> bool:
    """Whether a single `=` at a place gives an argument of a call its name: no argument is a comparison.

    >>> names_argument("ema(close, length=9)", 17), names_argument("NOT (close = 9)", 11)
    (True, False)
    """
    if text[at : at + 1] != "=" or text[at + 1 : at + 2] == "=":
        return False
    name = _ARGUMENT.search(text, max(0, at - 100), at)
    before = text[max(0, at - 600) : at]
    opened = _open_brackets(before) if name is not None else []
    if not opened or before[opened[-1]] != "(":
        return False
    called = _CALLED.search(before, max(0, opened[-1] - 100), opened[-1])
    return called is not None and called[1].lower() not in ("and", "or", "not", "if", "when")


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
    before = "" if base is None else text[: base.start(1)].rstrip("+- \t\r\n\f")
    if base is None or exponent is None or before.endswith(("**", "^")):
        return ()
    product = " * ".join([base[1]] * int(exponent[1]))
    divides = before.endswith("/")
    return (Edit(base.start(1), exponent.end(), f"({product})" if divides else product),)


def _unreadable(nodes: Sequence[Node]) -> Iterator[Mistake]:
    """Tokens that the grammar lets through so that the rest is still checked."""
    for node in nodes:
        if isinstance(node, Number):
            if node.value - node.value != 0:
                yield Mistake(say.literal_out_of_range(), *inside(node))
        elif isinstance(node, At):
            if node.timeframe not in TIMEFRAMES:
                start, end = node.label_at, node.label_at + len(node.timeframe)
                found = timeframe_of(node.timeframe)
                edits = () if found is None else (Edit(start, end, found),)
                message = say.unknown_timeframe_literal(node.timeframe, found)
                yield Mistake(message, start, end, edits, found is not None)
        elif isinstance(node, Timeframe):
            if node.label not in TIMEFRAMES:
                start, end = inside(node)
                tested = any(isinstance(other, Name) and other.name == "timeframe" for other in nodes)
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


def _chains(text: str, nodes: Sequence[Node]) -> Iterator[Mistake]:
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
        proposal, certain = _unchained(steps)
        start, end = inside(node)
        negated = re.search(r"(?:[nN][oO][tT]|!)\s*$", text[:start]) is not None
        edits = () if proposal is None else (Edit(start, end, f"({proposal})" if negated else proposal),)
        yield Mistake(say.chained_comparison(proposal), start, end, edits, certain)


def _outside(chains: Sequence[Mistake], text: str, mistake: Mistake) -> Mistake:
    """A mistake without its edits where it is the `=` of a chain, which may give a name to what follows."""
    named = text[mistake.start : mistake.end] == "="
    if named and any(chain.start <= mistake.start < chain.end for chain in chains):
        return Mistake(mistake.message, mistake.start, mistake.end)
    return mistake


def is_chained(node: Node) -> bool:
    """Whether a comparison has another one, unbracketed, on its left."""
    if not isinstance(node, Binary) or node.operator not in COMPARISONS:
        return False
    left = node.left
    return isinstance(left, Binary) and left.operator in COMPARISONS and not left.brackets


def _unchained(steps: list[Binary]) -> tuple[str | None, bool]:
    """What a chain may mean, the last of its `steps` first, and whether it can mean nothing else.

    Only one that goes up or down all the way is certain: `a > b == 1` may compare the truth, and so does
    `a > b == true`. None where there are no words.
    """
    operators = {step.operator for step in steps}
    if operators <= {"<", "<="} or operators <= {">", ">="}:
        names = [one for one in _operands(steps) if isinstance(one, Name)]
        return _conjunction(steps), not any(_as_truth(one) or _GLUED.search(one.name) for one in names)
    literal = _as_truth(steps[0].right)
    if literal is None:
        meant = len(steps) == 2 and not any(map(_as_truth, _operands(steps)))
        return _conjunction(steps) if meant else None, False
    if len(steps) > 2 or steps[0].operator not in ("==", "!=") or steps[1].end - steps[1].start > 90:
        return None, False
    compared = to_text(steps[1])
    same = literal[0] == (steps[0].operator == "==")
    return compared if same else f"NOT ({compared})", literal[1]


def _operands(steps: list[Binary]) -> Iterator[Node]:
    """What is compared in a chain."""
    yield steps[-1].left
    for step in steps:
        yield step.right


def _as_truth(node: Node) -> tuple[bool, bool] | None:
    """The truth that `true`, `false`, 1 or 0 may be, and whether it is one for certain."""
    if isinstance(node, Name) and node.name.lower() in ("true", "false"):
        return node.name.lower() == "true", True
    if isinstance(node, Number) and node.value in (0.0, 1.0):
        return node.value == 1.0, False
    return None


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
    if sum(map(text.count, "([-!@")) + text.upper().count("NOT") <= LIMITS.nesting:
        return None
    deep: list[int] = []
    stack = [(tree, 0)]
    while stack:
        node, above = stack.pop()
        depth = above + node.brackets + isinstance(node, Call | Unary | At)
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
        return text.rindex("@", 0, node.label_at) if isinstance(node, At) else inside(node)[0]
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


def _prefix_help(name: str) -> str:
    """What may stand behind a dot: of another instrument its market data, which has small letters."""
    if plain(name) in MARKET_DATA:
        return f"another instrument has its market data as here: spy.{plain(name)}"
    return "functions and names have no prefix; only market data of another instrument has one: spy.close"


def _token_mistake(text: str, kind: str, place: _Token, expected: str) -> Mistake:
    token, start, end = place
    if re.match(r"\.[A-Za-z_]", token):
        help_ = absent(token[1:]) or _prefix_help(token[1:])
        return Mistake(say.unexpected_character(".", help_), start, start + 1)
    if kind in ("RIGHT", "RIGHT_SQUARE"):
        opened = _open_brackets(text[:start])
        if not opened:
            return Mistake(say.unmatched_bracket(token, None), start, end)
        if text[opened[-1]] != _OPENING[token]:
            return Mistake(say.unmatched_bracket(token, text[opened[-1]]), start, end)
    apart = re.search(r"[<>=!](?=[ \t\r\n\f]+$)", text[:start])
    if apart and apart[0] + token in COMPARISONS:
        found = f"{apart[0]} {token}"
        return Mistake(say.foreign_operator(found, apart[0] + token), apart.start(), end)
    message = say.unexpected(quoted(token), expected, _token_help(text, kind, start, expected))
    meant = timeframe_of(token) if expected == _TIMEFRAME and kind in ("NAME", "NUMBER") else None
    edits = () if meant is None else (Edit(start, end, meant),)
    return Mistake(message, start, end, edits, len(token) > 1)


def _end_mistake(text: str, expected: str) -> Mistake:
    opened = _open_brackets(text)
    if opened:
        bracket = text[opened[-1]]
        message = say.unclosed_bracket(bracket, _CLOSING[bracket])
        return Mistake(message, opened[-1], opened[-1] + 1)
    end = len(text.rstrip())
    return Mistake(say.ends_too_early(expected), max(end - 1, 0), end)


def _token_help(text: str, kind: str, start: int, expected: str) -> str | None:
    if expected == _TIMEFRAME:
        return f"timeframes: {' '.join(TIMEFRAMES)}"
    if expected == _VALUE:
        return None
    if kind == "_COMMA":
        return "a comma only separates the arguments of a call"
    if re.match(r"in\b", text[start:]):
        return "compare with each: x == 1 OR x == 2"
    if kind in ("NAME", "NUMBER", "UNIT", "LEFT", "NOT"):
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
