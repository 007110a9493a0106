"""`dslc verify`: evaluates a strategy, checks on its bars what the compiler proved, writes a certificate.

With a certificate of before it is a replay: the same strategy on the same bars once more, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..files import STDIN, OutputError, check_output, write_atomically
from ..render import visible
from ..strategy import Strategy, StrategyError
from .checking import INVALID, UNREADABLE
from .sources import Failure, Sources, check_sources, evaluate, read_strategy
from .waiting import waiting

if TYPE_CHECKING:
    from ..proof.certificate import Certificate
    from ..proof.replay import Replay
    from ..result import Evaluation

SUFFIXES = (".json",)


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    sources: Sources
    out: Path | None
    replay: Path | None
    thorough: bool
    seed: int
    form: str


def verify_strategy(request: Request) -> int:
    """Verify or replay, print, write; returns the exit status."""
    try:
        check_sources(request.sources)
        return _verify(request) if request.replay is None else _replay(request, request.replay)
    except Failure as failure:
        return failure.report()
    except OutputError as error:
        return Failure(str(error), UNREADABLE).report()


def _verify(request: Request) -> int:
    sources, out = request.sources, request.out
    if out is not None:
        inputs = [sources.data] if sources.strategy == STDIN else [sources.data, Path(sources.strategy)]
        check_output(out, inputs, SUFFIXES)
    strategy = read_strategy(sources)
    found = _certificate(request, evaluate(sources, strategy))
    if out is not None:
        write_atomically(out, lambda path: _write(path, found))
    click.echo(
        found.to_json().rstrip("\n") if request.form == "json" else _named(request, strategy, str(found))
    )
    return 0 if found.ok else INVALID


def _replay(request: Request, path: Path) -> int:
    if request.out is not None:
        raise Failure("--out writes a certificate, and --replay reads one; leave out one of them", UNREADABLE)
    certificate = _read(path)
    strategy = read_strategy(request.sources)
    found = _replayed(path, certificate, request.sources, strategy)
    data = json.dumps(found.to_dict(), indent=2, ensure_ascii=True, allow_nan=False)
    click.echo(data if request.form == "json" else _named(request, strategy, str(found)))
    return 0 if found.same else INVALID


def _named(request: Request, strategy: Strategy, text: str) -> str:
    """A text that begins with the name of the strategy, or with that of its file."""
    return text if strategy.name else f"Strategy   {visible(Path(request.sources.strategy).stem)}\n{text}"


def _certificate(request: Request, evaluation: Evaluation) -> Certificate:
    from ..proof.checks import Effort
    from ..proof.verify import verify

    try:
        with waiting("verifying …"):
            return verify(evaluation, Effort(request.seed, request.thorough))
    except StrategyError as error:
        raise Failure(str(error), INVALID) from error


def _replayed(path: Path, certificate: Certificate, sources: Sources, strategy: Strategy) -> Replay:
    from ..proof.certificate import CertificateError
    from ..proof.replay import check_strategy, replay

    try:
        check_strategy(certificate, strategy)
        evaluation = evaluate(sources, strategy)
        with waiting("comparing …"):
            return replay(certificate, evaluation)
    except CertificateError as error:
        raise Failure(f"{path}: {error}", UNREADABLE) from error
    except StrategyError as error:
        raise Failure(str(error), INVALID) from error


def _read(path: Path) -> Certificate:
    from ..proof.certificate import CertificateError
    from ..proof.certificate_file import LARGEST, read_certificate

    try:
        with path.open("rb") as file:
            return read_certificate(file.read(LARGEST + 1))
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}", UNREADABLE) from error
    except CertificateError as error:
        raise Failure(f"{path}: {error}", UNREADABLE) from error


def _write(path: Path, found: Certificate) -> None:
    path.write_text(found.to_json(), encoding="ascii", newline="\n")
