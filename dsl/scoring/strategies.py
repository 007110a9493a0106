"""Compiles snapshots as they come: which strategies there are, under which names, and what is rejected.

Strategies with the same hash are one, however many snapshots name it. Workers get them as a bundle: the
canonical documents, compressed, which each process compiles once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
import hashlib
import json
import threading
from typing import Any
import zlib

from ..compiler.front import check
from ..grammar.document import load
from ..runtime.registry import depends_on_functions
from ..strategy import Strategy, compile
from .snapshots import Snapshot

_IDENTITIES = ("id", "snapshotId", "name")
_LONGEST_NAME = 256


@dataclass
class Book:
    """What the snapshots hold, in their order.

    `rows` has the name and the strategy's hash of every snapshot that compiled, `documents` the canonical
    text by hash, `rejected` one record for each of the others. `digest` is of all that was read.
    """

    rows: list[tuple[str, str]] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    @property
    def snapshots(self) -> int:
        """How many there were."""
        return len(self.rows) + len(self.rejected)


def compile_snapshots(snapshots: Iterable[Snapshot], timeframe: str | None = None) -> Book:
    """Compile all; nothing is raised for what is wrong with one of them.

    >>> book = compile_snapshots([Snapshot("1", "x.ndjson:1", "{")])
    >>> [(found["snapshot"], found["diagnostics"][0]["code"]) for found in book.rejected]
    [('1', 'E103')]
    """
    book = Book()
    seen: dict[bytes, str] = {}
    for snapshot in snapshots:
        _add(book, seen, snapshot, timeframe)
    return book


def _add(book: Book, seen: dict[bytes, str], snapshot: Snapshot, timeframe: str | None) -> None:
    if snapshot.source is None:
        code = "S302" if snapshot.problem == "the cell is empty" else "S301"
        _reject(book, snapshot, snapshot.named or snapshot.name, [_complaint(code, snapshot.problem)])
        return
    document = load(snapshot.source, snapshot.place)
    name = _spelled(snapshot.named or _identity(document.metadata) or snapshot.name)
    text = None if document.text is None else document.text.encode("utf-8", "surrogatepass")
    mark = b"" if text is None or document.findings else hashlib.sha256(text).digest()
    if mark and mark in seen:  # the same text again need not be compiled again
        book.rows.append((name, seen[mark]))
        return
    checked, diagnostics = check(document, timeframe)
    if checked is None:
        _reject(book, snapshot, name, [found.as_dict() for found in diagnostics])
        return
    strategy = Strategy(checked, document, timeframe)
    if strategy.hash not in book.documents:
        book.documents[strategy.hash] = json.dumps(strategy.canonical, separators=(",", ":"))
    book.rows.append((name, strategy.hash))
    if mark:
        seen[mark] = strategy.hash


def _identity(metadata: Any) -> str | None:
    for key in _IDENTITIES:
        value = metadata.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return None


def _spelled(name: str) -> str:
    """A name that every file format can hold, whatever was in the name of a file."""
    return name[:_LONGEST_NAME].encode("utf-8", "backslashreplace").decode()


def _complaint(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "severity": "error", "message": message}


def _reject(book: Book, snapshot: Snapshot, name: str, diagnostics: list[dict[str, Any]]) -> None:
    book.rejected.append({"snapshot": _spelled(name), "place": snapshot.place, "diagnostics": diagnostics})


@dataclass(frozen=True)
class Bundle:
    """Strategies on their way to a worker: their hashes, and their canonical documents."""

    hashes: tuple[str, ...]
    content: bytes

    def strategies(self) -> dict[str, Strategy]:
        """The compiled strategies by hash; a process compiles the same bundle once."""
        with _LOCK:
            return _compiled(self.content)

    def part(self, hashes: Sequence[str]) -> Bundle:
        """A bundle of some of them."""
        wanted = set(hashes)
        return bundle(
            (found, text) for found, text in zip(self.hashes, self._texts(), strict=True) if found in wanted
        )

    def _texts(self) -> list[str]:
        return zlib.decompress(self.content).decode("ascii").splitlines()


def bundle(documents: Iterable[tuple[str, str]]) -> Bundle:
    """A bundle of (hash, canonical text) pairs.

    >>> bundle([("ab", "{}")]).hashes
    ('ab',)
    """
    pairs = list(documents)
    text = "\n".join(text for _, text in pairs)
    return Bundle(tuple(name for name, _ in pairs), zlib.compress(text.encode("ascii"), 1))


_LOCK = threading.Lock()


@lru_cache(maxsize=4)
def _compiled(content: bytes) -> dict[str, Strategy]:
    return {strategy.hash: strategy for strategy in _each(content)}


depends_on_functions(_compiled.cache_clear)


def _each(content: bytes) -> Iterator[Strategy]:
    for text in zlib.decompress(content).decode("ascii").splitlines():
        yield compile(text)
