"""The blocks of code in the documentation that are examples, and what is to be true of each.

The words behind the language of a block say what it is:

    json strategy        a whole strategy; valid, and nothing is said of it
    json part            sections of one, whose others are right (`guides/pages.py` makes it whole); as above
    json recipe          a whole strategy, which also runs; `text said` behind it is what it says
    json E306            a whole strategy, or sections, with this mistake and no other
    text values          bars, and expressions with their values on them; `-` is undefined. With a row `time`
                         candles are of 1H and open on Monday, 2024-01-01, and the days after
    text candles         bars, and what the strategy in the block before says of each candle
    text same            two expressions that are the same computation, with `≡` between them
    text errors          an expression and the code that it gives, as a condition or else as an input

Codes of warnings behind them are those that are given: `json part W701`. With `pending` a block is not run
yet. A block in `python`, `console` or with no such words is no example of this kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
import re

import dslc
from dslc.compiler.analyze import analyze
from dslc.grammar.document import load
from dslc.grammar.spelling import Speller
from dslc.guides.pages import expanded
from dslc.runtime.bars import FIELDS
from dslc.schemas.structure import check_structure
import numpy as np

_FENCE = re.compile(r"^```(\S+) ([^\n]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MONDAY = 1_704_067_200
_CODE = re.compile(r"[EW]\d{3}")
KINDS = {"strategy", "part", "recipe", "values", "candles", "same", "errors"}


@dataclass(frozen=True)
class Snippet:
    """An example: where it stands, what its words say, its text, and that of the example before."""

    page: str
    line: int
    words: tuple[str, ...]
    text: str
    before: str = ""

    @property
    def kind(self) -> str:
        """What is to be true of it; `wrong` of one that has a mistake."""
        return next((word for word in self.words if word in KINDS), "wrong")

    @property
    def codes(self) -> set[str]:
        return {word for word in self.words if _CODE.fullmatch(word)}

    @property
    def pending(self) -> bool:
        return "pending" in self.words


def snippets(path: Path) -> list[Snippet]:
    """The examples of a page."""
    page = path.read_text(encoding="utf-8")
    found: list[Snippet] = []
    for fence in _FENCE.finditer(page):
        words = tuple(fence[2].split())
        if fence[1] in {"json", "text"} and words[0] != "said":
            before = found[-1].text if found else ""
            line = page.count("\n", 0, fence.start()) + 1
            found.append(Snippet(path.name, line, words, fence[3], before))
    return found


def check(snippet: Snippet) -> None:
    """Assert that an example is as its words say."""
    if snippet.kind == "values":
        _check_values(snippet.text)
    elif snippet.kind == "candles":
        _check_candles(snippet.before, snippet.text)
    elif snippet.kind == "same":
        for line in snippet.text.splitlines():
            left, right = line.split("≡")
            assert computation(left) == computation(right), line
    elif snippet.kind == "errors":
        for line in snippet.text.splitlines():
            text, code = line.rsplit(maxsplit=1)
            assert codes_of(text) == {code}, line
    else:
        assert snippet.kind != "wrong" or snippet.codes, snippet.words
        assert {found.code for found in dslc.validate(expanded(snippet.text.strip()))} == snippet.codes


def standing(text: str, *, truth: bool, timeframe: str = "1D") -> dict[str, object]:
    """A strategy in which an expression stands as a condition or as an input."""
    return {
        "configuration": {"timeframe": timeframe},
        "inputs": {} if truth else {"it": text},
        "conditions": {"it": text} if truth else {"some": "close > 0"},
        "score": {},
        "decision": {"entry": "close > 0"},
    }


def codes_of(text: str) -> set[str]:
    """The errors of an expression, as an input where it is a number."""
    found = dslc.validate(standing(text, truth=is_truth(text)))
    return {one.code for one in found if one.severity == "error"}


def is_truth(text: str, timeframe: str = "1D") -> bool:
    found = dslc.validate(standing(text, truth=True, timeframe=timeframe))
    return "E403" not in {one.code for one in found}


def computation(text: str) -> str:
    """The computation that an expression is, written out down to the market data."""
    truth = is_truth(text)
    loaded = load(standing(text, truth=truth))
    checked, found = analyze(check_structure(loaded, Speller())[0], loaded, Speller())
    assert checked is not None, found
    root = (checked.conditions if truth else checked.inputs)["it"]

    def written(number: int) -> str:
        node = checked.graph[number]
        return f"{node.op}{node.params}({', '.join(map(written, node.args))})"

    return written(root)


def _check_values(text: str) -> None:
    given, rows = _rows(text)
    assert rows
    bars = _bars(given)
    timeframe = "1H" if "time" in given else "1D"
    for expression, wanted in rows:
        truth = is_truth(expression, timeframe)
        result = dslc.compile(standing(expression, truth=truth, timeframe=timeframe)).evaluate(bars)
        assert _shown((result.conditions if truth else result.inputs)["it"]) == wanted, expression


def _check_candles(document: str, text: str) -> None:
    given, rows = _rows(text)
    assert rows
    result = dslc.compile(expanded(document.strip())).evaluate(_bars(given))
    scores = {name: getattr(result, name) for name in ("score", "score_low", "score_high", "entry")}
    known = {**result.inputs, **result.conditions, **scores}
    for name, wanted in rows:
        assert _shown(known[name]) == wanted, name


def _shown(values: np.ndarray) -> list[str]:
    return ["-" if value != value else f"{value:g}" for value in values.astype(float)]


def _rows(text: str) -> tuple[dict[str, list[float]], list[tuple[str, list[str]]]]:
    given: dict[str, list[float]] = {}
    rows = []
    for line in text.strip().splitlines():
        subject, _, values = line.partition(": ")
        if subject == "time":
            given[subject] = _times(values.split())
        elif subject in FIELDS:
            given[subject] = [float(value) for value in values.split()]
        else:
            rows.append((subject, values.split()))
    return given, rows


def _times(clock: list[str]) -> list[float]:
    """Seconds since 1970 of times of day, each after the one before, from a Monday on."""
    found: list[float] = []
    for text in clock:
        hour, minute = map(int, text.split(":"))
        time = _MONDAY + 3600.0 * hour + 60.0 * minute
        while found and time <= found[-1]:
            time += 86_400.0
        found.append(time)
    return found


def _bars(given: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The bars of an example; what it leaves out is made up around what it has."""
    times = {"time": given["time"]} if "time" in given else {}
    length = len(next(iter(given.values())))
    close = given.get("close", [10.0] * length)
    opened = given.get("open", close)
    pairs = list(zip(opened, close, strict=True))
    return {
        **times,
        "open": opened,
        "high": given.get("high", [max(pair) for pair in pairs]),
        "low": given.get("low", [min(pair) for pair in pairs]),
        "close": close,
        "volume": given.get("volume", [1.0] * length),
    }
