"""What the tests of the gateway's keys run in other processes, started by path."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from orchestrator.clock import VirtualClock
from orchestrator.gateway.daily_tokens import DailyTokens
from orchestrator.gateway.key_file import GatewayKey, KeyFile
from orchestrator.gateway.key_limits import KeyLimits
from orchestrator.serving.refusals import RequestRefused
from tests.waiting import AMPLE

ROOT = Path(__file__).parents[3]
RING = "keys.json"
PATIENT = 20_000
"""Tries: the tests check that nothing is lost, not that it is quick."""


def spawn(work: str, path: Path, *numbers: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.orchestrator.gateway.key_workers", work, str(path)]
        + [str(number) for number in numbers],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_at_once(workers: Sequence[subprocess.Popen[str]]) -> list[str]:
    """Let those begin that say that they are ready, together; what each prints from then on."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    printed = [worker.communicate(timeout=AMPLE)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    return printed


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def add_keys(path: Path, worker: int, count: int) -> None:
    """Make so many keys, once the test says so, and remove every second one again."""
    file = KeyFile(path)
    say("ready")
    sys.stdin.readline()
    for number in range(count):
        file.add(GatewayKey(f"w{worker}-{number}"))
        if number % 2:
            file.remove(f"w{worker}-{number}")


def spend(path: Path, keys: int, budget: int, each: int) -> None:
    """Use up the budgets of so many keys, one after the other, while others do the same.

    Prints how many requests were let in.
    """
    clock = VirtualClock()  # of a day that does not end meanwhile
    limits = KeyLimits(DailyTokens(path, RING, clock, tries=PATIENT), clock)
    say("ready")
    sys.stdin.readline()
    admitted = 0
    for number in range(keys):
        key = GatewayKey(f"k{number}", tokens_per_day=budget)
        with suppress(RequestRefused):
            while True:
                limits.admit(key, each)
                admitted += 1
    say(admitted)


def reserve_and_hang(path: Path, tokens: int) -> None:
    """Reserve, and wait to be killed."""
    limits = KeyLimits(DailyTokens(path, RING, tries=PATIENT))
    limits.admit(GatewayKey("ci", tokens_per_day=10**6), tokens)
    say("reserved")
    sys.stdin.readline()


if __name__ == "__main__":
    work, where, *numbers = sys.argv[1:]
    globals()[work](Path(where), *map(int, numbers))
