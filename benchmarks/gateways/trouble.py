"""Providers that fail and clients that misbehave, in every way that is known."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from benchmarks.gateways.contenders import Running
from benchmarks.gateways.load import request_bytes
from orchestrator.sim import Ending, Reply, replies

TEXT = "one two three four five six seven eight"
FAULTS = {
    "broke": replies.billing_402(),
    "quota": replies.quota_exhausted(),
    "limited": replies.rate_limited(1),
    "busy": replies.overloaded(),
    "failing": replies.server_error(),
    "key": replies.bad_key(),
    "retired": replies.model_not_found(),
    "overflow": replies.context_overflow(),
    "forbidden": replies.forbidden_upstream(),
    "page": replies.html_page(),
    "page200": replies.html_page(200),
    "empty": replies.empty(),
    "moved": replies.redirect("http://127.0.0.1:9/"),
    "closed": replies.closed(),
    "reset": replies.reset(),
    "hang": replies.hang(),
    "noise": replies.malformed(),
    "cut": replies.cut_after(60),
    "cut_reset": replies.cut_after(60, ending=Ending.RESET),
    "cut_hang": replies.cut_after(60, ending=Ending.HANG),
    "cut_late": replies.cut_after(700, replies.ok("word " * 200)),
    "half_call": replies.truncated_tool_call(),
    "packed": replies.error(200, b"not packed", {"content-encoding": "gzip"}),
    "late": Reply(delay=5.0),
    "slow": attrs.evolve(replies.ok(TEXT), pace=0.2),
    "huge": replies.ok(f"{'x' * 50_000} " * 40),
}

Work = Callable[["Trouble"], Awaitable[None]]
NOISE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"POST /v1/chat/completions HTTP/9.9\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"a" * 90_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000 + b"\r\n",
)
BODIES = (
    b"",
    b"{",
    b"null",
    b"[" * 100_000,
    b'{"model": "up", "messages": 7}',
    b'{"model": "up", "messages": [{"role": "user", "content": "\xff\xfe"}]}',
    b'{"model": "nobody", "messages": [{"role": "user", "content": "hi"}]}',
    b'{"model": "up", "stream": "perhaps", "messages": []}',
    b'{"model": "up", "messages": [{"role": "user", "content": "' + b"x" * 3_000_000 + b'"}]}',
)


@attrs.define
class Trouble:
    """Clients that misbehave.

    Attributes:
        gateway: Whom they bother.
        chance: What they do next.
        done: How often each was done.
        answered: How each fault was answered, by its provider and status.
        over: Set when they are to end.
    """

    gateway: Running
    chance: random.Random
    done: Counter[str] = attrs.field(factory=Counter)
    answered: Counter[str] = attrs.field(factory=Counter)
    over: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def repeat(self, work: Work, pause: float) -> None:
        """Do it until all is over."""
        while not self.over.is_set():
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await asyncio.wait_for(work(self), 30)
            self.done[getattr(work, "__name__", "")] += 1
            await asyncio.sleep(pause * self.chance.random())

    def request(self, route: str, *, streams: bool = False) -> bytes:
        """What asks for a call."""
        ask = self.gateway.ask(route)
        return request_bytes(ask.url, ask.model, streams=streams)

    @contextlib.asynccontextmanager
    async def connection(self) -> Any:
        """A connection of its own, broken off at the end."""
        port = int(self.gateway.process.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


async def meets_faults(trouble: Trouble) -> None:
    """Ask those that fail, with or without one behind them that is well."""
    fault, kind = trouble.chance.choice(list(FAULTS)), trouble.chance.choice(("r", "f"))
    async with trouble.connection() as (reader, writer):
        data = trouble.request(f"{kind}_{fault}", streams=trouble.chance.random() < 0.5)
        writer.write(data.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
        answer = await reader.read()
        while more := await reader.read():
            answer += more
    status = answer[9:12].decode()
    trouble.answered["rescued" if kind == "r" and status == "200" else f"{kind} {status}"] += 1


async def talks_nonsense(trouble: Trouble) -> None:
    """Send what is no request, or a body that is none."""
    async with trouble.connection() as (reader, writer):
        if trouble.chance.random() < 0.5:
            writer.write(trouble.chance.choice(NOISE))
        else:
            body = trouble.chance.choice(BODIES)
            head = trouble.request("up").partition(b"\r\n\r\n")[0].rpartition(b": ")[0]
            writer.write(head + b": %d\r\n\r\n" % len(body) + body)
        await asyncio.wait_for(reader.read(200), 15)


async def comes_by_the_hundred(trouble: Trouble) -> None:
    """Two hundred requests at once, each over a connection of its own."""

    async def one() -> None:
        with contextlib.suppress(OSError):
            async with trouble.connection() as (reader, writer):
                writer.write(trouble.request("up"))
                await reader.read(100)

    await asyncio.gather(*(one() for _ in range(200)))


async def reads_slowly(trouble: Trouble) -> None:
    """Ask for a long answer, and take a little of it now and then."""
    async with trouble.connection() as (reader, writer):
        writer.write(trouble.request("f_huge", streams=trouble.chance.random() < 0.5))
        for _ in range(20):
            await reader.read(2000)
            await asyncio.sleep(0.2)


async def writes_slowly(trouble: Trouble) -> None:
    """Send a request piece by piece."""
    async with trouble.connection() as (reader, writer):
        data = trouble.request("up")
        for at in range(0, len(data), 100):
            writer.write(data[at : at + 100])
            await asyncio.sleep(0.2)
        await reader.read(100)


async def leaves(trouble: Trouble) -> None:
    """Go away: connected, in the middle of a request, waiting, or in the middle of an answer."""
    route = trouble.chance.choice(("up", "r_hang", "f_slow", "f_cut_hang", "r_limited", "f_huge"))
    data = trouble.request(route, streams=trouble.chance.random() < 0.7)
    async with trouble.connection() as (reader, writer):
        match trouble.chance.randrange(5):
            case 0:
                writer.write(data[: trouble.chance.randrange(len(data))])
            case 1:
                writer.write(data)
            case 2:
                writer.write(data)
                await asyncio.sleep(trouble.chance.random() * 0.5)
            case 3:
                writer.write(data + data)  # the second waits behind the first
                await asyncio.sleep(trouble.chance.random() * 0.2)
            case _:
                writer.write(data)
                await reader.read(300)


MISCHIEF: dict[Work, tuple[int, float]] = {
    meets_faults: (8, 0.1),
    talks_nonsense: (2, 0.2),
    comes_by_the_hundred: (1, 4.0),
    reads_slowly: (4, 0.5),
    writes_slowly: (3, 0.5),
    leaves: (4, 0.2),
}
"""How many clients do it, and their seconds between two times."""
