"""Says a report as text: tables of inputs and conditions, what fires the decision, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import math

from ..compiler.parameters import assignments
from ..grammar.words import clipped, number_text, some
from ..limits.estimates import Part
from ..render import visible
from .firing import Firing, FiringSet
from .report import Entry, Report

LISTED = 10
"""How many firing sets, and how many parts of the cost, a text lists; the data has more."""

_INCOMPLETE = "there are too many to try all"
_TEXT = 72  # characters of an expression
_ALMOST_ALL = 1e300  # an end of a range beyond it says no more than that float64 has one


def as_text(report: Report) -> str:
    """The report as `dslc inspect` prints it."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    if report.name:
        yield f"Strategy   {visible(report.name)}"
    yield f"Timeframe  {report.timeframe}"
    yield f"Hash       {report.hash}"
    if report.values:
        yield f"Parameters {assignments(report.values)}"
    yield f"Look-ahead none: {_whole_extent(report)}, and nothing after their own candle"
    yield f"Defined    from candle {report.warmup:,} on, counted from 0"
    if report.settled > report.warmup:
        yield f"Settled    from candle {report.settled:,} on: recurrences have forgotten where they started"
    yield f"Score      {_scores(report)}"
    inputs = [entry for entry in report.entries if entry.section == "inputs"]
    conditions = [entry for entry in report.entries if entry.section == "conditions"]
    if report.functions:
        width = max(map(len, report.functions))
        yield ""
        yield "Functions"
        yield from (f"  {name:<{width}}  {clipped(text, _TEXT)}" for name, text in report.functions.items())
    if inputs:
        yield ""
        yield from _table(["Inputs", "first", "settles", "reads", "range", "unit"], map(_input, inputs))
    if conditions:
        yield ""
        heads = ["Conditions", "first", "settles", "reads", "weight"]
        yield from _table(heads, map(_condition, conditions))
    yield ""
    entry = report.entries[-1]
    yield f"Decision   {clipped(entry.text, _TEXT)}"
    yield from _fires(report.firing)
    yield ""
    yield from _costs(report)


def _whole_extent(report: Report) -> str:
    left = min(entry.left for entry in report.entries)
    if left == -math.inf:
        return "values read all candles before"
    return f"values read {some(-int(left), 'candle')} back"


def _scores(report: Report) -> str:
    whole = f"{report.lowest_score:,} to {report.highest_score:,}"
    firing = report.firing
    if firing.least is None or firing.most is None:
        return whole
    if (firing.least, firing.most) == (report.lowest_score, report.highest_score):
        return whole
    return f"{whole}; together, conditions can make {firing.least:,} to {firing.most:,}"


def _input(entry: Entry) -> list[str]:
    return [*_common(entry), _range(entry), entry.unit or "", clipped(entry.text, _TEXT)]


def _condition(entry: Entry) -> list[str]:
    weight = "" if entry.weight is None else f"{entry.weight:,}"
    return [*_common(entry), weight, clipped(entry.text, _TEXT)]


def _common(entry: Entry) -> list[str]:
    settles = f"{entry.first + entry.settle:,}" if entry.settle else ""
    return [entry.name, f"{entry.first:,}", settles, _extent(entry)]


def _extent(entry: Entry) -> str:
    """The candles that a value reads, relative to its own."""
    left = "-∞" if entry.left == -math.inf else f"{int(entry.left):,}"
    return f"{left} to {entry.right:,}" if entry.left != entry.right else f"{entry.right:,}"


def _range(entry: Entry) -> str:
    if entry.low is None or entry.high is None:
        return "no value"
    if entry.low == entry.high:
        return number_text(entry.low)
    low = "-∞" if entry.low < -_ALMOST_ALL else _end(entry.low)
    high = "∞" if entry.high > _ALMOST_ALL else _end(entry.high)
    if 0.0 < entry.low < 1.0 / _ALMOST_ALL:
        return f"above 0, to {high}" if high != "∞" else "above 0"
    return "" if (low, high) == ("-∞", "∞") else f"{low} to {high}"


def _end(value: float) -> str:
    return number_text(value) if len(number_text(value)) <= 8 else f"{value:.4g}"


def _table(heads: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """Names and texts to the left, everything between to the right."""
    cells = [[*heads, ""], *([f"  {row[0]}", *row[1:]] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        middle = [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *middle, row[-1]]).rstrip()


def _fires(firing: Firing) -> Iterator[str]:
    if not firing.count and firing.complete:
        yield "Fires      never: no conditions that can hold together fire it"
    elif not firing.count:
        yield f"Fires      with no set of up to {firing.searched:,} conditions ({_INCOMPLETE})"
    elif not firing.sets[0].conditions and not firing.sets[0].comparisons:
        yield "Fires      without any condition:"
    else:
        yield f"Fires with {_counted(firing)}:"
    for found in firing.sets[:LISTED]:
        yield f"  score {found.score:>6,}  {_members(found)}"
    if firing.count > LISTED:
        yield f"  … and {firing.count - LISTED:,} more"


def _counted(firing: Firing) -> str:
    members = some(len(firing.conditions), "condition")
    if firing.comparisons:
        members += f" and {some(len(firing.comparisons), 'comparison')} of the decision"
    many = f"{some(firing.count, 'minimal set')} of {members}"
    if firing.complete:
        return many
    return f"at least {many}, all of those with up to {firing.searched:,} ({_INCOMPLETE})"


def _members(found: FiringSet) -> str:
    members = [*found.conditions, *(f"({text})" for text in found.comparisons)]
    shown = " ".join(members) or "(nothing else has to hold)"
    return shown + (f"  unless {' or '.join(found.unless)}" if found.unless else "")


def _costs(report: Report) -> Iterator[str]:
    estimate = report.estimate
    milliseconds = estimate.work / 1e6
    yield (
        f"Cost       {estimate.candles:,} candles take about {milliseconds:,.1f} ms of one core "
        f"and {_memory(estimate.bytes)}; the dearest parts:"
    )
    rows = [_share(part, estimate.work) for part in estimate.dearest[:LISTED] if part.adds > 0]
    yield from _table(["  part", "share", "adds", "memory"], rows)


def _share(part: Part, work: float) -> list[str]:
    place = "" if part.line is None else f"line {part.line}, column {part.column}"
    share = f"{part.adds / work:.0%}" if work else ""
    return [part.name, share, f"{part.adds / 1e6:,.2f} ms", _memory(part.bytes), place]


def _memory(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
