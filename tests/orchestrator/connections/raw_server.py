"""A server on a loopback socket that writes what its script says, byte for byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from orchestrator.http_messages import Address, OutgoingRequest


class Peer:
    """One connection, seen from the server.

    Attributes:
        number: 1 for the first that was taken.
        server: Whose it is.
        sock: Itself.
    """

    def __init__(self, sock: socket.socket, number: int, server: RawServer) -> None:
        self.sock, self.number, self.server = sock, number, server
        self._begun = b""

    def request(self) -> bytes:
        """The next request, head and body; empty where the other side has left."""
        while b"\r\n\r\n" not in self._begun:
            if not self._receive():
                return b""
        head, _, body = self._begun.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
        length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
        while len(body) < length:
            if not self._receive():
                return b""
            body = self._begun.partition(b"\r\n\r\n")[2]
        self._begun = body[length:]
        whole = head + b"\r\n\r\n" + body[:length]
        self.server.requests.append(whole)
        return whole

    def _receive(self) -> bool:
        data = self.sock.recv(1 << 16)
        self._begun += data
        return bool(data)

    def send(self, *pieces: bytes | float) -> None:
        """Write bytes; a number waits so many seconds."""
        for piece in pieces:
            if isinstance(piece, bytes):
                self.sock.sendall(piece)
            else:
                time.sleep(piece)

    def reset(self) -> None:
        """Tear the connection, without a word."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_for_end(self) -> None:
        """Wait until the other side has left."""
        while self.sock.recv(1 << 16):
            pass


Script = Callable[[Peer], None]


class RawServer:
    """Takes connections, and lets each be served by a script in a thread of its own.

    Attributes:
        port: On 127.0.0.1.
        peers: The connections that were taken.
        requests: What was asked, as it came.
    """

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.peers: list[Peer] = []
        self.requests: list[bytes] = []
        self.open = 0
        self._script, self._tls = script, tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._lock = threading.Lock()
        self._threads[0].start()

    @property
    def accepted(self) -> int:
        """How many connections were taken."""
        return len(self.peers)

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}/v1"

    def request(self, content: bytes = b"{}", **headers: str) -> OutgoingRequest:
        """A request to it."""
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        return OutgoingRequest("POST", Address.parse(self.url()), lines, content)

    def close(self) -> None:
        """End all connections, and wait for their threads."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, len(self.peers) + 1, self)
            self.peers.append(peer)
            thread = threading.Thread(target=self._serve, args=(peer,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        with self._lock:
            self.open += 1
        try:
            if self._tls is not None:
                peer.sock = self._tls.wrap_socket(peer.sock, server_side=True)
            self._script(peer)
        except OSError:
            pass
        finally:
            peer.sock.close()
            with self._lock:
                self.open -= 1


@contextmanager
def raw_server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """A server that is there for as long as the block runs."""
    server = RawServer(script, tls)
    try:
        yield server
    finally:
        server.close()


def saying(*pieces: bytes | float) -> Script:
    """Answers one request with these, and closes."""

    def script(peer: Peer) -> None:
        if peer.request():
            peer.send(*pieces)

    return script


def keeping(*answers: bytes | Sequence[bytes | float]) -> Script:
    """Answers the requests of a connection in turn, the last answer again and again."""

    def script(peer: Peer) -> None:
        turn = 0
        while peer.request():
            answer = answers[min(turn, len(answers) - 1)]
            peer.send(*([answer] if isinstance(answer, bytes) else answer))
            turn += 1

    return script


def of_length(body: bytes, status: int = 200, **headers: str) -> bytes:
    """An answer that says how long it is."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\n{lines}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def in_chunks(*chunks: bytes, trailers: bytes = b"") -> bytes:
    """An answer whose body comes in chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return (
        b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n"
        + body
        + b"0\r\n"
        + trailers
        + b"\r\n"
    )
