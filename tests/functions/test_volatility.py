"""How far prices range: TA-Lib agrees, and so does a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
import math
from typing import Any

import numpy as np
import pytest
import talib

from .on_bars import flat, same_bits, values, walk

NAN = math.nan


def bands(b: dict[str, Any], n: int, at: int) -> np.ndarray:
    return talib.BBANDS(b["close"], n, 2.0, 2.0)[at]


PEERS: dict[str, tuple[str, Callable[[dict[str, Any], int], np.ndarray]]] = {
    "trueRange": ("trueRange()", lambda b, n: talib.TRANGE(b["high"], b["low"], b["close"])),
    "natr": ("natr({n})", lambda b, n: talib.NATR(b["high"], b["low"], b["close"], n)),
    "bbUpper": ("bbUpper(close, {n}, 2)", lambda b, n: bands(b, n, 0)),
    "bbMiddle": ("bbMiddle(close, {n})", lambda b, n: bands(b, n, 1)),
    "bbLower": ("bbLower(close, {n}, 2)", lambda b, n: bands(b, n, 2)),
    "donchianUpper": ("donchianUpper({n})", lambda b, n: talib.DONCHIAN(b["high"], b["low"], n)[0]),
    "donchianMiddle": ("donchianMiddle({n})", lambda b, n: talib.DONCHIAN(b["high"], b["low"], n)[1]),
    "donchianLower": ("donchianLower({n})", lambda b, n: talib.DONCHIAN(b["high"], b["low"], n)[2]),
    "keltnerMiddle": (
        "keltnerMiddle((high + low + close) / 3, {n})",
        lambda b, n: talib.EMA((b["high"] + b["low"] + b["close"]) / 3, n),
    ),
}


@pytest.mark.parametrize("period", [2, 3, 5, 14, 20, 100])
@pytest.mark.parametrize("name", PEERS)
def test_talib_agrees(name: str, period: int) -> None:
    """Also on the first defined candle."""
    expression, peer = PEERS[name]
    for seed in (7, 8):
        bars = walk(2_000, seed)
        found, wanted = values(expression.format(n=period), bars), peer(bars, period)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize("period", [1, 2, 14, 100])
def test_the_average_true_range_is_wilders_mean_of_the_true_range(period: int) -> None:
    bars = walk(600, 4)
    found = values(f"atr({period})", bars)
    np.testing.assert_array_equal(found, values(f"rma(trueRange(), {period})", bars))
    assert int(np.argmax(~np.isnan(found))) == period


def test_keltner_channels_of_talib_have_wilders_mean_and_a_typical_price() -> None:
    """What the reference says of the difference, and what to write for TA-Lib's line once it has settled."""
    bars = walk(600, 6)
    upper = talib.KC(bars["high"], bars["low"], bars["close"], 20, 10, 2.0)[0]
    same = values("ema((high + low + close) / 3, 20) + 2 * atr(10)", bars)
    ours = values("keltnerUpper((high + low + close) / 3, 20, 2)", bars)
    np.testing.assert_allclose(upper[400:], same[400:], rtol=1e-9)
    assert not np.isclose(upper[400:], ours[400:], rtol=1e-9).any()


# ── A plain loop ─────────────────────────────────────────────────────────────────────────────────────────


def true_ranges(b: dict[str, list[Fraction]]) -> list[Fraction]:
    """From candle 1 on."""
    rows = zip(b["high"][1:], b["low"][1:], b["close"], strict=False)
    return [max(high - low, abs(high - close), abs(low - close)) for high, low, close in rows]


def smoothed(x: list[Fraction], n: int, alpha: Fraction) -> list[Fraction]:
    """From the n-th value on."""
    out = [sum(x[:n], Fraction()) / n]
    for value in x[n:]:
        out.append(out[-1] + alpha * (value - out[-1]))
    return out


def loop(name: str, b: dict[str, list[Fraction]], n: int) -> list[float]:
    """The value from its first candle on."""
    close, high, low = b["close"], b["high"], b["low"]
    starts = range(len(close) - n + 1)
    means = [sum(close[k : k + n]) / n for k in starts]
    squares = [sum((x - means[k]) ** 2 for x in close[k : k + n]) / n for k in starts]
    deviations = [math.sqrt(square) for square in squares]
    ranges = true_ranges(b)
    alpha = Fraction(2, n + 1)
    middle, width = smoothed(close, n, alpha)[1:], smoothed(ranges, n, alpha)
    match name:
        case "trueRange":
            return [float(x) for x in ranges]
        case "atr":
            return [float(x) for x in smoothed(ranges, n, Fraction(1, n))]
        case "natr":
            pairs = zip(smoothed(ranges, n, Fraction(1, n)), close[n:], strict=True)
            return [float(100 * x / y) for x, y in pairs]
        case "bbUpper":
            return [float(m) + 2 * d for m, d in zip(means, deviations, strict=True)]
        case "bbLower":
            return [float(m) - 2 * d for m, d in zip(means, deviations, strict=True)]
        case "bbMiddle":
            return [float(m) for m in means]
        case "bbWidth":
            return [4 * d / float(m) for m, d in zip(means, deviations, strict=True)]
        case "bbPercent":
            rows = zip(close[n - 1 :], means, deviations, strict=True)
            return [(float(x - m) + 2 * d) / (4 * d) for x, m, d in rows]
        case "keltnerMiddle":
            return [float(x) for x in smoothed(close, n, alpha)]
        case "keltnerUpper":
            return [float(x + 2 * y) for x, y in zip(middle, width, strict=True)]
        case "keltnerLower":
            return [float(x - 2 * y) for x, y in zip(middle, width, strict=True)]
        case "choppiness":
            out = []
            for k in starts[1:]:
                span = max(high[k : k + n]) - min(low[k : k + n])
                ratio = sum(ranges[k - 1 : k - 1 + n], Fraction()) / span
                out.append(100 * math.log10(ratio) / math.log10(n))
            return out
    spans = [(max(high[k : k + n]), min(low[k : k + n])) for k in starts]
    chosen = {"donchianUpper": lambda s: s[0], "donchianLower": lambda s: s[1]}
    return [float(chosen.get(name, lambda s: (s[0] + s[1]) / 2)(span)) for span in spans]


CALLS = {
    "trueRange": "trueRange()",
    "atr": "atr({n})",
    "natr": "natr({n})",
    "bbUpper": "bbUpper(close, {n}, 2)",
    "bbMiddle": "bbMiddle(close, {n})",
    "bbLower": "bbLower(close, {n}, 2)",
    "bbWidth": "bbWidth(close, {n}, 2)",
    "bbPercent": "bbPercent(close, {n}, 2)",
    "keltnerUpper": "keltnerUpper(close, {n}, 2)",
    "keltnerMiddle": "keltnerMiddle(close, {n})",
    "keltnerLower": "keltnerLower(close, {n}, 2)",
    "donchianUpper": "donchianUpper({n})",
    "donchianMiddle": "donchianMiddle({n})",
    "donchianLower": "donchianLower({n})",
    "choppiness": "choppiness({n})",
}


@pytest.mark.parametrize("period", [2, 3, 9])
@pytest.mark.parametrize("name", CALLS)
def test_a_plain_loop_of_exact_fractions_agrees(name: str, period: int) -> None:
    bars = walk(60, 2)
    exact = {field: [Fraction(float(x)) for x in column] for field, column in bars.items()}
    wanted = loop(name, exact, period)
    found = values(CALLS[name].format(n=period), bars)
    assert np.isnan(found[: -len(wanted)]).all()
    np.testing.assert_allclose(found[-len(wanted) :], wanted, rtol=1e-11, atol=1e-12)


# ── Straight prices, defaults and bits ───────────────────────────────────────────────────────────────────


def test_prices_that_go_straight_are_not_choppy_at_all() -> None:
    """Never below 0, whatever is rounded."""
    close = 100 * 1.01 ** np.arange(200.0)
    bars = {"open": close, "high": close, "low": close, "close": close}
    found = values("choppiness(14)", bars)[14:]
    assert (found >= 0).all()
    assert found.max() < 5
    gap = np.array([1.0, 100.0, 100.5, 100.2])
    assert values("choppiness(2)", dict.fromkeys(("open", "high", "low", "close"), gap))[2] > 100


def test_defaults_are_those_that_traders_know() -> None:
    bars = walk(200, 11)
    for short, whole in (
        ("natr()", "natr(14)"),
        ("bbUpper()", "bbUpper(close, 20, 2)"),
        ("bbLower(open)", "bbLower(open, 20, 2)"),
        ("bbMiddle()", "sma(close, 20)"),
        ("bbWidth()", "(bbUpper() - bbLower()) / bbMiddle()"),
        ("bbPercent()", "bbPercent(close, 20, 2)"),
        ("keltnerUpper()", "keltnerUpper(close, 20, 2)"),
        ("keltnerLower()", "keltnerLower(close, 20, 2)"),
        ("donchianUpper()", "highest(high, 20)"),
        ("donchianLower()", "lowest(low, 20)"),
        ("choppiness()", "choppiness(14)"),
    ):
        np.testing.assert_allclose(values(short, bars), values(whole, bars), rtol=1e-11)


def test_bits_are_the_same_in_any_chunks_and_as_plain_python() -> None:
    expressions = [call.format(n=n) for call in CALLS.values() for n in (2, 9)]
    same_bits(expressions, walk(150, 13))
    same_bits(expressions, flat(60))
