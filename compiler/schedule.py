"""Gives every node of a lowered graph a slot and a turn, and makes the plan.

1. A shift is no step: its readers read the operand's slot further back. What is read back
   decides the halo of a slot.
2. Order: everything that can run now, except recurrences, runs first; when nothing else can,
   the recurrences that are ready run, those of one kind in lanes of one step, because each
   alone would only wait for its own last result. Lanes that nobody needs repeat the first one.
3. A slot without a halo is free again after its last reader; slots with a halo, market data,
   constants and results live through the whole run.
4. The chunk is as long as keeps the workspace near the first-level cache, or, where halos are long,
   so long that copying them once a chunk costs little, as long as the workspace stays small.
5. What is held comes from candles of other frames: a plan of its own for each frame, whose results are
   rows of market data here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
import heapq

from ..grammar.words import MINUTES
from ..runtime.plan import FIELD_ROWS, HELD, Frame, Operand, Plan, Row, Step, Store, StoreForm, work_of
from ..runtime.registry import LANES, kernels
from .graph import Graph, Node, base, reads
from .looks import Look, idle, watched

_CACHE_BYTES = 64 * 1024
_WORKSPACE_BYTES = 64 * 1024 * 1024
_SHORTEST, _LONGEST = 512, 4096
_MOVE = 0.15  # what moving one value of a halo takes, in the units of `Kernel.cost`
_SHARE_OF_COPIES = 0.1
_FILLED_AHEAD = frozenset(("bar", "held", "const", "truth", "points"))  # before the first step of a chunk

Turn = tuple[int, ...]


def schedule(graph: Graph, results: tuple[tuple[StoreForm, int], ...], look: Look = idle) -> Plan:
    """The plan that computes the results, which are kept in the given order and forms."""
    needed = [n for n in graph.on_one_frame(tuple(node for _, node in results)) if graph[n].op != "shift"]
    ahead = [number for number in needed if graph[number].op in _FILLED_AHEAD]
    turns = list(watched(turns_of(graph, needed), look))
    layout = _Layout(graph, _Reads(graph, turns, [node for _, node in results]))
    held = _held(graph, ahead)
    layout.fill(ahead, held)
    for turn in watched(turns, look):
        layout.add(turn)
    recurrent = _recurrent(graph, needed)
    return layout.plan(
        stores=tuple(Store(form, layout.operand(node)) for form, node in results),
        frames=tuple(_frame(graph, frame, nodes, look) for frame, nodes in held.items()),
        recurrent=tuple(place for place, turn in enumerate(turns) if not recurrent.isdisjoint(turn)),
        lookback=_lookback(graph, needed, recurrent, [node for _, node in results]),
    )


def _held(graph: Graph, ahead: list[int]) -> dict[int, list[int]]:
    """What is held, by the frames that it comes from."""
    found: dict[int, list[int]] = {}
    for number in ahead:
        if graph[number].op == "held":
            node, frame = graph[number].args
            found.setdefault(frame, []).append(node)
    return found


def _frame(graph: Graph, frame: int, nodes: list[int], look: Look) -> Frame:
    timeframe, below, zone = map(str, graph[frame].params)
    plan = schedule(graph, tuple(("number", node) for node in nodes), look)
    return Frame(timeframe, below, zone, plan, MINUTES[timeframe] // MINUTES[below])


def _recurrent(graph: Graph, needed: list[int]) -> set[int]:
    """The recurrences and all that they need."""
    found: set[int] = set()
    for number in reversed(needed):
        if number in found or _is_recurrence(graph, number):
            found.add(number)
            found.update(base(graph, arg)[0] for arg in graph[number].args)
    return found


def _lookback(graph: Graph, needed: list[int], recurrent: set[int], results: list[int]) -> int:
    """How many candles all other slots need to be right when the recurrent ones are, halos included."""
    back: dict[int, int] = {}
    for number in needed:
        if number in recurrent or graph[number].op in _FILLED_AHEAD:
            back[number] = 0
        else:
            back[number] = max((back[read] + shift for read, shift in reads(graph, number)), default=0)
    return max((back[read] + shift for read, shift in (base(graph, node) for node in results)), default=0)


def turns_of(graph: Graph, needed: list[int]) -> Iterator[Turn]:
    """The needed nodes that take a step, in an order of execution, recurrences of one kind in groups."""
    work = [number for number in needed if graph[number].op not in _FILLED_AHEAD | {"shift", "frame"}]
    own = set(work)
    waiting = {number: {base(graph, arg)[0] for arg in graph[number].args} & own for number in work}
    readers: dict[int, list[int]] = defaultdict(list)
    for number, operands in waiting.items():
        for operand in operands:
            readers[operand].append(number)
    ready = [number for number in work if not waiting[number]]
    heapq.heapify(ready)
    recurrences: dict[str, list[int]] = defaultdict(list)
    while ready or recurrences:
        if ready:
            turn: Turn = (heapq.heappop(ready),)
            if _is_recurrence(graph, turn[0]):
                recurrences[graph[turn[0]].op].append(turn[0])
                continue
        else:
            op = min(recurrences)
            turn = tuple(recurrences[op][:LANES]) if _has_lanes(op) else (recurrences[op][0],)
            recurrences[op] = recurrences[op][len(turn) :]
            if not recurrences[op]:
                del recurrences[op]
        yield turn
        for number in turn:
            for reader in readers[number]:
                waiting[reader].discard(number)
                if not waiting[reader]:
                    heapq.heappush(ready, reader)


def _is_recurrence(graph: Graph, number: int) -> bool:
    kernel = kernels().get(graph[number].op)
    return kernel is not None and kernel.form == "recurrence"


def _has_lanes(op: str) -> bool:
    return kernels()[op].step is not None


class _Reads:
    """How far back each node is read, and after which turn nobody reads it any more."""

    def __init__(self, graph: Graph, turns: list[Turn], results: list[int]) -> None:
        self.halo: dict[int, int] = defaultdict(int)
        self.ending: dict[Turn, list[int]] = defaultdict(list)
        last: dict[int, Turn] = {}
        for turn in turns:
            for number in turn:
                for read, back in reads(graph, number):
                    self.halo[read] = max(self.halo[read], back)
                    last[read] = turn
        for number in results:
            read, back = base(graph, number)
            self.halo[read] = max(self.halo[read], back)
            last.pop(read, None)
        for read, turn in last.items():
            if not self.halo[read] and graph[read].op not in _FILLED_AHEAD:
                self.ending[turn].append(read)


@dataclass
class _Slots:
    """Slots of one kind; those without a halo are handed out again."""

    halos: list[int] = field(default_factory=list)
    unused: list[int] = field(default_factory=list)

    def take(self, halo: int, *, fresh: bool = False) -> int:
        if halo == 0 and self.unused and not fresh:
            return self.unused.pop()
        self.halos.append(halo)
        return len(self.halos) - 1


class _Layout:
    """Slots and steps, as the turns come."""

    def __init__(self, graph: Graph, reads: _Reads) -> None:
        self.graph = graph
        self.reads = reads
        masks = _Slots()
        self.slots = {"number": _Slots(), "truth": masks, "points": masks}
        self.place: dict[int, int] = {}
        self.rows: list[Row] = []
        self.loads: list[tuple[int, int]] = []
        self.constants: list[tuple[int, float]] = []
        self.mask_constants: list[tuple[int, int]] = []
        self.steps: list[Step] = []

    def operand(self, number: int) -> Operand:
        read, back = base(self.graph, number)
        return Operand(self.place[read], back)

    def fill(self, ahead: list[int], held: dict[int, list[int]]) -> None:
        """Slots of market data and constants, which are filled before the first step."""
        self.rows = _rows(self.graph, ahead, held)
        for number in ahead:
            node = self.graph[number]
            slot = self.place[number] = self.take(number, fresh=True)
            if node.op in ("bar", "held"):
                self.loads.append((self.rows.index(_row(node, held)), slot))
            elif node.op == "const":
                self.constants.append((slot, float.fromhex(str(node.params[0]))))
            else:
                self.mask_constants.append((slot, int(node.params[0])))

    def add(self, turn: Turn) -> None:
        for number in turn:
            self.place[number] = self.take(number)
        self.steps.append(self.step(turn))
        for number in self.reads.ending[turn]:
            self.slots[self.graph.kind(number)].unused.append(self.place[number])

    def take(self, number: int, *, fresh: bool = False) -> int:
        return self.slots[self.graph.kind(number)].take(self.reads.halo[number], fresh=fresh)

    def step(self, turn: Turn) -> Step:
        """One step; an incomplete group of lanes is filled up with the first lane, into slots of no use."""
        lanes = [*turn, *[turn[0]] * (LANES - len(turn))] if len(turn) > 1 else list(turn)
        spare = [self.slots["number"].take(0) for _ in lanes[len(turn) :]]
        self.slots["number"].unused += spare
        nodes = [self.graph[number] for number in lanes]
        return Step(
            kernel=nodes[0].op,
            outs=(*(self.place[number] for number in turn), *spare),
            operands=tuple(
                Operand(self.place[read], back)
                for number in lanes
                for read, back in reads(self.graph, number)
            ),
            params=tuple(float(param) for node in nodes for param in node.params),
        )

    def plan(
        self, stores: tuple[Store, ...], frames: tuple[Frame, ...], recurrent: tuple[int, ...], lookback: int
    ) -> Plan:
        numbers, masks = tuple(self.slots["number"].halos), tuple(self.slots["truth"].halos)
        return Plan(
            numbers=numbers,
            masks=masks,
            loads=tuple(self.loads),
            constants=tuple(self.constants),
            mask_constants=tuple(self.mask_constants),
            steps=tuple(self.steps),
            stores=stores,
            chunk=_chunk(numbers, masks, max(1.0, work_of(self.steps))),
            recurrent=recurrent,
            lookback=lookback,
            rows=FIELD_ROWS if set(self.rows) <= set(FIELD_ROWS) else tuple(self.rows),
            frames=frames,
        )


def _rows(graph: Graph, ahead: list[int], held: dict[int, list[int]]) -> list[Row]:
    """The rows that are read: those of the bars as they are, if nothing else is."""
    found = [_row(graph[number], held) for number in ahead if graph[number].op in ("bar", "held")]
    return list(FIELD_ROWS) if set(found) <= set(FIELD_ROWS) else found


def _row(node: Node, held: dict[int, list[int]]) -> Row:
    if node.op == "bar":
        return tuple(param for param in node.params if not isinstance(param, float))
    number, frame = node.args
    return HELD, list(held).index(frame), held[frame].index(number)


def _chunk(numbers: tuple[int, ...], masks: tuple[int, ...], work: float) -> int:
    """How many candles at a time, where a candle is so much work."""
    width = 8 * len(numbers) + len(masks)
    chunk = min(max(_power_of_two(_CACHE_BYTES // max(width, 1)), _SHORTEST), _LONGEST)
    copied = _MOVE * (sum(numbers) + sum(masks))
    while copied > _SHARE_OF_COPIES * chunk * work and 2 * chunk * width <= _WORKSPACE_BYTES:
        chunk *= 2
    return chunk


def _power_of_two(number: int) -> int:
    return 1 << (max(number, 1).bit_length() - 1)
