"""The register of codes: what says a sentence under a code, and how severe it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from ..diagnostics import Message

P = ParamSpec("P")
Said = tuple[str, str | None]

CATALOGUE: dict[str, Callable[..., Message]] = {}


def code(name: str) -> Callable[[Callable[P, Said]], Callable[P, Message]]:
    """Register a sentence under a stable code; the first letter says how severe it is."""
    severity = "warning" if name.startswith("W") else "error"

    def register(say: Callable[P, Said]) -> Callable[P, Message]:
        if name in CATALOGUE:
            raise ValueError(f"code {name} is taken")

        @wraps(say)
        def message(*args: P.args, **kwargs: P.kwargs) -> Message:
            text, help_ = say(*args, **kwargs)
            return Message(name, severity, text, help_)  # type: ignore[arg-type]

        CATALOGUE[name] = message
        return message

    return register
