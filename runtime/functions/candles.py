"""The parts of one candle."""

from __future__ import annotations

from ..registry import Series, derived


@derived(
    "abs(open - close)",
    first="0",
    unit="price",
    low=0.0,
    degree=(1, 0),
)
def body() -> Series:
    """The distance between open and close.

    Example:
        open:   2 5
        close:  4 5
        body(): 2 0
    """


@derived(
    "high - low",
    first="0",
    unit="price",
    low=0.0,
    degree=(1, 0),
)
def range_() -> Series:
    """The distance between high and low.

    Example:
        high:    5 6
        low:     3 6
        close:   4 6
        range(): 2 0
    """


@derived(
    "high - max(open, close)",
    first="0",
    unit="price",
    low=0.0,
    degree=(1, 0),
)
def upperWick() -> Series:
    """What the high stands out above the body.

    Example:
        open:        2 5
        high:        5 5
        close:       4 5
        upperWick(): 1 0
    """


@derived(
    "min(open, close) - low",
    first="0",
    unit="price",
    low=0.0,
    degree=(1, 0),
)
def lowerWick() -> Series:
    """What the low stands out below the body.

    Example:
        open:        4 5
        low:         1 5
        close:       2 5
        lowerWick(): 1 0
    """
