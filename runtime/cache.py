"""Keeps compiled kernels on disk, so that only the first run after an installation compiles.

One folder a build: its name is a hash of the package's version and runtime, of Python, numba and
llvmlite and of the CPU, so a stale entry cannot be met. One file a kernel, with a checksum over
everything behind it and its own name in it: a truncated or foreign file is compiled again, and
writing is atomic, so any number of processes may start cold at once. Nothing is flushed to the
disk for good, because the checksum finds what a power cut has left. Everything about the cache may
fail without harm: it is then as if there were none.

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
import sys
import tempfile
import time

_MAGIC = b"dslc1"
_DIGEST = hashlib.sha256().digest_size
_LARGEST = 16 * 2**20  # bytes of an entry; a kernel has some ten thousand
_ABANDONED = 3600.0  # seconds after which a half-written entry has no writer any more
# A link, or a file that would block, is no entry.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class CompiledCode:
    """A linkable object: the symbol to call, those that it needs of others, and the machine code."""

    symbol: str
    needs: tuple[str, ...]
    code: bytes


class ObjectCache:
    """The compiled kernels of one build of the package on one kind of machine."""

    def __init__(self, build: Iterable[str]) -> None:
        self._folder = _folder(build)

    def load(self, name: str) -> CompiledCode | None:
        """The entry of a kernel, or None if it is missing, damaged or not to be trusted."""
        if self._folder is None:
            return None
        try:
            raw = _read(self._folder / f"{name}.bin") if _is_ours(self._folder.stat()) else None
        except OSError:
            return None
        return None if raw is None else _decode(name, raw)

    def save(self, name: str, code: CompiledCode) -> None:
        """Write an entry; a failure leaves things as they were."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_abandoned(self._folder)
            _write(self._folder / f"{name}.bin", _encode(name, code))


def _read(path: Path) -> bytes | None:
    handle = os.open(path, _READ)
    try:
        found = os.fstat(handle)
        if not (stat.S_ISREG(found.st_mode) and _is_ours(found) and found.st_size <= _LARGEST):
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def _write(path: Path, raw: bytes) -> None:
    """Write a file in one go, for whoever reads it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _remove_abandoned(folder: Path) -> None:
    """Delete what processes that were killed while writing have left."""
    for path in folder.glob("*.tmp"):
        with contextlib.suppress(OSError):
            if path.lstat().st_mtime < time.time() - _ABANDONED:
                path.unlink()


def _encode(name: str, code: CompiledCode) -> bytes:
    head = json.dumps([name, code.symbol, code.needs]).encode()
    body = len(head).to_bytes(4, "little") + head + code.code
    return _MAGIC + hashlib.sha256(body).digest() + body


def _decode(name: str, raw: bytes) -> CompiledCode | None:
    body = raw[len(_MAGIC) + _DIGEST :]
    if not raw.startswith(_MAGIC + hashlib.sha256(body).digest()):
        return None
    end = 4 + int.from_bytes(body[:4], "little")
    try:
        written_for, symbol, needs = json.loads(body[4:end])
    except ValueError:
        return None
    return CompiledCode(symbol, tuple(needs), body[end:]) if written_for == name else None


def _folder(build: Iterable[str]) -> Path | None:
    """Where the entries of this build belong, or None if there is no place for them."""
    digest = hashlib.sha256()
    for part in (_version(), sys.platform, str(sys.implementation.cache_tag), *build):
        digest.update(part.encode() + b"\0")
    try:
        for source in sorted(Path(__file__).parent.rglob("*.py")):
            digest.update(hashlib.sha256(source.read_bytes()).digest())
        root = _root()
    except OSError:
        return None
    return None if root is None else root / "dslc" / digest.hexdigest()[:32]


def _version() -> str:
    """The version of the package as it was installed; a checkout alone has none but its sources."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return str(version("dslc"))
    except PackageNotFoundError:
        return ""


def _root() -> Path | None:
    """The folder that the user chose, or the usual one in a home that exists."""
    chosen = os.environ.get("DSLC_CACHE_DIR")
    if chosen:
        return Path(chosen).absolute()
    place = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if place.is_absolute():
        return place
    try:
        home = Path.home()
    except RuntimeError:  # no home
        return None
    return home / ".cache" if home.is_absolute() and home.is_dir() else None


def _is_ours(found: os.stat_result) -> bool:
    """Whether a file or folder is the user's, and nobody else may write to it."""
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return False
    if os.name != "posix":
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
