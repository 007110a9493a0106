"""Writes a picture as text of three kinds: Mermaid, Graphviz DOT, and SVG.

Nothing that an author wrote can leave its label: Mermaid gets every character but letters, digits and a few
signs as a numbered code, DOT gets quotes and backslashes escaped, SVG is escaped as XML. Control characters
and what could turn the order of letters around are replaced first. The SVG has colours for light and dark
screens, and a ground of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import re
from typing import Literal, TypeAlias

from ..grammar.spelling import Speller
from ..grammar.words import listing, quoted
from ..sweep.markup import element, escaped, plain
from .layout import Layout, Size, Spot, laid_out
from .picture import Arrow, Box, Kind, Picture

Form: TypeAlias = Literal["mermaid", "dot", "svg"]

_LETTER = 7.3  # the width of a letter of 12 px in a font of one width
_LINE = 17.0
_PADDING = 10.0
_MARGIN = 16.0
_HEAD = 34.0

_NO_CODE = re.compile(r"[^A-Za-z0-9 _.,+*/()-]")

_MERMAID_SHAPES: dict[Kind, tuple[str, str]] = {
    "market": ("([", "])"),
    "input": ("[", "]"),
    "operation": ("(", ")"),
    "condition": ("{{", "}}"),
    "score": ("[/", "/]"),
    "decision": ("[[", "]]"),
}
_MERMAID_STYLES: dict[Kind, str] = {
    "market": "fill:#e8edf3,stroke:#5a6b7d,color:#1a1d21",
    "input": "fill:#dcebfb,stroke:#0b5cad,color:#1a1d21",
    "operation": "fill:#ffffff,stroke:#8a939d,color:#1a1d21",
    "condition": "fill:#fdebd2,stroke:#b04a00,color:#1a1d21",
    "score": "fill:#e9e2f6,stroke:#5b3fa0,color:#1a1d21",
    "decision": "fill:#d8f0dd,stroke:#1c7a35,color:#1a1d21",
}
_DOT_SHAPES: dict[Kind, str] = {
    "market": "oval",
    "input": "box",
    "operation": "plain",
    "condition": "hexagon",
    "score": "parallelogram",
    "decision": "doubleoctagon",
}


def drawn(picture: Picture, form: Form) -> str:
    """The picture as text, with a line end behind it. Raises ValueError for a form that there is not.

    >>> from .picture import Arrow, Box
    >>> boxes = Box("market", "close", ""), Box("condition", "up", "close > 5")
    >>> print(drawn(Picture("up", boxes, (Arrow(0, 1),), 0), "dot"))
    digraph strategy {
      graph [rankdir=LR, label="up", labelloc=t];
      node [fontname="monospace", fontsize=11];
      n0 [shape=oval, label="close"];
      n1 [shape=hexagon, label="up\\nclose > 5"];
      n0 -> n1;
    }
    <BLANKLINE>
    """
    writers: dict[Form, Callable[[Picture], Iterator[str]]] = {"mermaid": _mermaid, "dot": _dot, "svg": _svg}
    if form not in tuple(writers):
        near = Speller().nearest(str(form), writers)
        way = f"did you mean {quoted(near)}?" if near else f"there are {listing(writers)}"
        raise ValueError(f"{quoted(str(form), 40)} is no format of a picture: {way}")
    return "\n".join([*writers[form](picture), ""])


# --- Mermaid ------------------------------------------------------------------------------------


def _mermaid(picture: Picture) -> Iterator[str]:
    yield "flowchart LR"
    yield f"  %% {_coded(picture.title)}"
    if picture.note:
        yield f"  %% {_coded(picture.note)}"
    for number, box in enumerate(picture.boxes):
        opening, closing = _MERMAID_SHAPES[box.kind]
        label = "<br/>".join(map(_coded, _lines(box)))
        yield f'  n{number}{opening}"{label}"{closing}:::{box.kind}'
    for arrow in picture.arrows:
        label = f'|"{_coded(arrow.label)}"|' if arrow.label else ""
        yield f"  n{arrow.source} -->{label} n{arrow.target}"
    for kind in dict.fromkeys(box.kind for box in picture.boxes):
        yield f"  classDef {kind} {_MERMAID_STYLES[kind]}"


def _coded(text: str) -> str:
    """A text in which whatever could mean something to Mermaid is a numbered code.

    >>> _coded('a > "b"')
    'a #62; #34;b#34;'
    """
    return _NO_CODE.sub(lambda found: f"#{ord(found[0])};", plain(text))


# --- DOT ----------------------------------------------------------------------------------------


def _dot(picture: Picture) -> Iterator[str]:
    yield "digraph strategy {"
    title = [picture.title, *([picture.note] if picture.note else [])]
    yield f"  graph [rankdir=LR, label={_string(title)}, labelloc=t];"
    yield '  node [fontname="monospace", fontsize=11];'
    for number, box in enumerate(picture.boxes):
        yield f"  n{number} [shape={_DOT_SHAPES[box.kind]}, label={_string(_lines(box))}];"
    for arrow in picture.arrows:
        label = f" [label={_string([arrow.label])}]" if arrow.label else ""
        yield f"  n{arrow.source} -> n{arrow.target}{label};"
    yield "}"


def _string(lines: list[str]) -> str:
    """A quoted string of DOT."""
    safe = [plain(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(safe) + '"'


# --- SVG ----------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; }
svg { --ink: #1a1d21; --soft: #5a626b; --page: #fff; --market: #e8edf3; --market-line: #5a6b7d;
  --input: #dcebfb; --input-line: #0b5cad; --operation: #fff; --operation-line: #8a939d;
  --condition: #fdebd2; --condition-line: #b04a00; --score: #e9e2f6; --score-line: #5b3fa0;
  --decision: #d8f0dd; --decision-line: #1c7a35; }
@media (prefers-color-scheme: dark) { svg { --ink: #e6e8eb; --soft: #a3abb4; --page: #14171a;
  --market: #252b31; --market-line: #8fa0b2; --input: #14304d; --input-line: #6cb0f5;
  --operation: #1b1f23; --operation-line: #7c858f; --condition: #43290d; --condition-line: #f0a050;
  --score: #2e2350; --score-line: #a98df0; --decision: #12381d; --decision-line: #63c97f; } }
.page { fill: var(--page); }
text { font: 12px ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; fill: var(--ink); }
text.name, text.title { font-weight: 700; }
text.title { font-size: 14px; }
text.soft { fill: var(--soft); }
text.weight { stroke: var(--page); stroke-width: 4; paint-order: stroke; fill: var(--soft); }
.way { fill: none; stroke: var(--soft); stroke-width: 1.2; }
.tip { fill: var(--soft); }
rect.box { stroke-width: 1.4; }
rect.market { fill: var(--market); stroke: var(--market-line); }
rect.input { fill: var(--input); stroke: var(--input-line); }
rect.operation { fill: var(--operation); stroke: var(--operation-line); stroke-dasharray: 4 3; }
rect.condition { fill: var(--condition); stroke: var(--condition-line); }
rect.score { fill: var(--score); stroke: var(--score-line); }
rect.decision { fill: var(--decision); stroke: var(--decision-line); stroke-width: 2.4; }
"""


def _svg(picture: Picture) -> Iterator[str]:
    boxes = picture.boxes
    sizes = [_size(box) for box in boxes]
    market = frozenset(number for number, box in enumerate(boxes) if box.kind == "market")
    late = frozenset(number for number, box in enumerate(boxes) if box.kind == "condition")
    layout = laid_out(sizes, [(arrow.source, arrow.target) for arrow in picture.arrows], market, late)
    note = picture.note or ""
    wide = max(layout.width, _LETTER * 1.2 * min(len(picture.title), 500), _LETTER * len(note))
    head = _HEAD + (_LINE if note else 0)
    width, height = wide + 2 * _MARGIN, layout.height + head + 2 * _MARGIN
    shift = f"translate({_MARGIN:g} {_MARGIN + head:g})"
    inside = [
        element("title", escaped(picture.title)),
        element("style", _STYLE),
        element("rect", class_="page", width=width, height=height),
        _text(picture.title, _MARGIN, _MARGIN + 14, "title"),
        *([_text(note, _MARGIN, _MARGIN + 14 + _LINE, "soft")] if note else []),
        element("g", *_drawing(picture, sizes, layout), transform=shift),
    ]
    yield element(
        "svg",
        *inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
    )


def _drawing(picture: Picture, sizes: list[Size], layout: Layout) -> Iterator[str]:
    for arrow, way in zip(picture.arrows, layout.ways, strict=True):
        yield from _way(way)
        if arrow.label:
            yield _label(arrow, way)
    for box, size, spot in zip(picture.boxes, sizes, layout.spots, strict=True):
        yield element("g", *_box(box, size, spot))


def _size(box: Box) -> Size:
    lines = _lines(box)
    return Size(_LETTER * max(map(len, lines)) + 2 * _PADDING, _LINE * len(lines) + 12)


def _lines(box: Box) -> list[str]:
    """What a box says: its name, and below it its text."""
    return [line for line in (box.name, box.text) if line] or [""]


def _box(box: Box, size: Size, spot: Spot) -> Iterator[str]:
    round_ = {"market": size.height / 2, "operation": 4, "condition": 8}.get(box.kind, 3)
    yield element(
        "rect",
        class_=f"box {box.kind}",
        x=spot.x,
        y=spot.y,
        width=size.width,
        height=size.height,
        rx=round_,
    )
    for number, line in enumerate(_lines(box)):
        kind = "name" if number == 0 and box.name else "text"
        yield _text(line, spot.x + _PADDING, spot.y + 6 + _LINE * (number + 0.75), kind)


def _text(text: str, x: float, y: float, kind: str) -> str:
    return element("text", escaped(text), x=x, y=y, class_=kind)


def _way(way: tuple[Spot, ...]) -> Iterator[str]:
    """Straight where it passes a column, a curve between two of them, and a tip at its end."""
    path = [f"M{way[0].x:.1f} {way[0].y:.1f}"]
    for number in range(1, len(way) - 1, 2):
        start, end = way[number], way[number + 1]
        bend = (start.x + end.x) / 2
        path.append(f"L{start.x:.1f} {start.y:.1f}")
        path.append(f"C{bend:.1f} {start.y:.1f} {bend:.1f} {end.y:.1f} {end.x:.1f} {end.y:.1f}")
    end = way[-1]
    yield element("path", class_="way", d=" ".join(path))
    yield element("path", class_="tip", d=f"M{end.x:.1f} {end.y:.1f} l-7 -3.5 v7 z")


def _label(arrow: Arrow, way: tuple[Spot, ...]) -> str:
    """A weight, near the box that has it."""
    start = way[0]
    return element("text", escaped(arrow.label), x=start.x + 6, y=start.y - 5, class_="weight")
