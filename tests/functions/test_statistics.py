"""Statistics over a window: TA-Lib and numpy agree, and so does a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
import math
from typing import Any

import dslc
import numpy as np
import pytest
import talib

from .on_bars import flat, on, same_bits, values, walk, with_holes

NAN = math.nan

PEERS: dict[str, tuple[str, Callable[[dict[str, Any], int], np.ndarray]]] = {
    "variance": ("variance(close, {n})", lambda b, n: talib.VAR(b["close"], n)),
    "stdev": ("stdev(close, {n})", lambda b, n: talib.STDDEV(b["close"], n)),
    "correlation": ("correlation(close, open, {n})", lambda b, n: talib.CORREL(b["close"], b["open"], n)),
    "linreg": ("linreg(close, {n})", lambda b, n: talib.LINEARREG(b["close"], n)),
    "linregSlope": ("linregSlope(close, {n})", lambda b, n: talib.LINEARREG_SLOPE(b["close"], n)),
    "beta": (
        "beta(open / open[1], close / close[1], {n})",
        lambda b, n: talib.BETA(b["close"], b["open"], n),
    ),
    "percentRank": ("percentRank(close, {n})", lambda b, n: talib.PERCENTRANK(b["close"], n)),
}


@pytest.mark.parametrize("period", [2, 3, 5, 14, 30, 100])
@pytest.mark.parametrize("name", PEERS)
def test_talib_agrees(name: str, period: int) -> None:
    """Also on the first defined candle; its running sums lose digits where values differ little."""
    expression, peer = PEERS[name]
    for seed in (7, 8):
        bars = walk(1_000, seed)
        found, wanted = values(expression.format(n=period), bars), peer(bars, period)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-6)


# ── A plain loop ─────────────────────────────────────────────────────────────────────────────────────────


def mean(x: list[Fraction]) -> Fraction:
    return sum(x, Fraction()) / len(x)


def moment(x: list[Fraction], power: int) -> Fraction:
    return mean([(value - mean(x)) ** power for value in x])


def product(x: list[Fraction], y: list[Fraction]) -> Fraction:
    return mean([(a - mean(x)) * (b - mean(y)) for a, b in zip(x, y, strict=True)])


def line(x: list[Fraction]) -> tuple[Fraction, Fraction]:
    """Slope and last point of the line of least squares."""
    places = [Fraction(k) for k in range(len(x))]
    slope = product(places, x) / moment(places, 2) if len(x) > 1 else Fraction(0)
    return slope, mean(x) + slope * (places[-1] - mean(places))


def at_percent(x: list[Fraction], p: int) -> Fraction:
    ranked, place = sorted(x), Fraction(p, 100) * (len(x) - 1)
    below = place.numerator // place.denominator
    above = min(below + 1, len(x) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)


def root(x: Fraction) -> float:
    return math.sqrt(x)


LOOPS: dict[str, tuple[str, Callable[[list[Fraction], list[Fraction]], Any]]] = {
    "variance": ("variance({x}, {n})", lambda x, y: moment(x, 2)),
    "stdev": ("stdev({x}, {n})", lambda x, y: root(moment(x, 2))),
    "zscore": ("zscore({x}, {n})", lambda x, y: float(x[-1] - mean(x)) / root(moment(x, 2))),
    "covariance": ("covariance({x}, open, {n})", product),
    "correlation": (
        "correlation({x}, open, {n})",
        lambda x, y: float(product(x, y)) / (root(moment(x, 2)) * root(moment(y, 2))),
    ),
    "beta": ("beta({x}, open, {n})", lambda x, y: product(x, y) / moment(y, 2)),
    "linreg": ("linreg({x}, {n})", lambda x, y: line(x)[1]),
    "linregSlope": ("linregSlope({x}, {n})", lambda x, y: line(x)[0]),
    "skew": ("skew({x}, {n})", lambda x, y: float(moment(x, 3)) / root(moment(x, 2)) ** 3),
    "kurtosis": ("kurtosis({x}, {n})", lambda x, y: moment(x, 4) / moment(x, 2) ** 2 - 3),
    "median": ("median({x}, {n})", lambda x, y: at_percent(x, 50)),
    "percentile": ("percentile({x}, {n}, 80)", lambda x, y: at_percent(x, 80)),
    "percentile of 0": ("percentile({x}, {n}, 0)", lambda x, y: min(x)),
    "percentile of 100": ("percentile({x}, {n}, 100)", lambda x, y: max(x)),
}


@pytest.mark.parametrize("period", [2, 3, 10])
@pytest.mark.parametrize("name", LOOPS)
def test_a_plain_loop_of_exact_fractions_agrees(name: str, period: int) -> None:
    """With an undefined value inside, which is gone as soon as it has left the window."""
    bars = with_holes(walk(60, 3), (25,))
    text, rule = LOOPS[name]
    found = values(text.format(x="(close * volume / volume)", n=period), bars)
    x, y = ([Fraction(float(value)) for value in bars[field]] for field in ("close", "open"))
    for t in range(60):
        window = slice(t - period + 1, t + 1)
        if t < period - 1 or t - period < 25 <= t:
            assert np.isnan(found[t])
        else:
            assert found[t] == pytest.approx(float(rule(x[window], y[window])), rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("period", [1, 2, 7])
def test_ranks_count_what_is_at_or_below(period: int) -> None:
    bars = walk(80, 4)
    close = np.round(bars["close"])  # with ties
    found = on(list(close), f"percentRank(close, {period})")
    for t in range(80):
        wanted = 100 * np.mean(close[t - period : t] <= close[t]) if t >= period else NAN
        assert found[t] == pytest.approx(wanted, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize("percent", [0, 10, 25, 50, 66.6, 99, 100])
@pytest.mark.parametrize("period", [1, 2, 5, 40])
def test_percentiles_are_those_of_numpy(period: int, percent: float) -> None:
    """Of values with ties, over many powers of ten, and with both signs."""
    rng = np.random.default_rng(6)
    for x in (
        np.round(rng.normal(0, 3, 150)),
        np.exp(rng.normal(0, 60, 150)),
        -np.exp(rng.normal(0, 60, 150)) * rng.choice([-1, 1], 150),
    ):
        found = on(list(x), f"percentile(close, {period}, {percent})")
        view = np.lib.stride_tricks.sliding_window_view(x, period)
        np.testing.assert_allclose(found[period - 1 :], np.percentile(view, percent, axis=1), rtol=1e-9)


# ── Flat sides, ranges and refusals ──────────────────────────────────────────────────────────────────────

CALLS = {
    "variance": "variance(close, {n})", "stdev": "stdev(close, {n})", "zscore": "zscore(close, {n})",
    "covariance": "covariance(close, volume, {n})", "correlation": "correlation(close, volume, {n})",
    "beta": "beta(close, volume, {n})", "linreg": "linreg(close, {n})",
    "linregSlope": "linregSlope(close, {n})", "skew": "skew(close, {n})", "kurtosis": "kurtosis(close, {n})",
    "median": "median(close, {n})", "percentile": "percentile(close, {n}, 80)",
    "percentRank": "percentRank(close, {n})",
}  # fmt: skip


def test_a_flat_side_has_no_correlation_where_talib_says_0() -> None:
    bars = flat(20, volume=3.0)
    bars["open"] = np.linspace(10, 12, 20)
    bars["low"] = bars["open"]
    assert np.isnan(values("correlation(close, open, 5)", bars)).all()
    assert (talib.CORREL(bars["close"], bars["open"], 5)[5:] == 0).all()


def test_nothing_leaves_its_range() -> None:
    rng = np.random.default_rng(1)
    for scale in (1e-9, 1.0, 1e9):
        close = list(1.0 + scale * rng.normal(0, 1, 400))
        for n in (2, 3, 50):
            assert np.nanmax(np.abs(on(close, f"correlation(close, -3 * close, {n})"))) <= 1.0
            assert np.nanmin(on(close, f"kurtosis(close, {n})")) >= -2.0
            assert np.nanmin(on(close, f"variance(close, {n})")) >= 0.0


@pytest.mark.parametrize("call", ["zscore(close, 1)", "percentile(close, 5, 101)", "alma(close, 9, 1.5)"])
def test_arguments_without_a_meaning_are_refused(call: str) -> None:
    found = dslc.validate(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": {"x": call},
            "conditions": {"c": "x > 0"},
            "score": {"c": 1},
            "decision": {"entry": "c"},
        }
    )
    assert [one.code for one in found] == ["E412"]


def test_a_parameter_beyond_a_percentile_is_found_and_what_is_left_out_does_no_harm() -> None:
    document = {
        "configuration": {"timeframe": "1H"},
        "parameters": {"n": {"default": 9, "min": 5, "max": 60}},
        "inputs": {"x": "percentile(close, n, 2 * n)", "y": "bbUpper(close, n) + natr()"},
        "conditions": {"c": "x > y"},
        "score": {"c": 1},
        "decision": {"entry": "c"},
    }
    (found,) = dslc.validate(document)
    assert (found.code, found.path) == ("E416", "/inputs/x")


def test_bits_are_the_same_in_any_chunks_and_as_plain_python() -> None:
    expressions = [call.format(n=n) for call in CALLS.values() for n in (2, 9)]
    same_bits(expressions, walk(150, 13))
    same_bits(expressions, flat(60))
    same_bits(
        [call.format(n=4).replace("close", "(close * volume / volume)") for call in CALLS.values()],
        with_holes(walk(90, 14), (30, 31)),
    )
