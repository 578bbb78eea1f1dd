"""A request of this dialect, read into the neutral form.

What only this dialect knows is parted: ``extras`` change the answer, ``hints`` do not.
Fields of a function tool that only serve built-in tools (``defer_loading``,
``allowed_callers``) are not kept, since those tools are extras themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.dialects.loss import Loss, Weight, vendor_tool
from orchestrator.dialects.neutral import (
    Conversation,
    JsonFormat,
    Reasoning,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
)
from orchestrator.dialects.openai_responses.input_reading import InputReader
from orchestrator.dialects.openai_responses.names import (
    DIALECT,
    FORMAT,
    FORMAT_DESCRIPTION,
    HINTS,
    INPUT_CONTENT,
    INPUT_ITEMS,
    REASONING_HINTS,
    STORED,
    STREAMED,
)
from orchestrator.dialects.request_fields import (
    RequestError,
    kind_of,
    list_field,
    mapping_field,
    number_field,
    typed_field,
)
from orchestrator.dialects.wire import string

_READ = frozenset(
    {
        "model", "stream", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls",
        "max_output_tokens", "temperature", "top_p", "text", "reasoning", "user",
    }
)  # fmt: skip
"""Top-level fields that have a neutral form, or none because each call sets them."""


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :meth:`orchestrator.dialects.Dialect.read_request`."""
    reader, extras, hints = _input(payload), _others(payload), {}
    for name in HINTS & extras.keys():
        hints[name] = extras.pop(name)
    asides = tuple(sorted(hints.keys() - {STREAMED}))
    if "message.output_text.logprobs" in list_field(hints, "include"):
        extras["include"] = hints.pop("include")
    _keep(extras, INPUT_ITEMS, reader.left)
    _keep(extras, INPUT_CONTENT, reader.left_content)
    _keep(hints, INPUT_ITEMS, reader.references)
    text = mapping_field(payload, "text")
    return Conversation(
        messages=reader.messages,
        system=tuple(reader.system),
        tools=_tools(payload, extras),
        tool_choice=_tool_choice(payload, extras),
        parallel_tool_calls=typed_field(payload, "parallel_tool_calls", bool),
        max_tokens=typed_field(payload, "max_output_tokens", int),
        temperature=number_field(payload, "temperature"),
        top_p=number_field(payload, "top_p"),
        format=_format(payload, extras, hints),
        reasoning=_reasoning(payload, extras, hints),
        user=typed_field(payload, "user", str),
        verbosity=typed_field(text, "verbosity", str),
        dialect=DIALECT,
        extras=extras,
        hints=hints,
        asides=asides,
        unread=(*reader.unread, *_stored(payload), *_vendors_tools(payload)),
    )


def _stored(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of messages that stand elsewhere: they were said, too."""
    for name in STORED:
        if payload.get(name) is not None:
            yield Loss((name,), Weight.SAID)


def _vendors_tools(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of tools that are no functions."""
    for index, tool in enumerate(list_field(payload, "tools")):
        if tool.get("type") != "function":
            yield vendor_tool(index, str(tool.get("type")))


def _input(payload: Mapping[str, Any]) -> InputReader:
    reader = InputReader()
    instructions = typed_field(payload, "instructions", str)
    if instructions is not None:
        reader.system.append(Text(instructions))
    given = payload.get("input")
    if given is not None or not any(payload.get(name) for name in STORED):
        reader.read(given)
    return reader


def _others(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without a neutral form; ``None`` is what holds where nothing is said."""
    return {
        name: value
        for name, value in payload.items()
        if name not in _READ and value is not None and (name, value) != ("background", False)
    }


def _keep(fields: dict[str, Any], name: str, value: object) -> None:
    if value:
        fields[name] = value


# Tools.


def _tools(payload: Mapping[str, Any], extras: dict[str, Any]) -> tuple[Tool, ...]:
    """The functions; tools that the provider carries out itself stay behind."""
    given = list_field(payload, "tools")
    functions: list[Tool] = []
    for index, tool in enumerate(given):
        if not isinstance(tool, Mapping):
            raise RequestError(f"tools[{index}] is {kind_of(tool)}; allowed: a tool (a mapping)")
        if tool.get("type") == "function":
            functions.append(_tool(tool, index))
    _keep(extras, "tools", [tool for tool in given if tool.get("type") != "function"])
    return tuple(functions)


def _tool(tool: Mapping[str, Any], index: int) -> Tool:
    name = tool.get("name")
    if not isinstance(name, str):
        raise RequestError(
            f"tools[{index}] has the name {name!r}; allowed: text, beside 'type', as in "
            "{'type': 'function', 'name': 'weather', 'parameters': {...}}"
        )
    return Tool(
        name=name,
        description=typed_field(tool, "description", str) or "",
        parameters=mapping_field(tool, "parameters"),
        strict=typed_field(tool, "strict", bool),
        place=f"tools[{index}]",
    )


def _tool_choice(payload: Mapping[str, Any], extras: dict[str, Any]) -> ToolChoice | None:
    choice = payload.get("tool_choice")
    if isinstance(choice, str) and choice in set(ToolMode):
        return ToolChoice(ToolMode(choice))
    if isinstance(choice, Mapping) and choice.get("type") == "function":
        return ToolChoice(ToolMode.REQUIRED, string(choice.get("name")))
    if choice is not None:
        extras["tool_choice"] = choice
    return None


# Text and reasoning.


def _format(
    payload: Mapping[str, Any], extras: dict[str, Any], hints: dict[str, Any]
) -> JsonFormat | None:
    text = mapping_field(payload, "text")
    shape = mapping_field(text, "format")
    extras.update(
        (name, value)
        for name, value in text.items()
        if name not in ("format", "verbosity") and value is not None
    )
    match shape.get("type"):
        case "json_object":
            return JsonFormat()
        case "json_schema":
            _keep(hints, FORMAT_DESCRIPTION, shape.get("description"))
            strict = typed_field(shape, "strict", bool)
            return JsonFormat(mapping_field(shape, "schema"), string(shape.get("name")), strict)
        case None | "text":
            return None
        case _:
            extras[FORMAT] = shape
            return None


def _reasoning(
    payload: Mapping[str, Any], extras: dict[str, Any], hints: dict[str, Any]
) -> Reasoning | None:
    reasoning = {
        name: value
        for name, value in mapping_field(payload, "reasoning").items()
        if value is not None
    }
    effort = typed_field(reasoning, "effort", str)
    shown = True if reasoning.keys() & {"summary", "generate_summary"} else None
    if reasoning.get("summary") == "auto":
        del reasoning["summary"]
    others = {name: value for name, value in reasoning.items() if name != "effort"}
    riding = {name: value for name, value in others.items() if name in REASONING_HINTS}
    _keep(hints, "reasoning", riding)
    _keep(extras, "reasoning", {name: others[name] for name in others.keys() - riding.keys()})
    return Reasoning(effort, shown=shown) if effort or shown else None
