"""What a part of an expression gives while it is read: its kind, and its node in the graph."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["number", "truth", "timeframe", "label", "unknown"]
Section = Literal["function", "constraints", "inputs", "conditions", "decision", "formula"]


class Value(NamedTuple):
    """What an expression gives: its kind, and its node unless something in it is wrong."""

    kind: Kind
    node: int | None = None


UNKNOWN = Value("unknown")
UNSCORED = Value("number")
