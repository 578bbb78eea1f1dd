"""The ways to send: our own connections for threads and for tasks, and httpx, all asked alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

import attrs
import httpx
import pytest

from orchestrator.clock import SystemClock
from orchestrator.connections.errors import LimitPassed
from orchestrator.connections.httpx_adapter import AsyncHttpxTransport, HttpxTransport
from orchestrator.connections.httpx_pools import AsyncHttpxPool, HttpxPool
from orchestrator.connections.loops import LoopTransport
from orchestrator.connections.routes import route_key, route_of
from orchestrator.connections.sockets import SocketTransport
from orchestrator.connections.transports import (
    AsyncOpenAnswer,
    AsyncTransport,
    OpenAnswer,
    Transport,
)
from orchestrator.http_messages import OutgoingRequest, ResponseHead
from tests.waiting import AMPLE


class Sender(Protocol):
    """Sends, and waits for it."""

    def open(
        self, request: OutgoingRequest, seconds: float = AMPLE, connect: float = AMPLE
    ) -> OpenAnswer:
        """See :class:`.Transport`."""
        ...

    def close(self) -> None:
        """Close what is idle; calls that run come to their end."""
        ...


@attrs.frozen
class OfThreads:
    """A :class:`Sender` over a transport for threads."""

    transport: Transport
    closing: Callable[[], None]

    def open(
        self, request: OutgoingRequest, seconds: float = AMPLE, connect: float = AMPLE
    ) -> OpenAnswer:
        return self.transport.open(request, seconds, connect)

    def close(self) -> None:
        self.closing()


class OfTasks:
    """A :class:`Sender` over a transport for tasks, whose loop runs while something is awaited."""

    def __init__(self, runner: asyncio.Runner, transport: AsyncTransport) -> None:
        self.runner, self.transport = runner, transport

    def open(
        self, request: OutgoingRequest, seconds: float = AMPLE, connect: float = AMPLE
    ) -> OpenAnswer:
        async def opened() -> AsyncOpenAnswer:  # no other coroutine is in between, see run
            return await self.transport.open(request, seconds, connect)

        return _Awaited(self.runner, self.runner.run(opened()))

    def close(self) -> None:
        closing = getattr(self.transport, "aclose", None)
        if closing is not None:
            self.runner.run(closing())

    def idle(self, seconds: float) -> None:
        """Let the loop run."""
        self.runner.run(asyncio.sleep(seconds))


@attrs.frozen
class _Awaited:
    runner: asyncio.Runner
    answer: AsyncOpenAnswer

    @property
    def head(self) -> ResponseHead:
        return self.answer.head

    def read(self, seconds: float) -> bytes | None:
        async def read() -> bytes | None:
            return await self.answer.read(seconds)

        return self.runner.run(read())

    def close(self) -> None:
        async def close() -> None:
            await self.answer.aclose()

        self.runner.run(close())


@contextmanager
def _threads(_: OutgoingRequest) -> Iterator[Sender]:
    transport = SocketTransport()
    yield OfThreads(transport, transport.close)
    transport.close()


@contextmanager
def _tasks(_: OutgoingRequest) -> Iterator[Sender]:
    with asyncio.Runner() as runner:
        transport = LoopTransport(runner.get_loop())
        yield OfTasks(runner, transport)
        runner.run(transport.aclose())


@contextmanager
def _httpx(_: OutgoingRequest) -> Iterator[Sender]:
    with httpx.HTTPTransport(trust_env=False) as inner:
        yield OfThreads(HttpxTransport(inner, SystemClock()), lambda: None)


@contextmanager
def _async_httpx(_: OutgoingRequest) -> Iterator[Sender]:
    with asyncio.Runner() as runner:
        inner = httpx.AsyncHTTPTransport(trust_env=False)
        yield OfTasks(runner, AsyncHttpxTransport(inner, SystemClock()))
        runner.run(inner.aclose())


@contextmanager
def _pool(request: OutgoingRequest) -> Iterator[Sender]:
    pool = HttpxPool(route_of(request, route_key(request)))
    yield OfThreads(pool, pool.close)
    pool.close()


@contextmanager
def _async_pool(request: OutgoingRequest) -> Iterator[Sender]:
    with asyncio.Runner() as runner:
        pool = AsyncHttpxPool(route_of(request, route_key(request)))
        yield OfTasks(runner, pool)
        runner.run(pool.aclose())


_WAYS = {
    "threads": _threads,
    "tasks": _tasks,
    "httpx": _httpx,
    "async-httpx": _async_httpx,
    "pool": _pool,
    "async-pool": _async_pool,
}


def ways(*names: str) -> pytest.MarkDecorator:
    """Runs a test once for each of these ways to send."""
    return pytest.mark.parametrize("way", names)


OWN = ("threads", "tasks")
"""What keeps connections open."""

OURS = (*OWN, "pool", "async-pool")
"""What holds to every promise; a transport that is handed in holds to its own."""

own, ours, each_way = ways(*OWN), ways(*OURS), ways(*_WAYS)


@contextmanager
def sending(way: str, request: OutgoingRequest) -> Iterator[Sender]:
    """A way to send ``request``, and more to the same server."""
    with ExitStack() as stack:
        yield stack.enter_context(_WAYS[way](request))


@attrs.frozen
class Told:
    """What came of a request.

    Attributes:
        status: Of the answer; 0 where none came.
        body: As much of it as came.
        error: What broke.
    """

    status: int = 0
    body: bytes = b""
    error: BaseException | None = None


def tell(
    sender: Sender, request: OutgoingRequest, seconds: float = AMPLE, connect: float = AMPLE
) -> Told:
    """Send, and read the answer to its end or to what breaks it."""
    status, body = 0, b""
    try:
        answer = sender.open(request, seconds, connect)
        status = answer.head.status
        try:
            while (piece := answer.read(seconds)) is not None:
                body += piece
        finally:
            answer.close()
    except Exception as error:  # noqa: BLE001 - it is what came
        return Told(status, body, error.with_traceback(None))
    return Told(status, body)


def passed(told: Told) -> bool:
    """Whether a limit of ours ended it."""
    return isinstance(told.error, LimitPassed)
