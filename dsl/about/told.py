"""Says a difference as text: what changed, section by section, and the candles with different entries."""

from __future__ import annotations

from collections.abc import Iterator

from ..grammar.words import clipped, some
from ..render import visible
from .difference import Change, Difference
from .entries import Entries, EntryCandle

_TEXT = 100  # characters of an expression

_TITLES = {
    "timeframe": "Timeframe",
    "timezone": "Time zone",
    "symbols": "Symbols",
    "parameters": "Parameters",
    "constraints": "Constraints",
    "functions": "Functions",
    "inputs": "Inputs",
    "conditions": "Conditions",
    "score": "Score",
    "decision": "Decision",
}


def as_text(difference: Difference) -> str:
    """The difference as `dslc diff` prints it below the names of the files."""
    return "\n".join(_lines(difference))


def verdict(difference: Difference) -> str:
    """One sentence: whether anything changed, and in which way."""
    if difference.hashes[0] == difference.hashes[1] and difference.same:
        return "same strategy, same hash"
    if difference.same:
        ways = [
            (any(change.kind == "renamed" for change in difference.changes), "names"),
            (bool(difference.respelled), "spelling"),
            (bool(difference.reordered), "order"),
        ]
        return f"same meaning, other {' and '.join(way for found, way in ways if found) or 'text'}"
    kinds = [change.kind for change in difference.changes]
    counts = [f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds)]
    return f"different: {', '.join(counts)}"


def _lines(difference: Difference) -> Iterator[str]:
    yield verdict(difference)
    for section, title in _TITLES.items():
        changes = [change for change in difference.changes if change.section == section]
        if changes:
            yield ""
            yield title
            width = max(len(change.name) for change in changes)
            for change in changes:
                yield f"  {change.kind:<8} {change.name:<{width}}  {_said(change)}".rstrip()
    if difference.respelled:
        names = ", ".join(name for _, name in difference.respelled)
        yield ""
        yield f"Only written differently: {clipped(names, _TEXT)}"
    if difference.reordered:
        yield ""
        yield f"Only in another order: {', '.join(difference.reordered)}"
    if difference.entries is not None:
        yield ""
        yield from _entries(difference.entries)


def _said(change: Change) -> str:
    if change.kind == "follows":
        through = f"  (through {', '.join(change.through)})" if change.through else ""
        return f"{_shown(change.after)}{through}"
    if change.kind in ("added", "removed"):
        return _shown(change.after if change.before is None else change.before)
    return f"{_shown(change.before)} → {_shown(change.after)}"


def _shown(text: str | None) -> str:
    return visible(clipped(text or "", _TEXT))


def _entries(entries: Entries) -> Iterator[str]:
    before, after = entries.candles
    candles = f"{before:,} candles" if before == after else f"{before:,} and {after:,} candles"
    yield (
        f"Entries    A {entries.entries[0]:,}, B {entries.entries[1]:,} on {candles}: "
        f"only A {entries.only_before:,}, only B {entries.only_after:,}, both {entries.both:,}"
    )
    yield f"           scores differ on {some(entries.scores, 'candle')}"
    yield from map(_candle, entries.first)
    left_out = entries.only_before + entries.only_after - len(entries.first) - len(entries.last)
    if left_out:
        yield f"  … {left_out:,} more"
    yield from map(_candle, entries.last)


def _candle(candle: EntryCandle) -> str:
    only = "only A" if candle.only == "before" else "only B"
    close = "" if candle.close is None else f"  close {candle.close:g}"
    scores = " → ".join("none" if score is None else f"{score:,}" for score in candle.scores)
    return f"  {candle.moment}  {only}{close}  score {scores}"
