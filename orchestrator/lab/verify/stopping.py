"""When a search stops before its end: its time is over, its memory full, or somebody left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

DEFAULT_MEMORY = 2000
"""Megabytes that a search takes at most unless more is asked for: a machine lives on."""

INTERRUPTED = "interrupted"
"""Why a search stopped that somebody left."""

_SECOND = 1.0


class Stopped(Exception):
    """The search stops here; the text says why."""


class SearchLimits:
    """What a search may take.

    Args:
        seconds: From now on; ``None`` for any.
        memory: Megabytes of the whole process at its peak; ``None`` for any.
    """

    def __init__(self, seconds: float | None = None, memory: float | None = None) -> None:
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._seconds, self._memory = seconds, memory

    def check(self) -> None:
        """Go on, or not.

        Raises:
            Stopped: A limit is reached.
        """
        if self._ends is not None and time.monotonic() >= self._ends:
            raise Stopped(f"{self._seconds:.3g} s are over")
        if self._memory is not None and peak_memory() > self._memory:
            raise Stopped(f"{self._memory:.4g} MB are full")


def peak_memory() -> float:
    """Megabytes that this process had at its peak; 0 where nobody knows (Windows)."""
    if sys.platform == "win32":
        return 0.0
    import resource  # there is none on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes, but bytes on macOS (getrusage(2) of each, 2026-11).
    return peak / (1_000_000 if sys.platform == "darwin" else 1000)


class SearchPace:
    """How far a search is, in words, at most once a second.

    Args:
        tell: Told the words.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._began = self._told = time.monotonic()
        self._widest = 0

    def look(self, depth: int, frontier: int, seen: int) -> None:
        """Say how deep it is, how many calls wait to be looked at, and how many were.

        How many are to come nobody knows; once fewer wait than did, what is left is about as
        much again as it shrinks by.
        """
        self._widest = max(self._widest, frontier)
        now = time.monotonic()
        if now - self._told < _SECOND:
            return
        self._told = now
        rate = seen / (now - self._began)
        words = f"{depth} moves deep, {frontier:,} calls wait, {seen:,} seen, {rate:,.0f} a second"
        if frontier < self._widest / 2:
            words += f", about {max(1.0, 2 * frontier / rate):.0f} s left"
        self._tell(words)
