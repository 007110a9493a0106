"""`dslc score` on a Dask cluster of real processes: the same bytes, also when a worker is killed."""

from __future__ import annotations

from collections.abc import Iterator
import importlib.util
import json
import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import time
from typing import Any

import dslc
import pandas as pd
import pytest

from .scored import call, contents, strategy

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("distributed") is None, reason="needs the extra: pip install 'dslc[cluster]'"
    ),
    pytest.mark.filterwarnings("ignore"),  # Dask's own
]

DEEP = os.environ.get("DSLC_DEEP", "0") not in ("", "0")


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
        self._wait(self._file.exists)
        self.address = ""
        self._wait(self._read)

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        return self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name)

    def wait_for_workers(self, count: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def _start(self, *args: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *args, "--scheduler-file", str(self._file)]
        environment = os.environ | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s"}
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            command, stdout=quiet, stderr=quiet, env=environment, cwd=self._file.parent
        )
        self.processes.append(process)
        return process

    def _read(self) -> bool:
        try:
            self.address = json.loads(self._file.read_text())["address"]
        except ValueError:  # half written
            return False
        return True

    @staticmethod
    def _wait(ready: Any) -> None:
        deadline = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "bars"
    folder.mkdir()
    drawn = random.Random(1)
    times = [f"{day:%Y-%m-%d}" for day in pd.date_range("2020-01-01", periods=400)]
    for symbol in range(24):
        close = [drawn.uniform(90, 110) for _ in times]
        pd.DataFrame({"time": times, "close": close}).to_csv(folder / f"S{symbol:02}.csv", index=False)
    return folder


DOCUMENTS: list[Any] = [strategy(f"close > sma(close, {n})") for n in range(2, 12)] + ["{"]


class Killer:
    """Progress that kills a worker when the first scores arrive, and starts another."""

    def __init__(self, cluster: Cluster, victim: subprocess.Popen[bytes] | None) -> None:
        self.cluster = cluster
        self.victim = victim

    def begin(self, total: int, done: int) -> None:
        assert (total, done) == (240, 0)

    def add(self, scores: int) -> None:
        if self.victim is not None:
            self.victim.send_signal(signal.SIGKILL)
            self.victim = None
            self.cluster.start_worker("second")


def test_a_worker_that_is_killed_loses_nothing(cluster: Cluster, data: Path, tmp_path: Path) -> None:
    victim = cluster.start_worker("first")
    cluster.start_worker("other")
    cluster.wait_for_workers(2)
    killer = Killer(cluster, victim)
    found = dslc.score(DOCUMENTS, data, tmp_path / "out", cluster=cluster.address, progress=killer)
    assert killer.victim is None and victim.wait(10) == -signal.SIGKILL
    assert (found.rows, found.failures, found.rejected) == (240, 0, 1)
    assert dslc.score(DOCUMENTS, data, tmp_path / "calm").computed == 240
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")
    again = dslc.score(DOCUMENTS, data, tmp_path / "out", cluster=cluster.address)
    assert again.computed == 0


@pytest.mark.skipif(not DEEP, reason="Dask looks for a lost scheduler for ten seconds; DSLC_DEEP=1")
def test_a_scheduler_that_is_killed_ends_the_run_and_what_was_finished_is_kept(
    data: Path, tmp_path: Path
) -> None:
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    try:
        cluster.start_worker("only")
        cluster.wait_for_workers(1)

        class Quiet(Killer):
            def add(self, scores: int) -> None:
                for process in cluster.processes:
                    process.kill()

        with pytest.raises(dslc.ScoreError, match="call again"):
            dslc.score(
                DOCUMENTS,
                data,
                tmp_path / "out",
                cluster=cluster.address,
                progress=Quiet(cluster, victim=None),
            )
    finally:
        cluster.stop()
    found = dslc.score(DOCUMENTS, data, tmp_path / "out")
    assert 0 < found.computed < 240 == found.rows


def test_no_scheduler_is_one_sentence_and_status_2(data: Path, tmp_path: Path) -> None:
    source = tmp_path / "s.ndjson"
    source.write_text(json.dumps(DOCUMENTS[0]))
    args = call(source, data, tmp_path / "out")
    for address, said in (
        ("tcp://127.0.0.1:1", "no Dask scheduler answers"),
        ("nonsense://x", "such as tcp"),
    ):
        done = subprocess.run([*args, "--cluster", address], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1
