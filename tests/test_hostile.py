"""Documents made to be slow, large or deep get an answer: within 100 ms, or 8 µs per byte of expression text
where that is more, and within 64 MiB; never an exception.

Times are the best of several runs, and bounds grow with a machine that is slower than usual (`timing.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict, UserDict
from collections.abc import Callable
import enum
from functools import partial
from itertools import count
import json
import re
import subprocess
import sys
import timeit
import tracemalloc
from typing import Any

import dslc
from dslc.compiler.verdicts import truths
from dslc.grammar import parser
from dslc.grammar.words import LIMITS
import numpy as np
import pytest

from .timing import quickly, slowness

KIB = 1024
MEMORY = 64 * KIB * KIB


def assert_small(work: Callable[[], object]) -> None:
    tracemalloc.start()
    try:
        work()
        assert tracemalloc.get_traced_memory()[1] <= MEMORY
    finally:
        tracemalloc.stop()


def codes(source: Any) -> set[str]:
    return {diagnostic.code for diagnostic in dslc.validate(source)}


def errors(source: Any) -> set[str]:
    """The codes without warnings: a document made to be large may well be odd."""
    return {code for code in codes(source) if not code.startswith("W")}


def document(inputs: dict[str, str], conditions: dict[str, str] | None = None, **others: Any) -> str:
    conditions = {"c": "close > open"} if conditions is None else conditions
    sections = {"score": {"c": 1}, "decision": {"entry": "c"}, **others}
    whole = {"configuration": {"timeframe": "1H"}, "inputs": inputs, "conditions": conditions, **sections}
    return json.dumps(whole, separators=(",", ":"))


def filled(head: str, unit: Callable[[int], str], tail: str, separator: str = ",") -> str:
    """A document of almost 256 KiB: as many units as there is room for."""
    room = LIMITS.document_bytes - 16 - len(head) - len(tail)
    units: list[str] = []
    for n in count():
        one = unit(n)
        room -= len(one.encode()) + len(separator)
        if room < 0:
            return head + separator.join(units) + tail
        units.append(one)
    raise AssertionError


# ── The text ─────────────────────────────────────────────────────────────────────────────────────────────

TEXTS: dict[str, Callable[[], str]] = {
    "spaces": lambda: " " * 260_000,
    "line ends": lambda: "{" + "\r" * 260_000 + "x",
    "quotes": lambda: '"' * 260_000,
    "a string without an end": lambda: '{"x": "' + "a" * 260_000,
    "backslashes": lambda: '{"x": "' + "\\\\" * 130_000 + '"}',
    "open arrays": lambda: "[" * 260_000,
    "arrays in arrays": lambda: "[" * 130_000 + "]" * 130_000,
    "open objects": lambda: '{"a":' * 50_000,
    "closing brackets": lambda: "]" * 260_000,
    "objects of depth 64": lambda: filled('{"a":' * 62 + "[", lambda n: "{}", "]" + "}" * 62),
    "a file name": lambda: "a." * 120 + "a" + " " * 260_000 + "\nb",
    "small numbers": lambda: filled('{"x":[', lambda n: "1", "]}"),
    "small fractions": lambda: filled('{"x":[', lambda n: "0.1", "]}"),
    "empty objects": lambda: filled('{"x":[', lambda n: "{}", "]}"),
    "empty arrays": lambda: filled('{"x":[', lambda n: "[]", "]}"),
    "NaN": lambda: filled('{"x":[', lambda n: "NaN", "]}"),
    "one NaN before many numbers": lambda: filled('{"y":NaN,"x":[', lambda n: "1", "]}"),
    "1e999": lambda: filled('{"x":[', lambda n: "1e999", "]}"),
    "a number of all digits": lambda: '{"x":' + "9" * 260_000 + "}",
    "a fraction of all digits": lambda: '{"x":0.' + "9" * 260_000 + "}",
    "long numbers": lambda: filled('{"x":[', lambda n: "9" * 32, "]}"),
    "the same key": lambda: filled("{", lambda n: '"a":0', "}"),
    "every key twice": lambda: filled("{", lambda n: f'"a{n // 2}":0', "}"),
    "a duplicate in every small object": lambda: filled('{"x":[', lambda n: '{"a":1,"a":2}', "]}"),
    "one duplicate before many objects": lambda: filled('{"y":1,"y":2,"x":[', lambda n: '{"a":1}', "]}"),
    "a duplicate on every level": lambda: filled('{"a":1,"a":' * 60 + "[", lambda n: "0", "]" + "}" * 60),
    "duplicates in arrays": lambda: filled('{"a":1,"a":[' * 31, lambda n: "0", "]}" * 31),
    "halves of surrogate pairs": lambda: filled('{"x":[', lambda n: '"\\ud800"', "]}"),
    "a string of halves": lambda: filled('{"x":"', lambda n: "\\ud800", '"}', ""),
    "surrogate pairs": lambda: filled('{"x":["\\udc00",', lambda n: '"\\ud83d\\ude00"', "]}"),
    "unknown keys": lambda: filled("{", lambda n: f'"a{n}":0', "}"),
    "unknown keys in configuration": lambda: filled('{"configuration":{', lambda n: f'"a{n}":0', "}}"),
    "a long key": lambda: '{"' + "k" * 260_000 + '":1}',
    "bad names": lambda: filled('{"inputs":{', lambda n: f'"é{n}":"1"', "}}"),
    "short entries": lambda: filled('{"conditions":{', lambda n: f'"a{n}":""', "}}"),
    "weights of nothing": lambda: filled('{"score":{', lambda n: f'"a{n}":1', "}}"),
    "512 wrong types": lambda: filled('{"inputs":{', lambda n: f'"a{n}":[' + "0," * 250 + "0]", "}}"),
    "an envelope": lambda: json.dumps({"strategySnapshotJson": "{" + '"a":0,' * 30_000 + '"b":0}'}),
    "an envelope with metadata": lambda: filled('{"strategySnapshotJson":"{}",', lambda n: f'"a{n}":0', "}"),
    "too many bytes": lambda: "x" * 1_000_000,
    "too many characters of three bytes": lambda: '{"name":"' + "☂" * 90_000 + '"}',
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    text = TEXTS[name]()
    found = quickly(lambda: dslc.validate(text), 0.1)
    assert any(diagnostic.severity == "error" for diagnostic in found)
    assert len(found) <= 101


@pytest.mark.parametrize(
    "name", ["small fractions", "empty objects", "one NaN before many numbers", "unknown keys"]
)
def test_memory_for_texts(name: str) -> None:
    text = TEXTS[name]()
    assert_small(lambda: dslc.validate(text))


def test_100_000_mistakes_are_100_and_a_count() -> None:
    text = '{"x":[' + "NaN," * 64_000 + "NaN]}"
    found = dslc.validate(text)
    assert [diagnostic.code for diagnostic in found] == ["E106"] * 100 + ["E610"]
    assert found[-1].message == "and 63,901 more problems"


@pytest.mark.parametrize("raw", [b"\xff" * 10_000_000, b" " * 10_000_000, "☂".encode() * 1_000_000])
def test_large_bytes_are_not_even_decoded(raw: bytes) -> None:
    assert quickly(lambda: codes(raw), 0.001) == {"E601"}


# ── Expressions ──────────────────────────────────────────────────────────────────────────────────────────


def chain(piece: str, operator: str, length: int = 4000) -> str:
    return operator.join([piece] * ((length + len(operator)) // len(piece + operator)))


def inputs_of(make: Callable[[int], str], number: int = 63) -> str:
    return document({f"x{n}": make(n) for n in range(number)})


def conditions_of(make: Callable[[int], str], number: int = 63) -> str:
    return document({}, {f"c{n}": make(n) for n in range(number)} | {"c": "close > open"})


def uses(step: int) -> str:
    """512 inputs, each of which uses its neighbours, as many as there is room for."""
    names = [f"i{n}" for n in range(512)]
    used = [[names[(n + step * m) % 512] for m in range(1, 98)] for n in range(512)]
    return document({name: "+".join(others) for name, others in zip(names, used, strict=True)})


def doubled(term: str, times: int) -> str:
    """`x1 = x0 + x0` and so on: as a tree, 2 to the power of `times` nodes."""
    return document({"x0": "close", **{f"x{n}": term.format(f"x{n - 1}", n) for n in range(1, times)}})


WHOLE: dict[str, Callable[[], str]] = {
    "sums of constants": lambda: inputs_of(lambda n: f"{n}+" + chain("1", "+")),
    "sums of an unknown name": lambda: inputs_of(lambda n: f"{n}+" + chain("a", "+")),
    "comparisons of an unknown name": lambda: conditions_of(lambda n: f"{n}<" + chain("a", "<")),
    "foreign comparisons": lambda: conditions_of(lambda n: f"{n}=" + chain("1", "=")),
    "inputs that all use those below": lambda: uses(1),
    "inputs that all use those above": lambda: uses(-1),
}
PARTS: dict[str, Callable[[], str]] = {
    "sums of market data": lambda: inputs_of(lambda n: f"{n}+" + chain("low", "+"), 15),
    "comparisons of constants": lambda: conditions_of(lambda n: f"{n}<" + chain("1", "<"), 15),
    "signs": lambda: inputs_of(lambda n: "-" * 4000 + f"{n}", 15),
    "foreign signs": lambda: conditions_of(lambda n: "!" * 4000 + f"{n}<1", 15),
    "NOT": lambda: conditions_of(lambda n: "NOT " * 1000 + f"{n}<1", 15),
    "brackets": lambda: inputs_of(lambda n: "(" * 2000 + f"{n}" + ")" * 2000, 15),
    "brackets in a row": lambda: inputs_of(lambda n: chain("(1)", "+"), 15),
    "brackets that are never closed": lambda: inputs_of(lambda n: "(" * 4000 + f"{n}", 15),
    "brackets that are never opened": lambda: inputs_of(lambda n: f"{n}" + ")" * 4000, 15),
    "indices": lambda: inputs_of(lambda n: "close" + "[0]" * 1300 + f"+{n}", 15),
    "indices in indices": lambda: inputs_of(lambda n: f"{n}+" + "a[" * 1000 + "0" + "]" * 1000, 15),
    "calls in calls": lambda: inputs_of(lambda n: f"{n}+" + "abs(" * 790 + "1" + ")" * 790, 15),
    "one call of many arguments": lambda: inputs_of(lambda n: f"{n}+abs({chain('1', ',')})", 15),
    "unknown calls": lambda: inputs_of(lambda n: f"{n}+g({chain('f()', ',')})", 15),
    "averages of every length": lambda: inputs_of(
        lambda n: "+".join(f"ema(close,{n * 7 + m})" for m in range(1, 4)), 512
    ),
    "crosses of everything": lambda: conditions_of(
        lambda n: f"crossUp(rsi(close,{n + 1}),atr({n + 2}))", 512
    ),
    "misspelt keywords": lambda: conditions_of(lambda n: chain("1<2", " and "), 15),
    "numbers as truths": lambda: conditions_of(lambda n: f"{n}|" + chain("1", "|"), 15),
    "digits": lambda: inputs_of(lambda n: f"{n}" + "1" * 4000, 15),
    "digits and a letter": lambda: inputs_of(lambda n: f"{n}" + "1" * 4000 + "x", 15),
    "a long name": lambda: inputs_of(lambda n: f"a{n}" + "b" * 4000, 15),
    "points": lambda: inputs_of(lambda n: "." * 4000 + f"{n}", 15),
    "spaces": lambda: inputs_of(lambda n: " " * 4000 + f"{n}", 15),
    "expressions of too many characters": lambda: inputs_of(lambda n: "1+" * 8000 + "1", 15),
    "expressions in escapes": lambda: filled(
        '{"inputs":{"a":"', lambda n: "\\u0071\\u002b", '\\u0031"}}', ""
    ),
    "512 times unknown names": lambda: inputs_of(lambda n: "+".join(f"u{n}_{m}" for m in range(50)), 512),
    "512 times almost the right name": lambda: document(
        {f"average{'x' * 50}{n:03}": f"avrage{'x' * 50}{n:03}" for n in range(512)}
    ),
    "a circle of 512": lambda: document({f"i{n}": f"i{(n + 1) % 512}" for n in range(512)}),
    "512 inputs upside down": lambda: document({f"i{n}": f"i{n + 1}" for n in range(511)} | {"i511": "1"}),
    "doublings": lambda: doubled("{0} + {0}", 60),
    "doublings in calls": lambda: doubled("max({0}, change({0}) + {0})", 300),
    "strengths of strengths": lambda: doubled("rsi({0}, {1})", 300),
    "a decision about 512 weights": lambda: document(
        {},
        {f"c{n}": f"close > {n}" for n in range(512)},
        score={f"c{n}": n for n in range(512)},
        decision={"entry": chain("score", "+") + " > 1"},
    ),
}


def bound_of(text: str) -> float:
    try:
        whole = json.loads(text)
    except ValueError:
        return 0.1
    texts = [*whole.get("inputs", {}).values(), *whole.get("conditions", {}).values()]
    texts.append(whole.get("decision", {}).get("entry", ""))
    return max(0.1, 8e-6 * sum(len(one.encode()) for one in texts))


@pytest.mark.parametrize("name", PARTS)
def test_expressions(name: str) -> None:
    text = PARTS[name]()
    assert len(text) <= LIMITS.document_bytes

    def check() -> list[dslc.Diagnostic]:
        parser._parse_short.cache_clear()
        return dslc.validate(text)

    assert len(quickly(check, bound_of(text))) <= 101


CHECK = """
import resource, sys, time
import dslc

text = sys.stdin.buffer.read().decode()
dslc.validate('{"inputs": {"x": "close + 1 +"}}')
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
best = float("inf")
for _ in range(6):
    start = time.perf_counter()
    found = dslc.validate(text)
    best = min(best, time.perf_counter() - start)
    if best <= float(sys.argv[1]):
        break
print(best, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, len(found))
"""


@pytest.mark.parametrize("name", WHOLE)
def test_whole_documents_of_expressions_in_a_process_of_their_own(name: str) -> None:
    text = WHOLE[name]()
    assert 0.9 * LIMITS.document_bytes < len(text) <= LIMITS.document_bytes
    bound = bound_of(text)
    command = [sys.executable, "-c", CHECK, str(bound)]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=100)
    best, growth, number = map(float, done.stdout.split())
    assert best <= bound or best <= bound * slowness()
    assert growth <= 64 * KIB
    assert number <= 101


def test_sixty_doublings_take_no_time() -> None:
    text = doubled("{0} + {0}", 61)
    assert quickly(lambda: errors(text), 0.005) == set()


def test_nothing_is_kept_of_long_expressions() -> None:
    """A worker that has seen a thousand hostile documents is no larger than one that has seen ten."""

    def see(first: int) -> None:
        for n in range(first, first + 4):
            dslc.validate(inputs_of(lambda m, n=n: f"{n}{m}+" + chain("1", "+", 600), 15))

    truths._held.truths = truths.Truths()  # what grows with it is the same wherever the test stands
    see(0)
    tracemalloc.start()
    try:
        see(10)
        assert tracemalloc.get_traced_memory()[0] < KIB * KIB
    finally:
        tracemalloc.stop()


def test_exactly_as_many_computations_as_are_allowed() -> None:
    """The score is a computation, too: at the edge of the limit there is an answer as everywhere."""

    def answer(constants: int) -> set[str]:
        sums = {f"x{n}": "+".join(f"close*{n * 100 + m}.5" for m in range(100)) for n in range(13)}
        return errors(document(sums | {f"y{n}": f"{n}.25" for n in range(constants)}))

    fits = bisect_left(range(400), True, key=lambda constants: bool(answer(constants)))
    assert 0 < fits < 400
    assert [answer(fits + n) for n in range(-2, 3)] == [set(), set(), {"E606"}, {"E606"}, {"E606"}]


# ── Terminals ────────────────────────────────────────────────────────────────────────────────────────────

CLASSES = [
    "1",
    "1.",
    ".",
    "1e",
    "a",
    "_",
    "a1",
    " ",
    "\t\n",
    "=",
    "<",
    "!",
    "&",
    "|",
    "*",
    "/",
    "an",
    "NO",
    "é",
    "(",
]


TERMINALS = {terminal.name: terminal.pattern.to_regexp() for terminal in parser._lark().terminals}


@pytest.mark.parametrize("name", TERMINALS)
def test_terminals_take_linear_time(name: str) -> None:
    pattern = re.compile(TERMINALS[name])
    for piece in CLASSES:
        for end in ("#", "x"):
            text = piece * (1_000_000 // len(piece)) + end
            quickly(partial(pattern.match, text), 0.2)


@pytest.mark.parametrize("piece", CLASSES)
def test_the_lexer_takes_linear_time(piece: str) -> None:
    def lex(size: int) -> float:
        text = piece * (size // len(piece)) + "x"
        return min(timeit.repeat(lambda: sum(1 for _ in parser._lexer().finditer(text)), number=1))

    assert any(lex(400_000) <= 8 * lex(100_000) + 0.001 for _ in range(4))  # of a square it were 16


# ── Plain data ───────────────────────────────────────────────────────────────────────────────────────────


def circle() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["inputs"] = found
    return found


def circle_of_lists() -> dict[str, Any]:
    found: list[Any] = []
    found.extend([found] * 10)
    return {"x": found}


def shared() -> dict[str, Any]:
    found: list[Any] = [0] * 10
    for _ in range(20):
        found = [found] * 10
    return {"x": found}


def deep() -> dict[str, Any]:
    found: dict[str, Any] = {}
    inner = found
    for _ in range(10_000):
        inner["a"] = {}
        inner = inner["a"]
    return found


class Word(str, enum.Enum):  # noqa: UP042 (a StrEnum prints as its value)
    CONDITIONS = "conditions"
    UP = "close > open"


class Loud(str):
    def __str__(self) -> str:
        raise AssertionError("a subclass got into the compiler")

    __format__ = __repr__ = __len__ = __str__  # type: ignore[assignment]


DATA: dict[str, tuple[Callable[[], Any], set[str]]] = {
    "a circle": (circle, {"E602"}),
    "a circle of lists": (circle_of_lists, {"E602"}),
    "shared lists": (shared, {"E601"}),
    "10,000 deep": (deep, {"E602"}),
    "a million numbers": (lambda: {"x": [0] * 1_000_000}, {"E601"}),
    "a thousand times a thousand": (lambda: {"x": [[0] * 1000] * 1000}, {"E601"}),
    "200,000 keys": (lambda: {str(n): 0 for n in range(200_000)}, {"E601"}),
    "20,000 keys": (lambda: {str(n): 0 for n in range(20_000)}, {"E605"}),
    "a long string": (lambda: {"name": "x" * 300_000}, {"E601"}),
    "512 long strings": (lambda: {"inputs": {f"x{n}": "1+" * 2000 for n in range(512)}}, {"E601"}),
    "not a number": (lambda: {"score": {"a": float("nan"), "b": float("-inf")}}, {"E106"}),
    "huge integers": (lambda: {"score": {"a": 10**5000}, "language": -(10**400)}, {"E107"}),
    "half a pair": (lambda: {"name": "\ud800", "\udc00": 1}, {"E108"}),
    "keys that are no strings": (lambda: {1: 2, None: 3, (1,): 4, b"inputs": 5}, {"E114"}),
    "foreign objects": (lambda: {"x": [object()] * 20_000, "y": {1, 2}, "z": print}, {"E114"}),
    "arrays of numpy": (lambda: {"score": {"a": np.int64(3), "b": np.array([1])}}, {"E114"}),
    "not a dict": (lambda: [{"inputs": {}}], {"E104"}),
    "a mapping that is no dict": (lambda: UserDict(inputs={}), {"E104"}),
    "nothing": (lambda: None, {"E104"}),
    "a number": (lambda: 1.5, {"E104"}),
}


@pytest.mark.parametrize("name", DATA)
def test_plain_data(name: str) -> None:
    make, expected = DATA[name]
    source = make()
    assert expected <= quickly(lambda: codes(source), 0.1)
    assert_small(lambda: dslc.validate(source))
    with pytest.raises(dslc.StrategyError):
        dslc.compile(source)


def test_subclasses_are_read_as_what_they_hold() -> None:
    source = OrderedDict(
        configuration={"timeframe": np.str_("1H")},
        inputs={},
        score={"up": np.float64(3), Word.UP.name.lower() + "2": enum.IntEnum("W", "ONE").ONE},
        decision={"entry": Loud("up OR up2")},
    )
    source[Word.CONDITIONS] = {"up": Word.UP, "up2": "up"}
    assert codes(source) == {"W712"}, "two conditions are the same"
    strategy = dslc.compile(source)
    assert strategy.conditions == {"up": "close > open", "up2": "up"}
    assert strategy.weights == {"up": 3, "up2": 1}
    assert all(
        type(text) is str for text in (*strategy.conditions, *strategy.conditions.values(), strategy.entry)
    )


def test_other_kinds_of_bytes() -> None:
    raw = document({}).encode()
    assert codes(bytearray(raw)) == codes(memoryview(raw)) == codes(raw) == set()


# ── JSON, by the letter ──────────────────────────────────────────────────────────────────────────────────

NO_JSON = {"E101", "E102", "E103", "E104", "E105", "E106", "E107", "E108", "E601", "E602"}

READ = """ 0 | -0 | -0.0 | 1 | -1 | 10 | 1.5 | 0.1e1 | 1e1 | 1E1 | 1e+1 | 1E-1 | 123.456e-7 | 1e308 | 1e-400
  | 12345678901234567890123456789012 | "" | " " | "a" | "\\u0000" | "\\"\\\\\\/\\b\\f\\n\\r\\t"
  | "\\ud83d\\ude00" | "\\uD834\\uDD1E" | "\\ufeff" | "\\uffff" | "é" | "𝄞" | "\u2028" | "\u00a0" | "\x7f"
  | "\ufeff" | "//" | "[{" | [] | {} | [[]] | [{}] | {"":0} | {"a":{"b":[1,[2]]}} | [null,true,false]
  | {"a":1,"b":1} | {"a":1,"A":2} | [ 1 , 2 ] | { "a" : 1 } |\t[\n1\r\n,\t2 ] | ["\\\\ud800"]"""

REFUSED = """ | , | : | [ | ] | { | } | [, | [,] | [1 | [1, | [1,] | [,1] | [1,,2] | [1 2] | [1]] | [1}] | {]
  | {,} | {"a"} | {"a":} | {"a" 1} | {"a":1,} | {,"a":1} | {"a":1 "b":2} | {"a":1,,"b":2} | {a:1} | {'a':1}
  | {1:2} | {null:1} | {"a"::1} | {"a":1;} | {"a":1}} | [1] [2] | 1 2 | + | - | +1 | --1 | 01 | -01 | 00 | 1.
  | .5 | -.5 | 1.e1 | 1e | 1e+ | 1.5e | 1e1.5 | 0x1 | 1_000 | 1,000 | 1a | ١ | １ | nan | NaN | -NaN
  | inf | Infinity | -Infinity | 1e999 | -1e999 | 123456789012345678901234567890123 | nul | Null | NULL | True
  | FALSE | truth | a | ' | 'a' | `a` | “a” | " | "a | "\\" | "\\x" | "\\a" | "\\0" | "\\u" | "\\u1"
  | "\\u123" | "\\u123g" | "\\u{1}" | "\\U0001" | "\\ud800" | "\\udc00" | "\\ud800\\u0041" | "\\ud800\\ud800"
  | "\\udc00\\ud800" | "\\ud800x\\udc00" | "a\nb" | "a\tb" | "a\x00b" | "a\x1fb" | "a" "b" | "a"+"b" | /**/1
  | 1/**/ | 1//a | #1 | <!-- --> | {"a":1,"a":2} | {"a":1,"\\u0061":1} | [{"a":1,"a":1}] | \x0c1 | \u00a01
  | \u20281 | \ufeff1 | \x001 | 1\x00 | 1\x0b | {"a":1}\x00 | {"a":NaN} | {"a":[Infinity]} | ; | $ | = | [1;2]
  | (1) | <1> | !1 | ... | [...] | {...} | "a": 1 """


def values(table: str) -> list[str]:
    return [value.strip(" ") for value in re.sub(r"\n  (?=\|)", " ", table).split(" |")]


@pytest.mark.parametrize("value", values(READ), ids=ascii)
def test_json_is_read(value: str) -> None:
    text = f'{{"x": {value}}}'
    assert codes(text) & NO_JSON == set()
    assert codes(text.encode()) & NO_JSON == set()


@pytest.mark.parametrize("value", values(REFUSED), ids=ascii)
def test_what_is_not_json_is_refused(value: str) -> None:
    text = f'{{"x": {value}}}'
    found = codes(text)
    assert found & NO_JSON
    assert codes(text.encode()) == found
    with pytest.raises(dslc.StrategyError):
        dslc.compile(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xed\xb0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
        b"\xe9",
        b"\xf0\x9f\x98",
    ],
    ids=bytes.hex,
)
def test_bytes_that_are_not_utf_8(raw: bytes) -> None:
    (found,) = dslc.validate(b'{"name":\n "\xe2\x98\x82' + raw + b'"}')
    assert (found.code, found.path, found.line, found.column) == ("E101", "", 2, 4)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_other_encodings(encoding: str) -> None:
    assert codes(document({}).encode(encoding)) == {"E101"}


@pytest.mark.parametrize("depth", [62, 63, 64, 65, 500, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth(depth: int, opening: str, closing: str) -> None:
    text = '{"x":' + opening * depth + "1" + closing * depth + "}"
    expected = {"E602"} if len(text) <= LIMITS.document_bytes else {"E601"}
    assert (codes(text) == expected) == (depth >= 64)
    assert codes(text[: len(text) - depth // 2]) <= {"E103", "E601", "E602"}


@pytest.mark.parametrize("depth", [63, 64])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["lists", "dicts"])
def test_depth_of_plain_data(depth: int, wrap: Callable[[Any], Any]) -> None:
    inner: Any = 1
    for _ in range(depth):
        inner = wrap(inner)
    assert (codes({"x": inner}) == {"E602"}) == (depth == 64)


CHAINS = {
    "sums": ("x", chain("1", "+")),
    "sums and differences": ("x", chain("close", "-1+")),
    "products": ("x", chain("open", "*")),
    "signs": ("x", chain("1", "+-")),
    "indices": ("x", "close" + "[1][0]" * 680),
    "conjunctions": ("c", chain("x", " AND ")),
    "disjunctions": ("c", chain("x>1", " OR ")),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains_of_thousands_of_operators_are_read(name: str) -> None:
    entry, text = CHAINS[name]
    inputs = {"x": text} if entry == "x" else {"x": "close"}
    source = document(inputs, {"c": text if entry == "c" else "x > 1"})
    assert quickly(lambda: errors(source), 0.1) == set()
    strategy = dslc.compile(source)
    assert len(strategy.hash) == 64
    assert repr(strategy)
