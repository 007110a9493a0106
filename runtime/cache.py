"""Keeps compiled kernels on disk, so that only the first run after an installation compiles.

One folder a build: its name is a hash of the package's kernels and adapters, the versions of
numba and llvmlite and the CPU, so a stale entry cannot be met. One file a kernel, with a
checksum over everything behind it and its own name in it: a truncated or foreign file is compiled
again, and writing is atomic, so any number of processes may start cold at once. Everything about
the cache may fail without harm: it is then as if there were none.

`DSLC_CACHE_DIR` says where it is; by default it is in the user's cache folder. Machine code is
only loaded from a folder that belongs to the user and that nobody else can write to.
"""

from __future__ import annotations

from collections.abc import Iterable
import contextlib
from dataclasses import dataclass
import hashlib
import json
import os
from pathlib import Path
import stat
import tempfile

_MAGIC = b"dslc1"
_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class CompiledCode:
    """A linkable object: the library's name, the symbol to call, machine code and bitcode."""

    library: str
    symbol: str
    code: bytes
    bitcode: bytes


class ObjectCache:
    """The compiled kernels of one build of the package on one kind of machine."""

    def __init__(self, build: Iterable[str]) -> None:
        self._folder = _folder(build)

    def load(self, name: str) -> CompiledCode | None:
        """The entry of a kernel, or None if it is missing, damaged or not to be trusted."""
        if self._folder is None or not _is_private(self._folder):
            return None
        try:
            handle = os.open(self._folder / f"{name}.bin", os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            with os.fdopen(handle, "rb") as file:
                if not _is_ours(os.fstat(file.fileno())):
                    return None
                raw = file.read()
        except OSError:
            return None
        return _decode(name, raw)

    def save(self, name: str, code: CompiledCode) -> None:
        """Write an entry; a failure leaves things as they were."""
        if self._folder is None:
            return
        temporary = None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
            with os.fdopen(handle, "wb") as file:
                file.write(_encode(name, code))
            os.replace(temporary, self._folder / f"{name}.bin")
        except OSError:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)


def _encode(name: str, code: CompiledCode) -> bytes:
    head = json.dumps([name, code.library, code.symbol, len(code.code)]).encode()
    body = len(head).to_bytes(4, "little") + head + code.code + code.bitcode
    return _MAGIC + hashlib.sha256(body).digest() + body


def _decode(name: str, raw: bytes) -> CompiledCode | None:
    body = raw[len(_MAGIC) + _DIGEST :]
    if not raw.startswith(_MAGIC + hashlib.sha256(body).digest()):
        return None
    end = 4 + int.from_bytes(body[:4], "little")
    written_for, library, symbol, length = json.loads(body[4:end])
    if written_for != name:
        return None
    return CompiledCode(library, symbol, body[end : end + length], body[end + length :])


def _folder(build: Iterable[str]) -> Path | None:
    root = _root()
    if root is None:
        return None
    digest = hashlib.sha256()
    for part in build:
        digest.update(part.encode() + b"\0")
    for source in _sources():
        digest.update(source.read_bytes())
    return root / "dslc" / digest.hexdigest()[:32]


def _root() -> Path | None:
    chosen = os.environ.get("DSLC_CACHE_DIR")
    if chosen:
        return Path(chosen)
    place = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if place.is_absolute():
        return place
    try:
        return Path.home() / ".cache"
    except RuntimeError:  # no home
        return None


def _sources() -> list[Path]:
    here = Path(__file__).parent
    code = [here / name for name in ("adapters.py", "jit.py", "registry.py")]
    return code + sorted((here / "kernels").glob("*.py"))


def _is_private(folder: Path) -> bool:
    try:
        return _is_ours(folder.stat())
    except OSError:
        return False


def _is_ours(found: os.stat_result) -> bool:
    """Whether a file or folder is the user's, and nobody else may write to it."""
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return False
    if os.name != "posix":
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
