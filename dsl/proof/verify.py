"""Verifies a strategy on given bars and makes the certificate.

1. The evaluation is made; its results are digested, and so are all nodes of the graph.
2. The checks of `proof.py` and `streamed.py` compute the results in other ways.
3. All of it becomes a `Certificate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
import time
from typing import TYPE_CHECKING

from ..candle import moment
from ..grammar.words import clipped
from ..prepared import ENTRY, form_name
from ..result import Evaluation
from ..runtime.clock import iso
from ..runtime.fingerprint import engine
from .certificate import Certificate, Extent, Made, NodeRecord, OfBars, OfStrategy
from .checks import Check, Effort, check_chunks, check_futures, check_plain, check_prefixes
from .digests import WHOLE, block_length, digest, first_block, node_digest, node_digests
from .places import Place, places
from .streamed import check_stream
from .trial import Flaw, Trial

if TYPE_CHECKING:
    from ..compiler.passes import Wanted
    from ..strategy import Strategy

_LONGEST_NAME, _LONGEST_NOTE, _MOST_NOTES = 200, 1000, 16


def verify(evaluation: Evaluation, effort: Effort) -> Certificate:
    """The certificate of an evaluation; see `Strategy.verify`."""
    started = time.monotonic()
    strategy = evaluation.strategy
    _check_memory(evaluation)
    trial = Trial(evaluation)
    found = places(strategy._checked)
    block = block_length(sum(len(place.forms) for place in found), len(evaluation))
    digests = node_digests(strategy._checked, found, trial.bars, block)
    checks = (
        check_prefixes(trial, effort),
        check_futures(trial, effort),
        check_stream(trial, effort),
        check_chunks(trial, effort),
        check_plain(trial, effort),
        _check_nodes(trial, digests, block),
    )
    return Certificate(
        strategy=_of_strategy(strategy),
        bars=_of_bars(evaluation),
        engine=asdict(engine()),
        engine_sha256=engine().digest,
        extents=_extents(strategy),
        results={name: digest(values) for name, values in trial.expected.items()},
        seed=effort.seed,
        thorough=effort.thorough,
        checks=checks,
        block=block,
        nodes=_records(found, digests),
        made=_made(started),
    )


def _check_memory(evaluation: Evaluation) -> None:
    """Refuse what is over the budget: the results are there twice, to be compared."""
    strategy, candles = evaluation.strategy, len(evaluation)
    plan = strategy._prepare(strategy._names("all")).plan
    strategy._check_budgets(plan, candles, *evaluation.budgets, size=plan.bytes(2 * candles))


def _records(found: list[Place], digests: Mapping[str, str]) -> tuple[NodeRecord, ...]:
    return tuple(
        NodeRecord(place.text, str(place.owner), {form[0]: digests[form_name(form)] for form in place.forms})
        for place in found
    )


def _check_nodes(trial: Trial, digests: Mapping[str, str], block: int) -> Check:
    """The plan that keeps every node gives the results of the evaluation."""
    candles, done = len(trial.bars), 0
    for name, wanted in _kept(trial):
        done += 1
        kept, expected = digests[form_name(wanted)], node_digest(trial.expected[name], block)
        if kept != expected:
            row = (first_block(expected, kept) or 0) * block
            case = f"the plan that keeps every node, in the block of {block:,} candles that begins here"
            when = moment(trial.bars, row)
            flaw = Flaw("nodes", case, row, when, name, None, None, expected[:WHOLE], kept[:WHOLE])
            return Check("nodes", done, None, candles * done, flaw)
    return Check("nodes", done, done, candles * done)


def _kept(trial: Trial) -> Iterator[tuple[str, Wanted]]:
    """The results, and the form and node that each of them is."""
    checked = trial.evaluation.strategy._checked
    yield from ((f"inputs.{name}", ("number", node)) for name, node in checked.inputs.items())
    yield from ((f"conditions.{name}", ("holds", node)) for name, node in checked.conditions.items())
    yield "score_low", ("low", checked.score)
    yield "score_high", ("high", checked.score)
    yield "score", ("sum", checked.score)
    yield "entry", ("holds", checked.entry)


def _of_strategy(strategy: Strategy) -> OfStrategy:
    name = None if strategy.name is None else clipped(strategy.name, _LONGEST_NAME)
    return OfStrategy(name, strategy.timeframe, strategy.hash, strategy.warmup)


def _of_bars(evaluation: Evaluation) -> OfBars:
    bars, notes = evaluation.bars, evaluation.notes
    first = last = None
    if bars.times is not None and len(bars):
        first, last = (iso(int(bars.times[row]), bars.zone) for row in (0, -1))
    kept = tuple(clipped(note, _LONGEST_NOTE) for note in notes[:_MOST_NOTES])
    return OfBars(bars.digest, len(bars), first, last, kept)


def _extents(strategy: Strategy) -> dict[str, Extent]:
    checked = strategy._checked
    found = strategy.extents
    names = [(f"inputs.{name}", name) for name in checked.inputs]
    names += [(f"conditions.{name}", name) for name in checked.conditions]
    return {shown: found[name] for shown, name in [*names, ("entry", ENTRY)]}


def _made(started: float) -> Made:
    now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    return Made(f"{now}Z", round(time.monotonic() - started, 3))
