"""A run of `dslc score` may be killed at any moment, and the disk may refuse anything: nothing is lost.

Three ways, and after each the next run writes the bytes of a run that nobody disturbed:

1. A process of `dslc score` is killed at random moments, with its workers.
2. The process kills itself just before each write, sync, rename and link that a run makes, and just after.
3. Each of them fails as on a full disk, once or from then on: the old result stays whole, an error says so.

`DSLC_DEEP=1` kills a hundred times at random moments; else it is a seeded sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import errno
import json
import os
from pathlib import Path
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

import dslc
import pandas as pd
import pytest

from .scored import Here, call, contents, strategy

DEEP = os.environ.get("DSLC_DEEP", "0") not in ("", "0")
KILLS = 100 if DEEP else 12
STEPS = ("write", "fsync", "replace", "symlink")


OLD = [strategy("close > close[1]")]
NEW = [strategy(f"close > sma(close, {n})") for n in range(2, 6)] + ["{"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_bars(tmp_path / "bars", 2, 40)


def make_bars(folder: Path, symbols: int, candles: int) -> Path:
    folder.mkdir()
    drawn = random.Random(symbols)
    for symbol in range(symbols):
        times = [f"{day:%Y-%m-%d}" for day in pd.date_range("2020-01-01", periods=candles)]
        close = [drawn.uniform(90, 110) for _ in times]
        pd.DataFrame({"time": times, "close": close}).to_csv(folder / f"S{symbol:02}.csv", index=False)
    return folder


def left_over(out: Path) -> list[str]:
    """Temporary files, and results that are not the current one."""
    found = [path.name for path in out.rglob("*.tmp")]
    results = [path.name for path in (out / ".results").iterdir() if not path.is_symlink()]
    return found + results[1:]


def run(data: Path, out: Path, documents: list[Any]) -> Any:
    """In this thread alone, so that a process that was forked can do it, too."""
    return dslc.score(
        documents, data, out, formats=["csv", "ndjson", "parquet"], entries=True, executor=Here()
    )


@contextmanager
def at_step(number: int, what: Callable[[str], None], after: bool = False) -> Iterator[list[int]]:
    """Let `what` happen at a step that the disk is asked for; counts the steps."""
    count = [0]
    originals = {name: getattr(os, name) for name in STEPS}

    def watched(name: str) -> Callable[..., Any]:
        def step(*args: Any, **named: Any) -> Any:
            count[0] += 1
            here = count[0] == number
            if here and not after:
                what(name)
            done = originals[name](*args, **named)
            if here and after:
                what(name)
            return done

        return step

    for name in STEPS:
        setattr(os, name, watched(name))
    try:
        yield count
    finally:
        for name in STEPS:
            setattr(os, name, originals[name])


def steps_of(data: Path, out: Path) -> int:
    with at_step(-1, lambda name: None) as count:
        run(data, out, NEW)
    return count[0]


def kills_itself(data: Path, folder: Path) -> int:
    """How many steps there are; the process kills itself at each, before and after. Run without threads."""
    run(data, folder / "base", OLD)
    old = contents(folder / "base")
    run(data, folder / "calm", NEW)
    new = contents(folder / "calm")
    shutil.copytree(folder / "base", folder / "count", symlinks=True)
    steps = steps_of(data, folder / "count")
    for number in range(1, steps + 1):
        for after in (False, True) if DEEP or number % 4 == 0 else (False,):
            out = folder / f"{number}-{after}"
            shutil.copytree(folder / "base", out, symlinks=True)
            child = os.fork()
            if child == 0:
                with at_step(number, lambda name: os.kill(os.getpid(), signal.SIGKILL), after):
                    run(data, out, NEW)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == signal.SIGKILL
            seen = contents(out)
            assert seen in (old, new) or {name: seen[name] for name in old} == old, (number, after)
            run(data, out, NEW)
            assert contents(out) == new, (number, after)
            assert not left_over(out), (number, after)
            shutil.rmtree(out)
    return steps


def test_a_kill_at_each_write_sync_rename_and_link(data: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[1]); from tests import test_scoring_kills as t\n"
        "print(t.kills_itself(Path(sys.argv[2]), Path(sys.argv[3])))"
    )
    args = [sys.executable, "-c", code, str(Path(__file__).parent.parent), str(data), str(tmp_path)]
    done = subprocess.run(args, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_disk_leaves_the_old_result_whole(
    data: Path, tmp_path: Path, code: int, persistent: bool
) -> None:
    run(data, tmp_path / "base", OLD)
    old = contents(tmp_path / "base")
    run(data, tmp_path / "calm", NEW)
    new = contents(tmp_path / "calm")
    shutil.copytree(tmp_path / "base", tmp_path / "count", symlinks=True)
    steps = steps_of(data, tmp_path / "count")
    failures = 0
    for number in range(1, steps + 1):
        out = tmp_path / str(number)
        shutil.copytree(tmp_path / "base", out, symlinks=True)

        def refuse(name: str) -> None:
            if persistent:
                for step in STEPS:
                    setattr(os, step, always)
            always()

        def always(*args: Any, **named: Any) -> Any:
            raise OSError(code, os.strerror(code))

        with at_step(number, refuse):
            try:
                run(data, out, NEW)
            except dslc.ScoreError as error:
                failures += 1
                assert os.strerror(code) in str(error) and "call again" in str(error)
                seen = contents(out)
                assert {name: seen[name] for name in old} == (old if seen != new else new), number
        assert not list(out.rglob(".units/*.tmp")), number
        run(data, out, NEW)
        assert contents(out) == new, number
        assert not left_over(out), number
    assert failures == steps


def test_a_file_size_limit_is_an_error_and_not_a_torn_result(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out", OLD)
    old = contents(tmp_path / "out")
    source = tmp_path / "s.ndjson"
    source.write_text("\n".join(json.dumps(strategy(f"close > {n}")) for n in range(60, 140)))
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); sys.argv[0] = 'dslc'\n"
        "from dslc.__main__ import main; main()"
    )
    args = ["score", str(source), "--data", str(data), "--out", str(tmp_path / "out"), "--format", "csv"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "File too large" in done.stderr
    assert contents(tmp_path / "out") == old


def children(pid: int) -> set[int]:
    """The processes below a process."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | children(child)
    return found


def test_a_run_that_is_killed_at_random_moments_ends_as_one_that_nobody_killed(tmp_path: Path) -> None:
    data = make_bars(tmp_path / "bars", 12, 1500)
    source = tmp_path / "s.ndjson"
    source.write_text("\n".join(json.dumps(strategy(f"close > sma(close, {n})")) for n in range(2, 42)))
    calm = subprocess.run(call(source, data, tmp_path / "calm"), capture_output=True)
    assert calm.returncode == 0, calm.stderr
    expected = contents(tmp_path / "calm")
    begun = time.monotonic()
    subprocess.run(call(source, data, tmp_path / "timed"), capture_output=True)
    whole = time.monotonic() - begun
    drawn = random.Random(20_261_121)
    kills, round, orphans = 0, 0, set()
    while kills < KILLS:
        out = tmp_path / f"out{round}"
        round += 1
        while kills < KILLS:
            how = ["--workers", "2"] if drawn.random() < 0.3 else []
            nowhere = subprocess.DEVNULL
            process = subprocess.Popen([*call(source, data, out), *how], stdout=nowhere, stderr=nowhere)
            try:
                process.wait(timeout=drawn.uniform(0.5, 1.0) * whole * (2 if how else 1))
            except subprocess.TimeoutExpired:
                orphans |= children(process.pid)
                process.kill()
                process.wait()
                kills += 1
                continue
            assert process.returncode == 0
            break
        done = subprocess.run(call(source, data, out), capture_output=True)
        assert done.returncode == 0, done.stderr
        assert contents(out) == expected
        assert not left_over(out)
    deadline = time.monotonic() + 10
    while (left := [pid for pid in orphans if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left
