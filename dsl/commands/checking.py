"""`dslc validate`: reads files, folders and standard input, and reports what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
import os
import sys
from typing import TextIO

import click

from ..files import STDIN, documents_below, read_document
from ..formats.checks import check_loaded
from ..grammar.words import LIMITS, some
from ..render import Checked, Unread, as_github, as_json, as_text, end_as_github, visible

VALID, INVALID, UNREADABLE = 0, 1, 2


@dataclass(frozen=True)
class Request:
    """What the command line asked for.

    `budget` is how many characters there may be for a model. A `strict` check fails on warnings, too, but for
    those that are `ignored`. `stdin_name` is what standard input is called.
    """

    files: tuple[str, ...]
    form: str = "text"
    budget: int | None = None
    strict: bool = False
    ignored: Collection[str] = ()
    stdin_name: str | None = None


def validate_files(request: Request) -> int:
    """Check everything that is named, print the findings, and return the exit status."""
    try:
        files = list(find_files(request.files))
    except OSError as error:
        complain(str(error.filename), error)
        return UNREADABLE
    found = [_check(name, request) for name in files]
    results = [one for one in found if isinstance(one, Checked)]
    unreadable = [one for one in found if isinstance(one, Unread)]
    status = _status(results, unreadable, request.strict)
    if request.form == "json":
        click.echo(as_json(found, strict=request.strict))
    elif request.form == "sarif":
        from ..formats.sarif import as_sarif

        click.echo(as_sarif(results, unreadable, status, strict=request.strict, ignored=request.ignored))
    elif request.form == "llm" and found:
        from ..formats.brief import BUDGET, as_brief

        click.echo(as_brief(results, request.budget or BUDGET, unreadable, strict=request.strict))
    elif request.form == "github":
        for line in end_as_github(results, unreadable, strict=request.strict):
            click.echo(line)
    elif request.form == "text" and results:
        refused = status == INVALID and all(result.valid for result in results)
        click.echo(_summary(results) + " (--strict allows none but those of --ignore)" * refused)
    return status


def _check(name: str, request: Request) -> Checked | Unread:
    """Check one file, and show at once what is shown file by file."""
    try:
        checked = check_file(name, request.ignored, request.stdin_name)
    except OSError as error:
        complain(name, error)
        return Unread(name, error.strerror or str(error))
    if request.form == "text" and checked.diagnostics:
        click.echo(as_text(checked, color=is_colored(sys.stdout)))
    elif request.form == "github" and checked.diagnostics:
        click.echo(as_github(checked))
    return checked


def _status(results: list[Checked], unreadable: list[Unread], strict: bool) -> int:
    if unreadable or not results:
        return UNREADABLE
    return VALID if all(result.passes(strict) for result in results) else INVALID


def find_files(names: Iterable[str]) -> Iterator[str]:
    """Names of files, each file once; a folder stands for every .json below it, in the order of the names."""
    seen: set[str] = set()
    for name in _named(names):
        place = STDIN if name == STDIN else os.path.realpath(name)
        if place not in seen:
            seen.add(place)
            yield name


def _named(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name != STDIN and os.path.isdir(name):
            found = list(documents_below(name))
            if not found:
                click.echo(f"dslc: {visible(name)}: no .json files in this folder", err=True)
            yield from found
        else:
            yield name


def check_file(name: str, ignored: Collection[str] = (), stdin_name: str | None = None) -> Checked:
    """The findings of one file, or of standard input. OSError if it cannot be read."""
    nameless = name == STDIN and stdin_name is None
    return check_loaded(read_source(name), label_of(name, stdin_name), ignored, nameless=nameless)


def label_of(name: str, stdin_name: str | None = None) -> str:
    """What a file is called in reports; standard input may stand for a file, as in an editor."""
    return (stdin_name or "<stdin>") if name == STDIN else name


def read_source(name: str) -> bytes:
    """The bytes of a file or of standard input, no more than it takes to see that there are too many."""
    if name == STDIN:
        return sys.stdin.buffer.read(LIMITS.document_bytes + 1)
    return read_document(name)


def complain(name: str, error: OSError) -> None:
    """One line about a file that cannot be read."""
    click.echo(f"dslc: {visible(name)}: {error.strerror or error}", err=True)


def is_colored(stream: TextIO) -> bool:
    """Whether to colour what goes there: on terminals only, and not where NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _summary(results: list[Checked]) -> str:
    found = [diagnostic for result in results for diagnostic in result.diagnostics]
    errors = sum(diagnostic.severity == "error" for diagnostic in found)
    invalid = sum(not result.valid for result in results)
    counts = [some(errors, "error")] if errors else []
    if len(found) > errors:
        counts.append(some(len(found) - errors, "warning"))
    verdict = f"{invalid:,} of {some(len(results), 'strategy').replace('strategys', 'strategies')} invalid"
    if not invalid:
        verdict = "valid" if len(results) == 1 else f"all {len(results):,} strategies valid"
    elif len(results) == 1:
        verdict = "invalid"
    fixes = [diagnostic.fix.safe for diagnostic in found if diagnostic.fix is not None]
    left = sum(len(result.ignored) for result in results)
    ignored = f" ({some(left, 'warning')} ignored)" if left else ""
    said = f"{verdict}: {', '.join(counts)}" if counts else verdict
    return said + ignored + _mends(sum(fixes), len(fixes) - sum(fixes))


def _mends(safe: int, guesses: int) -> str:
    """What `dslc fix` would do."""
    if safe and guesses:
        return f"; `dslc fix` mends {safe:,}, and {guesses:,} more with --unsafe"
    if guesses:
        return f"; `dslc fix --unsafe` mends {guesses:,}"
    return f"; `dslc fix` mends {safe:,}" if safe else ""
