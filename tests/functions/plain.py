"""Averages and windows as plain loops over lists, exact on fractions; None is what is undefined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
import random
from typing import Any

Column = list[Any]


def candles(length: int, seed: int) -> dict[str, Column]:
    """Bars of whole numbers, as fractions."""
    rng = random.Random(seed)
    bars: dict[str, Column] = {name: [] for name in ("open", "high", "low", "close", "volume")}
    price = 500
    for _ in range(length):
        opened, price = price + rng.randint(-9, 9), price + rng.randint(-20, 20)
        high, low = max(opened, price) + rng.randint(0, 9), min(opened, price) - rng.randint(0, 9)
        for name, value in zip(bars, (opened, high, low, price, rng.randint(0, 9)), strict=True):
            bars[name].append(Fraction(value))
    return bars


def each(do: Callable[..., Any], *columns: Column) -> Column:
    """`do` of the values of each candle; None where one is, or where `do` divides by 0."""
    out: Column = []
    for values in zip(*columns, strict=True):
        try:
            out.append(None if None in values else do(*values))
        except ZeroDivisionError:
            out.append(None)
    return out


def over(do: Callable[[Sequence[Any]], Any], x: Column, n: int) -> Column:
    """`do` of the last n values; None where one of them is, or there are fewer."""
    out: Column = []
    for t in range(len(x)):
        window = x[t - n + 1 : t + 1] if t >= n - 1 else [None]
        out.append(None if None in window else do(window))
    return out


def ago(x: Column, n: int) -> Column:
    return ([None] * n + x)[: len(x)]


def mean(x: Column, n: int) -> Column:
    return over(lambda window: sum(window) / n, x, n)


def total(x: Column, n: int) -> Column:
    return over(sum, x, n)


def smoothed(x: Column, alpha: Any, n: int) -> Column:
    """The mean of the first n values that are there, then steps."""
    out: Column = []
    seen: Column = []
    now: Any = None
    for value in x:
        if value is None:
            out.append(None)
            continue
        seen.append(value)
        now = sum(seen) / n if len(seen) <= n else now + alpha * (value - now)
        out.append(now if len(seen) >= n else None)
    return out


def ema(x: Column, n: int) -> Column:
    return smoothed(x, Fraction(2, n + 1), n)


def rma(x: Column, n: int) -> Column:
    return smoothed(x, Fraction(1, n), n)


def true_range(bars: dict[str, Column]) -> Column:
    return each(
        lambda high, low, before: max(high - low, abs(high - before), abs(low - before)),
        bars["high"],
        bars["low"],
        ago(bars["close"], 1),
    )
