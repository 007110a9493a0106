"""dslc: check, compile and evaluate trading strategies written as JSON.

    import dslc

    for diagnostic in dslc.validate(text):
        print(diagnostic.line, diagnostic.message, diagnostic.help)

    strategy = dslc.compile(pathlib.Path("strategy.json"))
    result = strategy.evaluate(dslc.Bars(frame))
    result.entry, result.score, result.inputs["emaFast"], result.conditions["trendUp"]

Checking loads neither numpy nor numba; those come with the first bars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .grammar.diagnostics import Diagnostic
from .strategy import Strategy, StrategyError, compile, validate
from .version import __version__

if TYPE_CHECKING:
    from .result import Evaluation
    from .runtime.bars import Bars, BarsError

__all__ = [
    "Bars",
    "BarsError",
    "Diagnostic",
    "Evaluation",
    "Strategy",
    "StrategyError",
    "__version__",
    "compile",
    "validate",
]

_LATER = {"Bars": ".runtime.bars", "BarsError": ".runtime.bars", "Evaluation": ".result"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name], __name__), name)
