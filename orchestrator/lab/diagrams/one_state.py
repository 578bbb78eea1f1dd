"""One state of the machine: what leads to it, what it asks for, and what leads on."""

from __future__ import annotations

import difflib

import attrs

from orchestrator.lab.diagrams.graph import Line
from orchestrator.lab.diagrams.overlay import Overlay, together
from orchestrator.lab.diagrams.plain import PlainRow, PlainState, Table, plain


class UnknownState(ValueError):
    """The table has no state of that name."""


@attrs.frozen
class OneState:
    """A state and its rows.

    Attributes:
        state: The state.
        into: The rows that lead to it, by the state they come from, in the table's order.
        groups: The rows that lead out, those of one event together, in order.
    """

    state: PlainState
    into: tuple[tuple[PlainRow, ...], ...]
    groups: tuple[tuple[PlainRow, ...], ...]

    @property
    def destinations(self) -> tuple[str, ...]:
        """The states that its rows lead to, in the order in which they are first named."""
        return tuple(dict.fromkeys(row.to for group in self.groups for row in group))


def one_state(table: Table, name: str) -> OneState:
    """The state of that name.

    Raises:
        UnknownState: There is none; names the nearest.
    """
    machine = plain(table)
    known = [state.name for state in machine.states]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        nearest = f"; the nearest is {near[0]!r}" if near else ""
        allowed = ", ".join(known)
        raise UnknownState(f"there is no state {name!r}{nearest}; allowed: {allowed}")
    into: dict[str, list[PlainRow]] = {}
    groups: dict[str, list[PlainRow]] = {}
    for row in machine.rows:
        if row.to == name:
            into.setdefault(row.state, []).append(row)
        if row.state == name:
            groups.setdefault(row.event, []).append(row)
    return OneState(
        machine.state(name), tuple(map(tuple, into.values())), tuple(map(tuple, groups.values()))
    )


def line_of(text: str, rows: tuple[PlainRow, ...], said: Overlay, order: int = 0) -> Line:
    """``rows`` as one line of a drawing."""
    mark = together(said.of(row.name) for row in rows)
    names = tuple(row.name for row in rows)
    billing = all(row.billing for row in rows)
    place = str(order) if order else ""
    return Line(text, names, order, mark.steps, billing, mark.look, mark.count, mark.notes, place)
