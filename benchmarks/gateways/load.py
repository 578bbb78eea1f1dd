"""A client in a process of its own that asks a gateway over kept connections, as cheaply as can be.

    python -m benchmarks.gateways.load URL SECONDS CONNECTIONS [--stream]

Prints one JSON object: answers, failures, seconds, and the seconds of each answer, sorted.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

from benchmarks.peers.upstream import allow_files, new_loop, pin

PADDING = "word " * 60
"""Makes a request of about 600 bytes, and so does the upstream's answer with its headers."""


class Asking(asyncio.Protocol):
    """One connection that asks, reads the answer, and asks again until its time is over."""

    def __init__(self, request: bytes, ends_at: float, *, streams: bool) -> None:
        self.request, self.ends_at, self.streams = request, ends_at, streams
        self.done = asyncio.get_running_loop().create_future()
        self.seconds: list[float] = []
        self.failures = 0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.asked_at = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        self.buffer += data
        if not self._is_whole():
            return
        self.failures += not self.buffer.startswith(b"HTTP/1.1 200")
        self.buffer = b""
        now = time.perf_counter()
        self.seconds.append(now - self.asked_at)
        if now < self.ends_at:
            self._ask()
        elif not self.done.done():
            self.done.set_result(None)

    def _is_whole(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            return self.buffer.endswith(b"0\r\n\r\n")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        return len(self.buffer) >= end + 4 + length

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        if not self.done.done():
            self.failures += 1
            self.done.set_result(None)


async def ask(url: str, seconds: float, connections: int, *, streams: bool) -> dict[str, object]:
    """Ask for ``seconds``; what came of it."""
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    body = json.dumps(
        {"model": "default", "stream": streams, "messages": [{"role": "user", "content": PADDING}]}
    ).encode()
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer made-up\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    began = time.perf_counter()
    ends_at = began + seconds
    made = [
        await loop.create_connection(
            lambda: Asking(head.encode() + body, ends_at, streams=streams),
            parts.hostname,
            parts.port,
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(each.done for _, each in made))
    took = time.perf_counter() - began
    for transport, _ in made:
        transport.close()
    all_seconds = sorted(one for _, each in made for one in each.seconds)
    failures = sum(each.failures for _, each in made)
    return {"answers": len(all_seconds), "failures": failures, "took": took, "seconds": all_seconds}


def main() -> None:
    """Ask."""
    pin(0)
    allow_files()
    url, seconds, connections = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        print(
            json.dumps(runner.run(ask(url, seconds, connections, streams="--stream" in sys.argv)))
        )


if __name__ == "__main__":
    main()
