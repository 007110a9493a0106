"""E5: causality and determinism."""

from __future__ import annotations

from ..words import some
from .code import Said, code


@code("E501")
def lookahead_offset(found: str) -> Said:
    """A negative offset reads candles that have not closed yet."""
    return f"an offset of {found} looks into the future", "use an offset of 0 or more: x[1] is one candle ago"


@code("E502")
def lookahead_window(function: str, parameter: str, found: str) -> Said:
    """A negative window reads candles that have not closed yet."""
    return f"`{parameter}` of `{function}` is {found}: a negative window looks into the future", (
        "write a whole number of at least 1"
    )


@code("E503")
def lookahead_function(name: str) -> Said:
    """A call of a function that promises future candles."""
    return f"`{name}` asks for the future, and no candle knows its future", (
        "use x[n] for the value n candles ago"
    )


@code("E504")
def nondeterministic_function(name: str) -> Said:
    """A call of a function whose value would differ from run to run."""
    return f"`{name}` would give another result on every run", "use market data only"


@code("E505")
def reads_the_future(right: int) -> Said:
    """The compiler's own proof failed: an expression reads candles after its own."""
    return f"this expression reads {some(right, 'candle')} into the future", None
