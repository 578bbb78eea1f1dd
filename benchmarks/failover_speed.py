"""What a provider without money costs a call: ``python -m benchmarks.failover_speed [--check]``.

The first provider of the route answers 402, or 429 for a quota that is used up; the second answers
at once. Each round is a new orchestrator: its first call meets the failure and takes the fallback,
the next ones must not ask the dead provider again. Told are milliseconds of the clock and of the
processor until the fallback's answer, the connections to both included, beside the first call of
an orchestrator that has the second provider alone; and how often the dead provider was asked. The
providers are another process on loopback. With ``--check`` the exit status is 1 where the median
is 5 ms or more, or the dead provider was asked other than once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
import urllib.request

import attrs

from benchmarks.peers.clients import KEY, REQUEST
from benchmarks.peers.upstream import pin, running
from orchestrator import Orchestrator

MOST_MILLISECONDS = 5.0
LATER = 20
"""Calls after the first, none of which may ask the dead provider."""


@attrs.frozen
class Failover:
    """What the rounds of one failure told.

    Attributes:
        wall, cpu: Milliseconds of the first call, the median.
        least: Milliseconds of the clock, the least.
        first, later: How often the dead provider was asked by the first call, and by
            :data:`LATER` later ones; the most of any round.
    """

    wall: float
    cpu: float
    least: float
    first: int
    later: int


@attrs.frozen
class Round:
    """One orchestrator's first call, and who was asked by it and by the later ones."""

    wall: float
    cpu: float
    first: dict[str, int]
    later: dict[str, int]


def hits(url: str) -> dict[str, int]:
    """How often each provider was asked since the last time."""
    with urllib.request.urlopen(f"{url}/hits") as answer:  # noqa: S310 - our own, on loopback
        return json.load(answer)  # type: ignore[no-any-return]


def orchestrator(url: str, names: list[str]) -> Orchestrator:
    """One that asks the providers of these names, in order."""
    return Orchestrator.from_dict(
        {
            "health": "memory",
            "routes": {"default": [f"{name}/model" for name in names]},
            "providers": {
                name: {"base_url": f"{url}/{name}/v1", "credentials": [KEY]} for name in names
            },
        }
    )


def blocking(made: Orchestrator, url: str) -> Round:
    """A round of :meth:`.Orchestrator.run`."""
    with made:
        wall, cpu = time.perf_counter(), time.process_time()
        assert made.run(REQUEST).text == "ok"
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        first = hits(url)
        for _ in range(LATER):
            made.run(REQUEST)
    return Round(1e3 * wall, 1e3 * cpu, first, hits(url))


def suspending(made: Orchestrator, url: str) -> Round:
    """A round of :meth:`.Orchestrator.arun`."""

    async def calls() -> Round:
        async with made:
            wall, cpu = time.perf_counter(), time.process_time()
            assert (await made.arun(REQUEST)).text == "ok"
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            first = hits(url)
            for _ in range(LATER):
                await made.arun(REQUEST)
        return Round(1e3 * wall, 1e3 * cpu, first, hits(url))

    return asyncio.run(calls())


def summary(rounds: list[Round], dead: str) -> Failover:
    """What is told of the rounds, of which ``dead`` cannot pay."""
    wall = [one.wall for one in rounds]
    return Failover(
        statistics.median(wall),
        statistics.median(one.cpu for one in rounds),
        min(wall),
        max(one.first.get(dead, 0) for one in rounds),
        max(one.later.get(dead, 0) for one in rounds),
    )


def measure(rounds: int) -> dict[str, Failover]:
    """By failure and way, printed as they come."""
    found: dict[str, Failover] = {}
    head = f"{'first call':<22}{'ms':>8}{'least':>8}{'ms CPU':>8}"
    print(f"{head}{'asked by it':>13}{f'by {LATER} later':>13}")
    with running() as url:
        for failure, dead in (("no failure", ""), ("402", "broke"), ("429 quota", "quota")):
            names = [*([dead] if dead else []), "ok"]
            for way, work in (("run", blocking), ("arun", suspending)):
                # The first of all does not count: rules are read once for all.
                done = [work(orchestrator(url, names), url) for _ in range(1 + rounds)][1:]
                one = found[f"{failure}, {way}"] = summary(done, dead)
                print(
                    f"{failure + ', ' + way:<22}{one.wall:>8.2f}{one.least:>8.2f}{one.cpu:>8.2f}"
                    f"{one.first:>13}{one.later:>13}"
                )
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--check", action="store_true", help="exit 1 beyond the limits")
    options = parser.parse_args()
    pin(1)
    found = {name: one for name, one in measure(options.rounds).items() if "no failure" not in name}
    late = any(one.wall >= MOST_MILLISECONDS for one in found.values())
    again = any((one.first, one.later) != (1, 0) for one in found.values())
    return int(options.check and (late or again))


if __name__ == "__main__":
    sys.exit(main())
