"""The process around the gateway: it listens, serves, reads its config anew, and ends without loss.

uvicorn's protocol serves the connections; sockets, signals and the end are the gateway's own,
since a restart hands the listening socket on, and nothing of what was asked may be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine, Sequence
from email.utils import formatdate
from typing import Any

from uvicorn.config import Config as ServerConfig

from orchestrator.dialects import DEFAULT_DIALECT
from orchestrator.gateway.app import GatewayApp
from orchestrator.gateway.balance_watch import BalanceWatch
from orchestrator.gateway.config_reload import reload
from orchestrator.gateway.control import Control
from orchestrator.gateway.handover import take_hangups
from orchestrator.gateway.notify import Notifier
from orchestrator.gateway.protocol import Connections, GatewayProtocol, Limits
from orchestrator.gateway.state import Gateway
from orchestrator.serving.refusals import RequestRefused
from orchestrator.serving.respond import refused
from orchestrator.states import Reason

_log = logging.getLogger("orchestrator")

BACKLOG = 2048
"""Connections that wait to be accepted; the kernel may hold fewer (net.core.somaxconn)."""

_TURNS = 4
"""Of the loop, from accepting a connection to its protocol (asyncio and uvloop, 2026-11)."""

_COLLECT_EVERY = 30
"""Seconds from one look of the garbage collector at everything to the next: by itself it looks so
seldom that a process which meets many failures grows for minutes."""

_TELL_EVERY = 5.0
"""Seconds from one word to the next on what is left, while it drains."""

_RETRY = 5.0
"""Seconds from one try to take a config that was refused to the next, while it is watched."""

_GRACE = 5.0
"""Seconds that calls take at most to end, once they were cut."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at every address of ``host``.

    Raises:
        OSError: It has none, or the port is in use.
    """
    # As an address has it in a URL, too.
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = opened.enter_context(socket.socket(family, kind, protocol))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Of port 0 the first socket says which port all of them take.
            taken = sockets[0].getsockname()[1] if sockets else address[1]
            one.bind((address[0], taken, *address[2:]))
            one.listen(BACKLOG)
            one.setblocking(False)
            sockets.append(one)
        opened.pop_all()
    return sockets


class GatewayServer:
    """Serves ``gateway`` at ``sockets`` until it is told to stop.

    Attributes:
        control: Answers requests of the gateway's own user; set before :meth:`start`.
        notifier: Tells systemd.
        balance_watch: Asks vendors how much money is left.

    Args:
        gateway: What is served.
        sockets: They listen already.
        watch: Whether a changed config is taken without a signal.
        limits: Of each connection.
    """

    def __init__(
        self,
        gateway: Gateway,
        sockets: Sequence[socket.socket],
        *,
        watch: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._gateway = gateway
        self._sockets = tuple(sockets)
        self._connections = Connections(limits or Limits(), _refusal)
        self._servers: list[asyncio.Server] = []
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        self._watches = watch
        self._watched: tuple[int, int, int] | None = None
        self._refusal, self._retry_at = "", 0.0
        self._reloads = asyncio.Lock()
        self._background: set[asyncio.Task[object]] = set()
        self.balance_watch = BalanceWatch(gateway)
        self._ticks = 0
        self._draining: asyncio.Task[int] | None = None
        self.control: Control | None = None
        self.notifier = Notifier.from_environ()

    async def start(self) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        config = ServerConfig(
            GatewayApp(self._gateway, self.control),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        config.load()
        if self._gateway.auditor is not None:
            self._gateway.auditor.start()
        self._watched = self._stamp()
        self._tick(loop)
        for one in self._sockets:
            server = await loop.create_server(
                lambda: GatewayProtocol(config, self._connections, loop), sock=one, backlog=BACKLOG
            )
            self._servers.append(server)

    async def serve(self) -> None:
        """Serve until the process is told to stop; then let what is under way come to its end."""
        loop = asyncio.get_running_loop()
        handlers = {"SIGTERM": self.stop, "SIGINT": self.stop, "SIGHUP": self.reload}
        for name, handler in handlers.items():
            number = getattr(signal, name, None)  # not every system has each
            if number is not None and sys.platform != "win32":  # whose loops know none
                loop.add_signal_handler(number, handler)
        take_hangups()
        self._spawn(self.notifier.keep_alive())
        await self._stop.wait()
        self.notifier.stopping()
        await self.drain()
        if self.control is not None:  # who asked for a restart is told of its end
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GRACE):
                    await self.control.finished()
        await self.close()

    def stop(self) -> None:
        """Begin to stop; told so once more, wait for nothing."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def reload(self) -> None:
        """Take the config as its file is now."""
        self._spawn(self._reload())

    async def _reload(self) -> None:
        self.notifier.reloading()
        words = "serving"
        try:
            async with self._reloads:
                self._refusal = await reload(self._gateway)
            if self._refusal:
                words += "; the config was changed and refused: the one before holds"
        finally:
            self._retry_at = time.monotonic() + _RETRY
            self.notifier.ready(words)

    async def _retry(self) -> None:
        """Try once more what was refused: a file that it names may have come, or been mended."""
        async with self._reloads:
            if self._refusal:
                self._refusal = await reload(self._gateway, known=self._refusal)
                if not self._refusal:
                    self.notifier.ready("serving")

    @property
    def streams(self) -> int:
        """Calls whose answer has begun and is still being written."""
        return self._connections.streams

    async def drain(self) -> int:
        """Stop accepting, and let what is under way come to its end; the calls left at the limit.

        Whoever calls it again waits for the same end.
        """
        if self._draining is None:
            self._draining = asyncio.ensure_future(self._drain())
        return await asyncio.shield(self._draining)

    async def _drain(self) -> int:
        await self.begin_drain()
        gateway, connections = self._gateway, self._connections
        limit = gateway.settings.drain
        under_way = _calls(gateway.in_flight, "is", "are")
        said = "stopping: %s under way, cut after %g s, or by a second signal to stop"
        _log.info(said, under_way, limit)
        ends = [asyncio.ensure_future(each.wait()) for each in (connections.is_empty, self._hurry)]
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + limit
        while (left := ends_at - loop.time()) > 0:
            pace = min(left, _TELL_EVERY)
            if (await asyncio.wait(ends, timeout=pace, return_when=asyncio.FIRST_COMPLETED))[0]:
                break
            under_way, seconds = _calls(gateway.in_flight, "is", "are"), ends_at - loop.time()
            _log.info("stopping: %s left, cut in %.0f s", under_way, max(0.0, seconds))
        for each in ends:
            each.cancel()
        if gateway.in_flight:
            cut = _calls(gateway.in_flight, "was", "were")
            _log.warning("stopping: %s cut, which had not ended", cut)
        return gateway.in_flight

    async def close(self) -> None:
        """End what is left."""
        await self.balance_watch.close()
        connections = self._connections
        connections.abort()
        if connections.tasks:
            await asyncio.wait(connections.tasks, timeout=_GRACE)
        if self._gateway.auditor is not None:
            await asyncio.to_thread(self._gateway.auditor.stop)
        if self._gateway.keys is not None:  # which may hold tokens that are not in their file yet
            self._gateway.keys.limits.close()
        await self._gateway.orchestrator.aclose()

    async def begin_drain(self) -> None:
        """Accept nothing any more; what is under way goes on, and who was accepted is served."""
        if self._gateway.is_draining:
            return
        self._gateway.is_draining = True
        self._gateway.feed.close()
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            # Closed at once, asyncio would leave open whom it has accepted and not yet served.
            with contextlib.suppress(NotImplementedError, RuntimeError):  # uvloop serves them
                loop.remove_reader(one.fileno())
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()
        self._connections.drain()

    # Inside.

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """What is due every second."""
        date = formatdate(time.time(), usegmt=True).encode()
        self._connections.default_headers = [(b"date", date)]
        if self._watches and (stamp := self._stamp()) not in (self._watched, None):
            self._watched = stamp
            self.reload()
        elif self._watches and self._refusal and time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + _RETRY
            self._spawn(self._retry())
        if (keys := self._gateway.keys) is not None:
            keys.ring.look()
        # From the first tick on, beside whatever else begins: to be ready waits for no vendor.
        self.balance_watch.look()
        self._ticks += 1
        if self._ticks % _COLLECT_EVERY == 0:
            # Failed calls leave circles (an error knows its frames), and those hold requests.
            gc.collect()
        loop.call_later(1.0, self._tick, loop)

    def _stamp(self) -> tuple[int, int, int] | None:
        """What tells one state of the config's file from another; ``None`` where it is gone."""
        try:
            found = os.stat(self._gateway.config.path)  # noqa: PTH116 - the path may be a name
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _calls(number: int, one: str, several: str) -> str:
    """``1 call is``, ``3 calls are``."""
    return f"1 call {one}" if number == 1 else f"{number:,} calls {several}"


def _refusal(status: int, words: str) -> tuple[str, bytes]:
    """The answer to what is no request: no path names a dialect in which to say so."""
    reply = refused(RequestRefused(status, Reason.BAD_REQUEST.value, words), DEFAULT_DIALECT)
    return reply.headers["content-type"], reply.body if isinstance(reply.body, bytes) else b""
