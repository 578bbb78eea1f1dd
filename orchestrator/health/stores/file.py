"""File store: one view of the marks for all processes of this user.

Theory of operation. The parsed marks are cached, and a counter beside the file
(:mod:`.change_counter`) tells whether another process has changed it since. Once a second, and
where there is no counter, the file itself is asked (``PRAGMA data_version``), and whether it is
still the one at its path: so what was written without the counter, by a process that died in
between or by hand, is noticed a second later. A step that changes something runs inside
``BEGIN IMMEDIATE``, so that of all processes one at a time decides. One connection for
each process, under a lock; it is closed before a fork and opened anew on both sides,
because SQLite's locks do not survive one.

A lock that another process holds is tried again and again, for as long as the file changes
meanwhile: a crowd of writers gets on, and each has its turn. No thread of this process waits for
another that does. Where the lock stands still, or the file cannot be used, or the thread runs an
event loop and so must not wait, the step runs on the view in memory, and its changes wait
there, those of one record as one. They are written by the next operation that can, and soon by a
thread where it was a loop that could not wait; where another process has changed the same record
meanwhile, the later due stands (:mod:`.marks_view`).

Whatever a damaged file brings about, it is set aside, and a new one begins.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import math
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import attrs

from orchestrator.health.records import Changes, Marks
from orchestrator.health.stores import at_fork, sqlite_file
from orchestrator.health.stores.change_counter import NO_STAMP, ChangeCounter
from orchestrator.health.stores.event_loops import is_loop
from orchestrator.health.stores.marks_view import MarksView
from orchestrator.health.stores.store import C
from orchestrator.health.stores.store_lock import StoreLock

BUSY_SECONDS = 1.0
"""How long one operation waits for a lock while nobody writes; writes take 0.1 ms."""

CROWDED = 5
"""How many times as long it waits while others write one after the other."""

LOOP_SECONDS = 0.003
"""How long one that runs on an event loop waits: other calls stand still meanwhile."""

RETRY_SECONDS = 0.001
"""Between two tries, in which other threads of this process have their turn."""

REST_SECONDS = 5.0
"""After the file could not be used it is left alone this long."""

REST = 5
"""After a wait for a lock that was in vain, how many times as long it is left alone, so that a
lock that is never let go costs a thread a sixth of its time at most, not all of it."""

SOON_SECONDS = 0.02
"""Until what an event loop could not wait for is tried again."""

SURE_SECONDS = 1.0
"""How long the change counter is believed before the file itself is asked."""

logger = logging.getLogger("orchestrator")

T = TypeVar("T")


class _Kind(enum.Enum):
    """What an operation does to the file: readers do not wait for writers."""

    READ = enum.auto()
    WRITE = enum.auto()


class _StepFailed(Exception):
    """A step raised: the fault is its own, not the file's."""


class _StillLocked(Exception):
    """Another process holds the lock, and there is patience left."""


class _Patience:
    """How long one operation goes on trying.

    Args:
        seconds: As long as nobody writes; several times as long while others do.
        began: When it began, on the clock of time that passes.
    """

    def __init__(self, seconds: float, began: float) -> None:
        self._seconds = seconds
        self.began = self._stood = began
        self._version: int | None = None

    @property
    def waited(self) -> float:
        """Seconds that it has taken so far."""
        return time.monotonic() - self.began

    def is_over(self, version: int | None) -> bool:
        """Whether to give up.

        Args:
            version: What changes as others write, as far as that can be told.
        """
        now = time.monotonic()
        if version != self._version:
            self._version, self._stood = version, now
        return now > self._stood + self._seconds or now > self.began + CROWDED * self._seconds


@attrs.frozen
class _Nothing:
    changes: Changes = MappingProxyType({})


def _nothing(_: Marks) -> _Nothing:
    return _Nothing()


class FileStore:
    """Keeps marks in a SQLite file. Safe under threads, processes and fork.

    Args:
        path: The file; it and its folder are made on first use, for this user only.
        busy_seconds: How long one operation waits for a lock while nobody writes.
    """

    def __init__(self, path: str | os.PathLike[str], *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = Path(path)
        self._busy_seconds = busy_seconds
        self._lock = StoreLock(self._keep_unsaved)
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._version: int | None = None
        self._view = MarksView()
        self._salt: str | None = None
        self._rows: sqlite_file.Rows = {}
        self._counter: ChangeCounter | None = None
        self._counted_at = -math.inf
        self._stamp = NO_STAMP
        self._sure_until = 0.0
        self._rests_until = dict.fromkeys(_Kind, 0.0)
        self._locked_since = math.inf
        self._writer: threading.Thread | None = None
        self._reported: set[str] = set()
        self._notices: list[str] = []
        at_fork.watch(self)

    def __repr__(self) -> str:
        return f"FileStore({str(self._path)!r})"

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None:
            connection.close()

    @property
    def salt(self) -> str:
        """The salt that the file holds, or one of this process where it cannot be read."""
        if self._salt is None:
            self.read()
        if self._salt is None:
            self._salt = secrets.token_hex(16)
        return self._salt

    @property
    def trouble(self) -> str:
        """None that is told here: the log says what is wrong with the file."""
        return ""

    def read(self) -> Marks:
        """The marks at this instant."""
        # Without the lock: what is handed out never changes. Nothing waits in memory then.
        counter = self._counter
        if (
            counter is not None
            and time.monotonic() < self._sure_until
            and counter.read() == self._stamp
        ):
            return self._view.marks
        return self._patiently(self._read, lambda: self._view.marks)

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step`` inside a transaction and write its changes."""
        return self._patiently(
            lambda patience: self._update(step, patience),
            lambda: self._lock.run_late(step, self._view.marks),
        )

    async def aupdate(self, step: Callable[[Marks], C]) -> C:
        """The same: on an event loop it waits 3 ms at most, and what is left is written soon."""
        return self.update(step)

    def instant(self, now: float) -> float:
        """The instant itself: all who share the file share the clock."""
        return now

    def close(self) -> None:
        """Close the connection; the next operation opens it again."""
        # Also on an event loop: it is the last chance to write what waits in memory.
        self._patiently(self._close, lambda: None, self._busy_seconds)

    def before_fork(self) -> None:
        """Hold still with no file open, until :meth:`after_fork`."""
        self._lock.acquire()
        self._drop()

    def after_fork(self) -> None:
        """Go on, in the parent and in the child."""
        self._lock.release()

    def _patiently(
        self,
        work: Callable[[_Patience], T],
        interrupting: Callable[[], T],
        seconds: float | None = None,
    ) -> T:
        """``work``, tried again while the file is locked, as long as there is patience."""
        if seconds is None:
            seconds = min(LOOP_SECONDS, self._busy_seconds) if is_loop() else self._busy_seconds
        patience = _Patience(seconds, time.monotonic())
        while True:
            try:
                return self._locked(lambda: work(patience), interrupting)
            except _StillLocked:
                time.sleep(RETRY_SECONDS)

    def _locked(self, work: Callable[[], T], interrupting: Callable[[], T]) -> T:
        """``work`` under the lock; the log is told afterwards, since its handler may call us."""

        def noting() -> tuple[T, list[str]]:
            answer = work()
            notices, self._notices = self._notices, []
            return answer, notices

        answer, notices = self._lock.hold(noting, lambda: (interrupting(), []))
        for notice in notices:
            logger.warning(notice)
        return answer

    def _read(self, patience: _Patience) -> Marks:
        self._with_file(_Kind.READ, self._refresh, patience)
        if self._view.unsaved:
            self._with_file(_Kind.WRITE, self._save, _Patience(0.0, time.monotonic()))
        return self._view.marks

    def _update(self, step: Callable[[Marks], C], patience: _Patience) -> C:
        done = self._with_file(
            _Kind.WRITE, lambda opened: (self._transact(opened, step),), patience
        )
        if done is not None:
            return done[0]
        outcome = step(self._view.marks)
        self._keep_unsaved(outcome.changes)
        if self._view.unsaved and is_loop():
            self._write_soon()
        return outcome

    def _save(self, connection: sqlite3.Connection) -> None:
        self._transact(connection, _nothing)

    def _transact(self, connection: sqlite3.Connection, step: Callable[[Marks], C]) -> C:
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._refresh(connection)
            outcome = _run(step, self._view.marks)
            # The step's last: it has seen what waited, so where both are about a record it knows
            # more.
            changes = {**self._view.changes, **outcome.changes}
            sqlite_file.write(connection, changes)
            # Our own commit does not change data_version: if an interrupt comes between
            # it and the assignment below, the file must be read again.
            version, self._version = self._version, None
            self._sure_until = 0.0
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        self._view = MarksView(self._view.saved.changed(changes))
        self._version = version
        self._locked_since = math.inf
        # Others may have committed and told of it in between: so the file is asked once more.
        if self._counter is not None:
            self._counter.bump()
        return outcome

    def _refresh(self, connection: sqlite3.Connection) -> None:
        # Before the file is asked: what is told of afterwards is then news.
        stamp = self._read_stamp()
        version = sqlite_file.version(connection)
        if version != self._version:
            self._read_rows(connection)
            self._version = version
        self._stamp = stamp
        is_sure = stamp != NO_STAMP and not self._view.unsaved
        self._sure_until = time.monotonic() + SURE_SECONDS if is_sure else 0.0

    def _read_rows(self, connection: sqlite3.Connection) -> None:
        self._rows = sqlite_file.read(connection, self._rows)
        saved = Marks({key: record for key, (_, record) in self._rows.items()})
        self._view = self._view.rebase(saved)

    def _read_stamp(self) -> bytes:
        """What the change counter says now, which is opened where it is due."""
        now = time.monotonic()
        if now >= self._counted_at + SURE_SECONDS:
            self._counted_at = now
            if self._counter is None or not self._counter.is_current:
                self._counter = None
                with contextlib.suppress(OSError):
                    self._counter = ChangeCounter.opened(self._path)
        if self._counter is None:
            return NO_STAMP
        stamp = self._counter.read()
        if stamp == NO_STAMP:  # it is new, or somebody has cut it
            self._counter.bump()
            stamp = self._counter.read()
        return stamp

    def _close(self, patience: _Patience) -> None:
        if self._view.unsaved:
            # Whatever the file was left alone for may be over by now.
            self._rests_until = dict.fromkeys(_Kind, 0.0)
            self._with_file(_Kind.WRITE, self._save, patience)
        self._drop()

    def _write_soon(self) -> None:
        """Have what waits in memory written though nobody asks the board any more."""
        if self._writer is None or not self._writer.is_alive():
            # Not a daemon: an interpreter that ends waits for it.
            self._writer = threading.Thread(target=self._write_waiting, name="health file")
            with contextlib.suppress(RuntimeError):  # the interpreter ends already
                self._writer.start()

    def _write_waiting(self) -> None:
        ends = time.monotonic() + self._busy_seconds
        while self._view.unsaved and time.monotonic() < ends:
            time.sleep(SOON_SECONDS)
            self.read()

    def _keep_unsaved(self, changes: Changes) -> None:
        if changes:
            self._view = self._view.keep(changes)
            self._sure_until = 0.0  # who reads next tries to write them

    def _with_file(
        self, kind: _Kind, work: Callable[[sqlite3.Connection], T], patience: _Patience
    ) -> T | None:
        """``work`` on the open file; ``None`` where the file cannot be used now.

        Raises:
            _StillLocked: Try again, once others of this process have had their turn.
        """
        if time.monotonic() < self._rests_until[kind]:
            return None
        try:
            return self._attempt(work)
        except _StepFailed as failed:
            raise failed.args[0] from None
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not fail a call
            if sqlite_file.is_locked(error):
                self._locked_since = min(self._locked_since, patience.began)
                if not patience.is_over(self._seen_version()):
                    raise _StillLocked from None
                self._rest_from_lock(kind, error, patience)
            else:
                self._drop()
                self._rest(_Kind, REST_SECONDS, error)
            return None

    def _rest_from_lock(self, kind: _Kind, error: Exception, patience: _Patience) -> None:
        """Leave the file alone for a while; those that read need not."""
        seconds = max(SOON_SECONDS, REST * patience.waited)
        # To be kept in memory for a moment is no news.
        is_long = time.monotonic() > self._locked_since + self._busy_seconds
        self._rest([kind], seconds, error if is_long else None)

    def _rest(self, kinds: Iterable[_Kind], seconds: float, error: Exception | None) -> None:
        self._rests_until.update(dict.fromkeys(kinds, time.monotonic() + seconds))
        if error is not None:
            self._note(f"{self._path}: {error}; marks are kept in memory until it can be used")

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._opened())
        except _StepFailed:
            raise
        except Exception as error:
            if not sqlite_file.is_damaged(error, self._path):
                raise
            self._set_aside(error)
        return work(self._opened())

    def _seen_version(self) -> int | None:
        """What tells whether others write, as far as it can be told."""
        if self._connection is None:
            return None
        with contextlib.suppress(sqlite3.Error):
            return sqlite_file.version(self._connection)
        return None

    def _opened(self) -> sqlite3.Connection:
        # A user may have removed the file, or another process set it aside: a new one holds.
        if self._connection is not None and sqlite_file.inode(self._path) != self._inode:
            self._drop()
        if self._connection is None:
            self._version = None
            self._inode = sqlite_file.inode(self._path)
            salt = self._salt or secrets.token_hex(16)
            self._connection = sqlite_file.connect(self._path, salt)
            self._inode = sqlite_file.inode(self._path)
            # Fingerprints that were handed out stay valid: the first salt is kept.
            self._salt = self._salt or sqlite_file.read_salt(self._connection)
        return self._connection

    def _set_aside(self, error: Exception) -> None:
        self._drop()
        aside = sqlite_file.set_aside(self._path, self._inode)
        if aside is not None:
            self._note(f"{self._path}: {error}; it was set aside as {aside.name}, a new one begins")

    def _note(self, notice: str) -> None:
        if notice not in self._reported:
            self._reported.add(notice)
            self._notices.append(notice)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._version = None
        self._counter, self._counted_at = None, -math.inf
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _run(step: Callable[[Marks], C], marks: Marks) -> C:
    try:
        return step(marks)
    except Exception as error:
        raise _StepFailed(error) from error
