"""Log of a gateway on stderr, written by a thread: a reader that stops reading stops no call."""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Literal

from orchestrator.gateway.json_logs import JsonLogFormatter
from orchestrator.gateway.standard_streams import lead_unread_nowhere
from orchestrator.secrets import mask, masked_for_logs

MOST = 10_000
"""Lines that wait for a reader; of more the newest are left out, and counted."""

LAST_SECONDS = 1.0
"""How long the end of the process waits for lines to be taken."""

REPEAT_SECONDS = 60.0
"""How long other libraries say a thing once: what exports traces warns of a collector that is down
four times a batch, every few seconds."""

_MOST_KINDS = 200
"""Things that other libraries say which are told apart."""

_SERVERS = "uvicorn.error"
"""The logger of the protocol below, which warns of each connection that makes no sense."""


class TextLogFormatter(logging.Formatter):
    """Writes a record as a line, with its time and level, masked as all logs are."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line of ``record``, without its end."""
        return mask(masked_for_logs(super().format(record)))


def _level(record: logging.LogRecord) -> dict[str, object]:
    return {"name": "orchestrator", "levelno": record.levelno, "levelname": record.levelname}


class RepeatFilter(logging.Filter):
    """Lets what other libraries say pass once a while, with how often it was said in between.

    What is ours passes: each of its lines is about another call.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """See :class:`logging.Filter`."""
        if record.name.partition(".")[0] == "orchestrator":
            return True
        # A message may be anything, and whatever cannot be put into words must not raise here.
        said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        kind = (record.name, record.levelno, said)
        since, alike = self._passed.get(kind, (-REPEAT_SECONDS, 0))
        # A clock that was set back must not silence it for longer.
        if 0 <= record.created - since < REPEAT_SECONDS:
            self._passed[kind] = since, alike + 1
            return False
        if len(self._passed) >= _MOST_KINDS:
            self._passed.clear()
        self._passed[kind] = record.created, 0
        if alike and isinstance(record.msg, str):
            record.msg = f"{said} ({alike} more of these since the last)"
        return True


class LogWriter(logging.Handler):
    """Hands lines to a thread of its own, which writes them to stderr.

    A pipe that nobody reads is full after 64 KiB, and whoever writes to it waits: the loop must
    not, and its calls with it.
    """

    def __init__(self, kind: Literal["text", "json"]) -> None:
        super().__init__()
        self.setFormatter(JsonLogFormatter() if kind == "json" else TextLogFormatter())
        self.addFilter(RepeatFilter())
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._left_out = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Write from now on."""
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """See :class:`logging.Handler`."""
        if self._lines.qsize() >= MOST:
            self._left_out += 1
        else:
            self._lines.put(self._line(record))

    def _line(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception as error:  # noqa: BLE001 - who logs, a call perhaps, is not to pay for it
            # Without its words and arguments, which nobody could mask.
            said = "a record of %r cannot be written (%s)"
            names = record.name, type(error).__name__
            return self.format(logging.makeLogRecord(_level(record) | {"msg": said, "args": names}))

    def stop(self) -> None:
        """Write what waits, as far as it is read."""
        self._lines.put(None)
        if self._thread is not None:
            self._thread.join(LAST_SECONDS)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            left_out, self._left_out = self._left_out, 0
            more = f"{left_out} lines of the log were left out: nobody read them\n"
            try:
                sys.stderr.write(f"{more if left_out else ''}{line}\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                # What is left in the buffer would fail once more at the end of the process.
                lead_unread_nowhere()


@contextlib.contextmanager
def log_written(kind: Literal["text", "json"]) -> Iterator[None]:
    """Within this block what befalls calls is written, in place of what did so before.

    What other libraries warn of is written too: by itself Python would put it between the lines
    in a form of its own.
    """
    writer = LogWriter(kind)
    loggers = [logging.getLogger(name) for name in ("orchestrator", _SERVERS, "")]
    before = [(each.handlers, each.level, each.propagate) for each in loggers]
    levels = (logging.INFO, logging.ERROR, logging.WARNING)
    for each, level in zip(loggers, levels, strict=True):
        each.handlers, each.propagate = [writer], False
        each.setLevel(level)
    writer.start()
    try:
        yield
    finally:
        for each, (handlers, level, propagate) in zip(loggers, before, strict=True):
            each.handlers, each.propagate = handlers, propagate
            each.setLevel(level)
        writer.stop()
