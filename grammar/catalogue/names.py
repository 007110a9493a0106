"""E3: names, and the order in which they are computed."""

from __future__ import annotations

from collections.abc import Iterable

from ..words import quoted
from .code import Said, code


@code("E301")
def unknown_function(name: str, help_: str | None) -> Said:
    """A call of something that is not a function of the language."""
    return f"{quoted(name)} is not a function", help_


@code("E302")
def unknown_name(name: str, help_: str | None) -> Said:
    """A name that is no market data, input or condition."""
    return f"{quoted(name)} is not defined", help_


@code("E303")
def bad_name(name: str) -> Said:
    """Names of inputs and conditions are ASCII: a letter or `_`, then up to 63 letters, digits or `_`."""
    return (
        f"{quoted(name)} is not a valid name",
        "use a letter or _, then letters, digits or _, 64 characters at most",
    )


@code("E304")
def reserved_name(name: str) -> Said:
    """The name already means something in every expression."""
    return f"{quoted(name)} is reserved", "choose another name"


@code("E305")
def name_taken(name: str, owner: str = "an input") -> Said:
    """Parameters, inputs and conditions share one space of names."""
    return f"{quoted(name)} is already the name of {owner}", "rename one of the two"


@code("E306")
def used_before_definition(name: str, section: str, line: int | None) -> Said:
    """A name is used above its own definition. The order of definitions counts."""
    where = f"below, in line {line}" if line else "below"
    return f"{quoted(name)} is used before it is defined ({where})", (
        f"move {quoted(name)} above this entry of {section}"
    )


@code("E307")
def circular_definition(cycle: Iterable[str]) -> Said:
    """Definitions that need each other, so that none can be computed first."""
    return "these definitions need each other: " + " → ".join(cycle), "break the circle"


@code("E308")
def condition_in_input(name: str) -> Said:
    """Inputs are computed before conditions, so an input cannot use one."""
    return f"{quoted(name)} is a condition, and an input cannot use conditions", (
        "move this entry to conditions, or use the numbers behind the condition"
    )


@code("E309")
def missing_parentheses(name: str, call: str) -> Said:
    """A function is named but not called; calls always carry parentheses."""
    return f"`{name}` is a function and must be called", f"write `{call}`"


@code("E310")
def not_callable(name: str, what: str) -> Said:
    """Something that is no function is followed by a parenthesis."""
    return (
        f"{quoted(name)} is {what}, not a function",
        f"write {quoted(name)} without the parentheses, or an operator",
    )


@code("E311")
def score_outside_decision() -> Said:
    """The score is known only after all conditions, so only the decision can use it."""
    return "`score` can only be used in the decision", "use the conditions themselves"


@code("E312")
def score_of_unknown(name: str, help_: str | None) -> Said:
    """A weight is given to something that is no condition."""
    return f"{quoted(name)} is not a condition, so it cannot carry a weight", help_


@code("E313")
def unknown_parameter(name: str, help_: str | None) -> Said:
    """A value is given to a parameter that the strategy does not have."""
    return f"{quoted(name)} is not a parameter of this strategy", help_


@code("E314")
def not_a_parameter(name: str, help_: str | None) -> Said:
    """A constraint is about parameters and numbers alone, for it must be known before any candle is seen."""
    return f"{quoted(name)} is not a parameter, and constraints are about parameters", help_
