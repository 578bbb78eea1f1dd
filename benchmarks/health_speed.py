"""What the health board costs a call, in microseconds, with both stores.

Run: python benchmarks/health_speed.py
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from orchestrator.health import (
    FileStore,
    HealthBoard,
    MemoryStore,
    Pool,
    PoolCredential,
    Store,
    Visit,
)
from states.error import Error
from states.reasons import Reason
from states.target import Target

ROUTE = tuple(Target(name, "model") for name in ("acme", "bolt", "corp"))
POOLS = tuple(
    Pool(
        target.provider,
        f"http://{target.provider}.test",
        tuple(PoolCredential(f"k{number}", str(number)) for number in range(3)),
    )
    for target in ROUTE
)
THROTTLED = Error(Reason.RATE_LIMIT, "benchmark", 429, "slow down", retry_after=60.0)
OVERLOADED = Error(Reason.OVERLOADED, "benchmark", 529, "overloaded")
NOON = 1_800_000_000.0
ROUNDS, CALLS = 7, 400


def microseconds(board: HealthBoard, work: Callable[[Visit], object], *, started: bool) -> float:
    """The best median of several rounds: the machine is shared."""
    return min(median(_times(board, work, started=started)) for _ in range(ROUNDS))


def _times(
    board: HealthBoard, work: Callable[[Visit], object], *, started: bool
) -> Iterator[float]:
    for _ in range(CALLS):
        visit = board.visit(ROUTE, NOON)
        if started:
            visit.start(0.0)
        before = time.perf_counter()
        work(visit)
        yield (time.perf_counter() - before) * 1e6


def measure(name: str, store: Store) -> None:
    """Print one store's rows."""
    board = HealthBoard(POOLS, store)
    first, second = ROUTE[0], ROUTE[1]
    rows: list[tuple[str, Callable[[Visit], object], bool]] = [
        ("start, nothing marked", lambda visit: visit.start(0.0), False),
        ("take, nothing marked", lambda visit: visit.take(ROUTE[1:], 0.1), True),
        ("succeed, nothing marked", lambda visit: visit.succeed(first, "k0", 0.1), True),
        (
            "report overloaded (counted later)",
            lambda v: v.report(first, "k0", OVERLOADED, 0.1),
            True,
        ),
        ("close, nothing to give back", lambda visit: visit.close(0.1), True),
        ("report rate_limit (writes)", lambda v: v.report(second, "k0", THROTTLED, 0.1), True),
        ("start, one credential cooling", lambda visit: visit.start(0.0), False),
        ("take, one credential cooling", lambda visit: visit.take(ROUTE[1:], 0.1), True),
    ]
    for label, work, started in rows:
        print(f"{name:7} {label:36} {microseconds(board, work, started=started):8.1f} µs")
    board.close()


def main() -> None:
    """Measure both stores."""
    measure("memory", MemoryStore())
    with tempfile.TemporaryDirectory() as folder:
        measure("file", FileStore(Path(folder) / "health.sqlite3"))


if __name__ == "__main__":
    main()
