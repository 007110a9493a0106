"""Puts a whole result in the place of the old one, in one rename.

The files of a result lie in a folder of their own, and a link says which folder is the current one:

    scores.parquet  -> .results/current/scores.parquet      (and so on, a link a file)
    .results/current -> 7
    .results/7/scores.parquet, rejected.ndjson, failures.ndjson, run.json

1. Fill `.results/8.tmp`, every file durable, then the folder; name it `.results/8`.
2. Turn `current` to 8: from here on every file is the new one, until here every file is the old one.
3. Remove 7, and links to files that the new result does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
import hashlib
import json
import os
from pathlib import Path
import shutil
from typing import Any

from . import disk
from .errors import ScoreError

RECORD = "run.json"
KEY, VERSION = "dslc score", 1
_RESULTS, _CURRENT = ".results", "current"


def check_folder(out: Path, names: Iterable[str]) -> None:
    """Refuse a folder in which files stand that no run has made."""
    for name in names:
        path = out / name
        if path.exists() and not path.is_symlink():
            raise ScoreError(f"{path} is not from a run of dslc score; move it away or choose another folder")


def current_result(out: Path, run: str) -> dict[str, Any] | None:
    """The record of the current result if it is that of this run, complete and sound."""
    folder = out / _RESULTS / _CURRENT
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_bytes())
        if record[KEY] != VERSION or record["run"] != run or record["again"]:
            return None
        for name, digest in record["files"].items():
            with open(folder / name, "rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    return None
        number = os.readlink(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    _link(out, [*record["files"], RECORD])
    _remove_old(out, number)  # a run that was killed may not have come to that
    return record


def publish(out: Path, fill: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Let `fill` make the files in a folder and say what it made; then make them the current result.

    The record that it returns gets the SHA-256 of each file, and is a file itself.
    """
    results = out / _RESULTS
    disk.make_folder(results)
    number = _next(results)
    staged = results / f"{number}{disk.TEMPORARY}"
    try:
        disk.make_folder(staged)
        record = {KEY: VERSION, **fill(staged), "files": _digests(staged)}
        with disk.new_file(staged / RECORD) as file:
            file.write(json.dumps(record, indent=2).encode("ascii") + b"\n")
        disk.sync_folder(staged)
        disk.move(staged, results / str(number))
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    disk.sync_folder(results)
    _link(out, [*record["files"], RECORD])
    disk.link(results / _CURRENT, str(number))
    disk.sync_folder(results)
    _remove_old(out, str(number))
    return record


def _next(results: Path) -> int:
    """A number that no folder has; what a killed run has left is removed."""
    taken = [0]
    for path in results.iterdir():
        if path.name.endswith(disk.TEMPORARY):
            path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
        elif path.name.isdigit():
            taken.append(int(path.name))
    return max(taken) + 1


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.iterdir()):
        with open(path, "rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _link(out: Path, names: Iterable[str]) -> None:
    for name in names:
        target = f"{_RESULTS}/{_CURRENT}/{name}"
        if not (out / name).is_symlink() or os.readlink(out / name) != target:
            disk.link(out / name, target)
    disk.sync_folder(out)


def _remove_old(out: Path, current: str) -> None:
    for path in (out / _RESULTS).iterdir():
        if path.name not in (current, _CURRENT):
            shutil.rmtree(path, ignore_errors=True)
    for path in out.iterdir():
        if path.is_symlink() and not path.exists() and os.readlink(path).startswith(_RESULTS + "/"):
            path.unlink(missing_ok=True)
