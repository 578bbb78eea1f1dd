"""Items, which requests and answers share: messages, reasoning, function calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestrator.dialects.completion import completed
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


def append_output(
    output: list[dict[str, Any]], part: Text | Thinking | ToolUse, answer: str
) -> None:
    """Put ``part`` at the end of an answer's output; texts in a row make one message.

    Args:
        output: The items so far.
        part: What the answer says next.
        answer: What no other answer is called; ids of items are made of it.
    """
    last, place = output[-1] if output else {}, Place(answer, len(output))
    match part:
        case Text() if last.get("type") == "message":
            last["content"].append(output_text(part.text))
        case Text():
            output.append(message_item(place, [output_text(part.text)]))
        case Thinking():
            # A request that brings another vendor's signature back is refused.
            signature = part.signature if part.dialect == NAME else None
            if part.text or signature:
                output.append(reasoning_item(place, part.text, signature))
        case ToolUse():
            output.append(call_item(place, part.id or place.id("call"), part.name, part.arguments))


@attrs.frozen
class Place:
    """Where an item stands in the output of an answer.

    Attributes:
        answer: What no other answer is called.
        index: Its place there, from 0.
    """

    answer: str
    index: int

    def id(self, kind: str) -> str:
        """The id of the item of that kind: a conversation holds items of many answers."""
        return f"{kind}_{self.answer}_{self.index}"


def completed_item(item: dict[str, Any], use: ToolUse | None, place: Place) -> dict[str, Any]:
    """An item of an answer with all that its kind has; those of built-in tools are left alone.

    Args:
        item: As it came.
        use: What it says where it is a call.
        place: Where it stands.
    """
    match item.get("type"):
        case "message":
            content = item.get("content")
            said = [output_text(content)] if isinstance(content, str) else mappings(content)
            whole = completed(item, message_item(place, []))
            return {**whole, "role": "assistant", "content": list(map(_completed_part, said))}
        case "reasoning":
            return completed(item, reasoning_item(place, "", None))
        case "function_call" if use is not None:
            usual = call_item(place, use.id, use.name, use.arguments)
            return {**completed(item, usual), "call_id": use.id, "arguments": use.arguments}
        case _:
            return item


def _completed_part(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") == "refusal":
        return completed(part, {"refusal": ""})
    return completed(part, output_text("")) if part.get("type") == "output_text" else part


def output_text(text: str) -> dict[str, Any]:
    """A part of a message of the model."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message_item(
    place: Place, content: list[dict[str, Any]], status: str = "completed"
) -> dict[str, Any]:
    """A message of the model."""
    return {
        "id": place.id("msg"),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def call_item(
    place: Place, call_id: str, name: str, arguments: str, status: str = "completed"
) -> dict[str, Any]:
    """A call of a tool."""
    return {
        "id": place.id("fc"),
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def reasoning_item(place: Place, text: str, signature: str | None) -> dict[str, Any]:
    """Thoughts."""
    return {
        "id": place.id("rs"),
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text}] if text else [],
        "encrypted_content": signature,
    }
