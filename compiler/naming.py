"""What a name in an expression means: market data, what stands above it, or a mistake that is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..grammar import catalogue as say
from ..grammar.diagnostics import Mend, Message
from ..grammar.dialects import FRAMES, absent, function_of, named, plain
from ..grammar.nodes import Name, inside
from ..grammar.parser import names_argument
from ..grammar.words import MARKET_DATA, quoted
from ..runtime.registry import function
from . import remedies
from .higher import on_these_candles
from .order import ForwardUse
from .reading import Reading
from .values import UNKNOWN, Value

_OWN_CANDLES = (*FRAMES, "self", "bar", "candle")


class Naming(Reading):
    """Reads names."""

    def name(self, node: Name) -> Value:
        name = node.name
        if name in self.parameters:
            return self.given(node)
        if name in MARKET_DATA:
            return Value("number", self.graph.bar(name))
        if name == "timeframe":
            return Value("timeframe")
        if name in self.outline.market.series:
            return Value("number", self.graph.row(name, "series"))
        if "." in name:
            return self.member(node)
        if name == "score":
            if self.timeframes:
                return self.refuse_name(say.score_on_other_candles(), node, "number")
            if self.section == "decision":
                self.used.add(name)
                return self.score
            return self.refuse_name(say.score_outside_decision(), node, "number")
        known = self.values.get(name)
        if known is None:
            return self.undefined_name(node)
        self.used.add(name)
        return on_these_candles(self, node, known) if self.timeframes and known.node is not None else known

    def given(self, node: Name) -> Value:
        """An argument of the function whose formula this is: a value of the candles on which it is called."""
        value = self.parameters[node.name]
        if self.graph.frame == self.home or value.node is None or self.graph.constant(value.node) is not None:
            return value
        message = say.argument_there(node.name, self.entry_name or "", self.timeframes[-1])
        return self.refuse_name(message, node, value.kind)

    def member(self, node: Name) -> Value:
        """A field of another instrument."""
        name, _, data = node.name.partition(".")
        symbols = self.outline.market.symbols
        if name in symbols:
            return Value("number", self.graph.row(data, "symbol", symbols[name]))
        start, end = inside(node)
        nearest = self.speller.nearest(name, symbols)
        own = not symbols and plain(name) in _OWN_CANDLES
        help_, mend = None, None
        if nearest is not None:
            help_ = f"did you mean {quoted(nearest)}?"
            mend = self.propose(remedies.of_text, start, start + len(name), nearest, False)
        elif own:
            help_ = f"for the strategy's own candles write `{data}`"
            mend = self.propose(remedies.of_text, start, end, data, True)
        return self.refuse_name(say.unknown_symbol(name, data, help_), node, "number", mend)

    def undefined_name(self, node: Name) -> Value:
        name, outline = node.name, self.outline
        if self.names_argument(inside(node)[1]):
            return UNKNOWN
        key = self.section, name
        if key in self.messages and key not in self.left_out and self.nearest[key] != self.entry_name:
            return self.refuse_name(self.messages[key], node)
        if name in outline.unusable:
            return UNKNOWN
        if self.section == "function" and (name in outline.inputs or name in outline.conditions):
            return self.entry_in_function(node)
        if self.section == "inputs" and name in outline.conditions and name not in outline.inputs:
            return self.refuse_name(say.condition_in_input(name), node)
        if name in outline.inputs or name in outline.conditions:
            self.forward.append(ForwardUse(self.section, self.entry_name, name, *inside(node)))
            return UNKNOWN
        if name.lower() in ("true", "false"):
            return self.refuse_name(say.truth_literal(name), node)
        called, declared = self.callee(name), outline.functions.get(name)
        if called is not None or declared is not None:
            end = inside(node)[1]
            signature = str(declared.signature) if declared is not None else called.signature  # type: ignore[union-attr]
            without = signature.endswith("()")
            mend = remedies.rewrite(self.pointer, end, end, "()", True) if without else None
            return self.refuse_name(say.missing_parentheses(name, signature), node, mend=mend)
        if name in outline.market.symbols:
            end = inside(node)[1]
            mend = self.propose(remedies.of_text, end, end, ".close", False)
            return self.refuse_name(say.unknown_name(name, f"write `{name}.close`"), node, mend=mend)
        otherwise = self.meant_elsewhere(name)
        message = self.unknown(self.section, name, say.unknown_name, self.known_names(), otherwise)
        return self.refuse_name(message, node, mend=self.name_mend(node))

    def entry_in_function(self, node: Name) -> Value:
        """The mistake of a formula that uses an input or a condition, with the signature that would do."""
        signature = f"{self.entry_name}({', '.join((*self.local, node.name))})"
        what = "an input" if node.name in self.outline.inputs else "a condition"
        return self.refuse_name(say.entry_in_function(node.name, what, signature), node)

    def names_argument(self, end: int) -> bool:
        """Whether what ends at a place is the name of an argument, which was reported with its `=`."""
        if not self.few:
            return False
        after = self.text[end : end + 20]
        return names_argument(self.text, end + len(after) - len(after.lstrip()))

    def meant_elsewhere(self, name: str) -> str | None:
        """What to write for a name that has a meaning on other platforms."""
        words, known = named(name), function_of(name)
        if words is not None:
            return f"write `{words.text}`"
        called = None if known is None or not known.safe else function(known.text)
        return absent(name) if called is None else f"write `{called.signature}`"

    def name_mend(self, node: Name) -> Mend | None:
        nearest = self.nearest.get((self.section, node.name))
        return self.propose(remedies.of_name, node, nearest, self.known_names())

    def unknown(
        self,
        among: str,
        name: str,
        sentence: Callable[[str, str | None], Message],
        known: Iterable[str],
        otherwise: str | None = None,
    ) -> Message:
        """The message about a wrong name; made once, however often the name is used.

        Only in the entry that has the nearest name it is another one: nothing is defined by itself.
        """
        own = self.entry_name if among == self.section else ""
        known_for = self.left_out.get((among, name), own)
        if (among, name) not in self.messages or self.nearest[among, name] == own or known_for != own:
            names = tuple(known)
            nearest = self.speller.nearest(name, names)
            if nearest is not None and nearest == own:
                self.left_out[among, name] = own
                nearest = self.speller.nearest(name, (one for one in names if one != own))
            other = otherwise is not None and nearest is not None and plain(nearest) != plain(name)
            dialect = other and among in ("inputs", "conditions", "decision")
            self.nearest[among, name] = None if dialect and named(name) is None else nearest
            help_ = f"did you mean {quoted(nearest)}?" if nearest and not dialect else otherwise
            self.messages[among, name] = sentence(name, help_)
        return self.messages[among, name]

    def known_names(self) -> Iterator[str]:
        yield from (*MARKET_DATA, "timeframe")
        yield from self.outline.market.series
        yield from self.local
        yield from self.outline.parameters
        if self.section == "function":
            return
        yield from self.outline.inputs
        if self.section != "inputs":
            yield from self.outline.conditions
        if self.section == "decision":
            yield "score"
