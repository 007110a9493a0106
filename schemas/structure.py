"""Checks the shape of a document, section by section, and hands on what has the right shape.

A generic JSON Schema validator was measured and set aside for this job: it takes forty times
longer than this dispatch by key and its sentences speak of schemas, not of strategies.
The published schema (`schema.py`) says the same; a test with the `jsonschema` library holds the
two together on generated documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import re
from typing import Any

from ..grammar import catalogue as say
from ..grammar.diagnostics import MAX_DIAGNOSTICS, Finding, Mend, Message
from ..grammar.dialects import key_of, timeframe_of
from ..grammar.document import ENVELOPE_KEY, Document, Unreadable, kind_of
from ..grammar.spelling import Speller
from ..grammar.words import LIMITS, MINUTES, NAME, UTC, is_reserved, listing, number_text, quoted
from . import remedies
from .parameters import KINDS, Flaw, Parameter, declared, shown
from .parameters import OPTIONAL as PARAMETER_OPTIONAL
from .parameters import REQUIRED as PARAMETER_REQUIRED
from .signatures import Signature, signature
from .zones import is_spelling, is_zone, nearest_zone

SECTIONS = ("configuration", "inputs", "conditions", "score", "decision")
OPTIONAL = ("$schema", "name", "description", "language", "parameters", "constraints", "functions")
LANGUAGE = 1
MARKET = ("timezone", "series", "symbols")
"""The keys of `configuration` that may be left out."""


@dataclass(frozen=True)
class Market:
    """What a document says of the market besides the timeframe.

    `timezone` is whose clock is meant, `series` are further columns of the bars, `symbols` further
    instruments, by the names that stand for them in expressions.
    """

    timezone: str = UTC
    series: tuple[str, ...] = ()
    symbols: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A function of the document: its key as it stands there, what that says, and the formula."""

    key: str
    signature: Signature
    formula: str


@dataclass
class Outline:
    """The parts of a document that have the right shape, ready for the analyzer.

    `unusable` holds names that are declared but have no readable expression, so that a use of
    one is not called unknown as well; `unusable_functions` holds names of functions for the same reason.
    `constraints` go by their places in the list, `functions` by their names.
    """

    timeframe: str | None = None
    market: Market = field(default_factory=lambda: Market())
    inputs: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    entry: str | None = None
    name: str | None = None
    description: str | None = None
    unusable: set[str] = field(default_factory=set)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    constraints: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Declaration] = field(default_factory=dict)
    unusable_functions: set[str] = field(default_factory=set)


def check_structure(document: Document, speller: Speller) -> tuple[Outline, list[Finding]]:
    """The outline of a document and what is wrong with its shape."""
    outline = Outline()
    data = document.data
    if data is None or ENVELOPE_KEY in data:
        return outline, []
    check = _Check(outline, speller, data)
    check.keys(data, (), "a strategy", SECTIONS, OPTIONAL)
    check.texts(data)
    check.configuration(data.get("configuration"))
    check.parameters(data.get("parameters", {}))
    check.constraints(data.get("constraints", []))
    check.functions(data.get("functions", {}))
    check.expressions(data.get("inputs"), "inputs", outline.inputs)
    check.expressions(data.get("conditions"), "conditions", outline.conditions)
    check.score(data.get("score"))
    check.decision(data.get("decision"))
    return outline, check.findings


class _Check:
    """One method a section; each guards its own type first."""

    def __init__(self, outline: Outline, speller: Speller, data: dict[str, Any]) -> None:
        self.outline = outline
        self.data = data
        self.speller = speller
        self.findings: list[Finding] = []
        self.parameter_names: set[str] = set()
        self.market_names: set[str] = set()

    def add(self, message: Message, *pointer: str, key: bool = False, mend: Mend | None = None) -> None:
        self.findings.append(Finding(message, pointer, "key" if key else "value", mend=mend))

    def keys(
        self,
        value: dict[str, Any],
        pointer: tuple[str, ...],
        where: str,
        required: Iterable[str],
        optional: Iterable[str] = (),
    ) -> None:
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries(where, len(value), LIMITS.entries), *pointer, key=True)
            return
        known = (*required, *optional)
        known_keys = listing(known)
        for key in value:
            if key not in known:
                nearest = self.speller.nearest(key, known)
                words = key_of(key, known)
                hint = words.text if words is not None and words.text not in value else nearest
                mend = remedies.of_key(key, pointer, value, known, nearest)
                self.add(say.unknown_key(key, where, hint, known_keys), *pointer, key, key=True, mend=mend)
        for key in required:
            if key not in value:
                mend = remedies.of_missing(key, pointer, value)
                self.add(say.missing_key(key, where), *pointer, mend=mend)

    def section(self, value: Any, name: str) -> bool:
        """Whether a section is an object; an absent one was reported with the keys."""
        if isinstance(value, dict):
            return True
        if value is not None:
            mend = remedies.of_section(name, value)
            self.wrong_type(value, f"`{name}`", "an object", name, mend=mend)
        return False

    def wrong_type(
        self,
        value: Any,
        where: str,
        expected: str,
        *pointer: str,
        help_: str | None = None,
        mend: Mend | None = None,
    ) -> None:
        """A value of the wrong type; what is unreadable was reported with the text."""
        if not isinstance(value, Unreadable):
            self.add(say.wrong_json_type(where, expected, kind_of(value), help_), *pointer, mend=mend)

    def texts(self, data: dict[str, Any]) -> None:
        for key in ("$schema", "name", "description"):
            value: Any = data.get(key, "")
            if not isinstance(value, str):
                self.wrong_type(value, f"`{key}`", "a string", key, mend=remedies.of_text((key,), value))
        for name in SECTIONS:
            if name in data and data[name] is None:
                self.wrong_type(None, f"`{name}`", "an object", name)
        language = data.get("language", LANGUAGE)
        if isinstance(language, bool) or not isinstance(language, int | float):
            mend = remedies.of_language(language)
            help_ = f"write {LANGUAGE}"
            self.wrong_type(language, "`language`", "a number", "language", help_=help_, mend=mend)
        elif language != LANGUAGE:
            self.add(say.unknown_language(str(language)), "language")
        self.outline.name = _text(data.get("name"))
        self.outline.description = _text(data.get("description"))

    def configuration(self, value: Any) -> None:
        if not self.section(value, "configuration"):
            return
        self.keys(value, ("configuration",), "`configuration`", ("timeframe",), MARKET)
        self.outline.market = Market(
            self.timezone(value.get("timezone", UTC)),
            self.series(value.get("series", [])),
            self.symbols(value.get("symbols", {})),
        )
        if "timeframe" not in value:
            return
        timeframe = value["timeframe"]
        if isinstance(timeframe, str) and timeframe in MINUTES:
            self.outline.timeframe = timeframe
        elif isinstance(timeframe, str):
            nearest = timeframe.upper() if timeframe.upper() in MINUTES else timeframe_of(timeframe)
            mend = remedies.of_timeframe(timeframe)
            self.add(say.unknown_timeframe(timeframe, nearest), "configuration", "timeframe", mend=mend)
        else:
            where = "configuration", "timeframe"
            mend = remedies.of_timeframe(timeframe)
            help_ = 'for example "1H"'
            self.wrong_type(timeframe, "`timeframe`", "a string", *where, help_=help_, mend=mend)

    def timezone(self, value: Any) -> str:
        where = "configuration", "timezone"
        if not isinstance(value, str):
            self.wrong_type(value, "`timezone`", "a string", *where, help_='for example "Europe/Berlin"')
        elif is_zone(value):
            return value
        else:
            nearest = nearest_zone(value, self.speller)
            mend = None if nearest is None else remedies.put(where, nearest, is_spelling(value, nearest))
            self.add(say.unknown_timezone(value, nearest), *where, mend=mend)
        return UTC

    def series(self, value: Any) -> tuple[str, ...]:
        where = "configuration", "series"
        if not isinstance(value, list):
            mend = remedies.of_series(value)
            self.wrong_type(value, "`series`", "a list of names", *where, mend=mend)
            self.outline.unusable.update(remedies.names_in(value))
            return ()
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries("series", len(value), LIMITS.entries), *where, key=True)
            self.outline.unusable.update(name for name in value if isinstance(name, str))
            return ()
        found = []
        for at, name in enumerate(value):
            if not isinstance(name, str):
                self.wrong_type(name, "a series", "a string", *where, str(at))
                self.outline.unusable.update(remedies.names_in(name))
            elif self.declares(name, *where, str(at), key=False):
                found.append(name)
        return tuple(found)

    def symbols(self, value: Any) -> dict[str, str]:
        where = "configuration", "symbols"
        if not isinstance(value, dict):
            help_ = 'for example {"spy": "SPY"}'
            self.wrong_type(value, "`symbols`", "an object", *where, help_=help_)
            return {name: name for name in remedies.names_in(value)}
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries("symbols", len(value), LIMITS.entries), *where, key=True)
            return {name: name for name in value}
        found = {}
        for name, symbol in value.items():
            found[name] = name  # also of what is wrong, whose uses are no mistakes of their own
            if symbol == "":
                self.add(say.wrong_json_type("a symbol", "its name", "an empty string"), *where, name)
            elif not isinstance(symbol, str):
                self.wrong_type(symbol, "a symbol", "a string with its name", *where, name)
            elif self.declares(name, *where, name, key=True):
                found[name] = symbol
        return found

    def declares(self, name: str, *pointer: str, key: bool) -> bool:
        """Whether a name of further market data is a free one."""
        if not NAME.fullmatch(name):
            self.add(say.bad_name(name), *pointer, key=key)
        elif is_reserved(name):
            self.add(say.reserved_name(name), *pointer, key=key)
        elif name in self.market_names:
            self.add(say.name_taken(name, "market data"), *pointer, key=key)
        else:
            self.market_names.add(name)
            return True
        return False

    def parameters(self, value: Any) -> None:
        if value is None:
            self.wrong_type(None, "`parameters`", "an object", "parameters")
        if not self.section(value, "parameters"):
            return
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries("parameters", len(value), LIMITS.entries), "parameters", key=True)
            self.outline.unusable.update(value)
            return
        for name, declaration in value.items():
            self.name(name, "parameters")
            parameter = self.parameter(name, declaration)
            if parameter is None:
                self.outline.unusable.add(name)
            else:
                self.outline.parameters[name] = parameter
        self.parameter_names = set(value)

    def parameter(self, name: str, declaration: Any) -> Parameter | None:
        where = "parameters", name
        if not isinstance(declaration, dict):
            number = isinstance(declaration, int | float)
            help_ = f'write {{"default": {shown(declaration)}}}' if number else None
            mend = remedies.put(where, {"default": declaration}, True) if number else None
            self.wrong_type(declaration, "a parameter", "an object", *where, help_=help_, mend=mend)
            return None
        before = len(self.findings)
        self.keys(declaration, where, f"the parameter {quoted(name)}", PARAMETER_REQUIRED, PARAMETER_OPTIONAL)
        for key, item in declaration.items():
            self.declaration(item, name, key)
        if len(self.findings) > before:
            return None
        found = declared(name, declaration)
        if isinstance(found, Flaw):
            mend = remedies.of_ends(where, declaration) if found.key == "max" else None
            self.add(say.bad_parameter(name, found.problem, found.help), *where, found.key, mend=mend)
            return None
        if not found.accepts(found.default):
            message = say.value_out_of_range(name, shown(found.default), found.demand)
            self.add(message, *where, "default")
            return None
        return found

    def declaration(self, item: Any, name: str, key: str) -> None:
        """The type of one key of a parameter."""
        where = "parameters", name, key
        number = isinstance(item, int | float) and not isinstance(item, bool)
        if key == "default" and not (number or isinstance(item, bool)):
            mend = remedies.of_declaration(where, item)
            self.wrong_type(item, "`default`", "a number, true or false", *where, mend=mend)
        elif key in ("min", "max", "step") and not number:
            mend = remedies.of_declaration(where, item)
            self.wrong_type(item, f"`{key}`", "a number", *where, mend=mend)
        elif key in ("unit", "description") and not isinstance(item, str):
            self.wrong_type(item, f"`{key}`", "a string", *where)
        elif key == "type" and item not in KINDS:
            found = quoted(item) if isinstance(item, str) else kind_of(item)
            self.add(say.wrong_json_type("`type`", f"one of {listing(KINDS)}", found), *where)
        elif key == "choices" and not isinstance(item, list):
            self.wrong_type(item, "`choices`", "a list of numbers", *where)
        elif key == "choices":
            for choice in item:
                if isinstance(choice, bool) or not isinstance(choice, int | float):
                    self.wrong_type(choice, "a choice", "a number", *where)

    def constraints(self, value: Any) -> None:
        if not isinstance(value, list):
            mend = remedies.put(("constraints",), [value], True) if isinstance(value, str) else None
            self.wrong_type(value, "`constraints`", "a list of expressions", "constraints", mend=mend)
            return
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries("constraints", len(value), LIMITS.entries), "constraints", key=True)
            return
        for at, constraint in enumerate(value):
            if isinstance(constraint, str):
                self.outline.constraints[str(at)] = constraint
            else:
                self.wrong_type(constraint, "a constraint", "a string", "constraints", str(at))

    def functions(self, value: Any) -> None:
        if value is None:
            self.wrong_type(None, "`functions`", "an object", "functions")
        if not self.section(value, "functions"):
            return
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries("functions", len(value), LIMITS.entries), "functions", key=True)
            self.outline.unusable_functions.update(*map(remedies.words_in, value))
            return
        for key, formula in value.items():
            found = self.signature(key)
            where = "functions", key
            if not isinstance(formula, str):
                number = isinstance(formula, int | float) and not isinstance(formula, bool)
                help_ = f'write "{number_text(formula)}"' if number else None
                mend = remedies.of_expression(where, formula)
                self.wrong_type(formula, "a formula", "a string", *where, help_=help_, mend=mend)
            elif found is not None:
                self.outline.functions[found.name] = Declaration(key, found, formula)
                continue
            self.outline.unusable_functions.update(remedies.words_in(key))

    def signature(self, key: str) -> Signature | None:
        """What the key of a function says, None after a report."""
        found = signature(key)
        where = "functions", key
        if found is None:
            self.add(
                say.bad_signature(key), *where, key=True, mend=remedies.of_signature(key, self.data[where[0]])
            )
            return None
        before = len(self.findings)
        for name in dict.fromkeys((found.name, *found.parameters)):
            if is_reserved(name):
                self.add(say.reserved_name(name), *where, key=True)
        if found.name in self.outline.functions:
            self.add(say.name_taken(found.name, "a function"), *where, key=True)
        for at, name in enumerate(found.parameters):
            if name in self.parameter_names:
                owner = "a parameter of the document"
                self.add(say.name_taken(name, owner), *where, key=True)
            elif name in found.parameters[:at]:
                owner = "a parameter of this function"
                self.add(say.name_taken(name, owner), *where, key=True)
        return found if len(self.findings) == before else None

    def expressions(self, value: Any, section: str, into: dict[str, str]) -> None:
        if not self.section(value, section):
            return
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries(section, len(value), LIMITS.entries), section, key=True)
            self.outline.unusable.update(value)
            return
        if not value and section == "conditions":
            self.add(say.no_conditions(), section)
        for name, expression in value.items():
            self.name(name, section)
            if isinstance(expression, str):
                into[name] = expression
                continue
            self.outline.unusable.add(name)
            number = isinstance(expression, int | float) and not isinstance(expression, bool)
            help_ = f'write "{number_text(expression)}"' if number else None
            mend = remedies.of_expression((section, name), expression)
            self.wrong_type(expression, "an expression", "a string", section, name, help_=help_, mend=mend)

    def name(self, name: str, section: str) -> None:
        if not NAME.fullmatch(name):
            few = len(self.findings) < MAX_DIAGNOSTICS // 2
            mend = remedies.of_name(name, section, self.data) if few else None
            self.add(say.bad_name(name), section, name, key=True, mend=mend)
        elif is_reserved(name):
            mend = remedies.of_reserved(name, section, self.data)
            self.add(say.reserved_name(name), section, name, key=True, mend=mend)
        elif name in self.market_names:
            self.add(say.name_taken(name, "market data"), section, name, key=True)
        elif name in self.outline.parameters or name in self.parameter_names:
            self.add(say.name_taken(name, "a parameter"), section, name, key=True)
        elif section == "conditions" and (name in self.outline.inputs or name in self.outline.unusable):
            self.add(say.name_taken(name), section, name, key=True)

    def score(self, value: Any) -> None:
        if not self.section(value, "score"):
            return
        if len(value) > LIMITS.entries:
            self.add(say.too_many_entries("score", len(value), LIMITS.entries), "score", key=True)
            return
        before = len(self.findings)
        for name, weight in value.items():
            self.outline.weights[name] = self.weight(name, weight)
        if not any(value.values()) and len(self.findings) == before:
            self.add(say.no_weights(), "score")

    def weight(self, name: str, weight: Any) -> int:
        if isinstance(weight, Unreadable):
            return 0
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            help_ = f"write {str(weight).strip()}, without quotes" if _is_whole_text(weight) else None
            deeper = remedies.of_weights(self.data["score"], self.outline.conditions)
            mend = deeper or remedies.of_weight(("score", name), weight, self.data["score"])
            self.add(say.weight_not_integer(name, kind_of(weight), help_), "score", name, mend=mend)
            return 0
        if weight != int(weight):
            self.add(
                say.weight_not_integer(name, str(weight), "round it, or scale all weights"), "score", name
            )
            return 0
        if abs(weight) > LIMITS.weight:
            self.add(say.weight_too_large(name, str(weight), LIMITS.weight), "score", name)
            return 0
        return int(weight)

    def decision(self, value: Any) -> None:
        if not self.section(value, "decision"):
            return
        self.keys(value, ("decision",), "`decision`", ("entry",))
        entry = value.get("entry")
        if isinstance(entry, str):
            self.outline.entry = entry
        elif "entry" in value:
            self.wrong_type(entry, "`entry`", "a string", "decision", "entry", mend=remedies.of_entry(entry))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _is_whole_text(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\s*-?[0-9]{1,10}\s*", value, re.ASCII))
