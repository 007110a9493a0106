"""Owns the tables of a page: the best trials, those that failed, the parameters, the ranges.

Each is a list of elements, empty where there is nothing to list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import math

from ..grammar.words import some
from ..schemas.parameters import shown
from .markup import element, escaped, figure
from .surface import has_test, spread
from .trial import Sweep, Trial, Window

_BEST = 20  # trials in a table
_HASH = 12  # letters of a hash


def best_table(sweep: Sweep) -> list[str]:
    order = [trial for trial in (sweep[at] for at in sweep.order) if trial.error is None]
    if not order:
        return []
    test = has_test(sweep)
    heads = ["rank", "trial", *sweep.names, "train", *(["test"] if test else []), "entries", "hash"]
    rows = []
    for rank, trial in enumerate(order[:_BEST], 1):
        entries = f"{sum(found.entries for found in trial.train):,}" if trial.train else "–"
        tested = [figure(trial.tested)] if test else []
        place = "–" if math.isnan(trial.objective) else str(rank)
        values = [_value(trial, name) for name in sweep.names]
        rows.append(
            [place, str(trial.number), *values, figure(trial.objective), *tested, entries, trial.hash[:_HASH]]
        )
    said = f"{min(_BEST, len(order)):,} of {some(len(order), 'trial')}, by {sweep.objective} in train"
    said += f", the mean over {len(sweep.folds)} folds" if len(sweep.folds) > 1 else ""
    said += ". Entries are those in train. A dash is undefined."
    return [element("p", escaped(said)), _grid(heads, rows, "best")]


def failed_table(sweep: Sweep) -> list[str]:
    failed = [trial for trial in sweep if trial.error is not None]
    if not failed:
        return []
    rows = [
        [str(trial.number), *(_value(trial, name) for name in sweep.names), trial.error or ""]
        for trial in failed[:_BEST]
    ]
    said = f"{min(_BEST, len(failed)):,} of {len(failed):,}, in the order in which they were tried."
    return [element("p", said), _grid(["trial", *sweep.names, "why"], rows, "failed")]


def varied_table(sweep: Sweep) -> list[str]:
    rows = []
    for name in sweep.names:
        values = sorted({trial.values[name] for trial in sweep if name in trial.values})
        ends = [shown(values[0]), shown(values[-1])] if values else ["–", "–"]
        rows.append([name, f"{len(values):,}", *ends, figure(spread(sweep, name))])
    if not rows:
        return []
    said = (
        "The spread says how much a parameter matters: between its values, or ten ranges of them, the "
        "largest mean objective less the least one."
    )
    return [element("p", said), _grid(["parameter", "values", "from", "to", "spread"], rows, "varied")]


def windows_table(sweep: Sweep) -> list[str]:
    rows = [
        [f"{number}", kind, *_window(window)]
        for number, fold in enumerate(sweep.folds, 1)
        for kind, window in (("train", fold.train), ("test", fold.test))
        if window is not None
    ]
    heads = ["fold", "range", "label", "first candle", "last candle", "candles", "from", "to"]
    return [_grid(heads, rows, "windows")] if rows else []


def _window(window: Window) -> list[str]:
    count = window.last - window.first
    last = f"{window.last - 1:,}" if count > 0 else "–"
    return [window.label, f"{window.first:,}", last, f"{count:,}", window.begins or "–", window.ends or "–"]


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> str:
    head = element("tr", *(element("th", escaped(said, 60), scope="col") for said in heads))
    body = [element("tr", *(element("td", escaped(said)) for said in row)) for row in rows]
    table = element("table", element("thead", head), element("tbody", *body), id=name)
    return element("div", table, class_="wide", tabindex="0")


def _value(trial: Trial, name: str) -> str:
    return shown(trial.values[name]) if name in trial.values else "–"
