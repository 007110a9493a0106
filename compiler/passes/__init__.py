"""From the graph of meanings to the graph that runs, in this order:

1. `certain`: truths become masks of what is certainly true or certainly false, as needed.
2. `windows`: windows become levels of doubling.
3. `constants`: constants become parameters of the kernels that read them.

Each pass rebuilds what its roots need into a new interned graph, so what nobody needs is gone
and what became equal is shared. `verify` holds around every pass.
"""

from __future__ import annotations

from ..graph import Graph
from ..looks import Look, idle
from .certain import Wanted, certain
from .constants import take_constants
from .verify import verify
from .windows import expand_windows

__all__ = ["Wanted", "lower"]


def lower(graph: Graph, wanted: tuple[Wanted, ...], look: Look = idle) -> tuple[Graph, tuple[int, ...]]:
    """The runnable graph and the nodes of the wanted results, in their order."""
    lowered, roots = certain(graph, wanted, look)
    verify(lowered, look)
    lowered, roots = expand_windows(lowered, roots, look)
    verify(lowered, look)
    lowered, roots = take_constants(lowered, roots, look)
    verify(lowered, look)
    return lowered, roots
