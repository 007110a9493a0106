"""The page and the picture of a sweep: what is in them is what was found, whatever its names and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
import itertools
import math
from pathlib import Path
import random
import struct
import subprocess
import sys
from xml.etree import ElementTree

from dslc.files import OutputError
from dslc.reductions import Forward, Statistics
from dslc.sweep import luck, surface
from dslc.sweep.report import page, write_html, write_png
from dslc.sweep.scale import is_light, scale_of
from dslc.sweep.trial import Fold, Sweep, Trial, Window
import pytest

NAN = math.nan
HOSTILE = '<script>alert("1")</script>&amp;\'"]]>\x00\x1b[2J\u202e\ud800 --> $x_{$ é'
Values = Mapping[str, float | bool]


def statistics(value: float, entries: int = 7) -> Statistics:
    forward = {horizon: Forward(entries, value, 0.1, 0.5, value) for horizon in (1, 5, 20)}
    return Statistics(100, entries, {}, {0: 100}, None, forward)


def folds_of(count: int, *, test: bool) -> tuple[Fold, ...]:
    found = []
    for at in range(count):
        train = Window(f"train {at}", 100 * at, 100 * at + 80, "2020-01-01", "2020-03-01")
        found.append(Fold(train, Window(f"test {at}", 100 * at + 80, 100 * at + 100) if test else None))
    return tuple(found)


def made(
    values: list[Values],
    worth: Callable[[Values, int], float],
    *,
    tested: Callable[[Values, int], float] | None = None,
    folds: int = 1,
    failed: frozenset[int] = frozenset(),
    **changes: object,
) -> Sweep:
    """A sweep over some values, worth something in each fold."""
    trials = []
    for number, bound in enumerate(values):
        if number in failed:
            trials.append(Trial(number, bound, error=f"no strategy {number}"))
            continue
        train = [worth(bound, fold) for fold in range(folds)]
        test = [tested(bound, fold) for fold in range(folds)] if tested else []
        trials.append(
            Trial(
                number,
                bound,
                math.fsum(train) / folds,
                math.fsum(test) / folds if test else NAN,
                tuple(map(statistics, train)),
                tuple(map(statistics, test)),
                f"{number:064x}",
            )
        )
    given: dict[str, object] = {
        "strategy": "crossover",
        "strategy_hash": "5" * 64,
        "data_digest": "d" * 64,
        "names": tuple(values[0]) if values else ("fast", "slow"),
        "trials": tuple(trials),
        "objective": "t_value_5",
        "maximize": True,
        "folds": folds_of(folds, test=tested is not None),
        "sampler": "grid",
        "seed": 7,
        "possible": len(values),
        "skipped": 0,
        "rescored": False,
        "versions": {"dslc": "0.1.0", "numpy": "2.3"},
    }
    return Sweep(**{**given, **changes})  # type: ignore[arg-type]


def grid(**values: list[float | bool]) -> list[Values]:
    return [dict(zip(values, found, strict=True)) for found in itertools.product(*values.values())]


def wave(bound: Values, fold: int) -> float:
    return math.sin(sum((at + 1.3) * float(value) for at, value in enumerate(bound.values())) + fold)


class Checked(HTMLParser):
    """Every element is closed by its own end, and nothing is loaded or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self._look(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look(tag, attrs)

    def _look(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        assert not [name for name in names if name.startswith("on") or name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(text: str) -> ElementTree.Element:
    """The page as a tree, after it was held against what any page must be."""
    checked = Checked()
    checked.feed(text)
    checked.close()
    assert not checked.open
    assert not {"script", "img", "link", "iframe", "object", "embed", "b", "form"} & set(checked.seen)
    for svg in ElementTree.fromstring(text).iter(f"{SVG}svg"):
        for drawn in svg.iter():
            assert not any(
                "nan" in said or "inf" in said for name, said in drawn.items() if name not in KINDS
            )
    identities = [found.get("id") for found in ElementTree.fromstring(text).iter() if found.get("id")]
    assert len(set(identities)) == len(identities)
    return ElementTree.fromstring(text)


SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("class", "fill", "id")


def rows(tree: ElementTree.Element, name: str) -> list[list[str]]:
    """The cells of a table as text."""
    table = next(found for found in tree.iter("table") if found.get("id") == name)
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")][1:]


def figures(tree: ElementTree.Element) -> list[ElementTree.Element]:
    return [found for found in tree.iter("figure") if found.find("figcaption") is not None]


def titles(drawing: ElementTree.Element) -> dict[str, str]:
    """What the cells and points of a drawing say: place → value."""
    said = [title.text or "" for title in drawing.iter(f"{SVG}title")]
    return dict(text.rsplit(": ", 1) for text in said if ": " in text)


def all_text(tree: ElementTree.Element) -> str:
    return "".join(tree.itertext())


# --- what was found is what is shown -----------------------------------------------------------


def test_every_trial_of_a_grid_has_its_value_in_a_cell_and_in_the_table() -> None:
    sweep = made(grid(fast=[3, 5, 9], slow=[20, 30, 40, 50]), wave, tested=lambda v, k: wave(v, k) / 2)
    tree = parsed(page(sweep))
    train, test = map(titles, figures(tree))
    assert len(train) == len(test) == len(sweep)
    table = {row[1]: row for row in rows(tree, "best")}
    for trial in sweep:
        where = [f"fast {trial.values['fast']}", f"slow {trial.values['slow']}"]
        said = [(train[key], test[key]) for key in train if set(key.split(", ")) == set(where)]
        assert len(said) == 1
        assert [float(value) for value in said[0]] == pytest.approx([trial.objective, trial.tested], rel=1e-5)
        row = table[str(trial.number)]
        assert row[2:4] == [str(trial.values["fast"]), str(trial.values["slow"])]
        assert [float(row[4]), float(row[5])] == pytest.approx([trial.objective, trial.tested], rel=1e-3)
        assert row[6:] == ["7", trial.hash[:12]]
    order = [row[1] for row in rows(tree, "best")]
    assert order == [str(trial.number) for trial in sorted(sweep, key=lambda found: -found.objective)]


def test_a_cell_is_the_exact_mean_over_the_other_parameters() -> None:
    values = grid(fast=[3, 5], slow=[20, 30, 40], kind=[1, 2, 3])
    sweep = made(values, lambda v, k: 10 * v["fast"] + v["slow"] + v["kind"] / 7)
    found = surface.surface_of(sweep)
    assert found is not None and found.y is not None
    assert {found.x.name, found.y.name} == {"fast", "slow"}
    for column, (fast_or_slow, _) in enumerate(found.x.places):
        for row, (other, _) in enumerate(found.y.places):
            bound = {found.x.name: fast_or_slow, found.y.name: other}
            there = [t.objective for t in sweep if bound.items() <= dict(t.values).items()]
            cell = found.maps[0].train[column, row]
            assert len(there) == 3 == cell.known
            assert cell.mean == pytest.approx(float(sum(map(Fraction, there)) / 3), rel=1e-14)
            assert cell.best == max(there)


def test_a_random_sample_is_in_ranges_that_hold_every_trial_once() -> None:
    draw = random.Random(4)
    values: list[Values] = [
        {"a": draw.uniform(0, 1), "b": draw.randint(1, 900), "c": draw.random() < 0.5} for _ in range(300)
    ]
    sweep = made(values, lambda v, k: v["a"] * 3 + v["b"] / 900)
    found = surface.surface_of(sweep)
    assert found is not None and found.y is not None
    assert (found.x.name, found.y.name) == ("a", "b")
    assert len(found.x.places) == len(found.y.places) == 10
    assert sum(cell.known for cell in found.maps[0].train.values()) == 300
    for trial in sweep:
        column, row = found.x.place(trial.values["a"]), found.y.place(trial.values["b"])
        assert found.x.places[column][0] <= trial.values["a"] <= found.x.places[column][1]
        assert found.y.places[row][0] <= trial.values["b"] <= found.y.places[row][1]
        assert (column, row) in found.maps[0].train
    parsed(page(sweep))


@pytest.mark.parametrize("names", list(itertools.permutations(["strong", "weak", "none"])))
def test_the_axes_are_the_two_parameters_with_the_largest_spread(names: tuple[str, ...]) -> None:
    values = [
        {name: bound[name] for name in names} for bound in grid(strong=[1, 2], weak=[1, 2], none=[1, 2])
    ]
    sweep = made(values, lambda v, k: 5 * v["strong"] - 2 * v["weak"])
    assert surface.chosen(sweep) == ("strong", "weak")
    assert [surface.spread(sweep, name) for name in ("strong", "weak", "none")] == [5.0, 2.0, 0.0]
    assert surface.chosen(sweep, x="none") == ("none", "strong")
    assert surface.chosen(sweep, y="strong") == ("weak", "strong")
    assert surface.chosen(sweep, "none", "weak") == ("none", "weak")


def test_there_is_a_panel_for_each_fold_and_for_their_mean() -> None:
    values = grid(fast=[3, 5], slow=[20, 30])
    sweep = made(values, wave, tested=lambda v, k: -wave(v, k), folds=3)
    drawings = figures(parsed(page(sweep)))
    captions = ["".join(found.find("figcaption").itertext()) for found in drawings]  # type: ignore[union-attr]
    ranges = ["mean of 3 folds", "fold 1", "fold 2", "fold 3"]
    assert captions == [f"{kind}, {name}" for name in ranges for kind in ("Train", "Test")]
    for at, drawing in enumerate(drawings[2:]):
        said = sorted(float(value) for value in titles(drawing).values())
        sign = -1 if at % 2 else 1
        assert said == pytest.approx(sorted(sign * wave(bound, at // 2) for bound in values), rel=1e-5)


def test_many_folds_do_not_make_a_page_that_no_browser_shows() -> None:
    sweep = made(grid(a=list(range(9)), b=list(range(9))), wave, tested=wave, folds=300)
    text = page(sweep)
    assert len(figures(parsed(text))) == 2 * (1 + surface.FOLDS)
    assert "Of the 300 folds, the first 12 have maps of their own." in text
    assert len(rows(parsed(text), "windows")) == 600
    assert len(text) < 2_000_000


def test_what_is_undefined_or_failed_has_no_colour() -> None:
    values = grid(fast=[3, 5], slow=[20, 30])
    sweep = made(values, lambda v, k: NAN if v == values[1] else 1.0 + v["fast"], failed=frozenset([2]))
    tree = parsed(page(sweep))
    (drawing,) = figures(tree)
    said = titles(drawing)
    assert sorted(said.values()) == ["1 failed", "1 undefined", "4", "6"]
    kinds = [found.get("fill") for found in drawing.iter(f"{SVG}rect") if found.get("class") != "best"]
    assert kinds.count("url(#no-undefined)") == kinds.count("url(#no-failed)") == 1
    assert len([fill for fill in kinds if fill and fill.startswith("#")]) == 2
    found = surface.surface_of(sweep)
    assert found is not None and (found.scale.low, found.scale.high) == (4.0, 6.0)
    assert rows(tree, "failed") == [["2", "5", "20", "no strategy 2"]]
    assert [row[0] for row in rows(tree, "best")] == ["1", "2", "–"]


# --- shapes ------------------------------------------------------------------------------------


def test_one_parameter_is_a_line_with_a_point_for_every_trial() -> None:
    values = grid(fast=[3, 5, 9, 14, 20])
    sweep = made(values, wave, tested=lambda v, k: -wave(v, k), failed=frozenset([2]))
    tree = parsed(page(sweep))
    (drawing,) = figures(tree)
    said = titles(drawing)
    for trial in sweep:
        for kind, value in (("train", trial.objective), ("test", trial.tested)):
            shown = said[f"{kind}, fast {trial.values['fast']}"]
            assert shown == "1 failed" if trial.error else float(shown) == pytest.approx(value, rel=1e-5)
    lines = [found for found in drawing.iter(f"{SVG}path") if (found.get("class") or "").startswith("line")]
    assert [(line.get("d") or "").count("M") for line in lines] == [2, 2]  # broken at the failed trial


def test_a_parameter_that_was_not_varied_makes_no_axis() -> None:
    found = surface.surface_of(made(grid(fixed=[1], fast=[3, 5]), wave))
    assert found is not None and found.x.name == "fast" and found.y is None


def test_truths_and_choices_are_axes() -> None:
    sweep = made(grid(confirmed=[False, True], factor=[0.5, 1.25, 2.0]), wave)
    (drawing,) = figures(parsed(page(sweep)))
    text = {"".join(found.itertext()) for found in drawing.iter(f"{SVG}text")}
    assert {"confirmed", "factor", "false", "true", "0.5", "1.25", "2"} <= text
    assert len(titles(drawing)) == 6


UNUSUAL = {
    "no trial": made([], wave),
    "no trial, a test": made([], wave, tested=wave, folds=2),
    "no parameter": made([{}], wave),
    "no parameter, no trial": made([], wave, names=()),
    "one trial": made(grid(fast=[3], slow=[20]), wave),
    "one trial, one parameter": made(grid(fast=[3]), wave, tested=wave),
    "no objective": made(grid(fast=[3, 5], slow=[20, 30]), lambda v, k: NAN, tested=lambda v, k: NAN),
    "no objective, a line": made(grid(fast=[3, 5]), lambda v, k: NAN, tested=lambda v, k: NAN),
    "all failed": made(grid(fast=[3, 5], slow=[2, 3]), wave, tested=wave, failed=frozenset(range(4))),
    "all the same": made(grid(fast=[3, 5], slow=[20, 30]), lambda v, k: 0.0, tested=lambda v, k: 0.0),
    "infinite": made(grid(fast=[3, 5], slow=[20, 30]), lambda v, k: math.inf if v["fast"] == 3 else 1.0),
    "huge": made(grid(fast=[3, 5], slow=[20, 30]), lambda v, k: (v["fast"] - 4) * 1e308, tested=wave),
    "tiny": made(grid(fast=[3, 5]), lambda v, k: (v["fast"] - 3) * 1e-320, tested=lambda v, k: 1e-320),
    "no values": made(
        grid(fast=[3, 5]), wave, trials=(Trial(0, {}, error="unbound"), Trial(1, {"fast": 3}, 1.0))
    ),
    "no folds": replace(made(grid(fast=[3, 5], slow=[20, 30]), wave, versions={}), folds=()),
    "an unknown objective": made(grid(a=[1, 2], b=[1, 2]), wave, tested=wave, folds=2, objective="mine"),
    "minimised": made(grid(a=[1, 2], b=[1, 2]), wave, tested=wave, folds=2, maximize=False),
    "uncountable": made(grid(a=[1, 2], b=[1, 2]), wave, possible=None, skipped=12),
    "a long line": made(grid(a=[float(at) for at in range(900)]), wave, tested=wave),
    "a large map": made(grid(a=list(range(50)), b=list(range(50))), wave),
    "no name": made(grid(a=[1, 2], b=[1, 2]), wave, strategy=""),
    "hostile": replace(
        made([{HOSTILE: at, "b" * 300: at % 3} for at in range(9)], lambda v, k: float(v[HOSTILE])),
        strategy=HOSTILE,
        objective=HOSTILE,
        sampler=HOSTILE,
        versions={HOSTILE: HOSTILE},
        folds=(Fold(Window(HOSTILE, 0, 9, HOSTILE, HOSTILE)),),
        strategy_hash=HOSTILE,
        data_digest=HOSTILE,
    ),
    "hostile failures": made(
        [], wave, names=(HOSTILE,), trials=(Trial(0, {HOSTILE: 1}, hash=HOSTILE, error=HOSTILE),)
    ),
    "a hostile hash": made([], wave, names=("a",), trials=(Trial(0, {"a": 1}, 1.0, hash="<b>" + HOSTILE),)),
}


@pytest.mark.parametrize("sweep", UNUSUAL.values(), ids=list(UNUSUAL))
def test_any_sweep_gives_a_page_that_is_well_formed(sweep: Sweep, tmp_path: Path) -> None:
    write_html(sweep, tmp_path / "page.html")
    written = (tmp_path / "page.html").read_bytes()
    tree = parsed(written.decode("utf-8"))
    assert written == page(sweep).encode("utf-8")
    (heading,) = tree.iter("h1")
    assert len(heading.text or "") > len("Sweep of ")
    assert "http" not in written.decode("utf-8").replace("http://www.w3.org/2000/svg", "").replace(
        "http-equiv", ""
    )


@pytest.mark.parametrize("sweep", UNUSUAL.values(), ids=list(UNUSUAL))
def test_any_sweep_gives_a_picture(sweep: Sweep, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write_png(sweep, tmp_path / "map.png")
    width, height = size_of(tmp_path / "map.png")
    assert (width, height) in ((1125, 780), (1950, 780))


def size_of(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
    assert b"tEXt" not in content and b"tIME" not in content
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_hostile_names_are_shown_and_nothing_more() -> None:
    text = page(UNUSUAL["hostile"]) + page(UNUSUAL["hostile failures"])
    assert "<script" not in text and "\x00" not in text and "\u202e" not in text
    assert '<script>alert("1")</script>' in all_text(parsed(page(UNUSUAL["hostile"])))


def test_the_page_says_how_to_make_the_sweep_again() -> None:
    sweep = made(grid(a=[1, 2], b=[1, 2]), wave, tested=wave, folds=2, skipped=31, possible=35, seed=4711)
    said = all_text(parsed(page(sweep)))
    wanted = ["crossover", "5" * 64, "d" * 64, "t_value_5 (larger is better)", "4711", "grid", "numpy 2.3"]
    for part in [*wanted, "31 combinations", "35 combinations", "train 0", "test 1", "2020-03-01"]:
        assert part in said
    assert rows(parsed(page(sweep)), "windows")[3] == ["2", "test", "test 1", "180", "199", "20", "–", "–"]


def test_the_page_says_how_lucky_the_best_is() -> None:
    many = made(grid(a=list(range(25)), b=list(range(40))), wave, folds=4)
    said = all_text(parsed(page(many)))
    assert "expected at 3.24," in said and "between 1.62," in said and "There is no test range" in said
    least = all_text(parsed(page(made(grid(a=list(range(25)), b=list(range(40))), wave, maximize=False))))
    assert "expected at -3.24," in least and "between" not in least.split("How it was found")[0]
    plain = all_text(parsed(page(made(grid(a=[1, 2]), wave, tested=wave, objective="entries"))))
    assert "expected at" not in plain and "trust a test once" in plain


# --- bytes, files and errors --------------------------------------------------------------------


def test_the_same_sweep_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_sweep_report import *\n"
        "sweep = UNUSUAL['hostile']\n"
        "write_html(sweep, Path(sys.argv[1])); write_png(sweep, Path(sys.argv[2]))\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    written = []
    for seed in ("1", "2"):
        paths = [tmp_path / f"{seed}.html", tmp_path / f"{seed}.png"]
        command = [sys.executable, "-c", program, *map(str, paths)]
        done = subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]


def test_a_picture_leaves_the_settings_of_matplotlib_alone(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    before = dict(matplotlib.rcParams)
    write_png(made(grid(a=[1, 2], b=[1, 2]), wave), tmp_path / "map.png")
    assert dict(matplotlib.rcParams) == before


def test_the_order_of_the_trials_changes_no_cell() -> None:
    sweep = made(grid(a=[1, 2, 3], b=[1, 2], c=[1, 2]), wave)
    turned = made([], wave, names=sweep.names, trials=tuple(reversed(sweep.trials)))
    one, other = surface.surface_of(sweep), surface.surface_of(turned)
    assert one == other


def test_without_matplotlib_there_is_one_line_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(OutputError, match=r"pip install 'dslc\[plot\]'"):
        write_png(made(grid(a=[1, 2]), wave), tmp_path / "map.png")
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_parameter_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    sweep = made(grid(fast=[1, 2], slow=[1, 2]), wave)
    for write in (write_html, write_png):
        with pytest.raises(ValueError, match="`fsat` is no parameter of this sweep: did you mean `fast`"):
            write(sweep, tmp_path / "out", "fsat")
        with pytest.raises(ValueError, match="`fast` cannot be both x and y"):
            write(sweep, tmp_path / "out", "fast", "fast")
        with pytest.raises(OutputError):
            write(sweep, tmp_path / "missing" / "out")
    assert not list(tmp_path.iterdir())


# --- arithmetic --------------------------------------------------------------------------------


def test_the_expected_maximum_is_what_theory_knows_and_chance_gives() -> None:
    assert luck.expected_maximum(1) == pytest.approx(0.0, abs=1e-12)
    assert luck.expected_maximum(2) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-12)
    assert luck.expected_maximum(3) == pytest.approx(1.5 / math.sqrt(math.pi), rel=1e-12)
    four = 6 * math.atan(math.sqrt(2)) / math.pi**1.5
    assert luck.expected_maximum(4) == pytest.approx(four, rel=1e-12)
    draw = random.Random(1)
    for count in (7, 40):
        drawn = [max(draw.gauss(0, 1) for _ in range(count)) for _ in range(4000)]
        assert luck.expected_maximum(count) == pytest.approx(sum(drawn) / 4000, abs=0.05)
    assert math.isnan(luck.expected_maximum(0))
    assert luck.expected_maximum(10**15) < 9


def test_the_rank_correlation_is_that_of_pandas() -> None:
    import pandas as pd

    draw = random.Random(2)
    for _ in range(20):
        count = draw.randint(3, 30)
        first, second = ([float(draw.randint(0, 9)) for _ in range(count)] for _ in range(2))
        wanted = pd.Series(first).rank().corr(pd.Series(second).rank())
        assert luck.rank_correlation(first, second) == pytest.approx(wanted, abs=1e-12, nan_ok=True)
    assert math.isnan(luck.rank_correlation([1.0, 2.0], [1.0, 2.0]))


def test_a_scale_goes_around_0_where_there_are_both_signs_and_is_never_against_the_order() -> None:
    both = scale_of([-1.0, 3.0])
    assert (both.low, both.high, both.diverging) == (-3.0, 3.0, True)
    assert both.share(0.0) == 0.5 and both.share(-1.0) == pytest.approx(1 - both.share(1.0))
    blue, white, orange = both.colour(-3.0), both.colour(0.0), both.colour(3.0)
    assert blue[2] > blue[0] and orange[0] > orange[2] and len(set(white)) == 1
    one = scale_of([2.0, 4.0])
    light = [
        0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one.colour(2 + at / 50) for at in range(101))
    ]
    assert light == sorted(light) and light[0] < 60 < 200 < light[-1]
    assert is_light(one.colour(4.0)) and not is_light(one.colour(2.0))
    assert scale_of([]).share(5.0) == scale_of([5.0]).share(5.0) == 0.5
