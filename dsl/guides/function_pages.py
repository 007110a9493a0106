"""The page of a function, and the index of all: generated from the registry, as Markdown.

1. `page_of` writes one page: signature, meaning, picture, arguments, what is known of the value, formula,
   where it comes from, and the example, which a test runs.
2. What is measured (the first candle, the settle length, the cost) is that of the typical call
   (`calls.typical_call`), as `dslc inspect` would say it.
3. `index` lists the functions by family, in one table each.
"""

from __future__ import annotations

import re

from ..about.report import CANDLES, Report
from ..runtime.registry import Function, functions, public_names
from .calls import typical_call
from .corners import corners
from .families import (
    KINDS,
    MEMORIES,
    called_functions,
    families,
    family_of,
    range_of,
    scaling_of,
    value_of,
)
from .pages import escaped

FOLDER = "functions"
"""Where the pages are, seen from the folder of the documentation; their pictures are in `pictures/` there."""

EXAMPLE = "Example:"

_MADE = "<!-- Made from the registry by `make reference`; change the declaration of the function instead. -->"


def page_of(name: str, caption: str) -> str:
    """The page of a public function; `caption` says on which bars its picture is."""
    function = functions()[name]
    return (
        "\n\n".join(
            [
                _MADE,
                f"# {name}",
                f"```text\n{function.signature}\n```",
                prose(_meaning(function)),
                _picture(function, caption),
                *_arguments(function),
                "## What is known of the value",
                _facts(function),
                *_formula(function),
                "## Beside other implementations",
                _reference(function),
                "## Example",
                "Each column is a candle, `-` is undefined; what is not given does not matter.",
                f"```text values\n{_example(function)}\n```",
                _beside(function),
            ]
        )
        + "\n"
    )


def index() -> str:
    """Tables of all functions, a family each; the links are seen from the folder of the documentation."""
    parts = []
    for family in families():
        parts += [f"### {family.title}", f"{escaped(family.about)}.", _table(family.names)]
    return "\n\n".join(parts)


def comparisons() -> str:
    """A table of what every function is beside other implementations, where there is one to compare with."""
    known = [functions()[name] for name in public_names()]
    rows = [f"| [{one.name}]({FOLDER}/{one.name}.md) | {_reference(one)} |" for one in known if one.reference]
    return "\n".join(["| function | beside others |", "|---|---|", *rows])


def _table(names: tuple[str, ...]) -> str:
    rows = [
        f"| [`{functions()[name].signature}`]({FOLDER}/{name}.md) | {escaped(functions()[name].summary)} |"
        for name in names
    ]
    return "\n".join(["| function | value on a candle |", "|---|---|", *rows])


def prose(text: str) -> str:
    """Paragraphs of a docstring as Markdown: what stands in backticks stays, all else is plain words."""
    return escaped(text).replace("\n\n\n", "\n\n")


def _meaning(function: Function) -> str:
    return function.documentation.partition(EXAMPLE)[0].strip()


def _example(function: Function) -> str:
    lines = function.documentation.partition(EXAMPLE)[2].strip("\n").splitlines()
    return "\n".join(line.strip() for line in lines)


def _picture(function: Function, caption: str) -> str:
    call = typical_call(function)
    return f"![{call} on {caption}](pictures/{function.name}.svg)\n\n*`{call}` on {caption}*"


def _arguments(function: Function) -> list[str]:
    if not function.parameters:
        return ["It takes no arguments: it reads the market data of the candle."]
    rows = [
        f"| `{parameter.name}` | {KINDS[parameter.kind]} | "
        f"{'' if parameter.default is None else f'`{parameter.default}`'} |"
        for parameter in function.parameters
    ]
    left_out = "Arguments with a default may be left out, from the right." if _has_default(function) else ""
    table = "\n".join(["| argument | is | default |", "|---|---|---|", *rows])
    return ["## Arguments", table, *([left_out] if left_out else [])]


def _has_default(function: Function) -> bool:
    return any(parameter.default is not None for parameter in function.parameters)


def _facts(function: Function) -> str:
    known = report_of(function)
    entry = known.entries[0]
    first = f"`{function.first}`" if not function.first.isdecimal() else function.first
    seen = (
        f"; `{typical_call(function)}` on candle {entry.first}" if function.first != str(entry.first) else ""
    )
    settles = "nothing to forget" if function.memory == "window" else "never"
    if function.memory == "recurrence":
        settles = f"{entry.settle:,} candles after its first value `{typical_call(function)}` is settled"
    rows = {
        "Value": value_of(function),
        "Range": range_of(function),
        "First defined": f"candle {first}, counted from 0, where the arguments always are{seen}",
        "Memory": MEMORIES[function.memory],
        "Settles": settles,
        "Scaling": scaling_of(function),
        **corners(function.name),
        "Cost": f"about {_nanoseconds(known)} ns a candle for `{typical_call(function)}`",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in rows.items())])


def report_of(function: Function) -> Report:
    """What is known of a strategy whose one entry is the typical call of a function."""
    import dslc

    return dslc.compile(document_of(typical_call(function), truth=function.result == "truth")).report()


def document_of(call: str, *, truth: bool) -> dict[str, object]:
    """A strategy in which a call stands alone, as an input or a condition."""
    return {
        "configuration": {"timeframe": "1D"},
        "inputs": {} if truth else {"it": call},
        "conditions": {"it": call} if truth else {"some": "close > 0"},
        "score": {},
        "decision": {"entry": "close > 0"},
    }


def _nanoseconds(known: Report) -> str:
    return f"{known.estimate.parts[0].work / CANDLES:.1f}"


def _formula(function: Function) -> list[str]:
    if function.formula is None:
        return ["## Formula", "It is an operation of its own, which the meaning above defines."]
    called = ", ".join(f"[{name}]({name}.md)" for name in called_functions(function.formula))
    links = [f"With {called}."] if called else []
    inner = [functions()[name] for name in called_functions(function.formula, public=False)]
    if inner:
        links.append("With operations that have no name in strategies:")
        links.append("\n".join(f"- `{one.signature}`: {escaped(one.summary)}" for one in inner))
    return ["## Formula", f"```text\n{_folded(function.formula)}\n```", *links]


def _folded(formula: str) -> str:
    """A formula in lines that a page has room for, broken before operators outside of a few brackets."""
    if len(formula) <= 90:
        return formula
    lines, line = [], ""
    for part in re.split(r"(?= [-+*/] )", formula):
        if line and len(line) + len(part) > 90:
            lines.append(line)
            line = "   "
        line += part
    return "\n".join([*lines, line])


def _reference(function: Function) -> str:
    if function.reference is None:
        return "No other implementation is its model; the meaning above is its definition."
    return escaped(function.reference.rstrip(".")) + "."


def _beside(function: Function) -> str:
    family = family_of(function.name)
    others = [f"[{name}]({name}.md)" for name in family.names if name != function.name]
    beside = f" Beside it: {', '.join(others)}." if others else ""
    return f"Family: [{family.title}](../functions.md#{family.title.lower()}).{beside}"
