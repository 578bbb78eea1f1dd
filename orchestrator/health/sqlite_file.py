"""The health file: making it, opening it, reading and writing its rows, setting it aside.

Functions only; what they raise (``sqlite3.Error``, ``OSError``) the store handles.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import time
from pathlib import Path

import msgspec

from orchestrator.health.records import Changes, Record

_TABLES = (
    "CREATE TABLE IF NOT EXISTS marks (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS salt (id INTEGER PRIMARY KEY CHECK (id = 0), value TEXT NOT NULL)",
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_COMPANIONS = ("", "-wal", "-shm")

_decoder = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


def connect(path: Path, salt: str, busy_seconds: float) -> sqlite3.Connection:
    """An open connection to the file at ``path``, which is made where it is missing."""
    if not path.exists():
        _make(path, salt, busy_seconds)
    connection = _open(path, busy_seconds)
    try:
        _prepare(connection, salt)
    except BaseException:
        connection.close()
        raise
    _keep_private(path)
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


def read(connection: sqlite3.Connection) -> dict[str, Record]:
    """Every record. A row of another make (of a later version, say) is passed over."""
    records = {}
    for key, value in connection.execute("SELECT key, value FROM marks"):
        with contextlib.suppress(msgspec.MsgspecError, UnicodeError):
            records[key] = _decoder.decode(value)
    return records


def write(connection: sqlite3.Connection, changes: Changes) -> None:
    """Put and remove rows, inside the transaction that is open."""
    for key, record in changes.items():
        if record is None:
            connection.execute("DELETE FROM marks WHERE key = ?", (key,))
        else:
            value = _encoder.encode(record).decode()
            connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (key, value))


def is_damaged(error: Exception) -> bool:
    """True where ``error`` says that the file's content is not a sound database."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


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


def _make(path: Path, salt: str, busy_seconds: float) -> None:
    # Made under another name and linked into place: nobody opens a file that is half made.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        connection = _open(draft, busy_seconds)
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


def _open(path: Path, busy_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )


def _prepare(connection: sqlite3.Connection, salt: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    # A power cut may lose the last marks, never the file: no need to wait for the disk.
    connection.execute("PRAGMA synchronous = NORMAL")
    for statement in _TABLES:
        connection.execute(statement)
    if connection.execute("SELECT value FROM salt").fetchone() is None:
        connection.execute("INSERT OR IGNORE INTO salt VALUES (0, ?)", (salt,))


def _keep_private(path: Path) -> None:
    """Take the file from other users; where it is not ours to do so, leave it."""
    if path.stat().st_mode & 0o077:
        with contextlib.suppress(OSError):
            path.chmod(0o600)
