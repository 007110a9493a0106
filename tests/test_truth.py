"""Three-valued logic and the score's interval, over every assignment of true, false and undefined.

Four conditions read the four prices: 1 is true, -1 false, NaN undefined. All 81 assignments are
the 81 candles of one history, run below the door that refuses such prices.
"""

from __future__ import annotations

from itertools import product
import random
from typing import Any

import dslc
from dslc.runtime import engine
import numpy as np
import pytest

from . import oracle

ATOMS = {"a": "open > 0", "b": "high > 0", "c": "low > 0", "d": "close > 0"}
PRICE = {True: 1.0, False: -1.0, None: np.nan}
ASSIGNMENTS = list(product((True, False, None), repeat=4))
MATRIX = np.array([[PRICE[values[k]] for values in ASSIGNMENTS] for k in range(4)] + [[1.0] * 81])
COMPLETE = [i for i, values in enumerate(ASSIGNMENTS) if None not in values]


def document(weights: dict[str, int], entry: str, **conditions: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {},
        "conditions": {**ATOMS, **conditions},
        "score": weights,
        "decision": {"entry": entry},
    }


def run(source: dict[str, Any]) -> tuple[list[bool], list[int], list[int]]:
    strategy = dslc.compile(source)
    entry = engine.run(strategy._prepare(()).plan, MATRIX).masks[0]
    low, high = engine.run(strategy._prepare_interval().plan, MATRIX).integers
    return entry.tolist(), low.tolist(), high.tolist()


def completions(values: tuple[bool | None, ...]) -> list[int]:
    """The fully defined candles that an assignment could turn out to be."""
    return [
        i
        for i in COMPLETE
        if all(value is None or value == whole for value, whole in zip(values, ASSIGNMENTS[i], strict=True))
    ]


def formula(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.15:
        return rng.choice("abcd")
    if rng.random() < 0.3:
        return f"NOT ({formula(rng, depth - 1)})"
    operator = rng.choice(("AND", "OR"))
    return f"({formula(rng, depth - 1)}) {operator} ({formula(rng, depth - 1)})"


FORMULAS = sorted({formula(random.Random(seed), 1 + seed % 4) for seed in range(150)})


@pytest.mark.parametrize("text", FORMULAS)
def test_every_combination_of_operators_is_kleenes(text: str) -> None:
    node = oracle.parse(text)
    holds, _, _ = run(document({}, text))
    fails, _, _ = run(document({}, f"NOT ({text})"))
    for i, values in enumerate(ASSIGNMENTS):
        truth = kleene(node, dict(zip("abcd", values, strict=True)))
        assert holds[i] == (truth is True)
        assert fails[i] == (truth is False)


def kleene(node: Any, values: dict[str, bool | None]) -> bool | None:
    """The truth of a formula by the oracle's tables."""
    match node:
        case ("name", name):
            return values[name]
        case ("not", inner):
            return oracle.NOT[kleene(inner, values)]
        case ("chain", first, links):
            truth = kleene(first, values)
            for operator, operand in links:
                table = oracle.AND if operator == "AND" else oracle.OR
                truth = table[truth, kleene(operand, values)]
            return truth
    raise AssertionError(node)


WEIGHTS = [
    {"a": 10, "b": 20, "c": 30, "d": 40},
    {"a": 10, "b": -20, "c": 30, "d": -40},
    {"a": -1, "b": -2, "c": -3, "d": -4},
    {"a": 5, "b": 5, "c": 0, "d": 5},
    {"a": 7},
    {},
]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_interval_is_exactly_what_undefined_conditions_leave_open(weights: dict[str, int]) -> None:
    _, low, high = run(document(weights, "score > 0"))
    for i, values in enumerate(ASSIGNMENTS):
        possible = [
            sum(weight for name, weight in weights.items() if ASSIGNMENTS[k]["abcd".index(name)])
            for k in completions(values)
        ]
        assert (low[i], high[i]) == (min(possible), max(possible))


@pytest.mark.parametrize("operator", [">", ">=", "<", "<=", "==", "!="])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_comparison_with_the_score_is_decided_over_the_whole_interval(
    operator: str, weights: dict[str, int]
) -> None:
    compare = oracle.compare_interval
    mirrored = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}[operator]
    for threshold in (-40, -4, -3, 0, 5, 7, 10, 30, 60, 100):
        source = document(weights, f"score {operator} {threshold}")
        holds, low, high = run(source)
        fails, _, _ = run(document(weights, f"NOT (score {operator} {threshold})"))
        flipped, _, _ = run(document(weights, f"{threshold} {mirrored} score"))
        for i in range(len(ASSIGNMENTS)):
            truth = compare(operator, low[i], high[i], threshold)
            assert holds[i] == flipped[i] == (truth is True)
            assert fails[i] == (truth is False)


DECISIONS = [
    "score >= 60",
    "score < 20",
    "score == 30",
    "score != 30",
    "NOT (score <= 10)",
    "score >= 50 AND NOT d",
    "score * 2 > 60",
    "score - 10 <= score / 2",
    "10 < score AND (a OR NOT b)",
    "score > 0 OR u",
    "u OR NOT u",
    "score AND a",
    "crossUp(score, 25)",
    "score[1] <= 20 AND score > 20",
]


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("entry", DECISIONS)
def test_an_entry_never_fires_where_some_values_of_what_is_undefined_would_stop_it(
    entry: str, weights: dict[str, int]
) -> None:
    source = document(weights, entry, u="a AND b")
    strategy = dslc.compile(source)
    plan = strategy._prepare(()).plan
    fired = engine.run(plan, MATRIX).masks[0]
    for i, values in enumerate(ASSIGNMENTS):
        if not fired[i]:
            continue
        before = ASSIGNMENTS[i - 1] if i else None
        for now in completions(values):
            for earlier in completions(before) if before is not None else [None]:
                history = MATRIX[:, [now] if earlier is None else [earlier, now]]
                assert engine.run(plan, np.ascontiguousarray(history)).masks[0][-1], (values, before)


def test_a_low_score_does_not_fire_merely_because_nothing_is_known() -> None:
    fired, _, _ = run(document({"a": 10, "b": 20}, "score < 20"))
    assert not fired[ASSIGNMENTS.index((None, None, None, None))]
    assert fired[ASSIGNMENTS.index((None, False, None, None))]


def test_a_comparison_with_an_undefined_operand_is_neither_true_nor_false() -> None:
    for operator in (">", "<", ">=", "<=", "==", "!="):
        for text in (f"open {operator} 0", f"NOT (open {operator} 0)", f"open {operator} open"):
            fired, _, _ = run(document({}, text))
            assert not any(fired[i] for i, values in enumerate(ASSIGNMENTS) if values[0] is None)
