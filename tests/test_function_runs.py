"""All functions at once: no way of running changes a bit, and none sees what comes.

The registry is walked. One strategy has every function as an input or a condition, so they share levels,
slots and lanes as they never would alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import dslc
from dslc.runtime import engine
from dslc.runtime.frames import matrix_of
from dslc.runtime.registry import functions, public_names
import numpy as np
import pytest

from .test_function_laws import call, walk

CANDLES = 700


@cache
def everything() -> dslc.Strategy:
    names = public_names()
    numbers = {f"in{k}": call(name) for k, name in enumerate(names) if functions()[name].result == "number"}
    truths = {f"when{k}": call(name) for k, name in enumerate(names) if functions()[name].result == "truth"}
    return dslc.compile(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": numbers,
            "conditions": truths | {"some": "close > open"},
            "score": dict.fromkeys(truths, 1) | {"some": 1},
            "decision": {"entry": "score >= 1"},
        }
    )


def market(seed: int, candles: int) -> np.ndarray:
    """What the strategy reads of some candles."""
    strategy = everything()
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    hours = np.datetime64("2024-01-01T18", "ns") + np.arange(candles) * np.timedelta64(1, "h")
    return matrix_of(plan, dslc.Bars({"time": hours, **walk(seed, candles)}), strategy.timeframe)


def kept(matrix: np.ndarray, **how: Any) -> tuple[bytes, ...]:
    strategy = everything()
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    found = engine.run(plan, matrix, **how)
    return np.where(np.isnan(found.numbers), np.nan, found.numbers).tobytes(), found.masks.tobytes()


@pytest.mark.parametrize("chunk", [1, 3, 64, 100])
def test_any_chunk_gives_the_same_bits(chunk: int) -> None:
    matrix = market(1, CANDLES)
    assert kept(matrix, chunk=chunk) == kept(matrix)


def test_threads_give_the_same_bits() -> None:
    matrix = market(2, 60_000)
    assert kept(matrix, threads=2) == kept(matrix)


def test_plain_python_gives_the_same_bits() -> None:
    matrix = market(3, 120)
    assert kept(matrix, compiled=False) == kept(matrix)


def test_candle_by_candle_gives_the_same_bits() -> None:
    """A machine that is given candles alone, some of them twice, as a stream does."""
    strategy = everything()
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    matrix = market(4, 300)
    whole = engine.run(plan, matrix)
    machine = engine.Machine(plan)
    for at in range(matrix.shape[1]):
        if at % 3 == 0:
            machine.push(matrix[::-1, at].copy())
            machine.take_back()
        found = machine.push(matrix[:, at])
        np.testing.assert_array_equal(found.numbers[:, 0], whole.numbers[:, at])
        np.testing.assert_array_equal(found.masks[:, 0], whole.masks[:, at])


@pytest.mark.parametrize("poison", [np.nan, 1e308, 0.0, -1.0])
def test_what_comes_changes_nothing_before_it(poison: float) -> None:
    strategy = everything()
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    matrix = market(5, CANDLES)
    whole = engine.run(plan, matrix)
    for now in (1, 30, 333):
        changed = matrix.copy()
        changed[:, now:] = poison
        part = engine.run(plan, changed)
        np.testing.assert_array_equal(part.numbers[:, :now], whole.numbers[:, :now])
        np.testing.assert_array_equal(part.masks[:, :now], whole.masks[:, :now])


def test_the_first_candles_give_the_first_values() -> None:
    strategy = everything()
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    matrix = market(6, 200)
    whole = engine.run(plan, matrix)
    for length in (1, 2, 15, 50, 199):
        part = engine.run(plan, np.ascontiguousarray(matrix[:, :length]))
        np.testing.assert_array_equal(part.numbers, whole.numbers[:, :length])
        np.testing.assert_array_equal(part.masks, whole.masks[:, :length])
