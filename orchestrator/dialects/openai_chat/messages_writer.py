"""Turns, written as messages of this dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from orchestrator.dialects import files
from orchestrator.dialects.common_losses import Shown
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from orchestrator.dialects.openai_chat.losses import is_taken
from orchestrator.dialects.openai_chat.names import CACHE, NAME, OPENAI_CACHE, THOUGHT_FIELDS
from orchestrator.dialects.wire import decoded

IN_NEXT_MESSAGE = "What the tool gave is in the next message."
"""What a tool gives here whose result is pictures or files alone: results hold text."""

_MARKS: Mapping[str, Mapping[str, Any]] = {
    CACHE: {CACHE: {"type": "ephemeral"}},
    OPENAI_CACHE: {OPENAI_CACHE: {"mode": "explicit"}},
}


@attrs.frozen
class MessagesWriter:
    """Writes the messages of one conversation.

    Attributes:
        ours: True where the conversation was asked in this dialect.
        cache: How cache marks are spelled; empty where they are left out.
    """

    ours: bool
    cache: str = ""

    def write(self, conversation: Conversation) -> list[dict[str, Any]]:
        """System messages, then the turns in order."""
        system = [
            {"role": "system", "content": self._content([text])} for text in conversation.system
        ]
        turns = [made for message in conversation.messages for made in self._turn(message)]
        return system + turns

    def mark(self, part: Text | Any) -> Mapping[str, Any]:
        """The mark of a part or tool at which a cached prefix ends."""
        return _MARKS.get(self.cache, {}) if part.cache else {}

    def _turn(self, message: Message) -> Iterator[dict[str, Any]]:
        if message.role is Role.ASSISTANT:
            yield self._assistant(message.parts)
            return
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        shown = [part for result in results for part in result.parts if _is_sent(part)]
        said = [part for part in message.parts if isinstance(part, Text) or _is_sent(part)]
        yield from (self._result(result) for result in results)
        if shown or said or not results:
            yield {"role": "user", "content": self._content([*shown, *said])}

    def _result(self, result: ToolResult) -> dict[str, Any]:
        texts = [part for part in result.parts if isinstance(part, Text)]
        if not texts and result.parts:
            texts = [Text(IN_NEXT_MESSAGE)]
        return {"role": "tool", "tool_call_id": result.id, "content": self._content(texts)}

    def _assistant(self, parts: tuple[Part, ...]) -> dict[str, Any]:
        texts = [part for part in parts if isinstance(part, Text)]
        calls = [part for part in parts if isinstance(part, ToolUse)]
        thoughts = [part for part in parts if isinstance(part, Thinking)]
        content = self._content(texts) if texts or not calls else None
        made: dict[str, Any] = {"role": "assistant", "content": content}
        if self.ours:
            made |= written_thoughts(part for part in thoughts if part.dialect == NAME)
        if calls:
            made["tool_calls"] = [written_call(call, signed=self.ours) for call in calls]
        return made

    def _content(self, parts: list[Any]) -> str | list[dict[str, Any]]:
        """The text itself where it is all there is: not every server reads parts."""
        if not parts:
            return ""
        if len(parts) == 1 and isinstance(parts[0], Text) and not self.mark(parts[0]):
            return parts[0].text
        return [{**_part(part), **self.mark(part)} for part in parts]


def _is_sent(part: Part) -> bool:
    return isinstance(part, Shown) and is_taken(part, Role.USER)


def _part(part: Text | Shown) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, File):
        return _file(part)
    url = part.url or f"data:{part.media_type or ''};base64,{part.data}"
    detail = {"detail": part.detail} if part.detail else {}
    return {"type": "image_url", "image_url": {"url": url, **detail}}


def _file(file: File) -> dict[str, Any]:
    if file.id is not None:
        return {"type": "file", "file": {"file_id": file.id}}
    if file.is_of("audio"):
        given = {"data": file.data, "format": files.sound_form(file)}
        return {"type": "input_audio", "input_audio": given}
    content = {"filename": files.name_for(file), "file_data": files.data_address(file)}
    return {"type": "file", "file": content}


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
    """A tool call; see :func:`~.messages_reader.tool_use` for its signature."""
    function = {"name": call.name, "arguments": call.arguments}
    extra = {"google": {"thought_signature": call.signature}}
    return {
        "id": call.id,
        "type": "function",
        "function": function,
        **({"extra_content": extra} if signed and call.signature else {}),
    }
