"""E1: the document as JSON and its keys."""

from __future__ import annotations

from ..words import TIMEFRAMES, quoted
from .code import Said, code


@code("E101")
def not_utf8(found: str) -> Said:
    """The bytes are not UTF-8 text. Strategy documents are UTF-8, as RFC 8259 asks.

    Why: A byte that is read in the wrong encoding is another character, and perhaps another name. dslc
    does not guess.

    Wrong:
        dslc.validate('{"name": "café"}'.encode("latin-1"))
    Right:
        dslc.validate(text.encode("utf-8"))
    """
    return f"the document is not UTF-8 text ({found})", "save it as UTF-8 without a byte-order mark"


@code("E102")
def byte_order_mark() -> Said:
    r"""The text begins with a byte-order mark, which JSON does not allow.

    Why: Other readers of JSON stop at the mark, which is invisible in most editors. RFC 8259 forbids
    writing it.

    Wrong:
        dslc.validate("\ufeff" + text)
    Right:
        dslc.validate(text)
    """
    return "the document begins with a byte-order mark", "save it as UTF-8 without a byte-order mark"


@code("E103")
def not_json(problem: str, help_: str | None) -> Said:
    """The text is no JSON: a comma, quote, colon or bracket is missing or too many.

    Why: Nothing else can be checked before the text can be read, so this mistake comes alone. The place
    is where reading stopped; what is missing is there or just before.

    Wrong:
        {
          "configuration": {"timeframe": "1H"},
          "inputs": {},
          "conditions": {"up": "close > open"},
          "score": {"up": 10},
          "decision": {"entry": "score >= 10"},
        }
    Right:
        {
          "configuration": {"timeframe": "1H"},
          "inputs": {},
          "conditions": {"up": "close > open"},
          "score": {"up": 10},
          "decision": {"entry": "score >= 10"}
        }
    """
    return f"the document is not JSON: {problem}", help_


@code("E104")
def not_an_object(found: str) -> Said:
    """The document is JSON, but not an object with the sections of a strategy.

    Why: One document is one strategy. For several, write several files, or one a line for `dslc score`.

    Wrong:
        [{"configuration": {"timeframe": "1H"}}]
    Right:
        {
          "configuration": {"timeframe": "1H"},
          "inputs": {},
          "conditions": {"up": "close > open"},
          "score": {"up": 10},
          "decision": {"entry": "score >= 10"}
        }
    """
    return (
        f"a strategy is a JSON object, not {found}",
        'write {"configuration": …, "inputs": …, "conditions": …, "score": …, "decision": …}',
    )


@code("E105")
def duplicate_key(key: str) -> Said:
    """A key occurs twice in one object; which of the two counts would be a guess.

    Why: Most readers of JSON silently keep the last one, so half of what the author wrote would be lost.

    Wrong:
        "score": {"up": 10, "up": 20}
    Right:
        "score": {"up": 20}
    """
    return f"the key {quoted(key)} occurs twice in the same object", "keep one of the two, or rename one"


@code("E106")
def not_a_json_number(text: str) -> Said:
    """`NaN` and `Infinity` are no JSON.

    Why: Python and JavaScript write and read them, other languages stop at them. No weight and no range
    is infinite.

    Wrong:
        "score": {"up": NaN}
    Right:
        "score": {"up": 10}
    """
    return f"`{text}` is not a JSON number", "write a finite number"


@code("E107")
def number_out_of_range(text: str) -> Said:
    """A number in the JSON text is too large for a float64, or has absurdly many digits.

    Why: Readers would make infinity or another number of it, and each its own.

    Wrong:
        "score": {"up": 1e999}
    Right:
        "score": {"up": 10}
    """
    return f"the number {quoted(text)} is out of range", "write a finite number of at most 32 characters"


@code("E108")
def lone_surrogate() -> Said:
    r"""A `\ud800`-style escape without its partner: no Unicode text contains it.

    Why: Such a text cannot be saved, hashed or shown again.

    Wrong:
        "name": "breakout \ud83d"
    Right:
        "name": "breakout \ud83d\ude80"
    """
    return "the string contains half of a surrogate pair, which is no character", (
        "remove the escape, or write both halves"
    )


@code("E109")
def missing_key(key: str, where: str) -> Said:
    """A required key is absent.

    Why: Every section is said, even an empty one, so that a misspelt or lost section is never taken for
    none.

    Wrong:
        {
          "configuration": {"timeframe": "1H"},
          "inputs": {},
          "conditions": {"up": "close > open"},
          "score": {"up": 10}
        }
    Right:
        {
          "configuration": {"timeframe": "1H"},
          "inputs": {},
          "conditions": {"up": "close > open"},
          "score": {"up": 10},
          "decision": {"entry": "score >= 10"}
        }
    """
    return f"{where} has no {quoted(key)}", f"add {quoted(key)}"


@code("E110")
def unknown_key(key: str, where: str, nearest: str | None, known: str) -> Said:
    """A key that the language does not know; it would have no effect, so it is an error.

    Why: A stop loss that nobody reads is worse than none. There are no exits and no sizing in the
    language.

    Wrong:
        "decision": {"entry": "score >= 10", "exit": "score < 5"}
    Right:
        "decision": {"entry": "score >= 10"}
    """
    if nearest:
        return f"{quoted(key)} is not a key of {where}", f"did you mean {quoted(nearest)}?"
    return f"{quoted(key)} is not a key of {where}", f"it has {known}"


@code("E111")
def wrong_json_type(where: str, expected: str, found: str, help_: str | None = None) -> Said:
    """A value has the wrong JSON type.

    Why: Expressions are strings and weights are numbers; a value of another type has no meaning at its
    place.

    Wrong:
        "inputs": {"period": 14}, "conditions": {"up": "close > ema(close, period)"}
    Right:
        "inputs": {"period": "14"}, "conditions": {"up": "close > ema(close, period)"}
    """
    return f"{where} must be {expected}, not {found}", help_


@code("E112")
def unknown_timeframe(found: str, nearest: str | None) -> Said:
    """The timeframe is not one of those that the language knows. `M` is minutes, always.

    Why: On candles of another length the same strategy is another strategy.

    Wrong:
        "configuration": {"timeframe": "1h"}
    Right:
        "configuration": {"timeframe": "1H"}
    """
    known = " ".join(TIMEFRAMES)
    hint = f"did you mean {quoted(nearest)}? " if nearest else ""
    return f"{quoted(found)} is not a timeframe", f"{hint}Timeframes: {known} (M is minutes)"


@code("E113")
def unknown_language(found: str) -> Said:
    """The document asks for a version of the language that this dslc does not know.

    Why: A later version may give the same words another meaning, so an older dslc must not run it.

    Wrong:
        "language": 2
    Right:
        "language": 1
    """
    return f"language {found} is not known to this version of dslc", "write 1, or leave the key out"


@code("E114")
def not_plain_data(where: str, found: str) -> Said:
    """A strategy given as a Python dict contains something that JSON cannot hold.

    Why: A strategy has one text, by which it is hashed and kept. What JSON cannot hold would be lost or
    changed in it.

    Wrong:
        dslc.validate({"configuration": {"timeframe": "1H"}, "inputs": {"fast": {"ema", "close"}}})
    Right:
        dslc.validate({**source, "name": "breakout"})
    """
    return f"{where} is {found}, which is no JSON value", (
        "use dict, list, str, int, float, bool and None only"
    )


@code("E115")
def bad_parameter(name: str, problem: str, help_: str | None) -> Said:
    """What a parameter declares contradicts itself, or says too little.

    Why: A range decides what a sweep tries and what a caller may bind. One that is empty or says two
    things decides nothing.

    Wrong:
        "parameters": {"fast": {"default": 9, "min": 50, "max": 5}},
        "conditions": {"up": "close > ema(close, fast)"}
    Right:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
        "conditions": {"up": "close > ema(close, fast)"}
    """
    return f"the parameter {quoted(name)} {problem}", help_


@code("E116")
def unknown_timezone(found: str, nearest: str | None) -> Said:
    """The time zone is neither a name of the IANA database nor an offset such as +02:00.

    Why: Hours, days and sessions are those of a clock; of a name that nobody knows there is none.

    Wrong:
        "configuration": {"timeframe": "1H", "timezone": "New York"}
    Right:
        "configuration": {"timeframe": "1H", "timezone": "America/New_York"}
    """
    hint = f"did you mean {quoted(nearest)}?" if nearest else "write America/New_York, or +02:00"
    return f"{quoted(found)} is not a time zone", hint
