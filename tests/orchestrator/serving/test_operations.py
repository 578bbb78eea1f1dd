"""Embeddings and counts of tokens over the transport, as HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

import orchestrator
from orchestrator import Orchestrator
from orchestrator.sim import Reply, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript, Script
from tests.acceptance.world import HI, counts, world
from tests.waiting import AMPLE

EMBEDDINGS = "http://any.where/v1/embeddings"
COUNTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "anthropic-messages": ("/v1/messages/count_tokens", HI, {"input_tokens": 1}),
    "openai-responses": (
        "/v1/responses/input_tokens",
        {"input": "a b"},
        {"object": "response.input_tokens", "input_tokens": 2},
    ),
    "gemini": (
        "/v1beta/models/default:countTokens",
        {"contents": [{"parts": [{"text": "a b"}]}]},
        {"totalTokens": 2},
    ),
}


def post(inner: Orchestrator, path: str, body: Any, **options: Any) -> httpx.Response:
    transport = orchestrator.transport(inner)
    with httpx.Client(transport=transport, base_url="http://any.where", timeout=AMPLE) as client:
        return client.post(path, json=body, **options)


def orchestrator_over(
    providers: ScriptedProviders, spoken: Mapping[str, str], *, models: str = "m"
) -> Orchestrator:
    """Each provider in its dialect, asked in order by the default route."""
    tables = {
        name: {"base_url": providers.url(name), "dialect": dialect, "credentials": ["k"]}
        for name, dialect in spoken.items()
    }
    routes = {"default": [f"{name}/{models}" for name in spoken]}
    return Orchestrator.from_dict({"health": "memory", "routes": routes, "providers": tables})


def test_the_provider_s_body_is_passed_on_as_it_is_and_says_how_it_was_come_by() -> None:
    vector = {"index": 0, "embedding": "AACAPw=="}
    own = {"data": [vector], "usage": {"x": 1}, "by": "vendor"}
    scripts: dict[str, AnyScript] = {"broke": replies.billing_402(), "spare": Reply(body=own)}
    with world(scripts, route=["broke/m", "spare/m"]) as (_, inner):
        asked = {"model": "default", "input": "a", "encoding_format": "base64"}
        answer = post(inner, EMBEDDINGS, asked)

    told = answer.json()
    assert told.pop("data") == [{**vector, "object": "embedding"}]
    assert told == {
        "object": "list",
        "model": "m",
        "usage": {"x": 1, "prompt_tokens": 0, "total_tokens": 0},
        "by": "vendor",
    }
    headers = {name: answer.headers[f"x-orchestrator-{name}"] for name in ("attempts", "target")}
    assert headers == {"attempts": "2", "target": "spare/m"}
    assert answer.headers["x-orchestrator-reason"] == "billing"


def test_where_nobody_can_make_vectors_the_error_says_why() -> None:
    with (
        ScriptedProviders({"claude": replies.ok()}) as providers,
        orchestrator_over(providers, {"claude": "anthropic-messages"}) as inner,
    ):
        answer = post(inner, EMBEDDINGS, {"model": "default", "input": "a"})

    assert answer.status_code == 400
    assert "anthropic-messages has no embeddings" in answer.json()["error"]["message"]


@pytest.mark.parametrize("dialect", COUNTS)
def test_a_count_is_asked_of_the_first_target_of_its_dialect(dialect: str) -> None:
    path, body, told = COUNTS[dialect]
    scripts = {"chat": replies.ok(), "first": replies.ok(), "second": replies.ok()}
    spoken = {"chat": "openai-chat", "first": dialect, "second": dialect}
    with ScriptedProviders(scripts) as providers, orchestrator_over(providers, spoken) as inner:
        answer = post(inner, path, {"model": "default", **body})
        asked = counts(providers, *scripts)

    assert (answer.status_code, answer.json()) == (200, told)
    assert answer.headers["x-orchestrator-target"] == "first/m"
    assert asked == (0, 1, 0)


@pytest.mark.parametrize("dialect", COUNTS)
def test_a_count_that_fails_is_asked_of_the_same_model_elsewhere(dialect: str) -> None:
    path, body, told = COUNTS[dialect]
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    spoken = dict.fromkeys(scripts, dialect)
    with ScriptedProviders(scripts) as providers, orchestrator_over(providers, spoken) as inner:
        answer = post(inner, path, {"model": "default", **body})

    assert answer.json() == told
    assert answer.headers["x-orchestrator-attempts"] == "2"


def test_a_count_of_another_model_is_none() -> None:
    route = ["one/claude-x", "two/claude-y"]
    with ScriptedProviders({"one": replies.overloaded(), "two": replies.ok()}) as providers:
        tables = {
            name: {
                "base_url": providers.url(name),
                "dialect": "anthropic-messages",
                "credentials": ["k"],
            }
            for name in ("one", "two")
        }
        config = {
            "health": "memory",
            "routes": {"default": route},
            "providers": tables,
            "policy": {"on": {"overloaded": ["fallback"]}},
        }
        with Orchestrator.from_dict(config) as inner:
            answer = post(inner, "/v1/messages/count_tokens", {"model": "default", **HI})
            asked = counts(providers, "one", "two")

    assert answer.status_code == 503
    assert asked == (1, 0)
    assert "claude-y counts in another way than claude-x" in answer.text


@pytest.mark.parametrize("dialect", COUNTS)
def test_without_a_target_of_its_dialect_a_count_is_a_404_that_says_so(dialect: str) -> None:
    path, body, _ = COUNTS[dialect]
    with world({"chat": replies.ok()}) as (providers, inner):
        answer = post(inner, path, {"model": "default", **body})
        asked = counts(providers, "chat")

    assert (answer.status_code, asked) == (404, (0,))
    told = answer.json()["error"]["message"]
    assert f"openai-chat cannot count the tokens of a request in {dialect}" in told


def test_headers_and_overrides_of_answers_are_no_part_of_a_count() -> None:
    with ScriptedProviders({"claude": replies.ok()}) as providers:
        config = {
            "health": "memory",
            "routes": {"default": ["claude/m"]},
            "targets": {"claude/m": {"overrides": {"max_tokens": 9}}},
            "providers": {
                "claude": {
                    "base_url": providers.url("claude"),
                    "dialect": "anthropic-messages",
                    "credentials": ["k"],
                }
            },
        }
        with Orchestrator.from_dict(config) as inner:
            post(
                inner,
                "/v1/messages/count_tokens",
                {"model": "default", **HI},
                headers={"anthropic-beta": "b"},
            )
        (received,) = providers.received("claude")

    assert received.body == {"model": "m", **HI}
    assert received.headers["anthropic-beta"] == "b"


def test_what_counts_meet_is_no_news_for_answers_nor_the_other_way_round() -> None:
    """A count is free, and limited by itself: it must not cool keys, nor end a bench."""
    said = '{"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}'
    whole = Reply(body=said, headers={"content-type": "application/json"})
    config: dict[str, Any] = {"health": "memory", "routes": {"default": ["claude/m", "spare/m"]}}
    request = orchestrator.Request({**HI, "max_tokens": 9}, dialect="anthropic-messages")
    path, body = "/v1/messages/count_tokens", {"model": "default", **HI}
    spare = Script((whole,), by_path={"/v1/messages/count_tokens": Script((replies.ok(),))})
    with ScriptedProviders({"claude": replies.rate_limited(), "spare": spare}) as providers:
        config["providers"] = {
            name: {
                "base_url": providers.url(name),
                "dialect": "anthropic-messages",
                "credentials": ["k"],
            }
            for name in ("claude", "spare")
        }
        with Orchestrator.from_dict(config) as inner:
            counted = post(inner, path, body)
            assert counted.headers["x-orchestrator-attempts"] == "2"
            assert [row for row in inner.board.snapshot() if row.mark is not None] == []

            providers.set("claude", replies.billing_402())
            inner.run(request)
            providers.set("claude", replies.ok())
            for _ in range(3):
                post(inner, path, body)
            answered = inner.run(request)

    assert [each.target for each in answered.skipped] == ["claude/m"]
