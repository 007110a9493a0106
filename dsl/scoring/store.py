"""Keeps what is finished, by the digests of what it was made of; so nothing is computed twice or lost.

A file holds the scores of some strategies on one symbol. Its name begins with the digest of the bars, the way
in which they become candles, and the engine; it says itself which strategies it has. It begins with the
SHA-256 of the rest: a file that is torn or was changed is as good as absent. Failures are not kept, so each
run tries them again.

    dslc score 1
    <SHA-256 of the lines below>
    {"1D": [250, 1704067200000000000, 1735603200000000000, "<digest of the candles>", []]}
    ["<strategy>", "1D", 12, 1735603200000000000, 0, 70, true, ["trendUp"], [], []]

One file may be removed at any time, or all of them; the next run computes what is missing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
import contextlib
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import IO

from . import disk
from .symbols import Symbol
from .unit import Facts, Options, Row, Scores

_MAGIC = b"dslc score 1\n"
_SUFFIX = ".scores"
_KEY = 40  # hexadecimal digits of a name


@dataclass(frozen=True)
class Kept:
    """A file of finished scores: its facts by timeframe, and where the line of each strategy begins."""

    path: Path
    facts: dict[str, Facts]
    places: dict[str, int]
    starts: array[int]

    def row(self, file: IO[bytes], strategy: str) -> Row:
        """The row of a strategy, from the open file."""
        place = self.places[strategy]
        file.seek(self.starts[place])
        return _row(json.loads(file.read(self.starts[place + 1] - self.starts[place])))


class Store:
    """The finished scores in a folder, for one engine and one set of options."""

    def __init__(self, folder: Path, options: Options, engine: str) -> None:
        self._folder = folder
        self._way = json.dumps([engine, options.resample, options.align, options.entries])
        self._known: dict[tuple[str, ...], dict[str, int]] = {}
        self._files: dict[str, list[Path]] = {}
        disk.make_folder(folder)
        for path in sorted(folder.iterdir()):
            if path.name.endswith(disk.TEMPORARY):
                path.unlink(missing_ok=True)
            elif path.name.endswith(_SUFFIX):
                self._files.setdefault(path.name[:_KEY], []).append(path)

    def find(self, symbol: Symbol) -> list[Kept]:
        """What is finished of a symbol, as far as it is sound."""
        found = (self._read(path) for path in self._files.get(self._key(symbol), []))
        return [kept for kept in found if kept is not None]

    def add(self, scores: Scores) -> Kept | None:
        """Keep scores; they are durable on return. None where there are none to keep."""
        if not scores.rows:
            return None
        lines = [json.dumps(scores.facts), *map(_line, scores.rows)]
        body = "".join(line + "\n" for line in lines).encode("ascii")
        digest = hashlib.sha256(body).hexdigest()
        path = self._folder / f"{self._key(scores.symbol)}-{digest[:16]}{_SUFFIX}"
        disk.put(path, _MAGIC + digest.encode() + b"\n" + body)
        return self._index(path, body, scores.facts, (row.strategy for row in scores.rows))

    def _key(self, symbol: Symbol) -> str:
        return hashlib.sha256(f"{symbol.content}\0{self._way}".encode()).hexdigest()[:_KEY]

    def _read(self, path: Path) -> Kept | None:
        with contextlib.suppress(OSError, ValueError, TypeError):
            content = path.read_bytes()
            digest, body = content[len(_MAGIC) : _begin() - 1], content[_begin() :]
            if content.startswith(_MAGIC) and hashlib.sha256(body).hexdigest().encode() == digest:
                facts, *lines = body.decode("ascii").splitlines()
                read = {name: _facts(values) for name, values in json.loads(facts).items()}
                return self._index(path, body, read, (line[2 : line.index('"', 2)] for line in lines))
        return None

    def _index(self, path: Path, body: bytes, facts: dict[str, Facts], strategies: Iterable[str]) -> Kept:
        names = tuple(strategies)  # usually the same of every symbol, and then kept once
        places = self._known.setdefault(names, {name: place for place, name in enumerate(names)})
        starts = array("Q")
        at = body.index(b"\n") + 1
        for _ in names:
            starts.append(_begin() + at)
            at = body.index(b"\n", at) + 1
        starts.append(_begin() + at)
        return Kept(path, facts, places, starts)


def _begin() -> int:
    """Where the body of a file begins."""
    return len(_MAGIC) + 64 + 1


def _line(row: Row) -> str:
    return json.dumps(row, separators=(",", ":"))


def _row(values: list[object]) -> Row:
    *plain, conditions, notes, times = values
    return Row._make((*plain, *(tuple(part) for part in (conditions, notes, times))))  # type: ignore[arg-type]


def _facts(values: list[object]) -> Facts:
    *plain, notes = values
    return Facts._make((*plain, tuple(notes)))  # type: ignore[arg-type]


def missing(kept: list[Kept], strategies: Iterable[str]) -> Iterator[str]:
    """The strategies that no file has."""
    return (name for name in strategies if not any(name in one.places for one in kept))
