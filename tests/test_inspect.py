"""Reports and pictures: what they say of a strategy is what its values do, and no label breaks a picture."""

from __future__ import annotations

from functools import partial
from itertools import combinations
import json
import os
from pathlib import Path
import re
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import dslc
from dslc.about.drawn import drawn
from dslc.about.layout import Size, laid_out
from dslc.about.picture import Picture, picture_of
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from . import oracle, programs
from .timing import quickly

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.json"))
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    '</title><script>alert("1")</script>',
    "a\x00b\x1b[2J\x7f",
    "\u202egnp.exe\u2066",
    '"]; click n0 "javascript:alert(1)"',
    "%%{init: {'theme': 'x'}}%%",
    'x"]\n}\ndigraph other {',
    "\\",
    "end\\N\\G<b>&amp;&#0;",
    "\ufffe\U0001f4c8 日本",
    "x" * 5000,
]


def small(**changes: Any) -> dict[str, Any]:
    return {
        "configuration": {"timeframe": "1D"},
        "inputs": {"mean": "sma(close, 3)"},
        "conditions": {"up": "close > mean"},
        "score": {"up": 1},
        "decision": {"entry": "score >= 1"},
        **changes,
    }


# --- reports --------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(programs.strategies(max_size=3), programs.bar_sets(min_bars=40, max_bars=80))
def test_values_are_where_and_as_the_report_says(
    document: dict[str, Any], bars: dict[str, list[float]]
) -> None:
    report = dslc.compile(document).report()
    values = oracle.evaluate(document, bars)
    for entry in report.entries:
        if entry.section == "decision":
            continue
        columns = values.inputs if entry.section == "inputs" else values.conditions
        column = columns[entry.name]
        if entry.section == "inputs":
            assert all(value is None for value in column[: entry.first])
            known = [value for value in column if value is not None]
            if entry.low is None or entry.high is None:
                assert not known
            else:
                slack = 1e-9 * max(map(abs, known), default=0.0)
                assert all(entry.low - slack <= value <= entry.high + slack for value in known)
        assert entry.right <= 0
        assert entry.left <= entry.right
    assert all(report.lowest_score <= score <= report.highest_score for score in values.score)


@settings(max_examples=60, deadline=None)
@given(programs.strategies(alive=False))
def test_the_nodes_are_a_certificate_of_all_entries(document: dict[str, Any]) -> None:
    strategy = dslc.compile(document)
    report = strategy.report()
    by_name = {name: node for node in report.nodes for name in node.names}
    for number, node in enumerate(report.nodes):
        assert node.number == number
        assert all(operand < number for operand in node.operands)
        assert node.right <= 0
        below = [report.nodes[operand] for operand in node.operands]
        assert node.left <= min((one.left for one in below), default=0)
        assert node.first >= max((one.first for one in below), default=0)
        assert node.settle >= max((one.settle for one in below), default=0)
    for entry in report.entries[:-1]:
        node = by_name[entry.name]
        assert (node.left, node.right, node.first) == (entry.left, entry.right, entry.first)
        assert (entry.left, entry.right) == strategy.extents[entry.name]
    assert report.warmup == strategy.warmup
    json.dumps(report.as_dict(), allow_nan=False)
    assert str(report)


def test_the_report_of_the_published_example() -> None:
    report = dslc.compile(ROOT / "examples" / "ema-crossover.json").report()
    entries = {entry.name: entry for entry in report.entries}
    assert [entry.name for entry in report.entries if entry.section == "inputs"] == [
        "emaFast",
        "emaSlow",
        "rsiValue",
        "volSpike",
    ]
    crossover = entries["crossover"]
    assert (crossover.first, crossover.settle, crossover.left, crossover.right) == (21, 414, float("-inf"), 0)
    assert (crossover.weight, crossover.line, crossover.column) == (40, 14, 19)
    spike, strength = entries["volSpike"], entries["rsiValue"]
    assert (spike.left, spike.first, spike.settle, spike.unit) == (-19, 19, 0, "ratio")
    assert (strength.low, strength.high, strength.unit) == (0.0, 100.0, "oscillator")
    assert (report.warmup, report.lowest_score, report.highest_score) == (21, 0, 100)
    assert report.settled == max(
        entry.first + entry.settle for entry in report.entries if entry.section == "conditions"
    )
    assert report.estimate.candles == 1_000_000
    assert sum(part.adds for part in report.estimate.parts) == pytest.approx(report.estimate.work)


def test_nodes_have_the_texts_and_names_of_their_authors() -> None:
    document = small(inputs={"mean": "sma(close, 3)", "same": "sma( close,3 )", "two": "1 + 1"})
    report = dslc.compile(document).report()
    nodes = {node.text: node for node in report.nodes}
    assert nodes["sma(close, 3)"].names == ("mean", "same")
    assert nodes["close > mean"].names == ("up",)
    assert nodes["close"].operation == "bar"
    (two,) = [node for node in report.nodes if node.names == ("two",)]
    assert (two.operation, two.constants, two.low, two.high) == ("const", (2.0,), 2.0, 2.0)
    assert [node.operation for node in report.nodes if node.text == "score >= 1"] == ["greater_or_equal"]


def test_parameters_are_shown_by_name_and_bound_by_value() -> None:
    strategy = dslc.compile(ROOT / "examples" / "tunable-crossover.json").bind(fast=12)
    report = strategy.report()
    assert report.values["fast"] == 12
    assert report.entries[0].text == "ema(close, fast)"
    assert report.entries[0].first == 11


def test_a_report_of_the_largest_document_is_quick() -> None:
    conditions = {f"c{number}": f"close[{number}] > open + {number}" for number in range(512)}
    chain = " + ".join(["close"] * 500)
    document = small(
        inputs={f"i{number}": f"{chain} + {number}" for number in range(30)},
        conditions=conditions,
        score=dict.fromkeys(conditions, 1),
        decision={"entry": "score >= 300"},
    )
    strategy = dslc.compile(document)
    assert not quickly(strategy.report, 8).firing.complete
    for form in ("mermaid", "dot", "svg"):
        quickly(partial(strategy.picture, form), 1)


def test_a_picture_of_long_arrows_is_quick() -> None:
    inputs = {"i0": "close", "i1": "i0 + close"}
    for number in range(2, 512):
        inputs[f"i{number}"] = f"i{number - 1} + i{number - 2} + close + volume"
    document = small(inputs=inputs, conditions={"up": "i511 > 0"})
    found = picture_of(dslc.compile(document)._checked, "x")
    svg = quickly(lambda: drawn(found, "svg"), 3)
    assert len(boxes_of(svg)) == len(found.boxes) == 517


# --- pictures -------------------------------------------------------------------------------------

SILENT = {
    "atr": {"high", "low", "close"},
    "body": {"open", "close"},
    "range": {"high", "low"},
    "upperWick": {"high", "open", "close"},
    "lowerWick": {"low", "open", "close"},
    "volumeSma": {"volume"},
    "volumeSpike": {"volume"},
}


def read_by(text: str) -> set[str]:
    """The names in an expression, and the market data that its calls read without naming it."""
    found = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*(?![\w(])", text)) - {"AND", "OR", "NOT", "timeframe"}
    for name in re.findall(r"([A-Za-z_]\w*)\(", text):
        found |= SILENT.get(name, set())
    return found


@settings(max_examples=120, deadline=None)
@given(programs.strategies())
def test_arrows_lead_from_what_an_expression_reads(document: dict[str, Any]) -> None:
    """Without operations: exactly from the names in its text, and from what its calls read in silence."""
    strategy = dslc.compile(document)
    found = picture_of(strategy._checked, "x", most=0)
    names = [box.name for box in found.boxes]
    if any("," in name or "…" in name for name in names):
        return  # two names of one computation, or too long ones
    arrows: dict[str, set[str]] = {name: set() for name in names}
    for arrow in found.arrows:
        arrows[names[arrow.target]].add(names[arrow.source])
    for name, text in {**strategy.inputs, **strategy.conditions, "entry": strategy.entry}.items():
        assert arrows[name] == read_by(text), (name, text)
    weighted = {name for name, weight in strategy.weights.items() if weight}
    assert arrows["score"] == weighted
    labels = {names[one.source]: one.label for one in found.arrows if names[one.target] == "score"}
    assert labels == {name: f"{strategy.weights[name]:+,}" for name in weighted}


@settings(max_examples=80, deadline=None)
@given(programs.strategies())
def test_operations_lie_between_the_same_names(document: dict[str, Any]) -> None:
    """Leaving out the operations of the whole picture gives no name another reader."""
    strategy = dslc.compile(document)
    if {"open", "high", "low", "close", "volume"} & set(strategy.inputs.values()):
        return  # an operation on market data may be shared with one on an input that is the same
    checked = strategy._checked
    whole, folded = picture_of(checked, "x", most=10**9), picture_of(checked, "x", most=0)
    assert folded.left_out == sum(box.kind == "operation" for box in whole.boxes)
    assert all(arrow.source < arrow.target for arrow in whole.arrows)
    behind: list[set[str]] = [set() for _ in whole.boxes]
    for arrow in sorted(whole.arrows, key=lambda arrow: arrow.target):
        source = whole.boxes[arrow.source]
        behind[arrow.target] |= behind[arrow.source] if source.kind == "operation" else {source.name}
    reads: dict[str, set[str]] = {}
    for arrow in folded.arrows:
        target, source = folded.boxes[arrow.target], folded.boxes[arrow.source]
        reads.setdefault(target.name, set()).add(source.name)
    for box, names in zip(whole.boxes, behind, strict=True):
        if box.kind in ("score", "market"):
            assert names == reads.get(box.name, set())
        elif box.kind != "operation":
            # What equals a named computation is read under its name.
            inputs = {one.name for one in whole.boxes if one.kind in ("input", "condition")}
            assert names - inputs <= reads.get(box.name, set())


def test_what_is_the_same_has_one_box() -> None:
    document = small(
        inputs={"mean": "sma(close, 3)", "again": "sma(close,3)"},
        conditions={"up": "close > mean", "wide": "range() > 2 AND close > mean", "far": "range() > 2 OR up"},
        score={"up": 5, "wide": -3},
    )
    found = picture_of(dslc.compile(document)._checked, "x")
    assert [(box.kind, box.name, box.text) for box in found.boxes] == [
        ("market", "close", ""),
        ("input", "mean, again", "sma(close, 3)"),
        ("condition", "up", "close > mean"),
        ("market", "high", ""),
        ("market", "low", ""),
        ("operation", "", "range()"),
        ("operation", "", "range() > 2"),
        ("condition", "wide", "range() > 2 AND close > mean"),
        ("condition", "far", "range() > 2 OR up"),
        ("score", "score", "-3 to 5"),
        ("decision", "entry", "score >= 1"),
    ]
    arrows = {(arrow.source, arrow.target): arrow.label for arrow in found.arrows}
    assert arrows[2, 7] == arrows[2, 8] == ""  # `close > mean` is `up`
    assert (arrows[2, 9], arrows[7, 9]) == ("+5", "-3")


def test_a_picture_has_all_market_data_that_a_document_declares_and_reads() -> None:
    """Series and other instruments: in entries, in functions that read them, and before `@`."""
    document = small(
        configuration={"timeframe": "1H", "series": ["funding", "unread"], "symbols": {"spy": "SPY"}},
        functions={"lead()": "close - spy.close", "led(x)": "x + lead() * funding"},
        inputs={"cost": "ema(funding, 5)", "mean": "sma(cost, 3) @ 4H", "far": "led(1)"},
        conditions={"up": "(spy.open > mean) @ 4H OR far > 0"},
    )
    found = picture_of(dslc.compile(document)._checked, "x", most=0)
    names = [box.name for box in found.boxes]
    arrows = {(names[arrow.source], names[arrow.target]) for arrow in found.arrows}
    assert arrows == {
        ("funding", "cost"),
        ("cost", "mean"),
        ("close", "far"),
        ("funding", "far"),
        ("spy.close", "far"),
        ("spy.open", "up"),
        ("mean", "up"),
        ("far", "up"),
        ("up", "score"),
        ("score", "entry"),
    }


def test_too_many_boxes_leave_the_operations_out_and_say_so() -> None:
    conditions = {f"c{number}": f"close[{number}] > open + {number}" for number in range(1, 100)}
    strategy = dslc.compile(small(conditions=conditions, score=dict.fromkeys(conditions, 1)))
    found = picture_of(strategy._checked, "many")
    assert found.left_out == 198
    assert {box.kind for box in found.boxes} == {"market", "input", "condition", "score", "decision"}
    for form in ("mermaid", "dot", "svg"):
        assert "198 operations are left out" in drawn(found, form)  # type: ignore[arg-type]


def boxes_of(svg: str) -> list[tuple[float, float, float, float]]:
    root = ElementTree.fromstring(svg)
    found = []
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("class", "").startswith("box"):
            x, y, width, height = (float(rect.get(key, "")) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_svg_of_an_example_has_all_labels_and_no_overlap(path: Path) -> None:
    strategy = dslc.compile(path)
    found = picture_of(strategy._checked, "x")
    svg = drawn(found, "svg")
    root = ElementTree.fromstring(svg)
    shown = {text.text for text in root.iter(f"{SVG}text")}
    assert {box.name for box in found.boxes} | {box.text for box in found.boxes} <= {*shown, ""}
    boxes = boxes_of(svg)
    assert len(boxes) == len(found.boxes)
    for a, b in combinations(boxes, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    for arrow in found.arrows:
        assert boxes[arrow.source][2] < boxes[arrow.target][0]
    _, _, width, height = map(float, root.get("viewBox", "").split())
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] < width and box[3] < height for box in boxes)
    assert len(list(root.iter(f"{SVG}path"))) == 2 * len(found.arrows)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.data())
def test_a_layout_keeps_boxes_apart_and_arrows_to_the_right(count: int, data: st.DataObject) -> None:
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda pair: pair[0] < pair[1]
    )
    arrows = sorted(data.draw(st.sets(pairs, max_size=80))) if count > 1 else []
    sizes = [Size(10.0 + 7 * (box % 5), 20.0 + 9 * (box % 3)) for box in range(count)]
    late = frozenset(data.draw(st.sets(st.integers(0, count - 1))))
    first = frozenset(box for box in range(count) if box not in {target for _, target in arrows}) - late
    found = laid_out(sizes, arrows, first, late)
    spots = [
        (one.x, one.y, one.x + size.width, one.y + size.height)
        for one, size in zip(found.spots, sizes, strict=True)
    ]
    for a, b in combinations(spots, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    assert all(one[0] >= 0 and one[1] >= 0 for one in spots)
    assert max(one[2] for one in spots) <= found.width + 1e-6
    assert max(one[3] for one in spots) <= found.height + 1e-6
    for (source, target), way in zip(arrows, found.ways, strict=True):
        assert way[0].x == spots[source][2] <= way[-1].x == spots[target][0]
        assert [point.x for point in way] == sorted(point.x for point in way)
    for box in first:
        assert found.spots[box].x == 0.0


@pytest.mark.parametrize("name", HOSTILE)
def test_no_label_breaks_out_of_a_picture(name: str) -> None:
    found = picture_of(dslc.compile(small(name=name))._checked, name)
    root = ElementTree.fromstring(drawn(found, "svg"))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "style", "rect", "text", "g", "path"}
    shape = r'n\d+[(\[{/]{1,2}"[^"\n<]*(<br/>[^"\n<]*)?"[)\]}/]{1,2}:::\w+'
    line = rf'flowchart LR|  %% [^%{{}}\n]*|  {shape}|  n\d+ -->(\|"[+\d,-]*"\|)? n\d+|  classDef [\w ,:#-]+'
    for one in drawn(found, "mermaid").removesuffix("\n").split("\n"):
        assert re.fullmatch(line, one), one
    text = drawn(found, "dot")
    without = re.sub(r'"(?:[^"\\]|\\.)*"', "S", text)
    assert '"' not in without
    assert "\\" not in without
    assert without.count("\n") == text.count("\n")
    assert re.fullmatch(r"digraph strategy \{\n(  [\w =\[\],>;-]+;\n)+\}\n", without)


def test_labels_of_texts_are_escaped() -> None:
    document = small(conditions={"up": "close > mean AND close < 9"})
    found = picture_of(dslc.compile(document)._checked, "x")
    assert "close &gt; mean AND close &lt; 9" in drawn(found, "svg")
    assert "up<br/>close #62; mean AND close #60; 9" in drawn(found, "mermaid")
    assert '"up\\nclose > mean AND close < 9"' in drawn(found, "dot")


def test_an_empty_picture_is_drawn() -> None:
    document = small(inputs={}, conditions={}, score={}, decision={"entry": "2 > 1"})
    found = picture_of(dslc.compile(document)._checked, "")
    assert [box.kind for box in found.boxes] == ["score", "decision"]
    ElementTree.fromstring(drawn(found, "svg"))
    ElementTree.fromstring(drawn(Picture("", (), (), 0), "svg"))


def test_pictures_are_the_same_in_every_process() -> None:
    code = (
        "import dslc, pathlib; from dslc.about.drawn import drawn; from dslc.about.picture import picture_of;"
        "p = picture_of(dslc.compile(pathlib.Path('examples/full-house.json'))._checked, 'x');"
        "print(*[drawn(p, form) for form in ('mermaid', 'dot', 'svg')])"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1


# --- the command ----------------------------------------------------------------------------------


def inspect(*args: object, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "dslc", "inspect", *map(str, args)], input=stdin, capture_output=True
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    return done.returncode, out, err


def test_the_command_reports_in_words_and_as_data() -> None:
    path = ROOT / "examples" / "ema-crossover.json"
    code, out, _ = inspect(path)
    assert code == 0
    report = dslc.compile(path).report()
    assert out == f"Strategy   ema-crossover\n{report}\n"
    assert "  crossover      21      435   -∞ to 0      40  crossUp(emaFast, emaSlow)\n" in out
    assert "Fires with 2 minimal sets of 4 conditions:\n  score     60  trendUp crossover\n" in out
    code, out, _ = inspect("-", "--format", "json", "--timeframe", "1D", stdin=path.read_bytes())
    assert (code, json.loads(out)["timeframe"]) == (0, "1D")
    code, out, _ = inspect(
        ROOT / "examples" / "tunable-crossover.json", "--set", "fast=12", "--format", "json"
    )
    assert json.loads(out)["values"]["fast"] == 12


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg"])
def test_the_command_draws_what_the_strategy_gives(form: str, tmp_path: Path) -> None:
    path = ROOT / "examples" / "veto.json"
    wanted = dslc.compile(path).picture(form)  # type: ignore[arg-type]
    assert inspect(path, "--graph", form) == (0, wanted, "")
    target = tmp_path / ("x.svg" if form == "svg" else "x.txt")
    assert inspect(path, "--graph", form, "--out", target)[:2] == (0, f"Wrote {target}\n")
    assert target.read_text(encoding="utf-8") == wanted


def test_a_picture_is_called_by_the_name_of_the_strategy_or_by_its_hash() -> None:
    strategy, named = dslc.compile(small()), dslc.compile(small(name="Mean & more"))
    assert named.picture().splitlines()[:2] == ["flowchart LR", "  %% Mean #38; more"]
    assert f'label="{strategy.hash[:12]}"' in strategy.picture("dot")
    assert "<title>mine</title>" in named.picture("svg", title="mine")


def test_a_wrong_format_of_a_picture_is_told_the_right_ones() -> None:
    strategy = dslc.compile(small())
    for wrong, said in (("svgg", "did you mean `svg`?"), ("png", "there are `mermaid`, `dot` and `svg`")):
        with pytest.raises(ValueError, match=re.escape(f"`{wrong}` is no format of a picture: {said}")):
            strategy.picture(wrong)  # type: ignore[arg-type]


def test_what_is_wrong_has_its_status(tmp_path: Path) -> None:
    path = ROOT / "examples" / "veto.json"
    broken = tmp_path / "b.json"
    broken.write_text("{}")
    assert inspect(broken)[0] == 1
    assert inspect(tmp_path / "no.json")[0] == 2
    for options in (
        ["--graph", "png"],
        ["--graph", "svg", "--out", tmp_path / "x.png"],
        ["--set", "x"],
        ["--out", path],
    ):
        code, out, err = inspect(path, *options)
        assert (code, out) == (2, "")
        assert err
    assert inspect(path, "--set", "nothing=1")[0] == 1
