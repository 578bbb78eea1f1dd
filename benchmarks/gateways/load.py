"""A client in a process of its own that asks over kept connections, as cheaply as can be.

    python -m benchmarks.gateways.load JSON

The JSON object names ``asks`` (each with ``url``, ``model`` and ``headers``), ``seconds``,
``connections``, and ``streams``. Of one ask, all connections ask it at once; of several, one
connection each asks in turn, so that whatever disturbs the machine disturbs them alike. What is
printed is a JSON object for each: see :class:`Found`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Any, cast
from urllib.parse import urlsplit

import attrs

from benchmarks.peers.upstream import allow_files, new_loop, pin

PADDING = "word " * 60
"""Makes a request of about 600 bytes, as most answers are here."""


@attrs.define
class Found:
    """What came of asking.

    Attributes:
        answers: That were whole and 200.
        failures: Those that were not.
        took: Seconds.
        median: Seconds until an answer was whole.
        p99: The same of the slowest but one in a hundred.
        first: Seconds until the first event of a stream, the median.
        first_p99: The same of the slowest but one in a hundred.
    """

    answers: int
    failures: int
    took: float
    median: float = 0.0
    p99: float = 0.0
    first: float = 0.0
    first_p99: float = 0.0

    @classmethod
    def of(cls, connections: list[Asking], took: float) -> Found:
        """What came of what some connections asked."""
        whole = sorted(one for each in connections for one in each.seconds)
        first = sorted(one for each in connections for one in each.first)
        failures = sum(each.failures for each in connections)
        found = cls(len(whole), failures, took)
        if whole:
            found.median, found.p99 = median(whole), whole[int(len(whole) * 0.99)]
        if first:
            found.first, found.first_p99 = median(first), first[int(len(first) * 0.99)]
        return found


def request_bytes(
    url: str, model: str = "default", headers: Mapping[str, str] = {}, *, streams: bool = False
) -> bytes:
    """What is written to ask for a call."""
    parts = urlsplit(url)
    body = json.dumps(
        {"model": model, "stream": streams, "messages": [{"role": "user", "content": PADDING}]}
    ).encode()
    told = {
        "host": parts.netloc,
        "content-type": "application/json",
        "authorization": "Bearer made-up",
        **headers,
        "content-length": str(len(body)),
    }
    lines = [f"POST {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Asking(asyncio.Protocol):
    """One connection, which asks one request after another.

    Attributes:
        request: What is written to ask.
        seconds: Until each answer was whole.
        first: Seconds until the first event of each stream.
        failures: Answers that were no 200, or not whole.
        answer: The last.
    """

    transport: asyncio.Transport

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.seconds: list[float] = []
        self.first: list[float] = []
        self.failures = 0
        self.answer = b""
        self._answered: asyncio.Future[None] | None = None
        self._buffer = b""
        self._is_open = True
        self._has_event = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    @property
    def is_closed(self) -> bool:
        """Whether it has ended."""
        return not self._is_open

    async def ask(self) -> bool:
        """Ask once; whether there is more to ask."""
        if not self._is_open:
            return False
        self._answered = asyncio.get_running_loop().create_future()
        self._has_event, self.answer = False, b""
        self._asked_at = time.perf_counter()
        self.transport.write(self.request)
        await self._answered
        return self._is_open

    async def ask_until(self, ends_at: float) -> None:
        """Ask until then."""
        while await self.ask() and time.perf_counter() < ends_at:
            pass

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        now = time.perf_counter()
        self._buffer += data
        if not self._has_event and b"data: {" in self._buffer:
            self._has_event = True
            self.first.append(now - self._asked_at)
        if is_whole(self._buffer) and self._answered is not None and not self._answered.done():
            if self._buffer.startswith(b"HTTP/1.1 200"):
                self.seconds.append(now - self._asked_at)
            else:
                self.failures += 1
            self.answer, self._buffer = self._buffer, b""
            self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """See :class:`asyncio.Protocol`."""
        self._is_open = False
        if self._answered is not None and not self._answered.done():
            self.failures += 1
            self._answered.set_result(None)


def is_whole(answer: bytes) -> bool:
    """Whether all of an answer is there."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = answer[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        return answer.endswith(b"\r\n0\r\n\r\n")
    return len(answer) >= end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])


async def connected(ask: Mapping[str, Any], *, streams: bool) -> Asking:
    """A connection that asks for ``ask``."""
    parts = urlsplit(ask["url"])
    request = request_bytes(ask["url"], ask["model"], ask["headers"], streams=streams)
    loop = asyncio.get_running_loop()
    _, made = await loop.create_connection(lambda: Asking(request), parts.hostname, parts.port)
    return made


async def flood(ask: Mapping[str, Any], job: Mapping[str, Any]) -> list[Found]:
    """All connections ask at once."""
    made = [await connected(ask, streams=job["streams"]) for _ in range(job["connections"])]
    began = time.perf_counter()
    await asyncio.gather(*(each.ask_until(began + job["seconds"]) for each in made))
    took = time.perf_counter() - began
    for each in made:
        each.transport.close()
    return [Found.of(made, took)]


async def in_turn(job: Mapping[str, Any]) -> list[Found]:
    """One connection each asks in turn."""
    made = [await connected(ask, streams=job["streams"]) for ask in job["asks"]]
    for each in made:
        for _ in range(WARM):
            await each.ask()
        each.seconds.clear()
        each.first.clear()
    began = time.perf_counter()
    while time.perf_counter() - began < job["seconds"]:
        for each in made:
            await each.ask()
    took = time.perf_counter() - began
    return [Found.of([each], took) for each in made]


WARM = 5
"""Requests on each connection that do not count."""


async def work(job: Mapping[str, Any]) -> list[Found]:
    """Ask as ``job`` says."""
    if len(job["asks"]) == 1:
        return await flood(job["asks"][0], job)
    return await in_turn(job)


def main() -> None:
    """Ask."""
    pin(0)
    allow_files()
    job = json.loads(sys.argv[1])
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        print(json.dumps([attrs.asdict(one) for one in runner.run(work(job))]))


if __name__ == "__main__":
    main()
