"""Owns which values are never below which others, whatever the candles are.

`at_least(x, y, ago)` asks: is x, that many candles before y's own, never below y where both are defined?
The rules look into both sides until they meet, and each holds for the computed float64 bit for bit:

1. What the door of the bars holds: low ≤ open, close ≤ high.
2. A maximum is never below what is in its window, a minimum never above; the same for windows within
   windows, and for `max` and `min`.
3. Sums, differences and products are rounded to nearest, which is monotone: `a + b` is never below a where
   b is never below 0. Nothing is said of means: rounding may lift one above the largest of its values.
4. What the ranges of both sides leave no doubt about.
5. What holds on candles of a higher timeframe holds of what is held of them.

Worked: `highest(high, 20)` is never below `close`, since `high` in its window, 0 candles ago, never is.
`body()` is never above `range()`: of `|open - close|` and `high - low`, the second takes less from more.

A pair whose parts are too many is not looked at, so that no question takes long.
"""

from __future__ import annotations

from ..graph import Param

MOST_PAIRS = 144  # so that no question is deep, either

SEEN_THROUGH = frozenset(
    (
        "highest",
        "lowest",
        "larger",
        "smaller",
        "add",
        "subtract",
        "multiply",
        "divide",
        "negate",
        "magnitude",
        "held",
    )
)
"""The operations that rules of order look into."""

_ABOVE = {
    ("high", "open"),
    ("high", "close"),
    ("high", "low"),
    ("open", "low"),
    ("close", "low"),
}


class Order:
    """Computations in lists by their numbers, and the order among them."""

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.args: list[tuple[int, ...]] = []
        self.params: list[tuple[Param, ...]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.group: list[int] = []
        self.size: list[int] = []
        self._answers: dict[tuple[int, int, int], bool] = {}

    def base(self, x: int) -> tuple[int, int]:
        """What is computed, and how many candles before its own it is asked for."""
        ago = 0
        while self.ops[x] == "shift":
            ago += int(self.params[x][0])
            x = self.args[x][0]
        return x, ago

    def at_least(self, x: int, y: int, ago: int = 0) -> bool:
        """Whether x, `ago` candles before y's own (after, if negative), is never below y."""
        if self.ops[x] == "shift":
            x, more = self.base(x)
            ago += more
        if self.ops[y] == "shift":
            y, less = self.base(y)
            ago -= less
        if self.low[x] >= self.high[y] or (x == y and ago == 0):
            return True
        if not self.group[x] & self.group[y] or self.size[x] * self.size[y] > MOST_PAIRS:
            return False
        key = x, y, ago
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._by_rules(x, y, ago)
        return known

    def _by_rules(self, x: int, y: int, ago: int) -> bool:
        op, other = self.ops[x], self.ops[y]
        if op == "bar" and other == "bar":
            a, b = self.params[x], self.params[y]
            return ago == 0 and (a[0], b[0]) in _ABOVE and a[1:] == b[1:] and self.args[x] == self.args[y]
        if op not in SEEN_THROUGH and other not in SEEN_THROUGH:
            return False
        if op == other == "held":
            (above, frame), (below, same) = self.args[x], self.args[y]
            return ago == 0 and frame == same and self.at_least(above, below)
        return (
            self._by_choice(x, y, ago)
            or self._by_window(x, y, ago)
            or self._by_sum(x, y, ago)
            or self._by_product(x, y, ago)
        )

    # --- max, min and windows --------------------------------------------------------------

    def _by_choice(self, x: int, y: int, ago: int) -> bool:
        op, other = self.ops[x], self.ops[y]
        if other == "larger" or self._is_middle(y):
            a, b = self._parts(y)
            if self.at_least(x, a, ago) and self.at_least(x, b, ago):
                return True
        if other == "smaller" and any(self.at_least(x, part, ago) for part in self.args[y]):
            return True
        if op == "smaller" or self._is_middle(x):
            a, b = self._parts(x)
            if self.at_least(a, y, ago) and self.at_least(b, y, ago):
                return True
        return op == "larger" and any(self.at_least(part, y, ago) for part in self.args[x])

    def _is_middle(self, x: int) -> bool:
        """Whether x is `(a + b) / 2`, which lies between a and b: halving and doubling lose nothing there."""
        if self.ops[x] != "divide":
            return False
        whole, two = self.args[x]
        return self.ops[whole] == "add" and self.low[two] == self.high[two] == 2.0

    def _parts(self, x: int) -> tuple[int, ...]:
        return self.args[self.args[x][0]] if self.ops[x] == "divide" else self.args[x]

    def _by_window(self, x: int, y: int, ago: int) -> bool:
        op, other = self.ops[x], self.ops[y]
        if op == "highest":
            series, length = self.args[x][0], int(self.params[x][0])
            if other == "highest":
                return self._covers(series, ago, length, self.args[y][0], int(self.params[y][0]))
            if other == "lowest":
                return self._meets(series, ago, length, self.args[y][0], int(self.params[y][0]))
            back = -self.base(series)[1]
            return ago <= back < ago + length and self.at_least(series, y, back)
        if other == "lowest":
            series, length = self.args[y][0], int(self.params[y][0])
            if op == "lowest":
                return self._covered(self.args[x][0], ago, int(self.params[x][0]), series, length)
            back = ago - self.base(series)[1]
            return 0 <= back < length and self.at_least(x, series, ago - back)
        return False

    def _covers(self, s: int, ago: int, length: int, t: int, inner: int) -> bool:
        """Whether each value of the inner window has one of s that is never below it."""
        apart = self.base(t)[1] - self.base(s)[1]
        return ago <= apart and apart + inner <= ago + length and self.at_least(s, t, apart)

    def _covered(self, s: int, ago: int, inner: int, t: int, length: int) -> bool:
        """Whether each value of the window of s has one of t that is never above it."""
        apart = self.base(t)[1] - self.base(s)[1]
        return apart <= ago and ago + inner <= apart + length and self.at_least(s, t, apart)

    def _meets(self, s: int, ago: int, length: int, t: int, other: int) -> bool:
        """Whether a value of s is never below one of t in the other window."""
        apart = self.base(t)[1] - self.base(s)[1]
        return ago < apart + other and apart < ago + length and self.at_least(s, t, apart)

    # --- sums and products -----------------------------------------------------------------

    def _by_sum(self, x: int, y: int, ago: int) -> bool:
        op, other = self.ops[x], self.ops[y]
        ask, low, high = self.at_least, self.low, self.high
        if op == "magnitude" and ask(self.args[x][0], y, ago):
            return True
        if op == "negate" and other == "negate":
            return ask(self.args[y][0], self.args[x][0], -ago)
        if other == "magnitude" and self._above_both_ways(x, self.args[y][0], ago):
            return True
        if op == "add":
            a, b = self.args[x]
            if (low[b] >= 0.0 and ask(a, y, ago)) or (low[a] >= 0.0 and ask(b, y, ago)):
                return True
            if other == "add":
                c, e = self.args[y]
                if (ask(a, c, ago) and ask(b, e, ago)) or (ask(a, e, ago) and ask(b, c, ago)):
                    return True
        if other == "add":
            c, e = self.args[y]
            if (high[e] <= 0.0 and ask(x, c, ago)) or (high[c] <= 0.0 and ask(x, e, ago)):
                return True
        if op == "subtract" and high[self.args[x][1]] <= 0.0 and ask(self.args[x][0], y, ago):
            return True
        if other == "subtract":
            c, e = self.args[y]
            return (low[e] >= 0.0 and ask(x, c, ago)) or self._above_difference(x, c, e, ago)
        return False

    def _above_difference(self, x: int, c: int, e: int, ago: int) -> bool:
        """Whether x is a difference that is never below `c - e`."""
        if self.ops[x] != "subtract":
            return False
        a, b = self.args[x]
        return self.at_least(a, c, ago) and self.at_least(e, b, -ago)

    def _above_both_ways(self, x: int, z: int, ago: int) -> bool:
        """Whether x is never below z and never below -z."""
        z, back = self.base(z)
        if self.ops[z] != "subtract":
            return self.low[z] >= 0.0 and self.at_least(x, z, ago - back)
        c, e = self.args[z]
        ago -= back
        return self._above_difference(x, c, e, ago) and self._above_difference(x, e, c, ago)

    def _by_product(self, x: int, y: int, ago: int) -> bool:
        op, other = self.ops[x], self.ops[y]
        ask, low, high = self.at_least, self.low, self.high
        if op == "multiply":
            for a, k in (self.args[x], self.args[x][::-1]):
                if low[k] >= 1.0 and low[a] >= 0.0 and ask(a, y, ago):
                    return True
        if other == "multiply":
            for c, k in (self.args[y], self.args[y][::-1]):
                if low[k] >= 0.0 and high[k] <= 1.0 and low[c] >= 0.0 and ask(x, c, ago):
                    return True
        if op == other == "multiply":
            a, k = self.args[x]
            for c, m in (self.args[y], self.args[y][::-1]):
                if low[c] >= 0.0 and low[m] >= 0.0 and ask(a, c, ago) and ask(k, m, ago):
                    return True
        if op == other == "divide":
            (a, k), (c, m) = self.args[x], self.args[y]
            return low[c] >= 0.0 and low[k] > 0.0 and ask(a, c, ago) and ask(m, k, -ago)
        return False
