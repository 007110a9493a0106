"""An expression that was read before becomes the same nodes as one that is read for the first time."""

from __future__ import annotations

import random
from typing import Any

from dslc.compiler import analyze, repeats
from dslc.compiler.front import check
from dslc.grammar import parser
from dslc.grammar.document import load
import pytest

from . import programs


def facts(document: dict[str, Any]) -> Any:
    """All that analysis finds out, the trees by their places."""
    checked, diagnostics = check(load(document))
    assert checked is not None, diagnostics
    truths = [(pointer, node.start, node.end, number) for pointer, node, number in checked.truths]
    roots = checked.inputs, checked.conditions, checked.score, checked.entry
    return list(checked.graph.nodes), roots, truths, checked.used, diagnostics


@pytest.mark.parametrize("seed", range(12))
def test_repeated_expressions_make_the_same_graph(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    documents = [programs.strategy(rng, size=3, alive=k % 2 == 0) for k in range(25)]
    with monkeypatch.context() as alone:
        alone.setattr(analyze, "repeated", lambda analyzer, text: None)
        walked = [facts(document) for document in documents]
    for _ in range(4):
        assert [facts(document) for document in documents] == walked
    assert sum(kept is not None for kept in repeats._kept.values()) >= 50


def test_other_meanings_of_the_same_text_are_not_mixed_up() -> None:
    def document(n: str, condition: str) -> dict[str, Any]:
        return {
            "configuration": {"timeframe": "1H"},
            "inputs": {"n": n, "mean": "sma(close, 4)"},
            "conditions": {"up": condition},
            "score": {"up": 1},
            "decision": {"entry": "score >= 1"},
        }

    for text in ("close > sma(close, n)", "close[n] > mean", "n > 3", "close > n AND mean > n"):
        for _ in range(3):
            found = {n: facts(document(n, text))[0] for n in ("3", "4", "2 + 2", "1 * 3")}
            assert found["3"] != found["4"]
        for n in ("2.5", "close"):
            checked, diagnostics = check(load(document(n, text)))
            refused = "[n]" in text or "sma(" in text
            assert (checked is None) == refused, diagnostics


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_KEPT", 10)
    monkeypatch.setattr(parser, "_KEPT", 10)
    for k in range(40):
        for _ in range(3):
            facts(
                {
                    "configuration": {"timeframe": "1H"},
                    "inputs": {},
                    "conditions": {"up": f"close > {k}"},
                    "score": {"up": 1},
                    "decision": {"entry": f"score >= {k}"},
                }
            )
    assert len(repeats._kept) <= 12
    assert len(parser._times) <= 12
