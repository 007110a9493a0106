"""Ends a run that takes too long, or that somebody else wants to end.

Whoever works for long looks at its `Watch` every few milliseconds: the engine between pieces of the
history, whoever prepares a run between its stages. Once the time is over, or the caller's `stop` says
so, a look raises `Stopped`. What a look finds never changes what is computed, only whether it is.

Worked: a watch of 2 seconds, stage "evaluating", of 1,000 candles 600 done → Stopped("deadline",
"evaluating: 600 of 1,000 candles done").
"""

from __future__ import annotations

from collections.abc import Callable
import threading
from time import monotonic
from typing import Literal


class Stopped(Exception):
    """A run was ended: by its `deadline`, or by its caller's `stop`. `progress` says how far it was."""

    def __init__(self, reason: Literal["deadline", "stop"], progress: str) -> None:
        super().__init__(reason, progress)
        self.reason = reason
        self.progress = progress


class Watch:
    """A deadline in seconds from now, a function that says whether to stop, or both; and how far it is.

    May be looked at from several threads at once. A deadline of 0 is over at the first look.

    >>> watch = Watch(deadline=0.0)
    >>> watch.enter("planning")
    Traceback (most recent call last):
        ...
    dslc.runtime.watch.Stopped: ('deadline', 'planning')
    """

    def __init__(self, deadline: float | None = None, stop: Callable[[], object] | None = None) -> None:
        self._over = None if deadline is None else monotonic() + deadline
        self._stop = stop
        self._lock = threading.Lock()
        self._stage = "starting"
        self._candles = self._done = 0
        self.reckoned: float | None = None  # the work of the whole run, once it is known

    def enter(self, stage: str, candles: int = 0) -> None:
        """Begin a stage, of so many candles where they are counted; and look."""
        self._stage, self._candles, self._done = stage, candles, 0
        self.look()

    def count(self, candles: int) -> None:
        """So many candles more are done."""
        with self._lock:
            self._done += candles

    def look(self) -> None:
        """Raise `Stopped` where the time is over or the caller wants to stop."""
        if self._over is not None and monotonic() >= self._over:
            raise Stopped("deadline", self.progress)
        if self._stop is not None and self._stop():
            raise Stopped("stop", self.progress)

    def cancel(self) -> None:
        """Let every look from now on find that the time is over."""
        self._over = 0.0

    @property
    def progress(self) -> str:
        """The stage, and how many of its candles are done."""
        if not self._candles:
            return self._stage
        return f"{self._stage}: {self._done:,} of {self._candles:,} candles done"
