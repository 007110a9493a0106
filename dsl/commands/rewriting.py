"""What the commands that rewrite documents share: the files that are named, the difference, the new file.

A file is replaced as a whole or stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
import difflib
import os
from pathlib import Path
import re

import click

from ..files import OutputError, write_atomically
from ..render import visible
from .checking import STDIN, complain, find_files

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def files_to_rewrite(names: Iterable[str]) -> list[str] | None:
    """The files that are named; None, once that is said, where they cannot be listed or mixed with -."""
    try:
        files = list(find_files(names))
    except OSError as error:
        complain(str(error.filename), error)
        return None
    if STDIN in files and len(files) > 1:
        click.echo("dslc: - is standard input and stands alone", err=True)
        return None
    return files


def replace_file(name: str, after: bytes) -> None:
    """Put other bytes in the place of a file; OutputError where that is not possible."""
    if not os.path.isfile(name):
        raise OutputError(f"{name} is no regular file; use - for standard input")
    if not os.access(name, os.W_OK):
        raise OutputError(f"{name}: the file is read-only")

    def write(path: Path) -> None:
        path.write_bytes(after)

    write_atomically(Path(name), write)


def difference(name: str, before: bytes, after: bytes, what: str) -> str:
    """What would change, as a unified difference that cannot move a cursor; `what` the new text is."""
    shown = "<stdin>" if name == STDIN else name
    old, new = (_LINE.findall(raw.decode("utf-8", "replace")) for raw in (before, after))
    return "".join(map(_printable, difflib.unified_diff(old, new, shown, f"{shown} ({what})")))


def _printable(line: str) -> str:
    """A line of a difference that says where the file has no last line end."""
    text = "\t".join(map(visible, line.removesuffix("\n").split("\t")))
    return text + ("\n" if line.endswith("\n") else "\n\\ No newline at end of file\n")
