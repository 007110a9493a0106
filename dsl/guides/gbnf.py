r"""The expression grammar as GBNF, which holds a language model to what can be read.

It is made of `grammar/expression.lark`, rule by rule, so it cannot fall behind:

1. Each rule of the file becomes one of GBNF. A rule that begins with itself, which GBNF cannot have, becomes
   a repetition: `sum: product | sum PLUS product` is `sum ::= product (ws "+" ws product)*`.
2. Terminals become what the language writes (`_TERMINALS`): `AND`, not `&&`. What the parser takes only to
   refuse it (`_REFUSED`: a unary plus, a chained comparison) is left out.
3. A name is anything but a keyword. GBNF has no "but", so `_names` spells it out, letter by letter: with the
   keyword `or` alone, `[^o] tail | o (end | [^r] tail | r (not the end) tail)`.
4. Calls are those of the registry, and of functions that a document is to have, with their numbers of
   arguments.

Everything in it is read without a mistake in its spelling, as long as it is no longer and no deeper than the
limits. Its strings need no escapes in JSON. Spaces are single and optional, and needed around words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
import re

from ..grammar.nodes import COMPARISONS
from ..grammar.words import MARKET_DATA, TIMEFRAMES
from ..runtime.registry import functions, public_names
from ..schemas.signatures import Signature

_RULE = re.compile(r"^\??([a-z]+):(.*(?:\n[ \t]+\|.*)*)", re.MULTILINE)
_ALIAS = re.compile(r"->.*")

_TERMINALS = {
    "OR": 'sp "OR" sp',
    "AND": 'sp "AND" sp',
    "NOT": '"NOT" sp',
    "COMPARE": f"ws ({' | '.join(f'{chr(34)}{sign}{chr(34)}' for sign in COMPARISONS)}) ws",
    "TIMES": 'ws ("*" | "/") ws',
    "PLUS": 'ws "+" ws',
    "MINUS": 'ws "-" ws',
    "LEFT": '"(" ws',
    "RIGHT": 'ws ")"',
    "LEFT_SQUARE": 'ws "[" ws',
    "RIGHT_SQUARE": 'ws "]"',
    "_COMMA": 'ws "," ws',
    "AT": 'ws "@" ws',
    "MEMBER": f"({' | '.join(f'{chr(34)}.{field}{chr(34)}' for field in MARKET_DATA)})",
    "NUMBER": "number",
    "UNIT": "timeframe",
    "NAME": "name",
}
_REFUSED = {("sign", "PLUS sign")}
_ONCE = {"comparison"}
_CALLS = {"NAME LEFT RIGHT", "NAME LEFT arguments RIGHT"}
_CALLED = {"arguments"}
_KEYWORDS = ("AND", "OR", "NOT")  # in any case
_NO_VALUES = ("true", "false")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_TAIL = "0123456789" + _LETTERS


def lark_grammar() -> str:
    """The grammar of the parser, as Lark reads it."""
    folder = files(f"{__package__.rpartition('.')[0]}.grammar")
    return (folder / "expression.lark").read_text(encoding="utf-8")


def gbnf(own: Iterable[Signature] = ()) -> str:
    """The whole grammar; `root` is an expression. `own` are functions of the document that it will stand in.

    >>> print(gbnf().splitlines()[2])
    root ::= ws or ws
    """
    lines = [
        "# An expression of dslc. Made of grammar/expression.lark; `dslc grammar --format gbnf` prints it.",
        "",
        *(f"{name} ::= {body}" for name, body in _rules(lark_grammar())),
        f"call ::= {_calls(own)}",
        "number ::= digits fraction? exponent? | fraction exponent? | large",
        "digits ::= [0-9]{1,15}",
        'fraction ::= "." [0-9]{1,20}',
        'exponent ::= [eE] ("+"? [0-9]{1,2} | "-" [0-9]{1,3})',
        'large ::= [0-9] fraction? [eE] "+"? ([1-2] [0-9] [0-9] | "30" [0-7])',
        f"timeframe ::= {' | '.join(_literal(label) for label in TIMEFRAMES)}",
        *_names(_never_names()),
        "tail ::= [A-Za-z0-9_]*",
        'ws ::= " "?',
        'sp ::= " "',
    ]
    return "\n".join(lines) + "\n"


def levels() -> list[tuple[str, list[str]]]:
    """The operators, loosest first: each rule of the grammar that has some, and its signs.

    >>> [signs for name, signs in levels() if name in ("and", "sum")]
    [['AND'], ['+', '-']]
    """
    found = [(name, re.findall(r'"([^"]+)"', body)) for name, body in _rules(lark_grammar())]
    return [(name, list(dict.fromkeys(signs))) for name, signs in found if signs]


# --- rules ------------------------------------------------------------------------------------


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """The rules of a Lark grammar as names and bodies of GBNF."""
    for found in _RULE.finditer(text):
        name = found[1]
        if name in _CALLED:
            continue
        ways = [" ".join(_ALIAS.sub("", way).split()) for way in re.split(r"\n[ \t]+\|", found[2])]
        yield ("root", "ws or ws") if name == "start" else (name, _body(name, ways))


def _body(name: str, ways: Sequence[str]) -> str:
    """What a rule is, from the ways in which it can be.

    >>> _body("sum", ["product", "sum PLUS product", "sum MINUS product"])
    'product (ws "+" ws product | ws "-" ws product)*'
    """
    kept = [way for way in ways if (name, way) not in _REFUSED]
    plain = [way for way in kept if way.split()[0] != name]
    again = [way.split(" ", 1)[1] for way in kept if way.split()[0] == name]
    first = " | ".join(dict.fromkeys(_sequence(way).removeprefix("ws ") for way in plain))
    if not again:
        return first
    rest = " | ".join(map(_sequence, again))
    return f"{f'({first})' if len(plain) > 1 else first} ({rest}){'?' if name in _ONCE else '*'}"


def _sequence(way: str) -> str:
    """One way of a rule; a terminal that the table does not have is a KeyError."""
    if way in _CALLS:
        return "call"
    parts = way.replace("(", "( ").replace(")", " )").split()
    return " ".join(_symbol(part) for part in parts).replace("( ", "(").replace(" )", ")")


def _symbol(part: str) -> str:
    name = part.rstrip("*+?")
    shown = _TERMINALS[name] if name.isupper() or name == "_COMMA" else name
    return shown + part[len(name) :]


def _calls(own: Iterable[Signature]) -> str:
    """Every function with its arguments; one of the document hides one of the registry."""
    found = [functions()[name] for name in public_names()]
    counts = {one.name: (one.least_arguments, len(one.parameters)) for one in found}
    counts |= {one.name: (len(one.parameters), len(one.parameters)) for one in own}
    ways = []
    for name, (least, most) in counts.items():
        for count in range(least, most + 1):
            arguments = f" {_TERMINALS['_COMMA']} ".join(["or"] * count)
            inside = f"ws {arguments} ws" if count else "ws"
            ways.append(f'{_literal(name)} ws "(" {inside} ")"')
    return " |\n  ".join(ways)


# --- names ------------------------------------------------------------------------------------

_Word = list[frozenset[str]]


def _never_names() -> list[_Word]:
    """The words that are no names, as the letters that may stand at each place."""
    keywords = [[frozenset((letter, letter.lower())) for letter in word] for word in _KEYWORDS]
    return [*keywords, *([frozenset(letter) for letter in word] for word in _NO_VALUES)]


def _names(words: Sequence[_Word]) -> Iterator[str]:
    """The rules of a name that is none of some words, which are given as the letters of each place.

    `name` splits by the first letter; `name-o` is what may follow an `o` or `O`, and so on.
    """
    todo: list[tuple[str, Sequence[_Word]]] = [("", words)]
    while todo:
        prefix, left = todo.pop(0)
        ways = [f"{_class(_rest(left, first=not prefix))} tail"]
        for letters in _next(left):
            longer = [word[1:] for word in left if word and word[0] >= letters]
            key = prefix + "".join(sorted(letters)).lower()[0] + ("" if len(letters) > 1 else "x")
            ways.append(f"{_class(letters)} name-{key}")
            todo.append((key, longer))
        if prefix and all(left):
            ways.append('""')
        yield f"name{'-' + prefix if prefix else ''} ::= {' | '.join(ways)}"


def _next(words: Sequence[_Word]) -> list[frozenset[str]]:
    """The letters with which words go on, parted so that each part goes on in one way."""
    heads = [word[0] for word in words if word]
    parts: dict[tuple[bool, ...], set[str]] = {}
    for letter in sorted(frozenset().union(*heads)):
        parts.setdefault(tuple(letter in head for head in heads), set()).add(letter)
    return [frozenset(part) for part in parts.values()]


def _rest(words: Sequence[_Word], *, first: bool) -> frozenset[str]:
    """The letters with which no word goes on."""
    return frozenset(_LETTERS if first else _TAIL).difference(*(word[0] for word in words if word))


def _class(letters: frozenset[str]) -> str:
    """Letters as a class, neighbours as ranges.

    >>> _class(frozenset("abcxA"))
    '[Aa-cx]'
    """
    text = "".join(sorted(letters))
    ranges: list[str] = []
    for letter in text:
        if ranges and ord(letter) == ord(ranges[-1][-1]) + 1:
            ranges[-1] = ranges[-1][0] + letter
        else:
            ranges.append(letter)
    shown = [part if len(part) == 1 else f"{part[0]}-{part[1]}" for part in ranges]
    return f"[{''.join(shown)}]"


def _literal(text: str) -> str:
    return f'"{text}"'
