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

Step 3 is `make_drive` of adapters.py, compiled, one call a thread. Its tables are flat integer
arrays. The head: candles, chunk, room behind the halos, position of the next candle there, the
lengths of the tables (number halos, mask halos, loads, steps, stores), candles between the rows
of the market data, phases, threads, the address of the function that lets other threads run.
The tables: lists (where the steps of each thread in each phase begin), loads (row, offset), steps
(address, offset of operands, of parameters, of state), stores (form, offset, row), halos
(offset, length).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import threading
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from . import jit
from .plan import FIELDS, Operand, Plan
from .registry import kernel

Numbers = NDArray[np.float64]
Masks = NDArray[np.uint8]

_FORMS = {"number": 0, "mask": 1, "integer": 2}


@dataclass(frozen=True)
class Kept:
    """What a run keeps: one row a store, in the order of the plan's stores of that form."""

    numbers: Numbers
    masks: NDArray[np.bool_]
    integers: NDArray[np.int64]


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


def run(plan: Plan, bars: Numbers, *, chunk: int | None = None, compiled: bool | None = None) -> Kept:
    """The stored values of a plan on market data of shape (5, candles).

    The bits do not depend on `chunk`, nor on `compiled` (False runs the kernels as plain
    Python). Needs `plan.bytes(candles)` of memory.
    """
    return Machine(plan, chunk=chunk, compiled=compiled).run(bars)


class Machine:
    """A plan on its way along market data.

    `chunk` is how many candles it takes at a time, and the room that it has for candles that come
    alone; a plan for several threads runs in as many. Not for use from several threads at once.
    """

    def __init__(self, plan: Plan, *, chunk: int | None = None, compiled: bool | None = None) -> None:
        self._compiled = not jit.disabled() if compiled is None else compiled
        self._plan = plan
        self._layout = layout = _layout_of(plan, chunk or plan.chunk, self._compiled)
        self._head = layout.head(plan)
        self._gate = np.zeros(1, np.int64)
        self._state = np.zeros(layout.state_size)
        self._before = self._state.copy()
        self._numbers, self._masks = layout.number_space(plan), layout.mask_space(plan)
        forms = [store.form for store in plan.stores]
        self._rows = [forms.count("number"), forms.count("mask"), forms.count("integer")]
        self._alone: _Alone | None = None

    def run(self, bars: Numbers) -> Kept:
        """The stored values on the next candles, market data of shape (5, candles)."""
        bars = np.ascontiguousarray(bars)
        kept = _room(self._rows, bars.shape[1])
        self._drive(self._arrays(bars, kept), bars.shape[1])
        return Kept(kept[0], kept[1].view(np.bool_), kept[2])

    def push(self, bar: Sequence[float] | Numbers) -> Kept:
        """The stored values on the next candle: open, high, low, close, volume.

        The arrays are the same every time; a caller copies what it keeps.
        """
        alone = self._alone
        if alone is None:
            space = np.empty((len(FIELDS), 1))
            kept = _room(self._rows, 1)
            arrays = self._arrays(space, kept)
            addresses = [array.ctypes.data for array in arrays]
            alone = self._alone = _Alone(
                space.reshape(-1), Kept(kept[0], kept[1].view(np.bool_), kept[2]), arrays, addresses
            )
        alone.bar[:] = bar
        self._before[:] = self._state
        if self._compiled and self._plan.threads == 1:
            self._head[0] = self._head[9] = 1
            jit.drive()(*alone.addresses, -1)
        else:
            self._drive(alone.arrays, 1)
        return alone.kept

    def take_back(self) -> None:
        """Forget the last candle, which was pushed."""
        self._state[:] = self._before
        self._head[3] -= 1

    def memory(self) -> Memory:
        """What the machine remembers after a candle that was pushed."""
        at = int(self._head[3]) - 1
        return Memory(
            _gathered(self._numbers, self._layout.tables[4], at),
            _gathered(self._masks, self._layout.tables[5], at),
            self._state.copy(),
            self._before.copy(),
        )

    def recall(self, memory: Memory) -> None:
        """Go on from what a machine of the same plan remembered; ValueError where it does not fit."""
        self._numbers[:] = self._layout.number_space(self._plan)
        self._masks[:] = self._layout.mask_space(self._plan)
        _scatter(self._numbers, self._layout.tables[4], memory.numbers)
        _scatter(self._masks, self._layout.tables[5], memory.masks)
        if memory.state.shape != self._state.shape or memory.before.shape != self._state.shape:
            raise ValueError("these are the states of other recurrences")
        self._state[:] = memory.state
        self._before[:] = memory.before
        self._head[3] = 1

    def _arrays(self, bars: Numbers, kept: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """What the loop takes, in its order."""
        layout = self._layout
        lists, loads, steps, stores, number_halos, mask_halos, offsets = layout.tables
        tables = [self._head, lists, loads, steps, stores, number_halos, mask_halos, offsets, self._gate]
        return [*tables, layout.params, self._state, self._numbers, self._masks, bars, *kept]

    def _drive(self, arrays: list[NDArray[Any]], candles: int) -> None:
        self._head[0] = self._head[9] = candles
        if not self._compiled:
            with np.errstate(all="ignore"):
                jit.plain_drive()(*(array.reshape(-1) for array in arrays), -1)
            return
        drive = jit.drive()
        addresses = [array.ctypes.data for array in arrays]
        threads = self._plan.threads
        if threads == 1:
            drive(*addresses, -1)
            return
        self._gate[0] = 0
        others = [threading.Thread(target=drive, args=(*addresses, mine)) for mine in range(1, threads)]
        for other in others:
            other.start()
        drive(*addresses, 0)
        for other in others:
            other.join()


@dataclass(frozen=True)
class _Alone:
    """What a candle that comes alone needs, made once."""

    bar: Numbers
    kept: Kept
    arrays: list[NDArray[Any]]
    addresses: list[int]


def _room(rows: Sequence[int], candles: int) -> tuple[Numbers, Masks, NDArray[np.int64]]:
    numbers, masks, integers = rows
    return (
        np.empty((numbers, candles)),
        np.empty((masks, candles), np.uint8),
        np.empty((integers, candles), np.int64),
    )


def _pieces(halos: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    return zip(halos[::2].tolist(), halos[1::2].tolist(), strict=True)


def _gathered(space: NDArray[Any], halos: NDArray[np.int64], at: int) -> NDArray[Any]:
    pieces = [space[base + at : base + at + halo + 1] for base, halo in _pieces(halos)]
    return np.concatenate(pieces) if pieces else space[:0].copy()


def _scatter(space: NDArray[Any], halos: NDArray[np.int64], values: NDArray[Any]) -> None:
    start = 0
    if len(values) != int((halos[1::2] + 1).sum()):
        raise ValueError("these are the values of other slots")
    for base, halo in _pieces(halos):
        space[base : base + halo + 1] = values[start : start + halo + 1]
        start += halo + 1


@dataclass(frozen=True)
class _Layout:
    """Where everything of a plan lies for one chunk length; holds no plan, which may be gone before it."""

    chunk: int
    number_bases: NDArray[np.int64]
    mask_bases: NDArray[np.int64]
    tables: tuple[NDArray[np.int64], ...]
    params: Numbers
    state_size: int

    def head(self, plan: Plan) -> NDArray[np.int64]:
        """The head of a machine before its first candle."""
        _, loads, steps, stores, number_halos, mask_halos, _ = self.tables
        counts = (
            len(number_halos) // 2,
            len(mask_halos) // 2,
            len(loads) // 2,
            len(steps) // 4,
            len(stores) // 3,
        )
        phases, threads = len(plan.phases), plan.threads
        rest = jit.give_way() if threads > 1 else 0
        return np.array([0, self.chunk, self.chunk, 0, *counts, 0, phases, threads, rest], np.int64)

    def number_space(self, plan: Plan) -> Numbers:
        """Number slots: constants filled, all else undefined."""
        space = np.full(_size(plan.numbers, self.chunk), np.nan)
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


def _layout_of(plan: Plan, chunk: int, compiled: bool) -> _Layout:
    """The layout, remembered as long as its plan lives."""
    known = _LAYOUTS.setdefault(plan, {})
    found = known.get((chunk, compiled))
    if found is None:  # two threads may both make it; either will do
        found = known[chunk, compiled] = _layout(plan, chunk, compiled)
    return found


def _layout(plan: Plan, chunk: int, compiled: bool) -> _Layout:
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
        offset = mask(store.operand) if store.form == "mask" else number(store.operand)
        stores += [_FORMS[store.form], offset, rows[store.form]]
        rows[store.form] += 1
    loads = [item for field, slot in plan.loads for item in (field, number(Operand(slot)))]
    halos = _halos(number_bases, plan.numbers), _halos(mask_bases, plan.masks)
    lists = np.cumsum([0, *(steps for phase in plan.phases for steps in phase)]).tolist()
    tables = (lists, loads, steps, stores, *halos, offsets)
    return _Layout(
        chunk,
        number_bases,
        mask_bases,
        tuple(np.array(table, np.int64) for table in tables),
        np.array(params, np.float64),
        state,
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
