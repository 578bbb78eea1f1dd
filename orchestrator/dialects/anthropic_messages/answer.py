"""A whole answer, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.vocabulary import (
    NAME,
    json_object,
    read_usage,
    stop_reason,
    tool_id,
    write_usage,
)
from orchestrator.dialects.finish_reasons import finish_reason
from orchestrator.dialects.judgement import settled
from orchestrator.dialects.neutral import Reply, Text, Thinking, ToolUse


def read_answer(body: Mapping[str, Any]) -> Reply:
    """The answer in the neutral form; blocks of the vendor's own tools are left out."""
    parts = (_part(block) for block in wire.mappings(body.get("content")))
    return settled(
        Reply(
            tuple(part for part in parts if part is not None),
            finish_reason(body.get("stop_reason")),
            read_usage(body.get("usage")),
            id=wire.string(body.get("id")),
            model=wire.string(body.get("model")),
        )
    )


def read_whole(body: Mapping[str, Any]) -> Reply | None:
    """The same; ``None`` where there is no answer in ``body``."""
    return read_answer(body) if isinstance(body.get("content"), list) else None


def _part(block: Mapping[str, Any]) -> Text | Thinking | ToolUse | None:
    match block.get("type"):
        case "text":
            return Text(wire.string(block.get("text")))
        case "thinking" | "redacted_thinking":
            return read_thinking(block)
        case "tool_use":
            return ToolUse(
                wire.string(block.get("id")),
                wire.string(block.get("name")),
                wire.arguments(block.get("input")),
            )
        case _:
            return None


def read_thinking(block: Mapping[str, Any]) -> Thinking:
    """A block of thoughts; one without a signature is nobody's, for the vendor refuses it."""
    redacted = block.get("type") == "redacted_thinking"
    signature = wire.string(block.get("data" if redacted else "signature")) or None
    text = "" if redacted else wire.string(block.get("thinking"))
    return Thinking(text, signature, NAME if signature else "", redacted)


def write_thinking(thinking: Thinking) -> dict[str, Any]:
    """A block of thoughts; only the vendor's own signature is written."""
    signature = thinking.signature if thinking.dialect == NAME else None
    if thinking.redacted and signature:
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": thinking.text, "signature": signature or ""}


def write_answer(reply: Reply) -> dict[str, Any]:
    """The answer in this dialect's shape.

    Thoughts of another vendor are shown, unsigned: a request that brings them back is
    read as one without them.
    """
    return {
        "id": reply.id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [
            _block(part, number) for number, part in enumerate(reply.parts) if _is_shown(part)
        ],
        "stop_reason": stop_reason(reply.finish_reason),
        "stop_sequence": None,
        "usage": write_usage(reply.usage),
    }


def _is_shown(part: Text | Thinking | ToolUse) -> bool:
    """False for another vendor's hidden thoughts, of which nothing is left."""
    return not isinstance(part, Thinking) or bool(part.text) or part.dialect == NAME


def _block(part: Text | Thinking | ToolUse, number: int) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Thinking():
            return write_thinking(part)
        case ToolUse():
            return {
                "type": "tool_use",
                "id": tool_id(part.id) if part.id else f"toolu_{number}",
                "name": part.name,
                "input": json_object(part.arguments),
            }
