"""One request in, one answer out; what goes wrong with one is its own."""

from __future__ import annotations

import json
import logging
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import attrs
import httpx
import pytest

from orchestrator.gateway.daily_tokens import DailyTokens, day_of
from orchestrator.gateway.keys import GatewayKey, KeyFile
from orchestrator.sim import ClosedPort, replies
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


def test_what_a_provider_tells_of_itself_has_an_end_and_no_secret() -> None:
    told = {f"x-ratelimit-{number}": "9" * 300 for number in range(60)}
    secret = {"x-request-id": "made-up-key-0123456789"}
    whole = attrs.evolve(replies.ok("hello"), headers={**secret, **told})
    replied = [whole, replies.error(400, b"{}", secret)]
    with running({"up": replied}) as served:
        answers = [served.post(), served.post()]

    assert [each.status_code for each in answers] == [200, 400]
    assert all("made-up-key" not in str(each.headers) for each in answers)
    upstream = [value for name, value in answers[0].headers.items() if name.startswith("upstream-")]
    assert 0 < len(upstream) <= 32
    assert max(map(len, upstream)) <= 256


def test_a_broken_header_of_an_answer_is_no_broken_key() -> None:
    broken = attrs.evolve(replies.ok("hello"), headers={"x-other": "a\0b"})
    with running({"up": broken}) as served:
        answer = served.post()

    assert answer.json()["error"]["code"] != "auth"


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
    assert answer.headers["x-orchestrator-route"] == "default"
    assert answer.headers["x-orchestrator-target"] == "broke/m"
    assert answer.headers["x-orchestrator-credential"] == "key#1"
    assert answer.headers["x-orchestrator-path"] == "broke/m 402 billing"
    assert answer.headers["x-request-id"] == answer.headers["x-orchestrator-call-id"]
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
        ("/nothing", "/metrics"),
        ("/nothing", "/readyz"),
        ("/nothing", "/v1beta/models/{model}:streamGenerateContent"),
        ("/v1/images/generations", "at /passthrough/{provider}/images/generations"),
        ("/openai/v1/audio/speech", "at /passthrough/{provider}/audio/speech"),
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
    assert answer.headers["allow"] == "POST"
    assert "allowed: POST" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("zstd", 415), ("identity", 200)])
def test_a_body_that_is_compressed_is_told_so(served: Running, encoding: str, status: int) -> None:
    answer = served.post(headers={"content-encoding": encoding})

    assert answer.status_code == status
    assert status == 200 or "Content-Encoding" in answer.json()["error"]["message"]


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
    message = answer.json()["error"]["message"]
    assert "x-orchestrator-deadline" in message
    assert ", above 0" in message or written != "0"


def test_a_request_without_a_body_is_told_so(served: Running) -> None:
    answer = served.post(content=b"", headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert "body is empty; allowed: a JSON object" in answer.json()["error"]["message"]


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


def _redis(at: ClosedPort) -> str:
    return at.url.replace("http://", "redis://").replace("/v1", "/0")


def test_a_shared_board_that_is_away_is_told_and_fails_no_call() -> None:
    with ClosedPort() as nobody, running(health=_redis(nobody)) as served:
        answer = served.post()
        assert eventually(lambda: "refused" in served.get("/readyz").json()["board"])
        ready = served.get("/readyz")

    assert (answer.status_code, ready.status_code) == (200, 200)


def test_a_client_that_leaves_ends_its_call() -> None:
    with running({"up": replies.hang()}) as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
            body = json.dumps(HI).encode()
            lines = [f"POST {CHAT} HTTP/1.1", "host: localhost", "content-type: application/json"]
            head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
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


# Who may use it.


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_that_a_form_could_send_is_refused(served: Running, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    with served.client() as client:
        answer = client.post(CHAT, content=json.dumps(HI), headers=headers)

    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_a_page_of_somebody_else_is_refused(served: Running, headers: dict[str, str]) -> None:
    assert served.post(headers=headers).status_code == 403


def test_a_page_that_the_config_names_may_ask_and_read() -> None:
    page = "https://chat.corp"
    with running(gateway={"cors": [page]}) as served:
        with served.client() as client:
            asked = {"origin": page, "access-control-request-headers": "authorization"}
            before = client.options(CHAT, headers=asked)
        answer = served.post(headers={"origin": page})
        foreign = served.post(headers={"origin": "https://other.corp"})

    assert before.status_code == 204
    assert before.headers["access-control-allow-headers"] == "authorization"
    assert answer.headers["access-control-allow-origin"] == page
    assert "x-orchestrator-attempts" in answer.headers["access-control-expose-headers"]
    assert foreign.status_code == 403


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """A gateway with keys, and the keys by name."""
    file = KeyFile(tmp_path / "keys.json")
    made = {
        one.name: file.add(one)
        for one in (
            GatewayKey("any"),
            GatewayKey("admin", admin=True),
            GatewayKey("one", routes=("up/m",)),
            GatewayKey("slow", rpm=1),
            GatewayKey("late", expires=1.0),
        )
    }
    with running(is_loopback=False, gateway={"keys": str(file.path)}) as served:
        yield served, made


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_without_a_key_nothing_but_health_is_told(
    keys: tuple[Running, dict[str, str]],
) -> None:
    served, made = keys

    assert served.post().status_code == 401
    assert served.post(headers=bearing("ork-wrong")).status_code == 401
    assert served.post(headers=bearing(made["late"])).status_code == 401
    for path in ("/metrics", "/v1/calls", "/v1/models"):
        assert served.get(path).status_code == 401
        assert served.get(path, headers=bearing(made["any"])).status_code == 200
    assert set(served.get("/readyz").json()) == {"status", "instance"}
    assert "degraded" in served.get("/readyz", headers=bearing(made["any"])).json()


@pytest.mark.parametrize("way", ["authorization", "x-api-key", "x-goog-api-key", "?key="])
def test_a_key_comes_as_each_client_sends_it(
    keys: tuple[Running, dict[str, str]], way: str
) -> None:
    served, made = keys
    path = "/v1beta/models/default:generateContent"
    headers = bearing(made["any"]) if way == "authorization" else {way: made["any"]}
    address = f"{path}?key={made['any']}" if way == "?key=" else path
    answer = served.post(
        address, {"contents": [{"parts": [{"text": "hi"}]}]}, headers={} if "?" in way else headers
    )

    assert answer.status_code == 200


def test_a_key_is_held_to_its_routes_and_its_rate(keys: tuple[Running, dict[str, str]]) -> None:
    served, made = keys

    refused = served.post(headers=bearing(made["one"]))
    assert refused.status_code == 403
    assert "up/m" in refused.json()["error"]["message"]
    assert served.post(json={**HI, "model": "up/m"}, headers=bearing(made["one"])).is_success
    assert served.post(headers=bearing(made["slow"])).status_code == 200
    later = served.post(headers=bearing(made["slow"]))
    assert later.status_code == 429
    assert 0 < int(later.headers["retry-after"]) <= 60


def test_tokens_that_a_lock_kept_out_are_in_their_file_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "keys.json"
    token = KeyFile(path).add(GatewayKey("ci", tokens_per_day=10**6))
    tokens, today = DailyTokens.of_keys(path), day_of(time.time())
    with running(gateway={"keys": str(path)}) as served:

        def ask() -> None:
            assert served.post(headers=bearing(token)).is_success
            assert eventually(lambda: served.gateway.in_flight == 0)

        ask()
        once = tokens.used(today)["ci"]
        with closing(sqlite3.connect(tokens.path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            ask()
            holder.execute("ROLLBACK")

    assert tokens.used(today)["ci"] == 2 * once > 0
    tokens.close()


def test_a_caller_sees_its_own_calls_and_an_admin_all(
    keys: tuple[Running, dict[str, str]],
) -> None:
    served, made = keys
    call = served.post(headers=bearing(made["any"])).headers["x-orchestrator-call-id"]

    def seen(name: str) -> list[str]:
        found = served.get("/v1/calls", headers=bearing(made[name])).json()["calls"]
        return [one["call"] for one in found]

    assert seen("any") == [call]
    assert seen("one") == []
    assert seen("admin") == [call]
    own = served.get(f"/v1/calls/{call}", headers=bearing(made["any"]))
    assert own.json()["ledger"][0]["kind"] == "opened"
    assert served.get(f"/v1/calls/{call}", headers=bearing(made["one"])).status_code == 404


def test_what_was_counted_is_told(served: Running) -> None:
    text = served.get("/metrics").text

    assert 'orchestrator_calls_total{outcome="succeed",route="default",stopped_by="none"}' in text
    assert "orchestrator_balance" in text


def test_a_filter_that_is_none_names_those_that_are(served: Running) -> None:
    answer = served.get("/v1/calls?rout=default")

    assert answer.status_code == 400
    assert "'route'" in answer.json()["error"]["message"]


@pytest.mark.parametrize("asks", [False, True])
def test_a_stream_tells_its_usage_to_who_asks_and_always_to_the_gateway(*, asks: bool) -> None:
    body = {**HI, "stream": True, **({"stream_options": {"include_usage": True}} if asks else {})}
    with running() as served:
        text = served.post(json=body).text
        counted = served.get("/metrics").text

    assert ('"usage"' in text and '"prompt_tokens"' in text) == asks
    assert text.rstrip().endswith("data: [DONE]")
    line = 'kind="prompt",model="m",provider="up"} 10.0'
    assert line in counted


def test_a_key_is_shown_the_models_that_it_may_ask(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    few = keys.add(GatewayKey("few", routes=("default", "b/*")))
    whole = keys.add(GatewayKey("whole"))
    scripts = {"a": replies.ok("hello"), "b": replies.ok("hello")}
    with running(scripts, gateway={"keys": str(keys.path)}) as served:

        def listed(token: str) -> list[str]:
            answer = served.get("/v1/models", headers={"authorization": f"Bearer {token}"})
            return [each["id"] for each in answer.json()["data"]]

        def one(name: str) -> int:
            path = f"/v1/models/{name}"
            return served.get(path, headers={"authorization": f"Bearer {few}"}).status_code

        found = listed(few), listed(whole)
        statuses = [one(name) for name in ("default", "b/m", "b%2Fm", "a/m", "a%2Fm", "nothing")]

    assert found == (["default", "b/m"], ["default", "a/m", "b/m"])
    assert statuses == [200, 200, 200, 403, 403, 403]


def test_a_key_file_that_is_gone_is_told_before_anybody_asks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys.json"
    token = KeyFile(file).add(GatewayKey("ci"))
    sound = file.read_bytes()
    with (
        caplog.at_level(logging.INFO, "orchestrator"),
        running({"up": replies.ok("hello")}, gateway={"keys": str(file)}) as served,
    ):
        file.unlink()
        assert eventually(lambda: "there is no such file" in caplog.text)
        file.write_text("{")
        assert eventually(lambda: "is no JSON" in caplog.text)
        file.write_bytes(sound)
        assert eventually(lambda: "read again" in caplog.text)
        answer = served.post(headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 200
