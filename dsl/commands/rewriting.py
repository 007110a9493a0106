"""What the commands that rewrite documents share: the files that are named, the difference, the new file.

A file is replaced as a whole or stays as it was. Only one that has several names (hard links) is written in
its place, because all names are to have the new text.
"""

from __future__ import annotations

from collections.abc import Iterable
import difflib
import os
from pathlib import Path
import re
import sys

import click

from ..files import STDIN, OutputError, write_atomically
from ..render import visible
from .checking import complain, find_files

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


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
    if os.stat(name).st_nlink > 1:
        _overwrite(name, after)
        return

    def write(path: Path) -> None:
        path.write_bytes(after)

    write_atomically(Path(name), write)


def _overwrite(name: str, after: bytes) -> None:
    """Write into the file itself; what it had is put back where that fails."""
    before = Path(name).read_bytes()
    try:
        Path(name).write_bytes(after)
    except OSError as error:
        Path(name).write_bytes(before)
        raise OutputError(f"{name}: {error.strerror or error}") from error


def show_difference(label: str, before: bytes, after: bytes, what: str) -> None:
    """Print what would change, as a unified difference; `what` the new text is.

    On a terminal nothing in it can move a cursor. Anywhere else it has the bytes of the files, line ends and
    all, so that it can be applied.
    """
    text = difference(label, before, after, what)
    if sys.stdout.isatty():
        click.echo(_shown(text), nl=False)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def difference(label: str, before: bytes, after: bytes, what: str) -> bytes:
    """The unified difference of two texts, line ends and all.

    >>> print(difference("s.json", b"{}\\n", b'{"a": 1}', "fixed").decode())
    --- s.json
    +++ s.json (fixed)
    @@ -1 +1 @@
    -{}
    +{"a": 1}
    \\ No newline at end of file
    <BLANKLINE>
    """
    names = (visible(label).encode(), visible(f"{label} ({what})").encode())
    lines = difflib.diff_bytes(difflib.unified_diff, _LINE.findall(before), _LINE.findall(after), *names)
    return b"".join(
        line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines
    )


def _shown(text: bytes) -> str:
    """The lines of a difference as a terminal may have them: tabs stay, and line ends are not shown."""
    lines = text.decode("utf-8", "replace").split("\n")
    return "\n".join("\t".join(map(visible, line.removesuffix("\r").split("\t"))) for line in lines)
