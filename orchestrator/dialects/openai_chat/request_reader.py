"""A request of this dialect, in the neutral form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.loss import Loss, vendor_tool
from orchestrator.dialects.neutral import (
    Conversation,
    JsonFormat,
    Reasoning,
    Tool,
    ToolChoice,
    ToolMode,
)
from orchestrator.dialects.openai_chat.messages_reader import MessagesReader
from orchestrator.dialects.openai_chat.names import (
    HINTS,
    LIMIT,
    NAME,
    SPELLING,
    STREAMED,
    THINKING_FIELDS,
)
from orchestrator.dialects.request_fields import RequestError, list_field, number_field, typed_field
from orchestrator.dialects.wire import mapping, string

_READ = frozenset(
    {
        "frequency_penalty", "function_call", "functions", "max_completion_tokens", "max_tokens",
        "messages", "model", "n", "parallel_tool_calls", "presence_penalty", "reasoning",
        "reasoning_effort", "response_format", "seed", "stop", "stream", "temperature",
        "thinking", "tool_choice", "tools", "top_k", "top_p", "user", "verbosity",
    }
)  # fmt: skip
"""Fields that have a neutral form, or none because each call sets them."""

_USUAL: Mapping[str, Any] = {"modalities": ["text"], "top_logprobs": 0}
"""What says nothing, for it holds where nothing is said
(https://platform.openai.com/docs/api-reference/chat/create, 2026-11-29)."""


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :meth:`orchestrator.dialects.Dialect.read_request`."""
    reader, extras, hints = MessagesReader(), *_others(payload)
    messages = reader.read(payload.get("messages"))
    asides = tuple(sorted(name for name in hints if name in HINTS and name != STREAMED))
    tools = _tools(payload, reader, extras)
    spelling = {"max_tokens": _limit_field(payload), "cache": reader.cache}
    hints |= {SPELLING: said} if (said := {k: v for k, v in spelling.items() if v}) else {}
    return Conversation(
        messages,
        system=tuple(reader.system),
        tools=tools,
        tool_choice=_tool_choice(payload, extras),
        parallel_tool_calls=typed_field(payload, "parallel_tool_calls", bool),
        max_tokens=typed_field(payload, _limit_field(payload) or LIMIT, int),
        temperature=number_field(payload, "temperature"),
        top_p=number_field(payload, "top_p"),
        top_k=typed_field(payload, "top_k", int),
        stop=_stop(payload.get("stop")),
        seed=typed_field(payload, "seed", int),
        frequency_penalty=number_field(payload, "frequency_penalty"),
        presence_penalty=number_field(payload, "presence_penalty"),
        choices=typed_field(payload, "n", int),
        format=_format(payload, extras, hints),
        reasoning=_reasoning(payload, hints),
        user=typed_field(payload, "user", str),
        verbosity=typed_field(payload, "verbosity", str),
        dialect=NAME,
        extras=extras,
        hints=hints,
        asides=asides,
        unread=tuple(reader.unread),
    )


def _others(payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields without a neutral form: those that change the answer, and the others.

    What is off or empty changes nothing; ``None`` is what holds where nothing is said.
    """
    extras: dict[str, Any] = {}
    hints: dict[str, Any] = {}
    for name, value in payload.items():
        if name in _READ or value is None or value == _USUAL.get(name):
            continue
        harmless = name in HINTS or value is False or value in ({}, [])
        (hints if harmless else extras)[name] = value
    return extras, hints


# Tools.


def _tools(
    payload: Mapping[str, Any], reader: MessagesReader, extras: dict[str, Any]
) -> tuple[Tool, ...]:
    """The functions; before 2023-11 they had a field of their own. Others stay behind."""
    given = [*list_field(payload, "tools")]
    given += [{"type": "function", "function": one} for one in list_field(payload, "functions")]
    for index, tool in enumerate(given):
        if not isinstance(tool, Mapping):
            found = type(tool).__name__
            raise RequestError(f"tools[{index}] is of type {found}; allowed: a mapping")
    if others := [tool for tool in given if "function" not in tool]:
        extras["tools"] = others
    reader.unread += [
        _vendors(index, tool) for index, tool in enumerate(given) if "function" not in tool
    ]
    return tuple(
        _tool(tool, reader, f"tools[{index}]")
        for index, tool in enumerate(given)
        if "function" in tool
    )


def _vendors(index: int, tool: Mapping[str, Any]) -> Loss:
    """The loss of a tool that is no function."""
    return vendor_tool(index, string(tool.get("type")))


def _tool(tool: Mapping[str, Any], reader: MessagesReader, place: str) -> Tool:
    function = mapping(tool["function"])
    name = function.get("name")
    if not isinstance(name, str) or not name:
        raise RequestError(f"a function of 'tools' has the name {name!r}; allowed: text")
    return Tool(
        name,
        string(function.get("description")),
        mapping(function.get("parameters")),
        typed_field(function, "strict", bool),
        cache=reader.is_cached(tool) or reader.is_cached(function),
        place=place,
    )


def _tool_choice(payload: Mapping[str, Any], extras: dict[str, Any]) -> ToolChoice | None:
    choice = payload.get("tool_choice", payload.get("function_call"))
    if isinstance(choice, str) and choice in set(ToolMode):
        return ToolChoice(ToolMode(choice))
    if choice == "any":  # mistral
        return ToolChoice(ToolMode.REQUIRED)
    function = mapping(choice).get("function", choice)
    if name := string(mapping(function).get("name")):
        return ToolChoice(ToolMode.REQUIRED, name)
    if choice is not None:
        extras["tool_choice"] = choice
    return None


# The answer's form, and thought.


def _format(
    payload: Mapping[str, Any], extras: dict[str, Any], hints: dict[str, Any]
) -> JsonFormat | None:
    asked = mapping(payload.get("response_format"))
    if asked.get("type") == "json_object":
        return JsonFormat()
    shape = asked.get("json_schema")
    if asked.get("type") == "json_schema" and isinstance(shape, dict):
        if description := shape.get("description"):
            hints["response_format"] = description
        name = string(shape.get("name")) or "answer"
        return JsonFormat(mapping(shape.get("schema")), name, typed_field(shape, "strict", bool))
    if asked and asked.get("type") != "text":
        extras["response_format"] = payload["response_format"]
    return None


def _reasoning(payload: Mapping[str, Any], hints: dict[str, Any]) -> Reasoning | None:
    """How much to think, in any spelling; objects are kept to be written back as they were.

    OpenRouter takes ``enabled`` alone for medium effort
    (https://openrouter.ai/docs/use-cases/reasoning-tokens, 2026-11-21).
    """
    effort = typed_field(payload, "reasoning_effort", str)
    asked = {name: payload[name] for name in THINKING_FIELDS if isinstance(payload.get(name), dict)}
    if not asked:
        return Reasoning(effort) if effort is not None else None
    hints.update(asked, **({"reasoning_effort": effort} if effort is not None else {}))
    merged: dict[str, Any] = {k: v for one in asked.values() for k, v in one.items()}
    tokens = merged.get("max_tokens", merged.get("budget_tokens"))
    is_tokens = isinstance(tokens, int) and not isinstance(tokens, bool)
    if merged.get("enabled") is False or merged.get("type") == "disabled":
        return Reasoning("none")
    effort = effort or string(merged.get("effort")) or (None if is_tokens else "medium")
    shown = None if merged.get("exclude") is None else not merged["exclude"]
    return Reasoning(effort, tokens if is_tokens else None, shown)


def _limit_field(payload: Mapping[str, Any]) -> str:
    for name in ("max_completion_tokens", LIMIT):
        if payload.get(name) is not None:
            return name
    return ""


def _stop(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    texts = [given] if isinstance(given, str) else given
    if isinstance(texts, list | tuple) and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    raise RequestError(f"'stop' is {given!r}; allowed: text or a list of texts")
