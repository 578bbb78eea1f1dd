"""What goes over the wire, seen through a plain socket."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import attrs
import pytest

from orchestrator.sim import Cut, Ending, Framing, Reply, ScriptedProviders, replies
from orchestrator.sim.book import Book
from orchestrator.sim.script import AnyScript
from orchestrator.sim.server import Server
from orchestrator.sim.wire import MAX_BODY, MAX_HEAD
from tests.waiting import AMPLE, eventually

BODY = json.dumps({"model": "m"}).encode()
TEN = Reply(body=b"0123456789")


@pytest.fixture
def providers() -> Iterator[ScriptedProviders]:
    with ScriptedProviders({"a": replies.ok()}) as running:
        yield running


def connect(providers: ScriptedProviders) -> socket.socket:
    address = urlsplit(providers.url("a"))
    return socket.create_connection((address.hostname, address.port), timeout=AMPLE)


def request(body: bytes = BODY, *, headers: bytes = b"", path: bytes = b"/a/v1/x") -> bytes:
    length = str(len(body)).encode()
    return b"POST %b HTTP/1.1\r\nContent-Length: %b\r\n%b\r\n%b" % (path, length, headers, body)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the end of the connection, which must not be a reset."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def answer(providers: ScriptedProviders, script: AnyScript, sent: bytes) -> bytes:
    providers.set("a", script)
    with connect(providers) as connection:
        connection.sendall(sent)
        return everything(connection)


CLOSING = request(headers=b"Connection: close\r\n")


@pytest.mark.parametrize(
    ("reply", "head", "body"),
    [
        (TEN, b"Content-Length: 10", b"0123456789"),
        (
            attrs.evolve(TEN, framing=Framing.CHUNKED),
            b"Transfer-Encoding",
            b"a\r\n0123456789\r\n0\r\n\r\n",
        ),
        (attrs.evolve(TEN, framing=Framing.CLOSE), b"Connection: close", b"0123456789"),
        (replies.stream("x", "[DONE]"), b"text/event-stream", b"data: [DONE]\n\n\r\n0\r\n\r\n"),
        (Reply(status=529), b"HTTP/1.1 529 Unknown", b""),
        (Reply(body="é"), b"text/plain", "é".encode()),
        (replies.html_page(200), b"text/html", b"</html>"),
        (replies.rate_limited(60), b"Retry-After: 60", b""),
        (replies.redirect("http://elsewhere/"), b"HTTP/1.1 308 Permanent Redirect", b""),
        (Reply(body=b"x", headers={"content-length": "99"}), b"Content-Length: 99", b"x"),
        (replies.bad_key(), b"401", b"provided: "),
    ],
)
def test_a_reply_is_sent_as_scripted(
    providers: ScriptedProviders, reply: Reply, head: bytes, body: bytes
) -> None:
    found_head, _, found_body = answer(providers, reply, CLOSING).partition(b"\r\n\r\n")

    assert head in found_head
    assert body in found_body


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (replies.closed(), b""),
        (replies.malformed(b"nonsense"), b"nonsense"),
        (replies.cut_after(4, TEN), b"0123"),
        (replies.cut_after(0, TEN), b"\r\n\r\n"),
        (replies.cut_after(4, attrs.evolve(TEN, framing=Framing.CHUNKED)), b"4\r\n0123\r\n"),
        (replies.cut_after(10, replies.stream("x", "y")), b"data: x\n\n\r\n1\r\nd\r\n"),
    ],
)
def test_a_cut_reply_ends_there(
    providers: ScriptedProviders, reply: Reply, expected: bytes
) -> None:
    found = answer(providers, reply, request())

    assert found.endswith(expected)
    assert bool(found) == bool(expected)


@pytest.mark.parametrize("after", [None, 4])
def test_a_reset_breaks_the_connection(providers: ScriptedProviders, after: int | None) -> None:
    with pytest.raises(ConnectionResetError):
        answer(providers, attrs.evolve(TEN, cut=Cut(after, Ending.RESET)), request())


@pytest.mark.parametrize(("after", "expected"), [(None, b""), (4, b"0123")])
def test_a_hang_is_silent_until_the_client_goes_away(
    providers: ScriptedProviders, after: int | None, expected: bytes
) -> None:
    providers.set("a", attrs.evolve(TEN, cut=Cut(after, Ending.HANG)))
    found = b""
    with connect(providers) as connection:
        connection.sendall(request())
        assert eventually(lambda: len(providers.received("a")) == 1)
        while not found.endswith(expected):
            found += connection.recv(65536)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert providers.connections == 1


def test_a_delay_comes_before_the_first_byte(providers: ScriptedProviders) -> None:
    providers.set("a", replies.ok(delay=0.2))
    with connect(providers) as connection:
        began = time.monotonic()
        connection.sendall(request())

        assert connection.recv(1) == b"H"
        assert time.monotonic() - began >= 0.2


def test_a_connection_is_kept_and_requests_may_be_pipelined(providers: ScriptedProviders) -> None:
    found = answer(providers, [TEN, Reply(body=b"next")], request() + CLOSING)

    assert found.count(b"HTTP/1.1 200 OK") == 2
    assert found.endswith(b"next")
    assert [one.number for one in providers.received("a")] == [1, 2]


def test_a_chunked_request_is_read_whole(providers: ScriptedProviders) -> None:
    sent = (
        b"POST /a/v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b'5;ext=1\r\n{"mod\r\n8\r\nel":"m"}\r\n0\r\nTrailer: t\r\n\r\n'
    )
    answer(providers, TEN, sent)

    assert providers.received("a")[0].body == {"model": "m"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
        (b"POST / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_is_refused(
    providers: ScriptedProviders, sent: bytes, status: int
) -> None:
    with connect(providers) as connection:
        connection.sendall(sent)
        found = connection.recv(65536)

    assert found.startswith(b"HTTP/1.1 %d" % status)
    assert providers.received("a") == ()


def test_an_unknown_provider_is_named_with_the_nearest(providers: ScriptedProviders) -> None:
    found = answer(providers, TEN, request(headers=b"Connection: close\r\n", path=b"/aa/v1"))

    assert found.startswith(b"HTTP/1.1 404")
    assert b"did you mean a?" in found


def test_who_is_just_being_accepted_is_closed_with_the_server() -> None:
    async def main(turns: int) -> None:
        server = Server(Book({"a": replies.ok()}))
        port = await server.start()
        with socket.create_connection(("127.0.0.1", port)):
            for _ in range(turns):
                await asyncio.sleep(0)
            await server.stop()

    for turns in range(8):
        asyncio.run(main(turns))
    gc.collect()  # a socket that was left open warns, which is an error
