"""Stores of marks: what each must do, and the one in memory."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

from orchestrator.health.records import Changes, Marks
from orchestrator.health.stores import at_fork


class Changing(Protocol):
    """What a step comes to: at least the changes to store."""

    @property
    def changes(self) -> Changes:
        """Records to put and keys to remove."""


C = TypeVar("C", bound=Changing)


@runtime_checkable
class TimedStep(Protocol):
    """A step that was decided at an instant, which a store of many hosts may correct."""

    @property
    def now(self) -> float:
        """The instant (epoch)."""

    def move(self, seconds: float) -> None:
        """Be decided so many seconds later."""

    def __call__(self, marks: Marks, /) -> Any:
        """What it comes to on ``marks``."""


class Store(Protocol):
    """Keeps marks. Every operation is short, and never fails."""

    @property
    def salt(self) -> str:
        """The salt of fingerprints: one for all processes that share the store."""

    @property
    def trouble(self) -> str:
        """Why its marks are those of this process alone, where others should share them.

        Empty where they do, and where nobody is to share them.
        """

    def read(self) -> Marks:
        """The marks at this instant. The mapping never changes afterwards."""

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step`` on the marks and store its changes, as one atomic step.

        Where something interrupts it, what the step last came to is stored all the same.

        Args:
            step: Pure and short: it runs inside the critical section, maybe several times. One
                that is a :class:`TimedStep` may be run at a corrected instant.
        """

    async def aupdate(self, step: Callable[[Marks], C]) -> C:
        """The same, for tasks: what waits for others lets the event loop go on."""

    def instant(self, now: float) -> float:
        """The instant ``now`` of the host's wall clock, on the clock of those who share the store.

        The same one where they are on one host.
        """

    def close(self) -> None:
        """Let go of files. A store that is used again opens them again."""


class MemoryStore:
    """Keeps marks for this process only. Safe under threads."""

    def __init__(self) -> None:
        self._salt = ""
        # A call inside a signal handler may interrupt an operation of its own thread.
        self._lock = threading.RLock()
        self._marks = Marks()
        at_fork.watch(self)

    @property
    def salt(self) -> str:
        """A salt of this store's own, drawn when it is first needed."""
        # Under the lock: all threads must know a credential by the same fingerprint.
        with self._lock:
            self._salt = self._salt or secrets.token_hex(16)
            return self._salt

    @property
    def trouble(self) -> str:
        """None: nobody is to share them."""
        return ""

    def read(self) -> Marks:
        """The marks at this instant."""
        return self._marks

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step`` and keep its changes."""
        with self._lock:
            # Replaced whole and never changed: whoever reads needs no lock.
            outcome = step(self._marks)
            if outcome.changes:
                self._marks = self._marks.changed(outcome.changes)
            return outcome

    async def aupdate(self, step: Callable[[Marks], C]) -> C:
        """The same: there is nobody to wait for."""
        return self.update(step)

    def instant(self, now: float) -> float:
        """The instant itself."""
        return now

    def close(self) -> None:
        """Nothing to let go of."""

    def before_fork(self) -> None:
        """Hold still until :meth:`after_fork`."""
        self._lock.acquire()

    def after_fork(self) -> None:
        """Go on, in the parent and in the child."""
        self._lock.release()
