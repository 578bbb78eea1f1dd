"""The ledger file: lines that are whole or not there, whoever else writes, and on a full disk."""

from __future__ import annotations

import atexit
import errno
import logging
import math
import os
import stat
import sys
import threading
import time
import weakref
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.ledger.codec import Line, encode_lines, line_of
from orchestrator.ledger.entries import Attempt, Closed, Entry, Transition
from orchestrator.ledger.record import Ledger
from orchestrator.states import Streaming

if TYPE_CHECKING:
    import asyncio

if sys.platform != "win32":
    import fcntl

_log = logging.getLogger("orchestrator")

_RAISED = "the ledger file raised; the call goes on"


class LedgerFile:
    """Appends entries to a file as JSON lines; safe from threads, processes and forks.

    The lines of a call are written in one go when it ends; before that when an attempt of it
    has failed, and when the first content of a stream is here. So a call that is answered at
    once costs one write, and a process that is killed leaves of each call what had befallen it
    by then: nothing of one whose first attempt had brought nothing yet. Calls that run at once
    in an event loop share the write: what befell them in one turn of the loop is written at its
    end, and when the last of them is over at once.

    The file stays open between calls, and is looked for by its name once a second: where it was
    rotated away, removed or replaced, the lines of up to a second still go to the old one.

    Given the most that it may hold, it is renamed to ``NAME.1``, in place of an older one, before
    it would grow beyond that; whatever else writes to it goes on in the new one. What is written in
    one go stays together.

    A file that cannot be written is reported once on the logger ``orchestrator`` and never
    fails a call. A call of which a line could not be written is not gone on with: what stands
    of it then breaks off, and tells nothing that is not so.

    Args:
        path: The file.
        most: Bytes that it may hold; ``None``: any number.
    """

    def __init__(self, path: Path, most: int | None = None) -> None:
        self.path, self.most = path, most
        # Again from within: a call inside a signal handler may interrupt the one that has it, and
        # writes by a descriptor of its own then.
        self._lock = threading.RLock()
        self._open: _OpenFile | None = None
        self._looked_at = -math.inf
        self._reported: set[str] = set()
        self._waiting: dict[str, list[Line]] = {}
        self._left: set[str] = set()
        self._running: set[str] = set()
        # Changed by one item at a time, which neither threads nor signals can come between.
        self._ready: deque[FiledCall] = deque()
        self._turn: asyncio.AbstractEventLoop | None = None
        _files.add(self)

    def __call__(self, entry: Entry) -> None:
        """Write ``entry``, at the latest with the last one of its call."""
        self._take(type(entry), line_of(entry))

    def begin(self, ledger: Ledger) -> FiledCall:
        """Take in a call that begins: it says itself when its ``ledger`` is to be written."""
        self._running.add(ledger.call)
        return FiledCall(self, ledger)

    def take(self, call: FiledCall, *, is_last: bool) -> None:
        """Write what ``call`` has to tell, with others at the end of this turn of the loop.

        At once where no other call runs, or no event loop: then nobody else would write it. So a
        program that ends after its calls, however it ends, has written them.
        """
        loop = _running_loop() if len(self._running) > 1 else None
        if is_last:
            self._running.discard(call.name)
        self._ready.append(call)
        if loop is not None and self._turn is None:
            self._turn = loop
            _unwritten.add(self)
            loop.call_soon(self.flush)
        elif loop is None or loop is not self._turn:  # whose turn it was, that one may be closed
            self.flush()

    def flush(self) -> None:
        """Write what waits for the end of a turn; whatever goes wrong is logged."""
        # Whole, so that nothing of a call is written before what is older.
        with self._lock:
            self._turn = None
            _unwritten.discard(self)
            while self._ready:
                self._write_ready()

    def _write_ready(self) -> None:
        """Write what waits, or as much of it as goes at once."""
        calls: list[FiledCall] = []
        texts: list[bytes] = []
        size = 0
        try:
            while self._ready and size < MOST_AT_ONCE:
                calls.append(self._ready.popleft())
                texts.append(calls[-1].encode())
                size += len(texts[-1])
            if size:
                self._append(texts)
        except BaseException as error:
            for call in calls:
                call.is_lost = True
            if isinstance(error, OSError):
                self._report("written", error)
            elif isinstance(error, Exception):
                _log.exception(_RAISED)
            else:
                raise

    def _take(self, kind: type[Entry], line: Line) -> None:
        call, is_last = line.call, kind is Closed
        if call in self._left:
            if is_last:
                self._left.discard(call)
            return
        lines = self._waiting.pop(call, [])
        lines.append(line)
        if not (is_last or _is_telling(kind, line)):
            self._waiting[call] = lines
            return
        try:
            texts = [encode_lines(lines)]
            with self._lock:
                self._append(texts)
        except BaseException as error:
            # Whatever it was, these lines are lost: what follows them would tell what is not so.
            if not is_last:
                self._left.add(call)
            if not isinstance(error, OSError):
                raise
            self._report("written", error)

    def forked(self) -> None:
        """Begin anew in a child: another thread of its parent may have held the lock."""
        self._lock = threading.RLock()
        # What its calls have to tell is the parent's to write.
        self._ready.clear()
        self._running.clear()
        self._turn = None
        # A lock of the parent's file is the child's too, as long as it has it open.
        self._open = None

    def _append(self, texts: list[bytes]) -> None:
        file, self._open = self._open, None
        now = time.monotonic()
        if now >= self._looked_at + LOOK_SECONDS:
            self._looked_at = now
            file = file if file is not None and file.is_current() else None
        file = file or _OpenFile.of(self.path)
        # Of a pipe a reader gets whole lines of several writers only in small writes.
        for text in [b"".join(texts)] if file.is_regular else texts:
            if self.most is None or not file.is_regular:
                file.append(text)
            else:
                file = self._append_within(self.most, file, text)
        # Of a pipe that is kept open the reader would see no end, and a writer no reader's.
        if file.is_regular:
            self._open = file

    def _append_within(self, most: int, file: _OpenFile, text: bytes) -> _OpenFile:
        """Append ``text`` where there is room for it; the file that it was."""
        try:
            # Several processes may find it full at once: all but one find a new file in its place.
            for _ in range(MOST_ROTATIONS):
                if file.append_within(most, text):
                    return file
                file = _OpenFile.of(self.path)
        except _NotRotated as error:
            self._report("rotated, so it grows on", error)
        file.append(text)
        return file

    def _report(self, what: str, error: OSError) -> None:
        if what not in self._reported:
            _log.warning("the ledger %s cannot be %s: %s", self.path, what, error.strerror)
        self._reported.add(what)


class FiledCall:
    """The record of a call that a ledger file writes.

    Attributes:
        name: The call's id.
        is_lost: True once a line could not be written: what follows it would tell what is not so.
    """

    __slots__ = ("_file", "_ledger", "_written", "is_lost", "name")

    def __init__(self, file: LedgerFile, ledger: Ledger) -> None:
        self.name, self.is_lost = ledger.call, False
        self._file, self._ledger, self._written = file, ledger, 0

    def write(self) -> None:
        """Write what has befallen the call so far."""
        self._file.take(self, is_last=False)

    def end(self) -> None:
        """Write the rest: the call is over."""
        self._file.take(self, is_last=True)

    def encode(self) -> bytes:
        """The lines that are not written yet; empty where there are none, or one was lost."""
        if self.is_lost:
            return b""
        begin, self._written = self._written, len(self._ledger)
        try:
            return encode_lines(self._ledger.unencoded(begin, self._written))
        except Exception:  # noqa: BLE001 - as of any observer
            # It alone is lost, and none of those that are written with it.
            self.is_lost = True
            _log.exception(_RAISED)
            return b""


def _is_telling(kind: type[Entry], line: Line) -> bool:
    """True where much may be to come of the call yet, and something has befallen it."""
    if kind is Attempt:
        return line.reason is not None
    return kind is Transition and isinstance(line.facts, Streaming)


_files: weakref.WeakSet[LedgerFile] = weakref.WeakSet()

_unwritten: set[LedgerFile] = set()
"""Files that wait for the end of a turn of a loop, which may be closed before that."""


@atexit.register
def _flush() -> None:
    for file in tuple(_unwritten):
        file.flush()


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
    _OpenFile.of(path).append(text)


LOOK_SECONDS = 1.0
"""How long the file is taken to be the one of its name: to look costs as much as to write."""

MOST_AT_ONCE = 65_536
"""Bytes of calls that end at once after which they are written; some 20 calls."""

MOST_ROTATIONS = 5
"""How often one write looks for a file with room, while others fill each that begins."""

OLD = ".1"
"""What is put behind the name of a file that was rotated away. One is kept."""

LOCK_TRIES, LOCK_PAUSE = 5, 0.001
"""How often, and after how many seconds, the lock is asked for: a call takes 0.01 ms to write, and
who asks may hold an event loop."""


class _NotRotated(OSError):
    """The file cannot be renamed."""


class _OpenFile:
    """A file that is open to append to, for as long as somebody has this; see :meth:`of`."""

    def __init__(self, name: str, descriptor: int) -> None:
        self._name, self._descriptor = name, descriptor
        found = os.fstat(descriptor)
        self._identity = found.st_dev, found.st_ino
        self.is_regular = stat.S_ISREG(found.st_mode)
        self._end = -1

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

    def is_current(self) -> bool:
        """False where its path names another file by now, or none."""
        try:
            found = os.stat(self._name)  # noqa: PTH116 - three times as quick as of a Path
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def append(self, text: bytes) -> None:
        """Append ``text``, whole lines, or nothing of it; on a line of its own.

        Raises:
            OSError: It cannot be written.
        """
        if not self.is_regular:
            _write(self._descriptor, text)
            return
        # Where nobody else has written since we did there is no lock to take, and no half a line.
        is_alone = self._size() == self._end
        is_locked = not is_alone and _lock(self._descriptor)
        try:
            end = self._end if is_alone else self._size()
            # While others write, half a line may be one that is only just being written.
            if is_locked and not _ends_a_line(self._descriptor, end):
                text = b"\n" + text
            _write(self._descriptor, text)
            self._end = end + len(text)
        finally:
            if is_locked:
                _unlock(self._descriptor)

    def append_within(self, most: int, text: bytes) -> bool:
        """Append ``text`` as :meth:`append` does, but not beyond ``most`` bytes.

        Returns:
            False where it was not written, or not to last, since by its name there is another
            file by now, or none: this one was full, and was renamed, here or by another process.

        Raises:
            _NotRotated: It is full, and cannot be renamed.
            OSError: It cannot be written.
        """
        # Who renames has the lock, and who writes: so nothing is written to a file that is old, and
        # might be gone with the next rotation. Where others keep the lock all the time, this one
        # renames nothing, and looks afterwards.
        is_locked = _lock(self._descriptor)
        try:
            if not self.is_current():
                return False
            end = self._size()
            if is_locked and 0 < end > most - len(text):
                self._rotate()
                return False
            whole = not is_locked or _ends_a_line(self._descriptor, end)
            _write(self._descriptor, text if whole else b"\n" + text)
            # Without the lock it may have been renamed twice meanwhile: then it is gone.
            return is_locked or os.fstat(self._descriptor).st_nlink > 0
        finally:
            if is_locked:
                _unlock(self._descriptor)

    def _rotate(self) -> None:
        # Where the name is a link, what it leads to is renamed, and is made anew in its place.
        path = os.path.realpath(self._name)
        try:
            os.replace(path, path + OLD)  # noqa: PTH105 - as all that is done by name here
        except OSError as error:
            raise _NotRotated(error.errno, error.strerror) from error

    def _size(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_END)


def _lock(descriptor: int) -> bool:
    """Take the file's lock; false where others keep it all the time, true where there is none."""
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


def _running_loop() -> asyncio.AbstractEventLoop | None:
    # Who runs one has loaded it, and a program without waits for nothing of it.
    events = sys.modules.get("asyncio.events")
    return None if events is None else events._get_running_loop()  # noqa: SLF001
