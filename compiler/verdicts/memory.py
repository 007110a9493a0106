"""Owns what is known of computations for ever: their ranges, their kinds, and when they are first defined.

A computation means the same in every document, so what is known of it is kept for the next one.

1. A memory is a graph that documents share: those that are only judged are analyzed right into it, and
   `take` takes in the graphs of others.
2. Of a new number it works out an interval `low`..`high`: wherever the value is defined, it lies in there.
   Rounding to nearest is monotone, so the ends are computed by the very operations that run. Values that
   are not finite are undefined, so no end is infinite; a price is at least `TINY`, the smallest float64
   above 0. An interval whose low end is above its high one belongs to what is defined on no candle.
3. Where order is known besides (a high is never below a low), a difference or a quotient is narrower.

Worked: `(close - low) / range()` is in [0, 1], because `close - low` is at least 0 and never above
`high - low`; `close / 2` is in [0, 9e307], because half of the smallest price rounds to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
import sys
from typing import Any

from ...grammar.words import MARKET_DATA
from ...runtime.registry import NAN, PERIODS, Term, depends_on_functions, functions
from ..facts import own_first
from ..graph import CLOCK, Graph, GraphTooLarge, Node, Param, Recipe
from .order import SEEN_THROUGH, Order
from .units import Unit, declared_unit, unit_of

MOST = sys.float_info.max
TINY = 5e-324
Interval = tuple[float, float]
NEVER = (MOST, -MOST)
"""The interval of what is undefined on every candle."""

EVER = 1 << 60
"""A candle that never comes."""

ANY = (-MOST, MOST)

_FIGURES: dict[Any, Interval] = {
    "hour": (0.0, 23.0),
    "minute": (0.0, 59.0),
    "second": (0.0, 86_399.0),
    "dayOfWeek": (1.0, 7.0),
    "dayOfMonth": (1.0, 31.0),
    "month": (1.0, 12.0),
}
"""What the figures of the clock may be."""

SCALE = 1 << 24
"""A computation so many candles ago is one whole number, `ago * SCALE + computation`."""

MOST_ASKED = 512
"""Nodes that a document may ask for that is analyzed right into a memory."""

_AS_ITS_OPERAND = frozenset(
    ("held", "mean", "smooth", "smooth_shortly", "smooth_finely", "highest", "lowest")
)
"""Never outside the range of the operand: a mean is rounded once, and its exact value lies between."""

_NEVER_UNDEFINED = frozenset(("highest", "lowest", "larger", "smaller", "negate", "magnitude"))
"""Defined wherever their operands are: nothing in them overflows or divides."""

_CHOOSING = frozenset(("or_else", "choose"))
"""One of the last two operands, which is all that has to be defined."""
FORGIVING = _CHOOSING | {"value_when"}
"""Operations that may be defined where some operand is not."""

_COMPARISONS = frozenset(("greater", "greater_or_equal", "equal", "unequal"))
_LOGIC = frozenset(("and", "or", "not", "truth"))


class Memory(Order, Graph):
    """Interned computations and what is known of each, in lists by its number.

    `value` is the computation behind a shift, and how many candles ago (SCALE); `fixed` are constants.
    `first` is the first candle on which the value may be defined, `decided` those on which a joint of truths
    may be true, and false. `solid` values are defined on all candles from `first` on. `group` has a bit for
    each family of computations that order may relate. `asked` counts the nodes that were asked for since
    `begin`, known ones included.
    """

    def __init__(self) -> None:
        Graph.__init__(self)
        Order.__init__(self)
        self.asked = 0
        self.decided: dict[int, tuple[int, int]] = {}
        self.unit: list[Unit] = []
        self.first: list[int] = []
        self.solid: list[bool] = []
        self.value: list[int] = []
        self.fixed: list[bool] = []
        self._followed: dict[tuple[Any, ...], tuple[int, ...]] = {}

    def begin(self) -> None:
        """Make ready for another document: it may ask for `MOST_ASKED` nodes."""
        self.asked = 0
        self.frame = ()
        self._limit = len(self.nodes) + MOST_ASKED

    @property
    def is_whole(self) -> bool:
        """Whether all is known of every node: an interrupt may have come in between."""
        return len(self.nodes) == len(self._ids) == len(self.ops) == len(self.value)

    def follow(self, recipe: Recipe, operands: Sequence[int]) -> tuple[int, ...]:
        """The results of a recipe over operands, remembered."""
        key = (recipe, self.frame, self.zone, *operands)
        found = self._followed.get(key)
        if found is None:
            found = self._followed[key] = super().follow(recipe, operands)
        self.asked += len(recipe.steps)
        return found

    def take(self, graph: Graph) -> list[int]:
        """The numbers of a graph's nodes in this memory, by their numbers there.

        >>> graph, memory = Graph(), Memory()
        >>> close, low, high = (graph.bar(field) for field in ("close", "low", "high"))
        >>> width = graph.op("subtract", high, low)
        >>> share = graph.op("divide", graph.op("subtract", close, low), width)
        >>> place = memory.take(graph)[share]
        >>> memory.low[place], memory.high[place]
        (0.0, 1.0)
        """
        self._limit = len(self.nodes) + len(graph)
        return self.absorb(graph)

    def constant(self, node: int) -> float | None:
        """The value of a constant number (NaN where it is undefined), None for all others."""
        if not self.fixed[node]:
            return None
        return self.low[node] if self.solid[node] else NAN

    def _intern(self, node: Node) -> int:
        self.asked += 1
        known = self._ids.get(node)
        return self._add(node) if known is None else known

    def _add(self, node: Node) -> int:
        number = len(self.nodes)
        if number >= self._limit:
            raise GraphTooLarge
        self._ids[node] = number
        self.nodes.append(node)
        op, args, params = node
        self.ops.append(op)
        self.args.append(args)
        self.params.append(params)
        size, group, value, first = 1, 0, number, 0
        low, high, solid = 0.0, 1.0, False
        unit: Unit = None
        if op == "const":
            low = high = float.fromhex(str(params[0]))
            low, high = (low, high) if low == low else NEVER
            solid, unit = low <= high, "number"
        elif op == "shift":
            (arg,), ago = args, int(params[0])
            size, group, value = self.size[arg] + 1, self.group[arg], self.value[arg] + ago * SCALE
            solid, unit, first = self.solid[arg], self.unit[arg], self.first[arg] + ago
            low, high = self.low[arg], self.high[arg]
            if arg in self.decided:
                true, false = self.decided[arg]
                self.decided[number] = true + ago, false + ago
        elif op in _LOGIC:
            self.decided[number] = self._decided(op, args, params)
            first = min(self.decided[number])
        elif op in _COMPARISONS:
            first = max(self.first[args[0]], self.first[args[1]])
        elif op == "defined":
            self.decided[number] = self.first[args[0]], 0
        elif op == "score":
            first, unit = min([self.first[arg] for arg in args], default=0), "score"
            low, high = self._range(op, args, params)
        else:
            if op in SEEN_THROUGH:
                size = min(sum([self.size[arg] for arg in args]), 1 << 20) + 1
            group = self._group(number, op, args, params)
            first = max([self.first[arg] for arg in args], default=0) + own_first(op, params)
            if op in _CHOOSING:
                first = min(self.first[args[-2]], self.first[args[-1]])
            solid = (op == "bar" and (len(params) == 1 or CLOCK in params)) or (
                op in _NEVER_UNDEFINED and all(self.solid[arg] for arg in args)
            )
            unit = unit_of(op, args, params, self.unit, _said(op, params))
            low, high = self._range(op, args, params)
        self.size.append(size)
        self.group.append(group)
        self.first.append(first)
        self.solid.append(solid)
        self.unit.append(unit)
        self.low.append(low)
        self.high.append(high)
        self.fixed.append(op == "const")
        self.value.append(value)
        return number

    def _decided(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> tuple[int, int]:
        """The first candles on which a truth may be true, and false: one part decides an OR that holds."""
        if op == "truth":
            return (0, EVER) if params[0] else (EVER, 0)
        below = [self.decided.get(arg, (self.first[arg], self.first[arg])) for arg in args]
        true, false = zip(*below, strict=True)
        if op == "not":
            return false[0], true[0]
        if op == "and":
            return max(true), min(false)
        return min(true), max(false)

    def _group(self, number: int, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> int:
        if op == "bar" and params[0] in MARKET_DATA:
            return 2 if params[0] == MARKET_DATA[4] else 1
        group = 4 << number % 60
        if op in SEEN_THROUGH:
            for arg in args:
                group |= self.group[arg]
        return group

    # --- ranges ----------------------------------------------------------------------------

    def _range(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> Interval:
        if op == "bar" and params[0] in MARKET_DATA:
            return (0.0 if params[0] == MARKET_DATA[4] else TINY), MOST
        if op == "bar":
            return _FIGURES.get(params[0], ANY) if CLOCK in params else ANY
        if op == "score":
            weights = [float(weight) for weight in params]
            return sum(w for w in weights if w < 0), sum(w for w in weights if w > 0)
        ends = [(self.low[arg], self.high[arg]) for arg in args]
        if op in _CHOOSING:
            return _around([end for end in ends[-2:] if end[0] <= end[1]])
        for low, high in ends:
            if low > high:
                return NEVER
        if op in _AS_ITS_OPERAND:
            return ends[0]
        rule = _RULES.get(op)
        if rule is not None:
            return _finite(*rule(*ends))
        if op == "multiply":
            same = args[0] == args[1]
            return _finite(*(_products(*[_magnitudes(end) for end in ends]) if same else _products(*ends)))
        if op == "subtract":
            return self._difference(args[0], args[1])
        if op == "divide":
            return self._quotient(args[0], args[1])
        declared = _said(op, params)
        return (-MOST, MOST) if declared is None else declared[1]

    def _difference(self, a: int, b: int) -> Interval:
        low, high = self.low[a] - self.high[b], self.high[a] - self.low[b]
        if self.at_least(a, b):
            low = max(low, 0.0)
        if self.at_least(b, a):
            high = min(high, 0.0)
        return _finite(low, high)

    def _quotient(self, a: int, b: int) -> Interval:
        low, high = self.low[b], self.high[b]
        low, high = (TINY if low == 0.0 else low), (-TINY if high == 0.0 else high)
        if low > high:
            return NEVER  # a divisor that is always 0
        if low < 0.0 < high:
            return -MOST, MOST
        ends = [part / whole for part in (self.low[a], self.high[a]) for whole in (low, high)]
        found = min(ends), max(ends)
        if low > 0.0:
            if self.low[a] >= 0.0 and self.at_least(b, a):
                found = found[0], min(found[1], 1.0)
            if self.at_least(a, b):
                found = max(found[0], 1.0), found[1]
        return _finite(*found)


def _around(ends: list[Interval]) -> Interval:
    """The interval that holds all of these."""
    if not ends:
        return NEVER
    return min([low for low, _ in ends]), max([high for _, high in ends])


def _sums(a: Interval) -> Interval:
    """Sums of any number of values: nothing but their sign is known."""
    return (0.0 if a[0] >= 0.0 else -MOST), (0.0 if a[1] <= 0.0 else MOST)


def _finite(low: float, high: float) -> Interval:
    """The part of an interval in which values are finite."""
    if low > MOST or high < -MOST:
        return NEVER
    return max(low, -MOST), min(high, MOST)


def _products(a: Interval, b: Interval) -> Interval:
    ends = [x * y for x in a for y in b]
    return min(ends), max(ends)


def _magnitudes(a: Interval) -> Interval:
    if a[0] >= 0.0:
        return a
    return (-a[1], -a[0]) if a[1] <= 0.0 else (0.0, max(-a[0], a[1]))


_RULES: dict[str, Callable[..., Interval]] = {
    "add": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "negate": lambda a: (-a[1], -a[0]),
    "magnitude": _magnitudes,
    "only": lambda condition, x: x,
    "value_when": lambda condition, x: x,
    "sum": _sums,
    "cumulative": _sums,
    "since": lambda condition, x: _sums(x),
    "mean_since_change": lambda x, weight, key: _sums(x),
    "halfway": lambda start, x: _around([start, x]),
    "larger": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "smaller": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "rise": lambda now, before: (max(now[0] - before[1], 0.0), max(now[1] - before[0], 0.0)),
    "fall": lambda now, before: (max(before[0] - now[1], 0.0), max(before[1] - now[0], 0.0)),
}


@cache
def _declared() -> dict[tuple[str, tuple[Param, ...]], tuple[str, Interval]]:
    """What the registry says of the operations of native functions: unit and range.

    By the operation alone, and with its constants besides the period, which may tell functions that share it
    apart.
    """
    found: dict[tuple[str, tuple[Param, ...]], tuple[str, Interval]] = {}
    for called in functions().values():
        if called.build is not None:
            made = called.build(*[5 if parameter.kind in PERIODS else 0 for parameter in called.parameters])
            assert isinstance(made, Term)
            said = declared_unit(called.unit), (max(called.low, -MOST), min(called.high, MOST))
            for key in {(made.op, ()), (made.op, made.params[1:])}:
                found[key] = _either_said(found.get(key, said), said)
    return found


depends_on_functions(_declared.cache_clear)


def _either_said(one: tuple[str, Interval], other: tuple[str, Interval]) -> tuple[str, Interval]:
    """What holds of a value that may be of the one declaration or of the other."""
    return one[0] if one[0] == other[0] else "", _around([one[1], other[1]])


def _said(op: str, params: tuple[Param, ...]) -> tuple[str, Interval] | None:
    """What is declared of an operation with these parameters."""
    return _declared().get((op, params[1:])) or _declared().get((op, ()))
