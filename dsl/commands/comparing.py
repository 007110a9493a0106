"""`dslc diff`: says what changed in meaning between two strategies, and where their entries differ."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
import sys
from typing import Any

import click

from ..compiler.front import check
from ..files import STDIN
from ..grammar.document import load
from ..grammar.source import Source
from ..render import Checked, as_text, visible
from ..strategy import Strategy, StrategyError
from .checking import UNREADABLE, is_colored, read_source
from .sources import Failure, read_files
from .waiting import waiting

SAME, DIFFERENT = 0, 1


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    before: str
    after: str
    data: Path | None
    timeframe: str | None
    resample: bool
    align: str | None
    form: str
    others: tuple[str, ...] = ()


def compare_strategies(request: Request) -> int:
    """Compare and print; returns the exit status."""
    try:
        return _compare(request)
    except Failure as failure:
        return failure.report()


def _compare(request: Request) -> int:
    from ..about.difference import diff

    _refuse(request)
    before, after = _read(request.before), _read(request.after)
    try:
        bars = None if request.data is None else _bars(request, request.data, (before, after))
        with waiting("comparing …"):
            found = diff(
                before,
                after,
                bars,
                timeframe=request.timeframe,
                resample=request.resample,
                align=request.align,
            )
    except (StrategyError, ValueError) as error:
        raise Failure(str(error), UNREADABLE) from error
    if request.form == "json":
        files = {"files": [visible(request.before), visible(request.after)]}
        data = json.dumps({**files, **found.as_dict()}, indent=2, ensure_ascii=True, allow_nan=False)
        click.echo(data)
    else:
        click.echo(f"A  {visible(request.before)}  {before.hash[:12]}")
        click.echo(f"B  {visible(request.after)}  {after.hash[:12]}")
        click.echo(f"\n{found}")
    return SAME if found.same else DIFFERENT


def _refuse(request: Request) -> None:
    """Refuse what cannot be right whatever the files hold."""
    if request.before == request.after == STDIN:
        raise Failure("- is standard input and can be one of the two only", UNREADABLE)
    if request.data is None and (request.timeframe or request.resample or request.align or request.others):
        options = "--timeframe, --resample, --align and --symbol"
        raise Failure(f"{options} are about bars; they need --data", UNREADABLE)
    if request.align is not None and not request.resample:
        raise Failure("--align says how to resample; it needs --resample", UNREADABLE)
    if request.data is not None and request.data.is_dir():
        raise Failure(f"{request.data} is a folder; name one file", UNREADABLE)


def _read(name: str) -> Strategy:
    try:
        document = load(read_source(name), "<stdin>" if name == STDIN else name)
    except OSError as error:
        raise Failure(f"{name}: {error.strerror or error}", UNREADABLE) from error
    checked, diagnostics = check(document)
    if checked is None:
        found = Checked(Source(document.text or "", document.label), diagnostics)
        click.echo(as_text(found, color=is_colored(sys.stderr)), err=True)
        raise Failure("", UNREADABLE)
    return Strategy(checked, document, None)


def _bars(request: Request, path: Path, strategies: tuple[Strategy, Strategy]) -> Any:
    from ..runtime.bars import BarsError

    try:
        return read_files(path, request.others, strategies)
    except OSError as error:
        raise Failure(f"{error.filename or path}: {error.strerror or error}", UNREADABLE) from error
    except BarsError as error:
        raise Failure(str(error), UNREADABLE) from error
