"""A batch under budgets, deadlines and stops: the whole is refused, or those that are dear alone."""

from __future__ import annotations

from typing import Any

import dslc
import numpy as np
import pytest

from .test_deadline import SLOW, Looks
from .test_estimates import DEAR, frame, random_strategies, replace_timeframe

REDUCE: Any = pytest.mark.parametrize("reduce", ["signals", "entries", "last", "stats", "rank"])


def shown(item: Any) -> str:
    if isinstance(item, dslc.Evaluation):
        return f"{item.score.tobytes()!r} {item.entry.tobytes()!r}"
    return item.tobytes().hex() if hasattr(item, "tobytes") else repr(item)


@REDUCE
def test_a_dear_one_is_refused_and_the_others_keep_their_bits(reduce: Any) -> None:
    cheap = [replace_timeframe(one) for one in random_strategies(6, seed=5)]
    dear = dslc.compile(DEAR)
    bars = dslc.Bars(frame(3_000))
    batch = dslc.compile_batch([*cheap[:3], dear, "{}", *cheap[3:]])
    each = batch.estimate(3_000, reduce=reduce).each
    assert each[3] is not None
    found = batch.evaluate(bars, reduce=reduce, each_work=0.99 * each[3].work)
    assert found[3] is None
    assert found.errors[3] is not None
    assert found.errors[3].diagnostics[0].code == "E611"
    assert "input `slow`" in str(found.errors[3])
    assert batch.errors[3] is None
    others = dslc.compile_batch(cheap).evaluate(bars, reduce=reduce)
    assert [shown(one) for at, one in enumerate(found) if at not in (3, 4)] == list(map(shown, others))
    again = batch.evaluate(bars, reduce=reduce)
    assert again[3] is not None
    assert again.errors == batch.errors


@REDUCE
def test_a_deadline_and_a_stop_end_a_batch(reduce: Any) -> None:
    batch = dslc.compile_batch([SLOW, DEAR])
    bars = dslc.Bars(frame(200_000))
    with pytest.raises(dslc.StrategyError, match="E613"):
        batch.evaluate(bars, reduce=reduce, deadline=0)
    looks = Looks()
    wanted = batch.evaluate(bars, reduce=reduce, stop=looks)
    assert looks.count > 10
    for last in {1, 3, looks.count // 2, looks.count - 1}:
        with pytest.raises(dslc.StrategyError, match="E614"):
            dslc.compile_batch([SLOW, DEAR]).evaluate(bars, reduce=reduce, stop=Looks(last))
    assert list(map(shown, batch.evaluate(bars, reduce=reduce, deadline=60))) == list(map(shown, wanted))


def test_budgets_hold_for_all_timeframes_together() -> None:
    days = {**DEAR, "configuration": {"timeframe": "1D"}}
    batch = dslc.compile_batch([days, {**DEAR, "configuration": {"timeframe": "12H"}}])
    rows = frame(2_000)

    time = np.datetime64("2000-01-01", "ns") + np.arange(2_000) * np.timedelta64(6, "h")
    bars = dslc.Bars({"time": time, **rows})
    one = dslc.compile_batch([days]).estimate({"1D": 500}).work
    both = batch.estimate({"1D": 500, "12H": 1_000}).work
    assert one < both
    batch.evaluate(bars, resample=True, work=1.001 * both)
    with pytest.raises(dslc.StrategyError, match="E611"):
        batch.evaluate(bars, resample=True, work=0.99 * both)


def test_what_was_admitted_is_judged_again_on_more_candles_and_for_stricter_budgets() -> None:
    cheap = DEAR | {"inputs": {}, "conditions": {"up": "close > open"}, "score": {"up": 1}}
    batch = dslc.compile_batch([DEAR, cheap | {"decision": {"entry": "up"}}])
    rows = frame(2_000)
    few = {name: column[:500] for name, column in rows.items()}
    dear = batch.estimate(500).each[0]
    assert dear is not None
    budgets = {"each_work": 1.001 * dear.work, "each_memory": 1.001 * dear.bytes}

    def admitted(bars: dict[str, Any], **budgets: float) -> list[bool]:
        return [found is not None for found in batch.evaluate(bars, **budgets)]

    assert admitted(few, **budgets) == [True, True]
    assert admitted(rows, **budgets) == [False, True]
    assert admitted(few, **budgets | {"each_work": 0.99 * dear.work}) == [False, True]
    assert admitted(few, **budgets | {"each_memory": 0.99 * dear.bytes}) == [False, True]
    assert admitted(few, **budgets) == [True, True]
