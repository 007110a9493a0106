"""What the reference says of functions in words: their families, arguments, values, memory and degrees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
import pkgutil
import re
from typing import Literal

from ..grammar.words import number_text
from ..runtime import functions as rooms
from ..runtime.registry import Function, ParameterKind, functions, public_names

KINDS: dict[ParameterKind, str] = {
    "Series": "a number on every candle",
    "Truth": "true or false on every candle",
    "Period": "a constant whole number of candles, at least 1",
    "Sample": "a constant whole number of candles, at least 2",
    "Positive": "a constant number above 0",
    "Fraction": "a constant number from 0 to 1",
    "Percent": "a constant number from 0 to 100",
    "Hours": "a constant number from 0 to 24, 9.5 is 09:30",
    "Offset": "a constant whole number of candles, at least 0",
    "Constant": "a constant number",
}

Memory = Literal["window", "recurrence", "cumulative"]

MEMORIES: dict[Memory, str] = {
    "window": "a window: the value depends on the last candles alone, to the last bit",
    "recurrence": "a recurrence: every candle before counts, and less and less",
    "cumulative": "cumulative: it begins with the first candle and never forgets",
}


@dataclass(frozen=True, slots=True)
class Family:
    """Functions that are declared together: a title, what they have in common, and their names."""

    title: str
    about: str
    names: tuple[str, ...]


@cache
def families() -> tuple[Family, ...]:
    """Every family with a public function, in the order of the alphabet.

    >>> found = {family.title: family for family in families()}
    >>> found["Averages"].about, "ema" in found["Averages"].names
    ('Averages over time', True)
    """
    functions()
    found = []
    for info in sorted(pkgutil.iter_modules(rooms.__path__), key=lambda info: info.name):
        module = import_module(f"{rooms.__name__}.{info.name}")
        declared = {
            name.rstrip("_")
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__
        }
        names = tuple(name for name in public_names() if name in declared)
        about = (module.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        if names:
            found.append(Family(info.name.capitalize(), about, names))
    return tuple(found)


def family_of(name: str) -> Family:
    """The family of a public function."""
    return next(family for family in families() if name in family.names)


def shown_formula(function: Function) -> str | None:
    """The formula, if it has one of words that an author may use.

    >>> shown_formula(functions()["change"]), shown_formula(functions()["rsi"])
    ('series - series[1]', None)
    """
    if function.formula is None or any(not known for known in _called(function.formula).values()):
        return None
    return function.formula


def called_functions(formula: str, *, public: bool = True) -> list[str]:
    """The functions that a formula calls, each once, in the order of the alphabet: the public, or the others.

    >>> called_functions("ema(series, fast) - ema(series, slow) + abs(1)")
    ['abs', 'ema']
    >>> called_functions("abs(rise(series, series[1]))", public=False)
    ['rise']
    """
    return sorted(name for name, callable_ in _called(formula).items() if callable_ == public)


def _called(formula: str) -> dict[str, bool]:
    """The functions that a formula calls, and whether an author may call them, too."""
    names = set(re.findall(r"([A-Za-z_][A-Za-z0-9_]*)\(", formula))
    return {name: not functions()[name].internal for name in names if name in functions()}


def value_of(function: Function) -> str:
    """What kind of number the value is.

    >>> value_of(functions()["rsi"]), value_of(functions()["rising"])
    ('a number, 0 to 100', 'true or false')
    """
    if function.result == "truth":
        return "true or false"
    if function.unit.startswith("as "):
        return f"a number of the kind of {function.unit.removeprefix('as ')}"
    return "a number" if function.unit == "number" else f"a number, {function.unit}"


def range_of(function: Function) -> str:
    """Between which numbers the value always is.

    >>> range_of(functions()["rsi"]), range_of(functions()["vwap"]), range_of(functions()["change"])
    ('0 to 100', 'never negative', 'any number')
    """
    low, high = function.low, function.high
    if function.result == "truth":
        return "true, false or undefined"
    if low == float("-inf") and high == float("inf"):
        return "any number"
    if high == float("inf"):
        return "never negative" if low == 0 else f"at least {number_text(low)}"
    if low == float("-inf"):
        return f"at most {number_text(high)}"
    return f"{number_text(low)} to {number_text(high)}"


def scaling_of(function: Function) -> str:
    """What prices and volumes times a factor do to the value, where its arguments are prices.

    >>> scaling_of(functions()["ema"]), scaling_of(functions()["rsi"])
    ('prices times 2 give 2 times the value; volumes change nothing', 'neither prices nor volumes change it')
    """
    if function.degree is None:
        return "no law: other prices give a value of another kind"
    prices, volumes = function.degree
    if (prices, volumes) == (0, 0):
        return "neither prices nor volumes change it"
    parts = [_factor("prices", prices), _factor("volumes", volumes)]
    parts.sort(key=lambda part: "change nothing" in part)
    return "; ".join(parts)


def _factor(what: str, degree: int) -> str:
    return f"{what} change nothing" if degree == 0 else f"{what} times 2 give {2**degree} times the value"
