"""Recorded calls: the entries of a ledger, put together call by call."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import attrs

from orchestrator.ledger.codec import BrokenLedger, read_entries
from orchestrator.ledger.entries import Attempt, Closed, Entry, Opened, Transition
from orchestrator.states import State

_log = logging.getLogger("orchestrator")

_CUT = "%s: the beginning of %d of its calls stands in an older file; they are passed over"


@attrs.frozen
class Recording:
    """One recorded call.

    Attributes:
        source: The file it was read from.
        opened: What the call was asked.
        transitions: Every move, in order.
        attempts: Every attempt, in order.
        closed: How it ended; ``None`` where the record breaks off.
    """

    source: str
    opened: Opened
    transitions: tuple[Transition, ...]
    attempts: tuple[Attempt, ...]
    closed: Closed | None

    @property
    def call(self) -> str:
        """The call's id."""
        return self.opened.call

    @property
    def seconds(self) -> float:
        """How long the call took, as far as it is recorded."""
        if self.closed is not None:
            return self.closed.at
        return self.transitions[-1].facts.at if self.transitions else 0.0

    @property
    def answered(self) -> bool:
        """True where the caller got an answer."""
        return self.closed is not None and self.closed.outcome == State.SUCCEED.value


def read_ledger(*paths: Path) -> tuple[Recording, ...]:
    """The calls of ledger files, in the order in which they began.

    A call that goes on in the next of the files, because its ledger was rotated in between, is
    one. Those that began before the first file does are passed over, which is said at WARNING.

    Raises:
        BrokenLedger: A line is not a ledger's.
        OSError: A file cannot be read.
    """
    return _recorded((str(path), path.read_bytes().splitlines(keepends=True)) for path in paths)


def recorded_calls(lines: Iterable[bytes], source: str = "<ledger>") -> tuple[Recording, ...]:
    """The calls of a ledger's lines; see :func:`read_ledger`.

    Of a call of which a line is missing, because it was torn or never written, what stands
    before that line is left: it breaks off there.
    """
    return _recorded([(source, lines)])


def _recorded(files: Iterable[tuple[str, Iterable[bytes]]]) -> tuple[Recording, ...]:
    found: list[tuple[str, list[Entry]]] = []
    running: dict[str, list[Entry]] = {}
    for source, lines in files:
        cut_off: set[str] = set()
        for entry in read_entries(lines, source):
            if isinstance(entry, Opened):
                running[entry.call] = [entry]
                found.append((source, running[entry.call]))
            elif entry.call in running:
                running[entry.call].append(entry)
            else:
                cut_off.add(entry.call)
        if cut_off:
            _log.warning(_CUT, source, len(cut_off))
    return tuple(recorded_call(as_far_as_whole(call), source) for source, call in found)


def recorded_call(call: Iterable[Entry], source: str = "<ledger>") -> Recording:
    """One call's entries, sorted by kind; the first is :class:`Opened`.

    Raises:
        BrokenLedger: It is not.
    """
    opened, *others = call
    if not isinstance(opened, Opened):
        raise BrokenLedger(f"{source}: a call begins with {opened.kind!r}; allowed: 'opened'")
    return Recording(
        source,
        opened,
        tuple(entry for entry in others if isinstance(entry, Transition)),
        tuple(entry for entry in others if isinstance(entry, Attempt)),
        next((entry for entry in others if isinstance(entry, Closed)), None),
    )


def as_far_as_whole(call: list[Entry]) -> list[Entry]:
    """The entries up to the first move that does not begin where the one before it ended."""
    state = State.READY.value
    for number, entry in enumerate(call):
        if isinstance(entry, Transition):
            if entry.state != state:
                return call[:number]
            state = entry.to
        elif isinstance(entry, Closed) and entry.outcome != state:
            return call[:number]
    return call
