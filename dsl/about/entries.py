"""Finds the candles on which the entries of two strategies differ.

Candles are told apart by the times at which they open; two strategies of different timeframes may have
different ones. Bars without times have the same rows for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..result import Evaluation
    from ..strategy import Strategy

LISTED = 5
"""How many candles are listed from each end."""


@dataclass(frozen=True, slots=True)
class EntryCandle:
    """A candle on which only one of two strategies enters.

    `moment` is when it opened, as reports write it, or its row. The scores are None where a strategy has no
    such candle.
    """

    moment: str
    only: Literal["before", "after"]
    close: float | None
    scores: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Entries:
    """How the entries of two strategies on the same bars differ.

    `candles` and `entries` count those of each strategy, `only_before` and `only_after` the candles on which
    one enters and the other does not, `both` those on which both do, `scores` those with different scores.
    `first` and `last` are candles with different entries, from both ends; none is in both.
    """

    candles: tuple[int, int]
    entries: tuple[int, int]
    only_before: int
    only_after: int
    both: int
    scores: int
    first: tuple[EntryCandle, ...]
    last: tuple[EntryCandle, ...]


def compared_entries(
    pair: tuple[Strategy, Strategy],
    bars: Any,
    resample: bool,
    align: str | None,
    symbols: Mapping[str, Any] | None = None,
) -> Entries:
    """The entries of two strategies on the same bars; raises what `Strategy.evaluate` raises."""
    from ..result import bars_for

    made = bars_for(bars, pair, symbols)
    first, second = (one.evaluate(made, outputs="signals", resample=resample, align=align) for one in pair)
    return _compared(first, second)


def _compared(before: Evaluation, after: Evaluation) -> Entries:
    import numpy as np

    keys = _keys(before), _keys(after)
    entered = keys[0][before.entry], keys[1][after.entry]
    only_before = np.setdiff1d(entered[0], entered[1], assume_unique=True)
    only_after = np.setdiff1d(entered[1], entered[0], assume_unique=True)
    differing = np.sort(np.concatenate([only_before, only_after]))
    ends = differing[:LISTED], differing[LISTED:][-LISTED:]
    known = set(only_before.tolist())
    first, last = (tuple(_candle(before, after, key, key in known) for key in end.tolist()) for end in ends)
    _, rows, others = np.intersect1d(*keys, assume_unique=True, return_indices=True)
    return Entries(
        candles=(len(before), len(after)),
        entries=(len(entered[0]), len(entered[1])),
        only_before=len(only_before),
        only_after=len(only_after),
        both=len(entered[0]) - len(only_before),
        scores=int((before.score[rows] != after.score[others]).sum()),
        first=first,
        last=last,
    )


def _keys(evaluation: Evaluation) -> Any:
    """What tells candles apart: when they opened, or their rows."""
    import numpy as np

    times = evaluation.bars.times
    return np.arange(len(evaluation)) if times is None else times


def _candle(before: Evaluation, after: Evaluation, key: int, is_before: bool) -> EntryCandle:
    from ..candle import moment

    rows = _row(before, key), _row(after, key)
    evaluation, row = (before, rows[0]) if is_before else (after, rows[1])
    assert row is not None
    has_close = "close" in evaluation.bars.present
    return EntryCandle(
        moment(evaluation.bars, row),
        "before" if is_before else "after",
        float(evaluation.bars.close[row]) if has_close else None,
        (_score(before, rows[0]), _score(after, rows[1])),
    )


def _row(evaluation: Evaluation, key: int) -> int | None:
    import numpy as np

    keys = _keys(evaluation)
    row = int(np.searchsorted(keys, key))
    return row if row < len(keys) and keys[row] == key else None


def _score(evaluation: Evaluation, row: int | None) -> int | None:
    return None if row is None else int(evaluation.score[row])
