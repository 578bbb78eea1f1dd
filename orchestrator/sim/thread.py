"""Scripted providers in a thread of this process."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Self

from orchestrator.sim.book import Book
from orchestrator.sim.received import Received
from orchestrator.sim.script import AnyScript
from orchestrator.sim.server import Server


class ScriptedProviders:
    """A context manager: the providers of ``scripts``, served by one thread.

    The methods may be called from any thread while it is open.

    Args:
        scripts: What each provider answers, by its name.
        ssl_context: Serve TLS with this context, and give ``https`` URLs.

    Raises:
        ScriptError: A name cannot be a part of a URL, or is unknown.
        OSError: No port could be had.
    """

    def __init__(
        self, scripts: Mapping[str, AnyScript], *, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._book = Book(scripts)
        self._server = Server(self._book)
        self._context = ssl_context
        self._thread = threading.Thread(target=self._run, name="scripted-providers", daemon=True)
        self._ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result()
        return self

    def __exit__(self, *ended: object) -> None:
        _, loop, stop = self._ready.result()
        loop.call_soon_threadsafe(stop.set)
        self._thread.join()

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return self._server.connections

    def url(self, name: str) -> str:
        """The base URL of this provider."""
        self._book.check(name)
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://127.0.0.1:{self._ready.result()[0]}/{name}/v1"

    def received(self, name: str) -> tuple[Received, ...]:
        """The requests that this provider really received, in order."""
        return self._book.received(name)

    def set(self, name: str, script: AnyScript) -> None:
        """Answer by ``script`` from now on, from its beginning."""
        self._book.set(name, script)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop = asyncio.Event()
        try:
            port = await self._server.start(context=self._context)
        except OSError as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result((port, asyncio.get_running_loop(), stop))
        await stop.wait()
        await self._server.stop()
