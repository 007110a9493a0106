"""Functions of a document: a call is its formula written out, and nothing else.

The oracle is a substitution of texts (`written_out`), which shares no code with the compiler. Documents with
functions are drawn here (`Author`): formulas over parameters, market data and functions above, calls with
everything that a parameter may get.
"""

from __future__ import annotations

import json
import math
import pickle
import random
import re
from typing import Any

import dslc
from dslc.compiler.facts import facts
from dslc.compiler.graph import Graph
from dslc.limits.shortened import shortened
import numpy as np
import pytest

from . import oracle, programs
from .test_fuzz import checked
from .timing import quickly

SEEDS = range(60)
Document = dict[str, Any]


# ── The oracle ───────────────────────────────────────────────────────────────────────────────────────────


def written_out(document: Document) -> Document:
    """The document without functions: every call replaced by its formula in parentheses."""
    functions: dict[str, tuple[list[str], str]] = {}
    for key, formula in document["functions"].items():
        name, rest = key.split("(")
        parameters = [one.strip() for one in rest.strip(" )").split(",") if one.strip()]
        functions[name.strip()] = parameters, replaced_calls(formula, functions)
    made = {key: value for key, value in document.items() if key != "functions"}
    for section in ("inputs", "conditions", "decision"):
        made[section] = {name: replaced_calls(text, functions) for name, text in document[section].items()}
    return made


def replaced_calls(text: str, functions: dict[str, tuple[list[str], str]]) -> str:
    """The text with all calls of these functions replaced, innermost arguments first."""
    found = re.search(r"[A-Za-z_]\w*(?=\()", text)
    if found is None:
        return text
    start, depth = found.end() + 1, 1
    arguments, begin, at = [], start, start
    while depth:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[at], 0)
        if depth == 0 or (depth == 1 and text[at] == ","):
            arguments.append(text[begin:at])
            begin = at + 1
        at += 1
    arguments = [replaced_calls(one, functions) for one in arguments if one.strip()]
    rest = replaced_calls(text[at:], functions)
    if found[0] not in functions:
        return f"{text[: found.end()]}({','.join(arguments)}){rest}"
    parameters, formula = functions[found[0]]
    values = dict(zip(parameters, arguments, strict=True))
    put = re.sub(
        r"[A-Za-z_]\w*", lambda word: f"({values[word[0]]})" if word[0] in values else word[0], formula
    )
    return f"{text[: found.start()]}({put}){rest}"


def test_the_oracle_writes_calls_out() -> None:
    functions = {"slope(x, n)": "(x - x[n]) / n", "twice(n)": "slope(low, n) * 2"}
    document = {"functions": functions, "inputs": {"a": "abs(slope(twice(3), 1 + 1))"}}
    whole = written_out({**document, "conditions": {}, "decision": {}})["inputs"]["a"]
    by_hand = "abs(((low - low[3]) / 3 * 2 - (low[2] - low[5]) / 3 * 2) / 2)"
    bars = programs.bars(random.Random(5), 20, kind="walk")
    assert "slope" not in whole
    assert "twice" not in whole
    assert oracle.column(whole, bars) == oracle.column(by_hand, bars)
    assert oracle.column(whole, bars)[5] is not None


# ── Documents with functions ─────────────────────────────────────────────────────────────────────────────


class Author:
    """Draws functions and calls of them. A kind is one of series, truth, period, offset."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.functions: dict[str, str] = {}
        self.known: list[tuple[str, list[str], str]] = []  # name, kinds of the parameters, kind of the value

    def document(self) -> Document:
        rng = self.rng
        for number in range(rng.randint(1, 6)):
            self.define(f"f{number}")
        inputs: dict[str, str] = {}
        for number in range(3):
            inputs[f"i{number}"] = self.number(list(inputs), [], 2)
        conditions = {f"c{number}": self.truth(list(inputs), [], [], 2) for number in range(3)}
        return {
            "configuration": {"timeframe": "1H"},
            "functions": self.functions,
            "inputs": inputs,
            "conditions": conditions,
            "score": {"c0": 2, "c1": 3, "c2": -1},
            "decision": {"entry": f"score >= 2 OR {self.truth(list(inputs), [], list(conditions), 1)}"},
        }

    def define(self, name: str) -> None:
        kinds = [self.rng.choice(("series", "series", "truth", "period", "offset")) for _ in range(3)]
        kinds = kinds[: self.rng.randint(0, 3)]
        names = [self.rng.choice(("x", "y", "i0", "c1", "n")) + str(at) for at in range(len(kinds))]
        of = {kind: [one for one, found in zip(names, kinds, strict=True) if found == kind] for kind in kinds}
        series, constants = of.get("series", []), of.get("period", []) + of.get("offset", [])
        uses = [f"sma({self.rng.choice([*series, 'close'])}, {one})" for one in of.get("period", [])]
        uses += [f"{self.rng.choice([*series, 'low'])}[{one}]" for one in of.get("offset", [])]
        number = " + ".join([*series, *uses, self.number(series, constants, 2)])
        truth = self.rng.random() < 0.5 or bool(of.get("truth"))
        if truth:
            joined = [*of.get("truth", []), f"{number} > {self.number(series, constants, 1)}"]
            formula = f" {self.rng.choice(('AND', 'OR'))} ".join(joined)
        self.functions[f"{name}({', '.join(names)})"] = formula if truth else number
        self.known.append((name, kinds, "truth" if truth else "series"))

    def call(self, kind: str, series: list[str], constants: list[str], truths: list[str], deep: int) -> str:
        able = [one for one in self.known if one[2] == kind]
        if not able or deep <= 0:
            return self.rng.choice([*series, "close", "high"]) if kind == "series" else "close > open"
        name, kinds, _ = self.rng.choice(able)
        arguments = []
        for one in kinds:
            if one == "series":
                arguments.append(self.number(series, constants, deep - 1))
            elif one == "truth":
                arguments.append(self.truth(series, constants, truths, deep - 1))
            else:
                known = [str(self.rng.randint(1, 5)), "1 + 2", "2 * 2"]
                arguments.append(self.rng.choice([*known, *(f"{name} + 1" for name in constants)]))
        return f"{name}({', '.join(arguments)})"

    def number(self, series: list[str], constants: list[str], deep: int) -> str:
        way = self.rng.randrange(6)
        if deep <= 0 or way == 0:
            return self.rng.choice([*series, "close", "high", "2.5"])
        if way == 1:
            period = self.rng.choice(["3", *(f"{name} + 1" for name in constants)])
            return f"ema({self.number(series, constants, deep - 1)}, {period})"
        if way == 2:
            a, b = (self.number(series, constants, deep - 1) for _ in range(2))
            return f"({a} {self.rng.choice('+-*/')} {b})"
        if way == 3:
            return f"max({self.number(series, constants, deep - 1)}, close[2])"
        return self.call("series", series, constants, [], deep)

    def truth(self, series: list[str], constants: list[str], truths: list[str], deep: int) -> str:
        way = self.rng.randrange(5)
        if truths and way == 0:
            return self.rng.choice(truths)
        if deep <= 0 or way == 1:
            return f"{self.number(series, constants, deep)} > {self.number(series, constants, deep)}"
        if way == 2:
            a, b = (self.truth(series, constants, truths, deep - 1) for _ in range(2))
            return f"(NOT ({a}) {self.rng.choice(('AND', 'OR'))} {b})"
        return self.call("truth", series, constants, truths, deep)


def drawn(seed: int) -> Document:
    return Author(random.Random(seed)).document()


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", SEEDS)
def test_a_document_with_functions_is_the_same_graph_as_with_the_calls_written_out(seed: int) -> None:
    document = drawn(seed)
    short, long = dslc.compile(document), dslc.compile(written_out(document))
    graph = Graph()
    roots = []
    for strategy in (short, long):
        places = graph.absorb(strategy._checked.graph)
        known = strategy._checked
        nodes = (*known.inputs.values(), *known.conditions.values(), known.score, known.entry)
        roots.append([places[node] for node in nodes])
    assert roots[0] == roots[1]
    assert len(short._checked.graph) == len(long._checked.graph) == len(graph)
    assert (short.extents, short.warmup) == (long.extents, long.warmup)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_the_oracle_agrees(seed: int) -> None:
    document = drawn(seed)
    bars = programs.bars(random.Random(seed), 80, kind="walk")
    result = dslc.compile(document).evaluate(bars)
    expected = oracle.evaluate(written_out(document), bars)
    for name, values in expected.inputs.items():
        for found, wanted in zip(result.inputs[name], values, strict=True):
            assert (
                np.isnan(found) if wanted is None else math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-6)
            )


@pytest.mark.parametrize("seed", SEEDS)
def test_verdicts_are_those_of_the_calls_written_out(seed: int) -> None:
    """What is said of a document with functions is true of what its calls stand for."""
    document = drawn(seed)
    said, of_whole = (
        {(found.code, found.path) for found in dslc.validate(one) if "W707" <= found.code < "W721"}
        for one in (document, written_out(document))
    )
    assert said <= of_whole


def test_drawn_functions_are_of_all_kinds() -> None:
    kinds = {
        (parameter.kind, own.function.result)
        for seed in SEEDS
        for own in dslc.compile(drawn(seed))._checked.own.values()
        for parameter in own.function.parameters
    }
    assert {kind for kind, _ in kinds} >= {"Series", "Truth", "Period", "Offset"}
    assert {result for _, result in kinds} == {"number", "truth"}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_canonical_document_is_the_same_strategy(seed: int) -> None:
    strategy = dslc.compile(drawn(seed))
    again = dslc.compile(strategy.canonical)
    assert again.canonical == strategy.canonical
    assert again.hash == strategy.hash
    formatted = dslc.format_document(drawn(seed))
    assert dslc.compile(formatted).hash == strategy.hash
    assert dslc.format_document(formatted) == formatted
    assert pickle.loads(pickle.dumps(strategy)).hash == strategy.hash
    assert dslc.diff(drawn(seed), formatted).same


@pytest.mark.parametrize("seed", range(300))
def test_mutated_documents_get_diagnostics(seed: int) -> None:
    rng = random.Random(seed)
    text = json.dumps(drawn(seed), indent=rng.choice((None, 1)))
    for _ in range(rng.randint(1, 2)):
        text = programs.mutate(text, rng)
    checked(text)


@pytest.mark.parametrize("seed", range(150))
def test_mutated_functions_get_diagnostics(seed: int) -> None:
    rng = random.Random(seed)
    document = drawn(seed)
    functions = document["functions"]
    for key in list(functions):
        way = rng.randrange(6)
        if way == 0:
            functions[programs.mutate(key, rng)[:200]] = functions.pop(key)
        elif way == 1:
            functions[key] = programs.mutate(functions[key], rng)[:5000]
        elif way == 2:
            functions[key] = rng.choice((None, 3, [], {}, True, "", "f0()", "x"))
        elif way == 3:
            functions[f"f{rng.randrange(8)}({rng.choice(('', 'x', 'x, x', 'close', 'x,y,z'))})"] = functions[
                key
            ]
    checked(document)
    checked(json.dumps(document))


@pytest.mark.parametrize("seed", range(250))
def test_what_is_not_refused_ahead_binds(seed: int) -> None:
    """Where nothing is said of a range, each value in it makes a strategy; else some do not."""
    rng = random.Random(seed)
    constants = ["p", "p - 1", "3 - p", "p / 2", "n", "n - 1", "n - p", "p * n", "k()", "k() - 1", "2"]

    def constant(known: list[str]) -> str:
        return rng.choice([one for one in constants if "n" not in one or "n" in known])

    functions = {"k()": rng.choice(("p", "p - 1", "2", "4 - p"))}
    functions["f(x, n)"] = f"x[{constant(['n'])}] + sma(x, {constant(['n'])})"
    functions["g(x, n)"] = f"f(x, {constant(['n'])}) - x[{constant([])}]"
    document = with_functions(
        functions,
        parameters={"p": {"default": 2, "min": 1, "max": 4}},
        inputs={"i": "p - 1", "a": f"g(close, {constant([])}) + f(low, {rng.choice(('i', 'i + 1', '2'))})"},
        conditions={"up": "close > a"},
    )
    try:
        strategy = dslc.compile({**document, "parameters": {"p": {"default": 2, "min": 2, "max": 2}}})
    except dslc.StrategyError:
        return
    assert strategy.values == {"p": 2}
    refused = "E416" in {found.code for found in dslc.validate(document)}
    fails = False
    for p in (1, 2, 3, 4):
        try:
            dslc.compile({**document, "parameters": {"p": {"default": p, "min": p, "max": p}}})
        except dslc.StrategyError:
            fails = True
    assert refused == fails


# ── What counts ──────────────────────────────────────────────────────────────────────────────────────────

SLOPE = {"slope(x, n)": "(x - x[n]) / n"}


def with_functions(functions: dict[str, Any], **others: Any) -> Document:
    return {
        "configuration": {"timeframe": "1D"},
        "functions": functions,
        "inputs": {},
        "conditions": {"up": "slope(close, 3) > 0"},
        "score": {"up": 1},
        "decision": {"entry": "up"},
        **others,
    }


def test_functions_without_a_call_do_not_count() -> None:
    plain = dslc.compile(with_functions(SLOPE))
    more = dslc.compile(
        with_functions({"first()": "1", " slope( x,n )": "(x-x[n])/n", "last(x)": "slope(x, 2)"})
    )
    assert more.hash == plain.hash
    assert plain.functions == SLOPE
    other = dslc.compile(with_functions({"slope(x, n)": "(x[n] - x) / n"}))
    assert other.hash != plain.hash


def test_a_document_without_called_functions_has_the_hash_of_one_without_the_section() -> None:
    document = with_functions(SLOPE, conditions={"up": "close > open"})
    bare = {key: value for key, value in document.items() if key != "functions"}
    assert dslc.compile(document).hash == dslc.compile(bare).hash


def test_equal_texts_mean_what_their_documents_say() -> None:
    bars = programs.bars(random.Random(1), 60, kind="walk")
    plain = with_functions({}, conditions={"up": "sma(change(close), 3) > 0"})
    for formula in (None, "x - x[n]", "x[n] - x", "x * n", None) * 3:
        document = plain if formula is None else {**plain, "functions": {"sma(x, n)": formula}}
        found = dslc.compile(document).evaluate(bars).conditions["up"]
        expected = oracle.evaluate(written_out(document), bars).conditions["up"]
        assert found.tolist() == [truth is True for truth in expected]
        dslc.validate(document)


def test_a_bound_parameter_is_written_into_formulas() -> None:
    document = with_functions(
        {"width()": "w + 1", "slope(x, n)": "(x - x[n]) / width()"},
        parameters={"w": {"default": 3, "min": 1, "max": 9}},
    )
    strategy = dslc.compile(document)
    assert strategy.functions == {"width()": "3 + 1", "slope(x, n)": "(x - x[n]) / width()"}
    bars = programs.bars(random.Random(2), 60, kind="walk")
    for trial in strategy.sweep(bars, ["w=1:3:1"], objective="entries"):
        bound = strategy.bind(w=int(trial.values["w"]))
        assert bound.functions["width()"] == f"{trial.values['w']:g} + 1"
        assert int(bound.evaluate(bars).entry.sum()) == trial.objective


def test_a_condition_explains_itself_by_the_formula_that_it_calls() -> None:
    document = with_functions(
        {"slope(x, n)": "(x - x[n]) / n", "strong(x, n)": "slope(x, n) > 0 AND NOT x < low"},
        conditions={"up": "strong(close, 3)"},
    )
    bars = programs.bars(random.Random(3), 60, kind="walk")
    (condition,) = dslc.compile(document).evaluate(bars).explain(40).conditions
    assert [(part.text, part.within) for part in condition.parts] == [
        ("slope(close, 3) > 0", "strong(close, 3)"),
        ("close < low", "strong(close, 3)"),
    ]


def test_a_function_that_hides_a_cross_is_told_by_its_own_meaning() -> None:
    functions = {"crossUp(a, b)": "a > b", "hot(n)": "rsi(close, n) > 101"}
    conditions = {"up": "cross(close, open) AND crossUp(close, sma(close, 3))", "never": "hot(14)"}
    never = "crossUp(close, highest(high, 5))"
    document = with_functions(functions, conditions={**conditions, "top": never})
    bars = programs.bars(random.Random(3), 60, kind="walk")
    result = dslc.compile(document).evaluate(bars)
    expected = oracle.column("close > sma(close, 3)", bars)
    crossed = oracle.column("crossUp(close, open) OR crossDown(close, open)", bars)
    assert result.conditions["up"].tolist() == [
        a is True and b is True for a, b in zip(expected, crossed, strict=True)
    ]
    up = result.explain(40).conditions[0]
    assert [part.text for part in up.parts][-1] == "close > sma(close, 3)"
    said = {one.path: one.message for one in dslc.validate(document) if one.code == "W707"}
    assert (
        said["/conditions/never"] == "`hot(14)` is never true: with these arguments its formula never holds"
    )
    assert said["/conditions/top"] == f"`{never}` is never true: with these arguments its formula never holds"


def test_two_documents_of_a_batch_share_what_their_functions_stand_for() -> None:
    one = with_functions(SLOPE)
    other = with_functions({"rise(y, k)": "(y - y[k]) / k"}, conditions={"up": "rise(close, 3) > 0"})
    graph = Graph()
    first = graph.absorb(dslc.compile(one)._checked.graph)
    second = graph.absorb(dslc.compile(other)._checked.graph)
    assert sorted(first) == sorted(second)


def test_windows_of_functions_are_cut_where_a_shorter_run_is_reckoned() -> None:
    functions = {"far(x)": "sma(x, 5000) + x[300]", "mean(x, i)": "sma(x, i)", "ago(x, n)": "x[n]"}
    inputs = {"i": "40", "a": "far(close) + mean(close, i) + ago(close, 500)"}
    strategy = dslc.compile(with_functions(functions, inputs=inputs, conditions={"up": "close > a"}))
    cut = shortened(strategy, 20)
    assert cut is not None
    assert facts(cut.graph)[cut.inputs["a"]].left == -20
    assert {own.signature: own.function.formula for own in cut.own.values()} == {
        "far(x)": "sma(x, 20) + x[20]",
        "mean(x, i)": "sma(x, i)",
        "ago(x, n)": "x[n]",
    }


def test_a_report_shows_the_functions_that_are_called() -> None:
    report = dslc.compile(with_functions({**SLOPE, "k()": "3"})).report()
    assert dict(report.functions) == SLOPE
    assert "\nFunctions\n  slope(x, n)  (x - x[n]) / n\n" in str(report)
    assert report.as_dict()["functions"] == SLOPE
    assert "Functions" not in str(
        dslc.compile(with_functions({}, conditions={"up": "close > open"})).report()
    )


def test_the_grammar_allows_functions_of_a_document() -> None:
    plain, more = dslc.grammar_text(), dslc.grammar_text("gbnf", ["slope( x, n )", "k()"])
    assert '"slope"' not in plain
    assert '"slope" ws "(" ws or ws "," ws or ws ")"' in more
    assert '"k" ws "(" ws ")"' in more
    assert more.count("\n") == plain.count("\n") + 2
    with pytest.raises(ValueError, match="no signature"):
        dslc.grammar_text("gbnf", ["slope"])


def test_diff_blames_the_function() -> None:
    before, after = with_functions(SLOPE), with_functions({"slope(x, n)": "(x - x[n]) / (n + 1)"})
    found = [(one.section, one.name, one.kind, one.through) for one in dslc.diff(before, after).changes]
    assert found == [
        ("functions", "slope", "changed", ()),
        ("conditions", "up", "follows", ("slope()",)),
        ("decision", "entry", "follows", ("up",)),
    ]
    same = dslc.diff(before, with_functions({"slope(y, m)": "(y - y[m]) / m", "more()": "1"}))
    assert same.same
    assert same.respelled == (("functions", "slope"),)


@pytest.mark.parametrize(
    ("formula", "kinds"),
    [
        ("x", ["Series"]),
        ("x[1]", ["Series"]),
        ("x[1] AND close > open", ["Truth"]),
        ("ema(close, x)", ["Period"]),
        ("ema(close, x) + close[x]", ["Period"]),
        ("ema(close, x * 2)", ["Constant"]),
        ("close[x]", ["Offset"]),
        ("skew(close, x) + ema(close, x)", ["Sample"]),
        ("volumeSpike(x) + close[x]", ["Period"]),
        ("volumeSpike(x)", ["Positive"]),
        ("barsSince(x)", ["Truth"]),
    ],
)
def test_parameters_are_what_the_formula_makes_of_them(formula: str, kinds: list[str]) -> None:
    numbers = "f(3) > 0" if kinds != ["Truth"] else "f(close > open) > 0"
    truth = "f(close > open)" if "AND" in formula else numbers
    strategy = dslc.compile(with_functions({"f(x)": formula}, conditions={"up": truth}))
    assert [one.kind for one in strategy._checked.own["f"].function.parameters] == kinds


def test_a_number_is_no_silent_truth() -> None:
    document = with_functions(
        {}, inputs={"since": "barsSince(change(close))"}, conditions={"up": "since > 3"}
    )
    assert [found.code for found in dslc.validate(document)] == ["W701"]
    explicit = {**document, "inputs": {"since": "barsSince(change(close) != 0)"}}
    bars = programs.bars(random.Random(4), 90, kind="flat")
    values = [dslc.compile(one).evaluate(bars).inputs["since"].tolist() for one in (document, explicit)]
    assert str(values[0]) == str(values[1])
    assert max(value for value in values[0] if value == value) > 0


def test_bodies_that_must_be_followed_by_hand_are_never_registry_internals() -> None:
    (found,) = dslc.validate(with_functions({"slope(x, n)": "smoothedGain(x, n)"}))[:1]
    assert found.code == "E301"


# ── Hostile documents ────────────────────────────────────────────────────────────────────────────────────


def chain(body: str, first: str, count: int, parameters: str = "x") -> dict[str, str]:
    """Functions that each call the one above, by the name FN."""
    return {f"f{n}({parameters})": body.replace("FN", f"f{n - 1}") if n else first for n in range(count)}


LETTERS = "abcdefgh"
EIGHT = ", ".join(LETTERS)
TURNED = ", ".join(LETTERS[1:] + LETTERS[0])
SWAPPED = ", ".join((LETTERS[1], LETTERS[0], *LETTERS[2:]))

HOSTILE: dict[str, tuple[dict[str, str], str, set[str]]] = {
    "512 functions that call the one above twice": (chain("FN(x) + FN(x)", "x", 512), "f40(close)", {"E615"}),
    "other arguments each time": (chain("FN(x + 1) + FN(x * 2)", "x", 64), "f63(close)", {"E616"}),
    "the same argument each time": (chain("FN(x) + FN(x)", "x", 64), "f63(close)", set()),
    "offsets each time": (chain("FN(x[1]) + FN(x[2])", "x", 64), "f20(close)", set()),
    "truths each time": (chain("FN(x) AND NOT FN(x[1])", "x AND x[1]", 64), "f20(close > open)", set()),
    "arguments that change places": (
        chain(f"FN({SWAPPED}) + FN({TURNED})", " + ".join(LETTERS), 64, EIGHT),
        "f63(open, high, low, close, volume, 1, 2, 3)",
        {"E616"},
    ),
    "constants that change places": (
        chain(f"FN({SWAPPED}) + FN({TURNED})", "+".join(f"close[{one}]" for one in LETTERS), 64, EIGHT),
        "f63(1, 2, 3, 4, 5, 6, 7, 8)",
        {"E616"},
    ),
    "constants that grow": (chain("FN(x + 1) + FN(x * 2)", "close[x]", 64), "f40(1)", {"E422", "E616"}),
    "a circle of all": (
        {f"f{n}(x)": f"f{(n + 1) % 512}(x)" for n in range(512)},
        "f0(close)",
        {"E307", "E306"},
    ),
    "calls of all below": (
        {f"f{n}()": " + ".join(f"f{m}()" for m in range(n + 1, min(n + 60, 512))) or "1" for n in range(512)},
        "f0()",
        {"E306", "E610"},
    ),
    "a function of 20,000 parameters": (
        {f"f({', '.join(f'x{n}' for n in range(20_000))})": "x1 + x2"},
        "f(1)",
        {"E317"},
    ),
    "an unknown name in every formula": (
        {f"f{n}(x)": " + ".join(["y"] * 60) for n in range(512)},
        "f0(close)",
        {"E302", "E610"},
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_functions_are_answered_at_once(name: str) -> None:
    functions, text, codes = HOSTILE[name]
    section = {"conditions": {"up": f"{text} OR close > 1"}} if "truths" in name else {"inputs": {"i": text}}
    document = with_functions(functions, **{"conditions": {"up": "close > open"}, **section})
    expressions = sum(map(len, functions.values()))
    found = quickly(lambda: dslc.validate(document), max(0.1, 8e-6 * expressions))
    errors = {one.code for one in found if one.code.startswith("E")}
    assert errors <= codes
    assert bool(errors) == bool(codes)


def test_a_formula_as_large_as_a_document_may_be_is_answered_at_once() -> None:
    functions = {f"f{n}(x)": " + ".join(["x"] * 1000) for n in range(60)}
    inputs = {f"i{n}": f"f{n}(close)" for n in range(60)}
    document = json.dumps(with_functions(functions, inputs=inputs, conditions={"up": "i0 > 0"}))
    quickly(lambda: dslc.validate(document), 8e-6 * len(document))


def test_what_the_candles_of_a_call_make_wrong_is_not_said_of_its_arguments() -> None:
    """Nor is a dot called meaningless without a word on the one place where it has a meaning."""
    document = {
        "configuration": {"timeframe": "1H", "symbols": {"spy": "SPY"}},
        "functions": {"slow(n)": "ema(close, n) @ 4H"},
        "inputs": {},
        "conditions": {"up": "slow(9) @ 1D > 1", "other": "spy.Close > 1", "third": "(close > 1)[4H]"},
        "score": {"up": 1},
        "decision": {"entry": "score >= 1"},
    }
    said = {one.code: f"{one.message}; {one.help}" for one in dslc.validate(document)}
    assert "arguments `4H`" not in said["E422"]
    assert "other candles" in said["E422"]
    assert "spy.close" in said["E204"]
    assert "`close @ 4H`" in said["E409"]
