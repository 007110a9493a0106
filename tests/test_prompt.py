"""The guide for language models: it keeps its budget, has every function, and shows nothing that is wrong."""

from __future__ import annotations

import json
import re

import dslc
from dslc.grammar.words import LIMITS, MARKET_DATA, TIMEFRAMES
from dslc.guides.pages import PLAIN, codes, expanded
from dslc.guides.prompt import LEAST_BUDGET, MISTAKES, prompt
from dslc.runtime.registry import functions, public_names
import pytest

from .test_functions import document, example_of

WHOLE = prompt()
PARTS = re.findall(r"^## (.*)$", WHOLE, re.MULTILINE)
BLOCKS = re.findall(r"```json\n(.*?)\n```", WHOLE, re.DOTALL)


def test_it_never_exceeds_its_budget() -> None:
    for budget in [*range(LEAST_BUDGET, len(WHOLE) + 200, 37), 10**9]:
        text = prompt(budget)
        assert len(text) <= budget
        assert (text == WHOLE) == (len(WHOLE) <= budget)
        assert "## A whole strategy" in text
        assert "## Expressions" in text


def test_a_budget_is_used() -> None:
    """What is left out would not have fitted: no part that is missing is shorter than the room left."""
    for budget in range(LEAST_BUDGET, len(WHOLE), 211):
        text = prompt(budget)
        missing = [part for part in PARTS if f"## {part}\n" not in text]
        for part in missing:
            (body,) = re.findall(rf"^## {part}\n.*?(?=\n\n## |\Z)", WHOLE, re.MULTILINE | re.DOTALL)
            assert len(text) + len(body) + 2 - len(f", {part}") > budget or len(missing) == 1


def test_what_is_left_out_is_said() -> None:
    for budget in range(LEAST_BUDGET, len(WHOLE), 211):
        text = prompt(budget)
        said = text.rpartition("Left out for want of room: ")[2].rstrip(".").split(", ")
        missing = {part.lower() for part in PARTS if f"## {part}\n" not in text}
        assert missing <= {one.lower() for one in said}
        assert ("examples of functions" in said) == ("E.g. " not in text)
        assert ("what functions say" in said) == ("The absolute value" not in text)


def test_too_small_a_budget_is_refused() -> None:
    with pytest.raises(ValueError, match=str(LEAST_BUDGET)):
        prompt(LEAST_BUDGET - 1)


def test_the_whole_strategy_is_valid_and_alive() -> None:
    text = BLOCKS[0]
    assert dslc.validate(text) == []
    strategy = dslc.compile(text)
    assert strategy.max_score == 100


def test_the_fragments_are_valid() -> None:
    for block in BLOCKS[1:]:
        assert dslc.validate(expanded(block)) == []


def test_the_mistakes_are_mistakes_and_their_mends_are_none() -> None:
    shown = re.findall(r"^  (wrong|right): (.*)$", WHOLE, re.MULTILINE)
    assert [kind for kind, _ in shown] == ["wrong", "right"] * len(MISTAKES)
    for code, (_, wrong), (_, right) in zip(MISTAKES, shown[::2], shown[1::2], strict=True):
        assert code in {found.code for found in dslc.validate(expanded(wrong))}
        assert [found for found in dslc.validate(expanded(right)) if found.severity == "error"] == []
    assert set(MISTAKES) <= set(codes())


def test_expressions_in_backticks_are_valid() -> None:
    names = {"a": "close", "b": "open", "n": "20", "x": "close"}
    tried = 0
    for text in re.findall(r"`([^`\n]+)`", WHOLE):
        if not re.search(r"[<>=] ", text) or "40 < x < 65" in text:
            continue
        source = {key: json.loads(value) for key, value in PLAIN.items()}
        source["inputs"] = {name: value for name, value in names.items() if re.search(rf"\b{name}\b", text)}
        source["conditions"] = {"up": text}
        assert [found for found in dslc.validate(source) if found.severity == "error"] == [], text
        tried += 1
    assert tried >= 5


@pytest.mark.parametrize("name", public_names())
def test_every_function_is_there_with_its_arguments_and_its_example(name: str) -> None:
    function = functions()[name]
    listed = WHOLE.partition("## Functions\n")[2].partition("\n## ")[0]
    (line,) = re.findall(rf"^- {name}\((.*)$", listed, re.MULTILINE)
    shown = [re.split(":| =", argument)[0] for argument in line.partition("):")[0].split(", ") if argument]
    assert [text.partition(" = ")[0] for text in shown] == [found.name for found in function.parameters]
    _, examples = example_of(function)
    given = line.partition("E.g. ")[2]
    for expression, values in examples:
        assert f"{expression}: {' '.join(values)}" in given
        made = (
            document({}, {"it": expression}) if function.result == "truth" else document({"it": expression})
        )
        assert [found for found in dslc.validate(made) if found.severity == "error"] == []
    assert f"{name}(" in prompt(LEAST_BUDGET)


def test_the_vocabulary_and_the_limits_are_those_of_the_language() -> None:
    for word in (*TIMEFRAMES, *MARKET_DATA):
        assert re.search(rf"\b{word}\b", WHOLE)
    for limit in (LIMITS.entries, LIMITS.expression_characters, LIMITS.window, LIMITS.weight, LIMITS.nodes):
        assert f"{limit:,}" in WHOLE


def test_the_operators_stand_in_the_order_in_which_they_bind() -> None:
    """An independent reading: an operator binds more loosely where `a X b Y c` is `a X (b Y c)`."""
    (line,) = re.findall(r"loosest first: (.*?) \(", WHOLE)
    groups = [group.split() for group in line.split("; ")]
    assert groups[:2] == [["OR"], ["AND"]]
    from dslc.grammar.parser import parse

    for looser, tighter in (("OR", "AND"), ("AND", "<"), ("<", "+"), ("-", "*")):
        places = [next(i for i, group in enumerate(groups) if sign in group) for sign in (looser, tighter)]
        assert places[0] < places[1]
        tree = parse(f"a {looser} b {tighter} c").tree
        assert getattr(tree, "operator", None) == looser


def test_it_is_the_same_every_time_and_plain_text() -> None:
    assert prompt() == WHOLE
    assert all(line == line.rstrip() for line in WHOLE.splitlines())
    assert all(letter.isprintable() or letter == "\n" for letter in WHOLE)
