"""Explanations of single candles, against the oracle and against trying every flip."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
import itertools
import json
import math
from pathlib import Path
import pickle
import random
import subprocess
import sys
from typing import Any

import dslc
from dslc.why.explain import Part
import numpy as np
import pandas as pd
import pytest

from . import oracle, programs
from .timing import quickly

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "ema-crossover.json"
BARS = ROOT / "examples" / "bars" / "AAPL.csv"
CANDLES = 70
SEEDS = range(60)


def document(
    conditions: dict[str, str],
    score: dict[str, int],
    entry: str,
    inputs: dict[str, str] | None = None,
    timeframe: str = "1D",
) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": timeframe},
        "inputs": inputs or {},
        "conditions": conditions,
        "score": score,
        "decision": {"entry": entry},
    }


def prices(*close: float) -> dict[str, list[float]]:
    return {name: list(close) for name in ("open", "high", "low", "close")}


def explained(source: dict[str, Any], *close: float, row: int = -1) -> dslc.Explanation:
    return dslc.compile(source).evaluate(prices(*close)).explain(row)


def draw(seed: int) -> tuple[dict[str, Any], dict[str, list[float]], list[int]]:
    """A strategy, bars, and some rows, among them one in the warm-up."""
    rng = random.Random(seed)
    drawn = programs.strategy(rng, size=rng.choice([2, 4]), alive=rng.random() < 0.8)
    bars = programs.bars(rng, CANDLES, kind=rng.choice(programs.KINDS))
    return drawn, bars, sorted({0, rng.randrange(1, 20), rng.randrange(20, CANDLES), CANDLES - 1})


# ── Against the oracle ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", SEEDS)
def test_truths_score_interval_and_entry_are_the_oracles(seed: int) -> None:
    drawn, bars, rows = draw(seed)
    expected = oracle.evaluate(drawn, bars)
    doubt = oracle.doubt(drawn, bars)
    result = dslc.compile(drawn).evaluate(bars)
    for row in rows:
        found = result.explain(row)
        for condition in found.conditions:
            wanted = expected.conditions[condition.name][row]
            assert condition.truth is wanted or doubt.conditions[condition.name][row], condition.name
            assert condition.contribution == (condition.weight if condition.truth else 0)
            assert condition.weight == drawn["score"].get(condition.name, 0)
        assert found.score == sum(condition.contribution for condition in found.conditions)
        undecided = [condition.weight for condition in found.conditions if condition.truth is None]
        assert found.score_low == found.score + sum(weight for weight in undecided if weight < 0)
        assert found.score_high == found.score + sum(weight for weight in undecided if weight > 0)
        scores = (found.score, found.score_low, found.score_high)
        wanted_scores = (expected.score[row], expected.score_low[row], expected.score_high[row])
        assert scores == wanted_scores or doubt.score[row]
        assert found.decision.truth is expected.decision[row] or doubt.decision[row]
        assert found.entered == (found.decision.truth is True) == result.entry[row]


@pytest.mark.parametrize("seed", SEEDS)
def test_values_and_truths_behind_a_condition_are_the_oracles(seed: int) -> None:
    drawn, bars, rows = draw(seed)
    result = dslc.compile(drawn).evaluate(bars)
    for row in rows[1:]:
        found = result.explain(row)
        for name, value in found.inputs.items():
            exact = result.inputs[name][row]
            assert value == exact or (value is None and np.isnan(exact))
        for condition in found.conditions:
            for part in condition.parts:
                check_part(drawn, bars, row, part)
            assert condition.inputs == {name: found.inputs[name] for name in condition.inputs}


def check_part(drawn: dict[str, Any], bars: dict[str, list[float]], row: int, part: Part) -> None:
    at = row - part.ago
    if at < 1:
        assert part.truth is None or part.ago == row
        return
    text, sides = part.text, {}
    if part.left is not None and part.right is not None:
        text = f"{part.left.text} {part.operator} {part.right.text}"
        assert part.text in (text, part.left.text)
        sides = {"lhs": part.left.text, "rhs": part.right.text}
    asked = {
        **drawn,
        "inputs": {**drawn["inputs"], **sides},
        "conditions": {**drawn["conditions"], "asked_": text},
        "score": {},
        "decision": {"entry": "1 > 0"},
    }
    expected = oracle.evaluate(asked, bars)
    if part.truth is not expected.conditions["asked_"][at]:
        assert oracle.doubt(asked, bars).conditions["asked_"][at], part
    if part.left is None or part.right is None:
        return
    for operand, name in ((part.left, "lhs"), (part.right, "rhs")):
        wanted = expected.inputs[name][at]
        if not same(operand.value, wanted):
            slack = oracle.doubt(asked, bars).inputs[name][at]
            assert slack > 0, (part, operand)
    if part.left.value is None or part.right.value is None:
        assert part.margin is None
    else:
        margin = part.left.value - part.right.value
        assert part.margin == (margin if math.isfinite(margin) else None)


def same(found: float | None, wanted: float | None) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return found == wanted or abs(found - wanted) <= 1e-10 * abs(wanted)


# ── Smallest flips, by trying them all ───────────────────────────────────────────────────────────────────


class Trial:
    """The oracle's decision on the last candle, under any truths of its conditions there."""

    def __init__(self, drawn: dict[str, Any], bars: dict[str, list[float]]) -> None:
        outcome = oracle.evaluate(drawn, bars)
        self.weights = {name: int(weight) for name, weight in drawn["score"].items()}
        self.entry = oracle.parse(drawn["decision"]["entry"])
        self.bench = oracle._Bench(bars, drawn["configuration"]["timeframe"], oracle._Numbers())
        for name, text in drawn["inputs"].items():
            constant = self.bench.constant(oracle.parse(text))
            if constant is not None:
                self.bench.constants[name] = constant
        self.bench.names |= outcome.inputs
        self.columns = outcome.conditions
        self.bench.score_low, self.bench.score_high = list(outcome.score_low), list(outcome.score_high)
        self.truths = {name: column[-1] for name, column in self.columns.items()}

    def decision(self, truths: dict[str, bool | None]) -> bool | None:
        for name, column in self.columns.items():
            self.bench.names[name] = [*column[:-1], truths[name]]
        self.bench.score_low[-1] = sum(
            weight
            for name, weight in self.weights.items()
            if truths[name] or (weight < 0 and truths[name] is None)
        )
        self.bench.score_high[-1] = sum(
            weight
            for name, weight in self.weights.items()
            if truths[name] or (weight > 0 and truths[name] is None)
        )
        found: bool | None = self.bench.column(self.entry)[-1]
        return found

    def smallest(self) -> set[frozenset[tuple[str, bool]]]:
        """Every smallest set of flips that changes whether the decision is true."""
        entered = self.decision(self.truths) is True
        for size in range(1, len(self.truths) + 1):
            found = {
                frozenset(flips)
                for flips in self.flips(size)
                if (self.decision({**self.truths, **dict(flips)}) is True) is not entered
            }
            if found:
                return found
        return set()

    def flips(self, size: int) -> Iterator[tuple[tuple[str, bool], ...]]:
        for names in itertools.combinations(self.truths, size):
            yield from itertools.product(
                *(
                    [(name, truth) for truth in (True, False) if truth is not self.truths[name]]
                    for name in names
                )
            )


@pytest.mark.parametrize("seed", range(140))
def test_the_smallest_flips_are_all_that_trying_finds(seed: int) -> None:
    drawn, bars, rows = draw(seed)
    for row in rows[:-1]:
        history = {name: values[: row + 1] for name, values in bars.items()}
        check_flips(drawn, history)


def check_flips(drawn: dict[str, Any], bars: dict[str, list[float]]) -> None:
    found = dslc.compile(drawn).evaluate(bars).explain(-1)
    trial = Trial(drawn, bars)
    truths = {condition.name: condition.truth for condition in found.conditions}
    if truths != trial.truths or found.decision.truth is not trial.decision(trial.truths):
        doubt = oracle.doubt(drawn, bars)
        assert doubt.decision[-1] or any(column[-1] for column in doubt.conditions.values())
        return
    wanted = trial.smallest()
    listed = [frozenset((flip.name, flip.after) for flip in flips) for flips in found.flips.sets]
    assert found.flips.complete
    assert found.flips.count == len(wanted)
    assert len(listed) == len(set(listed)) == min(len(wanted), 10)
    assert set(listed) <= wanted
    assert all(len(flips) == found.flips.size for flips in listed)
    assert all(flip.before is truths[flip.name] for flips in found.flips.sets for flip in flips)


ENTRIES = [
    "score >= 50",
    "60 < score",
    "score == 30",
    "NOT (score != 30)",
    "score <= 20 AND NOT a",
    "a OR score >= 90 AND NOT d",
    "score * 2 > 60",
    "abs(score - 40) <= 10",
    "score AND b",
    "score > score[1]",
    "score >= sma(score, 2)",
    "ema(score, 2) > 20 AND score == highest(score, 2)",
    "rsi(score, 1) > 50 OR c[1]",
    "crossUp(score, 25)",
    "crossDown(score, score[1] + 10)",
    "(score >= 30)[1] AND score >= 10",
    "change(score) > 0 AND (a AND b)[0]",
    "max(score, close) > 40",
    "close > 0",
    "a AND NOT a",
    "score == score AND a",
]
WEIGHTS = [
    {"a": 10, "b": 20, "c": 30, "d": 40},
    {"a": 10, "b": -20, "c": 30, "d": -40},
    {"a": 30, "b": 30, "c": 0, "d": 30},
    {},
]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_flips_obey_the_language_for_any_decision(entry: str, weights: dict[str, int]) -> None:
    """Divisions by a change of 0 make conditions undefined; the truths of the last two candles vary."""
    conditions = {
        "a": "close > 3",
        "b": "1 / change(open) > 0",
        "c": "NOT (high > 4)",
        "d": "1 / change(low) < 0 OR a",
    }
    rng = random.Random(repr((entry, weights)))
    source = document(conditions, weights, entry)
    for _ in range(6):
        count = rng.choice((2, 3, 5))
        middle = [[float(rng.randint(2, 5)) for _ in range(count)] for _ in range(2)]
        low = [float(rng.randint(1, 2)) for _ in range(count)]
        bars = {
            "open": middle[0],
            "close": middle[1],
            "high": [max(pair) for pair in zip(*middle, strict=True)],
            "low": low,
        }
        check_flips(source, bars)


def test_an_undefined_condition_may_become_either() -> None:
    source = document({"u": "close[5] > 1"}, {"u": -10}, "score >= 0")
    flips = explained(source, 1.0).flips
    assert [(flip.name, flip.before, flip.after) for flip in flips.sets[0]] == [("u", None, False)]
    flips = explained(document({"u": "close[5] > 1"}, {"u": 10}, "score < 5 OR u"), 1.0).flips
    assert {flip.after for (flip,) in flips.sets} == {True, False}


def test_a_condition_that_uses_another_is_flipped_by_itself() -> None:
    source = document({"a": "close > 1", "b": "a AND close > 0"}, {"a": 1, "b": 1}, "b")
    assert [flip.name for flips in explained(source, 5.0).flips.sets for flip in flips] == ["b"]


def test_nothing_changes_a_decision_without_conditions() -> None:
    flips = explained(document({"a": "close > 1"}, {"a": 1}, "close > 2"), 5.0).flips
    assert (flips.size, flips.sets, flips.count, flips.complete) == (None, (), 0, True)


# ── Many conditions ──────────────────────────────────────────────────────────────────────────────────────


def crowd(weight: Any, entry: str) -> dict[str, Any]:
    conditions = {f"c{i}": f"close > {i}" for i in range(512)}
    return document(conditions, {name: weight(i) for i, name in enumerate(conditions)}, entry)


@pytest.mark.parametrize(
    ("weight", "entry", "size"),
    [
        (lambda i: 1, "score >= 401", 301),
        (lambda i: i + 1, "score >= 10000", 10),
        (lambda i: 999_999_937 - i * i, "score > 103 * 1000000000", 4),
        (lambda i: (-1) ** i * (i + 1), "score >= 5000", 11),
        (lambda i: 7 * i + 1, "score == 35000", None),
        (lambda i: i, "abs(score) > 6000", None),
    ],
)
def test_512_conditions_are_explained_in_moments(weight: Any, entry: str, size: int | None) -> None:
    result = dslc.compile(crowd(weight, entry)).evaluate(prices(*[100.0] * 50))
    found = quickly(lambda: result.explain(-1), 3)
    assert not found.entered
    assert len(found.conditions) == 512
    flips = found.flips
    if size is not None:
        assert flips.size == size
        assert flips.refuted == size - 1
    assert len(str(found)) < 200_000
    for flipped in flips.sets:
        truths = {condition.name: condition.truth for condition in found.conditions}
        truths |= {flip.name: flip.after for flip in flipped}
        score = sum(condition.weight for condition in found.conditions if truths[condition.name])
        left, operator, right = entry.split(" ", 2)
        limit = math.prod(map(int, right.split(" * ")))
        assert oracle.COMPARE[operator](abs(score) if "abs" in left else score, limit)


def test_a_search_that_stops_says_so() -> None:
    found = dslc.compile(crowd(lambda i: 1, "score >= 103")).evaluate(prices(*[100.0] * 3)).explain(-1)
    assert (found.flips.size, found.flips.complete, found.flips.refuted) == (3, False, 2)
    assert found.flips.count > 1000
    assert len(found.flips.sets) == 10
    assert "the search stopped there" in str(found)


# ── What is behind a candle ──────────────────────────────────────────────────────────────────────────────


def test_a_cross_shows_now_and_the_candle_before() -> None:
    source = document({"cross": "crossUp(close, level)"}, {"cross": 1}, "cross", {"level": "4 + 1"})
    (condition,) = explained(source, 1.0, 4.0, 7.0).conditions
    now, before = condition.parts
    assert (now.text, now.truth, now.margin, now.within) == (
        "close > level",
        True,
        2.0,
        "crossUp(close, level)",
    )
    assert (before.text, before.truth, before.margin) == ("close[1] <= level[1]", True, -1.0)
    assert condition.inputs == {"level": 5.0}


def test_what_was_some_candles_ago_is_shown_with_the_values_of_then() -> None:
    source = document({"c": "NOT (close > 3 OR crossDown(close, 2))[1][1]"}, {"c": 1}, "c")
    (condition,) = explained(source, 5.0, 2.5, 1.0, 9.0, 8.0).conditions
    assert [(part.text, part.ago, part.truth, part.margin) for part in condition.parts] == [
        ("close > 3", 2, False, -2.0),
        ("close < 2", 2, True, -1.0),
        ("close[1] >= 2", 2, True, 0.5),
    ]
    assert condition.truth is False
    nested = document({"c": "(close > 2 AND (close > 3)[1])[1]"}, {}, "c")
    (condition,) = explained(nested, 5.0, 2.5, 1.0).conditions
    assert [(part.ago, part.margin) for part in condition.parts] == [(1, 0.5), (2, 2.0)]


def test_numbers_conditions_and_timeframes_within_a_condition() -> None:
    conditions = {"a": "close > 3", "b": "change(close) AND a[1] AND timeframe == 1D AND NOT a"}
    b = explained(document(conditions, {}, "b"), 5.0, 4.5, row=1).conditions[1]
    assert [(part.text, part.operator, part.margin, part.truth, part.ago) for part in b.parts] == [
        ("change(close)", "!=", -0.5, True, 0),
        ("a", None, None, True, 1),
        ("timeframe == 1D", None, None, True, 0),
        ("a", None, None, True, 0),
    ]


def test_inputs_behind_a_condition_are_those_it_reads_through_others() -> None:
    inputs = {"fast": "close + 1", "slow": "close + 3", "gap": "fast - slow", "other": "open"}
    (condition,) = explained(document({"c": "gap > 0"}, {}, "c", inputs), 5.0).conditions
    assert condition.inputs == {"fast": 6.0, "slow": 8.0, "gap": -2.0}


def test_market_data_time_and_row() -> None:
    table = {"time": ["2024-01-05", "2024-01-08"], "close": [4.0, 5.0]}
    found = (
        dslc.compile(document({"a": "close > 3"}, {}, "a"))
        .evaluate(dslc.Bars(table, timeframe="1D"))
        .explain(1)
    )
    assert (found.row, found.time, found.moment) == (1, np.datetime64("2024-01-08", "ns"), "2024-01-08")
    assert found.market == {"close": 5.0}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("score >= 60", "no entry: score 45, 15 short of 60"),
        ("score > 45", "no entry: score 45, 1 short for score > 45"),
        ("60 <= score", "no entry: score 45, 15 short of 60"),
        ("score <= 40", "no entry: score 45, 5 too many for 40"),
        ("score < 45", "no entry: score 45, 1 too many for score < 45"),
        ("score == 50", "no entry: score 45, 5 short for score == 50"),
        ("NOT (score >= 40)", "no entry: score 45, 6 too many for NOT score >= 40"),
        ("score >= level", "no entry: score 45, 5 short of level 50"),
        ("score >= 10 AND no", "no entry: no is false"),
        ("score >= 60 OR no", "no entry: score 45, 15 short of 60; no is false"),
        ("NOT yes", "no entry: yes is true"),
        ("close > 6 AND yes", "no entry: close > 6 is false by 1"),
        ("NOT (close > 2)", "no entry: close > 2 is true by 3"),
        ("close[3] > 6", "no entry: close[3] > 6 is undefined"),
        ("score >= 40", "entered because score 45 >= 40"),
        ("yes AND NOT no", "entered because yes is true; no is false"),
        ("no OR close > open - 1", "entered because close 5 > 4 (open - 1)"),
    ],
)
def test_the_outcome_in_words(entry: str, said: str) -> None:
    source = document({"yes": "close > 1", "no": "close > 9"}, {"yes": 45, "no": 5}, entry, {"level": "50"})
    found = explained(source, 5.0)
    assert f"Entry      {said}" in str(found).splitlines()


def test_points_are_what_a_flip_of_that_weight_would_give() -> None:
    source = document({"a": "close > 1", "b": "close > 9"}, {"a": 45, "b": 15}, "score >= 60")
    found = explained(source, 5.0)
    assert found.reasons[0].points == 15
    assert [flip.name for (flip,) in found.flips.sets] == ["b"]


def test_an_undefined_candle_in_the_warm_up() -> None:
    source = document({"up": "close > sma(close, 3)", "no": "close > 9"}, {"up": 40, "no": 20}, "score >= 40")
    found = explained(source, 1.0, 2.0, 3.0, 4.0, row=1)
    assert found.warmup == 2
    assert [(c.truth, c.contribution) for c in found.conditions] == [(None, 0), (False, 0)]
    assert (found.score, found.score_low, found.score_high) == (0, 0, 40)
    assert found.decision.truth is None
    (part,) = found.decision.parts
    assert part.left is not None
    assert (part.left.value, part.left.interval, part.margin) == (None, (0, 40), None)
    text = str(found)
    assert "no entry: score 0 to 40, 40 short of 40" in text
    assert "from candle 2 on, counted from 0; this one is before" in text


def test_a_score_some_candles_ago_shows_the_score_of_then() -> None:
    source = document({"a": "close > 3"}, {"a": 10}, "(score >= 5)[1] AND score[1] > 2")
    found = explained(source, 5.0, 1.0)
    then, before = found.decision.parts
    assert (then.ago, then.left and then.left.value, then.truth) == (1, 10.0, True)
    assert (before.ago, before.left and before.left.value, before.margin) == (0, 10.0, 8.0)
    assert found.entered
    assert found.flips.count == 0


def test_everything_as_data_that_json_holds() -> None:
    source = document({"up": "close > sma(close, 3)"}, {"up": 40}, "score >= 40")
    table = {**prices(1, 2, 4, 8), "time": pd.date_range("2024-03-30", periods=4, tz="Europe/Madrid")}
    result = dslc.compile(source).evaluate(pd.DataFrame(table))
    for row in range(4):
        found = result.explain(row)
        data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert data["time"] == f"{table['time'][row].isoformat()}"
        assert data["entered"] is found.entered
        assert data["conditions"][0]["parts"][0]["margin"] == found.conditions[0].parts[0].margin
        assert data["flips"]["sets"][0][0]["name"] == "up"


def test_a_result_stays_picklable_and_explains_the_same() -> None:
    source = document({"a": "close > 3", "b": " OR ".join(["close > 9"] * 300)}, {"a": 10}, "score >= 5")
    result = dslc.compile(source).evaluate(prices(5, 1))
    found = result.explain(0)
    again = pickle.loads(pickle.dumps(result))
    assert again.explain(0) == found == pickle.loads(pickle.dumps(found))


def test_explaining_leaves_the_evaluation_as_it_was_and_keeps_to_its_budgets() -> None:
    strategy = dslc.compile(document({"a": "close > 3"}, {"a": 10}, "score >= 5"))
    bars = prices(*[5.0] * 1000)
    plan = strategy._prepare(()).plan
    result = strategy.evaluate(bars, outputs="signals", memory=plan.bytes(1000))
    assert "_evidence" not in vars(result)
    assert result.conditions == {}
    with pytest.raises(dslc.StrategyError):
        result.explain(999)
    assert strategy.evaluate(bars, outputs="signals").explain(999).conditions[0].truth is True


# ── Which candle ─────────────────────────────────────────────────────────────────────────────────────────


def hourly() -> dslc.Evaluation:
    times = pd.date_range("2024-03-28 22:00", periods=96, freq="h", tz="Europe/Madrid")
    close = np.arange(1.0, 97.0)
    table = pd.DataFrame({"time": times, **prices(*close)})
    source = document({"a": "close > 3"}, {"a": 10}, "a", timeframe="4H")
    return dslc.compile(source).evaluate(table, resample=True, align="Europe/Madrid")


def test_resampled_candles_are_named_in_their_zone() -> None:
    result = hourly()
    found = result.explain("2024-03-29T08:00")
    assert found.time == np.datetime64("2024-03-29T07:00", "ns")
    assert found.to_dict()["time"] == "2024-03-29T08:00:00+01:00"
    assert result.explain("2024-04-01 04:00").time == np.datetime64("2024-04-01T02:00", "ns")
    assert found.market["close"] == float(result.bars.close[found.row])


def test_every_way_to_name_a_candle() -> None:
    result = hourly()
    row = result.explain("2024-03-29T08:00").row
    local = pd.Timestamp("2024-03-29 08:00")
    for name in (
        result.time[row],
        np.datetime64("2024-03-29T07", "h"),
        local,
        local.tz_localize("Europe/Madrid"),
        local.tz_localize("Europe/Madrid").tz_convert("America/New_York"),
        local.to_pydatetime(),
        datetime(2024, 3, 29, 8),
        "2024-03-29T07:00Z",
        " 2024-03-29 08:00 ",
        row,
        np.int64(row),
        row - len(result),
        result.to_pandas().index[row],
    ):
        assert result.explain(name).row == row, name
    assert hourly().explain(date(2024, 3, 29)).row == result.explain("2024-03-29").row


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "2024-01-06",
            "no candle opens at 2024-01-06; "
            "the one before opens at 2024-01-05 (row 1), the one after at 2024-01-08 (row 2)",
        ),
        ("2024-01-05T09:30", "no candle opens at 2024-01-05 09:30:00Z; the one before opens at 2024-01-05"),
        ("2023-12-31", "no candle opens at 2023-12-31; the first opens at 2024-01-04 (row 0)"),
        ("2025-01-01", "no candle opens at 2025-01-01; the last opens at 2024-01-08 (row 2)"),
        ("soon", "'soon' is not a date"),
        (3, "there is no row 3; the last candle is row 2"),
        (-4, "there is no row -4"),
        (np.datetime64("NaT"), "NaT is not a time"),
        (pd.NaT, "'NaT' is not a date"),
        (np.datetime64(5000, "Y"), "is not a time of the years 1678 to 2261"),
    ],
)
def test_a_time_without_a_candle_names_its_neighbours(name: Any, said: str) -> None:
    table = {"time": ["2024-01-04", "2024-01-05", "2024-01-08"], "close": [1.0, 2.0, 3.0]}
    result = dslc.compile(document({"a": "close > 3"}, {}, "a")).evaluate(table)
    with pytest.raises(ValueError) as caught:
        result.explain(name)
    assert said in str(caught.value)


def test_what_is_no_time_at_all_is_a_type_error() -> None:
    result = dslc.compile(document({"a": "close > 3"}, {}, "a")).evaluate(prices(1, 2))
    for wrong in (1.0, None, True, b"2024-01-01"):
        with pytest.raises(TypeError, match="a time or a row number"):
            result.explain(wrong)  # type: ignore[arg-type]


def test_bars_without_times_go_by_row() -> None:
    result = dslc.compile(document({"a": "close > 3"}, {}, "a")).evaluate(prices(1, 5))
    found = result.explain(-1)
    assert (found.row, found.time, found.moment) == (1, None, "row 1")
    assert found.to_dict()["time"] is None
    with pytest.raises(ValueError, match="the bars have no times; name a row from 0 to 1"):
        result.explain("2024-01-01")


def test_no_candles_at_all() -> None:
    result = dslc.compile(document({"a": "close > 3"}, {}, "a")).evaluate({"close": []})
    for name in (0, -1, "2024-01-01"):
        with pytest.raises(ValueError, match="there are no candles"):
            result.explain(name)


# ── The command ──────────────────────────────────────────────────────────────────────────────────────────


def command(*args: object, strategy: Path = EXAMPLE) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dslc", "explain-candle", str(strategy), *map(str, args)],
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def apple(*args: object) -> subprocess.CompletedProcess[str]:
    return command("--data", BARS, "--timeframe", "1D", *args)


def test_the_command_shows_the_heading_of_a_run_and_the_explanation() -> None:
    done = apple("--at", "2012-12-03")
    assert (done.returncode, done.stderr) == (0, "")
    result = dslc.compile(EXAMPLE, timeframe="1D").evaluate(BARS)
    heading, _, shown = done.stdout.partition("\n\n")
    assert heading.startswith("Strategy   ema-crossover\nTimeframe  1D (by --timeframe")
    assert shown == f"{result.explain('2012-12-03')}\n"


@pytest.mark.parametrize("at", ["-1", "3269", "2013-03-01", "20130301", "2013-03-01T00:00Z"])
def test_the_command_takes_times_and_rows(at: str) -> None:
    done = apple("--at", at, "--format", "json")
    found = json.loads(done.stdout)
    assert (found["row"], found["time"], found["timeframe"]) == (3269, "2013-03-01T00:00:00Z", "1D")
    assert found["score"] == sum(condition["contribution"] for condition in found["conditions"])
    assert len(found["hash"]) == 64


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (["--at", "2012-12-01"], 2, "(row 3,208), the one after at 2012-12-03 (row 3,209)"),
        (["--at", "1999-01-01"], 2, "the first opens at 2000-03-01 (row 0)"),
        (["--at", "2020-01-01"], 2, "the last opens at 2013-03-01 (row 3,269)"),
        (["--at", "noon"], 2, "'noon' is not a date"),
        (["--at", "99999"], 2, "there is no row 99999"),
        (["--at", ""], 2, "is not a date"),
        ([], 2, "--at"),
        (["--at", "0", "--align", "UTC"], 2, "--resample"),
        (["--at", "0", "--format", "xml"], 2, "xml"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(args: list[str], status: int, said: str) -> None:
    done = apple(*args)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr


def test_wrong_files_and_strategies_are_told_as_elsewhere(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    missing = tmp_path / "none.csv"
    for strategy, data, status in (
        (broken, BARS, 1),
        (EXAMPLE, BARS, 1),  # the bars are no hours
        (missing, BARS, 2),
        (EXAMPLE, missing, 2),
        (EXAMPLE, tmp_path, 2),
    ):
        done = command("--data", data, "--at", 0, strategy=strategy)
        assert (done.returncode, done.stdout) == (status, "")
        assert done.stderr


def test_the_command_explains_resampled_bars(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=96, freq="15min", tz="UTC")
    table = pd.DataFrame(prices(*range(1, 97)), index=times.strftime("%Y-%m-%dT%H:%M:%SZ"))
    data = tmp_path / "bars.csv"
    table.assign(volume=1.0).to_csv(data, index_label="time")
    done = command("--data", data, "--resample", "--at", "2024-01-01T22:00")
    assert done.returncode == 0, done.stderr
    assert "Candle     2024-01-01 22:00:00Z (row 22)  open 89  high 92" in done.stdout
