"""A store that processes share, in virtual time: one truth, local copies, outages.

It does what the shared stores do: a step is decided on the truth as one atomic step, local
copies follow after a moment, and while the store is away each process goes on with its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

import attrs

from orchestrator.health.records import Changes, Marks, Record
from orchestrator.health.stores.store import Changing
from orchestrator.lab.fleet.event_queue import EPOCH, EventQueue, HostClock

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

    Args:
        server: The truth.
        clock: Of the process's host; what it sees is told by its clock.
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
        self._copy, self._version = server.marks, server.version
        self._is_connected = server.is_up
        self._found_at = 0.0
        self._is_gone = False
        self._own: dict[str, Record | None] = {}
        self._view: tuple[Marks, float, Marks] = (self._copy, 0.0, self._copy)

    @property
    def salt(self) -> str:
        """The same for all processes."""
        return SALT

    def read(self) -> Marks:
        """The marks at this instant, by the host's clock."""
        self._look()
        return self._seen(self._copy)

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step`` on the truth; on the local copy while that is away."""
        self._look()
        if self._is_gone:
            return step(self._seen(self._copy))
        if self._is_connected:
            outcome = step(self._seen(self.server.marks))
            if outcome.changes:
                self._write(self._stored(outcome.changes))
            return outcome
        outcome = step(self._seen(self._copy))
        changes = self._stored(outcome.changes)
        self._own |= changes
        self._copy = self._copy.changed(changes)
        return outcome

    async def aupdate(self, step: Callable[[Marks], C]) -> C:
        """The same for tasks; there is nothing to wait for."""
        return self.update(step)

    def close(self) -> None:
        """Nothing to let go of."""

    def kill(self) -> None:
        """The process is gone: nothing that it says reaches anybody."""
        self._is_gone = True

    def _write(self, changes: Changes) -> None:
        self.server.apply(changes, self.process)
        self._copy, self._version = self.server.marks, self.server.version

    def _look(self) -> None:
        """Bring the local copy up to date, as far as its news has come."""
        server = self.server
        if not server.is_up:
            self._is_connected, self._found_at = False, server.queue.now + FOUND_AFTER - 1e-6
        elif not self._is_connected and server.queue.now >= self._found_at:
            self._is_connected = not self._is_gone
            merged, self._own = self.merge(self._own, server.marks), {}
            self._write(merged)
        if self._is_connected and self._version != server.version:
            version, marks = server.seen(self.lag)
            if version > self._version:
                self._copy, self._version = marks, version

    def merge(self, own: Mapping[str, Record | None], stored: Marks) -> Changes:
        """What of this process's ``own`` changes, made meanwhile, holds on."""
        return {
            key: record
            for key, record in own.items()
            if record is not None and _is_later(record, stored.get(key))
        }

    # Clocks.

    def _seen(self, marks: Marks) -> Marks:
        """``marks`` by the host's clock."""
        ahead = self.clock.ahead
        if not ahead:
            return marks
        source, known, view = self._view
        if source is not marks or known != ahead:
            view = Marks({key: shifted(record, ahead) for key, record in marks.items()})
            self._view = marks, ahead, view
        return view

    def _stored(self, changes: Changes) -> dict[str, Record | None]:
        """``changes`` by the store's clock."""
        ahead = self.clock.ahead
        return {
            key: None if record is None else shifted(record, -ahead)
            for key, record in changes.items()
        }


def _is_later(record: Record, stored: Record | None) -> bool:
    """True where ``record`` is due later, or is newer where no mark stands."""
    if stored is None:
        return True
    if record.mark is None or stored.mark is None:
        return record.mark is not None or (stored.mark is None and record.failed > stored.failed)
    return record.until > stored.until


def shifted(record: Record, seconds: float) -> Record:
    """``record`` by a clock that is ahead by ``seconds``."""
    if not seconds:
        return record
    claim, expected = record.claim, record.expected
    return attrs.evolve(
        record,
        since=record.since + seconds,
        until=record.until + seconds,
        failed=record.failed + seconds,
        requested=record.requested + seconds,
        claim=None if claim is None else attrs.evolve(claim, expires=claim.expires + seconds),
        expected=None if expected is None else expected + seconds,
    )


def elapsed(instant: float) -> float:
    """Seconds since the fleet began, of an instant by the store's clock."""
    return instant - EPOCH
