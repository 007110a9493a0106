"""The oracle against arithmetic done by hand, against TA-Lib, and against enumeration."""

from __future__ import annotations

import itertools
import math
import operator
import random
from typing import Any

import numpy as np
import pytest
import talib

from .oracle import AND, COMPARE, NOT, OR, OracleError, column, doubt, evaluate, parse

NAN = math.nan
MARKET = ("open", "high", "low", "close", "volume")


def of(text: str, *close: float, **bars: list[float]) -> list[Any]:
    return column(text, {"close": list(close), **bars} if close else bars)


def document(
    conditions: dict[str, str], score: dict[str, float], entry: str, inputs: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": inputs or {},
        "conditions": conditions,
        "score": score,
        "decision": {"entry": entry},
    }


# ── Functions, by hand ───────────────────────────────────────────────────────────────────────────────────


def test_sma_is_the_mean_of_the_window() -> None:
    assert of("sma(close, 2)", 1, 2, 4, 8) == [None, 1.5, 3, 6]
    assert of("sma(close, 1)", 1, 2) == [1, 2]


def test_a_window_is_undefined_while_an_undefined_value_is_inside_and_recovers() -> None:
    assert of("sma(close, 2)", 2, NAN, 4, 9, NAN, 8) == [None, None, None, 6.5, None, None]
    assert of("highest(close, 2)", 2, NAN, 4, 9) == [None, None, None, 9]


def test_sma_of_equal_values_is_that_value() -> None:
    for value, n in itertools.product((0.1, 0.7, 1.1, 1e-8, 1 / 3), (3, 6, 7, 11, 49)):
        assert of(f"sma(close, {n})", *[value] * n)[-1] == value
        assert of(f"ema(close, {n})", *[value] * (n + 5))[-1] == value


def test_ema_starts_from_the_mean_of_the_first_n() -> None:
    # alpha 1/2; (2 + 4 + 9) / 3 = 5; 5 + (8 - 5) / 2; 6.5 + (3 - 6.5) / 2
    assert of("ema(close, 3)", 2, 4, 9, 8, 3) == [None, None, 5, 6.5, 4.75]


def test_ema_passes_over_undefined_values_and_keeps_its_memory() -> None:
    assert of("ema(close, 3)", 2, NAN, 4, 9, NAN, 8) == [None, None, None, 5, None, 6.5]


def test_ema_passes_over_an_overflow_too() -> None:
    assert of("ema(close, 1)", 1e308, -1e308, 1e308) == [1e308, None, 1e308]
    assert of("sma(close, 2)", 1e308, 1e308, -1e308) == [None, None, 0]


def test_rsi_is_wilders_ratio() -> None:
    # gains 2 0 0 3, losses 0 1 0 0; means 1 and 1/2; then 1/2 and 1/4; then 7/4 and 1/8
    found = of("rsi(close, 2)", 10, 12, 11, 11, 14)
    assert found[:2] == [None, None]
    assert found[2:] == pytest.approx([200 / 3, 200 / 3, 280 / 3], rel=1e-15)


def test_rsi_without_losses_without_gains_and_without_either() -> None:
    assert of("rsi(close, 2)", 1, 2, 2, 3) == [None, None, 100, 100]
    assert of("rsi(close, 2)", 3, 2, 2, 1) == [None, None, 0, 0]
    assert of("rsi(close, 2)", 5, 5, 5, 6, 6) == [None, None, 50, 100, 100]


def test_rsi_keeps_its_last_ratio_on_a_flat_stretch_however_long() -> None:
    found = of("rsi(close, 2)", 10, 13, 12, *[12] * 3000)
    assert found[2:] == pytest.approx([75] * 3001, rel=1e-12)


def test_rsi_takes_no_change_from_before_an_undefined_value() -> None:
    # changes: none, 2, none, none, 2, -1
    found = of("rsi(close, 2)", 10, 12, NAN, 11, 13, 12)
    assert found[:5] == [None, None, None, None, 100]
    assert found[5] == pytest.approx(200 / 3, rel=1e-15)


def test_atr_leaves_the_first_candle_out() -> None:
    # true ranges: none; max(3, 3, 0); max(2, 2, 0); max(1, |8 - 12|, |7 - 12|)
    bars = {"high": [10, 12, 13, 8], "low": [8, 9, 11, 7], "close": [9, 11, 12, 7.5]}
    assert column("atr(2)", bars) == [None, None, 2.5, 3.75]


def test_highest_lowest_and_change() -> None:
    assert of("highest(close, 2)", 3, 1, 2, 5) == [None, 3, 2, 5]
    assert of("lowest(close, 2)", 3, 1, 2, 5) == [None, 1, 1, 2]
    assert of("change(close)", 3, 1, NAN, 5, 7) == [None, -2, None, None, 2]


def test_volume_functions() -> None:
    volume = [10.0] * 20 + [40.0]
    assert of("volumeSma(20)", volume=volume) == [None] * 19 + [10, 11.5]
    assert of("volumeSpike(2)", volume=volume) == [None] * 19 + [0.5, 40 / 23]
    assert of("volumeSpike(1)", volume=[0.0] * 21) == [None] * 21


def test_parts_of_a_candle() -> None:
    bars = {"open": [4.0, 6.0], "high": [9.0, 8.0], "low": [1.0, 4.5], "close": [6.0, 5.0]}
    assert column("body()", bars) == [2, 1]
    assert column("range()", bars) == [8, 3.5]
    assert column("upperWick()", bars) == [3, 2]
    assert column("lowerWick()", bars) == [3, 0.5]


def test_abs_min_max_need_all_their_operands() -> None:
    assert of("abs(close)", -3, NAN, 2) == [3, None, 2]
    assert of("min(close, 1)", 3, NAN, -2) == [1, None, -2]
    assert of("max(1, close)", 3, NAN, -2) == [3, None, 1]


def test_crosses_are_their_formulas_in_three_valued_logic() -> None:
    close = (1, 3, NAN, 3, 1, 2, 3)
    assert of("crossUp(close, 2)", *close) == [False, True, False, None, False, False, True]
    assert of("crossDown(close, 2)", *close) == [None, False, None, False, True, False, False]
    assert of("crossUp(close, 2)", 3) == [None]
    assert of("crossDown(close, 2)", 2, 1, 1) == [False, True, False]


# ── Expressions, by hand ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2 * 3 + 8 / 4 - 1", -5),
        ("2 - 3 - 4", -5),
        ("8 / 4 / 2", 1),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("- - 2", 2),
        ("2*-3", -6),
        (".5 + 1e-3", 0.501),
        ("12E+1", 120),
        ("-close[1]", -5),
        ("(close + 1)[1]", 6),
        ("close[1][1]", 4),
        ("close[3 - 1]", 4),
        ("1 / 0", None),
        ("1 / (close - close)", None),
        ("1e308 * 10", None),
        ("0 * (1 / 0)", None),
        ("NOT close > 7 AND close > 7", False),
        ("NOT (close > 7 AND close > 9)", True),
        ("NOT NOT close == 6", True),
        ("1 > 2 AND 1 > 2 OR 2 > 1", True),
        ("2 > 1 OR 1 > 2 AND 1 > 2", True),
        ("close + 1 > 6 AND close * 2 <= 12", True),
        ("close AND 0", False),
        ("close AND -1", True),
        ("NOT change(close - close)", True),
        ("close[9] OR close", True),
        ("close[9] AND close", None),
        ("(close > 5)[1]", False),
        ("(close > 5)[9]", None),
        ("timeframe == 1H", True),
        ("timeframe != 1H OR 15M == timeframe", False),
    ],
)
def test_expression(text: str, value: object) -> None:
    assert of(text, 4, 5, 6)[-1] == value


@pytest.mark.parametrize(
    "text",
    [
        "1 < close < 2",
        "close > NOT close",
        "-NOT close",
        "+1",
        "close close",
        "(close",
        "close]",
        "ema(close,)",
        "",
        "close and close",
        "ema(close close)",
        "sma(close, 1.5)",
        "sma(close, close)",
        "close[-1]",
        "5.",
        "timeframe > 1H",
        "timeframe == close",
        "clos",
        "emma(close, 2)",
        "volumeSpike(0)",
        "AND",
        "1H",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(OracleError):
        column(text, {name: [1.0, 2.0] for name in MARKET})


def test_long_chains_do_not_recurse() -> None:
    assert of("+".join(["close"] * 2000), 1) == [2000]
    assert of("close" + "[0]" * 1300, 1) == [1]
    assert len(parse(" AND ".join(["close"] * 800))[2]) == 799


# ── Strategies, by hand ──────────────────────────────────────────────────────────────────────────────────


def test_a_whole_strategy() -> None:
    strategy = document(
        inputs={"fast": "2", "slow": "fast * 2 - 1", "mean": "sma(close, slow)", "lead": "close - mean"},
        conditions={"above": "close > mean", "jump": "change(close) > fast", "both": "above AND jump"},
        score={"above": 10.0, "jump": 5, "both": -20},
        entry="score >= 10 AND NOT both",
    )
    found = evaluate(strategy, {"close": [3.0, 6.0, 6.0, 3.0, 9.0, 9.0]})
    assert found.inputs == {
        "fast": [2] * 6,
        "slow": [3] * 6,
        "mean": [None, None, 5, 5, 6, 7],
        "lead": [None, None, 1, -2, 3, 2],
    }
    assert found.conditions == {
        "above": [None, None, True, False, True, True],
        "jump": [None, True, False, False, True, False],
        "both": [None, None, False, False, True, False],
    }
    assert found.score == [0, 5, 10, 0, -5, 10]
    assert found.score_low == [-20, -15, 10, 0, -5, 10]
    assert found.score_high == [15, 15, 10, 0, -5, 10]
    assert found.decision == [None, None, True, False, False, True]
    assert found.entry == [False, False, True, False, False, True]


# `a` weighs 10 and `b` -3. Candles: neither; `a`; `b`; `b` unknown; `b`, `a` unknown; `a`, `b` unknown.
@pytest.mark.parametrize(
    ("entry", "decision"),
    [
        ("score > 5", [False, True, False, False, None, True]),
        ("5 < score", [False, True, False, False, None, True]),
        ("score < 8", [True, False, True, True, True, None]),
        ("score <= 7", [True, False, True, True, True, None]),
        ("score >= -3", [True, True, True, True, True, True]),
        ("score == 10", [False, True, False, False, False, None]),
        ("score == -3", [False, False, True, None, None, False]),
        ("score != -1", [True, True, True, None, None, True]),
        ("score * 2 > 10", [False, True, False, None, None, None]),
        ("score - 1 < score", [True, True, True, None, None, None]),
        ("score == score", [True, True, True, None, None, None]),
        ("-score > -5", [True, False, True, None, None, None]),
        ("max(score, 1) == 1", [True, False, True, None, None, None]),
        ("score AND score < 8", [False, False, True, None, None, None]),
        ("NOT score", [True, False, False, None, None, False]),
        ("crossUp(score, 5)", [False, True, False, False, None, None]),
        ("crossUp(score, score[1])", [None, None, False, None, None, None]),
        ("score[1] > 5", [None, False, True, False, None, None]),
        ("score > 1 / 0", [None] * 6),
    ],
)
def test_a_decision_over_the_score_interval(entry: str, decision: list[bool | None]) -> None:
    strategy = document({"a": "open > 0", "b": "close > 0"}, {"a": 10, "b": -3}, entry)
    found = evaluate(strategy, {"open": [-1, 1, -1, -1, NAN, 1], "close": [-1, -1, 1, NAN, 1, NAN]})
    assert found.score_low == [0, 10, -3, -3, -3, 7]
    assert found.score_high == [0, 10, -3, 0, 7, 10]
    assert found.decision == decision


def test_no_candles_no_answers() -> None:
    found = evaluate(document({"a": "close > 0"}, {"a": 1}, "score > 0"), {"close": []})
    assert (found.conditions, found.decision, found.score) == ({"a": []}, [], [])


# ── TA-Lib ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("n", [2, 5, 14, 30])
@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("sma(close, {n})", lambda high, low, close, n: talib.SMA(close, n)),
        ("ema(close, {n})", lambda high, low, close, n: talib.EMA(close, n)),
        ("rsi(close, {n})", lambda high, low, close, n: talib.RSI(close, n)),
        ("atr({n})", lambda high, low, close, n: talib.ATR(high, low, close, n)),
        ("highest(close, {n})", lambda high, low, close, n: talib.MAX(close, n)),
        ("lowest(close, {n})", lambda high, low, close, n: talib.MIN(close, n)),
    ],
)
def test_agreement_with_talib(text: str, reference: Any, n: int) -> None:
    rng = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 400)))
    high, low = close * (1 + rng.uniform(0, 0.01, 400)), close * (1 - rng.uniform(0, 0.01, 400))
    bars = {"high": list(high), "low": list(low), "close": list(close)}
    found = np.array(column(text.format(n=n), bars), dtype=float)
    expected = reference(high, low, close, n)
    first = int(np.flatnonzero(np.isfinite(expected))[0])
    assert first == {"rsi": n, "atr": n}.get(text[:3], n - 1)
    assert not np.isfinite(found[:first]).any()
    np.testing.assert_allclose(found[first:], expected[first:], rtol=1e-10, atol=0)


# ── Rounding ─────────────────────────────────────────────────────────────────────────────────────────────


def test_floats_are_close_to_fractions() -> None:
    rng = random.Random(5)
    close = list(itertools.accumulate((rng.gauss(0, 1) for _ in range(60)), initial=100.0))
    bars = {"close": close, "high": [x + 1 for x in close], "low": [x - 2 for x in close]}
    for text in ("sma(close, 7)", "ema(close, 7)", "rsi(close, 7)", "atr(7)", "close / 3 - high * 0.1"):
        floats, fractions = column(text, bars), column(text, bars, exact=True)
        assert [x is None for x in floats] == [x is None for x in fractions]
        assert max(abs(x / y - 1) for x, y in zip(floats, fractions, strict=True) if y is not None) < 1e-13


def test_fractions_do_not_overflow_and_do_not_round() -> None:
    bars = {"close": [1e200, 1e300]}
    assert column("close * close * 0 == 0", bars) == [None, None]
    assert column("close * close * 0 == 0", bars, exact=True) == [True, True]
    assert column("close + 1 > close", bars) == [False, False]
    assert column("close + 1 > close", bars, exact=True) == [True, True]


def test_doubt_is_where_rounding_decides_and_nowhere_else() -> None:
    strategy = document(
        inputs={"tilt": "change(rsi(close, 3))", "gap": "high - low", "mean": "sma(close, 4)"},
        conditions={
            "toss": "tilt > 0",
            "clear": "close > ema(close, 3)",
            "tie": "mean == close",
            "holes": "1 / tilt > 0",
        },
        score={"clear": 1},
        entry="score > 0 AND toss",
    )
    walk = [10.3, 10.9, 10.1, 10.6, 11.3, 10.8, 11.9]
    close = walk + [12.0] * 6
    bars = {"close": close, "high": [x + 1 for x in close], "low": [x - 2 for x in close]}
    found = doubt(strategy, bars)
    flat = range(len(walk) + 1, len(close))
    assert all(found.conditions["toss"][t] for t in flat)
    assert all(0 < found.inputs["tilt"][t] < 1e-9 for t in flat)
    assert not any(found.conditions["clear"])
    assert not any(found.score)
    assert [t for t, unsure in enumerate(found.conditions["tie"]) if unsure] == []
    assert any(found.decision[t] for t in flat)
    assert found.inputs["mean"][-1] == 0.0
    assert 0 < found.inputs["mean"][4] < 1e-9


# ── Enumeration ──────────────────────────────────────────────────────────────────────────────────────────

POSSIBLE = {True: (True,), False: (False,), None: (True, False)}


def certain(answers: set[bool]) -> bool | None:
    return answers.pop() if len(answers) == 1 else None


def test_truth_tables_are_the_tightest_sound_ones() -> None:
    assert {a: certain({not x for x in POSSIBLE[a]}) for a in POSSIBLE} == NOT
    for table, op in ((AND, operator.and_), (OR, operator.or_)):
        pairs = itertools.product(POSSIBLE, repeat=2)
        assert table == {
            (a, b): certain({op(x, y) for x in POSSIBLE[a] for y in POSSIBLE[b]}) for a, b in pairs
        }


# Every candle is one way in which the five series can be positive, negative or unknown.
STATES = list(itertools.product((1.0, -1.0, NAN), repeat=5))
BARS = {name: [state[i] for state in STATES] for i, name in enumerate(MARKET)}
SIGNS = {f"{name}_up": f"{name} > 0" for name in MARKET}


def completions(t: int) -> list[int]:
    """The candles that agree with candle t in all it knows and know the rest."""
    options = [(x,) if math.isfinite(x) else (1.0, -1.0) for x in STATES[t]]
    return [STATES.index(state) for state in itertools.product(*options)]


COMPLETIONS = [completions(t) for t in range(len(STATES))]


@pytest.mark.parametrize(
    "weights", [(1, 2, 4, 8, 16), (10, -5, 0, -20, 7), (-1, -1, -1, -1, -1), (3, 3, 3, -9, 0)]
)
def test_score_interval_is_the_tightest_sound_one(weights: tuple[int, ...]) -> None:
    score = dict(zip(SIGNS, weights, strict=True))
    found = evaluate(document(SIGNS, score, "score > 0"), BARS)
    for t, complete in enumerate(COMPLETIONS):
        reachable = {found.score[other] for other in complete}
        assert (found.score_low[t], found.score_high[t]) == (min(reachable), max(reachable))


@pytest.mark.parametrize("op", COMPARE)
@pytest.mark.parametrize("threshold", [-25, -6, 0, 0.5, 5, 17])
def test_score_comparison_is_the_tightest_sound_one(op: str, threshold: float) -> None:
    score = dict(zip(SIGNS, (10, -5, 0, -20, 7), strict=True))
    found = evaluate(document(SIGNS, score, f"score {op} {threshold}"), BARS)
    for t, complete in enumerate(COMPLETIONS):
        best = certain({bool(found.decision[other]) for other in complete})
        if op in ("==", "!=") and found.score_low[t] < threshold < found.score_high[t]:
            best = None  # an interval has no holes: whether the sum is ever reached is not asked
        assert found.decision[t] is best


@pytest.mark.parametrize(
    "entry",
    [
        "score < 3",
        "NOT (score >= 3)",
        "score == 5 OR close_up",
        "score != 5 AND NOT open_up",
        "score * score > 4",
        "abs(score) <= 12 AND close_up OR NOT volume_up",
        "NOT score",
        "high_up AND score",
        "low > 0 OR NOT low > 0",
        "max(score, close) > 2",
    ],
)
def test_an_entry_never_fires_if_something_undefined_could_stop_it(entry: str) -> None:
    score = dict(zip(SIGNS, (10, -5, 0, -20, 7), strict=True))
    found = evaluate(document(SIGNS, score, entry), BARS)
    assert any(found.entry)
    for t, complete in enumerate(COMPLETIONS):
        answers = {found.decision[other] for other in complete}
        assert found.decision[t] is None or answers == {found.decision[t]}
