"""Owns the colours of a map: which one a value has, and where black can be read on it.

Worked: of the values -1, 0 and 2, the scale runs from -2 to 2, so that -1 is a pale blue, 0 is white and
2 is a full orange. Of 1, 2 and 3 it runs from 1, dark blue, to 3, yellow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Colour = tuple[int, int, int]

_DIVERGING = ((5, 80, 150), (67, 147, 195), (158, 200, 224), (244, 244, 244), (250, 196, 126), (224, 130, 34),
              (176, 74, 0))  # fmt: skip
_SEQUENTIAL = ((0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56))


@dataclass(frozen=True, slots=True)
class Scale:
    """Which colour a value has, from the least to the largest one that is shown.

    Values of both signs get two colours that meet at 0, as far apart for a loss as for an equal gain;
    else the scale runs from dark to light. Both can be told apart by people who are colour-blind: one is
    blue against orange, the other has the colours of cividis (Nuñez, Anderton and Renslow, 2018).
    """

    low: float
    high: float
    diverging: bool

    @property
    def colours(self) -> tuple[Colour, ...]:
        """The colours at equal distances from `low` to `high`."""
        return _DIVERGING if self.diverging else _SEQUENTIAL

    def share(self, value: float) -> float:
        """Where a finite value is between `low`, 0.0, and `high`, 1.0; 0.5 where all are the same."""
        width = self.high - self.low
        return min(1.0, max(0.0, (value - self.low) / width)) if width > 0 else 0.5

    def colour(self, value: float) -> Colour:
        """Red, green and blue of a finite value, 0 to 255.

        >>> scale = Scale(-2.0, 2.0, diverging=True)
        >>> scale.colour(-2.0), scale.colour(0.0), scale.colour(2.0)
        ((5, 80, 150), (244, 244, 244), (176, 74, 0))
        """
        colours = self.colours
        position = self.share(value) * (len(colours) - 1)
        at = min(int(position), len(colours) - 2)
        part = position - at
        red, green, blue = (
            round(a + (b - a) * part) for a, b in zip(colours[at], colours[at + 1], strict=True)
        )
        return red, green, blue


def scale_of(values: Sequence[float]) -> Scale:
    """The scale of finite values: around 0 where they have both signs, else from the least to the largest."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if low < 0 < high:
        limit = max(-low, high)
        return Scale(-limit, limit, True)
    return Scale(low, high, False)


def is_light(colour: Colour) -> bool:
    """Whether black is easier to read than white on a colour, by the contrast that WCAG 2 defines."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return luminance > 0.179
