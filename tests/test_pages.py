"""Every code has a page, and what its examples show is what happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dslc
from dslc.grammar.catalogue import CATALOGUE
from dslc.guides.pages import codes, expanded, is_python, page, unknown_code
import pytest

ROOT = Path(__file__).parent.parent
NOTHING_CAUSES_IT = {"E505"}
WITH_EXAMPLES = [code for code in codes() if code not in NOTHING_CAUSES_IT]
BARS = {name: [5.0, 6.0, 7.0] for name in ("open", "high", "low", "close", "volume")}
SOURCE: dict[str, Any] = {
    "configuration": {"timeframe": "1H"},
    "inputs": {},
    "conditions": {"up": "close > open"},
    "score": {"up": 10},
    "decision": {"entry": "score >= 10"},
}
TUNABLE = {
    **SOURCE,
    "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
    "conditions": {"up": "close > ema(close, fast)"},
}


def found_in(example: str) -> list[dslc.Diagnostic]:
    """What dslc says about an example: of a document, what is wrong; of Python, what it gives or raises."""
    if not is_python(example):
        return dslc.validate(expanded(example))
    names = {
        "dslc": dslc,
        "source": SOURCE,
        "text": json.dumps(SOURCE),
        "strategy": dslc.compile(SOURCE),
        "bars": BARS,
        "tunable": TUNABLE,
    }
    try:
        given = eval(example, names)  # noqa: S307 - our own documentation
    except dslc.StrategyError as error:
        return error.diagnostics
    return given if isinstance(given, list) else []


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_the_wrong_example_gives_the_code_and_nothing_is_said_of_the_right_one(code: str) -> None:
    shown = page(code)
    assert shown.wrong is not None
    assert shown.right is not None
    assert code in {found.code for found in found_in(shown.wrong)}
    assert found_in(shown.right) == []


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_the_wrong_example_shows_one_kind_of_mistake(code: str) -> None:
    errors = {found.code for found in found_in(page(code).wrong or "") if found.severity == "error"}
    together = {"E610": {"E301"}, "E107": set(), "E114": {"E109"}, "E101": set()}.get(code, set())
    assert errors - together <= {code}


@pytest.mark.parametrize("code", codes())
def test_every_page_says_what_and_why(code: str) -> None:
    shown = page(code)
    assert shown.means.endswith(".")
    assert shown.why.endswith(".")
    assert len(shown.means) + len(shown.why) < 600
    assert (shown.wrong is None) == (shown.right is None) == (code in NOTHING_CAUSES_IT)
    assert shown.name.replace(" ", "_") == CATALOGUE[code].__name__


@pytest.mark.parametrize("code", codes())
def test_a_page_fits_a_terminal(code: str) -> None:
    lines = str(page(code)).splitlines()
    assert lines[0].startswith(f"{code}: ")
    assert max(map(len, lines)) <= 106
    assert all(line.isprintable() and line == line.rstrip() for line in lines)


def test_examples_are_short() -> None:
    for code in codes():
        for example in (page(code).wrong, page(code).right):
            assert example is None or max(map(len, example.splitlines())) <= 104


@pytest.mark.parametrize(
    "spelling", ["E205", "e205", " E205 ", "[E205]", "foreign_operator", "Foreign operator"]
)
def test_a_code_is_found_however_it_is_written(spelling: str) -> None:
    assert dslc.explain_code(spelling).code == "E205"


NEAREST = r"the nearest are `[EW]\d{3}`, `[EW]\d{3}` and `[EW]\d{3}`$"
ALL = "`dslc explain` lists them all$"


@pytest.mark.parametrize(
    ("text", "hint"),
    [("E999", NEAREST), ("E2O5", NEAREST), ("", ALL), ("x" * 10_000, ALL), ("\x1b[2J", ALL), ("XYZ", ALL)],
)
def test_an_unknown_code_is_told_those_that_are_near(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"is not a code; {hint}"):
        dslc.explain_code(text)
    assert unknown_code(text).isprintable()
    assert len(unknown_code(text)) < 200


def test_the_nearest_code_is_one_change_away() -> None:
    assert "`E205`" in unknown_code("E2O5")
    assert "`W701`" in unknown_code("W7O1")
