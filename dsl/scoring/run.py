"""Scores snapshots on symbols: what is missing is computed, what is finished is kept, then all is written.

1. Read the snapshots, find the symbols and the digests of their files.
2. Where the folder holds the result of exactly this run, return it at once.
3. Compile the snapshots, share out what the store lacks (`dispatch`), and write (`outputs`).

A folder belongs to one run at a time: a lock that the system takes back from a process that dies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
import fcntl
from functools import cache
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .. import grammar, schemas
from ..grammar.words import MINUTES
from ..limits.budgets import check_budget_values
from ..runtime.fingerprint import engine_digest
from ..strategy import MEMORY_BUDGET, WORK_BUDGET
from . import disk, executors
from .dispatch import Dispatch, Progress
from .errors import Failure, ScoreError
from .executors import Crew
from .outputs import Job, all_names, write_result
from .publish import check_folder, current_result
from .result import Scored
from .snapshots import Snapshot, given_snapshots, read_snapshots
from .store import Store
from .strategies import compile_snapshots
from .symbols import Symbol, check_rule, find_files, find_symbols
from .tables import check_format
from .unit import Options

_MOST_THREADS = 8
_MOST_WORKERS = 256
_LOCK = ".lock"


class Silence:
    """Progress that nobody watches."""

    def begin(self, total: int, done: int) -> None:
        """Nothing."""

    def add(self, scores: int) -> None:
        """Nothing."""


def score(
    snapshots: str | Path | Iterable[bytes | str | dict[str, Any] | Path],
    data: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    column: str | None = None,
    symbol_from: str = "stem",
    timeframe: str | None = None,
    resample: bool = False,
    align: str | None = None,
    entries: bool = False,
    formats: Iterable[str] = ("parquet",),
    workers: int | None = None,
    executor: Executor | None = None,
    cluster: str | None = None,
    work: float = WORK_BUDGET,
    memory: int = MEMORY_BUDGET,
    progress: Progress | None = None,
) -> Scored:
    """Score every snapshot on every symbol, and write the results into the folder `out`.

    `snapshots` is a path (NDJSON, a folder, a document, a Parquet file whose `column` has them) or an
    iterable of texts, plain data and paths of documents; `data` are files, folders and globs of bars.
    `symbol_from` is "stem", "parent" or "column:NAME". `entries` writes all entries, too; `formats` are
    "parquet", "csv" and "ndjson". The rest is as for `Strategy.evaluate`.

    The work is done by threads, by `workers` processes, by any `executor`, or by the Dask `cluster` of an
    address. The files that are written are the same to the byte whoever does it, and however often the run
    was killed and called again. `memory` is for all units together (of a cluster: for each), `work` for a
    strategy on a symbol.

    Returns what was written, with counts; see `Scored`. What is wrong with a snapshot or a symbol is among
    `rejected` and `failures` there. Raises ScoreError where the run cannot begin or go on, KeyboardInterrupt
    where it is interrupted; what was finished is kept, and the next call goes on from there.
    """
    _check(workers, executor, cluster, timeframe, align if not resample else None)
    try:
        check_budget_values(work=work, memory=memory)
    except ValueError as error:
        raise ScoreError(str(error)) from error
    check_rule(symbol_from)
    chosen = tuple(dict.fromkeys([formats] if isinstance(formats, str) else formats)) or ("parquet",)
    for form in chosen:
        check_format(form)
    folder = Path(out)
    files = find_files([str(data)] if isinstance(data, str | Path) else map(str, data), without=folder)
    read = list(_read(snapshots, column, folder))
    if not read:
        raise ScoreError("there are no snapshots" + (f" in {snapshots}" if _is_path(snapshots) else ""))
    symbols, failures = find_symbols(files, symbol_from)
    options = Options(resample, align, entries, work)
    with _own(folder):
        check_folder(folder, all_names())
        crew = _crew(workers, executor, cluster)
        try:
            engine = _engine_of(crew)
            about = [symbol_from, timeframe, resample, align, entries, chosen, work, memory, engine]
            digest = _digest(read, symbols, failures, about)
            record = current_result(folder, digest)
            if record is not None:
                return Scored.of(folder, record, computed=0)
            book = compile_snapshots(read, timeframe)
            store = Store(folder / ".units", options, engine)
            watcher = progress or Silence()
            dispatch = Dispatch(symbols, book.documents, options, engine, store, crew, memory, watcher)
            try:
                dispatch.do()
            finally:
                crew = dispatch.crew
        finally:
            crew.stop()
        job = Job(book, symbols, options, engine, chosen, digest)
        record = write_result(folder, job, dispatch.kept, [*failures, *dispatch.failures])
        return Scored.of(folder, record, dispatch.computed)


def _check(
    workers: int | None,
    executor: Executor | None,
    cluster: str | None,
    timeframe: str | None,
    align: str | None,
) -> None:
    if sum(choice is not None for choice in (workers, executor, cluster)) > 1:
        raise ScoreError("the work is done by processes, by an executor or by a cluster: choose one")
    if workers is not None and not 1 <= workers <= _MOST_WORKERS:
        raise ScoreError(f"workers are 1 to {_MOST_WORKERS}, not {workers}")
    if align is not None:
        raise ScoreError("align says how to resample; it needs resample")
    if timeframe is not None and timeframe not in MINUTES:
        raise ScoreError(f"{timeframe!r} is not a timeframe; timeframes: {' '.join(MINUTES)}")


def _is_path(snapshots: Any) -> bool:
    return isinstance(snapshots, str | Path)


def _read(snapshots: Any, column: str | None, out: Path) -> Iterator[Snapshot]:
    if _is_path(snapshots):
        return read_snapshots(snapshots, column, without=out)
    if isinstance(snapshots, dict | bytes):
        raise TypeError("score takes a path of snapshots or a list of them; for one alone there is evaluate")
    return given_snapshots(snapshots)


def _crew(workers: int | None, executor: Executor | None, cluster: str | None) -> Crew:
    if cluster is not None:
        return executors.cluster(cluster)
    if executor is not None:
        return executors.given(executor)
    if workers is not None:
        return executors.processes(workers)
    return executors.threads(min(_MOST_THREADS, os.cpu_count() or 1))


def _engine_of(crew: Crew) -> str:
    """The digest of the engine that does the work: of a cluster, that of the worker that answers first."""
    return crew.executor.submit(engine_digest).result() if crew.remote else engine_digest()


@contextmanager
def _own(folder: Path) -> Iterator[None]:
    """The folder for this run alone."""
    disk.make_folder(folder)
    try:
        file = open(folder / _LOCK, "wb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise disk.refused(folder / _LOCK, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ScoreError(f"another run writes into {folder}; wait for it, or choose another folder") from None
    finally:
        file.close()


def _digest(read: list[Snapshot], symbols: list[Symbol], failures: list[Failure], about: list[Any]) -> str:
    """What a run is about, all that its result may depend on."""
    hashed = hashlib.sha256(json.dumps([_front_digest(), about]).encode())
    for snapshot in read:
        source = snapshot.source
        content = source if isinstance(source, bytes) else repr(source).encode("utf-8", "backslashreplace")
        names = (snapshot.name, snapshot.named, snapshot.place, snapshot.problem, type(source).__name__)
        name = "\0".join(map(str, names))
        hashed.update(_framed(name.encode("utf-8", "backslashreplace")) + _framed(content))
    for symbol in symbols:
        hashed.update(_framed(json.dumps([symbol.name, symbol.content]).encode()))
    hashed.update(json.dumps(failures).encode())
    return hashed.hexdigest()


def _framed(content: bytes) -> bytes:
    return str(len(content)).encode() + b":" + content


@cache
def _front_digest() -> str:
    """SHA-256 of the sources that judge documents and write results; the engine has one of its own."""
    hashed = hashlib.sha256()
    roots = [Path(str(module.__file__)).parent for module in (grammar, schemas)]
    for root in (*roots, Path(__file__).parent):
        with suppress(OSError):
            for path in sorted(root.rglob("*.py")):
                hashed.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()
