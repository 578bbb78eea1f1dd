"""What the machine costs a call, beside the bare state machine library in the same run.

    python benchmarks/machine_speed.py [--limit MICROSECONDS]

Prints microseconds of the processor for a call that succeeds at once (2 steps), for one whose
primary is out of money (5 steps), and for the library alone firing the same number of events on
an empty machine: machines differ and are noisy, so the ratio is what to compare. With
``--limit`` the exit status is 1 where the call that succeeds at once costs more.
"""

from __future__ import annotations

import argparse
import sys
import time
import timeit
from collections.abc import Callable

from transitions import Machine

from orchestrator import states

PRIMARY = states.Target("deepseek", "deepseek-v4-pro")
FALLBACK = states.Target("openrouter", "openai/gpt-oss-120b:free")
POLICY = states.Policy()  # a config's: it is not made for each call
ALL = states.Standby(("key#1", "key#2"), (PRIMARY, FALLBACK))
REST = states.Standby((), (FALLBACK,))
NO_MONEY = states.Error(states.Reason.BILLING, "deepseek.insufficient-balance", 402)

HAPPY: tuple[states.Event, ...] = (
    states.Started(0.0, states.Taken(PRIMARY, "key#1"), ALL),
    states.Succeeded(0.8),
)
BILLING: tuple[states.Event, ...] = (
    states.Started(0.0, states.Taken(PRIMARY, "key#1"), ALL),
    states.Failed(0.2),
    states.Diagnosed(0.2, NO_MONEY, REST),
    states.Switched(0.2, states.Taken(FALLBACK, "key#1"), REST),
    states.Succeeded(0.8),
)


def run(events: tuple[states.Event, ...]) -> states.Call:
    """A whole call."""
    call = states.Call((PRIMARY, FALLBACK), POLICY)
    for event in events:
        call = states.step(call, event).call
    return call


class Bare:
    """A model of the bare library's machine."""

    state = "0"


def bare(steps: int) -> Callable[[], None]:
    """The same number of events on a machine without guards, effects or commands."""
    names = [str(number) for number in range(steps + 1)]
    machine = Machine(
        model=None, states=names, initial="0", auto_transitions=False, send_event=True
    )
    for number in range(steps):
        machine.add_transition("go", names[number], names[number + 1])
    trigger = machine.events["go"].trigger

    def fire() -> None:
        model = Bare()
        for _ in range(steps):
            trigger(model)

    return fire


def microseconds(work: Callable[[], object]) -> float:
    """The best of many rounds, since noise only adds."""
    return min(timeit.repeat(work, timer=time.process_time, number=1000, repeat=25)) * 1000


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, help="µs that a call may cost")
    limit = parser.parse_args().limit
    assert run(HAPPY).state is states.State.SUCCEED
    assert run(BILLING).number == 2
    happy = microseconds(lambda: run(HAPPY))
    billing = microseconds(lambda: run(BILLING))
    print(f"{'':34}{'µs':>8}{'× bare library':>18}")
    print(f"{'answered at once, 2 steps':34}{happy:8.1f}{happy / microseconds(bare(2)):18.1f}")
    ratio = billing / microseconds(bare(5))
    print(f"{'402, then the fallback, 5 steps':34}{billing:8.1f}{ratio:18.1f}")
    return int(limit is not None and happy > limit)


if __name__ == "__main__":
    sys.exit(main())
