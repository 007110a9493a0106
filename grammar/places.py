"""Finds keys and values in a JSON text that is known to be valid.

Only diagnostics need places, so nothing here runs for a correct document. The two outer levels
(sections and their entries) are indexed member by member; a deeper value is skipped in one step
by the C parser. What may hide at any depth (a duplicate key, a NaN) is found by one scan for
just that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
import json
import re

from .diagnostics import Pointer

_SPACE = re.compile(r"[ \t\n\r]*")
STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_MEMBER = re.compile(rf'[ \t\n\r,]*({STRING})[ \t\n\r]*:[ \t\n\r]*({STRING}|[^\[{{"\s,}}]+)?', re.DOTALL)
_STRING_OR_BRACE = re.compile(rf"{STRING}|[{{}}]", re.DOTALL)
_STRING_OR_NUMBER = re.compile(rf"{STRING}|-?(?:[0-9][0-9.eE+-]*|NaN|Infinity)", re.DOTALL)
_ESCAPED = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_SKIP = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a member of an object stands: its key (None for the document) and its value."""

    pointer: Pointer
    key: Span | None
    value: Span


class Places:
    """The index of one JSON text.

    >>> places = Places('{"a": {"b": 1}}')
    >>> places.entry(("a", "b")).value
    (12, 13)
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def entry(self, pointer: Pointer) -> Entry | None:
        """The entry of a pointer, or of its nearest parent that the index has."""
        for length in range(len(pointer), -1, -1):
            found = self._index.get(pointer[:length])
            if found is not None:
                return found
        return None

    def pointer_at(self, offset: int) -> Pointer:
        """The innermost indexed member whose key or value holds the character at `offset`."""
        pointer: Pointer = ()
        for level in self._levels:
            at = bisect_right(level, offset, key=_start) - 1
            if at < 0 or offset >= level[at].value[1]:
                break
            pointer = level[at].pointer
        return pointer

    def duplicate_keys(self, found: list[tuple[int, str]]) -> Iterator[tuple[str, Pointer, Span]]:
        """Key, pointer and span of each repeated key; objects are named by the order they close in."""
        wanted = {number for number, _ in found}
        opened: list[int] = []
        closed = 0
        for match in _STRING_OR_BRACE.finditer(self._text):
            if match[0] == "{":
                opened.append(match.start())
            elif match[0] == "}":
                start = opened.pop()
                closed += 1
                if closed in wanted:
                    yield from self._repeated(start)

    def numbers(self) -> Iterator[tuple[str, Span]]:
        """Every number of the text, NaN and Infinity among them, with its span."""
        for match in _STRING_OR_NUMBER.finditer(self._text):
            if match[0][0] != '"':
                yield match[0], match.span()

    def _repeated(self, start: int) -> Iterator[tuple[str, Pointer, Span]]:
        parent = self.entry(self.pointer_at(start))
        exact = parent is not None and parent.value[0] == start and len(parent.pointer) < 2
        seen: set[str] = set()
        for key, span, _ in members(self._text, start):
            if key in seen:
                pointer = parent.pointer if parent else ()
                inner = (span[0] + 1, span[1] - 1) if key else span
                yield key, (*pointer, key) if exact else pointer, inner
            seen.add(key)

    @cached_property
    def _index(self) -> dict[Pointer, Entry]:
        text = self._text
        if not text:
            return {}
        start = _skip_space(text, 0)
        index: dict[Pointer, Entry] = {(): Entry((), None, (start, len(text.rstrip())))}
        for key, key_span, value in members(text, start):
            index.setdefault((key,), Entry((key,), key_span, value))
            if text[value[0]] != "{" or index[(key,)].key != key_span:
                continue
            for name, name_span, inner in members(text, value[0]):
                index.setdefault((key, name), Entry((key, name), name_span, inner))
        return index

    @cached_property
    def _levels(self) -> tuple[list[Entry], list[Entry]]:
        """Sections and their entries, each in the order of the text."""
        levels: tuple[list[Entry], list[Entry]] = ([], [])
        for entry in self._index.values():
            if entry.pointer:
                levels[len(entry.pointer) - 1].append(entry)
        return levels


def _start(entry: Entry) -> int:
    return (entry.key or entry.value)[0]


def members(text: str, start: int) -> Iterator[tuple[str, Span, Span]]:
    """Key, span of the key and span of the value of each member of the object at `start`."""
    at = start + 1
    while member := _MEMBER.match(text, at):
        quoted = member[1]
        key = json.loads(quoted, strict=False) if "\\" in quoted else quoted[1:-1]
        value = member.end() if member[2] is None else member.start(2)
        at = _SKIP.raw_decode(text, value)[1] if member[2] is None else member.end()
        yield key, member.span(1), (value, at)


def _skip_space(text: str, start: int) -> int:
    match = _SPACE.match(text, start)
    assert match is not None
    return match.end()


def unescape_offset(text: str, start: int, count: int) -> int:
    """The offset in `text` of the character `count` code points after `start` of a JSON string.

    >>> unescape_offset(r'"a\\u0041b"', 1, 2)
    8
    """
    if "\\" not in text[start : start + count + 1]:
        return start + count
    at = start
    for _ in range(count):
        match = _ESCAPED.match(text, at)
        assert match is not None
        at = match.end()
    return at
