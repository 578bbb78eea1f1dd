"""From the OpenAPI subset of ``parameters`` and ``responseSchema`` to JSON schema.

What we write is JSON schema itself (``parametersJsonSchema``, ``responseJsonSchema``), of
which nothing is lost; the subset is only read. Its departures are types in capitals,
``nullable``, and counts as strings: https://ai.google.dev/api/caching#Schema (2026-11-21).
"""

from __future__ import annotations

from typing import Any

from orchestrator.dialects.gemini.vocabulary import snake
from orchestrator.dialects.json_schema import rewritten

_COUNTS = frozenset(
    {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
)
_WORDS = _COUNTS | {"anyOf", "oneOf", "allOf", "prefixItems", "additionalProperties"}
_CAMEL = {snake(name): name for name in _WORDS}

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


def json_schema(schema: Any) -> Any:
    """``schema`` as JSON schema; what is not of the subset stays as it is."""
    return rewritten(schema, _translated)


def _translated(schema: dict[str, Any]) -> dict[str, Any]:
    made = {_CAMEL.get(str(key), str(key)): value for key, value in schema.items()}
    made = {key: _value(key, value) for key, value in made.items() if key != "propertyOrdering"}
    if made.pop("nullable", None) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def _value(key: str, value: Any) -> Any:
    if key == "type" and isinstance(value, str):
        return value.lower()
    is_count = key in _COUNTS and isinstance(value, str) and value.isascii() and value.isdigit()
    return int(value[:18]) if is_count else value
