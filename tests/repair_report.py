"""Prints how much of the corpus of broken strategies `dslc fix` repairs: `python -m tests.repair_report`.

A case is repaired where the document is valid afterwards and is, character by character, what the corpus says
that its author meant. Cases that nobody can repair count as much as all others; documents that are valid,
with warnings alone, do not count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.broken import Case, cases, is_repaired


@dataclass(frozen=True)
class Row:
    """A class of mistakes: how many cases, of which `fix` repairs some, and `fix --unsafe` some more."""

    kind: str
    count: int
    safe: int
    unsafe: int


def rows() -> list[Row]:
    """A row for each class, and one for all together."""
    count, safe, unsafe = Counter[str](), Counter[str](), Counter[str]()
    for case in filter(Case.is_invalid, cases()):
        for kind in (case.kind, "all"):
            count[kind] += 1
            safe[kind] += is_repaired(case)
            unsafe[kind] += is_repaired(case, unsafe=True)
    return [
        Row(kind, count[kind], safe[kind], unsafe[kind]) for kind in [*sorted(set(count) - {"all"}), "all"]
    ]


def table(found: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| class of mistakes | cases | `dslc fix` | with `--unsafe` |", "|---|---:|---:|---:|"]
    for row in found:
        shares = (f"{100 * part / row.count:.0f} %" for part in (row.safe, row.unsafe))
        lines.append(f"| {row.kind} | {row.count} | {' | '.join(shares)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(rows()), end="")
