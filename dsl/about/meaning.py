"""Finds which computations of several strategies mean the same, however they are written.

The nodes of all graphs are taken into one list in a normal form; what has the same number there gives the
same value on every candle of any bars.

1. AND and OR have their members in order and each once, whatever the brackets; what is known to be true or
   false is left out or decides.
2. NOT is pushed down to the comparisons: `NOT (a > b)` is `b >= a`, and De Morgan's rules hold in the logic
   of three truths as well. What cannot be turned round keeps its NOT.
3. The sum and the product of two numbers, `==` and `!=` have their operands in order.

Worked: `NOT (close > open OR volume == 0)` and `volume != 0 AND open >= close` get one number.

Chains of more than `_LONGEST` members keep the brackets that they have, so that the list stays small.
"""

from __future__ import annotations

from ..compiler.graph import Graph, Param

_LONGEST = 64
_TURNED = {"greater": "greater_or_equal", "greater_or_equal": "greater"}
_OPPOSITE = {"equal": "unequal", "unequal": "equal"}
_EITHER_WAY = frozenset(("add", "multiply", "equal", "unequal"))
_DUAL = {"and": "or", "or": "and"}

_Key = tuple[str, tuple[int, ...], tuple["Param", ...]]


class Meanings:
    """Numbers of meanings, the same for what is the same computation.

    >>> graph = Graph()
    >>> close, open_ = graph.bar("close"), graph.bar("open")
    >>> falls = graph.op("not", graph.op("greater", close, open_))
    >>> at_most = graph.op("greater_or_equal", open_, close)
    >>> numbers = Meanings().take(graph)
    >>> numbers[falls] == numbers[at_most], numbers[close] == numbers[open_]
    (True, False)
    """

    def __init__(self) -> None:
        self._keys: list[_Key] = []
        self._numbers: dict[_Key, int] = {}
        self._negations: dict[int, int] = {}

    def take(self, graph: Graph) -> list[int]:
        """The meanings of a graph's nodes, by their numbers there."""
        found: list[int] = []
        for node in graph:
            args = [found[arg] for arg in node.args]
            if node.op == "not":
                found.append(self._negated(args[0]))
            elif node.op in _DUAL:
                found.append(self._joined(node.op, args))
            elif node.op == "score":
                pairs = sorted(zip(args, node.params, strict=True), key=lambda pair: (pair[0], int(pair[1])))
                found.append(self._number("score", [arg for arg, _ in pairs], tuple(w for _, w in pairs)))
            else:
                found.append(self._number(node.op, args, node.params))
        return found

    def _number(self, op: str, args: list[int], params: tuple[Param, ...] = ()) -> int:
        key = op, tuple(sorted(args) if op in _EITHER_WAY else args), params
        if key not in self._numbers:
            self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return self._numbers[key]

    def _joined(self, op: str, args: list[int]) -> int:
        members: set[int] = set()
        for arg in args:
            inner, below, _ = self._keys[arg]
            members |= set(below) if inner == op and len(below) < _LONGEST else {arg}
        neutral, decisive = (self._number("truth", [], (int(truth),)) for truth in (op == "and", op == "or"))
        if decisive in members:
            return decisive
        members.discard(neutral)
        if len(members) <= 1:
            return members.pop() if members else neutral
        return self._number(op, sorted(members))

    def _negated(self, root: int) -> int:
        """NOT of a truth; those of its members come first, without recursion."""
        stack = [root]
        while stack:
            truth = stack[-1]
            op, args, params = self._keys[truth]
            missing = [arg for arg in args if arg not in self._negations] if op in _DUAL else []
            if missing and truth not in self._negations:
                stack += missing
                continue
            stack.pop()
            if truth not in self._negations:
                made = self._opposite(truth, op, args, params)
                self._negations[truth] = made
                self._negations.setdefault(made, truth)
        return self._negations[root]

    def _opposite(self, truth: int, op: str, args: tuple[int, ...], params: tuple[Param, ...]) -> int:
        if op in _TURNED:
            return self._number(_TURNED[op], [args[1], args[0]])
        if op in _OPPOSITE:
            return self._number(_OPPOSITE[op], list(args))
        if op in _DUAL:
            return self._joined(_DUAL[op], [self._negations[arg] for arg in args])
        if op == "truth":
            return self._number("truth", [], (1 - int(params[0]),))
        return self._number("not", [truth])
