"""The process around the gateway: it listens, serves, reads its config anew, and ends without loss.

uvicorn's protocol serves the connections; sockets, signals and the end are the gateway's own,
since a restart hands the listening socket on, and nothing of what was asked may be lost.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Sequence
from email.utils import formatdate

from uvicorn.config import Config as ServerConfig

from orchestrator.dialects import DEFAULT_DIALECT
from orchestrator.gateway.app import GatewayApp
from orchestrator.gateway.protocol import Connections, GatewayProtocol, Limits
from orchestrator.gateway.state import Gateway
from orchestrator.serving.http_errors import RequestRefused
from orchestrator.serving.respond import refused

_log = logging.getLogger("orchestrator")

BACKLOG = 2048
"""Connections that wait to be accepted; the kernel may hold fewer (net.core.somaxconn)."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at every address of ``host``.

    Raises:
        OSError: It has none, or the port is in use.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # The first one of "port 0" says which port all of them take.
            taken = sockets[0].getsockname()[1] if len(sockets) > 1 else address[1]
            one.bind((address[0], taken, *address[2:]))
            one.listen(BACKLOG)
            one.setblocking(False)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


class GatewayServer:
    """Serves ``gateway`` at ``sockets`` until it is told to stop.

    Args:
        gateway: What is served.
        sockets: They listen already.
        limits: Of each connection.
    """

    def __init__(
        self, gateway: Gateway, sockets: Sequence[socket.socket], limits: Limits | None = None
    ) -> None:
        self._gateway = gateway
        self._sockets = list(sockets)
        self._connections = Connections(limits or Limits(), _refusal)
        self._servers: list[asyncio.Server] = []
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def start(self) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        config = ServerConfig(
            GatewayApp(self._gateway), lifespan="off", ws="none", log_config=None, access_log=False
        )
        config.load()
        self._tick(loop)
        for one in self._sockets:
            server = await loop.create_server(
                lambda: GatewayProtocol(config, self._connections, loop), sock=one, backlog=BACKLOG
            )
            self._servers.append(server)

    async def serve(self) -> None:
        """Serve until the process is told to stop; then let what is under way come to its end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        await self._stop.wait()
        await self.drain()

    def stop(self) -> None:
        """Begin to stop; once more, and nothing is waited for."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def drain(self) -> None:
        """Stop accepting, and end when all that is under way has, or its time is over."""
        self._gateway.is_draining = True
        for server in self._servers:
            server.close()
        self._connections.drain()
        ends_at = time.monotonic() + self._gateway.settings.drain
        while self._connections.connections and time.monotonic() < ends_at:
            if self._hurry.is_set():
                break
            await asyncio.sleep(0.05)
        if left := len(self._connections.connections):
            _log.warning("%d connections were cut: they did not end in time", left)
        self._connections.abort()
        tasks = list(self._connections.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)
        await self._gateway.orchestrator.aclose()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """What is due every second."""
        date = formatdate(time.time(), usegmt=True).encode()
        self._connections.default_headers = [(b"date", date)]
        self._timer = loop.call_later(1.0, self._tick, loop)


def _refusal(status: int, words: str) -> tuple[str, bytes]:
    """The answer to what is no request, for which there is no path that names a dialect."""
    reply = refused(RequestRefused(words, status=status, reason="bad_request"), DEFAULT_DIALECT)
    body = reply.body
    return reply.headers["content-type"], body if isinstance(body, bytes) else b""
