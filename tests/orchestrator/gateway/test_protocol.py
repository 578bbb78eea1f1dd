"""Connections of clients that are slow, greedy or gone, and the end of them all."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.gateway.protocol import Limits
from orchestrator.sim import replies
from tests.orchestrator.gateway.running import CHAT, HI, Running, running
from tests.waiting import AMPLE, eventually

SHORT = Limits(head_seconds=0.3, body_seconds=0.3, idle_seconds=0.3, write_seconds=0.5)


def connect(served: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=AMPLE)


def read_all(client: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    found = b""
    try:
        while data := client.recv(65536):
            found += data
    except ConnectionResetError:
        pass
    return found


def asked(body: object = HI, *headers: str) -> bytes:
    content = json.dumps(body).encode()
    lines = [f"POST {CHAT} HTTP/1.1", "host: localhost", "content-type: application/json"]
    lines += [f"content-length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


@pytest.mark.parametrize("begun", [b"", b"P", b"POST / HTTP/1.1\r\nhost: a\r\nx-a: "])
def test_who_does_not_say_what_it_wants_is_not_waited_for(begun: bytes) -> None:
    with running(limits=SHORT) as served, connect(served) as client:
        client.sendall(begun)
        found = read_all(client)

    assert found == b"" or b" 408 " in found.splitlines()[0]


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with running(limits=SHORT) as served, connect(served) as client:
        client.sendall(asked()[:-3])
        found = read_all(client)

    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not come" in found


def test_headers_that_drip_are_not_waited_for() -> None:
    """Each of them would move a limit between two bytes."""
    with running(limits=SHORT) as served, connect(served) as client:
        dripping = threading.Thread(target=_drip, args=(client,))
        dripping.start()
        found = read_all(client)
        dripping.join(AMPLE)

    assert found == b"" or found.startswith(b"HTTP/1.1 408 ")


def _drip(client: socket.socket) -> None:
    try:
        client.sendall(b"POST / HTTP/1.1\r\n")
        for number in range(1000):
            client.sendall(b"x-%d: y\r\n" % number)
            time.sleep(0.02)
    except OSError:
        return


@pytest.mark.parametrize("lines", [1, 900])
def test_headers_without_end_are_refused(lines: int) -> None:
    line = b"x: " + b"y" * (70_000 // lines) + b"\r\n"
    with running() as served, connect(served) as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: a\r\n" + line * lines)
        found = read_all(client)
        healthy = served.post()

    assert found.startswith(b"HTTP/1.1 431 ")
    assert healthy.status_code == 200


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_what_is_no_request_harms_nobody(garbage: bytes) -> None:
    with connect(GARBAGE.served) as client:
        client.sendall(garbage + b"\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        found = read_all(client)

    assert found == b"" or found.startswith(b"HTTP/1.1 4")


class GARBAGE:
    """One gateway for all examples."""

    served: Running


@pytest.fixture(scope="module", autouse=True)
def _garbage() -> object:
    with running() as served:
        GARBAGE.served = served
        yield
        assert served.post().status_code == 200


def test_requests_that_come_at_once_are_answered_in_order() -> None:
    scripts = {"up": [replies.ok("one"), replies.ok("two")]}
    with running(scripts) as served, connect(served) as client:
        client.sendall(asked() + asked(HI, "connection: close"))
        found = read_all(client).decode()

    assert found.count("HTTP/1.1 200 OK") == 2
    assert found.index("one") < found.index("two")


CHUNKED = (
    f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    "transfer-encoding: chunked\r\nconnection: close\r\n"
)


def chunked(*headers: str, trailer: str = "") -> bytes:
    content = json.dumps(HI)
    head = CHUNKED + "".join(f"{each}\r\n" for each in headers)
    return f"{head}\r\n{len(content):x}\r\n{content}\r\n0\r\n{trailer}\r\n".encode()


@pytest.mark.parametrize("wish", ["h2c", "websocket", "TLS/1.0"])
def test_a_wish_for_another_protocol_loses_no_body(wish: str) -> None:
    """Java's client wishes for HTTP/2 in every first request to an address without TLS."""
    wished = ("connection: Upgrade, HTTP2-Settings", f"upgrade: {wish}", "http2-settings: AAMAAABk")
    with running() as served, connect(served) as client:
        client.sendall(asked(HI, *wished) * 2 + chunked(*wished))
        found = read_all(client)

    assert found.count(b"HTTP/1.1 200 OK") == 3


def test_a_wish_for_another_protocol_may_drip() -> None:
    with running() as served, connect(served) as client:
        for at in asked(HI, "connection: Upgrade", "upgrade: h2c") + chunked():
            client.sendall(bytes([at]))
        found = read_all(client)

    assert found.count(b"HTTP/1.1 200 OK") == 2


def test_the_gateway_is_no_proxy() -> None:
    with running() as served, connect(served) as client:
        client.sendall(b"CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n" + asked())
        found = read_all(client)

    assert found.startswith(b"HTTP/1.1 405 ")
    assert found.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("wrong", "trailer", "status"),
    [
        ("host: evil.example", "host: localhost\r\n", 403),
        ("origin: https://evil.example", "origin: http://localhost\r\n", 403),
        ("x-other: 1", "host: evil.example\r\n", 200),
    ],
)
def test_what_stands_behind_a_body_is_no_header(wrong: str, trailer: str, status: int) -> None:
    with running() as served, connect(served) as client:
        sent = chunked(wrong, trailer=trailer)
        if wrong.startswith("host"):
            sent = sent.replace(b"host: localhost\r\n", b"", 1)
        client.sendall(sent)
        found = read_all(client)

    assert found.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"%x\r\n%s\r\n0\r\n" % (2, b"{}"), b"x-a: b\r\n" * 100),
        (b"%x\r\n%s\r\n0\r\nx-a: " % (2, b"{}"), b"a" * 1000),
        (b"%x\r\n%s\r\n0\r\n" % (2, b"{}"), b"a" * 1000),
        (b"1", b";" + b"a" * 1000),
        (b"", b"0" * 1000),
    ],
)
def test_what_is_no_body_of_a_body_is_held_to_a_limit(begun: bytes, more: bytes) -> None:
    with (
        running(limits=Limits(head=2048)) as served,
        connect(served) as client,
        contextlib.suppress(BrokenPipeError, ConnectionResetError),
    ):
        client.sendall(CHUNKED.encode() + b"\r\n" + begun)
        for _ in range(10_000):
            client.sendall(more)
        pytest.fail("it took 10 MB")


def test_a_body_in_tiny_pieces_is_taken() -> None:
    content = json.dumps(HI).encode() + b" " * 3000
    pieces = b"".join(b"1\r\n%c\r\n" % each for each in content)
    with running(limits=Limits(head=2048)) as served, connect(served) as client:
        client.sendall(CHUNKED.encode() + b"\r\n" + pieces + b"0\r\n\r\n")
        found = read_all(client)

    assert found.startswith(b"HTTP/1.1 200 OK")


def test_requests_behind_one_that_runs_are_held_to_a_limit() -> None:
    """Of each read there may be thousands, and each is kept until its turn comes."""
    waiting = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n" * 4
    limits = Limits(pipelined=3)
    with running({"up": replies.hang()}, limits=limits) as served, connect(served) as client:
        client.sendall(asked() + waiting)
        found = read_all(client)

        assert found.startswith(b"HTTP/1.1 400 ")
        assert eventually(lambda: served.gateway.in_flight == 0)


def test_who_leaves_while_more_than_one_request_waits_ends_the_call_that_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running({"silent": replies.hang()}) as served:
        with connect(served) as client:
            client.sendall(asked() * 2)
            assert eventually(lambda: served.gateway.in_flight == 1)
        assert eventually(lambda: served.gateway.in_flight == 0)

    assert [one.message for one in caplog.records if one.name.startswith("uvicorn")] == []


def test_a_reader_that_takes_nothing_is_left_and_holds_no_memory() -> None:
    """The provider's stream is held up, and after a while the call ends with its connection."""
    words = [json.dumps({"choices": [{"index": 0, "delta": {"content": "x" * 10_000}}]})] * 2_000
    stream = replies.stream(*words)
    with running({"up": stream}, limits=SHORT) as served, connect(served) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(asked({**HI, "stream": True}))
        assert eventually(lambda: served.gateway.in_flight == 1)
        assert eventually(lambda: served.gateway.in_flight == 0)
        assert eventually(lambda: served.providers.connections == 0)


def test_an_idle_connection_is_closed_and_one_in_use_is_not() -> None:
    with running(limits=SHORT) as served, connect(served) as client:
        client.sendall(asked())
        while not client.recv(65536).endswith(b"}"):
            pass
        began = time.monotonic()
        assert read_all(client) == b""

    assert time.monotonic() - began >= 0.25


# The end.


def test_what_is_under_way_ends_before_the_gateway_does() -> None:
    words = [json.dumps({"choices": [{"index": 0, "delta": {"content": "word"}}]})] * 20
    stop = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    scripts = {"up": replies.stream(*words, stop, "[DONE]", pace=0.05)}
    with ThreadPoolExecutor(4) as pool, running(scripts) as served:
        streams = [pool.submit(served.post, CHAT, {**HI, "stream": True}) for _ in range(4)]
        assert eventually(lambda: served.gateway.in_flight == 4)
    # The gateway has ended here.
    for each in streams:
        assert each.result().text.count("word") == 20
        assert each.result().text.rstrip().endswith("[DONE]")


def test_a_connection_that_is_kept_alive_is_served_once_more_and_told_to_close() -> None:
    with running() as served, served.client() as client:
        first = client.post(CHAT, json=HI)
        served.call(_begin_drain(served))
        second = client.post(CHAT, json=HI)
        with pytest.raises(httpx.ConnectError):
            client.post(CHAT, json=HI)

    assert "connection" not in first.headers
    assert second.status_code == 200
    assert second.headers["connection"] == "close"


async def _begin_drain(served: Running) -> None:
    await served.server.begin_drain()


# Several requests at once, of which uvicorn knows the last one alone.

ENDLESS = {**HI, "stream": True}


def test_who_leaves_with_several_requests_under_way_leaves_no_error_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running({"up": replies.ok("word " * 9_000, pace=0.01)}) as served:
        with connect(served) as client:
            client.sendall(asked(ENDLESS) * 3)
            client.recv(1)
        assert eventually(lambda: served.gateway.in_flight == 0)
        assert eventually(lambda: served.providers.connections == 0)

    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_garbage_behind_several_requests_is_not_answered_inside_of_an_answer() -> None:
    words = replies.ok("word " * 9_000, pace=0.01)
    with running({"up": words}) as served, connect(served) as client:
        client.sendall(asked(ENDLESS) * 2)
        begun = client.recv(1)
        client.sendall(b"\x00 no request\r\n\r\n")
        found = begun + read_all(client)

    assert found.count(b"HTTP/1.1 ") == 1
    assert found.startswith(b"HTTP/1.1 200 ")


def test_what_came_while_the_loop_was_held_up_is_answered_though_its_time_was_over() -> None:
    """Both loops read first, and look at their timers then; one that did not would lose it."""
    uvloop = pytest.importorskip("uvloop", reason="NOT CHECKED: uvloop is not installed")
    limits, factory = Limits(drain_seconds=0.2), uvloop.new_event_loop
    is_held_up = threading.Event()

    def hold_up() -> None:
        is_held_up.set()
        time.sleep(1.0)

    with running(limits=limits, loop_factory=factory) as served, connect(served) as client:
        client.sendall(asked())
        while not client.recv(65536).endswith(b"}"):
            pass
        served.call(_begin_drain(served))
        served.loop.call_soon_threadsafe(hold_up)
        assert is_held_up.wait(AMPLE)
        client.sendall(asked())
        found = read_all(client)

    assert found.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in found
