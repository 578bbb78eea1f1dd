"""What the health board costs a call, in microseconds, with both stores, and with many keys.

Run: python benchmarks/health_speed.py
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from operator import methodcaller
from pathlib import Path
from statistics import median

from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential, Session, Store
from orchestrator.health.session import Question, Release, Report, Succeed, Take, TakeFirst
from orchestrator.health.stores.file import FileStore
from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Reason

ROUTE = tuple(Target(name, "model") for name in ("acme", "bolt", "corp"))


def pools(keys: int) -> tuple[Pool, ...]:
    """A pool of so many keys for each target."""
    credentials = tuple(PoolCredential(f"k{number}", str(number)) for number in range(keys))
    return tuple(Pool(each.provider, f"http://{each.provider}.test", credentials) for each in ROUTE)


THROTTLED = Error(Reason.RATE_LIMIT, "benchmark", 429, "slow down", retry_after=60.0)
HURRIED = Error(Reason.RATE_LIMIT, "benchmark", 429, "slow down", retry_after=0.0)
REVOKED = Error(Reason.AUTH, "benchmark", 401, "revoked", revoked=True)
OVERLOADED = Error(Reason.OVERLOADED, "benchmark", 529, "overloaded")
NOON = 1_800_000_000.0
ROUNDS, CALLS = 7, 400
MANY = 1000
_later = itertools.count(0.0, 0.3)


def microseconds(board: HealthBoard, work: Callable[[Session], object], *, started: bool) -> float:
    """The best median of several rounds: the machine is shared."""
    return min(median(_times(board, work, started=started)) for _ in range(ROUNDS))


def _times(
    board: HealthBoard, work: Callable[[Session], object], *, started: bool
) -> Iterator[float]:
    for _ in range(CALLS):
        session = board.session(ROUTE, NOON + next(_later))
        if started:
            session.answer(TakeFirst(), 0.0)
        before = time.perf_counter()
        work(session)
        yield (time.perf_counter() - before) * 1e6


def measure(name: str, store: Store) -> None:
    """Print one store's rows."""
    board = HealthBoard(pools(3), store)
    first, second = ROUTE[0], ROUTE[1]
    rows: list[tuple[str, Question, float]] = [
        ("start, nothing marked", TakeFirst(), 0.0),
        ("take, nothing marked", Take(ROUTE[1:]), 0.1),
        ("succeed, nothing marked", Succeed(first, "k0"), 0.1),
        ("report overloaded (counted later)", Report(first, "k0", OVERLOADED), 0.1),
        ("close, nothing to give back", Release(), 0.1),
        ("report rate_limit (writes)", Report(second, "k0", THROTTLED), 0.1),
        ("start, one credential cooling", TakeFirst(), 0.0),
        ("take, one credential cooling", Take(ROUTE[1:]), 0.1),
    ]
    for label, question, at in rows:
        work = methodcaller("answer", question, at)
        print(f"{name:7} {label:36} {microseconds(board, work, started=at > 0):8.1f} µs")
    board.close()


def call(session: Session) -> None:
    """A whole call: a take, a failure that cools no key for long, another take, a success."""
    taken, _ = session.answer(TakeFirst(), 0.0)
    assert taken is not None
    session.answer(Report(taken.target, taken.credential, HURRIED), 0.1)
    taken, _ = session.answer(Take(ROUTE[1:]), 0.1)
    assert taken is not None
    session.answer(Succeed(taken.target, taken.credential), 0.2)
    session.answer(Release(), 0.2)


def marked(keys: int, out: int, store: Store) -> HealthBoard:
    """A board with so many keys for each target, of which some are out.

    Of one key alone, the key of another target is.
    """
    board = HealthBoard(pools(keys), store)
    for number in range(out):
        target = ROUTE[1 if keys == 1 else 0]
        board.session([target], NOON).answer(Report(target, f"k{number}", REVOKED), 0.0)
    return board


def compare(name: str, stores: Callable[[], Store]) -> dict[int, tuple[float, float]]:
    """Print what a call costs with one key and with many, by how many of them are out."""
    found = {}
    for out in (0, 1, MANY // 2, MANY - 1):
        one = microseconds(marked(1, min(out, 1), stores()), call, started=False)
        many = microseconds(marked(MANY, out, stores()), call, started=False)
        what = f"a call, {out} of {MANY} keys out"
        print(f"{name:7} {what:36} {one:8.1f} µs → {many:8.1f} µs, {many / one:.1f} times")
        found[out] = (one, many)
    return found


def main() -> None:
    """Measure both stores."""
    measure("memory", MemoryStore())
    compare("memory", MemoryStore)
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()

        def store() -> Store:
            return FileStore(Path(folder) / f"health-{next(numbers)}.sqlite3")

        measure("file", store())
        compare("file", store)


if __name__ == "__main__":
    main()
