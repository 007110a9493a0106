"""Parameters: numbers and truths that a document leaves open, each with a default and a range.

A declaration says what a value may be; everything else asks it: `accepts` for one value, `values` for
all of them where they can be counted.

Worked: {"default": 9, "min": 2, "max": 50} is a whole number from 2 to 50, because all three are whole;
{"default": 2.5, "min": 1, "step": 0.5} is a number of at least 1 in steps of 0.5, so 2.25 is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from numbers import Real
import re
from typing import Any, Literal

from ..grammar.words import LIMITS, clipped, number_text

Kind = Literal["integer", "number", "choice", "boolean"]
Value = float | bool

KINDS: tuple[Kind, ...] = ("integer", "number", "choice", "boolean")
REQUIRED = ("default",)
OPTIONAL = ("min", "max", "step", "choices", "type", "unit", "description")
_MOST_CHOICES = 1_000


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name that stands for one number, or one truth, in all expressions.

    `low`, `high` and `step` are None where nothing is declared; a step counts from `low`, or from the
    default without one. `choices` are empty except for a choice. Units and descriptions are for people.
    """

    name: str
    kind: Kind
    default: Value
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[float, ...] = ()
    unit: str | None = None
    description: str | None = None

    @property
    def demand(self) -> str:
        """What a value must be, as a sentence says it.

        >>> Parameter("fast", "integer", 9.0, 2.0, 50.0).demand
        'a whole number from 2 to 50'
        """
        if self.kind == "boolean":
            return "true or false"
        if self.kind == "choice":
            *others, last = map(number_text, self.choices)
            return f"{', '.join(others)} or {last}" if others else last
        noun = "a whole number" if self.kind == "integer" else "a number"
        low, high = (None if end is None else number_text(end) for end in (self.low, self.high))
        if low is not None and high is not None:
            noun += f" from {low} to {high}"
        elif low is not None or high is not None:
            noun += f" of at least {low}" if high is None else f" of at most {high}"
        if self.step is not None and (self.kind, self.step) != ("integer", 1.0):
            noun += f" in steps of {number_text(self.step)}"
        return noun

    def accepts(self, value: Any) -> bool:
        """Whether a value is one that the declaration allows.

        >>> fast = Parameter("fast", "integer", 9.0, 2.0, 50.0)
        >>> fast.accepts(12), fast.accepts(12.5), fast.accepts(51), fast.accepts(True), fast.accepts("12")
        (True, False, False, False, False)
        """
        if self.kind == "boolean" or isinstance(value, bool):
            return self.kind == "boolean" and isinstance(value, bool)
        if not isinstance(value, int | float) or value - value != 0:
            return False
        if self.kind == "choice":
            return value in self.choices
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            return False
        return self._on_grid(value)

    def _on_grid(self, value: float) -> bool:
        """In decimal digits, as they are written: 0.3 is three steps of 0.1, though no float64 says so."""
        if self._grid is None:
            return True
        start = self.low if self.low is not None else float(self.default)
        return (exact(value) - exact(start)) % exact(self._grid) == 0

    @property
    def _grid(self) -> float | None:
        """The step, which is 1 for whole numbers that declare none."""
        return 1.0 if self.step is None and self.kind == "integer" else self.step

    def values(self, most: int) -> tuple[Value, ...] | None:
        """Every value in order, or None where they cannot be counted or are more than `most`.

        >>> Parameter("x", "number", 0.2, 0.1, 0.4, 0.1).values(10)
        (0.1, 0.2, 0.3, 0.4)
        """
        if self.kind == "boolean":
            return False, True
        if self.kind == "choice":
            return self.choices if len(self.choices) <= most else None
        if self._grid is None or self.low is None or self.high is None:
            return None
        low, width = exact(self.low), exact(self._grid)
        count = (exact(self.high) - low) // width + 1
        if count > most:
            return None
        return tuple(normal(self.kind, float(low + k * width)) for k in range(count))


def exact(value: float) -> Fraction:
    """The number that the shortest digits of a float64 say."""
    return Fraction(repr(float(value)))


_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TRUTHS = {"true": True, "false": False}


def read_value(text: str) -> Value | None:
    """A number or a truth that somebody typed; None for any other text.

    >>> read_value(".5"), read_value("False"), read_value("nan")
    (0.5, False, None)
    """
    if len(text) <= LIMITS.number_characters and _NUMBER.fullmatch(text):
        return float(text)
    return _TRUTHS.get(text.lower())


def plain(value: Any) -> Any:
    """A number or truth of numpy, or of any other kind, as one of Python; everything else as it is."""
    if isinstance(value, bool | int | float):
        return value
    if type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    try:
        return float(value) if isinstance(value, Real) else value
    except OverflowError:
        return value


def normal(kind: Kind, value: Value) -> Value:
    """The one form of an accepted value: a truth, a whole number, or a float64 that is not -0."""
    if isinstance(value, bool):
        return value
    return int(value) if kind == "integer" else float(value) + 0.0


def shown(value: Any) -> str:
    """A value as a message shows it.

    >>> shown(True), shown(9.0), shown("9")
    ('true', '9', '"9"')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return clipped(number_text(value) if value - value == 0 else str(value), 40)
    return f'"{clipped(value, 40)}"' if isinstance(value, str) else type(value).__name__


# --- declarations -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a declaration: at which of its keys, the problem, and a way out."""

    key: str
    problem: str
    help: str | None = None


def declared(name: str, data: dict[str, Any]) -> Parameter | Flaw:
    """The parameter that a declaration of the right types says, or the first thing wrong with it."""
    default, choices = data["default"], data.get("choices")
    ends = [key for key in ("min", "max", "step") if key in data]
    kind = data.get("type") or _kind(default, choices, [data[key] for key in ends])
    if (kind == "choice") != (choices is not None):
        return Flaw("type" if "type" in data else "choices", "is a choice only where it has `choices`")
    if ends and kind in ("choice", "boolean"):
        return Flaw(ends[0], f"has choices or truths as its values, so `{ends[0]}` says nothing", "remove it")
    if choices is not None and not 1 <= len(choices) <= _MOST_CHOICES:
        return Flaw("choices", f"has {len(choices):,} choices", f"give 1 to {_MOST_CHOICES:,}")
    if choices is not None and len(set(choices)) < len(choices):
        return Flaw("choices", "has a choice twice", "keep one of the two")
    if data.get("step", 1) <= 0:
        return Flaw("step", "has a step that leads nowhere", "write a step above 0")
    if "min" in data and "max" in data and data["min"] > data["max"]:
        return Flaw("max", "has a max below its min", "swap the two")
    if kind == "integer":
        for key in ends:
            if data[key] != int(data[key]):
                problem = f"is a whole number, and its `{key}` is {number_text(data[key])}"
                return Flaw(key, problem, 'round it, or write "type": "number"')
    low, high, step = (None if key not in data else float(data[key]) for key in ("min", "max", "step"))
    return Parameter(
        name,
        kind,
        normal(kind, default) if _is_of(kind, default) else default,
        low,
        high,
        step,
        tuple(float(choice) + 0.0 for choice in choices or ()),
        data.get("unit"),
        data.get("description"),
    )


def _is_of(kind: Kind, default: Any) -> bool:
    return isinstance(default, bool) or kind != "integer" or default == int(default)


def _kind(default: Any, choices: Any, ends: list[float]) -> Kind:
    if isinstance(default, bool):
        return "boolean"
    if choices is not None:
        return "choice"
    return "integer" if all(number == int(number) for number in (default, *ends)) else "number"
