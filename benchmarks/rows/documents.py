"""Checking documents: how many a second, and where the time goes by the byte.

Documents that are to be distinct are made anew for every round, because dslc remembers the
expressions it has seen.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
import json
import random
from typing import Any

import dslc
from dslc.grammar.document import load
from dslc.grammar.parser import parse as parse_expression
from dslc.grammar.words import LIMITS

from ..figures import Figure, Goal
from ..market import EXAMPLE, Scale
from ..measure import Run, Timing, interleave
from ..report import Table
from . import row

_WARMUPS = 1
_INPUTS = (
    "ema(close, {n})",
    "sma(close, {n}) * {x}",
    "rsi(close, {n})",
    "highest(high, {n})[1]",
    "(close - lowest(low, {n})) / (atr({n}) + {x})",
    "volumeSpike({x})",
    "abs(change(close)) / atr({n})",
)
_CONDITIONS = (
    "{a} > {b}",
    "{a} > {x} AND {b} < {y}",
    "crossUp({a}, {b})",
    "NOT ({a} >= {x} OR {b} == {y})",
    "{a} > {a}[{k}] * {x}",
)


REPEATED, DISTINCT = "distinct documents of repeated expressions", "distinct documents"
GOALS = {REPEATED: Goal(">=", 5_000.0), DISTINCT: Goal(">=", 1_000.0)}


@row("validate")
def validate(scale: Scale) -> Iterator[Table]:
    """Documents checked in a second, verdicts included: one repeated, of a few expressions, all distinct."""
    count = scale.documents
    same = [EXAMPLE.read_text(encoding="utf-8")] * count
    timings = interleave(
        {
            "one document, repeated": _over([same] * (scale.document_rounds + _WARMUPS), _must_be_valid),
            REPEATED: _over(_repeating(scale, count), _must_be_valid),
            DISTINCT: _over(_batches(scale, count, seed=1), _must_be_valid),
            "distinct documents, compiled": _over(_batches(scale, count, seed=2), dslc.compile),
            "json.loads alone": _over(_batches(scale, count, seed=1), json.loads),
        },
        scale.document_rounds,
        _WARMUPS,
    )
    yield Table(
        f"validate: {count:,} documents a round",
        ("work", "documents / s", "µs a document"),
        tuple((name, count / timing.median, 1e6 * timing.median / count) for name, timing in timings.items()),
        figures=tuple(
            Figure(name, count / timings[name].median, "documents / s", goal) for name, goal in GOALS.items()
        ),
    )


@row("parse")
def parse(scale: Scale) -> Iterator[Table]:
    """Microseconds a byte: the document with its places, and expressions short and long."""
    rounds = scale.document_rounds + _WARMUPS
    rng = random.Random(3)
    short = [[_short(rng) for _ in range(scale.documents)] for _ in range(rounds)]
    long = [[_long(rng) for _ in range(max(scale.documents // 100, 2))] for _ in range(rounds)]
    big = [[_big(rng) for _ in range(max(scale.documents // 500, 1))] for _ in range(rounds)]
    expressions, documents = (parse_expression, _python_tree), (load, json.loads)
    yield _per_byte("expressions of a few terms", short, "ast.parse", *expressions)
    yield _per_byte("expressions near the limit", long, "ast.parse", *expressions)
    yield _per_byte("documents of many inputs, expressions left as text", big, "json.loads", *documents)


def _per_byte(
    what: str, batches: list[list[str]], name: str, mine: Callable[[str], Any], theirs: Callable[[str], Any]
) -> Table:
    rounds = len(batches) - _WARMUPS
    timings = interleave({"dslc": _over(batches, mine), name: _over(batches, theirs)}, rounds, _WARMUPS)
    size = sum(len(text.encode()) for batch in batches for text in batch) / len(batches)

    def line(contender: str, timing: Timing) -> tuple[str, float, float]:
        return contender, 1e6 * timing.median / size, timing.ratio(timings[name])

    return Table(
        f"parse: {what}, {size / len(batches[0]):,.0f} bytes each",
        ("parser", "µs a byte", f"time / {name}'s"),
        tuple(line(contender, timing) for contender, timing in timings.items()),
    )


def _over(batches: list[list[str]], work: Callable[[str], Any]) -> Run:
    """Does the work on every text of the next batch."""
    left = iter(batches)

    def run() -> None:
        for text in next(left):
            work(text)

    return run


def _must_be_valid(text: str) -> None:
    if any(found.severity == "error" for found in dslc.validate(text)):
        raise AssertionError(f"a document of the benchmark is not valid: {text}")


def _python_tree(text: str) -> ast.AST:
    return ast.parse(text.replace("AND", "and").replace("OR", "or").replace("NOT", "not"), mode="eval")


def _batches(scale: Scale, count: int, seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    return [[random_document(rng) for _ in range(count)] for _ in range(scale.document_rounds + _WARMUPS)]


def _repeating(scale: Scale, count: int) -> list[list[str]]:
    """Distinct documents of the same two dozen expressions: other conditions, weights and thresholds."""
    rng = random.Random(4)
    inputs = {f"in{k}": _filled(rng, rng.choice(_INPUTS)) for k in range(10)}
    pool = {f"when{k}": rng.sample(list(inputs), 2) for k in range(16)}
    conditions = {name: _filled(rng, rng.choice(_CONDITIONS), used) for name, used in pool.items()}

    def document() -> str:
        chosen = rng.sample(list(pool), rng.randint(3, 5))
        used = {name for condition in chosen for name in pool[condition]}
        return _written(
            rng,
            {name: text for name, text in inputs.items() if name in used},
            {name: text for name, text in conditions.items() if name in chosen},
        )

    return [[document() for _ in range(count)] for _ in range(scale.document_rounds + _WARMUPS)]


def random_document(rng: random.Random) -> str:
    """A strategy of the size of the published example, with periods and thresholds of its own."""
    inputs = {f"in{k}": _filled(rng, rng.choice(_INPUTS)) for k in range(rng.randint(3, 6))}
    names = list(inputs)
    conditions = {f"when{k}": _filled(rng, rng.choice(_CONDITIONS), names) for k in range(rng.randint(3, 5))}
    return _written(rng, inputs, conditions)


def _written(rng: random.Random, inputs: dict[str, str], conditions: dict[str, str]) -> str:
    weights = {name: rng.randint(1, 50) for name in conditions}
    document = {
        "configuration": {"timeframe": rng.choice(("15M", "1H", "4H", "1D"))},
        "inputs": inputs,
        "conditions": conditions,
        "score": weights,
        "decision": {"entry": f"score >= {rng.randint(1, sum(weights.values()))}"},
    }
    return json.dumps(document, indent=2)


def _filled(rng: random.Random, template: str, names: list[str] | None = None) -> str:
    a, b = rng.sample(names, 2) if names else ("close", "open")
    return template.format(
        n=rng.randint(2, 200), k=rng.randint(1, 20), x=_number(rng), y=_number(rng), a=a, b=b
    )


def _number(rng: random.Random) -> str:
    return f"{rng.uniform(0.1, 99.0):.4f}"


def _short(rng: random.Random) -> str:
    return _filled(rng, rng.choice(_CONDITIONS), ["emaFast", "emaSlow", "rsiValue"])


def _long(rng: random.Random) -> str:
    parts = [_short(rng)]
    while len(parts[-1]) + sum(map(len, parts)) + 5 * len(parts) < LIMITS.expression_characters - 64:
        parts.append(_short(rng))
    return " AND ".join(parts)


def _big(rng: random.Random) -> str:
    inputs = {f"in{k}": _filled(rng, rng.choice(_INPUTS)) for k in range(LIMITS.entries)}
    return json.dumps({"configuration": {"timeframe": "1H"}, "inputs": inputs}, indent=2)
