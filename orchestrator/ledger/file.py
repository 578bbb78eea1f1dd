"""The ledger file: lines that are whole or not there, whoever else writes, and on a full disk."""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

from orchestrator.ledger.codec import lines
from orchestrator.ledger.entries import Attempt, Closed, Entry, Transition
from orchestrator.states import Streaming

if sys.platform != "win32":
    import fcntl

_log = logging.getLogger("orchestrator")


class LedgerFile:
    """Appends entries to a file as JSON lines; safe from threads, processes and forks.

    The lines of a call are written in one go when it ends; before that when an attempt of it
    has failed, and when the first content of a stream is here. So a call that is answered at
    once costs one write, and a process that is killed leaves of each call what had befallen it
    by then: nothing of one whose first attempt had brought nothing yet.

    The file stays open between calls, and is looked for by its name before each write: where
    it was rotated away, removed or replaced, the new one is written.

    A file that cannot be written is reported once on the logger ``orchestrator`` and never
    fails a call. A call of which a line could not be written is not gone on with: what stands
    of it then breaks off, and tells nothing that is not so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._open: _OpenFile | None = None
        self._broken = False
        self._waiting: dict[str, list[Entry]] = {}
        self._left: set[str] = set()
        _files.add(self)

    def __call__(self, entry: Entry) -> None:
        """Write ``entry``, at the latest with the last one of its call."""
        call, is_last = entry.call, isinstance(entry, Closed)
        if call in self._left:
            if is_last:
                self._left.discard(call)
            return
        entries = self._waiting.pop(call, [])
        entries.append(entry)
        if not (is_last or _is_telling(entry)):
            self._waiting[call] = entries
            return
        try:
            text = lines(entries)
            with self._lock:
                self._append(text)
        except OSError as error:
            if not is_last:
                self._left.add(call)
            self._report(error)

    def forked(self) -> None:
        """Begin anew in a child: another thread of its parent may have held the lock."""
        self._lock = threading.Lock()
        # A lock of the parent's file is the child's too, as long as it has it open.
        self._open = None

    def _append(self, text: bytes) -> None:
        file, self._open = self._open, None
        size = None if file is None else file.size()
        if file is None or size is None:
            file, size = _OpenFile.of(self.path), -1
        file.append(text, size)
        # Of a pipe that is kept open the reader would see no end, and a writer no reader's.
        if file.is_regular:
            self._open = file

    def _report(self, error: OSError) -> None:
        if not self._broken:
            _log.warning("the ledger %s cannot be written: %s", self.path, error.strerror)
        self._broken = True


def _is_telling(entry: Entry) -> bool:
    """True where much may be to come of the call yet, and something has befallen it."""
    if isinstance(entry, Attempt):
        return entry.reason is not None
    return isinstance(entry, Transition) and isinstance(entry.facts, Streaming)


_files: weakref.WeakSet[LedgerFile] = weakref.WeakSet()


def _fork() -> None:
    for file in tuple(_files):
        file.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork)


def append(path: Path, text: bytes) -> None:
    """Append ``text``, whole lines, or nothing of it; on a line of its own, whatever is there.

    Raises:
        OSError: It cannot be written.
    """
    _OpenFile.of(path).append(text, -1)


LOCK_TRIES, LOCK_PAUSE = 5, 0.001
"""How often, and after how many seconds, the lock is asked for: a call takes 0.01 ms to write, and
who asks may hold an event loop."""


class _OpenFile:
    """A file that is open to append to, for as long as somebody has this; see :meth:`of`."""

    def __init__(self, name: str, descriptor: int) -> None:
        self._name, self._descriptor = name, descriptor
        found = os.fstat(descriptor)
        self._identity = found.st_dev, found.st_ino
        self.is_regular = stat.S_ISREG(found.st_mode)
        self._end: int | None = None

    @classmethod
    def of(cls, path: Path) -> _OpenFile:
        """The file at ``path``, made where it is missing, for its owner alone.

        Raises:
            OSError: It cannot be opened.
        """
        # With O_APPEND, one write keeps the lines of several processes apart.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        return cls(os.fspath(path), os.open(path, flags, 0o600))

    def __del__(self) -> None:
        os.close(self._descriptor)

    def size(self) -> int | None:
        """How many bytes are in it; ``None`` where its path names another file by now, or none."""
        try:
            found = os.stat(self._name)  # noqa: PTH116 - three times as quick as of a Path
        except OSError:
            return None
        return found.st_size if (found.st_dev, found.st_ino) == self._identity else None

    def append(self, text: bytes, size: int) -> None:
        """Append ``text``, whole lines, or nothing of it; on a line of its own.

        Args:
            text: The lines.
            size: How many bytes were in it just now; negative where nobody has looked.

        Raises:
            OSError: It cannot be written.
        """
        # Nobody else has written since we did, so there is no lock to take, and no half a line.
        if size == self._end or not self.is_regular:
            _write(self._descriptor, text)
            self._end = size + len(text)
            return
        is_locked = _lock(self._descriptor)
        try:
            end = os.lseek(self._descriptor, 0, os.SEEK_END)
            # While others write, half a line may be one that is only just being written.
            if is_locked and not _ends_a_line(self._descriptor, end):
                text = b"\n" + text
            _write(self._descriptor, text)
            self._end = end + len(text)
        finally:
            if is_locked:
                _unlock(self._descriptor)


def _lock(descriptor: int) -> bool:
    """Take the file's lock; false where others keep it all the time, or there is none to take."""
    if sys.platform == "win32":
        return True
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE)
        except OSError:  # a file system that knows no locks
            return True
        else:
            return True
    return False


def _unlock(descriptor: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _ends_a_line(descriptor: int, end: int) -> bool:
    """Whether what stands in the file is whole: a process may have died in the middle of a line."""
    os.lseek(descriptor, max(0, end - 1), os.SEEK_SET)
    return os.read(descriptor, 1) in (b"\n", b"")


def _write(descriptor: int, text: bytes) -> None:
    written = os.write(descriptor, text)
    if written == len(text):
        return
    # The disk is full. What stands of the lines is taken back, unless another's follow them.
    end = os.lseek(descriptor, 0, os.SEEK_CUR)
    with suppress(OSError):
        if os.fstat(descriptor).st_size == end:
            os.ftruncate(descriptor, end - written)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
