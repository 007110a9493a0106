"""The picture of a function on real bars, as a small SVG that is the same on every machine.

1. The upper panel has the candles. A function whose values lie among the prices is a line over them.
2. Any other number has a panel of its own below, with its own scale; a truth has a strip of marks there.
3. Every coordinate is a whole number of tenths of a pixel, so the last digits of a logarithm, which may
   differ between machines, do not reach the picture. Lines are relative moves between whole numbers, so
   nothing adds up.

The colours are of middle lightness and the ground is empty: it can be read on a light and on a dark page.

Worked: of the values 1, undefined, 2, 3 the first is a dot, and a stroke goes from the third to the fourth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math

from ..sweep.markup import element, escaped

STEP, MARGIN = 40, 700  # tenths of a pixel: between candles, and right of them for the numbers
TALL, LOW, STRIP, GAP, TOP, FOOT = 1900, 1000, 260, 260, 240, 220
_INK, _GRID, _LINE = "#7d7d7d", "#8886", "#2f7fe0"
_RISING, _FALLING = "#2a9d8f", "#d1605e"
_STYLE = (
    f"text{{font:110px system-ui,sans-serif;fill:{_INK}}}"
    "path{fill:none;stroke-width:8}.body{stroke-width:26}"
    f".up{{stroke:{_RISING}}}.down{{stroke:{_FALLING}}}.grid{{stroke:{_GRID}}}"
    f".line{{stroke:{_LINE};stroke-width:20;stroke-linecap:round;stroke-linejoin:round}}"
    f".dot{{stroke:{_LINE};stroke-width:60;stroke-linecap:round}}"
    f".mark{{stroke:{_LINE};stroke-width:30}}"
)


@dataclass(frozen=True, slots=True)
class Candles:
    """The candles of a picture: their prices, and when each opened, as `2003-05-08`."""

    days: Sequence[str]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn of a function: a value a candle, NaN where it is undefined; of a truth 1 or 0.

    `low` and `high` are the ends of its range, infinite where it has none. `price` says that it may lie
    among the prices.
    """

    label: str
    values: Sequence[float]
    truth: bool = False
    price: bool = False
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to coordinates in a panel."""

    low: float
    high: float
    top: int
    height: int

    def at(self, value: float) -> int:
        return self.top + round(self.height * (self.high - value) / (self.high - self.low))


def picture_of(candles: Candles, curve: Curve, title: str) -> str:
    """The picture as SVG."""
    over = _lies_over(candles, curve)
    prices = [*candles.low, *candles.high]
    defined = [value for value in curve.values if not math.isnan(value)]
    upper = _scale([*prices, *defined] if over else prices, TOP, TALL)
    width = STEP * len(candles.days)
    parts = [*_grid(upper, width), *_candles(candles, upper)]
    bottom = TOP + TALL
    if over:
        parts += [_line(curve.values, upper), _words(curve.label, 40, 130)]
    elif curve.truth:
        parts += [_words(curve.label, 40, bottom + GAP - 50), _marks(curve.values, bottom + GAP)]
        bottom += GAP + STRIP
    else:
        fixed = [
            end for end in (curve.low, curve.high) if math.isfinite(curve.low) and math.isfinite(curve.high)
        ]
        lower = _scale(fixed or defined, bottom + GAP, LOW)
        parts += [
            _words(curve.label, 40, bottom + GAP - 50),
            *_grid(lower, width),
            _line(curve.values, lower),
        ]
        bottom += GAP + LOW
    parts += _months(candles.days, bottom)
    box = f"0 0 {width + MARGIN} {bottom + FOOT}"
    said = element("title", escaped(title)) + element("desc", escaped(_described(candles, curve, over)))
    style = element("style", _STYLE)
    drawn = element(
        "svg", said, style, *parts, xmlns="http://www.w3.org/2000/svg", viewBox=box, role="img",
        width=str((width + MARGIN) // 10), height=str((bottom + FOOT) // 10),
    )  # fmt: skip
    return drawn + "\n"


def _lies_over(candles: Candles, curve: Curve) -> bool:
    """Whether the values are prices that stand near the candles, and not small differences of them."""
    defined = [value for value in curve.values if not math.isnan(value)]
    if not curve.price or curve.truth or not defined:
        return False
    return min(candles.low) / 2 < min(defined) and max(defined) < 2 * max(candles.high)


def _described(candles: Candles, curve: Curve, over: bool) -> str:
    where = "over the candles" if over else "below the candles"
    what = "marks where it is true" if curve.truth else "a line"
    return f"{len(candles.days)} candles from {candles.days[0]} to {candles.days[-1]}, and {what} {where}."


# --- panels -----------------------------------------------------------------------------------


def _scale(values: Sequence[float], top: int, height: int) -> _Scale:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        room = abs(low) * 0.05 or 1.0
        low, high = low - room, high + room
    return _Scale(low, high, top, height)


def _grid(scale: _Scale, width: int) -> list[str]:
    """Lines at a few round values, and the values beside them."""
    ticks = _round_values(scale.low, scale.high)
    lines = "".join(f"M0 {scale.at(value)}h{width}" for value in ticks)
    texts = [_words(_short(value), width + 40, scale.at(value) + 40) for value in ticks]
    return [element("path", d=lines, class_="grid"), *texts]


def _round_values(low: float, high: float) -> list[float]:
    """Two to five round numbers from low to high.

    >>> _round_values(0, 100), _round_values(53.2, 89.1)
    ([0.0, 50.0, 100.0], [60.0, 70.0, 80.0])
    """
    size = 10.0 ** math.floor(math.log10(high - low))
    for step in (size, size / 2, size / 5, size / 10):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first >= 2:
            break
    step = step * 5 if last - first > 8 else step * 2 if last - first > 4 else step
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{place * step:.12g}") + 0.0 for place in range(first, last + 1)]


def _short(value: float) -> str:
    """A number as an axis shows it.

    >>> _short(120_000_000.0), _short(0.05), _short(-1500.0), _short(80.0)
    ('120M', '0.05', '-1.5k', '80')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _words(said: str, x: int, y: int) -> str:
    return element("text", escaped(said), x=str(x), y=str(y))


def _months(days: Sequence[str], bottom: int) -> list[str]:
    """The first candle of every month, as `2003-01`."""
    found = []
    for place, (before, day) in enumerate(pairwise(days), 1):
        if before[:7] != day[:7]:
            found.append(_words(day[:7], STEP * place, bottom + 150))
    return found


# --- what is in them --------------------------------------------------------------------------


def _candles(candles: Candles, scale: _Scale) -> list[str]:
    """Wicks and bodies, of rising and of falling candles."""
    rising = [close >= opened for opened, close in zip(candles.open, candles.close, strict=True)]
    drawn = []
    for kind, wanted in (("up", True), ("down", False)):
        places = [place for place, up in enumerate(rising) if up == wanted]
        for name, tops, bottoms in (
            (kind, candles.high, candles.low),
            (f"{kind} body", candles.open, candles.close),
        ):
            strokes = [(place, scale.at(tops[place]), scale.at(bottoms[place])) for place in places]
            drawn.append(element("path", d=_uprights(strokes), class_=name))
    return drawn


def _uprights(strokes: Sequence[tuple[int, int, int]]) -> str:
    """Upright strokes from one height to another, each at least a pixel long."""
    pen = _Pen()
    for place, start, end in strokes:
        if abs(end - start) < 10:
            start, end = (start + end) // 2 - 5, (start + end) // 2 + 5
        pen.go("m", STEP * place + STEP // 2, start)
        pen.moves.append(f"v{end - start}")
        pen.y = end
    return "".join(pen.moves)


def _line(values: Sequence[float], scale: _Scale) -> str:
    """A line through the values, broken where one is undefined, and dots for values that stand alone."""
    strokes, dots = _Pen(), _Pen()
    defined = [not math.isnan(value) for value in values]
    for place, value in enumerate(values):
        if not defined[place]:
            continue
        begins = place == 0 or not defined[place - 1]
        ends = place + 1 == len(values) or not defined[place + 1]
        pen = dots if begins and ends else strokes
        pen.go("m" if begins else "l", STEP * place + STEP // 2, scale.at(value))
    drawn = element("path", d="".join(strokes.moves), class_="line") if strokes.moves else ""
    return drawn + (element("path", d="h0".join([*dots.moves, ""]), class_="dot") if dots.moves else "")


class _Pen:
    """Where a path has got to; moves are written from there, which takes the fewest letters."""

    def __init__(self) -> None:
        self.moves: list[str] = []
        self.x = self.y = 0

    def go(self, how: str, x: int, y: int) -> None:
        self.moves.append(f"{how}{x - self.x}{_after(y - self.y)}")
        self.x, self.y = x, y


def _marks(values: Sequence[float], top: int) -> str:
    strokes = [(place, top, top + STRIP) for place, value in enumerate(values) if value == 1.0]
    return element("path", d=_uprights(strokes), class_="mark")


def _after(number: int) -> str:
    """A number behind another one, which a minus parts from it."""
    return str(number) if number < 0 else f" {number}"
