"""The strategies in examples/ on the real bars beside them, and what the published one says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import dslc
import numpy as np
import pytest

HERE = Path(__file__).parent.parent / "examples"
STRATEGIES = sorted(HERE.glob("*.json"))
BARS = sorted((HERE / "bars").glob("*.csv"))


@pytest.fixture(scope="module")
def bars() -> dict[str, dslc.Bars]:
    return {path.stem: dslc.Bars(path) for path in BARS}


@pytest.fixture(scope="module")
def published(bars: dict[str, dslc.Bars]) -> list[dslc.Evaluation]:
    strategy = dslc.compile(HERE / "ema-crossover.json", timeframe="1D")
    return [strategy.evaluate(found) for found in bars.values()]


VERDICTS = {
    "ema-crossover": [("W711", "/conditions/crossover")],
    "veto": [("W711", "/conditions/strong")],
}
"""What is known of the examples before any candle is seen: these conditions always carry another one."""


def test_there_are_examples_and_bars() -> None:
    assert len(STRATEGIES) >= 8
    assert len(BARS) >= 3


@pytest.mark.parametrize("path", STRATEGIES, ids=lambda path: path.stem)
def test_every_example_is_valid_and_says_what_it_is_for(path: Path) -> None:
    assert [(found.code, found.path) for found in dslc.validate(path)] == VERDICTS.get(path.stem, [])
    assert dslc.format_document(path) == path.read_text(encoding="utf-8")
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert f"`{path.name}`" in readme


@pytest.mark.parametrize("path", STRATEGIES, ids=lambda path: path.stem)
def test_every_example_enters_sometimes_and_not_always(path: Path, bars: dict[str, dslc.Bars]) -> None:
    strategy = dslc.compile(path, timeframe="1D")
    fired = sum(int(strategy.evaluate(found).entry.sum()) for found in bars.values())
    assert 0 < fired < 0.6 * sum(map(len, bars.values()))


def test_the_published_example_is_defined_from_candle_21_on() -> None:
    strategy = dslc.compile(HERE / "ema-crossover.json")
    assert (strategy.warmup, strategy.max_score, strategy.timeframe) == (21, 100, "1H")


def test_the_crossover_with_volume_alone_would_be_55_and_so_not_enough() -> None:
    weights = dslc.compile(HERE / "ema-crossover.json").weights
    assert weights["crossover"] + weights["volConfirm"] == 55
    assert weights["crossover"] < 60


def test_yet_every_crossover_carries_the_trend_and_so_scores_at_least_60(
    published: list[dslc.Evaluation],
) -> None:
    for result in published:
        crossed = result.conditions["crossover"]
        assert crossed.sum() > 20
        assert result.conditions["trendUp"][crossed].all()
        assert (result.score[crossed] >= 60).all()
        assert result.entry[crossed].all()


def test_the_published_example_also_enters_without_a_crossover(published: list[dslc.Evaluation]) -> None:
    assert any((result.entry & ~result.conditions["crossover"]).any() for result in published)


def test_the_entry_is_the_score_at_the_threshold(published: list[dslc.Evaluation]) -> None:
    for result in published:
        np.testing.assert_array_equal(result.entry, result.score_low >= 60)


def test_a_snapshot_means_what_its_strategy_means() -> None:
    snapshot = dslc.compile(HERE / "snapshot.json")
    plain = dslc.compile(HERE / "getting-started.json")
    assert snapshot.hash == plain.hash
    assert snapshot.metadata["assetPair"] == "BTC-USDC"


def test_the_published_documents_carry_no_more_keys_than_the_published_ones() -> None:
    for name in ("ema-crossover.json", "getting-started.json"):
        document = json.loads((HERE / name).read_text(encoding="utf-8"))
        assert list(document) == ["configuration", "inputs", "conditions", "score", "decision"]
