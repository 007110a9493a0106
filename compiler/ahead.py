"""Finds values that a parameter may get and that would make no strategy: a period of 0, an offset of -1.

1. Inputs that are constants are put in the places of their names, so that only parameters are left.
2. Every argument that must be a constant, and every offset, is computed for all combinations of the
   values of its parameters that the constraints allow, or for the ends of the ranges where there are too
   many.
3. A call of one of the document's own functions asks for what its formula asks for, with the arguments in
   the places of its parameters (`_Demand`). What calls of calls ask for is followed up to a limit.
4. The first combination that the analyzer would refuse is reported at the argument, with its values.

Binding analyses the document once more, so nothing that is passed over here can ever run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ..grammar import catalogue as say
from ..grammar.diagnostics import Finding, Message, Pointer
from ..grammar.nodes import Call, Name, Node, Number, Offset, postorder
from ..grammar.printer import to_text
from .graph import GraphTooLarge
from .own import reached
from .parameters import Values, assignments, combinations, names_in, replaced, written_out

if TYPE_CHECKING:
    from .analyze import _Analyzer

_MOST_NODES = 200  # of an argument with its inputs put in
_MOST_TRIALS = 8_192  # of a document
_MOST_DEMANDS = 100  # of a function
_A_TRIAL = 16  # nodes of functions that are walked in the time of a trial

_Use = tuple[str, ...]
_Demand = tuple[Node, _Use]
"""Something over the parameters of a function that must be a constant, and what it is used for."""


class Ahead:
    """The look ahead at one document whose expressions are right for the values that are bound."""

    def __init__(self, analyzer: _Analyzer) -> None:
        self.analyzer = analyzer
        self.parameters = analyzer.outline.parameters
        self.trials = 0
        self.known: dict[tuple[str, ...], tuple[Values, Message] | None] = {}
        self.constants: dict[str, Node] = {}
        for name in analyzer.outline.inputs:
            original = analyzer.originals.get(("inputs", name))  # none where half a character ends the text
            tree = None if original is None else self.inlined(original)
            if tree is not None and names_in(tree) <= set(self.parameters):
                self.constants[name] = tree
        self.demands: dict[str, list[_Demand]] = {}
        for name, own in analyzer.own.items():
            self.demands[name] = list(islice(self.demanded(own.original), _MOST_DEMANDS))

    def findings(self) -> Iterator[Finding]:
        """What some values would make wrong."""
        own = self.analyzer.own
        called = reached(list(self.analyzer.originals.values()), own) if own else ()
        for name, one in own.items():
            for node in postorder(one.original):
                for argument, use in self.asked_by(node):
                    yield from self.about(("functions", one.key), argument, argument, use)
                if isinstance(node, Call) and node.name in own and name in called:
                    for demand, use in self.demands_of(node):
                        yield from self.about(("functions", one.key), node, demand, use)
        for pointer, tree in self.analyzer.originals.items():
            for node in postorder(tree):
                for argument, use in self.asked_by(node):
                    yield from self.about(pointer, argument, self.inlined(argument), use)
                if isinstance(node, Call) and node.name in own:
                    for demand, use in self.demands_of(node):
                        yield from self.about(pointer, node, self.inlined(demand), use)

    def asked_by(self, node: Node) -> Iterator[_Demand]:
        """What must be a constant directly below a node."""
        if isinstance(node, Offset):
            yield node.count, ("offset",)
        elif isinstance(node, Call):
            called = self.analyzer.callee(node.name)
            if called is None:
                return  # a function of the document that nobody can read, which was said already
            for parameter, argument in zip(called.parameters, node.arguments, strict=False):
                if parameter.kind not in ("Series", "Truth"):
                    yield argument, (node.name, parameter.name)

    def demanded(self, formula: Node) -> Iterator[_Demand]:
        """What a formula asks for, by itself and through the functions that it calls."""
        for node in postorder(formula):
            yield from self.asked_by(node)
            if isinstance(node, Call) and node.name in self.demands:
                yield from self.demands_of(node)

    def demands_of(self, call: Call) -> Iterator[_Demand]:
        """What the formula of a function asks for, with the arguments of a call in place."""
        names = (parameter.name for parameter in self.analyzer.own[call.name].function.parameters)
        arguments = dict(zip(names, call.arguments, strict=True))
        sizes = {name: _size(tree) for name, tree in arguments.items()}
        for tree, use in self.demands[call.name]:
            if isinstance(tree, Name):
                continue  # what it must be is the kind of the parameter, which the call itself is held to
            used = [node.name for node in postorder(tree) if isinstance(node, Name)]
            if sum(sizes.get(name, 1) for name in used) <= _MOST_NODES and not sizes.keys().isdisjoint(used):
                yield replaced(tree, lambda name: arguments.get(name.name)), use

    def about(self, pointer: Pointer, place: Node, tree: Node | None, use: _Use) -> Iterator[Finding]:
        """The first combination for which an argument does not fit its use."""
        if isinstance(tree, Number):
            return
        if tree is None or not names_in(tree) <= set(self.parameters) or not self.names_of(tree):
            return
        key = (*use, to_text(tree))
        if key not in self.known:
            self.known[key] = self.refused(tree, use)
        found = self.known[key]
        if found is not None:
            values, message = found
            text = say.unfit_value(assignments(values, self.names_of(tree)), message.text)
            yield Finding(text, pointer, "value", place.start, place.end)

    def names_of(self, tree: Node) -> set[str]:
        """The parameters that an expression depends on, by itself or through the functions that it calls."""
        own = self.analyzer.own
        called = reached([tree], own) if own else ()
        found = names_in(tree).union(*(names_in(own[name].original) for name in called))
        return found & set(self.parameters)

    def refused(self, tree: Node, use: tuple[str, ...]) -> tuple[Values, Message] | None:
        names = self.names_of(tree)
        parameters = [found for name, found in self.parameters.items() if name in names]
        if isinstance(tree, Name) and parameters[0].kind == "integer":
            most = 2  # what holds for both ends of whole numbers holds between them
        else:
            most = _MOST_TRIALS
        asked = [tree for tree in self.analyzer.constraint_trees.values() if self.names_of(tree) <= names]
        for values in combinations(parameters, self.analyzer.constants, most):
            self.trials += 1
            if self.trials > _MOST_TRIALS:
                break
            if self.allowed(values, asked):
                message = self.refusal(tree, values, use)
                if message is not None:
                    return values, message
        return None

    def refusal(self, tree: Node, values: Values, use: _Use) -> Message | None:
        """Why a constant with these values does not fit its use; None too where it takes too long to know."""
        apart = self.apart(values, tree)
        try:
            called = None if use == ("offset",) else self.analyzer.callee(use[0])
            return apart.refusal(written_out(tree, values), use, called)
        except GraphTooLarge:
            return None
        finally:
            self.trials += apart.calls.spent // _A_TRIAL

    def allowed(self, values: Values, constraints: list[Node]) -> bool:
        """Whether these constraints hold, which are about no other parameters."""
        return all(self.holds(tree, values) for tree in constraints)

    def holds(self, tree: Node, values: Values) -> bool:
        apart = self.apart(values, tree)
        try:
            return apart.holds(tree) is not False
        except GraphTooLarge:
            return False
        finally:
            self.trials += apart.calls.spent // _A_TRIAL

    def apart(self, values: Values, tree: Node) -> _Analyzer:
        """An analyzer with other values; writing them into functions is work, too."""
        apart = self.analyzer.apart(values, tree)
        self.trials += sum(len(own.nodes) for own in apart.own.values()) // _A_TRIAL
        return apart

    def inlined(self, tree: Node) -> Node | None:
        """The tree with constant inputs in the places of their names; None for one that is too large."""
        if not names_in(tree) & set(self.constants):
            return tree
        size = sum(
            _size(self.constants[node.name]) if isinstance(node, Name) and node.name in self.constants else 1
            for node in postorder(tree)
        )
        if size > _MOST_NODES:
            return None
        return replaced(tree, lambda name: self.constants.get(name.name))


def _size(tree: Node) -> int:
    return sum(1 for _ in postorder(tree))
