"""What `fix` and `fmt` share: differences that can be applied, and files that keep all their names."""

from __future__ import annotations

import os
from pathlib import Path
import re
import subprocess
import sys

from dslc.commands.rewriting import difference, replace_file
from hypothesis import given
from hypothesis import strategies as st
import pytest

ROOT = Path(__file__).parent.parent
TYPO = (ROOT / "examples/broken/typo.json").read_bytes()
PIECES = [
    b"a",
    b"b",
    b"\n",
    b"\r\n",
    b"\r",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\x1b[2J",
    "\u202e☂".encode(),
    b"\\ No",
    b"-",
    b"@@ ",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)


def applied(before: bytes, diff: bytes) -> bytes:
    """What `patch` makes of a text and a unified difference."""
    lines, at, made = re.findall(rb"[^\n]*\n|[^\n]+", before), 0, []
    body = re.findall(rb"[^\n]*\n", diff)[2:]
    for number, line in enumerate(body):
        if (hunk := re.match(rb"@@ -(\d+)(?:,(\d+))? ", line)) is not None:
            start = int(hunk[1]) - (hunk[2] != b"0")
            made += lines[at:start]
            at = start
            continue
        if line.startswith(b"\\"):
            continue
        last = body[number + 1 : number + 2]
        text = line[1:].removesuffix(b"\n") if last and last[0].startswith(b"\\") else line[1:]
        if line[:1] in b" -":
            assert lines[at] == text
            at += 1
        if line[:1] in b" +":
            made.append(text)
    return b"".join([*made, *lines[at:]])


@given(TEXTS, TEXTS)
def test_a_difference_makes_the_one_text_of_the_other(before: bytes, after: bytes) -> None:
    diff = difference("s.json", before, after, "fixed")
    assert applied(before, diff) == after
    assert (diff == b"") == (before == after)


def dslc(*args: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "dslc", *map(str, args)], capture_output=True)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("command", ["fix", "fmt"])
def test_what_diff_shows_is_what_the_command_does(
    tmp_path: Path, command: str, end: bytes, mark: bytes
) -> None:
    raw = (
        TYPO
        if command == "fix"
        else (ROOT / "examples/ema-crossover.json").read_bytes().replace(b'": ', b'":')
    )
    before = mark + raw.replace(b"\n", end)
    path = tmp_path / "s.json"
    path.write_bytes(before)
    shown = dslc(command, "--diff", path).stdout
    assert path.read_bytes() == before
    dslc(command, path)
    assert (path.read_bytes() != before) == (command == "fix" or not mark)
    assert (applied(before, shown) if shown else before) == path.read_bytes()


def test_on_a_terminal_a_difference_cannot_move_the_cursor() -> None:
    import pty

    before, after = "a\tb\r\nx\x1b[2J\u202e\rz\r\n".encode(), b"a\tb\r\n"
    code = f"from dslc.commands.rewriting import show_difference as f; f('s', {before!r}, {after!r}, 'fixed')"
    master, slave = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stdout=slave, check=True)
    shown = os.read(master, 100_000).decode().expandtabs()
    os.close(slave)
    os.close(master)
    assert [line for line in shown.split("\r\n") if line[:1] in ("-", " ")] == [
        "--- s",
        " a\tb".expandtabs(),
        "-x\\x1b[2J\\u202e\\rz",
    ]


def test_every_name_of_a_file_has_the_new_text(tmp_path: Path) -> None:
    path, hard, soft = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"
    path.write_bytes(b"a long old text")
    hard.hardlink_to(path)
    soft.symlink_to(path)
    replace_file(str(soft), b"new")
    assert path.read_bytes() == hard.read_bytes() == soft.read_bytes() == b"new"
    assert os.path.samefile(path, hard)
    assert soft.is_symlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.json", "b.json", "c.json"]
