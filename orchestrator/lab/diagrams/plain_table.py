"""The table of the machine in plain values: names of states, events, guards and effects."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_type_hints

import attrs

from orchestrator.states.call import State
from orchestrator.states.table import STATES, TABLE, Entry, Row

OTHERWISE = "otherwise"
"""What is said where a row has no guard."""

UNGUARDED = "None of the rows above holds."
"""What a row without a guard means."""

NO_EFFECT = "nothing"
"""The effect of a row that leaves the bookkeeping to the state it enters."""


class UnknownState(ValueError):
    """The table has no state of that name."""


class UnknownRow(ValueError):
    """A path names a row that the table does not have, so another table recorded it."""


@attrs.frozen
class PlainState:
    """A state.

    Attributes:
        name: Its value, as ledgers show it.
        command: What it asks its driver for on entry; empty where it asks for nothing.
        final: True where nothing leaves it.
    """

    name: str
    command: str = ""
    final: bool = False


@attrs.frozen
class PlainRow:
    """A row.

    Attributes:
        name: Stable and unique.
        state: Where the call is.
        event: What happened.
        guard: The guard's name; ``None`` where the row always holds.
        to: Where the call goes.
        effect: The effect's name.
        meaning: What the guard says of itself, in a sentence.
    """

    name: str
    state: str
    event: str
    guard: str | None
    to: str
    effect: str = NO_EFFECT
    meaning: str = ""

    @property
    def condition(self) -> str:
        """The guard's name, which is the row's label."""
        return OTHERWISE if self.guard is None else self.guard

    @property
    def billing(self) -> bool:
        """True for the rows that the bypass of the pool is made of."""
        return self.condition.startswith("billing")


@attrs.frozen
class PlainTable:
    """A whole machine.

    Attributes:
        states: In order.
        rows: In order.
        initial: The state in which a call begins.
    """

    states: tuple[PlainState, ...]
    rows: tuple[PlainRow, ...]
    initial: str = State.READY.value

    def state(self, name: str) -> PlainState:
        """The state of that name; one that nothing is known of where there is none."""
        return next((state for state in self.states if state.name == name), PlainState(name))


Table = PlainTable | Sequence[Row]
"""What the functions of this room take: the table that runs, or one of a test."""


def plain(table: Table = TABLE, entries: Sequence[Entry] = STATES) -> PlainTable:
    """``table`` in plain values; one that is plain already is returned as it is.

    Args:
        table: The rows.
        entries: What the states ask for.
    """
    if isinstance(table, PlainTable):
        return table
    return PlainTable(tuple(map(_state, entries)), tuple(map(_row, table)))


def rows_around(table: PlainTable, name: str) -> frozenset[str]:
    """Names of the rows that lead to one state, and of those that leave it.

    Raises:
        UnknownState: There is none of that name; the text names the nearest.
    """
    known = [state.name for state in table.states]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        nearest = f"; the nearest is {near[0]!r}" if near else ""
        raise UnknownState(f"there is no state {name!r}{nearest}; allowed: {', '.join(known)}")
    return frozenset(row.name for row in table.rows if name in (row.state, row.to))


def rows_of(path: Iterable[str], table: Table) -> tuple[PlainRow, ...]:
    """The rows that ``path`` names.

    Raises:
        UnknownRow: The table has no row of that name.
    """
    known = {row.name: row for row in plain(table).rows}
    for name in (path := tuple(path)):
        if name not in known:
            raise UnknownRow(_unknown(name, known))
    return tuple(known[name] for name in path)


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    nearest = f"; the nearest is {near[0]!r}" if near else ""
    return (
        f"the table has no row {name!r}{nearest}: the ledger was written by another version "
        "of the machine, draw it with that one"
    )


def meaning(row: Row) -> str:
    """The meaning of the row's guard: the first line of its docstring."""
    if row.guard is None:
        return UNGUARDED
    return (inspect.getdoc(row.guard) or "").partition("\n")[0]


def _state(entry: Entry) -> PlainState:
    return PlainState(entry.state.value, command_of(entry.enter), entry.state.final)


def command_of(enter: Callable[..., Any] | None) -> str:
    """The name of the command that a state's ``enter`` returns; empty where it has none."""
    return "" if enter is None else str(get_type_hints(enter)["return"].__name__)


def _row(row: Row) -> PlainRow:
    return PlainRow(
        row.name,
        row.state.value,
        row.event.__name__,
        None if row.guard is None else row.guard.__name__,
        row.to.value,
        row.effect.__name__,
        meaning(row),
    )
