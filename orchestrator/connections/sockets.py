"""Connections for threads: plain sockets, and no lock that an interrupt could leave taken."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
import weakref
from collections.abc import Hashable
from typing import TYPE_CHECKING

from orchestrator.connections import dialing
from orchestrator.connections.dialing import BLOCKED, READ, WRITE, wait
from orchestrator.connections.errors import (
    LimitPassed,
    ProxyError,
    ReadError,
    RemoteProtocolError,
    StaleConnection,
    TransportError,
    WriteError,
)
from orchestrator.connections.idle import IdleConnections
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
    from orchestrator.connections.httpx_adapter import HttpxAnswer
    from orchestrator.connections.httpx_pools import HttpxPool

_PIECE = 64 * 1024
"""Bytes that are read, or written, at a time."""


class SocketConnection:
    """One connection; while it carries a request it is the answer that is open.

    Args:
        transport: Whose it is.
        route: Where it leads.
        sock: Connected, and never blocking.

    Attributes:
        generation: Of the transport when it was made.
    """

    __slots__ = (
        *("_is_cut", "_is_used", "_reader", "_route", "_sock", "_transport", "generation"),
        "__weakref__",
    )

    def __init__(self, transport: SocketTransport, route: Route, sock: socket.socket) -> None:
        self._transport, self._route, self._sock = transport, route, sock
        self.generation = transport.generation
        self._reader = ResponseReader()
        self._is_used = self._is_cut = False

    @property
    def head(self) -> ResponseHead:
        """The head of the answer, which is here."""
        if self._reader.head is None:
            raise AssertionError("only known once the answer has begun")
        return self._reader.head

    def begin(self, context: ssl.SSLContext | None, ends_at: float) -> None:
        """Do what comes before the first request: the proxy's tunnel, and TLS.

        Raises:
            LimitPassed: The time is over.
            ConnectError: A proxy refused, or it is not whom we trust.
        """
        if self._route.is_tunnelled:
            try:
                self._write(tunnel_bytes(self._route), ends_at)
                while self._reader.head is None:
                    self._receive(ends_at)
            except LimitPassed:
                raise LimitPassed(connect=True) from None
            except TransportError as error:
                raise ProxyError(f"the proxy passed nothing on ({error})") from None
            check_tunnel(self._reader)
        if context is not None:
            self._sock = dialing.secure(self._sock, self._route.url.host, context, ends_at)

    def send(self, request: OutgoingRequest, ends_at: float) -> None:
        """Send ``request``, and wait for the head of its answer.

        Raises:
            LimitPassed: The time is over.
            TransportError: The exchange broke.
        """
        self._reader = reader = ResponseReader(request.headers.get("accept-encoding", ""))
        try:
            # Under no name: they hold a key, and a trace that an interrupt leaves may show locals.
            self._write(request_bytes(request, self._route.proxy_authorization), ends_at)
            while reader.head is None:
                self._receive(ends_at)
        except (ReadError, WriteError, RemoteProtocolError) as error:
            if self._is_used and not reader.has_bytes:
                raise StaleConnection("a kept connection turned out closed") from error
            raise

    def read(self, seconds: float) -> bytes | None:
        """The next bytes of the body; ``None`` at its end.

        Raises:
            LimitPassed: The time is over.
            TransportError: The exchange broke.
            DecodingError: The body cannot be unpacked, or in no way that was asked for.
        """
        piece = self._reader.take()
        if piece or piece is None:
            return piece
        ends_at = time.monotonic() + seconds
        while not (piece := self._reader.take()):
            if piece is None:
                return None
            self._receive(ends_at)
        return piece

    def close(self) -> None:
        """The answer is not read any further; where it is whole, the connection is kept."""
        reader, is_cut = self._reader, self._is_cut
        # Cut until the next request is written: closed twice, it would be kept twice.
        self._is_used = self._is_cut = True
        if reader.is_reusable and not is_cut:
            self._is_cut = False
            self._reader = ResponseReader()
            self._transport.keep(self._route.key, self)
        else:
            self.drop()

    def is_quiet(self) -> bool:
        """See :class:`.Kept`."""
        fileno = self._sock.fileno()
        return fileno >= 0 and not dialing.wait_ready(fileno, READ, 0.0)

    def drop(self) -> None:
        """See :class:`.Kept`."""
        with contextlib.suppress(OSError):
            self._sock.close()

    # Inside.

    def _write(self, data: bytes, ends_at: float) -> None:
        view, sent = memoryview(data), 0
        del data  # see send
        while sent < len(view):
            try:
                sent += self._sock.send(view[sent : sent + _PIECE])
                continue
            except ssl.SSLWantReadError:  # it is writable, and would be asked again at once
                ready = wait(self._sock.fileno(), READ, ends_at)
            except BLOCKED:
                ready = wait(self._sock.fileno(), READ | WRITE, ends_at)
            except OSError as error:
                # Who answers before all was read may close, and what it said is still here.
                self._read_last_words()
                if self._reader.head is None:
                    raise WriteError(str(error)) from None
                self._is_cut = True
                return
            if ready & READ:
                self._receive_now()
                if self._reader.head is not None:  # an early answer: the rest is for nobody
                    self._is_cut = True
                    return

    def _receive(self, ends_at: float) -> None:
        """Wait for bytes, and read them."""
        sock = self._sock
        if not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            wait(sock.fileno(), READ, ends_at)
        self._receive_now()

    def _receive_now(self) -> None:
        try:
            data = self._sock.recv(_PIECE)
        except BLOCKED:  # of TLS, something came that is no data
            return
        except OSError as error:
            raise ReadError(str(error)) from None
        if data:
            self._reader.feed(data)
        else:
            self._reader.end()

    def _read_last_words(self) -> None:
        with contextlib.suppress(OSError, ReadError, RemoteProtocolError):
            while self._reader.head is None and dialing.wait_ready(self._sock.fileno(), READ, 0.0):
                self._receive_now()


class SocketTransport:
    """The connections of all threads of one orchestrator.

    Attributes:
        generation: Counts how often it was closed: older connections are not kept any more.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._begin()

    def open(
        self, request: OutgoingRequest, seconds: float, connect: float
    ) -> SocketConnection | HttpxAnswer:
        """Send ``request``; gives the connection once the head of the answer is here.

        Args:
            request: What to send.
            seconds: How long all of it may take.
            connect: How long a new connection may take.

        Raises:
            LimitPassed: The time is over.
            TransportError: The exchange broke.
            UnusableCertificates, UnusableProxy: The environment names what cannot be used.
        """
        if self._process != os.getpid():
            self._leave_parent_behind()
        now = time.monotonic()
        key = route_key(request)
        route = self._routes.get(key)
        if route is None:
            # As httpx does, the environment is read once for each origin of a transport.
            route = self._routes[key] = route_of(request, key)
        if route.uses_httpx:
            return self._open_by_httpx(route, request, seconds, connect)
        connection = None if request.is_resent else self._idle.take(key)
        try:
            if connection is None:
                connection = self._dial(route, now + min(connect, seconds))
            connection.send(request, now + seconds)
        except BaseException as error:
            if connection is not None:
                connection.drop()
            if isinstance(error, StaleConnection):
                # What one has met awaits its neighbours: the server was restarted, or a
                # middlebox forgot them all.
                self._idle.drop(key)
            raise
        return connection

    def keep(self, key: Hashable, connection: SocketConnection) -> None:
        """``connection`` has done its work and may do more."""
        if connection.generation == self.generation:
            self._idle.keep(key, connection)
            if connection.generation != self.generation:  # closed meanwhile, by another thread
                self._idle.drop(key)
        else:
            connection.drop()

    def close(self) -> None:
        """Close the connections that nobody uses; calls that run come to their end."""
        if self._process != os.getpid():
            self._leave_parent_behind()
        self.generation += 1
        self._idle.drop()
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            pool.close()

    def _dial(self, route: Route, ends_at: float) -> SocketConnection:
        # Looked for first: who cannot be trusted need not be asked.
        context = ssl_context(route.options.verify) if route.is_secure else None
        connection = SocketConnection(self, route, dialing.connect(*route.place, ends_at))
        self._remember(connection)
        try:
            connection.begin(context, ends_at)
        except BaseException:
            connection.drop()
            raise
        return connection

    def _remember(self, connection: SocketConnection) -> None:
        # Now and then those that are gone are let go of. One by one: a list put in the place of
        # this one would lack what another thread adds meanwhile.
        if not len(self._open) % 64:
            for gone in [each for each in self._open if each() is None]:
                with contextlib.suppress(ValueError):
                    self._open.remove(gone)
        self._open.append(weakref.ref(connection))

    def _open_by_httpx(
        self, route: Route, request: OutgoingRequest, seconds: float, connect: float
    ) -> HttpxAnswer:
        from orchestrator.connections.httpx_pools import HttpxPool

        pool = self._pools.get(route.key)
        if pool is None:
            pool = self._pools.setdefault(route.key, HttpxPool(route))
        try:
            return pool.open(request, seconds, connect)
        except Exception:
            raise
        except BaseException:
            # Interrupted in httpcore, its lock may stay taken: nobody may wait for it.
            self._pools.pop(route.key, None)
            pool.close()
            raise

    def _begin(self) -> None:
        self._routes: dict[Hashable, Route] = {}
        self._pools: dict[Hashable, HttpxPool] = {}
        self._idle: IdleConnections[SocketConnection] = IdleConnections(time.monotonic)
        # For a forked child. Not a WeakSet: an interrupt in its callback would be lost.
        self._open: list[weakref.ref[SocketConnection]] = []
        # Last: who sees it, in another thread or a signal handler, must find no parent's any more.
        self._process = os.getpid()

    def _leave_parent_behind(self) -> None:
        """Let go of a parent's connections in its forked child: its own ends stay open."""
        parents, pools = [each() for each in self._open], list(self._pools.values())
        self._begin()
        for connection in parents:
            if connection is not None:
                connection.drop()
        for pool in pools:
            pool.drop()
