"""Estimates: what a run will cost, known before anything is allocated, and which parts of a document cost it.

The sums are the plan's own arithmetic (`Plan.cost`, `Plan.bytes`). `compiler.cost.shares` divides them
among inputs, conditions and the decision; here they get names, places and candles.

Worked: of `fast` = ema(close, 9), `slow` = ema(fast, 21), `slow` reads what `fast` reads, and adds one
smoothing to it. Whatever no input and no condition has added, the decision adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..compiler.analyze import Checked
from ..compiler.cost import shares
from ..compiler.passes import Wanted
from ..grammar.diagnostics import Finding, Message
from ..grammar.document import Document
from ..prepared import Wish, prepare_batch, stored, wanted_of, wanted_of_batch
from ..runtime.plan import FILL, KEEP, Plan, store_bytes

if TYPE_CHECKING:
    from ..strategy import Strategy

Section = Literal["inputs", "conditions", "decision"]

_MOST_CANDLES = 1 << 48


@dataclass(frozen=True, slots=True)
class Part:
    """What an input, a condition or the decision costs in a run.

    `work` is that of all that it reads; what several parts read counts in each of them. `adds` is the
    work of what no part before it reads, and `bytes` the memory for that and for its own results: over
    all parts they add up to the work and the bytes of the run. The decision has what belongs to none:
    score, entry and the room that all steps share. `line` and `column` are the place of the expression,
    counted from 1, None where the document is no text.
    """

    section: Section
    name: str
    line: int | None
    column: int | None
    work: float
    adds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What evaluating a strategy on so many candles will cost.

    `work` is in units of about a nanosecond of one core, `bytes` the memory for workspace and results,
    beside that of the bars. Both bound what a run needs. `parts` are in the order of the document.
    """

    candles: int
    work: float
    bytes: int
    parts: tuple[Part, ...]

    @property
    def dearest(self) -> tuple[Part, ...]:
        """The parts by the work that they add, the dearest first."""
        return tuple(sorted(self.parts, key=lambda part: -part.adds))


@dataclass(frozen=True, slots=True)
class BatchEstimate:
    """What evaluating a batch on so many candles will cost, all threads together.

    What several strategies share counts once in `work` and `bytes`. `each` has what every strategy
    would cost alone, None for a document that does not compile. With `reduce="entries"` there are,
    besides, 8 bytes for every entry, whose number only a run shows.
    """

    candles: int
    work: float
    bytes: int
    each: tuple[Estimate | None, ...]


def estimate(strategy: Strategy, names: tuple[str, ...], candles: int) -> Estimate:
    """The estimate of a strategy that keeps the named inputs and conditions."""
    plan = strategy._prepare(names).plan
    return _estimate(strategy, wanted_of(strategy._checked, names), plan, checked_candles(candles))


def estimate_batch(
    strategies: Sequence[Strategy | None],
    candles: int | Mapping[str, int],
    kinds: Sequence[Wish],
    *,
    packed: bool,
    threads: int = 1,
) -> BatchEstimate:
    """The estimate of strategies, where `candles` may be given by their timeframes.

    `kinds` and `packed` are those of `prepare_batch`.
    """
    groups: dict[str, list[Strategy]] = {}
    each: list[Estimate | None] = []
    for strategy in strategies:
        if strategy is None:
            each.append(None)
            continue
        groups.setdefault(strategy.timeframe, []).append(strategy)
        wanted = wanted_of_batch(strategy._checked, kinds)
        alone = prepare_batch([strategy._checked], kinds, packed=packed).plan
        each.append(_estimate(strategy, wanted, alone, _of_timeframe(candles, strategy.timeframe), packed))
    plans = [
        (prepare_batch([one._checked for one in group], kinds, packed=packed).plan, timeframe)
        for timeframe, group in groups.items()
    ]
    counted = [(plan, _of_timeframe(candles, timeframe)) for plan, timeframe in plans]
    work, size = together(counted, threads)
    return BatchEstimate(max((count for _, count in counted), default=0), work, size, tuple(each))


def together(plans: Sequence[tuple[Plan, int]], threads: int = 1) -> tuple[float, int]:
    """Work and bytes of plans, each on its candles, whose results are all kept."""
    work = sum((plan.cost(candles, threads) for plan, candles in plans), 0.0)
    size = sum(plan.bytes(candles) + (threads - 1) * plan.bytes(0) for plan, candles in plans)
    return work, size


def checked_candles(candles: int) -> int:
    """A number of candles that is one."""
    if isinstance(candles, bool) or not hasattr(candles, "__index__"):
        raise TypeError(f"candles are a whole number, not {candles!r:.60}")
    count = candles.__index__()
    if not 0 <= count <= _MOST_CANDLES:
        raise ValueError(f"candles are 0 to {_MOST_CANDLES:,}, not {count!r:.60}")
    return count


def _of_timeframe(candles: int | Mapping[str, int], timeframe: str) -> int:
    if isinstance(candles, Mapping):
        if timeframe not in candles:
            raise ValueError(f"how many candles of {timeframe}? candles say nothing of it")
        return checked_candles(candles[timeframe])
    return checked_candles(candles)


def _estimate(
    strategy: Strategy, wanted: list[tuple[str, Wanted]], plan: Plan, candles: int, packed: bool = False
) -> Estimate:
    work, size = plan.cost(candles), plan.bytes(candles)
    return Estimate(candles, work, size, tuple(parts_of(strategy, wanted, plan, candles, packed)))


def parts_of(
    strategy: Strategy, wanted: list[tuple[str, Wanted]], plan: Plan, candles: int, packed: bool
) -> Iterator[Part]:
    """The parts of a document in a run of the plan of these results; `packed` is that of `prepare_batch`."""
    checked = strategy._checked
    sections = _sections(checked)
    results = stored(wanted, packed=packed)
    found = shares(checked.graph, results, [forms for _, _, forms in sections], plan)
    kept = {name: form for (name, _), (form, _) in zip(wanted, results, strict=True)}
    left_work, left_bytes = plan.cost(candles), plan.bytes(candles)
    for (section, name, _), share in zip(sections[:-1], found[:-1], strict=True):
        form = kept.get(name)
        own = 0.0 if form is None else KEEP[form]
        adds = min(left_work, candles * (share.adds + own) + FILL * share.added_bytes / 8)
        size = min(left_bytes, share.added_bytes + (0 if form is None else store_bytes(form, candles)))
        left_work, left_bytes = left_work - adds, left_bytes - size
        place = _place(strategy._document, section, name)
        whole = candles * (share.work + own) + FILL * share.bytes / 8
        yield Part(section, name, *place, work=whole, adds=adds, bytes=size)
    place = _place(strategy._document, "decision", "entry")
    whole = max(left_work, candles * found[-1].work + FILL * found[-1].bytes / 8)
    yield Part("decision", "entry", *place, work=whole, adds=left_work, bytes=left_bytes)


def _sections(checked: Checked) -> list[tuple[Section, str, list[Wanted]]]:
    """The parts of a document, in order, and the forms of the nodes that they may be computed in."""
    found: list[tuple[Section, str, list[Wanted]]] = []
    for name, node in checked.inputs.items():
        found.append(("inputs", name, [("number", node)]))
    for name, node in checked.conditions.items():
        found.append(("conditions", name, [("holds", node), ("fails", node)]))
    entry: list[Wanted] = [("holds", checked.entry), ("sum", checked.score)]
    return [*found, ("decision", "entry", entry)]


def _place(document: Document, section: Section, name: str) -> tuple[int | None, int | None]:
    """Line and column of an expression."""
    span = document.span(Finding(Message("", "error", "", None), (section, name), "value", 0, 0))
    return (None, None) if span is None else document.source.position(span[0])
