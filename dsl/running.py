"""`dslc run`: evaluates one strategy on one history and reports what it would have done.

Everything that can be refused is refused before the bars are read: the strategy, the output
file, the times. The whole history is evaluated; `--from` and `--to` only choose what is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import sys
from typing import TYPE_CHECKING

import click

from .checking import INVALID, STDIN, UNREADABLE, complain, is_colored, read_source
from .compiler.front import check
from .files import OutputError, check_output, write_atomically
from .grammar.document import load
from .grammar.source import Source
from .render import Checked, as_text, visible
from .strategy import Strategy, StrategyError
from .waiting import waiting

if TYPE_CHECKING:
    import pandas as pd

    from .result import Evaluation
    from .runtime.bars import Bars

SUFFIXES = (".csv", ".parquet")
_LAST_YEAR = 2261  # no bar opens after it


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    strategy: str
    data: Path
    out: Path | None
    first: str | None
    last: str | None
    timeframe: str | None
    resample: bool
    align: str | None
    show: int


def run_strategy(request: Request) -> int:
    """Evaluate, report, write; returns the exit status."""
    if request.align is not None and not request.resample:
        return _fail("--align says how to resample; it needs --resample", UNREADABLE)
    if request.data.is_dir():
        return _fail(f"{request.data} is a folder; name one file", UNREADABLE)
    try:
        if request.out is not None:
            inputs = [request.data] if request.strategy == STDIN else [request.data, Path(request.strategy)]
            check_output(request.out, inputs, SUFFIXES)
        strategy = _strategy(request)
    except OutputError as error:
        return _fail(str(error), UNREADABLE)
    except OSError as error:
        complain(request.strategy, error)
        return UNREADABLE
    if strategy is None:
        return INVALID
    return _evaluate(request, strategy)


def _strategy(request: Request) -> Strategy | None:
    """The compiled strategy; None after its diagnostics were shown. Warnings are shown as well."""
    label = "<stdin>" if request.strategy == STDIN else request.strategy
    document = load(read_source(request.strategy), label)
    checked, diagnostics = check(document, request.timeframe)
    if diagnostics:
        found = Checked(Source(document.text or "", document.label), diagnostics)
        click.echo(as_text(found, color=is_colored(sys.stderr)), err=True)
    if checked is None:
        return None
    return Strategy(checked, tuple(diagnostics), document, request.timeframe)


def _evaluate(request: Request, strategy: Strategy) -> int:
    from .runtime.bars import Bars, BarsError

    try:
        with waiting("reading bars …"):
            bars = Bars(request.data)
    except OSError as error:
        complain(str(request.data), error)
        return UNREADABLE
    except BarsError as error:
        return _fail(str(error), INVALID)
    try:
        with waiting("evaluating …"):
            result = strategy.evaluate(bars, resample=request.resample, align=request.align)
        rows = _rows(result.bars, request.first, request.last)
        if request.out is not None:
            _write(request.out, result.to_pandas().iloc[rows])
    except (BarsError, StrategyError) as error:
        return _fail(str(error), INVALID)
    except (OutputError, _TimeError) as error:
        return _fail(str(error), UNREADABLE)
    click.echo("\n".join(_report(request, strategy, result, rows)))
    if request.out is not None:
        click.echo(f"\nWrote {rows.stop - rows.start:,} candles to {visible(str(request.out))}")
    return 0


class _TimeError(Exception):
    """A time on the command line that cannot be used."""


def _rows(bars: Bars, first: str | None, last: str | None) -> slice:
    """The rows to report, both ends included; a date as the last one means its whole day."""
    import numpy as np

    from .runtime.moments import parse_time

    if first is None and last is None:
        return slice(0, len(bars))
    if bars.times is None:
        raise _TimeError("--from and --to need bars with times")
    try:
        start = 0 if first is None else int(np.searchsorted(bars.times, parse_time(first, bars.zone), "left"))
        stop = len(bars) if last is None else int(np.searchsorted(bars.times, _end(last, bars.zone), "left"))
    except ValueError as error:
        raise _TimeError(str(error)) from error
    if first is not None and last is not None and start > stop:
        raise _TimeError("--from is later than --to")
    return slice(start, max(start, stop))


def _end(text: str, zone: str | None) -> int:
    """The first nanosecond after what `text` names."""
    from datetime import date, timedelta

    from .runtime.moments import parse_time

    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return parse_time(text, zone) + 1
    if day.year >= _LAST_YEAR:
        return 1 << 62
    return parse_time((day + timedelta(days=1)).isoformat(), zone)


def _report(request: Request, strategy: Strategy, result: Evaluation, rows: slice) -> list[str]:
    count = rows.stop - rows.start
    lines = [*_heading(request, strategy, result), ""]
    if count < len(result):
        lines += [f"Reported   {count:,} candles{_span(result, rows)}"]
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


def _heading(request: Request, strategy: Strategy, result: Evaluation) -> list[str]:
    name = strategy.name or Path(request.strategy).stem
    replaced = " (by --timeframe; the hash covers it)" if request.timeframe else ""
    whole = slice(0, len(result))
    lines = [
        f"Strategy   {visible(name)}",
        f"Timeframe  {strategy.timeframe}{replaced}",
        f"Hash       {strategy.hash}",
        f"Bars       {visible(request.data.name)}: {len(result):,} candles{_span(result, whole)}",
    ]
    lines += [f"           {visible(note)}" for note in result.notes]
    return [*lines, f"Look-ahead {_extent(strategy)}"]


def _extent(strategy: Strategy) -> str:
    """The certificate of causality over all values: what a candle's answers read, relative to it."""
    extents = strategy.extents.values()
    left, right = min(left for left, _ in extents), max(right for _, right in extents)
    reach = "all candles before" if left == float("-inf") else f"{-int(left):,} candles back"
    return f"none: values read {reach}, and none after their own" if right <= 0 else "refused"


def _defined(strategy: Strategy, result: Evaluation) -> str:
    first = strategy.warmup
    if first >= len(result):
        return "Defined    nowhere"
    return f"Defined    from candle {first} on, counted from 0 ({_moment(result, first)})"


def _last_entries(result: Evaluation, rows: slice, show: int) -> list[str]:
    import numpy as np

    found = np.flatnonzero(result.entry[rows]) + rows.start
    if not len(found) or not show:
        return []
    lines = ["", f"Last entries ({min(show, len(found))} of {len(found):,})"]
    for row in found[-show:]:
        behind = [name for name, mask in result.conditions.items() if mask[row]]
        close = f"  close {result.bars.close[row]:<10.10g}" if "close" in result.bars.present else ""
        lines.append(f"  {_moment(result, row)}{close}  score {result.score[row]:>4}  {' '.join(behind)}")
    return lines


def _moment(result: Evaluation, row: int) -> str:
    """When a candle opened, in the zone of the bars; without the time of day if that is midnight."""
    from .runtime.clock import iso

    if result.bars.times is None:
        return f"row {row:,}"
    text = iso(int(result.bars.times[row]), result.bars.zone)
    text = text.replace("T", " ")
    return text.removesuffix(" 00:00:00Z") if result.bars.zone is None else text


def _span(result: Evaluation, rows: slice) -> str:
    if rows.start >= rows.stop:
        return ""
    return f", {_moment(result, rows.start)} to {_moment(result, rows.stop - 1)}"


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


def _fail(text: str, status: int) -> int:
    click.echo(f"dslc: {visible(text)}", err=True)
    return status
