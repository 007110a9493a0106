"""What a batch says of a history: an item a source, in their order, and all of them as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from .reductions import STATISTICS, Last, Ranked, Statistics
from .result import Evaluation

if TYPE_CHECKING:
    import pandas as pd

    from .strategy import Strategy, StrategyError

T = TypeVar("T", covariant=True)


class BatchResult(Sequence["T | None"], Generic[T]):
    """What `Batch.evaluate` has found: item i belongs to source i, and is None where that is invalid.

    `reduce` says what the items are: `Evaluation` ("signals"), arrays of times ("entries"), `Last` ("last"),
    `Statistics` ("stats"). `errors` and `strategies` are those of the batch, `zones` the zones of the
    candles by timeframe, for tables. Two results are equal where they hold the same of the same strategies,
    and a result equals a list of the same items.

    >>> import dslc
    >>> up = {
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {},
    ...     "conditions": {"up": "close > open"},
    ...     "score": {"up": 1},
    ...     "decision": {"entry": "score >= 1"},
    ... }
    >>> bars = {"open": [1.0, 2.0, 3.0], "close": [2.0, 1.0, 4.0]}
    >>> result = dslc.compile_batch([up, "{}"]).evaluate(bars, reduce="last")
    >>> result
    <dslc.BatchResult of 2 items, 1 of them None, reduce='last'>
    >>> result[0].conditions, result[1], result.errors[1] is None
    ({'up': True}, None, False)
    >>> list(result.to_pandas()["conditions"])
    ['up']
    """

    def __init__(
        self,
        reduce: str,
        items: Sequence[T | None],
        strategies: Sequence[Strategy | None],
        errors: Sequence[StrategyError | None],
        zones: Mapping[str, str | None],
    ) -> None:
        self.reduce = reduce
        self.strategies = tuple(strategies)
        self.errors = tuple(errors)
        self.zones = dict(zones)
        self._items = tuple(items)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T | None]:
        return iter(self._items)

    @overload
    def __getitem__(self, at: int) -> T | None: ...

    @overload
    def __getitem__(self, at: slice) -> list[T | None]: ...

    def __getitem__(self, at: int | slice) -> T | list[T | None] | None:
        return list(self._items[at]) if isinstance(at, slice) else self._items[at]

    def __repr__(self) -> str:
        empty = sum(item is None for item in self._items)
        return (
            f"<dslc.{type(self).__name__} of {len(self):,} items, {empty:,} of them None, "
            f"reduce={self.reduce!r}>"
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BatchResult):
            return self.reduce == other.reduce and _hashes(self) == _hashes(other) and _same(self, other)
        return _same(self, other) if isinstance(other, list) else NotImplemented

    def to_pandas(self) -> pd.DataFrame:
        """One table of everything, without the invalid sources.

        The index `strategy` is the place of the source. "signals": a row a candle, `time` in the index,
        too, with `score` and `entry`. "entries": a row an entry, with its `time`. "last": a row a
        strategy, with name, hash, `time`, `score`, `entry`, and the conditions that hold as a text of
        names. "stats": a row a strategy, with name, hash, `candles`, a column for each of
        `dslc.STATISTICS`, and how often each condition held as a mapping. "rank": the same, best first,
        with `rank` and `value` in front. Times are in the zone of the bars (in UTC without one, or where
        timeframes have different ones), row numbers where there are none.
        """
        import pandas as pd

        rows = _TABLES[self.reduce]
        found = [(at, item) for at, item in enumerate(self._items) if item is not None]
        if self.reduce in ("signals", "entries"):
            table = _concatenated([(at, rows(item)) for at, item in found], rows(None))
        else:
            records = [_identity(self.strategies[at]) | rows(item) for at, item in found]
            columns = list(records[0]) if records else [*_identity(None), *rows(None)]
            index = pd.Index([at for at, _ in found], name="strategy", dtype="int64")
            table = pd.DataFrame(records, index=index, columns=columns)
        return self._zoned(table)

    def _zoned(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with its times on the wall clock of the bars."""
        zones = set(self.zones.values())
        zone = zones.pop() if len(zones) == 1 else "UTC" if zones else None
        if "time" in table and zone is not None and table["time"].dtype.kind == "M":
            table["time"] = table["time"].dt.tz_localize("UTC").dt.tz_convert(zone)
        return table.set_index("time", append=True) if self.reduce == "signals" else table


class Ranking(BatchResult[Ranked]):
    """Strategies in the order of a statistic, `by`, the largest first.

    The items are in the order of the sources all the same; `order` has the places of the valid sources,
    best first.

    >>> import dslc
    >>> up = {
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {},
    ...     "conditions": {"up": "close > open"},
    ...     "score": {"up": 1},
    ...     "decision": {"entry": "score >= 1"},
    ... }
    >>> batch = dslc.compile_batch([up, "{}", up | {"decision": {"entry": "NOT up"}}])
    >>> bars = {"open": [1.0, 2.0, 4.0], "close": [2.0, 1.0, 3.0]}
    >>> ranking = batch.evaluate(bars, reduce="rank", by="mean_1")
    >>> ranking.order, ranking[0].rank, ranking[2].value
    ((2, 0), 2, 2.0)
    """

    def __init__(
        self,
        by: str,
        items: Sequence[Ranked | None],
        strategies: Sequence[Strategy | None],
        errors: Sequence[StrategyError | None],
        zones: Mapping[str, str | None],
    ) -> None:
        super().__init__("rank", items, strategies, errors, zones)
        self.by = by
        ranks = {item.rank: at for at, item in enumerate(items) if item is not None}
        self.order = tuple(ranks[rank] for rank in sorted(ranks))

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and (not isinstance(other, Ranking) or self.by == other.by)

    def to_pandas(self) -> pd.DataFrame:
        """One row a valid strategy, best first: see `BatchResult.to_pandas`."""
        return super().to_pandas().loc[list(self.order)]


def _same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    return len(some) == len(others) and all(map(_same_item, some, others))


def _same_item(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, Evaluation) and isinstance(other, Evaluation):
        arrays = ((one.time, other.time), (one.score, other.score), (one.entry, other.entry))
        return all(np.array_equal(*pair) for pair in arrays)
    return bool(
        one is other or (type(one) is type(other) and not isinstance(one, np.ndarray) and one == other)
    )


def _hashes(result: BatchResult[Any]) -> list[str | None]:
    return [strategy.hash if strategy is not None else None for strategy in result.strategies]


def _identity(strategy: Strategy | None) -> dict[str, Any]:
    if strategy is None:
        return {"name": None, "hash": None}
    return {"name": strategy.name, "hash": strategy.hash}


def _signals(item: Evaluation | None) -> dict[str, NDArray[Any]]:
    if item is None:
        return {"time": np.empty(0, "M8[ns]"), "score": np.empty(0, np.int64), "entry": np.empty(0, np.bool_)}
    return {"time": item.time, "score": item.score, "entry": item.entry}


def _entries(item: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    return {"time": np.empty(0, "M8[ns]") if item is None else item}


def _last(item: Last | None) -> dict[str, Any]:
    if item is None:
        return dict.fromkeys(("time", "score", "entry", "conditions"))
    held = " ".join(name for name, holds in item.conditions.items() if holds)
    return {"time": item.time, "score": item.score, "entry": item.entry, "conditions": held}


def _statistics(item: Statistics | None) -> dict[str, Any]:
    if item is None:
        return dict.fromkeys(("candles", *STATISTICS, "conditions"))
    whole = {"entries", *(name for name in STATISTICS if name.startswith("count_"))}
    figures = {name: int(item[name]) if name in whole else item[name] for name in STATISTICS}
    return {"candles": item.candles, **figures, "conditions": dict(item.conditions)}


def _ranked(item: Ranked | None) -> dict[str, Any]:
    if item is None:
        return {"rank": None, "value": None, **_statistics(None)}
    return {"rank": item.rank, "value": item.value, **_statistics(item.statistics)}


_TABLES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "signals": _signals,
    "entries": _entries,
    "last": _last,
    "stats": _statistics,
    "rank": _ranked,
}


def _concatenated(
    tables: Sequence[tuple[int, Mapping[str, NDArray[Any]]]], empty: Mapping[str, NDArray[Any]]
) -> pd.DataFrame:
    """Tables one below the other, with the place of each as the index."""
    import pandas as pd

    places = np.repeat([at for at, _ in tables], [len(table["time"]) for _, table in tables])
    parts = [table for _, table in tables] or [empty]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in empty}
    return pd.DataFrame(columns, index=pd.Index(places.astype(np.int64), name="strategy"))
