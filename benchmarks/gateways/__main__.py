"""What a gateway costs a request, and what it adds to one; beside others where they are installed.

    python -m benchmarks.gateways [--quick] [--peers FOLDER] [--json FILE]

Each gateway is a process of its own on the second core; the provider, which answers from memory,
and the client share the first. All gateways are up at once and are asked in turn, round by round,
so that whatever disturbs the machine disturbs them alike. What counts is the processor's time of
a gateway's process and of those that it started, as the kernel counts it, the least of the rounds
and the median. Requests a second are what one core did, the client on another; latencies are of
the same request, asked directly and through each gateway in turn over kept connections. How the
others are installed is said in :mod:`.contenders`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from benchmarks.gateways.contenders import (
    OURS_BARE,
    OURS_KEPT,
    Ask,
    Contender,
    Running,
    direct,
    installed,
)
from benchmarks.gateways.load import Found
from benchmarks.peers.upstream import ROOT, running

EVENTS = 62
"""Of the stream that is measured."""


@attrs.frozen
class Extent:
    """How much is measured.

    Attributes:
        starts: Of each gateway, to time them.
        rounds: At each number of requests in flight.
        seconds: Of one round.
        in_flight: Those numbers.
        latency: Seconds over which latencies are compared.
    """

    starts: int = 9
    rounds: int = 5
    seconds: float = 3.0
    in_flight: Sequence[int] = (1, 16, 64, 256)
    latency: float = 20.0


QUICK = Extent(starts=2, rounds=2, seconds=0.6, in_flight=(1, 64), latency=2.0)


def load(
    asks: Sequence[Ask], seconds: float, connections: int = 1, *, streams: bool = False
) -> list[Found]:
    """What a process that asks found; see :mod:`.load`."""
    job = {
        "asks": [ask.words for ask in asks],
        "seconds": seconds,
        "connections": connections,
        "streams": streams,
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gateways.load", json.dumps(job)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return [Found(**one) for one in json.loads(done.stdout)]


@attrs.define
class Rounds:
    """What the rounds of one gateway found, under one load."""

    cpu: list[float] = attrs.field(factory=list)
    rate: list[float] = attrs.field(factory=list)
    failures: int = 0

    def take(self, gateway: Running, route: str, extent: Extent, at_once: int, **how: bool) -> None:
        """One more round."""
        before = gateway.process.cpu()
        [found] = load([gateway.ask(route)], extent.seconds, at_once, **how)
        spent = gateway.process.cpu() - before
        self.failures += found.failures
        if found.answers:
            self.cpu.append(1e6 * spent / found.answers)
            self.rate.append(found.answers / found.took)

    def summary(self) -> dict[str, float]:
        """Microseconds of the processor a request, and requests a second, if any was answered."""
        if not self.cpu:
            return {"failures": self.failures}
        return {
            "cpu": round(min(self.cpu), 1),
            "cpu_median": round(median(self.cpu), 1),
            "rate": round(median(self.rate)),
            "most": round(max(self.rate)),
            "failures": self.failures,
        }


def starts(contender: Contender, upstream: str, times: int) -> dict[str, float]:
    """What it takes until one is ready, and the memory that it has by then."""
    wall, cpu, memory = [], [], []
    for _ in range(times):
        with contender.start(upstream) as gateway:
            wall.append(gateway.process.ready * 1000)
            cpu.append(gateway.process.ready_cpu * 1000)
            memory.append(gateway.process.resident() / 1e6)
    return {
        "wall": round(min(wall)),
        "wall_median": round(median(wall)),
        "cpu": round(min(cpu)),
        "cpu_median": round(median(cpu)),
        "mb": round(median(memory), 1),
    }


def rescues(upstream: str, times: int) -> dict[str, float]:
    """Milliseconds of the first call that meets a provider without money, and of others."""
    first, plain = [], []
    for _ in range(times):
        with OURS_KEPT.start(upstream) as gateway:
            load([gateway.ask("long")], 0.1)
            [usual] = load([gateway.ask("long")], 0.1)
            plain.append(usual.median * 1000)
            [found] = load([gateway.ask("rescued")], 0.0)
            first.append(found.median * 1000)
    return {"first": round(median(first), 2), "usual": round(median(plain), 2)}


def table(
    gateways: Mapping[str, Running], extent: Extent, route: str, at_once: int, **how: bool
) -> dict[str, dict[str, float]]:
    """What each gateway needs for a request, in rounds in which they take turns."""
    found = {name: Rounds() for name in gateways}
    for gateway in gateways.values():
        load([gateway.ask(route)], 0.3, at_once, **how)
    for _ in range(extent.rounds):
        for name, gateway in gateways.items():
            found[name].take(gateway, route, extent, at_once, **how)
    return {name: rounds.summary() for name, rounds in found.items()}


def latencies(
    gateways: Mapping[str, Running], upstream: str, route: str, seconds: float, *, streams: bool
) -> dict[str, dict[str, float]]:
    """Milliseconds of a request, asked directly and through each gateway in turn."""
    asks = [direct(upstream, route), *(each.ask(route) for each in gateways.values())]
    found = load(asks, seconds * len(asks) / 2, streams=streams)
    return {
        name: {
            key: round(1000 * value, 3)
            for key, value in attrs.asdict(one).items()
            if key in ("median", "p99", "first", "first_p99") and one.answers
        }
        for name, one in zip(["direct", *gateways], found, strict=True)
    }


@contextlib.contextmanager
def up(contenders: Iterable[Contender], upstream: str) -> Iterator[dict[str, Running]]:
    """All of them at once; who does not come up is said, and left out."""
    with contextlib.ExitStack() as stack:
        gateways = {}
        for contender in contenders:
            try:
                gateways[contender.name] = stack.enter_context(contender.start(upstream))
            except TimeoutError as error:
                print(f"!! LEFT OUT: {contender.name} does not come up: {error}")
        yield gateways


def measure(extent: Extent, peers: Sequence[Contender] = ()) -> dict[str, Any]:
    """All of it, printed as it comes."""
    contenders = [OURS_KEPT, OURS_BARE, *peers]
    found: dict[str, Any] = {
        "versions": {each.name: each.version for each in peers},
        "rounds": extent.rounds,
        "seconds": extent.seconds,
    }
    with running() as upstream:
        ready = found["ready"] = {}
        for contender in contenders:
            times = extent.starts if contender not in peers else min(extent.starts, 3)
            with contextlib.suppress(TimeoutError):  # said below
                ready[contender.name] = starts(contender, upstream, times)
        tell("ready: ms of the clock and of the processor, MB", ready)
        with up(contenders, upstream) as gateways:
            requests = found["requests"] = {}
            for at_once in extent.in_flight:
                requests[str(at_once)] = table(gateways, extent, "long", at_once)
                tell(f"{at_once} in flight: µs CPU a request, requests/s", requests[str(at_once)])
            found["streams"] = table(gateways, extent, "words", 16, streams=True)
            tell(f"streams of {EVENTS} events: µs CPU each, streams/s", found["streams"])
            one = {OURS_KEPT.name: gateways[OURS_KEPT.name]}
            found["rescued"] = table(one, extent, "rescued", 64)
            tell("the first of the route is benched, 64 in flight", found["rescued"])
            found["whole"] = latencies(gateways, upstream, "long", extent.latency, streams=False)
            tell("ms of a request, one in flight", found["whole"])
            found["first"] = latencies(gateways, upstream, "words", extent.latency, streams=True)
            tell("ms of a stream, one in flight", found["first"])
            found["memory"] = {
                name: {"mb": round(each.process.resident() / 1e6, 1)}
                for name, each in gateways.items()
            }
            tell("MB after that", found["memory"])
        found["rescue"] = rescues(upstream, extent.starts)
        tell("ms of the first call that is rescued, and of others", {"ours": found["rescue"]})
    return found


def tell(what: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table."""
    print(f"\n{what}")
    for name, row in rows.items():
        print(f"  {name:<36}", *(f"{key} {value:,g}" for key, value in row.items()), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a minute; its figures are rough")
    parser.add_argument("--peers", type=Path, help="the folder below which others are installed")
    parser.add_argument("--json", type=Path, help="write what was found into this file too")
    options = parser.parse_args()
    peers = installed(options.peers) if options.peers else []
    found = measure(QUICK if options.quick else Extent(), peers)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
