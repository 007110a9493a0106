"""Sums, where extremes are, and comparisons with them: against TA-Lib, plain loops and exact fractions."""

from __future__ import annotations

from fractions import Fraction
import math
import random

import numpy as np
import pytest
import talib

from .on_bars import flat, on, same_bits, values, walk, with_holes

NAN = float("nan")
PERIODS = [1, 2, 3, 7, 20, 100]


@pytest.mark.parametrize("period", PERIODS)
def test_the_sum_is_that_of_talib(period: int) -> None:
    bars = walk(3_000)
    wanted = talib.SUM(bars["close"], period) if period > 1 else bars["close"]
    found = values(f"sum(close, {period})", bars)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize("period", PERIODS)
def test_a_sum_is_nearly_the_exact_one_whatever_cancels(period: int) -> None:
    rng = random.Random(period)
    numbers = [rng.choice((1e16, 1.0, 0.1, 1e-7)) * rng.choice((-1, 1)) for _ in range(150)]
    found = on(numbers, f"sum(close, {period})")
    for t in range(period - 1, len(numbers)):
        window = [Fraction(x) for x in numbers[t + 1 - period : t + 1]]
        exact = sum(window)
        second_order = sum(map(abs, window)) / 2**100
        assert abs(Fraction(found[t]) - exact) <= abs(exact) / 2**53 + second_order
    assert all(math.isnan(value) for value in found[: period - 1])


@pytest.mark.parametrize("period", [1, 2, 5, 14, 100])
def test_where_the_highest_and_the_lowest_are_is_what_talib_says(period: int) -> None:
    close = walk(2_000)["close"]
    bars = dict.fromkeys(("open", "high", "low", "close"), close)
    candle = np.arange(2_000)
    for name, peer in (("highestBars", talib.MAXINDEX), ("lowestBars", talib.MININDEX)):
        found = values(f"{name}(close, {period})", bars)[period - 1 :]
        wanted = (peer(close, period) if period > 1 else candle) - candle
        np.testing.assert_array_equal(found, wanted[period - 1 :])


@pytest.mark.parametrize("period", [1, 2, 5, 14])
def test_of_equal_extremes_the_newest_counts_and_not_the_oldest_as_in_talib(period: int) -> None:
    close = np.floor(walk(500)["close"])
    bars = dict.fromkeys(("open", "high", "low", "close"), close)
    for name, way in (("highestBars", 1), ("lowestBars", -1)):
        found = values(f"{name}(close, {period})", bars)
        for t in range(period - 1, 500):
            window = [way * close[t - back] for back in range(period)]
            assert found[t] == -window.index(max(window))
    assert talib.MAXINDEX(np.full(9, 4.0), 3)[-1] - 8 == -2
    assert values("highestBars(close, 3)", flat(9))[-1] == 0


@pytest.mark.parametrize("period", [2, 3, 14, 100])
def test_normalized_is_a_hundredth_of_the_stochastic_of_talib(period: int) -> None:
    close = walk(2_000)["close"]
    bars = dict.fromkeys(("open", "high", "low", "close"), close)
    found = values(f"normalize(close, {period})", bars)
    wanted, _ = talib.STOCHF(close, close, close, period, 1)
    assert int(np.argmax(~np.isnan(found))) == int(np.argmax(~np.isnan(wanted))) == period - 1
    np.testing.assert_allclose(found, wanted / 100, rtol=1e-9, atol=1e-12)


def test_in_a_flat_window_normalized_is_the_middle_and_not_0_as_in_talib() -> None:
    close = flat(30)["close"]
    np.testing.assert_array_equal(values("normalize(close, 5)", flat(30))[4:], np.full(26, 0.5))
    assert (talib.STOCHF(close, close, close, 5, 1)[0][4:] == 0).all()


@pytest.mark.parametrize("period", [1, 2, 5])
def test_rising_and_falling_compare_with_every_value_before(period: int) -> None:
    close = np.floor(walk(500)["close"]).tolist()
    bars = dict.fromkeys(("open", "high", "low", "close"), close)
    for name, above in (("rising", 1), ("falling", -1)):
        found = values(f"if({name}(close, {period}), 1, 0)", bars)
        for t in range(period, len(close)):
            wanted = all(above * close[t] > above * close[t - back] for back in range(1, period + 1))
            assert found[t] == wanted
        assert np.isnan(found[:period]).all()


def test_a_cumulative_sum_loses_nothing_in_a_hundred_thousand_candles() -> None:
    rng = np.random.default_rng(3)
    numbers = rng.choice([1e15, 0.1, -1e15, 1e-3], 100_000).tolist()
    found = on(numbers, "cumulative(close)")
    for t in (0, 1, 10, 999, 99_999):
        assert found[t] == pytest.approx(math.fsum(numbers[: t + 1]), rel=1e-15, abs=1e-12)


def test_no_way_of_running_changes_a_bit() -> None:
    bars = with_holes(walk(300), (5, 100, 101))
    number = "close * volume / volume"
    names = ("sum", "highestBars", "lowestBars", "normalize")
    expressions = [f"{name}({number} - 100, {n})" for name in names for n in (1, 2, 13)]
    expressions += [
        f"cumulative({number} - 100)",
        f"if(rising({number}, 3), 1, 0)",
        "if(falling(low, 2), 1, 0)",
    ]
    same_bits(expressions, bars)
