"""What was found, for a language model that is to repair it: little text, in the order of repairing.

1. The same sentence about several places is one item.
2. Errors come before warnings, and causes before what may follow from them: first what hides the rest (the
   text, the syntax), then names, then what is wrong with values. Within that, the order of the text.
3. Each item has its lines, with « » around the place, a way out, a tried fix, and once a code what is right.
4. Where that is longer than the budget, the examples of what is right go first, then further places, then all
   lines and fixes. If even that is too long, there are whole items as far as the budget reaches, and how many
   are left out is said. No text is ever longer than its budget.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import json

from ..grammar.diagnostics import Diagnostic
from ..grammar.source import Source
from ..grammar.words import clipped, some
from ..guides.pages import is_python, page
from ..render import Checked, visible

LEAST_BUDGET = 300
_ORDER = ("E1", "E2", "E3", "E5", "E4", "E6", "W7")
_WIDTH = 120
_LONGEST_FIX = 400
_LONGEST_EXAMPLE = 160
_ALL, _NO_EXAMPLES, _FIRST_PLACES, _NO_LINES = range(4)


@dataclass(frozen=True)
class _Item:
    """One sentence, and every place in one file that it is about."""

    checked: Checked
    places: tuple[Diagnostic, ...]

    @property
    def first(self) -> Diagnostic:
        return self.places[0]


def as_brief(files: Sequence[Checked], budget: int) -> str:
    """What was found in some files, in at most `budget` characters.

    Raises ValueError where the budget is less than `LEAST_BUDGET`.

    >>> print(as_brief([Checked(Source("{}"), [])], 300))
    valid
    """
    if budget < LEAST_BUDGET:
        raise ValueError(f"a budget of {budget} characters is less than {LEAST_BUDGET}")
    items = _items(files)
    head = _head(files)
    if not items:
        return head
    for detail in (_ALL, _NO_EXAMPLES, _FIRST_PLACES, _NO_LINES):
        text = "\n".join([head, *_blocks(items, detail)])
        if len(text) <= budget:
            return text
    return _cut(head, items, budget)


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


def _head(files: Sequence[Checked]) -> str:
    found = [one for checked in files for one in checked.diagnostics]
    errors = sum(one.severity == "error" for one in found)
    invalid = sum(not checked.valid for checked in files)
    counts = [some(errors, "error"), some(len(found) - errors, "warning")]
    said = ", ".join(count for count in counts if not count.startswith("0 "))
    if not found:
        return "valid"
    if not invalid:
        return f"valid, with {said}; « » mark the place\n"
    if any(one.fix for one in found):
        said += "; apply at most one fix to each value, then check again"
    which = "invalid" if len(files) == 1 else f"{invalid:,} of {len(files):,} invalid"
    return f"{which}: {said}; mend in this order; « » mark the place\n"


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


def _cut(head: str, items: Sequence[_Item], budget: int) -> str:
    """As many items from the first as there is room for, and what is left out."""
    blocks = list(_blocks(items, _FIRST_PLACES))
    text = head
    kept = 0
    for kept, block in enumerate(blocks):
        longer = f"{text}\n{block}"
        if len(longer) + 1 + len(_left_out(items[kept + 1 :])) > budget:
            return f"{text}\n{_left_out(items[kept:])}"
        text = longer
    return text


def _left_out(items: Sequence[_Item]) -> str:
    """`left out: 7 (E302 5, E401 2); mend those above first, or raise --budget`"""
    count = Counter(item.first.code for item in items for _ in item.places)
    if not count:
        return ""
    most = count.most_common(5)
    more = ", …" if len(count) > len(most) else ""
    codes = ", ".join(f"{code} {number}" for code, number in most)
    return f"left out: {count.total():,} ({codes}{more}); mend those above first, or raise --budget"
