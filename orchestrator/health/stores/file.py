"""File store: one view of the marks for all processes of this user.

Theory of operation. The parsed marks are cached; ``PRAGMA data_version`` tells whether
another connection has changed the file since. A step that changes something runs inside
``BEGIN IMMEDIATE``, so that of all processes one at a time decides. One connection for
each process, under a lock; it is closed before a fork and opened anew on both sides,
because SQLite's locks do not survive one.

A lock that another process holds is tried again and again, for as long as the file changes
meanwhile: a crowd of writers gets on, and each has its turn. Where the lock stands
still, or the file cannot be used, the step runs on the view in memory, and its changes wait
there. They are written by the next operation that can, except where another process has
changed the same record meanwhile: it knew more.

Whatever a damaged file brings about, it is set aside, and a new one begins.
"""

from __future__ import annotations

import contextlib
import enum
import logging
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

from orchestrator.health.records import Changes, Marks, Record
from orchestrator.health.stores import at_fork, sqlite_file
from orchestrator.health.stores.store import C

BUSY_SECONDS = 1.0
"""How long one operation waits for a lock while nobody writes; writes take 0.1 ms."""

CROWDED = 5
"""How many times as long it waits while others write one after the other."""

REST_SECONDS = 5.0
"""After the file could not be used it is left alone this long, so that a lock that is
never let go costs an event loop a sixth of its time at most, not all of it."""

logger = logging.getLogger("orchestrator")

T = TypeVar("T")


class _Kind(enum.Enum):
    """What an operation does to the file: readers do not wait for writers."""

    READ = enum.auto()
    WRITE = enum.auto()


class _StepFailed(Exception):
    """A step raised: the fault is its own, not the file's."""


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
        self._lock = threading.RLock()
        self._inside = False
        self._late: list[Changes] = []
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._version: int | None = None
        self._saved = Marks()
        self._unsaved: dict[str, tuple[Record | None, Record | None]] = {}
        self._marks = Marks()
        self._salt: str | None = None
        self._rows: sqlite_file.Rows = {}
        self._rests_until = dict.fromkeys(_Kind, 0.0)
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

    def read(self) -> Marks:
        """The marks at this instant."""
        return self._locked(self._read, lambda: self._marks)

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step`` inside a transaction and write its changes."""
        return self._locked(lambda: self._update(step), lambda: self._update_later(step))

    def close(self) -> None:
        """Close the connection; the next operation opens it again."""
        self._locked(self._close, lambda: None)

    def before_fork(self) -> None:
        """Hold still with no file open, until :meth:`after_fork`."""
        self._lock.acquire()
        self._drop()

    def after_fork(self) -> None:
        """Go on, in the parent and in the child."""
        self._lock.release()

    def _locked(self, work: Callable[[], T], interrupting: Callable[[], T]) -> T:
        """``work`` under the lock; ``interrupting`` where it is this thread that has it.

        That is a call inside a signal handler, which must end whatever it interrupted. The
        log is told afterwards, since its handler may call us.
        """
        with self._lock:
            if self._inside:
                return interrupting()
            self._inside = True
            try:
                answer = work()
            finally:
                self._inside = False
            # What a signal handler changed while this operation ran; it could not wait for itself.
            while self._late:
                self._keep_unsaved(self._late.pop(0))
            notices, self._notices = self._notices, []
        for notice in notices:
            logger.warning(notice)
        return answer

    def _read(self) -> Marks:
        self._with_file(_Kind.READ, self._refresh)
        if self._unsaved:
            self._with_file(_Kind.WRITE, self._save, seconds=0.0)
        return self._marks

    def _update(self, step: Callable[[Marks], C]) -> C:
        done = self._with_file(_Kind.WRITE, lambda opened: (self._transact(opened, step),))
        if done is not None:
            return done[0]
        outcome = step(self._marks)
        self._keep_unsaved(outcome.changes)
        return outcome

    def _update_later(self, step: Callable[[Marks], C]) -> C:
        outcome = step(self._marks)
        self._late.append(outcome.changes)
        return outcome

    def _save(self, connection: sqlite3.Connection) -> None:
        self._transact(connection, _nothing)

    def _transact(self, connection: sqlite3.Connection, step: Callable[[Marks], C]) -> C:
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._refresh(connection)
            outcome = _run(step, self._marks)
            # The step's last: it has seen what waited, so where both are about a record it knows
            # more.
            changes = {**{key: new for key, (_, new) in self._unsaved.items()}, **outcome.changes}
            sqlite_file.write(connection, changes)
            # Our own commit does not change data_version: if an interrupt comes between
            # it and the assignment below, the file must be read again.
            version, self._version = self._version, None
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        self._saved = self._marks = self._saved.changed(changes)
        self._unsaved = {}
        self._version = version
        return outcome

    def _refresh(self, connection: sqlite3.Connection) -> None:
        version = sqlite_file.version(connection)
        if version == self._version:
            return
        self._rows = sqlite_file.read(connection, self._rows)
        self._saved = Marks({key: record for key, (_, record) in self._rows.items()})
        self._version = version
        # What another process wrote meanwhile stands: it decided on a newer view than ours.
        self._unsaved = {
            key: (base, new)
            for key, (base, new) in self._unsaved.items()
            if self._saved.get(key) == base
        }
        unsaved = {key: new for key, (_, new) in self._unsaved.items()}
        self._marks = self._saved.changed(unsaved) if unsaved else self._saved

    def _close(self) -> None:
        if self._unsaved:
            # The last chance to write: whatever the file was left alone for may be over by now.
            self._rests_until = dict.fromkeys(_Kind, 0.0)
            self._with_file(_Kind.WRITE, self._save)
        self._drop()

    def _keep_unsaved(self, changes: Changes) -> None:
        for key, new in changes.items():
            # The record that the first of several changes began with, since that is what another
            # process may have changed.
            base, _ = self._unsaved.get(key, (self._saved.get(key), None))
            self._unsaved[key] = (base, new)
        self._marks = self._marks.changed(changes)

    def _with_file(
        self,
        kind: _Kind,
        work: Callable[[sqlite3.Connection], T],
        seconds: float | None = None,
    ) -> T | None:
        """``work`` on the open file; ``None`` where the file cannot be used now."""
        if time.monotonic() < self._rests_until[kind]:
            return None
        patience = self._busy_seconds if seconds is None else seconds
        try:
            return self._attempt(work, patience)
        except _StepFailed as failed:
            raise failed.args[0] from None
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not fail a call
            self._rest(kind, error)
            return None

    def _rest(self, kind: _Kind, error: Exception) -> None:
        """Leave the file alone for a while; where it is only locked, those that read need not."""
        if sqlite_file.is_locked(error):
            resting: Iterable[_Kind] = (kind,)
        else:
            resting = _Kind
            self._drop()
        self._rests_until.update(dict.fromkeys(resting, time.monotonic() + REST_SECONDS))
        self._note(f"{self._path}: {error}; marks are kept in memory until it can be used")

    def _attempt(self, work: Callable[[sqlite3.Connection], T], patience: float) -> T:
        try:
            return self._patiently(work, patience)
        except _StepFailed:
            raise
        except Exception as error:
            if not sqlite_file.is_damaged(error, self._path):
                raise
            self._set_aside(error)
        return self._patiently(work, patience)

    def _patiently(self, work: Callable[[sqlite3.Connection], T], patience: float) -> T:
        """``work``, tried again while the file is locked and others get on."""
        began = stood = time.monotonic()
        version: int | None = None
        while True:
            try:
                return work(self._opened())
            except sqlite3.Error as error:
                if not sqlite_file.is_locked(error):
                    raise
                now, seen = time.monotonic(), self._seen_version()
                if seen != version:
                    version, stood = seen, now
                if now > stood + patience or now > began + CROWDED * patience:
                    raise

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
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _run(step: Callable[[Marks], C], marks: Marks) -> C:
    try:
        return step(marks)
    except Exception as error:
        raise _StepFailed(error) from error
