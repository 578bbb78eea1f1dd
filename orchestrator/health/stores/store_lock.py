"""Lock of a store, under which a signal handler of the same thread waits for nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from orchestrator.health.records import Changes, Marks
from orchestrator.health.stores.store import C

T = TypeVar("T")


class StoreLock:
    """Lets one thread at a time work on a store; never held while anybody waits for the world.

    A call inside a signal handler must end whatever it interrupted, work under this very lock
    included. Then its step runs on the marks as they are, and its changes are kept once the work
    that was interrupted is done.

    Args:
        keep: Keeps those changes; called under the lock.
    """

    def __init__(self, keep: Callable[[Changes], None]) -> None:
        self._lock = threading.RLock()
        self._keep = keep
        self._late: list[Changes] = []

    def hold(self, work: Callable[[], T], interrupting: Callable[[], T]) -> T:
        """``work`` under the lock; ``interrupting`` where it is this thread that has it."""
        # Asked of the lock, since a flag of ours would be set an instant after it was taken: a
        # handler that comes in between would wait for the store, and with it for this lock.
        if self._lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001 - as Condition does
            return interrupting()
        try:
            with self._lock:
                try:
                    return work()
                finally:
                    self._keep_late()
        finally:
            if self._late:  # of a handler that came just before the lock was let go
                with self._lock:
                    self._keep_late()

    def _keep_late(self) -> None:
        while self._late:
            self._keep(self._late.pop(0))

    def run_late(self, step: Callable[[Marks], C], marks: Marks) -> C:
        """Run the step of who interrupts, whose changes are kept afterwards."""
        outcome = step(marks)
        self._late.append(outcome.changes)
        return outcome

    def acquire(self) -> None:
        """Hold it over a fork, until :meth:`release`."""
        self._lock.acquire()

    def release(self) -> None:
        """Let go of it, in the parent and in the child."""
        self._lock.release()
