"""A strategy with other values of its parameters and other weights.

Values have the names of parameters, and `score.NAME` for the weight of a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..compiler.canonical import digest
from ..compiler.parameters import names_in, written_out
from ..schemas.parameters import Value
from ..strategy import Strategy, compile
from .axis import WEIGHT


class Variants:
    """What a strategy becomes with other values."""

    def __init__(self, strategy: Strategy) -> None:
        self.base = strategy
        self._checked = strategy._checked

    def values(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """The values of all parameters: those that are given, and those of the strategy."""
        given = {name: value for name, value in values.items() if not name.startswith(WEIGHT)}
        return {**self._checked.values, **given}

    def weights(self, values: Mapping[str, Value]) -> dict[str, int]:
        """The weight of every condition: those that are given, and those of the strategy."""
        given = {
            name.removeprefix(WEIGHT): int(value) for name, value in values.items() if name.startswith(WEIGHT)
        }
        return {**self._checked.weights, **given}

    def allowed(self, values: Mapping[str, Value]) -> bool:
        """Whether the constraints of the document hold."""
        return not self._checked.constraints or self._checked.allows(self.values(values))

    def strategy(self, values: Mapping[str, Value]) -> Strategy:
        """The strategy with these values; StrategyError where there is none."""
        parameters = {name: value for name, value in values.items() if not name.startswith(WEIGHT)}
        bound = self.base.bind(**parameters) if parameters else self.base
        if len(parameters) == len(values):
            return bound
        weights = {name: weight for name, weight in self.weights(values).items() if weight}
        return compile({**bound.canonical, "score": weights})

    def only_decides(self, names: tuple[str, ...]) -> bool:
        """Whether these names change no input and no condition, only weights and the decision."""
        varied = set(names)
        if any(names_in(own.original) & varied for own in self._checked.own.values()):
            return False
        return not any(
            names_in(tree) & varied
            for (section, _), tree in self._checked.originals.items()
            if section in ("inputs", "conditions")
        )

    def hash(self, values: Mapping[str, Value]) -> str:
        """The hash of the strategy with these values, where they change weights and the decision only."""
        checked = self._checked
        tree = checked.originals.get(("decision", "entry"), checked.trees["decision", "entry"])
        trees = {**checked.trees, ("decision", "entry"): written_out(tree, self.values(values))}
        return digest(replace(checked, trees=trees, weights=self.weights(values)))
