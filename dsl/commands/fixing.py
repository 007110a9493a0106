"""`dslc fix`: mends documents in place, and says of each what was done and what is left.

A document is mended in memory; only then is its file replaced, as a whole. What cannot be mended stays as it
is, and its diagnostics are shown as `dslc validate` shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import sys

import click

from ..compiler.front import diagnose
from ..files import STDIN, OutputError
from ..fixing import Fixed, fix
from ..grammar.diagnostics import Diagnostic
from ..grammar.document import load
from ..grammar.source import Source
from ..grammar.words import some
from ..render import Checked, as_text, one_line, visible
from .checking import INVALID, UNREADABLE, VALID, complain, is_colored, label_of, read_source
from .rewriting import files_to_rewrite, replace_file, show_difference


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    files: tuple[str, ...]
    unsafe: bool
    diff: bool
    stdin_name: str | None = None


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
        show_difference(label_of(name, request.stdin_name), raw, after, "fixed")
    elif name == STDIN:
        sys.stdout.flush()
        sys.stdout.buffer.write(after)
    elif after != raw:
        replace_file(name, after)
    _report(label_of(name, request.stdin_name), raw, after, fixed, request)
    return fixed


def _report(label: str, raw: bytes, after: bytes, fixed: Fixed, request: Request) -> None:
    """One line for each mend that was applied, and the diagnostics that are left.

    Those of a difference have the places of the text as it is, where they are in it, too.
    """
    before = load(raw, label)
    for diagnostic in fixed.applied:
        click.echo(_line(diagnostic, before.label), err=_aside(request))
    left = [diagnostic for diagnostic in fixed.diagnostics if diagnostic.severity == "error"]
    if request.diff:
        now, left = _placed_before(left, diagnose(before) if left else [])
        _show(before.text, before.label, now, request)
        label = f"{label} (fixed)"
    document = load(after, label)
    _show(document.text, document.label, left, request)


def _show(text: str | None, label: str, left: list[Diagnostic], request: Request) -> None:
    if left:
        stream = sys.stderr if _aside(request) else sys.stdout
        click.echo(
            as_text(Checked(Source(text or "", label), left), color=is_colored(stream)), err=_aside(request)
        )


def _placed_before(
    left: list[Diagnostic], before: list[Diagnostic]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What is left as it was found before anything was mended, and what was hidden then."""
    waiting: dict[tuple[str, str, str], list[Diagnostic]] = {}
    for found in before:
        waiting.setdefault((found.code, found.path, found.message), []).append(found)
    known: list[Diagnostic] = []
    hidden: list[Diagnostic] = []
    for found in left:
        same = waiting.get((found.code, found.path, found.message))
        (known if same else hidden).append(same.pop(0) if same else found)
    return known, hidden


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
