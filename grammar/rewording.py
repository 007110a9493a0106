"""Rewrites an expression of another language in the words of this one, where it does not read as it stands.

1. Passes over the text: signs that only look like ours, frames and prefixes (`ta.ema`, `df['close']`),
   methods (`close.rolling(20).mean()`), names of arguments (`length=9`), quotes, separators of thousands.
2. Brackets are closed, removed or exchanged where that makes the text read.
3. What reads is walked as a tree: calls and names of other languages are exchanged (`dialects.py`).

Worked: `ta.crossover(ta.ema(close, length=9), hl2)` loses its prefixes and the name of an argument in step 1,
and step 3 gives `crossUp(ema(close, 9), (high + low) / 2)`.

Each pass is one regular expression over a text of at most `_LONGEST` characters, so the work is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
import re
import unicodedata

from .diagnostics import Edit
from .dialects import FRAMES, NAMED, SHAPES, named, written
from .nodes import Binary, Call, Name, Node, Unary, children, inside, postorder
from .words import LIMITS, MARKET_DATA

_LONGEST = 600
_ROUNDS = 8
_FIELD = "open|high|low|close|volume"
_FRAME = rf"(?:self\.)?(?:{'|'.join(FRAMES)})"
_OPERAND = r"(?:[A-Za-z_]\w*(?:\([^()]*\))?(?:\[\d+\])*|\([^()]*\))"
_PREFIX = (
    r"(?:ta|talib|tulip|np|numpy|pta|pandas_ta|qtpylib|math|Math|bt\.indicators|bt\.ind|btind|self|tf|tv)"
)
_OWN = r"(?:inputs?|indicators?|conditions?|variables|self|strategy)"
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_LOOKALIKES = str.maketrans("асеорхуАВСЕНКМОРТХіѕԁ", "aceopxyABCEHKMOPTXisd")
_SIGNS = str.maketrans({**dict.fromkeys("−–—‒", "-"), **dict.fromkeys("×·⋅∗", "*"), "÷": "/"})
_QUOTES = str.maketrans({**dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’´", "'")})


@dataclass(frozen=True, slots=True)
class Reworded:
    """An expression in the words of this language, as `edits` of the text; `safe` if nothing was guessed."""

    text: str
    edits: tuple[Edit, ...]
    safe: bool

    def touches(self, start: int, end: int) -> bool:
        """Whether a change lies within some characters of the old text."""
        return any(edit.start < end and start < max(edit.end, edit.start + 1) for edit in self.edits)


def reworded(text: str, defined: Collection[str] = (), own: str = "") -> Reworded | None:
    """The expression as this language writes it; None where it is that already, or nobody can know.

    `defined` are names that the document gives a meaning; `own` is the name of the entry itself.

    >>> reworded("ta.crossover(ta.ema(close, length=9), hl2)").text
    'crossUp(ema(close, 9), (high + low) / 2)'
    >>> reworded("emaFast > emaSlow") is None
    True
    """
    if len(text) > _LONGEST:
        return None
    return _reworded(text, frozenset(defined), own)


@lru_cache(maxsize=512)
def _reworded(text: str, defined: frozenset[str], own: str) -> Reworded | None:
    made, safe = _passes(text, own)
    made, sure = _bracketed(made)
    tree = _tree(made)
    if tree is None:
        return None
    spelled = _spelled(tree, made, defined)
    if spelled is None or spelled[0] == text or (made == text and spelled[0] != text and _reads(text)):
        return None
    if _tree(spelled[0]) is None:
        return None
    edits = tuple(_edits(text, spelled[0]))
    return Reworded(spelled[0], edits, safe and sure and spelled[1])


def _tree(text: str) -> Node | None:
    from .parser import parse

    return parse(text).tree


def _reads(text: str) -> bool:
    return _tree(text) is not None


def _edits(old: str, new: str) -> list[Edit]:
    """The changes from one text to another, word by word."""
    from difflib import SequenceMatcher  # only documents with mistakes need it

    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    starts = [0]
    for token in before:
        starts.append(starts[-1] + len(token))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        Edit(starts[i1], starts[i2], "".join(after[j1:j2]))
        for what, i1, i2, j1, j2 in matcher.get_opcodes()
        if what != "equal"
    ]


# --- passes over the text ---------------------------------------------------------------------


def _passes(text: str, own: str) -> tuple[str, bool]:
    """The text after all passes, and whether none of them guessed."""
    made = _characters(text)
    for pattern, instead in _SURE:
        made = pattern.sub(instead, made)
    for _ in range(_ROUNDS):
        before = made
        for pattern, instead in _METHODS:
            made = pattern.sub(instead, made)
        if made == before:
            break
    if own:
        made = re.sub(rf"^\s*{re.escape(own)}\s*:?=(?!=)\s*", "", made)
    made = _thousands(_uncommented(made, own))
    guessed = made
    for pattern, instead in _GUESSES:
        guessed = pattern.sub(instead, guessed)
    return guessed, guessed == made


def _uncommented(text: str, own: str) -> str:
    """The text without a comment of several words, or of the entry's own name, after `//`."""
    match = re.fullmatch(r"(.*\S)\s*//\s*([A-Za-z][\w ,.'-]*)", text)
    if match is None or (match[2].strip() != own and not re.search(r"\w\s+\w", match[2])):
        return text
    return match[1]


def _characters(text: str) -> str:
    """The text with the characters that an author of this language would have typed."""
    if text.isascii():
        return text
    made = re.sub(r"\s*∧\s*", " AND ", re.sub(r"\s*∨\s*", " OR ", re.sub(r"¬\s*", "NOT ", text)))
    made = re.sub("[\u200b-\u200d\u2060\ufeff]", "", made)
    made = "".join(_narrow(character) for character in made)
    return made.translate(_SIGNS).translate(_QUOTES).translate(_LOOKALIKES)


def _narrow(character: str) -> str:
    if "\uff01" <= character <= "\uff5e":
        return unicodedata.normalize("NFKC", character)
    return {"Zs": " ", "So": ""}.get(unicodedata.category(character), character)


_Instead = str | Callable[[re.Match[str]], str]


def _rules(*rules: tuple[str, _Instead]) -> list[tuple[re.Pattern[str], _Instead]]:
    return [(re.compile(pattern), instead) for pattern, instead in rules]


def _lower_field(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group).lower()


_SURE = _rules(
    (r"^\s*return\s+", ""),
    (r"^\s*(?:if|when|If|When|IF)\s+(.*?)(?:\s*:|\s+(?:then|THEN)\b.*)?$", r"\1"),
    (r"^(?:1|true|True)\s+if\s+(.*)\s+else\s+(?:0|false|False)$", r"\1"),
    (r"^\s*[A-Za-z_]\w*\s*:=\s*", ""),
    (r"\.iloc\[\s*-\s*1\s*\]", ""),
    (r"\.iloc\[\s*-\s*2\s*\]", "[1]"),
    (r"\binput(?:\.(?:int|float))?\(\s*(\d+(?:\.\d+)?)\s*(?:,[^()]*)?\)", r"\1"),
    (r"\bscore\.(?:total|value|sum)\b", "score"),
    (r"(?<![\w.])(\d{1,9}(?:\.\d{1,9})?)\s*%(?=\s*\*)", lambda match: format(Decimal(match[1]) / 100, "f")),
    (rf"({_OPERAND})\s+(?:between|BETWEEN)\s+(\S+)\s+(?:and|AND)\s+(\S+)", r"\1 >= \2 AND \1 <= \3"),
    (rf"({_OPERAND})\s+cross(?:es|ed)?\s+(?:above|over)\s+({_OPERAND})", r"crossUp(\1, \2)"),
    (rf"({_OPERAND})\s+cross(?:es|ed)?\s+(?:below|under)\s+({_OPERAND})", r"crossDown(\1, \2)"),
    (r"\s+(?:is\s+)?(?:below|under|less\s+than|lower\s+than)\s+", " < "),
    (r"\s+(?:is\s+)?(?:above|over|greater\s+than|higher\s+than|more\s+than)\s+", " > "),
    (r"\s+is\s+not\s+(?=[\w.(-])", " != "),
    (r"\bta\.(hl2|hlc3|ohlc4|tr)\b(?!\s*\()", r"\1"),
    (r"\s*#[^\n]*$", ""),
    (r"[;,\s]+$", ""),
    (r"^(.*\S)\s*\?\s*(?:true|True|1)\s*:\s*(?:false|False|0)$", lambda m: m[1] if "?" not in m[1] else m[0]),
    (rf"\b{_FRAME}\s*\[\s*['\"](?i:({_FIELD}))['\"]\s*\]", _lower_field),
    (rf"\b{_FRAME}\.(?i:({_FIELD}))\b", _lower_field),
    (rf"\b{_PREFIX}\.(?=[A-Za-z_]\w*\s*\()", ""),
    (rf"\b{_OWN}\.(?=[A-Za-z_]\w*\b(?!\s*\())", ""),
    (r"\$?\{\{?\s*([A-Za-z_]\w*)\s*\}?\}", r"\1"),
    (r"[$@](?=[A-Za-z_])|\$(?=\d)", ""),
    (r"(['\"`])\s*([^'\"`]*?)\s*\1", r"\2"),
    (r"([<>=!])\s+=(?!=)", r"\1="),
    (rf"(?<=[(,])(\s*)(?:{'|'.join(NAMED)})\s*[:=](?!=)\s*", r"\1"),
    (r",\s*(?=[,)])", ""),
    (r"(?<=[\w)]);(?=[^;]*\))", ","),
)
_METHODS = _rules(
    (rf"({_OPERAND})\.rolling\(\s*(\d+)\s*\)\.mean\(\)", r"sma(\1, \2)"),
    (rf"({_OPERAND})\.rolling\(\s*(\d+)\s*\)\.max\(\)", r"highest(\1, \2)"),
    (rf"({_OPERAND})\.rolling\(\s*(\d+)\s*\)\.min\(\)", r"lowest(\1, \2)"),
    (rf"({_OPERAND})\.shift\(\s*\)", r"\1[1]"),
    (rf"({_OPERAND})\.shift\(\s*(\d+)\s*\)", r"\1[\2]"),
    (rf"({_OPERAND})\.diff\(\s*1?\s*\)", r"change(\1)"),
    (rf"({_OPERAND})\.pct_change\(\s*1?\s*\)", r"pct_change(\1)"),
    (rf"({_OPERAND})\.abs\(\)", r"abs(\1)"),
    (rf"({_OPERAND})\.ewm\(\s*(\d+)\s*,\s*adjust\s*=\s*False\s*\)\.mean\(\)", r"ema(\1, \2)"),
)
_GUESSES = _rules(
    (rf"({_OPERAND})\.ewm\(\s*(\d+)\s*\)\.mean\(\)", r"ema(\1, \2)"),
    (r"\s+(?:and|AND|&&)\s+(?:not\s+|NOT\s+|!)na\([^()]*\)", ""),
    (r"\b(score\s*[<>=]+\s*\d+)\s*%", r"\1"),
)


def _thousands(text: str) -> str:
    """Numbers without the commas and spaces between their thousands, where no call has commas."""
    if not re.search(r"\d[ ,]\d", text):
        return text
    text = re.sub(r"(?<![\w.,])\d{1,3}(?: \d{3})+(?![\w,])", lambda match: match[0].replace(" ", ""), text)
    if "(" not in re.sub(r"\w+\(\s*\)", "", text):
        text = re.sub(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,.])", lambda m: m[0].replace(",", ""), text)
    return text


# --- brackets ---------------------------------------------------------------------------------

_CLOSES = {"(": ")", "[": "]"}


def _bracketed(text: str) -> tuple[str, bool]:
    """The text with its brackets in order, and whether there was only one way."""
    if _reads(text):
        return text, True
    text = re.sub(r"\b([A-Za-z_]\w*)\[([^\[\]]*,[^\[\]]*)\]", r"\1(\2)", text)
    text = text.replace("{", "(").replace("}", ")")
    text = re.sub(r"(?<![\w)\]])(\s*)\[([^\[\]]*)\]", r"\1(\2)", text)
    decimal = re.sub(r"(?<![\w.,])(\d+),(\d+)(?![\w,.])", r"\1.\2", text)
    if decimal != text and not re.search(r"\w\([^()]*,", text) and _reads(decimal):
        return decimal, True
    text, sure = _matched(text)
    if _reads(text):
        return text, sure
    separated = re.sub(r"([A-Za-z_)\]]\w*)\s+(\d+)\s*\)", r"\1, \2)", text)
    return separated, sure


def _matched(text: str) -> tuple[str, bool]:
    """The text with closing brackets that match: exchanged, removed at the end, or added."""
    out: list[str] = []
    opened: list[int] = []
    sure = True
    for at, character in enumerate(text):
        if character in "([":
            opened.append(len(out))
            out.append(character)
        elif character in ")]":
            if not opened:
                if text[at + 1 :].strip(") "):
                    return text, False
                sure = sure and _flat("".join(out))
                continue
            out.append(_CLOSES[out[opened.pop()]])
        else:
            out.append(character)
    if len(opened) > _ROUNDS:
        return text, False
    while opened:
        start = opened.pop()
        made = "".join(out)
        end, certain = _end_of(made, start)
        sure = sure and certain
        out = [*made[:end], _CLOSES[made[start]], *made[end:]]
    return "".join(out), sure


_NEXT = re.compile(r"\s*(?:>=|<=|==|!=|<|>|&&|\|\||\b(?:AND|OR|and|or)\b)")


def _end_of(text: str, start: int) -> tuple[int, bool]:
    """Where the bracket at `start` should have been closed, and whether nowhere else would do."""
    called = bool(re.search(r"\w$", text[:start]))
    depth = 0
    for at in range(start + 1, len(text)):
        depth += (text[at] in "([") - (text[at] in ")]")
        if called and depth == 0 and _NEXT.match(text, at) and not text[at - 1].isspace():
            return at, True
    whole = len(text.rstrip())
    return whole, called or _flat(text[start + 1 :])


def _flat(text: str) -> bool:
    """Whether brackets anywhere in a text would not change its meaning: only AND, or only OR, and no sums."""
    inner = text
    for _ in range(_ROUNDS):
        inner = re.sub(r"\w*\([^()]*\)", "x", inner)
    words = set(re.findall(r"\b(AND|OR|NOT)\b|&&|\|\||!(?!=)", inner.upper()))
    if re.search(r"[-+*/]", inner):
        return False
    return len(words) <= 1 and "NOT" not in words


# --- calls and names --------------------------------------------------------------------------


def _spelled(tree: Node, text: str, defined: frozenset[str]) -> tuple[str, bool] | None:
    """The text with calls and names of other languages exchanged; None where one has no words here."""
    safe = True
    texts: dict[int, str] = {}
    for node in postorder(tree):
        made = _with_children(node, text, texts)
        words = None
        if isinstance(node, Call) and node.name not in SHAPES:
            arguments = [texts[id(argument)] for argument in node.arguments]
            words = written(node.name, arguments)
        elif isinstance(node, Call) and node.name in SHAPES and len(node.arguments) != len(SHAPES[node.name]):
            words = written(node.name, [texts[id(argument)] for argument in node.arguments])
        elif isinstance(node, Name) and node.name not in defined and node.name not in MARKET_DATA:
            words = named(node.name)
        if words is not None:
            start, end = inside(node)
            made = text[node.start : start] + fitting(words.text, text, start, end) + text[end : node.end]
            safe = safe and words.safe
        elif isinstance(node, Call) and node.name not in SHAPES:
            return None
        if len(made) > LIMITS.expression_characters:
            return None  # formulas repeat their arguments, and those may be formulas
        texts[id(node)] = made
    return text[: tree.start] + texts[id(tree)] + text[tree.end :], safe


def fitting(words: str, text: str, start: int, end: int) -> str:
    """Words that take the place of `start` to `end` of a text, in brackets where they would fall apart.

    >>> fitting("a - b", "2 * x", 4, 5), fitting("a - b", "x", 0, 1)
    ('(a - b)', 'a - b')
    """
    tree = _tree(words)
    if not isinstance(tree, Binary | Unary) or tree.brackets:
        return words
    alone = (text[:start].rstrip()[-1:] or "(") in "(," and (text[end:].lstrip()[:1] or ")") in "),"
    return words if alone else f"({words})"


def _with_children(node: Node, text: str, texts: dict[int, str]) -> str:
    """The text of a node with the new texts of what is below it."""
    made, at = [], node.start
    for child in children(node):
        made += [text[at : child.start], texts[id(child)]]
        at = child.end
    return "".join([*made, text[at : node.end]])
