"""A request of this dialect, in the neutral form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.messages_reader import (
    MessagesReading,
    is_cached,
    required,
)
from orchestrator.dialects.anthropic_messages.reasoning import KINDS, read_reasoning
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.loss import Loss, vendor_tool
from orchestrator.dialects.neutral import Conversation, JsonFormat, Tool, ToolChoice, ToolMode
from orchestrator.dialects.request_fields import (
    RequestError,
    kind_of,
    list_field,
    number_field,
    typed_field,
)

_READ = frozenset(
    {
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "output_format",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
    }
)
"""The fields that the neutral form can say, or that are no part of it."""

_HINTS = frozenset(
    {
        "cache_control",
        "context_management",  # prunes old turns to save tokens; whole, they say the same
        "diagnostics",
        "service_tier",
        "speed",
        "user_profile_id",
        "workspace_id",
    }
)
"""Fields without which the answer is the same: price, speed, bookkeeping."""

_MODES = {
    "auto": ToolMode.AUTO,
    "any": ToolMode.REQUIRED,
    "tool": ToolMode.REQUIRED,
    "none": ToolMode.NONE,
}


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :meth:`orchestrator.dialects.Dialect.read_request`.

    Fields that nobody else knows are ``extras`` or ``hints``. Among the former are
    ``tools`` (those that the vendor runs) and ``output_config`` (what is neither effort nor
    format).
    """
    turns = MessagesReading()
    system = turns.system(payload.get("system"))
    messages = turns.messages(payload.get("messages"))
    choice, parallel = _tool_choice(payload.get("tool_choice"))
    asides = tuple(sorted(_HINTS & payload.keys()))
    return Conversation(
        messages,
        # Instructions between the turns have no place of their own in the neutral form.
        system=(*system, *turns.instructions),
        tools=tuple(_tool(tool, f"tools[{n}]") for n, tool in _tools(payload) if _is_own(tool)),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_tokens=typed_field(payload, "max_tokens", int),
        temperature=number_field(payload, "temperature"),
        top_p=number_field(payload, "top_p"),
        top_k=typed_field(payload, "top_k", int),
        stop=_stop(payload.get("stop_sequences")),
        format=_format(payload),
        reasoning=read_reasoning(payload),
        user=_user(payload),
        dialect=NAME,
        extras=_extras(payload),
        hints={name: payload[name] for name in asides},
        asides=asides,
        unread=(*turns.unread, *_vendors_tools(payload)),
    )


# Tools.


def _tools(payload: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    tools = list_field(payload, "tools")
    for number, tool in enumerate(tools):
        if not isinstance(tool, dict):
            raise RequestError(f"tools[{number}] is {kind_of(tool)}; allowed: a mapping")
    return list(enumerate(tools))


def _is_own(tool: Mapping[str, Any]) -> bool:
    """True for a tool that the caller runs; the vendor's have types of their own."""
    return tool.get("type") in (None, "custom")


def _tool(tool: Mapping[str, Any], where: str) -> Tool:
    strict = tool.get("strict")
    return Tool(
        required(tool, "name", where),
        wire.string(tool.get("description")),
        wire.mapping(tool.get("input_schema")),
        strict if isinstance(strict, bool) else None,
        is_cached(tool),
        where,
    )


def _vendors_tools(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of the tools that the vendor runs, and of servers that it asks."""
    for number, tool in _tools(payload):
        if not _is_own(tool):
            yield vendor_tool(number, str(tool.get("type")))


def _tool_choice(choice: Any) -> tuple[ToolChoice | None, bool | None]:
    """Which tools, and whether several at once."""
    if choice is None:
        return None, None
    kind = wire.string(wire.mapping(choice).get("type"))
    if kind not in _MODES:
        raise RequestError(f"'tool_choice' has type {kind!r}; allowed: {', '.join(_MODES)}")
    name = required(choice, "name", "tool_choice") if kind == "tool" else None
    alone = choice.get("disable_parallel_tool_use")
    return ToolChoice(_MODES[kind], name), not alone if isinstance(alone, bool) else None


# The rest.


def _stop(sequences: Any) -> tuple[str, ...]:
    if sequences is None:
        return ()
    if isinstance(sequences, list | tuple) and all(isinstance(text, str) for text in sequences):
        return tuple(sequences)
    raise RequestError("'stop_sequences' is no list of strings; allowed: such as ['END']")


def _format(payload: Mapping[str, Any]) -> JsonFormat | None:
    """The schema of the answer; before 2026 it stood in ``output_format``."""
    config = wire.mapping(payload.get("output_config"))
    asked = wire.mapping(config.get("format") or payload.get("output_format"))
    schema = asked.get("schema")
    is_schema = asked.get("type") == "json_schema" and isinstance(schema, dict)
    return JsonFormat(schema) if is_schema else None


def _user(payload: Mapping[str, Any]) -> str | None:
    user = wire.mapping(payload.get("metadata")).get("user_id")
    return user if isinstance(user, str) else None


def _extras(payload: Mapping[str, Any]) -> dict[str, Any]:
    extras = {
        name: value
        for name, value in payload.items()
        if name not in _READ | _HINTS and value is not None
    }
    vendors = [tool for _, tool in _tools(payload) if not _is_own(tool)]
    config = wire.mapping(payload.get("output_config"))
    rest = {name: config[name] for name in config if name not in ("effort", "format")}
    thinking = wire.mapping(payload.get("thinking"))
    unsayable = thinking if thinking and thinking.get("type") not in KINDS else None
    known = {"tools": vendors, "output_config": rest, "thinking": unsayable}
    return extras | {name: value for name, value in known.items() if value}
