"""What a verification has found, as data: what was evaluated, by what, with which bits, and what was tried.

A certificate can be written to a file and be read again (`certificate_file.py`); `Strategy.replay` then
evaluates once more and compares the bits. All of it but `made` depends on strategy, bars, seed and engine
only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import Check
    from .trial import Flaw

KEY, VERSION = "dslc certificate", 1
"""What a file that holds a certificate begins with."""

Extent = tuple[float, int]


class CertificateError(ValueError):
    """A certificate that cannot be read, or that is of another strategy or of other bars."""


@dataclass(frozen=True)
class OfStrategy:
    """The strategy: name, timeframe, hash, and the first candle on which every condition is defined."""

    name: str | None
    timeframe: str
    sha256: str
    warmup: int


@dataclass(frozen=True)
class OfBars:
    """The candles that were evaluated: digest, number, when the first and the last opened, notes on them."""

    sha256: str
    candles: int
    first: str | None
    last: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class NodeRecord:
    """A node of the graph: its text, what it belongs to, and by form the digests of it and of its blocks.

    Of a digest the first 32 hexadecimal digits are of the whole history, then come 8 a block.
    """

    text: str
    of: str
    digests: Mapping[str, str]


@dataclass(frozen=True)
class Made:
    """When a certificate was made (UTC) and how many seconds it took: the part that differs each time."""

    at: str
    seconds: float


@dataclass(frozen=True)
class Certificate:
    """What `Strategy.verify` has found.

    `extents` are the candles that each input, condition and the decision read, relative to their own, and
    `results` the SHA-256 of their values; both by `inputs.NAME`, `conditions.NAME` and `entry`, and results
    also `score`, `score_low`, `score_high`. `checks` are what was tried, in order; `ok` says whether all of
    them passed. `nodes` are all nodes of the graph in an order of evaluation, with digests of `block`
    candles each. `engine` is what it ran on, and `engine_sha256` the digest of that.

    `str` of it is the text that `dslc verify` prints.
    """

    strategy: OfStrategy
    bars: OfBars
    engine: Mapping[str, str]
    engine_sha256: str
    extents: Mapping[str, Extent]
    results: Mapping[str, str]
    seed: int
    thorough: bool
    checks: tuple[Check, ...]
    block: int
    nodes: tuple[NodeRecord, ...]
    made: Made

    @property
    def ok(self) -> bool:
        """Whether every check has passed."""
        return self.flaw is None

    @property
    def flaw(self) -> Flaw | None:
        """The first flaw that was found, None where there is none."""
        return next((check.flaw for check in self.checks if check.flaw is not None), None)

    def __str__(self) -> str:
        from .certified import as_text

        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """The certificate as data that JSON can hold, under `dslc certificate` the version of its form.

        The left end of an extent is None where it reads all candles before.
        """
        return {
            KEY: VERSION,
            "ok": self.ok,
            "strategy": asdict(self.strategy),
            "bars": {**asdict(self.bars), "notes": list(self.bars.notes)},
            "engine": {**self.engine, "sha256": self.engine_sha256},
            "extents": {name: _extent(extent) for name, extent in self.extents.items()},
            "results": dict(self.results),
            "seed": self.seed,
            "thorough": self.thorough,
            "checks": [asdict(check) for check in self.checks],
            "block": self.block,
            "nodes": self._nodes(),
            "made": asdict(self.made),
        }

    def to_json(self) -> str:
        """The certificate as the text of a file."""
        data = self.to_dict()
        nodes, made = data.pop("nodes"), data.pop("made")
        lines = ",\n".join(f"    {_dumped(of)}: {_listed(those)}" for of, those in nodes.items())
        head = _dumped(data, indent=2).removesuffix("\n}")
        return f'{head},\n  "nodes": {{\n{lines}\n  }},\n  "made": {_dumped(made)}\n}}\n'

    def _nodes(self) -> dict[str, list[dict[str, Any]]]:
        """The nodes by what they belong to, which are in the same order."""
        found: dict[str, list[dict[str, Any]]] = {}
        for node in self.nodes:
            found.setdefault(node.of, []).append({"text": node.text, "digests": dict(node.digests)})
        return found


def _listed(nodes: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(f"      {_dumped(node)}" for node in nodes) + "\n    ]"


def _dumped(data: Any, indent: int | None = None) -> str:
    return json.dumps(data, indent=indent, ensure_ascii=True, allow_nan=False)


def _extent(extent: Extent) -> list[int | None]:
    left, right = extent
    return [None if left == float("-inf") else int(left), right]
