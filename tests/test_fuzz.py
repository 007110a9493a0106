"""Whatever goes in, diagnostics come out: any bytes, any text, any data, strategies with mistakes in them.

Most of what is made here is nearly a strategy. Noise alone would stop at the first character of the JSON and
never reach a rule of the language; a test counts how much does reach one.
"""

from __future__ import annotations

from collections import Counter
import copy
import json
import random
import re
from typing import Any

import dslc
from dslc.grammar.catalogue import CATALOGUE
from dslc.grammar.diagnostics import Diagnostic
from dslc.grammar.document import load
from dslc.grammar.nodes import Node, children, postorder
from dslc.grammar.parser import parse
from dslc.grammar.printer import to_text
from dslc.render import Checked, as_github, as_json, as_text
from hypothesis import given, settings
from hypothesis import strategies as st

from . import programs

ABOUT_JSON = {"E101", "E102", "E103", "E104", "E105", "E106", "E107", "E108", "E601", "E602", "E610"}
LINE_END = re.compile("\r\n|\n|\r")


def fuzz(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


# ── What holds for every answer ──────────────────────────────────────────────────────────────────────────


def checked(source: Any) -> list[Diagnostic]:
    """The diagnostics of a source, after a look at everything that they promise."""
    found = dslc.validate(source)
    assert isinstance(found, list)
    assert len(found) <= 101
    assert len(set(found)) == len(found)
    for diagnostic in found:
        assert_well_formed(diagnostic)
    texts = texts_of(source)
    assert any(has_places(found, text) for text in texts) or not any(diagnostic.line for diagnostic in found)

    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    try:
        strategy = dslc.compile(source)
    except dslc.StrategyError as error:
        assert errors
        assert error.diagnostics == found
        assert all(line.isprintable() for line in str(error).split("\n"))
    else:
        assert not errors
        assert list(strategy.diagnostics) == found
    return found


def assert_well_formed(found: Diagnostic) -> None:
    assert found.code in CATALOGUE
    assert found.severity == ("warning" if found.code.startswith("W") else "error")
    assert found.path == "" or found.path.startswith("/")
    assert found.message.isprintable()
    assert found.message.strip()
    assert (found.help or "help").isprintable()
    json.dumps(found.as_dict()).encode("utf-8")
    found.path.encode("utf-8")


def has_places(found: list[Diagnostic], text: str) -> bool:
    """Whether every place is one of the text, and the places are in order."""
    lines = LINE_END.split(text)
    placed = [one for one in found if one.code not in ("E610", "W705")]
    for one in placed:
        if one.line is None or one.column is None or one.end_line is None or one.end_column is None:
            return False
        if not (1, 1) <= (one.line, one.column) <= (one.end_line, one.end_column) <= (len(lines), 1 << 30):
            return False
        if one.column > len(lines[one.line - 1]) + 1 or one.end_column > len(lines[one.end_line - 1]) + 1:
            return False
    starts = [(one.line, one.column) for one in placed]
    return starts == sorted(starts)  # type: ignore[type-var]


def texts_of(source: Any) -> list[str]:
    """The texts that the places of a source may be in: its own, and the one inside an envelope."""
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    found = [text] if isinstance(text, str) else []
    try:
        inner = (json.loads(text) if found else source)["strategySnapshotJson"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return found
    return [*found, inner] if isinstance(inner, str) else found


# ── Anything at all ──────────────────────────────────────────────────────────────────────────────────────

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ("configuration", "inputs", "conditions", "score", "decision", "name", "language", "strategySnapshotJson")
)
SECTIONS = ("configuration", "inputs", "conditions", "score", "decision")


@fuzz(450)
@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    assert checked(raw)


@fuzz(450)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    assert checked(text)


@fuzz(350)
@given(JSON_VALUES)
def test_any_json_value(value: Any) -> None:
    assert checked(json.dumps(value))
    assert checked(json.dumps(value, ensure_ascii=False, indent=1))


@fuzz(450)
@given(st.dictionaries(KEYS, JSON_VALUES, max_size=6))
def test_any_sections(sections: dict[str, Any]) -> None:
    checked(json.dumps(sections))
    checked(sections)


@fuzz(350)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner, inner)
            | st.dictionaries(KEYS | st.text(max_size=5) | st.integers() | st.none(), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_plain_data(data: Any) -> None:
    checked(data)


@fuzz(700)
@given(st.text(max_size=60), st.booleans(), st.sampled_from(("inputs", "conditions", "decision")))
def test_any_expression(expression: str, ascii_only: bool, section: str) -> None:
    document = copy.deepcopy(VALID)
    document[section]["entry" if section == "decision" else "x"] = expression
    checked(json.dumps(document, ensure_ascii=ascii_only))


VALID: dict[str, Any] = {
    "configuration": {"timeframe": "1H"},
    "inputs": {"x": "close", "y": "x"},
    "conditions": {"up": "y > open"},
    "score": {"up": 1},
    "decision": {"entry": "up"},
}
TOKENS = (
    *(
        "close",
        "x",
        "y",
        "up",
        "score",
        "timeframe",
        "emma",
        "z",
        "true",
        "body",
        "1H",
        "1h",
        "7H",
        "1",
        "2.5",
    ),
    *("0", ".5", "1e3", "1e999", "1.", "AND", "OR", "NOT", "and", "&&", "|", "!", "=", "==", "!=", "<", ">="),
    *(
        "+",
        "-",
        "*",
        "/",
        "%",
        "(",
        ")",
        "[",
        "]",
        ",",
        "ema(",
        "crossUp(",
        "body()",
        "shift(",
        "random()",
        "é",
    ),
)


@fuzz(900)
@given(st.lists(st.sampled_from(TOKENS), max_size=14), st.sampled_from(("", " ", "\n\t")))
def test_any_words_of_the_language(tokens: list[str], space: str) -> None:
    document = copy.deepcopy(VALID)
    document["inputs"]["x"] = space.join(tokens)
    document["conditions"]["down"] = space.join(reversed(tokens))
    document["decision"]["entry"] = f"up AND ({space.join(tokens)})"
    checked(json.dumps(document))


# ── Nearly a strategy ────────────────────────────────────────────────────────────────────────────────────


@fuzz(600)
@given(programs.mutants())
def test_mutants(text: str) -> None:
    checked(text)


@fuzz(250)
@given(programs.texts(max_size=2), st.data())
def test_damaged_bytes(text: str, data: st.DataObject) -> None:
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    checked(bytes(raw))


def broken(rng: random.Random) -> str:
    """A strategy with a mistake: half of them in its text, the others in what it says."""
    document = programs.strategy(rng, size=rng.randint(1, 3))
    if rng.random() < 0.4:
        return programs.mutate(programs.text(document, rng), rng)
    for _ in range(rng.randint(1, 3)):
        rng.choice((misspell, misspell, replace_word, replace_word, exchange, move, forget, weigh))(
            document, rng
        )
    return programs.text(document, rng)


def entries(document: programs.Document) -> list[tuple[dict[str, str], str]]:
    return [
        (document[section], name)
        for section in ("inputs", "conditions", "decision")
        for name in document.get(section, {})
    ]


def misspell(document: programs.Document, rng: random.Random) -> None:
    section, name = rng.choice(entries(document) or [({}, "")])
    if section:
        section[name] = programs.mutate(section[name], rng)[:5000]


def replace_word(document: programs.Document, rng: random.Random) -> None:
    """One word of an expression becomes another: a name, a function, a number, an operator."""
    section, name = rng.choice(entries(document) or [({}, "")])
    words = list(re.finditer(r"[\w.]+|\S", section.get(name, "")))
    if words:
        word = rng.choice(words)
        names = [*document.get("inputs", ()), *document.get("conditions", ())]
        new = rng.choice((*names, *TOKENS, *programs.SNIPPETS))
        section[name] = section[name][: word.start()] + new + section[name][word.end() :]


def exchange(document: programs.Document, rng: random.Random) -> None:
    """Two entries of a section change places, or names."""
    key = rng.choice(("inputs", "conditions"))
    items = list(document.get(key, {}).items())
    rng.shuffle(items)
    document[key] = dict(items)


def move(document: programs.Document, rng: random.Random) -> None:
    """An entry stands in the wrong section, or in both."""
    there, here = rng.sample(("inputs", "conditions"), 2)
    if document.get(there):
        name = rng.choice(list(document[there]))
        document.setdefault(here, {})[name] = document[there][name]
        if rng.random() < 0.5:
            del document[there][name]


def forget(document: programs.Document, rng: random.Random) -> None:
    section = document[rng.choice(list(document))] if document else None
    if isinstance(section, dict) and section and rng.random() < 0.8:
        del section[rng.choice(list(section))]
    elif document:
        del document[rng.choice(list(document))]


def weigh(document: programs.Document, rng: random.Random) -> None:
    names = [*document.get("inputs", ()), *document.get("conditions", ()), "nothing"]
    values = (0.5, True, None, "10", 10**10, -1e300, [], 7.0)
    document.setdefault("score", {})[rng.choice(names)] = rng.choice(values)


def test_most_mistakes_get_past_the_json() -> None:
    """The generator is no noise: more than half of its mistakes are about the language, of most kinds."""
    past, seen = 0, Counter[str]()
    for seed in range(3000):
        codes = {diagnostic.code for diagnostic in checked(broken(random.Random(seed)))}
        past += not (codes and codes <= ABOUT_JSON)
        seen.update(codes)
    assert past >= 1500
    assert len(seen) >= 50


@fuzz(450)
@given(st.integers(0, 2**32 - 1))
def test_broken_strategies(seed: int) -> None:
    checked(broken(random.Random(seed)))


@fuzz(250)
@given(st.integers(0, 2**32 - 1))
def test_plain_data_and_its_text_have_the_same_mistakes(seed: int) -> None:
    text = broken(random.Random(seed))
    found = dslc.validate(text)
    if {diagnostic.code for diagnostic in found} & (ABOUT_JSON | {"W705"}) or "strategySnapshotJson" in text:
        return
    plain = dslc.validate(json.loads(text))
    assert {(d.code, d.path) for d in plain} == {(d.code, d.path) for d in found}


@fuzz(250)
@given(programs.strategies() | programs.strategies(alive=False), st.integers(0, 2**32 - 1))
def test_valid_strategies_compile(document: programs.Document, seed: int) -> None:
    text = programs.text(document, random.Random(seed))
    assert {diagnostic.severity for diagnostic in checked(text)} <= {"warning"}
    assert dslc.compile(text).hash == dslc.compile(document).hash == dslc.compile(text.encode()).hash


@fuzz(350)
@given(st.text("abcxyz_EMA019é𝄞", min_size=1, max_size=12), st.booleans(), st.text(max_size=5))
def test_an_unknown_name_is_marked_from_its_first_to_its_last_letter(
    name: str, ascii_only: bool, before: str
) -> None:
    document = {"name": before, **copy.deepcopy(VALID), "language": 1}
    document["inputs"]["x"] = f"close + {name} * 2"
    text = json.dumps(document, ensure_ascii=ascii_only)
    for found in dslc.validate(text):
        if found.code in ("E301", "E302"):
            marked = text[found.column - 1 : found.end_column - 1]  # type: ignore[operator]
            assert "`" + json.loads('"' + marked + '"') + "`" in found.message
            assert found.path == "/inputs/x"


@fuzz(150)
@given(st.integers(0, 2**32 - 1), st.text("aé𝄞\t\x1b\u202e\u0301\x00", max_size=4))
def test_every_diagnostic_can_be_shown_and_nothing_moves_the_cursor(seed: int, odd: str) -> None:
    text = broken(random.Random(seed)).replace("close", f"close{odd}", 1)
    checked_file = Checked(load(text, f"{odd}.json").source, dslc.validate(text))
    for shown in (as_text(checked_file), as_github(checked_file), as_json([checked_file])):
        assert all(line.isprintable() for line in shown.split("\n"))
    lines = as_text(checked_file).split("\n")
    assert all(len(line) < 700 for line in lines)
    assert sum("error[" in line or "warning[" in line for line in lines) >= len(checked_file.diagnostics)


# ── parse ∘ print ────────────────────────────────────────────────────────────────────────────────────────

LEAVES = ("close", "x", "1", "2.50", ".5", "1e-3", "1e22", "100000000000000000", "1H", "body()", "0.1", "7e0")
EXPRESSIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.tuples(
            inner, st.sampled_from(("+", "-", "*", "/", ">", "==", "!=", "AND", "OR", "and", "=")), inner
        ).map(" ".join)
        | inner.map("-{}".format)
        | inner.map("NOT {}".format)
        | inner.map("({})".format)
        | inner.map("( {} )".format)
        | st.tuples(inner, inner).map(lambda pair: "{}[{}]".format(*pair))
        | st.lists(inner, max_size=3).map(lambda found: f"f({', '.join(found)})")
    ),
    max_leaves=12,
)


def shape(tree: Node) -> list[tuple[Any, ...]]:
    """What a tree says, without its places and brackets."""
    fields = ("operator", "name", "label", "value")
    return [
        (type(node).__name__, len(children(node)), *(getattr(node, field, None) for field in fields))
        for node in postorder(tree)
    ]


@fuzz(1000)
@given(EXPRESSIONS)
def test_printing_keeps_the_tree_and_is_a_fixed_point(text: str) -> None:
    tree = parse(text).tree
    if tree is None:
        return
    printed = to_text(tree)
    again = parse(printed).tree
    assert again is not None, printed
    assert shape(again) == shape(tree)
    assert to_text(again) == printed


def test_printing_keeps_the_expressions_of_strategies() -> None:
    for seed in range(150):
        document = programs.strategy(random.Random(seed), alive=seed % 2 == 0)
        texts = [
            *document["inputs"].values(),
            *document["conditions"].values(),
            document["decision"]["entry"],
        ]
        for text in texts:
            tree = parse(text).tree
            assert tree is not None
            again = parse(to_text(tree)).tree
            assert again is not None
            assert shape(again) == shape(tree)
            assert to_text(again) == to_text(tree)


@fuzz(450)
@given(EXPRESSIONS)
def test_places_of_nodes_hold_their_text(text: str) -> None:
    """Every node stands where a parse of its own text gives the same node."""
    tree = parse(text).tree
    for node in postorder(tree) if tree else ():
        piece = text[node.start : node.end]
        again = parse(piece).tree
        assert again is not None
        assert shape(again) == shape(node)
        assert piece.strip() == piece
