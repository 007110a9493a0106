"""The generators keep their promises: valid, alive, varied, the same for the same seed."""

from __future__ import annotations

import ast
from collections import Counter
import doctest
from functools import cache
import json
import math
from pathlib import Path
import random
import re
from typing import Any

from hypothesis import given, settings
import pytest

from . import oracle, programs
from .oracle import FUNCTIONS, Outcome, evaluate
from .programs import (
    KINDS,
    MUTATIONS,
    Bars,
    Document,
    bar_sets,
    bars,
    mutants,
    mutate,
    strategies,
    strategy,
    text,
)

SAMPLE = 240
LENGTH, WARM_UP = 260, 120
RESERVED = {
    "open",
    "high",
    "low",
    "close",
    "volume",
    "score",
    "timeframe",
    "true",
    "false",
    "and",
    "or",
    "not",
}


def drawn(seed: int, *, alive: bool = True) -> Document:
    return strategy(random.Random(seed), alive=alive)


@cache
def evaluated() -> list[tuple[Document, Outcome]]:
    """The sample: its strategies on all kinds of bars in turn, and what the oracle says of them."""
    found = []
    for seed in range(SAMPLE):
        candles = bars(random.Random(seed), LENGTH, kind=KINDS[seed % len(KINDS)])
        found.append((drawn(seed), evaluate(drawn(seed), candles)))
    return found


def expressions(document: Document) -> list[str]:
    return [*document["inputs"].values(), *document["conditions"].values(), document["decision"]["entry"]]


# ── Strategies ───────────────────────────────────────────────────────────────────────────────────────────


def test_nine_tenths_of_the_values_are_defined_after_warm_up() -> None:
    for part in ("inputs", "conditions"):
        values = [
            x for _, out in evaluated() for series in getattr(out, part).values() for x in series[WARM_UP:]
        ]
        assert sum(x is not None for x in values) >= 0.9 * len(values)


def test_most_strategies_enter_and_do_not_enter() -> None:
    alive = [len(set(outcome.entry[WARM_UP:])) == 2 for _, outcome in evaluated()]
    assert sum(alive) >= 0.6 * SAMPLE


def test_most_conditions_are_true_and_false() -> None:
    alive = [
        {True, False} <= set(x[WARM_UP:]) for _, outcome in evaluated() for x in outcome.conditions.values()
    ]
    assert sum(alive) >= 0.7 * len(alive)


def test_something_is_undefined_between_defined_values() -> None:
    holes = 0
    for _, outcome in evaluated():
        for series in outcome.inputs.values():
            defined = [t for t, x in enumerate(series) if x is not None]
            holes += bool(defined) and None in series[defined[0] : defined[-1]]
    assert holes >= 5


def test_score_intervals_are_open_for_a_while_and_cover_the_score() -> None:
    wide = 0
    for _, out in evaluated():
        assert all(
            low <= score <= high
            for low, score, high in zip(out.score_low, out.score, out.score_high, strict=True)
        )
        wide += any(low < high for low, high in zip(out.score_low, out.score_high, strict=True))
    assert wide >= 0.5 * SAMPLE


def test_every_function_and_every_form_occurs() -> None:
    sample = [drawn(seed) for seed in range(SAMPLE)]
    whole = "\n".join(expression for document in sample for expression in expressions(document))
    assert set(re.findall(r"\w+(?=\()", whole)) >= set(FUNCTIONS)
    for form in (
        r"NOT \w",
        r"NOT \(",
        r"NOT NOT",
        r"AND .* AND",
        r"AND .* OR",
        r"\w\[\d",
        r"\)\[\d",
        r"\w\[[a-z]",
        r" == ",
        r" != ",
        r"score (?:==|!=)",
        r"[<>]=? score",
        r"score [<>]",
        r"score [*/+-]",
        r"abs\(score\)",
        r"score\[1\]",
        r"sma\(score",
        r"timeframe [!=]= ",
        r"\w>\w",
        r"-\(|--| -\w",
        r"[^\d]\.\d",
        r"\d\.0\b",
        r", [a-z_]\w*\)",
        r"(?:AND|OR) (?:change|body|range|upperWick|lowerWick|atr)\([^()]*\)(?:$| AND| OR)",
    ):
        assert re.search(form, whole, re.MULTILINE), form


def test_weights_and_sizes_vary() -> None:
    sample = [drawn(seed) for seed in range(SAMPLE)]
    weights = [weight for document in sample for weight in document["score"].values()]
    assert any(weight < 0 for weight in weights)
    assert any(weight == 0 for weight in weights)
    assert any(isinstance(weight, float) for weight in weights)
    assert any(set(document["conditions"]) - set(document["score"]) for document in sample)
    assert {len(document["inputs"]) for document in sample} == set(range(9))
    assert {len(document["conditions"]) for document in sample} == set(range(1, 9))


@pytest.mark.parametrize("alive", [True, False])
def test_documents_keep_to_the_rules(alive: bool) -> None:
    for seed in range(SAMPLE):
        document = drawn(seed, alive=alive)
        names = [*document["inputs"], *document["conditions"]]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name) for name in names)
        assert not {name.lower() for name in names} & RESERVED
        assert all(len(expression) <= 4096 for expression in expressions(document))
        assert all(weight == int(weight) and abs(weight) <= 10**9 for weight in document["score"].values())
        assert set(document["score"]) <= set(document["conditions"])
        above: set[str] = set()
        for name, expression in [*document["inputs"].items(), *document["conditions"].items()]:
            used = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*(?![\w(])", expression)) & set(names)
            assert used <= above, (name, expression)
            above.add(name)
        assert not any("score" in re.findall(r"\w+", expression) for expression in expressions(document)[:-1])


def test_degenerate_strategies_evaluate_too() -> None:
    undefined = 0
    for seed in range(60):
        outcome = evaluate(drawn(seed, alive=False), bars(random.Random(seed), 60))
        undefined += any(set(series) == {None} for series in outcome.inputs.values())
    assert undefined >= 5


def test_cutting_off_the_future_leaves_the_past() -> None:
    for seed in range(40):
        candles = bars(random.Random(seed), 90, kind=KINDS[seed % len(KINDS)])
        whole = evaluate(drawn(seed), candles)
        part = evaluate(drawn(seed), {name: values[:53] for name, values in candles.items()})
        assert part.inputs == {name: values[:53] for name, values in whole.inputs.items()}
        assert part.decision == whole.decision[:53]


def test_the_same_seed_draws_the_same() -> None:
    for seed in range(20):
        assert json.dumps(drawn(seed)) == json.dumps(drawn(seed))
        assert bars(random.Random(seed), 50) == bars(random.Random(seed), 50)
        written = text(drawn(seed), random.Random(seed))
        assert written == text(drawn(seed), random.Random(seed))
        assert mutate(written, random.Random(seed)) == mutate(written, random.Random(seed))


# ── Bars ─────────────────────────────────────────────────────────────────────────────────────────────────


def assert_valid(candles: Bars) -> None:
    rows = zip(*(candles[name] for name in ("open", "high", "low", "close", "volume")), strict=True)
    for open_, high, low, close, volume in rows:
        assert 0 < low <= min(open_, close) <= max(open_, close) <= high < math.inf
        assert 0 <= volume < math.inf


@pytest.mark.parametrize("kind", KINDS)
def test_bars_are_valid_and_of_their_kind(kind: str) -> None:
    candles = bars(random.Random(3), 400, kind=kind)
    assert_valid(candles)
    close = candles["close"]
    if kind == "flat":
        assert len(set(close[-160:])) == 1 and candles["high"][-160:] == candles["low"][-160:]
    elif kind == "ties":
        assert all((4 * x).is_integer() for x in close)
        assert max(Counter(close).values()) > 5
    elif kind == "tiny":
        assert max(close) < 1e-6
    elif kind == "huge":
        assert min(close) > 1e7
    elif kind == "gaps":
        jumps = [abs(o / c - 1) for o, c in zip(candles["open"][1:], close, strict=False)]
        assert sum(jump > 0.02 for jump in jumps) > 5
    elif kind == "quiet":
        assert 20 < candles["volume"].count(0.0) < 380
    elif kind == "trend":
        assert abs(math.log(close[-1] / close[0])) > 0.7
    else:
        assert len(set(close)) == 400


def test_unknown_kind_of_bars() -> None:
    with pytest.raises(ValueError, match="no bars are called wild"):
        bars(random.Random(0), 5, kind="wild")


@settings(max_examples=30, deadline=None, derandomize=True)
@given(strategies(), bar_sets(max_bars=40))
def test_hypothesis_wrappers(document: Document, candles: Bars) -> None:
    assert_valid(candles)
    outcome = evaluate(document, candles)
    assert outcome.entry == [value is True for value in outcome.decision]


# ── Text and mistakes ────────────────────────────────────────────────────────────────────────────────────


def ordered(value: Any) -> Any:
    return [(key, ordered(inner)) for key, inner in value.items()] if isinstance(value, dict) else value


def test_text_reads_back_as_the_document() -> None:
    orders, escaped = set(), 0
    for seed in range(100):
        document = drawn(seed)
        written = text(document, random.Random(seed))
        back = json.loads(written)
        assert {key: ordered(inner) for key, inner in back.items()} == {
            key: ordered(inner) for key, inner in document.items()
        }
        orders.add(tuple(back))
        escaped += "\\u" in written
    assert len(orders) > 50
    assert escaped > 10


def test_mutants_differ_and_are_text() -> None:
    readable = 0
    for seed in range(600):
        rng = random.Random(seed)
        whole = text(drawn(seed % 20), rng)
        mutant = mutate(whole, rng)
        assert mutant != whole
        mutant.encode()
        try:
            json.loads(mutant)
        except (ValueError, RecursionError):
            continue
        readable += 1
    assert 150 < readable < 450  # some stop at the JSON, some at the language


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__.strip("_"))
def test_every_mutation_takes_any_text(mutation: Any) -> None:
    for whole in ("", "}", '"', "\x00", '{"a": "close > 1 AND score"}', text(drawn(1), random.Random(1))):
        for seed in range(10):
            mutation(whole, random.Random(seed)).encode()
            mutate(whole, random.Random(seed)).encode()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(mutants())
def test_hypothesis_mutants(mutant: str) -> None:
    mutant.encode()


@pytest.mark.parametrize("module", [oracle, programs], ids=["oracle", "programs"])
def test_examples_hold_and_nothing_is_shared_with_the_product(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert not {name for name in imported if name.split(".")[0] in ("dslc", "numpy", "lark")}
