"""The files of commands and of scoring: which documents a folder has, how much of one is read, and results.

A result is written whole or not at all, and never over what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
import contextlib
import os
from pathlib import Path
import tempfile
from typing import NoReturn

from .grammar.words import LIMITS

STDIN = "-"
"""The name by which a document on standard input is called."""

DOCUMENT = ".json"
"""What the name of a document ends in."""


class OutputError(Exception):
    """A result file that cannot or must not be written; the text says why."""


def documents_below(folder: str) -> Iterator[str]:
    """Every document below a folder, in the order of the names; links that lead nowhere are among them.

    OSError where a folder cannot be listed.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.json", "a.json", "notes.txt"):
    ...         _ = Path(folder, name).write_text("{}")
    ...     [os.path.basename(path) for path in documents_below(folder)]
    ['a.json', 'b.json']
    """
    for place, folders, files in os.walk(folder, onerror=_raise):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(place, name)
            if name.endswith(DOCUMENT) and (os.path.isfile(path) or not os.path.exists(path)):
                yield path


def _raise(error: OSError) -> NoReturn:
    raise error


def read_document(path: str | Path) -> bytes:
    """The bytes of a document, no more than it takes to see that there are too many.

    OSError where it cannot be read.
    """
    with open(path, "rb") as file:
        return file.read(LIMITS.document_bytes + 1)


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
