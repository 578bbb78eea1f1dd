"""The form of an answer, asked for in words where a vendor refuses to be held to it.

DeepSeek and others know ``json_object`` and no ``json_schema``
(https://api-docs.deepseek.com/guides/json_mode, https://github.com/BerriAI/litellm/pull/31466,
2026-11-29); some servers know neither. The schema is told to the model in either case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.json_word import WORD, instruction
from orchestrator.execution.fields import Path, Payload, removed, replaced

JSON_OBJECT = "json_object"
WORDS = "words"

_PLACES: tuple[Path, ...] = (("response_format",), ("text", "format"), ("output_config", "format"))


def softer(payload: Payload) -> str | None:
    """The next way to ask for the form that ``payload`` demands; ``None`` where there is none."""
    found = _format(payload)
    if found is None:
        return None
    path, asked = found
    if asked.get("type") == "json_schema":
        return WORDS if path[0] == "output_config" else JSON_OBJECT
    return WORDS if asked.get("type") == JSON_OBJECT else None


def softened(payload: Payload, how: str) -> Payload:
    """A copy that asks for the form in the way ``how``; the schema is put in words."""
    found = _format(payload)
    if found is None:
        return payload
    path, asked = found
    if how == JSON_OBJECT and asked.get("type") == JSON_OBJECT:
        return payload
    told = _told(payload, instruction(_schema(asked)))
    if how == WORDS:
        return removed(told, (path,))
    return replaced(told, (path,), lambda _: {"type": JSON_OBJECT})


def _format(payload: Payload) -> tuple[Path, Mapping[str, Any]] | None:
    for path in _PLACES:
        value: Any = payload
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            return path, value
    return None


def _schema(asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    inner = asked.get("json_schema", asked)
    schema = inner.get("schema") if isinstance(inner, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def with_word(payload: Payload) -> Payload:
    """A copy in which the word "JSON" is said, which some demand of who asks for an object."""
    return _told(payload, WORD) if _format(payload) is not None else payload


def _told(payload: Payload, text: str) -> Payload:
    """``payload`` with ``text`` at the end of what the system says.

    A target's own fields hold no messages, and are told nothing. Among the input, since
    ``instructions`` are not looked at for the word that some demand
    (https://github.com/BigDawnGhost/wenyi/pull/66, 2026-11-29).
    """
    if isinstance(said := payload.get("input"), str):
        said = [{"role": "user", "content": said}]
    if said is not None:
        return {**payload, "input": _with_system(said, text)}
    if "messages" not in payload:
        return payload
    if "output_config" in payload:
        before = payload.get("system") or []
        blocks = [{"type": "text", "text": before}] if isinstance(before, str) else list(before)
        return {**payload, "system": [*blocks, {"type": "text", "text": text}]}
    return {**payload, "messages": _with_system(payload.get("messages"), text)}


def _with_system(messages: Any, text: str) -> Any:
    told = {"role": "system", "content": text}
    if not isinstance(messages, list | tuple) or told in messages:
        return messages
    others = (at for at, one in enumerate(messages) if not _is_systems(one))
    at = next(others, len(messages))
    return [*messages[:at], told, *messages[at:]]


def _is_systems(message: Any) -> bool:
    return isinstance(message, Mapping) and message.get("role") in ("system", "developer")
