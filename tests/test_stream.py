"""Streams at their edges: what is refused leaves everything as it was, and what comes back is what was."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
import hashlib
import json
import pickle
from typing import Any
from zoneinfo import ZoneInfo

import dslc
from dslc.runtime import engine
import numpy as np
import pandas as pd
import pytest

DOCUMENT = {
    "configuration": {"timeframe": "1H"},
    "inputs": {
        "mean": "sma(close, 3)",
        "slow": "ema(close, 4)",
        "nested": "highest(lowest(close, 21), 17)",
        "range": "(high - low) * close",
        "old": "range[90]",
    },
    "conditions": {"up": "close > mean"},
    "score": {"up": 1},
    "decision": {"entry": "(score >= 1)[2]"},
}
ONLY_CLOSE = DOCUMENT | {"inputs": {"mean": "sma(close, 3)", "slow": "ema(close, 4)"}}
HOUR = 3600


def bars(candles: int, seed: int = 1) -> dict[str, Any]:
    close = 100 + 10 * np.random.default_rng(seed).normal(0, 1, candles).clip(-5, 5)
    return {
        "time": np.arange(candles) * HOUR + 1_700_000_000,
        "open": close,
        "high": close + 1,
        "low": close - 1,
        "close": close,
        "volume": np.ones(candles),
    }


def row(data: dict[str, Any], at: int) -> list[Any]:
    return [values[at].item() for values in data.values()]


def filled(document: dict[str, Any] = ONLY_CLOSE, candles: int = 10, **how: Any) -> dslc.Stream:
    stream = dslc.compile(document).stream(**how)
    for at in range(candles):
        stream.push(1_700_000_000 + at * HOUR, close=10.0 + at)
    return stream


def test_windows_of_windows_are_right_after_a_history() -> None:
    document = DOCUMENT | {
        "inputs": {"x": "highest(lowest(close, 21), 17)"},
        "conditions": {"up": "close > x"},
    }
    data = bars(205)
    wanted = dslc.compile(document).evaluate(data).inputs["x"]
    stream = dslc.compile(document).stream()
    stream.warm({name: values[:200] for name, values in data.items()})
    found = [stream.push(*row(data, at)).inputs["x"] for at in range(200, 205)]
    np.testing.assert_array_equal(found, wanted[200:])


@pytest.mark.parametrize("candles", [1, 3, 200])
def test_a_result_that_looks_back_is_right_after_a_history(candles: int) -> None:
    data = bars(candles + 5)
    result = dslc.compile(DOCUMENT).evaluate(data)
    stream = dslc.compile(DOCUMENT).stream()
    stream.warm({name: values[:candles] for name, values in data.items()})
    for at in range(candles, candles + 5):
        tick = stream.push(*row(data, at))
        assert tick.entry == result.entry[at]
        for name, value in tick.inputs.items():
            assert np.array(value).tobytes() == result.inputs[name][at].tobytes(), name


@pytest.mark.parametrize("entry", ["up[50]", "(score >= 1)[50]", "NOT up[50]", "score >= 1"])
def test_entries_that_look_back_are_the_same_on_any_number_of_threads(
    entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_LEAST", 100)
    batch = dslc.compile_batch([DOCUMENT | {"decision": {"entry": entry}}] * 3)
    data = dslc.Bars(bars(5000))
    wanted = batch[0].evaluate(data)
    for threads in (1, 2, 3, 4, 16, 64):
        for found in batch.evaluate(data, threads=threads):
            np.testing.assert_array_equal(found.entry, wanted.entry)
        for times in batch.evaluate(data, threads=threads, reduce="entries"):
            np.testing.assert_array_equal(times, data.time[wanted.entry])


def test_stretches_follow_on_each_other_and_are_worth_their_thread() -> None:
    for share in (0.0, 0.1, 0.5, 0.88, 0.96, 1.0):
        plan: Any = type("Plan", (), {"recurrent_share": share, "lookback": 30})
        for candles in (0, 1, 8_191, 16_384, 100_000, 1_000_000):
            for threads in (1, 2, 3, 8, 64):
                ends = engine._ends(plan, candles, threads)
                assert ends[0] == 0
                assert ends[-1] == candles
                assert len(ends) <= threads + 1
                if len(ends) > 2:
                    assert min(np.diff(ends)) >= engine._LEAST - 1


@pytest.mark.parametrize("reduce", ["signals", "entries"])
def test_an_error_in_a_thread_is_an_error(reduce: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_LEAST", 100)
    skip = engine.Machine.skip

    def failing(machine: engine.Machine, before: Any) -> None:
        if before.shape[1]:
            raise MemoryError
        skip(machine, before)

    monkeypatch.setattr(engine.Machine, "skip", failing)
    with pytest.raises(MemoryError):
        dslc.compile_batch([DOCUMENT]).evaluate(bars(2000), threads=2, reduce=reduce)


def test_entries_count_against_the_memory_budget() -> None:
    always = DOCUMENT | {"decision": {"entry": "close > 0"}}
    batch = dslc.compile_batch([always] * 20)
    data = dslc.Bars(bars(200_000))
    with pytest.raises(dslc.StrategyError, match="E612"):
        batch.evaluate(data, reduce="entries", memory=20_000_000)
    assert len(batch.evaluate(data, reduce="entries")[19]) == 200_000


def test_every_candle_an_entry_in_any_chunks() -> None:
    plan = (
        dslc.compile_batch([DOCUMENT | {"decision": {"entry": "close > 0"}}])._prepare("1H", "entries").plan
    )
    market = np.vstack([np.random.default_rng(5).uniform(1, 2, 1001)] * 5)
    entries = engine.run(plan, market).bits
    for chunk in (1, 7, 64, 1000):
        for compiled in (True, False):
            found = engine.run(plan, market, chunk=chunk, compiled=compiled).bits
            np.testing.assert_array_equal(found, entries)
    assert engine.counts_of(entries).tolist() == [1001]
    for compiled in (True, False):
        found = engine.times_where(entries, np.arange(1001), compiled=compiled)
        np.testing.assert_array_equal(found[0], np.arange(1001))


def test_times_of_random_bits_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(6)
    masks = rng.random((9, 640)) < rng.uniform(0, 1, (9, 1)) ** 3
    masks[4], masks[8] = False, True
    bits = np.packbits(masks, axis=1, bitorder="little")
    times = rng.integers(-(2**60), 2**60, 640)
    for threads in (1, 2, 3, 8, 64):
        for compiled in (True, False):
            found = engine.times_where(bits, times, threads=threads, compiled=compiled)
            for mask, mine in zip(masks, found, strict=True):
                np.testing.assert_array_equal(mine, times[mask])


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda stream: pickle.loads(pickle.dumps(stream))]
)
def test_a_copy_goes_its_own_way(again: Any) -> None:
    for stream in (filled(), dslc.compile_batch([ONLY_CLOSE, "{}"]).stream()):
        other = again(stream)
        before = stream.snapshot()
        other.push(1_800_000_000, close=999.0)
        assert stream.snapshot() == before
        assert len(other) == len(stream) + 1
        stream.push(1_800_000_000, close=999.0)
        assert stream.snapshot() == other.snapshot()


WRONG = [
    {"close": value}
    for value in (
        0,
        -1.0,
        np.nan,
        np.inf,
        None,
        "10",
        b"1",
        True,
        [1],
        {},
        1j,
        pd.NA,
        pd.NaT,
        10**400,
        object(),
    )
] + [
    {"close": 10.0, "high": 9.0},
    {"close": 10.0, "low": 11.0},
    {"close": 10.0, "volume": -1.0},
    {"close": 10.0, "time": None},
    {"close": 10.0, "time": 1_700_000_000},
    {"close": 10.0, "time": 1_700_000_000 + 9 * HOUR + 60},
    {"close": 10.0, "time": "soon"},
    {"close": 10.0, "time": 10**5000},
    {"close": 10.0, "time": float("nan")},
    {"close": 10.0, "time": np.datetime64("NaT")},
    {"close": 10.0, "time": pd.NaT},
    {"close": 10.0, "time": [1]},
    {"close": 10.0, "replace": True},
]


@pytest.mark.parametrize("wrong", WRONG, ids=[str(k) for k in range(len(WRONG))])
def test_a_refused_candle_leaves_the_stream_as_it_was(wrong: dict[str, Any]) -> None:
    stream = filled()
    before = stream.snapshot()
    time = wrong.get("time", 1_700_000_000 + 10 * HOUR)
    with pytest.raises(dslc.BarsError) as error:
        stream.push(time, **{name: value for name, value in wrong.items() if name != "time"})
    assert error.value.code
    assert stream.snapshot() == before


def rewritten(snapshot: bytes, change: Any) -> bytes:
    """The snapshot with another head, or another body, and a checksum that fits."""
    magic, body = snapshot[:14], snapshot[46:]
    end = 4 + int.from_bytes(body[:4], "little")
    head, values = json.loads(body[4:end]), body[end:]
    found = change(head, values)
    if isinstance(found, tuple):
        head, values = found
        text = json.dumps(head).encode()
        found = len(text).to_bytes(4, "little") + text + values
    return magic + hashlib.sha256(found).digest() + found


HEAD = (
    "version",
    "identity",
    "plan",
    "zone",
    "candles",
    "time",
    "before",
    "unit",
    "arrays",
)
DAMAGES: list[Any] = [
    lambda head, values: b"",
    lambda head, values: b"\xff\xff\xff\xff{}",
    lambda head, values: b"\x02\x00\x00\x00\xff\xff",
    lambda head, values: (100_000).to_bytes(4, "little") + b"[" * 100_000,
    lambda head, values: ([], values),
    lambda head, values: (None, values),
    lambda head, values: (head | {"more": 1}, values),
    lambda head, values: (head, values[:-1]),
    lambda head, values: (head, values + b"x"),
    lambda head, values: (head | {"arrays": [[k, n + 1] for k, n in head["arrays"]]}, values),
    lambda head, values: (head | {"arrays": head["arrays"][::-1]}, values),
    lambda head, values: (head | {"arrays": [["number", "1"], *head["arrays"][1:]]}, values),
    lambda head, values: (head | {"arrays": [["number", 1, 2], *head["arrays"][1:]]}, values),
    lambda head, values: (head | {"arrays": [["text", 1], *head["arrays"][1:]]}, values),
    lambda head, values: (head | {"arrays": [[[], 1], *head["arrays"][1:]]}, values),
    lambda head, values: (head | {"candles": 0}, values),
    lambda head, values: (head | {"time": head["before"], "before": head["time"]}, values),
    lambda head, values: (head | {"time": None}, values),
    lambda head, values: (head | {"zone": "Nowhere"}, values),
    lambda head, values: (head | {"unit": 7}, values),
    *(
        lambda head, values, name=name: ({k: v for k, v in head.items() if k != name}, values)
        for name in HEAD
    ),
    *(
        lambda head, values, name=name, value=value: (head | {name: value}, values)
        for name in HEAD
        for value in (-1, 1.5, "x", [], {}, True, 2**70)
        if not (name in ("version", "identity", "plan") and value == "x") and (name, value) != ("before", -1)
    ),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=[str(k) for k in range(len(DAMAGES))])
def test_a_damaged_snapshot_is_refused(damage: Any) -> None:
    stream = filled()
    with pytest.raises(dslc.SnapshotError):
        dslc.compile(ONLY_CLOSE).stream(rewritten(stream.snapshot(), damage))


def test_snapshots_of_others_are_refused_with_the_reason() -> None:
    snapshot = filled().snapshot()
    with pytest.raises(dslc.SnapshotError, match="strategy"):
        dslc.compile(DOCUMENT).stream(snapshot)
    with pytest.raises(dslc.SnapshotError, match=r"taken by dslc 9\.9"):
        dslc.compile(ONLY_CLOSE).stream(
            rewritten(snapshot, lambda head, values: (head | {"version": "9.9"}, values))
        )
    with pytest.raises(dslc.SnapshotError, match="another build"):
        dslc.compile(ONLY_CLOSE).stream(
            rewritten(snapshot, lambda head, values: (head | {"plan": "x"}, values))
        )
    for noise in (b"", b"x", snapshot[:-1], snapshot[:30], snapshot[:50] + b"x" + snapshot[51:]):
        with pytest.raises(dslc.SnapshotError):
            dslc.compile(ONLY_CLOSE).stream(noise)
    with pytest.raises(dslc.SnapshotError):
        dslc.compile(ONLY_CLOSE).stream("text")  # type: ignore[arg-type]


@pytest.mark.parametrize("timeframe", ["1D", "1W"])
def test_days_on_which_clocks_change_are_days(timeframe: str) -> None:
    document = ONLY_CLOSE | {"configuration": {"timeframe": timeframe}}
    freq = {"1D": "D", "1W": "W-MON"}[timeframe]
    times = pd.date_range("2024-03-01", "2024-11-30", freq=freq, tz="Europe/London")
    close = np.linspace(10, 20, len(times))
    wanted = dslc.compile(document).evaluate({"time": times, "close": close})
    streams = [dslc.compile(document).stream(), dslc.compile(document).stream(zone="Europe/London")]
    warmed = dslc.compile(document).stream()
    warmed.warm({"time": times[:9], "close": close[:9]})
    for at, time in enumerate(times):
        for stream in [*streams, warmed][: 3 if at >= 9 else 2]:
            assert stream.push(time, close=close[at]).entry == wanted.entry[at]


def test_two_candles_of_one_day_are_refused_in_its_zone() -> None:
    stream = dslc.compile(ONLY_CLOSE | {"configuration": {"timeframe": "1D"}}).stream(zone="America/New_York")
    stream.push("2024-11-03T04:00Z", close=10.0)
    with pytest.raises(dslc.BarsError, match="less than the timeframe"):
        stream.push("2024-11-04T04:00Z", close=10.0)


def test_zones_are_known_when_a_stream_is_made_and_the_same_for_all_its_times() -> None:
    strategy = dslc.compile(ONLY_CLOSE)
    for zone in ("Nope", 5, b"UTC", UTC):
        with pytest.raises(ValueError, match="no zone"):
            strategy.stream(zone=zone)  # type: ignore[arg-type]
    stream = strategy.stream(zone="America/New_York")
    with pytest.raises(ValueError, match="America/New_York"):
        stream.warm({"time": ["2024-01-01T00:00", "2024-01-01T01:00"], "close": [1.0, 2.0]})
    found = stream.push(datetime(2024, 1, 1, 2), close=3.0)
    moment = datetime(2024, 1, 1, 2, tzinfo=ZoneInfo("America/New_York"))
    assert found.time == int(moment.timestamp()) * 10**9


def test_numbers_count_in_one_unit() -> None:
    document = ONLY_CLOSE | {"configuration": {"timeframe": "1D"}}
    stream = dslc.compile(document).stream()
    for day in range(20_000, 20_200):
        assert stream.push(day * 86_400_000, close=10.0).time == day * 86_400 * 10**9
    dates = dslc.compile(document).stream()
    assert [dates.push(date, close=1.0).time for date in (20240131, 20240201)] == [
        int(datetime(2024, month, day, tzinfo=UTC).timestamp()) * 10**9 for month, day in ((1, 31), (2, 1))
    ]


@pytest.mark.parametrize("threads", [0, 65, 2.5, 2.0, "2", None, True])
def test_threads_are_a_whole_number(threads: Any) -> None:
    with pytest.raises(ValueError, match="threads are"):
        dslc.compile_batch([DOCUMENT]).evaluate(bars(50), threads=threads)


def test_a_batch_takes_a_list_and_travels() -> None:
    for alone in ("{}", b"{}", DOCUMENT):
        with pytest.raises(TypeError, match="list"):
            dslc.compile_batch(alone)
    batch = pickle.loads(pickle.dumps(dslc.compile_batch([DOCUMENT, "{}"])))
    assert batch[0].hash == dslc.compile(DOCUMENT).hash
    assert batch.errors[1] is not None
    assert [s.timeframe for s in dslc.compile_batch([dslc.compile(DOCUMENT), DOCUMENT], timeframe="1D")] == [
        "1D",
        "1D",
    ]
    assert dslc.compile_batch([]).evaluate(bars(5)) == []
    with pytest.raises(ValueError, match="one timeframe"):
        dslc.compile_batch(["{}"]).stream()


def test_a_refused_first_candle_decides_neither_zone_nor_unit() -> None:
    for time in (pd.Timestamp("2024-01-01", tz="Europe/London"), 1_700_000_000_000, 1_700_000_000):
        stream = dslc.compile(ONLY_CLOSE).stream()
        before = stream.snapshot()
        with pytest.raises(dslc.BarsError):
            stream.push(time, close=-1.0)
        assert stream.snapshot() == before
