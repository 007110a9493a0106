"""Owns the verdicts on a checked document: which there are, where, and which one explains which.

1. The document's nodes are in the memory of this thread (memory.py), or are taken into it; the truths in
   the text are judged from the inside out: never true, always true, or open (truths.py, phrases.py).
2. Conditions are compared in pairs that share a value: one carries another, equals it, or excludes it.
3. The decision is judged by the scores that are left (decision.py).
4. The rest is about names and numbers: what is unused or equal, compared across kinds, or defined late.

One cause is said once. What a verdict on a part explains is not said of the whole: an impossible comparison
makes its condition impossible, and only the comparison is reported. But that a strategy never enters is said
whatever the cause.

With parameters, verdicts are about all their values: what mentions a parameter, directly or by a name, is
not judged, and its conditions are free to be true or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...grammar import catalogue as say
from ...grammar.diagnostics import Finding, Message, Pointer
from ...grammar.nodes import Binary, Call, Name, Node, inside, postorder
from ...grammar.words import MINUTES
from ..analyze import Checked
from ..own import with_names
from .decision import Decision
from .memory import MOST_ASKED, SCALE
from .order import MOST_PAIRS
from .phrases import offset_mend, shown, why_always, why_never
from .truths import ALWAYS, CARRIED, CARRIES, OPEN, TooMuch, Truths, truths
from .units import SHOWN, differ

_YEAR = 365 * 1440
_MOST_ORDER = 20_000  # pairs of computations that ranges ask the order of
_ROUNDED = frozenset(("mean", "smooth", "smooth_shortly", "smooth_finely", "strength", "divide", "multiply"))
_SUMS = frozenset(("add", "subtract"))
_COMPARISONS = frozenset(("greater", "greater_or_equal", "equal", "unequal"))
_JOINTS = frozenset(("and", "or", "not", "shift"))
_THROUGH = frozenset(("highest", "lowest", "larger", "smaller", "negate", "magnitude", "shift"))


def judge(checked: Checked, known: Truths | None = None) -> list[Finding]:
    """The verdicts on a document without errors, as warnings; none on one that would take too long.

    `known` is what this thread knows, where the document was analyzed right into its memory.
    """
    known = known or truths()
    if checked.graph is known.memory:
        places: Sequence[int] = range(len(known.memory))
    elif len(checked.graph) > MOST_ASKED and _order_asked(checked) > _MOST_ORDER:
        return []
    else:
        places = known.memory.take(checked.graph)
    known.work = 0
    found = Judge(checked, known, places)
    found.names()
    found.late()
    try:
        found.parts()
        found.conditions()
        found.decision()
    except TooMuch:
        pass
    return found.findings


def _order_asked(checked: Checked) -> int:
    """How many pairs of computations the ranges of differences and quotients may have to compare."""
    sizes: list[int] = []
    asked = 0
    for node in checked.graph.nodes:
        sizes.append(min(1 + sum([sizes[arg] for arg in node.args]), MOST_PAIRS + 1))
        if node.op in ("subtract", "divide"):
            pairs = sizes[node.args[0]] * sizes[node.args[1]]
            asked += pairs if pairs <= MOST_PAIRS else 1
    return asked


@dataclass
class Judge:
    """The verdicts so far; `places` are the numbers in memory of the graph's nodes, by theirs."""

    checked: Checked
    known: Truths
    places: Sequence[int]
    findings: list[Finding] = field(default_factory=list)
    blamed: set[int] = field(default_factory=set)
    tainted: dict[Pointer, list[tuple[int, int]]] = field(default_factory=dict)
    pairs: dict[tuple[int, int], int] = field(default_factory=dict)
    scored: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        checked = self.checked
        if checked.parameters:
            self.tainted = _tainted(checked)
        self.scored = [name for name, weight in checked.weights.items() if weight]

    def add(
        self, message: Message, pointer: Pointer, place: tuple[int, int] | None = None, key: bool = False
    ) -> None:
        """One more verdict, of a value, of some of its characters, or of its key."""
        start, end = place or (None, None)
        self.findings.append(Finding(message, pointer, "key" if key else "value", start, end))

    def condition(self, name: str) -> int:
        """The number in memory of a condition."""
        return self.places[self.checked.conditions[name]]

    def is_free(self, pointer: Pointer, tree: Node | None = None) -> bool:
        """Whether a parameter has a say in an entry, or in a part of it."""
        spans = self.tainted.get(pointer)
        if not spans or tree is None:
            return bool(spans)
        return any(tree.start <= start and end <= tree.end for start, end in spans)

    def is_explained(self, truth: int) -> bool:
        """Whether a part of a truth has a verdict already, or one that explains its own."""
        memory = self.known.memory
        stack, seen = [truth], {truth}
        while stack:
            at = stack.pop()
            if memory.ops[at] in _JOINTS:
                for arg in memory.args[at]:
                    if arg in self.blamed:
                        return True
                    if arg not in seen:
                        seen.add(arg)
                        stack.append(arg)
        return False

    # --- truths and their parts ------------------------------------------------------------

    def parts(self) -> None:
        """Every truth in the text by itself, from the inside out."""
        known, places = self.known, self.places
        score = places[self.checked.score]
        self.blame_numbers()
        for pointer, tree, node in self.checked.truths:
            truth = places[node]
            if pointer[0] == "constraints" or (self.tainted and self.is_free(pointer, tree)):
                continue
            if score not in known.memory.args[truth]:
                verdict = known.alone(truth)
                if verdict != OPEN:
                    self.say_alone(verdict, pointer, tree, truth)
            crossing = isinstance(tree, Call) and len(tree.arguments) == 2
            if isinstance(tree, Binary) or (crossing and not self.is_own(tree)):
                self.risky(pointer, tree, truth)  # type: ignore[arg-type]

    def blame_numbers(self) -> None:
        """A constant among truths has a warning of its own, which explains what it makes of the rest."""
        memory = self.known.memory
        for node in self.checked.implied:
            number = self.places[node]
            x = memory.args[number][0]
            if memory.low[x] == memory.high[x]:
                self.blamed.add(number)

    def say_alone(self, verdict: int, pointer: Pointer, tree: Node, truth: int) -> None:
        """A truth that never or always holds, unless a part of it explains that."""
        if self.is_explained(truth):
            return
        self.blamed.add(truth)
        if verdict == ALWAYS:
            self.add(say.always_true(shown(tree), why_always(self, tree, truth)), pointer, inside(tree))
            return
        mend, help_ = offset_mend(self, pointer, tree, truth)
        message = say.never_true(shown(tree), why_never(self, tree, truth), help_)
        start, end = inside(tree)
        self.findings.append(Finding(message, pointer, "value", start, end, mend))

    def is_own(self, tree: Node) -> bool:
        """Whether a function of the document is called, which may be named like one of the registry."""
        return isinstance(tree, Call) and tree.name in self.checked.own

    def risky(self, pointer: Pointer, tree: Binary | Call, truth: int) -> None:
        """A comparison of what can hardly be compared."""
        memory = self.known.memory
        compared = memory.args[truth][0] if memory.ops[truth] == "and" and isinstance(tree, Call) else truth
        if memory.ops[compared] not in _COMPARISONS or truth in self.blamed:
            return
        x, y = memory.args[compared]
        exactly = isinstance(tree, Binary) and tree.operator in ("==", "!=")
        if exactly and (self.is_rounded(x, y) or self.is_rounded(y, x)):
            self.add(say.computed_equality(tree.operator), pointer, inside(tree))  # type: ignore[union-attr]
        if differ(memory.unit[x], memory.unit[y]):
            kinds = [SHOWN.get(str(memory.unit[side]), "an amount of price") for side in (x, y)]
            if isinstance(tree, Binary) and tree.operator in ("<", "<="):
                kinds.reverse()
            self.add(say.different_kinds(*kinds), pointer, inside(tree))

    def is_rounded(self, x: int, other: int) -> bool:
        """Whether x is rounded, so that it hardly ever equals the other number but by design."""
        memory = self.known.memory
        while memory.ops[x] in _THROUGH and len(memory.args[x]) == 1:
            x = memory.args[x][0]
        constant = memory.low[other] == memory.high[other]
        if constant and (memory.low[other] in (memory.low[x], memory.high[x], 0.0)):
            return False
        if memory.ops[x] == "mean" and memory.params[x][0] == 1:
            return False
        return memory.ops[x] in _ROUNDED or (memory.ops[x] in _SUMS and not constant)

    # --- conditions ------------------------------------------------------------------------

    def conditions(self) -> None:
        """What conditions have to do with each other."""
        names = [name for name in self.checked.conditions if not self.is_free(("conditions", name))]
        sharing: dict[int, list[int]] = {}
        for at, name in enumerate(names):
            truth = self.condition(name)
            if self.known.alone(truth) == OPEN:
                for term in self.known.terms(truth) or (-truth - SCALE,):
                    sharing.setdefault(term, []).append(at)
        asked: set[tuple[int, int]] = set()
        for group in sharing.values():
            if len(group) > 1:
                self.known.spend(len(group) * len(group) // 2)
                asked.update([(a, b) for k, b in enumerate(group) for a in group[:k]])
        known = {}
        truths = [self.condition(name) for name in names]
        for a, b in sorted(asked):
            found = self.known.pair(truths[a], truths[b])
            if found:
                known[names[a], names[b]] = found
        self.say_pairs(known)

    def say_pairs(self, known: Mapping[tuple[str, str], int]) -> None:
        """Equal conditions, and those that carry others with a weight; what follows from both is not said."""
        weights = self.checked.weights
        order = {name: at for at, name in enumerate(self.scored)}
        carried: dict[str, set[str]] = {}
        twins: set[str] = set()
        for (a, b), found in known.items():
            if a in order and b in order:
                pair = (order[a], order[b]) if order[a] < order[b] else (order[b], order[a])
                self.pairs[pair] = found if order[a] < order[b] else _turned(found)
            if found & CARRIES and found & CARRIED:
                if b not in twins:
                    self.add(say.equal_conditions(b, a), ("conditions", b), key=True)
                twins.add(b)
                self.told.update((a, b))
            elif found & CARRIES:
                carried.setdefault(a, set()).add(b)
            elif found & CARRIED:
                carried.setdefault(b, set()).add(a)
        for name, others in carried.items():
            for other in sorted(others, key=list(self.checked.conditions).index):
                by_another = any(other in carried.get(between, ()) for between in others)
                if weights[name] and weights[other] and not by_another and not {name, other} & twins:
                    both = weights[name] + weights[other]
                    message = say.carried_condition(name, other, weights[name], both)
                    self.add(message, ("conditions", name), key=True)
                    self.told.add(name)

    # --- the decision ----------------------------------------------------------------------

    def decision(self) -> None:
        """What the reachable scores make of the decision."""
        if "score" in self.checked.used and self.scored and not self.is_free(("decision", "entry")):
            Decision(self).say()

    # --- names, and values that come late --------------------------------------------------

    def names(self) -> None:
        """What nothing uses, and inputs that are the same."""
        checked, memory = self.checked, self.known.memory
        first: dict[int, str] = {}
        for name, node in checked.inputs.items():
            number = self.places[node]
            if name not in checked.used:
                self.add(say.unused_input(name), ("inputs", name), key=True)
            elif number in first and memory.ops[number] != "const" and not self.is_free(("inputs", name)):
                if not self.is_free(("inputs", first[number])):
                    self.add(say.equal_inputs(name, first[number]), ("inputs", name), key=True)
            else:
                first.setdefault(number, name)
        if self.scored or "score" not in checked.used:
            for name, weight in checked.weights.items():
                if not weight and name not in checked.used:
                    self.add(say.unused_condition(name), ("conditions", name), key=True)

    def late(self) -> None:
        """Values that are undefined for more than a year, where they come into being."""
        checked, first = self.checked, self.known.memory.first
        minutes = MINUTES[checked.timeframe]
        late: set[str] = set()
        roots = [("inputs", name, node) for name, node in checked.inputs.items()]
        roots += [("conditions", name, node) for name, node in checked.conditions.items()]
        for section, name, node in (*roots, ("decision", "entry", checked.entry)):
            candles = first[self.places[node]]
            if candles * minutes <= _YEAR or (section == "inputs" and name not in checked.used):
                continue
            used = _names(checked.trees[section, name]) if late else set()
            if not used & late and not self.is_free((section, name)):
                what = "the decision" if section == "decision" else f"`{name}`"
                self.add(say.long_warm_up(what, candles, candles * minutes / _YEAR), (section, name))
            late.add("score" if section == "conditions" and checked.weights[name] else name)
            late.add(name)


def _turned(found: int) -> int:
    return (
        found & ~(CARRIES | CARRIED)
        | (CARRIES if found & CARRIED else 0)
        | (CARRIED if found & CARRIES else 0)
    )


def _names(tree: Node) -> set[str]:
    return {node.name for node in postorder(tree) if isinstance(node, Name)}


def _tainted(checked: Checked) -> dict[Pointer, list[tuple[int, int]]]:
    """Where entries use parameters, directly, by the names of other entries, or by functions that do."""
    free: set[str] = set(checked.parameters)
    open_calls = with_names(checked.own, free)
    found: dict[Pointer, list[tuple[int, int]]] = {}
    for pointer, tree in checked.originals.items():
        spans = [
            inside(node)
            for node in postorder(tree)
            if (isinstance(node, Name) and node.name in free)
            or (isinstance(node, Call) and node.name in open_calls)
        ]
        if spans:
            found[pointer] = spans
            free.add(pointer[1])
    return found
