"""A gateway on a real socket, in a thread of this process, over providers of the test's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Self

import attrs
import httpx

from orchestrator import Orchestrator
from orchestrator.gateway.server import GatewayServer, listen
from orchestrator.gateway.state import Gateway
from orchestrator.sim import ScriptedProviders
from orchestrator.sim.script import AnyScript
from tests.waiting import AMPLE


class ServedGateway:
    """A context manager: the gateway of ``config``, served by one thread.

    Attributes:
        gateway: What is served, once it is open; in ``loop``.
        url: Where.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._sockets = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result()
        return self

    def __exit__(self, *ended: object) -> None:
        loop, stop = self._ready.result()
        loop.call_soon_threadsafe(stop.set)
        self._thread.join()

    def client(self, **options: Any) -> httpx.Client:
        """A client of this gateway."""
        return httpx.Client(base_url=self.url, timeout=AMPLE, trust_env=False, **options)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    async def _main(self) -> None:
        stop = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.gateway = Gateway.over(Orchestrator.from_dict(self._config), "test")
        server = GatewayServer(self.gateway, self._sockets)
        await server.start()
        self._ready.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        await server.drain()


@attrs.frozen
class Served:
    """A gateway over scripted providers."""

    providers: ScriptedProviders
    server: ServedGateway
    client: httpx.Client


@contextmanager
def gateway_over(
    scripts: Mapping[str, AnyScript],
    *,
    spoken: Mapping[str, str] | None = None,
    routes: Mapping[str, list[str]] | None = None,
    **tables: Any,
) -> Iterator[Served]:
    """A gateway whose default route asks each of the scripted providers for the model ``m``.

    Args:
        scripts: What each provider answers.
        spoken: Their dialects; chat completions by default.
        routes: In place of that route.
        tables: Further tables of the config.
    """
    with ScriptedProviders(scripts) as providers:
        entries = {
            name: {
                "base_url": providers.url(name),
                "dialect": (spoken or {}).get(name, "openai-chat"),
                "credentials": [f"canary.{name}.1.Q7x"],
            }
            for name in scripts
        }
        config = {
            "health": "memory",
            "gateway": {"drain": "1s"},
            "routes": routes or {"default": [f"{name}/m" for name in scripts]},
            "providers": entries,
            **tables,
        }
        with ServedGateway(config) as server, server.client() as client:
            yield Served(providers, server, client)
