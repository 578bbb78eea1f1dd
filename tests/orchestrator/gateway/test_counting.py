"""Counts of tokens over the gateway: of a target where one can count, else an estimate."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import pytest

from orchestrator.sim import Reply, replies
from tests.acceptance.world import HI, counts
from tests.official_shapes import required_in_count, wrong_in_count
from tests.orchestrator.gateway.running import running

OF_ERRORS = {
    *("x-should-retry", "retry-after", "x-orchestrator-reason", "x-orchestrator-cause"),
    *("x-orchestrator-target", "x-orchestrator-credential"),
}
"""Headers that say what went wrong, or who answered."""

PATHS: dict[str, tuple[str, dict[str, Any], str]] = {
    "anthropic-messages": ("/v1/messages/count_tokens", HI, "input_tokens"),
    "openai-responses": ("/v1/responses/input_tokens", {"input": "a b"}, "input_tokens"),
    "gemini": (
        "/v1beta/models/default:countTokens",
        {"contents": [{"parts": [{"text": "a b"}]}]},
        "totalTokens",
    ),
}


@pytest.mark.parametrize("dialect", PATHS)
def test_the_first_target_of_the_dialect_counts(dialect: str) -> None:
    path, body, field = PATHS[dialect]
    scripts = {"chat": replies.ok(), "counts": replies.ok()}
    with running(scripts, dialects={"counts": dialect}) as served, served.client() as client:
        answer = client.post(path, json={"model": "default", **body})
        asked = counts(served.providers, *scripts)

    assert answer.status_code == 200
    assert answer.json()[field] == (1 if body is HI else 2)
    assert "estimate" not in answer.text
    assert "x-orchestrator-estimate" not in answer.headers
    assert answer.headers["x-orchestrator-target"] == "counts/m"
    assert asked == (0, 1)


@pytest.mark.parametrize("dialect", PATHS)
def test_where_nobody_can_count_an_estimate_says_that_it_is_one(dialect: str) -> None:
    path, body, field = PATHS[dialect]
    with running({"chat": replies.ok()}) as served, served.client() as client:
        answer = client.post(path, json={"model": "default", **body})
        asked = counts(served.providers, "chat")

    assert answer.status_code == 200
    assert answer.json()[field] >= 1
    told = answer.json()
    assert told["estimate"] is True
    assert answer.headers["x-orchestrator-estimate"] == "true"
    assert asked == (0,)
    if dialect == "gemini":  # whose description has no place for what clients pass over
        del told["estimate"]
    assert wrong_in_count(dialect, told) == []


def test_official_clients_read_an_estimate() -> None:
    hi: Any = [{"role": "user", "content": "hi"}]
    with running({"chat": replies.ok()}) as served:
        url = served.url
        with anthropic.Anthropic(base_url=url, api_key="x", max_retries=0) as claude:
            first = claude.messages.count_tokens(model="default", messages=hi)
        with openai.OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
            second = client.responses.input_tokens.count(model="default", input="hi")

    assert first.input_tokens >= 1
    assert second.input_tokens >= 1


@pytest.mark.parametrize("dialect", PATHS)
def test_where_counting_fails_the_estimate_says_why(dialect: str) -> None:
    path, body, _ = PATHS[dialect]
    scripts = {"counts": Reply(status=404, body={"error": {"message": "no such path"}})}
    with running(scripts, dialects={"counts": dialect}) as served, served.client() as client:
        answer = client.post(path, json={"model": "default", **body})

    assert answer.status_code == 200
    assert answer.json()["estimate"] is True
    assert answer.headers["x-orchestrator-attempts"] == "1"
    assert answer.headers["x-orchestrator-path"].startswith("counts/m 404")
    assert not OF_ERRORS & answer.headers.keys()


def test_an_estimate_is_an_answer_and_carries_nothing_of_an_error() -> None:
    with running({"chat": replies.ok()}) as served:
        path, body, _ = PATHS["anthropic-messages"]
        estimated = served.post(path, {"model": "default", **body})

    assert estimated.headers["x-orchestrator-estimate"] == "true"
    assert not OF_ERRORS & estimated.headers.keys()
    assert estimated.headers["x-orchestrator-skipped"] == "chat/m model_not_found"


@pytest.mark.parametrize("dialect", PATHS)
def test_what_the_official_description_demands_of_a_count_is_demanded(dialect: str) -> None:
    path, body, _ = PATHS[dialect]
    demanded = required_in_count(dialect) - {"model"}  # a route stands for it
    assert demanded == ({"messages"} if dialect == "anthropic-messages" else set())
    lacking: list[dict[str, Any]] = [{}, {name: [] for name in body}]
    with running({"chat": replies.ok()}) as served:
        answers = [served.post(path, {"model": "default", **without}) for without in lacking]

    assert [answer.status_code for answer in answers] == [400 if demanded else 200] * 2
    if demanded:
        assert "'messages' is missing" in answers[0].text


def test_nobody_waits_long_for_a_count() -> None:
    scripts = {"counts": replies.rate_limited(retry_after=60)}
    dialects = {"counts": "anthropic-messages"}
    with running(scripts, dialects=dialects) as served, served.client() as client:
        answer = client.post("/v1/messages/count_tokens", json={"model": "default", **HI})

    assert answer.json()["estimate"] is True
    assert answer.headers["x-orchestrator-path"] == "counts/m 429 rate_limit"


def test_an_estimate_grows_with_what_is_said() -> None:
    path, field = "/v1/messages/count_tokens", "input_tokens"
    with running({"chat": replies.ok()}) as served, served.client() as client:
        asked = [{"messages": [{"role": "user", "content": "word " * n}]} for n in (1, 1000)]
        sizes = [
            client.post(path, json={"model": "default", **body}).json()[field] for body in asked
        ]

    assert sizes[0] < 10
    assert 1000 < sizes[1] < 1500


@pytest.mark.parametrize(("body", "status"), [({"model": "nobody", **HI}, 404), ([], 400)])
def test_a_request_that_is_wrong_is_not_estimated(body: Any, status: int) -> None:
    with running({"chat": replies.ok()}) as served, served.client() as client:
        answer = client.post("/v1/messages/count_tokens", json=body)

    assert answer.status_code == status
    assert answer.json()["type"] == "error"
