"""Owns the picture of a sweep as PNG, drawn by matplotlib: a heat map, or lines for one parameter.

It shows what the page shows first: the train ranges, and the test ranges beside them where there are.
Nothing global of matplotlib is touched: no pyplot, no current figure, no settings. Names are never read as
formulas, and the file says neither when nor with what it was written, so the same sweep gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import OutputError, write_atomically
from .markup import plain
from .scale import is_light
from .surface import Axis, Cell, Cells, Surface, surface_of
from .trial import Sweep
from .words import UNNAMED, in_cell, meaning_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DOTS = 150  # an inch
_HATCHED: dict[str, Any] = {"facecolor": "white", "edgecolor": "#999", "lw": 0}
_BLUE, _ORANGE = "#0b5cad", "#b04a00"
_LETTERS = 0x500  # matplotlib's own font has Latin, Greek and Cyrillic letters


def write_png(sweep: Sweep, path: Path, x: str | None = None, y: str | None = None) -> None:
    """Write a heat map of the objective over two parameters, lines where only one was varied.

    `x` and `y` are the parameters that matter most (`surface.chosen`) unless they are named; a ValueError
    says that there is no such parameter, an OutputError that matplotlib is missing or the file cannot be
    written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise OutputError("a picture needs matplotlib: pip install 'dslc[plot]'") from None
    surface = surface_of(sweep, x, y)
    maps = 2 if surface is not None and surface.y is not None and surface.maps[0].test is not None else 1
    drawn = Figure(figsize=(2.0 + 5.5 * maps, 5.2), dpi=_DOTS, layout="constrained", facecolor="white")
    canvas = FigureCanvasAgg(drawn)
    _title(drawn, sweep)
    if surface is None:
        reason = "no trial was made" if sweep.names else "no parameter was varied"
        _text(drawn, 0.5, 0.5, reason, ha="center")
    elif surface.y is None:
        _lines(drawn, surface, sweep.objective)
    else:
        _maps(drawn, surface, sweep.objective)

    def write(target: Path) -> None:
        with open(target, "wb") as file:
            canvas.print_png(file, metadata={"Software": None})

    write_atomically(path, write)


def _maps(drawn: Figure, surface: Surface, objective: str) -> None:
    first = surface.maps[0]
    panels = [("train", first.train), *([("test", first.test)] if first.test is not None else [])]
    axes: list[Any] = list(drawn.subplots(1, len(panels), squeeze=False)[0])
    for place, (kind, cells) in zip(axes, panels, strict=True):
        _panel(place, surface, cells, " – ".join(part for part in (kind, first.title) if part))
    _bar(drawn, axes, surface, objective)
    _marks(drawn, surface, [cells for _, cells in panels])


def _panel(place: Axes, surface: Surface, cells: Cells, title: str) -> None:
    """Cells as rectangles; hatched where all trials are undefined, crossed where none could be made."""
    from matplotlib.patches import Rectangle

    x, y, scale = surface.x, surface.y, surface.scale
    assert y is not None
    few = len(x.places) <= 12 and len(y.places) <= 16
    for (column, row), cell in cells.items():
        corner = (column - 0.5, row - 0.5)
        if not cell.known:
            place.add_patch(Rectangle(corner, 1, 1, **_HATCHED, hatch=_hatch(cell)))
            continue
        colour = scale.colour(cell.mean)
        face = tuple(part / 255 for part in colour)
        place.add_patch(Rectangle(corner, 1, 1, facecolor=face, edgecolor=face, lw=0.2))
        if few:
            ink = "black" if is_light(colour) else "white"
            _text(place, column, row, in_cell(cell.mean, scale, 3), ha="center", va="center", color=ink)
    if surface.best is not None and surface.best in cells:
        corner = (surface.best[0] - 0.5, surface.best[1] - 0.5)
        thin = 1.0 if max(len(x.places), len(y.places)) > 24 else 2.0
        for width, ink in ((2 * thin, "white"), (thin, "black")):
            place.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=ink, lw=width, zorder=3))
    place.set_xlim(-0.5, len(x.places) - 0.5)
    place.set_ylim(-0.5, len(y.places) - 0.5)
    place.set_facecolor("white")
    _ticks(place, x, y)
    place.set_title(plain(title), fontsize=10, parse_math=False)


def _hatch(cell: Cell) -> str:
    return "xxx" if cell.failed and not cell.undefined else "///"


def _marks(drawn: Figure, surface: Surface, panels: list[Cells]) -> None:
    """Say below what a frame, a hatch and nothing mean, as far as there are any."""
    from matplotlib.patches import Patch

    hatches = {_hatch(cell) for cells in panels for cell in cells.values() if not cell.known}
    assert surface.y is not None
    possible = len(surface.x.places) * len(surface.y.places)
    handles = [Patch(fill=False, edgecolor="black", lw=2, label="best trial")] if surface.best else []
    for hatch, meaning in (("///", "undefined"), ("xxx", "could not be made")):
        handles += [Patch(**_HATCHED, hatch=hatch, label=meaning)] if hatch in hatches else []
    if any(len(cells) < possible for cells in panels):
        handles.append(Patch(facecolor="white", edgecolor="#ccc", lw=0.5, label="white: no trial"))
    if handles:
        drawn.legend(
            handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8, frameon=False
        )


def _ticks(place: Axes, x: Axis, y: Axis) -> None:
    across, up = -(-len(x.places) // 16), -(-len(y.places) // 24)
    turned = 45 if max(map(len, x.labels)) * len(x.labels[::across]) > 48 else 0
    place.set_xticks(
        range(0, len(x.places), across), x.labels[::across], fontsize=8, parse_math=False, rotation=turned
    )
    place.set_yticks(range(0, len(y.places), up), y.labels[::up], fontsize=8, parse_math=False)
    place.set_xlabel(_name(x.name), fontsize=10, parse_math=False)
    place.set_ylabel(_name(y.name), fontsize=10, parse_math=False)


def _bar(drawn: Figure, axes: list[Any], surface: Surface, objective: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    scale = surface.scale
    if not surface.values or scale.low == scale.high:
        return
    colours = [tuple(part / 255 for part in colour) for colour in scale.colours]
    shades = LinearSegmentedColormap.from_list("sweep", colours)
    shown = ScalarMappable(Normalize(scale.low, scale.high), shades)
    bar = drawn.colorbar(shown, ax=axes, shrink=0.9)
    bar.set_label(_name(meaning_of(objective) or objective, 80), fontsize=9, parse_math=False)
    bar.ax.tick_params(labelsize=8)


def _lines(drawn: Figure, surface: Surface, objective: str) -> None:
    place = drawn.subplots()
    axis, first = surface.x, surface.maps[0]
    at = [(float(low) + float(high)) / 2 for low, high in axis.places]
    kinds = [("train", first.train, _BLUE, "-")]
    kinds += [("test", first.test, _ORANGE, "--")] if first.test is not None else []
    for kind, cells, colour, style in kinds:
        cell_at = [cells.get((place_at, 0)) for place_at in range(len(at))]
        values = [cell.mean if cell is not None else float("nan") for cell in cell_at]
        place.plot(at, values, style, marker="o", markersize=4, color=colour, label=kind)
        without = [
            spot for spot, cell in zip(at, cell_at, strict=True) if cell is not None and not cell.known
        ]
        if without:
            bottom = place.get_xaxis_transform()
            said = f"{kind}: no value"
            place.plot(without, [0.02] * len(without), "x", color=colour, transform=bottom, label=said)
    if surface.scale.diverging:
        place.axhline(0.0, color="#666", lw=0.8)
    every = -(-len(at) // 12)
    place.set_xticks(at[::every], axis.labels[::every], fontsize=8, parse_math=False)
    place.tick_params(labelsize=8)
    place.grid(alpha=0.3)
    place.legend(fontsize=9)
    place.set_xlabel(_name(axis.name), fontsize=10, parse_math=False)
    place.set_ylabel(_name(meaning_of(objective) or objective, 80), fontsize=9, parse_math=False)


def _title(drawn: Figure, sweep: Sweep) -> None:
    better = "larger" if sweep.maximize else "smaller"
    what = f"{_name(sweep.strategy or UNNAMED, 28)}: {_name(sweep.objective, 20)}"
    said = f"{what} of {len(sweep):,} trials ({better} is better)"
    drawn.suptitle(said, fontsize=11, parse_math=False)


def _text(place: Any, x: float, y: float, said: str, **how: Any) -> None:
    place.text(x, y, said, fontsize=8, parse_math=False, **how)


def _name(text: str, limit: int = 36) -> str:
    """A name in letters that the font has; a question mark for each other one."""
    return "".join(
        letter if ord(letter) < _LETTERS or letter in "…–" else "?" for letter in plain(text, limit)
    )
