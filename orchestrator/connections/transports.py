"""The transports of one orchestrator: one for threads, one for each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Protocol

from orchestrator.clock import Clock, SystemClock
from orchestrator.connections.httpx_adapter import AsyncHttpxTransport, HttpxTransport
from orchestrator.connections.loops import LoopTransport
from orchestrator.connections.sockets import SocketTransport
from orchestrator.http_messages import OutgoingRequest, ResponseHead

if TYPE_CHECKING:
    import httpx


class OpenAnswer(Protocol):
    """An answer whose head is here, for threads."""

    @property
    def head(self) -> ResponseHead:
        """Its head."""
        ...

    def read(self, seconds: float) -> bytes | None:
        """The next bytes of the body; ``None`` at its end.

        Raises:
            LimitPassed: ``seconds`` are over.
            TransportError: The exchange broke.
            DecodingError: The body cannot be unpacked, or in no way that was asked for.
        """
        ...

    def close(self) -> None:
        """It is not read any further."""
        ...


class Transport(Protocol):
    """Sends requests, blocking the thread."""

    def open(self, request: OutgoingRequest, seconds: float, connect: float) -> OpenAnswer:
        """Send ``request``; gives the answer once its head is here.

        Args:
            request: What to send.
            seconds: How long all of it may take.
            connect: How long a new connection may take.

        Raises:
            LimitPassed: The time is over.
            TransportError: The exchange broke; a handed-in transport may raise anything else.
            UnusableCertificates, UnusableProxy: What the environment names cannot be used.
        """
        ...


class AsyncOpenAnswer(Protocol):
    """An answer whose head is here, for tasks."""

    @property
    def head(self) -> ResponseHead:
        """Its head."""
        ...

    async def read(self, seconds: float) -> bytes | None:
        """See :meth:`OpenAnswer.read`."""
        ...

    async def aclose(self) -> None:
        """It is not read any further."""
        ...


class AsyncTransport(Protocol):
    """Sends requests, suspending the task."""

    async def open(
        self, request: OutgoingRequest, seconds: float, connect: float
    ) -> AsyncOpenAnswer:
        """See :meth:`Transport.open`."""
        ...


class Transports:
    """The transports of one orchestrator.

    Args:
        sync: Handed in, in place of our own connections, for threads.
        asynchronous: The same for tasks.
        clock: What the limits of those are measured by; the machine's own by default.
    """

    def __init__(
        self,
        sync: httpx.BaseTransport | None = None,
        asynchronous: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._given = HttpxTransport(sync, clock) if sync is not None else None
        self._given_async = (
            AsyncHttpxTransport(asynchronous, clock) if asynchronous is not None else None
        )
        self._sockets = SocketTransport()
        self._keepers: _Keepers = {}

    def blocking(self) -> Transport:
        """The transport for calls that block a thread."""
        return self._sockets if self._given is None else self._given

    async def asynchronous(self) -> AsyncTransport:
        """The transport of the running event loop; connections cannot change loops."""
        if self._given_async is not None:
            return self._given_async
        loop = asyncio.get_running_loop()
        keeper = self._keepers.get(loop)
        if keeper is None:
            # A loop that was closed by hand ended without telling its keeper.
            for other in [each for each in list(self._keepers) if each.is_closed()]:
                self._keepers.pop(other, None)
            keeper = self._keepers[loop] = _Keeper(loop, self._keepers)
            await keeper.begin()
        return keeper.transport

    def close(self) -> None:
        """Close the connections of threads that nobody uses; calls that run come to their end."""
        self._sockets.close()

    async def aclose(self) -> None:
        """Close those of the running loop too."""
        self.close()
        keeper = self._keepers.get(asyncio.get_running_loop())
        if keeper is not None:
            await keeper.end()


class _Keeper:
    """The transport of one event loop, closed when the loop ends.

    A loop tells nobody that it ends, but ``asyncio.run`` closes the asynchronous
    generators that were begun in it. So the transport's end is written as one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, keepers: _Keepers) -> None:
        self._keepers = keepers
        self.transport = LoopTransport(loop)
        self._generator = self._keep()

    async def begin(self) -> None:
        """Tie the transport to the running loop."""
        await anext(self._generator)

    async def end(self) -> None:
        """Close the transport now."""
        await self._generator.aclose()

    async def _keep(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._keepers.pop(asyncio.get_running_loop(), None)
            await self.transport.aclose()


_Keepers = dict[asyncio.AbstractEventLoop, _Keeper]
