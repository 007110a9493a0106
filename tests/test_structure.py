"""The published JSON Schema and the structural check say the same, with the jsonschema library as judge."""

from __future__ import annotations

import copy
import json
from pathlib import Path
import random
from typing import Any

from dslc.grammar.document import load
from dslc.grammar.spelling import Speller
from dslc.schemas.schema import DRAFT, schema
from dslc.schemas.structure import check_structure
import jsonschema
import pytest

from . import programs

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.json"))
WRONG: list[Any] = [
    None,
    True,
    0,
    1.5,
    10.0,
    -3,
    "",
    "close",
    "1H",
    [],
    ["close"],
    {},
    {"a": 1},
    10**10,
    "1M",
    "1h",
]
KEYS = [
    "timeframe",
    "entry",
    "exit",
    "inputs",
    "close",
    "And",
    "a b",
    "é",
    "x" * 65,
    "name",
    "language",
    "$schema",
    "parameters",
    "constraints",
    "min",
    "choices",
    "type",
    "unit",
    "functions",
    "f(x)",
    " g( x , y2 ) ",
    "f()",
    "f(x,)",
    "f(close)",
    "score(x)",
    "f(x, y, x)",
    "f(x, x2, Not)",
    "f(xx, x)",
    f"f({', '.join(f'p{n}' for n in range(65))})",
    f"f({', '.join(f'p{n}' for n in range(64))})",
]

# What a schema cannot say, or says of an expression's text: the analyzer's business.
BEYOND_SCHEMA = {"E115", "E305", "E312", "E415", "W703", "W704"}
PARAMETERS: list[dict[str, Any]] = [
    {"p": {"default": 3, "min": 1, "max": 10}},
    {"p": {"default": 0.5, "step": 0.25, "unit": "points", "description": "a half"}, "q": {"default": True}},
    {"p": {"default": 3, "choices": [1, 3, 5]}, "q": {"default": 2, "type": "number", "min": 0}},
]
FUNCTIONS: list[dict[str, Any]] = [
    {"slope(x, n)": "(x - x[n]) / n"},
    {"k()": "3", "h(c)": "NOT c"},
    {},
]


def test_the_schema_is_a_valid_one() -> None:
    assert schema()["$schema"] == DRAFT
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_satisfy_the_schema(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    if "strategySnapshotJson" in document:
        document = json.loads(document["strategySnapshotJson"])
    jsonschema.validate(document, schema(), jsonschema.Draft202012Validator)


def damaged(rng: random.Random) -> dict[str, Any]:
    """A valid strategy with up to three things of the wrong shape."""
    document = copy.deepcopy(programs.strategy(rng, size=2))
    if rng.random() < 0.5:
        document |= {"parameters": copy.deepcopy(rng.choice(PARAMETERS)), "constraints": ["p > 0"]}
    if rng.random() < 0.5:
        document["functions"] = copy.deepcopy(rng.choice(FUNCTIONS))
    for _ in range(rng.randrange(4)):
        holder: Any = document
        if rng.random() < 0.7:
            inner = [value for value in document.values() if isinstance(value, dict)]
            if isinstance(document.get("parameters"), dict):
                inner += [value for value in document["parameters"].values() if isinstance(value, dict)]
            holder = rng.choice(inner) if inner else document
        key = rng.choice([*holder, *KEYS]) if holder else rng.choice(KEYS)
        if rng.random() < 0.3:
            holder.pop(key, None)
        else:
            holder[key] = copy.deepcopy(rng.choice(WRONG))
    return document


def test_both_refuse_the_same_documents() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    verdicts = {True: 0, False: 0}
    for seed in range(3000):
        document = damaged(random.Random(seed))
        _, findings = check_structure(load(document), Speller())
        ours = not [f for f in findings if f.message.code not in BEYOND_SCHEMA]
        empty = any(
            text == ""
            for section in ("functions", "inputs", "conditions", "decision")
            if isinstance(document.get(section), dict)
            for text in document[section].values()
        ) or document.get("constraints") == [""]
        empty = empty or '"choices": []' in json.dumps(document)  # E115, of which a schema can say this much
        theirs = validator.is_valid(document)
        verdicts[theirs] += 1
        assert ours == theirs or empty, document
    assert min(verdicts.values()) > 500
