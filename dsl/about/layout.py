"""Places boxes in columns, so that every arrow points to the right and few of them cross.

1. Columns: a box stands one column behind the last one that it reads. A box that reads nothing, and a
   condition, then move as far to the right as what reads them allows; market data stays in the first column.
2. Arrows over several columns get an empty place in each column between, through which they are led. Where
   that takes too many places, the longest arrows go straight.
3. Order: each column is sorted by the mean place of the neighbours in the column before, then, from the
   right, by those in the column behind, a few times over. The order with the fewest crossings is kept.
4. Coordinates: each column is as wide as its widest box. Going over the columns, a box moves towards the mean
   height of its neighbours as far as those above and below it leave room.

Everything is deterministic: ties keep the order of the boxes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_ROUNDS = 8
_LED = (
    5_000  # empty places that arrows are led through; in a picture that needs more, the longest go straight
)
_GAP = 18.0  # between two boxes of a column
_CHANNEL = 6.0  # what an arrow needs that passes through a column
_BETWEEN = 64.0  # between two columns


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a box."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Spot:
    """The left upper corner of a box."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where boxes stand, the points that each arrow is led through from left to right, and the whole size.

    Of the points, the first and the second, the third and the fourth and so on are on one height.
    """

    spots: tuple[Spot, ...]
    ways: tuple[tuple[Spot, ...], ...]
    width: float
    height: float


def laid_out(
    sizes: Sequence[Size], arrows: Sequence[tuple[int, int]], first: frozenset[int], late: frozenset[int]
) -> Layout:
    """The layout of boxes, each behind those that it reads; `first` are held in the first column.

    Those in `late`, and all that read nothing, stand as far right as they can.

    >>> found = laid_out([Size(10, 10)] * 3, [(0, 1), (1, 2), (0, 2)], frozenset(), frozenset())
    >>> [spot.x for spot in found.spots]
    [0.0, 74.0, 148.0]
    >>> [len(way) for way in found.ways]
    [3, 3, 5]
    """
    columns = _columns(len(sizes), arrows, first, late)
    grid = _Grid(sizes, arrows, columns)
    grid.order()
    return grid.layout()


def _columns(
    count: int, arrows: Sequence[tuple[int, int]], first: frozenset[int], late: frozenset[int]
) -> list[int]:
    """The column of each box; an arrow leads from a lower number to a higher one."""
    columns = [0] * count
    readers: list[list[int]] = [[] for _ in range(count)]
    for source, target in sorted(arrows, key=lambda arrow: arrow[1]):
        columns[target] = max(columns[target], columns[source] + 1)
        readers[source].append(target)
    reading = {target for _, target in arrows}
    for box in range(count - 1, -1, -1):
        if (box in late or box not in reading) and box not in first and readers[box]:
            columns[box] = min(columns[reader] for reader in readers[box]) - 1
    return columns


def _led(arrows: Sequence[tuple[int, int]], columns: list[int]) -> set[tuple[int, int]]:
    """The arrows that are led through the columns between: the shortest, as long as there are places."""
    found: set[tuple[int, int]] = set()
    left = _LED
    for source, target in sorted(arrows, key=lambda arrow: columns[arrow[1]] - columns[arrow[0]]):
        left -= columns[target] - columns[source] - 1
        if left < 0:
            break
        found.add((source, target))
    return found


def _shares(row: list[int]) -> Iterator[tuple[int, float]]:
    """Where each place of a column stands in it, from 0 to 1."""
    for rank, place in enumerate(row):
        yield place, (rank + 0.5) / len(row)


class _Grid:
    """Columns of boxes and, numbered behind them, of the empty places that arrows are led through."""

    def __init__(self, sizes: Sequence[Size], arrows: Sequence[tuple[int, int]], columns: list[int]) -> None:
        self.sizes = list(sizes)
        self.count = len(sizes)
        self.column = list(columns)
        self.chains: list[list[int]] = []
        led = _led(arrows, columns)
        for source, target in arrows:
            chain = [source]
            for column in range(columns[source] + 1, columns[target]) if (source, target) in led else ():
                self.column.append(column)
                self.sizes.append(Size(0.0, _CHANNEL))
                chain.append(len(self.column) - 1)
            self.chains.append([*chain, target])
        self.before: list[list[int]] = [[] for _ in self.column]
        self.behind: list[list[int]] = [[] for _ in self.column]
        for left, right in (pair for chain in self.chains for pair in pairwise(chain)):
            if self.column[left] + 1 == self.column[right]:
                self.before[right].append(left)
                self.behind[left].append(right)
        self.rows: list[list[int]] = [[] for _ in range(max(self.column, default=-1) + 1)]
        for place, column in enumerate(self.column):
            self.rows[column].append(place)

    def order(self) -> None:
        """Sort the columns, and keep the order with the fewest crossings."""
        best, fewest = [list(row) for row in self.rows], self.crossings()
        for turn in range(_ROUNDS):
            forward = turn % 2 == 0
            around = self.before if forward else self.behind
            ranks = {place: rank for row in self.rows for place, rank in _shares(row)}
            for row in self.rows if forward else reversed(self.rows):
                self.sort(row, around, ranks)
            crossings = self.crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best

    def sort(self, row: list[int], around: list[list[int]], ranks: dict[int, float]) -> None:
        """By the mean place of neighbours; who has none there stays where it is."""
        means = {
            place: sum(ranks[other] for other in around[place]) / len(around[place])
            if around[place]
            else ranks[place]
            for place in row
        }
        row.sort(key=lambda place: means[place])
        ranks.update(_shares(row))

    def crossings(self) -> int:
        """How many pairs of arrows cross between neighbouring columns."""
        found = 0
        rank = {place: number for row in self.rows for number, place in enumerate(row)}
        for row in self.rows:
            ends = [rank[right] for left in row for right in sorted(self.behind[left], key=rank.__getitem__)]
            seen: list[int] = []
            for end in ends:
                # Those that began above and end below this one cross it.
                place = bisect_left(seen, end + 1)
                found += len(seen) - place
                insort(seen, end)
        return found

    def layout(self) -> Layout:
        lefts, width = self.lefts()
        tops = self.tops()
        least = min(tops.values(), default=0.0)
        spots = [Spot(lefts[self.column[place]], tops[place] - least) for place in range(self.count)]
        middles = {place: tops[place] - least + self.sizes[place].height / 2 for place in tops}
        ways = [self.way(chain, lefts, middles) for chain in self.chains]
        height = max((tops[place] - least + self.sizes[place].height for place in tops), default=0.0)
        return Layout(tuple(spots), tuple(ways), width, height)

    def lefts(self) -> tuple[list[float], float]:
        """Where each column begins, and the width of all."""
        found, at = [], 0.0
        for row in self.rows:
            found.append(at)
            at += self.widest(self.column[row[0]]) + _BETWEEN
        return found, max(0.0, at - _BETWEEN)

    def tops(self) -> Mapping[int, float]:
        """The upper end of each place."""
        tops: dict[int, float] = {}
        for row in self.rows:
            at = 0.0
            for place in row:
                tops[place] = at
                at += self.sizes[place].height + self.gap(place)
        tallest = max((tops[row[-1]] + self.sizes[row[-1]].height for row in self.rows), default=0.0)
        for row in self.rows:
            spare = (tallest - tops[row[-1]] - self.sizes[row[-1]].height) / 2
            for place in row:
                tops[place] += spare
        for turn in range(2 * _ROUNDS):
            around = self.before if turn % 2 == 0 else self.behind
            for row in self.rows if turn % 2 == 0 else reversed(self.rows):
                self.align(row, around, tops)
        return tops

    def gap(self, place: int) -> float:
        return _GAP if place < self.count else _CHANNEL

    def align(self, row: list[int], around: list[list[int]], tops: dict[int, float]) -> None:
        """Move a column's places towards the middle of their neighbours, in order and without overlap.

        Places that want the same room form a block, which gets the mean of what its members want.
        """
        blocks: list[_Block] = []
        for place in row:
            wanted = self.wanted(place, around, tops)
            blocks.append(_Block([place], wanted, 1, self.sizes[place].height + self.gap(place)))
            while len(blocks) > 1 and blocks[-2].top + blocks[-2].height > blocks[-1].top:
                last = blocks.pop()
                blocks[-1].take(last)
        for block in blocks:
            at = block.top
            for place in block.places:
                tops[place] = at
                at += self.sizes[place].height + self.gap(place)

    def wanted(self, place: int, around: list[list[int]], tops: Mapping[int, float]) -> float:
        if not around[place]:
            return tops[place]
        middles = [tops[other] + self.sizes[other].height / 2 for other in around[place]]
        return sum(middles) / len(middles) - self.sizes[place].height / 2

    def way(self, chain: list[int], lefts: list[float], middles: Mapping[int, float]) -> tuple[Spot, ...]:
        """From a box to the end of its column, straight through the columns between, to another box."""
        first, last = chain[0], chain[-1]
        start = lefts[self.column[first]]
        points = [Spot(start + self.sizes[first].width, middles[first])]
        points.append(Spot(start + self.widest(self.column[first]), middles[first]))
        for place in chain[1:-1]:
            left = lefts[self.column[place]]
            points.append(Spot(left, middles[place]))
            points.append(Spot(left + self.widest(self.column[place]), middles[place]))
        return (*points, Spot(lefts[self.column[last]], middles[last]))

    def widest(self, column: int) -> float:
        return max(self.sizes[place].width for place in self.rows[column])


@dataclass
class _Block:
    """Places that stand closely together; `wishes` of them want its top to be there on the average."""

    places: list[int]
    top: float
    wishes: int
    height: float

    def take(self, below: _Block) -> None:
        """Take in the block below, whose wish is moved up by the height of this one."""
        total = self.top * self.wishes + (below.top - self.height) * below.wishes
        self.wishes += below.wishes
        self.top = total / self.wishes
        self.places += below.places
        self.height += below.height
