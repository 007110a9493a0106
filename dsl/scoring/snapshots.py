"""Reads snapshots one by one: NDJSON, a folder of documents, a single document, or a Parquet column.

A snapshot is a strategy document or an envelope. Nothing is judged here: a line that is no JSON is a
snapshot that will be rejected. No more of a document is read than it takes to see that it is too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import os
from pathlib import Path
import sys
from typing import IO, Any

from ..files import DOCUMENT, STDIN, documents_below, read_document
from ..grammar.words import LIMITS, listing
from .errors import ScoreError
from .symbols import is_below

LINES = (".ndjson", ".jsonl")
COLUMNAR = (".parquet", ".pq")
_COLUMNS = ("strategySnapshotJson", "snapshot", "strategy")
_NAMES = ("id", "snapshotId", "name")
_ROWS = 256  # of a Parquet column, at a time


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One document as it came.

    `source` is its text, or plain data, or None where nothing could be read; then `problem` says why.
    `name` is what the place gives it for a name, and `place` says where it stood. `named` is a name that
    stood beside it, in a column, and is stronger than both.
    """

    name: str
    place: str
    source: bytes | str | dict[str, Any] | None
    problem: str = ""
    named: str | None = None


def read_snapshots(
    source: str | Path, column: str | None = None, without: Path | None = None
) -> Iterator[Snapshot]:
    """The snapshots of a file or folder in their order, `-` being NDJSON on standard input.

    A folder gives every .json file below it, by name; of a Parquet file `column` names the column with the
    documents. What lies in the folder `without`, the results of a run, is none. Raises ScoreError where the
    whole cannot be read; one file of a folder that cannot be is a snapshot with a problem.
    """
    try:
        yield from _read(str(source), column, without)
    except OSError as error:
        raise ScoreError(f"{error.filename or source}: {error.strerror or error}") from error


def given_snapshots(sources: Iterable[bytes | str | dict[str, Any] | Path]) -> Iterator[Snapshot]:
    """Snapshots of what a Python caller has: texts, plain data, or paths of single documents.

    >>> [found.name for found in given_snapshots(["{}", {}])]
    ['1', '2']
    """
    for number, source in enumerate(sources, 1):
        if isinstance(source, Path):
            yield _of_file(source, source.stem, str(source))
        else:
            yield Snapshot(str(number), str(number), source)


def _read(source: str, column: str | None, without: Path | None) -> Iterator[Snapshot]:
    kind = Path(source).suffix.lower()
    if column is not None and kind not in COLUMNAR:
        raise ScoreError(f"--column is the column of a Parquet file, and {source} is none")
    if source == STDIN:
        yield from _lines(sys.stdin.buffer, "<stdin>")
    elif os.path.isdir(source):
        yield from _folder(source, without)
    elif kind in LINES:
        with open(source, "rb") as file:
            yield from _lines(file, Path(source).name)
    elif kind in COLUMNAR:
        yield from _column(Path(source), column)
    elif kind == DOCUMENT:
        yield Snapshot(Path(source).stem, Path(source).name, read_document(source))
    else:
        known = ", ".join((*LINES, DOCUMENT, *COLUMNAR))
        raise ScoreError(f"{source} is neither a folder nor a file of snapshots, which ends in {known}")


def _folder(folder: str, without: Path | None) -> Iterator[Snapshot]:
    for path in map(Path, documents_below(folder)):
        if is_below(path, without):
            continue
        inner = path.relative_to(folder).as_posix()
        yield _of_file(path, inner.removesuffix(DOCUMENT), inner)


def _of_file(path: Path, name: str, place: str) -> Snapshot:
    try:
        return Snapshot(name, place, read_document(path))
    except OSError as error:
        return Snapshot(name, place, None, str(error.strerror or error))


def _lines(file: IO[bytes], label: str) -> Iterator[Snapshot]:
    """One snapshot a line that is not blank; of a line that is too long only the beginning."""
    number = 0
    limit = LIMITS.document_bytes + 1
    while line := file.readline(limit + 1):
        number += 1
        rest = line
        while len(rest) > limit and not rest.endswith(b"\n"):
            rest = file.readline(limit + 1)
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            place = f"{label}:{number}"
            yield Snapshot(place, place, line.rstrip(b"\r\n"))


def _column(path: Path, column: str | None) -> Iterator[Snapshot]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ScoreError("a Parquet file of snapshots needs pyarrow: pip install 'dslc[data]'") from None
    with open(path, "rb") as raw:
        try:
            file = pyarrow.parquet.ParquetFile(raw)
            names = file.schema_arrow.names
            texts = [field.name for field in file.schema_arrow if _is_text(pyarrow, field.type)]
            wanted = _wanted(path, column, names, texts)
            beside = next((name for name in _NAMES if name in names and name != wanted), None)
            columns = [wanted] if beside is None else [wanted, beside]
            row = 0
            for batch in file.iter_batches(_ROWS, columns=columns):
                documents = batch.column(wanted).to_pylist()
                ids = [None] * len(documents) if beside is None else batch.column(beside).to_pylist()
                for document, identity in zip(documents, ids, strict=True):
                    place = f"{path.name}:{row}"
                    named = None if identity is None else str(identity)
                    yield Snapshot(place, place, document, "the cell is empty", named)
                    row += 1
        except (pyarrow.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ScoreError(f"{path}: cannot be read as Parquet: {reason}") from error


def _is_text(pyarrow: Any, kind: Any) -> bool:
    types = pyarrow.types
    return any(
        judge(kind)
        for judge in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    )


def _wanted(path: Path, column: str | None, names: list[str], texts: list[str]) -> str:
    if column is not None:
        if column not in texts:
            raise ScoreError(f"{path} has no column {column!r} of texts; it has {listing(names)}")
        return column
    for name in _COLUMNS:
        if name in texts:
            return name
    if len(texts) == 1:
        return texts[0]
    raise ScoreError(
        f"{path} does not say which of its columns has the snapshots; name it with --column: {listing(names)}"
    )
