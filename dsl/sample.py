"""Owns statistics of entries: how often masks hold, and what prices did after, for many masks at once.

It knows candles and masks, no strategies. What depends on the candles alone is computed once:

1. The months that have candles, and the forward returns of every candle, NaN where the close that they
   need is missing or behind the end of the range.
2. A block of masks at a time (a block is as many as fit in a few megabytes) becomes one ascending list of
   entries, in which the masks follow each other so far apart that nothing of one overlaps the next.
3. Sums over the parts of the list are means, spreads and hit rates. For the t-value, every entry is
   multiplied with the next one, the second next and so on, as long as any two overlap.

Worked, with two masks of four candles and a return after 2 candles, entries as E:

    E E . .   and   . . E .     are at   0 1   and   4 + 2 + 2 = 8,     2 more than there are candles

so 0 and 1 overlap (1 apart, less than 2), 1 and 8 do not. A mask's figures are sums over its own part,
in the order of time: their bits do not depend on the masks beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .runtime.bars import Bars
from .runtime.clock import wall_clock

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

HORIZONS = (1, 5, 20)
"""Candles after which the forward returns of a strategy are taken."""

_ENTRY_BYTES = 112  # what an entry takes while its block is worked on
_BLOCK_CANDLES = 1 << 24  # candles of masks that are unpacked at a time,
_BLOCK_ENTRIES = 1 << 17  # and entries among them, unless one mask alone has more


@dataclass(frozen=True, eq=False)
class Followed:
    """What prices did after the entries of some masks: each array has a row a mask, a column a horizon.

    `count` (int64) is the number of entries whose forward return is known, `mean` the mean of those
    returns, `spread` their sample standard deviation, `hit_rate` the share of them above 0, `t_value` that
    of the mean, corrected for overlap. A return is a fraction of the price: 0.01 is one per cent.
    """

    horizons: tuple[int, ...]
    count: Counts
    mean: Numbers
    spread: Numbers
    hit_rate: Numbers
    t_value: Numbers


class Sample:
    """The candles over which something is counted, and what followed each of them.

    `close` are the closes of all candles, float64 (n,), NaN where there is none. `times` are when they
    opened, ascending int64 nanoseconds (n,), in UTC and read in `zone`, or None. Counted are the candles
    from row `first` to before row `last`; a forward return that reaches `last` is undefined, so a range
    says nothing of the one behind it. Horizons are candles, each at least 1.

    Masks are bool (masks, n), or packed as the engine keeps them: uint8, eight candles a byte, the first
    one its lowest bit; these may end with the range.

    >>> sample = Sample(np.array([4.0, 5.0, 4.0, 6.0]), horizons=(1,))
    >>> entries = np.array([[True, False, True, True], [False, False, False, False]])
    >>> sample.counts(entries).tolist()
    [3, 0]
    >>> found = sample.followed(entries)
    >>> found.count[:, 0].tolist(), found.mean[:, 0].tolist(), found.hit_rate[0, 0]
    ([2, 0], [0.375, nan], np.float64(1.0))
    """

    def __init__(
        self,
        close: Numbers,
        times: Counts | None = None,
        zone: str | None = None,
        *,
        first: int = 0,
        last: int | None = None,
        horizons: Sequence[int] = HORIZONS,
    ) -> None:
        wall = None if times is None else wall_clock(times, zone)
        self._set(np.asarray(close, np.float64), wall, first, len(close) if last is None else last, horizons)

    @classmethod
    def of(cls, bars: Bars, rows: slice, horizons: Sequence[int] = HORIZONS) -> Sample:
        """The candles of some rows of bars; months are those of the bars' zone."""
        sample = cls.__new__(cls)
        wall = None if bars.times is None else bars._wall_clock()
        sample._set(bars.close, wall, rows.start, rows.stop, horizons)
        return sample

    def _set(
        self, close: Numbers, wall: Counts | None, first: int, last: int, horizons: Sequence[int]
    ) -> None:
        if not 0 <= first <= last <= len(close):
            raise ValueError(f"the range {first} to {last} is not within 0 to {len(close)}")
        if not horizons or min(horizons) < 1:
            raise ValueError(f"a horizon is at least 1 candle, not {min(horizons, default=0)}")
        self.candles = last - first
        self.horizons = tuple(horizons)
        self.months = None if wall is None else _months(wall[first:last])
        self._size, self._range = len(close), slice(first, last)
        self._forward = [_forward(close[first:last], horizon) for horizon in horizons]

    def counts(self, masks: NDArray[Any]) -> Counts:
        """On how many candles of the range each mask holds: int64 (masks,)."""
        if not self._packed(masks):
            return np.count_nonzero(masks[:, self._range], axis=1).astype(np.int64)
        counted = np.zeros(masks.shape[1] * 8, np.bool_)
        counted[self._range] = True
        held = masks & np.packbits(counted, bitorder="little")
        return np.bitwise_count(held).sum(axis=1, dtype=np.int64)

    def per_month(self, counts: Counts) -> Numbers:
        """Counts divided by the calendar months that have candles; NaN without times or candles."""
        if not self.months:
            return np.full(len(counts), np.nan)
        return counts / self.months

    def followed(self, masks: NDArray[Any]) -> Followed:
        """What prices did after the candles of the range on which each mask holds.

        The forward return of candle t after h candles is close[t + h] / close[t] - 1. It is not counted
        where one of the two closes is missing, where it is not finite, or where t + h is behind the range.

        With the n returns r of a mask, d = r - mean and overlapping pairs in candle time, the variance of
        the mean is the estimate of Newey and West (1987, Econometrica 55, 703-708) with Bartlett weights
        and lag h - 1, without a correction for small samples:

            (sum of d[t]^2 + 2 * sum over pairs s < t < s + h of (1 - (t - s) / h) * d[s] * d[t]) / n^2

        and the t-value is mean / sqrt(variance). That variance is a sum of squares (of the sums of d over
        all windows of h candles), so it is 0 only where the spread is, but for rounding. The t-value is NaN
        where rounding leaves nothing above 0, as where there are fewer than 2 returns or their spread is 0;
        the spread is NaN for fewer than 2, mean and hit rate are for none. What overflows is NaN.

        >>> close = np.array([1.0, 2.0, 3.0, 6.0, 3.0])
        >>> found = Sample(close, horizons=(1, 2)).followed(np.ones((1, 5), bool))
        >>> found.mean[0].tolist(), found.count[0].tolist()
        ([0.5, 1.3333333333333333], [4, 3])
        """
        shape = (len(masks), len(self.horizons))
        found = Followed(
            self.horizons, np.zeros(shape, np.int64), *(np.full(shape, np.nan) for _ in range(4))
        )
        start = 0
        with np.errstate(all="ignore"):
            for spaced in self._blocks(masks):
                places, candle = _entries(spaced)
                rows = slice(start, start + len(spaced))
                for column, forward in enumerate(self._forward):
                    _follow(found, rows, column, places, forward[candle], spaced.shape[1])
                start = rows.stop
        return found

    def _packed(self, masks: NDArray[Any]) -> bool:
        if masks.ndim == 2 and masks.dtype == np.bool_ and masks.shape[1] == self._size:
            return False
        if masks.ndim == 2 and masks.dtype == np.uint8 and masks.shape[1] * 8 >= self._range.stop:
            return True
        raise ValueError(
            f"masks of {self._size} candles are bool (masks, candles) or packed uint8 (masks, bytes), "
            f"not {masks.dtype} {masks.shape}"
        )

    def _blocks(self, masks: NDArray[Any]) -> Iterator[NDArray[np.bool_]]:
        """Some masks at a time, cut to the range, with as much room behind as keeps them apart."""
        packed = self._packed(masks)
        room = max(self.horizons)
        ends = np.cumsum(self.counts(masks))
        most = max(1, _BLOCK_CANDLES // (self._size + room))
        start = 0
        while start < len(masks):
            before = int(ends[start - 1]) if start else 0
            fitting = int(np.searchsorted(ends, before + _BLOCK_ENTRIES, "right"))
            stop = min(len(masks), start + most, max(start + 1, fitting))
            block = masks[start:stop]
            if packed:
                block = np.unpackbits(block, axis=1, count=self._size, bitorder="little").view(np.bool_)
            spaced = np.zeros((stop - start, self.candles + room), np.bool_)
            spaced[:, : self.candles] = block[:, self._range]
            yield spaced
            start = stop


def sample_bytes(masks: int, candles: int, horizons: int = len(HORIZONS)) -> int:
    """The memory, at most, of a sample of so many candles and of what follows so many packed masks."""
    unpacked = min(masks * candles, max(_BLOCK_CANDLES, candles))
    entries = min(masks * candles, max(_BLOCK_ENTRIES, candles))
    return 8 * candles * (horizons + 2) + 2 * unpacked + _ENTRY_BYTES * entries


def _months(wall: Counts) -> int:
    """How many calendar months a wall clock has seen."""
    months = wall.view("M8[ns]").astype("M8[M]")
    return (
        len(np.unique(months[np.flatnonzero(np.append(True, months[1:] != months[:-1]))])) if len(wall) else 0
    )


def _forward(close: Numbers, horizon: int) -> Numbers:
    """Each candle's return after so many candles, NaN where it is not known."""
    found = np.full(len(close), np.nan)
    if horizon < len(close):
        with np.errstate(all="ignore"):
            returns = close[horizon:] / close[:-horizon] - 1.0
        found[:-horizon] = np.where(np.isfinite(returns), returns, np.nan)
    return found


def _entries(spaced: NDArray[np.bool_]) -> tuple[Counts, Counts]:
    """Where the entries of all masks are in one list, ascending, and on which candle of the range."""
    places = np.flatnonzero(spaced)
    row = np.repeat(np.arange(len(spaced)), np.count_nonzero(spaced, axis=1))
    return places, places - row * spaced.shape[1]


def _follow(found: Followed, rows: slice, column: int, places: Counts, returns: Numbers, width: int) -> None:
    """Fill in the figures of one horizon for a block of masks, which are `width` places apart."""
    known = ~np.isnan(returns)
    places, returns = places[known], returns[known]
    bounds = np.searchsorted(places, np.arange(rows.stop - rows.start + 1) * width)
    parts = _Parts(np.diff(bounds), bounds[:-1])
    count, some, several = parts.count, parts.count > 0, parts.count > 1
    low, high = parts.of(np.minimum, returns), parts.of(np.maximum, returns)
    mean = np.where(low == high, low, parts.of(np.add, returns) / count)  # equal returns have no spread
    apart = returns - np.repeat(mean, count)
    squares = parts.of(np.add, apart * apart)
    variance = squares + 2.0 * parts.of(np.add, _overlap(apart, places, found.horizons[column]))
    spread = _finite(np.sqrt(squares / (count - 1)), several)
    found.count[rows, column] = count
    found.mean[rows, column] = _finite(mean, some)
    found.spread[rows, column] = spread
    found.hit_rate[rows, column] = _finite(parts.of(np.add, np.where(returns > 0.0, 1.0, 0.0)) / count, some)
    sound = (spread > 0.0) & (variance > 0.0)
    found.t_value[rows, column] = _finite(mean * count / np.sqrt(variance), sound)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Stretches of a list, one behind the other: how long each is and where it begins."""

    count: Counts
    starts: Counts

    def of(self, operation: np.ufunc, values: Numbers) -> Numbers:
        """An operation over each part; NaN for the empty ones, for which `reduceat` has no word."""
        found = np.full(len(self.count), np.nan)
        some = self.count > 0
        if some.any():
            found[some] = operation.reduceat(values, self.starts[some])
        return found


def _overlap(apart: Numbers, places: Counts, horizon: int) -> Numbers:
    """Of each entry, the weighted products with the later ones less than a horizon away."""
    found = np.zeros(len(apart))
    for step in range(1, min(horizon, len(apart))):
        gaps = places[step:] - places[:-step]
        near = gaps < horizon
        count = np.count_nonzero(near)
        if not count:
            break
        if 2 * count > len(near):  # the same sums, quicker without picking
            products = apart[:-step] * apart[step:] * ((horizon - gaps) / horizon)
            found[:-step] += np.where(near, products, 0.0)
        else:
            at = np.flatnonzero(near)
            found[at] += apart[at] * apart[at + step] * ((horizon - gaps[at]) / horizon)
    return found


def _finite(values: Numbers, where: NDArray[np.bool_]) -> Numbers:
    return np.where(where & np.isfinite(values), values, np.nan)
