"""Claims about Bars: the rules, what is kept, the digest, and the spacing of bars against a timeframe."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
import doctest
import pickle
import subprocess
import sys
from zoneinfo import ZoneInfo

from dslc.runtime import bars as bars_module
from dslc.runtime import bars_error, clock, column_names, iso_texts, moments, resample, tables
from dslc.runtime.bars import FIELDS, Bars, BarsError
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pandas as pd
import pytest

ZONES = (
    "America/New_York",
    "Europe/London",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "+05:30",
)


def four_bars(**columns: object) -> dict[str, object]:
    """Four good hourly bars from 2024-01-01T00:00Z, some of the columns replaced."""
    good = {
        "time": [f"2024-01-01T0{hour}:00" for hour in range(4)],
        "open": [10.0, 11.0, 12.0, 13.0],
        "high": [11.0, 12.0, 13.0, 14.0],
        "low": [9.0, 10.0, 11.0, 12.0],
        "close": [10.5, 11.5, 12.5, 13.5],
        "volume": [1.0, 2.0, 3.0, 4.0],
    }
    return {**good, **columns}


def at(*texts: str) -> dict[str, object]:
    """Bars of close 1.0 at these times."""
    return {"time": list(texts), "close": np.ones(len(texts))}


def refused(data: object, **options: str) -> BarsError:
    with pytest.raises(BarsError) as caught:
        Bars(data, **options)
    return caught.value


@pytest.mark.parametrize(
    "module",
    [bars_error, bars_module, clock, column_names, iso_texts, moments, resample, tables],
    ids=lambda module: module.__name__,
)
def test_examples_in_the_documentation_run(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


# What is kept


def test_bars_hold_what_was_given():
    bars = Bars(four_bars())
    assert FIELDS == ("open", "high", "low", "close", "volume")
    assert len(bars) == 4
    assert bars.matrix.shape == (5, 4)
    assert bars.matrix.dtype == np.float64
    assert bars.matrix.flags.c_contiguous
    assert bars.present == set(FIELDS)
    for row, field in enumerate(FIELDS):
        assert getattr(bars, field).tolist() == four_bars()[field]
        assert np.shares_memory(getattr(bars, field), bars.matrix[row])
    assert bars.times.dtype == np.int64
    assert bars.times.tolist() == [1704067200 * 10**9 + hour * clock.HOUR for hour in range(4)]
    assert bars.time.dtype == np.dtype("M8[ns]")
    assert str(bars.time[1]) == "2024-01-01T01:00:00.000000000"
    assert bars.zone is None
    assert bars.notes == ()


def test_an_absent_column_is_all_nan_and_not_present():
    bars = Bars({"close": [1.0, 2.0]})
    assert bars.present == {"close"}
    assert np.isnan(bars.matrix[[0, 1, 2, 4]]).all()


def test_without_a_time_column_time_is_the_row_number():
    bars = Bars({"close": [1.0, 2.0, 3.0]})
    assert bars.times is None
    assert bars.time.dtype == np.int64
    assert bars.time.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("data", "note"), [({"close": []}, "no bars at all"), ({"close": [1.0]}, "one bar only")]
)
def test_zero_and_one_bar_are_legal_with_a_note(data, note):
    assert note in Bars(data).notes


def test_zero_volume_is_legal_with_a_note():
    bars = Bars(four_bars(volume=[0, 0, 0, -0.0]))
    assert bars.notes == ("volume is 0 on every bar",)
    assert not np.signbit(bars.volume).any()


def test_bars_are_immutable():
    bars = Bars(four_bars())
    for array in (bars.matrix, bars.close, bars.times, bars.time):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        bars.zone = "UTC"
    with pytest.raises(AttributeError):
        del bars.zone
    with pytest.raises(AttributeError):
        bars.more = 1


@pytest.mark.parametrize("kind", ["i8", "M8[ns]", "M8[s]"])
def test_bars_do_not_change_with_the_arrays_they_were_made_of(kind):
    close = np.array([1.0, 2.0])
    time = np.array([10**18, 2 * 10**18]).view("M8[ns]").astype(kind)
    bars = Bars({"close": close, "time": time})
    close[0], time[0] = 5.0, time[1]
    assert bars.close[0] == 1.0
    assert bars.times[0] == 10**18
    assert close.flags.writeable
    assert time.flags.writeable


def test_bars_of_bars_share_the_arrays():
    bars = Bars(four_bars())
    again = Bars(bars, timeframe="1H")
    assert again.matrix is bars.matrix
    assert (bars.timeframe, again.timeframe, Bars(again).timeframe) == (None, "1H", "1H")


def test_bars_and_their_errors_survive_pickling():
    bars = Bars(
        pd.DataFrame({"Close": [1.0, 2.0]}, index=pd.date_range("2024-01-01", periods=2, tz="Asia/Tokyo"))
    )
    again = pickle.loads(pickle.dumps(bars))
    assert again.digest == bars.digest
    assert (again.zone, again.present, again.notes) == (bars.zone, bars.present, bars.notes)
    assert again.matrix.tobytes() == bars.matrix.tobytes()
    assert not again.matrix.flags.writeable
    error = refused(four_bars(low=[9.0, 20.0, 11.0, 12.0]))
    same = pickle.loads(pickle.dumps(error))
    assert str(same) == str(error)
    assert vars(same) == vars(error)


def test_threads_see_one_digest():
    bars = Bars(four_bars())
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: bars.digest, range(20)))) == 1


def test_representation_says_what_is_inside():
    assert repr(Bars(at("2024-01-01", "2024-01-02"))) == (
        "<Bars: 2, close, 2024-01-01T00:00:00Z to 2024-01-02T00:00:00Z>"
    )


def test_a_mapping_of_arrays_needs_neither_pandas_nor_narwhals_nor_pyarrow():
    program = (
        "import sys; from dslc.runtime.bars import Bars; "
        "bars = Bars({'time': ['2024-01-01', '2024-01-02'], 'close': [1, 2]}); bars.digest; "
        "bars.check_timeframe('1D'); bars.resample('1W'); "
        "sys.exit(len({'pandas', 'polars', 'narwhals', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# The digest


def test_digest_is_that_of_the_values_whatever_held_them():
    frame = pd.DataFrame(four_bars())
    frame["time"] = pd.to_datetime(frame["time"])
    digests = {
        Bars(four_bars()).digest,
        Bars(frame).digest,
        Bars(frame.set_index("time")).digest,
        Bars(frame.astype({"volume": np.int64})).digest,
        Bars(dict(reversed(four_bars().items()))).digest,
        Bars(four_bars(volume=np.array([1, 2, 3, 4], dtype=np.float32))).digest,
    }
    assert len(digests) == 1


def test_digest_ignores_the_zone_and_sees_everything_else():
    naive = at("2024-01-01T00:00", "2024-01-02T00:00")
    same_times = at("2024-01-01T02:00+02:00", "2024-01-02T02:00+02:00")
    assert Bars(naive).digest == Bars(same_times).digest
    others = [
        naive,
        {**naive, "close": [1.0, np.nextafter(1.0, 2)]},
        at("2024-01-01T00:00", "2024-01-02T00:00:00.000000001"),
        {"time": naive["time"], "open": naive["close"]},
        {"close": naive["close"]},
        {"close": [1.0]},
    ]
    assert len({Bars(data).digest for data in others}) == len(others)


def test_digest_counts_minus_zero_as_zero():
    assert Bars(four_bars(volume=[0.0] * 4)).digest == Bars(four_bars(volume=[-0.0] * 4)).digest


# The rules


@pytest.mark.parametrize(
    ("columns", "code", "row", "words"),
    [
        ({"close": [10.5, np.nan, np.nan, 13.5]}, "B201", 1, "close is missing (NaN) (as in 1 more row)"),
        ({"volume": [1, 2, np.inf, 4]}, "B201", 2, "volume is inf"),
        ({"open": [10.0, 11.0, 12.0, -np.inf]}, "B201", 3, "open is -inf"),
        ({"low": [9.0, 0.0, 11.0, 12.0]}, "B202", 1, "low is 0.0, but a price is above 0"),
        ({"low": [9.0, 10.0, -1.0, 12.0]}, "B202", 2, "low is -1.0"),
        ({"high": [11.0, 12.0, 12.25, 14.0]}, "B203", 2, "high is 12.25, which is below close 12.5"),
        (
            {"high": [9.5, 9.5, 9.5, 14.0]},
            "B203",
            0,
            "high is 9.5, which is below open 10.0 (as in 2 more rows)",
        ),
        ({"low": [9.0, 11.25, 11.0, 12.0]}, "B204", 1, "low is 11.25, which is above open 11.0"),
        ({"volume": [1, 2, 3, -1e-300]}, "B205", 3, "volume is -1e-300"),
    ],
)
def test_a_broken_rule_names_code_row_time_and_value(columns, code, row, words):
    error = refused(four_bars(**columns))
    assert (error.code, error.row, error.time) == (code, row, f"2024-01-01T0{row}:00:00Z")
    assert words in error.message
    assert str(error) == f"row {row} ({error.time}): {error.message}; {error.help}"
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("time", "code", "row", "advice"),
    [
        (["2024-01-02", "2024-01-02"], "B206", 1, "keep one row for each time"),
        (["2024-01-02", "2024-01-01"], "B207", 1, "reverse the rows"),
        (["2024-01-01", "2024-01-03", "2024-01-02"], "B207", 2, "sort the rows by time"),
    ],
)
def test_times_must_increase(time, code, row, advice):
    error = refused(at(*time))
    assert (error.code, error.row, error.help) == (code, row, advice)
    assert error.time == f"{time[row]}T00:00:00Z"


def test_an_empty_column_is_advised_away():
    assert refused(four_bars(volume=[np.nan] * 4)).help == "leave the column out"


def test_high_is_held_against_low_where_nothing_lies_between():
    assert refused({"high": [1.0, 1.0], "low": [1.0, 2.0]}).code == "B203"


def test_the_time_of_an_error_is_on_the_wall_clock_of_the_bars():
    frame = pd.DataFrame(
        {"close": [1.0, -1.0]}, index=pd.date_range("2024-07-01", periods=2, tz="America/New_York")
    )
    assert refused(frame).time == "2024-07-02T00:00:00-04:00"


@st.composite
def candles(draw):
    """Columns that satisfy every rule, over the whole range of float64."""
    size = draw(st.integers(1, 20))
    price = st.floats(min_value=5e-324, max_value=1.7976931348623157e308)
    rows = draw(st.lists(st.tuples(price, price, price, price), min_size=size, max_size=size))
    ranked = [sorted(row) for row in rows]
    swap = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    inner = [
        (row[2], row[1]) if turned else (row[1], row[2]) for row, turned in zip(ranked, swap, strict=True)
    ]
    volume = draw(st.lists(st.floats(0, allow_infinity=False, allow_nan=False), min_size=size, max_size=size))
    return {
        "open": np.array([opened for opened, _ in inner]),
        "high": np.array([row[3] for row in ranked]),
        "low": np.array([row[0] for row in ranked]),
        "close": np.array([closed for _, closed in inner]),
        "volume": np.abs(volume),
    }


@given(candles())
def test_legal_bars_are_taken_bit_for_bit(data):
    bars = Bars(data)
    for field, values in data.items():
        assert getattr(bars, field).tobytes() == values.tobytes()


@given(candles(), st.data())
def test_one_broken_value_is_found_at_its_row(data, draw):
    field = draw.draw(st.sampled_from(FIELDS))
    row = draw.draw(st.integers(0, len(data["open"]) - 1))
    bad, code = draw.draw(
        st.sampled_from([(np.nan, "B201"), (np.inf, "B201"), (-1.0, "B205" if field == "volume" else "B202")])
    )
    data[field][row] = bad
    error = refused(data)
    assert (error.code, error.row, error.time) == (code, row, None)
    assert error.message.startswith(field)


def test_required_columns_that_are_absent_are_named_with_those_found():
    bars = Bars({"Close": [1.0], "Symbol": ["X"]})
    bars.require(["close"])
    with pytest.raises(BarsError) as caught:
        bars.require({"volume", "close", "high"})
    assert caught.value.code == "B301"
    assert caught.value.message == (
        "the strategy reads `high`, `volume`, but the columns found are `Close`, `Symbol`"
    )


# Spacing


def misfit(bars: Bars, timeframe: str) -> BarsError:
    with pytest.raises(BarsError) as caught:
        bars.check_timeframe(timeframe)
    return caught.value


def test_bars_without_times_or_too_few_are_not_checked_and_noted():
    assert Bars({"close": [1.0, 2.0]}).check_timeframe("1H") == (
        "no time column; the spacing of the bars was not checked",
    )
    assert Bars(at("2024-01-01")).check_timeframe("1H") == (
        "fewer than two bars; their spacing was not checked",
    )


def test_an_unknown_timeframe_is_an_error_that_lists_the_known_ones():
    for refusal in (misfit(Bars(four_bars()), "1MO"), refused(four_bars(), timeframe="1MO")):
        assert refusal.code == "B304"
        assert "1M 3M 5M 15M 30M 1H 2H 4H 6H 8H 12H 1D 1W" in refusal.help


def test_finer_bars_contradict_the_timeframe_and_may_be_resampled():
    error = misfit(Bars(four_bars()), "4H")
    assert (error.code, error.row, error.time) == ("B302", 1, "2024-01-01T01:00:00Z")
    assert "1 hour after the one before, less than the timeframe 4H" in error.message
    assert error.help == (
        "resample the bars (--resample, resample=True), or set the strategy's timeframe to 1H"
    )


def test_one_surplus_bar_contradicts_the_timeframe():
    error = misfit(
        Bars(at("2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T01:30", "2024-01-01T02:30")), "1H"
    )
    assert (error.code, error.row) == ("B302", 2)
    assert error.help.startswith("drop the surplus bar")


def test_coarser_bars_contradict_the_timeframe():
    error = misfit(Bars(four_bars()), "30M")
    assert (error.code, error.row, error.time) == ("B303", 1, "2024-01-01T01:00:00Z")
    assert error.message == "most bars are 1 hour apart, more than the timeframe 30M"
    assert error.help == "bring bars of 30M or finer, or set the strategy's timeframe to 1H"


def test_of_gaps_equally_common_the_smallest_counts():
    bars = Bars(at("2024-01-01T00:00", "2024-01-01T05:00", "2024-01-01T06:00"))
    assert bars.check_timeframe("1H") == (
        "1 gap, 4 candles missing; the largest, 5 hours, after 2024-01-01T00:00:00Z",
    )


def test_gaps_that_are_no_whole_candles_are_reported_without_a_count():
    bars = Bars(at("2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T02:00", "2024-01-01T04:30"))
    assert bars.check_timeframe("1H") == (
        "1 gap; the largest, 2 hours 30 minutes, after 2024-01-01T02:00:00Z",
    )


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Australia/Lord_Howe"])
def test_days_of_23_and_25_hours_are_one_day(zone):
    index = pd.date_range("2024-01-01", "2024-12-31", freq="D", tz=zone)
    bars = Bars(pd.DataFrame({"close": np.ones(len(index))}, index=index))
    assert {clock.HOUR * 23, clock.HOUR * 25} & set(np.diff(bars.times).tolist()) or zone.endswith("Howe")
    assert bars.check_timeframe("1D") == ()


def test_days_of_mixed_offsets_are_counted_on_each_row_s_own_date():
    bars = Bars(at("2024-03-30T00:00+00:00", "2024-03-31T00:00+00:00", "2024-04-01T00:00+01:00"))
    assert (bars.zone, bars.notes) == ("UTC", ("mixed UTC offsets; times are shown in UTC",))
    assert bars.check_timeframe("1D") == ()


def test_weeks_are_counted_from_monday_whatever_day_labels_them():
    for label in ("2024-01-01", "2024-01-05", "2024-01-07"):
        monday_or_not = [str(pd.Timestamp(label) + pd.Timedelta(weeks=week)) for week in range(4)]
        assert Bars(at(*monday_or_not)).check_timeframe("1W") == ()
    holiday = Bars(at("2024-01-01", "2024-01-09", "2024-01-15", "2024-01-29"))
    assert holiday.check_timeframe("1W") == (
        "1 gap, 1 candle missing; the largest, 14 days, after 2024-01-15T00:00:00Z",
    )
    error = misfit(Bars(at("2024-01-01", "2024-01-07", "2024-01-08")), "1W")
    assert (error.code, error.row) == ("B302", 1)


def test_a_declared_length_above_the_smallest_gap_is_refused():
    for error in (refused(four_bars(), timeframe="4H"), refused(Bars(four_bars()), timeframe="4H")):
        assert (error.code, error.help) == ("B302", "declare the length that the bars have")
    assert Bars(four_bars(), timeframe="1M").timeframe == "1M"


def test_bars_declared_to_be_of_a_timeframe_may_have_gaps_most_of_the_time():
    assert misfit(Bars(four_bars()), "30M").code == "B303"
    assert Bars(four_bars(), timeframe="30M").check_timeframe("30M") == (
        "3 gaps, 3 candles missing; the largest, 1 hour, after 2024-01-01T00:00:00Z",
    )


def test_spacing_is_looked_at_once_for_each_timeframe_and_declaration(monkeypatch):
    looked = []
    gaps = clock.gaps
    monkeypatch.setattr(clock, "gaps", lambda *given: looked.append(given[2]) or gaps(*given))
    bars = Bars(four_bars(time=[f"2024-01-01T0{hour}:00" for hour in (0, 1, 2, 4)]))
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(bars.check_timeframe, ["1H"] * 20))) == 1
    before = len(looked)
    assert bars.check_timeframe("1H") is bars.check_timeframe("1H")
    assert len(looked) == before
    assert misfit(bars, "30M").code == "B303"
    assert Bars(bars, timeframe="30M").check_timeframe("30M")
    assert misfit(bars, "30M").code == "B303"


def test_what_was_found_about_the_spacing_is_no_part_of_the_bars():
    asked, fresh = Bars(four_bars()), Bars(four_bars())
    asked.check_timeframe("1H")
    assert pickle.dumps(asked) == pickle.dumps(fresh)
    assert pickle.loads(pickle.dumps(asked)).check_timeframe("1H") == fresh.check_timeframe("1H")
    assert asked.digest == fresh.digest


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30), st.sampled_from(["15M", "30M", "1H", "2H"]))
def test_spacing_is_judged_as_a_plain_count_of_gaps_judges_it(steps, timeframe):
    quarters = np.cumsum([0, *steps])
    bars = Bars({"time": quarters * 900 + 1_600_000_000, "close": np.ones(len(quarters))})
    length = {"15M": 1, "30M": 2, "1H": 4, "2H": 8}[timeframe]
    counts = Counter(steps)
    common = min(step for step in counts if counts[step] == max(counts.values()))
    expected = "B302" if min(steps) < length else "B303" if common > length else None
    if expected is None:
        assert len(bars.check_timeframe(timeframe)) == any(step > length for step in steps)
    else:
        assert misfit(bars, timeframe).code == expected


# The clock


@given(st.sampled_from(ZONES), st.lists(st.integers(-2_000_000_000, 7_000_000_000), min_size=1, unique=True))
@settings(max_examples=60, deadline=None)
def test_wall_clocks_are_those_of_the_standard_library(zone, seconds):
    rule = clock.zone_rule(zone)
    times = np.array(sorted(seconds)) * clock.SECOND
    expected = []
    for second in sorted(seconds):
        ahead = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone(rule).utcoffset()
        expected.append(second * clock.SECOND + ahead // timedelta(seconds=1) * clock.SECOND)
    assert clock.wall_clock(times, zone).tolist() == expected


@given(st.integers(clock.EARLIEST, clock.LATEST - 1), st.sampled_from([None, "UTC", *ZONES[2:3], "+05:30"]))
def test_a_time_written_as_iso_reads_back_to_the_nanosecond(time, zone):
    assert moments.parse_time(clock.iso(time, zone), zone) == time


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2024-01-31", None, "2024-01-31T00:00:00Z"),
        ("2024-01-31", "America/New_York", "2024-01-31T05:00:00Z"),
        (" 2024-01-31T09:30 ", "America/New_York", "2024-01-31T14:30:00Z"),
        ("2024-01-31T09:30+01:00", "America/New_York", "2024-01-31T08:30:00Z"),
        ("2024-11-03T01:30", "America/New_York", "2024-11-03T05:30:00Z"),
    ],
)
def test_times_of_an_option_are_read_in_the_zone_of_the_bars(text, zone, expected):
    assert clock.iso(moments.parse_time(text, zone), None) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "01/02/2024", "1500-01-01", "9999-12-31T23:59-10:00", "x" * 999]
)
def test_a_time_that_cannot_be_read_is_a_value_error_in_plain_words(text):
    with pytest.raises(ValueError, match=r"is not a date|lies outside") as caught:
        moments.parse_time(text, "America/New_York")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("zone", ["Mars", "", "America", "../../etc/passwd", "+25:00", "x" * 9999, "a\0b"])
def test_an_unknown_zone_is_a_value_error(zone):
    with pytest.raises(ValueError, match="is not known"):
        clock.zone_rule(zone)


def test_zones_keep_their_rules():
    assert clock.zone_rule("Europe/Paris") == ZoneInfo("Europe/Paris")
    assert clock.zone_rule("-05:00").utcoffset(None) == timedelta(hours=-5)
