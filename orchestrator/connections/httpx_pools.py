"""Pools of httpx: for HTTP/2, and for proxies that our own connections do not speak to.

httpcore's own limits are for each read and each write; here they end with the attempt. Loaded
when a provider is asked in this way.
"""

from __future__ import annotations

import asyncio
import contextvars
import ssl
import time
import weakref
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from orchestrator.clock import SystemClock
from orchestrator.connections.httpx_adapter import (
    AsyncHttpxAnswer,
    AsyncHttpxTransport,
    HttpxAnswer,
    HttpxTransport,
)
from orchestrator.connections.idle import EXPIRY, MOST
from orchestrator.connections.routes import Route
from orchestrator.connections.tls import ssl_context
from orchestrator.http_messages import OutgoingRequest

_PIECE = 64 * 1024
"""Bytes that are written between two looks at the clock."""

_ENDS_AT: contextvars.ContextVar[float | None] = contextvars.ContextVar("ends_at", default=None)
"""When the reads and writes of this thread end, an instant of ``time.monotonic``."""


def _limits(route: Route) -> httpx.Limits:
    # No cap on connections: a call that queues for one behind hung ones would look like a
    # provider that is silent. HTTP/1.1 is kept open by our own connections alone: httpcore 1.0.9
    # gives what is left behind an answer to the next request.
    kept = MOST if route.options.http2 else 0
    return httpx.Limits(
        max_connections=None, max_keepalive_connections=kept, keepalive_expiry=EXPIRY
    )


def _proxy(route: Route) -> httpx.Proxy | None:
    if route.proxy is None:
        return None
    # Of itself httpx trusts certifi's authorities there, whatever is said of the provider.
    context = ssl_context(route.options.verify) if route.proxy.scheme == "https" else None
    return httpx.Proxy(route.proxy.url.reveal(), ssl_context=context)


def _settings(route: Route) -> dict[str, Any]:
    """What both kinds of transport are made with."""
    http2 = route.options.http2
    return {
        "verify": ssl_context(route.options.verify, http2=http2),
        "http2": http2,
        "limits": _limits(route),
        "proxy": _proxy(route),
    }


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
    ends_at = _ENDS_AT.get()
    if ends_at is None:
        return timeout
    left = ends_at - time.monotonic()
    if left <= 0:
        raise expired("the attempt's time is over")
    return left if timeout is None else min(timeout, left)


class _BoundedAnswer(HttpxAnswer):
    """An answer whose reads end when the attempt does."""

    def __init__(self, response: httpx.Response, asked: str, pool: HttpxPool) -> None:
        super().__init__(response, asked, SystemClock())
        self._pool = pool
        pool.enter(self)

    def read(self, seconds: float) -> bytes | None:
        token = _ENDS_AT.set(time.monotonic() + seconds)
        try:
            return super().read(seconds)
        finally:
            _ENDS_AT.reset(token)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._pool.leave(self)


class HttpxPool(HttpxTransport):
    """The connections of threads to one server."""

    def __init__(self, route: Route) -> None:
        inner = httpx.HTTPTransport(**_settings(route))
        super().__init__(inner, SystemClock())
        # httpx has no other way to say how its connections are opened.
        self._backend = inner._pool._network_backend = _BoundedBackend()  # noqa: SLF001
        self._users: set[object] = set()
        self._is_closed = False

    def open(self, request: OutgoingRequest, seconds: float, connect: float) -> HttpxAnswer:
        """See :meth:`.HttpxTransport.open`; its reads end when the attempt does."""
        token, user = _ENDS_AT.set(time.monotonic() + seconds), object()
        self.enter(user)
        try:
            return super().open(request, seconds, connect)
        finally:
            _ENDS_AT.reset(token)
            self.leave(user)

    def enter(self, user: object) -> None:
        """Somebody uses a connection."""
        self._users.add(user)

    def leave(self, user: object) -> None:
        """He does no more; the last one closes what was to be closed."""
        self._users.discard(user)
        if self._is_closed and not self._users:
            self.drop()

    def close(self) -> None:
        """Close all connections, once nobody uses one."""
        self._is_closed = True
        if not self._users:
            self.drop()

    def drop(self) -> None:
        """Close them now, without asking the pool, whose lock may be taken for ever."""
        for stream in tuple(self._backend.streams):
            stream.close()

    def _answer(self, response: httpx.Response, asked: str) -> HttpxAnswer:
        return _BoundedAnswer(response, asked, self)


class _ClosingStream(httpcore.AsyncNetworkStream):
    """A network stream that is closed where its TLS handshake is cancelled.

    httpcore 1.0.9 closes it for every ending of a handshake but this: it would stay open for as
    long as the loop runs.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

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


class _CountedAnswer(AsyncHttpxAnswer):
    """An answer that its pool knows of."""

    def __init__(self, response: httpx.Response, asked: str, pool: AsyncHttpxPool) -> None:
        super().__init__(response, asked, SystemClock())
        self._pool = pool
        pool.users.add(self)

    async def aclose(self) -> None:
        try:
            await super().aclose()
        finally:
            await self._pool.leave(self)


class AsyncHttpxPool(AsyncHttpxTransport):
    """The connections of one event loop to one server.

    Attributes:
        users: Whoever uses a connection.
    """

    def __init__(self, route: Route) -> None:
        inner = httpx.AsyncHTTPTransport(**_settings(route))
        super().__init__(inner, SystemClock())
        inner._pool._network_backend = _ClosingBackend()  # noqa: SLF001 - see HttpxPool
        self.users: set[object] = set()
        self._is_closed = False

    async def open(
        self, request: OutgoingRequest, seconds: float, connect: float
    ) -> AsyncHttpxAnswer:
        """See :meth:`.HttpxTransport.open`."""
        user = object()
        self.users.add(user)
        try:
            return await super().open(request, seconds, connect)
        finally:
            await self.leave(user)

    async def leave(self, user: object) -> None:
        """Somebody uses a connection no more; the last one closes what was to be closed."""
        self.users.discard(user)
        if self._is_closed and not self.users:
            await self.inner.aclose()

    async def aclose(self) -> None:
        """Close all connections, once nobody uses one."""
        self._is_closed = True
        if not self.users:
            await self.inner.aclose()

    def _answer(self, response: httpx.Response, asked: str) -> AsyncHttpxAnswer:
        return _CountedAnswer(response, asked, self)
