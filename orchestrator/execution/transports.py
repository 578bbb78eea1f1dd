"""The stock transports: httpx's own, with one thing added to each.

HTTP is spoken at httpx's transport seam, without a client in between; any transport that
a user hands in takes the place of these. Redirects are not followed there, and nothing
retries.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import ssl
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Iterable
from typing import Any

import httpcore
import httpx

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)
"""No cap on connections: a call that queues for one behind hung ones would look like a
provider that is silent. 30 s is below the idle time of common load balancers (60 s)."""

_PIECE = 64 * 1024
"""Bytes that are written between two looks at the clock."""

READ_DEADLINE: contextvars.ContextVar[tuple[float, float] | None] = contextvars.ContextVar(
    "read_deadline", default=None
)
"""When the reads of the stock sync transport end, all in all, and the seconds that they had.

The instant is one of ``time.monotonic``: sockets wait in real time, whatever clock a call is
given. httpx's own limits are for each read, so a server that drips a byte a second would never
meet them.
"""


class _BoundedStream(httpcore.NetworkStream):
    """A network stream whose reads and writes end when the attempt does."""

    def __init__(self, stream: httpcore.NetworkStream, streams: _Streams) -> None:
        self._stream = stream
        self._streams = streams
        streams.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _bounded(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # httpcore's limit is for each send, so a server that reads slowly never meets it.
        for start in range(0, len(buffer), _PIECE):
            left = _bounded(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        bounded = _bounded(timeout, httpcore.ConnectTimeout)
        secured = self._stream.start_tls(ssl_context, server_hostname, bounded)
        return _BoundedStream(secured, self._streams)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _BoundedBackend(httpcore.SyncBackend):
    """Opens connections whose reads end when the attempt does."""

    def __init__(self) -> None:
        self.streams: _Streams = weakref.WeakSet()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        # A limit of 0 would not end the attempt: it would make the socket one that never waits.
        bounded = _bounded(timeout, httpcore.ConnectTimeout)
        stream = super().connect_tcp(host, port, bounded, local_address, socket_options)
        return _BoundedStream(stream, self.streams)


_Streams = weakref.WeakSet[_BoundedStream]


def _bounded(timeout: float | None, expired: type[Exception]) -> float | None:
    limit = READ_DEADLINE.get()
    if limit is None:
        return timeout
    left = limit[0] - time.monotonic()
    if left <= 0:
        raise expired("the attempt's time is over")
    return left if timeout is None else min(timeout, left)


class SyncTransport(httpx.HTTPTransport):
    """httpx's transport over one pool, whose reads respect :data:`READ_DEADLINE`."""

    def __init__(self, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify, limits=_LIMITS)
        self._pool.close()
        self._backend = _BoundedBackend()
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify,
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=self._backend,
        )

    def leave_parent_behind(self) -> None:
        """Let go of a parent's connections in its forked child.

        Closing a socket here leaves the parent's own end of it open. The pool is not
        asked, since one of the parent's threads may have held its lock.
        """
        for stream in tuple(self._backend.streams):
            stream.close()


class _ClosingStream(httpcore.AsyncNetworkStream):
    """A network stream that reads early answers, and is closed where its handshake is cancelled.

    A server may answer before it has read a large request, and close: whoever does not read
    while it writes loses that answer. httpcore 1.0.9 takes a ``WriteError`` for that, and goes
    on to read. It closes a stream for every ending of a TLS handshake but a cancelled one, which
    would stay open for as long as the loop runs, since the loop goes on reading from it.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._early = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        early, self._early = self._early[:max_bytes], self._early[max_bytes:]
        return early or await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(buffer) <= _PIECE:  # it fits into the socket: no answer can come before its end
            await self._stream.write(buffer, timeout)
            return
        reading = asyncio.ensure_future(self._stream.read(_PIECE, timeout))
        writing = asyncio.ensure_future(self._stream.write(buffer, timeout))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not writing.done():
                raise httpcore.WriteError("answered before all of the request was read")
            await writing
        finally:
            writing.cancel()
            reading.cancel()
            # Nothing is lost: what a cancelled read has not taken is there for the next one.
            read, _ = await asyncio.gather(reading, writing, return_exceptions=True)
            self._early += read if isinstance(read, bytes) else b""

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _ClosingBackend(httpcore.AnyIOBackend):
    """Opens connections that no cancelled handshake leaves open."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _ClosingStream(stream)


class AsyncTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over one pool, whose handshakes can be cancelled."""

    def __init__(self, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify, limits=_LIMITS)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verify,
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=_ClosingBackend(),
        )


class Transports:
    """The transports of one orchestrator: one for threads, one for each event loop."""

    def __init__(
        self,
        sync: httpx.BaseTransport | None = None,
        asynchronous: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._given_sync = sync
        self._given_async = asynchronous
        self._sync: SyncTransport | None = None
        self._context: ssl.SSLContext | None = None
        self._keepers = _Keepers()
        self._begin()

    def sync(self) -> httpx.BaseTransport:
        """The transport for calls that block a thread."""
        if self._given_sync is not None:
            return self._given_sync
        self._leave_parent_behind()
        with self._lock:
            if self._sync is None:
                self._sync = SyncTransport(self._ssl_context())
            return self._sync

    async def asynchronous(self) -> httpx.AsyncBaseTransport:
        """The transport of the running event loop; connections cannot change loops."""
        if self._given_async is not None:
            return self._given_async
        self._leave_parent_behind()
        loop = asyncio.get_running_loop()
        if self._context is None:
            # Beside the loop, which it would hold for 20 to 70 ms.
            await asyncio.to_thread(self._ssl_context)
        with self._lock:
            keeper = self._keepers.get(loop)
            if keeper is not None:
                return keeper.transport
            # A loop that was closed by hand ended without telling its keeper.
            for other in [each for each in list(self._keepers) if each.is_closed()]:
                self._keepers.pop(other, None)
            keeper = self._keepers[loop] = _Keeper(self._ssl_context(), self._keepers)
        await keeper.begin()
        return keeper.transport

    def close(self) -> None:
        """Close the connections of the threads' transport."""
        self._leave_parent_behind()
        with self._lock:
            transport, self._sync = self._sync, None
        if transport is not None:
            transport.close()

    async def aclose(self) -> None:
        """Close the connections of the running loop's transport too."""
        self.close()
        with self._lock:
            keeper = self._keepers.get(asyncio.get_running_loop())
        if keeper is not None:
            await keeper.end()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._sync = None
        self._keepers = _Keepers()

    def _leave_parent_behind(self) -> None:
        # A forked child must not speak on its parent's connections, nor wait for a
        # lock that one of the parent's threads held.
        if self._process != os.getpid():
            parents = self._sync
            self._begin()
            if parents is not None:
                parents.leave_parent_behind()

    def _ssl_context(self) -> ssl.SSLContext:
        # Loading the certificates takes 20 ms, so once for all transports.
        if self._context is None:
            self._context = httpx.create_ssl_context()
        return self._context


class _Keeper:
    """The transport of one event loop, closed when the loop ends.

    A loop tells nobody that it ends, but ``asyncio.run`` closes the asynchronous
    generators that were begun in it. So the transport's end is written as one.
    """

    def __init__(self, verify: ssl.SSLContext, keepers: _Keepers) -> None:
        self._keepers = keepers
        self.transport = AsyncTransport(verify)
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
