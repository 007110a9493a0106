"""The reference of all codes as one Markdown text: `docs/diagnostics.md`, written by `make reference`."""

from __future__ import annotations

from .pages import COPIES, FAMILIES, FRAGMENTS, PLAIN, PYTHON, as_markdown, codes, expanded, page

_INTRODUCTION = f"""\
# Diagnostics

What `dslc validate` can say, by its code. A code keeps its meaning for ever. `dslc explain CODE` prints
one of these pages; `make reference` writes this file, from the docstrings in `grammar/catalogue/`.

{FRAGMENTS} That strategy is:

```json
{expanded(f'"inputs": {PLAIN["inputs"]}')}
```

{COPIES} {PYTHON}"""


def reference() -> str:
    """All pages as Markdown, by family, each family after a list of its codes.

    >>> reference().splitlines()[0]
    '# Diagnostics'
    """
    parts = [_INTRODUCTION]
    for family, title in FAMILIES.items():
        members = [code for code in codes() if code.startswith(family)]
        parts.append(f"## {family}: {title}")
        parts.append("\n".join(_entry(code) for code in members))
        parts += [as_markdown(page(code), level=3) for code in members]
    return "\n\n".join(parts) + "\n"


def _entry(code: str) -> str:
    """A line of the list, which leads to the page."""
    name = page(code).name
    anchor = f"{code}-{name.replace(' ', '-')}".lower()
    return f"- [{code}: {name}](#{anchor})"
