"""From a config to a gateway that listens: what ``orchestrator serve`` does."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from orchestrator.api.client import Orchestrator
from orchestrator.config.config import Config
from orchestrator.gateway.server import GatewayServer, listen
from orchestrator.gateway.state import Gateway


def run_gateway(config: Config, host: str, port: int, say: Callable[[str], None]) -> int:
    """Serve until the process is told to stop; the exit status."""
    sockets = listen(host, port)
    gateway = Gateway(Orchestrator(config), secrets.token_hex(8))
    try:
        import uvloop
    except ImportError:
        factory = asyncio.new_event_loop
    else:
        factory = uvloop.new_event_loop

    async def main() -> None:
        server = GatewayServer(gateway, sockets)
        await server.start()
        name, bound = sockets[0].getsockname()[:2]
        say(f"ready on http://{name}:{bound}")
        await server.serve()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
    return 0
