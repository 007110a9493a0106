"""The machine's instruction format: what the engine runs, and nothing of where it came from.

A plan works on a chunk of candles at a time. Every value has a *slot*: room for one chunk and,
in front of it, a *halo* of the last values of the chunk before, as many as its readers look
back. So "the value n candles ago" is no instruction but an address, every finite window is made
of stateless steps, and only recurrences carry state.

Numbers (float64) and masks (one byte a candle; small scores are masks, too) have slots of their
own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .registry import kernel

WORD = 64
"""Masks that are kept as bits come in words of so many candles."""

FIELDS = ("open", "high", "low", "close", "volume")
"""Market data, in the order of the rows that the engine reads."""


_COPY = 0.5  # at most, what moving one value costs, in the units of `Kernel.cost`


StoreForm = Literal["number", "mask", "integer", "bits"]


@dataclass(frozen=True, slots=True)
class Operand:
    """A slot, read some candles back. The kernel knows whether it is a number or a mask."""

    slot: int
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One kernel on one chunk, or one recurrence in several lanes.

    `outs` has one slot a lane; `operands` and `params` are those of the lanes one after another.
    """

    kernel: str
    outs: tuple[int, ...]
    operands: tuple[Operand, ...]
    params: tuple[float, ...]

    @property
    def lanes(self) -> int:
        """How many recurrences it advances; 1 for every other kernel."""
        return len(self.outs)


@dataclass(frozen=True, slots=True)
class Store:
    """A slot that is kept: as float64, as bool, (a score) as int64, or (a mask) as a bit a candle."""

    form: StoreForm
    operand: Operand


@dataclass(frozen=True, eq=False)
class Plan:
    """Steps in order, the slots they use, and what is kept.

    `numbers` and `masks` are the halo lengths of the slots; `loads` are (field, slot) pairs in
    the order of `FIELDS`; `constants` and `mask_constants` are (slot, value) pairs that are
    filled once. `chunk` is the number of candles that the engine takes at a time by default.

    `recurrent` are the steps, by their places, on which the states of the recurrences depend. When
    these have run over all candles, `lookback` candles are enough to give every other slot what it
    has after all of them.
    """

    numbers: tuple[int, ...]
    masks: tuple[int, ...]
    loads: tuple[tuple[int, int], ...]
    constants: tuple[tuple[int, float], ...]
    mask_constants: tuple[tuple[int, int], ...]
    steps: tuple[Step, ...]
    stores: tuple[Store, ...]
    chunk: int
    recurrent: tuple[int, ...]
    lookback: int

    def cost(self, candles: int) -> float:
        """Work of a run, in the units of `Kernel.cost` (about a nanosecond each).

        Steps, market data and results a candle; halos that move once a chunk; and, once a run,
        the workspace that is filled.
        """
        moved = _COPY * (len(self.loads) + len(self.stores))
        halos = _COPY * (sum(self.numbers) + sum(self.masks)) / self.chunk
        return candles * (self.work + moved + halos) + _COPY * self.bytes(0) / 8

    @cached_property
    def work(self) -> float:
        """The work of all steps on one candle."""
        return work_of(self.steps)

    @cached_property
    def recurrent_share(self) -> float:
        """The share of the recurrent steps in the work of all."""
        return work_of(self.steps[place] for place in self.recurrent) / max(self.work, _COPY)

    def bytes(self, candles: int) -> int:
        """Memory that running the plan allocates: the workspace and what is kept."""
        words = -(-candles // WORD)
        form_bytes = {"number": 8 * candles, "mask": candles, "integer": 8 * candles, "bits": 8 * words}
        kept = sum(form_bytes[store.form] for store in self.stores)
        numbers = sum(self.numbers) + len(self.numbers) * self.chunk
        masks = sum(self.masks) + len(self.masks) * self.chunk
        return kept + 8 * numbers + masks


def work_of(steps: Iterable[Step]) -> float:
    """The work of steps on one candle."""
    return sum(kernel(step.kernel).cost_of(step.lanes) for step in steps)
