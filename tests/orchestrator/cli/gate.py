"""A gate before a scripted provider: an answer waits behind it until a test has seen enough."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit

CHUNK = 65536
"""Bytes."""


class Gate:
    """A context manager: requests pass at once, answers once it is opened. One connection only.

    Args:
        url: The provider's base URL.
    """

    def __init__(self, url: str) -> None:
        self._behind = urlsplit(url)
        self._opened = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="gate", daemon=True)

    @property
    def url(self) -> str:
        """The base URL that leads through it."""
        return self._behind._replace(
            netloc=f"127.0.0.1:{self._listening.getsockname()[1]}"
        ).geturl()

    def open(self) -> None:
        """Let answers pass."""
        self._opened.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.open()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        client, _ = self._listening.accept()
        server = socket.create_connection((str(self._behind.hostname), self._behind.port or 80))
        with client, server:
            asking = threading.Thread(target=_pass, args=(client, server), daemon=True)
            asking.start()
            self._opened.wait()
            _pass(server, client)
            asking.join()


def _pass(source: socket.socket, target: socket.socket) -> None:
    """Send on what comes, until either side is closed."""
    with contextlib.suppress(OSError):
        while part := source.recv(CHUNK):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
