"""Planted faults: each changes one line of the shipped package, and the test that it names must fail.

The list is `tests/cases/faults.json`: the file, the line, what it becomes, and the test. A copy of the
package with the fault takes the place of the installed one in a process of its own, which runs that test
on few seeds and, unless the list says that it must be compiled, as plain Python. `DSLC_DEEP=1` plants
them all.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
import random
import shutil
import subprocess
import sys
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("compiler", "grammar", "runtime", "schemas")
FAULTS: list[dict[str, Any]] = json.loads((ROOT / "tests/cases/faults.json").read_text(encoding="utf-8"))
DEEP = os.environ.get("DSLC_DEEP", "0") not in ("", "0")
SAMPLE = FAULTS if DEEP else random.Random(20_261_121).sample(FAULTS, 10)
FAILED = 1  # pytest's status where tests ran and some failed


def planted(fault: dict[str, Any] | None, folder: Path) -> dict[str, str]:
    """A copy of the package with a fault, and the environment in which it is the one that is imported."""
    package = folder / "dslc"
    compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "dsl", package, ignore=compiled)
    for room in ROOMS:
        shutil.copytree(ROOT / room, package / room, ignore=compiled)
    environment = {
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DSLC_SEEDS": "6",
        "DSLC_DEEP": "0",
        "DSLC_CACHE_DIR": str(folder / "cache"),
        "NUMBA_DISABLE_JIT": "0" if fault and fault.get("compiled") else "1",
    }
    if fault is not None:
        path = (
            folder / fault["file"].replace("dsl/", "dslc/")
            if fault["file"].startswith("dsl/")
            else package / fault["file"]
        )
        lines = path.read_text(encoding="utf-8").split("\n")
        lines[place_of(fault, lines)] = fault["becomes"]
        path.write_text("\n".join(lines), encoding="utf-8")
    return os.environ | environment


def place_of(fault: dict[str, Any], lines: list[str]) -> int:
    """Where the line stands; the list says which one where it stands there more than once."""
    places = [at for at, line in enumerate(lines) if line == fault["line"]]
    assert len(places) == 1 or (places and fault.get("nth")), (fault["name"], len(places))
    return places[fault.get("nth", 1) - 1]


def run(test: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", test],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_the_list_is_long_enough_and_fits_the_sources() -> None:
    assert len(FAULTS) >= 40
    assert len({fault["name"] for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        lines = (ROOT / fault["file"]).read_text(encoding="utf-8").split("\n")
        place_of(fault, lines)
        assert fault["becomes"] != fault["line"]
        assert (ROOT / fault["test"].partition("::")[0]).exists()


def test_the_copy_takes_the_place_of_the_installed_package(tmp_path: Path) -> None:
    code = "import dslc; print(dslc.__file__)"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, env=planted(None, tmp_path), capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(tmp_path))


@pytest.mark.skipif(not DEEP, reason="the tests themselves, on a copy: they pass on the installed package")
@pytest.mark.parametrize("test", sorted({fault["test"] for fault in FAULTS}))
def test_without_a_fault_the_tests_pass(test: str, tmp_path: Path) -> None:
    """What fails below fails for its fault and not for how it is run."""
    plainly = next(fault for fault in FAULTS if fault["test"] == test)
    done = run(test, planted(plainly | {"becomes": plainly["line"]}, tmp_path))
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("fault", SAMPLE, ids=[fault["name"].replace(" ", "-") for fault in SAMPLE])
def test_a_planted_fault_is_caught(fault: dict[str, Any], tmp_path: Path) -> None:
    done = run(fault["test"], planted(fault, tmp_path))
    assert done.returncode == FAILED, done.stdout[-2000:] + done.stderr[-2000:]
