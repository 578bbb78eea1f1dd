"""Vectors over the gateway: failed over between targets of one model, never of another."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from orchestrator.sim import Reply, replies
from tests.acceptance.world import counts
from tests.orchestrator.gateway.running import Running, running

PATH = "/v1/embeddings"


def embed(served: Running, text: Any = "a b c", **fields: Any) -> Any:
    return served.post(PATH, json={"model": "default", "input": text, **fields})


def test_the_same_model_elsewhere_takes_over() -> None:
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    routes = {"default": ["broke/text-embedding-3-small", "spare/openai/text-embedding-3-small"]}
    with running(scripts, routes=routes) as served:
        answer = embed(served)

    body, headers = answer.json(), answer.headers
    assert answer.status_code == 200
    assert body["object"] == "list"
    assert [one["index"] for one in body["data"]] == [0]
    assert body["usage"]["total_tokens"] == 3
    assert headers["x-orchestrator-attempts"] == "2"
    assert headers["x-orchestrator-cause"] == "billing"
    assert headers["x-orchestrator-target"] == "spare/openai/text-embedding-3-small"


def test_another_model_is_never_asked() -> None:
    scripts = {"broke": replies.billing_402(), "other": replies.ok()}
    routes = {"default": ["broke/text-embedding-3-small", "other/text-embedding-3-large"]}
    with running(scripts, routes=routes) as served:
        answer = embed(served)
        asked = counts(served.providers, *scripts)

    assert answer.status_code == 402
    assert answer.json()["error"]["code"] == "billing"
    assert "other/text-embedding-3-large" in answer.headers["x-orchestrator-skipped"]
    assert answer.headers["x-should-retry"] == "false"
    assert asked == (1, 0)


def test_what_answers_learn_of_a_provider_holds_for_vectors_too() -> None:
    """Who owes money owes it for everything."""
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    with running(scripts) as served, served.client() as client:
        hi = {"model": "default", "messages": [{"role": "user", "content": "hi"}]}
        client.post("/v1/chat/completions", json=hi)
        answer = embed(served)
        asked = counts(served.providers, *scripts)

    assert answer.status_code == 200
    assert answer.headers["x-orchestrator-attempts"] == "1"
    assert "broke/m" in answer.headers["x-orchestrator-skipped"]
    assert asked == (1, 2)


@pytest.mark.parametrize("wrong", [{"input": None}, {"input": []}])
def test_a_request_that_is_wrong_is_refused_before_anybody_is_asked(wrong: Any) -> None:
    with running({"one": replies.ok()}) as served, served.client() as client:
        answer = client.post(PATH, json={"model": "default", **wrong})
        asked = counts(served.providers, "one")

    assert answer.status_code == 400
    assert "input" in answer.json()["error"]["message"]
    assert asked == (0,)


def test_openai_s_client_reads_vectors_and_failures() -> None:
    with (
        running({"one": [replies.ok(), Reply(status=500, body={})]}) as served,
        openai.OpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client,
    ):
        found = client.embeddings.create(model="default", input=["a", "b c"])
        with pytest.raises(openai.APIStatusError):
            client.embeddings.create(model="default", input="a")

    assert [len(one.embedding) > 0 for one in found.data] == [True, True]
    assert found.usage.total_tokens == 3
