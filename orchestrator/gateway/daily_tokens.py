"""Daily tokens of the gateway's keys, in a file that an old and a new process share.

Theory of operation. A key has one number for a day: the tokens that were used and those that
are reserved. To reserve is one statement that adds where the number is still below the budget,
so that of all processes one at a time decides; to settle adds the difference to what was really
used. A process that is killed leaves its reservations in the number, and they count as used.

Where the file is locked for longer than a request may wait, or cannot be used, the numbers go
on in memory from what was last known, and what was added there is written as soon as it can be:
trouble with a file never fails a call. A damaged file is set aside, and a new one begins with
what this process knows.

SQLite does not wait for the disk here (``synchronous = OFF``): it would hold up every call that
runs. Nothing is lost with a process; a power cut may cost the numbers of that day.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from orchestrator.clock import Clock, SystemClock
from orchestrator.health.stores import sqlite_file, state_folder

FILE = "gateway-tokens.sqlite3"

DAY = 86_400
"""Seconds; days begin at midnight UTC, for every process the same."""

KEPT_DAYS = 7
"""Days whose numbers stay, for whoever asks what became of them."""

TRIES = 3
"""How often a lock is tried, 3 ms each: a process holds it for 0.1 ms, and nothing may hold the
event loop for 20 ms."""

LOCKED_SECONDS = 1.0
REST_SECONDS = 5.0
"""How long the file is left alone after a lock that stood still, and after any other fault."""

_LOCK_SECONDS = 0.003

_TABLE = (
    "CREATE TABLE IF NOT EXISTS tokens (ring TEXT, key TEXT, day INTEGER, tokens INTEGER NOT NULL, "
    "PRIMARY KEY (ring, key, day)) WITHOUT ROWID"
)
_ADD = (
    "INSERT INTO tokens VALUES (?, ?, ?, max(0, ?)) ON CONFLICT (ring, key, day) "
    "DO UPDATE SET tokens = max(0, tokens + ?)"
)
_ADD_BELOW = f"{_ADD} WHERE tokens < ?"
_READ = "SELECT tokens FROM tokens WHERE ring = ? AND key = ? AND day = ?"
_READ_ALL = "SELECT key, tokens FROM tokens WHERE ring = ? AND day = ?"
_FORGET = "DELETE FROM tokens WHERE day < ?"

T = TypeVar("T")

_log = logging.getLogger("orchestrator")


def day_of(now: float) -> int:
    """The day (UTC) of an instant (epoch), by its number."""
    return int(now // DAY)


class DailyTokens:
    """The tokens that keys have used and reserved, by day. For one thread at a time.

    Args:
        path: The file; it and its folder are made on first use, for this user only.
        ring: Whose keys these are: gateways with other keys may share the file.
        clock: By which the file is left alone after a fault.
        tries: How often a lock is tried.
    """

    def __init__(
        self, path: Path, ring: str, clock: Clock | None = None, *, tries: int = TRIES
    ) -> None:
        self.path, self._ring, self._tries = path, ring, tries
        self._clock = clock or SystemClock()
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._known: dict[tuple[str, int], int] = {}
        self._unsaved: dict[tuple[str, int], int] = {}
        self._rests_until = 0.0
        self._locks = 0
        self._is_reported = False

    @classmethod
    def of_keys(cls, keys: Path, clock: Clock | None = None) -> DailyTokens:
        """Those of the keys in the file at ``keys``, in the user's state folder."""
        return cls(state_folder() / FILE, os.path.realpath(keys), clock)

    def __repr__(self) -> str:
        return f"DailyTokens({str(self.path)!r})"

    def __del__(self) -> None:
        # Also of one that was not made to its end.
        if getattr(self, "_connection", None) is not None:
            self._drop()

    def reserve(self, key: str, day: int, tokens: int, budget: int) -> bool:
        """Add ``tokens`` to a day's number, unless that has reached the budget."""
        where = (self._ring, key, day)
        added = self._with_file(
            lambda file: file.execute(_ADD_BELOW, (*where, tokens, tokens, budget)).rowcount > 0
        )
        if added is not None:
            self._note(key, day)
            return added
        if self._known.get((key, day), 0) >= budget:
            return False
        self._keep_unsaved(key, day, tokens)
        return True

    def add(self, key: str, day: int, tokens: int) -> None:
        """Add to a day's number, or take away where less was used than reserved."""
        if tokens == 0:
            return
        done = self._with_file(lambda file: _add(file, (self._ring, key, day), tokens))
        if done is None:
            self._keep_unsaved(key, day, tokens)
        else:
            self._note(key, day)

    def used(self, day: int) -> Mapping[str, int]:
        """The numbers of a day by key; nothing is made where there is no file."""
        known = {key: tokens for (key, when), tokens in self._known.items() if when == day}
        if self._connection is None and not self.path.exists():
            return known
        read = self._with_file(lambda file: dict(file.execute(_READ_ALL, (self._ring, day))))
        return known if read is None else read

    def close(self) -> None:
        """Close the file, with what waits in memory; the next use opens it again."""
        if self._unsaved:
            self._rests_until = 0.0  # it is the last chance
            self._with_file(lambda _: True)
        self._drop()

    def _note(self, key: str, day: int) -> None:
        """Remember the number, in case that the file cannot be read the next time."""
        file = self._connection
        if file is not None:
            with suppress(sqlite3.Error):
                found = file.execute(_READ, (self._ring, key, day)).fetchone()
                self._known[key, day] = found[0] if found else 0
        if len(self._known) > len({key for key, _ in self._known}):
            # Of days that are over nobody asks, but those that began on them.
            self._known = {at: n for at, n in self._known.items() if at[1] >= day - 1}

    def _keep_unsaved(self, key: str, day: int, tokens: int) -> None:
        at = (key, day)
        self._known[at] = max(0, self._known.get(at, 0) + tokens)
        self._unsaved[at] = self._unsaved.get(at, 0) + tokens

    def _with_file(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """``work`` on the open file; ``None`` where the file cannot be used now."""
        if self._clock.monotonic() < self._rests_until:
            return None
        try:
            return self._patiently(work)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not fail a call
            self._rest(error)
            return None

    def _patiently(self, work: Callable[[sqlite3.Connection], T]) -> T:
        for left in reversed(range(self._tries)):
            try:
                done = self._attempt(work)
            except sqlite3.Error as error:
                if not left or not sqlite_file.is_locked(error):
                    raise
            else:
                self._locks = 0
                return done
        raise AssertionError("it is tried once at least")

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._on_file(work)
        except Exception as error:
            if not sqlite_file.is_damaged(error, self.path):
                raise
            self._set_aside(error)
        return self._on_file(work)

    def _on_file(self, work: Callable[[sqlite3.Connection], T]) -> T:
        # A user may have removed the file, or another process set it aside: a new one holds.
        if self._connection is not None and sqlite_file.inode(self.path) != self._inode:
            self._drop()
        if self._connection is None:
            self._connection = _opened(self.path, day_of(self._clock.time()))
            self._inode = sqlite_file.inode(self.path)
        while self._unsaved:
            (key, day), tokens = next(iter(self._unsaved.items()))
            _add(self._connection, (self._ring, key, day), tokens)
            del self._unsaved[key, day]
        return work(self._connection)

    def _set_aside(self, error: Exception) -> None:
        self._drop()
        aside = sqlite_file.set_aside(self.path, self._inode or sqlite_file.inode(self.path))
        if aside is not None:
            self._unsaved = dict(self._known)
            _log.warning(
                "%s: %s; it was set aside as %s, and daily tokens begin with what is known here",
                self.path, error, aside.name,
            )  # fmt: skip

    def _rest(self, error: Exception) -> None:
        now = self._clock.monotonic()
        if sqlite_file.is_locked(error):
            self._locks += 1
            self._rests_until = now + LOCKED_SECONDS
            # To be kept in memory for a moment is no news.
            is_news = self._locks > 1
        else:
            self._drop()
            self._rests_until = now + REST_SECONDS
            is_news = True
        if is_news and not self._is_reported:
            self._is_reported = True
            words = "daily tokens are counted in memory until it can be used"
            _log.warning("%s: %s; %s", self.path, error, words)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _add(file: sqlite3.Connection, where: tuple[str, str, int], tokens: int) -> bool:
    file.execute(_ADD, (*where, tokens, tokens))
    return True


def _opened(path: Path, today: int) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Made before SQLite does, which would ask the umask; what it puts beside it gets the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
    connection = sqlite3.connect(
        path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_TABLE)
        connection.execute(_FORGET, (today - KEPT_DAYS,))
    except BaseException:
        connection.close()
        raise
    sqlite_file.keep_private(path)
    return connection
