"""The benchmarks still run, and their README shows what was measured last; figures are not judged."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

import dslc
import pytest

ROOT = Path(__file__).parent.parent
PARTS = (
    ("start",),
    (
        "single",
        "profile",
        "new",
        "batch",
        "threads",
        "stream",
        "memory",
        "window",
        "higher",
        "sweep",
        "scale",
    ),
    ("validate", "parse", "kernels", "estimates"),
)


def load(name: str) -> Any:
    """A module of the benchmarks, which set variables for processes of their own and not for the tests."""
    before = dict(os.environ)
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module(f"benchmarks.{name}")
    finally:
        sys.path.remove(str(ROOT))
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("rows", PARTS, ids=lambda rows: rows[0])
def test_every_row_still_runs(rows: tuple[str, ...], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(report), *rows]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert tuple(json.loads(report.read_text(encoding="utf-8"))["rows"]) == rows


def test_no_row_is_left_out_of_the_tests_or_the_readme() -> None:
    rows = set(load("rows").ROWS)
    assert rows == {row for part in PARTS for row in part}
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{row}` | " in readme for row in rows)


def test_the_readme_shows_the_newest_line_of_the_history() -> None:
    history = load("history")
    text = history.README.read_text(encoding="utf-8")
    entry = history.newest(history.HISTORY)
    assert text == history.with_newest(text, entry), "run `python -m benchmarks.history`"


def test_a_run_is_recorded_as_one_line_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history, figures, report = load("history"), load("figures"), load("report")
    monkeypatch.setattr(history, "HISTORY", tmp_path / "history.jsonl")
    monkeypatch.setattr(history, "README", tmp_path / "README.md")
    history.README.write_text(f"before\n{history.BEGIN}\n{history.END}\nafter\n", encoding="utf-8")
    run = report.Report.of_this_machine(quick=False)
    found = (
        figures.Figure("fast", 4.0, "x", figures.Goal(">=", 3.5)),
        figures.Figure("slow", 20.0, "µs", figures.Goal("<=", 15.0)),
        figures.Figure("plain", 2.0, "s"),
    )
    run.add("some", report.Table("a title", (), (), figures=found))
    for _ in range(2):
        history.record(run)
    lines = history.HISTORY.read_text(encoding="utf-8").splitlines()
    assert [list(json.loads(line)["figures"]) for line in lines] == [["some"], ["some"]]
    shown = history.README.read_text(encoding="utf-8").splitlines()
    assert shown[0] == "before" and shown[-1] == "after"
    assert shown[-7:-3] == [
        "|---|---|---|---|---|",
        "| `some` | fast | 4.00 x | ≥ 3.50 | yes |",
        "| `some` | slow | 20.0 µs | ≤ 15.0 | **no** |",
        "| `some` | plain | 2.00 s |  |  |",
    ]


def test_only_whole_runs_at_full_size_are_recorded() -> None:
    for rest in ("--quick", "parse"):
        command = [sys.executable, "-m", "benchmarks", "--record", rest]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "a whole run" in done.stderr


def test_the_strategies_of_the_batch_are_what_they_are_said_to_be() -> None:
    made = load("strategies").strategies(1_000, 500)
    assert made == load("strategies").strategies(1_000, 500)
    assert len(set(made)) == 1_000
    calls = {call for spec in made for call in spec.calls}
    assert len(calls) == 500
    assert all(2 <= call.period <= 200 for call in calls)
    assert {len(spec.conditions) for spec in made} == {3, 4, 5, 6}
    assert {sum(condition.weight for condition in spec.conditions) for spec in made} == {100}
    batch = dslc.compile_batch([spec.document() for spec in made[:100]])
    assert batch.errors == (None,) * 100
