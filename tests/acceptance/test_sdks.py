"""The official clients, unmodified, over the transport, against providers that fail."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx
import openai
import pydantic
import pytest

import orchestrator
from orchestrator import Orchestrator, OrchestratorTransport
from orchestrator.config.loading import loads
from orchestrator.sim import Reply, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.sdk_clients import (
    ASYNC_CLIENTS,
    CLIENTS,
    PICTURE,
    anthropic_over,
    openai_over,
)
from tests.acceptance.spoken import (
    ASKED,
    CALL,
    DIALECTS,
    SAID,
    TEXT,
    answers,
    streamed,
)
from tests.waiting import AMPLE

BEFORE_CONTENT = {
    "openai-chat": 1,
    "openai-responses": 3,
    "anthropic-messages": 3,
    "gemini": 0,
}
"""How many events a stream of :mod:`spoken` has before its first content."""

BEFORE_THE_END = {
    "openai-chat": 3,
    "openai-responses": 5,
    "anthropic-messages": 5,
    "gemini": 2,
}
"""How many events it has until two pieces of three were said."""

PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
    "gemini": "/v1beta/models/default:generateContent",
}


def post(transport: OrchestratorTransport, dialect: str, *, stream: bool) -> httpx.Response:
    """The HTTP answer to a small request."""
    words = {"role": "user", "content": "hi"}
    bodies: dict[str, dict[str, Any]] = {
        "openai-chat": {"model": "default", "messages": [words]},
        "openai-responses": {"model": "default", "input": "hi"},
        "anthropic-messages": {"model": "default", "max_tokens": 9, "messages": [words]},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    }
    path, body = PATHS[dialect], bodies[dialect]
    if dialect == "gemini" and stream:
        path = path.replace("generate", "streamGenerate") + "?alt=sse"
    elif stream:
        body["stream"] = True
    with httpx.Client(transport=transport, base_url="http://drop.in", timeout=AMPLE) as client:
        return client.post(path, json=body)


def status_of(error: Exception) -> int:
    """The HTTP status, as each client calls it."""
    return int(getattr(error, "status_code", None) or error.code)  # type: ignore[attr-defined]


@contextmanager
def transport_over(
    scripts: Mapping[str, tuple[str, AnyScript]],
    *,
    extra: str = "",
    stream: bool = True,
    **options: Any,
) -> Iterator[tuple[ScriptedProviders, OrchestratorTransport]]:
    """Providers, each of a dialect, asked in order by the default route."""
    with ScriptedProviders({name: script for name, (_, script) in scripts.items()}) as providers:
        route = [f"{name}/model-of-{name}" for name in scripts]
        lines = ['health = "memory"', extra, "[routes]", f"default = {route}"]
        for name, (dialect, _) in scripts.items():
            lines += [f"[providers.{name}]", f'dialect = "{dialect}"', 'credentials = ["k"]']
            lines += [f'base_url = "{providers.url(name)}"', f"stream = {str(stream).lower()}"]
        with Orchestrator(loads("\n".join(lines), {})) as inner:
            yield providers, orchestrator.transport(inner, **options)


PAIRS = list(itertools.product(DIALECTS, DIALECTS))
CROSSINGS = list(itertools.product(DIALECTS, DIALECTS, [False, True], [False, True]))


@pytest.mark.parametrize(("client", "fallback", "stream", "tool"), CROSSINGS)
def test_every_client_gets_the_answer_of_a_fallback_of_every_dialect(
    client: str, fallback: str, *, stream: bool, tool: bool
) -> None:
    scripts = {
        "broke": (client, replies.billing_402()),
        "spare": (fallback, answers(fallback, stream=stream, tool=tool)),
    }
    with transport_over(scripts) as (providers, transport):
        got = CLIENTS[client].ask(transport, stream=stream, tool=tool)
        received = providers.received("broke"), providers.received("spare")

    assert (got.text, got.calls) == (("", [(CALL[1], CALL[2])]) if tool else (TEXT, []))
    assert (got.asked, got.said) == (ASKED, SAID)
    assert tuple(map(len, received)) == (1, 1)


@pytest.mark.parametrize("client", list(ASYNC_CLIENTS))
@pytest.mark.parametrize("fallback", DIALECTS)
def test_a_client_that_suspends_gets_the_same_streamed_and_whole(
    client: str, fallback: str
) -> None:
    replies_ = [answers(fallback, stream=True), answers(fallback, stream=False)]
    scripts: dict[str, tuple[str, AnyScript]] = {
        "broke": (client, replies.billing_402()),
        "spare": (fallback, replies_),
    }

    with transport_over(scripts) as (_, transport):
        assert ASYNC_CLIENTS[client](transport) == TEXT


@pytest.mark.parametrize(("client", "fallback"), PAIRS)
def test_a_picture_arrives_at_a_fallback_of_every_dialect(client: str, fallback: str) -> None:
    scripts = {
        "broke": (client, replies.billing_402()),
        "spare": (fallback, answers(fallback, stream=False)),
    }
    with transport_over(scripts) as (providers, transport):
        CLIENTS[client].ask(transport, stream=False, image=True)
        (received,) = providers.received("spare")

    assert PICTURE in json.dumps(received.body)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_in_the_client_s_own_dialect_keeps_every_field(dialect: str) -> None:
    reply = answers(dialect, stream=False)
    with transport_over({"only": (dialect, reply)}) as (_, transport):
        answered = post(transport, dialect, stream=False)

    assert answered.json() == reply.body


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_in_the_client_s_own_dialect_is_the_provider_s_bytes(dialect: str) -> None:
    reply = streamed(dialect)
    with transport_over({"only": (dialect, reply)}) as (_, transport):
        answered = post(transport, dialect, stream=True)

    assert answered.content == reply.body


FAILING = list(itertools.product(DIALECTS, [False, True]))


@pytest.mark.parametrize(("dialect", "stream"), FAILING)
def test_a_failed_call_raises_the_real_cause_once_with_retries_left_on(
    dialect: str, *, stream: bool
) -> None:
    scripts = {
        "broke": (dialect, replies.billing_402()),
        "locked": (dialect, replies.bad_key()),
    }
    client = CLIENTS[dialect]
    with transport_over(scripts) as (providers, transport):
        with pytest.raises(client.error) as raised:
            client.ask(transport, stream=stream)
        received = providers.received("broke"), providers.received("locked")

    assert "billing exhausted on broke (HTTP 402: Insufficient Balance)" in str(raised.value)
    assert "fallback locked/model-of-locked rejected: auth (HTTP 401" in str(raised.value)
    assert status_of(raised.value) == 402
    assert tuple(map(len, received)) == (1, 1)


STATUSES = [
    (replies.billing_402(), openai.APIStatusError, anthropic.PaymentRequiredError, "billing"),
    (replies.quota_exhausted(), openai.APIStatusError, anthropic.PaymentRequiredError, "billing"),
    (replies.bad_key(), openai.AuthenticationError, anthropic.AuthenticationError, "auth"),
    (
        replies.model_not_found(),
        openai.NotFoundError,
        anthropic.NotFoundError,
        "model_not_found",
    ),
    (
        replies.context_overflow(),
        openai.BadRequestError,
        anthropic.BadRequestError,
        "context_overflow",
    ),
    (
        replies.forbidden_upstream(),
        openai.PermissionDeniedError,
        anthropic.PermissionDeniedError,
        "forbidden",
    ),
    (replies.overloaded(), openai.InternalServerError, anthropic.InternalServerError, "overloaded"),
    (replies.rate_limited(0.01), openai.RateLimitError, anthropic.RateLimitError, "rate_limit"),
]


@pytest.mark.parametrize(("reply", "of_openai", "of_anthropic", "reason"), STATUSES)
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_has_the_class_of_its_cause(
    reply: Reply,
    of_openai: type[openai.APIStatusError],
    of_anthropic: type[anthropic.APIStatusError],
    reason: str,
    *,
    stream: bool,
) -> None:
    extra = "[policy]\nattempts_per_target = 1"
    for dialect, expected in (("openai-chat", of_openai), ("anthropic-messages", of_anthropic)):
        with transport_over({"only": (dialect, reply)}, extra=extra) as (_, transport):
            with pytest.raises(expected) as raised:
                CLIENTS[dialect].ask(transport, stream=stream)
            failed: Any = raised.value
            headers = failed.response.headers

        assert headers["x-orchestrator-attempts"] == "1"
        assert headers["x-orchestrator-target"] == "only/model-of-only"
        assert headers["x-orchestrator-reason"] == reason


@pytest.mark.parametrize(("client", "target"), PAIRS)
def test_a_stream_that_breaks_after_content_raises_in_the_client(client: str, target: str) -> None:
    cut = streamed(target, until=BEFORE_THE_END[target])
    with (
        transport_over({"only": (target, cut)}) as (providers, transport),
        pytest.raises(CLIENTS[client].error) as raised,
    ):
        CLIENTS[client].ask(transport, stream=True)

    assert "the stream of only/model-of-only broke" in str(raised.value)
    assert len(providers.received("only")) == 1


@pytest.mark.parametrize(("client", "target"), PAIRS)
def test_a_stream_that_breaks_before_content_goes_to_the_fallback(client: str, target: str) -> None:
    scripts = {
        "torn": (target, streamed(target, until=BEFORE_CONTENT[target])),
        "spare": (client, streamed(client)),
    }
    extra = "[policy]\nattempts_per_target = 1"
    with transport_over(scripts, extra=extra) as (_, transport):
        got = CLIENTS[client].ask(transport, stream=True)

    assert got.text == TEXT


@pytest.mark.parametrize(("client", "first", "second"), list(itertools.product(DIALECTS, repeat=3)))
def test_a_stream_that_goes_on_elsewhere_is_one_stream_to_the_client(
    client: str, first: str, second: str
) -> None:
    scripts = {
        "torn": (first, streamed(first, until=BEFORE_THE_END[first])),
        "spare": (second, streamed(second)),
    }
    extra = '[policy]\non_interrupted = "continue"\nattempts_per_target = 1\n'
    with transport_over(scripts, extra=extra) as (providers, transport):
        got = CLIENTS[client].ask(transport, stream=True)

    assert len(providers.received("spare")) == 1
    assert (got.text, got.said is not None and got.said >= SAID) == (TEXT, True)


@pytest.mark.parametrize("client", DIALECTS)
def test_a_provider_without_streams_still_streams_to_the_client(client: str) -> None:
    for dialect in DIALECTS:
        scripts = {"only": (dialect, answers(dialect, stream=False, tool=True))}
        with transport_over(scripts, stream=False) as (_, transport):
            got = CLIENTS[client].ask(transport, stream=True, tool=True)

        assert got.calls == [(CALL[1], CALL[2])]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_broken_event_between_sound_ones_does_not_reach_the_client(dialect: str) -> None:
    body = streamed(dialect).body
    assert isinstance(body, bytes)
    events = body.split(b"\n\n")
    broken = b"\n\n".join([*events[:3], b'data: {"half', *events[3:]])
    reply = Reply(body=broken, headers={"Content-Type": "text/event-stream"})
    with transport_over({"only": (dialect, reply)}) as (_, transport):
        assert CLIENTS[dialect].ask(transport, stream=True).text == TEXT


class Weather(pydantic.BaseModel):
    city: str


def test_structured_output_crosses_from_every_client_to_chat_completions() -> None:
    with transport_over({"only": ("openai-chat", replies.ok('{"city":"Oslo"}'))}) as (
        providers,
        transport,
    ):
        chat = openai_over(transport).chat.completions.parse(
            model="default", messages=[{"role": "user", "content": "x"}], response_format=Weather
        )
        responses = openai_over(transport).responses.parse(
            model="default", input="x", text_format=Weather
        )
        message = anthropic_over(transport).messages.parse(
            model="default",
            max_tokens=50,
            messages=[{"role": "user", "content": "x"}],
            output_format=Weather,
        )
        received = providers.received("only")

    expected = Weather(city="Oslo")
    assert chat.choices[0].message.parsed == expected
    assert responses.output_parsed == expected
    assert message.parsed_output == expected
    for each in received:
        schema = each.body["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["city"]["type"] == "string"
