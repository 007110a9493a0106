"""The warnings that a caller does not want to hear: reads their codes, and parts what was found by them.

Errors cannot be ignored, because there is nothing to run where one is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .grammar.diagnostics import Diagnostic


def ignored_codes(names: Iterable[str]) -> frozenset[str]:
    """The codes that are named: `W711`, `w711` or by their names; one text may name several, with commas.

    Raises ValueError for an error and for what is no code.

    >>> sorted(ignored_codes(["W711, w714"])), sorted(ignored_codes("W711"))
    (['W711', 'W714'], ['W711'])
    """
    texts = [names] if isinstance(names, str) else names
    return frozenset(_code(name) for text in texts for name in text.split(","))


def parted(
    diagnostics: Iterable[Diagnostic], ignored: Collection[str]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What is to be said, and what is ignored."""
    said: list[Diagnostic] = []
    left: list[Diagnostic] = []
    for found in diagnostics:
        (left if found.code in ignored else said).append(found)
    return said, left


def _code(name: str) -> str:
    from .guides.pages import find_code, unknown_code

    code = find_code(name)
    if code is None:
        raise ValueError(unknown_code(name))
    if not code.startswith("W"):
        raise ValueError(f"`{code}` is an error, and only warnings can be ignored: mend what it is about")
    return code
