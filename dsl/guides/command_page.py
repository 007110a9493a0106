"""The page of the command line, made of what the commands say of themselves with `--help`."""

from __future__ import annotations

import inspect
import re

import click

from .pages import escaped

_INTRODUCTION = """\
# Command line

Every command explains itself with `--help`, and this page is made of that.

Exit status, unless a command says otherwise: 0 all is well, 1 a strategy or its bars are invalid, 2 the call
is wrong or a file cannot be read or written, 130 interrupted, 141 nobody reads the output any more."""


def command_page(group: click.Group) -> str:
    """The page of a group of commands, a section each, in the order of the alphabet."""
    names = sorted(group.commands)
    listed = "\n".join(
        f"- [`dslc {name}`](#{_anchor(name)}): {_prose(group.commands[name].get_short_help_str(200))}"
        for name in names
    )
    return "\n\n".join([_INTRODUCTION, listed, *(_section(group, name) for name in names)]) + "\n"


def _anchor(name: str) -> str:
    return f"dslc-{name}"


def _section(group: click.Group, name: str) -> str:
    command = group.commands[name]
    context = click.Context(command, info_name=f"dslc {name}")
    usage = " ".join([f"dslc {name}", *command.collect_usage_pieces(context)])
    parts = [f"## dslc {name}", f"```text\n{usage}\n```", *_paragraphs(command.help or "")]
    options = [
        record
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
        and parameter.param_type_name == "option"
        and "--help" not in record[0]
    ]
    if options:
        rows = [f"| {_options(said)} | {_prose(meaning)} |" for said, meaning in options]
        parts.append("\n".join(["| option | means |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _options(said: str) -> str:
    return "`" + said.replace("|", "\\|") + "`"


def _paragraphs(text: str) -> list[str]:
    """The help of a command; a paragraph that keeps its lines (click marks it) is an example."""
    found = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph.startswith("\b"):
            lines = paragraph.removeprefix("\b").strip("\n")
            found.append(f"```text\n{lines}\n```")
        else:
            found.append(_prose(paragraph))
    return found


def _prose(text: str) -> str:
    """A paragraph in one line, in which options stand as code.

    >>> _prose("With --data both run;\\nsee `dslc run --set`.")
    'With `--data` both run; see `dslc run --set`.'
    """
    parts = " ".join(text.split()).split("`")
    parts[::2] = [re.sub(r"(?<!\S)(--[a-z][a-z-]*)", r"`\1`", part) for part in parts[::2]]
    return escaped("`".join(parts))
