"""The GBNF of expressions and the parser agree: what it allows is read, and valid strategies are in it.

A small reader of GBNF, a sampler and a recogniser; they share nothing with what writes the grammar.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
import json
import os
from pathlib import Path
import random
import re
import subprocess
import sys
from typing import Any

import dslc
from dslc.grammar.nodes import Name, Timeframe, postorder
from dslc.grammar.parser import parse
from dslc.grammar.words import TIMEFRAMES
from dslc.guides.gbnf import gbnf, lark_grammar
from dslc.runtime.registry import functions, public_names
from dslc.schemas.signatures import signature
import pytest

from . import programs

ROOT = Path(__file__).parent.parent
DEEP = os.environ.get("DSLC_DEEP", "0") not in ("", "0")
Node = tuple[Any, ...]

# ── A reader of GBNF ─────────────────────────────────────────────────────────────────────────────────────

TOKEN = re.compile(
    r'\s+|#[^\n]*|(?P<head>[a-z][a-z0-9-]*)\s*::=|(?P<name>[a-z][a-z0-9-]*)|"(?P<text>[^"\\]*)"'
    r"|\[(?P<set>[^\]]+)\]|\{(?P<least>\d+),(?P<most>\d+)\}|(?P<sign>[|()*+?])"
)


def read(text: str) -> dict[str, Node]:
    """Rules as trees: of ("text", s), ("set", letters), ("rule", name), ("seq", …), ("or", …) and
    ("many", part, least, most)."""
    tokens: list[re.Match[str]] = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, text[at : at + 40]
        at = match.end()
        if match.lastgroup:
            tokens.append(match)
    rules: dict[str, Node] = {}
    starts = [i for i, token in enumerate(tokens) if token["head"]] + [len(tokens)]
    for start, stop in pairwise(starts):
        name = tokens[start]["head"]
        assert name not in rules, f"{name} is there twice"
        rules[name], rest = ways(tokens[start + 1 : stop])
        assert not rest
    return rules


def ways(tokens: list[re.Match[str]]) -> tuple[Node, list[re.Match[str]]]:
    found, rest = sequence(tokens)
    every = [found]
    while rest and rest[0]["sign"] == "|":
        found, rest = sequence(rest[1:])
        every.append(found)
    return ("or", *every), rest


def sequence(tokens: list[re.Match[str]]) -> tuple[Node, list[re.Match[str]]]:
    parts: list[Node] = []
    while tokens and tokens[0]["sign"] not in ("|", ")"):
        token, tokens = tokens[0], tokens[1:]
        if token["sign"] == "(":
            part, tokens = ways(tokens)
            assert tokens[0]["sign"] == ")"
            tokens = tokens[1:]
        elif token["name"]:
            part = ("rule", token["name"])
        elif token["set"]:
            part = ("set", letters(token["set"]))
        else:
            part = ("text", token["text"])
        if tokens and (tokens[0]["least"] or tokens[0]["sign"] in ("*", "+", "?")):
            least, most = {"*": (0, 10**6), "+": (1, 10**6), "?": (0, 1)}.get(
                tokens[0]["sign"] or "", (int(tokens[0]["least"] or 0), int(tokens[0]["most"] or 0))
            )
            part, tokens = ("many", part, least, most), tokens[1:]
        parts.append(part)
    return ("seq", *parts), tokens


def letters(text: str) -> frozenset[str]:
    found: set[str] = set()
    for part in re.findall(r".-.|.", text):
        first, last = part[0], part[-1]
        found.update(map(chr, range(ord(first), ord(last) + 1)))
    return frozenset(found)


RULES = read(gbnf())

# ── A sampler and a recogniser ───────────────────────────────────────────────────────────────────────────


class Sampler:
    """Draws a string of the language; once `size` rules are used up, the shortest ways are taken."""

    def __init__(self, seed: int, size: int) -> None:
        self.rng = random.Random(seed)
        self.left = size

    def draw(self, node: Node = ("rule", "root")) -> str:
        kind, *parts = node
        if kind == "text":
            return str(parts[0])
        if kind == "set":
            return self.rng.choice(sorted(parts[0]))
        if kind == "rule":
            self.left -= 1
            return self.draw(RULES[parts[0]])
        if kind == "seq":
            return "".join(self.draw(part) for part in parts)
        if kind == "or":
            return self.draw(self.rng.choice(parts) if self.left > 0 else min(parts, key=height))
        part, least, most = parts
        more = self.rng.choice((0, 0, 1, 1, 2)) if self.left > 0 else 0
        return "".join(self.draw(part) for _ in range(min(most, least + more)))


def drawn(seed: int) -> str:
    return Sampler(seed, 10 + seed % 200).draw()


HEIGHTS: dict[str, int] = {}


def height(node: Node) -> int:
    """How many rules deep the flattest string of a node is."""
    kind, *parts = node
    if kind in ("text", "set"):
        return 0
    if kind == "rule":
        return HEIGHTS[parts[0]] + 1
    if kind == "many":
        return 0 if parts[1] == 0 else height(parts[0])
    return (max if kind == "seq" else min)([height(part) for part in parts], default=0)


def settle_heights() -> None:
    HEIGHTS.update(dict.fromkeys(RULES, 1000))
    for _ in RULES:
        HEIGHTS.update({name: height(node) for name, node in RULES.items()})


settle_heights()


class Recogniser:
    """Where each part may end that begins at a place, by trying everything once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.known: dict[tuple[int, int], frozenset[int]] = {}

    def accepts(self) -> bool:
        return len(self.text) in self.ends(RULES["root"], 0)

    def ends(self, node: Node, at: int) -> frozenset[int]:
        key = id(node), at
        if key not in self.known:
            self.known[key] = frozenset(self.tried(node, at))
        return self.known[key]

    def tried(self, node: Node, at: int) -> Iterator[int]:
        kind, *parts = node
        if kind == "text":
            if self.text.startswith(parts[0], at):
                yield at + len(parts[0])
        elif kind == "set":
            if self.text[at : at + 1] in parts[0]:
                yield at + 1
        elif kind == "rule":
            yield from self.ends(RULES[parts[0]], at)
        elif kind == "or":
            for part in parts:
                yield from self.ends(part, at)
        elif kind == "seq":
            places = {at}
            for part in parts:
                places = {end for place in places for end in self.ends(part, place)}
            yield from places
        else:
            yield from self.repeated(at, *parts)

    def repeated(self, at: int, part: Node, least: int, most: int) -> Iterator[int]:
        places, seen = {at}, {at}
        for count in range(most + 1):
            if count >= least:
                yield from places
            places = {end for place in places for end in self.ends(part, place)} - (
                seen if count >= least else set()
            )
            seen |= places
            if not places:
                return


def accepted(text: str) -> bool:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        return Recogniser(text).accepts()
    finally:
        sys.setrecursionlimit(limit)


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_the_same_every_time() -> None:
    assert gbnf() == gbnf()


def test_every_rule_is_there_and_used() -> None:
    used = set(re.findall(r"\('rule', '([a-z0-9-]+)'\)", repr(list(RULES.values()))))
    assert used - set(RULES) == set()
    assert set(RULES) - used == {"root"}


def test_no_rule_begins_with_itself() -> None:
    """Generators of the llama.cpp kin go down from the left, and for ever where a rule does."""

    def firsts(node: Node) -> Iterator[str]:
        kind, *parts = node
        if kind == "rule":
            yield parts[0]
        elif kind == "or":
            for part in parts:
                yield from firsts(part)
        elif kind == "many":
            yield from firsts(parts[0])
        elif kind == "seq":
            for part in parts:
                yield from firsts(part)
                if not Recogniser("").ends(part, 0):
                    return

    for name in RULES:
        reached, todo = set(), [name]
        while todo:
            for below in firsts(RULES[todo.pop()]):
                assert below != name, name
                if below not in reached:
                    reached.add(below)
                    todo.append(below)


def test_what_the_grammar_allows_is_read_without_a_mistake() -> None:
    lengths = []
    for seed in range(20_000 if DEEP else 2_000):
        text = drawn(seed)
        found = parse(text)
        assert found.tree is not None, text
        assert [mistake.message.code for mistake in found.mistakes] == [], text
        assert json.dumps(text) == f'"{text}"'
        lengths.append(len(text))
    assert len(lengths) > 1_900
    assert sum(length > 20 for length in lengths) > 300


def test_what_is_drawn_is_recognised() -> None:
    for seed in range(200):
        text = drawn(seed)
        assert accepted(text), text


def test_names_are_no_keywords_and_calls_have_their_arguments() -> None:
    calls = 0
    for seed in range(1_000):
        tree = parse(drawn(seed)).tree
        assert tree is not None
        for node in postorder(tree):
            if isinstance(node, Name):
                assert node.name.lower() not in ("and", "or", "not")
                assert node.name not in ("true", "false")
            elif isinstance(node, Timeframe):
                assert node.label in TIMEFRAMES
            elif hasattr(node, "arguments"):
                calls += 1
                assert node.name in public_names()
                called = functions()[node.name]
                assert called.least_arguments <= len(node.arguments) <= len(called.parameters)
    assert calls > 100


def expressions(document: dict[str, Any]) -> Iterator[str]:
    yield from document["inputs"].values()
    yield from document["conditions"].values()
    yield from document.get("constraints", [])
    yield document["decision"]["entry"]


def test_the_expressions_of_the_examples_are_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in sorted((ROOT / "examples").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if "strategySnapshotJson" in document:
            document = json.loads(document["strategySnapshotJson"])
        own = [found for key in document.get("functions", {}) if (found := signature(key)) is not None]
        monkeypatch.setitem(RULES, "call", read(gbnf(own))["call"])
        for text in (*expressions(document), *document.get("functions", {}).values()):
            assert accepted(text), text


def test_the_expressions_of_random_strategies_are_in_it() -> None:
    tried = 0
    for seed in range(300 if DEEP else 40):
        document = programs.strategy(random.Random(seed), size=3, alive=seed % 2 == 0)
        assert not [found for found in dslc.validate(document) if found.severity == "error"]
        for text in expressions(document):
            if len(text) <= 300:
                tried += 1
                assert accepted(text), text
    assert tried > 150


@pytest.mark.parametrize(
    "text",
    [
        "", "close >", "close && open", "a and b", "1 AND2", "+1", "1 < 2 < 3", "close(1)",
        "ema(close)", "emma(close, 9)", "AND", "or", "Not", "true", "false", "1_000", "5.", "1e999", "1M5",
        "7H", "close.x", "x!", "'a'", "a = b", "a  +   b", "close[1", "(close", "close)", "é", "a\nb", "2 3",
        "ema(close,, 9)", "ema()",
    ],
)  # fmt: skip
def test_what_the_language_refuses_is_not_in_it(text: str) -> None:
    assert not accepted(text)


def test_words_that_only_begin_like_keywords_are_names() -> None:
    for name in (
        "a",
        "an",
        "android",
        "andy",
        "o",
        "order",
        "ort",
        "no",
        "note",
        "nota",
        "t",
        "tr",
        "truer",
        "True",
    ):
        assert accepted(name), name
        assert accepted(f"{name} AND NOT {name}"), name


def test_every_operator_and_terminal_of_the_parser_is_thought_about() -> None:
    """A rule or terminal that is new in the grammar must show up here, or the GBNF would silently miss it."""
    text = lark_grammar()
    rules = set(re.findall(r"^\??([a-z]+):", text, re.MULTILINE))
    terminals = set(re.findall(r"^([A-Z_]+)(?:\.\d)?:", text, re.MULTILINE))
    used = set(
        re.findall(r"\b_?[A-Z][A-Z_]+\b", "\n".join(re.findall(r"^\s*(?:\?\w+:|\w+:|\|)(.*)$", text, re.M)))
    )
    assert rules - {"start", "arguments"} <= set(RULES)
    assert terminals >= {"OR", "NUMBER", "NAME", "_COMMA"}
    assert used >= terminals


def test_the_command_prints_each_form() -> None:
    def shown(form: str) -> str:
        command = [sys.executable, "-m", "dslc", "grammar", "--format", form]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert shown("gbnf") == gbnf()
    assert shown("lark") == (ROOT / "grammar" / "expression.lark").read_text(encoding="utf-8")
    assert json.loads(shown("schema"))["title"] == "Trading strategy"


def test_lark_reads_the_lark_grammar() -> None:
    from lark import Lark

    tree = Lark(lark_grammar(), parser="lalr").parse("close > ema(close, 9) AND NOT volume < 1")
    assert tree.data == "start"
