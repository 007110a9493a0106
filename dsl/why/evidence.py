"""Asks the engine what values of a strategy are on one candle, also those that no result keeps.

1. What is asked for is a form of a node, some candles ago.
2. The nodes are dealt out to plans that keep no more than `_KEPT` bytes each.
3. The plans run from the first candle to the one in question, so every value is the one that the
   evaluation itself has used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..compiler.passes import Wanted
from ..prepared import Prepared, by_name, form_name, prepare_forms
from ..runtime import engine
from ..runtime.frames import matrix_of

if TYPE_CHECKING:
    from ..result import Evaluation

Question: TypeAlias = tuple[Wanted, int]
"""A form of a node, and how many candles ago."""

_KEPT = 256 * 2**20
_WIDEST = 8  # bytes a candle


class Witness:
    """The engine's answers to one set of questions about any candle of an evaluation.

    The plans are made once. Raises StrategyError where a run would exceed the budgets of the evaluation.
    """

    def __init__(self, evaluation: Evaluation, questions: Iterable[Question]) -> None:
        self.evaluation = evaluation
        self.questions = sorted(set(questions), key=lambda question: (question[0][1], question[0][0]))
        wanted = list(dict.fromkeys(form for form, _ in self.questions))
        size = max(1, _KEPT // (_WIDEST * max(len(evaluation), 1)))
        checked = evaluation.strategy._checked
        self.plans = [prepare_forms(checked, wanted[i : i + size]) for i in range(0, len(wanted), size)]
        self.names = [{form_name(form) for form in wanted[i : i + size]} for i in range(0, len(wanted), size)]

    def answers(self, row: int) -> dict[Question, Any]:
        """The values on one candle: float or None, bool, int, as the form is."""
        found: dict[Question, Any] = {}
        for prepared, names in zip(self.plans, self.names, strict=True):
            columns = _run(self.evaluation, prepared, row)
            for question in self.questions:
                name = form_name(question[0])
                if name in names:
                    found[question] = _value(columns[name], row - question[1])
        return found


def history(evaluation: Evaluation, node: int, row: int) -> NDArray[np.float64]:
    """The values of a number on all candles up to one of them, shape (row + 1,), NaN where undefined."""
    wanted: Wanted = ("number", node)
    prepared = prepare_forms(evaluation.strategy._checked, [wanted])
    values: NDArray[np.float64] = _run(evaluation, prepared, row)[form_name(wanted)]
    return values


def _run(evaluation: Evaluation, prepared: Prepared, row: int) -> dict[str, NDArray[Any]]:
    evaluation.strategy._check_budgets(prepared.plan, row + 1, *evaluation.budgets)
    matrix = matrix_of(prepared.plan, evaluation.bars, evaluation.strategy.timeframe)
    return by_name(prepared, engine.run(prepared.plan, matrix[:, : row + 1]))


def _value(column: NDArray[Any], row: int) -> float | bool | int | None:
    """One value of a column; before the first candle a number is undefined and nothing is certain."""
    if row < 0:
        return None if column.dtype.kind == "f" else False
    value: float | bool | int = column[row].item()
    return None if value != value else value
