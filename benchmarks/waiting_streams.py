"""What many streams cost that wait in the middle of an answer.

    python -m benchmarks.waiting_streams [--counts N …] [--check]

Each way to hold them is a process of its own, and so is the provider, which sends one chunk of
each and then nothing. Told are the KiB of memory that the process grew by for each stream, its
connection included (resident, as the kernel counts it), and the microseconds of its processor to
set one up and get its first chunk. Both should stay as they are with ten times as many. With
``--check`` the exit status is 1 where a stream of ours holds more than 20 KiB, or setting one of
the most up costs half as much again as one of the fewest.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import attrs
import httpx

from benchmarks.peers.clients import KEY, REQUEST
from benchmarks.peers.upstream import ROOT, allow_files, new_loop, pin, resident, running
from orchestrator import Orchestrator
from orchestrator.connections.loops import LoopTransport
from orchestrator.http_messages import Address, OutgoingRequest

MOST_KIB, MOST_GROWTH = 20.0, 1.5
MOST_BY_HTTPX = 5000
"""Of 10,000 each costs it 15 ms of the processor (November 2026), which takes minutes."""
AT_ONCE = 50
"""How many are being set up at once: a server has a queue of new connections."""
HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}

Opener = Callable[[AsyncExitStack], Awaitable[AsyncIterator[object]]]


def ours(url: str) -> Opener:
    """By a call."""
    provider = {"base_url": f"{url}/stall/v1", "credentials": [KEY]}
    timeouts = {"idle": "600s", "first_token": "600s"}
    orchestrator = Orchestrator.from_dict(
        {
            "health": "memory",
            "routes": {"default": ["bench/model"]},
            "providers": {"bench": provider},
            "timeouts": timeouts,
        }
    )

    async def open_one(stack: AsyncExitStack) -> AsyncIterator[object]:
        return aiter(await stack.enter_async_context(orchestrator.astream(REQUEST)))

    return open_one


def connection(url: str) -> Opener:
    """By our own connections alone."""
    address = Address.parse(f"{url}/stall/v1/chat/completions")
    request = OutgoingRequest("POST", address, {**HEADERS}, b"{}")
    transports: list[LoopTransport] = []

    async def pieces(stack: AsyncExitStack) -> AsyncIterator[object]:
        if not transports:
            transports.append(LoopTransport(asyncio.get_running_loop()))
        answer = await transports[0].open(request, 600.0, 600.0)
        stack.push_async_callback(answer.aclose)
        while (data := await answer.read(600.0)) is not None:
            yield data

    async def open_one(stack: AsyncExitStack) -> AsyncIterator[object]:
        return pieces(stack)

    return open_one


def by_httpx(url: str) -> Opener:
    """By the client of the usual Python stack."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(timeout=600.0, limits=limits, headers=HEADERS)
    address = f"{url}/stall/v1/chat/completions"

    async def open_one(stack: AsyncExitStack) -> AsyncIterator[object]:
        answer = await stack.enter_async_context(client.stream("POST", address, content=b"{}"))
        return answer.aiter_raw()

    return open_one


NO_COLLECTOR = ", collector off"
"""Of a process without Python's cyclic collector, which goes through all that is held, again and
again, while more and more is."""
WAYS: dict[str, Callable[[str], Opener]] = {
    "ours": ours,
    f"ours{NO_COLLECTOR}": ours,
    "connection": connection,
    "httpx": by_httpx,
}


async def hold(open_one: Opener, count: int) -> tuple[float, float]:
    """KiB and microseconds of the processor for each of ``count`` streams that wait."""
    async with AsyncExitStack() as stack:
        kept: list[AsyncIterator[object]] = []

        async def some(number: int) -> None:
            for _ in range(number):
                stream = await open_one(stack)
                await anext(stream)
                kept.append(stream)

        await some(20)  # what is made once for all
        gc.collect()
        memory, cpu = resident(), time.process_time()
        await asyncio.gather(*(some(count // AT_ONCE) for _ in range(AT_ONCE)))
        cpu = time.process_time() - cpu
        gc.collect()
        grown = resident() - memory
        print(grown / 1024 / count, 1e6 * cpu / count, flush=True)
        os._exit(0)  # to end so many one by one is not measured


@attrs.frozen
class Held:
    """What each stream cost."""

    kib: float
    cpu: float


def measure(counts: list[int]) -> dict[str, dict[int, Held]]:
    """By way and count, printed as they come."""
    found: dict[str, dict[int, Held]] = {name: {} for name in WAYS}
    print(f"{'waiting streams':<18}{'':<22}{'KiB each':>10}{'µs CPU each':>14}")
    for count in counts:
        for name in WAYS if count <= MOST_BY_HTTPX else [one for one in WAYS if one != "httpx"]:
            with running() as url:
                words = [sys.executable, "-m", "benchmarks.waiting_streams", "--worker", name, url]
                done = subprocess.run(
                    [*words, "--counts", str(count)],
                    cwd=ROOT, check=False, capture_output=True, text=True, timeout=540,
                )  # fmt: skip
            if done.returncode:
                print(f"!! LEFT OUT: {name} at {count}: {done.stderr.strip()[-200:]}")
                continue
            held = found[name][count] = Held(*map(float, done.stdout.split()))
            print(f"{count:<18,}{name:<22}{held.kib:>10.1f}{held.cpu:>14.0f}")
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--check", action="store_true", help="exit 1 beyond the limits")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if allow_files() < max(options.counts) + 100:
        print("!! LEFT OUT: more streams than this machine allows open files (ulimit -n)")
        options.counts = [one for one in options.counts if one + 100 < allow_files()]
    if options.worker:
        pin(1)
        name, url = options.worker
        if name.endswith(NO_COLLECTOR):
            gc.disable()
        with asyncio.Runner(loop_factory=new_loop("asyncio")) as runner:
            runner.run(hold(WAYS[name](url), options.counts[0]))
    found = measure(options.counts)["ours"]
    fewest, most = found[min(found)], found[max(found)]
    worst = max(one.kib for one in found.values())
    return int(options.check and (worst > MOST_KIB or most.cpu > MOST_GROWTH * fewest.cpu))


if __name__ == "__main__":
    sys.exit(main())
