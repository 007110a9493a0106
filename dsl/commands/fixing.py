"""`dslc fix`: mends documents in place, and says of each what was done and what is left.

A document is mended in memory; only then is its file replaced, as a whole. What cannot be mended stays as it
is, and its diagnostics are shown as `dslc validate` shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import sys

import click

from ..files import OutputError
from ..fixing import Fixed, fix
from ..grammar.diagnostics import Diagnostic
from ..grammar.document import load
from ..grammar.source import Source
from ..grammar.words import some
from ..render import Checked, as_text, one_line, visible
from .checking import INVALID, STDIN, UNREADABLE, VALID, complain, is_colored, read_source
from .rewriting import difference, files_to_rewrite, replace_file


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    files: tuple[str, ...]
    unsafe: bool
    diff: bool


def fix_files(request: Request) -> int:
    """Mend everything that is named; returns the exit status."""
    files = files_to_rewrite(request.files)
    if files is None:
        return UNREADABLE
    statuses = []
    done: list[Fixed] = []
    for name in files:
        try:
            done.append(_fix(name, request))
            statuses.append(VALID if done[-1].valid else INVALID)
        except OSError as error:
            complain(name, error)
            statuses.append(UNREADABLE)
        except OutputError as error:
            click.echo(f"dslc: {visible(str(error))}", err=True)
            statuses.append(UNREADABLE)
    if done:
        click.echo(_summary(done, request), err=_aside(request))
    return max(statuses, default=UNREADABLE)


def _aside(request: Request) -> bool:
    """Whether reports go to standard error, because standard output has the text or the difference."""
    return request.diff or STDIN in request.files


def _fix(name: str, request: Request) -> Fixed:
    """Mend one file, or standard input, and report what was done."""
    raw = read_source(name)
    fixed = fix(raw, unsafe=request.unsafe)
    after = raw if fixed.text is None or not fixed.applied else fixed.text.encode("utf-8", "surrogatepass")
    if request.diff:
        click.echo(difference(name, raw, after, "fixed"), nl=False)
    elif name == STDIN:
        sys.stdout.flush()
        sys.stdout.buffer.write(after)
    elif after != raw:
        replace_file(name, after)
    _report(name, after, fixed, request)
    return fixed


def _report(name: str, after: bytes, fixed: Fixed, request: Request) -> None:
    """One line for each mend that was applied, and the diagnostics that are left, as the text is now."""
    label = "<stdin>" if name == STDIN else name
    for diagnostic in fixed.applied:
        click.echo(_line(diagnostic, label), err=_aside(request))
    left = [diagnostic for diagnostic in fixed.diagnostics if diagnostic.severity == "error"]
    if left:
        document = load(after, label)
        found = Checked(Source(document.text or "", document.label), left)
        stream = sys.stderr if _aside(request) else sys.stdout
        click.echo(as_text(found, color=is_colored(stream)), err=_aside(request))


def _line(diagnostic: Diagnostic, label: str) -> str:
    """What was mended, and how."""
    said = one_line(diagnostic, label).replace(f": {diagnostic.severity}[", ": fixed[", 1)
    return f"{said}: {visible(diagnostic.fix.title)}" if diagnostic.fix else said


def _summary(done: Iterable[Fixed], request: Request) -> str:
    done = list(done)
    mended = sum(len(fixed.applied) for fixed in done)
    left = [
        diagnostic for fixed in done for diagnostic in fixed.diagnostics if diagnostic.severity == "error"
    ]
    guesses = sum(diagnostic.fix is not None and not diagnostic.fix.safe for diagnostic in left)
    verb = "would be mended" if request.diff else "mended"
    text = f"{some(mended, 'mistake')} {verb}, {some(len(left), 'error')} left"
    return f"{text} ({guesses} may be mended with --unsafe)" if guesses else text
