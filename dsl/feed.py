"""Bars that come one at a time: each is checked against the one before, then the machine takes it.

A refused bar leaves everything as it was. What has been seen so far can be put into bytes and be
taken up again, by the same version of dslc, to the last bit:

    dslc stream 2 | SHA-256 of the rest | length of the head | head (JSON) | numbers, states, masks

The head says whose state it is, of which version, and how much of it there is: of the machine, and of those
of higher timeframes behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import contextlib
from datetime import date, datetime
import hashlib
import json
import math
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from .candle import nanoseconds
from .prepared import Prepared
from .runtime.bars import Bars, BarsError
from .runtime.clock import DAY, EARLIEST, HOUR, LATEST, TIMEFRAMES, gaps, iso, wall_clock, zone_rule
from .runtime.engine import Kept
from .runtime.frames import Level
from .runtime.market import market_of, needs_times, require
from .runtime.moments import from_numbers
from .runtime.plan import FIELD_ROWS, FIELDS, Plan, Row
from .runtime.resample import Opening
from .runtime.states import packed, unpacked
from .version import __version__

Time: TypeAlias = "np.datetime64 | datetime | date | str | int | float | None"
"""When a bar opened: what a column of bars may hold (numbers are seconds, milli-, micro- or nanoseconds)."""

Candle: TypeAlias = "Sequence[float | None] | None"
"""A candle of another instrument: open, high, low, close and volume; None where there is none."""

_MAGIC = b"dslc stream 2\n"
_DIGEST = hashlib.sha256().digest_size
_ROOM = 32  # candles between two moves of the halos
_SCALES = (10**9, 10**6, 10**3, 1)


class SnapshotError(ValueError):
    """A snapshot of a stream that cannot be taken up here: damaged, or of another strategy or version."""


class Feed:
    """The machine of one plan and the bars that it has seen. Not for several threads at once.

    `identity` names what the plan was made of; `zone` is where times without an offset are read.
    """

    def __init__(self, prepared: Prepared, timeframe: str, identity: str, zone: str | None) -> None:
        self.prepared = prepared
        self.timeframe = timeframe
        self.identity = identity
        self.zone = _known_zone(zone)
        self.candles = 0
        self.time: int | None = None
        self._before: int | None = None  # the time of the candle before the last
        self._unit: int | None = None  # nanoseconds of what bare numbers count, known by the first; 0: dates
        self._length = TIMEFRAMES[timeframe]
        self._needed = [FIELDS.index(field) for field in prepared.fields]
        self._level = Level(prepared.plan, chunk=_ROOM)
        self._timed = needs_times(prepared.plan)
        self._plain = prepared.plan.rows == FIELD_ROWS

    def push(
        self,
        time: Time,
        values: Sequence[float | None],
        replace: bool,
        series: Mapping[str, float | None] = MappingProxyType({}),
        symbols: Mapping[str, Candle] = MappingProxyType({}),
    ) -> Kept:
        """The stored values on the next candle, or, with `replace`, on the last one corrected."""
        read_in = self.zone, self._unit
        try:
            moment = self._moment(time)
            bar = [
                value if type(value) is float else _number(field, value)
                for field, value in zip(FIELDS, values, strict=True)
            ]
            beside = {} if self._plain else self._beside(moment, series, symbols)
            if replace:
                self._check_replaced(moment)
                self._check(moment, bar, self._before if self.candles > 1 else None)
            else:
                self._check_next(moment, bar)
        except BarsError:
            self.zone, self._unit = read_in  # of a first time that did not count
            raise
        if not replace:
            self._before, self.time = self.time, moment
            self.candles += 1
        if self._plain:
            return self._level.push_rows(bar, again=replace)
        brought = [
            bar[FIELDS.index(str(row[0]))] if len(row) == 1 else beside[row] for row in self._level.sources
        ]
        return self._level.push(self._opening(moment), brought, again=replace)

    def _beside(
        self, moment: int | None, series: Mapping[str, float | None], symbols: Mapping[str, Candle]
    ) -> dict[Row, float]:
        """What is read besides the fields of the bar, which must have a time if anything reads the clock."""
        if moment is None and self._timed:
            raise BarsError(
                "B305",
                "the strategy reads the clock or other timeframes, and the bar has no time",
                help="push it with the time at which it opened",
            )
        return _values_beside(self._level.sources, series, symbols)

    def _opening(self, moment: int | None) -> Opening | None:
        """When a candle opens, for whoever reads the clock."""
        if moment is None or not self._timed:
            return None
        return Opening(np.array([moment]), self._length, self.zone)

    def warm(self, bars: Bars) -> None:
        """Take a piece of history that begins after the last candle."""
        if len(bars) == 0:
            return
        require(bars, self.prepared.plan)
        if bars.times is not None and (bars.zone or "UTC") != (self.zone or "UTC"):
            if self.candles or self.zone is not None:
                raise ValueError(
                    f"the stream reads times in {self.zone or 'UTC'}, but those of the bars are in "
                    f"{bars.zone or 'UTC'}"
                )
            self.zone = bars.zone
        if self.candles:
            first = None if bars.times is None else int(bars.times[0])
            self._check_next(first, bars.matrix[:, 0].tolist())
        self._level.skip(market_of(bars, self.timeframe, self.prepared.plan.reads), bars.matrix)
        if bars.times is not None:
            before = int(bars.times[-2]) if len(bars) > 1 else self.time
            self._before, self.time = before, int(bars.times[-1])
        self.candles += len(bars)

    def snapshot(self) -> bytes:
        """What has been seen so far, as bytes."""
        arrays = packed(self._level.state())
        head = {
            "version": __version__,
            "identity": self.identity,
            "plan": _digest(self.prepared.plan),
            "zone": self.zone,
            "candles": self.candles,
            "time": self.time,
            "before": self._before,
            "unit": self._unit,
            "arrays": [[_kind(values), len(values)] for values in arrays],
        }
        text = json.dumps(head, sort_keys=True).encode("ascii")
        body = len(text).to_bytes(4, "little") + text
        for values in arrays:
            body += values.astype(_STORED[_kind(values)], copy=False).tobytes()
        return _MAGIC + hashlib.sha256(body).digest() + body

    def restore(self, snapshot: bytes) -> None:
        """Go on where the snapshot was taken; SnapshotError where that cannot be."""
        head, values = _opened(snapshot)
        if head["version"] != __version__:
            raise SnapshotError(f"the snapshot was taken by dslc {head['version']}; this is {__version__}")
        if head["identity"] != self.identity:
            raise SnapshotError(
                f"the snapshot is of {head['identity'][:40]}…, and this is {self.identity[:40]}…"
            )
        if head["plan"] != _digest(self.prepared.plan):
            raise SnapshotError("the snapshot was taken by another build of dslc")
        level = Level(self.prepared.plan, chunk=_ROOM)
        try:
            level.recall(unpacked(_arrays(head["arrays"], values), self.prepared.plan))
        except ValueError:
            raise SnapshotError("the snapshot is damaged") from None
        if level.begun != bool(head["candles"]):
            raise SnapshotError("the snapshot is damaged")
        self._level = level
        self.zone, self._unit = head["zone"], head["unit"]
        self.candles, self.time, self._before = head["candles"], head["time"], head["before"]

    def _moment(self, time: Time) -> int | None:
        if time is None:
            return None
        if type(time) is np.datetime64 and np.isnat(time):
            raise BarsError("B110", "there is no time (NaT)", help="write 2024-01-31T09:30Z")
        if type(time) is np.datetime64 and time.dtype == "M8[ns]":
            return int(time.view(np.int64))
        if isinstance(time, int | float | np.integer | np.floating) and not isinstance(time, bool):
            return self._from_number(time)
        if isinstance(time, datetime) and self.zone is None and not self.candles:
            self.zone = getattr(time.tzinfo, "key", None)
        if isinstance(time, np.datetime64 | date | str):
            try:
                return nanoseconds(time, self.zone)
            except ValueError as error:
                raise BarsError("B108", str(error), help="write 2024-01-31T09:30Z") from None
        raise BarsError("B108", f"{str(time)[:80]!r} is not a time", help="write 2024-01-31T09:30Z")

    def _follows(self, moment: int, before: int) -> bool:
        """Whether the candle of `before` can be over; days are an hour shorter when clocks change."""
        if self._length < DAY:
            return moment - before >= self._length
        if self.zone is None:
            return moment - before >= self._length - HOUR
        times = np.array([before, moment])
        return moment > before and int(gaps(times, wall_clock(times, self.zone), self.timeframe)[0]) > 0

    def _from_number(self, number: Any) -> int:
        try:
            if self._unit:
                moment = round(number * self._unit)
            else:
                moment = int(from_numbers(np.array([number])).times[0])
                if self._unit is None and number != 0:
                    self._unit = next((s for s in _SCALES if abs(moment - number * s) < s), 0)
        except (ValueError, OverflowError):
            moment = LATEST
        if EARLIEST <= moment < LATEST:
            return int(moment)
        raise BarsError("B108", "this number is not a time", help="write 2024-01-31T09:30Z")

    def _is_whole(self, bar: list[float]) -> bool:
        """Whether the fields that are there, all that are needed among them, are those of a candle."""
        open_, high, low, close, volume = bar
        if 0.0 < low <= open_ <= high < math.inf and low <= close <= high and 0.0 <= volume < math.inf:
            return True
        there = [value for value in bar if value == value]
        return (
            len(there) > 0
            and all(bar[place] == bar[place] for place in self._needed)
            and max(there) < math.inf
            # false where a field is absent
            and not (open_ <= 0.0 or high <= 0.0 or low <= 0.0 or close <= 0.0 or volume < 0.0)
            and not (high < open_ or high < close or high < low or low > open_ or low > close)
        )

    def _check_replaced(self, moment: int | None) -> None:
        if not self.candles:
            raise BarsError("B206", "there is no candle to replace yet", help="push it without replace")
        if moment != self.time:
            last = "the last one" if self.time is None else f"the one of {iso(self.time, self.zone)}"
            raise BarsError(
                "B207", f"the candle that can be replaced is {last}", help="push a new candle without replace"
            )

    def _check_next(self, moment: int | None, bar: list[float]) -> None:
        self._check(moment, bar, self.time)
        if self.candles and (moment is None) != (self.time is None):
            raise BarsError("B110", "some bars have a time and some have none", help="give all or none")

    def _check(self, moment: int | None, bar: list[float], before: int | None) -> None:
        """Raise what `Bars` would raise for this bar after the one at `before`."""
        follows = before is None or moment is None or self._follows(moment, before)
        if follows and (moment is None or moment < LATEST) and self._is_whole(bar):
            return
        columns: dict[str, Any] = {
            field: [value]
            for place, (field, value) in enumerate(zip(FIELDS, bar, strict=True))
            if value == value or place in self._needed
        }
        try:
            if before is None or moment is None:
                alone = {} if moment is None else {"time": np.array([moment]).view("M8[ns]")}
                Bars(alone | columns).require(self.prepared.fields)
                return
            pair = {field: values * 2 for field, values in columns.items()}
            times = np.array([before, moment]).view("M8[ns]")
            found = Bars({"time": times} | pair)
            found.require(self.prepared.fields)
            if not follows:
                _in_zone(times, self.zone).check_timeframe(self.timeframe)
        except BarsError as error:
            when = None if moment is None else iso(moment, self.zone)
            what = error.message if when is None else f"the bar of {when}: {error.message}"
            raise BarsError(
                error.code, what.partition(" (as in")[0], None, when, "correct it and push it again"
            ) from None


def _in_zone(times: Any, zone: str | None) -> Bars:
    """Two bars of these times as their zone counts them."""
    import pandas as pd

    index = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(zone or "UTC")
    return Bars({"time": index, "close": [1.0, 1.0]})


def _number(field: str, value: Any) -> float:
    if value is None:
        return math.nan
    if not isinstance(value, bool | str | bytes):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            return float(value)
    raise BarsError(
        "B107", f"{field} is {value!r:.60}, which is not a number", help="correct it and push it again"
    )


def _values_beside(
    sources: Sequence[Row], series: Mapping[str, float | None], symbols: Mapping[str, Candle]
) -> dict[Row, float]:
    """What is read besides the fields of the bar: undefined where it was not brought."""
    found: dict[Row, float] = {}
    candles: dict[str, list[float]] = {}
    for row in sources:
        if len(row) == 1:
            continue
        if row[1] == "series":
            value = _number(str(row[0]), series.get(str(row[0])))
            if math.isinf(value):
                raise BarsError("B201", f"{row[0]} is infinite", help="correct it and push it again")
            found[row] = value + 0.0
            continue
        name = str(row[2])
        if name not in candles:
            candles[name] = _candle(name, symbols.get(name))
        found[row] = candles[name][FIELDS.index(str(row[0]))]
    return found


def _candle(name: str, candle: Candle) -> list[float]:
    """The candle of another instrument, NaN in all of it where there is none."""
    if candle is None:
        return [math.nan] * len(FIELDS)
    try:
        values = [_number(field, value) for field, value in zip(FIELDS, candle, strict=True)]
    except (TypeError, ValueError) as error:
        if isinstance(error, BarsError):
            raise
        raise BarsError(
            "B106",
            f"the candle of {name[:40]!r} is not (open, high, low, close, volume)",
            help="give all five",
        ) from None
    there = {field: [value] for field, value in zip(FIELDS, values, strict=True) if value == value}
    try:
        Bars(there)
    except BarsError as error:
        raise BarsError(error.code, f"{name}: {error.message}", help="correct it and push it again") from None
    return [*values[:4], values[4] + 0.0]


def _kind(values: np.ndarray[Any, Any]) -> str:
    return {"f": "number", "i": "integer", "u": "mask"}[values.dtype.kind]


_STORED = {"number": "<f8", "integer": "<i8", "mask": "u1"}


def _arrays(described: list[list[Any]], values: bytes) -> list[np.ndarray[Any, Any]]:
    """The arrays of a snapshot; ValueError where their lengths are not those of the bytes."""
    found, at = [], 0
    for kind, count in described:
        stored = np.dtype(_STORED[kind])
        if at + count * stored.itemsize > len(values):
            raise ValueError("these are fewer bytes than they should be")
        found.append(np.frombuffer(values, stored, count, at).astype(stored.newbyteorder("=")))
        at += count * stored.itemsize
    if at != len(values):
        raise ValueError("these are more bytes than they should be")
    return found


def _known_zone(zone: str | None) -> str | None:
    if zone is None:
        return None
    try:
        zone_rule(zone)
        wall_clock(np.zeros(1, np.int64), zone)
    except (KeyError, TypeError, ValueError, AttributeError, OSError):
        raise ValueError(f"{zone!r:.60} is no zone such as America/New_York or +02:00") from None
    return zone


def _digest(plan: Plan) -> str:
    parts = (
        plan.numbers,
        plan.masks,
        plan.loads,
        plan.constants,
        plan.mask_constants,
        plan.steps,
        plan.stores,
        plan.rows,
        [(frame.timeframe, frame.below, frame.zone, _digest(frame.plan)) for frame in plan.frames],
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _opened(snapshot: bytes) -> tuple[Mapping[str, Any], bytes]:
    """The head and the values of a snapshot that is whole."""
    if not isinstance(snapshot, bytes | bytearray | memoryview):
        raise SnapshotError(f"a snapshot is bytes, not {type(snapshot).__name__}")
    raw = bytes(snapshot)
    body = raw[len(_MAGIC) + _DIGEST :]
    if not raw.startswith(_MAGIC):
        raise SnapshotError("these bytes are no snapshot of a stream")
    if raw[len(_MAGIC) : len(_MAGIC) + _DIGEST] != hashlib.sha256(body).digest():
        raise SnapshotError("the snapshot is damaged")
    end = 4 + int.from_bytes(body[:4], "little")
    try:
        head = json.loads(body[4:end])
    except (ValueError, RecursionError):
        head = None
    if not (isinstance(head, dict) and head.keys() == _HEAD.keys()):
        raise SnapshotError("the snapshot is damaged")
    if not all(type(head[name]) in kinds for name, kinds in _HEAD.items()) or not _is_sound(head):
        raise SnapshotError("the snapshot is damaged")
    return head, body[end:]


_COUNT, _TIME = (int,), (int, type(None))
_HEAD: dict[str, tuple[type, ...]] = {
    "version": (str,),
    "identity": (str,),
    "plan": (str,),
    "zone": (str, type(None)),
    "candles": _COUNT,
    "time": _TIME,
    "before": _TIME,
    "unit": _TIME,
    "arrays": (list,),
}


def _is_sound(head: dict[str, Any]) -> bool:
    """Whether the figures of a head can be true."""
    described = head["arrays"]
    if not all(type(one) is list and len(one) == 2 and one[0] in list(_STORED) for one in described):
        return False
    counts = [head["candles"], *(one[1] for one in described)]
    if not all(type(count) is int for count in counts):
        return False
    times = [time for time in (head["before"], head["time"]) if time is not None]
    try:
        _known_zone(head["zone"])
    except ValueError:
        return False
    return (
        all(0 <= count < 1 << 62 for count in counts)
        and all(EARLIEST <= time < LATEST for time in times)
        and times == sorted(set(times))
        and (head["time"] is not None or head["before"] is None)
        and (head["candles"] > 0 or not times)
        and head["unit"] in (None, 0, *_SCALES)
    )
