"""Owns files of market data: turns CSV and Parquet into named columns.

Of a CSV, `_header` reads the names itself, so that the columns of times are known before pandas reads
the rows: they must stay text, or 000500 would lose its zeros.
"""

import codecs
import csv
import gzip
import io
from pathlib import Path
import re
from typing import Any, NoReturn
import zlib

import numpy as np

from .bars_error import BarsError
from .column_names import match_names, quoted, shortened

Pairs = list[tuple[str, Any]]

_LONGEST_HEADER = 1 << 20  # bytes


def read_file(path: Path) -> Pairs:
    """(name, values) of every column, in the order of the file; values are pandas' or Arrow's.

    Raises BarsError B102 and B103, and OSError where the file is missing or locked.
    """
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
    if not content or content.isspace():
        raise BarsError("B102", f"{quoted(path.name)} is empty", help="the first line must name the columns")
    return _parquet(path, content) if columnar else _csv(path, content)


def _parquet(path: Path, content: bytes) -> Pairs:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BarsError("B103", "Parquet needs pyarrow", help="install dslc[data]") from None
    try:
        table = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(content)).read()
        return list(zip(table.column_names, table.columns, strict=True))
    except Exception as error:  # on broken bytes Arrow raises its own errors, OSError and others
        _unreadable_file(path, "Parquet", error)


def _csv(path: Path, content: bytes) -> Pairs:
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
            dtype=dict.fromkeys(texts, object),  # texts as they are; `str` would make Arrow of them
            skipinitialspace=True,
            low_memory=False,
            encoding_errors="replace",
            **exact,
        )
    except pandas.errors.EmptyDataError:
        return [(name, []) for name in names]
    except Exception as error:  # hostile bytes reach pandas' own parser: no list of its errors is complete
        if re.search(r"Expected \d+ fields", str(error)):
            _surplus(path, names, None)
        _unreadable_file(path, "CSV", error)
    more = frame[len(names)].notna().to_numpy()
    if more.any():
        _surplus(path, names, int(np.argmax(more)))
    return [(name, frame[place]) for place, name in enumerate(names)]


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
    reason = shortened(" ".join(str(error).split()) or type(error).__name__, 160)
    raise BarsError(
        "B102", f"{quoted(path.name)} cannot be read as {kind}: {reason}", help="export the file again"
    ) from None
