"""Checks that a stream gives the evaluation's bits: candle by candle, restored, and corrected.

1. Of few candles all are pushed; of many some stretches: the first candles, around a chunk boundary,
   somewhere, and the last ones. Before a stretch the stream is warmed with all candles before it.
2. At some candles of a stretch the stream goes on from its own snapshot, and is told a wrong candle first,
   which the right one replaces.
3. Its answers are compared with those of the evaluation on the same candles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..runtime.bars import Bars
from ..runtime.market import market_of
from ..runtime.plan import FIELDS
from ..stream import Tick
from .checks import Check, Effort
from .noise import noise
from .pieces import cut
from .trial import Flaw, Trial, Values, difference

_FEWEST, _MOST, _MOST_THOROUGH = 64, 8_192, 1 << 18  # candles that come one at a time
_OF_A_CANDLE, _OF_A_RESULT = 2e4, 1e3  # what one costs, in the units of `Effort.work`
_STRETCHES = 4
_RESTORED = 4  # times in a stretch


def check_stream(trial: Trial, effort: Effort) -> Check:
    """A stream gives what the evaluation gives."""
    rng = effort.generator("stream")
    each = _OF_A_CANDLE + _OF_A_RESULT * len(trial.expected)
    most = min(max(_FEWEST, int(effort.work / each)), _MOST_THOROUGH if effort.thorough else _MOST)
    done = 0
    candles = len(trial.bars)
    for start, stop in _stretches(candles, most, trial.chunk, rng):
        done += stop - start
        flaw = _flaw(trial, start, stop, rng)
        if flaw is not None:
            return Check("stream", done, candles, done, flaw)
    return Check("stream", done, candles, done)


def _stretches(candles: int, most: int, chunk: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    if candles <= most:
        return [(0, candles)] if candles else []
    length = most // _STRETCHES
    boundary = candles // 3 // chunk * chunk
    anywhere = int(rng.integers(0, candles - length))
    starts = (0, max(boundary - length // 2, 0), anywhere, candles - length)
    return [(start, start + length) for start in starts]


def _flaw(trial: Trial, start: int, stop: int, rng: np.random.Generator) -> Flaw | None:
    restored = {int(row) for row in rng.integers(start, stop, _RESTORED)}
    ticks = _ticks(trial, start, stop, restored, rng)
    found = _values(trial, ticks)
    different = difference(trial.expected, found, start, stop - start)
    if different is None:
        return None
    row, name = different
    before = [at for at in restored if at <= row]
    case = f"a stream warmed with {start:,} candles" if start else "a stream from the first candle on"
    case += f", restored before candle {max(before):,}" if before else ""
    return trial.described("stream", case, row, name, found[name][row - start])


def _ticks(trial: Trial, start: int, stop: int, restored: set[int], rng: np.random.Generator) -> list[Tick]:
    bars, strategy = trial.bars, trial.evaluation.strategy
    market = market_of(bars, strategy.timeframe)
    stream = strategy.stream(zone=bars.zone)
    timed = bars.times is not None and bars._wall is None  # offsets of their own are no zone
    if start:
        known = cut(bars, start, strategy.timeframe)
        if not timed:
            known._set(times=None, _wall=None)
        stream.warm(known)
    ticks = []
    for row in range(start, stop):
        time = bars.time[row] if timed else None
        candle = _candle(bars, bars.matrix[:, row])
        if row in restored:
            stream = strategy.stream(stream.snapshot())
            stream.push(time, *_candle(bars, noise(rng, 1)[:, 0]))
            stream = strategy.stream(stream.snapshot())
        beside = market.beside(row)
        ticks.append(stream.push(time, *candle, replace=row in restored, **beside))
    return ticks


def _candle(bars: Bars, values: NDArray[np.float64]) -> list[float | None]:
    """The market data of a candle, None in the place of what the bars do not have."""
    pairs = zip(FIELDS, values.tolist(), strict=True)
    return [value if field in bars.present else None for field, value in pairs]


def _values(trial: Trial, ticks: list[Tick]) -> Values:
    checked = trial.evaluation.strategy._checked
    found: dict[str, Any] = {}
    for name in checked.inputs:
        found[f"inputs.{name}"] = np.array([tick.inputs[name] for tick in ticks], np.float64)
    for name in checked.conditions:
        found[f"conditions.{name}"] = np.array([tick.conditions[name] for tick in ticks], np.bool_)
    found["score"] = np.array([tick.score for tick in ticks], np.int64)
    found["entry"] = np.array([tick.entry for tick in ticks], np.bool_)
    return found
