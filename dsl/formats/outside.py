r"""Where the text inside an envelope stands in its file, character by character.

Diagnostics count lines and columns of the strategy's own text. In an envelope that text is the value of a
key, as a JSON string, and an editor shows the file around it:

    {"strategySnapshotJson": "{\"name\": 1}"}      the quote at 1 inside stands at 27 outside

1. `Outside` finds the string, and where each of its characters begins.
2. `place` turns a line and column inside into those outside.
"""

from __future__ import annotations

from functools import cached_property
import json
import re

from ..grammar.document import ENVELOPE_KEY
from ..grammar.places import Span, members
from ..grammar.source import Source

_ESCAPED = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_LINE_END = re.compile(r"\r\n|\n|\r")


class Outside:
    r"""The text of a file with an envelope, and the text inside.

    >>> file = Source('{"strategySnapshotJson": "{\\"name\\": 1}"}')
    >>> Outside(file, Source('{"name": 1}')).place(1, 2)
    (1, 28)
    """

    def __init__(self, file: Source, inner: Source) -> None:
        self._file = file
        self._inner = inner

    def rewritten(self, inner: str) -> str:
        """The text of the file with another text inside.

        >>> Outside(Source('{"strategySnapshotJson": "{}"}'), Source("{}")).rewritten('{"a": 1}')
        '{"strategySnapshotJson": "{\\\\"a\\\\": 1}"}'
        """
        start, end = self._value
        return self._file.text[:start] + json.dumps(inner) + self._file.text[end:]

    def place(self, line: int, column: int) -> tuple[int, int]:
        """The line and column in the file of a place in the text inside."""
        at = self._lines[line - 1] + column - 1
        return self._file.position(self._starts[min(at, len(self._starts) - 1)])

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self._inner.text))]

    @cached_property
    def _starts(self) -> list[int]:
        """Where each character of the text inside begins in the file, and where the last one ends."""
        start, end = self._value
        found = _ESCAPED.finditer(self._file.text, start + 1, end - 1)
        return [*(character.start() for character in found), end - 1]

    @cached_property
    def _value(self) -> Span:
        """The string of the envelope, its quotes included."""
        text = self._file.text
        opening = len(text) - len(text.lstrip())
        return next(span for key, _, span in members(text, opening) if key == ENVELOPE_KEY)
