"""What a stream costs: ``python benchmarks/stream_speed.py [--rounds N] [--check]``.

Chunks: CPU microseconds of one, by the connection alone and decoded and handed out by
``Orchestrator.stream`` and ``astream``, in turn; the same server in another process, the same
bytes, the same run. They arrive as fast as the server writes, many in a read, and each by
itself, as from a model, where every chunk also costs a turn of the event loop.

Events: to split and to read a stream of 51, 50 chunks of words and the end mark, which arrives
whole, in pieces of 1 KB, and event by event; LF is how most servers end lines, CRLF how Google's
do. Microseconds a stream, the best of several rounds; another parser stands beside ours.

With ``--check`` the exit status is 1 where a chunk of many in a read adds more than 6, or
splitting the whole stream takes more than 40.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import timeit
from collections.abc import Callable, Iterable

import attrs
import httpx
import httpx_sse
import msgspec

from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.connections.loops import LoopTransport
from orchestrator.connections.sockets import SocketTransport
from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import TextDelta
from orchestrator.dialects.openai_chat import chunk
from orchestrator.dialects.sse import ServerSentEvents
from orchestrator.execution.auth import auth_of
from orchestrator.http_messages import OutgoingRequest
from orchestrator.sim import SimProcess, replies

SPLIT_LIMIT, CHUNK_LIMIT = 40.0, 6.0
WORDS = 50
ROUNDS, REPEATS = 15, 200

CHUNKS = {"many": 2_000, "each": 500}
PACE = 0.0005
"""Seconds between chunks that come each by itself."""
REQUEST = {"messages": [{"role": "user", "content": "hi"}]}
CONFIG = """
health = "memory"
[routes]
many = ["many/model"]
each = ["each/model"]
[providers.many]
base_url = "{many}"
credentials = ["benchmark"]
[providers.each]
base_url = "{each}"
credentials = ["benchmark"]
"""


# Chunks.


@attrs.define
class Cost:
    """CPU seconds of the stream's chunks, the best round: by the connection, and by a call."""

    plain: float = float("inf")
    call: float = float("inf")


def outgoing(orchestrator: Orchestrator, name: str) -> OutgoingRequest:
    """The request that a call would send."""
    provider = orchestrator.config.providers[name]
    made = dialect(provider.dialect).encode(
        REQUEST, provider=provider, model="model", overrides={}, stream=True
    )
    auth_of(provider, provider.credentials[0].secret).sign(made)
    return made


def blocking(orchestrator: Orchestrator, name: str, rounds: int) -> Cost:
    """The cost in :meth:`Orchestrator.stream`."""
    transport, request, cost = SocketTransport(), outgoing(orchestrator, name), Cost()
    for _ in range(rounds):
        began = time.process_time()
        answer = transport.open(request, 60.0, 60.0)
        while answer.read(60.0) is not None:
            pass
        answer.close()
        cost.plain = min(cost.plain, time.process_time() - began)
        began = time.process_time()
        with orchestrator.stream(REQUEST, route=name) as chunks:
            assert sum(bool(one.text) for one in chunks) == CHUNKS[name]
        cost.call = min(cost.call, time.process_time() - began)
    transport.close()
    return cost


async def suspending(orchestrator: Orchestrator, name: str, rounds: int) -> Cost:
    """The cost in :meth:`Orchestrator.astream`."""
    transport = LoopTransport(asyncio.get_running_loop())
    request, cost = outgoing(orchestrator, name), Cost()
    for _ in range(rounds):
        began = time.process_time()
        answer = await transport.open(request, 60.0, 60.0)
        while await answer.read(60.0) is not None:
            pass
        await answer.aclose()
        cost.plain = min(cost.plain, time.process_time() - began)
        began = time.process_time()
        async with orchestrator.astream(REQUEST, route=name) as chunks:
            assert sum([bool(one.text) async for one in chunks]) == CHUNKS[name]
        cost.call = min(cost.call, time.process_time() - began)
    await transport.aclose()
    return cost


def chunk_costs(rounds: int) -> dict[str, Cost]:
    """What a chunk costs, by how the chunks arrive and the way that they are asked for."""
    found: dict[str, Cost] = {}
    text = {name: " ".join(["word"] * count) for name, count in CHUNKS.items()}
    served = {"many": replies.ok(text["many"]), "each": replies.ok(text["each"], pace=PACE)}
    with SimProcess(served) as providers:
        config = loads(CONFIG.format(**{name: providers.url(name) for name in served}), {})
        with Orchestrator(config) as orchestrator:
            for name, count in CHUNKS.items():
                for way, cost in (
                    ("stream", blocking(orchestrator, name, rounds)),
                    ("astream", asyncio.run(suspending(orchestrator, name, rounds))),
                ):
                    found[f"{name} {way}"] = Cost(cost.plain / count, cost.call / count)
    return found


def tell_chunks(rounds: int) -> float:
    """Print the table; the most that a chunk adds where many come in a read."""
    print(f"{'µs CPU a chunk':<18}{'plain':>8}{'call':>8}{'added':>8}")
    found = chunk_costs(rounds)
    for name, cost in found.items():
        plain, call = 1e6 * cost.plain, 1e6 * cost.call
        print(f"{name:<18}{plain:>8.1f}{call:>8.1f}{call - plain:>8.1f}")
    return max(1e6 * (one.call - one.plain) for name, one in found.items() if "many" in name)


# Events.


def events() -> list[bytes]:
    """The stream, one event an item."""
    bodies = (
        chunk(TextDelta(f"word{number} "), id="chatcmpl-1", model="model-1", created=1)
        for number in range(WORDS)
    )
    return [b"data: " + msgspec.json.encode(body) + b"\n\n" for body in bodies] + [
        b"data: [DONE]\n\n"
    ]


def split(pieces: Iterable[bytes]) -> int:
    """Split alone; the number of events."""
    parser = ServerSentEvents()
    return sum(len(parser.feed(piece)) for piece in pieces) + len(parser.close())


def read(pieces: Iterable[bytes]) -> int:
    """Split, decode and turn into deltas; the number of events."""
    reader = dialect("openai-chat").stream_reader()
    return sum(len(reader.feed(piece)) for piece in pieces) + len(reader.close())


def split_by_other(pieces: Iterable[bytes]) -> int:
    """The same by httpx-sse, which takes the response that brings the pieces."""
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, content=iter(pieces))
    return sum(1 for _ in httpx_sse.EventSource(response).iter_sse())


def microseconds(work: Callable[[Iterable[bytes]], int], pieces: list[bytes]) -> float:
    """The best round: the one that others disturbed least."""
    assert work(pieces) == WORDS + 1
    rounds = timeit.repeat(lambda: work(pieces), number=REPEATS, repeat=ROUNDS)
    return min(rounds) / REPEATS * 1e6


def tell_events() -> float:
    """Print the table; what splitting the whole stream takes."""
    each = events()
    whole = b"".join(each)
    arrivals = {
        "whole": [whole],
        "1 KB pieces": [whole[at : at + 1000] for at in range(0, len(whole), 1000)],
        "event by event": each,
        "whole, CRLF": [whole.replace(b"\n", b"\r\n")],
    }
    print(f"{'µs for 51 events':<18}{'split':>8}{'read':>8}{'httpx-sse':>11}")
    for name, pieces in arrivals.items():
        costs = [microseconds(work, pieces) for work in (split, read, split_by_other)]
        print(f"{name:<18}{costs[0]:>8.1f}{costs[1]:>8.1f}{costs[2]:>11.1f}")
    return microseconds(split, [whole])


def main() -> int:
    """Measure, print the tables, and say by the exit status whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="pairs to measure")
    parser.add_argument("--check", action="store_true", help="exit 1 above a limit")
    options = parser.parse_args()
    added, taken = tell_chunks(options.rounds), tell_events()
    return int(options.check and (added > CHUNK_LIMIT or taken > SPLIT_LIMIT))


if __name__ == "__main__":
    sys.exit(main())
