"""`dslc fix` as a process: files, standard input, differences, exit status, and files that stay whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).parent.parent
GOOD = """{
  "configuration": {"timeframe": "1D"},
  "inputs": {"fast": "ema(close, 12)"},
  "conditions": {"up": "close > fast AND close > open"},
  "score": {"up": 1},
  "decision": {"entry": "score >= 1"}
}
"""
BROKEN = GOOD.replace("ema(", "EMA(").replace(" AND ", " && ").replace('"up": 1}', '"up": 1,}')
GUESS = GOOD.replace("close > fast", "close > fats")
HOPELESS = GOOD.replace("close > fast", "magic(close) > 1")


def dslc(*args: object, stdin: bytes = b"", cwd: Path = ROOT) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "dslc", *map(str, args)], input=stdin, capture_output=True, cwd=cwd
    )
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode()
    assert "Traceback" not in out + err
    return done.returncode, out, err


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.json"
    path.write_text(BROKEN)
    return path


def test_a_file_is_mended_in_place(broken: Path) -> None:
    broken.chmod(0o640)
    status, out, err = dslc("fix", broken)
    assert (status, err) == (0, "")
    assert broken.read_text() == GOOD
    assert broken.stat().st_mode & 0o777 == 0o640
    *lines, last = out.splitlines()
    assert [line.split("fixed[")[1][:4] for line in lines] == ["E103", "E301", "E205"]
    assert lines[1] == f"{broken}:3:23: fixed[E301]: `EMA` is not a function: write `ema(close, 12)`"
    assert last == "3 mistakes mended, 0 errors left"
    assert [path.name for path in broken.parent.iterdir()] == ["broken.json"]


def test_a_mended_file_is_left_alone(broken: Path) -> None:
    dslc("fix", broken)
    before = broken.stat().st_mtime_ns
    assert dslc("fix", broken)[:2] == (0, "0 mistakes mended, 0 errors left\n")
    assert broken.stat().st_mtime_ns == before


def test_a_difference_writes_nothing(broken: Path) -> None:
    status, out, err = dslc("fix", "--diff", broken)
    assert status == 0
    assert broken.read_text() == BROKEN
    assert out.splitlines()[:2] == [f"--- {broken}", f"+++ {broken} (fixed)"]
    changed = [line for line in out.splitlines()[2:] if line[:1] in "+-"]
    assert '+  "inputs": {"fast": "ema(close, 12)"},' in changed
    assert len(changed) == 6
    assert err.endswith("3 mistakes would be mended, 0 errors left\n")


def test_standard_input_is_printed_mended() -> None:
    status, out, err = dslc("fix", "-", stdin=BROKEN.encode())
    assert (status, out) == (0, GOOD)
    assert err.startswith("<stdin>:")
    status, out, err = dslc("fix", "-", stdin=b"\xff\x00\xfe")
    assert (status, err.count("E101")) == (1, 1)


def test_guesses_need_to_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "guess.json"
    path.write_text(GUESS)
    status, out, _ = dslc("fix", path)
    assert (status, path.read_text()) == (1, GUESS)
    assert "did you mean `fast`?" in out
    assert out.endswith("0 mistakes mended, 1 error left (1 may be mended with --unsafe)\n")
    assert dslc("fix", "--unsafe", path)[0] == 0
    assert path.read_text() == GOOD


def test_what_cannot_be_mended_is_shown_and_the_rest_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "hopeless.json"
    path.write_text(HOPELESS.replace(" AND ", " && "))
    status, out, _ = dslc("fix", path)
    assert status == 1
    assert path.read_text() == HOPELESS
    assert f"{path}:4:25: error[E301]" in out


def test_folders_and_unreadable_files(tmp_path: Path, broken: Path) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "also.json").write_text(BROKEN)
    (tmp_path / "other.txt").write_text(BROKEN)
    status, _, err = dslc("fix", tmp_path, tmp_path / "missing.json")
    assert status == 2
    assert "missing.json: No such file" in err
    assert broken.read_text() == (tmp_path / "deeper" / "also.json").read_text() == GOOD
    assert (tmp_path / "other.txt").read_text() == BROKEN
    assert dslc("fix")[0] == 2
    assert dslc("fix", "-", broken)[0] == 2


def test_line_ends_tabs_and_links_stay(tmp_path: Path) -> None:
    text = BROKEN.replace("\n", "\r\n").replace("  ", "\t")
    path, link = tmp_path / "real.json", tmp_path / "link.json"
    path.write_bytes(text.encode())
    link.symlink_to(path)
    assert dslc("fix", link)[0] == 0
    assert link.is_symlink()
    assert path.read_bytes() == GOOD.replace("\n", "\r\n").replace("  ", "\t").encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_that_may_not_be_written_stays(broken: Path) -> None:
    broken.chmod(0o444)
    status, _, err = dslc("fix", broken)
    assert (status, broken.read_text()) == (2, BROKEN)
    assert "read-only" in err


def test_an_envelope_is_mended_inside(tmp_path: Path) -> None:
    path = tmp_path / "envelope.json"
    path.write_text(json.dumps({"assetPair": "BTCUSDT", "strategySnapshotJson": BROKEN}, indent=2))
    assert dslc("fix", path)[0] == 0
    assert json.loads(path.read_text()) == {"assetPair": "BTCUSDT", "strategySnapshotJson": GOOD}
    assert path.read_text().startswith('{\n  "assetPair": "BTCUSDT",\n')


def test_places_in_an_envelope_are_all_of_the_same_text(tmp_path: Path) -> None:
    path = tmp_path / "envelope.json"
    text = HOPELESS.replace(" AND ", " && ")
    path.write_text(json.dumps({"strategySnapshotJson": text}, indent=2))
    _, out, _ = dslc("fix", path)
    column = text.splitlines()[3].index("&&") + 1
    assert f"{path}#strategySnapshotJson:4:{column}: fixed[E205]" in out
    assert f"{path}#strategySnapshotJson:4:25: error[E301]" in out


def test_what_a_difference_leaves_is_where_it_is_in_the_file(tmp_path: Path) -> None:
    """What is found only once something else is mended has no place in the file, and says so."""
    path = tmp_path / "s.json"
    path.write_text(HOPELESS.replace("close > open", "EMA(open, 12) > 1 && wizard(close) > 1"))
    err = dslc("fix", "--diff", path)[2]
    line = path.read_text().splitlines()[3]
    assert f"{path}:4:{line.index('wizard') + 1}: error[E301]: `wizard`" in err
    path.write_text(HOPELESS.replace('"up": 1}', '"up": 1,}'))
    err = dslc("fix", "--diff", path)[2]
    assert f"{path} (fixed):4:25: error[E301]" in err


def test_a_fix_that_the_help_does_not_say_is_said(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(GOOD.replace('"score": {"up": 1}', '"score": [{"name": "up", "weight": 1}]'))
    out = dslc("validate", path)[1]
    assert '      = fix: write `{"up": 1}`\n' in out
    path.write_text(GUESS)
    out = dslc("validate", path)[1]
    assert "= help: did you mean `fast`?\n\n" in out
    assert out.endswith("invalid: 1 error; `dslc fix --unsafe` mends 1\n")


def test_validate_says_how_many_can_be_mended(broken: Path) -> None:
    broken.write_text(BROKEN.replace('"up": 1,}', '"up": 1}'))
    assert dslc("validate", broken)[1].endswith("invalid: 2 errors; `dslc fix` mends 2\n")
