"""An address where nobody listens, and nobody else can begin to."""

from __future__ import annotations

import socket
from typing import Self


class ClosedPort:
    """A context manager: connections to :attr:`url` are refused while it is open."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Bound without listening: the system refuses, and gives the port to no one else.
        self._socket.bind(("127.0.0.1", 0))
        port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
