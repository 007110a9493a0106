"""The corpus of broken strategies: what each case is, and whether it was repaired."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import dslc

FOLDER = Path(__file__).parent / "cases" / "broken"


@dataclass(frozen=True)
class Case:
    """A document with mistakes of one class, the codes and places to expect, and what it should become."""

    kind: str
    name: str
    source: str | bytes
    expect: tuple[str, ...]
    mended: str | None
    safe: bool

    @property
    def label(self) -> str:
        return f"{self.kind}: {self.name}"

    def is_invalid(self) -> bool:
        """Whether anything in it is an error; documents with warnings alone are in the corpus, too."""
        return any(place[0] == "E" for place in self.expect)


def cases() -> list[Case]:
    """All cases, class by class."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            expect = tuple(case["expect"])
            found.append(Case(path.stem, case["name"], _source(case), expect, case["mended"], case["safe"]))
    return found


def _source(case: dict[str, Any]) -> str | bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    parts = case["text"] if isinstance(case["text"], list) else [case["text"]]
    return "".join(part if isinstance(part, str) else _repeated(**part) for part in parts)


def _repeated(repeat: str, times: int) -> str:
    return "".join(repeat.replace("{n}", str(n)) for n in range(times))


def is_repaired(case: Case, *, unsafe: bool = False) -> bool:
    """Whether `fix` makes of a case the valid document, character by character, that it should become."""
    fixed = dslc.fix(case.source, unsafe=unsafe)
    return fixed.valid and case.mended is not None and fixed.text == case.mended
