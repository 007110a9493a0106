"""E4: kinds of values and arguments."""

from __future__ import annotations

from ..words import MINUTES, TIMEFRAMES, quoted, some
from .code import Said, code


@code("E401")
def wrong_argument_count(signature: str, least: int, most: int, found: int) -> Said:
    """A function is called with too few or too many arguments.

    Why: Only what a signature gives a default may be left out, from the right; nothing else is made up.

    Wrong:
        "conditions": {"up": "rsi(14) > 50"}
    Right:
        "conditions": {"up": "rsi(close, 14) > 50"}
    """
    name = signature.partition("(")[0]
    wanted = some(most, "argument") if least == most else f"{least} to {some(most, 'argument')}"
    return f"`{name}` takes {wanted}, not {found}", f"write `{signature}`"


@code("E402")
def input_is_boolean(name: str) -> Said:
    """Inputs are numbers; a truth belongs into `conditions`.

    Why: Only conditions carry weights and take part in the decision.

    Wrong:
        "inputs": {"rising": "close > open"}
    Right:
        "conditions": {"up": "close > open"}
    """
    return f"the input {quoted(name)} is true or false, not a number", "move it to conditions"


@code("E403")
def condition_is_number(what: str, expression: str) -> Said:
    """A condition or decision must be true or false as a whole.

    Why: Whether 0.3 counts as true would be a guess.

    Wrong:
        "conditions": {"up": "close - open"}
    Right:
        "conditions": {"up": "close - open > 0"}
    """
    return f"{what} is a number, not true or false", f"compare it, for example `{expression} != 0`"


@code("E404")
def boolean_operand(what: str, help_: str | None) -> Said:
    """A truth stands where a number is needed: in arithmetic, a comparison or a function.

    Why: Truths have no order and no sum. Points for them are the business of `score`.

    Wrong:
        "conditions": {"up": "(close > open) + (close > low) > 1"}
    Right:
        "conditions": {"up": "close > open AND close > low"}
    """
    return f"{what} needs numbers, and this is true or false", help_


@code("E405")
def period_not_constant(function: str, parameter: str) -> Said:
    """A period (window length) must be the same on every candle.

    Why: A window whose length changes from candle to candle has no stated cost and no first candle.

    Wrong:
        "conditions": {"up": "close > sma(close, volume)"}
    Right:
        "conditions": {"up": "close > sma(close, 20)"}
    """
    return f"`{parameter}` of `{function}` must be a constant, not a series", (
        "write a whole number, for example 14"
    )


@code("E406")
def period_not_whole(function: str, parameter: str, found: str) -> Said:
    """A period is a whole number of candles, at least 1.

    Why: An average of 2.5 candles is none, and rounding would be a guess.

    Wrong:
        "conditions": {"up": "close > sma(close, 2.5)"}
    Right:
        "conditions": {"up": "close > sma(close, 3)"}
    """
    return f"`{parameter}` of `{function}` must be a whole number of at least 1, not {found}", None


@code("E407")
def offset_not_constant() -> Said:
    """The number of candles in `x[n]` must be the same on every candle.

    Why: How far an expression looks back is stated before any candle is seen; only so can it be proved
    that it never looks ahead.

    Wrong:
        "conditions": {"up": "close > close[volume]"}
    Right:
        "conditions": {"up": "close > close[1]"}
    """
    return "an offset must be a constant, not a series", "write a whole number, for example [1]"


@code("E408")
def offset_not_whole(found: str) -> Said:
    """The number of candles in `x[n]` must be whole.

    Why: There is no candle between two candles.

    Wrong:
        "conditions": {"up": "close > close[0.5]"}
    Right:
        "conditions": {"up": "close > close[1]"}
    """
    return f"an offset must be a whole number of candles, not {found}", None


@code("E409")
def timeframe_misused(what: str) -> Said:
    """`timeframe` and timeframe literals can only be compared with each other.

    Why: A timeframe is a label and no number: nothing is larger than `1H`.

    Wrong:
        "conditions": {"up": "timeframe > 1H"}
    Right:
        "conditions": {"up": "timeframe == 1H AND close > open"}
    """
    return (
        f"{what} can only be used as `timeframe == 1H` or `timeframe != 1H`",
        "candles of a higher timeframe are read with `@`, as in `close @ 4H`",
    )


@code("E410")
def unknown_timeframe_literal(found: str, nearest: str | None) -> Said:
    """Looks like a timeframe, but is none.

    Why: A comparison with a timeframe that does not exist would never be true.

    Wrong:
        "conditions": {"up": "timeframe == 60M"}
    Right:
        "conditions": {"up": "timeframe == 1H AND close > open"}
    """
    known = " ".join(TIMEFRAMES)
    hint = f"did you mean `{nearest}`? " if nearest else ""
    return f"{quoted(found)} is neither a number nor a timeframe", f"{hint}Timeframes: {known}"


@code("E411")
def weight_not_integer(name: str, found: str, help_: str | None) -> Said:
    """Weights are whole numbers (10.0 counts as 10).

    Why: Whole points add up exactly, so a score meets its threshold on every machine.

    Wrong:
        "score": {"up": "10"}
    Right:
        "score": {"up": 10}
    """
    return f"the weight of {quoted(name)} must be a whole number, not {found}", help_


@code("E412")
def argument_out_of_range(
    function: str, parameter: str, demand: str, found: str, help_: str | None = None
) -> Said:
    """A constant argument has a value that the function has no meaning for.

    Why: `volumeSpike(0)` would ask for more than nothing and divide by it.

    Wrong:
        "conditions": {"up": "volumeSpike(0) > 1"}
    Right:
        "conditions": {"up": "volumeSpike(1.5) > 1"}
    """
    return f"`{parameter}` of `{function}` must be {demand}, not {found}", help_


@code("E413")
def argument_not_constant(function: str, parameter: str) -> Said:
    """An argument that must be the same on every candle is a series.

    Why: The function has a meaning for one number only, not for one that changes from candle to candle.

    Wrong:
        "conditions": {"up": "volumeSpike(close) > 1"}
    Right:
        "conditions": {"up": "volumeSpike(1.5) > 1"}
    """
    return f"`{parameter}` of `{function}` must be a constant, not a series", None


@code("E414")
def literal_out_of_range() -> Said:
    """A number in an expression is too large for a float64.

    Why: It would become infinity, and no price is.

    Wrong:
        "conditions": {"up": "close < 1e999"}
    Right:
        "conditions": {"up": "close < 1e9"}
    """
    return "this number is out of range", "write a number below 1.8e308"


@code("E415")
def value_out_of_range(name: str, found: str, demand: str, help_: str | None = None) -> Said:
    """A parameter is given a value that its declaration does not allow.

    Why: The range is what the author has allowed; outside it the strategy was never meant to run.

    Wrong:
        "parameters": {"fast": {"default": 90, "min": 5, "max": 50}},
        "conditions": {"up": "close > ema(close, fast)"}
    Right:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
        "conditions": {"up": "close > ema(close, fast)"}
    """
    return f"{quoted(name)} must be {demand}, not {found}", help_


@code("E416")
def unfit_value(values: str, problem: str) -> Said:
    """The declared range of a parameter has values for which an expression means nothing.

    Why: A sweep would stop in the middle. So what holds for a parameter must hold for its whole range.

    Wrong:
        "parameters": {"fast": {"default": 9, "min": 0, "max": 50}},
        "conditions": {"up": "close > ema(close, fast)"}
    Right:
        "parameters": {"fast": {"default": 9, "min": 1, "max": 50}},
        "conditions": {"up": "close > ema(close, fast)"}
    """
    return f"with {values}, {problem}", "narrow the range of the parameter, or add a constraint"


@code("E417")
def constraint_broken(constraint: str, values: str) -> Said:
    """The values of the parameters do not satisfy one of the constraints.

    Why: The author has ruled this combination out. It happens for the defaults of a document, and for
    values that are bound.

    Wrong:
        "parameters": {
          "fast": {"default": 50, "min": 5, "max": 50},
          "slow": {"default": 20, "min": 10, "max": 200}
        },
        "constraints": ["fast < slow"],
        "conditions": {"up": "ema(close, fast) > ema(close, slow)"}
    Right:
        "parameters": {
          "fast": {"default": 9, "min": 5, "max": 50},
          "slow": {"default": 20, "min": 10, "max": 200}
        },
        "constraints": ["fast < slow"],
        "conditions": {"up": "ema(close, fast) > ema(close, slow)"}
    """
    return f"the constraint {quoted(constraint)} does not hold with {values}", "choose other values"


@code("E418")
def constraint_not_truth(constraint: str) -> Said:
    """A constraint must be true or false, and known without any candle.

    Why: A constraint decides whether a combination may be tried, so its answer is yes or no.

    Wrong:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
        "constraints": ["fast + 1"],
        "conditions": {"up": "close > ema(close, fast)"}
    Right:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
        "constraints": ["fast + 1 < 60"],
        "conditions": {"up": "close > ema(close, fast)"}
    """
    return f"the constraint {quoted(constraint)} is not a comparison of parameters", (
        "write one that is true or false, for example fast < slow"
    )


@code("E419")
def no_higher_timeframe(found: str, own: str) -> Said:
    """After `@` stands a timeframe that the strategy's candles cannot be made into.

    Why: A candle of a higher timeframe is made of whole candles of the lower one. What happens within a
    candle, the strategy does not see.

    Wrong:
        "configuration": {"timeframe": "4H"}, "conditions": {"up": "close > ema(close, 9) @ 1H"}
    Right:
        "configuration": {"timeframe": "1H"}, "conditions": {"up": "close > ema(close, 9) @ 4H"}
    """
    higher = [
        name for name in TIMEFRAMES if MINUTES[name] > MINUTES[own] and not MINUTES[name] % MINUTES[own]
    ]
    way = f"candles of {own} make those of {' '.join(higher)}" if higher else "there is none above"
    below = MINUTES[found] < MINUTES[own]
    return f"{found} is {'below' if below else 'no multiple of'} {own}", way


@code("E420")
def unreadable_there(name: str, timeframe: str, problem: str) -> Said:
    """An input or a condition cannot be read on candles of a higher timeframe.

    Why: A name stands for its expression, and on other candles that has to hold on its own, too.

    Wrong:
        "inputs": {"trend": "ema(close, 9) @ 2H"}, "conditions": {"up": "(close > trend) @ 4H"}
    Right:
        "inputs": {"trend": "ema(close, 9)"}, "conditions": {"up": "(close > trend) @ 4H"}
    """
    return f"{quoted(name)} cannot be read on candles of {timeframe}: {problem}", "write out what is meant"


@code("E421")
def series_left_out(function: str, first: str, call: str) -> Said:
    """A function of a series is called with numbers alone.

    Why: Arguments are left out from the right, so the first number would be the series: the rate of change
    of 10, which is 0 on every candle.

    Wrong:
        "conditions": {"up": "roc(10) > 2"}
    Right:
        "conditions": {"up": "roc(close, 10) > 2"}
    """
    return f"`{function}` begins with its series, and {quoted(first)} is a constant", f"write `{call}`"


@code("E422")
def unfit_call(function: str, part: str, problem: str) -> Said:
    """The arguments of a call, or the candles on which it stands, make something in the formula impossible.

    Why: The formula is right by itself, and so is the argument; together they ask for something that does not
    exist, such as a window of no candles, or candles of 4H in a call on those of 1D.

    Wrong:
        "functions": {"half(x, n)": "sma(x, n / 2)"},
        "conditions": {"up": "close > half(close, 9)"}
    Right:
        "functions": {"half(x, n)": "sma(x, n / 2)"},
        "conditions": {"up": "close > half(close, 10)"}
    """
    return f"called so, {quoted(part)} in the formula of {quoted(function)} is wrong: {problem}", (
        "call it with other arguments or on other candles, or change the formula"
    )


@code("E423")
def argument_there(parameter: str, function: str, timeframe: str) -> Said:
    """The formula of a function reads an argument on candles of a higher timeframe.

    Why: An argument is a value of the candles on which the function is called; on other candles it has none.

    Wrong:
        "functions": {"trend(x)": "ema(x, 9) @ 4H"},
        "conditions": {"up": "close > trend(close)"}
    Right:
        "functions": {"trend(x)": "ema(x, 9)"},
        "conditions": {"up": "close > trend(close) @ 4H"}
    """
    what = f"{quoted(parameter)} is a value of the candles on which {quoted(function)} is called"
    return (
        f"{what}, not of those of {timeframe}",
        f"write the `@` at the call, as in `{function}(…) @ {timeframe}`",
    )
