"""Streams: a strategy, or a batch of them, that is told of one candle after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import hashlib
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .feed import Candle, Feed, SnapshotError, Time
from .result import ready
from .runtime.engine import Kept

if TYPE_CHECKING:
    from .batch import Batch
    from .strategy import Strategy

T = TypeVar("T")

__all__ = ["BatchStream", "BatchTick", "SnapshotError", "Stream", "Tick"]


@dataclass(frozen=True, slots=True)
class Tick:
    """What a strategy says of one candle, as its `Evaluation` says it of that candle.

    `time` is when the candle opened, nanoseconds since 1970 UTC, None without times.
    """

    time: int | None
    score: int
    entry: bool
    conditions: dict[str, bool]
    inputs: dict[str, float]


class _Stream(Generic[T]):
    """What streams of one strategy and of many have in common."""

    _feed: Feed
    _source: Any
    _strategies: list[Strategy]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._source, self.snapshot(), None)

    def __len__(self) -> int:
        return self._feed.candles

    def __bool__(self) -> bool:
        return True

    @property
    def time(self) -> int | None:
        """When the last candle opened: nanoseconds since 1970 UTC; None before it and without times."""
        return self._feed.time

    def warm(
        self,
        bars: Any,
        *,
        resample: bool = False,
        align: str | None = None,
        symbols: Mapping[str, Any] | None = None,
    ) -> None:
        """Run a history through, at the speed of an evaluation; the next candle is the one behind it.

        Takes what `Strategy.evaluate` takes, and raises what it raises. The history must begin after
        the candles that were seen already.
        """
        self._feed.warm(ready(bars, self._feed.timeframe, resample, align, self._strategies, symbols)[0])

    def push(
        self,
        time: Time,
        open: float | None = None,
        high: float | None = None,
        low: float | None = None,
        close: float | None = None,
        volume: float | None = None,
        *,
        replace: bool = False,
        series: Mapping[str, float | None] | None = None,
        symbols: Mapping[str, Candle] | None = None,
    ) -> T:
        """The answers on the next finished candle, or with `replace` on the last one, corrected: a tick.

        `time` is when it opened, None where no candle has a time. A field that the strategy does not
        read may be None. `series` are further columns by their names, None or left out where a value is
        missing; `symbols` are the candles of other instruments that closed within this one, the last of
        each: (open, high, low, close, volume), left out where there is none. Raises BarsError, and
        stays as it was, where `Bars` would refuse the candle or it does not follow on the one before.

        >>> import dslc
        >>> stream = dslc.compile({
        ...     "configuration": {"timeframe": "1H"},
        ...     "inputs": {"mean": "sma(close, 2)"},
        ...     "conditions": {"up": "close > mean"},
        ...     "score": {"up": 1},
        ...     "decision": {"entry": "score >= 1"},
        ... }).stream()
        >>> stream.push("2024-01-01T00:00Z", close=10.0).entry
        False
        >>> stream.push("2024-01-01T01:00Z", close=12.0).inputs
        {'mean': 11.0}
        >>> stream.push("2024-01-01T01:00Z", close=8.0, replace=True).entry
        False
        """
        candle = open, high, low, close, volume
        return self._tick(self._feed.push(time, candle, replace, series or {}, symbols or {}))

    def _tick(self, kept: Kept) -> T:
        raise NotImplementedError

    def snapshot(self) -> bytes:
        """All that the stream remembers: a few kilobytes, with a version and a checksum.

        A stream made with it goes on bit for bit.
        """
        return self._feed.snapshot()


class Stream(_Stream[Tick]):
    """A strategy on its way along the candles; made by `Strategy.stream`. Not for several threads at once.

    `len(stream)` is the number of candles seen.
    """

    def __init__(self, strategy: Strategy, snapshot: bytes | None, zone: str | None) -> None:
        checked = strategy._checked
        self._source = strategy
        self._strategies = [strategy]
        self._inputs, self._conditions = tuple(checked.inputs), tuple(checked.conditions)
        prepared = strategy._prepare((*self._inputs, *self._conditions))
        self._feed = Feed(prepared, strategy.timeframe, f"strategy {strategy.hash}", zone)
        if snapshot is not None:
            self._feed.restore(snapshot)

    def _tick(self, kept: Kept) -> Tick:
        masks = kept.masks[:, 0].tolist()
        return Tick(
            self._feed.time,
            int(kept.integers[0, 0]),
            masks[0],
            dict(zip(self._conditions, masks[1:], strict=True)),
            dict(zip(self._inputs, kept.numbers[:, 0].tolist(), strict=True)),
        )


@dataclass(frozen=True, eq=False)
class BatchTick(Sequence["Tick | None"]):
    """What every strategy of a batch says of one candle, in the order of the sources.

    `score` int64 and `entry` bool, one element a source, 0 and False where it did not compile.
    Item i is the `Tick` of strategy i, None there.
    """

    time: int | None
    score: NDArray[np.int64]
    entry: NDArray[np.bool_]
    _parts: tuple[_Part | None, ...]
    _numbers: list[float]
    _masks: list[bool]

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        part = self._parts[at]
        if part is None:
            return None
        return Tick(
            self.time,
            int(self.score[at]),
            bool(self.entry[at]),
            dict(
                zip(part.conditions, self._masks[part.mask : part.mask + len(part.conditions)], strict=True)
            ),
            dict(zip(part.inputs, self._numbers[part.number : part.number + len(part.inputs)], strict=True)),
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """Where the results of one strategy begin: its inputs, and its conditions behind the entry."""

    inputs: tuple[str, ...]
    conditions: tuple[str, ...]
    number: int
    mask: int


class BatchStream(_Stream["BatchTick"]):
    """A batch on its way along the candles; made by `Batch.stream`. Not for several threads at once."""

    def __init__(self, batch: Batch, snapshot: bytes | None, zone: str | None) -> None:
        self._source = batch
        valid = self._strategies = [strategy for strategy in batch.strategies if strategy is not None]
        timeframes = sorted({strategy.timeframe for strategy in valid})
        if len(timeframes) != 1:
            found = " and ".join(timeframes) or "none"
            raise ValueError(f"a stream has candles of one timeframe; those of the strategies are {found}")
        parts: list[_Part | None] = []
        number = mask = 0
        for strategy in batch.strategies:
            if strategy is None:
                parts.append(None)
                continue
            inputs, conditions = tuple(strategy._checked.inputs), tuple(strategy._checked.conditions)
            parts.append(_Part(inputs, conditions, number, mask + 1))
            number += len(inputs)
            mask += 1 + len(conditions)
        self._parts = tuple(parts)
        self._valid = np.flatnonzero([part is not None for part in parts])
        self._entries = np.array([part.mask - 1 for part in parts if part is not None])
        names = hashlib.sha256("\n".join("" if s is None else s.hash for s in batch.strategies).encode())
        prepared = batch._prepare(timeframes[0], "all")
        self._feed = Feed(prepared, timeframes[0], f"batch {names.hexdigest()}", zone)
        if snapshot is not None:
            self._feed.restore(snapshot)

    def _tick(self, kept: Kept) -> BatchTick:
        score, entry = np.zeros(len(self._parts), np.int64), np.zeros(len(self._parts), np.bool_)
        masks = kept.masks[:, 0]
        score[self._valid] = kept.integers[:, 0]
        entry[self._valid] = masks[self._entries]
        return BatchTick(
            self._feed.time, score, entry, self._parts, kept.numbers[:, 0].tolist(), masks.tolist()
        )
