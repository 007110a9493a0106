"""The picture of a strategy before it is drawn: boxes, and arrows from what is read to what reads it.

There is one box for every computation that has a name (market data, an input, a condition, the score, the
decision) and one for every operation between them that an author has written, labelled with its canonical
text. What is the same computation has one box, whoever asks for it: an input that equals another gives the
box a second name, and `close > open` in two conditions is one operation. Numbers stay in the texts.

A picture of more than `MOST` boxes leaves the operations out: their arrows go from what they read to the
named box that they are a part of.

Worked: fast = ema(close, 9) and up = `fast > close + 1` are close → fast, close → `close + 1`,
fast → up and `close + 1` → up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeAlias

from ..compiler.analyze import Checked, Reader
from ..compiler.graph import Graph
from ..compiler.parameters import names_in
from ..grammar.nodes import Binary, Call, Name, Node, children, postorder
from ..grammar.parser import parse
from ..grammar.printer import to_text
from ..grammar.words import MARKET_DATA, clipped
from ..runtime.registry import depends_on_functions, functions

MOST = 200
"""Boxes of a picture, beyond which operations are left out."""

_TEXT = 60  # characters of an expression in a box
_NAMES = 40  # and of the names
_CHAINS = frozenset(("AND", "OR", "+", "*"))

Kind: TypeAlias = Literal["market", "input", "operation", "condition", "score", "decision"]


@dataclass(frozen=True, slots=True)
class Box:
    """One computation: its name or names, empty for an operation, and its text, empty for market data."""

    kind: Kind
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From what is read to what reads it, by the places of the boxes; a weight has a label."""

    source: int
    target: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes, each behind those that it reads, and arrows; `left_out` counts operations without a box."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    left_out: int

    @property
    def note(self) -> str | None:
        """What a picture that leaves something out has to say."""
        if not self.left_out:
            return None
        return f"{self.left_out:,} operations are left out; arrows go from what they read to what uses them"


def picture_of(checked: Checked, title: str, most: int = MOST) -> Picture:
    """The picture of a checked strategy.

    >>> import dslc
    >>> strategy = dslc.compile({
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {"fast": "ema(close, 9)"},
    ...     "conditions": {"up": "fast > close + 1"},
    ...     "score": {"up": 5},
    ...     "decision": {"entry": "score >= 5"},
    ... })
    >>> found = picture_of(strategy._checked, "up")
    >>> [box.name or box.text for box in found.boxes]
    ['close', 'fast', 'close + 1', 'up', 'score', 'entry']
    >>> [(arrow.source, arrow.target, arrow.label) for arrow in found.arrows]
    [(0, 1, ''), (0, 2, ''), (1, 3, ''), (2, 3, ''), (3, 4, '+5'), (4, 5, '')]
    """
    whole = _Painter(checked, folded=False)
    whole.paint()
    if len(whole.boxes) <= most:
        return whole.picture(title, 0)
    folded = _Painter(checked, folded=True)
    folded.paint()
    return folded.picture(title, len(whole.boxes) - len(folded.boxes))


@dataclass
class _Drawn:
    """A box while it is made; what is the same computation adds its name."""

    kind: Kind
    content: Node | str
    names: list[str] = field(default_factory=list)

    def finished(self) -> Box:
        text = self.content if isinstance(self.content, str) else _shown(self.content)
        return Box(self.kind, clipped(", ".join(self.names), _NAMES), text)


class _Painter:
    """Walks the expressions in the order of the document; a box is made when it is first read or named."""

    def __init__(self, checked: Checked, folded: bool) -> None:
        self.checked = checked
        self.folded = folded
        self.graph: Graph = checked.graph
        self.reader = Reader(checked)
        self.boxes: list[_Drawn] = []
        self.arrows: dict[tuple[int, int], str] = {}
        self.market: dict[str, int] = {}
        self.named: dict[int, int] = {}  # by nodes of the graph
        self.operations: dict[int, int] = {}
        self.own: dict[str, tuple[str, ...]] = {}
        for name, own in checked.own.items():
            found = names_in(own.tree) - {parameter.name for parameter in own.function.parameters}
            for node in own.nodes:
                if isinstance(node, Call):
                    found.update(self.unsaid(node.name))
            self.own[name] = tuple(sorted(filter(self.is_market, found), key=_market_order))

    def paint(self) -> None:
        checked = self.checked
        for name, node in checked.inputs.items():
            self.entry("input", name, node, checked.trees["inputs", name])
        for name, node in checked.conditions.items():
            self.entry("condition", name, node, checked.trees["conditions", name])
        least = sum(weight for weight in checked.weights.values() if weight < 0)
        most = sum(weight for weight in checked.weights.values() if weight > 0)
        score = self.box("score", f"{least:,} to {most:,}", "score")
        for name, weight in checked.weights.items():
            if weight:
                self.weigh(self.named[checked.conditions[name]], score, weight)
        tree = checked.trees["decision", "entry"]
        sources = self.sources(tree, score)
        self.join(sources, self.box("decision", tree, "entry"))

    def entry(self, kind: Kind, name: str, node: int, tree: Node) -> None:
        """An input or a condition; one that equals another shares its box."""
        if node in self.named:
            self.boxes[self.named[node]].names.append(name)
            return
        sources = self.sources(tree, None)
        self.named[node] = self.box(kind, tree, name)
        self.join(sources, self.named[node])

    def weigh(self, condition: int, score: int, weight: int) -> None:
        """Conditions that are one computation have one arrow with all their weights."""
        known = self.arrows.get((condition, score))
        self.arrows[condition, score] = f"{known} " * bool(known) + f"{weight:+,}"

    def box(self, kind: Kind, content: Node | str, *names: str) -> int:
        self.boxes.append(_Drawn(kind, content, list(names)))
        return len(self.boxes) - 1

    def join(self, sources: list[int], target: int) -> None:
        for source in sources:
            self.arrows.setdefault((source, target), "")

    def sources(self, root: Node, score: int | None) -> list[int]:
        """The boxes that an expression reads, from left to right, made where they are missing."""
        places = self.reader.every(root)
        links = _links(root)
        read: dict[Node, list[int]] = {}
        for tree in postorder(root):
            below = [source for operand in children(tree) for source in read[operand]]
            if isinstance(tree, Call):
                below += [self.of_market(name) for name in self.unsaid(tree.name)]
            if isinstance(tree, Name):
                read[tree] = self.of_name(tree.name, score)
            elif tree is root or self.folded or not _is_operation(tree, places, self.graph):
                read[tree] = below
            elif places[tree] in self.named:
                read[tree] = [self.named[places[tree]]]
            else:
                read[tree] = below if tree in links else [self.operation(tree, places[tree], below)]
        return list(dict.fromkeys(read[root]))

    def unsaid(self, name: str) -> tuple[str, ...]:
        """The market data that a function of the registry or of the document reads without being told."""
        return self.own[name] if name in self.own else unsaid(name)

    def of_market(self, name: str) -> int:
        if name not in self.market:
            self.market[name] = self.box("market", "", name)
        return self.market[name]

    def is_market(self, name: str) -> bool:
        """Whether a name is a column of the bars, or one of another instrument."""
        return name in MARKET_DATA or "." in name or name in self.checked.market.series

    def of_name(self, name: str, score: int | None) -> list[int]:
        """The box of a name; before `@`, too, where it stands for its expression on other candles."""
        if self.is_market(name):
            return [self.of_market(name)]
        if name == "score" and score is not None:
            return [score]
        node = self.checked.inputs.get(name, self.checked.conditions.get(name))
        return [] if node is None else [self.named[node]]

    def operation(self, tree: Node, node: int, below: list[int]) -> int:
        if node not in self.operations:
            self.operations[node] = self.box("operation", tree)
            self.join(below, self.operations[node])
        return self.operations[node]

    def picture(self, title: str, left_out: int) -> Picture:
        boxes = tuple(box.finished() for box in self.boxes)
        arrows = (Arrow(source, target, label) for (source, target), label in self.arrows.items())
        return Picture(title, boxes, tuple(arrows), left_out)


@cache
def unsaid(name: str) -> tuple[str, ...]:
    """The market data that a function reads without being told.

    >>> unsaid("atr"), unsaid("rsi"), unsaid("volumeSpike")
    (('high', 'low', 'close'), (), ('volume',))
    """
    formula = functions()[name].formula
    tree = None if formula is None else parse(formula).tree
    if tree is None:
        return ()
    told = {parameter.name for parameter in functions()[name].parameters}
    found = names_in(tree) - told
    for node in postorder(tree):
        if isinstance(node, Call):
            found.update(unsaid(node.name))
    return tuple(name for name in MARKET_DATA if name in found)


depends_on_functions(unsaid.cache_clear)


def _market_order(name: str) -> tuple[int, str]:
    """Market data as it is listed everywhere, what a document declares behind it."""
    return (MARKET_DATA.index(name) if name in MARKET_DATA else len(MARKET_DATA)), name


def _links(root: Node) -> set[Node]:
    """The parts of a chain of one operator that are no operation of their own: of a AND b AND c, a AND b."""
    found: set[Node] = set()
    for tree in postorder(root):
        if isinstance(tree, Binary) and tree.operator in _CHAINS:
            left = tree.left
            if isinstance(left, Binary) and left.operator == tree.operator:
                found.add(left)
    return found


def _is_operation(tree: Node, places: Mapping[Node, int], graph: Graph) -> bool:
    """Whether a part of an expression gets a box: it is computed on every candle."""
    node = places.get(tree)
    computed = isinstance(tree, Call) or bool(children(tree))
    return node is not None and computed and graph[node].op not in ("const", "truth")


def _shown(tree: Node) -> str:
    return clipped(to_text(tree), _TEXT)
