"""What a stream costs over its connection: the first token, the memory, and many at once.

    python benchmarks/first_token.py [--rounds N] [--open N] [--many N] [--check]

First token: seconds from the request to the first content, by the connection alone, by
``Orchestrator.stream`` (or ``astream``) and by httpx, in turn; the same server in another
process, the same bytes, the same run. Memory: what tracemalloc sees of streams that are open in the
middle of an answer, each with its connection; the connection's own part is measured
alone. Many: so many streams at once in one event loop. With ``--check`` the
exit status is 1 where the first token is later by more than 5 % and 1 ms, an open stream
holds 64 KiB or more, or one of many does not complete.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager

import attrs
import httpx

from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.connections.loops import LoopTransport
from orchestrator.connections.sockets import SocketTransport
from orchestrator.connections.transports import AsyncOpenAnswer
from orchestrator.dialects import dialect
from orchestrator.execution.auth import auth_of
from orchestrator.http_messages import OutgoingRequest
from orchestrator.sim import Cut, Ending, Framing, Reply, SimProcess, replies

REQUEST = {"messages": [{"role": "user", "content": "hi " * 150}]}
ASKED = {**REQUEST, "stream_options": {"include_usage": True}}
WORDS = "word " * 50
CONFIG = """
health = "memory"
[timeouts]
idle = "120s"
first_token = "120s"
[routes]
default = ["bench/model"]
[providers.bench]
base_url = "{bench}"
credentials = ["benchmark"]
[providers.half]
base_url = "{half}"
credentials = ["benchmark"]
"""
WARM = 20
FIRST = b'"content": "word"'
LATEST_RATIO, LATEST_SECONDS = 1.05, 0.001
MOST_BYTES = 64 * 1024


@attrs.frozen
class Pair:
    """Seconds until the first content in one round: by the connection, a call, and httpx."""

    plain: float
    call: float
    peer: float


def half_a_stream() -> Reply:
    """Twenty words, and then silence until the client goes away."""
    chunk = '{"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"word "}}]}'
    body = f"data: {chunk}\n\n".encode() * 20
    headers = {"Content-Type": "text/event-stream"}
    cut = Cut(len(body) - 1, Ending.HANG)
    return Reply(body=body, headers=headers, framing=Framing.CHUNKED, cut=cut)


def outgoing(orchestrator: Orchestrator, name: str) -> OutgoingRequest:
    """The request that a call would send, byte for byte."""
    provider = orchestrator.config.providers[name]
    made = dialect(provider.dialect).encode(
        ASKED,
        provider=provider,
        model="model",
        overrides={},
        stream=True,
    )
    auth_of(provider, provider.credentials[0].secret).sign(made)
    return made


def seconds_until_first(began: float, pieces: Iterable[bytes]) -> float:
    """Reads all of an answer; the seconds until its first content was here."""
    seen, first = b"", 0.0
    for data in pieces:
        seen += data
        if not first and FIRST in seen:
            first = time.perf_counter() - began
    return first


def blocking(orchestrator: Orchestrator, rounds: int) -> list[Pair]:
    """Pairs for :meth:`Orchestrator.stream`."""
    transport, request = SocketTransport(), outgoing(orchestrator, "bench")
    client = httpx.Client(headers=request.headers, timeout=60.0)

    def plain() -> float:
        began = time.perf_counter()
        answer = transport.open(request, 60.0, 60.0)
        first = seconds_until_first(began, iter(lambda: answer.read(60.0) or b"", b""))
        answer.close()
        return first

    def call() -> float:
        began = time.perf_counter()
        with orchestrator.stream(REQUEST) as chunks:
            assert next(chunks).text
            first = time.perf_counter() - began
            for _ in chunks:
                pass
        return first

    def peer() -> float:
        began = time.perf_counter()
        with client.stream("POST", str(request.url), content=request.content) as answer:
            return seconds_until_first(began, answer.iter_raw())

    pairs = [Pair(plain(), call(), peer()) for _ in range(WARM + rounds)][WARM:]
    transport.close()
    client.close()
    return pairs


async def seconds_until_first_async(began: float, pieces: AsyncIterable[bytes]) -> float:
    """The same for tasks."""
    seen, first = b"", 0.0
    async for data in pieces:
        seen += data
        if not first and FIRST in seen:
            first = time.perf_counter() - began
    return first


async def suspending(orchestrator: Orchestrator, rounds: int) -> list[Pair]:
    """Pairs for :meth:`Orchestrator.astream`."""
    transport = LoopTransport(asyncio.get_running_loop())
    request = outgoing(orchestrator, "bench")
    client = httpx.AsyncClient(headers=request.headers, timeout=60.0)

    async def pieces(answer: AsyncOpenAnswer) -> AsyncIterator[bytes]:
        while (data := await answer.read(60.0)) is not None:
            yield data

    async def plain() -> float:
        began = time.perf_counter()
        answer = await transport.open(request, 60.0, 60.0)
        first = await seconds_until_first_async(began, pieces(answer))
        await answer.aclose()
        return first

    async def call() -> float:
        began = time.perf_counter()
        async with orchestrator.astream(REQUEST) as chunks:
            assert (await anext(chunks)).text
            first = time.perf_counter() - began
            async for _ in chunks:
                pass
        return first

    async def peer() -> float:
        began = time.perf_counter()
        async with client.stream("POST", str(request.url), content=request.content) as answer:
            return await seconds_until_first_async(began, answer.aiter_raw())

    rows = [Pair(await plain(), await call(), await peer()) for _ in range(WARM + rounds)]
    await transport.aclose()
    await client.aclose()
    return rows[WARM:]


def told(name: str, pairs: list[Pair]) -> bool:
    """Print one line; True where the first token is late."""
    plain = statistics.median(pair.plain for pair in pairs)
    call = statistics.median(pair.call for pair in pairs)
    added = statistics.median(pair.call - pair.plain for pair in pairs)
    peer = statistics.median(pair.peer for pair in pairs)
    print(
        f"{name:8}{1e6 * plain:10.0f}{1e6 * call:10.0f}{1e6 * added:10.0f}{call / plain:8.2f}"
        f"{1e6 * peer:10.0f}"
    )
    return call / plain > LATEST_RATIO and added > LATEST_SECONDS


async def _grown(count: int, open_one: Callable[[AsyncExitStack], AsyncIterator[object]]) -> float:
    """Bytes for each of ``count`` streams that are open at once."""
    async with AsyncExitStack() as stack:
        kept = [open_one(stack)]
        await anext(kept[0])  # what is made once for all
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        kept += [open_one(stack) for _ in range(count)]
        for one in kept[1:]:
            await anext(one)
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / count


async def memory(orchestrator: Orchestrator, count: int) -> tuple[float, float]:
    """Bytes of an open stream: by the connection alone, and by a call."""
    transport = LoopTransport(asyncio.get_running_loop())
    request = outgoing(orchestrator, "half")

    async def plain(stack: AsyncExitStack) -> AsyncIterator[object]:
        answer = await transport.open(request, 60.0, 60.0)
        stack.push_async_callback(answer.aclose)
        while (data := await answer.read(60.0)) is not None:
            yield data

    async def call(stack: AsyncExitStack) -> AsyncIterator[object]:
        stream = await stack.enter_async_context(orchestrator.astream(REQUEST, route="half/model"))
        async for chunk in stream:
            yield chunk

    tracemalloc.start()
    bare = await _grown(count, plain)
    await transport.aclose()
    return bare, await _grown(count, call)


async def many(orchestrator: Orchestrator, count: int) -> tuple[int, float]:
    """How many of ``count`` streams at once completed, and the seconds for all."""

    async def one() -> bool:
        async with orchestrator.astream(REQUEST) as chunks:
            text = "".join([chunk.text async for chunk in chunks])
        return text == WORDS and chunks.response.finish_reason == "stop"

    began = time.perf_counter()
    done = await asyncio.gather(*(one() for _ in range(count)), return_exceptions=True)
    for failure in {repr(each) for each in done if isinstance(each, BaseException)}:
        print(f"  {failure}")
    return sum(each is True for each in done), time.perf_counter() - began


def first_contents(orchestrator: Orchestrator, rounds: int) -> dict[str, list[Pair]]:
    """The rounds of both ways."""
    return {
        "stream": blocking(orchestrator, rounds),
        "astream": asyncio.run(suspending(orchestrator, rounds)),
    }


@contextmanager
def orchestrated() -> Iterator[tuple[Orchestrator, SimProcess]]:
    """An orchestrator over the providers that stream."""
    with SimProcess({"bench": replies.ok(WORDS), "half": half_a_stream()}) as providers:
        urls = {name: providers.url(name) for name in ("bench", "half")}
        with Orchestrator(loads(CONFIG.format(**urls), {})) as orchestrator:
            yield orchestrator, providers


def report(options: argparse.Namespace, orchestrator: Orchestrator, providers: SimProcess) -> bool:
    """Measure and print all; True where all is as promised."""
    head = ("plain µs", "call µs", "added µs", "ratio", "httpx µs")
    print(f"{'':8}{head[0]:>10}{head[1]:>10}{head[2]:>10}{head[3]:>8}{head[4]:>10}   first token")
    found = first_contents(orchestrator, options.rounds)
    late = sum(told(name, pairs) for name, pairs in found.items()) > 0
    providers.set("bench", replies.ok(WORDS, pace=0.02))
    done, seconds = asyncio.run(many(orchestrator, options.many))
    print(f"{done} of {options.many} streams of 50 words at once completed in {seconds:.1f} s")
    bare, whole = asyncio.run(memory(orchestrator, options.open))
    print(
        f"{whole / 1024:.1f} KiB an open stream of {options.open}, connection and all; "
        f"{bare / 1024:.1f} KiB by the connection alone"
    )
    return not late and done == options.many and whole < MOST_BYTES


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="pairs to measure")
    parser.add_argument("--open", type=int, default=200, help="streams to hold open")
    parser.add_argument("--many", type=int, default=2000, help="streams at once")
    parser.add_argument("--check", action="store_true", help="exit with 1 beyond the limits")
    options = parser.parse_args()
    _allow_files(2 * options.many + 200)
    with orchestrated() as (orchestrator, providers):
        kept = report(options, orchestrator, providers)
    return int(options.check and not kept)


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main())
