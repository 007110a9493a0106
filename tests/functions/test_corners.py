"""The corners of every function, from one table: tests/cases/corners.json.

A row has its labels, an expression, columns of bars, and the values that must come out, as plain fractions
that follow from the definition. The labels say which corner it is:

- `first`: the candles until the first defined one, at ordinary prices
- `hole`: an undefined value inside
- `flat`: a market that does not move
- `least`: the smallest periods that there are
- `volume`: nothing is traded, on some candles or on all
- `tiny`, `huge`: the prices of the row times 1e-300, and times 1e300
- `beyond`: where float64 ends, and what has no other name

Columns are `close 1 2 | volume 0 3`, and the `day` of the calendar; those that are left out are as the close,
and without a name all prices are. `-` is undefined, `7x3` is 7 7 7, `√1/2` is a root. A `u` behind a number
stands for the 1e-300 or 1e300.

Worked: "- 3/2u" of `sma(close, 2)` on "1 2" is undefined and 3/2; with tiny prices undefined and 1.5e-300.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
import json
import math
from pathlib import Path
import re

from dslc.runtime import engine
from dslc.runtime.bars import FIELDS
from dslc.runtime.registry import PERIODS, functions, public_names
import numpy as np
import pytest

from .on_bars import strategy_of

NAN = math.nan
OF_NO_PRICE = ("volume", "day")
UNITS = {"tiny": 1e-300, "huge": 1e300}
TABLE: dict[str, list[tuple[str, str, str, str]]] = json.loads(
    (Path(__file__).parent.parent / "cases" / "corners.json").read_text(encoding="utf-8")
)
ROWS = [(name, one, *row) for name, rows in TABLE.items() for labels, *row in rows for one in labels.split()]


def number(text: str, unit: float) -> float:
    """`-√7/2u`: the sign, the root of a fraction, the unit."""
    match = re.fullmatch(r"(-?)(√?)([0-9.e+-]+(?:/[0-9]+)?)(u?)", text)
    assert match is not None, text
    above, _, below = match[3].partition("/")
    value = float(Fraction(above) / Fraction(below or "1"))
    value = math.sqrt(value) if match[2] else value
    return (-value if match[1] else value) * (unit if match[4] else 1.0)


def series(text: str, unit: float = 1.0) -> list[float]:
    """The values of `1 - 7x3`."""
    found: list[float] = []
    for item in text.split():
        value, _, times = item.partition("x")
        found += [NAN if value == "-" else number(value, unit)] * int(times or 1)
    return found


def columns(text: str, unit: float) -> dict[str, list[float]]:
    """The named columns of a row; prices are multiplied by the unit."""
    if text[0] not in "cohlv":
        text = f"close {text}"
    given = {}
    for column in text.split("|"):
        name, _, values = column.strip().partition(" ")
        given[name] = [value if name in OF_NO_PRICE else value * unit for value in series(values)]
    length = len(next(iter(given.values())))
    close = given.get("close", [3.5 * unit] * length)
    usual = {name: [1.0] * length if name == "volume" else close for name in FIELDS}
    return usual | given


def found(expression: str, text: str, unit: float) -> list[float]:
    given, plan = columns(text, unit), strategy_of(expression)._prepare(("x0",)).plan
    matrix = np.array([given[str(row[0])] for row in plan.rows])
    return [float(x) for x in engine.run(plan, matrix).numbers[0]]


@pytest.mark.parametrize(("name", "label", "expression", "bars", "wanted"), ROWS)
def test_corners(name: str, label: str, expression: str, bars: str, wanted: str) -> None:
    assert f"{name}(" in expression
    unit = UNITS.get(label, 1.0)
    np.testing.assert_allclose(found(expression, bars, unit), series(wanted, unit), rtol=1e-13, atol=0)


# ── No function is left out, and no row says less than its label ─────────────────────────────────────────


@cache
def read_by(name: str) -> set[str]:
    """The market data that a function reads, that of its arguments included."""
    of_kind = {"Series": "close", "Truth": "close > 0", "Positive": "1.5", "Fraction": "0.5", "Percent": "9"}
    given = [of_kind.get(parameter.kind, "3") for parameter in functions()[name].parameters]
    call = f"{name}({', '.join(given)})"
    expression = call if functions()[name].result == "number" else f"if({call}, 1, 0)"
    checked = strategy_of(expression)._checked
    nodes = [checked.graph[node] for node in checked.graph.reachable((checked.inputs["x0"],))]
    return {str(node.params[0]) for node in nodes if node.op == "bar"}


@pytest.mark.parametrize("name", public_names())
def test_every_function_of_market_data_has_all_corners(name: str) -> None:
    labels = {label for labels, *_ in TABLE.get(name, []) for label in labels.split()}
    wanted = {"first", "hole", "flat", "tiny", "huge"}
    if any(parameter.kind in PERIODS for parameter in functions()[name].parameters):
        wanted.add("least")
    if "volume" in read_by(name):
        wanted.add("volume")
    assert labels >= wanted or read_by(name).isdisjoint(FIELDS)
    assert labels <= wanted | {"beyond"}


@pytest.mark.parametrize("name", TABLE)
def test_no_row_is_about_something_else(name: str) -> None:
    for labels, expression, text, wanted in TABLE[name]:
        given = columns(text, 1.0)
        assert {len(column) for column in given.values()} == {len(series(wanted))}
        if "hole" in labels:
            assert any(math.isnan(value) for column in given.values() for value in column)
        if "volume" in labels:
            assert min(given["volume"]) <= 1e-300 or max(given["volume"]) >= 1e300
        if "first" in labels:
            assert not all(map(math.isnan, series(wanted)))
        if "least" in labels:
            arguments = re.search(rf"\b{name}\((.*)\)", expression)
            assert arguments is not None
            written = [text.strip(" )") for text in arguments[1].split(",")]
            for parameter, text in zip(functions()[name].parameters, written, strict=False):
                assert parameter.kind not in PERIODS or text == str(PERIODS[parameter.kind]), expression
