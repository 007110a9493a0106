"""What the Python API promises."""

from __future__ import annotations

import concurrent.futures
import copy
import hashlib
import json
from pathlib import Path
import pickle
import subprocess
import sys
from typing import Any

import dslc
import numpy as np
import pandas as pd
import pytest

STRATEGY: dict[str, Any] = {
    "configuration": {"timeframe": "1H"},
    "inputs": {"fast": "ema(close, 3)", "slow": "ema(close, 5)"},
    "conditions": {"up": "fast > slow", "cross": "crossUp(fast, slow)"},
    "score": {"up": 20, "cross": 40},
    "decision": {"entry": "score >= 60"},
}
TEXT = json.dumps(STRATEGY, indent=1)


def frame(length: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, length)))
    return pd.DataFrame(
        {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": 1.0},
        index=pd.date_range("2024-01-01", periods=length, freq="h", tz="Europe/Madrid", name="time"),
    )


def test_all_kinds_of_source_mean_the_same(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(TEXT)
    envelope = {"strategySnapshotJson": TEXT, "assetPair": "X"}
    sources: list[Any] = [TEXT, TEXT.encode(), path, STRATEGY, envelope, json.dumps(envelope)]
    assert len({dslc.compile(source).hash for source in sources}) == 1
    assert all(dslc.validate(source) == dslc.validate(TEXT) for source in sources[:3])
    assert all({d.severity for d in dslc.validate(source)} <= {"warning"} for source in sources)


def test_compile_raises_with_all_diagnostics() -> None:
    bad = copy.deepcopy(STRATEGY)
    bad["inputs"]["fast"] = "emma(close, 3)"
    bad["conditions"]["up"] = "fats > slow"
    with pytest.raises(dslc.StrategyError) as caught:
        dslc.compile(json.dumps(bad))
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E301", "E302"]
    assert "did you mean" not in str(caught.value)
    assert "`emma` is not a function" in str(caught.value)
    assert dslc.validate(json.dumps(bad)) == caught.value.diagnostics


def test_a_str_that_looks_like_a_file_name_gets_a_hint() -> None:
    with pytest.raises(dslc.StrategyError) as caught:
        dslc.compile("strategy.json")
    (found,) = caught.value.diagnostics
    assert found.path == ""
    assert "Path" in (found.help or "")


def test_severity_is_a_plain_str_and_places_count_from_one() -> None:
    (found, *_) = dslc.validate('{"inputs": {"é": "1"}}')
    assert type(found.severity) is str
    assert (found.line, found.column) == (1, 1)
    named = next(d for d in dslc.validate('{"inputs": {"é": "1"}}') if d.path == "/inputs/é")
    assert (named.line, named.column, named.end_line, named.end_column) == (1, 14, 1, 15)


def test_places_of_a_dict_are_none() -> None:
    for found in dslc.validate({"inputs": {"a": "b"}}):
        assert (found.line, found.column, found.end_line, found.end_column) == (None, None, None, None)


def test_a_missing_file_is_an_oserror() -> None:
    with pytest.raises(FileNotFoundError):
        dslc.validate(Path("no-such-file.json"))


def test_warnings_do_not_make_a_strategy_invalid() -> None:
    risky = copy.deepcopy(STRATEGY)
    risky["conditions"]["odd"] = "fast AND up"
    strategy = dslc.compile(risky)
    assert "W701" in [diagnostic.code for diagnostic in strategy.diagnostics]
    assert {diagnostic.severity for diagnostic in strategy.diagnostics} == {"warning"}
    with pytest.raises(dslc.StrategyError) as raised:
        dslc.compile(risky, strict=True)
    assert tuple(raised.value.diagnostics) == strategy.diagnostics


def test_the_timeframe_can_be_replaced_and_enters_the_hash() -> None:
    hourly, daily = dslc.compile(STRATEGY), dslc.compile(STRATEGY, timeframe="1D")
    assert (hourly.timeframe, daily.timeframe) == ("1H", "1D")
    assert hourly.hash != daily.hash
    written = {**STRATEGY, "configuration": {"timeframe": "1D"}}
    assert daily.hash == dslc.compile(written).hash
    with pytest.raises(ValueError, match="timeframe"):
        dslc.compile(STRATEGY, timeframe="1d")


def test_the_hash_is_that_of_the_meaning() -> None:
    plain = dslc.compile(STRATEGY).hash
    respelled = copy.deepcopy(STRATEGY)
    respelled |= {"name": "n", "description": "d", "$schema": "s", "language": 1}
    respelled["inputs"]["fast"] = " ema( (close),3.0 ) "
    respelled["score"] = {"cross": 40.0, "up": 20}
    respelled = {key: respelled[key] for key in reversed(respelled)}
    assert dslc.compile(respelled).hash == plain
    reordered = copy.deepcopy(STRATEGY)
    reordered["inputs"] = dict(reversed(STRATEGY["inputs"].items()))
    assert dslc.compile(reordered).hash != plain
    for section, key, value in (("score", "up", 21), ("inputs", "fast", "ema(close, 4)")):
        changed = copy.deepcopy(STRATEGY)
        changed[section][key] = value
        assert dslc.compile(changed).hash != plain


def test_the_hash_is_the_sha256_of_the_canonical_document() -> None:
    canonical = (
        '{"language":1,"configuration":{"timeframe":"1H"},'
        '"inputs":{"fast":"ema(close, 3)","slow":"ema(close, 5)"},'
        '"conditions":{"up":"fast > slow","cross":"crossUp(fast, slow)"},'
        '"score":{"cross":40,"up":20},"decision":{"entry":"score >= 60"}}'
    )
    assert dslc.compile(STRATEGY).hash == hashlib.sha256(canonical.encode()).hexdigest()


def test_a_strategy_is_immutable_and_picklable() -> None:
    strategy = dslc.compile(TEXT, timeframe="4H")
    with pytest.raises(AttributeError):
        strategy.diagnostics = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del strategy.diagnostics
    strategy.canonical["decision"]["entry"] = "something else"
    strategy.inputs["new"] = "1"
    assert strategy.entry == "score >= 60"
    assert list(strategy.inputs) == ["fast", "slow"]
    again = pickle.loads(pickle.dumps(strategy))
    assert (again.hash, again.timeframe, again.warmup) == (strategy.hash, "4H", strategy.warmup)
    assert copy.deepcopy(strategy).hash == strategy.hash


def test_what_stood_in_the_envelope_stays_with_the_strategy() -> None:
    envelope = {"strategySnapshotJson": TEXT, "assetPair": "X", "more": {"k": [1]}}
    strategy = dslc.compile(envelope)
    strategy.metadata["more"]["k"].append(2)
    for found in (strategy, pickle.loads(pickle.dumps(strategy)), copy.deepcopy(strategy)):
        assert found.metadata == {"assetPair": "X", "more": {"k": [1]}}


def test_the_extents_are_the_certificate_of_causality() -> None:
    extents = dslc.compile({**STRATEGY, "inputs": {**STRATEGY["inputs"], "w": "sma(close, 21)[2]"}}).extents
    assert extents["w"] == (-22, -2)
    assert extents["fast"] == (float("-inf"), 0)
    assert all(right <= 0 for _, right in extents.values())


def test_evaluations_compare_by_identity() -> None:
    strategy = dslc.compile(TEXT)
    bars = dslc.Bars(frame())
    first, second = strategy.evaluate(bars), strategy.evaluate(bars)
    assert first != second
    assert len({first, second}) == 2


def test_results_and_errors_are_picklable() -> None:
    result = pickle.loads(pickle.dumps(dslc.compile(TEXT).evaluate(frame())))
    assert len(result) == 60
    with pytest.raises(dslc.StrategyError) as caught:
        dslc.compile("{}")
    assert pickle.loads(pickle.dumps(caught.value)).diagnostics == caught.value.diagnostics


def test_the_result_has_what_the_strategy_names() -> None:
    strategy = dslc.compile(TEXT)
    result = strategy.evaluate(frame())
    assert result.score.dtype == np.int64
    assert result.entry.dtype == np.bool_
    assert list(result.inputs) == ["fast", "slow"]
    assert list(result.conditions) == ["up", "cross"]
    assert result.inputs["slow"].dtype == np.float64
    assert np.isnan(result.inputs["slow"][:4]).all()
    assert not np.isnan(result.inputs["slow"][4:]).any()
    assert result.conditions["up"].dtype == np.bool_
    expected = 20 * result.conditions["up"] + 40 * result.conditions["cross"]
    np.testing.assert_array_equal(result.score, expected)
    np.testing.assert_array_equal(result.entry, expected >= 60)
    assert (result.score_low <= result.score_high).all()
    assert result.score_high[0] == 60


def test_the_table_keeps_the_time_zone() -> None:
    table = dslc.compile(TEXT).evaluate(frame()).to_pandas()
    assert list(table.columns) == ["close", "fast", "slow", "up", "cross", "score", "entry"]
    assert str(table.index.tz) == "Europe/Madrid"  # type: ignore[attr-defined]
    assert table.index.name == "time"
    assert table.index[0] == pd.Timestamp("2024-01-01", tz="Europe/Madrid")


def test_names_that_are_columns_already_stay_apart() -> None:
    taken = copy.deepcopy(STRATEGY)
    taken["inputs"] |= {"time": "close", "entry": "open"}
    table = dslc.compile(taken).evaluate(frame()).to_pandas()
    assert list(table.columns) == [
        "close",
        "fast",
        "slow",
        "time_",
        "entry_",
        "up",
        "cross",
        "score",
        "entry",
    ]


def test_without_times_the_time_is_the_row() -> None:
    table = frame().reset_index(drop=True)
    result = dslc.compile(TEXT).evaluate(table.to_dict("list"))
    np.testing.assert_array_equal(result.time, np.arange(60))


def test_only_the_wanted_outputs_are_kept() -> None:
    strategy = dslc.compile(TEXT)
    whole = strategy.evaluate(frame())
    bare = strategy.evaluate(frame(), outputs="signals")
    some = strategy.evaluate(frame(), outputs=["slow", "up"])
    assert (list(bare.inputs), list(bare.conditions)) == ([], [])
    assert (list(some.inputs), list(some.conditions)) == (["slow"], ["up"])
    for result in (bare, some):
        np.testing.assert_array_equal(result.entry, whole.entry)
        np.testing.assert_array_equal(result.score, whole.score)
    with pytest.raises(ValueError, match="nope"):
        strategy.evaluate(frame(), outputs=["nope"])


def test_a_column_that_is_not_read_may_be_absent() -> None:
    table = frame()[["close"]].copy()
    table["Time"] = table.index
    assert len(dslc.compile(TEXT).evaluate(table)) == 60
    volume = {**STRATEGY, "conditions": {**STRATEGY["conditions"], "v": "volumeSpike(2) > 1"}}
    with pytest.raises(dslc.BarsError, match="volume"):
        dslc.compile(volume).evaluate(table)


def test_threads_get_the_same_answers() -> None:
    strategy = dslc.compile(TEXT)
    bars = dslc.Bars(frame(5000))
    wanted = strategy.evaluate(bars).score
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: dslc.compile(TEXT).evaluate(bars).score, range(32)):
            np.testing.assert_array_equal(found, wanted)
        for found in pool.map(lambda _: strategy.evaluate(bars).score, range(32)):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_few_bars_are_legal(length: int) -> None:
    result = dslc.compile(TEXT).evaluate(frame(length))
    assert len(result) == length
    assert not result.entry.any()
    assert len(result.to_pandas()) == length
    assert result.notes


def test_budgets_are_held_before_anything_is_allocated() -> None:
    strategy = dslc.compile(TEXT)
    with pytest.raises(dslc.StrategyError) as caught:
        strategy.evaluate(frame(), work=10)
    assert [d.code for d in caught.value.diagnostics] == ["E611"]
    with pytest.raises(dslc.StrategyError) as caught:
        strategy.evaluate(frame(), memory=1000)
    assert [d.code for d in caught.value.diagnostics] == ["E612"]
    assert "1,000 bytes" in str(caught.value)


def test_the_interval_is_held_to_the_budgets_of_the_run() -> None:
    rng = np.random.default_rng(0)
    strategy = dslc.compile(TEXT)
    close = 10 + rng.random(100_000)
    bars = {"open": close, "high": close, "low": close, "close": close}
    plan = strategy._prepare(()).plan
    result = strategy.evaluate(bars, outputs="signals", memory=plan.bytes(100_000))
    with pytest.raises(dslc.StrategyError):
        _ = result.score_low


def test_align_without_resample_is_refused() -> None:
    with pytest.raises(ValueError, match="resample"):
        dslc.compile(TEXT).evaluate(frame(), align="UTC")


def test_a_wrong_timeframe_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(dslc.BarsError) as caught:
        dslc.compile(TEXT, timeframe="4H").evaluate(frame())
    assert "resample" in str(caught.value)


def test_resampling_on_request() -> None:
    result = dslc.compile(TEXT, timeframe="4H").evaluate(frame(), resample=True)
    assert 13 <= len(result) <= 15
    assert any("4H" in note for note in result.notes)


def test_importing_and_validating_loads_nothing_heavy() -> None:
    code = (
        "import sys, dslc; dslc.validate('{}'); dslc.compile(sys.argv[1]);"
        "print([m for m in ('numpy', 'pandas', 'numba', 'rich', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, TEXT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
