"""A conversation, written as a request of this dialect."""

from __future__ import annotations

from typing import Any

from orchestrator.dialects.json_word import NOTE, lacks_word, with_word
from orchestrator.dialects.loss import Reworded
from orchestrator.dialects.neutral import Conversation, JsonFormat, Reasoning, Tool, ToolChoice
from orchestrator.dialects.openai_chat.losses import MOST_STOPS, is_tool_name, shared
from orchestrator.dialects.openai_chat.messages_writer import MessagesWriter
from orchestrator.dialects.openai_chat.names import (
    LIMIT,
    NAME,
    SPELLING,
    THINKING_FIELDS,
)
from orchestrator.dialects.wire import mapping

_ELSEWHERE = frozenset({SPELLING, "response_format", "tools"})
"""Extras and hints that are written inside other fields."""

_EFFORTS = ((0, "none"), (1_024, "low"), (8_192, "medium"))
"""The most tokens of thought that each effort stands for; above them it is ``high``.

Google says how they compare: https://ai.google.dev/gemini-api/docs/openai (2026-11-21).
"""


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :meth:`orchestrator.dialects.Dialect.write_request`."""
    ours = conversation.dialect == NAME
    conversation = conversation if ours else with_word(conversation)
    known = {**conversation.extras, **conversation.hints} if ours else {**shared(conversation)}
    spelling = mapping(known.get(SPELLING))
    writer = MessagesWriter(ours, spelling.get("cache", ""))
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
    """See :meth:`orchestrator.dialects.Dialect.reworded`."""
    if conversation.dialect == NAME:
        return Reworded()
    notes = (NOTE,) if lacks_word(conversation) else ()
    return Reworded(notes, conversation.stop[MOST_STOPS:])


def _tools(
    conversation: Conversation, known: dict[str, Any], writer: MessagesWriter
) -> dict[str, Any]:
    """Tools, and how to choose among them: without tools the API refuses to be told how."""
    ours = conversation.dialect == NAME
    functions = [
        {"type": "function", "function": _function(tool), **writer.mark(tool)}
        for tool in conversation.tools
        if ours or is_tool_name(tool.name)
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
    if asked.effort is not None:
        return {"reasoning_effort": asked.effort}
    if asked.tokens is None:
        return {}
    within = (effort for most, effort in _EFFORTS if asked.tokens <= most)
    return {"reasoning_effort": next(within, "high")}
