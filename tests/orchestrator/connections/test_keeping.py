"""Connections that are kept: used again where one whole answer came, and nothing else."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from orchestrator.connections.errors import StaleConnection
from orchestrator.connections.idle import EXPIRY
from orchestrator.connections.loops import LoopConnection, LoopTransport
from orchestrator.http_messages import OutgoingRequest
from tests.orchestrator.connections.raw_server import (
    Peer,
    in_chunks,
    keeping,
    of_length,
    raw_server,
    saying,
)
from tests.orchestrator.connections.ways import OWN, each_way, ours, own, sending, tell, ways
from tests.slow import slow_but
from tests.waiting import AMPLE, eventually

HELLO = of_length(b"hello")
OLD = HELLO.replace(b"/1.1", b"/1.0")

KEPT = {
    "length": HELLO,
    "chunked": in_chunks(b"he", b"llo"),
    "trailers": in_chunks(b"hello", trailers=b"x-sum: 1\r\nx-more:\r\n"),
    "empty": of_length(b""),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "304 with a length": b"HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n",
    "205": b"HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.0 that keeps": OLD.replace(b"content", b"connection: keep-alive\r\ncontent"),
    "bare line feeds": HELLO.replace(b"\r\n", b"\n"),
    "line ends of both kinds": HELLO.replace(b"X\r\n", b"X\n"),
    "interim heads": b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nlink: </a>\r\n\r\n" + HELLO,
}
NOT_KEPT = {
    "close": of_length(b"hello", connection="close"),
    "HTTP/1.0": OLD,
    "both framings": in_chunks(b"hello").replace(b"\r\n\r\n", b"\r\ncontent-length: 3\r\n\r\n", 1),
    "surplus": HELLO + HELLO,
    "surplus line end": HELLO + b"\r\n",
    "surplus of chunks": in_chunks(b"hello") + HELLO,
    "surplus line ends of chunks": in_chunks(b"hello") + b"\r\n\r\n",
    "surplus of trailers": in_chunks(b"hello", trailers=b"a: b\r\n") + b"\r\n",
    "short length": HELLO.replace(b"length: 5", b"length: 3"),
    "surplus of none": b"HTTP/1.1 204 No Content\r\n\r\n0\r\n\r\n",
}


@own
@pytest.mark.parametrize("case", KEPT)
def test_one_connection_carries_many_requests(way: str, case: str) -> None:
    with raw_server(keeping(KEPT[case])) as server:
        request = server.request()
        with sending(way, request) as sender:
            told = [tell(sender, request) for _ in range(4)]

        assert [each.error for each in told] == [None] * 4
        assert len({each.body for each in told}) == 1
        assert (server.accepted, len(server.requests)) == (1, 4)


@ours
@pytest.mark.parametrize("case", NOT_KEPT)
def test_a_connection_that_says_too_much_or_ends_is_not_used_again(way: str, case: str) -> None:
    with raw_server(keeping(NOT_KEPT[case])) as server:
        request = server.request()
        with sending(way, request) as sender:
            told = [tell(sender, request) for _ in range(3)]

            assert [each.error for each in told] == [None] * 3
            assert len({each.body for each in told}) == 1
            assert (server.accepted, len(server.requests)) == (3, 3)
            assert eventually(lambda: server.open == 0)


@ours
@pytest.mark.parametrize("surplus", [of_length(b"STALE"), b"\r\n", b"H"])
@pytest.mark.parametrize(
    "whole", slow_but([HELLO], [HELLO, in_chunks(b"hello")], "waits for what comes later")
)
def test_surplus_that_comes_later_is_nobodys_answer(way: str, whole: bytes, surplus: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(whole, 0.05, surplus)
        if peer.request():
            peer.send(of_length(b"WRONG"))

    with raw_server(script) as server:
        request = server.request()
        with sending(way, request) as sender:
            bodies = []
            for _ in range(3):
                bodies.append(tell(sender, request).body)
                time.sleep(0.1)  # in which no loop runs

        assert bodies == [b"hello"] * 3
        assert server.accepted == 3


@each_way
def test_an_answer_that_was_not_read_to_its_end_is_left_with_its_connection(way: str) -> None:
    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(of_length(b"x" * 100_000)[:-10])
            peer.wait_for_end()

    with raw_server(script) as server:
        request = server.request()
        with sending(way, request) as sender:
            for _ in range(2):
                answer = sender.open(request)
                assert answer.read(AMPLE)
                answer.close()

        assert server.accepted == 2


@own
def test_a_connection_that_the_server_closed_is_not_used(way: str) -> None:
    with raw_server(saying(HELLO)) as server:
        request = server.request()
        with sending(way, request) as sender:
            for number in range(1, 4):
                assert tell(sender, request).body == b"hello"
                assert eventually(lambda: server.open == 0)
                assert server.accepted == number


def _gone_upon_the_second(peer: Peer) -> None:
    peer.request()
    peer.send(HELLO)
    peer.request()  # and closes, as a server does whose idle time was over when it came


@own
def test_a_kept_connection_that_turns_out_closed_is_named_and_takes_its_neighbours(
    way: str,
) -> None:
    with raw_server(_gone_upon_the_second) as server:
        request = server.request()
        with sending(way, request) as sender:
            both = [sender.open(request), sender.open(request)]
            for answer in both:
                while answer.read(AMPLE) is not None:
                    pass
                answer.close()
            assert server.accepted == 2

            told = tell(sender, request)
            assert type(told.error) is StaleConnection
            assert eventually(lambda: server.open == 0)

            request.is_resent = True
            assert tell(sender, request).body == b"hello"
            assert server.accepted == 3


@own
def test_a_new_connection_that_is_closed_is_not_called_a_kept_one(way: str) -> None:
    with raw_server(lambda _: None) as server:
        request = server.request()
        with sending(way, request) as sender:
            assert type(tell(sender, request).error) is not StaleConnection


@own
def test_a_request_that_is_sent_again_is_sent_on_a_new_connection(way: str) -> None:
    with raw_server(keeping(HELLO)) as server:
        request = server.request()
        with sending(way, request) as sender:
            tell(sender, request)
            request.is_resent = True
            tell(sender, request)

        assert server.accepted == 2


@ours
def test_what_runs_while_all_is_closed_comes_to_its_end(way: str) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(HELLO[:-2])
            go_on.wait(AMPLE)
            peer.send(HELLO[-2:])

    with raw_server(script) as server:
        request = server.request()
        with sending(way, request) as sender:
            answer = sender.open(request)
            begun = answer.read(AMPLE)
            sender.close()
            go_on.set()
            rest = answer.read(AMPLE)
            answer.close()

            assert (begun, rest) == (b"hel", b"lo")
            # Of an older generation: it is not kept.
            assert eventually(lambda: server.open == 0)


@own
def test_closing_closes_what_is_idle_and_the_next_request_opens_another(way: str) -> None:
    with raw_server(keeping(HELLO)) as server:
        request = server.request()
        with sending(way, request) as sender:
            for number in range(1, 4):
                tell(sender, request)
                assert (server.open, server.accepted) == (1, number)
                sender.close()
                assert eventually(lambda: server.open == 0)


@each_way
def test_the_first_piece_is_handed_out_before_the_second_is_sent(way: str) -> None:
    handed_out = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        head, _, _ = in_chunks().partition(b"0\r\n")
        peer.send(head + b"3\r\none\r\n")
        if handed_out.wait(AMPLE):
            peer.send(b"3\r\ntwo\r\n0\r\n\r\n")

    with raw_server(script) as server:
        request = server.request()
        with sending(way, request) as sender:
            answer = sender.open(request)
            assert answer.read(AMPLE) == b"one"
            handed_out.set()
            assert answer.read(AMPLE) == b"two"
            assert answer.read(AMPLE) is None
            answer.close()


@each_way
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_and_no_header_leaves(way: str, status: int) -> None:
    with raw_server(keeping(HELLO)) as trap:
        moved = of_length(b"", status, location=trap.url())
        with raw_server(keeping(moved)) as server:
            request = server.request(authorization="Bearer canary")
            with sending(way, request) as sender:
                told = tell(sender, request)

        assert told.status == status
        assert trap.accepted == 0


@each_way
def test_a_body_that_ends_with_its_connection(way: str) -> None:
    with raw_server(saying(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 300_000, 0.01, b"end")) as server:
        request = server.request()
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert (told.body, told.error) == (b"x" * 300_000 + b"end", None)


@ways(*OWN)
def test_a_body_that_nobody_reads_waits_at_the_server(way: str) -> None:
    sent = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            peer.send(bytes(1 << 16))
            sent.append(1 << 16)

    with raw_server(script) as server:
        request = server.request()
        with sending(way, request) as sender:
            answer = sender.open(request)
            assert eventually(lambda: bool(sent))
            waited = -1
            while waited != len(sent):
                waited = len(sent)
                time.sleep(0.1)
            assert sum(sent) < 32 << 20  # what the system holds, and a little of ours
            size = 0
            while (piece := answer.read(AMPLE)) is not None:
                size += len(piece)
            answer.close()

        assert size == 1000 << 16


class Ahead(asyncio.SelectorEventLoop):
    """A loop whose time can be set forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def test_a_connection_of_a_loop_is_closed_in_time_also_where_nothing_is_asked_any_more() -> None:
    async def main(request: OutgoingRequest) -> list[bool]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Ahead)
        transport = LoopTransport(loop)
        answer = await transport.open(request, AMPLE, AMPLE)
        assert isinstance(answer, LoopConnection)
        while await answer.read(AMPLE) is not None:
            pass
        await answer.aclose()
        found = [answer.is_quiet()]
        loop.ahead += EXPIRY + 1
        await asyncio.sleep(0.001)
        found.append(answer.is_quiet())
        await transport.aclose()
        return found

    with raw_server(keeping(HELLO)) as server, asyncio.Runner(loop_factory=Ahead) as runner:
        assert runner.run(main(server.request())) == [True, False]
