"""A client in a process of its own: ``python -m benchmarks.peers.worker NAME URL LOOP [OPTIONS]``.

OPTIONS are words such as ``health=file``. Each line of its input is a number of calls and how
many of them are in flight at once, 0 for calls that block a thread, one after another; each line
of its output the seconds of the processor and of the clock that they took. The first line is what
it took to be ready: seconds of the processor, and MiB.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks.peers.clients import CLIENTS
from benchmarks.peers.upstream import allow_files, new_loop, pin, resident


async def many(suspend: Callable[[], Awaitable[object]], calls: int, in_flight: int) -> None:
    """So many calls, so many of them at once."""
    left = iter(range(calls))

    async def one_after_another() -> None:
        for _ in left:
            await suspend()

    await asyncio.gather(*(one_after_another() for _ in range(in_flight)))


def main() -> None:
    """Be the client."""
    name, url, loop, *options = sys.argv[1:]
    pin(1)
    allow_files()
    with asyncio.Runner(loop_factory=new_loop(loop)) as runner:
        made = runner.run(CLIENTS[name](url, **dict(one.split("=") for one in options)))
        print(time.process_time(), resident() / 2**20, flush=True)
        for line in sys.stdin:
            calls, in_flight = map(int, line.split())
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            if in_flight:
                runner.run(many(made.suspend, calls, in_flight))
            else:
                assert made.block is not None
                for _ in range(calls):
                    made.block()
            print(time.process_time() - cpu, time.perf_counter() - wall, flush=True)


if __name__ == "__main__":
    main()
