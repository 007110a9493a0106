"""What was measured when: a line of JSON a run, and the table that README.md shows of the newest.

    python -m benchmarks --record    measures every row, appends the line, and writes the table
    python -m benchmarks.history     writes the table again, measuring nothing

A line holds the date, the machine, the versions, the commit, and the figures of every row. The
table stands between two markers; a test holds that it is what the newest line gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
import json
from pathlib import Path
import subprocess
from typing import Any

from .figures import cell_text
from .market import ROOT
from .report import Report

HISTORY = ROOT / "benchmarks" / "history.jsonl"
README = ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- newest run: begin -->", "<!-- newest run: end -->"
NOTHING = "No run has been recorded yet; `make bench-record` does."

Entry = dict[str, Any]


def record(report: Report) -> None:
    """Append a run to the history, and show it in README.md."""
    entry = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(ROOT),
        "machine": report.machine,
        "versions": report.versions,
        "figures": {
            row: [figure.plain() for figure in figures] for row, figures in report.figures.items() if figures
        },
    }
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    refresh()


def refresh() -> None:
    """Write the table of the newest run into README.md."""
    README.write_text(with_newest(README.read_text(encoding="utf-8"), newest(HISTORY)), encoding="utf-8")


def newest(history: Path) -> Entry | None:
    """The last line of a history; None without one."""
    if not history.exists():
        return None
    lines = history.read_text(encoding="utf-8").splitlines()
    entry: Entry | None = json.loads(lines[-1]) if lines else None
    return entry


def with_newest(text: str, entry: Entry | None) -> str:
    """A text with what stands between its markers replaced by the run.

    >>> with_newest(f"{BEGIN} old {END}, and more", None) == f"{BEGIN}\\n\\n{NOTHING}\\n\\n{END}, and more"
    True
    """
    before, _, rest = text.partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        raise ValueError(f"the markers {BEGIN} and {END} are missing")
    shown = NOTHING if entry is None else "\n".join(_lines(entry))
    return f"{before}{BEGIN}\n\n{shown}\n\n{END}{after}"


def _lines(entry: Entry) -> Iterator[str]:
    machine, versions = entry["machine"], entry["versions"]
    where = f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, load {machine['load']}"
    yield f"{entry['date']}, commit {entry['commit'] or 'unknown'}; {where};"
    yield ", ".join(f"{name} {number}" for name, number in versions.items()) + "."
    yield ""
    yield "| row | figure | measured | wanted | reached |"
    yield "|---|---|---|---|---|"
    for row, figures in entry["figures"].items():
        for figure in figures:
            yield _line(row, figure)


def _line(row: str, figure: dict[str, Any]) -> str:
    wanted = figure.get("wanted", "")
    reached = {None: "", True: "yes", False: "**no**"}[figure.get("reached")]
    cells = (f"`{row}`", figure["name"], f"{cell_text(figure['value'])} {figure['unit']}", wanted, reached)
    return f"| {' | '.join(cells)} |"


def commit(folder: Path) -> str | None:
    """The commit of a checkout, with a plus behind it where files differ from it; None outside of git."""
    found = _git(folder, "rev-parse", "--short", "HEAD")
    if not found:
        return None
    return found + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    refresh()
