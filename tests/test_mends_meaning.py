"""What a safe mend writes means what stood there: a table of readings, and drawn ones in other dialects.

1. `READINGS`: a text as an author writes it, and what it means, as a plain Python function of one candle.
2. `Writer` draws a meaning and writes it twice at once: in this language with a bracket around everything,
   which the oracle reads, and as an author of another language would, with brackets only where readers need
   them.

Either text is mended as `dslc fix` does without `--unsafe`. Where that gives a valid condition, its value is
compared with the meaning on random candles. Where it does not, nothing was promised, and nothing is compared.
"""

from __future__ import annotations

from collections.abc import Callable
import random
from types import SimpleNamespace
from typing import Any

import dslc
import pytest

from . import oracle

FIELDS = ("open", "high", "low", "close", "volume")
Meaning = Callable[[Any], bool]


def candles(seed: int, count: int = 60) -> dict[str, list[float]]:
    """Columns of small numbers, each drawn for itself, so that everything is larger, equal and smaller."""
    draw = random.Random(seed)
    return {field: [float(draw.randint(0, 6)) for _ in range(count)] for field in FIELDS}


def document(condition: str) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1H"},
        "inputs": {},
        "conditions": {"c": condition},
        "score": {"c": 1},
        "decision": {"entry": "score > 0"},
    }


def mended(condition: str) -> str | None:
    """The condition that is certainly meant; None where nobody says."""
    fixed = dslc.fix(document(condition))
    assert fixed.data is not None
    return str(fixed.data["conditions"]["c"]) if fixed.valid else None


# ── Readings ─────────────────────────────────────────────────────────────────────────────────────────────

READINGS: list[tuple[str, Meaning]] = [
    # a comparison that is compared with a truth
    ("close > open == true", lambda c: c.close > c.open),
    ("close > open == false", lambda c: not c.close > c.open),
    ("close > open != true", lambda c: not c.close > c.open),
    ("NOT close > open == true", lambda c: not c.close > c.open),
    ("NOT close > open == false", lambda c: c.close > c.open),
    ("close > open == 1", lambda c: c.close > c.open),
    ("close > open == 0", lambda c: not c.close > c.open),
    ("close > open != 0", lambda c: c.close > c.open),
    ("(close > open) == 1", lambda c: c.close > c.open),
    ("(close > open) == 0", lambda c: not c.close > c.open),
    ("close > open == high > close", lambda c: (c.close > c.open) == (c.high > c.close)),
    ("close > open != high > close", lambda c: (c.close > c.open) != (c.high > c.close)),
    ("(close > open) == (high > close)", lambda c: (c.close > c.open) == (c.high > c.close)),
    ("close > 5 = true", lambda c: c.close > 5),
    ("1 == close > open", lambda c: c.close > c.open),
    # chains
    ("open < close < high", lambda c: c.open < c.close < c.high),
    ("NOT open < close < high", lambda c: not c.open < c.close < c.high),
    ("!(open < close < high) && volume > 3", lambda c: not c.open < c.close < c.high and c.volume > 3),
    ("open < close < high OR volume > 3", lambda c: c.open < c.close < c.high or c.volume > 3),
    ("high >= close > open - 1", lambda c: c.high >= c.close > c.open - 1),
    ("close>openANDvolume>5", lambda c: c.close > c.open and c.volume > 5),
    ("close>5ORvolume>5", lambda c: c.close > 5 or c.volume > 5),
    ("close > openANDvolume > 2ORlow > 3", lambda c: (c.close > c.open and c.volume > 2) or c.low > 3),
    # between
    ("close between 2 and 4", lambda c: 2 <= c.close <= 4),
    ("NOT close between 2 and 4", lambda c: not 2 <= c.close <= 4),
    ("not close between 2 and 4", lambda c: not 2 <= c.close <= 4),
    ("!close between 2 and 4", lambda c: not 2 <= c.close <= 4),
    ("close - open between 1 and 2", lambda c: 1 <= c.close - c.open <= 2),
    ("close * open between 4 and 9", lambda c: 4 <= c.close * c.open <= 9),
    ("close between 2 and 3 + 1", lambda c: 2 <= c.close <= 4),
    (
        "close between open - 1 and open + 1 AND volume > 2",
        lambda c: abs(c.close - c.open) <= 1 and c.volume > 2,
    ),
    (
        "volume > 2 and close between 2 and 4 or open > 5",
        lambda c: (c.volume > 2 and 2 <= c.close <= 4) or c.open > 5,
    ),
    ("volume > 2 AND NOT close between 2 and 4", lambda c: c.volume > 2 and not 2 <= c.close <= 4),
    ("(close + open) / 2 between 2 and 4", lambda c: 2 <= (c.close + c.open) / 2 <= 4),
    ("-close between -4 and -2", lambda c: 2 <= c.close <= 4),
    # crosses
    ("close crosses above open", lambda c: c.close > c.open and c.before.close <= c.before.open),
    ("close crosses above open + 1", lambda c: c.close > c.open + 1 and c.before.close <= c.before.open + 1),
    (
        "-close crosses above open - 6",
        lambda c: -c.close > c.open - 6 and -c.before.close <= c.before.open - 6,
    ),
    ("close crosses below 2 * open", lambda c: c.close < 2 * c.open and c.before.close >= 2 * c.before.open),
    ("NOT close crosses over open", lambda c: not (c.close > c.open and c.before.close <= c.before.open)),
    (
        "high - low crosses under 2 AND volume > 2",
        lambda c: c.high - c.low < 2 and c.before.high - c.before.low >= 2 and c.volume > 2,
    ),
    # arguments with names
    ("crossUp(b=close, a=open)", lambda c: c.open > c.close and c.before.open <= c.before.close),
    ("ta.crossover(b=close, a=open)", lambda c: c.open > c.close and c.before.open <= c.before.close),
    ("crossUp(a=close, b=open)", lambda c: c.close > c.open and c.before.close <= c.before.open),
    ("cross_down(b=open, a=close)", lambda c: c.close < c.open and c.before.close >= c.before.open),
    ("close > highest(length=1, source=high)", lambda c: c.close > c.high),
    ("close > ta.sma(period=1, series=open)", lambda c: c.close > c.open),
    ("max(b=close, a=open) > 3", lambda c: max(c.close, c.open) > 3),
    ("NOT (close = open)", lambda c: c.close != c.open),
    ("volume > 2 and (close = open)", lambda c: c.volume > 2 and c.close == c.open),
    ("(close = 3) or volume > 2", lambda c: c.close == 3 or c.volume > 2),
    ("not (high = low) AND close > 2", lambda c: c.high != c.low and c.close > 2),
    # if … then
    ("if close > open then buy", lambda c: c.close > c.open),
    ("if close > open then enter long", lambda c: c.close > c.open),
    ("IF close > open THEN true", lambda c: c.close > c.open),
    ("if close > open:", lambda c: c.close > c.open),
    ("if close > open then volume > 5", lambda c: not c.close > c.open or c.volume > 5),
    (
        "if close > open then volume > 5 else low > 2",
        lambda c: c.volume > 5 if c.close > c.open else c.low > 2,
    ),
    ("if close > open then false", lambda c: False),
    ("if close > open then sell", lambda c: False),
    # numbers
    ("close > 0,5 AND volume > 3", lambda c: c.close > 0.5 and c.volume > 3),
    ("close * 1000 > 1,234", lambda c: c.close * 1000 > 1.234),
    ("close * 1000 > 1,234 AND open > 0,5", lambda c: c.close * 1000 > 1.234 and c.open > 0.5),
    ("close * 1000000 > 2,000,000", lambda c: c.close > 2),
    ("close < 0x04", lambda c: c.close < 4),
    ("close * 1000000 > 2 mio", lambda c: c.close > 2),
    ("close * 1000000 > 2mio", lambda c: c.close > 2),
    # words
    ("close is above open", lambda c: c.close > c.open),
    ("NOT close is above open", lambda c: not c.close > c.open),
    ("close over open > 1", lambda c: c.open != 0 and c.close / c.open > 1),
    ("close over open", lambda c: c.open != 0 and c.close / c.open != 0),
    ("close is not above open", lambda c: not c.close > c.open),
    ("close not above open", lambda c: not c.close > c.open),
    ("close in (1, 2)", lambda c: c.close in (1, 2)),
    ("NOT close in (1, 2) AND volume > 2", lambda c: c.close not in (1, 2) and c.volume > 2),
    ("close not in [1, 2]", lambda c: c.close not in (1, 2)),
    ("close - 1 in (1, 2)", lambda c: c.close - 1 in (1, 2)),
    # truths that exclude or equal each other, and that are counted
    ("close > 3 xor open > 3", lambda c: (c.close > 3) != (c.open > 3)),
    ("close > 3 XOR open > 3 OR volume > 5", lambda c: ((c.close > 3) != (c.open > 3)) or c.volume > 5),
    # Python
    ("lambda bar: bar.close > 3", lambda c: c.close > 3),
    ("lambda x: x['close'] > x['open']", lambda c: c.close > c.open),
    ("np.mean([close, open]) > 3", lambda c: (c.close + c.open) / 2 > 3),
    ("2 * mean([close, open, high]) > 9", lambda c: 2 * (c.close + c.open + c.high) / 3 > 9),
    ("close > close.iloc[-2]", lambda c: c.close > c.before.close),
    ("close.iloc[-1] > close.iloc[-2]", lambda c: c.close > c.before.close),
    ("close > close.iloc[-1]", lambda c: c.close > c.before.close),
    ("True if close > open else False", lambda c: c.close > c.open),
    ("close > open ? true : false", lambda c: c.close > c.open),
    ("!close > open", lambda c: not c.close > c.open),
    ("not close > open and volume > 3", lambda c: not c.close > c.open and c.volume > 3),
    ("avg(close, open) > 3", lambda c: (c.close + c.open) / 2 > 3),
    ("close ** 2 > 9", lambda c: c.close**2 > 9),
    ("-close ** 2 < -9", lambda c: -(c.close**2) < -9),
    ("close ** 2 ** 2 > 9", lambda c: c.close**4 > 9),
    ("close / -open ** 2 < -1", lambda c: c.open != 0 and c.close / -(c.open**2) < -1),
    ("high / open^2 > 1", lambda c: c.open != 0 and c.high / c.open**2 > 1),
    ("np.diff(close) > 1", lambda c: c.close - c.before.close > 1),
    ("close.diff(1) between 1 and 3", lambda c: 1 <= c.close - c.before.close <= 3),
    ("close > open is true", lambda c: c.close > c.open),
    ("not close > open is False and volume > 2", lambda c: c.close > c.open and c.volume > 2),
    ("(close > open) is not true", lambda c: not c.close > c.open),
    # brackets
    ("(close > open AND volume > 2", lambda c: c.close > c.open and c.volume > 2),
    ("NOT(close > open", lambda c: not c.close > c.open),
    ("!(close > open", lambda c: not c.close > c.open),
    ("max(close, open > 3", lambda c: max(c.close, c.open) > 3),
    ("max(close, open > 3 AND volume > 2", lambda c: max(c.close, c.open) > 3 and c.volume > 2),
    ("max(close - open, 1 > 3", lambda c: max(c.close - c.open, 1) > 3),
    ("volume > 2 AND (close > open", lambda c: c.volume > 2 and c.close > c.open),
    ("(close - open > 1", lambda c: c.close - c.open > 1),
    ("close > open)", lambda c: c.close > c.open),
    ("volume > 2 AND close > open)", lambda c: c.volume > 2 and c.close > c.open),
    ("max(close, open)) > 3", lambda c: max(c.close, c.open) > 3),
    ("close > open + 2 * low)", lambda c: c.close > c.open + 2 * c.low),
]

GUESSES = [
    # a bracket that may have stood elsewhere
    "NOT(close > open AND volume > 5",
    "close > open AND(volume > 5 OR high > 3",
    "NOT(close > open OR low > 3",
    "not(close > open or low > 3",
    "abs(change(close) / close > 0.01",
    "abs(close - open > 2",
    "change(high + low > 2",
    "max(close, open * 2 > high",
    "highest(high, 10 * 2 < close",
    "max(volume, high[3] < low",
    "LAG(CHANGE(HIGH, 3) > RANGE()",
    "abs(low*close between 1 and 3",
    "close * (high - low / 2 > 5",
    "close <= np.abs(open.diff(1)",
    "!(close > 1) && open > 2)",
    "!(close > 1) && (open > 2))",
    "close > 1 OR open > 2) AND low > 1",
    "close - open + low) > 2",
    # numbers
    "volumeSma(2) > 1,000",
    "volume > 50,000 AND atr(14) > 2",
    "atr(14) > 1,250",
    "range() > 1,250",
    "max(1,5, close) > 3",
    # what another library means by it
    "close.ewm(9, adjust=False).mean() > 1",
    "np.diff(close, 2) > 0",
    "tr(14) > 2",
    "vol > 3",
    "close > lastClose",
    "rsi2 > 50",
    "close > sma_3",
]
"""What may mean two things."""


@pytest.mark.parametrize(("text", "meaning"), READINGS, ids=[text for text, _ in READINGS])
def test_a_safe_mend_means_what_was_written(text: str, meaning: Meaning) -> None:
    condition = mended(text)
    if condition is None:
        return
    bars = candles(len(text))
    found = oracle.column(condition, bars)
    rows = [SimpleNamespace(**{field: bars[field][at] for field in FIELDS}) for at in range(len(found))]
    for before, row, truth in zip(rows, rows[1:], found[1:], strict=False):
        row.before = before
        assert truth is None or truth == bool(meaning(row)), condition


@pytest.mark.parametrize("text", GUESSES)
def test_what_may_mean_two_things_is_not_mended_alone(text: str) -> None:
    assert mended(text) is None


def test_a_name_with_a_number_is_a_guess_beside_one_with_another() -> None:
    alone = document("rsi14 > 50")
    assert dslc.fix(alone).valid
    assert not dslc.fix({**alone, "inputs": {"rsi7": "rsi(close, 7)"}}).valid


def test_entries_are_found_by_their_keys() -> None:
    """`inputs['fast']` is how a program reads what is called `fast` here."""
    source = document("conditions[\"up\"] AND inputs['fast'] > 3")
    source["inputs"]["fast"] = "ema(close, 9)"
    source["conditions"] = {"up": "close > open"} | source["conditions"]
    fixed = dslc.fix(source)
    assert fixed.valid
    assert fixed.data is not None
    assert fixed.data["conditions"]["c"] == "up AND fast > 3"


def test_one_comma_in_brackets_is_a_guess() -> None:
    """`1,234` is 1.234 to half of the world, with brackets around it, too."""
    assert mended("abs(close) > 1,234") is None
    assert mended("abs(close) > 1,2") == "abs(close) > 1.2"


# ── Meanings that are drawn ──────────────────────────────────────────────────────────────────────────────

Said = tuple[str, str]
"""A meaning in this language, bracketed, and as an author of another one writes it."""


class Writer:
    """Draws meanings; each method gives one of a kind, and its spelling needs no brackets at that level."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def either(self, *ways: str) -> str:
        return self.draw.choice(ways)

    def field(self) -> Said:
        name = self.either(*FIELDS)
        frames = (
            f"df['{name}']",
            f'df["{name}"]',
            name.title(),
            name.upper(),
            f"data.{name}",
            f"bars.{name}",
        )
        return name, self.either(name, name, name, *frames)

    def call(self) -> Said:
        name, spelled = self.field()
        count = self.draw.randint(1, 3)
        ours = self.either("sma", "ema", "highest", "lowest")
        head = self.either("", "ta.") + self.either(ours, ours.upper() if ours in ("sma", "ema") else ours)
        ways = (
            f"({spelled}, {count})",
            f"(source={spelled}, length={count})",
            f"(length={count}, source={spelled})",
            f"({spelled}, period = {count})",
            f"({count}, {spelled})",
        )
        return f"{ours}({name}, {count})", head + self.either(*ways)

    def atom(self) -> Said:
        kind = self.draw.random()
        if kind < 0.2:
            number = str(self.draw.randint(2, 5))
            return number, number
        if kind < 0.4:
            return self.call()
        if kind < 0.5:
            ours, theirs = self.sum()
            return f"({ours})", f"({theirs})"
        return self.field()

    def sum(self) -> Said:
        ours, theirs = self.atom()
        for _ in range(self.draw.choice((0, 0, 0, 1, 2))):
            sign = self.either("+", "-", "*")
            more = self.atom()
            tight = f"({ours})" if sign == "*" else ours
            if sign == "*" and any(one in theirs for one in " -+"):
                theirs = f"({theirs})"
            ours, theirs = f"({tight} {sign} {more[0]})", f"{theirs} {sign} {more[1]}"
        return ours, theirs

    def comparison(self) -> Said:
        a, b, c = self.sum(), self.sum(), self.sum()
        up, down = f"crossUp({a[0]}, {b[0]})", f"crossDown({a[0]}, {b[0]})"
        sign = self.either(">", "<", ">=", "<=")
        plain = f"{a[0]} {sign} {b[0]}", f"{a[1]} {sign} {b[1]}"
        other = self.either(">", "<", ">=", "<=", "==", "!=")
        middle = self.atom()
        chain = f"{a[0]} {sign} {middle[0]} AND {middle[0]} {other} {c[0]}"
        theirs_too = self.either("crosses above", "crosses over", "crossed above")
        same = self.either("true", "True", "1")
        never = self.either("false", "False", "0")
        ways: list[Said] = [
            plain,
            plain,
            (f"{a[0]} > {b[0]}", f"{a[1]} {self.either('is above', 'above', 'is greater than')} {b[1]}"),
            (f"{a[0]} < {b[0]}", f"{a[1]} {self.either('is below', 'below', 'less than')} {b[1]}"),
            (f"{a[0]} >= {b[0]} AND {a[0]} <= {c[0]}", f"{a[1]} between {b[1]} and {c[1]}"),
            (f"{a[0]} == {b[0]}", f"{a[1]} = {b[1]}"),
            (f"{a[0]} >= {b[0]}", f"{a[1]} => {b[1]}"),
            (chain, f"{a[1]} {sign} {middle[1]} {other} {c[1]}"),
            (up, f"{a[1]} {theirs_too} {b[1]}"),
            (up, f"ta.crossover({a[1]}, {b[1]})"),
            (up, f"cross_up(b={b[1]}, a={a[1]})"),
            (down, f"crossunder(a={a[1]}, b={b[1]})"),
            (down, f"{a[1]} {self.either('crosses below', 'crosses under')} {b[1]}"),
            (plain[0], f"{plain[1]} == {same}"),
            (f"NOT ({plain[0]})", f"{plain[1]} == {never}"),
            (plain[0], f"({plain[1]}) == {same}"),
            (f"{a[0]} == 1 OR {a[0]} == 2", f"{a[1]} in (1, 2)"),
            (f"NOT ({a[0]} == 1 OR {a[0]} == 2)", f"{a[1]} not in (1, 2)"),
        ]
        ours, theirs = self.draw.choice(ways)
        return f"({ours})", theirs

    def inverse(self) -> Said:
        kind = self.draw.random()
        if kind < 0.6:
            return self.comparison()
        if kind < 0.8:
            ours, theirs = self.comparison()
            return f"(NOT {ours})", f"{self.either('NOT', 'not')} {theirs}"
        ours, theirs = self.either_truth()
        return self.draw.choice(
            [(ours, f"({theirs})"), (f"(NOT {ours})", f"!({theirs})"), (f"(NOT {ours})", f"not ({theirs})")]
        )

    def both(self) -> Said:
        ours, theirs = self.inverse()
        for _ in range(self.draw.choice((0, 0, 1))):
            more = self.inverse()
            ours, theirs = f"({ours} AND {more[0]})", f"{theirs} {self.either('AND', 'and', '&&')} {more[1]}"
        return ours, theirs

    def either_truth(self) -> Said:
        ours, theirs = self.both()
        for _ in range(self.draw.choice((0, 0, 1))):
            more = self.both()
            ours, theirs = f"({ours} OR {more[0]})", f"{theirs} {self.either('OR', 'or', '||')} {more[1]}"
        return ours, theirs

    def condition(self) -> Said:
        ours, theirs = self.either_truth()
        other = self.comparison()
        ways = [
            (ours, theirs),
            (ours, theirs),
            (ours, theirs),
            (ours, f"if {theirs} then {self.either('buy', 'enter', 'true')}"),
            (ours, f"return {theirs};"),
            (ours, f"True if {theirs} else False"),
            (f"{ours} AND {other[0]}", f"if {theirs} then {other[1]}"),
        ]
        return self.draw.choice(ways)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_drawn_and_mended_keeps_its_meaning(seed: int) -> None:
    for drawn in range(8):
        ours, theirs = Writer(100 * seed + drawn).condition()
        condition = mended(theirs)
        if condition is not None:
            bars = candles(drawn)
            assert oracle.column(condition, bars) == oracle.column(ours, bars), (theirs, condition)


@pytest.mark.parametrize("seed", range(60))
def test_a_lost_or_surplus_bracket_keeps_the_meaning(seed: int) -> None:
    for drawn in range(8):
        writer = Writer(100_000 + 100 * seed + drawn)
        ours, theirs = writer.either_truth()
        condition = mended(without_or_with_one_more(theirs, writer.draw))
        if condition is not None:
            bars = candles(drawn)
            assert oracle.column(condition, bars) == oracle.column(ours, bars), (theirs, condition)


def without_or_with_one_more(text: str, draw: random.Random) -> str:
    """The text after one slip with a bracket: one lost, or one too many beside another or at an end."""
    places = [at for at, character in enumerate(text) if character in "()"]
    if places and draw.random() < 0.7:
        at = draw.choice(places)
        return text[:at] + text[at + 1 :]
    if places and draw.random() < 0.5:
        at = draw.choice(places)
        return text[:at] + text[at] + text[at:]
    return f"{text})" if draw.random() < 0.5 else f"({text}"


def test_some_lost_and_surplus_brackets_are_mended() -> None:
    slips = [
        without_or_with_one_more(Writer(seed).either_truth()[1], random.Random(seed)) for seed in range(150)
    ]
    assert sum(mended(text) is not None for text in slips) > 0.1 * len(slips)


def test_much_of_what_is_drawn_is_mended() -> None:
    """Without this, mending nothing would keep every meaning."""
    drawn = [Writer(seed).condition()[1] for seed in range(150)]
    certain = [text for text in drawn if mended(text) is not None]
    assert len(certain) > 0.6 * len(drawn)
    assert sum(text != mended(text) for text in certain) > 0.4 * len(drawn)
