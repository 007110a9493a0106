"""Writes rows as Parquet, CSV or NDJSON, and reads them again; the same rows give the same bytes.

Times are nanoseconds since 1970 in UTC in a row: timestamps in Parquet, ISO 8601 elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import csv
import io
import json
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from .errors import ScoreError

Kind = Literal["text", "whole", "truth", "time"]
Columns: TypeAlias = "Sequence[tuple[str, Kind]]"
FORMATS = ("parquet", "ndjson", "csv")
"""Those that can be written, the one that is read the fastest first."""

_GROUP = 65_536  # rows of a Parquet row group


class Writer:
    """Rows of one table on their way into a file; `close` writes what is left."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._file = file
        self._columns = columns
        self._rows: list[Sequence[Any]] = []

    def add(self, row: Sequence[Any]) -> None:
        """One more row, in the order of the columns."""
        self._rows.append(row)
        if len(self._rows) == _GROUP:
            self._flush()

    def close(self) -> None:
        """Write the rest."""
        self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        self._write(rows)

    def _write(self, rows: list[Sequence[Any]]) -> None:
        raise NotImplementedError


class _Csv(Writer):
    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        super().__init__(file, columns)
        self._write([[name for name, _ in columns]], shown=False)

    def _write(self, rows: list[Sequence[Any]], shown: bool = True) -> None:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerows(map(self._shown, rows) if shown else rows)
        self._file.write(text.getvalue().encode())

    def _shown(self, row: Sequence[Any]) -> list[Any]:
        return [
            ("true" if value else "false") if kind == "truth" else value
            for (_, kind), value in zip(self._columns, _with_iso(self._columns, row), strict=True)
        ]


class _Ndjson(Writer):
    def _write(self, rows: list[Sequence[Any]]) -> None:
        names = [name for name, _ in self._columns]
        for row in rows:
            values = dict(zip(names, _with_iso(self._columns, row), strict=True))
            self._file.write(json.dumps(values).encode("ascii") + b"\n")


class _Parquet(Writer):
    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        super().__init__(file, columns)
        pyarrow = _pyarrow()
        from pyarrow import parquet

        types = {
            "text": pyarrow.string(),
            "whole": pyarrow.int64(),
            "truth": pyarrow.bool_(),
            "time": pyarrow.timestamp("ns", "UTC"),
        }
        self._schema = pyarrow.schema([(name, types[kind]) for name, kind in columns])
        self._parquet = parquet.ParquetWriter(file, self._schema, compression="snappy")

    def _write(self, rows: list[Sequence[Any]]) -> None:
        if not rows:
            return
        pyarrow = _pyarrow()
        columns = zip(zip(*rows, strict=True), self._schema, strict=True)
        arrays = [pyarrow.array(values, field.type) for values, field in columns]
        self._parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        super().close()
        self._parquet.close()


_WRITERS: dict[str, Callable[[IO[bytes], Columns], Writer]] = {
    "parquet": _Parquet,
    "csv": _Csv,
    "ndjson": _Ndjson,
}


def writer(form: str, file: IO[bytes], columns: Columns) -> Writer:
    """A writer of one of `FORMATS`."""
    return _WRITERS[form](file, columns)


def check_format(form: str) -> None:
    """ScoreError for an unknown format, or where Parquet is wanted and cannot be written."""
    if form not in FORMATS:
        raise ScoreError(f"formats are {', '.join(FORMATS)}, not {form!r}")
    if form == "parquet":
        _pyarrow()


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file that `writer` wrote; of CSV all values are texts."""
    if path.suffix == ".parquet":
        from pyarrow import parquet

        with open(path, "rb") as raw:
            for batch in parquet.ParquetFile(raw).iter_batches():
                yield from batch.to_pylist()
    elif path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    else:
        with open(path, encoding="ascii") as file:
            yield from map(json.loads, file)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise ScoreError(
            "Parquet needs pyarrow: pip install 'dslc[data]', or write csv or ndjson (--format)"
        ) from None
    return pyarrow


def _with_iso(columns: Columns, row: Sequence[Any]) -> Iterator[Any]:
    from ..runtime.clock import iso

    for (_, kind), value in zip(columns, row, strict=True):
        yield iso(value, None) if kind == "time" and value is not None else value
