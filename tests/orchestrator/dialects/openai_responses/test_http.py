"""What is sent, and what every kind of answer becomes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.dialects import Answer, Fault, Flaw, Flawed, ToolCall, Usage
from orchestrator.dialects.openai_responses import RESPONSES as OURS
from orchestrator.http_messages import OutgoingRequest
from orchestrator.provider import Provider
from tests import dialect_strategies as drawn


def encode(payload: dict[str, Any], *, stream: bool = False) -> OutgoingRequest:
    return OURS.encode(
        payload,
        provider=Provider("openai", base_url="https://llm.example/v1?api-version=2"),
        model="gpt",
        overrides={"temperature": 0},
        stream=stream,
    )


def test_a_request_goes_below_the_base_url() -> None:
    request = encode({"input": "hi", "model": "route", "temperature": 1, "stream_options": {}})

    assert str(request.url) == "https://llm.example/v1/responses?api-version=2"
    assert request.headers["accept"] == "application/json"
    body = msgspec.json.decode(request.content)
    assert body == {"model": "gpt", "input": "hi", "temperature": 0}


def test_a_stream_is_asked_for() -> None:
    request = encode({"input": "hi", "stream_options": {"a": 1}}, stream=True)

    assert request.headers["accept"] == "text/event-stream"
    body = msgspec.json.decode(request.content)
    assert (body["stream"], body["stream_options"]) == (True, {"a": 1})


MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "hello"}]}
REFUSAL = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
SEARCH = {"type": "web_search_call", "id": "ws_1"}
COUNTED = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 15,
}


def decode(**fields: Any) -> Any:
    body = {"id": "resp_1", "model": "m-1", "status": "completed", "output": [MESSAGE], **fields}
    return OURS.decode(200, {}, msgspec.json.encode(body))


def test_an_answer_is_read() -> None:
    found = decode(output=[SEARCH, MESSAGE, CALL], usage=COUNTED)

    assert isinstance(found, Answer)
    assert (found.text, found.finish_reason, found.id, found.model) == (
        "hello", "tool_calls", "resp_1", "m-1",
    )  # fmt: skip
    assert found.tool_calls == (ToolCall("c1", "f", "{}"),)
    assert found.usage == Usage(10, 5, 15, 4, 3)


def cut(reason: str | None) -> dict[str, Any]:
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}


ANSWERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "whole": ({}, "hello", "stop"),
    "no status": ({"status": None}, "hello", "stop"),
    "refusal": ({"output": [REFUSAL]}, "no", "stop"),
    "length": (cut("max_output_tokens"), "hello", "length"),
    "length before a word": ({**cut("max_output_tokens"), "output": []}, "", "length"),
    "filter after words": (cut("content_filter"), "hello", "content_filter"),
    "another limit": (cut("max_messages"), "hello", "length"),
    "limit untold": ({"status": "incomplete"}, "hello", "length"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_end_has_its_finish_reason(name: str) -> None:
    fields, text, finish = ANSWERS[name]

    found = decode(**fields)

    assert isinstance(found, Answer)
    assert (found.text, found.finish_reason) == (text, finish)


FAULTS: dict[str, dict[str, Any]] = {
    "failed": {"status": "failed", "error": {"code": "server_error", "message": "x"}},
    "error beside output": {"error": {"code": "server_error", "message": "x"}},
    "cancelled": {"status": "cancelled"},
    "queued": {"status": "queued", "output": []},
    "in progress": {"status": "in_progress"},
    "no output": {"output": None},
    "filtered at once": {**cut("content_filter"), "output": []},
    "odd status": {"status": ["completed"]},
}


def test_an_output_without_items_is_empty() -> None:
    found = decode(output=[])

    assert isinstance(found, Flawed)
    assert found.flaw is Flaw.EMPTY


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_answer_is_a_fault(name: str) -> None:
    found = decode(**FAULTS[name])

    assert isinstance(found, Fault)
    assert found.status == 200


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":{"message":"no"}}', b"\xff"])
@pytest.mark.parametrize("status", [200, 402, 500])
def test_any_other_body_is_a_fault(status: int, body: bytes) -> None:
    found = OURS.decode(status, {"retry-after": "1"}, body)

    assert isinstance(found, Fault)
    assert (found.status, found.headers["retry-after"]) == (status, "1")


KEYS = (
    "output", "type", "message", "content", "text", "status", "error", "usage", "reasoning",
    "incomplete_details", "reason", "summary", "arguments", "function_call", "input_tokens",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), drawn.any_json(KEYS)))
@settings(max_examples=60)
def test_whatever_a_provider_sends_is_an_answer_or_a_fault(body: dict[str, Any]) -> None:
    OURS.read_answer(body)

    found = OURS.decode(200, {}, msgspec.json.encode(body))

    assert isinstance(found, Answer | Fault | Flawed)
