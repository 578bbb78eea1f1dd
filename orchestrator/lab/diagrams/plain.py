"""The table in plain values: what a drawing, a saved file and a comparison work on.

A table of an older commit has states, events and guards that this code may not know, so
nothing here is an enum or a function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

import attrs

from orchestrator.lab.diagrams.fingerprint import fingerprint
from orchestrator.states.call import State
from orchestrator.states.table import STATES, TABLE, Entry, Row

OTHERWISE = "otherwise"
"""What is said where a row has no guard."""

UNGUARDED = "None of the rows above holds."
"""What a row without a guard means."""

NO_EFFECT = "nothing"
"""The effect of a row that leaves the bookkeeping to the state it enters."""


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
        code: Fingerprint of what the guard does; empty where it is not known.
        effect_code: The same of the effect.
    """

    name: str
    state: str
    event: str
    guard: str | None
    to: str
    effect: str = NO_EFFECT
    meaning: str = ""
    code: str = ""
    effect_code: str = ""

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
"""What the functions of this room take: the table that runs, or one that was read."""


def plain(
    table: Table = TABLE, entries: Sequence[Entry] = STATES, *, codes: bool = False
) -> PlainTable:
    """``table`` in plain values.

    Args:
        table: The rows; a plain table is returned as it is.
        entries: What the states ask for.
        codes: Take fingerprints too, which reads the sources and takes a tenth of a second
            (2026-11).
    """
    if isinstance(table, PlainTable):
        return table
    rows = (_coded(row) if codes else _row(row) for row in table)
    return PlainTable(tuple(map(_state, entries)), tuple(rows))


def meaning(row: Row) -> str:
    """What the row's guard says of itself: the first line of its docstring."""
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


def _coded(row: Row) -> PlainRow:
    code = "" if row.guard is None else fingerprint(row.guard)
    return attrs.evolve(_row(row), code=code, effect_code=fingerprint(row.effect))
