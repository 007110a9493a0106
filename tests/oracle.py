"""The oracle: what a strategy means, worked out in the most obvious way there is.

It shares no code with dslc. Tests compare the product with it, so it is written to be read against the
language reference and not to be fast:

1. `_Parser` turns one expression into nested tuples, by precedence climbing.
2. `_Bench.column` turns a node into one list with one value a candle, going through the candles in order.
3. `evaluate` does that for the inputs, the conditions, the score interval and the entry, in this order.

A number is a float (a Fraction with `exact=True`), a truth is True or False; `None` is undefined, for both.

    >>> column("sma(close, 2)", {"close": [1.0, 2.0, 4.0]})
    [None, 1.5, 3.0]
    >>> column("close > 1 AND close[1] > 0", {"close": [1.0, 2.0, 4.0]})
    [False, True, True]

The last line is Kleene's logic: on the first candle `close[1]` is undefined, but `close > 1` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
import math
import operator
import random
import re
from typing import Any

Number = Any  # a float, or a Fraction where nothing is rounded
Column = list[Any]  # one value a candle: a number, True, False, or None for undefined
Node = tuple[Any, ...]


class OracleError(ValueError):
    """The text is not an expression of the language. The oracle is no checker: it rejects only what it
    cannot read."""


@dataclass(frozen=True)
class Outcome:
    """What a strategy says on every candle. `score` counts the certainly true conditions, `score_low` and
    `score_high` are the interval that undefined ones leave open, `entry` is True where `decision` is."""

    inputs: dict[str, Column]
    conditions: dict[str, Column]
    score: list[int]
    score_low: list[int]
    score_high: list[int]
    decision: Column
    entry: list[bool]


@dataclass(frozen=True)
class Doubt:
    """How far an answer may differ from the oracle's when it rounds differently (see `doubt`)."""

    inputs: dict[str, list[float]]
    conditions: dict[str, list[bool]]
    score: list[bool]
    decision: list[bool]


def evaluate(
    strategy: Mapping[str, Any], bars: Mapping[str, Sequence[float]], *, exact: bool = False
) -> Outcome:
    """Evaluate a valid strategy. With `exact`, the numbers are fractions: a literal is still the float64 it
    reads as, and periods are folded in float64, but nothing else is ever rounded. Keep such runs short."""
    return _evaluate(strategy, bars, _Numbers(Fraction if exact else float))


def column(
    text: str, bars: Mapping[str, Sequence[float]], *, timeframe: str = "1H", exact: bool = False
) -> Column:
    """One expression on its own, without inputs, conditions or score."""
    return _Bench(bars, timeframe, _Numbers(Fraction if exact else float)).column(parse(text))


def doubt(
    strategy: Mapping[str, Any], bars: Mapping[str, Sequence[float]], *, seed: int = 0, runs: int = 8
) -> Doubt:
    """Where rounding decides. Two correct evaluators may round differently, and then `change(rsi(x, 5)) > 0`
    on a flat stretch is a toss-up. So the strategy is evaluated `runs` times with every rounding made far
    coarser, by a random amount in a random direction; a result that needed no rounding stays as it is.

    `inputs` has the tolerance of every value: twice the spread of the runs, 0.0 where every step was exact,
    infinity where the runs do not even agree that it is defined. In `conditions`, `score` and `decision`,
    True says that the runs do not agree. It is a sample and no proof: one tie in 2**runs goes unnoticed. It
    is slow too: ask it about the strategies on which an answer differs."""
    plain = evaluate(strategy, bars)
    shaken = [_evaluate(strategy, bars, _Numbers(shake=random.Random(seed + run))) for run in range(runs)]
    return Doubt(
        inputs={
            name: _spread(plain.inputs[name], [run.inputs[name] for run in shaken]) for name in plain.inputs
        },
        conditions={
            name: _differ(plain.conditions[name], [run.conditions[name] for run in shaken])
            for name in plain.conditions
        },
        score=_differ(_scores(plain), [_scores(run) for run in shaken]),
        decision=_differ(plain.decision, [run.decision for run in shaken]),
    )


def _spread(plain: Column, shaken: list[Column]) -> list[float]:
    def apart(a: float | None, b: float | None) -> float:
        if a is None or b is None:
            return 0.0 if a is b else math.inf
        return abs(a - b)

    return [2 * max(apart(value, run[t]) for run in shaken) for t, value in enumerate(plain)]


def _differ(plain: Column, shaken: list[Column]) -> list[bool]:
    return [any(run[t] != value for run in shaken) for t, value in enumerate(plain)]


def _scores(outcome: Outcome) -> Column:
    return list(zip(outcome.score, outcome.score_low, outcome.score_high, strict=True))


def _evaluate(strategy: Mapping[str, Any], bars: Mapping[str, Sequence[float]], numbers: _Numbers) -> Outcome:
    bench = _Bench(bars, strategy["configuration"]["timeframe"], numbers)

    inputs: dict[str, Column] = {}
    for name, text in strategy["inputs"].items():
        node = parse(text)
        constant = bench.constant(node)
        if constant is not None:
            bench.constants[name] = constant
        inputs[name] = bench.names[name] = bench.column(node)

    conditions: dict[str, Column] = {}
    for name, text in strategy["conditions"].items():
        conditions[name] = bench.names[name] = bench.column(parse(text))

    score: list[int] = []
    for t in range(bench.length):
        certain = lowest = highest = 0
        for name, weight in strategy["score"].items():
            if conditions[name][t] is True:
                certain += int(weight)
            elif conditions[name][t] is None:
                lowest += min(0, int(weight))
                highest += max(0, int(weight))
        score.append(certain)
        bench.score_low.append(certain + lowest)
        bench.score_high.append(certain + highest)

    decision = bench.column(parse(strategy["decision"]["entry"]))
    entry = [value is True for value in decision]
    return Outcome(inputs, conditions, score, bench.score_low, bench.score_high, decision, entry)


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class _Numbers:
    """The arithmetic. An undefined operand, a division by zero and an overflow give undefined.

    With `shake`, a float result that had to be rounded is moved by up to a thousand units in the last
    place."""

    def __init__(
        self, make: type[float] | type[Fraction] = float, shake: random.Random | None = None
    ) -> None:
        self.make = make
        self.shake = shake

    def do(self, op: str, a: Number | None, b: Number | None) -> Number | None:
        if a is None or b is None or (op == "/" and b == 0):
            return None
        result = ARITHMETIC[op](a, b)
        if isinstance(result, Fraction):
            return result
        if not math.isfinite(result):
            return None
        if self.shake is None:
            return result
        exact = ARITHMETIC[op](Fraction(a), Fraction(b))
        return result if result == exact else self.shaken(result)

    def mean(self, window: Column) -> Number | None:
        """The mean of the window, undefined while one of its values is. It is kept between the smallest and
        the largest: the last rounding of fsum(window) / n may not carry the mean of equal values off."""
        if None in window:
            return None
        if self.make is Fraction:
            return sum(window, Fraction()) / len(window)
        try:
            mean = math.fsum(window) / len(window)
        except OverflowError:
            return None
        if self.shake and sum(map(Fraction, window)) != Fraction(mean) * len(window):
            mean = self.shaken(mean)
        return min(max(mean, min(window)), max(window))

    def shaken(self, value: Number) -> Number:
        """The value as a worse float64 might have rounded it."""
        if self.shake is None or isinstance(value, Fraction):
            return value
        return value * (1 + self.shake.uniform(-1, 1) * 2.0**-43)


# ── Truth ────────────────────────────────────────────────────────────────────────────────────────────────

NOT = {True: False, False: True, None: None}

AND = {
    (True, True): True,
    (True, False): False,
    (True, None): None,
    (False, True): False,
    (False, False): False,
    (False, None): False,
    (None, True): None,
    (None, False): False,
    (None, None): None,
}

OR = {
    (True, True): True,
    (True, False): True,
    (True, None): True,
    (False, True): True,
    (False, False): False,
    (False, None): None,
    (None, True): True,
    (None, False): None,
    (None, None): None,
}

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def compare(op: str, a: Number | None, b: Number | None) -> bool | None:
    """A comparison; undefined with an undefined operand."""
    return None if a is None or b is None else COMPARE[op](a, b)


def compare_interval(op: str, low: int, high: int, x: Number | None) -> bool | None:
    """`s op x` when it comes out the same for every number s in [low, high], otherwise undefined."""
    if x is not None and op in ("==", "!=") and low < x < high:
        return None
    answers = {compare(op, low, x), compare(op, high, x)}
    return answers.pop() if len(answers) == 1 else None


# ── Parser ───────────────────────────────────────────────────────────────────────────────────────────────

TOKEN = re.compile(
    r"""\s*(?:
        (?P<timeframe> [0-9]+ [MHDW] \b )
      | (?P<number> (?: [0-9]+ (?: \.[0-9]+ )? | \.[0-9]+ ) (?: [eE] [+-]? [0-9]+ )? )
      | (?P<word> [A-Za-z_] [A-Za-z0-9_]* )
      | (?P<sign> <= | >= | == | != | [-+*/<>()\[\],] )
    )""",
    re.VERBOSE,
)
BINDING = {"OR": 1, "AND": 2, **dict.fromkeys(COMPARE, 4), "+": 5, "-": 5, "*": 6, "/": 6}
NOT_BINDS, COMPARISON_BINDS, MINUS_BINDS = 3, 4, 7


def parse(text: str) -> Node:
    """The tree of an expression, as tuples:

        ("number", 1.5)  ("timeframe", "1H")  ("name", "close")  ("call", "ema", [node, …])
        ("neg", node)  ("not", node)  ("at", node, [offset, …])
        ("chain", node, [(operator, node), …])    operators of one level, from left to right

    >>> parse("a > 2 * -b")
    ('chain', ('name', 'a'), [('>', ('chain', ('number', 2.0), [('*', ('neg', ('name', 'b')))]))])
    """
    parser = _Parser(text)
    node = parser.climb()
    parser.expect("")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise OracleError(f"no token at {text[at:]!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()
        self.tokens.append(("end", ""))
        self.next = 0

    def peek(self) -> str:
        return self.tokens[self.next][1]

    def take(self) -> tuple[str, str]:
        token = self.tokens[self.next]
        self.next += 1
        return token

    def expect(self, text: str) -> None:
        found = self.take()[1]
        if found != text:
            raise OracleError(f"{found!r} where {text!r} should be")

    def climb(self, floor: int = 1) -> Node:
        """An expression of operators that bind at least as tightly as `floor`."""
        left = self.prefix(floor)
        links: list[tuple[str, Node]] = []
        level = 0
        while (binding := BINDING.get(self.peek(), 0)) >= floor:
            if binding == level == COMPARISON_BINDS:
                raise OracleError("comparisons do not chain")
            if binding != level and links:
                left, links = ("chain", left, links), []
            level = binding
            op = self.take()[1]
            links.append((op, self.climb(binding + 1)))
        return ("chain", left, links) if links else left

    def prefix(self, floor: int) -> Node:
        if self.peek() == "NOT":
            if floor > NOT_BINDS:
                raise OracleError("NOT needs parentheses here")
            self.take()
            return ("not", self.climb(NOT_BINDS))
        if self.peek() == "-":
            self.take()
            return ("neg", self.prefix(MINUS_BINDS))
        return self.postfix()

    def postfix(self) -> Node:
        node = self.atom()
        offsets = []
        while self.peek() == "[":
            self.take()
            offsets.append(self.climb())
            self.expect("]")
        return ("at", node, offsets) if offsets else node

    def atom(self) -> Node:
        kind, text = self.take()
        if kind == "number":
            return ("number", float(text))
        if kind == "timeframe":
            return ("timeframe", text)
        if text == "(":
            node = self.climb()
            self.expect(")")
            return node
        if kind == "word" and text not in ("AND", "OR", "NOT"):
            return ("call", text, self.arguments()) if self.peek() == "(" else ("name", text)
        raise OracleError(f"{text!r} where a value should be")

    def arguments(self) -> list[Node]:
        self.expect("(")
        found: list[Node] = []
        while self.peek() != ")":
            if found:
                self.expect(",")
            found.append(self.climb())
        self.expect(")")
        return found


# ── Evaluation ───────────────────────────────────────────────────────────────────────────────────────────

MARKET = ("open", "high", "low", "close", "volume")
SCORE: Node = ("name", "score")
TIMEFRAME: Node = ("name", "timeframe")
ZERO: Node = ("number", 0.0)


class _Bench:
    """The columns computed so far, and the rules that make further ones from them."""

    def __init__(self, bars: Mapping[str, Sequence[float]], timeframe: str, numbers: _Numbers) -> None:
        self.numbers = numbers
        self.timeframe = timeframe
        self.length = len(next(iter(bars.values())))
        self.names: dict[str, Column] = {
            name: [numbers.make(x) if math.isfinite(x) else None for x in bars[name]]
            for name in MARKET
            if name in bars
        }
        self.constants: dict[str, Number] = {}
        self.score_low: list[int] = []
        self.score_high: list[int] = []

    # A constant is a number, an input that is one, or arithmetic on constants; always folded in floats.

    def constant(self, node: Node) -> Number | None:
        match node:
            case ("number", value):
                return value
            case ("name", name):
                return self.constants.get(name)
            case ("neg", inner):
                value = self.constant(inner)
                return None if value is None else -value
            case ("chain", first, links) if links[0][0] in ARITHMETIC:
                value = self.constant(first)
                for op, operand in links:
                    value = _Numbers().do(op, value, self.constant(operand))
                return value
        return None

    def integer(self, node: Node, at_least: int) -> int:
        value = self.constant(node)
        if value is None or not value.is_integer() or value < at_least:
            raise OracleError(f"{node} is no constant integer of at least {at_least}")
        return int(value)

    # Columns.

    def column(self, node: Node) -> Column:
        match node:
            case ("number", value):
                return [self.numbers.make(value)] * self.length
            case ("name", "score"):
                interval = zip(self.score_low, self.score_high, strict=True)
                return [self.numbers.make(low) if low == high else None for low, high in interval]
            case ("name", name) if name in self.names:
                return self.names[name]
            case ("neg", inner):
                return [None if x is None else -x for x in self.column(inner)]
            case ("not", inner):
                return [NOT[x] for x in self.truth(inner)]
            case ("at", inner, offsets):
                values = self.column(inner)
                for offset in offsets:
                    n = self.integer(offset, at_least=0)
                    values = [values[t - n] if t >= n else None for t in range(self.length)]
                return values
            case ("chain", first, [(op, _), *_] as links) if op in ("AND", "OR"):
                table = AND if op == "AND" else OR
                values = self.truth(first)
                for _, operand in links:
                    values = [table[pair] for pair in zip(values, self.truth(operand), strict=True)]
                return values
            case ("chain", left, [(op, right)]) if op in COMPARE:
                return self.comparison(op, left, right)
            case ("chain", first, links):
                values = self.column(first)
                for op, operand in links:
                    values = self.calculate(op, values, self.column(operand))
                return values
            case ("call", name, arguments) if name in FUNCTIONS:
                return FUNCTIONS[name](self, *arguments)
        raise OracleError(f"{node} has no value")

    def calculate(self, op: str, left: Column, right: Column) -> Column:
        return [self.numbers.do(op, a, b) for a, b in zip(left, right, strict=True)]

    def truth(self, node: Node) -> Column:
        """An operand of AND, OR, NOT: a number x there means `x != 0`."""
        if node == SCORE:
            return self.comparison("!=", node, ZERO)
        return [x if x is None or isinstance(x, bool) else x != 0 for x in self.column(node)]

    def comparison(self, op: str, left: Node, right: Node) -> Column:
        if TIMEFRAME in (left, right):
            literal = right if left == TIMEFRAME else left
            if literal[0] != "timeframe" or op not in ("==", "!="):
                raise OracleError("timeframe compares with a timeframe literal, by == or !=")
            return [COMPARE[op](literal[1], self.timeframe)] * self.length
        if right == SCORE and left != SCORE:
            return self.comparison(MIRRORED[op], right, left)
        if left == SCORE and right != SCORE:
            rows = zip(self.score_low, self.score_high, self.column(right), strict=True)
            return [compare_interval(op, low, high, x) for low, high, x in rows]
        return [compare(op, a, b) for a, b in zip(self.column(left), self.column(right), strict=True)]


# ── Functions ────────────────────────────────────────────────────────────────────────────────────────────
#
# Each takes the bench and the argument nodes. Most are built from three ways to go through a column:
# `_windows` (the last n values), `_smooth` (a recurrence over the defined values), `calculate` (per candle).


def _windows(values: Column, n: int) -> list[Column | None]:
    """The last n values on every candle, this one included; None where the series is too short for it."""
    return [values[t - n + 1 : t + 1] if t >= n - 1 else None for t in range(len(values))]


def _smooth(bench: _Bench, values: Column, n: int, step: tuple[int, int]) -> Column:
    """`prev + (x - prev) * alpha`, alpha the given fraction, from the mean of the first n defined values on.
    An undefined candle gives undefined and changes nothing."""
    do = bench.numbers.do
    top, bottom = step
    alpha = do("/", bench.numbers.make(top), bench.numbers.make(bottom))
    seed: Column = []
    prev = None
    out: Column = []
    for x in values:
        if x is None:
            out.append(None)
        elif prev is not None:
            value = do("+", prev, do("*", alpha, do("-", x, prev)))
            prev = prev if value is None else value
            out.append(value)
        else:
            seed.append(x)
            prev = bench.numbers.mean(seed) if len(seed) == n else None
            out.append(prev)
    return out


def _change(bench: _Bench, values: Column) -> Column:
    return bench.calculate("-", values, [None, *values][: len(values)])


def _sma_of(bench: _Bench, values: Column, n: int) -> Column:
    return [None if window is None else bench.numbers.mean(window) for window in _windows(values, n)]


def _each(*columns: Column, do: Callable[..., Any]) -> Column:
    """`do` of the values of every candle, undefined if any of them is."""
    return [None if None in values else do(*values) for values in zip(*columns, strict=True)]


def sma(bench: _Bench, series: Node, period: Node) -> Column:
    return _sma_of(bench, bench.column(series), bench.integer(period, at_least=1))


def ema(bench: _Bench, series: Node, period: Node) -> Column:
    n = bench.integer(period, at_least=1)
    return _smooth(bench, bench.column(series), n, (2, n + 1))


def rsi(bench: _Bench, series: Node, period: Node) -> Column:
    """A candle without a change shrinks both means alike, so its ratio is taken from the ones before: they
    would lose their digits, and then vanish, in a flat stretch that is long enough."""
    n = bench.integer(period, at_least=1)
    changes = _change(bench, bench.column(series))
    zero = bench.numbers.make(0)
    gains = _smooth(bench, _each(changes, do=lambda x: max(x, zero)), n, (1, n))
    losses = _smooth(bench, _each(changes, do=lambda x: max(-x, zero)), n, (1, n))
    kept: tuple[Number, Number] | None = None
    out: Column = []
    for change, gain, loss in zip(changes, gains, losses, strict=True):
        if gain is None or loss is None:
            out.append(None)
            continue
        if change != 0 or kept is None:
            kept = gain, loss
        out.append(_strength(bench.numbers, *kept))
    return out


def _strength(numbers: _Numbers, gain: Number, loss: Number) -> Number | None:
    zero, fifty, hundred = (numbers.make(x) for x in (0, 50, 100))
    if gain == 0 and loss == 0:
        return fifty
    if loss == 0:
        return hundred
    if gain == 0:
        return zero
    ratio = numbers.do("/", numbers.do("*", hundred, gain), numbers.do("+", gain, loss))
    return None if ratio is None else min(max(numbers.shaken(ratio), zero), hundred)


def atr(bench: _Bench, period: Node) -> Column:
    n = bench.integer(period, at_least=1)
    high, low, close = (bench.names[name] for name in ("high", "low", "close"))
    before = [None, *close][: len(close)]
    true_range = _each(
        bench.calculate("-", high, low),
        _each(bench.calculate("-", high, before), do=abs),
        _each(bench.calculate("-", low, before), do=abs),
        do=max,
    )
    return _smooth(bench, true_range, n, (1, n))


def cross_up(bench: _Bench, a: Node, b: Node) -> Column:
    return _cross(bench, a, b, ">", "<=")


def cross_down(bench: _Bench, a: Node, b: Node) -> Column:
    return _cross(bench, a, b, "<", ">=")


def _cross(bench: _Bench, a: Node, b: Node, now: str, before: str) -> Column:
    """The formula, put in place of the call: `a now b AND a[1] before b[1]`."""
    one = [("number", 1.0)]
    right = ("chain", ("at", a, one), [(before, ("at", b, one))])
    return bench.column(("chain", ("chain", a, [(now, b)]), [("AND", right)]))


def highest(bench: _Bench, series: Node, period: Node) -> Column:
    return _extreme(bench, series, period, max)


def lowest(bench: _Bench, series: Node, period: Node) -> Column:
    return _extreme(bench, series, period, min)


def _extreme(bench: _Bench, series: Node, period: Node, pick: Callable[[Column], Any]) -> Column:
    windows = _windows(bench.column(series), bench.integer(period, at_least=1))
    return [None if window is None or None in window else pick(window) for window in windows]


def change(bench: _Bench, series: Node) -> Column:
    return _change(bench, bench.column(series))


def volume_sma(bench: _Bench, period: Node) -> Column:
    return _sma_of(bench, bench.names["volume"], bench.integer(period, at_least=1))


def volume_spike(bench: _Bench, multiple: Node) -> Column:
    m = bench.constant(multiple)
    if m is None or m <= 0:
        raise OracleError(f"{multiple} is no constant above 0")
    volume = bench.names["volume"]
    times = bench.calculate("*", [bench.numbers.make(m)] * bench.length, _sma_of(bench, volume, 20))
    return bench.calculate("/", volume, times)


def body(bench: _Bench) -> Column:
    return _each(bench.calculate("-", bench.names["open"], bench.names["close"]), do=abs)


def range_(bench: _Bench) -> Column:
    return bench.calculate("-", bench.names["high"], bench.names["low"])


def upper_wick(bench: _Bench) -> Column:
    return bench.calculate("-", bench.names["high"], _each(bench.names["open"], bench.names["close"], do=max))


def lower_wick(bench: _Bench) -> Column:
    return bench.calculate("-", _each(bench.names["open"], bench.names["close"], do=min), bench.names["low"])


def abs_(bench: _Bench, x: Node) -> Column:
    return _each(bench.column(x), do=abs)


def min_(bench: _Bench, a: Node, b: Node) -> Column:
    return _each(bench.column(a), bench.column(b), do=min)


def max_(bench: _Bench, a: Node, b: Node) -> Column:
    return _each(bench.column(a), bench.column(b), do=max)


FUNCTIONS: dict[str, Callable[..., Column]] = {
    "ema": ema,
    "sma": sma,
    "rsi": rsi,
    "atr": atr,
    "crossUp": cross_up,
    "crossDown": cross_down,
    "highest": highest,
    "lowest": lowest,
    "change": change,
    "volumeSma": volume_sma,
    "volumeSpike": volume_spike,
    "body": body,
    "range": range_,
    "upperWick": upper_wick,
    "lowerWick": lower_wick,
    "abs": abs_,
    "min": min_,
    "max": max_,
}
