"""A gateway over providers of several dialects, and what its clients really sent it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs

from orchestrator.sim.script import AnyScript
from tests.acceptance.talking import listening
from tests.orchestrator.gateway.running import Running, running

_FIRST_LINE = re.compile(rb"(?:GET|POST) (\S+) HTTP/1\.1\r\n")


@attrs.define
class Served:
    """A gateway, and the way to it on which requests are counted.

    Attributes:
        running: The gateway itself.
        url: Where its clients find it: all that they are told besides a key.
        requests: The paths that were asked for, in order.
    """

    running: Running
    url: str
    requests: list[str] = attrs.field(factory=list)

    def asked(self, *names: str) -> tuple[int, ...]:
        """How many requests each provider got."""
        return tuple(len(self.running.providers.received(name)) for name in names)


@contextmanager
def served(scripts: Mapping[str, tuple[str, AnyScript]], **tables: Any) -> Iterator[Served]:
    """A gateway over providers, each of a dialect, asked in order by the default route."""
    dialects = {name: dialect for name, (dialect, _) in scripts.items()}
    replies = {name: script for name, (_, script) in scripts.items()}
    requests: list[str] = []
    with running(replies, dialects=dialects, **tables) as gateway:

        def pass_on(client: socket.socket, over: threading.Event) -> None:
            with socket.create_connection(("127.0.0.1", gateway.port)) as onward:
                back = threading.Thread(target=_copy, args=(onward, client, over))
                back.start()
                _copy(client, onward, over, requests)
                back.join()

        with listening(pass_on) as port:
            yield Served(gateway, f"http://127.0.0.1:{port}", requests)


def _copy(
    source: socket.socket,
    target: socket.socket,
    over: threading.Event,
    requests: list[str] | None = None,
) -> None:
    """Pass on what comes, until one side ends; a client writes the head of a request at once."""
    source.settimeout(0.1)
    while not over.is_set():
        try:
            data = source.recv(65536)
            if requests is not None:
                requests += [found.decode() for found in _FIRST_LINE.findall(data)]
            target.sendall(data)
        except TimeoutError:
            continue
        except OSError:
            data = b""
        if not data:
            break
    for each in (source, target):  # the other direction has no more to say either
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
