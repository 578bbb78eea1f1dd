"""The file of daily tokens under processes, kills, locks and damage."""

from __future__ import annotations

import logging
import signal
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.clock import VirtualClock
from orchestrator.gateway.daily_tokens import DAY, KEPT_DAYS, DailyTokens, day_of
from tests.orchestrator.gateway.key_workers import RING, run_at_once, spawn
from tests.waiting import AMPLE

TODAY = day_of(VirtualClock().now)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.sqlite3"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def opened(path: Path, clock: VirtualClock | None = None) -> DailyTokens:
    return DailyTokens(path, RING, clock or VirtualClock())


def test_of_processes_that_spend_at_once_none_overspends(path: Path) -> None:
    """Many budgets, since it is at the end of each that they can get into each other's way."""
    keys, budget, each = 1_500, 10, 7
    workers = [spawn("spend", path, keys, budget, each) for _ in range(2)]
    admitted = [int(said) for said in run_at_once(workers)]

    assert opened(path).used(TODAY) == {f"k{number}": 14 for number in range(keys)}
    assert sum(admitted) == 2 * keys


def test_what_a_killed_process_had_reserved_counts_as_used(path: Path) -> None:
    worker = spawn("reserve_and_hang", path, 321)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "reserved\n"
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=AMPLE)

    with closing(sqlite3.connect(path)) as file:
        assert [tokens for (tokens,) in file.execute("SELECT tokens FROM tokens")] == [321]


def test_the_file_is_its_user_s_alone(path: Path) -> None:
    tokens = opened(path)
    tokens.reserve("ci", TODAY, 5, 10)

    made = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    tokens.close()
    assert set(made.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_other_keys_in_the_same_file_are_others(path: Path) -> None:
    mine, theirs = opened(path), DailyTokens(path, "elsewhere/keys.json", VirtualClock())
    mine.reserve("ci", TODAY, 5, 10)
    theirs.reserve("ci", TODAY, 7, 10)

    assert (mine.used(TODAY), theirs.used(TODAY)) == ({"ci": 5}, {"ci": 7})
    mine.close()
    theirs.close()


def test_to_ask_makes_no_file(path: Path) -> None:
    assert opened(path).used(TODAY) == {}
    assert not path.parent.exists()


def test_old_days_are_forgotten(path: Path, clock: VirtualClock) -> None:
    first = opened(path, clock)
    first.reserve("ci", TODAY, 5, 10)
    first.close()
    clock.advance((KEPT_DAYS + 1) * DAY)
    second = opened(path, clock)
    second.reserve("ci", TODAY + KEPT_DAYS + 1, 5, 10)

    assert second.used(TODAY) == {}
    second.close()


def test_what_a_lock_kept_out_is_written_afterwards(
    path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = opened(path, clock)
    tokens.reserve("ci", TODAY, 10, 100)
    with (
        caplog.at_level(logging.WARNING, "orchestrator"),
        closing(sqlite3.connect(path, isolation_level=None)) as holder,
    ):
        holder.execute("BEGIN IMMEDIATE")
        assert tokens.reserve("ci", TODAY, 80, 100)
        assert tokens.reserve("ci", TODAY, 80, 100)
        assert not tokens.reserve("ci", TODAY, 80, 100)
        tokens.add("ci", TODAY, -60)
        assert caplog.records == []
        holder.execute("ROLLBACK")
    clock.advance(2.0)

    assert tokens.used(TODAY) == {"ci": 110}
    tokens.close()
    assert opened(path).used(TODAY) == {"ci": 110}


def test_what_waits_in_memory_is_written_at_the_end(path: Path, clock: VirtualClock) -> None:
    tokens = opened(path, clock)
    tokens.reserve("ci", TODAY, 10, 100)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        tokens.reserve("ci", TODAY, 30, 100)
        holder.execute("ROLLBACK")
    tokens.close()

    assert opened(path).used(TODAY) == {"ci": 40}


def test_a_damaged_file_is_set_aside_with_nothing_forgotten(
    path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = opened(path, clock)
    tokens.reserve("ci", TODAY, 60, 100)
    tokens.close()
    path.write_bytes(b"no database at all" * 500)
    with caplog.at_level(logging.WARNING, "orchestrator"):
        tokens.add("ci", TODAY, 50)
        allowed = tokens.reserve("ci", TODAY, 1, 100)

    assert not allowed
    assert tokens.used(TODAY) == {"ci": 110}
    assert len(caplog.records) == 1
    assert "daily tokens begin with what is known here" in caplog.text
    tokens.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 500, b""])
def test_one_that_is_damaged_while_it_is_open_forgets_nothing_either(
    path: Path, clock: VirtualClock, damage: bytes
) -> None:
    tokens = opened(path, clock)
    tokens.reserve("ci", TODAY, 60, 100)
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(damage)
    tokens.add("ci", TODAY, 50)

    assert not tokens.reserve("ci", TODAY, 1, 100)
    assert tokens.used(TODAY)["ci"] >= 110
    tokens.close()


def test_a_file_that_was_damaged_before_is_set_aside(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 500)
    tokens = opened(path)
    with caplog.at_level(logging.WARNING, "orchestrator"):
        assert tokens.reserve("ci", TODAY, 60, 100)

    assert "set aside as tokens.sqlite3.damaged-" in caplog.text
    assert opened(path).used(TODAY) == {"ci": 60}
    tokens.close()


def test_a_file_that_was_removed_is_made_again(path: Path) -> None:
    tokens = opened(path)
    tokens.reserve("ci", TODAY, 60, 100)
    for one in path.parent.iterdir():
        one.unlink()
    assert tokens.reserve("ci", TODAY, 70, 100)

    assert opened(path).used(TODAY) == {"ci": 70}
    tokens.close()
