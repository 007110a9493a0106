"""Users' own kernels: what is registered obeys the laws, and each way to break one is refused by that law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math
import pickle
import subprocess
import sys
import textwrap
import time
from typing import Any

import dslc
from dslc.indicator_laws import obey
from dslc.indicators import Declared
from dslc.runtime import jit, registry
from dslc.runtime.fingerprint import engine_digest
import numpy as np
import pytest

from .test_function_laws import walk

NAN = math.nan
ROLLING: dict[str, Any] = {
    "signature": "mine(series, n: Period = 10)",
    "kind": "rolling",
    "first": "n - 1",
    "cost": 1.0,
    "cost_of_each": 0.5,
    "unit": "as series",
    "degree": (1, 0),
}
RECURRENCE: dict[str, Any] = {
    "signature": "mine(series, n: Period)",
    "kind": "recurrence",
    "first": 0,
    "settle": "30 * n",
    "state": 2,
    "cost": 2.0,
    "unit": "as series",
    "degree": (1, 0),
}
POINTWISE: dict[str, Any] = {
    "signature": "mine(a, b)",
    "kind": "pointwise",
    "first": 0,
    "cost": 0.5,
    "unit": "as series",
    "degree": (1, 0),
}


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    for name in registry.registered():
        dslc.remove_indicator(name)


def add(declared: dict[str, Any], kernel: Callable[..., Any], **others: Any) -> None:
    how = {**declared, **others}
    dslc.indicator(how.pop("signature"), **how)(kernel)


def document(expression: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {"it": expression},
        "conditions": {"up": "close > it"},
        "score": {"up": 1},
        "decision": {"entry": "score == 1"},
    }


# ── Kernels that are right ───────────────────────────────────────────────────────────────────────────────


def largest(count: int, x: Any, out: Any, params: Any) -> None:
    """The largest of the last n values, undefined where one of them is."""
    n = int(params[0])
    for i in range(count):
        top = x[i]
        for k in range(i + 1, i + n):
            if x[k] > top or x[k] != x[k]:
                top = x[k]
        out[i] = top


def smoothed(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    """A smoothing that begins with the first value."""
    begun = state[0]
    value = state[1]
    for i in range(count):
        out[i] = NAN
        reached = value + (x[i] - value) / params[0] if begun == 1.0 else x[i]
        if reached - reached == 0.0:
            begun = 1.0
            value = reached
            out[i] = value
    state[0] = begun
    state[1] = value


def summed(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    """The sum of everything so far."""
    total = state[0]
    for i in range(count):
        out[i] = NAN
        if total + x[i] - (total + x[i]) == 0.0:
            total += x[i]
            out[i] = total
    state[0] = total


def middle(a: float, b: float) -> float:
    """Halfway between two values."""
    return a / 2.0 + b / 2.0


def test_a_rolling_kernel_is_the_function_that_it_says() -> None:
    add(ROLLING, largest)
    bars = walk(1, 300)
    found = dslc.compile(document("mine(close, 7)")).evaluate(bars).inputs["it"]
    expected = dslc.compile(document("highest(close, 7)")).evaluate(bars).inputs["it"]
    np.testing.assert_array_equal(found, expected)
    assert dslc.compile(document("mine(close)")).warmup == 9
    assert dslc.compile(document("mine(close, 7)")).extents["it"] == (-6, 0)


def test_a_recurrence_a_sum_and_a_pointwise_kernel() -> None:
    add(RECURRENCE, smoothed)
    add(RECURRENCE, summed, signature="so_far(series)", settle=None, memory="cumulative", state=1)
    add(POINTWISE, middle, signature="between(a, b = open)")
    bars = walk(2, 200)
    result = dslc.compile(
        document("mine(close, 3)")
        | {"inputs": {"it": "mine(close, 3)", "s": "so_far(volume)", "m": "between(close)"}}
    ).evaluate(bars)
    value = bars["close"][0]
    for found, close in zip(result.inputs["it"], bars["close"], strict=True):
        value = value + (close - value) / 3.0
        assert found == value
    np.testing.assert_array_equal(result.inputs["s"], np.cumsum(bars["volume"]))
    np.testing.assert_array_equal(result.inputs["m"], bars["close"] / 2.0 + bars["open"] / 2.0)


def test_it_runs_as_other_functions_do() -> None:
    add(RECURRENCE, smoothed)
    add(ROLLING, largest, signature="top(series, n: Period = 10)")
    whole = document("mine(top(close, 3) - low, 5) + ema(top(high), 4)")
    strategy, bars = dslc.compile(whole), walk(3, 20_000)
    expected = strategy.evaluate(bars).inputs["it"]
    plan = strategy._prepare(("it",)).plan
    from dslc.runtime import engine

    matrix = dslc.Bars(bars).matrix
    for how in ({"chunk": 7}, {"chunk": 64}, {"threads": 2}):
        np.testing.assert_array_equal(engine.run(plan, matrix, **how).numbers[0], expected)  # type: ignore[arg-type]
    short = np.ascontiguousarray(matrix[:, :200])
    plainly = engine.run(plan, short, compiled=False).numbers[0]
    np.testing.assert_array_equal(plainly, expected[:200])
    stream = strategy.stream()
    for at in range(150):
        tick = stream.push(3_600_000 * at, **{name: float(column[at]) for name, column in bars.items()})
        np.testing.assert_array_equal(tick.inputs["it"], expected[at])
    assert strategy.estimate(1_000).work > 0
    batch = dslc.compile_batch([whole, document("mine(close, 5)")]).evaluate(dslc.Bars(bars))
    assert len(batch) == 2
    assert strategy.verify(dslc.Bars(walk(3, 500))) is not None


def test_everything_that_reads_the_registry_sees_it() -> None:
    before = dslc.validate(document("mine(close, 5)"))
    assert [found.code for found in before] == ["E301"]
    digest = engine_digest()
    add(ROLLING, largest)
    assert dslc.validate(document("mine(close, 5)")) == []
    assert [(found.code, found.help) for found in dslc.validate(document("mine2(close, 5)"))] == [
        ("E301", "did you mean `mine`?")
    ]
    assert [found.code for found in dslc.validate(document("mine(close, 0)"))] == ["E406"]
    assert "mine" in registry.public_names()
    assert '"mine" ws "("' in dslc.grammar_text()
    assert "mine(series, n: period = 10)" in dslc.prompt()
    from dslc.commands.reference import describe, overview

    assert "mine(series, n = 10)" in overview()
    assert "The largest of the last n values" in str(describe("mine"))
    assert engine_digest() != digest
    dslc.remove_indicator("mine")
    assert engine_digest() == digest
    assert [found.code for found in dslc.validate(document("mine(close, 5)"))] == ["E301"]


def test_a_document_may_hide_it() -> None:
    own = {**document("mine(close, 5)"), "functions": {"mine(x, n)": "x * n"}}
    alone = dslc.compile(own).hash
    add(ROLLING, largest)
    assert dslc.compile(own).hash == alone
    result = dslc.compile(own).evaluate(walk(4, 50))
    np.testing.assert_array_equal(result.inputs["it"], walk(4, 50)["close"] * 5.0)


def test_registering_is_quick() -> None:
    add(ROLLING, largest)  # the first one loads what all need
    start = time.perf_counter()
    add(ROLLING, largest, signature="other(series, n: Period = 10)")
    assert time.perf_counter() - start < 4.0


def test_constants_of_every_kind() -> None:
    kinds = ["Period", "Sample", "Offset", "Positive", "Fraction", "Percent", "Constant"]
    from dslc.commands.reference import describe

    for kind in kinds:
        name = f"with_{kind.lower()}"
        add(
            POINTWISE,
            scaled_by,
            signature=f"{name}(x, c: {kind} = 2)" if kind != "Fraction" else f"{name}(x, c: Fraction)",
        )
        assert "c:  " in str(describe(name))
        assert dslc.validate(document(f"{name}(close, 1)")) == [] or kind == "Sample"
        assert dslc.validate(document(f"{name}(close, volume)"))[0].code in ("E405", "E413")
    assert "with_offset(x, c: offset = 2)" in dslc.prompt()
    result = dslc.compile(document("with_constant(close, 0 - 1.5)")).evaluate(walk(8, 30))
    np.testing.assert_array_equal(result.inputs["it"], walk(8, 30)["close"] * -1.5)


def scaled_by(x: float, c: float) -> float:
    return x * c


# ── One name, one kernel ─────────────────────────────────────────────────────────────────────────────────


def times(factor: float) -> Callable[[float, float], float]:
    def scaled(a: float, b: float) -> float:
        return factor * (a + b)

    return scaled


def test_the_same_again_is_nothing_and_another_one_is_refused() -> None:
    add(POINTWISE, times(2.0))
    names = set(registry.kernels())
    add(POINTWISE, times(2.0))
    assert set(registry.kernels()) == names
    with pytest.raises(dslc.IndicatorError, match="another indicator `mine` is registered"):
        add(POINTWISE, times(3.0))
    with pytest.raises(dslc.IndicatorError, match="another indicator `mine` is registered"):
        add(POINTWISE, times(2.0), unit="price")


def test_code_is_never_taken_for_that_of_another_kernel() -> None:
    """Text, closure and globals are part of what a kernel is; a strategy of before keeps its own."""
    bars = walk(5, 40)
    whole = document("mine(close, open)")
    strategies = []
    for factor in (2.0, 3.0, 2.0, 5.0):
        add(POINTWISE, times(factor), replace=True)
        strategies.append(dslc.compile(whole))
        assert dslc.validate(whole) == []
    for strategy, factor in zip(strategies, (2.0, 3.0, 2.0, 5.0), strict=True):
        found = strategy.evaluate(bars).inputs["it"]
        np.testing.assert_array_equal(found, factor * (bars["close"] + bars["open"]))


def test_nothing_of_it_is_kept_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    if jit.disabled():
        pytest.skip("nothing is compiled")
    saved: list[str] = []
    monkeypatch.setattr(type(jit._object_cache()), "save", lambda self, name, code: saved.append(name))
    monkeypatch.setattr(type(jit._object_cache()), "load", lambda self, name: saved.append(name))
    add(POINTWISE, times(11.0))
    assert not [name for name in saved if "mine" in name]


def test_a_strategy_of_before_runs_when_the_indicator_is_gone() -> None:
    add(ROLLING, largest)
    strategy, bars = dslc.compile(document("mine(close, 5)")), walk(6, 60)
    dslc.remove_indicator("mine")
    expected = dslc.compile(document("highest(close, 5)")).evaluate(bars).inputs["it"]
    np.testing.assert_array_equal(strategy.evaluate(bars).inputs["it"], expected)
    with pytest.raises(dslc.IndicatorError, match="no indicator `mine` is registered"):
        dslc.remove_indicator("mine")


def test_a_process_that_does_not_know_it_says_so() -> None:
    add(ROLLING, largest)
    text = pickle.dumps(dslc.compile(document("mine(close, 5)"))).hex()
    code = f"""
        import pickle
        import dslc
        try:
            pickle.loads(bytes.fromhex("{text}"))
        except dslc.IndicatorError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("the strategy calls `mine`, an indicator that is not registered in this process")


# ── Declarations that are refused ────────────────────────────────────────────────────────────────────────

WRONG: dict[str, tuple[dict[str, Any], Callable[..., Any], dict[str, Any], str]] = {
    "no first": (ROLLING, largest, {"first": None}, "does not say its first"),
    "no cost": (ROLLING, largest, {"cost": None}, "does not say its cost"),
    "no unit": (ROLLING, largest, {"unit": None}, "does not say its unit"),
    "no cost of each": (ROLLING, largest, {"cost_of_each": None}, "cost_of_each"),
    "no state": (RECURRENCE, smoothed, {"state": None}, "state=1"),
    "no settle": (RECURRENCE, smoothed, {"settle": None}, 'settle="20 \\* n"'),
    "a negative cost": (ROLLING, largest, {"cost": -1.0}, "above 0"),
    "a cost that is none": (ROLLING, largest, {"cost": NAN}, "above 0"),
    "another kind": (ROLLING, largest, {"kind": "window"}, "kind is one of"),
    "a function of dslc": (ROLLING, largest, {"signature": "ema(x, n: Period)"}, "its meaning never changes"),
    "an internal function": (
        ROLLING,
        largest,
        {"signature": "weightedBy(x, n: Period)"},
        "dslc has a function `weightedBy`",
    ),
    "a reserved name": (ROLLING, largest, {"signature": "close(x, n: Period)"}, "reserved"),
    "no signature": (ROLLING, largest, {"signature": "mine"}, "is no signature"),
    "an unknown kind": (ROLLING, largest, {"signature": "mine(x, n: Periode)"}, "did you mean Period"),
    "a truth": (ROLLING, largest, {"signature": "mine(x: Truth, n: Period)"}, "cannot be a Truth"),
    "two of a name": (ROLLING, largest, {"signature": "mine(n, n: Period)"}, "two parameters `n`"),
    "defaults first": (ROLLING, largest, {"signature": "mine(x = close, n: Period)"}, "come last"),
    "a default that is none": (ROLLING, largest, {"signature": "mine(x, n: Period = 0)"}, "is no Period"),
    "a broken default": (ROLLING, largest, {"signature": "mine(x, n: Period = 2.5)"}, "is no Period"),
    "an expression as default": (
        ROLLING,
        largest,
        {"signature": "mine(x = ema, n: Period = 2)"},
        "default of a",
    ),
    "no series": (ROLLING, largest, {"signature": "mine(n: Period)"}, "1 to 5 series"),
    "no window": (ROLLING, largest, {"signature": "mine(x, m: Positive)"}, "its window"),
    "too few arguments": (ROLLING, middle, {}, r"def mine\(count, x, out, params\)"),
    "too many arguments": (POINTWISE, smoothed, {}, r"def mine\(x1, x2\)"),
    "a formula of nothing known": (ROLLING, largest, {"first": "m - 1"}, "in terms of `n`"),
    "a formula that is code": (ROLLING, largest, {"first": "__import__('os')"}, "no number of candles"),
    "a formula of candles": (ROLLING, largest, {"first": "close[1]"}, "no number of candles"),
    "a window that remembers": (ROLLING, largest, {"memory": "recurrence"}, "of recurrences"),
    "a recurrence that is a window": (RECURRENCE, smoothed, {"memory": "window"}, "use kind="),
    "a range upside down": (ROLLING, largest, {"low": 2.0, "high": 1.0}, "are none"),
    "a degree of halves": (ROLLING, largest, {"degree": (0.5, 0)}, "pair of whole numbers"),
    "a class": (ROLLING, int, {}, "plain Python function"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_declaration_is_refused(name: str) -> None:
    declared, kernel, others, said = WRONG[name]
    functions, kernels = set(registry.functions()), set(registry.kernels())
    with pytest.raises(dslc.IndicatorError, match=said) as raised:
        add(declared, kernel, **others)
    assert isinstance(raised.value, ValueError)
    assert raised.value.law is None
    assert (set(registry.functions()), set(registry.kernels())) == (functions, kernels)


# ── Kernels that break a law ─────────────────────────────────────────────────────────────────────────────


def ahead(count: int, x: Any, out: Any, params: Any) -> None:
    for i in range(count):
        out[i] = x[i + int(params[0])] - x[i]


def behind(count: int, x: Any, out: Any, params: Any) -> None:
    for i in range(count):
        out[i] = x[i - 1] - x[i + int(params[0]) - 1]


def far_ahead(count: int, x: Any, out: Any, params: Any) -> None:
    for i in range(count):
        out[i] = x[i + 100_000]


def peeking(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    """It remembers the last candle of a piece before it says anything of the first one."""
    state[1] = x[count - 1]
    for i in range(count):
        out[i] = x[i] - state[1]


def next_one(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    for i in range(count):
        out[i] = x[i + 1] if i + 1 < count else x[i]


def forgetful(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    value = 0.0
    for i in range(count):
        value += (x[i] - value) / (params[0] + 1.0)
        out[i] = value


def running(count: int, x: Any, out: Any, params: Any) -> None:
    """A window sum that runs on, so it drifts."""
    n = int(params[0])
    total = 0.0
    for k in range(n):
        total += x[k]
    out[0] = total
    for i in range(1, count):
        total += x[i + n - 1] - x[i - 1]
        out[i] = total


def beyond(count: int, x: Any, out: Any, params: Any) -> None:
    largest(count, x, out, params)
    out[count] = 0.0


def before(count: int, x: Any, out: Any, params: Any) -> None:
    largest(count, x, out, params)
    out[-1] = 0.0


def into_the_series(count: int, x: Any, out: Any, params: Any) -> None:
    largest(count, x, out, params)
    x[0] = 0.0


def into_the_constants(count: int, x: Any, out: Any, params: Any) -> None:
    largest(count, x, out, params)
    params[0] += 1.0


def beyond_the_state(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    smoothed(count, x, out, params, state)
    state[2] = 1.0


def skipping(count: int, x: Any, out: Any, params: Any) -> None:
    for i in range(0, count, 2):
        out[i] = x[i]


def raising(count: int, x: Any, out: Any, params: Any) -> None:
    raise ValueError("no")


_CALLS = [0.0]


def drifting_python(count: int, x: Any, out: Any, params: Any) -> None:
    _CALLS[0] += 1.0
    for i in range(count):
        out[i] = x[i] + _CALLS[0]


def untyped(count: int, x: Any, out: Any, params: Any) -> None:
    names = {"a": 1, 2: "b"}
    for i in range(count):
        out[i] = x[i + int(params[0]) - 1] * len(names)


def ignoring_holes(count: int, x: Any, out: Any, params: Any) -> None:
    n = int(params[0])
    for i in range(count):
        top = NAN
        for k in range(i, i + n):
            if top != top or x[k] > top:
                top = x[k]
        out[i] = top if x[i] == x[i] else NAN


def poisoned(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    """An undefined value stays for ever."""
    begun = state[0]
    value = state[1]
    for i in range(count):
        value = value + (x[i] - value) / params[0] if begun == 1.0 else x[i]
        begun = 1.0
        out[i] = value
    state[0] = begun
    state[1] = value


def only_now(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    for i in range(count):
        out[i] = x[i]


def slow(count: int, x: Any, out: Any, params: Any, state: Any) -> None:
    begun = state[0]
    value = state[1]
    for i in range(count):
        out[i] = NAN
        reached = value + (x[i] - value) / (params[0] * 50.0) if begun == 1.0 else x[i]
        if reached - reached == 0.0:
            begun = 1.0
            value = reached
            out[i] = value
    state[0] = begun
    state[1] = value


def square(a: float, b: float) -> float:
    return a * b


def endless(count: int, x: Any, out: Any, params: Any) -> None:
    for i in range(count):
        nothing = 0.0
        for k in range(i, i + int(params[0])):
            nothing += x[k] * 0.0
        out[i] = x[i] * 1e150 * 1e150 + nothing


def shifted(a: float, b: float) -> float:
    return a + b + 1.0


BROKEN: dict[str, tuple[dict[str, Any], Callable[..., Any], dict[str, Any], str]] = {
    "the candle after the window": (ROLLING, ahead, {}, "causality"),
    "a candle far ahead": (ROLLING, far_ahead, {}, "rows"),
    "the candle before the window": (ROLLING, behind, {}, "causality"),
    "the last candle of a piece, through the state": (RECURRENCE, peeking, {}, "causality"),
    "the next candle": (RECURRENCE, next_one, {}, "causality"),
    "a state that is forgotten": (RECURRENCE, forgetful, {}, "pieces"),
    "a sum that runs on": (ROLLING, running, {}, "pieces"),
    "writes the candle after": (ROLLING, beyond, {}, "rows"),
    "writes the candle before": (ROLLING, before, {}, "rows"),
    "writes to its series": (ROLLING, into_the_series, {}, "rows"),
    "writes to its constants": (ROLLING, into_the_constants, {}, "rows"),
    "writes beyond its state": (RECURRENCE, beyond_the_state, {}, "rows"),
    "leaves candles out": (ROLLING, skipping, {}, "rows"),
    "raises": (ROLLING, raising, {}, "rows"),
    "another value each time": (ROLLING, drifting_python, {}, "determinism"),
    "what numba cannot compile": (ROLLING, untyped, {}, "compilation"),
    "defined later than it says": (ROLLING, largest, {"first": 0}, "first"),
    "defined earlier than it says": (ROLLING, largest, {"first": "n"}, "first"),
    "passes over holes in its window": (ROLLING, ignoring_holes, {}, "undefined"),
    "undefined for ever": (RECURRENCE, poisoned, {}, "undefined"),
    "forgets later than it says": (RECURRENCE, slow, {}, "memory"),
    "forgets in no time": (RECURRENCE, smoothed, {"settle": 2}, "memory"),
    "remembers and says that it does not": (RECURRENCE, summed, {"state": 1}, "memory"),
    "forgets and says that it does not": (
        RECURRENCE,
        smoothed,
        {"memory": "cumulative", "settle": None},
        "memory",
    ),
    "forgets at once": (RECURRENCE, only_now, {"memory": "cumulative", "settle": None}, "memory"),
    "a range that is too small": (ROLLING, largest, {"high": 100.0}, "range"),
    "a range that begins too high": (POINTWISE, middle, {"low": 50.0}, "range"),
    "another degree": (POINTWISE, square, {}, "degree"),
    "no degree at all": (POINTWISE, shifted, {}, "degree"),
    "infinite values": (ROLLING, endless, {}, "finiteness"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_kernel_that_breaks_a_law_is_refused(name: str) -> None:
    declared, kernel, others, law = BROKEN[name]
    if law == "compilation" and jit.disabled():
        pytest.skip("nothing is compiled")
    functions, kernels = set(registry.functions()), set(registry.kernels())
    with pytest.raises(dslc.IndicatorError) as raised:
        add(declared, kernel, **others)
    assert raised.value.law == law, raised.value
    assert f"`mine` breaks the law of {law}" in str(raised.value)
    assert (set(registry.functions()), set(registry.kernels())) == (functions, kernels)
    assert registry.registered() == {}


def test_every_law_refuses_something() -> None:
    laws = {law for _, _, _, law in BROKEN.values()}
    assert laws == {
        "rows", "determinism", "causality", "pieces", "compilation", "first", "undefined", "memory", "range",
        "degree", "finiteness",
    }  # fmt: skip


def test_an_error_shows_the_candle_and_both_values() -> None:
    with pytest.raises(dslc.IndicatorError) as raised:
        add(ROLLING, ahead)
    error = raised.value
    assert (error.law, error.candle) == ("causality", 119)
    assert error.found != error.expected
    assert f"with n = 1, it reads what is not its own: on candle 119 it is {error.found!r}" in str(error)


def test_a_refused_kernel_leaves_the_one_before_in_place() -> None:
    add(ROLLING, largest)
    with pytest.raises(dslc.IndicatorError):
        add(ROLLING, ahead, replace=True)
    bars = walk(7, 50)
    expected = dslc.compile(document("highest(close, 5)")).evaluate(bars).inputs["it"]
    np.testing.assert_array_equal(
        dslc.compile(document("mine(close, 5)")).evaluate(bars).inputs["it"], expected
    )


@pytest.mark.parametrize("name", ["wma", "correlation", "linregSlope", "percentile", "cumulative", "log"])
def test_what_is_right_is_not_refused(name: str) -> None:
    """Kernels of the library obey as they are declared there."""
    found = registry.functions()[name]
    assert found.build is not None
    term = found.build(*[5 if one.kind in registry.PERIODS else 0 for one in found.parameters])
    obey(Declared(found, registry.kernel(term.op), ""))
