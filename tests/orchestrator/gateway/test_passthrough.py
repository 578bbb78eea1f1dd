"""``/passthrough/PROVIDER/…``: passed on as it is, by the provider's pool and benches."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.gateway.client_request import ClientRequest
from orchestrator.gateway.passthrough import _addressed
from orchestrator.serving.refusals import RequestRefused
from orchestrator.states.limits import LONGEST_SPREAD
from tests.orchestrator.gateway.running import ServedGateway, running_over
from tests.orchestrator.gateway.upstream import Answer, Asked, Told, Upstream, upstream
from tests.waiting import eventually

KEY = "canary.secret.of.one.Q7x"


@attrs.frozen
class World:
    """A gateway, its one provider, and a client."""

    provider: Upstream
    server: ServedGateway
    client: httpx.Client

    def wrote(self) -> list[dict[str, Any]]:
        """The calls that the gateway remembers."""
        calls = self.client.get("/v1/calls").json()
        found: list[dict[str, Any]] = calls.get("calls", calls.get("data", []))
        return found


@contextmanager
def passing_through(answer: Answer, **settings: Any) -> Iterator[World]:
    with upstream(answer) as provider:
        entry = {
            "base_url": provider.url,
            "dialect": "openai-chat",
            "credentials": [KEY],
            **settings,
        }
        config = {
            "health": "memory",
            "gateway": {"drain": "1s"},
            "routes": {"default": ["one/m"]},
            "providers": {"one": entry},
        }
        with running_over(config) as server, server.client() as client:
            yield World(provider, server, client)


def ok(asked: Asked, told: Told) -> None:  # noqa: ARG001
    told.whole(200, b'{"fine":true}', Content_Type="application/json")


# What is asked.


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_method_path_query_and_body_arrive_as_they_are(method: str) -> None:
    body = b"" if method == "GET" else bytes(range(256))
    with passing_through(ok) as world:
        answer = world.client.request(
            method,
            "/passthrough/one/files/a%20b/content?x=1&y=%2F&key=mine",
            content=body,
            headers={"content-type": "application/octet-stream"},
        )

    (asked,) = world.provider.asked
    assert (answer.status_code, answer.json()) == (200, {"fine": True})
    assert (asked.method, asked.target) == (method, "/base/v1/files/a%20b/content?x=1&y=%2F")
    assert asked.body == body
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert answer.headers["x-orchestrator-target"] == "one/passthrough"
    assert answer.headers["x-orchestrator-attempts"] == "1"
    assert len(answer.headers["x-orchestrator-call-id"]) == 32


def test_only_some_headers_are_passed_on() -> None:
    given = {
        "authorization": "Bearer of-the-caller",
        "cookie": "a=b",
        "x-api-key": "of-the-caller",
        "x-orchestrator-route": "other",
        "openai-organization": "other",
        "x-forwarded-for": "1.2.3.4",
        "accept": "audio/mpeg",
        "content-type": "multipart/form-data; boundary=x",
        "openai-beta": "assistants=v2",
        "anthropic-beta": "files",
        "anthropic-version": "2023-06-01",
        "range": "bytes=0-1",
    }
    with passing_through(ok) as world:
        world.client.post("/passthrough/one/x", content=b"--x--", headers=given)

    (asked,) = world.provider.asked
    passed = {name: asked.headers.get(name) for name in given}
    expected = {name: value for name, value in given.items() if name in list(given)[6:]}
    assert passed == {**dict.fromkeys(given), **expected, "authorization": f"Bearer {KEY}"}
    assert asked.headers["host"] in world.provider.url


def test_an_address_with_a_query_keeps_it() -> None:
    with upstream(ok) as provider:
        entry = {"base_url": f"{provider.url}?api-version=7", "credentials": [KEY]}
        config = {
            "health": "memory",
            "routes": {"default": ["one/m"]},
            "providers": {"one": {"dialect": "openai-chat", **entry}},
        }
        with running_over(config) as server, server.client() as client:
            client.get("/passthrough/one/x?a=1&api-version=evil")

    assert provider.asked[0].target == "/base/v1/x?a=1&api-version=7"


@pytest.mark.parametrize(
    "rest",
    [
        "../x", "a/../../x", "..", ".", "a/./b", "%2e%2e/x", "a/%2E%2e", ".%2e/x",
        "/evil.example/x", "a//b", "a%2fb", "a%2F..%2Fb", "a%5cb", "a\\b", "%252e%252e/x", "a%00b",
        "a%0d%0ab", "",
    ],
)  # fmt: skip
def test_no_path_leaves_the_provider_s_address(rest: str) -> None:
    with passing_through(ok) as world:
        address = world.server.url.removeprefix("http://")
        status, body = raw_get(address, f"/passthrough/one/{rest}")

    assert status in (400, 404)
    assert b'"error"' in body
    assert world.provider.asked == []


@pytest.mark.parametrize("rest", ["@evil.example/x", "x@y:80/z", "files/..a", "v1/models/a:b"])
def test_a_path_that_only_looks_odd_stays_below_it(rest: str) -> None:
    with passing_through(ok) as world:
        address = world.server.url.removeprefix("http://")
        status, _ = raw_get(address, f"/passthrough/one/{rest}")

    assert status == 200
    assert [asked.target for asked in world.provider.asked] == [f"/base/v1/{rest}"]


def raw_get(address: str, target: str) -> tuple[int, bytes]:
    """What is answered to a target that no client would send as it is."""
    import socket

    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        connection.sendall(head.encode())
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(data.split()[1]), data.partition(b"\r\n\r\n")[2]


def test_an_unknown_provider_is_named_with_the_nearest() -> None:
    with passing_through(ok) as world:
        near = world.client.get("/passthrough/onne/x")
        far = world.client.get("/passthrough/groq/x")
        head = world.client.head("/passthrough/one/x")

    assert (near.status_code, far.status_code, head.status_code) == (404, 404, 405)
    assert "(did you mean 'one'?)" in near.json()["error"]["message"]
    assert "known: one" in far.json()["error"]["message"]
    assert world.provider.asked == []


# What is answered.


@pytest.mark.parametrize("status", [302, 400, 401, 404, 422, 429, 500, 503])
def test_a_failure_comes_in_the_provider_s_own_words(status: int) -> None:
    def fail(asked: Asked, told: Told) -> None:  # noqa: ARG001
        more = {
            "Content_Type": "application/problem",
            "x_ratelimit_limit": "7",
            "Set_Cookie": "a=b",
        }
        told.whole(status, b"its own \xff words", **more)

    with passing_through(fail) as world:
        answer = world.client.get("/passthrough/one/x")

    assert (answer.status_code, answer.content) == (status, b"its own \xff words")
    assert answer.headers["content-type"] == "application/problem"
    assert answer.headers["x-ratelimit-limit"] == "7"
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-orchestrator-attempts"] == "1"
    assert len(world.provider.asked) == 1


def test_an_account_without_money_is_benched_for_everybody() -> None:
    def broke(asked: Asked, told: Told) -> None:  # noqa: ARG001
        body = {"error": {"message": "Insufficient Balance", "code": "insufficient_quota"}}
        told.whole(402, json.dumps(body).encode(), Content_Type="application/json")

    hi = {"model": "default", "messages": [{"role": "user", "content": "hi"}]}
    with passing_through(broke) as world:
        first = world.client.get("/passthrough/one/x")
        second = world.client.get("/passthrough/one/y")
        call = world.client.post(
            "/v1/chat/completions", json=hi, headers={"x-orchestrator-deadline": "130"}
        )

    assert (first.status_code, second.status_code, call.status_code) == (402, 402, 402)
    assert first.json()["error"]["message"] == "Insufficient Balance"
    assert second.json()["error"]["code"] == "billing"
    assert "billing exhausted on one" in second.json()["error"]["message"]
    assert int(second.headers["retry-after"]) > 0
    assert len(world.provider.asked) == 1


def test_a_cooldown_is_answered_at_once() -> None:
    def limited(asked: Asked, told: Told) -> None:  # noqa: ARG001
        told.whole(429, b"{}", retry_after="40", Content_Type="application/json")

    with passing_through(limited) as world:
        first, second = (world.client.get("/passthrough/one/x") for _ in range(2))

    assert (first.status_code, second.status_code) == (429, 503)
    assert first.headers["retry-after"] == "40"
    assert "one may not be asked now" in second.json()["error"]["message"]
    # Whoever is told to come back is told an instant of its own, as calls that wait take one.
    assert 30 < int(second.headers["retry-after"]) <= 41 + LONGEST_SPREAD
    assert len(world.provider.asked) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_what_is_only_of_a_path_marks_nothing(status: int) -> None:
    def absent(asked: Asked, told: Told) -> None:
        if asked.target.endswith("/absent"):
            told.whole(status, b'{"error":{"message":"no such file"}}')
        else:
            ok(asked, told)

    with passing_through(absent) as world:
        statuses = [
            world.client.get(f"/passthrough/one/{name}").status_code
            for name in ("absent", "absent", "absent", "there")
        ]

    assert statuses == [status, status, status, 200]


def test_nobody_there_is_told_as_every_call_tells_it() -> None:
    with passing_through(ok, base_url="http://127.0.0.1:1/v1") as world:
        answer = world.client.get("/passthrough/one/x")

    assert answer.status_code >= 500
    assert answer.json()["error"]["code"] == "connection"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_leaves_the_connection_in_order(status: int) -> None:
    def empty(asked: Asked, told: Told) -> None:  # noqa: ARG001
        told.empty(status, etag='"1"')

    with passing_through(empty) as world:
        answers = [world.client.delete("/passthrough/one/x") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status] * 3
    assert [answer.content for answer in answers] == [b""] * 3
    assert answers[0].headers["etag"] == '"1"'


def test_a_status_that_is_none_is_not_passed_on() -> None:
    with passing_through(lambda asked, told: told.whole(999, b"{}")) as world:  # noqa: ARG005
        answer = world.client.get("/passthrough/one/x")

    assert answer.status_code == 502


# As it comes.


def test_pieces_arrive_as_they_come() -> None:
    go_on = threading.Event()

    def slowly(asked: Asked, told: Told) -> None:  # noqa: ARG001
        told.begin(Content_Type="text/event-stream")
        told.piece(b"data: 1\n\n")
        go_on.wait(30)
        told.piece(b"data: 2\n\n")
        told.piece(b"")

    with (
        passing_through(slowly) as world,
        world.client.stream("GET", "/passthrough/one/x") as answer,
    ):
        pieces = answer.iter_raw()
        first = next(pieces)
        go_on.set()
        rest = b"".join(pieces)

    assert answer.headers["content-type"] == "text/event-stream"
    assert (first, rest) == (b"data: 1\n\n", b"data: 2\n\n")


def test_the_head_comes_before_anything_else_does() -> None:
    go_on = threading.Event()

    def silent(asked: Asked, told: Told) -> None:  # noqa: ARG001
        told.begin(201, Content_Type="text/event-stream")
        go_on.wait(30)
        told.piece(b"")

    with (
        passing_through(silent) as world,
        world.client.stream("GET", "/passthrough/one/x") as answer,
    ):
        assert answer.status_code == 201
        go_on.set()
        assert answer.read() == b""


def test_a_large_answer_is_not_held_and_waits_for_its_reader() -> None:
    size, pieces = 1024 * 1024, 100
    sent = [0]

    def large(asked: Asked, told: Told) -> None:  # noqa: ARG001
        told.begin(Content_Type="audio/mpeg")
        for number in range(pieces):
            told.piece(bytes([number]) * size)
            sent[0] = number + 1
        told.piece(b"")

    with passing_through(large) as world:
        with world.client.stream("GET", "/passthrough/one/x") as answer:
            parts = answer.iter_raw()
            got = len(next(parts))
            # Nobody reads: it stands still once the buffers of the sockets are full.
            assert not eventually(lambda: sent[0] >= pieces, 1.5)
            got += sum(map(len, parts))
        listed = world.client.get("/v1/calls").json()

    assert got == pieces * size  # above what an answer of a model may have
    assert sent[0] == pieces
    assert "one/passthrough" in json.dumps(listed)


def test_whoever_leaves_ends_it_upstream() -> None:
    left = threading.Event()

    def endless(asked: Asked, told: Told) -> None:  # noqa: ARG001
        told.begin(Content_Type="audio/mpeg")
        try:
            while True:
                told.piece(bytes(65536))
        except OSError:
            left.set()
            raise

    with passing_through(endless) as world:
        with world.client.stream("GET", "/passthrough/one/x") as answer:
            parts = answer.iter_raw()
            next(parts)
        assert left.wait(30)
        assert eventually(lambda: world.server.gateway.in_flight == 0)


def test_an_answer_that_breaks_off_does_not_look_whole() -> None:
    def cut(asked: Asked, told: Told) -> None:  # noqa: ARG001
        told.begin(Content_Type="audio/mpeg")
        told.piece(b"half")
        raise OSError

    with (
        passing_through(cut) as world,
        pytest.raises(httpx.RemoteProtocolError),
        world.client.stream("GET", "/passthrough/one/x") as answer,
    ):
        answer.read()


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "audio/mpeg"])
@pytest.mark.parametrize("status", [200, 400])
def test_our_key_does_not_come_back(status: int, kind: str) -> None:
    def echo(asked: Asked, told: Told) -> None:
        key = asked.headers["authorization"].encode()
        told.begin(status, Content_Type=kind, location=f"http://x/?k={KEY}", x_request_id=KEY)
        for at in range(0, len(key), 5):
            told.piece(key[at : at + 5])
        told.piece(b' "and more" ')
        told.piece(b"")

    with passing_through(echo) as world:
        answer = world.client.get("/passthrough/one/x")

    assert answer.content.startswith(b"Bearer *")
    assert answer.content.endswith(b' "and more" ')
    assert KEY.encode() not in answer.content
    assert KEY not in str(answer.headers)


def test_openai_s_client_uploads_and_downloads() -> None:
    def files(asked: Asked, told: Told) -> None:
        if asked.method == "POST":
            assert b"hello" in asked.body
            made = {"id": "file-1", "object": "file", "bytes": 5, "created_at": 1, "filename": "a"}
            told.whole(200, json.dumps(made | {"purpose": "batch", "status": "processed"}).encode())
        else:
            told.whole(200, b"hello", Content_Type="application/octet-stream")

    with passing_through(files) as world:
        url = f"{world.server.url}/passthrough/one"
        with openai.OpenAI(base_url=url, api_key="x", max_retries=0) as client:
            made = client.files.create(file=("a", b"hello"), purpose="batch")
            content = client.files.content(made.id).read()

    assert content == b"hello"
    assert [asked.target for asked in world.provider.asked] == [
        "/base/v1/files",
        "/base/v1/files/file-1/content",
    ]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_of_a_path_lead_elsewhere(rest: bytes) -> None:
    gateway: Any = _Named()
    incoming = ClientRequest("GET", "/passthrough/one/", b"", {}, b"/passthrough/one/" + rest)
    try:
        _, message = _addressed(gateway, incoming)
    except RequestRefused:
        return
    joined = httpx.URL("http://host/base/v1/").join("./" + message.path.replace(":", "%3A"))
    assert joined.host == "host"
    assert joined.path.startswith("/base/v1/")


class _Named:
    """As much of a gateway as a path needs."""

    def __init__(self) -> None:
        self.config = self
        self.providers = {"one": None}


def test_a_kept_connection_that_turns_out_closed_costs_nobody_an_answer() -> None:
    """The provider closes it when the second request comes, as after its own idle limit."""
    seen: set[int] = set()
    closed: list[str] = []

    def answer(asked: Asked, told: Told) -> None:
        number = told.connection
        if number in seen and not closed:
            closed.append(asked.target)
            told.hang_up()
            return
        seen.add(number)
        ok(asked, told)

    with passing_through(answer) as world:
        first, second = (world.client.get("/passthrough/one/files") for _ in range(2))

    assert len(closed) == 1
    assert [each.status_code for each in (first, second)] == [200, 200]
    assert second.headers["x-orchestrator-attempts"] == "2"
