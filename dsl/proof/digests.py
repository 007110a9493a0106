"""Digests of values: SHA-256 of bytes that are the same on every machine.

Numbers are float64, little-endian, with one spelling of what is undefined (the quiet NaN 7ff8…0); scores
are int64, little-endian; truths are one byte a candle, 0 or 1. A result has the digest of all its bytes,
so anyone can compute it again:

    hashlib.sha256(result.inputs["fast"].tobytes()).hexdigest()

A node of the graph has the digest of its blocks' digests, and the beginning of each block's, which tell
where a difference is. All nodes are computed in one run, piece by piece:

1. The blocks get so long that there are no more than `_MOST_BLOCKS` of them over all nodes.
2. A piece of the history is computed, its values are added to the digests of their blocks.
3. Where a block ends, its digest is noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.analyze import Checked
from ..prepared import by_name, form_name, prepare_forms
from ..runtime.bars import Bars
from ..runtime.engine import Machine
from ..runtime.frames import matrix_of
from .places import Place

WHOLE, BLOCK = 32, 8
"""Hexadecimal digits of a node's digest and of the beginning of a block's."""

_SHORTEST_BLOCK = 64
_MOST_BLOCKS = 12_288  # of all nodes together: 100 kB of a certificate
_PIECE_BYTES = 32 * 2**20


def canonical(values: NDArray[Any]) -> NDArray[Any]:
    """Values whose bytes are the same wherever they were computed.

    >>> canonical(np.array([1.0, -np.nan])).tobytes().hex()
    '000000000000f03f000000000000f87f'
    """
    if values.dtype.kind == "f":
        undefined = np.isnan(values)
        return np.where(undefined, np.nan, values).astype("<f8") if undefined.any() else values.astype("<f8")
    return values.astype("<i8" if values.dtype.kind == "i" else np.bool_)


def digest(values: NDArray[Any]) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits.

    >>> digest(np.array([True, False]))[:16]
    '47dc540c94ceb704'
    """
    return hashlib.sha256(np.ascontiguousarray(canonical(values)).data).hexdigest()


def block_length(forms: int, candles: int) -> int:
    """How many candles a block has: a power of two, at least 64.

    >>> block_length(35, 3_270), block_length(35, 1_000_000)
    (64, 4096)
    """
    length = _SHORTEST_BLOCK
    while forms * -(-candles // length) > max(_MOST_BLOCKS, forms):
        length *= 2
    return length


def node_digests(checked: Checked, found: Sequence[Place], bars: Bars, block: int) -> dict[str, str]:
    """The digests of all forms of the places, by `form_name`: `WHOLE` digits, then `BLOCK` a block."""
    forms = [form for place in found for form in place.forms]
    prepared = prepare_forms(checked, forms)
    matrix = matrix_of(prepared.plan, bars, checked.timeframe)
    machine = Machine(prepared.plan)
    digests = {form_name(form): _Blocks(block) for form in forms}
    for start, stop in _pieces(len(forms), matrix.shape[1]):
        kept: Mapping[str, NDArray[Any]] = by_name(prepared, machine.run(matrix[:, start:stop]))
        for name, values in kept.items():
            digests[name].add(canonical(values))
    return {name: blocks.finish() for name, blocks in digests.items()}


def node_digest(values: NDArray[Any], block: int) -> str:
    """The digest of a node from all its values, as `node_digests` makes it."""
    blocks = _Blocks(block)
    blocks.add(canonical(values))
    return blocks.finish()


def first_block(one: str, other: str) -> int | None:
    """The first block in which two digests of a node differ, None where no block does.

    >>> first_block("f" * 32 + "11111111" + "22222222", "e" * 32 + "11111111" + "33333333")
    1
    """
    for number, at in enumerate(range(WHOLE, len(one), BLOCK)):
        if one[at : at + BLOCK] != other[at : at + BLOCK]:
            return number
    return None


def _pieces(forms: int, candles: int) -> Iterator[tuple[int, int]]:
    length = _piece(forms)
    yield from ((start, min(start + length, candles)) for start in range(0, candles, length))


def _piece(forms: int) -> int:
    """Candles at a time, as many as memory allows."""
    length = _SHORTEST_BLOCK
    while 2 * length * 8 * max(forms, 1) <= _PIECE_BYTES:
        length *= 2
    return length


class _Blocks:
    """The digests of the blocks of one form, as its values come."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._room = length
        self._current = hashlib.sha256()
        self._done: list[bytes] = []

    def add(self, values: NDArray[Any]) -> None:
        at = 0
        while at < len(values):
            taken = values[at : at + self._room]
            self._current.update(taken.data)
            at += len(taken)
            self._room -= len(taken)
            if self._room == 0:
                self._close()

    def finish(self) -> str:
        if self._room < self._length:
            self._close()
        whole = hashlib.sha256(b"".join(self._done)).hexdigest()[:WHOLE]
        return whole + "".join(done.hex()[:BLOCK] for done in self._done)

    def _close(self) -> None:
        self._done.append(self._current.digest())
        self._current, self._room = hashlib.sha256(), self._length
