"""Servers that say what no HTTP server would, or nothing, or that nobody gets through to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Talk = Callable[[socket.socket, threading.Event], None]
"""Talks on one connection until it has said all, or the event says that it is over."""


@contextmanager
def listening(talk: Talk) -> Iterator[int]:
    """A port whose connections are each given to ``talk`` in a thread."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        # The client goes away, as it should.
        with connection, contextlib.suppress(OSError):
            talk(connection, over)

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            acceptor.join()
            for thread in threads:
                thread.join()


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port where connecting hangs: its queue is full and nobody accepts."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as server,
        contextlib.ExitStack() as stack,
    ):
        address = server.getsockname()
        # How many a system queues is its own affair: it is full once one gets no answer.
        with contextlib.suppress(TimeoutError):
            while True:
                filler = stack.enter_context(socket.socket())
                filler.settimeout(0.2)
                filler.connect(address)
        yield address[1]
