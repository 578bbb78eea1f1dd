"""A provider that repeats the key that it was sent."""

from __future__ import annotations

import json

import pytest

from orchestrator.sim import Reply, replies
from tests.orchestrator.gateway.running import CHAT, HI, running

KEY = "made-up-key-0123456789"
"""What :mod:`.running` gives each provider."""


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_a_whole_answer_that_repeats_it_comes_without_it(path: str) -> None:
    with running({"up": replies.ok(f"your key is {KEY}, is it not")}) as served:
        answer = served.post(path, {"max_tokens": 9, **HI})

    assert answer.status_code == 200
    assert KEY not in answer.text
    assert "is it not" in answer.text
    answer.json()


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_neither_does_a_stream(path: str) -> None:
    word = {"choices": [{"index": 0, "delta": {"content": f"<{KEY}>"}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    scripts = {"up": replies.stream(json.dumps(word), json.dumps(end), "[DONE]")}
    with running(scripts) as served:
        text = served.post(path, {"max_tokens": 9, **HI, "stream": True}).text

    assert KEY not in text
    assert "<***>" in text


def test_nor_do_a_failure_and_its_headers() -> None:
    refused = Reply(
        status=400,
        body={"error": {"message": f"bad: {KEY}"}},
        headers={"x-request-id": KEY, "x-ratelimit-limit": KEY},
    )
    with running({"up": refused}) as served:
        answer = served.post()
        call = served.get(f"/v1/calls/{answer.headers['x-orchestrator-call-id']}")

    for told in (answer.text, str(answer.headers), call.text, served.url):
        assert KEY not in told
