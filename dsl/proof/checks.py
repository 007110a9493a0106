"""Checks on given bars what the compiler has proved: each check computes the results in other ways.

| check | the results are computed again | and must be the same |
|---|---|---|
| prefixes | on the first k candles alone | on all of them |
| futures | with other candles from k on: valid noise, and below the checks of bars NaN, ∞, 1e308 | before k |
| stream | candle by candle, also after a snapshot and after a corrected candle | on all of them |
| chunks | with other numbers of candles at a time | on as many as were computed |
| plain | by the kernels as plain Python | on as many as were computed |
| nodes | by the plan that keeps every node | on all of them |

Work is bounded: few candles are tried at every k, of many a seeded sample: the ends, the end of the
warm-up, both sides of chunk boundaries, and others at random. How much was done is part of the answer. It
depends on the strategy, the number of candles and the seed, never on the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import itertools

import numpy as np

from ..grammar.words import some
from ..runtime import jit
from ..runtime.bars import Bars
from ..runtime.plan import Plan
from .noise import noise
from .pieces import with_future
from .trial import Case, Flaw, Trial, Values, of_evaluation

CHECKS = ("prefixes", "futures", "stream", "chunks", "plain", "nodes")

_POISONS = {"NaN": np.nan, "infinity": np.inf, "1e308": 1e308}
_MORE_POISONS = {"-infinity": -np.inf, "0": 0.0, "-1": -1.0, "5e-324": 5e-324}
_CHUNKS = (1, 2, 3, 7, 64, 1000)

_WORK, _MORE_WORK = 6e8, 2e10  # units of Plan.cost (about a nanosecond each) a check
_OF_A_RUN = 6e4  # what a run costs, however few its candles
_OF_A_CHUNK = 30.0  # what a chunk costs, for every step
_OF_A_PLAIN_STEP = 1500.0  # what a step costs on one candle as plain Python
_OF_BARS, _OF_A_BAR = 1e6, 200.0  # what making and checking bars costs, and each of them
_FEWEST, _MOST = 3, 10_000  # tries of a check
_MOST_PLAIN, _LEAST_PIECE = 2_000, 64  # candles


@dataclass(frozen=True)
class Check:
    """What a check has done: on how many cases out of how many there are, over how many candles.

    `of` is None where there is no end of cases. `passed` is False where `flaw` was found.
    """

    name: str
    cases: int
    of: int | None
    candles: int
    flaw: Flaw | None = None

    @property
    def passed(self) -> bool:
        """Whether all bits were the same."""
        return self.flaw is None


@dataclass(frozen=True)
class Effort:
    """How hard to try: seed of whatever is drawn, and whether to do much more than a few seconds' work."""

    seed: int = 0
    thorough: bool = False

    @property
    def work(self) -> float:
        """The budget of a check, in the units of `Plan.cost`."""
        return _MORE_WORK if self.thorough else _WORK

    def generator(self, check: str) -> np.random.Generator:
        """Random numbers of a check of its own."""
        return np.random.default_rng([self.seed, CHECKS.index(check)])


def check_prefixes(trial: Trial, effort: Effort) -> Check:
    """The first k candles alone give what all candles give there."""
    candles = len(trial.bars)
    lengths = _lengths(trial, effort)

    def cases() -> Iterator[Case]:
        for k in lengths:
            yield Case(f"the first {k:,} candles alone", k, trial.over(trial.head(k)))

    return _tried(trial, "prefixes", cases(), max(candles - 1, 0))


def check_futures(trial: Trial, effort: Effort) -> Check:
    """Other candles from k on change nothing before k."""
    rng = effort.generator("futures")

    def cases() -> Iterator[Case]:
        for k in _cuts(trial, effort, rng):
            yield _noisy(trial, k, rng)
            for name, poison in (_POISONS | (_MORE_POISONS if effort.thorough else {})).items():
                changed = with_future(trial.bars, k, poison, trial.timeframe)
                yield Case(f"{name} from candle {k:,} on", k, trial.over(changed))

    return _tried(trial, "futures", cases(), None)


def check_chunks(trial: Trial, effort: Effort) -> Check:
    """Any number of candles at a time gives the same."""
    sizes = sorted({*_CHUNKS, trial.chunk - 1, trial.chunk + 1, 2 * trial.chunk})

    def cases() -> Iterator[Case]:
        for size in sizes:
            each = sum(_candle_cost(prepared.plan, size) for prepared in trial.plans)
            piece = _piece(trial, effort.work / len(sizes) / each)
            yield Case(f"{some(size, 'candle')} at a time", len(piece), trial.over(piece, chunk=size))

    return _tried(trial, "chunks", cases() if len(trial.bars) else (), None)


def check_plain(trial: Trial, effort: Effort) -> Check:
    """The kernels as plain Python give the same on the first candles; no case where nothing is compiled."""
    each = sum(_OF_A_PLAIN_STEP * _operations(prepared.plan) for prepared in trial.plans)
    most = effort.work / 2 / each
    piece = _piece(trial, most if effort.thorough else min(most, _MOST_PLAIN))
    case = Case("as plain Python", len(piece), trial.over(piece, compiled=False))
    return _tried(trial, "plain", () if jit.disabled() or not len(piece) else (case,), None)


def _tried(trial: Trial, name: str, cases: Sequence[Case] | Iterator[Case], of: int | None) -> Check:
    """Cases one after the other, to the first flaw."""
    done = candles = 0
    for case in cases:
        done += 1
        candles += case.count
        flaw = trial.flaw(name, case)
        if flaw is not None:
            return Check(name, done, of, candles, flaw)
    return Check(name, done, of, candles)


def _lengths(trial: Trial, effort: Effort) -> list[int]:
    """The lengths of the prefixes: all, or first what is special, then any, as long as the work lasts."""
    candles = len(trial.bars)
    rng = effort.generator("prefixes")
    wanted = list(dict.fromkeys([*_special(trial), *_drawn(rng, candles)]))
    costs = [trial.cost(k) + 2 * _OF_A_RUN for k in wanted]
    if sum(costs) <= 2 * effort.work:
        return sorted(wanted)
    done = itertools.accumulate(costs)
    count = sum(1 for spent in done if spent <= effort.work)
    return sorted(wanted[: max(count, _FEWEST)])


def _cuts(trial: Trial, effort: Effort, rng: np.random.Generator) -> list[int]:
    """The candles from which on the future is replaced."""
    candles = len(trial.bars)
    tries = 1 + len(_POISONS) + (len(_MORE_POISONS) if effort.thorough else 0)
    each = tries * (trial.cost(candles) + 2 * _OF_A_RUN) + _OF_BARS + _OF_A_BAR * candles
    count = min(max(_FEWEST, _power_of_two(effort.work / each)), _MOST)
    special = (candles // 2, trial.evaluation.strategy.warmup + 1, candles - 1, trial.chunk)
    found = dict.fromkeys(k for k in (*special, *_drawn(rng, candles)) if 0 < k < candles)
    return list(found)[:count]


def _power_of_two(most: float) -> int:
    """Rounded down, so that a better estimate of what a kernel costs seldom changes a certificate."""
    return 1 << max(int(most).bit_length() - 1, 0)


def _special(trial: Trial) -> list[int]:
    """The ends, the end of the warm-up, and both sides of some chunk boundaries."""
    candles, warmup, chunk = len(trial.bars), trial.evaluation.strategy.warmup, trial.chunk
    near = [1, 2, candles - 1, candles // 2, warmup, warmup + 1, warmup + 2]
    for boundary in (chunk, 2 * chunk, (candles - 1) // chunk * chunk):
        near += [boundary - 1, boundary, boundary + 1]
    return [k for k in near if 0 < k < candles]


def _drawn(rng: np.random.Generator, candles: int) -> list[int]:
    """Numbers from 1 to candles - 1 in a random order: all, or some where there are very many."""
    if candles < 2:
        return []
    if candles <= _MOST:
        return [int(k) + 1 for k in rng.permutation(candles - 1)]
    return [int(k) for k in rng.integers(1, candles, _MOST)]


def _noisy(trial: Trial, k: int, rng: np.random.Generator) -> Case:
    """A future of random candles that the checks of bars let through."""
    bars = with_future(trial.bars, k, noise(rng, len(trial.bars) - k), trial.timeframe)

    def values() -> Values:
        work, memory = trial.evaluation.budgets
        return of_evaluation(trial.evaluation.strategy.evaluate(bars, work=work, memory=memory))

    return Case(f"other candles from candle {k:,} on", k, trial.over(bars), values)


def _piece(trial: Trial, most: float) -> Bars:
    """The first candles, about as many as said."""
    return trial.head(min(len(trial.bars), max(_LEAST_PIECE, int(min(most, 1e12)))))


def _operations(plan: Plan) -> int:
    return sum(step.lanes for step in plan.steps) + len(plan.loads) + len(plan.stores)


def _candle_cost(plan: Plan, chunk: int) -> float:
    """Work of a candle where the engine takes some at a time."""
    moved = (sum(plan.numbers) + sum(plan.masks)) / 2
    return plan.cost(1) - plan.cost(0) + (_OF_A_CHUNK * _operations(plan) + moved) / chunk
