"""Owns Bars: market data that has been checked, converted and digested once.

A rule is asked of every row before the next rule is; the first row that breaks the first broken
rule is reported, with the number of rows that break the same one.

1. Times increase.
2. Every value is finite; prices are above 0; volume is not below 0.
3. high is not below open or close, low is not above them.

>>> Bars({"close": [10.0, 0.0]})
Traceback (most recent call last):
    ...
dslc.runtime.bars_error.BarsError: row 1: close is 0.0, but a price is above 0; correct or drop the row
"""

from collections.abc import Iterable, Mapping
import hashlib
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray

from . import clock
from .bars_error import BarsError, naming
from .column_names import listed
from .plan import FIELDS
from .resample import Candles, Opening, alignment_zone, bar_length, resample
from .tables import read_table

__all__ = ["FIELDS", "Bars", "BarsError"]

_PRICES = FIELDS[:4]
_DROP = "correct or drop the row"


class Bars:
    """Bars of one market, immutable, shared freely between threads, and picklable.

    `data` is a mapping of arrays, a structured array, a pandas, polars or Arrow table, a pathlib.Path
    to CSV or Parquet, or other Bars. Columns go by any usual name and case; unknown ones are ignored.
    `timeframe` declares how long a bar is; resampling infers it where nothing is declared. `series` names
    further columns to keep where they are there, in which values may be missing; `symbols` are the bars
    of other instruments by their names, whatever makes Bars.

    Attributes: `matrix` float64 (5, n), rows open high low close volume, NaN in all of an absent
    column; `present` the fields that are there; `times` int64 nanoseconds UTC (n,) or None; `zone` an
    IANA name, an offset such as "+02:00", or None (naive times, taken as UTC); `timeframe` what was
    declared, or made by `resample`; `series` the further columns by their names, float64 (n,), NaN where
    a value is missing; `symbols` the Bars of other instruments; `notes` plain sentences on what was done
    to the data. All arrays are read-only.

    Raises BarsError (see there for the codes), and OSError for a file that is missing or locked.

    >>> bars = Bars({"time": ["2024-01-01", "2024-01-02"], "close": [1.0, 2.0]})
    >>> len(bars), bars.close.tolist(), sorted(bars.present), bars.time[1]
    (2, [1.0, 2.0], ['close'], np.datetime64('2024-01-02T00:00:00.000000000'))
    """

    __slots__ = (
        "_digest",
        "_found",
        "_spacing",
        "_wall",
        "matrix",
        "notes",
        "present",
        "series",
        "symbols",
        "timeframe",
        "times",
        "zone",
    )

    matrix: NDArray[np.float64]
    present: frozenset[str]
    series: Mapping[str, NDArray[np.float64]]
    symbols: Mapping[str, "Bars"]
    times: clock.Times | None
    zone: str | None
    timeframe: str | None
    notes: tuple[str, ...]
    _wall: clock.Times | None  # wall clock of each row, only where no zone gives it
    _found: tuple[str, ...]  # the columns' own names
    _digest: str | None
    _spacing: dict[str, tuple[str, ...]]  # what `check_timeframe` answered, for every timeframe asked

    def __new__(cls, *args: Any, **options: Any) -> "Bars":
        bars = super().__new__(cls)
        object.__setattr__(bars, "_spacing", {})
        return bars

    def __init__(
        self,
        data: Any,
        *,
        timeframe: str | None = None,
        series: Iterable[str] = (),
        symbols: Mapping[str, Any] | None = None,
    ) -> None:
        if timeframe is not None:
            _length(timeframe)
        beside = {}
        for name, bars in (symbols or {}).items():
            with naming(name):
                beside[name] = bars if isinstance(bars, Bars) else Bars(bars)
        if isinstance(data, Bars):
            changes = {"timeframe": timeframe or data.timeframe, "symbols": {**data.symbols, **beside}}
            self._set(**data._state() | changes | ({"_digest": None} if beside else {}))
            self.require_series(series)
        else:
            table = read_table(data, tuple(series))
            self._set(
                matrix=_matrix(table.columns),
                present=frozenset(table.columns),
                series=_frozen(table.series),
                symbols=beside,
                times=table.times,
                zone=table.zone,
                timeframe=timeframe,
                notes=table.notes,
                _wall=table.wall,
                _found=table.found,
                _digest=None,
            )
            _check(self)
            self._set(notes=table.notes + _size_notes(self))
        if timeframe is not None and not (isinstance(data, Bars) and data.timeframe == timeframe):
            self._check_smallest_gap(timeframe, "declare the length that the bars have")

    def _set(self, **state: Any) -> None:
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, name, value)

    def _state(self) -> dict[str, Any]:
        """All that another object needs to be these bars; answers depend on more and are found again."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "_spacing"}

    def __setattr__(self, name: str, value: Any) -> Never:
        raise AttributeError(f"Bars are immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError(f"Bars are immutable: {name} cannot be deleted")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._state(),)

    def __len__(self) -> int:
        return len(self.matrix[0])

    def __repr__(self) -> str:
        span = ""
        if self.times is not None and len(self):
            span = f", {self._iso(0)} to {self._iso(len(self) - 1)}"
        return f"<Bars: {len(self):,}, {' '.join(field for field in FIELDS if field in self.present)}{span}>"

    @property
    def open(self) -> NDArray[np.float64]:
        """Opening prices (n,)."""
        return self._row("open")

    @property
    def high(self) -> NDArray[np.float64]:
        """Highest prices (n,)."""
        return self._row("high")

    @property
    def low(self) -> NDArray[np.float64]:
        """Lowest prices (n,)."""
        return self._row("low")

    @property
    def close(self) -> NDArray[np.float64]:
        """Closing prices (n,)."""
        return self._row("close")

    @property
    def volume(self) -> NDArray[np.float64]:
        """Volumes (n,)."""
        return self._row("volume")

    @property
    def time(self) -> NDArray[Any]:
        """Opening times as datetime64[ns] in UTC (n,), or the row numbers where there are no times."""
        if self.times is None:
            return np.arange(len(self), dtype=np.int64)
        return self.times.view("M8[ns]")

    @property
    def has_offsets(self) -> bool:
        """Whether the times have offsets that come and go, of no zone."""
        return self._wall is not None

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all values, their names, and the times; not of the zone."""
        if self._digest is None:
            fields = [field for field in FIELDS if field in self.present]
            timed = "untimed" if self.times is None else "timed"
            hashed = hashlib.sha256(f"dslc bars 1 {timed} {len(self)} {' '.join(fields)}\n".encode())
            for field in fields:
                hashed.update(self._row(field).astype("<f8", copy=False).data)
            if self.times is not None:
                hashed.update(self.times.astype("<i8", copy=False).data)
            for name, values in sorted(self.series.items()):
                hashed.update(f"series {name}\n".encode())
                hashed.update(np.where(np.isnan(values), np.nan, values).astype("<f8", copy=False).data)
            for name, bars in sorted(self.symbols.items()):
                hashed.update(f"symbol {name} {bars.digest}\n".encode())
            # Two threads may both come here; they store the same text.
            self._set(_digest=hashed.hexdigest())
        assert self._digest is not None
        return self._digest

    def require(self, fields: Iterable[str]) -> None:
        """Raise BarsError B301 unless all these fields are present."""
        absent = [field for field in FIELDS if field in set(fields) - self.present]
        if not absent:
            return
        raise BarsError(
            "B301",
            f"the strategy reads {listed(absent)}, but the columns found are {listed(self._found)}",
            help="add the column, or name it so",
        )

    def require_series(self, names: Iterable[str]) -> None:
        """Raise BarsError B301 unless all these further columns were kept."""
        absent = [name for name in names if name not in self.series]
        if not absent:
            return
        there = [name for name in absent if name in self._found]
        raise BarsError(
            "B301",
            f"the strategy reads {listed(absent)}, but the columns found are {listed(self._found)}",
            help=f"keep it: Bars(…, series={there})" if there else "add the column, or name it so",
        )

    def check_timeframe(self, timeframe: str) -> tuple[str, ...]:
        """Notes on the gaps between bars that are meant to be candles of `timeframe`.

        Raises BarsError B302 where the smallest gap is below the timeframe, B303 where the most common
        one is above it (of those that tie, the smallest counts), B304 for an unknown timeframe. Days and
        weeks are counted on the calendar of the bars' zone, everything else in exact time. Bars that were
        declared to be of this timeframe, or resampled to it, may have gaps most of the time.

        >>> bars = Bars({"time": ["2024-01-05", "2024-01-08", "2024-01-09"], "close": [1, 2, 3]})
        >>> bars.check_timeframe("1D")
        ('1 gap, 2 candles missing; the largest, 3 days, after 2024-01-05T00:00:00Z',)
        """
        length = _length(timeframe)
        # Two threads may both find none; they store the same answer.
        if timeframe not in self._spacing:
            self._spacing[timeframe] = self._checked_spacing(timeframe, length)
        return self._spacing[timeframe]

    def _checked_spacing(self, timeframe: str, length: int) -> tuple[str, ...]:
        if self.times is None:
            return ("no time column; the spacing of the bars was not checked",)
        if len(self) < 2:
            return ("fewer than two bars; their spacing was not checked",)
        found, counts = clock.distinct_gaps(self.times, self._wall_clock_of, timeframe)
        if self.timeframe != timeframe:
            if found[0] < length:
                self._check_smallest_gap(timeframe)
            if found[np.argmax(counts)] > length:
                self._check_common_gap(timeframe, clock.gaps(self.times, self._wall_clock(), timeframe))
        return self._gap_notes(found, counts, timeframe)

    def resample(self, timeframe: str, *, align: str | None = None) -> "Bars":
        """Bars of a longer timeframe: the finished candles, labelled by their opening time.

        A candle holds the bars that open in it. Days begin at midnight and weeks on Monday: in UTC, or,
        with `align`, in a zone ("America/New_York", "+02:00"), or a time of day later ("22:00" UTC). A
        candle is finished when a bar that ends at or after its end is present; a bar of 1D ends
        with its date. An unfinished last candle and a first one whose start is missing are dropped; the
        notes say so. One bar of undeclared length makes no candle, with a note. Bars that are candles of
        `timeframe` already come back as they are.

        Raises BarsError B304, B305 and B307 to B310.

        >>> bars = Bars({"time": [0, 1800, 3600, 5400], "close": [1, 2, 3, 4], "volume": [1, 1, 1, 1]})
        >>> bars.resample("1H").close.tolist()
        [2.0, 4.0]
        """
        length = _length(timeframe)
        zone = alignment_zone(align)
        if self.times is None:
            raise BarsError("B305", "bars without times cannot be resampled", help="add a time column")
        others = {}
        for name, bars in self.symbols.items():
            with naming(name):
                others[name] = bars.resample(timeframe, align=align)
        beside = {"symbols": others} | ({"_digest": None} if others else {})
        if len(self) == 0:
            return _restore(self._state() | beside | {"timeframe": timeframe})
        source = self._source_length(timeframe)
        if source == length:
            notes = (*self.notes, f"the bars are {timeframe} already")
            return _restore(self._state() | beside | {"notes": notes})
        shown_in = zone if zone == align and align is not None else self.zone
        if source is None:
            reason = "it does not tell how long a bar is; declare it with timeframe="
            note = f"one bar made into 0 candles of {timeframe}: {reason}"
            none = {name: values[:0] for name, values in self.series.items()}
            candles = Candles(self.matrix[:, :0], self.times[:0], (note,), none)
        else:
            opening = Opening(self.times, source, self.zone, self._wall is not None)
            candles = resample(self.matrix, opening, timeframe, zone, shown_in, self.series)
        made = _restore(
            self._state()
            | {
                "matrix": np.ascontiguousarray(candles.matrix),
                "times": candles.times,
                "series": _frozen(candles.series),
                "symbols": others,
                "zone": shown_in,
                "timeframe": timeframe,
                "_wall": None,
                "_digest": None,
            }
        )
        of_data = tuple(note for note in self.notes if note not in _size_notes(self))
        made._set(notes=of_data + candles.notes + _size_notes(made))
        return made

    def _source_length(self, timeframe: str) -> int | None:
        """How long these bars are, None where nothing tells; raises BarsError unless it makes candles."""
        assert self.times is not None
        length = clock.TIMEFRAMES[timeframe]
        wall = self._wall_clock()
        declared = None if self.timeframe is None else clock.TIMEFRAMES[self.timeframe]
        source = declared or bar_length(self.times, wall)
        if source is None:
            return None
        common = source
        if declared is None:
            found = clock.gaps(self.times, wall, timeframe)
            if found.min() == length == clock.most_common(found):
                return length
            common = clock.most_common(clock.steps(self.times))
        if source > length or common > length:
            raise BarsError(
                "B308",
                f"most bars are {clock.duration(common)} apart, which is coarser than {timeframe}",
                help="bring finer bars, or, where most are missing, declare their length with timeframe=",
            )
        if length % source:
            raise BarsError(
                "B307",
                f"bars of {clock.duration(source)} do not divide the timeframe {timeframe}",
                help="bring bars of a length that does, or correct their times",
            )
        return source

    def _check_smallest_gap(self, timeframe: str, advice: str | None = None) -> None:
        if self.times is None or len(self) < 2:
            return
        found = clock.gaps(self.times, self._wall_clock(), timeframe)
        row = int(np.argmin(found)) + 1
        if found[row - 1] >= clock.TIMEFRAMES[timeframe]:
            return
        exact = clock.steps(self.times)
        common = clock.most_common(exact)
        resample = "resample the bars (--resample, resample=True)"
        if advice is None and common < clock.TIMEFRAMES[timeframe]:
            advice = resample + _or_set_timeframe(common)
        raise BarsError(
            "B302",
            f"this bar opens {clock.duration(exact[row - 1])} after the one before, less than the timeframe "
            f"{timeframe}; most bars are {clock.duration(common)} apart",
            row,
            self._iso(row),
            advice or f"drop the surplus bar, or {resample}",
        )

    def _check_common_gap(self, timeframe: str, found: clock.Times) -> None:
        common = clock.most_common(found)
        if common <= clock.TIMEFRAMES[timeframe]:
            return
        row = int(np.argmax(found == common)) + 1
        raise BarsError(
            "B303",
            f"most bars are {clock.duration(common)} apart, more than the timeframe {timeframe}",
            row,
            self._iso(row),
            f"bring bars of {timeframe} or finer{_or_set_timeframe(common)}",
        )

    def _gap_notes(self, found: clock.Times, counts: clock.Times, timeframe: str) -> tuple[str, ...]:
        length = _length(timeframe)
        wide, counts = found[found > length], counts[found > length]
        if len(wide) == 0:
            return ()
        assert self.times is not None
        row = clock.first_gap(self.times, self._wall_clock_of, timeframe, int(wide[-1]))
        missing = ""
        if not (wide % length).any():
            count = int(((wide // length - 1) * counts).sum())
            missing = f", {count:,} candle{'s' if count != 1 else ''} missing"
        number = int(counts.sum())
        gaps = f"{number:,} gap{'s' if number != 1 else ''}{missing}"
        return (f"{gaps}; the largest, {clock.duration(wide[-1])}, after {self._iso(row)}",)

    def _row(self, field: str) -> NDArray[np.float64]:
        row: NDArray[np.float64] = self.matrix[FIELDS.index(field)]
        return row

    def _wall_clock(self) -> clock.Times:
        assert self.times is not None
        return clock.wall_clock(self.times, self.zone) if self._wall is None else self._wall

    def _wall_clock_of(self, rows: slice) -> clock.Times:
        assert self.times is not None
        return clock.wall_clock(self.times[rows], self.zone) if self._wall is None else self._wall[rows]

    def _iso(self, row: int) -> str | None:
        return None if self.times is None else clock.iso(int(self.times[row]), self.zone)


def _restore(state: dict[str, Any]) -> Bars:
    bars = Bars.__new__(Bars)
    bars._set(**state)
    return bars


def _length(timeframe: str) -> int:
    if timeframe in clock.TIMEFRAMES:
        return clock.TIMEFRAMES[timeframe]
    raise BarsError(
        "B304", f"{timeframe!r} is not a timeframe", help=f"write one of {' '.join(clock.TIMEFRAMES)}"
    )


def _or_set_timeframe(gap: int) -> str:
    names = [name for name, length in clock.TIMEFRAMES.items() if length == gap]
    return f", or set the strategy's timeframe to {names[0]}" if names else ""


def _matrix(columns: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    matrix = np.empty((len(FIELDS), len(next(iter(columns.values())))))
    for field, row in zip(FIELDS, matrix, strict=True):
        row[:] = columns.get(field, np.nan)
    matrix[4] += 0.0  # -0.0 becomes 0.0, so equal bars have equal bits
    return matrix


def _frozen(series: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Columns that nobody can write to; their owners may."""
    found = {}
    for name, values in series.items():
        found[name] = values + 0.0  # a copy, in which -0.0 is 0.0
        found[name].flags.writeable = False
    return found


def _size_notes(bars: Bars) -> tuple[str, ...]:
    if len(bars) == 0:
        return ("no bars at all",)
    if len(bars) == 1:
        return ("one bar only",)
    if "volume" in bars.present and not bars.volume.any():
        return ("volume is 0 on every bar",)
    return ()


def _check(bars: Bars) -> None:
    """Raise BarsError for the first rule that a row of the bars breaks."""
    _check_times(bars)
    columns = {field: row for field, row in zip(FIELDS, bars.matrix, strict=True) if field in bars.present}
    for field, values in columns.items():
        _check_finite(bars, field, values)
    for name, values in bars.series.items():
        broken = np.isinf(values)
        _refuse(bars, "B201", broken, f"{name} is infinite", "leave the value out where it is not known")
    for field in _PRICES:
        if field in columns:
            _check_rule(bars, "B202", columns[field] <= 0, "{} is {}, but a price is above 0", field)
    if "volume" in columns:
        _check_rule(bars, "B205", columns["volume"] < 0, "{} is {}, which is below 0", "volume")
    inner = [field for field in ("open", "close") if field in columns]
    if "high" in columns:
        for field in inner or columns.keys() & {"low"}:
            broken = columns["high"] < columns[field]
            _check_rule(bars, "B203", broken, "{} is {}, which is below {} {}", "high", field)
    if "low" in columns:
        for field in inner:
            broken = columns["low"] > columns[field]
            _check_rule(bars, "B204", broken, "{} is {}, which is above {} {}", "low", field)


def _check_times(bars: Bars) -> None:
    times = bars.times
    if times is None or len(times) < 2:
        return
    if (times[1:] > times[:-1]).all():
        return
    steps = np.diff(times)
    if (steps < 0).all():
        _refuse(bars, "B207", steps[:1] < 0, "the times run backwards", "reverse the rows", 1)
    _refuse(bars, "B206", steps == 0, "this time is that of the row before", "keep one row for each time", 1)
    _refuse(bars, "B207", steps < 0, "this time is before that of the row before", "sort the rows by time", 1)


def _check_finite(bars: Bars, field: str, values: NDArray[np.float64]) -> None:
    broken = ~np.isfinite(values)
    if not broken.any():
        return
    value = float(values[np.argmax(broken)])
    what = "missing (NaN)" if np.isnan(value) else f"{value}, but must be finite"
    _refuse(bars, "B201", broken, f"{field} is {what}", "leave the column out" if broken.all() else _DROP)


def _check_rule(bars: Bars, code: str, broken: NDArray[np.bool_], text: str, *fields: str) -> None:
    if not broken.any():
        return
    row = int(np.argmax(broken))
    words: list[Any] = []
    for field in fields:
        words += [field, float(bars.matrix[FIELDS.index(field), row])]
    _refuse(bars, code, broken, text.format(*words), _DROP)


def _refuse(
    bars: Bars, code: str, broken: NDArray[np.bool_], message: str, advice: str, shift: int = 0
) -> None:
    """Raise BarsError for the first broken row, if there is one; `shift` is the row of broken[0]."""
    count = int(np.count_nonzero(broken))
    if count == 0:
        return
    row = int(np.argmax(broken)) + shift
    more = f" (as in {count - 1:,} more row{'s' if count != 2 else ''})" if count > 1 else ""
    raise BarsError(code, message + more, row, bars._iso(row), advice)
