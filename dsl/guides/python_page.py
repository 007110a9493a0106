"""The page of the Python API, made of the docstrings of everything that `dslc` names in public.

1. Names are grouped as a reader looks for them (`_GROUPS`); a name in no group stands with the others.
2. Of a function there is the signature and the docstring; of a class also its public properties and
   methods, in the order of their declaration; of an error the docstring alone.
3. `as_markdown` turns a docstring into Markdown: examples and indented lines become blocks of code, lists
   stay lists, and all else is plain words.
"""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
import inspect
import re
from types import ModuleType
from typing import Any

from .pages import escaped

_GROUPS: dict[str, tuple[str, ...]] = {
    "Check and compile": ("validate", "compile", "Strategy", "StrategyError", "Diagnostic", "Parameter"),
    "Bars and evaluation": ("Bars", "BarsError", "Evaluation", "Explanation", "Estimate"),
    "One candle at a time": ("Stream", "Tick", "BatchStream", "BatchTick", "SnapshotError"),
    "Functions of your own": ("indicator",),
    "Many strategies": (
        "compile_batch", "Batch", "Sharing", "BatchResult", "Ranking", "BatchEstimate", "Last", "Statistics",
        "STATISTICS", "Forward", "Ranked", "score", "Scored", "ScoreError",
    ),
    "Try values": ("Sweep", "Trial"),
    "Verify": ("Certificate", "CertificateError", "read_certificate", "Replay"),
    "Look closer": ("Report", "diff", "Difference", "format_document"),
    "Mend": ("fix", "Fixed", "brief", "to_sarif"),
    "The language for programs": ("explain_code", "Page", "prompt", "grammar_text", "schema"),
}  # fmt: skip

_UNSAID = {"__version__"}


def python_page(package: ModuleType) -> str:
    """The page of a package that names its public parts in `__all__`."""
    parts = [f"# Python\n\n{as_markdown(package.__doc__ or '')}"]
    for title, names in groups(package.__all__).items():
        parts.append(f"## {title}")
        parts += [_section(name, getattr(package, name)) for name in names]
    return "\n\n".join(parts) + "\n"


def groups(public: list[str]) -> dict[str, tuple[str, ...]]:
    """The public names in their groups, and those of no group at the end.

    >>> groups(["fix", "Fixed", "brief", "to_sarif", "later"])
    {'Mend': ('fix', 'Fixed', 'brief', 'to_sarif'), 'Further': ('later',)}
    """
    grouped = {name for names in _GROUPS.values() for name in names} | _UNSAID
    found = {title: tuple(name for name in names if name in public) for title, names in _GROUPS.items()} | {
        "Further": tuple(name for name in public if name not in grouped)
    }
    return {title: names for title, names in found.items() if names}


def _section(name: str, value: Any) -> str:
    parts = [f"### {name}"]
    if inspect.isclass(value):
        shown = _signature(name, value) if _is_made_by_users(value) else f"class {name}"
        parts += [_code(shown), as_markdown(value.__doc__ or "")]
        parts += _all_members(name, value)
    elif callable(value):
        parts += [_code(_signature(name, value)), as_markdown(value.__doc__ or "")]
    else:
        parts += [_code(f"{name} = {value!r}")]
    return "\n\n".join(part for part in parts if part)


def _is_made_by_users(kind: type) -> bool:
    """Whether users call it themselves: a class with a constructor of its own that is no result."""
    if dataclasses.is_dataclass(kind):
        return kind.__name__ in {"Last", "Statistics", "Forward", "Ranked"}
    return kind.__name__ in {"Bars"}


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public properties and methods of a class that are documented, as they are declared."""
    for found, value in vars(kind).items():
        plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        is_member = isinstance(plain, property) or inspect.isfunction(plain)
        if not found.startswith("_") and is_member and plain.__doc__:
            yield found, plain


def _all_members(owner: str, kind: type) -> list[str]:
    """What a sentence says of a property stands in a list; a section each for what needs more."""
    found = list(_members(kind))
    brief = [(name, value) for name, value in found if _is_brief(value)]
    listed = "\n".join(f"- `{name}: {_of_property(value)}` – {_in_a_line(value)}" for name, value in brief)
    sections = [_member(owner, name, value) for name, value in found if not _is_brief(value)]
    return [listed, *sections]


def _is_brief(value: Any) -> bool:
    return isinstance(value, property) and "\n\n" not in inspect.cleandoc(value.__doc__ or "")


def _in_a_line(value: Any) -> str:
    return " ".join(escaped(value.__doc__ or "").split())


def _of_property(value: property) -> str:
    return _annotation(inspect.signature(value.fget).return_annotation) if value.fget is not None else ""


def _member(owner: str, name: str, value: Any) -> str:
    is_property = isinstance(value, property)
    shown = f"{owner}.{name}: {_of_property(value)}" if is_property else _signature(f"{owner}.{name}", value)
    return f"#### {owner}.{name}\n\n{_code(shown)}\n\n{as_markdown(value.__doc__ or '')}"


def _signature(name: str, value: Any) -> str:
    """How it is called, with short names of types, in as many lines as it takes.

    >>> def found(self, a: float, *, b: int | None = None) -> str: ...
    >>> _signature("found", found)
    'found(a: float, *, b: int | None = None) -> str'
    """
    known = inspect.signature(value.__init__ if inspect.isclass(value) else value)
    parameters = [one for one in known.parameters.values() if one.name not in {"self", "cls"}]
    shown = [_parameter(one) for one in parameters]
    for place, one in enumerate(parameters):
        if one.kind is one.KEYWORD_ONLY:
            if not any(other.kind is other.VAR_POSITIONAL for other in parameters):
                shown.insert(place, "*")
            break
    end = "" if inspect.isclass(value) else f" -> {_annotation(known.return_annotation)}"
    line = f"{name}({', '.join(shown)}){end}"
    if len(line) <= 92:
        return line
    return "\n".join([f"{name}(", *(f"    {one}," for one in shown), f"){end}"])


def _parameter(one: inspect.Parameter) -> str:
    stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
    kind = "" if one.annotation is one.empty else f": {_annotation(one.annotation)}"
    default = "" if one.default is one.empty else f" = {one.default!r}" if kind else f"={one.default!r}"
    return f"{stars}{one.name}{kind}{default}"


def _annotation(kind: Any) -> str:
    if kind is inspect.Signature.empty:
        return "None"
    return kind if isinstance(kind, str) else inspect.formatannotation(kind)


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


# --- docstrings -------------------------------------------------------------------------------


def as_markdown(docstring: str) -> str:
    r"""A docstring as Markdown.

    >>> as_markdown("Two *stars*.\n\n- one\n- two").splitlines()
    ['Two \\*stars\\*.', '', '- one', '- two']
    >>> as_markdown("So:\n\n    fast = 12\n\nDone.").splitlines()
    ['So:', '', '```python', 'fast = 12', '```', '', 'Done.']
    """
    return "\n\n".join(_block(block) for block in _blocks(inspect.cleandoc(docstring)))


def _blocks(text: str) -> list[str]:
    """Paragraphs; those that are code stay together over the empty lines between them."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if found and _is_indented(block) and _is_indented(found[-1]):
            found[-1] += f"\n\n{block}"
        elif block:
            found.append(block)
    return found


def _is_indented(block: str) -> bool:
    return block.startswith("    ")


def _block(block: str) -> str:
    if block.lstrip().startswith(">>>") or _is_indented(block):
        return _code(inspect.cleandoc("\n" + block))
    return escaped(block)
