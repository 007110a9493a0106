"""Who does the work: threads of this process, processes of this machine, or Dask's workers on many.

All of them are `concurrent.futures.Executor`s. Processes are spawned, and each holds one end of a pipe; when
the other end closes, because the run has ended, was interrupted or was killed, they end at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
import contextlib
from dataclasses import dataclass
import logging
from multiprocessing import get_context
from multiprocessing.connection import Connection
import os
import re
import signal
import socket
import threading

from .errors import ScoreError


@dataclass(frozen=True)
class Crew:
    """An executor, how many units it does at once, and how to be rid of it.

    `remote` says that its workers may run another engine than this process, `renew` makes the same once more
    after a worker has died; None where nobody but its owner can.
    """

    executor: Executor
    workers: int
    stop: Callable[[], None]
    renew: Callable[[], Crew] | None = None
    remote: bool = False


def threads(count: int) -> Crew:
    """Threads of this process."""
    pool = ThreadPoolExecutor(count, thread_name_prefix="dslc-score")
    return Crew(pool, count, lambda: pool.shutdown(cancel_futures=True), lambda: threads(count))


def processes(count: int) -> Crew:
    """Processes of this machine."""
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, _begin, (theirs,))

    def stop() -> None:
        pool.shutdown(wait=False, cancel_futures=True)
        ours.close()
        pool.shutdown()
        theirs.close()

    return Crew(pool, count, stop, lambda: processes(count))


def _begin(lifeline: Connection) -> None:
    """What a new process does first: leave Ctrl-C to the one that it works for, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: Connection) -> None:
    with contextlib.suppress(OSError, EOFError):
        lifeline.recv_bytes()  # nothing is ever sent: this returns when the other end is gone
    os._exit(1)


def given(executor: Executor) -> Crew:
    """An executor that the caller made and will shut down."""
    workers = getattr(executor, "_max_workers", None) or os.cpu_count() or 1
    local = isinstance(executor, ThreadPoolExecutor | ProcessPoolExecutor)
    return Crew(executor, int(workers), lambda: None, None, not local)


_ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):(?P<port>\d{1,5})")
_PATIENCE = 10.0  # seconds


def _check_answer(address: str) -> None:
    """Whether anybody listens there; Dask itself would try for half a minute."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ScoreError(f"a scheduler has an address such as tcp://10.0.0.1:8786, not {address!r}")
    try:
        socket.create_connection((match["host"].strip("[]"), int(match["port"])), _PATIENCE).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise ScoreError(f"no Dask scheduler answers at {address}: {error}") from error


def cluster(address: str) -> Crew:
    """The workers of a Dask scheduler; ScoreError where there is none."""
    try:
        from distributed import Client
    except ImportError:
        raise ScoreError("a cluster needs Dask: pip install 'dslc[cluster]'") from None
    _check_answer(address)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said by us
    try:
        client = Client(address, timeout=10, set_as_default=False)
        workers = sum(client.nthreads().values())
    except (OSError, ValueError, TypeError) as error:
        raise ScoreError(f"no Dask scheduler answers at {address}: {error}") from error
    if not workers:
        client.close()
        raise ScoreError(f"the scheduler at {address} has no workers; start some: dask worker {address}")
    executor = client.get_executor(pure=False, retries=0)
    return Crew(executor, workers, client.close, None, True)
