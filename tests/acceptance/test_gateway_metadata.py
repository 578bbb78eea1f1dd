"""``x-orchestrator-metadata: enabled``: official clients read what has it, and it stays valid."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from orchestrator.sim import replies
from orchestrator.sim.script import AnyScript
from tests.acceptance import spoken
from tests.acceptance.sdk_clients import CLIENTS
from tests.acceptance.world import HI
from tests.official_shapes import wrong_in_answer, wrong_in_event
from tests.orchestrator.gateway.running import Running, running

WANTED = {"x-orchestrator-metadata": "enabled"}


def scripts(dialect: str, *streams: bool) -> dict[str, AnyScript]:
    """A provider that is out of money, and one that answers in ``dialect``."""
    answers = [spoken.answers(dialect, stream=each) for each in streams]
    return {"broke": replies.billing_402(), "spare": answers}


PATHS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "openai-chat": ("/v1/chat/completions", "/v1/chat/completions", HI),
    "anthropic-messages": ("/v1/messages", "/v1/messages", {**HI, "max_tokens": 9}),
    "openai-responses": ("/v1/responses", "/v1/responses", {"input": "hi"}),
    "gemini": (
        "/v1beta/models/default:generateContent",
        "/v1beta/models/default:streamGenerateContent?alt=sse",
        {"contents": [{"parts": [{"text": "hi"}]}]},
    ),
}
END_MARKS = ("[DONE]", '{"type":"message_stop"}', '{"type": "message_stop"}')


class Asking(httpx2.BaseTransport):
    """Sends all that a client asks to the gateway, and asks for the object."""

    def __init__(self, served: Running) -> None:
        self._inner = httpx2.HTTPTransport()
        self._url = httpx2.URL(served.url)
        self.contents: list[bytes] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        where = {"scheme": "http", "host": self._url.host, "port": self._url.port}
        headers = {**request.headers, **WANTED, "host": self._url.netloc.decode()}
        request.read()
        sent = httpx2.Request(
            request.method, request.url.copy_with(**where), headers=headers, content=request.content
        )
        answer = self._inner.handle_request(sent)
        answer.read()
        answer.close()
        self.contents.append(answer.content)
        return httpx2.Response(
            answer.status_code, headers=answer.headers, content=answer.content, request=request
        )

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("by", ["the same", "openai-chat", "anthropic-messages"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client", CLIENTS.values(), ids=list(CLIENTS))
def test_official_clients_read_what_has_it(client: Any, stream: bool, by: str) -> None:  # noqa: FBT001
    dialect = client.dialect if by == "the same" else by
    script = scripts(dialect, stream)
    with (
        running(script, dialects=dict.fromkeys(script, dialect)) as served,
        Asking(served) as over,
    ):
        got = client.ask(over, stream=stream)

    assert got.text == spoken.TEXT
    assert over.contents[-1].count(b'"orchestrator":{') == 1


def events_of(text: str) -> list[str]:
    return [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]


@pytest.mark.parametrize("by", ["the same", "openai-chat", "gemini"])
@pytest.mark.parametrize("dialect", PATHS)
def test_what_has_it_is_as_the_vendor_describes_it(dialect: str, by: str) -> None:
    own = dialect if by == "the same" else by
    script = scripts(own, False, True)
    whole, streamed, body = PATHS[dialect]
    asked = body if dialect == "gemini" else {"model": "default", **body}
    is_streamed = {} if dialect == "gemini" else {"stream": True}
    with running(script, dialects=dict.fromkeys(script, own)) as served, served.client() as client:
        answer = client.post(whole, json=asked, headers=WANTED).json()
        told = client.post(streamed, json={**asked, **is_streamed}, headers=WANTED).text

    events = [one for one in events_of(told) if one not in END_MARKS]
    last = json.loads(events[-1])
    for said in (answer, last):
        facts = said["orchestrator"]
        assert facts["target"] == "spare/m"
        assert facts["route"] == "default"
        assert facts["attempts"] == 2 or "billing" in facts["skipped"]
        assert len(facts["call_id"]) == 32
        assert isinstance(facts["config"], str)
    assert answer["orchestrator"]["cause"] == "billing"
    assert not any("orchestrator" in json.loads(one) for one in events[:-1])
    # Google's clients pass over what they do not know, and its description has no word for that.
    left_out = ("orchestrator", "xVendor") if dialect == "gemini" else ()
    answer, last = ({k: v for k, v in one.items() if k not in left_out} for one in (answer, last))
    assert wrong_in_answer(dialect, answer) == []
    assert wrong_in_event(dialect, last) == []


@pytest.mark.parametrize("dialect", PATHS)
def test_errors_have_it_too(dialect: str) -> None:
    whole, _, body = PATHS[dialect]
    asked = body if dialect == "gemini" else {"model": "default", **body}
    with running({"broke": replies.billing_402()}) as served, served.client() as client:
        failed = client.post(whole, json=asked, headers=WANTED)
        refused = client.post(whole, json={}, headers=WANTED)

    assert failed.status_code == 402
    assert failed.json()["orchestrator"]["path"] == "broke/m 402 billing"
    assert failed.json()["orchestrator"]["attempts"] == 1
    assert refused.json()["orchestrator"]["attempts"] == 0


def test_whoever_does_not_ask_for_it_has_none() -> None:
    with running({"one": replies.ok()}) as served, served.client() as client:
        answer = client.post("/v1/chat/completions", json={"model": "default", **HI})
        alive = client.get("/healthz", headers=WANTED)

    assert "orchestrator" not in answer.json()
    assert "orchestrator" not in alive.json()


def test_an_answer_told_again_has_it_where_it_is_asked_for() -> None:
    body = {"model": "default", **HI, "stream": True}
    with running({"one": replies.ok()}) as served, served.client() as client:
        key = {"idempotency-key": "k"}
        plain, told = (
            client.post("/v1/chat/completions", json=body, headers={**key, **wanted}).text
            for wanted in ({}, WANTED)
        )

    assert "orchestrator" not in plain
    assert json.loads(events_of(told)[-2])["orchestrator"]["target"] == "one/m"
