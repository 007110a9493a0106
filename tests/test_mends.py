"""Mends: a fix that is offered holds what it promises, and `fix` changes nothing that it need not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
import copy
import json
from pathlib import Path
import random
from typing import Any

import dslc
from dslc.compiler.mends import Unchangeable, changed, difference
from dslc.grammar import parser, rewording
from dslc.grammar.diagnostics import Drop, Put, Rename, Rewrite
from dslc.grammar.dialects import (
    _WITH_PERIOD,
    ABSENT,
    FORMULAS,
    KEYS,
    NAMES,
    SHAPES,
    SYNONYMS,
    UNSURE,
    absent,
    named,
    plain,
    timeframe_of,
    written,
)
from dslc.grammar.editing import edited
from dslc.grammar.lenient import repaired
from dslc.grammar.parser import parse
from dslc.runtime.registry import function, public_names
from hypothesis import example, given, settings
from hypothesis import strategies as st
import pytest

from . import programs
from .broken import cases
from .timing import quickly

ROOT = Path(__file__).parent.parent
EXAMPLES = {
    path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.json"))
}
CASES = [case for case in cases() if case.kind != "limits"]


# ── A tiny RFC 6902, which shares no code with the product ───────────────────────────────────────────────


def apply(data: Any, patch: Any) -> Any:
    """A JSON Patch applied: add, remove and replace, which are all that is offered."""
    data = copy.deepcopy(data)
    for operation in patch:
        path, op = operation["path"], operation["op"]
        assert op in ("add", "remove", "replace")
        if path == "":
            assert op == "replace"
            data = copy.deepcopy(operation["value"])
            continue
        assert path[0] == "/"
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
        place = data
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if isinstance(place, list):
            assert op == "replace"
            place[int(last)] = copy.deepcopy(operation["value"])
        elif op == "remove":
            del place[last]
        else:
            assert op == "add" or last in place
            place[last] = copy.deepcopy(operation["value"])
    return data


def plain_data(source: str | bytes) -> Any:
    """The data that patches are about: the inner document of an envelope; None where there are none."""
    try:
        data = json.loads(source)
    except ValueError:
        return None
    inner = data.get("strategySnapshotJson") if isinstance(data, dict) else None
    return plain_data(inner) if isinstance(inner, str) else data


def errors(found: list[dslc.Diagnostic]) -> list[dslc.Diagnostic]:
    return [one for one in found if one.severity == "error"]


def said(one: dslc.Diagnostic) -> tuple[str, str]:
    return one.code, one.message.partition(" (below")[0]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_a_fix_removes_its_diagnostic_and_adds_no_error(case: Any) -> None:
    before = dslc.validate(case.source)
    data = plain_data(case.source)
    counted = Counter(map(said, before))
    entries = Counter(entry(one) for one in errors(before))
    for found in before:
        if found.fix is None:
            continue
        after = dslc.validate(apply(data, found.fix.patch))
        recounted = Counter(map(said, after))
        assert recounted[said(found)] < counted[said(found)]
        if not isinstance(data, dict):
            continue
        now = Counter(entry(one) for one in errors(after))
        for one in errors(after):
            if recounted[said(one)] > counted[said(one)] and exists(data, entry(one)):
                assert now[entry(one)] <= entries[entry(one)], (found.message, one.message)


def entry(one: dslc.Diagnostic) -> tuple[str, ...]:
    return tuple(one.path.split("/")[1:3])


def exists(data: Any, place: tuple[str, ...]) -> bool:
    for part in place:
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(data, dict) or part not in data:
            return False
        data = data[part]
    return True


def test_one_wrong_reading_does_not_stop_the_fix_of_another() -> None:
    document = valid(up="close > > 2 && open", down="EMA(close, 9) > > 1")
    found = {one.code: one.fix for one in dslc.validate(document)}
    assert found["E205"] is not None
    assert found["E205"].patch[0]["value"] == "close > > 2 AND open"


def valid(**conditions: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {"fast": "ema(close, 9)", "slow": "ema(close, 21)"},
        "conditions": {"always": "close > open", **conditions},
        "score": {"always": 1},
        "decision": {"entry": "score > 0"},
    }


def only(expression: str) -> dslc.Diagnostic:
    """The one error in a condition."""
    (found,) = errors(dslc.validate(valid(c=expression)))
    return found


@pytest.mark.parametrize(
    ("expression", "instead", "safe"),
    [
        ("fast > slow && close > open", "fast > slow AND close > open", True),
        ("close > EMA(close, 9)", "close > ema(close, 9)", True),
        ("FAST > slow", "fast > slow", True),
        ("fats > slow", "fast > slow", False),
        ("close > emma(close, 9)", "close > ema(close, 9)", False),
        ("close > ema(9, close)", "close > ema(close, 9)", True),
        ("close[-1] > open", "close[1] > open", False),
        ("close > highest(close, -5)", "close > highest(close, 5)", False),
        ("close > high > low", "close > high AND high > low", True),
        ("close > ma(close, 20)", "close > sma(close, 20)", False),
        ("2 * hl2 > close", "2 * hl2() > close", True),
        ("nz(change(close), 0) > 1", "orElse(change(close), 0) > 1", True),
        ("iff(close > open, close, open) > 1", "if((close > open), close, open) > 1", True),
        ("na(close)", "NOT isDefined(close)", True),
        ("valuewhen(close > open, close, 0) > 1", "valueWhen((close > open), close) > 1", True),
        ("ta.pivothigh(high, 3, 3) > 1", "pivotHigh(3, 3, high) > 1", True),
        ("cum(volume) > 1", "cumulative(volume) > 1", True),
        ("ADOSC(high, low, close, volume, 3, 10) > 1", "adOsc(3, 10) > 1", True),
        ("TYPPRICE(high, low, close) > 1", "hlc3() > 1", False),
        ("close / mom(close, 3) > 1", "close / momentum(close, 3) > 1", True),
        ("body > 1", "body() > 1", True),
        ("(fast > slow) == false", "NOT (fast > slow)", True),
        ("(fast > slow", "(fast > slow)", True),
    ],
)
def test_what_is_safe_and_what_is_a_guess(expression: str, instead: str, safe: bool) -> None:
    found = next(one for one in dslc.validate(valid(c=expression)) if one.fix is not None)
    assert found.fix is not None
    assert (apply(valid(c=expression), found.fix.patch)["conditions"]["c"], found.fix.safe) == (instead, safe)


def test_a_name_for_a_comparison_is_no_comparison() -> None:
    document = valid(c="fast = close > open")
    assert dslc.fix(document).data == document


def test_a_guess_that_makes_another_mistake_is_not_offered() -> None:
    """`sme` is nearest to `sma`, which takes two arguments."""
    assert only("sme() > 1").fix is None
    assert only("sme(close, 5) > 1").fix is not None


def test_two_names_that_are_alike_make_a_guess() -> None:
    document = valid(c="FastLine > 1")
    document["inputs"] |= {"fastLine": "ema(close, 5)", "fast_line": "ema(close, 6)"}
    (found,) = errors(dslc.validate(document))
    assert found.fix is not None
    assert not found.fix.safe


def test_a_fix_inside_an_envelope_is_about_the_inner_document() -> None:
    text = json.dumps(valid(c="fast > slow && close > open"))
    envelope = json.dumps({"id": 7, "strategySnapshotJson": text})
    assert dslc.validate(envelope) == dslc.validate(text)
    fixed = dslc.fix(envelope)
    assert fixed.data is not None
    assert fixed.data["id"] == 7
    assert json.loads(fixed.data["strategySnapshotJson"])["conditions"]["c"] == "fast > slow AND close > open"
    assert fixed.valid


def test_a_document_as_data_is_mended_as_data() -> None:
    document = valid(c="fast > slow && close > open")
    before = copy.deepcopy(document)
    fixed = dslc.fix(document)
    assert document == before
    assert (fixed.text, fixed.data) == (None, valid(c="fast > slow AND close > open"))
    assert [one.code for one in fixed.applied] == ["E205"]


# ── Laws of `fix` ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_valid_document_stays_as_it_is(name: str) -> None:
    fixed = dslc.fix(EXAMPLES[name])
    assert fixed.text == EXAMPLES[name]
    assert fixed.applied == ()


@pytest.mark.parametrize("seed", range(20))
def test_a_valid_random_strategy_stays_as_it_is(seed: int) -> None:
    text = json.dumps(programs.strategy(random.Random(seed)), indent=1)
    if not errors(dslc.validate(text)):
        assert dslc.fix(text).text == text


@pytest.mark.parametrize("case", CASES[::3], ids=[case.label for case in CASES[::3]])
def test_fixing_twice_is_fixing_once(case: Any) -> None:
    once = dslc.fix(case.source)
    if once.text is not None:
        again = dslc.fix(once.text)
        assert (again.text, again.applied) == (once.text, ())


SPOILERS: list[tuple[str, str]] = [
    (" AND ", " && "),
    (" AND ", " and "),
    (" OR ", " || "),
    ("ema(", "EMA("),
    ("ema(", "ta.ema("),
    ("sma(", "talib.SMA("),
    ("rsi(", "ta.rsi("),
    ("crossUp(", "ta.crossover("),
    ("crossUp(", "cross_up("),
    ("(close, ", "('close', "),
    ("(close, ", "(source=close, "),
    (">= ", "=> "),
    ('"1H"', '"60"'),
    ('"1D"', '"daily"'),
    ('"4H"', '"4h"'),
    ('"score":', '"weights":'),
    ('"inputs":', "inputs:"),
    ('"conditions":', "'conditions':"),
    ("\n}\n", ",\n}\n"),
    ("{\n", "{ // a comment\n"),
    ('"configuration"', '"config"'),
    ('"decision"', "“decision”"),
]


def spoiled(text: str, seed: int) -> tuple[str, int]:
    """A text with some known mistakes, and how many."""
    choose = random.Random(seed)
    done = 0
    for old, new in choose.sample(SPOILERS, 6):
        if old in text:
            text = text.replace(old, new, 1)
            done += 1
    return text, done


@pytest.mark.parametrize("seed", range(60))
def test_known_mistakes_are_undone_to_the_letter(seed: int) -> None:
    names = [name for name in EXAMPLES if name != "snapshot.json"]
    original = EXAMPLES[names[seed % len(names)]]
    text, done = spoiled(original, seed)
    fixed = dslc.fix(text)
    assert fixed.text == original
    assert bool(fixed.applied) == bool(done and text != original)


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "ema",
            "(",
            ")",
            "close",
            ",",
            "9",
            " && ",
            ">",
            "<",
            "[",
            "]",
            "'",
            "ta.",
            "=",
            "!",
            "%",
            " and ",
            "x",
            "30",
            ".rolling(",
            ".mean()",
            "df['close']",
            "−",
            "“",
            "1_000",
            "{",
            "}",
            "?",
            ":",
            "#",
            "RSI",
            "-",
        ]
    ),
    max_size=14,
).map("".join)


@settings(deadline=None, max_examples=150)
@given(FRAGMENTS, FRAGMENTS)
@example("(" * 70, "close ** 2 ** 3")
def test_any_expression_is_mended_or_left_alone(one: str, other: str) -> None:
    document = valid(c=one, d=other)
    for unsafe in (False, True):
        fixed = dslc.fix(document, unsafe=unsafe)
        assert fixed.data is not None
        assert len(errors(list(fixed.diagnostics))) <= len(errors(dslc.validate(document))) + 8
        if not fixed.applied:
            assert fixed.data == document


def loosely(value: Any, draw: random.Random) -> str:
    """Data as JSON5, JavaScript or Python write them; nothing in it needs to be guessed."""

    def gap() -> str:
        return draw.choice(["", "", " ", "\n", ' // it\'s {a: "note"}\n', "/* ], */", "# x\n"])

    def word(text: str, key: bool) -> str:
        if key and text.isidentifier() and draw.random() < 0.5:
            return text
        single = "'" not in text and draw.random() < 0.5
        return f"'{text}'" if single else json.dumps(text)

    if isinstance(value, dict):
        pairs = [
            f"{gap()}{word(key, True)}{gap()}:{gap()}{loosely(item, draw)}" for key, item in value.items()
        ]
        end = draw.choice(["", ","]) if pairs else ""
        return "{" + ",".join(pairs) + gap() + end + gap() + "}"
    if isinstance(value, list):
        items = [gap() + loosely(item, draw) for item in value]
        return "[" + ",".join(items) + gap() + (draw.choice(["", ","]) if items else "") + gap() + "]"
    if isinstance(value, str):
        return word(value, False)
    if value is None or isinstance(value, bool):
        return str(value) if draw.random() < 0.5 else json.dumps(value)
    return json.dumps(value)


@pytest.mark.parametrize("seed", range(80))
def test_a_document_in_json5_or_python_is_read_as_it_stands(seed: int) -> None:
    draw = random.Random(seed)
    names = [name for name in EXAMPLES if name != "snapshot.json"]
    data = json.loads(EXAMPLES[names[seed % len(names)]]) | {"notes": [1, -2.5, None, {"a": True, "b": []}]}
    found = repaired(loosely(data, draw))
    assert found is not None
    assert json.loads(found.text) == data


PUNCTUATION = '{}[]",:'


@pytest.mark.parametrize("indent", [None, 2])
def test_one_sign_too_many_or_too_few_is_undone_or_left_alone(indent: int | None) -> None:
    """A text that was JSON until one sign came or went becomes that document again, or is not touched."""
    data = json.loads(EXAMPLES["ema-crossover.json"])
    text = json.dumps(data, indent=indent)
    undone = 0
    for at, sign in enumerate(text):
        spoilt = [text[:at] + text[at + 1 :]] if sign in PUNCTUATION else []
        spoilt += [text[:at] + one + text[at:] for one in PUNCTUATION if at % 7 == 0]
        for one in spoilt:
            if plain_data(one) is None:
                fixed = dslc.fix(one)
                assert fixed.text == one or fixed.data == data, one
                undone += fixed.data == data
    assert undone > 20


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"close > open"', '"close > "open""'),
        ('"close > open"', '"close > "open" "'),
        ('"close > open"', '"close > open'),
        ('{"timeframe": "1H"}', '{"timeframe": "1H"'),
        ('"inputs": {', '"name": "my "best" one", "inputs": {'),
        ('"inputs": {', '"name": "my " best " one", "inputs": {'),
        ('"inputs": {', '"description": "it is "ema cross: fast", "inputs": {'),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_text_that_reads_in_a_way_that_nobody_meant_is_left_alone(
    old: str, new: str, indent: int | None
) -> None:
    plain_text = json.dumps(valid())
    text = plain_text.replace(old, new)
    assert text != plain_text
    if indent:
        text = text.replace(", ", ",\n ").replace("{", "{\n ")
    for unsafe in (False, True):
        fixed = dslc.fix(text, unsafe=unsafe)
        assert (fixed.text, fixed.applied) == (text, ())


ALMOST_JSON = st.lists(
    st.sampled_from(
        [
            '"a"',
            ":",
            ",",
            "{",
            "}",
            "[",
            "]",
            "'b'",
            "c",
            "1",
            "// x\n",
            "/* y */",
            "\n",
            " ",
            "```json\n",
            "```",
            "“d”",
            "true",
            "None",
            '"',
            "=",
            "\\",
            "NaN",
            "\ufeff",
            "0x1F",
            "+3",
            "(",
            ")",
            "; ",
        ]
    ),
    max_size=24,
).map("".join)


@settings(deadline=None, max_examples=300)
@given(ALMOST_JSON)
def test_any_text_is_mended_to_json_or_left_alone(text: str) -> None:
    found = repaired(text)
    if found is not None:
        assert isinstance(json.loads(found.text), dict)
    assert dslc.fix(text).text is not None


@settings(deadline=None, max_examples=120)
@given(programs.mutants(max_size=3))
def test_a_mutated_strategy_is_mended_or_left_alone(text: str) -> None:
    """What `fix` does to a strategy that fell apart brings no error, and doing it again changes nothing."""
    before = dslc.validate(text)
    fixed = dslc.fix(text)
    if not errors(before) and not fixed.applied:
        assert fixed.text == text
    if fixed.applied and not any(one.code < "E3" for one in errors(before)):
        assert len(errors(list(fixed.diagnostics))) <= len(errors(before))
    if fixed.text is not None:
        assert dslc.fix(fixed.text).text == fixed.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\é\n', max_size=4) | st.floats(-5, 5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc~/", max_size=2), inner, max_size=4)
    ),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "inputs", "conditions", "c~/d"]), VALUES, max_size=4)


@settings(deadline=None, max_examples=200)
@given(OBJECTS, OBJECTS, st.sampled_from([None, 1, 2, "\t"]))
def test_a_text_is_edited_to_any_data(old: dict[str, Any], new: dict[str, Any], indent: Any) -> None:
    text = json.dumps(old, indent=indent)
    assert edited(text, old) == text
    made = json.loads(edited(text, new))
    assert made == new
    assert list(made) == list(new)


@settings(deadline=None, max_examples=200)
@given(OBJECTS, OBJECTS)
def test_a_difference_patches_one_into_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    patched = apply(old, difference(old, new))
    assert json.dumps(patched, sort_keys=True) == json.dumps(new, sort_keys=True)
    for section in ("inputs", "conditions"):
        if isinstance(new.get(section), dict):
            assert list(patched[section]) == list(new[section])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_go_with_their_lines(end: str) -> None:
    text = '// one\n{\n  // two\n  "a": 1, // three\n  /* four */ "b": [2,], # five\n}\n'
    found = repaired(text.replace("\n", end))
    assert found is not None
    assert found.text == '{\n  "a": 1,\n  "b": [2]\n}\n'.replace("\n", end)


def test_an_edit_keeps_spaces_comments_and_line_ends_of_the_rest() -> None:
    text = '{\r\n\t"a" :  1 ,\r\n\r\n\t"b":2,  "c": [ 1,2 ]\r\n}'
    assert edited(text, {"a": 1, "b": 3, "c": [1, 2]}) == text.replace('"b":2', '"b":3')
    assert edited(text, {"a": 1, "c": [1, 2]}) == '{\r\n\t"a" :  1 ,\r\n\r\n\t"c": [ 1,2 ]\r\n}'
    assert edited(text, {"a": 1, "bb": 2, "c": [1, 2]}) == text.replace('"b"', '"bb"')


def test_changes_are_made_in_their_order_and_count_characters_as_they_were() -> None:
    data = {"a": {"x": "a && b && c"}, "b": [1, "y"]}
    both = [Rewrite(("a", "x"), 2, 4, "AND"), Rewrite(("a", "x"), 7, 9, "AND")]
    assert changed(data, both) == {"a": {"x": "a AND b AND c"}, "b": [1, "y"]}
    assert list(changed(data, [Rename(("a",), "c")])) == ["c", "b"]
    assert changed(data, [Put(("a", "z"), 1), Drop(("b",))]) == {"a": {"x": "a && b && c", "z": 1}}
    assert changed(data, [Rewrite(("b", "1"), 0, 1, "z")])["b"] == [1, "z"]
    for wrong in (Drop(("q",)), Rename(("a",), "b"), Rewrite(("a",), 0, 1, ""), Put(("q", "r"), 1)):
        with pytest.raises(Unchangeable):
            changed(data, [wrong])
    assert data == {"a": {"x": "a && b && c"}, "b": [1, "y"]}


# ── Names of other languages ─────────────────────────────────────────────────────────────────────────────


def test_the_table_of_functions_is_that_of_the_registry() -> None:
    kinds = {"Series": "x", "Truth": "x", "Period": "n", "Sample": "n", "Positive": "m", "Percent": "m"}
    for name, shape in SHAPES.items():
        found = function(name)
        assert found is not None
        assert tuple(kinds[parameter.kind] for parameter in found.parameters) == shape
    assert set(SHAPES) <= set(public_names())
    assert set(SYNONYMS) | set(UNSURE) <= set(SHAPES)


def test_a_function_that_exists_is_called_absent_nowhere() -> None:
    known = {plain(name) for name in public_names()}
    assert not known & {other for others in ABSENT.values() for other in others.split()}


def test_no_other_name_has_two_meanings() -> None:
    for groups in (SYNONYMS | {f"{name}?": others for name, others in UNSURE.items()}, ABSENT, KEYS):
        names = [other for others in groups.values() for other in others.split()]
        assert [name for name, count in Counter(names).items() if count > 1] == []


def test_every_formula_is_a_valid_expression() -> None:
    for name, forms in FORMULAS.items():
        for count in forms:
            arguments: dict[int, list[str]] = {
                0: [],
                1: ["true" if name == "tr" else "close"],
                2: ["3" if name.startswith("pivot") else "close", "5"],
                3: {
                    **{key: ["open > low", "low", "close"] for key in ("iff", "where", "ifelse")},
                    **{key: ["close", "3", "5"] for key in ("pivothigh", "pivotlow")},
                    "valuewhen": ["open > low", "close", "0"],
                }.get(name, ["open", "low", "close"]),
                4: ["close", "high", "low", "9"],
                6: ["high", "low", "close", "volume", "3", "10"],
            }
            words = written(name, arguments[count])
            assert words is not None
            expression = words.text if name in ("na", "isna", "isnan") else f"{words.text} > 0"
            assert errors(dslc.validate(valid(c=expression))) == [], words.text
    for text in NAMES.values():
        assert errors(dslc.validate(valid(c=f"{text} > 0"))) == []


def test_capitals_are_a_window_only_where_they_can_be() -> None:
    for arguments, text in (
        (["high", "20"], "highest(high, 20)"),
        (["x", "0"], "max(x, 0)"),
        (["x", "y"], "max(x, y)"),
    ):
        assert getattr(written("MAX", arguments), "text", None) == text


def test_a_formula_brackets_what_would_fall_apart() -> None:
    words = written("change", ["high + low", "3"])
    assert words is not None
    assert words.text == "(high + low) - (high + low)[3]"
    assert parse(words.text).tree is not None


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("ta.trima(close, 20) > 1", "there is no triangular average yet"),
        ("ta.bb(close, 20, 2) > 1", "its lines are bbUpper(close, 20, 2)"),
        ("smma(close, 14) > 1", "did you mean `rma`?"),
        ("avg(close, open) > 1", "write `(close + open) / 2`"),
        ("avg(close, 9) > 1", "did you mean `sma`?"),
        ("vwap > 1", "write `vwap(n = 20)`"),
        ("obv > 1", "write `obv()`"),
        ("dayofweek == 1", "write `dayOfWeek()`"),
        ("RSI > 1", "write `rsi(series, n)`"),
        ("close in (1, 2)", "x == 1 OR x == 2"),
        ("close > open == 1", "write `close > open`"),
    ],
)
def test_a_name_of_another_platform_is_known_wherever_it_stands(expression: str, part: str) -> None:
    assert part in str(only(expression).help)


def test_nothing_is_taken_for_the_condition_that_it_stands_in() -> None:
    found = errors(dslc.validate(valid(trend="trens > 1", other="trens > 2", trends="close > trens")))
    assert [one.help for one in found] == [
        "did you mean `trends`?",
        "did you mean `trend`?",
        "did you mean `trend`?",
    ]


@pytest.mark.parametrize(
    ("written", "label", "safe"),
    [
        ("15", "15M", True),
        (15, "15M", True),
        ("60", "1H", True),
        (60, "1H", False),
        (3600, "1H", True),
        ("86400", "1D", True),
        (180, "3M", False),
        ("1", "1M", False),
        (1, "1M", False),
        (1440, "1D", True),
        (7, None, False),
    ],
)
def test_a_number_alone_is_a_timeframe_where_it_can_be_one_only(
    written: int | str, label: str | None, safe: bool
) -> None:
    document = valid() | {"configuration": {"timeframe": written}}
    (found,) = errors(dslc.validate(document))
    if label is None:
        assert found.fix is None
    else:
        assert found.fix is not None
        after = apply(document, found.fix.patch)["configuration"]["timeframe"]
        assert (after, found.fix.safe) == (label, safe)


def test_what_is_absent_says_so() -> None:
    help_ = only("trima(close, 20) > 1").help
    assert help_ == absent("trima") == "there is no triangular average yet"
    assert only("close > bb(close, 20)").fix is None


def test_names_with_periods_are_calls() -> None:
    for name in ("ema_9", "EMA9", "rsi14", "atr_14", "sma200", "volume_sma20"):
        assert _WITH_PERIOD.fullmatch(name)
        words = named(name)
        assert words is not None
        assert errors(dslc.validate(valid(c=f"{words.text} > 0"))) == []


@pytest.mark.parametrize("label", ["1M", "15M", "1H", "4H", "12H", "1D", "1W"])
def test_every_spelling_of_a_timeframe_means_one(label: str) -> None:
    count, unit = label[:-1], label[-1]
    words = {
        "M": ["m", "min", "minute", "minutes"],
        "H": ["h", "hour", "hr"],
        "D": ["d", "day"],
        "W": ["w", "week"],
    }
    for word in words[unit]:
        for spelling in (
            f"{count}{word}",
            f"{count} {word.title()}",
            f"{word.upper()}{count}",
            f"{count}_{word}",
        ):
            assert timeframe_of(spelling) == label
    minutes = int(count) * {"M": 1, "H": 60, "D": 1440, "W": 10080}[unit]
    assert timeframe_of(str(minutes)) == label
    assert timeframe_of(f"{count}mo") is None


def test_what_happens_to_a_mark_at_the_start_is_said() -> None:
    text = "\ufeff" + json.dumps(valid())
    titles = [
        one.fix.title for source in (text, f"{text[:-1]},}}") for one in dslc.validate(source) if one.fix
    ]
    assert titles == ["remove the mark", "write it as JSON"]


@pytest.mark.parametrize(
    "text",
    [
        "close ** 2 ** 2 > 5",
        "2 ** close ** 2 > 5",
        "close ^ 3 ^ 2 > 5",
        "close ** -2 > 5",
        "close ** 2[1] > 5",
    ],
)
def test_a_power_of_a_power_is_no_product(text: str) -> None:
    """Two squares beside each other are the square of a square; neither half of that has a mend."""
    assert not any(one.edits for one in parse(text).mistakes)


NUMBERS = [
    *(
        "1",
        ".5",
        "1.",
        "1e",
        "1e999",
        "1e-999",
        "0x1F",
        "0xZ",
        "1_000",
        "1__0",
        "1,000",
        "0,5",
        "12abc",
        "1H",
    ),
    *(
        "2k",
        "3f",
        "5..",
        "1e9k",
        "9" * 400,
        "9" * 400 + "k",
        "9" * 400 + " mio",
        "00",
        "٣",
        "²",
        "5%",
        "2 mio",
    ),
]
AROUND = ["(", ")", "[", "]", ",", "+", "-", "**", "ema(", "rma(", "close", ">", "= =", "AND", "between", "."]


@pytest.mark.parametrize("seed", range(40))
def test_what_is_refused_for_its_numbers_is_refused_and_nothing_else(seed: int) -> None:
    """No spelling of a number ends in anything but diagnostics, wherever it stands."""
    draw = random.Random(seed)
    for _ in range(8):
        size = draw.randint(1, 9)
        words = [draw.choice(NUMBERS if draw.random() < 0.5 else AROUND) for _ in range(size)]
        source = valid(c=draw.choice(("", " ")).join(words))
        found = dslc.validate(source)
        for unsafe in (False, True):
            fixed = dslc.fix(source, unsafe=unsafe)
            assert fixed.valid or errors(found)


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = {
    "a hundred operators": json.dumps(valid(**{f"c{i}": "close > 1 && open > 1" for i in range(100)})),
    "operators in one string": json.dumps(valid(c="close > 1" + " && close > 1" * 250)),
    "unknown names": json.dumps(valid(**{f"c{i}": f"FAST > 1 && cloze > {i}" for i in range(400)})),
    "a long text": json.dumps(valid(**{f"c{i}": "EMA(close, 9) > 1 && " * 20 + "1 > 2" for i in range(500)})),
    "brackets": json.dumps(valid(**{f"c{i}": "((" * 200 + "ta.ema(" for i in range(400)})),
    "bad names": json.dumps({"inputs": {f"a b{i}": f"a b{i} + a b" * 20 for i in range(500)}}),
    "formulas in formulas": json.dumps(valid(c="ta.tema(" * 40 + "close" + ", 2)" * 40 + " > 1")),
    "names of arguments": json.dumps(valid(**{f"c{i}": f"f({'a=1, ' * 800}a=2) > 1" for i in range(60)})),
    "lost brackets": json.dumps(
        valid(**{f"c{i}": f"abs(max(close, {i} + abs(open " + "+ close " * 40 + "> 1" for i in range(400)})
    ),
    "calls with names": json.dumps(valid(**{f"c{i}": "f(b=2, a=" * 60 + ")" * 60 for i in range(400)})),
    "phrases": json.dumps(valid(**{f"c{i}": "close between 1 and 2 and " * 20 for i in range(400)})),
    "formulas": json.dumps(valid(c="tema(" * 40 + "close" + ", 2)" * 40 + " > 1")),
    "comments": "{" + "// x\n/* y */" * 9000 + "a: 1}",
    "open comments": "{" + "/* " * 60000,
    "quotes": "{" + "'a: \"" * 40000,
    "spaces": " " * 250_000 + "x",
    "fences": "```\n" * 60000,
    "braces": "{a:" * 80000,
    "commas": "{a: [" + "1,," * 80000,
    "weights": json.dumps(valid() | {"score": {f"w{i}": "40" for i in range(512)}}),
    "order": json.dumps(
        valid() | {"inputs": {f"i{i}": f"i{i + 1} * 2" for i in range(500)} | {"i500": "close"}}
    ),
}


def first(work: Callable[[], object]) -> None:
    """Do it as a process does that remembers no expression."""
    parser._parse_short.cache_clear()
    rewording._reworded.cache_clear()
    work()


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_document_takes_a_bounded_time(name: str) -> None:
    text = HOSTILE[name]
    quickly(lambda: first(lambda: dslc.validate(text)), 2)
    quickly(lambda: first(lambda: dslc.fix(text, unsafe=True)), 8)


def test_a_valid_document_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from dslc.compiler import front

    calls: list[object] = []
    examine = front.examine
    monkeypatch.setattr(front, "examine", lambda *what, **how: calls.append(what) or examine(*what, **how))
    assert errors(dslc.validate(valid())) == []
    assert len(calls) == 1
