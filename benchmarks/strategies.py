"""Many strategies as their authors write them, as data: one description, from which all contenders are made.

A strategy has one trigger (a breakout, a cross, an exhausted market, a burst of volume) and some
filters (a trend, a quiet market, turnover), each with its weight; weights add up to 100, and the
threshold is out of reach without the trigger. Periods are spread so that the strategies together
make a given number of distinct indicator calls:

1. Each indicator gets its share of the calls, with periods drawn from the range in use.
2. The calls of an indicator are a deck: shuffled, dealt one after the other, shuffled again when it
   is empty. So all of them come up, about equally often.
3. Strategies are drawn until there are enough, all distinct; whether all calls came up is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
import random
from typing import Any

INDICATORS = {
    "ema": "ema(close, {n})",
    "sma": "sma(close, {n})",
    "rsi": "rsi(close, {n})",
    "atr": "atr({n})",
    "highest": "highest(high, {n})",
    "lowest": "lowest(low, {n})",
    "volumeSma": "volumeSma({n})",
}
"""The indicators in use, as the language writes them."""

_SHARES = {
    "ema": 0.26,
    "sma": 0.22,
    "rsi": 0.12,
    "atr": 0.12,
    "highest": 0.10,
    "lowest": 0.08,
    "volumeSma": 0.10,
}
_LONGEST = {"rsi": 75}  # a long RSI hardly leaves 50
_LONGEST_OTHERS = 200


@dataclass(frozen=True)
class Call:
    """An indicator with its period."""

    indicator: str
    period: int

    @property
    def name(self) -> str:
        """What a document calls it: `ema9`."""
        return f"{self.indicator}{self.period}"

    @property
    def text(self) -> str:
        """What a document writes: `ema(close, 9)`."""
        return INDICATORS[self.indicator].format(n=self.period)


@dataclass(frozen=True)
class Term:
    """A number a candle: a field or an indicator, times a factor, some candles back."""

    source: Call | str
    factor: float = 1.0
    back: int = 0

    def __str__(self) -> str:
        name = self.source.name if isinstance(self.source, Call) else self.source
        shifted = f"{name}[{self.back}]" if self.back else name
        return shifted if self.factor == 1.0 else f"{self.factor} * {shifted}"


@dataclass(frozen=True)
class Comparison:
    """`left > right`, `left < right` or `crossUp(left, right)`; `right` may be a number."""

    left: Term
    relation: str
    right: Term | float

    def __str__(self) -> str:
        if self.relation == "crossUp":
            return f"crossUp({self.left}, {self.right})"
        return f"{self.left} {self.relation} {self.right}"


@dataclass(frozen=True)
class Condition:
    """Comparisons that must all hold, and what that is worth."""

    name: str
    comparisons: tuple[Comparison, ...]
    weight: int = 0

    def __str__(self) -> str:
        return " AND ".join(map(str, self.comparisons))


@dataclass(frozen=True)
class Spec:
    """A strategy: conditions with their weights, and the score from which on it enters."""

    conditions: tuple[Condition, ...]
    threshold: int

    @property
    def calls(self) -> tuple[Call, ...]:
        """The indicators that it reads, each once."""
        terms = (
            term
            for condition in self.conditions
            for comparison in condition.comparisons
            for term in (comparison.left, comparison.right)
        )
        sources = (term.source for term in terms if isinstance(term, Term))
        return tuple(dict.fromkeys(source for source in sources if isinstance(source, Call)))

    def document(self, timeframe: str = "1H") -> dict[str, Any]:
        """The same as a strategy of dslc."""
        return {
            "configuration": {"timeframe": timeframe},
            "inputs": {call.name: call.text for call in self.calls},
            "conditions": {condition.name: str(condition) for condition in self.conditions},
            "score": {condition.name: condition.weight for condition in self.conditions},
            "decision": {"entry": f"score >= {self.threshold}"},
        }


def strategies(count: int, calls: int, seed: int = 7) -> list[Spec]:
    """So many distinct strategies, with exactly so many distinct indicator calls among them."""
    rng = random.Random(seed)
    deal = _dealer(rng, calls)
    found: dict[Spec, None] = {}
    while len(found) < count:
        found[_strategy(rng, deal)] = None
    used = {call for spec in found for call in spec.calls}
    if len(used) != calls:
        raise AssertionError(f"{count} strategies made {len(used)} distinct calls, not {calls}")
    return list(found)


Deal = Callable[[str], Call]
"""The next call of an indicator."""


def _dealer(rng: random.Random, calls: int) -> Deal:
    counts = {name: round(share * calls) for name, share in _SHARES.items()}
    counts["ema"] += calls - sum(counts.values())
    decks = {name: _deck(rng, name, count) for name, count in counts.items()}
    return lambda name: next(decks[name])


def _deck(rng: random.Random, indicator: str, count: int) -> Iterator[Call]:
    periods = rng.sample(range(2, _LONGEST.get(indicator, _LONGEST_OTHERS) + 1), count)
    while True:
        rng.shuffle(periods)
        for period in list(periods):
            yield Call(indicator, period)


def _strategy(rng: random.Random, deal: Deal) -> Spec:
    trigger, rising = rng.choice(_TRIGGERS)
    made = [make(rng, deal, rising) for make in (trigger, *rng.sample(_FILTERS, rng.randint(2, 5)))]
    first = rng.choice((50, 55, 60))
    rest = _parts(rng, 100 - first, len(made) - 1)
    spared = sum(sorted(rest)[: len(rest) // 2])  # the lesser half of the filters may fail
    conditions = tuple(
        replace(condition, weight=weight) for condition, weight in zip(made, (first, *rest), strict=True)
    )
    return Spec(conditions, 100 - spared)


def _parts(rng: random.Random, whole: int, count: int) -> list[int]:
    """Multiples of 5 that add up to a whole."""
    cuts = sorted(rng.sample(range(1, whole // 5), count - 1))
    return [5 * (end - start) for start, end in zip((0, *cuts), (*cuts, whole // 5), strict=True)]


# --- triggers: true on few candles ----------------------------------------------------------


def _breakout(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    return _condition("breakout", Term("high"), ">", Term(deal("highest"), back=1))


def _washout(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    return _condition("washout", Term("low"), "<", Term(deal("lowest"), back=1))


def _oversold(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    call = deal("rsi")  # the longer, the nearer to 50
    return _condition("oversold", Term(call), "<", float(round(50 - rng.uniform(50, 70) / call.period**0.5)))


def _burst(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    return _condition("burst", Term("volume"), ">", Term(deal("volumeSma"), rng.choice((1.5, 1.75, 2.0))))


def _crossing(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    return _condition("crossing", Term("close"), "crossUp", Term(deal("ema")))


# --- filters: true on about half of them, with the market or, after a fall, against it ------


def _trend(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    fast, slow = _pair(deal, "ema")
    return _condition("trend", Term(fast), _than(rising), Term(slow))


def _side(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    return _condition("side", Term("close"), _than(rising), Term(deal("sma")))


def _stacked(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    fast, slow = _pair(deal, "sma")
    return _condition("stacked", Term(fast), _than(rising), Term(slow))


def _quiet(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    short, long = _pair(deal, "atr")
    return _condition("quiet", Term(short), "<", Term(long, rng.choice((1.0, 1.05, 1.1))))


def _balanced(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    rsi, shift = Term(deal("rsi")), 0 if rising else 15
    low, high = float(rng.randint(30, 40) - shift), float(rng.randint(65, 75) - shift)
    return Condition("balanced", (Comparison(rsi, ">", low), Comparison(rsi, "<", high)))


def _traded(rng: random.Random, deal: Deal, rising: bool) -> Condition:
    return _condition("traded", Term("volume"), ">", Term(deal("volumeSma"), rng.choice((0.8, 0.9, 1.0))))


def _condition(name: str, left: Term, relation: str, right: Term | float) -> Condition:
    return Condition(name, (Comparison(left, relation, right),))


def _than(rising: bool) -> str:
    return ">" if rising else "<"


def _pair(deal: Deal, indicator: str) -> tuple[Call, Call]:
    """Two calls of one indicator, the shorter one first."""
    one, other = deal(indicator), deal(indicator)
    while other == one:
        other = deal(indicator)
    return (one, other) if one.period < other.period else (other, one)


_TRIGGERS = ((_breakout, True), (_crossing, True), (_burst, True), (_washout, False), (_oversold, False))
_FILTERS = (_trend, _side, _stacked, _quiet, _balanced, _traded)
