"""`dslc score`: the arguments of the command line, the progress, the summary, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass
import re

import click

from ..render import visible
from ..scoring.errors import ScoreError
from ..strategy import MEMORY_BUDGET, WORK_BUDGET
from .checking import INVALID, UNREADABLE

INTERRUPTED = 130
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?", re.IGNORECASE)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    snapshots: str
    data: tuple[str, ...]
    out: str
    column: str | None
    symbol_from: str
    formats: tuple[str, ...]
    entries: bool
    workers: int | None
    cluster: str | None
    memory: str | None
    work: float | None
    top: int
    timeframe: str | None
    resample: bool
    align: str | None


def score_files(request: Request) -> int:
    """Score, report, and return the exit status: 0, or 1 where something was rejected or failed."""
    from ..scoring.report import interrupted, progress_bar, summary
    from ..scoring.run import score

    try:
        memory = MEMORY_BUDGET if request.memory is None else parse_size(request.memory)
        if request.align is not None and not request.resample:
            raise ScoreError("--align says how to resample; it needs --resample")
        if request.workers is not None and request.cluster is not None:
            raise ScoreError("--workers are processes here, --cluster has workers of its own: choose one")
        with progress_bar() as bar:
            found = score(
                request.snapshots,
                request.data,
                request.out,
                column=request.column,
                symbol_from=request.symbol_from,
                timeframe=request.timeframe,
                resample=request.resample,
                align=request.align,
                entries=request.entries,
                formats=request.formats,
                workers=request.workers,
                cluster=request.cluster,
                work=WORK_BUDGET if request.work is None else request.work,
                memory=memory,
                progress=bar,
            )
    except ScoreError as error:
        click.echo(f"dslc: {visible(str(error))}", err=True)
        return UNREADABLE
    except KeyboardInterrupt:
        click.echo(interrupted(request.out), err=True)
        return INTERRUPTED
    click.echo(summary(found, request.top))
    return 0 if found.ok else INVALID


def parse_size(text: str) -> int:
    """A number of bytes; ScoreError where the text is none.

    >>> parse_size("512M"), parse_size("1.5 GiB"), parse_size("4096")
    (536870912, 1610612736, 4096)
    """
    match = _SIZE.fullmatch(text.strip()) if len(text) < 40 else None
    size = int(float(match[1]) * 2 ** _UNITS[match[2].upper()]) if match else 0
    if not 1 <= size < 2**60:
        raise ScoreError(f"--max-memory wants a size such as 512M or 8G, not {text[:40]!r}")
    return size
