"""`dslc score`: every score against a plain loop, the same bytes whoever works, and what fails alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
import csv
import json
import math
import multiprocessing
import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from click.testing import CliRunner
import dslc
from dslc.__main__ import cli
from dslc.commands.scoring import parse_size
from dslc.scoring import dispatch, unit
from dslc.scoring.errors import CODES
from dslc.scoring.symbols import find_files, find_symbols
import numpy as np
import pandas as pd
import pyarrow
from pyarrow import parquet
import pytest

from .scored import Here, call, contents, strategy

DAY = 86_400
START = 1_704_067_200  # 2024-01-01
CANDLES = 60


UP = strategy("close > close[1]")
DOWN = strategy("close < close[1]", 5)
LOUD = strategy("volume > 500", 7)


def bars(seed: int, count: int = CANDLES) -> pd.DataFrame:
    drawn = random.Random(seed)
    close = [100.0 + drawn.uniform(-5, 5) for _ in range(count)]
    return pd.DataFrame(
        {
            "time": pd.to_datetime([START + DAY * at for at in range(count)], unit="s"),
            "open": close,
            "high": [value + 1 for value in close],
            "low": [value - 1 for value in close],
            "close": close,
            "volume": [float(drawn.randrange(1000)) for _ in range(count)],
        }
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "bars"
    folder.mkdir()
    bars(1).to_csv(folder / "AAA.csv", index=False)
    bars(2).to_parquet(folder / "BBB.parquet")
    bars(3, 45).to_csv(folder / "CCC.csv.gz", index=False)
    return folder


def ndjson(path: Path, documents: Iterable[Any]) -> Path:
    lines = (text if isinstance(text, str) else json.dumps(text) for text in documents)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def command(*args: object) -> Any:
    return CliRunner().invoke(cli, ["score", *map(str, args)])


class Never(Executor):
    """Nobody should ask it for anything but the engine."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        assert work is not unit.work
        return Here().submit(work, *args, **named)


def plain(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """What `strategy` says of a file of bars, by a loop over its rows."""
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    close, volume = frame["close"].tolist(), frame["volume"].tolist()
    rule = document["conditions"]["up"]
    held = []
    for at in range(len(close)):
        if rule == "close > close[1]":
            held.append(at > 0 and close[at] > close[at - 1])
        elif rule == "close < close[1]":
            held.append(at > 0 and close[at] < close[at - 1])
        else:
            held.append(volume[at] > 500)
    dear = close[-1] > 100
    entered = [at for at in range(len(close)) if held[at]]
    names = [name for name, holds in (("up", held[-1]), ("dear", dear)) if holds]
    return {
        "candles": len(close),
        "entries": len(entered),
        "last_entry": pd.Timestamp(START + DAY * entered[-1], unit="s", tz="UTC"),
        "since_entry": len(close) - 1 - entered[-1],
        "score": document["score"]["up"] * held[-1] + 2 * dear,
        "entry": held[-1],
        "conditions": " ".join(names),
        "first": pd.Timestamp(START, unit="s", tz="UTC"),
        "last": pd.Timestamp(START + DAY * (len(close) - 1), unit="s", tz="UTC"),
    }


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson"])
def test_every_score_is_that_of_a_plain_loop(data: Path, tmp_path: Path, form: str) -> None:
    documents = [UP, DOWN, LOUD]
    found = dslc.score(documents, data, tmp_path / "out", formats=[form], entries=True)
    table = found.to_pandas()
    assert found.ok and found.rows == len(table) == 9
    order = [(str(number), name) for number in (1, 2, 3) for name in ("AAA", "BBB", "CCC")]
    assert list(zip(table["snapshot"].astype(str), table["symbol"], strict=True)) == order
    files = dict(zip(("AAA", "BBB", "CCC"), find_files([str(data)]), strict=True))
    for row in table.to_dict("records"):
        document = documents[int(row["snapshot"]) - 1]
        expected = plain(document, files[row["symbol"]])
        assert {name: row[name] for name in expected} == expected
        assert row["hash"] == dslc.compile(document).hash
        assert row["bars"] == dslc.Bars(files[row["symbol"]]).digest


def test_all_entries_are_those_of_a_plain_loop(data: Path, tmp_path: Path) -> None:
    dslc.score([UP], data, tmp_path / "out", formats=["ndjson"], entries=True)
    close = bars(2)["close"].tolist()
    days = [pd.Timestamp(START + DAY * at, unit="s") for at in range(1, CANDLES) if close[at] > close[at - 1]]
    rows = [row for row in lines(tmp_path / "out" / "entries.ndjson") if row["symbol"] == "BBB"]
    assert [row["time"] for row in rows] == [f"{day:%Y-%m-%dT00:00:00Z}" for day in days]


def test_the_same_bytes_whoever_does_the_work(data: Path, tmp_path: Path) -> None:
    documents = [UP, "{", DOWN, LOUD, UP]
    bars(4).iloc[:, :5].to_csv(data / "DDD.csv", index=False)  # without volume: LOUD fails there

    def result(name: str, **how: Any) -> dict[str, bytes]:
        dslc.score(
            documents, data, tmp_path / name, formats=["parquet", "csv", "ndjson"], entries=True, **how
        )
        return contents(tmp_path / name)

    expected = result("threads")
    assert len(expected) == 9
    assert result("here", executor=Here()) == expected
    assert result("processes", workers=2) == expected
    with ThreadPoolExecutor(7) as pool:
        assert result("seven", executor=pool) == expected


def test_snapshots_from_lines_folders_columns_and_envelopes(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder" / "inner"
    folder.mkdir(parents=True)
    (folder / "first.json").write_text(json.dumps(UP))
    (folder / "second.json").write_text(json.dumps({"id": 17, "strategySnapshotJson": json.dumps(DOWN)}))
    named = {"name": "best", "strategySnapshotJson": json.dumps(LOUD)}
    texts = [json.dumps(UP), json.dumps({"id": 17, "strategySnapshotJson": json.dumps(DOWN)})]
    table = pyarrow.table({"note": ["a", "b", "c"], "strategySnapshotJson": [*texts, None]})
    parquet.write_table(table, tmp_path / "s.parquet")
    parquet.write_table(pyarrow.table({"id": ["x", "y"], "text": texts}), tmp_path / "t.parquet")

    def names(source: Any, **how: Any) -> list[str]:
        found = dslc.score(source, data / "AAA.csv", tmp_path / "out", **how)
        return found.to_pandas()["snapshot"].tolist()

    assert names(ndjson(tmp_path / "s.ndjson", [UP, "", DOWN])) == ["s.ndjson:1", "s.ndjson:3"]
    assert names(tmp_path / "folder") == ["inner/first", "17"]
    assert names(folder / "first.json") == ["first"]
    assert names(ndjson(tmp_path / "e.jsonl", [named])) == ["best"]
    assert names(tmp_path / "s.parquet") == ["s.parquet:0", "17"]
    assert lines(tmp_path / "out" / "rejected.ndjson")[0]["diagnostics"][0]["code"] == "S302"
    assert names(tmp_path / "t.parquet", column="text") == ["x", "y"]
    assert names([UP, json.dumps(DOWN), folder / "first.json"]) == ["1", "2", "first"]


def test_rejected_snapshots_keep_their_diagnostics_and_stop_nobody(data: Path, tmp_path: Path) -> None:
    long = '{"description": "' + "x" * (1 << 19) + '"}'
    source = ndjson(tmp_path / "s.ndjson", [strategy("clos > 1"), UP, "[1]", long, DOWN])
    found = dslc.score(source, data, tmp_path / "out")
    assert (found.snapshots, found.rejected, found.rows, found.ok) == (5, 3, 6, False)
    rejected = lines(tmp_path / "out" / "rejected.ndjson")
    assert [item["place"] for item in rejected] == ["s.ndjson:1", "s.ndjson:3", "s.ndjson:4"]
    for item, document in zip(rejected[:2], (strategy("clos > 1"), "[1]"), strict=True):
        text = document if isinstance(document, str) else json.dumps(document)
        assert item["diagnostics"] == [one.as_dict() for one in dslc.validate(text)]


def test_work_is_content_addressed(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert dslc.score([UP, UP], data, out).computed == 3  # once, under two names
    assert dslc.score([UP, UP | {"name": "another"}, DOWN], data, out).computed == 3
    bars(9).to_csv(data / "AAB.csv", index=False)
    assert dslc.score([UP, DOWN], data, out).computed == 2
    (data / "AAA.csv").rename(data / "ZZZ.csv")  # the same bars under another name
    assert dslc.score([UP, DOWN], data, out).computed == 0
    bars(8).to_csv(data / "ZZZ.csv", index=False)
    changed = dslc.score([UP, DOWN], data, out)
    assert changed.computed == 2
    fresh = dslc.score([UP, DOWN], data, tmp_path / "fresh")
    assert fresh.computed == 8
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_finished_run_returns_at_once(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    dslc.score([UP, DOWN], data, out)
    before = contents(out)
    with monkeypatch.context() as patch:
        patch.setattr("dslc.scoring.run.compile_snapshots", None)  # not even that is done
        again = dslc.score([UP, DOWN], data, out, executor=Never())
    assert (again.computed, again.rows) == (0, 6)
    (out / "scores.parquet").unlink()
    assert dslc.score([UP, DOWN], data, out, executor=Never()).rows == 6
    assert contents(out) == before


def test_a_result_that_was_changed_is_written_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dslc.score([UP], data, out)
    before = contents(out)
    with open(out / "scores.parquet", "ab") as file:
        file.write(b"!")
    assert dslc.score([UP], data, out, executor=Never()).computed == 0
    assert contents(out) == before


def test_any_flipped_bit_and_any_torn_end_of_a_finished_unit_is_noticed(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dslc.score([UP, DOWN], data / "AAA.csv", out)
    expected = contents(out)
    (path,) = (out / ".units").iterdir()
    whole = path.read_bytes()
    drawn = random.Random(5)
    for trial in range(12):
        torn = bytearray(whole)
        if trial % 3:
            at = drawn.randrange(len(torn))
            torn[at] ^= 1 << drawn.randrange(8)
        else:
            torn = torn[: drawn.randrange(len(torn))]
        path.write_bytes(torn)
        (out / ".results" / "current").unlink()
        assert dslc.score([UP, DOWN], data / "AAA.csv", out, executor=Here()).computed == 2
        assert contents(out) == expected


def test_what_is_wrong_with_one_symbol_is_reported_and_the_rest_is_done(data: Path, tmp_path: Path) -> None:
    good = dslc.score([UP, LOUD], data, tmp_path / "good", formats=["csv"])
    (data / "AA.csv").write_text("time,close\n")
    (data / "B.parquet").write_bytes((data / "BBB.parquet").read_bytes()[:700])
    (data / "C.csv").write_bytes(b"\x00\xff nonsense \n\n,,,")
    (data / "D.csv.gz").write_bytes((data / "CCC.csv.gz").read_bytes()[:80])
    (data / "E.csv").write_text("time,close\n2024-01-01,1\n2024-01-02,-1\n")
    (data / "F.csv").symlink_to(data / "nowhere.csv")
    bars(4).iloc[:, :5].to_csv(data / "G.csv", index=False)
    bars(4).iloc[::2].to_csv(data / "H.csv", index=False)  # of two days
    found = dslc.score([UP, LOUD], data, tmp_path / "out", formats=["csv"])
    failed = lines(tmp_path / "out" / "failures.ndjson")
    codes = [(item["symbol"], item["code"], item["snapshot"]) for item in failed]
    assert codes == [
        ("AA", "S102", None),
        ("B", "B102", None),
        ("C", "B102", None),
        ("D", "B102", None),
        ("E", "B202", None),
        ("F", "S101", None),
        ("H", "B303", "1"),
        ("G", "B301", "2"),
        ("H", "B303", "2"),
    ]
    assert found.failures == len(failed) and not found.ok
    rows = (tmp_path / "out" / "scores.csv").read_text().splitlines()
    kept = [row for row in rows if row.split(",")[2] != "G"]
    assert kept == (tmp_path / "good" / "scores.csv").read_text().splitlines()
    assert good.rows + 1 == found.rows  # UP needs no volume


def test_a_strategy_of_another_instrument_fails_alone_and_is_sent_nowhere(data: Path, tmp_path: Path) -> None:
    other = {**UP, "configuration": {**UP["configuration"], "symbols": {"spy": "SPY"}}}
    other |= {"inputs": {}, "conditions": {"up": "close > spy.close"}, "score": {"up": 1}}
    other["decision"] = {"entry": "score >= 1"}
    found = dslc.score([UP, other], data, tmp_path / "out")
    failures = lines(tmp_path / "out" / "failures.ndjson")
    assert (found.rows, {item["code"] for item in failures}, len(failures)) == (3, {"B311"}, 3)
    assert all("`SPY`" in item["message"] and "--symbol" not in item["message"] for item in failures)


def test_a_strategy_over_its_budget_fails_alone(data: Path, tmp_path: Path) -> None:
    dear = strategy(" + ".join(f"sma(close, {n})" for n in range(2, 40)) + " > 0")
    documents = [UP, dear, DOWN]
    costs = [dslc.compile(one)._prepare(()).plan.cost(CANDLES) for one in documents]
    found = dslc.score(documents, data, tmp_path / "out", work=(costs[0] + costs[1]) / 2)
    assert costs[1] > 1.2 * costs[0]
    failed = lines(tmp_path / "out" / "failures.ndjson")
    assert {(item["snapshot"], item["code"]) for item in failed} == {("2", "E611")}
    assert found.rows == 6 and found.failures == 3
    small = dslc.score([UP, DOWN], data, tmp_path / "small")
    columns = ["hash", "symbol", "score", "entries"]
    assert found.to_pandas()[columns].equals(small.to_pandas()[columns])


def test_memory_decides_how_much_is_done_at_once_and_not_on_the_result(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [UP, DOWN, LOUD, strategy("sma(close, 9000) > 0")]
    sizes = [dslc.compile(one)._prepare(()).plan.bytes(CANDLES) for one in documents]
    assert sizes[3] > 2 * max(sizes[:3])
    memory = sizes[3] // 2 + 2**14  # for each of the first three, and not for the last
    expected = None
    for workers in (1, 2, 3):
        monkeypatch.setattr(dispatch, "_LEAST_SHARE", memory // 8 // workers)
        with ThreadPoolExecutor(workers) as pool:
            found = dslc.score(documents, data, tmp_path / str(workers), memory=memory, executor=pool)
        failed = lines(tmp_path / str(workers) / "failures.ndjson")
        assert {(item["snapshot"], item["code"]) for item in failed} == {("4", "E612")}
        assert found.rows == 9
        expected = expected or contents(tmp_path / str(workers))
        assert contents(tmp_path / str(workers)) == expected


def test_shares_of_memory_hold_together_what_the_run_may_use() -> None:
    symbols = []
    for memory in (2**28, 2**30, 2**33):
        for workers in (1, 3, 64):
            budget = dispatch.budget_for(symbols, memory, workers, remote=False)
            assert 1 <= budget.at_once <= workers
            assert budget.share * budget.at_once <= memory == budget.alone


def test_bars_that_need_more_than_all_the_memory_fail_and_the_others_do_not(
    data: Path, tmp_path: Path
) -> None:
    bars(7, 3000).to_csv(data / "BIG.csv", index=False)
    memory = 4 * (data / "BIG.csv").stat().st_size
    found = dslc.score([UP], data, tmp_path / "out", memory=memory)
    (failed,) = lines(tmp_path / "out" / "failures.ndjson")
    assert (failed["symbol"], failed["code"], found.rows) == ("BIG", "S105", 3)


class Deadly(Executor):
    """Breaks when somebody works on a certain strategy and symbol, as a pool whose worker dies."""

    def __init__(self, strategy: str, symbol: str) -> None:
        self.poison = (strategy, symbol)
        self.broken = False

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        if self.broken:
            raise BrokenExecutor("dead already")
        if work is not unit.work:
            return Here().submit(work, *args, **named)
        future: Future[Any] = Future()
        names = {symbol.name for symbol in args[0].symbols}
        if self.poison[0] in args[0].bundle.hashes and self.poison[1] in names:
            self.broken = True
            future.set_exception(BrokenExecutor("dead"))
            return future
        return Here().submit(work, *args, **named)


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from dslc.scoring import executors, run

    hash = dslc.compile(DOWN).hash

    def crew(*_: Any) -> Any:
        return executors.Crew(Deadly(hash, "BBB"), 2, lambda: None, crew)

    monkeypatch.setattr(run, "_crew", crew)
    yield hash


def test_what_kills_its_worker_is_found_and_everything_else_is_done(
    deadly: str, data: Path, tmp_path: Path
) -> None:
    found = dslc.score([UP, DOWN, LOUD, UP], data, tmp_path / "out")
    (failed,) = lines(tmp_path / "out" / "failures.ndjson")
    assert (failed["snapshot"], failed["symbol"], failed["code"]) == ("2", "BBB", "S201")
    assert found.rows == 11


def test_what_may_be_otherwise_the_next_time_is_tried_again(deadly: str, data: Path, tmp_path: Path) -> None:
    dslc.score([UP, DOWN], data, tmp_path / "out")
    with pytest.MonkeyPatch.context() as patch:
        from dslc.scoring import executors, run

        patch.setattr(run, "_crew", lambda *_: executors.given(Here()))
        found = dslc.score([UP, DOWN], data, tmp_path / "out")
    assert found.ok and found.computed == 1


def test_an_error_of_our_own_is_a_failure_of_one_pair(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(work: Any) -> list[unit.Scores]:
        if (
            any(symbol.name == "AAA" for symbol in work.symbols)
            and dslc.compile(UP).hash in work.bundle.hashes
        ):
            raise RuntimeError("a mistake\nof two lines")
        return unit.work(work)

    monkeypatch.setattr(dispatch, "work", faulty)
    found = dslc.score([UP, DOWN], data, tmp_path / "out", executor=Here())
    (failed,) = lines(tmp_path / "out" / "failures.ndjson")
    assert (failed["snapshot"], failed["symbol"], failed["code"]) == ("1", "AAA", "S204")
    assert failed["message"] == "RuntimeError: a mistake of two lines"
    assert found.rows == 5


def test_a_bars_file_that_changes_during_the_run_is_noticed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meddling(work: Any) -> list[unit.Scores]:
        bars(77).to_csv(data / "AAA.csv", index=False)
        return unit.work(work)

    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "work", meddling)
        dslc.score([UP], data, tmp_path / "out", executor=Here())
    (failed,) = lines(tmp_path / "out" / "failures.ndjson")
    assert (failed["symbol"], failed["code"]) == ("AAA", "S103")
    assert dslc.score([UP], data, tmp_path / "out").ok


def test_a_worker_with_another_engine_does_nothing(data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(unit, "engine_digest", lambda: "another")
    found = dslc.score([UP], data, tmp_path / "out", executor=ThreadPoolExecutor(1))
    assert found.rows == 0
    assert {item["code"] for item in lines(tmp_path / "out" / "failures.ndjson")} == {"S203"}


def test_what_was_under_way_when_a_worker_died_is_done_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dslc.scoring import executors, run

    class Silent(Executor):
        """Dies of the first unit and never answers for the others."""

        units = 0

        def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
            if work is not unit.work:
                return Here().submit(work, *args, **named)
            self.units += 1
            future: Future[Any] = Future()
            if self.units == 1:
                future.set_exception(BrokenExecutor("dead"))
            return future

    after = executors.Crew(Here(), 3, lambda: None)
    monkeypatch.setattr(run, "_crew", lambda *_: executors.Crew(Silent(), 3, lambda: None, lambda: after))
    found = dslc.score([UP, DOWN], data, tmp_path / "out")
    assert found.ok and found.rows == found.computed == 6


class Killer:
    """Progress that kills the worker processes when the first scores arrive."""

    killed = 0

    def begin(self, total: int, done: int) -> None:
        assert (total, done) == (12, 0)

    def add(self, scores: int) -> None:
        if not self.killed:
            for child in multiprocessing.active_children():
                os.kill(child.pid or 0, signal.SIGKILL)
                self.killed += 1


def test_killed_worker_processes_lose_nothing(data: Path, tmp_path: Path) -> None:
    bars(6).to_csv(data / "EEE.csv", index=False)
    killer = Killer()
    found = dslc.score([UP, DOWN, LOUD], data, tmp_path / "out", workers=2, progress=killer)
    assert killer.killed and found.ok and found.rows == found.computed == 12
    dslc.score([UP, DOWN, LOUD], data, tmp_path / "quiet")
    assert contents(tmp_path / "out") == contents(tmp_path / "quiet")


def test_many_symbols_in_one_file(data: Path, tmp_path: Path) -> None:
    parts = [bars(seed).assign(symbol=name) for seed, name in ((1, "AAA"), (2, "BBB"))]
    mixed = pd.concat(parts).sort_values(["time", "symbol"])
    alone = dslc.score([UP, LOUD], data, tmp_path / "alone").to_pandas()
    expected = alone[alone["symbol"] != "CCC"].reset_index(drop=True).drop(columns=["notes"])
    mixed.to_csv(tmp_path / "all.csv", index=False)
    mixed.to_parquet(tmp_path / "all.parquet", index=False)
    for name in ("all.csv", "all.parquet"):
        found = dslc.score([UP, LOUD], tmp_path / name, tmp_path / f"{name}.out", symbol_from="column:symbol")
        assert found.ok
        assert found.to_pandas().drop(columns=["notes"]).equals(expected)
    none = dslc.score([UP], tmp_path / "all.csv", tmp_path / "none", symbol_from="column:ticker")
    assert (none.rows, lines(tmp_path / "none" / "failures.ndjson")[0]["code"]) == (0, "B301")
    holes = mixed.assign(symbol=[None if at == 3 else name for at, name in enumerate(mixed["symbol"])])
    holes.to_parquet(tmp_path / "holes.parquet", index=False)
    dslc.score([UP], tmp_path / "holes.parquet", tmp_path / "holes", symbol_from="column:symbol")
    assert "S104" in {item["code"] for item in lines(tmp_path / "holes" / "failures.ndjson")}


def test_a_folder_of_results_is_neither_bars_nor_snapshots(data: Path, tmp_path: Path) -> None:
    (data / "s.json").write_text(json.dumps(UP))
    for out in (data / "out", data / "out"):
        found = dslc.score(data, data, out)
        assert (found.snapshots, found.symbols, found.ok) == (1, 3, True)
    assert dslc.score(data, str(data / "**" / "*.parquet"), data / "out").symbols == 1


def test_a_script_that_cannot_be_run_by_workers_is_told_so(data: Path, tmp_path: Path) -> None:
    code = f"import dslc\ndslc.score([{UP!r}], {str(data)!r}, {str(tmp_path / 'out')!r}, workers=1)"
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "no worker process starts; a script must call score below" in done.stderr


def test_names_of_symbols(tmp_path: Path) -> None:
    for name in ("X/1D.csv", "Y/1D.csv"):
        (tmp_path / name).parent.mkdir()
        bars(1).to_csv(tmp_path / name, index=False)
    files = find_files([str(tmp_path / "*" / "*.csv"), str(tmp_path / "X")])
    assert len(files) == 2
    symbols, failures = find_symbols(files, "parent")
    assert [symbol.name for symbol in symbols] == ["X", "Y"] and not failures
    with pytest.raises(dslc.ScoreError, match=r"1D\.csv and .*1D\.csv are of the symbol 1D"):
        find_symbols(files)


def test_bars_without_times_and_histories_shorter_than_the_warm_up(tmp_path: Path) -> None:
    bars(1).drop(columns="time").to_csv(tmp_path / "N.csv", index=False)
    slow = strategy("close > sma(close, 100)")
    found = dslc.score([UP, slow], tmp_path / "N.csv", tmp_path / "out", formats=["ndjson"], entries=True)
    first, second = lines(found.scores)
    close = bars(1)["close"].tolist()
    entered = [at for at in range(1, CANDLES) if close[at] > close[at - 1]]
    assert (first["first"], first["last_entry"], first["since_entry"]) == (
        None,
        None,
        CANDLES - 1 - entered[-1],
    )
    assert [row["row"] for row in lines(tmp_path / "out" / "entries.ndjson")] == entered
    assert (second["entries"], second["since_entry"]) == (0, None)
    assert "too few candles" in second["notes"] and "too few" not in first["notes"]


def test_resampling_and_another_timeframe(tmp_path: Path) -> None:
    hours = bars(1, 24 * 5)
    hours["time"] = pd.to_datetime([START + 3600 * at for at in range(len(hours))], unit="s")
    hours.to_csv(tmp_path / "H.csv", index=False)
    days = dslc.score([UP], tmp_path / "H.csv", tmp_path / "out", resample=True).to_pandas()
    assert days["candles"].tolist() == [5]
    four = dslc.score([UP], tmp_path / "H.csv", tmp_path / "out", resample=True, timeframe="4H").to_pandas()
    assert (four["candles"].tolist(), four["timeframe"].tolist()) == ([30], ["4H"])
    assert four["hash"].tolist() == [dslc.compile(UP, timeframe="4H").hash]


def test_more_strategies_than_a_group_and_more_rows_than_a_block(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [strategy(f"close > {price}") for price in range(90, 111)]
    dslc.score(documents, data, tmp_path / "one", formats=["csv", "parquet"], executor=Here())
    monkeypatch.setattr(unit, "_MOST_TOGETHER", 4)
    monkeypatch.setattr("dslc.scoring.outputs._BLOCK", 7)
    dslc.score(documents, data, tmp_path / "two", formats=["csv", "parquet"], executor=Here())
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_summary_lists_what_to_trade_now(data: Path, tmp_path: Path) -> None:
    source = ndjson(tmp_path / "s.ndjson", [UP, DOWN, LOUD])
    done = command(source, "--data", data, "--out", tmp_path / "out", "--top", 3)
    assert (done.exit_code, done.stderr) == (0, "")
    table = dslc.score(source, data, tmp_path / "out").to_pandas()
    best = table.sort_values(["entry", "score"], ascending=False, kind="stable").head(3)
    shown = [line.split()[:3] for line in done.stdout.splitlines()[-3:]]
    assert shown == [[row.snapshot, row.symbol, str(row.score)] for row in best.itertuples()]
    assert "Scores     9 (9 new)" in done.stdout
    assert "Scores     9 (0 new)" in command(source, "--data", data, "--out", tmp_path / "out").stdout


def test_exit_status_1_says_where_the_rejected_and_the_failed_are(data: Path, tmp_path: Path) -> None:
    source = ndjson(tmp_path / "s.ndjson", [UP, "{"])
    done = command(source, "--data", data, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert f"1 rejected: see {tmp_path / 'out' / 'rejected.ndjson'}" in done.stdout
    (data / "X.csv").write_text("")
    done = command(ndjson(tmp_path / "t.ndjson", [UP]), "--data", data, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "Failures   1: see" in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("nowhere.ndjson --data bars --out out", "No such file"),
        ("s.ndjson --data nowhere/*.csv --out out", "no bars file is named"),
        ("s.ndjson --data empty --out out", "no bars file is named"),
        ("empty.ndjson --data bars --out out", "no snapshots in empty.ndjson"),
        ("empty --data bars --out out", "no snapshots in empty"),
        ("s.ndjson --out out", "Missing option"),
        ("s.ndjson --data bars", "Missing option"),
        ("s.ndjson --data bars --out s.ndjson", "s.ndjson"),
        ("s.ndjson --data bars --out mine", "is not from a run"),
        ("s.ndjson --data bars --out out --align UTC", "needs --resample"),
        ("s.ndjson --data bars --out out --max-memory lots", "--max-memory wants"),
        ("s.ndjson --data bars --out out --workers 0", "workers"),
        ("s.ndjson --data bars --out out --workers 2 --cluster tcp://localhost:1", "choose one"),
        ("s.ndjson --data bars --out out --symbol-from name", "symbols come from"),
        ("s.ndjson --data bars --out out --column c", "is none"),
        ("t.parquet --data bars --out out", "name it with --column"),
        ("t.parquet --data bars --out out --column c", "has no column 'c'"),
        ("broken.parquet --data bars --out out", "cannot be read as Parquet"),
        ("notes.txt --data bars --out out", "neither a folder nor"),
    ],
)
def test_misuse_is_status_2_and_one_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ndjson(tmp_path / "s.ndjson", [UP])
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.ndjson").write_text("\n\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "scores.parquet").write_text("mine")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "broken.parquet").write_text("PAR1")
    parquet.write_table(pyarrow.table({"a": ["x"], "b": ["y"]}), tmp_path / "t.parquet")
    done = command(*args.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("dslc: ") <= 1
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert (tmp_path / "mine" / "scores.parquet").read_text() == "mine"


def test_a_folder_belongs_to_one_run_at_a_time(data: Path, tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Here):
        def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
            begun.set()
            go_on.wait(30)
            return super().submit(work, *args, **named)

    first = threading.Thread(
        target=dslc.score, args=([UP], data, tmp_path / "out"), kwargs={"executor": Slow()}
    )
    first.start()
    begun.wait(30)
    try:
        with pytest.raises(dslc.ScoreError, match="another run writes into"):
            dslc.score([UP], data, tmp_path / "out")
    finally:
        go_on.set()
        first.join()
    assert dslc.score([UP], data, tmp_path / "out").rows == 3


@pytest.mark.parametrize("how", [[], ["--workers", "2"]])
def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path, how: list[str]) -> None:
    folder = tmp_path / "bars"
    folder.mkdir()
    for seed in range(40):
        bars(seed, 3000).to_csv(folder / f"S{seed:02}.csv", index=False)
    source = ndjson(tmp_path / "s.ndjson", [strategy(f"sma(close, {n}) > 100") for n in range(2, 60)])
    args = call(source, folder, tmp_path / "out")
    run = subprocess.Popen([*args, *how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    units = tmp_path / "out" / ".units"
    deadline = time.monotonic() + 60
    while not (units.is_dir() and any(units.glob("*.scores"))) and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (130, "")
    assert "the same call goes on from there" in err and "Traceback" not in err
    kept = len(list(units.glob("*.scores")))
    assert 0 < kept < 40
    done = dslc.score(source, folder, tmp_path / "out")
    assert done.ok and done.computed == (40 - kept) * 58


def test_sizes() -> None:
    assert [parse_size(text) for text in ("1", "2k", "3M", "4GiB", "1.5 gb")] == [
        1,
        2048,
        3 << 20,
        4 << 30,
        3 << 29,
    ]
    for text in ("", "0", "-1", "1e9", "9" * 39, "8X", "nan", "inf"):
        with pytest.raises(dslc.ScoreError):
            parse_size(text)


def test_every_code_is_said_somewhere() -> None:
    folder = Path(unit.__file__).parent
    text = "".join(
        path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "errors.py"
    )
    assert {code for code in CODES if f'"{code}"' not in text} == set()


def test_csv_can_hold_any_name(data: Path, tmp_path: Path) -> None:
    name = 'a "quoted", name\nof two lines'
    envelope = {"id": name, "strategySnapshotJson": json.dumps(UP)}
    found = dslc.score([envelope], data / "AAA.csv", tmp_path / "out", formats=["csv"])
    with open(found.scores, encoding="utf-8", newline="") as file:
        assert [row["snapshot"] for row in csv.DictReader(file)] == [name]


def test_the_worker_takes_what_the_run_sends_and_gives_what_the_store_keeps(data: Path) -> None:
    import pickle

    from dslc.runtime.fingerprint import engine_digest
    from dslc.scoring.strategies import bundle

    compiled = dslc.compile(UP)
    symbols, _ = find_symbols(find_files([str(data)]))
    sent = unit.Unit(
        tuple(symbols),
        bundle([(compiled.hash, json.dumps(compiled.canonical))]),
        unit.Options(resample=False, align=None, entries=True, work=math.inf),
        engine_digest(),
        2**30,
        2**30,
    )
    scores = pickle.loads(pickle.dumps(unit.work(pickle.loads(pickle.dumps(sent)))))
    for found, symbol in zip(scores, symbols, strict=True):
        entry = compiled.evaluate(dslc.Bars(symbol.path)).entry
        assert found.rows[0].entries == len(found.rows[0].times) == int(np.count_nonzero(entry))
