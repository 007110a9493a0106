"""The published JSON Schema of `dslc validate --format json`: what was found in each file."""

from __future__ import annotations

from typing import Any

from ..grammar.catalogue import CATALOGUE
from ..grammar.diagnostics import MAX_DIAGNOSTICS
from ..schemas.schema import DRAFT

_POINTER = {"type": "string", "pattern": "^(/([^~]|~[01])*)*$"}
_COUNT = {"type": ["integer", "null"], "minimum": 1}


def diagnostics_schema() -> dict[str, Any]:
    """The schema as plain data.

    >>> diagnostics_schema()["type"]
    'array'
    """
    return {
        "$schema": DRAFT,
        "title": "Diagnostics of trading strategies",
        "description": "What `dslc validate --format json` prints: one object a file, in the order given.",
        "type": "array",
        "items": _object(
            {
                "file": {"type": "string", "description": "The name that was given, or <stdin>."},
                "unreadable": {
                    "type": ["string", "null"],
                    "minLength": 1,
                    "description": "Why the file could not be read; null where it was.",
                },
                "valid": {
                    "type": "boolean",
                    "description": "Whether the file was read, and no diagnostic is an error.",
                },
                "strict": {"type": "boolean", "description": "Whether warnings make the check fail."},
                "passed": {
                    "type": "boolean",
                    "description": "Whether it is valid and, where the check is strict, has no diagnostics.",
                },
                "ignored": {
                    "type": "array",
                    "description": "The code of each warning that was left out (--ignore).",
                    "items": {"enum": sorted(code for code in CATALOGUE if code.startswith("W"))},
                },
                "diagnostics": {
                    "type": "array",
                    "maxItems": MAX_DIAGNOSTICS + 1,
                    "description": "In the order of the text; a last one counts those that are not shown.",
                    "items": {"$ref": "#/$defs/diagnostic"},
                },
            }
        ),
        "$defs": {"diagnostic": _diagnostic(), "fix": _fix(), "operation": _operation()},
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _diagnostic() -> dict[str, Any]:
    place = "Lines and columns count from 1, columns in code points; null where the document has no text."
    return _object(
        {
            "code": {"enum": sorted(CATALOGUE), "description": "`dslc explain CODE` prints its page."},
            "severity": {"enum": ["error", "warning"]},
            "message": {"type": "string", "minLength": 1, "description": "What was found."},
            "path": {**_POINTER, "description": "The JSON pointer of the value that is meant."},
            "line": {**_COUNT, "description": place},
            "column": _COUNT,
            "end_line": _COUNT,
            "end_column": {**_COUNT, "description": "The first column after the marked characters."},
            "help": {"type": ["string", "null"], "minLength": 1, "description": "A way out."},
            "fix": {
                "description": "Changes that remove the diagnostic and add no error, where they are known.",
                "anyOf": [{"type": "null"}, {"$ref": "#/$defs/fix"}],
            },
        }
    )


def _fix() -> dict[str, Any]:
    return _object(
        {
            "title": {"type": "string", "minLength": 1},
            "safe": {"type": "boolean", "description": "Whether the author can only have meant that."},
            "patch": {
                "description": "An RFC 6902 JSON Patch. Where the text is no JSON, it replaces the document; "
                "where a key occurs twice, it may be empty: the first is kept when the data are written.",
                "type": "array",
                "items": {"$ref": "#/$defs/operation"},
            },
        }
    )


def _operation() -> dict[str, Any]:
    """One operation of a patch, with the members that RFC 6902 asks of each."""
    return {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
            "path": _POINTER,
            "from": _POINTER,
            "value": True,
        },
        "allOf": [
            {
                "if": {"properties": {"op": {"enum": ["add", "replace", "test"]}}},
                "then": {"required": ["value"]},
            },
            {"if": {"properties": {"op": {"enum": ["move", "copy"]}}}, "then": {"required": ["from"]}},
        ],
    }
