"""dslc: check, compile and evaluate trading strategies written as JSON.

    import dslc

    for diagnostic in dslc.validate(text):
        print(diagnostic.line, diagnostic.message, diagnostic.help)

    strategy = dslc.compile(pathlib.Path("strategy.json"))
    result = strategy.evaluate(dslc.Bars(frame))
    result.entry, result.score, result.inputs["emaFast"], result.conditions["trendUp"]
    print(result.explain("2024-01-31"))
    print(strategy.verify(dslc.Bars(frame)))

Checking loads neither numpy nor numba; those come with the first bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .grammar.diagnostics import Diagnostic
from .strategy import Strategy, StrategyError, compile, validate
from .version import __version__

if TYPE_CHECKING:
    from .about.difference import Difference, diff
    from .about.report import Report
    from .batch import Batch, Sharing, compile_batch
    from .batch_result import BatchResult, Ranking
    from .fixing import Fixed, fix
    from .formats.brief import brief
    from .formats.sarif import to_sarif
    from .formatting import format_document
    from .guides.pages import Page, explain_code
    from .guides.prompt import prompt
    from .guides.published import grammar_text, schema
    from .indicators import IndicatorError, indicator, remove_indicator
    from .limits.estimates import BatchEstimate, Estimate
    from .proof.certificate import Certificate, CertificateError
    from .proof.certificate_file import read_certificate
    from .proof.replay import Replay
    from .reductions import STATISTICS, Forward, Last, Ranked, Statistics
    from .result import Evaluation
    from .runtime.bars import Bars, BarsError
    from .schemas.parameters import Parameter
    from .scoring.errors import ScoreError
    from .scoring.result import Scored
    from .scoring.run import score
    from .stream import BatchStream, BatchTick, SnapshotError, Stream, Tick
    from .sweep.trial import Sweep, Trial
    from .why.explain import Explanation

__all__ = [
    "STATISTICS",
    "Bars",
    "BarsError",
    "Batch",
    "BatchEstimate",
    "BatchResult",
    "BatchStream",
    "BatchTick",
    "Certificate",
    "CertificateError",
    "Diagnostic",
    "Difference",
    "Estimate",
    "Evaluation",
    "Explanation",
    "Fixed",
    "Forward",
    "IndicatorError",
    "Last",
    "Page",
    "Parameter",
    "Ranked",
    "Ranking",
    "Replay",
    "Report",
    "ScoreError",
    "Scored",
    "Sharing",
    "SnapshotError",
    "Statistics",
    "Strategy",
    "StrategyError",
    "Stream",
    "Sweep",
    "Tick",
    "Trial",
    "__version__",
    "brief",
    "compile",
    "compile_batch",
    "diff",
    "explain_code",
    "fix",
    "format_document",
    "grammar_text",
    "indicator",
    "prompt",
    "read_certificate",
    "remove_indicator",
    "schema",
    "score",
    "to_sarif",
    "validate",
]

_LATER = {
    "Bars": ".runtime.bars",
    "BarsError": ".runtime.bars",
    "Batch": ".batch",
    "BatchEstimate": ".limits.estimates",
    "BatchResult": ".batch_result",
    "BatchStream": ".stream",
    "BatchTick": ".stream",
    "Certificate": ".proof.certificate",
    "CertificateError": ".proof.certificate",
    "Difference": ".about.difference",
    "Estimate": ".limits.estimates",
    "Evaluation": ".result",
    "Explanation": ".why.explain",
    "Fixed": ".fixing",
    "Forward": ".reductions",
    "IndicatorError": ".indicators",
    "Last": ".reductions",
    "Ranked": ".reductions",
    "Ranking": ".batch_result",
    "Replay": ".proof.replay",
    "Report": ".about.report",
    "ScoreError": ".scoring.errors",
    "Scored": ".scoring.result",
    "STATISTICS": ".reductions",
    "Sharing": ".batch",
    "SnapshotError": ".stream",
    "Statistics": ".reductions",
    "Stream": ".stream",
    "Sweep": ".sweep.trial",
    "Trial": ".sweep.trial",
    "Page": ".guides.pages",
    "Parameter": ".schemas.parameters",
    "Tick": ".stream",
    "brief": ".formats.brief",
    "compile_batch": ".batch",
    "diff": ".about.difference",
    "explain_code": ".guides.pages",
    "fix": ".fixing",
    "format_document": ".formatting",
    "grammar_text": ".guides.published",
    "indicator": ".indicators",
    "prompt": ".guides.prompt",
    "read_certificate": ".proof.certificate_file",
    "remove_indicator": ".indicators",
    "schema": ".guides.published",
    "score": ".scoring.run",
    "to_sarif": ".formats.sarif",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name], __name__), name)
