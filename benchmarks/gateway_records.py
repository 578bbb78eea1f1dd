"""What it costs a gateway to count a call and to keep its record, in microseconds and bytes.

Run: python benchmarks/gateway_records.py
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from timeit import repeat

from orchestrator import Request
from orchestrator.execution.call_facts import call_facts
from orchestrator.gateway.call_filter import CallFilter
from orchestrator.gateway.call_store import CallStore
from orchestrator.gateway.metrics import Metrics
from tests.orchestrator.gateway.played import Asked, Player

CALLS = {
    "one attempt": Asked(),
    "one attempt, streamed": Asked(stream=True),
    "a 402 and a fallback": Asked("402@deepseek, ok"),
}
NUMBER, ROUNDS = 20_000, 5
KEPT = 1_000


def microseconds(work: Callable[[], object]) -> float:
    """The best of several rounds: the machine is shared."""
    return min(repeat(work, number=NUMBER, repeat=ROUNDS)) / NUMBER * 1e6


def milliseconds(work: Callable[[], object]) -> float:
    """The time of one call of ``work``."""
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1e3


def count(name: str, asked: Asked) -> None:
    """Print what the end of one call costs."""
    player = Player()
    metrics = Metrics(player.config, player.orchestrator.board, lambda: 0)
    store = CallStore(KEPT)
    run = player.play(asked)
    facts = call_facts(run)
    store.begin(run)
    costs = {
        "facts": microseconds(lambda: call_facts(run)),
        "counted": microseconds(lambda: metrics.finished(facts)),
        "kept": microseconds(lambda: store.add(run, facts)),
    }
    print(f"{name:24}", *(f"{word} {each:5.1f} µs" for word, each in costs.items()))


def keep() -> None:
    """Print what a thousand calls of a mebibyte leave, and what it takes to tell of them."""
    player, store = Player(), CallStore(KEPT)
    metrics = Metrics(player.config, player.orchestrator.board, lambda: 0)
    gc.collect()
    tracemalloc.start()
    call = ""
    for _ in range(KEPT):
        payload = {"messages": [{"role": "user", "content": "x" * 2**20}]}
        run = player.orchestrator.begin_call(Request(payload, stream=True))
        store.begin(run)
        player.run(run, Asked("402, cut, ok", stream=True))
        facts = call_facts(run)
        metrics.finished(facts)
        store.add(run, facts)
        call = facts.call
        del run
    gc.collect()
    print(f"{KEPT} calls of 1 MiB: {tracemalloc.get_traced_memory()[0] / KEPT / 1e3:.1f} kB each")
    tracemalloc.stop()
    everything = CallFilter(limit=KEPT)
    print(f"a list of all: {milliseconds(lambda: store.calls(everything)):.1f} ms")
    print(f"one of them: {milliseconds(lambda: store.call(call)):.2f} ms")
    print(f"all metrics: {milliseconds(metrics.exposition):.1f} ms")


if __name__ == "__main__":
    for call_name, call_asked in CALLS.items():
        count(call_name, call_asked)
    keep()
