"""What a strategy costs, before anything of it is allocated, and which of its parts cost it.

What a plan costs is arithmetic on the plan (`Plan.cost`, `Plan.bytes`): a node counts once, however
often it is read, so forty doublings of a sum are forty additions. Here are the two things for which a
plan is too little or too much.

`shares` divides the cost of a plan among the parts of a document:

1. Lower the graph for the results that are wanted, and, besides, for every part.
2. What a candle costs is known of every node that the results need: its share of its step, the call of
   that once a chunk, the halo that moves.
3. A part costs what it reads. It adds what no part before it reads.

`bound` needs no plan. It walks the graph of the meanings once, takes each window as all its levels and
each truth in both its forms, and so gives a work and a size that no plan of the graph exceeds: whoever
has thousands of documents makes plans of those only that could be too dear.

Worked: `fast` = sma(x, 16), `slow` = sma(x, 64): both read the sums of 4 and 16 values. `fast` adds these
two and a quotient, `slow` only the sum of 64 and a quotient.

Numbers are floats below 1e30 and whole numbers of any length: the graph has 4,096 nodes at most for a
document, and candles are below 2**48, so nothing overflows, and there is neither infinity nor NaN.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ..runtime.plan import (
    CALL,
    CANDLE,
    CLOCK,
    FAR,
    FIELD_ROWS,
    FILL,
    KEEP,
    LOAD,
    MOVE,
    RESAMPLED,
    Plan,
    StoreForm,
    store_bytes,
)
from ..runtime.registry import depends_on_functions, find_window, kernel, kernels
from .facts import candles_in
from .graph import Graph, Node, base, reach, reads
from .looks import Look, idle
from .passes import Wanted, lower
from .schedule import turns_of

Result = tuple[StoreForm, Wanted]
"""A result that a run keeps."""

_UNREAD = frozenset(("shift", "bar", "held"))  # what is behind them is no slot that is read back
_SHORTEST = 512  # candles of a chunk
_WORKSPACE = 64 * 2**20  # what a chunk is not doubled beyond
_COMPARISONS = frozenset(("greater", "greater_or_equal", "equal", "unequal"))
_TRUTHS = frozenset(("and", "or", "not", "truth")) | _COMPARISONS


@dataclass(frozen=True, slots=True)
class Share:
    """Of one part: the work on a candle of all that it reads, and the bytes of its slots with a halo.

    `adds` and `added_bytes` are those of what no part before it reads.
    """

    work: float
    adds: float
    bytes: int
    added_bytes: int


def shares(
    graph: Graph,
    results: Sequence[Result],
    parts: Sequence[Sequence[Wanted]],
    plan: Plan,
    look: Look = idle,
) -> list[Share]:
    """The shares of the parts in the plan of the results; a part is forms of nodes of the graph.

    >>> graph = Graph()
    >>> low, high = (graph.op("mean", graph.bar("close"), params=(n,)) for n in (16, 64))
    >>> wanted = (("number", low), ("number", high))
    >>> from .schedule import schedule
    >>> lowered, roots = lower(graph, wanted)
    >>> plan = schedule(lowered, tuple(("number", root) for root in roots))
    >>> first, second = shares(graph, [("number", form) for form in wanted], [wanted[:1], wanted[1:]], plan)
    >>> first.work == first.adds, second.adds < first.adds < second.work
    (True, True)
    """
    forms = [form for part in parts for form in part]
    lowered, roots = lower(graph, (*(form for _, form in results), *forms), look)
    needed = [number for number in lowered.reachable(roots[: len(results)]) if lowered[number].op != "frame"]
    costs = _costs(lowered, needed, roots[: len(results)], plan)
    found: list[Share] = []
    known: set[int] = set()
    start = len(results)
    for part in parts:
        look()
        reads = costs.keys() & lowered.reachable(roots[start : start + len(part)])
        start += len(part)
        new = reads - known
        known |= new
        found.append(
            Share(
                work=sum(costs[node].work for node in sorted(reads)),
                adds=sum(costs[node].work for node in sorted(new)),
                bytes=sum(costs[node].bytes for node in reads),
                added_bytes=sum(costs[node].bytes for node in new),
            )
        )
    return found


@dataclass(slots=True)
class _Cost:
    """Of one node of a lowered graph: its work on a candle, and the bytes of a slot of its own."""

    work: float = 0.0
    bytes: int = 0


def _costs(graph: Graph, needed: list[int], results: Iterable[int], plan: Plan) -> dict[int, _Cost]:
    chunk = plan.chunk
    found = {number: _Cost() for number in needed}
    for number in needed:
        if graph[number].op in ("bar", "held"):
            found[number].work = LOAD if graph[number].params in FIELD_ROWS else LOAD + CLOCK
    for turn in turns_of(graph, needed):
        lanes = 1 if len(turn) == 1 else 4
        whole = plan.far * kernel(graph[turn[0]].op).cost_of(lanes, graph[turn[0]].params) + CALL / chunk
        for number in turn:
            found[number].work = whole / len(turn)
    for number, halo in _halos(graph, needed, results).items():
        found[number].work += MOVE * halo / chunk
        if halo:
            found[number].bytes = (8 if graph.kind(number) == "number" else 1) * (halo + chunk)
    for number, share in _seldom(graph, needed):
        found[number].work *= share
    return found


def _seldom(graph: Graph, needed: list[int]) -> Iterator[tuple[int, float]]:
    """Nodes on candles of higher timeframes, and how many of those there are to a candle."""
    share: dict[int, float] = {}
    for number, node in enumerate(graph):
        below = [share[arg] for arg in node.args]
        if node.op == "frame":
            share[number] = (below[0] if below else 1.0) / candles_in(node.params)
        elif node.op == "held":
            above = graph[node.args[1]].args
            share[number] = share[above[0]] if above else 1.0
        else:
            share[number] = min(below, default=1.0)
    yield from ((number, share[number]) for number in needed if share[number] < 1.0)


def _halos(graph: Graph, needed: list[int], results: Iterable[int]) -> dict[int, int]:
    """How far back each node is read."""
    halos: dict[int, int] = defaultdict(int)
    read_by_nodes = (
        item for number in needed if graph[number].op not in _UNREAD for item in reads(graph, number)
    )
    for read, back in (*read_by_nodes, *(base(graph, number) for number in results)):
        halos[read] = max(halos[read], back)
    return halos


# --- without a plan ---------------------------------------------------------------------------


def bound(graph: Graph, results: Sequence[Result], candles: int, threads: int = 1) -> tuple[float, int]:
    """A work and bytes that no plan of these results exceeds, in one walk over the graph.

    >>> graph = Graph()
    >>> node = graph.bar("close")
    >>> for _ in range(40):
    ...     node = graph.op("add", node, node)
    >>> work, size = bound(graph, [("number", ("number", node))], 1_000_000)
    >>> 1e7 < work < 1e10
    True
    """
    steps, work, longest, rows = 0, 0.0, 0, 0
    back: dict[int, int] = {}
    for number in graph.reachable(tuple(node for _, (_, node) in results)):
        node = graph[number]
        back[number] = max((back[arg] for arg in node.args), default=0) + (reach(node) or 0)
        longest = max(longest, back[number])
        count = _most_steps(node)
        steps += count
        work += FAR * count * _dearest(node)
        if node.op in ("bar", "held", "frame") and node.params not in FIELD_ROWS:
            work += CLOCK + RESAMPLED + CANDLE  # a row that is made, or candles that are
            rows += 3
    kept = sum(KEEP[form] for form, _ in results)
    a_candle = work + kept + (steps + 2) * (LOAD + CALL / _SHORTEST + MOVE * longest / _SHORTEST)
    space = max(_WORKSPACE, 8 * steps * _SHORTEST) + 8 * (steps + 8) * (longest + _SHORTEST)
    size = space + sum(store_bytes(form, candles) for form, _ in results) + 64 * rows * candles
    return threads * ((candles + longest) * a_candle + FILL * space / 8), size + (threads - 1) * space


def _most_steps(node: Node) -> int:
    """How many nodes of a lowered graph an operation becomes at most."""
    if find_window(node.op) is not None:
        return 4 * int(node.params[0]).bit_length() + 4
    if node.op == "score":
        return 4 * (len(node.args) + 4)
    if node.op == "shift":
        return 0
    return 2 if node.op in _TRUTHS else 4  # lanes that nobody needs have slots, too


@cache
def _dearest_pointwise() -> float:
    return max(found.cost for found in kernels().values() if found.form == "pointwise")


depends_on_functions(_dearest_pointwise.cache_clear)


def _dearest(node: Node) -> float:
    known = kernels().get(node.op)
    return max(known.cost_of(1, node.params) if known is not None else 0.0, _dearest_pointwise())
