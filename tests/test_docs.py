"""What README and docstrings show is what happens."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
from pathlib import Path
import re
import subprocess
import sys

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n\$ dslc ([^\n]*)\n(.*?)```", README, re.DOTALL)
ROOMS = {
    "grammar": "dslc.grammar",
    "runtime": "dslc.runtime",
    "schemas": "dslc.schemas",
    "compiler": "dslc.compiler",
}
MODULES = sorted(
    ".".join([package, *path.relative_to(ROOT / room).with_suffix("").parts])
    for room, package in {**ROOMS, "dsl": "dslc"}.items()
    for path in (ROOT / room).rglob("*.py")
    if not path.name.startswith("__") and ">>>" in path.read_text(encoding="utf-8")
)


def shown(command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dslc", *command.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    return done.stdout


def test_the_readme_shows_commands() -> None:
    assert len(CONSOLE) >= 2


@pytest.mark.parametrize(("command", "output"), CONSOLE, ids=[command.split()[0] for command, _ in CONSOLE])
def test_the_output_in_the_readme_is_real(command: str, output: str) -> None:
    printed = shown(command).splitlines()
    written = output.splitlines()
    assert [_as_written(line, wanted) for line, wanted in zip(printed, written, strict=False)] == written
    assert len(printed) == len(written)


def _as_written(line: str, wanted: str) -> str:
    """A printed line as the README has it, which may leave out its end, as `…`."""
    start = wanted.removesuffix("…")
    return wanted if start != wanted and line.startswith(start) else line


def test_the_python_examples_of_the_readme_print_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, as a reader would run them."""
    examples = re.findall(r"```python\n([^`]*)```\n\n(?:prints\n\n)?```text\n(.*?)```", README, re.DOTALL)
    assert len(examples) >= 3
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for code, output in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - our own document
        assert printed.getvalue() == output


def test_the_strategy_in_the_readme_is_valid() -> None:
    import dslc

    (text,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    assert dslc.validate(text) == []


def test_the_readme_says_what_the_corpus_shows_of_repairs() -> None:
    table = (ROOT / "tests" / "cases" / "README.md").read_text(encoding="utf-8")
    (whole,) = re.findall(r"^\| all \| (\d+) \| (\d+ %) \|", table, re.MULTILINE)
    assert f"repairs {whole[1]} of {whole[0]} broken strategies" in README


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_hold(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried
    assert failed == 0


def test_the_readmes_function_example_needs_one_declaration_only() -> None:
    """Declares the README's example in a process of its own, and evaluates it."""
    (declaration,) = re.findall(r"```python\n(@derived.*?)```", README, re.DOTALL)
    code = (
        "from dslc.runtime.registry import Series, derived, functions\n"
        "import dslc\n" + declaration + "\n"
        "found = dslc.compile({'configuration': {'timeframe': '1D'}, 'inputs': {'x': 'typicalPrice()'},"
        "'conditions': {'c': 'x > 0'}, 'score': {'c': 1}, 'decision': {'entry': 'c'}})\n"
        "bars = {'open': [4.0], 'high': [6.0], 'low': [3.0], 'close': [6.0]}\n"
        "print(found.evaluate(bars).inputs['x'].tolist())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[5.0]\n", done.stderr
