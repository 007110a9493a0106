"""How much memory an evaluation takes beside its bars, in a process of its own.

The process makes the bars, notes its resident memory, has the system forget the peak so far
(/proc/self/clear_refs, Linux), evaluates, and reports the peak above what it noted. The first
evaluation of a process also loads the kernels, and the first one of some bars looks for
gaps between them; a second one does neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import ROOT, Scale
from ..report import Table
from . import row

CLEAR = Path("/proc/self/clear_refs")
FACTOR, ROOM = 1.3, 64.0
"""An evaluation is to take at most so many times its output and so many MiB."""
MEBI = 2**20

_SCRIPT = """
import json, sys
import dslc
from benchmarks.market import EXAMPLE, random_walk
from benchmarks.rows.memory import peak_above

bars = dslc.Bars(random_walk(int(sys.argv[1]), minutes=1).columns())
strategy = dslc.compile(EXAMPLE, timeframe="1M")
found = {}
for name in ("first", "second"):
    result, taken = peak_above(lambda: strategy.evaluate(bars, outputs="signals"))
    found[name] = taken
found["output"] = result.score.nbytes + result.entry.nbytes
found["input"] = bars.matrix.nbytes + bars.times.nbytes
columns = {"time": bars.time.copy(), **{name: getattr(bars, name).copy() for name in bars.present}}
again = dslc.Bars(columns)
del bars, result
found["gaps"] = peak_above(lambda: again.check_timeframe(strategy.timeframe))[1]
del again
found["unprepared"] = peak_above(lambda: strategy.evaluate(columns, outputs="signals"))[1]
print(json.dumps(found))
"""


@row("memory")
def memory(scale: Scale) -> Iterator[Table]:
    """Peak memory above the bars of an evaluation of a long history, in a child process."""
    title = f"memory: score and entry on {scale.memory_bars:,} one-minute bars"
    if not os.access(CLEAR, os.W_OK):
        yield Table(title, ("memory",), (), (f"Skipped: this system has no {CLEAR}.",))
        return
    found = {name: size / MEBI for name, size in _measured(scale.memory_bars).items()}
    output = found["output"]
    goal = Goal("<=", FACTOR * output + ROOM)
    figures = (
        Figure("first evaluate, with loading the kernels", found["first"], "MiB", goal),
        Figure("second evaluate", found["second"], "MiB", goal),
        Figure("looking for gaps between the bars, in the first", found["gaps"], "MiB"),
        Figure("evaluate of a dict of arrays", found["unprepared"], "MiB"),
    )
    yield Table(
        title,
        ("call", "peak MiB above the input", *GOAL_COLUMNS),
        tuple((figure.name, figure.value, *figure.cells) for figure in figures),
        (
            f"Output {output:,.0f} MiB, wanted at most {FACTOR} of that and {ROOM:.0f} MiB; "
            f"bars {found['input']:,.0f} MiB.",
            "A dict of arrays is made into Bars first, which copies the columns; that counts there.",
        ),
        figures,
    )


def peak_above(work: Callable[[], Any]) -> tuple[Any, int]:
    """What the work gives, and the bytes of resident memory that it took at its peak."""
    before = _resident("VmRSS")
    CLEAR.write_text("5")
    found = work()
    return found, _resident("VmHWM") - before


def _resident(what: str) -> int:
    """VmRSS is the resident memory now, VmHWM its peak."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == what:
            return 1024 * int(value.split()[0])
    raise OSError(f"/proc/self/status has no {what}")


def _measured(bars: int) -> dict[str, int]:
    command = [sys.executable, "-c", _SCRIPT, str(bars)]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    sizes: dict[str, int] = json.loads(done.stdout)
    return sizes
