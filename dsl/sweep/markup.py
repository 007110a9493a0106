"""Owns text that becomes markup: elements, and names of any origin made harmless.

A page is HTML and at the same time well-formed XML, so every element is closed and every attribute quoted.
"""

from __future__ import annotations

from html import escape
import math
import unicodedata

_HARMFUL = {"Cc", "Cf", "Cs", "Cn"}  # control characters, reversed directions, halves of a pair, no character


def plain(text: str, limit: int = 500) -> str:
    """A text without what XML forbids or what could turn the order of letters around, at most so long.

    >>> plain("a\\x00b\\nc"), plain("abcdef", 4)
    ('a�b c', 'abc…')
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(_plain(letter) for letter in cut)


def _plain(letter: str) -> str:
    if letter.isspace():
        return " "
    return "\ufffd" if unicodedata.category(letter) in _HARMFUL else letter


def escaped(text: str, limit: int = 500) -> str:
    """A text of any origin as markup shows it.

    >>> escaped('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return escape(plain(text, limit))


def element(tag: str, *content: str, **attributes: str | float) -> str:
    """An element around content that is markup already; attributes are escaped, and without a last `_`.

    >>> element("td", "4 &lt; 5", class_="number", data_row=2)
    '<td class="number" data-row="2">4 &lt; 5</td>'
    """
    names = [(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items()]
    said = "".join(f' {name}="{escaped(_attribute(value), _WHOLE)}"' for name, value in names)
    inside = "".join(content)
    return f"<{tag}{said}>{inside}</{tag}>" if inside or tag not in _EMPTY else f"<{tag}{said}/>"


_WHOLE = 1 << 30  # the points of a path are one attribute
_EMPTY = {"meta", "path", "rect", "line", "circle", "stop"}


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else f"{round(value, 2):g}"


def figure(value: float, digits: int = 4) -> str:
    """A statistic as a table shows it; a dash where it is undefined.

    >>> figure(0.0123456), figure(12345.678), figure(-2.0), figure(float("nan")), figure(float("inf"))
    ('0.01235', '12,346', '-2', '–', '∞')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    large = 10**digits <= abs(value) < 1e12
    return format(value, ",.0f" if large else f".{digits}g")
