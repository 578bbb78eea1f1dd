"""A proxy in front of every provider there is, which answers in their place.

What runs behind it is a program as its user runs it: it looks up the proxy and the authority in
its environment, opens a tunnel, and speaks TLS and HTTP with what has the provider's name.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import trustme

from orchestrator.sim import Received, Reply
from orchestrator.sim.rendering import Rendered, render

Answer = Callable[[str, Received], Reply]
"""What a host answers to a request."""


class InterceptingProxy:
    """A context manager: a proxy on this machine, for plain requests and for tunnels.

    Args:
        answer: What is answered in the name of each host.
        bundle: Where the authority is written that its certificates are signed by.
    """

    def __init__(self, answer: Answer, bundle: Path) -> None:
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(bundle))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.answer, self._server.context = answer, self._context
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """What goes into ``HTTPS_PROXY``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]


class _Server(ThreadingHTTPServer):
    answer: Answer
    context: Callable[[str], ssl.SSLContext]
    daemon_threads = False  # they end with their clients, and are waited for

    def handle_error(self, request: object, client_address: object) -> None:
        """A client went away, as it may."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0]
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.connection = self.server.context(host).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # the one in the tunnel, which the server does not know of

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        host = url.hostname or self.headers.get("host", "").partition(":")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        path = f"{url.path}?{url.query}" if url.query else url.path
        received = Received(1, 0.0, self.command, path, headers, _decoded(body), "a key")
        self._send(render(self.server.answer(host, received), received))

    do_GET = do_POST  # noqa: N815 - the names that http.server calls

    def _send(self, rendered: Rendered) -> None:
        self.wfile.write(rendered.head)
        for piece in rendered.pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if rendered.chunked else piece)
        if rendered.chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """A test says what went wrong by itself."""


def _decoded(body: bytes) -> Any:
    return json.loads(body) if body else None
