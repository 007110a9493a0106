"""An axis of a sweep: a name and the values that it may get, and the texts and lists that say so.

Whatever a user wrote becomes an `Axis`, or a SpaceError that names it and says a way out; nothing here
knows a strategy, and what a text leaves out stays open. All steps are taken in decimal digits, as they are
written, and ranges that would need more digits than float64 keeps are refused. So no value is ever rounded.

Worked: `x=0.1:0.35:0.1` has the values 0.1, 0.2 and 0.3. `x=0.1:0.35` has no step yet, `x` not even ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from typing import Any

from ..grammar.words import LIMITS, NAME, quoted
from ..schemas.parameters import Value, exact, normal, plain, read_value, shown

WEIGHT = "score."
"""What the name of a weight begins with; `score.trendUp` is the weight of the condition `trendUp`."""

MOST = 1_000_000
"""How many combinations a grid may have, and how many values may be listed for one axis."""

_DIGITS = 15  # what float64 keeps of any decimal number
_FORMS = "5:50:5, 20,50,100 or 5:50"


class SpaceError(ValueError):
    """What cannot be varied, or not like this; the text names it and says a way out."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What one name may be: the `values` in their order, or a range.

    A range has the values `low`, `low + step` and so on up to `high`, whole numbers if `whole`; without a
    step it is all numbers from `low` to `high`. An axis with neither values nor ends is what the parameter
    declares.

    >>> steps = Axis("fast", low=5.0, high=15.0, step=5.0, whole=True)
    >>> steps.count, steps.value(2), Axis("x", low=1.0, high=3.0).value(0.25)
    (3, 15, 1.5)
    """

    name: str
    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    whole: bool = False

    def __str__(self) -> str:
        """The text that `read_axis` reads as this axis.

        >>> str(Axis("fast", low=5.0, high=50.0, step=5.0)), str(Axis("loud", (True, False)))
        ('fast=5:50:5', 'loud=true,false')
        """
        ends = [end for end in (self.low, self.high, self.step) if end is not None]
        written = ",".join(map(shown, self.values)) or ":".join(map(shown, ends))
        return f"{self.name}={written}" if written else self.name

    @property
    def count(self) -> int | None:
        """How many values there are, None where they cannot be counted."""
        if self.values:
            return len(self.values)
        if self.low is None or self.high is None or self.step is None:
            return None
        return int((exact(self.high) - exact(self.low)) // exact(self.step)) + 1

    def value(self, at: float) -> Value:
        """The value with this number, or at this share of a range without steps."""
        if self.values:
            return self.values[int(at)]
        assert self.low is not None and self.high is not None
        if self.step is None:
            return min(self.low + at * (self.high - self.low), self.high) + 0.0
        return _step_value(self.low, self.step, self.whole, int(at))


@lru_cache(1 << 16)  # exact fractions take 20 µs, and a grid has each value of an axis very often
def _step_value(low: float, step: float, whole: bool, at: int) -> Value:
    return normal("integer" if whole else "number", float(exact(low) + at * exact(step)))


def read_axis(text: str) -> Axis:
    """An axis as the command line has it; SpaceError with a way out for any other text.

    Values with commas; `low:high:step`, both ends inclusive; `low:high` for all that the parameter may be
    between them; the name alone for all that it may be.

    >>> [read_axis("x=0.1:0.3:0.1").value(k) for k in range(3)]
    [0.1, 0.2, 0.3]
    >>> read_axis("loud=true,false").values
    (True, False)
    >>> read_axis("fast=50:5:5")
    Traceback (most recent call last):
    ...
    dslc.sweep.axis.SpaceError: `fast`: 50:5:5 ends before it begins: write 5:50:5
    """
    name, equals, written = text.partition("=")
    name, written = name.strip(), written.strip()
    if not _is_name(name):
        raise SpaceError(
            f"{quoted(name, 40)} is no name of a parameter or weight: write NAME=VALUES, for instance "
            "fast=5:50:5, slow=20,50 or score.trendUp=10:50:10"
        )
    if not equals:
        return Axis(name)
    if not written:
        raise SpaceError(
            f"`{name}`: no values follow the equals sign: write {_FORMS}, or {name} alone for all it may be"
        )
    if ":" in written and "," in written:
        raise SpaceError(
            f"`{name}`: {quoted(written, 40)} mixes a range and a list: write one of both, as in {_FORMS}"
        )
    if ":" in written:
        return _read_range(name, written)
    if written.count(",") >= MOST:
        raise _too_many(name)
    return Axis(name, tuple(_read_value(name, part) for part in written.split(",")))


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name.removeprefix(WEIGHT)) is not None


def _read_range(name: str, written: str) -> Axis:
    parts = written.split(":", 3)
    if len(parts) > 3:
        raise SpaceError(f"`{name}`: {quoted(written, 40)} has more than three parts: write low:high:step")
    numbers = [_read_value(name, part) for part in parts]
    for number, part in zip(numbers, parts, strict=True):
        if isinstance(number, bool):
            raise SpaceError(f"`{name}`: {part.strip()} is no end or step of a range: write true,false")
    return range_axis(name, *numbers)


def _read_value(name: str, written: str) -> Value:
    part = written.strip()
    value = read_value(part)
    if value is not None:
        return _number(name, value)
    if len(part) > LIMITS.number_characters:
        raise SpaceError(f"`{name}`: {quoted(part, 40)} is too long for a number: round it")
    written = quoted(part, 40) if part else "an empty value"
    raise SpaceError(f"`{name}`: {written} is no number, true or false: write {_FORMS}")


def _number(name: str, value: Any) -> Value:
    """A finite number or a truth that a caller gave, as one of Python; -0 is 0."""
    value = plain(value)
    if isinstance(value, bool):
        return value
    if not isinstance(value, int | float):
        raise SpaceError(f"`{name}`: {shown(value)} is no number, true or false: give numbers")
    if not -1.7e308 < value < 1.7e308:  # also of whole numbers that no float64 holds, and NaN
        what = "a number that is too large" if isinstance(value, int) else str(value)
        raise SpaceError(f"`{name}`: {what} is no finite number: write a smaller one")
    return float(value) + 0.0


def range_axis(name: str, low: Value, high: Value, step: Value | None = None) -> Axis:
    """A range whose steps come out exactly; SpaceError for one that leads nowhere."""
    ends = f"{shown(low)}:{shown(high)}"
    if step is not None and step <= 0:
        raise SpaceError(f"`{name}`: the step {shown(step)} leads nowhere: write one above 0, as in {ends}:1")
    tail = "" if step is None else f":{shown(step)}"
    if low > high:
        swapped = f"{shown(high)}:{shown(low)}{tail}"
        raise SpaceError(f"`{name}`: {ends}{tail} ends before it begins: write {swapped}")
    if not isfinite(high - low):
        raise SpaceError(f"`{name}`: {ends}{tail} is too wide: write ends that are nearer to each other")
    if step is not None and not _keeps_digits(low, high, step):
        raise SpaceError(
            f"`{name}`: {ends}{tail} needs numbers of more than {_DIGITS} digits: round the ends and the step"
        )
    return Axis(name, low=low, high=high, step=step)


def _keeps_digits(low: float, high: float, step: float) -> bool:
    """Whether float64 keeps every decimal number from `low` to `high` in these steps."""
    unit = Fraction(10) ** min(_last_digit(low), _last_digit(step))
    return max(abs(exact(low)), abs(exact(high))) / unit < 10**_DIGITS


def _last_digit(value: float) -> int:
    """The power of ten of the last digit that is not 0.

    >>> _last_digit(1500.0), _last_digit(0.25), _last_digit(0.0)
    (2, -2, 308)
    """
    mantissa, _, power = repr(float(value)).partition("e")
    whole, _, rest = mantissa.partition(".")
    digits = (whole + rest).rstrip("0")
    if not digits.strip("-0"):
        return 308
    return int(power or 0) + len(whole) - len(digits)


def given_axis(name: Any, values: Any) -> Axis:
    """An axis as a mapping in Python has it: a name, and a list, a range, a text, one value or None."""
    if not isinstance(name, str) or not _is_name(name):
        raise SpaceError(f"{quoted(str(name), 40)} is no name of a parameter or weight: give names as texts")
    if values is None:
        return Axis(name)
    if isinstance(values, Axis):
        return _made(name, values)
    if isinstance(values, str):
        return read_axis(f"{name}={values}")
    if isinstance(values, range):
        return _given_range(name, values)
    if type(values).__module__.partition(".")[0] in ("numpy", "pandas", "polars"):
        as_list = getattr(values, "tolist", None) or getattr(values, "to_list", None)
        values = as_list() if as_list else values
    if isinstance(values, bool | int | float):
        values = [values]
    if not isinstance(values, list | tuple):
        raise SpaceError(
            f"`{name}`: {type(values).__name__} is no list of values: give a list, a range, a text "
            f'like "5:50:5", or None for its declared range'
        )
    if not values:
        raise SpaceError(f"`{name}`: no values to try: give one or more, or None for its declared range")
    if len(values) > MOST:
        raise _too_many(name)
    return Axis(name, tuple(_number(name, value) for value in values))


def _made(name: str, axis: Axis) -> Axis:
    """An axis that a caller has made, looked at like any other."""
    if axis.values or axis.low is None or axis.high is None:
        return given_axis(name, axis.values or None)
    ends = (axis.low, axis.high) if axis.step is None else (axis.low, axis.high, axis.step)
    return range_axis(name, *(_number(name, end) for end in ends))


def _given_range(name: str, values: range) -> Axis:
    if not values:
        raise SpaceError(f"`{name}`: the range has no values: give one that has")
    low, high, step = (_number(name, number) for number in (values[0], values[-1], values.step))
    if step > 0:
        return range_axis(name, low, high, step)
    if (values.start - values.stop) // -values.step >= MOST:
        raise _too_many(name)
    return Axis(name, tuple(_number(name, value) for value in values))


def _too_many(name: str) -> SpaceError:
    return SpaceError(f"`{name}`: more than {MOST:,} values are listed: write a range, low:high:step")
