"""Refusals of what is empty, of what says nothing, and of what stands in its vendor's own shape.

The words are those of public reports (2026-11-29).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.orchestrator.execution.refusals import (
    DEVELOPER,
    FORM,
    HI,
    assert_cured,
    detail,
    error,
    planned,
    turn,
)

CONTENT = "pad_history_fields=content"

BLOCK = {"type": "thinking", "thinking": "a", "signature": "s"}
BLOCKS = {
    "messages": [
        HI,
        {"role": "assistant", "content": [BLOCK, {"type": "text", "text": "b"}]},
        HI,
    ]
}
ANY_JSON = {"messages": [HI], "response_format": {"type": "json_object"}}


def asking_for(schema: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    return {"messages": [HI], "response_format": form}


def with_tool(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    function = {"name": "f", "parameters": schema, **more}
    return {"messages": [HI], "tools": [{"type": "function", "function": function}]}


def claude_form(schema: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "json_schema", "schema": schema}
    return {"messages": [HI], "output_config": {"format": form}}


CASES: list[tuple[str, int, Any, dict[str, Any], str]] = [
    # Words that may not be null.
    (
        "null, a field that must be a string",
        400,
        {"error": "Invalid 'content': 'content' field must be a string or an array of objects."},
        turn(),
        CONTENT,
    ),
    (
        "null, received",
        400,
        error('Invalid request: expected string, received null at "params.messages[1].content"'),
        turn(),
        CONTENT,
    ),
    ("null, in go", 400, error("invalid message content type: <nil>"), turn(), CONTENT),
    (
        "null, got",
        400,
        error("Invalid value for 'content': expected a string, got null."),
        turn(),
        CONTENT,
    ),
    (
        "null, one of several types",
        422,
        {
            "detail": [
                detail(
                    "body", "messages", 1, "content", "str",
                    kind="string_type", msg="Input should be a valid string",
                )
            ]
        },
        turn(),
        CONTENT,
    ),
    # What says nothing.
    (
        "no tools",
        422,
        {"object": "Error", "detail": [detail("body", "tools")]},
        {"messages": [HI], "tools": []},
        "drop_refused_fields=tools",
    ),
    (
        "null, where nothing may be",
        422,
        {
            "object": "error",
            "message": {
                "detail": [
                    detail("body", "messages", 0, "user", "name"),
                    detail("body", "messages", 0, "user", "tool_calls"),
                ]
            },
        },
        {"messages": [{**HI, "name": None, "tool_calls": None}]},
        "drop_refused_fields=name,tool_calls",
    ),
    (
        "nought, refused in a text of json",
        422,
        {
            "object": "error",
            "message": (
                '{"detail":[{"type":"extra_forbidden","loc":["body","frequency_penalty"],'
                '"msg":"Extra inputs are not permitted","input":0.0}]}'
            ),
        },
        {"messages": [HI], "frequency_penalty": 0.0},
        "drop_refused_fields=frequency_penalty",
    ),
    (
        "nought, named in camel case",
        400,
        {"code": "400", "error": "Argument not supported on this model: presencePenalty"},
        {"messages": [HI], "presence_penalty": 0},
        "drop_refused_fields=presence_penalty",
    ),
    # What one vendor alone knows.
    (
        "thoughts, at a model without",
        400,
        error("messages[1].reasoning: reasoning is not supported with this model"),
        turn(reasoning="x"),
        "drop_refused_fields=reasoning",
    ),
    (
        "thoughts, in another language",
        400,
        error("不支持的字段: messages[1].reasoning_content"),
        turn(reasoning_content="x"),
        "drop_refused_fields=reasoning_content",
    ),
    (
        "notes in a message",
        400,
        error("Unknown parameter: 'messages[1].annotations'."),
        turn(annotations=[]),
        "drop_refused_fields=annotations",
    ),
    (
        "blocks of thoughts",
        400,
        error(
            "messages.1.content.0: Input tag 'thinking' found using 'type' does not match any of "
            "the expected tags: 'text', 'image', 'tool_use'"
        ),
        BLOCKS,
        "drop_refused_fields=content.thinking",
    ),
    (
        "blocks of thoughts, demanded first",
        400,
        error(
            "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
            "`tool_use`."
        ),
        {"thinking": {"type": "enabled"}, **BLOCKS},
        "drop_thinking_signature",
    ),
    (
        "thoughts torn from their calls",
        400,
        error(
            "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' "
            "item: 'rs_1'."
        ),
        {
            "input": [
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {
                    "type": "function_call", "id": "fc_1", "call_id": "c", "name": "f",
                    "arguments": "{}",
                },
            ]
        },
        "drop_encrypted_content",
    ),
    (
        "a mark deep in a brief",
        400,
        error("system.1.cache_control.ephemeral.scope: Extra inputs are not permitted"),
        {
            "messages": [HI],
            "system": [
                {
                    "type": "text",
                    "text": "a",
                    "cache_control": {"type": "ephemeral", "scope": "global"},
                }
            ],
        },
        "drop_refused_fields=cache_control.scope",
    ),
    (
        "a word about a tool",
        422,
        {"detail": [detail("body", "tools", 0, "function", "strict")]},
        with_tool({}, strict=True),
        "drop_refused_fields=function.strict",
    ),
    # Roles.
    (
        "a role, among those that are known",
        422,
        {
            "detail": [
                detail(
                    "body", "messages", 0, "role", kind="literal_error",
                    msg="Input should be 'system', 'user', 'assistant', or 'tool'",
                )
            ]
        },
        DEVELOPER,
        "developer_to_system",
    ),
    (
        "a role, in another language",
        400,
        error("messages 参数非法。角色信息不正确", code="1214"),
        DEVELOPER,
        "developer_to_system",
    ),
    # Forms and schemas.
    (
        "a form, that must be unset",
        400,
        {"error": "The response_format parameter is unsupported at the moment. Leave it unset."},
        ANY_JSON,
        "soften_response_format=words",
    ),
    (
        "a form, at an older model",
        400,
        error(
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with "
            "this model."
        ),
        FORM,
        "soften_response_format=json_object",
    ),
    (
        "a form, in plain text",
        422,
        ("Failed to deserialize the JSON body into the target type: response_format: "
        "response_format.type `json_schema` is unavailable now at line 1 column 12440"),
        FORM,
        "soften_response_format=json_object",
    ),
    (
        "a word that is wanted",
        400,
        error(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'."
        ),
        ANY_JSON,
        "say_json",
    ),
    (
        "a keyword, in a form",
        400,
        error(
            "invalid schema for response format: response_format/json_schema/next: minItems is "
            "not supported"
        ),
        asking_for(
            {
                "type": "object",
                "properties": {
                    "x": {"type": "array", "items": {"type": "string"}, "minItems": 1}
                },
            }
        ),
        "reduce_schema=minItems",
    ),
    (
        "a keyword, with a value that is too much",
        400,
        error(
            "output_config.format.schema: For 'array' type, 'minItems' values other than 0 or 1 "
            "are not supported"
        ),
        claude_form(
            {"type": "array", "minItems": 8, "items": {"type": "string", "minLength": 2}}
        ),
        "reduce_schema=minItems,minLength",
    ),
    (
        "a keyword, in a tool",
        400,
        error(
            'Invalid JSON payload received. Unknown name "const" at '
            "'tools[0].function_declarations[5].parameters.properties[8].value': Cannot find field."
        ),
        with_tool({"type": "object", "properties": {"a": {"const": 1}}}),
        "reduce_schema=const",
    ),
    (
        "an open object",
        400,
        error(
            "output_format.schema: For 'object' type, 'additionalProperties: true' is not "
            "supported. Please set 'additionalProperties' to false"
        ),
        claude_form(
            {"type": "object", "properties": {"a": {}}, "additionalProperties": True}
        ),
        "close_schema",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "payload", "repair"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_a_refusal_of_a_value_is_read_and_cured(
    status: int, body: Any, payload: dict[str, Any], repair: str
) -> None:
    assert_cured(status, body, payload, repair)


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        pytest.param(
            error("JSON Schema not supported: could not understand the instance"), FORM,
            id="a schema that is not read at all",
        ),
        pytest.param({"error": "invalid JSON schema in format"}, FORM, id="no keyword"),
        pytest.param(
            error("Unknown parameter: 'reasoning.context'."),
            {"input": "hi", "reasoning": {"context": "all"}},
            id="what changes the answer",
        ),
        pytest.param(
            error("Unexpected role 'user' after role 'tool'", code="3230"), turn(), id="an order"
        ),
    ],
)  # fmt: skip
def test_what_no_change_would_cure_is_left_as_it_is(body: Any, payload: dict[str, Any]) -> None:
    assert planned(400, body, payload) is None
