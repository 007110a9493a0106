"""What conditions choose, and what they were on the candles before.

Where a condition is undefined, each of these is undefined as long as it would come out differently if the
condition were true and if it were false. `isDefined` and `orElse` ask about just that, so they are exempt.
"""

from __future__ import annotations

from ..registry import Period, Series, Term, Truth, derived, native, term


@native(first="0", unit="as a and b", reference="Pine's `condition ? a : b`", degree=(1, 0))
def if_(condition: Truth, a: Series, b: Series) -> Term:
    """One of two numbers: a where the condition is true, b where it is false.

    Only the chosen number has to be defined. Where the condition is undefined, so is the value, unless a and
    b are equal, when the condition does not matter.

    Example:
        open:                                       2 5 5
        close:                                      4 5 1
        if(close > open, 1, -1):                    1 -1 -1
        if(close / (open - close) > 0, 7, 7):       7 7 7
    """
    return term("choose", condition, a, b)


@native(first="0", unit="as x", internal=True, degree=(1, 0))
def only(condition: Truth, x: Series) -> Term:
    """A number where the condition is certainly true, undefined elsewhere."""
    return term("only", condition, x)


@native(first="0", unit="as x and y", reference="Pine's nz with a replacement", degree=(1, 0))
def orElse(x: Series, y: Series) -> Term:
    """x, or where it is undefined y.

    Example:
        close:                          3 5 8
        orElse(change(close), 0):       0 2 3
    """
    return term("or_else", x, y)


@native(first="0", unit="truth", reference="the opposite of Pine's na", degree=(0, 0))  # type: ignore[arg-type]
def isDefined(x: Series) -> Truth:
    """Whether a number has a value on this candle: true or false, never undefined.

    Example:
        close:                    3 5 8
        isDefined(change(close)): 0 1 1
    """
    return term("defined", x)  # type: ignore[return-value]


@native(
    first="0",
    unit="candles",
    low=0.0,
    reference="Pine's barssince",
    memory="cumulative",
    degree=(0, 0),
)
def barsSince(condition: Truth) -> Term:
    """How many candles ago a condition was true last: 0 on a candle on which it is.

    Undefined before it was true for the first time. Where the condition is undefined it might have been
    true, so the value is undefined from there until the condition is certainly true again.

    Example:
        close:                3 6 2 1 7
        barsSince(close > 5): - 0 1 2 0
    """
    return term("bars_since", condition)


@native(
    first="0",
    unit="candles",
    low=0.0,
    memory="cumulative",
    degree=(0, 0),
)
def streak(condition: Truth) -> Term:
    """How many candles in a row a condition has been true: 0 on a candle on which it is false.

    On the first candles it counts those that there are. Where the condition is undefined it might be either,
    so the value is undefined from there until the condition is certainly false. `streak(close > close[1])`
    begins on a candle that has none before it, so it is defined from the first candle that does not rise;
    `streak(isDefined(close[1]) AND close > close[1])` is from the start.

    Example:
        close:             3 6 7 1 7
        streak(close > 5): 0 1 2 0 1
    """
    return term("streak", condition)


@native(
    first="0",
    unit="as x",
    reference="Pine's valuewhen with occurrence 0",
    memory="cumulative",
    degree=(1, 0),
)
def valueWhen(condition: Truth, x: Series) -> Term:
    """What x was when a condition was true last, this candle included.

    Undefined before the condition was true for the first time, and where x was undefined then. Where the
    condition is undefined it might be true: if x is another number there, the value is undefined until the
    condition is certainly true again.

    Example:
        close:                       3 6 2 7
        valueWhen(close > 5, close): - 6 6 7
    """
    return term("value_when", condition, x)


@derived(
    "sum(if(condition, 1, 0), n)",
    first="n - 1",
    unit="candles",
    low=0.0,
    reference="pandas' rolling sum of a condition",
    degree=(0, 0),
)
def countTrue(condition: Truth, n: Period) -> Series:
    """On how many of the last n candles a condition was true, this one included.

    Undefined while the condition is undefined on one of them: either answer would change the count.

    Example:
        close:                  3 6 7 1
        countTrue(close > 5, 2): - 1 2 1
    """


@native(first="0", unit="as x", memory="cumulative", degree=(1, 0))
def since(condition: Truth, x: Series) -> Term:
    """The sum of x from the candle on which a condition was true last to this one, both included.

    So `since(condition, hlc3() * volume) / since(condition, volume)` is the average price anchored there.
    What rounding loses is carried along. An undefined x gives undefined and is otherwise passed over.
    Undefined before the condition was true for the first time. Where the condition is undefined the sum
    might begin anew: unless it is 0 so far, the value is undefined until the condition is certainly true.

    Example:
        close:                   3 6 2 1 7
        since(close > 5, close): - 6 8 9 7
    """
    return term("since", condition, x)
