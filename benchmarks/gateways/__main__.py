"""What the gateway costs a request, and what it adds to one.

python -m benchmarks.gateways [--rounds N] [--seconds N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.gateways.served import ROOT, Served, gateway
from benchmarks.peers.upstream import running

AT_ONCE = 64


def load(url: str, seconds: float, connections: int, *words: str) -> dict:
    """What a process that asks found."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gateways.load", url, str(seconds), str(connections), *words],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def cost(
    served: Served, seconds: float, connections: int, *words: str
) -> tuple[float, float, dict]:
    """Microseconds of the processor a request, requests a second, and the answers."""
    before = served.cpu()
    found = load(f"{served.url}/v1/chat/completions", seconds, connections, *words)
    return (served.cpu() - before) / found["answers"] * 1e6, found["answers"] / found["took"], found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--no-ledger", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running() as upstream:
        with gateway(upstream, Path(folder), ledger=not asked.no_ledger) as served:
            print(f"ready after {served.ready * 1000:.0f} ms; {served.resident() / 2**20:.0f} MiB")
            rounds = [cost(served, asked.seconds, AT_ONCE) for _ in range(asked.rounds)]
            print("64 in flight, us CPU:", *(f"{each[0]:.0f}" for each in rounds))
            print("64 in flight, req/s:", *(f"{each[1]:.0f}" for each in rounds))
            print("failures:", sum(each[2]["failures"] for each in rounds))
            one = [cost(served, asked.seconds, 1) for _ in range(asked.rounds)]
            direct = [
                load(f"{upstream}/ok/v1/chat/completions", asked.seconds, 1) for _ in range(2)
            ]
            p99 = [each[2]["seconds"][int(len(each[2]["seconds"]) * 0.99)] for each in one]
            straight = [each["seconds"][int(len(each["seconds"]) * 0.99)] for each in direct]
            print(
                f"p99 at one in flight: {median(p99) * 1000:.2f} ms, direct {median(straight) * 1000:.2f} ms"
            )
            print(f"{served.resident() / 2**20:.0f} MiB at the end")


if __name__ == "__main__":
    main()
