"""The store in a file: one view of the marks for all processes of this user.

Theory of operation. The parsed marks are cached; ``PRAGMA data_version`` tells whether
another connection has changed the file since. A step that changes something runs inside
``BEGIN IMMEDIATE``, so that of all processes one at a time decides. One connection for
each process, under a lock; it is closed before a fork and opened anew on both sides,
because SQLite's locks do not survive one.

Where the file cannot be used, the step runs on the view in memory, and its changes wait
there. They are written by the next update that succeeds, except where another process
has changed the same record meanwhile: it knew more.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import attrs

from orchestrator.health import forks, sqlite_file
from orchestrator.health.records import Changes, Marks, Record
from orchestrator.health.store import C, merged

BUSY_SECONDS = 0.2
"""How long one operation waits for another process's write; writes take 0.1 ms."""

REST_SECONDS = 1.0
"""After the file could not be used it is left alone this long, so that a lock that is
never let go costs an event loop a sixth of its time at most, not all of it."""

logger = logging.getLogger("orchestrator")

T = TypeVar("T")


@attrs.frozen
class _Nothing:
    changes: Changes = MappingProxyType({})


def _nothing(_: Marks) -> _Nothing:
    return _Nothing()


class FileStore:
    """Keeps marks in a SQLite file. Safe under threads, processes and fork.

    Args:
        path: The file; it and its folder are made on first use, for this user only.
        busy_seconds: How long one operation waits for another process's write.
    """

    def __init__(self, path: str | os.PathLike[str], *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = Path(path)
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._version: int | None = None
        self._saved: Marks = MappingProxyType({})
        self._unsaved: dict[str, tuple[Record | None, Record | None]] = {}
        self._marks: Marks = MappingProxyType({})
        self._salt: str | None = None
        self._rests_until = 0.0
        self._reported: set[str] = set()
        self._notices: list[str] = []
        forks.watch(self)

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
            self._locked(self._read)
        if self._salt is None:
            self._salt = secrets.token_hex(16)
        return self._salt

    def read(self) -> Marks:
        """The marks at this instant."""
        return self._locked(self._read)

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step`` inside a transaction and write its changes."""
        return self._locked(lambda: self._update(step))

    def close(self) -> None:
        """Close the connection; the next operation opens it again."""
        self._locked(self._close)

    def before_fork(self) -> None:
        """Hold still with no file open, until :meth:`after_fork`."""
        self._lock.acquire()
        self._drop()

    def after_fork(self) -> None:
        """Go on, in the parent and in the child."""
        self._lock.release()

    def _locked(self, work: Callable[[], T]) -> T:
        """``work`` under the lock; the log is told afterwards, since a handler may call us."""
        with self._lock:
            answer = work()
            notices, self._notices = self._notices, []
        for notice in notices:
            logger.warning(notice)
        return answer

    def _read(self) -> Marks:
        self._with_file(self._refresh)
        return self._marks

    def _update(self, step: Callable[[Marks], C]) -> C:
        self._reopen_if_replaced()
        done = self._with_file(lambda connection: (self._transact(connection, step),))
        if done is not None:
            return done[0]
        outcome = step(self._marks)
        self._keep_unsaved(outcome.changes)
        return outcome

    def _transact(self, connection: sqlite3.Connection, step: Callable[[Marks], C]) -> C:
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._refresh(connection)
            outcome = step(self._marks)
            changes = {**{key: new for key, (_, new) in self._unsaved.items()}, **outcome.changes}
            sqlite_file.write(connection, changes)
            # Our own commit does not change data_version: if an interrupt comes between
            # it and the assignment below, the file must be read again.
            version, self._version = self._version, None
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._saved = self._marks = merged(self._saved, changes)
        self._unsaved = {}
        self._version = version
        return outcome

    def _refresh(self, connection: sqlite3.Connection) -> None:
        version = sqlite_file.version(connection)
        if version == self._version:
            return
        self._saved = sqlite_file.read(connection)
        self._version = version
        self._unsaved = {
            key: (base, new)
            for key, (base, new) in self._unsaved.items()
            if self._saved.get(key) == base
        }
        self._marks = merged(self._saved, {key: new for key, (_, new) in self._unsaved.items()})

    def _close(self) -> None:
        if self._unsaved:
            self._rests_until = 0.0
            self._with_file(lambda connection: self._transact(connection, _nothing))
        self._drop()

    def _keep_unsaved(self, changes: Changes) -> None:
        for key, new in changes.items():
            base, _ = self._unsaved.get(key, (self._saved.get(key), None))
            self._unsaved[key] = (base, new)
        self._marks = merged(self._marks, changes)

    def _with_file(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """``work`` on the open file; ``None`` where the file cannot be used now."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            return self._attempt(work)
        except (sqlite3.Error, OSError) as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            self._drop()
            self._note(f"{self._path}: {error}; marks are kept in memory until it can be used")
            return None

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._opened())
        except sqlite3.Error as error:
            if not sqlite_file.is_damaged(error):
                raise
            self._set_aside(error)
        return work(self._opened())

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._version = None
            self._inode = sqlite_file.inode(self._path)
            salt = self._salt or secrets.token_hex(16)
            self._connection = sqlite_file.connect(self._path, salt, self._busy_seconds)
            self._inode = sqlite_file.inode(self._path)
            # Fingerprints that were handed out stay valid: the first salt is kept.
            self._salt = self._salt or sqlite_file.read_salt(self._connection)
        return self._connection

    def _reopen_if_replaced(self) -> None:
        """A user may have removed the file: its marks are gone, and others use a new one."""
        if self._connection is not None and sqlite_file.inode(self._path) != self._inode:
            self._drop()

    def _set_aside(self, error: sqlite3.Error) -> None:
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
            connection.close()
