"""The turns of a conversation, laid out as the flat list of items that a request holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from orchestrator.dialects.common_losses import Shown
from orchestrator.dialects.files import data_address, name_for
from orchestrator.dialects.neutral import (
    Conversation,
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
from orchestrator.dialects.openai_responses.losses import is_taken
from orchestrator.dialects.openai_responses.names import DIALECT, INPUT_CONTENT, INPUT_ITEMS

_BREAKPOINT = {"mode": "explicit"}


def write_input(conversation: Conversation) -> list[dict[str, Any]]:
    """The input items, the system prompt first where ``instructions`` cannot hold it."""
    ours = conversation.dialect == DIALECT
    writer = _Writer(ours)
    for message in conversation.messages:
        writer.message(message)
    if ours:
        writer.restore(conversation)
    system = [] if instructions(conversation) is not None else conversation.system
    first = [writer.spoken("system", system)] if system else []
    return first + writer.items


def instructions(conversation: Conversation) -> str | None:
    """The system prompt where it is one text, as it nearly always is.

    A caller of this dialect who marks a cache prefix in it needs a message, whose parts
    can carry the mark.
    """
    if len(conversation.system) != 1:
        return None
    text = conversation.system[0]
    return None if text.cache and conversation.dialect == DIALECT else text.text


@attrs.define
class _Writer:
    """Lays out turns.

    Attributes:
        ours: Whether the caller speaks this dialect. Marks of cache prefixes are written
            for no one else: models before gpt-5.6 do not know them, and cache unasked.
    """

    ours: bool
    items: list[dict[str, Any]] = attrs.field(factory=list)

    def message(self, message: Message) -> None:
        """Lay out one turn: words, pictures and files in a row make one message item."""
        said: list[Text | Shown] = []
        for part in message.parts:
            if isinstance(part, Text | Shown):
                said += [part] if _is_said(part) else []
                continue
            self._say(message.role, said)
            said = []
            self._single(part)
        self._say(message.role, said)

    def _say(self, role: Role, parts: list[Text | Shown]) -> None:
        if role is Role.USER:
            self.items += [self.spoken(role, parts)] if parts else []
            return
        # Bare text is the only form in which the reference takes the model's words without
        # the id of a stored message. It sends no pictures here; ``losses`` names them.
        texts = (part.text for part in parts if isinstance(part, Text))
        self.items += [{"type": "message", "role": str(role), "content": text} for text in texts]

    def _single(self, part: Part) -> None:
        match part:
            case ToolUse():
                self.items.append(_call(part))
            case ToolResult():
                self.items.append(self._result(part))
            case Thinking() if part.dialect == DIALECT and part.signature is not None:
                self.items.append(_thoughts(part))
            case _:
                pass

    def spoken(self, role: str, parts: Iterable[Text | Shown]) -> dict[str, Any]:
        """A message item; one text is written bare, which every server understands."""
        content = self._content(list(parts))
        return {"type": "message", "role": str(role), "content": content}

    def _result(self, part: ToolResult) -> dict[str, Any]:
        output = self._content([one for one in part.parts if _is_said(one)])
        return {"type": "function_call_output", "call_id": part.id, "output": output}

    def _content(self, parts: list[Text | Shown]) -> str | list[dict[str, Any]]:
        if not parts:
            return ""
        first = parts[0]
        if len(parts) == 1 and isinstance(first, Text) and not self._marked(first):
            return first.text
        return [self._part(part) for part in parts]

    def _part(self, part: Text | Shown) -> dict[str, Any]:
        made: dict[str, Any]
        match part:
            case Image():
                # Strict servers demand `detail`, whose default is "auto".
                detail = part.detail or "auto"
                made = {"type": "input_image", "image_url": _url(part), "detail": detail}
            case File():
                made = _file(part)
            case Text():
                made = {"type": "input_text", "text": part.text}
        if self._marked(part):
            made["prompt_cache_breakpoint"] = dict(_BREAKPOINT)
        return made

    def _marked(self, part: Text | Shown) -> bool:
        return self.ours and part.cache

    def restore(self, conversation: Conversation) -> None:
        """Put back what only this dialect knows, each in its place."""
        left = [*_rows(conversation.extras, INPUT_ITEMS), *_rows(conversation.hints, INPUT_ITEMS)]
        for position, item in sorted(left, key=lambda row: row[0]):
            self.items.insert(position, item)
        for position, index, part in _rows(conversation.extras, INPUT_CONTENT):
            if position < len(self.items):
                _insert(self.items[position], index, part)


def _rows(fields: Mapping[str, Any], name: str) -> list[list[Any]]:
    return list(fields.get(name, ()))


def _insert(item: dict[str, Any], index: int, part: object) -> None:
    """Put ``part`` into the content of ``item``."""
    name = "output" if item.get("type") == "function_call_output" else "content"
    content = item.get(name)
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}] if content else []
    if isinstance(content, list):
        item[name] = [*content[:index], part, *content[index:]]


def _call(part: ToolUse) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": part.id,
        "name": part.name,
        "arguments": part.arguments,
    }


def _thoughts(part: Thinking) -> dict[str, Any]:
    """Thoughts as the provider gave them; without an id, which only stored ones need."""
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    return {"type": "reasoning", "summary": summary, "encrypted_content": part.signature}


def _url(image: Image) -> str:
    if image.data is not None:
        return f"data:{image.media_type or 'image/png'};base64,{image.data}"
    return image.url or ""


def _is_said(part: Text | Shown) -> bool:
    return isinstance(part, Text) or is_taken(part, Role.USER)


def _file(file: File) -> dict[str, Any]:
    """A file, with a name where it is given by value.

    https://platform.openai.com/docs/guides/pdf-files (2026-11-29).
    """
    if file.id is not None:
        return {"type": "input_file", "file_id": file.id}
    if file.url is not None:
        return {"type": "input_file", "file_url": file.url}
    return {"type": "input_file", "filename": name_for(file), "file_data": data_address(file)}
