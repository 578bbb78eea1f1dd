"""The record of a call: what was sent, what came back, and every move of the machine.

A ledger holds the events themselves, with all the facts that the machine was told, so
that a call can be drawn, explained and replayed. Provider messages in it are masked
before they arrive here; it never holds a secret, a header or the request's content.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import msgspec

from orchestrator.json_values import legible
from states import Command, Event, Policy, Reason, StoppedBy, Target

_log = logging.getLogger("orchestrator")


@attrs.frozen
class Opened:
    """The first entry: what the call was asked.

    Attributes:
        call: The call's id.
        time: The wall clock at ``Started``, seconds since the epoch.
        route: The targets in order.
        policy: What the call may do.
        reasoning: True where the request asks the model to think.
        metadata: What the caller handed in beside the request; what JSON cannot say is text in
            it, and it is cut where it is deep.
    """

    kind: ClassVar[str] = "opened"
    call: str
    time: float
    route: tuple[Target, ...]
    policy: Policy
    reasoning: bool
    metadata: Any = attrs.field(converter=legible)


@attrs.frozen
class Transition:
    """One move of the machine.

    Attributes:
        call: The call's id.
        state, event, row, guard, to: The row of the table that was taken; ``guard`` is
            ``None`` where the row always holds.
        facts: The event, with everything that it told the machine.
        command: What the machine asked for next.
    """

    kind: ClassVar[str] = "transition"
    call: str
    state: str
    event: str
    row: str
    guard: str | None
    to: str
    facts: Event
    command: Command


@attrs.frozen
class Attempt:
    """One HTTP request that was sent, and what it brought.

    Attributes:
        call: The call's id.
        number: Its number over the whole call, from 1.
        target: ``provider/model``.
        provider, model: The same in parts.
        credential: The label of the credential; never its secret.
        status: The HTTP status, ``None`` where no answer came.
        reason: The class of the failure, ``None`` on success.
        rule: The rule that matched, ``None`` on success.
        message: The provider's own words, masked; ``None`` on success.
        retry_after: Seconds that the answer asked to wait.
        request_id: The provider's id of the request, for its support.
        started: Seconds since ``Started``.
        seconds: How long it took.
        next: The state after ``classify``, or the final one.
        probe: True where it tested a bench or circuit that had ended.
        hint: Who must act and what to do; empty on success.
        notes: What besides is worth knowing: events of a stream that could not be read,
            what was repaired, left out or asked in another way than the caller asked.
    """

    kind: ClassVar[str] = "attempt"
    call: str
    number: int
    target: str
    provider: str
    model: str
    credential: str
    status: int | None
    reason: Reason | None
    rule: str | None
    message: str | None
    retry_after: float | None
    request_id: str | None
    started: float
    seconds: float
    next: str
    probe: bool = False
    hint: str = ""
    notes: tuple[str, ...] = ()


@attrs.frozen
class Skipped:
    """A target that the call passed over without a send.

    Attributes:
        target: ``provider/model``.
        reason: Why: the remembered failure's class, or what the target cannot express.
        status, message: The remembered failure, in the provider's own words.
        mark: ``cooldown``, ``circuit``, ``bench``, ``dead`` or ``unfit``.
        since: When it began, seconds since ``Started`` (negative: before this call).
        until: When it may be sent to again; ``None`` where no time ends it.
    """

    target: str
    reason: str
    status: int | None
    message: str
    mark: str
    since: float | None
    until: float | None


@attrs.frozen
class Closed:
    """The last entry: how the call ended."""

    kind: ClassVar[str] = "closed"
    call: str
    at: float
    outcome: str
    reason: Reason | None
    stopped_by: StoppedBy | None
    attempts: int
    skipped: tuple[Skipped, ...]


Entry = Opened | Transition | Attempt | Closed
Observer = Callable[[Entry], None]
"""Called with each entry as it happens; what it raises is logged and goes no further."""


@attrs.define
class Ledger(Sequence[Entry]):
    """The entries of one call, in order."""

    call: str
    _entries: list[Entry] = attrs.field(factory=list)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:  # a slice gives a list, as lists do
        return self._entries[index]

    def append(self, entry: Entry) -> None:
        """Add ``entry``; entries are never changed or removed."""
        self._entries.append(entry)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt, in order."""
        return tuple(entry for entry in self._entries if isinstance(entry, Attempt))

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """Every move, in order."""
        return tuple(entry for entry in self._entries if isinstance(entry, Transition))

    @property
    def events(self) -> tuple[Event, ...]:
        """The events alone: fed to ``states.step`` they give the same call again."""
        return tuple(entry.facts for entry in self.transitions)

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows that were taken, in order."""
        return tuple(entry.row for entry in self.transitions)

    def lines(self) -> Iterator[bytes]:
        """The entries as JSON lines."""
        return (line(entry) for entry in self._entries)


Watcher = Callable[[Ledger], None]
"""Called with the whole ledger of a call that is over; it only takes note, and never raises."""

_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> Callable[[], None]:
    """Have every call of this process told to ``watcher`` when it is over, whoever makes it.

    For tools that look at all calls of a run, such as :mod:`orchestrator.testing.plugin`; a
    caller who wants to see one call hands ``observe=`` to it.

    Returns:
        Ends the watch.
    """
    _watchers.append(watcher)
    return lambda: _watchers.remove(watcher)


def ended(ledger: Ledger) -> None:
    """Tell the watchers that the call of ``ledger`` is over."""
    for watcher in tuple(_watchers):
        watcher(ledger)


def line(entry: Entry) -> bytes:
    """One entry as a line of JSON."""
    fields = {field.name: getattr(entry, field.name) for field in attrs.fields(type(entry))}
    return _ENCODER.encode({"kind": entry.kind, **fields}) + b"\n"


def _encode_unknown(value: object) -> object:
    return repr(value)


_ENCODER = msgspec.json.Encoder(enc_hook=_encode_unknown)


class LedgerFile:
    """Appends entries to a file as JSON lines; safe from threads and processes.

    A file that cannot be written is reported once on the logger ``orchestrator`` and
    never fails a call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._broken = False

    def __call__(self, entry: Entry) -> None:
        """Append ``entry``."""
        try:
            self._write(line(entry))
        except OSError as error:
            if not self._broken:
                _log.warning("the ledger %s cannot be written: %s", self.path, error.strerror)
            self._broken = True

    def _write(self, text: bytes) -> None:
        # O_APPEND and one write a line keep the lines of several processes apart.
        with self._lock:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, text)
            finally:
                os.close(descriptor)
