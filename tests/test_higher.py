"""`x @ 4H`, held against a plain loop that makes the candles and says which has closed.

The loop shares no code with what it judges: calendars are those of the standard library, and what is seen
on a candle is asked anew from all bars up to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
import math
from pathlib import Path
import random
from typing import Any
from zoneinfo import ZoneInfo

import dslc
from dslc.compiler.analyze import analyze
from dslc.compiler.facts import facts
from dslc.grammar.document import load
from dslc.grammar.nodes import At, postorder
from dslc.grammar.parser import parse
from dslc.grammar.printer import to_text
from dslc.grammar.spelling import Speller
from dslc.runtime import engine
from dslc.runtime.frames import matrix_of
from dslc.runtime.resample import bar_length
from dslc.schemas.structure import check_structure
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from .test_resample import HOUR, MINUTE, candle_of, priced
from .timing import quickly

LENGTHS = {
    "15M": 15 * MINUTE,
    "30M": 30 * MINUTE,
    "1H": HOUR,
    "2H": 2 * HOUR,
    "4H": 4 * HOUR,
    "1D": 24 * HOUR,
}
PAIRS = [
    ("15M", "1H"), ("30M", "2H"), ("1H", "4H"), ("1H", "1D"), ("2H", "12H"), ("4H", "1D"), ("1H", "1W"),
    ("1D", "1W"),
]  # fmt: skip
ZONES = ("UTC", "America/New_York", "+05:30", "Australia/Lord_Howe")
FIELDS = ("open", "high", "low", "close", "volume")
EXAMPLES = Path(__file__).parent.parent / "examples" / "bars"

Candle = tuple[float, ...]


def strategy_of(text: str, timeframe: str = "1H", zone: str = "UTC", **more: Any) -> dslc.Strategy:
    truth = any(sign in text for sign in "<>=") and not text.startswith("if")
    return dslc.compile(
        {
            "configuration": {"timeframe": timeframe, "timezone": zone, **more},
            "inputs": {} if truth else {"it": text},
            "conditions": {"it": text, "fails": f"NOT ({text})"} if truth else {"some": "close > 0"},
            "score": {},
            "decision": {"entry": "close > 0"},
        }
    )


def value_of(strategy: dslc.Strategy, bars: Any, **how: Any) -> np.ndarray:
    """The value on every candle; of a truth 1, 0 or undefined."""
    found = strategy.evaluate(bars, **how)
    if "it" in found.inputs:
        return found.inputs["it"]
    return np.where(found.conditions["it"], 1.0, np.where(found.conditions["fails"], 0.0, np.nan))


# --- the oracle -------------------------------------------------------------------------------


def rule_of(zone: str) -> Any:
    if zone[0] in "+-":
        from datetime import timezone

        hours, minutes = map(int, zone[1:].split(":"))
        return timezone((1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
    return ZoneInfo(zone)


def end_of(time: int, length: int) -> int:
    """When a bar ends; one of a day with its date, in UTC."""
    day = 24 * HOUR
    return (time // day + 1) * day if length == day else time + length


def candles_seen(data: dict[str, np.ndarray], row: int, length: int, higher: str, zone: Any) -> list[Candle]:
    """The candles of the higher timeframe that have closed when the bar of a row has, oldest first."""
    groups: dict[tuple[int, int], list[int]] = {}
    for at in range(row + 1):
        groups.setdefault(candle_of(int(data["time"][at].astype(np.int64)), higher, zone), []).append(at)
    now = end_of(int(data["time"][row].astype(np.int64)), length)
    first = int(data["time"][0].astype(np.int64))
    earliest = (first // (24 * HOUR) * 24 * HOUR - 1) if length == 24 * HOUR else first - length
    found = []
    for number, ((start, end), rows) in enumerate(groups.items()):
        if number == 0 and earliest >= start:
            continue  # a bar before the first may have opened in it
        if end > now and number == len(groups) - 1:
            continue
        volume = 0.0
        for at in rows:
            volume += float(data["volume"][at])
        found.append(
            (
                float(data["open"][rows[0]]),
                max(float(data["high"][at]) for at in rows),
                min(float(data["low"][at]) for at in rows),
                float(data["close"][rows[-1]]),
                volume,
            )
        )
    return found


def inner(text: str, seen: list[Candle]) -> float:
    """The value of a few expressions on the last of these candles, by hand."""
    if not seen:
        return math.nan
    opened, _, low, close, _ = seen[-1]
    match text:
        case "close" | "open" | "high" | "low" | "volume":
            return seen[-1][FIELDS.index(text)]
        case "high[2]":
            return seen[-3][1] if len(seen) > 2 else math.nan
        case "highest(high, 3) - low":
            return max(one[1] for one in seen[-3:]) - low if len(seen) > 2 else math.nan
        case "close > open":
            return 1.0 if close > opened else 0.0
        case "change(close) > 0":
            return math.nan if len(seen) < 2 else 1.0 if close - seen[-2][3] > 0 else 0.0
    raise ValueError(text)


EXPRESSIONS = (*FIELDS, "high[2]", "highest(high, 3) - low", "close > open", "change(close) > 0")


@st.composite
def histories(draw: Any, candles: int = 70) -> tuple[str, str, str, dict[str, np.ndarray]]:
    """Bars with holes, a pair of timeframes and a zone."""
    own, higher = draw(st.sampled_from(PAIRS))
    zone = draw(st.sampled_from(ZONES))
    length = LENGTHS[own]
    start = np.datetime64(draw(st.sampled_from(("2024-03-08T03", "2024-11-01T22", "2024-04-05T13"))), "ns")
    first = int(start.astype(np.int64)) // length * length
    steps = draw(st.lists(st.sampled_from((1, 1, 1, 1, 2, 3, 9)), min_size=1, max_size=candles))
    times = [first + length * at for at in np.cumsum([0, 1, *steps]).tolist()]
    return own, higher, zone, priced(times, draw(st.integers(0, 99)))


@settings(max_examples=60, deadline=None)
@given(histories(), st.sampled_from(EXPRESSIONS))
def test_it_is_what_a_plain_loop_sees(history: Any, text: str) -> None:
    own, higher, zone, data = history
    found = value_of(strategy_of(f"({text}) @ {higher}", own, zone), dslc.Bars(data, timeframe=own))
    rule = rule_of(zone)
    wanted = [
        inner(text, candles_seen(data, row, LENGTHS[own], higher, rule)) for row in range(len(data["time"]))
    ]
    np.testing.assert_array_equal(found, wanted)


@settings(max_examples=30, deadline=None)
@given(
    histories(), st.sampled_from(("ema(close, 3)", "rsi(close, 2)", "atr(2)", "obv()", "supertrend(2, 1)"))
)
def test_any_expression_runs_on_the_candles_as_if_they_were_bars(history: Any, text: str) -> None:
    """The candles that the loop has seen, given to a strategy of the higher timeframe."""
    own, higher, zone, data = history
    found = value_of(strategy_of(f"{text} @ {higher}", own, zone), dslc.Bars(data, timeframe=own))
    rule = rule_of(zone)
    last = len(data["time"]) - 1
    seen = candles_seen(data, last, LENGTHS[own], higher, rule)
    alone: list[float] = []
    if seen:
        columns = dict(zip(FIELDS, map(list, zip(*seen, strict=True)), strict=True))
        alone = value_of(strategy_of(text, higher), columns).tolist()
    counts = [len(candles_seen(data, row, LENGTHS[own], higher, rule)) for row in range(last + 1)]
    np.testing.assert_array_equal(found, [alone[count - 1] if count else math.nan for count in counts])


# --- any way of running -------------------------------------------------------------------------

DEEP = {
    "slow": "ema(close, 3) @ 4H",
    "day": "high[1] @ 1D",
    "turn": "(fast - fast[1]) @ 4H",
    "nested": "(sma(close, 2) @ 1D - close) @ 4H",
    "mean": "sma(close @ 4H, 3)",
    "session": "vwapSession()",
    "flow": "funding @ 4H + sma(funding, 2)",
    "other": "ema(spy.close, 3) + spy.high @ 4H",
    "clock": "hour() @ 4H + dayOfWeek()",
}


def deep(zone: str = "America/New_York") -> dslc.Strategy:
    return dslc.compile(
        {
            "configuration": {
                "timeframe": "1H", "timezone": zone, "series": ["funding"], "symbols": {"spy": "SPY"},
            },
            "inputs": {"fast": "ema(close, 2)", **DEEP},
            "conditions": {
                "up": "close > slow", "trend": "(close > open AND close > fast) @ 1D",
                "open_": "inSession(9.5, 16)",
            },
            "score": {"up": 2, "trend": -1, "open_": 3},
            "decision": {"entry": "score >= 2"},
        }
    )  # fmt: skip


def deep_bars(seed: int = 0, candles: int = 220) -> dslc.Bars:
    """Bars with holes, a further column with holes, and another instrument with other holes."""
    rng = np.random.default_rng(seed)
    start = int(np.datetime64("2024-03-07T02", "ns").astype(np.int64))
    times = start + HOUR * np.arange(candles)
    data = priced(times, seed, funding=np.where(rng.random(candles) < 0.3, np.nan, rng.normal(size=candles)))
    other = priced(times, seed + 1)
    mine, theirs = rng.random(candles) > 0.15, rng.random(candles) > 0.3
    mine[0] = True
    bars = {name: column[mine] for name, column in data.items()}
    return dslc.Bars(
        bars, series=["funding"], symbols={"SPY": {name: column[theirs] for name, column in other.items()}}
    )


def columns_of(found: dslc.Evaluation) -> dict[str, np.ndarray]:
    return {**found.inputs, **found.conditions, "score": found.score, "entry": found.entry}


def beside(bars: dslc.Bars, row: int) -> dict[str, Any]:
    """What a stream is told of a candle besides its fields; the two instruments have one grid."""
    other = bars.symbols["SPY"]
    at = np.flatnonzero(other.times == bars.times[row])
    candle = {"SPY": other.matrix[:, at[0]].tolist()} if len(at) else {}
    value = float(bars.series["funding"][row])
    return {"series": {"funding": None if math.isnan(value) else value}, "symbols": candle}


def same_tick(tick: dslc.Tick, wanted: dict[str, np.ndarray], row: int) -> None:
    for name, value in {**tick.inputs, **tick.conditions, "score": tick.score, "entry": tick.entry}.items():
        np.testing.assert_array_equal(value, wanted[name][row], err_msg=f"{name} on candle {row}")


@pytest.mark.parametrize("seed", range(4))
def test_candle_by_candle_corrected_and_restored(seed: int) -> None:
    strategy, bars, dice = deep(), deep_bars(seed), random.Random(seed)
    wanted = columns_of(strategy.evaluate(bars))
    stream = strategy.stream()
    for row in range(len(bars)):
        candle = bars.matrix[:, row].tolist()
        if dice.random() < 0.3:
            wrong = {"series": {"funding": 9.0}, "symbols": {"SPY": (1, 2, 1, 2, 7)}}
            stream.push(bars.time[row], *(2 * value for value in candle), **wrong)
            if dice.random() < 0.5:
                stream = strategy.stream(stream.snapshot())
            same_tick(stream.push(bars.time[row], *candle, replace=True, **beside(bars, row)), wanted, row)
        else:
            same_tick(stream.push(bars.time[row], *candle, **beside(bars, row)), wanted, row)


@pytest.mark.parametrize("seed", range(4))
def test_pieces_of_history_and_then_candle_by_candle(seed: int) -> None:
    strategy, bars, dice = deep(), deep_bars(10 + seed), random.Random(seed)
    wanted = columns_of(strategy.evaluate(bars))
    stream = strategy.stream()
    row = 0
    while row < len(bars):
        if dice.random() < 0.5:
            same_tick(
                stream.push(bars.time[row], *bars.matrix[:, row].tolist(), **beside(bars, row)), wanted, row
            )
            row += 1
            continue
        stop = min(len(bars), row + dice.choice((1, 2, 5, 30)))
        part = dslc.Bars(
            {"time": bars.time[row:stop], **{name: getattr(bars, name)[row:stop] for name in FIELDS},
             "funding": bars.series["funding"][row:stop]},
            series=["funding"], symbols=bars.symbols, timeframe="1H",
        )  # fmt: skip
        stream.warm(part)
        row = stop


@pytest.mark.parametrize("seed", range(3))
def test_a_prefix_gives_a_prefix_and_no_future_matters(seed: int) -> None:
    strategy, bars = deep(), deep_bars(20 + seed)
    certificate = strategy.verify(bars, seed=seed)
    assert [check.name for check in certificate.checks if not check.passed] == []


def test_alone_and_in_a_batch_on_any_number_of_threads() -> None:
    bars = deep_bars(30)
    others = [strategy_of(text) for text in ("close @ 4H", "ema(close, 3) @ 4H", "rsi(close, 3) @ 1D")]
    batch = dslc.compile_batch([deep().canonical, *(one.canonical for one in others), deep("UTC").canonical])
    alone = [one.evaluate(bars) for one in (deep(), *others, deep("UTC"))]
    for threads in (1, 2, 3):
        for one, found in zip(alone, batch.evaluate(bars, threads=threads), strict=True):
            np.testing.assert_array_equal(found.score, one.score)
            np.testing.assert_array_equal(found.entry, one.entry)


def test_frames_are_shared_in_a_batch() -> None:
    texts = [f"ema(close, {n}) @ 4H > close" for n in range(2, 12)]
    batch = dslc.compile_batch([strategy_of(text).canonical for text in texts])
    plan = batch._prepare("1H", "all").plan
    assert [(frame.timeframe, len(frame.plan.loads)) for frame in plan.frames] == [("4H", 1)]


def test_every_value_is_bounded_by_its_facts() -> None:
    """Without gaps a value is defined from `first` on, and depends on no candle before its extent."""
    bars = priced(
        [int(np.datetime64("2024-03-07T03", "ns").astype(np.int64)) + HOUR * k for k in range(24 * 9)]
    )
    for text in ("close @ 4H", "sma(close, 3) @ 4H", "high[2] @ 8H", "(close @ 12H - open) @ 4H"):
        document = load(strategy_of(text).canonical)
        checked, _ = analyze(check_structure(document, Speller())[0], document, Speller())
        assert checked is not None
        fact = facts(checked.graph)[checked.inputs["it"]]
        strategy = strategy_of(text)
        plain = value_of(strategy, bars)
        assert not np.isnan(plain[fact.first :]).any()
        reach = -int(fact.left)
        for row in range(reach, 24 * 9, 7):
            changed = {name: column.copy() for name, column in bars.items()}
            for name in FIELDS[:4]:
                changed[name][: row - reach] *= 3.0
            assert value_of(strategy, changed)[row] == plain[row], (text, row)


# --- what it means --------------------------------------------------------------------------------


def hours(first: str, count: int) -> dict[str, Any]:
    start = int(np.datetime64(first, "ns").astype(np.int64))
    closes = np.arange(1.0, count + 1.0)
    return {"time": (start + HOUR * np.arange(count)).view("M8[ns]"), "close": closes}


def test_a_candle_is_seen_when_it_has_closed_and_not_before() -> None:
    found = value_of(strategy_of("close @ 4H"), hours("2024-01-01T00", 9))
    np.testing.assert_array_equal(found, [np.nan] * 3 + [4.0] * 4 + [8.0] * 2)


def test_where_its_last_bar_is_missing_it_is_seen_on_the_next() -> None:
    bars = hours("2024-01-01T00", 9)
    left = {name: np.delete(column, 3) for name, column in bars.items()}
    found = value_of(strategy_of("close @ 4H"), left)
    np.testing.assert_array_equal(found, [np.nan] * 3 + [3.0] * 3 + [8.0] * 2)


def test_a_first_candle_that_began_before_the_bars_does_not_count() -> None:
    found = value_of(strategy_of("open @ 4H"), {**hours("2024-01-01T01", 8), "open": np.arange(8.0) + 0.5})
    np.testing.assert_array_equal(found, [np.nan] * 6 + [3.5] * 2)


def test_candles_that_are_missing_altogether_are_none() -> None:
    bars = hours("2024-01-01T00", 20)
    left = {name: np.delete(column, range(4, 16)) for name, column in bars.items()}
    found = value_of(strategy_of("close[1] @ 4H"), left)
    np.testing.assert_array_equal(found[-1], 4.0)


@pytest.mark.parametrize(("night", "length"), [("2024-03-10", 23), ("2024-11-03", 25)])
def test_days_of_23_and_25_hours_are_days(night: str, length: int) -> None:
    zone = ZoneInfo("America/New_York")
    midnight = datetime.fromisoformat(night).replace(tzinfo=zone).timestamp()
    start = np.datetime64(int(midnight), "s").astype("M8[ns]")
    bars = {"time": start + np.arange(48) * np.timedelta64(1, "h"), "close": np.arange(1.0, 49.0)}
    found = value_of(strategy_of("close @ 1D", zone="America/New_York"), bars)
    assert np.isnan(found[: length - 1]).all()
    assert (found[length - 1 : length + 23] == float(length)).all()


def test_sessions_with_odd_hours_fill_the_candles_that_they_open_in() -> None:
    """Bars of 14:30 to 19:30 in UTC: the candle of 12:00 holds two, that of 16:00 four."""
    days = [
        np.datetime64(f"2024-01-0{day}T14:30", "ns") + np.arange(6) * np.timedelta64(1, "h") for day in (2, 3)
    ]
    bars = {"time": np.concatenate(days), "close": np.arange(1.0, 13.0)}
    found = value_of(strategy_of("close @ 4H"), bars)
    np.testing.assert_array_equal(found, [np.nan] * 5 + [6.0] * 2 + [8.0] * 4 + [12.0])


def test_weeks_begin_on_monday_in_the_zone() -> None:
    sunday = np.datetime64("2024-01-07T12", "ns") + np.arange(36) * np.timedelta64(1, "h")
    found = value_of(
        strategy_of("close @ 1W", zone="Asia/Tokyo"), {"time": sunday, "close": np.arange(1.0, 37.0)}
    )
    assert np.isnan(found).all()  # the first week began before the bars, the second has not closed
    found = value_of(strategy_of("dayOfWeek()", zone="Asia/Tokyo"), {"time": sunday, "close": np.ones(36)})
    assert found.tolist() == [7.0] * 3 + [1.0] * 24 + [2.0] * 9


def test_names_stand_for_their_expressions() -> None:
    bars = priced([HOUR * k for k in range(200)])
    source = strategy_of("close > open").canonical
    source["inputs"] = {
        "n": "3", "fast": "ema(close, n)", "gap": "fast - sma(close, 2 * n)",
        "named": "gap @ 4H", "written": "(ema(close, 3) - sma(close, 6)) @ 4H",
    }  # fmt: skip
    source["conditions"] = {
        "up": "close > fast",
        "named_": "up @ 4H",
        "written_": "(close > ema(close, 3)) @ 4H",
    }
    found = dslc.compile(source).evaluate(bars)
    np.testing.assert_array_equal(found.inputs["named"], found.inputs["written"])
    np.testing.assert_array_equal(found.conditions["named_"], found.conditions["written_"])
    assert not np.isnan(found.inputs["named"][-1])


def test_functions_of_the_document_are_read_there_too() -> None:
    bars = priced([HOUR * k for k in range(200)])
    source = strategy_of("close > open", zone="Asia/Tokyo").canonical
    source["functions"] = {
        "gap(x, n)": "x - sma(x, n)",
        "late()": "hour() > 12",
        "slow(n)": "ema(close, n) @ 4H",
    }
    source["inputs"] = {
        "called": "gap(close, 3) @ 4H", "written": "(close - sma(close, 3)) @ 4H",
        "inside": "slow(5)", "outside": "ema(close, 5) @ 4H",
    }  # fmt: skip
    source["conditions"] = {"called_": "late() @ 8H", "written_": "(hour() > 12) @ 8H"}
    found = dslc.compile(source).evaluate(bars)
    np.testing.assert_array_equal(found.inputs["called"], found.inputs["written"])
    np.testing.assert_array_equal(found.inputs["inside"], found.inputs["outside"])
    np.testing.assert_array_equal(found.conditions["called_"], found.conditions["written_"])


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("close @ 1H", "close"),
        ("close @ 4H @ 4H", "close @ 4H"),
        ("close @ 4H[1]", "(close @ 4H)[1]"),
        ("-close @ 4H", "-(close @ 4H)"),
        ("close + open @ 4H", "close + (open @ 4H)"),
        ("5 @ 4H", "5"),
        ("sma(close, 14 @ 4H)", "sma(close, 14)"),
    ],
)
def test_it_binds_like_an_offset(text: str, same: str) -> None:
    bars = priced([HOUR * k for k in range(60)])
    np.testing.assert_array_equal(value_of(strategy_of(text), bars), value_of(strategy_of(same), bars))


def test_one_candle_ago_is_not_one_candle_of_the_strategy_ago() -> None:
    bars = hours("2024-01-01T00", 12)
    ago, before = (value_of(strategy_of(text), bars) for text in ("close @ 4H[1]", "close[1] @ 4H"))
    np.testing.assert_array_equal(ago, [np.nan] * 4 + [4.0] * 4 + [8.0] * 4)
    np.testing.assert_array_equal(before, [np.nan] * 7 + [4.0] * 4 + [8.0])


@pytest.mark.parametrize(
    "text",
    ["close @ 4H", "(a + b) @ 1D[2]", "-x @ 4H", "f(x @ 4H, 2) @ 1W", "NOT (a > b) @ 4H", "x @ 4H @ 1D"],
)
def test_what_is_printed_reads_as_the_same(text: str) -> None:
    tree = parse(text).tree
    assert tree is not None
    again = parse(to_text(tree)).tree
    assert again is not None
    assert to_text(again) == to_text(tree)
    ats = [node.timeframe for node in postorder(tree) if isinstance(node, At)]
    assert ats == [node.timeframe for node in postorder(again) if isinstance(node, At)]


def test_the_clock_is_that_of_the_document() -> None:
    berlin, tokyo = (strategy_of("hour()", zone=zone).hash for zone in ("Europe/Berlin", "Asia/Tokyo"))
    assert berlin != tokyo
    assert strategy_of("hour()").hash == dslc.compile(strategy_of("hour()").canonical).hash
    bars = hours("2024-07-01T21", 3)
    assert value_of(strategy_of("hour()", zone="Europe/Berlin"), bars).tolist() == [23.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "-03:30"]
)
def test_the_calendar_is_that_of_the_standard_library(zone: str) -> None:
    start = int(np.datetime64("2023-12-30T21", "ns").astype(np.int64))
    times = start + 30 * MINUTE * np.arange(0, 48 * 370, 7)
    bars = {"time": times.view("M8[ns]"), "close": np.ones(len(times))}
    rule = rule_of(zone)
    moments = [datetime.fromtimestamp(int(time) / 1e9, rule) for time in times]
    for text, wanted in {
        "hour()": [moment.hour for moment in moments],
        "minute()": [moment.minute for moment in moments],
        "dayOfWeek()": [moment.isoweekday() for moment in moments],
        "dayOfMonth()": [moment.day for moment in moments],
        "month()": [moment.month for moment in moments],
        "inSession(9.5, 16) == 1": [],
    }.items():
        if wanted:
            assert (
                value_of(strategy_of(text, "30M", zone), dslc.Bars(bars, timeframe="30M")).tolist() == wanted
            )
    for opens, closes in ((9.5, 16), (22, 6), (0, 24), (7, 7)):
        found = value_of(
            strategy_of(f"if(inSession({opens}, {closes}), 1, 0)", "30M", zone),
            dslc.Bars(bars, timeframe="30M"),
        )
        of_day = [moment.hour + moment.minute / 60 for moment in moments]
        over = closes <= opens
        wanted_ = [(one >= opens or one < closes) if over else opens <= one < closes for one in of_day]
        assert found.tolist() == [float(one) for one in wanted_]


# --- further columns and other instruments ------------------------------------------------------------


def test_a_further_column_is_read_as_it_is() -> None:
    bars = {**hours("2024-01-01T00", 9), "funding": [1.0, None, 3.0, None, None, None, None, None, 9.0]}
    strategy = strategy_of("funding @ 4H", series=["funding"])
    nan = np.nan
    np.testing.assert_array_equal(value_of(strategy, bars), [nan] * 3 + [3.0] * 4 + [nan, nan])
    plain = value_of(strategy_of("funding", series=["funding"]), bars)
    np.testing.assert_array_equal(plain, [1.0, nan, 3.0, nan, nan, nan, nan, nan, 9.0])


def test_a_column_that_is_missing_or_infinite_is_said() -> None:
    strategy = strategy_of("funding", series=["funding"])
    with pytest.raises(
        dslc.BarsError, match="the strategy reads `funding`, but the columns found are `time`, `close`"
    ):
        strategy.evaluate(hours("2024-01-01T00", 3))
    made = dslc.Bars(hours("2024-01-01T00", 3) | {"funding": [1.0, 2.0, 3.0]})
    with pytest.raises(dslc.BarsError, match=r"keep it: Bars\(…, series=\['funding'\]\)"):
        strategy.evaluate(made)
    with pytest.raises(dslc.BarsError, match="funding is infinite") as raised:
        strategy.evaluate({**hours("2024-01-01T00", 3), "funding": [1.0, np.inf, 2.0]})
    assert (raised.value.code, raised.value.row) == ("B201", 1)


def test_another_instrument_is_seen_where_it_closes() -> None:
    bars, other = hours("2024-01-01T00", 6), hours("2024-01-01T02", 3)
    strategy = strategy_of("spy.close", symbols={"spy": "SPY"})
    nan = np.nan
    found = value_of(strategy, bars, symbols={"SPY": other})
    np.testing.assert_array_equal(found, [nan, nan, 1.0, 2.0, 3.0, nan])
    later = {**other, "time": other["time"] + np.timedelta64(20, "m")}
    np.testing.assert_array_equal(
        value_of(strategy, bars, symbols={"SPY": later}), [nan, nan, nan, 1.0, 2.0, 3.0]
    )
    with pytest.raises(dslc.BarsError, match="`SPY`, whose bars are missing"):
        strategy.evaluate(bars)


@pytest.mark.parametrize(
    ("mine", "theirs", "late"),
    [("UTC", "UTC", 0), ("UTC", "America/New_York", 1), ("America/New_York", "UTC", 0), ("UTC", "Sunday", 0)],
)
def test_weeks_of_another_instrument_end_seven_days_after_they_begin(
    mine: str, theirs: str, late: int
) -> None:
    """A week that ends after that of the strategy does is seen a week later."""

    def weeks(zone: str) -> dslc.Bars:
        first, zone = ("2024-01-07T22:00", "UTC") if zone == "Sunday" else ("2024-01-08", zone)
        start = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone))
        times = [start + timedelta(days=7 * week) for week in range(20)]  # on the clock on the wall
        return dslc.Bars({"time": times, "close": np.arange(1.0, 21.0)}, timeframe="1W")

    strategy = strategy_of("spy.close", "1W", symbols={"spy": "SPY"})
    found = value_of(strategy, weeks(mine), symbols={"SPY": weeks(theirs)})
    np.testing.assert_array_equal(found, [*[np.nan] * late, *range(1, 21 - late)])


STEPS = st.lists(st.integers(1, 4), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(STEPS, STEPS, st.integers(0, 59))
def test_another_instrument_as_a_plain_loop_sees_it(mine: list[int], theirs: list[int], late: int) -> None:
    first = int(np.datetime64("2024-01-01T00", "ns").astype(np.int64))
    own = [first + HOUR * int(at) for at in np.cumsum([0, 1, *mine])]
    other = [first + HOUR * int(at) + MINUTE * late for at in np.cumsum([0, 1, *theirs])]
    closes = [float(k + 1) for k in range(len(other))]
    wanted = []
    for time in own:
        inside = [c for at, c in zip(other, closes, strict=True) if time < at + HOUR <= time + HOUR]
        wanted.append(inside[-1] if inside else math.nan)
    found = value_of(
        strategy_of("spy.close", symbols={"spy": "SPY"}),
        dslc.Bars({"time": np.array(own).view("M8[ns]"), "close": np.ones(len(own))}, timeframe="1H"),
        symbols={"SPY": dslc.Bars({"time": np.array(other).view("M8[ns]"), "close": closes}, timeframe="1H")},
    )
    np.testing.assert_array_equal(found, wanted)


def test_resampling_takes_everything_along() -> None:
    minutes = np.datetime64("2024-01-01T00", "ns") + np.arange(120) * np.timedelta64(1, "m")
    closes = np.arange(1.0, 121.0)
    data = {"time": minutes, "close": closes, "funding": np.where(closes % 100 > 30, np.nan, closes)}
    strategy = strategy_of("funding + spy.close", series=["funding"], symbols={"spy": "SPY"})
    found = value_of(
        strategy, data, symbols={"SPY": {"time": minutes, "close": 1000 * closes}}, resample=True
    )
    assert found.tolist() == [30.0 + 60_000.0, 120.0 + 120_000.0]


def test_an_instrument_is_resampled_beside_bars_that_are_candles_already() -> None:
    quarters = np.datetime64("2024-01-01T00", "ns") + np.arange(24) * np.timedelta64(15, "m")
    other = {"time": quarters, "close": np.arange(1.0, 25.0)}
    strategy, bars = strategy_of("spy.close", symbols={"spy": "SPY"}), hours("2024-01-01T00", 6)
    found = value_of(strategy, bars, symbols={"SPY": other}, resample=True)
    assert found.tolist() == [4.0, 8.0, 12.0, 16.0, 20.0, 24.0]
    together = dslc.Bars(bars, symbols={"SPY": other})
    assert together.resample("1H").digest != together.digest


def test_bars_that_cannot_be_used_are_said_to_be_those_of_their_instrument() -> None:
    strategy, bars = strategy_of("spy.close", symbols={"spy": "SPY"}), hours("2024-01-01T00", 6)
    minutes = {**bars, "time": bars["time"][0] + np.arange(6) * np.timedelta64(1, "m")}
    for other, resample, code in (
        ({**bars, "close": -bars["close"]}, False, "B202"),
        (minutes, False, "B302"),
        ({"close": [1.0, 2.0]}, True, "B305"),
    ):
        with pytest.raises(dslc.BarsError, match="SPY: ") as raised:
            strategy.evaluate(bars, symbols={"SPY": other}, resample=resample)
        assert raised.value.code == code


def test_bars_without_times_cannot_say_what_time_it_is() -> None:
    for text in ("hour()", "close @ 4H", "vwapSession(close)"):
        with pytest.raises(dslc.BarsError) as raised:
            strategy_of(text).evaluate({"close": [1.0, 2.0], "volume": [1.0, 1.0]})
        assert raised.value.code == "B305"
        with pytest.raises(dslc.BarsError):
            strategy_of(text).stream().push(None, close=1.0, volume=1.0)


def test_the_digest_covers_all_that_is_read() -> None:
    bars = hours("2024-01-01T00", 3) | {"funding": [1.0, 2.0, 3.0]}
    plain = dslc.Bars(bars)
    digests = {
        plain.digest,
        dslc.Bars(bars, series=["funding"]).digest,
        dslc.Bars(bars, symbols={"SPY": plain}).digest,
        dslc.Bars(bars, symbols={"QQQ": plain}).digest,
    }
    assert len(digests) == 4
    assert dslc.Bars(plain, symbols={"SPY": plain}).digest in digests


@pytest.mark.parametrize("timeframe", ["1M", "1H", "1D"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_two_bars_five_centuries_apart(timeframe: str, zone: str) -> None:
    """Further than int64 nanoseconds reach; no candle between them is made."""
    times = np.array(["1678-01-02", "1678-01-03", "2262-03-01"], "M8[ns]")
    bars = dslc.Bars({"time": times, "close": [1.0, 2.0, 3.0]}, timeframe=timeframe)
    strategy = strategy_of("close @ 1W", timeframe, zone)
    found = value_of(strategy, bars)
    stream = strategy.stream()
    ticks = [
        stream.push(time, close=close).inputs["it"] for time, close in zip(times, (1, 2, 3), strict=True)
    ]
    np.testing.assert_array_equal(found, ticks)
    hours = np.array([times[0], times[0] + np.timedelta64(1, "h"), times[2]]).view(np.int64)
    assert bar_length(hours, hours) == HOUR


# --- laws that every value keeps ----------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
def test_weeks_of_real_bars_are_those_that_resampling_makes(symbol: str) -> None:
    bars = dslc.Bars(EXAMPLES / f"{symbol}.csv")
    weeks = bars.resample("1W")
    seen: list[float] = []
    found = value_of(strategy_of("close @ 1W", "1D"), bars)
    for value in found[~np.isnan(found)]:
        if not seen or value != seen[-1]:
            seen.append(float(value))
    whole = [float(close) for at, close in enumerate(weeks.close) if not at or close != weeks.close[at - 1]]
    assert seen == whole
    alone = value_of(strategy_of("rsi(close, 14)", "1W"), weeks)
    held = value_of(strategy_of("rsi(close, 14) @ 1W", "1D"), bars)
    assert held[-1] == alone[-1]
    assert set(held[~np.isnan(held)]) == set(alone[~np.isnan(alone)])


@pytest.mark.parametrize(
    "text", ["sma(close, 3) @ 4H", "ema(high, 2) @ 8H - low @ 4H", "vwapSession(close) @ 4H"]
)
def test_prices_times_a_power_of_two_and_constant_prices(text: str) -> None:
    bars = priced([HOUR * k for k in range(120)], 5)
    plain = value_of(strategy_of(text), bars)
    for exponent in (-40, 1, 60):
        scaled = {
            name: np.ldexp(column, exponent) if name in FIELDS[:4] else column
            for name, column in bars.items()
        }
        np.testing.assert_array_equal(value_of(strategy_of(text), scaled), np.ldexp(plain, exponent))
    flat = {**bars, **dict.fromkeys(FIELDS[:4], np.full(120, 0.1))}
    constant = value_of(strategy_of(text), flat)
    assert set(constant[~np.isnan(constant)]) == ({0.0} if " - " in text else {0.1})


def test_a_history_of_any_chunk_and_any_number_of_threads() -> None:
    strategy, bars = deep(), deep_bars(40, 900)
    plan = strategy._prepare((*strategy.inputs, *strategy.conditions)).plan
    matrix = matrix_of(plan, bars, "1H")
    whole = engine.run(plan, matrix)
    for how in ({"chunk": 1}, {"chunk": 7}, {"chunk": 64}, {"threads": 3}, {"compiled": False}):
        part = engine.run(plan, matrix_of(plan, bars, "1H", compiled=how.get("compiled")), **how)
        np.testing.assert_array_equal(part.numbers, whole.numbers)
        np.testing.assert_array_equal(part.masks, whole.masks)


def test_a_run_over_other_candles_ends_with_its_deadline() -> None:
    minutes = np.datetime64("2000-01-01", "ns") + np.arange(400_000) * np.timedelta64(1, "m")
    bars = dslc.Bars({"time": minutes, "close": np.ones(400_000)}, timeframe="1M")
    texts = {f"x{n}": f"sma(close, {n}) @ 3M" for n in range(2, 160)}
    strategy = dslc.compile(strategy_of("close > 0", "1M").canonical | {"inputs": texts})
    with pytest.raises(dslc.StrategyError, match="E613"):
        strategy.evaluate(bars, deadline=0.02)


# --- what is said of it before any candle is seen ---------------------------------------------------------

NUMBERS = (
    "close", "close @ 4H", "high @ 4H", "low @ 4H", "high", "low[1] @ 4H", "close @ 1D", "high @ 1D[3]",
    "hour()", "minute()", "dayOfWeek()", "month() @ 4H", "dayOfMonth()", "rsi(close, 3) @ 4H",
    "rsi(close, 3)", "volume @ 4H", "spy.high", "spy.low", "spy.low @ 4H", "funding", "funding @ 4H",
    "vwapSession()", "(high - low) @ 4H", "highest(high, 3) @ 4H", "(close @ 1D - close) @ 4H",
    "7", "0", "101", "-1", "24",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
def test_no_verdict_is_false(seed: int) -> None:
    dice = random.Random(seed)
    sign = dice.choice((">", ">=", "<", "<=", "==", "!="))
    text = f"{dice.choice(NUMBERS)} {sign} {dice.choice(NUMBERS)}"
    document = {
        "configuration": {"timeframe": "1H", "series": ["funding"], "symbols": {"spy": "SPY"}},
        "inputs": {}, "conditions": {"it": text, "fails": f"NOT ({text})"},
        "score": {"it": 1}, "decision": {"entry": "score >= 1"},
    }  # fmt: skip
    said = {(found.code, found.path) for found in dslc.validate(document)}
    strategy = dslc.compile(document)
    held = failed = False
    for bars in (deep_bars(seed), deep_bars(seed + 1000, 90)):
        found = strategy.evaluate(bars).conditions
        held, failed = held or found["it"].any(), failed or found["fails"].any()
    assert not (held and ("W707", "/conditions/it") in said), text
    assert not (failed and ("W708", "/conditions/it") in said), text


def test_what_the_clock_and_other_candles_can_be_is_known() -> None:
    for text, code in {
        "hour() > 23": "W707", "rsi(close, 3) @ 4H > 100": "W707", "low @ 1D > high @ 1D": "W707",
        "spy.low <= spy.close": "W708", "low @ 4H <= high @ 1D": "", "funding < 0": "",
        "low <= high @ 4H": "",
    }.items():  # fmt: skip
        document = strategy_of("close > open", series=["funding"], symbols={"spy": "SPY"}).canonical
        document["conditions"] = {"it": text}
        found = [one.code for one in dslc.validate(document) if one.path == "/conditions/it"]
        assert code in found if code else not {"W707", "W708"} & set(found), text


def test_a_long_chain_of_names_on_other_candles_is_read_once() -> None:
    """Each of 1,000 entries stands on candles of 4H and uses the one before."""
    inputs = {"i0": "close", **{f"i{n}": f"(i{n - 1} + {n}) @ 4H" for n in range(1, 500)}}
    conditions = {"c0": "i499 > 1", **{f"c{n}": f"(c{n - 1} OR i{n} > {n}) @ 4H" for n in range(1, 500)}}
    document = {
        "configuration": {"timeframe": "1H"}, "inputs": inputs, "conditions": conditions,
        "score": {"c499": 1}, "decision": {"entry": "score >= 1"},
    }  # fmt: skip
    found = quickly(lambda: dslc.validate(document), 0.4)
    assert all(one.severity == "warning" for one in found)


@pytest.mark.parametrize("link", [" @ 1D", " @ 2H @ 1D", "@4H@1D@1W", "@1D[1]", " @ 2H @ 2H[3]"])
def test_a_long_chain_of_frames_is_too_deep_and_nothing_worse(link: str) -> None:
    document = strategy_of("close > 0").canonical
    for count in (60, 64, 65, 3_900 // len(link)):
        text = "close" + link * (count // link.count("@") if count < 66 else count) + " > 1"
        found = {one.code for one in dslc.validate(document | {"conditions": {"it": text}})}
        assert ("E604" in found) == (text.count("@") > 64), text[:80]


def test_frames_count_as_levels_through_functions_and_a_wrong_chain_of_names_is_said_once() -> None:
    document = strategy_of("close > 0").canonical
    functions = {"f0()": "close"} | {f"f{k}()": f"f{k - 1}()" + " @ 1D[1]" * 60 for k in range(1, 60)}
    found = dslc.validate(document | {"functions": functions, "conditions": {"it": "f59() > 1"}})
    assert [one.code for one in found if one.severity == "error"] == ["E422"]
    inputs = {"x0": "close"} | {f"x{k}": f"x{k - 1} @ 2H" for k in range(1, 50)}
    found = dslc.validate(document | {"inputs": inputs, "conditions": {"it": "x49 @ 4H > 1"}})
    assert [one.code for one in found if one.severity == "error"] == ["E420"]
