"""`dslc validate`: reads files, folders and standard input, and reports what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import os
import sys
from typing import NoReturn, TextIO

import click

from ..compiler.front import check
from ..grammar.document import load
from ..grammar.source import Source
from ..grammar.words import LIMITS, some
from ..render import Checked, Unread, as_github, as_json, as_text, visible

STDIN = "-"
VALID, INVALID, UNREADABLE = 0, 1, 2
BUDGET = 6000


def validate_files(names: Iterable[str], form: str, budget: int = BUDGET, *, strict: bool = False) -> int:
    """Check everything that is named, print the findings, and return the exit status.

    `budget` is how many characters there may be for a model; a `strict` check fails on warnings, too.
    """
    results: list[Checked] = []
    unreadable: list[Unread] = []
    try:
        files = list(find_files(names))
    except OSError as error:
        complain(str(error.filename), error)
        return UNREADABLE
    for name in files:
        try:
            results.append(check_file(name))
        except OSError as error:
            unreadable.append(Unread(name, error.strerror or str(error)))
            complain(name, error)
            continue
        if form == "text" and results[-1].diagnostics:
            click.echo(as_text(results[-1], color=is_colored(sys.stdout)))
        elif form == "github" and results[-1].diagnostics:
            click.echo(as_github(results[-1]))
    status = _status(results, unreadable, strict)
    if form == "json":
        click.echo(as_json(results))
    elif form == "sarif":
        from ..formats.sarif import as_sarif

        click.echo(as_sarif(results, unreadable, status))
    elif form == "llm" and results:
        from ..formats.brief import as_brief

        click.echo(as_brief(results, budget))
    elif form == "text" and results:
        refused = strict and status == INVALID and all(result.valid for result in results)
        click.echo(_summary(results) + " (--strict allows none)" * refused)
    return status


def _status(results: list[Checked], unreadable: list[Unread], strict: bool) -> int:
    if unreadable or not results:
        return UNREADABLE
    right = [result.valid and not (strict and result.diagnostics) for result in results]
    return VALID if all(right) else INVALID


def find_files(names: Iterable[str]) -> Iterator[str]:
    """Names of files; a folder stands for every .json file below it, in the order of the names."""
    for name in names:
        if name != STDIN and os.path.isdir(name):
            found = list(_below(name))
            if not found:
                click.echo(f"dslc: {visible(name)}: no .json files in this folder", err=True)
            yield from found
        else:
            yield name


def _below(folder: str) -> Iterator[str]:
    """Every .json below a folder, in the order of the names; links that lead nowhere are among them."""
    for place, folders, files in os.walk(folder, onerror=_raise):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(place, name)
            if name.endswith(".json") and (os.path.isfile(path) or not os.path.exists(path)):
                yield path


def _raise(error: OSError) -> NoReturn:
    raise error


def check_file(name: str) -> Checked:
    """The findings of one file, or of standard input. OSError if it cannot be read."""
    raw = read_source(name)
    label = "<stdin>" if name == STDIN else name
    document = load(raw, label)
    _, diagnostics = check(document)
    inside = document.label != label
    original = Source(raw.decode(), label) if inside else None
    return Checked(Source(document.text or "", document.label), diagnostics, original, name == STDIN)


def read_source(name: str) -> bytes:
    """The bytes of a file or of standard input, no more than it takes to see that there are too many."""
    limit = LIMITS.document_bytes + 1
    if name == STDIN:
        return sys.stdin.buffer.read(limit)
    with open(name, "rb") as file:
        return file.read(limit)


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
    fixable = sum(diagnostic.fix is not None and diagnostic.fix.safe for diagnostic in found)
    mended = f"; `dslc fix` mends {fixable:,}" if fixable else ""
    return f"{verdict}: {', '.join(counts)}{mended}" if counts else verdict
