"""Which documents a folder has, how much of one is read, and that a result is written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dslc
from dslc.files import OutputError, documents_below, read_document, write_atomically
from dslc.formatting import format_document
from dslc.grammar.words import LIMITS
import pytest


def test_documents_are_those_below_a_folder_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = ("b.json", "a.json", "z/c.json", "m/n/d.json", "m/e.json", "m/.hidden.json")
    others = ("a.JSON", "a.ndjson", "json", "m/notes.txt")
    for name in (*names, *others):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "gone.json").symlink_to("nowhere")
    found = [os.path.relpath(path, tmp_path) for path in documents_below(str(tmp_path))]
    assert found == [
        "a.json",
        "b.json",
        "gone.json",
        "m/.hidden.json",
        "m/e.json",
        "m/n/d.json",
        "z/c.json",
    ]


def test_an_empty_folder_has_no_documents_and_a_missing_one_is_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert list(documents_below(str(tmp_path))) == []
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(documents_below(str(tmp_path / "nowhere")))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [0, 5, LIMITS.document_bytes, LIMITS.document_bytes + 1, 10**6])
def test_no_more_is_read_than_shows_that_it_is_too_much(tmp_path: Path, size: int) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(b"x" * size)
    assert read_document(path) == read_document(str(path)) == b"x" * min(size, LIMITS.document_bytes + 1)


def test_whoever_reads_a_document_says_that_it_is_too_large(tmp_path: Path) -> None:
    """By a part that is JSON as far as it is read: what is said comes from the size."""
    path = tmp_path / "s.json"
    path.write_text("{}" + " " * LIMITS.document_bytes)
    assert [found.code for found in dslc.validate(path)] == ["E601"]
    assert [found.code for found in dslc.fix(path).diagnostics] == ["E601"]
    for refuse in (dslc.compile, format_document):
        with pytest.raises(dslc.StrategyError, match="E601"):
            refuse(path)
    bars = tmp_path / "A.csv"
    bars.write_text("time,close\n2024-01-01,1\n")
    dslc.score([path], bars, tmp_path / "out")
    rejected = json.loads((tmp_path / "out" / "rejected.ndjson").read_text())
    assert [found["code"] for found in rejected["diagnostics"]] == ["E601"]


def test_a_result_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    def half(path: Path) -> None:
        path.write_text("ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        write_atomically(target, half)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "old"
