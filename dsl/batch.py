"""Many strategies as one: a single graph, in which nothing is computed twice, and one plan.

Every strategy of a batch gives the bits that it gives alone. A document that does not compile
does not stop the others: its place stays empty, and `errors` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
import threading
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from .prepared import Prepared, Wish, prepare_batch
from .result import Evaluation, ready, short_notes
from .runtime.bars import Bars
from .runtime.engine import Kept, counts_of, run, times_where
from .runtime.plan import Plan
from .strategy import MEMORY_BUDGET, WORK_BUDGET, Source, Strategy, StrategyError, compile

if TYPE_CHECKING:
    from .stream import BatchStream

Reduce = Literal["signals", "entries"]
Item: TypeAlias = "Evaluation | NDArray[Any] | None"

_WISHES: dict[str, tuple[Wish, ...]] = {
    "signals": ("score", "entry"),
    "entries": ("entry",),
    "all": ("all",),
}
_MOST_THREADS = 64


def compile_batch(sources: Iterable[Source | Strategy], *, timeframe: str | None = None) -> Batch:
    """Strategies that are evaluated together, in the order of their sources.

    Takes what `compile` takes, any number of it, and strategies. Whatever is wrong with a document
    is in `errors` of the batch; nothing is raised for it. A file that cannot be read is an OSError.

    >>> up = {
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {},
    ...     "conditions": {"up": "close > open"},
    ...     "score": {"up": 1},
    ...     "decision": {"entry": "score >= 1"},
    ... }
    >>> batch = compile_batch([up, "{}", up | {"decision": {"entry": "NOT up"}}])
    >>> [error is None for error in batch.errors]
    [True, False, True]
    >>> bars = {"open": [1.0, 2.0, 3.0], "close": [2.0, 1.0, 4.0]}
    >>> found = batch.evaluate(bars, reduce="entries")
    >>> found[0].tolist(), found[1], found[2].tolist()
    ([0, 2], None, [1])
    """
    if isinstance(sources, str | bytes | dict):
        raise TypeError("compile_batch takes a list of sources; for one alone there is compile")
    strategies: list[Strategy | None] = []
    errors: list[StrategyError | None] = []
    for source in sources:
        found: Strategy | None = None
        error: StrategyError | None = None
        try:
            if isinstance(source, Strategy):
                source = source.canonical if timeframe not in (None, source.timeframe) else source
            found = source if isinstance(source, Strategy) else compile(source, timeframe=timeframe)
        except StrategyError as refused:
            error = refused
        strategies.append(found)
        errors.append(error)
    return Batch(tuple(strategies), tuple(errors))


class Batch(Sequence["Strategy | None"]):
    """Strategies in the order of their sources; made by `dslc.compile_batch`.

    `errors[i]` is None, or why source i did not compile; `batch[i]` is None then.
    """

    def __init__(
        self, strategies: tuple[Strategy | None, ...], errors: tuple[StrategyError | None, ...]
    ) -> None:
        self.strategies = strategies
        self.errors = errors
        self._groups: dict[str, list[int]] = {}  # what has one timeframe is one graph
        for at, strategy in enumerate(strategies):
            if strategy is not None:
                self._groups.setdefault(strategy.timeframe, []).append(at)
        self._plans: dict[tuple[str, str], Prepared] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Batch, (self.strategies, self.errors)

    def __len__(self) -> int:
        return len(self.strategies)

    def __repr__(self) -> str:
        wrong = sum(error is not None for error in self.errors)
        return f"<dslc.Batch of {len(self):,} strategies, {wrong:,} of them invalid>"

    @overload
    def __getitem__(self, at: int) -> Strategy | None: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Strategy | None]: ...

    def __getitem__(self, at: int | slice) -> Strategy | Sequence[Strategy | None] | None:
        return self.strategies[at]

    def evaluate(
        self,
        bars: Any,
        *,
        reduce: Reduce = "signals",
        threads: int = 1,
        resample: bool = False,
        align: str | None = None,
        work: float = WORK_BUDGET,
        memory: int = MEMORY_BUDGET,
    ) -> list[Item]:
        """What every strategy says of a history, in the order of the sources; None for invalid ones.

        With `reduce="signals"` an `Evaluation` with score and entry; with `"entries"` the opening
        times of the candles that enter, datetime64[ns] in UTC (row numbers without times), for
        which no scores are kept. The bits depend neither on the company nor on `threads`. Bars,
        `resample` and `align` are as for `Strategy.evaluate`, and so are the errors; the budgets
        are for all strategies of a timeframe together.
        """
        if reduce not in ("signals", "entries"):
            raise ValueError(f"reduce is one of signals, entries, not {reduce!r}")
        if type(threads) is not int or not 1 <= threads <= _MOST_THREADS:
            raise ValueError(f"threads are 1 to {_MOST_THREADS}, not {threads!r:.60}")
        source = bars if isinstance(bars, Bars) else Bars(bars)
        found: list[Item] = [None] * len(self)
        for timeframe, places in self._groups.items():
            strategies = self._strategies(timeframe)
            candles, notes = ready(source, timeframe, resample, align)
            prepared = self._prepare(timeframe, reduce)
            candles.require(prepared.fields)
            plan = prepared.plan

            def check(
                size: int, plan: Plan = plan, bars: Bars = candles, first: Strategy = strategies[0]
            ) -> None:
                first._check_budgets(plan, len(bars), work, memory, size)

            size = plan.bytes(len(candles)) + (threads - 1) * plan.bytes(0)
            check(size)
            kept = run(plan, candles.matrix, threads=threads)
            if reduce == "entries":
                check(size + 8 * int(counts_of(kept.bits).sum()))  # which shows only now
                times = times_where(kept.bits, candles.time.view(np.int64), threads=threads)
                items: Iterator[Item] = (found.view(candles.time.dtype) for found in times)
            else:
                items = _evaluations(kept, strategies, candles, notes, (work, memory))
            for at, item in zip(places, items, strict=True):
                found[at] = item
        return found

    def stream(self, snapshot: bytes | None = None, *, zone: str | None = None) -> BatchStream:
        """All strategies on candles that come one at a time, as `Strategy.stream` for one.

        Raises ValueError unless all have the same timeframe.
        """
        from .stream import BatchStream

        return BatchStream(self, snapshot, zone)

    def _strategies(self, timeframe: str) -> list[Strategy]:
        found = (self.strategies[at] for at in self._groups[timeframe])
        return [strategy for strategy in found if strategy is not None]

    def _prepare(self, timeframe: str, reduce: Reduce | Literal["all"]) -> Prepared:
        """The one plan for all strategies of a timeframe."""
        key = (timeframe, reduce)
        with self._lock:
            if key not in self._plans:
                checked = [strategy._checked for strategy in self._strategies(timeframe)]
                self._plans[key] = prepare_batch(checked, _WISHES[reduce], packed=reduce == "entries")
            return self._plans[key]


def _evaluations(
    kept: Kept,
    strategies: list[Strategy],
    bars: Bars,
    notes: tuple[str, ...],
    budgets: tuple[float, int],
) -> Iterator[Evaluation]:
    for strategy, score, entry in zip(strategies, kept.integers, kept.masks, strict=True):
        own = (*notes, *short_notes(strategy, len(bars)))
        yield Evaluation(strategy, bars, score, entry, {}, {}, own, budgets)
