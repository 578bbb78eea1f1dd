"""What one classification costs, by vendor: ``python benchmarks/classification_speed.py [CASES]``.

CASES is a file of JSON lines with the raw facts of failures (by default the
table of our own tests). Prints microseconds; exits 1 above the limits: a median
of 40, and 100 for the slowest vendor, which is a thousandth of what a failed
request takes. Before, in a program of its own: what ``prepare`` takes (50 ms of
CPU at most, byte code at hand), and the first failure after it (20 ms, since it
holds an event loop).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from orchestrator.classification import classify
from orchestrator.vendors import family

_OWN = Path(__file__).parents[1] / "tests/orchestrator/classification/cases.jsonl"
_FACTS = ("status", "headers", "body", "provider", "dialect", "exception", "message", "where")
_ROUNDS = 30
_MEDIAN_LIMIT, _VENDOR_LIMIT = 40.0, 100.0
_PREPARED_LIMIT, _FIRST_LIMIT = 50.0, 20.0
_FIRST = """
import time
from orchestrator.classification import classify, prepare
began = time.thread_time()
prepare(["openai", "deepseek", "openrouter"], ["openai-chat", "anthropic-messages"])
ready = time.thread_time()
body = {"error": {"message": "You have run out of credits, so the model will not answer"}}
classify(status=402, body=body, provider="deepseek")
print((ready - began) * 1000, (time.thread_time() - ready) * 1000)
"""


def main(arguments: list[str]) -> int:
    """Measure, print the table, and say by the exit status whether the limits hold."""
    path = Path(arguments[0]) if arguments else _OWN
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines if line.strip()]
    costs: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        costs[family(case.get("provider") or "unnamed")].append(_cost(case))
    return max(_report(costs), _first())


def _first() -> int:
    """Print what the first failure of a process costs; the best of several, after byte code."""
    runs = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", _FIRST], capture_output=True, check=True)
        runs.append([float(one) for one in done.stdout.split()])
    prepared, first = (min(costs) for costs in zip(*runs, strict=True))
    print(f"prepared in {prepared:.1f} ms, then the first failure in {first:.1f} ms")
    return 0 if prepared <= _PREPARED_LIMIT and first <= _FIRST_LIMIT else 1


def _cost(case: dict[str, Any]) -> float:
    """The best of several rounds, in microseconds: the least disturbed one."""
    facts = {name: case[name] for name in _FACTS if case.get(name) is not None}
    classify(**facts)
    rounds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter_ns()
        classify(**facts)
        rounds.append(time.perf_counter_ns() - began)
    return min(rounds) / 1000


def _report(costs: dict[str, list[float]]) -> int:
    everything = [cost for vendor in costs.values() for cost in vendor]
    print(f"{'vendor':<20}{'cases':>6}{'median µs':>11}{'worst µs':>10}")
    medians = {vendor: statistics.median(values) for vendor, values in costs.items()}
    for vendor in sorted(medians, key=lambda name: -medians[name]):
        values = costs[vendor]
        print(f"{vendor:<20}{len(values):>6}{medians[vendor]:>11.1f}{max(values):>10.1f}")
    median, slowest = statistics.median(everything), max(medians.values())
    print(f"{'all':<20}{len(everything):>6}{median:>11.1f}{max(everything):>10.1f}")
    return 0 if median <= _MEDIAN_LIMIT and slowest <= _VENDOR_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
