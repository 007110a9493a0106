"""E1: the document as JSON and its keys."""

from __future__ import annotations

from ..words import TIMEFRAMES, quoted
from .code import Said, code


@code("E101")
def not_utf8(found: str) -> Said:
    """The bytes are not UTF-8 text. Strategy documents are UTF-8, as RFC 8259 asks."""
    return f"the document is not UTF-8 text ({found})", "save it as UTF-8 without a byte-order mark"


@code("E102")
def byte_order_mark() -> Said:
    """The text begins with a byte-order mark, which JSON does not allow."""
    return "the document begins with a byte-order mark", "save it as UTF-8 without a byte-order mark"


@code("E103")
def not_json(problem: str, help_: str | None) -> Said:
    """The text is no JSON: a comma, quote, colon or bracket is missing or too many."""
    return f"the document is not JSON: {problem}", help_


@code("E104")
def not_an_object(found: str) -> Said:
    """The document is JSON, but not an object with the sections of a strategy."""
    return (
        f"a strategy is a JSON object, not {found}",
        'write {"configuration": …, "inputs": …, "conditions": …, "score": …, "decision": …}',
    )


@code("E105")
def duplicate_key(key: str) -> Said:
    """A key occurs twice in one object; which of the two counts would be a guess."""
    return f"the key {quoted(key)} occurs twice in the same object", "keep one of the two, or rename one"


@code("E106")
def not_a_json_number(text: str) -> Said:
    """`NaN` and `Infinity` are no JSON."""
    return f"`{text}` is not a JSON number", "write a finite number"


@code("E107")
def number_out_of_range(text: str) -> Said:
    """A number in the JSON text is too large for a float64, or has absurdly many digits."""
    return f"the number {quoted(text)} is out of range", "write a finite number of at most 32 characters"


@code("E108")
def lone_surrogate() -> Said:
    """A `\\ud800`-style escape without its partner: no Unicode text contains it."""
    return "the string contains half of a surrogate pair, which is no character", (
        "remove the escape, or write both halves"
    )


@code("E109")
def missing_key(key: str, where: str) -> Said:
    """A required key is absent."""
    return f"{where} has no {quoted(key)}", f"add {quoted(key)}"


@code("E110")
def unknown_key(key: str, where: str, nearest: str | None, known: str) -> Said:
    """A key that the language does not know; it would have no effect, so it is an error."""
    if nearest:
        return f"{quoted(key)} is not a key of {where}", f"did you mean {quoted(nearest)}?"
    return f"{quoted(key)} is not a key of {where}", f"it has {known}"


@code("E111")
def wrong_json_type(where: str, expected: str, found: str, help_: str | None = None) -> Said:
    """A value has the wrong JSON type."""
    return f"{where} must be {expected}, not {found}", help_


@code("E112")
def unknown_timeframe(found: str, nearest: str | None) -> Said:
    """The timeframe is not one of those that the language knows. `M` is minutes, always."""
    known = " ".join(TIMEFRAMES)
    hint = f"did you mean {quoted(nearest)}? " if nearest else ""
    return f"{quoted(found)} is not a timeframe", f"{hint}Timeframes: {known} (M is minutes)"


@code("E113")
def unknown_language(found: str) -> Said:
    """The document asks for a version of the language that this dslc does not know."""
    return f"language {found} is not known to this version of dslc", "write 1, or leave the key out"


@code("E114")
def not_plain_data(where: str, found: str) -> Said:
    """A strategy given as a Python dict contains something that JSON cannot hold."""
    return f"{where} is {found}, which is no JSON value", (
        "use dict, list, str, int, float, bool and None only"
    )


@code("E115")
def bad_parameter(name: str, problem: str, help_: str | None) -> Said:
    """What a parameter declares contradicts itself, or says too little."""
    return f"the parameter {quoted(name)} {problem}", help_
