"""E4: kinds of values and arguments."""

from __future__ import annotations

from ..words import TIMEFRAMES, quoted, some
from .code import Said, code


@code("E401")
def wrong_argument_count(signature: str, expected: int, found: int) -> Said:
    """A function is called with too few or too many arguments."""
    name = signature.partition("(")[0]
    return f"`{name}` takes {some(expected, 'argument')}, not {found}", f"write `{signature}`"


@code("E402")
def input_is_boolean(name: str) -> Said:
    """Inputs are numbers; a truth belongs into `conditions`."""
    return f"the input {quoted(name)} is true or false, not a number", "move it to conditions"


@code("E403")
def condition_is_number(what: str, expression: str) -> Said:
    """A condition or decision must be true or false as a whole."""
    return f"{what} is a number, not true or false", f"compare it, for example `{expression} != 0`"


@code("E404")
def boolean_operand(what: str, help_: str | None) -> Said:
    """A truth stands where a number is needed: in arithmetic, a comparison or a function."""
    return f"{what} needs numbers, and this is true or false", help_


@code("E405")
def period_not_constant(function: str, parameter: str) -> Said:
    """A period (window length) must be the same on every candle."""
    return f"`{parameter}` of `{function}` must be a constant, not a series", (
        "write a whole number, for example 14"
    )


@code("E406")
def period_not_whole(function: str, parameter: str, found: str) -> Said:
    """A period is a whole number of candles, at least 1."""
    return f"`{parameter}` of `{function}` must be a whole number of at least 1, not {found}", None


@code("E407")
def offset_not_constant() -> Said:
    """The number of candles in `x[n]` must be the same on every candle."""
    return "an offset must be a constant, not a series", "write a whole number, for example [1]"


@code("E408")
def offset_not_whole(found: str) -> Said:
    """The number of candles in `x[n]` must be whole."""
    return f"an offset must be a whole number of candles, not {found}", None


@code("E409")
def timeframe_misused(what: str) -> Said:
    """`timeframe` and timeframe literals can only be compared with each other."""
    return f"{what} can only be used as `timeframe == 1H` or `timeframe != 1H`", None


@code("E410")
def unknown_timeframe_literal(found: str, nearest: str | None) -> Said:
    """Looks like a timeframe, but is none."""
    known = " ".join(TIMEFRAMES)
    hint = f"did you mean `{nearest}`? " if nearest else ""
    return f"{quoted(found)} is neither a number nor a timeframe", f"{hint}Timeframes: {known}"


@code("E411")
def weight_not_integer(name: str, found: str, help_: str | None) -> Said:
    """Weights are whole numbers (10.0 counts as 10)."""
    return f"the weight of {quoted(name)} must be a whole number, not {found}", help_


@code("E412")
def argument_out_of_range(function: str, parameter: str, demand: str, found: str) -> Said:
    """A constant argument has a value that the function has no meaning for."""
    return f"`{parameter}` of `{function}` must be {demand}, not {found}", None


@code("E413")
def argument_not_constant(function: str, parameter: str) -> Said:
    """An argument that must be the same on every candle is a series."""
    return f"`{parameter}` of `{function}` must be a constant, not a series", None


@code("E414")
def literal_out_of_range() -> Said:
    """A number in an expression is too large for a float64."""
    return "this number is out of range", "write a number below 1.8e308"


@code("E415")
def value_out_of_range(name: str, found: str, demand: str, help_: str | None = None) -> Said:
    """A parameter is given a value that its declaration does not allow."""
    return f"{quoted(name)} must be {demand}, not {found}", help_


@code("E416")
def unfit_value(values: str, problem: str) -> Said:
    """The declared range of a parameter has values for which an expression means nothing."""
    return f"with {values}, {problem}", "narrow the range of the parameter, or add a constraint"


@code("E417")
def constraint_broken(constraint: str, values: str) -> Said:
    """The values of the parameters do not satisfy one of the constraints."""
    return f"the constraint {quoted(constraint)} does not hold with {values}", "choose other values"


@code("E418")
def constraint_not_truth(constraint: str) -> Said:
    """A constraint must be true or false, and known without any candle."""
    return f"the constraint {quoted(constraint)} is not a comparison of parameters", (
        "write one that is true or false, for example fast < slow"
    )
