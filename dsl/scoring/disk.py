"""Every write, sync and rename that a run makes, so that a test can let each of them fail.

A file is there whole or not at all: it is filled under a temporary name, made durable, given its name, and
the folder is made durable. Whatever the disk refuses is a ScoreError that says what and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import io
import os
from pathlib import Path
from typing import IO, Any

from .errors import ScoreError

TEMPORARY = ".tmp"
_BUFFER = 1 << 20


class _Raw(io.RawIOBase):
    """A file that writes with `os.write`, and no end of it is lost."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._handle

    def write(self, content: Any) -> int:
        return os.write(self._handle, content)

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._handle)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to fill, durable when the block ends; what a failure leaves behind is removed."""
    try:
        raw = _Raw(path)
        try:
            file = io.BufferedWriter(raw, _BUFFER)
            yield file
            file.flush()
            os.fsync(raw.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            raw.close()
    except OSError as error:
        raise refused(path, error) from error


def put(path: Path, content: bytes) -> None:
    """A whole file in one step, durable."""
    temporary = path.with_name(path.name + TEMPORARY)
    with new_file(temporary) as file:
        file.write(content)
    move(temporary, path)
    sync_folder(path.parent)


def move(source: Path, target: Path) -> None:
    """Give a file, folder or link its name."""
    try:
        os.replace(source, target)
    except OSError as error:
        if source.is_symlink() or source.is_file():
            source.unlink(missing_ok=True)
        raise refused(target, error) from error


def link(path: Path, target: str) -> None:
    """A symbolic link of this name to a target beside it, in the place of the one that is there."""
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        temporary.unlink(missing_ok=True)
        os.symlink(target, temporary)
    except OSError as error:
        raise refused(path, error) from error
    move(temporary, path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise refused(folder, error) from error


def make_folder(path: Path) -> None:
    """A folder and those above it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(path, error) from error


def refused(path: Path, error: OSError) -> ScoreError:
    """What to say where the disk refuses something."""
    return ScoreError(
        f"{path}: {error.strerror or error}; what was finished is kept, and the old result is as it was: "
        "make room or choose another folder, and call again"
    )
