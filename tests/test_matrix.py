"""One strategy, many ways to run it, the same bits: on random strategies over the whole registry.

`DSLC_SEEDS` says how many strategies are drawn; `make deep` draws a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import hashlib
import json
import os
from pathlib import Path
import random
import subprocess
import sys
from typing import Any

import dslc
from dslc.grammar.nodes import Call, postorder
from dslc.prepared import prepare_batch
from dslc.runtime import engine, registry
from dslc.runtime.clock import HOUR
from dslc.runtime.frames import Level
from dslc.runtime.market import Market
from dslc.runtime.plan import FIELDS, Operand, Plan, Step, Store
from dslc.runtime.resample import Opening
import numpy as np
from numpy.typing import NDArray
import pytest

from . import programs
from .test_functions import PUBLISHED

ROOT = Path(__file__).parent.parent
COUNT = int(os.environ.get("DSLC_SEEDS", "24"))
SEEDS = range(COUNT)
FEW = range(min(COUNT, 6))
CANDLES = 120
THREADS = (2, 3, 4, 5, 6, 7, 8)

Rows = dict[str, NDArray[Any]]
"""What a strategy says, an array a name; every undefined number is spelled alike by the engine."""


@dataclass(frozen=True)
class Case:
    """A random strategy and bars for it."""

    strategy: dslc.Strategy
    bars: dslc.Bars

    @classmethod
    def of(cls, seed: int, candles: int = CANDLES) -> Case:
        rng = random.Random(seed)
        document = programs.strategy(rng, size=rng.choice([2, 4, 8]), alive=rng.random() < 0.8)
        return cls(
            dslc.compile(document), dslc.Bars(programs.bars(rng, candles, kind=rng.choice(programs.KINDS)))
        )


def rows_of(prepared: Any, kept: engine.Kept) -> list[Rows]:
    """What a run kept, by name, one table a strategy of the plan."""
    rows = {"number": iter(kept.numbers), "mask": iter(kept.masks), "integer": iter(kept.integers)}
    tables: list[Rows] = []
    for name, form in prepared.names:
        if name == "#score":
            tables.append({})
        tables[-1][name] = next(rows[form])
    return tables


def plan_of(*strategies: dslc.Strategy) -> Any:
    return prepare_batch([strategy._checked for strategy in strategies], ("all",))


def answers(strategy: dslc.Strategy, matrix: NDArray[np.float64], **how: Any) -> Rows:
    prepared = plan_of(strategy)
    return rows_of(prepared, engine.run(prepared.plan, matrix, **how))[0]


def same(found: Rows, wanted: Rows, where: Any = slice(None)) -> bool:
    return found.keys() == wanted.keys() and all(
        np.ascontiguousarray(found[name]).tobytes() == np.ascontiguousarray(wanted[name][where]).tobytes()
        for name in wanted
    )


def ticked(tick: dslc.Tick) -> Rows:
    found: Rows = {"#score": np.array(tick.score), "#entry": np.array(tick.entry)}
    found |= {name: np.array(value) for name, value in tick.inputs.items()}
    return found | {name: np.array(value) for name, value in tick.conditions.items()}


def candles_of(bars: dslc.Bars) -> Iterator[list[float]]:
    yield from bars.matrix.T.tolist()


def test_the_random_strategies_call_every_published_function() -> None:
    """The others have ways of running compared where they are tested, in `tests/functions/`."""
    called: set[str] = set()
    for seed in range(60):
        for tree in Case.of(seed, 1).strategy._checked.trees.values():
            called |= {node.name for node in postorder(tree) if isinstance(node, Call)}
    assert {signature.partition("(")[0] for signature in PUBLISHED} <= called


@pytest.mark.parametrize("seed", SEEDS)
def test_chunks_of_any_size(seed: int) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    for chunk in (1, 2, 3, 7, 64, 1000):
        assert same(answers(case.strategy, case.bars.matrix, chunk=chunk), whole), chunk


@pytest.mark.parametrize("seed", SEEDS)
def test_compiled_and_as_plain_python(seed: int) -> None:
    case = Case.of(seed, 40)
    compiled = answers(case.strategy, case.bars.matrix)
    assert same(answers(case.strategy, case.bars.matrix, compiled=False), compiled)
    assert same(answers(case.strategy, case.bars.matrix, compiled=False, chunk=7), compiled)


POINTWISE = [name for name, found in registry.kernels().items() if found.form == "pointwise"]
VALUES = [0.0, -0.0, 1.0, -1.0, 2.5, 1e-300, 1e300, -1e308, 1e308, 5e-324, np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("name", POINTWISE)
def test_each_kernel_alone_compiled_and_as_plain_python(name: str) -> None:
    """On all kinds of numbers, and on points that run over; in a vector loop and candle by candle."""
    kernel, rng = registry.kernel(name), np.random.default_rng(1)
    for _ in range(5):
        matrix = rng.choice(VALUES, (5, 300))
        if rng.random() < 0.5:
            matrix[rng.random((5, 300)) < 0.8] = 3.0
        steps = [Step("greater", (k,), (Operand(k), Operand(k + 1)), ()) for k in range(4)]
        steps.append(Step("tally", (4,), (Operand(5), Operand(0)), (200.0,)))
        at = {"number": 0, "truth": 0, "points": 4}
        operands = []
        for kind in kernel.operands:
            operands.append(Operand(at[kind]))
            at[kind] = (
                (at[kind] + 1) % 5 if kind == "number" else (at[kind] + 1) % 4 if kind == "truth" else 4
            )
        number = kernel.result == "number"
        params = tuple(rng.integers(1, 256, len(kernel.params)).astype(float).tolist())
        steps.append(Step(name, (5 if number else 6,), tuple(operands), params))
        plan = Plan(
            numbers=(0,) * 6,
            masks=(0,) * 7,
            loads=tuple((field, field) for field in range(5)),
            constants=(),
            mask_constants=((5, 100),),
            steps=tuple(steps),
            stores=(Store("number" if number else "mask", Operand(5 if number else 6)),),
            chunk=512,
            recurrent=(),
            lookback=0,
        )
        ways = [
            engine.run(plan, matrix),
            engine.run(plan, matrix, chunk=3),
            engine.run(plan, matrix, compiled=False),
        ]
        bits = [(way.numbers if number else way.masks).tobytes() for way in ways]
        assert bits[0] == bits[1] == bits[2]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_prefix(seed: int) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    for length in range(1, CANDLES):
        part = answers(case.strategy, np.ascontiguousarray(case.bars.matrix[:, :length]))
        assert same(part, whole, slice(length)), length


@pytest.mark.parametrize("seed", FEW)
def test_evaluated_again_and_on_other_bars_between(seed: int) -> None:
    case = Case.of(seed)
    other = dslc.Bars(programs.bars(random.Random(seed + 3), 77, kind="huge"))
    plan = plan_of(case.strategy).plan
    first = engine.run(plan, case.bars.matrix)
    engine.run(plan, other.matrix)
    second = engine.run(plan, case.bars.matrix)
    for name in ("numbers", "masks", "integers"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e308])
@pytest.mark.parametrize("seed", FEW)
def test_any_future_below_the_door_of_the_bars(seed: int, poison: float) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    for now in range(CANDLES):
        changed = case.bars.matrix.copy()
        changed[:, now:] = poison
        found = answers(case.strategy, changed)
        assert same({name: row[:now] for name, row in found.items()}, whole, slice(now)), now


@pytest.mark.parametrize("seed", FEW)
def test_any_future_through_the_door_of_the_bars(seed: int) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    other = dslc.Bars(programs.bars(random.Random(seed + 1), CANDLES, kind="gaps"))
    for now in range(1, CANDLES):
        changed = case.bars.matrix.copy()
        changed[:, now:] = other.matrix[:, now:]
        columns = dict(zip(("open", "high", "low", "close", "volume"), changed, strict=True))
        result = case.strategy.evaluate(columns)
        assert result.entry[:now].tobytes() == whole["#entry"][:now].tobytes(), now
        for name, values in result.inputs.items():
            assert values[:now].tobytes() == whole[name][:now].tobytes(), (name, now)


@pytest.mark.parametrize("seed", FEW)
def test_alone_and_in_shuffled_company_on_any_number_of_threads(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stretches as short as they go: a thread for a few candles."""
    monkeypatch.setattr(engine, "_LEAST", 1)
    monkeypatch.setattr(engine, "_LOOKBACKS", 0)
    rng = random.Random(seed)
    cases = [Case.of(seed * 10 + k) for k in range(7)]
    matrix = cases[0].bars.matrix
    alone = {id(case): answers(case.strategy, matrix) for case in cases}
    for threads in (1, *THREADS):
        rng.shuffle(cases)
        company = plan_of(*(case.strategy for case in cases))
        for chunk in (None, 16):
            tables = rows_of(company, engine.run(company.plan, matrix, chunk=chunk, threads=threads))
            for case, table in zip(cases, tables, strict=True):
                assert same(table, alone[id(case)]), (threads, chunk)
        case = cases[0]
        lone = plan_of(case.strategy)
        assert same(rows_of(lone, engine.run(lone.plan, matrix, threads=threads))[0], alone[id(case)])


def test_a_batch_says_what_its_strategies_say() -> None:
    strategies = [dslc.compile(Case.of(seed).strategy.canonical, timeframe="1H") for seed in SEEDS]
    bars = Case.of(0).bars
    batch = dslc.compile_batch([strategies[0], "{", *strategies[1:]])
    for threads in (1, 2, 5):
        signals = batch.evaluate(bars, threads=threads)
        entries = batch.evaluate(bars, threads=threads, reduce="entries")
        assert signals[1] is None
        assert entries[1] is None
        for at, strategy in enumerate([strategies[0], None, *strategies[1:]]):
            if strategy is not None:
                alone = strategy.evaluate(bars, outputs="signals")
                np.testing.assert_array_equal(signals[at].score, alone.score)
                np.testing.assert_array_equal(signals[at].entry, alone.entry)
                np.testing.assert_array_equal(entries[at], np.flatnonzero(alone.entry))


def test_entries_of_a_long_history() -> None:
    """Longer than what is kept at a time."""
    close = 100 + np.random.default_rng(5).normal(0, 1, 140_000)
    strategies = [Case.of(seed, 1).strategy for seed in FEW]
    bars = dslc.Bars(dict.fromkeys(("open", "high", "low", "close", "volume"), close))
    batch = dslc.compile_batch([strategy.canonical for strategy in strategies], timeframe="1H")
    for found, strategy in zip(batch.evaluate(bars, reduce="entries"), batch, strict=True):
        np.testing.assert_array_equal(found, np.flatnonzero(strategy.evaluate(bars, outputs=()).entry))


@pytest.mark.parametrize("seed", SEEDS)
def test_candle_by_candle(seed: int) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    stream = case.strategy.stream()
    for now, candle in enumerate(candles_of(case.bars)):
        assert same(ticked(stream.push(None, *candle)), whole, now), now


@pytest.mark.parametrize("seed", FEW)
def test_candle_by_candle_after_a_snapshot_at_every_point(seed: int) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    candles = list(candles_of(case.bars))
    stream = case.strategy.stream()
    for now, candle in enumerate(candles):
        again = case.strategy.stream(stream.snapshot())
        assert again.snapshot() == stream.snapshot()
        for later in range(now, CANDLES if now % 37 == 0 else now + 1):
            assert same(ticked(again.push(None, *candles[later])), whole, later), (now, later)
        stream.push(None, *candle)


@pytest.mark.parametrize("seed", FEW)
def test_a_corrected_candle_gives_what_a_fresh_run_gives(seed: int) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    wrong = programs.bars(random.Random(seed + 7), CANDLES, kind="gaps")
    stream = case.strategy.stream()
    for now, candle in enumerate(candles_of(case.bars)):
        stream.push(None, *(values[now] for values in wrong.values()))
        if now % 3 == 0:
            stream = case.strategy.stream(stream.snapshot())
        stream.push(None, *(values[now // 2] for values in wrong.values()), replace=True)
        assert same(ticked(stream.push(None, *candle, replace=True)), whole, now), now


@pytest.mark.parametrize("seed", FEW)
def test_a_history_and_then_candle_by_candle(seed: int) -> None:
    case = Case.of(seed)
    whole = answers(case.strategy, case.bars.matrix)
    columns = dict(zip(("open", "high", "low", "close", "volume"), case.bars.matrix, strict=True))
    candles = list(candles_of(case.bars))
    for split in (1, 2, 31, 32, 33, 100):
        stream = case.strategy.stream()
        for start, stop in ((0, split // 2), (split // 2, split)):
            stream.warm(dslc.Bars({name: values[start:stop] for name, values in columns.items()}))
        assert len(stream) == split
        stream.push(None, *candles[0])
        for now in range(split, min(split + 40, CANDLES)):
            tick = stream.push(None, *candles[now], replace=now == split)
            assert same(ticked(tick), whole, now), (split, now)


@pytest.mark.parametrize("seed", FEW)
def test_a_batch_candle_by_candle(seed: int) -> None:
    cases = [Case.of(seed * 10 + k) for k in range(30)]
    cases = [case for case in cases if case.strategy.timeframe == cases[0].strategy.timeframe]
    matrix = cases[0].bars.matrix
    alone = [answers(case.strategy, matrix) for case in cases]
    batch = dslc.compile_batch(["{}", *(case.strategy for case in cases)])
    stream = batch.stream()
    for now, candle in enumerate(candles_of(cases[0].bars)):
        if now % 11 == 0:
            stream = batch.stream(stream.snapshot())
        if now % 5 == 0:
            stream.push(None, *matrix[:, 0].tolist())
        tick = stream.push(None, *candle, replace=now % 5 == 0)
        assert tick[0] is None
        assert not tick.entry[0]
        for at, wanted in enumerate(alone, 1):
            assert same(ticked(tick[at]), wanted, now), (now, at)
            assert tick.score[at] == wanted["#score"][now]


def digest_of(seeds: range) -> str:
    """One digest of all answers: what a process that starts afresh must find, too."""
    found = hashlib.sha256()
    for seed in seeds:
        case = Case.of(seed)
        for row in answers(case.strategy, case.bars.matrix).values():
            found.update(np.ascontiguousarray(row).tobytes())
    return found.hexdigest()


CHILD = "from tests.test_matrix import digest_of; print(digest_of(range(%d)))"


@pytest.fixture(scope="module")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    assert in_a_fresh_process({"DSLC_CACHE_DIR": str(folder)}) == digest_of(FEW)  # the cold one
    return folder


def in_a_fresh_process(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CHILD % len(FEW)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_fresh_process_with_a_cold_and_then_a_warm_cache(warm_cache: Path) -> None:
    assert any(warm_cache.rglob("*.bin"))
    assert in_a_fresh_process({"DSLC_CACHE_DIR": str(warm_cache)}) == digest_of(FEW)


def test_a_fresh_process_with_a_cache_that_cannot_be_written(warm_cache: Path) -> None:
    folders = [warm_cache, *(path for path in warm_cache.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert in_a_fresh_process({"DSLC_CACHE_DIR": str(warm_cache)}) == digest_of(FEW)
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_a_fresh_process_without_a_cache() -> None:
    assert in_a_fresh_process({"DSLC_CACHE_DIR": os.devnull}) == digest_of(FEW)


def test_a_fresh_process_that_does_not_compile() -> None:
    assert in_a_fresh_process({"NUMBA_DISABLE_JIT": "1"}) == digest_of(FEW)


# ── Laws that walk the registry ──────────────────────────────────────────────────────────────────────────


def call_of(name: str, period: int = 5) -> str:
    """A call of a function with the usual arguments."""
    found = registry.function(name)
    assert found is not None
    usual = {"Period": str(period), "Sample": str(max(period, 2)), "Positive": "1.5", "Fraction": "0.85"}
    usual |= {"Series": "close", "Percent": "75", "Hours": "9.5", "Truth": "close > open"}
    series = iter(("close", "open", "high", "low"))
    arguments = [
        next(series) if parameter.kind == "Series" else usual[parameter.kind]
        for parameter in found.parameters
    ]
    return f"{name}({', '.join(arguments)})"


def lone(name: str, period: int = 5) -> tuple[Any, int | None]:
    """The plan of one function, and how many candles its value reads; None for all of them."""
    truth = registry.functions()[name].result == "truth"
    call = call_of(name, period)
    strategy = dslc.compile(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": {} if truth else {"x": call},
            "conditions": {"x": call} if truth else {"c": "x > 0"},
            "score": {"x" if truth else "c": 1},
            "decision": {"entry": "score > 0"},
        }
    )
    left = strategy.extents["x"][0]
    return strategy._prepare(("x",)).plan, None if left == float("-inf") else int(1 - left)


def brought(plan: Any, matrix: NDArray[np.float64], first: int = 0) -> NDArray[np.float64]:
    """What a plan reads where the fields of the bars are these, hour after hour from the first on."""
    times = np.datetime64("2024-01-01", "ns").astype(np.int64) + HOUR * (first + np.arange(matrix.shape[1]))
    rows = {(field,): row for field, row in zip(FIELDS, matrix, strict=True)}
    return Level(plan).matrix(Market(rows, matrix.shape[1], Opening(times, HOUR, None)))


def value_of(plan: Any, matrix: NDArray[np.float64], first: int = 0) -> NDArray[Any]:
    kept = engine.run(plan, np.ascontiguousarray(brought(plan, matrix, first)))
    return kept.numbers[0] if len(kept.numbers) else kept.masks[-1]


def noise(seed: int, candles: int = 160) -> NDArray[np.float64]:
    bars = programs.bars(random.Random(seed), candles, kind="walk")
    return np.array([bars[name] for name in ("open", "high", "low", "close", "volume")])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308, -1e308])
@pytest.mark.parametrize("period", [1, 2, 5, 20, 33])
@pytest.mark.parametrize("name", registry.public_names())
def test_what_reads_a_window_forgets_what_has_left_it(name: str, period: int, bad: float) -> None:
    plan, length = lone(name, period)
    if length is None:
        assert registry.functions()[name].documentation
        return
    good = noise(1)
    spoiled = good.copy()
    spoiled[:, 60:63] = bad
    found, wanted = value_of(plan, spoiled), value_of(plan, good)
    assert found[62 + length :].tobytes() == wanted[62 + length :].tobytes()
    assert found[:60].tobytes() == wanted[:60].tobytes()


@pytest.mark.parametrize("period", [1, 2, 5, 20, 33])
@pytest.mark.parametrize("name", registry.public_names())
def test_what_reads_a_window_does_not_depend_on_where_the_series_starts(name: str, period: int) -> None:
    plan, length = lone(name, period)
    whole = value_of(plan, noise(2))
    for start in (1, 2, 3, 50, 99):
        later = value_of(plan, noise(2)[:, start:], start)
        if length is not None:
            assert later[length - 1 :].tobytes() == whole[start + length - 1 :].tobytes()
        else:
            defined = np.isfinite(later)
            assert defined[np.argmax(defined) :].all() or not defined.any()


@pytest.mark.parametrize("exponent", [-120, -60, -30, -1, 1, 30, 60, 120])
@pytest.mark.parametrize("name", registry.public_names())
def test_prices_times_a_power_of_two(name: str, exponent: int) -> None:
    degree = registry.functions()[name].degree
    if degree is None:
        pytest.skip("it has no degree")
    plan, _ = lone(name)
    plain = noise(3)
    scaled = plain.copy()
    scaled[:4] = np.ldexp(scaled[:4], exponent)
    found, wanted = value_of(plan, scaled), value_of(plan, plain)
    if wanted.dtype != np.bool_:
        wanted = np.ldexp(wanted, exponent * degree[0])
    assert found.tobytes() == wanted.tobytes()


MEANS = {"sma", "ema", "rma", "wma", "hma", "dema", "tema", "vwma", "kama", "median", "highest", "lowest"}
"""What is exactly the constant where a series is constant."""


@pytest.mark.parametrize("name", [name for name in registry.public_names() if "close" in call_of(name)])
@pytest.mark.parametrize("value", [0.1, 1 / 3, 118.56, 1e-8, 1e9])
def test_a_constant_series_gives_one_value(name: str, value: float) -> None:
    found = value_of(lone(name, 21)[0], np.full((5, 300), value))
    settled = found[150:]
    if registry.functions()[name].memory == "cumulative":
        return  # a sum of it goes on
    assert len(np.unique(settled)) == 1
    if name in MEANS:
        assert settled[0] == value


def test_drawn_strategies_are_told_apart_by_their_seeds() -> None:
    assert len({json.dumps(Case.of(seed, 1).strategy.canonical) for seed in range(40)}) == 40
