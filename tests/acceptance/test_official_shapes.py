"""What a client gets is what the official description of its dialect says, whoever answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest

import orchestrator
from orchestrator.config.loading import loads
from tests.acceptance import spoken
from tests.official_shapes import wrong_in_answer, wrong_in_event

TOOL: dict[str, Any] = {"name": "get_weather", "parameters": {"type": "object"}}
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "openai-chat": (
        "/v1/chat/completions",
        {"messages": [{"role": "user", "content": "hi"}], "temperature": 0.5},
    ),
    "openai-responses": (
        "/v1/responses",
        {"input": "hi", "tools": [{"type": "function", **TOOL}], "temperature": 0.5},
    ),
    "anthropic-messages": (
        "/v1/messages",
        {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
    ),
    "gemini": (
        "/v1beta/models/default:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
}


def config_of(upstream: str) -> str:
    """A config whose only provider speaks that dialect."""
    return (
        f'health = "memory"\n[providers.a]\ndialect = "{upstream}"\nbase_url = "http://a/v1"\n'
        'credentials = ["k"]\n[routes]\ndefault = ["a/m"]\n'
    )


def asked(client: str, upstream: str, *, stream: bool, tool: bool) -> httpx.Response:
    """What a client of one dialect gets where a provider of another answers."""
    reply = spoken.answers(upstream, stream=stream, tool=tool)
    body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    path, payload = ASKED[client]
    if stream and client == "gemini":
        path = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    elif stream:
        payload = {**payload, "stream": True}
    with (
        orchestrator.Orchestrator(loads(config_of(upstream), {}), transport=answer) as inner,
        httpx.Client(transport=orchestrator.transport(inner)) as http,
    ):
        return http.post(f"http://any.where{path}", json={"model": "default", **payload})


def events_of(text: str) -> list[Any]:
    """The events of a stream, without end marks of chat completions."""
    data = (line.removeprefix("data:").strip() for line in text.split("\n") if "data:" in line)
    return [json.loads(one) for one in data if one != "[DONE]"]


@pytest.mark.parametrize("tool", [False, True])
@pytest.mark.parametrize(("client", "upstream"), list(product(spoken.DIALECTS, repeat=2)))
def test_a_whole_answer_is_as_described(client: str, upstream: str, *, tool: bool) -> None:
    body = asked(client, upstream, stream=False, tool=tool).json()
    body.pop("xVendor", None)  # what a vendor says beside the description stays

    assert wrong_in_answer(client, body) == []


@pytest.mark.parametrize("tool", [False, True])
@pytest.mark.parametrize(("client", "upstream"), list(product(spoken.DIALECTS, repeat=2)))
def test_every_event_of_a_stream_is_as_described(client: str, upstream: str, *, tool: bool) -> None:
    events = events_of(asked(client, upstream, stream=True, tool=tool).text)

    assert events
    for event in events:
        event.pop("xVendor", None)
        assert wrong_in_event(client, event) == [], event


def test_an_answer_of_the_responses_api_repeats_what_was_asked() -> None:
    whole = asked("openai-responses", "anthropic-messages", stream=False, tool=False).json()
    first, *_ = events_of(asked("openai-responses", "gemini", stream=True, tool=False).text)

    for response in (whole, first["response"]):
        assert response["temperature"] == 0.5
        assert response["tools"] == [
            {"type": "function", **TOOL, "description": None, "strict": None}
        ]
        assert response["created_at"] > 1_700_000_000


def _of_chat(client: openai.OpenAI) -> None:
    asked: Any = {"messages": [{"role": "user", "content": "hi"}], "model": "default"}
    with client.chat.completions.stream(**asked) as events:
        for _ in events:
            pass
        events.get_final_completion()


def _of_responses(client: openai.OpenAI) -> None:
    with client.responses.stream(model="default", input="hi") as events:
        for _ in events:
            pass
        events.get_final_response()


@pytest.mark.parametrize("upstream", spoken.DIALECTS)
@pytest.mark.parametrize("helper", [_of_chat, _of_responses])
def test_no_helper_of_an_official_client_takes_a_broken_stream_for_a_whole_one(
    helper: Callable[[openai.OpenAI], None], upstream: str
) -> None:
    until = {"openai-responses": 5, "gemini": 1}.get(upstream, 4)
    body = spoken.streamed(upstream, until=until).body
    assert isinstance(body, bytes)
    content = body
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with (
        orchestrator.Orchestrator(loads(config_of(upstream), {}), transport=answer) as inner,
        httpx2.Client(transport=orchestrator.transport(inner)) as http,
        openai.OpenAI(api_key="unused", http_client=http) as client,
        pytest.raises(openai.APIError, match="broke"),
    ):
        helper(client)


@pytest.mark.parametrize("left_out", ["names of events", "usage", "id"])
def test_the_official_client_reads_what_a_relay_of_messages_leaves_out(left_out: str) -> None:
    body = spoken.streamed("anthropic-messages").body
    assert isinstance(body, bytes)
    lines = [line for line in body.split(b"\n") if not line.startswith(b"event:")]
    named = b"\n".join(lines).lstrip() if left_out == "names of events" else body
    begun, *others = named.split(b"\n\n")
    if left_out in ("usage", "id"):
        event, _, data = begun.partition(b"data: ")
        started = json.loads(data)
        del started["message"][left_out]
        begun = event + b"data: " + json.dumps(started).encode()
    content = b"\n\n".join((begun, *others))
    with (
        orchestrator.Orchestrator(
            loads(config_of("anthropic-messages"), {}),
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content)),
        ) as inner,
        httpx2.Client(transport=orchestrator.transport(inner)) as http,
        anthropic.Anthropic(api_key="unused", http_client=http) as client,
        client.messages.stream(
            model="default", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        ) as events,
    ):
        message = events.get_final_message()

    assert message.id
    assert "".join(getattr(block, "text", "") for block in message.content) == spoken.TEXT
    assert message.usage.output_tokens == spoken.SAID
