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

from collections import deque
from collections.abc import Iterable
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
    is_tool_name,
    parameter_losses,
    says_unusual_verbosity,
    shown_losses,
    tool_losses,
    unwritten_losses,
)
from orchestrator.dialects.files import PDF, TEXT, is_public, text_of
from orchestrator.dialects.json_schema import closed
from orchestrator.dialects.json_word import instruction
from orchestrator.dialects.loss import Loss, Reworded, effort
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


def form_of(asked: JsonFormat | None, *, is_own: bool) -> Form:
    """How to ask for the form; the schema of a caller of this dialect stays as it is."""
    if asked is None or (is_own and asked.schema is None):
        return Form()
    if asked.schema is None:
        note = "response_format json_object is asked for by an instruction"
        return Form(instruction=instruction(), note=note)
    schema = dict(asked.schema)
    shut = schema if is_own else closed(schema)
    if shut is None:
        note = "response_format json_schema is asked for by an instruction: an object in it is open"
        return Form(instruction=instruction(schema), note=note)
    note = "response_format: objects were closed (additionalProperties = false)"
    return Form({"type": "json_schema", "schema": shut}, note="" if shut == schema else note)


_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_LONGEST_TOOL_NAME = 128


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    ours = (
        *shown_losses(conversation, is_taken),
        *tool_losses(conversation, _LONGEST_TOOL_NAME),
        *parameter_losses(_lost(conversation)),
        *((effort("seed"),) if conversation.seed is not None else ()),
    )
    others = unwritten_losses if conversation.dialect == NAME else foreign_losses
    return (*ours, *others(conversation))


def _lost(asked: Conversation) -> dict[str, bool]:
    """Whether each field that changes the answer cannot be said here.

    What is barred while thinking:
    https://platform.claude.com/docs/en/build-with-claude/extended-thinking (2026-11-21).
    """
    thinks, reasoning = is_thinking(asked.reasoning), asked.reasoning
    heat, choice = asked.temperature, asked.tool_choice
    demands = choice is not None and choice.mode is ToolMode.REQUIRED and bool(asked.tools)
    return {
        "tool_choice": thinks and demands,
        # Chat's scale ends at 2, this one at 1, the default, and the one value while thinking.
        "temperature": heat is not None and (not 0 <= heat <= 1 or (thinks and heat != 1)),
        "top_p": asked.top_p is not None and thinks and asked.top_p < 0.95,
        "top_k": asked.top_k is not None and thinks,
        "frequency_penalty": bool(asked.frequency_penalty),
        "presence_penalty": bool(asked.presence_penalty),
        "n": asked.choices not in (None, 1),
        "verbosity": says_unusual_verbosity(asked),
        "reasoning_effort": reasoning is not None and not is_sayable(reasoning, asked.max_tokens),
    }


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
    thinking, effort = _reasoning(conversation, lost)
    is_own = conversation.dialect == NAME
    extras = dict(conversation.extras) if is_own else {}
    fields = {
        **(conversation.hints if is_own else {}),
        **{name: value for name, value in extras.items() if name not in _MERGED},
        "system": _system(conversation, form),
        "tools": _tools(conversation, extras.get("tools")),
        "tool_choice": _tool_choice(conversation, lost),
        "stop_sequences": [text for text in conversation.stop if is_stop_taken(text)],
        "output_config": {
            **wire.mapping(extras.get("output_config")),
            **({"format": form.format} if form.format is not None else {}),
            **effort,
        },
        **thinking,
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
    return form_of(conversation.format, is_own=conversation.dialect == NAME)


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
    own = [
        _tool(tool) for tool in conversation.tools if is_tool_name(tool.name, _LONGEST_TOOL_NAME)
    ]
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


def _reasoning(
    conversation: Conversation, lost: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """``thinking``, and what ``output_config`` says of effort; nothing where nobody says."""
    if conversation.reasoning is None or "reasoning_effort" in lost:
        return {}, {}
    thinking, effort = write_reasoning(conversation.reasoning, conversation.max_tokens)
    return {"thinking": thinking}, {"effort": effort} if effort else {}
