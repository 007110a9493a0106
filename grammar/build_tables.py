"""Writes `_tables.py`, the LALR tables of expression.lark: `python -m dslc.grammar.build_tables`.

A test builds them again and compares, so the tables cannot go stale.
"""

from __future__ import annotations

from pathlib import Path
from pprint import pformat

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

HERE = Path(__file__).parent


def build() -> str:
    """The text of `_tables.py` for the grammar as it is now."""
    grammar = (HERE / "expression.lark").read_text(encoding="utf-8")
    lark = Lark(grammar, parser="lalr", lexer="contextual", start="start", maybe_placeholders=False)
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    data["options"] = {k: v for k, v in data["options"].items() if k not in ("source_path",)} | {"source_path": None}
    return (
        '"""LALR tables of expression.lark. Made by build_tables.py; do not edit."""\n\n'
        f"DATA = {pformat(data, width=110, compact=True, sort_dicts=True)}\n\n"
        f"MEMO = {pformat(memo, width=110, compact=True, sort_dicts=True)}\n"
    )


if __name__ == "__main__":
    (HERE / "_tables.py").write_text(build(), encoding="utf-8")
