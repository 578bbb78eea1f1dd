"""A client that comes as the gateway stops to accept is served by it, or by who follows it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvloop

from orchestrator import Orchestrator
from orchestrator.config.loading import from_mapping
from orchestrator.gateway.server import GatewayServer, listen
from orchestrator.gateway.state import Gateway
from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.gateway.running import Running, config, running
from tests.waiting import AMPLE, eventually

CLIENTS = 5
TURNS = range(8)
"""Of the loop, from the clients' coming to the end of accepting."""


async def served_and_left(turns: int, providers: ScriptedProviders) -> int:
    """How many clients were answered, or wait for the next process."""
    orchestrator = Orchestrator(from_mapping(config(providers, ["up"]), {}))
    sockets = listen("127.0.0.1", 0)
    next_one = sockets[0].dup()
    server = GatewayServer(Gateway.over(orchestrator, "one"), sockets)
    await server.start()
    clients = [socket.create_connection(next_one.getsockname()) for _ in range(CLIENTS)]
    for client in clients:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        client.setblocking(False)
    for _ in range(turns):
        await asyncio.sleep(0)
    await server.drain()
    await server.close()
    with next_one:
        return sum(map(is_answered, clients)) + left_in(next_one)


def is_answered(client: socket.socket) -> bool:
    """Whether an answer is there: whoever has answered has done so before it was closed."""
    with client, contextlib.suppress(ConnectionError, BlockingIOError):
        return client.recv(99).startswith(b"HTTP/1.1 200")
    return False


def left_in(listener: socket.socket) -> int:
    listener.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("turns", TURNS)
def test_nobody_is_lost(turns: int, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with (
        ScriptedProviders({"up": replies.ok()}) as providers,
        asyncio.Runner(loop_factory=loop) as runner,
    ):
        found = runner.run(asyncio.wait_for(served_and_left(turns, providers), AMPLE))

    assert found == CLIENTS


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, ["1 call is under way, cut after 0.5 s, or by a second", "1 call was cut"]),
        (2, ["2 calls are under way, cut after 0.5 s, or by a second", "2 calls were cut"]),
    ],
)
def test_the_log_says_how_many_calls_end_and_when(
    number: int, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def ask(served: Running) -> None:
        with contextlib.suppress(httpx.HTTPError):  # it is cut
            served.post()

    with (
        caplog.at_level("INFO", "orchestrator"),
        ThreadPoolExecutor(number) as threads,
        running({"up": replies.hang()}, gateway={"drain": "0.5s"}) as served,
    ):
        for _ in range(number):
            threads.submit(ask, served)
        assert eventually(lambda: served.gateway.in_flight == number)
        served.call(served.server.drain())

    told = [line for line in caplog.messages if line.startswith("stopping: ")]
    ends = (told[0], told[-1])
    assert all(words in line for words, line in zip(said, ends, strict=True)), told
