"""Expressions on candles of a higher timeframe: `ema(close, 50) @ 4H` in a strategy of 1H.

1. The market data that the graph gives out is that of the higher candles, until the expression is read.
2. An input or a condition in it stands for its expression, which is read again on those candles.
3. What comes of it is held: on each candle of the strategy it is the value of the last one that has closed.

Worked: `close @ 4H` is the close of the 4H candles, held; and with the input `fast` = `ema(close, 9)`,
`fast @ 4H` is `ema(close, 9) @ 4H`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..grammar import catalogue as say
from ..grammar.nodes import At, Name, Node, inside
from ..grammar.words import LIMITS, MINUTES
from .parameters import names_in
from .values import UNKNOWN, Value

if TYPE_CHECKING:
    from .reading import Reading

_NAMED = ("inputs", "conditions")


def on_higher_candles(analyzer: Reading, node: At) -> Value:
    """The value of `x @ 4H`; what is wrong in x is said whatever stands behind it.

    Frames within frames count as levels through all functions that are called.
    """
    if analyzer.frames_open[0] >= LIMITS.nesting:
        analyzer.report(say.expression_too_deep(LIMITS.nesting), node.label_at, inside(node)[1])
        return UNKNOWN
    analyzer.frames_open[0] += 1
    value = _on_higher_candles(analyzer, node)
    analyzer.frames_open[0] -= 1
    return value


def _on_higher_candles(analyzer: Reading, node: At) -> Value:
    operand: Node = node
    while isinstance(operand, At) and operand.timeframe == node.timeframe:
        operand = operand.operand  # once more on the same candles changes nothing
    below = analyzer.timeframes[-1] if analyzer.timeframes else analyzer.outline.timeframe
    higher = node.timeframe
    if higher == below:
        return analyzer.walk(operand)
    if below is not None and higher in MINUTES:
        if MINUTES[higher] > MINUTES[below] and not MINUTES[higher] % MINUTES[below]:
            return _held(analyzer, operand, higher, below)
        analyzer.report(say.no_higher_timeframe(higher, below), node.label_at, inside(node)[1])
    return Value(analyzer.walk(operand).kind)


def _held(analyzer: Reading, operand: Node, higher: str, below: str) -> Value:
    graph = analyzer.graph
    own = graph.frame
    frame = graph.enter(higher, below)
    analyzer.timeframes.append(higher)
    value = analyzer.walk(operand)
    analyzer.timeframes.pop()
    graph.frame = own
    if value.kind not in ("number", "truth"):
        analyzer.number_operand(operand, value, "`@`")
        return Value("unknown")
    if value.node is None or graph[value.node].op in ("const", "truth"):
        return value
    if value.kind == "number":
        return Value("number", graph.held(value.node, frame))
    # a truth is held as a number: 1 where it is true, 0 where it is false
    zero = graph.number(0.0)
    shown = graph.op("choose", value.node, graph.number(1.0), zero)
    return Value("truth", graph.op("unequal", graph.held(shown, frame), zero))


def on_these_candles(analyzer: Reading, node: Name, known: Value) -> Value:
    """What an input or a condition is on candles of a higher timeframe: its expression there.

    The names that it uses come first, in the order of the document.
    """
    place, read = analyzer.graph.frame, analyzer.framed
    assert known.node is not None
    if (place, node.name) not in read and analyzer.graph.constant(known.node) is None:
        for name, tree in _unread(analyzer, node.name).items():
            read[place, name] = _read_there(analyzer, node, name, tree)
            if read[place, name].node is None:
                read[place, node.name] = Value(known.kind)  # said once, of the first that is wrong
                break
    return read.get((place, node.name), known)


def _unread(analyzer: Reading, name: str) -> dict[str, Node]:
    """An expression and those that it uses, in the order of the document, without what was read there.

    So each is looked at once for each kind of candles, however long the chain is in which they stand.
    """
    place, read = analyzer.graph.frame, analyzer.framed
    found: dict[str, Node] = {}
    stack = [name]
    while stack:
        one = stack.pop()
        tree = next((analyzer.trees[key] for key in _keys(one) if key in analyzer.trees), None)
        if tree is not None and one not in found and (place, one) not in read:
            found[one] = tree
            stack += names_in(tree)
    if len(found) < 2:
        return found
    return {one: found[one] for section, one in analyzer.trees if section in _NAMED and one in found}


def _keys(name: str) -> list[tuple[str, str]]:
    return [(section, name) for section in _NAMED]


def _read_there(analyzer: Reading, node: Name, name: str, tree: Node) -> Value:
    """The value of a named expression on other candles; what is wrong there is said of the name's use."""
    before = len(analyzer.findings)
    value = analyzer.walk(tree)
    wrong = [found.message for found in analyzer.findings[before:] if found.message.severity == "error"]
    del analyzer.findings[before:]
    if wrong:
        message = say.unreadable_there(name, analyzer.timeframes[-1], wrong[0].text)
        return analyzer.refuse_name(message, node, value.kind)
    return value
