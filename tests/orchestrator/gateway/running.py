"""A gateway on a thread of its own, on a real socket, over providers on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import attrs
import httpx

from orchestrator import Orchestrator, sim
from orchestrator.clock import Clock, SystemClock
from orchestrator.config.loading import from_mapping
from orchestrator.gateway.protocol import Limits
from orchestrator.gateway.server import GatewayServer, listen
from orchestrator.gateway.state import Gateway
from tests.waiting import AMPLE

HI: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
CHAT = "/v1/chat/completions"


@attrs.frozen
class ServedGateway:
    """A gateway that serves.

    Attributes:
        url: Where.
        gateway: What it shares between requests; touch it by :meth:`call` only.
        server: The process around it, in this one.
        loop: Of its thread.
    """

    url: str
    gateway: Gateway
    server: GatewayServer
    loop: asyncio.AbstractEventLoop

    @property
    def port(self) -> int:
        """Where it listens on the loopback interface."""
        return int(self.url.rpartition(":")[2])

    def call(self, work: Any) -> Any:
        """The result of a coroutine, run on its loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(AMPLE)

    def client(self, **options: Any) -> httpx.Client:
        """A client that takes no proxy from the environment."""
        # To read the authorities that it trusts takes 30 ms, and there is no TLS here.
        made = {"trust_env": False, "verify": False, "timeout": AMPLE, **options}
        return httpx.Client(base_url=self.url, **made)

    def post(self, path: str = CHAT, json: Any = HI, **options: Any) -> httpx.Response:
        """One request of its own."""
        with self.client() as client:
            return client.post(path, json=json, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """The same without a body."""
        with self.client() as client:
            return client.get(path, **options)


def config(providers: sim.ScriptedProviders, names: Iterable[str], **tables: Any) -> dict[str, Any]:
    """A config with a provider a script, and all of them on the default route."""
    names = list(names)
    entry = {"credentials": ["made-up-key-0123456789"], "proxy": ""}
    return {
        "health": "memory",
        "providers": {name: {**entry, "base_url": providers.url(name)} for name in names},
        "routes": {"default": [f"{name}/m" for name in names]},
        **tables,
    }


@attrs.frozen
class Running(ServedGateway):
    """The same over scripted providers.

    Attributes:
        providers: Whom it asks.
    """

    providers: sim.ScriptedProviders


@contextlib.contextmanager
def running_over(
    said: Mapping[str, Any],
    *,
    limits: Limits | None = None,
    is_loopback: bool = True,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    source: Path | None = None,
    clock: Clock | None = None,
    is_audited: bool = False,
) -> Iterator[ServedGateway]:
    """A gateway of the config ``said``, until the block ends.

    Args:
        said: The config, as it is written.
        limits: Of each connection.
        is_loopback: Whether it takes only this machine to reach it.
        loop_factory: Makes the loop of its thread.
        source: The file that the config is said to come from, which is read anew.
        clock: Of marks, waits and questions; the machine's own unless given.
        is_audited: Whether calls are audited as they end.
    """
    made = from_mapping(said, {})
    used = attrs.evolve(made, path=source) if source else made
    orchestrator = Orchestrator(used, clock=clock or SystemClock())
    gateway = Gateway.over(orchestrator, "instance-of-a-test", is_loopback=is_loopback)
    gateway.clock = clock or gateway.clock
    if is_audited:
        gateway.audit()
    sockets = listen("127.0.0.1", 0)
    server = GatewayServer(gateway, sockets, limits=limits)
    started: Future[asyncio.AbstractEventLoop] = Future()
    stop = threading.Event()

    async def main() -> None:
        await server.start()
        started.set_result(asyncio.get_running_loop())
        await asyncio.to_thread(stop.wait)
        await server.drain()
        await server.close()

    def serve() -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main())

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        yield ServedGateway(url, gateway, server, started.result(AMPLE))
    finally:
        stop.set()
        thread.join(AMPLE)
        assert not thread.is_alive()


@contextlib.contextmanager
def running(
    scripts: Mapping[str, Any] | None = None,
    *,
    limits: Limits | None = None,
    is_loopback: bool = True,
    dialects: Mapping[str, str] | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    source: Path | None = None,
    is_audited: bool = False,
    **tables: Any,
) -> Iterator[Running]:
    """A gateway over ``scripts``; see :func:`running_over` for what is not said here.

    Args:
        scripts: What each provider answers, in the order of the default route.
        limits: See there.
        is_loopback: See there.
        dialects: What providers speak, where that is not the default.
        loop_factory: See there.
        source: See there.
        is_audited: See there.
        tables: Of the config, besides providers and routes, or in place of them.
    """
    scripts = scripts or {"up": sim.replies.ok("hello")}
    with sim.ScriptedProviders(scripts) as providers:
        said = config(providers, scripts, **tables)
        for name, spoken in (dialects or {}).items():
            said["providers"][name]["dialect"] = spoken
        with running_over(
            said,
            limits=limits,
            is_loopback=is_loopback,
            loop_factory=loop_factory,
            source=source,
            is_audited=is_audited,
        ) as one:
            yield Running(one.url, one.gateway, one.server, one.loop, providers)
