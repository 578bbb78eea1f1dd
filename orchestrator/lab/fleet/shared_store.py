"""A store that processes share, in virtual time: one truth, local copies, outages.

It does what the shared stores do: a step is decided on the truth as one atomic step, local
copies follow after a moment, and while the store is away each process goes on with its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

import attrs

from orchestrator.health.records import Changes, Marks, Record, is_counter
from orchestrator.health.stores.marks_view import MarksView, spent_between
from orchestrator.health.stores.redis_script import TOLERATED
from orchestrator.health.stores.store import Changing, TimedStep
from orchestrator.health.stores.store_clock import StoreClock
from orchestrator.lab.fleet.event_queue import EPOCH, EventQueue, HostClock
from orchestrator.pooling import RETRY_BUDGET

C = TypeVar("C", bound=Changing)

LONGEST_LAG = 60.0
"""Seconds that old versions are kept for local copies that are behind."""

FOUND_AFTER = 1.0
"""Seconds after which a process finds a store again that is back."""

SALT = "fleet"
"""Of the fingerprints; no secret, since a fleet's credentials are made up."""


@attrs.frozen
class StoredChange:
    """A change of the truth, instants in seconds since the epoch by the store's clock.

    Attributes:
        number: Its place among all changes and requests of the fleet.
        at: When, seconds since the fleet began.
        process: Who made it.
        key: Of the record.
        before, after: The record.
    """

    number: int
    at: float
    process: int
    key: str
    before: Record | None
    after: Record | None


class StoreServer:
    """The truth.

    Args:
        queue: The time that passes.
        next_number: Numbers what happens.

    Attributes:
        marks: What is stored; instants by the store's own clock.
        version: How many times it was changed.
        is_up: False while nobody can reach it.
        changes: All that were ever made, in order.
    """

    def __init__(self, queue: EventQueue, next_number: Callable[[], int]) -> None:
        self.queue, self._next_number = queue, next_number
        self.marks, self.version = Marks(), 0
        self.is_up = True
        self.changes: list[StoredChange] = []
        self._versions = deque([(0.0, 0, self.marks)])

    def apply(self, changes: Changes, process: int) -> None:
        """Make ``changes``; local copies follow."""
        now, marks = self.queue.now, self.marks
        for key, after in changes.items():
            before = marks.get(key)
            if before != after:
                number = self._next_number()
                self.changes.append(StoredChange(number, now, process, key, before, after))
        self.marks, self.version = marks.changed(changes), self.version + 1
        self._versions.append((now, self.version, self.marks))
        while len(self._versions) > 1 and self._versions[1][0] < now - LONGEST_LAG:
            self._versions.popleft()

    def seen(self, lag: float) -> tuple[int, Marks]:
        """The version that is ``lag`` seconds old, and its number."""
        then = self.queue.now - lag
        for at, version, marks in reversed(self._versions):
            if at <= then:
                return version, marks
        return self._versions[0][1:]


class ReplicaStore:
    """The store of one process: a local copy of what a :class:`StoreServer` holds.

    Copy, merging and time are those of the Redis store; only the way to the server is a model.

    Args:
        server: The truth.
        clock: Of the process's host.
        process: Its number.
        lag: Seconds after which the copy shows what another process changed.
    """

    def __init__(
        self,
        server: StoreServer,
        clock: HostClock,
        process: int,
        *,
        lag: float = 0.02,
    ) -> None:
        self.server, self.clock, self.process = server, clock, process
        self.lag = lag
        self.time = StoreClock(is_server=True)
        self.view = MarksView()
        self._version = -1
        self._is_connected = self._is_gone = False
        self._found_at = 0.0
        self._look()

    @property
    def salt(self) -> str:
        """The same for all processes."""
        return SALT

    @property
    def trouble(self) -> str:
        """Why the process is on its own."""
        return "" if self._is_connected else "the store is away"

    def read(self) -> Marks:
        """The marks as this process knows them, by the store's clock."""
        self._look()
        return self.view.marks

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step`` on the local copy; anew, where others have changed what it changes."""
        self._look()
        if self.time.is_known:
            self._correct(step)
        outcome = step(self.view.marks)
        if not outcome.changes or self._is_gone:
            return outcome
        if self._is_connected and self._is_overtaken(outcome.changes):
            self._hear(self.server.version, self.server.marks)
            outcome = step(self.view.marks)
        self.view = self.view.keep(outcome.changes)
        if self._is_connected:
            self._write(self.view.rebase(self.server.marks).changes)
        return outcome

    async def aupdate(self, step: Callable[[Marks], C]) -> C:
        """The same for tasks; there is nothing to wait for."""
        return self.update(step)

    def instant(self, now: float) -> float:
        """The store's time, once that was heard; until then ``now``, the host's."""
        return self.time.at(self.clock.monotonic()) if self.time.is_known else now

    def close(self) -> None:
        """Nothing to let go of."""

    def kill(self) -> None:
        """The process is gone: nothing that it says reaches anybody."""
        self._is_gone = True

    def merge(self, view: MarksView, stored: Marks) -> Changes:
        """What of that which waits in ``view`` holds on, over what is ``stored`` by now."""
        return view.rebase(stored).changes

    def _correct(self, step: object) -> None:
        """Have ``step`` decided at the store's time."""
        now = self.time.at(self.clock.monotonic())
        if isinstance(step, TimedStep) and abs(now - step.now) > TOLERATED / 2:
            step.move(now - step.now)

    def _is_overtaken(self, changes: Changes) -> bool:
        """Whether the server would refuse ``changes``, as its script does."""
        stored, saved = self.server.marks, self.view.saved
        return stored is not saved and any(
            _is_overdrawn(saved.get(key), new, stored.get(key))
            if is_counter(key)
            else stored.get(key) != saved.get(key)
            for key, new in changes.items()
        )

    def _write(self, changes: Changes) -> None:
        if changes:
            self.server.apply(changes, self.process)
        self.view, self._version = MarksView(self.server.marks), self.server.version

    def _hear(self, version: int, marks: Marks) -> None:
        self.view, self._version = self.view.rebase(marks), version

    def _look(self) -> None:
        """Bring the local copy up to date, as far as its news has come."""
        server = self.server
        if not server.is_up:
            self._is_connected, self._found_at = False, server.queue.now + FOUND_AFTER - 1e-6
        elif not (self._is_connected or self._is_gone) and server.queue.now >= self._found_at:
            self._is_connected = True
            was_known, now = self.time.is_known, EPOCH + server.queue.now
            self.time.learn(now, self.clock.monotonic(), 0.0)
            if not was_known:
                self.view = self.view.date(now - self.clock.time())
            self._write(self.merge(self.view, server.marks))
        if self._is_connected and self._version != server.version:
            version, marks = server.seen(self.lag)
            if version > self._version:
                self._hear(version, marks)


def _is_overdrawn(old: Record | None, new: Record | None, stored: Record | None) -> bool:
    """Whether what a counter gains takes it past a whole bucket, though no one saw that."""
    gained = spent_between(old, new)
    return (
        new is not None
        and gained > 0
        and (spent_between(None, stored) + gained > max(RETRY_BUDGET, new.spent))
    )


def elapsed(instant: float) -> float:
    """Seconds since the fleet began, of an instant by the store's clock."""
    return instant - EPOCH
