"""A conversation, written as a request of this dialect; and what cannot be said here.

Left out in silence, because the answer means the same without it: how closely a picture
is looked at (``detail``), the name of a schema, and thoughts of another vendor, which
nobody else may read.

The API takes a schema whose objects all say ``additionalProperties: false``, and has no
mode for JSON of any form
(https://platform.claude.com/docs/en/build-with-claude/structured-outputs, 2026-11-29). So
objects are closed where nothing is lost by it: an answer that fits the closed schema fits
the caller's. A map, whose keys are the answer's own, cannot be closed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.answer import write_thinking
from orchestrator.dialects.anthropic_messages.reasoning import (
    is_sayable,
    is_thinking,
    write_reasoning,
)
from orchestrator.dialects.anthropic_messages.vocabulary import NAME, json_object, tool_id
from orchestrator.dialects.crossing import (
    Shown,
    foreign_losses,
    says_unusual_verbosity,
    shown_losses,
    tool_losses,
)
from orchestrator.dialects.files import PDF, TEXT, is_public, text_of
from orchestrator.dialects.json_schema import closed
from orchestrator.dialects.json_word import instruction
from orchestrator.dialects.loss import Loss, Reworded, Weight, effort, parameter
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
)

UNSUPPORTED = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
        "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    }
)  # fmt: skip
"""Keywords that are documented as not supported (same page); ``minItems`` above 1 is."""


@attrs.frozen
class Form:
    """How the form of the answer is asked for.

    Attributes:
        format: The value of ``output_config.format``; ``None`` where there is none.
        instruction: What to say in words; empty where nothing has to be.
        note: In what this differs from what the caller asked; empty where it does not.
    """

    format: dict[str, Any] | None = None
    instruction: str = ""
    note: str = ""


def form_of(asked: JsonFormat | None) -> Form:
    """How to ask for the form that somebody asked for in another dialect."""
    if asked is None:
        return Form()
    if asked.schema is None:
        note = "response_format json_object is asked for by an instruction"
        return Form(instruction=instruction(), note=note)
    schema = dict(asked.schema)
    shut = closed(schema)
    if shut is None:
        note = "response_format json_schema is asked for by an instruction: an object in it is open"
        return Form(instruction=instruction(schema), note=note)
    note = "response_format: objects were closed (additionalProperties = false)"
    return Form({"type": "json_schema", "schema": shut}, note="" if shut == schema else note)


def own_form(asked: JsonFormat | None) -> Form:
    """The same for a caller of this dialect, whose schema stays as it is."""
    if asked is None or asked.schema is None:
        return Form()
    return Form({"type": "json_schema", "schema": dict(asked.schema)})


_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    ours = (
        *shown_losses(conversation, is_taken),
        *tool_losses(conversation, is_tool_name),
        *(parameter(name) for name, is_lost in _LOST.items() if is_lost(conversation)),
        *((effort("seed"),) if conversation.seed is not None else ()),
    )
    if conversation.dialect == NAME:
        # Parts that were not read cannot be written either.
        return (*ours, *(loss for loss in conversation.unread if loss.weight is Weight.SAID))
    return (*ours, *foreign_losses(conversation))


def is_taken(shown: Shown, role: Role) -> bool:
    """True for what a user shows: pictures, PDFs and words, by address, by value, by own id.

    See https://platform.claude.com/docs/en/build-with-claude/vision (2026-11-21) and
    https://platform.claude.com/docs/en/build-with-claude/pdf-support (2026-11-29).
    """
    if role is not Role.USER:
        return False
    if isinstance(shown, Image):
        return bool(shown.url) or (bool(shown.data) and shown.media_type in _IMAGES)
    if shown.id is not None:
        return shown.keeper == NAME
    if shown.url is not None:
        return shown.media_type in (None, PDF) and is_public(shown.url)
    return bool(shown.data) and (shown.media_type == PDF or text_of(shown) is not None)


def is_stop_taken(sequence: str) -> bool:
    """False for white space alone, which the API refuses."""
    return bool(sequence.strip())


def is_tool_name(name: str) -> bool:
    """True for a name that the API takes."""
    return _TOOL_NAME.fullmatch(name) is not None


def _loses_temperature(conversation: Conversation) -> bool:
    """Chat's scale ends at 2, this one at 1, which is its default too.

    While thinking, no other than the default is taken
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking, 2026-11-21).
    """
    value = conversation.temperature
    return value is not None and (
        not 0 <= value <= 1 or (value != 1 and is_thinking(conversation.reasoning))
    )


def _loses_top_p(conversation: Conversation) -> bool:
    """While thinking, 0.95 is the least that is taken (same page)."""
    value = conversation.top_p
    return value is not None and is_thinking(conversation.reasoning) and value < 0.95


def _loses_tool_choice(conversation: Conversation) -> bool:
    """While thinking, no tool can be demanded (same page)."""
    choice = conversation.tool_choice
    demands = choice is not None and choice.mode is ToolMode.REQUIRED
    return demands and bool(conversation.tools) and is_thinking(conversation.reasoning)


def _loses_reasoning(conversation: Conversation) -> bool:
    reasoning = conversation.reasoning
    return reasoning is not None and not is_sayable(reasoning, conversation.max_tokens)


_LOST: Mapping[str, Callable[[Conversation], bool]] = MappingProxyType(
    {
        "tool_choice": _loses_tool_choice,
        "temperature": _loses_temperature,
        "top_p": _loses_top_p,
        "top_k": lambda asked: asked.top_k is not None and is_thinking(asked.reasoning),
        "frequency_penalty": lambda asked: bool(asked.frequency_penalty),
        "presence_penalty": lambda asked: bool(asked.presence_penalty),
        "n": lambda asked: asked.choices not in (None, 1),
        "verbosity": says_unusual_verbosity,
        "reasoning_effort": _loses_reasoning,
    }
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
        # Stable, so that what was said stays in order behind the results.
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
        # Where nobody gave ids, results come in the order of their calls.
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


_MERGED = ("tools", "output_config")
"""Extras that stand beside what is written of the neutral form, in one field."""


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`.

    ``max_tokens`` is written where the caller says it; :func:`~.http.encode` sees to it
    that there is one.
    """
    lost = frozenset(loss.name for loss in losses(conversation))
    form = _form(conversation)
    is_own = conversation.dialect == NAME
    extras = dict(conversation.extras) if is_own else {}
    fields = {
        **(conversation.hints if is_own else {}),
        **{name: value for name, value in extras.items() if name not in _MERGED},
        "system": _system(conversation, form),
        "tools": _tools(conversation, extras.get("tools")),
        "tool_choice": _tool_choice(conversation, lost),
        "stop_sequences": [text for text in conversation.stop if is_stop_taken(text)],
        "output_config": _output_config(conversation, extras.get("output_config"), form, lost),
        **_thinking(conversation, lost),
        "metadata": None if conversation.user is None else {"user_id": conversation.user},
        "max_tokens": conversation.max_tokens,
        "temperature": None if "temperature" in lost else conversation.temperature,
        "top_p": None if "top_p" in lost else conversation.top_p,
        "top_k": None if "top_k" in lost else conversation.top_k,
    }
    said = {name: value for name, value in fields.items() if value not in (None, [], {})}
    return {"messages": write_messages(conversation.messages), **said}


def reworded(conversation: Conversation) -> Reworded:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    note = _form(conversation).note
    stops = tuple(text for text in conversation.stop if not is_stop_taken(text))
    return Reworded((note,) if note else (), stops)


def _form(conversation: Conversation) -> Form:
    is_own = conversation.dialect == NAME
    return own_form(conversation.format) if is_own else form_of(conversation.format)


def _system(conversation: Conversation, form: Form) -> str | list[dict[str, Any]]:
    """Words alone as they are; blocks where there are several, or a mark to cache.

    Instructions of ours come last, so that a prefix which is cached stays the same.
    """
    said = (*conversation.system, *((Text(form.instruction),) if form.instruction else ()))
    written = (write_text(part) for part in said)
    blocks = [block for block in written if block is not None]
    if len(blocks) == 1 and "cache_control" not in blocks[0]:
        return str(blocks[0]["text"])
    return blocks


def _tools(conversation: Conversation, vendors: Any) -> list[dict[str, Any]]:
    """The caller's tools, then those that the vendor runs."""
    own = [_tool(tool) for tool in conversation.tools if is_tool_name(tool.name)]
    return own + wire.mappings(vendors)


def _tool(tool: Tool) -> dict[str, Any]:
    made: dict[str, Any] = {"name": tool.name}
    if tool.description:
        made["description"] = tool.description
    # The API demands a type, also of a tool that takes nothing.
    made["input_schema"] = {"type": "object", **tool.parameters}
    if tool.strict is not None:
        made["strict"] = tool.strict
    return cached(made, cache=tool.cache)


def _tool_choice(conversation: Conversation, lost: frozenset[str]) -> dict[str, Any] | None:
    """Which tools to call, and whether several at once; nothing where there is no tool."""
    parallel = conversation.parallel_tool_calls
    choice = None if "tool_choice" in lost else conversation.tool_choice
    if not conversation.tools or (choice is None and parallel is None):
        return None
    made = _choice(choice or ToolChoice())
    if parallel is not None and made["type"] != "none":
        made["disable_parallel_tool_use"] = not parallel
    return made


def _choice(choice: ToolChoice) -> dict[str, Any]:
    match choice.mode:
        case ToolMode.AUTO:
            return {"type": "auto"}
        case ToolMode.NONE:
            return {"type": "none"}
        case ToolMode.REQUIRED:
            return {"type": "tool", "name": choice.name} if choice.name else {"type": "any"}


def _thinking(conversation: Conversation, lost: frozenset[str]) -> dict[str, Any]:
    """``thinking``, where the neutral form says how much; else what the caller had there."""
    if conversation.reasoning is None or "reasoning_effort" in lost:
        return {}
    thinking, _ = write_reasoning(conversation.reasoning, conversation.max_tokens)
    return {"thinking": thinking}


def _output_config(
    conversation: Conversation, extra: Any, form: Form, lost: frozenset[str]
) -> dict[str, Any]:
    config = dict(wire.mapping(extra))
    if form.format is not None:
        config["format"] = form.format
    if conversation.reasoning is not None and "reasoning_effort" not in lost:
        _, effort = write_reasoning(conversation.reasoning, conversation.max_tokens)
        config |= {"effort": effort} if effort else {}
    return config
