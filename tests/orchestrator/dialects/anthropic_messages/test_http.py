"""One request out: address, headers, the limit that must be there; one answer's bytes in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import classify
from orchestrator.api.request import RequestError
from orchestrator.dialects import Answer, Fault, Flawed, ToolCall, Usage
from orchestrator.dialects.anthropic_messages import MESSAGES
from orchestrator.dialects.anthropic_messages.http import DEFAULT_MAX_TOKENS
from orchestrator.dialects.anthropic_messages.reasoning import takes_prefill
from orchestrator.http_messages import OutgoingRequest
from orchestrator.provider import Provider
from orchestrator.states.reasons import Reason
from tests.anthropic_strategies import json_values

HI = {"messages": [{"role": "user", "content": "hi"}]}


def encode(
    fields: dict[str, Any] | None = None,
    *,
    model: str = "claude-opus-5-5",
    stream: bool = False,
    overrides: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> OutgoingRequest:
    return MESSAGES.encode(
        {**HI, **(fields or {})},
        provider=Provider("anthropic", base_url="https://api.example/v1", headers=headers or {}),
        model=model,
        overrides=overrides or {},
        stream=stream,
    )


def body_of(request: OutgoingRequest) -> Any:
    return msgspec.json.decode(request.content)


def test_a_request_goes_to_messages_with_a_version() -> None:
    request = encode()

    assert str(request.url) == "https://api.example/v1/messages"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers
    assert "anthropic-beta" not in request.headers


def test_the_providers_headers_replace_ours_and_add_to_them() -> None:
    headers = encode(
        headers={"Anthropic-Version": "2026-10-21", "anthropic-beta": "a,b", "User-Agent": ""}
    ).headers

    assert headers["anthropic-version"] == "2026-10-21"
    assert headers["anthropic-beta"] == "a,b"
    assert "user-agent" not in headers


def test_what_is_asked_passes_through_untouched() -> None:
    fields = {**HI, "max_tokens": 5, "model": "mine", "stream": False, "new_field": [1, None]}

    sent = body_of(encode(fields, stream=True))

    assert sent == {
        **HI,
        "max_tokens": 5,
        "new_field": [1, None],
        "model": "claude-opus-5-5",
        "stream": True,
    }


@pytest.mark.parametrize(
    ("fields", "overrides", "expected"),
    [
        ({}, {}, DEFAULT_MAX_TOKENS),
        ({"max_tokens": 7}, {}, 7),
        ({"max_tokens": 7}, {"max_tokens": 8}, 8),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2_000}},
            {},
            DEFAULT_MAX_TOKENS + 2_000,
        ),
    ],
)
def test_there_is_always_a_limit_of_tokens(
    fields: dict[str, Any], overrides: dict[str, Any], expected: int
) -> None:
    request = encode(fields, overrides=overrides, model="claude-sonnet-4-6")

    assert body_of(request)["max_tokens"] == expected


def test_what_json_cannot_say_is_the_callers_to_change() -> None:
    with pytest.raises(RequestError, match="'metadata'"):
        encode({"metadata": {"user_id": object()}})


_ADAPTIVE = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}}
_BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 4_096}}
_OFF = {"thinking": {"type": "disabled"}}


@pytest.mark.parametrize(
    ("model", "fields", "sent"),
    [
        ("claude-haiku-4-5-20251001", _ADAPTIVE, _BUDGET),
        ("claude-sonnet-4-20250514", _ADAPTIVE, _BUDGET),
        ("anthropic/claude-sonnet-4.5", _ADAPTIVE, _BUDGET),
        ("claude-sonnet-4-5", {**_ADAPTIVE, "max_tokens": 900}, {"max_tokens": 900}),
        ("claude-opus-4-6", _ADAPTIVE, _ADAPTIVE),
        ("claude-opus-4-6", _BUDGET, _BUDGET),
        ("claude-opus-5-5", _ADAPTIVE, _ADAPTIVE),
        ("us.anthropic.claude-opus-4-7-v1:0", _BUDGET, _ADAPTIVE),
        ("claude-fable-5-2", _OFF, {"output_config": {"effort": "low"}}),
        ("claude-opus-5", _OFF, _OFF),
        ("deepseek-v4-pro", _ADAPTIVE, _ADAPTIVE),
        ("claude-mythos-preview", _BUDGET, _BUDGET),
    ],
)
def test_a_model_is_told_to_think_in_the_way_that_it_takes(
    model: str, fields: dict[str, Any], sent: dict[str, Any]
) -> None:
    body = body_of(encode({"max_tokens": 9_000, **fields}, model=model))

    assert body == {**HI, "max_tokens": 9_000, "model": model, **sent}


@pytest.mark.parametrize(
    ("model", "taken"),
    [
        ("claude-sonnet-4-5", True),
        ("claude-opus-4-20250514", True),
        ("claude-opus-4-6", False),
        ("claude-haiku-5-5", False),
        ("deepseek-v4-pro", False),
    ],
)
def test_only_older_models_go_on_from_words_of_their_own(model: str, *, taken: bool) -> None:
    assert takes_prefill(model) is taken


# In.


def answered(**fields: Any) -> bytes:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 5,
            "cache_creation_input_tokens": 2,
            "output_tokens": 4,
            "output_tokens_details": {"thinking_tokens": 1},
        },
        **fields,
    }
    return msgspec.json.encode(body)


def test_an_answer_is_read_whole() -> None:
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "hel", "citations": None},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "text", "text": "lo"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
    ]

    answer = MESSAGES.decode(200, {}, answered(content=content, stop_reason="tool_use"))

    assert isinstance(answer, Answer)
    assert answer.text == "hello"
    assert answer.tool_calls == (ToolCall("toolu_1", "f", '{"a":1}'),)
    assert answer.finish_reason == "tool_calls"
    assert answer.usage == Usage(17, 4, 21, 5, 1)
    assert (answer.id, answer.model) == ("msg_1", "claude-opus-5-5")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("a_new_one", "a_new_one"),
        (None, None),
    ],
)
def test_why_it_stopped_is_said_in_neutral_words(said: str | None, meant: str | None) -> None:
    answer = MESSAGES.decode(200, {}, answered(stop_reason=said))

    assert isinstance(answer, Answer)
    assert answer.finish_reason == meant


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        answered(content=None),
        answered(error={"type": "api_error"}),
    ],
)
def test_what_is_no_answer_is_a_fault(body: bytes) -> None:
    assert isinstance(MESSAGES.decode(200, {}, body), Fault)


def test_a_mere_refusal_is_classified_as_one() -> None:
    fault = MESSAGES.decode(200, {}, answered(content=[], stop_reason="refusal"))

    assert isinstance(fault, Fault)
    error = classify(status=200, body=fault.body, provider="anthropic", dialect=MESSAGES.name)
    assert error.reason is Reason.CONTENT_POLICY


@settings(max_examples=60)
@given(
    st.sampled_from([200, 400, 529]),
    st.binary(max_size=40)
    | st.dictionaries(
        st.sampled_from(["content", "usage", "stop_reason", "id", "model"]),
        json_values
        | st.lists(
            st.dictionaries(
                st.sampled_from(["type", "text", "input", "signature", "data", "id"]),
                json_values | st.sampled_from(["text", "tool_use", "thinking"]),
            )
        ),
    ).map(msgspec.json.encode),
)
def test_no_bytes_make_it_raise(status: int, body: bytes) -> None:
    assert isinstance(MESSAGES.decode(status, {}, body), Answer | Fault | Flawed)
