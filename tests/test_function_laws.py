"""What every function declares of itself is measured: its memory, its degree, and that nothing leaks.

The registry is walked, so a function that is added is judged as it declares itself:

- a window gives the same bits whatever happened before its candles; a recurrence forgets what happened, but
  not at once; something cumulative never forgets;
- prices times 2**7 and volumes times 2**5 multiply a value by exactly the powers that its degree says, and a
  function without a degree has none;
- an undefined value makes a window undefined while it is in there, and nothing for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dslc
from dslc.compiler.analyze import analyze
from dslc.compiler.facts import EVER, Fact, facts
from dslc.grammar.document import load
from dslc.grammar.spelling import Speller
from dslc.runtime.registry import functions, public_names
from dslc.schemas.structure import check_structure
import numpy as np
import pytest

NAMES = public_names()
LENGTH, CHANGED = 4_000, 150
TIMES = np.datetime64("2024-01-01T19", "ns") + np.arange(LENGTH) * np.timedelta64(1, "h")  # 149 is a midnight
RARE = 2_000_000  # more volume than any candle has
ARGUMENTS = {
    "Sample": "7", "Positive": "1.5", "Fraction": "0.85", "Percent": "75",
    "Truth": "close > open",
}  # fmt: skip
HOURS = ("9.5", "16")
SERIES = ("close", "open", "high")
PERIODS = ("7", "12", "5", "9")

every_function = pytest.mark.parametrize("name", NAMES)


def call(name: str, series: tuple[str, ...] = SERIES, truth: str = ARGUMENTS["Truth"]) -> str:
    """A function with arguments; of several series each is another one."""
    series = (series[0], f"({series[1]}) / 60") if name == "pow" else series  # else it is larger than any
    given = {"Series": iter(series), "Period": iter(PERIODS), "Truth": iter((truth,)), "Hours": iter(HOURS)}
    shown = []
    for kind, usual in [(found.kind, found.default) for found in functions()[name].parameters]:
        constant = str(usual) if kind == "Positive" and usual is not None else ARGUMENTS.get(kind, "")
        shown.append(next(given[kind]) if kind in given else constant)
    return f"{name}({', '.join(shown)})"


def document(text: str, *, truth: bool) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {} if truth else {"it": text},
        "conditions": {"it": text, "fails": f"NOT ({text})"} if truth else {"some": "close > 0"},
        "score": {},
        "decision": {"entry": "close > 0"},
    }


def values(name: str, bars: Mapping[str, np.ndarray], text: str | None = None) -> np.ndarray:
    """The value on every candle; of a truth 1, 0 or undefined."""
    truth = functions()[name].result == "truth"
    timed = {"time": TIMES[: len(bars["close"])], **bars}
    result = dslc.compile(document(text or call(name), truth=truth)).evaluate(timed)
    if not truth:
        return result.inputs["it"]
    return np.where(result.conditions["it"], 1.0, np.where(result.conditions["fails"], 0.0, np.nan))


def fact_of(name: str) -> Fact:
    loaded = load(document(call(name), truth=functions()[name].result == "truth"))
    checked, found = analyze(check_structure(loaded, Speller())[0], loaded, Speller())
    assert checked is not None, found
    nodes = checked.conditions if functions()[name].result == "truth" else checked.inputs
    return facts(checked.graph)[nodes["it"]]


def walk(seed: int, length: int = LENGTH) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, length)))
    opened = close * np.exp(rng.normal(0, 0.01, length))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, 0.005, length)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, 0.005, length)))
    volume = np.floor(rng.uniform(1, 1e6, length))
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume}


def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a == b) | (np.isnan(a) & np.isnan(b))


@every_function
def test_the_memory_is_the_declared_one(name: str) -> None:
    """Two histories that are the same from one candle on, each with a volume that only one candle has.

    A function of a condition is asked about that candle, and about all the others.
    """
    bars, other = walk(1), walk(2)
    bars["volume"][CHANGED // 2] = other["volume"][CHANGED // 3] = RARE
    asked = [call(name)]
    if any(parameter.kind == "Truth" for parameter in functions()[name].parameters):
        asked = [call(name, truth=f"volume {operator} {RARE}") for operator in (">=", "<")]
    changed = {
        field: np.concatenate([other[field][:CHANGED], column[CHANGED:]]) for field, column in bars.items()
    }
    fact, declared = fact_of(name), functions()[name].memory
    equal = np.all([same(values(name, bars, text), values(name, changed, text)) for text in asked], axis=0)
    if declared == "window":
        assert fact.left > EVER
        assert equal[CHANGED - int(fact.left) :].all()
        return
    assert fact.left == EVER
    assert not equal[CHANGED + 20 :].all(), "it forgets at once, so it is a window"
    end = slice(min(CHANGED + fact.first + fact.settle, LENGTH - 500), None)
    close = [
        np.isclose(
            values(name, bars, text)[end], values(name, changed, text)[end], rtol=1e-9, atol=0, equal_nan=True
        )
        for text in asked
    ]
    assert np.all(close) == (declared == "recurrence")


def scaled(bars: Mapping[str, np.ndarray], prices: int, volumes: int) -> dict[str, np.ndarray]:
    """Prices and volumes times powers of two, which round nothing."""
    return {
        field: np.ldexp(column, volumes if field == "volume" else prices) for field, column in bars.items()
    }


@every_function
def test_the_degree_is_the_declared_one(name: str) -> None:
    bars = walk(3, 600)
    plain, declared = values(name, bars), functions()[name].degree
    assert not np.isnan(plain[-100:]).all()
    if declared is None:
        moved = [values(name, scaled(bars, *by)) for by in ((7, 0), (0, 5))]
        degrees = [[np.ldexp(plain, k * by) for k in range(-3, 4)] for by in (7, 5)]
        held = [
            any(same(one, found).all() for one in options)
            for found, options in zip(moved, degrees, strict=True)
        ]
        assert not all(held), "it has a degree"
        return
    for prices, volumes in ((7, 0), (-9, 0), (0, 5), (3, -4)):
        wanted = np.ldexp(plain, prices * declared[0] + volumes * declared[1])
        assert same(values(name, scaled(bars, prices, volumes)), wanted).all(), (prices, volumes)


@every_function
def test_an_undefined_value_is_gone_when_it_has_left(name: str) -> None:
    function = functions()[name]
    if not any(parameter.kind == "Series" for parameter in function.parameters):
        pytest.skip("it takes no series")
    bars = walk(4, 1_500)
    bars["volume"] = np.ones(1_500)
    bars["volume"][200:203] = 0.0
    text = call(name, tuple(f"{series} * volume / volume" for series in SERIES))
    found, plain = values(name, bars, text), values(name, {**bars, "volume": np.ones(1_500)}, text)
    assert not np.isnan(found[400:]).any() or np.isnan(plain[400:]).any()
    if function.memory == "window":
        later = 203 - int(fact_of(name).left)
        assert same(found[later:], plain[later:]).all()
    assert same(found[:200], plain[:200]).all()


@every_function
def test_a_range_is_never_left(name: str) -> None:
    function = functions()[name]
    for seed in range(5, 9):
        found = values(name, walk(seed, 800))
        inside = found[~np.isnan(found)]
        assert (inside >= function.low).all()
        assert (inside <= function.high).all()
