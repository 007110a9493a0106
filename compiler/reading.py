"""What whoever reads an expression knows of its document, and how mistakes in it are reported.

`Reading` is the lowest of the layers that an analyzer is made of: names (naming.py), calls (calling.py) and
operators (operating.py) stand on it, and the sections of a document (analyze.py) on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..grammar import catalogue as say
from ..grammar.diagnostics import MAX_DIAGNOSTICS, Finding, Mend, Message, Pointer
from ..grammar.document import Document
from ..grammar.nodes import Name, Node, inside
from ..grammar.printer import to_text
from ..grammar.rewording import Reworded
from ..grammar.spelling import Speller
from ..grammar.words import LIMITS, number_text
from ..runtime.registry import Function, function
from ..schemas.structure import Outline
from . import remedies
from .graph import Graph
from .order import ForwardUse
from .own import Calls, Own, Wrong, part_of
from .parameters import Values
from .values import UNKNOWN, UNSCORED, Kind, Section, Value


class WrongFormula(AssertionError):
    """A formula of the registry is no expression over its arguments."""


@dataclass
class Reading:
    """The state of an analyzer, and what is said of it.

    Of the document: `values` of the names that are known, `trees` of the entries, with the `constants`
    written out where parameters have values and `originals` where they have not; its `own` functions, those
    that are `broken`, their `formulas`, and what `calls` of them stand for. What was found: `findings`, uses
    of names that come later (`forward`), `truths`, numbers that stand for truths (`implied`), names that are
    `used`.

    Of the place: the `section`, the entry, where it is (`pointer`), its `text` and what it may mean
    (`other_words`); the `timeframes` of `@` around it, and how many `@` are open (`frames_open`). In the
    formula of a function its `parameters`, which are values of the candles of `home`; `expanding` is the
    function whose call is written out, `wrong` what its arguments make wrong. Messages about names
    (`messages`, `nearest`, `left_out`) and nodes of calls (`expanded`, `framed`, `numbers`) are made once.
    """

    outline: Outline
    document: Document
    speller: Speller
    graph: Graph = field(default_factory=lambda: Graph(LIMITS.nodes))
    findings: list[Finding] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    score: Value = UNSCORED
    decision: Value = UNKNOWN
    trees: dict[tuple[str, str], Node] = field(default_factory=dict)
    forward: list[ForwardUse] = field(default_factory=list)
    numbers: dict[float, Value] = field(default_factory=dict)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    section: Section = "inputs"
    entry_name: str = ""
    pointer: Pointer = ()
    length: int = 0
    text: str = ""
    other_words: Reworded | None = None
    nearest: dict[tuple[str, str], str | None] = field(default_factory=dict)
    left_out: dict[tuple[str, str], str] = field(default_factory=dict)
    parameters: dict[str, Value] = field(default_factory=dict)
    expanded: dict[tuple[str, tuple[int, ...], tuple[int, ...]], Value] = field(default_factory=dict)
    framed: dict[tuple[tuple[int, ...], str], Value] = field(default_factory=dict)
    timeframes: list[str] = field(default_factory=list)
    frames_open: list[int] = field(default_factory=lambda: [0])
    home: tuple[int, ...] = ()
    constants: Values = field(default_factory=dict)
    originals: dict[tuple[str, str], Node] = field(default_factory=dict)
    constraint_trees: dict[str, Node] = field(default_factory=dict)
    truths: list[tuple[Pointer, Node, int]] = field(default_factory=list)
    implied: list[int] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    own: dict[str, Own] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    formulas: dict[tuple[str, str], Node] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)
    local: tuple[str, ...] = ()
    expanding: Own | None = None
    wrong: list[Wrong] = field(default_factory=list)

    def walk(self, tree: Node, every: list[Value] | None = None, nodes: Sequence[Node] = ()) -> Value:
        """The value of a tree; of a layer above."""
        raise NotImplementedError

    def number(self, value: float) -> Value:
        """A constant."""
        known = self.numbers.get(value)
        if known is None:
            known = self.numbers[value] = Value("number", self.graph.number(value))
        return known

    def of_call(self, own: Own) -> Reading:
        """The analyzer of what a call of a document's function stands for; of a layer above."""
        raise NotImplementedError

    @property
    def few(self) -> bool:
        """Whether so little was found that mends are worth their time; more would not be shown."""
        return len(self.findings) < 2 * MAX_DIAGNOSTICS

    def propose(self, remedy: Callable[..., Mend | None], *what: Any) -> Mend | None:
        """The mend of a remedy for something in the expression that is being checked."""
        return remedy(self.pointer, self.text, *what) if self.few and not self.expanding else None

    @cached_property
    def of_hundred(self) -> bool:
        """Whether a percent is a point of the score."""
        weights = self.outline.weights.values()
        return sum(weights) == 100 and min(weights) >= 0

    @cached_property
    def defined(self) -> frozenset[str]:
        """All names that the document gives a meaning."""
        outline = self.outline
        names = (self.local, outline.parameters, outline.inputs, outline.conditions, outline.unusable)
        return frozenset(name for group in names for name in group)

    def callee(self, name: str) -> Function | None:
        """The function that a call by this name means; one of the document hides one of the registry."""
        if name in self.own:
            return self.own[name].function
        hidden = name in self.outline.functions or name in self.outline.unusable_functions
        return None if hidden else function(name)

    def number_operand(
        self, node: Node, value: Value, what: str, help_: str | None = None, mend: Mend | None = None
    ) -> bool:
        """Whether an operand is a number; says so if it is something else."""
        if value.kind == "truth":
            self.report(say.boolean_operand(what, help_), node.start, node.end, mend)
        elif value.kind in ("timeframe", "label"):
            shown = "`timeframe`" if value.kind == "timeframe" else "a timeframe"
            self.report(say.timeframe_misused(shown), node.start, node.end)
        return value.kind == "number"

    def truth_operand(self, node: Node, value: Value) -> Value:
        """An operand of AND, OR or NOT; a number means that it is not 0."""
        if value.kind == "truth":
            return value
        if value.kind != "number":
            self.number_operand(node, value, "")
            return Value("truth")
        mend = self.propose(remedies.of_number_as_truth, node)
        self.report(say.number_as_truth(brief(node)), node.start, node.end, mend)
        if value.node is None:
            return Value("truth")
        self.implied.append(self.graph.op("unequal", value.node, self.graph.number(0.0)))
        return Value("truth", self.implied[-1])

    def report(self, message: Message, start: int, end: int, mend: Mend | None = None) -> None:
        if self.section == "formula":
            raise WrongFormula(f"a formula of the registry is wrong: {message.text}")
        if self.expanding is not None:
            if (message.code, start, end) not in self.expanding.said:
                own = self.expanding.function
                self.wrong.append(Wrong(message, own.name, part_of(self.text, start, end)))
            return
        if self.other_words is not None and self.other_words.touches(start, end):
            all_of_it = start == 0 and end == self.length
            mend = mend if all_of_it and mend else remedies.whole(self.pointer, self.other_words)
        self.findings.append(Finding(message, self.pointer, "value", start, end, mend))

    def refuse(self, message: Message, node: Node, mend: Mend | None = None) -> Any:
        """Report a message about a whole node, and give the None that stands for its value."""
        self.report(message, node.start, node.end, mend)

    def refuse_name(
        self, message: Message, node: Name, kind: Kind = "unknown", mend: Mend | None = None
    ) -> Value:
        self.report(message, *inside(node), mend)
        return Value(kind)


def brief(node: Node) -> str:
    """A short expression as it is printed; dots for a long one."""
    text = to_text(node) if node.end - node.start <= 60 else "…"
    return text if len(text) <= 60 else "…"


def shown(number: float) -> str:
    return "undefined" if number != number else number_text(number)
