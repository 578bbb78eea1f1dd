"""A conversation, written as a request of this dialect; and what cannot be asked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from orchestrator.dialects.crossing import (
    Shown,
    effort_of,
    foreign_losses,
    parameter_losses,
    related_hints,
    shown_losses,
)
from orchestrator.dialects.files import data_address, is_public, name_for
from orchestrator.dialects.json_word import NOTE, WORD, lacks_word
from orchestrator.dialects.loss import Loss, Reworded, effort
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
from orchestrator.dialects.openai_responses.vocabulary import (
    FORMAT,
    FORMAT_DESCRIPTION,
    HINTS,
    INPUT_CONTENT,
    INPUT_ITEMS,
    KEEPER,
    NAME,
    RELATED,
)


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :class:`orchestrator.dialects.record.Dialect`.

    A penalty of 0 and one choice are what is done here anyway; stop sequences are cut by the
    driver (:class:`~orchestrator.dialects.loss.Reworded`).
    """
    asked = {
        "top_k": conversation.top_k is not None,
        "frequency_penalty": bool(conversation.frequency_penalty),
        "presence_penalty": bool(conversation.presence_penalty),
        "n": (conversation.choices or 1) > 1,
    }
    ours = (
        *shown_losses(conversation, is_taken),
        *parameter_losses(asked),
        *((effort("seed"),) if conversation.seed is not None else ()),
    )
    if conversation.dialect == NAME:
        return ours
    return (*ours, *foreign_losses(conversation, shared(conversation).keys()))


def shared(conversation: Conversation) -> Mapping[str, Any]:
    """Hints of the related dialect that are written here too."""
    return related_hints(conversation, RELATED, HINTS)


def is_taken(shown: Shown, role: Role) -> bool:
    """True for what a user shows: pictures, and files but sounds and films.

    The API's types have no sound among the contents of a message
    (openai 3.57.0, ``ResponseInputContentParam``, 2026-11-29).
    """
    if role is not Role.USER:
        return False
    return isinstance(shown, Image) or _is_file_taken(shown)


def _is_file_taken(file: File) -> bool:
    if file.id is not None:
        return file.keeper == KEEPER
    if file.is_of("audio", "video"):
        return False
    return bool(file.data) or (file.url is not None and is_public(file.url))


_BREAKPOINT = {"mode": "explicit"}


def write_input(conversation: Conversation) -> list[dict[str, Any]]:
    """The input items, the system prompt first where ``instructions`` cannot hold it."""
    ours = conversation.dialect == NAME
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
    return None if text.cache and conversation.dialect == NAME else text.text


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
            case Thinking() if part.dialect == NAME and part.signature is not None:
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
        # Lowest first: each position counts the items that were put back before it.
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


_ELSEWHERE = frozenset(
    {FORMAT, FORMAT_DESCRIPTION, INPUT_CONTENT, INPUT_ITEMS, "reasoning", "tools"}
)
"""Extras and hints that are written inside other fields."""


def reworded(conversation: Conversation) -> Reworded:
    """See :class:`orchestrator.dialects.record.Dialect`: there is no stop parameter here."""
    ours = conversation.dialect == NAME
    notes = (NOTE,) if not ours and _lacks_word(conversation) else ()
    return Reworded(notes, conversation.stop)


def _lacks_word(conversation: Conversation) -> bool:
    """Whether the word that JSON mode demands is nowhere in the input.

    Instructions are not looked at (https://github.com/BigDawnGhost/wenyi/pull/66, 2026-11-29).
    """
    return lacks_word(conversation, in_system=instructions(conversation) is None)


def _input(conversation: Conversation) -> list[dict[str, Any]]:
    """The input items, with the word that JSON mode demands after what the system says there."""
    items = write_input(conversation)
    if conversation.dialect != NAME and _lacks_word(conversation):
        at = int(bool(conversation.system) and instructions(conversation) is None)
        items.insert(at, {"type": "message", "role": "system", "content": WORD})
    return items


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    ours = conversation.dialect == NAME
    known: Mapping[str, Any] = (
        {**conversation.extras, **conversation.hints} if ours else shared(conversation)
    )
    body = {
        "input": _input(conversation),
        "instructions": instructions(conversation),
        "tools": [
            *(_tool(tool, ours=ours) for tool in conversation.tools),
            *known.get("tools", ()),
        ],
        "tool_choice": _tool_choice(conversation.tool_choice),
        "parallel_tool_calls": conversation.parallel_tool_calls,
        "max_output_tokens": conversation.max_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "text": _text(conversation, known),
        "reasoning": _reasoning(conversation),
        "user": conversation.user,
        # Whoever asks in another dialect did not agree to have the answer kept for 30 days.
        "store": None if ours else False,
    }
    said = {name: value for name, value in body.items() if value not in (None, {})}
    if not said["tools"]:
        del said["tools"]
    return {**said, **{name: known[name] for name in known if name not in _ELSEWHERE}}


def _tool(tool: Tool, *, ours: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description:
        made["description"] = tool.description
    made["parameters"] = dict(tool.parameters) or None
    # Only here are tools strict where nothing is said.
    strict = tool.strict if ours or tool.strict is not None else False
    return made if strict is None else {**made, "strict": strict}


def _tool_choice(choice: ToolChoice | None) -> Any:
    if choice is None:
        return None
    if choice.name is not None:
        return {"type": "function", "name": choice.name}
    return str(choice.mode)


def _text(conversation: Conversation, known: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if conversation.format is not None:
        made["format"] = _format(conversation.format, known.get(FORMAT_DESCRIPTION))
    elif FORMAT in known:
        made["format"] = known[FORMAT]
    if conversation.verbosity is not None:
        made["verbosity"] = conversation.verbosity
    return made


def _format(shape: JsonFormat, description: str | None) -> dict[str, Any]:
    if shape.schema is None:
        return {"type": "json_object"}
    made: dict[str, Any] = {"type": "json_schema", "name": shape.name, "schema": shape.schema}
    if description is not None:
        made["description"] = description
    return made if shape.strict is None else {**made, "strict": shape.strict}


def _reasoning(conversation: Conversation) -> dict[str, Any]:
    """How to think. A summary is asked for only where the caller speaks this dialect.

    Organizations that are not verified are refused one, and an answer without its thoughts
    is better than none (https://platform.openai.com/docs/guides/reasoning, 2026-11-21).
    """
    asked = conversation.reasoning or Reasoning()
    effort = effort_of(asked)
    made = {} if effort is None else {"effort": effort}
    if conversation.dialect != NAME:
        return made
    riding = {
        **conversation.extras.get("reasoning", {}),
        **conversation.hints.get("reasoning", {}),
    }
    if asked.shown and not riding.keys() & {"summary", "generate_summary"}:
        riding["summary"] = "auto"
    return {**made, **riding}
