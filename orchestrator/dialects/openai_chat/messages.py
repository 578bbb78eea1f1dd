"""Thoughts and tool calls in messages, both ways: requests, answers and streams share them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from orchestrator.dialects.neutral import Thinking, ToolUse
from orchestrator.dialects.openai_chat.vocabulary import NAME, THOUGHT_FIELDS
from orchestrator.dialects.wire import arguments, decoded, mapping, mappings, string


def thoughts(message: Mapping[str, Any]) -> list[Thinking]:
    """What the model thought, signed by its vendor where OpenRouter passes that on."""
    details = mappings(message.get("reasoning_details"))
    if details:
        return [_signed(detail) for detail in details]
    text = thought_of(message)
    return [Thinking(text, dialect=NAME)] if text else []


def thought_of(message: Mapping[str, Any]) -> str:
    """The words of the thoughts in a message or delta.

    Mistral puts them into parts of the content:
    https://docs.mistral.ai/capabilities/reasoning (2026-11-21).
    """
    for field in THOUGHT_FIELDS:
        if text := string(message.get(field)):
            return text
    parts = (part.get("thinking") for part in mappings(message.get("content")))
    return "".join(string(one.get("text")) for part in parts for one in mappings(part))


def _signed(detail: Mapping[str, Any]) -> Thinking:
    """A detail whole: only its own words are accepted when it is handed back."""
    text = string(detail.get("text")) or string(detail.get("summary"))
    return Thinking(text, msgspec.json.encode(detail).decode(), NAME, redacted=not text)


def tool_use(call: Mapping[str, Any]) -> ToolUse:
    """A tool call. Google hands its signature along in a field of its own.

    https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-21).
    """
    function = function_of(call)
    return ToolUse(
        string(call.get("id")),
        string(function.get("name")),
        arguments_of(function),
        signature=signature_of(call),
    )


def function_of(call: Mapping[str, Any]) -> dict[str, Any]:
    """What is called: a function, or a tool of the caller's own that takes free text."""
    return mapping(call.get("function")) or mapping(call.get("custom"))


def arguments_of(function: Mapping[str, Any]) -> str:
    """The arguments as text; empty where there are none."""
    return arguments(function.get("arguments", function.get("input")))


def signature_of(call: Mapping[str, Any]) -> str | None:
    """Google's proof that its model made the call."""
    google = mapping(mapping(call.get("extra_content")).get("google"))
    return string(google.get("thought_signature")) or None


def written_thoughts(thoughts: Iterable[Thinking]) -> dict[str, Any]:
    """The fields of a message that hold thoughts: what is signed goes back as it came."""
    texts, details = [], []
    for thought in thoughts:
        detail = decoded(thought.signature.encode()) if thought.signature else None
        if isinstance(detail, dict):
            details.append(detail)
        elif thought.text:
            texts.append(thought.text)
    made: dict[str, Any] = {"reasoning_details": details} if details else {}
    return made | ({THOUGHT_FIELDS[0]: "".join(texts)} if texts else {})


def written_call(call: ToolUse, *, signed: bool) -> dict[str, Any]:
    """A tool call; see :func:`tool_use` for its signature."""
    function = {"name": call.name, "arguments": call.arguments}
    extra = {"google": {"thought_signature": call.signature}}
    return {
        "id": call.id,
        "type": "function",
        "function": function,
        **({"extra_content": extra} if signed and call.signature else {}),
    }
