"""`dslc functions`: the reference of the language's functions, straight from the registry."""

from __future__ import annotations

from ..grammar.spelling import Speller
from ..grammar.words import quoted
from ..runtime.registry import Function, function, functions, public_names

_KINDS = {
    "Series": "a number on every candle",
    "Truth": "true or false on every candle",
    "Period": "a constant whole number of candles, at least 1",
    "Positive": "a constant number above 0",
}


def overview() -> str:
    """One line a function."""
    found = [functions()[name] for name in public_names()]
    width = max(len(item.signature) for item in found)
    lines = [f"{item.signature:<{width}}  {item.summary}" for item in found]
    return "\n".join([*lines, "", "`dslc functions NAME` describes one."])


def describe(name: str) -> str | None:
    """The full description of a function; None if there is none of that name."""
    found = function(name)
    return None if found is None else "\n".join(_page(found))


def unknown(name: str) -> str:
    """What to say about a name that is no function."""
    nearest = Speller().nearest(name, public_names())
    hint = f"did you mean `{nearest}`?" if nearest else "`dslc functions` lists them all"
    return f"dslc: {quoted(name)} is not a function; {hint}"


def _page(found: Function) -> list[str]:
    lines = [found.signature, "", found.documentation, ""]
    for parameter in found.parameters:
        lines.append(f"{parameter.name + ':':<15}{_KINDS[parameter.kind]}")
    lines.append(f"{'Value:':<15}{'true or false' if found.result == 'truth' else found.unit}{_range(found)}")
    lines.append(
        f"{'First defined:':<15}candle {found.first}, counted from 0, where the arguments always are"
    )
    if found.formula is not None and not _uses_internal(found.formula):
        lines.append(f"{'Formula:':<15}{found.formula}")
    if found.reference is not None:
        lines.append(f"{'Equal to:':<15}{found.reference}")
    return lines


def _range(found: Function) -> str:
    if found.low == float("-inf") or found.unit.startswith("0 to"):
        return ""
    return ", never negative" if found.high == float("inf") and found.low == 0 else ""


def _uses_internal(formula: str) -> bool:
    return any(f"{name}(" in formula for name, item in functions().items() if item.internal)
