"""Runs a plan over market data: a whole history, or piece by piece.

A `Machine` is a plan and its workspace, which lives on between calls:

1. Lay out the workspace: each slot is its halo followed by room for some candles.
2. Fill constants, and make everything before the first candle undefined.
3. For each chunk: where room runs out, move the halos to the front; copy the chunk's market data
   into its slots, run the steps, keep what the stores ask for.

Worked, with one slot of halo 2 and chunks of 3, candles a b c d e:

    [· ·|a b c]   the first chunk; before it, undefined
    [b c|d e  ]   the second: the last two values moved to the front

A candle that comes alone is a chunk of one. What a machine remembers is the halos and the states
of the recurrences, whatever its chunks were, so a `Memory` of it can go on elsewhere.

Several threads have a machine each and a stretch of the candles each. A machine gets to where its
stretch begins by running only what the states of the recurrences depend on, and then everything for
as many candles as any value looks back: less work than to run all, so the later stretches are
shorter. Nothing is shared but what is read, nobody waits, and the bits are those of one machine.

A history is driven in pieces of some milliseconds, whole chunks or equal parts of one, so their number
changes nothing; between two of them the machine looks at the `Watch` of the run, if it has one.

Step 3 is `make_drive` of adapters.py, compiled. Its tables are flat integer arrays. The head:
candles, chunk, room behind the halos, position of the next candle there, the lengths of the tables
(number halos, mask halos, loads, steps, stores), candles between the rows of the market data and
of what is kept. The tables: loads (row, offset), steps (address, offset of operands, of parameters,
of state), stores (form, offset, row), halos (offset, length).

Where only the candles are wanted on which a mask holds, it is kept as bits, and `times_where` reads
them: of a thousand strategies that is an eighth of the memory, and a third of the time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from . import jit
from .plan import WORD, Operand, Plan, StoreForm
from .registry import kernel
from .watch import Watch

Numbers = NDArray[np.float64]
Masks = NDArray[np.uint8]

_FORMS: dict[StoreForm, int] = {"number": 0, "mask": 1, "integer": 2, "bits": 3}
_PAGE = 4_096  # bytes, at least, of a page of memory
_LEAST = 8_192  # candles of a stretch that is worth a thread,
_LOOKBACKS = 4  # and how often it is longer than what any value looks back
_PIECE = 5e6  # the work between two looks at the watch, in the units of `Kernel.cost`: some milliseconds,
_SLOWLY = 1e3  # and how much longer plain Python takes
_FILLED = 1 << 20  # values of a workspace, and
_ROWS = 4  # of what is kept, and
_SOME_WORDS = 1 << 14  # words of bits, between two looks


@dataclass(frozen=True)
class Kept:
    """What a run keeps: one row a store, in the order of the plan's stores of that form.

    In `bits` a byte is eight candles, the first one its lowest bit, and a row whole words.
    """

    numbers: Numbers
    masks: NDArray[np.bool_]
    integers: NDArray[np.int64]
    bits: NDArray[np.uint8]

    def rows(self) -> tuple[NDArray[Any], ...]:
        """The arrays."""
        return self.numbers, self.masks, self.integers, self.bits

    def part(self, start: int, stop: int) -> Kept:
        """The room of some of the candles, from the beginning of a word on, in the same memory."""
        assert start % WORD == 0
        candles = slice(start, stop)
        words = self.bits[:, start // 8 : -(-stop // WORD) * WORD // 8]
        return Kept(self.numbers[:, candles], self.masks[:, candles], self.integers[:, candles], words)

    @property
    def stride(self) -> int:
        """Candles between a row and the next, in memory."""
        *others, _ = self.rows()
        found = next((rows for rows in others if rows.size), None)
        return 0 if found is None else found.strides[0] // found.itemsize


def room_for(plan: Plan, candles: int) -> Kept:
    """Arrays for what a plan keeps of so many candles, not filled yet."""
    forms = [store.form for store in plan.stores]
    return Kept(
        np.empty((forms.count("number"), candles)),
        np.empty((forms.count("mask"), candles), np.bool_),
        np.empty((forms.count("integer"), candles), np.int64),
        np.zeros((forms.count("bits"), -(-candles // WORD) * WORD // 8), np.uint8),
    )


@dataclass(frozen=True)
class Memory:
    """What a machine knows of the candles behind it, the last one such that it can be taken back.

    Of each slot with a halo, in order, its last values, one more than the halo; and the states of
    the recurrences after the last candle and before it.
    """

    numbers: Numbers
    masks: Masks
    state: Numbers
    before: Numbers


def run(
    plan: Plan,
    bars: Numbers,
    *,
    chunk: int | None = None,
    compiled: bool | None = None,
    threads: int = 1,
    watch: Watch | None = None,
) -> Kept:
    """The stored values of a plan on market data of shape (5, candles).

    The bits depend neither on `chunk` nor on `threads`, nor on `compiled` (False runs the kernels
    as plain Python). Needs `plan.bytes(candles)` of memory, and a workspace a thread. Raises what a
    look at the `watch` raises, within some milliseconds; only what runs for the first time on a
    machine, and is compiled for it, takes longer.
    """
    kept = room_for(plan, bars.shape[1])

    def stretch(start: int, stop: int) -> None:
        machine = Machine(plan, chunk=chunk, compiled=compiled, watch=watch)
        try:
            machine.skip(bars[:, :start])
            machine.run(bars[:, start:stop], kept.part(start, stop))
        except KeyboardInterrupt:  # comes to the caller's thread, which the others need not outlast
            if watch is not None:
                watch.cancel()
            raise

    _at_once(stretch, pairwise(_ends(plan, bars.shape[1], threads)))
    return kept


def run_in_pieces(
    plan: Plan,
    bars: Numbers,
    take: Callable[[int, Kept], None],
    *,
    first: int,
    piece: int,
    threads: int = 1,
    watch: Watch | None = None,
) -> None:
    """Give `take` the stored values of some candles at a time, and the row of the first of them.

    The candles before row `first` are run only as far as the later values depend on them. `first` and
    `piece` are whole words; so are the pieces but the last. Needs `plan.bytes(piece)` of memory a thread;
    `take` is called from all of them, with the pieces in no order.
    """
    assert first % WORD == piece % WORD == 0

    def stretch(start: int, stop: int) -> None:
        machine = Machine(plan, watch=watch)
        machine.skip(bars[:, :start])
        for at in range(start, stop, piece):
            take(at, machine.run(bars[:, at : min(at + piece, stop)]))

    ends = _ends(plan, bars.shape[1] - first, threads)
    _at_once(stretch, pairwise(first + end for end in ends))


def _at_once(work: Callable[[int, int], None], pairs: Iterable[tuple[int, int]]) -> None:
    """Do the work for every pair, each in a thread of its own."""
    first, *others = pairs
    if not others:
        work(*first)
        return
    with ThreadPoolExecutor(len(others)) as pool:
        begun = [pool.submit(work, *pair) for pair in others]
        work(*first)
        for future in begun:
            future.result()


def _ends(plan: Plan, candles: int, threads: int) -> list[int]:
    """Where stretches begin and end that take equally long, the way to them included.

    As many as there are threads, or fewer: the last, which is the shortest, is worth one. They begin
    where words of bits do.

    >>> from types import SimpleNamespace
    >>> _ends(SimpleNamespace(recurrent_share=0.5, lookback=0), 150_000, 2)
    [0, 99968, 150000]
    """
    least = max(_LEAST, _LOOKBACKS * plan.lookback)
    share = plan.recurrent_share
    for count in range(threads, 1, -1):
        parts = [(1.0 - share) ** k for k in range(count)]
        if candles * parts[-1] / sum(parts) >= least:
            ends = accumulate(candles * part / sum(parts) for part in parts[:-1])
            return [0, *(int(end) // WORD * WORD for end in ends), candles]
    return [0, candles]


class Machine:
    """A plan on its way along market data.

    `chunk` is how many candles it takes at a time, and the room that it has for candles that come
    alone. Not for use from several threads at once.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        chunk: int | None = None,
        compiled: bool | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._compiled = not jit.disabled() if compiled is None else compiled
        self._plan = plan
        self._watch = watch
        self._piece = _piece_of(plan, chunk or plan.chunk, self._compiled) if watch is not None else None
        self._layout = layout = _layout_of(plan, chunk or plan.chunk, self._compiled, watch)
        self._head = layout.head()
        self._state = np.zeros(layout.state_size)
        self._before = self._state.copy()
        self._numbers, self._masks = layout.number_space(plan, watch), layout.mask_space(plan)
        self._alone: _Alone | None = None

    def run(self, bars: Numbers, kept: Kept | None = None) -> Kept:
        """The stored values on the next candles, market data of shape (5, candles).

        They are written into `kept`, if there is one.
        """
        kept = kept or room_for(self._plan, bars.shape[1])
        for start, stop in self._pieces(bars.shape[1]):
            part = kept.part(start, stop)
            if self._watch is not None:
                _touch(part, self._watch)
            self._drive(bars[:, start:stop], part)
            if self._watch is not None:
                self._watch.count(stop - start)
        return kept

    def skip(self, bars: Numbers) -> None:
        """Go past the next candles, whose values nobody wants."""
        turn = max(0, bars.shape[1] - self._plan.lookback)
        nothing = Kept(*(np.empty((0, 0), rows.dtype) for rows in room_for(self._plan, 0).rows()))
        self._head[8] = 0
        for start, stop in self._pieces(turn):
            self._drive(bars[:, start:stop], nothing, self._layout.recurrent)
        for start, stop in self._pieces(bars.shape[1] - turn):
            self._drive(bars[:, turn + start : turn + stop], nothing)
        self._head[8] = len(self._plan.stores)

    def _pieces(self, candles: int) -> Iterator[tuple[int, int]]:
        """Where pieces of so many candles begin and end; the watch is looked at before each."""
        length = self._piece or max(candles, 1)
        for start in range(0, candles, length):
            if self._watch is not None:
                self._watch.look()
            yield start, min(start + length, candles)

    def push(self, bar: Sequence[float] | Numbers) -> Kept:
        """The stored values on the next candle: open, high, low, close, volume.

        The arrays are the same every time; a caller copies what it keeps.
        """
        alone = self._alone
        if alone is None:
            space = np.empty((len(self._plan.rows), 1))
            kept = room_for(self._plan, 1)
            assert not kept.bits.size  # a candle is less than a word
            arrays = self._arrays(space, kept, self._layout.steps)
            addresses = [array.ctypes.data for array in arrays]
            alone = self._alone = _Alone(space.reshape(-1), kept, arrays, addresses)
        alone.bar[:] = bar
        self._before[:] = self._state
        self._head[0] = self._head[9] = self._head[10] = 1
        self._head[7] = len(self._plan.steps)
        if self._compiled:
            jit.drive()(*alone.addresses)
        else:
            self._drive_plainly(alone.arrays)
        return alone.kept

    def take_back(self) -> None:
        """Forget the last candle, which was pushed."""
        self._state[:] = self._before
        self._head[3] -= 1

    def memory(self) -> Memory:
        """What the machine remembers after a candle that was pushed, and only then."""
        assert self._head[3] > 0
        at = int(self._head[3]) - 1
        return Memory(
            _gathered(self._numbers, self._layout.number_halos, at),
            _gathered(self._masks, self._layout.mask_halos, at),
            self._state.copy(),
            self._before.copy(),
        )

    def recall(self, memory: Memory) -> None:
        """Go on from what a machine of the same plan remembered; ValueError where it does not fit."""
        if memory.state.shape != self._state.shape or memory.before.shape != self._state.shape:
            raise ValueError("these are the states of other recurrences")
        self._numbers[:] = self._layout.number_space(self._plan)
        self._masks[:] = self._layout.mask_space(self._plan)
        _scatter(self._numbers, self._layout.number_halos, memory.numbers)
        _scatter(self._masks, self._layout.mask_halos, memory.masks)
        self._state[:] = memory.state
        self._before[:] = memory.before
        self._head[3] = 1

    def _drive(self, bars: Numbers, kept: Kept, steps: NDArray[np.int64] | None = None) -> None:
        steps = self._layout.steps if steps is None else steps
        if bars.strides[1] != bars.itemsize:
            bars = np.ascontiguousarray(bars)
        self._head[0] = bars.shape[1]
        self._head[7] = len(steps) // 4
        if self._compiled:
            self._head[9] = bars.strides[0] // bars.itemsize
            self._head[10] = kept.stride
            self._head[11] = kept.bits.strides[0]
            jit.drive()(*(array.ctypes.data for array in self._arrays(bars, kept, steps)))
            return
        own = Kept(*(np.zeros_like(rows, order="C") for rows in kept.rows()))
        self._head[9] = self._head[10] = bars.shape[1]
        self._head[11] = own.bits.shape[1]
        self._drive_plainly(self._arrays(np.ascontiguousarray(bars), own, steps))
        for rows, found in zip(kept.rows(), own.rows(), strict=True):
            rows[:] = found

    def _drive_plainly(self, arrays: list[NDArray[Any]]) -> None:
        with np.errstate(all="ignore"):
            jit.plain_drive()(*(array.reshape(-1) for array in arrays))

    def _arrays(self, bars: Numbers, kept: Kept, steps: NDArray[np.int64]) -> list[NDArray[Any]]:
        """What the loop takes, in its order."""
        layout = self._layout
        halos = layout.number_halos, layout.mask_halos
        tables: list[NDArray[Any]] = [self._head, layout.loads, steps, layout.stores, *halos, layout.offsets]
        space: list[NDArray[Any]] = [layout.params, self._state, self._numbers, self._masks]
        return [*tables, *space, bars, kept.numbers, kept.masks.view(np.uint8), kept.integers, kept.bits]


def counts_of(bits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """On how many candles each row of bits holds."""
    return np.bitwise_count(bits.view(np.uint64)).sum(axis=1, dtype=np.int64)


def times_where(
    bits: NDArray[np.uint8],
    times: NDArray[np.int64],
    *,
    threads: int = 1,
    compiled: bool | None = None,
    watch: Watch | None = None,
) -> list[NDArray[np.int64]]:
    """The times of the candles on which each row of bits holds.

    The arrays are parts of one, whose rows the threads share out by how much there is to write.
    """
    ends = [0, *np.cumsum(counts_of(bits)).tolist()]
    found = np.empty(ends[-1], np.int64)
    words: NDArray[np.int64] = bits.view(np.int64)
    times = np.ascontiguousarray(times)

    def share(first: int, last: int) -> None:
        some = max(1, _SOME_WORDS // max(words.shape[1], 1))
        for start in range(first, last, some):
            if watch is not None:
                watch.look()
            write(start, min(start + some, last))

    def write(first: int, last: int) -> None:
        head = np.array([last - first, words.shape[1]], np.int64)
        arrays: list[NDArray[Any]] = [head, words[first:last], times, found[ends[first] : ends[last]]]
        if not jit.disabled() if compiled is None else compiled:
            jit.select()(*(array.ctypes.data for array in arrays))
        else:
            with np.errstate(all="ignore"):
                jit.plain_select()(*(array.reshape(-1) for array in arrays))

    shares = [bisect_left(ends, ends[-1] * k // threads) for k in range(threads)]
    _at_once(share, pairwise([*shares, len(words)]))
    return [found[start:end] for start, end in pairwise(ends)]


def _touch(kept: Kept, watch: Watch) -> None:
    """Have the system find the memory that a piece is kept in, with looks on the way.

    New memory comes in pages of up to 2 MiB, which are cleared first: for many rows at once that takes
    much longer than what is then written there.
    """
    for rows in kept.rows():
        page = max(1, _PAGE // rows.itemsize)
        for first in range(_ROWS, len(rows), _ROWS):
            watch.look()
            rows[first : first + _ROWS, ::page] = 0


@dataclass(frozen=True)
class _Alone:
    """What a candle that comes alone needs, made once."""

    bar: Numbers
    kept: Kept
    arrays: list[NDArray[Any]]
    addresses: list[int]


def _stretches(halos: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    return zip(halos[::2].tolist(), halos[1::2].tolist(), strict=True)


def _gathered(space: NDArray[Any], halos: NDArray[np.int64], at: int) -> NDArray[Any]:
    pieces = [space[base + at : base + at + halo + 1] for base, halo in _stretches(halos)]
    return np.concatenate(pieces) if pieces else space[:0].copy()


def _scatter(space: NDArray[Any], halos: NDArray[np.int64], values: NDArray[Any]) -> None:
    start = 0
    if len(values) != int((halos[1::2] + 1).sum()):
        raise ValueError("these are the values of other slots")
    for base, halo in _stretches(halos):
        space[base : base + halo + 1] = values[start : start + halo + 1]
        start += halo + 1


@dataclass(frozen=True)
class _Layout:
    """Where everything of a plan lies for one chunk length; holds no plan, which may be gone before it."""

    chunk: int
    number_bases: NDArray[np.int64]
    mask_bases: NDArray[np.int64]
    loads: NDArray[np.int64]
    steps: NDArray[np.int64]
    recurrent: NDArray[np.int64]
    stores: NDArray[np.int64]
    number_halos: NDArray[np.int64]
    mask_halos: NDArray[np.int64]
    offsets: NDArray[np.int64]
    params: Numbers
    state_size: int

    def head(self) -> NDArray[np.int64]:
        """The head of a machine before its first candle."""
        counts = (
            len(self.number_halos) // 2,
            len(self.mask_halos) // 2,
            len(self.loads) // 2,
            len(self.steps) // 4,
            len(self.stores) // 3,
        )
        return np.array([0, self.chunk, self.chunk, 0, *counts, 0, 0, 0], np.int64)

    def number_space(self, plan: Plan, watch: Watch | None = None) -> Numbers:
        """Number slots: constants filled, all else undefined."""
        space = np.empty(_size(plan.numbers, self.chunk))
        for start in range(0, len(space), _FILLED):
            if watch is not None:
                watch.look()
            space[start : start + _FILLED] = np.nan
        for slot, value in plan.constants:
            start = self.number_bases[slot] + plan.numbers[slot]
            space[start : start + self.chunk] = value
        return space

    def mask_space(self, plan: Plan) -> Masks:
        """Mask slots: constants filled, all else nothing certain."""
        space = np.zeros(_size(plan.masks, self.chunk), np.uint8)
        for slot, value in plan.mask_constants:
            start = self.mask_bases[slot] + plan.masks[slot]
            space[start : start + self.chunk] = value
        return space


_LAYOUTS: WeakKeyDictionary[Plan, dict[tuple[int, bool], _Layout]] = WeakKeyDictionary()


def _piece_of(plan: Plan, chunk: int, compiled: bool) -> int:
    """How many candles a machine takes between two looks at its watch."""
    piece = plan.piece(_PIECE if compiled else _PIECE / _SLOWLY)
    return piece if chunk == plan.chunk else max(1, piece // (WORD * chunk)) * WORD * chunk


def _layout_of(plan: Plan, chunk: int, compiled: bool, watch: Watch | None) -> _Layout:
    """The layout, remembered as long as its plan lives."""
    known = _LAYOUTS.setdefault(plan, {})
    found = known.get((chunk, compiled))
    if found is None:  # two threads may both make it; either will do
        found = known[chunk, compiled] = _layout(plan, chunk, compiled, watch)
    return found


def _layout(plan: Plan, chunk: int, compiled: bool, watch: Watch | None) -> _Layout:
    number_bases = _bases(plan.numbers, chunk)
    mask_bases = _bases(plan.masks, chunk)

    def number(operand: Operand) -> int:
        return int(number_bases[operand.slot]) + plan.numbers[operand.slot] - operand.shift

    def mask(operand: Operand) -> int:
        return int(mask_bases[operand.slot]) + plan.masks[operand.slot] - operand.shift

    offsets: list[int] = []
    params: list[float] = []
    steps: list[int] = []
    state = 0
    for step in plan.steps:
        if watch is not None:
            watch.look()
        found, lanes = kernel(step.kernel), step.lanes
        locate = jit.address if compiled else jit.plain_address
        steps += [locate(step.kernel, lanes), len(offsets), len(params), state]
        kinds = (*(found.result,) * lanes, *found.operands * lanes)
        values = (*map(Operand, step.outs), *step.operands)
        for kind, operand in zip(kinds, values, strict=True):
            offsets.append(number(operand) if kind == "number" else mask(operand))
        params += step.params
        state += found.state * lanes
    stores: list[int] = []
    rows = dict.fromkeys(_FORMS, 0)
    for store in plan.stores:
        offset = (mask if store.form in ("mask", "bits") else number)(store.operand)
        stores += [_FORMS[store.form], offset, rows[store.form]]
        rows[store.form] += 1
    loads = [item for field, slot in plan.loads for item in (field, number(Operand(slot)))]
    recurrent = [item for place in plan.recurrent for item in steps[4 * place : 4 * place + 4]]
    return _Layout(
        chunk,
        number_bases,
        mask_bases,
        loads=np.array(loads, np.int64),
        steps=np.array(steps, np.int64),
        recurrent=np.array(recurrent, np.int64),
        stores=np.array(stores, np.int64),
        number_halos=np.array(_halos(number_bases, plan.numbers), np.int64),
        mask_halos=np.array(_halos(mask_bases, plan.masks), np.int64),
        offsets=np.array(offsets, np.int64),
        params=np.array(params, np.float64),
        state_size=state,
    )


def _bases(halos: tuple[int, ...], chunk: int) -> NDArray[np.int64]:
    lengths = np.array([halo + chunk for halo in halos], np.int64)
    return np.cumsum(lengths) - lengths


def _size(halos: tuple[int, ...], chunk: int) -> int:
    return sum(halos) + len(halos) * chunk


def _halos(bases: NDArray[np.int64], lengths: tuple[int, ...]) -> list[int]:
    return [
        item for base, length in zip(bases, lengths, strict=True) if length for item in (int(base), length)
    ]
