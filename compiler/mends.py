"""Turns what checks propose into fixes: JSON Patches that were tried before they are offered.

1. The changes of a mend are made on the data of the document (`changed`); nothing of the data itself changes.
2. The changed data are checked as any document is. The mend is good where its diagnostic is gone and no error
   has come: none but in an expression, a section or a text that could not be read before. An expression never
   has more errors afterwards. Where a text that was no JSON had to be completed to become it, all parts have
   to be where they belong, and readable.
3. The difference between the data before and after, as RFC 6902 has it, is the fix (`difference`).

Worked: for `"up": "close > open && volume"` the mend of `&&` gives
`[{"op": "replace", "path": "/conditions/up", "value": "close > open AND volume"}]`, and the warning about
`volume` that stays is not of its making.

A document without mends costs nothing. Trying one costs about as much as checking the document, so all tries
together have a budget, which is spent on errors before warnings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
import json
from typing import Any

from ..grammar.diagnostics import (
    MAX_DIAGNOSTICS,
    Change,
    Drop,
    Finding,
    Fix,
    Mend,
    Pointer,
    Put,
    Rename,
    Rewrite,
    json_pointer,
)
from ..grammar.document import ENVELOPE_KEY, Document
from ..grammar.lenient import repaired

Examine = Callable[[dict[str, Any]], Sequence[Finding]]

_BUDGET = 250_000  # characters of all documents that are tried: about half a second
_LEAST = 500  # what the smallest document costs to try, in characters
_FINDING = 50  # and each finding beyond those that are shown
_ORDERED = {("functions",), ("inputs",), ("conditions",)}
_UNREAD = "E2"  # an expression with one of these may not have been read to its end
_DISPLACED = frozenset(("E105", "E109", "E110", "E111", "E303", "E304", "E305", "E312", "E317"))
_BROKEN = frozenset(("E201", "E202", "E203", "E204", "E208", "E211"))
"""What a completed text shows where a bracket, a quote or a comma was added at the wrong place."""


class Unchangeable(Exception):
    """A change that does not fit the data, because another one came first."""


# --- changes of data --------------------------------------------------------------------------


def changed(data: Any, changes: Iterable[Change]) -> Any:
    """The data after some changes. Raises Unchangeable where one does not fit.

    >>> changed({"a": {"b": "x = 1"}}, [Rewrite(("a", "b"), 2, 3, "=="), Rename(("a",), "c")])
    {'c': {'b': 'x == 1'}}
    """
    done: list[Rewrite] = []
    for change in changes:
        if isinstance(change, Rewrite):
            shift = sum(
                len(one.text) - (one.end - one.start)
                for one in done
                if one.pointer == change.pointer and one.start < change.start
            )
            done.append(change)
            moved = Rewrite(change.pointer, change.start + shift, change.end + shift, change.text)
            data = _at(data, change.pointer, moved)
        else:
            whole = isinstance(change, Put) and not change.pointer
            data = change.value if whole else _at(data, change.pointer, change)  # type: ignore[union-attr]
    return data


def _at(value: Any, pointer: Pointer, change: Change) -> Any:
    """The value with the change made below it, where `pointer` leads."""
    if not pointer:
        if not isinstance(change, Rewrite) or not isinstance(value, str) or change.end > len(value):
            raise Unchangeable
        return value[: change.start] + change.text + value[change.end :]
    first, *rest = pointer
    if isinstance(value, list) and str(first).isdigit() and int(first) < len(value):
        items = list(value)
        items[int(first)] = _at(items[int(first)], tuple(rest), change)
        return items
    if not isinstance(value, dict) or (first not in value and not isinstance(change, Put)):
        raise Unchangeable
    if rest or isinstance(change, Rewrite):
        if first not in value:
            raise Unchangeable
        return {key: _at(item, tuple(rest), change) if key == first else item for key, item in value.items()}
    match change:
        case Put(value=new):
            return {**value, first: new}
        case Drop():
            return {key: item for key, item in value.items() if key != first}
        case Rename(key=new) if new not in value:
            return {new if key == first else key: item for key, item in value.items()}
    raise Unchangeable


def difference(old: Any, new: Any, pointer: Pointer = ()) -> list[dict[str, Any]]:
    """The patch (RFC 6902) that makes `new` of `old`.

    Objects are patched key by key, except where the order of keys counts and would be another.

    >>> difference({"a": 1, "b": [1]}, {"b": [1, 2], "c": 3})[1:]
    [{'op': 'replace', 'path': '/b', 'value': [1, 2]}, {'op': 'add', 'path': '/c', 'value': 3}]
    """
    if type(old) is type(new) and old == new and repr(old) == repr(new):
        return []
    path = json_pointer(pointer)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [{"op": "replace", "path": path, "value": new}]
    kept = [key for key in old if key in new]
    if (pointer in _ORDERED and [*kept, *(key for key in new if key not in old)] != list(new)) or not kept:
        return [{"op": "replace", "path": path, "value": new}]
    patch: list[dict[str, Any]] = []
    for key in old:
        if key not in new:
            patch.append({"op": "remove", "path": json_pointer((*pointer, key))})
        else:
            patch += difference(old[key], new[key], (*pointer, key))
    for key in new:
        if key not in old:
            patch.append({"op": "add", "path": json_pointer((*pointer, key)), "value": new[key]})
    return patch


# --- what may be offered ----------------------------------------------------------------------


def offered(findings: Sequence[Finding], document: Document, examine: Examine) -> dict[Finding, Fix]:
    """The fixes of all findings whose mend proves good, as far as the budget reaches.

    `examine` finds everything that is wrong in data.
    """
    proposals = [finding for finding in findings if finding.mend is not None]
    if not proposals or (document.data is not None and not _is_open(document)):
        return {}
    proposals.sort(key=lambda finding: finding.message.severity != "error")
    trial = Trial(findings, document, examine)
    fixes = {}
    for finding in proposals[:MAX_DIAGNOSTICS]:
        assert finding.mend is not None
        if trial.spent + trial.size > _BUDGET:
            break
        new = trial.result(finding.mend, [finding])
        if new is not None:
            patch = difference(document.data, new)
            if not _is_json(patch):
                continue
            fixes[finding] = Fix(finding.mend.title, finding.mend.safe, tuple(patch))
    return fixes


def _is_json(patch: list[dict[str, Any]]) -> bool:
    """Whether a patch can be written: none with a number that is unreadable can."""
    try:
        json.dumps(patch)
    except TypeError:
        return False
    return True


def _is_open(document: Document) -> bool:
    """Whether the data are a strategy, or an envelope whose mend opens it."""
    data = document.data or {}
    return ENVELOPE_KEY not in data or isinstance(data[ENVELOPE_KEY], dict)


class Trial:
    """Tries mends of one document; `spent` is what that has cost, in characters of checked documents."""

    def __init__(self, findings: Iterable[Finding], document: Document, examine: Examine) -> None:
        self.spent = 0
        self._document = document
        self._examine = examine
        self._findings = list(findings)
        self._before = Counter(map(_key, self._findings))
        length = len(document.text) if document.text is not None else _length(document.data)
        self.size = max(_LEAST, length) + _FINDING * max(0, len(self._findings) - MAX_DIAGNOSTICS)
        errors = [finding for finding in self._findings if finding.message.severity == "error"]
        self._faulty = Counter(finding.pointer[:2] for finding in errors)
        self._unread = {one.pointer[:2] for one in errors if one.message.code.startswith(_UNREAD)}
        self._known: dict[tuple[Change, ...], tuple[dict[str, Any], Counter[Any], list[Finding]]] = {}

    def result(self, mend: Mend, meant: Iterable[Finding]) -> dict[str, Any] | None:
        """The data after a mend, or None where it leaves a finding that is meant, or brings an error."""
        tried = self._tried(mend.changes)
        if tried is None:
            return None
        data, after, findings = tried
        if any(after[_key(one)] >= self._before[_key(one)] for one in meant):
            return None
        wrong = [finding for finding in findings if finding.message.severity == "error"]
        if self._document.data is None:
            return data if self._is_whole(wrong) else None
        more = after - self._before
        counted = Counter(finding.pointer[:2] for finding in wrong)
        for finding in wrong:
            if more[_key(finding)] and not self._hidden(finding, mend, counted):
                return None
        return data

    def _is_whole(self, wrong: Iterable[Finding]) -> bool:
        """Whether a text that was no JSON is certainly read as it was meant; `wrong` is in it afterwards."""
        found = repaired(self._document.text or "")
        if found is None or found.certain:
            return True
        return not any(one.message.code in _DISPLACED | _BROKEN for one in wrong)

    def _tried(
        self, changes: tuple[Change, ...]
    ) -> tuple[dict[str, Any], Counter[Any], list[Finding]] | None:
        plain = all(isinstance(change, Rewrite) for change in changes)
        if plain and changes in self._known:
            return self._known[changes]
        try:
            data = changed(self._document.data, changes)
        except Unchangeable:
            return None
        self.spent += self.size
        findings = list(self._examine(data))
        found = data, Counter(map(_key, findings)), findings
        if plain:
            self._known[changes] = found
        return found

    def _hidden(self, finding: Finding, mend: Mend, counted: Mapping[Pointer, int]) -> bool:
        """Whether an error was there before and could not be seen: in what was not read, or was not there.

        `counted` says how many errors each entry has now.
        """
        entry = finding.pointer[:2]
        if entry in self._unread or (mend.safe and entry in self._faulty):
            return counted[entry] <= self._faulty[entry]
        value: Any = self._document.data
        for part in entry:
            if not isinstance(value, dict) or part not in value:
                return True
            value = value[part]
        return False


def _key(finding: Finding) -> tuple[str, str]:
    """What a finding says, without the line that only a text has."""
    return finding.message.code, finding.message.text.partition(" (below")[0]


def _length(data: Any) -> int:
    """About how many characters plain data have."""
    if isinstance(data, Mapping):
        return sum(len(key) + _length(item) for key, item in data.items())
    if isinstance(data, list):
        return sum(map(_length, data))
    return len(data) if isinstance(data, str) else 8
