"""Random strategies, bars, JSON texts and mistakes for property tests, all from a seeded generator.

    strategy(rng)        a valid document
    bars(rng, n)         valid candles of some temper: a walk, a flat tail, ties, zero volume …
    text(document, rng)  the document as JSON, in one of the many ways to write it
    mutate(text, rng)    that text with a mistake in it, as people, models and fuzzers make them
    strategies(), bar_sets(), texts(), mutants()    the same for hypothesis, with a seed each

A strategy that is never true tests little. So an expression is drawn by what it measures (a price, a move,
a size, a percentage, a ratio, a volume), and compared with something that measures the same: a price with a
mean of prices, a size with a multiple of the atr, an rsi with a number between 35 and 65. Such strategies
are alive on any of the bars, whether prices are near 1e-8 or near 1e9. `alive=False` mixes in what has no
measure: divisions by zero, overflow, windows longer than the bars, comparisons that are always false.

Where the language leaves something open, nothing is drawn: no offset or window over a constant, no cross of
the score and no score as a truth.

    >>> sorted(strategy(random.Random(1)))[:3]
    ['conditions', 'configuration', 'decision']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
import json
import math
import random
import re
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]
Bars = dict[str, list[float]]

TIMEFRAMES = ("15M", "30M", "1H", "2H", "4H", "1D")
MORE_TIMEFRAMES = ("1M", "3M", "5M", "6H", "8H", "12H", "1W")
KINDS = ("walk", "trend", "flat", "ties", "gaps", "tiny", "huge", "quiet")
LONGEST = 3000  # characters of an expression; the language allows 4,096


# ── Terms ────────────────────────────────────────────────────────────────────────────────────────────────

OR, AND, NOT, COMPARISON, SUM, PRODUCT, MINUS, ATOM = range(8)


@dataclass(frozen=True)
class _Term:
    """A piece of text, and how tightly it binds. A percentage or a ratio also has the range in which its
    values mostly are."""

    text: str
    level: int = ATOM
    typical: tuple[float, float] = (0.0, 0.0)


class _Author:
    """Writes the expressions of one document. The names above the one being written are in `inputs` (by
    measure), `constants` (with their value) and `conditions`."""

    def __init__(self, rng: random.Random, *, alive: bool) -> None:
        self.rng = rng
        self.alive = alive
        self.inputs: dict[str, list[_Term]] = {}
        self.constants: dict[str, float] = {}
        self.conditions: list[str] = []
        self.airy = rng.random() < 0.8  # whether operators stand between spaces

    # Spelling.

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def within(self, term: _Term, level: int) -> str:
        """The term as an operand of something that binds at `level`."""
        needed = term.level < level
        return f"({term.text})" if needed or self.maybe(0.03) else term.text

    def binary(self, left: _Term, op: str, right: _Term) -> _Term:
        level = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "AND": AND, "OR": OR}.get(op, COMPARISON)
        space = " " if self.airy or op.isalpha() or self.maybe(0.5) else ""
        first = level + 1 if level == COMPARISON else level
        return _Term(f"{self.within(left, first)}{space}{op}{space}{self.within(right, level + 1)}", level)

    def call(self, name: str, *arguments: _Term) -> _Term:
        comma = ", " if self.airy else ","
        return _Term(f"{name}({comma.join(argument.text for argument in arguments)})")

    def negative(self, term: _Term) -> _Term:
        return _Term(f"-{self.within(term, MINUS)}", MINUS)

    def at(self, term: _Term, typical: tuple[float, float] = (0.0, 0.0)) -> _Term:
        offset = self.rng.choice(("0", "1", "1", "2", "3", "5", "2 - 1", "1.0"))
        small = [name for name, value in self.constants.items() if value in range(6)]
        if small and self.maybe(0.5):
            offset = self.rng.choice(small)
        return _Term(f"{self.within(term, ATOM)}[{offset}]", typical=typical)

    def literal(self, value: float) -> _Term:
        """A number in one of its spellings."""
        value = abs(value)
        spellings = [repr(value), f"{value:.6g}"]
        if value == int(value) and value < 1e6:
            spellings = [str(int(value))] * 6 + [f"{int(value)}.0", f"{int(value)}e0"]
        elif value < 1:
            spellings.append(repr(value).removeprefix("0"))
        return _Term(self.rng.choice(spellings))

    def number_near(self, low: float, high: float, digits: int = 3) -> _Term:
        return self.signed(round(self.rng.uniform(low, high), digits))

    # Constants.

    def period(self, low: int = 2, high: int = 24) -> _Term:
        known = [name for name, value in self.constants.items() if value in range(low, high + 1)]
        if known and self.maybe(0.4):
            return _Term(self.rng.choice(known))
        if not self.alive and self.maybe(0.05):
            return self.literal(self.rng.choice((1, 1, 100, 400)))
        n = self.rng.randint(low, high)
        if self.maybe(0.9):
            return self.literal(n)
        part = self.rng.randint(1, n - 1)
        return self.rng.choice(
            (
                _Term(f"{part} + {n - part}", SUM),
                _Term(f"{n + part} - {part}", SUM),
                _Term(f"{2 * n} / 2", PRODUCT),
                _Term(f"{n}.0 * 1", PRODUCT),
                _Term(f"-(-{n})", MINUS),
            )
        )

    def constant(self) -> tuple[_Term, float]:
        """The text of a constant input, and its value."""
        whole = [name for name, value in self.constants.items() if value in range(2, 12)]
        if whole and self.maybe(0.4):
            name = self.rng.choice(whole)
            value, step = self.constants[name], self.rng.randint(1, 9)
            text, result = self.rng.choice(((f"{name} * 2", value * 2), (f"{step} + {name}", value + step)))
            return _Term(text, SUM), result
        if self.maybe(0.6):
            n = self.rng.randint(1, 20)
            return self.literal(n), n
        value = round(self.rng.uniform(0.5, 2.5), 2)
        return self.literal(value), value

    def factor(self, low: float, high: float) -> _Term:
        """A constant between low and high."""
        known = [name for name, value in self.constants.items() if low <= value <= high]
        if known and self.maybe(0.3):
            return _Term(self.rng.choice(known))
        return self.number_near(low, high)

    # Numbers, by what they measure. All of them are series: none folds to a constant.

    def number(self, measure: str, depth: int) -> _Term:
        if not self.alive and self.maybe(0.15):
            return self.wild(depth)
        known = self.inputs.get(measure)
        if known and self.maybe(0.35):
            return self.rng.choice(known)
        makers: dict[str, Callable[[int], _Term]] = {
            "price": self.price,
            "move": self.move,
            "size": self.size,
            "percent": self.percent,
            "ratio": self.ratio,
            "volume": self.volume,
        }
        return makers[measure](depth - 1)

    def any_number(self, depth: int) -> _Term:
        return self.number(self.rng.choice(MEASURES), depth)

    def price(self, depth: int) -> _Term:
        if depth <= 0 or self.maybe(0.25):
            return _Term(self.rng.choice(("close", "close", "close", "open", "high", "low")))
        match self.rng.randrange(8):
            case 0 | 1 | 2:
                name = self.rng.choice(("sma", "ema", "highest", "lowest"))
                return self.call(name, self.number("price", depth), self.period())
            case 3:
                return self.at(self.number("price", depth))
            case 4:
                name = self.rng.choice(("min", "max"))
                return self.call(name, self.number("price", depth), self.number("price", depth))
            case 5:
                both = self.binary(self.number("price", depth), "+", self.number("price", depth))
                return self.binary(both, "/", _Term("2"))
            case 6:
                step = self.binary(self.factor(0.1, 1.5), "*", self.number("size", depth))
                return self.binary(self.number("price", depth), self.rng.choice("+-"), step)
            case _:
                one = self.call("abs", self.number("price", depth))
                return self.rng.choice((one, self.negative(self.negative(one)), _Term(f"({one.text})")))

    def move(self, depth: int) -> _Term:
        if depth <= 0 or self.maybe(0.4):
            return self.call("change", self.number("price", depth))
        match self.rng.randrange(6):
            case 0 | 1:
                return self.binary(_Term("close"), "-", self.number("price", depth))
            case 2:
                name = self.rng.choice(("sma", "ema"))
                return self.call(name, self.number("move", depth), self.period(2, 9))
            case 3:
                return self.at(self.number("move", depth))
            case 4:
                return self.negative(self.number("move", depth))
            case _:
                return self.binary(self.number("move", depth), "+", self.number("move", depth))

    def size(self, depth: int) -> _Term:
        if depth <= 0 or self.maybe(0.5):
            parts = ("range()", "body()", "upperWick()", "lowerWick()")
            return self.call("atr", self.period()) if self.maybe(0.4) else _Term(self.rng.choice(parts))
        match self.rng.randrange(5):
            case 0 | 1:
                name = self.rng.choice(("sma", "ema", "highest"))
                return self.call(name, self.number("size", depth), self.period())
            case 2:
                return self.call("abs", self.number("move", depth))
            case 3:
                return self.at(self.number("size", depth))
            case _:
                name = self.rng.choice(("min", "max"))
                return self.call(name, self.number("size", depth), self.number("size", depth))

    def percent(self, depth: int) -> _Term:
        typical = (38.0, 62.0)
        if depth <= 0 or self.maybe(0.6):
            measure = "price" if self.maybe(0.8) else self.rng.choice(("volume", "size", "percent"))
            return _Term(self.call("rsi", self.number(measure, depth), self.period()).text, typical=typical)
        one = self.number("percent", depth)
        if self.maybe(0.3):
            return self.at(one, typical)
        return _Term(self.call(self.rng.choice(("sma", "ema")), one, self.period(2, 6)).text, typical=typical)

    def ratio(self, depth: int) -> _Term:
        if depth > 0 and self.maybe(0.25):
            one = self.number("ratio", depth)
            if self.maybe(0.4):
                return self.at(one, one.typical)
            mean = self.call(self.rng.choice(("sma", "ema")), one, self.period(2, 6))
            return _Term(mean.text, typical=one.typical)
        match self.rng.randrange(7):
            case 0:
                m = self.rng.choice((0.5, 1, 1, 1.5, 2))
                return _Term(self.call("volumeSpike", self.literal(m)).text, typical=(0.6 / m, 1.3 / m))
            case 1:
                return self.share(_Term("close"), self.number("price", depth), (0.985, 1.015))
            case 2:
                return self.share(_Term("close - low", SUM), _Term("range()"), (0.2, 0.8))
            case 3:
                return self.share(_Term("volume"), self.call("volumeSma", self.period()), (0.6, 1.3))
            case 4:
                return self.share(self.number("move", depth), self.call("atr", self.period()), (-0.6, 0.6))
            case 5:
                return self.share(_Term("upperWick()"), _Term("lowerWick()"), (0.4, 2.0))
            case _:
                return self.share(_Term("body()"), _Term("range()"), (0.2, 0.8))

    def share(self, part: _Term, whole: _Term, typical: tuple[float, float]) -> _Term:
        term = self.binary(part, "/", whole)
        return _Term(term.text, term.level, typical)

    def volume(self, depth: int) -> _Term:
        if depth <= 0 or self.maybe(0.4):
            return self.call("volumeSma", self.period()) if self.maybe(0.3) else _Term("volume")
        match self.rng.randrange(3):
            case 0:
                name = self.rng.choice(("sma", "ema", "highest", "lowest"))
                return self.call(name, self.number("volume", depth), self.period())
            case 1:
                return self.at(self.number("volume", depth))
            case _:
                return self.binary(self.factor(0.5, 1.5), "*", self.number("volume", depth))

    def wild(self, depth: int) -> _Term:
        """A series with no measure: undefined here and there, everywhere, or of any magnitude."""
        market = _Term(self.rng.choice(("open", "high", "low", "close", "volume")))
        choices: list[Callable[[], _Term]] = [
            lambda: self.binary(market, "/", _Term("0")),
            lambda: self.binary(_Term("1"), "/", self.call("change", market)),
            lambda: self.binary(self.any_number(depth), "/", _Term("(high - close)")),
            lambda: self.binary(self.binary(market, "*", _Term("1e200")), "*", _Term("1e300")),
            lambda: self.binary(_Term("0"), "*", market),
            lambda: self.binary(self.any_number(depth - 1), "*", self.any_number(depth - 1)),
            lambda: self.binary(market, "-", self.literal(10.0 ** self.rng.randint(-9, 9))),
            lambda: self.call("sma", market, self.period()),
            lambda: self.binary(self.any_number(depth - 1), "-", self.any_number(depth - 1)),
        ]
        return self.rng.choice(choices)()

    # Truths.

    def comparison(self, depth: int) -> _Term:
        op = self.rng.choice((">", "<", ">=", "<="))
        if not self.alive and self.maybe(0.2):
            other = (
                self.any_number(depth) if self.maybe(0.6) else self.literal(10.0 ** self.rng.randint(-9, 9))
            )
            return self.binary(self.any_number(depth), self.rng.choice((op, "==", "!=")), other)
        match self.rng.randrange(12):
            case 0 | 1:
                mean = self.call(self.rng.choice(("sma", "ema")), self.number("price", depth), self.period())
                left, right = self.number("price", 1), mean
            case 2:
                left, right = self.number("price", depth), self.number("price", depth)
            case 3:
                edge = self.call(self.rng.choice(("highest", "lowest")), _Term("close"), self.period(2, 8))
                op = self.rng.choice(("==", "!=", ">=", "<"))
                left, right = _Term("close"), edge
            case 4:
                left, right = self.number("move", depth), _Term("0")
            case 5:
                step = self.binary(self.factor(0.1, 0.6), "*", self.call("atr", self.period()))
                left, right = self.number("move", depth), step
            case 6:
                right = self.binary(self.factor(0.5, 1.3), "*", self.number("size", depth))
                left = self.number("size", depth)
            case 7 | 8:
                left = self.number("percent", depth)
                right = (
                    self.number("percent", depth)
                    if self.maybe(0.2)
                    else self.factor(*(left.typical if self.alive else (38, 62)))
                )
            case 9 | 10:
                left = self.number("ratio", depth)
                right = self.factor(*left.typical)
            case _:
                right = self.binary(self.factor(0.7, 1.2), "*", self.call("volumeSma", self.period()))
                left = self.number("volume", depth)
        if self.maybe(0.03):
            op = self.rng.choice(("==", "!="))
        return self.binary(left, op, right) if self.maybe(0.8) else self.binary(right, op, left)

    def cross(self, depth: int) -> _Term:
        name = self.rng.choice(("crossUp", "crossDown"))
        match self.rng.randrange(4):
            case 0:
                return self.call(name, self.number("percent", depth), self.number_near(40, 60))
            case 1:
                return self.call(name, self.number("move", depth), _Term("0"))
            case _:
                return self.call(
                    name, _Term("close"), self.call("ema", self.number("price", depth), self.period())
                )

    def truth(self, depth: int) -> _Term:
        if depth <= 0 or self.maybe(0.35):
            if self.conditions and self.maybe(0.25):
                return _Term(self.rng.choice(self.conditions))
            return self.cross(depth) if self.maybe(0.15) else self.comparison(depth)
        match self.rng.randrange(8):
            case 0:
                return self.at(self.truth(depth - 1))
            case 1 | 2:
                return _Term(f"NOT {self.within(self.operand(depth), NOT)}", NOT)
            case 3 | 4:
                return self.chain("AND", depth)
            case _:
                return self.chain("OR", depth)

    def chain(self, op: str, depth: int) -> _Term:
        term = self.operand(depth)
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            term = self.binary(term, op, self.operand(depth))
        return term

    def operand(self, depth: int) -> _Term:
        """An operand of AND or OR, where a number may stand for a truth."""
        if self.maybe(0.08):
            return self.number(self.rng.choice(("move", "size")), depth - 1)
        if self.maybe(0.05):
            op, literal = self.rng.choice(("==", "!=", "!=")), self.rng.choice(TIMEFRAMES + MORE_TIMEFRAMES)
            return _Term(f"timeframe {op} {literal}", COMPARISON)
        return self.truth(depth - 1)

    # The decision.

    def decision(self, weights: list[int], depth: int) -> _Term:
        if not weights or self.maybe(0.05):
            return self.truth(depth + 1)
        term = self.on_score(weights)
        match self.rng.randrange(10):
            case 0 | 1:
                return self.binary(term, "AND", self.truth(depth))
            case 2:
                return self.binary(self.truth(depth), "OR", term)
            case 3:
                return _Term(f"NOT {self.within(term, NOT)}", NOT)
            case 4:
                return self.binary(term, self.rng.choice(("AND", "OR")), self.on_score(weights))
        return term

    def on_score(self, weights: list[int]) -> _Term:
        """A comparison of the score with a sum that it reaches, or passes, now and then."""
        low, high = sum(min(0, weight) for weight in weights), sum(max(0, weight) for weight in weights)
        op = self.rng.choice((">=", ">=", ">", "<=", "<", "==", "!="))
        target = round(low + (high - low) * self.rng.uniform(0.2, 0.75))
        if op in ("==", "!="):
            target = sum(weight for weight in weights if self.maybe(0.4))
        left, right = self.score_and_limit(target)
        return self.binary(left, op, right) if self.maybe(0.7) else self.binary(right, op, left)

    def score_and_limit(self, target: int) -> tuple[_Term, _Term]:
        score = _Term("score")
        match self.rng.randrange(14):
            case 0:
                return self.binary(score, "*", _Term("2")), self.binary(_Term("2"), "*", self.signed(target))
            case 1:
                return self.binary(score, "+", _Term("1")), self.signed(target + 1)
            case 2:
                return self.binary(score, "/", _Term("10")), self.signed(target / 10)
            case 3:
                return self.call("abs", score), self.signed(abs(target))
            case 4:
                return self.call("max", score, _Term("0")), self.signed(abs(target))
            case 5:
                return self.negative(score), self.signed(-target)
            case 6:
                mean = self.call("sma", score, self.period(2, 5))
                return score, mean if self.maybe(0.5) else _Term("score[1]")
            case 7:
                # An rsi is about 50 and moves by about 15.
                shift = self.binary(self.number("percent", 1), "-", _Term("50"))
                return score, self.binary(shift, "+", self.signed(target)) if self.alive else shift
            case 8 if self.constants:
                name = _Term(self.rng.choice(list(self.constants)))
                return self.binary(score, "-", self.signed(target)), name
        return score, self.signed(target)

    def signed(self, value: float) -> _Term:
        return self.negative(self.literal(value)) if value < 0 else self.literal(value)


MEASURES = ("price", "move", "size", "percent", "ratio", "volume")


# ── Documents ────────────────────────────────────────────────────────────────────────────────────────────

WORDS = (
    "fast",
    "slow",
    "trend",
    "signal",
    "base",
    "edge",
    "momentum",
    "spread",
    "filter",
    "zone",
    "x",
    "y_1",
)
ODD_NAMES = ("ema", "body", "range", "crossUp", "abs", "_", "C", "andy", "scores", "H1", "z" * 64)


def strategy(rng: random.Random, *, size: int = 4, alive: bool = True) -> Document:
    """A valid document: up to 2 * size inputs and conditions (8 at most), expressions about size / 2 calls
    deep. With `alive`, most values are defined after warm-up and most entries are sometimes true and
    sometimes not; without, part of it is degenerate (still valid)."""
    author = _Author(rng, alive=alive)
    names = _names(rng)
    depth = max(1, size // 2)

    inputs: dict[str, str] = {}
    for _ in range(rng.randint(0, min(8, 2 * size))):
        name = next(names)
        if rng.random() < 0.3:
            term, value = author.constant()
            inputs[name], author.constants[name] = term.text, value
            continue
        measure = rng.choice(MEASURES)
        term = _short(partial(author.number, measure, depth))
        inputs[name] = term.text
        author.inputs.setdefault(measure, []).append(_Term(name, typical=term.typical))

    conditions: dict[str, str] = {}
    for _ in range(rng.randint(1, max(1, min(8, 2 * size)))):
        name = next(names)
        conditions[name] = _short(lambda: author.truth(rng.randint(0, depth))).text
        author.conditions.append(name)

    score = {name: _weight(rng, alive) for name in conditions if rng.random() < 0.9}
    weights = [int(weight) for weight in score.values() if weight]
    document: Document = {
        "configuration": {"timeframe": rng.choice(TIMEFRAMES if rng.random() < 0.9 else MORE_TIMEFRAMES)},
        "inputs": inputs,
        "conditions": conditions,
        "score": score,
        "decision": {"entry": _short(lambda: author.decision(weights, depth - 1)).text},
    }
    if rng.random() < 0.1:
        document["name"] = rng.choice(("Breakout", "naïve ☂ “quoted”", "a \\ b / c", ""))
    if rng.random() < 0.1:
        document["description"] = "line one\nline two\t€ 𝄞"
    if rng.random() < 0.1:
        document["language"] = 1
    return document


def _names(rng: random.Random) -> Iterator[str]:
    """Names that differ, without an end. A function's name is as good as any."""
    taken: set[str] = set()
    while True:
        name = rng.choice(WORDS) if rng.random() < 0.9 else rng.choice(ODD_NAMES)
        while name in taken:
            name = f"{name[:60]}_{rng.randint(2, 99)}"
        taken.add(name)
        yield name


def _short(write: Callable[[], _Term]) -> _Term:
    while len((term := write()).text) > LONGEST:
        pass
    return term


def _weight(rng: random.Random, alive: bool) -> float:
    if rng.random() < 0.06:
        return 0
    if not alive and rng.random() < 0.1:
        return rng.choice((-1_000_000_000, 1_000_000_000, 999_999_937))
    weight = rng.choice((1, 5, 10, 10, 15, 20, 25, 30, 40))
    if rng.random() < 0.2:
        weight = -weight
    return float(weight) if rng.random() < 0.1 else weight


# ── Bars ─────────────────────────────────────────────────────────────────────────────────────────────────


def bars(rng: random.Random, n: int, *, kind: str = "walk") -> Bars:
    """n valid candles: all prices above 0, high and low around open and close, no volume below 0.

    walk, trend    random steps of about one percent, with and without drift
    flat           a walk whose last 40 percent stand still (not one price moves)
    ties           prices on multiples of 1/4, so that equal values and exact means are common
    gaps           an open far from the close before, now and then
    tiny, huge     prices near 1e-8, near 1e9
    quiet          stretches without volume, in half of which nothing moves
    """
    if kind not in KINDS:
        raise ValueError(f"no bars are called {kind}")
    found: Bars = {"open": [], "high": [], "low": [], "close": [], "volume": []}
    close = {"tiny": 1e-8, "huge": 1e9, "ties": 20.0}.get(kind, 100.0) * math.exp(rng.uniform(-0.3, 0.3))
    drift = 0.004 * rng.choice((-1, 1)) if kind == "trend" else 0.0
    quiet, still = 0, False
    for t in range(n):
        if kind == "quiet" and quiet == 0 and rng.random() < 0.03:
            quiet, still = rng.randint(3, 40), rng.random() < 0.5
        frozen = (kind == "flat" and t >= 0.6 * n) or (quiet > 0 and still)
        gap = rng.choice((-1, 1)) * rng.uniform(0.03, 0.2) if kind == "gaps" and rng.random() < 0.05 else 0.0
        open_ = close * math.exp(gap + rng.gauss(0, 0.0005))
        close = open_ * math.exp(rng.gauss(drift, 0.01)) if not frozen else close
        open_ = close if frozen else open_
        high = max(open_, close) * (1.0 if frozen else math.exp(abs(rng.gauss(0, 0.004))))
        low = min(open_, close) / (1.0 if frozen else math.exp(abs(rng.gauss(0, 0.004))))
        volume = 0.0 if quiet else round(1000 * math.exp(rng.gauss(0, 0.4)), 2)
        if kind == "ties":
            open_, high, low, close = (max(1, round(x * 4)) / 4 for x in (open_, high, low, close))
        quiet = max(0, quiet - 1)
        for name, value in zip(found, (open_, high, low, close, volume), strict=True):
            found[name].append(value)
    return found


# ── Text ─────────────────────────────────────────────────────────────────────────────────────────────────


def text(document: Document, rng: random.Random) -> str:
    """The document as JSON: the sections in any order, any whitespace, some characters escaped. Inputs and
    conditions keep their order, which has a meaning."""
    blank = rng.choice(("", " ", "random"))
    sections = list(document.items())
    rng.shuffle(sections)
    return _space(rng, blank) + _dump(dict(sections), rng, blank) + _space(rng, blank)


def _dump(value: Any, rng: random.Random, blank: str) -> str:
    def space() -> str:
        return _space(rng, blank)

    if isinstance(value, str):
        return _quoted(value, rng)
    if not isinstance(value, dict):
        return json.dumps(value)
    members = (
        f"{space()}{_quoted(key, rng)}{space()}:{space()}{_dump(inner, rng, blank)}{space()}"
        for key, inner in value.items()
    )
    return "{" + (",".join(members) or space()) + "}"


def _space(rng: random.Random, blank: str) -> str:
    return rng.choice(("", "", " ", "\n", "\t", "\r\n  ")) if blank == "random" else blank


def _quoted(value: str, rng: random.Random) -> str:
    plain = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.9:
        return plain
    return '"' + "".join(_escaped(c) if rng.random() < 0.3 else json.dumps(c)[1:-1] for c in value) + '"'


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2))


# ── Mistakes ─────────────────────────────────────────────────────────────────────────────────────────────

PIECE = re.compile(r"\w+|[<>=!]=|\S")
SPELLINGS = {
    "AND": ("and", "&&", "&", "And", "AND AND", ","),
    "OR": ("or", "||", "|", "Or", "XOR"),
    "NOT": ("not", "!", "not not", "~"),
    ">=": ("=>", "≥", "> =", ">>"),
    "<=": ("=<", "≤", "< =", "<<"),
    "==": ("=", "===", "equals", "is"),
    "!=": ("<>", "=!", "≠", "!=="),
    ">": ("&gt;", "gt", "> >", "→"),
    "<": ("&lt;", "lt", "<-"),
    "*": ("×", "**", "^", "%"),
    "/": ("÷", "//", ":"),
    "-": ("−", "–", "--"),
}
SNIPPETS = (
    "random()", "now()", "future(close, 1)", "lead(close)", "shift(close, -1)", "close[-1]", "close[1.5]",
    "close[10001]", "sma(close)", "sma(close, 0)", "sma(close, close)", "ema(close, 1e9)", "volumeSpike()",
    "a < b < c", "40 < close < 65", "true", "null", "NaN", "Infinity", "1e999", "0x10", "1_000", "١٢",
    "closse", "score", "timeframe", "timeframe == 7H", "close if open else low", "close; open", "import os",
    "__class__", "${close}", "close\\u0000", "\\ud800", "\\\"", "'close'", "“close”", "\ufeff", "\u202e",
    "\u00a0", "ｃｌｏｓｅ", "💥", "/* comment */", "// comment", "# comment", "{}", "[]", "()", "((((",
    "))))", "1" * 400, ".", "..", "NOT " * 70,
)  # fmt: skip
VALUES = (
    "null", "true", "false", "0", "-1", "1.5", "1e400", "-0", "9" * 30, '""', '"10"', "[]", "{}", "[1, 2]",
    '{"value": 1}', "NaN", "Infinity", "-Infinity", "undefined", "1e-400", "01", "+1", "0x1F",
)  # fmt: skip
KEYS = ("exit", "stopLoss", "input", "Inputs", "score", "entry", "timeframe", "indicators", "__proto__", "")


def mutate(text: str, rng: random.Random) -> str:
    """The text with one to three mistakes. The result may still be valid, JSON or not; it is never the text
    itself and can always be encoded in UTF-8."""
    found = text
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        found = rng.choice(MUTATIONS)(found, rng)
    return found if found != text else text + ","


def _splice(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


def _some(pattern: str | re.Pattern[str], text: str, rng: random.Random) -> re.Match[str] | None:
    found = list(re.finditer(pattern, text))
    return rng.choice(found) if found else None


def _drop_character(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text)) if text else 0
    return _splice(text, (at, at + 1), "")


def _change_character(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text)) if text else 0
    return _splice(
        text, (at, at + rng.randint(0, 1)), rng.choice("{}[]()\"':,.+-*/<>=!&|\\0e_ \t\n\x00\x7fé€𝄞")
    )


def _drop_token(text: str, rng: random.Random) -> str:
    piece = _some(PIECE, text, rng)
    return _splice(text, piece.span(), "") if piece else text


def _double_token(text: str, rng: random.Random) -> str:
    piece = _some(PIECE, text, rng)
    return _splice(text, piece.span(), piece[0] + rng.choice(("", " ")) + piece[0]) if piece else text


def _replace_token(text: str, rng: random.Random) -> str:
    piece, other = _some(PIECE, text, rng), _some(PIECE, text, rng)
    return _splice(text, piece.span(), other[0]) if piece and other else text


def _insert_snippet(text: str, rng: random.Random) -> str:
    piece = _some(PIECE, text, rng)
    snippet = rng.choice(SNIPPETS)
    return _splice(text, piece.span(), rng.choice((snippet, f"{piece[0]} {snippet}"))) if piece else snippet


def _misspell_operator(text: str, rng: random.Random) -> str:
    piece = _some(r"\b(?:AND|OR|NOT)\b|[<>=!]=|[-<>*/]", text, rng)
    return _splice(text, piece.span(), rng.choice(SPELLINGS[piece[0]])) if piece else text


def _misspell_name(text: str, rng: random.Random) -> str:
    """One use of a name no longer agrees with the others: a rename forgotten, a letter lost, another case."""
    piece = _some(r"[A-Za-z_]\w{2,}", text, rng)
    if not piece:
        return text
    name = piece[0]
    at = rng.randrange(len(name) - 1)
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return _splice(
        text, piece.span(), rng.choice((swapped, name[1:], name + "s", name.swapcase(), name * 30))
    )


def _swap_quotes(text: str, rng: random.Random) -> str:
    new = rng.choice(("'", "`", "”", "", '""', '\\"'))
    if rng.random() < 0.3:
        return text.replace('"', new)
    piece = _some('"', text, rng)
    return _splice(text, piece.span(), new) if piece else text


def _stray_comma(text: str, rng: random.Random) -> str:
    piece = _some(r"[}\]]|,|(?<=\{)", text, rng)
    return _splice(text, piece.span(), rng.choice((",", ",,", ";", "")) + piece[0]) if piece else text


def _wrong_value(text: str, rng: random.Random) -> str:
    """A value of another type or size, in the place of a string, a number or an object."""
    piece = _some(r'(?<=:)\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|\{[^{}]*\})', text, rng)
    return _splice(text, piece.span(), rng.choice(VALUES)) if piece else text


def _extra_member(text: str, rng: random.Random) -> str:
    piece = _some(r"\{", text, rng)
    member = f"{json.dumps(rng.choice(KEYS))}: {rng.choice(VALUES)}, "
    return _splice(text, piece.span(), "{" + member) if piece else text


def _double_member(text: str, rng: random.Random) -> str:
    piece = _some(r'"[^"\\]*"\s*:\s*("[^"\\]*"|-?[\d.]+)', text, rng)
    return _splice(text, piece.span(), f"{piece[0]}, {piece[0]}") if piece else text


def _deep_brackets(text: str, rng: random.Random) -> str:
    depth = rng.choice((10, 63, 64, 65, 1000, 20_000))
    if rng.random() < 0.5:
        piece = _some(r'(?<=: )"|(?<=:)"', text, rng) or _some(PIECE, text, rng)
        opening = rng.choice(("(", "-", "NOT ", "abs(", "close["))
        return _splice(text, (piece.end(), piece.end()), opening * depth) if piece else opening * depth
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
    nest = opening * depth + "1" + closing * rng.choice((depth, depth, 0))
    piece = _some(r"-?\d+", text, rng)
    return _splice(text, piece.span(), nest) if piece else nest


def _cut(text: str, rng: random.Random) -> str:
    """An answer that ran out of space, or a copy that missed the start."""
    at = rng.randint(0, len(text))
    return text[:at] if rng.random() < 0.7 else text[at:]


def _wrap(text: str, rng: random.Random) -> str:
    """The document inside what models, chats and editors put around it."""
    return rng.choice(
        (
            f"```json\n{text}\n```",
            f"Here is your strategy:\n{text}",
            f"{text}\n{text}",
            f"[{text}]",
            json.dumps(text),
            "\ufeff" + text,
            text + "\x00",
            json.dumps({"strategySnapshotJson": text, "assetPair": "BTC/USDT"}),
            json.dumps({"strategySnapshotJson": text[: rng.randint(0, len(text))]}),
            text + " " * 300_000,
        )
    )


def _longer(text: str, rng: random.Random) -> str:
    """An expression that goes on and on."""
    piece = _some(r"\b(?:close|score|open|high|low)\b", text, rng)
    more = rng.choice((" + close", " AND close > 1", "[1]", " * 2")) * rng.choice((50, 600, 3000))
    return _splice(text, (piece.end(), piece.end()), more) if piece else text


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    _drop_character,
    _change_character,
    _drop_token,
    _double_token,
    _replace_token,
    _insert_snippet,
    _insert_snippet,
    _misspell_operator,
    _misspell_name,
    _swap_quotes,
    _stray_comma,
    _wrong_value,
    _extra_member,
    _double_member,
    _deep_brackets,
    _cut,
    _wrap,
    _longer,
)


# ── Hypothesis ───────────────────────────────────────────────────────────────────────────────────────────

SEEDS = st.integers(0, 2**32 - 1)


def strategies(*, max_size: int = 4, alive: bool = True) -> st.SearchStrategy[Document]:
    """Documents; a smaller `size` is a simpler example."""
    return st.builds(
        lambda seed, size: strategy(random.Random(seed), size=size, alive=alive),
        SEEDS,
        st.integers(1, max_size),
    )


def bar_sets(*, min_bars: int = 1, max_bars: int = 200) -> st.SearchStrategy[Bars]:
    return st.builds(
        lambda seed, n, kind: bars(random.Random(seed), n, kind=kind),
        SEEDS,
        st.integers(min_bars, max_bars),
        st.sampled_from(KINDS),
    )


def texts(*, max_size: int = 4) -> st.SearchStrategy[str]:
    return st.builds(
        lambda document, seed: text(document, random.Random(seed)), strategies(max_size=max_size), SEEDS
    )


def mutants(*, max_size: int = 3) -> st.SearchStrategy[str]:
    return st.builds(lambda whole, seed: mutate(whole, random.Random(seed)), texts(max_size=max_size), SEEDS)
