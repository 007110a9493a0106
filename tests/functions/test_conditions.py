"""Functions of conditions: their answer is that of every completion of what is undefined, or there is none.

A condition that is undefined on some candles is completed in all ways, each completion is answered by a plain
loop that knows true and false only, and the function must be defined exactly where all of them agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
import random

import dslc
from dslc.runtime import engine
import numpy as np
import pytest

from .on_bars import on, same_bits, values, walk, with_holes

Truths = Sequence["bool | None"]
Answer = list["float | None"]


def bars_since(held: Sequence[bool], x: Sequence[float]) -> Answer:
    return [next((float(ago) for ago in range(t + 1) if held[t - ago]), None) for t in range(len(held))]


def streak(held: Sequence[bool], x: Sequence[float]) -> Answer:
    return [
        next((float(ago) for ago in range(t + 1) if not held[t - ago]), float(t + 1))
        for t in range(len(held))
    ]


def value_when(held: Sequence[bool], x: Sequence[float]) -> Answer:
    return [next((x[at] for at in range(t, -1, -1) if held[at]), None) for t in range(len(held))]


def since(held: Sequence[bool], x: Sequence[float]) -> Answer:
    return [next((sum(x[at : t + 1]) for at in range(t, -1, -1) if held[at]), None) for t in range(len(held))]


def count_of_three(held: Sequence[bool], x: Sequence[float]) -> Answer:
    return [float(sum(held[t - 2 : t + 1])) if t >= 2 else None for t in range(len(held))]


def chosen(held: Sequence[bool], x: Sequence[float]) -> Answer:
    return [float(x[t]) if held[t] else 2.0 for t in range(len(held))]


PLAIN: dict[str, Callable[[Sequence[bool], Sequence[float]], Answer]] = {
    "barsSince({c})": bars_since,
    "streak({c})": streak,
    "valueWhen({c}, {x})": value_when,
    "since({c}, {x})": since,
    "countTrue({c}, 3)": count_of_three,
    "if({c}, {x}, 2)": chosen,
}
CONDITION = "close / volume > 0"
"""Of a close of 1 it is true, of -1 false, and undefined where the volume is 0. The number is the open."""


def found(expression: str, truths: Truths, x: Sequence[float], **how: object) -> list[float]:
    """The value where the condition has these truths, on bars of which nothing is asked."""
    close = np.array([1.0 if truth else -1.0 for truth in truths])
    volume = np.array([0.0 if truth is None else 1.0 for truth in truths])
    matrix = np.vstack([np.array(x, float), close, close, close, volume])
    strategy = dslc.compile(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": {"x": expression},
            "conditions": {"some": "close > 0"},
            "score": {},
            "decision": {"entry": "close > 0"},
        }
    )
    return [float(v) for v in engine.run(strategy._prepare(("x",)).plan, matrix, **how).numbers[0]]  # type: ignore[arg-type]


def shared_by_all(
    plain: Callable[[Sequence[bool], Sequence[float]], Answer], truths: Truths, x: Sequence[float]
) -> list[float]:
    """On each candle the answer that all completions have, NaN where they have several or none."""
    holes = [at for at, truth in enumerate(truths) if truth is None]
    answers = []
    for filled in product((True, False), repeat=len(holes)):
        held = [bool(truth) for truth in truths]
        for at, truth in zip(holes, filled, strict=True):
            held[at] = truth
        answers.append(plain(held, x))
    return [
        float(here[0]) if len(set(here)) == 1 and here[0] is not None else float("nan")
        for here in zip(*answers, strict=True)
    ]


@pytest.mark.parametrize("call", PLAIN)
def test_a_value_is_the_one_that_all_completions_share(call: str) -> None:
    rng = random.Random(3)
    expression = call.format(c=CONDITION, x="open")
    undefined = defined = 0
    for _ in range(60):
        length = rng.randint(1, 11)
        truths = [rng.choice((True, False, False, None)) for _ in range(length)]
        x = [float(rng.choice((-1, 0, 0, 1, 2))) for _ in range(length)]
        wanted = shared_by_all(PLAIN[call], truths, x)
        np.testing.assert_array_equal(found(expression, truths, x), wanted, err_msg=f"{truths} {x}")
        undefined += sum(w != w for w in wanted)
        defined += sum(w == w for w in wanted)
    assert min(undefined, defined) > 40


@pytest.mark.parametrize("call", PLAIN)
def test_on_conditions_that_are_always_known_a_plain_loop_agrees(call: str) -> None:
    bars = walk(400)
    held = [bool(a > b) for a, b in zip(bars["close"], bars["open"], strict=True)]
    x = np.floor(bars["high"]).tolist()
    wanted = [float("nan") if v is None else v for v in PLAIN[call](held, x)]
    expression = call.format(c="close > open", x="floor(high)")
    np.testing.assert_array_equal(values(expression, bars), wanted)


NAN = float("nan")
T, F, U = True, False, None


def test_is_defined_is_never_undefined_and_or_else_fills_the_holes() -> None:
    bars = with_holes(walk(50), (7, 30))
    number = "close * volume / volume"
    here, gone = (
        values(f"if(isDefined({number}), 1, 0)", bars),
        values(f"if(NOT isDefined({number}), 1, 0)", bars),
    )
    np.testing.assert_array_equal(here, bars["volume"])
    np.testing.assert_array_equal(gone, 1 - bars["volume"])
    np.testing.assert_array_equal(
        values(f"orElse({number}, -1)", bars), np.where(bars["volume"] > 0, bars["close"], -1.0)
    )


def test_what_others_call_missing_is_zero_and_not_undefined() -> None:
    """The value of a condition's function is not confused with 0: -0 and 0 are one number."""
    assert on([1, 1], "valueWhen(close > 0, 0 - 0 * close)") == [0, 0]


def test_no_way_of_running_changes_a_bit() -> None:
    rng = np.random.default_rng(5)
    bars = with_holes(walk(300), sorted(rng.choice(300, 40, replace=False).tolist()))
    condition, number = "(close - open) / volume > 0", "round(high) - 100"
    expressions = [call.format(c=condition, x=number) for call in PLAIN]
    expressions += ["orElse(close / volume, open)", f"if(isDefined({number} / volume), 1, 2)"]
    same_bits(expressions, bars)


def scored(entry: str) -> dslc.Strategy:
    return dslc.compile(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": {"mean": "sma(close, 20)"},
            "conditions": {"up": "close > mean", "white": "close > open"},
            "score": {"up": 5, "white": 3},
            "decision": {"entry": entry},
        }
    )


@pytest.mark.parametrize(
    "entry",
    ["if(score > 5, 1, 2) > 1", "isDefined(score)", "if(up, score, 2) > 1", "orElse(score, 3) > 2",
     "streak(score >= 5) >= 2", "since(up, score) > 10", "if(isDefined(score), score, 0) >= 5"],
)  # fmt: skip
def test_a_decision_that_asks_the_score_so_can_be_explained(entry: str) -> None:
    result = scored(entry).evaluate(walk(60))
    for row in (0, 5, 25, 59):
        assert result.explain(row).entered == result.entry[row]


def test_no_weight_is_called_idle_where_it_decides_whether_the_score_is_known() -> None:
    """Before `up` is defined the score is not either, so its points decide."""
    assert scored("isDefined(score)").evaluate(walk(60)).entry.tolist() == [False] * 19 + [True] * 41
    for entry in ("isDefined(score)", "NOT isDefined(score)"):
        assert [one.code for one in scored(entry).diagnostics] == []
