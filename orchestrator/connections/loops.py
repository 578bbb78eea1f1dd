"""Connections for tasks: protocols of one event loop, which reads and writes at the same time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Hashable
from typing import TYPE_CHECKING, Literal, cast

from orchestrator.connections.dialing import READ, connect_in_loop, wait_ready
from orchestrator.connections.errors import (
    ConnectError,
    LimitPassed,
    ProxyError,
    ReadError,
    RemoteProtocolError,
    StaleConnection,
    TransportError,
    WriteError,
)
from orchestrator.connections.idle import EXPIRY, IdleConnections
from orchestrator.connections.reader import ResponseReader
from orchestrator.connections.routes import (
    Route,
    check_tunnel,
    route_key,
    route_of,
    tunnel_bytes,
)
from orchestrator.connections.tls import ssl_context
from orchestrator.connections.writer import request_bytes
from orchestrator.http_messages import OutgoingRequest, ResponseHead

if TYPE_CHECKING:
    from orchestrator.connections.httpx_adapter import AsyncHttpxAnswer
    from orchestrator.connections.httpx_pools import AsyncHttpxPool

_A_DAY = 86_400.0

_MOST = 64 * 1024 * 1024
"""Bytes that may wait where the server cannot be made to."""

_FULL = 256 * 1024
"""Bytes of a body that wait for whoever reads it; then the server has to."""


class LoopConnection(asyncio.Protocol):
    """One connection; while it carries a request it is the answer that is open.

    Args:
        transport: Whose it is.
        route: Where it leads.
        loop: Which event loop it lives in.
    """

    __slots__ = (
        *("_ends_at", "_error", "_fileno", "_generation", "_is_paused", "_is_used", "_loop"),
        *("_reader", "_route", "_timer", "_transport", "_waiter", "_wire"),
    )

    def __init__(
        self, transport: LoopTransport, route: Route, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._transport, self._route, self._loop = transport, route, loop
        self._generation = transport.generation
        self._wire: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._error: TransportError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ends_at, self._fileno = 0.0, -1
        self._is_used = self._is_paused = False

    @property
    def head(self) -> ResponseHead:
        """The head of the answer, which is here."""
        if self._reader is None or self._reader.head is None:
            raise AssertionError("only known once the answer has begun")
        return self._reader.head

    async def begin(self, context: ssl.SSLContext | None) -> None:
        """Do what comes before the first request: the proxy's tunnel, and TLS.

        Raises:
            ConnectError: A proxy refused, or it is not whom we trust.
        """
        if self._route.is_tunnelled:
            self._reader = reader = ResponseReader()
            try:
                # Whoever dials has a limit; not infinite, which uvloop cannot count.
                ends_at = self._loop.time() + _A_DAY
                await self._exchange_head(tunnel_bytes(self._route), ends_at)
            except TransportError as error:
                raise ProxyError(f"the proxy passed nothing on ({error})") from None
            check_tunnel(reader)
            self._reader = None
        if self._wire is None:
            raise ConnectError("the connection was closed as soon as it was made")
        if context is not None:
            wire, host = self._wire, self._route.url.host
            try:
                secured = await self._loop.start_tls(wire, self, context, server_hostname=host)
            except OSError as error:
                raise ConnectError(str(error) or type(error).__name__) from None
            if secured is None:
                raise ConnectError("the connection was closed in the TLS handshake")
            self._wire = secured

    async def send(self, request: OutgoingRequest, ends_at: float) -> None:
        """Send ``request``, and wait for the head of its answer; see the one for threads."""
        self._reader = reader = ResponseReader(request.headers.get("accept-encoding", ""))
        try:
            # Under no name: they hold a key, and a trace of who was cancelled may show locals.
            await self._exchange_head(
                request_bytes(request, self._route.proxy_authorization), ends_at
            )
        except (ReadError, WriteError, RemoteProtocolError) as error:
            if self._is_used and not reader.has_bytes:
                raise StaleConnection("a kept connection turned out closed") from error
            raise

    async def read(self, seconds: float) -> bytes | None:
        """The next bytes of the body; ``None`` at its end.

        Raises:
            LimitPassed: The time is over.
            TransportError: The exchange broke.
            DecodingError: The body cannot be unpacked, or in no way that was asked for.
        """
        reader = self._reader
        if reader is None:
            raise AssertionError("only read while an answer is open")
        piece = reader.take()
        if not piece and piece is not None:
            ends_at = self._loop.time() + seconds
            while not (piece := reader.take()) and piece is not None:
                await self._wait(ends_at)
        if self._is_paused and self._wire is not None and reader.held < _FULL:
            self._is_paused = False
            self._wire.resume_reading()
        return piece

    async def aclose(self) -> None:
        """The answer is not read any further; where it is whole, the connection is kept."""
        reader, self._reader = self._reader, None
        wire, self._is_used = self._wire, True
        is_ours = self._generation == self._transport.generation
        whole = reader is not None and reader.is_reusable and self._error is None
        if whole and is_ours and wire is not None and not wire.get_write_buffer_size():
            if self._is_paused:
                self._is_paused = False
                wire.resume_reading()
            self._transport.keep(self._route.key, self)
        else:
            self.drop()
            await asyncio.sleep(0)  # the loop closes the socket in its next round

    def is_quiet(self) -> bool:
        """See :class:`.Kept`."""
        if self._wire is None or self._wire.is_closing() or self._error is not None:
            return False
        # What came since the loop looked last: a caller that held it up would meet a closed
        # connection, or take for its answer what was none.
        return not wait_ready(self._fileno, READ, 0.0)

    def drop(self) -> None:
        """See :class:`.Kept`."""
        wire, self._wire = self._wire, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wire is not None and not self._loop.is_closed():
            wire.abort()  # not closed: TLS would wait for the other side to say goodbye

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._wire = cast("asyncio.Transport", transport)
        self._fileno = self._wire.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        reader = self._reader
        if reader is None:  # nobody asked for this: it is no answer to the next request
            self.drop()
            return
        try:
            reader.feed(data)
        except TransportError as error:
            self._fail(error)
            return
        if reader.held > _FULL and not self._is_paused:
            self._hold_up(reader)
        self._wake()

    def eof_received(self) -> None:
        """See :class:`asyncio.Protocol`; the connection is closed then."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._end(exc)
        self._wire = None

    # Inside.

    def _end(self, exc: Exception | None) -> None:
        reader = self._reader
        if reader is None or self._error is not None or reader.is_complete:
            return
        if exc is not None:
            self._fail(ReadError(str(exc) or type(exc).__name__))
            return
        try:
            reader.end()
        except TransportError as error:
            self._fail(error)
        else:
            self._wake()

    def _hold_up(self, reader: ResponseReader) -> None:
        """Let the server wait for whoever reads."""
        if self._route.is_secure and not isinstance(self._loop, asyncio.BaseEventLoop):
            # uvloop 0.23 drops what its TLS holds where the end comes while reading is paused.
            if reader.held > _MOST:
                self._fail(RemoteProtocolError("more of an answer came than anybody reads"))
        elif self._wire is not None:
            self._is_paused = True
            self._wire.pause_reading()

    def _fail(self, error: TransportError) -> None:
        self._error = self._error or error
        self._wake()
        if self._wire is not None:
            self._wire.abort()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _exchange_head(self, data: bytes, ends_at: float) -> None:
        reader, wire = self._reader, self._wire
        if reader is None or wire is None:
            raise WriteError("the connection is closed")
        wire.write(data)
        del data  # see send
        while reader.head is None:
            await self._wait(ends_at)

    async def _wait(self, ends_at: float) -> None:
        """Wait until something came.

        Raises:
            LimitPassed: The time is over.
            TransportError: The connection broke.
        """
        if self._error is not None:
            raise self._error
        if self._wire is None:
            raise ReadError("the connection is closed")
        self._ends_at = ends_at
        # One timer a connection: it looks at the clock when it fires, and is set anew only
        # where it would fire too late. A stream moves its limit with each chunk.
        if self._timer is None or self._timer.when() > ends_at:
            self._set_timer()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._ends_at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._loop.time() < self._ends_at:
            self._set_timer()
        else:
            waiter.set_exception(LimitPassed())


class LoopTransport:
    """The connections of one event loop.

    Attributes:
        generation: Counts how often it was closed: older connections are not kept any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.generation = 0
        self._loop = loop
        self._routes: dict[Hashable, Route] = {}
        self._loaded: set[str | Literal[False]] = set()
        self._pools: dict[Hashable, AsyncHttpxPool] = {}
        self._idle: IdleConnections[LoopConnection] = IdleConnections(loop.time)
        self._sweeping: asyncio.TimerHandle | None = None

    async def open(
        self, request: OutgoingRequest, seconds: float, connect: float
    ) -> LoopConnection | AsyncHttpxAnswer:
        """Send ``request``; see the one for threads."""
        now = self._loop.time()
        key = route_key(request)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = route_of(request, key)
        if route.uses_httpx:
            pool = await self._pool(route)
            return await pool.open(request, now + seconds - self._loop.time(), connect)
        connection = None if request.is_resent else self._idle.take(key)
        try:
            if connection is None:
                connection = await self._dial(route, min(connect, seconds))
            await connection.send(request, now + seconds)
        except BaseException as error:
            if connection is not None:
                connection.drop()
            if isinstance(error, StaleConnection):
                self._idle.drop(key)
            raise
        return connection

    def keep(self, key: Hashable, connection: LoopConnection) -> None:
        """``connection`` has done its work and may do more."""
        self._idle.keep(key, connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(EXPIRY, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has asked for lately, also where nothing is asked any more."""
        self._sweeping = self._loop.call_later(EXPIRY, self._sweep) if self._idle.sweep() else None

    async def aclose(self) -> None:
        """Close the connections that nobody uses; calls that run come to their end."""
        self.generation += 1
        self._idle.drop()
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            await pool.aclose()

    async def _pool(self, route: Route) -> AsyncHttpxPool:
        pool = self._pools.get(route.key)
        if pool is None:
            # Beside the loop: to load httpx takes 0.2 s (2026-11), and a bundle 20 to 70 ms.
            made = await asyncio.to_thread(_new_pool, route)
            pool = self._pools.setdefault(route.key, made)  # another task may have been quicker
        return pool

    async def _dial(self, route: Route, seconds: float) -> LoopConnection:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self._connect(route)
        except TimeoutError as error:
            if limit.expired():
                raise LimitPassed(connect=True) from None
            raise ConnectError(str(error) or "timed out") from None

    async def _context(self, verify: str | Literal[False]) -> ssl.SSLContext:
        if verify in self._loaded:
            return ssl_context(verify)
        # Beside the loop, which it would hold for 20 to 70 ms.
        context = await asyncio.to_thread(ssl_context, verify)
        self._loaded.add(verify)
        return context

    async def _connect_wire(self, made: LoopConnection, host: str, port: int) -> None:
        try:
            sock = await connect_in_loop(host, port, self._loop)
        except NotImplementedError:  # such a loop tries one address after the other
            await self._loop.create_connection(lambda: made, host, port)
            return
        try:
            await self._loop.create_connection(lambda: made, sock=sock)
        except BaseException:
            sock.close()
            raise

    async def _connect(self, route: Route) -> LoopConnection:
        context = await self._context(route.options.verify) if route.is_secure else None
        host, port = route.place
        made = LoopConnection(self, route, self._loop)
        try:
            await self._connect_wire(made, host, port)
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            raise ConnectError(str(error)) from None
        try:
            await made.begin(context)
        except BaseException:
            made.drop()
            raise
        return made


def _new_pool(route: Route) -> AsyncHttpxPool:
    from orchestrator.connections.httpx_pools import AsyncHttpxPool

    return AsyncHttpxPool(route)
