"""What a call gives: its arguments are checked against the signature, and its nodes follow a recipe.

A recipe is the formula of a function over operands, walked once for all calls whose constants are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
import math

from ..grammar import catalogue as say
from ..grammar.diagnostics import Mend, Message
from ..grammar.dialects import absent, function_of, written
from ..grammar.document import load
from ..grammar.nodes import Call, Node, inside
from ..grammar.parser import parse
from ..grammar.spelling import Speller
from ..grammar.words import LIMITS, MARKET_DATA, number_text
from ..runtime.registry import (
    PERIODS,
    RANGES,
    Function,
    Parameter,
    Term,
    depends_on_functions,
    functions,
    public_names,
)
from ..schemas.structure import Outline
from . import remedies
from .graph import Recipe
from .naming import Naming
from .order import ForwardUse
from .own import Own, message_of
from .own import written_out as called_with
from .reading import WrongFormula, brief, shown
from .values import UNKNOWN, Kind, Value

_FUTURE = frozenset(("future", "lead", "next", "peek", "lookahead", "forward"))
_RANDOM = frozenset(
    ("random", "rand", "randint", "randn", "noise", "now", "today", "clock", "timenow", "uuid", "shuffle")
)
_SHIFTS = frozenset(("shift", "offset", "ref", "lag", "delay", "prev", "previous"))


class Calling(Naming):
    """Reads calls."""

    def call(self, node: Call, arguments: list[Value]) -> Value:
        called = functions().get(node.name) if self.section == "formula" else self.callee(node.name)
        if called is None:
            return self.unknown_call(node, arguments)
        least, most = called.least_arguments, len(called.parameters)
        if not least <= len(arguments) <= most:
            message = say.wrong_argument_count(called.signature, least, most, len(arguments))
            self.report(message, *inside(node), self.propose(remedies.of_call, node, None))
            return Value(called.result)
        if len(arguments) < most and self.lacks_series(called, node, arguments):
            return Value(called.result)
        swapped = partial(self.swapped, called, node, arguments)
        checked = [
            self.argument(called, parameter, argument, value, swapped)
            for parameter, argument, value in zip(called.parameters, node.arguments, arguments, strict=False)
        ]
        if None in checked:
            return Value(called.result)
        if called.name in self.own and self.own[called.name].function is called:
            return self.own_call(node, self.own[called.name], checked)  # type: ignore[arg-type]
        left_out = [self.standard(parameter) for parameter in called.parameters[len(arguments) :]]
        return self.expand(called, [*checked, *left_out])  # type: ignore[list-item]

    def own_call(self, node: Call, own: Own, values: list[Value]) -> Value:
        """What a call of a document's own function stands for; in a definition only its kind is known."""
        if self.section == "function" and self.expanding is None:
            return Value(own.function.result)
        value, wrong = called_with(self, own, values)
        if self.expanding is not None:
            self.wrong += wrong
            return value
        for one in wrong:
            self.report(message_of(one), *inside(node))
        return value

    def standard(self, parameter: Parameter) -> Value:
        """The value of an argument that is left out."""
        if not isinstance(parameter.default, str):
            return self.number(float(parameter.default or 0))
        tree = parse(parameter.default).tree
        assert tree is not None, parameter
        section, self.section = self.section, "formula"
        value = self.walk(tree)
        self.section = section
        return value

    def lacks_series(self, called: Function, node: Call, arguments: list[Value]) -> bool:
        """Whether a call that is not whole has constants alone, so that it lacks its series; says so."""
        series, *others = called.parameters
        if self.section == "formula" or series.kind != "Series" or not arguments:
            return False
        constants = [None if value.node is None else self.graph.constant(value.node) for value in arguments]
        if None in constants:
            return False
        source = str(series.default or "close")
        written = ", ".join([source, *(self.text[one.start : one.end] for one in node.arguments)])
        fitting = all(map(_fits, others, constants)) and len(written) <= 60
        shown = f"{called.name}({written})" if fitting else called.signature
        whole = len(constants) == len(others)
        mend = self.propose(remedies.of_missing_series, node, source, whole) if fitting else None
        self.report(say.series_left_out(called.name, brief(node.arguments[0]), shown), *inside(node), mend)
        return True

    def swapped(self, called: Function, node: Call, arguments: list[Value]) -> Mend | None:
        """The mend of a call whose series and period stand the wrong way round."""
        if [parameter.kind for parameter in called.parameters] != ["Series", "Period"]:
            return None
        first, second = (None if v.node is None else self.graph.constant(v.node) for v in arguments)
        if first is None or second is not None or arguments[1].kind != "number":
            return None
        return remedies.of_swapped(self.pointer, self.text, node)

    def unknown_call(self, node: Call, arguments: list[Value]) -> Value:
        name = node.name
        place = inside(node)[0], node.name_end
        taken = (*MARKET_DATA, *self.local, "score", "timeframe")
        outline = self.outline
        if name in self.broken or name in outline.unusable_functions:
            return UNKNOWN
        if name in outline.functions:
            defined = "functions", outline.functions[name].key
            use = ForwardUse("functions", self.entry_name, name, *place, self.pointer, defined)
            self.forward.append(use)
            return UNKNOWN
        if name in taken or any(
            name in names for names in (outline.parameters, outline.inputs, outline.conditions)
        ):
            what = "market data" if name in MARKET_DATA else "a value"
            mend = self.propose(remedies.of_call, node, None) or self.propose(remedies.of_value_called, node)
            self.report(say.not_callable(name, what), *place, mend)
        elif name.lower() in _FUTURE or (name.lower() in _SHIFTS and self.is_negative(arguments)):
            self.report(say.lookahead_function(name), *place)
        elif name.lower() in _RANDOM:
            self.report(say.nondeterministic_function(name), *place)
        elif name.lower() in _SHIFTS:
            mend = self.propose(remedies.of_call, node, None)
            self.report(say.unknown_function(name, "write x[1] for the value one candle ago"), *place, mend)
        else:
            message = self.foreign_function(node)
            nearest = self.nearest.get(("functions", name))
            self.report(message, *place, self.propose(remedies.of_call, node, nearest))
        return UNKNOWN

    def foreign_function(self, node: Call) -> Message:
        """The message about a function that does not exist; made once for a name."""
        name = node.name
        known = function_of(name)
        missing = absent(name)
        words = written(name, [self.text[one.start : one.end] for one in node.arguments])
        other = known is not None and words is not None and not words.text.startswith(f"{known.text}(")
        if (known is not None and not other) or missing is not None:
            help_ = missing if known is None else f"did you mean `{known.text}`?"
            return say.unknown_function(name, help_)
        if words is not None and len(words.text) <= 80:
            return say.unknown_function(name, f"write `{words.text}`")
        otherwise = "`dslc functions` lists them"
        known_names = [*self.own, *(one for one in public_names() if one not in self.own)]
        return self.unknown("functions", name, say.unknown_function, known_names, otherwise)

    def is_negative(self, arguments: list[Value]) -> bool:
        constants = [self.graph.constant(value.node) for value in arguments if value.node is not None]
        return any(number is not None and number < 0 for number in constants)

    def argument(
        self,
        called: Function,
        parameter: Parameter,
        node: Node,
        value: Value,
        swapped: Callable[[], Mend | None] = lambda: None,
    ) -> Value | None:
        """The value if it fits its parameter, None after a report; `swapped` mends what stands elsewhere."""
        if parameter.kind == "Truth":
            truth = self.truth_operand(node, value)
            return None if truth.node is None else truth
        if value.kind != "number" and not self.number_operand(node, value, f"`{called.name}`"):
            return None
        if value.node is None:
            return None
        if parameter.kind == "Series":
            return value
        number = self.graph.constant(value.node)
        if parameter.kind in PERIODS:
            return None if self.period(called, parameter, node, number, swapped) is None else value
        if number is None:
            return self.refuse(say.argument_not_constant(called.name, parameter.name), node)
        if parameter.kind == "Constant":
            return value
        least, most = RANGES.get(parameter.kind, (0.0, math.inf))
        if not (least <= number <= most if parameter.kind in RANGES else number > 0):
            demand = f"from {least:g} to {most:g}" if parameter.kind in RANGES else "above 0"
            hours = parameter.kind == "Hours"
            help_ = "count in hours: 9.5 is 09:30" if hours else None
            message = say.argument_out_of_range(called.name, parameter.name, demand, shown(number), help_)
            return self.refuse(
                message, node, self.propose(remedies.of_clock, node, number) if hours else None
            )
        return value

    def period(
        self,
        called: Function,
        parameter: Parameter,
        node: Node,
        number: float | None,
        swapped: Callable[[], Mend | None],
    ) -> int | None:
        names = called.name, parameter.name
        if number is None:
            return self.refuse(say.period_not_constant(*names), node, swapped())
        if number < 0:
            mend = remedies.of_negative(self.pointer, node)
            return self.refuse(say.lookahead_window(*names, number_text(number)), node, mend)
        least = PERIODS[parameter.kind]
        if number != number or number < min(1, least) or number != int(number):
            demand = "a whole number of at least 0"
            out_of_range = say.argument_out_of_range(*names, demand, shown(number))
            return self.refuse(say.period_not_whole(*names, shown(number)) if least else out_of_range, node)
        if number < least:
            message = say.argument_out_of_range(*names, f"at least {least}", shown(number))
            return self.refuse(message, node)
        most = LIMITS.window if least else LIMITS.window - 1
        if number > most:
            return self.refuse(say.window_too_long(*names, number_text(number), most), node)
        return int(number)

    def expand(self, called: Function, values: list[Value]) -> Value:
        """The nodes of a call, made once for the same arguments."""
        key = called.name, tuple(value.node for value in values), self.graph.frame
        known = self.expanded.get(key)  # type: ignore[arg-type]
        if known is None:
            known = self.native(called, values) if called.build else self.formula(called, values)
            self.expanded[key] = known  # type: ignore[index]
        return known

    def native(self, called: Function, values: list[Value]) -> Value:
        assert called.build is not None
        operands: list[int | float] = []
        for parameter, value in zip(called.parameters, values, strict=True):
            assert value.node is not None
            number = self.graph.constant(value.node)
            if parameter.kind in PERIODS:
                operands.append(int(number))  # type: ignore[arg-type]
            else:
                operands.append(value.node if parameter.kind in ("Series", "Truth") else number)  # type: ignore[arg-type]
        made = called.build(*operands)
        assert isinstance(made, Term)
        return Value(called.result, self.graph.term(made))

    def formula(self, called: Function, values: list[Value]) -> Value:
        constants = tuple([self.graph.constant(value.node) for value in values])  # type: ignore[arg-type]
        recipe = _free_recipe(called.name, _with_free(called, constants)) or _recipe(called.name, constants)
        (result,) = self.graph.follow(recipe, [value.node for value in values])  # type: ignore[misc]
        return Value(called.result, result)


def _fits(parameter: Parameter, number: float | None) -> bool:
    """Whether a constant may stand for a parameter."""
    if number is None or parameter.kind in ("Series", "Truth"):
        return parameter.kind == "Series"
    if parameter.kind in PERIODS:
        return PERIODS[parameter.kind] <= number <= LIMITS.window and number == int(number)
    least, most = RANGES.get(parameter.kind, (math.nextafter(0.0, 1.0), math.inf))
    return least <= number <= most


def _with_free(called: Function, constants: tuple[float | None, ...]) -> tuple[float | None, ...]:
    """The constants among arguments, without those that are only reckoned with on every candle."""
    pairs = zip(called.parameters, constants, strict=True)
    return tuple([None if parameter.kind == "Positive" else value for parameter, value in pairs])


@lru_cache(maxsize=512)
def _free_recipe(name: str, constants: tuple[float | None, ...]) -> Recipe | None:
    """One recipe for all values of the constants that are left out; None where something is made of them."""
    parameters = functions()[name].parameters
    known = {
        at
        for at, (parameter, value) in enumerate(zip(parameters, constants, strict=True))
        if value is not None or parameter.kind == "Positive"
    }
    try:
        recipe = _recipe(name, constants)
    except WrongFormula:
        return None
    for at, step in enumerate(recipe.steps, len(parameters)):
        if step.op == "const" or (step.args and known.issuperset(step.args)):
            known.add(at)
            if step.op != "const":
                return None
    return recipe


@lru_cache(maxsize=512)
def _recipe(name: str, constants: tuple[float | None, ...]) -> Recipe:
    """The nodes of a function's formula over its arguments; of constant ones the values are given."""
    called = functions()[name]
    assert called.formula is not None
    tree = parse(called.formula).tree
    assert tree is not None, name
    from .operating import Operating  # which stands on this file

    analyzer = Operating(Outline(), load({}), Speller(), section="formula")
    operands: list[int] = []
    for at, (parameter, constant) in enumerate(zip(called.parameters, constants, strict=True)):
        unknown = constant is None
        operands.append(
            analyzer.graph.op("operand", params=(at,)) if unknown else analyzer.graph.number(constant or 0.0)
        )
        kind: Kind = "truth" if parameter.kind == "Truth" else "number"
        analyzer.parameters[parameter.name] = Value(kind, operands[-1])
    result = analyzer.walk(tree).node
    assert result is not None, name
    return analyzer.graph.recipe(operands, result)


depends_on_functions(_recipe.cache_clear)
depends_on_functions(_free_recipe.cache_clear)
