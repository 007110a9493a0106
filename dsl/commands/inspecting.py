"""`dslc inspect`: reports what is known of a strategy before any candle is seen, or draws its graph."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..files import STDIN, OutputError, check_output, write_atomically
from ..render import visible
from ..strategy import Strategy, StrategyError
from .checking import INVALID, UNREADABLE
from .sources import Failure, Sources, read_strategy

if TYPE_CHECKING:
    from ..about.drawn import Form

SUFFIXES: dict[str, tuple[str, ...]] = {
    "mermaid": (".mmd", ".mermaid", ".txt"),
    "dot": (".dot", ".gv", ".txt"),
    "svg": (".svg",),
    "json": (".json",),
    "text": (".txt",),
}


@dataclass(frozen=True)
class Request:
    """What the command line asked for; `graph` instead of the report where it is not None."""

    strategy: str
    timeframe: str | None
    values: tuple[str, ...]
    form: str
    graph: Form | None
    out: Path | None


def inspect_strategy(request: Request) -> int:
    """Report or draw, print or write; returns the exit status."""
    try:
        _inspect(request)
    except Failure as failure:
        return failure.report()
    except OutputError as error:
        return Failure(str(error), UNREADABLE).report()
    return 0


def _inspect(request: Request) -> None:
    out = request.out
    if out is not None:
        inputs = [] if request.strategy == STDIN else [Path(request.strategy)]
        check_output(out, inputs, SUFFIXES[request.graph or request.form])
    sources = Sources(request.strategy, Path(), request.timeframe, False, None, request.values)
    text = _text(request, read_strategy(sources))
    if out is None:
        click.echo(text, nl=False)
        return
    write_atomically(out, lambda path: _write(path, text))
    click.echo(f"Wrote {visible(str(out))}")


def _text(request: Request, strategy: Strategy) -> str:
    name = strategy.name or ("strategy" if request.strategy == STDIN else Path(request.strategy).stem)
    if request.graph is not None:
        return strategy.picture(request.graph, title=name)
    try:
        report = strategy.report()
    except StrategyError as error:
        raise Failure(str(error), INVALID) from error
    if request.form == "json":
        return json.dumps(report.as_dict(), indent=2, ensure_ascii=True, allow_nan=False) + "\n"
    return (str(report) if strategy.name else f"Strategy   {visible(name)}\n{report}") + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
