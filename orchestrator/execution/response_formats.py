"""The form of an answer, asked for in words where a vendor refuses to be held to it.

DeepSeek and others know ``json_object`` and no ``json_schema``
(https://api-docs.deepseek.com/guides/json_mode, https://github.com/BerriAI/litellm/pull/31466,
2026-11-29); some servers know neither. The schema is told to the model in either case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects import Dialect, Payload
from orchestrator.dialects.json_word import WORD, instruction
from orchestrator.execution.json_paths import find_values, remove_fields, replace_values

JSON_OBJECT = "json_object"
WORDS = "words"


def next_format(payload: Payload, spoken: Dialect) -> str | None:
    """The next way to ask for the form that ``payload`` demands; ``None`` where there is none."""
    asked = _format(payload, spoken).get("type")
    if asked == "json_schema":
        return JSON_OBJECT if spoken.shape.has_json_mode else WORDS
    return WORDS if asked == JSON_OBJECT else None


def soften_format(payload: Payload, how: str, spoken: Dialect) -> Payload:
    """A copy that asks for the form in the way ``how``; the schema is put in words."""
    asked, path = _format(payload, spoken), spoken.shape.answer_format
    # Remembered repairs meet requests that ask for less than the one they cured.
    if not asked or how == JSON_OBJECT == asked.get("type"):
        return payload
    told = spoken.shape.add_system(payload, instruction(_schema(asked)))
    if how == WORDS:
        return remove_fields(told, (path,))
    return replace_values(told, (path,), lambda _: {"type": JSON_OBJECT})


def say_json(payload: Payload, spoken: Dialect) -> Payload:
    """A copy in which the word "JSON" is said, which some demand of who asks for an object."""
    return spoken.shape.add_system(payload, WORD) if _format(payload, spoken) else payload


def _format(payload: Payload, spoken: Dialect) -> Mapping[str, Any]:
    """The form that is demanded; empty where none is."""
    path = spoken.shape.answer_format
    values = find_values(payload, (path,)) if path else ()
    return next((value for value in values if isinstance(value, Mapping)), {})


def _schema(asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    inner = asked.get("json_schema", asked)
    schema = inner.get("schema") if isinstance(inner, Mapping) else None
    return schema if isinstance(schema, Mapping) else None
