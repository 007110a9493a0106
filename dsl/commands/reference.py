"""What the commands print that describe dslc itself: `functions`, `explain`, `grammar`, `schema`."""

from __future__ import annotations

import json
from typing import Literal

import click

from ..grammar.dialects import absent, function_of
from ..grammar.spelling import Speller
from ..grammar.words import quoted
from ..guides.families import KINDS, shown_formula
from ..guides.pages import as_markdown, as_text, codes, find_code, page, unknown_code
from ..guides.published import Subject, grammar_text, schema
from ..guides.reference import reference
from ..runtime.registry import Function, function, functions, public_names


def overview() -> str:
    """One line a function."""
    found = [functions()[name] for name in public_names()]
    width = max(len(item.signature) for item in found)
    lines = [f"{item.signature:<{width}}  {item.summary}" for item in found]
    return "\n".join([*lines, "", "`dslc functions NAME` describes one."])


def describe(name: str) -> str | None:
    """The full description of a function; None if there is none of that name."""
    found = function(name)
    return None if found is None else "\n".join(_page(found))


def unknown(name: str) -> str:
    """What to say about a name that is no function, but may be one of another language.

    >>> unknown("ta.crossover")
    'dslc: `ta.crossover` is not a function; did you mean `crossUp`?'
    """
    bare = name.rpartition(".")[2]
    known, missing = function_of(bare), absent(bare)
    nearest = known.text if known is not None else Speller().nearest(bare, public_names())
    hint = missing or (f"did you mean `{nearest}`?" if nearest else "`dslc functions` lists them all")
    return f"dslc: {quoted(name)} is not a function; {hint}"


def _page(found: Function) -> list[str]:
    lines = [found.signature, "", found.documentation, ""]
    for parameter in found.parameters:
        lines.append(f"{parameter.name + ':':<15}{KINDS[parameter.kind]}")
    lines.append(f"{'Value:':<15}{'true or false' if found.result == 'truth' else found.unit}{_range(found)}")
    lines.append(
        f"{'First defined:':<15}candle {found.first}, counted from 0, where the arguments always are"
    )
    formula = shown_formula(found)
    if formula is not None:
        lines.append(f"{'Formula:':<15}{formula}")
    if found.reference is not None:
        lines.append(f"{'Equal to:':<15}{found.reference}")
    return lines


def _range(found: Function) -> str:
    if found.low == float("-inf") or found.unit.startswith("0 to"):
        return ""
    return ", never negative" if found.high == float("inf") and found.low == 0 else ""


# --- codes ------------------------------------------------------------------------------------


def explain_codes(text: str | None, form: str) -> int:
    """Print the page of a code, or of all, and return the exit status."""
    if text is None:
        click.echo(_all_codes(form))
        return 0
    code = find_code(text)
    if code is None:
        click.echo(f"dslc: {unknown_code(text)}", err=True)
        return 2
    found = page(code)
    if form == "json":
        click.echo(json.dumps(found.as_dict(), indent=2))
    else:
        click.echo(as_text(found) if form == "text" else as_markdown(found))
    return 0


def _all_codes(form: str) -> str:
    if form == "json":
        return json.dumps([page(code).as_dict() for code in codes()], indent=2)
    if form == "markdown":
        return reference().removesuffix("\n")
    width = max(len(page(code).name) for code in codes())
    lines = [f"{code}  {page(code).name:<{width}}  {_first_sentence(page(code).means)}" for code in codes()]
    return "\n".join([*lines, "", "`dslc explain CODE` describes one."])


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].removesuffix(".") + "."


# --- grammars and schemas ---------------------------------------------------------------------


def printed_grammar(form: Literal["gbnf", "lark", "schema"]) -> str:
    """The grammar of expressions, or the schema of documents, as a generator takes it."""
    return printed_schema("strategy") if form == "schema" else grammar_text(form).removesuffix("\n")


def printed_schema(of: Subject) -> str:
    """A JSON Schema as indented text."""
    return json.dumps(schema(of), indent=2)
