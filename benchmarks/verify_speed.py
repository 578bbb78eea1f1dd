"""How long the model checker takes, beside the bare machine in the same run.

    python benchmarks/verify_speed.py [--limits]

Prints seconds for 3 targets with 3 keys and for 5 targets with 4 keys, each with every reason
and alike, and what share of it the machine's own steps would take: a machine that is busy slows
both. With ``--limits`` the exit status is 1 where the first takes 3 s or the second 20 s.
"""

from __future__ import annotations

import argparse
import sys
import time
import timeit

from orchestrator import states
from orchestrator.lab.verify import Setting, verify

SIZES = ((3, 3, 3.0), (5, 4, 20.0))
"""Targets, keys of each, and the seconds that a check may take."""


def setting(targets: int, keys: int) -> Setting:
    """A route of targets with a provider of their own each."""
    route = tuple(states.Target(f"provider{number}", "model") for number in range(targets))
    return Setting(route, {target.provider: keys for target in route})


def step_seconds() -> float:
    """What one step of the machine costs: a billing error, diagnosed."""
    here, there = states.Target("a", "m"), states.Target("b", "m")
    error = states.Error(states.Reason.BILLING, "benchmark")
    call = states.Call((here, there))
    for event in (
        states.Started(0.0, states.Taken(here, "key#1"), states.Standby(("key#1",), (here, there))),
        states.Failed(0.1),
    ):
        call = states.step(call, event).call
    diagnosed = states.Diagnosed(0.1, error, states.Standby((), (there,)))
    runs = 2000
    return min(timeit.repeat(lambda: states.step(call, diagnosed), number=runs, repeat=7)) / runs


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", action="store_true")
    limits = parser.parse_args().limits
    one, late = step_seconds(), False
    print(f"{'':<22}{'s':>8}{'states':>10}{'edges':>10}{'steps of the machine':>22}")
    for targets, keys, limit in SIZES:
        began = time.perf_counter()
        found = verify(setting(targets, keys))
        took = time.perf_counter() - began
        late = late or took > limit
        print(
            f"{targets} targets x {keys} keys   {took:>8.2f}{found.nodes:>10,}{found.edges:>10,}"
            f"{took / one:>22,.0f}"
        )
    return int(limits and late)


if __name__ == "__main__":
    sys.exit(main())
