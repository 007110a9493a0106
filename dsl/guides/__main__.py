"""Writes what is made of the documentation anew: `python -m dslc.guides`, in a checkout.

`written` has every page and picture that is made, by its path in the folder of the documentation, and the
pages by hand that have tables, or results of recipes, made anew in them.
"""

from __future__ import annotations

from pathlib import Path
import sys

import dslc

from ..__main__ import cli
from ..runtime.registry import public_names
from .command_page import command_page
from .drawn_functions import CAPTION, drawn_functions
from .function_pages import FOLDER, page_of
from .marked import refreshed
from .python_page import python_page
from .recipes import retold
from .reference import diagnostic_pages

DOCS, BARS = Path("docs"), Path("examples/bars")
PICTURES = f"{FOLDER}/pictures"
BY_HAND = ("language.md", "functions.md", "cookbook.md")


def written(docs: Path, bars: Path) -> dict[str, str]:
    """Every file that is made, and what is in it."""
    pages = {f"{FOLDER}/{name}.md": page_of(name, CAPTION) for name in public_names()}
    pictures = {f"{PICTURES}/{name}.svg": drawn for name, drawn in drawn_functions(bars).items()}
    hand = {name: retold(refreshed((docs / name).read_text(encoding="utf-8")), bars) for name in BY_HAND}
    others = {"commands.md": command_page(cli), "python.md": python_page(dslc)}
    return {**diagnostic_pages(), **pages, **pictures, **hand, **others}


def write(docs: Path, bars: Path) -> None:
    """Write all files that differ, and remove made ones of what is no more."""
    found = written(docs, bars)
    for stale in made_before(docs) - set(found):
        (docs / stale).unlink()
    for name, text in found.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def made_before(docs: Path) -> set[str]:
    """The files in the folders that have nothing but made ones."""
    folders = (docs / FOLDER, docs / PICTURES, docs / "diagnostics")
    return {str(path.relative_to(docs)) for folder in folders for path in folder.glob("*.*")}


if __name__ == "__main__":
    if not all((DOCS / name).exists() for name in BY_HAND):
        sys.exit("dslc.guides writes the documentation of a checkout: run it where docs/ is")
    write(DOCS, BARS)
