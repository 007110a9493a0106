"""A source and what is found in it, as all formats take it: a file, standard input, a text, or plain data."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..compiler.front import diagnose
from ..files import read_document
from ..grammar.document import load
from ..grammar.source import Source
from ..ignoring import parted
from ..render import Checked

TEXT = "<text>"


def check_source(source: str | bytes | Path | dict[str, Any], ignored: Collection[str] = ()) -> Checked:
    """The findings of what `dslc.validate` takes; OSError for a file that cannot be read.

    >>> check_source('{"inputs": 1}').diagnostics[0].code
    'E109'
    """
    if isinstance(source, Path):
        return check_loaded(read_document(source), str(source), ignored)
    return check_loaded(source, TEXT, ignored, nameless=True)


def check_loaded(
    source: str | bytes | dict[str, Any], label: str, ignored: Collection[str], *, nameless: bool = False
) -> Checked:
    """The findings of a text, bytes or data that have this name."""
    document = load(source, label)
    said, left = parted(diagnose(document), ignored)
    wrapped = document.label != label and not isinstance(source, dict)
    original = Source(_text(source), label) if wrapped else None
    return Checked(Source(document.text or "", document.label), said, original, nameless, tuple(left))


def _text(source: Any) -> str:
    """The text of an envelope, whose bytes are UTF-8, or it would not have been opened."""
    return source if isinstance(source, str) else bytes(source).decode()
