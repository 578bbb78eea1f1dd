"""A request without the thoughts that only the vendor who wrote them can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Payload = Mapping[str, Any]

_BLOCKS = ("thinking", "redacted_thinking")
_SIGNED = ("reasoning_details", "thinking_blocks")
"""Fields of a chat message that hold signed thoughts; unsigned ones beside them stay."""


def without_thoughts(payload: Payload) -> Payload:
    """A copy whose turns hold no signed thoughts; all that was said, called and returned stays.

    A turn of thoughts alone says them as text, and goes where there is nothing to read.
    While tools are being called, Messages asks for the thoughts that were left out unless
    the model is not to think (https://docs.claude.com/en/docs/build-with-claude/extended-thinking,
    2026-11-21): so thinking is turned off then.
    """
    messages = payload.get("messages")
    if isinstance(messages, list):
        kept = [turn for message in messages if (turn := _turn(message)) is not None]
        off = "thinking" in payload and _calls_tools(kept)
        return {
            **{name: value for name, value in payload.items() if not (off and name == "thinking")},
            "messages": kept,
        }
    contents = payload.get("contents")
    if isinstance(contents, list):
        return {**payload, "contents": [_content(content) for content in contents]}
    return payload


def _turn(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return message
    turn = {name: value for name, value in message.items() if name not in _SIGNED}
    blocks = message.get("content")
    if not isinstance(blocks, list) or not any(_thinks(block) for block in blocks):
        return turn
    said = [block for block in blocks if not _thinks(block)]
    words = "".join(str(block.get("thinking") or "") for block in blocks if _thinks(block))
    if not said and words.strip():
        said = [{"type": "text", "text": words}]
    return {**turn, "content": said} if said or turn.get("tool_calls") else None


def _thinks(block: Any) -> bool:
    return isinstance(block, Mapping) and block.get("type") in _BLOCKS


def _calls_tools(messages: list[Any]) -> bool:
    """True where the last turn of the model's calls tools, whose results are being given."""
    own = [each for each in messages if isinstance(each, Mapping) and each.get("role") != "user"]
    blocks = own[-1].get("content") if own else None
    return isinstance(blocks, list) and any(
        isinstance(block, Mapping) and block.get("type") == "tool_use" for block in blocks
    )


def _content(content: Any) -> Any:
    parts = content.get("parts") if isinstance(content, Mapping) else None
    if not isinstance(parts, list):
        return content
    return {**content, "parts": [_part(part) for part in parts]}


def _part(part: Any) -> Any:
    """Gemini's part without its signature; a call keeps one, which Gemini asks for."""
    if not isinstance(part, Mapping):
        return part
    unsigned = {name: value for name, value in part.items() if name not in _SIGNATURES}
    if unsigned == dict(part) or not (_CALLS & set(part)):
        return unsigned
    from orchestrator.dialects.gemini.words import UNSIGNED  # loaded when it is first spoken

    return {**unsigned, "thoughtSignature": UNSIGNED}


_SIGNATURES = ("thoughtSignature", "thought_signature")
_CALLS = {"functionCall", "function_call"}
