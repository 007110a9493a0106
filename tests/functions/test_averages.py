"""Averages over time: TA-Lib agrees, and so does a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
import math
from typing import Any

import numpy as np
import pytest
import talib

from .on_bars import flat, on, same_bits, values, walk, with_holes

NAN = math.nan

PEERS: dict[str, tuple[str, Callable[[dict[str, Any], int], np.ndarray]]] = {
    "rma": ("rma(close, {n})", lambda b, n: talib.RMA(b["close"], n)),
    "wma": ("wma(close, {n})", lambda b, n: talib.WMA(b["close"], n)),
    "hma": ("hma(close, {n})", lambda b, n: talib.HMA(b["close"], n)),
    "dema": ("dema(close, {n})", lambda b, n: talib.DEMA(b["close"], n)),
    "tema": ("tema(close, {n})", lambda b, n: talib.TEMA(b["close"], n)),
    "vwma": ("vwma(close, {n})", lambda b, n: talib.VWMA(b["close"], b["volume"], n)),
    "kama": ("kama(close, {n}, 2, 30)", lambda b, n: talib.KAMA(b["close"], n)),
    "t3": ("t3(close, {n}, 0.7)", lambda b, n: talib.T3(b["close"], n, 0.7)),
}


@pytest.mark.parametrize("period", [2, 3, 5, 14, 30, 100])
@pytest.mark.parametrize("name", PEERS)
def test_talib_agrees(name: str, period: int) -> None:
    """Also on the first defined candle."""
    expression, peer = PEERS[name]
    for seed in (7, 8):
        bars = walk(2_000, seed)
        found, wanted = values(expression.format(n=period), bars), peer(bars, period)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


# ── A plain loop ─────────────────────────────────────────────────────────────────────────────────────────


def exponential(x: list[Any], alpha: Any, n: int) -> list[Any]:
    """The mean of the first n values that are there, then steps; None where there is nothing."""
    out: list[Any] = []
    seen: list[Any] = []
    mean: Any = None
    for value in x:
        if value is not None:
            seen.append(value)
            mean = sum(seen) / n if len(seen) <= n else mean + alpha * (value - mean)
        out.append(mean if value is not None and len(seen) >= n else None)
    return out


def ema(x: list[Any], n: int) -> list[Any]:
    return exponential(x, Fraction(2, n + 1), n)


def linear(x: list[Any], n: int) -> list[Any]:
    out: list[Any] = [None] * len(x)
    for t in range(n - 1, len(x)):
        window = x[t - n + 1 : t + 1]
        if None not in window:
            out[t] = sum(value * (k + 1) for k, value in enumerate(window)) / Fraction(n * (n + 1), 2)
    return out


def combined(rule: Callable[..., Any], *columns: list[Any]) -> list[Any]:
    return [None if None in row else rule(*row) for row in zip(*columns, strict=True)]


def hull(x: list[Any], n: int) -> list[Any]:
    half, root = max(n // 2, 1), max(k for k in range(1, n + 1) if k * k <= n)
    return linear(combined(lambda a, b: 2 * a - b, linear(x, half), linear(x, n)), root)


def double(x: list[Any], n: int) -> list[Any]:
    once = ema(x, n)
    return combined(lambda a, b: 2 * a - b, once, ema(once, n))


def triple(x: list[Any], n: int) -> list[Any]:
    once = ema(x, n)
    twice = ema(once, n)
    return combined(lambda a, b, c: 3 * a - 3 * b + c, once, twice, ema(twice, n))


def tillson(x: list[Any], n: int) -> list[Any]:
    stages = [x]
    for _ in range(6):
        stages.append(ema(stages[-1], n))
    v = Fraction(7, 10)
    weights = 1 + 3 * v + v**3 + 3 * v**2, -6 * v**2 - 3 * v - 3 * v**3, 3 * v**2 + 3 * v**3, -(v**3)
    return combined(lambda *e: sum(a * b for a, b in zip(weights, e, strict=True)), *stages[3:])


def adaptive(x: list[Any], n: int) -> list[Any]:
    out: list[Any] = [None] * len(x)
    mean = None
    for t in range(n, len(x)):
        window = x[t - n : t + 1]
        if None in window:
            continue
        went = sum(abs(b - a) for a, b in pairwise(window))
        share = abs(window[-1] - window[0]) / went if went else Fraction(1)
        alpha = (share * (Fraction(2, 3) - Fraction(2, 31)) + Fraction(2, 31)) ** 2
        mean = x[t - 1] if mean is None else mean
        mean = mean + alpha * (x[t] - mean)
        out[t] = mean
    return out


def legoux(x: list[Any], n: int) -> list[Any]:
    out: list[Any] = [None] * len(x)
    weights = [math.exp(-((j - 0.85 * (n - 1)) ** 2) / (2 * (n / 6) ** 2)) for j in range(n)]
    for t in range(n - 1, len(x)):
        window = x[t - n + 1 : t + 1]
        if None not in window:
            terms = [float(value) * weight for value, weight in zip(window, weights, strict=True)]
            out[t] = math.fsum(terms) / math.fsum(weights)
    return out


LOOPS: dict[str, Callable[[list[Any], int], list[Any]]] = {
    "rma": lambda x, n: exponential(x, Fraction(1, n), n),
    "wma": linear,
    "hma": hull,
    "dema": double,
    "tema": triple,
    "kama": adaptive,
    "t3": tillson,
    "alma": legoux,
}


@pytest.mark.parametrize("period", [1, 2, 4, 9])
@pytest.mark.parametrize("name", LOOPS)
def test_a_plain_loop_of_exact_fractions_agrees(name: str, period: int) -> None:
    """Undefined values included, which come before and after everything has started."""
    bars = with_holes(walk(70, 3), (4, 5, 60))
    found = values(f"{name}(close * volume / volume, {period})", bars)
    close: list[Any] = [
        Fraction(float(price)) if volume else None
        for price, volume in zip(bars["close"], bars["volume"], strict=True)
    ]
    wanted = [NAN if value is None else float(value) for value in LOOPS[name](close, period)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_a_plain_loop_agrees_on_volumes() -> None:
    bars = walk(60, 5)
    bars["volume"][20:26] = 0.0
    found = values("vwma(close, 4)", bars)
    close, volume = (list(map(Fraction, map(float, bars[name]))) for name in ("close", "volume"))
    for t in range(60):
        window = range(t - 3, t + 1)
        traded = sum(volume[k] for k in window) if t >= 3 else 0
        wanted = float(sum(close[k] * volume[k] for k in window) / traded) if traded else NAN
        assert found[t] == pytest.approx(wanted, rel=1e-13, nan_ok=True)
    assert np.isnan(found[23:26]).all()
    assert not np.isnan(found[26:]).any()


# ── Constants, periods of one and defaults ───────────────────────────────────────────────────────────────

ALL = [f"{name}(close, 5)" for name in (*LOOPS, "vwma")]


@pytest.mark.parametrize("expression", ALL)
@pytest.mark.parametrize("price", [12.3, 1 / 3, 1e-300, 1e300, 7e-5])
def test_a_constant_stays_that_constant_exactly(expression: str, price: float) -> None:
    found = np.array(on([price] * 60, expression))
    assert (found[~np.isnan(found)] == price).all()
    assert not np.isnan(found[30:]).any()


@pytest.mark.parametrize("name", LOOPS)
def test_of_one_candle_it_is_the_value_itself(name: str) -> None:
    close = walk(40, 9)["close"]
    found = np.array(on(list(close), f"{name}(close, 1)"))
    start = 1 if name == "kama" else 0
    assert (found[start:] == close[start:]).all() or name == "kama"
    if name == "kama":
        np.testing.assert_allclose(
            on(list(close), "kama(close, 1, 1, 30)")[1:], close[1:], rtol=1e-15, err_msg="always straight"
        )


def test_defaults_are_those_that_traders_know() -> None:
    bars = walk(200, 11)
    for short, whole in (
        ("kama(close)", "kama(close, 10, 2, 30)"),
        ("t3(close)", "t3(close, 5, 0.7)"),
        ("alma(close)", "alma(close, 9, 0.85, 6)"),
    ):
        np.testing.assert_array_equal(values(short, bars), values(whole, bars))


def test_bits_are_the_same_in_any_chunks_and_as_plain_python() -> None:
    bars = with_holes(walk(150, 13), (30, 31, 90))
    holes = "close * volume / volume"
    same_bits([f"{name}({holes}, {n})" for name in (*LOOPS, "vwma") for n in (1, 4, 9)], bars)
    same_bits(ALL, flat(100))
