"""The published example as somebody who knows the tool well would write it without dslc.

Every peer gets its own kind of arrays ready made and delivers score, entry, inputs and
conditions. Before anything is timed its answers are compared with those of dslc: score, entry
and conditions must be equal on every candle from `agrees_from` on, inputs within 1e-9.

Where they may differ all the same, and do not on these bars:

- before the warm-up of the strategy, which is not compared;
- the RSI of a market that has never moved: 50 in dslc, 0 in TA-Lib, undefined elsewhere;
- a value within rounding of a threshold, for sums and means are rounded in different orders;
- vectorbt's own averages start from the first value instead of a mean of the first n: after
  1,000 candles less than one part in 10**30 of that is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .market import Market

WARMUP = 21


class Disagreement(Exception):
    """A peer's answers are not those of dslc: times would compare different work."""


@dataclass(frozen=True)
class Answer:
    """What an implementation delivers, one element a candle; arrays or pandas series."""

    score: Any
    entry: Any
    inputs: dict[str, Any]
    conditions: dict[str, Any]


Implementation = Callable[[], Answer]


@dataclass(frozen=True)
class Peer:
    """One way to compute the example; `make` prepares its data and returns what is timed."""

    name: str
    make: Callable[[Market, bool], Implementation]
    agrees_from: int


PEERS: dict[str, Peer] = {}


def peer(
    name: str, agrees_from: int = WARMUP
) -> Callable[[Callable[[Market, bool], Implementation]], Callable[[Market, bool], Implementation]]:
    """Declare a peer; its function takes the market and whether inputs and conditions are wanted, too."""

    def register(make: Callable[[Market, bool], Implementation]) -> Callable[[Market, bool], Implementation]:
        PEERS[name] = Peer(name, make, agrees_from)
        return make

    return register


@peer("TA-Lib + NumPy")
def talib_numpy(market: Market, everything: bool) -> Implementation:
    """TA-Lib's indicators on arrays, NumPy for the rest."""
    import talib

    close, volume = market.close, market.volume

    def run() -> Answer:
        fast, slow = talib.EMA(close, 9), talib.EMA(close, 21)
        rsi = talib.RSI(close, 14)
        spike = volume / (1.5 * talib.SMA(volume, 20))
        trend = fast > slow
        healthy = (rsi > 40) & (rsi < 65)
        crossover = np.zeros(len(close), bool)
        crossover[1:] = trend[1:] & (fast[:-1] <= slow[:-1])
        return _scored(fast, slow, rsi, spike, trend, healthy, crossover, spike > 1)

    return run


@peer("pandas")
def pandas_only(market: Market, everything: bool) -> Implementation:
    """Series and their windows; the exponential means get the seed that the field agrees on."""
    import pandas as pd

    close, volume = (pd.Series(values, index=market.time) for values in (market.close, market.volume))

    def seeded(series: Any, first: int, n: int, alpha: float) -> Any:
        """The mean of the n values from `first` on, then exponential smoothing."""
        values = series.copy()
        values.iloc[: first + n - 1] = np.nan
        values.iloc[first + n - 1] = series.iloc[first : first + n].mean()
        return values.ewm(alpha=alpha, adjust=False).mean()

    def run() -> Answer:
        fast, slow = seeded(close, 0, 9, 2 / 10), seeded(close, 0, 21, 2 / 22)
        change = close.diff()
        gain = seeded(change.clip(lower=0), 1, 14, 1 / 14)
        loss = seeded(-change.clip(upper=0), 1, 14, 1 / 14)
        rsi = 100 - 100 / (1 + gain / loss)
        spike = volume / (1.5 * volume.rolling(20).mean())
        trend = fast > slow
        healthy = (rsi > 40) & (rsi < 65)
        crossover = trend & (fast.shift() <= slow.shift())
        return _scored(fast, slow, rsi, spike, trend, healthy, crossover, spike > 1)

    return run


@peer("vectorbt", agrees_from=1_000)
def vectorbt_alone(market: Market, everything: bool) -> Implementation:
    """vectorbt's own indicators; Wilder's smoothing over 14 is a span of 27."""
    import pandas as pd
    import vectorbt as vbt

    close, volume = (pd.Series(values, index=market.time) for values in (market.close, market.volume))

    def run() -> Answer:
        fast, slow = vbt.MA.run(close, 9, ewm=True), vbt.MA.run(close, 21, ewm=True)
        rsi = vbt.RSI.run(close, 27, ewm=True).rsi
        spike = volume / (1.5 * vbt.MA.run(volume, 20).ma)
        trend, crossover = fast.ma_above(slow), fast.ma_crossed_above(slow)
        healthy = (rsi > 40) & (rsi < 65)
        return _scored(fast.ma, slow.ma, rsi, spike, trend, healthy, crossover, spike > 1)

    return run


@peer("vectorbt + TA-Lib")
def vectorbt_talib(market: Market, everything: bool) -> Implementation:
    """TA-Lib's indicators through vectorbt's factory."""
    import pandas as pd
    import vectorbt as vbt

    close, volume = (pd.Series(values, index=market.time) for values in (market.close, market.volume))
    ema, rsi_of, sma = vbt.talib("EMA"), vbt.talib("RSI"), vbt.talib("SMA")

    def run() -> Answer:
        fast, slow = ema.run(close, 9).real, ema.run(close, 21).real
        rsi = rsi_of.run(close, 14).real
        spike = volume / (1.5 * sma.run(volume, 20).real)
        trend, crossover = fast > slow, fast.vbt.crossed_above(slow)
        healthy = (rsi > 40) & (rsi < 65)
        return _scored(fast, slow, rsi, spike, trend, healthy, crossover, spike > 1)

    return run


@peer("hand-fused loop")
def hand_fused(market: Market, everything: bool) -> Implementation:
    """One numba loop for this one strategy: about as fast as one thread can be."""
    loop = _compiled_loop()
    close, volume = market.close, market.volume
    kept = len(close) if everything else 0

    def run() -> Answer:
        score, entry = np.zeros(len(close), np.int64), np.zeros(len(close), np.bool_)
        inputs, conditions = np.full((4, kept), np.nan), np.zeros((4, kept), np.bool_)
        loop(close, volume, score, entry, inputs, conditions, everything)
        return Answer(
            score,
            entry,
            dict(zip(("emaFast", "emaSlow", "rsiValue", "volSpike"), inputs, strict=True)),
            dict(zip(("trendUp", "rsiHealthy", "crossover", "volConfirm"), conditions, strict=True)),
        )

    return run


@cache
def _compiled_loop() -> Callable[..., None]:
    from numba import njit

    @njit
    def seeded(values: Any, n: int, alpha: float) -> float:
        mean = values[:n].mean()
        for value in values[n:]:
            mean += alpha * (value - mean)
        return mean

    @njit(error_model="numpy")
    def loop(
        close: Any, volume: Any, score: Any, entry: Any, inputs: Any, conditions: Any, everything: bool
    ) -> None:
        head = close[:WARMUP]
        change = head[1:] - head[:-1]
        fast, slow = seeded(head, 9, 2 / 10), seeded(head, 21, 2 / 22)
        gain, loss = seeded(np.maximum(change, 0), 14, 1 / 14), seeded(np.maximum(-change, 0), 14, 1 / 14)
        volumes = volume[WARMUP - 20 : WARMUP].sum()
        above = fast > slow
        for i in range(WARMUP, len(close)):
            move = close[i] - close[i - 1]
            fast += 2 / 10 * (close[i] - fast)
            slow += 2 / 22 * (close[i] - slow)
            gain += 1 / 14 * (max(move, 0.0) - gain)
            loss += 1 / 14 * (max(-move, 0.0) - loss)
            volumes += volume[i] - volume[i - 20]
            rsi = 100 * gain / (gain + loss)
            spike = volume[i] / (1.5 * (volumes / 20))
            trend = fast > slow
            healthy = (rsi > 40) & (rsi < 65)
            crossover = trend & (not above)
            confirmed = spike > 1
            above = trend
            points = 20 * trend + 25 * healthy + 40 * crossover + 15 * confirmed
            score[i] = points
            entry[i] = points >= 60
            if everything:
                inputs[0, i], inputs[1, i], inputs[2, i], inputs[3, i] = fast, slow, rsi, spike
                conditions[0, i], conditions[1, i] = trend, healthy
                conditions[2, i], conditions[3, i] = crossover, confirmed

    return loop


def _scored(
    fast: Any, slow: Any, rsi: Any, spike: Any, trend: Any, healthy: Any, crossover: Any, confirmed: Any
) -> Answer:
    score = 20 * trend + 25 * healthy + 40 * crossover + 15 * confirmed
    return Answer(
        score,
        score >= 60,
        {"emaFast": fast, "emaSlow": slow, "rsiValue": rsi, "volSpike": spike},
        {"trendUp": trend, "rsiHealthy": healthy, "crossover": crossover, "volConfirm": confirmed},
    )


def differences(mine: Any, theirs: Answer, first: int) -> dict[str, int]:
    """On how many candles from `first` on each of the two answers' columns differ."""
    found = {
        "score": _unequal(mine.score, theirs.score, first),
        "entry": _unequal(mine.entry, theirs.entry, first),
    }
    for name, values in mine.conditions.items():
        found[name] = _unequal(values, theirs.conditions[name], first)
    for name, values in mine.inputs.items():
        found[name] = _apart(values, theirs.inputs[name], first)
    return found


def _unequal(mine: NDArray[Any], theirs: Any, first: int) -> int:
    return int(np.count_nonzero(mine[first:] != np.asarray(theirs)[first:]))


def _apart(mine: NDArray[Any], theirs: Any, first: int) -> int:
    return int(np.count_nonzero(~np.isclose(mine[first:], np.asarray(theirs)[first:], rtol=1e-9, atol=1e-9)))
