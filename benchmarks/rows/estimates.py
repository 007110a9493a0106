"""How near the estimates are: the work that budgets reckon with, against nanoseconds of one core.

Strategies of all sizes run by themselves on the engine, and all of them as one batch. The estimate is to
bound the time, and to be near it; `tests/test_estimates.py` holds it to counts that are the same on
every machine, this row to a clock.
"""

from __future__ import annotations

from functools import partial

import dslc
from dslc.prepared import prepare_batch
from dslc.runtime import engine

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import Scale, random_walk
from ..measure import interleave
from ..report import Table
from ..strategies import strategies
from . import row

_ALONE = 60
"""Strategies that run by themselves."""


@row("estimates")
def estimates(scale: Scale) -> list[Table]:
    """The estimated work of strategies and of a batch, as a multiple of the nanoseconds that they take."""
    bars = dslc.Bars(random_walk(scale.kernel_bars).columns())
    specs = strategies(scale.strategies, scale.calls)
    compiled = [dslc.compile(spec.document()) for spec in specs]
    plans = {
        f"{outputs} {at}": strategy._prepare(strategy._names(outputs)).plan
        for at, strategy in enumerate(compiled[: _ALONE // 2])
        for outputs in ("signals", "all")
    }
    plans["batch"] = prepare_batch([one._checked for one in compiled], ("entry",), packed=True).plan
    timings = interleave(
        {name: partial(engine.run, plan, bars.matrix) for name, plan in plans.items()}, scale.rounds, 1
    )
    ratios = {name: plan.cost(len(bars)) / (1e9 * timings[name].quickest) for name, plan in plans.items()}
    batch = ratios.pop("batch")
    order = sorted(ratios.values())

    def quantile(share: float) -> float:
        return order[min(len(order) - 1, int(share * len(order)))]

    figures = (
        Figure("least", order[0], "x"),
        Figure("median", quantile(0.5), "x", Goal("<=", 2.0)),
        Figure("99 %", quantile(0.99), "x", Goal("<=", 4.0)),
        Figure(f"batch of {len(compiled):,}", batch, "x", Goal("<=", 4.0)),
    )
    return [
        Table(
            f"estimates: work for each nanosecond, {len(order)} runs on {len(bars):,} bars",
            ("estimate / measured", "x", *GOAL_COLUMNS),
            tuple((figure.name, figure.value, *figure.cells) for figure in figures),
            ("The time is that of the quickest round; below 1 a busy machine was slower than the estimate.",),
            figures,
        )
    ]
