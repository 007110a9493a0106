"""Runs the cases in cases/signals: a strategy and bars in, series out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dslc
import numpy as np
import pytest

FILES = sorted((Path(__file__).parent / "cases" / "signals").glob("*.json"))
CASES = [(path.stem, case) for path in FILES for case in json.loads(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    "case", [case for _, case in CASES], ids=[f"{stem}: {case['name']}" for stem, case in CASES]
)
def test_signals(case: dict[str, Any]) -> None:
    result = dslc.compile(case["strategy"]).evaluate(case["bars"])
    expect = case["expect"]
    assert set(expect) & {"inputs", "conditions", "score", "score_low", "score_high", "entry"}
    for name, values in expect.get("inputs", {}).items():
        wanted = np.array([np.nan if value is None else value for value in values], float)
        np.testing.assert_allclose(
            result.inputs[name], wanted, rtol=expect.get("tolerance", 0), atol=0, err_msg=name
        )
    for name, values in expect.get("conditions", {}).items():
        assert result.conditions[name].tolist() == values, name
    for name in ("score", "score_low", "score_high", "entry"):
        if name in expect:
            assert getattr(result, name).tolist() == expect[name], name
