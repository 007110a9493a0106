"""Writes an explanation as plain text: the outcome in words first, then every value behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..grammar.words import clipped, number_text, some
from .explain import Condition, Explanation, Flips, Operand, Part, Reason

_LONGEST = 60  # characters of an expression
_MOST_PARTS = 12  # of one condition
_MOST_REASONS = 4
_MOST_FLIPS = 8  # of one set


def as_text(found: Explanation) -> str:
    """The whole explanation, without an end of line at its end."""
    lines = [
        f"Candle     {_candle(found)}",
        f"Entry      {outcome(found)}",
        f"Score      {_score(found)}",
    ]
    if found.row < found.warmup:
        lines.append(f"Defined    from candle {found.warmup} on, counted from 0; this one is before")
    parts = found.decision.parts
    lines += ["", "Decision", *_parts(parts, "  ", _widths(parts[:_MOST_PARTS]))]
    if found.conditions:
        lines += ["", "Conditions", *_conditions(found.conditions)]
    if found.inputs:
        width = max(map(len, found.inputs))
        lines += ["", "Inputs", *(f"  {name:<{width}}  {_number(x)}" for name, x in found.inputs.items())]
    return "\n".join(line.rstrip() for line in [*lines, "", *_flips(found)])


def outcome(found: Explanation) -> str:
    """One sentence: entered or not, and because of what.

    Worked: "no entry: score 45, 15 short of 60".
    """
    said = [_reason(reason, found) for reason in found.reasons]
    more = len(said) - _MOST_REASONS
    reasons = "; ".join(said[:_MOST_REASONS]) + (f"; and {more:,} more" if more > 0 else "")
    return f"entered because {reasons}" if found.entered else f"no entry: {reasons}"


def _candle(found: Explanation) -> str:
    where = found.moment if found.time is None else f"{found.moment} (row {found.row:,})"
    return "  ".join([where, *(f"{field} {_number(value)}" for field, value in found.market.items())])


def _score(found: Explanation) -> str:
    if found.score_low == found.score_high:
        return f"{found.score:,}"
    return f"{found.score:,}; {_interval(found)} with what is undefined"


def _interval(found: Explanation) -> str:
    return f"{found.score_low:,} to {found.score_high:,}"


def _reason(reason: Reason, found: Explanation) -> str:
    part = reason.part
    if found.entered:
        return _held(part) if reason.wanted else f"{_named(part)} is false"
    if reason.points is not None:
        return _points(reason, found)
    if part.truth is None:
        return f"{_named(part)} is undefined"
    if not reason.wanted:
        return f"{_named(part)} is true{_by(part)}"
    return f"{_named(part)} is false{_by(part)}"


def _held(part: Part) -> str:
    if part.left is None or part.right is None:
        return f"{_named(part)} is true"
    return f"{_named_value(part.left)} {part.operator} {_named_value(part.right)}{_ago(part)}"


def _points(reason: Reason, found: Explanation) -> str:
    """A comparison of the score that did not come out as wanted."""
    part, points = reason.part, reason.points
    assert part.left is not None and part.right is not None and points is not None
    low, high = found.score_low, found.score_high
    score = f"score {low:,}" if low == high else f"score {low:,} to {high:,}"
    distance = f"{points:,} short" if points > 0 else f"{-points:,} too many"
    limit = part.right if part.left.text == "score" else part.left
    if part.operator in (">=", "<=") and reason.wanted:
        of = "of" if points > 0 else "for"
        return f"{score}, {distance} {of} {_named_value(limit)}"
    wanted = "" if reason.wanted else "NOT "
    return f"{score}, {distance} for {wanted}{_clip(part.text)}"


def _named(part: Part) -> str:
    return f"{_clip(part.text)}{_ago(part)}"


def _ago(part: Part) -> str:
    return f" ({some(part.ago, 'candle')} ago)" if part.ago else ""


def _by(part: Part) -> str:
    return f" by {_number(abs(part.margin))}" if part.margin else ""


def _named_value(operand: Operand) -> str:
    """The value of a side with the name that it goes by: `close 5`, `4 (open - 1)`, `60`."""
    value = _operand(operand)
    if value == operand.text:
        return value
    return f"{operand.text} {value}" if operand.text.isidentifier() else f"{value} ({_clip(operand.text)})"


def _conditions(conditions: Iterable[Condition]) -> Iterator[str]:
    shown = list(conditions)
    width = max(len(condition.name) for condition in shown)
    widths = _widths([part for condition in shown for part in condition.parts[:_MOST_PARTS]])
    for condition in shown:
        adds = f"adds {condition.contribution:>4,} of weight {condition.weight:>4,}"
        yield f"  {condition.name:<{width}}  {_truth(condition.truth):<9}  {adds}"
        yield from _parts(condition.parts, "      ", widths)


def _widths(parts: Sequence[Part]) -> tuple[int, int]:
    """How wide the texts and the values of some parts are."""
    return max(len(_clip(part.text)) for part in parts), max(len(_values(part)) for part in parts)


def _parts(parts: Sequence[Part], indent: str, widths: tuple[int, int]) -> Iterator[str]:
    texts, values = widths
    for part in parts[:_MOST_PARTS]:
        start = f"{indent}{_clip(part.text):<{texts}}  {_truth(part.truth):<9}"
        yield f"{start}  {_values(part):<{values}}  {_notes(part)}"
    more = len(parts) - _MOST_PARTS
    if more > 0:
        yield f"{indent}… and {more:,} more"


def _values(part: Part) -> str:
    if part.left is None or part.right is None:
        return ""
    return f"{_operand(part.left)} {part.operator} {_operand(part.right)}"


def _notes(part: Part) -> str:
    notes = [f"by {_number(abs(part.margin))}"] if part.margin is not None else []
    if part.ago:
        notes.append(f"{some(part.ago, 'candle')} ago")
    if part.within is not None:
        notes.append(f"of {_clip(part.within)}")
    return "  ".join(notes)


def _operand(operand: Operand) -> str:
    if operand.interval is not None:
        return f"{operand.interval[0]:,} to {operand.interval[1]:,}"
    if operand.value is not None and operand.text == number_text(operand.value):
        return operand.text
    return _number(operand.value)


def _flips(found: Explanation) -> Iterator[str]:
    flips = found.flips
    yield f"Smallest changes that would {'stop this entry' if found.entered else 'make it enter'}"
    if not flips.sets:
        yield f"  {_no_flips(flips)}"
        return
    for flipped in flips.sets:
        said = [f"{flip.name} {_truth(flip.after)}" for flip in flipped[:_MOST_FLIPS]]
        more = len(flipped) - len(said)
        yield "  " + ", ".join(said) + (f" and {more:,} more" if more else "")
    more = flips.count - len(flips.sets)
    if not flips.complete:
        yield f"  … and {more:,} more at least; the search stopped there"
    elif more:
        yield f"  … and {more:,} more of {some(flips.size or 0, 'condition')}"


def _no_flips(flips: Flips) -> str:
    if flips.complete:
        return "none: whatever the conditions were, this would not change"
    return f"none of up to {some(flips.refuted, 'condition')}; the search stopped there"


def _truth(truth: bool | None) -> str:
    return "undefined" if truth is None else "true" if truth else "false"


def _number(value: float | None) -> str:
    """A number for the eye: six digits, or a whole number in full."""
    if value is None:
        return "undefined"
    if 1e6 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.6g}"


def _clip(text: str) -> str:
    return clipped(text, _LONGEST)
