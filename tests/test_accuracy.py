"""How exact the functions are: every value against exact arithmetic, on eight hostile series.

1. A float64 is a whole number times a power of two, so a series is a list of whole numbers (`Exact`).
2. Sums, squares and the recurrence of a smoothing are worked out in whole numbers. Only the recurrence
   ever drops anything: bits more than a hundred places behind the last one of a float64.
3. One division of whole numbers at the end rounds correctly. What is left between that and what the engine
   says is its error, give or take half a unit in the last place.

It runs below the bars' door, on the matrix that the engine reads, so prices may be negative, zero, huge or
missing. A new function with a period needs one line in `WINDOWS` or `SMOOTHINGS`; a test asks for it.
`DSLC_DEEP=1` measures a million candles of everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise
import math
import os
from pathlib import Path
import re
import statistics

import dslc
from dslc.runtime import engine
from dslc.runtime.registry import functions, public_names
import numpy as np
from numpy.typing import NDArray
import pytest

DEEP = os.environ.get("DSLC_DEEP", "0") not in ("", "0")
CANDLES = 1_000_000 if DEEP else 20_000
WINDOW_SIZES = (1, 2, 3, 5, 7, 20, 21, 100, 333, 1024, 5000, 10_000)
PERIODS = (2, 3, 5, 14, 21, 100, 333, 1000)

Numbers = NDArray[np.float64]


# --- the series -----------------------------------------------------------------------------


def walk(rng: np.random.Generator, candles: int) -> Numbers:
    return np.abs(100 + np.cumsum(rng.normal(0, 0.05, candles))) + 1


def offset(rng: np.random.Generator, candles: int) -> Numbers:
    return 1e10 + rng.normal(0, 1, candles)


def decay(rng: np.random.Generator, candles: int) -> Numbers:
    return 10 ** np.linspace(9, -7, candles) * rng.uniform(0.9, 1.1, candles)


def spike(rng: np.random.Generator, candles: int) -> Numbers:
    values = walk(rng, candles)
    values[candles // 3] = 1e12
    return values


def flat_tails(rng: np.random.Generator, candles: int) -> Numbers:
    """Moves, stands still at 1/3, moves, and stands still at 1, just above a power of two's neighbour."""
    values = walk(rng, candles)
    values[candles // 10 : candles // 3] = 1 / 3
    values[candles // 2 :] = 1.0
    return values


def ties(rng: np.random.Generator, candles: int) -> Numbers:
    return np.round(walk(rng, candles) / 20, 1)


def signed_zeros(rng: np.random.Generator, candles: int) -> Numbers:
    """Zeros of both signs between values that cancel, then nothing but zeros."""
    values = rng.choice([0.0, -0.0, 0.1, -0.1, 1e-8, -1e-8, 3.0, -3.0], candles)
    values[candles // 2 :] = rng.choice([0.0, -0.0], candles - candles // 2)
    return values


def tiny(rng: np.random.Generator, candles: int) -> Numbers:
    return 1e-10 * walk(rng, candles)


HOSTILE = {make.__name__: make for make in (walk, offset, decay, spike, flat_tails, ties, signed_zeros, tiny)}


@dataclass(frozen=True, eq=False)
class Exact:
    """A series and the same series as whole numbers, `whole[i] == values[i] * 2**bits`."""

    values: Numbers
    bits: int
    whole: list[int]

    @classmethod
    def of(cls, values: Numbers, bits: int = 256) -> Exact:
        mantissas, exponents = np.frexp(values)
        mantissas = np.ldexp(mantissas, 53).astype(np.int64)
        shifts = exponents.astype(np.int64) - 53 + bits
        assert ((shifts >= 0) | (mantissas == 0)).all(), "the series needs more bits"
        pairs = zip(mantissas.tolist(), np.maximum(shifts, 0).tolist(), strict=True)
        return cls(values, bits, [mantissa << shift for mantissa, shift in pairs])


@cache
def hostile(name: str, candles: int) -> Exact:
    """One of the eight; the zeros need bits for what a smoothing remembers after thousands of them."""
    values = HOSTILE[name](np.random.default_rng(20), candles)
    return Exact.of(values, bits=1300 if name == "signed_zeros" else 256)


# --- windows in exact arithmetic: the value of every full window, rounded once ----------------


def mean(series: Exact, n: int) -> list[float]:
    return [total / (n << series.bits) for total in _window_sums(series.whole, n)]


def weighted_mean(series: Exact, n: int) -> list[float]:
    """Weights 1 to n, the newest candle the heaviest."""
    whole = series.whole
    total = sum((i + 1) * x for i, x in enumerate(whole[:n]))
    weights = n * (n + 1) // 2
    found = [total / (weights << series.bits)]
    for entering, window in zip(whole[n:], _window_sums(whole, n), strict=False):
        total += n * entering - window
        found.append(total / (weights << series.bits))
    return found


def deviation(series: Exact, n: int) -> list[float]:
    """The standard deviation of the window as a population."""
    found = []
    squares = _window_sums([x * x for x in series.whole], n)
    for total, square in zip(_window_sums(series.whole, n), squares, strict=True):
        variance = n * square - total * total
        extra = max(0, 128 - variance.bit_length() // 2)
        found.append(math.isqrt(variance << 2 * extra) / (n << series.bits + extra))
    return found


def highest(series: Exact, n: int) -> list[float]:
    return [float(x) for x in np.lib.stride_tricks.sliding_window_view(series.values, n).max(axis=1)]


def lowest(series: Exact, n: int) -> list[float]:
    return [float(x) for x in np.lib.stride_tricks.sliding_window_view(series.values, n).min(axis=1)]


def _window_sums(whole: list[int], n: int) -> list[int]:
    sums = [0, *accumulate(whole)]
    return [end - start for start, end in zip(sums, sums[n:], strict=False)]


def test_the_referees_are_right() -> None:
    """Each against the textbook formula in fractions; the rounding of a root may be the next float64."""
    series = Exact.of(np.random.default_rng(1).normal(0, 10, 60))
    for n in (1, 2, 7, 60):
        windows = [
            [Fraction(x) for x in series.values[end - n : end].tolist()]
            for end in range(n, len(series.values) + 1)
        ]
        assert mean(series, n) == [float(sum(window) / n) for window in windows]
        weights = range(1, n + 1)
        wanted = [
            sum(x * w for x, w in zip(window, weights, strict=True)) / sum(weights) for window in windows
        ]
        assert weighted_mean(series, n) == [float(x) for x in wanted]
        wanted_deviations = [float(statistics.pvariance(window)) ** 0.5 for window in windows]
        np.testing.assert_allclose(deviation(series, n), wanted_deviations, rtol=4e-16)
        assert highest(series, n) == [float(max(window)) for window in windows]
        assert lowest(series, n) == [float(min(window)) for window in windows]


# --- claims ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """A function of the last n candles: the exact value, and the error in units in the last place."""

    exact: Callable[[Exact, int], list[float]]
    ulps: Callable[[int], float]


@dataclass(frozen=True)
class Smoothing:
    """An exponential smoothing of a series, found in the bars by `matrix`, from candle `start` on."""

    alpha: Callable[[int], float]
    matrix: Callable[[Numbers], Numbers]
    start: int = 0


def everywhere(values: Numbers) -> Numbers:
    """Bars that are the series in every row."""
    return np.vstack([values] * 5)


def spread(values: Numbers) -> Numbers:
    """Bars of which no price is negative and `close - open` is the series, signs of zeros aside."""
    matrix = np.zeros((5, len(values)))
    matrix[0] = np.maximum(-values, 0)
    matrix[3] = np.maximum(values, 0)
    return matrix


def ranges(values: Numbers) -> Numbers:
    """Bars whose true range is the absolute value of the series."""
    matrix = np.zeros((5, len(values)))
    matrix[1] = np.abs(values)
    return matrix


WINDOWS = {
    "sma": Window(mean, lambda n: max(4, n / 4)),
    "volumeSma": Window(mean, lambda n: max(4, n / 4)),
    "wma": Window(weighted_mean, lambda n: max(4, n / 4)),
    "stdev": Window(deviation, lambda n: max(8, n / 4)),
    "highest": Window(highest, lambda n: 0),
    "lowest": Window(lowest, lambda n: 0),
}
SMOOTHINGS = {
    "ema": Smoothing(lambda n: 2.0 / (n + 1.0), everywhere),
    "atr": Smoothing(lambda n: 1.0 / n, ranges, start=1),
}
OF_OTHERS = {"rsi"}  # a ratio of two smoothings, measured by a test of its own

HERE = [name for name in WINDOWS if name in functions()]


def takes_a_series(name: str) -> bool:
    return any(p.kind == "Series" for p in functions()[name].parameters)


def test_every_function_of_a_period_makes_a_claim() -> None:
    periodic = {
        name for name in public_names() if any(p.kind == "Period" for p in functions()[name].parameters)
    }
    assert periodic <= set(WINDOWS) | set(SMOOTHINGS) | OF_OTHERS | of_the_library()


def of_the_library() -> set[str]:
    """The functions that tests of their own compare with exact fractions or a plain loop."""
    tests = sorted((Path(__file__).parent / "functions").glob("test_*.py"))
    return {word for path in tests for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


def expression(name: str, n: int, series: str = "close") -> str:
    arguments = {"Series": series, "Period": str(n)}
    return f"{name}({', '.join(arguments[parameter.kind] for parameter in functions()[name].parameters)})"


def run(matrix: Numbers, **inputs: str) -> dict[str, Numbers]:
    """The values of inputs on a matrix of market data, whatever is in it."""
    strategy = dslc.compile(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": inputs,
            "conditions": {"c": "close > 0"},
            "score": {"c": 1},
            "decision": {"entry": "c"},
        }
    )
    found = engine.run(strategy._prepare(tuple(inputs)).plan, matrix).numbers
    return dict(zip(inputs, found, strict=True))


def measure(name: str, matrix: Numbers, sizes: tuple[int, ...], series: str = "close") -> dict[int, Numbers]:
    """A function for several periods in one run."""
    found = run(matrix, **{f"x{n}": expression(name, n, series) for n in sizes})
    return {n: found[f"x{n}"] for n in sizes}


def assert_exact(claim: Window, series: Exact, n: int, found: Numbers) -> None:
    """`found` has the value of every full window, within the claim; exactly, where the window is constant."""
    wanted = np.array(claim.exact(series, n))
    view = np.lib.stride_tricks.sliding_window_view
    moves = np.concatenate([[False], series.values[1:] != series.values[:-1]])
    constant = ~view(moves[1:], n - 1).any(axis=1) if n > 1 else np.ones(len(wanted), bool)
    unit = np.ldexp(1.0, np.maximum(np.frexp(wanted)[1] - 53, -1074))  # np.spacing overflows at the largest
    allowed = np.where(constant | (wanted == 0), 0, max(0, claim.ulps(n) - 0.5) * unit)
    assert np.isfinite(found).all()
    with np.errstate(over="ignore"):  # a wrong sign at the end of float64
        wrong = np.flatnonzero(np.abs(found - wanted) > allowed)
    assert not len(wrong), (n, int(wrong[0]), found[wrong[0]], wanted[wrong[0]])


# --- windows --------------------------------------------------------------------------------


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("name", HERE)
def test_a_window_is_exact_to_a_few_units_in_the_last_place(name: str, series: str) -> None:
    """Of market data, which is never negative."""
    values = hostile(series, CANDLES).values
    exact = Exact.of(np.where(values < 0, -values, values))
    for n, found in measure(name, everywhere(exact.values), WINDOW_SIZES).items():
        assert np.isnan(found[: n - 1]).all()
        assert_exact(WINDOWS[name], exact, n, found[n - 1 :])


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("name", [name for name in HERE if takes_a_series(name)])
def test_a_window_of_either_sign_is_as_exact(name: str, series: str) -> None:
    """Also where values cancel, for which a plain sum is not enough."""
    values = hostile(series, CANDLES).values
    moves = Exact.of(values if (values < 0).any() else np.diff(values))
    for n, found in measure(name, spread(moves.values), WINDOW_SIZES, "close - open").items():
        assert_exact(WINDOWS[name], moves, n, found[n - 1 :])


@pytest.mark.parametrize("series", ["close", "close - open"])
def test_the_mean_of_a_constant_is_that_constant(series: str) -> None:
    """For periods of few and of many powers of two."""
    sizes = (3, 5, 7, 10, 20, 21, 63, 127, 219, 255, 511, 767, 1000, 1023)
    constants = np.random.default_rng(4).uniform(0.5, 2.0, 200)
    found = measure("sma", spread(np.repeat(constants, 1024)), sizes, series)
    for n in sizes:
        settled = found[n].reshape(-1, 1024)[:, n - 1 :]
        assert (settled == constants[:, None]).all(), n


def test_what_plain_sums_lose_before_the_last_addition_never_moves_a_constant() -> None:
    """All constants of floats with few bits, all periods: less than half a unit, by 1.5 / n at least.

    In units of the constant's last place, so the constant is a whole number.
    """
    for bits, periods in ((8, 256), (12, 64)):
        constants = np.arange(1 << bits - 1, 1 << bits)
        for n in range(2, periods):
            *parts, _ = (1 << bit for bit in range(n.bit_length()) if n >> bit & 1)
            total = np.zeros_like(constants)
            for part in parts:
                total = rounded(total + part * constants, bits)
            lost = np.abs(total - sum(parts) * constants)
            assert lost.max() <= max(0.0, n / 2 - 1.5), n


def rounded(numbers: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Whole numbers rounded to so many bits, ties to even."""
    shifts = np.maximum(np.frexp(numbers)[1] - bits, 0)
    units = 1 << shifts
    quotients, rests = numbers >> shifts, numbers & (units - 1)
    up = (2 * rests > units) | ((2 * rests == units) & (quotients & 1 == 1))
    return (quotients + up) << shifts


@pytest.mark.parametrize("bad", [[np.nan], [np.inf], [-np.inf], [1e308] * 40, [1.7e308, -1.7e308] * 20])
@pytest.mark.parametrize("name", HERE)
def test_a_bad_value_leaves_with_its_window(name: str, bad: list[float]) -> None:
    at = 100
    values = walk(np.random.default_rng(6), 1200)
    values[at : at + len(bad)] = bad
    later = values[at + len(bad) :]
    sizes = (1, 2, 3, 20, 21, 333)
    for n, found in measure(name, everywhere(values), sizes).items():
        assert_exact(WINDOWS[name], Exact.of(later), n, found[at + len(bad) + n - 1 :])
        if n < at:
            assert_exact(WINDOWS[name], Exact.of(values[:at]), n, found[n - 1 : at])
        if np.isnan(bad).any():
            assert np.isnan(found[at : at + len(bad) + n - 1]).all()


@pytest.mark.parametrize("name", HERE)
def test_a_window_of_huge_values_has_its_value_if_float64_has_their_sum(name: str) -> None:
    rng = np.random.default_rng(9)
    largest = float(np.finfo(float).max) / 256
    for values in (
        np.array([1e305, 1e305, 1e305]),
        np.full(300, largest),
        np.full(300, -largest),
        rng.uniform(0.01, 1.0, 400) * largest,
    ):
        sizes = tuple(n for n in (1, 2, 3, 20, 256) if n <= len(values))
        for n, found in measure(name, everywhere(values), sizes).items():
            assert_exact(WINDOWS[name], Exact.of(values), n, found[n - 1 :])


@pytest.mark.parametrize("name", HERE)
def test_zeros_of_either_sign_depend_on_the_window_only(name: str) -> None:
    """To the sign: the same window gives the same bits, wherever the series starts."""
    values = np.random.default_rng(3).choice([0.0, -0.0, 1.0], 500, p=[0.45, 0.45, 0.1])
    sizes = (1, 2, 3, 5, 20)
    whole = measure(name, everywhere(values), sizes)
    for start in (1, 2, 3, 64, 101):
        part = measure(name, everywhere(values[start:]), sizes)
        for n in sizes:
            assert part[n][n - 1 :].tobytes() == whole[n][start + n - 1 :].tobytes()


@pytest.mark.parametrize("series", HOSTILE)
def test_a_change_is_rounded_once(series: str) -> None:
    exact = hostile(series, CANDLES)
    found = run(everywhere(exact.values), x="change(close)")["x"]
    assert np.isnan(found[0])
    assert found[1:].tolist() == [(now - before) / (1 << exact.bits) for before, now in pairwise(exact.whole)]


# --- smoothings -----------------------------------------------------------------------------

RELATIVE = 1e-13
_VANISHING = 2.0**-960  # from here down, a float64 runs out of digits


def smoothed(series: Exact, alpha: float, n: int) -> list[int]:
    """The recurrence from the mean of the first n on, in whole numbers, as many as the series."""
    top, bottom = alpha.as_integer_ratio()
    places = bottom.bit_length() - 1
    mean = sum(series.whole[:n]) // n
    found = [mean]
    for x in series.whole[n:]:
        mean += (top * (x - mean)) >> places
        found.append(mean)
    return found


def assert_smoothed(claim: Smoothing, series: Exact, n: int, found: Numbers) -> None:
    """Relative to the value; where signs cancel, to the smoothing of the absolute values."""
    unit = 1 << series.bits
    alpha = claim.alpha(n)
    size = Exact(np.abs(series.values), series.bits, [abs(x) for x in series.whole])
    signed = claim.matrix is everywhere and bool((series.values < 0).any())
    scales = np.array([x / unit for x in smoothed(size, alpha, n)])
    wanted = np.array([x / unit for x in smoothed(series, alpha, n)]) if signed else scales
    assert np.isfinite(found).all()
    wrong = np.flatnonzero(np.abs(found - wanted) > RELATIVE * np.maximum(scales, _VANISHING))
    assert not len(wrong), (n, int(wrong[0]), found[wrong[0]], wanted[wrong[0]])


def check_smoothing(name: str, exact: Exact, periods: tuple[int, ...]) -> None:
    claim = SMOOTHINGS[name]
    series = Exact(exact.values[claim.start :], exact.bits, exact.whole[claim.start :])
    for n, found in measure(name, claim.matrix(exact.values), periods).items():
        assert np.isnan(found[: claim.start + n - 1]).all()
        assert_smoothed(claim, series, n, found[claim.start + n - 1 :])


def test_the_smoothing_referee_is_right() -> None:
    """Against fractions, which never drop anything."""
    series = Exact.of(np.random.default_rng(2).normal(50, 10, 40))
    exact = sum(map(Fraction, series.values[:5].tolist())) / 5
    for found, x in zip(smoothed(series, 0.3, 5), [None, *series.values[5:].tolist()], strict=True):
        exact += 0 if x is None else Fraction(0.3) * (Fraction(x) - exact)
        assert abs(Fraction(found, 1 << series.bits) / exact - 1) < Fraction(1, 2**200)


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("name", SMOOTHINGS)
def test_a_smoothing_follows_the_exact_recurrence(name: str, series: str) -> None:
    check_smoothing(name, hostile(series, 20_000), PERIODS)


@pytest.mark.parametrize("series", HOSTILE if DEEP else ("offset", "decay"))
@pytest.mark.parametrize(("name", "periods"), [("ema", (21, 1000)), ("atr", (14, 800))])
def test_a_smoothing_is_as_exact_after_a_million_candles(
    name: str, periods: tuple[int, ...], series: str
) -> None:
    check_smoothing(name, hostile(series, 1_000_000), periods if DEEP else periods[:1])


@pytest.mark.parametrize("name", SMOOTHINGS)
def test_a_smoothing_over_one_candle_is_the_series(name: str) -> None:
    claim = SMOOTHINGS[name]
    values = np.array([3.0, 1e12, 0.1, 5.0, 1e-8, 1 / 3])
    found = measure(name, claim.matrix(values), (1,))[1]
    np.testing.assert_array_equal(found[claim.start :], values[claim.start :])


@pytest.mark.parametrize("period", [2, 100, 900, 1800, 5000, 10_000])
@pytest.mark.parametrize("name", SMOOTHINGS)
def test_a_smoothing_arrives_where_the_series_stands_still(name: str, period: int) -> None:
    values = np.concatenate([[0.0], np.full(period, 2.0), np.ones(35 * period)])
    check_smoothing(name, Exact.of(values), (period,))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", SMOOTHINGS)
def test_a_smoothing_passes_over_what_is_not_finite(name: str, bad: float) -> None:
    claim = SMOOTHINGS[name]
    values = walk(np.random.default_rng(7), 2000)
    holes = np.random.default_rng(8).random(2000) < 0.1
    holes[: claim.start + 1] = False
    matrix = claim.matrix(np.where(holes, bad, values))
    kept = Exact.of(values[~holes][claim.start :])
    sizes = (1, 2, 20, 333) if np.isnan(bad) else (2, 20, 333)  # over one candle it is the series itself
    for n, found in measure(name, matrix, sizes).items():
        assert np.isnan(found[holes]).all()
        assert_smoothed(claim, kept, n, found[~holes][claim.start + n - 1 :])


@pytest.mark.parametrize("name", SMOOTHINGS)
def test_a_smoothing_of_huge_values_has_its_value_if_float64_has_the_sum_of_its_seed(name: str) -> None:
    rng = np.random.default_rng(9)
    largest = float(np.finfo(float).max) / 256
    for values in (
        np.full(300, 1e305),
        np.full(300, largest),
        rng.choice([largest, -largest, 1e305, -1e305, 5.0, 0.0], 400),
    ):
        check_smoothing(name, Exact.of(values), (1, 2, 20, 250))


@pytest.mark.parametrize("series", HOSTILE)
def test_the_index_is_as_exact_as_its_means(series: str) -> None:
    """`rsi` in the exact means of the gains and losses as they are, rounded changes of float64."""
    values = HOSTILE[series](np.random.default_rng(21), 20_000)
    changes = np.diff(values)
    bits = 1300
    gains, losses = (Exact.of(np.maximum(part, 0), bits) for part in (changes, -changes))
    for n, found in measure("rsi", everywhere(values), (1, 2, 14, 100)).items():
        alpha = 1.0 / n
        wanted = [50.0]
        for gain, loss, moved in zip(
            smoothed(gains, alpha, n), smoothed(losses, alpha, n), changes[n - 1 :].tolist(), strict=True
        ):
            keep = moved == 0 and len(wanted) > 1  # both means shrink alike
            wanted.append(wanted[-1] if keep else 100 * gain / (gain + loss) if gain + loss else 50.0)
        np.testing.assert_allclose(found[n:], wanted[1:], rtol=4 * RELATIVE, atol=1e-290)
