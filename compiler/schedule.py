"""Gives every node of a lowered graph a slot and a turn, and makes the plan.

1. A shift is no step: its readers read the operand's slot further back. What is read back
   decides the halo of a slot.
2. Nodes run in the order of their numbers. A slot without a halo is free again after its last
   reader; slots with a halo, market data, constants and results live through the whole run.
3. The chunk is as long as keeps the workspace in the second-level cache, but several times the
   longest halo, because halos are copied once a chunk.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from ..runtime.plan import Operand, Plan, Step, Store
from .graph import Graph

FIELDS = ("open", "high", "low", "close", "volume")

_CACHE_BYTES = 384 * 1024
_SHORTEST, _LONGEST = 256, 4096
_HALOS_PER_CHUNK = 4

_FILLED_AHEAD = frozenset(("bar", "const", "truth"))  # before the first step of a chunk runs

StoreForm = Literal["number", "mask", "integer"]


def schedule(graph: Graph, results: tuple[tuple[StoreForm, int], ...]) -> Plan:
    """The plan that computes the results, which are kept in the given order and forms."""
    reads = _Reads(graph)
    for _, node in results:
        reads.keep(node)
    order = [n for n in graph.reachable(tuple(node for _, node in results)) if graph[n].op != "shift"]
    for reader in order:
        for arg in graph[reader].args:
            reads.read(arg, reader)
    slots = {"number": _Slots(), "truth": _Slots()}
    place: dict[int, int] = {}
    loads, constants, mask_constants, steps = [], [], [], []

    def operand(number: int) -> Operand:
        base, back = reads.resolve(number)
        return Operand(place[base], back)

    for number in order:
        found, kind = graph[number], graph.kind(number)
        place[number] = slots[kind].take(reads.halo[number], fresh=found.op in _FILLED_AHEAD)
        if found.op == "bar":
            loads.append((FIELDS.index(str(found.params[0])), place[number]))
        elif found.op == "const":
            constants.append((place[number], float.fromhex(str(found.params[0]))))
        elif found.op == "truth":
            mask_constants.append((place[number], int(found.params[0])))
        else:
            params = tuple(float(param) for param in found.params)
            steps.append(Step(found.op, place[number], tuple(map(operand, found.args)), params))
            for base in reads.ending.pop(number, ()):
                if reads.is_temporary(base):
                    slots[graph.kind(base)].free(place[base])
    stores = tuple(Store(form, operand(node)) for form, node in results)
    numbers, masks = tuple(slots["number"].halos), tuple(slots["truth"].halos)
    return Plan(
        numbers=numbers,
        masks=masks,
        loads=tuple(loads),
        constants=tuple(constants),
        mask_constants=tuple(mask_constants),
        steps=tuple(steps),
        stores=stores,
        chunk=_chunk(numbers, masks),
    )


class _Reads:
    """Who reads what, how far back, and who is the last."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.halo: dict[int, int] = defaultdict(int)
        self.last: dict[int, int] = {}
        self.kept: set[int] = set()
        self.ending: dict[int, list[int]] = defaultdict(list)

    def resolve(self, number: int) -> tuple[int, int]:
        """The computed node behind a possible shift, and how many candles back."""
        node = self.graph[number]
        return (node.args[0], int(node.params[0])) if node.op == "shift" else (number, 0)

    def keep(self, number: int) -> None:
        base, back = self.resolve(number)
        self.kept.add(base)
        self.halo[base] = max(self.halo[base], back)

    def read(self, number: int, reader: int) -> None:
        base, back = self.resolve(number)
        self.halo[base] = max(self.halo[base], back)
        if base in self.last:
            self.ending[self.last[base]].remove(base)
        self.last[base] = reader
        self.ending[reader].append(base)

    def is_temporary(self, number: int) -> bool:
        return (
            self.halo[number] == 0 and number not in self.kept and self.graph[number].op not in _FILLED_AHEAD
        )


@dataclass
class _Slots:
    """Slots of one kind; those without a halo are handed out again."""

    halos: list[int] = field(default_factory=list)
    unused: list[int] = field(default_factory=list)

    def take(self, halo: int, *, fresh: bool) -> int:
        if halo == 0 and self.unused and not fresh:
            return self.unused.pop()
        self.halos.append(halo)
        return len(self.halos) - 1

    def free(self, slot: int) -> None:
        self.unused.append(slot)


def _chunk(numbers: tuple[int, ...], masks: tuple[int, ...]) -> int:
    width = 8 * len(numbers) + len(masks)
    fitting = _power_of_two(_CACHE_BYTES // max(width, 1))
    chunk = min(max(fitting, _SHORTEST), _LONGEST)
    longest = max((*numbers, *masks), default=0)
    while chunk < _HALOS_PER_CHUNK * longest:
        chunk *= 2
    return chunk


def _power_of_two(number: int) -> int:
    return 1 << (max(number, 1).bit_length() - 1)
