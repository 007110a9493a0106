"""The cache of compiled kernels: whatever happens to it, results are the same and nothing is said about it.

What a file, a folder or a failing disk does is tried on `ObjectCache` itself; what whole processes do to
each other, on processes. `DSLC_DEEP=1` starts 32 of them at once, damages 100 entries under real runs and
evaluates 20,000 strategies in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import errno
import os
from pathlib import Path
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from typing import Any

from dslc.runtime import cache, jit
from dslc.runtime.cache import CompiledCode, ObjectCache
from dslc.runtime.registry import LANES, kernels
import pytest

ROOT = Path(__file__).parent.parent
DEEP = os.environ.get("DSLC_DEEP", "0") not in ("", "0")
PROCESSES = 32 if DEEP else 4
NOBODY = 65534
CODE = CompiledCode("symbol", ("needed",), bytes(range(256)))

pytestmark = pytest.mark.skipif(os.name != "posix", reason="files of other systems")


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    """Nothing here may wait for ever; a test of one process is over in no time."""

    def stop(*_: object) -> None:
        pytest.fail("the cache hangs")  # and no OSError, which the cache would take for an answer

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(3600 if DEEP else 300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectCache:
    """A cache with one entry, `kernel-add`."""
    monkeypatch.setenv("DSLC_CACHE_DIR", str(tmp_path / "cache"))
    store = ObjectCache(("a build",))
    store.save("kernel-add", CODE)
    return store


def folder_of(store: ObjectCache) -> Path:
    assert store._folder is not None
    return store._folder


def entry_of(store: ObjectCache, name: str = "kernel-add") -> Path:
    return folder_of(store) / f"{name}.bin"


def names(store: ObjectCache) -> list[str]:
    return sorted(path.name for path in folder_of(store).iterdir())


# --- entries --------------------------------------------------------------------------------


def test_an_entry_comes_back_as_it_went_in(store: ObjectCache) -> None:
    assert store.load("kernel-add") == CODE
    assert store.load("kernel-subtract") is None
    assert names(store) == ["kernel-add.bin"]
    assert stat.S_IMODE(entry_of(store).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder_of(store).stat().st_mode) == 0o700


def damage(raw: bytes, rng: random.Random) -> bytes:
    """The bytes of an entry after an accident of any kind."""
    at = rng.randrange(len(raw))
    match rng.randrange(7):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]
        case 2:
            return raw + rng.randbytes(rng.randint(1, 50))
        case 3:
            return raw[:at] + bytes(len(raw) - at + 1)
        case 4:
            return raw[:at] + raw[at + 1 :]
        case 5:
            return rng.randbytes(len(raw))
        case _:
            return raw[at:] + b"\n" + raw[:at]


@pytest.mark.parametrize("seed", range(100))
def test_a_damaged_entry_is_none(store: ObjectCache, seed: int) -> None:
    path = entry_of(store)
    path.write_bytes(damage(path.read_bytes(), random.Random(seed)))
    assert store.load("kernel-add") is None
    store.save("kernel-add", CODE)
    assert store.load("kernel-add") == CODE


def test_every_single_bit_counts(store: ObjectCache) -> None:
    raw = entry_of(store).read_bytes()
    for at in range(len(raw)):
        entry_of(store).write_bytes(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :])
        assert store.load("kernel-add") is None


def test_entries_that_changed_places_are_none(store: ObjectCache) -> None:
    store.save("kernel-subtract", CODE)
    raw = entry_of(store).read_bytes()
    entry_of(store).write_bytes(entry_of(store, "kernel-subtract").read_bytes())
    entry_of(store, "kernel-subtract").write_bytes(raw)
    assert store.load("kernel-add") is None
    assert store.load("kernel-subtract") is None


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    path.write_text("not an entry at all\n" * 1000)


def _of_another_kind(path: Path) -> None:
    """A right checksum over a body that is none of ours."""
    body = (5).to_bytes(4, "little") + b"[[[[[" + b"x" * 100
    path.write_bytes(cache._MAGIC + cache.hashlib.sha256(body).digest() + body)


def _of_too_few_parts(path: Path) -> None:
    body = (9).to_bytes(4, "little") + b'["a","b"]' + b"x" * 100
    path.write_bytes(cache._MAGIC + cache.hashlib.sha256(body).digest() + body)


def _link_to_an_entry(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _link_without_end(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _socket(path: Path) -> None:
    path.unlink()
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.fchdir(here)
    os.close(here)


def _huge(path: Path) -> None:
    os.truncate(path, 2**40)


def _writable_by_the_group(path: Path) -> None:
    path.chmod(0o620)


def _writable_by_others(path: Path) -> None:
    path.chmod(0o602)


ACCIDENTS = (
    _empty, _foreign, _of_another_kind, _of_too_few_parts, _link_to_an_entry, _link_to_nowhere,
    _link_to_itself, _link_without_end, _pipe, _socket, _huge, _writable_by_the_group, _writable_by_others,
)  # fmt: skip


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda accident: accident.__name__)
def test_what_is_no_entry_is_replaced(store: ObjectCache, accident: Callable[[Path], None]) -> None:
    accident(entry_of(store))
    before = open_files()
    assert store.load("kernel-add") is None
    store.save("kernel-add", CODE)
    assert store.load("kernel-add") == CODE
    assert open_files() == before
    assert not list(folder_of(store).glob("*.tmp"))


def test_a_folder_in_place_of_an_entry_stays(store: ObjectCache) -> None:
    entry_of(store).unlink()
    entry_of(store).mkdir()
    (entry_of(store) / "something").touch()
    before = open_files()
    for _ in range(3):
        assert store.load("kernel-add") is None
        store.save("kernel-add", CODE)
    assert open_files() == before
    assert names(store) == ["kernel-add.bin"]
    assert (entry_of(store) / "something").exists()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720, 0o702])
def test_a_folder_that_others_may_write_to_is_refused(store: ObjectCache, mode: int) -> None:
    folder_of(store).chmod(mode)
    assert store.load("kernel-add") is None
    folder_of(store).chmod(0o700)
    assert store.load("kernel-add") == CODE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("what", [folder_of, entry_of])
def test_what_belongs_to_somebody_else_is_refused(
    store: ObjectCache, what: Callable[[ObjectCache], Path]
) -> None:
    os.chown(what(store), NOBODY, NOBODY)
    assert store.load("kernel-add") is None


# --- places ---------------------------------------------------------------------------------


def at(place: str | Path, monkeypatch: pytest.MonkeyPatch) -> ObjectCache:
    monkeypatch.setenv("DSLC_CACHE_DIR", str(place))
    return ObjectCache(("a build",))


@pytest.mark.parametrize("place", ["missing/in/a/missing/folder", "with space", "ümläut", "-rf", "link"])
def test_a_place_that_can_be_made_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    store = at(tmp_path / place, monkeypatch)
    store.save("kernel-add", CODE)
    assert store.load("kernel-add") == CODE
    assert at(tmp_path / place, monkeypatch).load("kernel-add") == CODE


def test_a_relative_place_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = at("here", monkeypatch)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.save("kernel-add", CODE)
    assert store.load("kernel-add") == CODE
    assert (tmp_path / "here").is_dir()
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    "place", ["file", "file/below", "/dev/null", "/dev/null/below", "/proc/no/such", "x" * 5000, "loop"]
)
def test_a_place_that_cannot_be_made_is_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    store = at(tmp_path / place, monkeypatch)
    assert store.load("kernel-add") is None
    store.save("kernel-add", CODE)
    assert store.load("kernel-add") is None
    assert (tmp_path / "file").read_text() == "mine"


def test_a_relative_place_in_a_folder_that_is_gone_is_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    store = at("here", monkeypatch)
    store.save("kernel-add", CODE)
    assert store.load("kernel-add") is None


def default_root(monkeypatch: pytest.MonkeyPatch, **env: str) -> Path | None:
    for name in ("DSLC_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return cache._root()


def test_the_usual_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = str(tmp_path)
    assert default_root(monkeypatch, HOME=home) == tmp_path / ".cache"
    assert default_root(monkeypatch, HOME=home, XDG_CACHE_HOME="/var/c") == Path("/var/c")
    assert default_root(monkeypatch, HOME=home, XDG_CACHE_HOME="relative") == tmp_path / ".cache"
    assert default_root(monkeypatch, HOME=home, XDG_CACHE_HOME="") == tmp_path / ".cache"
    assert default_root(monkeypatch, HOME=home, DSLC_CACHE_DIR="/d", XDG_CACHE_HOME="/c") == Path("/d")


def test_without_a_home_there_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody makes one."""
    assert default_root(monkeypatch, HOME=str(tmp_path / "nonexistent")) is None
    assert default_root(monkeypatch, HOME="relative") is None
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert default_root(monkeypatch) is None
    store = ObjectCache(("a build",))
    store.save("kernel-add", CODE)
    assert store.load("kernel-add") is None


# --- builds ---------------------------------------------------------------------------------


def test_every_part_of_a_build_is_in_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    monkeypatch.setenv("DSLC_CACHE_DIR", str(tmp_path))
    found = {folder_of(ObjectCache(build)) for build in (("a", "b"), ("a", "c"), ("ab", ""), ("", "ab"))}
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"{name} 9.9")
    found.add(folder_of(ObjectCache(("a", "b"))))
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
    found.add(folder_of(ObjectCache(("a", "b"))))
    monkeypatch.setattr(sys, "platform", "another")
    found.add(folder_of(ObjectCache(("a", "b"))))
    assert len(found) == 7


def test_the_version_of_an_installed_package_is_that_of_its_metadata() -> None:
    import dslc

    assert cache._version() in (dslc.__version__, "")


def test_a_change_of_any_source_of_the_runtime_is_another_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSLC_CACHE_DIR", str(tmp_path / "cache"))
    shutil.copytree(ROOT / "runtime", tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "runtime" / "cache.py"))
    found = {ObjectCache(())._folder}
    sources = [path for path in (tmp_path / "runtime").rglob("*.py") if path.name != "__init__.py"]
    for path in sources:
        with path.open("a") as file:
            file.write("\n")
        found.add(ObjectCache(())._folder)
    assert len(found) == len(sources) + 1


# --- failing writes ---------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("call", ["mkdir", "open", "fdopen", "write", "close", "replace", "unlink"])
def test_a_write_that_fails_leaves_things_as_they_were(
    store: ObjectCache, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    other = CompiledCode("symbol", (), b"new")
    before = open_files()
    with monkeypatch.context() as patch:
        break_call(patch, call, code)
        store.save("kernel-add", other)
        store.save("kernel-new", other)
    if call != "unlink":
        assert names(store) == ["kernel-add.bin"] or call == "mkdir"
        assert store.load("kernel-add") in (CODE, other)
    assert open_files() == before
    store.save("kernel-new", other)
    assert store.load("kernel-new") == other


def break_call(patch: pytest.MonkeyPatch, call: str, code: int) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(code, os.strerror(code))

    real = os.fdopen

    def open_broken(handle: int, *args: Any, **how: Any) -> Any:
        file = real(handle, *args, **how)
        if call == "write":
            file.close()
            fail()
        return Closing(file)

    class Closing:
        """A file whose last bytes do not fit."""

        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self.file

        def __exit__(self, *_: object) -> None:
            self.file.close()
            fail()

    match call:
        case "mkdir":
            patch.setattr(os, "mkdir", fail)
        case "open":
            patch.setattr(tempfile, "mkstemp", fail)
        case "fdopen" | "write" | "close":
            patch.setattr(os, "fdopen", open_broken)
        case "replace":
            patch.setattr(os, "replace", fail)
        case "unlink":
            patch.setattr(os, "replace", fail)
            patch.setattr(os, "unlink", fail)


KILLED = """
import os, signal, sys
from dslc.runtime.cache import CompiledCode, ObjectCache
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
ObjectCache(("a build",)).save("kernel-add", CompiledCode("symbol", (), b"new"))
"""


def test_a_killed_writer_leaves_the_old_entry_and_nothing_for_ever(store: ObjectCache) -> None:
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT).returncode == -signal.SIGKILL
    assert store.load("kernel-add") == CODE
    left = sorted(folder_of(store).glob("*.tmp"))
    assert len(left) == 2
    store.save("kernel-new", CODE)
    assert sorted(folder_of(store).glob("*.tmp")) == left, "somebody may still be writing these"
    for path in left:
        os.utime(path, (time.time() - 7200,) * 2)
    store.save("kernel-new", CODE)
    assert names(store) == ["kernel-add.bin", "kernel-new.bin"]


# --- processes --------------------------------------------------------------------------------

EVALUATE = """
import hashlib, json, sys
from dslc.runtime import engine, jit
import dslc, numpy as np
compile, compiled = jit._compile, []
jit._compile = lambda *what: compiled.append(1) or compile(*what)
strategy = dslc.compile(json.loads(sys.argv[1]))
matrix = np.random.default_rng(1).uniform(90, 110, (5, 700))
matrix[1], matrix[2] = matrix[:4].max(axis=0), matrix[:4].min(axis=0)
kept = engine.run(strategy._prepare((*strategy.inputs, *strategy.conditions)).plan, matrix)
bits = kept.numbers.tobytes() + kept.masks.tobytes() + kept.integers.tobytes()
print(hashlib.sha256(bits).hexdigest(), len(compiled), "numba" in sys.modules)
"""
FULL = (ROOT / "examples" / "full-house.json").read_text(encoding="utf-8")
SMALL = """{"configuration": {"timeframe": "1H"}, "inputs": {"x": "open + close"},
"conditions": {"c": "x > 200"}, "score": {"c": 1}, "decision": {"entry": "c"}}"""
OTHER = """{"configuration": {"timeframe": "1H"},
"inputs": {"x": "open * close - ema(low, 5)", "y": "sma(x, 7)"},
"conditions": {"c": "x >= y"}, "score": {"c": 1}, "decision": {"entry": "NOT c"}}"""


def start(document: str, cache: Path | str | None, *, env: dict[str, str] | None = None, **how: Any) -> Any:
    """A process that evaluates a document, with every warning shown."""
    around = {k: v for k, v in os.environ.items() if k not in ("DSLC_CACHE_DIR", "NUMBA_DISABLE_JIT")}
    around |= {"PYTHONWARNINGS": "default", "PYTHONDONTWRITEBYTECODE": "1"} | (env or {})
    if cache is not None:
        around["DSLC_CACHE_DIR"] = str(cache)
    command = [sys.executable, "-c", EVALUATE, document]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **{"cwd": ROOT, "env": around, **pipes, **how})


def finish(process: Any) -> tuple[str, int]:
    """The hash of the results, and how many functions were compiled; no word about anything."""
    try:
        out, err = process.communicate(timeout=1800 if DEEP else 200)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    bits, compiled, loaded = out.split()
    assert loaded == str(compiled != "0"), "numba is loaded where something is compiled, and only there"
    return bits, int(compiled)


def evaluate(document: str, cache: Path | str | None, **how: Any) -> tuple[str, int]:
    return finish(start(document, cache, **how))


@pytest.fixture(scope="module")
def wanted() -> dict[str, str]:
    """The results of plain Python, which has nothing to do with any cache."""
    return {
        document: evaluate(document, "/dev/null/nowhere", env={"NUMBA_DISABLE_JIT": "1"})[0]
        for document in (FULL, SMALL, OTHER)
    }


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, str]) -> Path:
    """A cache with the entries of the full house, by one process from nothing."""
    cache = tmp_path_factory.mktemp("cache") / "cold"
    bits, compiled = evaluate(FULL, cache)
    assert bits == wanted[FULL]
    assert compiled == len(list(cache.rglob("*.bin"))) > 10
    return cache


def copy_of(warm: Path, tmp_path: Path) -> tuple[Path, list[Path]]:
    """A copy of the warm cache, and its entries."""
    shutil.copytree(warm, tmp_path / "copy")
    return tmp_path / "copy", sorted((tmp_path / "copy").rglob("*.bin"))


def test_processes_that_start_cold_at_once_share_one_cache(tmp_path: Path, wanted: dict[str, str]) -> None:
    document = FULL if DEEP else SMALL
    processes = [start(document, tmp_path) for _ in range(PROCESSES)]
    for bits, compiled in map(finish, processes):
        assert bits == wanted[document]
        assert compiled > 0
    assert evaluate(document, tmp_path) == (wanted[document], 0)
    assert not list(tmp_path.rglob("*.tmp"))
    assert len(list((tmp_path / "dslc").iterdir())) == 1


LATER = """
import numba, numpy as np
@numba.njit
def total(n):
    if n > 5:
        raise ValueError("too large")
    return np.ones(n).sum()
assert total(3) == 3.0
try:
    total(9)
except ValueError as error:
    assert str(error) == "too large"
else:
    raise AssertionError
"""


def test_numba_is_itself_after_kernels_were_linked_without_it(warm: Path) -> None:
    """What stands in for parts of it gives way once it is loaded."""
    code = f"{EVALUATE}\nassert 'numba' not in sys.modules\n{LATER}"
    around = os.environ | {"DSLC_CACHE_DIR": str(warm)}
    done = subprocess.run([sys.executable, "-c", code, FULL], env=around, cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("seed", range(8 if DEEP else 1))
def test_damaged_entries_are_compiled_again(
    warm: Path, tmp_path: Path, wanted: dict[str, str], seed: int
) -> None:
    """Half of them, so that old code and new code meet in one process."""
    rng = random.Random(seed)
    copy, entries = copy_of(warm, tmp_path)
    contents = {path: path.read_bytes() for path in entries}
    damaged = rng.sample(entries, len(entries) // 2) if seed % 2 == 0 else entries
    for i, path in enumerate(damaged):
        if i % 3 == 0:
            ACCIDENTS[rng.randrange(len(ACCIDENTS))](path)
        elif i % 3 == 1:
            path.write_bytes(damage(contents[path], rng))
        else:
            path.write_bytes(contents[rng.choice([other for other in entries if other != path])])
    assert evaluate(FULL, copy) == (wanted[FULL], len(damaged))
    assert evaluate(FULL, copy) == (wanted[FULL], 0)


def test_what_different_processes_compiled_works_together(tmp_path: Path, wanted: dict[str, str]) -> None:
    """Each numbers its functions from 1, in the order of its own strategy."""
    small, other = evaluate(SMALL, tmp_path), evaluate(OTHER, tmp_path)
    assert small[0] == wanted[SMALL]
    assert other[0] == wanted[OTHER]
    assert small[1] > 0 < other[1]
    both = SMALL.replace(
        '"x": "open + close"', '"x": "open + close", "y": "sma(open * close - ema(low, 5), 7)"'
    )
    assert evaluate(both, tmp_path)[0] == evaluate(both, "/dev/null", env={"NUMBA_DISABLE_JIT": "1"})[0]
    assert evaluate(OTHER, tmp_path) == (wanted[OTHER], 0)
    assert evaluate(SMALL, tmp_path) == (wanted[SMALL], 0)


def test_two_builds_share_one_cache(tmp_path: Path, wanted: dict[str, str]) -> None:
    """Another build, in which `+` is `-`, with the same cache."""
    package = tmp_path / "dslc"
    for name in ("compiler", "grammar", "runtime", "schemas"):
        shutil.copytree(ROOT / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (ROOT / "dsl").glob("*.py"):
        shutil.copy(path, package)
    source = package / "runtime" / "kernels" / "pointwise.py"
    changed = source.read_text().replace("return a + b\n", "return a - b\n")
    source.write_text(changed)
    other = {"cwd": tmp_path, "env": {"PYTHONPATH": str(tmp_path)}}
    cache = tmp_path / "cache"
    assert evaluate(SMALL, cache)[0] == wanted[SMALL]
    assert evaluate(SMALL, cache, **other)[0] != wanted[SMALL]
    assert evaluate(SMALL, cache) == (wanted[SMALL], 0)
    assert len(list((cache / "dslc").iterdir())) == 2


def limit_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_a_disk_that_is_full_is_no_cache(tmp_path: Path, wanted: dict[str, str]) -> None:
    bits, compiled = evaluate(SMALL, tmp_path, preexec_fn=limit_files)
    assert bits == wanted[SMALL]
    assert compiled > 0
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def obey_permissions() -> None:
    """Permissions hold for root, too, if it gives up the capabilities to override them."""
    import ctypes

    drop_from_bounding_set, override, read_search = 24, 1, 2
    for capability in (override, read_search):
        ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


@pytest.fixture
def obedient(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """How to start a process that permissions hold for."""
    how: dict[str, Any] = {"preexec_fn": obey_permissions} if os.geteuid() == 0 else {}
    (tmp_path / "secret").touch(mode=0)
    probe = [sys.executable, "-c", f"open({str(tmp_path / 'secret')!r})"]
    if subprocess.run(probe, capture_output=True, **how).returncode == 0:
        pytest.skip("nothing is forbidden to this user, whatever it gives up")
    yield how
    for folder in (tmp_path, *tmp_path.rglob("*")):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o700)


def test_a_home_that_cannot_be_written_to_is_no_cache(
    obedient: dict[str, Any], tmp_path: Path, wanted: dict[str, str]
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    bits, compiled = evaluate(SMALL, None, env={"HOME": str(home), "XDG_CACHE_HOME": ""}, **obedient)
    assert bits == wanted[SMALL]
    assert compiled > 0
    assert not list(home.iterdir())


def test_a_home_that_does_not_exist_is_not_made(tmp_path: Path, wanted: dict[str, str]) -> None:
    home = tmp_path / "nonexistent"
    bits, compiled = evaluate(SMALL, None, env={"HOME": str(home), "XDG_CACHE_HOME": ""})
    assert bits == wanted[SMALL]
    assert compiled > 0
    assert not home.exists()


def test_a_cache_that_can_only_be_read_is_read(
    obedient: dict[str, Any], warm: Path, tmp_path: Path, wanted: dict[str, str]
) -> None:
    """Entries that cannot even be read are compiled, and replaced as soon as that is possible."""
    copy, entries = copy_of(warm, tmp_path)
    folders = [copy, *(path for path in copy.rglob("*") if path.is_dir())]
    for path in entries:
        path.chmod(0o400)
    for path in entries[:3]:
        path.chmod(0o000)
    for path in folders:
        path.chmod(0o500)
    assert evaluate(FULL, copy, **obedient) == (wanted[FULL], 3)
    assert evaluate(FULL, copy, **obedient) == (wanted[FULL], 3)
    for path in folders:
        path.chmod(0o700)
    assert evaluate(FULL, copy, **obedient) == (wanted[FULL], 3)
    assert evaluate(FULL, copy, **obedient) == (wanted[FULL], 0)


# --- machine code -----------------------------------------------------------------------------

ENTRIES = sorted(
    (name, lanes) for name, kernel in kernels().items() for lanes in ((1, LANES) if kernel.step else (1,))
)


@pytest.fixture(scope="module")
def compiled() -> dict[str, tuple[Any, list[Any]]]:
    """Every entry compiled afresh, with all functions that went into it."""
    from numba.core.dispatcher import Dispatcher

    found: dict[str, tuple[Any, list[Any]]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jit, "_object_cache", lambda: ObjectCache(()))
        patch.setenv("DSLC_CACHE_DIR", "/dev/null/nowhere")
        made: list[Any] = []
        real, init = jit._compile, Dispatcher.__init__

        def keep(function: Any, signature: Any) -> Any:
            made.append(real(function, signature))
            return made[-1]

        def remember(self: Any, *args: Any, **how: Any) -> None:
            init(self, *args, **how)
            functions.append(self)

        functions: list[Any] = []
        patch.setattr(jit, "_compile", keep)
        patch.setattr(Dispatcher, "__init__", remember)
        jit._numba_tools.cache_clear()
        for name, lanes in ENTRIES:
            jit.address.__wrapped__(name, lanes)
            found[f"kernel-{name}-{lanes}"] = made[-1], functions
        jit.drive.__wrapped__()
        found["drive"] = made[-1], functions
        jit._numba_tools.cache_clear()
    return found


def test_every_function_is_compiled_with_options_that_keep_the_bits(
    compiled: dict[str, tuple[Any, list[Any]]],
) -> None:
    _, functions = compiled["drive"]
    ours = [function for function in functions if function.py_func.__module__.startswith("dslc.")]
    assert len(ours) > len(ENTRIES)
    steps = [function._compiler for function, _ in compiled.values()]
    for function in (*ours, *steps):
        options = function.targetoptions
        assert not options.get("fastmath"), function
        assert options.get("error_model") == "numpy", function
        assert not options.get("parallel"), function


FLOAT = re.compile(
    r"= (?:tail |musttail |notail )?(fadd|fsub|fmul|fdiv|frem|fneg|fcmp|select|phi|call) ([^\n]*)"
)
FLAGS = {"fast", "contract", "reassoc", "nnan", "ninf", "nsz", "arcp", "afn"}


def flags_in(code: str) -> set[str]:
    """The liberties that LLVM is given, of all floating-point operations in its text."""
    found: set[str] = set()
    for operation in FLOAT.finditer(code):
        for word in operation[2].split():
            if word not in FLAGS:
                break
            found.add(word)
    return found


def test_flags_are_found_where_there_are_some() -> None:
    from numba import cfunc, float64

    def total(a: float, b: float) -> float:
        return a * b + a

    loose = cfunc(float64(float64, float64), fastmath=True)(total)
    assert flags_in(loose._library.get_llvm_str())
    assert flags_in(" %.1 = fadd contract double %.2, %.3") == {"contract"}
    assert flags_in(" %.1 = tail call nnan double @llvm.sqrt(double %x)") == {"nnan"}


def test_no_float_operation_may_be_rearranged(compiled: dict[str, tuple[Any, list[Any]]]) -> None:
    seen = 0
    for entry, (function, _) in compiled.items():
        code = function._library.get_llvm_str()
        seen += len(FLOAT.findall(code))
        assert not flags_in(code), entry
        assert "llvm.fmuladd" not in code, entry
        assert '"unsafe-fp-math"="true"' not in code, entry
    assert seen > 100


def test_no_two_entries_share_the_name_of_a_function(compiled: dict[str, tuple[Any, list[Any]]]) -> None:
    """Numbers that numba gives out differ from process to process, so they do not count."""
    owner: dict[str, str] = {}
    for entry, (function, _) in compiled.items():
        defined = [f.name for f in function._library._final_module.functions if not f.is_declaration]
        assert defined
        for name in defined:
            plain = re.sub(r"B\d+v\d+", "", name)
            assert owner.setdefault(plain, entry) == entry, name


# --- memory -----------------------------------------------------------------------------------

MANY = """
import gc, random, sys
import dslc
from dslc.compiler import repeats
from dslc.grammar import parser
from dslc.runtime import jit
from tests import programs

repeats._KEPT = 300  # what is remembered of expressions is full by the middle
for n in range(parser._KEPT):
    parser._parse_short(f"max(close, {n}) - min(open, {n}) > {n}")

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

count = int(sys.argv[1])
compile, compiled = jit._compile, []
jit._compile = lambda *what: compiled.append(1) or compile(*what)
rng = random.Random(1)
bars = dslc.Bars(programs.bars(rng, 300))
hashes = set()
for i in range(count):
    if i == count // 2:
        middle, before = resident(), len(compiled)
    strategy = dslc.compile(programs.strategy(rng, size=4))
    hashes.add(strategy.hash)
    strategy.evaluate(bars)
print(resident() - middle, before, len(compiled), len(hashes))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is read from /proc")
def test_memory_stays_flat_over_many_strategies_and_nothing_is_compiled_for_one(warm: Path) -> None:
    count = 20_000 if DEEP else 1500
    done = subprocess.run(
        [sys.executable, "-c", MANY, str(count)],
        cwd=ROOT,
        env={**os.environ, "DSLC_CACHE_DIR": str(warm)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    grown, before, compiled, distinct = map(int, done.stdout.split())
    assert distinct > 0.95 * count
    assert compiled <= len(ENTRIES) + 1
    assert compiled - before <= 3, "rare kernels may come late"
    assert grown < 4 * 2**20
