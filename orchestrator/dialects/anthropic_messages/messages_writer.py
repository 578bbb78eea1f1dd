"""Turns and their blocks, written as this dialect says them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from orchestrator.dialects.anthropic_messages.answer import write_thinking
from orchestrator.dialects.anthropic_messages.losses import is_taken
from orchestrator.dialects.anthropic_messages.vocabulary import NAME, json_object, tool_id
from orchestrator.dialects.common_losses import Shown
from orchestrator.dialects.files import PDF, TEXT, text_of
from orchestrator.dialects.neutral import (
    File,
    Image,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)

_CACHE = {"cache_control": {"type": "ephemeral"}}


def cached(block: dict[str, Any], *, cache: bool) -> dict[str, Any]:
    """``block``, marked where a prefix to cache ends with it."""
    return {**block, **_CACHE} if cache else block


def write_messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The turns: what one role says in a row is one turn, and an empty one is none.

    Tool results come first in theirs, for the API takes them nowhere else
    (https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls,
    2026-11-21).
    """
    turns: list[dict[str, Any]] = []
    ids = _Ids()
    for message in messages:
        written = (_block(part, message.role, ids) for part in message.parts)
        content = [block for block in written if block is not None]
        if content and turns and turns[-1]["role"] == message.role.value:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": message.role.value, "content": content})
    for turn in turns:
        turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    return turns


class _Ids:
    """Ids as the API takes them; a call without one gets one, and so does its result."""

    def __init__(self) -> None:
        self._made = 0
        self._unanswered: deque[str] = deque()

    def call(self, given: str) -> str:
        if given:
            return tool_id(given)
        self._made += 1
        self._unanswered.append(f"toolu_{self._made}")
        return self._unanswered[-1]

    def result(self, given: str) -> str:
        if given:
            return tool_id(given)
        return self._unanswered.popleft() if self._unanswered else "toolu_0"


def _block(part: Part, role: Role, ids: _Ids) -> dict[str, Any] | None:
    """The block for ``part``; ``None`` where the API takes none."""
    match part:
        case Text() | Image() | File():
            return _shown(part, role)
        case Thinking():
            return write_thinking(part) if part.dialect == NAME and part.signature else None
        case ToolUse():
            call = {"type": "tool_use", "id": ids.call(part.id), "name": part.name}
            return cached({**call, "input": json_object(part.arguments)}, cache=part.cache)
        case ToolResult():
            return _result(part, ids)


def _result(part: ToolResult, ids: _Ids) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": ids.result(part.id)}
    written = (_shown(inner, Role.USER) for inner in part.parts)
    content = [inner for inner in written if inner is not None]
    if content:
        block["content"] = content
    if part.error:
        block["is_error"] = True
    return cached(block, cache=part.cache)


def _shown(part: Text | Shown, role: Role) -> dict[str, Any] | None:
    if isinstance(part, Text):
        return write_text(part)
    if not is_taken(part, role):
        return None
    return _image(part) if isinstance(part, Image) else _document(part)


def write_text(part: Text) -> dict[str, Any] | None:
    """A block of words; ``None`` for no words at all, which the API refuses."""
    block = {"type": "text", "text": part.text}
    return cached(block, cache=part.cache) if part.text else None


def _image(part: Image) -> dict[str, Any]:
    source = {"type": "url", "url": part.url}
    if not part.url:
        source = {"type": "base64", "media_type": part.media_type, "data": part.data}
    return cached({"type": "image", "source": source}, cache=part.cache)


def _document(part: File) -> dict[str, Any]:
    block = {"type": "document", "source": _source(part)}
    return cached(block | ({"title": part.name} if part.name else {}), cache=part.cache)


def _source(part: File) -> dict[str, Any]:
    if part.id is not None:
        return {"type": "file", "file_id": part.id}
    if part.url is not None:
        return {"type": "url", "url": part.url}
    text = text_of(part)
    if text is not None:
        return {"type": "text", "media_type": TEXT, "data": text}
    return {"type": "base64", "media_type": PDF, "data": part.data}
