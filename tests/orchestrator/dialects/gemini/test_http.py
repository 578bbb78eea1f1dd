"""What is sent where, and what an answer's bytes mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import orchestrator
from orchestrator.dialects import Answer, Fault, Flawed, ToolCall, Usage
from orchestrator.dialects.gemini import GEMINI
from orchestrator.http_messages import OutgoingRequest
from orchestrator.provider import Provider

_BASE = "https://generativelanguage.googleapis.com/v1beta"
_HELLO: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def _sent(
    payload: dict[str, Any] | None = None,
    *,
    model: str = "gemini-3-pro",
    stream: bool = False,
    overrides: dict[str, Any] | None = None,
    base_url: str = _BASE,
) -> OutgoingRequest:
    return GEMINI.encode(
        payload or _HELLO,
        provider=Provider("google", "gemini", base_url),
        model=model,
        overrides=overrides or {},
        stream=stream,
    )


def _body(request: OutgoingRequest) -> Any:
    return json.loads(request.content)


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("gemini-3-pro", False, "/models/gemini-3-pro:generateContent"),
        ("gemini-3-pro", True, "/models/gemini-3-pro:streamGenerateContent?alt=sse"),
        ("models/gemini-3-pro", False, "/models/gemini-3-pro:generateContent"),
        ("tunedModels/mine", False, "/tunedModels/mine:generateContent"),
        ("odd name?", False, "/models/odd%20name%3F:generateContent"),
    ],
)
def test_the_model_and_the_method_are_in_the_address(
    model: str, path: str, *, stream: bool
) -> None:
    assert str(_sent(model=model, stream=stream).url) == _BASE + path


def test_a_query_of_the_base_url_stays() -> None:
    url = _sent(base_url="https://proxy.example/g?team=a", stream=True).url

    assert url.target == "/g/models/gemini-3-pro:streamGenerateContent?alt=sse&team=a"


def test_a_payload_of_this_dialect_is_sent_as_it_is() -> None:
    payload = {
        **_HELLO,
        "safetySettings": [{"category": "A", "threshold": "B"}],
        "cachedContent": "c",
    }

    assert _body(_sent(payload)) == payload
    assert _body(_sent({**payload, "model": "m", "stream": True})) == payload


def test_overrides_go_where_the_dialect_has_them_and_win() -> None:
    overrides = {
        "temperature": 0,
        "max_tokens": 9,
        "stop": "END",
        "reasoning_effort": "low",
        "cachedContent": "c",
        "generationConfig": {"responseLogprobs": True},
    }

    body = _body(
        _sent({**_HELLO, "generationConfig": {"temperature": 1, "topK": 3}}, overrides=overrides)
    )

    assert body == {
        **_HELLO,
        "cachedContent": "c",
        "generationConfig": {
            "temperature": 0,
            "topK": 3,
            "maxOutputTokens": 9,
            "stopSequences": ["END"],
            "thinkingConfig": {"thinkingLevel": "low"},
            "responseLogprobs": True,
        },
    }


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemini-3-pro", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-2.5-flash", {"thinkingBudget": 24576, "includeThoughts": True}),
    ],
)
def test_a_model_that_knows_no_levels_gets_a_budget(model: str, expected: dict[str, Any]) -> None:
    thinking = {"thinkingLevel": "HIGH", "includeThoughts": True}

    body = _body(_sent({**_HELLO, "generationConfig": {"thinkingConfig": thinking}}, model=model))

    assert body["generationConfig"]["thinkingConfig"] == expected


def test_the_other_spelling_is_overridden_too() -> None:
    payload = {**_HELLO, "generation_config": {"thinkingConfig": {"thinking_level": "LOW"}}}

    body = _body(_sent(payload, model="gemini-2.5-pro", overrides={"top_p": 0.5}))

    thinking = {"thinkingConfig": {"thinkingBudget": 1024}}
    assert body == {**_HELLO, "generationConfig": {**thinking, "topP": 0.5}}


def _decoded(body: Any, status: int = 200) -> Answer | Fault | Flawed:
    return GEMINI.decode(status, {}, json.dumps(body).encode())


def test_an_answer_is_read_without_its_thoughts() -> None:
    answer = _decoded(
        {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"text": "hmm", "thought": True},
                            {"text": "It is "},
                            {"text": "so.", "thoughtSignature": "c2ln"},
                            {"functionCall": {"name": "look", "args": {"at": [1, 2]}}},
                            {"functionCall": {"id": "given", "name": "stop"}},
                        ],
                    },
                    "finishReason": "STOP",
                }
            ],
            "usageMetadata": {
                "promptTokenCount": 10,
                "toolUsePromptTokenCount": 1,
                "cachedContentTokenCount": 4,
                "candidatesTokenCount": 5,
                "thoughtsTokenCount": 7,
                "totalTokenCount": 23,
            },
            "modelVersion": "gemini-3-pro-001",
            "responseId": "ab/c=",
        }
    )

    assert isinstance(answer, Answer)
    assert answer.text == "It is so."
    assert answer.tool_calls == (
        ToolCall("call_abc_0", "look", '{"at":[1,2]}'),
        ToolCall("given", "stop", "{}"),
    )
    assert answer.finish_reason == "tool_calls"
    assert answer.usage == Usage(11, 12, 23, 4, 7)
    assert (answer.id, answer.model) == ("ab/c=", "gemini-3-pro-001")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("NEW", "new")],
)
def test_finish_reasons_are_in_neutral_words(reason: str, expected: str) -> None:
    answer = _decoded(
        {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": reason}]}
    )

    assert isinstance(answer, Answer)
    assert answer.finish_reason == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "content_policy"),
        ({"candidates": [{"finishReason": "SAFETY"}]}, "content_policy"),
        ({"candidates": [{"finishReason": "RECITATION", "content": {}}]}, "content_policy"),
        ({"candidates": []}, "invalid_response"),
        (
            {
                "candidates": [
                    {
                        "finishReason": "MALFORMED_FUNCTION_CALL",
                        "content": {"parts": [{"text": "I will"}]},
                    }
                ]
            },
            "output_truncated",
        ),
        ({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}, "overloaded"),
        ([{"error": {"code": 503, "status": "UNAVAILABLE", "message": "x"}}], "overloaded"),
    ],
)
def test_what_is_no_answer_is_a_fault_that_can_be_classified(body: Any, reason: str) -> None:
    fault = _decoded(body)

    assert isinstance(fault, Fault)
    error = orchestrator.classify(
        status=fault.status, headers=fault.headers, body=fault.body, provider=None, dialect="gemini"
    )
    assert error.reason == reason


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "candidates",
                    "content",
                    "parts",
                    "text",
                    "thought",
                    "functionCall",
                    "args",
                    "name",
                    "id",
                    "index",
                    "finishReason",
                    "usageMetadata",
                    "promptTokenCount",
                    "promptFeedback",
                    "blockReason",
                    "error",
                    "thoughtSignature",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON, st.integers(100, 599))
def test_no_json_raises(body: Any, status: int) -> None:
    result = _decoded(body, status)

    assert isinstance(result, Fault) or 200 <= status < 300
    if isinstance(body, dict):
        GEMINI.write_answer(GEMINI.read_answer(body))


@given(st.binary(max_size=60))
def test_no_bytes_raise(body: bytes) -> None:
    assert isinstance(GEMINI.decode(200, {}, body), Answer | Fault | Flawed)
