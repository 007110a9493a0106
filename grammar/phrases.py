"""Rewrites what other languages say with words or names, and this one with signs or by order.

`phrased` knows `x between a and b`, `x crosses above y`, `x in (a, b)` and `a xor b`:

1. The operands are found from the word outwards: up to a bracket, a comma, or what joins truths. So each of
   them may be a sum, as in any language, because these words compare.
2. Where an operand holds a comparison there are two ways to read it, and the phrase is left alone.
3. What has an AND or OR in it afterwards is bracketed, unless nothing can take a part of it away.

`of_other_candles` knows TradingView's `request.security` of the own symbol.

`positional` puts arguments with names in the order that this language wants.

Worked: `NOT close - open between 1 and 2` becomes `NOT (close - open >= 1 AND close - open <= 2)`.

A text has at most `_MOST` phrases and calls that are rewritten, and each is one walk over it.
"""

from __future__ import annotations

from collections.abc import Iterator
import re

from .dialects import NAMED, timeframe_of

_MOST = 12
_TOKEN = re.compile(r"\s+|\w+|>=|<=|==|!=|&&|\|\||[^\w\s]")
_JOINTS = {"and", "or", "not", "xor", "if", "when", "then", "else", "return", "&&", "&", "||", "|", "!"}
_ENDS = _JOINTS | {",", ";", "?", ":"}
_COMPARING = {
    *(">", "<", ">=", "<=", "==", "!=", "=", "≥", "≤", "≠"),
    *("is", "above", "below", "over", "under", "between", "in", "than"),
    *("cross", "crosses", "crossed"),
}
_PHRASE = re.compile(
    r"(?<![\w.])(?:(?P<cross>cross(?:es|ed)?\s+(?:above|over|below|under))|(?P<between>between|BETWEEN)"
    r"|(?P<among>(?:not\s+|NOT\s+)?in(?=\s*[(\[{]))|(?P<xor>xor|XOR))(?!\w)"
)

_SECURITY = re.compile(
    r"\b(?:request\.)?security\s*\(\s*(?:syminfo\.)?(?:tickerid|ticker)\s*,\s*['\"]?(\w+)['\"]?\s*,\s*"
)

_Part = tuple[str, int, int]
"""A token, its start and its end."""


def of_other_candles(text: str) -> str:
    """The text with `@` where TradingView asks for its own symbol on candles of another timeframe.

    >>> of_other_candles("request.security(syminfo.tickerid, '240', ema(close, 50)) > close")
    'ema(close, 50) @ 4H > close'
    """
    for _ in range(_MOST):
        match = _SECURITY.search(text)
        timeframe = None if match is None else timeframe_of(match[1])
        if match is None or timeframe is None:
            break
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        inner = text[match.end() : end - 1]
        if depth or ", gaps" in inner or "lookahead" in inner or "barmerge" in inner:
            break
        simple = re.fullmatch(r"\w+(?:\([^()]*\))?", inner) is not None
        text = f"{text[: match.start()]}{inner if simple else f'({inner})'} @ {timeframe}{text[end:]}"
    return text


def phrased(text: str) -> str:
    """The text with signs and calls instead of words that compare.

    >>> phrased("fast crosses above slow + 1 AND NOT rsi between 40 and 60")
    'crossUp(fast, slow + 1) AND NOT (rsi >= 40 AND rsi <= 60)'
    >>> phrased("hour in (1, 2)"), phrased("a > 1 xor b > 1")
    ('hour == 1 OR hour == 2', '(a > 1 AND NOT (b > 1)) OR (NOT (a > 1) AND b > 1)')
    """
    start = 0
    for _ in range(_MOST):
        match = _PHRASE.search(text, start)
        if match is None:
            break
        made = _reworded(text, match)
        start = match.end() if made is None else 0
        text = text if made is None else made
    return text


def _reworded(text: str, match: re.Match[str]) -> str | None:
    """The text without one phrase; None where its operands are not certain."""
    whole = match["xor"] is not None
    left = _before(text, match.start(), whole)
    if left is None:
        return None
    operand = text[left : match.start()].strip()
    if match["among"]:
        return _among(text, left, operand, match)
    right = _after(text, match.end(), whole)
    if right is None:
        return None
    other = text[match.end() : right].strip()
    if match["cross"]:
        call = "crossUp" if re.search(r"(?:above|over)$", match[0]) else "crossDown"
        return _put(text, left, right, f"{call}({operand}, {other})")
    if whole:
        if not (_opens(text, left) and _closes(text, right)):
            return None
        a, b = _bracketed(operand), _bracketed(other)
        return _put(text, left, right, f"({operand} AND NOT {b}) OR (NOT {a} AND {other})")
    return _between(text, left, right, operand, other)


def _between(text: str, left: int, right: int, operand: str, low: str) -> str | None:
    joint = re.compile(r"\s*(?:and|AND|&&)\s+").match(text, right)
    end = None if joint is None else _after(text, joint.end(), False)
    if joint is None or end is None:
        return None
    high = text[joint.end() : end].strip()
    made = f"{operand} >= {low} AND {operand} <= {high}"
    return _put(text, left, end, made if _is_free(text, left) else f"({made})")


def _among(text: str, left: int, operand: str, match: re.Match[str]) -> str | None:
    """`x in (a, b)` as comparisons with each."""
    listed = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]").match(text, match.end())
    if listed is None:
        return None
    items = [item.strip() for item in listed[1].rstrip(", ").split(",")]
    if len(items) > 4 or not all(re.fullmatch(r"-?[\w.]+", item) for item in items):
        return None
    end = _after(text, listed.end(), False, empty=True)
    if end is None or text[listed.end() : end].strip():
        return None
    negated = not match["among"].lower().startswith("in")
    sign, joint = ("!=", " AND ") if negated else ("==", " OR ")
    made = joint.join(f"{operand} {sign} {item}" for item in items)
    alone = len(items) == 1 or (_opens(text, left) and _closes(text, listed.end()))
    return _put(text, left, listed.end(), made if alone else f"({made})")


def _put(text: str, start: int, end: int, made: str) -> str:
    """The text with other words in a place, and the spaces that were around it."""
    lead = re.compile(r"\s*").match(text, start)
    assert lead is not None
    trail = len(text[:end]) - len(text[:end].rstrip())
    return text[:start] + lead[0] + made + text[end - trail :]


def _bracketed(text: str) -> str:
    return text if re.fullmatch(r"\w+(?:\([^()]*\))?", text) else f"({text})"


def _opens(text: str, at: int) -> bool:
    """Whether nothing stands before a place, or a bracket or comma."""
    return (text[:at].rstrip()[-1:] or "(") in "(,"


def _closes(text: str, at: int) -> bool:
    return (text[at:].lstrip()[:1] or ")") in "),"


def _is_free(text: str, at: int) -> bool:
    """Whether an AND may stand at a place without brackets: nothing before it takes only a part."""
    return (
        _opens(text, at)
        or re.search(r"(?:\b(?:and|or|AND|OR|if|when|return)|&|\|)\s*$", text[:at]) is not None
    )


def _tokens(text: str, start: int = 0) -> Iterator[_Part]:
    for match in _TOKEN.finditer(text, start):
        yield match[0], match.start(), match.end()


def _before(text: str, at: int, whole: bool) -> int | None:
    """Where the operand begins that ends at a place; None where that is not certain."""
    depth, start = 0, at
    for token, begin, end in reversed([part for part in _tokens(text) if part[2] <= at]):
        if token in (")", "]", "}"):
            depth += 1
        elif token in ("(", "[", "{"):
            if depth == 0:
                start = end
                break
            depth -= 1
        elif depth == 0 and token.lower() in _ENDS:
            start = end
            if whole and token.lower() in _JOINTS:
                return None
            break
        elif depth == 0 and not whole and token.lower() in _COMPARING:
            return None
        start = begin
    return start if text[start:at].strip() and depth == 0 else None


def _after(text: str, at: int, whole: bool, empty: bool = False) -> int | None:
    """Where the operand ends that begins at a place; None where that is not certain."""
    depth, end = 0, len(text)
    for token, begin, _ in _tokens(text, at):
        if token in ("(", "[", "{"):
            depth += 1
        elif token in (")", "]", "}"):
            if depth == 0:
                end = begin
                break
            depth -= 1
        elif depth == 0 and token.lower() in _ENDS:
            if whole and token.lower() in _JOINTS:
                return None
            end = begin
            break
        elif depth == 0 and not whole and token.lower() in _COMPARING:
            return None
    return end if (empty or text[at:end].strip()) and depth == 0 else None


# --- arguments with names ---------------------------------------------------------------------

_CALL = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
_NAME = re.compile(rf"\s*({'|'.join(NAMED)})\s*(?::|=(?!=))\s*")
_FIRST = ("x", "a", "source", "src", "series", "real", "data")
_ORDER = dict.fromkeys(NAMED, 4) | dict.fromkeys(_FIRST, 0)
_ORDER |= {"b": 1, "high": 1, "low": 2, "close": 3, "m": 5, "factor": 5, "multiplier": 5}
"""The place of an argument among others, by its name."""


def positional(text: str) -> tuple[str, bool]:
    """The text with the arguments of calls in their order and without names; and whether that is certain.

    >>> positional("crossUp(b=close, a=open)"), positional("ema(length=9, source=close)")
    (('crossUp(open, close)', True), ('ema(close, 9)', True))
    >>> positional("mix(a=close, x=open)")
    ('mix(close, open)', False)
    """
    sure = True
    for head in list(_CALL.finditer(text))[: -_MOST - 1 : -1]:
        end = _after_call(text, head.end())
        if end is None or head[1].lower() in _JOINTS or head[1].endswith("ewm"):
            continue
        found = _ordered(_split(text[head.end() : end]))
        if found is not None:
            text = text[: head.end()] + found[0] + text[end:]
            sure = sure and found[1]
    return text, sure


def _ordered(arguments: list[str]) -> tuple[str, bool] | None:
    """Arguments in the order of their names; None where none has one."""
    names = [_NAME.match(argument) for argument in arguments]
    places = [_ORDER[name[1]] for name in names if name is not None]
    if not places:
        return None
    values = [
        argument if name is None else argument[: name.start(1)] + argument[name.end() :]
        for argument, name in zip(arguments, names, strict=True)
    ]
    distinct = len(set(places)) == len(places)
    if len(places) < len(values) or not distinct:
        last = len(values) - 1
        there = (
            at == {0: 0, 1: 1, 4: last, 5: last}.get(_ORDER[name[1]]) for at, name in enumerate(names) if name
        )
        return ",".join(values), distinct and all(there)
    if places == sorted(places):
        return ",".join(values), True
    return ", ".join(value.strip() for _, value in sorted(zip(places, values, strict=True))), True


def _after_call(text: str, start: int) -> int | None:
    """Where the bracket closes that was opened before a place."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth < 0:
            return at
    return None


def _split(text: str) -> list[str]:
    """The arguments of a call."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
