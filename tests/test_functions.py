"""Every function of the registry: its own example, its first defined candle, and TA-Lib."""

from __future__ import annotations

import ast
import math
import operator
from typing import Any

import dslc
from dslc.compiler.analyze import analyze
from dslc.compiler.facts import EVER, facts
from dslc.grammar.document import load
from dslc.grammar.spelling import Speller
from dslc.runtime.bars import FIELDS
from dslc.runtime.registry import Function, functions, kernels, public_names
from dslc.schemas.structure import check_structure
import numpy as np
import pytest
import talib

PUBLISHED = {
    "abs(x)", "atr(n)", "body()", "change(series)", "crossDown(a, b)", "crossUp(a, b)", "ema(series, n)",
    "highest(series, n)", "lowerWick()", "lowest(series, n)", "max(a, b)", "min(a, b)", "range()",
    "rsi(series, n)", "sma(series, n)", "upperWick()", "volumeSma(n)", "volumeSpike(m)",
}  # fmt: skip


def document(
    inputs: dict[str, str], conditions: dict[str, str] | None = None, timeframe: str = "1D"
) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": timeframe},
        "inputs": inputs,
        "conditions": conditions or {"some": "close > 0"},
        "score": {},
        "decision": {"entry": "close > 0"},
    }


def test_the_published_functions_are_there_with_their_arguments() -> None:
    assert {functions()[name].signature for name in public_names()} >= PUBLISHED


@pytest.mark.parametrize("name", public_names())
def test_the_example_of_the_documentation_holds(name: str) -> None:
    bars, examples = example_of(functions()[name])
    assert examples, "the documentation has no example"
    timeframe = timeframe_of(bars)
    for expression, wanted in examples:
        if functions()[name].result == "truth":
            result = dslc.compile(document({}, {"it": expression}, timeframe)).evaluate(bars)
            assert [str(int(held)) for held in result.conditions["it"]] == wanted
        else:
            result = dslc.compile(document({"it": expression}, timeframe=timeframe)).evaluate(bars)
            shown = ["-" if value != value else f"{value:g}" for value in result.inputs["it"]]
            assert shown == wanted


def timeframe_of(bars: dict[str, Any]) -> str:
    """The timeframe of the candles of an example: the smallest gap between them."""
    times = np.array(bars.get("time", ["2024-01-01", "2024-01-02"]), "M8[m]")
    return {30: "30M", 60: "1H", 1440: "1D"}[int(np.diff(times).astype(int).min())]


def example_of(function: Function) -> tuple[dict[str, Any], list[tuple[str, list[str]]]]:
    """The bars and the (expression, values) lines of an example; what it leaves out is made up."""
    text = function.documentation.partition("Example:")[2]
    given: dict[str, list[float]] = {}
    times: list[str] = []
    examples = []
    for line in text.strip().splitlines():
        subject, _, values = line.strip().partition(":")
        if subject in FIELDS:
            given[subject] = [float(value) for value in values.split()]
        elif subject == "time":
            times = values.split()
        else:
            examples.append((subject, values.split()))
    length = len(next(iter(given.values())))
    close = given.get("close", [10.0] * length)
    volume = given.get("volume", [1.0] * length)
    bars: dict[str, Any] = {"open": given.get("open", close), "close": close, "volume": volume}
    body = list(zip(bars["open"], close, strict=True))
    bars["high"] = given.get("high", [max(pair) for pair in body])
    bars["low"] = given.get("low", [min(pair) for pair in body])
    return bars | ({"time": times} if times else {}), examples


@pytest.mark.parametrize("name", public_names())
def test_the_first_defined_candle_is_the_documented_one(name: str) -> None:
    function = functions()[name]
    for period in (1, 2, 14, 100):
        arguments = {"Period": period, "Sample": max(period, 2), **CONSTANTS}
        given = {parameter.name: arguments[parameter.kind] for parameter in function.parameters}
        series = iter(("close", "open", "high", "low"))
        shown = [next(series) if value == "close" else str(value) for value in given.values()]
        call = f"{name}({', '.join(shown)})"
        truth = function.result == "truth"
        source = document({} if truth else {"it": call}, {"it": call} if truth else None)
        loaded = load(source)
        checked, findings = analyze(check_structure(loaded, Speller())[0], loaded, Speller())
        assert checked is not None, findings
        node = (checked.conditions if truth else checked.inputs)["it"]
        fact = facts(checked.graph)[node]
        assert fact.first == promised(function.first, given)
        assert fact.right <= 0
        bars = walk(fact.first + 30)
        result = dslc.compile(source).evaluate(bars)
        if truth:
            either = (
                dslc.compile(document({}, {"holds": call, "fails": f"NOT {call}"})).evaluate(bars).conditions
            )
            assert (either["holds"] | either["fails"])[fact.first :].all()
        else:
            defined = ~np.isnan(result.inputs["it"])
            if name in NOW_AND_THEN:
                assert not defined[: fact.first].any()
                continue
            assert int(np.argmax(defined)) == fact.first
            assert defined[fact.first :].all()


NOW_AND_THEN = {"pivotHigh", "pivotLow"}  # defined on the candles that confirm one
CONSTANTS: dict[str, Any] = {
    "Positive": 1.5, "Fraction": 0.85, "Percent": 75, "Series": "close", "Truth": "close > 0",
    "Hours": 9.5,
}  # fmt: skip


def promised(text: str, given: dict[str, Any]) -> int:
    """The value of `n - 1` and its kind: arithmetic on the parameters, as the registry writes it."""
    signs: dict[type, Any] = {
        ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    }  # fmt: skip
    helpers: dict[str, Any] = {"max": max, "floor": math.floor, "sqrt": math.sqrt}

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Constant(number):
                return number
            case ast.Name(name):
                return given[name]
            case ast.BinOp(left, sign, right):
                return signs[type(sign)](value(left), value(right))
            case ast.Call(ast.Name(name), arguments):
                return helpers[name](*map(value, arguments))
        raise AssertionError(text)

    return int(value(ast.parse(text, mode="eval").body))


def walk(length: int, seed: int = 7) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, length)))
    opened = close * np.exp(rng.normal(0, 0.01, length))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, 0.005, length)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, 0.005, length)))
    time = np.datetime64("1990-01-01", "ns") + np.arange(length) * np.timedelta64(1, "D")
    volume = rng.uniform(1, 1e6, length)
    return {"time": time, "open": opened, "high": high, "low": low, "close": close, "volume": volume}


TALIB = {
    "sma": ("sma(close, {n})", lambda b, n: talib.SMA(b["close"], n)),
    "ema": ("ema(close, {n})", lambda b, n: talib.EMA(b["close"], n)),
    "rsi": ("rsi(close, {n})", lambda b, n: talib.RSI(b["close"], n)),
    "atr": ("atr({n})", lambda b, n: talib.ATR(b["high"], b["low"], b["close"], n)),
    "highest": ("highest(high, {n})", lambda b, n: talib.MAX(b["high"], n)),
    "lowest": ("lowest(low, {n})", lambda b, n: talib.MIN(b["low"], n)),
    "volumeSma": ("volumeSma({n})", lambda b, n: talib.SMA(b["volume"], n)),
    "change": ("change(close)", lambda b, n: talib.MOM(b["close"], 1)),
}


@pytest.mark.parametrize("period", [2, 3, 5, 14, 21, 50, 200, 1000])
@pytest.mark.parametrize("name", TALIB)
def test_talib_agrees(name: str, period: int) -> None:
    expression, peer = TALIB[name]
    bars = walk(5000)
    found = dslc.compile(document({"it": expression.format(n=period)})).evaluate(bars).inputs["it"]
    wanted = peer(bars, period)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=0 if name != "change" else 1e-12)


def test_a_market_that_never_moved_is_50_and_not_0_as_in_talib() -> None:
    close = np.full(40, 12.5)
    bars = dict.fromkeys(("open", "high", "low", "close"), close)
    found = dslc.compile(document({"it": "rsi(close, 14)"})).evaluate(bars).inputs["it"]
    assert (found[14:] == 50).all()
    assert (talib.RSI(close, 14)[14:] == 0).all()


@pytest.mark.parametrize(("steps", "value"), [(np.arange(40.0), 100.0), (-np.arange(40.0), 0.0)])
def test_only_gains_are_100_and_only_losses_are_0(steps: np.ndarray, value: float) -> None:
    bars = dict.fromkeys(("open", "high", "low", "close"), 100 + steps)
    found = dslc.compile(document({"it": "rsi(close, 14)"})).evaluate(bars).inputs["it"]
    assert (found[14:] == value).all()


def test_the_index_never_leaves_its_range() -> None:
    for seed in range(20):
        bars = walk(2000, seed)
        found = dslc.compile(document({"it": f"rsi(close, {2 + seed})"})).evaluate(bars).inputs["it"]
        inside = found[~np.isnan(found)]
        assert inside.min() >= 0
        assert inside.max() <= 100


@pytest.mark.parametrize("name", public_names())
def test_every_function_is_documented(name: str) -> None:
    function = functions()[name]
    assert function.summary.endswith((".", ":"))
    assert function.unit
    assert function.first
    assert (function.formula is None) != (function.build is None)


def test_a_recurrence_reads_everything_and_a_window_only_itself() -> None:
    loaded = load(document({"a": "ema(close, 9)", "b": "sma(close, 9)[2]"}))
    checked, _ = analyze(check_structure(loaded, Speller())[0], loaded, Speller())
    assert checked is not None
    known = facts(checked.graph)
    assert known[checked.inputs["a"]].left == EVER
    assert (known[checked.inputs["b"]].left, known[checked.inputs["b"]].right) == (-10, -2)


def test_every_kernel_says_what_it_does() -> None:
    own = [kernel for name, kernel in kernels().items() if not name.startswith("own_")]
    assert all(kernel.function.__doc__ for kernel in own)  # those of users stay for strategies that have them
