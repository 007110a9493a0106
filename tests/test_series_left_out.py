"""Numbers alone where a series comes first are refused, for every function that would take them."""

from __future__ import annotations

import json
from typing import Any

import dslc
from dslc.runtime.registry import Function, functions, public_names
import pytest

CONSTANTS = {"Positive": "1.5", "Fraction": "0.5", "Percent": "40"}

BEGIN_WITH_A_SERIES = [
    name
    for name in public_names()
    if functions()[name].parameters[:1]
    and functions()[name].parameters[0].kind == "Series"
    and functions()[name].least_arguments < len(functions()[name].parameters)
]


def document(expression: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {"three": "1 + 2", "it": expression},
        "conditions": {"up": "it > three"},
        "score": {"up": 1},
        "decision": {"entry": "score >= 1"},
    }


def constants(function: Function) -> list[str]:
    """One that fits for each parameter behind the series; no period twice."""
    return [CONSTANTS.get(parameter.kind, str(at)) for at, parameter in enumerate(function.parameters[1:], 3)]


def test_there_are_such_functions() -> None:
    assert {"roc", "macd", "trix", "bbUpper", "keltnerLower", "stochRsi", "kama"} <= set(BEGIN_WITH_A_SERIES)


@pytest.mark.parametrize("name", BEGIN_WITH_A_SERIES)
def test_constants_alone_are_refused_and_their_series_is_offered(name: str) -> None:
    """Safe where nothing is left out then; the nearest that can be meant otherwise."""
    function = functions()[name]
    series = function.parameters[0].default or "close"
    given = constants(function)
    for count in range(max(1, function.least_arguments), len(given) + 1):
        broken = f"{name}({', '.join(given[:count])})"
        meant = f"{name}({', '.join([str(series), *given[:count]])})"
        text = json.dumps(document(f"2 * {broken}"))
        (found,) = dslc.validate(text)
        assert found.code == "E421"
        assert text[found.column - 1 : found.end_column - 1] == broken
        assert found.help == f"write `{meant}`"
        assert found.fix is not None
        assert found.fix.safe == (count == len(given))
        fixed = dslc.fix(text, unsafe=True)
        assert json.loads(fixed.text)["inputs"]["it"] == f"2 * {meant}"
        assert dslc.validate(fixed.text) == []


@pytest.mark.parametrize("name", BEGIN_WITH_A_SERIES)
def test_a_series_or_a_whole_call_is_not_refused(name: str) -> None:
    function = functions()[name]
    given = constants(function)
    for arguments in (["close", *given[:-1]], ["close", *given], ["7", *given]):
        found = dslc.validate(document(f"{name}({', '.join(arguments)})"))
        assert not [one for one in found if one.severity == "error"], arguments


def test_a_constant_may_have_a_name_and_must_fit_to_be_offered() -> None:
    (found,) = dslc.validate(document("roc(three)"))
    assert (found.code, found.help) == ("E421", "write `roc(close, three)`")
    assert found.fix is not None
    for unfit in ("roc(2.5)", "roc(0)", "roc(10001)", "bbPercent(1)", "t3(3, 0)", "alma(3, 1.5)"):
        (found,) = dslc.validate(document(unfit))
        assert (found.code, found.fix) == ("E421", None), unfit
        assert found.help is not None
        assert " = " in found.help


def test_a_parameter_is_a_constant_too() -> None:
    bound = document("roc(n)") | {"parameters": {"n": {"default": 10, "min": 5, "max": 50}}}
    (found,) = [one for one in dslc.validate(bound) if one.severity == "error"]
    assert (found.code, found.help) == ("E421", "write `roc(close, n)`")
