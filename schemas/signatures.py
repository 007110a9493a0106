"""Owns the keys of `functions`: what `slope(x, n)` says of a function, and how it is written.

    key ::= name "(" [ name { "," name } ] ")"

with spaces between as anyone likes, and at most 64 parameters. Which names are reserved or stand twice is not
decided here.
Worked: `slope( x,n )` is the function `slope` with the parameters `x` and `n`, and is written `slope(x, n)`.
"""

from __future__ import annotations

from dataclasses import dataclass
import re

from ..grammar.words import NAME

PATTERN = rf" *({NAME.pattern}) *\( *((?:{NAME.pattern}(?: *, *{NAME.pattern}){{0,63}})?) *\) *"
"""A signature as a regular expression, which the published schema shares."""

_SIGNATURE = re.compile(PATTERN)


@dataclass(frozen=True, slots=True)
class Signature:
    """The name of a function and those of its parameters."""

    name: str
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"


def signature(text: str) -> Signature | None:
    """What the key of a function says; None where it is no signature.

    >>> signature("slope( x,n )"), signature("slope")
    (Signature(name='slope', parameters=('x', 'n')), None)
    """
    found = _SIGNATURE.fullmatch(text)
    if found is None:
        return None
    return Signature(found[1], tuple(name.strip() for name in found[2].split(",")) if found[2] else ())
