"""Cuts a history into what trials are chosen on and what the choice is tested on.

A range chooses what is counted; the candles before it still warm every value. A forward return that
reaches behind a range does not count in it, so no train range knows anything of the test behind it.

Worked: 100 candles and 4 folds of a walk forward are

    train 0..20 test 20..40    train 0..40 test 40..60    train 0..60 test 60..80    train 0..80 test 80..100
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from ..candle import Time, moment, rows_between
from .trial import Fold, Window

if TYPE_CHECKING:
    from ..runtime.bars import Bars

Range: TypeAlias = "tuple[Time | None, Time | None]"

_MOST_FOLDS = 1_000


def folds_of(
    bars: Bars, train: Range | None = None, test: Range | float | None = None, folds: int = 0
) -> tuple[Fold, ...]:
    """The folds of a sweep: a walk forward, one train and one test range, or all candles to choose on.

    A `test` between 0 and 1 is that share of the candles, the last ones. Raises ValueError for what
    contradicts itself, for ranges that overlap, and for empty ones.
    """
    if type(folds) is not int or not 0 <= folds <= _MOST_FOLDS:
        raise ValueError(f"folds are 0 to {_MOST_FOLDS:,}, not {folds!r:.40}")
    if folds:
        if train is not None or test is not None:
            raise ValueError("folds cut the whole history; leave train and test out")
        return _walk_forward(bars, folds)
    if isinstance(test, int | float):
        if train is not None:
            raise ValueError(
                "a share as the test leaves the rest to train on; leave train out, or give test a range"
            )
        if not 0.0 < test < 1.0:
            raise ValueError(f"the share of the test lies between 0 and 1, not {test!r:.40}")
        border = len(bars) - round(len(bars) * test)
        return (
            Fold(_window(bars, "train", slice(0, border)), _window(bars, "test", slice(border, len(bars)))),
        )
    chosen = slice(0, len(bars)) if train is None else _rows(bars, train, "train")
    if test is None:
        return (Fold(_window(bars, "train" if train is not None else "all", chosen)),)
    tested = _rows(bars, test, "test")
    if train is None:
        chosen = slice(0, tested.start)
    if chosen.start < tested.stop and tested.start < chosen.stop:
        raise ValueError("the train and the test range overlap, so the test would tell what is known already")
    return (Fold(_window(bars, "train", chosen), _window(bars, "test", tested)),)


def _walk_forward(bars: Bars, folds: int) -> tuple[Fold, ...]:
    borders = [len(bars) * k // (folds + 1) for k in range(folds + 2)]
    return tuple(
        Fold(
            _window(bars, f"train {k}", slice(0, borders[k])),
            _window(bars, f"test {k}", slice(borders[k], borders[k + 1])),
        )
        for k in range(1, folds + 1)
    )


def _rows(bars: Bars, ends: Range, name: str) -> slice:
    if not isinstance(ends, Sequence) or isinstance(ends, str) or len(ends) != 2:
        raise ValueError(f"{name} is a pair: where it begins, and where it ends")
    return rows_between(bars, *ends, names=(f"the beginning of {name}", "its end"))


def _window(bars: Bars, label: str, rows: slice) -> Window:
    if rows.start >= rows.stop:
        raise ValueError(f"the range {label} has no candles")
    if bars.times is None:
        return Window(label, rows.start, rows.stop)
    return Window(label, rows.start, rows.stop, moment(bars, rows.start), moment(bars, rows.stop - 1))
