"""Compares the bits of a certificate with those that this engine gives, and says what differs first.

The strategy is evaluated once more, every node of its graph is digested, and the digests are compared in
an order of evaluation: what differs first is where the difference comes from. Only strategy and bars have
to be the same; that the engine may be another one is the point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..candle import moment
from ..grammar.diagnostics import Finding, Message
from ..grammar.words import some
from ..prepared import form_name
from ..result import Evaluation
from ..runtime.fingerprint import engine
from .certificate import Certificate, CertificateError, NodeRecord
from .digests import digest, first_block, node_digests
from .places import Place, places
from .trial import of_evaluation

if TYPE_CHECKING:
    from ..strategy import Strategy

_ANY = Message("", "error", "", None)


@dataclass(frozen=True)
class Difference:
    """What differs first: a form of a node, or a result (`node` is None then).

    `name` is the result, or what the node belongs to; `line` and `column` are where that stands in the
    document, None where it is not known. `rows` are the first candle and the last one of the block in which
    it differs first, None for a result; `moments` when they opened.
    """

    name: str
    node: str | None
    form: str | None
    line: int | None
    column: int | None
    rows: tuple[int, int] | None
    moments: tuple[str, str] | None


@dataclass(frozen=True)
class Replay:
    """Whether this engine gives the bits of a certificate, and what differs first where not.

    `engine` holds what has changed since: name, then, now; it may differ while the bits are the same.
    `same_nodes` is False where this compiler makes other nodes of the strategy, so that only results could
    be compared.
    """

    certificate: Certificate
    difference: Difference | None
    engine: Mapping[str, tuple[str, str]]
    same_nodes: bool

    @property
    def same(self) -> bool:
        """Whether all bits are the same."""
        return self.difference is None

    def __str__(self) -> str:
        from .certified import replay_as_text

        return replay_as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """The outcome as data that JSON can hold."""
        found = None if self.difference is None else asdict(self.difference)
        return {
            "same": self.same,
            "difference": found,
            "engine": {name: list(pair) for name, pair in self.engine.items()},
            "same_nodes": self.same_nodes,
        }


def check_strategy(certificate: Certificate, strategy: Strategy) -> None:
    """Raise CertificateError unless the certificate is of this strategy."""
    then = certificate.strategy
    if then.sha256 == strategy.hash:
        return
    timeframes = "" if then.timeframe == strategy.timeframe else f"; its timeframe is {then.timeframe}"
    raise CertificateError(
        f"the certificate is of another strategy, of the hash {then.sha256}; "
        f"the hash of this one is {strategy.hash}{timeframes}"
    )


def _check_bars(certificate: Certificate, evaluation: Evaluation) -> None:
    then, bars = certificate.bars, evaluation.bars
    if (then.sha256, then.candles) == (bars.digest, len(bars)):
        return
    raise CertificateError(
        f"the certificate is of other bars: {some(then.candles, 'candle')} of the digest {then.sha256}; "
        f"these are {some(len(bars), 'candle')} of the digest {bars.digest}"
    )


def replay(certificate: Certificate, evaluation: Evaluation) -> Replay:
    """What of a certificate the same evaluation gives otherwise; see `Strategy.replay`."""
    check_strategy(certificate, evaluation.strategy)
    _check_bars(certificate, evaluation)
    found = places(evaluation.strategy._checked)
    same_nodes = _shape(certificate.nodes) == [
        (place.text, str(place.owner), _forms(place)) for place in found
    ]
    if not same_nodes and certificate.engine_sha256 == engine().digest:
        raise CertificateError("the certificate is damaged: its nodes are not those of the strategy")
    difference = None
    if same_nodes:
        difference = _node_difference(certificate, evaluation, found)
    if difference is None:
        difference = _result_difference(certificate, evaluation)
    return Replay(certificate, difference, _changed_engine(certificate), same_nodes)


def _node_difference(
    certificate: Certificate, evaluation: Evaluation, found: list[Place]
) -> Difference | None:
    """The first node, in an order of evaluation, whose digest is another one now."""
    checked, block = evaluation.strategy._checked, certificate.block
    digests = node_digests(checked, found, evaluation.bars, block)
    for place, record in zip(found, certificate.nodes, strict=True):
        for form in place.forms:
            now, then = digests[form_name(form)], record.digests[form[0]]
            if now != then:
                return _of_node(evaluation, place, form[0], first_block(then, now), block)
    return None


def _of_node(evaluation: Evaluation, place: Place, form: str, number: int | None, block: int) -> Difference:
    line, column = _position(evaluation.strategy, place)
    if number is None:
        return Difference(str(place.owner), place.text, form, line, column, None, None)
    first, last = number * block, min((number + 1) * block, len(evaluation)) - 1
    moments = moment(evaluation.bars, first), moment(evaluation.bars, last)
    return Difference(str(place.owner), place.text, form, line, column, (first, last), moments)


def _position(strategy: Strategy, place: Place) -> tuple[int | None, int | None]:
    """Line and column of a node in the document, or of what it belongs to."""
    document, owner = strategy._document, place.owner
    pointer = ("score",) if owner.section == "score" else (owner.section, owner.name)
    start, end = place.span or (None, None)
    span = document.span(Finding(_ANY, pointer, "value", start, end))
    return (None, None) if span is None else document.source.position(span[0])


def _result_difference(certificate: Certificate, evaluation: Evaluation) -> Difference | None:
    now = {name: digest(values) for name, values in of_evaluation(evaluation).items()}
    if now.keys() != certificate.results.keys():
        raise CertificateError("the certificate is damaged: its results are not those of the strategy")
    for name, found in now.items():
        if found != certificate.results[name]:
            return Difference(name, None, None, None, None, None, None)
    return None


def _changed_engine(certificate: Certificate) -> dict[str, tuple[str, str]]:
    now = asdict(engine())
    names = [*now, *(name for name in certificate.engine if name not in now)]
    pairs = {name: (certificate.engine.get(name, ""), now.get(name, "")) for name in names}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if not changed and certificate.engine_sha256 != engine().digest:
        return {"sha256": (certificate.engine_sha256, engine().digest)}
    return changed


def _shape(nodes: tuple[NodeRecord, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(node.text, node.of, tuple(node.digests)) for node in nodes]


def _forms(place: Place) -> tuple[str, ...]:
    return tuple(form for form, _ in place.forms)
