"""What the tests of the stores run in other processes, started by path or URL."""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable

import attrs

from orchestrator.health import HealthBoard, MemoryStore, Store
from orchestrator.health.records import Changes, Marks
from orchestrator.health.session import Release, Report, Take, TakeFirst
from orchestrator.health.stores.file import FileStore
from orchestrator.health.stores.redis_store import RedisStore
from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import NOON, POOLS, A, B, World, error

PATIENT = 40.0
"""Seconds to wait for the file: the tests check that nothing is lost, not that it is quick."""


def store_at(where: str) -> Store:
    """The store at a path or a URL, for tests that check that nothing is lost, not how quickly."""
    if "://" in where:
        return RedisStore(where, server_time=False, wait_seconds=PATIENT)
    return FileStore(where, busy_seconds=PATIENT)


def say(*words: object) -> None:
    """Tell the test that started this process, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def mark_many(where: str, worker: int, count: int) -> None:
    """Mark ``count`` targets of this worker's own, and count one failure at a shared one."""
    store = store_at(where)
    board = HealthBoard(POOLS, store)
    for number in range(count):
        own = Target("acme", f"{worker}-{number}")
        for target, reason in ((own, Reason.FORBIDDEN), (A, Reason.UNKNOWN)):
            session = board.session([target], NOON)
            session.answer(Take([target]), 0.0)
            session.answer(Report(target, "k1", Error(reason, "test")), 0.0)
            session.answer(Release(), 0.0)
    board.close()


def mark_in_processes(where: str, processes: int, count: int) -> None:
    """The same by so many processes at once; print how each ended."""
    say(*_in_children(processes, lambda worker: mark_many(where, worker, count)))


def probe_in_processes(where: str, processes: int) -> None:
    """Print what each of so many processes was granted that ask at the same instant.

    None gives it back.
    """
    ready, go = os.pipe(), os.pipe()

    def ask(_: int) -> None:
        board = HealthBoard(POOLS, store_at(where))
        os.write(ready[1], b".")
        os.read(go[0], 1)
        taken = board.session([A, B], NOON + 300).answer(TakeFirst(), 0.0)[0]
        say("probe" if taken is not None and taken.probe else "other")

    def release() -> None:
        for _ in range(processes):
            os.read(ready[0], 1)
        os.write(go[1], b"." * processes)

    _in_children(processes, ask, release)


def _in_children(
    count: int, work: Callable[[int], None], meanwhile: Callable[[], None] = lambda: None
) -> list[int]:
    """How so many children ended, each a fork: an interpreter of its own would take a second."""
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            signal.alarm(120)
            work(number)
            os._exit(0)
        children.append(child)
    meanwhile()
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def write_for_ever(where: str) -> None:
    board = HealthBoard(POOLS, store_at(where))
    number = 0
    while True:
        target = Target("acme", str(number))
        session = board.session([target], NOON)
        session.answer(TakeFirst(), 0.0)
        session.answer(Report(target, "k1", error(Reason.FORBIDDEN)), 0.0)
        say(number)
        number += 1


def without_privileges(where: str) -> None:
    """Use the store as a user that may not write to the folder."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    board = HealthBoard(POOLS, FileStore(where))
    if os.geteuid() == 0:
        os.setuid(65534)
    _two_calls(board)


def on_full_disk(where: str) -> None:
    """Use the store where no file may grow."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    board = HealthBoard(POOLS, FileStore(where))
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
    for number in range(200):
        _bench(board, Target("acme", str(number)))
    _two_calls(board)


def fork_with_a_store(where: str) -> None:
    """Fork while another thread uses the store; print how each child ended, and what is marked."""
    _fork_while_busy(World(store=store_at(where)))


def fork_with_memory(_: str) -> None:
    """The same with a store that the child has for itself."""
    _fork_while_busy(World())


def _fork_while_busy(world: World) -> None:
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            world.failed_call(B, Reason.UNKNOWN)

    thread = threading.Thread(target=busy)
    thread.start()
    for number in range(10):
        child = os.fork()
        if child == 0:
            world.failed_call(Target("acme", f"child-{number}"), Reason.FORBIDDEN)
            os._exit(0)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    stop.set()
    thread.join()
    say(len(world.marked()))


def crowd(where: str, processes: int, count: int) -> None:
    """Let so many processes write at once; print how each ended, and what they left behind.

    Each marks targets of its own and counts one failure at a shared one, and ends without
    letting go of the store, as a process does that is killed.
    """
    world = World(store=store_at(where))
    world.store.read()
    begin = time.time() + 0.5
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            time.sleep(max(0.0, begin - time.time()))
            for mine in range(count):
                world.failed_call(Target("acme", f"{number}-{mine}"), Reason.FORBIDDEN)
            world.failed_call(A, Reason.UNKNOWN)
            os._exit(0)
        children.append(child)
    for child in children:
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    say(len(world.marked()), world.entry("acme", model="one").unknown)


def signalled_with_a_store(where: str) -> None:
    """Ask the board in a signal handler that comes in the middle of questions to it."""
    _signalled(World(store=store_at(where)))


def signalled_with_memory(_: str) -> None:
    """The same with the store that is in memory."""
    _signalled(World())


def _signalled(world: World) -> None:
    """Print how many calls the handler made, and whether all marks of the others are known."""
    handled = 0

    def handle(*_: object) -> None:
        nonlocal handled
        handled += 1
        world.failed_call(B, Reason.UNKNOWN)

    signal.alarm(60)
    signal.signal(signal.SIGVTALRM, handle)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
    made = 0
    while made < 300 or handled <= 10:  # on a fast machine 300 calls see fewer signals
        world.failed_call(Target("acme", str(made)), Reason.FORBIDDEN)
        made += 1
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    say(handled, len(world.marked()) == made)


def fork_then_close(where: str) -> None:
    """Let the child write after the parent has let go of the file; print what is marked."""
    world = World(store=store_at(where))
    world.failed_call(B, Reason.FORBIDDEN)
    closed, close = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(closed, 1)
        world.failed_call(A, Reason.FORBIDDEN)
        os._exit(0)
    world.board.close()
    os.write(close, b".")
    os.waitpid(child, 0)
    say(*(entry.provider for entry in world.marked()))


def fork_with_a_lock_held(_: str) -> None:
    """Fork while another thread is inside the store; the child must not wait for it."""
    store, inside = MemoryStore(), threading.Event()

    def slow(_: Marks) -> Nothing:
        inside.set()
        time.sleep(0.2)
        return Nothing()

    thread = threading.Thread(target=store.update, args=(slow,))
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        store.update(lambda _: Nothing())
        os._exit(0)
    thread.join()
    say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


@attrs.frozen
class Nothing:
    changes: Changes = attrs.field(factory=dict)


def _two_calls(board: HealthBoard) -> None:
    _bench(board, A)
    taken, standby = board.session([A, B], NOON).answer(TakeFirst(), 0.0)
    assert taken is not None
    say(taken.target.name, [clear.mark.value for clear in standby.clears])


def _bench(board: HealthBoard, target: Target) -> None:
    session = board.session([target], NOON)
    session.answer(TakeFirst(), 0.0)
    session.answer(Report(target, "k1", error(Reason.FORBIDDEN)), 0.0)
    session.answer(Release(), 0.0)


if __name__ == "__main__":
    work, where, *numbers = sys.argv[1:]
    globals()[work](where, *map(int, numbers))
