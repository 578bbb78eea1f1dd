"""Calls that signals interrupt at ever new places, beside threads that call undisturbed.

A program, in a process of its own: ``python -X dev -m
tests.orchestrator.connections.interrupting PORT INTERRUPTS SECONDS THREADS``. It asks a server
that says back what it was asked, and ends with a line of JSON. Any wrong answer, failed call,
open descriptor or warning is an error; a call that hangs ends the process with its stacks.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import random
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from orchestrator import Orchestrator
from orchestrator.config.loading import loads

LONGEST = 60.0
"""Seconds after which a call hangs."""


CONFIG = """
health = "memory"
[policy]
attempts_per_target = 1
[providers.a]
base_url = "http://127.0.0.1:{port}/v1"
credentials = ["canary"]
[routes]
default = ["a/m"]
"""


def said(number: int) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": f"{number}"}]}


def ask(orchestrator: Orchestrator, number: int) -> str:
    """What the server says to a number, whole or streamed by turns."""
    if number % 2:
        return orchestrator.run(said(number)).text
    with orchestrator.stream(said(number)) as chunks:
        return "".join(chunk.text for chunk in chunks)


class Interrupter:
    """Raises KeyboardInterrupt wherever it has not yet been raised."""

    def __init__(self) -> None:
        self.is_armed = False
        self.hits = 0
        self.places: set[object] = set()
        self.spared = 0
        signal.signal(signal.SIGALRM, self.strike)

    def strike(self, _: int, frame: FrameType | None) -> None:
        if not self.is_armed or frame is None:
            return
        back = frame.f_back
        place = (frame.f_code, frame.f_lasti, back and (back.f_code, back.f_lasti))
        if place in self.places:
            self.spared += 1
            if self.spared % 4:  # now and then at an old one, whose surroundings are new
                return
        self.places.add(place)
        self.is_armed = False
        self.hits += 1
        raise KeyboardInterrupt


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Caller:
    """Calls, and compares what it got.

    Attributes:
        number: Of the last call.
        wrong: What was not as it must be.
    """

    def __init__(self, orchestrator: Orchestrator, first: int) -> None:
        self.orchestrator, self.number = orchestrator, first
        self.wrong: list[str] = []

    def call(self) -> None:
        self.number += 1
        got = ask(self.orchestrator, self.number)
        if got != f"to {self.number}":
            self.wrong.append(f"{self.number}: {got}")

    def call_until(self, is_over: threading.Event) -> None:
        while not is_over.is_set():
            self.call()

    def call_interrupted(self, interrupter: Interrupter, after: float) -> None:
        """One call that a signal may interrupt, and then one that none does."""
        try:
            try:
                interrupter.is_armed = True
                signal.setitimer(signal.ITIMER_REAL, after, 0.0003)
                self.call()
            finally:
                interrupter.is_armed = False
                signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            self.call()


def main(port: int, interrupts: int, seconds: float, threads: int) -> None:
    orchestrator = Orchestrator(loads(CONFIG.format(port=port), {}))
    main_caller, *others = (Caller(orchestrator, 10**9 * i) for i in range(threads + 1))
    main_caller.call()
    main_caller.call()
    orchestrator.close()
    before, is_over = descriptors(), threading.Event()
    beside = [threading.Thread(target=each.call_until, args=(is_over,)) for each in others]
    for thread in beside:
        thread.start()
    interrupter, dice = Interrupter(), random.Random(1)
    ends = time.monotonic() + seconds
    while interrupter.hits < interrupts and time.monotonic() < ends:
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        main_caller.call_interrupted(interrupter, 1e-5 + dice.random() * 0.003)
    is_over.set()
    for thread in beside:
        thread.join()
    faulthandler.cancel_dump_traceback_later()
    orchestrator.close()
    gc.collect()
    found = {
        "hits": interrupter.hits,
        "places": len(interrupter.places),
        "calls": [each.number % 10**9 for each in (main_caller, *others)],
        "wrong": [wrong for each in (main_caller, *others) for wrong in each.wrong[:5]],
        "open": descriptors() - before,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    port, interrupts, seconds, threads = sys.argv[1:]
    main(int(port), int(interrupts), float(seconds), int(threads))
