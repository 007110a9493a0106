"""What tests of functions share: a walk of prices, an expression on bars, and the law of equal bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dslc
from dslc.runtime import engine
import numpy as np

Numbers = np.ndarray
Bars = Mapping[str, Any]


def walk(length: int, seed: int = 7) -> dict[str, Numbers]:
    """Prices that go up and down by some percent a candle."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, length)))
    opened = close * np.exp(rng.normal(0, 0.01, length))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, 0.005, length)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, 0.005, length)))
    return {"open": opened, "high": high, "low": low, "close": close, "volume": rng.uniform(1, 1e6, length)}


def flat(length: int, price: float = 12.3, volume: float = 0.0) -> dict[str, Numbers]:
    """A market that never moves."""
    bars = dict.fromkeys(("open", "high", "low", "close"), np.full(length, price))
    return {**bars, "volume": np.full(length, volume)}


def with_holes(bars: Bars, at: Sequence[int]) -> dict[str, Numbers]:
    """The same bars with a volume of 1, and 0 at the holes: there `close * volume / volume` is undefined."""
    volume = np.ones(len(bars["close"]))
    volume[list(at)] = 0.0
    return {**bars, "volume": volume}


def strategy_of(*expressions: str) -> dslc.Strategy:
    """A strategy with these inputs: x0, x1, and on."""
    return dslc.compile(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": {f"x{k}": expression for k, expression in enumerate(expressions)},
            "conditions": {"some": "close > 0"},
            "score": {"some": 1},
            "decision": {"entry": "score > 0"},
        }
    )


def values(expression: str, bars: Bars) -> Numbers:
    """The value of an expression on every candle."""
    return strategy_of(expression).evaluate(bars).inputs["x0"]


def on(closes: Sequence[float], expression: str, volume: Sequence[float] | None = None) -> list[float]:
    """The value on bars whose four prices are the same; they may be anything that is not undefined."""
    close = np.array(closes, float)
    matrix = np.vstack([close] * 4 + [np.ones(len(close)) if volume is None else np.array(volume, float)])
    plan = strategy_of(expression)._prepare(("x0",)).plan
    return [float(value) for value in engine.run(plan, matrix).numbers[0]]


def same_bits(expressions: Sequence[str], bars: Bars) -> None:
    """In chunks of any size, and as plain Python, the bits are those of the whole."""
    names = tuple(f"x{k}" for k in range(len(expressions)))
    plan = strategy_of(*expressions)._prepare(names).plan
    matrix = dslc.Bars(bars).matrix

    def found(**how: Any) -> bytes:
        numbers = engine.run(plan, matrix, **how).numbers
        return np.where(np.isnan(numbers), np.nan, numbers).tobytes()

    whole = found()
    for chunk in (1, 2, 3, 7, 64):
        assert found(chunk=chunk) == whole, chunk
    assert found(compiled=False) == whole
    assert found(compiled=False, chunk=7) == whole
