"""A whole answer, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.answer import Usage
from orchestrator.dialects.anthropic_messages.vocabulary import (
    NAME,
    json_object,
    read_usage,
    stop_reason,
    tool_id,
    write_usage,
)
from orchestrator.dialects.completion import completed
from orchestrator.dialects.finish_reasons import finish_reason, standard
from orchestrator.dialects.judgement import settled
from orchestrator.dialects.neutral import UNTITLED, Heading, NeutralAnswer, Text, Thinking, ToolUse

CALLER = {"type": "direct"}
"""Who calls a tool: the model, and not code that a tool of the vendor's runs."""


def read_answer(body: Mapping[str, Any]) -> NeutralAnswer:
    """The answer in the neutral form; blocks of the vendor's own tools are left out."""
    parts = (_part(block) for block in wire.mappings(body.get("content")))
    return settled(
        NeutralAnswer(
            tuple(part for part in parts if part is not None),
            finish_reason(body.get("stop_reason")),
            read_usage(body.get("usage")),
            id=wire.string(body.get("id")),
            model=wire.string(body.get("model")),
        )
    )


def read_whole(body: Mapping[str, Any]) -> NeutralAnswer | None:
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


def write_answer(reply: NeutralAnswer, heading: Heading = UNTITLED) -> dict[str, Any]:
    """The answer in this dialect's shape.

    Thoughts of another vendor are shown, unsigned: a request that brings them back is
    read as one without them.
    """
    shown = (part for part in reply.parts if _is_shown(part))
    calls = any(isinstance(part, ToolUse) for part in reply.parts)
    return {
        **opening(reply.id or f"msg_{heading.id}", reply.model or heading.model, reply.usage),
        "content": [_block(part, f"{heading.id}_{number}") for number, part in enumerate(shown)],
        "stop_reason": stop_reason(standard(reply.finish_reason, calls=calls)),
    }


def opening(identity: str, model: str, usage: Usage) -> dict[str, Any]:
    """A message that has only begun, with every field that the reference demands."""
    return {
        "id": identity,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "usage": write_usage(usage),
    }


def complete_answer(body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    reply = read_answer(body)
    said, uses = body.get("stop_reason"), [p for p in reply.parts if isinstance(p, ToolUse)]
    # A word that we read as the same stays the vendor's own: `stop_sequence` says more.
    same = finish_reason(said) == reply.finish_reason and bool(said)
    usual = opening(f"msg_{heading.id}", heading.model, reply.usage)
    blocks, following = wire.mappings(body.get("content")), iter(uses)
    return {
        **completed(body, usual),
        "type": "message",
        "role": "assistant",
        "content": [
            _completed(block, next(following) if block.get("type") == "tool_use" else None)
            for block in blocks
        ],
        "usage": completed(wire.mapping(body.get("usage")), write_usage(reply.usage)),
        "stop_reason": said
        if same
        else stop_reason(standard(reply.finish_reason, calls=bool(uses))),
    }


_BLOCKS: Mapping[str, Mapping[str, Any]] = {
    "text": {"text": "", "citations": None},
    "thinking": {"thinking": "", "signature": ""},
    "redacted_thinking": {"data": ""},
}
"""What every block of a kind has."""


def _completed(block: dict[str, Any], use: ToolUse | None) -> dict[str, Any]:
    """A block with all that its kind has; a call with an id, and arguments, where it has none."""
    whole = completed_block(block)
    if use is None:
        return whole
    given = block.get("input")
    arguments = given if isinstance(given, dict) else json_object(use.arguments)
    return {**whole, "id": use.id, "input": arguments}


def completed_block(block: dict[str, Any]) -> dict[str, Any]:
    """A block with all that its kind has, but for the id of a call."""
    if block.get("type") != "tool_use":
        return completed(block, _BLOCKS.get(wire.string(block.get("type")), {}))
    called = wire.mapping(block.get("caller")).get("type")
    return {"input": {}, **block, "caller": block["caller"] if called else CALLER}


def _is_shown(part: Text | Thinking | ToolUse) -> bool:
    """False for another vendor's hidden thoughts, of which nothing is left."""
    return not isinstance(part, Thinking) or bool(part.text) or part.dialect == NAME


def _block(part: Text | Thinking | ToolUse, name: str) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text, "citations": None}
        case Thinking():
            return write_thinking(part)
        case ToolUse():
            return {
                "type": "tool_use",
                "id": tool_id(part.id) if part.id else f"toolu_{name}",
                "name": part.name,
                "input": json_object(part.arguments),
                "caller": CALLER,
            }
