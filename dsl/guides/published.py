"""What dslc publishes for generators and editors: the grammar of expressions, and JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from ..grammar.words import quoted
from ..schemas.signatures import Signature, signature
from .gbnf import gbnf, lark_grammar

Notation: TypeAlias = "Literal['gbnf', 'lark']"
Subject: TypeAlias = "Literal['strategy', 'diagnostics']"


def grammar_text(notation: Notation = "gbnf", functions: Iterable[str] = ()) -> str:
    """The grammar of an expression: for generators in the manner of llama.cpp ("gbnf"), or for Lark.

    Of "gbnf" every text is read without a mistake in its spelling; "lark" is the grammar of the parser
    itself, which also takes spellings of other languages, to say what to write instead. Raises ValueError
    for any other notation. The grammar of the document is its `schema`. `functions` are signatures of
    functions that the document has itself, such as "slope(x, n)", which "gbnf" then allows, too.

    >>> grammar_text().splitlines()[2]
    'root ::= ws or ws'
    """
    if notation == "gbnf":
        return gbnf(map(_signature, functions))
    if notation == "lark":
        return lark_grammar()
    raise ValueError(f"{quoted(notation)} is no notation of a grammar: there are `gbnf` and `lark`")


def _signature(text: str) -> Signature:
    found = signature(text)
    if found is None:
        raise ValueError(f"{quoted(text)} is no signature of a function; write one such as slope(x, n)")
    return found


def schema(of: Subject = "strategy") -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a strategy, or of the diagnostics of `validate --format json`.

    Raises ValueError for anything else.

    >>> schema()["title"], schema("diagnostics")["type"]
    ('Trading strategy', 'array')
    """
    if of == "strategy":
        from ..schemas.schema import schema as of_strategies

        return of_strategies()
    if of == "diagnostics":
        from ..formats.schema import diagnostics_schema

        return diagnostics_schema()
    raise ValueError(f"{quoted(of)} has no schema: there are `strategy` and `diagnostics`")
