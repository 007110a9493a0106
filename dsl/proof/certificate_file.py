"""Reads a certificate from bytes that may be anything: a certificate, or a CertificateError.

1. The size is bounded, then the text is parsed as strict JSON: UTF-8, no key twice, no NaN.
2. The version is looked at first; of another one nothing else is.
3. Every member is asked for by its name and type, none may be missing or more, and texts and lists are
   as long as the rest says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import json
import re
from typing import Any, Never

from ..grammar.words import LIMITS, clipped, quoted
from .certificate import KEY, VERSION, Certificate, CertificateError, Made, NodeRecord, OfBars, OfStrategy
from .checks import Check
from .digests import BLOCK, WHOLE
from .trial import Flaw

LARGEST = 2**20
"""Bytes of a certificate."""

_HEX = re.compile(r"[0-9a-f]*")
_FORMS = ("number", "holds", "fails", "low", "high", "sum")
_SHA = 64
_MOST = 1 << 40  # candles, cases
_MOST_NAMED = 2 * LIMITS.entries + 8
_FLAW = ("check", "case", "moment", "name", "expected", "found")


def read_certificate(raw: bytes) -> Certificate:
    """The certificate in the bytes of a file; CertificateError says what is wrong with them.

    >>> read_certificate(b'{"dslc certificate": 2}')
    Traceback (most recent call last):
        ...
    dslc.proof.certificate.CertificateError: it has version 2; this dslc reads version 1
    """
    if len(raw) > LARGEST:
        raise CertificateError(f"it has more than {LARGEST:,} bytes, as no certificate has")
    data = _parsed(raw)
    if not isinstance(data, dict) or KEY not in data:
        raise CertificateError(f"it is no certificate: {quoted(KEY)} is missing")
    if type(data[KEY]) is not int or data[KEY] != VERSION:
        found = clipped(json.dumps(data[KEY]), 40)
        raise CertificateError(f"it has version {found}; this dslc reads version {VERSION}")
    return _certificate(_Object(data, "the certificate"))


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant)
    except UnicodeDecodeError:
        raise CertificateError("it is not UTF-8 text") from None
    except RecursionError:
        raise CertificateError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise CertificateError(f"it is no JSON: {error.msg} in line {error.lineno}") from None
    except CertificateError:
        raise
    except ValueError:
        raise CertificateError("it is no JSON: a number has too many digits") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CertificateError("it has a key twice in an object")
    return found


def _constant(text: str) -> Never:
    raise CertificateError(f"it is no JSON: {text} is not a number")


def _certificate(data: _Object) -> Certificate:
    data.expect(KEY, "ok", "strategy", "bars", "engine", "extents", "results", "seed", "thorough", "checks")
    data.expect("block", "nodes", "made", last=True)
    bars = _bars(data.inner("bars"))
    block = data.whole("block", 1, _MOST)
    engine = {name: data.inner("engine").text(name) for name in data.inner("engine").data}
    found = Certificate(
        strategy=_strategy(data.inner("strategy")),
        bars=bars,
        engine={name: text for name, text in engine.items() if name != "sha256"},
        engine_sha256=data.inner("engine").digits("sha256", _SHA),
        extents=_extents(data.inner("extents")),
        results={name: data.inner("results").digits(name, _SHA) for name in data.inner("results").data},
        seed=data.whole("seed", 0, _MOST),
        thorough=data.truth("thorough"),
        checks=tuple(map(_check, data.objects("checks", 32))),
        block=block,
        nodes=tuple(_nodes(data.inner("nodes"), -(-bars.candles // block))),
        made=_made(data.inner("made")),
    )
    if data.truth("ok") is not found.ok:
        data.refuse("ok", "does not agree with the checks")
    return found


def _strategy(data: _Object) -> OfStrategy:
    data.expect("name", "timeframe", "sha256", "warmup", last=True)
    name = None if data.data["name"] is None else data.text("name", LIMITS.document_bytes)
    return OfStrategy(
        name, data.text("timeframe"), data.digits("sha256", _SHA), data.whole("warmup", 0, _MOST)
    )


def _bars(data: _Object) -> OfBars:
    data.expect("sha256", "candles", "first", "last", "notes", last=True)
    moments = [None if data.data[name] is None else data.text(name) for name in ("first", "last")]
    sha256, candles = data.digits("sha256", _SHA), data.whole("candles", 0, _MOST)
    return OfBars(sha256, candles, moments[0], moments[1], data.texts("notes"))


def _extents(data: _Object) -> dict[str, tuple[float, int]]:
    found = {}
    for name, pair in data.data.items():
        if not (isinstance(pair, list) and len(pair) == 2):
            data.refuse(name, "is no pair of candles")
        left, right = pair
        for end in (0 if left is None else left, right):
            if type(end) is not int or not -_MOST < end <= 0:
                data.refuse(name, "is no pair of candles")
        found[name] = (float("-inf") if left is None else left, right)
    return found


def _check(data: _Object) -> Check:
    data.expect("name", "cases", "of", "candles", "flaw", last=True)
    of = None if data.data["of"] is None else data.whole("of", 0, _MOST)
    flaw = None if data.data["flaw"] is None else _flaw(data.inner("flaw"))
    candles = data.whole("candles", 0, 1 << 62)
    return Check(data.text("name"), data.whole("cases", 0, _MOST), of, candles, flaw)


def _flaw(data: _Object) -> Flaw:
    data.expect(*_FLAW, "row", "node", "owner", last=True)
    node, owner = (None if data.data[name] is None else data.text(name) for name in ("node", "owner"))
    texts = {name: data.text(name) for name in _FLAW}
    return Flaw(**texts, row=data.whole("row", 0, _MOST), node=node, owner=owner)


def _nodes(data: _Object, blocks: int) -> Iterator[NodeRecord]:
    for of in data.data:
        for item in data.objects(of, LIMITS.nodes):
            item.expect("text", "digests", last=True)
            digests = item.inner("digests")
            if not digests.data or not set(digests.data) <= set(_FORMS):
                item.refuse("digests", "does not have the forms of a node")
            length = WHOLE + BLOCK * blocks
            yield NodeRecord(
                item.text("text"), of, {form: digests.digits(form, length) for form in digests.data}
            )


def _made(data: _Object) -> Made:
    data.expect("at", "seconds", last=True)
    seconds = data.data["seconds"]
    if type(seconds) not in (int, float) or not 0 <= seconds < 1e12:
        data.refuse("seconds", "is no length of time")
    return Made(data.text("at"), seconds)


class _Object:
    """A JSON object, and how to ask for its members."""

    def __init__(self, data: Any, name: str) -> None:
        if not isinstance(data, dict):
            raise CertificateError(f"it is damaged: {name} is no object")
        if len(data) > _MOST_NAMED:
            raise CertificateError(f"it is damaged: {name} has too many members")
        self.data: dict[str, Any] = data
        self.name = name
        self._expected: set[str] = set()

    def expect(self, *names: str, last: bool = False) -> None:
        """Refuse an object that lacks one of the names, or, with the last of them, that has others."""
        self._expected.update(names)
        for name in names:
            if name not in self.data:
                self.refuse(name, "is missing")
        if last:
            for name in self.data.keys() - self._expected:
                self.refuse(name, "is not a member that it can have")

    def refuse(self, member: str, what: str) -> Never:
        raise CertificateError(f"it is damaged: {quoted(member)} of {self.name} {what}")

    def inner(self, name: str) -> _Object:
        return _Object(self.data[name], quoted(name))

    def objects(self, name: str, most: int) -> list[_Object]:
        found = self._checked(
            name, lambda x: isinstance(x, list) and len(x) <= most, "is no list of that kind"
        )
        return [_Object(item, f"an element of {quoted(name)}") for item in found]

    def text(self, name: str, most: int = 400) -> str:
        return str(self._checked(name, lambda x: isinstance(x, str) and len(x) <= most, "is no text"))

    def texts(self, name: str) -> tuple[str, ...]:
        def fits(x: Any) -> bool:
            return (
                isinstance(x, list) and len(x) <= 32 and all(isinstance(t, str) and len(t) < 4096 for t in x)
            )

        return tuple(self._checked(name, fits, "is no list of texts"))

    def digits(self, name: str, length: int) -> str:
        def fits(x: Any) -> bool:
            return isinstance(x, str) and len(x) == length and _HEX.fullmatch(x) is not None

        return str(self._checked(name, fits, f"does not have {length:,} hexadecimal digits"))

    def whole(self, name: str, least: int, most: int) -> int:
        return int(self._checked(name, lambda x: type(x) is int and least <= x < most, "is out of range"))

    def truth(self, name: str) -> bool:
        return bool(self._checked(name, lambda x: isinstance(x, bool), "is not true or false"))

    def _checked(self, name: str, fits: Callable[[Any], bool], what: str) -> Any:
        if name not in self.data:
            self.refuse(name, "is missing")
        if not fits(self.data[name]):
            self.refuse(name, what)
        return self.data[name]
