"""Owns the two drawings of a page with points, as SVG: lines over one parameter, and test against train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import math

from .drawing import LETTER, WIDTH, picture, sideways, text
from .markup import element, escaped, figure
from .surface import Axis, Cells, Surface
from .words import told

_Place = Callable[[float], float]


def line_plot(surface: Surface, lines: Mapping[str, Cells], title: str) -> str:
    """The objective over the values of one parameter: a line for each of "train" and "test"."""
    axis = surface.x
    left, right, top, bottom = 62.0, WIDTH - 14, 10.0, 240.0
    places = [(float(low) + float(high)) / 2 for low, high in axis.places]
    least, most = places[0], places[-1]
    low, high = _room(surface.values)

    def at_x(value: float) -> float:
        return (
            (left + right) / 2 if most == least else left + (right - left) * (value - least) / (most - least)
        )

    def at_y(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / (high - low)

    drawn = _grid(ticks(low, high), at_y, left, right)
    labels, free = [], -math.inf
    for place, label in zip(places, axis.labels, strict=True):
        half = len(label) * LETTER / 2
        if at_x(place) - half > free:
            labels.append(text(label, at_x(place), bottom + 34, anchor="middle"))
            free = at_x(place) + half + 6
    drawn += labels
    for row, (kind, cells) in enumerate(lines.items()):
        drawn += _line(kind, cells, axis, [at_x(place) for place in places], at_y, bottom + 7 + 9 * row)
    drawn.append(text(axis.name, (left + right) / 2, bottom + 54, anchor="middle", class_="name"))
    return picture(title, WIDTH, bottom + 62, drawn)


def _line(
    kind: str, cells: Cells, axis: Axis, places: Sequence[float], at_y: _Place, below: float
) -> list[str]:
    """A line that breaks where there is no value; what is there instead is said below it."""
    points, marks, gap = [], [], True
    for place, x in enumerate(places):
        cell = cells.get((place, 0))
        said = element("title", escaped(f"{kind}, {axis.name} {axis.labels[place]}: {told(cell)}"))
        if cell is not None and cell.known:
            y = at_y(cell.mean)
            points.append(f"{'M' if gap else 'L'}{x:.1f} {y:.1f}")
            marks.append(element("circle", said, cx=x, cy=y, r=3, class_=f"point {kind}"))
            gap = False
        elif cell is not None:
            gap, sign = True, "×" if cell.failed and not cell.undefined else "–"
            name = "failed" if sign == "×" else "undefined"
            marks.append(element("text", said, sign, x=x, y=below + 5, text_anchor="middle", class_=name))
    return [element("path", d=" ".join(points), class_=f"line {kind}"), *marks]


def scatter(points: Sequence[tuple[float, float]], best: tuple[float, float] | None, title: str) -> str:
    """Test against train: a point a trial, both on the same scale, on the diagonal where they are equal."""
    left, right, top, bottom = 62.0, 402.0, 10.0, 350.0
    values = [value for point in points for value in point]
    low, high = _room(values)

    def at_x(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    def at_y(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / (high - low)

    marks = ticks(low, high)
    drawn = _grid(marks, at_y, left, right)
    drawn += [text(figure(value, 3), at_x(value), bottom + 18, anchor="middle") for value in marks]
    drawn.append(element("line", x1=left, y1=bottom, x2=right, y2=top, class_="diagonal"))
    dots = " ".join(f"M{at_x(train):.1f} {at_y(test):.1f}h0" for train, test in points)
    drawn.append(element("path", d=dots, class_="dots"))
    if best is not None:
        said = element("title", f"best trial: train {figure(best[0], 6)}, test {figure(best[1], 6)}")
        drawn.append(element("circle", said, cx=at_x(best[0]), cy=at_y(best[1]), r=7, class_="best"))
    drawn.append(text("train", (left + right) / 2, bottom + 38, anchor="middle", class_="name"))
    drawn.append(sideways("test", 14, (top + bottom) / 2, bottom - top))
    return picture(title, right + 12, bottom + 46, drawn)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, about five of them.

    >>> ticks(-0.3, 1.1)
    [0.0, 0.5, 1.0]
    """
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= raw), 10 * power)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{at * step:.12g}") + 0.0 for at in range(first, last + 1)]


def _room(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis: a little more than is shown, so that no point lies on the edge."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    margin = (high - low) / 10 or abs(high) / 10 or 1.0
    return low - margin, high + margin


def _grid(values: Sequence[float], at_y: _Place, left: float, right: float) -> list[str]:
    drawn = []
    for value in values:
        y = at_y(value)
        drawn.append(element("line", x1=left, x2=right, y1=y, y2=y, class_="zero" if value == 0 else "grid"))
        drawn.append(text(figure(value, 3), left - 6, y + 4, anchor="end"))
    return drawn
