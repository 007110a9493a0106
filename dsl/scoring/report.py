"""What `dslc score` shows: a progress bar on a terminal, a summary, and the highest scores."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
import sys
import time
from typing import Any

import click

from ..render import visible
from .outputs import FAILURES, REJECTED
from .result import Scored

_WIDEST = 40
_WINDOW = 64  # units


class Bar:
    """A bar on standard error with the rate and the time that is left; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._pace = Pace(0)

    def begin(self, total: int, done: int) -> None:
        """Show how far a run is that has `done` of `total` scores already."""
        if not sys.stderr.isatty() or total == done:
            return
        self._pace = Pace(total - done)
        bar: Any = click.progressbar(
            length=total,
            label="scoring",
            show_pos=True,
            show_eta=False,  # click's believes for long what it saw while the workers started
            item_show_func=lambda _: self._pace.text(),
            file=sys.stderr,
        )
        self._bar = bar.__enter__()
        self._bar.update(done)

    def add(self, scores: int) -> None:
        """So many scores more."""
        if self._bar is not None:
            self._pace.add(scores, time.monotonic())
            self._bar.update(scores)

    def end(self) -> None:
        """Leave the line."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


class Pace:
    """How quickly scores come, by the last of them, and how long the rest will take.

    >>> pace = Pace(100)
    >>> pace.add(10, 20.0)
    >>> pace.add(10, 21.0)
    >>> pace.text()
    '10/s, 0:00:08 left'
    """

    def __init__(self, left: int) -> None:
        self._left = left
        self._added = 0
        self._seen: deque[tuple[float, int]] = deque(maxlen=_WINDOW)

    def add(self, scores: int, now: float) -> None:
        """So many scores more, at a time in seconds."""
        self._added += scores
        self._left -= scores
        self._seen.append((now, self._added))

    def text(self) -> str:
        """The rate and the time that is left; nothing before the second time that scores came."""
        if len(self._seen) < 2 or self._seen[-1][0] <= self._seen[0][0]:
            return ""
        rate = (self._seen[-1][1] - self._seen[0][1]) / (self._seen[-1][0] - self._seen[0][0])
        return f"{rate:,.0f}/s, {timedelta(seconds=round(max(self._left, 0) / max(rate, 1e-9)))} left"


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """A bar that is gone when the block ends, however it ends."""
    bar = Bar()
    try:
        yield bar
    finally:
        bar.end()


def summary(found: Scored, top: int) -> str:
    """The text that a run ends with."""
    tables = (visible(str(path)) for path in found.files if path.stem in ("scores", "entries"))
    different = f", {found.strategies:,} different" if found.snapshots else ""
    lines = [
        f"Snapshots  {found.snapshots:,}{different}{_aside(found.rejected, 'rejected', found, REJECTED)}",
        f"Symbols    {found.symbols:,}",
        f"Scores     {found.rows:,} ({found.computed:,} new), {found.entering:,} enter on the last candle",
        f"Failures   {found.failures:,}{_see(found, FAILURES) if found.failures else ''}",
        f"Engine     sha256 {found.engine}",
        f"Written    {', '.join(tables)}",
    ]
    rows = found.top(top) if top else []
    if rows:
        lines += [
            "",
            f"Highest scores ({len(rows):,} of {found.rows:,}), those that enter first",
            *_table(rows),
        ]
    return "\n".join(lines)


def interrupted(out: str) -> str:
    """What to say where a run was interrupted."""
    return f"dslc: interrupted; what was finished is kept in {visible(out)}: the same call goes on from there"


def _aside(count: int, word: str, found: Scored, name: str) -> str:
    return f"; {count:,} {word}{_see(found, name)}" if count else ""


def _see(found: Scored, name: str) -> str:
    return f": see {visible(str(found.out / name))}"


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    heads = ("snapshot", "symbol", "score", "entry", "last candle", "conditions")
    cells = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(heads))]
    for line in cells:
        shown = [
            text.rjust(width) if head == "score" else text.ljust(width)
            for head, text, width in zip(heads, line, widths, strict=True)
        ]
        yield ("  " + "  ".join(shown)).rstrip()


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    last = "" if row["last"] is None else str(row["last"]).replace("T", " ")
    last = last.replace("+00:00", "").removesuffix("Z").removesuffix(" 00:00:00")
    texts = (row["snapshot"], row["symbol"], str(row["score"]), "yes" if row["entry"] else "", last)
    return (*(_clipped(visible(text)) for text in texts), _clipped(visible(row["conditions"])))


def _clipped(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
