"""Oscillators: TA-Lib agrees, and so does a plain loop on fractions."""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any

import numpy as np
import pytest
import talib

from .on_bars import flat, same_bits, values, walk
from .plain import Column, ago, candles, each, ema, mean, over, rma, total, true_range

NAN = math.nan
Peer = Callable[[dict[str, Any], int], np.ndarray]

PEERS: dict[str, tuple[str, Peer]] = {
    "stochK": ("stochK({n})", lambda b, n: talib.STOCHF(b["high"], b["low"], b["close"], n, 1)[0]),
    "stochD": ("stochD({n})", lambda b, n: talib.STOCHF(b["high"], b["low"], b["close"], n, 3)[1]),
    "slow %D": (
        "stochD({n}, 4, 5)",
        lambda b, n: talib.STOCH(b["high"], b["low"], b["close"], n, 4, 0, 5, 0)[1],
    ),
    "stochRsi": ("stochRsi(close, 14, {n}, 1)", lambda b, n: talib.STOCHRSI(b["close"], 14, n, 1, 0)[0]),
    "cci": ("cci({n})", lambda b, n: talib.CCI(b["high"], b["low"], b["close"], n)),
    "mfi": ("mfi({n})", lambda b, n: talib.MFI(b["high"], b["low"], b["close"], b["volume"], n)),
    "williamsR": ("williamsR({n})", lambda b, n: talib.WILLR(b["high"], b["low"], b["close"], n)),
    "roc": ("roc(close, {n})", lambda b, n: talib.ROC(b["close"], n)),
    "momentum": ("momentum(close, {n})", lambda b, n: talib.MOM(b["close"], n)),
    "macd": ("macd(close, {n}, 26)", lambda b, n: talib.EMA(b["close"], n) - talib.EMA(b["close"], 26)),
    "ppo": ("ppo(close, {n}, 26)", lambda b, n: talib.PPO(b["close"], n, 26, 1)),
    "trix": ("trix(close, {n})", lambda b, n: talib.TRIX(b["close"], n)),
    "tsi": ("tsi(close, 13, {n})", lambda b, n: talib.TSI(b["close"], n, 13)),
    "cmo": ("cmo(close, {n})", lambda b, n: talib.CMOU(b["close"], n)),
    "smoothed cmo": ("2 * rsi(close, {n}) - 100", lambda b, n: talib.CMO(b["close"], n)),
    "ultimate": (
        "ultimate({n}, 21, 28)",
        lambda b, n: talib.ULTOSC(b["high"], b["low"], b["close"], n, 21, 28),
    ),
    "awesome": ("awesome({n}, 34)", lambda b, n: talib.AO(b["high"], b["low"], n, 34)),
}  # fmt: skip


@pytest.mark.parametrize("period", [2, 5, 14, 20])
@pytest.mark.parametrize("name", PEERS)
def test_talib_agrees(name: str, period: int) -> None:
    """Also on the first defined candle."""
    expression, peer = PEERS[name]
    for seed in (7, 8):
        bars = walk(1_500, seed)
        found, wanted = values(expression.format(n=period), bars), peer(bars, period)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)


def test_talib_starts_the_fast_average_of_the_macd_later() -> None:
    """Both agree when that is forgotten; the line is there before its signal, in TA-Lib it is not."""
    bars = walk(2_000)
    peers = talib.MACD(bars["close"], 12, 26, 9)
    for call, first, peer in zip(("macd()", "macdSignal()", "macdHist()"), (25, 33, 33), peers, strict=True):
        found = values(call, bars)
        assert (int(np.isnan(found).sum()), int(np.isnan(peer).sum())) == (first, 33)
        assert abs(found[33] - peer[33]) > 0.01
        np.testing.assert_allclose(found[700:], peer[700:], rtol=1e-9, atol=1e-11)


def test_the_lines_of_the_macd_are_averages_of_averages() -> None:
    bars = walk(300)
    line, signal = values("macd(close, 5, 9)", bars), values("macdSignal(close, 5, 9, 4)", bars)
    np.testing.assert_allclose(signal[8:], talib.EMA(line[8:], 4), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(values("macdHist(close, 5, 9, 4)", bars), line - signal)


# ── A plain loop ─────────────────────────────────────────────────────────────────────────────────────────


def minus(a: Column, b: Column) -> Column:
    return each(lambda x, y: x - y, a, b)


def place(x: Column, low: Column, high: Column, n: int) -> Column:
    def found(value: Any, least: Any, most: Any) -> Any:
        return 100 * (value - least) / (most - least) if most != least else 50

    return each(found, x, over(min, low, n), over(max, high, n))


def rsi(x: Column, n: int) -> Column:
    moves = minus(x, ago(x, 1))
    gains, losses = rma(each(lambda m: max(m, 0), moves), n), rma(each(lambda m: max(-m, 0), moves), n)
    return each(lambda gain, loss: 100 * gain / (gain + loss) if gain + loss else 50, gains, losses)


def commodity(bars: dict[str, Column], n: int) -> Column:
    def found(window: Any) -> Any:
        middle = sum(window) / n
        deviation = sum(abs(x - middle) for x in window) / n
        return (window[-1] - middle) / deviation * 1000 / 15 if deviation else 0

    return over(found, typical(bars), n)


def typical(bars: dict[str, Column]) -> Column:
    return each(lambda high, low, close: (high + low + close) / 3, bars["high"], bars["low"], bars["close"])


def money(bars: dict[str, Column], n: int) -> Column:
    price = typical(bars)

    def flow(sign: int) -> Column:
        moved = each(
            lambda now, before, v: now * v * ((now - before) * sign > 0), price, ago(price, 1), bars["volume"]
        )
        return total(moved, n)

    return each(lambda u, d: 100 * u / (u + d) if u + d else 50, flow(1), flow(-1))


def last_of_three(bars: dict[str, Column], *periods: int) -> Column:
    before, ranges = ago(bars["close"], 1), true_range(bars)
    pressure = each(lambda now, low, then: now - min(low, then), bars["close"], bars["low"], before)
    parts = [each(lambda p, r: p / r, total(pressure, n), total(ranges, n)) for n in periods]
    return each(lambda a, b, c: 100 * (4 * a + 2 * b + c) / 7, *parts)


def thrice(x: Column, n: int) -> Column:
    return ema(ema(ema(x, n), n), n)


def strength(x: Column, fast: int, slow: int) -> Column:
    moves = minus(x, ago(x, 1))
    sizes = each(abs, moves)
    return each(lambda m, s: 100 * m / s, ema(ema(moves, slow), fast), ema(ema(sizes, slow), fast))


def chande(x: Column, n: int) -> Column:
    moves = minus(x, ago(x, 1))
    return each(lambda m, s: 100 * m / s if s else 0, total(moves, n), total(each(abs, moves), n))


def half(bars: dict[str, Column]) -> Column:
    return each(lambda high, low: (high + low) / 2, bars["high"], bars["low"])


PLAIN: dict[str, Callable[[dict[str, Column]], Column]] = {
    "macd(close, 3, 5)": lambda b: minus(ema(b["close"], 3), ema(b["close"], 5)),
    "macdSignal(close, 3, 5, 4)": lambda b: ema(minus(ema(b["close"], 3), ema(b["close"], 5)), 4),
    "stochK(4)": lambda b: place(b["close"], b["low"], b["high"], 4),
    "stochK(4, 3)": lambda b: mean(place(b["close"], b["low"], b["high"], 4), 3),
    "stochD(4, 3, 2)": lambda b: mean(mean(place(b["close"], b["low"], b["high"], 4), 3), 2),
    "williamsR(4)": lambda b: each(lambda x: x - 100, place(b["close"], b["low"], b["high"], 4)),
    "stochRsi(close, 3, 4, 2)": lambda b: mean(place(*[rsi(b["close"], 3)] * 3, 4), 2),
    "cci(5)": lambda b: commodity(b, 5),
    "mfi(3)": lambda b: money(b, 3),
    "roc(close, 3)": lambda b: each(lambda x, y: 100 * (x - y) / y, b["close"], ago(b["close"], 3)),
    "momentum(close, 3)": lambda b: minus(b["close"], ago(b["close"], 3)),
    "ppo(close, 3, 5)": lambda b: each(
        lambda x, y: 100 * (x - y) / y, ema(b["close"], 3), ema(b["close"], 5)
    ),
    "trix(close, 3)": lambda b: each(
        lambda x, y: 100 * (x - y) / y, thrice(b["close"], 3), ago(thrice(b["close"], 3), 1)
    ),
    "tsi(close, 3, 4)": lambda b: strength(b["close"], 3, 4),
    "cmo(close, 3)": lambda b: chande(b["close"], 3),
    "ultimate(2, 3, 5)": lambda b: last_of_three(b, 2, 3, 5),
    "awesome(2, 5)": lambda b: minus(mean(half(b), 2), mean(half(b), 5)),
}


@pytest.mark.parametrize("expression", PLAIN)
def test_a_plain_loop_agrees(expression: str) -> None:
    for seed in range(5):
        exact = candles(30, seed)
        found = values(expression, {name: np.array(column, float) for name, column in exact.items()})
        wanted = [NAN if x is None else float(x) for x in PLAIN[expression](exact)]
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-11)
        assert np.isfinite(found[-1])


# ── Flat markets in TA-Lib, bits and defaults ────────────────────────────────────────────────────────────


def test_flat_markets_are_in_the_middle_and_not_at_the_bottom_as_in_talib() -> None:
    bars = flat(60, volume=3.0)
    high, low, close, volume = (bars[name] for name in ("high", "low", "close", "volume"))
    for expression, ours, peer, theirs in [
        ("stochK(5)", 50, talib.STOCHF(high, low, close, 5, 1)[0], 0),
        ("stochRsi(close, 5, 5, 1)", 50, talib.STOCHRSI(close, 5, 5, 1, 0)[0], 0),
        ("mfi(5)", 50, talib.MFI(high, low, close, volume, 5), 0),
        ("williamsR(5)", -50, talib.WILLR(high, low, close, 5), 0),
        ("cci(5)", 0, talib.CCI(high, low, close, 5), 0),
        ("cmo(close, 5)", 0, talib.CMOU(close, 5), 0),
        ("tsi(close, 5, 5)", 0, talib.TSI(close, 5, 5), 0),
        ("ultimate(2, 3, 4)", NAN, talib.ULTOSC(high, low, close, 2, 3, 4), 0),
    ]:
        np.testing.assert_array_equal(values(expression, bars)[-9:], [ours] * 9, err_msg=expression)
        np.testing.assert_array_equal(peer[-9:], [theirs] * 9, err_msg=expression)


def test_bits_are_the_same_in_chunks_and_as_plain_python() -> None:
    bars = walk(150)
    for name in ("open", "high", "low", "close"):
        bars[name][60:75] = bars["close"][60]
    same_bits([*PLAIN, "macdHist()", "stochRsi()", "tsi()"], bars)


def test_what_is_left_out_is_what_traders_expect() -> None:
    bars = walk(200)
    for short, long in [
        ("macd()", "macd(close, 12, 26)"),
        ("macdSignal()", "macdSignal(close, 12, 26, 9)"),
        ("macdHist(open)", "macdHist(open, 12, 26, 9)"),
        ("stochK()", "stochK(14, 1)"),
        ("stochD()", "stochD(14, 1, 3)"),
        ("stochRsi()", "stochRsi(close, 14, 14, 3)"),
        ("cci()", "cci(20)"),
        ("mfi()", "mfi(14)"),
        ("williamsR()", "williamsR(14)"),
        ("roc()", "roc(close, 10)"),
        ("momentum(high)", "momentum(high, 10)"),
        ("ppo()", "ppo(close, 12, 26)"),
        ("trix()", "trix(close, 18)"),
        ("tsi()", "tsi(close, 13, 25)"),
        ("cmo()", "cmo(close, 9)"),
        ("ultimate()", "ultimate(7, 14, 28)"),
        ("awesome()", "awesome(5, 34)"),
    ]:
        np.testing.assert_array_equal(values(short, bars), values(long, bars), err_msg=short)
