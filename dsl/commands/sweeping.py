"""`dslc sweep`: tries many values of a strategy's parameters on one history, and reports the best.

Everything that can be refused is refused before the bars are read: the strategy, the grid, the output
files. The report says how many trials the best one was chosen from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math
from pathlib import Path
import sys
from typing import TYPE_CHECKING, Any

import click

from ..files import STDIN, OutputError, check_output, write_atomically
from ..render import visible
from ..schemas.parameters import shown
from ..strategy import Strategy, StrategyError
from .checking import INVALID, UNREADABLE
from .sources import Failure, Sources, check_sources, read_bars, read_strategy

if TYPE_CHECKING:
    from ..sweep.trial import Sweep, Window

SUFFIXES = (".html", ".png", ".csv", ".parquet")


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    sources: Sources
    grid: tuple[str, ...]
    out: tuple[Path, ...]
    objective: str
    minimize: bool
    sampler: str
    trials: int | None
    seed: int
    train: str | None
    test: str | None
    folds: int
    threads: int
    top: int


def sweep_strategy(request: Request) -> int:
    """Sweep, report, write; returns the exit status."""
    try:
        _sweep(request)
    except Failure as failure:
        return failure.report()
    except OutputError as error:
        return Failure(str(error), UNREADABLE).report()
    return 0


def _sweep(request: Request) -> None:
    sources = request.sources
    check_sources(sources)
    inputs = [sources.data] if sources.strategy == STDIN else [sources.data, Path(sources.strategy)]
    for path in request.out:
        check_output(path, inputs, SUFFIXES)
    strategy = read_strategy(sources)
    found = _found(request, strategy)
    click.echo("\n".join(_report(request, strategy, found)))
    for path in request.out:
        _write(found, path)
        click.echo(f"Wrote {visible(str(path))}")


def _found(request: Request, strategy: Strategy) -> Sweep:
    from ..runtime.bars import BarsError
    from ..sweep.space import space_of

    sources = request.sources
    try:
        space_of(strategy, request.grid)
        bars = read_bars(sources, strategy)
        return strategy.sweep(
            bars,
            request.grid,
            objective=request.objective,
            maximize=not request.minimize,
            sampler=request.sampler,
            trials=request.trials,
            seed=request.seed,
            train=_range(request.train, "--train"),
            test=_test(request.test),
            folds=request.folds,
            threads=request.threads,
            resample=sources.resample,
            align=sources.align,
            progress=_progress(),
        )
    except OSError as error:
        raise Failure(f"{sources.data}: {error.strerror or error}", UNREADABLE) from error
    except (BarsError, StrategyError) as error:
        raise Failure(str(error), INVALID) from error
    except (ValueError, ImportError) as error:
        raise Failure(str(error), UNREADABLE) from error


def _progress() -> Callable[[int, int | None], None] | None:
    """Says on a terminal how many trials are done."""
    if not sys.stderr.isatty():
        return None

    def say(done: int, of: int | None) -> None:
        click.echo(f"\r{done:,}{f' of {of:,}' if of else ''} trials", err=True, nl=False)

    return say


def _range(text: str | None, option: str) -> tuple[str | None, str | None] | None:
    """`FROM..TO`, one of which may be missing."""
    if text is None:
        return None
    first, dots, last = (part.strip() for part in text.partition(".."))
    if not dots or not (first or last):
        raise Failure(f"{option} wants FROM..TO, for example 2020-01-01..2022-12-31, not {text}", UNREADABLE)
    return first or None, last or None


def _test(text: str | None) -> Any:
    """A range, or a share of the last candles: `30%`."""
    if text is None or not text.strip().endswith("%"):
        return _range(text, "--test")
    try:
        return float(text.strip()[:-1]) / 100.0
    except ValueError:
        raise Failure(f"--test wants FROM..TO or a share such as 30%, not {text}", UNREADABLE) from None


def _report(request: Request, strategy: Strategy, found: Sweep) -> list[str]:
    name = strategy.name or Path(request.sources.strategy).stem
    direction = "largest" if found.maximize else "least"
    lines = [
        f"Strategy   {visible(name)}",
        f"Objective  {found.objective}, the {direction}",
        f"Trials     {len(found):,}{_of(found)}, {found.sampler}, seed {found.seed}"
        + (", scored again from the same conditions" if found.rescored else ""),
        *(f"Train      {_window(fold.train)}{_tested(fold.test)}" for fold in found.folds),
        "",
    ]
    failed = sum(trial.error is not None for trial in found)
    if failed:
        lines += [f"{failed:,} trials could not be made; the table of --out has the reasons", ""]
    if found.best is None:
        return [*lines, "No trial has an objective: it is undefined everywhere."]
    lines += _table(found, request.top)
    if len(found) > 1 and not any(fold.test for fold in found.folds):
        lines += [
            "",
            f"The best of {len(found):,} was chosen on the candles that it is judged by; "
            "--test or --folds says how it does on others.",
        ]
    return lines


def _of(found: Sweep) -> str:
    possible = "" if found.possible is None else f" of {found.possible:,} combinations"
    return possible + (f", {found.skipped:,} ruled out by constraints" if found.skipped else "")


def _window(window: Window) -> str:
    candles = f"{window.last - window.first:,} candles"
    return candles if window.begins is None else f"{candles}, {window.begins} to {window.ends}"


def _tested(test: Window | None) -> str:
    return "" if test is None else f"; test {_window(test)}"


def _table(found: Sweep, top: int) -> list[str]:
    tested = any(fold.test for fold in found.folds)
    heads = ["rank", *found.names, found.objective, *(["test"] if tested else []), "entries", "hash"]
    rows = [heads]
    for rank, at in enumerate(found.order[:top], 1):
        trial = found.trials[at]
        entries = sum(statistics.entries for statistics in trial.train)
        row = [str(rank), *(shown(trial.values[name]) for name in found.names), _figure(trial.objective)]
        rows.append([*row, *([_figure(trial.tested)] if tested else []), f"{entries:,}", trial.hash[:12]])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"


def _write(found: Sweep, path: Path) -> None:
    try:
        match path.suffix.lower():
            case ".html":
                found.to_html(path)
            case ".png":
                found.to_png(path)
            case ".csv":
                write_atomically(path, lambda target: found.to_pandas().to_csv(target, index=False))
            case _:
                table = found.to_pandas()
                write_atomically(path, lambda target: table.to_parquet(target, engine="pyarrow"))
    except ImportError as error:
        raise OutputError(str(error)) from error
