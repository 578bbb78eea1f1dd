"""JSON schemas, walked: every schema within a schema, and nothing that is no schema.

A property may be called like a keyword (``{"properties": {"minimum": …}}``), so what is
changed by keyword is changed here, where names and keywords are told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

_DEPTH = 64

_NESTED = frozenset(
    {
        "items", "additionalProperties", "additionalItems", "not", "if", "then", "else",
        "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems",
        "additional_properties",
    }
)  # fmt: skip
_LISTED = frozenset(
    {
        "anyOf",
        "oneOf",
        "allOf",
        "prefixItems",
        "items",
        "any_of",
        "one_of",
        "all_of",
        "prefix_items",
    }
)
_NAMED = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "defs", "dependentSchemas"}
)
"""Keywords whose value is a schema, a list of them, or schemas by name
(https://json-schema.org/draft/2020-12, and Google's spellings, 2026-11-29)."""

UNSUPPORTED_AT_OPENAI = frozenset(
    {
        "minLength", "maxLength", "patternProperties", "unevaluatedProperties", "propertyNames",
        "minProperties", "maxProperties", "unevaluatedItems", "contains", "minContains",
        "maxContains", "uniqueItems", "not", "dependentRequired", "dependentSchemas", "if", "then",
        "else", "default",
    }
)  # fmt: skip
"""Keywords that OpenAI documents as not supported where a schema is strict
(https://platform.openai.com/docs/guides/structured-outputs; see also
https://github.com/openai/openai-python/pull/2734, 2026-11-29)."""


def rewritten(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """A copy of ``schema`` with ``change`` done to each schema within it, the inner ones first."""
    return _rewritten(schema, change, 0)


def _rewritten(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]], depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEPTH:
        return schema
    return change({key: _value(key, value, change, depth + 1) for key, value in schema.items()})


def _value(
    key: str, value: Any, change: Callable[[dict[str, Any]], dict[str, Any]], depth: int
) -> Any:
    if key in _NAMED and isinstance(value, Mapping):
        return {name: _rewritten(one, change, depth) for name, one in value.items()}
    if key in _LISTED and isinstance(value, list | tuple):
        return [_rewritten(one, change, depth) for one in value]
    return _rewritten(value, change, depth) if key in _NESTED else value


def keywords(schema: Any) -> frozenset[str]:
    """The keywords that ``schema`` uses, at any depth."""
    used: set[str] = set()

    def note(one: dict[str, Any]) -> dict[str, Any]:
        used.update(map(str, one))
        return one

    rewritten(schema, note)
    return frozenset(used)


def is_object(schema: Schema) -> bool:
    """True for a schema of objects."""
    kind = schema.get("type")
    listed = kind if isinstance(kind, list) else [kind]
    return "object" in listed or (kind is None and "properties" in schema)


def closed(schema: Schema) -> dict[str, Any] | None:
    """``schema`` with ``additionalProperties: false`` at every object.

    ``None`` where that would leave nothing to say: a map, whose keys are the answer's own, and
    branches that must all hold.
    """
    is_open = False

    def close(one: dict[str, Any]) -> dict[str, Any]:
        nonlocal is_open
        if not is_object(one):
            is_open = is_open or "allOf" in one
            return one
        more = one.get("additionalProperties", False)
        is_open = is_open or not one.get("properties") or more not in (True, False)
        return {**one, "additionalProperties": False}

    made: dict[str, Any] = rewritten(schema, close)
    return None if is_open else made
