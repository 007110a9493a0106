"""What the tests of `dslc score` share: documents, how it is called, an executor, and what was written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
import sys
from typing import Any


def strategy(condition: str, weight: int = 1) -> dict[str, Any]:
    """A document that enters where a condition holds; another one, `dear`, is scored besides."""
    return {
        "configuration": {"timeframe": "1D"},
        "inputs": {},
        "conditions": {"up": condition, "dear": "close > 100"},
        "score": {"up": weight, "dear": 2},
        "decision": {"entry": "up"},
    }


class Here(Executor):
    """Does the work where it is asked for: no threads, so that a process that was forked can do it, too."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **named))
        except Exception as error:
            future.set_exception(error)
        return future


def call(source: Path, data: Path, out: Path) -> list[str]:
    """The words that start a process of `dslc score`; options may follow."""
    names = map(str, (source, "--data", data, "--out", out))
    return [sys.executable, "-m", "dslc", "score", *names]


def contents(out: Path) -> dict[str, bytes]:
    """The result as a reader sees it; what is kept beside it is hidden."""
    return {
        path.name: path.read_bytes()
        for path in sorted(out.iterdir())
        if path.is_file() and path.name[0] != "."
    }
