"""`dslc explain`, the reference that it writes, and the hooks for pre-commit."""

from __future__ import annotations

import json
import os
from pathlib import Path
import re
import subprocess
import sys

import dslc
from dslc.__main__ import cli
from dslc.grammar.catalogue import CATALOGUE
from dslc.guides.pages import codes, page
from dslc.guides.reference import reference
import pytest
import yaml

ROOT = Path(__file__).parent.parent
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def explain(*args: str, **env: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "dslc", "explain", *args]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env})
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_page_is_printed() -> None:
    status, out, err = explain("e205")
    assert (status, err) == (0, "")
    assert out.startswith("E205: foreign operator (error)\n\nAn operator of another language.")
    for part in ("Why: ", '\nWrong:\n  "conditions": {"up": "close > open && ', "\nRight:\n", " AND volume"):
        assert part in out
    assert max(map(len, out.splitlines())) <= 106


def test_all_codes_are_listed_with_a_sentence_each() -> None:
    status, out, _ = explain()
    assert status == 0
    listed = re.findall(r"^([EW]\d{3})  (.+?)  +(.+)\.$", out, re.MULTILINE)
    assert [code for code, _, _ in listed] == sorted(CATALOGUE)


@pytest.mark.parametrize("text", ["E999", "nothing", "E2\x1b[31m", "x" * 500])
def test_an_unknown_code_is_one_line_and_status_2(text: str) -> None:
    status, out, err = explain(text)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert ("is not a code; the nearest are `" if text == "E999" else "`dslc explain` lists them all") in err
    assert len(err) < 200


def test_pages_as_data_and_as_markdown() -> None:
    assert json.loads(explain("E205", "--format", "json")[1]) == dslc.explain_code("E205").as_dict()
    every = json.loads(explain("--format", "json")[1])
    assert [one["code"] for one in every] == list(codes())
    assert explain("E205", "--format", "markdown")[1].startswith("# E205: foreign operator\n")


def test_without_docstrings_a_code_still_has_its_name() -> None:
    command = [sys.executable, "-OO", "-m", "dslc", "explain", "E205"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "foreign operator" in done.stdout


@pytest.mark.parametrize("command", ["explain --format markdown", "prompt", "grammar --format gbnf"])
def test_output_that_nobody_reads_or_that_cannot_be_written_is_no_crash(command: str) -> None:
    for end, statuses in (("| true", {0, 1, 141}), ("> /dev/full", {2})):
        line = f"set -o pipefail; {sys.executable} -m dslc {command} {end}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
        assert done.returncode in statuses
        assert "Traceback" not in done.stderr


def test_the_reference_is_that_of_the_catalogue() -> None:
    assert explain("--format", "markdown")[1] == reference()


def test_the_reference_lists_and_links_every_code() -> None:
    text = reference()
    headings = re.findall(r"^### (([EW]\d{3}): .*)$", text, re.MULTILINE)
    assert [code for _, code in headings] == sorted(CATALOGUE)
    anchors = {re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-") for title, _ in headings}
    assert set(re.findall(r"\]\(#(.*?)\)", text)) == anchors
    for code in codes():
        assert (
            page(code).means.replace("_", r"\_").split("`")[0].replace("[", r"\[").split("<")[0][:40] in text
        )


def test_the_hooks_name_commands_that_are_there() -> None:
    assert [hook["id"] for hook in HOOKS] == ["dslc-validate", "dslc-fix", "dslc-fmt"]
    for hook in HOOKS:
        assert set(hook) == {"id", "name", "description", "entry", "language", "files", "require_serial"}
        program, command = hook["entry"].split()
        assert program == "dslc"
        assert command in cli.commands
        assert hook["language"] == "python"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("strategy.json", True),
        ("strategies/a b.json", True),
        ("live/strategies/deep/ema.json", True),
        ("trend.strategy.json", True),
        ("package.json", False),
        ("strategies/readme.md", False),
        ("mystrategies.json.bak", False),
        ("strategic.json", False),
    ],
)
def test_the_hooks_take_the_files_of_strategies(path: str, meant: bool) -> None:
    for hook in HOOKS:
        assert bool(re.search(hook["files"], path)) == meant
