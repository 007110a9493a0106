"""Owns what is known of computations for ever: their ranges, their kinds, and when they are first defined.

A computation means the same in every document, so what is known of it is kept for the next one.

1. `Memory.take` interns the nodes of a graph and gives their numbers here.
2. Of a new number it works out an interval `low`..`high`: wherever the value is defined, it lies in there.
   Rounding to nearest is monotone, so the ends are computed by the very operations that run. Values that
   are not finite are undefined, so no end is infinite; a price is at least `TINY`, the smallest float64
   above 0. An interval whose low end is above its high one belongs to what is defined on no candle.
3. Where order is known besides (a high is never below a low), a difference or a quotient is narrower.

Worked: `(close - low) / range()` is in [0, 1], because `close - low` is at least 0 and never above
`high - low`; `close / 2` is in [0, 9e307], because half of the smallest price rounds to 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
import sys

from ...grammar.words import MARKET_DATA
from ...runtime.registry import Term, find_window, functions, kernels
from ..graph import Graph, Param
from .order import Order
from .units import Unit, declared_unit, unit_of

MOST = sys.float_info.max
TINY = 5e-324
NEVER = (MOST, -MOST)
"""The interval of what is undefined on every candle."""

SCALE = 1 << 24
"""A computation so many candles ago is one whole number, `ago * SCALE + computation`."""

Interval = tuple[float, float]

_AS_ITS_OPERAND = frozenset(("mean", "smooth", "smooth_shortly", "smooth_finely", "highest", "lowest"))
"""Never outside the range of the operand: a mean is rounded once, and its exact value lies between."""

_SEEN_THROUGH = frozenset(
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
    )
)
"""The operations that rules of order look into."""

_NEVER_UNDEFINED = frozenset(("highest", "lowest", "larger", "smaller", "negate", "magnitude"))
"""Defined wherever their operands are: nothing in them overflows or divides."""

_TRUTHS = frozenset(("greater", "greater_or_equal", "equal", "unequal", "and", "or", "not", "truth"))


class Memory(Order):
    """Interned computations and what is known of each, in lists by its number.

    `value` is the computation behind a shift, and how many candles ago (SCALE); `fixed` are constants.
    `first` is the first candle on which the value may be defined. `solid` values are defined on all
    candles from there on. `group` has a bit for each family of computations that order may relate.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unit: list[Unit] = []
        self.first: list[int] = []
        self.solid: list[bool] = []
        self.value: list[int] = []
        self.fixed: list[bool] = []
        self._numbers: dict[tuple[str, tuple[int, ...], tuple[Param, ...]], int] = {}

    def __len__(self) -> int:
        return len(self.ops)

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
        places: list[int] = []
        known = self._numbers
        for node in graph.nodes:
            args = node.args
            key = node.op, tuple([places[arg] for arg in args]) if args else args, node.params
            number = known.get(key)
            places.append(self._add(key) if number is None else number)
        return places

    def _add(self, key: tuple[str, tuple[int, ...], tuple[Param, ...]]) -> int:
        op, args, params = key
        number = self._numbers[key] = len(self.ops)
        self.ops.append(op)
        self.args.append(args)
        self.params.append(params)
        size, group, value, first = 1, 0, number, 0
        low, high, solid = 0.0, 1.0, False
        unit: Unit = None
        if op == "const":
            low, high = self._range(op, args, params)
            solid, unit = low <= high, "number"
        elif op == "shift":
            (arg,), ago = args, int(params[0])
            size, group, value = self.size[arg] + 1, self.group[arg], self.value[arg] + ago * SCALE
            solid, unit, first = self.solid[arg], self.unit[arg], self.first[arg] + ago
            low, high = self.low[arg], self.high[arg]
        elif op in _TRUTHS:
            first = max([self.first[arg] for arg in args], default=0)
        else:
            if op in _SEEN_THROUGH:
                size = min(sum([self.size[arg] for arg in args]), 1 << 20) + 1
            group = self._group(number, op, args, params)
            first = max([self.first[arg] for arg in args], default=0) + _own_first(op, params)
            solid = op == "bar" or (op in _NEVER_UNDEFINED and all(self.solid[arg] for arg in args))
            unit = unit_of(op, args, params, self.unit, _declared().get(op))
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

    def _group(self, number: int, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> int:
        if op == "bar":
            return 2 if params[0] == MARKET_DATA[4] else 1
        group = 4 << number % 60
        if op in _SEEN_THROUGH:
            for arg in args:
                group |= self.group[arg]
        return group

    # --- ranges ----------------------------------------------------------------------------

    def _range(self, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> Interval:
        if op == "bar":
            return (0.0 if params[0] == MARKET_DATA[4] else TINY), MOST
        if op == "const":
            value = float.fromhex(str(params[0]))
            return (value, value) if value == value else NEVER
        if op == "score":
            weights = [float(weight) for weight in params]
            return sum(w for w in weights if w < 0), sum(w for w in weights if w > 0)
        ends = [(self.low[arg], self.high[arg]) for arg in args]
        if any(low > high for low, high in ends):
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
        declared = _declared().get(op)
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
    "larger": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "smaller": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "rise": lambda now, before: (max(now[0] - before[1], 0.0), max(now[1] - before[0], 0.0)),
    "fall": lambda now, before: (max(before[0] - now[1], 0.0), max(before[1] - now[0], 0.0)),
}


@cache
def _declared() -> dict[str, tuple[str, Interval]]:
    """What the registry says of the operations of native functions: unit and range, by the operation."""
    found: dict[str, tuple[str, Interval]] = {}
    for called in functions().values():
        if called.build is not None:
            made = called.build(*[5 if parameter.kind == "Period" else 0 for parameter in called.parameters])
            assert isinstance(made, Term)
            interval = max(called.low, -MOST), min(called.high, MOST)
            found.setdefault(made.op, (declared_unit(called.unit), interval))
    return found


def _own_first(op: str, params: tuple[Param, ...]) -> int:
    if find_window(op) is not None:
        return int(params[0]) - 1
    kernel = kernels().get(op)
    return 0 if kernel is None else kernel.first(*params)
