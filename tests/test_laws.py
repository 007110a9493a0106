"""Laws of evaluation on random strategies: the oracle agrees, and no way of running changes a bit."""

from __future__ import annotations

import math
import random
from typing import Any

import dslc
from dslc.runtime import engine
import numpy as np
import pytest

from . import oracle, programs

SEEDS = range(60)
CHUNKS = (1, 2, 3, 7, 64, 1000)


def draw(seed: int, candles: int = 160) -> tuple[dslc.Strategy, dict[str, Any], dict[str, list[float]]]:
    rng = random.Random(seed)
    document = programs.strategy(rng, size=rng.choice([2, 4, 8]), alive=rng.random() < 0.8)
    bars = programs.bars(rng, candles, kind=rng.choice(programs.KINDS))
    return dslc.compile(document), document, bars


def everything(strategy: dslc.Strategy, matrix: np.ndarray, **how: Any) -> tuple[bytes, ...]:
    """All results of a run as bytes, every undefined value spelled alike."""
    names = (*strategy.inputs, *strategy.conditions)
    found = []
    for plan in (strategy._prepare(names).plan, strategy._prepare_interval().plan):
        kept = engine.run(plan, matrix, **how)
        numbers = np.where(np.isnan(kept.numbers), np.nan, kept.numbers)
        found += [numbers.tobytes(), kept.masks.tobytes(), kept.integers.tobytes()]
    return tuple(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_oracle_agrees(seed: int) -> None:
    strategy, document, bars = draw(seed)
    result = strategy.evaluate(bars)
    expected = oracle.evaluate(document, bars)
    doubt: oracle.Doubt | None = None

    def doubted() -> oracle.Doubt:
        nonlocal doubt
        doubt = doubt or oracle.doubt(document, bars)
        return doubt

    for name, values in expected.inputs.items():
        for candle, (found, wanted) in enumerate(zip(result.inputs[name], values, strict=True)):
            if not _same(found, wanted):
                slack = doubted().inputs[name][candle]
                assert slack > 0, (name, candle, found, wanted)
                assert wanted is None or np.isnan(found) or abs(found - wanted) <= slack, (name, candle)
    for name, truths in expected.conditions.items():
        for candle, (held, truth) in enumerate(zip(result.conditions[name], truths, strict=True)):
            assert held == (truth is True) or doubted().conditions[name][candle], (name, candle)
    scores = zip(
        result.score_low,
        result.score_high,
        result.score,
        expected.score_low,
        expected.score_high,
        expected.score,
        strict=True,
    )
    for candle, (low, high, score, *wanted_scores) in enumerate(scores):
        assert [low, high, score] == wanted_scores or doubted().score[candle], candle
    for candle, (entered, wanted) in enumerate(zip(result.entry, expected.entry, strict=True)):
        assert entered == wanted or doubted().decision[candle], candle


def _same(found: float, wanted: float | None) -> bool:
    if wanted is None:
        return bool(np.isnan(found))
    return found == wanted or abs(found - wanted) <= 1e-10 * abs(wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_bits_are_the_same_for_any_chunk_size(seed: int) -> None:
    strategy, _, bars = draw(seed)
    matrix = dslc.Bars(bars).matrix
    whole = everything(strategy, matrix)
    for chunk in CHUNKS:
        assert everything(strategy, matrix, chunk=chunk) == whole, chunk


@pytest.mark.parametrize("seed", SEEDS[:25])
def test_bits_are_the_same_as_plain_python(seed: int) -> None:
    strategy, _, bars = draw(seed, candles=60)
    matrix = dslc.Bars(bars).matrix
    whole = everything(strategy, matrix)
    assert everything(strategy, matrix, compiled=False) == whole
    assert everything(strategy, matrix, compiled=False, chunk=7) == whole


@pytest.mark.parametrize("seed", SEEDS[:25])
def test_a_prefix_of_the_bars_gives_a_prefix_of_the_results(seed: int) -> None:
    strategy, _, bars = draw(seed, candles=90)
    matrix = dslc.Bars(bars).matrix
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    whole = engine.run(plan, matrix)
    for length in range(1, matrix.shape[1]):
        part = engine.run(plan, np.ascontiguousarray(matrix[:, :length]))
        np.testing.assert_array_equal(part.numbers, whole.numbers[:, :length])
        np.testing.assert_array_equal(part.masks, whole.masks[:, :length])
        np.testing.assert_array_equal(part.integers, whole.integers[:, :length])


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e308, 0.0, -1.0])
@pytest.mark.parametrize("seed", SEEDS[:12])
def test_overwriting_the_future_changes_nothing_before_it(seed: int, poison: float) -> None:
    strategy, _, bars = draw(seed, candles=80)
    matrix = dslc.Bars(bars).matrix
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    whole = engine.run(plan, matrix)
    for now in (1, 20, 21, 40, 79):
        changed = matrix.copy()
        changed[:, now:] = poison
        part = engine.run(plan, changed)
        np.testing.assert_array_equal(part.numbers[:, :now], whole.numbers[:, :now])
        np.testing.assert_array_equal(part.masks[:, :now], whole.masks[:, :now])
        np.testing.assert_array_equal(part.integers[:, :now], whole.integers[:, :now])


@pytest.mark.parametrize("seed", SEEDS[:25])
def test_infinity_is_never_visible(seed: int) -> None:
    rng = random.Random(seed)
    strategy = dslc.compile(programs.strategy(rng, size=6, alive=False))
    matrix = np.ldexp(1.0, np.random.default_rng(seed).integers(-900, 900, (5, 200)))
    matrix[:, 50:60] = 1e308
    kept = engine.run(strategy._prepare(tuple(strategy.inputs)).plan, matrix)
    assert not np.isinf(kept.numbers).any()


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_an_unused_input_changes_nothing(seed: int) -> None:
    strategy, document, bars = draw(seed)
    extended = {**document, "inputs": {**document["inputs"], "unusedExtra": "ema(highest(close, 7), 3) / 2"}}
    first, second = strategy.evaluate(bars), dslc.compile(extended).evaluate(bars)
    np.testing.assert_array_equal(first.entry, second.entry)
    np.testing.assert_array_equal(first.score, second.score)
    for name, values in first.inputs.items():
        np.testing.assert_array_equal(values, second.inputs[name])


@pytest.mark.parametrize("scale", [1, 30, 1000], ids=["a byte", "a full byte", "more than a byte"])
@pytest.mark.parametrize("operator", [">", ">=", "<", "<=", "==", "!="])
def test_a_threshold_may_be_any_number(operator: str, scale: int) -> None:
    """Scores with negative weights and undefined conditions, counted in bytes or not: the oracle agrees."""
    weights = {"a": 3 * scale, "b": -2 * scale, "c": scale}
    bars = programs.bars(random.Random(scale), 40, kind="walk")
    thresholds = [k * scale + part for k in (-2, 0, 1, 4) for part in (-0.5, 0, 0.5)]
    for threshold in [*thresholds, -1e6, 1e6, 254.5, 255, 256]:
        for left, right in (
            ("score", f"{threshold}"),
            (f"{threshold}", "score"),
            ("NOT score", f"{threshold}"),
        ):
            document = {
                "configuration": {"timeframe": "1H"},
                "inputs": {},
                "conditions": {
                    "a": "close > sma(close, 9)",
                    "b": "close[20] > close",
                    "c": "close / (close - close) > 1 OR close > open",
                },
                "score": weights,
                "decision": {"entry": f"{left} {operator} {right}"},
            }
            expected = oracle.evaluate(document, bars)
            result = dslc.compile(document).evaluate(bars)
            assert result.entry.tolist() == [bool(truth) for truth in expected.entry], document["decision"]
            assert result.score.tolist() == expected.score


PRICE_LIKE = {
    "sma": "sma(close, 20)",
    "ema": "ema(close, 9)",
    "atr": "atr(14)",
    "highest": "highest(high, 13)",
    "lowest": "lowest(low, 13)",
    "change": "change(close)",
    "body": "body()",
    "wick": "upperWick() + lowerWick()",
    "range": "range()",
    "extremes": "max(open, close) - min(open, close)",
}
PURE = {"rsi": "rsi(close, 14)", "ratio": "close / sma(close, 7)", "spike": "volumeSpike(1.5)"}


def inputs_only(inputs: dict[str, str]) -> dslc.Strategy:
    return dslc.compile(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": inputs,
            "conditions": {"c": "close > 0"},
            "score": {"c": 1},
            "decision": {"entry": "c"},
        }
    )


@pytest.mark.parametrize("exponent", [-120, -60, -30, -1, 1, 30, 60, 120])
def test_a_power_of_two_scales_prices_exactly(exponent: int) -> None:
    strategy = inputs_only(PRICE_LIKE | PURE)
    bars = programs.bars(random.Random(5), 300, kind="walk")
    scaled = {name: list(np.ldexp(values, exponent)) for name, values in bars.items() if name != "volume"}
    plain = strategy.evaluate(bars)
    other = strategy.evaluate({**scaled, "volume": bars["volume"]})
    for name in PRICE_LIKE:
        np.testing.assert_array_equal(other.inputs[name], np.ldexp(plain.inputs[name], exponent))
    for name in PURE:
        np.testing.assert_array_equal(other.inputs[name], plain.inputs[name])


@pytest.mark.parametrize("period", [1, 2, 3, 5, 7, 20, 21, 50, 100, 127, 128, 333])
@pytest.mark.parametrize("value", [0.1, 1 / 3, 118.56, 1e-8, 1e9, 123456.789, 1 / 3 * 1e301, 1e304])
def test_a_constant_series_stays_that_constant(period: int, value: float) -> None:
    names = ("sma", "ema", "highest", "lowest")
    strategy = inputs_only({name: f"{name}(close, {period})" for name in names})
    result = strategy.evaluate(dict.fromkeys(("open", "high", "low", "close"), np.full(700, value)))
    for name in names:
        assert np.isnan(result.inputs[name][: period - 1]).all()
        assert (result.inputs[name][period - 1 :] == value).all()


@pytest.mark.parametrize("name", ["sma", "highest", "lowest"])
@pytest.mark.parametrize("period", [1, 2, 5, 20, 33])
def test_a_window_depends_on_its_candles_only(name: str, period: int) -> None:
    plan = inputs_only({"x": f"{name}(close, {period})"})._prepare(("x",)).plan
    matrix = np.random.default_rng(3).normal(100, 5, (5, 400))
    matrix[3, 100] = np.nan
    matrix[3, 150] = 1e300
    whole = engine.run(plan, matrix).numbers[0]
    for start in (1, 50, 101, 151, 300):
        later = engine.run(plan, np.ascontiguousarray(matrix[:, start:])).numbers[0]
        np.testing.assert_array_equal(later[period - 1 :], whole[start + period - 1 :])
    assert np.isnan(whole[100 : 100 + period]).all()
    assert not np.isnan(whole[100 + period : 150]).any()


def test_a_smoothing_passes_over_steps_that_overflow() -> None:
    """Against a plain loop, with jumps between the ends of float64 that no difference can hold."""
    rng = np.random.default_rng(8)
    values = rng.choice([1.5e308, -1.5e308, 1.0, 2.0, np.nan], 400, p=[0.1, 0.1, 0.35, 0.35, 0.1])
    matrix = np.vstack([values] * 5)
    plan = inputs_only({"x": "ema(close, 4)", "y": "ema(close + 0, 7)"})._prepare(("x", "y")).plan
    for chunk in (400, 1, 7):
        found = engine.run(plan, matrix, chunk=chunk).numbers
        for row, period in ((0, 4), (1, 7)):
            np.testing.assert_array_equal(np.isnan(found[row]), np.isnan(plain_ema(values, period)))
            np.testing.assert_allclose(found[row], plain_ema(values, period), rtol=1e-13)


def plain_ema(values: np.ndarray, period: int) -> np.ndarray:
    """Pairs of values, a pair that overflows as single steps, and a step that overflows not at all.

    Short averages take single steps.
    """
    out, seed, mean, alpha = [], [], 0.0, 2 / (period + 1)
    first: float | None = None
    for x in values.tolist():
        value = float("nan")
        if len(seed) < period:
            if math.isfinite(sum(seed) + x):
                seed.append(x)
                if len(seed) == period:
                    value = mean = math.fsum(seed) / period
            out.append(value)
            continue
        if first is not None:
            middle = mean + alpha * (first - mean)
            both = mean + alpha * (2 - alpha) * (first - mean) + alpha * (x - first)
            both = middle + alpha * (x - middle) if alpha > 1 / 4 else both
            if math.isfinite(both):
                value, mean, first = both, both, None
                out.append(value)
                continue
            if math.isfinite(middle + alpha * (x - middle)):
                mean, first = middle, None
        if first is None and math.isfinite(mean + alpha * (x - mean)):
            value, first = mean + alpha * (x - mean), x
        out.append(value)
    return np.array(out)


@pytest.mark.parametrize("period", [9_999, 10_000])
def test_the_longest_windows_are_right_over_many_chunks(period: int) -> None:
    close = np.random.default_rng(4).normal(0, 1, 90_000)
    matrix = np.vstack([np.zeros_like(close), *[close] * 4])
    names = ("sma", "highest", "lowest", "back")
    inputs = {name: f"{name}(close - open, {period})" for name in names[:3]}
    inputs |= {"back": f"close[{period - 1}]"}
    plan = inputs_only(inputs)._prepare(names).plan
    whole = engine.run(plan, matrix).numbers
    np.testing.assert_array_equal(whole, engine.run(plan, matrix, chunk=777).numbers)
    view = np.lib.stride_tricks.sliding_window_view(close, period)[::7_001]
    rows = np.arange(period - 1, len(close))[::7_001]
    np.testing.assert_allclose(whole[0][rows], [math.fsum(window) / period for window in view], rtol=5e-16)
    np.testing.assert_array_equal(whole[1][rows], view.max(axis=1))
    np.testing.assert_array_equal(whole[2][rows], view.min(axis=1))
    np.testing.assert_array_equal(whole[3][period - 1 :], close[: 1 - period])


def test_five_hundred_conditions_and_the_largest_weights() -> None:
    conditions = {f"c{i}": f"close > {i / 5}" for i in range(512)}
    weights = {name: 10**9 if i % 3 else -(10**9) for i, name in enumerate(conditions)}
    document = {
        "configuration": {"timeframe": "1H"},
        "inputs": {},
        "conditions": conditions,
        "score": weights,
        "decision": {"entry": "score > 1000000000"},
    }
    close = np.random.default_rng(1).uniform(0.1, 103, 300)
    result = dslc.compile(document).evaluate(dict.fromkeys(("open", "high", "low", "close"), close))
    wanted = [sum(weights[f"c{i}"] for i in range(512) if price > i / 5) for price in close.tolist()]
    assert result.score.tolist() == wanted
    assert result.entry.tolist() == [score > 10**9 for score in wanted]


@pytest.mark.parametrize("period", [2, 9, 21, 100])
@pytest.mark.parametrize("name", ["ema", "rsi", "atr"])
def test_a_recurrence_has_forgotten_its_start_after_its_settle_length(name: str, period: int) -> None:
    expression = f"atr({period})" if name == "atr" else f"{name}(close, {period})"
    strategy = inputs_only({"x": expression})
    fact = strategy._facts[strategy._checked.inputs["x"]]
    length = fact.first + fact.settle
    late, early = np.random.default_rng(2).uniform(90, 110, (2, length + 50))
    early[40:] = late[40:]
    found = []
    for close in (early, late):
        bars = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close}
        found.append(strategy.evaluate(bars).inputs["x"])
    assert abs(found[0][-1] / found[1][-1] - 1) < 4e-16
    middle = fact.first + 40 + fact.settle // 3
    assert found[0][middle] != found[1][middle]


def test_a_flat_stretch_keeps_the_index_however_long_it_is() -> None:
    close = np.concatenate([[10, 11, 10.5, 12, 11.25], np.full(20_000, 11.25), [11.5]])
    result = inputs_only({"x": "rsi(close, 2)"}).evaluate(
        dict.fromkeys(("open", "high", "low", "close"), close)
    )
    index = result.inputs["x"]
    assert (index[4:20_005] == index[4]).all()
    assert 0 < index[4] < 100
    assert index[-1] == 100


def test_random_strategies_are_alive() -> None:
    defined = total = both = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        strategy = dslc.compile(programs.strategy(rng, size=4))
        result = strategy.evaluate(programs.bars(rng, 300, kind="walk"))
        after = slice(strategy.warmup, None)
        defined += sum(int((~np.isnan(values[after])).sum()) for values in result.inputs.values())
        total += sum(len(values[after]) for values in result.inputs.values())
        both += bool(result.entry.any() and not result.entry[after].all())
    assert defined >= 0.9 * total
    assert both >= len(SEEDS) / 2
