"""Writes `_tables.py`, the LALR tables of expression.lark: `python -m dslc.grammar.build_tables`.

A test builds them again and compares, so the tables cannot go stale. Lark numbers states and
tokens in the order of its sets, which changes from run to run; they are numbered anew here. How long a
terminal without an end may be depends on the build of Python; one number stands for all.
"""

from __future__ import annotations

from pathlib import Path
from pprint import pformat
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

HERE = Path(__file__).parent
SHIFT = 0
WIDEST = 2**32 - 1  # characters of a terminal


def build() -> str:
    """The text of `_tables.py` for the grammar as it is now."""
    grammar = (HERE / "expression.lark").read_text(encoding="utf-8")
    lark = Lark(grammar, parser="lalr", lexer="basic", start="start", maybe_placeholders=False)
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    data["parser"]["parser"] = _renumber(data["parser"]["parser"])
    for terminal in memo.values():
        pattern = terminal.get("pattern", {})
        if "_width" in pattern:
            pattern["_width"] = [min(width, WIDEST) for width in pattern["_width"]]
    return (
        '"""LALR tables of expression.lark. Made by build_tables.py; do not edit."""\n\n'
        f"DATA = {pformat(data, width=110, compact=True, sort_dicts=True)}\n\n"
        f"MEMO = {pformat(memo, width=110, compact=True, sort_dicts=True)}\n"
    )


def _renumber(table: dict[str, Any]) -> dict[str, Any]:
    """The same parse table with tokens in the order of their names and states in that of discovery."""
    names = table["tokens"]
    order = sorted(names.values())
    (start,) = table["start_states"].values()
    numbers = {start: 0}
    queue = [start]
    for state in queue:
        actions = {names[token]: action for token, action in table["states"][state].items()}
        for name in sorted(actions):
            kind, argument = actions[name]
            if kind == SHIFT and argument not in numbers:
                numbers[argument] = len(numbers)
                queue.append(argument)
    states = {}
    for state, number in numbers.items():
        row = {order.index(names[token]): action for token, action in table["states"][state].items()}
        states[number] = {
            token: (kind, numbers[argument] if kind == SHIFT else argument)
            for token, (kind, argument) in sorted(row.items())
        }
    return {
        "tokens": dict(enumerate(order)),
        "states": states,
        "start_states": {name: numbers[state] for name, state in table["start_states"].items()},
        "end_states": {name: numbers[state] for name, state in table["end_states"].items()},
    }


if __name__ == "__main__":
    (HERE / "_tables.py").write_text(build(), encoding="utf-8")
