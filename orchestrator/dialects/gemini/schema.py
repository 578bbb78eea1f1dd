"""From the OpenAPI subset of ``parameters`` and ``responseSchema`` to JSON schema.

What we write is JSON schema itself (``parametersJsonSchema``, ``responseJsonSchema``), of
which nothing is lost; the subset is only read. Its departures are types in capitals,
``nullable``, and counts as strings: https://ai.google.dev/api/caching#Schema (2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.gemini.vocabulary import snake

_COUNTS = frozenset(
    {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
)
_NESTED = frozenset({"items", "additionalProperties", "not"})
_LISTED = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_NAMED = frozenset({"properties", "$defs", "defs"})
_CAMEL = {snake(name): name for name in _COUNTS | _LISTED | {"additionalProperties"}}

UNSUPPORTED = frozenset(
    {
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "oneOf", "const",
        "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentRequired",
        "dependentSchemas", "contains", "minContains", "maxContains", "unevaluatedProperties",
        "unevaluatedItems", "additionalProperties", "$schema", "$id", "$comment", "examples",
        "readOnly", "writeOnly", "deprecated", "contentEncoding", "contentMediaType",
    }
)  # fmt: skip
"""Keywords that the subset does not have (https://ai.google.dev/api/caching#Schema,
2026-11-29): whoever sends one there is refused with ``Unknown name``."""


def json_schema(schema: Any, depth: int = 0) -> Any:
    """``schema`` as JSON schema; what is not of the subset stays as it is."""
    if not isinstance(schema, Mapping) or depth > 64:
        return schema
    fields: dict[str, Any] = {
        _CAMEL.get(str(key), str(key)): value for key, value in schema.items()
    }
    nullable = fields.pop("nullable", None) is True
    made = {key: _value(key, value, depth + 1) for key, value in fields.items()}
    made.pop("propertyOrdering", None)
    if nullable and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def _value(key: str, value: Any, depth: int) -> Any:
    if key == "type" and isinstance(value, str):
        return value.lower()
    if key in _COUNTS and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:18])
    if key in _NESTED:
        return json_schema(value, depth)
    if key in _LISTED and isinstance(value, list):
        return [json_schema(item, depth) for item in value]
    if key in _NAMED and isinstance(value, Mapping):
        return {name: json_schema(item, depth) for name, item in value.items()}
    return value
