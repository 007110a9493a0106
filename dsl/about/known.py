"""What the verdicts of the compiler know of a graph, as reports and firing sets ask for it.

Verdicts stop where a document asks for more than a check may take. A report may take longer, so each pair of
truths is asked for by itself, until all of them together have taken about a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from ..compiler.graph import Graph
from ..compiler.verdicts.memory import MOST
from ..compiler.verdicts.truths import CARRIED, CARRIES, EXCLUDES, NEVER, TooMuch, Truths
from .firing import Pair, Range, Relations

_MOST_WORK = 600_000  # in the units of `Truths.work`


class Known:
    """Ranges and units of a graph's numbers, and what its truths have to do with each other.

    >>> graph = Graph()
    >>> strength = graph.op("magnitude", graph.bar("close"))
    >>> high, low = (graph.op("greater", strength, graph.number(value)) for value in (70.0, 30.0))
    >>> Known(graph).relations([high, low]).implications
    ((0, 1),)
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._truths = Truths()
        self._memory = self._truths.memory
        self._places: list[int] = []
        self._work = 0

    def range(self, node: int) -> Range:
        """The interval that a number never leaves; the low end is above the high one of what has no value."""
        place = self._place(node)
        low, high = self._memory.low[place], self._memory.high[place]
        return float("-inf") if low <= -MOST else low, float("inf") if high >= MOST else high

    def unit(self, node: int) -> str | None:
        """What a number measures, None where nothing is known of it."""
        unit: str | None = self._memory.unit[self._place(node)]
        return unit

    def relations(self, nodes: Sequence[int]) -> Relations:
        """Which of some truths hold wherever others do, which exclude each other, and which never hold."""
        places = [self._place(node) for node in nodes]
        implications: list[Pair] = []
        exclusions: list[Pair] = []
        for a, b, found in self._pairs(places):
            implications += [(a, b)] if found & CARRIES else []
            implications += [(b, a)] if found & CARRIED else []
            exclusions += [(a, b)] if found & EXCLUDES else []
        never = [a for a, place in enumerate(places) if self._alone(place) == NEVER]
        return Relations(tuple(implications), tuple(exclusions), tuple(never))

    def _place(self, node: int) -> int:
        """The number of a node in the memory; the graph may have grown since the last question."""
        if node >= len(self._places):
            self._places = self._memory.take(self._graph)
        return self._places[node]

    def _pairs(self, places: list[int]) -> Iterator[tuple[int, int, int]]:
        for (a, one), (b, other) in combinations(enumerate(places), 2):
            if self._work > _MOST_WORK:
                return
            self._truths.work = 0
            try:
                yield a, b, self._truths.pair(one, other)
            except TooMuch:
                continue
            finally:
                self._work += self._truths.work

    def _alone(self, place: int) -> int | None:
        self._truths.work = 0
        try:
            return self._truths.alone(place)
        except TooMuch:
            return None
