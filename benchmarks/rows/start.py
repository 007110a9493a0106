"""Whole processes: what a person at a shell, or a scheduler, waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from importlib.util import find_spec
import os
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory, mkdtemp

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import EXAMPLE, ROOT, Scale, random_walk
from ..measure import Run, Timing, interleave
from ..report import Table
from . import row

PLAIN = "python -c pass"
CACHED, EMPTY = "dslc run, kernels cached", "dslc run, empty cache"
GOALS = {CACHED: Goal("<=", 1.5), EMPTY: Goal("<=", 6.0)}
"""Seconds that a process is to take at most, on the bars of `Scale.full`."""
_SCRIPT = """
import sys
import pandas as pd
from benchmarks.market import Market
from benchmarks.peers import PEERS
table = pd.read_csv(sys.argv[1], parse_dates=["time"])
market = Market(**{name: values.to_numpy() for name, values in table.items()})
print(int(PEERS[sys.argv[2]].make(market, True)().entry.sum()))
"""


@row("start")
def start(scale: Scale) -> Iterator[Table]:
    """Whole processes: `dslc validate`, and `dslc run` on a CSV file, with and without cached kernels."""
    with TemporaryDirectory(prefix="dslc-bench-") as name:
        folder = Path(name)
        csv = _write_csv(folder / "bars.csv", scale.csv_bars)
        run = ["-m", "dslc", "run", str(EXAMPLE), "--data", str(csv)]
        caches: list[Path] = []
        cold = interleave(
            {EMPTY: lambda: _process(run, _fresh(folder, caches))}, scale.cold_rounds, warmups=0
        )
        warm = caches[-1]
        contenders: dict[str, Run] = {
            PLAIN: partial(_process, ["-c", "pass"], warm),
            "dslc validate": partial(_process, ["-m", "dslc", "validate", str(EXAMPLE)], warm),
            CACHED: partial(_process, run, warm),
        }
        for module, peer in (("talib", "TA-Lib + NumPy"), ("vectorbt", "vectorbt")):
            if find_spec(module) is not None:
                contenders[f"script, {peer}"] = partial(_process, ["-c", _SCRIPT, str(csv), peer], warm)
        yield _table(scale, interleave(contenders, scale.process_rounds, warmups=1), cold)


def _table(scale: Scale, timings: Mapping[str, Timing], cold: Mapping[str, Timing]) -> Table:
    plain = timings[PLAIN].median
    every = {**timings, **cold}
    figures = {name: Figure(name, timing.median, "s", GOALS.get(name)) for name, timing in every.items()}
    return Table(
        f"start: whole processes; `run` and the scripts read {scale.csv_bars:,} bars of CSV",
        ("process", "median s", "quickest s", "above python s", *GOAL_COLUMNS),
        tuple(
            (
                name,
                timing.median,
                timing.quickest,
                None if name == PLAIN else timing.median - plain,
                *figures[name].cells,
            )
            for name, timing in every.items()
        ),
        ("The scripts are pandas.read_csv and the peer of `single`; they report no more than a count.",),
        tuple(figure for name, figure in figures.items() if name.startswith("dslc")),
    )


def _process(arguments: list[str], cache: Path) -> None:
    """Run this Python with its kernels cached in `cache`; a failure is an error of the benchmark.

    Bytecode is cached, as it is for a user, whatever the environment of the benchmark says.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["DSLC_CACHE_DIR"] = str(cache)
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def _fresh(folder: Path, caches: list[Path]) -> Path:
    """An empty folder in this one, added to the list."""
    caches.append(Path(mkdtemp(dir=folder)))
    return caches[-1]


def _write_csv(path: Path, bars: int) -> Path:
    import pandas as pd

    table = pd.DataFrame(random_walk(bars).columns())
    table["time"] = table["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    table.to_csv(path, index=False)
    return path
