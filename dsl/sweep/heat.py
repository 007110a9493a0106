"""Owns the heat map of a page and the legend of its colours, as SVG.

Every cell says in its title what it shows. The patterns that `legend` defines fill the cells without a
colour, so a page with heat maps has one legend, before them.
"""

from __future__ import annotations

import math

from .drawing import LETTER, NAMES, WIDTH, picture, sideways, text
from .markup import element, escaped, figure
from .scale import Colour, Scale, is_light
from .surface import Axis, Cell, Cells, Surface
from .words import in_cell, told

_DIGIT = 6.0  # the width of a digit in 10 px


def heat_map(surface: Surface, cells: Cells, title: str) -> str:
    """A cell for every place of x (to the right) and of y (upwards), with its value where there is room."""
    x, y = surface.x, surface.y
    assert y is not None
    left = 34 + LETTER * max(map(len, y.labels))
    width = min(72.0, (WIDTH - left - 12) / len(x.places))
    height = min(34.0, max(7.0, 380 / len(y.places)))
    bottom = 8 + height * len(y.places)
    digits = _digits(cells, surface.scale, width, height)
    drawn = [
        _cell(
            surface,
            cells.get((column, row)),
            (column, row),
            left + column * width,
            bottom - (row + 1) * height,
            width,
            height,
            digits,
        )
        for row in range(len(y.places))
        for column in range(len(x.places))
    ]
    if surface.best is not None and surface.best in cells:
        at_x, at_y = left + surface.best[0] * width, bottom - (surface.best[1] + 1) * height
        frame = {"x": at_x, "y": at_y, "width": width, "height": height, "rx": 2}
        drawn += [element("rect", class_="halo", **frame), element("rect", class_="best", **frame)]
    labels, depth = _labels_below(x, left, bottom, width)
    drawn += labels
    every = math.ceil(12 / height)
    drawn += [
        text(label, left - 6, bottom - (row + 0.5) * height + 4, anchor="end")
        for row, label in enumerate(y.labels)
        if row % every == 0
    ]
    end = bottom + depth + 22
    middle = left + width * len(x.places) / 2
    drawn.append(text(x.name, max(middle, _half(x.name)), end - 6, anchor="middle", class_="name"))
    drawn.append(sideways(y.name, 14, (8 + bottom) / 2, bottom - 8))
    return picture(title, WIDTH, end, drawn)


def _cell(
    surface: Surface,
    cell: Cell | None,
    place: tuple[int, int],
    x: float,
    y: float,
    width: float,
    height: float,
    digits: int,
) -> str:
    assert surface.y is not None
    gap = 1.0 if width > 12 and height > 12 else 0.0
    box = {"x": x, "y": y, "width": width - gap, "height": height - gap}
    where = f"{surface.x.name} {surface.x.labels[place[0]]}, {surface.y.name} {surface.y.labels[place[1]]}: "
    said = element("title", escaped(where + told(cell)))
    if cell is None:
        return element("g", said, element("rect", class_="empty", **box))
    if not cell.known:
        kind = "failed" if cell.failed and not cell.undefined else "undefined"
        return element("g", said, element("rect", fill=f"url(#no-{kind})", class_=kind, **box))
    colour = surface.scale.colour(cell.mean)
    inside = [said, element("rect", fill=_hex(colour), class_="cell", **box)]
    if digits:
        ink = "dark" if is_light(colour) else "light"
        middle, line = x + (width - gap) / 2, y + height / 2 + 4
        inside.append(
            text(in_cell(cell.mean, surface.scale, digits), middle, line, anchor="middle", class_=ink)
        )
    return element("g", *inside)


def _digits(cells: Cells, scale: Scale, width: float, height: float) -> int:
    """With how many digits all values fit into their cells, 0 for none."""
    if height < 14:
        return 0
    known = [cell.mean for cell in cells.values() if cell.known]
    for digits in (3, 2):
        longest = max((len(in_cell(value, scale, digits)) for value in known), default=0)
        if longest * _DIGIT + 3 <= width:
            return digits
    return 0


def legend(scale: Scale | None, best: bool) -> str:
    """The colours with their values, ascending, and what has none; no colours where there is no scale."""
    drawn = [_patterns(scale)]
    if scale is not None:
        drawn.append(element("rect", x=8, y=6, width=280, height=14, fill="url(#colours)"))
        values = sorted({scale.low + (scale.high - scale.low) * part / 4 for part in range(5)})
        for value in values:
            at = 8 + 280 * scale.share(value)
            drawn.append(text(figure(value, 3), max(at, 20), 34, anchor="middle"))
    keys = [("undefined", "undefined"), ("failed", "could not be made"), ("empty", "no trial")]
    at = 8.0
    for kind, meaning in [*keys, *([("best", "best trial")] if best else [])]:
        filled = {"fill": f"url(#no-{kind})"} if kind in ("undefined", "failed") else {}
        drawn.append(element("rect", x=at, y=44, width=16, height=14, class_=kind, **filled))
        drawn.append(text(meaning, at + 22, 55))
        at += 40 + LETTER * len(meaning)
    return picture("What the colours mean", WIDTH, 64, drawn)


def _patterns(scale: Scale | None) -> str:
    hatch = element("path", d="M0 6 L6 0", class_="hatch")
    cross = element("path", d="M0 6 L6 0 M0 0 L6 6", class_="hatch")
    units: dict[str, str | float] = {"width": 6, "height": 6, "patternUnits": "userSpaceOnUse"}
    found = [
        element("pattern", hatch, id="no-undefined", **units),
        element("pattern", cross, id="no-failed", **units),
    ]
    if scale is not None:
        last = len(scale.colours) - 1
        stops = [
            element("stop", offset=at / last, stop_color=_hex(colour))
            for at, colour in enumerate(scale.colours)
        ]
        # where all values are the same, they have the colour of the middle
        alone = [element("stop", offset=0, stop_color=_hex(scale.colour(scale.low)))]
        found.append(element("linearGradient", *(stops if scale.low < scale.high else alone), id="colours"))
    return element("defs", *found)


def _half(name: str) -> float:
    return min(len(name), NAMES) * LETTER / 2


def _labels_below(axis: Axis, left: float, bottom: float, width: float) -> tuple[list[str], float]:
    """The labels below the places of an axis, turned where they are wide, and how deep they reach."""
    longest = max(map(len, axis.labels)) * LETTER
    if longest + 4 <= width:
        y = bottom + 16
        labels = [
            text(label, left + (at + 0.5) * width, y, anchor="middle") for at, label in enumerate(axis.labels)
        ]
        return labels, 20.0
    every, y = math.ceil(13 / width), bottom + 12
    turned = []
    for at, label in enumerate(axis.labels):
        x = left + (at + 0.5) * width + 4
        if at % every == 0:
            turned.append(text(label, x, y, anchor="end", transform=f"rotate(-45 {x:.1f} {y:.1f})"))
    return turned, 14 + longest * 0.71


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
