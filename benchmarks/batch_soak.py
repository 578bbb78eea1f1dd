"""A batch against misbehaving providers, killed again and again: is anything lost or asked twice?

    python -m benchmarks.batch_soak [--lines N] [--kills N] [--seed N] [--concurrency auto|N]

Ends with 1 where one of these does not hold: each line stands once in one of the two files, with
its own answer; no line whose answer was stored was asked again; each line that got two whole
answers is listed as in flight at a kill; what failed failed for its real cause.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import attrs

from benchmarks.batches.kills import prepare, run_and_kill
from benchmarks.batches.providers import Misbehaviour, Providers


def main() -> int:
    """Run it, and say what was found; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--concurrency", default="auto")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Providers(Misbehaviour()) as providers:
        folder = Path(name)
        prepare(folder, providers, given.lines)
        found = run_and_kill(
            folder, providers, given.lines, given.kills, given.seed, given.concurrency
        )
        for field, value in attrs.asdict(found).items():
            print(f"{field}: {value}")
        if found.wrong:
            print((folder / "home.log").read_text()[-4000:], file=sys.stderr)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
