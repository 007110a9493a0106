"""Diagnostics as SARIF 2.1.0, the format that code hosts, editors and dashboards read.

One run, one result a diagnostic. What the standard leaves to a tool:

1. Columns count code points, and a lone CR ends a line, as everywhere in dslc; the run says both.
2. A file below the working directory has a URI relative to `%SRCROOT%`, any other one an absolute URI.
   Standard input has no file, so its text is part of the log.
3. Rules are those that occur or are ignored; their help is the page of the code. The invocation says which
   are ignored, and whether warnings count.
4. A fingerprint is made of the code, the pointer and the marked text, so it outlives other lines moving.
   What has the same three is counted.
5. A fix is one replacement of the characters that differ.
6. Messages double their braces: the standard reads `{0}` as a place for an argument (3.11.5), and programs
   format them. What describes a rule has no arguments, and viewers show it as it is, so there braces stay;
   two that meet get a space between them, so that who reads doubled ones as one shows the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
import hashlib
import json
import os
from pathlib import Path
import re
from typing import Any
from urllib.parse import quote_from_bytes

from ..grammar.diagnostics import Diagnostic
from ..grammar.source import Source
from ..guides.pages import FAMILIES, as_markdown, as_text, page
from ..ignoring import ignored_codes
from ..render import Checked, Unread, visible
from ..version import __version__
from .checks import check_source
from .edits import patched, replacement

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_STDIN = "<stdin>"
_LONGEST_SNIPPET = 200
_INVALID, _MISUSE = 1, 2


@dataclass
class _Log:
    """The parts of the run that results refer to by index."""

    rules: dict[str, int] = field(default_factory=dict)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    places: dict[str, int] = field(default_factory=dict)

    def artifact(self, checked: Checked) -> int:
        """The index of a file, which is there once, however often it was named."""
        made = _artifact(checked)
        index = self.places.setdefault(json.dumps(made), len(self.artifacts))
        if index == len(self.artifacts):
            self.artifacts.append(made)
        return index


def to_sarif(
    *sources: str | bytes | Path | dict[str, Any], strict: bool = False, ignore: Iterable[str] = ()
) -> dict[str, Any]:
    """The diagnostics of some strategies as a SARIF 2.1.0 log, which is plain data.

    A source is what `validate` takes; one that is not a Path is part of the log. If `strict`, the log says
    that warnings make the check fail; those in `ignore` are left out. OSError for a file that cannot be read,
    ValueError for a code that is none or an error.

    >>> log = to_sarif('{"inputs": {"fast": "emma(close, 9)"}}')
    >>> log["version"], log["runs"][0]["results"][-1]["ruleId"]
    ('2.1.0', 'E301')
    """
    ignored = ignored_codes(ignore)
    files = [check_source(source, ignored) for source in sources]
    status = 0 if all(checked.passes(strict) for checked in files) else _INVALID
    return sarif_log(files, (), status, strict=strict, ignored=ignored)


def as_sarif(
    files: Sequence[Checked],
    unreadable: Sequence[Unread] = (),
    status: int = 0,
    *,
    strict: bool = False,
    ignored: Collection[str] = (),
) -> str:
    """The log of a run over some files, as JSON text; `status` is the exit status of the command.

    >>> json.loads(as_sarif([]))["version"]
    '2.1.0'
    """
    return json.dumps(sarif_log(files, unreadable, status, strict=strict, ignored=ignored), indent=2)


def sarif_log(
    files: Sequence[Checked],
    unreadable: Sequence[Unread],
    status: int,
    *,
    strict: bool,
    ignored: Collection[str],
) -> dict[str, Any]:
    """The same as plain data."""
    log = _Log()
    results = [result for checked in files for result in _results(checked, log)]
    invocation = _invocation(unreadable, status, strict, sorted(ignored), log)
    run = {
        "tool": {"driver": _driver(list(log.rules))},
        "invocations": [invocation],
        "originalUriBaseIds": {ROOT: {"uri": _folder_uri()}},
        "artifacts": log.artifacts,
        "newlineSequences": ["\r\n", "\n", "\r"],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


# --- the tool and its run ---------------------------------------------------------------------


def _driver(codes: list[str]) -> dict[str, Any]:
    return {
        "name": "dslc",
        "version": __version__,
        "semanticVersion": __version__,
        "shortDescription": {"text": "Checks trading strategies written as JSON."},
        "rules": [_rule(code) for code in codes],
    }


def _rule(code: str) -> dict[str, Any]:
    found = page(code)
    whole = f"{found.means} {found.why}".strip()
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in found.name.split()),
        "shortDescription": {"text": _apart(found.means)},
        "fullDescription": {"text": _apart(whole)},
        "help": {"text": _apart(as_text(found)), "markdown": _apart(as_markdown(found))},
        "defaultConfiguration": {"level": found.severity},
        "properties": {"tags": [FAMILIES[code[:2]]]},
    }


def _invocation(
    unreadable: Sequence[Unread], status: int, strict: bool, ignored: Sequence[str], log: _Log
) -> dict[str, Any]:
    notes = [
        {
            "level": "error",
            "message": _message(f"{visible(one.name)}: {one.reason}"),
            "locations": [{"physicalLocation": {"artifactLocation": _artifact_location(one.name)}}],
        }
        for one in unreadable
    ]
    done = not notes and status < _MISUSE
    found: dict[str, Any] = {
        "executionSuccessful": done,
        "exitCode": status,
        "toolExecutionNotifications": notes,
    }
    if strict:
        found["exitCodeDescription"] = "warnings count as errors"
        found["properties"] = {"strict": True}
    if ignored:
        found["ruleConfigurationOverrides"] = [_switched_off(code, log) for code in ignored]
    return found


def _switched_off(code: str, log: _Log) -> dict[str, Any]:
    rule = {"id": code, "index": log.rules.setdefault(code, len(log.rules))}
    return {"descriptor": rule, "configuration": {"enabled": False}}


def _artifact(checked: Checked) -> dict[str, Any]:
    if not checked.nameless:
        return {"location": _artifact_location(checked.file.label), "roles": ["analysisTarget"]}
    is_stream = checked.file.label == _STDIN
    described = {"description": {"text": "standard input" if is_stream else "a text of no file"}}
    return {
        "location": _nameless_location(checked) | described,
        "roles": ["analysisTarget", "standardStream"] if is_stream else ["analysisTarget"],
        "contents": {"text": checked.file.text},
    }


def _nameless_location(checked: Checked) -> dict[str, Any]:
    return {"uri": "stdin:" if checked.file.label == _STDIN else "text:"}


def _artifact_location(name: str) -> dict[str, Any]:
    """The URI of a file: relative below the working directory, absolute elsewhere."""
    path = os.path.abspath(name)
    inside = os.path.relpath(path)
    if inside == os.pardir or inside.startswith(os.pardir + os.sep):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote_from_bytes(os.fsencode(Path(inside).as_posix())), "uriBaseId": ROOT}


def _folder_uri() -> str:
    return Path.cwd().as_uri().rstrip("/") + "/"


# --- results ----------------------------------------------------------------------------------


def _results(checked: Checked, log: _Log) -> list[dict[str, Any]]:
    place = _nameless_location(checked) if checked.nameless else _artifact_location(checked.file.label)
    location = place | {"index": log.artifact(checked)}
    pairs = zip(checked.diagnostics, checked.in_file, strict=True)
    return [_result(found, placed, checked, location, log) for found, placed in pairs]


def _result(
    found: Diagnostic, placed: Diagnostic, checked: Checked, location: dict[str, Any], log: _Log
) -> dict[str, Any]:
    marked = _marked(checked.source, found)
    place: dict[str, Any] = {"artifactLocation": location}
    if placed.line is not None:
        place["region"] = _region(placed)
        if marked and found is placed and len(marked) <= _LONGEST_SNIPPET:
            place["region"]["snippet"] = {"text": marked}
    whole: dict[str, Any] = {"physicalLocation": place}
    if found.path:
        whole["logicalLocations"] = [{"fullyQualifiedName": found.path, "kind": "property"}]
    fix = _fix(found, checked, location)
    return {
        "ruleId": found.code,
        "ruleIndex": log.rules.setdefault(found.code, len(log.rules)),
        "level": found.severity,
        "message": _message(f"{found.message}: {found.help}" if found.help else found.message),
        "locations": [whole],
        "partialFingerprints": {"finding/v1": _fingerprint(found, location["uri"], marked, log)},
        **({"fixes": [fix]} if fix else {}),
    }


def _fix(found: Diagnostic, checked: Checked, location: dict[str, Any]) -> dict[str, Any] | None:
    """The fix as one replacement in the file; None where there is none."""
    if found.fix is None:
        return None
    old = checked.file.text
    new = patched(checked.source.text, found.fix.patch)
    if new is not None and checked.outside is not None:
        new = checked.outside.rewritten(new)
    if new is None or new == old:
        return None
    start, end, inserted = replacement(old, new)
    (line, column), (end_line, end_column) = checked.file.position(start), checked.file.position(end)
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    change = {
        "artifactLocation": location,
        "replacements": [{"deletedRegion": region, "insertedContent": {"text": inserted}}],
    }
    return {
        "description": _message(found.fix.title),
        "artifactChanges": [change],
        "properties": {"safe": found.fix.safe},
    }


def _region(placed: Diagnostic) -> dict[str, Any]:
    return {
        "startLine": placed.line,
        "startColumn": placed.column,
        "endLine": placed.end_line,
        "endColumn": placed.end_column,
    }


def _marked(source: Source, found: Diagnostic) -> str:
    """The marked characters, those of the first line where there are several."""
    if not found.line or not found.column or not found.end_column:
        return ""
    line = source.line(found.line)
    return line[found.column - 1 : found.end_column - 1 if found.end_line == found.line else None]


def _fingerprint(found: Diagnostic, uri: str, marked: str, log: _Log) -> str:
    key = json.dumps([uri, found.code, found.path, marked])
    log.seen[key] += 1
    return hashlib.sha256(f"{key}{log.seen[key]}".encode()).hexdigest()[:32]


# --- messages ---------------------------------------------------------------------------------


def _message(text: str) -> dict[str, str]:
    """A message as it is meant: the standard reads `{0}` as a place for an argument and `[a](b)` as a link.

    >>> _message("write {0} or [a](b)")
    {'text': 'write {{0}} or [a\\\\](b)'}
    """
    doubled = text.replace("{", "{{").replace("}", "}}")
    return {"text": doubled.replace("](", "\\](")}


def _apart(text: str) -> str:
    """What describes a rule, with a space between braces that meet; JSON has the same meaning with it.

    >>> _apart('{"entry": {"a": {}}}')
    '{"entry": {"a": {} } }'
    """
    return re.sub(r"(?<=\{)(?=\{)|(?<=\})(?=\})", " ", text)
