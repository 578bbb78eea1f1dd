"""Refusals as vendors word them, and what is done to the request: read, named, planned, applied.

The words are those of public reports (2026-11-29); each holds for any vendor, whatever it is
called here.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from orchestrator import classify
from tests.orchestrator.execution.refusals import (
    CLAUDE_FORM,
    DEVELOPER,
    FORM,
    HI,
    THOUGHT,
    TOOLS,
    assert_cured,
    detail,
    error,
    planned,
    turn,
)

REFUSED = "drop_refused_fields=reasoning_content"
PADDED = "pad_history_fields=reasoning_content"

CASES: list[tuple[str, int, Any, dict[str, Any], str]] = [
    # Refused in the history.
    (
        "groq",
        400,
        error(
            "'messages.1' : for 'role:assistant' the following must be satisfied"
            "[('messages.1' : property 'reasoning_content' is unsupported)]"
        ),
        THOUGHT,
        REFUSED,
    ),
    (
        "groq, a short name",
        400,
        error(
            "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : "
            "property 'reasoning' is unsupported, did you mean 'role'?)]"
        ),
        turn(reasoning="th"),
        "drop_refused_fields=reasoning",
    ),
    (
        "cerebras",
        400,
        {
            "message": "messages.2.assistant.reasoning_content: property "
            "'messages.2.assistant.reasoning_content' is unsupported",
            "param": "validation_error",
            "code": "wrong_api_format",
        },
        THOUGHT,
        REFUSED,
    ),
    (
        "mistral",
        422,
        {"detail": [detail("body", "messages", n, "assistant", "reasoning_content") for n in "12"]},
        THOUGHT,
        REFUSED,
    ),
    (
        "mistral, several fields of several messages",
        422,
        {
            "object": "error",
            "message": {
                "detail": [
                    detail("body", "messages", 1, "assistant", "reasoning_content"),
                    detail("body", "messages", 1, "assistant", "annotations"),
                ]
            },
        },
        turn(reasoning_content="th", annotations=[]),
        "drop_refused_fields=annotations,reasoning_content",
    ),
    (
        "a name beside a function's",
        422,
        {"detail": [detail("body", "messages", 6, "assistant", "tool_calls", 0, "index")]},
        turn(),
        "drop_refused_fields=tool_calls.index",
    ),
    (
        "the name of who speaks",
        422,
        {"detail": [detail("body", "messages", 0, "user", "name")]},
        {"messages": [{**HI, "name": "Ann"}]},
        "drop_refused_fields=name",
    ),
    (
        "openai",
        400,
        error(
            "Unknown parameter: 'messages[1].reasoning_content'.",
            param="messages[1].reasoning_content",
            code="unknown_parameter",
        ),
        THOUGHT,
        REFUSED,
    ),
    (
        "a place in a field of its own",
        400,
        error("Extra inputs are not permitted", param="messages.1.reasoning_content"),
        THOUGHT,
        REFUSED,
    ),
    (
        "serde",
        422,
        "messages[1]: unknown field `reasoning_content`, expected one of `role`, `content`",
        THOUGHT,
        REFUSED,
    ),
    (
        "jsonschema",
        400,
        error(
            "Additional properties are not allowed ('reasoning_content' was unexpected) - "
            "'messages.1'"
        ),
        THOUGHT,
        REFUSED,
    ),
    (
        "gemini",
        400,
        error(
            'Invalid JSON payload received. Unknown name "foo" at \'contents[0].parts[0]\': Cannot '
            "find field.",
            status="INVALID_ARGUMENT",
        ),
        {"contents": [{"parts": [{"text": "hi", "foo": 1}]}]},
        "drop_refused_fields=parts.foo",
    ),
    (
        "anthropic",
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "messages.1.content.0.text.caller: Extra inputs are not permitted",
            },
        },
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "caller": 1}]}]},
        "drop_refused_fields=content.caller",
    ),
    # Refused at the top, where best effort is all that was asked for.
    (
        "a best effort",
        422,
        {"detail": [detail("body", "seed"), detail("body", "user")]},
        {**turn(), "seed": 1, "user": "u"},
        "drop_refused_fields=seed,user",
    ),
    (
        "a best effort, in older words",
        400,
        error("Unrecognized request argument supplied: prompt_cache_key"),
        {**turn(), "prompt_cache_key": "k"},
        "drop_refused_fields=prompt_cache_key",
    ),
    # Demanded.
    (
        "deepseek",
        400,
        error("The `reasoning_content` in the thinking mode must be passed back to the API."),
        turn(),
        PADDED,
    ),
    (
        "deepseek, older",
        400,
        error(
            "Missing `reasoning_content` field in the assistant message at message index 6. For "
            "more information, please refer to https://api-docs.deepseek.com/guides/thinking_mode"
        ),
        turn(reasoning_content=""),
        PADDED,
    ),
    (
        "moonshot",
        400,
        error(
            "thinking is enabled but reasoning_content is missing in assistant tool call message "
            "at index 2"
        ),
        turn(),
        PADDED,
    ),
    (
        "siliconflow",
        400,
        {
            "code": 20015,
            "message": "thinking is enabled but reasoning_content is missing in assistant tool "
            "call message at index 32",
            "data": None,
        },
        turn(),
        PADDED,
    ),
    (
        "words beside calls",
        422,
        {"detail": [detail("body", "messages", 1, "content", msg="Field required")]},
        turn(),
        "pad_history_fields=content",
    ),
    (
        "deepseek, in the dialect of messages",
        400,
        error("The `content[].thinking` in the thinking mode must be passed back to the API."),
        {"messages": [HI, {"role": "assistant", "content": "a"}, HI]},
        "pad_history_fields=content.thinking",
    ),
    # Roles.
    (
        "deepseek, a role",
        400,
        error("messages[0].role: unknown variant `developer`, expected one of `system`, `user`"),
        DEVELOPER,
        "developer_to_system",
    ),
    (
        "dashscope",
        400,
        error("developer is not one of ['system', 'assistant', 'user', 'tool', 'function']"),
        DEVELOPER,
        "developer_to_system",
    ),
    (
        "pydantic, a role",
        422,
        {
            "detail": [
                detail(
                    "body", "messages", 0, "role", kind="enum",
                    msg="Input should be 'system', 'user', 'assistant', 'function' or 'tool'",
                )
            ]
        },
        DEVELOPER,
        "developer_to_system",
    ),
    (
        "a template",
        400,
        error("chat template rejected the request: Unexpected message role."),
        DEVELOPER,
        "developer_to_system",
    ),
    (
        "a relay, a role",
        400,
        error(
            "invalid parameter 'messages[0].role': invalid role 'developer', must be one of: "
            "system, user, assistant, tool"
        ),
        DEVELOPER,
        "developer_to_system",
    ),
    # Schemas.
    (
        "anthropic, a schema",
        400,
        error(
            "output_config.format.schema: For 'integer' type, properties maximum, minimum are not "
            "supported"
        ),
        CLAUDE_FORM,
        "reduce_schema=maxLength,maximum,minimum",
    ),
    (
        "a vendor that documents nothing of it",
        400,
        error("response_format: For 'number' type, property 'minimum' is not supported"),
        FORM,
        "reduce_schema=maximum,minimum",
    ),
    (
        "cerebras, a schema",
        400,
        {
            "message": "Unsupported JSON schema fields: {'maxLength', 'format'}",
            "type": "invalid_request_error",
            "param": "response_format",
            "code": "wrong_api_format",
        },
        FORM,
        "reduce_schema=format,maxLength",
    ),
    (
        "openai, a schema",
        400,
        error(
            "Invalid schema for response_format 'a': In context=('properties', 's'), 'maxLength' "
            "is not permitted.",
            param="response_format",
        ),
        FORM,
        "reduce_schema=maxLength",
    ),
    (
        "gemini, a schema of a tool",
        400,
        error(
            'Invalid JSON payload received. Unknown name "maxLength" at '
            "'tools[0].function_declarations[0].parameters.properties[0].value': Cannot find field."
        ),
        TOOLS,
        "reduce_schema=maxLength",
    ),
    (
        "vertex, in snake case",
        400,
        error("one or more response schemas specified unsupported field max_length"),
        FORM,
        "reduce_schema=maxLength",
    ),
    (
        "a schema to close",
        400,
        error(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be "
            "explicitly set to false"
        ),
        CLAUDE_FORM,
        "close_schema",
    ),
    # The form of an answer, and stop sequences.
    (
        "deepseek, a form",
        400,
        error("This response_format type is unavailable now"),
        FORM,
        "soften_response_format=json_object",
    ),
    (
        "groq, a form",
        400,
        error("This model does not support response format `json_schema`."),
        FORM,
        "soften_response_format=json_object",
    ),
    (
        "no form at all",
        400,
        error("'response_format' of type 'json_object' is not supported with this model."),
        {"messages": [HI], "response_format": {"type": "json_object"}},
        "soften_response_format=words",
    ),
    (
        "openai, stop",
        400,
        error("Unsupported parameter: 'stop' is not supported with this model.", param="stop"),
        {"messages": [HI], "stop": ["END"]},
        "cut_stop",
    ),
    (
        "xai, stop",
        400,
        {
            "code": "Client specified an invalid argument",
            "error": "Argument not supported on this model: stop",
        },
        {"messages": [HI], "stop": "END"},
        "cut_stop",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "payload", "repair"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_a_refusal_is_read_and_cured(
    status: int, body: Any, payload: dict[str, Any], repair: str
) -> None:
    assert_cured(status, body, payload, repair)


NOTHING: list[tuple[str, int, Any, dict[str, Any]]] = [
    (
        "a field that is not there",
        400,
        error("property 'reasoning_content' is unsupported"),
        turn(),
    ),
    ("a role that nobody has", 400, error("unknown variant `developer`"), turn()),
    (
        "what was said",
        422,
        {"detail": [detail("body", "messages", 1, "assistant", "content")]},
        turn(),
    ),
    (
        "a call's own name",
        422,
        {"detail": [detail("body", "messages", 1, "tool_calls", 0, "function", "name")]},
        turn(),
    ),
    (
        "what changes the answer",
        422,
        {"detail": [detail("body", "logit_bias")]},
        {**turn(), "logit_bias": {"1": 2}},
    ),
    (
        "what gives an answer its shape",
        400,
        error("Unsupported JSON schema fields: {'properties', 'required', 'type', 'items'}"),
        FORM,
    ),
    (
        "an id that nobody can know",
        400,
        error("Missing required parameter: 'messages[2].tool_call_id'."),
        {"messages": [HI, {"role": "tool", "content": "r"}]},
    ),
    (
        "an echo of what was sent",
        400,
        {
            "detail": [
                {"loc": ["body", "temperature"], "msg": "not permitted", "input": dict(THOUGHT)}
            ]
        },
        THOUGHT,
    ),
]


@pytest.mark.parametrize(
    ("status", "body", "payload"), [pytest.param(*case[1:], id=case[0]) for case in NOTHING]
)
def test_what_is_not_named_or_was_said_is_left_as_it_is(
    status: int, body: Any, payload: dict[str, Any]
) -> None:
    assert planned(status, body, payload) is None


def test_what_the_caller_wrote_in_a_place_is_no_evidence() -> None:
    """The names in a place may be the caller's own: no phrase is looked for in them."""
    loc = ["body", "tools", 0, "you exceeded your current quota", "invalid api key"]
    body = {"detail": [{"type": "extra_forbidden", "loc": loc, "msg": "Extra inputs"}]}

    found = classify(status=422, body=msgspec.json.encode(body))

    assert found.reason == "bad_request"
