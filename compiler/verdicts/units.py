"""Owns what a number measures: a price, a move, a volume, an oscillator, a ratio, points, or a plain number.

The registry says it of native functions, market data of themselves, and arithmetic makes the rest: a price
minus a price is a price difference, a price over a price a ratio, and a price times a number may be a price
or a move (`close * 0.02`), so that it is comparable with both. None is what nothing is known of.

Worked: `volume / volumeSma(20)` is a ratio, and `close > volume` compares a price with a volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ...grammar.words import MARKET_DATA

Unit = (
    Literal["number", "price", "price difference", "amount", "volume", "oscillator", "ratio", "score"] | None
)

SHOWN = {
    "price": "a price",
    "price difference": "a difference of prices",
    "volume": "a volume",
    "oscillator": "an oscillator",
    "ratio": "a ratio",
    "score": "the score",
}

_PRICES = frozenset(("price", "price difference", "amount"))
_NEUTRAL = frozenset((None, "number", "amount"))
_SAME = frozenset(
    (
        *(
            "held",
            "shift",
            "mean",
            "smooth",
            "smooth_shortly",
            "smooth_finely",
            "highest",
            "lowest",
            "magnitude",
        ),
        *("weighted", "weighted_by", "mean_since_change", "bell", "adapt", "percentile"),
    )
)
_BOUNDED = " to "


def declared_unit(text: str) -> str:
    """The unit of a declaration: one of a range is an oscillator's.

    >>> declared_unit("-100 to 0"), declared_unit("ratio"), declared_unit("as series")
    ('oscillator', 'ratio', 'as series')
    """
    return "oscillator" if _BOUNDED in text else text


def unit_of(
    op: str,
    args: Sequence[int],
    params: Sequence[Any],
    units: Sequence[Unit],
    declared: tuple[str, Any] | None,
) -> Unit:
    """The unit of an operation on operands whose units are known."""
    if op == "bar":
        if params[0] not in MARKET_DATA:
            return None
        return "volume" if params[0] == "volume" else "price"
    if op == "const":
        return "number"
    if op == "score":
        return "score"
    below = [units[arg] for arg in args]
    if op in _SAME:
        return below[0]
    if op == "negate":
        return "amount" if below[0] == "price" else below[0]
    if op in ("larger", "smaller", "or_else", "choose"):
        return _either(below[-2], below[-1])
    if op in ("only", "value_when"):
        return below[1]
    if op in ("sum", "cumulative"):
        return "amount" if below[0] == "price" else below[0]
    if op in ("add", "subtract"):
        return _sum(op, below[0], below[1])
    if op == "multiply":
        return _product(below[0], below[1])
    if op == "divide":
        return _quotient(below[0], below[1])
    if op in ("rise", "fall"):
        return "price difference" if below[0] == "price" else below[0]
    return declared[0] if declared is not None and declared[0] in SHOWN else None  # type: ignore[return-value]


def _either(a: Unit, b: Unit) -> Unit:
    if a == b or b == "number":
        return a
    if a == "number":
        return b
    return "amount" if a in _PRICES and b in _PRICES else None


def _sum(op: str, a: Unit, b: Unit) -> Unit:
    if a == b == "price":
        return "price difference" if op == "subtract" else "amount"
    if a == b:
        return a
    if {a, b} == {"price", "price difference"}:
        return "price"
    if a in _PRICES and b in _PRICES:
        return "amount"
    return a if b == "number" else b if a == "number" else None


def _product(a: Unit, b: Unit) -> Unit:
    for one, other in ((a, b), (b, a)):
        if one in ("number", "ratio"):
            return "amount" if other == "price" else one if other == "number" else other
    return None


def _quotient(a: Unit, b: Unit) -> Unit:
    if b in ("number", "ratio"):
        return "ratio" if b == "ratio" and a == "number" else _product(a, b)
    if a is None or b is None:
        return None
    return "ratio" if a == b or (a in _PRICES and b in _PRICES) else None


def differ(a: Unit, b: Unit) -> bool:
    """Whether a comparison of the two can hardly be meant.

    >>> differ("price", "oscillator"), differ("price", "number"), differ("price", "price difference")
    (True, False, True)
    """
    if a == b or a in _NEUTRAL or b in _NEUTRAL:
        return "amount" in (a, b) and bool({a, b} & {"volume", "oscillator", "score"})
    return not {a, b} <= {"oscillator", "ratio", "score"}
