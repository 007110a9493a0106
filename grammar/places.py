"""Finds keys and values in a JSON text that is known to be valid.

Only diagnostics need places, so nothing here runs for a correct document. The sections are indexed first,
and the entries of a section when one of them is asked for; so are what a parameter declares and the
constraints. A deeper value is skipped in one step by the C parser. What may hide at any depth (a duplicate
key, a NaN) is found by one scan for just that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
import json
import re
from typing import NamedTuple

from .diagnostics import Pointer

_SPACE = re.compile(r"[ \t\n\r]*")
STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_MEMBER = re.compile(rf'[ \t\n\r,]*({STRING})[ \t\n\r]*:[ \t\n\r]*({STRING}|[^\[{{"\s,}}]+)?', re.DOTALL)
_KEY_OR_BRACE = re.compile(rf"({STRING})[ \t\n\r]*(:)?|[{{}}]", re.DOTALL)
_STRING_OR_ODD_NUMBER = re.compile(
    rf"{STRING}|-?(?:[0-9][0-9.]*[eE][+-]?[0-9]+|[0-9][0-9.]{{31,}}|NaN|Infinity)", re.DOTALL
)
_ESCAPED = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_SKIP = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)

Span = tuple[int, int]
Spans = tuple[Span | None, Span]


class Entry(NamedTuple):
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
        self._indexed: dict[Pointer, dict[str, Spans]] = {}

    def entry(self, pointer: Pointer) -> Entry | None:
        """The entry of a pointer, or of its nearest parent that the index has."""
        if not self._text:
            return None
        known, spans = 0, self._whole
        for part in pointer:
            below = self._below(pointer[:known], spans[1][0]).get(str(part))
            if below is None:
                break
            known, spans = known + 1, below
        return Entry(pointer[:known], *spans)

    def pointer_at(self, offset: int) -> Pointer:
        """The innermost indexed member whose key or value holds the character at `offset`."""
        pointer: Pointer = ()
        for level in self._levels:
            at = bisect_right(level, offset, key=_start) - 1
            if at < 0 or offset >= level[at].value[1]:
                break
            pointer = level[at].pointer
        return pointer

    def duplicate_keys(self) -> Iterator[tuple[str, Pointer, Span]]:
        """Key, pointer and span of each key that its object has already."""
        opened: list[tuple[int, set[str]]] = []
        for match in _KEY_OR_BRACE.finditer(self._text):
            if match[0] == "{":
                opened.append((match.start(), set()))
            elif match[0] == "}":
                opened.pop()
            elif match[2]:
                start, seen = opened[-1]
                key = _unquoted(match[1])
                if key in seen:
                    yield key, self._pointer_of(start, key), within_quotes(*match.span(1))
                seen.add(key)

    def odd_numbers(self) -> Iterator[tuple[str, Span]]:
        """Every number of the text that may be none: NaN, Infinity, an exponent, many digits."""
        for match in _STRING_OR_ODD_NUMBER.finditer(self._text):
            if match[0][0] != '"':
                yield match[0], match.span()

    def _pointer_of(self, start: int, key: str) -> Pointer:
        """The pointer of a key in the object at `start`; that of the nearest entry where it is deeper."""
        parent = self.entry(self.pointer_at(start))
        if parent is None:
            return ()
        exact = parent.value[0] == start and len(parent.pointer) < 2
        return (*parent.pointer, key) if exact else parent.pointer

    @cached_property
    def _whole(self) -> Spans:
        """Where the document stands in the text."""
        return None, (_skip_space(self._text, 0), len(self._text.rstrip()))

    def _below(self, pointer: Pointer, start: int) -> dict[str, Spans]:
        """What the index has directly below the value at `start`, in the order of the text."""
        found = self._indexed.get(pointer)
        if found is None:
            found = self._indexed[pointer] = {}
            if len(pointer) > (2 if pointer[:1] == ("parameters",) else 1):
                return found
            if self._text[start] == "{":
                for key, key_span, value in members(self._text, start):
                    found.setdefault(key, (key_span, value))
            elif self._text[start] == "[" and pointer == ("constraints",):
                for at, span in enumerate(elements(self._text, start)):
                    found[str(at)] = None, span
        return found

    @cached_property
    def _levels(self) -> tuple[list[Entry], list[Entry]]:
        """Sections and their entries, each in the order of the text."""
        if not self._text:
            return [], []
        sections = [Entry((key,), *spans) for key, spans in self._below((), self._whole[1][0]).items()]
        inner = [
            Entry((*section.pointer, key), *spans)
            for section in sections
            for key, spans in self._below(section.pointer, section.value[0]).items()
        ]
        return sections, inner


def _start(entry: Entry) -> int:
    return (entry.key or entry.value)[0]


def members(text: str, start: int) -> Iterator[tuple[str, Span, Span]]:
    """Key, span of the key and span of the value of each member of the object at `start`."""
    at = start + 1
    while member := _MEMBER.match(text, at):
        quoted = member[1]
        value = member.end() if member[2] is None else member.start(2)
        at = _SKIP.raw_decode(text, value)[1] if member[2] is None else member.end()
        yield _unquoted(quoted), member.span(1), (value, at)


def elements(text: str, start: int) -> Iterator[Span]:
    """The span of each element of the array at `start`."""
    at = _skip_space(text, start + 1)
    while text[at] != "]":
        end = _SKIP.raw_decode(text, at)[1]
        yield at, end
        at = _skip_space(text, end)
        if text[at] == ",":
            at = _skip_space(text, at + 1)


def _unquoted(text: str) -> str:
    key: str = json.loads(text, strict=False) if "\\" in text else text[1:-1]
    return key


def within_quotes(start: int, end: int) -> Span:
    """A string without its quotes, unless nothing would be left."""
    return (start + 1, end - 1) if end - start > 2 else (start, end)


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
