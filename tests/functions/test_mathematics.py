"""Arithmetic on one candle, against TA-Lib and the standard library."""

from __future__ import annotations

import math

import numpy as np
import pytest
import talib

from .on_bars import on, same_bits, values, walk

NAN = float("nan")
PEERS = {
    "sqrt(close)": lambda b: talib.SQRT(b["close"]),
    "log(close)": lambda b: talib.LN(b["close"]),
    "exp(close / 100)": lambda b: talib.EXP(b["close"] / 100),
    "floor(close)": lambda b: talib.FLOOR(b["close"]),
    "ceil(close)": lambda b: talib.CEIL(b["close"]),
    "sign(close - open)": lambda b: np.sign(b["close"] - b["open"]),
    "clamp(close, open, high)": lambda b: np.clip(b["close"], b["open"], b["high"]),
    "round(close)": lambda b: np.floor(b["close"] + 0.5),
    "pow(close, open / 60)": lambda b: np.array(
        [math.pow(x, y / 60) for x, y in zip(b["close"].tolist(), b["open"].tolist(), strict=True)]
    ),
}


@pytest.mark.parametrize("expression", PEERS)
def test_peers_agree(expression: str) -> None:
    bars = walk(2_000)
    np.testing.assert_allclose(values(expression, bars), PEERS[expression](bars), rtol=1e-15)


LARGEST = 1.7976931348623157e308
CORNERS = {
    "log(close)": ([5e-324, LARGEST], [math.log(5e-324), math.log(LARGEST)]),
    "exp(close)": ([1, -745, 709.78], [math.e, 5e-324, math.exp(709.78)]),
    "pow(close, 2)": ([1e154, 1e155, 1e-200], [1e154 * 1e154, NAN, 0]),
    "pow(2, close)": ([1023, 1024], [2.0**1023, NAN]),
    "sqrt(close / 0.5 - close - close)": ([3.0, 4.0], [0, 0]),
}


@pytest.mark.parametrize("expression", CORNERS)
def test_where_float64_ends(expression: str) -> None:
    closes, wanted = CORNERS[expression]
    np.testing.assert_array_equal(on(closes, expression), wanted)


def test_constants_fold_as_they_are_computed() -> None:
    bars = walk(3)
    for text, wanted in (("sqrt(16)", 4), ("pow(2, 10)", 1024), ("floor(0 - 1.5)", -2), ("sign(0 - 3)", -1)):
        assert (values(f"close * 0 + {text}", bars) == wanted).all()
    assert (values("sma(close, floor(2.5))", bars)[1:] == (bars["close"][1:] + bars["close"][:-1]) / 2).all()


def test_no_way_of_running_changes_a_bit() -> None:
    same_bits([*PEERS, "log(close - 100)", "pow(close - 100, 3)", "pow(close - 100, 0.3)"], walk(300))
