"""Gives every node of a lowered graph a slot and a turn, and makes the plan.

0. The nodes are divided among threads, if there are several (`share.py`).
1. A shift is no step: its readers read the operand's slot further back. What is read back
   decides the halo of a slot.
2. Order: everything that can run now, except recurrences, runs first; when nothing else can,
   the recurrences that are ready run, those of one kind in lanes of one step, because each
   alone would only wait for its own last result. Lanes that nobody needs repeat the first one.
3. A slot without a halo is free again after its last reader, unless that is in another list of
   steps; slots with a halo, market data, constants and results live through the whole run.
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
from .graph import Graph, base
from .share import divide

_CACHE_BYTES = 64 * 1024
_WORKSPACE_BYTES = 64 * 1024 * 1024
_SHORTEST, _LONGEST = 256, 4096
_HALOS_PER_CHUNK = 4
_FILLED_AHEAD = frozenset(("bar", "const", "truth", "points"))  # before the first step of a chunk runs

StoreForm = Literal["number", "mask", "integer"]
Turn = tuple[int, ...]


def schedule(graph: Graph, results: tuple[tuple[StoreForm, int], ...], threads: int = 1) -> Plan:
    """The plan that computes the results, which are kept in the given order and forms."""
    needed = [n for n in graph.reachable(tuple(node for _, node in results)) if graph[n].op != "shift"]
    ahead = [number for number in needed if graph[number].op in _FILLED_AHEAD]
    work = [number for number in needed if graph[number].op not in _FILLED_AHEAD]
    needs = {number: {base(graph, arg)[0] for arg in graph[number].args} for number in needed}
    costs = {number: kernels()[graph[number].op].cost for number in work}
    phases = divide(work, needs, costs, threads)
    lists = [[_turns(graph, part, needs) for part in phase] for phase in phases]
    reads = _Reads(graph, lists, [node for _, node in results])
    layout = _Layout(graph, reads)
    layout.fill(ahead)
    for phase in lists:
        for turns in phase:
            for turn in turns:
                layout.add(turn)
            layout.close()
    stores = tuple(Store(form, layout.operand(node)) for form, node in results)
    return layout.plan(stores, tuple(tuple(len(turns) for turns in phase) for phase in lists))


def _turns(graph: Graph, part: list[int], needs: dict[int, set[int]]) -> list[Turn]:
    """The nodes of a part in an order of execution, recurrences of one kind in groups."""
    own = set(part)
    waiting = {number: needs[number] & own for number in part}
    readers: dict[int, list[int]] = defaultdict(list)
    for number, operands in waiting.items():
        for operand in operands:
            readers[operand].append(number)
    ready = [number for number in part if not waiting[number]]
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


class _Reads:
    """How far back each node is read, and after which turn its slot is free.

    A slot can be used again only by the list of turns that made and read it: another list may run
    at the same time.
    """

    def __init__(self, graph: Graph, lists: list[list[list[Turn]]], results: list[int]) -> None:
        self.halo: dict[int, int] = defaultdict(int)
        self.ending: dict[Turn, list[int]] = defaultdict(list)
        elsewhere = {base(graph, number)[0] for number in results}
        for turns in (turns for phase in lists for turns in phase):
            last: dict[int, Turn] = {}
            own = {number for turn in turns for number in turn}
            for turn in turns:
                for number in turn:
                    last.setdefault(number, turn)
                    for arg in graph[number].args:
                        read, back = base(graph, arg)
                        self.halo[read] = max(self.halo[read], back)
                        if read in own:
                            last[read] = turn
                        else:
                            elsewhere.add(read)
            for read, turn in last.items():
                self.ending[turn].append(read)
        for number in results:
            read, back = base(graph, number)
            self.halo[read] = max(self.halo[read], back)
        for turn, ended in self.ending.items():
            self.ending[turn] = [read for read in ended if not self.halo[read] and read not in elsewhere]


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
        self.loads: list[tuple[int, int]] = []
        self.constants: list[tuple[int, float]] = []
        self.mask_constants: list[tuple[int, int]] = []
        self.steps: list[Step] = []

    def operand(self, number: int) -> Operand:
        read, back = base(self.graph, number)
        return Operand(self.place[read], back)

    def fill(self, ahead: list[int]) -> None:
        """Slots of market data and constants, which are filled before the first step."""
        for number in ahead:
            node = self.graph[number]
            slot = self.place[number] = self.take(number, fresh=True)
            if node.op == "bar":
                self.loads.append((FIELDS.index(str(node.params[0])), slot))
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

    def close(self) -> None:
        """The end of a list of turns: what it has left unused is not for the next one."""
        for kind in self.slots:
            self.slots[kind].unused.clear()

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
            operands=tuple(self.operand(arg) for node in nodes for arg in node.args),
            params=tuple(float(param) for node in nodes for param in node.params),
        )

    def plan(self, stores: tuple[Store, ...], phases: tuple[tuple[int, ...], ...]) -> Plan:
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
            phases=phases,
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
