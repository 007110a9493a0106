"""Puts values in the places of parameters, and looks ahead at all the values that they may get.

1. `bound` gives every parameter its value: the one that a caller binds, or its default.
2. `written_out` puts the values into a tree, as if the author had written the numbers. What is analysed,
   printed and hashed is that tree, so a bound strategy is the strategy with its numbers written out.

Worked: with fast = 12, `ema(close, fast)` is `ema(close, 12)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice, product
from typing import Any

from ..grammar import catalogue as say
from ..grammar.diagnostics import Finding, Message
from ..grammar.nodes import Binary, Name, Node, Number, Unary, children, postorder, with_children
from ..grammar.spelling import Speller
from ..schemas.parameters import Parameter, Value, normal, plain, shown
from ..schemas.structure import Outline

Values = Mapping[str, Value]


# --- values -----------------------------------------------------------------------------------


def bound(
    outline: Outline, binding: Mapping[str, Any], speller: Speller
) -> tuple[dict[str, Value], list[Finding]]:
    """The value of every parameter, and what is wrong with those that are bound."""
    values: dict[str, Value] = {name: found.default for name, found in outline.parameters.items()}
    findings = []
    for name, value in binding.items():
        parameter, value = outline.parameters.get(name), plain(value)
        if parameter is None:
            if name not in outline.unusable:
                findings.append(Finding(_unknown(name, outline, speller), ("parameters",), "key"))
        elif parameter.accepts(value):
            values[name] = normal(parameter.kind, value)
        else:
            message = say.value_out_of_range(name, shown(value), parameter.demand)
            findings.append(Finding(message, ("parameters", name), "key"))
    return values, findings


def _unknown(name: str, outline: Outline, speller: Speller) -> Message:
    nearest = speller.nearest(name, outline.parameters)
    if nearest is not None:
        return say.unknown_parameter(name, f"did you mean `{nearest}`?")
    known = ", ".join(outline.parameters)
    return say.unknown_parameter(name, f"it has {known}" if known else "it has no parameters")


def assignments(values: Values, names: set[str] | None = None) -> str:
    """The values, or those of some names, as a message shows them: `fast = 12, slow = 26`."""
    kept = ((name, value) for name, value in values.items() if names is None or name in names)
    return ", ".join(f"{name} = {shown(value)}" for name, value in kept)


# --- trees ------------------------------------------------------------------------------------


def names_in(tree: Node) -> set[str]:
    """The names that a tree uses."""
    return {node.name for node in postorder(tree) if isinstance(node, Name)}


def written_out(tree: Node, values: Values) -> Node:
    """The tree with values in the places of parameters; the places in the text stay those of the names.

    >>> from ..grammar.parser import parse
    >>> tree = parse("close > low - width AND useIt").tree
    >>> written_out(tree, {"width": -2.0, "useIt": True})
    <Binary close > low - -2 AND 1 == 1>
    """
    return replaced(tree, lambda name: _literal(name, values[name.name]) if name.name in values else None)


def replaced(tree: Node, instead: Callable[[Name], Node | None]) -> Node:
    """The tree with other nodes in the places of names, where `instead` gives one."""
    stack: list[Node] = []
    for node in postorder(tree):
        first = len(stack) - len(children(node))
        below = stack[first:]
        del stack[first:]
        made = with_children(node, below)
        stack.append(instead(made) or made if isinstance(made, Name) else made)
    return stack[0]


def _literal(name: Name, value: Value) -> Node:
    """A value as an author would write it in the place of a name."""
    place: dict[str, Any] = {"start": name.start, "end": name.end}
    if isinstance(value, bool):
        one, other = Number(value=1.0, **place), Number(value=1.0, **place)
        return Binary(operator="==" if value else "!=", left=one, right=other, at=name.start, **place)
    if value < 0:
        return Unary(operator="-", operand=Number(value=-float(value), **place), **place)
    return Number(value=float(value), **place)


# --- all values -------------------------------------------------------------------------------


def combinations(parameters: list[Parameter], values: Values, most: int) -> Iterator[dict[str, Value]]:
    """Values that some parameters may get together, at most so many; of long ranges the ends.

    The other parameters keep the given values.
    """
    lists = [_samples(parameter, max(2, int(most ** (1 / len(parameters))))) for parameter in parameters]
    for chosen in islice(product(*lists), most):
        yield {**values, **{p.name: value for p, value in zip(parameters, chosen, strict=True)}}


@lru_cache(maxsize=256)  # a long range takes milliseconds, and every use of a parameter asks for it
def _samples(parameter: Parameter, most: int) -> tuple[Value, ...]:
    """The ends first, for they are the likeliest to be wrong."""
    every = parameter.values(most)
    if every is not None:
        return (every[0], every[-1], *every[1:-1]) if len(every) > 1 else tuple(every)
    ends = [end for end in (parameter.low, parameter.high) if end is not None]
    if parameter.kind == "choice":
        ends = [min(parameter.choices), max(parameter.choices)]
    return tuple(dict.fromkeys([*ends, parameter.default]))[:most]
