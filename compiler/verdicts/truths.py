"""Owns what conditions have to do with each other: which can not hold, which always do, which carry others.

A truth is written as the cases in which it is certainly true, and those in which it is certainly false.
A case is a list of literals that hold together, each `x > y` or `x ≥ y` between values that are defined.
A value is a computation and how many candles ago; it is one whole number, `ago * SCALE + computation`.

1. `cases` follows AND, OR and NOT down to comparisons. Kleene's logic makes it exact: a truth is true in one
   of the cases of the first list, false in one of the second, and undefined otherwise.
2. `shape` asks whether the literals of a case can hold together. Intervals are narrowed along the literals
   and along the order that is known (order.py); a strict circle is a contradiction, an empty interval, too.
   A float64 above x is at least the next one, so intervals are closed and strictness costs nothing.
3. A truth never holds if none of its cases is possible. It always holds, wherever it is defined, if it can
   not be false. A excludes B if no case of A is possible together with one of B: two shapes that share one
   value and no order only have to leave it an interval.
4. A carries B if in every case of A all literals of some case of B are certain: both sides are defined since
   something in A is, and the opposite is not possible.

Worked: `crossUp(a, b)` has one case, a > b and b[1] ≥ a[1]. It carries `a > b`, because a and b are defined
in it, and `b ≥ a` closes a strict circle.

What has too many cases is opaque, and nothing is said of it. All work is counted, the same for what is
known already, so that it depends on the document alone where `TooMuch` ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import inf, nextafter
import threading
from typing import NamedTuple, TypeAlias

from .memory import FORGIVING, SCALE, Memory
from .order import MOST_PAIRS

Literal: TypeAlias = "tuple[int, int, int]"
"""(1, x, y) is x > y, (0, x, y) is x ≥ y; (2, truth, 1 or 0) is a truth, or its opposite, not looked into."""
Case: TypeAlias = "tuple[Literal, ...]"
Cases: TypeAlias = "tuple[Case, ...] | None"
Ends: TypeAlias = "dict[int, tuple[float, float]]"


class Shape(NamedTuple):
    """What a possible case leaves of its values: intervals, and which is above which; and what that cost."""

    ends: Ends
    edges: tuple[Literal, ...]
    work: int


STRICT, WEAK, OPAQUE = 1, 0, 2
NEVER, ALWAYS, OPEN = 1, 2, 0
"""What is known of a truth by itself."""
CARRIES, CARRIED, EXCLUDES, COVERS = 1, 2, 4, 8
"""What is known of two truths, A and B: A carries B, B carries A, they are never true together, where one is
false the other is true."""

_MOST_CASES = 16
_MOST_LITERALS = 64  # in all cases of a truth
_MOST_WORK = 12_000  # about 20 ms
_KEPT = 20000  # computations, and pairs of truths: some 30 MiB
_PRICES = -1
_HOLD, _FAIL = 1, 2


class TooMuch(Exception):
    """A document asks for more work than verdicts are worth."""


class Truths:
    """What is known of the truths of a memory; kept for the next document."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.work = 0
        self._cases: dict[tuple[int, bool], Cases] = {}
        self._alone: dict[int, tuple[int, int]] = {}
        self._pairs: dict[tuple[int, int], tuple[int, int]] = {}
        self._terms: dict[int, frozenset[int]] = {}
        self._seen: dict[int, set[int]] = {}
        self._needed: dict[int, tuple[tuple[int, ...], ...]] = {}
        self._shapes: dict[Case, Shape | int] = {}
        self._defined: dict[Case, tuple[int, ...]] = {}

    # --- cases -----------------------------------------------------------------------------

    def cases(self, truth: int, holds: bool = True) -> Cases:
        """The cases in which a truth certainly holds, or certainly fails; None for too many."""
        key = truth, holds
        if key not in self._cases:
            self._cases[key] = self._made(truth, holds)
        return self._cases[key]

    def _made(self, truth: int, holds: bool) -> Cases:
        memory = self.memory
        op, args = memory.ops[truth], memory.args[truth]
        if op in ("and", "or"):
            a, b = self.cases(args[0], holds), self.cases(args[1], holds)
            if a is None or b is None:
                return None
            return _both(a, b) if (op == "and") == holds else _either(a, b)
        if op == "not":
            return self.cases(args[0], not holds)
        if op == "shift":
            below = self.cases(args[0], holds)
            if below is not None and all(literal[0] != OPAQUE for case in below for literal in case):
                back = int(memory.params[truth][0]) * SCALE
                return tuple([tuple([(kind, x + back, y + back) for kind, x, y in case]) for case in below])
        if op in ("greater", "greater_or_equal", "equal", "unequal"):
            x, y = memory.value[args[0]], memory.value[args[1]]
            if (op in ("equal", "unequal")) and holds == (op == "unequal"):
                return ((STRICT, x, y),), ((STRICT, y, x),)
            if op in ("equal", "unequal"):
                return (((WEAK, x, y), (WEAK, y, x)),)
            if holds:
                return (((STRICT if op == "greater" else WEAK, x, y),),)
            return (((WEAK if op == "greater" else STRICT, y, x),),)
        return (((OPAQUE, truth, int(holds)),),)

    def terms(self, truth: int) -> frozenset[int]:
        """The values that a truth compares, those that never change left out."""
        known = self._terms.get(truth)
        if known is None:
            fixed = self.memory.fixed
            found = {
                value
                for case in self.cases(truth) or ()
                for kind, *sides in case
                for value in sides
                if kind != OPAQUE and not fixed[value % SCALE]
            }
            found |= {_PRICES - value // SCALE for value in found if self.memory.group[value % SCALE] & 1}
            known = self._terms[truth] = frozenset(found)
        return known

    # --- one truth and two -----------------------------------------------------------------

    def alone(self, truth: int) -> int:
        """NEVER, ALWAYS (wherever it is defined) or OPEN."""
        can = self._can(truth)
        # What can do neither is undefined on every candle: another warning says why.
        return ALWAYS if can == _HOLD else NEVER if can == _FAIL else OPEN

    def spend(self, work: int) -> None:
        """Count work; raise TooMuch where it is more than a document may ask for."""
        self.work += work
        if self.work > _MOST_WORK:
            raise TooMuch

    def _can(self, truth: int) -> int:
        """Whether a truth can hold, and whether it can fail, as far as is known."""
        known = self._alone.get(truth)
        if known is None:
            before = self.work
            can = self._judged(truth)
            self._alone[truth] = can, self.work - before
            return can
        self.spend(known[1])
        return known[0]

    def _judged(self, truth: int) -> int:
        """A joint of two fails (or holds) where one of them does; only what both must do is looked into."""
        op, args = self.memory.ops[truth], self.memory.args[truth]
        if op == "greater" or op == "greater_or_equal":
            return self._compares(op == "greater", truth)
        if op == "and" or op == "or":
            a, b = self._can(args[0]), self._can(args[1])
            one, both = (_FAIL, _HOLD) if op == "and" else (_HOLD, _FAIL)
            if a & b & both and self._any_possible(self.cases(truth, op == "and")):
                return (a | b) & one | both
            return (a | b) & one
        if op == "not":
            below = self._can(args[0])
            return (_FAIL if below & _HOLD else 0) | (_HOLD if below & _FAIL else 0)
        if op == "shift":
            return self._can(args[0])
        can = _HOLD * self._any_possible(self.cases(truth))
        return can | _FAIL * self._any_possible(self.cases(truth, False))

    def _compares(self, strict: bool, truth: int) -> int:
        """Whether x > y (or x ≥ y) can hold and fail, by ranges and order."""
        memory = self.memory
        x, y = memory.args[truth]
        if memory.ops[x] == "subtract" or memory.ops[y] == "subtract":
            can = _HOLD * self._any_possible(self.cases(truth))
            return can | _FAIL * self._any_possible(self.cases(truth, False))
        low, high, least, most = memory.low[x], memory.high[x], memory.low[y], memory.high[y]
        if low > high or least > most:
            return 0
        pairs = memory.size[x] * memory.size[y]
        self.spend(1 + (pairs // 4 if pairs <= MOST_PAIRS else 0))
        if strict:
            return _HOLD * (not memory.at_least(y, x)) | _FAIL * (most >= low)
        return _HOLD * (high >= least) | _FAIL * (not memory.at_least(x, y))

    def _any_possible(self, cases: Cases) -> bool:
        return cases is None or any(self.shape(case) is not None for case in cases)

    def pair(self, a: int, b: int) -> int:
        """What is known of two truths: CARRIES, CARRIED, EXCLUDES and COVERS, added up."""
        known = self._pairs.get((a, b))
        if known is None:
            before = self.work
            found = self._compared(a, b)
            self._pairs[a, b] = found, self.work - before
            return found
        self.spend(known[1])
        return known[0]

    def _compared(self, a: int, b: int) -> int:
        self.spend(1)
        if a == b:
            return CARRIES | CARRIED
        one, other = self.cases(a), self.cases(b)
        if one is None or other is None:
            return 0
        covers = COVERS * (self.terms(a) == self.terms(b) and self._covers(a, b))
        if self.excludes(one, other):
            return EXCLUDES + covers
        carries = self._defines(a, b) and self.carries(one, other)
        carried = self._defines(b, a) and self.carries(other, one)
        return CARRIES * carries + CARRIED * carried + covers

    def _defines(self, a: int, b: int) -> bool:
        """Whether what some case of B needs to be defined is so where A holds, as far as a glance tells."""
        here = self._seen.get(a)
        if here is None:
            here = self._seen[a] = {side for case in self.cases(a) or () for side in self._sides_of(case)}
        needed = self._needed.get(b)
        if needed is None:
            solid = self.memory.solid
            needed = self._needed[b] = tuple(
                [
                    tuple(
                        [
                            side
                            for kind, *both in case
                            if kind != OPAQUE
                            for side in both
                            if not solid[side % SCALE]
                        ]
                    )
                    for case in self.cases(b) or ()
                ]
            )
        return any(here.issuperset(sides) for sides in needed)

    def _covers(self, a: int, b: int) -> bool:
        """Whether each of two truths is certain where the other is false."""
        one, other = self.cases(a, False), self.cases(b, False)
        if one is None or other is None:
            return False
        return self.carries(one, self.cases(b) or ()) and self.carries(other, self.cases(a) or ())

    def excludes(self, one: tuple[Case, ...], other: tuple[Case, ...]) -> bool:
        """Whether no case of the one is possible together with a case of the other."""
        for a in one:
            for b in other:
                if self.together(a, b):
                    return False
        return True

    def carries(self, one: tuple[Case, ...], other: tuple[Case, ...]) -> bool:
        """Whether in each possible case of the one some case of the other is certain."""
        for case in one:
            if not any(self._certain(case, wanted) for wanted in other) and self.shape(case) is not None:
                return False
        return True

    def _certain(self, case: Case, wanted: Case) -> bool:
        """Whether all wanted literals hold wherever those of the case do."""
        return all(literal in case or self._follows(case, literal) for literal in wanted)

    def _follows(self, case: Case, literal: Literal) -> bool:
        kind, x, y = literal
        if kind == OPAQUE or not (self._is_defined(case, x) and self._is_defined(case, y)):
            return False
        shape = self.shape(case)
        if shape is None:
            return True
        if self._is_apart(shape, x, y):
            ends, low, high = shape.ends, self.memory.low, self.memory.high
            least = ends[x][0] if x in ends else low[x % SCALE]
            most = ends[y][1] if y in ends else high[y % SCALE]
            return least > most if kind else least >= most
        opposite = self._shaped(((STRICT - kind, y, x),))
        return opposite is None or not self._meet(shape, opposite)

    def _is_apart(self, shape: Shape, x: int, y: int) -> bool:
        """Whether two values have nothing to do with each other or with the rest of a shape but intervals."""
        memory = self.memory
        a, b = x % SCALE, y % SCALE
        if shape.edges or memory.ops[a] == "subtract" or memory.ops[b] == "subtract":
            return False
        families = memory.group[a] | memory.group[b]
        if memory.group[a] & memory.group[b]:
            return False
        return all(value in (x, y) or not memory.group[value % SCALE] & families for value in shape.ends)

    def _sides_of(self, case: Case) -> set[int]:
        """What is compared in a case, and what that is computed from."""
        memory = self.memory
        sides = {side for kind, *both in case if kind != OPAQUE for side in both}
        for side in list(sides):
            if memory.ops[side % SCALE] in FORGIVING:
                continue
            sides.update([memory.value[arg] + side - side % SCALE for arg in memory.args[side % SCALE]])
        return sides

    def _is_defined(self, case: Case, value: int) -> bool:
        """Whether a value is surely defined on every candle on which the literals of a case hold."""
        memory = self.memory
        known = self._defined.get(case)
        if known is None:
            known = self._defined[case] = tuple(self._sides_of(case))
        if value in known:
            return True
        base = value % SCALE
        if not memory.solid[base]:
            return False
        seen = max([side // SCALE + memory.first[side % SCALE] for side in known], default=0)
        return memory.first[base] + value // SCALE <= seen

    # --- one case and two ------------------------------------------------------------------

    def possible(self, case: Case) -> bool:
        """Whether the literals of a case can hold together, as far as is known."""
        return self.shape(case) is not None

    def shape(self, case: Case) -> Shape | None:
        """What a case leaves of its values; None where it is not possible."""
        known = self._shapes.get(case)
        if known is None:
            before = self.work
            shape = self._shaped(case)
            work = self.work - before
            self._shapes[case] = work if shape is None else Shape(shape.ends, shape.edges, work)
            return shape
        if isinstance(known, int):
            self.work += known
            return None
        self.work += known.work
        return known

    def _shaped(self, case: Case) -> Shape | None:
        memory = self.memory
        fixed, low, high = memory.fixed, memory.low, memory.high
        if len(case) == 1 and case[0][0] != OPAQUE:
            kind, x, y = case[0]
            a, b = x % SCALE, y % SCALE
            if fixed[a] != fixed[b] and memory.ops[a] != "subtract" and memory.ops[b] != "subtract":
                return self._bounded(kind, x, y)
        ends: Ends = {}
        edges: list[Literal] = []
        self.spend(len(case))
        literals = [literal for literal in case if literal[0] != OPAQUE]
        for literal in tuple(literals):
            literals += self._of_differences(literal)
        for kind, x, y in literals:
            a, b = x % SCALE, y % SCALE
            one, other = ends.get(x) or (low[a], high[a]), ends.get(y) or (low[b], high[b])
            if one[0] > one[1] or other[0] > other[1]:
                return None
            least = nextafter(other[0], inf) if kind else other[0]
            most = nextafter(one[1], -inf) if kind else one[1]
            if least > one[1] or most < other[0]:
                return None
            if not fixed[a]:
                ends[x] = (least, one[1]) if least > one[0] else one
            if not fixed[b]:
                ends[y] = (other[0], most) if most < other[1] else other
            if not fixed[a] and not fixed[b]:
                edges.append((kind, x, y))
        values = list(ends)
        for at, x in enumerate(values):
            for y in values[at + 1 :]:
                if memory.group[x % SCALE] & memory.group[y % SCALE]:
                    self._order(x, y, edges)
        if edges and (not _fits(edges, ends) or _has_strict_circle(edges)):
            return None
        return Shape(ends, tuple(edges), 0)

    def _bounded(self, kind: int, x: int, y: int) -> Shape | None:
        """The shape of one comparison with a constant."""
        memory = self.memory
        self.spend(1)
        a, b = x % SCALE, y % SCALE
        low, high, least, most = memory.low[a], memory.high[a], memory.low[b], memory.high[b]
        if low > high or least > most:
            return None
        if memory.fixed[b]:
            low = max(low, nextafter(least, inf) if kind else least)
            return Shape({x: (low, high)}, (), 0) if low <= high else None
        most = min(most, nextafter(high, -inf) if kind else high)
        return Shape({y: (least, most)}, (), 0) if least <= most else None

    def _order(self, x: int, y: int, edges: list[Literal]) -> None:
        """Add what order says of two values."""
        memory = self.memory
        a, b, ago = x % SCALE, y % SCALE, x // SCALE - y // SCALE
        pairs = memory.size[a] * memory.size[b]
        self.spend(1 + (pairs // 4 if pairs <= MOST_PAIRS else 0))
        if memory.at_least(a, b, ago):
            edges.append((WEAK, x, y))
        if memory.at_least(b, a, -ago):
            edges.append((WEAK, y, x))

    def together(self, a: Case, b: Case) -> bool:
        """Whether two cases can hold on the same candle."""
        one, other = self.shape(a), self.shape(b)
        return one is not None and other is not None and self._meet(one, other)

    def _meet(self, one: Shape, other: Shape) -> bool:
        """Whether what two cases leave of their values fits together."""
        group = self.memory.group
        self.work += 1
        shared = 0
        crossing: list[tuple[int, int]] = []
        for x, (low, high) in one.ends.items():
            for y, (least, most) in other.ends.items():
                if x == y:
                    if low > most or least > high:
                        return False
                    shared += 1
                elif group[x % SCALE] & group[y % SCALE]:
                    crossing.append((x, y))
        edges: list[Literal] = []
        for x, y in crossing:
            self._order(x, y, edges)
        if not edges and (shared <= 1 or not (one.edges or other.edges)):
            return True
        return self._merged(one, other, edges)

    def _merged(self, one: Shape, other: Shape, edges: list[Literal]) -> bool:
        edges += one.edges + other.edges
        ends = dict(one.ends)
        for y, (least, most) in other.ends.items():
            low, high = ends.get(y, (least, most))
            ends[y] = max(low, least), min(high, most)
        return _fits(edges, ends) and not _has_strict_circle(edges)

    def _of_differences(self, literal: Literal) -> list[Literal]:
        """What `a - b > 0` says of a and b: float64 has a difference other than 0 wherever they differ."""
        kind, x, y = literal
        memory = self.memory
        found: list[Literal] = []
        a, b = x % SCALE, y % SCALE
        if memory.ops[a] == "subtract" and memory.low[b] >= 0.0:
            strict = kind == STRICT or memory.low[b] > 0.0
            found.append((int(strict), *self._operands(a, x - a)))
        if memory.ops[b] == "subtract" and memory.high[a] <= 0.0:
            strict = kind == STRICT or memory.high[a] < 0.0
            found.append((int(strict), *self._operands(b, y - b)[::-1]))
        return found

    def _operands(self, node: int, back: int) -> tuple[int, int]:
        """The values that a difference is made of, some candles ago."""
        value, (a, b) = self.memory.value, self.memory.args[node]
        return value[a] + back, value[b] + back


def _both(a: tuple[Case, ...], b: tuple[Case, ...]) -> Cases:
    if len(a) * len(b) > _MOST_CASES or len(a) * len(b) * (len(a[0]) + len(b[0])) > _MOST_LITERALS:
        return None
    return tuple([tuple(dict.fromkeys(x + y)) for x, y in product(a, b)])


def _either(a: tuple[Case, ...], b: tuple[Case, ...]) -> Cases:
    return a + b if len(a) + len(b) <= _MOST_CASES else None


def _fits(edges: Sequence[Literal], ends: Ends) -> bool:
    """Whether every value keeps an interval when each is narrowed by those it is compared with."""
    for _ in ends:
        changed = False
        for kind, x, y in edges:
            low, high = ends[x]
            other_low, other_high = ends[y]
            least = nextafter(other_low, inf) if kind else other_low
            most = nextafter(high, -inf) if kind else high
            if least > low:
                if least > high:
                    return False
                ends[x] = least, high
                changed = True
            if most < other_high:
                if most < ends[y][0]:
                    return False
                ends[y] = ends[y][0], most
                changed = True
        if not changed:
            break
    return True


def _has_strict_circle(edges: Sequence[Literal]) -> bool:
    """Whether following `x ≥ y` leads from a value back to one that it is above."""
    below: dict[int, list[int]] = {}
    for _, x, y in edges:
        below.setdefault(x, []).append(y)
    return any(kind and _leads(below, y, x) for kind, x, y in edges)


def _leads(below: dict[int, list[int]], start: int, goal: int) -> bool:
    seen = {start}
    stack = [start]
    while stack:
        at = stack.pop()
        if at == goal:
            return True
        for following in below.get(at, ()):
            if following not in seen:
                seen.add(following)
                stack.append(following)
    return False


_held = threading.local()


def truths() -> Truths:
    """What this thread knows; from the start where it has become too much."""
    found: Truths | None = getattr(_held, "truths", None)
    if found is None or not found.memory.is_whole or max(len(found.memory), len(found._pairs)) > _KEPT:
        found = _held.truths = Truths()
    return found
