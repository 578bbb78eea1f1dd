"""A conversation, written as a request of this dialect; and what cannot be said here.

Left out in silence, because the answer means the same without it: thoughts of another
vendor, cache marks of another dialect, and that a tool's result is an error, which its
text says too. A budget of thought becomes the nearest effort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from orchestrator.dialects import files
from orchestrator.dialects.crossing import (
    Shown,
    effort_of,
    foreign_losses,
    is_tool_name,
    parameter_losses,
    related_hints,
    shown_losses,
    tool_losses,
    unwritten_losses,
)
from orchestrator.dialects.json_word import NOTE, lacks_word, with_word
from orchestrator.dialects.loss import Loss, Reworded
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from orchestrator.dialects.openai_chat.messages import written_call, written_thoughts
from orchestrator.dialects.openai_chat.vocabulary import (
    CACHE,
    HINTS,
    KEEPER,
    LIMIT,
    NAME,
    OPENAI_CACHE,
    RELATED,
    SPELLING,
    THINKING_FIELDS,
)
from orchestrator.dialects.wire import mapping

MOST_STOPS = 4
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop (2026-11-21)."""

SOUNDS = frozenset({"wav", "mp3"})
"""Forms of sound that are taken
(https://platform.openai.com/docs/api-reference/chat/create, openai 3.57.0, 2026-11-29)."""

LONGEST_TOOL_NAME = 64
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools (2026-11-21)."""


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    if conversation.dialect == NAME:
        return unwritten_losses(conversation)
    # Many servers know `top_k`, the API itself does not.
    lost = {"top_k": conversation.top_k is not None, "n": (conversation.choices or 1) > 1}
    return (
        *shown_losses(conversation, is_taken),
        *tool_losses(conversation, LONGEST_TOOL_NAME),
        *parameter_losses(lost),
        *foreign_losses(conversation, shared(conversation).keys()),
    )


def shared(conversation: Conversation) -> Mapping[str, Any]:
    """Hints of the related dialect that are written here too."""
    return related_hints(conversation, RELATED, HINTS)


def is_taken(shown: Shown, role: Role) -> bool:
    """True for what a user shows: a picture, a file by value or by OpenAI's id, some sounds.

    A file by its address is not: the API has no word for it
    (https://platform.openai.com/docs/api-reference/chat/create, 2026-11-29).
    """
    if role is not Role.USER:
        return False
    if isinstance(shown, Image):
        return bool(shown.url or shown.data)
    return _is_file_taken(shown)


def _is_file_taken(file: File) -> bool:
    if file.id is not None:
        return file.keeper == KEEPER
    if file.is_of("audio"):
        return bool(file.data) and files.sound_form(file) in SOUNDS
    return bool(file.data) and not file.is_of("video")


IN_NEXT_MESSAGE = "What the tool gave is in the next message."
"""What a tool gives here whose result is pictures or files alone: results hold text."""

_MARKS: Mapping[str, Mapping[str, Any]] = {
    CACHE: {CACHE: {"type": "ephemeral"}},
    OPENAI_CACHE: {OPENAI_CACHE: {"mode": "explicit"}},
}


@attrs.frozen
class ChatMessagesWriter:
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
        # Vendors want all results of a turn before anything else is said in it.
        shown = [part for result in results for part in result.parts if _is_sent(part)]
        said = [part for part in message.parts if isinstance(part, Text) or _is_sent(part)]
        yield from (self._result(result) for result in results)
        if shown or said or not results:
            yield {"role": "user", "content": self._content([*shown, *said])}

    def _result(self, result: ToolResult) -> dict[str, Any]:
        texts = [part for part in result.parts if isinstance(part, Text)]
        # Results hold text here; what else a tool gave follows in the user's next message.
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


_ELSEWHERE = frozenset({SPELLING, "response_format", "tools"})
"""Extras and hints that are written inside other fields."""


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    ours = conversation.dialect == NAME
    conversation = conversation if ours else with_word(conversation)
    known = {**conversation.extras, **conversation.hints} if ours else {**shared(conversation)}
    spelling = mapping(known.get(SPELLING))
    writer = ChatMessagesWriter(ours, spelling.get("cache", ""))
    body = {
        "messages": writer.write(conversation),
        spelling.get("max_tokens", LIMIT): conversation.max_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "top_k": conversation.top_k if ours else None,
        "stop": list(conversation.stop if ours else conversation.stop[:MOST_STOPS]) or None,
        "seed": conversation.seed,
        "frequency_penalty": conversation.frequency_penalty,
        "presence_penalty": conversation.presence_penalty,
        "n": conversation.choices if ours else None,
        "response_format": _format(conversation.format, known),
        "user": conversation.user,
        "verbosity": conversation.verbosity,
        **_tools(conversation, known, writer),
        **_reasoning(conversation.reasoning, known),
        **{name: value for name, value in known.items() if name not in _ELSEWHERE},
    }
    return {name: value for name, value in body.items() if value is not None}


def reworded(conversation: Conversation) -> Reworded:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    if conversation.dialect == NAME:
        return Reworded()
    notes = (NOTE,) if lacks_word(conversation) else ()
    return Reworded(notes, conversation.stop[MOST_STOPS:])


def _tools(
    conversation: Conversation, known: dict[str, Any], writer: ChatMessagesWriter
) -> dict[str, Any]:
    """Tools, and how to choose among them: without tools the API refuses to be told how."""
    ours = conversation.dialect == NAME
    functions = [
        {"type": "function", "function": _function(tool), **writer.mark(tool)}
        for tool in conversation.tools
        if ours or is_tool_name(tool.name, LONGEST_TOOL_NAME)
    ]
    tools = [*functions, *known.get("tools", ())]
    if not tools:
        return {}
    return {
        "tools": tools,
        "tool_choice": _tool_choice(conversation.tool_choice),
        "parallel_tool_calls": conversation.parallel_tool_calls,
    }


def _function(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        "parameters": dict(tool.parameters) or {"type": "object", "properties": {}},
        **({"strict": tool.strict} if tool.strict is not None else {}),
    }


def _tool_choice(choice: ToolChoice | None) -> Any:
    if choice is None:
        return None
    if choice.name is not None:
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode.value


def _format(asked: JsonFormat | None, known: dict[str, Any]) -> Any:
    kept = known.get("response_format")
    if asked is None:
        return kept
    if asked.schema is None:
        return {"type": "json_object"}
    description = {"description": kept} if isinstance(kept, str) else {}
    strict = {"strict": asked.strict} if asked.strict is not None else {}
    shape = {"name": asked.name, **description, "schema": dict(asked.schema), **strict}
    return {"type": "json_schema", "json_schema": shape}


def _reasoning(asked: Reasoning | None, known: dict[str, Any]) -> dict[str, Any]:
    """The effort; a budget is said in the nearest one, unless the caller has its own words."""
    if asked is None or any(name in known for name in THINKING_FIELDS):
        return {}
    effort = effort_of(asked)
    return {} if effort is None else {"reasoning_effort": effort}
