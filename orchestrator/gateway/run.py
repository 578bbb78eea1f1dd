"""From a config to a gateway that listens, in a process of its own: what ``serve`` does."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import os
import socket
from collections.abc import Callable, Sequence

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError
from orchestrator.gateway.config_reload import NO_KEYS
from orchestrator.gateway.handover import Handover
from orchestrator.gateway.lifecycle import living, take_part
from orchestrator.gateway.server import GatewayServer, listen
from orchestrator.gateway.state import Gateway


@attrs.frozen
class ServeOptions:
    """How to serve.

    Attributes:
        host: The name or address to bind to.
        port: The port; 0 is one that is free.
        watch: Whether a changed config is taken without a signal.
    """

    host: str = "127.0.0.1"
    port: int = 8400
    watch: bool = False


_YOUNG = 20_000
"""Objects between two looks of the garbage collector, which begins with 700: a look at so many
takes a millisecond (2026-11)."""


def run_gateway(
    config: Config,
    options: ServeOptions,
    say: Callable[[str], None],
    handover: Handover | None = None,
) -> None:
    """Serve until the process is told to stop.

    Args:
        config: What was read.
        options: How.
        say: Told where it serves, once it does.
        handover: From the process before it.

    Raises:
        ConfigError: Others could reach it, and there are no keys.
        OSError: It cannot listen there.
    """
    is_loopback = only_this_machine(options.host)
    if not is_loopback and config.gateway.keys is None:
        raise ConfigError(str(config.path), [NO_KEYS])
    gateway = Gateway.over(Orchestrator(config), "", is_loopback=is_loopback)
    sockets = listen(options.host, options.port) if handover is None else handover.listeners
    server = GatewayServer(gateway, sockets, watch=options.watch)
    with (
        living(gateway, server, sockets),
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(_serve(gateway, server, sockets, handover, say))


def only_this_machine(host: str) -> bool:
    """Whether whoever binds to ``host`` is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


async def _serve(
    gateway: Gateway,
    server: GatewayServer,
    sockets: Sequence[socket.socket],
    handover: Handover | None,
    say: Callable[[str], None],
) -> None:
    await server.start()
    # What is loaded stays: the collector need not look at it again. Calls leave no circles, so
    # that it has little to find, and looks less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
    await take_part(handover, gateway, server)
    for one in sockets:
        host, port = one.getsockname()[:2]
        # A blank behind the address, also in JSON: programs look for it up to there.
        where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        say(f"ready on {where} (process {os.getpid()})")
    await server.serve()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # it is not made for every system
        return asyncio.new_event_loop
    return uvloop.new_event_loop
