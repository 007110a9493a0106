"""What bounds `single`: the time of every step, and how far the whole is from what cannot be less.

1. Steps: the plan with sixteen more of one step, less the plan, is sixteen times that step, on the
   operands that it really has.
2. Bounds, each measured by itself on this machine:
   - the chain: four recurrences run beside each other, and each needs its last mean for the next,
     one subtraction and one fused multiply-add, seven or eight cycles a bar;
   - traffic: the bytes that are read and written, at the bandwidth of a copy;
   - fresh pages: results lie in memory that the system hands out, and clears, when it is touched;
   - calls: what it costs to call each kernel once a chunk;
   - the call of `evaluate` itself, spread over the bars.
3. Their sum against the measured time. What is between them is arithmetic that no chain delays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

import dslc
from dslc.runtime import engine, jit
from dslc.runtime.kernels.exact import fma
from dslc.runtime.plan import Plan, Step
import numpy as np

from ..figures import Cell, Figure
from ..market import EXAMPLE, Scale, random_walk
from ..measure import Run, Timing, interleave
from ..report import Table
from . import row
from .kernels import plan_of

_COPIES = 16
_CHAIN = 4096  # values that stay in the first cache
_TURNS = 50  # times that the chain runs over them
_CYCLES = 200_000  # turns of the clock loop
_CYCLES_A_TURN = 6
_COPIED = 1 << 25  # bytes of the copy that shows the bandwidth
_CALLS = 4096  # calls of a kernel for one candle each
_CALLED = ("both", 1)  # a kernel that has next to nothing to do
_RECURRENCES = ("smooth",)


@dataclass(frozen=True)
class Bound:
    """A part of the time that cannot be less, and how it comes about."""

    name: str
    nanoseconds: float
    why: str


@row("profile")
def profile(scale: Scale) -> Iterator[Table]:
    """What bounds `single`: each step of its plan, and how far it is from what cannot be less."""
    market = random_walk(scale.bars)
    strategy, bars = dslc.compile(EXAMPLE), dslc.Bars(market.columns())
    plan = strategy._prepare(()).plan
    piece = np.ascontiguousarray(bars.matrix[:, : scale.kernel_bars])
    steps = _step_times(plan, piece, scale.rounds)
    yield _steps_table(plan, steps, scale.kernel_bars)
    yield _bounds_table(strategy, bars, plan, steps, scale)


# --- steps ----------------------------------------------------------------------------------


def _step_times(plan: Plan, matrix: Any, rounds: int) -> list[float]:
    """Nanoseconds a bar of every step."""
    contenders: dict[str, Run] = {"plan": partial(engine.run, plan, matrix)}
    for at in range(len(plan.steps)):
        contenders[str(at)] = partial(engine.run, _repeated(plan, at), matrix)
    timings = interleave(contenders, rounds)
    return [
        _difference(timings[str(at)], timings["plan"]) / (_COPIES * matrix.shape[1])
        for at in range(len(plan.steps))
    ]


def _repeated(plan: Plan, at: int) -> Plan:
    """The plan with more of one step behind it."""
    steps = (*plan.steps[: at + 1], *(plan.steps[at],) * _COPIES, *plan.steps[at + 1 :])
    return replace(plan, steps=steps, recurrent=())


def _steps_table(plan: Plan, times: list[float], bars: int) -> Table:
    total = sum(times)

    def line(at: int, step: Step) -> tuple[Cell, ...]:
        name = step.kernel if step.lanes == 1 else f"{step.kernel}, {step.lanes} lanes"
        reads = " ".join(f"{operand.slot}[{operand.shift}]" for operand in step.operands)
        writes = " ".join(map(str, step.outs))
        return str(at + 1), name, reads, writes, times[at], f"{times[at] / total:.0%}"

    return Table(
        f"profile: the {len(plan.steps)} steps of {EXAMPLE.name}, {bars:,} bars, chunks of {plan.chunk:,}",
        ("step", "kernel", "reads slot[back]", "writes", "ns a bar", "share"),
        tuple(line(at, step) for at, step in enumerate(plan.steps)),
        (f"Together {total:.1f} ns a bar. Slots of numbers and of masks are counted apart.",),
    )


# --- bounds ---------------------------------------------------------------------------------


def _bounds_table(
    strategy: dslc.Strategy, bars: dslc.Bars, plan: Plan, steps: list[float], scale: Scale
) -> Table:
    alone = interleave({"evaluate": partial(strategy.evaluate, bars, outputs="signals")}, scale.rounds)
    timings = interleave(_probes(strategy, bars, plan), scale.rounds)  # the copy would clear the caches
    whole = 1e9 * alone["evaluate"].median / len(bars)
    bounds = _bounds(plan, timings, len(bars))
    least = sum(bound.nanoseconds for bound in bounds)
    chained = sum(time for step, time in zip(plan.steps, steps, strict=True) if step.kernel in _RECURRENCES)
    figures = (
        Figure("evaluate", whole, "ns a bar"),
        Figure("sum of the bounds", least, "ns a bar"),
        Figure("evaluate / sum of the bounds", whole / least, "x"),
    )
    return Table(
        f"profile: what cannot be less, of score and entry on {len(bars):,} bars",
        ("part", "ns a bar", "because"),
        (
            *((bound.name, bound.nanoseconds, bound.why) for bound in bounds),
            ("sum of the bounds", least, ""),
            ("evaluate, measured", whole, f"{whole / least:.2f} times the bounds"),
        ),
        (
            f"The steps of the recurrences take {chained:.1f} ns a bar, all others "
            f"{sum(steps) - chained:.1f}: most of what lies between the two.",
        ),
        figures,
    )


def _probes(strategy: dslc.Strategy, bars: dslc.Bars, plan: Plan) -> dict[str, Run]:
    """What is measured to know the bounds."""
    chain, clock = _chain_loop(), _clock_loop()
    values = np.ascontiguousarray(bars.close[:_CHAIN])
    source, target = np.ones(_COPIED, np.uint8), np.ones(_COPIED, np.uint8)
    kept = np.ones(_written(plan) * len(bars), np.uint8)
    alone = dslc.Bars({name: [getattr(bars, name)[0]] for name in bars.present})
    short = np.ascontiguousarray(bars.matrix[:, :_CALLS])
    calling, idle = plan_of(_CALLED, _COPIES), plan_of(_CALLED, 0)
    return {
        "chain": lambda: chain(values, 2 / 22, _TURNS),
        "clock": lambda: clock(np.uint64(1), _CYCLES),
        "copy": lambda: np.copyto(target, source),
        "fresh": lambda: np.empty(len(kept), np.uint8).fill(1),
        "warm": lambda: kept.fill(1),
        "calls": partial(engine.run, calling, short, chunk=1),
        "no calls": partial(engine.run, idle, short, chunk=1),
        "one bar": partial(strategy.evaluate, alone, outputs="signals"),
    }


def _bounds(plan: Plan, timings: dict[str, Timing], bars: int) -> tuple[Bound, ...]:
    chain = 1e9 * timings["chain"].median / (_TURNS * _CHAIN)
    cycle = 1e9 * timings["clock"].median / (_CYCLES * _CYCLES_A_TURN)
    speed = 2 * _COPIED / timings["copy"].median / 1e9
    read, written = 8 * len(plan.loads), _written(plan)
    call = _difference(timings["calls"], timings["no calls"]) / (_COPIES * _CALLS)
    once = 1e6 * timings["one bar"].median
    pages = _difference(timings["fresh"], timings["warm"]) / bars
    return (
        Bound("chain of the recurrences", chain, f"{chain / cycle:.1f} cycles at {1 / cycle:.2f} GHz"),
        Bound(
            "traffic",
            (read + written) / speed,
            f"{read} B read, {written} B written, {speed:.1f} GB/s copied",
        ),
        Bound("fresh pages", pages, f"{written} B of results in memory that was not there"),
        Bound("calls", len(plan.steps) * call / plan.chunk, f"{len(plan.steps)} of {call:.1f} ns a chunk"),
        Bound("evaluate itself", 1e3 * once / bars, f"{once:.0f} µs a call"),
    )


def _written(plan: Plan) -> int:
    """Bytes of results a bar."""
    return sum(1 if store.form == "mask" else 8 for store in plan.stores)


def _difference(more: Timing, less: Timing) -> float:
    """Nanoseconds by which one takes longer than the other, round by round."""
    return max(0.0, 1e9 * median(a - b for a, b in zip(more.seconds, less.seconds, strict=True)))


def _chain_loop() -> Any:
    """Means that follow values, one after the other: what a recurrence cannot do faster."""
    from numba import njit

    jit._numba_tools()  # makes `fma` one instruction
    alone = njit(error_model="numpy")

    @alone
    def chain(values: Any, alpha: float, turns: int) -> float:
        mean = 0.0
        for _ in range(turns):
            for i in range(len(values)):
                mean = fma(alpha, values[i] - mean, mean)
        return mean

    return chain


def _clock_loop() -> Any:
    """Shifts and exclusive ors of which each waits for the one before: a cycle each."""
    from numba import njit

    left, right, last = np.uint64(13), np.uint64(7), np.uint64(17)

    @njit
    def clock(bits: Any, turns: int) -> Any:
        for _ in range(turns):
            bits ^= bits << left
            bits ^= bits >> right
            bits ^= bits << last
        return bits

    return clock
