"""The published JSON Schema of a strategy document, made from the vocabulary of the language.

It says what a schema can say: keys, types, names, ranges. What the expressions mean, and whether
names in `score` exist, only `dslc validate` can tell.
"""

from __future__ import annotations

from typing import Any

from ..grammar.words import LIMITS, NAME, TIMEFRAMES
from .parameters import KINDS, REQUIRED
from .signatures import PATTERN
from .structure import LANGUAGE, SECTIONS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_RESERVED_WORDS = "open|high|low|close|volume|score|timeframe|true|false|[aA][nN][dD]|[oO][rR]|[nN][oO][tT]"
_RESERVED = f"^({_RESERVED_WORDS})$"
_RESERVED_WITHIN = f"(^|[ (,])({_RESERVED_WORDS})($|[ (),])"


def schema() -> dict[str, Any]:
    """The schema as plain data."""
    names = {
        "type": "object",
        "maxProperties": LIMITS.entries,
        "propertyNames": {"pattern": f"^{NAME.pattern}$", "not": {"pattern": _RESERVED}},
    }
    entries = {**names, "additionalProperties": {"$ref": "#/$defs/expression"}}
    return {
        "$schema": DRAFT,
        "title": "Trading strategy",
        "description": "A strategy for dslc: named numbers, conditions, weights, and a decision.",
        "type": "object",
        "required": list(SECTIONS),
        "additionalProperties": False,
        "properties": {
            "$schema": {"type": "string"},
            "name": {"type": "string"},
            "description": {"type": "string"},
            "language": {"type": "integer", "const": LANGUAGE},
            "configuration": {
                "type": "object",
                "required": ["timeframe"],
                "additionalProperties": False,
                "properties": {
                    "timeframe": {
                        "enum": list(TIMEFRAMES),
                        "description": "M is minutes; there is no month.",
                    },
                    "timezone": {
                        "type": "string",
                        "description": "Whose clock hours, days and sessions are read from; UTC if left out.",
                        "examples": ["America/New_York", "+02:00"],
                    },
                    "series": {
                        "type": "array",
                        "maxItems": LIMITS.entries,
                        "uniqueItems": True,
                        "items": names["propertyNames"],
                        "description": "Further numeric columns of the bars.",
                    },
                    "symbols": {
                        **names,
                        "additionalProperties": {"type": "string", "minLength": 1},
                        "description": "Further instruments, by the names that stand for them here.",
                    },
                },
            },
            "parameters": {
                **names,
                "description": "Numbers and truths that are left open, each with a default and a range.",
                "additionalProperties": {"$ref": "#/$defs/parameter"},
            },
            "constraints": {
                "description": "What must hold between parameters, for example fast < slow.",
                "type": "array",
                "maxItems": LIMITS.entries,
                "items": {"$ref": "#/$defs/expression"},
            },
            "functions": {
                "description": "The document's own functions, a signature and a formula each.",
                "type": "object",
                "maxProperties": LIMITS.entries,
                "propertyNames": {
                    "pattern": f"^{PATTERN}$",
                    "not": {"pattern": _RESERVED_WITHIN},
                },
                "additionalProperties": {"$ref": "#/$defs/expression"},
            },
            "inputs": {**entries, "description": "Numbers, computed once a candle, in this order."},
            "conditions": {**entries, "description": "Truths about inputs and market data, in this order."},
            "score": {
                "description": "The weight of each condition.",
                "type": "object",
                "maxProperties": LIMITS.entries,
                "additionalProperties": {
                    "type": "integer",
                    "minimum": -LIMITS.weight,
                    "maximum": LIMITS.weight,
                },
            },
            "decision": {
                "type": "object",
                "required": ["entry"],
                "additionalProperties": False,
                "properties": {"entry": {"$ref": "#/$defs/expression"}},
            },
        },
        "$defs": {
            "parameter": {
                "type": "object",
                "required": list(REQUIRED),
                "additionalProperties": False,
                "properties": {
                    "default": {"type": ["number", "boolean"]},
                    "min": {"type": "number"},
                    "max": {"type": "number"},
                    "step": {"type": "number", "exclusiveMinimum": 0},
                    "choices": {"type": "array", "items": {"type": "number"}, "minItems": 1},
                    "type": {"enum": list(KINDS)},
                    "unit": {"type": "string"},
                    "description": {"type": "string"},
                },
            },
            "expression": {
                "type": "string",
                "minLength": 1,
                "maxLength": LIMITS.expression_characters,
                "examples": ["ema(close, 9)", "rsiValue > 40 AND rsiValue < 65"],
            },
        },
    }
