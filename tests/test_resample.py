"""Claims about resampling, held against a plain loop that shares no code with it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dslc.runtime.bars import FIELDS, Bars, BarsError
from dslc.runtime.clock import EARLIEST, LATEST, TIMEFRAMES, iso, zone_rule
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pandas as pd
import pytest

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ZONES = ("America/New_York", "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe", "+05:30")


def priced(times, seed: int = 0, **columns) -> dict[str, np.ndarray]:
    """Random legal bars at these times (nanoseconds)."""
    random = np.random.default_rng(seed)
    inner = random.uniform(1, 2, (2, len(times)))
    return {
        "time": np.array(times, dtype=np.int64).view("M8[ns]"),
        "open": inner[0],
        "high": inner.max(axis=0) + random.uniform(0, 1, len(times)),
        "low": inner.min(axis=0) - random.uniform(0, 0.9, len(times)),
        "close": inner[1],
        "volume": random.uniform(0, 1e6, len(times)),
        **columns,
    }


def hourly(start: str, count: int, step: int = HOUR) -> list[int]:
    first = np.datetime64(start, "ns").astype(np.int64)
    return [int(first) + place * step for place in range(count)]


def labels(bars: Bars) -> list[str]:
    return [iso(time, bars.zone) for time in bars.times]


# The oracle


def midnight(day: date, zone) -> int:
    """The first instant of a day, in a zone whose clocks never change at midnight."""
    moment = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int((moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 10**9


def candle_of(time: int, timeframe: str, zone) -> tuple[int, int]:
    """(start, end) of the candle that a bar opening at `time` belongs to."""
    day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time // 10**9)).astimezone(zone).date()
    if timeframe == "1W":
        monday = day - timedelta(days=day.weekday())
        return midnight(monday, zone), midnight(monday + timedelta(days=7), zone)
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    if timeframe == "1D":
        return begin, end
    length = TIMEFRAMES[timeframe]
    start = begin
    while start + length <= time:
        start += length
    return start, min(start + length, end)


def by_hand(data, length: int, timeframe: str, zone) -> list[tuple[float, ...]]:
    """(start, open, high, low, close, volume) of the finished candles."""
    candles: dict[int, list[float]] = {}
    ends = {}
    times = data["time"].view(np.int64).tolist()
    rows = zip(times, *(data[field].tolist() for field in FIELDS), strict=True)
    for time, opened, high, low, close, volume in rows:
        start, end = candle_of(time, timeframe, zone)
        ends[start] = end
        if start not in candles:
            candles[start] = [opened, high, low, close, volume]
            continue
        candle = candles[start]
        candle[1] = max(candle[1], high)
        candle[2] = min(candle[2], low)
        candle[3] = close
        candle[4] = candle[4] + volume
    finished = [start for start in candles if times and any(time + length >= ends[start] for time in times)]
    begun = [start for start in finished if start != min(candles) or times[0] - length < start]
    return [(start, *candles[start]) for start in begun]


def rows_of(bars: Bars) -> list[tuple[float, ...]]:
    return [(time, *column) for time, column in zip(bars.times.tolist(), bars.matrix.T.tolist(), strict=True)]


@st.composite
def sparse_bars(draw, lengths=("1M", "5M", "15M", "30M", "1H")):
    """(declared length, times on a grid of it, some missing, around a change of the clocks)."""
    name = draw(st.sampled_from(lengths))
    length = TIMEFRAMES[name]
    near = draw(st.sampled_from(["2024-03-09", "2024-03-30", "2024-11-02", "2024-10-05", "1969-12-30"]))
    shift = draw(st.sampled_from([0, 0, length // 2]))
    first = int(np.datetime64(near, "ns").astype(np.int64)) + draw(st.integers(0, 48)) * length + shift
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 7, 40]), min_size=5, max_size=60))
    return name, [first, *(first + int(step) * length for step in np.cumsum(steps))]


TARGETS = st.sampled_from(["1H", "2H", "4H", "6H", "8H", "12H", "1D", "1W"])


@given(sparse_bars(), TARGETS, st.sampled_from(ZONES))
@settings(max_examples=300, deadline=None)
def test_candles_are_those_of_a_plain_loop(sparse, timeframe, zone):
    name, times = sparse
    data = priced(times)
    if name == timeframe:
        return
    made = Bars(data, timeframe=name).resample(timeframe, align=zone)
    assert rows_of(made) == by_hand(data, TIMEFRAMES[name], timeframe, zone_rule(zone))
    assert made.zone == zone
    made.check_timeframe(timeframe)


@given(sparse_bars(), TARGETS, st.sampled_from([None, "22:00", *ZONES]))
@settings(max_examples=150, deadline=None)
def test_a_prefix_gives_a_prefix_of_the_finished_candles_bit_for_bit(sparse, timeframe, align):
    name, times = sparse
    data = priced(times)
    whole = Bars(data, timeframe=name).resample(timeframe, align=align)
    for count in range(len(times)):
        cut = {field: values[:count] for field, values in data.items()}
        part = Bars(cut, timeframe=name).resample(timeframe, align=align)
        assert part.times.tobytes() == whole.times[: len(part)].tobytes()
        assert part.matrix.tobytes() == whole.matrix[:, : len(part)].tobytes()


@given(sparse_bars(), TARGETS)
@settings(max_examples=40, deadline=None)
def test_the_prefix_law_holds_for_inferred_lengths_while_the_length_stays(sparse, timeframe):
    _, times = sparse
    data = priced(times)

    def resampled(count: int) -> Bars | None:
        try:
            return Bars({field: values[:count] for field, values in data.items()}).resample(timeframe)
        except BarsError:
            return None

    whole = resampled(len(times))
    if whole is None:
        return
    shortest = int(np.gcd.reduce(np.diff(times)))
    for count in range(2, len(times)):
        part = resampled(count)
        if part is None or part.times is None or int(np.gcd.reduce(np.diff(times[:count]))) != shortest:
            continue
        if any("already" in note for note in (*part.notes, *whole.notes)):
            continue
        assert part.matrix.tobytes() == whole.matrix[:, : len(part)].tobytes()


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=40),
    st.sampled_from(ZONES[:4]),
    st.sampled_from(ZONES[:4]),
)
@settings(max_examples=60, deadline=None)
def test_daily_bars_of_any_zone_make_weeks_that_never_change(steps, zone, align):
    days = np.cumsum([0, *(step + 1 for step in steps)])
    index = (pd.Timestamp("2024-02-20") + pd.to_timedelta(days, unit="D")).tz_localize(zone)
    data = priced(index.tz_convert("UTC").as_unit("ns").asi8)
    frame = pd.DataFrame(data | {"time": index})
    whole = Bars(frame, timeframe="1D").resample("1W", align=align)
    for count in range(1, len(frame)):
        part = Bars(frame[:count], timeframe="1D").resample("1W", align=align)
        assert rows_of(part) == rows_of(whole)[: len(part)]
    if zone != align:
        return
    weeks = list(dict.fromkeys((day - pd.Timedelta(days=day.day_of_week)).date() for day in index))
    if index[0].day_of_week != 0:
        del weeks[0]
    if weeks and index[-1].day_of_week != 6:
        del weeks[-1]
    assert whole.times.tolist() == [midnight(week, zone_rule(zone)) for week in weeks]


# One by one


def test_a_candle_is_first_greatest_least_last_and_sum_labelled_by_its_opening():
    data = {
        "time": ["2024-01-01T00:00", "2024-01-01T00:30", "2024-01-01T01:00", "2024-01-01T01:30"],
        "open": [1.0, 2.0, 3.0, 4.0],
        "high": [5.0, 9.0, 7.0, 8.0],
        "low": [0.5, 0.25, 0.75, 0.125],
        "close": [2.0, 3.0, 4.0, 5.0],
        "volume": [1.0, 2.0, 4.0, 8.0],
    }
    made = Bars(data).resample("1H")
    assert labels(made) == ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"]
    assert made.matrix.tolist() == [[1.0, 3.0], [9.0, 8.0], [0.25, 0.125], [3.0, 5.0], [3.0, 12.0]]
    assert made.notes == ("4 bars made into 2 candles of 1H",)
    assert made.timeframe == "1H"
    assert not made.matrix.flags.writeable
    assert not made.times.flags.writeable


def test_volumes_are_added_in_the_order_of_the_bars():
    data = priced(hourly("2024-01-01", 1440, MINUTE))
    total = 0.0
    for value in data["volume"].tolist():
        total += value
    made = Bars(data).resample("1D").volume
    assert made.tolist() == [total]
    assert np.add.reduceat(data["volume"], [0])[0] != total  # or this test would prove nothing


def test_absent_columns_stay_absent():
    made = Bars({"time": hourly("2024-01-01", 4), "close": np.arange(1.0, 5)}).resample("2H")
    assert made.present == {"close"}
    assert made.close.tolist() == [2.0, 4.0]
    assert np.isnan(made.matrix[[0, 1, 2, 4]]).all()


def test_a_first_candle_whose_start_is_missing_and_an_unfinished_last_one_are_dropped_and_reported():
    made = Bars(priced(hourly("2024-01-01T02:00", 13))).resample("4H")
    assert labels(made) == ["2024-01-01T04:00:00Z", "2024-01-01T08:00:00Z"]
    assert made.notes == (
        "13 bars made into 2 candles of 4H",
        "first candle, 2024-01-01T00:00:00Z, dropped: the data begin inside it",
        "last candle, 2024-01-01T12:00:00Z, dropped: no bar reaches its end",
    )


def test_a_bar_that_ends_with_its_candle_finishes_it():
    for count, finished in ((3, 0), (4, 1), (5, 1), (7, 1), (8, 2)):
        assert len(Bars(priced(hourly("2024-01-01", count))).resample("4H")) == finished


@pytest.mark.parametrize(
    ("first", "kept"), [("00:00", True), ("00:30", True), ("00:59", True), ("01:00", False), ("03:00", False)]
)
def test_a_first_candle_is_kept_if_no_bar_before_the_first_could_open_in_it(first, kept):
    made = Bars(priced(hourly(f"2024-01-01T{first}", 6))).resample("4H")
    assert labels(made)[:1] == (["2024-01-01T00:00:00Z"] if kept else ["2024-01-01T04:00:00Z"][: len(made)])


def test_the_short_candle_that_ends_a_day_of_23_hours_is_finished_at_midnight():
    index = pd.date_range("2024-03-10", periods=23, freq="h", tz="America/New_York")
    bars = Bars(pd.DataFrame({"close": np.ones(23)}, index=index))
    assert labels(bars.resample("4H", align="America/New_York"))[-1] == "2024-03-10T21:00:00-04:00"
    assert len(bars.resample("1D", align="America/New_York")) == 1


@pytest.mark.parametrize("monday", ["2024-03-04", "2024-10-28"])
def test_a_week_that_ends_with_a_day_of_23_or_25_hours_is_finished_by_it(monday):
    index = pd.date_range(monday, periods=7, freq="D", tz="America/New_York")
    bars = Bars(pd.DataFrame({"close": np.ones(7)}, index=index))
    assert len(bars.resample("1W", align="America/New_York")) == 1


def test_whole_days_are_told_by_the_wall_clock():
    index = pd.date_range("2024-03-04", periods=14, freq="D", tz="America/New_York")
    bars = Bars(pd.DataFrame({"close": np.ones(14)}, index=index))
    assert np.gcd.reduce(np.diff(bars.times)) == HOUR
    assert len(bars.resample("1W", align="America/New_York")) == 2


def test_daily_bars_at_no_fixed_time_of_day_may_be_preceded_on_the_day_before():
    # 2024-01-09T08:00 in Tokyo is Monday 23:00Z, but a bar of Tokyo's Monday could open on Monday 01:00Z.
    index = pd.DatetimeIndex(["2024-01-09T08:00", "2024-01-10T10:00", "2024-01-15T12:00"], tz="Asia/Tokyo")
    made = Bars(pd.DataFrame({"close": np.ones(3)}, index=index), timeframe="1D").resample("1W")
    assert len(made) == 0


def test_the_prefix_law_holds_for_daily_bars_of_mixed_offsets():
    times = ["2023-10-23T00:00+01:00", "2023-10-30T00:00+00:00", "2024-03-31T00:00+00:00"]
    later = "2024-04-01T00:00+01:00"  # Sunday 23:00Z: still in the week that the 31st belongs to
    part = Bars({"time": times, "close": [1.0, 2.0, 3.0]}, timeframe="1D").resample("1W")
    whole = Bars({"time": [*times, later], "close": [1.0, 2.0, 3.0, 4.0]}, timeframe="1D").resample("1W")
    assert part.close.tolist() == whole.close.tolist()[: len(part)]
    assert len(part) > 0


def test_candles_of_mixed_offsets_are_on_the_calendar_of_utc():
    index = pd.date_range("2024-03-08", periods=144, freq="h", tz="America/New_York")
    clocks = [moment.isoformat() for moment in index if moment.day not in (10, 11, 12)]
    bars = Bars({"time": clocks, "close": np.ones(len(clocks))})
    assert bars.notes == ("mixed UTC offsets; times are shown in UTC",)
    assert bars.resample("1D").check_timeframe("1D") == (
        "1 gap, 2 candles missing; the largest, 3 days, after 2024-03-10T00:00:00Z",
    )


def test_candles_have_a_digest_of_their_own():
    bars = Bars(priced(hourly("2024-01-01", 8)))
    assert bars.digest != bars.resample("4H").digest


def test_a_later_bar_finishes_a_candle_with_a_gap_at_its_end():
    times = [*hourly("2024-01-01T00:00", 2), *hourly("2024-01-01T09:00", 1)]
    assert labels(Bars(priced(times)).resample("4H")) == ["2024-01-01T00:00:00Z"]


def test_bars_across_a_boundary_belong_where_they_open_and_are_noted():
    made = Bars(priced(hourly("2024-01-01T00:30", 8))).resample("4H")
    assert labels(made) == ["2024-01-01T00:00:00Z", "2024-01-01T04:00:00Z"]
    assert made.notes[-1] == (
        "bars do not open on the candles' boundaries; a candle holds the bars that open in it"
    )


def test_weeks_begin_on_monday():
    made = Bars(priced(hourly("2024-01-01", 15, DAY))).resample("1W")
    assert labels(made) == ["2024-01-01T00:00:00Z", "2024-01-08T00:00:00Z"]


@pytest.mark.parametrize(
    ("align", "day", "week"),
    [
        (None, "2024-01-03T00:00:00Z", "2024-01-08T00:00:00Z"),
        ("22:00", "2024-01-02T22:00:00Z", "2024-01-08T22:00:00Z"),
        ("+02:00", "2024-01-03T00:00:00+02:00", "2024-01-08T00:00:00+02:00"),
        ("-05:00", "2024-01-03T00:00:00-05:00", "2024-01-08T00:00:00-05:00"),
        ("America/New_York", "2024-01-03T00:00:00-05:00", "2024-01-08T00:00:00-05:00"),
    ],
)
def test_alignment_moves_days_and_weeks(align, day, week):
    bars = Bars(priced(hourly("2024-01-02T12:00", 24 * 20)))
    assert labels(bars.resample("1D", align=align))[0] == day
    assert labels(bars.resample("1W", align=align))[0] == week


def test_bars_without_an_aligned_zone_keep_their_own():
    index = pd.date_range("2024-01-01", periods=48, freq="h", tz="America/New_York")
    bars = Bars(pd.DataFrame({"close": np.ones(48)}, index=index))
    made = bars.resample("12H")
    assert made.zone == "America/New_York"
    assert labels(made)[0] == "2024-01-01T07:00:00-05:00"


@pytest.mark.parametrize(
    ("night", "expected"),
    [
        ("2024-03-10", ["00:00", "05:00", "09:00", "13:00", "17:00", "21:00"]),
        ("2024-11-03", ["00:00", "03:00", "07:00", "11:00", "15:00", "19:00", "23:00"]),
    ],
)
def test_days_of_23_and_25_hours_count_from_midnight(night, expected):
    index = pd.date_range(night, periods=3 * 24, freq="h", tz="America/New_York")
    made = Bars(pd.DataFrame({"close": np.ones(len(index))}, index=index)).resample(
        "4H", align="America/New_York"
    )
    on_that_day = [label[11:16] for label in labels(made) if label.startswith(night)]
    assert on_that_day == expected
    assert made.check_timeframe("4H") == ()
    days = Bars(pd.DataFrame({"close": np.ones(len(index))}, index=index)).resample(
        "1D", align="America/New_York"
    )
    assert days.check_timeframe("1D") == ()


@pytest.mark.parametrize(
    ("zone", "first", "expected"),
    [
        # The clocks jump over midnight, come back to it, come back one minute after it, skip a date.
        ("America/Sao_Paulo", "2018-11-03T03:00", ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00"]),
        ("America/Havana", "2024-11-02T04:00", ["2024-11-02T00:00:00-04:00", "2024-11-03T00:00:00-04:00"]),
        ("America/St_Johns", "2010-11-06T02:30", ["2010-11-06T00:00:00-02:30", "2010-11-07T00:00:00-02:30"]),
        ("Pacific/Apia", "2011-12-29T10:00", ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]),
    ],
)
def test_days_begin_once_whatever_the_clocks_do_at_midnight(zone, first, expected):
    made = Bars(priced(hourly(first, 4 * 60, 30 * MINUTE))).resample("1D", align=zone)
    assert labels(made)[:2] == expected


def test_weeks_of_real_bars_never_change():
    bars = Bars(Path(__file__).parents[1] / "examples" / "bars" / "IBM.csv")
    whole = bars.resample("1W")
    assert len(whole) == 677
    data = {"time": bars.time, **{field: getattr(bars, field) for field in FIELDS}}
    for count in range(2, len(bars), 97):
        part = Bars({field: values[:count] for field, values in data.items()}, timeframe="1D").resample("1W")
        assert len(part) >= count // 5 - 2
        assert rows_of(part) == rows_of(whole)[: len(part)]


@pytest.mark.parametrize("align", [None, "22:00", "America/New_York"])
def test_the_first_and_the_last_years_can_be_resampled(align):
    for start in (EARLIEST, LATEST - 21 * DAY):
        made = Bars(priced([start + day * DAY for day in range(21)])).resample("1W", align=align)
        assert len(made) == 2


def test_no_bars_make_no_candles():
    made = Bars({"time": [], "close": []}).resample("1H")
    assert (len(made), made.timeframe, made.notes) == (0, "1H", ("no bars at all",))


def test_one_bar_of_declared_length_makes_a_candle_only_if_it_fills_it():
    assert len(Bars(priced(hourly("2024-01-01", 1)), timeframe="30M").resample("1H")) == 0
    assert len(Bars(priced(hourly("2024-01-01", 1)), timeframe="1D").resample("1W")) == 0
    whole = Bars(priced(hourly("2024-01-01", 1)), timeframe="1H").resample("1H")
    assert len(whole) == 1


@pytest.mark.parametrize("align", [None, "America/New_York", "22:00"])
def test_one_bar_of_undeclared_length_makes_no_candle_with_a_note(align):
    bars = Bars(priced(hourly("2024-01-01", 1)))
    made = bars.resample("4H", align=align)
    assert (len(made), made.matrix.shape, made.times.shape) == (0, (5, 0), (0,))
    assert (made.timeframe, made.present) == ("4H", bars.present)
    assert made.notes == (
        "one bar made into 0 candles of 4H: it does not tell how long a bar is; declare it with timeframe=",
        "no bars at all",
    )
    assert made.digest != bars.digest


def test_bars_that_are_candles_already_come_back_as_they_are():
    bars = Bars(priced(hourly("2024-01-01T00:17", 5)))
    made = bars.resample("1H")
    assert made.digest == bars.digest
    assert made.notes == ("the bars are 1H already",)
    weekly = Bars(priced([*hourly("2024-01-01", 3, 7 * DAY), *hourly("2024-01-23", 1)]))
    assert weekly.resample("1W").digest == weekly.digest


def test_sparse_minutes_need_their_length_declared():
    times = hourly("2024-01-01T00:07", 12, 61 * MINUTE)
    with pytest.raises(BarsError) as caught:
        Bars(priced(times)).resample("1H")
    assert caught.value.code == "B308"
    made = Bars(priced(times), timeframe="1M").resample("1H")
    assert len(made) == 10


def test_candles_resample_further_to_the_same_candles():
    bars = Bars(priced(hourly("2024-01-01", 24 * 30)))
    straight, by_way = bars.resample("1W"), bars.resample("4H").resample("1D").resample("1W")
    assert straight.matrix[:4].tobytes() == by_way.matrix[:4].tobytes()
    assert straight.times.tobytes() == by_way.times.tobytes()


@pytest.mark.parametrize(
    ("data", "timeframe", "align", "code"),
    [
        ({"close": [1.0, 2.0]}, "1H", None, "B305"),
        (priced(hourly("2024-01-01", 9, 7 * MINUTE)), "1H", None, "B307"),
        (priced(hourly("2024-01-01", 9, 8 * HOUR)), "12H", None, "B307"),
        (priced(hourly("2024-01-01", 9, 4 * HOUR)), "1H", None, "B308"),
        (priced(hourly("2024-01-01", 9, 31 * DAY)), "1W", None, "B308"),
        (priced(hourly("2024-01-01", 9)), "1MO", None, "B304"),
        (priced(hourly("2024-01-01", 9)), "4H", "Mars/Phobos", "B309"),
        (priced(hourly("2024-01-01", 9)), "4H", "25:00", "B309"),
        (priced(hourly("2024-01-01", 9)), "4H", "", "B309"),
    ],
)
def test_what_cannot_be_resampled_is_an_error(data, timeframe, align, code):
    with pytest.raises(BarsError) as caught:
        Bars(data).resample(timeframe, align=align)
    assert caught.value.code == code
    assert caught.value.help


def test_a_sum_of_volumes_beyond_float64_is_an_error_with_its_candle():
    data = priced(hourly("2024-01-01", 8), volume=np.array([1.0, 1, 1, 1, 1e308, 1e308, 1, 1]))
    with pytest.raises(BarsError) as caught:
        Bars(data).resample("4H")
    assert (caught.value.code, caught.value.row, caught.value.time) == ("B310", 1, "2024-01-01T04:00:00Z")
