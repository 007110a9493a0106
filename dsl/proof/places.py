"""Names every node of a strategy's graph: its expression, and the input or condition that it belongs to.

1. The roots stand in the order of the document: inputs, conditions, the score, the decision.
2. A node belongs to the first root that needs it. Root after root, and by number within one, the nodes
   are in an order of evaluation: the operands of a node come before it.
3. A node has the text of the first expression of the document that is this node, or, inside a formula,
   one made of the texts of its operands.

Worked: see `places`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..compiler.analyze import Checked, Reader
from ..compiler.graph import Graph
from ..compiler.passes import Wanted
from ..grammar.nodes import Name, Node, Timeframe, on_own_candles
from ..grammar.printer import to_text
from ..grammar.words import clipped, number_text

_LONGEST, _SHORT = 80, 32  # characters of a text; the second where there are many nodes
_MANY = 1024
_READ = 80  # characters of an expression that is looked up in the graph
_INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "greater": ">",
    "greater_or_equal": ">=",
    "equal": "==",
    "unequal": "!=",
    "and": "AND",
    "or": "OR",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """An input, a condition, the score or the decision: where it stands in the document."""

    section: str
    name: str

    def __str__(self) -> str:
        return {"score": "score", "decision": "entry"}.get(self.section, f"{self.section}.{self.name}")


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the graph, the forms that its values have, its text and the owner that it belongs to.

    `span` is where the text stands in the expression of the owner, None where it is not written there.
    """

    node: int
    forms: tuple[Wanted, ...]
    text: str
    owner: Owner
    span: tuple[int, int] | None


def places(checked: Checked) -> list[Place]:
    """Every node that the strategy needs, in an order of evaluation.

    >>> from ..compiler.front import check
    >>> from ..grammar.document import load
    >>> checked, _ = check(load({
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {"fast": "ema(close, 9)"},
    ...     "conditions": {"up": "crossUp(close, fast)"},
    ...     "score": {"up": 1},
    ...     "decision": {"entry": "up"},
    ... }))
    >>> for place in places(checked):
    ...     print(f"{place.owner!s:<15} {place.text}")
    inputs.fast     close
    inputs.fast     ema(close, 9)
    conditions.up   close > fast
    conditions.up   close[1]
    conditions.up   fast[1]
    conditions.up   fast[1] >= close[1]
    conditions.up   crossUp(close, fast)
    score           score
    """
    texts = _Texts(checked)
    return [
        Place(node, _forms(checked, node), texts.text(node), owner, texts.span(node, owner))
        for node, owner in _ordered(checked)
    ]


def roots(checked: Checked) -> Iterator[tuple[Owner, int]]:
    """What has a name in the document, in its order, and the node of each."""
    yield from ((Owner("inputs", name), node) for name, node in checked.inputs.items())
    yield from ((Owner("conditions", name), node) for name, node in checked.conditions.items())
    yield Owner("score", ""), checked.score
    yield Owner("decision", "entry"), checked.entry


def _ordered(checked: Checked) -> Iterator[tuple[int, Owner]]:
    seen: set[int] = set()
    for owner, root in roots(checked):
        stack, new = [root], set()
        while stack:
            node = stack.pop()
            if node not in seen and node not in new:
                new.add(node)
                if checked.graph[node].op != "held":  # the rest is on other candles
                    stack += checked.graph[node].args
        seen |= new
        yield from ((node, owner) for node in sorted(new))


def _forms(checked: Checked, node: int) -> tuple[Wanted, ...]:
    if checked.graph[node].op == "score":
        return ("low", node), ("high", node), ("sum", node), ("number", node)
    if checked.graph.kind(node) == "truth":
        return ("holds", node), ("fails", node)
    return (("number", node),)


class _Texts:
    """The texts of the nodes of one strategy."""

    def __init__(self, checked: Checked) -> None:
        self._graph: Graph = checked.graph
        self._longest = _LONGEST if len(checked.graph) <= _MANY else _SHORT
        self._written: dict[int, str] = {}
        self._spans: dict[tuple[int, Owner], tuple[int, int]] = {}
        self._made: dict[int, str] = {}
        self._names = {node: owner.name for owner, node in reversed(list(roots(checked))) if owner.name}
        self._names.pop(checked.entry, None)
        self._read(checked)

    def text(self, node: int) -> str:
        """The expression of a node; its operands are asked first, so ask in an order of evaluation."""
        found = self._written.get(node)
        if found is None:
            found = self._made.get(node)
        if found is None:
            found = self._made[node] = clipped(self._composed(node), self._longest)
        return found

    def span(self, node: int, owner: Owner) -> tuple[int, int] | None:
        """Where a node stands in the expression of an owner."""
        return self._spans.get((node, owner))

    def _read(self, checked: Checked) -> None:
        """Look up what the expressions of the document and their parts are in the graph."""
        reader = Reader(checked)
        known: dict[str, int] = {}
        of_owner = dict(roots(checked))
        names = checked.inputs.keys() | checked.conditions.keys()
        for (section, name), tree in checked.trees.items():
            owner = Owner(section, name)
            for part in on_own_candles(tree):
                if part is not tree and (part.end - part.start > _READ or _is_no_value(part)):
                    continue
                shown = to_text(part)
                if shown not in known:
                    known[shown] = of_owner[owner] if part is tree else reader.number(part)
                node = known[shown]
                if not (isinstance(part, Name) and shown in names):
                    self._written.setdefault(node, clipped(shown, self._longest))
                self._spans.setdefault((node, owner), (part.start, part.end))

    def _composed(self, node: int) -> str:
        found = self._graph[node]
        if found.op == "held":
            return f"… @ {self._graph[found.args[1]].params[0]}"
        operands = [self._names.get(arg) or self.text(arg) for arg in found.args]
        params = [number_text(p) if isinstance(p, float) else str(p) for p in found.params]
        match found.op:
            case "bar":
                return _of_market(params)
            case "const":
                value = float.fromhex(params[0])
                return "undefined" if value != value else number_text(value)
            case "truth":
                return "true" if found.params[0] else "false"
            case "shift":
                return f"{_bracketed(operands[0])}[{params[0]}]"
            case "not":
                return f"NOT {_bracketed(operands[0])}"
            case "score":
                return "score"
        if found.op in _INFIX:
            return f" {_INFIX[found.op]} ".join(map(_bracketed, operands))
        return f"{found.op}({', '.join([*operands, *params])})"


def _of_market(params: list[str]) -> str:
    """A row of market data: `close`, `hour()`, `funding`, `SPY.close`."""
    match params:
        case [figure, "clock", _]:
            return f"{figure}()"
        case [field, "symbol", symbol]:
            return f"{symbol}.{field}"
    return params[0]


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text and not text.endswith(")") else text


def _is_no_value(part: Node) -> bool:
    """Whether a part of an expression is a word of the language and nothing that a candle has."""
    return isinstance(part, Timeframe) or (isinstance(part, Name) and part.name == "timeframe")
