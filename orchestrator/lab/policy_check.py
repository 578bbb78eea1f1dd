"""Search of a config's routes for as long as a second: what a gateway asks before it takes one.

A process of its own, ``python -m orchestrator.lab.policy_check``, so that the search takes no turn
of the gateway's calls. It gets a line of a ledger for each route on stdin (:class:`.Opened`: route,
policy and pools, and no secret), and answers on stdout with a line of JSON for each route that was
searched in time. What is not answered was not searched to its end.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import msgspec

from orchestrator.lab.verify import Setting, Verdict, verify
from orchestrator.ledger import Opened, read_entries

SECONDS = 1.0
"""Of the processor, for the search of all routes together."""


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
    settings = list(settings_of(iter(sys.stdin.buffer.readline, b"")))
    if hasattr(signal, "setitimer"):  # else whoever asked ends this process
        # Of the processor's time: on a busy machine a second by the clock would search nothing.
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    for setting in settings:
        answer = route_verdict(verify(setting))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
