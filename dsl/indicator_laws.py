"""The laws that a user's kernel obeys before anybody can call it, on candles that are drawn here.

As plain Python, on arrays with a guard behind them that is filled with one number and then with another:

1. *rows*: it writes the candles that it is asked for, all of them, and nothing else; it raises nothing.
2. *determinism* and *causality*: called again it gives the same; what lies beyond its candles changes
   nothing; cutting the candles off changes nothing.
3. *pieces*: candles that come in pieces of any size have the same bits as all at once.

Then compiled, in a plan like those of strategies:

4. *compilation*: numba compiles it, and the bits are those of plain Python, in any pieces, each time.
5. *first*: it is undefined before its first defined candle, and defined there.
6. *undefined*: an undefined value makes a window undefined while it is in it, a recurrence passes over it.
7. *memory*: a window depends on its candles alone, a recurrence forgets in as many candles as it says and
   not at once, something cumulative never does.
8. *range*, *degree* and *finiteness* are what was declared, and no value is infinite.

All of that is for several sets of constants, of which the first has the smallest that their kinds allow. The
first law that fails is reported with the candle and both values.

Worked: a rolling kernel that reads `x[i + n]` gives other values on its last candle when the guard is another
number: law 2, candle 119.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from .compiler.graph import Graph
from .compiler.passes import lower
from .compiler.schedule import schedule
from .indicators import Declared, IndicatorError
from .runtime import engine, jit
from .runtime.plan import FIELDS, Plan
from .runtime.registry import Kernel, Parameter, ParameterKind

Numbers = NDArray[np.float64]

_CANDLES = 120
_GUARD = 40  # numbers behind every array
_GUARDS = (3.5, -1e9)
_PIECES = (1, 2, 3, 7, 64)
_CHANGED = 40  # candles of two histories that differ
_AFTER = 300  # and those that are looked at when everything should be forgotten
_MOST_SETTLE = 50_000
_CLOSE = 1e-9
_SERIES = ("close", "open", "high", "low", "volume")
_VALUES: dict[ParameterKind, tuple[tuple[float, ...], ...]] = {
    "Period": ((1, 2, 3, 4), (7, 12, 5, 9)),
    "Sample": ((2, 3, 4, 5), (7, 12, 5, 9)),
    "Offset": ((0, 1, 2, 3), (3, 5, 2, 4)),
    "Positive": ((0.5, 1, 2, 3), (1.5, 2.5, 3.5, 4.5)),
    "Fraction": ((0.25, 0.5, 0.75, 1), (0.85, 0.6, 0.3, 0.1)),
    "Percent": ((25, 50, 75, 100), (75, 60, 30, 10)),
    "Constant": ((-1, 0.5, 2, 0), (1.5, -2.5, 3.5, 4.5)),
}


def obey(declared: Declared) -> None:
    """Run all laws on an indicator whose kernel is known; IndicatorError for the first that it breaks."""
    defined = False
    for constants in _sets(declared.function.parameters):
        trial = _Trial(declared, constants)
        trial.rows_causality_and_pieces()
        trial.compilation()
        defined = trial.first() or defined
        trial.undefined()
        trial.memory()
        trial.range_degree_and_finiteness()
    if not defined:
        _refuse(declared, "first", "it is defined on no candle of any trial")


def _sets(parameters: Sequence[Parameter]) -> Iterator[tuple[float, ...]]:
    """Constants to try: the smallest of each kind, usual ones, and the defaults."""
    constants = [one for one in parameters if one.kind != "Series"]
    for which in range(2 if constants else 1):
        used: dict[ParameterKind, int] = {}
        found = []
        for one in constants:
            at = used.setdefault(one.kind, 0)
            used[one.kind] += 1
            found.append(float(_VALUES[one.kind][which][at]))
        yield tuple(found)
    if constants and all(one.default is not None for one in constants):
        yield tuple(float(one.default or 0) for one in constants)


def _refuse(
    declared: Declared,
    law: str,
    what: str,
    candle: int | None = None,
    found: float | None = None,
    expected: float | None = None,
) -> NoReturn:
    name = declared.function.name
    place = "" if candle is None else f": on candle {candle} it is {found!r} instead of {expected!r}"
    raise IndicatorError(f"`{name}` breaks the law of {law}: {what}{place}", law, candle, found, expected)


@dataclass(frozen=True)
class _Trial:
    """An indicator with some constants."""

    declared: Declared
    constants: tuple[float, ...]

    # --- what it is run on -----------------------------------------------------------------

    @property
    def kernel(self) -> Kernel:
        return self.declared.kernel

    @cached_property
    def fields(self) -> list[int]:
        """The rows of the market data that the series are: each another one, where they have no default."""
        series = [one for one in self.declared.function.parameters if one.kind == "Series"]
        free = iter(name for name in _SERIES if name not in {one.default for one in series})
        names = [str(one.default) if one.default is not None else next(free) for one in series]
        return [FIELDS.index(name) for name in names]

    @cached_property
    def reach(self) -> int:
        return self.kernel.reach(self.constants)

    @cached_property
    def plan(self) -> Plan:
        graph = Graph()
        bars = [graph.bar(FIELDS[field]) for field in self.fields]
        params = tuple(int(one) if one == int(one) else one for one in self.constants)
        node = graph.op(self.kernel.name, *bars, params=params)
        lowered, roots = lower(graph, (("number", node),))
        return schedule(lowered, (("number", roots[0]),))

    def values(self, market: Numbers, chunk: int | None = None) -> Numbers:
        """The values on all candles, as strategies would have them."""
        found: Numbers = engine.run(self.plan, np.ascontiguousarray(market), chunk=chunk).numbers[0]
        return found

    def plain(self, market: Numbers, piece: int | None = None, guard: float = _GUARDS[0]) -> Numbers:
        """The same as plain Python, in pieces of some candles."""
        series = [np.concatenate([np.full(self.reach, np.nan), market[field]]) for field in self.fields]
        candles = market.shape[1]
        state = np.zeros(self.kernel.state)
        found = np.empty(candles)
        for start in range(0, candles, piece or candles):
            count = min(piece or candles, candles - start)
            columns = [column[start : start + count + self.reach] for column in series]
            found[start : start + count], state = self.call(columns, state, count, guard)
        return found

    def call(
        self, columns: Sequence[Numbers], state: Numbers, count: int, guard: float
    ) -> tuple[Numbers, Numbers]:
        """One call of the kernel, and a look at everything that it could have written to."""
        fence = np.full(_GUARD, guard)
        arrays = [np.concatenate([column, fence]) for column in (*columns, np.array(self.constants), state)]
        *given, params, memory = arrays
        before = [array.copy() for array in arrays]
        out = np.full(count + _GUARD, guard)
        try:
            with np.errstate(all="ignore"):
                self.run_plainly(count, given, out, params, memory)
        except Exception as error:  # whatever the user's code raises
            shown = f"{type(error).__name__}: {error}"
            self.refuse("rows", f"as plain Python it raises {shown}")
        for what, array, kept in zip(
            [*("a series" for _ in given), "the constants", "the state"], arrays, before, strict=True
        ):
            end = len(state) if array is memory else 0
            if not _same(array[end:], kept[end:]).all():
                where = "beyond the end of" if array is memory else "to"
                self.refuse("rows", f"it writes {where} {what}")
        if not _same(out[count:], fence).all():
            self.refuse("rows", f"it writes beyond the {count} candles that it is asked for")
        return out[:count], memory[: len(state)]

    def run_plainly(
        self, count: int, given: list[Numbers], out: Numbers, params: Numbers, memory: Numbers
    ) -> None:
        function = self.kernel.function
        if self.kernel.form == "rolling":
            function(count, *given, out, params)
        elif self.kernel.form == "recurrence":
            function(count, *given, out, params, memory)
        else:
            constants = params[: len(self.constants)]
            for i in range(count):
                value = function(*(column[i] for column in given), *constants)
                out[i] = value + (value - value)

    def refuse(self, law: str, what: str, *place: Any) -> NoReturn:
        names = [one.name for one in self.declared.function.parameters if one.kind != "Series"]
        values = ", ".join(f"{name} = {value:g}" for name, value in zip(names, self.constants, strict=True))
        _refuse(self.declared, law, f"with {values}, {what}" if values else what, *place)

    def compare(self, law: str, what: str, found: Numbers, expected: Numbers, first: int = 0) -> None:
        """Refuse the indicator where two runs differ, on the first candle where they do."""
        wrong = np.flatnonzero(~_same(found[first:], expected[first:]))
        if wrong.size:
            at = first + int(wrong[0])
            self.refuse(law, what, at, float(found[at]), float(expected[at]))

    # --- as plain Python -------------------------------------------------------------------

    def rows_causality_and_pieces(self) -> None:
        market = _walk(1, _CANDLES)
        whole, other = (self.plain(market, guard=guard) for guard in _GUARDS)
        again = self.plain(market, guard=_GUARDS[0])
        self.compare("determinism", "called again it gives another value", again, whole)
        left_out = np.flatnonzero((whole == _GUARDS[0]) & (other == _GUARDS[1]))
        if left_out.size:
            self.refuse("rows", f"it does not write candle {int(left_out[0])}")
        self.compare("causality", "it reads what is not its own", other, whole)
        for candles in (1, 2, self.reach + 1, _CANDLES // 2, _CANDLES - 1):
            part = self.plain(market[:, :candles], guard=_GUARDS[1])
            what = f"with only the first {candles} candles the value is another one"
            self.compare("causality", what, part, whole[:candles])
        changed = market.copy()
        changed[:, _CANDLES // 2 :] *= 7.0
        what = f"other candles from {_CANDLES // 2} on change a value before"
        self.compare("causality", what, self.plain(changed)[: _CANDLES // 2], whole[: _CANDLES // 2])
        for piece in _PIECES:
            what = f"in pieces of {piece} the value is another one"
            self.compare("pieces", what, self.plain(market, piece, _GUARDS[1]), whole)

    # --- compiled --------------------------------------------------------------------------

    def compilation(self) -> None:
        if not jit.disabled():
            try:
                jit.address(self.kernel.name, 1)
            except Exception as error:  # numba has many
                lines = [line.strip() for line in str(error).splitlines() if line.strip()]
                self.refuse("compilation", f"numba cannot compile it: {' '.join(lines[:3])[:300]}")
        for market in (_walk(1, _CANDLES), _with_holes(_walk(2, _CANDLES), (30, 31, 60))):
            whole = self.values(market)
            self.compare("compilation", "compiled it gives another value", whole, self.plain(market))
            self.compare("determinism", "called again it gives another value", self.values(market), whole)
            for chunk in _PIECES:
                what = f"compiled, in pieces of {chunk}, the value is another one"
                self.compare("pieces", what, self.values(market, chunk), whole)

    def first(self) -> bool:
        """Whether it is defined at all; refused where it is so earlier or later than declared."""
        declared = self.kernel.first(*self.constants)
        if declared > 5_000:
            return False
        earliest = None
        for seed in (3, 4):
            defined = np.flatnonzero(~np.isnan(self.values(_walk(seed, declared + _CANDLES))))
            if defined.size:
                earliest = int(defined[0]) if earliest is None else min(earliest, int(defined[0]))
        if earliest is not None and earliest != declared:
            self.refuse("first", f"first is candle {declared}, and the first defined one is {earliest}")
        return earliest is not None

    def undefined(self) -> None:
        """A hole in one series at a time."""
        first = self.kernel.first(*self.constants)
        if first > 5_000:
            return
        length = first + self.reach + _CANDLES
        market, at = _walk(5, length), first + self.reach + 20
        holes = (at, at + 1, at + 5)
        for field in self.fields:
            holed = market.copy()
            holed[field, list(holes)] = np.nan
            found = self.values(holed)
            if self.kernel.form == "recurrence":
                kept = np.setdiff1d(np.arange(length), holes)
                expected = np.full(length, np.nan)
                expected[kept] = self.values(market[:, kept])
                what = "an undefined candle is not passed over as if it had not been"
            else:
                touched = {hole + back for hole in holes for back in range(self.reach + 1)}
                expected = self.values(market)
                expected[[one for one in touched if one < length]] = np.nan
                what = "an undefined value does not make it undefined exactly while it is in the window"
            self.compare("undefined", what, found, expected)

    def memory(self) -> None:
        """Two histories that are the same from one candle on."""
        settle, first = self.kernel.settle(*self.constants), self.kernel.first(*self.constants)
        if settle > _MOST_SETTLE:
            self.refuse("memory", f"settle is {settle} candles, more than the {_MOST_SETTLE} that are tried")
        if first > 5_000:
            return
        length = _CHANGED + self.reach + first + settle + _AFTER
        market, other = _walk(6, length), _walk(7, length)
        other[:, _CHANGED:] = market[:, _CHANGED:]
        found, expected = self.values(other), self.values(market)
        if self.kernel.form != "recurrence":
            self.compare(
                "memory", "candles before its window change it", found, expected, _CHANGED + self.reach
            )
            return
        end = min(_CHANGED + first + settle, length - _AFTER)
        close = np.isclose(found[end:], expected[end:], rtol=_CLOSE, atol=0.0, equal_nan=True)
        far = np.flatnonzero(~close)
        if self.declared.function.memory == "cumulative":
            if not far.size and not np.isnan(expected[end:]).all():
                what = 'it forgets its start; say memory="recurrence" and how many candles it takes (settle)'
                self.refuse("memory", what)
        elif far.size:
            at = end + int(far[0])
            what = f"settle is {settle} candles, and later than that it still depends on its start"
            self.refuse("memory", what, at, float(found[at]), float(expected[at]))

    # --- what is said of the values --------------------------------------------------------

    def range_degree_and_finiteness(self) -> None:
        function = self.declared.function
        first = min(self.kernel.first(*self.constants), 5_000)
        markets = [_walk(seed, first + 2 * _CANDLES) for seed in (8, 9)]
        markets += [_flat(first + _CANDLES), np.ldexp(_walk(10, first + _CANDLES), [[1_015]] * 4 + [[1_000]])]
        for market in markets:
            found = self.values(market)
            infinite = np.flatnonzero(np.isinf(found))
            if infinite.size:
                at = int(infinite[0])
                what = "a value that is not finite must be NaN"
                self.refuse("finiteness", what, at, float(found[at]), float("nan"))
            for outside, end in (
                (found < function.low, function.low),
                (found > function.high, function.high),
            ):
                if outside.any():
                    at = int(np.flatnonzero(outside)[0])
                    what = f"values are from {function.low:g} to {function.high:g}"
                    self.refuse("range", what, at, float(found[at]), end)
        if function.degree is not None:
            self.degree(markets[0], *function.degree)

    def degree(self, market: Numbers, of_prices: int, of_volumes: int) -> None:
        plain = self.values(market)
        for prices, volumes in ((7, 0), (-9, 0), (0, 5), (3, -4)):
            scaled = np.ldexp(market, [[prices]] * 4 + [[volumes]])
            wanted = np.ldexp(plain, prices * of_prices + volumes * of_volumes)
            what = f"prices times 2**{prices} and volumes times 2**{volumes} do not give what the degree says"
            self.compare("degree", what, self.values(scaled), wanted)


# --- candles ----------------------------------------------------------------------------------


def _walk(seed: int, candles: int) -> Numbers:
    """Open, high, low, close and volume of a market that goes up and down."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, candles)))
    opened = close * np.exp(rng.normal(0.0, 0.01, candles))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, 0.005, candles)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, 0.005, candles)))
    return np.vstack([opened, high, low, close, np.floor(rng.uniform(1.0, 1e6, candles))])


def _flat(candles: int) -> Numbers:
    return np.full((5, candles), 12.3)


def _with_holes(market: Numbers, holes: Sequence[int]) -> Numbers:
    market[:, list(holes)] = np.nan
    return market


def _same(a: Numbers, b: Numbers) -> NDArray[np.bool_]:
    """Where two numbers are the same, undefined ones included."""
    return (a == b) | (np.isnan(a) & np.isnan(b))
