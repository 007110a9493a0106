"""What a run of `score` gives: counts, and where the files are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import heapq
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .publish import RECORD
from .tables import FORMATS, read_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scored:
    """The result of `dslc.score`.

    `snapshots` were read, `rejected` of them did not compile, the others are `strategies` different ones;
    `rows` scores are in the files, of which `entering` enter on the last candle; the file of failures has
    `failures` records. `computed` scores were new, the others had been finished before.
    """

    out: Path
    files: tuple[Path, ...]
    engine: str
    snapshots: int
    strategies: int
    rejected: int
    symbols: int
    rows: int
    entering: int
    failures: int
    computed: int

    @classmethod
    def of(cls, out: Path, record: dict[str, Any], computed: int) -> Scored:
        """From the record of a run."""
        files = tuple(out / name for name in (*record["files"], RECORD))
        names = ("engine", "snapshots", "strategies", "rejected", "symbols", "rows", "entering", "failures")
        return cls(out, files, **{name: record[name] for name in names}, computed=computed)

    @property
    def ok(self) -> bool:
        """Whether nothing was rejected and nothing failed."""
        return not self.rejected and not self.failures

    @property
    def scores(self) -> Path:
        """The file with the scores; of several the one that is read the fastest."""
        found = {path.suffix[1:]: path for path in self.files if path.stem == "scores"}
        return next(found[form] for form in FORMATS if form in found)

    def top(self, count: int) -> list[dict[str, Any]]:
        """The rows with the highest scores on the last candle, those that enter first."""
        return heapq.nsmallest(count, self._rows(), key=lambda row: (not row["entry"], -row["score"]))

    def to_pandas(self) -> pd.DataFrame:
        """The scores as a table, times in UTC."""
        import pandas as pd

        path = self.scores
        if path.suffix == ".parquet":
            return pd.read_parquet(path, engine="pyarrow")
        times = ["first", "last", "last_entry"]
        frame = (
            pd.read_csv(
                path, keep_default_na=False, na_values={name: [""] for name in (*times, "since_entry")}
            )
            if path.suffix == ".csv"
            else pd.DataFrame(self._rows())
        )
        for name in times:
            frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame

    def _rows(self) -> Iterator[dict[str, Any]]:
        for row in read_rows(self.scores):
            if isinstance(row["entry"], str):
                row |= {"entry": row["entry"] == "true", "score": int(row["score"])}
            yield row
