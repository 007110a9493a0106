"""Owns what all drawings of a page are made of: the frame, and text in it.

Text takes the colour of the page, so it can be read on a light and on a dark one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..grammar.words import clipped
from .markup import element, escaped

WIDTH = 480.0
"""How wide a drawing is, in the unit of its coordinates."""

LETTER = 6.4
"""The width of a letter of a label at most, in the same unit."""

NAMES = 36
"""Letters of a name that a drawing has room for."""


def picture(title: str, width: float, height: float, drawn: Sequence[str]) -> str:
    said = element("title", escaped(title))
    box = f"0 0 {width:.0f} {height:.0f}"
    style = f"max-width:{width:.0f}px"
    return element(
        "svg", said, *drawn, xmlns="http://www.w3.org/2000/svg", viewBox=box, role="img", style=style
    )


def text(said: str, x: float, y: float, *, anchor: str = "start", **attributes: str | float) -> str:
    return element("text", escaped(said, NAMES), x=x, y=y, text_anchor=anchor, **attributes)


def sideways(said: str, x: float, y: float, room: float) -> str:
    turned = f"rotate(-90 {x:.1f} {y:.1f})"
    name = clipped(said, max(3, int(room / LETTER)))
    return text(name, x, y, anchor="middle", class_="name", transform=turned)
