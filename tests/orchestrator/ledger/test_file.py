"""The ledger file: each line is whole or not there, whatever became of the one before it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.ledger import (
    Closed,
    Entry,
    FiledCall,
    Ledger,
    LedgerFile,
    append,
    line,
    read_ledger,
)
from orchestrator.sim import replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import HI, world
from tests.slow import slow_but
from tests.waiting import AMPLE, eventually

ROOT = Path(__file__).parents[3]


def closed(call: str, number: int = 0) -> Closed:
    return Closed(call, float(number), "succeed", None, None, number, ())


def whole(path: Path) -> list[Any]:
    """The lines that can be read; none of the others begins with a whole one."""
    found = []
    for text in path.read_bytes().split(b"\n"):
        try:
            found.append(json.loads(text))
        except ValueError:
            assert b"}{" not in text
    return [entry for entry in found if isinstance(entry, dict) and "call" in entry]


@given(st.binary(max_size=40).filter(lambda rest: b"}" not in rest))
def test_after_whatever_is_there_a_line_begins_on_its_own(rest: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "calls.jsonl"
        path.write_bytes(line(closed("one")) + rest)
        LedgerFile(path)(closed("two"))

        assert [entry["call"] for entry in whole(path)] == ["one", "two"]
        assert path.read_bytes().endswith(b"\n" + line(closed("two")))


def test_several_lines_go_at_once_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"half")
    append(path, line(closed("one")) + line(closed("two")))

    assert path.read_bytes() == b"half\n" + line(closed("one")) + line(closed("two"))


FULL = """
import resource, signal, sys
from pathlib import Path
from orchestrator.ledger import Attempt, Closed, LedgerFile, Opened, line
from orchestrator.states import Policy, Reason, Target

def entry(call, number):
    return Closed(call, 0.0, "succeed", None, None, number, ())

def opened(call):
    return Opened(call, 0.0, (Target("a", "m"),), Policy(), False, "x" * 100)

def failed(call):
    return Attempt(
        call, 1, "a/m", "a", "m", "key#1", 402, Reason.BILLING, "r", "no", None, None, 0.0, 1.0, "x"
    )

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
file, most = LedgerFile(path), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for number in range(10):
    file(entry(f"before-{number}", number))
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 40, most))
file(opened("lost"))
file(failed("lost"))                       # 40 bytes of it find room
file(opened("whole"))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
file(entry("lost", 1))                     # a call that has lost a line is not gone on with
file(entry("whole", 1))
file(opened("after"))
file(entry("after", 2))
"""


SIGNALLED = """
import signal, sys
from pathlib import Path
from orchestrator.ledger import Closed, LedgerFile

file, handled, made = LedgerFile(Path(sys.argv[1])), 0, 0

def write(call):
    file(Closed(call, 0.0, "succeed", None, None, 1, ()))

def handle(*_):
    global handled
    handled += 1
    write(f"inside-{handled}")

signal.alarm(60)
signal.signal(signal.SIGVTALRM, handle)
signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
while made < 300 or handled <= 100:
    made += 1
    write(f"outside-{made}")
signal.setitimer(signal.ITIMER_VIRTUAL, 0)
print(handled + made)
"""


def test_a_call_inside_a_signal_handler_writes_whatever_it_interrupts(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )

    calls = [json.loads(text)["call"] for text in path.read_text("utf-8").splitlines()]
    assert len(set(calls)) == len(calls) == int(done.stdout)


def test_a_line_that_a_full_disk_cuts_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    calls = [json.loads(text)["call"] for text in path.read_text("utf-8").splitlines()]
    assert calls == [*(f"before-{n}" for n in range(10)), "whole", "whole", "after", "after"]
    assert [call.call for call in read_ledger(path)] == ["whole", "after"]
    assert done.stderr.count("cannot be written: No space left on device") == 1


def test_a_call_is_written_when_it_ends_and_when_something_has_befallen_it(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    file, sizes = LedgerFile(path), [0]
    steps: list[list[str]] = []

    def observe(entry: Entry) -> None:
        file(entry)
        if path.exists() and path.stat().st_size > sizes[-1]:
            text = path.read_bytes()[sizes[-1] :]
            sizes.append(sizes[-1] + len(text))
            steps.append([json.loads(line)["kind"] for line in text.splitlines()])

    scripts: dict[str, AnyScript] = {"a": replies.billing_402(), "b": replies.ok("done")}
    with world(scripts) as (_, orchestrator):
        with orchestrator.stream(HI, observe=observe) as chunks:
            assert "".join(chunk.text for chunk in chunks) == "done"
        streamed, steps = steps, []
        orchestrator.run(HI, observe=observe)

    failed, content, end = streamed
    assert (failed[0], failed[-1]) == ("opened", "attempt")
    assert (content[-1], end[-1]) == ("transition", "closed")
    assert [step[-1] for step in steps] == ["closed"]
    assert len(read_ledger(path)) == 2


@pytest.mark.parametrize(
    "how", slow_but(["rotated"], ["rotated", "removed", "replaced"], "waits for a second to pass")
)
def test_a_file_that_was_rotated_away_is_begun_anew(how: str, tmp_path: Path) -> None:
    path, aside = tmp_path / "calls.jsonl", tmp_path / "calls.jsonl.1"
    file = LedgerFile(path)
    file(closed("one"))
    if how == "replaced":
        aside.write_bytes(b"half")
        aside.replace(path)
    else:
        path.rename(aside)
    if how == "removed":
        aside.unlink()

    def begins() -> bool:
        file(closed("two"))
        return path.exists() and path.stat().st_size > 4

    assert eventually(begins)
    file(closed("three"))
    assert [entry["call"] for entry in whole(path)] == ["two", "three"]
    if how == "rotated":
        old = [entry["call"] for entry in whole(aside)]
        assert old == ["one"] + ["two"] * (len(old) - 1)


def test_a_file_that_was_cut_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    file = LedgerFile(path)
    file(closed("one"))
    os.truncate(path, 10)
    file(closed("two"))
    os.truncate(path, 0)
    file(closed("three"))

    assert path.read_bytes() == line(closed("three"))


def test_two_who_write_in_turn_find_each_others_half_lines(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    mine, theirs = LedgerFile(path), LedgerFile(path)
    for number in range(3):
        mine(closed(f"mine {number}"))
        theirs(closed(f"theirs {number}"))
    with path.open("ab") as torn:
        torn.write(line(closed("torn"))[:30])
    mine(closed("last"))

    calls = [entry["call"] for entry in whole(path)]
    assert calls == [f"{who} {n}" for n in range(3) for who in ("mine", "theirs")] + ["last"]


def written_and_removed(path: Path) -> None:
    file = LedgerFile(path)
    for number in range(3):
        file(closed("one"))
        path.rename(path.with_suffix(f".{number}"))
        file = LedgerFile(path)


def test_descriptors_are_let_go_of(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for number in range(5):
        written_and_removed(tmp_path / f"{number}.jsonl")

    assert len(list(Path("/dev/fd").iterdir())) == before


FORK = """
import os, sys, threading, time
from pathlib import Path
from orchestrator.ledger import Closed, LedgerFile

def entry(call):
    return Closed(call * 300, 0.0, "succeed", None, None, 0, ())

file, stop = LedgerFile(Path(sys.argv[1])), threading.Event()

def busy():
    while not stop.is_set():
        file(entry("parent"))

thread = threading.Thread(target=busy)
thread.start()
ends = []
for number in range(10):
    child = os.fork()
    if child == 0:
        file(entry("child"))
        os._exit(0)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop.set()
thread.join()
print(ends)
"""


def test_a_fork_leaves_both_sides_writing(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FORK, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=2 * AMPLE,
    )

    assert done.stdout == f"{[0] * 10}\n"
    assert [entry["call"] for entry in whole(path)].count("child" * 300) == 10


def test_where_another_has_gone_on_its_line_stays(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    append(path, line(closed("mine"))[:30])
    append(path, line(closed("theirs")))
    append(path, line(closed("mine, again")))

    assert [entry["call"] for entry in whole(path)] == ["theirs", "mine, again"]


@pytest.mark.parametrize("name", ["/dev/null", "pipe"])
def test_what_is_no_file_is_written_too(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "pipe":
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        append(path, b"one\n")
        append(path, b"two\n")
        assert os.read(reader, 99) == b"one\ntwo\n"
        os.close(reader)
    else:
        append(path, b"one\n")


def told(file: LedgerFile, name: str) -> FiledCall:
    """A call that is over, but for its writing."""
    ledger = Ledger(name)
    ledger.append(closed(name))
    return file.begin(ledger)


def names(path: Path) -> list[str]:
    return [entry["call"] for entry in whole(path)] if path.exists() else []


def test_calls_that_end_in_one_turn_of_a_loop_are_written_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    file = LedgerFile(path)

    async def main() -> None:
        first, second, third = (told(file, name) for name in ("one", "two", "three"))
        first.end()
        second.end()
        assert names(path) == []
        await asyncio.sleep(0)
        assert names(path) == ["one", "two"]
        # Nobody runs any more who would write it.
        third.end()
        assert names(path) == ["one", "two", "three"]

    asyncio.run(main())


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20))
def test_however_calls_take_turns_each_stands_whole_and_in_order(
    moves: list[tuple[int, bool]],
) -> None:
    async def main(path: Path) -> None:
        file = LedgerFile(path)
        ledgers = [Ledger(str(number)) for number in range(4)]
        filed = [file.begin(ledger) for ledger in ledgers]
        for number, ends_turn in moves:
            ledgers[number].append(closed(str(number), len(ledgers[number])))
            filed[number].write()
            if ends_turn:
                await asyncio.sleep(0)
        for call in filed:
            call.end()
        for ledger in ledgers:
            found = [entry["attempts"] for entry in whole(path) if entry["call"] == ledger.call]
            assert found == list(range(len(ledger)))

    with TemporaryDirectory() as folder:
        path = Path(folder) / "calls.jsonl"
        path.touch()
        asyncio.run(main(path))


def test_a_call_whose_line_cannot_be_said_costs_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "calls.jsonl"
    file = LedgerFile(path)

    async def main() -> None:
        calls = [told(file, name) for name in ("one", "half \ud800", "two")]
        for call in calls:
            call.write()
        for call in calls:
            call.end()

    asyncio.run(main())

    assert names(path) == ["one", "two"]
    assert caplog.messages == ["the ledger file raised; the call goes on"]


LEFT_OVER = """
import asyncio, os, sys
from pathlib import Path
from orchestrator.ledger import Closed, Ledger, LedgerFile

def told(name):
    ledger = Ledger(name)
    ledger.append(Closed(name, 0.0, "succeed", None, None, 1, ()))
    return file.begin(ledger)

async def main():
    global running
    running = told("never ends")
    told("parent").end()
    if os.fork() == 0:
        told("child").end()
        os._exit(0)
    os.wait()
    assert b"parent" not in path.read_bytes()
    sys.exit()

path = Path(sys.argv[1])
file = LedgerFile(path)
try:
    asyncio.new_event_loop().run_until_complete(main())
except SystemExit:
    assert b"parent" not in path.read_bytes()
"""


def test_what_a_loop_leaves_is_written_once_at_the_end_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LEFT_OVER, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )

    assert names(path) == ["child", "parent"]
