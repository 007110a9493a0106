"""Rewrites an expression of another language in the words of this one, where it does not read as it stands.

1. Passes over the text: signs that only look like ours, words and named arguments (`phrases.py`), frames and
   prefixes (`ta.ema`, `df['close']`), methods (`close.rolling(20).mean()`), quotes, separators of thousands.
2. Brackets are closed, removed or exchanged where that makes the text read (`brackets.py`).
3. What reads is walked as a tree: calls and names of other languages are exchanged (`dialects.py`).

Worked: `ta.crossover(ta.ema(close, length=9), hl2)` loses its prefixes and the name of an argument in step 1,
and step 3 gives `crossUp(ema(close, 9), (high + low) / 2)`.

Each pass is one regular expression over a text of at most `_LONGEST` characters, so the work is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
import re
import unicodedata

from .brackets import bracketed, is_balanced
from .diagnostics import Edit
from .dialects import FRAMES, SHAPES, named, written
from .nodes import Binary, Call, Name, Node, Unary, children, inside, postorder
from .phrases import of_other_candles, phrased, positional
from .words import LIMITS, MARKET_DATA

_LONGEST = 600
_ROUNDS = 8
_FIELD = "open|high|low|close|volume"
_FRAME = rf"(?:self\.)?(?:{'|'.join(FRAMES)})"
_OPERAND = r"(?:[A-Za-z_]\w*(?:\([^()]*\))?(?:\[\d+\])*|\([^()]*\))"
_PREFIX = (
    r"(?:ta|talib|tulip|np|numpy|pta|pandas_ta|qtpylib|math|Math|bt\.indicators|bt\.ind|btind|self|tf|tv)"
)
_OPTION = r"(?:adjust|min_periods|ignore_na)\s*=\s*\w+"
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


def reworded(
    text: str, defined: Collection[str] = (), own: str = "", of_hundred: bool = False
) -> Reworded | None:
    """The expression as this language writes it; None where it is that already, or nobody can know.

    `defined` are names that the document gives a meaning; `own` is the name of the entry itself; `of_hundred`
    says that a score is counted up to 100.

    >>> reworded("ta.crossover(ta.ema(close, length=9), hl2)").text
    'crossUp(ema(close, 9), hl2())'
    >>> reworded("emaFast > emaSlow") is None
    True
    """
    if len(text) > _LONGEST:
        return None
    return _reworded(text, frozenset(defined), own, of_hundred)


@lru_cache(maxsize=512)
def _reworded(text: str, defined: frozenset[str], own: str, of_hundred: bool) -> Reworded | None:
    plain = _OF_SCORE.sub(r"\1", text) if of_hundred else text
    made, safe = _passes(_unwrapped(plain), defined, own)
    made, sure = bracketed(made, partial(_understood, defined=defined), _reads)
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


def _understood(text: str, defined: frozenset[str]) -> Node | None:
    """The tree of a text in the words of this language."""
    tree = _tree(text)
    words = None if tree is None else _spelled(tree, text, defined)
    return None if words is None else _tree(words[0])


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


def _passes(text: str, defined: Collection[str], own: str) -> tuple[str, bool]:
    """The text after all passes, and whether none of them guessed."""
    made = _characters(text)
    if _last_or_now(made):
        return text, False
    made = of_other_candles(_characters(text))
    other = made != _characters(text)
    made = _replaced(made, _FRAMES)
    if own:
        made = re.sub(rf"^\s*{re.escape(own)}\s*:?=(?!=)\s*", "", made)
    made = _apart(made, defined)
    if is_balanced(made):
        made = phrased(made)
    made, certain = positional(_replaced(made, _SURE))
    if _replaced(made, _METHODS) != made and not is_balanced(made):
        certain = False  # what a method belongs to may end at the bracket that is lost
    for _ in range(_ROUNDS):
        before = made
        made = _replaced(made, _METHODS)
        if made == before:
            break
    made = _thousands(_uncommented(made, own))
    guessed = _OF_SCORE.sub(r"\1", _replaced(made, _GUESSES))
    if not _with_commas(guessed):
        guessed = _ONE_COMMA.sub(lambda match: match[0].replace(",", ""), guessed)
    return guessed, guessed == made and certain and not other


def _replaced(text: str, rules: list[tuple[re.Pattern[str], _Instead]]) -> str:
    for pattern, instead in rules:
        text = pattern.sub(instead, text)
    return text


def _last_or_now(text: str) -> bool:
    """Whether a series stands with `.iloc[-1]`, its last value, and without: it may mean the one before."""
    for name in set(re.findall(r"(\w+)['\"\]]*\.iloc\[\s*-\s*1\s*\]", text)):
        with_place = re.findall(rf"\b{name}['\"\]]*\.iloc\[", text)
        if len(re.findall(rf"\b{name}\b", text)) > len(with_place):
            return True
    return False


def _apart(text: str, defined: Collection[str]) -> str:
    """The text with spaces around `AND` and `OR` that ran into numbers and known names."""

    def known(word: str, after: str) -> bool:
        return word.isdigit() or word in MARKET_DATA or word in defined or (word in SHAPES and after == "(")

    def spaced(match: re.Match[str]) -> str:
        left, joint, right = match.groups()
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        fits = (known(left, " ") if left else before in (")", "]")) and (
            known(right, after) if right else after == "("
        )
        if match[0] in defined or not fits or not (left or right):
            return match[0]
        return f"{left} {joint} {right}".rstrip() + ("" if right else " ")

    return re.sub(r"(?<![\w.])(\w*?)(AND|OR)(\w*)(?!\w)", spaced, text)


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


def _scaled(match: re.Match[str]) -> str:
    factor = 1000 if match[2].lower().startswith("t") else 1_000_000
    return format((Decimal(match[1]) * factor).normalize(), "f")


def _mean(match: re.Match[str]) -> str:
    """The mean of a list of values as a sum."""
    items = [item.strip() for item in match[1].split(",")]
    if not 2 <= len(items) <= 4 or not all(
        re.fullmatch(r"[\w.]+(?:\[['\"]?\w+['\"]?\])?", one) for one in items
    ):
        return match[0]
    made = f"({' + '.join(items)}) / {len(items)}"
    return made if match[0] == match.string.strip() else f"({made})"


def _of_lambda(match: re.Match[str]) -> str:
    """The body of a function of one bar, whose fields stand alone here."""
    bar, body = match.groups()
    body = re.sub(rf"\b{bar}\.(?i:({_FIELD}))\b", _lower_field, body)
    return re.sub(rf"\b{bar}\s*\[\s*['\"](?i:({_FIELD}))['\"]\s*\]", _lower_field, body)


_ENTER = r"(?:go\s+long|enter(?:\s+long)?|buy|long|true|1)(?:\s+else\s+(?:false|0|none|nothing|wait|hold))?"
_FRAMES = _rules(
    (r"^\s*return\s+", ""),
    (rf"^\s*(?i:if|when)\s+(.*?)(?:\s*:|(?i:(?:\s*:|\s+then)\s+{_ENTER}))?\s*;?$", r"\1"),
    (r"^(?:1|true|True)\s+if\s+(.*)\s+else\s+(?:0|false|False)$", r"\1"),
    (r"^\s*lambda\s+([A-Za-z_]\w*)\s*:\s*(.*)$", _of_lambda),
    (r"^\s*[A-Za-z_]\w*\s*:=\s*", ""),
    (r"[;,\s]+$", ""),
)
_SURE = _rules(
    (r"\.iloc\[\s*-\s*1\s*\]", ""),
    (r"\.iloc\[\s*-\s*2\s*\]", "[1]"),
    (r"\binput(?:\.(?:int|float))?\(\s*(\d+(?:\.\d+)?)\s*(?:,[^()]*)?\)", r"\1"),
    (r"\bscore\.(?:total|value|sum)\b", "score"),
    (r"(?<![\w.])0[xX][0-9A-Fa-f]{1,12}(?![\w.])", lambda match: str(int(match[0], 16))),
    (r"(?<![\w.])(\d{1,6}(?:\.\d{1,6})?)\s*((?i:mio|mln|millions?|tsd|thousand))\b", _scaled),
    (r"(?<![\w.])(\d{1,9}(?:\.\d{1,9})?)\s*%(?=\s*\*)", lambda match: format(Decimal(match[1]) / 100, "f")),
    (r"\s+(?:is\s+)?(?:below|under|less\s+than|lower\s+than)\s+", " < "),
    (r"\s+(?:is\s+over|(?:is\s+)?(?:above|greater\s+than|higher\s+than|more\s+than))\s+", " > "),
    (r"\s+is\s+not\s+(?=[\w.(-])", " != "),
    (r"\s+is\s+(?i:true)\b(?!\s*[\[(.])", ""),
    (rf"((?:^|\(|\b(?i:and|or|not)\b|&&|\|\||!)\s*)({_OPERAND})\s+is\s+(?i:false)\b", r"\1NOT \2"),
    (r"\bta\.(hl2|hlc3|ohlc4|tr)\b(?!\s*\()", r"\1"),
    (r"\s*#[^\n]*$", ""),
    (r"[;,\s]+$", ""),
    (r"^(.*\S)\s*\?\s*(?:true|True|1)\s*:\s*(?:false|False|0)$", lambda m: m[1] if "?" not in m[1] else m[0]),
    (r"\b(?:(?:np|numpy|math|statistics)\.)?(?:mean|average|avg)\(\s*\[([^\[\]()]*)\]\s*\)", _mean),
    (rf"\b{_FRAME}\s*\[\s*['\"](?i:({_FIELD}))['\"]\s*\]", _lower_field),
    (rf"\b{_FRAME}\.(?i:({_FIELD}))\b", _lower_field),
    (rf"\b{_PREFIX}\.(?=[A-Za-z_]\w*\s*\()", ""),
    (rf"\b{_OWN}\s*\[\s*(['\"])([A-Za-z_]\w*)\1\s*\]", r"\2"),
    (rf"\b{_OWN}\.(?=[A-Za-z_]\w*\b(?!\s*\())", ""),
    (r"\$?\{\{?\s*([A-Za-z_]\w*)\s*\}?\}", r"\1"),
    (r"[$@](?=[A-Za-z_])|\$(?=\d)", ""),
    (r"(['\"`])\s*([^'\"`]*?)\s*\1", r"\2"),
    (r"([<>=!])\s+=(?!=)", r"\1="),
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
    (rf"({_OPERAND})\.ewm\(\s*span\s*=\s*(\d+)\s*(?:,\s*{_OPTION}\s*)*\)\.mean\(\)", r"ema(\1, \2)"),
)
_GUESSES = _rules(
    (rf"({_OPERAND})\.ewm\(\s*(\d+)\s*\)\.mean\(\)", r"ema(\1, \2)"),
    (r"\s+(?:and|AND|&&)\s+(?:not\s+|NOT\s+|!)na\([^()]*\)", ""),
    (r"^([^<>=]+?)\s+over\s+([^<>=]+)$", r"\1 > \2"),
)


_ONE_COMMA = re.compile(r"(?<![\w.,])[1-9]\d{0,2},\d{3}(?![\w,.])")


_OF_SCORE = re.compile(r"\b(score\s*[<>=]+\s*\d+)\s*%(?!\s*[\w.(])")


def _unwrapped(text: str) -> str:
    """The text without brackets in brackets, where there are more than may be nested."""
    many = text.count("(") > LIMITS.nesting
    while many:
        made = re.sub(r"(?<!\w)\(\s*(\([^()]*\))\s*\)", r"\1", text)
        if made == text:
            break
        text = made
    return text


def _thousands(text: str) -> str:
    """Numbers without the commas and spaces between their thousands, where no call has commas.

    One comma may be a decimal one: `1,234` is 1.234 to half of the world.
    """
    if not re.search(r"\d[ ,]\d", text):
        return text
    text = re.sub(r"(?<![\w.,])\d{1,3}(?: \d{3})+(?![\w,])", lambda match: match[0].replace(" ", ""), text)
    if not _with_commas(text):
        text = re.sub(r"(?<![\w.,])\d{1,3}(?:,\d{3}){2,}(?![\w,.])", lambda m: m[0].replace(",", ""), text)
    return text


def _with_commas(text: str) -> bool:
    """Whether there are brackets in which commas may separate arguments."""
    return "(" in re.sub(r"\w+\(\s*\)", "", text)


# --- calls and names --------------------------------------------------------------------------


def _spelled(tree: Node, text: str, defined: frozenset[str]) -> tuple[str, bool] | None:
    """The text with calls and names of other languages exchanged; None where one has no words here."""
    safe = True
    texts: dict[int, str] = {}
    for node in postorder(tree):
        made = _with_children(node, text, texts)
        words = None
        if isinstance(node, Call) and not _is_ours(node):
            words = written(node.name, [texts[id(argument)] for argument in node.arguments])
        elif isinstance(node, Name) and node.name not in defined and node.name not in MARKET_DATA:
            words = named(node.name, defined)
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


def _is_ours(call: Call) -> bool:
    """Whether this language has a function of that name for so many arguments."""
    return call.name in SHAPES and len(call.arguments) == len(SHAPES[call.name])


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
