"""What a batch gives besides arrays: the last candle, statistics, ranks, tables; judged by plain loops."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from fractions import Fraction
import math
import os
import pickle
import random
import statistics
import tracemalloc
from typing import Any

import dslc
from dslc import reductions, sample
from dslc.reductions import HORIZONS, STATISTICS, Forward, Statistics
from dslc.runtime import engine
from dslc.sample import Sample
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pandas as pd
import pytest

from . import programs

DEEP = os.environ.get("DSLC_DEEP") == "1"
SEEDS = range(60 if DEEP else 6)
FIGURES = ("count", "mean", "spread", "hit_rate", "t_value")


def document(entry: str = "up", **conditions: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {"mean": "ema(close, 5)"},
        "conditions": {"up": "close > mean", "rising": "close > close[1]"} | conditions,
        "score": {"up": 60, "rising": -25},
        "decision": {"entry": entry},
    }


DOCUMENT = document()


def walk(
    seed: int, candles: int, *, timed: bool = True, kind: str = "walk", zone: str = ""
) -> dict[str, Any]:
    found: dict[str, Any] = dict(programs.bars(random.Random(seed), candles, kind=kind))
    if timed:
        found["time"] = pd.date_range("2023-11-24T07:00", periods=candles, freq="h", tz=zone or None)
    return found


def drawn(seed: int, count: int = 5) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    documents = [
        programs.strategy(rng, size=rng.choice([2, 4]), alive=rng.random() < 0.9) for _ in range(count)
    ]
    return [dslc.compile(found, timeframe="1H").canonical for found in documents]


# --- the judges -------------------------------------------------------------------------------------------


def judged(mask: list[bool], close: list[float], first: int, last: int, horizon: int) -> dict[str, float]:
    """The figures of one horizon, candle by candle, in exact fractions but for the returns and the roots."""
    returns: dict[int, Fraction] = {}
    for t in range(first, last):
        if mask[t] and t + horizon < last:
            found = close[t + horizon] / close[t] - 1.0
            if math.isfinite(found):
                returns[t] = Fraction(found)
    values = list(returns.values())
    nan = math.nan
    found = {"count": len(values), "mean": nan, "spread": nan, "hit_rate": nan, "t_value": nan}
    if values:
        found["mean"] = float(statistics.mean(values))
        found["hit_rate"] = sum(value > 0 for value in values) / len(values)
    if len(values) > 1:
        found["spread"] = math.sqrt(statistics.variance(values))
        mean = sum(values, Fraction(0)) / len(values)
        total = Fraction(0)
        for s, one in returns.items():
            for t in range(s - horizon + 1, s + horizon):
                if t in returns:
                    weight = Fraction(horizon - abs(s - t), horizon)
                    total += weight * (one - mean) * (returns[t] - mean)
        if total > 0:
            found["t_value"] = float(mean) * len(values) / math.sqrt(total)
    return found


def windowed(mask: list[bool], close: list[float], horizon: int) -> float:
    """The t-value by the sums over all windows of `horizon` candles, whose squares are the variance."""
    returns = [close[t + horizon] / close[t] - 1 if mask[t] else None for t in range(len(close) - horizon)]
    mean = statistics.fmean(value for value in returns if value is not None)
    apart = [0.0 if value is None else value - mean for value in returns]
    apart = [0.0] * horizon + apart + [0.0] * horizon
    total = (
        math.fsum(math.fsum(apart[s : s + horizon]) ** 2 for s in range(len(apart) - horizon + 1)) / horizon
    )
    return mean * sum(value is not None for value in returns) / math.sqrt(total)


def agree(found: float, wanted: float, scale: float = 1.0) -> bool:
    if math.isnan(wanted):
        return math.isnan(found)
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-15 * scale)


def figures(found: sample.Followed, row: int, column: int) -> dict[str, float]:
    return {name: getattr(found, name)[row, column] for name in FIGURES}


# --- statistics of masks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_figures_are_those_of_a_plain_loop(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    n = 150
    close = walk(seed, n, kind=("walk", "ties", "trend")[seed % 3])["close"]
    first, last = sorted(rng.integers(0, n + 1, 2).tolist()) if seed % 2 else (0, n)
    masks = rng.random((4, n)) < share
    found = Sample(np.array(close), first=first, last=last).followed(masks)
    for row, mask in enumerate(masks.tolist()):
        for column, horizon in enumerate(HORIZONS):
            wanted = judged(mask, close, first, last, horizon)
            for name, value in figures(found, row, column).items():
                assert agree(value, wanted[name]), (name, horizon, value, wanted[name])


def test_the_t_value_is_that_of_window_sums_and_without_overlap_the_plain_one() -> None:
    rng = np.random.default_rng(1)
    close = walk(1, 400)["close"]
    mask = rng.random(400) < 0.4
    found = Sample(np.array(close), horizons=(1, 2, 7, 20)).followed(mask[None])
    for column, horizon in enumerate((1, 2, 7, 20)):
        assert agree(found.t_value[0, column], windowed(mask.tolist(), close, horizon))
    every_twentieth = np.arange(400) % 20 == 3
    apart = Sample(np.array(close), horizons=(20,)).followed(every_twentieth[None])
    returns = [close[t + 20] / close[t] - 1 for t in range(3, 380, 20)]
    plain = statistics.fmean(returns) / math.sqrt(statistics.pvariance(returns) / len(returns))
    assert agree(apart.t_value[0, 0], plain)


@settings(max_examples=200 if DEEP else 40, deadline=None)
@given(st.data())
def test_a_mask_has_the_same_bits_in_any_company_and_packed(data: Any) -> None:
    seed = data.draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    n = data.draw(st.integers(1, 300))
    close = np.array(walk(seed, n)["close"])
    close[rng.random(n) < 0.05] = np.nan
    masks = rng.random((data.draw(st.integers(1, 9)), n)) < rng.random()
    masks[rng.random(len(masks)) < 0.2] = False
    first, last = sorted(rng.integers(0, n + 1, 2).tolist())
    counted = Sample(close, first=first, last=last)
    together = counted.followed(masks)
    packed = counted.followed(np.packbits(masks, axis=1, bitorder="little"))
    backwards = counted.followed(masks[::-1])
    for row in range(len(masks)):
        alone = counted.followed(masks[row : row + 1])
        for name in FIGURES:
            wanted = getattr(alone, name)[0].tobytes()
            for other, at in ((together, row), (packed, row), (backwards, len(masks) - 1 - row)):
                assert getattr(other, name)[at].tobytes() == wanted, (name, row)
    held = [sum(mask[first:last]) for mask in masks.tolist()]
    assert counted.counts(masks).tolist() == held
    assert counted.counts(np.packbits(masks, axis=1, bitorder="little")).tolist() == held


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    masks = rng.random((13, 200)) < rng.random((13, 1))
    counted = Sample(np.array(walk(3, 200)["close"]), first=5, last=190)
    wanted = counted.followed(masks)
    for candles, entries in ((1, 1), (500, 10**9), (10**9, 60)):
        monkeypatch.setattr(sample, "_BLOCK_CANDLES", candles)
        monkeypatch.setattr(sample, "_BLOCK_ENTRIES", entries)
        found = counted.followed(masks)
        for name in FIGURES:
            assert getattr(found, name).tobytes() == getattr(wanted, name).tobytes()


@pytest.mark.parametrize("power", [-60, -1, 30, 200])
def test_a_power_of_two_changes_no_statistic(power: int) -> None:
    rng = np.random.default_rng(power + 100)
    close = np.array(walk(7, 300)["close"])
    masks = rng.random((3, 300)) < 0.4
    found, scaled = (Sample(prices).followed(masks) for prices in (close, close * 2.0**power))
    for name in FIGURES:
        assert getattr(found, name).tobytes() == getattr(scaled, name).tobytes()


def test_a_return_behind_the_range_is_not_counted() -> None:
    close = np.array(walk(2, 120)["close"])
    masks = np.random.default_rng(2).random((3, 120)) < 0.6
    found = Sample(close, first=20, last=80).followed(masks)
    poisoned = close.copy()
    poisoned[80:] = 1e9
    poisoned[:20] = np.nan
    cut = Sample(close[20:80]).followed(masks[:, 20:80])
    for other in (Sample(poisoned, first=20, last=80).followed(masks), cut):
        for name in FIGURES:
            assert getattr(found, name).tobytes() == getattr(other, name).tobytes()
    assert found.count[:, 2].tolist() == masks[:, 20:60].sum(axis=1).tolist()


def test_what_is_undefined_is_nan_without_a_warning() -> None:
    close = np.array([1.0, 2.0, 4.0, 8.0, np.nan, 8.0, 8.0])
    masks = np.array(
        [
            [0, 0, 0, 0, 0, 0, 0],  # none
            [1, 0, 0, 0, 0, 0, 0],  # one
            [1, 1, 1, 0, 0, 0, 0],  # the same return three times
            [0, 0, 0, 1, 1, 0, 1],  # no known return: missing there, missing here, behind the end
            [1, 0, 0, 0, 0, 1, 0],  # 1 and 0
        ],
        bool,
    )
    found = Sample(close, horizons=(1,)).followed(masks)
    assert found.count[:, 0].tolist() == [0, 1, 3, 0, 2]
    np.testing.assert_array_equal(found.mean[:, 0], [np.nan, 1, 1, np.nan, 0.5])
    np.testing.assert_array_equal(found.hit_rate[:, 0], [np.nan, 1, 1, np.nan, 0.5])
    np.testing.assert_array_equal(found.spread[:, 0], [np.nan, np.nan, 0, np.nan, math.sqrt(0.5)])
    np.testing.assert_array_equal(np.isnan(found.t_value[:, 0]), [True, True, True, True, False])


def test_equal_returns_have_no_spread_however_their_mean_rounds() -> None:
    close = np.where(np.arange(60) % 2, 100.1, 0.3)
    masks = (np.arange(60) % 2 == 0) & (np.arange(60) < 2 * np.arange(2, 31)[:, None])
    returns = [float(close[1] / close[0] - 1)] * 30
    assert any(sum(returns[:count]) / count != returns[0] for count in range(2, 31))
    found = Sample(close, horizons=(1,)).followed(masks)
    assert found.count[:, 0].tolist() == list(range(2, 31))
    assert not found.spread.any()
    assert np.isnan(found.t_value).all()
    assert (found.mean == returns[0]).all()


def test_what_overflows_is_undefined_and_stays_with_its_mask() -> None:
    close = np.array([1e-300, 1e300, 1.0, 1e-200, 1.0, 2.0, 1.5, 2.5, 2.0])
    sane = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0], bool)
    masks = np.array([np.ones(9, bool), sane])
    found = Sample(close, horizons=(1, 3)).followed(masks)
    alone = Sample(close, horizons=(1, 3)).followed(sane[None])
    assert found.count[0, 0] == 7  # 1e600 is no number
    assert math.isnan(found.spread[0, 0])
    assert math.isnan(found.t_value[0, 0])
    assert math.isfinite(found.t_value[1, 0])
    for name in FIGURES:
        assert getattr(found, name)[1].tobytes() == getattr(alone, name)[0].tobytes()


def test_masks_ranges_and_horizons_that_do_not_fit_are_refused() -> None:
    counted = Sample(np.ones(9))
    for masks in (np.ones((2, 8), bool), np.ones((2, 1), np.uint8), np.ones(9, bool), np.ones((2, 9))):
        with pytest.raises(ValueError, match="masks of 9 candles"):
            counted.followed(masks)
    for first, last in ((-1, 3), (4, 3), (0, 10)):
        with pytest.raises(ValueError, match="range"):
            Sample(np.ones(9), first=first, last=last)
    for horizons in ((0,), (), (3, -1)):
        with pytest.raises(ValueError, match="horizon"):
            Sample(np.ones(9), horizons=horizons)
    assert counted.followed(np.ones((0, 9), bool)).mean.shape == (0, 3)


def test_packed_masks_may_have_anything_behind_the_last_candle() -> None:
    packed = np.full((1, 8), 0xFF, np.uint8)
    counted = Sample(np.arange(1.0, 11.0), horizons=(1,))
    assert counted.counts(packed).tolist() == [10]
    assert counted.followed(packed).count.tolist() == [[9]]


# --- statistics of strategies -----------------------------------------------------------------------------


def plainly(strategy: dslc.Strategy, bars: dslc.Bars, first: int, last: int) -> dict[str, Any]:
    """What `Statistics` says, from an evaluation of the strategy alone, by counting."""
    result = strategy.evaluate(bars)
    entry = result.entry.tolist()
    scores = result.score.tolist()[first:last]
    found: dict[str, Any] = {
        "candles": last - first,
        "entries": sum(entry[first:last]),
        "conditions": {name: sum(mask.tolist()[first:last]) for name, mask in result.conditions.items()},
        "scores": dict(sorted(Counter(scores).items())),
        "score_mean": statistics.fmean(map(Fraction, scores)) if scores else math.nan,
        "months": None,
    }
    if bars.times is not None:
        stamps = pd.DatetimeIndex(result.time).tz_localize("UTC").tz_convert(bars.zone or "UTC")[first:last]
        found["months"] = len({(stamp.year, stamp.month) for stamp in stamps})
    for horizon in HORIZONS:
        found[horizon] = judged(entry, bars.close.tolist(), first, last, horizon)
    return found


def holds(found: Statistics, wanted: dict[str, Any]) -> None:
    for name in ("candles", "entries", "conditions", "scores", "months"):
        assert getattr(found, name) == wanted[name], name
    assert list(found.scores) == sorted(found.scores)
    assert agree(found.score_mean, wanted["score_mean"])
    for horizon in HORIZONS:
        for name in FIGURES:
            assert agree(getattr(found.forward[horizon], name), wanted[horizon][name]), (horizon, name)


@pytest.mark.parametrize("seed", SEEDS)
def test_statistics_are_those_of_counting(seed: int) -> None:
    rng = random.Random(seed)
    zone = ("America/New_York", "", "Asia/Tokyo")[seed % 3]
    bars = dslc.Bars(walk(seed, 300, zone=zone, timed=seed % 4 != 3))
    batch = dslc.compile_batch([*drawn(seed), "{", DOCUMENT])
    first, last = sorted(rng.choices(range(301), k=2)) if seed % 2 else (0, 300)
    found = batch.evaluate(bars, reduce="stats", first=first, last=last)
    assert found[5] is None
    for strategy, item in zip(batch, found, strict=True):
        if strategy is not None:
            holds(item, plainly(strategy, bars, first, last))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_company_order_threads_or_pieces_change_a_statistic(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_LEAST", 64)
    monkeypatch.setattr(engine, "_LOOKBACKS", 0)
    documents = [*drawn(seed), DOCUMENT]
    bars = dslc.Bars(walk(seed, 700))
    first = 64 * seed + 13 * (seed % 3)
    wanted = [
        dslc.compile_batch([alone]).evaluate(bars, reduce="stats", first=first)[0] for alone in documents
    ]
    random.Random(seed).shuffle(order := list(range(len(documents))))
    shuffled = dslc.compile_batch([documents[at] for at in order])
    for size, threads in ((1 << 24, 1), (1, 1), (5000, 3), (1 << 24, 4)):
        monkeypatch.setattr(reductions, "_PIECE_BYTES", size)
        found = shuffled.evaluate(bars, reduce="stats", threads=threads, first=first)
        assert list(found) == [wanted[at] for at in order], (size, threads)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_candles_behind_a_range_change_nothing_and_those_before_warm(seed: int) -> None:
    bars = walk(seed, 260)
    batch = dslc.compile_batch([*drawn(seed), DOCUMENT])
    whole = batch.evaluate(bars, reduce="stats", first=70, last=200)
    cut = {name: values[:200] for name, values in bars.items()}
    assert whole == batch.evaluate(cut, reduce="stats", first=70)
    late = {name: values[70:200] for name, values in bars.items()}
    assert whole[5] != batch.evaluate(late, reduce="stats")[5]  # which has to warm up again


def test_prices_times_a_power_of_two_give_the_same_statistics() -> None:
    bars = walk(4, 300)
    scaled = {
        name: np.array(bars[name]) * (1 if name == "volume" else 2.0**-40) for name in bars if name != "time"
    }
    batch = dslc.compile_batch([DOCUMENT, document("rising AND NOT up")])
    assert batch.evaluate(bars, reduce="stats") == batch.evaluate(
        scaled | {"time": bars["time"]}, reduce="stats"
    )


def test_weights_of_any_size_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    large = DOCUMENT | {"score": {"up": 1_000_000_000, "rising": -999_999_999}}
    bars = dslc.Bars(walk(8, 400))
    monkeypatch.setattr(reductions, "_PIECE_BYTES", 1)
    for strategy in (large, DOCUMENT):
        batch = dslc.compile_batch([strategy])
        found = batch.evaluate(bars, reduce="stats")[0]
        holds(found, plainly(batch[0], bars, 0, 400))
        assert (found.score_min, found.score_max) == (min(found.scores), max(found.scores))


def test_months_are_those_of_the_zone_that_have_candles() -> None:
    hours = ["2024-01-31T20:00", "2024-01-31T23:00", "2024-03-01T02:00", "2024-03-01T06:00"]
    bars = {"time": pd.DatetimeIndex(hours, tz="UTC"), "close": [1.0, 2.0, 1.0, 2.0]}
    always = dslc.compile_batch(
        [DOCUMENT | {"configuration": {"timeframe": "1H"}, "decision": {"entry": "close > 0"}}]
    )
    tokyo = bars | {"time": bars["time"].tz_convert("Asia/Tokyo")}  # 2024-02-01 05:00, 08:00, 03-01 11:00
    york = bars | {"time": bars["time"].tz_convert("America/New_York")}  # 01-31, 01-31, 02-29 21:00, 03-01
    for data, months in ((bars, 2), (tokyo, 2), (york, 3)):
        data = dslc.Bars(data, timeframe="1H")
        found = always.evaluate(data, reduce="stats")[0]
        assert found.months == months
        assert found.entries_per_month == 4 / months
    assert always.evaluate(dslc.Bars(york, timeframe="1H"), reduce="stats", last=3)[0].months == 2
    untimed = always.evaluate({"close": [1.0, 2.0]}, reduce="stats")[0]
    assert untimed.months is None
    assert math.isnan(untimed.entries_per_month)


def test_bars_without_closes_have_no_returns() -> None:
    opened = {**DOCUMENT, "inputs": {}, "conditions": {"up": "open > open[1]"}, "score": {"up": 1}}
    found = dslc.compile_batch([opened]).evaluate({"open": [1.0, 2.0, 3.0]}, reduce="stats")[0]
    assert found.entries == 2
    assert found.forward[1] == Forward(0, *[math.nan] * 4)


@pytest.mark.parametrize("candles", [0, 1, 2, 63, 64, 65])
def test_short_histories_have_statistics(candles: int) -> None:
    bars = dslc.Bars(walk(1, candles, timed=False))
    batch = dslc.compile_batch([DOCUMENT])
    holds(batch.evaluate(bars, reduce="stats")[0], plainly(batch[0], bars, 0, candles))
    empty = batch.evaluate(bars, reduce="stats", first=candles)[0]
    assert (empty.candles, empty.entries, empty.scores) == (0, 0, {})
    for name in ("entry_rate", "score_min", "score_max", "score_mean"):
        assert math.isnan(empty[name])


@pytest.mark.parametrize(("candles", "strategies"), [(300_000, 1), (200_000, 8), (2_000, 300)])
@pytest.mark.parametrize("entry", ["close > 0", "rising[3] AND NOT up"])
def test_statistics_need_no_more_memory_than_is_said(candles: int, strategies: int, entry: str) -> None:
    close = 100 + np.cumsum(np.random.default_rng(0).choice([-0.01, 0.01], candles))
    batch = dslc.compile_batch([document(entry)] * strategies)
    batch.evaluate({"close": close[:100]}, reduce="stats")
    bars = dslc.Bars({"close": close})
    plan = batch._prepare("1H", "stats").plan
    said = reductions.statistics_bytes(plan, batch._strategies("1H"), candles, 1, candles)
    bars.check_timeframe("1H")
    tracemalloc.start()
    batch.evaluate(bars, reduce="stats")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * said + 2e6
    assert said < 4 * peak + 20e6


def test_no_score_of_all_candles_is_kept() -> None:
    candles, strategies = 150_000, 60
    close = 100 + np.cumsum(np.random.default_rng(0).choice([-0.01, 0.01], candles))
    bars = dslc.Bars({"close": close})
    batch = dslc.compile_batch(
        [document("rising[3] AND NOT up", extra=f"close > {k}") for k in range(strategies)]
    )
    batch.evaluate({"close": close[:100]}, reduce="stats")
    batch.evaluate({"close": close[:100]}, reduce="last")
    for reduce, most in (("stats", 48e6), ("last", 8e6)):  # scores alone are 72e6
        tracemalloc.start()
        batch.evaluate(bars, reduce=reduce)
        assert tracemalloc.get_traced_memory()[1] < most
        tracemalloc.stop()


# --- ranges -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["", "America/New_York"])
def test_times_of_a_range_are_read_as_on_the_command_line(zone: str) -> None:
    bars = dslc.Bars(walk(5, 400, zone=zone))
    batch = dslc.compile_batch([DOCUMENT])
    local = pd.DatetimeIndex(bars.time).tz_localize("UTC").tz_convert(zone or "UTC").tz_localize(None)
    ranges: list[tuple[Any, Any, Any]] = [
        ("2023-11-28", "2023-12-02", (local >= "2023-11-28") & (local < "2023-12-03")),
        (date(2023, 11, 28), date(2023, 12, 2), (local >= "2023-11-28") & (local < "2023-12-03")),
        ("2023-11-28T05:00", "2023-11-30T06:00", (local >= "2023-11-28T05") & (local <= "2023-11-30T06")),
        (datetime(2023, 11, 28, 5), None, local >= "2023-11-28T05"),
        (None, pd.Timestamp("2023-11-30T06:00"), local <= "2023-11-30T06"),
        (bars.time[17], bars.time[60], (np.arange(400) >= 17) & (np.arange(400) <= 60)),
        (17, 60, (np.arange(400) >= 17) & (np.arange(400) < 60)),
        (-30, -2, (np.arange(400) >= 370) & (np.arange(400) < 398)),
        (390, 5000, np.arange(400) >= 390),
        ("2030-01-01", None, np.zeros(400, bool)),
    ]
    for first, last, mask in ranges:
        rows = np.flatnonzero(mask)
        found = batch.evaluate(bars, reduce="stats", first=first, last=last)[0]
        start, stop = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (400, 400)
        assert found == batch.evaluate(bars, reduce="stats", first=start, last=stop)[0], (first, last)
        assert found.candles == int(mask.sum())


def test_a_range_that_cannot_be_is_refused() -> None:
    batch, bars = dslc.compile_batch([DOCUMENT]), dslc.Bars(walk(5, 50))
    for first, last in (("2023-11-26", "2023-11-25"), (20, 10)):
        with pytest.raises(ValueError, match="first is later than last"):
            batch.evaluate(bars, reduce="stats", first=first, last=last)
    with pytest.raises(ValueError, match="row numbers"):
        batch.evaluate(walk(5, 50, timed=False), reduce="rank", first="2023-11-26")
    with pytest.raises(ValueError, match="is not a date"):
        batch.evaluate(bars, reduce="stats", last="soon")
    for odd in (True, 2.5, b"1"):
        with pytest.raises(TypeError, match="row number"):
            batch.evaluate(bars, reduce="stats", first=odd)


# --- the last candle --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("candles", [1, 2, 100, 333])
def test_the_last_candle_is_that_of_an_evaluation(seed: int, candles: int) -> None:
    bars = dslc.Bars(walk(seed, candles, timed=seed % 2 == 0))
    batch = dslc.compile_batch([*drawn(seed), "{", DOCUMENT])
    found = batch.evaluate(bars, reduce="last", threads=1 + seed)
    assert found[5] is None
    for strategy, item in zip(batch, found, strict=True):
        if strategy is not None:
            alone = strategy.evaluate(bars)
            assert item.score == alone.score[-1]
            assert item.entry is bool(alone.entry[-1])
            assert item.conditions == {name: bool(mask[-1]) for name, mask in alone.conditions.items()}
            assert item.time == alone.time[-1]
            assert isinstance(item.time, np.datetime64 if seed % 2 == 0 else int)


def test_without_a_candle_there_is_no_last_one() -> None:
    nothing = dslc.compile_batch([DOCUMENT]).evaluate({"close": []}, reduce="last")
    assert list(nothing) == [None]
    assert nothing.errors == (None,)


# --- ranks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", STATISTICS)
def test_ranks_are_the_order_of_a_statistic(by: str) -> None:
    never = document("close < 0")
    sources = [*drawn(11), "{", never, DOCUMENT, DOCUMENT, document("rising"), document("close < 0 AND up")]
    batch, bars = dslc.compile_batch(sources), dslc.Bars(walk(11, 300))
    found = batch.evaluate(bars, reduce="rank", by=by)
    stats = batch.evaluate(bars, reduce="stats")
    values = {at: item[by] for at, item in enumerate(stats) if item is not None}
    known = [at for at in values if not math.isnan(values[at])]
    unknown = [at for at in values if math.isnan(values[at])]
    wanted = sorted(known, key=lambda at: (-values[at], batch[at].hash, at))
    wanted += sorted(unknown, key=lambda at: (batch[at].hash, at))
    assert found.order == tuple(wanted)
    assert found.by == by
    assert found[5] is None
    for rank, at in enumerate(wanted, 1):
        assert (found[at].rank, found[at].statistics) == (rank, stats[at])
        assert found[at].value == values[at] or at in unknown
    assert list(found.to_pandas().index) == wanted
    assert found.to_pandas()["rank"].tolist() == list(range(1, len(wanted) + 1))


def test_strategies_of_several_timeframes_are_ranked_together() -> None:
    bars = dslc.Bars(walk(12, 600))
    slow = DOCUMENT | {"configuration": {"timeframe": "4H"}}
    batch = dslc.compile_batch([slow, DOCUMENT, slow])
    found = batch.evaluate(bars, reduce="rank", by="entries", resample=True)
    assert found.order == (1, 0, 2)
    assert found[0].statistics.candles == 149
    assert [item.rank for item in found] == [2, 1, 3]


def test_the_default_statistic_is_documented() -> None:
    batch = dslc.compile_batch([DOCUMENT, document("rising")])
    bars = dslc.Bars(walk(13, 300))
    assert batch.evaluate(bars, reduce="rank") == batch.evaluate(bars, reduce="rank", by="t_value_5")
    assert batch.evaluate(bars, reduce="rank") != batch.evaluate(bars, reduce="rank", by="mean_5")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reduce": "sharpe"}, "signals, entries, last, stats, rank"),
        ({"reduce": ["rank"]}, "signals, entries"),
        ({"reduce": "rank", "by": "sharpe"}, "t_value_5"),
        ({"reduce": "rank", "by": ["entries"]}, "t_value_5"),
        ({"reduce": "stats", "by": "entries"}, 'reduce="rank"'),
        ({"reduce": "signals", "first": 3}, 'reduce="stats"'),
        ({"reduce": "last", "last": "2024-01-01"}, 'reduce="stats"'),
        ({"reduce": "stats", "threads": 0}, "threads are"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_runs(options: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        dslc.compile_batch([DOCUMENT]).evaluate("no bars at all", **options)
    assert "\n" not in str(error.value)


def test_budgets_hold_for_every_reduction() -> None:
    batch, bars = dslc.compile_batch([DOCUMENT]), dslc.Bars(walk(1, 500))
    for reduce in ("last", "stats", "rank"):
        for budget in ({"work": 10.0}, {"memory": 1000}):
            with pytest.raises(dslc.StrategyError, match="E61"):
                batch.evaluate(bars, reduce=reduce, **budget)


# --- results ----------------------------------------------------------------------------------------------

REDUCTIONS: Any = ("signals", "entries", "last", "stats", "rank")


@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_a_result_is_a_sequence_that_travels_and_compares(reduce: Any) -> None:
    bars = dslc.Bars(walk(21, 200))
    batch = dslc.compile_batch([DOCUMENT, "{", document("rising"), document("close < 0")])
    result = batch.evaluate(bars, reduce=reduce)
    assert len(result) == 4
    assert [item is None for item in result] == [error is not None for error in result.errors]
    assert result[-2] is result[2]
    assert [item is other for item, other in zip(result[1:], list(result)[1:], strict=True)] == [True] * 3
    assert result == batch.evaluate(bars, reduce=reduce)
    assert result == list(result)
    assert result != list(result)[:3]
    assert pickle.loads(pickle.dumps(result)) == result
    shorter = batch.evaluate(dslc.Bars(walk(21, 150)), reduce=reduce)
    assert result != shorter
    assert reduce in repr(result)
    assert "4 items, 1 of them None" in repr(result)
    assert result != batch.evaluate(bars, reduce="entries" if reduce == "signals" else "signals")


@pytest.mark.parametrize("zone", ["", "America/New_York"])
def test_tables(zone: str) -> None:
    bars = dslc.Bars(walk(22, 200, zone=zone))
    batch = dslc.compile_batch([DOCUMENT | {"name": "one"}, "{", document("rising")])
    index = pd.DatetimeIndex(bars.time)
    index = index.tz_localize("UTC").tz_convert(zone) if zone else index
    found: Any = {reduce: batch.evaluate(bars, reduce=reduce) for reduce in REDUCTIONS}
    signals = found["signals"].to_pandas()
    assert list(signals.loc[2].index) == list(index)
    assert signals.loc[2, "score"].tolist() == found["signals"][2].score.tolist()
    assert signals.dtypes.astype(str).to_dict() == {"score": "int64", "entry": "bool"}
    entries = found["entries"].to_pandas()
    assert entries.loc[[2], "time"].tolist() == list(index[found["signals"][2].entry])
    last = found["last"].to_pandas()
    assert list(last.index) == [0, 2]
    assert last.loc[0, "name"] == "one"
    assert last["time"].tolist() == [index[-1]] * 2
    held = " ".join(name for name, holds in found["last"][0].conditions.items() if holds)
    assert last.loc[0, "conditions"] == held
    stats = found["stats"].to_pandas()
    assert list(stats.columns) == ["name", "hash", "candles", *STATISTICS, "conditions"]
    for at in (0, 2):
        for name in STATISTICS:
            assert stats.loc[at, name] == found["stats"][at][name]
    assert stats.loc[2, "conditions"] == found["stats"][2].conditions
    assert stats["entries"].dtype == np.int64


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("sources", [[], ["{}"]])
def test_a_batch_without_strategies_has_a_result_and_a_table(reduce: Any, sources: list[str]) -> None:
    result = dslc.compile_batch(sources).evaluate(walk(1, 5), reduce=reduce)
    assert result == [None] * len(sources)
    full = dslc.compile_batch([DOCUMENT]).evaluate(walk(1, 5), reduce=reduce).to_pandas()
    empty = result.to_pandas()
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    assert empty.index.names == full.index.names


def test_entries_of_nobody_are_a_table() -> None:
    untimed = dslc.compile_batch([document("close < 0"), DOCUMENT])
    found = untimed.evaluate(walk(1, 30, timed=False), reduce="entries")
    assert found.to_pandas()["time"].tolist() == found[1].tolist()


def test_statistics_have_names() -> None:
    found = dslc.compile_batch([DOCUMENT]).evaluate(walk(1, 100), reduce="stats")[0]
    assert found["mean_20"] == found.forward[20].mean
    assert found["entry_rate"] == found.entries / 100
    for name in ("sharpe", "mean_3", "candles", "__class__"):
        with pytest.raises(KeyError):
            found[name]
    assert dslc.STATISTICS == STATISTICS


# --- sharing ----------------------------------------------------------------------------------------------


def test_sharing_counts_every_distinct_node_once() -> None:
    batch = dslc.compile_batch(
        [*drawn(31), "{", DOCUMENT, DOCUMENT, DOCUMENT | {"configuration": {"timeframe": "1D"}}]
    )

    def nodes(strategy: dslc.Strategy) -> set[Any]:
        """Every node as the whole expression that it stands for."""
        trees: list[Any] = []
        for node in strategy._checked.graph:
            trees.append((node.op, tuple(trees[arg] for arg in node.args), node.params))
        return {(strategy.timeframe, tree) for tree in trees}

    valid = [strategy for strategy in batch if strategy is not None]
    sharing = batch.sharing
    assert sharing.documents == 8
    assert sharing.nodes == sum(len(nodes(strategy)) for strategy in valid)
    assert sharing.shared == len(set().union(*map(nodes, valid)))
    assert sharing.factor == sharing.nodes / sharing.shared
    assert dslc.compile_batch([]).sharing.factor == 1.0
