"""A ledger that is full is renamed, and nothing that was written after it is lost."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.ledger import Closed, LedgerFile, line, read_ledger
from orchestrator.sim import replies
from tests.acceptance.world import run, world

ROOT = Path(__file__).parents[3]
LINE = len(line(Closed("0-0000", 0.0, "succeed", None, None, 0, ())))


def closed(call: str) -> Closed:
    return Closed(call, 0.0, "succeed", None, None, 0, ())


def calls(path: Path) -> list[str]:
    """The calls of the lines of a file, every one of which is whole."""
    return [json.loads(text)["call"] for text in path.read_text("utf-8").splitlines()]


def test_a_file_that_is_full_is_renamed_and_one_older_one_is_kept(tmp_path: Path) -> None:
    path, old = tmp_path / "calls.jsonl", tmp_path / "calls.jsonl.1"
    file = LedgerFile(path, most=3 * LINE)
    for number in range(8):
        file(closed(f"0-{number:04}"))
        assert path.stat().st_size <= 3 * LINE

    assert calls(old) == ["0-0003", "0-0004", "0-0005"]
    assert calls(path) == ["0-0006", "0-0007"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["calls.jsonl", "calls.jsonl.1"]
    assert {each.stat().st_mode & 0o777 for each in (path, old)} == {0o600}


def test_what_is_larger_than_any_file_may_be_is_written_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    file = LedgerFile(path, most=LINE // 2)
    file(closed("one"))
    file(closed("two"))

    assert (calls(path.with_name("calls.jsonl.1")), calls(path)) == (["one"], ["two"])


def test_what_is_written_in_one_go_stays_together(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with world({"a": replies.ok()}, extra=f'ledger = "{path}"') as (_, orchestrator):
        run(orchestrator)
    one = path.read_bytes()
    # Room for one call and a half.
    file = LedgerFile(path, most=len(one) * 3 // 2)
    with world({"a": replies.ok()}) as (_, orchestrator):
        run(orchestrator, observe=file)

    old = path.with_name("calls.jsonl.1")
    assert old.read_bytes() == one
    assert [call.answered for each in (old, path) for call in read_ledger(each)] == [True, True]


def test_a_link_leads_to_the_new_file(tmp_path: Path) -> None:
    real, path = tmp_path / "disk" / "calls.jsonl", tmp_path / "calls.jsonl"
    real.parent.mkdir()
    path.symlink_to(real)
    file = LedgerFile(path, most=LINE)
    for name in ("0-0001", "0-0002"):
        file(closed(name))

    assert path.is_symlink()
    assert (calls(real.with_name("calls.jsonl.1")), calls(real)) == (["0-0001"], ["0-0002"])


def test_a_file_that_cannot_be_renamed_grows_on_and_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "calls.jsonl"
    (tmp_path / "calls.jsonl.1").mkdir()
    file = LedgerFile(path, most=2 * LINE)
    with caplog.at_level(logging.WARNING, "orchestrator"):
        for number in range(9):
            file(closed(f"0-{number:04}"))

    assert calls(path) == [f"0-{number:04}" for number in range(9)]
    (said,) = caplog.messages
    assert said == f"the ledger {path} cannot be rotated, so it grows on: Is a directory"


WRITERS = """
import sys, threading
from pathlib import Path
from orchestrator.ledger import Closed, LedgerFile

path, most, name, calls = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
shared = LedgerFile(path, most)

def write(who, file):
    for number in range(calls):
        file(Closed(f"{who}-{number:04}", 0.0, "succeed", None, None, 0, ()))

sys.stdin.readline()
ways = [(f"{name}a", shared), (f"{name}b", shared), (f"{name}c", LedgerFile(path, most))]
threads = [threading.Thread(target=write, args=each) for each in ways]
[each.start() for each in threads]
[each.join() for each in threads]
"""
PROCESSES, THREADS, CALLS = 4, 3, 150


def written_by_many(path: Path, most: int) -> None:
    """Threads of several processes write at once, from the same instant on."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITERS, str(path), str(most), str(number), str(CALLS)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    for each in processes:
        assert each.stdin is not None
        each.stdin.write(b"\n")
        each.stdin.close()
    assert [each.wait(timeout=120) for each in processes] == [0] * PROCESSES


def by_writer(path: Path) -> dict[str, list[int]]:
    """The numbers that each writer wrote, in the order of the files."""
    found: dict[str, list[int]] = {}
    for each in (path.with_name(f"{path.name}.1"), path):
        for call in calls(each):
            writer, _, number = call.partition("-")
            found.setdefault(writer, []).append(int(number))
    return found


def test_processes_that_share_it_rotate_it_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    total = PROCESSES * THREADS * CALLS * (LINE + 1)
    written_by_many(path, total * 6 // 10)

    found = by_writer(path)
    assert len(found) == PROCESSES * THREADS
    assert {tuple(numbers) for numbers in found.values()} == {tuple(range(CALLS))}


def test_after_many_rotations_the_last_lines_are_there_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    written_by_many(path, 20 * LINE)

    for numbers in by_writer(path).values():
        # The older ones went with their files; none was written to a file that was old by then.
        assert numbers == list(range(numbers[0], CALLS))


def cut_in_two(folder: Path) -> tuple[Path, Path]:
    """A rotated ledger and its successor: one call stands in both."""
    path = folder / "calls.jsonl"
    with world({"a": replies.ok()}, extra=f'ledger = "{path}"') as (_, orchestrator):
        for _ in range(2):
            run(orchestrator)
    lines = path.read_bytes().splitlines(keepends=True)
    old = path.with_name("calls.jsonl.1")
    old.write_bytes(b"".join(lines[:-2]))
    path.write_bytes(b"".join(lines[-2:]))
    return old, path


def test_a_call_that_a_rotation_cut_is_whole_where_both_files_are_read(tmp_path: Path) -> None:
    old, path = cut_in_two(tmp_path)

    assert [call.answered for call in read_ledger(old, path)] == [True, True]
    assert [call.closed is None for call in read_ledger(old)] == [False, True]


def test_a_call_whose_beginning_is_gone_is_passed_over_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, path = cut_in_two(tmp_path)

    assert read_ledger(path) == ()
    assert caplog.messages == [
        f"{path}: the beginning of 1 of its calls stands in an older file; they are passed over"
    ]
