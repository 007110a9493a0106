"""The rows of `make bench`. A row is one function that yields tables, declared by `@row`.

A new row: write a function with `@row("name")` in one of these modules, or in a new one that
the last line here imports. The first sentence of its docstring is what `--help` says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
import inspect

from ..market import Scale
from ..report import Table

Measure = Callable[[Scale], Iterable[Table]]


@dataclass(frozen=True)
class Row:
    """One thing to measure."""

    name: str
    measure: Measure

    @property
    def summary(self) -> str:
        """The first line of the function's documentation."""
        return inspect.cleandoc(self.measure.__doc__ or "").partition("\n")[0]


ROWS: dict[str, Row] = {}


def row(name: str) -> Callable[[Measure], Measure]:
    """Declare a row; rows are measured in the order of their declarations."""

    def register(measure: Measure) -> Measure:
        ROWS[name] = Row(name, measure)
        return measure

    return register


from . import (  # noqa: E402, I001  in this order
    single as single,
    kernels as kernels,
    estimates as estimates,
    profile as profile,
    documents as documents,
    first as first,
    batch as batch,
    stream as stream,
    start as start,
    memory as memory,
    window as window,
    higher as higher,
    sweep as sweep,
    scale as scale,
)
