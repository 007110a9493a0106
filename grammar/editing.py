"""Writes other data into a JSON text and leaves its layout as it was.

1. Two objects are compared member by member. A member that stays keeps its characters, and so does what
   stands between two members that stay neighbours.
2. A member that has another key and the old value, or that stands where one has gone, takes that one's place.
3. What is new is written in one line, or in as many as what it replaces had.

Worked: `{"a": 1,  "b": "x"}` with `{"a": 1, "c": "x"}` becomes `{"a": 1,  "c": "x"}`.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from .document import read_json
from .places import elements, members


class _Member(NamedTuple):
    """Where one member of an object stands: from its key on, its key, its value."""

    key: tuple[int, int]
    value: tuple[int, int]


def edited(text: str, data: Any) -> str:
    """The text with changes that make it read as `data`. The text must be JSON.

    Raises TypeError for data that JSON cannot hold, except where they stand in the text already.

    >>> edited('{"a": 1,  "b": [2, 3]}', {"b": [2, 4], "c": 5})
    '{"b": [2, 4],  "c": 5}'
    """
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    old = read_json(text, _noted)
    writer = _Writer(text)
    written = text[:start] + writer.value((start, end), old, data) + text[end:]
    if repr(read_json(written, dict)) != repr(data):
        written = json.dumps(data, indent=2, ensure_ascii=False) + ("\n" if text.endswith("\n") else "")
    return written


class _Twice(dict[str, Any]):
    """An object in which a key occurs twice, so that it is like no other."""

    def __repr__(self) -> str:
        return f"twice {super().__repr__()}"


def _noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(reversed(pairs))
    return {key: found[key] for key, _ in pairs} if len(found) == len(pairs) else _Twice(reversed(pairs))


class _Writer:
    """Writes values into one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, span: tuple[int, int], old: Any, new: Any) -> str:
        start, end = span
        if repr(old) == repr(new):
            return self.text[start:end]
        if isinstance(old, dict) and isinstance(new, dict) and old and new:
            return self.object(span, old, new)
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            return self.array(span, old, new)
        return self.written(span, new)

    def array(self, span: tuple[int, int], old: list[Any], new: list[Any]) -> str:
        parts, at = [], span[0]
        for place, before, after in zip(elements(self.text, span[0]), old, new, strict=True):
            parts += [self.text[at : place[0]], self.value(place, before, after)]
            at = place[1]
        return "".join([*parts, self.text[at : span[1]]])

    def object(self, span: tuple[int, int], old: dict[str, Any], new: dict[str, Any]) -> str:
        found: dict[str, _Member] = {}
        order: list[_Member] = []
        for key, key_span, value_span in members(self.text, span[0]):
            found.setdefault(key, _Member(key_span, value_span))
            order.append(_Member(key_span, value_span))
        for key in old:
            if key not in new and repr(old[key]) == repr(new):
                return self.text[slice(*found[key].value)]
        origins = _origins(old, new)
        chunks = [self.member(key, origins[key], found, old, new) for key in new]
        places = [None if origins[key] is None else order.index(found[str(origins[key])]) for key in new]
        out = [self.text[span[0] : order[0].key[0]]]
        for i, chunk in enumerate(chunks):
            if i:
                out.append(self.between(places[i - 1], places[i], order))
            out.append(chunk)
        return "".join([*out, self.text[order[-1].value[1] : span[1]]])

    def member(
        self,
        key: str,
        origin: str | None,
        found: dict[str, _Member],
        old: dict[str, Any],
        new: dict[str, Any],
    ) -> str:
        if origin is None:
            return f"{self.plain(key)}: {self.plain(new[key])}"
        place = found[origin]
        name = self.text[slice(*place.key)] if origin == key else self.plain(key)
        colon = self.text[place.key[1] : place.value[0]]
        return name + colon + self.value(place.value, old[origin], new[key])

    def between(self, left: int | None, right: int | None, order: list[_Member]) -> str:
        """What stands between two members: what stood there, or between two others."""
        if len(order) == 1:
            lead = self.text[self.text.rfind("\n", 0, order[0].key[0]) : order[0].key[0]]
            return f",{lead}" if lead.startswith("\n") and not lead.strip() else ", "
        at = left if left is not None and right == left + 1 else 0
        return self.text[order[at].value[1] : order[at + 1].key[0]]

    def plain(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=self.text.isascii())

    def written(self, span: tuple[int, int], new: Any) -> str:
        """A new value, over several lines where the old one was and the new one is an object of several."""
        old = self.text[slice(*span)]
        if "\n" not in old or not isinstance(new, dict | list) or len(new) < 2:
            return self.plain(new)
        line = self.text[self.text.rfind("\n", 0, span[0]) + 1 : span[0]]
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        text = json.dumps(new, indent="\t" if "\n\t" in self.text else 2, ensure_ascii=self.text.isascii())
        return text.replace("\n", f"\n{indent}")


def _origins(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str | None]:
    """For each new key the old one whose member it takes over; None where there is none."""
    gone = [key for key in old if key not in new]
    places = {key: at for at, key in enumerate(old)}
    origins: dict[str, str | None] = {}
    for at, key in enumerate(new):
        if key in old:
            origins[key] = key
            continue
        same = next((one for one in gone if repr(old[one]) == repr(new[key])), None)
        there = next((one for one in gone if places[one] == at), None)
        origins[key] = same or there
        if origins[key] is not None:
            gone.remove(str(origins[key]))
    return origins
