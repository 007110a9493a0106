"""Prices of one candle and averaged candles, against TA-Lib and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from .on_bars import same_bits, values, walk


def test_the_means_of_a_candle_are_those_of_talib() -> None:
    bars = walk(2_000)
    o, h, low, c = (bars[field] for field in ("open", "high", "low", "close"))
    np.testing.assert_array_equal(values("hl2()", bars), talib.MEDPRICE(h, low))
    np.testing.assert_array_equal(values("hlc3()", bars), talib.TYPPRICE(h, low, c))
    np.testing.assert_allclose(values("ohlc4()", bars), talib.AVGPRICE(o, h, low, c), rtol=1e-15)


def averaged(bars: dict[str, np.ndarray]) -> dict[str, list[float]]:
    """Heikin Ashi candles, candle by candle."""
    found: dict[str, list[float]] = {name: [] for name in ("haOpen", "haClose", "haHigh", "haLow")}
    for t in range(len(bars["close"])):
        o, h, low, c = (float(bars[field][t]) for field in ("open", "high", "low", "close"))
        opened = (found["haOpen"][-1] + found["haClose"][-1]) / 2 if t else (o + c) / 2
        closed = (o + h + low + c) / 4
        found["haOpen"].append(opened)
        found["haClose"].append(closed)
        found["haHigh"].append(max(h, opened, closed))
        found["haLow"].append(min(low, opened, closed))
    return found


@pytest.mark.parametrize("name", ["haOpen", "haClose", "haHigh", "haLow"])
def test_averaged_candles_are_those_of_a_plain_loop(name: str) -> None:
    bars = walk(1_000)
    np.testing.assert_array_equal(values(f"{name}()", bars), averaged(bars)[name])


def test_another_first_open_is_forgotten_after_54_candles() -> None:
    bars = walk(200)
    other = {**bars, "open": bars["open"].copy()}
    other["open"][0] = bars["low"][0]
    first, second = values("haOpen()", bars), values("haOpen()", other)
    assert first[20] != second[20]
    np.testing.assert_allclose(first[54:], second[54:], rtol=4e-16)


def test_a_gap_is_the_open_less_the_close_before() -> None:
    bars = walk(100)
    found = values("gap()", bars)
    assert np.isnan(found[0])
    np.testing.assert_array_equal(found[1:], bars["open"][1:] - bars["close"][:-1])


def test_no_way_of_running_changes_a_bit() -> None:
    names = ("hl2", "hlc3", "ohlc4", "gap", "haOpen", "haClose", "haHigh", "haLow")
    same_bits([f"{name}()" for name in names], walk(300))
