"""Arithmetic on one candle, against TA-Lib, the standard library, and a table of corners."""

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
    "sign(close)": ([-3, -0.0, 0, 5e-324, 1e308], [-1, 0, 0, 1, 1]),
    "sqrt(close)": ([-1, 0, 4, 1e-300, 1e300], [NAN, 0, 2, 1e-150, 1e150]),
    "log(close)": ([-1, 0, 1, 5e-324, LARGEST], [NAN, NAN, 0, math.log(5e-324), math.log(LARGEST)]),
    "exp(close)": ([0, 1, 710, -745, -1e9, 709.78], [1, math.e, NAN, 5e-324, 0, math.exp(709.78)]),
    "round(close)": (
        [2.5, 3.5, -2.5, 0.49999999999999994, -0.5, 4503599627370497.0, 1e300],
        [3, 4, -2, 0, 0, 4503599627370497.0, 1e300],
    ),
    "floor(close)": ([2.5, -2.5, 3, 4503599627370495.5, -1e300], [2, -3, 3, 4503599627370495.0, -1e300]),
    "ceil(close)": ([2.5, -2.5, 3, 4503599627370495.5, -1e300], [3, -2, 3, 4503599627370496.0, -1e300]),
    "clamp(close, 2, 4)": ([1, 2, 3, 5, 1e308], [2, 2, 3, 4, 4]),
    "clamp(close, 4, 2)": ([1, 3, 5], [2, 2, 2]),
    "pow(close, 2)": ([3, -3, 0, 1e154, 1e155, 1e-200], [9, 9, 0, 1e154 * 1e154, NAN, 0]),
    "pow(close, 3)": ([-2, 2], [-8, 8]),
    "pow(close, 0.5)": ([4, -4, 0], [2, NAN, 0]),
    "pow(close, -1)": ([4, 0, -2, 5e-324], [0.25, NAN, -0.5, NAN]),
    "pow(close, 0)": ([4, 0, -2], [1, 1, 1]),
    "pow(2, close)": ([10, -1074, -1076, 1023, 1024], [1024, 5e-324, 0, 2.0**1023, NAN]),
    "sqrt(close / 0.5 - close - close)": ([3.0, 4.0], [0, 0]),
}


@pytest.mark.parametrize("expression", CORNERS)
def test_the_corners_are_where_the_documentation_says(expression: str) -> None:
    closes, wanted = CORNERS[expression]
    np.testing.assert_array_equal(on(closes, expression), wanted)


@pytest.mark.parametrize(
    "call", ["sign({0})", "sqrt({0})", "log({0})", "exp({0})", "round({0})", "floor({0})", "ceil({0})",
             "pow({0}, 2)", "pow(2, {0})", "pow({0}, 0)", "clamp({0}, 1, 2)", "clamp(1, {0}, 2)"],
)  # fmt: skip
def test_what_is_undefined_stays_undefined(call: str) -> None:
    found = on([1.0, 1.0], call.format("(close / volume)"), volume=[0.0, 1.0])
    assert math.isnan(found[0])
    assert not math.isnan(found[1])


def test_constants_fold_as_they_are_computed() -> None:
    bars = walk(3)
    for text, wanted in (("sqrt(16)", 4), ("pow(2, 10)", 1024), ("floor(0 - 1.5)", -2), ("sign(0 - 3)", -1)):
        assert (values(f"close * 0 + {text}", bars) == wanted).all()
    assert (values("sma(close, floor(2.5))", bars)[1:] == (bars["close"][1:] + bars["close"][:-1]) / 2).all()


def test_no_way_of_running_changes_a_bit() -> None:
    same_bits([*PEERS, "log(close - 100)", "pow(close - 100, 3)", "pow(close - 100, 0.3)"], walk(300))
