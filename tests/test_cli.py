"""The command line as a process: output, exit status, files, speed of start."""

from __future__ import annotations

import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "ema-crossover.json"
BARS = ROOT / "examples" / "bars" / "AAPL.csv"
BROKEN = """{
  "configuration": {"timeframe": "1D"},
  "inputs": {
    "fast": "emma(close, 12)"
  },
  "conditions": {"up": "close > fast"},
  "score": {"up": 1},
  "decision": {"entry": "up"}
}
"""


def dslc(*args: object, stdin: str | bytes = b"", **env: str) -> subprocess.CompletedProcess[str]:
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [sys.executable, "-m", "dslc", *map(str, args)],
        input=raw,
        capture_output=True,
        env={**os.environ, **env},
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.json"
    path.write_text(BROKEN)
    return path


def test_a_valid_file() -> None:
    done = dslc("validate", EXAMPLE.with_name("breakout.json"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "valid\n", "")


def test_warnings_fail_only_where_the_check_is_strict() -> None:
    done = dslc("validate", EXAMPLE)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "valid: 1 warning")
    done = dslc("validate", "--strict", EXAMPLE)
    said = "valid: 1 warning (--strict allows none but those of --ignore)"
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, said)
    assert dslc("validate", "--strict", EXAMPLE.with_name("breakout.json")).returncode == 0


def test_a_broken_name_shows_the_line_the_caret_and_the_right_name(broken: Path) -> None:
    done = dslc("validate", broken)
    assert done.returncode == 1
    assert done.stdout == (
        f"{broken}:4:14: error[E301]: `emma` is not a function\n"
        '    4 |     "fast": "emma(close, 12)"\n'
        "      |              ^^^^\n"
        "      = help: did you mean `ema`?\n"
        "\n"
        "invalid: 1 error; `dslc fix --unsafe` mends 1\n"
    )


def test_the_caret_stands_under_the_characters_through_escapes_wide_letters_and_tabs(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{\t"日本": 1, "inputs": {"a": "\\u0063lose + emma(close, 1)"}}', encoding="utf-8")
    lines = dslc("validate", path).stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if "E301" in line)
    source, caret = lines[at + 1], lines[at + 2]
    before = source[: source.index("emma")]
    width = len(before) + sum(letter in "日本" for letter in before)
    assert caret.index("^") == width
    assert caret.count("^") == 4


def test_standard_input_and_several_files(broken: Path) -> None:
    done = dslc("validate", "-", EXAMPLE, stdin=BROKEN)
    assert done.returncode == 1
    assert done.stdout.startswith("<stdin>:4:14: error[E301]")
    assert done.stdout.endswith(
        "1 of 2 strategies invalid: 1 error, 1 warning; `dslc fix --unsafe` mends 1\n"
    )


def test_a_folder_means_every_json_below_it(broken: Path) -> None:
    inner = broken.parent / "inner"
    inner.mkdir()
    (inner / "good.json").write_text(EXAMPLE.read_text())
    (inner / "note.txt").write_text("no strategy")
    found = json.loads(dslc("validate", "--format", "json", broken.parent).stdout)
    assert [(Path(item["file"]).name, item["valid"]) for item in found] == [
        ("broken.json", False),
        ("good.json", True),
    ]


def test_json_output(broken: Path) -> None:
    done = dslc("validate", "--format", "json", broken)
    (found,) = json.loads(done.stdout)
    assert found["diagnostics"] == [
        {
            "code": "E301",
            "severity": "error",
            "message": "`emma` is not a function",
            "path": "/inputs/fast",
            "line": 4,
            "column": 14,
            "end_line": 4,
            "end_column": 18,
            "help": "did you mean `ema`?",
            "fix": {
                "title": "write `ema`",
                "safe": False,
                "patch": [{"op": "replace", "path": "/inputs/fast", "value": "ema(close, 12)"}],
            },
        }
    ]


def test_github_output(broken: Path) -> None:
    done = dslc("validate", "--format", "github", broken)
    assert done.returncode == 1
    assert done.stdout == (
        f"::error file={broken},title=dslc E301,line=4,col=14,endLine=4,endColumn=18"
        "::`emma` is not a function (did you mean `ema`?)\n"
    )


@pytest.mark.parametrize(
    "args",
    [
        ["validate"],
        ["validate", "no-such-file.json"],
        ["validate", str(BARS.parent)],
        ["validate", str(EXAMPLE), "no-such-file.json"],
        ["validate", "--format", "xml", str(EXAMPLE)],
        ["valid", str(EXAMPLE)],
        ["run", str(EXAMPLE)],
        ["run", str(EXAMPLE), "--data", "no-such-file.csv"],
        ["run", "no-such-file.json", "--data", str(BARS)],
        ["run", str(EXAMPLE), "--data", str(BARS), "--timeframe", "2D"],
        ["run", str(EXAMPLE), "--data", str(BARS), "--timeframe", "1D", "--from", "yesterday"],
        ["run", str(EXAMPLE), "--data", str(BARS), "--timeframe", "1D", "--out", "x.xlsx"],
        ["run", str(EXAMPLE), "--data", str(BARS), "--timeframe", "1D", "--out", "no-such-folder/x.csv"],
        ["functions", "emma"],
        ["inspect", str(EXAMPLE), "--graph", "svg", "--format", "json"],
    ],
)
def test_misuse_and_unreadable_files_are_status_2(args: list[str]) -> None:
    done = dslc(*args)
    assert done.returncode == 2
    assert done.stderr


def test_a_file_that_is_no_text_is_invalid_and_not_a_crash() -> None:
    done = dslc("validate", "-", stdin=bytes(range(256)))
    assert done.returncode == 1
    assert "E101" in done.stdout


def test_a_file_that_is_too_large_is_not_said_to_have_as_much_as_was_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(" " * 1_000_000)
    out = dslc("validate", path).stdout
    assert "error[E601]: the document has more than 262,144 bytes, the limit\n" in out


def test_no_colour_where_there_is_no_terminal(broken: Path) -> None:
    assert "\x1b" not in dslc("validate", broken).stdout


def test_what_a_user_wrote_cannot_move_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"in\\u001b[2Jputs": {}, "a\u202eb": 1}', encoding="utf-8")
    for form in ("text", "json", "github"):
        shown = dslc("validate", "--format", form, path).stdout
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def run(*args: object, **how: Any) -> subprocess.CompletedProcess[str]:
    return dslc("run", EXAMPLE, "--data", BARS, "--timeframe", "1D", *args, **how)


def test_run_reports_what_the_strategy_would_have_done() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "Timeframe  1D",
        "3,270 candles",
        "candle 21",
        "trendUp",
        "volConfirm",
        "Last entries (10 of",
    ):
        assert part in done.stdout


def test_bars_that_contradict_the_timeframe_say_what_to_do() -> None:
    done = dslc("run", EXAMPLE, "--data", BARS)
    assert done.returncode == 1
    assert "1 day" in done.stderr
    assert "1H" in done.stderr


def test_an_invalid_strategy_shows_its_diagnostics(broken: Path) -> None:
    done = dslc("run", broken, "--data", BARS)
    assert done.returncode == 1
    assert "error[E301]" in done.stderr


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_every_candle_is_written(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out.{suffix}"
    done = run("--out", target)
    assert done.returncode == 0
    table = pd.read_csv(target, index_col="time") if suffix == "csv" else pd.read_parquet(target)
    assert len(table) == 3270
    assert table.index.name == "time"
    assert list(table.columns) == [
        "close", "emaFast", "emaSlow", "rsiValue", "volSpike",
        "trendUp", "rsiHealthy", "crossover", "volConfirm", "score", "entry",
    ]  # fmt: skip
    assert table["entry"].sum() == (table["score"] >= 60).sum() > 0
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_values_before_from_still_warm_every_value(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.csv", tmp_path / "part.csv"
    assert run("--out", whole).returncode == 0
    done = run("--out", part, "--from", "2005-01-01", "--to", "2005-12-31")
    assert done.returncode == 0
    everything = pd.read_csv(whole, index_col="time")
    year = pd.read_csv(part, index_col="time")
    pd.testing.assert_frame_equal(year, everything.loc["2005-01-01":"2005-12-31"])
    assert len(year) == 252
    assert "252 candles" in done.stdout


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    data = tmp_path / "bars.csv"
    data.write_bytes(BARS.read_bytes())
    link = tmp_path / "link.csv"
    link.hardlink_to(data)
    soft = tmp_path / "soft.csv"
    soft.symlink_to(data)
    for target in (data, link, soft, tmp_path / "." / "bars.csv"):
        done = dslc("run", EXAMPLE, "--data", data, "--timeframe", "1D", "--out", target)
        assert done.returncode == 2
        assert "not overwritten" in done.stderr
    assert data.read_bytes() == BARS.read_bytes()


def test_a_failed_run_leaves_the_old_result(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    assert dslc("run", EXAMPLE, "--data", BARS, "--out", target).returncode == 1
    assert target.read_text() == "old"
    assert run("--out", target).returncode == 0
    assert target.read_text() != "old"


def test_a_strategy_from_standard_input() -> None:
    done = dslc("run", "-", "--data", BARS, "--timeframe", "1D", stdin=EXAMPLE.read_text())
    assert done.returncode == 0


def test_functions_and_schema_and_version() -> None:
    listing = dslc("functions").stdout
    assert "crossUp(a, b)" in listing
    assert "strength(" not in listing
    assert "Wilder" in dslc("functions", "rsi").stdout
    assert json.loads(dslc("schema").stdout)["$schema"].endswith("2020-12/schema")
    assert dslc("--version").stdout.startswith("dslc 0.")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("EMA", "did you mean `ema`?"),
        ("ta.crossunder", "did you mean `crossDown`?"),
        ("emma", "did you mean `ema`?"),
        ("trima", "there is no triangular average yet"),
        ("ta.bb", "its lines are bbUpper(close, 20, 2)"),
        ("quux", "`dslc functions` lists them all"),
    ],
)
def test_a_function_of_another_language_is_known(name: str, said: str) -> None:
    done = dslc("functions", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_help_names_every_command() -> None:
    shown = dslc("--help").stdout
    for name in ("validate", "run", "explain-candle", "functions", "schema"):
        assert name in shown


def test_validate_loads_nothing_heavy(broken: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dslc", "validate", str(broken)],
        capture_output=True,
        text=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "lark" in loaded
    assert not loaded & {"numpy", "pandas", "numba", "rich", "asyncio", "jsonschema", "narwhals"}


def test_run_works_with_a_cold_a_warm_a_broken_and_no_cache(tmp_path: Path) -> None:
    wanted = run().stdout
    cache = tmp_path / "cache"
    assert run(DSLC_CACHE_DIR=str(cache)).stdout == wanted
    files = sorted(cache.rglob("*.bin"))
    assert files
    assert run(DSLC_CACHE_DIR=str(cache)).stdout == wanted
    for i, path in enumerate(files):
        raw = path.read_bytes()
        path.write_bytes((raw[: len(raw) // 2], b"", raw[:-1] + b"\0", b"x" * len(raw))[i % 4])
    assert run(DSLC_CACHE_DIR=str(cache)).stdout == wanted
    assert run(DSLC_CACHE_DIR="/dev/null/nowhere").stdout == wanted


def shell(line: str, **env: str) -> tuple[int, str, str]:
    """Exit status of the first command of a pipe, and what came out."""
    command = line.replace("dslc ", f"{sys.executable} -m dslc ")
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "command", ["functions", "schema", "validate {broken}", "run {example} --data {bars} --timeframe 1D"]
)
def test_nobody_reading_the_output_is_no_crash(broken: Path, command: str) -> None:
    filled = command.format(broken=broken, example=EXAMPLE, bars=BARS)
    status, _, errors = shell(f"dslc {filled} | true")
    assert status in (0, 1, 141)
    assert errors == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "command", ["functions", "validate {broken}", "run {example} --data {bars} --timeframe 1D"]
)
def test_output_that_cannot_be_written_is_status_2_and_says_so(broken: Path, command: str) -> None:
    filled = command.format(broken=broken, example=EXAMPLE, bars=BARS)
    status, _, errors = shell(f"dslc {filled} > /dev/full")
    assert status == 2
    assert errors == "dslc: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-"])
def test_closed_streams_are_no_crash(broken: Path, closing: str) -> None:
    assert shell(f"dslc validate {broken} {closing}")[0] == 1
    assert shell(f"dslc validate - {closing}")[0] == 1
    assert shell(f"dslc run {EXAMPLE} --data {BARS} --timeframe 1D {closing}")[0] == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal_will_do(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"日本…": 1}', encoding="utf-8")
    assert shell(f"dslc validate {path}", PYTHONIOENCODING=encoding)[0] == 1
    assert run("--from", "2030-01-01", PYTHONIOENCODING=encoding).returncode == 0


def test_the_result_is_written_even_if_nobody_reads_the_report(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    shell(f"dslc run {EXAMPLE} --data {BARS} --timeframe 1D --out {target} | true")
    assert len(pd.read_csv(target)) == 3270


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--out", "{tmp}/none/x.csv"], "is not a folder"),
        (["--out", "{tmp}"], "write to a file that ends in"),
        (["--out", "{tmp}/" + "x" * 300 + ".csv"], "x.csv"),
        (["--align", "UTC"], "--resample"),
        (["--from", "2010-01-01", "--to", "2009-01-01"], "--from is later than --to"),
        (["--to", "soon"], "soon"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(tmp_path: Path, args: list[str], said: str) -> None:
    done = run(*(argument.format(tmp=tmp_path) for argument in args))
    assert done.returncode == 2
    assert said in done.stderr
    assert str(BARS) not in done.stderr


def test_a_far_end_means_the_last_bar() -> None:
    assert "3,270 candles" in run("--to", "9999-12-31").stdout


def test_a_folder_of_bars_is_misuse(tmp_path: Path) -> None:
    done = dslc("run", EXAMPLE, "--data", tmp_path)
    assert (done.returncode, "is a folder" in done.stderr) == (2, True)


def test_a_link_that_leads_nowhere_is_unreadable(broken: Path) -> None:
    (broken.parent / "gone.json").symlink_to(broken.parent / "nowhere")
    done = dslc("validate", broken.parent)
    assert done.returncode == 2
    assert "gone.json" in done.stderr


def test_colours_on_a_terminal_and_not_with_no_color(broken: Path) -> None:
    import pty

    for no_color, coloured in (("", True), ("1", False)):
        reader, writer = pty.openpty()
        env = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm"}
        command = [sys.executable, "-m", "dslc", "validate", str(broken)]
        subprocess.run(command, stdout=writer, stderr=writer, env=env, check=False)
        os.close(writer)
        shown = b""
        while True:
            try:
                part = os.read(reader, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        os.close(reader)
        assert (b"\x1b[" in shown) == coloured


def test_a_cache_that_others_could_write_to_is_not_trusted(tmp_path: Path) -> None:
    wanted = run().stdout
    assert run(DSLC_CACHE_DIR=str(tmp_path)).stdout == wanted
    (folder,) = (tmp_path / "dslc").iterdir()
    entries = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "kernel-smooth-4.bin").write_bytes(entries["kernel-greater.bin"])
    assert run(DSLC_CACHE_DIR=str(tmp_path)).stdout == wanted
    folder.chmod(0o777)
    stamps = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert run(DSLC_CACHE_DIR=str(tmp_path)).stdout == wanted
    assert all(
        path.stat().st_mtime_ns != stamps[path.name] for path in folder.iterdir() if path.suffix == ".bin"
    )
