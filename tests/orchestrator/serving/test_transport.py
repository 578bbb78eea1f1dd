"""The transport under clients of both libraries, against providers on real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import httpx
import httpx2
import openai
import pytest

import orchestrator
from orchestrator.config.loading import loads
from orchestrator.sim import ScriptedProviders, replies
from tests.acceptance.world import world
from tests.waiting import AMPLE, eventually

HI: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
CHAT = "http://any.where/v1/chat/completions"
MESSAGES = "http://any.where/v1/messages"
ENDLESS = replies.ok("word " * 5000, pace=0.02)
"""It says its last word after 100 s, so whoever leaves ends it."""


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_answer_is_of_the_library_of_the_request(library: Any) -> None:
    with world({"only": replies.ok("hello")}) as (_, inner):
        transport = orchestrator.transport(inner)
        with library.Client(transport=transport, timeout=AMPLE) as client:
            whole = client.post(CHAT, json=HI)
            with client.stream("POST", CHAT, json={**HI, "stream": True}) as streamed:
                lines = list(streamed.iter_lines())

    assert isinstance(whole, library.Response)
    assert whole.json()["choices"][0]["message"]["content"] == "hello"
    assert [line for line in lines if line][-1] == "data: [DONE]"


def test_a_request_of_another_library_is_refused_by_name() -> None:
    with (
        world({"only": replies.ok()}) as (_, inner),
        pytest.raises(TypeError, match=r"builtins.str; allowed: .*httpx or httpx2"),
    ):
        orchestrator.transport(inner).handle_request("POST /v1/messages")


def test_the_headers_say_attempts_target_and_cause() -> None:
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    for stream in (False, True):
        with world(scripts) as (_, inner):
            answers = [post(inner, CHAT, {**HI, "stream": stream}) for _ in range(2)]

        # The second call passes the benched provider over, for the same cause.
        for answer, attempts in zip(answers, ("2", "1"), strict=True):
            assert told(answer) == (200, attempts, "spare/model-of-spare", "billing")


def test_without_a_failure_there_is_no_cause() -> None:
    with world({"only": replies.ok()}) as (_, inner):
        assert told(post(inner, CHAT, HI)) == (200, "1", "only/model-of-only", "none")


def test_the_provider_s_request_id_is_passed_on() -> None:
    reply = attrs.evolve(replies.ok(), headers={"x-request-id": "req_7"})
    with world({"only": reply}) as (_, inner):
        answer = post(inner, CHAT, HI)

    assert (answer.headers["x-request-id"], answer.headers["request-id"]) == ("req_7", "req_7")


def test_a_model_of_any_name_fits_a_header() -> None:
    with world({"only": replies.ok()}, route=["only/модель"]) as (_, inner):
        answer = post(inner, CHAT, HI)

    assert answer.headers["x-orchestrator-target"].startswith("only/%D0%BC")


@pytest.mark.parametrize(
    ("route", "model", "asked"),
    [
        (None, "default", "model-of-only"),
        (None, "only/other", "other"),
        ("only/other", "gpt-4o", "other"),
        ("default", "gpt-4o", "model-of-only"),
    ],
)
def test_the_model_names_a_route_or_a_target_unless_the_transport_has_one(
    route: str | None, model: str, asked: str
) -> None:
    with world({"only": replies.ok()}) as (providers, inner):
        post(inner, CHAT, {**HI, "model": model}, route=route)
        (received,) = providers.received("only")

    assert received.model == asked


def test_a_name_that_is_unknown_is_an_error_that_names_the_nearest() -> None:
    with world({"only": replies.ok()}) as (_, inner):
        answer = post(inner, CHAT, {**HI, "model": "onyl/model"})

    assert answer.status_code == 404
    assert "only/model" in answer.json()["error"]["message"]


def test_a_request_that_is_no_call_is_a_404_of_the_client_s_dialect() -> None:
    with world({"only": replies.ok()}) as (_, inner):
        answers = [
            post(inner, f"{MESSAGES}/batches", HI, headers={"anthropic-version": "1"}),
            post(inner, "http://any.where/v1/moderations", {"input": "x"}),
        ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["error"]["type"] == "not_found_error"
    assert "not served here" in answers[1].json()["error"]["message"]


def test_the_list_of_models_is_that_of_routes_and_targets() -> None:
    known = ["default", "one/model-of-one", "two/model-of-two"]
    with world({"one": replies.ok(), "two": replies.ok()}) as (_, inner):
        client = httpx.Client(transport=orchestrator.transport(inner), base_url="http://x")
        listed = client.get("/v1/models").json()
        gemini = client.get("/v1beta/models", headers={"x-goog-api-key": "k"}).json()
        one = client.get("/v1/models/one/model-of-one").json()
        none = client.get("/v1/models/onee/model-of-one")

    assert [entry["id"] for entry in listed["data"]] == known
    assert [entry["name"] for entry in gemini["models"]] == [f"models/{name}" for name in known]
    assert (one["id"], one["owned_by"]) == ("one/model-of-one", "one")
    assert none.status_code == 404
    assert "one/model-of-one" in none.json()["error"]["message"]


def test_retries_of_the_client_are_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    with world({"only": replies.ok()}) as (_, inner):
        transport = orchestrator.transport(inner)
        with (
            httpx.Client(transport=transport, timeout=AMPLE) as client,
            caplog.at_level(logging.WARNING),
        ):
            for count in ("0", "1", "2"):
                client.post(CHAT, json=HI, headers={"x-stainless-retry-count": count})

    (message,) = (record.message for record in caplog.records if "retries" in record.message)
    assert "set max_retries=0" in message


def test_a_client_that_did_not_ask_for_the_usage_gets_no_chunk_without_choices() -> None:
    answer = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
    events = [
        {"type": "message_start", "message": {**answer, "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "hello"},
        },
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 1},
        },
        {"type": "message_stop"},
    ]
    extra = '[providers.claude]\ndialect = "anthropic-messages"\n'
    with ScriptedProviders({"claude": replies.stream(*map(json.dumps, events))}) as providers:
        text = (
            f'health = "memory"\n[routes]\ndefault = ["claude/m"]\n{extra}'
            f'base_url = "{providers.url("claude")}"\ncredentials = ["k"]\n'
        )
        with orchestrator.Orchestrator(loads(text, {})) as inner:
            chunks = list(over(inner).chat.completions.create(**HI, model="default", stream=True))

    assert all(chunk.choices for chunk in chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "hello"


def test_a_stream_without_an_end_mark_is_whole_to_a_client_of_another_dialect() -> None:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    said = {**chunk, "choices": [{"index": 0, "delta": {"content": "hello"}}]}
    stop = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    with world({"only": replies.stream(json.dumps(said), json.dumps(stop))}) as (_, inner):
        answer = post(inner, MESSAGES, {**HI, "max_tokens": 9, "stream": True})

    assert "event: message_stop" in answer.text
    assert '"stop_reason":"end_turn"' in answer.text.replace(" ", "")


def test_a_limit_of_the_client_ends_the_call() -> None:
    with world({"only": replies.hang()}) as (_, inner):
        client = over(inner, timeout=0.3)
        began = time.monotonic()
        with pytest.raises(openai.InternalServerError, match="before the deadline") as raised:
            client.chat.completions.create(**HI, model="default")

    assert time.monotonic() - began < AMPLE
    assert raised.value.status_code == 504


def test_closing_a_stream_ends_the_connection_at_once() -> None:
    with world({"only": ENDLESS}) as (providers, inner):
        chunks = over(inner).chat.completions.create(**HI, model="default", stream=True)
        next(chunks)
        next(chunks)
        assert providers.connections == 1
        chunks.close()
        assert eventually(lambda: not providers.connections)


def test_closing_a_stream_from_another_thread_ends_it() -> None:
    with world({"only": ENDLESS}) as (providers, inner):
        chunks = over(inner).chat.completions.create(**HI, model="default", stream=True)
        reading = threading.Event()

        def read() -> None:
            for _ in chunks:
                reading.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert reading.wait(AMPLE)
        chunks.close()
        reader.join(AMPLE)
        assert not reader.is_alive()
        assert eventually(lambda: not providers.connections)


async def close(client: openai.AsyncOpenAI) -> None:
    chunks = await client.chat.completions.create(**HI, model="default", stream=True)
    await anext(chunks)
    await chunks.close()


async def leave(client: openai.AsyncOpenAI) -> None:
    async with await client.chat.completions.create(**HI, model="default", stream=True) as chunks:
        async for _ in chunks:
            break


async def cancel(client: openai.AsyncOpenAI) -> None:
    chunks = await client.chat.completions.create(**HI, model="default", stream=True)
    reading = asyncio.create_task(chunks.response.aread())
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize("way", [close, leave, cancel])
def test_a_task_that_goes_away_ends_the_connection_at_once(
    way: Callable[[openai.AsyncOpenAI], Awaitable[None]],
) -> None:
    async def main(inner: orchestrator.Orchestrator, providers: ScriptedProviders) -> bool:
        http_client = httpx2.AsyncClient(transport=orchestrator.transport(inner))
        async with openai.AsyncOpenAI(api_key="unused", http_client=http_client) as client:
            await way(client)
            # The loop and the client still run: it is the way that closed the connection.
            return await asyncio.to_thread(eventually, lambda: not providers.connections)

    with world({"only": ENDLESS}) as (providers, inner):
        assert asyncio.run(main(inner, providers))


def over(inner: orchestrator.Orchestrator, **options: Any) -> openai.OpenAI:
    http_client = httpx2.Client(transport=orchestrator.transport(inner))
    return openai.OpenAI(api_key="unused", http_client=http_client, **options)


def post(
    inner: orchestrator.Orchestrator,
    url: str,
    body: Any,
    *,
    headers: dict[str, str] | None = None,
    route: str | None = None,
) -> httpx.Response:
    transport = orchestrator.transport(inner, route=route)
    with httpx.Client(transport=transport, timeout=AMPLE) as client:
        return client.post(url, json=body, headers=headers)


def told(answer: httpx.Response) -> tuple[int, str, str, str]:
    names = ("attempts", "target", "reason")
    attempts, target, reason = (answer.headers[f"x-orchestrator-{name}"] for name in names)
    return answer.status_code, attempts, target, reason


def test_what_is_no_orchestrator_is_refused_when_it_is_handed_in() -> None:
    with pytest.raises(TypeError, match=r"of type str; .*from_file"):
        orchestrator.transport("lo.toml")  # type: ignore[arg-type]


def test_an_unknown_route_is_refused_when_the_transport_is_built() -> None:
    with world({"a": replies.ok()}) as (_, inner):
        with pytest.raises(orchestrator.UnknownRoute, match="default"):
            orchestrator.transport(inner, route="defualt")
        with pytest.raises(orchestrator.RequestError, match=r"^route\[1\]"):
            orchestrator.transport(inner, route=["a/m", 5])  # type: ignore[list-item]


def test_a_transport_of_listed_targets_observes_every_call() -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok("b")}
    seen: list[orchestrator.Attempt] = []

    def observe(entry: object) -> None:
        if isinstance(entry, orchestrator.Attempt):
            seen.append(entry)

    with world(scripts, route=["a/m"]) as (_, inner):
        transport = orchestrator.transport(inner, route=["a/one", "b/two"], observe=observe)
        with httpx.Client(transport=transport, base_url="http://any/v1") as client:
            answer = client.post("/chat/completions", json={**HI, "model": "gpt-5"})
            streamed = client.post(
                "/chat/completions", json={**HI, "model": "gpt-5", "stream": True}
            )

    assert (answer.status_code, streamed.status_code) == (200, 200)
    assert [each.target for each in seen] == ["a/one", "b/two", "b/two"]


def test_a_model_of_a_client_is_one_of_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    # A key happens to be in the environment; whoever wrote the config did not name its provider.
    monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")
    with (
        world({"a": replies.ok()}) as (_, inner),
        httpx.Client(transport=orchestrator.transport(inner), base_url="http://any/v1") as client,
    ):
        answer = client.post("/chat/completions", json={**HI, "model": "openai/gpt-5"})

    assert answer.status_code == 404
