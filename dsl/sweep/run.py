"""Tries many values of parameters and weights on the same bars: asks a sampler, evaluates, tells it.

1. The bars become candles of the strategy once, and are cut into folds.
2. Values are asked for in batches. Where they change only weights and the decision, score and entries
   are worked out again from the conditions that are kept (`rescore.py`); otherwise the strategies of a
   batch are bound and evaluated as one graph.
3. The objective of a trial is the statistic on the train ranges, the mean over the folds; the sampler is
   told that. What the test ranges say is kept beside it and never told.

The same strategy, bars, space, sampler and seed give the same trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from ..batch import compile_batch
from ..reductions import STATISTICS, Statistics
from ..result import ready
from ..runtime.bars import Bars
from ..schemas.parameters import Value
from ..strategy import Strategy, StrategyError
from ..version import __version__
from . import samplers
from .folds import Range, folds_of
from .rescore import Rescorer, rescorer
from .space import space_of
from .trial import Fold, Sweep, Trial, Window
from .variants import Variants

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int | None], object]

_BATCH, _RESCORED = 64, 1_024  # trials at a time, evaluated and scored again;
_LEARNING = 8  # few where the sampler learns from each batch
_TRIALS = 100  # of samplers that would never end


def sweep(
    strategy: Strategy,
    bars: Any,
    grid: Mapping[str, Any] | Sequence[str],
    *,
    objective: str,
    maximize: bool,
    sampler: str,
    trials: int | None,
    seed: int,
    train: Range | None,
    test: Range | float | None,
    folds: int,
    threads: int,
    resample: bool,
    align: str | None,
    work: float,
    memory: int,
    progress: Progress | None,
) -> Sweep:
    """The sweep; `Strategy.sweep` has the defaults and the documentation."""
    if objective not in STATISTICS:
        raise ValueError(f"{objective!r:.60} is no statistic; there are {', '.join(STATISTICS)}")
    space = space_of(strategy, grid)
    candles, _ = ready(bars, strategy.timeframe, resample, align, [strategy])
    cut = folds_of(candles, train, test, folds)
    variants = Variants(strategy)
    count = trials if trials is not None or sampler == "grid" else _TRIALS
    asked = samplers.sampler(sampler, space, count, seed, maximize, variants.allowed)
    again = rescorer(variants, space.names, candles)
    judge = _Judge(variants, candles, cut, objective, threads, work, memory, again)
    size = _LEARNING if sampler == "optuna" else _BATCH if again is None else _RESCORED
    found = _tried(asked, judge, size, count, progress)
    return Sweep(
        strategy=strategy.name or "",
        strategy_hash=strategy.hash,
        data_digest=candles.digest,
        names=space.names,
        trials=tuple(found),
        objective=objective,
        maximize=maximize,
        folds=cut,
        sampler=sampler,
        seed=seed,
        possible=space.size,
        skipped=asked.skipped,
        rescored=again is not None,
        versions=_versions(asked),
    )


def _tried(
    asked: samplers.Sampler, judge: _Judge, size: int, count: int | None, progress: Progress | None
) -> list[Trial]:
    found: list[Trial] = []
    while True:
        values = asked.ask(size)
        if not values:
            return found
        trials = judge.trials(len(found), values)
        asked.tell(values, [trial.objective for trial in trials])
        found += trials
        if progress is not None:
            progress(len(found), count)


def _versions(asked: samplers.Sampler) -> dict[str, str]:
    return {
        "dslc": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        **asked.versions,
    }


class _Judge:
    """Makes trials of values."""

    def __init__(
        self,
        variants: Variants,
        bars: Bars,
        folds: tuple[Fold, ...],
        objective: str,
        threads: int,
        work: float,
        memory: int,
        again: Rescorer | None,
    ) -> None:
        self._variants = variants
        self._bars = bars
        self._folds = folds
        self._objective = objective
        self._options: dict[str, Any] = {"threads": threads, "work": work, "memory": memory}
        self._again = again

    def trials(self, first: int, every: Sequence[Mapping[str, Value]]) -> list[Trial]:
        """A trial for each set of values, numbered from `first` on."""
        if self._again is not None:
            hashes: list[str | StrategyError] = [self._variants.hash(values) for values in every]
            windows = self._rescored(self._again, every)
        else:
            strategies = [self._bound(values) for values in every]
            hashes = [found if isinstance(found, StrategyError) else found.hash for found in strategies]
            windows = self._evaluated([found for found in strategies if isinstance(found, Strategy)])
        rows = iter(zip(*windows, strict=True))
        return [
            Trial(first + at, values, error=str(hash_))
            if isinstance(hash_, StrategyError)
            else self._trial(first + at, values, hash_, next(rows))
            for at, (values, hash_) in enumerate(zip(every, hashes, strict=True))
        ]

    def _bound(self, values: Mapping[str, Value]) -> Strategy | StrategyError:
        try:
            return self._variants.strategy(values)
        except StrategyError as error:
            return error

    def _windows(self) -> list[Window]:
        """All train ranges, then all test ranges."""
        tests = [fold.test for fold in self._folds if fold.test is not None]
        return [*(fold.train for fold in self._folds), *tests]

    def _rescored(self, again: Rescorer, every: Sequence[Mapping[str, Value]]) -> list[Sequence[Statistics]]:
        return [again.statistics(every, slice(window.first, window.last)) for window in self._windows()]

    def _evaluated(self, strategies: list[Strategy]) -> list[Sequence[Statistics]]:
        batch = compile_batch(strategies)
        found: list[Sequence[Statistics]] = []
        for window in self._windows():
            result = batch.evaluate(
                self._bars, reduce="stats", first=window.first, last=window.last, **self._options
            )
            found.append([item for item in result if item is not None])
        return found

    def _trial(
        self, number: int, values: Mapping[str, Value], hash_: str, windows: Sequence[Statistics]
    ) -> Trial:
        train, test = tuple(windows[: len(self._folds)]), tuple(windows[len(self._folds) :])
        objective, tested = self._mean(train), self._mean(test)
        return Trial(number, values, objective, tested, train, test, hash_)

    def _mean(self, statistics: Sequence[Statistics]) -> float:
        found = [statistic[self._objective] for statistic in statistics]
        return math.fsum(found) / len(found) if found else math.nan
