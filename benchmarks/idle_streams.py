"""What a gateway holds while many streams wait in the middle of an answer.

    python -m benchmarks.idle_streams [--quick] [--count N] [--check]

The gateway, the provider, which sends one event of each stream and then nothing, and the client,
which waits, are processes of their own. Told is the memory of the gateway's process (resident, as
the kernel counts it) before, with all streams open, and once all clients have left; and whether it
then holds as many descriptors as before. With ``--check`` the exit status is 1 where 10,000
streams hold more than 400 MB, one was lost, or one left something.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.gateways.contenders import OURS_KEPT, Ask
from benchmarks.gateways.load import connected
from benchmarks.peers.upstream import ROOT, allow_files, new_loop, running

MOST_MB = 400.0
AT_ONCE = 100
"""Connections that are being made at once: a listener's queue is bounded."""
PATIENCE = 120.0
"""Seconds until all streams have begun."""


async def hold(ask: Ask, count: int) -> None:
    """Open so many streams, say how many have begun, and keep them until the input ends."""
    loop, opened = asyncio.get_running_loop(), []

    async def some(number: int) -> None:
        for _ in range(number):
            made = await connected(ask.words, streams=True)
            waits = asyncio.ensure_future(made.ask())
            opened.append((made, waits))

    await asyncio.gather(*(some(count // AT_ONCE) for _ in range(AT_ONCE)))
    ends_at = loop.time() + PATIENCE
    for made, _ in opened:
        while not made.first and loop.time() < ends_at:  # noqa: ASYNC110 - there is one at once
            await asyncio.sleep(0.05)
    print(json.dumps(sum(len(made.first) for made, _ in opened)), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    # Whoever was lost meanwhile has an answer, or a connection that ended.
    print(json.dumps(sum(not waits.done() for _, waits in opened)), flush=True)
    for made, waits in opened:
        waits.cancel()
        made.transport.abort()


def descriptors(pid: int) -> int:
    """Open files and sockets of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def measure(count: int, seconds: float) -> dict[str, Any]:
    """MB and descriptors of the gateway: before, with ``count`` streams, and after them."""
    most = (allow_files() - 100) // 2  # the gateway holds two descriptors a stream
    if count > most:
        print(f"!! FEWER: this machine allows open files for {most:,} streams (ulimit -n)")
    count = min(count, most) // AT_ONCE * AT_ONCE
    with running() as upstream, OURS_KEPT.start(upstream) as gateway:
        process, ask = gateway.process, gateway.ask("stall")
        with _client(ask, AT_ONCE) as warm:  # what is made once for all
            warm.communicate("\n", timeout=PATIENCE)
        before = settled(process.pid)
        mb, cpu = process.resident() / 1e6, process.cpu()
        with _client(ask, count) as client:
            assert client.stdout is not None
            begun = json.loads(client.stdout.readline())
            cpu = process.cpu() - cpu
            full = process.resident() / 1e6
            time.sleep(seconds)
            later = process.resident() / 1e6
            waiting = process.cpu()
            left, _ = client.communicate("\n", timeout=PATIENCE)
        after = settled(process.pid, before)
        return {
            "count": count,
            "begun": begun,
            "kept": json.loads(left),
            "mb_before": round(mb, 1),
            "mb": round(max(full, later), 1),
            "mb_of_10000": round(mb + (max(full, later) - mb) / count * 10_000, 1),
            "kib_each": round((max(full, later) - mb) * 1e6 / 1024 / count, 1),
            "cpu_each": round(1e6 * cpu / count),
            "mb_after": round(process.resident() / 1e6, 1),
            "cpu_to_end": round(process.cpu() - waiting, 2),
            "descriptors_before": before,
            "descriptors_after": after,
        }


def settled(pid: int, wanted: int = 0, patience: float = PATIENCE) -> int:
    """Its open files once their number rests, or is no more than ``wanted``, or it takes long."""
    ends_at, last = time.monotonic() + patience, -1
    while time.monotonic() < ends_at:
        found = descriptors(pid)
        if found <= wanted or (found == last and not wanted):
            break
        last = found
        time.sleep(0.5)
    return descriptors(pid)


def _client(ask: Ask, count: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "benchmarks.idle_streams", "--count", str(count), "--worker"]
    return subprocess.Popen(
        [*words, json.dumps(ask.words)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def is_met(found: dict[str, Any]) -> bool:
    """Whether the goal is met, and nothing was lost or left."""
    is_whole = found["begun"] == found["kept"] == found["count"]
    is_clean = found["descriptors_after"] <= found["descriptors_before"]
    return is_whole and is_clean and bool(found["mb_of_10000"] <= MOST_MB)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="500 streams, for a second")
    parser.add_argument("--check", action="store_true", help="exit 1 beyond the limits")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        allow_files()
        with asyncio.Runner(loop_factory=new_loop()) as runner:
            runner.run(hold(Ask(**json.loads(options.worker)), options.count))
        return 0
    found = measure(*((500, 1.0) if options.quick else (options.count, 10.0)))
    for name, value in found.items():
        print(f"{name:<20}{value:>12,}")
    return int(options.check and not is_met(found))


if __name__ == "__main__":
    sys.exit(main())
