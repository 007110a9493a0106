"""The space of a sweep and its samplers: what may be tried is tried, in a known order, and nothing else.

Grids are judged by plain loops over `Decimal`, constraints by plain Python.
"""

from __future__ import annotations

from decimal import Decimal
import itertools
import math
import subprocess
import sys
from typing import Any
import warnings

import dslc
from dslc.sweep.samplers import SAMPLERS, sampler
from dslc.sweep.space import MOST, Axis, Space, SpaceError, read_axis, space_of
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

DOCUMENT: dict[str, Any] = {
    "configuration": {"timeframe": "1H"},
    "parameters": {
        "fast": {"default": 9, "min": 2, "max": 50},
        "slow": {"default": 21, "min": 5, "max": 200},
        "level": {"default": 60, "min": -100, "max": 100, "step": 2.5},
        "tilt": {"default": -0.5, "min": -2.0, "max": 2.5},
        "odd": {"default": 1, "min": 1, "max": 99, "step": 2},
        "free": {"default": 0.5},
        "lag": {"default": 1, "choices": [0, 5, 1]},
        "loud": {"default": True},
    },
    "constraints": ["fast < slow"],
    "inputs": {"a": "ema(close, fast)", "b": "sma(close, slow)[lag]", "c": "close - tilt - odd * free"},
    "conditions": {"trendUp": "a > b", "v": "NOT loud OR volumeSpike(1) > 1", "far": "c > b"},
    "score": {"trendUp": 50, "v": 30},
    "decision": {"entry": "score >= level"},
}
STRATEGY = dslc.compile(DOCUMENT)
CONTINUOUS = ("tilt", "fast", "loud")
NEEDS = {"sobol": "scipy", "optuna": "optuna"}


def space(*axes: str) -> Space:
    return space_of(STRATEGY, axes)


def made(name: str, *arguments: Any, **options: Any) -> Any:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason="the extra `sweep` is not installed")
    return sampler(name, *arguments, **options)


def everything(asked: Any, batch: int = 7, objective: Any = lambda values: 0.0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while values := asked.ask(batch):
        assert len(values) <= batch
        asked.tell(values, [objective(item) for item in values])
        found += values
    assert asked.ask(batch) == []
    return found


def accepted(values: dict[str, Any]) -> bool:
    """Whether these are plain values of their kinds that the strategy may have."""
    for name, value in values.items():
        if name.startswith("score."):
            assert type(value) is int
            assert abs(value) <= 10**9
            continue
        kind = STRATEGY.parameters[name].kind
        assert type(value) is {"integer": int, "boolean": bool}.get(kind, float), (name, value)
        assert STRATEGY.parameters[name].accepts(value), (name, value)
    return True


# --- reading ----------------------------------------------------------------------------------


def steps(low: str, high: str, step: str) -> list[float]:
    """Every value of a range, by adding up decimal digits."""
    found, value = [], Decimal(low)
    while value <= Decimal(high):
        found.append(float(value))
        value += Decimal(step)
    return found


def listed(axis: Axis) -> list[Any]:
    assert axis.count is not None
    return [axis.value(at) for at in range(axis.count)]


decimals = st.decimals(-50, 50, places=3)


@settings(max_examples=200, deadline=None)
@given(low=decimals, width=st.decimals(0, 20, places=3), step=st.decimals("0.01", 5, places=3))
def test_a_range_has_the_values_that_its_decimal_digits_say(
    low: Decimal, width: Decimal, step: Decimal
) -> None:
    text = f"free={low}:{low + width}:{step}"
    expected = steps(str(low), str(low + width), str(step))
    assert listed(read_axis(text)) == expected
    assert listed(space(text).axes[0]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fast=5:50:5", steps("5", "50", "5")),
        ("fast=5:52:5", steps("5", "50", "5")),
        ("free=0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        ("free=1e2:3e2:1e2", [100.0, 200.0, 300.0]),
        ("free=-.5:+.5:.5", [-0.5, 0.0, 0.5]),
        ("free=1e300:3e300:1e300", [1e300, 2e300, 3e300]),
        ("slow=20,50, 100", [20, 50, 100]),
        ("slow=50,20", [50, 20]),
        ("slow=20", [20]),
        ("slow=20:20:5", [20]),
        (" slow = 20 ", [20]),
        ("loud=true,false", [True, False]),
        ("loud=False", [False]),
        ("loud", [False, True]),
        ("lag", [0.0, 5.0, 1.0]),
        ("lag=1:9", [5.0, 1.0]),
        ("lag=0:5:5", [0.0, 5.0]),
        ("fast", list(range(2, 51))),
        ("fast=7:9", [7, 8, 9]),
        ("odd=2:7", [3, 5, 7]),
        ("level=0:10", [0.0, 2.5, 5.0, 7.5, 10.0]),
        ("level=-100:100:50", [-100.0, -50.0, 0.0, 50.0, 100.0]),
        ("tilt=1:1", [1.0]),
        ("score.trendUp=10:50:10", [10, 20, 30, 40, 50]),
        ("score.trendUp=-1:1", [-1, 0, 1]),
        ("score.far=0,5", [0, 5]),
    ],
)
def test_the_forms_of_an_axis(text: str, expected: list[Any]) -> None:
    axis = space(text).axes[0]
    assert listed(axis) == expected
    assert all(accepted({axis.name: value}) for value in listed(axis))


def test_a_number_without_a_step_is_any_number_of_its_range() -> None:
    for text, ends in (
        ("tilt", (-2.0, 2.5)),
        ("tilt=0:0.3", (0.0, 0.3)),
        ("free=-1e307:1e307", (-1e307, 1e307)),
    ):
        axis = space(text).axes[0]
        assert axis.count is None
        assert (axis.value(0), axis.value(1)) == ends
        assert ends[0] < axis.value(0.3) < axis.value(0.6) < ends[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is no name", "NAME=VALUES"]),
        ("=5", ["is no name"]),
        ("fa st=5", ["is no name"]),
        ("score.=5", ["is no name"]),
        ("fast=", ["no values"]),
        ("fast=,5", ["an empty value"]),
        ("fast=5,,6", ["an empty value"]),
        ("fast=5:", ["an empty value"]),
        ("fast=5:6:1:1", ["three parts"]),
        ("fast=5:6,7", ["mixes"]),
        ("fast=five", ["`five`"]),
        ("fast=nan", ["`nan`"]),
        ("fast=inf:5", ["`inf`"]),
        ("fast=1_0", ["`1_0`"]),
        ("fast=٣", ["is no number"]),
        ("fast=0x10", ["`0x10`"]),
        ("fast=1e999", ["inf", "finite"]),
        ("free=-1e308:1e308", ["too wide"]),
        ("free=1e308:1e309:1", ["finite"]),
        ("free=0:1e307:1", ["15 digits"]),
        ("free=0:1:1e-17", ["15 digits"]),
        ("fast=50:5:5", ["write 5:50:5"]),
        ("fast=50:5", ["write 5:50"]),
        ("fast=5:50:0", ["leads nowhere"]),
        ("fast=5:50:-5", ["leads nowhere"]),
        ("fast=5:50:1e-999", ["leads nowhere"]),
        ("fast=true:5", ["true,false"]),
        ("fast=" + "1" * 40, ["too long"]),
        ("fast=9\x1b[2J", ["is no number"]),
        # what the strategy does not allow
        ("fats=5", ["`fast`"]),
        ("trendUp=5", ["`score.trendUp`"]),
        ("score.trendup=5", ["`score.trendUp`"]),
        ("score.nothing=5", ["weight", "`fast`", "and 3 more"]),
        ("quitestrange=5", ["is no parameter", "`fast`"]),
        ("fast=1:50:5", ["2 to 50", "not 1"]),
        ("fast=5:60:5", ["2 to 50", "not 60"]),
        ("fast=5:60", ["2 to 50", "not 60"]),
        ("fast=5:50:2.5", ["whole number", "not 7.5"]),
        ("fast=5,5.5", ["whole number", "not 5.5"]),
        ("fast=5,6,5", ["5 is listed twice"]),
        ("fast=5,5.0", ["twice"]),
        ("fast=true", ["whole number", "not true"]),
        ("fast=5.2:5.8", ["none of these", "wider"]),
        ("level=0:5:1", ["steps of 2.5", "not 1"]),
        ("lag=0:5:1", ["0, 5 or 1", "not 2"]),
        ("lag=2:4", ["0, 5 or 1", "not 2"]),
        ("loud=0,1", ["true or false", "not 0"]),
        ("loud=0:1", ["true,false"]),
        ("loud=0:1:1", ["true or false"]),
        ("free", ["no min"]),
        ("score.v", ["declares no range", "score.v="]),
        ("score.v=1.5", ["score.v", "whole number"]),
        ("score.v=true", ["score.v", "whole number"]),
        ("score.v=0:2000000000:1000", ["score.v", "1000000000"]),
    ],
)
def test_what_cannot_be_varied_is_refused_with_a_way_out(text: str, words: list[str]) -> None:
    with pytest.raises(SpaceError) as caught:
        space(text)
    said = str(caught.value)
    assert all(word in said for word in words), said
    name = text.partition("=")[0].strip()
    assert name in said
    assert ": " in said and said.isprintable() and len(said) < 400


def test_the_same_axis_twice_and_no_axis_at_all() -> None:
    with pytest.raises(SpaceError, match="`fast` is varied twice"):
        space("fast=5", "slow=20", "fast=6")
    for nothing in ([], {}):
        with pytest.raises(SpaceError, match="nothing is varied"):
            space_of(STRATEGY, nothing)


@settings(max_examples=400, deadline=1_000)
@given(
    st.text(max_size=60)
    | st.from_regex(r"(fast|free|loud|lag|score\.v)=[0-9a-z:,.+\-e ]{0,40}", fullmatch=True)
)
def test_any_text_is_an_axis_or_refused(text: str) -> None:
    try:
        axis = read_axis(text)
    except SpaceError as error:
        assert "\n" not in str(error) and len(str(error)) < 400
        return
    assert all(value - value == 0 for value in axis.values)
    try:
        found = space_of(STRATEGY, [axis])
    except SpaceError:
        return
    counted = found.axes[0].count
    places = [0.0, 0.5, 1.0] if counted is None else [0, counted // 2, counted - 1]
    assert all(accepted({axis.name: found.axes[0].value(at)}) for at in places)
    assert space_of(STRATEGY, [str(found.axes[0])]) == found


def test_texts_that_ask_for_too_much_cost_nothing() -> None:
    assert space("free=0:1e14:1").size == 10**14 + 1
    with pytest.raises(SpaceError, match="more than 1,000,000 values are listed"):
        read_axis("fast=" + "5," * MOST + "5")
    with pytest.raises(SpaceError, match="three parts"):
        read_axis("fast=" + "5:" * MOST)
    with pytest.raises(SpaceError, match="too long"):
        read_axis("fast=" + "5" * MOST)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(5, 50, 15), [5, 20, 35]),
        (range(20, 5, -5), [20, 15, 10]),
        ([5, 20.0], [5, 20]),
        ((5,), [5]),
        (7, [7]),
        (np.int64(7), [7]),
        ([np.int64(5), np.float32(6)], [5, 6]),
        (np.arange(5, 8), [5, 6, 7]),
        ("5:15:5", [5, 10, 15]),
        (None, list(range(2, 51))),
        (Axis("other", low=5.0, high=6.0), [5, 6]),
    ],
)
def test_values_as_python_has_them(values: Any, expected: list[int]) -> None:
    (axis,) = space_of(STRATEGY, {"fast": values}).axes
    assert (axis.name, listed(axis)) == ("fast", expected)
    assert all(type(value) is int for value in listed(axis))


@pytest.mark.parametrize(
    "values",
    [
        [],
        {},
        {5, 6},
        object(),
        [None],
        ["5"],
        [[5]],
        [math.nan],
        [math.inf],
        [10**400],
        10**400,
        range(0),
        range(10**400),
        range(10**400, 0, -1),
        range(5, 10**5000, 10**4999),
        itertools.count(),
        np.ones((2, 2)),
        "",
        b"5",
        Axis("fast", low=5.0, high=9.0, step=0.0),
        Axis("fast", low=math.nan, high=9.0),
        Axis("fast", (math.inf,)),
    ],
    ids=lambda values: type(values).__name__,
)
def test_no_other_values_are_taken(values: Any) -> None:
    with pytest.raises(SpaceError, match="`fast`"):
        space_of(STRATEGY, {"fast": values})


@pytest.mark.parametrize(
    "varied", [{5: [1]}, {None: None}, {"\udc80\n": 5}, [5], 5, None, [("fast", 5)], [b"fast"]]
)
def test_no_other_names_are_taken(varied: Any) -> None:
    with pytest.raises(SpaceError):
        space_of(STRATEGY, varied)


# --- the grid ---------------------------------------------------------------------------------

sizes = st.lists(st.integers(1, 6), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_a_grid_is_the_product_of_its_axes_with_the_last_fastest(counts: list[int]) -> None:
    axes = [Axis(f"x{at}", tuple(range(10 * at, 10 * at + count))) for at, count in enumerate(counts)]
    found = Space(tuple(axes))
    expected = [
        dict(zip(found.names, values, strict=True))
        for values in itertools.product(*(axis.values for axis in axes))
    ]
    assert found.size == len(expected)
    assert list(found) == expected
    assert everything(sampler("grid", found)) == expected


def test_a_grid_that_is_too_large_is_counted_and_refused() -> None:
    assert space("fast=5:14", "slow=5:104", "free=1:1000:1").size == MOST
    large = space("fast=5:14", "slow=5:104", "free=0:1000:1")
    assert large.size == 1_001_000
    assert everything(sampler("random", large, 3)) != []
    for ask in (lambda: sampler("grid", large), lambda: iter(large)):
        with pytest.raises(SpaceError, match=r"1,001,000 combinations.*`free` has 1,001 values"):
            ask()
    huge = Space(tuple(Axis(f"x{at}", low=0.0, high=1e14, step=1.0) for at in range(400)))
    with pytest.raises(SpaceError, match="more than 1,000,000,000"):
        sampler("grid", huge)


def test_no_grid_has_all_numbers_of_a_range() -> None:
    assert space(*CONTINUOUS).size is None
    for ask in (lambda: sampler("grid", space(*CONTINUOUS)), lambda: iter(space("tilt"))):
        with pytest.raises(SpaceError, match=r"`tilt` is any number from -2 to 2\.5.*tilt=LOW:HIGH:STEP"):
            ask()


# --- samplers ---------------------------------------------------------------------------------

GRID = ("fast=5:20:5", "slow=10,20,40", "score.trendUp=10:50:20")
LARGE = ("fast", "slow", "level", "score.trendUp=0:1000000", "loud")
CASES = [
    (name, axes) for name in SAMPLERS for axes in (GRID, LARGE, CONTINUOUS) if axes is GRID or name != "grid"
]


def smaller(values: Any) -> bool:
    return bool(values["fast"] < values.get("slow", 30))


def hill(values: Any) -> float:
    return -abs(values["fast"] - 15.0)


@pytest.mark.parametrize(("name", "axes"), CASES)
def test_what_is_asked_for_is_accepted_and_allowed(name: str, axes: tuple[str, ...]) -> None:
    asked = made(name, space(*axes), 30, seed=3, allowed=smaller)
    found = everything(asked, objective=hill)
    assert all(accepted(values) and smaller(values) for values in found)
    assert all(tuple(values) == space(*axes).names for values in found)
    possible = [values for values in space(*GRID) if smaller(values)]
    if axes is GRID:
        assert len(found) == len(possible) == 24
        assert sorted(map(repr, found)) == sorted(map(repr, possible))
        assert asked.skipped == 36 - 24
    else:
        assert len(found) == 30
        assert len(set(map(repr, found))) == 30


@pytest.mark.parametrize(("name", "axes"), [case for case in CASES if case[0] != "optuna"])
def test_batches_are_only_where_the_list_is_cut(name: str, axes: tuple[str, ...]) -> None:
    runs = [
        everything(made(name, space(*axes), 90, 5, allowed=smaller), batch) for batch in (1, 7, 64, 1_000)
    ]
    assert all(run == runs[0] for run in runs)
    shorter = everything(made(name, space(*axes), 11, 5, allowed=smaller))
    assert shorter == runs[0][:11]


@pytest.mark.parametrize(("name", "axes"), [case for case in CASES if case[0] != "grid"])
def test_the_seed_decides_what_comes(name: str, axes: tuple[str, ...]) -> None:
    first, again, other = (
        everything(made(name, space(*axes), 20, seed), objective=hill) for seed in (1, 1, 2**63)
    )
    assert first == again
    assert first != other


def test_optuna_learns_in_the_direction_it_is_given() -> None:
    flat = space("tilt=-2:2", "slow=10:200")

    def valley(values: Any) -> float:
        return float((values["tilt"] - 1.0) ** 2 + ((values["slow"] - 50) / 50) ** 2)

    for maximize in (False, True):
        found = everything(made("optuna", flat, 80, 1, maximize), 8, valley)
        early = np.mean([valley(values) for values in found[:10]])
        late = np.mean([valley(values) for values in found[-20:]])
        assert late > 1.5 * early if maximize else late < 0.5 * early


@pytest.mark.parametrize("gave", [math.nan, math.inf, -math.inf])
def test_optuna_goes_on_after_trials_that_gave_nothing_or_too_much(gave: float) -> None:
    asked = made("optuna", space(*CONTINUOUS), 40, 1)
    assert len(everything(asked, 4, lambda values: gave if values["loud"] else hill(values))) == 40


def test_optuna_is_quiet_and_stays_as_loud_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    optuna = pytest.importorskip("optuna", reason="the extra `sweep` is not installed")
    before = optuna.logging.get_verbosity()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        everything(made("optuna", space(*GRID), 40, 1), objective=hill)
    assert optuna.logging.get_verbosity() == before == optuna.logging.INFO
    assert capfd.readouterr() == ("", "")


def test_optuna_is_told_only_what_it_asked_for() -> None:
    asked = made("optuna", space(*GRID), 5)
    (values,) = asked.ask(1)
    asked.tell([values], [1.0])
    for wrong in (values, {**values, "fast": 3}):
        with pytest.raises(ValueError, match="not waiting"):
            asked.tell([wrong], [1.0])


@pytest.mark.parametrize("name", SAMPLERS)
def test_all_of_a_small_space_is_tried_once_where_no_trials_are_given(name: str) -> None:
    found = everything(made(name, space(*GRID)), 5, hill)
    assert len(found) == 36
    assert sorted(map(repr, found)) == sorted(map(repr, space(*GRID)))
    assert (found == list(space(*GRID))) == (name == "grid")


@pytest.mark.parametrize("name", ["random", "sobol"])
def test_each_value_of_an_axis_comes_about_as_often(name: str) -> None:
    found = everything(made(name, space("loud", "fast=2:9", "level", "tilt=0:1"), 4096, 1), 100)
    for part in (
        [values["loud"] for values in found],
        [values["fast"] for values in found],
        [int(values["tilt"] * 8) for values in found],
    ):
        counts = [part.count(value) for value in set(part)]
        assert len(counts) in (2, 8)
        expected = len(found) / len(counts)
        spread = 1 if name == "sobol" else 4 * math.sqrt(expected)  # Sobol points are balanced in 2**12
        assert all(abs(count - expected) <= spread for count in counts)


@pytest.mark.parametrize("name", SAMPLERS)
def test_where_nothing_is_allowed_the_effort_is_bounded(name: str) -> None:
    looked: list[int] = []

    def never(values: Any) -> bool:
        looked.append(1)
        return False

    with pytest.raises(SpaceError, match="none of 36 combinations of `fast`, `slow`"):
        made(name, space(*GRID), allowed=never).ask(5)
    assert len(looked) == 36
    if name != "grid":
        for axes in (LARGE, CONTINUOUS):
            looked.clear()
            with pytest.raises(SpaceError, match=r"none of 10,0.. combinations of .* constraints: "):
                made(name, space(*axes), 5, allowed=never).ask(5)
            assert 10_000 <= len(looked) < 10_100


def test_where_later_nothing_is_allowed_what_is_found_is_kept() -> None:
    for name in ("random", "sobol", "optuna"):
        left = [3]

        def thrice(values: Any, left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] >= 0

        asked = made(name, space(*CONTINUOUS), 5, allowed=thrice)
        assert [len(asked.ask(1)) for _ in range(5)] == [1, 1, 1, 0, 0]
        left[0] = 3
        with pytest.raises(SpaceError, match="3 of 10,003 combinations"):
            made(name, space(*CONTINUOUS), 5, allowed=thrice).ask(5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("randm", 5), "`randm` is no sampler: did you mean `random`"),
        (("genetic", 5), "grid, random, sobol, optuna"),
        (("random", 0), "at least 1"),
        (("random", 2.5), "2.5: give a whole number"),
        (("random", True), "true: give a whole number"),
        (("random", None), "say how many trials"),
        (("random", 5, -1), "the seed must be a whole number"),
        (("random", 5, 2**64), "the seed must be a whole number"),
        (("random", 5, 1.0), "the seed must be a whole number"),
    ],
)
def test_arguments_out_of_their_ranges(arguments: tuple[Any, ...], words: str) -> None:
    name, *rest = arguments
    with pytest.raises(SpaceError, match=words):
        sampler(name, space(*LARGE), *rest)
    with pytest.raises(ValueError, match="at least 1"):
        sampler("grid", space(*GRID)).ask(0)


@pytest.mark.parametrize("name", NEEDS)
def test_a_library_that_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [*NEEDS.values(), "scipy.stats", "optuna.distributions"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SpaceError, match=r"pip install 'dslc\[sweep\]'") as caught:
        sampler(name, space(*GRID), 5)
    assert "\n" not in str(caught.value)
    assert len(everything(sampler("random", space(*GRID), 5))) == 5


def test_reading_axes_loads_nothing_heavy() -> None:
    code = (
        "import sys; from dslc.sweep.samplers import sampler; from dslc.sweep.space import read_axis;"
        "read_axis('fast=5:50:5'); print({'numpy', 'scipy', 'optuna', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
