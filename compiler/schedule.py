"""Gives every node of a lowered graph a slot and a turn, and makes the plan.

1. A shift is no step: its readers read the operand's slot further back. What is read back
   decides the halo of a slot.
2. Order: everything that can run now, except recurrences, runs first; when nothing else can,
   the recurrences that are ready run, those of one kind in lanes of one step, because each
   alone would only wait for its own last result. Lanes that nobody needs repeat the first one.
3. A slot without a halo is free again after its last reader; slots with a halo, market data,
   constants and results live through the whole run.
4. The chunk is as long as keeps the workspace near the first-level cache, but several times the
   longest halo, because halos are copied once a chunk, as long as the workspace stays small.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
import heapq
from typing import Literal

from ..runtime.plan import FIELDS, Operand, Plan, Step, Store
from ..runtime.registry import LANES, kernels
from .graph import Graph

_CACHE_BYTES = 64 * 1024
_WORKSPACE_BYTES = 64 * 1024 * 1024
_SHORTEST, _LONGEST = 256, 4096
_HALOS_PER_CHUNK = 4
_FILLED_AHEAD = frozenset(("bar", "const", "truth"))  # before the first step of a chunk runs

StoreForm = Literal["number", "mask", "integer"]
Turn = tuple[int, ...]


def schedule(graph: Graph, results: tuple[tuple[StoreForm, int], ...]) -> Plan:
    """The plan that computes the results, which are kept in the given order and forms."""
    needed = [n for n in graph.reachable(tuple(node for _, node in results)) if graph[n].op != "shift"]
    turns = _turns(graph, needed)
    reads = _Reads(graph, turns, [node for _, node in results])
    layout = _Layout(graph, reads)
    for turn in turns:
        layout.add(turn)
    stores = tuple(Store(form, layout.operand(node)) for form, node in results)
    return layout.plan(stores)


def _turns(graph: Graph, needed: list[int]) -> list[Turn]:
    """The nodes in an order of execution, recurrences of one kind in groups."""
    waiting = {number: {_base(graph, arg)[0] for arg in graph[number].args} for number in needed}
    readers: dict[int, list[int]] = defaultdict(list)
    for number, operands in waiting.items():
        for operand in operands:
            readers[operand].append(number)
    ready = [number for number in needed if not waiting[number]]
    heapq.heapify(ready)
    recurrences: dict[str, list[int]] = defaultdict(list)
    turns: list[Turn] = []
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
        turns.append(turn)
        for number in turn:
            for reader in readers[number]:
                waiting[reader].discard(number)
                if not waiting[reader]:
                    heapq.heappush(ready, reader)
    return turns


def _is_recurrence(graph: Graph, number: int) -> bool:
    kernel = kernels().get(graph[number].op)
    return kernel is not None and kernel.form == "recurrence"


def _has_lanes(op: str) -> bool:
    return kernels()[op].step is not None


def _base(graph: Graph, number: int) -> tuple[int, int]:
    """The computed node behind a possible shift, and how many candles back."""
    node = graph[number]
    return (node.args[0], int(node.params[0])) if node.op == "shift" else (number, 0)


class _Reads:
    """How far back each node is read, and after which turn nobody reads it any more."""

    def __init__(self, graph: Graph, turns: list[Turn], results: list[int]) -> None:
        self.halo: dict[int, int] = defaultdict(int)
        last: dict[int, Turn] = {}
        for turn in turns:
            for number in turn:
                for arg in graph[number].args:
                    base, back = _base(graph, arg)
                    self.halo[base] = max(self.halo[base], back)
                    last[base] = turn
        for number in results:
            base, back = _base(graph, number)
            self.halo[base] = max(self.halo[base], back)
            last.pop(base, None)
        self.ending: dict[Turn, list[int]] = defaultdict(list)
        for base, turn in last.items():
            if not self.halo[base] and graph[base].op not in _FILLED_AHEAD:
                self.ending[turn].append(base)


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
        self.slots = {"number": _Slots(), "truth": _Slots()}
        self.place: dict[int, int] = {}
        self.loads: list[tuple[int, int]] = []
        self.constants: list[tuple[int, float]] = []
        self.mask_constants: list[tuple[int, int]] = []
        self.steps: list[Step] = []

    def operand(self, number: int) -> Operand:
        base, back = _base(self.graph, number)
        return Operand(self.place[base], back)

    def add(self, turn: Turn) -> None:
        for number in turn:
            node = self.graph[number]
            slots = self.slots[self.graph.kind(number)]
            slot = slots.take(self.reads.halo[number], fresh=node.op in _FILLED_AHEAD)
            self.place[number] = slot
            if node.op == "bar":
                self.loads.append((FIELDS.index(str(node.params[0])), slot))
            elif node.op == "const":
                self.constants.append((slot, float.fromhex(str(node.params[0]))))
            elif node.op == "truth":
                self.mask_constants.append((slot, int(node.params[0])))
        if self.graph[turn[0]].op not in _FILLED_AHEAD:
            self.steps.append(self.step(turn))
        for base in self.reads.ending[turn]:
            self.slots[self.graph.kind(base)].unused.append(self.place[base])

    def step(self, turn: Turn) -> Step:
        """One step; an incomplete group of lanes is filled up with the first lane, into slots of no use."""
        lanes = [*turn, *[turn[0]] * (LANES - len(turn))] if len(turn) > 1 else list(turn)
        spare = [self.slots["number"].take(0) for _ in lanes[len(turn) :]]
        self.slots["number"].unused += spare
        nodes = [self.graph[number] for number in lanes]
        return Step(
            kernel=nodes[0].op,
            outs=(*(self.place[number] for number in turn), *spare),
            operands=tuple(self.operand(arg) for node in nodes for arg in node.args),
            params=tuple(float(param) for node in nodes for param in node.params),
        )

    def plan(self, stores: tuple[Store, ...]) -> Plan:
        numbers, masks = tuple(self.slots["number"].halos), tuple(self.slots["truth"].halos)
        return Plan(
            numbers=numbers,
            masks=masks,
            loads=tuple(self.loads),
            constants=tuple(self.constants),
            mask_constants=tuple(self.mask_constants),
            steps=tuple(self.steps),
            stores=stores,
            chunk=_chunk(numbers, masks),
        )


def _chunk(numbers: tuple[int, ...], masks: tuple[int, ...]) -> int:
    width = 8 * len(numbers) + len(masks)
    fitting = _power_of_two(_CACHE_BYTES // max(width, 1))
    chunk = min(max(fitting, _SHORTEST), _LONGEST)
    longest = max((*numbers, *masks), default=0)
    while chunk < _HALOS_PER_CHUNK * longest and 2 * chunk * width <= _WORKSPACE_BYTES:
        chunk *= 2
    return chunk


def _power_of_two(number: int) -> int:
    return 1 << (max(number, 1).bit_length() - 1)
