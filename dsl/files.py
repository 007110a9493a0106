"""Writes result files: whole or not at all, and never over what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import contextlib
import os
from pathlib import Path
import tempfile


class OutputError(Exception):
    """A result file that cannot or must not be written; the text says why."""


def check_output(target: Path, inputs: Iterable[Path], suffixes: Iterable[str]) -> None:
    """Refuse a target that is an input, a folder, or of an unknown kind, before any work is done."""
    try:
        _check_output(target, inputs, tuple(suffixes))
    except OSError as error:
        raise OutputError(f"{target}: {error.strerror or error}") from error


def _check_output(target: Path, inputs: Iterable[Path], known: tuple[str, ...]) -> None:
    if target.suffix.lower() not in known:
        raise OutputError(f"{target}: write to a file that ends in {' or '.join(known)}")
    if target.is_dir():
        raise OutputError(f"{target} is a folder")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target} is no regular file")
    if not target.resolve().parent.is_dir():
        raise OutputError(f"{target.parent} is not a folder")
    for source in inputs:
        if target.exists() and source.exists() and os.path.samefile(target, source):
            raise OutputError(f"{target} is an input of this run and is not overwritten")


def write_atomically(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside the target, then put it in the target's place.

    Whatever fails, the target is as it was and nothing is left behind.
    """
    place = target.resolve()
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".dslc-", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, place.stat().st_mode if place.exists() else 0o666 & ~_umask())
        os.replace(temporary, place)
    except OSError as error:
        raise OutputError(f"{target}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _sync_folder(place.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
