"""Writes what a run has found, in the order of snapshots and, of each, symbols.

Nothing in it depends on when, where and by how many the work was done, so the same run gives the same bytes.

`scores`: one row a (snapshot, symbol). Score, entry and conditions are those of the last candle, what to
trade now. `entries`, where wanted: one row an entry. `rejected`: the snapshots that did not compile, with
their diagnostics. `failures`: what could not be scored and why; no snapshot is named where it is all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from . import disk
from .errors import Failure
from .publish import RECORD, publish
from .store import Kept
from .strategies import Book
from .symbols import Symbol
from .tables import FORMATS, Columns, Writer, writer
from .unit import Facts, Options, Row

SCORES: Columns = (
    ("snapshot", "text"),
    ("hash", "text"),
    ("symbol", "text"),
    ("timeframe", "text"),
    ("candles", "whole"),
    ("first", "time"),
    ("last", "time"),
    ("entries", "whole"),
    ("last_entry", "time"),
    ("since_entry", "whole"),
    ("score", "whole"),
    ("entry", "truth"),
    ("conditions", "text"),
    ("notes", "text"),
    ("bars", "text"),
    ("engine", "text"),
)
ENTRIES: Columns = (
    ("snapshot", "text"),
    ("hash", "text"),
    ("symbol", "text"),
    ("time", "time"),
    ("row", "whole"),
)
REJECTED, FAILURES = "rejected.ndjson", "failures.ndjson"
_BLOCK = 50_000  # rows in memory at a time
_AGAIN = ("S101", "S103", "S201", "S202", "S203", "S204")  # what may be otherwise the next time


@dataclass(frozen=True)
class Job:
    """What a run is about; `digest` names it."""

    book: Book
    symbols: Sequence[Symbol]
    options: Options
    engine: str
    formats: tuple[str, ...]
    digest: str


def all_names() -> list[str]:
    """The files that any run could write."""
    tables = [f"{table}.{form}" for table in ("scores", "entries") for form in FORMATS]
    return [*tables, REJECTED, FAILURES, RECORD]


def write_result(
    out: Path, job: Job, kept: Mapping[str, Sequence[Kept]], failures: Sequence[Failure]
) -> dict[str, Any]:
    """Write the files of a run and make them the current result; its record."""

    def fill(folder: Path) -> dict[str, Any]:
        rows, entering = _write_scores(folder, job, kept)
        _write_lines(folder / REJECTED, job.book.rejected)
        failed = list(_failure_lines(job, failures))
        _write_lines(folder / FAILURES, failed)
        return {
            "run": job.digest,
            "engine": job.engine,
            "snapshots": job.book.snapshots,
            "strategies": len(job.book.documents),
            "rejected": len(job.book.rejected),
            "symbols": len(job.symbols),
            "rows": rows,
            "entering": entering,
            "failures": len(failed),
            "again": any(failure.code in _AGAIN for failure in failures),
        }

    return publish(out, fill)


def _write_scores(folder: Path, job: Job, kept: Mapping[str, Sequence[Kept]]) -> tuple[int, int]:
    """How many rows there are, and how many of them enter on the last candle."""
    count = entering = 0
    with ExitStack() as stack:

        def table(name: str, columns: Columns) -> list[Writer]:
            files = (stack.enter_context(disk.new_file(folder / f"{name}.{form}")) for form in job.formats)
            return [writer(form, file, columns) for form, file in zip(job.formats, files, strict=True)]

        scores = table("scores", SCORES)
        entries = table("entries", ENTRIES) if job.options.entries else []
        for snapshot, symbol, facts, row in _rows(job, kept):
            count += 1
            entering += row.entry
            for one in scores:
                one.add(_score_row(snapshot, symbol, facts, row, job.engine))
            for one in entries:
                for time in row.times:
                    moment = (None, time) if facts.first is None else (time, None)
                    one.add((snapshot, row.strategy, symbol, *moment))
        for one in (*scores, *entries):
            one.close()
    return count, entering


def _rows(job: Job, kept: Mapping[str, Sequence[Kept]]) -> Iterator[tuple[str, str, Facts, Row]]:
    """Every row in order. So many snapshots at a time that each file is opened once for many of its rows."""
    size = max(1, _BLOCK // max(1, len(job.symbols)))
    for start in range(0, len(job.book.rows), size):
        block = job.book.rows[start : start + size]
        found = [_of_symbol(kept.get(symbol.name, ()), {name for _, name in block}) for symbol in job.symbols]
        for snapshot, strategy in block:
            for symbol, rows in zip(job.symbols, found, strict=True):
                if strategy in rows:
                    yield snapshot, symbol.name, *rows[strategy]


def _of_symbol(kept: Sequence[Kept], strategies: set[str]) -> dict[str, tuple[Facts, Row]]:
    found: dict[str, tuple[Facts, Row]] = {}
    for one in kept:
        wanted = [name for name in strategies if name in one.places and name not in found]
        if wanted:
            with open(one.path, "rb") as file:
                for name in sorted(wanted, key=one.places.__getitem__):
                    row = one.row(file, name)
                    found[name] = one.facts[row.timeframe], row
    return found


def _score_row(snapshot: str, symbol: str, facts: Facts, row: Row, engine: str) -> tuple[Any, ...]:
    return (
        snapshot,
        row.strategy,
        symbol,
        row.timeframe,
        facts.candles,
        facts.first,
        facts.last,
        row.entries,
        row.last_entry,
        row.since,
        row.score,
        row.entry,
        " ".join(row.conditions),
        "; ".join((*facts.notes, *row.notes)),
        facts.digest,
        engine,
    )


def _failure_lines(job: Job, failures: Sequence[Failure]) -> Iterator[dict[str, Any]]:
    """Those of whole symbols first, then in the order of the scores."""
    by_strategy: dict[str, list[Failure]] = {}
    for failure in sorted(set(failures), key=lambda found: (found.symbol, found.code, found.message)):
        if failure.strategy is None:
            yield _failure_line(None, failure)
        else:
            by_strategy.setdefault(failure.strategy, []).append(failure)
    for snapshot, strategy in job.book.rows:
        for failure in by_strategy.get(strategy, ()):
            yield _failure_line(snapshot, failure)


def _failure_line(snapshot: str | None, failure: Failure) -> dict[str, Any]:
    return {
        "snapshot": snapshot,
        "hash": failure.strategy,
        "symbol": failure.symbol,
        "code": failure.code,
        "message": failure.message,
    }


def _write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    with disk.new_file(path) as file:
        for line in lines:
            file.write(json.dumps(line).encode("ascii") + b"\n")
