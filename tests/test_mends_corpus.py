"""The corpus of broken strategies: what is found in each, and what `fix` makes of it."""

from __future__ import annotations

from collections import Counter
import json
from pathlib import Path
import re

import dslc
from dslc.grammar.catalogue import CATALOGUE
import pytest

from .broken import Case, cases, is_repaired

ROOT = Path(__file__).parent.parent
CASES = cases()
NEED_PYTHON = {"E114", "E313", "E505", "E611", "E612", "E613", "E614"}
VERDICTS = {code for code in CATALOGUE if "W707" <= code < "W721"}

every_case = pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])


@every_case
def test_every_mistake_is_found_at_its_place(case: Case) -> None:
    found = [
        f"{one.code} {one.line}:{one.column}" if one.line else one.code
        for one in dslc.validate(case.source)
        if case.kind == "verdicts" or one.code not in VERDICTS
    ]
    shown = [*found[:3], "…", *found[-1:]] if len(found) > 12 else found
    assert shown == list(case.expect)
    assert found


@every_case
def test_it_becomes_what_it_should(case: Case) -> None:
    """What is safe is mended to the letter, guesses only with `unsafe`, and the rest is left alone."""
    alone, with_guesses = is_repaired(case), is_repaired(case, unsafe=True)
    assert (alone, with_guesses) == (case.safe, case.mended is not None)
    if case.mended is not None:
        assert [one for one in dslc.validate(case.mended) if one.severity == "error"] == []
        assert case.mended != case.source
    elif case.is_invalid():
        assert not dslc.fix(case.source, unsafe=True).valid


def test_there_are_enough_cases_of_every_code() -> None:
    assert len(CASES) >= 250
    assert len({case.label for case in CASES}) == len(CASES)
    seen = Counter(code for case in CASES for code in {place.split()[0] for place in case.expect})
    wanted = set(CATALOGUE) - NEED_PYTHON
    assert {code for code in wanted if seen[code] < 2} == set()


def test_the_shares_that_are_stated_are_those_of_the_report() -> None:
    from .repair_report import rows, table

    written = (ROOT / "tests" / "cases" / "README.md").read_text(encoding="utf-8")
    found = rows()
    assert table(found) in written
    total = found[-1]
    share = re.search(r"`dslc fix` alone repairs ([0-9]+) % of ([0-9,]+) broken strategies", README)
    assert share is not None
    assert (int(share[1]), int(share[2].replace(",", ""))) == (
        round(100 * total.safe / total.count),
        total.count,
    )


README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_files_of_the_corpus_say_what_they_are() -> None:
    for path in sorted((ROOT / "tests" / "cases" / "broken").glob("*.json")):
        assert set(json.loads(path.read_text(encoding="utf-8"))) == {"about", "cases"}
