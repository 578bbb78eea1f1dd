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
from orchestrator.gateway.log_writer import RepeatFilter
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


def other(message: str, created: float, name: str = "opentelemetry.exporter") -> logging.LogRecord:
    said = {"name": name, "levelno": 30, "levelname": "WARNING", "msg": message, "args": ("x",)}
    return logging.makeLogRecord({**said, "created": created})


def passed(*records: logging.LogRecord) -> list[str]:
    known = RepeatFilter()
    return [record.getMessage() for record in records if known.filter(record)]


def test_what_another_library_repeats_is_said_once_a_while_and_counted() -> None:
    down = [other("no collector at %s", second) for second in range(1, 60, 5)]

    assert passed(*down, other("something else: %s", 7.0), other("no collector at %s", 61.0)) == [
        "no collector at x",
        "something else: x",
        "no collector at x (11 more of these since the last)",
    ]


def test_what_is_ours_is_said_each_time() -> None:
    ours = [other("call %s failed", 1.0, "orchestrator") for _ in range(3)]

    assert passed(*ours) == ["call x failed"] * 3


def test_a_clock_that_is_set_back_silences_nothing() -> None:
    assert len(passed(other("down: %s", 5_000.0), other("down: %s", 1_400.0))) == 2


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
