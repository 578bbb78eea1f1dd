"""SQLite file of the board: made, opened, read, written, and set aside.

Functions only; what they raise the store handles. From a damaged file anything may come:
beside ``sqlite3.Error`` a ``UnicodeDecodeError`` (of SQLite's own words about it), a
``TypeError`` (of a column that was made another one).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from orchestrator.health.records import Changes, Record, decoded, encoded

_TABLES = (
    "CREATE TABLE IF NOT EXISTS marks (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS salt (id INTEGER PRIMARY KEY CHECK (id = 0), value TEXT NOT NULL)",
)
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NOT_NOW = _LOCKED | {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_AUTH,
}
"""What the machine is to blame for; any other error is about the file's content."""

_LOCK_SECONDS = 0.003
"""SQLite tries a lock again after 1 and 2 ms and gives up; it would wait longer and longer, and in
a crowd for ever, so from then on the store tries again itself."""

_COMPANIONS = ("", "-wal", "-shm")


Rows = Mapping[str, tuple[str, Record]]
"""By key, the text of a row and the record that it is."""


def connect(path: Path, salt: str) -> sqlite3.Connection:
    """An open connection to the file at ``path``, which is made where it is missing."""
    if not path.exists():
        _make(path, salt)
    connection = _open(path)
    try:
        _prepare(connection, salt)
    except BaseException:
        connection.close()
        raise
    keep_private(path)
    return connection


def inode(path: Path) -> int | None:
    """What tells this file from one that took its place; ``None`` where there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def version(connection: sqlite3.Connection) -> int:
    """A number that changes when another connection has changed the file."""
    found: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return found


def read_salt(connection: sqlite3.Connection) -> str:
    """The installation's salt."""
    return str(connection.execute("SELECT value FROM salt").fetchone()[0])


def read(connection: sqlite3.Connection, known: Rows) -> Rows:
    """Every record. A row of another make (of a later version, say) is passed over.

    Args:
        connection: An open connection.
        known: What was read before: a row that says the same is not decoded again.
    """
    rows: dict[str, tuple[str, Record]] = {}
    for key, value in connection.execute("SELECT key, value FROM marks"):
        row = known.get(key)
        # Decoding is what reading costs: of a thousand marks one has changed, as a rule.
        if row is not None and row[0] == value:
            rows[key] = row
        elif (record := decoded(key, value)) is not None:
            rows[key] = (value, record)
    return rows


def write(connection: sqlite3.Connection, changes: Changes) -> None:
    """Put and remove rows, inside the transaction that is open."""
    for key, record in changes.items():
        if record is None:
            connection.execute("DELETE FROM marks WHERE key = ?", (key,))
        else:
            row = (key, encoded(record))
            connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", row)


def is_locked(error: Exception) -> bool:
    """True where another connection has the lock that is needed."""
    return _code(error) in _LOCKED


def is_damaged(error: Exception, path: Path) -> bool:
    """True where ``error`` says that the content of the file is not a sound health file."""
    if isinstance(error, OSError | MemoryError | sqlite3.ProgrammingError):
        return False
    code = _code(error)
    if code == sqlite3.SQLITE_READONLY:
        # A file that says of itself that only later versions may write to it.
        return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return code not in _NOT_NOW


def _code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def set_aside(path: Path, damaged: int | None) -> Path | None:
    """Rename the damaged file; ``None`` where another process has done so already.

    Args:
        path: The health file.
        damaged: The inode of the file that was found damaged.
    """
    if damaged is None or inode(path) != damaged:
        return None
    aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
    for companion in _COMPANIONS:
        # The write-ahead log belongs to the damaged file: a new one must not replay it.
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{companion}").replace(f"{aside}{companion}")
    return aside


def _make(path: Path, salt: str) -> None:
    # Made under another name and linked into place: nobody opens a file that is half made.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        connection = _open(draft)
        try:
            _prepare(connection, salt)
        finally:
            connection.close()
        _link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        # A file system without hard links.
        if not path.exists():
            draft.replace(path)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
    )


def _prepare(connection: sqlite3.Connection, salt: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    # A power cut may lose the last marks, never the file: no need to wait for the disk.
    connection.execute("PRAGMA synchronous = NORMAL")
    for statement in _TABLES:
        connection.execute(statement)
    if connection.execute("SELECT value FROM salt").fetchone() is None:
        connection.execute("INSERT OR IGNORE INTO salt VALUES (0, ?)", (salt,))


def keep_private(path: Path) -> None:
    """Take the file and its companions from other users, as far as they are ours."""
    for companion in _COMPANIONS:
        file = Path(f"{path}{companion}")
        with contextlib.suppress(OSError):
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)
