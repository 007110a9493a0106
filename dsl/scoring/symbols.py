"""Finds bars files and the symbols that they hold.

Patterns are files, folders (every bars file below), or globs, which need quotes so that the shell leaves
them alone. A file is one symbol, named by its stem or by its folder; or it holds many, which a column tells
apart. Two files of one symbol would be two answers to one question: that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
import contextlib
from dataclasses import dataclass
import glob
import hashlib
from itertools import pairwise
import os
from pathlib import Path
from typing import Any

from ..grammar.words import listing
from .errors import Failure, ScoreError

SUFFIXES = (".csv", ".csv.gz", ".txt", ".txt.gz", ".tsv", ".tsv.gz", ".parquet", ".pq")
_LONGEST_FIRST = sorted(SUFFIXES, key=len, reverse=True)
COLUMN = "column:"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol, the file with its bars and the SHA-256 of that, and the column that tells symbols apart."""

    name: str
    path: Path
    digest: str
    column: str | None = None

    @property
    def content(self) -> str:
        """What its bars are made of, whatever the file is called: the address of its results."""
        part = "" if self.column is None else f"{self.column}\0{self.name}"
        return hashlib.sha256(f"{self.digest}\0{_kind(self.path)}\0{part}".encode()).hexdigest()


def check_rule(rule: str) -> str:
    """The rule by which symbols get their names; ScoreError for an unknown one."""
    if rule in ("stem", "parent") or (rule.startswith(COLUMN) and rule != COLUMN):
        return rule
    raise ScoreError(f"symbols come from stem, parent or column:NAME, not from {rule!r}")


def find_files(patterns: Iterable[str], without: Path | None = None) -> list[Path]:
    """The bars files that the patterns name, each once; ScoreError for a pattern that names none.

    What lies in the folder `without` is no bars file: the results of a run, which may lie among the bars.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        paths = sorted(path for path in _matches(pattern) if not is_below(path, without))
        if not paths:
            raise ScoreError(f"no bars file is named by {pattern!r}; a pattern ends in one of {_listed()}")
        for path in paths:
            found.setdefault(os.path.realpath(path), path)
    return sorted(found.values())


def is_below(path: Path, folder: Path | None) -> bool:
    """Whether a file lies in a folder, by the name under which it was found."""
    return folder is not None and Path(os.path.abspath(path)).is_relative_to(os.path.abspath(folder))


def _listed() -> str:
    return ", ".join(SUFFIXES)


def _matches(pattern: str) -> Iterator[Path]:
    if os.path.isdir(pattern):
        yield from _below(Path(pattern))
    elif os.path.lexists(pattern):
        yield Path(pattern)
    else:
        for name in glob.iglob(pattern, recursive=True):
            if os.path.isdir(name):
                yield from _below(Path(name))
            elif name.lower().endswith(SUFFIXES):
                yield Path(name)


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Path(place, name)


def find_symbols(files: list[Path], rule: str = "stem") -> tuple[list[Symbol], list[Failure]]:
    """The symbols of the files by name, and what failed: files that cannot be read.

    `rule` is "stem", "parent" (the name of the folder) or "column:NAME". Raises ScoreError where two files
    hold the same symbol.
    """
    column = rule.removeprefix(COLUMN) if check_rule(rule).startswith(COLUMN) else None
    symbols: list[Symbol] = []
    failures: list[Failure] = []
    with ThreadPoolExecutor(4) as pool:
        for path, digest in zip(files, pool.map(_digest_or_reason, files), strict=True):
            name = _spelled(path.parent.resolve().name) if rule == "parent" else _stem(path)
            if isinstance(digest, Failure):
                failures.append(digest._replace(symbol=name))
            elif column is None:
                symbols.append(Symbol(name, path, digest))
            else:
                _split(path, digest, column, symbols, failures)
    symbols.sort(key=lambda symbol: symbol.name)
    _refuse_twins(symbols)
    return symbols, failures


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes; OSError where it cannot be read."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_or_reason(path: Path) -> str | Failure:
    try:
        return file_digest(path)
    except OSError as error:
        return Failure("", None, "S101", f"{path}: {error.strerror or error}")


def _split(path: Path, digest: str, column: str, symbols: list[Symbol], failures: list[Failure]) -> None:
    """The symbols of a file that holds several."""
    from ..runtime.bars_error import BarsError

    try:
        names, without = _names(path, column)
    except OSError as error:
        failures.append(Failure(_stem(path), None, "S101", f"{path}: {error.strerror or error}"))
        return
    except BarsError as error:
        failures.append(Failure(_stem(path), None, error.code, str(error)))
        return
    if without:
        failures.append(Failure(_stem(path), None, "S104", f"{without:,} rows of {path.name} have no symbol"))
    if not names and not without:
        failures.append(Failure(_stem(path), None, "S102", f"{path.name} has no rows"))
    symbols.extend(Symbol(name, path, digest, column) for name in names)


def _names(path: Path, column: str) -> tuple[list[str], int]:
    import pandas

    values = pandas.Series(_only(path, column))
    known = values[values.notna()]
    return sorted(set(map(str, known.unique().tolist()))), int(values.isna().sum())


def _only(path: Path, column: str) -> Any:
    """One column; of a Parquet file nothing else is read."""
    from ..runtime.bars_error import BarsError
    from ..runtime.files import read_file

    if path.name.lower().endswith((".parquet", ".pq")):
        with contextlib.suppress(
            Exception
        ):  # whatever Arrow raises on broken bytes; read_file says it better
            from pyarrow import parquet

            return parquet.read_table(path, columns=[column]).column(0).to_pylist()
    pairs = read_file(path)
    for name, values in pairs:
        if name == column:
            return values.to_pylist() if hasattr(values, "to_pylist") else values
    names = listing(name for name, _ in pairs)
    raise BarsError(
        "B301", f"there is no column {column!r}; the columns are {names}", help="name one of them"
    )


def _refuse_twins(symbols: list[Symbol]) -> None:
    for one, other in pairwise(symbols):
        if one.name == other.name:
            raise ScoreError(
                f"both {one.path} and {other.path} are of the symbol {one.name}; leave one out, or take the "
                "names from elsewhere (--symbol-from parent, or column:NAME)"
            )


def _kind(path: Path) -> str:
    name = path.name.lower()
    return next((suffix for suffix in _LONGEST_FIRST if name.endswith(suffix)), path.suffix.lower())


def _stem(path: Path) -> str:
    return _spelled(path.name[: len(path.name) - len(_kind(path))] or path.name)


def _spelled(name: str) -> str:
    """A name that every file format can hold, whatever was in the name of a file."""
    return name.encode("utf-8", "backslashreplace").decode()
