"""What the checks propose for mistakes in expressions: the text to write, as a `Mend` of the document.

A proposal is safe where it is another spelling of what stands there: another case, the name of another
language, the arguments the other way round. The nearest name is a guess, and so is a value that was left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
import re
from typing import Any

from ..grammar.diagnostics import Drop, Edit, Mend, Pointer, Put, Rewrite
from ..grammar.dialects import Words, function_of, named, plain, written
from ..grammar.nodes import Binary, Call, Name, Node, Number, Unary, inside, postorder
from ..grammar.parser import Mistake
from ..grammar.rewording import Reworded, fitting
from ..grammar.words import clipped, number_text, quoted

_READABLE = 100  # characters of a comparison that may be written twice


def edited(pointer: Pointer, edits: Iterable[Edit], safe: bool, title: str) -> Mend:
    """A mend that changes some characters of one string."""
    return Mend(title, tuple(Rewrite(pointer, edit.start, edit.end, edit.text) for edit in edits), safe)


def rewrite(pointer: Pointer, start: int, end: int, text: str, safe: bool) -> Mend:
    """A mend that writes `text` for the characters from `start` to `end`."""
    return edited(pointer, [Edit(start, end, text)], safe, _title(text))


def of_mistake(pointer: Pointer, mistake: Mistake, other: Reworded | None) -> Mend | None:
    """The mend of a mistake in the spelling: its own, or `other` words for the whole expression."""
    if other is not None and (not mistake.edits or other.touches(mistake.start - 1, mistake.end + 1)):
        return whole(pointer, other)
    if not mistake.edits:
        return None
    text = mistake.edits[0].text.strip()
    return edited(pointer, mistake.edits, mistake.safe, _title(text))


def whole(pointer: Pointer, other: Reworded) -> Mend:
    """The mend that writes an expression in other words."""
    return edited(pointer, other.edits, other.safe, _title(other.text))


def _title(text: str) -> str:
    return f"write {quoted(clipped(text, 60))}" if text else "remove it"


# --- names and calls --------------------------------------------------------------------------


def of_name(
    pointer: Pointer, text: str, node: Name, nearest: str | None, known: Iterable[str]
) -> Mend | None:
    """What to write for a name that does not exist.

    A known name in another spelling comes first, then what the name means elsewhere, then what is near.
    """
    start, end = inside(node)
    known = list(known)
    if nearest is not None and plain(nearest) == plain(node.name):
        alike = sum(plain(name) == plain(node.name) for name in known)
        return rewrite(pointer, start, end, nearest, alike == 1)
    words = named(node.name, known)
    if words is not None:
        return rewrite(pointer, start, end, fitting(words.text, text, start, end), words.safe)
    return None if nearest is None else rewrite(pointer, start, end, nearest, False)


def of_call(pointer: Pointer, text: str, node: Call, nearest: str | None) -> Mend | None:
    """What to write for a call of a function that does not exist, or with arguments that do not fit."""
    start, end = inside(node)
    words = written(node.name, [text[one.start : one.end] for one in node.arguments])
    if words is not None:
        return rewrite(pointer, start, end, fitting(words.text, text, start, end), words.safe)
    found = function_of(node.name) or (Words(nearest, False) if nearest else None)
    if found is None or found.text == node.name:
        return None
    return rewrite(pointer, start, node.name_end, found.text, found.safe)


def of_text(pointer: Pointer, text: str, start: int, end: int, instead: str, safe: bool) -> Mend:
    """Another text in a place of the expression."""
    return rewrite(pointer, start, end, instead, safe)


def of_clock(pointer: Pointer, text: str, node: Node, number: float) -> Mend | None:
    """Hours for a time of day that is written as 930 or 1600: as hours there are not so many."""
    hours, minutes = divmod(number, 100)
    if not (number == int(number) and 100 <= number <= 2400 and minutes < 60):
        return None
    shown = number_text(hours + minutes / 60)
    exact = shown if len(shown) < 6 else f"{number_text(hours)} + {number_text(minutes)} / 60"
    return rewrite(pointer, node.start, node.end, exact, True)


def of_swapped(pointer: Pointer, text: str, node: Call) -> Mend:
    """The two arguments of a call the other way round: a period never is a series, so only this is meant."""
    first, second = node.arguments
    between = text[first.end : second.start]
    swapped = text[second.start : second.end] + between + text[first.start : first.end]
    return rewrite(pointer, first.start, second.end, swapped, True)


def of_missing_series(pointer: Pointer, text: str, node: Call, series: str, whole: bool) -> Mend:
    """A call with its series in front of its numbers.

    Where that is the `whole` call nothing else can be meant. Otherwise a number may be for what is still left
    out: the 2 of `bbUpper(2)` may count deviations.
    """
    start, end = inside(node)
    first = node.arguments[0].start
    return rewrite(pointer, start, end, f"{text[start:first]}{series}, {text[first:end]}", whole)


def of_value_called(pointer: Pointer, text: str, node: Call) -> Mend | None:
    """A value without the parentheses of a call; a number in them may have been meant as an offset."""
    if not node.arguments:
        return rewrite(pointer, node.name_end, inside(node)[1], "", True)
    (first, *others) = node.arguments
    if others or not isinstance(first, Number):
        return None
    return rewrite(pointer, node.name_end, inside(node)[1], f"[{text[first.start : first.end]}]", False)


def of_negative(pointer: Pointer, node: Node) -> Mend | None:
    """An offset or window without its minus. It may have been meant to look ahead, so this is a guess."""
    if not isinstance(node, Unary) or node.operator != "-" or not isinstance(node.operand, Number):
        return None
    return rewrite(pointer, node.start, node.operand.start, "", False)


def of_truth_compared(pointer: Pointer, text: str, node: Binary, truths: bool) -> Mend | None:
    """A truth that is compared with `true`, `false`, 1 or 0 means itself, or NOT itself.

    `truths` says that both sides are truths, which are equal where both hold or neither does.
    """
    if truths:
        return _of_two_truths(pointer, text, node)
    other = _literal(node.right)
    if other is None or node.operator not in ("==", "!=", ">"):
        return None
    truth = text[node.left.start : node.left.end]
    start, end = inside(node)
    if other == (node.operator == "==") or (node.operator == ">" and not other):
        return rewrite(pointer, start, end, truth, True)
    if node.operator == ">":
        return None
    simple = isinstance(node.left, Name | Call) or node.left.brackets
    negated = f"NOT {truth}" if simple else f"NOT ({truth})"
    return rewrite(pointer, start, end, negated, True)


def _of_two_truths(pointer: Pointer, text: str, node: Binary) -> Mend | None:
    if node.operator not in ("==", "!=") or node.end - node.start > _READABLE:
        return None
    sides = [
        (text[side.start : side.end], isinstance(side, Name | Call) or side.brackets > 0)
        for side in (node.left, node.right)
    ]
    a, b = (side if simple else f"({side})" for side, simple in sides)
    same = f"({a} AND {b}) OR (NOT {a} AND NOT {b})"
    other = f"({a} AND NOT {b}) OR (NOT {a} AND {b})"
    start, end = inside(node)
    alone = (text[:start].rstrip()[-1:] or "(") in "(," and (text[end:].lstrip()[:1] or ")") in "),"
    made = same if node.operator == "==" else other
    return rewrite(pointer, start, end, made if alone else f"({made})", True)


def _literal(node: Node) -> bool | None:
    if isinstance(node, Name) and node.name.lower() in ("true", "false"):
        return node.name.lower() == "true"
    if isinstance(node, Number) and node.value in (0.0, 1.0):
        return node.value == 1.0
    return None


def of_number_as_truth(pointer: Pointer, text: str, node: Node) -> Mend:
    """`x` as `x != 0`: what it means already, but hardly what its author meant, so it is not safe."""
    shown = f"{text[node.start : node.end]} != 0"
    behind_not = re.search(r"(?:[nN][oO][tT]|!)\s*$", text[: node.start])
    return rewrite(pointer, node.start, node.end, f"({shown})" if behind_not else shown, False)


# --- entries ----------------------------------------------------------------------------------


def of_truth_among_inputs(pointer: Pointer, text: str, name: str, data: Mapping[str, Any]) -> Mend | None:
    """The entry moved to conditions, above the first one that uses it."""
    inputs, conditions = data.get("inputs"), data.get("conditions", {})
    if not isinstance(inputs, dict) or not isinstance(conditions, dict) or name in conditions:
        return None
    uses = re.compile(rf"\b{re.escape(name)}\b")
    names = list(conditions)
    at = next((i for i, one in enumerate(names) if uses.search(str(conditions[one]))), len(names))
    moved = {key: conditions[key] for key in names[:at]}
    moved[name] = inputs[name]
    moved |= {key: conditions[key] for key in names[at:]}
    return Mend("move it to conditions", (Drop(("inputs", name)), Put(("conditions",), moved)), True)


def of_order(
    section: str, trees: Mapping[tuple[str, str], Node], data: Mapping[str, Any] | None
) -> Mend | None:
    """The entries of a section, each below those that it uses; None where they use each other.

    Names are known from their definition on, so another order can only have been an oversight.
    """
    entries = (data or {}).get(section)
    if not isinstance(entries, dict):
        return None
    kind = Call if section == "functions" else Name
    keys = {key.partition("(")[0].strip(): key for key in entries}
    uses = {
        key: [
            keys[node.name]
            for node in postorder(trees[section, key])
            if isinstance(node, kind) and node.name in keys
        ]
        for key in entries
        if (section, key) in trees
    }
    order = _sorted(entries, uses)
    if order is None:
        return None
    return Mend(
        "put it below what it uses", (Put((section,), {name: entries[name] for name in order}),), True
    )


def _sorted(names: Collection[str], uses: Mapping[str, list[str]]) -> list[str] | None:
    """The names, each after what it uses, otherwise as they were; None for a circle."""
    done: dict[str, bool] = {}
    order: list[str] = []
    for first in names:
        stack = [(first, False)]
        while stack:
            name, left = stack.pop()
            if left:
                done[name] = True
                order.append(name)
            elif name not in done:
                done[name] = False
                stack.append((name, True))
                stack += [(used, False) for used in reversed(uses.get(name, [])) if not done.get(used)]
                if any(done.get(used) is False for used in uses.get(name, [])):
                    return None
    return order
