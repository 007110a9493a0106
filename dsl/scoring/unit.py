"""The work of one unit, which a worker does in a thread, a process or on another machine.

1. Read the bars of the unit's symbols by their paths, and see that the files are the ones that were meant.
2. For each symbol and timeframe, make candles once.
3. Evaluate all strategies together, without those that alone are over the budgets; where that is refused
   (memory, a missing column) halve them, until whoever is to blame stands alone. So no strategy fails
   because of its company, and the others are scored.

Four strategies, of which the third reads a column that is not there: [1 2 3 4] is refused, [1 2] is scored,
[3 4] is refused, [3] fails, [4] is scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
import math
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from ..runtime.fingerprint import engine_digest
from .errors import Failure
from .strategies import Bundle
from .symbols import Symbol, file_digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..batch import Batch
    from ..reductions import Last
    from ..runtime.bars import Bars
    from ..strategy import Strategy

_MOST_TOGETHER = 1_024
_PLANS = 32  # groups of strategies whose plans a process remembers


class Row(NamedTuple):
    """What a strategy says of a symbol.

    `entries` is how many candles enter, `last_entry` when the last of them opened (nanoseconds UTC; None
    without times or entries), `since` the candles after it. Score, entry and conditions are those of the last
    candle; `times` of all entries, where they are wanted.
    """

    strategy: str
    timeframe: str
    entries: int
    last_entry: int | None
    since: int | None
    score: int
    entry: bool
    conditions: tuple[str, ...]
    notes: tuple[str, ...]
    times: tuple[int, ...]


class Facts(NamedTuple):
    """The candles of one timeframe: how many, when the first and last opened, their digest, notes."""

    candles: int
    first: int | None
    last: int | None
    digest: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Options:
    """How bars become candles, whether all entries are wanted, and the work that a strategy may take."""

    resample: bool
    align: str | None
    entries: bool
    work: float


@dataclass(frozen=True)
class Unit:
    """Some symbols × some strategies, where the bars are read by path.

    `engine` is the digest of the engine that has to do it. `share` bytes may be used at once; a strategy that
    needs more alone, but no more than `memory`, is given back as deferred.
    """

    symbols: tuple[Symbol, ...]
    bundle: Bundle
    options: Options
    engine: str
    share: int
    memory: int

    @property
    def size(self) -> int:
        """How many scores it asks for."""
        return len(self.symbols) * len(self.bundle.hashes)

    def halves(self) -> tuple[Unit, ...]:
        """Two smaller units of the same work; none where it cannot be divided."""
        if len(self.symbols) > 1:
            middle = len(self.symbols) // 2
            return tuple(
                replace(self, symbols=part) for part in (self.symbols[:middle], self.symbols[middle:])
            )
        hashes = self.bundle.hashes
        if len(hashes) < 2:
            return ()
        parts = hashes[: len(hashes) // 2], hashes[len(hashes) // 2 :]
        return tuple(replace(self, bundle=self.bundle.part(part)) for part in parts)


@dataclass
class Scores:
    """The scores of one symbol."""

    symbol: Symbol
    facts: dict[str, Facts] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)


def work(unit: Unit) -> list[Scores]:
    """Do a unit; whatever is wrong with its files or strategies is among the failures."""
    if unit.engine != engine_digest():
        message = (
            "the worker runs another engine than the run; install the same versions on every machine, and "
            "register the same indicators in a module that every worker imports"
        )
        return [
            Scores(symbol, failures=[Failure(symbol.name, None, "S203", message)]) for symbol in unit.symbols
        ]
    strategies = unit.bundle.strategies()
    series = dict.fromkeys(name for one in strategies.values() for name in one.market.series)
    histories = _histories(unit.symbols, tuple(series))
    return [_scores(unit, symbol, bars, strategies) for symbol, bars in histories]


def _scores(unit: Unit, symbol: Symbol, bars: Bars | Failure, strategies: dict[str, Strategy]) -> Scores:
    scores = Scores(symbol)
    if isinstance(bars, Failure):
        scores.failures.append(bars)
        return scores
    if not len(bars):
        scores.failures.append(Failure(symbol.name, None, "S102", "there are no bars"))
        return scores
    groups: dict[str, list[Strategy]] = {}
    for name in unit.bundle.hashes:
        groups.setdefault(strategies[name].timeframe, []).append(strategies[name])
    for timeframe, group in groups.items():
        _score_timeframe(unit, scores, bars, timeframe, group)
    return scores


def _score_timeframe(unit: Unit, scores: Scores, bars: Bars, timeframe: str, group: list[Strategy]) -> None:
    from ..result import ready
    from ..runtime.bars_error import BarsError

    options = unit.options
    try:
        candles, notes = ready(bars, timeframe, options.resample, options.align, group)
    except (BarsError, MemoryError) as error:
        _blame(scores, group, error)
        return
    if not len(candles):
        message = f"there is no whole candle of {timeframe}"
        scores.failures += [Failure(scores.symbol.name, one.hash, "S102", message) for one in group]
        return
    times = candles.times
    first, last = (None, None) if times is None else (int(times[0]), int(times[-1]))
    scores.facts[timeframe] = Facts(len(candles), first, last, candles.digest, notes)
    for start in range(0, len(group), _MOST_TOGETHER):
        _score_group(unit, scores, candles, group[start : start + _MOST_TOGETHER])


def _score_group(unit: Unit, scores: Scores, candles: Bars, group: Sequence[Strategy]) -> None:
    """Evaluate together, or, where that is refused, in halves."""
    from ..runtime.bars_error import BarsError
    from ..strategy import StrategyError

    try:
        found: Sequence[Row | Exception] = _rows(unit, candles, group)
    except (BarsError, StrategyError, MemoryError) as error:
        if len(group) > 1:
            middle = len(group) // 2
            _score_group(unit, scores, candles, group[:middle])
            _score_group(unit, scores, candles, group[middle:])
            return
        found = [error]
    for strategy, row in zip(group, found, strict=True):
        if isinstance(row, Row):
            scores.rows.append(row)
        elif unit.share < unit.memory and isinstance(row, StrategyError):
            scores.deferred.append(strategy.hash)
        else:
            _blame(scores, [strategy], row)


def _blame(scores: Scores, group: Sequence[Strategy], error: Exception) -> None:
    from ..strategy import StrategyError

    if isinstance(error, MemoryError):
        code, message = "S202", "there was not enough memory; give the run fewer workers or --max-memory less"
    elif isinstance(error, StrategyError):
        found = error.diagnostics[0]
        code, message = found.code, found.message + (f"; {found.help}" if found.help else "")
    else:
        code, message = getattr(error, "code", "S101"), str(error)
        if code == "B311":  # its way out is one of other commands
            message = (
                f"{getattr(error, 'message', message)}; score brings a strategy the bars of one symbol alone"
            )
    scores.failures += [Failure(scores.symbol.name, one.hash, code, message) for one in group]


def _rows(unit: Unit, candles: Bars, group: Sequence[Strategy]) -> Sequence[Row | Exception]:
    """The row of each strategy, or why it alone is refused; what is raised refuses all of them together."""
    batch = _batch(tuple(group))
    work, memory = unit.options.work, unit.share
    budgets: dict[str, Any] = {"work": math.inf, "each_work": work, "memory": memory, "each_memory": memory}
    entries = batch.evaluate(candles, reduce="entries", **budgets)
    lasts = batch.evaluate(candles, reduce="last", **budgets)
    rows: list[Row | Exception] = []
    for at, (strategy, times, last) in enumerate(zip(group, entries, lasts, strict=True)):
        refusal = entries.errors[at] or lasts.errors[at]
        if refusal is not None:
            rows.append(refusal)
        else:
            assert times is not None and last is not None
            rows.append(_row(strategy, candles, times, last, unit.options.entries))
    return rows


def _row(strategy: Strategy, candles: Bars, times: NDArray[Any], last: Last, all_times: bool) -> Row:
    from ..result import short_notes

    moment = since = None
    if len(times):
        at = int(times[-1]) if candles.times is None else int(candles.time.searchsorted(times[-1]))
        since = len(candles) - 1 - at
        moment = None if candles.times is None else int(candles.times[at])
    return Row(
        strategy=strategy.hash,
        timeframe=strategy.timeframe,
        entries=len(times),
        last_entry=moment,
        since=since,
        score=last.score,
        entry=last.entry,
        conditions=tuple(name for name, holds in last.conditions.items() if holds),
        notes=short_notes(strategy, len(candles)),
        times=tuple(times.view("i8").tolist()) if all_times else (),
    )


_LOCK = threading.Lock()


def _batch(group: tuple[Strategy, ...]) -> Batch:
    """The batch of these strategies: the same one for the same strategies, so that its plans are kept."""
    with _LOCK:
        return _made_batch(group)


@lru_cache(maxsize=_PLANS)
def _made_batch(group: tuple[Strategy, ...]) -> Batch:
    from ..batch import Batch

    return Batch(group, (None,) * len(group))


def _histories(symbols: Sequence[Symbol], series: tuple[str, ...]) -> Iterator[tuple[Symbol, Bars | Failure]]:
    """Each symbol with its bars, or why there are none; a file that holds several is read once."""
    from .histories import read_histories

    for symbol, bars in read_histories(symbols, series):
        if not isinstance(bars, Failure) and not _is_meant(symbol):
            message = f"{symbol.path} has not the content that the run began with; call again"
            bars = Failure(symbol.name, None, "S103", message)
        yield symbol, bars


def _is_meant(symbol: Symbol) -> bool:
    try:
        return file_digest(symbol.path) == symbol.digest
    except OSError:
        return False
