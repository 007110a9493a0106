"""The machine's instruction format: what the engine runs, and nothing of where it came from.

A plan works on a chunk of candles at a time. Every value has a *slot*: room for one chunk and,
in front of it, a *halo* of the last values of the chunk before, as many as its readers look
back. So "the value n candles ago" is no instruction but an address, every finite window is made
of stateless steps, and only recurrences carry state.

Numbers (float64) and masks (one byte a candle; small scores are masks, too) have slots of their
own.

What a plan reads are rows: fields of the bars, and whatever `market.py` puts beside them, such as the
results of another plan on candles of a higher timeframe (a `Frame`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from .registry import kernel

WORD = 64
"""Masks that are kept as bits come in words of so many candles."""

FIELDS = ("open", "high", "low", "close", "volume")
"""Market data, in the order of the rows that the engine reads."""

Row: TypeAlias = "tuple[str | int, ...]"
"""A row that a plan reads, by what it is:

| row | value on a candle |
|---|---|
| `("close",)` | a field of the bars |
| `("hour", "clock", zone)` | a figure of the calendar of a zone, at the opening |
| `("funding", "series")` | a further column of the bars |
| `("close", "symbol", "SPY")` | a field of another instrument |
| `("held", 0, 2)` | of the first frame's last candle that has closed, the third result |
"""

HELD = "held"
FIELD_ROWS: tuple[Row, ...] = tuple((field,) for field in FIELDS)

StoreForm = Literal["number", "mask", "integer", "bits"]

# In the units of `Kernel.cost`, slightly above what `benchmarks kernels` and `estimates` measure:
LOAD = 0.5  # market data, a value
KEEP: dict[StoreForm, float] = {"number": 1.2, "integer": 1.2, "mask": 0.2, "bits": 0.1}  # into new memory
MOVE = 0.4  # a value of a halo, once a chunk
CALL = 10.0  # a step, once a chunk
ROW = 2.0  # a value of a row that is put beside the bars, and
CLOCK = 14.0  # one of a row that tells the time,
BESIDE = 40.0  # one of another instrument, whose candle is looked for,
RESAMPLED = 6.0  # a candle that goes into one of a higher timeframe, and
CANDLE = 100.0  # each of those
FILL = 1.5  # eight bytes of the workspace, once a run: new memory, too
FAR = 1.25  # times as long takes a step on operands that the second-level cache has no room for,
PIECE = 1 << 16  # candles of a row that are made at a time,
_BYTES_MADE = 64  # and what is needed for each of those besides
_BYTES_RESAMPLED = 96  # of a candle that goes into one of a higher timeframe
_NEAR_BYTES = 1 << 20  # which is where the workspace is larger


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
class Frame:
    """A plan on candles of a higher timeframe, which are made of candles of the timeframe below.

    Days and weeks are those of the zone. All that the plan keeps are numbers. Where none is missing, a
    candle is made of `least` candles, or some more on a day of 25 hours.
    """

    timeframe: str
    below: str
    zone: str
    plan: Plan
    least: int


@dataclass(frozen=True, eq=False)
class Plan:
    """Steps in order, the slots they use, and what is kept.

    `numbers` and `masks` are the halo lengths of the slots; `loads` are pairs of a place in `rows` and a
    slot; `frames` are what held rows come from; `constants` and `mask_constants` are (slot, value) pairs that
    are filled once. `chunk` is the number of candles that the engine takes at a time by default.

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
    rows: tuple[Row, ...] = FIELD_ROWS
    frames: tuple[Frame, ...] = ()

    @cached_property
    def reads(self) -> frozenset[Row]:
        """The rows that have to be brought: those of the bars and beside them, for the frames, too."""
        own = {self.rows[row] for row, _ in self.loads}
        return frozenset(row for row in own if row[0] != HELD).union(*(one.plan.reads for one in self.frames))

    def cost(self, candles: int, threads: int = 1) -> float:
        """Work of a run, in the units of `Kernel.cost` (about a nanosecond each), of all threads together.

        Steps, market data and results a candle; halos that move and steps that are called once a
        chunk; and, once a thread, the workspace that is filled. Threads share the candles, but each
        but the first has a way to its own, on which what recurrences depend on runs again.
        """
        filled = FILL * self.workspace / 8
        made = 0.0 if self.rows == FIELD_ROWS else candles * sum(map(row_cost, self.rows))
        for frame in self.frames:
            higher = candles // frame.least
            made += RESAMPLED * candles + CANDLE * higher + frame.plan.cost(higher)
        way = candles * self._recurrent_work + self.lookback * self._a_candle
        return made + candles * self._a_candle + filled + (threads - 1) * (way + filled)

    @cached_property
    def _a_candle(self) -> float:
        """The work on one candle, and a candle's share of what is done once a chunk."""
        moved = LOAD * len(self.loads) + sum(KEEP[store.form] for store in self.stores)
        a_chunk = MOVE * (sum(self.numbers) + sum(self.masks)) + CALL * len(self.steps)
        return self.far * self.work + moved + a_chunk / self.chunk

    @cached_property
    def far(self) -> float:
        """How many times as long steps take because the workspace is large."""
        return FAR if self.workspace > _NEAR_BYTES else 1.0

    @cached_property
    def _recurrent_work(self) -> float:
        """The work on a candle on the way to a stretch."""
        work = work_of(self.steps[place] for place in self.recurrent)
        a_chunk = MOVE * (sum(self.numbers) + sum(self.masks)) + CALL * len(self.recurrent)
        return self.far * work + LOAD * len(self.loads) + a_chunk / self.chunk

    def piece(self, work: float) -> int:
        """How many candles are about so much work: a power of two, 64 at least, or chunks.

        Pieces of such lengths, one after the other, do exactly what one long run does: they divide
        chunks, or are made of them, and begin where words of bits do.

        >>> Plan((), (), (), (), (), (), (), 2048, (), 0).piece(1e6) % 2048
        0
        """
        wanted = max(WORD, min(int(work / max(self._a_candle, LOAD)), 1 << 40))
        if wanted >= self.chunk and self.chunk % WORD == 0:
            return wanted // self.chunk * self.chunk
        return 1 << (wanted.bit_length() - 1)

    @cached_property
    def work(self) -> float:
        """The work of all steps on one candle."""
        return work_of(self.steps)

    @cached_property
    def recurrent_share(self) -> float:
        """The share of the recurrent steps in the work of all."""
        return work_of(self.steps[place] for place in self.recurrent) / max(self.work, LOAD)

    def bytes(self, candles: int) -> int:
        """Memory that running the plan allocates: the workspace, what is kept, and rows that are made."""
        return self.bytes_of_rows(candles) + self.bytes_of_run(candles)

    def bytes_of_run(self, candles: int) -> int:
        """The memory for the workspace and for what is kept."""
        return self.workspace + sum(store_bytes(store.form, candles) for store in self.stores)

    def bytes_of_rows(self, candles: int) -> int:
        """The memory for rows that are made: of the clock, of other instruments, of higher timeframes."""
        if self.rows == FIELD_ROWS:
            return 0
        beside = [row for row in self.reads if row[1:2] == ("symbol",)]
        made = 8 * (len(self.rows) + len(beside)) * candles
        made += _BYTES_MADE * min(candles, PIECE)
        for frame in self.frames:
            made += _BYTES_RESAMPLED * candles + frame.plan.bytes(candles // frame.least + 2)
        return made

    @cached_property
    def workspace(self) -> int:
        """Memory that a machine of this plan takes, whatever the number of candles."""
        numbers = sum(self.numbers) + len(self.numbers) * self.chunk
        masks = sum(self.masks) + len(self.masks) * self.chunk
        return 8 * numbers + masks


def row_cost(row: Row) -> float:
    """The work for a value of a row that is made."""
    return {"clock": CLOCK, "symbol": BESIDE}.get(str(row[1]) if len(row) > 1 else "", ROW)


def store_bytes(form: StoreForm, candles: int) -> int:
    """The memory for one result."""
    words = -(-candles // WORD)
    return {"number": 8 * candles, "mask": candles, "integer": 8 * candles, "bits": 8 * words}[form]


def work_of(steps: Iterable[Step]) -> float:
    """The work of steps on one candle."""
    return sum(kernel(step.kernel).cost_of(step.lanes, step.params) for step in steps)
