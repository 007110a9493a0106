"""Diagnostics as SARIF 2.1.0, the format that code hosts, editors and dashboards read.

One run, one result a diagnostic. What the standard leaves to a tool:

1. Columns count code points, and a lone CR ends a line, as everywhere in dslc; the run says both.
2. A file below the working directory has a URI relative to `%SRCROOT%`, any other one an absolute URI.
   Standard input has no file, so its text is part of the log.
3. Rules are those that occur; their help is the page of the code.
4. A fingerprint is made of the code, the pointer and the marked text, so it outlives other lines moving.
   What has the same three is counted.
5. A fix is one replacement of the characters that differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
import hashlib
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from ..grammar.diagnostics import Diagnostic
from ..grammar.source import Source
from ..guides.pages import FAMILIES, as_markdown, as_text, page
from ..render import Checked, Unread, visible
from ..version import __version__
from .edits import patched, replacement
from .outside import Outside

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_STDIN = "stdin:"
_LONGEST_SNIPPET = 200
_MISUSE = 2


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


def as_sarif(files: Sequence[Checked], unreadable: Sequence[Unread] = (), status: int = 0) -> str:
    """The log of a run over some files, as JSON text; `status` is the exit status of the command.

    >>> json.loads(as_sarif([]))["version"]
    '2.1.0'
    """
    log = _Log()
    results = [result for checked in files for result in _results(checked, log)]
    run = {
        "tool": {"driver": _driver(list(log.rules))},
        "invocations": [_invocation(unreadable, status)],
        "originalUriBaseIds": {ROOT: {"uri": _folder_uri()}},
        "artifacts": log.artifacts,
        "newlineSequences": ["\r\n", "\n", "\r"],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


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
        "shortDescription": _message(found.means),
        "fullDescription": _message(whole),
        "help": _message(as_text(found)) | {"markdown": _braced(as_markdown(found))},
        "defaultConfiguration": {"level": found.severity},
        "properties": {"tags": [FAMILIES[code[:2]]]},
    }


def _invocation(unreadable: Sequence[Unread], status: int) -> dict[str, Any]:
    notes = [
        {
            "level": "error",
            "message": _message(f"{visible(one.name)}: {one.reason}"),
            "locations": [{"physicalLocation": {"artifactLocation": _artifact_location(one.name)}}],
        }
        for one in unreadable
    ]
    done = not notes and status < _MISUSE
    return {"executionSuccessful": done, "exitCode": status, "toolExecutionNotifications": notes}


def _artifact(checked: Checked) -> dict[str, Any]:
    if not checked.from_stdin:
        return {"location": _artifact_location(checked.file.label), "roles": ["analysisTarget"]}
    return {
        "location": _artifact_location(_STDIN) | {"description": {"text": "standard input"}},
        "roles": ["analysisTarget", "standardStream"],
        "contents": {"text": checked.file.text},
    }


def _artifact_location(name: str) -> dict[str, Any]:
    """The URI of a file: relative below the working directory, absolute elsewhere."""
    if name == _STDIN:
        return {"uri": _STDIN}
    path = os.path.abspath(name)
    inside = os.path.relpath(path)
    if inside == os.pardir or inside.startswith(os.pardir + os.sep):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote_from_bytes(os.fsencode(Path(inside).as_posix())), "uriBaseId": ROOT}


def _folder_uri() -> str:
    return Path.cwd().as_uri().rstrip("/") + "/"


# --- results ----------------------------------------------------------------------------------


def _results(checked: Checked, log: _Log) -> list[dict[str, Any]]:
    where = _STDIN if checked.from_stdin else checked.file.label
    location = _artifact_location(where) | {"index": log.artifact(checked)}
    outside = Outside(checked.file, checked.source) if checked.file is not checked.source else None
    return [_result(found, checked, location, outside, log) for found in checked.diagnostics]


def _result(
    found: Diagnostic, checked: Checked, location: dict[str, Any], outside: Outside | None, log: _Log
) -> dict[str, Any]:
    marked = _marked(checked.source, found)
    place: dict[str, Any] = {"artifactLocation": location}
    if found.line is not None:
        place["region"] = _region(found, outside)
        if marked and outside is None and len(marked) <= _LONGEST_SNIPPET:
            place["region"]["snippet"] = {"text": marked}
    whole: dict[str, Any] = {"physicalLocation": place}
    if found.path:
        whole["logicalLocations"] = [{"fullyQualifiedName": found.path, "kind": "property"}]
    fix = _fix(found, checked, location, outside)
    return {
        "ruleId": found.code,
        "ruleIndex": log.rules.setdefault(found.code, len(log.rules)),
        "level": found.severity,
        "message": _message(f"{found.message}: {found.help}" if found.help else found.message),
        "locations": [whole],
        "partialFingerprints": {"finding/v1": _fingerprint(found, location["uri"], marked, log)},
        **({"fixes": [fix]} if fix else {}),
    }


def _fix(
    found: Diagnostic, checked: Checked, location: dict[str, Any], outside: Outside | None
) -> dict[str, Any] | None:
    """The fix as one replacement in the file; None where there is none."""
    if found.fix is None:
        return None
    old = checked.file.text
    new = patched(checked.source.text, found.fix.patch)
    if new is not None and outside is not None:
        new = outside.rewritten(new)
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


def _region(found: Diagnostic, outside: Outside | None) -> dict[str, Any]:
    assert found.line and found.column and found.end_line and found.end_column
    start, end = (found.line, found.column), (found.end_line, found.end_column)
    if outside is not None:
        start, end = outside.place(*start), outside.place(*end)
    return {"startLine": start[0], "startColumn": start[1], "endLine": end[0], "endColumn": end[1]}


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
    return {"text": _braced(text).replace("](", "\\](")}


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
