"""Owns the door for market data: turns mappings, frames and files into plain float64 columns and times.

Only this file and `files` know pandas, polars and Arrow (the last two through narwhals), each imported
when it is met.

1. `_source` makes (name, values) pairs of whatever was given, and sets a time index apart.
2. `match_names` finds fields and time among the names: `<CLOSE>`, "4. close" and "c" are all close.
3. `_moments` and `_floats` convert the columns that were found; all others are ignored.

What the numbers must satisfy is asked in `bars`. Whatever goes wrong is a `BarsError`.

>>> table = read_table({"Date": ["2024-01-31"], "Adj Close": [10.5], "Symbol": ["XY"]})
>>> table.columns["close"].tolist(), table.notes
([10.5], ('`Adj Close` is read as close',))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from decimal import Decimal
import math
from pathlib import Path
import re
import sys
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from . import clock
from .bars_error import BarsError
from .column_names import Match, is_index, is_time, listed, match_names, quoted, shortened, two_columns
from .files import read_file
from .moments import MomentError, Moments, from_clocks, from_datetime64, from_numbers, from_texts

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns as they came: converted, not judged.

    `columns` maps each field found (open high low close volume) to a float64 array of shape (n,), NaN
    where a value is missing; it may be the caller's own array. `series` are further columns alike. `times`
    are int64 nanoseconds UTC, or None without a time column; `zone` and `wall` are those of `Moments`.
    `found` lists all names, `notes` are plain sentences.
    """

    columns: dict[str, Floats]
    times: clock.Times | None
    zone: str | None
    notes: tuple[str, ...] = ()
    wall: clock.Times | None = None
    found: tuple[str, ...] = ()
    series: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Source:
    """Named columns; `index` holds the times where they are no column."""

    pairs: list[tuple[str, Any]]
    index: Any = None


def read_table(data: Any, series: Sequence[str] = ()) -> Columns:
    """Columns of a mapping of arrays, a pandas, polars or Arrow table, or a Path to CSV or Parquet.

    `series` are the names of further columns, spelled as they are there; any may be absent.

    Raises BarsError for all that cannot be read so; OSError only where a file is missing or locked.
    """
    source = _without_row_numbers(_source(data))
    names = [name for name, _ in source.pairs]
    match = match_names(names, with_time=source.index is None)
    if match.places.keys() <= {"time"}:
        raise BarsError(
            "B104",
            f"no column is called open, high, low, close or volume; found {listed(names)}",
            help="the first line must name the columns" if isinstance(data, Path) else "name the columns so",
        )
    arrays = {
        field: _array(*source.pairs[place])[0] for field, place in match.places.items() if field != "time"
    }
    moments, notes = _moments(source, match)
    further = {name: _array(*_further(name, source, names))[0] for name in series if name in names}
    _check_lengths((further | arrays) if moments is None else {"time": moments.times, **further, **arrays})
    columns = {
        field: _floats(names[match.places[field]], values, moments) for field, values in arrays.items()
    }
    kept = {name: _floats(name, values, moments) for name, values in further.items()}
    if moments is None:
        return Columns(columns, None, None, match.notes, found=tuple(names), series=kept)
    return Columns(
        columns, moments.times, moments.zone, match.notes + notes, moments.wall, tuple(names), kept
    )


def _further(name: str, source: _Source, names: list[str]) -> tuple[str, Any]:
    """The column of exactly this name; raises BarsError where there are two."""
    if names.count(name) > 1:
        two_columns(name, name, name)
    return source.pairs[names.index(name)]


def _source(data: Any) -> _Source:
    if isinstance(data, Path):
        return _Source(read_file(data))
    if isinstance(data, Mapping):
        return _Source([(str(name), values) for name, values in data.items()])
    if isinstance(data, np.ndarray) and data.dtype.names is not None:
        return _Source([(name, data[name]) for name in data.dtype.names])
    if isinstance(data, str):
        raise BarsError(
            "B101",
            f"{shortened(data)!r} is text, not market data",
            help="for a file write pathlib.Path(...)",
        )
    pandas, arrow = sys.modules.get("pandas"), sys.modules.get("pyarrow")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return _pandas(data)
    if arrow is not None and isinstance(data, arrow.Table):
        return _Source(list(zip(data.column_names, data.columns, strict=True)))
    return _frame(data)


def _frame(data: Any) -> _Source:
    import narwhals as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError:
        raise BarsError(
            "B101",
            f"cannot read market data from a {type(data).__name__}",
            help="give a dict of arrays, a pandas, polars or Arrow table (a lazy one collected), or a Path",
        ) from None
    return _Source([(name, frame[name]) for name in frame.columns])


def _pandas(frame: Any) -> _Source:
    # By position: pandas allows the same name twice, and the second one must be seen.
    labels = frame.columns
    if labels.nlevels > 1:
        levels = [[str(label) for label in labels.get_level_values(level)] for level in range(labels.nlevels)]
        names = max(levels, key=lambda level: len(match_names(list(dict.fromkeys(level))).places))
    else:
        names = [str(label) for label in labels]
    pairs = [(name, frame.iloc[:, place]) for place, name in enumerate(names)]
    for level in (frame.index.get_level_values(place) for place in range(frame.index.nlevels)):
        if level.dtype.kind == "M":
            return _Source(pairs, level)
        if str(level.dtype).startswith("period"):
            return _Source(pairs, level.to_timestamp())
        pairs.append((str(level.name) if is_time(str(level.name)) else "index", level))
    return _Source(pairs)


def _array(name: str, values: Any) -> tuple[Array, str | None]:
    """One column as a one-dimensional array, and the zone of its times; those are UTC then."""
    zone = None
    array = np.empty((0, 0))
    if isinstance(values, np.ma.MaskedArray):
        values = values.filled(np.datetime64("NaT")) if values.dtype.kind == "M" else _unmasked(values)
    try:
        if not isinstance(values, np.ndarray | list | tuple):
            values, zone = _foreign(values)
        array = np.asarray(values)
    except Exception:  # whatever a library's own column, or a nested list, raises: refused below
        pass
    if array.ndim != 1:
        raise BarsError(
            "B106", f"{quoted(name)} is not a plain column of values", help="give one value for each bar"
        )
    return array, zone


def _unmasked(values: Any) -> Any:
    return values.astype(np.float64).filled(np.nan) if values.dtype.kind in "iuf" else values.tolist()


def _foreign(values: Any) -> tuple[Any, str | None]:
    import narwhals as nw

    if hasattr(values, "to_series"):  # a pandas index, which narwhals does not take
        values = values.to_series()
    rule = getattr(getattr(values, "dtype", None), "tz", None)
    if rule is not None:  # pandas' own: narwhals takes a zone such as America/New_York for unknown
        return values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), _zone_name(rule)
    try:
        series = nw.from_native(values, series_only=True)
    except TypeError:
        return values, None
    zone = getattr(series.dtype, "time_zone", None)
    if zone is None:
        return series.to_numpy(), None
    return series.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy(), str(zone)


def _check_lengths(arrays: Mapping[str, Array]) -> None:
    (first, expected), *others = ((name, len(values)) for name, values in arrays.items())
    for name, length in others:
        if length != expected:
            raise BarsError(
                "B106",
                f"{quoted(first)} has {expected} rows, but {quoted(name)} has {length}",
                help="give columns of one length",
            )


def _floats(name: str, values: Array, moments: Moments | None) -> Floats:
    if values.dtype.kind in "iuf":
        with np.errstate(over="ignore"):  # a long double beyond float64 is judged as infinite
            return values.astype(np.float64, copy=False)
    numbers = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values.tolist() if values.dtype.kind != "M" else values):
        try:
            numbers[row] = _number(value)
        except (TypeError, ValueError, OverflowError):
            raise BarsError(
                "B107",
                f"{quoted(name)} holds {_written(value)}, which is not a number",
                row,
                None if moments is None else clock.iso(moments.times[row], moments.zone),
                "write numbers as 1234.5, without separators, units or words",
            ) from None
    return numbers


def _written(value: Any) -> str:
    try:
        return shortened(repr(value))
    except Exception:  # an integer of thousands of digits, or any object's own mistake
        return f"a value of type {type(value).__name__}"


def _number(value: Any) -> float:
    if value is None or type(value).__name__ == "NAType":
        return float("nan")
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        raise ValueError(value)  # Python would make numbers of them
    return float(value)


def _without_row_numbers(source: _Source) -> _Source:
    """The source without a saved or unnamed index that does not hold dates."""
    kept = [pair for pair in source.pairs if not is_index(pair[0]) or _dated(*pair)]
    return replace(source, pairs=kept)


def _dated(name: str, values: Any) -> bool:
    array = _array(name, values)[0]
    if array.dtype.kind == "M" or len(array) == 0:
        return True
    return re.match(r"\d{4}[-/.]\d\d|\d{8}\b", str(array[0])) is not None


def _moments(source: _Source, match: Match) -> tuple[Moments | None, tuple[str, ...]]:
    """The times of the bars, and notes on how they were read."""
    if source.index is not None:
        return _read_times("index", source.index)
    if "time" not in match.places:
        return None, ()
    name, values = source.pairs[match.places["time"]]
    moments, notes = _read_times(name, values)
    if match.clock is None:
        return moments, notes
    clock_name, clock_values = source.pairs[match.clock]
    if moments.zone is not None or (moments.times % clock.DAY).any():
        two_columns("time", name, clock_name)
    texts = [str(value) for value in _array(clock_name, clock_values)[0].tolist()]
    _check_lengths({name: moments.times, clock_name: np.array(texts)})
    try:
        return replace(moments, times=moments.times + from_clocks(texts)), ()
    except MomentError as error:
        _bad_time(clock_name, "time of day", error)


def _read_times(name: str, values: Any) -> tuple[Moments, tuple[str, ...]]:
    array, zone = _array(name, values)
    try:
        moments = _convert_times(array)
    except MomentError as error:
        _bad_time(name, "time", error)
    notes = [] if moments.unit is None else [f"{quoted(name)} is read as {moments.unit}"]
    if zone is not None:
        moments = replace(moments, zone=_known_zone(zone))
        if moments.zone is None:
            moments = replace(moments, zone="UTC")
            notes.append(f"the time zone {shortened(zone)} is not known here; times are shown in UTC")
    if moments.wall is not None:
        notes.append("mixed UTC offsets; times are shown in UTC")
    return moments, tuple(notes)


def _convert_times(values: Array) -> Moments:
    if len(values) == 0:
        return Moments(np.empty(0, dtype=np.int64))
    match values.dtype.kind:
        case "M":
            return from_datetime64(values)
        case "i" | "u" | "f":
            return from_numbers(values)
        case "U" | "T":
            return from_texts(values.tolist())
        case "O":
            return _convert_objects(values.tolist())
    raise MomentError("unreadable", 0, str(values[0]))


def _convert_objects(values: list[Any]) -> Moments:
    if set(map(type, values)) == {str}:
        return from_texts(values)
    missing = [_is_missing(value) for value in values]
    if True in missing:
        raise MomentError("missing", missing.index(True), "")
    if all(isinstance(value, int | float | Decimal | np.number) and value is not True for value in values):
        return from_numbers(np.array(values, dtype=object))
    moments = from_texts(
        [value.isoformat() if hasattr(value, "isoformat") else str(value) for value in values]
    )
    rule = getattr(values[0], "tzinfo", None)
    if any(getattr(value, "tzinfo", None) is not rule for value in values):
        return moments
    zone = None if rule is None else _known_zone(_zone_name(rule))
    return moments if zone is None else replace(moments, zone=zone, wall=None)


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float | np.floating | Decimal):
        return value.is_nan() if isinstance(value, Decimal) else math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _zone_name(rule: tzinfo) -> str:
    """The name of a rule of zoneinfo, pytz or dateutil, or its offset if that is fixed."""
    name = getattr(rule, "key", None) or getattr(rule, "zone", None)
    if name is not None:
        return str(name)
    offset = rule.utcoffset(None)
    return re.sub(r".*/zoneinfo/|'\)$", "", str(rule)) if offset is None else clock.offset_name(offset)


def _known_zone(name: str) -> str | None:
    fixed = re.fullmatch(r"(?:UTC|GMT)?([+-]\d\d:\d\d)", name)
    if fixed is not None:
        return fixed[1]
    try:
        clock.zone_rule(name)
    except ValueError:
        return None
    return name


def _bad_time(name: str, meaning: str, error: MomentError) -> NoReturn:
    text = repr(shortened(error.text))
    code, message, help = {
        "missing": ("B110", f"{quoted(name)} holds no {meaning} here", "fill it in or drop the row"),
        "unreadable": (
            "B108",
            f"{quoted(name)} holds {text}, which is not a {meaning}",
            "write 2024-01-31 or 2024-01-31T09:30:00, or numbers counted from 1970"
            if meaning == "time"
            else "write 09:30 or 09:30:00",
        ),
        "mixed": (
            "B111",
            f"{quoted(name)} holds {text}: some of its times have a UTC offset and some have none",
            "write all with an offset, or all without",
        ),
        "range": (
            "B109",
            f"{quoted(name)} holds {text}, which lies outside the years 1678 to 2261",
            "check the unit of the times",
        ),
    }[error.kind]
    raise BarsError(code, message, error.row, None, help) from None
