"""Runs a plan over market data, chunk by chunk.

1. Lay out the workspace: each slot is its halo followed by room for one chunk.
2. Fill constants, and make everything before the first candle undefined.
3. For each chunk: move the halos to the front, copy the chunk's market data into its slots, run
   the steps, keep what the stores ask for.

Worked, with one slot of halo 2 and chunks of 3, candles a b c d e:

    [· ·|a b c]   the first chunk; before it, undefined
    [b c|d e  ]   the second: the last two values moved to the front

Step 3 is `make_drive` of jit.py, compiled, one call for the whole history. Its tables are flat
integer arrays. The head says how many candles there are, how long a chunk is, how much room is behind
the halos and where in it the next chunk begins (here always a chunk's length, and 0), and how long
the other tables are: loads (row, offset), steps (address, offset of operands, of parameters, of
state), stores (form, offset, row), halos (offset, length).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import jit
from .plan import Operand, Plan
from .registry import kernel

Numbers = NDArray[np.float64]

_FORMS = {"number": 0, "mask": 1, "integer": 2}


@dataclass(frozen=True)
class Kept:
    """What a run keeps: one row a store, in the order of the plan's stores of that form."""

    numbers: Numbers
    masks: NDArray[np.bool_]
    integers: NDArray[np.int64]


def run(plan: Plan, bars: Numbers, *, chunk: int | None = None, compiled: bool | None = None) -> Kept:
    """The stored values of a plan on market data of shape (5, candles).

    The bits do not depend on `chunk`, nor on `compiled` (False runs the kernels as plain
    Python). Needs `plan.bytes(candles)` of memory.
    """
    compiled = not jit.disabled() if compiled is None else compiled
    layout = _layout(plan, chunk or plan.chunk, compiled)
    candles = bars.shape[1]
    forms = [store.form for store in plan.stores]
    numbers = np.empty((forms.count("number"), candles))
    masks = np.empty((forms.count("mask"), candles), np.uint8)
    integers = np.empty((forms.count("integer"), candles), np.int64)
    arrays: tuple[NDArray[Any], ...] = (
        layout.head(candles),
        *layout.tables,
        layout.params,
        np.zeros(layout.state_size),
        layout.number_space(),
        layout.mask_space(),
        np.ascontiguousarray(bars),
        numbers,
        masks,
        integers,
    )
    if compiled:
        jit.drive()(*(array.ctypes.data for array in arrays))
    else:
        with np.errstate(all="ignore"):
            jit.plain_drive()(*(array.reshape(-1) for array in arrays))
    return Kept(numbers, masks.view(np.bool_), integers)


@dataclass(frozen=True)
class _Layout:
    """Where everything of a plan lies for one chunk length, ready to run any number of times."""

    plan: Plan
    chunk: int
    number_bases: NDArray[np.int64]
    mask_bases: NDArray[np.int64]
    tables: tuple[NDArray[np.int64], ...]
    params: Numbers
    state_size: int

    def head(self, candles: int) -> NDArray[np.int64]:
        """Candles, chunk, capacity, position, and the lengths of the tables."""
        loads, steps, stores, number_halos, mask_halos, _ = self.tables
        counts = (
            len(number_halos) // 2,
            len(mask_halos) // 2,
            len(loads) // 2,
            len(steps) // 4,
            len(stores) // 3,
        )
        return np.array([candles, self.chunk, self.chunk, 0, *counts, candles], np.int64)

    def number_space(self) -> Numbers:
        """Number slots: constants filled, all else undefined."""
        space = np.full(_size(self.plan.numbers, self.chunk), np.nan)
        for slot, value in self.plan.constants:
            start = self.number_bases[slot] + self.plan.numbers[slot]
            space[start : start + self.chunk] = value
        return space

    def mask_space(self) -> NDArray[np.uint8]:
        """Mask slots: constants filled, all else nothing certain."""
        space = np.zeros(_size(self.plan.masks, self.chunk), np.uint8)
        for slot, value in self.plan.mask_constants:
            start = self.mask_bases[slot] + self.plan.masks[slot]
            space[start : start + self.chunk] = value
        return space


@lru_cache(maxsize=256)
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
        kinds = (*(found.result,) * len(step.outs), *found.operands * lanes)
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
    return _Layout(
        plan,
        chunk,
        number_bases,
        mask_bases,
        tuple(np.array(table, np.int64) for table in (loads, steps, stores, *halos, offsets)),
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
