"""Differences in meaning: what is written otherwise is the same, and what is called the same is the same.

The laws rewrite expressions from the trees of the oracle's parser, by rules of logic that hold with undefined
truths, and compare values that the oracle computes.
"""

from __future__ import annotations

from collections.abc import Callable
import copy
from itertools import product
import json
from pathlib import Path
import random
import subprocess
import sys
from typing import Any

import dslc
from dslc.about.difference import Change
from dslc.about.meaning import Meanings
from dslc.compiler.graph import Graph
from hypothesis import given, settings
import pytest

from . import oracle, programs

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "ema-crossover.json"
TUNABLE = ROOT / "examples" / "tunable-crossover.json"
BARS = ROOT / "examples" / "bars" / "AAPL.csv"
MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
NEGATED = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}


# --- other ways to write the same -----------------------------------------------------------------


def is_truth(node: Any) -> bool:
    return node[0] == "not" or (
        node[0] == "chain" and (node[2][0][0] in ("AND", "OR") or is_comparison(node))
    )


def is_comparison(node: Any) -> bool:
    return node[0] == "chain" and node[2][0][0] in MIRRORED


def rewritten(node: Any, rng: random.Random) -> str:
    """The node as text, every part in brackets and perhaps in another of the ways to write it."""
    if is_truth(node) and rng.random() < 0.15:
        return f"(NOT {negated(node, rng)})"
    match node:
        case ("number", value):
            return repr(value)
        case ("name" | "timeframe", text):
            return str(text)
        case ("neg", operand):
            return f"(-{rewritten(operand, rng)})"
        case ("not", operand):
            return negated(operand, rng) if is_truth(operand) else f"(NOT {rewritten(operand, rng)})"
        case ("at", operand, offsets):
            return rewritten(operand, rng) + "".join(f"[{rewritten(one, rng)}]" for one in offsets)
        case ("call", name, arguments):
            return f"{name}({', '.join(rewritten(one, rng) for one in arguments)})"
        case ("chain", left, [(op, right)]) if op in MIRRORED:
            sides = rewritten(left, rng), rewritten(right, rng)
            if rng.random() < 0.5:
                return f"({sides[0]} {op} {sides[1]})"
            return f"({sides[1]} {MIRRORED[op]} {sides[0]})"
        case ("chain", left, links):
            return joined(left, links, rng)
    raise AssertionError(node)


def joined(left: Any, links: list[Any], rng: random.Random) -> str:
    """AND and OR in any order and twice; of + and * the two operands in any order, one after the other."""
    op = links[0][0]
    if op in ("AND", "OR"):
        members = [rewritten(one, rng) for one in (left, *(right for _, right in links))]
        rng.shuffle(members)
        members += [rng.choice(members)] if rng.random() < 0.2 else []
        return f"({f' {op} '.join(members)})"
    text = rewritten(left, rng)
    for op, right in links:
        other = rewritten(right, rng)
        swapped = op in "+*" and rng.random() < 0.5
        text = f"({other} {op} {text})" if swapped else f"({text} {op} {other})"
    return text


def negated(node: Any, rng: random.Random) -> str:
    """NOT of a truth, written without it where that is possible."""
    if is_comparison(node) and "timeframe" not in str(node) and rng.random() < 0.7:
        left, [(op, right)] = node[1], node[2]
        return f"({rewritten(left, rng)} {NEGATED[op]} {rewritten(right, rng)})"
    if node[0] == "chain" and node[2][0][0] in ("AND", "OR") and rng.random() < 0.7:
        members = [node[1], *(right for _, right in node[2])]
        if all(map(is_truth, members)):
            other = {"AND": " OR ", "OR": " AND "}[node[2][0][0]]
            return f"({other.join(negated(one, rng) for one in members)})"
    return f"(NOT {rewritten(node, rng)})"


def written_otherwise(document: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    found = copy.deepcopy(document)
    for section in ("inputs", "conditions", "decision"):
        for name, text in found[section].items():
            otherwise = rewritten(oracle.parse(text), rng)
            if len(otherwise) < 4000 and otherwise.count("(") < 60:
                found[section][name] = otherwise
    return found


@settings(max_examples=150, deadline=None)
@given(programs.strategies(), programs.SEEDS)
def test_what_is_written_otherwise_is_the_same(document: dict[str, Any], seed: int) -> None:
    other = written_otherwise(document, random.Random(seed))
    found = dslc.diff(document, other)
    assert found.changes == ()
    assert found.same


@settings(max_examples=100, deadline=None)
@given(programs.strategies(max_size=3), programs.SEEDS, programs.bar_sets(min_bars=30, max_bars=60))
def test_what_is_the_same_has_the_same_values(
    document: dict[str, Any], seed: int, bars: dict[str, list[float]]
) -> None:
    """Of two documents: conditions and inputs with no change under their names have equal columns."""
    rng = random.Random(seed)
    other = written_otherwise(document, rng)
    section = rng.choice(("inputs", "conditions"))
    if document[section]:
        changed(other[section], rng.choice(list(document[section])), rng)
    found = dslc.diff(document, other)
    before, after = oracle.evaluate(document, bars), oracle.evaluate(other, bars)
    touched = {(change.section, change.name) for change in found.changes}
    for name in document["inputs"]:
        assert ("inputs", name) in touched or before.inputs[name] == after.inputs[name]
    for name in document["conditions"]:
        assert ("conditions", name) in touched or before.conditions[name] == after.conditions[name]
    if not any(change.section == "decision" for change in found.changes):
        assert before.entry == after.entry
    if found.same:
        assert (before.score, before.entry) == (after.score, after.entry)


def changed(entries: dict[str, str], name: str, rng: random.Random) -> None:
    """Another operator or number somewhere in an expression, if it has one."""
    text = entries[name]
    for old, new in rng.sample(
        [(">", "<"), ("AND", "OR"), ("high", "low"), ("sma", "ema"), ("[1]", "[2]")], 5
    ):
        if old in text:
            entries[name] = text.replace(old, new, 1)
            return


def test_truths_with_one_meaning_have_one_truth_table() -> None:
    """Random formulas over three truths, in all 27 cases: two with one number never differ."""
    graph = Graph()
    close, open_, volume = (graph.bar(name) for name in ("close", "open", "volume"))
    cases = list(product((1, 0, -1), repeat=3))
    up, none = tuple(case[0] for case in cases), tuple(case[1] for case in cases)
    formulas = [
        (graph.op("greater", close, open_), up),
        (graph.op("greater_or_equal", open_, close), tuple(-one for one in up)),
        (graph.op("equal", volume, graph.number(0.0)), none),
        (graph.op("unequal", graph.number(0.0), volume), tuple(-one for one in none)),
        (graph.shift(graph.op("greater", close, volume), 2), tuple(case[2] for case in cases)),
        (graph.truth(True), (1,) * 27),
        (graph.truth(False), (-1,) * 27),
    ]
    rng = random.Random(5)
    while len(formulas) < 4000:
        (a, left), (b, right) = rng.choice(formulas), rng.choice(formulas[:40])
        op = rng.choice(("and", "or", "not"))
        if op == "not":
            formulas.append((graph.op("not", a), tuple(-one for one in left)))
        else:
            join = min if op == "and" else max
            formulas.append((graph.op(op, a, b), tuple(map(join, left, right))))
    numbers = Meanings().take(graph)
    tables: dict[int, set[tuple[int, ...]]] = {}
    for node, table in formulas:
        tables.setdefault(numbers[node], set()).add(table)
    assert all(len(found) == 1 for found in tables.values())
    assert len({node for node, _ in formulas}) > 2 * len(tables)


def test_meanings_of_long_and_deep_truths_stay_small() -> None:
    graph = Graph()
    truth = graph.op("greater", graph.bar("close"), graph.bar("open"))
    whole = truth
    for number in range(3000):
        other = graph.op("greater", graph.shift(graph.bar("close"), number + 1), graph.bar("open"))
        whole = graph.op("not", graph.op("and" if number % 2 else "or", whole, other))
    chain = truth
    for number in range(3000):
        chain = graph.op("and", chain, graph.op("greater", graph.bar("volume"), graph.number(number)))
    meanings = Meanings()
    numbers = meanings.take(graph)
    assert len(set(numbers)) == len(numbers)
    assert sum(len(args) for _, args, _ in meanings._keys) < 1_500_000


# --- what a difference says -----------------------------------------------------------------------


def edited(change: Callable[[dict[str, Any]], object], path: Path = EXAMPLE) -> list[tuple[Any, ...]]:
    before = json.loads(path.read_text(encoding="utf-8"))
    after = copy.deepcopy(before)
    change(after)
    found = dslc.diff(before, after)
    assert found.same == all(one.kind == "renamed" for one in found.changes)
    back = dslc.diff(after, before)
    assert back.same == found.same
    return [(one.section, one.name, one.kind, one.before, one.after, one.through) for one in found.changes]


def test_a_changed_input_is_said_once_and_what_reads_it_follows() -> None:
    assert edited(lambda one: one["inputs"].update(emaFast="ema(close, 12)")) == [
        ("inputs", "emaFast", "changed", "ema(close, 9)", "ema(close, 12)", ()),
        ("conditions", "trendUp", "follows", "emaFast > emaSlow", "emaFast > emaSlow", ("emaFast",)),
        *[
            ("conditions", "crossover", "follows", text, text, ("emaFast",))
            for text in ("crossUp(emaFast, emaSlow)",)
        ],
        ("decision", "entry", "follows", "score >= 60", "score >= 60", ("score",)),
    ]


def test_a_condition_that_is_also_written_otherwise_follows_all_the_same() -> None:
    def change(one: dict[str, Any]) -> None:
        one["inputs"]["emaFast"] = "ema(close, 12)"
        one["conditions"]["trendUp"] = "emaSlow<emaFast"

    found = {(section, name): kind for section, name, kind, *_ in edited(change)}
    assert found["conditions", "trendUp"] == "follows"


def renamed(one: dict[str, Any]) -> None:
    one["inputs"] = {name.replace("emaFast", "quick"): text for name, text in one["inputs"].items()}
    one["conditions"] = {
        name.replace("trendUp", "rising"): text.replace("emaFast", "quick")
        for name, text in one["conditions"].items()
    }
    one["score"] = {name.replace("trendUp", "rising"): weight for name, weight in one["score"].items()}


def test_what_has_another_name_is_renamed_and_means_the_same() -> None:
    assert edited(renamed) == [
        ("inputs", "quick", "renamed", "emaFast", "quick", ()),
        ("conditions", "rising", "renamed", "trendUp", "rising", ()),
    ]
    before = json.loads(EXAMPLE.read_text())
    after = copy.deepcopy(before)
    renamed(after)
    found = dslc.diff(before, after)
    assert (found.same, found.respelled, found.hashes[0] == found.hashes[1]) == (True, (), False)
    assert str(found).startswith("same meaning, other names\n")


def test_what_is_added_and_removed_has_its_text_and_its_weight() -> None:
    def change(one: dict[str, Any]) -> None:
        del one["inputs"]["volSpike"], one["conditions"]["volConfirm"], one["score"]["volConfirm"]
        one["inputs"]["wide"] = "range()*2"
        one["conditions"]["big"] = "wide>atr(14)"
        one["score"]["big"] = 1500

    assert edited(change) == [
        ("inputs", "wide", "added", None, "range() * 2", ()),
        ("inputs", "volSpike", "removed", "volumeSpike(1.5)", None, ()),
        ("conditions", "big", "added", None, "wide > atr(14)", ()),
        ("conditions", "volConfirm", "removed", "volSpike > 1", None, ()),
        ("score", "big", "added", None, "1,500", ()),
        ("score", "volConfirm", "removed", "15", None, ()),
        ("decision", "entry", "follows", "score >= 60", "score >= 60", ("score",)),
    ]


def test_a_timeframe_is_followed_by_what_asks_for_it() -> None:
    def change(one: dict[str, Any]) -> None:
        one["configuration"]["timeframe"] = "1H"

    found = edited(change, ROOT / "examples" / "two-speeds.json")
    assert found[0] == ("timeframe", "timeframe", "changed", "1D", "1H", ())
    assert [(one[1], one[2], one[5]) for one in found if one[0] == "conditions"] == [
        ("intraday", "follows", ("timeframe",)),
        ("apart", "follows", ("intraday",)),
    ]


def test_a_time_zone_and_an_instrument_are_followed_by_what_reads_them() -> None:
    def document(zone: str, symbol: str) -> dict[str, Any]:
        return {
            "configuration": {"timeframe": "1H", "timezone": zone, "symbols": {"spy": symbol}},
            "functions": {"lead()": "close - spy.close"},
            "inputs": {"day": "close @ 1D", "far": "lead()", "mean": "sma(close, 3)"},
            "conditions": {"up": "far > 0 AND close > day", "late": "hour() > 20", "fine": "close > mean"},
            "score": {"up": 1},
            "decision": {"entry": "score >= 1 AND spy.volume > 0"},
        }

    found = dslc.diff(document("UTC", "SPY"), document("Asia/Tokyo", "SPX"))
    assert [(one.section, one.name, one.kind, one.through) for one in found.changes] == [
        ("timezone", "timezone", "changed", ()),
        ("symbols", "spy", "changed", ()),
        ("functions", "lead", "follows", ("spy.close",)),
        ("inputs", "day", "follows", ("timezone",)),
        ("inputs", "far", "follows", ("lead()",)),
        ("conditions", "up", "follows", ("far", "day")),
        ("conditions", "late", "follows", ("timezone",)),
        ("decision", "entry", "follows", ("score", "spy.volume")),
    ]
    assert "Time zone\n  changed  timezone  UTC → Asia/Tokyo\n" in str(found)
    unread = document("UTC", "SPY")
    del unread["functions"]
    unread |= {"inputs": {}, "conditions": {"up": "close > open"}, "decision": {"entry": "score >= 1"}}
    other = {**unread, "configuration": document("Asia/Tokyo", "SPX")["configuration"]}
    assert dslc.diff(unread, other).changes == ()


def test_parameters_are_compared_for_all_that_they_may_be() -> None:
    def default(one: dict[str, Any]) -> None:
        one["parameters"]["fast"]["default"] = 12

    found = edited(default, TUNABLE)
    said = "a whole number from 5 to 50, by default"
    assert found[0] == ("parameters", "fast", "changed", f"{said} 9", f"{said} 12", ())
    assert ("inputs", "emaFast", "follows", "ema(close, fast)", "ema(close, fast)", ("fast",)) in found

    def written_out(one: dict[str, Any]) -> None:
        one["inputs"]["emaFast"] = "ema(close, 9)"
        one["constraints"] = ["fast<slow", "level > 5"]

    assert edited(written_out, TUNABLE) == [
        ("constraints", "", "added", None, "level > 5", ()),
        ("inputs", "emaFast", "changed", "ema(close, fast)", "ema(close, 9)", ()),
    ]
    assert edited(lambda one: one["parameters"]["fast"].update(unit="bars"), TUNABLE) == []
    bound = dslc.compile(TUNABLE)
    found_ = dslc.diff(bound, bound.bind(fast=12))
    assert found_.changes[0] == Change("parameters", "fast", "changed", "9", "12")


def test_names_descriptions_and_order_are_no_difference() -> None:
    before = json.loads(EXAMPLE.read_text())
    after = {**copy.deepcopy(before), "name": "other", "description": "words"}
    assert str(dslc.diff(before, after)) == "same strategy, same hash"
    after["inputs"] = dict(reversed(after["inputs"].items()))
    found = dslc.diff(before, after)
    assert (found.same, found.changes, found.reordered) == (True, (), ("inputs",))
    assert str(found).startswith("same meaning, other order\n")
    after["conditions"]["trendUp"] = "emaSlow < emaFast"
    found = dslc.diff(before, after)
    assert found.respelled == (("conditions", "trendUp"),)
    assert str(found).startswith("same meaning, other spelling and order\n")


def test_a_large_document_is_compared_quickly() -> None:
    conditions = {f"c{number}": f"close[{number}] > open" for number in range(500)}
    source = {
        "configuration": {"timeframe": "1D"},
        "inputs": {f"i{number}": f"sma(close, {number + 2})" for number in range(500)},
        "conditions": conditions,
        "score": dict.fromkeys(conditions, 1),
        "decision": {"entry": " AND ".join(list(conditions)[:400])},
    }
    after = copy.deepcopy(source)
    after["inputs"] = {f"{name}x": text for name, text in source["inputs"].items()}
    found = dslc.diff(source, after)
    assert len(found.changes) == 500
    assert found.same


# --- entries --------------------------------------------------------------------------------------


def bars_of(closes: list[float]) -> dict[str, list[Any]]:
    times = [f"2024-01-{day + 1:02}" for day in range(len(closes))]
    return {"time": times, "close": closes}


def above(limit: int, weight: int = 1) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1D"},
        "inputs": {},
        "conditions": {"up": f"close > {limit}"},
        "score": {"up": weight},
        "decision": {"entry": "up"},
    }


def test_entries_are_counted_and_listed_from_both_ends() -> None:
    closes = [float(value) for value in [1, 3, 5, 7, 3, 3, 3, 5, 3, 3, 3, 3, 3, 3, 3, 3, 9]]
    found = dslc.diff(above(2), above(4), bars_of(closes))
    entries = found.entries
    assert entries is not None
    one = [close > 2 for close in closes]
    two = [close > 4 for close in closes]
    only = [row for row in range(len(closes)) if one[row] and not two[row]]
    assert (entries.only_before, entries.only_after) == (len(only), 0)
    assert (entries.both, entries.entries) == (sum(two), (sum(one), sum(two)))
    assert entries.candles == (len(closes), len(closes))
    assert entries.scores == len(only)
    assert [candle.moment for candle in entries.first] == [f"2024-01-{row + 1:02}" for row in only[:5]]
    assert [candle.moment for candle in entries.last] == [f"2024-01-{row + 1:02}" for row in only[-5:]]
    assert {(candle.only, candle.close, candle.scores) for candle in entries.first} == {
        ("before", 3.0, (1, 0))
    }
    back = dslc.diff(above(4), above(2), bars_of(closes)).entries
    assert back is not None
    assert (back.only_before, back.only_after) == (0, len(only))
    assert back.first[0].scores == (0, 1)


def test_few_entries_are_listed_once_and_none_not_at_all() -> None:
    found = dslc.diff(above(2), above(4), {"close": [3.0, 5.0, 3.0]})
    assert found.entries is not None
    assert [candle.moment for candle in found.entries.first] == ["row 0", "row 2"]
    assert found.entries.last == ()
    same = dslc.diff(above(2), above(2, 7), {"close": [3.0, 5.0, 3.0]}).entries
    assert same is not None
    assert (same.only_before, same.only_after, same.both, same.scores, same.first) == (0, 0, 3, 3, ())


def test_candles_of_two_timeframes_are_matched_by_their_times() -> None:
    hourly = {**above(2), "configuration": {"timeframe": "1H"}}
    times = [f"2024-01-01T{hour:02}:00" for hour in range(24)]
    bars = {"time": times, "close": [3.0] * 12 + [1.0] * 12}
    found = dslc.diff(
        hourly, {**above(2), "configuration": {"timeframe": "12H"}}, bars, resample=True
    ).entries
    assert found is not None
    assert (found.candles, found.entries) == ((24, 2), (12, 1))
    assert (found.only_before, found.only_after, found.both) == (11, 0, 1)
    assert found.first[0].scores == (1, None)


def test_data_and_text_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = dslc.diff(above(2), above(4), bars_of([3.0, 5.0]))
    data = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert data["same"] is False
    assert data["changes"][0]["after"] == "close > 4"
    assert data["entries"]["only_before"] == 1
    assert "only A 1, only B 0, both 1" in str(found)


# --- the command ----------------------------------------------------------------------------------


def diff(*args: object, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "dslc", "diff", *map(str, args)], input=stdin, capture_output=True
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    return done.returncode, out, err


def test_the_command_says_what_changed_and_on_which_candles(tmp_path: Path) -> None:
    other = tmp_path / "b.json"
    other.write_text(EXAMPLE.read_text().replace("score >= 60", "score >= 80"))
    code, out, err = diff(EXAMPLE, "-", stdin=EXAMPLE.read_bytes())
    assert (code, out.splitlines()[-1], err) == (0, "same strategy, same hash", "")
    code, out, err = diff(EXAMPLE, other, "--data", BARS, "--timeframe", "1D")
    assert (code, err) == (1, "")
    assert "  changed  entry  score >= 60 → score >= 80\n" in out
    counts = [dslc.compile(path, timeframe="1D").evaluate(BARS).entry for path in (EXAMPLE, other)]
    only = int((counts[0] & ~counts[1]).sum())
    assert f"A {counts[0].sum()}, B {counts[1].sum()} on 3,270 candles: only A {only}, only B 0" in out
    code, out, _ = diff(EXAMPLE, other, "--format", "json")
    data = json.loads(out)
    assert (code, data["same"], data["files"]) == (1, False, [str(EXAMPLE), str(other)])


def test_entries_are_compared_with_series_and_other_instruments(tmp_path: Path) -> None:
    lines = [f"2024-01-01T{hour:02}:00:00Z,1,9,1,{1 + hour % 5},1,{hour}" for hour in range(24)]
    bars, others = tmp_path / "bars.csv", tmp_path / "spy.csv"
    for path in (bars, others):
        path.write_text("\n".join(["time,open,high,low,close,volume,funding", *lines]))
    paths = []
    for level in (5, 20):
        document = {
            "configuration": {"timeframe": "1H", "series": ["funding"], "symbols": {"spy": "SPY"}},
            "inputs": {},
            "conditions": {"up": f"spy.close > 1 AND funding > {level}"},
            "score": {"up": 1},
            "decision": {"entry": "score >= 1"},
        }
        paths.append(tmp_path / f"{level}.json")
        paths[-1].write_text(json.dumps(document))
    with_bars = [*paths, "--data", bars]
    code, out, err = diff(*with_bars, "--symbol", f"SPY={others}")
    assert (code, err) == (1, "")
    assert "only A 12, only B 0" in out
    entries = dslc.diff(*paths, bars, symbols={"SPY": others}).entries
    assert entries is not None
    assert (entries.only_before, entries.only_after) == (12, 0)
    wrong = {
        "SPY": "write the name and the file, as in SPY=spy.csv",
        f"spy={others}": "`spy` stands for SPY, so write --symbol SPY=FILE",
        f"QQQ={others}": "it declares `SPY`",
        f"SPY={tmp_path / 'no.csv'}": "No such file",
    }
    for pair, said in wrong.items():
        code, _, err = diff(*with_bars, "--symbol", pair)
        assert code == 2
        assert said in err
    twice = ["--symbol", f"SPY={others}"] * 2
    assert "--symbol gives SPY twice" in diff(*with_bars, *twice)[2]
    assert "they need --data" in diff(*paths, *twice)[2]
    assert "--symbol" in diff(*with_bars)[2]


def test_what_is_wrong_ends_in_two(tmp_path: Path) -> None:
    broken = tmp_path / "b.json"
    broken.write_text("{")
    assert diff(EXAMPLE, broken)[0] == 2
    assert "error[E1" in diff(EXAMPLE, broken)[2]
    assert diff(EXAMPLE, tmp_path / "no.json")[0] == 2
    assert diff(EXAMPLE)[0] == 2
    assert diff("-", "-")[0] == 2
    for options in (["--timeframe", "1D"], ["--data", tmp_path], ["--data", tmp_path / "no.csv"]):
        code, out, err = diff(EXAMPLE, EXAMPLE, *options)
        assert (code, out) == (2, "")
        assert err.startswith("dslc: ")
    # The bars are daily, the strategy hourly: the bars contradict it.
    code, _, err = diff(EXAMPLE, EXAMPLE, "--data", BARS)
    assert code == 2
    assert err.startswith("dslc: ")
