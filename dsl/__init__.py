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
    from .batch import Batch, compile_batch
    from .proof.certificate import Certificate, CertificateError
    from .proof.certificate_file import read_certificate
    from .proof.replay import Replay
    from .result import Evaluation
    from .runtime.bars import Bars, BarsError
    from .stream import BatchStream, BatchTick, SnapshotError, Stream, Tick
    from .why.explain import Explanation

__all__ = [
    "Bars",
    "BarsError",
    "Batch",
    "BatchStream",
    "BatchTick",
    "Certificate",
    "CertificateError",
    "Diagnostic",
    "Evaluation",
    "Explanation",
    "Replay",
    "SnapshotError",
    "Strategy",
    "StrategyError",
    "Stream",
    "Tick",
    "__version__",
    "compile",
    "compile_batch",
    "read_certificate",
    "validate",
]

_LATER = {
    "Bars": ".runtime.bars",
    "BarsError": ".runtime.bars",
    "Batch": ".batch",
    "BatchStream": ".stream",
    "BatchTick": ".stream",
    "Certificate": ".proof.certificate",
    "CertificateError": ".proof.certificate",
    "Evaluation": ".result",
    "Explanation": ".why.explain",
    "Replay": ".proof.replay",
    "SnapshotError": ".stream",
    "Stream": ".stream",
    "Tick": ".stream",
    "compile_batch": ".batch",
    "read_certificate": ".proof.certificate_file",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name], __name__), name)
