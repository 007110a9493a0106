"""Other weights and thresholds: scored again from the conditions that are kept, or evaluated again.

Both sides start from the strategy and the bars and end with the candles on which each set of values
enters, which are compared before anything is timed. Evaluating again binds the values, compiles, plans
and runs; that is done for a sample of the sets, and the time of one is what counts.
"""

from __future__ import annotations

import random
from typing import Any

import dslc
from dslc.schemas.parameters import Value
from dslc.sweep.rescore import Rescorer, rescorer
from dslc.sweep.variants import Variants

from ..figures import GOAL_COLUMNS, Figure, Goal
from ..market import ROOT, Scale, random_walk
from ..measure import Run, interleave
from ..peers import Disagreement
from ..report import Table
from . import row

EXAMPLE = ROOT / "examples" / "tunable-crossover.json"
AGAIN, ANEW = "scored again", "evaluated again"
GOAL = Goal(">=", 100.0)
_SETS, _SAMPLE = 1_000, 10


@row("sweep")
def sweep(scale: Scale) -> list[Table]:
    """Entries for other weights and thresholds: scored again, against evaluated again."""
    bars = dslc.Bars(random_walk(scale.batch_bars, minutes=1440).columns())
    variants = Variants(dslc.compile(EXAMPLE))
    sets = _sets(random.Random(5))
    again = rescorer(variants, tuple(sets[0]), bars)
    assert again is not None
    _agree(again, variants, sets[:_SAMPLE], bars)
    contenders: dict[str, Run] = {
        AGAIN: lambda: again.entries(sets),
        ANEW: lambda: [
            variants.strategy(values).evaluate(bars, outputs="signals") for values in sets[:_SAMPLE]
        ],
    }
    timings = interleave(contenders, scale.batch_rounds)
    each = {
        AGAIN: 1e6 * timings[AGAIN].median / len(sets),
        ANEW: 1e6 * timings[ANEW].median / _SAMPLE,
    }
    gain = Figure(f"{ANEW} / {AGAIN}", timings[ANEW].ratio(timings[AGAIN]) * len(sets) / _SAMPLE, "x", GOAL)
    table = Table(
        f"sweep: weights and thresholds of {EXAMPLE.name} on {len(bars):,} bars, {again.patterns:,} patterns",
        ("entries of a set of values", "µs a set", gain.name, *GOAL_COLUMNS),
        (
            (AGAIN, each[AGAIN], None, None, None),
            (ANEW, each[ANEW], gain.value, *gain.cells),
        ),
        (f"{len(sets):,} sets of values scored again, {_SAMPLE} evaluated again. Statistics come on top.",),
        (Figure(AGAIN, each[AGAIN], "µs a set"), gain),
    )
    return [table]


def _sets(rng: random.Random) -> list[dict[str, Value]]:
    return [
        {
            "level": rng.randrange(0, 101, 5),
            "score.trendUp": rng.randrange(0, 51),
            "score.crossover": rng.randrange(0, 51),
            "score.healthy": rng.randrange(0, 51),
        }
        for _ in range(_SETS)
    ]


def _agree(again: Rescorer, variants: Variants, sets: list[dict[str, Any]], bars: dslc.Bars) -> None:
    """Raise Disagreement unless both ways enter on the same candles."""
    entered, _ = again.entries(sets)
    for values, patterns in zip(sets, entered, strict=True):
        if (patterns[again.of_candle] != variants.strategy(values).evaluate(bars).entry).any():
            raise Disagreement(f"other entries with {values}")
