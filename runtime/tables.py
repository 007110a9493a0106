"""Owns the door for market data: turns mappings, frames and files into plain float64 columns and times.

The only file that knows pandas, polars, Arrow (the last two through narwhals), CSV and Parquet, each
imported when it is met.

1. `_source` makes (name, values) pairs of whatever was given, and sets a time index apart.
2. `match_names` finds fields and time among the names: `<CLOSE>`, "4. close" and "c" are all close.
3. `_moments` and `_floats` convert the columns that were found; all others are ignored.

What the numbers must satisfy is asked in `bars`. Whatever goes wrong is a `BarsError`.

>>> table = read_table({"Date": ["2024-01-31"], "Adj Close": [10.5], "Symbol": ["XY"]})
>>> table.columns["close"].tolist(), table.notes
([10.5], ('`Adj Close` is read as close',))
"""

import codecs
from collections.abc import Iterable, Mapping, Sequence
import csv
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
import gzip
import io
import math
from pathlib import Path
import re
import sys
from typing import Any, NoReturn
import zlib

import numpy as np
from numpy.typing import NDArray

from . import clock

Array = NDArray[Any]
Floats = NDArray[np.float64]


class BarsError(ValueError):
    """Market data that cannot be used, or not for what was asked of it.

    `code` is stable, one for each kind of mistake; `message` says what was found, `help` what to do;
    `row` counts from 0 and `time` is ISO 8601, both None where the mistake has no place.

    B101 kind of data, B102 unreadable file, B103 pyarrow missing, B104 no known column, B105 two
    columns for one field, B106 shape, B107 not a number, B108 not a time, B109 time out of range,
    B110 time missing, B111 only some times have an offset;
    B201 not finite, B202 price not above 0, B203 high, B204 low, B205 volume below 0, B206 a time
    twice, B207 times not increasing;
    B301 column absent, B302 gap below the timeframe, B303 gaps above it, B304 unknown timeframe,
    B305 no times, B306 spacing unknown, B307 does not divide, B308 coarser, B309 alignment,
    B310 sum of volumes too large.

    >>> str(BarsError("B205", "volume is -1.0, which is below 0", 3, help="correct it"))
    'row 3: volume is -1.0, which is below 0; correct it'
    """

    def __init__(
        self, code: str, message: str, row: int | None = None, time: str | None = None, help: str = ""
    ) -> None:
        super().__init__(code, message, row, time, help)  # pickle calls the class with these again
        self.code = code
        self.message = message
        self.row = row
        self.time = time
        self.help = help

    def __str__(self) -> str:
        moment = "" if self.time is None else f" ({self.time})"
        place = "" if self.row is None else f"row {self.row}{moment}: "
        advice = f"; {self.help}" if self.help else ""
        return place + self.message + advice


_LONGEST_HEADER = 1 << 20  # bytes


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns as they came: converted, not judged.

    `columns` maps each field found (open high low close volume) to a float64 array of shape (n,), NaN
    where a value is missing. `times` are int64 nanoseconds UTC, or None without a time column; `zone`
    and `wall` are those of `clock.Moments`. `found` lists all names, `notes` are plain sentences.
    """

    columns: dict[str, Floats]
    times: clock.Times | None
    zone: str | None
    notes: tuple[str, ...] = ()
    wall: clock.Times | None = None
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """Which of the names is which field; `clock` is a time of day that completes the date in "time"."""

    places: dict[str, int]
    clock: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Source:
    """Named columns; `index` holds the times where they are no column."""

    pairs: list[tuple[str, Any]]
    index: Any = None


@dataclass(frozen=True)
class _Names:
    """The usual names of a field. The weak ones, best first, count only where no strong one is there."""

    strong: frozenset[str]
    weak: tuple[str, ...] = ()


def _names(strong: str, weak: str = "") -> _Names:
    return _Names(frozenset(strong.split()), tuple(weak.split()))


_FIELDS = {
    "open": _names("open o openprice priceopen"),
    "high": _names("high h highprice pricehigh"),
    "low": _names("low l lowprice pricelow"),
    "close": _names(
        "close c closeprice priceclose last lastprice closelast",
        "adjclose adjustedclose closeadj closeadjusted adjcloseprice adjustedcloseprice price",
    ),
    "volume": _names("volume vol v volumetraded", "tickvolume tickvol realvolume basevolume"),
    "time": _names(
        "time date datetime timestamp opentime ts t dt dateandtime utc timeutc dateutc datetimeutc gmttime "
        "unix unixtime unixtimestamp epoch starttime timeopen timeperiodstart bartime dtyyyymmdd",
        "index indexlevel0",
    ),
}


def read_table(data: Any) -> Columns:
    """Columns of a mapping of arrays, a pandas, polars or Arrow table, or a Path to CSV or Parquet.

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
    _check_lengths(arrays if moments is None else {"time": moments.times, **arrays})
    columns = {
        field: _floats(names[match.places[field]], values, moments) for field, values in arrays.items()
    }
    if moments is None:
        return Columns(columns, None, None, match.notes, found=tuple(names))
    return Columns(columns, moments.times, moments.zone, match.notes + notes, moments.wall, tuple(names))


def match_names(names: Sequence[str], with_time: bool = True) -> Match:
    """The place of each field among the columns' names; raises BarsError where two names claim one.

    >>> match_names(["<DATE>", "<TIME>", "<CLOSE>", "4. close price (USD)"])
    Match(places={'close': 2, 'time': 0}, clock=1, notes=())
    """
    keys = [_key(name) for name in names]
    places: dict[str, int] = {}
    time_of_day = None
    notes: list[str] = []
    for field, usual in _FIELDS.items():
        if field == "time" and not with_time:
            continue
        claims = [place for place, key in enumerate(keys) if key in usual.strong]
        if field == "time" and sorted(keys[place] for place in claims) == ["date", "time"]:
            claims.sort(key=lambda place: keys[place])
            time_of_day = claims.pop()
        weak = [place for best in usual.weak for place, key in enumerate(keys) if key == best]
        ranked = claims or weak
        if not ranked:
            continue
        rivals = claims if claims else [place for place in weak if keys[place] == keys[weak[0]]]
        if len(rivals) > 1:
            _two_columns(field, *(names[place] for place in rivals[:2]))
        places[field] = ranked[0]
        if field == "time":
            continue
        if not claims:
            notes.append(f"{quoted(names[ranked[0]])} is read as {field}")
        for place in weak:
            if place != ranked[0]:
                notes.append(f"{quoted(names[place])} ignored because {quoted(names[ranked[0]])} is there")
    return Match(places, time_of_day, tuple(notes))


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower().lstrip("0123456789")


def quoted(name: str) -> str:
    """A column's name for a message: one line, in backticks, at most 40 characters of it."""
    return f"`{_shortened(name, 40)}`"


def listed(names: Iterable[str]) -> str:
    """Some names for a message, the first dozen of them."""
    written = [quoted(name) for name in names]
    if len(written) > 12:
        written[12:] = [f"{len(written) - 12} more"]
    return ", ".join(written) or "no columns"


def _shortened(text: str, width: int = 80) -> str:
    printable = text[:width].encode("unicode_escape").decode() if not text.isprintable() else text
    return printable if len(printable) <= width else printable[: width - 1] + "…"


def _two_columns(field: str, first: str, second: str) -> NoReturn:
    raise BarsError(
        "B105",
        f"{quoted(first)} and {quoted(second)} both claim to be {field}",
        help="keep one of them, and one symbol only",
    )


def _source(data: Any) -> _Source:
    if isinstance(data, Path):
        return _file(data)
    if isinstance(data, Mapping):
        return _Source([(str(name), values) for name, values in data.items()])
    if isinstance(data, np.ndarray) and data.dtype.names is not None:
        return _Source([(name, data[name]) for name in data.dtype.names])
    if isinstance(data, str):
        raise BarsError(
            "B101",
            f"{_shortened(data)!r} is text, not market data",
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
        pairs.append((str(level.name) if _key(str(level.name)) in _FIELDS["time"].strong else "index", level))
    return _Source(pairs)


def _file(path: Path) -> _Source:
    if path.is_dir():
        raise BarsError("B102", f"{quoted(path.name)} is a folder", help="give the path of one file")
    name = path.name.lower()
    columnar = name.endswith((".parquet", ".pq"))
    if not columnar and not name.removesuffix(".gz").endswith((".csv", ".txt", ".tsv")):
        raise BarsError(
            "B102",
            f"{quoted(path.name)} is neither CSV (.csv, .csv.gz, .txt, .tsv) nor Parquet (.parquet, .pq)",
            help="rename or convert the file",
        )
    try:
        content = path.read_bytes()
    except ValueError as error:  # a path with a null byte
        _unreadable_file(path, "a file", error)
    if not content.strip():
        raise BarsError("B102", f"{quoted(path.name)} is empty", help="the first line must name the columns")
    return _parquet(path, content) if columnar else _csv(path, content)


def _parquet(path: Path, content: bytes) -> _Source:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BarsError("B103", "Parquet needs pyarrow", help="install dslc[data]") from None
    try:
        return _source(pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content)).read())
    except Exception as error:  # on broken bytes Arrow raises its own errors, OSError and others
        _unreadable_file(path, "Parquet", error)


def _csv(path: Path, content: bytes) -> _Source:
    import pandas

    if path.name.lower().endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            _unreadable_file(path, "gzip", error)
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        content = content.decode("utf-16", "replace").encode()
    try:
        names, delimiter, start = _header(content.removeprefix(codecs.BOM_UTF8))
    except csv.Error as error:
        _unreadable_file(path, "CSV", error)
    if not names:
        raise BarsError("B102", f"{quoted(path.name)} is empty", help="the first line must name the columns")
    match = match_names(names)
    texts = [place for place in (match.places.get("time"), match.clock) if place is not None]
    # Until pandas 3.1 only this option rounded every number as Python does; since then all do.
    old = tuple(int(part) for part in pandas.__version__.split(".")[:2]) < (3, 1)
    exact: dict[str, Any] = {"float_precision": "round_trip"} if old else {}
    try:
        frame = pandas.read_csv(
            io.BytesIO(content.removeprefix(codecs.BOM_UTF8)[start:]),
            sep=delimiter,
            header=None,
            names=range(len(names) + 1),  # one more: pandas drops surplus fields without a word
            index_col=False,
            dtype=dict.fromkeys(texts, str),
            skipinitialspace=True,
            low_memory=False,
            encoding_errors="replace",
            **exact,
        )
    except pandas.errors.EmptyDataError:
        return _Source([(name, []) for name in names])
    except Exception as error:  # hostile bytes reach pandas' own parser: no list of its errors is complete
        if re.search(r"Expected \d+ fields", str(error)):
            _surplus(path, names, None)
        _unreadable_file(path, "CSV", error)
    more = frame[len(names)].notna().to_numpy()
    if more.any():
        _surplus(path, names, int(np.argmax(more)))
    return _Source([(name, frame[place]) for place, name in enumerate(names)])


def _header(content: bytes) -> tuple[list[str], str, int]:
    """(names, delimiter, bytes up to the second row) of a CSV; no names where all is blank."""
    # In Latin-1 a character is a byte, whatever the encoding; what CSV is made of is ASCII.
    text = io.StringIO(content[:_LONGEST_HEADER].decode("latin-1"), newline="")
    first = next((line for line in text if line.strip()), "")
    text.seek(0)
    unquoted = re.sub(r'"[^"]*"', "", first)
    delimiter = max(",;\t", key=unquoted.count)
    rows = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
    fields = next((row for row in rows if any(field.strip() for field in row)), [])
    if text.tell() == _LONGEST_HEADER:
        raise csv.Error("the first line is too long")
    names = [field.encode("latin-1").decode("utf-8", "replace").strip() for field in fields]
    if names and not names[0]:
        names[0] = "index"  # pandas saves its index without a name
    return names, delimiter, text.tell()


def _surplus(path: Path, names: list[str], row: int | None) -> NoReturn:
    raise BarsError(
        "B102",
        f"{quoted(path.name)} has a row with more fields than its first line has names, {len(names)}",
        row,
        help="name every column, and quote texts that contain the delimiter",
    )


def _unreadable_file(path: Path, kind: str, error: Exception) -> NoReturn:
    reason = _shortened(" ".join(str(error).split()) or type(error).__name__, 160)
    raise BarsError(
        "B102", f"{quoted(path.name)} cannot be read as {kind}: {reason}", help="export the file again"
    ) from None


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


def _floats(name: str, values: Array, moments: clock.Moments | None) -> Floats:
    if values.dtype.kind in "iuf":
        with np.errstate(over="ignore"):  # a long double beyond float64 is judged as infinite
            return values.astype(np.float64)
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
        return _shortened(repr(value))
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
    weak = _FIELDS["time"].weak
    kept = [pair for pair in source.pairs if _key(pair[0]) not in weak or _dated(*pair)]
    return replace(source, pairs=kept)


def _dated(name: str, values: Any) -> bool:
    array = _array(name, values)[0]
    if array.dtype.kind == "M" or len(array) == 0:
        return True
    return re.match(r"\d{4}[-/.]\d\d|\d{8}\b", str(array[0])) is not None


def _moments(source: _Source, match: Match) -> tuple[clock.Moments | None, tuple[str, ...]]:
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
        _two_columns("time", name, clock_name)
    texts = [str(value) for value in _array(clock_name, clock_values)[0].tolist()]
    _check_lengths({name: moments.times, clock_name: np.array(texts)})
    try:
        return replace(moments, times=moments.times + clock.from_clocks(texts)), ()
    except clock.MomentError as error:
        _bad_time(clock_name, "time of day", error)


def _read_times(name: str, values: Any) -> tuple[clock.Moments, tuple[str, ...]]:
    array, zone = _array(name, values)
    try:
        moments = _convert_times(array)
    except clock.MomentError as error:
        _bad_time(name, "time", error)
    notes = [] if moments.unit is None else [f"{quoted(name)} is read as {moments.unit}"]
    if zone is not None:
        moments = replace(moments, zone=_known_zone(zone))
        if moments.zone is None:
            moments = replace(moments, zone="UTC")
            notes.append(f"the time zone {_shortened(zone)} is not known here; times are shown in UTC")
    if moments.wall is not None:
        notes.append("mixed UTC offsets; times are shown in UTC")
    return moments, tuple(notes)


def _convert_times(values: Array) -> clock.Moments:
    if len(values) == 0:
        return clock.Moments(np.empty(0, dtype=np.int64))
    match values.dtype.kind:
        case "M":
            return clock.from_datetime64(values)
        case "i" | "u" | "f":
            return clock.from_numbers(values)
        case "U" | "T":
            return clock.from_texts(values.tolist())
        case "O":
            return _convert_objects(values.tolist())
    raise clock.MomentError("unreadable", 0, str(values[0]))


def _convert_objects(values: list[Any]) -> clock.Moments:
    if set(map(type, values)) == {str}:
        return clock.from_texts(values)
    missing = [_is_missing(value) for value in values]
    if True in missing:
        raise clock.MomentError("missing", missing.index(True), "")
    if all(isinstance(value, int | float | Decimal | np.number) and value is not True for value in values):
        return clock.from_numbers(np.array(values, dtype=object))
    moments = clock.from_texts(
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


def _bad_time(name: str, meaning: str, error: clock.MomentError) -> NoReturn:
    text = repr(_shortened(error.text))
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
