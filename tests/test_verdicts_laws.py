"""No verdict is false: what is called impossible never happens, what is called certain never fails.

Random strategies are validated, and every verdict is put to the test on random bars:

    W707, W709   what is called never true becomes a condition (or the decision) of its own: it never is
    W708, W710   its NOT is: that never is true, either
    W711, W712   where the one condition is true, the other is, too; of equal ones also the other way round
    W713         with a weight of 0 in its place, the same candles are entered
    W714, W715   without the entry, the same candles are entered
    W716         both inputs have the same bits
    W720         the value is undefined, and the condition not true, for as long as is said

The strategies are rich in contradictions, tautologies, implications, and thresholds near the ends of the
scores; some are those of programs.py. The bars are those of programs.py, and some of extreme prices. Where
verdicts are rare the test fails, too, since it would show nothing.

The second half asks for the other direction: on small problems that can be tried out, nothing is missed.
"""

from __future__ import annotations

from collections import Counter
from itertools import compress, product
import json
import operator
import os
import random
import re
from typing import Any

import dslc
from dslc.compiler.verdicts.scores import scores
from dslc.compiler.verdicts.truths import CARRIED, CARRIES, COVERS, EXCLUDES
from dslc.grammar.diagnostics import Diagnostic
import numpy as np
import pytest

from . import programs

DEEP = bool(os.environ.get("DSLC_DEEP"))
ROUNDS = 60 if DEEP else 5
STRATEGIES = 60  # of a round

TERMS = (
    "close", "open", "high", "low", "close[1]", "high[1]", "low[1]", "volume", "volume[1]",
    "highest(high, 5)", "highest(high, 5)[1]", "highest(close, 3)", "highest(high, 3)[1]",
    "lowest(low, 4)", "lowest(low, 4)[1]", "lowest(close, 3)", "lowest(low[1], 2)", "highest(open[2], 2)",
    "rsi(close, 3)", "rsi(close, 5)", "sma(rsi(close, 3), 2)", "ema(rsi(close, 3), 3)", "rsi(volume, 2)",
    "sma(close, 3)", "sma(close, 4)", "ema(close, 3)", "ema(close, 12)", "ema(close, 700)", "sma(close, 1)",
    "sma(high, 3)", "sma(low, 3)", "sma(volume, 4)", "volumeSma(3)", "volumeSpike(1)", "volumeSpike(2)",
    "body()", "range()", "upperWick()", "lowerWick()", "atr(3)", "sma(range(), 3)", "highest(range(), 3)",
    "change(close)", "close - open", "close - low", "high - low", "abs(change(close))", "abs(close - open)",
    "max(open, close)", "min(open, close)", "max(high, close[1])", "min(low, close[1])", "(high + low) / 2",
    "(close - low) / range()", "body() / range()", "close / close[1]", "high / low",
    "(high + low + close) / 3", "highest(close, 5)",
    "2 * close", "close * 0.5", "close / 2", "close * close", "high * volume", "close + body()",
    "close - atr(3)",
    "-close", "-low", "close * 1.5 + 1", "low * 1.1", "close / volume", "sma(change(close), 3)",
    "ema(body(), 2)",
    "close - close", "volume - volume[1]", "1 / close", "close * 1e300", "change(close) * change(close)",
)  # fmt: skip
CHOOSING_TERMS = (
    "if(close > open, high, low)", "if(close > sma(close, 5), 1, -1)", "if(rsi(close, 3) > 50, close, 7)",
    "orElse(sma(close, 12), 5)", "orElse(close / volume, 0)", "orElse(change(close), 0)",
    "orElse(0 / volume, low)", "valueWhen(close > open, close)",
    "valueWhen(change(close) > 0, ema(close, 12))", "close", "sma(close, 12)", "barsSince(close > open)",
    "barsSince(volume > volume[1])", "streak(close > open)", "change(close)", "countTrue(close > open, 3)",
    "since(close > open, volume)", "since(close > open, change(close))", "sum(close, 3)",
    "sum(change(close), 4)", "cumulative(volume)", "obv()", "ad()", "cmf(3)", "vwap(3)",
    "highestBars(high, 4)", "normalize(close, 3)", "hl2()", "hlc3()", "ohlc4()", "gap()", "haOpen()",
    "haHigh()", "haLow()", "sign(change(close))", "sqrt(close)", "log(close)", "exp(close)",
    "pow(close, 2)", "round(close)", "floor(close)", "ceil(close)", "clamp(close, 1, 100)",
    "clamp(close, low, high[1])", "pivotHigh(1, 2)", "pivotLow(2, 1)",
    "if(isDefined(sma(close, 12)), 1, 0)", "adOsc(2, 3)", "forceIndex(2)", "low", "high", "volume",
)  # fmt: skip
OFTEN = 0.06
OFTEN_TRUE = ("low[3] > 0", "highest(high, 5) >= close", "volume[2] >= 0")
OFTEN_DEFINED = (
    "isDefined(sma(close, 12))", "NOT isDefined(sma(close, 12))", "isDefined(close / volume)",
    "isDefined(close[2])", "rising(close, 3)", "falling(low, 2)", "cross(close, open)",
    "isDefined(pivotHigh(1, 1))",
)  # fmt: skip
NUMBERS = ("0", "1", "0.5", "30", "50", "70", "100", "100.5", "120", "-1", "2", "1e9", "1e-8", "20")
OPERATORS = (">", "<", ">=", "<=", ">", "<", "==", "!=")


def rich(rng: random.Random) -> dict[str, Any]:
    """A strategy of few values and many comparisons among them."""
    pool = rng.sample(TERMS, rng.randint(2, 4))
    inputs = {f"i{k}": rng.choice(pool) for k in range(rng.randint(0, 3))}
    names = [*pool, *inputs]

    def comparison() -> str:
        if rng.random() < OFTEN:
            return rng.choice(OFTEN_TRUE)
        left = rng.choice(names)
        right = rng.choice(NUMBERS) if rng.random() < 0.4 else rng.choice(names)
        return f"{left} {rng.choice(OPERATORS)} {right}"

    conditions: dict[str, str] = {}

    def truth(depth: int) -> str:
        kind = rng.random()
        if depth == 0 or kind < 0.35:
            if conditions and rng.random() < 0.15:
                return rng.choice(list(conditions))
            return comparison()
        if kind < 0.5:
            return (
                f"{rng.choice(('crossUp', 'crossDown'))}({rng.choice(names)}, {rng.choice([*names, '50'])})"
            )
        if kind < 0.6:
            return f"NOT ({truth(depth - 1)})"
        if kind < 0.65:
            return f"({truth(depth - 1)})[{rng.randint(0, 2)}]"
        return f"({truth(depth - 1)} {rng.choice(('AND', 'AND', 'OR'))} {truth(depth - 1)})"

    for k in range(rng.randint(1, 5)):
        conditions[f"c{k}"] = truth(rng.randint(0, 2))
    weights = {
        name: rng.choice((5, 10, 10, 20, 30)) * (-1 if rng.random() < 0.15 else 1)
        for name in conditions
        if rng.random() < 0.85
    }
    return {
        "configuration": {"timeframe": rng.choice(("1H", "1D"))},
        "inputs": inputs,
        "conditions": conditions,
        "score": weights,
        "decision": {"entry": decision(rng, weights, truth)},
    }


def decision(rng: random.Random, weights: dict[str, int], truth: Any) -> str:
    """A decision whose threshold is near an end of the scores, or a sum of some weights."""
    low, high = sum(w for w in weights.values() if w < 0), sum(w for w in weights.values() if w > 0)
    some = sum(weight for weight in weights.values() if rng.random() < 0.5)
    limit = rng.choice((low, high, some, some, low - 1, high + 1, high - 4, low + 1, some + 1))
    on_score = f"score {rng.choice(('>=', '>=', '>', '<', '<=', '==', '!='))} {limit}"
    kind = rng.random()
    if kind < 0.6:
        return on_score
    if kind < 0.75:
        return f"{on_score} {rng.choice(('AND', 'OR'))} ({truth(1)})"
    if kind < 0.85:
        return f"NOT ({on_score})"
    return rng.choice(
        (f"score * 2 > {limit}", f"{on_score} AND score < {high}", f"{on_score} OR score[1] > 3")
    )


def extreme(rng: random.Random, n: int) -> dict[str, list[float]]:
    """Candles of few prices: the smallest and the largest numbers, and 1, 2, 3."""
    prices = rng.choice(
        (
            (5e-324, 1e-323, 2e-323),
            (1.0, 2.0, 3.0),
            (1e-308, 1.0, 1e308),
            (1.7e308, 1.79e308),
            (7.0,),
            (0.1, 0.3),
        )
    )
    found: dict[str, list[float]] = {"open": [], "high": [], "low": [], "close": [], "volume": []}
    for _ in range(n):
        four = sorted(rng.choice(prices) for _ in range(4))
        inner = [four[1], four[2]]
        rng.shuffle(inner)
        for name, value in zip(found, (inner[0], four[3], four[0], inner[1]), strict=False):
            found[name].append(value)
        found["volume"].append(rng.choice((0.0, 1.0, 1e308, 5e-324)))
    return found


def histories(seed: int) -> list[Any]:
    rng = random.Random(seed)
    made = [programs.bars(rng, 90, kind=kind) for kind in programs.KINDS]
    made += [extreme(rng, 60) for _ in range(4)]
    return [dslc.Bars({name: np.array(values) for name, values in one.items()}) for one in made]


class Trial:
    """One strategy with its verdicts; `check` puts them to the test on the histories."""

    def __init__(self, document: dict[str, Any], bars: list[Any]) -> None:
        self.document = document
        self.text = json.dumps(document)
        self.found = [one for one in dslc.validate(self.text) if one.code >= "W707"]
        self.bars = bars
        self.results = [dslc.compile(document).evaluate(one) for one in bars]

    def check(self) -> None:
        probes: list[tuple[Diagnostic, str]] = []
        for one in self.found:
            if one.code in ("W707", "W708"):
                said = self.expression(one)
                probes.append((one, said if one.code == "W707" else f"NOT ({said})"))
            else:
                CHECKS.get(one.code, lambda trial, one: None)(self, one)
        for one, probe in probes:
            if "score" in re.findall(r"\w+", probe):
                self.never_entered(one, probe)
        self.never_true([(one, probe) for one, probe in probes if "score" not in re.findall(r"\w+", probe)])

    def expression(self, one: Diagnostic) -> str:
        """The characters that a diagnostic marks."""
        assert one.line == one.end_line == 1
        assert one.column is not None and one.end_column is not None
        return self.text[one.column - 1 : one.end_column - 1]

    def never_true(self, probes: list[tuple[Diagnostic, str]]) -> None:
        if not probes:
            return
        added = {f"probe{k}": probe for k, (_, probe) in enumerate(probes)}
        conditions = {**self.document["conditions"], **added}
        strategy = dslc.compile({**self.document, "conditions": conditions})
        for bars in self.bars:
            result = strategy.evaluate(bars)
            for name, (one, _) in zip(added, probes, strict=True):
                assert not result.conditions[name].any(), (one, self.document)

    def never_entered(self, one: Diagnostic, entry: str) -> None:
        strategy = dslc.compile({**self.document, "decision": {"entry": entry}})
        for bars in self.bars:
            assert not strategy.evaluate(bars).entry.any(), (one, self.document)

    def same_entries(self, one: Diagnostic, other: dict[str, Any]) -> None:
        strategy = dslc.compile(other)
        for bars, result in zip(self.bars, self.results, strict=True):
            assert (strategy.evaluate(bars).entry == result.entry).all(), (one, self.document)

    def without(self, section: str, name: str) -> dict[str, Any]:
        kept = {key: value for key, value in self.document[section].items() if key != name}
        score = {key: value for key, value in self.document["score"].items() if key != name}
        return {**self.document, "score": score, section: kept}


def name_of(one: Diagnostic) -> str:
    return one.path.split("/")[2]


def other_of(one: Diagnostic) -> str:
    return re.findall("`([^`]+)`", one.message)[1]


def carries(trial: Trial, one: Diagnostic) -> None:
    for result in trial.results:
        wrong = result.conditions[name_of(one)] & ~result.conditions[other_of(one)]
        assert not wrong.any(), (one, trial.document)


def equals(trial: Trial, one: Diagnostic) -> None:
    for result in trial.results:
        same = result.conditions[name_of(one)] == result.conditions[other_of(one)]
        assert same.all(), (one, trial.document)


def is_late(trial: Trial, one: Diagnostic) -> None:
    candles = int(re.findall(r"first ([\d,]+) candles", one.message)[0].replace(",", ""))
    for result in trial.results:
        if one.path.startswith("/inputs"):
            assert np.isnan(result.inputs[name_of(one)][:candles]).all()
    if one.path.startswith("/conditions"):
        never_before(trial, one, candles, name_of(one))
        never_before(trial, one, candles, f"NOT {name_of(one)}")
    elif one.path == "/decision/entry":
        entry = trial.document["decision"]["entry"]
        never_before(trial, one, candles, entry)
        never_before(trial, one, candles, f"NOT ({entry})")


def never_before(trial: Trial, one: Diagnostic, candles: int, entry: str) -> None:
    strategy = dslc.compile({**trial.document, "decision": {"entry": entry}})
    for bars in trial.bars:
        assert not strategy.evaluate(bars).entry[:candles].any(), (one, trial.document)


CHECKS: dict[str, Any] = {
    "W709": lambda trial, one: trial.never_entered(one, trial.expression(one)),
    "W710": lambda trial, one: trial.never_entered(one, f"NOT ({trial.expression(one)})"),
    "W711": carries,
    "W712": equals,
    "W713": lambda trial, one: trial.same_entries(
        one, {**trial.document, "score": {**trial.document["score"], name_of(one): 0}}
    ),
    "W714": lambda trial, one: trial.same_entries(one, trial.without("conditions", name_of(one))),
    "W715": lambda trial, one: trial.same_entries(one, trial.without("inputs", name_of(one))),
    "W716": lambda trial, one: [
        np.testing.assert_array_equal(result.inputs[name_of(one)], result.inputs[other_of(one)])
        for result in trial.results
    ],
    "W720": is_late,
}

LEAST = {
    "W707": 150, "W708": 80, "W709": 25, "W710": 40, "W711": 20, "W712": 20, "W713": 5, "W714": 40,
    "W715": 90,
    "W716": 15, "W717": 50, "W718": 70, "W719": 15, "W720": 3,
}  # fmt: skip
"""How many verdicts of each code there must be among the strategies of five rounds."""


def test_no_verdict_is_false() -> None:
    seen: Counter[str] = Counter()
    for round_ in range(ROUNDS):
        bars = histories(round_)
        rng = random.Random(1000 + round_)
        for k in range(STRATEGIES):
            if k % 6 == 0:
                document = programs.strategy(rng, alive=rng.random() < 0.5)
            else:
                document = rich(rng)
            trial = Trial(document, bars)
            trial.check()
            seen.update(one.code for one in trial.found)
    rare = {code: seen[code] for code, least in LEAST.items() if seen[code] < least * ROUNDS // 5}
    assert not rare, seen


def test_no_verdict_about_what_chooses_and_remembers_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with functions that are defined where their arguments are not, or ask whether they are."""
    monkeypatch.setitem(globals(), "TERMS", CHOOSING_TERMS)
    monkeypatch.setitem(globals(), "OFTEN_TRUE", OFTEN_DEFINED)
    monkeypatch.setitem(globals(), "OFTEN", 0.3)
    seen = 0
    for round_ in range(ROUNDS // 2):
        bars, rng = histories(round_), random.Random(2000 + round_)
        for _ in range(STRATEGIES):
            trial = Trial(rich(rng), bars)
            trial.check()
            seen += len(trial.found)
    assert seen > 20 * (ROUNDS // 2)


# ── Nothing is missed where it can be tried out ──────────────────────────────────────────────────────────

COMPARE = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
FREE = ("sma(close, 3)", "sma(open, 4)", "sma(high, 5)")
"""Means of which nothing is known but that they are above 0."""
VALUES = (0.2, 0.4, 0.6, 1, 1.2, 1.4, 1.6, 2, 2.2, 2.4, 2.6)
"""As many on each side of 1 and 2 as there are free values, so that every order is among the assignments."""
ASSIGNMENTS = list(product(VALUES, repeat=len(FREE)))

Literals = list[tuple[str, str, str]]


def literals(rng: random.Random, count: int) -> Literals:
    """Comparisons of free values with each other, and with 1 and 2; few !=, which are two cases each."""
    found: Literals = []
    for _ in range(count):
        left, right = rng.sample((*FREE, "1", "2"), 2)
        op = rng.choice(list(COMPARE))
        if left not in FREE:
            left, right = right, left
        if left in FREE and not (op == "!=" and sum(one[1] == op for one in found) == 2):
            found.append((left, op, right))
    return found or [("sma(close, 3)", ">", "1")]


def holds(wanted: Literals, values: tuple[float, ...]) -> bool:
    known: dict[str, float] = {**dict(zip(FREE, values, strict=True)), "1": 1.0, "2": 2.0}
    return all(COMPARE[op](known[left], known[right]) for left, op, right in wanted)


def written(wanted: Literals) -> str:
    return " AND ".join(" ".join(one) for one in wanted)


def codes(**conditions: str) -> set[str]:
    document = {
        "configuration": {"timeframe": "1H"},
        "inputs": {},
        "conditions": conditions,
        "score": dict.fromkeys(conditions, 10),
        "decision": {"entry": f"score >= {10 * len(conditions)}"},
    }
    return {one.code for one in dslc.validate(document)}


def test_contradictions_are_found_exactly_where_no_assignment_satisfies_all() -> None:
    seen: Counter[bool] = Counter()
    for seed in range(2000 if DEEP else 250):
        rng = random.Random(seed)
        wanted = literals(rng, rng.randint(2, 6))
        possible = any(holds(wanted, values) for values in ASSIGNMENTS)
        assert ("W707" in codes(c=written(wanted))) == (not possible), wanted
        seen[possible] += 1
    assert min(seen.values()) >= 50


def test_conditions_carry_others_exactly_where_every_assignment_does() -> None:
    seen: Counter[str] = Counter()
    for seed in range(3000 if DEEP else 500):
        rng = random.Random(seed)
        one, other = literals(rng, rng.randint(1, 3)), literals(rng, rng.randint(1, 2))
        a = [holds(one, values) for values in ASSIGNMENTS]
        b = [holds(other, values) for values in ASSIGNMENTS]
        if not any(a) or not any(b) or all(a) or all(b):
            continue
        found = codes(a=written(one), b=written(other))
        if found & {"W707", "W708"}:
            continue  # a part that is always true explains the rest
        sides = {side for left, _, right in one for side in (left, right)}
        undefined = not {side for left, _, right in other for side in (left, right)} <= sides | {"1", "2"}
        forward = all(y for x, y in zip(a, b, strict=True) if x)
        backward = all(x for x, y in zip(a, b, strict=True) if y)
        together = any(x and y for x, y in zip(a, b, strict=True))
        if undefined:
            assert not forward  # what B asks of a free value, A cannot know
        assert ("W709" in found) == (not together), (one, other)
        if together and len({side for side in sides if side in FREE}) >= 1:
            expected = {"W712"} if forward and backward else {"W711"} if forward or backward else set()
            assert found & {"W711", "W712"} == expected, (one, other)
            seen[next(iter(expected), "neither")] += 1
    assert min(seen[what] for what in ("W711", "neither")) >= 30, seen


@pytest.mark.parametrize("seed", range(60))
def test_scores_are_those_of_all_allowed_sets(seed: int) -> None:
    rng = random.Random(seed)
    count = rng.randint(1, 6)
    weights = [rng.choice((-10, 5, 10, 20, 25)) for _ in range(count)]
    pairs = {
        (a, b): rng.choice((CARRIES, CARRIED, EXCLUDES, CARRIES | CARRIED))
        for a in range(count)
        for b in range(a + 1, count)
        if rng.random() < 0.3
    }
    held = [at for at in range(count) if rng.random() < 0.15]
    failed = [at for at in range(count) if rng.random() < 0.15]
    expected = set()
    for chosen in product((False, True), repeat=count):
        allowed = all(chosen[at] for at in held) and not any(chosen[at] for at in failed)
        for (a, b), what in pairs.items():
            allowed &= not (what & CARRIES and chosen[a] and not chosen[b])
            allowed &= not (what & CARRIED and chosen[b] and not chosen[a])
            allowed &= not (what & EXCLUDES and chosen[a] and chosen[b])
        if allowed:
            expected.add(sum(weight for weight, holds in zip(weights, chosen, strict=True) if holds))
    found = scores(weights, pairs, held, failed)
    if not expected:
        assert found is None
    else:
        assert found is not None
        assert found.all == expected
        assert (found.low, found.high) == (min(expected), max(expected))


@pytest.mark.parametrize("seed", range(300))
def test_where_one_of_two_holds_every_state_has_a_score_that_decides_as_it_does(seed: int) -> None:
    """A state is what is true, false and undefined; what is decided in it stays so in each completion."""
    rng = random.Random(seed)
    count = rng.randint(2, 5)
    weights = [rng.choice((-10, 5, 10, 20, 25)) for _ in range(count)]
    pairs = {
        (a, b): rng.choice((CARRIES, CARRIED, EXCLUDES, COVERS, COVERS, COVERS | EXCLUDES, COVERS | CARRIES))
        for a in range(count)
        for b in range(a + 1, count)
        if rng.random() < 0.4
    }
    held = [at for at in range(count) if rng.random() < 0.1]
    failed = [at for at in range(count) if rng.random() < 0.1]
    sums = []
    for state in product((True, False, None), repeat=count):
        consistent = all(state[at] for at in held) and not any(state[at] for at in failed)
        for (a, b), what in pairs.items():
            consistent &= not (what & CARRIES and state[a] and not state[b])
            consistent &= not (what & CARRIED and state[b] and not state[a])
            consistent &= not (what & EXCLUDES and state[a] and state[b])
            consistent &= not (what & COVERS and state[a] is False and not state[b])
            consistent &= not (what & COVERS and state[b] is False and not state[a])
        if consistent:
            choices = [(True, False) if value is None else (value,) for value in state]
            sums.append({sum(compress(weights, chosen)) for chosen in product(*choices)})
    found = scores(weights, pairs, held, failed)
    reached = set() if found is None else found.all
    assert reached is not None
    assert all(completions & reached for completions in sums)
    assert held or failed or reached <= set().union(*sums)


def test_where_one_of_two_always_holds_the_smallest_score_is_that_of_one() -> None:
    everywhere = [
        ({"a": "close > open", "b": "close <= open"}, "score >= 10"),
        ({"a": "close > open", "b": "NOT a"}, "score >= 10"),
        ({"a": "close > open", "b": "NOT a"}, "score == 10"),
        ({"a": "rsi(close, 3) > 30", "b": "rsi(close, 3) < 70"}, "score > 0"),
    ]
    for conditions, entry in everywhere:
        document = {
            "configuration": {"timeframe": "1H"},
            "inputs": {},
            "conditions": conditions,
            "score": {"a": 10, "b": 10},
            "decision": {"entry": entry},
        }
        found = {one.code for one in dslc.validate(document)}
        assert "W710" in found, document
        for bars in histories(1):
            result = dslc.compile({**document, "decision": {"entry": f"NOT ({entry})"}}).evaluate(bars)
            assert not result.entry.any(), document
        apart = {one.code for one in dslc.validate({**document, "decision": {"entry": "score < 10"}})}
        assert "W709" in apart
        assert "W719" not in apart
