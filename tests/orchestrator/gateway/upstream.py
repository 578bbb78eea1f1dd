"""A provider that answers whatever a test says, and notes what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs


@attrs.frozen
class Asked:
    """A request that came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Told:
    """How a test answers: whole, or piece by piece."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler

    def whole(self, status: int, body: bytes, **headers: str) -> None:
        """One answer."""
        self._head(status, {"Content-Length": str(len(body)), **headers})
        self._handler.wfile.write(body)

    def empty(self, status: int, **headers: str) -> None:
        """An answer that has no body."""
        self._head(status, headers)

    def begin(self, status: int = 200, **headers: str) -> None:
        """The head of an answer in pieces."""
        self._head(status, {"Transfer-Encoding": "chunked", **headers})

    def piece(self, data: bytes) -> None:
        """A piece of it; an empty one is its end."""
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    @property
    def connection(self) -> int:
        """What tells its connection from others."""
        return self._handler.client_address[1]

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self._handler.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()


Answer = Callable[[Asked, Told], None]


@attrs.define
class Upstream:
    """The provider: its address, and what came."""

    url: str
    asked: list[Asked] = attrs.field(factory=list)


@contextmanager
def upstream(answer: Answer) -> Iterator[Upstream]:
    """A provider at whose address ``answer`` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            found.asked.append(asked)
            try:
                answer(asked, Told(self))
            except OSError:  # who asked has left
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Upstream(f"http://127.0.0.1:{server.server_port}/base/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
