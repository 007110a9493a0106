"""E6: limits and budgets."""

from __future__ import annotations

from ..words import amount, quoted, some
from .code import Said, code


@code("E601")
def document_too_large(size: int, limit: int) -> Said:
    """The document has more bytes than the limit."""
    return f"the document has {size:,} bytes; the limit is {limit:,}", None


@code("E602")
def document_too_deep(limit: int) -> Said:
    """Objects and arrays are nested deeper than the limit."""
    return f"objects and arrays are nested more than {limit} deep", None


@code("E603")
def expression_too_long(length: int, limit: int) -> Said:
    """An expression has more characters than the limit."""
    return f"the expression has {length:,} characters; the limit is {limit:,}", "split it into several inputs"


@code("E604")
def expression_too_deep(limit: int) -> Said:
    """Brackets, calls, NOT and unary minus are nested deeper than the limit."""
    return f"brackets, calls, NOT and unary minus are nested more than {limit} deep", (
        "split the expression into several inputs"
    )


@code("E605")
def too_many_entries(section: str, count: int, limit: int) -> Said:
    """A section has more entries than the limit."""
    return f"{section} has {count:,} entries; the limit is {limit:,}", None


@code("E606")
def too_many_nodes(limit: int) -> Said:
    """The strategy needs more distinct computations than the limit."""
    return f"the strategy needs more than {limit:,} distinct computations", "split it into several strategies"


@code("E607")
def window_too_long(function: str, parameter: str, found: str, limit: int) -> Said:
    """A window is longer than the limit."""
    return f"`{parameter}` of `{function}` is {found}; the limit is {limit:,}", None


@code("E608")
def offset_too_long(found: str, limit: int) -> Said:
    """An offset reaches further back than the limit."""
    return f"an offset of {found} is too long; it must be below {limit:,}", None


@code("E609")
def weight_too_large(name: str, found: str, limit: int) -> Said:
    """A weight is beyond the limit."""
    return f"the weight of {quoted(name)} is {found}; the limit is ±{limit:,}", None


@code("E610")
def more_problems(count: int) -> Said:
    """There are more mistakes than are shown; mend these first."""
    return f"and {some(count, 'more problem')}", "mend those above first"


@code("E611")
def work_over_budget(cost: float, budget: float, candles: int, dearest: str = "", fits: str = "") -> Said:
    """Evaluating the strategy on these bars would cost more work than the budget allows."""
    return (
        f"evaluating {candles:,} candles would cost {cost:.3g} units of work; the budget is {budget:.3g}"
        f"{dearest}",
        f"use fewer candles or a simpler strategy, or raise the budget{fits}",
    )


@code("E612")
def memory_over_budget(size: int, budget: float, candles: int, dearest: str = "", fits: str = "") -> Said:
    """Evaluating the strategy on these bars would need more memory than the budget allows."""
    return (
        f"evaluating {candles:,} candles would need {amount(size)}; "
        f"the budget is {amount(int(budget))}{dearest}",
        f"use fewer candles or ask for fewer outputs, or raise the budget{fits}",
    )


@code("E613")
def deadline_passed(seconds: float, progress: str, work: float | None) -> Said:
    """The evaluation had not ended when its deadline passed; nothing of it is kept."""
    expected = "" if work is None else f"; the whole is reckoned at about {work / 1e9:.2g} s of one core"
    return (
        f"the deadline of {seconds:g} s passed ({progress})",
        f"allow more time, or use fewer candles or a simpler strategy{expected}",
    )


@code("E614")
def stopped(progress: str) -> Said:
    """The caller stopped the evaluation before it had ended; nothing of it is kept."""
    return f"the evaluation was stopped ({progress})", "evaluate again; what was done is not kept"
