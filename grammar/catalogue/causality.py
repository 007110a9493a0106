"""E5: causality and determinism."""

from __future__ import annotations

from ..words import some
from .code import Said, code


@code("E501")
def lookahead_offset(found: str) -> Said:
    """A negative offset reads candles that have not closed yet.

    Why: A test on history would know what live trading cannot, and its profit would be made up.

    Wrong:
        "conditions": {"up": "close[-1] > close"}
    Right:
        "conditions": {"up": "close > close[1]"}
    """
    return f"an offset of {found} looks into the future", "use an offset of 0 or more: x[1] is one candle ago"


@code("E502")
def lookahead_window(function: str, parameter: str, found: str) -> Said:
    """A negative window reads candles that have not closed yet.

    Why: A test on history would know what live trading cannot, and its profit would be made up.

    Wrong:
        "conditions": {"up": "close > sma(close, -20)"}
    Right:
        "conditions": {"up": "close > sma(close, 20)"}
    """
    return f"`{parameter}` of `{function}` is {found}: a negative window looks into the future", (
        "write a whole number of at least 1"
    )


@code("E503")
def lookahead_function(name: str) -> Said:
    """A call of a function that promises future candles.

    Why: A test on history would know what live trading cannot, and its profit would be made up.

    Wrong:
        "conditions": {"up": "future(close, 1) > close"}
    Right:
        "conditions": {"up": "close > close[1]"}
    """
    return f"`{name}` asks for the future, and no candle knows its future", (
        "use x[n] for the value n candles ago"
    )


@code("E504")
def nondeterministic_function(name: str) -> Said:
    """A call of a function whose value would differ from run to run.

    Why: The same document on the same bars must give the same bits, or no result could be trusted or
    repeated.

    Wrong:
        "conditions": {"up": "random() > 0.5"}
    Right:
        "conditions": {"up": "volume > volumeSma(20)"}
    """
    return f"`{name}` would give another result on every run", "use market data only"


@code("E505")
def reads_the_future(right: int) -> Said:
    """The compiler's own proof failed: an expression reads candles after its own.

    Why: Every expression that could look ahead is refused before under a code of its own, so this one is
    a mistake of dslc and not of the document. No document is known that causes it; please report one that
    does.
    """
    return f"this expression reads {some(right, 'candle')} into the future", None
