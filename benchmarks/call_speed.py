"""What a call costs over its connections: same server, same bytes, same run.

    python benchmarks/call_speed.py [--rounds N] [--calls N] [--limit MICROSECONDS]

Each round sends ``--calls`` requests one after another by connections alone, then as
many by ``Orchestrator.run`` (or ``arun``), in turn; the median over the rounds of each
pair's difference is what the orchestrator adds. The server is another process, on
loopback; what counts is this process's CPU time. Machines differ and are noisy, so the ratio
is what to compare. With ``--limit``
the exit status is 1 where either way adds more.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import attrs

from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.connections.loops import LoopTransport
from orchestrator.connections.sockets import SocketTransport
from orchestrator.dialects import dialect
from orchestrator.execution.auth import auth_of
from orchestrator.http_messages import OutgoingRequest
from orchestrator.sim import SimProcess, replies

REQUEST = {"messages": [{"role": "user", "content": "hi " * 150}]}
CONFIG = """
health = "memory"
[routes]
default = ["bench/model"]
[providers.bench]
base_url = "{url}"
credentials = ["env:BENCH_KEY"]
"""


@attrs.frozen
class Pair:
    """CPU seconds a request in one round: by the transport alone, and by a call."""

    plain: float
    call: float


def outgoing(orchestrator: Orchestrator) -> OutgoingRequest:
    """The request that a call would send, byte for byte."""
    provider = orchestrator.config.providers["bench"]
    made = dialect(provider.dialect).encode(
        REQUEST,
        provider=provider,
        model="model",
        overrides={},
    )
    auth_of(provider, provider.credentials[0].secret).sign(made)
    return made


def blocking(orchestrator: Orchestrator, rounds: int, calls: int) -> list[Pair]:
    """Pairs for :meth:`Orchestrator.run`."""
    transport, request = SocketTransport(), outgoing(orchestrator)

    def plain() -> None:
        answer = transport.open(request, 60.0, 60.0)
        assert answer.head.status == 200
        while answer.read(60.0) is not None:
            pass
        answer.close()

    def one() -> None:
        assert orchestrator.run(REQUEST).text == "ok"

    def timed(work: Callable[[], None]) -> float:
        began = time.process_time()
        for _ in range(calls):
            work()
        return (time.process_time() - began) / calls

    timed(plain), timed(one)
    pairs = [Pair(timed(plain), timed(one)) for _ in range(rounds)]
    transport.close()
    return pairs


async def suspending(orchestrator: Orchestrator, rounds: int, calls: int) -> list[Pair]:
    """Pairs for :meth:`Orchestrator.arun`."""
    transport, request = LoopTransport(asyncio.get_running_loop()), outgoing(orchestrator)

    async def plain() -> None:
        answer = await transport.open(request, 60.0, 60.0)
        assert answer.head.status == 200
        while await answer.read(60.0) is not None:
            pass
        await answer.aclose()

    async def one() -> None:
        assert (await orchestrator.arun(REQUEST)).text == "ok"

    async def timed(work: Callable[[], Awaitable[None]]) -> float:
        began = time.process_time()
        for _ in range(calls):
            await work()
        return (time.process_time() - began) / calls

    await timed(plain)
    await timed(one)
    pairs = [Pair(await timed(plain), await timed(one)) for _ in range(rounds)]
    await transport.aclose()
    return pairs


def told(name: str, pairs: list[Pair]) -> float:
    """Print one line; the microseconds that a call adds."""
    plain = statistics.median(pair.plain for pair in pairs)
    call = statistics.median(pair.call for pair in pairs)
    added = statistics.median(pair.call - pair.plain for pair in pairs)
    print(
        f"{name:6}{1e6 * plain:10.0f}{1e6 * call:10.0f}{1e6 * added:10.0f}"
        f"{call / plain:8.2f}{1 / call:10.0f}"
    )
    return 1e6 * added


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="pairs to measure")
    parser.add_argument("--calls", type=int, default=200, help="requests in each half of a pair")
    parser.add_argument("--limit", type=float, help="µs that a call may add")
    options = parser.parse_args()
    with SimProcess({"bench": replies.ok()}) as providers:
        config = loads(CONFIG.format(url=providers.url("bench")), {"BENCH_KEY": "benchmark"})
        with Orchestrator(config) as orchestrator:
            print(
                f"{'':6}{'plain µs':>10}{'call µs':>10}{'added µs':>10}{'ratio':>8}{'calls/s':>10}"
            )
            added = [
                told("run", blocking(orchestrator, options.rounds, options.calls)),
                told("arun", asyncio.run(suspending(orchestrator, options.rounds, options.calls))),
            ]
    return int(options.limit is not None and max(added) > options.limit)


if __name__ == "__main__":
    sys.exit(main())
