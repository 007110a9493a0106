"""Says which engine this is: what the bits of a result may depend on besides the strategy and the bars.

That is the sources of the runtime and the compiler, the versions of Python, numpy, numba and llvmlite,
the machine, and the indicators that users have registered. Nothing is loaded for it but their descriptions,
so it costs a few milliseconds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
import hashlib
from importlib.metadata import PackageNotFoundError, version
import json
from pathlib import Path
import platform
import sys

from .registry import depends_on_functions, registered

_ROOMS = ("compiler", "runtime")
_CPU_FILE = Path("/proc/cpuinfo")
_CPU_KEYS = ("model name", "Processor", "cpu model")


@dataclass(frozen=True, slots=True)
class Engine:
    """Versions of what takes part in a run, SHA-256 of the sources, the machine, and users' indicators."""

    dslc: str
    sources: str
    python: str
    numpy: str
    numba: str
    llvmlite: str
    machine: str
    cpu: str
    indicators: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, 64 hexadecimal digits."""
        text = json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


@cache
def engine() -> Engine:
    """The engine of this process.

    >>> len(engine().sources), engine().numpy.count(".") >= 1
    (64, True)
    """
    return Engine(
        dslc=_version("dslc"),
        sources=_sources(),
        python=platform.python_version(),
        numpy=_version("numpy"),
        numba=_version("numba"),
        llvmlite=_version("llvmlite"),
        machine=f"{sys.platform} {platform.machine()}",
        cpu=_cpu(),
        indicators=" ".join(f"{name}:{digest}" for name, digest in registered().items()),
    )


depends_on_functions(engine.cache_clear)


def engine_digest() -> str:
    """SHA-256 of the engine of this process, 64 hexadecimal digits.

    >>> engine_digest() == engine().digest
    True
    """
    return engine().digest


def _version(package: str) -> str:
    try:
        return str(version(package))
    except PackageNotFoundError:  # a checkout alone has none but its sources
        return ""


def _sources() -> str:
    """SHA-256 of the sources that decide on bits; "" where they cannot be read."""
    digest = hashlib.sha256()
    root = Path(__file__).parent.parent
    try:
        for room in _ROOMS:
            for path in sorted((root / room).rglob("*.py")):
                name = path.relative_to(root).as_posix().encode()
                digest.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    except OSError:
        return ""
    return digest.hexdigest()


def _cpu() -> str:
    """The name of the processor as the system gives it."""
    try:
        lines = _CPU_FILE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in _CPU_KEYS:
            return value.strip()
    return platform.processor()
