"""Each kernel of the registry by itself, and what the published example spends on it.

A plan of sixteen steps of one kernel, less a plan without them, is sixteen times the kernel on
operands that are in the cache, as they are in a real run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from statistics import median

import dslc
from dslc.runtime import engine
from dslc.runtime.plan import Operand, Plan, Step
from dslc.runtime.registry import LANES, kernel, kernels

from ..figures import Cell
from ..market import EXAMPLE, Scale, random_walk
from ..measure import Run, Timing, interleave
from ..report import Table
from . import row

Variant = tuple[str, int]
"""A kernel and the number of its lanes."""

_COPIES = 16
_CHUNK = 2048
_PARAMS = {"smooth": (2.0 / 22.0, 21.0), "percentile": (20.0, 0.5), "shape": (20.0, 4.0)}
_ANY_PARAM = 20.0
PERIOD = 20.0
_OPEN, _CLOSE = 0, 3
_NUMBER_OUT, _MASK_OUT = 4, 2


@row("kernels")
def measure_kernels(scale: Scale) -> Iterator[Table]:
    """Nanoseconds a bar of each kernel alone, and the share of the published example."""
    bars = dslc.Bars(random_walk(scale.kernel_bars).columns())
    strategy = dslc.compile(EXAMPLE)
    example = strategy._prepare(()).plan
    contenders: dict[str, Run] = {}
    for variant in _variants():  # each beside its own baseline, so that both find the caches alike
        contenders[_label(variant)] = partial(engine.run, plan_of(variant, _COPIES), bars.matrix)
        contenders[_without(variant)] = partial(engine.run, plan_of(variant, 0), bars.matrix)
    contenders["engine"] = partial(engine.run, example, bars.matrix)
    contenders["evaluate"] = partial(strategy.evaluate, bars, outputs="signals")
    timings = interleave(contenders, scale.rounds)

    steps = Counter((step.kernel, step.lanes) for step in example.steps)
    alone = {
        variant: _alone(timings[_label(variant)], timings[_without(variant)], len(bars))
        for variant in _variants()
    }
    spent = {variant: steps[variant] * alone[variant] for variant in alone}
    whole, call = (1e9 * timings[name].median / len(bars) for name in ("engine", "evaluate"))

    def line(variant: Variant) -> tuple[Cell, ...]:
        name, lanes = variant
        used = (steps[variant], spent[variant]) if steps[variant] else (None, None)
        return _label(variant), alone[variant], kernel(name).cost_of(lanes, (PERIOD,)), *used

    yield Table(
        f"kernels: {scale.kernel_bars:,} bars; cost is what the budgets reckon with",
        ("kernel", "ns a bar", "cost", "steps in the example", "ns a bar there"),
        tuple(line(variant) for variant in sorted(alone, key=lambda variant: -spent[variant])),
        (
            f"The example's {len(example.steps)} steps add up to {sum(spent.values()):.1f} ns a bar "
            f"(reckoned: {example.cost(len(bars)) / len(bars):.1f}).",
            f"With market data and results the engine takes {whole:.1f}, evaluate {call:.1f}.",
        ),
    )


def _variants() -> list[Variant]:
    return [
        (name, lanes)
        for name, found in kernels().items()
        for lanes in ((1, LANES) if found.step is not None else (1,))
    ]


def _label(variant: Variant) -> str:
    name, lanes = variant
    return name if lanes == 1 else f"{name}, {lanes} lanes"


def _without(variant: Variant) -> str:
    return f"without {_label(variant)}"


def _alone(many: Timing, none: Timing, bars: int) -> float:
    """Nanoseconds a bar of one of the steps by which two plans differ."""
    difference = median(a - b for a, b in zip(many.seconds, none.seconds, strict=True))
    return max(0.0, 1e9 * difference / (_COPIES * bars))


def plan_of(variant: Variant, copies: int) -> Plan:
    """A plan of nothing but one kernel, some times, on market data and on masks made of it."""
    name, lanes = variant
    found = kernel(name)
    first_out = _NUMBER_OUT if found.result == "number" else _MASK_OUT
    outs = tuple(range(first_out, first_out + lanes))
    params = _PARAMS.get(name, (_ANY_PARAM,) * len(found.params))
    if found.form == "rolling":
        params = (PERIOD, *params[1:])
    halo = found.reach(params)
    operands = tuple(
        Operand((_CLOSE - k) % _NUMBER_OUT if kind == "number" else k % _MASK_OUT, halo)
        for k, kind in enumerate(found.operands * lanes)
    )
    masks = (
        Step("greater", (0,), (Operand(_CLOSE), Operand(_OPEN)), ()),
        Step("greater", (1,), (Operand(_OPEN), Operand(_CLOSE)), ()),
    )
    return Plan(
        numbers=(halo,) * (_NUMBER_OUT + lanes),
        masks=(halo,) * (_MASK_OUT + lanes),
        loads=tuple((field, field) for field in range(_NUMBER_OUT)),
        constants=(),
        mask_constants=(),
        steps=masks + (Step(name, outs, operands, params * lanes),) * copies,
        recurrent=(),
        lookback=0,
        stores=(),
        chunk=_CHUNK,
    )
