"""The ledger file: each line is whole or not there, whatever became of the one before it."""

from __future__ import annotations

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

from orchestrator.ledger import Closed, LedgerFile, append, line, read_ledger

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
from orchestrator.ledger import Closed, LedgerFile, Opened, line
from orchestrator.json_values import legible
from orchestrator.states import Policy, Target

def entry(call, number):
    return Closed(call, 0.0, "succeed", None, None, number, ())

def opened(call):
    return Opened(call, 0.0, (Target("a", "m"),), Policy(), False, "x" * 100)

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
file, most = LedgerFile(path), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for number in range(10):
    file(entry(f"before-{number}", number))
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 40, most))
file(opened("lost"))                       # 40 bytes of it find room
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
file(entry("lost", 1))                     # a call that has lost a line is not gone on with
file(opened("after"))
file(entry("after", 2))
"""


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
    assert calls == [*(f"before-{number}" for number in range(10)), "after", "after"]
    assert [call.call for call in read_ledger(path)] == ["after"]
    assert done.stderr.count("cannot be written: No space left on device") == 1


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
