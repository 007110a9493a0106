"""`dslc fmt`: rewrites documents in their canonical form, or says which ones have another.

A document is read, checked and laid out in memory; only then is its file replaced, as a whole. An invalid
one stays as it is, and its diagnostics are shown as `dslc validate` shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import sys
from typing import Literal

import click

from ..files import STDIN, OutputError
from ..formatting import formatted
from ..grammar.document import load
from ..grammar.source import Source
from ..grammar.words import some
from ..render import Checked, as_text, visible
from ..strategy import StrategyError
from .checking import INVALID, UNREADABLE, complain, is_colored, label_of, read_source
from .rewriting import files_to_rewrite, replace_file, show_difference

Outcome = Literal["changed", "unchanged", "invalid", "unreadable"]


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    files: tuple[str, ...]
    check: bool
    diff: bool
    stdin_name: str | None = None


def format_files(request: Request) -> int:
    """Format everything that is named; returns the exit status."""
    files = files_to_rewrite(request.files)
    if files is None:
        return UNREADABLE
    outcomes = [_format(name, request) for name in files]
    if outcomes and STDIN not in files:
        click.echo(_summary(outcomes, request), err=request.diff)
    return _status(outcomes, request)


def _status(outcomes: list[Outcome], request: Request) -> int:
    if not outcomes or "unreadable" in outcomes:
        return UNREADABLE
    would_change = (request.check or request.diff) and "changed" in outcomes
    return INVALID if would_change or "invalid" in outcomes else 0


def _format(name: str, request: Request) -> Outcome:
    try:
        raw = read_source(name)
        label = label_of(name, request.stdin_name)
        after = _canonical(label, raw)
        if after is None:
            return "invalid"
        outcome: Outcome = "unchanged" if after == raw else "changed"
        if request.diff:
            show_difference(label, raw, after, "canonical")
        elif name == STDIN:
            if not request.check:
                click.echo(after, nl=False)
        elif outcome == "changed":
            _replace(name, after, request)
    except OSError as error:
        complain(name, error)
        return "unreadable"
    except OutputError as error:
        click.echo(f"dslc: {visible(str(error))}", err=True)
        return "unreadable"
    return outcome


def _canonical(label: str, raw: bytes) -> bytes | None:
    """The canonical form as bytes; None for an invalid document, once its diagnostics are shown."""
    document = load(raw, label)
    try:
        return formatted(raw, document).encode("utf-8")
    except StrategyError as error:
        found = Checked(Source(document.text or "", document.label), error.diagnostics)
        click.echo(as_text(found, color=is_colored(sys.stderr)), err=True)
        return None


def _replace(name: str, after: bytes, request: Request) -> None:
    if request.check:
        click.echo(f"would reformat {visible(name)}")
        return
    replace_file(name, after)
    click.echo(f"reformatted {visible(name)}")


def _summary(outcomes: Iterable[Outcome], request: Request) -> str:
    outcomes = list(outcomes)
    done = "would be reformatted" if request.check or request.diff else "reformatted"
    kept = "already canonical" if request.check or request.diff else "left unchanged"
    said = [
        (outcomes.count("changed"), done),
        (outcomes.count("unchanged"), kept),
        (outcomes.count("invalid"), "invalid and not touched"),
        (outcomes.count("unreadable"), "could not be read or written"),
    ]
    return ", ".join(f"{some(count, 'file')} {what}" for count, what in said if count)
