"""A batch of strategies as somebody who knows TA-Lib and NumPy would evaluate it.

Each strategy is a few lines of NumPy: its indicators, its comparisons, the weighted sum, and where
that reaches the threshold. One by one every strategy computes its own indicators, each once;
memoised, all strategies of a run share one dict of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .market import Market
from .strategies import Call, Comparison, Condition, Spec, Term

Values = Callable[[Call], NDArray[np.float64]]
Batch = Callable[[], list[NDArray[Any]]]
"""The entry times of every strategy, in order."""

ONE_BY_ONE = "TA-Lib + NumPy, one by one"
MEMOISED = "TA-Lib + NumPy, memoised"
SMALL = "TA-Lib + NumPy, memoised, scores in int16"


def batch_peers(market: Market, specs: Sequence[Spec]) -> dict[str, Batch]:
    """The peers by name. Raises ImportError without TA-Lib."""
    indicator = _indicators(market)

    def one_by_one() -> list[NDArray[Any]]:
        return [_entries(spec, market, _memoised(indicator), int) for spec in specs]

    def memoised() -> list[NDArray[Any]]:
        values = _memoised(indicator)
        return [_entries(spec, market, values, int) for spec in specs]

    def small() -> list[NDArray[Any]]:
        values = _memoised(indicator)
        return [_entries(spec, market, values, np.int16) for spec in specs]

    return {ONE_BY_ONE: one_by_one, MEMOISED: memoised, SMALL: small}


def _indicators(market: Market) -> Values:
    """What computes an indicator."""
    import talib

    high, low, close, volume = market.high, market.low, market.close, market.volume
    known: dict[str, Callable[[int], NDArray[np.float64]]] = {
        "ema": lambda n: talib.EMA(close, n),
        "sma": lambda n: talib.SMA(close, n),
        "rsi": lambda n: talib.RSI(close, n),
        "atr": lambda n: talib.ATR(high, low, close, n),
        "highest": lambda n: talib.MAX(high, n),
        "lowest": lambda n: talib.MIN(low, n),
        "volumeSma": lambda n: talib.SMA(volume, n),
    }
    return lambda call: known[call.indicator](call.period)


def _memoised(indicator: Values) -> Values:
    memo: dict[Call, NDArray[np.float64]] = {}

    def values(call: Call) -> NDArray[np.float64]:
        if call not in memo:
            memo[call] = indicator(call)
        return memo[call]

    return values


def _entries(spec: Spec, market: Market, values: Values, number: Callable[[int], Any]) -> NDArray[Any]:
    """The times of the candles on which a strategy enters; `number` makes the weights."""
    first, *rest = spec.conditions
    score = number(first.weight) * _holds(first, market, values)
    for condition in rest:
        score += number(condition.weight) * _holds(condition, market, values)
    return market.time[np.flatnonzero(score >= spec.threshold)]


def _holds(condition: Condition, market: Market, values: Values) -> NDArray[np.bool_]:
    first, *rest = (_compared(comparison, market, values) for comparison in condition.comparisons)
    for other in rest:
        first &= other
    return first


def _compared(comparison: Comparison, market: Market, values: Values) -> NDArray[np.bool_]:
    left = _numbers(comparison.left, market, values)
    if not isinstance(comparison.right, Term):
        return left > comparison.right if comparison.relation == ">" else left < comparison.right
    right, back = _numbers(comparison.right, market, values), comparison.right.back
    if comparison.relation == "crossUp":
        found = left > right
        found[1:] &= left[:-1] <= right[:-1]
        found[0] = False
        return found
    compare = np.greater if comparison.relation == ">" else np.less
    if not back:
        return compare(left, right)
    found = np.zeros(len(left), np.bool_)
    compare(left[back:], right[:-back], out=found[back:])
    return found


def _numbers(term: Term, market: Market, values: Values) -> NDArray[np.float64]:
    """The values of a term, not yet shifted."""
    found = values(term.source) if isinstance(term.source, Call) else getattr(market, term.source)
    return found if term.factor == 1.0 else term.factor * found
