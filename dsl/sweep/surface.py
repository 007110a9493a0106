"""Owns the numbers behind the pictures of a sweep: which parameters, which cells, what each is worth.

1. The two parameters that matter most become x and y: those between whose values the mean of the
   objective differs most (`spread`). One is enough where only one was varied.
2. An axis has a place for each value where trials fill the grid, else ten ranges with equally many values.
3. A cell has the mean over all trials in it, whatever their other values. Not the best: the best of many
   is higher the more trials there are in a cell, and it hides that their neighbours fail.
4. There is such a map for the train and for the test ranges, over all folds and for each of the first twelve.

Worked: with trials (fast 5, slow 20, type 1), (5, 20, 2) and (9, 20, 1) of objectives 1, 3 and 7, the
cell (5, 20) is worth 2 and the cell (9, 20) is worth 7; fast has a spread of 5, slow has none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
import math
from typing import TYPE_CHECKING

from ..grammar.spelling import Speller
from ..grammar.words import clipped, listing, quoted
from ..schemas.parameters import Value, shown
from .scale import Scale, scale_of
from .trial import Sweep, Trial

if TYPE_CHECKING:
    from ..reductions import Statistics

_RANGES = 10  # on an axis whose values are too many to be told apart
_PLACES = 64  # on an axis at most,
_POINTS = 200  # or this many where it is the only one
_CELLS = 6_000  # in all maps together
_LARGEST = 1e300

FOLDS = 12
"""Folds that have a map of their own; the mean is over all."""

Cells = Mapping[tuple[int, int], "Cell"]


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter and its places: each a value, or a range from a value to another, ascending."""

    name: str
    places: tuple[tuple[Value, Value], ...]

    def place(self, value: Value) -> int:
        """The place that a value of the sweep is in."""
        return bisect_left([high for _, high in self.places], value)

    @property
    def labels(self) -> tuple[str, ...]:
        """What to write at the places.

        >>> Axis("fast", ((3, 5), (9, 9))).labels
        ('3 – 5', '9')
        """
        return tuple(
            _short(low) if low == high else f"{_short(low)} – {_short(high)}" for low, high in self.places
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """The trials in a place: the mean of those that have a finite value, NaN for none, and the others."""

    mean: float
    best: float
    known: int
    undefined: int
    failed: int


@dataclass(frozen=True, slots=True)
class Map:
    """What the trials are worth on the train ranges, and on the test ranges where there are: cell by cell."""

    title: str
    train: Cells
    test: Cells | None


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything that a picture shows. `y` is None where only one parameter was varied.

    `values` are those of all cells that have one, `best` is the cell of the best trial. All maps share one
    scale, so that train and test compare.
    """

    x: Axis
    y: Axis | None
    maps: tuple[Map, ...]
    values: tuple[float, ...]
    scale: Scale
    best: tuple[int, int] | None


def surface_of(sweep: Sweep, x: str | None = None, y: str | None = None) -> Surface | None:
    """The maps of a sweep over two of its parameters, the ones that matter most unless they are named.

    None where there is nothing to show: no trial, or no parameter. A ValueError says which names there are.
    """
    names = chosen(sweep, x, y)
    if not names or not sweep.trials:
        return None
    figures = _figures(sweep)
    several = sum(1 if test is None else 2 for _, _, test in figures)
    axes = _axes(sweep.trials, names, several)
    keys = [_key(axes, trial) for trial in sweep.trials]
    failed = [trial.error is not None for trial in sweep.trials]

    def cells(values: Sequence[float]) -> Cells:
        return _cells(keys, values, failed, maximize=sweep.maximize)

    maps = tuple(
        Map(title, cells(train), None if test is None else cells(test)) for title, train, test in figures
    )
    values = _shown(maps)
    best = sweep.best
    return Surface(
        axes[0],
        axes[1] if len(axes) > 1 else None,
        maps,
        values,
        scale_of(values),
        None if best is None else _key(axes, best),
    )


def chosen(sweep: Sweep, x: str | None = None, y: str | None = None) -> tuple[str, ...]:
    """The names of x and y: of x alone where one parameter was varied, of none where there is none.

    Of equal spreads the first name of the sweep is x.
    """
    for name in (x, y):
        if name is not None and name not in sweep.names:
            near = Speller().nearest(name, sweep.names)
            hint = f"did you mean {quoted(near)}?" if near else f"it has {listing(sweep.names) or 'none'}"
            raise ValueError(f"{quoted(name)} is no parameter of this sweep: {hint}")
    if x is not None and x == y:
        raise ValueError(f"{quoted(x)} cannot be both x and y: name another parameter")
    ranking = sorted(sweep.names, key=lambda name: -_or_zero(spread(sweep, name)))
    varied = [name for name in ranking if len(_values(sweep.trials, name)) > 1] or ranking
    free = [name for name in varied if name not in (x, y)]
    if x is None:
        x = free.pop(0) if free else None
    if y is None:
        y = free.pop(0) if free else None
    return tuple(name for name in (x, y) if name is not None)


def spread(sweep: Sweep, name: str) -> float:
    """How much a parameter matters: between its values, the largest mean objective less the least one.

    Each mean is over all trials with that value, or in a range of values where there are more than ten.
    NaN for fewer than two means.
    """
    axis = Axis(name, _ranges(_values(sweep.trials, name)))
    groups: dict[int, list[float]] = {}
    for trial in sweep.trials:
        if name in trial.values and is_drawable(trial.objective):
            groups.setdefault(axis.place(trial.values[name]), []).append(trial.objective)
    means = [mean(group) for group in groups.values()]
    return max(means) - min(means) if len(means) > 1 else math.nan


def has_test(sweep: Sweep) -> bool:
    """Whether any fold puts its choice to the test."""
    return any(fold.test is not None for fold in sweep.folds)


def is_drawable(value: float) -> bool:
    """Whether a value has a place in a picture: it is finite, and so are its differences to others."""
    return abs(value) < _LARGEST


def mean(values: Sequence[float]) -> float:
    """The mean of finite numbers, NaN for none; it does not overflow before they do."""
    return math.fsum(value / len(values) for value in values) if values else math.nan


# --- values and places ------------------------------------------------------------------------


def _short(value: Value) -> str:
    """A value as an axis has room for it: six digits."""
    return shown(value) if isinstance(value, bool | int) else clipped(format(value, ".6g"), 12)


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _values(trials: Iterable[Trial], name: str) -> list[Value]:
    """The different values of a parameter, ascending."""
    return sorted({trial.values[name] for trial in trials if name in trial.values})


def _ranges(values: Sequence[Value], most: int = _RANGES) -> tuple[tuple[Value, Value], ...]:
    """The values themselves where they are few, else ranges with equally many of them."""
    count = min(most, len(values))
    ends = [len(values) * at // count for at in range(count + 1)] if count else [0]
    return tuple((values[first], values[last - 1]) for first, last in pairwise(ends))


def _axes(trials: Sequence[Trial], names: Sequence[str], maps: int) -> list[Axis]:
    values = [_values(trials, name) for name in names]
    if len(names) == 1:
        return [Axis(names[0], _ranges(values[0], _POINTS))]
    cells = math.prod(map(len, values))
    each = cells * maps <= _CELLS and 3 * len(trials) >= cells and max(map(len, values)) <= _PLACES
    most = _PLACES if each else _RANGES
    return [Axis(name, _ranges(found, most)) for name, found in zip(names, values, strict=True)]


def _key(axes: Sequence[Axis], trial: Trial) -> tuple[int, int] | None:
    """The cell of a trial, None where it has no value for an axis."""
    if any(axis.name not in trial.values for axis in axes):
        return None
    column, row, *_ = [*(axis.place(trial.values[axis.name]) for axis in axes), 0]
    return column, row


# --- figures ----------------------------------------------------------------------------------


def _figures(sweep: Sweep) -> list[tuple[str, list[float], list[float] | None]]:
    """Of each map its title, and what every trial is worth in it."""
    tests = [fold.test is not None for fold in sweep.folds]
    tested = [trial.tested for trial in sweep.trials] if any(tests) else None
    whole = [trial.objective for trial in sweep.trials]
    if len(sweep.folds) < 2:
        return [("", whole, tested)]
    found = [(f"mean of {len(sweep.folds)} folds", whole, tested)]
    for at in range(min(FOLDS, len(sweep.folds))):
        train = [_of(trial.train, at, sweep.objective) for trial in sweep.trials]
        place = sum(tests[:at])
        test = [_of(trial.test, place, sweep.objective) for trial in sweep.trials] if tests[at] else None
        found.append((f"fold {at + 1}", train, test))
    return found


def _of(statistics: Sequence[Statistics], at: int, objective: str) -> float:
    """The objective on a fold, NaN where the trial has nothing there."""
    try:
        return statistics[at][objective]
    except LookupError:
        return math.nan


def _cells(
    keys: Sequence[tuple[int, int] | None],
    values: Sequence[float],
    failed: Sequence[bool],
    *,
    maximize: bool,
) -> Cells:
    places: dict[tuple[int, int], list[int]] = {}
    for at, key in enumerate(keys):
        if key is not None:
            places.setdefault(key, []).append(at)
    pick = max if maximize else min
    found = {}
    for key in sorted(places):
        known = [values[at] for at in places[key] if not failed[at] and is_drawable(values[at])]
        broken = sum(failed[at] for at in places[key])
        undefined = len(places[key]) - len(known) - broken
        found[key] = Cell(mean(known), pick(known, default=math.nan), len(known), undefined, broken)
    return found


def _shown(maps: Iterable[Map]) -> tuple[float, ...]:
    both = [cells for found in maps for cells in (found.train, found.test or {})]
    return tuple(cell.mean for cells in both for cell in cells.values() if cell.known)
