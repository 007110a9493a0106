"""Reads the bars of symbols: a file each, or the rows of one file that a column says are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .errors import Failure
from .symbols import Symbol

if TYPE_CHECKING:
    from pathlib import Path

    from ..runtime.bars import Bars


def read_histories(
    symbols: Sequence[Symbol], series: Sequence[str] = ()
) -> Iterator[tuple[Symbol, Bars | Failure]]:
    """Each symbol with its bars, or why there are none; neighbours in one file are read together.

    `series` are further columns to keep where a file has them.
    """
    for (path, column), some in groupby(symbols, key=lambda symbol: (symbol.path, symbol.column)):
        if column is None:
            yield from ((symbol, _guarded(symbol, path, series)) for symbol in some)
        else:
            yield from _of_column(path, column, list(some), series)


def reckoned_bytes(path: Path) -> int:
    """About how much memory reading a file takes: the file, the columns as read, and the bars.

    A row of CSV is some 60 bytes and takes 300 (its texts, a table of numbers, the bars), one of Parquet some
    25 and takes 200; what gzip packs is five times as long.
    """
    size = path.stat().st_size
    name = path.name.lower()
    if name.endswith((".parquet", ".pq")):
        return 8 * size
    return (25 if name.endswith(".gz") else 5) * size


def _guarded(symbol: Symbol, source: Any, series: Sequence[str]) -> Bars | Failure:
    """Bars of a path or of columns, or the reason why not."""
    from ..runtime.bars import Bars
    from ..runtime.bars_error import BarsError

    try:
        return Bars(source, series=series)
    except BarsError as error:
        return Failure(symbol.name, None, error.code, str(error))
    except OSError as error:
        return Failure(symbol.name, None, "S101", f"{symbol.path}: {error.strerror or error}")
    except MemoryError:
        return Failure(symbol.name, None, "S202", "there was not enough memory for the bars")


def _of_column(
    path: Path, column: str, symbols: list[Symbol], series: Sequence[str]
) -> Iterator[tuple[Symbol, Bars | Failure]]:
    from ..runtime.bars_error import BarsError
    from ..runtime.files import read_file

    try:
        pairs = read_file(path)
        names = _names(pairs, column)
    except BarsError as error:
        yield from ((symbol, Failure(symbol.name, None, error.code, str(error))) for symbol in symbols)
        return
    except OSError as error:
        reason = f"{path}: {error.strerror or error}"
        yield from ((symbol, Failure(symbol.name, None, "S101", reason)) for symbol in symbols)
        return
    others = [(name, values) for name, values in pairs if name != column]
    for symbol in symbols:
        mask = names == symbol.name
        rows = {name: _where(values, mask) for name, values in others}
        yield symbol, _guarded(symbol, rows, series)


def _names(pairs: list[tuple[str, Any]], column: str) -> Any:
    """The symbol of each row, as an array of texts; None where there is none."""
    import numpy as np

    from ..runtime.bars_error import BarsError

    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BarsError("B105", f"two columns are called {twice!r}", help="rename or drop one")
    values = dict(pairs).get(column)
    if values is None:
        raise BarsError("B301", f"there is no column {column!r}", help="name the column of the symbols")
    listed = values.to_pylist() if hasattr(values, "to_pylist") else list(values)
    known = [None if value is None or value != value else str(value) for value in listed]
    return np.array(known, dtype=object)


def _where(values: Any, mask: Any) -> Any:
    if hasattr(values, "to_pylist"):  # Arrow
        import pyarrow

        return values.filter(pyarrow.array(mask))
    return values[mask] if hasattr(values, "iloc") else []
