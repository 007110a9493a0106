"""Finds the name that an author meant when they wrote one that does not exist.

The distance is Damerau's (a swap of two neighbours counts once), computed in a band: a name
that needs more changes than a third of its length is no suggestion. A document full of wrong
names gets a fixed amount of this work, so it cannot make the answer slow.
"""

from __future__ import annotations

from collections.abc import Iterable

from .words import LIMITS

_MAX_CELLS = 60_000


class Speller:
    """Proposes names until its budget of `LIMITS.suggestions` names or of work is spent.

    >>> Speller().nearest("emma", ["sma", "ema", "rsi"])
    'ema'
    >>> Speller().nearest("EmaFast", ["emaFast"])
    'emaFast'
    """

    def __init__(self) -> None:
        self._names = LIMITS.suggestions
        self._cells = _MAX_CELLS

    def again(self) -> Speller:
        """Another one with the same budget left."""
        other = Speller()
        other._names, other._cells = self._names, self._cells
        return other

    def nearest(self, wrong: str, known: Iterable[str]) -> str | None:
        """The known name that is nearest to `wrong`; None when none is near or the budget is spent."""
        if self._names <= 0 or len(wrong) > 64:
            return None
        self._names -= 1
        plain = _plain(wrong)
        best, least = None, 1 + max(1, len(wrong) // 3)
        for name in known:
            if _plain(name) == plain:
                return name
            if abs(len(name) - len(wrong)) >= least or self._cells <= 0:
                continue
            self._cells -= len(wrong) * (2 * least + 1)
            changes = distance(wrong.lower(), name.lower(), least)
            if changes < least:
                best, least = name, changes
        return best


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def distance(a: str, b: str, bound: int) -> int:
    """The number of insertions, deletions, replacements and swaps between two words, or `bound`.

    >>> distance("croosUp", "crossUp", 5), distance("mea", "ema", 5), distance("abc", "xyz", 2)
    (1, 1, 2)
    """
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i] + [bound] * len(b)
        low, high = max(1, i - bound), min(len(b), i + bound)
        for j in range(low, high + 1):
            y = b[j - 1]
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                least = min(least, before[j - 2] + 1)
            row[j] = least
        if min(row) >= bound:
            return bound
        before, last = last, row
    return min(last[-1], bound)
