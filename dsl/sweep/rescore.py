"""Scores a strategy again with other weights and thresholds, without touching an indicator.

1. The engine runs once and says on every candle which conditions hold, and which certainly do not; and the
   same of every other truth in the decision.
2. Candles on which all of these are alike form a *pattern*. Five conditions have a few dozen patterns,
   however long the history is.
3. For each set of values, score and decision are worked out once a pattern, by the rules of the language:
   the score is an interval, and a comparison with it is decided where it comes out the same over all of it.
4. Sets of values for which the same patterns enter have the same entries, so their statistics are made once.

Worked: conditions a and b on five candles, ab, a, -, a, ab, have the patterns ab, a and -; with weights 40
and 60 and `score >= 60` only ab enters, on candles 0 and 4, and so it is with 50 and 50.

A decision that does arithmetic with the score, or reads that of earlier candles, cannot be worked out
from patterns; then `rescorer` gives None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.analyze import Reader
from ..compiler.parameters import names_in, written_out
from ..compiler.passes import Wanted
from ..grammar.nodes import COMPARISONS, Binary, Name, Node, Number, Unary, postorder
from ..prepared import form_name, prepare_forms
from ..reductions import Forward, Statistics, forward_of
from ..runtime import engine
from ..runtime.frames import matrix_of
from ..runtime.market import require
from ..sample import Sample
from ..schemas.parameters import Value

if TYPE_CHECKING:
    from ..runtime.bars import Bars
    from .variants import Variants

Truths = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

_BLOCK = 1 << 22  # truths of sets of values and patterns that are worked out at a time
_BLOCK_MASKS = 1 << 25  # bytes of entries
_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}


@dataclass(frozen=True, eq=False)
class Truth:
    """Where something certainly holds and where it certainly fails; broadcast over sets and patterns."""

    holds: Truths
    fails: Truths


@dataclass(frozen=True, eq=False)
class _Given:
    """What a decision is worked out from: of some sets of values, the ends of the score and the values."""

    low: Integers  # (sets, patterns)
    high: Integers
    values: Mapping[str, NDArray[Any]]  # (sets, 1) of every parameter


_Step = Callable[[_Given], Truth]


def rescorer(variants: Variants, names: tuple[str, ...], bars: Bars) -> Rescorer | None:
    """What scores the strategy again for values of these names, None where that needs the engine."""
    if not variants.only_decides(names):
        return None
    decision = _Decision(variants, names)
    try:
        decide = decision.compiled()
    except _Unsupported:
        return None
    return Rescorer(variants, decision, decide, bars)


class Rescorer:
    """The patterns of a strategy on some bars; `of_candle` is the pattern of each candle."""

    def __init__(self, variants: Variants, decision: _Decision, decide: _Step, bars: Bars) -> None:
        self._variants = variants
        self._decide = decide
        self._bars = bars
        checked = variants._checked
        self.names = tuple(checked.conditions)
        prepared = prepare_forms(checked, dict.fromkeys(decision.wanted))
        require(bars, prepared.plan)
        kept = engine.run(prepared.plan, matrix_of(prepared.plan, bars, checked.timeframe))
        rows = dict(zip((name for name, _ in prepared.names), kept.masks, strict=True))
        self.of_candle, patterns = _patterns(kept.masks)
        known = dict(zip(rows, patterns, strict=True))
        for form, node in decision.wanted:
            if form == "holds":
                fails = known[form_name(("fails", node))]
                decision.truths[node] = Truth(known[form_name((form, node))], fails)
        shape = (len(self.names), patterns.shape[1])
        of_conditions = [decision.truths[node] for node in checked.conditions.values()]
        self._holds = np.array([truth.holds for truth in of_conditions], np.bool_).reshape(shape)
        self._fails = np.array([truth.fails for truth in of_conditions], np.bool_).reshape(shape)

    @property
    def patterns(self) -> int:
        """How many patterns there are."""
        return self._holds.shape[1]

    def entries(self, sets: Sequence[Mapping[str, Value]]) -> tuple[Truths, Integers]:
        """Which patterns enter for each set of values, and the score of each: (sets, patterns)."""
        entered = np.zeros((len(sets), self.patterns), np.bool_)
        scores = np.zeros(entered.shape, np.int64)
        step = max(1, _BLOCK // max(self.patterns, 1))
        for start in range(0, len(sets), step):
            block = slice(start, start + step)
            of_sets = [self._variants.weights(values) for values in sets[block]]
            weights = np.array([[found[name] for name in self.names] for found in of_sets], np.int64)
            weights = weights.reshape(len(of_sets), len(self.names))
            holds: NDArray[Any] = self._holds.astype(np.int64)
            open_: NDArray[Any] = (~self._fails).astype(np.int64)
            raising, lowering = np.maximum(weights, 0), np.minimum(weights, 0)
            scores[block] = weights @ holds
            every = [self._variants.values(values) for values in sets[block]]
            given = _Given(
                low=raising @ holds + lowering @ open_,
                high=raising @ open_ + lowering @ holds,
                values={name: np.array([[found[name]] for found in every]) for name in every[0]},
            )
            entered[block] = self._decide(given).holds
        return entered, scores

    def statistics(self, sets: Sequence[Mapping[str, Value]], rows: slice) -> list[Statistics]:
        """The statistics of each set of values on some rows of the bars."""
        entered, scores = self.entries(sets)
        sample = Sample.of(self._bars, rows)
        counts = np.bincount(self.of_candle[rows], minlength=self.patterns)
        there = np.flatnonzero(counts)
        alike, place = np.unique(entered[:, there], axis=0, return_inverse=True)
        forward = list(self._forward(sample, alike, there, counts))
        held = dict(zip(self.names, (self._holds @ counts).tolist(), strict=True))
        return [
            Statistics(
                candles=sample.candles,
                entries=int(counts[entered[at]].sum()),
                conditions=held,
                scores=_distribution(scores[at, there], counts[there]),
                months=sample.months,
                forward=forward[place.reshape(-1)[at]],
            )
            for at in range(len(sets))
        ]

    def _forward(
        self, sample: Sample, alike: Truths, there: Integers, counts: Integers
    ) -> Iterable[dict[int, Forward]]:
        """What followed the entries of each distinct choice of patterns."""
        step = max(1, _BLOCK_MASKS // max(len(self.of_candle), 1))
        for start in range(0, len(alike), step):
            chosen = np.zeros((len(alike[start : start + step]), self.patterns), np.bool_)
            chosen[:, there] = alike[start : start + step]
            found = sample.followed(chosen[:, self.of_candle])
            yield from (forward_of(found, row) for row in range(len(chosen)))


def _patterns(masks: Truths) -> tuple[Integers, Truths]:
    """The pattern of every candle, and the masks of every pattern: (candles,), (masks, patterns)."""
    if not len(masks):
        return np.zeros(masks.shape[1], np.int64), np.zeros((0, 1), np.bool_)
    packed = np.packbits(masks, axis=0)  # (bytes, candles)
    whole = np.ascontiguousarray(packed.T)
    keys = whole.view(np.dtype((np.void, whole.shape[1]))).reshape(-1)
    _, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    return of_row.reshape(-1), masks[:, first]


def _distribution(scores: Integers, counts: Integers) -> dict[int, int]:
    """How often there is each score, ascending."""
    found: dict[int, int] = {}
    for score, count in sorted(zip(scores.tolist(), counts.tolist(), strict=True)):
        found[score] = found.get(score, 0) + count
    return found


# --- the decision -----------------------------------------------------------------------------


class _Unsupported(Exception):
    """A decision that cannot be worked out from patterns."""


class _Decision:
    """The decision as steps over patterns; `wanted` are the forms that it needs of the engine.

    `truths` gets what the engine says, pattern by pattern, before a step is taken.
    """

    def __init__(self, variants: Variants, names: tuple[str, ...]) -> None:
        checked = variants._checked
        self._checked = checked
        self._reader = Reader(checked)
        self._varied = set(names)
        self._tree = checked.originals.get(("decision", "entry"), checked.trees["decision", "entry"])
        self.wanted: list[Wanted] = []
        self.truths: dict[int, Truth] = {}
        for node in checked.conditions.values():
            self._wanted(node)

    def compiled(self) -> _Step:
        """The step that gives the decision, made of those of its parts."""
        steps: list[_Step | str] = []
        stack: list[Node] = [self._tree]
        while stack:
            node = stack.pop()
            if isinstance(node, Binary) and node.operator in _JOINS:
                steps.append(node.operator)
                stack += [node.left, node.right]
            elif isinstance(node, Unary) and node.operator == "NOT":
                steps.append("NOT")
                stack.append(node.operand)
            else:
                steps.append(self._part(node))
        steps.reverse()
        return lambda given: _joined(steps, given)

    def _part(self, node: Node) -> _Step:
        """What is not joined of parts."""
        parameters = self._checked.parameters
        if isinstance(node, Name) and node.name in parameters:
            name = node.name
            return lambda given: Truth(given.values[name], ~given.values[name])
        if not names_in(node) & (self._varied | {"score"}):
            number = self._wanted(self._reader.truth(written_out(node, self._checked.values)))
            return lambda given: self.truths[number]
        if isinstance(node, Binary) and node.operator in COMPARISONS:
            if isinstance(node.left, Name) and node.left.name == "score":
                return _of_score(node.operator, self._constant(node.right))
            if isinstance(node.right, Name) and node.right.name == "score":
                return _of_score(_MIRRORED[node.operator], self._constant(node.left))
        raise _Unsupported

    def _wanted(self, node: int) -> int:
        self.wanted += [("holds", node), ("fails", node)]
        return node

    def _constant(self, tree: Node) -> Callable[[_Given], Numbers]:
        """A number that is made of numbers and parameters, for each set of values."""
        nodes = list(postorder(tree))
        for node in nodes:
            known = isinstance(node, Number) or (
                isinstance(node, Name) and node.name in self._checked.parameters
            )
            arithmetic = isinstance(node, Binary) and node.operator in _ARITHMETIC
            if not (known or arithmetic or (isinstance(node, Unary) and node.operator == "-")):
                raise _Unsupported
        return lambda given: _computed(nodes, given)


_JOINS = ("AND", "OR")
_ARITHMETIC: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def _joined(steps: Iterable[_Step | str], given: _Given) -> Truth:
    stack: list[Truth] = []
    for step in steps:
        if not isinstance(step, str):
            stack.append(step(given))
        elif step == "NOT":
            operand = stack.pop()
            stack.append(Truth(operand.fails, operand.holds))
        else:
            a, b = stack.pop(), stack.pop()
            if step == "AND":
                stack.append(Truth(a.holds & b.holds, a.fails | b.fails))
            else:
                stack.append(Truth(a.holds | b.holds, a.fails & b.fails))
    return stack[0]


def _computed(nodes: Iterable[Node], given: _Given) -> Numbers:
    """The value of a tree in postorder, NaN where it is not finite."""
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for node in nodes:
            match node:
                case Number(value=value):
                    stack.append(np.array([[value]]))
                case Name(name=name):
                    stack.append(given.values[name].astype(np.float64))
                case Unary():
                    stack.append(-stack.pop())
                case Binary(operator=symbol):
                    right, left = stack.pop(), stack.pop()
                    stack.append(_ARITHMETIC[symbol](left, right))
            stack[-1] = stack[-1] + (stack[-1] - stack[-1])
    found: Numbers = stack[0]
    return found


def _of_score(symbol: str, other: Callable[[_Given], Numbers]) -> _Step:
    """The score on the left of a comparison with a number that is the same on every candle."""

    def step(given: _Given) -> Truth:
        low, high, number = given.low, given.high, other(given)
        match symbol:
            case ">":
                return Truth(low > number, high <= number)
            case ">=":
                return Truth(low >= number, high < number)
            case "<":
                return Truth(high < number, low >= number)
            case "<=":
                return Truth(high <= number, low > number)
        same = Truth((low >= number) & (high <= number), (low > number) | (high < number))
        return same if symbol == "==" else Truth(same.fails, same.holds)

    return step
