"""The health file under processes, threads, forks, kills, damage and want of room."""

from __future__ import annotations

import contextlib
import logging
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.health.records import Marks
from orchestrator.health.stores.file import FileStore
from orchestrator.health.stores.sqlite_file import set_aside
from orchestrator.secrets import fingerprint
from orchestrator.states.facts import Mark, Taken
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import NOON, ROUTE, A, B, World, error

ROOT = Path(__file__).parents[4]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "health.sqlite3"


@pytest.fixture
def world(path: Path) -> Iterator[World]:
    world = World(store=FileStore(path))
    yield world
    world.board.close()


def spawn(work: str, path: Path, *numbers: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.orchestrator.health.processes", work, str(path)]
        + [str(number) for number in numbers],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def write_lock(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that holds the file's write lock, and writes what it was told."""
    holder = sqlite3.connect(path, isolation_level=None, timeout=40.0)
    holder.execute("BEGIN IMMEDIATE")
    yield holder
    holder.execute("COMMIT")
    holder.close()


def test_a_change_is_seen_at_once_through_another_store(world: World, path: Path) -> None:
    other = World(store=FileStore(path))
    before = other.call().start()

    world.failed_call(A, Reason.BILLING)
    during = other.call().start()
    world.board.reset()
    after = other.call().start()

    assert [before, during, after] == [Taken(A, "k1"), Taken(B, "k1"), Taken(A, "k1")]
    other.board.close()


def test_a_dead_credential_survives_the_file(world: World, path: Path) -> None:
    world.failed_call(B, error(Reason.AUTH, revoked=True))

    later = World(store=FileStore(path))

    assert later.entry("bolt", credential="k1").mark is Mark.DEAD
    later.board.close()


def test_the_file_is_for_its_user_alone(world: World, path: Path) -> None:
    world.failed_call(A, Reason.BILLING)

    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}

    assert modes["health.sqlite3"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_file_that_others_may_read_is_taken_from_them(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o644)
    path.chmod(0o644)

    world = World(store=FileStore(path))
    world.failed_call(A, Reason.BILLING)

    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert (len(list(path.parent.iterdir())), modes) == (4, {0o600})
    world.board.close()


def test_the_salt_is_the_installations(path: Path, tmp_path: Path) -> None:
    first, again = FileStore(path), FileStore(path)
    elsewhere = FileStore(tmp_path / "other.sqlite3")

    salts = [store.salt for store in (first, again, elsewhere)]

    assert salts[0] == salts[1] != salts[2]
    assert fingerprint("sk-secret", salts[0]) == fingerprint("sk-secret", salts[1])
    assert fingerprint("sk-secret", salts[0]) != fingerprint("sk-secret", salts[2])
    for store in (first, again, elsewhere):
        store.close()


def test_a_kill_in_the_middle_of_writes_leaves_a_readable_file(world: World, path: Path) -> None:
    for stop_after in (1, 23, 60):
        worker = spawn("write_for_ever", path)
        assert worker.stdout is not None
        for line in worker.stdout:
            if int(line) >= stop_after:
                break
        worker.send_signal(signal.SIGKILL)
        worker.communicate()

    assert len(world.marked()) >= 60
    assert {entry.name for entry in path.parent.iterdir()} <= {
        "health.sqlite3",
        "health.sqlite3-wal",
        "health.sqlite3-shm",
        "health.sqlite3-changes",
    }
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_child_does_not_inherit_a_lock_that_is_held(path: Path) -> None:
    output = spawn("fork_with_a_lock_held", path).communicate()[0]

    assert output.split() == ["0"]


def test_a_file_that_another_process_has_replaced_is_not_set_aside(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"sound")
    damaged = path.stat().st_ino + 1

    assert set_aside(path, damaged) is None
    assert path.read_bytes() == b"sound"


def test_the_log_of_a_damaged_file_is_set_aside_with_it(path: Path) -> None:
    path.parent.mkdir()
    for name in ("health.sqlite3", "health.sqlite3-wal", "health.sqlite3-shm"):
        path.with_name(name).write_text(name)

    aside = set_aside(path, path.stat().st_ino)

    assert aside is not None
    assert sorted(file.name for file in path.parent.iterdir()) == [
        f"{aside.name}{companion}" for companion in ("", "-shm", "-wal")
    ]


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_set_aside(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    world = World(store=FileStore(path))
    for _ in range(3):
        world.failed_call(A, Reason.UNKNOWN)
    world.failed_call(A, Reason.BILLING)
    world.board.close()

    (aside,) = path.parent.glob("health.sqlite3.damaged-*[0-9]")
    assert aside.read_bytes() == content
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert aside.name in caplog.text
    assert len(World(store=FileStore(path)).marked()) == 1


def test_a_file_damaged_while_it_is_in_use_is_set_aside(world: World, path: Path) -> None:
    world.failed_call(A, Reason.BILLING)
    world.board.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))

    world.failed_call(B, Reason.BILLING)

    assert world.entry("bolt").mark is Mark.BENCH
    assert list(path.parent.glob("health.sqlite3.damaged-*"))


def test_many_processes_on_a_damaged_file_agree_on_the_new_one(world: World, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"garbage" * 1000)

    spawn("mark_in_processes", path, 4, 5).communicate()

    assert len(world.marked()) == 20
    assert len(list(path.parent.glob("health.sqlite3.damaged-*"))) == 1


def test_a_row_of_another_make_is_passed_over(world: World, path: Path) -> None:
    world.failed_call(A, Reason.BILLING)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO marks VALUES ('[]', '{}'), ('x', 'not json')")
    connection.close()

    world.failed_call(B, Reason.BILLING)

    assert [entry.provider for entry in world.marked()] == ["acme", "bolt"]


def test_a_removed_file_is_made_anew_by_the_next_write(world: World, path: Path) -> None:
    world.failed_call(A, Reason.BILLING)
    for file in path.parent.iterdir():
        file.unlink()

    world.failed_call(B, Reason.BILLING)

    other = World(store=FileStore(path))
    assert [entry.provider for entry in other.marked()] == ["bolt"]
    other.board.close()


def test_a_locked_file_does_not_fail_a_call(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = FileStore(path, busy_seconds=0.05)
    world = World(store=store)
    assert store.salt
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    world.failed_call(A, Reason.BILLING)
    world.failed_call(B, Reason.BILLING)
    locked = world.call().start()
    holder.execute("ROLLBACK")
    holder.close()
    world.board.close()

    assert locked == Taken(ROUTE[3], "k1")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "locked" in caplog.text
    assert len(World(store=FileStore(path)).marked()) == 2


def test_what_waits_in_memory_gives_way_to_what_others_wrote(path: Path) -> None:
    store = FileStore(path, busy_seconds=0.05)
    world, other = World(store=store), World(store=FileStore(path))
    world.failed_call(B, Reason.UNKNOWN)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    world.failed_call(A, Reason.BILLING)
    holder.execute("ROLLBACK")
    holder.close()
    other.failed_call(A, error(Reason.BILLING, retry_after=7200))
    world.board.close()

    (entry,) = other.marked()

    assert entry.expected == NOON + 7200
    other.board.close()


def test_who_may_not_write_still_reads_what_others_write(path: Path) -> None:
    world, other = World(store=FileStore(path, busy_seconds=0.05)), World(store=FileStore(path))
    world.store.read()
    with write_lock(path):
        world.failed_call(A, Reason.BILLING)
    other.failed_call(B, Reason.BILLING)

    taken = world.call().start()

    assert taken == Taken(ROUTE[3], "k1")
    world.board.close()
    assert [entry.provider for entry in other.marked()] == ["acme", "bolt"]
    other.board.close()


def test_a_writer_waits_as_long_as_others_get_on(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(store=FileStore(path, busy_seconds=1.0))
    world.store.read()
    held = threading.Event()

    def crowd() -> None:
        for number in range(6):
            with write_lock(path) as holder:
                holder.execute("INSERT INTO marks VALUES (?, '{}')", (f"{number}",))
                held.set()
                time.sleep(0.25)

    thread = threading.Thread(target=crowd)
    thread.start()
    held.wait()
    world.failed_call(A, Reason.BILLING)
    thread.join()

    other = World(store=FileStore(path))
    assert [entry.provider for entry in other.marked()] == ["acme"]
    assert caplog.records == []
    other.board.close()
    world.board.close()


def test_a_crowd_of_processes_stays_on_one_board(path: Path) -> None:
    output = spawn("crowd", path, 32, 5).communicate()[0].split()

    assert output == ["0"] * 32 + ["160", "32"]


def test_a_reader_goes_over_to_the_file_that_took_the_place_of_a_damaged_one(
    world: World, path: Path
) -> None:
    world.failed_call(A, Reason.BILLING)
    other = World(store=FileStore(path))
    other.store.read()
    set_aside(path, path.stat().st_ino)
    other.failed_call(B, Reason.BILLING)

    assert [entry.provider for entry in world.marked()] == ["bolt"]
    other.board.close()


def test_a_step_that_raises_raises_and_leaves_the_file_alone(world: World, path: Path) -> None:
    world.failed_call(A, Reason.BILLING)

    def broken(_: Marks) -> NoReturn:
        raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        world.store.update(broken)

    assert len(world.marked()) == 1
    assert not list(path.parent.glob("*damaged*"))


def test_a_folder_that_cannot_be_made_does_not_fail_a_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    world = World(store=FileStore(tmp_path / "file" / "health.sqlite3"))

    world.failed_call(A, Reason.BILLING)

    assert world.call().start() == Taken(B, "k1")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("before", ["no file", "a file"])
def test_a_read_only_folder_does_not_fail_a_call(before: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "health.sqlite3"
        if before == "a file":
            World(store=FileStore(path)).board.close()
        Path(folder).chmod(0o555)

        output = spawn("without_privileges", path).communicate()[0]

        Path(folder).chmod(0o755)
    assert output.splitlines()[-1] == "bolt/one ['bench']"
    assert output.count("marks are kept in memory") == 1


def test_a_full_disk_does_not_fail_a_call(path: Path) -> None:
    output = spawn("on_full_disk", path).communicate()[0].splitlines()

    assert output[-1] == "bolt/one ['bench']"
    assert sum("marks are kept in memory" in line for line in output) == 1
