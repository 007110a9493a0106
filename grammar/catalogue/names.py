"""E3: names, and the order in which they are computed."""

from __future__ import annotations

from collections.abc import Iterable

from ..words import quoted
from .code import Said, code


@code("E301")
def unknown_function(name: str, help_: str | None) -> Said:
    """A call of something that is not a function of the language.

    Why: Functions of other libraries have other names, other arguments, and sometimes other values. `dslc
    functions` lists those of the language.

    Wrong:
        "conditions": {"up": "close > emma(close, 9)"}
    Right:
        "conditions": {"up": "close > ema(close, 9)"}
    """
    return f"{quoted(name)} is not a function", help_


@code("E302")
def unknown_name(name: str, help_: str | None) -> Said:
    """A name that is no market data, input or condition.

    Why: A misspelt name would be a value that nobody computes.

    Wrong:
        "inputs": {"fast": "ema(close, 9)"},
        "conditions": {"up": "close > fsat"}
    Right:
        "inputs": {"fast": "ema(close, 9)"},
        "conditions": {"up": "close > fast"}
    """
    return f"{quoted(name)} is not defined", help_


@code("E303")
def bad_name(name: str) -> Said:
    """Names of inputs and conditions are ASCII: a letter or `_`, then up to 63 letters, digits or `_`.

    Why: A name must be readable inside an expression, where a blank or a sign ends it.

    Wrong:
        "conditions": {"trend up": "close > open"}, "score": {}
    Right:
        "conditions": {"trendUp": "close > open"}, "score": {"trendUp": 10}
    """
    return (
        f"{quoted(name)} is not a valid name",
        "use a letter or _, then letters, digits or _, 64 characters at most",
    )


@code("E304")
def reserved_name(name: str) -> Said:
    """The name already means something in every expression.

    Why: An expression that says `close` must mean the price, whatever the document defines.

    Wrong:
        "inputs": {"open": "ema(close, 9)"}
    Right:
        "inputs": {"opening": "ema(close, 9)"},
        "conditions": {"up": "close > opening"}
    """
    return f"{quoted(name)} is reserved", "choose another name"


@code("E305")
def name_taken(name: str, owner: str = "an input") -> Said:
    """Parameters, inputs and conditions share one space of names.

    Why: In an expression the name could mean either.

    Wrong:
        "inputs": {"up": "close - open"},
        "conditions": {"up": "close > open"}
    Right:
        "inputs": {"rise": "close - open"},
        "conditions": {"up": "rise > 0"}
    """
    return f"{quoted(name)} is already the name of {owner}", "rename one of the two"


@code("E306")
def used_before_definition(name: str, section: str, line: int | None) -> Said:
    """A name is used above its own definition. The order of definitions counts.

    Why: A document is read from top to bottom, so everything that an entry needs stands above it.

    Wrong:
        "inputs": {"gap": "fast - slow", "fast": "ema(close, 9)", "slow": "ema(close, 21)"},
        "conditions": {"up": "gap > 0"}
    Right:
        "inputs": {"fast": "ema(close, 9)", "slow": "ema(close, 21)", "gap": "fast - slow"},
        "conditions": {"up": "gap > 0"}
    """
    where = f"below, in line {line}" if line else "below"
    return f"{quoted(name)} is used before it is defined ({where})", (
        f"move {quoted(name)} above this entry of {section}"
    )


@code("E307")
def circular_definition(cycle: Iterable[str]) -> Said:
    """Definitions that need each other, so that none can be computed first.

    Why: For the value of the candle before, an average or a function has a memory; definitions have none.

    Wrong:
        "inputs": {"a": "b + close", "b": "a / 2"}
    Right:
        "inputs": {"a": "ema(close, 2)", "b": "a / 2"},
        "conditions": {"up": "close > a + b"}
    """
    return "these definitions need each other: " + " → ".join(cycle), "break the circle"


@code("E308")
def condition_in_input(name: str) -> Said:
    """Inputs are computed before conditions, so an input cannot use one.

    Why: Inputs are numbers and are known before any condition.

    Wrong:
        "inputs": {"strong": "up * 2"}
    Right:
        "conditions": {"up": "close > open", "strong": "up AND volume > 1000"},
        "score": {"strong": 10}
    """
    return f"{quoted(name)} is a condition, and an input cannot use conditions", (
        "move this entry to conditions, or use the numbers behind the condition"
    )


@code("E309")
def missing_parentheses(name: str, call: str) -> Said:
    """A function is named but not called; calls always carry parentheses.

    Why: A name without parentheses is an input or market data, so that a new function never changes what
    a document means.

    Wrong:
        "conditions": {"up": "body > 1"}
    Right:
        "conditions": {"up": "body() > 1"}
    """
    return f"`{name}` is a function and must be called", f"write `{call}`"


@code("E310")
def not_callable(name: str, what: str) -> Said:
    """Something that is no function is followed by a parenthesis.

    Why: `close(1)` of other languages is the candle before, which is `close[1]` here; before a
    parenthesis an operator may be missing, too.

    Wrong:
        "conditions": {"up": "close > close(1)"}
    Right:
        "conditions": {"up": "close > close[1]"}
    """
    return (
        f"{quoted(name)} is {what}, not a function",
        f"write {quoted(name)} without the parentheses, or an operator",
    )


@code("E311")
def score_outside_decision() -> Said:
    """The score is known only after all conditions, so only the decision can use it.

    Why: A condition that depends on the score would depend on itself.

    Wrong:
        "conditions": {"up": "close > open", "strong": "score > 5"}
    Right:
        "conditions": {"up": "close > open"}, "decision": {"entry": "score > 5"}
    """
    return "`score` can only be used in the decision", "use the conditions themselves"


@code("E312")
def score_of_unknown(name: str, help_: str | None) -> Said:
    """A weight is given to something that is no condition.

    Why: Points that nothing earns are never given, so the threshold would be out of reach.

    Wrong:
        "score": {"upp": 10}
    Right:
        "score": {"up": 10}
    """
    return f"{quoted(name)} is not a condition, so it cannot carry a weight", help_


@code("E313")
def unknown_parameter(name: str, help_: str | None) -> Said:
    """A value is given to a parameter that the strategy does not have.

    Why: A value for a name that nobody reads would change nothing, and the caller would believe that it
    had.

    Wrong:
        dslc.compile(tunable).bind(fst=12)
    Right:
        dslc.compile(tunable).bind(fast=12)
    """
    return f"{quoted(name)} is not a parameter of this strategy", help_


@code("E314")
def not_a_parameter(name: str, help_: str | None) -> Said:
    """A constraint is about parameters and numbers alone, for it must be known before any candle is seen.

    Why: A constraint says which values of parameters belong together; prices are not known when they are
    chosen.

    Wrong:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
        "constraints": ["fast < close"],
        "conditions": {"up": "close > ema(close, fast)"}
    Right:
        "parameters": {"fast": {"default": 9, "min": 5, "max": 50}},
        "constraints": ["fast < 60"],
        "conditions": {"up": "close > ema(close, fast)"}
    """
    return f"{quoted(name)} is not a parameter, and constraints are about parameters", help_


@code("E315")
def unknown_symbol(symbol: str, field: str, help_: str | None) -> Said:
    """What stands before the dot is not one of the symbols that the document declares.

    Why: Another instrument is named in `configuration.symbols`, so that whoever evaluates the strategy knows
    which bars to bring.

    Wrong:
        "conditions": {"up": "btc.close > btc.open"}
    Right:
        "conditions": {"up": "close > open"}
    """
    declared = f'declare it in `configuration.symbols`, as in {{"{symbol}": "{symbol.upper()}"}}'
    return f"there is no symbol {quoted(symbol)} to take `{field}` from", help_ or declared


@code("E316")
def score_on_other_candles() -> Said:
    """`score` stands in an expression on candles of a higher timeframe.

    Why: Scores are of the strategy's own candles; other candles have none.

    Wrong:
        "decision": {"entry": "score @ 4H >= 10"}
    Right:
        "decision": {"entry": "score >= 10"}
    """
    return "`score` is of the strategy's own candles", "take the `@` away"


@code("E317")
def bad_signature(key: str) -> Said:
    """The key of a function is its name with its parameters in parentheses: 64 at most, named as inputs are.

    Why: The formula can only speak of what the key has named, and a call is known by its parentheses.

    Wrong:
        "functions": {"slope x": "(x - x[3]) / 3"}
    Right:
        "functions": {"slope(x)": "(x - x[3]) / 3"},
        "conditions": {"up": "slope(close) > 0"}
    """
    return (
        f"{quoted(key)} is no function with its parameters",
        "write the name and the parameters, for example slope(x, n), or body() where there are none",
    )


@code("E318")
def entry_in_function(name: str, what: str, signature: str) -> Said:
    """The formula of a function uses an input or a condition.

    Why: A function means the same wherever it is called, so what it works on is given to it.

    Wrong:
        "functions": {"above(n)": "fast > sma(close, n)"},
        "inputs": {"fast": "ema(close, 9)"},
        "conditions": {"up": "above(20)"}
    Right:
        "functions": {"above(x, n)": "x > sma(close, n)"},
        "inputs": {"fast": "ema(close, 9)"},
        "conditions": {"up": "above(fast, 20)"}
    """
    return f"{quoted(name)} is {what}, and a formula of a function cannot use it", (
        f"give it to the function: {quoted(signature)}"
    )


@code("E319")
def used_both_ways(parameter: str, function: str) -> Said:
    """A parameter of a function is used as a number and as a truth.

    Why: What a function takes is known by what its formula does with it, and nothing is both.

    Wrong:
        "functions": {"strong(x)": "x > 50 AND x"},
        "conditions": {"up": "strong(rsi(close, 14))"}
    Right:
        "functions": {"strong(x, c)": "x > 50 AND c"},
        "conditions": {"up": "strong(rsi(close, 14), close > open)"}
    """
    return f"{quoted(parameter)} of {quoted(function)} is a truth here and a number elsewhere", (
        "compare it where a truth is needed, or make two parameters of it"
    )
