"""Writes a certificate, and what a replay of one has found, as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from ..grammar.words import clipped, some
from ..render import visible
from .certificate import Certificate, Extent
from .checks import Check
from .replay import Difference, Replay
from .trial import Flaw

_LONGEST = 60  # characters of an expression
_MOST_CHANGES = 12
_REPORT = (
    "This is a mistake of dslc, not of the strategy or the bars: please report it, with the strategy,",
    "the bars and the certificate (--out FILE). Until then, do not rely on these results.",
)
_UNEXPLAINED = (
    "The same engine has to give the same bits: the certificate was changed, or dslc or the machine is at",
    "fault. If nobody has changed it, please report it, with strategy, bars and certificate.",
)


def as_text(found: Certificate) -> str:
    """The whole certificate, without an end of line at its end."""
    lines = [
        *_heading(found),
        "",
        f"Results    SHA-256 of the values, and the candles that they read ({_reach(found)})",
        *_results(found),
        "",
        f"Checks     seed {found.seed}{', thorough' if found.thorough else ''}",
        *(f"  {check.name:<9}{_told(check)}" for check in found.checks),
        "",
        *_verdict(found),
        f"Engine     {_engine(found)}",
        f"           sha256 {found.engine_sha256}",
        f"Made       {found.made.at}, in {found.made.seconds:.1f} s",
    ]
    return "\n".join(visible(line) for line in lines)


def replay_as_text(found: Replay) -> str:
    """Whether the bits are the same, what differs first, and what is different about the engine."""
    lines = [*_heading(found.certificate), "", *_outcome(found)]
    if found.engine:
        lines += ["", "Engine     another one than that of the certificate"]
        changes = list(found.engine.items())
        lines += [
            f"  {name:<9}{then or 'none'} → {now or 'none'}" for name, (then, now) in changes[:_MOST_CHANGES]
        ]
    else:
        lines += ["", "Engine     that of the certificate"]
        lines += list(_UNEXPLAINED) if found.difference is not None else []
    return "\n".join(visible(line) for line in lines)


def _heading(found: Certificate) -> list[str]:
    strategy, bars = found.strategy, found.bars
    lines = [f"Strategy   {strategy.name}"] if strategy.name else []
    span = f", {_day(bars.first)} to {_day(bars.last)}" if bars.first and bars.last else ""
    return [
        *lines,
        f"Timeframe  {strategy.timeframe}",
        f"Hash       {strategy.sha256}",
        f"Bars       {some(bars.candles, 'candle')}{span}",
        *(f"           {note}" for note in bars.notes),
        f"           sha256 {bars.sha256}",
    ]


def _day(time: str) -> str:
    return time.replace("T", " ").removesuffix(" 00:00:00Z")


def _reach(found: Certificate) -> str:
    ends = [right for _, right in found.extents.values()]
    return "none after their own" if max(ends, default=0) <= 0 else "also after their own"


def _results(found: Certificate) -> Iterator[str]:
    width = max(map(len, found.results))
    reads = {name: _read(found.extents.get(name)) for name in found.results}
    space = max(map(len, reads.values()))
    for name, digest in found.results.items():
        yield f"  {name:<{width}}  {reads[name]:<{space}}  {digest}"


def _read(extent: Extent | None) -> str:
    if extent is None:
        return ""
    left, right = extent
    return f"[{'-∞' if left == float('-inf') else int(left)}, {right}]"


def _told(check: Check) -> str:
    """What a check has done, in words."""
    if check.flaw is not None:
        return f"FAILED: {check.flaw.case}"
    cases, candles = check.cases, some(check.candles, "candle")
    match check.name:
        case "prefixes":
            return f"{cases:,} of {check.of or 0:,} lengths: the first candles alone give the same"
        case "futures":
            return f"{cases:,} other futures: nothing changes before them"
        case "stream":
            all_candles = some(check.of or 0, "candle")
            return f"{cases:,} of {all_candles} one at a time, restored and corrected on the way"
        case "chunks":
            return f"{cases:,} lengths of a chunk: {candles} give the same"
        case "plain":
            return f"{candles} give the same as plain Python" if cases else "not tried: nothing to compare"
        case "nodes":
            return f"{cases:,} results: the plan that keeps every node gives the same"
    return f"{cases:,} cases"


def _verdict(found: Certificate) -> list[str]:
    flaw = found.flaw
    if flaw is None:
        return ["Verified   every check gave the same bits"]
    return [*_failure(flaw), *_REPORT, ""]


def _failure(flaw: Flaw) -> Iterator[str]:
    yield f"FAILED     {flaw.check}: {flaw.case}"
    yield f"  Candle   {flaw.moment} (row {flaw.row:,})"
    yield f"  Differs  {flaw.name}"
    if flaw.node is not None:
        yield f"  First in `{clipped(flaw.node, _LONGEST)}` of {flaw.owner}"
    yield f"  Expected {flaw.expected}"
    yield f"  Found    {flaw.found}"


def _outcome(found: Replay) -> Iterator[str]:
    if not found.same_nodes:
        yield "Nodes      this compiler makes others than that of the certificate; results were compared"
    if found.difference is not None:
        yield from _different(found.difference)
        return
    nodes = f"{some(len(found.certificate.nodes), 'node')} and " if found.same_nodes else ""
    yield f"Replayed   same bits: {nodes}{some(len(found.certificate.results), 'result')}"


def _different(found: Difference) -> Iterator[str]:
    if found.node is None:
        yield f"DIFFERENT  the values of {found.name}"
        return
    what = {"holds": "where it is true", "fails": "where it is false"}.get(found.form or "", found.form or "")
    yield f"DIFFERENT  first in `{clipped(found.node, _LONGEST)}` of {found.name} ({what})"
    if found.line is not None:
        yield f"  Place    line {found.line:,}, column {found.column:,}"
    if found.rows is not None and found.moments is not None:
        first, last = found.rows
        yield f"  Candles  between {found.moments[0]} and {found.moments[1]} (rows {first:,} to {last:,})"


def _engine(found: Certificate) -> str:
    parts = dict(found.engine)
    versions = [f"{name} {parts[name]}" for name in ("dslc", "python", "numpy", "numba") if parts.get(name)]
    return ", ".join([*versions, *(parts[name] for name in ("machine", "cpu") if parts.get(name))])
