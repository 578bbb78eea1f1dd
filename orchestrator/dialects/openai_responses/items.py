"""Items, which requests and answers share: messages, reasoning, function calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.neutral import Text, Thinking, ToolUse
from orchestrator.dialects.openai_responses.vocabulary import NAME
from orchestrator.dialects.wire import arguments, mappings, string

PARAGRAPH = "\n\n"
"""Between the parts of a reasoning summary, each of which is a paragraph of its own."""

# In.


def output_parts(item: Mapping[str, Any]) -> list[Text | Thinking | ToolUse]:
    """What an item of an answer holds; nothing where it belongs to a built-in tool."""
    match item.get("type"):
        case "message":
            return [Text(text) for text in spoken(item.get("content"))]
        case "function_call":
            return [tool_use(item)]
        case "reasoning":
            return [thought] if (thought := thinking(item)) is not None else []
        case _:
            return []


def spoken(content: Any) -> list[str]:
    """The texts of a message of the model; a refusal is what it said, too."""
    if isinstance(content, str):
        return [content]
    texts = (part.get("text", part.get("refusal")) for part in mappings(content))
    return [text for text in texts if isinstance(text, str)]


def tool_use(item: Mapping[str, Any]) -> ToolUse:
    """The call in a ``function_call`` item; results are matched by ``call_id``, not ``id``."""
    call_id = string(item.get("call_id")) or string(item.get("id"))
    return ToolUse(call_id, string(item.get("name")), arguments(item.get("arguments")))


def thinking(item: Mapping[str, Any]) -> Thinking | None:
    """The thoughts in a ``reasoning`` item; ``None`` where it only refers to stored ones.

    Servers of open models show the thoughts themselves (``content``), OpenAI a summary.
    """
    text = thoughts(item)
    signature = string(item.get("encrypted_content")) or None
    if not text and signature is None:
        return None
    return Thinking(text, signature, dialect=NAME, redacted=not text)


def thoughts(item: Mapping[str, Any]) -> str:
    """The readable thoughts of a ``reasoning`` item."""
    content = "".join(string(part.get("text")) for part in mappings(item.get("content")))
    summary = (string(part.get("text")) for part in mappings(item.get("summary")))
    return content or PARAGRAPH.join(summary)


# Out.


def append_output(output: list[dict[str, Any]], part: Text | Thinking | ToolUse) -> None:
    """Put ``part`` at the end of an answer's output; texts in a row make one message."""
    last = output[-1] if output else {}
    match part:
        case Text() if last.get("type") == "message":
            last["content"].append(output_text(part.text))
        case Text():
            output.append(message_item(len(output), [output_text(part.text)]))
        case Thinking():
            # A request that brings another vendor's signature back is refused.
            signature = part.signature if part.dialect == NAME else None
            if part.text or signature:
                output.append(reasoning_item(len(output), part.text, signature))
        case ToolUse():
            call_id = part.id or f"call_{len(output)}"
            output.append(call_item(len(output), call_id, part.name, part.arguments))


def output_text(text: str) -> dict[str, Any]:
    """A part of a message of the model."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message_item(
    index: int, content: list[dict[str, Any]], status: str = "completed"
) -> dict[str, Any]:
    """A message of the model, the item at ``index`` of the output."""
    return {
        "id": f"msg_{index}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def call_item(
    index: int, call_id: str, name: str, arguments: str, status: str = "completed"
) -> dict[str, Any]:
    """A call of a tool, the item at ``index`` of the output."""
    return {
        "id": f"fc_{index}",
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def reasoning_item(index: int, text: str, signature: str | None) -> dict[str, Any]:
    """Thoughts, the item at ``index`` of the output."""
    return {
        "id": f"rs_{index}",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text}] if text else [],
        "encrypted_content": signature,
    }
