"""What rows that are made beside the bars cost: no more memory than is said, and no long time without a look.

Rows of other instruments, of the clock and of higher timeframes are made before the engine runs. What that
allocates is measured by the interpreter, and when a run is looked at by its own `stop`.
"""

from __future__ import annotations

from time import perf_counter
import tracemalloc
from typing import Any

import dslc
from dslc.batch import _Run
import numpy as np
import pytest

from .test_resample import HOUR, priced
from .timing import slowness

HELD = {f"c{n}": f"(sma(close, {n}) > 100) @ 4H" for n in range(2, 32)}
ROWS = {
    "held": HELD,
    "frames": {f"c{n}": f"(close > open) @ {n}" for n in ("2H", "4H", "6H", "8H", "12H", "1D", "1W")},
    "nested": {"c": "((close @ 1W - close) @ 1D > open) @ 4H"},
    "clock": {"c": "hour() > 12 AND month() > 2 AND dayOfMonth() > 3"},
    "instrument": {"c": "spy.close > 1 AND spy.high > spy.low"},
    "all": {"c": "(spy.close > close) @ 4H AND hour() > 12 AND inSession(9.5, 16) AND funding > 0"},
}


def document(conditions: dict[str, str], zone: str = "UTC") -> dict[str, Any]:
    name = next(iter(conditions))
    return {
        "configuration": {
            "timeframe": "1H", "timezone": zone, "series": ["funding"], "symbols": {"spy": "S0"},
        },
        "inputs": {}, "conditions": conditions, "score": {name: 1}, "decision": {"entry": "score >= 1"},
    }  # fmt: skip


def bars_of(candles: int, instruments: int = 1) -> dslc.Bars:
    times = np.datetime64("2000-01-01", "ns") + HOUR * np.arange(candles)
    flat = {name: np.full(candles, 10.0) for name in ("open", "high", "low", "close", "volume")}
    other = dslc.Bars({"time": times, **flat}, timeframe="1H")
    data = {"time": times, **flat, "funding": np.ones(candles)}
    return dslc.Bars(
        data, timeframe="1H", series=["funding"], symbols={f"S{n}": other for n in range(instruments)}
    )


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("reduce", ["signals", "last", "stats"])
def test_rows_that_are_made_need_no_more_memory_than_is_said(
    rows: str, reduce: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = bars_of(120_000)
    batch = dslc.compile_batch([document(ROWS[rows], "America/New_York")])
    batch.evaluate(bars, reduce=reduce)
    said = []
    size = _Run.size
    monkeypatch.setattr(_Run, "size", lambda *given: said.append(size(*given)) or said[-1])
    tracemalloc.start()
    batch.evaluate(bars, reduce=reduce)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 1.02 * said[0] + 200_000


def test_instruments_that_nobody_reads_cost_nothing() -> None:
    strategy = dslc.compile(document({"c": "spy.close > 1"}))
    peaks = []
    for instruments in (1, 9):
        bars = bars_of(50_000, instruments)
        strategy.evaluate(bars)
        tracemalloc.start()
        strategy.evaluate(bars)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000


def longest_without_a_look(strategy: dslc.Strategy, bars: dslc.Bars) -> float:
    looks = [perf_counter()]
    strategy.evaluate(bars, stop=lambda: looks.append(perf_counter()))
    return float(np.diff([*looks, perf_counter()]).max())


@pytest.mark.parametrize("rows", ["held", "instrument", "all"])
def test_a_run_is_looked_at_while_rows_are_made(rows: str) -> None:
    strategy, bars = dslc.compile(document(ROWS[rows])), bars_of(600_000, 20)
    longest_without_a_look(strategy, bars)
    times = [longest_without_a_look(strategy, bars) for _ in range(4)]
    assert min(times) < 0.1 * slowness(), times


def test_months_of_a_few_candles_centuries_apart_are_not_counted_by_day() -> None:
    times = np.array(["1700-03-01", "1980-02-29", "2260-12-31"], "M8[ns]")
    bars = dslc.Bars({**priced([0, HOUR, 2 * HOUR]), "time": times}, timeframe="1D")
    text = "100 * month() + dayOfMonth()"
    source = document({"c": "close > 0"}) | {"inputs": {"it": text}}
    source["configuration"]["timeframe"] = "1D"
    strategy = dslc.compile(source)
    strategy.evaluate(bars)
    tracemalloc.start()
    assert strategy.evaluate(bars).inputs["it"].tolist() == [301.0, 229.0, 1231.0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
