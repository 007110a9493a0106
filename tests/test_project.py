"""How the project is built: who imports whom, what is never called, and that nothing generated is stale."""

from __future__ import annotations

import ast
from pathlib import Path
import re
import tomllib

from dslc.grammar import build_tables
import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("grammar", "runtime", "schemas", "compiler", "dsl")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

MAY_IMPORT = {
    "grammar": {"grammar"},
    "runtime": {"runtime"},
    "schemas": {"schemas", "grammar"},
    "compiler": {"compiler", "grammar", "schemas", "runtime.registry", "runtime.plan"},
    "dsl": {"dsl", "grammar", "runtime", "schemas", "compiler"},
}
THIRD_PARTY = {
    "grammar": {"lark"},
    "runtime": {"numpy", "numba", "llvmlite", "pandas", "narwhals", "pyarrow"},
    "schemas": set(),
    "compiler": set(),
    "dsl": {"click", "distributed", "matplotlib", "numpy", "optuna", "pandas", "pyarrow", "rich", "scipy"},
}
ONLY_IN = {
    "distributed": {"dsl/scoring/executors.py"},
    "optuna": {"dsl/sweep/samplers.py"},
    "scipy": {"dsl/sweep/samplers.py"},
    "numba": {"runtime/jit.py"},
    "llvmlite": {"runtime/jit.py", "runtime/link.py"},
    "lark": {"grammar/parser.py", "grammar/build_tables.py"},
}
KNOWN = {"jsonschema"}.union(*THIRD_PARTY.values())


def modules(path: Path) -> list[tuple[str, bool]]:
    """What a file imports, as dotted names below the package or third-party names, and whether at the top."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {id(node) for node in tree.body}
    package = ["dslc", *path.relative_to(ROOT).parent.parts]
    package = ["dslc", *package[2:]] if package[1] == "dsl" else package
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{name}.{alias.name}" for alias in node.names] if name == ".".join(base) else [name]
            found += [(item, id(node) in top) for item in names]
    return found


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "dsl"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_import_only_what_they_may(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    for module, at_top in modules(path):
        root = module.split(".")[0]
        if root == "dslc":
            target = room_of(module)
            allowed = MAY_IMPORT[room]
            rest = ".".join(module.split(".")[1:])
            assert target in allowed or any(rest.startswith(item) for item in allowed), module
        elif root in KNOWN:
            assert root in THIRD_PARTY[room], module
            if root in ONLY_IN:
                assert str(path.relative_to(ROOT)) in ONLY_IN[root]
            if root not in {"click", "lark", "numpy"}:
                assert not at_top, f"{module} must be imported where it is needed"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_command_line_imports_a_command(path: Path) -> None:
    if path != ROOT / "dsl" / "__main__.py" and path.parent != ROOT / "dsl" / "commands":
        assert not [module for module, _ in modules(path) if module.startswith("dslc.commands")]


FORBIDDEN = {"eval", "exec", "__import__", "input", "breakpoint"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_could_run_what_a_user_wrote(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN, node.func.id
    imported = {module.split(".")[0] for module, _ in modules(path)}
    assert not imported & {"pickle", "marshal", "shelve", "dill", "cloudpickle"}


def test_the_parsers_tables_are_those_of_the_grammar() -> None:
    written = (ROOT / "grammar" / "_tables.py").read_text(encoding="utf-8")
    assert written == build_tables.build(), "run `make tables`"


def test_rooms_that_may_not_know_each_other_agree_on_the_vocabulary() -> None:
    from dslc.grammar.words import MARKET_DATA, MINUTES
    from dslc.runtime.clock import MINUTE, TIMEFRAMES
    from dslc.runtime.plan import FIELDS

    assert MARKET_DATA == FIELDS
    assert {name: minutes * MINUTE for name, minutes in MINUTES.items()} == dict(TIMEFRAMES)


def test_every_package_folder_is_mapped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    mapping = project["tool"]["setuptools"]["package-dir"]
    folders = {str(path.parent.relative_to(ROOT)) for path in SOURCES}
    assert folders == set(mapping.values())
    assert set(mapping) == set(project["tool"]["setuptools"]["packages"])


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    import dslc

    assert dslc.__version__ == project["project"]["version"]
    assert f"## {dslc.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_lock_names_exact_versions_and_no_host() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line), line


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_opens_with_what_it_owns(path: Path) -> None:
    opening = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert opening
    assert len(opening.partition("\n")[0].split()) >= 3


def test_a_graph_that_reads_the_future_is_refused_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    import dslc
    from dslc.compiler import analyze
    from dslc.compiler.graph import Graph, Node
    from dslc.compiler.passes.verify import verify

    graph = Graph()
    graph._intern(Node("shift", (graph.bar("close"),), (-1,)))
    with pytest.raises(AssertionError):
        verify(graph)
    monkeypatch.setattr(analyze, "right_ends", lambda graph: [1] * len(graph))
    source = (ROOT / "examples" / "higher-close.json").read_text(encoding="utf-8")
    assert {found.code for found in dslc.validate(source)} == {"E505"}


def test_what_a_plan_promises_to_allocate_is_what_it_allocates() -> None:
    import dslc
    from dslc.runtime import engine

    plan = dslc.compile(ROOT / "examples" / "full-house.json")._prepare(("trend", "macd")).plan
    machine = engine.Machine(plan)
    kept = machine.run(np.full((5, 1000), 10.0))
    parts = (machine._numbers, machine._masks, kept.numbers, kept.masks, kept.integers)
    assert plan.bytes(1000) == sum(part.nbytes for part in parts)


def test_many_long_windows_keep_the_workspace_small() -> None:
    import dslc

    inputs = {f"x{i}": f"sma(close[{i}], {9999 - i})" for i in range(100)}
    document = {
        "configuration": {"timeframe": "1D"},
        "inputs": inputs,
        "conditions": {"c": " + ".join(inputs) + " > 0"},
        "score": {"c": 1},
        "decision": {"entry": "c"},
    }
    plan = dslc.compile(document)._prepare(()).plan
    assert plan.bytes(0) < 300 * 2**20
    assert plan.cost(1000) > 1000 * sum(0.1 for _ in plan.steps)


def test_kernels_are_compiled_with_options_that_keep_the_bits() -> None:
    from dslc.runtime import jit

    assert jit.OPTIONS == {"error_model": "numpy", "nogil": True, "fastmath": False}
    source = (ROOT / "runtime" / "jit.py").read_text(encoding="utf-8")
    assert "prange" not in source
    assert "parallel=" not in source
