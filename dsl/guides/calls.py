"""The call that stands for a function in the reference: in its picture, and where its cost is measured.

What has a default is left out. What has none is what a trader would put there first: `close`, 20 candles,
a condition that is true now and then. A function whose picture would say little that way has a call of its
own in `_OWN`.

Worked: `sma(series, n)` is shown as `sma(close, 20)`, `macd(series = close, …)` as `macd()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runtime.registry import Function, ParameterKind, functions, public_names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..runtime.bars import Bars

_USUAL: dict[ParameterKind, str] = {
    "Series": "close",
    "Truth": "close > highest(high, 20)[1]",
    "Period": "20",
    "Sample": "20",
    "Positive": "1",
    "Fraction": "0.85",
    "Percent": "75",
    "Hours": "9.5",
    "Offset": "1",
    "Constant": "1",
}

_OWN = {
    "abs": "abs(change(close))",
    "atr": "atr(14)",
    "beta": "beta(roc(close, 1), roc(open, 1), 20)",
    "ceil": "ceil(close / 10)",
    "clamp": "clamp(close, 70, 80)",
    "correlation": "correlation(close, volume, 20)",
    "countTrue": "countTrue(close > open, 10)",
    "covariance": "covariance(close, volume, 20)",
    "cross": "cross(ema(close, 9), ema(close, 21))",
    "crossDown": "crossDown(ema(close, 9), ema(close, 21))",
    "crossUp": "crossUp(ema(close, 9), ema(close, 21))",
    "cumulative": "cumulative(change(close))",
    "exp": "exp(10 * change(log(close)))",
    "falling": "falling(close, 3)",
    "floor": "floor(close / 10)",
    "highest": "highest(high, 20)",
    "highestBars": "highestBars(high, 20)",
    "if": "if(close > open, high, low)",
    "inSession": "inSession(22, 6)",
    "isDefined": "isDefined(pivotHigh())",
    "log": "log(close)",
    "lowest": "lowest(low, 20)",
    "lowestBars": "lowestBars(low, 20)",
    "max": "max(close, sma(close, 20))",
    "min": "min(close, sma(close, 20))",
    "orElse": "orElse(pivotHigh(), sma(close, 20))",
    "pow": "pow(close / close[1], 12)",
    "rising": "rising(close, 3)",
    "round": "round(close / 10)",
    "rsi": "rsi(close, 14)",
    "sign": "sign(change(close))",
    "since": "since(close > highest(high, 20)[1], change(close))",
    "sqrt": "sqrt(abs(change(close)))",
    "streak": "streak(close > open)",
    "sum": "sum(change(close), 20)",
    "valueWhen": "valueWhen(close > highest(high, 20)[1], low)",
    "volumeSpike": "volumeSpike(1.5)",
}


def typical_call(function: Function) -> str:
    """The call of a function that its page shows.

    >>> from ..runtime.registry import functions
    >>> typical_call(functions()["sma"]), typical_call(functions()["macd"])
    ('sma(close, 20)', 'macd()')
    """
    if function.name in _OWN:
        return _OWN[function.name]
    needed = (parameter for parameter in function.parameters if parameter.default is None)
    return f"{function.name}({', '.join(_USUAL[parameter.kind] for parameter in needed)})"


def typical_values(bars: Bars) -> dict[str, NDArray[np.float64]]:
    """What the typical call of every public function gives on bars; of a truth 1, 0, or NaN for undefined."""
    import dslc
    import numpy as np

    calls = {name: typical_call(functions()[name]) for name in public_names()}
    truths = {name: call for name, call in calls.items() if functions()[name].result == "truth"}
    strategy = dslc.compile(
        {
            "configuration": {"timeframe": "1D"},
            "inputs": {f"x_{name}": call for name, call in calls.items() if name not in truths},
            "conditions": {
                **{f"x_{name}": call for name, call in truths.items()},
                **{f"not_{name}": f"NOT {call}" for name, call in truths.items()},
            },
            "score": {},
            "decision": {"entry": "close > 0"},
        }
    )
    result = strategy.evaluate(bars)
    found = {name: result.inputs[f"x_{name}"] for name in calls if name not in truths}
    for name in truths:
        holds, fails = (result.conditions[f"{prefix}_{name}"] for prefix in ("x", "not"))
        found[name] = np.where(holds, 1.0, np.where(fails, 0.0, np.nan))
    return found
