"""Remembers what expressions become: strategies of one author repeat them, under other names and weights.

1. An expression that is short and was parsed twice before is walked apart, over operands that stand for the
   names that it uses. Of names that are constants the values count, since constants fold and are periods.
2. If nothing was wrong with it, its nodes are kept as a recipe (graph.py), with the truths in it.
3. From then on the recipe is followed wherever the same text uses names of the same kinds.

Worked: `fast > slow` is one node over two operands, whatever the two are called and mean elsewhere.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ..grammar.document import Document, load
from ..grammar.nodes import Name, Node
from ..grammar.parser import parse, times_parsed
from ..grammar.spelling import Speller
from ..grammar.words import MARKET_DATA
from ..runtime.registry import depends_on_functions
from ..schemas.structure import Outline
from .graph import Recipe
from .values import Value

if TYPE_CHECKING:
    from .analyze import _Analyzer

_OFTEN = 3  # times, this one included
_KEPT = 2048

_Use = tuple[str, str | None, tuple[tuple[str, float | None], ...]]


class _Kept(NamedTuple):
    """A recipe whose first result is the value, the others the truths in it; and the names that it uses."""

    value: Value
    recipe: Recipe
    truths: tuple[Node, ...]
    used: frozenset[str]


_kept: dict[_Use, _Kept | None] = {}
depends_on_functions(_kept.clear)


def repeated(analyzer: _Analyzer, text: str) -> Value | None:
    """The value of an expression that was right before, as `walk` gives it; None where it must be walked."""
    if times_parsed(text) < _OFTEN or "@" in text:
        return None
    values: list[Value] = []
    for name in _names(text):
        value = analyzer.score if name == "score" else analyzer.values.get(name)
        if value is None or value.node is None or (name == "score" and analyzer.section != "decision"):
            return None
        values.append(value)
    constant = analyzer.graph.constant
    use = text, analyzer.outline.timeframe, tuple([(value.kind, constant(value.node)) for value in values])  # type: ignore[arg-type]
    if use not in _kept:
        if len(_kept) >= _KEPT:
            _kept.clear()
        _kept[use] = _walked_apart(analyzer, text, use)
    kept = _kept.get(use)
    if kept is None:
        return None
    found, *truths = analyzer.graph.follow(kept.recipe, [value.node for value in values])  # type: ignore[misc]
    analyzer.used |= kept.used
    pointer = analyzer.pointer
    analyzer.truths += [(pointer, node, number) for node, number in zip(kept.truths, truths, strict=True)]
    return Value(kept.value.kind, found)


@lru_cache(maxsize=_KEPT)
def _names(text: str) -> tuple[str, ...]:
    """The names that an expression uses, besides those that mean the same everywhere."""
    known = (*MARKET_DATA, "timeframe")
    used = dict.fromkeys(node.name for node in parse(text).nodes if isinstance(node, Name))
    return tuple([name for name in used if name not in known])


@cache
def _nothing() -> Document:
    return load({})


def _walked_apart(analyzer: _Analyzer, text: str, use: _Use) -> _Kept | None:
    """What an expression becomes over operands; None if anything is to be said of it."""
    parsed = parse(text)
    assert parsed.tree is not None, text
    apart = type(analyzer)(Outline(timeframe=use[1]), _nothing(), Speller(), section=analyzer.section)
    operands: list[int] = []
    for at, (name, (kind, constant)) in enumerate(zip(_names(text), use[2], strict=True)):
        unknown = constant is None
        operands.append(
            apart.graph.op("operand", params=(at,)) if unknown else apart.graph.number(constant or 0.0)
        )
        apart.values[name] = Value(kind, operands[-1])  # type: ignore[arg-type]
    apart.score = apart.values.get("score", apart.score)
    value = apart.walk(parsed.tree)
    if parsed.mistakes or apart.findings or value.node is None:
        return None
    recipe = apart.graph.recipe(operands, value.node, *[number for _, _, number in apart.truths])
    return _Kept(value, recipe, tuple([node for _, node, _ in apart.truths]), frozenset(apart.used))
