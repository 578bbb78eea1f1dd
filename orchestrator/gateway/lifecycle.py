"""Life of one gateway process: found by commands, told to systemd, succeeded by another one."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from orchestrator.gateway.control import Control
from orchestrator.gateway.handover import Handover, HandoverFailed, Successor, start_successor
from orchestrator.gateway.instance import Instance, InstanceFile, new_instance
from orchestrator.gateway.server import GatewayServer
from orchestrator.gateway.state import Gateway
from orchestrator.gateway.surroundings import log_now
from orchestrator.health import AccountBalance

_log = logging.getLogger("orchestrator")


@attrs.frozen
class Lifecycle:
    """What control requests act on; see :class:`.control.ControlledGateway`.

    Attributes:
        start: This start, as it was then.
        file: By which commands find it.
        gateway: What the requests share.
        server: The process around it.
        sockets: They listen, and are handed on.
    """

    start: Instance
    file: InstanceFile
    gateway: Gateway
    server: GatewayServer
    sockets: Sequence[socket.socket]

    @property
    def instance(self) -> Instance:
        """This start, with where its log is now."""
        return attrs.evolve(self.start, log=log_now(self.start.log))

    @property
    def keys_file(self) -> str:
        """The file of the keys that it asks for; empty where it asks for none."""
        keys = self.gateway.keys
        return "" if keys is None else str(keys.ring.file.path.absolute())

    @property
    def balances(self) -> Mapping[str, AccountBalance]:
        """What is known of the money of each provider."""
        return self.gateway.orchestrator.balance_questions.known()

    @property
    def audited(self) -> Mapping[str, int] | None:
        """How many calls were audited, by what came of it; ``None`` where none are."""
        gateway = self.gateway
        return None if gateway.auditor is None else gateway.metrics.audited

    @property
    def config_hash(self) -> str:
        """Of the config that new calls get."""
        return self.gateway.config.digest

    @property
    def in_flight(self) -> int:
        """Calls that are under way."""
        return self.gateway.in_flight

    @property
    def streams(self) -> int:
        """Calls whose answer has begun and is still being written."""
        return self.server.streams

    @property
    def draining(self) -> bool:
        """Whether it accepts no more."""
        return self.gateway.is_draining

    async def start_successor(self, limit: float) -> Successor:
        """Start the process that serves from now on."""
        notifier = self.server.notifier
        try:
            return await start_successor(self.sockets, limit=limit, on_ready=notifier.main_pid)
        except HandoverFailed as error:
            _log.error(
                "the restart failed, and this process, %d, goes on: %s", self.start.pid, error
            )
            raise

    async def drain(self) -> int:
        """Let calls end; how many were left at the limit."""
        # Who asks from now on means the successor.
        self.file.remove()
        left = await self.server.drain()
        self.server.stop()
        return left


@contextlib.contextmanager
def registered(
    gateway: Gateway, server: GatewayServer, sockets: Sequence[socket.socket]
) -> Iterator[None]:
    """Within this block the gateway is found by commands, and obeys those of its user.

    Not on Windows, where sockets are not handed on to a process in this way.
    """
    host, port = sockets[0].getsockname()[:2]
    path = gateway.config.path
    instance = new_instance(host, port, path if isinstance(path, Path) else None, gateway.started)
    gateway.instance = instance.id
    if sys.platform == "win32":
        yield
        return
    try:
        file = InstanceFile.write(instance)
    except OSError as error:
        words = error.strerror or type(error).__name__
        _log.warning("no command will find this gateway: %s: %s", error.filename, words)
        yield
        return
    with file:
        life = Lifecycle(instance, file, gateway, server, sockets)
        server.control = Control(life, file.token)
        yield


async def announce_ready(
    handover: Handover | None, gateway: Gateway, server: GatewayServer
) -> None:
    """Say that the gateway serves: to the process before it, and to systemd."""
    if handover is not None:
        handover.ready(gateway.instance)
        await handover.released()
    server.notifier.ready("serving")
