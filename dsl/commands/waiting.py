"""Shows that something is going on, on a terminal, and only when it takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import sys
import threading
from typing import Any

_PATIENCE = 0.7  # seconds


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A moving line on standard error while the block runs, if it runs longer than a moment."""
    if not sys.stderr.isatty():
        yield
        return
    shown: list[Any] = []

    def show() -> None:
        from rich.console import Console

        status = Console(stderr=True).status(what)
        shown.append(status)
        status.start()

    timer = threading.Timer(_PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for status in shown:
            status.stop()
