"""W7, continued: verdicts, what is known of a strategy before any candle is seen."""

from __future__ import annotations

from ..words import quoted
from .code import Said, code


@code("W707")
def never_true(shown: str, why: str, help_: str | None) -> Said:
    """A condition, or a part of one, that no candle can make true.

    Why: The values that indicators can take, and the order among prices, rule it out. What waits for it never
    happens.

    Wrong:
        "conditions": {"up": "close > highest(high, 20)"}
    Right:
        "conditions": {"up": "close > highest(high, 20)[1]"}
    """
    return f"{quoted(shown, 120)} is never true: {why}", help_


@code("W708")
def always_true(shown: str, why: str) -> Said:
    """A condition, or a part of one, that is true wherever it is defined.

    Why: It tells no candle from another, so its weight is given away, or another limit was meant.

    Wrong:
        "conditions": {"up": "rsi(close, 14) <= 100"}
    Right:
        "conditions": {"up": "rsi(close, 14) <= 40"}
    """
    return f"{quoted(shown, 120)} is always true: {why}", "remove it, or compare with something else"


@code("W709")
def unreachable_score(shown: str, why: str) -> Said:
    """The decision asks for a score that the conditions cannot add up to.

    Why: The strategy never enters. Conditions that carry or exclude each other are reckoned with.

    Wrong:
        "score": {"up": 10}, "decision": {"entry": "score >= 20"}
    Right:
        "score": {"up": 20}, "decision": {"entry": "score >= 20"}
    """
    return f"{quoted(shown, 120)} is never true: {why}", "change the threshold or the weights"


@code("W710")
def certain_score(shown: str, why: str) -> Said:
    """The decision asks for no more than what every candle scores.

    Why: The strategy enters on every candle on which its conditions are defined.

    Wrong:
        "score": {"up": 10}, "decision": {"entry": "score >= 0"}
    Right:
        "score": {"up": 10}, "decision": {"entry": "score >= 10"}
    """
    return f"{quoted(shown, 120)} is always true: {why}", "change the threshold or the weights"


@code("W711")
def carried_condition(name: str, other: str, weight: int, both: int) -> Said:
    """Wherever a condition is true, another one that carries a weight is true, too.

    Why: The two weights always come together, so the first condition is worth more than it says.

    Wrong:
        "conditions": {"up": "close > open", "cross": "crossUp(close, open)"},
        "score": {"up": 10, "cross": 20}
    Right:
        "conditions": {"up": "close > open", "cross": "crossUp(close, sma(close, 9))"},
        "score": {"up": 10, "cross": 20}
    """
    return (
        f"wherever {quoted(name)} is true, {quoted(other)} is true, too: "
        f"it always brings {both:,} points, not {weight:,}",
        f"set the weights with that in mind, or let {quoted(name)} say something else",
    )


@code("W712")
def equal_conditions(name: str, other: str) -> Said:
    """Two conditions that are true on the same candles.

    Why: One of the two was probably meant to say something else; their weights always come together.

    Wrong:
        "conditions": {"up": "close > open", "rise": "open < close"},
        "score": {"up": 10, "rise": 10}
    Right:
        "conditions": {"up": "close > open", "rise": "close > close[1]"},
        "score": {"up": 10, "rise": 10}
    """
    return (
        f"{quoted(name)} is true on the same candles as {quoted(other)}",
        "remove one of the two, or change it",
    )


@code("W713")
def idle_weight(name: str, weight: int) -> Said:
    """A weight that never decides: with 0 in its place, the same candles are entered.

    Why: The author gave it points because it should matter, and it does not.

    Wrong:
        "conditions": {"up": "close > open", "busy": "volume > 0"},
        "score": {"up": 60, "busy": 5}, "decision": {"entry": "score >= 60"}
    Right:
        "conditions": {"up": "close > open", "busy": "volume > 0"},
        "score": {"up": 55, "busy": 5}, "decision": {"entry": "score >= 60"}
    """
    return (
        f"the {weight:,} points of {quoted(name)} never change the decision",
        "change the threshold or the weights, or remove this one",
    )


@code("W714")
def unused_condition(name: str) -> Said:
    """A condition that carries no weight and that no expression uses.

    Why: It changes nothing. Usually its weight was forgotten, or its name.

    Wrong:
        "conditions": {"up": "close > open", "down": "close < open"}
    Right:
        "conditions": {"up": "close > open", "down": "close < open"},
        "score": {"up": 10, "down": -10}
    """
    return f"the condition {quoted(name)} weighs nothing, and nothing uses it", (
        "give it a weight, use it, or remove it"
    )


@code("W715")
def unused_input(name: str) -> Said:
    """An input that no expression uses.

    Why: It changes nothing. Usually a condition was meant to use it.

    Wrong:
        "inputs": {"mean": "sma(close, 20)"}
    Right:
        "inputs": {"mean": "sma(close, 20)"}, "conditions": {"up": "close > mean"}
    """
    return f"no expression uses the input {quoted(name)}", "use it, or remove it"


@code("W716")
def equal_inputs(name: str, other: str) -> Said:
    """Two inputs that have the same value on every candle.

    Why: One of the two was probably meant to have another period, or another series.

    Wrong:
        "inputs": {"fast": "ema(close, 9)", "slow": "ema(close, 9)"},
        "conditions": {"up": "close > fast AND close > slow"}
    Right:
        "inputs": {"fast": "ema(close, 9)", "slow": "ema(close, 21)"},
        "conditions": {"up": "close > fast AND close > slow"}
    """
    return f"{quoted(name)} equals {quoted(other)} on every candle", "change one of the two, or use one name"


@code("W717")
def computed_equality(operator: str) -> Said:
    """A comparison of computed numbers for being exactly equal, or exactly different.

    Why: Computed numbers are rounded, and two of them are hardly ever the same to the last digit.

    Wrong:
        "conditions": {"touch": "ema(close, 9) == ema(close, 21)"},
        "score": {"touch": 10}
    Right:
        "conditions": {"touch": "crossUp(ema(close, 9), ema(close, 21))"},
        "score": {"touch": 10}
    """
    return f"`{operator}` compares computed numbers, which are hardly ever exactly equal", (
        "write a comparison with > or <, a cross, or a distance: abs(a - b) < limit"
    )


@code("W718")
def different_kinds(left: str, right: str) -> Said:
    """A comparison of numbers that measure different things.

    Why: Whether a price is above a volume depends on what the market trades in, and says nothing.

    Wrong:
        "conditions": {"up": "close > rsi(close, 14)"}
    Right:
        "conditions": {"up": "rsi(close, 14) > 50"}
    """
    return f"this compares {left} with {right}", "compare numbers that measure the same thing"


@code("W719")
def low_score(shown: str) -> Said:
    """A decision that enters where the score is low.

    Why: Weights say how much speaks for an entry, so a low score usually stops one.

    Wrong:
        "decision": {"entry": "score < 10"}
    Right:
        "decision": {"entry": "score >= 10"}
    """
    return f"{quoted(shown, 120)} is true where few conditions are", "write score >= …, or negative weights"


@code("W720")
def long_warm_up(what: str, candles: int, years: float) -> Said:
    """A value that is undefined for more than a year of the timeframe.

    Why: Until then nothing that uses it can be true, and few histories are much longer.

    Wrong:
        "configuration": {"timeframe": "1D"}, "conditions": {"up": "close > sma(close, 1000)"}
    Right:
        "configuration": {"timeframe": "1D"}, "conditions": {"up": "close > sma(close, 200)"}
    """
    return f"{what} is undefined for the first {candles:,} candles, {years:.1f} years", (
        "use shorter periods, or a finer timeframe"
    )
