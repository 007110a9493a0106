"""Volume with the moves of the price, against TA-Lib and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import talib

from .on_bars import same_bits, values, walk

NAN = float("nan")


def test_on_balance_volume_is_that_of_talib_less_the_first_volume() -> None:
    bars = walk(3_000)
    bars["close"] = np.clip(np.round(bars["close"]), bars["low"], bars["high"])  # some closes are equal
    wanted = talib.OBV(bars["close"], bars["volume"]) - bars["volume"][0]
    found = values("obv()", bars)
    assert np.isnan(found[0])
    assert wanted[0] == 0
    np.testing.assert_allclose(found[1:], wanted[1:], rtol=1e-9, atol=1e-3)


def test_accumulation_and_distribution_is_that_of_talib() -> None:
    bars = walk(3_000)
    fields = [bars[field] for field in ("high", "low", "close", "volume")]
    np.testing.assert_allclose(values("ad()", bars), talib.AD(*fields), rtol=1e-9, atol=1e-3)


@pytest.mark.parametrize(("fast", "slow"), [(3, 10), (2, 30), (12, 5)])
def test_the_oscillator_is_that_of_talib_once_both_have_forgotten_their_start(fast: int, slow: int) -> None:
    bars = walk(3_000)
    fields = [bars[field] for field in ("high", "low", "close", "volume")]
    wanted, found = talib.ADOSC(*fields, fast, slow), values(f"adOsc({fast}, {slow})", bars)
    first = max(fast, slow) - 1
    assert int(np.argmax(~np.isnan(found))) == int(np.argmax(~np.isnan(wanted))) == first
    assert not math.isclose(found[first], wanted[first], rel_tol=1e-6), "seeded alike"
    np.testing.assert_allclose(found[800:], wanted[800:], rtol=1e-7, atol=1e-3)


def flow(bars: dict[str, np.ndarray], t: int) -> float:
    """Chaikin's volume of a candle, by where it closes."""
    high, low, close, volume = (float(bars[field][t]) for field in ("high", "low", "close", "volume"))
    return (2 * close - high - low) / (high - low) * volume if high > low else 0.0


def test_money_flow_is_that_of_a_plain_loop() -> None:
    bars = walk(300)
    bars["high"][50] = bars["low"][50] = bars["open"][50] = bars["close"][50]
    for period in (1, 2, 20):
        found = values(f"cmf({period})", bars)
        for t in range(period - 1, 300):
            window = range(t + 1 - period, t + 1)
            wanted = math.fsum(flow(bars, k) for k in window) / math.fsum(bars["volume"][k] for k in window)
            assert found[t] == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        assert np.isnan(found[: period - 1]).all()
    np.testing.assert_array_equal(values("cmf()", bars), values("cmf(20)", bars))


@pytest.mark.parametrize(("at", "wanted"), [("high", 1.0), ("low", -1.0)])
def test_money_flow_is_exactly_one_where_all_close_at_an_end(at: str, wanted: float) -> None:
    bars = walk(200)
    bars["close"] = bars[at]
    assert (values("cmf(20)", bars)[19:] == wanted).all()


def test_the_force_index_is_the_average_of_moves_times_volumes() -> None:
    bars = walk(500)
    force = np.diff(bars["close"]) * bars["volume"][1:]
    for period in (2, 13):
        found = values(f"forceIndex({period})", bars)
        assert int(np.argmax(~np.isnan(found))) == period
        np.testing.assert_allclose(found[1:], talib.EMA(force, period), rtol=1e-9, atol=1e-6)
    np.testing.assert_array_equal(values("forceIndex(1)", bars)[1:], force)
    np.testing.assert_array_equal(values("forceIndex()", bars), values("forceIndex(13)", bars))


def test_the_rolling_average_price_counts_by_volume() -> None:
    bars = walk(300)
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3
    for period in (1, 2, 20):
        found = values(f"vwap({period})", bars)
        for t in range(period - 1, 300):
            window = slice(t + 1 - period, t + 1)
            volume = bars["volume"][window]
            wanted = math.fsum(typical[window] * volume) / math.fsum(volume)
            assert found[t] == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_array_equal(values("vwap()", bars), values("vwap(20)", bars))


def test_no_way_of_running_changes_a_bit() -> None:
    bars = walk(300)
    bars["volume"][40:70] = 0.0
    calls = ("obv()", "ad()", "adOsc()", "cmf(5)", "cmf(1)", "forceIndex(3)", "vwap(4)", "vwap(21)")
    same_bits(calls, bars)
