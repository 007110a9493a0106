"""Owns what a batch gives instead of arrays: the last candle, statistics, ranks.

None of them keeps what all strategies say of all candles:

- `last_candles` runs the history only as far as the last candle depends on it, and then that one.
- `statistics` takes a piece of the history at a time. Of a piece it keeps the entries, a bit a candle, and
  counts everything else: the candles on which conditions hold, and how often there was which score. What
  followed the entries is for `sample.py`.

Worked: scores 0 60 100 | 60 60 in two pieces are {0: 1, 60: 1, 100: 1}, then {0: 1, 60: 3, 100: 1}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .runtime.engine import Kept, Machine, counts_of, run_in_pieces
from .runtime.frames import matrix_of
from .runtime.plan import WORD, Plan
from .runtime.watch import Watch
from .sample import HORIZONS, Followed, Sample, sample_bytes

if TYPE_CHECKING:
    from .runtime.bars import Bars
    from .strategy import Strategy

_PIECE_BYTES = 1 << 24  # what is kept of a piece of the history
_TABLE = 1 << 12  # scores between the least and the largest possible, of which a table is kept


@dataclass(frozen=True, slots=True)
class Last:
    """What a strategy says of the last candle.

    `time` is when it opened: datetime64[ns] in UTC, or the row number without times. `score` is the sum
    of the weights of the conditions that are certainly true, `conditions` says which are.
    """

    time: np.datetime64 | int
    score: int
    entry: bool
    conditions: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Forward:
    """What prices did some candles after the entries of a strategy; `Sample.followed` has the formulas.

    `count` entries have a known return, whose mean, sample standard deviation and share above 0 are
    `mean`, `spread` and `hit_rate`; `t_value` is that of the mean, with the variance of Newey and West.
    NaN where undefined.
    """

    count: int
    mean: float
    spread: float
    hit_rate: float
    t_value: float

    def __eq__(self, other: object) -> bool:
        return repr(self) == repr(other) if isinstance(other, Forward) else NotImplemented  # NaN is NaN

    def __hash__(self) -> int:
        return hash(repr(self))


@dataclass(frozen=True, slots=True)
class Statistics:
    """How often a strategy did what on a range of candles, and what followed.

    `candles` are counted, `entries` of them enter; `conditions` has on how many each condition is
    certainly true, `scores` how often there was each score, ascending. `months` are the calendar months,
    in the zone of the bars, that have candles of the range; None without times. `forward` has the returns
    after 1, 5 and 20 candles by that number.
    """

    candles: int
    entries: int
    conditions: Mapping[str, int]
    scores: Mapping[int, int]
    months: int | None
    forward: Mapping[int, Forward]

    @property
    def entry_rate(self) -> float:
        """The share of the candles that enter; NaN without candles."""
        return self.entries / self.candles if self.candles else math.nan

    @property
    def entries_per_month(self) -> float:
        """Entries in a calendar month that has candles; NaN without times or candles."""
        return self.entries / self.months if self.months else math.nan

    @property
    def score_min(self) -> float:
        """The least score that there was; NaN without candles."""
        return min(self.scores, default=math.nan)

    @property
    def score_max(self) -> float:
        """The largest score that there was; NaN without candles."""
        return max(self.scores, default=math.nan)

    @property
    def score_mean(self) -> float:
        """The mean of the scores; NaN without candles."""
        total = sum(score * count for score, count in self.scores.items())
        return total / self.candles if self.candles else math.nan

    def __getitem__(self, name: str) -> float:
        """The statistic of a name in `STATISTICS`, as `by=` takes it."""
        if name not in STATISTICS:
            raise KeyError(name)
        if name in _PLAIN:
            return float(getattr(self, name))
        figure, horizon = name.rsplit("_", 1)
        return float(getattr(self.forward[int(horizon)], figure))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Where a strategy stands: `rank` 1 is the best; `value` is the statistic that decides."""

    rank: int
    value: float
    statistics: Statistics

    def __eq__(self, other: object) -> bool:
        return repr(self) == repr(other) if isinstance(other, Ranked) else NotImplemented  # NaN is NaN

    def __hash__(self) -> int:
        return hash((self.rank, repr(self.value)))


_PLAIN = ("entries", "entry_rate", "entries_per_month", "score_min", "score_max", "score_mean")
_FIGURES = ("count", "mean", "spread", "hit_rate", "t_value")
STATISTICS = (*_PLAIN, *(f"{figure}_{horizon}" for horizon in HORIZONS for figure in _FIGURES))
"""The statistics by which strategies can be ranked, and the columns of their table."""


def last_candles(
    plan: Plan, strategies: Sequence[Strategy], bars: Bars, watch: Watch | None = None
) -> list[Last | None]:
    """What each strategy says of the last candle, None where there is no candle.

    The plan keeps score, entry and conditions, as masks.
    """
    if not len(bars):
        return [None] * len(strategies)
    matrix = matrix_of(plan, bars, strategies[0].timeframe, watch=watch)
    machine = Machine(plan, watch=watch)
    machine.skip(matrix[:, :-1])
    kept = machine.run(matrix[:, -1:])
    time = bars.time[-1] if bars.times is not None else len(bars) - 1
    scores, masks = iter(kept.integers[:, 0].tolist()), iter(kept.masks[:, 0].tolist())
    return [
        Last(time, next(scores), next(masks), {name: next(masks) for name in strategy._checked.conditions})
        for strategy in strategies
    ]


def piece_of(plan: Plan) -> int:
    """How many candles of a plan's results are kept at a time."""
    candle = (plan.bytes_of_run(WORD) - plan.bytes_of_run(0)) / WORD
    return max(1, int(_PIECE_BYTES / max(candle, 1.0)) // WORD) * WORD


def statistics_bytes(
    plan: Plan, strategies: Sequence[Strategy], candles: int, threads: int, read: int
) -> int:
    """The memory that `statistics` needs for its results and the pieces of all threads.

    So many candles are counted; rows that are made are made of all that were `read`.
    """
    bits = len(strategies) * -(-candles // WORD) * WORD // 8
    tables = sum(8 * _table(strategy)[1] for strategy in strategies)
    pieces = threads * plan.bytes_of_run(min(piece_of(plan), candles)) + plan.bytes_of_rows(read)
    return bits + tables + max(pieces, sample_bytes(len(strategies), candles))  # first these, then that


def statistics(
    plan: Plan,
    strategies: Sequence[Strategy],
    bars: Bars,
    rows: slice,
    *,
    threads: int,
    watch: Watch | None = None,
) -> list[Statistics]:
    """The statistics of each strategy on some rows of the bars; those before only warm the values.

    The plan keeps score, entry and conditions, these two as bits.
    """
    tally = _Tally(strategies, rows)
    first = rows.start // WORD * WORD
    if rows.start < rows.stop:
        matrix = matrix_of(plan, bars, strategies[0].timeframe, watch=watch)[:, : rows.stop]
        run_in_pieces(
            plan, matrix, tally.take, first=first, piece=piece_of(plan), threads=threads, watch=watch
        )
    sample = Sample.of(bars, rows)
    followed = sample.followed(tally.entries)
    return [
        Statistics(
            candles=sample.candles,
            entries=int(tally.held[tally.places[at]]),
            conditions=tally.conditions(at),
            scores=tally.scores(at),
            months=sample.months,
            forward=forward_of(followed, at),
        )
        for at in range(len(strategies))
    ]


def ranking(statistics: Sequence[Statistics], hashes: Sequence[str], by: str) -> list[Ranked]:
    """The rank of each: the largest statistic first, NaN last; of equal ones the lesser hash, then place."""
    values = [found[by] for found in statistics]

    def key(at: int) -> tuple[bool, float, str, int]:
        unknown = math.isnan(values[at])
        return unknown, 0.0 if unknown else -values[at], hashes[at], at

    ranks = [0] * len(values)
    for rank, at in enumerate(sorted(range(len(values)), key=key), 1):
        ranks[at] = rank
    return [Ranked(*found) for found in zip(ranks, values, statistics, strict=True)]


def forward_of(followed: Followed, row: int) -> dict[int, Forward]:
    """What followed the entries of one row, by the number of candles."""
    columns = (followed.count, followed.mean, followed.spread, followed.hit_rate, followed.t_value)
    figures = zip(*(column[row].tolist() for column in columns), strict=True)
    return {horizon: Forward(*found) for horizon, found in zip(followed.horizons, figures, strict=True)}


def _table(strategy: Strategy) -> tuple[int, int]:
    """The least possible score, and how many are possible from there on, 0 for too many to keep a table."""
    weights = strategy.weights.values()
    low = sum(weight for weight in weights if weight < 0)
    possible = strategy.max_score - low + 1
    return low, possible if possible <= _TABLE else 0


class _Tally:
    """What is kept of the pieces of a history, which come in any order and from several threads."""

    def __init__(self, strategies: Sequence[Strategy], rows: slice) -> None:
        self._names = [tuple(strategy._checked.conditions) for strategy in strategies]
        ends = np.cumsum([0, *(1 + len(names) for names in self._names)])
        self.places = ends[:-1]  # the rows of bits that are entries; the conditions of each follow
        self.held = np.zeros(ends[-1], np.int64)
        self.entries = np.zeros((len(strategies), -(-rows.stop // WORD) * WORD // 8), np.uint8)
        self._first = rows.start
        tables = [_table(strategy) for strategy in strategies]
        self._lows = [low for low, _ in tables]
        self._tables = [np.zeros(possible, np.int64) for _, possible in tables]
        self._others: list[dict[int, int]] = [{} for _ in strategies]
        self._lock = threading.Lock()

    def take(self, start: int, kept: Kept) -> None:
        """Count a piece that begins at row `start`, a whole word."""
        early = max(0, self._first - start)  # rows before the range, for which the word began
        kept.bits[:, : early // 8] = 0
        if early % 8:
            kept.bits[:, early // 8] &= 0xFF << early % 8 & 0xFF
        held = counts_of(kept.bits)
        with self._lock:
            self.held += held
            at = start // 8
            self.entries[:, at : at + kept.bits.shape[1]] = kept.bits[self.places]
            for row, scores in enumerate(kept.integers[:, early:]):
                self._count(row, scores)

    def _count(self, row: int, scores: NDArray[np.int64]) -> None:
        table = self._tables[row]
        if len(table):
            table += np.bincount(scores - self._lows[row], minlength=len(table))
            return
        counts = self._others[row]
        for score, count in zip(*map(_plain, np.unique(scores, return_counts=True)), strict=True):
            counts[score] = counts.get(score, 0) + count

    def conditions(self, row: int) -> dict[str, int]:
        """On how many candles each condition of a strategy holds."""
        first = self.places[row] + 1
        names = self._names[row]
        return dict(zip(names, self.held[first : first + len(names)].tolist(), strict=True))

    def scores(self, row: int) -> dict[int, int]:
        """How often a strategy has had which score."""
        table = self._tables[row]
        if not len(table):
            return dict(sorted(self._others[row].items()))
        return {self._lows[row] + int(place): int(table[place]) for place in np.flatnonzero(table)}


def _plain(values: NDArray[Any]) -> list[int]:
    found: list[int] = values.tolist()
    return found
