"""Ends a run by its deadline or by its caller's word, and says so as a StrategyError."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..grammar import catalogue as say
from ..grammar.diagnostics import Message
from ..runtime.watch import Stopped, Watch

if TYPE_CHECKING:
    from ..strategy import StrategyError


def watch_for(deadline: float | None, stop: Callable[[], object] | None) -> Watch:
    """The watch of a run; raises where deadline or stop are none."""
    if deadline is not None:
        number = not isinstance(deadline, bool | str | bytes) and hasattr(deadline, "__float__")
        if not number or not float(deadline) >= 0.0:
            raise ValueError(f"deadline is a number of seconds from 0 on, not {deadline!r:.60}")
    if stop is not None and not callable(stop):
        raise TypeError(f"stop is a function that says whether to stop, not {stop!r:.60}")
    return Watch(deadline, stop)


@contextmanager
def ending(
    refuse: Callable[[Message], StrategyError], watch: Watch, deadline: float | None
) -> Iterator[None]:
    """Make a StrategyError of what ends a run by its watch; `refuse` makes one of a message."""
    try:
        yield
    except Stopped as end:
        if end.reason == "stop":
            raise refuse(say.stopped(end.progress)) from None
        raise refuse(say.deadline_passed(deadline or 0.0, end.progress, watch.reckoned)) from None
