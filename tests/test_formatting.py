"""Formatting: the canonical form says the same in one way, and nothing is lost on the way there."""

from __future__ import annotations

import json
from pathlib import Path
import random
import stat
import subprocess
import sys
from typing import Any

import dslc
from hypothesis import given, settings
import pytest

from . import oracle, programs

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.json"))
PARAMETERS = (ROOT / "examples" / "tunable-crossover.json").read_text(encoding="utf-8")
SMALL: dict[str, Any] = {
    "configuration": {"timeframe": "1D"},
    "inputs": {"b": "ema( close,9 )", "a": "b+1"},
    "conditions": {"up": "((close>a))"},
    "score": {"up": 10},
    "decision": {"entry": "up"},
}


def said(document: dict[str, Any]) -> dict[str, Any]:
    """A document with the trees of its expressions, read by another parser than that of the product."""
    found = {key: value for key, value in document.items() if key not in ("inputs", "conditions", "decision")}
    for section in ("inputs", "conditions", "decision"):
        found[section] = [(name, flat(oracle.parse(text))) for name, text in document[section].items()]
    return {**found, "score": list(document["score"].items())}


LEVELS = {"OR": 1, "AND": 2, "+": 3, "-": 3, "*": 4, "/": 4}


def flat(node: Any) -> Any:
    """The tree in which `(a AND b) AND c` is `a AND b AND c`, and `(x[1])[2]` is `x[1][2]`."""
    if isinstance(node, list):
        return [flat(one) for one in node]
    if not isinstance(node, tuple):
        return node
    found = tuple(map(flat, node))
    if found[0] == "chain" and found[1][0] == "chain":
        _, (_, left, links), more = found
        if LEVELS.get(links[0][0], 0) == LEVELS.get(more[0][0], -1):
            return "chain", left, links + more
    if found[0] == "at" and found[1][0] == "at":
        _, (_, operand, offsets), more = found
        return "at", operand, offsets + more
    return found


@settings(max_examples=150, deadline=None)
@given(programs.strategies(), programs.SEEDS)
def test_the_canonical_form_says_what_the_document_says(document: dict[str, Any], seed: int) -> None:
    text = programs.text(document, random.Random(seed))
    formatted = dslc.format_document(text)
    assert said(json.loads(formatted)) == said(json.loads(text))
    assert dslc.compile(formatted).hash == dslc.compile(text).hash


@settings(max_examples=100, deadline=None)
@given(programs.texts())
def test_the_canonical_form_of_itself_is_itself(text: str) -> None:
    formatted = dslc.format_document(text)
    assert dslc.format_document(formatted) == formatted


@settings(max_examples=50, deadline=None)
@given(programs.strategies(), programs.SEEDS, programs.SEEDS)
def test_every_way_to_write_a_document_has_the_same_canonical_form(
    document: dict[str, Any], one: int, other: int
) -> None:
    texts = [programs.text(document, random.Random(seed)) for seed in (one, other)]
    assert dslc.format_document(texts[0]) == dslc.format_document(texts[1])


@settings(max_examples=150, deadline=None)
@given(programs.mutants())
def test_what_is_invalid_is_refused_with_its_diagnostics(text: str) -> None:
    found = dslc.validate(text)
    if any(diagnostic.severity == "error" for diagnostic in found):
        with pytest.raises(dslc.StrategyError) as refusal:
            dslc.format_document(text)
        assert refusal.value.diagnostics == found
    else:
        dslc.format_document(text)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_keep_hash_metadata_and_parameters(path: Path) -> None:
    before, after = dslc.compile(path), dslc.compile(dslc.format_document(path))
    assert (before.hash, before.metadata) == (after.hash, after.metadata)
    assert list(before.parameters.items()) == list(after.parameters.items())


def test_keys_stand_in_the_order_of_the_schema_and_names_in_that_of_their_author() -> None:
    turned = dict(reversed([*SMALL.items(), ("name", "n"), ("$schema", "s"), ("language", 1)]))
    found = json.loads(dslc.format_document(json.dumps(turned)))
    assert list(found) == [
        "$schema",
        "name",
        "language",
        "configuration",
        "inputs",
        "conditions",
        "score",
        "decision",
    ]
    assert list(found["inputs"].items()) == [("b", "ema(close, 9)"), ("a", "b + 1")]
    declared = {"max": 50, "unit": "candles", "default": 9, "min": 5}
    document = json.loads(PARAMETERS)
    document["parameters"]["fast"] = declared
    found = json.loads(dslc.format_document(document))
    assert list(found["parameters"]["fast"].items()) == [
        ("default", 9),
        ("min", 5),
        ("max", 50),
        ("unit", "candles"),
    ]


@pytest.mark.parametrize("spelling", ["10", "10.0", "1e1", "1.0E+1", "-0", "100000000.0"])
def test_numbers_of_the_json_text_keep_their_spelling(spelling: str) -> None:
    text = json.dumps(SMALL).replace('"up": 10', f'"up": {spelling}')
    assert f'"up": {spelling}\n' in dslc.format_document(text)


def test_a_list_of_numbers_is_one_line_and_a_list_of_texts_is_not() -> None:
    document = json.loads(PARAMETERS)
    document["parameters"]["level"] = {"default": 60, "choices": [40, 60.5, 60]}
    formatted = dslc.format_document(document)
    assert '      "choices": [40, 60.5, 60]\n' in formatted
    assert '  "constraints": [\n    "fast < slow"\n  ],\n' in formatted


def test_what_a_screen_does_not_show_is_an_escape() -> None:
    document = {**SMALL, "name": "a\u202eb\u2028c\x7f é 日本 \U000e0041"}
    formatted = dslc.format_document(document)
    assert '"a\\u202eb\\u2028c\\u007f é 日本 \\udb40\\udc41"' in formatted
    assert json.loads(formatted)["name"] == document["name"]


def test_an_envelope_keeps_its_other_keys_and_their_spelling() -> None:
    inner = json.dumps(SMALL)
    raw = f'{{"z": [1.50, {{"b": 1e3, "a": null}}], "strategySnapshotJson": {json.dumps(inner)}, "a": true}}'
    formatted = dslc.format_document(raw)
    assert list(json.loads(formatted)) == ["z", "strategySnapshotJson", "a"]
    assert "1.50" in formatted
    assert "1e3" in formatted
    assert "\n" not in json.loads(formatted)["strategySnapshotJson"]
    assert dslc.compile(formatted).metadata == {"z": [1.5, {"b": 1000.0, "a": None}], "a": True}
    assert dslc.compile(formatted).hash == dslc.compile(SMALL).hash
    assert dslc.format_document(formatted) == formatted


def test_an_expression_that_would_grow_beyond_its_limit_stays_as_it_is() -> None:
    long = "+".join(["close"] * 682)
    document = {**SMALL, "inputs": {"a": long}}
    formatted = dslc.format_document(document)
    assert json.loads(formatted)["inputs"]["a"] == long
    assert dslc.format_document(formatted) == formatted


def test_a_document_that_would_grow_beyond_its_limit_is_refused() -> None:
    inputs = {f"i{number}": "close" for number in range(2)}
    text = json.dumps({**SMALL, "inputs": {**inputs, "a": "close"}}, separators=(",", ":"))
    text = text.replace('"inputs"', f'"description":"{"x" * (262_144 - len(text) - 17)}","inputs"')
    assert len(text) == 262_144
    dslc.compile(text)
    with pytest.raises(dslc.StrategyError, match="E601"):
        dslc.format_document(text)


# --- the command ----------------------------------------------------------------------------------


def fmt(*args: object, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "dslc", "fmt", *map(str, args)], input=stdin, capture_output=True
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    return done.returncode, out, err


def test_files_are_rewritten_in_place_and_keep_their_rights(tmp_path: Path) -> None:
    path, done, broken = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"
    path.write_text(json.dumps(SMALL))
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    done.write_text(dslc.format_document(SMALL))
    broken.write_text("{")
    times = done.stat().st_mtime_ns
    code, out, err = fmt(link, done, broken)
    assert code == 1
    assert out == (
        f"reformatted {link}\n1 file reformatted, 1 file left unchanged, 1 file invalid and not touched\n"
    )
    assert "error[E1" in err
    assert path.read_text() == dslc.format_document(SMALL)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (broken.read_text(), done.stat().st_mtime_ns) == ("{", times)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.json", "b.json", "c.json", "link.json"]
    assert fmt(tmp_path / "a.json")[0] == 0


def test_check_and_diff_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(raw := json.dumps(SMALL).replace("}, ", "},\r\n").encode())
    assert fmt("--check", path)[:2] == (1, f"would reformat {path}\n1 file would be reformatted\n")
    code, out, err = fmt("--diff", path)
    assert code == 1
    assert out.startswith(f"--- {path}\n+++ {path} (canonical)\n")
    assert '+    "a": "b + 1"\n' in out
    assert "},\r\n" in out
    assert err == "1 file would be reformatted\n"
    assert path.read_bytes() == raw
    assert fmt(path)[0] == 0
    assert fmt("--check", "--diff", path) == (0, "", "1 file already canonical\n")


def test_standard_input_goes_to_standard_output() -> None:
    raw = json.dumps(SMALL).encode()
    assert fmt("-", stdin=raw) == (0, dslc.format_document(SMALL), "")
    assert fmt("-", "--check", stdin=raw) == (1, "", "")
    code, out, err = fmt("-", stdin=b'{"inputs": 1}')
    assert (code, out) == (1, "")
    assert err.startswith("<stdin>:1:")


def test_misuse_and_what_cannot_be_read_end_in_two(tmp_path: Path) -> None:
    assert fmt()[0] == 2
    assert fmt("-", ROOT / "examples" / "veto.json")[0] == 2
    assert fmt(tmp_path)[0] == 2
    code, out, err = fmt(tmp_path / "no.json")
    assert (code, out) == (2, "1 file could not be read or written\n")
    assert err == f"dslc: {tmp_path / 'no.json'}: No such file or directory\n"
