"""`dslc run`: evaluates one strategy on one history and reports what it would have done.

Everything that can be refused is refused before the bars are read: the strategy, the output
file, the times. The whole history is evaluated; `--from` and `--to` only choose what is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..files import STDIN, OutputError, check_output, write_atomically
from ..render import visible
from .checking import UNREADABLE
from .sources import Failure, Sources, check_sources, evaluate, heading, read_strategy, span

if TYPE_CHECKING:
    import pandas as pd

    from ..result import Evaluation
    from ..runtime.bars import Bars
    from ..strategy import Strategy

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    sources: Sources
    out: Path | None
    first: str | None
    last: str | None
    show: int


def run_strategy(request: Request) -> int:
    """Evaluate, report, write; returns the exit status."""
    try:
        _run(request)
    except Failure as failure:
        return failure.report()
    except (OutputError, _TimeError) as error:
        return Failure(str(error), UNREADABLE).report()
    return 0


def _run(request: Request) -> None:
    sources = request.sources
    check_sources(sources)
    if request.out is not None:
        inputs = [sources.data] if sources.strategy == STDIN else [sources.data, Path(sources.strategy)]
        check_output(request.out, inputs, SUFFIXES)
    strategy = read_strategy(sources)
    result = evaluate(sources, strategy)
    rows = _rows(result.bars, request.first, request.last)
    if request.out is not None:
        _write(request.out, result.to_pandas().iloc[rows])
    click.echo("\n".join(_report(request, strategy, result, rows)))
    if request.out is not None:
        click.echo(f"\nWrote {rows.stop - rows.start:,} candles to {visible(str(request.out))}")


class _TimeError(Exception):
    """A time on the command line that cannot be used."""


def _rows(bars: Bars, first: str | None, last: str | None) -> slice:
    """The rows to report, both ends included; a date as the last one means its whole day."""
    from ..candle import rows_between

    if bars.times is None and not first is last is None:
        raise _TimeError("--from and --to need bars with times")
    try:
        return rows_between(bars, first, last, ("--from", "--to"))
    except ValueError as error:
        raise _TimeError(str(error)) from error


def _report(request: Request, strategy: Strategy, result: Evaluation, rows: slice) -> list[str]:
    count = rows.stop - rows.start
    lines = [*heading(request.sources, result), ""]
    if count < len(result):
        lines += [f"Reported   {count:,} candles{span(result, rows.start, rows.stop)}"]
    lines += [_defined(strategy, result), "", "Conditions"]
    width = max((len(name) for name in result.conditions), default=0)
    for name, mask in result.conditions.items():
        held = int(mask[rows].sum())
        lines.append(
            f"  {name:<{width}}  {held:>9,}  {_percent(held, count)}  weight {strategy.weights[name]:>4}"
        )
    entries = int(result.entry[rows].sum())
    lines += [
        "",
        f"Entry      {entries:,} of {count:,} candles {_percent(entries, count).strip()}: {strategy.entry}",
    ]
    return [*lines, *_last_entries(result, rows, request.show)]


def _defined(strategy: Strategy, result: Evaluation) -> str:
    from ..candle import moment

    first = strategy.warmup
    if first >= len(result):
        return "Defined    nowhere"
    return f"Defined    from candle {first} on, counted from 0 ({moment(result.bars, first)})"


def _last_entries(result: Evaluation, rows: slice, show: int) -> list[str]:
    import numpy as np

    from ..candle import moment

    found = np.flatnonzero(result.entry[rows]) + rows.start
    if not len(found) or not show:
        return []
    lines = ["", f"Last entries ({min(show, len(found))} of {len(found):,})"]
    for row in found[-show:]:
        behind = [name for name, mask in result.conditions.items() if mask[row]]
        close = f"  close {result.bars.close[row]:<10.10g}" if "close" in result.bars.present else ""
        lines.append(f"  {moment(result.bars, row)}{close}  score {result.score[row]:>4}  {' '.join(behind)}")
    return lines


def _percent(part: int, whole: int) -> str:
    return f"({100 * part / whole:5.1f} %)" if whole else "(    – )"


def _write(target: Path, table: pd.DataFrame) -> None:
    def write(path: Path) -> None:
        if target.suffix.lower() == ".csv":
            table.to_csv(path)
        else:
            with open(path, "wb") as file:
                table.to_parquet(file, engine="pyarrow")

    try:
        write_atomically(target, write)
    except ImportError as error:
        raise OutputError("writing Parquet needs pyarrow: pip install 'dslc[data]'") from error
