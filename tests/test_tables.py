"""Claims about the door: whatever holds market data gives the same columns, or a BarsError."""

import datetime as dt
from decimal import Decimal
import gzip
from pathlib import Path
import sys
from unittest.mock import patch
from zoneinfo import ZoneInfo

from dslc.runtime import clock, iso_texts, moments
from dslc.runtime.bars import Bars
from dslc.runtime.bars_error import BarsError
from dslc.runtime.column_names import match_names
from dslc.runtime.tables import read_table
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples" / "bars"


def refused(data: object) -> BarsError:
    with pytest.raises(BarsError) as caught:
        read_table(data)
    return caught.value


@pytest.fixture
def csv(tmp_path):
    """Writes a file and gives its path."""

    def write(content: str | bytes, name: str = "bars.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def times_of(data: object) -> list[str]:
    table = read_table(data)
    assert table.times is not None
    assert table.times.dtype == np.int64
    return [clock.iso(time, table.zone) for time in table.times]


# Names


@pytest.mark.parametrize(
    "names",
    [
        ["open", "high", "low", "close", "volume", "time"],
        ["O", "H", "L", "C", "V", "T"],
        ["1. open", "2. high", "3. low", "4. close", "5. volume", "timestamp"],
        ["<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>", "<DATE>"],
        ["Open Price", "High Price", "Low Price", "Last", "tick_volume", "Date Time"],
        ["open_price", "high_price", "low_price", "Close/Last", "Volume", "Open time"],
    ],
)
def test_columns_go_by_any_usual_name_and_case(names):
    places = match_names(names).places
    assert places == {"open": 0, "high": 1, "low": 2, "close": 3, "volume": 4, "time": 5}


def test_close_wins_over_adj_close():
    table = read_table({"Adj Close": [5.0], "Close": [10.0]})
    assert table.columns["close"].tolist() == [10.0]
    assert table.notes == ("`Adj Close` ignored because `Close` is there",)


def test_adj_close_alone_is_close_with_a_note():
    table = read_table({"Adj Close": [5.0]})
    assert table.columns["close"].tolist() == [5.0]
    assert table.notes == ("`Adj Close` is read as close",)


def test_traded_volume_wins_over_ticks():
    table = read_table({"close": [1.0], "tick_volume": [7], "real_volume": [0], "volume": [3]})
    assert table.columns["volume"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("names", "both"),
    [
        (["close", "Close"], ("`close`", "`Close`")),
        (["Last", "CLOSE"], ("`Last`", "`CLOSE`")),
        (["close", "unix", "date"], ("`unix`", "`date`")),
    ],
)
def test_two_columns_for_one_field_are_an_error_that_names_both(names, both):
    error = refused({name: [1.0] for name in names})
    assert error.code == "B105"
    assert all(name in error.message for name in both)


def test_the_same_name_twice_is_seen_in_a_frame_a_table_and_a_file(csv):
    frame = pd.DataFrame([[1.0, 2.0]], columns=["close", "close"])
    for data in (frame, pa.table([[1.0], [2.0]], names=["close", "close"]), csv("close,close\n1,2\n")):
        assert refused(data).code == "B105"


def test_unknown_columns_are_ignored_and_remembered():
    table = read_table({"close": [1.0], "Symbol": ["X"], "nested": [{"a": 1}]})
    assert table.columns.keys() == {"close"}
    assert table.found == ("close", "Symbol", "nested")


@pytest.mark.parametrize(
    "data", [{}, {"price_of_tea": [1.0]}, {"time": [1]}, {f"c{n}": [1] for n in range(99)}]
)
def test_data_without_a_known_column_are_an_error_that_lists_some(data):
    error = refused(data)
    assert error.code == "B104"
    assert len(error.message) < 600


# Sources

START = dt.datetime(2024, 3, 8)
FRAME = pd.DataFrame(
    {"Open": [1.0, 2, 3, 4], "Close": [1.5, 2.5, 3.5, 4.5]},
    index=pd.date_range(START, periods=4, name="Date"),
)


def sources(tmp_path):
    plain = FRAME.reset_index()
    yield "columns", plain
    yield "index", FRAME
    yield "index in seconds", FRAME.set_axis(FRAME.index.as_unit("s"))
    yield "index of texts", FRAME.set_axis(FRAME.index.astype(str))
    yield "index of dates", FRAME.set_axis(FRAME.index.date)
    yield "index of days", FRAME.set_axis(FRAME.index.to_period("D"))
    yield "index of symbol and date", FRAME.assign(s="X").set_index("s", append=True).swaplevel()
    yield "one symbol above the names", pd.concat({"AAPL": FRAME}, axis=1)
    yield "one symbol below the names", pd.concat({"AAPL": FRAME}, axis=1).swaplevel(axis=1)
    yield "nullable", plain.convert_dtypes()
    yield "arrow dtypes", plain.convert_dtypes(dtype_backend="pyarrow")
    yield "objects", plain.astype(object)
    yield "texts", plain.astype(str)
    yield "mapping of series", {name: plain[name] for name in plain}
    yield "mapping of lists", plain.to_dict("list")
    yield "mapping of decimals", {"Date": FRAME.index, **{n: [Decimal(v) for v in FRAME[n]] for n in FRAME}}
    yield "mapping of polars", {name: pl.Series(plain[name].to_numpy()) for name in plain}
    yield "records", plain.to_records(index=False)
    yield "polars", pl.from_pandas(plain)
    yield "polars dates", pl.from_pandas(plain).with_columns(pl.col("Date").dt.date())
    yield "arrow", pa.Table.from_pandas(plain)
    yield (
        "arrow in chunks",
        pa.concat_tables([pa.Table.from_pandas(plain[:2]), pa.Table.from_pandas(plain[2:])]),
    )
    for name, frame in (("csv", plain), ("parquet", plain), ("pq", FRAME), ("tsv", plain), ("csv.gz", plain)):
        path = tmp_path / f"bars.{name}"
        if name in ("parquet", "pq"):
            frame.to_parquet(path)
        else:
            frame.to_csv(path, index=False, sep="\t" if name == "tsv" else ",")
        yield name, path
    FRAME.rename_axis(None).to_csv(tmp_path / "unnamed.csv")
    yield "unnamed index in csv", tmp_path / "unnamed.csv"
    FRAME.rename_axis(None).to_parquet(tmp_path / "unnamed.parquet")
    yield "unnamed index in parquet", tmp_path / "unnamed.parquet"


def test_every_source_gives_the_same_columns(tmp_path):
    expected = Bars(FRAME).digest
    for name, data in sources(tmp_path):
        bars = Bars(data)
        assert bars.digest == expected, name
        assert (bars.zone, bars.notes) == (None, ()), name


@pytest.mark.parametrize("zone", ["America/New_York", "+02:00", "UTC"])
def test_time_zones_are_kept(zone, tmp_path):
    rule = clock.zone_rule(zone)
    aware = FRAME.tz_localize(rule)
    plain = aware.reset_index()
    aware.to_parquet(tmp_path / "bars.parquet")
    arrow = pa.Table.from_pandas(plain)
    sources = [aware, plain, plain.astype({"Date": object}), arrow, tmp_path / "bars.parquet"]
    sources.append(plain.convert_dtypes(dtype_backend="pyarrow"))
    if zone != "+02:00":  # polars has no fixed offsets: it writes Etc/GMT-2
        sources.append(pl.from_arrow(arrow))
    for data in sources:
        table = read_table(data)
        assert table.zone == zone
        assert table.wall is None
        first = START.replace(tzinfo=rule).timestamp()
        assert table.times[0] == first * clock.SECOND


def test_a_time_zone_this_machine_does_not_know_is_utc_with_a_note():
    column = pa.array([START], pa.timestamp("us", tz="Mars/Phobos"))
    table = read_table(pa.table({"time": column, "close": [1.0]}))
    assert (table.zone, table.notes) == (
        "UTC",
        ("the time zone Mars/Phobos is not known here; times are shown in UTC",),
    )


def test_row_numbers_are_no_times(csv):
    for data in (
        FRAME.reset_index(drop=True),
        FRAME.set_axis([5, 6, 7, 8]),
        csv(",close\n0,1\n1,2\n"),
        pl.DataFrame({"close": [1.0]}).with_row_index(),
    ):
        assert read_table(data).times is None


def test_several_symbols_in_one_frame_are_an_error():
    error = refused(pd.concat({"AAPL": FRAME, "MSFT": FRAME}, axis=1))
    assert error.code == "B105"
    assert "one symbol only" in error.help


@pytest.mark.parametrize(
    "data",
    ["bars.csv", None, 3, b"bars", [1.0], np.ones(3), np.ones((3, 5)), pd.Series([1.0]), pl.Series([1.0]),
     pl.LazyFrame({"close": [1.0]}), iter([1.0]), object()],
    ids=lambda data: type(data).__name__,
)  # fmt: skip
def test_other_kinds_of_data_are_refused(data):
    assert refused(data).code == "B101"


def test_a_text_is_refused_with_a_hint_to_path():
    assert "pathlib.Path" in refused("bars.csv").help


@pytest.mark.parametrize("values", [1.0, [[1.0], [1.0, 2.0]], np.ones((2, 1)), np.float64(1)])
def test_a_column_must_be_one_dimensional(values):
    assert refused({"close": values}).code == "B106"


def test_columns_must_have_one_length():
    error = refused({"close": [1.0, 2.0], "time": ["2024-01-01"]})
    assert (error.code, error.message) == ("B106", "`time` has 1 rows, but `close` has 2")


# Numbers


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.5, 2.0], dtype=">f8"),
        np.array([1.5, 2.0], dtype=np.float16),
        [Decimal("1.5"), 2],
        ["1.5", " 2 "],
        np.array(["1.5", "2"]),
        pd.array([1.5, 2], dtype="Float64"),
        pd.Categorical(["1.5", "2"]),
        pa.chunked_array([[1.5], [2.0]]),
    ],
    ids=lambda values: str(getattr(values, "dtype", type(values).__name__)),
)
def test_numbers_of_any_type_become_float64(values):
    column = read_table({"close": values}).columns["close"]
    assert column.dtype == np.float64
    assert column.tolist() == [1.5, 2.0]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, Decimal("NaN"), "nan"])
def test_missing_numbers_become_nan(missing):
    assert np.isnan(read_table({"close": [1.0, missing]}).columns["close"][1])


def test_masked_numbers_are_missing():
    column = read_table({"close": np.ma.array([1.0, 2.0], mask=[False, True])}).columns["close"]
    assert column[0] == 1.0
    assert np.isnan(column[1])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1,234.5", "'1,234.5'"),
        ("1_000", "'1_000'"),
        ("n" * 500, "n…"),
        (True, "True"),
        (1j, "1j"),
        (dt.date(2024, 1, 1), "2024"),
        (10**400, "1000"),
        pytest.param(10**5000, "a value of type int", id="too large to write"),
        ({}, "{}"),
        ("\x1b[31m", "x1b[31m"),
    ],
)
def test_what_is_no_number_is_an_error_with_its_row_and_text(value, shown):
    values = np.array([1.5, value], dtype=object)
    error = refused({"Time": ["2024-01-01", "2024-01-02"], "Close": values})
    assert (error.code, error.row, error.time) == ("B107", 1, "2024-01-02T00:00:00Z")
    assert "`Close` holds " in error.message
    assert shown in error.message
    assert len(error.message) < 140
    assert error.message.isprintable()


def test_booleans_are_no_numbers(csv):
    for data in ({"close": [True, False]}, pl.DataFrame({"close": [True]}), csv("close\nTrue\nFalse\n")):
        assert refused(data).code == "B107"


# Times


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024-01-31"], "2024-01-31T00:00:00Z"),
        (["20240131"], "2024-01-31T00:00:00Z"),
        (["2024.01.31 09:30"], "2024-01-31T09:30:00Z"),
        (["2024/01/31"], "2024-01-31T00:00:00Z"),
        (["2024-01-31 09:30:00 UTC"], "2024-01-31T09:30:00Z"),
        (["2024-01-31T09:30:00Z"], "2024-01-31T09:30:00Z"),
        (["2024-01-31T09:30:00+05:30"], "2024-01-31T09:30:00+05:30"),
        (["2024-01-31T09:30:00.123456789"], "2024-01-31T09:30:00.123456789Z"),
        (["1706693400"], "2024-01-31T09:30:00Z"),
        (["1706693400.5"], "2024-01-31T09:30:00.5Z"),
        ([1706693400], "2024-01-31T09:30:00Z"),
        ([1706693400.5], "2024-01-31T09:30:00.5Z"),
        ([1706693400_000], "2024-01-31T09:30:00Z"),
        ([1706693400_000_000], "2024-01-31T09:30:00Z"),
        ([1706693400_000_000_000], "2024-01-31T09:30:00Z"),
        (np.array([1706693400], dtype=np.int32), "2024-01-31T09:30:00Z"),
        (np.array([1706693400_000_000_000], dtype=np.uint64), "2024-01-31T09:30:00Z"),
        ([20240131], "2024-01-31T00:00:00Z"),
        ([dt.date(2024, 1, 31)], "2024-01-31T00:00:00Z"),
        ([dt.datetime(2024, 1, 31, tzinfo=ZoneInfo("Asia/Tokyo"))], "2024-01-31T00:00:00+09:00"),
        ([np.datetime64("2024-01-31")], "2024-01-31T00:00:00Z"),
        (np.array(["2024-01-31"], dtype="M8[D]"), "2024-01-31T00:00:00Z"),
        (np.array(["2024-01"], dtype=">M8[M]"), "2024-01-01T00:00:00Z"),
        (pd.to_datetime(["2024-01-31"]).as_unit("s"), "2024-01-31T00:00:00Z"),
    ],
)
def test_times_are_read_in_any_usual_writing(values, expected):
    assert times_of({"time": values, "close": [1.0]}) == [expected]


def test_the_unit_of_bare_numbers_is_noted():
    assert read_table({"time": [1706693400_000], "close": [1.0]}).notes == (
        "`time` is read as milliseconds since 1970",
    )


@given(
    st.lists(st.datetimes(dt.datetime(1678, 1, 1), dt.datetime(2262, 3, 1)), min_size=1),
    st.sampled_from(["s", "ms", "us", "ns"]),
)
@settings(max_examples=50)
def test_every_writing_of_a_time_means_the_same(moments, unit):
    exact = np.array(moments, dtype=f"M8[{unit}]")
    expected = exact.astype("M8[ns]").view(np.int64).tolist()
    writings = [
        exact,
        [str(moment) for moment in exact],
        pd.Series(exact),
        pa.array(exact),
        exact.astype(object),
    ]
    writings.append([f"{moment}+00:00" for moment in exact])
    for values in writings[: 4 if unit == "ns" else 6]:
        assert read_table({"time": values, "close": np.ones(len(moments))}).times.tolist() == expected


def read(texts: list[str], fast: bool) -> tuple[object, ...]:
    """What texts are read as, or how they are refused, with or without the reader of uniform texts."""
    reader = iso_texts.read_uniform if fast else lambda texts: None
    with patch.object(moments, "read_uniform", reader):
        try:
            found = moments.from_texts(texts)
        except moments.MomentError as error:
            return error.kind, error.row, error.text
    assert found.times.dtype == np.int64
    return found.times.tolist(), found.zone, None if found.wall is None else found.wall.tolist(), found.unit


@pytest.mark.parametrize("date", ["%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d"])
@pytest.mark.parametrize("clock_format", ["", "T%H:%M", " %H:%M:%S", "T%H:%M:%S.%f", " %H:%M:%S.%f789"])
@pytest.mark.parametrize("offset", ["", "Z", "+00:00", "-00:00", "+05:30", "-23:59"])
def test_uniform_texts_are_read_fast_and_as_one_by_one(date, clock_format, offset):
    start = dt.datetime(1678, 1, 2, 23, 59, 59, 999_999)
    moments_in_all_years = [start + dt.timedelta(days=n * 425, seconds=n * 7919) for n in range(500)]
    texts = [moment.strftime(date + clock_format) for moment in moments_in_all_years]
    texts = [text + offset if clock_format else text for text in texts]
    assert iso_texts.read_uniform(texts) is not None
    assert read(texts, fast=True) == read(texts, fast=False)


UNUSUAL_TEXTS = [
    "2024-02-30", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-1", "2023-02-29", "0000-01-01",
    "1678-01-01", "1677-12-31", "2261-12-31", "2262-03-31", "2262-04-01", "9999-12-31", "12024-01-01",
    "2024-01-01 ", " 2024-01-01", "2024-01-01\n", "2024-01-0\n", "2024-01-01\n2024-01-02", "2024-01-01Z",
    "2024.01-01", "2024-01.01", "2024-01-01T", "2024-01-01T09", "2024-01-01T0930", "20240101", "2024-W01-1",
    "2024-01-01T24:00", "2024-01-01T09:60", "2024-01-01T09:30:60", "2024-01-01T9:30:00", "2024-01-01t09:30",
    "2024-01-01T09:30:00,5", "2024-01-01T09:30:00.", "2024-01-01T09:30:00.1234567890", "2024-01-01T09:30z",
    "2024-01-01T09:30+24:00", "2024-01-01T09:30+0100", "2024-01-01T09:30+01", "2024-01-01T09:30+01:60",
    "2024-01-01T09:30+01:00:30", "2024-01-01T09:30 UTC", "1678-01-01T00:00+01:00", "1678-01-01T00:00-01:00",
    "2261-12-31T23:59-23:59", "NaT", "nan", "", " ", "now", "\0", "\ud800", "２０２４-01-01", "2024-01-0١",
    "2024-01-/1", "2024-01-0:", "2024-01-1\n", "2024\u201301-01", "1706693400", "-1", "1.5", "202４",
]  # fmt: skip
PLAIN_TEXTS = st.builds(
    lambda moment, form: moment.strftime(form),
    st.datetimes(dt.datetime(1678, 1, 1), dt.datetime(2262, 4, 2)),
    st.sampled_from(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
)


@pytest.mark.parametrize("text", UNUSUAL_TEXTS, ids=ascii)
def test_unusual_texts_are_read_or_refused_alike_fast_and_one_by_one(text):
    usual = ["2024-01-02", "2024-01-02T09:30", "2024-01-02T09:30:00", "2024-01-02T09:30Z", "2024.01.02"]
    for texts in (
        [text],
        [text, text],
        *([other, text] for other in usual),
        *([text, other] for other in usual),
    ):
        assert read(texts, fast=True) == read(texts, fast=False)


@given(
    st.lists(st.one_of(PLAIN_TEXTS, st.sampled_from(UNUSUAL_TEXTS)), max_size=4)
    | st.lists(st.text("0123456789-:.TZ+ /\n", min_size=8, max_size=12), min_size=1, max_size=3)
    | st.tuples(PLAIN_TEXTS, st.integers(0, 30), st.characters()).map(
        lambda drawn: [drawn[0], drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] + 1 :]]
    )
)
@example(["2024-01-0", "12024-01-02"])
@example(["2024-01-01", "2024-01-02\n"])
@example(["2024-01-01", "2024-01-01\n2024-01-01"])
@settings(max_examples=400, deadline=None)
def test_any_texts_are_read_or_refused_alike_fast_and_one_by_one(texts):
    assert read(texts, fast=True) == read(texts, fast=False)


GOOD_TEXT = (
    r"(1[7-9]|2[01])[0-9]{2}([-./])(0[1-9]|1[0-2])\2(0[1-9]|1[0-9]|2[0-8])"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?"
)


@given(st.from_regex(GOOD_TEXT, fullmatch=True), st.data())
@settings(max_examples=400, deadline=None)
def test_texts_of_one_shape_are_read_or_refused_alike_fast_and_one_by_one(text, data):
    place = data.draw(st.sampled_from([place for place, char in enumerate(text) if char.isdigit()]))
    other = text[:place] + data.draw(st.sampled_from("0123456789")) + text[place + 1 :]
    assert iso_texts.read_uniform([text]) is not None
    for texts in ([text], [text, other]):
        assert read(texts, fast=True) == read(texts, fast=False)


@pytest.mark.parametrize(
    ("values", "code", "row"),
    [
        (["2024-01-01", "01/02/2024"], "B108", 1),
        (["2024-01-01", "now"], "B108", 1),
        (["1706693400", "x"], "B108", 1),
        ([dt.time(9, 30), dt.time(9, 31)], "B108", 0),
        ([True, False], "B108", 0),
        ([1j, 2j], "B108", 0),
        (["2024-01-01", "9999-01-01"], "B109", 1),
        (["1677-12-31", "2024-01-01"], "B109", 0),
        (np.array(["2024-01-01", "2300-01-01"], dtype="M8[s]"), "B109", 1),
        (np.array(["2024-01-01", "-4000-01-01"], dtype="M8[D]"), "B109", 1),
        ([1, 10**30], "B109", 1),
        pytest.param([1, 10**5000], "B109", 1, id="too large to write"),
        (np.array([1, 2**64 - 1], dtype=np.uint64), "B109", 1),
        (["2024-01-01", ""], "B110", 1),
        (["2024-01-01", None], "B110", 1),
        ([1706693400.0, float("nan")], "B110", 1),
        ([1706693400.0, float("inf")], "B110", 1),
        (np.array(["2024-01-01", "NaT"], dtype="M8[us]"), "B110", 1),
        (pd.to_datetime(["2024-01-01", None]), "B110", 1),
        (["2024-01-01T00:00", "2024-01-02T00:00Z"], "B111", 1),
    ],
)
def test_a_time_that_cannot_be_used_is_an_error_with_its_row(values, code, row):
    error = refused({"time": values, "close": [1.0, 2.0]})
    assert (error.code, error.row) == (code, row)
    assert "`time`" in error.message
    assert len(error.message) < 200


def test_an_offending_text_is_shortened():
    error = refused({"time": ["2024" * 1000], "close": [1.0]})
    assert len(error.message) < 160


def test_mixed_offsets_are_shown_in_utc_with_a_note():
    table = read_table({"time": ["2024-03-08 00:00-05:00", "2024-03-11 00:00-04:00"], "close": [1.0, 2.0]})
    assert table.zone == "UTC"
    assert table.notes == ("mixed UTC offsets; times are shown in UTC",)
    assert (np.diff(table.wall) == 3 * clock.DAY).all()


@pytest.mark.parametrize(
    ("dates", "clocks"),
    [
        (["2024-01-31", "2024-01-31"], ["09:30", "15:00:00"]),
        (["2024.01.31", "2024.01.31"], ["9:30", "15:00"]),
        ([20240131, 20240131], [930, 1500]),
        ([20240131, 20240131], [93000, 150000]),
        ([dt.date(2024, 1, 31)] * 2, [dt.time(9, 30), dt.time(15)]),
    ],
)
def test_separate_date_and_time_columns_are_combined(dates, clocks):
    assert times_of({"Date": dates, "Time": clocks, "Close": [1.0, 2.0]}) == [
        "2024-01-31T09:30:00Z",
        "2024-01-31T15:00:00Z",
    ]


def test_leading_zeros_of_a_time_of_day_are_kept(csv):
    path = csv("<DATE>,<TIME>,<CLOSE>\n20240131,000000,1\n20240131,000500,2\n")
    assert times_of(path) == ["2024-01-31T00:00:00Z", "2024-01-31T00:05:00Z"]


@pytest.mark.parametrize(
    ("date", "time", "code"),
    [
        ("2024-01-31T09:30", "09:30", "B105"),
        ("2024-01-31", "1706693400", "B108"),
        ("2024-01-31", "25:00", "B108"),
        ("2024-01-31", "", "B110"),
    ],
)
def test_a_date_and_a_time_that_do_not_fit_together_are_an_error(date, time, code):
    assert refused({"Date": [date], "Time": [time], "Close": [1.0]}).code == code


# CSV and Parquet


@pytest.mark.parametrize(
    "content",
    [
        "time,close\n2024-01-31,1.5\n",
        "time;close\n2024-01-31;1.5\n",
        "time\tclose\n2024-01-31\t1.5\n",
        "time,close\r\n2024-01-31,1.5\r\n",
        "time,close\r2024-01-31,1.5",
        "\n\n time , close \n\n 2024-01-31 , 1.5 \n\n",
        '"time","close"\n"2024-01-31","1.5"\n',
        '"ti\nme",close\n2024-01-31,1.5\n',
        "time,close,\n2024-01-31,1.5,\n",
        "time,close\n2024-01-31,1.5,\n",
        "\ufefftime,close\n2024-01-31,1.5\n",
        "time,close\n2024-01-31,1.5\n".encode("utf-16"),
        "time,close,Währung\n2024-01-31,1.5,€\n",
        "time,close,Währung\n2024-01-31,1.5,Kč\n".encode("latin-1", "replace"),
    ],
)
def test_csv_is_read_in_any_usual_form(csv, content):
    table = read_table(csv(content))
    assert table.columns["close"].tolist() == [1.5]
    assert times_of(csv(content)) == ["2024-01-31T00:00:00Z"]


@given(st.lists(st.floats(min_value=5e-324, allow_infinity=False), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_numbers_in_csv_are_read_to_the_last_bit(csv, values):
    path = csv("close\n" + "\n".join(map(repr, values)))
    assert read_table(path).columns["close"].tolist() == values


def test_csv_without_rows_is_no_bars(csv):
    for content in ("time,close", "time,close\n", "time,close\n\n"):
        assert len(Bars(csv(content))) == 0


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        ("", "bars.csv", "B102"),
        ("\n \n", "bars.csv", "B102"),
        ("", "bars.parquet", "B102"),
        ("PAR1", "bars.parquet", "B102"),
        ("close\n1\n", "bars.json", "B102"),
        (b"\x1f\x8b\x08", "bars.csv.gz", "B102"),
        (gzip.compress(b"close\n1\n", mtime=0)[:-9], "bars.csv.gz", "B102"),
        (gzip.compress(b"", mtime=0), "bars.csv.gz", "B102"),
        ('time,close\n"2024-01-31,1\n', "bars.csv", "B102"),
        ("x" * 2_000_000 + ",close\n1,1\n", "bars.csv", "B102"),
        ("2024-01-31,1.5\n2024-02-01,1.6\n", "bars.csv", "B104"),
        ("time close\n2024-01-31 1.5\n", "bars.csv", "B104"),
        ("\0\0\0", "bars.csv", "B104"),
        ("time;close\n2024-01-31;1,5\n", "bars.csv", "B107"),
        (b"time,close\n2024-01-31,\xe4\n", "bars.csv", "B107"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(csv, content, name, code):
    assert refused(csv(content, name)).code == code


@pytest.mark.parametrize(("rows", "row"), [("1,2,3\n", 0), ("1,2\n1,2,3\n", 1), ("1,2\n1,2,3,4,5\n", None)])
def test_a_row_with_too_many_fields_is_an_error(csv, rows, row):
    error = refused(csv("open,close\n" + rows))
    assert (error.code, error.row) == ("B102", row)
    assert "more fields" in error.message


def test_a_row_with_too_few_fields_has_missing_values(csv):
    assert np.isnan(read_table(csv("open,close\n1,2\n1\n")).columns["close"][1])


def test_a_folder_is_a_bars_error_and_a_missing_file_an_os_error(tmp_path):
    assert refused(tmp_path).code == "B102"
    assert refused(tmp_path / "a\0b.csv").code == "B102"
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "none.csv")


def test_parquet_without_pyarrow_says_what_to_install(csv, monkeypatch):
    path = csv("PAR1", "bars.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = refused(path)
    assert (error.code, error.help) == ("B103", "install dslc[data]")


def works_or_is_refused(data: object) -> None:
    try:
        bars = Bars(data)
    except BarsError as error:
        assert error.code
        assert error.message
        assert error.help
        assert str(error).isprintable()
        assert len(str(error)) < 1000
        return
    assert bars.matrix.shape == (5, len(bars))


NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=4),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.decimals(),
    st.times(),
    st.timedeltas(),
    st.complex_numbers(),
    st.just(pd.NA),
    st.just(pd.NaT),
    st.sampled_from(["2024-01-01", "2024-01-01T00:00Z", "1e5", "20240101", "-0"]),
    st.lists(st.none(), max_size=2),
    st.sampled_from([-(10**400), Decimal("sNaN"), Decimal("1E+9999")]),
)


@given(
    st.dictionaries(st.sampled_from(["time", "date", "close", "High", "v", ""]), st.lists(NASTY, max_size=3))
)
@settings(max_examples=200, deadline=None)
def test_any_mapping_works_or_is_refused(data):
    works_or_is_refused(data)


@given(st.lists(NASTY, min_size=1, max_size=3), st.sampled_from(["time", "close"]))
@settings(max_examples=80, deadline=None)
def test_any_frame_works_or_is_refused(values, name):
    works_or_is_refused(pd.DataFrame({name: pd.Series(values, dtype=object), "open": 1.0}))


CELL = st.text(alphabet='0123456789.,;-+:TZe"\n\t \0ä', max_size=10)


@given(
    st.one_of(st.binary(max_size=60), st.lists(CELL, max_size=8).map(lambda cells: ",".join(cells).encode()))
)
@example(b"0,1,2\n0,1,2,3\n")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
def test_any_bytes_after_a_header_work_or_are_refused(csv, content):
    works_or_is_refused(csv(b"time,close,volume\n" + content))
    works_or_is_refused(csv(content))
    works_or_is_refused(csv(b"\xff\xfe" + content))


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
def test_damaged_parquet_works_or_is_refused(csv, data):
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.table({"time": ["2024-01-01", "2024-01-02"], "close": [1.0, 2.0]}), sink)
    content = bytearray(sink.getvalue().to_pybytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(1, len(content))))
    works_or_is_refused(csv(bytes(content[:cut]), "bars.parquet"))


# The bars that ship


@pytest.mark.parametrize(
    ("symbol", "splits"),
    [("AAPL", ["2000-06-21", "2005-02-28"]), ("IBM", []), ("MSFT", ["2003-02-18"])],
)
def test_the_example_bars_load_and_hold_the_splits_their_readme_names(symbol, splits):
    bars = Bars(EXAMPLES / f"{symbol}.csv")
    assert len(bars) == 3270
    assert bars.notes == ("`Adj Close` ignored because `Close` is there",)
    assert bars.check_timeframe("1D") == (
        "709 gaps, 1,479 candles missing; the largest, 7 days, after 2001-09-10T00:00:00Z",
    )
    adjusted = read_table({"close": pd.read_csv(EXAMPLES / f"{symbol}.csv")["Adj Close"]}).columns["close"]
    factor = bars.close / adjusted
    halved = np.flatnonzero(factor[1:] / factor[:-1] < 0.6) + 1
    assert [str(time)[:10] for time in bars.time[halved]] == splits
