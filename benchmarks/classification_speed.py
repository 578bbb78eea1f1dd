"""What one classification costs, by vendor: ``python benchmarks/classification_speed.py [CASES]``.

CASES is a file of JSON lines with the raw facts of failures (by default the
table of our own tests). Prints microseconds; exits 1 above the limits: a median
of 40, and 100 for the slowest vendor, which is a thousandth of what a failed
request takes.
"""

from __future__ import annotations

import json
import statistics
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


def main(arguments: list[str]) -> int:
    """Measure, print the table, and say by the exit status whether the limits hold."""
    path = Path(arguments[0]) if arguments else _OWN
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines if line.strip()]
    costs: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        costs[family(case.get("provider") or "unnamed")].append(_cost(case))
    return _report(costs)


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
