"""Keeps compiled kernels on disk, so that only the first run after an installation compiles.

One folder a build: its name is a hash of the package's kernels and adapters, the versions of
numba and llvmlite and the CPU, so a stale entry cannot be met. One file a kernel, with a
checksum over everything behind it: a truncated or foreign file is compiled again, and writing
is atomic, so any number of processes may start cold at once. Everything about the cache may
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
        if self._folder is None:
            return None
        try:
            raw = (self._folder / f"{name}.bin").read_bytes()
        except OSError:
            return None
        return _decode(raw) if _is_private(self._folder) else None

    def save(self, name: str, code: CompiledCode) -> None:
        """Write an entry; a failure leaves things as they were."""
        if self._folder is None:
            return
        temporary = None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
            with os.fdopen(handle, "wb") as file:
                file.write(_encode(code))
            os.replace(temporary, self._folder / f"{name}.bin")
        except OSError:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)


def _encode(code: CompiledCode) -> bytes:
    head = json.dumps([code.library, code.symbol, len(code.code)]).encode()
    body = len(head).to_bytes(4, "little") + head + code.code + code.bitcode
    return _MAGIC + hashlib.sha256(body).digest() + body


def _decode(raw: bytes) -> CompiledCode | None:
    body = raw[len(_MAGIC) + _DIGEST :]
    if not raw.startswith(_MAGIC + hashlib.sha256(body).digest()):
        return None
    end = 4 + int.from_bytes(body[:4], "little")
    library, symbol, length = json.loads(body[4:end])
    return CompiledCode(library, symbol, body[end : end + length], body[end + length :])


def _folder(build: Iterable[str]) -> Path | None:
    try:
        place = os.environ.get("DSLC_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
        root = Path(place) if place else Path.home() / ".cache"
    except RuntimeError:  # no home
        return None
    digest = hashlib.sha256()
    for part in build:
        digest.update(part.encode() + b"\0")
    for source in _sources():
        digest.update(source.read_bytes())
    return root / "dslc" / digest.hexdigest()[:32]


def _sources() -> list[Path]:
    here = Path(__file__).parent
    return [here / "jit.py", here / "registry.py", *sorted((here / "kernels").glob("*.py"))]


def _is_private(folder: Path) -> bool:
    if os.name != "posix":
        return True
    try:
        found = folder.stat()
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
