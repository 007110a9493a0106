"""E6: limits and budgets."""

from __future__ import annotations

from ..words import amount, quoted, some
from .code import Said, code


@code("E601")
def document_too_large(size: int, limit: int) -> Said:
    """The document has more bytes than the limit.

    Why: Limits are checked before the work that they bound, so that no document can make a check slow.

    Wrong:
        "description": "‹ very long ›×30000"
    Right:
        "description": "long enough"
    """
    if size == limit + 1:  # of a larger file no more is read
        return f"the document has more than {limit:,} bytes, the limit", None
    return f"the document has {size:,} bytes; the limit is {limit:,}", None


@code("E602")
def document_too_deep(limit: int) -> Said:
    """Objects and arrays are nested deeper than the limit.

    Why: Readers of JSON call themselves for every level and would run out of stack. A strategy needs
    three levels.

    Wrong:
        "inputs": ‹{"a": ›×70"close"‹}›×70
    Right:
        "inputs": {"a": "close"}, "conditions": {"up": "a > open"}
    """
    return f"objects and arrays are nested more than {limit} deep", None


@code("E603")
def expression_too_long(length: int, limit: int) -> Said:
    """An expression has more characters than the limit.

    Why: Nobody reads so long a line. Inputs and conditions give its parts names, and what they share is
    computed once.

    Wrong:
        "conditions": {"up": "close > (open‹ + open›×1000) / 1001"}
    Right:
        "inputs": {"mean": "sma(open, 1001)"}, "conditions": {"up": "close > mean"}
    """
    return f"the expression has {length:,} characters; the limit is {limit:,}", "split it into several inputs"


@code("E604")
def expression_too_deep(limit: int) -> Said:
    """Brackets, calls, NOT, unary minus and @ are nested deeper than the limit.

    Why: Limits are checked before the work that they bound, so that no document can make a check slow.

    Wrong:
        "conditions": {"up": "close > ‹abs(›×70open‹)›×70"}
    Right:
        "conditions": {"up": "close > abs(open)"}
    """
    return f"brackets, calls, NOT, unary minus and @ are nested more than {limit} deep", (
        "split the expression into several inputs"
    )


@code("E605")
def too_many_entries(section: str, count: int, limit: int) -> Said:
    """A section has more entries than the limit.

    Why: Limits are checked before the work that they bound, so that no document can make a check slow.

    Wrong:
        "score": {‹"c{n}": 1, ›×600"up": 10}
    Right:
        "score": {"up": 10}
    """
    return f"{section} has {count:,} entries; the limit is {limit:,}", None


@code("E606")
def too_many_nodes(limit: int) -> Said:
    """The strategy needs more distinct computations than the limit.

    Why: Each distinct computation needs memory and time on every candle. What several expressions share
    counts once.

    Wrong:
        "inputs": {
          ‹"x{n}": "sma(open, {n}1) + sma(close, {n}2) + sma(high, {n}3) + sma(low, {n}4)", ›×500
          "y": "close"
        }
    Right:
        "conditions": {"up": "sma(close, 11) > sma(open, 12)"}
    """
    return f"the strategy needs more than {limit:,} distinct computations", "split it into several strategies"


@code("E607")
def window_too_long(function: str, parameter: str, found: str, limit: int) -> Said:
    """A window is longer than the limit.

    Why: A value is undefined until its window is full: 10,000 candles of a day are 27 years.

    Wrong:
        "conditions": {"up": "close > sma(close, 20000)"}
    Right:
        "conditions": {"up": "close > sma(close, 200)"}
    """
    return f"`{parameter}` of `{function}` is {found}; the limit is {limit:,}", None


@code("E608")
def offset_too_long(found: str, limit: int) -> Said:
    """An offset reaches further back than the limit.

    Why: A value is undefined until the candle that it looks back to exists: 10,000 candles of a day are
    27 years.

    Wrong:
        "conditions": {"up": "close > close[20000]"}
    Right:
        "conditions": {"up": "close > close[200]"}
    """
    return f"an offset of {found} is too long; it must be below {limit:,}", None


@code("E609")
def weight_too_large(name: str, found: str, limit: int) -> Said:
    """A weight is beyond the limit.

    Why: Sums of weights stay exact within this range.

    Wrong:
        "score": {"up": 2000000000}
    Right:
        "score": {"up": 20}
    """
    return f"the weight of {quoted(name)} is {found}; the limit is ±{limit:,}", None


@code("E610")
def more_problems(count: int) -> Said:
    """There are more mistakes than are shown; mend these first.

    Why: A hundred are shown. Mistakes have others as their consequence, so after the first are mended
    most of the rest are gone.

    Wrong:
        "inputs": {‹"x{n}": "emma(close, 9)", ›×101"y": "close"}
    Right:
        "inputs": {"x": "ema(close, 9)"}, "conditions": {"up": "close > x"}
    """
    return f"and {some(count, 'more problem')}", "mend those above first"


@code("E611")
def work_over_budget(cost: float, budget: float, candles: int, dearest: str = "", fits: str = "") -> Said:
    """Evaluating the strategy on these bars would cost more work than the budget allows.

    Why: The cost is known before anything is computed. A budget keeps one strategy from taking the time
    of all others.

    Wrong:
        strategy.evaluate(bars, work=1)
    Right:
        strategy.evaluate(bars, work=1e12)
    """
    return (
        f"evaluating {candles:,} candles would cost {cost:.3g} units of work; the budget is {budget:.3g}"
        f"{dearest}",
        f"use fewer candles or a simpler strategy, or raise the budget{fits}",
    )


@code("E612")
def memory_over_budget(size: int, budget: float, candles: int, dearest: str = "", fits: str = "") -> Said:
    """Evaluating the strategy on these bars would need more memory than the budget allows.

    Why: The memory is known before it is allocated. A budget keeps one strategy from taking the memory of
    all others.

    Wrong:
        strategy.evaluate(bars, memory=1)
    Right:
        strategy.evaluate(bars, memory=1e9)
    """
    return (
        f"evaluating {candles:,} candles would need {amount(size)}; "
        f"the budget is {amount(int(budget))}{dearest}",
        f"use fewer candles or ask for fewer outputs, or raise the budget{fits}",
    )


@code("E613")
def deadline_passed(seconds: float, progress: str, work: float | None) -> Said:
    """The evaluation had not ended when its deadline passed; nothing of it is kept.

    Why: A result that comes too late is of no use, and half of one would be misleading.

    Wrong:
        strategy.evaluate(bars, deadline=1e-9)
    Right:
        strategy.evaluate(bars, deadline=60)
    """
    expected = "" if work is None else f"; the whole is reckoned at about {work / 1e9:.2g} s of one core"
    return (
        f"the deadline of {seconds:g} s passed ({progress})",
        f"allow more time, or use fewer candles or a simpler strategy{expected}",
    )


@code("E614")
def stopped(progress: str) -> Said:
    """The caller stopped the evaluation before it had ended; nothing of it is kept.

    Why: Half of a result would be misleading. The same call computes the whole.

    Wrong:
        strategy.evaluate(bars, stop=lambda: True)
    Right:
        strategy.evaluate(bars, stop=lambda: False)
    """
    return f"the evaluation was stopped ({progress})", "evaluate again; what was done is not kept"


@code("E615")
def functions_too_deep(function: str, limit: int) -> Said:
    """Functions of the document call each other through more levels than the limit.

    Why: Limits are checked before the work that they bound, so that no document can make a check slow.

    Wrong:
        dslc.compile({**source, "functions": {f"f{n}()": f"f{n - 1}()" if n else "1" for n in range(70)}})
    Right:
        dslc.compile({**source, "functions": {f"f{n}()": f"f{n - 1}()" if n else "1" for n in range(60)}})
    """
    return f"{quoted(function)} calls functions that call functions, more than {limit} deep", (
        "write one of the formulas out"
    )


@code("E616")
def too_much_written_out(limit: int) -> Said:
    """The calls of the document's own functions, written out, are longer than the limit.

    Why: Each call stands for its formula. A few functions that call each other twice stand for millions of
    operations, which nobody should have to wait for.

    Wrong:
        dslc.compile({
            **source,
            "functions": {
                f"f{n}(x)": f"f{n - 1}(x + 1) + f{n - 1}(x * 2)" if n else "x" for n in range(40)
            },
            "inputs": {"x": "f39(close)"},
        })
    Right:
        dslc.compile({
            **source,
            "functions": {"f(x)": "x * 4 + 3"},
            "inputs": {"x": "f(close)"},
        })
    """
    return f"written out, the calls of the functions are longer than {limit:,} operations and names", (
        "use fewer calls, or give them the same arguments"
    )
