"""Sweeps: every trial is what its strategy gives alone, and scoring again is what the engine says."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

import dslc
from dslc.sweep.folds import folds_of
from dslc.sweep.rescore import rescorer
from dslc.sweep.variants import Variants
import numpy as np
import pytest

from . import programs

CROSSING: dict[str, Any] = {
    "configuration": {"timeframe": "1H"},
    "parameters": {
        "fast": {"default": 4, "min": 2, "max": 9},
        "slow": {"default": 9, "min": 3, "max": 20},
        "level": {"default": 60, "min": -100, "max": 100},
        "strict": {"default": False},
    },
    "constraints": ["fast < slow"],
    "inputs": {"a": "ema(close, fast)", "b": "sma(close, slow)"},
    "conditions": {"up": "a > b", "hot": "rsi(close, 5) > 50", "loud": "volumeSpike(1) > 1"},
    "score": {"up": 40, "hot": 30, "loud": -20},
    "decision": {"entry": "score >= level AND (NOT strict OR close > a)"},
}


def history(candles: int = 600, seed: int = 2) -> dslc.Bars:
    rng = np.random.default_rng(seed)
    close = np.exp(np.cumsum(rng.normal(0, 0.01, candles))) * 100
    time = np.datetime64("2024-01-01") + np.arange(candles) * np.timedelta64(1, "h")
    return dslc.Bars({"time": time, "close": close, "volume": rng.uniform(1, 9, candles)})


BARS = history()


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


# --- scoring again ----------------------------------------------------------------------------


def decisions(rng: random.Random, names: list[str]) -> str:
    """A decision about the score, conditions, prices and two parameters."""
    comparisons = ["score >= level", "level * 2 < score", "score == level", "score != level - other / 2"]
    comparisons += ["-other > score", "score <= 10", "close > open"]
    parts = [rng.choice([*comparisons, *names, "flag"]) for _ in range(rng.randint(1, 4))]
    text = rng.choice(comparisons)
    for part in parts:
        text = f"({text} {rng.choice(['AND', 'OR'])} {rng.choice(['', 'NOT '])}({part}))"
    return text


@pytest.mark.parametrize("seed", range(60))
def test_scored_again_is_what_the_engine_says(seed: int) -> None:
    """Random strategies with undefined values, random weights and thresholds, to the last candle."""
    rng = random.Random(seed)
    document = copy.deepcopy(programs.strategy(rng, size=rng.randint(2, 8)))
    names = list(document["conditions"])
    document["parameters"] = {
        "level": {"default": 1, "min": -100, "max": 100},
        "other": {"default": 0.5, "min": -50, "max": 50},
        "flag": {"default": True},
    }
    document["decision"] = {"entry": decisions(rng, names)}
    strategy = dslc.compile(document)
    bars = dslc.Bars(programs.bars(rng, 150, kind=rng.choice(programs.KINDS)))
    variants = Variants(strategy)
    weights = [f"score.{name}" for name in rng.sample(names, rng.randint(0, len(names)))]
    varied = ("level", "other", "flag", *weights)
    again = rescorer(variants, varied, bars)
    assert again is not None
    sets = [
        {
            "level": rng.randint(-100, 100),
            "other": rng.uniform(-50, 50),
            "flag": rng.random() < 0.5,
            **{name: rng.randint(-60, 60) for name in weights},
        }
        for _ in range(12)
    ]
    rows = slice(*sorted((rng.randint(0, 150), rng.randint(0, 150))))
    found = again.statistics(sets, rows)
    for values, statistics in zip(sets, found, strict=True):
        alone = variants.strategy(values)
        assert variants.hash(values) == alone.hash
        wanted = dslc.compile_batch([alone]).evaluate(bars, reduce="stats", first=rows.start, last=rows.stop)
        assert statistics == wanted[0]


@pytest.mark.parametrize(
    "entry", ["score[1] >= level", "score * 2 >= level", "score >= close", "level + close > score"]
)
def test_a_decision_that_needs_the_engine_is_evaluated(entry: str) -> None:
    strategy = dslc.compile({**CROSSING, "decision": {"entry": entry}})
    assert rescorer(Variants(strategy), ("level",), BARS) is None
    found = strategy.sweep(BARS, {"level": [1, 60, 90]}, objective="entries")
    assert not found.rescored
    assert [trial.objective for trial in found] == [
        strategy.bind(level=level).evaluate(BARS).entry.sum() for level in (1, 60, 90)
    ]


def test_a_parameter_of_an_indicator_is_not_scored_again() -> None:
    strategy = dslc.compile(CROSSING)
    assert rescorer(Variants(strategy), ("level", "fast"), BARS) is None
    assert rescorer(Variants(strategy), ("level", "strict", "score.up"), BARS) is not None


# --- sweeps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_every_trial_is_what_its_strategy_gives_alone(threads: int) -> None:
    strategy = dslc.compile(CROSSING)
    found = strategy.sweep(
        BARS, {"fast": [2, 5, 8], "slow": [4, 9], "score.up": [30, 60]}, folds=2, threads=threads
    )
    assert (len(found), found.skipped, found.possible) == (8, 4, 12)  # 5 and 8 are not below 4
    for trial in found:
        weights = {**strategy.weights, "up": trial.values["score.up"]}
        bound = strategy.bind(fast=trial.values["fast"], slow=trial.values["slow"])
        alone = dslc.compile({**bound.canonical, "score": weights})
        assert trial.hash == alone.hash
        windows = [fold.train for fold in found.folds] + [fold.test for fold in found.folds if fold.test]
        wanted = [
            dslc.compile_batch([alone]).evaluate(BARS, reduce="stats", first=window.first, last=window.last)[
                0
            ]
            for window in windows
        ]
        assert [*trial.train, *trial.test] == wanted
        assert same(trial.objective, sum(item["t_value_5"] for item in wanted[:2]) / 2)
        assert same(trial.tested, sum(item["t_value_5"] for item in wanted[2:]) / 2)


@pytest.mark.parametrize("sampler", ["grid", "random", "sobol", "optuna"])
def test_a_sweep_is_the_same_again(sampler: str) -> None:
    if sampler in ("sobol", "optuna"):
        pytest.importorskip("scipy" if sampler == "sobol" else "optuna")
    strategy = dslc.compile(CROSSING)
    grid = {"fast": [2, 3, 4, 5], "slow": [6, 12], "level": [0, 30, 60]}
    one, other = (
        strategy.sweep(BARS, grid, sampler=sampler, trials=15, seed=7, objective="mean_5") for _ in range(2)
    )
    assert [trial.values for trial in one] == [trial.values for trial in other]
    assert repr([trial.objective for trial in one]) == repr([trial.objective for trial in other])
    assert (one.sampler, one.seed, one.objective) == (sampler, 7, "mean_5")
    assert set(one.versions) >= {"dslc", "python", "numpy"}
    assert one.data_digest == BARS.digest


def test_the_best_is_the_best() -> None:
    strategy = dslc.compile(CROSSING)
    grid = {"fast": [2, 3], "level": range(0, 100, 10)}
    for maximize in (True, False):
        found = strategy.sweep(BARS, grid, objective="entry_rate", maximize=maximize)
        values = [trial.objective for trial in found]
        assert found.best is not None
        assert found.best.objective == (max(values) if maximize else min(values))
        ordered = [values[at] for at in found.order]
        assert ordered == sorted(values, reverse=maximize)
    assert list(found.to_pandas()["objective"]) == values


def test_what_cannot_be_swept_is_refused() -> None:
    strategy = dslc.compile(CROSSING)
    for wrong in ({"fats": [1]}, {"score.nothing": [1]}, {"fast": [1]}, {"fast": []}, {"close": [1]}):
        with pytest.raises(ValueError, match=next(iter(wrong)).split(".")[-1]):
            strategy.sweep(BARS, wrong)
    for options in (
        {"objective": "sharpe"},
        {"sampler": "magic"},
        {"folds": -1},
        {"folds": 2, "test": 0.5},
        {"test": 1.5},
        {"train": (0, 300), "test": (200, 400)},
        {"train": (300, 300)},
        {"folds": 999},
        {"trials": 0, "sampler": "random"},
    ):
        with pytest.raises(ValueError):
            strategy.sweep(BARS, {"level": [1, 2]}, **options)


# --- folds ------------------------------------------------------------------------------------


def test_folds_follow_each_other_and_never_overlap() -> None:
    for folds in (1, 2, 5, 50):
        cut = folds_of(BARS, folds=folds)
        assert len(cut) == folds
        for fold, after in zip(cut, [*cut[1:], None], strict=True):
            assert fold.test is not None
            assert fold.train.first == 0
            assert fold.train.last == fold.test.first < fold.test.last
            assert after is None or after.train.last == fold.test.last
        assert cut[-1].test is not None
        assert cut[-1].test.last == len(BARS)


def test_ranges_as_times_rows_and_shares() -> None:
    (half,) = folds_of(BARS, test=0.25)
    assert half.test is not None
    assert (half.train.last, half.test.first, half.test.last) == (450, 450, 600)
    (dated,) = folds_of(BARS, train=(None, "2024-01-10"), test=("2024-01-11", None))
    assert dated.test is not None
    assert (dated.train.last, dated.test.first) == (240, 240)
    (behind,) = folds_of(BARS, test=(-100, None))
    assert (behind.train.first, behind.train.last) == (0, 500)


def test_a_test_range_is_not_told_to_the_sampler_nor_counted_in_training() -> None:
    """Other prices in the test range change no objective."""
    strategy = dslc.compile(CROSSING)
    close = BARS.close.copy()
    close[450:] *= np.random.default_rng(1).uniform(0.5, 2, 150)
    other = dslc.Bars({"time": BARS.time, "close": close, "volume": BARS.volume})
    grid = {"fast": [2, 4], "level": [0, 30, 60]}
    one, two = (strategy.sweep(bars, grid, test=0.25, objective="mean_20") for bars in (BARS, other))
    assert [trial.objective for trial in one] == [trial.objective for trial in two]
    assert [trial.tested for trial in one] != [trial.tested for trial in two]
