"""Counts of tokens, each dialect by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.dialects import DIALECTS, Answer, Fault, Operation, Usage
from orchestrator.provider import Provider
from tests.official_shapes import wrong_in_count

COUNTING = {
    "openai-responses": "/v1/responses/input_tokens",
    "anthropic-messages": "/v1/messages/count_tokens",
    "gemini": "/v1/models/m:countTokens",
}
PLACE = Provider("p", base_url="http://p.test/v1")


def test_these_dialects_count() -> None:
    counting = {one.name for one in DIALECTS.values() if Operation.COUNT_TOKENS in one.operations}

    assert counting == set(COUNTING)


@pytest.mark.parametrize("name", COUNTING)
def test_what_is_counted_is_the_request_as_it_came(name: str) -> None:
    payload = {"x": [1], "messages": [], "model": "route", "stream": True}
    spec = DIALECTS[name].operations[Operation.COUNT_TOKENS]

    sent = spec.encode(payload, provider=PLACE, model="m", overrides={})

    told = json.loads(sent.content)
    assert sent.url.target == COUNTING[name]
    assert told.pop("model", "m") == "m"
    assert told == {"x": [1], "messages": []}


def test_gemini_names_the_model_again_inside() -> None:
    spec = DIALECTS["gemini"].operations[Operation.COUNT_TOKENS]
    payload = {"generateContentRequest": {"model": "models/route", "contents": []}}

    sent = spec.encode(payload, provider=PLACE, model="m", overrides={})

    told = json.loads(sent.content)
    assert told == {"generateContentRequest": {"model": "models/m", "contents": []}}


def test_thinking_is_counted_as_the_model_takes_it() -> None:
    spec = DIALECTS["anthropic-messages"].operations[Operation.COUNT_TOKENS]
    payload = {"messages": [], "thinking": {"type": "adaptive"}}

    sent = spec.encode(payload, provider=PLACE, model="claude-haiku-4-5", overrides={})

    assert json.loads(sent.content)["thinking"]["type"] == "enabled"
    assert sent.headers["anthropic-version"]


@pytest.mark.parametrize("name", COUNTING)
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"input_tokens": 3, "totalTokens": 3}, Answer),
        (200, {"input_tokens": "3", "totalTokens": True}, Fault),
        (200, {}, Fault),
        (200, "<html>", Fault),
        (404, {"input_tokens": 3, "totalTokens": 3}, Fault),
    ],
)
def test_only_a_number_is_a_count(name: str, status: int, body: Any, kind: type) -> None:
    spec = DIALECTS[name].operations[Operation.COUNT_TOKENS]

    found = spec.decode({}, status, {}, json.dumps(body).encode())

    assert isinstance(found, kind)
    if isinstance(found, Answer):
        assert (found.raw, found.usage) == (body, Usage())


@pytest.mark.parametrize("name", COUNTING)
def test_a_count_is_told_as_described_made_or_estimated(name: str) -> None:
    spec = DIALECTS[name].operations[Operation.COUNT_TOKENS]
    counted = {"totalTokens": 3} if name == "gemini" else {"input_tokens": 3}
    assert spec.estimated is not None
    estimated = spec.estimated(3)

    assert wrong_in_count(name, spec.complete_answer(counted, {}, "m")) == []
    assert estimated.pop("estimate") is True
    assert wrong_in_count(name, estimated) == []
