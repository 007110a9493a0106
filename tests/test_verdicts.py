"""Verdicts: what they offer, what they cost, and that they depend on the document alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dslc
from dslc.compiler.analyze import Checked
from dslc.compiler.front import check, examine
from dslc.compiler.verdicts import truths as known
from dslc.compiler.verdicts.judge import judge
from dslc.compiler.verdicts.memory import Memory
from dslc.compiler.verdicts.units import declared_unit
from dslc.grammar.diagnostics import Finding, Rewrite
from dslc.grammar.document import load
from dslc.runtime.registry import functions, public_names
import numpy as np
import pytest

from .timing import quickly

EXAMPLES = Path(__file__).parent.parent / "examples"


def document(conditions: dict[str, str], entry: str = "score >= 10", **sections: Any) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {},
        "conditions": conditions,
        "score": dict.fromkeys(conditions, 10),
        "decision": {"entry": entry},
        **sections,
    }


def checked(source: dict[str, Any]) -> Checked:
    found, _ = check(load(source))
    assert found is not None
    return found


# ── What they say ────────────────────────────────────────────────────────────────────────────────────────


def test_the_crossover_of_the_published_example_always_carries_the_trend() -> None:
    (found,) = dslc.validate(EXAMPLES / "ema-crossover.json")
    assert (found.code, found.path, found.line) == ("W711", "/conditions/crossover", 14)
    assert "`trendUp` is true, too: it always brings 60 points, not 40" in found.message


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("close > highest(high, 20)", "close > highest(high, 20)[1]"),
        ("close >= 1 AND highest(close, 3) < close", "close >= 1 AND highest(close, 3)[1] < close"),
        ("low < (lowest(low, 20))", "low < (lowest(low, 20))[1]"),
        ("close > ceiling", "close > ceiling[1]"),
        ("crossUp(close, highest(high, 20))", "crossUp(close, highest(high, 20)[1])"),
        ("crossDown(low, lowest(low, 5))", "crossDown(low, lowest(low, 5)[1])"),
    ],
)
def test_the_offset_that_was_meant_is_proposed(text: str, meant: str) -> None:
    inputs = {"ceiling": "highest(high, 20)"} if "ceiling" in text else {}
    findings = examine(load(document({"c": text}, inputs=inputs)))
    (found,) = [finding for finding in findings if finding.mend is not None]
    assert found.message.code == "W707"
    assert found.mend is not None
    assert not found.mend.safe
    (change,) = found.mend.changes
    assert isinstance(change, Rewrite)
    assert text[: change.start] + change.text + text[change.end :] == meant
    assert "W707" not in {one.code for one in dslc.validate(document({"c": meant}, inputs=inputs))}


@pytest.mark.parametrize("text", ["rsi(close, 5) > 100", "body() > range()", "close > highest(high, 5) + 1"])
def test_no_offset_is_proposed_where_none_would_help(text: str) -> None:
    findings = examine(load(document({"c": text})))
    assert [finding.message.code for finding in findings] == ["W707", "W709"]
    assert [finding.mend for finding in findings] == [None, None]


def test_verdicts_of_bound_values_are_those_of_the_parameters_whole_range() -> None:
    source = document(
        {"a": "rsi(close, 14) > level", "b": "close > ema(close, n)", "c": "volume < 0"},
        entry="score >= least",
        parameters={
            "level": {"default": 120, "min": 0, "max": 200},
            "n": {"default": 9, "min": 2, "max": 50},
            "least": {"default": 90, "min": 0, "max": 100},
        },
    )
    assert [(one.code, one.path) for one in dslc.validate(source)] == [("W707", "/conditions/c")]
    assert [one.code for one in dslc.compile(source, parameters={"level": 150}).diagnostics] == ["W707"]


@pytest.mark.parametrize(
    ("first", "found"),
    [("close > open", {"W711"}), ("close[3] > open", {"W712"}), ("close > highest(open, 4)", {"W712"})],
)
def test_what_is_undefined_at_first_does_not_follow(first: str, found: set[str]) -> None:
    """The second part is true wherever it is defined: from candle 3 on."""
    said = dslc.validate(document({"a": first, "b": f"{first} AND low[3] > 0"}, entry="score >= 20"))
    assert {(one.code, one.path) for one in said if one.code in ("W711", "W712")} == {
        (code, "/conditions/b") for code in found
    }


def test_evaluating_asks_for_no_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    from dslc.compiler import front

    def never(*_: object) -> Any:
        raise AssertionError

    monkeypatch.setattr(front, "judge", never)
    strategy = dslc.compile(EXAMPLES / "ema-crossover.json")
    with pytest.raises(AssertionError):
        _ = strategy.diagnostics


def test_units_of_formulas_are_those_that_the_registry_declares() -> None:
    arguments = {"Series": "close", "Period": "3", "Sample": "3", "Positive": "2", "Truth": "close > open"}
    arguments |= {"Fraction": "0.85", "Percent": "75", "Hours": "9.5"}
    seen = 0
    for name in public_names():
        called = functions()[name]
        if called.result == "truth" or called.unit.startswith("as "):
            continue
        text = f"{name}({', '.join(arguments[parameter.kind] for parameter in called.parameters)})"
        source = checked(document({"c": "x > 0"}, inputs={"x": text}))
        memory = Memory()
        place = memory.take(source.graph)[source.inputs["x"]]
        found = str(memory.unit[place]).removesuffix(" difference")
        declared = declared_unit(called.unit).removesuffix(" difference")
        alike = {"price": "amount", "oscillator": "ratio", "percent": "ratio"}.get(declared)
        assert found in (declared, alike, "number", "None"), name
        if called.low > -np.inf and name not in WIDER:
            assert called.low - 1.0 <= memory.low[place], name
        seen += found == declared
    assert seen >= 20


@pytest.mark.parametrize("name", public_names())
def test_no_value_is_outside_of_the_range_that_verdicts_reckon_with(name: str) -> None:
    """Also where prices leap for one candle and fall back, which is what drives a skew far below 0."""
    called = functions()[name]
    arguments = {"Series": "close", "Period": "12", "Sample": "12", "Positive": "2", "Truth": "close > open"}
    arguments |= {"Fraction": "0.85", "Percent": "75", "Hours": "9.5"}
    text = f"{name}({', '.join(arguments[parameter.kind] for parameter in called.parameters)})"
    text = text if called.result == "number" else f"if({text}, 1, 0)"
    source = document({"c": "x > 0"}, inputs={"x": text})
    strategy = checked(source)
    memory = Memory()
    place = memory.take(strategy.graph)[strategy.inputs["x"]]
    rng = np.random.default_rng(4)
    for leap in (1.0, 9.0, 1 / 9.0):
        close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.02, 400)))
        close[::40] *= leap
        opened = close * np.exp(rng.normal(0, 0.01, 400))
        high, low = np.maximum(opened, close) * 1.01, np.minimum(opened, close) * 0.99
        bars = {"open": opened, "high": high, "low": low, "close": close, "volume": rng.uniform(0, 9, 400)}
        hours = np.datetime64("2024-01-01", "ns") + np.arange(400) * np.timedelta64(1, "h")
        found = dslc.compile(source).evaluate(bars | {"time": hours}).inputs["x"]
        inside = found[~np.isnan(found)]
        assert ((memory.low[place] <= inside) & (inside <= memory.high[place])).all()


def test_functions_that_share_a_kernel_keep_their_own_ranges() -> None:
    assert "W707" in [one.code for one in dslc.validate(document({"a": "kurtosis(close, 20) < -2"}))]
    assert dslc.validate(document({"a": "skew(close, 20) < -2"})) == []


WIDER = {"adx", "choppiness", "minusDi", "plusDi", "ultimate", "vwap", "vwma"}
"""Functions of whose formulas a smaller range is declared than verdicts work out."""


# ── What they cost, and on what they depend ──────────────────────────────────────────────────────────────

WIDE = "max(max(high, close[1]), max(open[2], low[3]))"
HOSTILE: dict[str, dict[str, Any]] = {
    "many conditions on one value": document(
        {f"c{k}": f"rsi(close, 14) > {k} AND volume > {k}" for k in range(512)}, entry="score >= 100"
    ),
    "one long conjunction": document(
        {"c": " AND ".join(f"sma(close, {k}) > sma(open, {k})" for k in range(2, 110))}
    ),
    "long conjunctions of wide values": document(
        {
            f"c{i}": " AND ".join(f"{WIDE}[{k}] > {WIDE}[{k + i}] - {k}" for k in range(1, 30))
            for i in range(1, 40)
        }
    ),
    "differences of wide values": document(
        {
            f"c{i}": " + ".join(f"({WIDE}[{k}] - {WIDE}[{k + i}])" for k in range(30)) + " > 0"
            for i in range(1, 40)
        }
    ),
    "alternatives of alternatives": document(
        {
            f"c{i}": " AND ".join(f"(close != sma(close, {k}) OR open != {k})" for k in range(2, 80))
            for i in range(40)
        }
    ),
    "a chain of conditions": document(
        {"c0": "close > open"} | {f"c{k}": f"NOT c{k - 1} OR volume > {k}" for k in range(1, 500)}
    ),
    "a chain of impossible conditions": document(
        {"c0": "volume < 0"} | {f"c{k}": f"NOT c{k - 1}" for k in range(1, 512)}
    ),
    "a decision of all conditions": document(
        {f"c{k}": f"close > sma(close, {k + 2})" for k in range(500)},
        entry=" OR ".join(f"score == {k}" for k in range(250)),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_document_takes_long(name: str) -> None:
    source = checked(HOSTILE[name])

    def judged_anew() -> list[Finding]:
        known._held.truths = known.Truths()
        return judge(source)

    first = quickly(judged_anew, 0.1)
    assert known._held.truths.work <= 2 * known._MOST_WORK
    assert judge(source) == first


def test_verdicts_do_not_depend_on_what_was_seen_before() -> None:
    names = ("ema-crossover", "full-house", "rsi-pullback", "veto")
    sources = [checked(json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))) for name in names]
    sources += [checked(HOSTILE["many conditions on one value"]), checked(document({"c": "volume < 0"}))]
    alone = []
    for source in sources:
        known._held.truths = known.Truths()
        alone.append(judge(source))
    assert [judge(source) for source in reversed(sources)][::-1] == alone
    assert sum(map(len, alone)) >= 3


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_KEPT", 200)
    known._held.truths = known.Truths()
    for k in range(100):
        judge(checked(document({"c": f"sma(close, {k + 2}) > ema(open, {k + 2})"})))
        assert len(known._held.truths.memory) <= 220
