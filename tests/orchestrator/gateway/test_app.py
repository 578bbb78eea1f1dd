"""One request in, one answer out; what goes wrong with one is its own."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from orchestrator.sim import replies
from tests.orchestrator.gateway.running import CHAT, HI, Running, running
from tests.waiting import eventually

ANTHROPIC = {"max_tokens": 9, **HI}


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with running({"up": replies.ok("hello")}, gateway={"max_body": "1 MiB"}) as gateway:
        yield gateway


@pytest.mark.parametrize("base", ["", "/openai"])
def test_a_call_is_answered_with_how_it_was_come_by(served: Running, base: str) -> None:
    answer = served.post(f"{base}{CHAT}")

    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] == "hello"
    told = {name: answer.headers[f"x-orchestrator-{name}"] for name in ("attempts", "target")}
    assert told == {"attempts": "1", "target": "up/m"}
    assert answer.headers["x-orchestrator-path"] == "up/m 200"
    assert answer.headers["x-orchestrator-route"] == "default"
    assert answer.headers["x-orchestrator-credential"] == "key#1"
    assert answer.headers["x-request-id"] == answer.headers["x-orchestrator-call-id"]
    assert "x-orchestrator-cause" not in answer.headers


def test_a_client_keeps_its_own_id(served: Running) -> None:
    answer = served.post(headers={"x-request-id": "mine-1"})

    assert answer.headers["x-request-id"] == "mine-1"


def test_a_rescue_says_what_was_left_and_why() -> None:
    with running({"broke": replies.billing_402(), "backup": replies.ok("hello")}) as served:
        first, second = served.post(), served.post()

    assert [each.status_code for each in (first, second)] == [200, 200]
    assert first.headers["x-orchestrator-path"] == "broke/m 402 billing; backup/m 200"
    assert first.headers["x-orchestrator-cause"] == "billing"
    assert first.headers["x-orchestrator-attempts"] == "2"
    assert second.headers["x-orchestrator-path"] == "backup/m 200"
    assert second.headers["x-orchestrator-skipped"] == "broke/m billing"
    assert "x-orchestrator-cause" not in second.headers


def test_a_failed_call_tells_the_client_not_to_try_again_and_when_it_may() -> None:
    with running({"broke": replies.billing_402()}) as served:
        answer = served.post()

    assert answer.status_code == 402
    assert answer.headers["x-should-retry"] == "false"
    assert 0 < int(answer.headers["retry-after"]) <= 300
    assert "billing exhausted on broke" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/v1/chat/completion", "did you mean /v1/chat/completions?"),
        ("/chat/completions", "did you mean /v1/chat/completions?"),
        ("/messages", "did you mean /v1/messages?"),
        ("/nothing/of/the/kind", "served are /v1/chat/completions"),
        ("/v1beta/models/m:predict", "not served"),
    ],
)
def test_an_unknown_path_is_told_the_nearest(served: Running, path: str, named: str) -> None:
    answer = served.post(path)

    assert answer.status_code == (405 if path.endswith(":predict") else 404)
    assert named in answer.json()["error"]["message"]


def test_a_method_that_is_not_allowed_names_those_that_are(served: Running) -> None:
    answer = served.get(CHAT)

    assert answer.status_code == 405
    assert "allowed: POST" in answer.json()["error"]["message"]


def test_an_unknown_model_is_told_the_nearest_in_the_words_of_the_caller(served: Running) -> None:
    answer = served.post("/v1/messages", {**ANTHROPIC, "model": "up"})

    assert answer.status_code == 404
    assert answer.json()["type"] == "error"
    assert "up/m" in answer.json()["error"]["message"]


def test_the_header_goes_before_the_model(served: Running) -> None:
    headers = {"x-orchestrator-route": "default"}
    assert served.post(json={**HI, "model": "gpt-9"}, headers=headers).status_code == 200


@pytest.mark.parametrize("written", ["soon", "-1", "0", "nan", "inf", "1e999"])
def test_a_deadline_that_is_none_is_refused(served: Running, written: str) -> None:
    answer = served.post(headers={"x-orchestrator-deadline": written})

    assert answer.status_code == 400
    assert "x-orchestrator-deadline" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'"hi"', b"{}"])
def test_a_body_that_makes_no_sense_is_the_client_s_fault(served: Running, body: bytes) -> None:
    with served.client() as client:
        answer = client.post(CHAT, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_and_the_connection_lives(
    served: Running, *, chunked: bool
) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "x" * 3_000_000}]}).encode()
    content = (body[at : at + 65536] for at in range(0, len(body), 65536)) if chunked else body
    with served.client() as client:
        answer = client.post(CHAT, content=content, headers={"content-type": "application/json"})
        after = client.post(CHAT, json=HI)

    assert answer.status_code == 413
    assert "max_body" in answer.json()["error"]["message"]
    assert after.status_code == 200


def test_health_is_told_without_a_key(served: Running) -> None:
    for path in ("/healthz", "/health/liveliness", "/readyz", "/health", "/health/readiness"):
        answer = served.get(path)
        assert answer.status_code == 200
        assert answer.json()["instance"] == "instance-of-a-test"


def test_what_is_degraded_is_told_without_asking_anybody() -> None:
    with running({"broke": replies.billing_402(), "backup": replies.ok("hello")}) as served:
        before = served.get("/readyz").json()["degraded"]
        served.post()
        after = served.get("/readyz").json()["degraded"]
        asked = len(served.providers.received("broke"))

    assert before == []
    assert [(one["provider"], one["mark"]) for one in after] == [("broke", "bench")]
    assert asked == 1


def test_a_client_that_leaves_ends_its_call() -> None:
    with running({"up": replies.hang()}) as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
            body = json.dumps(HI).encode()
            head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            assert eventually(lambda: len(served.providers.received("up")) == 1)
        assert eventually(lambda: served.providers.connections == 0)
        assert eventually(lambda: served.gateway.in_flight == 0)


def test_more_calls_than_are_allowed_at_once_are_told_when_to_come_again() -> None:
    with running({"up": replies.hang()}, gateway={"max_in_flight": 2}) as served:
        waiting = [threading.Thread(target=_ask_and_leave, args=(served,)) for _ in range(2)]
        for each in waiting:
            each.start()
        assert eventually(lambda: served.gateway.in_flight == 2)
        began = time.monotonic()
        answer = served.post()
        took = time.monotonic() - began
        for each in waiting:
            each.join(20)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert took < 5


def _ask_and_leave(served: Running) -> None:
    with pytest.raises(httpx.ReadTimeout), served.client() as client:
        client.post(CHAT, json=HI, timeout=httpx.Timeout(20, read=1.5))
