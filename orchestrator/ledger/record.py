"""The record of one call, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from orchestrator.ledger.codec import line
from orchestrator.ledger.entries import Attempt, Entry, Transition
from orchestrator.states import Diagnosed, Event, Send

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

    def __str__(self) -> str:
        """The path: ``ready → attempt a/m key#1 → classify → (billing) eager_fallback → …``."""
        return " → ".join(["ready", *map(_step, self.transitions)])

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
        """The events alone: :func:`orchestrator.states.step` makes the same call of them again."""
        return tuple(entry.facts for entry in self.transitions)

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows that were taken, in order."""
        return tuple(entry.row for entry in self.transitions)

    def lines(self) -> Iterator[bytes]:
        """The entries as JSON lines."""
        return (line(entry) for entry in self._entries)


def _step(move: Transition) -> str:
    """Where a move led, and what is done there."""
    if isinstance(move.command, Send):
        return f"{move.to} {move.command.target.name} {move.command.credential}"
    if isinstance(move.facts, Diagnosed):
        return f"({move.facts.error.reason}) {move.to}"
    return move.to


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
