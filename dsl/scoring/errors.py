"""What ends a run of `score`, and the codes of what does not end it.

A failure is about one symbol, or about one strategy on one symbol; the rest of the run is done. Failures
have the codes of market data (B…) and of budgets (E…), and those of `CODES`.
"""

from __future__ import annotations

from typing import NamedTuple

CODES = {
    "S101": "the bars file cannot be read",
    "S102": "the symbol has no bars",
    "S103": "the bars file changed during the run, or is another one for the worker",
    "S104": "rows of the bars file have no symbol",
    "S105": "the bars need more memory than --max-memory",
    "S201": "the worker process died",
    "S202": "there was not enough memory",
    "S203": "the worker runs another engine",
    "S204": "an error of dslc itself, which should be reported to its makers",
    "S301": "the snapshot cannot be read",
    "S302": "the snapshot is empty",
}
"""What each code of a failure or a rejection means, besides those of documents and of market data."""


class ScoreError(Exception):
    """A run that cannot begin or go on; the text says why. What was finished is kept."""


class Failure(NamedTuple):
    """Why a strategy has no score on a symbol.

    `strategy` is the hash of the strategy, or None where it is every one.
    """

    symbol: str
    strategy: str | None
    code: str
    message: str
