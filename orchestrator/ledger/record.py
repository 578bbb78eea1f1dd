"""The record of one call, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from orchestrator.ledger.codec import Line, line, line_of, line_with
from orchestrator.ledger.entries import Attempt, Entry, Transition
from orchestrator.states import Diagnosed, Event, Send

Observer = Callable[[Entry], None]
"""Called with each entry as it happens; what it raises is logged and goes no further."""


class Ledger(Sequence[Entry]):  # noqa: PLW1641 - it grows, so nothing is filed under it
    """The entries of one call, in order.

    Those of a call that nobody observes are put together once they are asked for: most calls
    succeed, and nobody reads their record. Safe to read from any thread, also while the call runs.
    """

    # No attrs class: ``attrs.asdict(response)`` would take what is not put together yet apart.
    __slots__ = ("_entries", "_made", "call")

    def __init__(self, call: str, entries: list[Entry] | None = None) -> None:
        self.call = call
        # Each is an entry, or what it is made of.
        self._entries: list[Any] = [] if entries is None else entries
        self._made = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:  # a slice gives a list, as lists do
        return self._whole()[index]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._whole())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ledger):
            return NotImplemented
        return (self.call, self._whole()) == (other.call, other._whole())

    def __repr__(self) -> str:
        return f"Ledger(call={self.call!r}, _entries={self._whole()!r})"

    def __reduce__(self) -> tuple[type[Ledger], tuple[str, list[Entry]]]:
        return Ledger, (self.call, self._whole())

    def __str__(self) -> str:
        """The path: ``ready → attempt a/m key#1 → classify → (billing) eager_fallback → …``."""
        return " → ".join(["ready", *map(_step, self.transitions)])

    def append(self, entry: Entry) -> None:
        """Add ``entry``; entries are never changed or removed."""
        self._entries.append(entry)

    def defer(self, kind: type[Entry], values: Callable[..., Iterable[Any]], *facts: Any) -> None:
        """Add the entry of ``kind`` that has ``values(*facts)``, whenever these are asked for."""
        self._entries.append((kind, values, facts))

    def unencoded(self, begin: int, end: int) -> list[Line]:
        """The lines of some of the entries, to be encoded; no entry is put together for that."""
        return [
            line_with(each[0], each[1](*each[2])) if type(each) is tuple else line_of(each)
            for each in self._entries[begin:end]
        ]

    def _whole(self) -> list[Entry]:
        """The entries up to now, all of them put together."""
        entries, number = self._entries, len(self._entries)
        # Two threads may do it at once: then one puts in what equals what the other did.
        for index in range(self._made, number):
            if type(deferred := entries[index]) is tuple:
                kind, values, facts = deferred
                entries[index] = kind(*values(*facts))
        self._made = number
        return entries[:number]

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt, in order."""
        return tuple(entry for entry in self._whole() if isinstance(entry, Attempt))

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """Every move, in order."""
        return tuple(entry for entry in self._whole() if isinstance(entry, Transition))

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
        return (line(entry) for entry in self)


Part = Entry | tuple[type[Entry], Callable[..., Iterable[Any]], tuple[Any, ...]]
"""An entry, or what :meth:`Ledger.defer` was given in its place."""


def parts_of(ledger: Ledger) -> list[Part]:
    """The entries of a ledger up to now as they are: put together, or still deferred.

    For who counts every call, and needs a few of its facts and no entry.
    """
    return ledger._entries[:]  # noqa: SLF001 - of this page


def copy_of(ledger: Ledger) -> Ledger:
    """The same entries, of which none is put together in ``ledger`` when they are in the copy.

    For who reads all of a record that others keep.
    """
    return Ledger(ledger.call, ledger._entries[:])  # noqa: SLF001 - of this page


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
