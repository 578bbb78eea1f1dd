"""Write docs/performance.md and its plots from what was measured.

    python -m benchmarks.report [--measure [PART …]] [--check]

``--measure`` takes all figures again, or those of the parts that are named, and keeps them in
``results.json`` beside this file; all of them take an hour. Without it the page is written
anew from what is kept. With ``--check`` nothing is written, and the exit status is 1 where the
page does not say what is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import attrs

from benchmarks import (
    call_speed,
    failover_speed,
    first_token,
    gateway_soak,
    health_speed,
    idle_streams,
    import_speed,
    performance_page,
    stream_speed,
    waiting_streams,
)
from benchmarks import instructions as counted
from benchmarks.gateways import __main__ as gateways
from benchmarks.gateways import contenders
from benchmarks.gateways import instructions as gateway_instructions
from benchmarks.peers import __main__ as peers
from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.health import MemoryStore
from orchestrator.health.stores.file import FileStore
from orchestrator.sim import SimProcess, replies

RESULTS = Path(__file__).with_name("results.json")
DOCS = Path(__file__).parents[1] / "docs"
LIBRARIES = ("httpx", "httptools", "msgspec", "attrs", "uvloop")

# What is measured, by part.


def calls() -> object:
    """What the clients need for the same call."""
    return peers.measure(rounds=5)


def rival() -> object:
    """The one that comes nearest, in more rounds."""
    return peers.measure(9, [peers.RIVAL])


def added() -> object:
    """What a call adds to its connections, over sockets and out of memory, in microseconds."""
    with SimProcess({"bench": replies.ok()}) as providers:
        url = providers.url("bench")
        config = loads(call_speed.CONFIG.format(url=url), {"BENCH_KEY": "benchmark"})
        with Orchestrator(config) as orchestrator:
            found = {
                "run": call_speed.blocking(orchestrator, 15, 200),
                "arun": asyncio.run(call_speed.suspending(orchestrator, 15, 200)),
            }
    found["run, out of memory"] = from_memory(15, 200)
    return {
        name: {
            "plain": 1e6 * min(one.plain for one in pairs),
            "call": 1e6 * min(one.call for one in pairs),
            "added": 1e6 * statistics.median(one.call - one.plain for one in pairs),
        }
        for name, pairs in found.items()
    }


def from_memory(rounds: int, calls: int) -> list[call_speed.Pair]:
    """Pairs as of :mod:`.call_speed`, with no socket and no kernel in them."""
    call = counted.whole(counted.upstream([counted.ANSWER]))
    prepared = counted.Prepared.make()
    plain = counted.transported(counted.Memory([counted.ANSWER]), prepared.outgoing)

    def timed(work: Callable[[], object]) -> float:
        began = time.process_time()
        for _ in range(calls):
            work()
        return (time.process_time() - began) / calls

    return [call_speed.Pair(timed(plain), timed(call)) for _ in range(rounds)]


def chunks() -> object:
    """Microseconds of the processor for a chunk of a stream."""
    found = stream_speed.chunk_costs(rounds=7)
    return {name: {"plain": 1e6 * one.plain, "call": 1e6 * one.call} for name, one in found.items()}


def first_chunk() -> object:
    """Microseconds of the clock until the first content."""
    with first_token.orchestrated() as (orchestrator, _):
        found = first_token.first_contents(orchestrator, 300)
    return {
        name: {
            "plain": 1e6 * statistics.median(one.plain for one in pairs),
            "call": 1e6 * statistics.median(one.call for one in pairs),
            "added": 1e6 * statistics.median(one.call - one.plain for one in pairs),
            "httpx": 1e6 * statistics.median(one.peer for one in pairs),
        }
        for name, pairs in found.items()
    }


def waiting() -> object:
    """Memory and set-up of streams that wait."""
    found = waiting_streams.measure([1000, 10_000])
    return {
        name: {str(count): attrs.asdict(one) for count, one in counts.items()}
        for name, counts in found.items()
    }


def failover() -> object:
    """The first call that meets a provider without money."""
    return {name: attrs.asdict(one) for name, one in failover_speed.measure(30).items()}


def keys() -> object:
    """What a call asks of the board, with one key and with a thousand."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(100))
        return {
            "memory": health_speed.compare("memory", MemoryStore),
            "file": health_speed.compare(
                "file", lambda: FileStore(Path(folder) / f"{next(numbers)}.sqlite3")
            ),
        }


def imported() -> object:
    """Milliseconds of the processor and MB of an import."""
    return import_speed.measure()


def beside_gateways() -> object:
    """What the gateway costs a request, beside others where they are installed."""
    folder = Path(os.environ.get("GATEWAY_PEERS", "gateway-peers"))
    return gateways.measure(gateways.Extent(), contenders.installed(folder))


def idle() -> object:
    """What the gateway holds while many streams wait."""
    return idle_streams.measure(10_000, 10.0)


def soaked() -> object:
    """What becomes of healthy calls while everything goes wrong, and of all in restarts."""
    return gateway_soak.measure(10.0, 20, 20_000)


PARTS: dict[str, Callable[[], object]] = {
    "calls": calls,
    "rival": rival,
    "added": added,
    "chunks": chunks,
    "first_chunk": first_chunk,
    "waiting": waiting,
    "failover": failover,
    "keys": keys,
    "import": imported,
    "gateways": beside_gateways,
    "gateway_instructions": gateway_instructions.count,
    "idle_streams": idle,
    "gateway_soak": soaked,
}


def circumstances(began: float) -> dict[str, Any]:
    """When, on what, with what, and beside how much other work."""
    model = "processor unknown"
    if (cpus := Path("/proc/cpuinfo")).exists():
        lines = (line for line in cpus.read_text().splitlines() if line.startswith("model name"))
        model = next(lines, f": {model}").partition(": ")[2]
    now = dt.datetime.now(dt.UTC)
    return {
        "date": now.strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: found for name in LIBRARIES if (found := installed(name))},
        "load": [round(began, 1), round(os.getloadavg()[0], 1)],
    }


def installed(name: str) -> str | None:
    """The version of a library."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def take(parts: list[str]) -> None:
    """Measure, and keep each part as it is done."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in parts:
        began = os.getloadavg()[0]
        print(f"\n== {part}", flush=True)
        results[part] = {"figures": PARTS[part](), "under": circumstances(began)}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def main() -> int:
    """Measure where that is asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--measure", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.measure is not None:
        take(options.measure or list(PARTS))
    written = performance_page.files(
        json.loads(RESULTS.read_text()), json.loads(counted.KEPT.read_text())
    )
    stale = [
        name
        for name, text in written.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text
    ]
    if options.check:
        print("".join(f"docs/{name} does not say what was measured\n" for name in stale), end="")
        return int(bool(stale))
    (DOCS / "plots").mkdir(exist_ok=True)
    for name in stale:
        (DOCS / name).write_text(written[name], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
