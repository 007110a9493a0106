"""Minimal firing sets: every one and no other, against all assignments tried one by one.

The oracle knows nothing of graphs. Its conditions compare one cell (a field, now or one candle ago) with a
number; what holds together is found by going through values of all cells, and what fires by evaluating the
decision for each assignment that no such candle rules out for any one or two conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
import operator
import os
import random
from typing import Any

import dslc
from dslc.about.firing import EXACTLY, LISTED, Firing, Relations, minimal_sets
from dslc.about.known import Known
from hypothesis import given, settings
import numpy as np
import pytest

from . import programs
from .timing import quickly

SEEDS = 5000 if os.environ.get("DSLC_DEEP") else 250

OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
CELLS = {
    "volume": (0.0, 1.0, 2.0, 3.0, 5.0, 6.0),
    "volume[1]": (0.0, 1.0, 2.0, 3.0, 5.0, 6.0),
    "close": (1.0, 2.0, 3.0, 5.0, 6.0),
    "close[1]": (1.0, 2.0, 3.0, 5.0, 6.0),
}

Tree = tuple[Any, ...]


def document(conditions: dict[str, str], score: dict[str, int], entry: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1D"},
        "inputs": {},
        "conditions": conditions,
        "score": score,
        "decision": {"entry": entry},
    }


def firing(source: dict[str, Any], **limits: int) -> Firing:
    checked = dslc.compile(source)._checked
    known = Known(checked.graph)
    return minimal_sets(checked, known.relations, known.range, **limits)


# --- the oracle -----------------------------------------------------------------------------------


@dataclass
class Drawn:
    """A random strategy of cells and numbers, as a document and as something to evaluate by hand."""

    conditions: dict[str, str]
    weights: dict[str, int]
    tree: Tree

    @property
    def document(self) -> dict[str, Any]:
        return document(self.conditions, self.weights, spelled(self.tree))


def spelled(tree: Tree) -> str:
    match tree:
        case ("and" | "or" as join, left, right):
            return f"({spelled(left)}) {join.upper()} ({spelled(right)})"
        case ("not", operand):
            return f"NOT ({spelled(operand)})"
        case ("score", text, _) | ("condition", text) | ("value", text) | ("mixed", text, _):
            return str(text)
    raise AssertionError(tree)


def leaves(tree: Tree) -> Iterable[Tree]:
    if tree[0] in ("and", "or", "not"):
        for below in tree[1:]:
            yield from leaves(below)
    else:
        yield tree


def comparison(rng: random.Random) -> str:
    return f"{rng.choice(list(CELLS))} {rng.choice(list(OPERATORS))} {rng.choice((2, 5))}"


def drawn(rng: random.Random) -> Drawn:
    names = [f"c{number}" for number in range(rng.randint(1, 6))]
    conditions = {name: comparison(rng) for name in names}
    if rng.random() < 0.2:
        conditions["dead"] = "volume < 0"
    weights = {name: rng.choice((0, 10, 10, 20, 30, -15)) for name in conditions}

    most = sum(weight for weight in weights.values() if weight > 0)
    # One of them, and about a field that no cell has: by hand, nothing is known of two together.
    mixed: Tree = rng.choice(
        (
            ("mixed", "score > open", lambda score: score > 0),
            ("mixed", "score == open", lambda score: score > 0),
            ("mixed", "score - 10 > open", lambda score: most > 10),
        )
    )

    def leaf() -> Tree:
        k = rng.choice((0, 10, 15, 20, 30, 40))
        choices: list[Tree] = [
            ("score", f"score >= {k}", lambda score: score >= k),
            ("score", f"{k} < score", lambda score: score > k),
            ("score", f"score <= {k}", lambda score: score <= k),
            ("score", f"score == {k}", lambda score: score == k),
            ("score", f"abs(score - {k}) / 2 < 6", lambda score: abs(score - k) / 2 < 6),
            ("score", "score / (score - 10) >= 2", lambda score: score != 10 and score / (score - 10) >= 2),
            ("condition", rng.choice(list(conditions))),
            ("value", comparison(rng)),
            mixed,
        ]
        return rng.choice(choices[:5] if rng.random() < 0.5 else choices)

    def tree(depth: int) -> Tree:
        if depth == 0 or rng.random() < 0.3:
            return leaf()
        if rng.random() < 0.2:
            return "not", tree(depth - 1)
        return rng.choice(("and", "or")), tree(depth - 1), tree(depth - 1)

    return Drawn(conditions, weights, tree(3))


def holds(text: str, cells: dict[str, float]) -> bool:
    cell, compared, number = text.split()
    return bool(OPERATORS[compared](cells[cell], float(number)))


def by_hand(strategy: Drawn) -> set[frozenset[str]]:
    """The minimal firing sets, as sets of the names of conditions and the texts of comparisons."""
    members: dict[str, str | None] = dict(strategy.conditions)
    for leaf in leaves(strategy.tree):
        if leaf[0] == "value" and leaf[1] not in strategy.conditions.values():
            members[leaf[1]] = leaf[1]
        if leaf[0] == "mixed":
            members[leaf[1]] = None
    used = {name for name, weight in strategy.weights.items() if weight}
    used |= {
        same_as(strategy, leaf[1]) for leaf in leaves(strategy.tree) if leaf[0] in ("condition", "value")
    }
    members = {name: text for name, text in members.items() if text is None or name in used}
    texts = {name: text for name, text in members.items() if text is not None}
    seen = [
        {name for name, text in texts.items() if holds(text, dict(zip(CELLS, values, strict=True)))}
        for values in product(*CELLS.values())
    ]
    pairs = {(a, b): {(a in one, b in one) for one in seen} for a, b in product(texts, texts)}
    fires = [
        frozenset(held)
        for held in subsets(list(members))
        if all(((a in held), (b in held)) in known or absent(a, b, held) for (a, b), known in pairs.items())
        and true(strategy, strategy.tree, held)
    ]
    return {one for one in fires if not any(other < one for other in fires)}


def absent(a: str, b: str, held: set[str]) -> bool:
    """Neither of two has to hold: before the first candles both are undefined."""
    return a not in held and b not in held


def subsets(names: list[str]) -> Iterable[set[str]]:
    for chosen in product((False, True), repeat=len(names)):
        yield {name for name, one in zip(names, chosen, strict=True) if one}


def same_as(strategy: Drawn, what: str) -> str:
    """The first condition that is the same as a condition or a text."""
    text = strategy.conditions.get(what, what)
    return next((name for name, other in strategy.conditions.items() if other == text), what)


def true(strategy: Drawn, tree: Tree, held: set[str]) -> bool:
    score = sum(strategy.weights.get(name, 0) for name in held)
    match tree:
        case ("and", left, right):
            return true(strategy, left, held) and true(strategy, right, held)
        case ("or", left, right):
            return true(strategy, left, held) or true(strategy, right, held)
        case ("not", operand):
            return not true(strategy, operand, held)
        case ("score", _, compared):
            return bool(compared(score))
        case ("mixed", text, possible):
            return text in held and bool(possible(score))
        case (_, text):
            return same_as(strategy, text) in held
    raise AssertionError(tree)


def undefined_negated(strategy: Drawn) -> bool:
    """Whether NOT stands above a division that may be undefined, which the two truths by hand do not know."""

    def below(tree: Tree, negated: bool) -> bool:
        if tree[0] in ("and", "or", "not"):
            return any(below(one, negated or tree[0] == "not") for one in tree[1:])
        return negated and "/ (score" in str(tree[1])

    return below(strategy.tree, False)


def as_sets(found: Firing) -> set[frozenset[str]]:
    return {frozenset((*one.conditions, *one.comparisons)) for one in found.sets}


def test_the_sets_are_those_of_all_assignments_tried_by_hand() -> None:
    tried = fired = 0
    for seed in range(SEEDS):
        strategy = drawn(random.Random(seed))
        if undefined_negated(strategy):
            continue
        found = firing(strategy.document)
        assert found.complete
        assert found.count == len(found.sets)
        assert as_sets(found) == by_hand(strategy), (seed, strategy.document)
        tried += 1
        fired += bool(found.count)
    assert tried > 0.8 * SEEDS
    assert 0.25 * SEEDS < fired < 0.95 * SEEDS


def test_the_search_for_many_finds_the_same() -> None:
    for seed in range(SEEDS):
        strategy = drawn(random.Random(seed)).document
        exact, searched = firing(strategy), firing(strategy, exactly=-1)
        assert searched.complete
        assert (searched.sets, searched.count) == (exact.sets, exact.count), (seed, strategy)
        assert searched.least is None


# --- laws -----------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(programs.strategies(), programs.bar_sets(min_bars=60))
def test_on_a_candle_that_fires_one_of_the_sets_holds(
    strategy: dict[str, Any], bars: dict[str, list[float]]
) -> None:
    compiled = dslc.compile(strategy)
    found = compiled.report().firing
    result = compiled.evaluate(bars)
    if not found.complete or found.count > LISTED:
        return
    within = np.zeros(len(result), bool)
    for one in found.sets:
        columns = [result.conditions[name] for name in one.conditions]
        within |= np.logical_and.reduce(columns) if columns else True
    assert not (result.entry & ~within).any()
    if found.least is not None and found.most is not None:
        assert ((result.score >= found.least) & (result.score <= found.most)).all()


def test_no_set_is_within_another_and_scores_are_sums() -> None:
    for seed in range(100):
        strategy = drawn(random.Random(seed))
        found = firing(strategy.document)
        sets = list(as_sets(found))
        assert not any(one < other for one in sets for other in sets)
        for one in found.sets:
            assert one.score == sum(strategy.weights[name] for name in one.conditions)
        assert [len(one.conditions) + len(one.comparisons) for one in found.sets] == sorted(
            len(one.conditions) + len(one.comparisons) for one in found.sets
        )


def test_unless_names_what_would_stop_a_set() -> None:
    source = document(
        {"up": "close > open", "calm": "volume < 5", "wild": "volume > 9", "wide": "range() > 3"},
        {"up": 40, "wild": -30, "wide": -30, "calm": 1},
        "score >= 40 AND NOT calm",
    )
    (one,) = firing(source).sets
    assert one.conditions == ("up",)
    assert one.unless == ("calm", "wild", "wide")
    # What cannot hold together with the set needs no mention.
    source["conditions"] |= {"up": "volume > 7", "wild": "volume < 7"}
    (one,) = firing(source).sets
    assert (one.conditions, one.unless) == (("up",), ("wide",))


def test_the_published_example_fires_in_two_ways() -> None:
    from pathlib import Path

    path = Path(__file__).parent.parent / "examples" / "ema-crossover.json"
    found = dslc.compile(path).report().firing
    assert [one.conditions for one in found.sets] == [
        ("trendUp", "crossover"),
        ("trendUp", "rsiHealthy", "volConfirm"),
    ]
    assert (found.least, found.most, found.complete) == (0, 100, True)


# --- what a decision may be -----------------------------------------------------------------------


def test_a_comparison_of_the_decision_is_a_member_by_its_text() -> None:
    source = document({"up": "close > 5"}, {"up": 60}, "score>=60 AND (close>open OR (volume>3)[2])")
    found = firing(source)
    assert found.conditions == ("up",)
    assert found.comparisons == ("close > open", "(volume > 3)[2]")
    assert [(one.conditions, one.comparisons) for one in found.sets] == [
        (("up",), ("close > open",)),
        (("up",), ("(volume > 3)[2]",)),
    ]


def test_the_score_of_an_earlier_candle_is_free() -> None:
    source = document({"up": "close > 5"}, {"up": 60}, "score >= 60 AND NOT (score >= 60)[1]")
    (one,) = firing(source).sets
    assert (one.conditions, one.comparisons, one.unless) == (("up",), (), ("(score >= 60)[1]",))
    source["decision"]["entry"] = "crossUp(score, 50)"
    (one,) = firing(source).sets
    assert (one.conditions, one.comparisons) == (("up",), ("score[1] <= 50",))


def test_the_range_of_a_value_bounds_what_the_score_has_to_reach() -> None:
    conditions = {"a": "close > 5", "b": "open > 5", "c": "volume > 5"}
    source = document(conditions, {"a": 50, "b": 30, "c": 20}, "score >= 70 + rsi(close, 14)")
    assert as_sets(firing(source)) == {
        frozenset(("a", "b", "score >= 70 + rsi(close, 14)")),
        frozenset(("a", "c", "score >= 70 + rsi(close, 14)")),
    }
    source["decision"]["entry"] = "score > 100 + rsi(close, 14)"
    assert firing(source).count == 0


def test_constants_decide_themselves() -> None:
    conditions = {"daily": "timeframe == 1D", "hourly": "timeframe == 1H", "up": "close > 5"}
    source = document(conditions, {"daily": 10, "hourly": 10, "up": 10}, "score >= 20")
    found = firing(source)
    assert [one.conditions for one in found.sets] == [("daily", "up")]
    assert (found.least, found.most) == (10, 20)
    source["decision"]["entry"] = "0 / 0 > 1 OR timeframe == 1H"
    assert firing(source).count == 0
    source["decision"]["entry"] = "2 > 1"
    (one,) = firing(source).sets
    assert one.conditions == ("daily",)


def test_without_conditions_the_empty_set_fires_or_none() -> None:
    assert [one.conditions for one in firing(document({}, {}, "score >= 0")).sets] == [()]
    assert firing(document({}, {}, "score > 0")).sets == ()


def test_relations_that_are_given_are_used() -> None:
    source = document(
        {"a": "close > 5", "b": "open > 5", "c": "volume > 5"}, dict.fromkeys("abc", 1), "score > 1"
    )
    checked = dslc.compile(source)._checked
    given = Relations(implications=((0, 1),), exclusions=((1, 2),), never=())
    assert as_sets(minimal_sets(checked, lambda nodes: given)) == {frozenset("ab")}
    given = Relations(never=(0,))
    assert as_sets(minimal_sets(checked, lambda nodes: given)) == {frozenset("bc")}
    given = Relations(always=(0,))
    assert as_sets(minimal_sets(checked, lambda nodes: given)) == {frozenset("ab"), frozenset("ac")}


# --- many -----------------------------------------------------------------------------------------


def many(count: int, entry: str, weight: int = 5) -> dict[str, Any]:
    conditions = {f"c{number}": f"close[{number}] > open" for number in range(count)}
    return document(conditions, dict.fromkeys(conditions, weight), entry)


def test_twenty_conditions_are_exact() -> None:
    found = quickly(lambda: firing(many(EXACTLY, "score >= 50")), 5)
    assert (found.count, len(found.sets), found.complete) == (184_756, LISTED, True)
    assert found.sets[0].conditions == tuple(f"c{number}" for number in range(10))


def test_more_conditions_give_what_the_search_found_and_say_so() -> None:
    found = firing(many(60, "score >= 15"))
    assert not found.complete
    assert found.searched == 2
    assert found.count == len(found.sets) > 100
    assert {len(one.conditions) for one in found.sets} == {3}
    assert (found.least, found.most) == (None, None)
    text = str(dslc.compile(many(60, "score >= 15")).report())
    assert "all of those with up to 2 (there are too many to try all)" in text


def test_a_search_of_a_large_document_ends() -> None:
    conditions = {f"c{number}": f"close[{number}] > open[{number % 7}]" for number in range(400)}
    weights = {name: 1 + number % 97 for number, name in enumerate(conditions)}
    source = document(conditions, weights, "score >= 9000 AND NOT c3 OR score * 3 == 17")
    assert not quickly(lambda: firing(source), 5).complete


def test_a_search_that_tries_everything_says_so_too() -> None:
    found = firing(many(30, "c0 AND c29 AND score <= 10"))
    assert found.complete
    assert [one.conditions for one in found.sets] == [("c0", "c29")]


@pytest.mark.parametrize("entry", ["score >= 1 AND score < 1", "c0 AND NOT c0"])
def test_a_contradiction_never_fires(entry: str) -> None:
    found = firing(many(3, entry))
    assert (found.count, found.complete) == (0, True)
    assert "Fires      never" in str(dslc.compile(many(3, entry)).report())
