"""Trends: TA-Lib agrees where it starts alike, and so does a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
import math
from typing import Any

import numpy as np
import pytest
import talib

from .on_bars import flat, on, same_bits, values, walk
from .plain import Column, ago, candles, each, over, rma, total, true_range

NAN = math.nan
Peer = Callable[[dict[str, Any], int], np.ndarray]


def first_of(column: np.ndarray) -> int:
    return int(np.argmax(~np.isnan(column)))


PEERS: dict[str, tuple[str, Peer]] = {
    "aroonUp": ("aroonUp({n})", lambda b, n: talib.AROON(b["high"], b["low"], n)[1]),
    "aroonDown": ("aroonDown({n})", lambda b, n: talib.AROON(b["high"], b["low"], n)[0]),
    "vortexPlus": ("vortexPlus({n})", lambda b, n: talib.VORTEX(b["high"], b["low"], b["close"], n)[0]),
    "vortexMinus": ("vortexMinus({n})", lambda b, n: talib.VORTEX(b["high"], b["low"], b["close"], n)[1]),
    "sar": ("sar(0.0{n}, 0.0{n}, 0.3)", lambda b, n: talib.SAR(b["high"], b["low"], float(f"0.0{n}"), 0.3)),
    "ichimoku": ("ichimokuBase({n})", lambda b, n: talib.MIDPRICE(b["high"], b["low"], n)),
}  # fmt: skip


@pytest.mark.parametrize("period", [2, 5, 14, 25])
@pytest.mark.parametrize("name", PEERS)
def test_talib_agrees(name: str, period: int) -> None:
    """Also on the first defined candle."""
    expression, peer = PEERS[name]
    for seed in (7, 8, 9):
        bars = walk(1_500, seed)
        found, wanted = values(expression.format(n=period), bars), peer(bars, period)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_talib_agrees_where_prices_are_equal() -> None:
    """Few different prices, so that extremes are met again, stops are touched, and moves are equal."""
    rng = np.random.default_rng(5)
    close = 20.0 + np.cumsum(rng.integers(-1, 2, 3_000)) % 9
    bars = {
        "open": close,
        "high": close + rng.integers(0, 3, 3_000),
        "low": close - rng.integers(0, 3, 3_000),
    }
    bars |= {"close": close, "volume": close}
    for name in ("aroonUp", "aroonDown", "sar"):
        expression, peer = PEERS[name]
        found, wanted = values(expression.format(n=5), bars), peer(bars, 5)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("period", [2, 5, 14])
def test_talib_starts_directions_with_one_value_less(period: int) -> None:
    """The first defined candle is the same, and the difference is forgotten."""
    bars = walk(1_500)
    prices = [bars[name] for name in ("high", "low", "close")]
    for name, peer in [("plusDi", talib.PLUS_DI), ("minusDi", talib.MINUS_DI), ("adx", talib.ADX)]:
        found, wanted = values(f"{name}({period})", bars), peer(*prices, period)
        first = 2 * period - 1 if name == "adx" else period
        assert first_of(found) == first_of(wanted) == first
        assert not np.allclose(found[first : first + 9], wanted[first : first + 9], rtol=1e-9)
        np.testing.assert_allclose(found[900:], wanted[900:], rtol=1e-9)


@pytest.mark.parametrize(("factor", "period"), [(1, 5), (3, 10), (2.5, 2)])
def test_talib_starts_the_supertrend_upwards(factor: float, period: int) -> None:
    """Both agree from the first turn on that they have in common."""
    for seed in (7, 8, 9):
        bars = walk(2_000, seed)
        line, trend = talib.SUPERTREND(bars["high"], bars["low"], bars["close"], period, factor)
        found = values(f"supertrend({factor}, {period})", bars)
        way = values(f"supertrendDirection({factor}, {period})", bars)
        assert first_of(found) == first_of(way) == first_of(line) == period
        assert (way[period], trend[period]) == (-1, 1)
        np.testing.assert_allclose(found[500:], line[500:], rtol=1e-9)
        np.testing.assert_array_equal(way[500:], trend[500:])
        assert set(way[500:]) == {1.0, -1.0}


def test_the_first_stop_may_be_above_or_below() -> None:
    falling = on([9, 7, 6, 5], "sar()")
    rising = on([5, 6, 7, 9], "sar()")
    assert falling[1] > 7
    assert rising[1] < 6
    assert math.isnan(falling[0])


def test_a_first_factor_above_the_largest_is_the_largest() -> None:
    bars = walk(200)
    np.testing.assert_array_equal(values("sar(0.5, 0.02, 0.1)", bars), values("sar(0.1, 0.02, 0.1)", bars))
    assert not np.array_equal(values("sar(0.1, 0.02, 0.2)", bars), values("sar(0.1, 0.05, 0.2)", bars), True)


# ── A plain loop ─────────────────────────────────────────────────────────────────────────────────────────


def moves(bars: dict[str, Column], up: bool) -> Column:
    def chosen(high: Any, low: Any, high_before: Any, low_before: Any) -> Any:
        rise, fall = high - high_before, low_before - low
        one, other = (rise, fall) if up else (fall, rise)
        return one if one > max(other, 0) else Fraction(0)

    return each(chosen, bars["high"], bars["low"], ago(bars["high"], 1), ago(bars["low"], 1))


def directional(bars: dict[str, Column], n: int, up: bool) -> Column:
    return each(lambda m, r: 100 * m / r, rma(moves(bars, up), n), rma(true_range(bars), n))


def index(bars: dict[str, Column], n: int) -> Column:
    def apart(plus: Any, minus: Any) -> Any:
        return 100 * abs(plus - minus) / (plus + minus) if plus + minus else Fraction(0)

    return rma(each(apart, directional(bars, n, True), directional(bars, n, False)), n)


def newest(x: Column, n: int, best: Callable[[Any], Any]) -> Column:
    def found(window: Any) -> Any:
        backwards = list(reversed(window))
        return Fraction(100 * (n - backwards.index(best(window))), n)

    return over(found, x, n + 1)


def vortex(bars: dict[str, Column], one: str, other: str, n: int) -> Column:
    sizes = each(lambda a, b: abs(a - b), bars[one], ago(bars[other], 1))
    return each(lambda a, b: a / b, total(sizes, n), total(true_range(bars), n))


def middle(bars: dict[str, Column], n: int) -> Column:
    return each(lambda high, low: (high + low) / 2, over(max, bars["high"], n), over(min, bars["low"], n))


def trailing(bars: dict[str, Column], factor: int, n: int) -> list[tuple[Any, int] | None]:
    """Line and direction, as TradingView's manual spells them out."""
    out: list[tuple[Any, int] | None] = []
    before: tuple[Any, Any, int, Any] | None = None
    rows = zip(bars["high"], bars["low"], bars["close"], rma(true_range(bars), n), strict=True)
    for high, low, close, distance in rows:
        if distance is None:
            out.append(None)
            continue
        upper, lower = (high + low) / 2 + factor * distance, (high + low) / 2 - factor * distance
        way = -1
        if before is not None:
            old_upper, old_lower, way, last = before
            lower = lower if lower > old_lower or last < old_lower else old_lower
            upper = upper if upper < old_upper or last > old_upper else old_upper
            if way < 0:
                way = 1 if close > upper else -1
            else:
                way = -1 if close < lower else 1
        before = upper, lower, way, close
        out.append((lower if way > 0 else upper, way))
    return out


def stops(bars: dict[str, Column], start: Any, increment: Any, most: Any) -> Column:
    """Wilder's rules, one candle after the other."""
    high, low = bars["high"], bars["low"]
    up = not low[0] - low[1] > max(high[1] - high[0], 0)
    stop, extreme, factor = (low[0], high[1], start) if up else (high[0], low[1], start)
    out: Column = [None]
    for t in range(1, len(high)):
        nearby = slice(max(t - 1, 1), t + 1)
        if (low[t] <= stop) if up else (high[t] >= stop):
            up, stop, factor = not up, extreme, start
            extreme = high[t] if up else low[t]
            stop = min([stop, *low[nearby]]) if up else max([stop, *high[nearby]])
            out.append(stop)
        else:
            out.append(stop)
            if (high[t] > extreme) if up else (low[t] < extreme):
                extreme, factor = (high[t] if up else low[t]), min(factor + increment, most)
        stop += factor * (extreme - stop)
        stop = min([stop, *low[nearby]]) if up else max([stop, *high[nearby]])
    return out


def part(found: list[tuple[Any, int] | None], at: int) -> Column:
    return [None if pair is None else pair[at] for pair in found]


TENTH, FIFTIETH = Fraction(0.1), Fraction(0.02)
PLAIN: dict[str, Callable[[dict[str, Column]], Column]] = {
    "plusDi(3)": lambda b: directional(b, 3, True),
    "minusDi(3)": lambda b: directional(b, 3, False),
    "adx(3)": lambda b: index(b, 3),
    "aroonUp(4)": lambda b: newest(b["high"], 4, max),
    "aroonDown(4)": lambda b: newest(b["low"], 4, min),
    "vortexPlus(3)": lambda b: vortex(b, "high", "low", 3),
    "vortexMinus(3)": lambda b: vortex(b, "low", "high", 3),
    "supertrend(1, 3)": lambda b: part(trailing(b, 1, 3), 0),
    "supertrendDirection(1, 3)": lambda b: part(trailing(b, 1, 3), 1),
    "sar()": lambda b: stops(b, FIFTIETH, FIFTIETH, Fraction(0.2)),
    "sar(0.1, 0.02, 0.1)": lambda b: stops(b, TENTH, FIFTIETH, TENTH),
    "ichimokuConversion(3)": lambda b: middle(b, 3),
    "ichimokuBase(5)": lambda b: middle(b, 5),
    "ichimokuSpanA(3, 5, 4)": lambda b: ago(each(lambda x, y: (x + y) / 2, middle(b, 3), middle(b, 5)), 4),
    "ichimokuSpanB(5, 4)": lambda b: ago(middle(b, 5), 4),
}


@pytest.mark.parametrize("expression", PLAIN)
def test_a_plain_loop_agrees(expression: str) -> None:
    for seed in range(8):
        exact = candles(40, seed)
        found = values(expression, {name: np.array(column, float) for name, column in exact.items()})
        wanted = [NAN if x is None else float(x) for x in PLAIN[expression](exact)]
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-11)
        assert np.isfinite(found[-1])


# ── Flat markets in TA-Lib, the cloud, long windows and defaults ─────────────────────────────────────────


def test_a_flat_market_in_talib() -> None:
    bars = flat(60, volume=3.0)
    prices = [bars[name] for name in ("high", "low", "close")]
    for expression, ours, peer in [
        ("plusDi(5)", 0, talib.PLUS_DI(*prices, 5)),
        ("adx(5)", 0, talib.ADX(*prices, 5)),
        ("aroonUp(5)", 100, talib.AROON(*prices[:2], 5)[1]),
        ("sar()", 12.3, talib.SAR(*prices[:2], 0.02, 0.2)),
    ]:
        np.testing.assert_array_equal(values(expression, bars)[-9:], [ours] * 9, err_msg=expression)
        np.testing.assert_array_equal(peer[-9:], [ours] * 9, err_msg=expression)
    assert np.isnan(values("vortexPlus(5)", bars)).all()


def test_the_cloud_over_a_candle_was_known_before_it() -> None:
    bars = walk(200)
    later = {name: column.copy() for name, column in bars.items()}
    for name in ("open", "high", "low", "close"):
        later[name][150:] *= 2
    for expression in ("ichimokuSpanA()", "ichimokuSpanB()"):
        before, after = values(expression, bars), values(expression, later)
        np.testing.assert_array_equal(before[:176], after[:176])
        assert (before[176:] != after[176:]).any()


def test_the_longest_windows_are_taken() -> None:
    bars = walk(10_020)
    for expression, first in [
        ("aroonUp(10000)", 10_000),
        ("ichimokuSpanB(1, 10000)", 10_000),
        ("ichimokuSpanA(1, 1, 10000)", 10_000),
        ("roc(close, 10000)", 10_000),
        ("momentum(close, 10000)", 10_000),
    ]:
        assert first_of(values(expression, bars)) == first


def test_bits_are_the_same_in_chunks_and_as_plain_python() -> None:
    bars = walk(150)
    for name in ("open", "high", "low", "close"):
        bars[name][60:75] = bars["close"][60]
    same_bits([*PLAIN, "adx()", "aroonUp()", "supertrend()", "ichimokuSpanA()"], bars)


def test_what_is_left_out_is_what_traders_expect() -> None:
    bars = walk(200)
    for short, long in [
        ("adx()", "adx(14)"),
        ("plusDi()", "plusDi(14)"),
        ("minusDi()", "minusDi(14)"),
        ("aroonUp()", "aroonUp(14)"),
        ("aroonDown()", "aroonDown(14)"),
        ("supertrend()", "supertrend(3, 10)"),
        ("supertrendDirection()", "supertrendDirection(3, 10)"),
        ("sar()", "sar(0.02, 0.02, 0.2)"),
        ("vortexPlus()", "vortexPlus(14)"),
        ("vortexMinus()", "vortexMinus(14)"),
        ("ichimokuConversion()", "ichimokuConversion(9)"),
        ("ichimokuBase()", "ichimokuBase(26)"),
        ("ichimokuSpanA()", "ichimokuSpanA(9, 26, 26)"),
        ("ichimokuSpanB()", "ichimokuSpanB(52, 26)"),
    ]:
        np.testing.assert_array_equal(values(short, bars), values(long, bars), err_msg=short)
