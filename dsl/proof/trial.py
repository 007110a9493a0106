"""A strategy on bars whose results have to come out again, bit for bit, however they are computed.

A `Trial` holds the results of the evaluation. A `Case` is another way to compute them, for some candles
from the first one on. Where the two differ, a `Flaw` says at which candle and where first: the first node
of the graph, in an order of evaluation, that differs at or before that candle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..candle import moment
from ..prepared import ENTRY, SCORE, Prepared, by_name, form_name, prepare_forms
from ..result import Evaluation
from ..runtime import engine
from ..runtime.bars import Bars
from ..runtime.engine import Kept
from ..runtime.frames import matrix_of
from ..runtime.plan import Plan
from .digests import canonical
from .pieces import cut
from .places import Place, places

Values: TypeAlias = "Mapping[str, NDArray[Any]]"
"""Results by their names: `inputs.fast`, `conditions.up`, `score_low`, `score_high`, `score`, `entry`."""

_OF_A_COMPARISON = 3.0  # what keeping and comparing a value costs
_SEARCHED_BYTES = 256 * 2**20  # of the values of nodes, while a flaw is looked for


@dataclass(frozen=True)
class Flaw:
    """The first difference that a check has found; it is a mistake of dslc, whatever the strategy.

    `case` is how it was computed, `row` and `moment` the candle, `name` the result that differs there,
    `node` the text of the first node that differs and `owner` what it belongs to, both None where no node
    was found to differ. `expected` is the value of the evaluation at that candle, `found` the one of the
    case; of the node, if there is one.
    """

    check: str
    case: str
    row: int
    moment: str
    name: str
    node: str | None
    owner: str | None
    expected: str
    found: str


@dataclass(frozen=True)
class Case:
    """A way to compute the results of the first `count` candles.

    `run` runs any plan that way, for whoever looks into the nodes; `values` are the results, where not
    those that `run` gives.
    """

    name: str
    count: int
    run: Callable[[Plan], Kept]
    values: Callable[[], Values] | None = None


@dataclass
class Trial:
    """The evaluation that every other way is compared with, and its plans."""

    evaluation: Evaluation
    expected: Values = field(init=False)
    plans: tuple[Prepared, Prepared] = field(init=False)

    def __post_init__(self) -> None:
        strategy = self.evaluation.strategy
        self.plans = (
            strategy._prepare(strategy._names("all")),
            strategy._prepare_interval(),
        )
        self.expected = of_evaluation(self.evaluation)

    @property
    def bars(self) -> Bars:
        """The candles."""
        return self.evaluation.bars

    @property
    def timeframe(self) -> str:
        """What the bars are candles of."""
        return self.evaluation.strategy.timeframe

    def head(self, count: int) -> Bars:
        """The first candles, as if there were no more."""
        return cut(self.bars, count, self.timeframe)

    def over(self, bars: Bars, **how: Any) -> Callable[[Plan], Kept]:
        """The engine on some bars."""
        compiled = how.get("compiled")
        return lambda plan: engine.run(plan, matrix_of(plan, bars, self.timeframe, compiled=compiled), **how)

    @property
    def chunk(self) -> int:
        """How many candles the engine takes at a time."""
        return self.plans[0].plan.chunk

    def cost(self, candles: int) -> float:
        """Work of computing all results once and comparing them, in the units of `Plan.cost`."""
        start, each = self._costs
        return start + each * candles

    @cached_property
    def _costs(self) -> tuple[float, float]:
        """Work of starting, and of each candle; `Plan.cost` is such a line, but slow for many steps."""
        start = sum(prepared.plan.cost(0) for prepared in self.plans)
        one = sum(prepared.plan.cost(1) for prepared in self.plans)
        return start, one - start + _OF_A_COMPARISON * len(self.expected)

    def flaw(self, check: str, case: Case) -> Flaw | None:
        """What the case gives otherwise than the evaluation, None where all bits are the same."""
        found = self.values(case.run) if case.values is None else case.values()
        different = difference(self.expected, found, 0, case.count)
        if different is None:
            return None
        row, name = different
        flaw = self.described(check, case.name, row, name, found[name][row])
        return _with_node(self, flaw, case)

    def values(self, run: Callable[[Plan], Kept]) -> Values:
        """All results, computed in some way."""
        results, interval = self.plans
        found = by_name(results, run(results.plan)) | by_name(interval, run(interval.plan))
        checked = self.evaluation.strategy._checked
        named = {f"inputs.{name}": found[name] for name in checked.inputs}
        named |= {f"conditions.{name}": found[name] for name in checked.conditions}
        named |= {"score_low": found["low"], "score_high": found["high"]}
        return named | {"score": found[SCORE], "entry": found[ENTRY]}

    def described(self, check: str, case: str, row: int, name: str, found: Any) -> Flaw:
        """A flaw of a result at a candle."""
        expected = self.expected[name][row]
        when = moment(self.bars, row)
        return Flaw(check, case, row, when, name, None, None, shown(expected), shown(found))


def of_evaluation(evaluation: Evaluation) -> Values:
    """The results of an evaluation."""
    named: dict[str, NDArray[Any]] = {f"inputs.{name}": x for name, x in evaluation.inputs.items()}
    named |= {f"conditions.{name}": x for name, x in evaluation.conditions.items()}
    named |= {"score_low": evaluation.score_low, "score_high": evaluation.score_high}
    return named | {"score": evaluation.score, "entry": evaluation.entry}


def difference(expected: Values, found: Values, start: int, count: int) -> tuple[int, str] | None:
    """The first candle at which a result differs, and the first result that differs there.

    `found` begins with candle `start` of `expected`; `count` candles are compared, bit by bit.

    >>> difference({"a": np.array([1.0, 2.0])}, {"a": np.array([2.5])}, 1, 1)
    (1, 'a')
    """
    first: tuple[int, str] | None = None
    for name, values in found.items():
        row = first_difference(expected[name][start : start + count], values[:count])
        if row is not None and (first is None or start + row < first[0]):
            first = start + row, name
    return first


def first_difference(a: NDArray[Any], b: NDArray[Any]) -> int | None:
    """The first place where two rows of values have other bits, None where none.

    >>> first_difference(np.array([0.0, np.nan]), np.array([0.0, -np.nan]))
    >>> first_difference(np.array([0.0]), np.array([-0.0]))
    0
    """
    if a.shape != b.shape:
        raise AssertionError(f"{a.shape} values against {b.shape}")
    if np.array_equal(_bits(a), _bits(b)):
        return None
    different = _bits(canonical(a)) != _bits(canonical(b))
    return int(np.argmax(different)) if different.any() else None


def shown(value: Any) -> str:
    """A value with all its digits.

    >>> shown(np.float64(0.1)), shown(np.float64("nan")), shown(np.bool_(True))
    ('0.1', 'undefined', 'true')
    """
    plain = value.item()
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return "undefined" if plain != plain else repr(plain)


def _bits(values: NDArray[Any]) -> NDArray[Any]:
    values = np.ascontiguousarray(values)
    return values.view(np.int64) if values.dtype.kind == "f" else values


def _with_node(trial: Trial, flaw: Flaw, case: Case) -> Flaw:
    """The flaw with the first node that differs at its candle or before, if the nodes show it."""
    for place, expected, found in _pairs(trial, case):
        count = min(flaw.row + 1, case.count)
        row = first_difference(expected[:count], found[:count])
        if row is not None:
            return Flaw(
                flaw.check,
                flaw.case,
                row,
                moment(trial.bars, row),
                flaw.name,
                place.text,
                str(place.owner),
                shown(expected[row]),
                shown(found[row]),
            )
    return flaw


def _pairs(trial: Trial, case: Case) -> Iterator[tuple[Place, NDArray[Any], NDArray[Any]]]:
    """Every form of every node, computed as the evaluation does it and as the case does."""
    checked = trial.evaluation.strategy._checked
    wanted = [(place, form) for place in places(checked) for form in place.forms]
    size = max(1, _SEARCHED_BYTES // (16 * max(len(trial.bars), 1)))
    for start in range(0, len(wanted), size):
        group = wanted[start : start + size]
        prepared = prepare_forms(checked, [form for _, form in group])
        one = by_name(prepared, trial.over(trial.bars)(prepared.plan))
        other = by_name(prepared, case.run(prepared.plan))
        for place, form in group:
            name = form_name(form)
            yield place, one[name], other[name]
