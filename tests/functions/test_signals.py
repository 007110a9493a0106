"""Crossings and confirmed pivots, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from .on_bars import on, same_bits, values, walk

NAN = float("nan")


def test_a_cross_is_one_up_or_one_down() -> None:
    bars = walk(500)
    found = values("if(cross(close, open), 1, 0)", bars)
    either = values("if(crossUp(close, open) OR crossDown(close, open), 1, 0)", bars)
    np.testing.assert_array_equal(found, either)
    above = bars["close"] > bars["open"]
    below = bars["close"] < bars["open"]
    np.testing.assert_array_equal(found[1:] == 1, (above[1:] & ~above[:-1]) | (below[1:] & ~below[:-1]))
    assert 0 < np.nansum(found) < 499


@pytest.mark.parametrize(
    ("closes", "wanted"),
    [([4, 5, 6], [NAN, 0, 1]), ([5, 5, 5], [0, 0, 0]), ([6, 5, 6], [NAN, 0, 1]), ([4, 6, 4], [NAN, 1, 1])],
)
def test_a_touch_is_no_cross_but_leaving_is(closes: list[float], wanted: list[float]) -> None:
    np.testing.assert_array_equal(on(closes, "if(cross(close, 5), 1, 0)"), wanted)


def pivots(x: list[float], left: int, right: int, way: int) -> list[float]:
    """Candle by candle: above all later ones, not below the earlier ones."""
    found = [NAN] * len(x)
    for t in range(left + right, len(x)):
        at = t - right
        later = [way * x[k] for k in range(at + 1, t + 1)]
        earlier = [way * x[k] for k in range(at - left, at)]
        if all(way * x[at] > y for y in later) and all(way * x[at] >= y for y in earlier):
            found[t] = x[at]
    return found


@pytest.mark.parametrize(("left", "right"), [(1, 1), (2, 5), (5, 2), (10, 10)])
def test_pivots_are_those_of_a_plain_loop_ties_included(left: int, right: int) -> None:
    rounded = {field: np.floor(column) for field, column in walk(800).items()}
    for bars in (walk(800), rounded):
        for name, field, way in (("pivotHigh", "high", 1), ("pivotLow", "low", -1)):
            found = values(f"{name}({left}, {right})", bars)
            np.testing.assert_array_equal(found, pivots(bars[field].tolist(), left, right, way))
            assert 0 < np.isfinite(found).sum() < 400
            np.testing.assert_array_equal(found, values(f"{name}({left}, {right}, {field})", bars))
    np.testing.assert_array_equal(values("pivotHigh()", walk(99)), values("pivotHigh(5, 5, high)", walk(99)))


def test_a_pivot_is_never_seen_before_it_is_confirmed() -> None:
    """Whatever follows, what was said stays; and the peak itself says nothing yet."""
    closes = [1.0, 2.0, 9.0, 3.0, 2.0, 1.0, 1.0]
    assert np.isnan(on(closes[:4], "pivotHigh(2, 2, close)")).all()
    np.testing.assert_array_equal(on(closes[:5], "pivotHigh(2, 2, close)"), [NAN] * 4 + [9.0])
    np.testing.assert_array_equal(on([*closes[:4], 9.5], "pivotHigh(2, 2, close)"), [NAN] * 5)


def test_the_last_pivot_is_what_it_was_when_there_was_one() -> None:
    bars = walk(300)
    found = values("valueWhen(isDefined(pivotHigh(3, 3)), pivotHigh(3, 3))", bars)
    last, wanted = NAN, []
    for value in pivots(bars["high"].tolist(), 3, 3, 1):
        last = last if value != value else value
        wanted.append(last)
    np.testing.assert_array_equal(found, wanted)


def test_no_way_of_running_changes_a_bit() -> None:
    bars = walk(300)
    same_bits(["pivotHigh(3, 4)", "pivotLow(1, 9)", "if(cross(close, sma(close, 5)), 1, 0)"], bars)
