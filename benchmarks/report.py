"""Tables as data, as aligned text and as JSON, and what they were measured on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
import json
import os
from pathlib import Path
import platform

from .figures import Cell, Figure, cell_text

LIBRARIES = ("dslc", "numpy", "numba", "llvmlite", "pandas", "pyarrow", "TA-Lib", "vectorbt", "lark")


@dataclass(frozen=True)
class Table:
    """A title, columns, one tuple of cells a line, and sentences below; None is an empty cell.

    `figures` are those numbers of the table that are kept in the history.
    """

    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()

    def __str__(self) -> str:
        texts = [self.columns, *(tuple(map(cell_text, line)) for line in self.lines)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        left = [any(isinstance(line[k], str) for line in self.lines) for k in range(len(self.columns))]
        rows = [
            "  ".join(
                cell.ljust(width) if flush else cell.rjust(width)
                for cell, width, flush in zip(row, widths, left, strict=True)
            ).rstrip()
            for row in texts
        ]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self.title, "", rows[0], rule, *rows[1:], *self.notes])


@dataclass
class Report:
    """The machine, the versions, and the tables of each row so far."""

    machine: dict[str, Cell]
    versions: dict[str, str]
    quick: bool
    rows: dict[str, list[Table]] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, list[Figure]]:
        """The figures of each row so far."""
        return {
            row: [figure for table in tables for figure in table.figures] for row, tables in self.rows.items()
        }

    @classmethod
    def of_this_machine(cls, *, quick: bool) -> Report:
        """An empty report."""
        machine: dict[str, Cell] = {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2),
            "system": f"{platform.system()} {platform.release()}",
        }
        versions = {"python": platform.python_version()}
        for name in LIBRARIES:
            try:
                versions[name] = version(name)
            except PackageNotFoundError:
                versions[name] = "not installed"
        return cls(machine, versions, quick)

    def heading(self) -> str:
        """What stands above the first table."""
        machine = self.machine
        lines = [
            f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, load {machine['load']}",
            ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            "One thread, unless a row says otherwise. Times are medians of interleaved rounds; ratios are "
            "taken within the rounds.",
        ]
        if self.quick:
            lines.append("--quick: sizes too small for a claim.")
        return "\n".join(lines)

    def add(self, row: str, table: Table) -> Table:
        """Keep a table of a row, and return it."""
        self.rows.setdefault(row, []).append(table)
        return table

    def to_json(self) -> str:
        """Everything, for a program to read: a line of a table is an object by column."""
        found = asdict(self)
        found["rows"] = {name: [_plain(table) for table in tables] for name, tables in self.rows.items()}
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _plain(table: Table) -> dict[str, object]:
    lines = [dict(zip(table.columns, line, strict=True)) for line in table.lines]
    figures = [figure.plain() for figure in table.figures]
    return {"title": table.title, "lines": lines, "notes": list(table.notes), "figures": figures}


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
