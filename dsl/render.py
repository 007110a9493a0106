"""Shows diagnostics: as text with the source line and a caret, as JSON, as GitHub annotations.

Diagnostics are data; nothing is decided here. What a user wrote is shown so that it cannot move
a cursor or forge a line: control characters become visible, long lines are cut around the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
import json
from typing import TYPE_CHECKING
import unicodedata

from .grammar.diagnostics import Diagnostic
from .grammar.source import Source
from .grammar.words import clipped, some

if TYPE_CHECKING:
    from .formats.outside import Outside

_WIDEST = 120
_COLORS = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "help": "\x1b[36m",
    "dim": "\x1b[2m",
    "bold": "\x1b[1m",
}
_RESET = "\x1b[0m"


@dataclass(frozen=True)
class Checked:
    """A file (or standard input) and what was found in it.

    `source` is the text of the strategy, `original` that of the file where the two differ: an envelope.
    A `nameless` one is of no file: standard input, or a text. What is `ignored` are warnings.
    """

    source: Source
    diagnostics: list[Diagnostic]
    original: Source | None = None
    nameless: bool = False
    ignored: tuple[Diagnostic, ...] = ()

    @property
    def file(self) -> Source:
        """The text of the file itself."""
        return self.original or self.source

    @property
    def valid(self) -> bool:
        """Whether nothing that was found is an error."""
        return all(diagnostic.severity != "error" for diagnostic in self.diagnostics)

    def passes(self, strict: bool) -> bool:
        """Whether a check lets it through: `strict` ones fail on warnings, too."""
        return not self.diagnostics if strict else self.valid

    @cached_property
    def outside(self) -> Outside | None:
        """The envelope around the text of the strategy, if there is one."""
        if self.original is None:
            return None
        from .formats.outside import Outside

        return Outside(self.original, self.source)

    @cached_property
    def in_file(self) -> list[Diagnostic]:
        """The diagnostics with their places in the file itself, which of an envelope are others."""
        if self.outside is None:
            return self.diagnostics
        return [_moved(diagnostic, self.outside) for diagnostic in self.diagnostics]


def _moved(found: Diagnostic, outside: Outside) -> Diagnostic:
    if not found.line or not found.column or not found.end_line or not found.end_column:
        return found
    line, column = outside.place(found.line, found.column)
    end_line, end_column = outside.place(found.end_line, found.end_column)
    return replace(found, line=line, column=column, end_line=end_line, end_column=end_column)


@dataclass(frozen=True)
class Unread:
    """A file that could not be read, and why."""

    name: str
    reason: str


def one_line(diagnostic: Diagnostic, label: str) -> str:
    """`strategy.json:14:22: error[E301]: …`"""
    place = f":{diagnostic.line}:{diagnostic.column}" if diagnostic.line else ""
    head = f"{visible(label)}{place}: {diagnostic.severity}[{diagnostic.code}]"
    return f"{head}: {diagnostic.message}{_where(diagnostic)}"


def as_text(checked: Checked, *, color: bool = False) -> str:
    """Every diagnostic with its line and a caret; empty if there are none."""
    return "\n".join(_block(diagnostic, checked.source, color) for diagnostic in checked.diagnostics)


def as_json(files: Iterable[Checked | Unread], *, strict: bool = False) -> str:
    """A list with one object a file: its name, whether it is valid and passes, and the diagnostics."""
    return json.dumps([_as_object(file, strict) for file in files], indent=2, ensure_ascii=True)


def _as_object(file: Checked | Unread, strict: bool) -> dict[str, object]:
    if isinstance(file, Unread):
        nothing: dict[str, object] = {"valid": False, "strict": strict, "passed": False, "ignored": []}
        return {"file": visible(file.name), "unreadable": file.reason, **nothing, "diagnostics": []}
    return {
        "file": visible(file.source.label),
        "unreadable": None,
        "valid": file.valid,
        "strict": strict,
        "passed": file.passes(strict),
        "ignored": [found.code for found in file.ignored],
        "diagnostics": [found.as_dict() for found in file.diagnostics],
    }


def as_github(checked: Checked) -> str:
    """One workflow command a diagnostic, which GitHub shows at the line of the file.

    What has no file is shown beside the run, with its place in words.
    """
    return "\n".join(_as_command(diagnostic, checked) for diagnostic in checked.in_file)


def _as_command(diagnostic: Diagnostic, checked: Checked) -> str:
    text = f"{diagnostic.message} ({diagnostic.help})" if diagnostic.help else diagnostic.message
    if checked.nameless:
        where = f":{diagnostic.line}:{diagnostic.column}" if diagnostic.line else ""
        text = f"{checked.file.label}{where}: {text}"
    place = {} if checked.nameless else {"file": checked.file.label}
    place["title"] = f"dslc {diagnostic.code}"
    if diagnostic.line and not checked.nameless:
        place |= {
            "line": str(diagnostic.line),
            "col": str(diagnostic.column),
            "endLine": str(diagnostic.end_line),
            "endColumn": str(diagnostic.end_column),
        }
    return _command(diagnostic.severity, place, text)


def end_as_github(files: Iterable[Checked], unreadable: Iterable[Unread], *, strict: bool) -> list[str]:
    """What else makes a check fail, as workflow commands: unreadable files, and warnings where they count."""
    commands = [_command("error", {"file": one.name, "title": "dslc"}, one.reason) for one in unreadable]
    refused = [file for file in files if file.valid and not file.passes(strict)]
    if refused:
        warnings = some(sum(len(file.diagnostics) for file in refused), "warning")
        commands.append(_command("error", {"title": "dslc"}, f"--strict allows no warnings: {warnings}"))
    return commands


def _command(severity: str, place: Mapping[str, str], text: str) -> str:
    where = ",".join(f"{key}={_command_property(value)}" for key, value in place.items())
    return f"::{severity} {where}::{_command_data(text)}"


def visible(text: str) -> str:
    """Text with every control character and lone surrogate written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _where(diagnostic: Diagnostic) -> str:
    """The path, for what has no line."""
    return f" ({visible(clipped(diagnostic.path))})" if diagnostic.path and not diagnostic.line else ""


def _block(diagnostic: Diagnostic, source: Source, color: bool) -> str:
    def paint(text: str, style: str) -> str:
        return f"{_COLORS[style]}{text}{_RESET}" if color else text

    place = (
        f"{visible(source.label)}:{diagnostic.line}:{diagnostic.column}"
        if diagnostic.line
        else visible(source.label)
    )
    tag = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    lines = [f"{paint(place, 'bold')}: {tag}: {diagnostic.message}{_where(diagnostic)}"]
    gutter = 5
    if diagnostic.line and diagnostic.column:
        shown, before, width = _excerpt(source, diagnostic)
        gutter = max(gutter, len(str(diagnostic.line)) + 1)
        lines.append(f"{paint(f'{diagnostic.line:>{gutter}} |', 'dim')} {shown}")
        caret = paint("^" * width, diagnostic.severity)
        lines.append(f"{paint(f'{chr(32) * gutter} |', 'dim')} {' ' * before}{caret}")
    if diagnostic.help:
        lines.append(f"{' ' * gutter} {paint('= help:', 'help')} {diagnostic.help}")
    if diagnostic.fix and not _is_said(diagnostic.fix.title, diagnostic.help):
        kind = "fix" if diagnostic.fix.safe else "guess"
        lines.append(f"{' ' * gutter} {paint(f'= {kind}:', 'help')} {visible(diagnostic.fix.title)}")
    return "\n".join(lines) + "\n"


def _is_said(title: str, help_: str | None) -> bool:
    """Whether the help says what the fix does: "did you mean `ema`?" has all of "write `ema`"."""
    return title.removeprefix("write ").strip("`") in (help_ or "")


def _excerpt(source: Source, diagnostic: Diagnostic) -> tuple[str, int, int]:
    """The line as it is shown, the columns before the caret, and the width of the caret."""
    assert diagnostic.line and diagnostic.column and diagnostic.end_column
    line = source.line(diagnostic.line)
    start = diagnostic.column - 1
    end = diagnostic.end_column - 1 if diagnostic.end_line == diagnostic.line else len(line)
    first, last = 0, len(line)
    if last > _WIDEST:
        first = max(0, min(start - _WIDEST // 3, last - _WIDEST))
        last = min(last, first + _WIDEST)
    prefix, suffix = ("…" if first else ""), ("…" if last < len(line) else "")
    before = prefix + _spaced(line[first:start])
    marked = _spaced(line[start : min(end, last)])
    shown = before + marked + _spaced(line[min(end, last) : last]) + suffix
    return shown, _columns(before), max(1, _columns(marked))


def _spaced(text: str) -> str:
    return visible(text.replace("\t", "    "))


def _columns(text: str) -> int:
    """How many columns a terminal gives a text: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _command_data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _command_property(text: str) -> str:
    return _command_data(text).replace(":", "%3A").replace(",", "%2C")
