"""Shares out what is missing among the workers of an executor, and keeps what comes back at once.

1. Units are made of what the store lacks: symbols that lack the same strategies, some at a time.
2. As many are handed out at once as there are workers, and as memory allows.
3. A worker that dies takes the units with it that were under way. Each of them is done again alone; one that
   is alone when its worker dies is halved. So at last one strategy on one symbol is found that kills, is
   reported, and everything else is done.
4. Strategies that need more than a share of the memory are done alone, with all of it.

Units a b c, of which b kills: a and b are under way when a worker dies; c goes on in a new one. Then a alone:
done. b alone: dies, halved, and so on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from ..grammar.words import amount
from ..runtime.fingerprint import engine_digest
from .errors import Failure, ScoreError
from .executors import Crew
from .histories import reckoned_bytes
from .store import Kept, Store, missing
from .strategies import Bundle, bundle
from .symbols import Symbol
from .unit import Options, Scores, Unit, work

_LEAST_SHARE = 256 * 2**20
_MOST_SYMBOLS = 16  # of a unit,
_MOST_OF_FILE = 64  # and of one that reads a file with several
_UNITS_A_WORKER = 4
_MOST_TROUBLES = 60
_GONE = "the workers are gone; what was finished is kept: start them and call again"
_LOSSES = ("CommClosedError", "FutureCancelledError", "FuturesCancelledError", "CancelledError")
_DEATHS = ("KilledWorker",)  # what Dask raises when several workers in turn have died of a task


class Progress(Protocol):
    """Who is told how far a run is."""

    def begin(self, total: int, done: int) -> None:
        """So many scores are wanted, so many are there."""

    def add(self, scores: int) -> None:
        """So many more are there, or have failed."""


@dataclass(frozen=True)
class Budget:
    """Memory for everything, for the strategies of a unit, and for a strategy alone; units at once."""

    memory: int
    share: int
    alone: int
    at_once: int


def budget_for(symbols: Iterable[Symbol], memory: int, workers: int, remote: bool) -> Budget:
    """How many units fit beside each other, each with its bars.

    What a strategy alone may use does not depend on the number of workers: neither do the results.
    """
    bars = max((reckoned_bytes(symbol.path) for symbol in symbols), default=0)
    alone = max(memory - bars, 0)
    if remote:  # every worker has that much for itself
        return Budget(memory, alone, alone, workers)
    at_once = max(1, min(workers, memory // (bars + _LEAST_SHARE)))
    return Budget(memory, memory // at_once - bars, alone, at_once)


class Dispatch:
    """One run's work: `kept` are the finished files by symbol, `failures` what went wrong."""

    def __init__(
        self,
        symbols: Sequence[Symbol],
        documents: Mapping[str, str],
        options: Options,
        engine: str,
        store: Store,
        crew: Crew,
        memory: int,
        progress: Progress,
    ) -> None:
        self.kept: dict[str, list[Kept]] = {symbol.name: store.find(symbol) for symbol in symbols}
        self.failures: list[Failure] = []
        self.computed = 0
        self.crew = crew
        self._documents = documents
        self._options = options
        self._engine = engine
        self._store = store
        self._progress = progress
        self._deferred: dict[Symbol, list[str]] = {}
        self._bundle_made = bundle([])
        self._troubles = self._renewals = 0
        self._symbols = list(self._readable(symbols, memory))
        self._budget = budget_for(self._symbols, memory, crew.workers, crew.remote)

    def do(self) -> None:
        """Do everything that is missing."""
        lacks = {symbol: tuple(missing(self.kept[symbol.name], self._documents)) for symbol in self._symbols}
        wanted = sum(map(len, lacks.values()))
        total = len(self._symbols) * len(self._documents)
        self._progress.begin(total, total - wanted)
        if wanted and not self.crew.remote:
            self._check_start()
        suspects = self._together(deque(self._units(lacks)))
        self._alone(suspects)
        whole = replace(self._budget, share=self._budget.alone)
        deferred = {symbol: tuple(names) for symbol, names in self._deferred.items()}
        self._alone(
            deque(self._made(symbol_group, names, whole) for symbol_group, names in _single(deferred))
        )

    def _check_start(self) -> None:
        """Whether a worker comes to life at all, before its death would be taken for the fault of a unit."""
        future = self._submit(engine_digest)
        if future is None or self._trouble(future) is not None:
            raise ScoreError(
                "no worker process starts; a script must call score below `if __name__ == '__main__':`, and "
                "may not be read from standard input"
            )

    def _readable(self, symbols: Iterable[Symbol], memory: int) -> Iterator[Symbol]:
        for symbol in symbols:
            try:
                size = reckoned_bytes(symbol.path)
            except OSError as error:
                self.failures.append(Failure(symbol.name, None, "S101", f"{symbol.path}: {error.strerror}"))
                continue
            if size > memory:
                text = f"the bars need about {amount(size)}; the run may use {amount(memory)} (--max-memory)"
                self.failures.append(Failure(symbol.name, None, "S105", text))
                continue
            yield symbol

    def _units(self, lacks: Mapping[Symbol, tuple[str, ...]]) -> Iterator[Unit]:
        """Units of symbols that lack the same, a file with several symbols being read by few of them."""
        needy = [symbol for symbol in lacks if lacks[symbol]]
        even = -(-len(needy) // (_UNITS_A_WORKER * self._budget.at_once))
        needy.sort(key=lambda symbol: (symbol.column is not None, str(symbol.path) if symbol.column else ""))
        groups = groupby(needy, key=lambda one: (lacks[one], one.path if one.column is not None else None))
        for (names, path), found in groups:
            group = tuple(found)
            most = min(_MOST_SYMBOLS, even) if path is None else _MOST_OF_FILE
            for start in range(0, len(group), most):
                yield self._made(group[start : start + most], names, self._budget)

    def _made(self, symbols: tuple[Symbol, ...], names: tuple[str, ...], budget: Budget) -> Unit:
        return Unit(symbols, self._bundle(names), self._options, self._engine, budget.share, budget.alone)

    def _bundle(self, names: tuple[str, ...]) -> Bundle:
        if self._bundle_made.hashes != names:  # neighbours mostly lack the same
            self._bundle_made = bundle((name, self._documents[name]) for name in names)
        return self._bundle_made

    def _together(self, queue: deque[Unit]) -> deque[Unit]:
        """Do units side by side; those that were under way when a worker died are left."""
        suspects: deque[Unit] = deque()
        running: dict[Future[Any], Unit] = {}
        while queue or running:
            while queue and len(running) < self._budget.at_once:
                unit = queue.popleft()
                future = self._submit(work, unit)
                if future is None:
                    queue.appendleft(unit)
                    break
                running[future] = unit
            broken = not running
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                unit = running.pop(future)
                trouble = self._trouble(future)
                if trouble is None:
                    self._take(unit, future.result())
                else:
                    suspects.append(unit)
                    broken |= isinstance(trouble, BrokenExecutor)
            if broken:
                suspects.extend(running.values())
                running.clear()
                self._renew()
        return suspects

    def _alone(self, queue: deque[Unit]) -> None:
        """Do units one after another, and halve those that cannot be done."""
        while queue:
            unit = queue.popleft()
            if self._troubles >= _MOST_TROUBLES:
                self._give_up(unit, "S201", "too many workers died; the run did not try this any more")
                continue
            trouble = self._tried(unit)
            if trouble is None:
                continue
            self._troubles += 1
            halves = unit.halves()
            queue.extendleft(reversed(halves))
            if not halves:
                self._give_up(unit, *_said(trouble))
            if isinstance(trouble, BrokenExecutor):
                self._renew()

    def _tried(self, unit: Unit) -> BaseException | None:
        future = self._submit(work, unit)
        if future is None:
            return BrokenExecutor("the worker died")
        trouble = self._trouble(future)
        if trouble is None:
            self._take(unit, future.result())
        return trouble

    def _trouble(self, future: Future[Any]) -> BaseException | None:
        """Why a unit was not done; ScoreError where its executor is gone as a whole."""
        try:
            trouble = future.exception()
        except CancelledError:
            raise ScoreError(_GONE) from None
        if type(trouble).__name__ in _LOSSES:
            raise ScoreError(_GONE) from trouble
        return trouble

    def _submit(self, work: Callable[..., Any], *args: Any) -> Future[Any] | None:
        """The work under way; None where the executor is broken."""
        try:
            return self.crew.executor.submit(work, *args)
        except BrokenExecutor:
            return None
        except Exception as error:  # whatever a library raises that has lost its scheduler
            if not self.crew.remote:
                raise
            raise ScoreError(_GONE) from error

    def _renew(self) -> None:
        self._renewals += 1
        if self.crew.renew is None or self._renewals > 2 * _MOST_TROUBLES:
            raise ScoreError(_GONE)
        self.crew.stop()
        self.crew = self.crew.renew()

    def _give_up(self, unit: Unit, code: str, message: str) -> None:
        names = unit.bundle.hashes
        whole = len(names) == len(self._documents)
        for symbol in unit.symbols:
            blamed = [None] if whole and len(names) > 1 else names
            self.failures += [Failure(symbol.name, name, code, message) for name in blamed]
        self._progress.add(unit.size)

    def _take(self, unit: Unit, found: list[Scores]) -> None:
        for scores in found:
            kept = self._store.add(scores)
            if kept is not None:
                self.kept[scores.symbol.name].append(kept)
            self.computed += len(scores.rows)
            self.failures += scores.failures
            if scores.deferred:
                self._deferred.setdefault(scores.symbol, []).extend(scores.deferred)
        self._progress.add(unit.size - sum(len(scores.deferred) for scores in found))


def _single(lacks: Mapping[Symbol, tuple[str, ...]]) -> Iterator[tuple[tuple[Symbol, ...], tuple[str, ...]]]:
    return (((symbol,), names) for symbol, names in lacks.items())


def _said(trouble: BaseException) -> tuple[str, str]:
    if isinstance(trouble, BrokenExecutor) or type(trouble).__name__ in _DEATHS:
        return "S201", "the worker process died of it each time; is there enough memory?"
    return "S204", f"{type(trouble).__name__}: {' '.join(str(trouble).split())[:300]}"
