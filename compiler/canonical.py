"""The canonical document of a strategy, and the hash that names it.

Expressions are reprinted, numbers normalised, weights sorted by name and completed with zeros
left out; `$schema`, `name`, `description` and the envelope do not take part. The order of inputs
and conditions does: it is part of what an author wrote, and of every table that shows them. Functions that
no entry calls do not take part: unlike an input that nothing uses, they are in no result.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..grammar.printer import to_text
from ..grammar.words import UTC
from ..schemas.structure import LANGUAGE
from .analyze import Checked
from .own import reached


def canonical(checked: Checked) -> dict[str, Any]:
    """The canonical document as plain data."""
    return {
        "language": LANGUAGE,
        "configuration": _configuration(checked),
        **_functions(checked),
        "inputs": {name: to_text(checked.trees["inputs", name]) for name in checked.inputs},
        "conditions": {name: to_text(checked.trees["conditions", name]) for name in checked.conditions},
        "score": {name: weight for name, weight in sorted(checked.weights.items()) if weight},
        "decision": {"entry": to_text(checked.trees["decision", "entry"])},
    }


def _configuration(checked: Checked) -> dict[str, Any]:
    """The timeframe, and what differs from the usual."""
    outline: dict[str, Any] = {"timeframe": checked.timeframe}
    if checked.market.timezone != UTC:
        outline["timezone"] = checked.market.timezone
    if checked.market.series:
        outline["series"] = list(checked.market.series)
    if checked.market.symbols:
        outline["symbols"] = dict(checked.market.symbols)
    return outline


def _functions(checked: Checked) -> dict[str, dict[str, str]]:
    """The functions that some entry calls; a document without has no such section."""
    if not checked.own:
        return {}
    called = reached(list(checked.trees.values()), checked.own)
    found = {own.signature: to_text(own.tree) for name, own in checked.own.items() if name in called}
    return {"functions": found} if found else {}


def digest(checked: Checked) -> str:
    """SHA-256 of the canonical document, in hexadecimal digits."""
    text = json.dumps(canonical(checked), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
