"""Owns the verdicts on the decision: out of reach, always reached, reached from below, weights in vain.

An entry fires only where the decision is true however the undefined conditions turn out. If they all turn
out false, the true ones stay the same, so it is enough to look at sets of true conditions: those in which
none holds that never does, those that are carried hold with what carries them, and no two exclude each other.

1. Of every case of the decision (truths.py), the other parts say which conditions surely hold or fail.
2. The scores that are left (scores.py) are compared with the bounds that the case sets for the score.
3. Where no case is reachable the decision is never true; where no case of its opposite is, always.
4. A weight never decides if no bound lies between a score with it and the same score without it. For what
   asks for low scores, undefined conditions count, which nothing carries: there all sums are tried.

Worked: weights 20, 40 (which carries the first) and 15, `score >= 76`: 75 is the largest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import math
from typing import TYPE_CHECKING

from ...grammar import catalogue as say
from ...grammar.diagnostics import Pointer
from ...grammar.nodes import COMPARISONS, Binary, Node, inside
from .memory import SCALE
from .phrases import shown
from .scores import Scores, scores
from .truths import ALWAYS, COVERS, EXCLUDES, NEVER, OPAQUE, STRICT, Case, Literal

if TYPE_CHECKING:
    from .judge import Judge

_FEW = 8  # conditions whose sums are made without looking for families
_ENTRY: Pointer = ("decision", "entry")


class Decision:
    """The decision of a document with weights, and what its conditions leave of the scores."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.known = judge.known
        self.names = judge.scored
        self.weights = [judge.checked.weights[name] for name in self.names]
        self.truths = [judge.condition(name) for name in self.names]
        self.free = [judge.is_free(("conditions", name)) for name in self.names]
        self.alone = [
            0 if free else self.known.alone(t) for t, free in zip(self.truths, self.free, strict=True)
        ]
        self.score = judge.places[judge.checked.score]
        self.entry = judge.places[judge.checked.entry]
        self.impossible = [at for at, verdict in enumerate(self.alone) if verdict == NEVER]
        self.all = self.reach(())
        self.answers: dict[Case, bool] = {}

    def say(self) -> None:
        """All verdicts on the decision; what its parts or the conditions explain is not said again."""
        if self.all is None:
            return
        self.comparisons()
        blamed = self.entry in self.judge.blamed or self.judge.is_explained(self.entry)
        true, false = self.known.cases(self.entry), self.known.cases(self.entry, False)
        if blamed or true is None or false is None:
            return
        tree = self.judge.checked.trees["decision", "entry"]
        if not any(self.reachable(case) for case in true):
            rest = ", and its other parts ask for more" if len(true) == 1 else ""
            self.judge.add(say.unreachable_score(shown(tree), self.largest() + rest), _ENTRY, inside(tree))
            return
        if not any(self.reachable(case) for case in false):
            self.judge.add(say.certain_score(shown(tree), self.smallest()), _ENTRY, inside(tree))
            return
        self.low(true, tree)
        self.idle(true)

    # --- comparisons of the score ----------------------------------------------------------

    def comparisons(self) -> None:
        """Comparisons with the score alone on one side that never or always hold."""
        judge = self.judge
        for pointer, tree, node in judge.checked.truths:
            if pointer != _ENTRY or not isinstance(tree, Binary) or tree.operator not in COMPARISONS:
                continue
            truth = judge.places[node]
            if self.score not in self.known.memory.args[truth]:
                continue
            true, false = self.known.cases(truth), self.known.cases(truth, False)
            if true is None or false is None:
                continue
            if not any(self.reachable(case) for case in true):
                judge.blamed.add(truth)
                judge.add(say.unreachable_score(shown(tree), self.nearest(true)), _ENTRY, inside(tree))
            elif not any(self.reachable(case) for case in false):
                judge.blamed.add(truth)
                judge.add(say.certain_score(shown(tree), self.nearest(false)), _ENTRY, inside(tree))

    def nearest(self, cases: tuple[Case, ...]) -> str:
        """The reachable score that comes nearest to cases that are out of reach."""
        assert self.all is not None
        low, high = self.bounds(cases[0])
        if len(cases) > 1 or (self.all.low <= high and self.all.high >= low):
            return f"no score from {self.all.low:,} to {self.all.high:,} that can be reached decides it"
        return self.largest() if low > self.all.high else self.smallest()

    def largest(self) -> str:
        """The largest reachable score, and why it is not the sum of all."""
        assert self.all is not None
        text = f"the largest reachable score is {self.all.high:,}"
        if self.all.high < sum([weight for weight in self.weights if weight > 0]):
            for at in self.impossible:
                if self.weights[at] > 0:
                    return f"{text}, because `{self.names[at]}` is never true"
            for (a, b), found in self.judge.pairs.items():
                if found & EXCLUDES and self.weights[a] > 0 and self.weights[b] > 0:
                    return f"{text}, because `{self.names[a]}` and `{self.names[b]}` are never true together"
        return text

    def smallest(self) -> str:
        """The smallest reachable score."""
        assert self.all is not None
        return f"the smallest reachable score is {self.all.low:,}"

    # --- reach -----------------------------------------------------------------------------

    def reach(self, case: Case) -> Scores | None:
        """The scores where the literals of a case hold."""
        return scores(self.weights, self.judge.pairs, *self.company(case))

    def company(self, case: Case) -> tuple[list[int], list[int]]:
        """The conditions that surely hold, and those that surely fail, where the literals of a case hold."""
        held, failed = [], list(self.impossible)
        values = {side for kind, *both in case if kind != OPAQUE for side in both}
        if case:
            for at, truth in enumerate(self.truths):
                cases = None if self.free[at] else self.known.cases(truth)
                if cases is None or values.isdisjoint(self.known.terms(truth)):
                    continue
                if self.known.excludes((case,), cases):
                    failed.append(at)
                elif self.known.carries((case,), cases):
                    held.append(at)
        return held, failed

    def reachable(self, case: Case) -> bool:
        """Whether some set of conditions fits a case: its bounds for the score, and the rest of it."""
        if case not in self.answers:
            self.answers[case] = self.fits(case)
        return self.answers[case]

    def fits(self, case: Case) -> bool:
        """The same, not remembered."""
        rest = tuple([literal for literal in case if not self.is_bound(literal)])
        if rest and not self.known.possible(rest):
            return False
        found = self.reach(rest) if rest else self.all
        return found is not None and found.within(*self.bounds(case))

    def is_bound(self, literal: Literal) -> bool:
        """Whether a literal compares the score of this candle."""
        kind, x, y = literal
        return kind != OPAQUE and (x == self.score) != (y == self.score)

    def bounds(self, case: Case) -> tuple[float, float]:
        """From which score to which one a case may be true."""
        memory = self.known.memory
        low, high = -math.inf, math.inf
        for kind, x, y in filter(self.is_bound, case):
            if x == self.score:
                least = memory.low[y % SCALE]
                low = max(low, math.floor(least) + 1 if kind == STRICT else math.ceil(least))
            else:
                most = memory.high[x % SCALE]
                high = min(high, math.ceil(most) - 1 if kind == STRICT else math.floor(most))
        return low, high

    # --- what is legal and strange ---------------------------------------------------------

    def low(self, true: tuple[Case, ...], tree: Node) -> None:
        """A decision that has a case with an upper bound for the score alone."""
        if max(self.weights) <= 0:
            return
        for case in true:
            bounds = [literal for literal in case if self.is_bound(literal)]
            if bounds and all(y == self.score for _, _, y in bounds) and self.reachable(case):
                self.judge.add(say.low_score(shown(tree)), _ENTRY, inside(tree))
                return

    def idle(self, true: tuple[Case, ...]) -> None:
        """Weights without which the same candles are entered."""
        limits = self.limits(true)
        if limits is None:
            return
        rising = all(x == self.score for case in true for _, x, y in filter(self.is_bound, case))
        pairs = {
            (a, b): found & ~COVERS  # there, what is undefined counts as false
            for (a, b), found in self.judge.pairs.items()
            if rising and self.weights[a] > 0 and self.weights[b] > 0
        }
        failed = [at for at in self.impossible if rising and self.weights[at] > 0]
        for at, weight in enumerate(self.weights):
            if self.alone[at] in (NEVER, ALWAYS) or self.free[at] or self.names[at] in self.judge.told:
                continue  # what is said of the condition explains it
            found = self.with_condition(at, pairs, failed)
            if found and not _parted(limits, found, weight):
                self.judge.add(say.idle_weight(self.names[at], weight), ("score", self.names[at]))

    def with_condition(
        self, at: int, pairs: Mapping[tuple[int, int], int], failed: list[int]
    ) -> Iterable[int]:
        """The scores of the sets in which a condition holds; none where they are too many."""
        if pairs or failed or len(self.weights) > _FEW:
            found = scores(self.weights, pairs, (at,), failed)
            return () if found is None or found.all is None else found.all
        sums = [self.weights[at]]
        for other, weight in enumerate(self.weights):
            if other != at:
                sums += [score + weight for score in sums]
        return sums

    def limits(self, true: tuple[Case, ...]) -> list[tuple[int, float]] | None:
        """The constants that the score is compared with, and how; None where it is used in any other way."""
        memory = self.known.memory
        found: set[tuple[int, float]] = set()
        for case in true:
            for literal in case:
                kind, x, y = literal
                if kind == OPAQUE:
                    if self.depends(x):
                        return None
                    continue
                if not self.is_bound(literal):
                    if self.depends(x % SCALE) or self.depends(y % SCALE):
                        return None
                    continue
                other = (y if x == self.score else x) % SCALE
                if memory.low[other] != memory.high[other]:
                    return None
                up = (kind == STRICT) == (x == self.score)  # whether the constant itself is below the bound
                found.add((int(up), memory.low[other]))
        return list(found)

    def depends(self, node: int) -> bool:
        """Whether a number is computed from the score."""
        memory = self.known.memory
        stack, seen = [node], {node}
        while stack:
            at = stack.pop()
            if at == self.score:
                return True
            fresh = [arg for arg in memory.args[at] if arg not in seen]
            seen.update(fresh)
            stack.extend(fresh)
        return False


def _parted(limits: list[tuple[int, float]], found: Iterable[int], weight: int) -> bool:
    """Whether a bound lies between one of the scores and the same without a weight."""
    for up, limit in limits:
        for score in found:
            other = score - weight
            if (score > limit) != (other > limit) if up else (score >= limit) != (other >= limit):
                return True
    return False
