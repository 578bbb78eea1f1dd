"""What a client is given where its provider leaves out what the client's SDK needs."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import httpx
import pytest

import orchestrator
from orchestrator.config.loading import loads

CHAT, MESSAGES, RESPONSES = "openai-chat", "anthropic-messages", "openai-responses"
PATHS = {CHAT: "/v1/chat/completions", MESSAGES: "/v1/messages", RESPONSES: "/v1/responses"}
SAID: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
ASKED: dict[str, dict[str, Any]] = {CHAT: SAID, MESSAGES: SAID, RESPONSES: {"input": "hi"}}


def event(body: dict[str, Any]) -> bytes:
    named = f"event: {body['type']}\n" if "type" in body else ""
    return f"{named}data: {json.dumps(body)}\n\n".encode()


def chat(*, stream: bool) -> bytes:
    """A call without id and arguments, and an end that does not speak of it."""
    call = {"type": "function", "function": {"name": "f"}}
    if not stream:
        message = {"role": "assistant", "tool_calls": [call]}
        return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": {"tool_calls": [{"index": 0, **call}]}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    chunks = (event({"id": "c", "model": "m", "choices": [choice]}) for choice in choices)
    return b"".join(chunks) + b"data: [DONE]\n\n"


def messages(*, stream: bool) -> bytes:
    """The same of Anthropic."""
    use: dict[str, Any] = {"type": "tool_use", "name": "f", "input": {}}
    body = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
    if not stream:
        whole = {**body, "content": [{"type": "tool_use", "name": "f"}], "stop_reason": "end_turn"}
        return json.dumps(whole).encode()
    return b"".join(
        event(one)
        for one in (
            {"type": "message_start", "message": body},
            {"type": "content_block_start", "index": 0, "content_block": use},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}},
            {"type": "message_stop"},
        )
    )


def responses(*, stream: bool) -> bytes:
    """The same of the Responses API, which says nothing of calls at its end."""
    item = {"type": "function_call", "id": "fc_1", "name": "f", "arguments": ""}
    whole = {"id": "r", "model": "m", "status": "completed", "output": [item]}
    if not stream:
        return json.dumps(whole).encode()
    return b"".join(
        event(one)
        for one in (
            {"type": "response.created", "response": {"id": "r", "status": "in_progress"}},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": whole},
        )
    )


UPSTREAM = {CHAT: chat, MESSAGES: messages, RESPONSES: responses}


def asked(client: str, upstream: str, *, stream: bool) -> httpx.Response:
    body = UPSTREAM[upstream](stream=stream)
    text = (
        f'health = "memory"\n[providers.a]\ndialect = "{upstream}"\nbase_url = "http://a/v1"\n'
        'credentials = ["k"]\n[routes]\ndefault = ["a/m"]\n'
    )
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with (
        orchestrator.Orchestrator(loads(text, {}), transport=transport) as inner,
        httpx.Client(transport=orchestrator.transport(inner)) as http,
    ):
        payload = {"model": "default", **ASKED[client], **({"stream": True} if stream else {})}
        return http.post(f"http://any.where{PATHS[client]}", json=payload)


def events_of(answer: httpx.Response) -> list[Any]:
    lines = (line[6:] for line in answer.text.splitlines() if line.startswith("data: {"))
    return [json.loads(line) for line in lines]


each_upstream = pytest.mark.parametrize("upstream", UPSTREAM)


@each_upstream
def test_a_client_of_chat_completions_can_carry_out_the_call(upstream: str) -> None:
    (choice,) = asked(CHAT, upstream, stream=False).json()["choices"]
    (call,) = choice["message"]["tool_calls"]

    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("f", {})
    assert call["id"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)


@each_upstream
def test_so_can_one_that_streams(upstream: str) -> None:
    choices = [one["choices"][0] for one in events_of(asked(CHAT, upstream, stream=True))]
    pieces = [one for choice in choices for one in choice["delta"].get("tool_calls", ())]

    ids = [one["id"] for one in pieces if one.get("id")]
    assert len(ids) == 1
    assert "".join(one["function"].get("arguments") or "" for one in pieces) == "{}"
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == [
        "tool_calls"
    ]


@each_upstream
def test_a_client_of_anthropic_is_told_that_a_tool_is_used(upstream: str) -> None:
    whole = asked(MESSAGES, upstream, stream=False).json()
    events = events_of(asked(MESSAGES, upstream, stream=True))
    (begun,) = [one["content_block"] for one in events if one["type"] == "content_block_start"]
    (ended,) = [one["delta"] for one in events if one["type"] == "message_delta"]

    (block,) = whole["content"]
    assert (whole["stop_reason"], ended["stop_reason"]) == ("tool_use", "tool_use")
    assert (block["name"], block["input"], begun["name"]) == ("f", {}, "f")
    assert block["id"]
    assert begun["id"]


@each_upstream
def test_a_client_of_the_responses_api_gets_arguments_that_parse(upstream: str) -> None:
    (item,) = asked(RESPONSES, upstream, stream=False).json()["output"]

    assert (item["name"], json.loads(item["arguments"])) == ("f", {})
    assert item["call_id"]


@pytest.mark.parametrize(("client", "upstream"), list(product(PATHS, UPSTREAM)))
def test_every_stream_of_one_answer_has_one_id(client: str, upstream: str) -> None:
    events = events_of(asked(client, upstream, stream=True))
    ids = {one["id"] for one in events if "id" in one}
    ids |= {one["response"]["id"] for one in events if "response" in one}
    ids |= {one["message"]["id"] for one in events if "message" in one}

    assert len(ids) == 1
    assert all(ids)


def test_numbers_of_events_count_from_0() -> None:
    events = events_of(asked(RESPONSES, CHAT, stream=True))

    assert [one["sequence_number"] for one in events] == list(range(len(events)))
