"""The reference of all codes as Markdown: one text for the command line, and a page a family.

The pages are `docs/diagnostics.md`, which lists the codes, and `docs/diagnostics/E1.md` and so on.
"""

from __future__ import annotations

from .pages import COPIES, FAMILIES, FRAGMENTS, PLAIN, PYTHON, as_markdown, codes, expanded, page

FOLDER = "diagnostics"

_INTRODUCTION = f"""\
# Diagnostics

What `dslc validate` can say, by its code. A code keeps its meaning for ever. `dslc explain CODE` prints
one of these pages; `make reference` writes them, from the docstrings in `grammar/catalogue/`.

{FRAGMENTS} That strategy is:

```json
{expanded(f'"inputs": {PLAIN["inputs"]}')}
```

{COPIES} {PYTHON}"""


def reference() -> str:
    """All pages as one Markdown text, by family, each family after a list of its codes.

    >>> reference().splitlines()[0]
    '# Diagnostics'
    """
    parts = [_INTRODUCTION]
    for family in FAMILIES:
        parts.append(f"## {_title(family)}")
        parts.append(_listed(family, ""))
        parts += [as_markdown(page(code), level=3) for code in _members(family)]
    return "\n\n".join(parts) + "\n"


def diagnostic_pages() -> dict[str, str]:
    """The list of all codes and the pages of the families, by their paths in the documentation.

    >>> sorted(diagnostic_pages())[:2]
    ['diagnostics.md', 'diagnostics/E1.md']
    """
    parts = [_INTRODUCTION]
    found = {}
    for family in FAMILIES:
        path = f"{FOLDER}/{family}.md"
        parts += [f"## {_title(family)}", _listed(family, path)]
        shown = [as_markdown(page(code), level=2) for code in _members(family)]
        found[path] = "\n\n".join([f"# {_title(family)}", *shown]) + "\n"
    contents = "\n".join(
        ["```{toctree}", ":hidden:", "", *(path.removesuffix(".md") for path in found), "```"]
    )
    return {f"{FOLDER}.md": "\n\n".join([*parts, contents]) + "\n", **found}


def _title(family: str) -> str:
    return f"{family}: {FAMILIES[family]}"


def _members(family: str) -> list[str]:
    return [code for code in codes() if code.startswith(family)]


def _listed(family: str, path: str) -> str:
    """A line for every code, which leads to its section on a page."""
    return "\n".join(f"- [{code}: {page(code).name}]({path}#{_anchor(code)})" for code in _members(family))


def _anchor(code: str) -> str:
    return f"{code}-{page(code).name.replace(' ', '-')}".lower()
