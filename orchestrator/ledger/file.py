"""The ledger file: lines that are whole or not there, whoever else writes, and on a full disk."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from orchestrator.ledger.codec import line
from orchestrator.ledger.entries import Closed, Entry

if sys.platform != "win32":
    import fcntl

_log = logging.getLogger("orchestrator")


class LedgerFile:
    """Appends entries to a file as JSON lines; safe from threads and processes.

    A file that cannot be written is reported once on the logger ``orchestrator`` and never
    fails a call. A call of which a line could not be written is not gone on with: what stands
    of it then breaks off, and tells nothing that is not so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._broken = False
        self._left: set[str] = set()

    def __call__(self, entry: Entry) -> None:
        """Append ``entry``."""
        if entry.call in self._left:
            if isinstance(entry, Closed):
                self._left.discard(entry.call)
            return
        try:
            with self._lock:
                append(self.path, line(entry))
        except OSError as error:
            self._leave(entry, error)

    def _leave(self, entry: Entry, error: OSError) -> None:
        if not isinstance(entry, Closed):
            self._left.add(entry.call)
        if not self._broken:
            _log.warning("the ledger %s cannot be written: %s", self.path, error.strerror)
        self._broken = True


def append(path: Path, text: bytes) -> None:
    """Append ``text``, whole lines, or nothing of it; on a line of its own, whatever is there.

    Raises:
        OSError: It cannot be written.
    """
    # With O_APPEND, one write a line keeps the lines of several processes apart.
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # While others write, half a line may be one that is only just being written.
        whole = _is_contended(descriptor) or _ends_a_line(descriptor)
        _write(descriptor, text if whole else b"\n" + text)
    finally:
        os.close(descriptor)


LOCK_TRIES, LOCK_PAUSE = 50, 0.001
"""How often, and after how many seconds, the lock is asked for: a line takes 0.02 ms to write."""


def _is_contended(descriptor: int) -> bool:
    """Take the file's lock, until it is closed; true where others keep it all the time."""
    if sys.platform == "win32":
        return False
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE)
        except OSError:  # a pipe, or a file system that knows no locks
            return False
        else:
            return False
    return True


def _ends_a_line(descriptor: int) -> bool:
    """Whether what stands in the file is whole: a process may have died in the middle of a line."""
    try:
        os.lseek(descriptor, -1, os.SEEK_END)
        return os.read(descriptor, 1) in (b"\n", b"")
    except OSError:  # it is empty, or nothing that can be read again, such as a pipe
        return True


def _write(descriptor: int, text: bytes) -> None:
    written = os.write(descriptor, text)
    if written == len(text):
        return
    # The disk is full. What stands of the line is taken back, unless another's follows it.
    end = os.lseek(descriptor, 0, os.SEEK_CUR)
    with suppress(OSError):
        if os.fstat(descriptor).st_size == end:
            os.ftruncate(descriptor, end - written)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
