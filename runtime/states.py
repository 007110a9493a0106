"""What a level and its frames remember (see frames.py), and how that goes into arrays and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .engine import Memory
from .plan import Plan


@dataclass(frozen=True)
class State:
    """What a level remembers: its machine, and of each frame its candles, figures, and own level."""

    machine: Memory | None
    frames: tuple[HeldState, ...]


@dataclass(frozen=True)
class HeldState:
    """What a frame remembers: the candle that is being made, the same before the last came, what is held."""

    spans: tuple[int, ...]
    numbers: NDArray[np.float64]
    level: State


def packed(state: State) -> list[NDArray[Any]]:
    """A state as arrays, of numbers (float64), integers (int64) and masks (uint8)."""
    found: list[NDArray[Any]] = []
    if state.machine is not None:
        found += [state.machine.numbers, state.machine.state, state.machine.before, state.machine.masks]
    for frame in state.frames:
        found += [np.array(frame.spans, np.int64), frame.numbers, *packed(frame.level)]
    return found


def unpacked(arrays: Sequence[NDArray[Any]], plan: Plan) -> State:
    """The state of a level of the plan from its arrays; ValueError where they are of something else."""
    left = list(arrays)
    state = _unpacked(left, plan)
    if left:
        raise ValueError("these are more arrays than a state has")
    return state


def _unpacked(left: list[NDArray[Any]], plan: Plan) -> State:
    machine = None
    if left and left[0].dtype == np.float64:
        numbers, first, before, masks = _taken(left, "fffu")
        machine = Memory(numbers, masks, first, before)
    frames = []
    for frame in plan.frames:
        spans, numbers = _taken(left, "if")
        frames.append(HeldState(tuple(spans.tolist()), numbers, _unpacked(left, frame.plan)))
    return State(machine, tuple(frames))


def _taken(left: list[NDArray[Any]], kinds: str) -> list[NDArray[Any]]:
    """The next arrays, which must be of these kinds."""
    found = left[: len(kinds)]
    if "".join(array.dtype.kind for array in found) != kinds:
        raise ValueError("these are not the arrays of a state")
    del left[: len(kinds)]
    return found
