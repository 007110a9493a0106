"""Explains one candle: why it entered or not, and what would have to be otherwise.

1. The conditions and the decision are taken apart into comparisons.
2. The engine is asked for both sides and the truth of each, on this candle.
3. The parts that make the decision true, or keep it from being so, are found from the top down:
   of an AND that fails those that fail, of an OR that fails both, under a NOT the other way round.
4. The smallest sets of conditions whose flip changes the outcome are searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..candle import Time, find_row, moment
from ..compiler.analyze import Checked, Reader
from ..compiler.parts import Joined, Side, take_apart
from ..compiler.parts import Part as Leaf
from ..grammar.nodes import Name, postorder
from ..runtime.clock import iso
from ..runtime.plan import FIELDS
from .decision import Decision, truth_of
from .evidence import Question, Witness
from .flips import Flip, Flips, Vote, smallest_flips

if TYPE_CHECKING:
    from ..result import Evaluation

__all__ = ["Condition", "Explanation", "Flip", "Flips", "Operand", "Part", "Reason", "Verdict", "explain"]


@dataclass(frozen=True)
class Operand:
    """One side of a comparison: its canonical text and its value, None where undefined.

    `interval` is that of the bare score where undefined conditions leave it open.
    """

    text: str
    value: float | None
    interval: tuple[int, int] | None = None


@dataclass(frozen=True)
class Part:
    """A truth that AND, OR and NOT join with others: a comparison, or a condition by its name.

    `truth` is None where undefined. `margin` is left minus right, None where either is undefined.
    Everything is that of `ago` candles before the explained one. `within` is the call that the part
    comes out of: `crossUp(a, b)` is `a > b` and `a[1] <= b[1]`. What is no comparison has no operator.
    """

    text: str
    truth: bool | None
    left: Operand | None
    operator: str | None
    right: Operand | None
    margin: float | None
    ago: int
    within: str | None


@dataclass(frozen=True)
class Condition:
    """A condition's truth (None where undefined), what it adds to the score, and what is behind it.

    `inputs` are the inputs that it reads, by its own text or through other inputs.
    """

    name: str
    text: str
    truth: bool | None
    weight: int
    contribution: int
    parts: tuple[Part, ...]
    inputs: Mapping[str, float | None]


@dataclass(frozen=True)
class Reason:
    """A part of the decision that brings about its outcome.

    `wanted` is the truth that an entry wants of it; where the candle enters it has it, else not. `points`
    is what the score lacks, negative for what it has too much, where the part compares it.
    """

    part: Part
    wanted: bool
    points: int | None = None


@dataclass(frozen=True)
class Verdict:
    """The decision: its canonical text, its truth (None where undefined), and its parts."""

    text: str
    truth: bool | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Explanation:
    """Why a candle entered or not.

    `row` counts from 0; `time` is when the candle opened, in UTC, None without times; `zone` is that of
    the bars and `moment` the time in it, as reports write it. `market` and `inputs` are the values on the
    candle. `score` is the sum of the contributions of the `conditions`, and `score_low` to `score_high`
    what undefined ones leave possible. `reasons` are the parts of the `decision` that make it true where
    the candle `entered`, and those that keep it from being true where it did not. `flips` are the
    smallest sets of conditions that would change that. `warmup` is the first candle on which every
    condition is defined, without gaps.

    `str` of it is the text that `dslc explain-candle` prints.
    """

    row: int
    time: np.datetime64 | None
    zone: str | None
    moment: str
    market: Mapping[str, float]
    inputs: Mapping[str, float | None]
    conditions: tuple[Condition, ...]
    score: int
    score_low: int
    score_high: int
    decision: Verdict
    entered: bool
    reasons: tuple[Reason, ...]
    flips: Flips
    warmup: int

    def __str__(self) -> str:
        from .explained import as_text

        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as data that JSON can hold: times as ISO texts, undefined values as None."""
        found = asdict(self)
        if self.time is not None:
            found["time"] = iso(int(self.time.astype("M8[ns]").astype(np.int64)), self.zone)
        return found


class Evidence:
    """What is the same for every candle of an evaluation: its parts, and the plans for their values."""

    def __init__(self, evaluation: Evaluation) -> None:
        checked = evaluation.strategy._checked
        reader = Reader(checked)
        self.conditions = {
            name: take_apart(checked.trees["conditions", name], checked, reader)
            for name in checked.conditions
        }
        self.decision = take_apart(checked.trees["decision", "entry"], checked, reader)
        self.behind = _inputs_behind(checked)
        self.witness = Witness(evaluation, _questions(checked, [*self.conditions.values(), self.decision]))


def explain(evaluation: Evaluation, time: Time) -> Explanation:
    """The explanation of one candle; see `Evaluation.explain`."""
    row = find_row(evaluation.bars, time)
    return _Candle(evaluation, row).explanation()


def _questions(checked: Checked, truths: list[Joined]) -> Iterator[Question]:
    for node in checked.inputs.values():
        yield ("number", node), 0
    for node in (*checked.conditions.values(), checked.entry):
        yield ("holds", node), 0
        yield ("fails", node), 0
    for joined in truths:
        for leaf in joined.parts:
            yield ("holds", leaf.truth), leaf.ago
            yield ("fails", leaf.truth), leaf.ago
            for side in leaf.sides or ():
                yield ("number", side.node), leaf.ago
                if side.node == checked.score:
                    yield ("low", side.node), leaf.ago
                    yield ("high", side.node), leaf.ago
    yield ("sum", checked.score), 0
    yield ("low", checked.score), 0
    yield ("high", checked.score), 0


def _inputs_behind(checked: Checked) -> dict[str, tuple[str, ...]]:
    """The inputs that each condition reads, by its own text or through other inputs."""
    known: dict[str, set[str]] = {}
    for section, name in [("inputs", name) for name in checked.inputs] + [
        ("conditions", name) for name in checked.conditions
    ]:
        used = {node.name for node in postorder(checked.trees[section, name]) if isinstance(node, Name)}
        direct = used & checked.inputs.keys()
        known[name] = direct.union(*(known[other] for other in direct))
    return {
        name: tuple(other for other in checked.inputs if other in known[name]) for name in checked.conditions
    }


class _Candle:
    """One candle of an evaluation, and the engine's answers about it."""

    def __init__(self, evaluation: Evaluation, row: int) -> None:
        self.evaluation = evaluation
        self.checked = evaluation.strategy._checked
        self.row = row
        self.evidence = evaluation._evidence
        self.answers = self.evidence.witness.answers(row)

    def explanation(self) -> Explanation:
        evaluation, bars = self.evaluation, self.evaluation.bars
        conditions = tuple(self.condition(name) for name in self.checked.conditions)
        decision = self.verdict()
        low, high = self.score("low"), self.score("high")
        return Explanation(
            row=self.row,
            time=None if bars.times is None else bars.time[self.row],
            zone=bars.zone,
            moment=moment(bars, self.row),
            market={
                field: float(getattr(bars, field)[self.row]) for field in FIELDS if field in bars.present
            },
            inputs={name: self.number(node) for name, node in self.checked.inputs.items()},
            conditions=conditions,
            score=self.score("sum"),
            score_low=low,
            score_high=high,
            decision=decision,
            entered=decision.truth is True,
            reasons=tuple(self.reasons(decision)),
            flips=self.flips(conditions, low, high),
            warmup=evaluation.strategy.warmup,
        )

    def number(self, node: int, ago: int = 0) -> float | None:
        value: float | None = self.answers[("number", node), ago]
        return value

    def score(self, form: Any, ago: int = 0) -> int:
        return int(self.answers[(form, self.checked.score), ago])

    def truth(self, node: int) -> bool | None:
        return truth_of(Leaf("", node), self.answers)

    def condition(self, name: str) -> Condition:
        truth, weight = self.truth(self.checked.conditions[name]), self.checked.weights[name]
        return Condition(
            name=name,
            text=self.evaluation.strategy._canonical["conditions"][name],
            truth=truth,
            weight=weight,
            contribution=weight if truth else 0,
            parts=self.parts(self.evidence.conditions[name]),
            inputs={other: self.number(self.checked.inputs[other]) for other in self.evidence.behind[name]},
        )

    def verdict(self) -> Verdict:
        text, truth = self.evaluation.strategy.entry, self.truth(self.checked.entry)
        return Verdict(text, truth, self.parts(self.evidence.decision))

    def parts(self, joined: Joined) -> tuple[Part, ...]:
        return tuple(self.part(leaf) for leaf in joined.parts)

    def part(self, leaf: Leaf) -> Part:
        truth = truth_of(leaf, self.answers)
        if leaf.sides is None:
            return Part(leaf.text, truth, None, None, None, None, leaf.ago, leaf.within)
        left, right = (self.operand(side, leaf.ago) for side in leaf.sides)
        margin = _margin(left.value, right.value)
        return Part(leaf.text, truth, left, leaf.operator, right, margin, leaf.ago, leaf.within)

    def operand(self, side: Side, ago: int) -> Operand:
        value = self.number(side.node, ago)
        if side.node != self.checked.score or value is not None or ago > self.row:
            return Operand(side.text, value)
        return Operand(side.text, None, (self.score("low", ago), self.score("high", ago)))

    def reasons(self, decision: Verdict) -> Iterator[Reason]:
        """The parts that bring the outcome about, from left to right."""
        joined, truths = self.evidence.decision, [part.truth for part in decision.parts]
        responsible = dict(_responsible(joined, truths, decision.truth is True))
        for number, leaf in enumerate(joined.parts):
            if number in responsible:
                wanted = responsible[number]
                points = None if decision.truth else self.points(leaf, wanted)
                yield Reason(decision.parts[number], wanted, points)

    def points(self, leaf: Leaf, wanted: bool) -> int | None:
        """How many points the score of this candle lacks for a comparison that it fails."""
        if leaf.sides is None or leaf.ago or leaf.operator is None:
            return None
        left, right = leaf.sides
        if self.checked.score not in (left.node, right.node) or left.node == right.node:
            return None
        operator = leaf.operator if left.node == self.checked.score else _MIRRORED[leaf.operator]
        other = self.number(right.node if left.node == self.checked.score else left.node)
        if other is None:
            return None
        return _points(
            operator if wanted else _OPPOSITE[operator], self.score("low"), self.score("high"), other
        )

    def flips(self, conditions: tuple[Condition, ...], low: int, high: int) -> Flips:
        decision = Decision(self.evaluation, self.row, self.evidence.decision, self.answers)
        votes = [Vote(condition.name, condition.truth, condition.weight) for condition in conditions]
        return smallest_flips(decision, votes, low, high)


_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}


def _margin(left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    margin = left - right
    return margin if math.isfinite(margin) else None


def _points(operator: str, low: int, high: int, other: float) -> int | None:
    """What has to be added to a score in [low, high] so that it certainly compares as wanted."""
    match operator:
        case ">=":
            return math.ceil(other) - low
        case ">":
            return math.floor(other) + 1 - low
        case "<=":
            return math.floor(other) - high
        case "<":
            return math.ceil(other) - 1 - high
        case "==":
            return int(other) - low if low == high and other == int(other) else None
    return None


def _responsible(joined: Joined, truths: list[bool | None], entered: bool) -> Iterator[tuple[int, bool]]:
    """The parts that bring the outcome about, and the truth that an entry wants of each.

    A truth that is as wanted owes it to the operands that are as wanted; one that is not, to those
    that are not. Each operand of AND and OR is wanted as the whole is, that of NOT the other way.
    """
    found, below = _evaluated(joined, truths)
    stack = [(len(joined.steps) - 1, True)]
    while stack:
        at, wanted = stack.pop()
        if (found[at] is wanted) is not entered:
            continue
        step = joined.steps[at]
        if isinstance(step, int):
            yield step, wanted
        else:
            stack += [(operand, wanted is not (step == "not")) for operand in below[at]]


def _evaluated(joined: Joined, truths: list[bool | None]) -> tuple[list[bool | None], list[tuple[int, ...]]]:
    """The truth of every step of a joined truth, and the steps that are its operands."""
    found: list[bool | None] = []
    below: list[tuple[int, ...]] = []
    stack: list[int] = []
    for at, step in enumerate(joined.steps):
        count = 0 if isinstance(step, int) else 1 if step == "not" else 2
        operands = tuple(stack[len(stack) - count :])
        del stack[len(stack) - count :]
        stack.append(at)
        below.append(operands)
        values = [found[operand] for operand in operands]
        if isinstance(step, int):
            found.append(truths[step])
        elif step == "not":
            found.append(None if values[0] is None else not values[0])
        else:
            deciding = step == "or"
            found.append(deciding if deciding in values else None if None in values else not deciding)
    return found, below
