"""The neutral form of a request, written as this dialect says it."""

from __future__ import annotations

from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.formats import Form, form_of, own_form
from orchestrator.dialects.anthropic_messages.losses import (
    is_stop_taken,
    is_tool_name,
    losses,
)
from orchestrator.dialects.anthropic_messages.messages_writer import (
    cached,
    write_messages,
    write_text,
)
from orchestrator.dialects.anthropic_messages.reasoning import write_reasoning
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.loss import Reworded
from orchestrator.dialects.neutral import Conversation, Text, Tool, ToolChoice, ToolMode

_MERGED = ("tools", "output_config")
"""Extras that stand beside what is written of the neutral form, in one field."""


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :meth:`orchestrator.dialects.Dialect.write_request`.

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
    """See :meth:`orchestrator.dialects.Dialect.reworded`."""
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
