"""What an evaluation gives: score, entry, inputs and conditions on every candle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .limits.budgets import check_budgets
from .prepared import ENTRY, SCORE, by_name
from .runtime import engine
from .runtime.bars import Bars
from .runtime.bars_error import naming
from .runtime.frames import matrix_of
from .runtime.market import require
from .runtime.watch import Watch

if TYPE_CHECKING:
    import pandas as pd

    from .candle import Time
    from .strategy import Strategy
    from .why.explain import Evidence, Explanation


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A strategy's answers on a history, one element a candle.

    `score` (int64) is the sum of the weights of the conditions that are certainly true, `entry`
    (bool) whether the decision is. `inputs` maps names to float64 arrays, NaN where undefined;
    `conditions` maps names to bool arrays, true where certainly true. `notes` are sentences
    about the bars: gaps, dropped candles, missing times. `budgets` are those of the run.
    """

    strategy: Strategy
    bars: Bars
    score: NDArray[np.int64]
    entry: NDArray[np.bool_]
    inputs: Mapping[str, NDArray[np.float64]]
    conditions: Mapping[str, NDArray[np.bool_]]
    notes: tuple[str, ...] = field(default=())
    budgets: tuple[float, float] = field(default=(float("inf"), 1 << 62), repr=False)

    def __len__(self) -> int:
        return len(self.entry)

    def __repr__(self) -> str:
        return f"<dslc.Evaluation of {len(self):,} candles, {int(self.entry.sum()):,} entries>"

    @property
    def time(self) -> NDArray[Any]:
        """When each candle opened: datetime64[ns] in UTC, or the row number without times."""
        return self.bars.time

    @property
    def score_low(self) -> NDArray[np.int64]:
        """The least score that undefined conditions leave possible; computed when asked for."""
        return self._interval[0]

    @property
    def score_high(self) -> NDArray[np.int64]:
        """The largest score that undefined conditions leave possible; computed when asked for."""
        return self._interval[1]

    @cached_property
    def _interval(self) -> NDArray[np.int64]:
        plan = self.strategy._prepare_interval().plan
        self.strategy._check_budgets(plan, len(self.bars), *self.budgets)
        return engine.run(plan, matrix_of(plan, self.bars, self.strategy.timeframe)).integers

    @cached_property
    def _evidence(self) -> Evidence:
        from .why.explain import Evidence

        return Evidence(self)

    def explain(self, time: Time) -> Explanation:
        """Why the candle that opened at `time` entered or not, and what would have changed that.

        `time` is an ISO text or a datetime (without an offset: in the zone of the bars), a numpy
        datetime64 (UTC, as in `time`), or a row number, negative ones from the end. The engine runs
        again, up to this candle. Raises ValueError where no candle opens then, and StrategyError
        where the run would exceed the budgets.

        >>> import dslc
        >>> result = dslc.compile({
        ...     "configuration": {"timeframe": "1D"},
        ...     "inputs": {},
        ...     "conditions": {"up": "close > open", "dear": "close > 5"},
        ...     "score": {"up": 40, "dear": 60},
        ...     "decision": {"entry": "score >= 100"},
        ... }).evaluate({"open": [3.0, 6.0], "close": [4.0, 7.0]})
        >>> found = result.explain(0)
        >>> found.entered, found.score, found.reasons[0].points
        (False, 40, 60)
        >>> [(part.text, part.truth, part.margin) for part in found.conditions[1].parts]
        [('close > 5', False, -1.0)]
        >>> found.flips.sets
        ((Flip(name='dear', before=False, after=True),),)
        """
        from .why.explain import explain

        return explain(self, time)

    def to_pandas(self) -> pd.DataFrame:
        """A table with one row a candle: close, inputs, conditions, score, entry.

        Its index is the time in the zone of the bars (without a zone: UTC, as they came), or
        the row number. An input or condition whose name is a column already gets `_` behind it.
        """
        import pandas as pd

        columns: dict[str, NDArray[Any]] = {}
        if "close" in self.bars.present:
            columns["close"] = self.bars.close
        taken = {"time", "close", "score", "entry"}
        for name, values in (*self.inputs.items(), *self.conditions.items()):
            while name in taken:
                name += "_"
            taken.add(name)
            columns[name] = values
        columns |= {"score": self.score, "entry": self.entry}
        index: pd.Index[Any] = pd.Index(self.time, name="time")
        if self.bars.times is not None and self.bars.zone is not None:
            index = pd.DatetimeIndex(self.time, name="time").tz_localize("UTC").tz_convert(self.bars.zone)
        return pd.DataFrame(columns, index=index)


def evaluate(
    strategy: Strategy,
    names: tuple[str, ...],
    data: Any,
    resample: bool,
    align: str | None,
    budgets: tuple[float, float],
    watch: Watch,
    symbols: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Check the bars against the strategy, run the plan that keeps what is named, and name what it kept."""
    watch.enter("planning")
    prepared = strategy._prepare(names, watch.look)
    watch.enter("reading the bars")
    bars, notes = ready(data, strategy.timeframe, resample, align, [strategy], symbols)
    require(bars, prepared.plan)
    watch.enter("planning")
    check_budgets(strategy, prepared.plan, len(bars), *budgets, names=names)
    watch.reckoned = prepared.plan.cost(len(bars))
    watch.enter("evaluating", len(bars))
    matrix = matrix_of(prepared.plan, bars, strategy.timeframe, watch=watch)
    found = by_name(prepared, engine.run(prepared.plan, matrix, watch=watch))
    checked = strategy._checked
    return Evaluation(
        strategy=strategy,
        bars=bars,
        score=found[SCORE],
        entry=found[ENTRY],
        inputs={name: found[name] for name in checked.inputs if name in found},
        conditions={name: found[name] for name in checked.conditions if name in found},
        notes=(*notes, *short_notes(strategy, len(bars))),
        budgets=budgets,
    )


def ready(
    data: Any,
    timeframe: str,
    resample: bool,
    align: str | None,
    strategies: Iterable[Strategy],
    symbols: Mapping[str, Any] | None = None,
) -> tuple[Bars, tuple[str, ...]]:
    """Bars that are candles of the timeframe, and notes on them and on the instruments that are read."""
    if align is not None and not resample:
        raise ValueError("align says how to resample; it needs resample=True")
    bars = bars_for(data, strategies := list(strategies), symbols)
    if resample:
        bars = bars.resample(timeframe, align=align)
    notes = [*bars.notes, *bars.check_timeframe(timeframe)]
    read = {name for strategy in strategies for name in strategy.market.symbols.values()}
    for name in sorted(read & bars.symbols.keys()):
        other = bars.symbols[name]
        with naming(name):
            notes += [f"{name}: {note}" for note in (*other.notes, *other.check_timeframe(timeframe))]
    return bars, tuple(notes)


def bars_for(data: Any, strategies: Iterable[Strategy], symbols: Mapping[str, Any] | None = None) -> Bars:
    """Bars with the further columns that the strategies read, and the bars of other instruments beside."""
    if isinstance(data, Bars):
        return Bars(data, symbols=symbols) if symbols else data
    series = dict.fromkeys(name for strategy in strategies for name in strategy.market.series)
    return Bars(data, series=series, symbols=symbols)


def short_notes(strategy: Strategy, candles: int) -> tuple[str, ...]:
    """A note where the history is shorter than the warm-up."""
    if candles > strategy.warmup:
        return ()
    return (
        f"too few candles: every condition is known only from candle {strategy.warmup} on, counted from 0",
    )
