"""Runs the cases in cases/diagnostics: a document in, and exactly its mistakes out, each at its place.

A case has a `document` and the diagnostics to `expect`, all of them, in order. The document is a text; or a
list of parts to be joined, of which {"repeat": text, "times": n} stands for n copies with their number, from
0, in the place of {n}; or an object, which has no lines. `encoding` makes bytes of the text, `hex` is bytes.

The laws below hold for every case: other line ends, an envelope and escapes move no diagnostic.
"""

from __future__ import annotations

from collections import Counter
import copy
from itertools import pairwise
import json
from pathlib import Path
import re
from typing import Any

import dslc
from dslc.grammar.catalogue import CATALOGUE
from dslc.grammar.diagnostics import Diagnostic
from dslc.grammar.words import TIMEFRAMES
import pytest

FILES = sorted((Path(__file__).parent / "cases" / "diagnostics").glob("*.json"))
CASES = [(path.stem, case) for path in FILES for case in json.loads(path.read_text(encoding="utf-8"))]
NAMES = [f"{stem}: {case['name']}" for stem, case in CASES]
CODES = {
    name: {item["code"] for item in case["expect"]} for name, (_, case) in zip(NAMES, CASES, strict=True)
}

# A value that JSON cannot hold, a proof that never fails, and the budgets of an evaluation: see below.
NEED_PYTHON = {"E114", "E313", "E505", "E611", "E612", "E613", "E614"}
NO_JSON = {"E102", "E103", "E104", "E602"}

VALID: dict[str, Any] = {
    "configuration": {"timeframe": "1H"},
    "inputs": {"x": "close"},
    "conditions": {"up": "x > open"},
    "score": {"up": 1},
    "decision": {"entry": "up"},
}

every_case = pytest.mark.parametrize("case", [case for _, case in CASES], ids=NAMES)


def source_of(case: dict[str, Any]) -> Any:
    """What the case hands to dslc: text, bytes or plain data."""
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    document = case["document"]
    if isinstance(document, list):
        document = "".join(part if isinstance(part, str) else repeated(**part) for part in document)
    return document.encode(case["encoding"]) if "encoding" in case else document


def repeated(repeat: str, times: int) -> str:
    return "".join(repeat.replace("{n}", str(n)) for n in range(times))


def places(diagnostics: list[Diagnostic]) -> list[tuple[Any, ...]]:
    return [(found.code, found.path, found.line, found.column) for found in diagnostics]


def with_document(**sections: Any) -> dict[str, Any]:
    return {**VALID, **sections}


# ── The cases ────────────────────────────────────────────────────────────────────────────────────────────


@every_case
def test_diagnostics(case: dict[str, Any]) -> None:
    source = source_of(case)
    found = dslc.validate(source)
    expect = case["expect"]
    assert places(found) == [(item["code"], item["path"], item["line"], item["column"]) for item in expect]
    for diagnostic, item in zip(found, expect, strict=True):
        if "end_column" in item:
            item = {"end_line": item["line"], **item}
        assert {key: diagnostic.as_dict()[key] for key in item} == item

    if any(diagnostic.severity == "error" for diagnostic in found):
        with pytest.raises(dslc.StrategyError) as raised:
            dslc.compile(source)
        assert raised.value.diagnostics == found
    else:
        assert list(dslc.compile(source).diagnostics) == found


def test_every_code_has_two_cases() -> None:
    seen = Counter(code for _, case in CASES for code in {item["code"] for item in case["expect"]})
    assert set(seen) == set(CATALOGUE) - NEED_PYTHON
    assert [code for code, count in seen.items() if count < 2] == []


@every_case
def test_sentences_are_short_and_say_something(case: dict[str, Any]) -> None:
    source = source_of(case)
    text = source if isinstance(source, str) else ""
    for found in dslc.validate(source):
        for sentence in (found.message, found.help or "-"):
            assert sentence.strip() == sentence != ""
            assert sentence.isprintable()
            assert len(sentence) <= 400
            assert all(sentence[at : at + 82] not in text for at in range(len(sentence) - 81))


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────────────

SOURCES = [(name, source_of(case)) for name, (_, case) in zip(NAMES, CASES, strict=True)]
TEXTS = [(name, text) for name, text in SOURCES if isinstance(text, str) and len(text) < 40_000]
SINGLE = [
    (name, text) for name, text in TEXTS if not re.search('"strategySnapshotJson"|[\ud800-\udfff]', text)
]


@pytest.mark.parametrize("text", [text for _, text in TEXTS], ids=[name for name, _ in TEXTS])
@pytest.mark.parametrize("end", ["\r\n", "\r"], ids=["CRLF", "CR"])
def test_line_ends_move_nothing(text: str, end: str) -> None:
    text = re.sub("\r\n|\r|\n", "\n", text)
    assert places(dslc.validate(text.replace("\n", end))) == places(dslc.validate(text))


@pytest.mark.parametrize("text", [text for _, text in SINGLE], ids=[name for name, _ in SINGLE])
def test_an_envelope_moves_nothing(text: str) -> None:
    for ascii_only in (True, False):
        envelope = json.dumps({"id": 1, "strategySnapshotJson": text}, ensure_ascii=ascii_only)
        assert dslc.validate(envelope) == dslc.validate(text)


STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
UNIT = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)


def escaped(text: str) -> tuple[str, list[int]]:
    """The JSON text with every character of its strings as an escape, and where each character went."""
    out: list[str] = []
    where = list(range(len(text) + 1))
    length = last = 0
    for string in STRING.finditer(text):
        for at in range(last, string.start(1)):
            where[at] = length + at - last
        out.append(text[last : string.start(1)])
        length += string.start(1) - last
        for unit in UNIT.finditer(text, *string.span(1)):
            written = unit[0] if len(unit[0]) > 1 else as_escape(unit[0])
            where[unit.start() : unit.end()] = [length] * len(unit[0])
            out.append(written)
            length += len(written)
        last = string.end(1)
    for at in range(last, len(text) + 1):
        where[at] = length + at - last
    return "".join([*out, text[last:]]), where


def as_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02x}" for at in range(0, len(units), 2))


READABLE = [(name, text) for name, text in SINGLE if not CODES[name] & NO_JSON]


@pytest.mark.parametrize("text", [text for _, text in READABLE], ids=[name for name, _ in READABLE])
def test_escapes_move_places_by_their_length(text: str) -> None:
    rewritten, where = escaped(text)
    ends = [0, *(match.end() for match in re.finditer("\r\n|\n|\r", text))]
    new_ends = [0, *(match.end() for match in re.finditer("\r\n|\n|\r", rewritten))]

    def moved(line: int | None, column: int | None) -> tuple[int | None, int | None]:
        if line is None or column is None:
            return None, None
        return line, where[ends[line - 1] + column - 1] - new_ends[line - 1] + 1

    found = [(d.code, d.path, moved(d.line, d.column)) for d in dslc.validate(text)]
    assert [(d.code, d.path, (d.line, d.column)) for d in dslc.validate(rewritten)] == found


# ── The catalogue ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_is_documented_and_in_its_family(code: str) -> None:
    function = CATALOGUE[code]
    assert re.fullmatch(r"E[1-6][0-9]{2}|W7[0-9]{2}", code)
    assert function.__doc__
    assert function.__doc__.partition("\n")[0].endswith(".")
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", function.__name__)


def test_names_of_diagnostics_are_unique() -> None:
    assert len({function.__name__ for function in CATALOGUE.values()}) == len(CATALOGUE)


# ── What JSON cannot say ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (with_document(inputs={"x": {"close"}}), "/inputs/x"),
        (with_document(score={"up": 1j}), "/score/up"),
        (with_document(score={1: 2}), "/score"),
        (with_document(conditions=("close > open",)), "/conditions"),
        (with_document(name=b"trend"), "/name"),
    ],
    ids=["set", "complex", "key", "tuple", "bytes"],
)
def test_what_json_cannot_hold(source: dict[str, Any], path: str) -> None:
    found = dslc.validate(source)[0]
    assert (found.code, found.path, found.line) == ("E114", path, None)


def test_all_that_json_cannot_hold_is_said_and_the_rest_is_checked() -> None:
    source = with_document(inputs={"x": object(), "y": float("nan"), "z": "cloze"}, name=10**40)
    assert [(d.code, d.path) for d in dslc.validate(source)] == [
        ("E114", "/inputs/x"),
        ("E106", "/inputs/y"),
        ("E302", "/inputs/z"),
        ("E107", "/name"),
    ]


def test_a_strategy_does_not_change_with_the_data_that_it_came_from() -> None:
    source = copy.deepcopy(VALID)
    strategy = dslc.compile(source)
    source["inputs"]["x"] = "nonsense("
    source["score"].clear()
    assert strategy.inputs == {"x": "close"}
    assert strategy.weights == {"up": 1}


def test_a_failed_proof_of_causality_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from dslc.compiler import analyze

    monkeypatch.setattr(analyze, "right_ends", lambda graph: [1] * len(graph))
    found = dslc.validate(json.dumps(VALID))
    assert {d.code for d in found} == {"E505"}
    assert {d.path for d in found} == {"/inputs/x", "/conditions/up", "/decision/entry"}


def test_budgets_of_an_evaluation() -> None:
    bars = {name: [1.0] * 50 for name in ("open", "high", "low", "close", "volume")}
    strategy = dslc.compile(VALID)
    for budget, code in (({"work": 1.0}, "E611"), ({"memory": 1}, "E612")):
        with pytest.raises(dslc.StrategyError) as raised:
            strategy.evaluate(bars, **budget)
        (found,) = raised.value.diagnostics
        assert (found.code, found.path, found.line) == (code, "", None)
        assert found.help


# ── Proposals ────────────────────────────────────────────────────────────────────────────────────────────


def proposals(source: dict[str, Any]) -> list[bool]:
    return [(found.help or "").startswith("did you mean") for found in dslc.validate(source)]


def test_twenty_names_get_a_proposal() -> None:
    names = {f"average{n:02}": "close" for n in range(30)}
    wrong = {f"c{n:02}": f"avrage{n:02} > 1" for n in range(30)}
    source = with_document(inputs=names, conditions=wrong, score={}, decision={"entry": "close > 1"})
    assert sum(proposals(source)) == 20


def test_a_name_counts_once_however_often_it_is_used() -> None:
    wrong = {f"c{n:02}": "emaFats > 1" for n in range(60)}
    source = with_document(inputs={"emaFast": "close"}, conditions=wrong, score={}, decision={"entry": "c00"})
    assert sum(proposals(source)) == 60


@pytest.mark.parametrize(
    ("wrong", "help_"),
    [
        ("emma(close, 9)", "did you mean `ema`?"),
        ("EMA(close, 9)", "did you mean `ema`?"),
        ("cross_up(close, open)", "did you mean `crossUp`?"),
        ("Close", "did you mean `close`?"),
        ("vloume", "did you mean `volume`?"),
        ("fastEma", "did you mean `fast_ema`?"),
        ("zzz", None),
        ("40 < fast_ema < 65", "write `40 < fast_ema AND fast_ema < 65`"),
        ("fast_ema > = 2", "write `>=`"),
        ("timefrane == 1H", "did you mean `timeframe`?"),
        ("close == 1h", "did you mean `1H`? Timeframes: 1M 3M 5M 15M 30M 1H 2H 4H 6H 8H 12H 1D 1W"),
        ("body > 1", "write `body()`"),
        ("1 < close < 2 < 3", "write `1 < close AND close < 2 AND 2 < 3`"),
        (f"1 < {'close + ' * 9}1 < 2", "write two comparisons with `AND` between them"),
        ("close > 1, open > 2", "a comma only separates the arguments of a call"),
        ("ema(close 9) > 1", "separate arguments with a comma, or put an operator between the two"),
        ("close open", "put an operator between the two"),
        ("close > 1_000.5", "write `1000.5`"),
        ("close > 1.", "write `1.0`"),
        ("(close > open) > close", "combine truths with AND, OR and NOT"),
        ("close && open > 1", "write `AND`"),
        ("close", "compare it, for example `close != 0`"),
        ("NOT volume", "say it: `volume != 0`"),
        (f"{'close + ' * 20}1", "compare it, for example `… != 0`"),
        ("up2 AND dwon", "did you mean `down`?"),
        ("shift(close, 1) > 1", "write x[1] for the value one candle ago"),
        ("volume(1) > 1", "write `volume` without the parentheses, or an operator"),
        ("é > 1", "names are ASCII letters, digits and _"),
        ("close @ 1", f"timeframes: {' '.join(TIMEFRAMES)}"),
        ("close ~ 1", None),
    ],
)
def test_help_says_what_to_write_instead(wrong: str, help_: str | None) -> None:
    conditions = {"down": "close < open", "up2": "close > 1", "up": wrong}
    source = with_document(inputs={"fast_ema": "ema(close, 9)"}, conditions=conditions)
    found = [one for one in dslc.validate(source) if one.path == "/conditions/up"]
    assert found[0].help == help_


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("sma(close, 2.5) > 1", "`n` of `sma` must be a whole number of at least 1, not 2.5"),
        ("sma(close, 1 / 0) > 1", "`n` of `sma` must be a whole number of at least 1, not undefined"),
        ("close[1 / 0] > 1", "an offset must be a whole number of candles, not undefined"),
        ("sma(close, 0 - 3) > 1", "`n` of `sma` is -3: a negative window looks into the future"),
        ("close[2 - 4] > 1", "an offset of -2 looks into the future"),
        ("later AND close > 1", "`later` is used before it is defined (below, in line 5)"),
        ("NOT up", "these definitions need each other: up → up"),
        ("x(1) > 1", "`x` is a value, not a function"),
        ("open(1) > 1", "`open` is market data, not a function"),
        ("volumeSpike(0 - 1) > 1", "`m` of `volumeSpike` must be above 0, not -1"),
    ],
)
def test_messages_name_what_they_found(wrong: str, message: str) -> None:
    source = with_document(conditions={"up": wrong, "later": "close > 2"})
    text = json.dumps(source).replace('"conditions"', '\n\n"conditions"').replace('"later"', '\n\n"later"')
    assert message in [found.message for found in dslc.validate(text)]
    plain = message.replace(", in line 5", "")
    assert plain in [found.message for found in dslc.validate(source)]


@pytest.mark.parametrize(
    ("entry", "help_"),
    [
        ("scre > 1", "did you mean `score`?"),
        ("upp", "did you mean `up`?"),
        ("fast_em > 1", "did you mean `fast_ema`?"),
        ("score", "compare it, for example `score != 0`"),
    ],
)
def test_help_in_the_decision(entry: str, help_: str) -> None:
    source = with_document(inputs={"fast_ema": "close", "x": "1"}, decision={"entry": entry})
    assert dslc.validate(source)[0].help == help_


def test_inputs_are_not_told_of_conditions_nor_of_the_score() -> None:
    source = with_document(inputs={"x": "scor + trendUpp"}, conditions={"trendUp": "x > 1", "up": "x > 2"})
    assert [found.help for found in dslc.validate(source)] == [None, None]


@pytest.mark.parametrize(
    ("text", "problem", "help_"),
    [
        ("", "it is empty", None),
        ('{"a": 1', "it ends too early", "close every string, bracket and brace"),
        ('{"a": 1,}', "there is a comma before the closing bracket", "remove the comma"),
        ('{"a": 1} x', "something follows the document", "remove what follows the closing bracket"),
        ('{"a": "b', "this string is never closed", 'add `"`'),
        (
            '{"a": "b\n"}',
            "a string contains a line end or another control character",
            "write \\n, or join the lines",
        ),
        ('{"a": "\\x"}', "this escape does not exist", "write \\\\ for a backslash"),
        ("```json\n{}\n```", "it stands in a code fence", "remove the lines that begin with ```"),
        ('{"a":\u00a01}', "this character stands outside a string", "remove it, or write an ordinary space"),
        ("{} // a", "something follows the document", "remove what follows the closing bracket"),
        ("{// a", "JSON has no comments", "remove the comment, or use `description`"),
        ("{'a': 1}", "strings are written in double quotes, not '", 'write `"`'),
        ('{"a": 1 "b": 2}', "a comma or a closing bracket is missing here", None),
        ('{"a" 1}', "a colon is missing after the key", "write `:`"),
        ("{a: 1}", "a key in double quotes is expected here", "write the key in double quotes"),
        ('{"a": None}', "`None` is no JSON", "write true, false or null"),
        ('{"a": close}', "a value is expected here", "write text in double quotes"),
        ('{"a": *}', "a value is expected here", None),
        (
            "trend.json",
            "it looks like a file name",
            "to read a file, pass pathlib.Path(…); a str is always the text itself",
        ),
    ],
)
def test_what_is_wrong_with_the_json(text: str, problem: str, help_: str | None) -> None:
    (found,) = dslc.validate(text)
    assert (found.message, found.help) == (f"the document is not JSON: {problem}", help_)


@pytest.mark.parametrize(
    ("source", "message", "help_"),
    [
        (
            with_document(score={"up": "10"}),
            "must be a whole number, not a string",
            "write 10, without quotes",
        ),
        (
            with_document(score={"up": " -7 "}),
            "must be a whole number, not a string",
            "write -7, without quotes",
        ),
        (with_document(score={"up": "ten"}), "must be a whole number, not a string", None),
        (with_document(score={"up": 0.5}), "not 0.5", "round it, or scale all weights"),
        (with_document(score={"x": 1}), "is not a condition", "it is an input; write a condition about it"),
        (with_document(inputs={"x": 14.0}), "must be a string, not a number", 'write "14"'),
        (with_document(inputs={"x": True}), "must be a string, not true", None),
        (
            with_document(configuration={"timeframe": 60}),
            "must be a string, not a number",
            'for example "1H"',
        ),
        (with_document(inputz={}), "`inputz` is not a key of a strategy", "did you mean `inputs`?"),
        (with_document(decision={"entry": "up", "exit": "x"}), "not a key of `decision`", "it has `entry`"),
        (with_document(language=2), "language 2 is not known", "write 1, or leave the key out"),
        (with_document(name=["a"]), "`name` must be a string, not an array", None),
        (with_document(inputs=None), "`inputs` must be an object, not null", None),
        ([], "a strategy is a JSON object, not an array", None),
        ("{}" * 2, "not JSON", None),
    ],
)
def test_what_is_wrong_with_the_shape(source: Any, message: str, help_: str | None) -> None:
    found = dslc.validate(source)[0]
    assert message in found.message
    assert help_ is None or found.help == help_


# ── What a user wrote is never echoed at length ──────────────────────────────────────────────────────────

LONG = "".join(f"abc{n:04}" for n in range(500))  # without a repetition


@pytest.mark.parametrize(
    "source",
    [
        {**VALID, LONG: 1},
        with_document(configuration={"timeframe": LONG}),
        with_document(configuration={"timeframe": "1H", LONG: 1}),
        with_document(inputs={LONG: "close > 1", "b": LONG}),
        with_document(inputs={LONG: f"{LONG} + 1"}),
        with_document(inputs={LONG: "b", "b": LONG}),
        with_document(inputs={"b": LONG, LONG: "1"}),
        with_document(inputs={"b": f"{LONG}(1)", "c": f"1{LONG}", "d": f"close{LONG} > 1"}),
        with_document(inputs={LONG: "close", "b": f"{LONG}(1)", "c": f"{LONG[1:]}"}),
        with_document(inputs={"x" + "_" * 3000: "1", "b": "x + X"}),
        with_document(conditions={LONG: "close", "b": f"close > {LONG} > 1"}),
        with_document(conditions={"b": f"NOT {LONG[:90]} + 1", "c": "1e15" + "+1e15" * 10}),
        with_document(score={LONG: 1, "up": "1" * 2000}),
        with_document(score={LONG: 0.5, "up": 10**31}),
        with_document(decision={"entry": "close > 1", LONG: 1}),
        f'{{"score": {{"up": {"9" * 2000}}}, {json.dumps(LONG)}: 1, {json.dumps(LONG)}: 2}}',
        LONG,
        f"{{{LONG}}}",
    ],
)
def test_echoes_are_clipped(source: Any) -> None:
    found = dslc.validate(source)
    assert found
    text = json.dumps(source)
    for diagnostic in found:
        for sentence in (diagnostic.message, diagnostic.help or ""):
            assert len(sentence) <= 500
            assert all(sentence[at : at + 82] not in text for at in range(len(sentence) - 81))


def test_control_characters_are_never_echoed() -> None:
    odd = "a\x1b[2J\u202e\x00\u2028b"
    source = {**VALID, odd: 1, "score": {odd: 1}, "inputs": {odd: "close", "x": f"close {odd}"}}
    for found in dslc.validate(json.dumps(source)):
        assert found.message.isprintable()
        assert (found.help or "").isprintable()


def test_diagnostics_stand_in_the_order_of_the_text() -> None:
    for _, case in CASES:
        found = [d for d in dslc.validate(source_of(case)) if d.line is not None]
        for one, other in pairwise(found):
            assert (one.line, one.column) <= (other.line, other.column)
