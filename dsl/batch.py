"""Many strategies as one: a single graph, in which nothing is computed twice, and one plan.

Every strategy of a batch gives the bits that it gives alone. A document that does not compile
does not stop the others: its place stays empty, and `errors` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
import threading
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, get_args, overload

import numpy as np
from numpy.typing import NDArray

from .batch_result import BatchResult, Ranking
from .candle import Time, rows_between
from .compiler.graph import Graph
from .compiler.looks import Look, idle, locked
from .grammar.diagnostics import Message
from .limits.budgets import admit, check_budget_values, check_together
from .limits.ending import ending, watch_for
from .limits.estimates import BatchEstimate, estimate_batch
from .prepared import Prepared, Wish, prepare_batch
from .reductions import STATISTICS, Last, Statistics, last_candles, ranking, statistics, statistics_bytes
from .result import Evaluation, bars_for, ready, short_notes
from .runtime.bars import Bars
from .runtime.engine import counts_of, run, times_where
from .runtime.frames import matrix_of
from .runtime.market import require
from .runtime.watch import Watch
from .strategy import MEMORY_BUDGET, WORK_BUDGET, Source, Strategy, StrategyError, compile

if TYPE_CHECKING:
    from .stream import BatchStream

Reduce = Literal["signals", "entries", "last", "stats", "rank"]

BY = "t_value_5"
"""The statistic by which strategies are ranked if none is named."""

_Kept = Literal["signals", "entries", "last", "stats", "all"]
_WISHES: dict[_Kept, tuple[Wish, ...]] = {
    "signals": ("score", "entry"),
    "entries": ("entry",),
    "last": ("score", "entry", "conditions"),
    "stats": ("score", "entry", "conditions"),
    "all": ("all",),
}
_PACKED = ("entries", "stats")
_MOST_THREADS = 64


@dataclass(frozen=True)
class Sharing:
    """How much of the strategies of a batch is the same.

    `nodes` are those that the graphs of all `documents` have alone, each constant, field and operation
    once a document; `shared` those that are left in one graph for each timeframe. `factor` is how often a
    node serves on average.
    """

    documents: int
    nodes: int
    shared: int

    @property
    def factor(self) -> float:
        """`nodes / shared`; 1 where there are none."""
        return self.nodes / self.shared if self.shared else 1.0


class _Options(TypedDict, total=False):
    """What `evaluate` takes for every reduction."""

    threads: int
    resample: bool
    align: str | None
    work: float
    memory: float
    each_work: float
    each_memory: float
    deadline: float | None
    stop: Callable[[], object] | None


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
        self._admitted: dict[tuple[_Kept, int], tuple[int, float, float]] = {}
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

    @cached_property
    def sharing(self) -> Sharing:
        """How many nodes the documents have, and how many are left after sharing.

        >>> up = {
        ...     "configuration": {"timeframe": "1D"},
        ...     "inputs": {},
        ...     "conditions": {"up": "close > open"},
        ...     "score": {"up": 1},
        ...     "decision": {"entry": "score >= 1"},
        ... }
        >>> compile_batch([up, up]).sharing
        Sharing(documents=2, nodes=12, shared=6)
        """
        nodes = shared = 0
        for timeframe in self._groups:
            graph = Graph()
            for strategy in self._strategies(timeframe):
                nodes += len(strategy._checked.graph)
                graph.absorb(strategy._checked.graph)
            shared += len(graph)
        return Sharing(sum(strategy is not None for strategy in self.strategies), nodes, shared)

    @overload
    def evaluate(
        self, bars: Any, *, reduce: Literal["signals"] = "signals", **options: Unpack[_Options]
    ) -> BatchResult[Evaluation]: ...

    @overload
    def evaluate(
        self, bars: Any, *, reduce: Literal["entries"], **options: Unpack[_Options]
    ) -> BatchResult[NDArray[Any]]: ...

    @overload
    def evaluate(
        self, bars: Any, *, reduce: Literal["last"], **options: Unpack[_Options]
    ) -> BatchResult[Last]: ...

    @overload
    def evaluate(
        self,
        bars: Any,
        *,
        reduce: Literal["stats"],
        first: Time | None = None,
        last: Time | None = None,
        **options: Unpack[_Options],
    ) -> BatchResult[Statistics]: ...

    @overload
    def evaluate(
        self,
        bars: Any,
        *,
        reduce: Literal["rank"],
        by: str | None = None,
        first: Time | None = None,
        last: Time | None = None,
        **options: Unpack[_Options],
    ) -> Ranking: ...

    def evaluate(
        self,
        bars: Any,
        *,
        reduce: Reduce = "signals",
        by: str | None = None,
        first: Time | None = None,
        last: Time | None = None,
        threads: int = 1,
        resample: bool = False,
        align: str | None = None,
        work: float = WORK_BUDGET,
        memory: float = MEMORY_BUDGET,
        each_work: float = WORK_BUDGET,
        each_memory: float = MEMORY_BUDGET,
        deadline: float | None = None,
        stop: Callable[[], object] | None = None,
        symbols: Mapping[str, Any] | None = None,
    ) -> BatchResult[Any]:
        """What every strategy says of a history, in the order of the sources; None for invalid ones.

        `reduce` says what that is:

        - "signals": an `Evaluation` with score and entry.
        - "entries": the opening times of the candles that enter, datetime64[ns] in UTC (row numbers
          without times).
        - "last": a `Last`, score, entry and conditions on the last candle; None as well where there is
          no candle.
        - "stats": a `Statistics`, how often everything was and what prices did after entries.
        - "rank": a `Ranking`, the statistics and the place in their order by one of them. `by` is a name
          in `dslc.STATISTICS`, "t_value_5" if it is not given. The largest is the best, NaN comes last;
          of equal ones the lesser hash, then the earlier source is in front.

        Only for "signals" are scores kept. The bits depend neither on the company nor on `threads`.

        `first` and `last` choose the candles that "stats" and "rank" count; earlier ones warm every value,
        and no return that reaches behind the range counts. Times are read as for `--from` and `--to`: both
        ends belong to the range, a date as `last` is its whole day, and what has no offset is in the zone
        of the bars. Whole numbers are rows of the candles as in a slice, without `last`.

        Bars, `symbols`, `resample` and `align` are as for `Strategy.evaluate`, and so are the errors,
        `deadline` and `stop`. The budgets `work` and `memory` are for all strategies together, all threads
        counted.
        A strategy that alone would be over `each_work` or `each_memory` does not take part: its item is
        None, `errors` of the result says why, and the others have the bits that they have without it.
        ValueError where an argument does not fit.
        """
        _check_request(reduce, by, first, last, threads)
        check_budget_values(work=work, memory=memory, each_work=each_work, each_memory=each_memory)
        watch = watch_for(deadline, stop)
        found: list[Any] = [None] * len(self)
        errors = list(self.errors)
        zones: dict[str, str | None] = {}
        kept = _kept(reduce)
        with ending(self._refuse, watch, deadline):
            watch.enter("reading the bars")
            source = bars_for(bars, filter(None, self.strategies), symbols)
            runs: list[_Run] = []
            for timeframe, places in self._groups.items():
                watch.enter("reading the bars")
                group = [self._valid(at) for at in places]
                candles, notes = ready(source, timeframe, resample, align, group)
                zones[timeframe] = candles.zone
                watch.enter("planning")
                refused = self._judge(places, kept, len(candles), each_work, each_memory, watch.look)
                errors = [refused.get(at, error) for at, error in enumerate(errors)]
                places = [at for at in places if at not in refused]
                if places:
                    prepared = self._prepare(timeframe, kept, watch.look, places)
                    require(candles, prepared.plan)
                    group = [self._valid(at) for at in places]
                    budgets = (work, memory)
                    runs.append(_Run(prepared, group, candles, threads, budgets, places, notes, watch))
            watch.reckoned = _check_all(runs, reduce, first, last, work, memory)
            for one in runs:
                watch.enter("evaluating", len(one.bars))
                for at, item in zip(one.places, one.items(reduce, first, last), strict=True):
                    found[at] = item
        if reduce == "rank":
            return self._ranked(found, errors, by or BY, zones)
        return BatchResult(reduce, found, self.strategies, errors, zones)

    def estimate(
        self, candles: int | Mapping[str, int], *, reduce: Reduce = "signals", threads: int = 1
    ) -> BatchEstimate:
        """What `evaluate` would cost on so many candles, where they differ by timeframe: together and alone.

        >>> up = {
        ...     "configuration": {"timeframe": "1D"},
        ...     "inputs": {},
        ...     "conditions": {"up": "close > open"},
        ...     "score": {"up": 1},
        ...     "decision": {"entry": "score >= 1"},
        ... }
        >>> found = compile_batch([up, up, "{}"]).estimate(1_000)
        >>> found.each[0].work < found.work < 2 * found.each[0].work, found.each[2]
        (True, None)
        """
        _check_request(reduce, None, None, None, threads)
        kept = _kept(reduce)
        return estimate_batch(
            self.strategies, candles, _WISHES[kept], packed=kept in _PACKED, threads=threads
        )

    def _judge(
        self, places: list[int], kept: _Kept, candles: int, work: float, memory: float, look: Look
    ) -> dict[int, StrategyError]:
        """The strategies that are over the budgets of one, by their places; remembered where none is."""
        key = kept, places[0]
        known = self._admitted.get(key)
        if known is not None and candles <= known[0] and work >= known[1] and memory >= known[2]:
            return {}
        reasons = admit(
            [self._valid(at) for at in places],
            candles,
            _WISHES[kept],
            packed=kept in _PACKED,
            work=work,
            memory=memory,
            look=look,
        )
        found = {at: reason for at, reason in zip(places, reasons, strict=True) if reason is not None}
        if not found:
            self._admitted[key] = candles, work, memory
        return found

    def _refuse(self, message: Message) -> StrategyError:
        """An error about the run as a whole."""
        first = next((one for one in self.strategies if one is not None), None)
        return StrategyError([], "<batch>") if first is None else first._refuse(message)

    def _valid(self, at: int) -> Strategy:
        strategy = self.strategies[at]
        assert strategy is not None
        return strategy

    def _ranked(
        self, found: list[Any], errors: list[StrategyError | None], by: str, zones: dict[str, str | None]
    ) -> Ranking:
        valid = [(at, self._valid(at).hash) for at, item in enumerate(found) if item is not None]
        items = ranking([found[at] for at, _ in valid], [hash for _, hash in valid], by)
        for (at, _), item in zip(valid, items, strict=True):
            found[at] = item
        return Ranking(by, found, self.strategies, errors, zones)

    def stream(self, snapshot: bytes | None = None, *, zone: str | None = None) -> BatchStream:
        """All strategies on candles that come one at a time, as `Strategy.stream` for one.

        Raises ValueError unless all have the same timeframe.
        """
        from .stream import BatchStream

        return BatchStream(self, snapshot, zone)

    def _strategies(self, timeframe: str) -> list[Strategy]:
        found = (self.strategies[at] for at in self._groups[timeframe])
        return [strategy for strategy in found if strategy is not None]

    def _prepare(
        self, timeframe: str, kept: _Kept, look: Look = idle, places: list[int] | None = None
    ) -> Prepared:
        """The one plan for all strategies of a timeframe, or for those at some places."""
        key = (timeframe, kept)
        if places is not None and places != self._groups[timeframe]:
            return self._planned(places, kept, look)
        with locked(self._lock, look):
            if key not in self._plans:
                self._plans[key] = self._planned(self._groups[timeframe], kept, look)
            return self._plans[key]

    def _planned(self, places: list[int], kept: _Kept, look: Look) -> Prepared:
        checked = [self._valid(at)._checked for at in places]
        return prepare_batch(checked, _WISHES[kept], packed=kept in _PACKED, look=look)


def _check_all(
    runs: list[_Run], reduce: Reduce, first: Time | None, last: Time | None, work: float, memory: float
) -> float:
    """Refuse what is over the budgets with all timeframes together; else the work of all."""
    if not runs:
        return 0.0
    kept = _kept(reduce)
    return check_together(
        [(one.prepared.plan, one.candles(first, last)) for one in runs],
        [strategy for one in runs for strategy in one.strategies],
        _WISHES[kept],
        packed=kept in _PACKED,
        work=work,
        memory=memory,
        threads=runs[0].threads,
        size=sum(one.size(reduce, first, last) for one in runs),
    )


def _kept(reduce: Reduce) -> _Kept:
    return "stats" if reduce == "rank" else reduce


def _check_request(reduce: str, by: str | None, first: Time | None, last: Time | None, threads: int) -> None:
    if reduce not in get_args(Reduce):
        raise ValueError(f"reduce is one of {', '.join(get_args(Reduce))}, not {reduce!r:.60}")
    if by is not None and reduce != "rank":
        raise ValueError('by says how to rank; it needs reduce="rank"')
    if by is not None and by not in STATISTICS:
        raise ValueError(f"by is one of {', '.join(STATISTICS)}, not {by!r:.60}")
    if (first is not None or last is not None) and reduce not in ("stats", "rank"):
        raise ValueError('first and last choose what is counted; they need reduce="stats" or "rank"')
    if type(threads) is not int or not 1 <= threads <= _MOST_THREADS:
        raise ValueError(f"threads are 1 to {_MOST_THREADS}, not {threads!r:.60}")


@dataclass(frozen=True, eq=False)
class _Run:
    """The strategies of one timeframe on their candles."""

    prepared: Prepared
    strategies: list[Strategy]
    bars: Bars
    threads: int
    budgets: tuple[float, float]
    places: list[int]
    notes: tuple[str, ...]
    watch: Watch

    def items(self, reduce: Reduce, first: Time | None, last: Time | None) -> Iterable[Any]:
        """What `reduce` makes of each strategy; the plan is one for that."""
        match reduce:
            case "signals":
                return self.signals()
            case "entries":
                return self.entries()
            case "last":
                return last_candles(self.prepared.plan, self.strategies, self.bars, self.watch)
            case _:
                return self.statistics(first, last)

    def candles(self, first: Time | None, last: Time | None) -> int:
        """How many candles run."""
        return rows_between(self.bars, first, last).stop

    def size(self, reduce: Reduce, first: Time | None, last: Time | None) -> int:
        """The memory that this run needs, as far as it is known before."""
        plan = self.prepared.plan
        if reduce in ("signals", "entries"):
            return self.whole()
        if reduce == "last":
            return plan.bytes_of_run(1) + plan.bytes_of_rows(len(self.bars))
        candles, read = self.candles(first, last), len(self.bars)
        return statistics_bytes(plan, self.strategies, candles, self.threads, read)

    def signals(self) -> Iterator[Evaluation]:
        plan = self.prepared.plan
        kept = run(plan, self.matrix, threads=self.threads, watch=self.watch)
        for strategy, score, entry in zip(self.strategies, kept.integers, kept.masks, strict=True):
            own = (*self.notes, *short_notes(strategy, len(self.bars)))
            yield Evaluation(strategy, self.bars, score, entry, {}, {}, own, self.budgets)

    def entries(self) -> list[NDArray[Any]]:
        plan, time = self.prepared.plan, self.bars.time
        kept = run(plan, self.matrix, threads=self.threads, watch=self.watch)
        self.check(self.whole() + 8 * int(counts_of(kept.bits).sum()), len(self.bars))  # which shows only now
        found = times_where(kept.bits, time.view(np.int64), threads=self.threads, watch=self.watch)
        return [times.view(time.dtype) for times in found]

    def statistics(self, first: Time | None, last: Time | None) -> list[Statistics]:
        plan, rows = self.prepared.plan, rows_between(self.bars, first, last)
        return statistics(plan, self.strategies, self.bars, rows, threads=self.threads, watch=self.watch)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """What the plan reads of the bars."""
        return matrix_of(self.prepared.plan, self.bars, self.strategies[0].timeframe, watch=self.watch)

    def whole(self) -> int:
        """The memory of a run that keeps what the plan says of every candle."""
        plan = self.prepared.plan
        return plan.bytes(len(self.bars)) + (self.threads - 1) * plan.bytes(0)

    def check(self, size: int, candles: int) -> None:
        """Refuse a run over the budgets that needs so much memory."""
        self.strategies[0]._check_budgets(self.prepared.plan, candles, *self.budgets, size)
