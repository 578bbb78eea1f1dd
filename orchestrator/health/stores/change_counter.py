"""Change counter of a health file: whether another process has changed it, without asking SQLite.

Eight bytes in a file beside it, that every process holds open. Who has committed a change puts
eight there that were never there before; who has read the marks remembers those that it saw
before it read, and compares. Not a number that is counted up: of two that count at once, one
would be lost, and a reader might find the very number that it remembers.

It is read by ``pread`` and not by a mapping: a mapped file that somebody cuts short kills the
process that looks at it (SIGBUS), and no ``except`` is asked. That costs 0.5 µs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

LENGTH = 8
"""Bytes of a stamp; drawn at random, so no two are alike."""

NO_STAMP = b""


class ChangeCounter:
    """The counter of a health file, for as long as somebody has this; see :meth:`opened`."""

    def __init__(self, name: str, descriptor: int) -> None:
        self._name, self._descriptor = name, descriptor
        self._inode = os.fstat(descriptor).st_ino

    @classmethod
    def opened(cls, path: Path) -> ChangeCounter:
        """That of the health file at ``path``, made where it is missing, for its user alone.

        Raises:
            OSError: It cannot be opened, or the system knows no reads at a place.
        """
        if sys.platform == "win32":
            raise OSError("no reads at a place of a file")
        name = f"{path}-changes"
        counter = cls(name, os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        if os.fstat(counter._descriptor).st_mode & 0o077:
            os.fchmod(counter._descriptor, 0o600)
        return counter

    def __del__(self) -> None:
        # Not before: another thread may be about to read, and the number may be another file's.
        os.close(self._descriptor)

    @property
    def is_current(self) -> bool:
        """False where it was removed or replaced: others write to another one then."""
        try:
            return os.stat(self._name).st_ino == self._inode  # noqa: PTH116 - quicker than a Path's
        except OSError:
            return False

    def read(self) -> bytes:
        """The stamp; :data:`NO_STAMP` where there is none, as in a file that was cut."""
        if sys.platform == "win32":
            return NO_STAMP
        try:
            stamp = os.pread(self._descriptor, LENGTH, 0)
        except OSError:
            return NO_STAMP
        return stamp if len(stamp) == LENGTH else NO_STAMP

    def bump(self) -> None:
        """Tell whoever has read the health file that it has changed; it may fail, unnoticed."""
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.pwrite(self._descriptor, os.urandom(LENGTH), 0)
