"""Tools and whether they are called, both ways.

https://ai.google.dev/gemini-api/docs/function-calling (2026-11-21). ``VALIDATED`` is
``AUTO`` with calls that follow their schema: what others call strict tools.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from orchestrator.dialects.gemini.schema import json_schema
from orchestrator.dialects.gemini.vocabulary import field, take
from orchestrator.dialects.neutral import Tool, ToolChoice, ToolMode
from orchestrator.dialects.wire import mapping, mappings, string

_READ = {
    "AUTO": ToolMode.AUTO,
    "VALIDATED": ToolMode.AUTO,
    "ANY": ToolMode.REQUIRED,
    "NONE": ToolMode.NONE,
}
_KNOWN = {"name", "description", "parameters", "parametersJsonSchema", "parameters_json_schema"}
_WRITTEN = {ToolMode.AUTO: "AUTO", ToolMode.REQUIRED: "ANY", ToolMode.NONE: "NONE"}


def read_tools(
    tools: Any,
) -> tuple[tuple[Tool, ...], list[dict[str, Any]], list[dict[str, Any]]]:
    """The functions in ``tools``, the vendor's own tools, and odd declarations.

    Odd are those that say more than a :class:`Tool` holds, as what a function returns;
    they are among the functions, too.
    """
    functions: list[Tool] = []
    others: list[dict[str, Any]] = []
    odd: list[dict[str, Any]] = []
    for index, entry in enumerate(mappings(tools)):
        left = dict(entry)
        declared = mappings(take(left, "functionDeclarations"))
        functions += [_read(item, f"tools[{index}]") for item in declared]
        odd += [item for item in declared if not set(item) <= _KNOWN]
        if left:
            others.append(left)
    return tuple(functions), others, [{"functionDeclarations": odd}] if odd else []


def _read(declaration: dict[str, Any], place: str) -> Tool:
    schema, subset = field(declaration, "parametersJsonSchema"), declaration.get("parameters")
    return Tool(
        string(declaration.get("name")),
        string(declaration.get("description")),
        schema if isinstance(schema, dict) else mapping(json_schema(subset)),
        place=place,
    )


def write_tools(tools: Sequence[Tool], others: Any) -> list[dict[str, Any]]:
    """``tools`` of the request; ``others`` is what else :func:`read_tools` found."""
    given = mappings(others)
    odd = {item.get("name") for entry in given for item in _declared(entry)}
    declarations = [_write(tool) for tool in tools if tool.name not in odd]
    return [*([{"functionDeclarations": declarations}] if declarations else []), *given]


def _declared(entry: dict[str, Any]) -> list[dict[str, Any]]:
    return mappings(field(entry, "functionDeclarations"))


def _write(tool: Tool) -> dict[str, Any]:
    written: dict[str, Any] = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    if tool.parameters:
        written["parametersJsonSchema"] = dict(tool.parameters)
    return written


def read_choice(config: dict[str, Any]) -> tuple[ToolChoice | None, bool]:
    """What ``toolConfig`` demands, taken out of it, and whether calls are validated."""
    calling = dict(mapping(take(config, "functionCallingConfig")))
    mode, names = take(calling, "mode"), field(calling, "allowedFunctionNames")
    word = mode.upper() if isinstance(mode, str) else ""
    if word in _READ and (not names or (word == "ANY" and _one(names))):
        take(calling, "allowedFunctionNames")
        _keep(config, calling)
        name = names[0] if names else None
        return ToolChoice(_READ[word], name), word == "VALIDATED"
    # Several names, or a mode of tomorrow: nobody else can say it.
    _keep(config, calling if mode is None else {"mode": mode, **calling})
    return None, False


def _one(names: Any) -> bool:
    return isinstance(names, list) and len(names) == 1 and isinstance(names[0], str)


def _keep(config: dict[str, Any], calling: dict[str, Any]) -> None:
    if calling:
        config["functionCallingConfig"] = calling


def write_choice(choice: ToolChoice | None, tools: Sequence[Tool]) -> dict[str, Any]:
    """``functionCallingConfig``; empty where nothing is demanded."""
    strict = any(tool.strict for tool in tools)
    if choice is None and not strict:
        return {}
    choice = choice or ToolChoice()
    mode = "VALIDATED" if strict and choice.mode is ToolMode.AUTO else _WRITTEN[choice.mode]
    if choice.name is None or choice.mode is not ToolMode.REQUIRED:
        return {"mode": mode}
    return {"mode": mode, "allowedFunctionNames": [choice.name]}


def validated(tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    """The tools, each of them strict."""
    return tuple(attrs.evolve(tool, strict=True) for tool in tools)
