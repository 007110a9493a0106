"""Parameters: a bound strategy is the one with its numbers written out, for every value that may be bound.

What a value may be is judged here by plain decimal arithmetic, what a constraint says by plain Python.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from itertools import pairwise, product
import json
import pickle
import random
import re
from typing import Any

import dslc
from dslc.schemas.parameters import Parameter
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from . import programs
from .test_cli import dslc as run
from .timing import quickly

NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")

CROSSING: dict[str, Any] = {
    "configuration": {"timeframe": "1H"},
    "parameters": {
        "fast": {"default": 9, "min": 2, "max": 50},
        "slow": {"default": 21, "min": 5, "max": 200, "unit": "candles"},
        "level": {"default": 60, "min": -100, "max": 100, "step": 2.5},
        "tilt": {"default": -0.5, "min": -2.0, "max": 2.0},
        "lag": {"default": 1, "choices": [0, 1, 5]},
        "loud": {"default": True, "description": "only with volume"},
    },
    "constraints": ["fast < slow"],
    "inputs": {"a": "ema(close, fast)", "b": "sma(close, slow - fast + 1)[lag]", "c": "close - -tilt"},
    "conditions": {"up": "a > b", "v": "NOT loud OR volumeSpike(1) > 1", "far": "c > b"},
    "score": {"up": 50, "v": 30, "far": -20},
    "decision": {"entry": "score >= level"},
}


def bars(candles: int = 400) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {"close": rng.uniform(1, 2, candles), "volume": rng.uniform(1, 9, candles)}


def written_out(document: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """The document with texts in the places of the names of its parameters."""
    found = copy.deepcopy(document)
    for key in ("parameters", "constraints"):
        found.pop(key, None)
    for section in ("inputs", "conditions", "decision"):
        for name, text in found[section].items():
            for parameter, value in values.items():
                text = re.sub(rf"\b{parameter}\b", value, text)
            found[section][name] = text
    return found


def test_a_bound_strategy_is_the_one_with_its_numbers_written_out() -> None:
    strategy = dslc.compile(CROSSING)
    rng = random.Random(1)
    for _ in range(40):
        fast = rng.randint(2, 49)
        values = {
            "fast": fast,
            "slow": rng.randint(max(5, fast + 1), 200),
            "level": rng.randrange(-40, 41) * 2.5,
            "tilt": rng.uniform(-2, 2),
            "lag": rng.choice([0, 1, 5]),
            "loud": rng.random() < 0.5,
        }
        texts = {name: repr(value) for name, value in values.items()}
        texts["loud"] = "1 == 1" if values["loud"] else "1 != 1"
        texts["loud"] = f"({texts['loud']})"
        bound = strategy.bind(**values)
        plain = dslc.compile(written_out(CROSSING, texts))
        assert bound.values == values
        assert bound.hash == plain.hash
        assert bound.canonical == plain.canonical
        mine, theirs = bound.evaluate(bars()), plain.evaluate(bars())
        assert mine.score.tobytes() == theirs.score.tobytes()
        assert mine.entry.tobytes() == theirs.entry.tobytes()


@pytest.mark.parametrize("seed", range(60))
def test_any_number_of_any_strategy_may_be_a_parameter(seed: int) -> None:
    """Every number of a random strategy becomes a parameter with that default; the hash stays."""
    document = programs.strategy(random.Random(seed), size=6)
    parameters: dict[str, Any] = {}

    def name(match: re.Match[str]) -> str:
        number = json.loads(match[0]) if re.fullmatch(r"\d+(\.\d+)?", match[0]) else float(match[0])
        parameters[f"par{len(parameters)}"] = {"default": number}
        return f"par{len(parameters) - 1}"

    found = copy.deepcopy(document)
    for section in ("inputs", "conditions", "decision"):
        for key, text in found[section].items():
            found[section][key] = NUMBER.sub(name, text)
    assert parameters
    template = dslc.compile({**found, "parameters": dict(list(parameters.items())[:512])})
    assert template.hash == dslc.compile(document).hash


decimals = st.decimals(-50, 50, places=2).map(lambda number: number.normalize())


@given(
    low=decimals,
    width=st.decimals(0, 20, places=2),
    step=st.decimals("0.01", 5, places=2),
    k=st.integers(0, 60),
    off=st.sampled_from([Decimal(0), Decimal("0.005"), Decimal("0.01")]),
)
def test_a_value_is_accepted_on_the_steps_as_they_are_written(
    low: Decimal, width: Decimal, step: Decimal, k: int, off: Decimal
) -> None:
    high, value = low + width, low + k * step + off
    parameter = Parameter("x", "number", float(low), float(low), float(high), float(step))
    wanted = low <= value <= high and (value - low) % step == 0
    assert parameter.accepts(float(value)) == wanted
    every = parameter.values(1 << 14)
    assert every is not None
    assert (float(value) in every) == wanted
    assert len(every) == int(width / step) + 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"fast": 1}, "E415"),
        ({"fast": 51}, "E415"),
        ({"fast": 2.5}, "E415"),
        ({"fast": True}, "E415"),
        ({"fast": "9"}, "E415"),
        ({"fast": None}, "E415"),
        ({"fast": float("nan")}, "E415"),
        ({"fast": 10**400}, "E415"),
        ({"fast": [9]}, "E415"),
        ({"level": 61}, "E415"),
        ({"lag": 2}, "E415"),
        ({"loud": 1}, "E415"),
        ({"fast": 30}, "E417"),
        ({"slow": 5}, "E417"),
        ({"fats": 9}, "E313"),
        ({"close": 9}, "E313"),
    ],
)
def test_what_may_not_be_bound_is_refused(values: dict[str, Any], code: str) -> None:
    strategy = dslc.compile(CROSSING)
    with pytest.raises(dslc.StrategyError) as error:
        strategy.bind(**values)
    assert error.value.diagnostics[0].code == code
    with pytest.raises(dslc.StrategyError):
        dslc.compile(CROSSING, parameters=values)


def test_numbers_of_numpy_are_numbers() -> None:
    bound = dslc.compile(CROSSING).bind(fast=np.int64(5), level=np.float32(2.5), loud=np.bool_(False))
    assert (bound.values["fast"], bound.values["level"], bound.values["loud"]) == (5, 2.5, False)


def test_values_stay_with_a_strategy() -> None:
    bound = dslc.compile(CROSSING).bind(slow=60).bind(fast=50)
    assert bound.values["fast"], bound.values["slow"] == (50, 60)
    assert pickle.loads(pickle.dumps(bound)).hash == bound.hash
    assert copy.deepcopy(bound).values == bound.values
    batch = dslc.compile_batch([bound], timeframe="4H")
    assert batch[0] is not None
    assert batch[0].inputs == bound.inputs


def test_without_values_the_defaults_count() -> None:
    strategy = dslc.compile(CROSSING)
    assert strategy.values == {name: found["default"] for name, found in CROSSING["parameters"].items()}
    assert strategy.parameters["slow"].unit == "candles"
    assert dslc.compile(strategy.canonical).hash == strategy.hash


USES = {
    "ema(close, {})": lambda x: 1 <= x <= 10_000 and x == int(x),
    "close[{}]": lambda x: 0 <= x < 10_000 and x == int(x),
    "volumeSpike({})": lambda x: x > 0,
}
SUMS = {
    "a": lambda a, b: a,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a + 2 * b - 3": lambda a, b: a + 2 * b - 3,
}
CONSTRAINTS = {
    "a > b": lambda a, b: a > b,
    "a + b >= 3 AND NOT a == b": lambda a, b: a + b >= 3 and a != b,
    "b != 0 OR a > 4": lambda a, b: b != 0 or a > 4,
}


@pytest.mark.parametrize("seed", range(120))
def test_the_look_ahead_finds_a_wrong_value_exactly_where_there_is_one(seed: int) -> None:
    """Against all combinations, one after the other."""
    rng = random.Random(seed)
    use, total = rng.choice(list(USES)), rng.choice(list(SUMS))
    allowed = rng.sample(list(CONSTRAINTS), rng.randrange(3))
    lows = {name: rng.randint(-2, 4) for name in "ab"}
    ranges = {name: range(low, low + rng.randint(1, 6)) for name, low in lows.items()}
    pairs = list(product(ranges["a"], ranges["b"]))
    if total == "a":  # the other one takes no part, and neither do constraints that are about it
        allowed = []
    possible = [pair for pair in pairs if all(CONSTRAINTS[text](*pair) for text in allowed)]
    right = [pair for pair in possible if USES[use](SUMS[total](*pair))]
    if not right:
        return
    default = dict(zip("ab", right[0], strict=True))
    document = {
        "configuration": {"timeframe": "1H"},
        "parameters": {
            name: {"default": default[name], "min": values[0], "max": values[-1]}
            for name, values in ranges.items()
        },
        "constraints": allowed,
        "inputs": {"n": total, "x": use.format(rng.choice(["n", total]))},
        "conditions": {"up": "x > b"},
        "score": {"up": 1},
        "decision": {"entry": "up"},
    }
    found = [one.code for one in dslc.validate(document) if one.severity == "error"]
    assert found == ([] if len(right) == len(possible) else ["E416"])


def test_long_ranges_and_many_parameters_are_looked_at_quickly() -> None:
    names = [f"p{i}" for i in range(200)]
    document = {
        "configuration": {"timeframe": "1H"},
        "parameters": {name: {"default": 5, "min": 1, "max": 9000} for name in names},
        "constraints": [f"{a} + {b} > 1" for a, b in pairwise(names)],
        "inputs": {
            f"x{i}": f"sma(close, ({' + '.join(rest)}) / {len(rest)} * {len(rest)} / {len(rest)})"
            for i, rest in enumerate([names[k : k + 5] for k in range(0, 200, 5)])
        },
        "conditions": {"up": "x0 > x1"},
        "score": {"up": 1},
        "decision": {"entry": "up"},
    }
    assert {found.code for found in dslc.validate(document)} <= {"E416"}
    doubling = {f"n{i}": f"n{i - 1} + n{i - 1}" for i in range(1, 40)}
    document |= {"inputs": {"n0": "p0 + 0", **doubling, "x": "sma(close, n39 / n38)", "x1": "close"}}
    document["conditions"] = {"up": "x > x1"}
    dslc.validate(document)  # the size of n39 written out is 2**39


def test_the_command_line_sets_parameters(tmp_path: Any) -> None:
    strategy, data = tmp_path / "s.json", tmp_path / "bars.csv"
    strategy.write_text(json.dumps(CROSSING), encoding="utf-8")
    rows = [f"{1 + i % 7 / 10},{5 + i % 3}" for i in range(60)]
    data.write_text("close,volume\n" + "\n".join(rows), encoding="utf-8")
    done = run("run", strategy, "--data", data, "--set", "fast=12", "--set", "loud=false")
    assert done.returncode == 0, done.stderr
    assert "fast = 12, slow = 21, level = 60, tilt = -0.5, lag = 1, loud = false" in done.stdout
    assert dslc.compile(CROSSING).bind(fast=12, loud=False).hash in done.stdout
    for value, code in (("fast=60", "E415"), ("fast=x", "E415"), ("fats=9", "E313"), ("fast=22", "E417")):
        done = run("run", strategy, "--data", data, "--set", value)
        assert (done.returncode, code in done.stderr) == (1, True), done.stderr
    for value in ("fast", "=9", "fast="):
        done = run("run", strategy, "--data", data, "--set", value)
        assert done.returncode == 2
        assert "NAME=VALUE" in done.stderr


def test_a_value_for_no_parameter_names_the_nearest() -> None:
    with pytest.raises(dslc.StrategyError) as error:
        dslc.compile(CROSSING).bind(fats=9)
    found = error.value.diagnostics[0]
    assert (found.code, found.help) == ("E313", "did you mean `fast`?")
    bare = {"configuration": {"timeframe": "1H"}, "inputs": {}, "conditions": {"up": "close > open"}}
    with pytest.raises(dslc.StrategyError) as error:
        dslc.compile({**bare, "score": {"up": 1}, "decision": {"entry": "up"}}).bind(x=1)
    found = error.value.diagnostics[0]
    assert (found.code, found.help) == ("E313", "it has no parameters")


def test_steps_count_from_the_least_value_or_else_from_the_default() -> None:
    from_least = Parameter("x", "number", 0.25, 0.25, 1.3, 0.5)
    assert [value for value in (0.25, 0.5, 0.75, 1.0, 1.25, 1.3) if from_least.accepts(value)] == [
        0.25,
        0.75,
        1.25,
    ]
    from_default = Parameter("x", "number", 0.3, None, None, 0.1)
    assert [value for value in (-0.1, 0.05, 0.4, 0.45) if from_default.accepts(value)] == [-0.1, 0.4]


def test_many_uses_of_a_long_range_are_looked_at_at_once() -> None:
    document = {
        "configuration": {"timeframe": "1D"},
        "parameters": {"w": {"default": 7, "min": 1, "max": 5000}},
        "inputs": {f"a{n}": f"sma(close, w + {n})" for n in range(400)},
        "conditions": {"up": "a1 > 0"},
        "score": {"up": 1},
        "decision": {"entry": "up"},
    }
    quickly(lambda: dslc.validate(document), 1.0)
