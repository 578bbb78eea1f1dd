"""What breaks on the way has one name, whoever carries the request."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orchestrator.connections.errors import (
    ConnectError,
    ConnectTimeout,
    DecodingError,
    LimitPassed,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
)
from orchestrator.http_messages import Address, OutgoingRequest
from tests.orchestrator.connections.raw_server import (
    Peer,
    in_chunks,
    of_length,
    raw_server,
    saying,
)
from tests.orchestrator.connections.ways import (
    OURS,
    OWN,
    each_way,
    ours,
    own,
    passed,
    sending,
    tell,
    ways,
)
from tests.slow import slow
from tests.waiting import AMPLE

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"


def post(url: str) -> OutgoingRequest:
    return OutgoingRequest("POST", Address.parse(url), {}, b"{}")


@contextmanager
def free_port() -> Iterator[int]:
    """A port that nobody listens at, and that nobody else is given."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@each_way
def test_refused(way: str) -> None:
    with free_port() as port:
        request = post(f"http://127.0.0.1:{port}")
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert type(told.error) is ConnectError


@each_way
def test_a_name_that_nobody_knows(way: str) -> None:
    request = post("http://nobody.invalid/v1")
    with sending(way, request) as sender:
        told = tell(sender, request)

    assert type(told.error) is ConnectError


@own
def test_a_name_that_can_be_none(way: str) -> None:
    request = OutgoingRequest("POST", Address("http", "a" * 64 + ".test", 80, "/"))
    with sending(way, request) as sender:
        told = tell(sender, request)

    assert type(told.error) is ConnectError


@contextmanager
def full_listener() -> Iterator[int]:
    """A port where connections wait for ever to be taken: the backlog is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        place = listener.getsockname()
        waiting = []
        try:
            for _ in range(4):
                sock = socket.socket()
                waiting.append(sock)
                sock.setblocking(False)
                sock.connect_ex(place)
            time.sleep(0.05)
            yield place[1]
        finally:
            for sock in waiting:
                sock.close()


@each_way
def test_a_connection_that_nobody_takes_meets_its_limit(way: str) -> None:
    with full_listener() as port:
        request = post(f"http://127.0.0.1:{port}")
        with sending(way, request) as sender:
            began = time.monotonic()
            told = tell(sender, request, AMPLE, 0.3)
            took = time.monotonic() - began

    assert 0.29 < took < AMPLE / 2
    if isinstance(told.error, LimitPassed):
        assert told.error.connect
    else:
        assert isinstance(told.error, ConnectTimeout)


BREAKS = {
    "closed before the head": ([], RemoteProtocolError, 0),
    "closed in the head": ([HEAD[:20]], RemoteProtocolError, 0),
    "closed in the body": ([HEAD, b"he"], RemoteProtocolError, 200),
    "closed in a chunk": ([in_chunks(b"hello")[:-9]], RemoteProtocolError, 200),
    "closed before the last chunk": ([in_chunks(b"hello")[:-5]], RemoteProtocolError, 200),
    "garbage": ([b"SSH-2.0-OpenSSH_9.2\r\n\r\n"], RemoteProtocolError, 0),
    "garbage status": ([b"HTTP/1.1 abc OK\r\n\r\n"], RemoteProtocolError, 0),
    "garbage length": ([b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"], RemoteProtocolError, 0),
    "two lengths": ([HEAD[:-2] + b"content-length: 6\r\n\r\nhello"], RemoteProtocolError, 0),
    "garbage chunk": ([in_chunks(b"hello").replace(b"5\r", b"x\r")], RemoteProtocolError, 200),
    "no end of a line": ([b"HTTP/1.1 200 " + b"x" * (1 << 18)], RemoteProtocolError, 0),
    "no end of a head": (
        [b"HTTP/1.1 200 X\r\n" + b"a: b\r\n" * (1 << 15)],
        RemoteProtocolError,
        0,
    ),
    "packed unasked": (
        [of_length(b"\x1f\x8b\x08", 503, content_encoding="gzip")],
        DecodingError,
        503,
    ),
}


@each_way
@pytest.mark.parametrize("case", BREAKS)
def test_what_breaks(way: str, case: str) -> None:
    pieces, expected, status = BREAKS[case]

    with raw_server(saying(*pieces)) as server:
        request = server.request()
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert (type(told.error), told.status) == (expected, status)


def _resets(peer: Peer, first: bytes) -> None:
    peer.request()
    peer.send(first, 0.05)
    peer.reset()


@each_way
@pytest.mark.parametrize(("first", "status"), [(b"", 0), (HEAD[:20], 0), (HEAD + b"he", 200)])
def test_reset(way: str, first: bytes, status: int) -> None:
    with raw_server(lambda peer: _resets(peer, first)) as server:
        request = server.request()
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert (type(told.error), told.status) == (ReadError, status)


def _is_silent(peer: Peer) -> None:
    peer.request()
    peer.wait_for_end()


@each_way
def test_a_limit_that_a_silent_server_meets(way: str) -> None:
    with raw_server(_is_silent) as server:
        request = server.request()
        with sending(way, request) as sender:
            began = time.monotonic()
            told = tell(sender, request, 0.3)
            took = time.monotonic() - began

    assert passed(told) or isinstance(told.error, ReadTimeout)
    assert 0.29 < took < AMPLE / 2


def _stalls(peer: Peer) -> None:
    peer.request()
    peer.send(HEAD, b"he")
    peer.wait_for_end()


@each_way
def test_a_limit_that_a_stalled_body_meets(way: str) -> None:
    with raw_server(_stalls) as server:
        request = server.request()
        with sending(way, request) as sender:
            answer = sender.open(request, 0.5)
            assert answer.read(0.3) == b"he"
            began = time.monotonic()
            with pytest.raises((LimitPassed, ReadTimeout)):
                answer.read(0.3)
            took = time.monotonic() - began
            answer.close()

    assert 0.29 < took < AMPLE / 2


def _drips(peer: Peer) -> None:
    peer.request()
    while True:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000:
            peer.send(bytes([byte]), 0.01)


# What httpx itself is told are limits of each read: who hands it in has chosen that.
@ways(*OURS, "async-httpx")
def test_a_head_that_drips_meets_its_limit(way: str) -> None:
    with raw_server(_drips) as server:
        request = server.request()
        with sending(way, request) as sender:
            began = time.monotonic()
            told = tell(sender, request, 0.4)
            took = time.monotonic() - began

    assert passed(told) or isinstance(told.error, ReadTimeout)
    assert 0.39 < took < AMPLE / 2


def _drips_chunk(peer: Peer) -> None:
    peer.request()
    peer.send(in_chunks()[:-5] + b"5;")
    while True:
        peer.send(b"x", 0.01)


@ways(*OURS, "async-httpx")
def test_a_chunk_that_drips_meets_its_limit(way: str) -> None:
    with raw_server(_drips_chunk) as server:
        request = server.request()
        with sending(way, request) as sender:
            answer = sender.open(request)
            began = time.monotonic()
            with pytest.raises((LimitPassed, ReadTimeout)):
                answer.read(0.4)
            took = time.monotonic() - began
            answer.close()

    assert 0.39 < took < AMPLE / 2


def _drips_whole(peer: Peer) -> None:
    peer.request()
    for byte in of_length(b"hello"):
        peer.send(bytes([byte]), 0.001)


@each_way
def test_an_answer_that_drips_within_its_limit_is_whole(way: str) -> None:
    with raw_server(_drips_whole) as server:
        request = server.request()
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert (told.status, told.body, told.error) == (200, b"hello", None)


@slow("the kernel's buffers have to fill; others here meet their limits at once")
@ours
def test_a_server_that_reads_nothing_meets_the_limit(way: str) -> None:
    with raw_server(lambda _: time.sleep(1.5)) as server:
        request = server.request(bytes(16 << 20))
        with sending(way, request) as sender:
            began = time.monotonic()
            told = tell(sender, request, 0.4)
            took = time.monotonic() - began

    assert passed(told) or isinstance(told.error, ReadTimeout)
    assert 0.39 < took < AMPLE / 2


# anyio, by which httpx serves tasks, reads nothing while it writes: a reset takes what came.
@ways(*OWN, "httpx", "pool")
@pytest.mark.parametrize("lingers", [False, True])
@pytest.mark.parametrize("size", [100, 8 << 20])
def test_an_answer_before_the_request_was_read(way: str, size: int, *, lingers: bool) -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(4096)
        peer.send(of_length(b"too large", 413, connection="close"))
        if lingers:
            peer.send(0.1)

    with raw_server(script) as server:
        request = server.request(bytes(size))
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert (told.status, told.body) == (413, b"too large")
