"""W7: warnings: what is legal and probably not meant."""

from __future__ import annotations

from ..words import quoted, some
from .code import Said, code


@code("W701")
def number_as_truth(expression: str) -> Said:
    """A number inside `AND`, `OR` or `NOT` counts as true where it is not 0.

    Why: It is almost always a comparison whose end is missing.

    Wrong:
        "conditions": {"up": "close > open AND volume"}
    Right:
        "conditions": {"up": "close > open AND volume > 1000"}
    """
    return "this number counts as true wherever it is not 0", f"say it: `{expression} != 0`"


@code("W702")
def division_by_zero() -> Said:
    """A division by a constant zero is undefined on every candle.

    Why: What is undefined is never true, so the condition never holds.

    Wrong:
        "conditions": {"up": "close / 0 > 1"}
    Right:
        "conditions": {"up": "close / open > 1"}
    """
    return "this divides by zero, so it is undefined on every candle", "divide by something else"


@code("W703")
def no_conditions() -> Said:
    """A strategy without conditions can hardly decide anything.

    Why: Without conditions there is no score, and nothing explains why a candle enters.

    Wrong:
        "conditions": {}, "score": {}, "decision": {"entry": "close > open"}
    Right:
        "conditions": {"up": "close > open"}, "score": {"up": 10}, "decision": {"entry": "up"}
    """
    return "the strategy has no conditions", "add at least one condition"


@code("W704")
def no_weights() -> Said:
    """Without weights the score is 0 on every candle.

    Why: A threshold above 0 is then never reached, and one below it always.

    Wrong:
        "score": {}, "decision": {"entry": "up"}
    Right:
        "score": {"up": 10}, "decision": {"entry": "score >= 10"}
    """
    return "no condition carries a weight, so the score is always 0", "give a condition a weight"


@code("W706")
def unused_parameter(name: str) -> Said:
    """A parameter is declared and no expression uses it, so its value changes nothing.

    Why: A sweep would try its values and find no difference.

    Wrong:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}}
    Right:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
        "conditions": {"up": "close > ema(close, fast)"}
    """
    return f"no expression uses the parameter {quoted(name)}", "use it, or remove it"


@code("W705")
def more_warnings(count: int) -> Said:
    """There are more warnings than are shown, and no errors.

    Why: A hundred are shown; the rest is of the same kind more often than not.

    Wrong:
        "conditions": {‹"c{n}": "close AND close > {n}", ›×101"up": "close > open"}
    Right:
        "conditions": {"up": "close > open AND volume > 1000"}
    """
    return f"and {some(count, 'more warning')}", None


@code("W721")
def unused_function(signature: str) -> Said:
    """A function is defined and nothing calls it, so it changes nothing.

    Why: It may be a call that was forgotten, or a misspelt one.

    Wrong:
        "functions": {"slope(x, n)": "(x - x[n]) / n"}
    Right:
        "functions": {"slope(x, n)": "(x - x[n]) / n"},
        "conditions": {"up": "slope(close, 5) > 0"}
    """
    return f"nothing calls the function {quoted(signature)}", "call it, or remove it"


@code("W722")
def unused_argument(parameter: str, function: str) -> Said:
    """A function has a parameter that its formula does not use.

    Why: Whoever calls the function gives a value that changes nothing.

    Wrong:
        "functions": {"slope(x, n)": "(x - x[5]) / 5"},
        "conditions": {"up": "slope(close, 20) > 0"}
    Right:
        "functions": {"slope(x, n)": "(x - x[n]) / n"},
        "conditions": {"up": "slope(close, 20) > 0"}
    """
    return f"the formula of {quoted(function)} does not use its parameter {quoted(parameter)}", (
        "use it, or remove it"
    )


@code("W723")
def odd_call(function: str, part: str, problem: str) -> Said:
    """The arguments of a call make something in the formula of the function probably not what is meant.

    Why: The formula is right by itself, and with most arguments it would be here.

    Wrong:
        "functions": {"slope(x, n)": "(x - x[n]) / n"},
        "conditions": {"up": "slope(close, 0) > 0"}
    Right:
        "functions": {"slope(x, n)": "(x - x[n]) / n"},
        "conditions": {"up": "slope(close, 5) > 0"}
    """
    return f"with these arguments, of {quoted(part)} in the formula of {quoted(function)}: {problem}", (
        "give other arguments, or change the formula"
    )
