"""Holds runs against budgets before they begin, and says of those that it refuses what would fit.

A refusal names the dearest parts of the document, and what would be within the budgets:

1. How many candles is found by halving: cost and bytes grow with the candles.
2. The longest window is found by halving, too, on documents in which every longer window and offset is
   cut to a length. That takes a compilation each, so only for a quarter of a second.

Of a batch every document is held against the budgets of one before there is a plan for all. Most of them
are far below, which `compiler.cost.bound` sees without a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import math
from time import monotonic
from typing import TYPE_CHECKING

from ..compiler.analyze import Checked
from ..compiler.cost import bound
from ..compiler.looks import Look, idle
from ..compiler.passes import Wanted
from ..grammar import catalogue as say
from ..grammar.words import quoted
from ..prepared import Wish, prepare, prepare_batch, stored, wanted_of, wanted_of_batch
from ..runtime.plan import Plan
from .estimates import Part, parts_of, together
from .shortened import expressions, lengths, shortened

if TYPE_CHECKING:
    from ..strategy import Strategy, StrategyError

_NAMED = 3  # of the dearest parts,
_WORTH_NAMING = 0.05  # if they have such a share
_SEARCH_SECONDS = 0.25  # for the longest window of one document,
_SEARCH_ALL_SECONDS = 1.0  # of all documents of a batch,
_SEARCH_NODES = 1_000  # and of no document with more nodes


def check_budget_values(**budgets: float) -> None:
    """Raise where a budget is none: not a number, or below 0. Infinity is one that nothing exceeds."""
    for name, budget in budgets.items():
        try:
            found = math.nan if isinstance(budget, bool | str | bytes) else float(budget)
        except (TypeError, ValueError):
            found = math.nan
        except OverflowError:
            found = math.inf
        if not found >= 0.0:
            raise ValueError(f"{name} is a budget, a number from 0 on, not {budget!r:.60}")


def check_budgets(
    strategy: Strategy,
    plan: Plan,
    candles: int,
    work: float,
    memory: float,
    size: int | None = None,
    names: tuple[str, ...] | None = None,
) -> None:
    """Refuse a run over the budgets; `size` is in bytes where it is not that of the whole run.

    `names` are the inputs and conditions that it keeps, all of them if it is another kind of plan.
    """
    check_budget_values(work=work, memory=memory)
    size = plan.bytes(candles) if size is None else size
    if plan.cost(candles) <= work and size <= memory:
        return
    known = strategy._checked
    names = (*known.inputs, *known.conditions) if names is None else names
    wanted = wanted_of(known, names)

    def plan_of(other: Checked) -> Plan:
        return prepare(other, names).plan

    raise _refusal(_Case(strategy, wanted, plan, plan_of, candles, work, memory, size, packed=False))


def admit(
    strategies: Sequence[Strategy],
    candles: int,
    kinds: Sequence[Wish],
    *,
    packed: bool,
    work: float,
    memory: float,
    look: Look = idle,
) -> list[StrategyError | None]:
    """Why a strategy alone would be over the budgets of one, None for each that would not.

    `kinds` and `packed` are those of `prepare_batch`.
    """
    check_budget_values(each_work=work, each_memory=memory)
    patience = monotonic() + _SEARCH_ALL_SECONDS
    found: list[StrategyError | None] = []
    for strategy in strategies:
        look()
        checked = strategy._checked
        wanted = wanted_of_batch(checked, kinds)
        most_work, most_bytes = bound(checked.graph, stored(wanted, packed=packed), candles)
        if most_work <= work and most_bytes <= memory:
            found.append(None)
            continue

        def plan_of(other: Checked) -> Plan:
            return prepare_batch([other], kinds, packed=packed, look=look).plan

        plan = plan_of(checked)
        size = plan.bytes(candles)
        if plan.cost(candles) <= work and size <= memory:
            found.append(None)
            continue
        case = _Case(strategy, wanted, plan, plan_of, candles, work, memory, size, packed)
        found.append(_refusal(case, patience))
    return found


def check_together(
    plans: Sequence[tuple[Plan, int]],
    strategies: Sequence[Strategy],
    kinds: Sequence[Wish],
    *,
    packed: bool,
    work: float,
    memory: float,
    threads: int = 1,
    size: int | None = None,
) -> float:
    """Refuse a batch over the budgets: plans with their candles, and the strategies that they are of.

    `size` is in bytes where it is not that of the whole runs. Returns the work of all.
    """
    check_budget_values(work=work, memory=memory)
    cost, whole = together(plans, threads)
    size = whole if size is None else size
    if cost <= work and size <= memory:
        return cost
    candles = max(count for _, count in plans)
    bounds = [_bound_of(strategy, kinds, packed, candles, by_work=cost > work) for strategy in strategies]
    order = sorted(range(len(bounds)), key=lambda at: -bounds[at])[:_NAMED]
    names = ", ".join(_called(strategies[at]) for at in order)
    dearest = f"; the dearest of {len(strategies):,} strategies: {names}"

    def fits(count: int) -> bool:
        parts = [(plan, min(of_plan, count)) for plan, of_plan in plans]
        found_cost, found_size = together(parts, threads)
        return found_cost <= work and found_size + (size - whole) <= memory

    fitting = _said_to_fit(_most(fits, candles), None)
    if cost > work:
        message = say.work_over_budget(cost, work, candles, dearest, fitting)
    else:
        message = say.memory_over_budget(size, memory, candles, dearest, fitting)
    raise strategies[0]._refuse(message)


def _bound_of(strategy: Strategy, kinds: Sequence[Wish], packed: bool, candles: int, by_work: bool) -> float:
    results = stored(wanted_of_batch(strategy._checked, kinds), packed=packed)
    work, size = bound(strategy._checked.graph, results, candles)
    return work if by_work else size


def _called(strategy: Strategy) -> str:
    return quoted(strategy.name) if strategy.name else f"{strategy.hash[:12]}"


@dataclass(frozen=True)
class _Case:
    """A run that is over a budget; `plan_of` makes its plan for another document."""

    strategy: Strategy
    wanted: list[tuple[str, Wanted]]
    plan: Plan
    plan_of: Callable[[Checked], Plan]
    candles: int
    work: float
    memory: float
    size: int
    packed: bool

    def fits(self, plan: Plan, candles: int) -> bool:
        """Whether a run is within both budgets; what it needs besides its plan's stays as it is."""
        more = self.size - self.plan.bytes(self.candles)
        return plan.cost(candles) <= self.work and plan.bytes(candles) + more <= self.memory


def _refusal(case: _Case, patience: float = math.inf) -> StrategyError:
    """What is said of a run over a budget; until `patience` is over, with the longest window that fits."""
    found = list(parts_of(case.strategy, case.wanted, case.plan, case.candles, case.packed))
    candles = _most(lambda count: case.fits(case.plan, count), case.candles)
    window = _longest_window(case, min(patience, monotonic() + _SEARCH_SECONDS))
    fitting = _said_to_fit(candles, window)
    cost = case.plan.cost(case.candles)
    if cost > case.work:
        dearest = _said_dearest(found, lambda part: part.adds / cost)
        message = say.work_over_budget(cost, case.work, case.candles, dearest, fitting)
    else:
        dearest = _said_dearest(found, lambda part: part.bytes / max(case.size, 1))
        message = say.memory_over_budget(case.size, case.memory, case.candles, dearest, fitting)
    return case.strategy._refuse(message)


def _said_dearest(parts: list[Part], share: Callable[[Part], float]) -> str:
    dearest = sorted(parts, key=lambda part: -share(part))[:_NAMED]
    shown = [
        f"{_titled(part)} {share(part):.0%}"
        for at, part in enumerate(dearest)
        if at == 0 or share(part) >= _WORTH_NAMING
    ]
    return f"; the dearest: {', '.join(shown)}"


def _titled(part: Part) -> str:
    what = "the decision" if part.section == "decision" else f"{part.section[:-1]} {quoted(part.name)}"
    return what if part.line is None else f"{what} ({part.line}:{part.column})"


def _said_to_fit(candles: int, window: int | None) -> str:
    options = [f"{candles:,} candles"] if candles else []
    options += [f"windows and offsets cut to {window:,} candles"] if window else []
    return f"; {' or '.join(options)} would fit" if options else ""


def _most(fits: Callable[[int], bool], most: int) -> int:
    """The largest number below `most` that fits, by halving; 0 where not even 1 does."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _longest_window(case: _Case, until: float) -> int | None:
    """The greatest length that all windows and offsets can be cut to so that the run fits.

    None where that is not what makes it dear, or where the time does not suffice for a single trial;
    where it ends later, the longest that was found to fit. Windows of a power of two need more memory than
    those a little longer, so beyond a length that does not fit there may be one that does.
    """
    checked = case.strategy._checked
    if len(checked.graph) > _SEARCH_NODES or monotonic() >= until:
        return None

    def fits(length: int) -> bool:
        other = shortened(case.strategy, length)
        return other is not None and case.fits(case.plan_of(other), case.candles)

    low, high = (
        1,
        max((n for tree in expressions(checked).values() for n in lengths(tree, checked)), default=1),
    )
    if high <= 1 or not fits(1):
        return None
    while high - low > 1 and monotonic() < until:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low if low > 1 else None
