"""What a command evaluates: the strategy and the bars that its arguments name, and how they are shown.

Whatever is wrong with them ends in a `Failure`, which has what to say and the exit status.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
import sys
from typing import TYPE_CHECKING

import click

from ..compiler.front import check
from ..compiler.parameters import assignments
from ..files import STDIN
from ..grammar.document import load
from ..grammar.source import Source
from ..grammar.words import listing
from ..render import Checked, as_text, visible
from ..schemas.parameters import read_value
from ..strategy import Strategy, StrategyError
from .checking import INVALID, UNREADABLE, is_colored, read_source
from .waiting import waiting

if TYPE_CHECKING:
    from ..result import Evaluation
    from ..runtime.bars import Bars


@dataclass(frozen=True)
class Sources:
    """A strategy, its bars, and how the one is to be run on the other."""

    strategy: str
    data: Path
    timeframe: str | None
    resample: bool
    align: str | None
    values: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Failure(Exception):
    """The end of a command: what to say, nothing where it was said already, and the exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text = text
        self.status = status

    def report(self) -> int:
        """Say it, and give the exit status."""
        if self.text:
            click.echo(f"dslc: {visible(self.text)}", err=True)
        return self.status


def check_sources(sources: Sources) -> None:
    """Refuse what cannot be right whatever the files hold."""
    if sources.align is not None and not sources.resample:
        raise Failure("--align says how to resample; it needs --resample", UNREADABLE)
    if sources.data.is_dir():
        raise Failure(f"{sources.data} is a folder; name one file", UNREADABLE)


def read_values(texts: Iterable[str]) -> dict[str, float | bool | str]:
    """The values of `--set NAME=VALUE`; what is neither a number nor a truth stays a text.

    >>> read_values(["fast=12", "level=.5", "useVolume=false"])
    {'fast': 12.0, 'level': 0.5, 'useVolume': False}
    """
    values: dict[str, float | bool | str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals or not value:
            raise Failure(f"--set wants NAME=VALUE, for example fast=12, and not {text}", UNREADABLE)
        if name in values:
            raise Failure(f"--set gives {name} twice", UNREADABLE)
        read = read_value(value)
        values[name] = value if read is None else read
    return values


def read_strategy(sources: Sources) -> Strategy:
    """The compiled strategy; its diagnostics are shown."""
    values = read_values(sources.values)
    label = "<stdin>" if sources.strategy == STDIN else sources.strategy
    try:
        document = load(read_source(sources.strategy), label)
    except OSError as error:
        raise Failure(f"{sources.strategy}: {error.strerror or error}", UNREADABLE) from error
    checked, diagnostics = check(document, sources.timeframe, values)
    if diagnostics:
        found = Checked(Source(document.text or "", document.label), diagnostics)
        click.echo(as_text(found, color=is_colored(sys.stderr)), err=True)
    if checked is None:
        raise Failure("", INVALID)
    return Strategy(checked, document, sources.timeframe)


def evaluate(sources: Sources, strategy: Strategy) -> Evaluation:
    """The strategy on all its bars."""
    from ..runtime.bars import BarsError

    try:
        bars = read_bars(sources, strategy)
        with waiting("evaluating …"):
            return strategy.evaluate(bars, resample=sources.resample, align=sources.align)
    except OSError as error:
        raise Failure(f"{error.filename or sources.data}: {error.strerror or error}", UNREADABLE) from error
    except BarsError as error:
        raise Failure(str(error), INVALID) from error
    except StrategyError as error:
        ways_out = [f"; {found.help}" for found in error.diagnostics if found.help]
        raise Failure(str(error) + "".join(ways_out[:1]), INVALID) from error


def read_bars(sources: Sources, strategy: Strategy) -> Bars:
    """The bars, with all that the strategy reads beside them; raises OSError and BarsError."""
    return read_files(sources.data, sources.others, [strategy])


def read_files(data: Path, others: tuple[str, ...], strategies: Sequence[Strategy]) -> Bars:
    """The bars of a file, with the series of the strategies and the instruments of `--symbol`."""
    from ..result import bars_for
    from ..runtime.bars import Bars

    files = _named_files(others)
    _refuse_unread(files, strategies)
    with waiting("reading bars …"):
        return bars_for(data, strategies, {name: Bars(path) for name, path in files.items()})


def _refuse_unread(files: Iterable[str], strategies: Sequence[Strategy]) -> None:
    """Refuse bars that nothing reads: their name is misspelt, or that of the document's expressions."""
    declared = {key: symbol for one in strategies for key, symbol in one.market.symbols.items()}
    known = dict.fromkeys(declared.values())
    for name in files:
        if name in known:
            continue
        if name in declared:
            help_ = f"`{name}` stands for {declared[name]}, so write --symbol {declared[name]}=FILE"
        else:
            help_ = f"it declares {listing(known)}" if known else "it declares none"
        raise Failure(f"--symbol {name}: the strategy declares no such symbol; {help_}", UNREADABLE)


def _named_files(pairs: tuple[str, ...]) -> dict[str, Path]:
    """The files of `--symbol SPY=spy.csv`."""
    found = {}
    for pair in pairs:
        name, sign, path = pair.partition("=")
        if not (name and sign and path):
            raise Failure(f"--symbol {pair}: write the name and the file, as in SPY=spy.csv", UNREADABLE)
        if name in found:
            raise Failure(f"--symbol gives {name} twice", UNREADABLE)
        found[name] = Path(path)
    return found


def heading(sources: Sources, result: Evaluation) -> list[str]:
    """The lines that every report begins with."""
    strategy = result.strategy
    name = strategy.name or Path(sources.strategy).stem
    replaced = " (by --timeframe; the hash covers it)" if sources.timeframe else ""
    lines = [
        f"Strategy   {visible(name)}",
        f"Timeframe  {strategy.timeframe}{replaced}",
        f"Hash       {strategy.hash}",
        f"Bars       {visible(sources.data.name)}: {len(result):,} candles{span(result, 0, len(result))}",
    ]
    lines += [f"           {visible(note)}" for note in result.notes]
    if strategy.values:
        lines.append(f"Parameters {assignments(strategy.values)}")
    return [*lines, f"Look-ahead {_extent(strategy)}"]


def span(result: Evaluation, start: int, stop: int) -> str:
    """From when to when some rows are, as the end of a line; nothing for no rows."""
    from ..candle import moment

    return f", {moment(result.bars, start)} to {moment(result.bars, stop - 1)}" if start < stop else ""


def _extent(strategy: Strategy) -> str:
    """The certificate of causality over all values: what a candle's answers read, relative to it."""
    extents = strategy.extents.values()
    left, right = min(left for left, _ in extents), max(right for _, right in extents)
    reach = "all candles before" if left == float("-inf") else f"{-int(left):,} candles back"
    return f"none: values read {reach}, and none after their own" if right <= 0 else "refused"
