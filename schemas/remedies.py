"""What the structure check proposes: other keys, other places and other shapes for parts of a document.

A proposal is safe where the value says all that is needed: `"40"` is the weight 40, a list of named
expressions is a section, a decision that is a string is its entry. What combines or interprets values is a
guess.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
import json
import re
from typing import Any
import unicodedata

from ..grammar.diagnostics import Change, Drop, Mend, Pointer, Put, Rename, Rewrite
from ..grammar.dialects import FRAMES, key_of, plain, timeframe_of, written
from ..grammar.spelling import distance
from ..grammar.words import MINUTES, NAME, clipped, is_reserved, number_text, quoted

_SECTIONS = ("configuration", "inputs", "conditions", "score", "decision")
_NEEDED: Mapping[Pointer, tuple[str, ...]] = {
    (): _SECTIONS,
    ("configuration",): ("timeframe",),
    ("decision",): ("entry",),
}
_NAMES = ("name", "id", "key", "condition", "label")
_EXPRESSIONS = ("expression", "expr", "formula", "rule", "definition", "value", "condition", "when", "code")
_WEIGHTS = ("weight", "score", "points", "value")
_FUNCTIONS = ("function", "indicator", "type", "fn", "func", "name")
_SOURCES = ("source", "series", "input", "src", "on", "field")
_PERIODS = ("period", "length", "n", "window", "timeperiod")
_OPERATORS = ("operator", "op", "comparison")


def put(pointer: Pointer, value: Any, safe: bool) -> Mend:
    """A mend that writes another value."""
    shown = clipped(json.dumps(value, ensure_ascii=False, default=lambda odd: "…"), 60)
    return Mend(f"write {quoted(shown)}", (Put(pointer, value),), safe)


# --- keys -------------------------------------------------------------------------------------


def of_key(
    key: str, pointer: Pointer, value: Mapping[str, Any], known: tuple[str, ...], nearest: str | None
) -> Mend | None:
    """What to do with a key that means nothing here.

    The nearest key is a guess, except for one that must be there, is not, and differs in one letter.
    """
    elsewhere = _elsewhere(key, value) if not pointer else None
    if elsewhere is not None:
        return elsewhere
    if pointer == ("decision",) and plain(key) in ("threshold", "minscore", "minimumscore"):
        found = _number(value[key])
        if found is not None and "entry" not in value:
            return put(pointer, {"entry": f"score >= {found}"}, plain(key) != "threshold")
    free = tuple(one for one in known if one not in value)
    words = key_of(key, free)
    needed = _NEEDED.get(pointer, ())
    if words is not None:
        safe = words.safe or (words.text in needed and len(value) == 1)
        return Mend(f"write {quoted(words.text)}", (Rename((*pointer, key), words.text),), safe)
    if nearest is None or nearest in value:
        return None
    safe = plain(nearest) == plain(key) or (
        nearest in needed and distance(key.lower(), nearest.lower(), 3) < 2
    )
    return Mend(f"write {quoted(nearest)}", (Rename((*pointer, key), nearest),), safe)


def _elsewhere(key: str, data: Mapping[str, Any]) -> Mend | None:
    """The mend of a key at the top that belongs into a section, or that holds all sections."""
    value = data[key]
    inner_sections = isinstance(value, dict) and sum(section in value for section in _SECTIONS)
    if inner_sections >= 3 and not any(section in data for section in _SECTIONS):
        return Mend("write the strategy itself", (Put((), value),), True)
    for section, inner in (("configuration", "timeframe"), ("decision", "entry")):
        words = key_of(key, (inner,))
        if words is None or not isinstance(value, str):
            continue
        title = f"put it into {section}"
        if section not in data:
            return Mend(title, (Put((key,), {inner: value}), Rename((key,), section)), words.safe)
        if isinstance(data[section], dict) and inner not in data[section]:
            return Mend(title, (Put((section, inner), value), Drop((key,))), words.safe)
    return None


def of_missing(key: str, pointer: Pointer, value: Mapping[str, Any]) -> Mend | None:
    """The empty inputs of a strategy that needs none, unless some other section may hold them."""
    others = {one for one in value if one not in _SECTIONS and isinstance(value[one], dict | list)}
    if key != "inputs" or pointer or others - {"parameters", "constraints", "functions"}:
        return None
    return put(("inputs",), {}, True)


# --- names ------------------------------------------------------------------------------------


def of_name(name: str, section: str, data: Mapping[str, Any]) -> Mend | None:
    """Another name for an entry, here and wherever an expression or a weight uses it.

    Nothing else is so called, so the strategy stays the same.
    """
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    made = re.sub(r"\W+", "_", ascii_name.strip(), flags=re.ASCII).strip("_")
    made = (f"_{made}" if made[:1].isdigit() else made)[:64]
    taken = {one for part in ("parameters", "inputs", "conditions") for one in _names(data, part)}
    if not NAME.fullmatch(made) or is_reserved(made) or made in taken or len(name) > 128:
        return None
    if any(part in taken and part != name for part in re.findall(r"\w+", name)):
        return None
    changes: list[Change] = []
    use = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for pointer, text in _expressions(data):
        if name not in text:
            continue
        for match in list(use.finditer(text))[::-1]:
            changes.append(Rewrite(pointer, match.start(), match.end(), made))
    changes.append(Rename((section, name), made))
    if section == "conditions" and name in _names(data, "score"):
        changes.append(Rename(("score", name), made))
    return Mend(f"call it {quoted(made)}", tuple(changes), True)


def of_series(value: Any) -> Mend | None:
    """The list that a text of names, parted by commas, stands for."""
    if not isinstance(value, str):
        return None
    names = [name.strip() for name in value.split(",")]
    return put(("configuration", "series"), names, True) if all(map(NAME.fullmatch, names)) else None


def names_in(value: Any) -> Iterator[str]:
    """The names that a section which is no such section seems to declare.

    >>> list(names_in("spy, qqq")), list(names_in([{"spy": "SPY"}, "qqq"])), list(names_in({"oi": 1}))
    (['spy', 'qqq'], ['spy', 'qqq'], ['oi'])
    """
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, str):
            yield from words_in(one)
        elif isinstance(one, dict):
            yield from one


def words_in(text: str) -> list[str]:
    """The words of a text: among those of `def slope(x, n):` is the function that is meant."""
    return re.findall(r"[A-Za-z_]\w*", text, re.ASCII)


def of_signature(key: str, functions: Mapping[str, Any]) -> Mend | None:
    """The key of a function that lacks its parentheses, of a formula that uses no name but market data."""
    formula = functions[key]
    if not NAME.fullmatch(key) or is_reserved(key) or not isinstance(formula, str):
        return None
    words = re.findall(r"[A-Za-z_]\w*(?!\w|\s*\()", formula)
    made = f"{key}()"
    if made in functions or any(not is_reserved(word) for word in words):
        return None
    return Mend(f"write {quoted(made)}", (Rename(("functions", key), made),), True)


def of_reserved(name: str, section: str, data: Mapping[str, Any]) -> Mend | None:
    """An input that is called as what it is, `"close": "close"`, or repeats the timeframe, says nothing."""
    value = str(data[section][name]).strip()
    configuration = data.get("configuration")
    known = configuration.get("timeframe") if isinstance(configuration, dict) else None
    twice = name == "timeframe" and isinstance(known, str) and value == known
    if section != "inputs" or (value != name and not twice):
        return None
    return Mend("remove it", (Drop((section, name)),), True)


def _names(data: Mapping[str, Any], section: str) -> Collection[str]:
    value = data.get(section)
    return value if isinstance(value, dict) else ()


def _expressions(data: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    for section in ("inputs", "conditions", "decision"):
        value = data.get(section)
        if isinstance(value, dict):
            for key, text in value.items():
                if isinstance(text, str):
                    yield (section, key), text


# --- shapes -----------------------------------------------------------------------------------


def of_section(name: str, value: Any) -> Mend | None:
    """A section of another shape as the object that it should be."""
    if name == "configuration" and isinstance(value, str) and (value in MINUTES or timeframe_of(value)):
        return put((name,), {"timeframe": value}, True)
    if name == "decision":
        entry = _entry(value)
        return None if entry is None else put((name,), {"entry": entry[0]}, entry[1])
    if name in ("inputs", "conditions", "score") and isinstance(value, list):
        wanted = _WEIGHTS if name == "score" else _EXPRESSIONS
        members = [_member(item, wanted) for item in value]
        found = {member[0]: member[1] for member in members if member is not None}
        if value and len(found) == len(value):
            return put((name,), found, True)
    return None


def _member(item: Any, values: tuple[str, ...]) -> tuple[str, Any] | None:
    """The name and the value of one item of a list that should have been an object."""
    if not isinstance(item, dict):
        return None
    if len(item) == 1:
        return next(iter(item.items()))
    name = next((key for key in _NAMES if isinstance(item.get(key), str)), None)
    value = next((key for key in values if key in item and key != name), None)
    if name is None or value is None or len(item) > 2:
        return None
    return item[name], item[value]


def of_weights(value: Mapping[str, Any], conditions: Collection[str]) -> Mend | None:
    """Weights that stand one level too deep."""
    if len(value) != 1:
        return None
    ((key, inner),) = value.items()
    if key in conditions or not isinstance(inner, dict) or not inner or len(inner) == 1:
        return None
    return put(("score",), inner, True)


def of_entry(value: Any) -> Mend | None:
    """An entry that is no string."""
    entry = _entry(value)
    return None if entry is None else put(("decision", "entry"), *entry)


def _entry(value: Any) -> tuple[str, bool] | None:
    """The expression of a decision, and whether it is the only one that can be meant."""
    if isinstance(value, str):
        return value, True
    if isinstance(value, dict) and len(value) == 1:
        ((key, inner),) = value.items()
        return (inner, True) if key in _EXPRESSIONS and isinstance(inner, str) else None
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return (value[0], True) if len(value) == 1 else (" AND ".join(f"({one})" for one in value), False)
    number = _number(value)
    return None if number is None else (f"score >= {number}", False)


def of_expression(pointer: Pointer, value: Any) -> Mend | None:
    """An expression that is written in JSON instead of as a text."""
    number = _number(value)
    if number is not None:
        return put(pointer, number, True)
    if isinstance(value, list) and len(value) == 3 and value[1] in (">", "<", ">=", "<=", "==", "!="):
        parts = [one if isinstance(one, str) else _number(one) for one in value]
        return None if None in parts else put(pointer, " ".join(map(str, parts)), True)
    if not isinstance(value, dict):
        return None
    if len(value) == 1:
        ((key, inner),) = value.items()
        return put(pointer, inner, True) if key in _EXPRESSIONS and isinstance(inner, str) else None
    return _of_comparison(pointer, value) or _of_call(pointer, value)


def _of_comparison(pointer: Pointer, value: Mapping[str, Any]) -> Mend | None:
    operator = next((value[key] for key in _OPERATORS if isinstance(value.get(key), str)), None)
    if operator not in (">", "<", ">=", "<=", "==", "!=") or len(value) != 3:
        return None
    left, right = (value.get(key) for key in ("left", "right"))
    sides = [one if isinstance(one, str) else _number(one) for one in (left, right)]
    return None if None in sides else put(pointer, f"{sides[0]} {operator} {sides[1]}", True)


def _of_call(pointer: Pointer, value: Mapping[str, Any]) -> Mend | None:
    """`{"function": "ema", "source": "close", "period": 9}` as `ema(close, 9)`."""
    function, source, period = (
        next((value[key] for key in keys if key in value), None) for keys in (_FUNCTIONS, _SOURCES, _PERIODS)
    )
    number = _number(period)
    parts = (function, source, period)
    if not isinstance(function, str) or number is None or len(value) != sum(one is not None for one in parts):
        return None
    if source is not None and (not isinstance(source, str) or source in FRAMES):
        return None
    words = written(function, [number] if source is None else [source, number])
    return None if words is None else put(pointer, words.text, words.safe)


def of_weight(pointer: Pointer, value: Any, weights: Mapping[str, Any]) -> Mend | None:
    """A weight that is written as a text, or wrapped.

    Null may be none or one that is still to come. Percent of weights that add up to 100 are the weights.
    """
    if value is None:
        return Mend("remove it", (Drop(pointer),), False)
    if isinstance(value, str):
        match = _WEIGHT.fullmatch(value)
        return None if match is None else put(pointer, int(match[1]), not match[2] or _are_percent(weights))
    if isinstance(value, dict) and len(value) == 1:
        ((key, inner),) = value.items()
        value = [inner] if key in _WEIGHTS else None
    if isinstance(value, list) and len(value) == 1 and _number(value[0]) is not None:
        return put(pointer, value[0], True)
    return None


_WEIGHT = re.compile(r"\s*\+?(-?[0-9]{1,10})(?:\.0*)?\s*(%?)\s*", re.ASCII)


def _are_percent(weights: Mapping[str, Any]) -> bool:
    """Whether weights, with or without a percent sign, add up to 100."""
    found = [_WEIGHT.fullmatch(str(one)) for one in weights.values()]
    numbers = [int(match[1]) for match in found if match is not None]
    return len(numbers) == len(weights) and min(numbers) >= 0 and sum(numbers) == 100


def of_timeframe(value: Any) -> Mend | None:
    """A timeframe in another spelling.

    Of a count of minutes and one of seconds, only one is a timeframe in most cases: 15 and 3600 are certain.
    As a text it counts minutes on all platforms, but 1 may lack the letter of an hour or a day.
    """
    pointer = "configuration", "timeframe"
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return put(pointer, value[0], True)
    text = value.strip() if isinstance(value, str) else _number(value)
    if text is None:
        return None
    found = timeframe_of(text)
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None if found is None else put(pointer, found, True)
    count = int(text)
    seconds = timeframe_of(str(count // 60)) if count % 60 == 0 else None
    if found is None:
        return None if seconds is None else put(pointer, seconds, count >= _SECONDS)
    return put(pointer, found, count != 1 and (seconds is None or isinstance(value, str)))


_SECONDS = 900  # from there on nobody counts minutes, except those of days and weeks


def of_text(pointer: Pointer, value: Any) -> Mend | None:
    """A name or description that is a number, or that is null, which is none."""
    if value is None:
        return Mend("remove it", (Drop(pointer),), True)
    number = _number(value)
    return None if number is None else put(pointer, number, True)


def of_language(value: Any) -> Mend | None:
    """The language 1 as a text."""
    return put(("language",), 1, True) if isinstance(value, str) and value.strip() in ("1", "1.0") else None


def of_declaration(pointer: Pointer, value: Any) -> Mend | None:
    """A number of a parameter that is written as a text."""
    if not isinstance(value, str) or not re.fullmatch(r"\s*-?[0-9]{1,10}(?:\.[0-9]{1,10})?\s*", value):
        return None
    return put(pointer, json.loads(re.sub(r"^\s*(-?)0+(?=\d)", r"\1", value.strip())), True)


def of_ends(pointer: Pointer, declaration: Mapping[str, Any]) -> Mend | None:
    """A range whose ends stand the wrong way round; one of them may be what is wrong."""
    low, high = declaration.get("min"), declaration.get("max")
    if low is None or high is None or not low > high:
        return None
    changes = Put((*pointer, "min"), high), Put((*pointer, "max"), low)
    return Mend("swap the two", changes, False)


def _number(value: Any) -> str | None:
    """A JSON number as an expression has it; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return number_text(value)
