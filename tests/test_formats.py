"""What `dslc validate` prints for other programs: SARIF, JSON with its schema, and the brief for models.

The judge of SARIF is the schema of the standard, and a small reader that applies its regions and fixes to the
files; that of the JSON is jsonschema. Every case in cases/diagnostics goes through all of them.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
import json
import os
from pathlib import Path
import re
import subprocess
import sys
from typing import Any
from urllib.parse import unquote, urlsplit

import dslc
from dslc.commands.checking import check_file
from dslc.formats.brief import LEAST_BUDGET, as_brief
from dslc.formats.edits import patched, replacement
from dslc.formats.sarif import as_sarif
from dslc.formats.schema import diagnostics_schema
from dslc.grammar.diagnostics import Fix
from dslc.grammar.source import Source
from dslc.guides.pages import codes
from dslc.render import Checked, Unread, as_json
from hypothesis import example, given, settings
from hypothesis import strategies as st
import jsonschema
import pytest

from . import programs
from .test_cases import CASES, NAMES, source_of
from .timing import quickly

ROOT = Path(__file__).parent.parent
STANDARD = jsonschema.Draft7Validator(
    json.loads((ROOT / "tests/schemas/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
)
PUBLISHED = jsonschema.Draft202012Validator(diagnostics_schema())


def files_of_the_cases(folder: Path) -> list[tuple[str, Path]]:
    """Every case that a file can hold, as a file."""
    made = []
    for number, (name, (_, case)) in enumerate(zip(NAMES, CASES, strict=True)):
        source = source_of(case)
        if isinstance(source, dict):
            continue
        raw = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
        path = folder / f"{number:03} käse & co.json"
        path.write_bytes(raw)
        made.append((name, path))
    return made


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Checked]:
    return [check_file(str(path)) for _, path in files_of_the_cases(tmp_path_factory.mktemp("cases"))]


def dslc_process(*args: object, stdin: bytes = b"", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dslc", *map(str, args)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=os.environ,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


# ── SARIF ────────────────────────────────────────────────────────────────────────────────────────────────

LINES = re.compile(r"\r\n|\n|\r")


def at(text: str, line: int, column: int) -> int:
    """The offset of a line and column, counted from 1 in code points, by the run's own line ends."""
    start = 0
    for _ in range(line - 1):
        found = LINES.search(text, start)
        assert found, (line, column)
        start = found.end()
    assert start + column - 1 <= len(text)
    return start + column - 1


def run_of(text: str) -> dict[str, Any]:
    log = json.loads(text)
    STANDARD.validate(log)
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert set(run["newlineSequences"]) == {"\r\n", "\n", "\r"}
    return dict(run)


def test_every_case_satisfies_the_schema_of_the_standard(cases: list[Checked]) -> None:
    run = run_of(as_sarif(cases, (), 1))
    assert len(run["results"]) == sum(len(checked.diagnostics) for checked in cases) > 300
    assert len(run["artifacts"]) == len(cases)


def test_results_say_what_the_diagnostics_say(cases: list[Checked]) -> None:
    run = run_of(as_sarif(cases))
    rules = run["tool"]["driver"]["rules"]
    pairs = [(index, found) for index, checked in enumerate(cases) for found in checked.diagnostics]
    for result, (index, found) in zip(run["results"], pairs, strict=True):
        assert (result["ruleId"], result["level"]) == (found.code, found.severity)
        assert rules[result["ruleIndex"]]["id"] == found.code
        said = result["message"]["text"].replace("{{", "{").replace("}}", "}").replace("\\](", "](")
        assert said == (f"{found.message}: {found.help}" if found.help else found.message)
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["index"] == index
        assert place["artifactLocation"]["uri"] == run["artifacts"][index]["location"]["uri"]
        assert ("region" in place) == (found.line is not None)


def test_regions_mark_the_same_characters_in_the_file(cases: list[Checked]) -> None:
    """Also where the strategy is a string in an envelope: decoded, the marked characters are the same."""
    wrapped = 0
    for checked in cases:
        run = run_of(as_sarif([checked]))
        for result, found in zip(run["results"], checked.diagnostics, strict=True):
            if found.line is None or found.column is None:
                continue
            assert found.end_line and found.end_column
            region = result["locations"][0]["physicalLocation"]["region"]
            inner = checked.source.text
            wanted = inner[at(inner, found.line, found.column) : at(inner, found.end_line, found.end_column)]
            text = checked.file.text
            marked = text[
                at(text, region["startLine"], region["startColumn"]) : at(
                    text, region["endLine"], region["endColumn"]
                )
            ]
            if checked.original is None:
                assert marked == wanted
            else:
                wrapped += 1
                assert json.loads(f'"{marked}"', strict=False) == wanted
    assert wrapped > 10


def test_rules_are_those_that_occur_once_each_with_their_pages(cases: list[Checked]) -> None:
    run = run_of(as_sarif(cases))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(
        dict.fromkeys(result["ruleId"] for result in run["results"])
    )
    for rule in rules:
        page = dslc.explain_code(rule["id"])
        for shown in (
            rule["shortDescription"]["text"],
            rule["help"]["text"],
            rule["help"]["markdown"],
        ):
            assert "".join(page.means.split()) in "".join(re.sub(r"\\(?=[*_<>\[\]|])", "", shown).split())
        assert rule["defaultConfiguration"]["level"] == page.severity


def test_pages_show_the_same_whether_doubled_braces_are_read_as_one_or_not() -> None:
    """The standard has `{{` for a brace, and viewers show what describes a rule as it is."""
    examples = 0
    for code in codes():
        source = with_code(code)
        (rule,) = [rule for rule in run_of(source)["tool"]["driver"]["rules"] if rule["id"] == code]
        for text in (
            *rule["help"].values(),
            rule["shortDescription"]["text"],
            rule["fullDescription"]["text"],
        ):
            assert text.replace("{{", "{").replace("}}", "}") == text
            assert not re.search(r"\{[0-9]+\}", text)
        right = dslc.explain_code(code).right
        if right is not None and not right.startswith("dslc."):
            examples += 1
            assert "".join(right.split()) in "".join(rule["help"]["text"].split())
            assert "".join(right.split()) in "".join(rule["help"]["markdown"].split())
    assert examples > 50


def with_code(code: str) -> str:
    """A log with the rule of this code."""
    severity = "warning" if code.startswith("W") else "error"
    found = replace(dslc.validate("{}")[0], code=code, severity=severity)
    return as_sarif([Checked(Source("{}", "x.json"), [found])])


def test_fingerprints_differ_and_outlive_other_lines(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    text = (ROOT / "examples/broken/typo.json").read_text(encoding="utf-8")

    def prints(text: str) -> list[str]:
        path.write_text(text, encoding="utf-8")
        results = run_of(as_sarif([check_file(str(path))]))["results"]
        return [result["partialFingerprints"]["finding/v1"] for result in results]

    before = prints(text)
    assert len(set(before)) == len(before) == 4
    assert prints("\n\n" + text.replace("{", "{\n", 1)) == before
    assert prints(text.replace("emma", "emmma")) != before
    twice = prints(text.replace('"fast > slow && close > slwo"', '"slwo > slwo"'))
    assert len(set(twice)) == len(twice)


NAMES_OF_FILES = [
    "plain.json",
    "with space.json",
    "käse.json",
    "100%.json",
    "a#b?c.json",
    "a:b.json",
    "[x].json",
]


@pytest.mark.parametrize("name", NAMES_OF_FILES)
def test_uris_lead_to_the_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside = tmp_path / "in side", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / name).write_text("{}", encoding="utf-8")
    monkeypatch.chdir(inside)
    for given_name in (name, f"./{name}", str(inside / name), f"../out/{name}", str(outside / name)):
        run = run_of(as_sarif([check_file(given_name)]))
        location = run["artifacts"][0]["location"]
        uri = location["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~:/%\-]+", uri)
        if "uriBaseId" in location:
            base = run["originalUriBaseIds"][location["uriBaseId"]]["uri"]
            assert base.endswith("/")
            assert urlsplit(uri).scheme == ""
            assert not uri.startswith(("/", ".."))
            uri = base + uri
        assert urlsplit(uri).scheme == "file"
        assert os.path.samefile(unquote(urlsplit(uri).path), given_name)
        assert ("uriBaseId" in location) == (os.path.realpath(given_name).startswith(str(inside.resolve())))


def test_a_file_that_is_named_twice_is_checked_once() -> None:
    one, other = "examples/broken/typo.json", "./examples/../examples/broken/typo.json"
    done = dslc_process("validate", "--format", "sarif", one, other, one, "examples/broken")
    run = run_of(done.stdout)
    assert [Path(made["location"]["uri"]).name for made in run["artifacts"]].count("typo.json") == 1
    assert len(run["results"]) == len({one["partialFingerprints"]["finding/v1"] for one in run["results"]})
    assert dslc_process("validate", one, other).stdout == dslc_process("validate", one).stdout


def test_a_file_that_is_given_twice_is_one_artifact() -> None:
    path = ROOT / "examples/broken/typo.json"
    run = run_of(json.dumps(dslc.to_sarif(path, path, path)))
    assert len(run["artifacts"]) == 1
    assert len(run["results"]) == 12
    assert len({result["partialFingerprints"]["finding/v1"] for result in run["results"]}) == 12


def test_standard_input_carries_its_text(tmp_path: Path) -> None:
    done = dslc_process("validate", "--format", "sarif", "-", stdin='{"näme": 1}'.encode())
    assert done.returncode == 1
    run = run_of(done.stdout)
    assert run["artifacts"][0]["contents"]["text"] == '{"näme": 1}'
    assert run["artifacts"][0]["location"]["uri"] == "stdin:"
    assert run["invocations"] == [
        {"executionSuccessful": True, "exitCode": 1, "toolExecutionNotifications": []}
    ]


def test_valid_and_unreadable_files_in_the_log(tmp_path: Path) -> None:
    done = dslc_process("validate", "--format", "sarif", "examples/hammer.json", "examples/no such file.json")
    assert done.returncode == 2
    run = run_of(done.stdout)
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (note,) = invocation["toolExecutionNotifications"]
    assert "No such file" in note["message"]["text"]
    assert (
        note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == "examples/no%20such%20file.json"
    )


def test_messages_are_neither_placeholders_nor_links() -> None:
    document = {"inputs": {"a [b](http://c.de)": "{0}"}}
    checked = Checked(Source(json.dumps(document), "x.json"), dslc.validate(json.dumps(document)))
    for result in run_of(as_sarif([checked]))["results"]:
        text = result["message"]["text"]
        assert not re.search(r"(?<!\{)\{[0-9]+\}(?!\})", text)
        assert not re.search(r"(?<!\\)\]\(", text)


def with_fix(checked: Checked, fix: Fix) -> Checked:
    """The first diagnostic alone, with this fix."""
    return replace(checked, diagnostics=[replace(checked.diagnostics[0], fix=fix)])


def applied(result: dict[str, Any], text: str) -> str:
    """The text after the fix of a result, as a viewer would make it."""
    (change,) = result["fixes"][0]["artifactChanges"]
    (one,) = change["replacements"]
    region = one["deletedRegion"]
    start = at(text, region["startLine"], region["startColumn"])
    end = at(text, region["endLine"], region["endColumn"])
    return text[:start] + one["insertedContent"]["text"] + text[end:]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "envelope"])
def test_a_fix_is_a_replacement_that_makes_the_patched_document(
    tmp_path: Path, end: str, wrapped: bool
) -> None:
    text = (ROOT / "examples/broken/typo.json").read_text(encoding="utf-8").replace("\n", end)
    patch = (
        {"op": "replace", "path": "/inputs/fast", "value": 'ema(close, 9) "☂"'},
        {"op": "remove", "path": "/conditions/dip"},
        {"op": "add", "path": "/name", "value": "new"},
    )
    path = tmp_path / "s.json"
    whole = json.dumps({"assetPair": "BTC", "strategySnapshotJson": text}) if wrapped else text
    path.write_text(whole, encoding="utf-8", newline="")
    checked = with_fix(check_file(str(path)), Fix("write it", True, patch))
    (result,) = run_of(as_sarif([checked]))["results"]
    after = json.loads(applied(result, whole))
    after = json.loads(after["strategySnapshotJson"]) if wrapped else after
    wanted = json.loads(text)
    wanted["inputs"]["fast"] = 'ema(close, 9) "☂"'
    del wanted["conditions"]["dip"]
    assert after == {**wanted, "name": "new"}
    assert result["fixes"][0]["properties"] == {"safe": True}


def test_every_fix_of_the_cases_makes_the_patched_document(cases: list[Checked]) -> None:
    for checked in cases:
        for result, found in zip(run_of(as_sarif([checked]))["results"], checked.diagnostics, strict=True):
            if "fixes" not in result:
                continue
            assert found.fix is not None
            after = json.loads(applied(result, checked.file.text))
            if checked.original is not None:
                after = json.loads(after["strategySnapshotJson"])
            if found.fix.patch and found.fix.patch[0]["path"] == "":
                assert after == found.fix.patch[-1]["value"]
            else:
                data = json.loads(checked.source.text, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
                assert after == plainly_patched(data, found.fix.patch)


def plainly_patched(data: Any, patch: Any) -> Any:
    """RFC 6902 on plain data, for additions, removals and replacements."""
    data = json.loads(json.dumps(data))
    for operation in patch:
        *above, last = (
            part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]
        )
        holder = data
        for part in above:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        if isinstance(holder, list):
            if operation["op"] == "add":
                holder.insert(len(holder) if last == "-" else int(last), operation["value"])
            elif operation["op"] == "remove":
                del holder[int(last)]
            else:
                holder[int(last)] = operation["value"]
        elif operation["op"] == "remove":
            del holder[last]
        else:
            holder[last] = operation["value"]
    return data


@given(st.randoms(use_true_random=False), programs.texts(max_size=2))
@settings(max_examples=150, deadline=None)
def test_a_patch_of_the_text_is_the_patch_of_the_data(rng: Any, text: str) -> None:
    data = json.loads(text)
    patch = []
    now = data
    for _ in range(rng.randint(1, 4)):
        section = rng.choice([key for key, value in now.items() if isinstance(value, dict)])
        keys = list(now[section])
        key = rng.choice([*keys, "new/~☂", 'quo"ted'])
        kind = rng.choice(["add", "replace", "remove"]) if key in keys else "add"
        pointer = f"/{section}/{key.replace('~', '~0').replace('/', '~1')}"
        patch.append({"op": kind, "path": pointer, "value": rng.choice(["x > 1", 5, {"a": [1]}, None])})
        now = plainly_patched(now, patch[-1:])
    after = patched(text, patch)
    assert after is not None
    assert json.loads(after) == now
    start, end, inserted = replacement(text, after)
    assert text[:start] + inserted + text[end:] == after


@example("a\r\n", "b\n")
@example("\r\n", "\ra")
@given(st.text("ab\r\n", max_size=12), st.text("ab\r\n", max_size=12))
def test_a_replacement_makes_the_other_text_and_parts_no_line_end(old: str, new: str) -> None:
    start, end, inserted = replacement(old, new)
    assert old[:start] + inserted + old[end:] == new
    assert 0 <= start <= end <= len(old)
    assert old[start - 1 : start + 1] != "\r\n" or start == 0
    assert old[end - 1 : end + 1] != "\r\n" or end == 0


def test_what_does_not_fit_the_text_is_no_fix() -> None:
    for patch in (
        [{"op": "remove", "path": "/b"}],
        [{"op": "replace", "path": "/a/b", "value": 1}],
        [{"op": "add", "path": "/c/d", "value": 1}],
        [{"op": "move", "path": "/c", "from": "/a"}],
    ):
        assert patched('{"a": 1}', patch) is None
    assert patched("no json", [{"op": "replace", "path": "/a", "value": 1}]) is None
    assert patched("no json", [{"op": "replace", "path": "", "value": {}}]) is None
    assert patched("{a: 1,}", [{"op": "replace", "path": "", "value": {"a": 2}}]) == '{"a": 2}'


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_case_satisfies_the_published_schema(cases: list[Checked]) -> None:
    jsonschema.Draft202012Validator.check_schema(diagnostics_schema())
    PUBLISHED.validate(json.loads(as_json(cases)))


def test_diagnostics_without_places_satisfy_it_and_so_do_fixes() -> None:
    for _, case in CASES:
        source = source_of(case)
        if isinstance(source, dict):
            found = json.loads(json.dumps([diagnostic.as_dict() for diagnostic in dslc.validate(source)]))
            PUBLISHED.validate([an_object(found)])
    one = dslc.validate("{}")[0].as_dict()
    for patch, fits in (
        ([{"op": "replace", "path": "/a~1b", "value": None}], True),
        ([{"op": "remove", "path": "/a"}], True),
        ([{"op": "move", "path": "/a", "from": "/b"}], True),
        ([], True),
        ([{"op": "replace", "path": "/a"}], False),
        ([{"op": "move", "path": "/a"}], False),
        ([{"op": "set", "path": "/a", "value": 1}], False),
        ([{"op": "remove", "path": "a"}], False),
        ([{"op": "remove", "path": "/a~2"}], False),
    ):
        fixed = {**one, "fix": {"title": "do it", "safe": True, "patch": patch}}
        assert PUBLISHED.is_valid([an_object([fixed])]) == fits
    assert not PUBLISHED.is_valid([an_object([{**one, "code": "E999"}])])
    assert not PUBLISHED.is_valid([an_object([{**one, "line": 0}])])
    assert not PUBLISHED.is_valid([{**an_object([]), "ignored": ["E301"]}])


def an_object(found: list[Any]) -> dict[str, Any]:
    """A file of `--format json` with these diagnostics."""
    valid = not found
    verdict = {"unreadable": None, "valid": valid, "strict": False, "passed": valid, "ignored": []}
    return {"file": "x", **verdict, "diagnostics": found}


def test_the_command_prints_either_schema() -> None:
    assert json.loads(dslc_process("schema", "diagnostics").stdout) == diagnostics_schema()
    assert json.loads(dslc_process("schema").stdout)["title"] == "Trading strategy"
    assert dslc_process("schema", "strategies").returncode == 2


# ── The brief for models ─────────────────────────────────────────────────────────────────────────────────


def test_the_brief_never_exceeds_its_budget(cases: list[Checked]) -> None:
    for checked in cases:
        for budget in (LEAST_BUDGET, 500, 1_000, 6_000):
            assert len(as_brief([checked], budget)) <= budget
    for budget in range(LEAST_BUDGET, 40_000, 1_777):
        assert len(as_brief(cases, budget)) <= budget
    with pytest.raises(ValueError, match="300"):
        as_brief(cases, LEAST_BUDGET - 1)


@given(
    st.lists(st.text(max_size=300), max_size=3),
    st.integers(min_value=LEAST_BUDGET, max_value=900),
    st.booleans(),
    st.lists(st.sampled_from(["typo", "rsi", "score", "x" * 200]), max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_no_verdict_exceeds_it(names: list[str], budget: int, strict: bool, wrong: list[str]) -> None:
    unreadable = [Unread(name, "No such file or directory") for name in names]
    text = json.dumps({"inputs": {f"a{n}": f"{name} + emma(close, 9)" for n, name in enumerate(wrong)}})
    files = [Checked(Source(text, "s" * 300), dslc.validate(text))] * len(wrong)
    said = as_brief(files, budget, unreadable, strict=strict)
    assert len(said) <= budget
    assert said.startswith("the check failed: ") == bool(names)
    assert not wrong or "1. E" in said


def test_the_brief_with_room_has_everything(cases: list[Checked]) -> None:
    for checked in cases:
        text = as_brief([checked], 10**9)
        for found in checked.diagnostics:
            assert f"{found.code} {found.severity}: {found.message}" in text
            assert found.help is None or found.help in text
            assert not found.line or f"{found.line}:{found.column}  " in text
        assert "left out" not in text


def test_what_the_brief_leaves_out_is_counted(cases: list[Checked]) -> None:
    for budget in range(600, 20_000, 997):
        text = as_brief(cases, budget)
        shown = re.findall(r"^\d+\. ([EW]\d+) ", text, re.MULTILINE)
        further = sum(int(count) for count in re.findall(r"and (\d+) more places?", text))
        left = re.findall(r"^left out: ([\d,]+) ", text, re.MULTILINE)
        everything = sum(len(checked.diagnostics) for checked in cases)
        assert len(shown) + further + sum(int(count.replace(",", "")) for count in left) == everything


def brief_of(document: Any, budget: int = 10**9) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return as_brief([Checked(Source(text, "s.json"), dslc.validate(text))], budget)


def test_errors_come_before_warnings_and_causes_before_what_follows() -> None:
    text = brief_of(
        {
            "configuration": {"timeframe": "1H"},
            "inputs": {"a": "close + volume / 0"},
            "conditions": {"b": "rsi(close) > 1", "c": "emma(close, 9) > a", "d": "a >"},
            "score": {"b": 1.5},
            "decision": {"entry": "a > 1", "exit": "d"},
        }
    )
    order = re.findall(r"^\d+\. ([EW]\d+) ", text, re.MULTILINE)
    ranks = [("E1", "E2", "E3", "E5", "E4", "E6", "W7").index(code[:2]) for code in order]
    assert ranks == sorted(ranks)
    assert {"E110", "E211", "E301", "E401", "E411", "W702"} <= set(order)


def test_the_place_is_marked_and_the_line_is_cut_around_it() -> None:
    text = brief_of({"inputs": {"a": "close + " * 300 + "emma(close, 9)" + " + open" * 200}})
    (line,) = [line for line in text.splitlines() if "«emma»" in line]
    assert len(line) < 200
    assert "…" in line.partition("«")[0]
    assert line.endswith("…")


def test_the_smallest_budget_has_the_first_mistake(cases: list[Checked]) -> None:
    for checked in cases:
        if checked.diagnostics:
            first = re.search(
                r"^1\. ([EW]\d+) (error|warning)", as_brief([checked], LEAST_BUDGET), re.MULTILINE
            )
            assert first is not None
            assert first[1] == re.findall(r"^1\. (\w+)", as_brief([checked], 10**9), re.MULTILINE)[0]


def test_with_little_room_every_mistake_is_still_named() -> None:
    checked = check_file(str(ROOT / "examples/broken/typo.json"))
    plain = [replace(found, fix=None) for found in checked.diagnostics]
    text = as_brief([Checked(Source(checked.source.text, "typo.json"), plain)], 480)
    assert re.findall(r"^\d+\. (\w+) error: (/\S+) (\d+:\d+): ", text, re.MULTILINE) == [
        ("E205", "/conditions/trendUp", "8:29"),
        ("E206", "/conditions/dip", "9:13"),
        ("E301", "/inputs/fast", "4:14"),
        ("E302", "/conditions/trendUp", "8:40"),
    ]


def test_the_same_sentence_is_said_once() -> None:
    text = brief_of({"conditions": {f"c{n}": "slwo > 1" for n in range(9)}})
    assert text.count("`slwo` is not defined") == 1
    assert text.count("«slwo»") == 9


def test_a_fix_stands_in_the_brief() -> None:
    checked = check_file(str(ROOT / "examples/broken/typo.json"))
    fix = Fix("write `ema`", False, ({"op": "replace", "path": "/inputs/fast", "value": "ema(close, 9)"},))
    text = as_brief([with_fix(checked, fix)], 6_000)
    assert 'fix (a guess): [{"op": "replace", "path": "/inputs/fast", "value": "ema(close, 9)"}]' in text
    large = Fix("write all of it", True, ({"op": "replace", "path": "", "value": {"a": "x" * 1_000}},))
    assert "write all of it (`dslc fix` does it)" in as_brief([with_fix(checked, large)], 6_000)


def test_the_same_fix_is_written_once() -> None:
    checked = check_file(str(ROOT / "examples/broken/typo.json"))
    fix = Fix("write `ema`", True, ({"op": "replace", "path": "/inputs/fast", "value": "ema(close, 9)"},))
    twice = replace(checked, diagnostics=[replace(found, fix=fix) for found in checked.diagnostics])
    text = as_brief([twice], 6_000)
    assert text.count('"value": "ema(close, 9)"') == 1
    assert text.count("fix: one of those above") == len(checked.diagnostics) - 1
    other = replace(twice, source=Source(twice.source.text, "other.json"))
    assert as_brief([twice, other], 6_000).count('"value": "ema(close, 9)"') == 2


def test_control_characters_do_not_reach_the_model() -> None:
    text = brief_of('{"in\\u001b[2Jputs": {}, "a\u202eb": 1, "c\u2028d": 2}')
    assert all(letter.isprintable() or letter == "\n" for letter in text)


def test_the_brief_of_valid_files_says_so() -> None:
    done = dslc_process("validate", "--format", "llm", "examples/hammer.json", "examples/veto.json")
    assert done.returncode == 0
    assert done.stdout.startswith("valid")
    assert as_brief([], 500) == "valid"


def test_the_command_keeps_its_budget_and_refuses_a_small_one() -> None:
    done = dslc_process("validate", "--format", "llm", "--budget", "400", "examples/broken")
    assert done.returncode == 1
    assert len(done.stdout) <= 401
    for args in (["llm", "--budget", "10"], ["llm", "--budget", "many"], ["text", "--budget", "400"]):
        done = dslc_process("validate", "--format", *args, "examples/broken")
        assert (done.returncode, done.stdout) == (2, "")
        assert "--budget" in done.stderr


# ── What a check fails on, in every format ──────────────────────────────────────────────────────────────────

WARNED, CLEAN = "examples/ema-crossover.json", "examples/breakout.json"
FORMS = ("text", "json", "github", "sarif", "llm")


def shown(form: str, *args: object, stdin: bytes = b"") -> tuple[int, str]:
    done = dslc_process("validate", "--format", form, *args, stdin=stdin)
    if form == "json":
        PUBLISHED.validate(json.loads(done.stdout))
    elif form == "sarif":
        run_of(done.stdout)
    return done.returncode, done.stdout


@pytest.mark.parametrize("form", FORMS)
def test_whether_warnings_count_shows_in_every_format(form: str) -> None:
    (status, plain), (strict_status, strict) = shown(form, WARNED), shown(form, "--strict", WARNED)
    assert (status, strict_status) == (0, 1)
    assert plain != strict
    assert shown(form, "--strict", CLEAN)[0] == 0


def test_how_each_format_says_that_warnings_count() -> None:
    (found,) = json.loads(shown("json", "--strict", WARNED)[1])
    assert (found["valid"], found["strict"], found["passed"]) == (True, True, False)
    (found,) = json.loads(shown("json", WARNED)[1])
    assert (found["valid"], found["strict"], found["passed"]) == (True, False, True)
    assert shown("llm", "--strict", WARNED)[1].startswith(
        "the check failed, because warnings count: 1 warning"
    )
    assert shown("llm", WARNED)[1].startswith("valid, with 1 warning;")
    assert (
        "::error title=dslc::--strict allows no warnings: 1 warning" in shown("github", "--strict", WARNED)[1]
    )
    (invocation,) = run_of(shown("sarif", "--strict", WARNED)[1])["invocations"]
    assert (invocation["exitCode"], invocation["exitCodeDescription"]) == (1, "warnings count as errors")


@pytest.mark.parametrize("form", [form for form in FORMS if form != "text"])
def test_a_file_that_cannot_be_read_is_in_the_output_of_every_format(form: str) -> None:
    status, out = shown(form, "examples/nope.json", CLEAN)
    assert status == 2
    assert "nope.json" in out
    assert "No such file" in out
    if form == "llm":
        assert out.startswith("the check failed: examples/nope.json: No such file or directory\n")


@pytest.mark.parametrize("form", FORMS)
def test_a_warning_can_be_ignored(form: str) -> None:
    status, out = shown(form, "--strict", "--ignore", "W702,w711", WARNED)
    assert status == 0
    assert "trendUp" not in out
    assert form == "github" or "ignored" in out or '"enabled": false' in out


def test_only_warnings_can_be_ignored() -> None:
    for code, hint in (("E301", "only warnings can be ignored"), ("E711", "`W711`"), ("XYZ", "dslc explain")):
        done = dslc_process("validate", "--ignore", code, WARNED)
        assert (done.returncode, done.stdout) == (2, "")
        assert hint in done.stderr
        with pytest.raises(ValueError, match=re.escape(hint)):
            dslc.validate("{}", ignore=[code])


def test_ignoring_in_python_is_ignoring_on_the_command_line() -> None:
    path = ROOT / WARNED
    assert [found.code for found in dslc.validate(path)] == ["W711"]
    assert dslc.validate(path, ignore=["W711"]) == dslc.validate(path, ignore="w711, W702") == []
    assert dslc.compile(path, strict=True, ignore=("W711",)).hash == dslc.compile(path).hash
    with pytest.raises(dslc.StrategyError, match="W711"):
        dslc.compile(path, strict=True, ignore=("W702",))
    (invocation,) = dslc.to_sarif(path, strict=True, ignore=["W711"])["runs"][0]["invocations"]
    assert invocation["exitCode"] == 0
    assert dslc.brief(path, strict=True, ignore=["W711"]) == "valid (1 warning ignored)"


def test_python_gives_what_the_command_prints() -> None:
    paths = [Path("examples/broken/typo.json"), Path(WARNED)]
    with contextlib.chdir(ROOT):
        assert json.loads(shown("sarif", "--strict", *paths)[1]) == dslc.to_sarif(*paths, strict=True)
        assert shown("llm", "--budget", 500, *paths)[1] == dslc.brief(*paths, budget=500) + "\n"
    assert dslc_process("prompt", "--budget", 9000).stdout == dslc.prompt(9000) + "\n"
    assert json.loads(dslc_process("schema").stdout) == dslc.schema()
    assert json.loads(dslc_process("schema", "diagnostics").stdout) == dslc.schema("diagnostics")
    assert dslc_process("grammar", "--format", "lark").stdout == dslc.grammar_text("lark")
    assert dslc_process("grammar", "--format", "gbnf").stdout == dslc.grammar_text()
    for call in (dslc.grammar_text, dslc.schema):
        with pytest.raises(ValueError, match="there are `"):
            call("bnf")


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "envelope"])
def test_texts_and_data_make_a_log_of_their_own(wrapped: bool) -> None:
    text = (ROOT / "examples/broken/typo.json").read_text(encoding="utf-8")
    text = json.dumps({"strategySnapshotJson": text}) if wrapped else text
    run = run_of(json.dumps(dslc.to_sarif(text, text.encode(), json.loads(text))))
    assert len(run["results"]) == 12
    assert {artifact["location"]["uri"] for artifact in run["artifacts"]} == {"text:"}
    assert run["artifacts"][0]["contents"]["text"] == text


# ── Annotations, and text that is not saved ─────────────────────────────────────────────────────────────────


def annotations(out: str) -> list[tuple[str | None, tuple[int, ...]]]:
    """The file and the place of each workflow command."""
    found = []
    for line in out.splitlines():
        properties = dict(one.split("=") for one in line.split("::")[1].partition(" ")[2].split(","))
        place = [int(properties[key]) for key in ("line", "col", "endLine", "endColumn") if key in properties]
        found.append((properties.get("file"), tuple(place)))
    return found


def test_annotations_of_an_envelope_are_at_the_characters_of_the_file(tmp_path: Path) -> None:
    inner = (ROOT / "examples/broken/typo.json").read_text(encoding="utf-8")
    text = json.dumps({"assetPair": "BTC", "strategySnapshotJson": inner}, indent=2)
    path = tmp_path / "env.json"
    path.write_text(text, encoding="utf-8")
    found = annotations(shown("github", path)[1])
    assert {file for file, _ in found} == {str(path)}
    marked = [text[at(text, *place[:2]) : at(text, *place[2:])] for _, place in found]
    assert marked == ["emma", "&&", "slwo", "30 < rsi(close, 14) < 45"]


def test_an_annotation_of_no_file_names_none() -> None:
    text = (ROOT / "examples/broken/typo.json").read_bytes()
    out = shown("github", "-", stdin=text)[1]
    assert annotations(out) == [(None, ())] * 4
    assert "::<stdin>:4:14: `emma` is not a function" in out


def test_standard_input_may_stand_for_a_file() -> None:
    name = "examples/broken/typo.json"
    text = (ROOT / name).read_bytes()
    for form in FORMS:
        assert shown(form, "-", "--stdin-filename", name, stdin=text) == shown(form, name)
    for command in ("validate", "fix", "fmt"):
        done = dslc_process(command, "-", "--stdin-filename", "a b.json", stdin=text)
        assert "a b.json:4:14: error[E301]" in done.stdout + done.stderr
        done = dslc_process(command, CLEAN, "--stdin-filename", name)
        assert (done.returncode, "name - among the files" in done.stderr) == (2, True)


def test_an_empty_folder_is_no_success_in_any_format(tmp_path: Path) -> None:
    for form in ("sarif", "json", "llm"):
        done = dslc_process("validate", "--format", form, tmp_path)
        assert done.returncode == 2
        assert "no .json files" in done.stderr
        if form == "sarif":
            assert run_of(done.stdout)["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize("form", ["sarif", "llm", "json"])
def test_no_format_loads_anything_heavy(form: str) -> None:
    code = (
        "import sys; from dslc.commands.checking import Request, validate_files\n"
        f"validate_files(Request(('examples/broken',), {form!r}))\n"
        "assert not {'numpy', 'pandas', 'numba', 'rich', 'asyncio', 'jsonschema'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""


def test_every_format_is_the_same_twice(cases: list[Checked]) -> None:
    assert as_sarif(cases) == as_sarif(cases)
    assert as_brief(cases, 5_000) == as_brief(cases, 5_000)


def test_a_hostile_document_takes_no_long_time(tmp_path: Path) -> None:
    """One line, as many mistakes as are shown, with fixes, in an envelope, near the limit of size."""
    conditions = {f"c{n}": f"close > open && volume > {n}" + " + 1" * 250 for n in range(110)}
    inner = json.dumps({"conditions": conditions, "inputs": {}, "score": {"up": "1"}})
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"strategySnapshotJson": inner}), encoding="utf-8")
    checked = check_file(str(path))
    assert len(checked.diagnostics) > 100
    log, brief = quickly(lambda: (as_sarif([checked]), as_brief([checked], 6_000)), 2)
    assert len(log) < 2_000_000
    assert len(brief) <= 6_000
