"""What a run costs is known before it begins: estimates bound what is counted, and budgets hold.

What is counted is not the estimate's arithmetic again. The engine's own loop runs as plain Python over
arrays that count, with a toolbox that notes every call of a kernel; and each thing that was counted has
the price that was measured for it by `python -m benchmarks kernels estimates`, in nanoseconds, not the
one that its kernel declares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
import json
import os
from pathlib import Path
import random
from statistics import median
import subprocess
import sys
from typing import Any

import dslc
from dslc.compiler.cost import bound
from dslc.limits.budgets import admit, check_together
from dslc.limits.estimates import estimate_batch, together
from dslc.prepared import prepare_batch, stored, wanted_of
from dslc.runtime import engine, jit
from dslc.runtime.adapters import make_drive
from dslc.runtime.plan import Plan
from dslc.runtime.registry import LANES, kernels
import numpy as np
import pytest

from . import programs
from .timing import quickly

ROOT = Path(__file__).parent.parent
DEEP = os.environ.get("DSLC_DEEP", "0") not in ("", "0")
PROGRAMS = 400 if DEEP else 60
FIELDS = ("open", "high", "low", "close", "volume")

# ── What was measured, in nanoseconds (Intel Xeon, 2 cores, 2026) ────────────────────────────────────────

PERIOD = 20.0
"""Of rolling kernels, whose times depend on it."""
KERNEL_TIMES = {
    ("smooth", 1): 1.54, ("smooth", 4): 2.23, ("smooth_finely", 1): 6.63,
    ("smooth_shortly", 1): 3.67, ("smooth_shortly", 4): 7.56, ("strength", 1): 1.29,
    ("total_of_four", 1): 0.462, ("divide", 1): 0.65, ("mean_of_parts", 1): 0.432, ("above", 1): 0.150,
    ("fall", 1): 0.27, ("rise", 1): 0.22, ("widen", 1): 0.149, ("scale", 1): 0.158, ("greater", 1): 0.125,
    ("below", 1): 0.124, ("greater_or_equal", 1): 0.119, ("both", 1): 0.0296, ("tally_four", 1): 0.0247,
    ("at_least", 1): 0.0059, ("add", 1): 0.211, ("at_most", 1): 0.0132, ("at_or_above", 1): 0.119,
    ("at_or_below", 1): 0.132, ("carry", 1): 0.488, ("either", 1): 0.0126, ("equal", 1): 0.125,
    ("larger", 1): 0.238, ("magnitude", 1): 0.16, ("mean_of", 1): 0.378, ("multiply", 1): 0.238,
    ("negate", 1): 0.164, ("rounding", 1): 0.277, ("settled", 1): 0.202, ("share_of", 1): 0.178,
    ("smaller", 1): 0.202, ("subtract", 1): 0.209, ("tally", 1): 0.0257, ("total", 1): 0.193,
    ("unequal", 1): 0.139, ("weigh", 1): 0.205,
    ("weighted", 1): 39.9, ("weighted_by", 1): 15.1, ("bell", 1): 8.35, ("adapt", 1): 10.9,
    ("variance", 1): 63.7, ("covariance", 1): 50.5, ("correlation", 1): 55.3, ("slope", 1): 21.3,
    ("shape", 1): 83.8, ("percentile", 1): 245.0, ("percent_rank", 1): 22.1,
    ("root", 1): 0.89,
    ("bars_since", 1): 1.41, ("streak", 1): 1.44, ("value_when", 1): 2.37, ("since", 1): 3.57,
    ("choose", 1): 0.348, ("only", 1): 0.14, ("or_else", 1): 0.179, ("defined", 1): 0.138,
    ("in_session", 1): 0.221, ("mean_since_change", 1): 2.34,
    ("missing", 1): 0.128, ("cumulative", 1): 1.7, ("halfway", 1): 2.12, ("sign", 1): 0.196,
    ("whole_below", 1): 0.211, ("whole_above", 1): 0.237, ("nearest_whole", 1): 0.287,
    ("logarithm", 1): 4.02, ("exponential", 1): 5.27, ("power", 1): 16.4, ("sum_of", 1): 0.205,
    ("where_above", 1): 0.49, ("part_of", 1): 0.63, ("position", 1): 0.656, ("recency", 1): 0.6,
    ("side", 1): 0.21, ("channel_index", 1): 20.4, ("since_highest", 1): 7.4,
    ("supertrend", 1): 2.76, ("sar", 1): 5.0,
}  # fmt: skip
CALL, LOAD, HALO, FILLED = 8.0, 0.48, 0.34, 1.0  # a call; a value that is loaded, moved, filled
KEPT = {"numbers": 0.8, "masks": 0.12, "integers": 0.8, "bits": 0.06}


class Tape:
    """An array that counts what is written into it and read from it, under a name."""

    def __init__(self, name: str, values: Any, tally: Counter[str]) -> None:
        self.name, self.values, self.tally = name, values, tally

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return Tape(self.name, self.values[at], self.tally)
        self.tally[f"read {self.name}"] += 1
        return self.values[at]

    def __setitem__(self, at: int, value: Any) -> None:
        self.tally[f"written {self.name}"] += 1
        self.values[at] = value


def raw(value: Any) -> Any:
    return value.values if isinstance(value, Tape) else value


class Tally:
    """What the engine's loop does: kernels by name and lanes, and everything that is moved."""

    def __init__(self) -> None:
        self.moved: Counter[str] = Counter()
        self.kernels: Counter[tuple[str, int]] = Counter()
        self.calls = 0
        self.names = {
            jit.plain_address(name, lanes): (name, lanes)
            for name, found in kernels().items()
            for lanes in ((1, LANES) if found.step is not None else (1,))
        }

    def drive(self) -> Callable[..., None]:
        tools = jit.plain()
        counting = type(tools)(tools.advance, self.call, float, self.pack, tools.lowest, tools.compile)
        loop = make_drive(counting)

        def run(*arrays: Any) -> None:
            *tables, numbers, masks, bars, kept_numbers, kept_masks, kept_integers, kept_bits = arrays
            names = ("numbers", "masks", "bars", *(f"kept {form}" for form in KEPT))
            spaces = (numbers, masks, bars, kept_numbers, kept_masks, kept_integers, kept_bits)
            loop(*tables, *(Tape(*pair, self.moved) for pair in zip(names, spaces, strict=True)))

        return run

    def call(self, address: int, count: int, *arguments: Any) -> None:
        self.kernels[self.names[int(address)]] += int(count)
        self.calls += 1
        jit.plain().call(address, count, *map(raw, arguments))

    def pack(self, target: Any, at: int, source: Any, start: int) -> None:
        self.moved["written kept bits"] += 64
        jit.plain().pack(raw(target), at, raw(source), start)

    def nanoseconds(self, filled: int) -> float:
        loaded = self.moved["read bars"]
        halos = self.moved["written numbers"] + self.moved["written masks"] - loaded
        kept = sum(price * self.moved[f"written kept {form}"] for form, price in KEPT.items())
        run = sum(count * KERNEL_TIMES[kernel] for kernel, count in self.kernels.items())
        return run + CALL * self.calls + LOAD * loaded + HALO * halos + kept + FILLED * filled


def counted(plan: Plan, matrix: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[float, int]:
    """What running a plan was counted to take, in nanoseconds, and the bytes that it allocated."""
    tally = Tally()
    drive = tally.drive()
    with monkeypatch.context() as patch:
        patch.setattr(jit, "plain_drive", lambda: drive)
        kept = engine.room_for(plan, matrix.shape[1])
        machine = engine.Machine(plan, compiled=False)
        machine.run(matrix, kept)
    space = machine._numbers.nbytes + machine._masks.nbytes
    return tally.nanoseconds(space // 8), space + sum(rows.nbytes for rows in kept.rows())


# ── Programs ─────────────────────────────────────────────────────────────────────────────────────────────


def document(inputs: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1D"},
        "inputs": inputs,
        "conditions": {"up": "close > open"},
        "score": {"up": 1},
        "decision": {"entry": "score >= 1"},
        **more,
    }


def doublings(count: int) -> dict[str, Any]:
    names = ["close", *(f"x{n}" for n in range(count))]
    return document({name: f"{before} + {before}" for before, name in pairwise(names)})


HOSTILE = {
    "doublings": doublings(40),
    "long windows": document({f"m{n}": f"sma(close, {9_000 - 37 * n})" for n in range(60)}),
    "signed windows": document({f"m{n}": f"sma(change(close), {300 + 7 * n})" for n in range(25)}),
    "averages": document({f"e{n}": f"ema(close, {n + 2})" for n in range(90)}),
    "chain of averages": document(
        {"e0": "ema(close, 9)", **{f"e{n}": f"ema(e{n - 1}, 9)" for n in range(1, 40)}}
    ),
    "fine averages": document({f"e{n}": f"ema(close, {5_000 + n})" for n in range(9)}),
    "offsets": document({"a": "close[9999]", **{f"o{n}": f"a[{9_000 + n}]" for n in range(9)}}),
    "offsets of offsets": document(
        {"o0": "close[9999]", **{f"o{n}": f"o{n - 1}[9999] + 1" for n in range(1, 30)}}
    ),
    "nothing": document({}),
}


def random_strategies(count: int, seed: int = 7) -> list[dslc.Strategy]:
    rng = random.Random(seed)
    return [dslc.compile(programs.strategy(rng, size=rng.randint(1, 6))) for _ in range(count)]


def matrix_of(candles: int, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, candles)))
    return np.array([close, close * 1.01, close * 0.99, close, 1000.0 + close])


def frame(candles: int) -> dict[str, Any]:
    return dict(zip(FIELDS, matrix_of(candles), strict=True))


ALL = tuple(dslc.compile(source) for source in HOSTILE.values())
hostile = pytest.mark.parametrize("strategy", ALL, ids=list(HOSTILE))


def everything(strategy: dslc.Strategy) -> tuple[str, ...]:
    return strategy._names("all")


# ── Estimates bound what is counted ──────────────────────────────────────────────────────────────────────


def test_the_price_of_every_kernel_was_measured_and_is_declared_for_about_that() -> None:
    for name, found in kernels().items():
        if name.startswith("own_"):
            continue  # a user's, which another test has registered
        for lanes in (1, LANES) if found.step is not None else (1,):
            measured, cost = KERNEL_TIMES[name, lanes], found.cost_of(lanes, (PERIOD,))
            assert measured <= cost <= max(1.6 * measured, measured + 0.05), (name, lanes)


def test_estimates_of_random_programs_bound_what_is_counted_and_are_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ratios = []
    for at, strategy in enumerate(random_strategies(PROGRAMS)):
        candles = (500, 1_100, 2_000)[at % 3]
        found = strategy.estimate(candles)
        plan = strategy._prepare(everything(strategy)).plan
        taken, size = counted(plan, matrix_of(candles), monkeypatch)
        assert taken <= found.work, strategy.canonical
        assert size == found.bytes
        ratios.append(found.work / taken)
    assert median(ratios) <= 2.0
    assert sorted(ratios)[int(0.99 * len(ratios))] <= 4.0


@hostile
def test_estimates_of_hostile_programs_bound_what_is_counted(
    strategy: dslc.Strategy, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = strategy._prepare(everything(strategy)).plan
    taken, size = counted(plan, matrix_of(600), monkeypatch)
    found = strategy.estimate(600)
    assert taken <= found.work <= 4.0 * taken
    assert size == found.bytes


def test_forty_doublings_cost_forty_additions() -> None:
    costs = quickly(
        lambda: [dslc.compile(doublings(count)).estimate(10**6).work for count in (10, 20, 40)], 0.1
    )
    assert costs[2] - costs[1] < 2.5 * (costs[1] - costs[0])


@hostile
def test_an_estimate_grows_with_the_candles_and_never_overflows(strategy: dslc.Strategy) -> None:
    found = [strategy.estimate(candles) for candles in (0, 1, 2, 1_000, 10**6, 1 << 48)]
    for one, more in pairwise(found):
        assert one.work < more.work < 1e30
        assert one.bytes < more.bytes


@pytest.mark.parametrize("candles", [-1, (1 << 48) + 1])
def test_candles_out_of_range_are_refused(candles: int) -> None:
    with pytest.raises(ValueError, match="candles are 0 to"):
        ALL[0].estimate(candles)


@pytest.mark.parametrize("candles", [1.5, "7", None, True])
def test_candles_of_another_kind_are_refused(candles: Any) -> None:
    with pytest.raises(TypeError, match="candles are a whole number"):
        ALL[0].estimate(candles)


# ── Parts ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outputs", ["all", "signals"])
def test_the_parts_of_a_document_add_up_to_the_whole(outputs: Any) -> None:
    for strategy in (*random_strategies(40, seed=11), *ALL):
        found = strategy.estimate(10_000, outputs=outputs)
        assert sum(part.adds for part in found.parts) == pytest.approx(found.work)
        assert sum(part.bytes for part in found.parts) == found.bytes
        assert found.parts[-1].adds > 0.0 < found.parts[-1].bytes  # what is left, not what is missing
        names = [*strategy.inputs, *strategy.conditions, "entry"]
        assert [part.name for part in found.parts] == names
        for part in found.parts:
            assert 0.0 <= part.adds <= part.work * (1 + 1e-12) <= found.work * (1 + 1e-9)
            assert part.bytes >= 0


def test_a_shared_part_is_added_once_and_read_by_each() -> None:
    source = document({"a": "sma(volume, 512)", "b": "sma(volume, 512)", "c": "sma(volume, 512) + 1"})
    first, second, third, *_ = dslc.compile(source).estimate(1_000_000, outputs="signals").parts
    assert first.adds == second.adds == third.adds == 0.0  # nobody keeps them
    first, second, third, *_ = dslc.compile(source).estimate(1_000_000).parts
    assert first.work == second.work == first.adds
    kept = 1.2e6
    assert second.adds == pytest.approx(kept)
    assert kept < third.adds < first.adds < third.work


def test_parts_have_their_places() -> None:
    text = json.dumps(document({"slow": "sma(close, 200)"}), indent=1)
    line = text[: text.index("sma(")].count("\n") + 1
    slow, *_, decision = dslc.compile(text).estimate(10).parts
    assert (slow.section, slow.line, slow.column) == ("inputs", line, 12)
    assert (decision.section, decision.line) == ("decision", text.count("\n", 0, text.index("score >=")) + 1)
    assert dslc.compile(document({"slow": "close"})).estimate(10).parts[0].line is None


# ── A bound without a plan ───────────────────────────────────────────────────────────────────────────────


def test_the_bound_without_a_plan_is_above_every_plan() -> None:
    for strategy in (*random_strategies(150, seed=3), *ALL):
        checked = strategy._checked
        wanted = wanted_of(checked, everything(strategy))
        plan = strategy._prepare(everything(strategy)).plan
        for candles in (1, 5_000, 10**7):
            for threads in (1, 3):
                work, size = bound(checked.graph, stored(wanted), candles, threads)
                assert plan.cost(candles, threads) <= work, strategy.canonical
                assert plan.bytes(candles) + (threads - 1) * plan.bytes(0) <= size, strategy.canonical


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────

DEAR = document(
    {"quick": "sma(change(close), 4)", "slow": "sma(change(close), 9000)", "top": "highest(high, 3000)"},
    conditions={"up": "slow > quick AND high < top[1]"},
)


def refused(strategy: dslc.Strategy, candles: int, **budgets: float) -> dslc.Diagnostic:
    with pytest.raises(dslc.StrategyError) as caught:
        strategy.evaluate(frame(candles), **budgets)
    (found,) = caught.value.diagnostics
    return found


def test_a_refusal_names_the_dearest_parts_with_their_places() -> None:
    found = refused(dslc.compile(json.dumps(DEAR, indent=1)), 5_000, work=20_000)
    assert found.code == "E611"
    assert "the dearest: input `slow` (7:12) " in found.message
    assert [found.message.count(name) for name in ("`slow`", "`up`")] == [1, 0]
    found = refused(dslc.compile(DEAR), 50_000, memory=1_500_000)
    assert found.code == "E612"
    assert "input `slow` " in found.message


def test_the_candles_that_would_fit_are_the_most_that_do() -> None:
    strategy = dslc.compile(DEAR)
    for budgets in ({"work": 4e5}, {"memory": 2_000_000}):
        found = refused(strategy, 90_000, **budgets)
        assert found.help
        most = int(found.help.split("; ")[1].split(" candles")[0].replace(",", ""))
        strategy.evaluate(frame(most), **budgets)
        refused(strategy, most + 1, **budgets)


def test_the_longest_window_that_would_fit_is_the_longest_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from dslc.limits import budgets

    monkeypatch.setattr(budgets, "_SEARCH_SECONDS", 60.0)

    def cut(longest: int) -> dslc.Strategy:
        slow, top = min(9000, longest), min(3000, longest)
        inputs = {
            "quick": f"sma(change(close), {min(4, longest)})",
            "slow": f"sma(change(close), {slow})",
            "top": f"highest(high, {top})",
        }
        return dslc.compile({**DEAR, "inputs": inputs})

    for share in (0.5, 0.7, 0.95):
        memory = int(share * dslc.compile(DEAR).estimate(2_000).bytes)
        found = refused(dslc.compile(DEAR), 2_000, memory=memory)
        assert found.help
        longest = int(found.help.split("cut to ")[1].split(" ")[0].replace(",", ""))
        assert 4 < longest < 9000
        assert cut(longest).estimate(2_000).bytes <= memory < cut(longest + 1).estimate(2_000).bytes


def test_windows_that_are_not_what_makes_it_dear_are_not_mentioned() -> None:
    strategy = dslc.compile(doublings(40))
    found = refused(strategy, 1_000, work=5_000)
    assert found.help
    assert "windows" not in found.help


def test_a_window_by_the_name_of_a_constant_is_cut_like_any_other() -> None:
    strategy = dslc.compile(document({"n": "8000", "slow": "sma(close, n)", "far": "slow[n]"}))
    memory = strategy.estimate(1_000).bytes * 3 // 4
    found = refused(strategy, 1_000, memory=memory)
    assert found.help
    assert "windows and offsets cut to " in found.help


def test_a_refusal_comes_before_anything_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: Any, **__: Any) -> Any:
        raise AssertionError("it has begun")

    bars = dslc.Bars(frame(1_000))
    monkeypatch.setattr(engine, "room_for", nothing)
    monkeypatch.setattr(engine, "Machine", nothing)
    with pytest.raises(dslc.StrategyError, match="E611"):
        ALL[0].evaluate(bars, work=1)
    with pytest.raises(dslc.StrategyError, match="E612"):
        ALL[0].evaluate(bars, memory=1)


@pytest.mark.parametrize("budget", [float("nan"), -1, -0.5, "much", None, True, b"9"])
@pytest.mark.parametrize("name", ["work", "memory"])
def test_a_budget_that_is_none_is_refused(name: str, budget: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} is a budget"):
        ALL[0].evaluate(frame(10), **{name: budget})


def test_an_endless_budget_and_one_that_just_suffices() -> None:
    strategy = dslc.compile(DEAR)
    found = strategy.estimate(1_000)
    strategy.evaluate(frame(1_000), work=float("inf"), memory=10**400)
    strategy.evaluate(frame(1_000), work=found.work, memory=found.bytes)
    assert refused(strategy, 1_000, work=found.work * (1 - 1e-9)).code == "E611"
    assert refused(strategy, 1_000, memory=found.bytes - 1).code == "E612"


def test_a_refusal_of_the_largest_document_is_quick() -> None:
    sums = {
        f"a{i}": " + ".join(f"sma(change(close), {9000 - 8 * i - k})" for k in range(6)) for i in range(200)
    }
    strategy = dslc.compile(document(sums))
    strategy._prepare(everything(strategy))
    assert quickly(lambda: refused(strategy, 100, work=1), 3).code == "E611"


# ── Batches ──────────────────────────────────────────────────────────────────────────────────────────────


def test_documents_over_the_budgets_of_one_are_refused_and_leave_the_bits_of_the_others() -> None:
    cheap = [replace_timeframe(strategy) for strategy in random_strategies(8, seed=5)]
    dear = dslc.compile(DEAR)
    strategies = [*cheap[:4], dear, *cheap[4:]]
    work = 0.9 * prepare_batch([dear._checked], ("score", "entry")).plan.cost(3_000)
    reasons = admit(strategies, 3_000, ("score", "entry"), packed=False, work=work, memory=1e12)
    assert [reason is None for reason in reasons] == [strategy is not dear for strategy in strategies]
    assert reasons[4] is not None
    assert "input `slow`" in str(reasons[4])
    others = [one for one, reason in zip(strategies, reasons, strict=True) if reason is None]
    bars = dslc.Bars(frame(3_000))
    company = dslc.compile_batch(others).evaluate(bars)
    for strategy, item in zip(others, company, strict=True):
        alone = strategy.evaluate(bars)
        assert isinstance(item, dslc.Evaluation)
        assert item.score.tobytes() == alone.score.tobytes()
        assert item.entry.tobytes() == alone.entry.tobytes()


def replace_timeframe(strategy: dslc.Strategy) -> dslc.Strategy:
    return dslc.compile(strategy.canonical, timeframe="1D")


def test_each_document_is_judged_by_its_own_plan() -> None:
    strategies = [*random_strategies(30, seed=9), *ALL]
    for packed, kinds in ((False, ("score", "entry")), (True, ("entry",))):
        plans = [prepare_batch([one._checked], kinds, packed=packed).plan for one in strategies]  # type: ignore[arg-type]
        costs = [plan.cost(4_000) for plan in plans]
        sizes = [plan.bytes(4_000) for plan in plans]
        for work, memory in ((median(costs), 1e15), (1e15, median(sizes))):
            found = admit(strategies, 4_000, kinds, packed=packed, work=work, memory=memory)  # type: ignore[arg-type]
            wanted = [cost <= work and size <= memory for cost, size in zip(costs, sizes, strict=True)]
            assert [reason is None for reason in found] == wanted


def test_a_batch_costs_what_it_costs_and_not_what_its_strategies_would_alone() -> None:
    strategy = dslc.compile(DEAR)
    one = estimate_batch([strategy], 10_000, ("score", "entry"), packed=False)
    many = estimate_batch([strategy, None, *[strategy] * 9], 10_000, ("score", "entry"), packed=False)
    assert many.each[1] is None
    assert {found.work for found in many.each if found} == {one.work}
    assert one.work < many.work < 4 * one.work


def test_timeframes_of_a_batch_are_added_up() -> None:
    days, hours = dslc.compile(DEAR), dslc.compile(DEAR, timeframe="1H")
    counts = {"1D": 1_000, "1H": 24_000}
    found = estimate_batch([days, hours], counts, ("score", "entry"), packed=False)
    parts = [estimate_batch([one], counts, ("score", "entry"), packed=False).work for one in (days, hours)]
    assert found.work == pytest.approx(sum(parts))
    assert found.candles == 24_000
    with pytest.raises(ValueError, match="1H"):
        estimate_batch([days, hours], {"1D": 1}, ("score", "entry"), packed=False)


def test_a_batch_is_refused_as_a_whole() -> None:
    strategies = [dslc.compile({**DEAR, "name": name}) for name in ("first", "second")]
    plan = prepare_batch([one._checked for one in strategies], ("score", "entry")).plan
    plans = [(plan, 1_000), (plan, 2_000)]
    work, size = together(plans)
    how: dict[str, Any] = {"packed": False}
    check_together(plans, strategies, ("score", "entry"), work=work, memory=size, **how)
    with pytest.raises(dslc.StrategyError, match=r"E611.*dearest of 2 strategies: `first`, `second`"):
        check_together(plans, strategies, ("score", "entry"), work=0.99 * work, memory=size, **how)
    with pytest.raises(dslc.StrategyError, match="E612"):
        check_together(plans, strategies, ("score", "entry"), work=work, memory=size - 1, **how)
    with pytest.raises(dslc.StrategyError, match="E612"):
        check_together(plans, strategies, ("score", "entry"), work=work, memory=size, size=size + 1, **how)
    with pytest.raises(dslc.StrategyError, match="E612"):
        check_together(plans, strategies, ("score", "entry"), work=9e99, memory=size, threads=2, **how)


def test_threads_cost_what_they_do_twice() -> None:
    plan = ALL[list(HOSTILE).index("chain of averages")]._prepare(()).plan
    free = replace(plan, recurrent=(), lookback=0)
    assert plan.cost(10**6, 2) == pytest.approx(plan.cost(10**6), rel=0.5)
    assert plan.cost(10**6) <= plan.cost(10**6, 2) <= plan.cost(10**6, 3)
    assert free.cost(10**6, 2) <= plan.cost(10**6, 2)


# ── Memory ───────────────────────────────────────────────────────────────────────────────────────────────

MEMORY_SCRIPT = """
import json, sys
import dslc
from benchmarks.rows.memory import peak_above
from tests.test_estimates import HOSTILE, frame

found = []
for name, candles in json.loads(sys.argv[1]):
    strategy = dslc.compile(HOSTILE[name])
    strategy.evaluate(frame(100))
    bars = dslc.Bars(frame(candles))
    bars.check_timeframe(strategy.timeframe)
    result, taken = peak_above(lambda: strategy.evaluate(bars))
    found.append((strategy.estimate(candles).bytes, taken))
    del result, bars
print(json.dumps(found))
"""


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux")
def test_measured_memory_is_within_the_estimate() -> None:
    wanted = [
        ("doublings", 400_000),
        ("long windows", 200_000),
        ("averages", 150_000),
        ("nothing", 3_000_000),
    ]
    command = [sys.executable, "-c", MEMORY_SCRIPT, json.dumps(wanted)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    for size, taken in json.loads(done.stdout):
        assert taken <= 1.1 * size + 32 * 2**20
        assert taken >= 0.7 * size > 2**24  # what would not be noticed would not be measured
