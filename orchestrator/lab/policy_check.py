"""Search of a config's routes for as long as a second: what a gateway asks before it takes one.

A process of its own, ``python -m orchestrator.lab.policy_check``, so that the search takes no turn
of the gateway's calls. It gets a line of a ledger for each route on stdin (:class:`.Opened`: route,
policy and pools, and no secret), and answers on stdout with a line of JSON for each route that was
searched. A search that a second was not enough for tells what it found by then, mostly nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import msgspec

from orchestrator.lab.verify import Setting, Verdict, verify
from orchestrator.ledger import Opened, read_entries

SECONDS = 1.0
"""For the search of all routes together."""

LEAST = 0.1
"""Seconds that a route has in any case: what the shipped proof covers takes less."""


class RouteVerdict(msgspec.Struct, frozen=True):
    """What was found of a route.

    Attributes:
        route: Its name.
        broken: The first property that does not hold; empty where all do.
        what: What happens.
        words: The shortest sequence to it.
    """

    route: str
    broken: str = ""
    what: str = ""
    words: tuple[str, ...] = ()


def settings_of(lines: Iterator[bytes]) -> Iterator[Setting]:
    """What is to be searched."""
    for entry in read_entries(lines, "<stdin>"):
        if isinstance(entry, Opened):
            pool = {name: len(pool.labels) for name, pool in entry.pools.items()}
            yield Setting(entry.route, pool, entry.policy, name=entry.call)


def route_verdict(verdict: Verdict) -> RouteVerdict:
    """What there is to say of a route in one line."""
    name = verdict.setting.name
    if verdict.holds:
        return RouteVerdict(name)
    first = verdict.violations[0]
    return RouteVerdict(name, first.name, first.what, tuple(first.trace.words))


def main() -> None:
    """Answer what is asked on stdin."""
    began = time.process_time()
    settings = list(settings_of(iter(sys.stdin.buffer.readline, b"")))
    for setting in settings:
        # Of the processor's time: on a busy machine a second by the clock would search nothing.
        left = max(LEAST, SECONDS + began - time.process_time())
        answer = route_verdict(verify(setting, seconds=left))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
