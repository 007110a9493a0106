"""W7: warnings: what is legal and probably not meant."""

from __future__ import annotations

from ..words import quoted, some
from .code import Said, code


@code("W701")
def number_as_truth(expression: str) -> Said:
    """A number inside `AND`, `OR` or `NOT` counts as true where it is not 0."""
    return "this number counts as true wherever it is not 0", f"say it: `{expression} != 0`"


@code("W702")
def division_by_zero() -> Said:
    """A division by a constant zero is undefined on every candle."""
    return "this divides by zero, so it is undefined on every candle", "divide by something else"


@code("W703")
def no_conditions() -> Said:
    """A strategy without conditions can hardly decide anything."""
    return "the strategy has no conditions", "add at least one condition"


@code("W704")
def no_weights() -> Said:
    """Without weights the score is 0 on every candle."""
    return "no condition carries a weight, so the score is always 0", "give a condition a weight"


@code("W706")
def unused_parameter(name: str) -> Said:
    """A parameter is declared and no expression uses it, so its value changes nothing."""
    return f"no expression uses the parameter {quoted(name)}", "use it, or remove it"


@code("W705")
def more_warnings(count: int) -> Said:
    """There are more warnings than are shown, and no errors."""
    return f"and {some(count, 'more warning')}", None
