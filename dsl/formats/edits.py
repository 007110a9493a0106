"""A fix as editors take it: one replacement of characters in the text, made of a JSON Patch.

1. `patched` is the text with the patched data in it, in its own layout; of a text that is no JSON, the JSON
   that it can be read as.
2. `replacement` is what differs between two texts, without what they have in common at both ends.

Worked: `{"a": 1}` with `[{"op": "replace", "path": "/a", "value": 12}]` becomes `{"a": 12}`, and the
replacement inserts `2` at 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import copy
import json
from typing import Any

from ..grammar.document import load
from ..grammar.editing import edited
from ..grammar.lenient import repaired

Patch = Sequence[Mapping[str, Any]]


def patched(text: str, patch: Patch) -> str | None:
    """The text after a patch that adds, removes and replaces; None where it does not fit the text.

    >>> patched('{"a": 1,  "b": 2}', [{"op": "replace", "path": "/b", "value": "x"}])
    '{"a": 1,  "b": "x"}'
    """
    document = load(text)
    if document.data is None:
        found = repaired(text)
        if found is None or not patch or patch[0]["path"]:
            return None
        text, data = found.text, json.loads(found.text)
    else:
        data = document.data
    try:
        return edited(text, _applied(data, patch))
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def replacement(old: str, new: str) -> tuple[int, int, str]:
    """Start and end of the characters of `old` that differ, and what stands there in `new`.

    >>> replacement("close > > open", "close > open")
    (8, 10, '')
    """
    start = _common(old, new)
    end = len(old) - _common(old[start:][::-1], new[start:][::-1])
    if old[start - 1 : start + 1] == "\r\n":
        start -= 1
    if old[end - 1 : end + 1] == "\r\n":
        end += 1
    return start, end, new[start : len(new) - (len(old) - end)]


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _applied(data: Any, patch: Patch) -> Any:
    """The data after a patch; what does not fit them is a KeyError, IndexError, TypeError or ValueError."""
    data = copy.deepcopy(data)
    for operation in patch:
        *above, last = _parts(operation["path"]) or [""]
        if not operation["path"]:
            data = operation["value"]
            continue
        holder = data
        for part in above:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        _change(holder, last, operation)
    return data


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _change(holder: Any, name: str, operation: Mapping[str, Any]) -> None:
    """One operation on the object or array that holds the place it is about."""
    kind = operation["op"]
    if isinstance(holder, list):
        at = len(holder) if name == "-" else int(name)
        if kind == "add":
            holder.insert(at, operation["value"])
            return
        name = at  # type: ignore[assignment]
    if kind == "remove":
        del holder[name]
    elif kind in ("add", "replace"):
        if kind == "replace":
            holder[name]  # what is replaced must be there
        holder[name] = operation["value"]
    else:
        raise ValueError(kind)
