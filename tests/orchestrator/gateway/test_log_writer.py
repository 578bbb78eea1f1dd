"""The log of a gateway, whose reader may stop reading."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

from orchestrator.execution.call_log import FIELDS
from tests.waiting import AMPLE

ROOT = Path(__file__).parents[3]
WRITE = """
import logging, sys, time
from orchestrator.gateway.log_writer import MOST, log_written

log = logging.getLogger("orchestrator")
with log_written("text"):
    log.warning("first: sk-abcdefghijklmnopqrstuvwxyz0123456789")
    for number in range(MOST + 5_000):
        log.info("line %d, %s", number, "x" * 100)
    print("went on", flush=True)
    sys.stdin.readline()
    log.info("last")
    time.sleep(0.5)
assert log.handlers == []
"""


def test_a_reader_that_stops_reading_holds_nobody_up() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE],
        cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"went on\n"
    _, written = process.communicate(b"\n", timeout=AMPLE)

    assert process.returncode == 0
    lines = written.decode().splitlines()
    assert lines[0].endswith("WARNING first: ***")
    assert any("lines of the log were left out" in line for line in lines)


def test_nobody_reads_it_at_all() -> None:
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE], cwd=ROOT, stdin=subprocess.PIPE, stderr=write
    )
    os.close(write)
    process.communicate(b"\n", timeout=AMPLE)
    os.close(read)

    assert process.returncode == 0


def test_the_logger_is_as_it_was_before() -> None:
    from orchestrator.gateway.log_writer import log_written

    logger = logging.getLogger("orchestrator")
    before = logger.handlers, logger.level
    with log_written("json"):
        assert logger.level == logging.INFO
    assert (logger.handlers, logger.level) == before


class Unwritable:
    """What cannot be made a text."""

    def __repr__(self) -> str:
        raise RuntimeError("there is nothing to say")


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize(
    "values",
    [
        {"msg": "%d of them", "args": ("a-word-that-nobody-masks",)},
        {"msg": Unwritable()},
        {"msg": "of %s", "args": (Unwritable(),)},
        {"name": "half\ud800", "msg": "half \udc80"},
        {FIELDS: {"number": 2**80}},
        {FIELDS: {"texts": ["\ud800"]}},
    ],
)
def test_who_logs_what_cannot_be_written_does_not_pay_for_it(
    values: dict[str, Any], kind: Literal["text", "json"]
) -> None:
    from orchestrator.gateway.log_writer import LogWriter

    class Written(LogWriter):
        def lines(self) -> list[str]:
            return [self._lines.get() or "" for _ in range(self._lines.qsize())]

    writer = Written(kind)
    writer.emit(logging.makeLogRecord({"name": "other", "levelname": "WARNING", **values}))

    (line,) = writer.lines()
    assert "WARNING" in line
    assert "a-word-that-nobody-masks" not in line
