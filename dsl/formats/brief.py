"""What was found, for a language model that is to repair it: little text, in the order of repairing.

1. The same sentence about several places is one item.
2. Errors come before warnings, and causes before what may follow from them: first what hides the rest (the
   text, the syntax), then names, then what is wrong with values. Within that, the order of the text.
3. Each item has its lines, with « » around the place, a way out, a tried fix, and once a code what is right.
4. Where that is longer than the budget, the examples of what is right go first, then further places, then all
   lines and fixes. If even that is too long, there are whole items as far as the budget reaches, at least the
   beginning of the first, and how many are left out is said. No text is ever longer than its budget.
5. The first line is the verdict of the check, which also fails where warnings count or a file is unreadable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from ..grammar.diagnostics import Diagnostic
from ..grammar.source import Source
from ..grammar.words import clipped, some
from ..guides.pages import is_python, page
from ..ignoring import ignored_codes
from ..render import Checked, Unread, visible
from .checks import check_source

LEAST_BUDGET = 300
BUDGET = 6000
_ORDER = ("E1", "E2", "E3", "E5", "E4", "E6", "W7")
_WIDTH = 120
_LONGEST_FIX = 400
_LONGEST_EXAMPLE = 160
_LONGEST_REASON = 100
_ADVICE = "; mend in this order; « » mark the place\n"
_ALL, _NO_EXAMPLES, _FIRST_PLACES, _NO_LINES = range(4)


@dataclass(frozen=True)
class _Item:
    """One sentence, and every place in one file that it is about."""

    checked: Checked
    places: tuple[Diagnostic, ...]

    @property
    def first(self) -> Diagnostic:
        return self.places[0]


def brief(
    *sources: str | bytes | Path | dict[str, Any],
    budget: int = BUDGET,
    strict: bool = False,
    ignore: Iterable[str] = (),
) -> str:
    """What was found in some strategies, for a model that is to repair them, in at most `budget` characters.

    A source is what `validate` takes. If `strict`, warnings make the check fail; those in `ignore` are left
    out. Raises ValueError where the budget is less than `LEAST_BUDGET`, or a code is none or an error;
    OSError for a file that cannot be read.

    >>> brief('{"inputs": {"fast": "emma(close, 9)"}}').partition(";")[0]
    'invalid: 5 errors'
    """
    ignored = ignored_codes(ignore)
    return as_brief([check_source(source, ignored) for source in sources], budget, strict=strict)


def as_brief(
    files: Sequence[Checked], budget: int, unreadable: Sequence[Unread] = (), *, strict: bool = False
) -> str:
    """What was found in some files, in at most `budget` characters.

    Raises ValueError where the budget is less than `LEAST_BUDGET`.

    >>> print(as_brief([Checked(Source("{}"), [])], 300))
    valid
    """
    if budget < LEAST_BUDGET:
        raise ValueError(f"a budget of {budget} characters is less than {LEAST_BUDGET}")
    items = _items(files)
    verdict = _verdict(files, unreadable, strict)
    if not items:
        return verdict
    head = verdict + _advice(files, strict)
    for detail in (_ALL, _NO_EXAMPLES, _FIRST_PLACES, _NO_LINES):
        text = "\n".join([head, *_blocks(items, detail)])
        if len(text) <= budget:
            return text
    for start, detail in ((head, _FIRST_PLACES), (verdict, _FIRST_PLACES), (verdict, _NO_LINES)):
        kept = _kept(start, items, detail, budget)
        if kept is not None:
            return kept
    return _begun(verdict, items, budget)


# --- the order --------------------------------------------------------------------------------


def _items(files: Sequence[Checked]) -> list[_Item]:
    """The items of all files: errors file by file, then warnings file by file."""
    found = [item for checked in files for item in _grouped(checked)]
    return sorted(found, key=lambda item: item.first.severity != "error")


def _grouped(checked: Checked) -> list[_Item]:
    groups: dict[tuple[str, str, str | None], list[Diagnostic]] = {}
    for one in checked.diagnostics:
        groups.setdefault((one.code, one.message, one.help), []).append(one)
    items = [_Item(checked, tuple(group)) for group in groups.values()]
    return sorted(items, key=lambda item: (item.first.line is None, _ORDER.index(item.first.code[:2])))


# --- the text ---------------------------------------------------------------------------------


def _verdict(files: Sequence[Checked], unreadable: Sequence[Unread], strict: bool) -> str:
    """Whether the check failed, and why; unreadable files have a line of their own, the first."""
    found = [one for checked in files for one in checked.diagnostics]
    errors = sum(one.severity == "error" for one in found)
    invalid = sum(not checked.valid for checked in files)
    counts = [some(errors, "error"), some(len(found) - errors, "warning")]
    said = ", ".join(count for count in counts if not count.startswith("0 "))
    lines = [_unread(unreadable)] if unreadable else []
    if invalid:
        which = "invalid" if len(files) == 1 else f"{invalid:,} of {len(files):,} invalid"
        lines.append(f"{which}: {said}{', and warnings count' if strict and len(found) > errors else ''}")
    elif found and strict:
        lines.append(f"the check failed, because warnings count: {said}")
    elif files or not lines:
        ignored = sum(len(checked.ignored) for checked in files)
        left = f" ({some(ignored, 'warning')} ignored)" if ignored else ""
        lines.append((f"valid, with {said}" if found else "valid") + left)
    return "\n".join(lines)


def _unread(unreadable: Sequence[Unread]) -> str:
    first = clipped(visible(f"{unreadable[0].name}: {unreadable[0].reason}"), _LONGEST_REASON)
    more = f", and {some(len(unreadable) - 1, 'more file')}" if len(unreadable) > 1 else ""
    return f"the check failed: {first}{more}"


def _advice(files: Sequence[Checked], strict: bool) -> str:
    if all(checked.passes(strict) for checked in files):
        return "; « » mark the place\n"
    fixes = any(one.fix for checked in files for one in checked.diagnostics)
    return ("; apply at most one fix to each value, then check again" if fixes else "") + _ADVICE


def _blocks(items: Sequence[_Item], detail: int) -> Iterator[str]:
    """The text of each item, the first of a file with its name, and at the end how to go on."""
    explained: set[str] = set()
    before: Checked | None = None
    for number, item in enumerate(items, 1):
        block = _block(number, item, detail, explained)
        yield block if item.checked is before else f"{_name(item.checked)}\n{block}"
        before = item.checked


def _name(checked: Checked) -> str:
    return f"# {visible(clipped(checked.source.label))}"


def _block(number: int, item: _Item, detail: int, explained: set[str]) -> str:
    first = item.first
    if detail == _NO_LINES:
        return _short_block(number, item)
    lines = [f"{number}. {first.code} {first.severity}: {first.message}"]
    shown = item.places[:1] if detail == _FIRST_PLACES else item.places
    lines += [f"   {_place(place, item.checked.source)}" for place in shown]
    if len(shown) < len(item.places):
        lines.append(f"   and {some(len(item.places) - 1, 'more place')}")
    if first.help:
        lines.append(f"   do: {first.help}")
    fixes = [place.fix for place in shown if place.fix is not None]
    for fix in fixes:
        shown_patch = _patch(fix.title, fix.patch)
        here = f"{item.checked.source.label}: {shown_patch}"
        known = here in explained
        explained.add(here)
        kind = "safe" if fix.safe else "a guess"
        lines.append("   fix: one of those above" if known else f"   fix ({kind}): {shown_patch}")
    example = page(first.code).right
    if detail == _ALL and first.code not in explained and not fixes and example and _is_short(example):
        explained.add(first.code)
        lines.append(f"   right, for example: {' '.join(example.split())}")
    return "\n".join(lines)


def _short_block(number: int, item: _Item) -> str:
    """An item in one line."""
    first = item.first
    path = visible(clipped(first.path)) or "the document"
    place = f" {first.line}:{first.column}" if first.line else ""
    more = f" and {some(len(item.places) - 1, 'more place')}" if len(item.places) > 1 else ""
    help_ = f"; do: {first.help}" if first.help else ""
    return f"{number}. {first.code} {first.severity}: {path}{place}{more}: {first.message}{help_}"


def _is_short(example: str) -> bool:
    return len(example) <= _LONGEST_EXAMPLE and not is_python(example) and "›×" not in example


def _patch(title: str, patch: Sequence[object]) -> str:
    text = json.dumps(list(patch), ensure_ascii=False)
    if not patch or len(text) > _LONGEST_FIX:
        return f"{title} (`dslc fix` does it)"
    return visible(text)


def _place(found: Diagnostic, source: Source) -> str:
    """`/inputs/fast 4:14  "fast": "«emma»(close, 9)"`"""
    path = visible(clipped(found.path)) or "the document"
    if not found.line or not found.column or not found.end_column:
        return path
    line = source.line(found.line)
    start = found.column - 1
    end = found.end_column - 1 if found.end_line == found.line else len(line)
    return f"{path} {found.line}:{found.column}  {_excerpt(line, start, end)}"


def _excerpt(line: str, start: int, end: int) -> str:
    """The line with the place marked, cut around the place where it is long."""
    first = max(0, min(start - _WIDTH // 3, len(line) - _WIDTH))
    last = min(len(line), first + _WIDTH)
    first += len(line[first:start]) - len(line[first:start].lstrip())
    end = min(end, last)
    before, after = ("…" if line[:first].strip() else ""), ("…" if last < len(line) else "")
    marked = f"{line[first:start]}«{line[start:end]}»{line[end:last].rstrip()}"
    return visible(f"{before}{marked}{after}".replace("\t", " "))


# --- the budget -------------------------------------------------------------------------------


def _kept(start: str, items: Sequence[_Item], detail: int, budget: int) -> str | None:
    """As many items from the first as there is room for, and what is left out; None if none fits."""
    text = start
    for kept, block in enumerate(_blocks(items, detail)):
        longer = f"{text}\n{block}"
        if len(longer) + 1 + len(_left_out(items[kept + 1 :])) > budget:
            return f"{text}\n{_left_out(items[kept:])}" if kept else None
        text = longer
    return text


def _begun(verdict: str, items: Sequence[_Item], budget: int) -> str:
    """The beginning of the first item."""
    left = _left_out(items[1:])
    room = budget - len(verdict) - len(left) - 2
    return clipped("\n".join([verdict, clipped(_short_block(1, items[0]), max(room, 1)), left]), budget)


def _left_out(items: Sequence[_Item]) -> str:
    """`left out: 7 (E302 5, E401 2); mend those above first, or raise the budget`"""
    count = Counter(item.first.code for item in items for _ in item.places)
    if not count:
        return ""
    most = count.most_common(5)
    more = ", …" if len(count) > len(most) else ""
    codes = ", ".join(f"{code} {number}" for code, number in most)
    return f"left out: {count.total():,} ({codes}{more}); mend those above first, or raise the budget"
