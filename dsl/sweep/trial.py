"""What a sweep has found: its trials, in the order in which they were made, and how they came about.

Everything that is needed to make it again is here: the strategy, the bars by their digest, the sampler
with its seed, the ranges, the versions. `number` counts all trials, also those that could not be made,
because the best of a thousand has to be judged as the best of a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
import math
from pathlib import Path
from typing import TYPE_CHECKING, overload

from ..schemas.parameters import Value

if TYPE_CHECKING:
    import pandas as pd

    from ..reductions import Statistics


@dataclass(frozen=True, slots=True)
class Window:
    """A range of candles on which trials are judged: `first` to before `last`, and as times if there are."""

    label: str
    first: int
    last: int
    begins: str | None = None
    ends: str | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """Where trials are chosen, and where the choice is put to the test; no test where all is for choosing."""

    train: Window
    test: Window | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of values and what it gave.

    `objective` is the statistic on the train ranges, the mean over the folds, NaN where any has none;
    `tested` the same on the test ranges. `train` and `test` have the statistics fold by fold. `hash` is
    that of the bound strategy. A trial that could not be made has an `error` and NaN.
    """

    number: int
    values: Mapping[str, Value]
    objective: float = math.nan
    tested: float = math.nan
    train: tuple[Statistics, ...] = ()
    test: tuple[Statistics, ...] = ()
    hash: str = ""
    error: str | None = None


@dataclass(frozen=True, eq=False)
class Sweep(Sequence[Trial]):
    """The trials of a sweep in the order in which they were made; `best` and `order` by the objective.

    `names` are what was varied. `skipped` counts combinations that the constraints rule out; `possible`
    all combinations of a grid, None where they cannot be counted. `rescored` says that only weights and
    thresholds were varied, so that no indicator was computed twice.
    """

    strategy: str
    strategy_hash: str
    data_digest: str
    names: tuple[str, ...]
    trials: tuple[Trial, ...]
    objective: str
    maximize: bool
    folds: tuple[Fold, ...]
    sampler: str
    seed: int
    possible: int | None
    skipped: int
    rescored: bool
    versions: Mapping[str, str] = field(default_factory=dict)

    @overload
    def __getitem__(self, at: int) -> Trial: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Trial, ...]: ...

    def __getitem__(self, at: int | slice) -> Trial | tuple[Trial, ...]:
        return self.trials[at]

    def __len__(self) -> int:
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def __repr__(self) -> str:
        return f"<dslc.Sweep of {len(self):,} trials over {', '.join(self.names)}>"

    @property
    def order(self) -> tuple[int, ...]:
        """The places of the trials, best first: by the objective, then by the hash, then by the number."""

        def key(at: int) -> tuple[bool, float, str, int]:
            trial = self.trials[at]
            unknown = math.isnan(trial.objective)
            value = 0.0 if unknown else -trial.objective if self.maximize else trial.objective
            return unknown, value, trial.hash, at

        return tuple(sorted(range(len(self.trials)), key=key))

    @property
    def best(self) -> Trial | None:
        """The best trial, None where no trial has an objective."""
        found = self.trials[self.order[0]] if self.trials else None
        return None if found is None or math.isnan(found.objective) else found

    def to_pandas(self) -> pd.DataFrame:
        """A table with a row a trial, in their order: number, values, objective, tested, hash, error."""
        import pandas as pd

        rows = [
            {
                "number": trial.number,
                **trial.values,
                "objective": trial.objective,
                "tested": trial.tested,
                "entries": sum(found.entries for found in trial.train) if trial.train else None,
                "hash": trial.hash,
                "error": trial.error,
            }
            for trial in self.trials
        ]
        columns = ["number", *self.names, "objective", "tested", "entries", "hash", "error"]
        return pd.DataFrame(rows, columns=columns)

    def to_html(self, path: str | Path) -> None:
        """Write a page with a heat map, a table of the best trials, and how to make them again."""
        from .report import write_html

        write_html(self, Path(path))

    def to_png(self, path: str | Path, *, x: str | None = None, y: str | None = None) -> None:
        """Write a heat map of the objective over two of the parameters."""
        from .report import write_png

        write_png(self, Path(path), x=x, y=y)
