"""The numbers that rows are about, what is demanded of them, and how numbers are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cell = str | int | float | None
"""What stands in a table; None is an empty cell."""

GOAL_COLUMNS = ("wanted", "reached")
"""The columns that show what is demanded of a line's figure."""


@dataclass(frozen=True)
class Goal:
    """What is demanded of a figure: at least or at most a limit.

    >>> Goal(">=", 3.5).cells(3.4), Goal("<=", 15.0).cells(9.8)
    (('≥ 3.50', 'no'), ('≤ 15.0', 'yes'))
    """

    side: Literal[">=", "<="]
    limit: float

    def reached_by(self, value: float) -> bool:
        """Whether a measured value is on the demanded side."""
        return value >= self.limit if self.side == ">=" else value <= self.limit

    def cells(self, value: float) -> tuple[str, str]:
        """What stands below `GOAL_COLUMNS`."""
        return str(self), "yes" if self.reached_by(value) else "no"

    def __str__(self) -> str:
        return f"{'≥' if self.side == '>=' else '≤'} {cell_text(self.limit)}"


@dataclass(frozen=True)
class Figure:
    """A number that a row is about, and what is demanded of it, if anything.

    `unit` is `x` where the number is how many times another one it is.
    """

    name: str
    value: float
    unit: str
    goal: Goal | None = None

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """What stands below `GOAL_COLUMNS`: nothing where nothing is demanded."""
        return (None, None) if self.goal is None else self.goal.cells(self.value)

    def plain(self) -> dict[str, object]:
        """The same as JSON."""
        found: dict[str, object] = {"name": self.name, "value": self.value, "unit": self.unit}
        if self.goal is not None:
            found |= {"wanted": str(self.goal), "reached": self.goal.reached_by(self.value)}
        return found


def cell_text(cell: Cell) -> str:
    """A cell as it is shown: whole numbers in full, other numbers to three digits.

    >>> cell_text(1000000), cell_text(1234.5), cell_text(12.345), cell_text(0.012345), cell_text(None)
    ('1,000,000', '1,234', '12.3', '0.0123', '')
    """
    if cell is None:
        return ""
    if not isinstance(cell, float):
        return cell if isinstance(cell, str) else f"{cell:,}"
    digits = next((digits for digits, limit in enumerate((100, 10, 1, 0.1)) if abs(cell) >= limit), 4)
    return f"{cell:,.{digits}f}"
