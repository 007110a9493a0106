"""The space of a sweep: all combinations of the values of some axes, and what a strategy allows them to be.

1. `space_of` reads what is varied (`axis.py`) and takes every axis to the strategy: what is open comes from
   the declarations of its parameters, and what a parameter or a weight cannot be is refused by name.
2. The `Space` counts its combinations without making them, and makes any of them from its place.

Worked: `fast=5:15:5 slow=20,50` has the axes (5, 10, 15) and (20, 50), so 6 combinations: 5 with 20, 5 with
50, 10 with 20, and so on; the last axis turns fastest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, prod
from typing import TYPE_CHECKING, Any

from ..grammar.spelling import Speller
from ..grammar.words import LIMITS, clipped, quoted, some
from ..schemas.parameters import Parameter, Value, exact, normal, shown
from .axis import MOST, WEIGHT, Axis, SpaceError, given_axis, range_axis, read_axis

if TYPE_CHECKING:
    from ..strategy import Strategy

__all__ = ["MOST", "WEIGHT", "Axis", "Point", "Space", "SpaceError", "read_axis", "space_of"]

Point = tuple[float, ...]
"""A place in a space: for each axis the number of its value, or a share from 0 to 1 where it has no steps."""


@dataclass(frozen=True)
class Space:
    """All combinations of the values of some axes.

    >>> space = Space((Axis("fast", (5, 10)), Axis("loud", (False, True))))
    >>> space.names, space.size, space.values((1, 0))
    (('fast', 'loud'), 4, {'fast': 10, 'loud': False})
    >>> [tuple(values.values()) for values in space]
    [(5, False), (5, True), (10, False), (10, True)]
    """

    axes: tuple[Axis, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are varied."""
        return tuple(axis.name for axis in self.axes)

    @cached_property
    def counts(self) -> tuple[int | None, ...]:
        """How many values each axis has, None where they cannot be counted."""
        return tuple(axis.count for axis in self.axes)

    @cached_property
    def size(self) -> int | None:
        """How many combinations there are, None where they cannot be counted."""
        known = [count for count in self.counts if count is not None]
        return prod(known) if len(known) == len(self.axes) else None

    @property
    def small(self) -> bool:
        """Whether all combinations can be tried: there are at most `MOST`."""
        return self.size is not None and self.size <= MOST

    def values(self, point: Point) -> dict[str, Value]:
        """The combination at a place."""
        return {axis.name: axis.value(at) for axis, at in zip(self.axes, point, strict=True)}

    def point(self, number: int) -> Point:
        """The place of the combination with this number in the order of the grid, from 0."""
        found = []
        for count in reversed(self.counts):
            assert count is not None
            number, at = divmod(number, count)
            found.append(at)
        return tuple(reversed(found))

    def nearest(self, shares: Iterable[float]) -> Point:
        """The place at these shares of the axes, each from 0 to below 1."""
        pairs = zip(self.counts, shares, strict=True)
        return tuple(share if count is None else min(int(share * count), count - 1) for count, share in pairs)

    def __iter__(self) -> Iterator[dict[str, Value]]:
        """The combinations, the last axis fastest; SpaceError where they are too many or not countable."""
        return (self.values(self.point(number)) for number in range(self.grid_size()))

    def grid_size(self) -> int:
        """`size`, or SpaceError where the combinations are too many, or cannot be counted."""
        for axis in self.axes:
            if axis.count is None:
                raise SpaceError(
                    f"`{axis.name}` is any number from {shown(axis.low)} to {shown(axis.high)}, and no grid "
                    f"tries all: write {axis.name}=LOW:HIGH:STEP, or use another sampler"
                )
        size = self.size
        assert size is not None
        if size > MOST:
            amount = f"{size:,}" if size < 10**18 else f"more than {10**18:,}"
            widest = max(self.axes, key=lambda axis: axis.count or 0)
            raise SpaceError(
                f"the grid has {amount} combinations, and {MOST:,} can be tried: take larger steps "
                f"(`{widest.name}` has {some(widest.count or 0, 'value')}), or use another sampler"
            )
        return size


def space_of(strategy: Strategy, varied: Mapping[str, Any] | Iterable[str | Axis] | str) -> Space:
    """The space over a strategy's parameters and weights; SpaceError for what cannot be varied.

    `varied` is a mapping from names to values, or texts as `read_axis` has them. Values are a list, a tuple,
    a range, an array or a single one, a text like "5:50:5", or None for all that the parameter declares.

    >>> import dslc
    >>> strategy = dslc.compile({
    ...     "configuration": {"timeframe": "1D"},
    ...     "parameters": {"fast": {"default": 9, "min": 2, "max": 50}},
    ...     "inputs": {"mean": "sma(close, fast)"},
    ...     "conditions": {"up": "close > mean"},
    ...     "score": {"up": 10},
    ...     "decision": {"entry": "score >= 10"},
    ... })
    >>> space_of(strategy, {"fast": range(5, 50, 5), "score.up": [5, 10]}).size
    18
    >>> space_of(strategy, ["fast", "score.up=5:10"]).counts
    (49, 6)
    >>> space_of(strategy, ["fats=5:50:5"])
    Traceback (most recent call last):
    ...
    dslc.sweep.axis.SpaceError: `fats` is no parameter: did you mean `fast`?
    """
    axes: list[Axis] = []
    domains, speller = _domains(strategy), Speller()
    for axis in _axes(varied):
        domain = domains.get(axis.name)
        if domain is None:
            raise _unknown(axis.name, domains, speller)
        if any(axis.name == other.name for other in axes):
            raise SpaceError(f"`{axis.name}` is varied twice: write all of its values once")
        axes.append(_settled(axis, domain))
    if not axes:
        raise SpaceError(f"nothing is varied: name what to try, {_known(domains)}")
    return Space(tuple(axes))


def _axes(varied: Mapping[str, Any] | Iterable[str | Axis] | str) -> Iterator[Axis]:
    if isinstance(varied, Mapping):
        yield from (given_axis(name, values) for name, values in varied.items())
        return
    if isinstance(varied, str):
        varied = [varied]
    if not isinstance(varied, Iterable):
        raise SpaceError(f"{type(varied).__name__} says no axes: give a mapping from names to values")
    for axis in varied:
        if not isinstance(axis, str | Axis):
            raise SpaceError(f"{shown(axis)} is no axis: give texts like fast=5:50:5")
        yield given_axis(axis.name, axis) if isinstance(axis, Axis) else read_axis(axis)


def _domains(strategy: Strategy) -> dict[str, Parameter]:
    """What every name may be; weights are whole numbers up to the limit of the language."""
    most = float(LIMITS.weight)
    names = {WEIGHT + name: weight for name, weight in strategy.weights.items()}
    weights = {name: Parameter(name, "integer", weight, -most, most) for name, weight in names.items()}
    return {**strategy.parameters, **weights}


def _unknown(name: str, domains: Mapping[str, Parameter], speller: Speller) -> SpaceError:
    noun = "weight of a condition" if name.startswith(WEIGHT) else "parameter"
    near = speller.nearest(name, domains)
    if near is None and WEIGHT + name in domains:
        near = WEIGHT + name
    way = f"did you mean `{near}`?" if near else _known(domains)
    return SpaceError(f"{quoted(name)} is no {noun}: {way}")


def _known(domains: Mapping[str, Parameter]) -> str:
    names = list(domains)
    shown_names = ", ".join(f"`{name}`" for name in names[:8])
    return f"the strategy has {shown_names}" + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _settled(axis: Axis, domain: Parameter) -> Axis:
    """The axis with nothing left open, all of whose values the parameter may have."""
    if axis.values:
        return _listed(axis, domain)
    if axis.low is None or axis.high is None:
        axis = _declared(axis, domain)
    elif axis.step is None:
        axis = _between(axis, domain, axis.low, axis.high)
    if axis.values:
        return axis
    _check_range(axis, domain)
    return replace(axis, whole=domain.kind == "integer")


def _listed(axis: Axis, domain: Parameter) -> Axis:
    seen: set[Value] = set()
    for value in axis.values:
        _check(value, domain)
        if value in seen:
            raise SpaceError(f"`{axis.name}`: {shown(value)} is listed twice: write it once")
        seen.add(value)
    return replace(axis, values=tuple(normal(domain.kind, value) for value in axis.values))


def _check(value: Value, domain: Parameter) -> None:
    if not domain.accepts(value):
        noun = "a weight" if domain.name.startswith(WEIGHT) else f"`{domain.name}`"
        where = f"`{domain.name}`: " if domain.name.startswith(WEIGHT) else ""
        demand = clipped(domain.demand, 120)
        raise SpaceError(f"{where}{noun} must be {demand}, not {shown(value)}: change its values")


def _declared(axis: Axis, domain: Parameter) -> Axis:
    """All that a parameter may be."""
    if domain.name.startswith(WEIGHT):
        raise SpaceError(f"`{axis.name}`: a weight declares no range: write {axis.name}=10:50:10")
    if domain.kind in ("boolean", "choice"):
        return replace(axis, values=domain.choices or (False, True))
    if domain.low is None or domain.high is None:
        ends = "min" if domain.low is None else "max"
        raise SpaceError(f"`{axis.name}` declares no {ends}: write {axis.name}=LOW:HIGH, or declare it")
    return _between(axis, domain, domain.low, domain.high)


def _between(axis: Axis, domain: Parameter, low: float, high: float) -> Axis:
    """All that a parameter may be from `low` to `high`, which its declared range must include."""
    if domain.kind == "boolean":
        raise SpaceError(f"`{axis.name}` must be true or false, not a range: write {axis.name}=true,false")
    if domain.kind == "choice":
        return _some_choices(axis, domain, low, high)
    for end in (low, high):
        if not replace(domain, kind="number", step=None).accepts(end):
            _check(end, domain)
    step = domain.step if domain.step is not None else 1.0 if domain.kind == "integer" else None
    if step is None:
        if low == high:
            return Axis(axis.name, (normal("number", low),))
        return range_axis(axis.name, low, high)
    start = exact(domain.low if domain.low is not None else float(domain.default))
    first = float(start + ceil((exact(low) - start) / exact(step)) * exact(step))
    if first > high:
        raise SpaceError(
            f"`{axis.name}` is {clipped(domain.demand, 120)}, and none of these is from {shown(low)} to "
            f"{shown(high)}: write a wider range"
        )
    return range_axis(axis.name, first, high, step)


def _some_choices(axis: Axis, domain: Parameter, low: float, high: float) -> Axis:
    values = tuple(choice for choice in domain.choices if low <= choice <= high)
    if not values:
        _check(low, domain)
    return Axis(axis.name, values)


def _check_range(axis: Axis, domain: Parameter) -> None:
    """Refuse a range with a value that the parameter cannot be.

    Where the first two values and the last are among those of a declaration in steps, so are all others,
    because no step is rounded; only of choices is every one looked at.
    """
    count = axis.count
    if count is None:
        return
    if domain.kind in ("boolean", "choice"):
        places: Sequence[int] = range(min(count, len(domain.choices) + 1))
    else:
        places = (0, min(1, count - 1), count - 1)
    for at in places:
        _check(axis.value(at), domain)
