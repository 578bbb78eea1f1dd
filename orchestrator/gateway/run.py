"""From a config to a gateway that listens, in a process of its own: what ``serve`` does."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import socket
from collections.abc import Callable, Sequence

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.config.config import Config
from orchestrator.gateway.browser_guard import is_this_machine
from orchestrator.gateway.handover import Handover
from orchestrator.gateway.instance import host_and_port
from orchestrator.gateway.lifecycle import announce_ready, registered
from orchestrator.gateway.server import GatewayServer, listen
from orchestrator.gateway.state import Gateway
from orchestrator.gateway.trace_export import has_sampler, traces_exported


@attrs.frozen
class ServeOptions:
    """How to serve.

    Attributes:
        host: The name or address to bind to.
        port: The port; 0 is one that is free.
        watch: Whether a changed config is taken without a signal.
        audit: Whether each call is audited as it ends.
    """

    host: str
    port: int
    watch: bool = False
    audit: bool = False


_YOUNG = 20_000
"""Objects between two looks of the garbage collector, which begins with 700: a look at so many
takes a millisecond (2026-11)."""


_LARGE = 256 * 1024
"""Bytes from which on memory is asked of the system by itself, and given back as soon as it is
free."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of ``mallopt(3)``."""


def _return_large_pieces() -> None:
    """Hold what glibc keeps of freed memory to a limit.

    By itself it raises that limit to the largest piece that was freed: after a few bodies of some
    MiB the process grows for an hour (measured by benchmarks/gateway_soak.py, 2026-11).
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)


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
    is_loopback = is_this_machine(options.host)
    gateway = Gateway.over(Orchestrator(config), "", is_loopback=is_loopback)
    if options.audit:
        gateway.audit()
    gateway.traced.chooses = not has_sampler(os.environ)
    sockets = listen(options.host, options.port) if handover is None else handover.listeners
    server = GatewayServer(gateway, sockets, watch=options.watch)
    with (
        registered(gateway, server, sockets),
        traces_exported(os.environ, gateway.instance),
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(_serve(gateway, server, sockets, handover, say))


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
    _return_large_pieces()
    await announce_ready(handover, gateway, server)
    for one in sockets:
        host, port = one.getsockname()[:2]
        # A blank behind the address, also in JSON: programs look for it up to there.
        say(f"ready on http://{host_and_port(host, port)} (process {os.getpid()})")
    await server.serve()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # it is not made for every system
        return asyncio.new_event_loop
    return uvloop.new_event_loop
