"""What one process changes others notice at once, without asking the file; and what they cannot."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.health.stores.change_counter import LENGTH, NO_STAMP, ChangeCounter
from orchestrator.health.stores.file import FileStore
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.stores.test_file_store import spawn, write_lock
from tests.orchestrator.health.world import A, B, World
from tests.waiting import AMPLE, eventually


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "health.sqlite3"


@pytest.fixture
def worlds(path: Path) -> Iterator[tuple[World, World]]:
    worlds = World(store=FileStore(path)), World(store=FileStore(path))
    yield worlds
    for world in worlds:
        world.board.close()


def counter_of(path: Path) -> Path:
    return path.with_name("health.sqlite3-changes")


def providers(world: World) -> list[str]:
    return [entry.provider for entry in world.marked()]


def succeed(world: World) -> None:
    call = world.call(A, B)
    call.start()
    call.succeed()
    call.close()


def test_a_call_that_changes_nothing_asks_the_file_nothing(worlds: tuple[World, World]) -> None:
    world, other = worlds
    other.failed_call(B, Reason.BILLING)
    ends, said = time.monotonic() + AMPLE, ["once"]
    store = world.store
    assert isinstance(store, FileStore)
    # Once a second it is asked: in a row of calls that takes less there is one of which it is not.
    while said and time.monotonic() < ends:
        said.clear()
        succeed(world)
        connection = store._connection  # noqa: SLF001
        assert connection is not None
        connection.set_trace_callback(said.append)
        for _ in range(3):
            succeed(world)

    assert said == []
    assert providers(world) == ["bolt"]


def test_what_another_process_commits_is_seen_by_the_next_look(path: Path) -> None:
    world = World(store=FileStore(path))
    succeed(world)
    for number in (1, 2):
        worker = spawn("mark_many", path, number, 1)
        worker.communicate()
        assert worker.returncode == 0
        assert len(world.marked()) == number
    world.board.close()


def test_what_is_written_without_the_counter_is_noticed_all_the_same(
    worlds: tuple[World, World], path: Path
) -> None:
    world, other = worlds
    other.failed_call(B, Reason.BILLING)
    succeed(world)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM marks")
    connection.close()

    assert eventually(lambda: providers(world) == [])


def removed(counter: Path) -> None:
    counter.unlink()


def emptied(counter: Path) -> None:
    os.truncate(counter, 0)


def cut(counter: Path) -> None:
    os.truncate(counter, 3)


def replaced(counter: Path) -> None:
    counter.rename(counter.with_name("aside"))
    counter.write_bytes(b"12345678 and more")


def a_folder(counter: Path) -> None:
    counter.unlink()
    counter.mkdir()


def a_link(counter: Path) -> None:
    counter.rename(counter.with_name("aside"))
    counter.symlink_to("aside")


@pytest.mark.parametrize("damage", [removed, emptied, cut, replaced, a_folder, a_link])
def test_whatever_becomes_of_the_counter_what_others_write_is_seen(
    damage: Callable[[Path], None],
    worlds: tuple[World, World],
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world, other = worlds
    other.failed_call(B, Reason.BILLING)
    assert providers(world) == ["bolt"]

    damage(counter_of(path))
    other.failed_call(A, Reason.FORBIDDEN)

    assert eventually(lambda: providers(world) == ["acme", "bolt"])
    world.board.reset()
    assert eventually(lambda: providers(other) == [])
    assert caplog.records == []


@pytest.mark.parametrize("damage", [emptied, cut])
def test_a_counter_that_was_cut_is_whole_again(
    damage: Callable[[Path], None], worlds: tuple[World, World], path: Path
) -> None:
    world, _ = worlds
    succeed(world)
    damage(counter_of(path))
    succeed(world)

    assert counter_of(path).stat().st_size == LENGTH


def test_the_counter_is_for_its_user_alone(path: Path) -> None:
    path.parent.mkdir()
    counter_of(path).touch(0o666)
    counter_of(path).chmod(0o666)
    ChangeCounter.opened(path)

    assert stat.S_IMODE(counter_of(path).stat().st_mode) == 0o600


def test_no_stamp_comes_twice(path: Path) -> None:
    path.parent.mkdir()
    mine, theirs = ChangeCounter.opened(path), ChangeCounter.opened(path)
    stamps = [mine.read()]
    for number in range(100):
        (mine, theirs)[number % 2].bump()
        stamps.append(mine.read())
        assert theirs.read() == stamps[-1]

    assert (stamps[0], len(set(stamps))) == (NO_STAMP, 101)


# Whoever runs an event loop does not wait for a lock.

PATIENT = 20 * AMPLE
"""Seconds that a thread would wait: if a loop did, its test would not end in time."""


def test_an_event_loop_does_not_wait_for_a_lock_and_its_mark_is_written_soon(path: Path) -> None:
    world, other = World(store=FileStore(path, busy_seconds=PATIENT)), World(store=FileStore(path))
    world.store.read()

    async def call() -> None:
        world.failed_call(A, Reason.BILLING)

    with write_lock(path):
        asyncio.run(call())
        assert providers(other) == []
        assert providers(world) == ["acme"]

    # Nobody asks the board any more.
    assert eventually(lambda: providers(other) == ["acme"])
    other.board.close()
    world.board.close()


def test_marks_of_one_thing_that_wait_are_written_as_one(path: Path) -> None:
    world, other = World(store=FileStore(path, busy_seconds=PATIENT)), World(store=FileStore(path))
    world.store.read()

    async def calls() -> None:
        for _ in range(5):
            world.failed_call(A, Reason.UNKNOWN)

    with write_lock(path):
        asyncio.run(calls())

    assert eventually(
        lambda: [entry.unknown for entry in other.board.snapshot([A]) if entry.model] == [5]
    )
    other.board.close()
    world.board.close()


def test_a_thread_that_waits_for_a_lock_keeps_no_event_loop_waiting(path: Path) -> None:
    world = World(store=FileStore(path, busy_seconds=PATIENT))
    world.store.read()
    thread = threading.Thread(target=world.failed_call, args=(A, Reason.BILLING))

    async def call() -> None:
        world.failed_call(B, Reason.BILLING)

    with write_lock(path):
        thread.start()
        time.sleep(0.02)
        asyncio.run(call())  # it is back while the lock is still held
    thread.join()

    other = World(store=FileStore(path))
    assert eventually(lambda: providers(other) == ["acme", "bolt"])
    other.board.close()
    world.board.close()
