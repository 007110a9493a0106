"""What the documentation, README and docstrings show is what happens, and nothing that is made is stale."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import json
import os
from pathlib import Path
import re
import subprocess
import sys
import tomllib
from typing import get_args
from xml.etree import ElementTree

import dslc
from dslc.__main__ import cli
from dslc.guides import calls, drawn_functions, families
from dslc.guides.__main__ import made_before, written
from dslc.guides.marked import MAKERS
from dslc.guides.pages import codes
from dslc.guides.recipes import recipes
from dslc.runtime.registry import ParameterKind, functions, public_names
import numpy as np
import pytest

from .snippets import Snippet, check, snippets

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BY_HAND = [DOCS / f"{name}.md" for name in ("index", "language", "functions", "cookbook", "how-it-works")]
EXAMPLES = [found for path in BY_HAND for found in snippets(path)]
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


def test_the_strategies_in_the_readme_are_valid() -> None:
    texts = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    assert len(texts) >= 2
    assert [dslc.validate(text) for text in texts] == [[]] * len(texts)


def test_the_readme_counts_the_functions() -> None:
    assert f"[{len(public_names())} functions](docs/functions.md)" in README


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


# --- the site ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return written(DOCS, ROOT / "examples" / "bars")


def test_what_is_made_is_what_would_be_made_now(made: dict[str, str]) -> None:
    stale = [
        name
        for name, text in made.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `make reference`"
    assert made_before(DOCS) <= set(made), "run `make reference`"


def test_no_page_has_characters_that_nobody_sees(made: dict[str, str]) -> None:
    for name, text in made.items():
        assert all(letter.isprintable() or letter == "\n" for letter in text), name


def test_every_page_is_made_or_written_by_hand(made: dict[str, str]) -> None:
    assert {str(path.relative_to(DOCS)) for path in PAGES} == {
        name for name in made if name.endswith(".md")
    } | {path.name for path in BY_HAND}


@pytest.mark.parametrize("snippet", EXAMPLES, ids=lambda found: f"{found.page}:{found.line}")
def test_the_examples_of_the_documentation_hold(snippet: Snippet) -> None:
    if snippet.pending:
        assert snippet.kind != "strategy" or json.loads(snippet.text)
        pytest.skip("this part of the language is not here yet")
    check(snippet)


@pytest.mark.parametrize(
    "snippet", [found for found in EXAMPLES if found.codes], ids=lambda found: f"{found.page}:{found.line}"
)
def test_an_example_with_a_finding_says_so_above(snippet: Snippet) -> None:
    lines = (DOCS / snippet.page).read_text(encoding="utf-8").splitlines()
    assert set(re.findall(r"\[([EW]\d{3})\]\(", lines[snippet.line - 3])) == snippet.codes


def test_the_documentation_has_examples_of_every_kind() -> None:
    kinds = {found.kind for found in EXAMPLES if not found.pending}
    assert kinds == {"strategy", "part", "recipe", "values", "candles", "same", "errors", "wrong"}
    cookbook = (DOCS / "cookbook.md").read_text(encoding="utf-8")
    assert len(recipes(cookbook)) == len(re.findall("json recipe", cookbook)) >= 12


def test_an_example_that_is_wrong_is_found() -> None:
    for words, text in (
        ("strategy", '{"configuration": {}}'),
        ("part", '"conditions": {"up": "close"}'),
        ("E306", '"conditions": {"up": "close > open"}'),
        ("values", "close: 1 2\nclose + 1: 2 4"),
        ("values", "close: 1 2\nclose > 1: 1 1"),
        ("same", "close + open * 2 ≡ (close + open) * 2"),
        ("candles", "close: 1 2\nscore: 10 10"),
        ("errors", "close > open E206"),
        ("errors", "close > +open E206"),
    ):
        with pytest.raises(AssertionError):
            check(Snippet("here", 1, (words,), text, before='"inputs": {}'))


def test_everything_that_can_be_named_has_a_page(made: dict[str, str]) -> None:
    for name in public_names():
        assert f"# {name}\n" in made[f"functions/{name}.md"]
        assert f"](functions/{name}.md)" in made["functions.md"]
    diagnostics = [text for name, text in made.items() if name.startswith("diagnostics/")]
    for code in codes():
        assert sum(f"\n## {code}: " in text for text in diagnostics) == 1
        assert f"[{code}: " in made["diagnostics.md"]
    for name in dslc.__all__:
        assert name == "__version__" or made["python.md"].count(f"\n### {name}\n") == 1
    for name in cli.commands:
        assert f"\n## dslc {name}\n" in made["commands.md"]


def test_every_table_that_is_made_is_in_a_page() -> None:
    marked = {
        name for path in BY_HAND for name in re.findall(r"<!-- made: (.+?) -->", path.read_text("utf-8"))
    }
    assert marked == set(MAKERS)


def test_every_kind_of_argument_is_described_and_has_a_value_for_pictures() -> None:
    kinds = set(get_args(ParameterKind))
    assert set(families.KINDS) == kinds
    assert {one.kind for name in public_names() for one in functions()[name].parameters} <= kinds
    assert all(name in functions() or name in {"inSession"} for name in calls._OWN)


def test_every_reading_that_is_marked_has_a_reason() -> None:
    text, _, readings = (DOCS / "language.md").read_text(encoding="utf-8").partition("\n## Readings\n")
    marked = text.count("◆") - 1  # the first says what the mark means
    assert marked == len(re.findall(r"^\| ", readings, re.MULTILINE)) - 1 == 7


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts and the site make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("*.md")], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT)
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", public_names())
def test_a_picture_is_small_and_says_what_it_shows(name: str) -> None:
    path = DOCS / "functions" / "pictures" / f"{name}.svg"
    drawn = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    svg = "{http://www.w3.org/2000/svg}"
    title = drawn.findtext(f"{svg}title") or ""
    assert f"{name}(" in title
    assert "IBM" in title
    assert drawn.findtext(f"{svg}desc")
    assert path.stat().st_size < 12_000
    assert "NaN" not in path.read_text(encoding="utf-8")
    curves = [one for one in drawn.iter(f"{svg}path") if one.get("class") in {"line", "dot", "mark"}]
    assert curves
    assert any(len(one.get("d") or "") > 20 for one in curves)


def test_the_last_digits_of_values_do_not_reach_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may differ between machines where a function has a logarithm in it."""
    bars = ROOT / "examples" / "bars"
    plain = drawn_functions.drawn_functions(bars)
    rng = np.random.default_rng(0)
    truths = {name for name in public_names() if functions()[name].result == "truth"}

    def shaken(of: dslc.Bars) -> dict[str, np.ndarray]:
        found = calls.typical_values(of)
        by = {name: rng.choice([-2, 0, 2, 4], len(values)) * 1e-16 for name, values in found.items()}
        return {name: values * (1 + (0 if name in truths else by[name])) for name, values in found.items()}

    monkeypatch.setattr(drawn_functions, "typical_values", shaken)
    assert drawn_functions.drawn_functions(bars) == plain
    monkeypatch.setattr(drawn_functions, "typical_values", lambda of: {**shaken(of), "ema": of.close})
    assert drawn_functions.drawn_functions(bars)["ema"] != plain["ema"]


def test_the_site_is_built_with_pinned_tools_and_loads_nothing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    for wanted in project["project"]["optional-dependencies"]["docs"]:
        name = re.split(r"[>=\[]", wanted)[0].lower()
        assert name.startswith("dslc") or f"\n{name}==" in pinned
    assert "http" not in (DOCS / "conf.py").read_text(encoding="utf-8")
    assert "site/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
